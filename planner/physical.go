package planner

import (
	"math"
	"slices"

	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Algebra to operators. For each rel there are a few paths (cheapest, and
// cheapest for each order that somebody wants); they are made once a rel and
// compared by cost; only the ones chosen are built.

// plannerPhysical is the part of the planner's state that belongs to this phase.
type plannerPhysical struct {
	nodes, slots int
	frame        *frame
	subplans     map[*subquery]*plan.Subplan
	subplanNo    int
	initPlans    map[int]*plan.Subplan // of uncorrelated subqueries, by number
	used         colSet                // columns somebody reads
	idle         *lJoin                // a join whose right side is not looked at (RemoveLeftJoins)
	interesting  colSet                // columns somebody sorts, groups or merges by
	wantDesc     bool                  // somebody sorts descending
	scanOrder    map[*lScan][]colID
	pathsOf      map[rel][]*path
	cteList      []plan.CTE
	seenCTE      map[*cteDef]bool
}

// pathsFor gives a rel's paths; the first is the cheapest overall.
func (p *planner) pathsFor(r rel) []*path {
	if ps, ok := p.pathsOf[r]; ok {
		return ps
	}
	ps := p.makePaths(r)
	passes := false // its columns are its input's: of a join they depend on the path
	switch r.(type) {
	case *lJoin, *lFilter, *lSort, *lLimit, *lLock:
		passes = true
	}
	for i := range ps {
		if ps[i].outs == nil || !passes {
			ps[i].outs = outSet(r)
		}
		if ps[i].total < ps[0].total {
			ps[0], ps[i] = ps[i], ps[0]
		}
	}
	if p.pathsOf == nil {
		p.pathsOf = map[rel][]*path{}
	}
	p.pathsOf[r] = ps
	return ps
}

// best is the cheapest path when limit rows are wanted (0: all).
func (p *planner) best(r rel, limit float64) *path {
	ps := p.pathsFor(r)
	b := ps[0]
	for _, x := range ps[1:] {
		if x.costOf(limit) < b.costOf(limit) {
			b = x
		}
	}
	return b
}

// costOf is the cost of the first limit rows.
func (pt *path) costOf(limit float64) float64 {
	if limit <= 0 || limit >= pt.rows || pt.rows <= 0 {
		return pt.total
	}
	return pt.startup + (pt.total-pt.startup)*limit/pt.rows
}

func (pt *path) relyOnOrder() {
	if pt.keepOrder != nil {
		pt.keepOrder()
	}
}

// satisfied counts the leading keys that a path's order fulfils.
func (p *planner) satisfied(pt *path, keys []plan.SortKey) int {
	i := 0
	for n, k := range keys {
		c, ok := k.Expr.(*plan.Col)
		if !ok {
			if isConst(k.Expr) {
				continue
			}
			return n
		}
		if pt.fixed.has(c.Idx) {
			continue
		}
		for i < len(pt.order) && pt.fixed.has(pt.order[i].id) && pt.order[i].id != c.Idx {
			i++
		}
		if i >= len(pt.order) || pt.order[i].id != c.Idx || pt.order[i].desc != k.Desc {
			// a unique row needs no further order
			return n
		}
		if pt.order[i].nullsFirst != k.NullsFirst && !p.notNull(c.Idx) {
			return n
		}
		i++
	}
	return len(keys)
}

// notNull tells whether a column cannot be NULL (in its table).
func (p *planner) notNull(id colID) bool {
	ci := &p.cols[id]
	if ci.scan == nil || ci.attnum <= 0 || p.nullable.has(id) {
		return false
	}
	return ci.scan.columnNotNull(ci.attnum)
}

// wantsReverse tells whether a backward scan may save a sort.
func (p *planner) wantsReverse(order []ordKey, fixed colSet) bool { return p.wantDesc }

func (p *planner) makePaths(r rel) []*path {
	switch n := r.(type) {
	case *lScan:
		return p.scanPaths(n)
	case *lValues:
		return p.valuesPath(n)
	case *lFilter:
		return p.filterPaths(n)
	case *lProject:
		return p.projectPaths(n)
	case *lUnnest:
		return p.unnestPaths(n)
	case *lJoin:
		return p.joinPaths(n)
	case *lGroup:
		return p.groupPaths(n)
	case *lWindow:
		return p.windowPaths(n)
	case *lDistinct:
		return p.distinctPaths(n)
	case *lSort:
		return p.sortPaths(n)
	case *lLimit:
		return p.limitPaths(n)
	case *lUnion:
		return p.unionPaths(n)
	case *lSetOp:
		return p.setOpPaths(n)
	case *lCTE:
		return p.ctePaths(n)
	case *lRecursive:
		return p.recursivePaths(n)
	case *lWork:
		pt := &path{rows: 100, total: 100 * rowCost, width: p.width(n.cols)}
		pt.build = func() (plan.Node, []colID) {
			return &plan.WorkScan{Base: p.base(pt, n.cols), Work: n.work, Name: n.name, Alias: n.alias}, n.cols
		}
		return []*path{pt}
	case *lFunc:
		return p.funcPaths(n)
	case *lLock:
		return p.lockPaths(n)
	case *dmlRel:
		return p.dmlPaths(n)
	}
	panic("planner: unknown rel")
}

func (p *planner) valuesPath(n *lValues) []*path {
	count := len(n.rows)
	if n.lit != nil {
		count = n.lit[0].Len
	}
	pt := &path{rows: float64(count), total: float64(count) * rowCost, width: p.width(n.cols), point: count == 1}
	pt.build = func() (plan.Node, []colID) {
		v := &plan.Values{Base: p.base(pt, n.cols), Lit: n.lit}
		if n.lit == nil {
			at := p.at(nil)
			v.RowsExprs = make([][]plan.Expr, len(n.rows))
			for i, row := range n.rows {
				v.RowsExprs[i] = at.exprs(row)
				if row != nil && v.RowsExprs[i] == nil {
					v.RowsExprs[i] = []plan.Expr{}
				}
			}
		}
		return v, n.cols
	}
	return []*path{pt}
}

// over makes a path from another that keeps its rows' order.
func (p *planner) over(in *path, cost float64) *path {
	return &path{rows: in.rows, startup: in.startup, total: in.total + cost, width: in.width, order: in.order, fixed: in.fixed, keepOrder: in.keepOrder, point: in.point, outs: in.outs}
}

// exprCost is the cost of evaluating expressions once; a correlated subquery
// costs a run of it.
func (p *planner) exprCost(es []plan.Expr) float64 {
	c := 0.0
	for _, e := range es {
		walkExpr(e, func(x plan.Expr) bool {
			switch x := x.(type) {
			case *plan.Call, *plan.ScalarArray, *plan.And, *plan.Or:
				c += opCost
			case *subquery:
				if !freeCols(x.q).empty() {
					c += p.best(x.q, 0).total
				}
				return false
			}
			return true
		})
	}
	return c
}

func (p *planner) filterPaths(n *lFilter) []*path {
	if w, ok := n.in.(*lWindow); ok {
		if run, rest := p.runConds(w, n.conds); len(run) > 0 {
			x := *w
			x.run = run
			if len(rest) == 0 {
				return p.pathsFor(&x)
			}
			n = &lFilter{in: &x, conds: rest}
		}
	}
	if j, ok := n.in.(*lJoin); ok && !j.whole() {
		return p.joinPaths(n)
	}
	return p.filtered(p.pathsFor(n.in), n.conds)
}

// filtered puts conditions over paths.
func (p *planner) filtered(paths []*path, conds []plan.Expr) []*path {
	if len(conds) == 0 {
		return paths
	}
	sel, cost := p.selectivity(conds), p.exprCost(conds)
	var out []*path
	for _, in := range paths {
		pt := p.over(in, in.rows*cost)
		pt.rows = math.Max(1, in.rows*sel)
		pt.fixed = append(colSet(nil), in.fixed...)
		pt.fixed.union(fixedBy(conds, in.outs))
		pt.build = func() (plan.Node, []colID) {
			node, cols := in.build()
			return p.addFilter(node, cols, conds, pt), cols
		}
		out = append(out, pt)
	}
	return out
}

// addFilter puts a condition on a node, into a scan's own filter if it is one.
func (p *planner) addFilter(node plan.Node, cols []colID, conds []plan.Expr, pt *path) plan.Node {
	own := setOf(cols)
	once, each := split(conds, func(e plan.Expr) bool { return !colsOf(e).meets(own) && !isVolatile(e) })
	at := p.at(cols)
	f := &plan.Filter{Base: p.base(pt, cols), Input: node, Cond: at.expr(cheapFirst(each)), Once: at.expr(makeAnd(once))}
	if f.Cond == nil && f.Once == nil {
		return node
	}
	return f
}

func (p *planner) projectPaths(n *lProject) []*path {
	n = p.besideSets(p.withoutUnused(n))
	computed := false
	var exprs []plan.Expr
	var below colSet
	for _, it := range n.items {
		c, ok := it.expr.(*plan.Col)
		if ok && below == nil {
			below = outSet(n.in)
		}
		if !ok || c.Idx != it.id || !below.has(c.Idx) { // the last: a column of an outer query
			computed = true
		}
		exprs = append(exprs, it.expr)
	}
	if !computed {
		if s, ok := n.in.(*lScan); ok {
			p.preferOrder(s, n.items)
		}
		return p.pathsFor(n.in)
	}
	cols := itemIDs(n.items)
	w := p.width(cols)
	cost := p.exprCost(exprs)
	var out []*path
	for _, in := range p.pathsFor(n.in) {
		pt := p.over(in, in.rows*(cost+opCost))
		pt.width = w
		pt.order = keepOrder(in.order, n.items)
		pt.fixed = nil
		for _, it := range n.items {
			if varying := colsOf(it.expr); !isVolatile(it.expr) {
				varying.minus(in.fixed)
				if !varying.meets(in.outs) {
					pt.fixed.add(it.id)
				}
			}
		}
		pt.limit = in.limit
		pt.build = func() (plan.Node, []colID) {
			node, icols := in.build()
			return &plan.Project{Base: p.base(pt, cols), Input: node, Exprs: p.at(icols).exprs(exprs)}, cols
		}
		out = append(out, pt)
	}
	return out
}

// besideSets moves what a projection over set-returning functions computes beside these, but for
// volatile functions: it is computed once for a row, and for one without values too.
func (p *planner) besideSets(n *lProject) *lProject {
	u, ok := n.in.(*lUnnest)
	if !ok {
		return n
	}
	below := outSet(u.in)
	var c *lProject
	for i, it := range n.items {
		if _, col := it.expr.(*plan.Col); col || isConst(it.expr) || isVolatile(it.expr) || !colsOf(it.expr).subsetOf(below) {
			continue
		}
		if c == nil {
			c = n.clone().(*lProject)
			v := *u
			u, c.in = &v, &v
			u.beside = slices.Clip(u.beside)
		}
		u.beside = append(u.beside, it)
		c.items[i].expr = p.col(it.id)
	}
	if c == nil {
		return n
	}
	return c
}

// withoutUnused leaves out what nobody reads the value of: computing it costs
// time, and may fail.
func (p *planner) withoutUnused(n *lProject) *lProject {
	unused := func(it projItem) bool {
		if _, column := it.expr.(*plan.Col); column || p.used.has(it.id) {
			return false
		}
		return !isConst(it.expr) && !isVolatile(it.expr)
	}
	some := false
	for _, it := range n.items {
		some = some || unused(it)
	}
	if !some {
		return n
	}
	c := &lProject{in: n.in}
	for _, it := range n.items {
		if !unused(it) {
			c.items = append(c.items, it)
		}
	}
	return c
}

// keepOrder is what is left of an order above a projection; renamed columns
// keep it under their new ids.
func keepOrder(order []ordKey, items []projItem) []ordKey {
	var out []ordKey
next:
	for _, o := range order {
		for _, it := range items {
			if c, ok := it.expr.(*plan.Col); ok && c.Idx == o.id {
				o.id = it.id
				out = append(out, o)
				continue next
			}
		}
		break
	}
	return out
}

// preferOrder asks a scan to yield its columns in a projection's order, which
// then needs no operator.
func (p *planner) preferOrder(s *lScan, items []projItem) {
	used := p.usedOf(s)
	var pref []colID
	var seen colSet
	for _, it := range items {
		if seen.has(it.id) {
			return
		}
		seen.add(it.id)
		pref = append(pref, it.id)
	}
	for _, id := range used {
		if !seen.has(id) {
			pref = append(pref, id)
		}
	}
	if p.scanOrder == nil {
		p.scanOrder = map[*lScan][]colID{}
	}
	p.scanOrder[s] = pref
}

// exact makes a path yield just these columns in this order.
func (p *planner) exact(in *path, want []colID) *path {
	pt := p.over(in, 0)
	pt.limit, pt.bounded = in.limit, in.bounded
	pt.width = p.width(want)
	pt.build = func() (plan.Node, []colID) {
		node, cols := in.build()
		if slices.Equal(cols, want) {
			return node, cols
		}
		return &plan.Project{Base: p.base(pt, want), Input: node, Exprs: p.at(cols).exprs(p.colList(want))}, want
	}
	return pt
}

func (p *planner) unnestPaths(n *lUnnest) []*path {
	in := p.best(n.in, 0)
	pt := p.over(in, in.rows*10*rowCost)
	pt.rows = in.rows * 10
	pt.order = nil
	pt.build = func() (plan.Node, []colID) {
		node, cols := in.build()
		at := p.at(cols)
		out := append([]colID(nil), cols...)
		exprs := at.exprs(p.colList(cols))
		for _, it := range append(slices.Clip(n.beside), n.items...) {
			out = append(out, it.id)
			exprs = append(exprs, at.expr(it.expr))
		}
		return &plan.ProjectSet{Base: p.base(pt, out), Input: node, Exprs: exprs}, out
	}
	return []*path{pt}
}

// sortPath sorts a path.
func (p *planner) sortPath(in *path, keys []plan.SortKey, presorted int) *path {
	n := math.Max(in.rows, 2)
	cost := n * math.Log2(n) * 2 * opCost * 0.6
	if p.req.Settings.NoSort {
		cost += disabledCost
	}
	pt := p.over(in, 0)
	pt.keepOrder = nil
	pt.startup = in.total + cost
	if presorted > 0 {
		// sorted group by group: the first rows come early
		pt.startup = in.startup + (in.total-in.startup)*0.1 + cost*0.1
	}
	pt.total = in.total + cost + n*opCost
	pt.order = nil
	for _, k := range keys {
		c, ok := k.Expr.(*plan.Col)
		if !ok {
			break
		}
		pt.order = append(pt.order, ordKey{c.Idx, k.Desc, k.NullsFirst})
	}
	make := func(pt *path, count, offset plan.Expr) func() (plan.Node, []colID) {
		return func() (plan.Node, []colID) {
			if presorted > 0 {
				in.relyOnOrder()
			}
			node, cols := in.build()
			at := p.at(cols)
			s := &plan.Sort{Base: p.base(pt, cols), Input: node, Keys: at.keys(keys), Presorted: presorted}
			s.Bound, s.BoundOffset = at.expr(count), at.expr(offset)
			return s, cols
		}
	}
	pt.build = make(pt, nil, nil)
	pt.bounded = func(count, offset plan.Expr, k float64) *path {
		b := *pt
		if k > 0 && k < n && presorted == 0 {
			c := n * math.Log2(2*k) * 2 * opCost * 0.6
			if p.req.Settings.NoSort {
				c += disabledCost
			}
			b.startup = in.total + c
			b.total = b.startup + k*opCost
		}
		b.build = make(&b, count, offset)
		return &b
	}
	return pt
}

func (p *planner) sortPaths(n *lSort) []*path {
	ins := p.pathsFor(n.in)
	var out []*path
	for i, in := range ins {
		keys := varyingKeys(in, n.keys)
		sat := p.satisfied(in, keys)
		if sat == len(keys) || in.point && in.rows <= 1 {
			pt := p.over(in, 0)
			pt.limit = in.limit
			pt.build = func() (plan.Node, []colID) {
				if len(keys) > 0 {
					in.relyOnOrder()
				}
				return in.build()
			}
			out = append(out, pt)
			continue
		}
		if i == 0 {
			out = append(out, p.sortPath(in, keys, 0))
		}
		if sat > 0 && !p.req.Settings.NoIncrementalSort {
			out = append(out, p.sortPath(in, keys, sat))
		}
	}
	return p.prune(out)
}

// varyingKeys are the keys that tell rows of a path apart: not constants, columns of an
// outer query, columns that the path's conditions give one value.
func varyingKeys(in *path, keys []plan.SortKey) []plan.SortKey {
	var out []plan.SortKey
	for _, k := range keys {
		if c, ok := k.Expr.(*plan.Col); isConst(k.Expr) || ok && in.fixed.has(c.Idx) {
			continue
		}
		out = append(out, k)
	}
	return out
}

// countOf is the number a LIMIT stands for, a guess if it is not constant.
func countOf(e plan.Expr, rows float64) float64 {
	if e == nil {
		return 0
	}
	if c, ok := e.(*plan.Const); ok && !c.Val.IsNull() {
		return math.Max(float64(c.Val.I), 0)
	}
	return math.Max(1, rows*0.1)
}

func (p *planner) limitPaths(n *lLimit) []*path {
	ins := p.pathsFor(n.in)
	var best *path
	var bestCost float64
	var k float64
	for _, in := range ins {
		off := countOf(n.offset, in.rows)
		k = in.rows
		if n.count != nil {
			k = off + countOf(n.count, in.rows)
		}
		x := in
		if in.bounded != nil && n.count != nil && n.ties == nil {
			x = in.bounded(n.count, n.offset, k)
		}
		if c := x.costOf(k); best == nil || c < bestCost {
			best, bestCost = x, c
		}
	}
	in := best
	pt := p.over(in, 0)
	if n.count != nil {
		pt.rows = math.Max(1, math.Min(in.rows, countOf(n.count, in.rows)))
	}
	pt.total = bestCost
	pt.build = func() (plan.Node, []colID) {
		if len(n.ties) > 0 {
			in.relyOnOrder()
		}
		if in.limit != nil && n.count != nil && n.offset == nil && n.ties == nil {
			in.limit(p.at(nil).expr(n.count))
		}
		node, cols := in.build()
		at := p.at(cols)
		l := &plan.Limit{Base: p.base(pt, cols), Input: node, Count: p.at(nil).expr(n.count), Offset: p.at(nil).expr(n.offset)}
		if n.ties != nil {
			l.Ties = at.keys(n.ties)
		}
		return l, cols
	}
	return []*path{pt}
}

// within is what expressions over the groups are in a grouping set: NULL for those
// groups that are not in it.
func (n *lGroup) within(set []int, es []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
			for k, g := range n.groups {
				if !slices.Contains(set, k) && equalExprs(g.expr, x) {
					return &plan.Const{T: plan.T{Typ: x.Type(), Mod: x.Typmod()}, Val: types.Null}, true
				}
			}
			return nil, false
		})
	}
	return out
}

