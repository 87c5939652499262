package parser

import (
	"strconv"

	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"rowkey/parser/ast"
)

// This file lifts statements: SELECT and its clauses, set operations, WITH and joins.

// stmt lifts what statementBody emitted.
func (l *lifter) stmt(n tast.Node) ast.Stmt {
	l.enter()
	outer, pending := l.chain, l.pending
	l.chain, l.pending = nil, nil
	if l.rec >= len(l.recs) {
		disagree()
	}
	rec := l.recs[l.rec]
	l.rec++
	if rec.firstHole != l.hole+1 {
		disagree()
	}
	var stmt ast.Stmt
	var order *tast.OrderByClause
	switch x := n.(type) {
	case *tast.SelectStmt:
		l.with(x.With, rec)
		stmt = l.core(x)
		order = x.OrderBy
	case *tast.SetOprStmt:
		l.with(x.With, rec)
		stmt = l.setOps(x.SelectList.Selects)
		order = x.OrderBy
	default:
		disagree()
	}
	if order != nil {
		for _, item := range order.Items {
			l.fill(item.Expr)
		}
	}
	switch s := stmt.(type) {
	case *ast.SelectStmt:
		s.With, s.OrderBy, s.Locking, s.WithTies = rec.with, rec.orderBy, rec.locking, rec.withTies
		s.Limit, s.Offset = rec.limit, rec.offset
	case *ast.InsertStmt:
		s.With = rec.with
	case *ast.UpdateStmt:
		s.With = rec.with
	case *ast.DeleteStmt:
		s.With = rec.with
	case *ast.MergeStmt:
		s.With = rec.with
	}
	l.chain, l.pending = outer, pending
	l.depth--
	return stmt
}

// tableNumber is the n of tn; 0 for the table that only pleases the grammar.
func tableNumber(name string) int {
	if len(name) < 2 || name[0] != 't' {
		disagree()
	}
	n, err := strconv.Atoi(name[1:])
	if err != nil {
		disagree()
	}
	return n
}

func (l *lifter) with(w *tast.WithClause, rec *queryRec) {
	if (w == nil) != (rec.with == nil) || w != nil && len(w.CTEs) != len(rec.with.CTEs) {
		disagree()
	}
	if w == nil {
		return
	}
	for i, c := range w.CTEs {
		h := l.take(tableNumber(c.Name.L))
		cte, ok := h.node.(*ast.CTE)
		if !ok || cte != rec.with.CTEs[i] {
			disagree()
		}
		cte.Query = l.stmt(c.Query.Query)
	}
}

// fields fills gaps from the fields after the first, which is a hole.
func (l *lifter) fields(fields []*tast.SelectField) {
	for _, f := range fields[1:] {
		if f.Expr == nil || f.AsName.L != "" {
			disagree()
		}
		l.fill(f.Expr)
	}
}

// core lifts one SELECT of the grammar.
func (l *lifter) core(x *tast.SelectStmt) ast.Stmt {
	fields := x.Fields.Fields
	if x.Limit != nil || x.Distinct || len(fields) == 0 || fields[0].Expr == nil {
		disagree()
	}
	h := l.take(numberOf(fields[0].Expr))
	if h.kind == holeSub {
		if len(fields) != 2 || l.slot >= len(l.slots) {
			disagree()
		}
		dest := l.slots[l.slot].query
		l.fill(fields[1].Expr)
		return *dest
	}
	if h.kind != holeCore {
		disagree()
	}
	stmt := h.node.(ast.Stmt)
	l.fields(fields)
	if x.From != nil {
		l.from(x.From.TableRefs)
	}
	if x.Where != nil {
		l.fill(x.Where)
	}
	if x.GroupBy != nil {
		for _, item := range x.GroupBy.Items {
			l.fill(item.Expr)
		}
	}
	if x.Having != nil { // (0, part, …)
		row, ok := x.Having.Expr.(*tast.RowExpr)
		if !ok || numberOf(row.Values[0]) != 0 {
			disagree()
		}
		for _, part := range row.Values[1:] {
			l.fill(part)
		}
	}
	return stmt
}

