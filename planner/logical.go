package planner

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// The logical algebra. A rel is a relation-valued expression; its columns are
// ids unique over the statement, so that moving an operator never renumbers
// anything. A column keeps its id through every operator that passes it on
// unchanged: filters, joins, sorts, grouping by it, projecting it.
//
//	get      a table                 values   constant rows
//	select   filter by conditions    project  compute columns
//	join     all kinds, LATERAL      group    grouping and aggregates
//	window   window functions        unnest   set-returning functions in the select list
//	distinct order limit             union intersect except
//	func     functions in FROM       cte recursive work
//	lock     FOR UPDATE              dml      INSERT, UPDATE, DELETE, MERGE
//
// Rels are not changed once made; rules build new ones (clone).
type rel interface {
	// outCols are the columns it yields (a scan: all that it can yield).
	outCols() []colID
	// kids are its inputs, for clone's replacement too.
	kids() []*rel
	// exprs calls f with the place of every expression.
	exprs(f func(*plan.Expr))
	// clone copies it, so that kids and exprs of the copy can be set.
	clone() rel
}

// lValues is VALUES, or the one row of no columns.
type lValues struct {
	cols []colID
	rows [][]plan.Expr
	lit  []*types.Vec
}

// lScan reads a table. Column attnum a has id base+a-1; the row key and
// tableoid have the two ids behind the last column.
type lScan struct {
	table   *catalog.Table
	alias   string
	base    colID
	conds   []plan.Expr // filters pushed into it
	lockFor plan.LockStrength
	// tree is set when the table's children are read, too; child in the scan of one.
	tree  *tree
	child bool
}

func (s *lScan) rowKey() colID   { return s.base + len(s.table.Columns) }
func (s *lScan) tableOID() colID { return s.base + len(s.table.Columns) + 1 }

// lFilter keeps the rows that meet all conditions.
type lFilter struct {
	in    rel
	conds []plan.Expr
}

// projItem is a computed column; a plain column keeps its id.
type projItem struct {
	id   colID
	expr plan.Expr
}

// lProject computes columns.
type lProject struct {
	in    rel
	items []projItem
}

// lUnnest adds the columns of set-returning functions to its input's.
type lUnnest struct {
	in    rel
	items []projItem
	// beside are computed once for each row of the input, whatever the sets give.
	beside []projItem
}

// lJoin joins; conds are the ON condition. Lateral: r reads columns of l.
type lJoin struct {
	kind  plan.JoinKind
	l, r  rel
	conds []plan.Expr
}

// aggItem is an aggregate or window function call and the column it makes.
type aggItem struct {
	id   colID
	call plan.AggCall
}

// groupingItem is a GROUPING() call: indexes into the groups.
type groupingItem struct {
	id   colID
	args []int
}

// lGroup groups and aggregates.
type lGroup struct {
	in        rel
	groups    []projItem
	calls     []aggItem
	sets      [][]int // nil: one set of all groups
	groupings []groupingItem
}

// lWindow computes window functions that share a window.
type lWindow struct {
	in        rel
	partition []plan.Expr
	order     []plan.SortKey
	frame     plan.Frame
	calls     []aggItem
	run       []plan.Expr // conditions after whose first failure a partition's rows are not wanted
}

// lDistinct removes duplicates by the given columns (all of them: nil).
type lDistinct struct {
	in rel
	on []colID
	// keys, for DISTINCT ON: the order that decides which row stays.
	keys []plan.SortKey
}

// lSort orders.
type lSort struct {
	in   rel
	keys []plan.SortKey
}

// lLimit cuts. ties has the sort keys of WITH TIES.
type lLimit struct {
	in            rel
	count, offset plan.Expr
	ties          []plan.SortKey
}

// lUnion is UNION ALL; each input's inCols make up cols.
type lUnion struct {
	ins    []rel
	inCols [][]colID
	cols   []colID
}

// lSetOp is INTERSECT and EXCEPT.
type lSetOp struct {
	kind         plan.SetOpKind
	l, r         rel
	lcols, rcols []colID
	cols         []colID
}

// lCTE reads a WITH query that is computed once.
type lCTE struct {
	def   *cteDef
	alias string
	cols  []colID
}

// lRecursive is the union of a WITH RECURSIVE query.
type lRecursive struct {
	seed, step         rel
	seedCols, stepCols []colID
	cols               []colID
	distinct           bool
	work               int
}

// lWork reads the working table of a lRecursive.
type lWork struct {
	work        int
	name, alias string
	cols        []colID
	rec         *cteDef
}