func (p *planner) unionPaths(n *lUnion) []*path {
	pt := &path{width: p.width(n.cols)}
	var ins []*path
	for i, r := range n.ins {
		in := p.exact(p.best(r, 0), n.inCols[i])
		ins = append(ins, in)
		pt.rows += in.rows
		pt.total += in.total + in.rows*rowCost*0.5
	}
	pt.build = func() (plan.Node, []colID) {
		a := &plan.Append{}
		for _, in := range ins {
			node, _ := in.build()
			a.Inputs = append(a.Inputs, node)
		}
		a.Base = p.base(pt, n.cols)
		return a, n.cols
	}
	return []*path{pt}
}

// keysOf sorts by columns.
func (p *planner) keysOf(cols []colID) []plan.SortKey {
	keys := make([]plan.SortKey, len(cols))
	for i, c := range cols {
		keys[i] = plan.SortKey{Expr: p.col(c)}
	}
	return keys
}

// sortsRows tells that rows are compared by sorting, not by hashing: where
// hashing is not wanted, and for the types that PostgreSQL cannot hash.
func (p *planner) sortsRows(cols []colID) bool {
	hash, sorts := !p.req.Settings.NoHashAgg, true
	for _, c := range cols {
		t := p.cols[c].typ
		hash = hash && pgHashes(t)
		sorts = sorts && hasOrder(t)
	}
	return !hash && sorts
}

