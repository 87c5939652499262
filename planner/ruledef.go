package planner

import (
	"slices"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Queries as text, for pg_get_viewdef: in the layout of PostgreSQL's
// ruleutils, every conversion shown, names qualified as far as the reader's
// search path asks for.
//
//	 SELECT t.a,
//	    count(*) AS n
//	   FROM t
//	     JOIN u ON t.a = u.a
//	  WHERE t.b > 10
//	  GROUP BY t.a;
//
// The skeleton comes from the syntax tree, expressions from what they were
// bound to (shapes.go).

// DeparseOptions say how a query is printed.
type DeparseOptions struct {
	// Pretty leaves out parentheses that are not needed.
	Pretty bool
	// Wrap is the width up to which the items of a list share a line; 0 gives
	// each its own.
	Wrap int
	// Unaliased are aliases that stand for a relation's own name.
	Unaliased []string
}

func init() {
	catalog.DeparseView = func(snap *catalog.Snapshot, path []string, env *types.Env, t *catalog.Table, pretty bool, wrap int) (string, error) {
		req := Request{Catalog: snap, SearchPath: viewPath(t, path), Env: env}
		var names []string
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				names = append(names, t.Columns[i].Name)
			}
		}
		return DeparseQuery(req, t.View.Query, path, names, DeparseOptions{pretty, wrap, t.View.Unaliased})
	}
}

// DeparseQuery prints a query. req says how to read its text, path who reads
// the result; columns are the names its output is to have.
func DeparseQuery(req Request, text string, path, columns []string, o DeparseOptions) (out string, err error) {
	defer caught(&err)
	stmts, err := parser.Parse(text)
	if err != nil {
		return "", err
	}
	sel, ok := stmts[0].Stmt.(*ast.SelectStmt)
	if !ok {
		return text, nil
	}
	req.Stmt = sel
	req.Names = NewNames()
	req.Names.shapes = newShapes()
	if _, err := Analyze(req); err != nil {
		return "", err
	}
	w := &queryPrinter{s: req.Names.shapes, names: req.Names, snap: req.Catalog, path: path, wrap: o.Wrap, unaliased: o.Unaliased}
	w.env = req.Env
	if w.env == nil {
		w.env = defaultEnv
	}
	w.paren, w.indent, w.place = o.Pretty, true, w
	w.query(sel, columns, true, 0)
	return w.b.String(), nil
}

// queryPrinter prints queries.
type queryPrinter struct {
	printer
	s     *shapes
	names *Names
	snap  *catalog.Snapshot
	path  []string
	wrap  int

	unaliased []string
	// levels are the queries around, outermost first.
	levels   []*queryLevel
	ctes     []string
	inJoin   int // inside a join that has an alias: its tables still have their own names
	lastName string
}

// queryLevel is a query being printed.
type queryLevel struct {
	shape *queryShape // nil for set operations
	names map[*rangeItem]string
}

const (
	indentStd  = 8
	indentVar  = 4
	indentJoin = 4
)

// query prints a query on a level of its own. visible tells that its column
// names matter to whoever uses it.
func (w *queryPrinter) query(sel *ast.SelectStmt, columns []string, visible bool, level int) {
	saved := w.level
	w.level = level
	lv := &queryLevel{shape: w.s.of(sel), names: map[*rangeItem]string{}}
	if lv.shape != nil {
		w.nameItems(lv)
	}
	w.levels = append(w.levels, lv)
	ctes := len(w.ctes)
	w.with(sel.With)
	if sel.Op != ast.SetNone {
		w.setOp(sel, columns, visible)
	} else {
		w.basic(sel, columns, visible)
	}
	w.tail(sel, columns)
	w.ctes = w.ctes[:ctes]
	w.levels = w.levels[:len(w.levels)-1]
	w.level = saved
}