// lFunc is functions in FROM.
type lFunc struct {
	calls      []plan.Expr
	widths     []int
	cols       []colID
	ordinality bool
	alias      string
}

// lLock locks rows. steps make a row anew of newer versions of those that were locked:
// known once the rules have been applied.
type lLock struct {
	in       rel
	strength plan.LockStrength
	tables   []lockItem
	marks    []colSet // the columns of what is locked, subqueries too
	steps    []lockStep
}

// lockItem is one table to lock.
type lockItem struct {
	scan     *lScan
	strength plan.LockStrength
	wait     plan.WaitPolicy
}

func colsFrom(base colID, n int) []colID {
	out := make([]colID, n)
	for i := range out {
		out[i] = base + i
	}
	return out
}

func itemIDs(items []projItem) []colID {
	out := make([]colID, len(items))
	for i := range items {
		out[i] = items[i].id
	}
	return out
}

func (n *lValues) outCols() []colID { return n.cols }
func (n *lScan) outCols() []colID   { return colsFrom(n.base, len(n.table.Columns)+2) }
func (n *lFilter) outCols() []colID { return n.in.outCols() }
func (n *lProject) outCols() []colID {
	return itemIDs(n.items)
}
func (n *lUnnest) outCols() []colID {
	return append(append(append([]colID(nil), n.in.outCols()...), itemIDs(n.beside)...), itemIDs(n.items)...)
}
func (n *lJoin) outCols() []colID {
	if n.kind >= plan.SemiJoin {
		return n.l.outCols()
	}
	return append(append([]colID(nil), n.l.outCols()...), n.r.outCols()...)
}
func (n *lGroup) outCols() []colID {
	out := itemIDs(n.groups)
	for i := range n.calls {
		out = append(out, n.calls[i].id)
	}
	for i := range n.groupings {
		out = append(out, n.groupings[i].id)
	}
	return out
}
func (n *lWindow) outCols() []colID {
	out := append([]colID(nil), n.in.outCols()...)
	for i := range n.calls {
		out = append(out, n.calls[i].id)
	}
	return out
}
func (n *lDistinct) outCols() []colID  { return n.in.outCols() }
func (n *lSort) outCols() []colID      { return n.in.outCols() }
func (n *lLimit) outCols() []colID     { return n.in.outCols() }
func (n *lUnion) outCols() []colID     { return n.cols }
func (n *lSetOp) outCols() []colID     { return n.cols }
func (n *lCTE) outCols() []colID       { return n.cols }
func (n *lRecursive) outCols() []colID { return n.cols }
func (n *lWork) outCols() []colID      { return n.cols }
func (n *lFunc) outCols() []colID      { return n.cols }
func (n *lLock) outCols() []colID      { return n.in.outCols() }

func (n *lValues) kids() []*rel    { return nil }
func (n *lScan) kids() []*rel      { return nil }
func (n *lFilter) kids() []*rel    { return []*rel{&n.in} }
func (n *lProject) kids() []*rel   { return []*rel{&n.in} }
func (n *lUnnest) kids() []*rel    { return []*rel{&n.in} }
func (n *lJoin) kids() []*rel      { return []*rel{&n.l, &n.r} }
func (n *lGroup) kids() []*rel     { return []*rel{&n.in} }
func (n *lWindow) kids() []*rel    { return []*rel{&n.in} }
func (n *lDistinct) kids() []*rel  { return []*rel{&n.in} }
func (n *lSort) kids() []*rel      { return []*rel{&n.in} }
func (n *lLimit) kids() []*rel     { return []*rel{&n.in} }
func (n *lSetOp) kids() []*rel     { return []*rel{&n.l, &n.r} }
func (n *lCTE) kids() []*rel       { return nil }
func (n *lRecursive) kids() []*rel { return []*rel{&n.seed, &n.step} }
func (n *lWork) kids() []*rel      { return nil }
func (n *lFunc) kids() []*rel      { return nil }
func (n *lLock) kids() []*rel      { return []*rel{&n.in} }
func (n *lUnion) kids() []*rel {
	out := make([]*rel, len(n.ins))
	for i := range n.ins {
		out[i] = &n.ins[i]
	}
	return out
}

func each(es []plan.Expr, f func(*plan.Expr)) {
	for i := range es {
		f(&es[i])
	}
}

func eachOpt(e *plan.Expr, f func(*plan.Expr)) {
	if *e != nil {
		f(e)
	}
}

func eachKey(ks []plan.SortKey, f func(*plan.Expr)) {
	for i := range ks {
		f(&ks[i].Expr)
	}
}

