package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// SELECT, VALUES and set operations become algebra here:
//
//	FROM → select (WHERE) → group → select (HAVING) → window → unnest
//	     → project → distinct → order → lock → limit

// bound is a bound query: its algebra and its visible columns (the rel may
// yield more, for sorting).
type bound struct {
	rel  rel
	cols []outCol
	// proj is the projection that makes the columns, where one does: literals
	// of unknown type in it can still be given one.
	proj *lProject
	keys []cursorKey
	// locks is what the query leaves of FOR UPDATE and kin to the one it stands in.
	locks lockedBelow
	// collations are those derived for the columns, nil if all are their types'.
	collations []collation
}

// outCol is a visible column of a query.
type outCol struct {
	name string
	id   colID
}

func (bd *bound) ids() []colID {
	out := make([]colID, len(bd.cols))
	for i, c := range bd.cols {
		out[i] = c.id
	}
	return out
}

// target is an item of the select list while it is bound.
type target struct {
	name string
	expr plan.Expr
	pos  int
	junk bool
	id   colID
	// grouped is set if GROUP BY means the item.
	grouped bool
	// group is the number, from 1, of the item's own column of the grouping, if an equal
	// item that GROUP BY means too has another.
	group int
}

const noCol colID = -1

// bindQuery binds a query; resolve makes columns of unknown type text.
func (p *planner) bindQuery(sel *ast.SelectStmt, up *query, resolve bool) *bound {
	if p.depth++; p.depth > maxExprDepth {
		bail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded"))
	}
	defer func() { p.depth-- }()
	if sel.Cursor != nil {
		p.cursorOptions(sel.Cursor)
	}
	q := &query{up: up, depth: 1, clause: inTarget, locking: sel.Locking, pushed: p.pushed}
	p.pushed = nil
	if up != nil {
		q.depth = up.depth + 1
	}
	if sel.With != nil {
		p.bindWith(q, sel.With)
	}
	if into := sel.IntoTarget(); into != nil {
		fail(into.Relation.Pos(), pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	var bd *bound
	switch {
	case sel.Op != ast.SetNone:
		bd = p.bindSetOp(sel, q, resolve)
	case sel.Values != nil:
		bd = p.bindValues(sel, q, resolve)
	default:
		bd = p.bindSelect(sel, q, resolve)
	}
	if sel.Cursor != nil {
		p.cursorReads(sel, q)
	}
	return bd
}

func (p *planner) bindSelect(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	b := &binder{p: p, q: q}
	at := func(k exprKind) *binder { b.kind, q.clause = k, k; return b }
	p.cut = p.cut || sel.Cursor != nil
	r := p.bindFrom(q, sel.From)
	for _, w := range sel.Windows {
		for _, have := range q.windefs {
			if have.name == w.Name {
				fail(w.Pos(), pgerr.WindowingError, "window %q is already defined", w.Name)
			}
		}
		q.windefs = append(q.windefs, at(inTarget).windowDef(w))
	}
	targets := at(inTarget).targetList(sel.Targets)
	visible := len(targets)
	var where plan.Expr
	if sel.Where != nil {
		where = p.coerceBool(at(inWhere).arg(sel.Where), "WHERE")
		r = p.filter(r, where)
	}
	var having plan.Expr
	if sel.Having != nil {
		having = p.coerceBool(at(inHaving).arg(sel.Having), "HAVING")
		q.grouped = true
	}
	var order []plan.SortKey // Expr is a Col whose Idx is a target index, for now
	var orderAt []int
	for _, s := range sel.OrderBy {
		i := at(inOrderBy).findTarget(&targets, visible, s.Expr, "ORDER BY", false)
		if targets[i].expr.Type() == types.Unknown {
			targets[i].expr = b.resolveUnknown(arg{targets[i].expr, targets[i].pos}).e
		}
		order = append(order, b.sortKey(s, arg{targets[i].expr, exprLoc(s.Expr)}))
		p.oneCollation(targets[i].expr)
		orderAt = append(orderAt, i)
		if n := p.shapes(); n != nil {
			n.keys[s] = order[len(order)-1]
			p.noteTarget(s.Expr, i, visible)
		}
	}
	var groups []projItem
	var sets [][]int
	if len(sel.GroupBy) > 0 {
		q.grouped = true
		groups, sets = at(inGroupBy).groupBy(sel, &targets, visible)
	}
	var distinctOn []int
	for _, e := range sel.DistinctOn {
		distinctOn = append(distinctOn, at(inDistinctOn).findTarget(&targets, visible, e, "DISTINCT ON", false))
		p.noteExpr(e, targets[distinctOn[len(distinctOn)-1]].expr)
		p.noteTarget(e, distinctOn[len(distinctOn)-1], visible)
		p.oneCollation(targets[distinctOn[len(distinctOn)-1]].expr)
	}
	p.checkDistinct(sel, targets, visible, distinctOn, orderAt)
	b.kind, q.clause = inLimit, inLimit
	count := b.limit(sel.Limit, "LIMIT")
	b.kind, q.clause = inOffset, inOffset
	offset := b.limit(sel.Offset, "OFFSET")
	if resolve {
		for i := range targets {
			if targets[i].expr.Type() == types.Unknown {
				targets[i].expr = b.resolveUnknown(arg{targets[i].expr, targets[i].pos}).e
			}
		}
	}
	bd := &bound{}
	if p.collates {
		for i := range targets[:visible] {
			if sel.Distinct && len(distinctOn) == 0 {
				p.oneCollation(targets[i].expr)
			}
			bd.collations = append(bd.collations, p.collationOf(targets[i].expr))
		}
	}
	p.noteQuery(sel, q, targets[:visible], where, having)
	// PostgreSQL sees no use in sorting by a constant, not even by one that ROLLUP has
	// made NULL in some rows: it decides last, where PostgreSQL leaves the order open.
	constant := make([]bool, len(order))
	for k, i := range orderAt {
		constant[k] = sets != nil && len(distinctOn) == 0 && foldable(targets[i].expr)
	}
	if q.grouped {
		r = p.addGroup(r, q, groups, sets, targets, &having, order)
	}
	if having != nil {
		r = p.filter(r, having)
	}
	r = p.addWindows(r, q)
	sortsFirst := p.sortsFirst(sel, q, targets, orderAt, distinctOn)
	if !sortsFirst {
		r = p.addUnnest(r, q)
	}
	if sel.Distinct && len(distinctOn) == 0 {
		targets = targets[:visible]
	}
	proj := &lProject{in: r}
	var local colSet
	if q.up != nil {
		local = outSet(r)
	}
	for i := range targets {
		t := &targets[i]
		if c, ok := t.expr.(*plan.Col); ok && q.up != nil && !local.has(c.Idx) {
			// a column of an outer query is a value here, with an id of its own
			t.id = p.newCol(t.name, c.Typ, c.Mod)
			from, to := &p.cols[c.Idx], &p.cols[t.id]
			to.fields, to.collation, to.tableOID, to.attnum = from.fields, from.collation, from.tableOID, from.attnum
			proj.items = append(proj.items, projItem{t.id, c})
		} else {
			t.id = p.addItem(proj, t.name, t.expr)
		}
		if i < visible {
			bd.cols = append(bd.cols, outCol{t.name, t.id})
		}
	}
	bd.keys = p.cursorKeys(q, sel)
	for _, k := range bd.keys {
		for _, id := range []colID{k.scan.rowKey(), k.scan.tableOID()} {
			p.addItem(proj, "", p.col(id))
		}
	}
	bd.proj = proj
	r = proj
	for i := range order {
		order[i].Expr = p.col(targets[orderAt[i]].id)
	}
	var sorted, last []plan.SortKey
	for i, k := range order {
		if constant[i] {
			last = append(last, k)
		} else {
			sorted = append(sorted, k)
		}
	}
	sorted = append(sorted, last...)
	var late *lProject
	locked := q.locks() && p.mayLock(q, sel)
	switch {
	case len(distinctOn) > 0:
		if len(order) > 0 {
			late = p.lateTargets(proj, q, sortsFirst, append(slices.Clip(orderAt), distinctOn...), targets)
		}
		r = p.distinctOn(r, targets, distinctOn, order, orderAt)
	case sel.Distinct:
		r = &lDistinct{in: r}
		p.hasDistinct = true
		if len(sorted) > 0 {
			r = &lSort{in: r, keys: sorted}
		}
	case locked:
		r = p.bindLocked(proj, q, sel, targets, order, orderAt)
	case len(sorted) > 0:
		late = p.lateTargets(proj, q, sortsFirst, orderAt, targets)
		r = &lSort{in: r, keys: sorted}
	}
	if sortsFirst {
		r = p.addUnnest(r, q)
	}
	bd.locks = q.below
	bd.rel = p.addLimit(r, sel, count, offset, order)
	if late != nil {
		late.in = bd.rel
		bd.rel, bd.proj = late, late
	}
	return bd
}

// sortsFirst tells whether rows are sorted, and made distinct ON, before the set-returning
// functions of the select list make many of each: neither depends on them.
func (p *planner) sortsFirst(sel *ast.SelectStmt, q *query, targets []target, orderAt, distinctOn []int) bool {
	if len(q.srfs) == 0 || len(orderAt) == 0 || sel.Distinct && len(distinctOn) == 0 {
		return false
	}
	for _, i := range append(slices.Clip(orderAt), distinctOn...) {
		if q.returnsSet(targets[i].expr) {
			return false
		}
	}
	return true
}

// returnsSet tells whether an expression uses set-returning functions of the select list.
func (q *query) returnsSet(e plan.Expr) bool {
	if len(q.srfs) == 0 {
		return false
	}
	cols := colsOf(e)
	for _, s := range q.srfs {
		if cols.has(s.item.id) {
			return true
		}
	}
	return false
}

// lateTargets takes volatile functions that nothing is sorted by out of a
// projection under ORDER BY, and gives the projection above it that calls them:
// they are to run in that order, and under LIMIT only for rows it lets through. With
// sortsFirst the same goes for set-returning functions.
func (p *planner) lateTargets(proj *lProject, q *query, sortsFirst bool, orderAt []int, targets []target) *lProject {
	late := &lProject{}
	var items []projItem
	have := map[colID]bool{}
	sorted := func(id colID) bool {
		for _, i := range orderAt {
			if targets[i].id == id {
				return true
			}
		}
		return false
	}
	any := false
	for _, it := range proj.items {
		_, plain := it.expr.(*plan.Col)
		set := sortsFirst && q.returnsSet(it.expr)
		if it.expr.Type() == types.Unknown { // can yet be given another type
			late.items = append(late.items, it)
			continue
		}
		if !set && (plain || sorted(it.id) || !isVolatile(it.expr)) {
			items = append(items, it)
			have[it.id] = true
			late.items = append(late.items, projItem{it.id, p.col(it.id)})
			continue
		}
		any = true
		late.items = append(late.items, it)
	}
	if !any {
		return nil
	}
	in := outSet(proj.in)
	needs := late.items
	if sortsFirst {
		for _, s := range q.srfs {
			needs = append(slices.Clip(needs), s.item)
		}
	}
	for _, it := range needs {
		cols := colsOf(it.expr)
		for id := range len(p.cols) {
			if cols.has(id) && in.has(id) && !have[id] {
				have[id] = true
				items = append(items, projItem{id, p.col(id)})
			}
		}
	}
	proj.items = items
	return late
}

func indexOf(xs []int, x int) int {
	for i, y := range xs {
		if y == x {
			return i
		}
	}
	return -1
}

func (p *planner) addLimit(r rel, sel *ast.SelectStmt, count, offset plan.Expr, order []plan.SortKey) rel {
	if k, ok := sel.Limit.(*ast.Const); ok && sel.WithTies && k.Kind == ast.ConstNull {
		fail(-1, pgerr.InvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	if count == nil && offset == nil {
		return r
	}
	p.cut = true
	l := &lLimit{in: r, count: count, offset: offset}
	if sel.WithTies {
		if len(order) == 0 {
			fail(sel.Limit.Pos(), pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
		}
		l.ties = order
	}
	return l
}

// addItem adds a column to a projection; a plain column keeps its id.
func (p *planner) addItem(proj *lProject, name string, e plan.Expr) colID {
	if c, ok := e.(*plan.Col); ok {
		proj.items = append(proj.items, projItem{c.Idx, e})
		return c.Idx
	}
	id := p.newCol(name, e.Type(), e.Typmod())
	p.cols[id].collation = p.columnCollation(e)
	if e.Type() == types.Record {
		p.cols[id].fields = p.fieldsOfRows(e)
	}
	proj.items = append(proj.items, projItem{id, e})
	return id
}

func (p *planner) filter(r rel, cond plan.Expr) rel {
	conds := splitAnd(cond, nil)
	if len(conds) == 0 {
		return r
	}
	return &lFilter{in: r, conds: conds}
}

// readsOwn tells whether an expression reads columns of the query that it stands in, as arguments
// of aggregates too; those of queries around do not count.
func (b *binder) readsOwn(e plan.Expr) bool {
	cols := colsOf(e)
	if b.q == nil || cols.empty() {
		return false
	}
	for _, it := range b.q.items {
		for _, c := range it.cols {
			if colsOf(c.expr).meets(cols) {
				return true
			}
		}
	}
	own := false
	reads := func(id colID, list []aggItem) {
		if cols.has(id) {
			eachCall(list, func(x *plan.Expr) { own = own || b.readsOwn(*x) })
		}
	}
	for i := range b.q.aggs {
		reads(b.q.aggs[i].id, b.q.aggs[i:i+1])
	}
	for i := range b.q.windows {
		reads(b.q.windows[i].item.id, []aggItem{b.q.windows[i].item})
	}
	for _, s := range b.q.srfs {
		own = own || cols.has(s.item.id) && b.readsOwn(s.item.expr)
	}
	return own
}

// limit binds LIMIT or OFFSET.
func (b *binder) limit(e ast.Expr, name string) plan.Expr {
	if e == nil {
		return nil
	}
	a := b.arg(e)
	x := b.p.coerceTo(a, types.Int8, -1, builtin.Assignment, true)
	b.p.noteExpr(e, x)
	if x == nil {
		fail(a.pos, pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", name, "bigint", typeName(a.e.Type()))
	}
	anyExpr(x, func(x plan.Expr) bool {
		if c, ok := x.(*plan.Col); ok && b.readsOwn(c) {
			fail(c.Pos, pgerr.InvalidColumnReference, "argument of %s must not contain variables", name)
		}
		return false
	})
	if isNullConst(x) {
		return nil
	}
	return x
}

// addWindows puts the window operators above r, one for each window in use.
func (p *planner) addWindows(r rel, q *query) rel {
	for _, w := range q.windefs {
		var calls []aggItem
		for i := range q.windows {
			if q.windows[i].win == w {
				calls = append(calls, q.windows[i].item)
			}
		}
		if len(calls) > 0 {
			r = &lWindow{in: r, partition: w.partition, order: w.order, frame: w.frame, calls: calls}
		}
	}
	return r
}

// addUnnest puts the set-returning functions of the select list above r.
func (p *planner) addUnnest(r rel, q *query) rel {
	for level := 0; ; level++ {
		var items []projItem
		for _, s := range q.srfs {
			if s.level == level {
				items = append(items, s.item)
			}
		}
		if items == nil {
			return r
		}
		r = &lUnnest{in: r, items: items}
	}
}

// subquery binds a subquery in an expression.
func (b *binder) subquery(sel *ast.SelectStmt, kind plan.SubplanKind) *subquery {
	p := b.p
	if b.q == nil || kindInfo[b.kind].noQuery {
		fail(p.subPos, pgerr.FeatureNotSupported, "cannot use subquery in %s", kindInfo[b.kind].one)
	}
	bd := p.bindQuery(sel, b.q, true)
	p.hasSubqueries = true
	p.cut = p.cut || kind == plan.SubExists
	p.subqueryNo++
	s := &subquery{kind: kind, q: bd.rel, cols: bd.ids(), sel: sel, scope: b.q, no: p.subqueryNo}
	for _, c := range bd.cols {
		ci := p.cols[c.id]
		s.fields = append(s.fields, types.Field{Name: c.name, Type: ci.typ, Typmod: ci.mod})
	}
	s.T = plan.T{Typ: types.Record, Mod: -1}
	return s
}

func (b *binder) subLink(e *ast.SubLink) plan.Expr {
	p := b.p
	p.subPos = e.Pos()
	oneColumn := func(s *subquery) {
		if len(s.cols) != 1 {
			fail(e.Pos(), pgerr.SyntaxError, "subquery must return only one column")
		}
	}
	switch e.Kind {
	case ast.SubExists:
		s := b.subquery(e.Query, plan.SubExists)
		s.T, s.fields = boolT, nil
		if q := simpleExists(s.q); q != nil && !p.printed { // nobody looks at the columns
			s.q, s.cols = q, nil
		}
		return s
	case ast.SubExpr:
		s := b.subquery(e.Query, plan.SubScalar)
		oneColumn(s)
		s.T = plan.T{Typ: s.fields[0].Type, Mod: s.fields[0].Typmod}
		s.fields = s.fields[0].Type.Fields
		return s
	case ast.SubArray:
		s := b.subquery(e.Query, plan.SubArray)
		oneColumn(s)
		t := s.fields[0].Type
		at := t.Array
		if isArrayElem(t) {
			at = t
		}
		if at == nil {
			fail(e.Pos(), pgerr.UndefinedObject, "could not find array type for data type %s", typeName(t))
		}
		s.T, s.fields = plan.T{Typ: at, Mod: -1}, nil
		return s
	}
	// test op ANY/ALL (query)
	var ls []arg
	if r, ok := e.Test.(*ast.RowExpr); ok {
		ls = b.rowArgs(r)
	} else {
		ls = []arg{b.arg(e.Test)} // a whole row is one value
	}
	kind := plan.SubAny
	if e.Kind == ast.SubAll {
		kind = plan.SubAll
	}
	s := b.subquery(e.Query, kind)
	if len(ls) < len(s.cols) {
		fail(e.Pos(), pgerr.SyntaxError, "subquery has too many columns")
	}
	if len(ls) > len(s.cols) {
		fail(e.Pos(), pgerr.SyntaxError, "subquery has too few columns")
	}
	op := "="
	if e.Op.Name != "" {
		op = opName(e.Op, e.Pos())
	}
	rs := make([]arg, len(ls))
	for i := range rs {
		rs[i] = arg{p.col(s.cols[i]), e.Pos()}
		// an untyped parameter takes the column's type
		if x, ok := ls[i].e.(*plan.Param); ok && x.Typ == types.Unknown {
			ls[i].e = p.paramAs(x, ls[i].pos, rs[i].e.Type())
		}
	}
	s.T, s.fields = boolT, nil
	s.test = p.coerceBool(arg{b.rowCompare(op, ls, rs, e.Pos()), e.Pos()}, "row comparison")
	p.derived(s.test)
	if op == "=" {
		for _, c := range splitAnd(s.test, nil) {
			call, ok := c.(*plan.Call)
			if !ok || call.Op == nil || call.Op.Compare == "" || len(call.Args) != 2 {
				s.lefts, s.ops, s.rights = nil, nil, nil
				break
			}
			s.lefts, s.ops, s.rights = append(s.lefts, call.Args[0]), append(s.ops, call.Op), append(s.rights, call.Args[1])
		}
	}
	return s
}

// NameOf is the name that an expression gives to a column or an index made of it, "" if it gives none.
func NameOf(e ast.Expr) string { return nameOf(e) }