// nameItems gives the items of FROM names that differ from each other and from
// those of the queries around.
func (w *queryPrinter) nameItems(lv *queryLevel) {
	used := map[string]bool{"old": true, "new": true} // a view's rule has these
	for _, up := range w.levels {
		for _, n := range up.names {
			used[n] = true
		}
	}
	counter := map[string]int{}
	for _, it := range lv.shape.q.items {
		base := it.alias
		if base == "" {
			continue
		}
		if it.table != nil && slices.Contains(w.unaliased, base) {
			base = it.table.Name
		}
		n := base
		for used[n] {
			counter[base]++
			n = base + "_" + strconv.Itoa(counter[base])
		}
		used[n] = true
		lv.names[it] = n
	}
}

func (w *queryPrinter) with(c *ast.WithClause) {
	if c == nil {
		return
	}
	w.level += indentStd
	w.str(" ")
	sep := "WITH "
	if c.Recursive {
		sep = "WITH RECURSIVE "
	}
	for _, cte := range c.CTEs {
		w.ctes = append(w.ctes, cte.Name)
	}
	for _, cte := range c.CTEs {
		w.str(sep + quoteIdent(cte.Name))
		w.nameList(cte.Columns)
		w.str(" AS " + [...]string{"", "MATERIALIZED ", "NOT MATERIALIZED "}[cte.Materialize] + "(")
		w.keyword("", 0, 0, 0)
		if q, ok := cte.Query.(*ast.SelectStmt); ok {
			w.query(q, nil, true, w.level)
		} else {
			w.str(ast.Format(cte.Query))
		}
		w.keyword("", 0, 0, 0)
		w.str(")")
		if s := cte.Search; s != nil {
			w.str(" SEARCH " + map[bool]string{true: "BREADTH", false: "DEPTH"}[s.Breadth] + " FIRST BY ")
			w.idents(s.Columns)
			w.str(" SET " + quoteIdent(s.Sequence))
		}
		if s := cte.Cycle; s != nil {
			w.str(" CYCLE ")
			w.idents(s.Columns)
			w.str(" SET " + quoteIdent(s.Mark))
			if v := w.s.exprs[s.Value]; v != nil && !isTrue(v) {
				w.str(" TO ")
				w.expr(v, false)
				w.str(" DEFAULT ")
				w.expr(w.s.exprs[s.DefaultMark], false)
			}
			w.str(" USING " + quoteIdent(s.Path))
		}
		sep = ", "
	}
	w.level -= indentStd
	w.keyword("", 0, 0, 0)
}

func (w *queryPrinter) idents(names []string) {
	for i, n := range names {
		if i > 0 {
			w.str(", ")
		}
		w.str(quoteIdent(n))
	}
}

func (w *queryPrinter) nameList(names []string) {
	if len(names) > 0 {
		w.str("(")
		w.idents(names)
		w.str(")")
	}
}

// tail prints ORDER BY, LIMIT and FOR UPDATE.
func (w *queryPrinter) tail(sel *ast.SelectStmt, columns []string) {
	if len(sel.OrderBy) > 0 {
		w.keyword(" ORDER BY ", -indentStd, indentStd, 1)
		for i, s := range w.distinctKeys(sel.OrderBy) {
			if i > 0 {
				w.str(", ")
			}
			if at := w.s.keyAt[s]; at > 0 && sel.Op != ast.SetNone {
				w.str(strconv.Itoa(at))
			} else if at > 0 {
				w.str(`"*VALUES*".column` + strconv.Itoa(at))
			} else {
				w.sortItem(w.orderExpr(s))
			}
			w.direction(s)
		}
	}
	if sel.Offset != nil {
		w.keyword(" OFFSET ", -indentStd, indentStd, 0)
		w.expr(w.s.exprs[sel.Offset], false)
	}
	if sel.Limit != nil {
		x := w.s.exprs[sel.Limit]
		switch {
		case sel.WithTies:
			w.keyword(" FETCH FIRST ", -indentStd, indentStd, 0)
			w.str("(")
			w.expr(x, false)
			w.str(") ROWS WITH TIES")
		case isNullConst(x):
			w.keyword(" LIMIT ALL", -indentStd, indentStd, 0)
		default:
			w.keyword(" LIMIT ", -indentStd, indentStd, 0)
			w.expr(x, false)
		}
	}
	for _, l := range sel.Locking {
		word := " " + lockName(l.Strength)
		lv := w.levels[len(w.levels)-1]
		for _, it := range lv.shape.q.items {
			if lv.names[it] == "" || it.scan == nil && it.table == nil {
				continue
			}
			wanted := len(l.Relations) == 0
			for _, rv := range l.Relations {
				wanted = wanted || rv.Name == it.alias
			}
			if wanted {
				w.keyword(word, -indentStd, indentStd, 0)
				w.str(" OF " + quoteIdent(lv.names[it]) + [...]string{"", " SKIP LOCKED", " NOWAIT"}[l.Wait])
			}
		}
	}
}

