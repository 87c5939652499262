package planner

import (
	"slices"
	"strconv"

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
	// bare is set of a literal standing alone: no expression is the same before it is
	// folded. grouped is set if GROUP BY means the item.
	bare, grouped bool
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
	q := &query{up: up, depth: 1, clause: inTarget, locking: sel.Locking, pushed: p.pushed}
	p.pushed = nil
	if up != nil {
		q.depth = up.depth + 1
	}
	if sel.With != nil {
		p.bindWith(q, sel.With)
	}
	if sel.Into != nil && !p.allowInto {
		fail(sel.Into.Pos(), pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	switch {
	case sel.Op != ast.SetNone:
		return p.bindSetOp(sel, q, resolve)
	case sel.Values != nil:
		return p.bindValues(sel, q, resolve)
	}
	return p.bindSelect(sel, q, resolve)
}

func (p *planner) bindSelect(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	b := &binder{p: p, q: q}
	at := func(k exprKind) *binder { b.kind, q.clause = k, k; return b }
	p.cut = p.cut || sel.ForCursor
	r := p.bindFrom(q, sel.From)
	q.nestBools = len(sel.GroupBy) > 0
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
		orderAt = append(orderAt, i)
		if n := p.shapes(); n != nil {
			n.keys[s] = order[len(order)-1]
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
	}
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
	bd := &bound{}
	if sel.Distinct && len(distinctOn) == 0 {
		for _, i := range orderAt {
			if i >= visible {
				fail(exprLoc(sel.OrderBy[indexOf(orderAt, i)].Expr), pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
		}
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
			p.cols[t.id].fields = p.cols[c.Idx].fields
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
		r = p.distinctOn(r, sel, targets, distinctOn, order, orderAt)
	case sel.Distinct:
		for i, t := range targets {
			if tt := t.expr.Type(); !isRowType(tt) && tt != types.Unknown {
				eqOp(tt, targets[i].pos)
			}
		}
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
	if s := colsOf(x); !s.empty() {
		for _, it := range b.q.items {
			for _, c := range it.cols {
				if colsOf(c.expr).meets(s) {
					fail(a.pos, pgerr.InvalidColumnReference, "argument of %s must not contain variables", name)
				}
			}
		}
	}
	if isNullConst(x) {
		return nil
	}
	return x
}

// targetList binds the select list, stars expanded.
func (b *binder) targetList(list []*ast.ResTarget) []target {
	out := make([]target, 0, len(list))
	for _, t := range list {
		switch e := t.Value.(type) {
		case *ast.ColumnRef:
			if e.Star {
				out = append(out, b.expandStar(e)...)
				continue
			}
		case *ast.Indirection:
			if e.Path[len(e.Path)-1].Kind == ast.SelectStar {
				out = append(out, b.expandRow(e)...)
				continue
			}
		}
		name := t.Name
		if name == "" {
			name = columnName(t.Value)
		}
		_, bare := t.Value.(*ast.Const)
		out = append(out, target{name: name, expr: b.expr(t.Value), pos: exprLoc(t.Value), id: noCol, bare: bare})
	}
	return out
}

// expandStar expands * and t.*.
func (b *binder) expandStar(e *ast.ColumnRef) []target {
	p := b.p
	var out []target
	if n := p.names(); n != nil {
		n.Stars[e] = nil // it may be bound more than once
	}
	add := func(it *rangeItem, lv *query) {
		for _, c := range it.cols {
			if !c.hidden {
				if n := p.names(); n != nil {
					n.Stars[e] = append(n.Stars[e], p.nameOf(b.q, c, lv))
				}
				out = append(out, target{name: c.name, expr: b.use(found{c.expr, lv}, e.Pos()), pos: e.Pos(), id: noCol})
			}
		}
	}
	if len(e.Fields) == 0 {
		any := false
		if b.q != nil {
			for _, it := range b.q.items {
				if it.colsVisible {
					any = true
					add(it, b.q)
				}
			}
		}
		if !any {
			fail(e.Pos(), pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return out
	}
	schema, name := "", e.Fields[len(e.Fields)-1]
	if len(e.Fields) > 1 {
		schema = e.Fields[len(e.Fields)-2]
	}
	it, lv := p.lookupTable(b.q, schema, name, e.Pos())
	if it == nil {
		if schema == "" {
			if fd, ok := p.lookupColumn(b.q, name, e.Pos()); ok && isRowType(fd.expr.Type().Under()) {
				return b.fieldsOf(b.use(fd, e.Pos()), e.Pos())
			}
		}
		if out, ok := b.variableStar(e.Fields, e.Pos()); ok {
			return out
		}
		if x := b.variable(e.Fields, e.Pos()); x != nil && isRowType(x.Type().Under()) {
			return b.fieldsOf(x, e.Pos())
		}
		p.missingTable(b.q, schema, name, e.Pos())
	}
	add(it, lv)
	return out
}

// expandRow expands (row).*.
func (b *binder) expandRow(e *ast.Indirection) []target {
	c := *e
	c.Path = e.Path[:len(e.Path)-1]
	var x plan.Expr
	if len(c.Path) == 0 {
		x = b.expr(e.Arg)
	} else {
		x = b.indirection(&c)
	}
	return b.fieldsOf(x, exprLoc(e))
}

func (b *binder) fieldsOf(x plan.Expr, pos int) []target {
	var out []target
	if r, ok := b.p.rowOf(x); ok {
		for i, f := range r.Fields {
			out = append(out, target{name: f.Name, expr: r.Args[i], pos: pos, id: noCol})
		}
		return out
	}
	fields := b.p.fieldsOfRows(x)
	if c, ok := x.(*plan.Col); ok && fields == nil {
		for _, s := range b.q.srfs {
			if s.item.id == c.Idx {
				fields = s.item.expr.(*plan.Call).Fn.Out
			}
		}
	}
	if fields == nil {
		if !isRowType(x.Type().Under()) {
			fail(pos, pgerr.WrongObjectType, "type %s is not composite", typeName(x.Type()))
		}
		fail(pos, pgerr.DatatypeMismatch, "record type has not been registered")
	}
	for i, f := range fields {
		out = append(out, target{name: f.Name, expr: &plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: x, Idx: i, Name: f.Name}, pos: pos, id: noCol})
	}
	return out
}

// findTarget finds the select-list item an ORDER BY, GROUP BY or DISTINCT ON
// item means: by name, by number, or by expression (added if new).
func (b *binder) findTarget(targets *[]target, visible int, e ast.Expr, clause string, groupBy bool) int {
	p := b.p
	if c, ok := e.(*ast.ColumnRef); ok && len(c.Fields) == 1 && !c.Star {
		name := c.Fields[0]
		skip := false
		if groupBy {
			local := *b.q
			local.up = nil
			if _, ok := p.lookupColumn(&local, name, c.Pos()); ok {
				skip = true
			}
		}
		if !skip {
			hit := -1
			for i := 0; i < visible; i++ {
				t := &(*targets)[i]
				if t.name != name {
					continue
				}
				if hit >= 0 && !equalExprs((*targets)[hit].expr, t.expr) {
					fail(c.Pos(), pgerr.AmbiguousColumn, "%s %q is ambiguous", clause, name)
				}
				if hit < 0 {
					hit = i
				}
			}
			if hit >= 0 {
				return hit
			}
		}
	}
	if c, ok := e.(*ast.Const); ok {
		if c.Kind != ast.ConstInt {
			fail(c.Pos(), pgerr.SyntaxError, "non-integer constant in %s", clause)
		}
		if c.Int < 1 || int(c.Int) > visible {
			fail(c.Pos(), pgerr.InvalidColumnReference, "%s position %d is not in select list", clause, c.Int)
		}
		return int(c.Int) - 1
	}
	x := b.expr(e)
	for i := range *targets {
		if t := &(*targets)[i]; !t.bare && equalExprs(t.expr, x) {
			return i
		}
	}
	*targets = append(*targets, target{name: "?column?", expr: x, pos: exprLoc(e), junk: true, id: noCol})
	return len(*targets) - 1
}

// groupBy binds GROUP BY: the distinct expressions, and the grouping sets as
// indexes into them (nil for plain GROUP BY).
func (b *binder) groupBy(sel *ast.SelectStmt, targets *[]target, visible int) (groups []projItem, sets [][]int) {
	p := b.p
	plain := true
	for _, e := range sel.GroupBy {
		if _, ok := e.(*ast.GroupingSet); ok {
			plain = false
		}
	}
	var items []int // the items of the select list that groups are, -1 for none
	add := func(e ast.Expr) int {
		// findTarget adds to the select list what is not there; grouping does not
		// need the junk, so it is taken off again.
		n := len(*targets)
		i := b.findTarget(targets, visible, e, "GROUP BY", true)
		t := &(*targets)[i]
		t.grouped = true
		if t.expr.Type() == types.Unknown {
			t.expr = b.resolveUnknown(arg{t.expr, t.pos}).e
		}
		x := t.expr
		p.noteExpr(e, x)
		if len(*targets) > n {
			*targets = (*targets)[:n]
			i = -1
		}
		for _, a := range b.q.aggs {
			if colsOf(x).has(a.id) {
				fail(t.pos, pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
			}
		}
		for _, w := range b.q.windows {
			if colsOf(x).has(w.item.id) {
				fail(t.pos, pgerr.WindowingError, "window functions are not allowed in GROUP BY")
			}
		}
		twin := false
		for k := range groups {
			if equalExprs(groups[k].expr, x) {
				// Equal items that are meant by name or number stand apart in grouping sets.
				if plain || i < 0 || items[k] < 0 || items[k] == i {
					return k
				}
				twin = true
			}
		}
		items = append(items, i)
		if twin {
			(*targets)[i].group = len(groups) + 1
		}
		if !isRowType(x.Type()) {
			eqOp(x.Type(), exprLoc(e))
		}
		var id colID
		if c, ok := x.(*plan.Col); ok && !twin {
			id = c.Idx
		} else {
			id = p.newCol("", x.Type(), x.Typmod())
		}
		groups = append(groups, projItem{id, x})
		return len(groups) - 1
	}
	members := func(e ast.Expr) []int {
		if r, ok := e.(*ast.RowExpr); ok && !r.Explicit {
			var out []int
			for _, a := range r.Args {
				out = append(out, add(a))
			}
			return out
		}
		return []int{add(e)}
	}
	if plain {
		for _, e := range sel.GroupBy {
			members(e)
		}
		return groups, nil
	}
	var expand func(e ast.Expr) [][]int
	expand = func(e ast.Expr) [][]int {
		g, ok := e.(*ast.GroupingSet)
		if !ok {
			return [][]int{members(e)}
		}
		switch g.Kind {
		case ast.GroupEmpty:
			return [][]int{{}}
		case ast.GroupSets:
			var out [][]int
			for _, s := range g.Sets {
				out = append(out, expand(s)...)
			}
			return out
		case ast.GroupRollup:
			var parts [][]int
			for _, s := range g.Sets {
				parts = append(parts, members(s))
			}
			var out [][]int
			for n := len(parts); n >= 0; n-- {
				out = append(out, concat(parts[:n]))
			}
			return out
		default: // cube
			if len(g.Sets) > 12 {
				fail(g.Pos(), pgerr.TooManyColumns, "CUBE is limited to 12 elements")
			}
			var parts [][]int
			for _, s := range g.Sets {
				parts = append(parts, members(s))
			}
			var out [][]int
			n := len(parts)
			for m := 1<<n - 1; m >= 0; m-- {
				var pick [][]int
				for i := 0; i < n; i++ {
					if m&(1<<(n-1-i)) != 0 {
						pick = append(pick, parts[i])
					}
				}
				out = append(out, concat(pick))
			}
			return out
		}
	}
	sets = [][]int{{}}
	for _, e := range sel.GroupBy {
		var next [][]int
		for _, a := range sets {
			for _, s := range expand(e) {
				next = append(next, concat([][]int{a, s}))
			}
		}
		sets = next
		if len(sets) > 4096 {
			fail(exprLoc(e), pgerr.ProgramLimitExceeded, "too many grouping sets present (maximum 4096)")
		}
	}
	if sel.GroupDistinct {
		seen := map[string]bool{}
		var uniq [][]int
		for _, s := range sets {
			var bits [256]byte
			for _, i := range s {
				bits[i] = 1
			}
			k := string(bits[:])
			if !seen[k] {
				seen[k] = true
				uniq = append(uniq, s)
			}
		}
		sets = uniq
	}
	if len(sets) == 1 && len(sets[0]) == len(groups) {
		return groups, nil
	}
	return groups, sets
}

func concat(parts [][]int) []int {
	out := []int{}
	for _, p := range parts {
		for _, x := range p {
			if indexOf(out, x) < 0 {
				out = append(out, x)
			}
		}
	}
	return out
}

// distinctOn makes DISTINCT ON: sorted so that each group's first row stays.
func (p *planner) distinctOn(r rel, sel *ast.SelectStmt, targets []target, on []int, order []plan.SortKey, orderAt []int) rel {
	keys := append([]plan.SortKey(nil), order...)
	counted := map[int]bool{}
	skipped := false
	for _, i := range orderAt {
		if k := indexOf(on, i); k >= 0 {
			if skipped {
				fail(exprLoc(sel.DistinctOn[k]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
			}
			counted[i] = true
		} else {
			skipped = true
		}
	}
	for k, i := range on {
		if skipped && !counted[i] {
			fail(exprLoc(sel.DistinctOn[k]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	d := &lDistinct{in: r}
	for _, i := range on {
		if indexOf(d.on, targets[i].id) >= 0 {
			continue
		}
		d.on = append(d.on, targets[i].id)
		if !counted[i] {
			keys = append(keys, plan.SortKey{Expr: p.col(targets[i].id)})
		}
	}
	d.keys = keys
	return d
}

// addGroup makes the group operator and rewrites what stands above it.
func (p *planner) addGroup(r rel, q *query, groups []projItem, sets [][]int, targets []target, having *plan.Expr, order []plan.SortKey) rel {
	g := &lGroup{in: r, groups: groups, sets: sets}
	f := &groupFixer{p: p, q: q, g: g, from: outSet(r)}
	f.known = map[colID]bool{}
	f.folded = make([]plan.Expr, len(groups))
	for i, it := range groups {
		f.known[it.id] = true
		if _, plain := it.expr.(*plan.Col); sets != nil && !plain {
			if c := (&consts{p: p, quiet: true}).expr(it.expr); isConst(c) {
				f.folded[i] = c
			}
		}
	}
	for i := range targets {
		if t := &targets[i]; t.group > 0 {
			t.expr = p.col(groups[t.group-1].id)
		} else if t.grouped || !t.bare {
			t.expr = f.whole(t.expr)
		} else {
			t.expr = f.fix(t.expr)
		}
	}
	if *having != nil {
		*having = f.fix(*having)
	}
	for i := range q.windows {
		c := &q.windows[i].item.call
		c.Args = f.fixAll(c.Args)
		if c.Filter != nil {
			c.Filter = f.fix(c.Filter)
		}
	}
	for _, w := range q.windefs {
		w.partition = f.fixAll(w.partition)
		w.order = append([]plan.SortKey(nil), w.order...)
		for i := range w.order {
			w.order[i].Expr = f.fix(w.order[i].Expr)
		}
	}
	for i := range q.srfs {
		q.srfs[i].item.expr = f.fix(q.srfs[i].item.expr)
	}
	for _, gc := range q.groupings {
		it := groupingItem{id: gc.id}
		for n, a := range gc.args {
			at := -1
			for k := range groups {
				if equalExprs(groups[k].expr, a) {
					at = k
					break
				}
			}
			if at < 0 {
				fail(gc.pos[n], pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
			}
			it.args = append(it.args, at)
		}
		g.groupings = append(g.groupings, it)
	}
	g.calls = q.aggs
	f.direct = true
	for _, a := range q.aggs {
		f.fixAll(a.call.Direct)
	}
	return g
}

// groupFixer rewrites expressions above a group operator: grouped
// expressions become its columns, and other columns of FROM are errors.
type groupFixer struct {
	p     *planner
	q     *query
	g     *lGroup
	from  colSet
	known map[colID]bool
	// folded are the groups that come to constants, however they are written, where there
	// are grouping sets.
	folded []plan.Expr
	sub    bool
	lefts  []plan.Expr // what the subquery's result is compared with
	// direct: within a direct argument of an ordered-set aggregate.
	direct bool
}

func (f *groupFixer) fixAll(es []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = f.fix(e)
	}
	return out
}

// whole is fix for what stands by itself among the items to compute: there a constant
// that is grouped by is NULL in the sets without it. Within other expressions
// PostgreSQL folds it, and it stays what it is.
func (f *groupFixer) whole(e plan.Expr) plan.Expr {
	for i, c := range f.folded {
		if it := &f.g.groups[i]; c != nil && equalExprs(it.expr, e) {
			return f.p.col(it.id)
		}
	}
	return f.fix(e)
}

func (f *groupFixer) fix(e plan.Expr) plan.Expr {
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok {
			if f.known[c.Idx] || !f.from.has(c.Idx) || f.dependent(c) {
				return x, true
			}
			info := f.p.cols[c.Idx]
			name := info.name
			if info.alias != "" {
				name = info.alias + "." + name
			}
			if f.sub {
				fail(c.Pos, pgerr.GroupingError, "subquery uses ungrouped column %q from outer query", name)
			}
			err := pgerr.Newf(pgerr.GroupingError, "column %q must appear in the GROUP BY clause or be used in an aggregate function", name).At(c.Pos)
			if f.direct {
				err = err.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
			}
			bail(err)
		}
		if isConst(x) || f.g.sets != nil && foldable(x) {
			return x, true
		}
		for i := range f.g.groups {
			it := &f.g.groups[i]
			if _, plain := it.expr.(*plan.Col); !plain && (!f.sub || f.left(x)) && equalExprs(it.expr, x) { // within a subquery columns alone are known again
				if i < len(f.folded) && f.folded[i] != nil {
					return f.folded[i], true
				}
				return f.p.col(it.id), true
			}
		}
		switch x := x.(type) { // see nestBools
		case *plan.And:
			return &plan.And{T: x.T, Args: flatAnd(f.fixAll(x.Args))}, true
		case *plan.Or:
			return &plan.Or{T: x.T, Args: flatOr(f.fixAll(x.Args))}, true
		}
		if s, ok := x.(*subquery); ok && !f.sub {
			for _, l := range s.lefts { // these are outside of it, for the errors
				f.fix(l)
			}
			in := *f
			in.sub, in.lefts = true, s.lefts
			return in.fix(s), true
		}
		return nil, false
	})
}

// left tells whether an expression stands before a subquery, beside IN and its kin.
func (f *groupFixer) left(x plan.Expr) bool {
	for _, l := range f.lefts {
		if anyExpr(l, func(y plan.Expr) bool { return equalExprs(x, y) }) {
			return true
		}
	}
	return false
}

// foldable tells whether an expression can be computed once for all.
func foldable(e plan.Expr) bool {
	if volatility(e) != builtin.Immutable {
		return false
	}
	return !anyExpr(e, func(x plan.Expr) bool {
		switch x.(type) {
		case *plan.Col, *plan.Param, *plan.CaseTest, *plan.ExecParam, *subquery:
			return true
		}
		return false
	})
}

// dependent tells whether a column depends on the grouped ones because they
// hold its table's primary key; it is then grouped by, too.
func (f *groupFixer) dependent(c *plan.Col) bool {
	s := f.p.cols[c.Idx].scan
	if s == nil {
		return false
	}
	pk := s.table.PrimaryKey()
	if pk == nil || pk.Deferrable {
		return false
	}
	for _, k := range pk.Keys {
		grouped := false
		for i := range f.g.groups {
			if g, ok := f.g.groups[i].expr.(*plan.Col); ok && g.Idx == s.base+int(k.Attnum)-1 {
				grouped = true
				for _, set := range f.g.sets {
					grouped = grouped && slices.Contains(set, i)
				}
			}
		}
		if !grouped {
			return false
		}
	}
	f.known[c.Idx] = true
	for i, set := range f.g.sets {
		f.g.sets[i] = append(slices.Clip(set), len(f.g.groups))
	}
	f.g.groups = append(f.g.groups, projItem{c.Idx, f.p.col(c.Idx)})
	if f.p.viewDepth == 0 {
		f.p.keys = append(f.p.keys, pk.Constraint)
	}
	return true
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

// bindValues binds VALUES lists.
func (p *planner) bindValues(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	b := &binder{p: p, q: q, kind: inValues}
	q.clause = inValues
	if len(sel.Locking) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", lockName(sel.Locking[0].Strength))
	}
	n := len(sel.Values[0])
	rows := make([][]arg, len(sel.Values))
	for i, row := range sel.Values {
		if hasStar(row) {
			rows[i] = b.expandArgs(row)
			if i == 0 {
				n = len(rows[i])
			}
		}
		if len(row) != n && rows[i] == nil || rows[i] != nil && len(rows[i]) != n {
			pos := -1
			if len(row) > 0 {
				pos = exprLoc(row[0])
			}
			fail(pos, pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
		for _, e := range row {
			if d, ok := e.(*ast.Default); ok {
				fail(d.Pos(), pgerr.SyntaxError, "DEFAULT is not allowed in this context")
			}
		}
		if rows[i] == nil {
			rows[i] = b.args(row)
		}
	}
	v := &lValues{rows: make([][]plan.Expr, len(rows))}
	for i := range rows {
		v.rows[i] = make([]plan.Expr, n)
	}
	bd := &bound{rel: v}
	for c := 0; c < n; c++ {
		col := make([]arg, len(rows))
		for i := range rows {
			col[i] = rows[i][c]
		}
		unknown := true
		for _, a := range col {
			unknown = unknown && a.e.Type() == types.Unknown
		}
		t := types.Unknown
		if !unknown || resolve {
			t = commonType(col, "VALUES")
		}
		list := make([]plan.Expr, len(rows))
		for i := range rows {
			list[i] = p.coerceCommon(col[i], t, "VALUES")
			if len(sel.Values[i]) == n {
				p.noteExpr(sel.Values[i][c], list[i])
			}
			v.rows[i][c] = list[i]
		}
		name := "column" + strconv.Itoa(c+1)
		id := p.newCol(name, t, commonMod(list, t))
		v.cols = append(v.cols, id)
		bd.cols = append(bd.cols, outCol{name, id})
	}
	return p.finish(bd, sel, q, "VALUES")
}

// finish adds ORDER BY and LIMIT to a VALUES list or set operation, whose
// ORDER BY can name only output columns.
func (p *planner) finish(bd *bound, sel *ast.SelectStmt, q *query, what string) *bound {
	b := &binder{p: p, q: q, kind: inOrderBy}
	if what == "VALUES" {
		it := &rangeItem{alias: "*VALUES*", relVisible: true, colsVisible: true}
		for _, c := range bd.cols {
			it.cols = append(it.cols, rangeCol{name: c.name, expr: p.col(c.id)})
		}
		q.items = append(q.items, it)
	}
	var keys []plan.SortKey
	for _, s := range sel.OrderBy {
		at := -1
		switch e := s.Expr.(type) {
		case *ast.ColumnRef:
			if len(e.Fields) == 1 && !e.Star {
				for i, c := range bd.cols {
					if c.name == e.Fields[0] {
						if at >= 0 {
							fail(e.Pos(), pgerr.AmbiguousColumn, "ORDER BY %q is ambiguous", c.name)
						}
						at = i
					}
				}
				if at < 0 && what != "VALUES" {
					local := *q
					local.items = []*rangeItem{{alias: "*", cols: nil}}
					p.missingColumn(&local, nil, "", e.Fields[0], e.Pos())
				}
			}
		case *ast.Const:
			if e.Kind != ast.ConstInt {
				fail(e.Pos(), pgerr.SyntaxError, "non-integer constant in ORDER BY")
			}
			if e.Int < 1 || int(e.Int) > len(bd.cols) {
				fail(e.Pos(), pgerr.InvalidColumnReference, "ORDER BY position %d is not in select list", e.Int)
			}
			at = int(e.Int) - 1
		}
		var x plan.Expr
		if at >= 0 {
			x = p.col(bd.cols[at].id)
		} else {
			if what != "VALUES" {
				bail(pgerr.New(pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
					WithDetail("Only result column names can be used, not expressions or functions.").
					WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(exprLoc(s.Expr)))
			}
			x = b.expr(s.Expr)
		}
		keys = append(keys, b.sortKey(s, arg{x, exprLoc(s.Expr)}))
		if n := p.shapes(); n != nil {
			n.keys[s], n.keyAt[s] = keys[len(keys)-1], at+1
		}
	}
	q.items = nil
	b.kind, q.clause = inLimit, inLimit
	count := b.limit(sel.Limit, "LIMIT")
	offset := b.limit(sel.Offset, "OFFSET")
	if len(keys) > 0 {
		// keys that are expressions become columns first
		proj := &lProject{in: bd.rel}
		need := false
		for _, c := range bd.cols {
			proj.items = append(proj.items, projItem{c.id, p.col(c.id)})
		}
		for i := range keys {
			if _, ok := keys[i].Expr.(*plan.Col); !ok {
				need = true
				keys[i].Expr = p.col(p.addItem(proj, "?column?", keys[i].Expr))
			}
		}
		if need {
			bd.rel = proj
		}
		bd.rel = &lSort{in: bd.rel, keys: keys}
	}
	bd.rel = p.addLimit(bd.rel, sel, count, offset, keys)
	return bd
}

// giveType converts column i of a bound query to a type: in place when it is
// an unknown literal, else by a projection (wrap collects those).
func (p *planner) giveType(bd *bound, i int, t *types.Type, mod int32, conv func(arg) plan.Expr, pos int) {
	c := &bd.cols[i]
	have := p.cols[c.id].typ
	if have == types.Unknown {
		if v, ok := bd.rel.(*lValues); ok {
			for r := range v.rows {
				v.rows[r][i] = conv(arg{v.rows[r][i], pos})
			}
			p.cols[c.id].typ, p.cols[c.id].mod = t, mod
			return
		}
		if bd.proj != nil && i < len(bd.proj.items) && bd.proj.items[i].id == c.id {
			bd.proj.items[i].expr = conv(arg{bd.proj.items[i].expr, pos})
			p.cols[c.id].typ, p.cols[c.id].mod = t, mod
			return
		}
	}
	if sameType(have, t) && (mod < 0 || p.cols[c.id].mod == mod) {
		return
	}
	e := conv(arg{p.col(c.id), pos})
	proj := &lProject{in: bd.rel}
	// keep everything the rel yields (sort columns), replace this one
	for j, o := range bd.cols {
		if j != i {
			proj.items = append(proj.items, projItem{o.id, p.col(o.id)})
			continue
		}
		id := p.newCol(c.name, e.Type(), e.Typmod())
		proj.items = append(proj.items, projItem{id, e})
	}
	c.id = proj.items[i].id
	bd.rel, bd.proj = proj, nil
}

// bindSetOp binds UNION, INTERSECT, EXCEPT.
func (p *planner) bindSetOp(sel *ast.SelectStmt, q *query, resolve bool) *bound {
	if len(sel.Locking) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", lockName(sel.Locking[0].Strength))
	}
	if q.pushed != nil && !q.pushed.late {
		p.refuseLock(q, "UNION/INTERSECT/EXCEPT")
	}
	// Operands see this level's WITH through q, but not its columns (it has none).
	l := p.bindQuery(sel.Left, q, false)
	r := p.bindQuery(sel.Right, q, false)
	bd := p.unite(sel, l, r, resolve)
	bd.locks = q.below
	return p.finish(bd, sel, q, "UNION")
}

func setOpName(op ast.SetOp) string {
	return [...]string{"", "UNION", "INTERSECT", "EXCEPT"}[op]
}

func (p *planner) unite(sel *ast.SelectStmt, l, r *bound, resolve bool) *bound {
	name := setOpName(sel.Op)
	if len(l.cols) != len(r.cols) {
		fail(firstTarget(sel.Right), pgerr.SyntaxError, "each %s query must have the same number of columns", name)
	}
	bd := &bound{}
	var ids []colID
	for i := range l.cols {
		li, ri := p.cols[l.cols[i].id], p.cols[r.cols[i].id]
		args := []arg{{p.col(l.cols[i].id), targetPos(sel.Left, i)}, {p.col(r.cols[i].id), targetPos(sel.Right, i)}}
		var t *types.Type
		if li.typ == types.Unknown && ri.typ == types.Unknown && !resolve {
			t = types.Unknown
		} else {
			t = commonType(args, name)
		}
		if t == types.Unknown {
			// resolved by whoever stands above, or as text
			t = types.Text
		}
		for k, side := range []*bound{l, r} {
			p.giveType(side, i, t, -1, func(a arg) plan.Expr { return p.coerceCommon(a, t, name) }, args[k].pos)
		}
		mod := int32(-1)
		if li.mod == ri.mod && sameType(li.typ, ri.typ) {
			mod = li.mod
		}
		id := p.newCol(l.cols[i].name, t, mod)
		if t == types.Record {
			p.cols[id].fields = li.fields
		}
		ids = append(ids, id)
		bd.cols = append(bd.cols, outCol{l.cols[i].name, id})
		if !(sel.Op == ast.Union && sel.All) && !isRowType(t) {
			eqOp(t, targetPos(sel.Left, i))
		}
	}
	switch {
	case sel.Op == ast.Union:
		p.hasUnion, p.hasDistinct = true, p.hasDistinct || !sel.All
		u := &lUnion{ins: []rel{l.rel, r.rel}, inCols: [][]colID{l.ids(), r.ids()}, cols: ids}
		bd.rel = u
		if !sel.All {
			bd.rel = &lDistinct{in: u}
		}
	default:
		kind := plan.Intersect
		if sel.Op == ast.Except {
			kind = plan.Except
		}
		if sel.All {
			kind++
		}
		bd.rel = &lSetOp{kind: kind, l: l.rel, r: r.rel, lcols: l.ids(), rcols: r.ids(), cols: ids}
	}
	return bd
}

// firstTarget and targetPos find where a query's columns stand in the source.
func firstTarget(s *ast.SelectStmt) int { return targetPos(s, 0) }

func targetPos(s *ast.SelectStmt, i int) int {
	for s.Op != ast.SetNone {
		s = s.Left
	}
	if s.Values != nil {
		if i < len(s.Values[0]) {
			return exprLoc(s.Values[0][i])
		}
		return s.Pos()
	}
	if i < len(s.Targets) {
		return exprLoc(s.Targets[i].Value)
	}
	return s.Pos()
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
		if q := stripExists(s.q); q != nil && !p.noFold { // nobody looks at the columns
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
	if op == "=" {
		for _, c := range splitAnd(s.test, nil) {
			call, ok := c.(*plan.Call)
			if !ok || call.Op == nil || len(call.Args) != 2 {
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

// columnName is the name PostgreSQL gives an output column without AS.
func columnName(e ast.Expr) string {
	if n := nameOf(e); n != "" {
		return n
	}
	return "?column?"
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		if len(e.Fields) > 0 {
			return e.Fields[len(e.Fields)-1]
		}
	case *ast.FuncCall:
		return e.Name[len(e.Name)-1]
	case *ast.TypeCast:
		// a cast of a cast is named by the outer type
		if n := nameOf(e.Arg); n != "" && !weakName(e.Arg) {
			return n
		}
		return e.Type.Names[len(e.Type.Names)-1]
	case *ast.CollateExpr:
		return nameOf(e.Arg)
	case *ast.Indirection:
		for i := len(e.Path) - 1; i >= 0; i-- {
			if e.Path[i].Kind == ast.SelectField {
				return e.Path[i].Field
			}
		}
		return nameOf(e.Arg)
	case *ast.CaseExpr:
		if e.Else != nil {
			if n := nameOf(e.Else); n != "" && !weakName(e.Else) {
				return n
			}
		}
		return "case"
	case *ast.CoalesceExpr:
		return "coalesce"
	case *ast.MinMaxExpr:
		if e.Least {
			return "least"
		}
		return "greatest"
	case *ast.NullIfExpr:
		return "nullif"
	case *ast.ArrayExpr:
		return "array"
	case *ast.RowExpr:
		return "row"
	case *ast.GroupingFunc:
		return "grouping"
	case *ast.SQLValueFunction:
		return [...]string{"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
			"current_role", "current_user", "user", "session_user", "current_catalog", "current_schema"}[e.Func]
	case *ast.SubLink:
		switch e.Kind {
		case ast.SubExists:
			return "exists"
		case ast.SubArray:
			return "array"
		case ast.SubExpr:
			s := e.Query
			for s.Op != ast.SetNone {
				s = s.Left
			}
			if s.Values != nil {
				return "column1"
			}
			if len(s.Targets) > 0 {
				if s.Targets[0].Name != "" {
					return s.Targets[0].Name
				}
				return columnName(s.Targets[0].Value)
			}
		}
	}
	return ""
}

// weakName tells whether an expression's name is only a fallback (a type's).
func weakName(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.TypeCast:
		return nameOf(e.Arg) == "" || weakName(e.Arg)
	case *ast.CaseExpr:
		return e.Else == nil || nameOf(e.Else) == "" || weakName(e.Else)
	case *ast.CollateExpr:
		return weakName(e.Arg)
	case *ast.Indirection:
		for _, s := range e.Path {
			if s.Kind == ast.SelectField {
				return false
			}
		}
		return weakName(e.Arg)
	}
	return false
}

func qualifiedName(schema, name string) string {
	if schema == "" {
		return name
	}
	return schema + "." + name
}