func eachCall(cs []aggItem, f func(*plan.Expr)) {
	for i := range cs {
		c := &cs[i].call
		each(c.Args, f)
		each(c.Direct, f)
		eachKey(c.OrderBy, f)
		eachOpt(&c.Filter, f)
	}
}

func eachItem(items []projItem, f func(*plan.Expr)) {
	for i := range items {
		f(&items[i].expr)
	}
}

func (n *lValues) exprs(f func(*plan.Expr)) {
	for _, r := range n.rows {
		each(r, f)
	}
}
func (n *lScan) exprs(f func(*plan.Expr))    { each(n.conds, f) }
func (n *lFilter) exprs(f func(*plan.Expr))  { each(n.conds, f) }
func (n *lProject) exprs(f func(*plan.Expr)) { eachItem(n.items, f) }
func (n *lUnnest) exprs(f func(*plan.Expr))  { eachItem(n.beside, f); eachItem(n.items, f) }
func (n *lJoin) exprs(f func(*plan.Expr))    { each(n.conds, f) }
func (n *lGroup) exprs(f func(*plan.Expr)) {
	eachItem(n.groups, f)
	eachCall(n.calls, f)
}
func (n *lWindow) exprs(f func(*plan.Expr)) {
	each(n.partition, f)
	eachKey(n.order, f)
	eachOpt(&n.frame.StartOffset, f)
	eachOpt(&n.frame.EndOffset, f)
	eachCall(n.calls, f)
}
func (n *lDistinct) exprs(f func(*plan.Expr)) { eachKey(n.keys, f) }
func (n *lSort) exprs(f func(*plan.Expr))     { eachKey(n.keys, f) }
func (n *lLimit) exprs(f func(*plan.Expr)) {
	eachOpt(&n.offset, f)
	eachOpt(&n.count, f)
	eachKey(n.ties, f)
}
func (n *lUnion) exprs(func(*plan.Expr))     {}
func (n *lSetOp) exprs(func(*plan.Expr))     {}
func (n *lCTE) exprs(func(*plan.Expr))       {}
func (n *lRecursive) exprs(func(*plan.Expr)) {}
func (n *lWork) exprs(func(*plan.Expr))      {}
func (n *lFunc) exprs(f func(*plan.Expr))    { each(n.calls, f) }
func (n *lLock) exprs(f func(*plan.Expr)) {
	for i := range n.steps {
		eachOpt(&n.steps[i].cond, f)
		eachOpt(&n.steps[i].value, f)
		each(n.steps[i].same, f)
	}
}

func copyExprs(es []plan.Expr) []plan.Expr      { return append([]plan.Expr(nil), es...) }
func copyKeys(ks []plan.SortKey) []plan.SortKey { return append([]plan.SortKey(nil), ks...) }
func copyItems(items []projItem) []projItem     { return append([]projItem(nil), items...) }
func copyCalls(calls []aggItem) (out []aggItem) {
	out = append(out, calls...)
	for i := range out {
		c := &out[i].call
		c.Args, c.Direct, c.OrderBy = copyExprs(c.Args), copyExprs(c.Direct), copyKeys(c.OrderBy)
	}
	return out
}

func (n *lValues) clone() rel {
	c := *n
	c.rows = make([][]plan.Expr, len(n.rows))
	for i, r := range n.rows {
		c.rows[i] = copyExprs(r)
	}
	return &c
}
func (n *lScan) clone() rel    { c := *n; c.conds = copyExprs(n.conds); return &c }
func (n *lFilter) clone() rel  { c := *n; c.conds = copyExprs(n.conds); return &c }
func (n *lProject) clone() rel { c := *n; c.items = copyItems(n.items); return &c }
func (n *lUnnest) clone() rel  { c := *n; c.items = copyItems(n.items); return &c }
func (n *lJoin) clone() rel    { c := *n; c.conds = copyExprs(n.conds); return &c }
func (n *lGroup) clone() rel {
	c := *n
	c.groups, c.calls = copyItems(n.groups), copyCalls(n.calls)
	return &c
}
func (n *lWindow) clone() rel {
	c := *n
	c.partition, c.order, c.calls = copyExprs(n.partition), copyKeys(n.order), copyCalls(n.calls)
	return &c
}
func (n *lDistinct) clone() rel { c := *n; c.keys = copyKeys(n.keys); return &c }
func (n *lSort) clone() rel     { c := *n; c.keys = copyKeys(n.keys); return &c }
func (n *lLimit) clone() rel    { c := *n; c.ties = copyKeys(n.ties); return &c }
func (n *lUnion) clone() rel {
	c := *n
	c.ins = append([]rel(nil), n.ins...)
	return &c
}
func (n *lSetOp) clone() rel     { c := *n; return &c }
func (n *lCTE) clone() rel       { c := *n; return &c }
func (n *lRecursive) clone() rel { c := *n; return &c }
func (n *lWork) clone() rel      { c := *n; return &c }
func (n *lFunc) clone() rel      { c := *n; c.calls = copyExprs(n.calls); return &c }
func (n *lLock) clone() rel {
	c := *n
	c.steps = append([]lockStep(nil), n.steps...)
	for i := range c.steps {
		c.steps[i].same = copyExprs(c.steps[i].same)
	}
	return &c
}