// setOps lifts a flat run of set operations. INTERSECT binds tighter.
func (l *lifter) setOps(selects []tast.Node) *ast.SelectStmt {
	if len(selects) > maxDepth {
		tooDeep(int(l.peekPos()))
	}
	term := func(n tast.Node) *ast.SelectStmt {
		x, ok := n.(*tast.SelectStmt)
		if !ok || x.With != nil || x.OrderBy != nil {
			disagree()
		}
		s, ok := l.core(x).(*ast.SelectStmt)
		if !ok {
			disagree()
		}
		return s
	}
	combine := func(o *op, left, right *ast.SelectStmt) *ast.SelectStmt {
		return &ast.SelectStmt{At: ast.At(o.pos), Op: o.set, All: o.all, Left: left, Right: right}
	}
	var left *ast.SelectStmt // of a UNION or EXCEPT that awaits the end of its right side
	var leftOp *op
	cur := term(selects[0])
	for _, n := range selects[1:] {
		o := l.takeOp(opSet)
		if x, ok := n.(*tast.SelectStmt); !ok || x.AfterSetOperator == nil || setOpOf(*x.AfterSetOperator) != o.set {
			disagree()
		}
		if o.set != ast.Intersect {
			if left != nil {
				cur = combine(leftOp, left, cur)
			}
			left, leftOp = cur, o
			cur = term(n)
			continue
		}
		cur = combine(o, cur, term(n))
	}
	if left != nil {
		cur = combine(leftOp, left, cur)
	}
	return cur
}

func setOpOf(t tast.SetOprType) ast.SetOp {
	switch t {
	case tast.Union, tast.UnionAll:
		return ast.Union
	case tast.Intersect, tast.IntersectAll:
		return ast.Intersect
	case tast.Except, tast.ExceptAll:
		return ast.Except
	}
	return ast.SetNone
}

// ---- FROM -----------------------------------------------------------------------

// from fills the gaps of a FROM list.
func (l *lifter) from(j *tast.Join) {
	var items []tast.ResultSetNode
	var n tast.ResultSetNode = j
	for {
		j, ok := n.(*tast.Join)
		if !ok || j.On != nil {
			break
		}
		if j.Right != nil {
			items = append(items, j.Right)
		}
		n = j.Left
	}
	items = append(items, n)
	for i := len(items) - 1; i >= 0; i-- {
		if t, ok := items[i].(*tast.TableSource); ok && len(items) == 1 {
			if name, ok := t.Source.(*tast.TableName); ok && tableNumber(name.Name.L) == 0 {
				return
			}
		}
		if l.slot >= len(l.slots) {
			disagree()
		}
		s := l.slots[l.slot]
		l.slot++
		if s.table == nil && s.one == nil {
			disagree()
		}
		l.setTable(s, l.table(items[i]))
	}
}

// table lifts a table, a query in FROM, or a join.
func (l *lifter) table(n tast.ResultSetNode) ast.TableExpr {
	l.enter()
	defer func() { l.depth-- }()
	var joins []*tast.Join // outermost first
	for {
		j, ok := n.(*tast.Join)
		if !ok {
			break
		}
		if j.Right != nil {
			if j.On == nil {
				disagree()
			}
			joins = append(joins, j)
		}
		n = j.Left
	}
	if len(joins) > maxDepth {
		tooDeep(int(l.peekPos()))
	}
	source, ok := n.(*tast.TableSource)
	if !ok {
		disagree()
	}
	cur := l.source(source)
	for i := len(joins) - 1; i >= 0; i-- {
		right := l.table(joins[i].Right)
		h := l.carried(joins[i].On.Expr)
		join, ok := h.node.(*ast.JoinExpr)
		if !ok {
			disagree()
		}
		join.Left, join.Right = cur, right
		cur = join
	}
	return cur
}

// source lifts a table tn, or (SELECT …) tn.
func (l *lifter) source(x *tast.TableSource) ast.TableExpr {
	name := x.AsName.L
	if t, ok := x.Source.(*tast.TableName); ok {
		name = t.Name.L
	}
	n := tableNumber(name)
	if n < 1 || n > len(l.holes) || l.holes[n-1].kind != holeTable {
		disagree()
	}
	switch t := l.holes[n-1].node.(type) {
	case *ast.RangeVar:
		if _, ok := x.Source.(*tast.TableName); !ok {
			disagree()
		}
	case *ast.RangeSubselect:
		q, ok := l.stmt(x.Source).(*ast.SelectStmt)
		if !ok {
			disagree()
		}
		t.Query = q
	case *ast.RangeFunction, *ast.RangeTableSample:
		q, ok := x.Source.(*tast.SelectStmt)
		if !ok || numberOf(q.Fields.Fields[0].Expr) != 0 {
			disagree()
		}
		l.fields(q.Fields.Fields)
	}
	return l.take(n).node.(ast.TableExpr)
}