func pgHashes(t *types.Type) bool {
	t = t.Under()
	switch {
	case t == types.Money || t == types.Record:
		return false
	case t.Elem != nil:
		return pgHashes(t.Elem)
	}
	for _, f := range t.Fields {
		if !pgHashes(f.Type) {
			return false
		}
	}
	return true
}

func hasOrder(t *types.Type) bool {
	if isRowType(t) {
		return true
	}
	op := compareOp("<", t)
	return op != nil && op.Compare == "<"
}

// sortedSetOp computes a set operation over the sorted rows of both sides.
func (p *planner) sortedSetOp(n *lSetOp, l, r *path) *path {
	cols := make([]colID, len(n.cols), len(n.cols)+1)
	for i, c := range n.cols {
		ci := &p.cols[c]
		cols[i] = p.newCol(ci.name, ci.typ, ci.mod)
	}
	cols = append(cols, p.newCol("", types.Int4, -1))
	var sides [2]*path
	for i, in := range []*path{l, r} {
		ids := [][]colID{n.lcols, n.rcols}[i]
		side := p.over(in, in.rows*opCost)
		side.order = nil
		side.build = func() (plan.Node, []colID) {
			node, have := in.build()
			exprs := append(p.at(have).exprs(p.colList(ids)), constInt(int64(i), types.Int4))
			return &plan.Project{Base: p.base(side, cols), Input: node, Exprs: exprs}, cols
		}
		sides[i] = side
	}
	both := &path{rows: l.rows + r.rows, total: l.total + r.total, width: l.width + 4}
	both.build = func() (plan.Node, []colID) {
		a := &plan.Append{Sides: true}
		for _, s := range sides {
			node, _ := s.build()
			a.Inputs = append(a.Inputs, node)
		}
		a.Base = p.base(both, cols)
		return a, cols
	}
	in := both
	if len(n.cols) > 0 {
		in = p.sortPath(both, p.keysOf(cols[:len(n.cols)]), 0)
	}
	pt := &path{rows: math.Max(1, l.rows/2), width: l.width, startup: in.startup, total: in.total + in.rows*opCost*float64(len(cols))}
	for _, c := range n.cols {
		pt.order = append(pt.order, ordKey{id: c})
	}
	pt.build = func() (plan.Node, []colID) {
		node, _ := in.build()
		return &plan.SetOp{Base: p.base(pt, n.cols), Kind: n.kind, Sorted: node}, n.cols
	}
	return pt
}