// distinctKeys leaves out what was to sort by already.
func (w *queryPrinter) distinctKeys(keys []*ast.SortBy) (out []*ast.SortBy) {
	for _, s := range keys {
		same := func(t *ast.SortBy) bool {
			return w.s.keyAt[s] == w.s.keyAt[t] && (w.s.keyAt[s] > 0 || w.same(s.Expr, t.Expr, w.orderExpr(s), w.orderExpr(t)))
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, s)
		}
	}
	return out
}

// same tells whether two items of a clause are one: of the select list, or else expressions.
func (w *queryPrinter) same(a, b ast.Expr, x, y plan.Expr) bool {
	return w.s.at[a] == w.s.at[b] && (w.s.at[a] > 0 || equalExprs(x, y))
}

// distinctItems leaves out items of a clause that were there already.
func (w *queryPrinter) distinctItems(list []ast.Expr) (out []ast.Expr) {
	for _, e := range list {
		same := func(d ast.Expr) bool { return w.same(d, e, w.s.exprs[d], w.s.exprs[e]) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, e)
		}
	}
	return out
}

// orderExpr is what an ORDER BY item stands for.
func (w *queryPrinter) orderExpr(s *ast.SortBy) plan.Expr { return w.s.keys[s].Expr }

func (w *queryPrinter) direction(s *ast.SortBy) {
	k := w.s.keys[s]
	if s.Dir == ast.SortUsing && s.Using.Name != "<" && s.Using.Name != ">" {
		w.str(" USING " + s.Using.Name + map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst])
		return
	}
	w.str(keySuffix(k))
}

// basic prints a SELECT or VALUES.
func (w *queryPrinter) basic(sel *ast.SelectStmt, columns []string, visible bool) {
	w.level += indentStd
	w.str(" ")
	if sel.Values != nil {
		w.values(sel, columns)
		return
	}
	shape := w.levels[len(w.levels)-1].shape
	w.str("SELECT")
	switch {
	case len(sel.DistinctOn) > 0:
		w.str(" DISTINCT ON (")
		for i, e := range w.distinctItems(sel.DistinctOn) {
			if i > 0 {
				w.str(", ")
			}
			w.sortItem(w.s.exprs[e])
		}
		w.str(")")
	case sel.Distinct:
		w.str(" DISTINCT")
	}
	w.targets(shape.targets, columns, visible)
	w.from(sel.From)
	if shape.where != nil {
		w.keyword(" WHERE ", -indentStd, indentStd, 1)
		w.expr(shape.where, false)
	}
	if len(sel.GroupBy) > 0 {
		w.keyword(" GROUP BY ", -indentStd, indentStd, 1)
		if sel.GroupDistinct {
			w.str("DISTINCT ")
		}
		w.groupBy(sel.GroupBy)
	}
	if shape.having != nil {
		w.keyword(" HAVING ", -indentStd, indentStd, 0)
		w.expr(shape.having, false)
	}
	for i, d := range sel.Windows {
		if i == 0 {
			w.keyword(" WINDOW ", -indentStd, indentStd, 1)
		} else {
			w.str(", ")
		}
		w.str(quoteIdent(d.Name) + " AS ")
		for _, win := range shape.windows {
			if win.def == d {
				w.window(&win)
			}
		}
	}
}