// walkRel calls f for every expression of r and of the rels below it (not
// those in subqueries: walkExpr goes there).
func walkRel(r rel, f func(plan.Expr)) {
	r.exprs(func(p *plan.Expr) { f(*p) })
	for _, k := range r.kids() {
		walkRel(*k, f)
	}
}

// mapRel maps every expression of r and of the rels below it.
func mapRel(r rel, f func(plan.Expr) (plan.Expr, bool)) rel {
	c := r.clone()
	c.exprs(func(p *plan.Expr) { *p = mapExpr(*p, f) })
	for _, k := range c.kids() {
		*k = mapRel(*k, f)
	}
	return c
}

// mapQuery is mapRel of a whole query in the order in which PostgreSQL walks one: the select list,
// ON from the inside out, WHERE, HAVING, OFFSET, LIMIT, and then what FROM is made of.
func mapQuery(r rel, f func(plan.Expr) (plan.Expr, bool)) rel {
	var from []*rel
	listed, joined := false, false // the select list, or the group, was met; a join or WHERE was
	var walk func(at *rel)
	walk = func(at *rel) {
		first := true
		switch n := (*at).(type) {
		case *lProject, *lLimit, *lDistinct:
			if listed {
				from = append(from, at)
				return
			}
			_, listed = n.(*lProject)
			_, last := n.(*lLimit)
			first = !last
		case *lGroup, *lSort, *lWindow, *lUnnest, *lLock:
			if joined {
				from = append(from, at)
				return
			}
			if _, ok := n.(*lGroup); ok {
				listed, joined = true, true
			}
		case *lFilter:
			_, having := n.in.(*lGroup)
			first, joined = false, joined || !having
		case *lJoin:
			first, joined = false, true
		default:
			if listed || joined {
				from = append(from, at)
				return
			}
			listed, joined = true, true
		}
		c := (*at).clone()
		*at = c
		own := func() { c.exprs(func(p *plan.Expr) { *p = mapExpr(*p, f) }) }
		if first {
			own()
		}
		for _, k := range c.kids() {
			walk(k)
		}
		if !first {
			own()
		}
	}
	walk(&r)
	for _, at := range from {
		*at = mapQuery(*at, f)
	}
	return r
}

// rewrite applies f to every rel from the leaves up.
func rewrite(r rel, f func(rel) rel) rel {
	ks := r.kids()
	var c rel
	for i, k := range ks {
		n := rewrite(*k, f)
		if n != *k {
			if c == nil {
				c = r.clone()
			}
			*c.kids()[i] = n
		}
	}
	if c == nil {
		c = r
	}
	return f(c)
}

// produced are the columns that r or something below it makes.
func produced(r rel, s *colSet) {
	switch n := r.(type) {
	case *lValues, *lScan, *lCTE, *lWork, *lFunc, *lUnion, *lSetOp, *lRecursive, *dmlRel:
		for _, c := range r.outCols() {
			s.add(c)
		}
	case *lProject:
		for _, it := range n.items {
			if c, ok := it.expr.(*plan.Col); !ok || c.Idx != it.id {
				s.add(it.id)
			}
		}
	case *lUnnest:
		for _, it := range n.items {
			s.add(it.id)
		}
	case *lGroup:
		for _, it := range n.groups {
			if c, ok := it.expr.(*plan.Col); !ok || c.Idx != it.id {
				s.add(it.id)
			}
		}
		for i := range n.calls {
			s.add(n.calls[i].id)
		}
		for i := range n.groupings {
			s.add(n.groupings[i].id)
		}
	case *lWindow:
		for i := range n.calls {
			s.add(n.calls[i].id)
		}
	}
	for _, k := range r.kids() {
		produced(*k, s)
	}
}

// freeCols are the columns r reads but does not make: those of outer queries
// or, for the right side of a LATERAL join, of the left side.
func freeCols(r rel) colSet {
	var used, made colSet
	walkRel(r, func(e plan.Expr) { addCols(e, &used) })
	produced(r, &made)
	used.minus(made)
	return used
}

func outSet(r rel) colSet { return setOf(r.outCols()) }
