package planner

import (
	"slices"

	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// SEARCH and CYCLE of WITH RECURSIVE are more columns that the query computes
// about itself:
//
//	… SEARCH DEPTH FIRST BY a SET seq CYCLE a SET mark USING path
//
//	seed:  SELECT *, ARRAY[ROW(a)] AS seq, false AS mark, ARRAY[ROW(a)] AS path FROM (seed)
//	step:  SELECT *, seq || ROW(a), CASE WHEN ROW(a) = ANY (path) THEN true ELSE false END, path || ROW(a)
//	         FROM (step, with seq, mark and path of the row it follows) WHERE mark <> true
//
// BREADTH FIRST counts levels: seq is ROW(level, a), and the level a column
// nobody sees.

const levelColumn = "*LEVEL*"

// searchCycle rewrites a recursive WITH query that has such a clause.
func (p *planner) searchCycle(def *cteDef, c *ast.CTE, s *ast.SelectStmt) (*ast.CTE, *ast.SelectStmt) {
	isSelect := func(q *ast.SelectStmt, side string) {
		if q.Op != ast.SetNone || q.Values != nil && side == "right" {
			fail(-1, pgerr.SyntaxError, "with a SEARCH or CYCLE clause, the %s side of the UNION must be a SELECT", side)
		}
	}
	isSelect(s.Left, "left")
	isSelect(s.Right, "right")
	names := append([]string(nil), c.Columns...)
	up := def.q
	if s.With != nil {
		up = &query{up: def.q, depth: def.q.depth + 1}
		p.bindWith(up, s.With)
	}
	for i, o := range p.bindQuery(s.Left, up, true).cols {
		if i >= len(names) {
			names = append(names, o.name)
		}
	}
	p.checkSearchCycle(c, names)

	ref := func(parts ...string) ast.Expr { return &ast.ColumnRef{At: ast.Unknown, Fields: parts} }
	row := func(first []ast.Expr, cols []string) ast.Expr {
		e := &ast.RowExpr{At: ast.Unknown, Args: first, Explicit: true}
		if len(first) > 0 {
			e.Names = append(e.Names, "*DEPTH*")
		}
		for _, n := range cols {
			e.Args, e.Names = append(e.Args, ref(n)), append(e.Names, n)
		}
		return e
	}
	list := func(e ast.Expr) ast.Expr { return &ast.ArrayExpr{At: ast.Unknown, Elems: []ast.Expr{e}} }
	op := func(name string, l, r ast.Expr) ast.Expr {
		return &ast.OpExpr{At: ast.Unknown, Op: ast.Operator{Name: name}, Left: l, Right: r}
	}
	number := func(n int32, t string) ast.Expr {
		return &ast.TypeCast{At: ast.Unknown, Arg: &ast.Const{At: ast.Unknown, Kind: ast.ConstInt, Int: n}, Type: &ast.TypeName{At: ast.Unknown, Names: []string{"pg_catalog", t}}}
	}
	var extra []string // the columns added
	var seed, step []ast.Expr
	var where ast.Expr
	if c.Search != nil {
		q := c.Search
		extra = append(extra, q.Sequence)
		if q.Breadth {
			extra = append(extra, levelColumn)
			next := op("+", ref(levelColumn), number(1, "int8"))
			seed = append(seed, row([]ast.Expr{number(0, "int8")}, q.Columns), number(0, "int8"))
			step = append(step, row([]ast.Expr{next}, q.Columns), next)
		} else {
			seed = append(seed, list(row(nil, q.Columns)))
			step = append(step, op("||", ref(q.Sequence), row(nil, q.Columns)))
		}
	}
	if c.Cycle != nil {
		q := c.Cycle
		extra = append(extra, q.Mark, q.Path)
		value, other := p.cycleMarks(q)
		seen := &ast.OpAnyExpr{At: ast.Unknown, Op: ast.Operator{Name: "="}, Left: row(nil, q.Columns), Array: ref(q.Path)}
		seed = append(seed, other, list(row(nil, q.Columns)))
		step = append(step, &ast.CaseExpr{At: ast.Unknown, Whens: []*ast.CaseWhen{{At: ast.Unknown, When: seen, Then: value}}, Else: other},
			op("||", ref(q.Path), row(nil, q.Columns)))
		where = op("<>", ref(q.Mark), value)
	}
	wrap := func(q *ast.SelectStmt, alias string, inner []string, added []ast.Expr) *ast.SelectStmt {
		out := &ast.SelectStmt{At: q.At}
		for _, n := range names {
			out.Targets = append(out.Targets, &ast.ResTarget{At: ast.Unknown, Value: ref(alias, n)})
		}
		for i, e := range added {
			out.Targets = append(out.Targets, &ast.ResTarget{At: ast.Unknown, Name: extra[i], Value: e})
		}
		out.From = []ast.TableExpr{&ast.RangeSubselect{At: ast.Unknown, Query: q, Alias: &ast.Alias{At: ast.Unknown, Name: alias, Columns: inner}}}
		return out
	}
	self := selfReference(c, s.Right.From)
	if w := s.Right.With; w != nil && slices.ContainsFunc(w.CTEs, func(inner *ast.CTE) bool { return inner.Name == c.Name }) {
		self = "" // what FROM names is that one
	}
	if self == "" {
		fail(-1, pgerr.FeatureNotSupported, "with a SEARCH or CYCLE clause, the recursive reference to WITH query %q must be at the top level of its right-hand SELECT", c.Name)
	}
	right := *s.Right
	right.Targets = append([]*ast.ResTarget(nil), right.Targets...)
	for _, n := range extra {
		right.Targets = append(right.Targets, &ast.ResTarget{At: ast.Unknown, Name: n, Value: ref(self, n)})
	}
	if n := p.shapes(); n != nil {
		n.moved[s.Right] = movedQuery{&right, len(extra)}
	}
	query := *s
	query.Left = wrap(s.Left, "*TLOCRN*", names, seed)
	query.Right = wrap(&right, "*TROCRN*", append(append([]string(nil), names...), extra...), step)
	query.Right.Where = where
	cte := *c
	cte.Search, cte.Cycle, cte.Query = nil, nil, &query
	cte.Columns = append(append([]string(nil), names...), extra...)
	def.own = len(names)
	return &cte, &query
}

// selfReference gives the name by which FROM has the recursive query itself.
func selfReference(c *ast.CTE, from []ast.TableExpr) string {
	for _, te := range from {
		switch te := te.(type) {
		case *ast.RangeVar:
			if te.Schema != "" || te.Name != c.Name {
				continue
			}
			if te.Alias != nil {
				return te.Alias.Name
			}
			return te.Name
		case *ast.JoinExpr:
			if n := selfReference(c, []ast.TableExpr{te.Left, te.Right}); n != "" {
				return n
			}
		}
	}
	return ""
}

// checkSearchCycle judges the names in the clauses.
func (p *planner) checkSearchCycle(c *ast.CTE, names []string) {
	has := func(list []string, n string) bool {
		for _, x := range list {
			if x == n {
				return true
			}
		}
		return false
	}
	columns := func(what string, list []string, at ast.At) {
		for i, n := range list {
			if !has(names, n) {
				fail(at.Pos(), pgerr.SyntaxError, "%s column %q not in WITH query column list", what, n)
			}
			if has(list[:i], n) {
				fail(at.Pos(), pgerr.DuplicateColumn, "%s column %q specified more than once", what, n)
			}
		}
	}
	fresh := func(what, n string, at ast.At) {
		if has(names, n) {
			fail(at.Pos(), pgerr.SyntaxError, "%s column name %q already used in WITH query column list", what, n)
		}
	}
	if s := c.Search; s != nil {
		columns("search", s.Columns, s.At)
		fresh("search sequence", s.Sequence, s.At)
	}
	if y := c.Cycle; y != nil {
		columns("cycle", y.Columns, y.At)
		p.cycleMarks(y)
		fresh("cycle mark", y.Mark, y.At)
		fresh("cycle path", y.Path, y.At)
		if y.Mark == y.Path {
			fail(y.Pos(), pgerr.SyntaxError, "cycle mark column name and cycle path column name are the same")
		}
	}
	if s, y := c.Search, c.Cycle; s != nil && y != nil {
		if s.Sequence == y.Mark {
			fail(s.Pos(), pgerr.SyntaxError, "search sequence column name and cycle mark column name are the same")
		}
		if s.Sequence == y.Path {
			fail(s.Pos(), pgerr.SyntaxError, "search sequence column name and cycle path column name are the same")
		}
	}
}

// cycleMarks gives the two marks of CYCLE, which must have a type in common.
func (p *planner) cycleMarks(y *ast.CTECycle) (value, other ast.Expr) {
	value, other = y.Value, y.DefaultMark
	if value == nil {
		value = &ast.Const{At: ast.Unknown, Kind: ast.ConstBool, Bool: true}
	}
	if other == nil {
		other = &ast.Const{At: ast.Unknown, Kind: ast.ConstBool}
	}
	b := &binder{p: p}
	v, o := b.arg(value), b.arg(other)
	t := commonType([]arg{v, o}, "CYCLE")
	p.noteExpr(y.Value, p.coerceCommon(v, t, "CYCLE"))
	p.noteExpr(y.DefaultMark, p.coerceCommon(o, t, "CYCLE"))
	if compareOp("=", t) == nil && !isRowType(t) {
		bail(pgerr.Newf(pgerr.UndefinedFunction, "could not identify an equality operator for type %s", typeName(t)))
	}
	if t == types.Text && v.e.Type() == types.Unknown {
		text := &ast.TypeName{At: ast.Unknown, Names: []string{"pg_catalog", "text"}}
		value, other = &ast.TypeCast{At: ast.Unknown, Arg: value, Type: text}, &ast.TypeCast{At: ast.Unknown, Arg: other, Type: text}
	}
	return value, other
}