func (w *queryPrinter) values(sel *ast.SelectStmt, columns []string) {
	renamed := false
	for i, c := range columns {
		renamed = renamed || c != "column"+strconv.Itoa(i+1)
	}
	if renamed {
		w.str("SELECT")
		for i, c := range columns {
			if i > 0 {
				w.str(",")
				w.keyword("", -indentStd, indentStd, indentVar)
			} else {
				w.str(" ")
			}
			n := "column" + strconv.Itoa(i+1)
			w.str(`"*VALUES*".` + n)
			if c != n {
				w.str(" AS " + quoteIdent(c))
			}
		}
		w.keyword(" FROM (", -indentStd, indentStd, 2)
	}
	w.str("VALUES ")
	for i, row := range sel.Values {
		if i > 0 {
			w.str(", ")
		}
		w.str("(")
		for j, e := range row {
			if j > 0 {
				w.str(",")
			}
			w.top(w.s.exprs[e], false)
		}
		w.str(")")
	}
	if renamed {
		w.str(`) "*VALUES*"`)
	}
}

// capture gives what f prints, without printing it.
func (w *queryPrinter) capture(f func()) string {
	before := w.b.String()
	w.b.Reset()
	f()
	out := w.b.String()
	w.b.Reset()
	w.b.WriteString(before)
	return out
}

// column of the line being printed.
func (w *queryPrinter) lineWidth() int {
	s := w.b.String()
	return len(s) - strings.LastIndexByte(s, '\n') - 1
}

func (w *queryPrinter) targets(list []target, columns []string, visible bool) {
	multiline := false
	for i, t := range list {
		if i > 0 {
			w.str(",")
		}
		w.str(" ")
		text := w.capture(func() {
			name, have := t.name, "?column?"
			if visible {
				have = ""
			}
			x := t.expr
			c, ok := x.(*plan.Col)
			if ok {
				ok, _ = w.isColumn(c)
			}
			switch k, isConst := x.(*plan.Const); {
			case ok:
				have = w.column(c)
			case w.merged(x):
				have = w.lastName
			case w.wholeRow(x, true):
				have = ""
			case isConst && k.Typ == types.Unknown && !k.Val.IsNull():
				w.constant(k, noLabel)
				w.str("::text")
			default:
				w.expr(x, true)
			}
			if i < len(columns) {
				name = columns[i]
			}
			if name != have {
				w.str(" AS " + quoteIdent(name))
			}
		})
		w.wrapItem(text, i > 0, multiline)
		multiline = strings.Contains(strings.TrimPrefix(text, "\n"), "\n")
		w.str(text)
	}
}

// wrapItem begins a new line for an item where the list is to be broken.
func (w *queryPrinter) wrapItem(text string, later, force bool) {
	switch {
	case w.wrap < 0:
	case strings.HasPrefix(text, "\n"):
		w.trimBlanks()
	case later && (force || w.lineWidth()+len(text) > w.wrap):
		w.keyword("", -indentStd, indentStd, indentVar)
	}
}

// groupBy prints the items of GROUP BY: rows as their columns, and what is written twice once.
func (w *queryPrinter) groupBy(items []ast.Expr) {
	var single []ast.Expr
	for _, e := range items {
		if _, set := e.(*ast.GroupingSet); !set {
			single = append(single, rowItems(e)...)
		}
	}
	single = w.distinctItems(single)
	sep := ""
	for _, e := range items {
		if g, ok := e.(*ast.GroupingSet); ok {
			w.str(sep)
			w.groupingSet(g)
			sep = ", "
			continue
		}
		for _, x := range rowItems(e) {
			if i := slices.Index(single, x); i >= 0 {
				single = slices.Delete(single, i, i+1)
				w.str(sep)
				w.sortItem(w.s.exprs[x])
				sep = ", "
			}
		}
	}
}

// rowItems are the columns of a row that is written in parentheses alone, or the one expression.
func rowItems(e ast.Expr) []ast.Expr {
	if r, ok := e.(*ast.RowExpr); ok && !r.Explicit {
		return r.Args
	}
	return []ast.Expr{e}
}

