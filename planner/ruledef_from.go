package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// FROM, and what expressions in a query refer to.

func (w *queryPrinter) from(list []ast.TableExpr) {
	for i, te := range list {
		if i == 0 {
			w.keyword(" FROM ", -indentStd, indentStd, 2)
			w.tableExpr(te)
			continue
		}
		w.str(", ")
		text := w.capture(func() { w.tableExpr(te) })
		w.wrapItem(text, true, false)
		w.str(text)
	}
}

func (w *queryPrinter) tableExpr(te ast.TableExpr) {
	switch te := te.(type) {
	case *ast.RangeVar:
		it := w.s.items[te]
		name := te.Name
		if oid, ok := w.names.Tables[te]; ok {
			if t := w.snap.Table(oid); t != nil {
				name = t.Name
			} else if sq := w.snap.Sequence(oid); sq != nil {
				name = sq.Name
			}
			shown := w.snap.RelationRef(w.path, oid)
			for _, c := range w.ctes {
				if c == name {
					shown = w.snap.RelationRef(nil, oid)
				}
			}
			if te.Only {
				w.str("ONLY ")
			}
			w.str(shown)
		} else {
			w.str(quoteIdent(name))
		}
		if n := w.itemName(it); te.Alias != nil && (!slices.Contains(w.unaliased, te.Alias.Name) || len(te.Alias.Columns) > 0) || n != name {
			w.str(" " + quoteIdent(n))
		}
		if te.Alias != nil && len(te.Alias.Columns) > 0 {
			w.columnNames(it)
		}
	case *ast.RangeSubselect:
		it := w.s.items[te]
		if te.Lateral {
			w.str("LATERAL ")
		}
		w.str("(")
		w.query(te.Query, nil, true, w.level)
		w.str(")")
		if n := w.itemName(it); n != "" {
			w.str(" " + quoteIdent(n))
		}
		if te.Alias != nil && len(te.Alias.Columns) > 0 {
			w.columnNames(it)
		}
	case *ast.RangeFunction:
		w.function(te)
	case *ast.JoinExpr:
		w.join(te)
	default:
		w.str(ast.Format(te))
	}
}

// itemName is what an item of FROM is called here.
func (w *queryPrinter) itemName(it *rangeItem) string {
	for i := len(w.levels) - 1; i >= 0; i-- {
		if n, ok := w.levels[i].names[it]; ok {
			return n
		}
	}
	if it != nil {
		return it.alias
	}
	return ""
}

func (w *queryPrinter) columnNames(it *rangeItem) {
	var names []string
	for _, c := range it.cols {
		if !c.hidden {
			names = append(names, c.name)
		}
	}
	w.nameList(names)
}

func (w *queryPrinter) function(te *ast.RangeFunction) {
	if te.Lateral || w.s.items[te].lateral {
		w.str("LATERAL ")
	}
	call := func(item *ast.RangeFuncItem) {
		x := w.s.exprs[item.Func]
		if c, ok := x.(*plan.Call); ok && (c.Cast || c.Op != nil) || isConst(x) {
			w.str("CAST(")
			w.expr(x, false)
			w.str(" AS " + w.typeName(x.Type(), x.Typmod()) + ")")
			return
		}
		if x == nil { // unnest(a, b), taken apart
			w.str("UNNEST(")
			for i, a := range item.Func.(*ast.FuncCall).Args {
				if i > 0 {
					w.str(", ")
				}
				w.expr(w.s.exprs[a], true)
			}
			w.str(")")
			return
		}
		w.expr(x, true)
	}
	defs := func(cols []*ast.FuncColumn) {
		w.str("(")
		for i, c := range cols {
			if i > 0 {
				w.str(", ")
			}
			w.str(quoteIdent(c.Name) + " ")
			if t, mod, err := ResolveTypeName(w.snap, w.path, c.Type); err == nil {
				w.str(w.typeName(t, mod))
			}
		}
		w.str(")")
	}
	cols := te.Columns
	if len(te.Functions) == 1 && len(te.Functions[0].Columns) > 0 && !te.Ordinality {
		cols = te.Functions[0].Columns
	}
	if len(te.Functions) == 1 && (len(te.Functions[0].Columns) == 0 || !te.Ordinality) {
		call(te.Functions[0])
	} else {
		unnest := true
		for _, f := range te.Functions {
			c, ok := w.s.exprs[f.Func].(*plan.Call)
			unnest = unnest && ok && c.Fn.Name == "unnest" && len(f.Columns) == 0
		}
		if unnest {
			w.str("UNNEST(")
		} else {
			w.str("ROWS FROM(")
		}
		for i, f := range te.Functions {
			if i > 0 {
				w.str(", ")
			}
			if unnest {
				w.list(w.s.exprs[f.Func].(*plan.Call).Args, ", ")
				continue
			}
			call(f)
			if len(f.Columns) > 0 {
				w.str(" AS ")
				defs(f.Columns)
			}
		}
		w.str(")")
	}
	if te.Ordinality {
		w.str(" WITH ORDINALITY")
	}
	it := w.s.items[te]
	w.str(" " + quoteIdent(w.itemName(it)))
	if len(cols) > 0 {
		defs(cols)
		return
	}
	w.columnNames(it)
}