func (p *planner) setOpPaths(n *lSetOp) []*path {
	l, r := p.exact(p.best(n.l, 0), n.lcols), p.exact(p.best(n.r, 0), n.rcols)
	if len(n.cols) == 0 || p.sortsRows(n.cols) {
		return []*path{p.sortedSetOp(n, l, r)}
	}
	pt := &path{rows: math.Max(1, l.rows/2), width: l.width}
	pt.startup = l.total + r.total + (l.rows+r.rows)*hashRowCost
	pt.total = pt.startup + pt.rows*rowCost
	pt.build = func() (plan.Node, []colID) {
		ln, _ := l.build()
		rn, _ := r.build()
		return &plan.SetOp{Base: p.base(pt, n.cols), Kind: n.kind, Left: ln, Right: rn}, n.cols
	}
	return []*path{pt}
}

func (p *planner) ctePaths(n *lCTE) []*path {
	p.buildCTE(n.def)
	rows := n.def.rows
	pt := &path{rows: rows, total: rows * rowCost, width: p.width(n.cols)}
	pt.build = func() (plan.Node, []colID) {
		return &plan.CTEScan{Base: p.base(pt, n.cols), Index: n.def.index, Name: n.def.name, Alias: n.alias}, n.cols
	}
	return []*path{pt}
}