func (w *queryPrinter) groupingSet(g *ast.GroupingSet) {
	switch g.Kind {
	case ast.GroupEmpty:
		w.str("()")
		return
	case ast.GroupRollup:
		w.str("ROLLUP(")
	case ast.GroupCube:
		w.str("CUBE(")
	default:
		w.str("GROUPING SETS (")
	}
	for i, s := range g.Sets {
		if i > 0 {
			w.str(", ")
		}
		if set, ok := s.(*ast.GroupingSet); ok {
			w.groupingSet(set)
			continue
		}
		list := w.distinctItems(rowItems(s))
		parens := g.Kind == ast.GroupSets || len(list) != 1
		if parens {
			w.str("(")
		}
		for k, x := range list {
			if k > 0 {
				w.str(", ")
			}
			w.sortItem(w.s.exprs[x])
		}
		if parens {
			w.str(")")
		}
	}
	w.str(")")
}

func (w *queryPrinter) window(win *windowInfo) {
	d := win.def
	w.str("(")
	sep := ""
	if d.RefName != "" {
		w.str(quoteIdent(d.RefName))
		sep = " "
	}
	if len(d.Partition) > 0 {
		w.str(sep + "PARTITION BY ")
		for i, e := range win.partition {
			if i > 0 {
				w.str(", ")
			}
			w.sortItem(e)
		}
		sep = " "
	}
	if len(d.OrderBy) > 0 {
		w.str(sep + "ORDER BY ")
		for i, k := range win.order {
			if i > 0 {
				w.str(", ")
			}
			w.sortItem(k.Expr)
			w.str(keySuffix(k))
		}
		sep = " "
	}
	if f := d.Frame; f != nil {
		w.str(sep + [...]string{"RANGE ", "ROWS ", "GROUPS "}[f.Mode])
		if f.Between {
			w.str("BETWEEN ")
		}
		bound := func(k ast.BoundKind, off plan.Expr) {
			if off != nil {
				w.expr(off, false)
				w.str(" ")
			}
			w.str([...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[k])
		}
		bound(f.Start.Kind, win.frame.StartOffset)
		if f.Between {
			w.str(" AND ")
			bound(f.End.Kind, win.frame.EndOffset)
		}
		w.str([...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude])
	}
	w.str(")")
}

// setOp prints a set operation; its operands stand side by side on this level.
func (w *queryPrinter) setOp(sel *ast.SelectStmt, columns []string, visible bool) {
	isOp := func(s *ast.SelectStmt) bool { // with clauses of its own it is a query in parentheses
		return s.Op != ast.SetNone && s.With == nil && len(s.OrderBy) == 0 && s.Limit == nil && s.Offset == nil && len(s.Locking) == 0
	}
	operand := func(s *ast.SelectStmt, visible bool) {
		if isOp(s) {
			w.setOp(s, columns, visible)
			return
		}
		need := s.With != nil || len(s.OrderBy) > 0 || s.Limit != nil || s.Offset != nil || len(s.Locking) > 0
		if need {
			w.str("(")
		}
		w.query(s, columns, visible, w.level)
		if need {
			w.str(")")
		}
	}
	if l := sel.Left; isOp(l) && (l.Op != sel.Op || l.All != sel.All) {
		w.str("(")
		w.keyword("", indentStd, 0, 0)
		operand(l, visible)
		w.keyword(") ", -indentStd, 0, 0)
	} else {
		operand(l, visible)
		w.keyword("", 0, 0, 0)
	}
	w.str([...]string{"", "UNION ", "INTERSECT ", "EXCEPT "}[sel.Op])
	if sel.All {
		w.str("ALL ")
	}
	nested := isOp(sel.Right)
	indent := 0
	if nested {
		w.str("(")
		indent = indentStd
	}
	w.keyword("", indent, 0, 0)
	operand(sel.Right, false)
	w.level -= indent
	if nested {
		w.keyword(")", 0, 0, 0)
	}
}