func (w *queryPrinter) join(j *ast.JoinExpr) {
	outer := !w.paren || j.Alias != nil
	if outer {
		w.str("(")
	}
	if j.Alias != nil {
		w.inJoin++
	}
	w.tableExpr(j.Left)
	using := j.Using
	if j.Natural {
		using = w.names.Natural[j]
	}
	word := [...]string{" JOIN ", " LEFT JOIN ", " FULL JOIN ", " RIGHT JOIN "}[j.Kind]
	if j.Kind == ast.JoinInner && j.On == nil && len(using) == 0 {
		word = " CROSS JOIN "
	}
	w.keyword(word, -indentStd, indentStd, indentJoin)
	right, nested := j.Right.(*ast.JoinExpr)
	nested = nested && w.paren && right.Alias == nil
	if nested {
		w.str("(")
	}
	w.tableExpr(j.Right)
	if nested {
		w.str(")")
	}
	switch {
	case len(using) > 0:
		w.str(" USING ")
		w.nameList(using)
		if j.UsingAlias != "" {
			w.str(" AS " + quoteIdent(j.UsingAlias))
		}
	case j.On != nil:
		w.str(" ON ")
		w.wrapped(func() { w.expr(w.s.exprs[j.On], false) })
	case j.Kind != ast.JoinInner:
		w.str(" ON TRUE")
	}
	if outer {
		w.str(")")
	}
	if j.Alias != nil {
		w.inJoin--
		it := w.s.items[j]
		w.str(" " + quoteIdent(w.itemName(it)))
		if len(j.Alias.Columns) > 0 {
			w.columnNames(it)
		}
	}
}

// find looks a column up from the innermost level outwards.
func (w *queryPrinter) find(c *plan.Col) (lv *queryLevel, it *rangeItem, name string) {
	for i := len(w.levels) - 1; i >= 0; i-- {
		lv := w.levels[i]
		if lv.shape == nil {
			continue
		}
		if w.computed(lv, c) != nil {
			return lv, nil, ""
		}
		var best *rangeItem
		for _, it := range lv.shape.q.items {
			if lv.names[it] == "" || best != nil && best.relVisible {
				continue
			}
			for k := range it.cols {
				if x, ok := it.cols[k].expr.(*plan.Col); ok && x.Idx == c.Idx && (best == nil || it.relVisible && w.inJoin == 0) {
					best, name = it, it.cols[k].name
				}
			}
			if best == nil && it.scan != nil && c.Idx == it.scan.tableOID() {
				best, name = it, "tableoid"
			}
		}
		if best == nil { // a column of a subquery without a name
			for _, it := range lv.shape.q.items {
				for k := range it.cols {
					if x, ok := it.cols[k].expr.(*plan.Col); ok && x.Idx == c.Idx && best == nil {
						best, name = it, it.cols[k].name
					}
				}
			}
		}
		if best != nil {
			return lv, best, name
		}
	}
	return nil, nil, ""
}

// computed gives the printer of a Col that stands for an aggregate, a window
// function, a set-returning function or GROUPING.
func (w *queryPrinter) computed(lv *queryLevel, c *plan.Col) func() {
	q := &lv.shape.q
	for i := range q.aggs {
		if q.aggs[i].id == c.Idx {
			return func() { w.agg(&q.aggs[i].call) }
		}
	}
	for i := range q.windows {
		if q.windows[i].item.id == c.Idx {
			return func() { w.windowCall(lv, &q.windows[i]) }
		}
	}
	for i := range q.srfs {
		if q.srfs[i].item.id == c.Idx {
			return func() { w.expr(q.srfs[i].item.expr, true) }
		}
	}
	for i := range q.groupings {
		if g := &q.groupings[i]; g.id == c.Idx {
			return func() {
				w.str("GROUPING(")
				w.list(g.args, ", ")
				w.str(")")
			}
		}
	}
	return nil
}