// buildCTE plans a WITH query that is computed once.
func (p *planner) buildCTE(def *cteDef) {
	if def.index >= 0 {
		return
	}
	old := p.frame
	p.frame = nil
	in := p.best(def.rel, 0)
	if !def.modifies {
		in = p.exact(in, def.outCols)
	}
	node, _ := in.build()
	p.frame = old
	def.rows = math.Max(1, in.rows)
	def.index = len(p.cteList)
	p.cteList = append(p.cteList, plan.CTE{Name: def.name, Plan: node, Modifies: def.modifies})
}

func (p *planner) recursivePaths(n *lRecursive) []*path {
	if n.distinct {
		for _, c := range n.cols {
			if !types.Hashable(p.cols[c].typ) {
				bail(pgerr.Newf(pgerr.FeatureNotSupported, "could not implement recursive UNION").WithDetail("All column datatypes must be hashable."))
			}
		}
	}
	seed, step := p.exact(p.best(n.seed, 0), n.seedCols), p.exact(p.best(n.step, 0), n.stepCols)
	pt := &path{width: p.width(n.cols)}
	pt.rows = seed.rows + 10*step.rows
	pt.total = seed.total + 10*step.total + pt.rows*rowCost
	pt.startup = seed.startup
	pt.build = func() (plan.Node, []colID) {
		sn, _ := seed.build()
		tn, _ := step.build()
		return &plan.RecursiveUnion{Base: p.base(pt, n.cols), Seed: sn, Step: tn, Distinct: n.distinct, Work: n.work}, n.cols
	}
	return []*path{pt}
}

func (p *planner) funcPaths(n *lFunc) []*path {
	rows := 1.0
	for _, c := range n.calls {
		if call, ok := c.(*plan.Call); ok && call.Fn.SetOf {
			rows = math.Max(rows, setRows(call))
		}
	}
	pt := &path{rows: rows, total: rows * rowCost, width: p.width(n.cols)}
	pt.build = func() (plan.Node, []colID) {
		return &plan.FuncScan{Base: p.base(pt, n.cols), Calls: p.at(nil).exprs(n.calls), Widths: n.widths, Ordinality: n.ordinality, Alias: n.alias}, n.cols
	}
	return []*path{pt}
}

// setRows guesses how many rows a set-returning call gives.
func setRows(c *plan.Call) float64 {
	if c.Fn.Name == "generate_series" {
		lo, ok1 := c.Args[0].(*plan.Const)
		hi, ok2 := c.Args[1].(*plan.Const)
		step := 1.0
		if len(c.Args) > 2 {
			k, ok := c.Args[2].(*plan.Const)
			if !ok {
				return defaultRows
			}
			s := k.Val.Span() // of a whole number, that
			step = (float64(s.Months)*30+float64(s.Days))*dayMicros + float64(s.Micros)
		}
		if ok1 && ok2 && lo.Val.K == types.PhysInt64 && hi.Val.K == types.PhysInt64 && step != 0 {
			return math.Max(1, math.Floor((float64(hi.Val.I)-float64(lo.Val.I))/step)+1)
		}
		return defaultRows
	}
	if c.Fn.Name == "unnest" {
		if k, ok := c.Args[0].(*plan.Const); ok {
			return float64(arrayLen(k))
		}
		return 10
	}
	return 100
}