func (w *queryPrinter) windowCall(lv *queryLevel, c *windowCall) {
	call := &c.item.call
	w.str(w.funcName(call.Fn) + "(")
	if call.Star {
		w.str("*")
	} else {
		w.list(call.Args, ", ")
	}
	if call.Filter != nil {
		w.str(") FILTER (WHERE ")
		w.expr(call.Filter, false)
	}
	w.str(") OVER ")
	win := lv.shape.windows[c.win]
	if win.name != "" {
		w.str(quoteIdent(win.name))
		return
	}
	w.window(&win)
}

func (w *queryPrinter) isColumn(c *plan.Col) (column, call bool) {
	lv, it, _ := w.find(c)
	return it != nil, lv != nil && it == nil
}

func (w *queryPrinter) column(c *plan.Col) string {
	lv, it, name := w.find(c)
	switch {
	case lv == nil:
		w.str("?")
		return ""
	case it == nil:
		w.computed(lv, c)()
		return ""
	}
	if n := lv.names[it]; n != "" {
		w.str(quoteIdent(n) + ".")
	}
	w.str(quoteIdent(name))
	return name
}

func (w *queryPrinter) special(e plan.Expr, top bool) bool {
	return w.merged(e) || w.wholeRow(e, top)
}

// merged prints a column that a FULL JOIN USING made of two.
func (w *queryPrinter) merged(e plan.Expr) bool {
	n, ok := w.s.merged[e]
	if !ok {
		return false
	}
	for i := len(w.levels) - 1; i >= 0 && w.inJoin == 0; i-- { // a join may have an alias
		for it, alias := range w.levels[i].names {
			for k := range it.cols {
				if it.cols[k].expr == e {
					w.str(quoteIdent(alias) + ".")
					n = it.cols[k].name
				}
			}
		}
	}
	w.str(quoteIdent(n))
	w.lastName = n
	return true
}

// wholeRow prints a reference to a row.
func (w *queryPrinter) wholeRow(e plan.Expr, top bool) bool {
	it, ok := w.s.rows[e]
	if !ok {
		return false
	}
	w.str(quoteIdent(w.itemName(it)) + ".*")
	if top {
		w.str("::" + w.typeName(e.Type(), -1))
	}
	return true
}

func (w *queryPrinter) subquery(s *subquery) {
	inner := s.kind == plan.SubExists || s.kind == plan.SubAny || s.kind == plan.SubAll
	switch s.kind {
	case plan.SubArray:
		w.str("ARRAY(")
	case plan.SubExists:
		w.str("(EXISTS ")
	default:
		w.str("(")
	}
	if inner {
		w.test(s)
		w.str("(")
	}
	w.query(s.sel, nil, false, w.level)
	if inner {
		w.str(")")
	}
	w.str(")")
}

// test prints what ANY, ALL and IN compare with a subquery's rows.
func (w *queryPrinter) test(s *subquery) {
	if s.kind == plan.SubExists {
		return
	}
	op, lefts := "=", s.lefts
	switch t := s.test.(type) {
	case *plan.Call:
		if t.Op != nil {
			op, lefts = t.Op.Name, t.Args[:1]
		}
	case *plan.RowCompare:
		op, lefts = t.Kind, t.L
	case *plan.Or: // <> of rows
		op, lefts = "<>", nil
		for _, a := range t.Args {
			if c, ok := a.(*plan.Call); ok {
				lefts = append(lefts, c.Args[0])
			}
		}
	}
	if len(lefts) == 1 {
		w.operand(lefts[0], true, s.test)
	} else {
		w.str("(")
		w.list(lefts, ", ")
		w.str(")")
	}
	switch {
	case s.kind == plan.SubAll:
		w.str(" " + op + " ALL ")
	case op == "=":
		w.str(" IN ")
	default:
		w.str(" " + op + " ANY ")
	}
}

func (w *queryPrinter) funcName(f *builtin.Func) string {
	if u, ok := f.User.(*catalog.Function); ok {
		return w.snap.FunctionRef(w.path, u)
	}
	return funcName(f)
}

func (w *queryPrinter) typeName(t *types.Type, mod int32) string {
	return w.snap.FormatType(w.path, t, mod)
}
