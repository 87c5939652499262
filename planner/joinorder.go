package planner

import (
	"math"
	"math/bits"

	"rowkey/planner/plan"
)

// Join order. A tree of joins is taken apart into units, which are joined
// anew in the cheapest order:
//
//	FROM a JOIN b ON … LEFT JOIN c ON a.x = c.x WHERE EXISTS (… d.y = b.y)
//
//	units  a, b       inner: join with anything, in any order
//	       c          left, needs a on its left
//	       d          semi, needs b on its left
//
// An outer, semi or anti join is a function of the rows on its left, so that
// it may move before or after any other join as long as the units its
// condition reads are there. FULL JOIN stays where it is.
//
// Up to maxExhaustive units every bushy tree is considered (dynamic
// programming over sets of units); beyond, the best pair is joined greedily.

const maxExhaustive = 8

// unit is one input of a tree of joins.
type unit struct {
	r     rel
	kind  plan.JoinKind
	conds []plan.Expr // of a unit that is not inner
	req   uint64      // units it needs on its left
	free  colSet      // columns of other units it reads (LATERAL)
	out   colSet
	paths []*path
	keyed []keyedPath // of a grouping: for one group at a time
	// unique is a semi unit made unique (uniqueInner).
	unique *uniqueSide
}

// keyedPath is a way to compute a grouping for the groups that conds give.
type keyedPath struct {
	conds []plan.Expr
	path  *path // nil: the conditions do not reach its tables
}

// pred is a condition of the tree and the units it reads.
type pred struct {
	e    plan.Expr
	refs uint64
}

// graph is a tree of joins taken apart.
type graph struct {
	p       *planner
	units   []*unit
	preds   []pred
	classes []*eqClass  // of equalities, which are not in preds
	late    []plan.Expr // conditions that read no unit, or are volatile
	conds   []plan.Expr
	rows    map[uint64]float64
	memo    map[uint64][]*path
}

func (p *planner) joinPaths(n *lJoin) []*path {
	if n.kind == plan.FullJoin || n.kind == plan.RightJoin {
		return p.fullJoin(n)
	}
	g := &graph{p: p, rows: map[uint64]float64{}, memo: map[uint64][]*path{}}
	g.flatten(n)
	return g.solve()
}

// flatten adds the units of r and gives their set.
func (g *graph) flatten(r rel) uint64 {
	switch n := r.(type) {
	case *lJoin:
		switch n.kind {
		case plan.InnerJoin:
			l := g.flatten(n.l)
			var m uint64
			if freeCols(n.r).meets(outSet(n.l)) {
				m = g.add(&unit{r: n.r, kind: plan.InnerJoin, conds: nil}, l, true)
			} else {
				m = g.flatten(n.r)
			}
			g.conds = append(g.conds, n.conds...)
			return l | m
		case plan.LeftJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			l := g.flatten(n.l)
			return l | g.add(&unit{r: n.r, kind: n.kind, conds: n.conds}, l, true)
		}
	case *lFilter:
		if _, ok := n.in.(*lJoin); ok {
			g.conds = append(g.conds, n.conds...)
			return g.flatten(n.in)
		}
	}
	return g.add(&unit{r: r, kind: plan.InnerJoin}, 0, false)
}

func (g *graph) add(u *unit, left uint64, dependent bool) uint64 {
	u.out = outSet(u.r)
	m := uint64(1) << len(g.units)
	if dependent {
		u.free = freeCols(u.r)
		refs := append(colSet(nil), u.free...)
		for _, c := range u.conds {
			refs.union(colsOf(c))
		}
		for i, o := range g.units {
			if left&(1<<i) != 0 && o.out.meets(refs) {
				u.req |= 1 << i
			}
		}
		if u.req == 0 {
			u.req = left
		}
	}
	g.units = append(g.units, u)
	return m
}

func (g *graph) solve() []*path {
	p := g.p
	for _, c := range g.conds {
		refs := g.refs(colsOf(c))
		if refs == 0 || isVolatile(c) {
			g.late = append(g.late, c)
			continue
		}
		g.preds = append(g.preds, pred{c, refs})
	}
	g.findClasses()
	n := len(g.units)
	for i, u := range g.units {
		u.paths = p.pathsFor(u.r)
		m := uint64(1) << i
		g.rows[m] = u.paths[0].rows
		if u.req == 0 {
			g.memo[m] = u.paths
			// a condition on one unit that could not be pushed into it
			if own := g.within(m, 0, 0); len(own) > 0 {
				g.memo[m] = g.filtered(u.paths, own)
				g.rows[m] = g.memo[m][0].rows
			}
		}
	}
	full := uint64(1)<<n - 1
	if n <= maxExhaustive {
		for size := 2; size <= n; size++ {
			for m := uint64(1); m <= full; m++ {
				if bits.OnesCount64(m) == size && g.valid(m) {
					g.combine(m)
				}
			}
		}
	} else {
		g.greedy(full)
	}
	out := g.memo[full]
	if len(g.late) > 0 {
		out = g.filtered(out, g.late)
	}
	return out
}

// valid tells whether every dependent unit of a set has what it needs.
func (g *graph) valid(m uint64) bool {
	for i, u := range g.units {
		if m&(1<<i) != 0 && u.req&^m != 0 {
			return false
		}
	}
	return true
}

// refs is the set of units that make any of the columns.
func (g *graph) refs(s colSet) uint64 {
	var m uint64
	for i, u := range g.units {
		if u.out.meets(s) {
			m |= 1 << i
		}
	}
	return m
}

// within are the conditions that can be evaluated on set m but not on a or b alone.
func (g *graph) within(m, a, b uint64) []plan.Expr {
	var out []plan.Expr
	for _, pr := range g.preds {
		if pr.refs&^m == 0 && pr.refs&^a != 0 && pr.refs&^b != 0 {
			out = append(out, pr.e)
		}
	}
	for _, c := range g.classes {
		if e := c.between(g, a, b); e != nil {
			out = append(out, e)
		}
	}
	return out
}

func (g *graph) filtered(paths []*path, conds []plan.Expr) []*path {
	p := g.p
	sel, cost := p.selectivity(conds), p.exprCost(conds)
	var out []*path
	for _, in := range paths {
		pt := p.over(in, in.rows*cost)
		pt.rows = math.Max(1, in.rows*sel)
		pt.build = func() (plan.Node, []colID) {
			node, cols := in.build()
			return p.addFilter(node, cols, conds, pt), cols
		}
		out = append(out, pt)
	}
	return out
}

// combine finds the best ways to make set m from two smaller ones. Products come
// into question where no condition of an inner join leads to m: a LEFT JOIN b may
// leave few rows before they are multiplied, too.
func (g *graph) combine(m uint64) {
	joined := false
	for _, cross := range []bool{false, true} {
		for b := (m - 1) & m; b > 0; b = (b - 1) & m { // of equal costs, as written
			a := m &^ b
			if cross && (g.memo[a] == nil || g.memo[b] == nil) {
				continue // what depends on others has been joined
			}
			joined = g.pair(m, a, b, cross) || joined
		}
		if joined {
			return
		}
	}
}

// pair adds the joins of a (left) with b (right) to the paths of m, products if
// cross is set. It tells whether it has joined two inputs of which neither depends
// on the other.
func (g *graph) pair(m, a, b uint64, cross bool) bool {
	left := g.memo[a]
	if left == nil {
		if bits.OnesCount64(a) == 1 {
			if u := g.units[bits.TrailingZeros64(a)]; u.kind == plan.SemiJoin && u.req&^b == 0 {
				g.uniqueInner(m, u, b)
			}
		}
		return false
	}
	preds := g.within(m, a, b)
	if bits.OnesCount64(b) == 1 {
		u := g.units[bits.TrailingZeros64(b)]
		if u.req != 0 {
			if u.req&^a != 0 {
				return false
			}
			// a condition on this unit alone speaks of what the join makes of it
			g.dependent(m, left, u, g.within(m, a, 0))
			return false
		}
	}
	right := g.memo[b]
	if right == nil || len(preds) == 0 && !cross {
		return false
	}
	j := &joining{p: g.p, kind: plan.InnerJoin, conds: preds, rows: g.estimate(m, a, b, preds)}
	if bits.OnesCount64(b) == 1 {
		u := g.units[bits.TrailingZeros64(b)]
		j.scan, _ = u.r.(*lScan)
		j.unit = u
	}
	if best := g.memo[m]; len(best) >= maxPaths && left[0].total+right[0].total > best[0].total*4 {
		return true
	}
	g.keep(m, j.paths(left, right))
	return true
}

// maxPaths bounds the ways kept for one set of units: the cheapest, and the
// cheapest for a few orders.
const maxPaths = 4

// keep adds paths to those of a set, the cheapest first, as far as they are
// better at something.
func (g *graph) keep(m uint64, add []*path) {
	have := g.memo[m]
next:
	for _, a := range add {
		for _, b := range have {
			if b.total <= a.total && b.startup <= a.startup*1.01+0.01 && covering(b.order, a.order) {
				continue next
			}
		}
		out := make([]*path, 0, maxPaths+1)
		for _, b := range have {
			if !(a.total <= b.total && a.startup <= b.startup*1.01+0.01 && covering(a.order, b.order)) {
				out = append(out, b)
			}
		}
		out = append(out, a)
		for i := len(out) - 1; i > 0 && out[i].total < out[i-1].total; i-- {
			out[i], out[i-1] = out[i-1], out[i]
		}
		if len(out) > maxPaths {
			out = out[:maxPaths]
		}
		have = out
	}
	g.memo[m] = have
}

// dependent joins a unit that is the right side of an outer, semi, anti or
// LATERAL join; conditions from above come after an outer one.
func (g *graph) dependent(m uint64, left []*path, u *unit, preds []plan.Expr) {
	p := g.p
	conds, post := u.conds, preds
	if u.kind == plan.InnerJoin {
		conds, post = preds, nil
	}
	j := &joining{p: p, kind: u.kind, conds: conds, unit: u}
	j.scan, _ = u.r.(*lScan)
	// the columns of the left side that the right side reads
	var avail colSet
	for _, x := range g.units {
		if x != u {
			avail.union(x.out)
		}
	}
	j.lateral = u.free.meets(avail)
	j.avail = avail
	l, r := left[0].rows, u.paths[0].rows
	j.rows = j.estimate(l, r)
	out := j.paths(left, u.paths)
	if len(post) > 0 {
		out = g.filtered(out, post)
	}
	g.keep(m, out)
	if _, ok := g.rows[m]; !ok && len(out) > 0 {
		g.rows[m] = out[0].rows
	}
}

func (g *graph) estimate(m, a, b uint64, preds []plan.Expr) float64 {
	if n, ok := g.rows[m]; ok {
		return n
	}
	n := math.Max(1, g.memo[a][0].rows*g.memo[b][0].rows*g.selectivity(preds))
	g.rows[m] = n
	return n
}

// selectivity is that of join conditions. Several equalities between the same
// two units are taken together: where they give a whole key of one, each row
// of the other meets one row of it; otherwise they do not multiply below
// 1 / the larger.
func (g *graph) selectivity(preds []plan.Expr) float64 {
	var rest []plan.Expr
	pairs := map[uint64][]plan.Expr{}
	for _, c := range preds {
		if _, _, _, ok := equality(c); ok {
			if refs := g.refs(colsOf(c)); bits.OnesCount64(refs) == 2 {
				pairs[refs] = append(pairs[refs], c)
				continue
			}
		}
		rest = append(rest, c)
	}
	sel := g.p.selectivity(rest)
	for m, conds := range pairs {
		s := g.p.selectivity(conds)
		if len(conds) > 1 {
			larger := 1.0
			for _, u := range []*unit{g.units[bits.TrailingZeros64(m)], g.units[63-bits.LeadingZeros64(m)]} {
				larger = math.Max(larger, u.paths[0].rows)
				if n := g.p.keyedRows(u, conds); n > 0 {
					s = math.Max(s, 1/n)
				}
			}
			s = math.Max(s, 1/larger)
		}
		sel *= s
	}
	return sel
}

// keyedRows is the number of rows of a unit before filtering if the
// equalities give a whole key of it, 0 if not.
func (p *planner) keyedRows(u *unit, conds []plan.Expr) float64 {
	given := map[colID]bool{}
	for _, c := range conds {
		l, r, _, _ := equality(c)
		for _, e := range []plan.Expr{l, r} {
			if col, ok := bareColumn(e); ok && u.out.has(col.Idx) {
				given[col.Idx] = true
			}
		}
	}
	if s, ok := u.r.(*lScan); ok {
	index:
		for _, ix := range s.indexes() {
			if !ix.Unique || ix.RowID || ix.Where != "" {
				continue
			}
			for _, k := range ix.Keys {
				if k.Attnum <= 0 || !given[s.base+int(k.Attnum)-1] {
					continue index
				}
			}
			return p.tableRows(s.table)
		}
		return 0
	}
	if n, ok := u.r.(*lGroup); ok && n.sets == nil && len(n.groups) > 0 {
		for _, k := range n.groups {
			if !given[k.id] {
				return 0
			}
		}
		return u.paths[0].rows
	}
	return 0
}

// joinSelectivity is the selectivity of the conditions of a join that is not inner.
func (p *planner) joinSelectivity(preds []plan.Expr) float64 {
	return p.selectivity(preds)
}

// greedy joins the pair with the smallest result, again and again.
func (g *graph) greedy(full uint64) {
	var sets []uint64
	for i := range g.units {
		sets = append(sets, 1<<i)
	}
	for len(sets) > 1 {
		bi, bj := -1, -1
		var best uint64
		bestCost := math.Inf(1)
		for _, cross := range []bool{false, true} {
			for i := range sets {
				for k := range sets {
					if i == k || g.memo[sets[i]] == nil {
						continue
					}
					m := sets[i] | sets[k]
					if !g.valid(m) {
						continue
					}
					if g.memo[m] == nil {
						g.pair(m, sets[i], sets[k], cross)
					}
					if ps := g.memo[m]; ps != nil {
						c := math.Inf(1)
						for _, x := range ps {
							c = math.Min(c, x.total+x.rows)
						}
						if c < bestCost {
							bi, bj, best, bestCost = i, k, m, c
						}
					}
				}
			}
			if bi >= 0 {
				break
			}
		}
		if bi < 0 {
			return
		}
		g.pair(best, sets[bj], sets[bi], true)
		var next []uint64
		for i, s := range sets {
			if i != bi && i != bj {
				next = append(next, s)
			}
		}
		sets = append(next, best)
	}
}

// joining is one join to be made: kind and conditions settled, method open.
type joining struct {
	p       *planner
	kind    plan.JoinKind
	conds   []plan.Expr
	rows    float64
	scan    *lScan // the right side, when it is a plain table
	unit    *unit  // the right side, when it is one; may be nil
	lateral bool
	avail   colSet
}

// equiPair is a condition left = right.
type equiPair struct {
	l, r       plan.Expr
	nullsEqual bool
	cond       plan.Expr
}

// equi finds the conditions that compare the two sides for equality.
func (j *joining) equi(right colSet) (pairs []equiPair, rest []plan.Expr) {
	for _, c := range j.conds {
		l, r, nullsEqual, ok := equality(c)
		if ok {
			lc, rc := colsOf(l), colsOf(r)
			if lc.subsetOf(right) && !lc.empty() && !rc.meets(right) {
				l, r = r, l
				lc, rc = rc, lc
			}
			if rc.subsetOf(right) && !rc.empty() && !lc.meets(right) && !lc.empty() {
				if a, b, ok := sameHash(l, r); ok && !isVolatile(l) && !isVolatile(r) {
					pairs = append(pairs, equiPair{a, b, nullsEqual, c})
					continue
				}
			}
		}
		rest = append(rest, c)
	}
	return pairs, rest
}

func equality(c plan.Expr) (l, r plan.Expr, nullsEqual, ok bool) {
	switch c := c.(type) {
	case *plan.Call:
		if c.Op != nil && c.Op.Compare == "=" && len(c.Args) == 2 {
			return c.Args[0], c.Args[1], false, true
		}
	case *plan.IsDistinct:
		if c.Not && c.Eq.Compare == "=" {
			return c.L, c.R, true, true
		}
	}
	return nil, nil, false, false
}

// sameHash gives both sides one type, as hashing needs.
func sameHash(l, r plan.Expr) (plan.Expr, plan.Expr, bool) {
	lt, rt := l.Type().Under(), r.Type().Under()
	if sameType(lt, rt) {
		return l, r, true
	}
	if lt.Phys != rt.Phys || typeFamily(lt) != typeFamily(rt) {
		return nil, nil, false
	}
	wide := lt
	if rt.Len > lt.Len || rt.Len < 0 && rt.Preferred {
		wide = rt
	}
	conv := func(e plan.Expr) plan.Expr {
		if sameType(e.Type(), wide) {
			return e
		}
		return &plan.Relabel{T: plan.T{Typ: wide, Mod: -1}, Arg: e, Implicit: true}
	}
	return conv(l), conv(r), true
}

// estimate is the number of rows of a join that is not inner.
func (j *joining) estimate(l, r float64) float64 {
	p := j.p
	inner := math.Max(1, l*r*p.joinSelectivity(j.conds))
	switch j.kind {
	case plan.LeftJoin:
		return math.Max(l, inner)
	case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
		share := math.Min(1, inner/l)
		for _, c := range j.conds {
			if a, b, _, ok := equality(c); ok {
				da, db := p.distinctValues(a, math.MaxFloat64), p.distinctValues(b, math.MaxFloat64)
				if j.scan != nil {
					own := setOf(j.scan.outCols())
					if colsOf(a).subsetOf(own) {
						da, db = db, da
					}
				}
				db = math.Min(db, r)
				share = math.Min(share, math.Min(1, db/math.Max(da, 1)))
			}
		}
		if j.kind != plan.SemiJoin {
			share = math.Max(1-share, 0.05)
		}
		return math.Max(1, l*share)
	}
	return inner
}

// paths are the ways to do this join.
func (j *joining) paths(left, right []*path) []*path {
	p := j.p
	set := &p.req.Settings
	var out []*path
	l, r := left[0], right[0]
	if j.lateral {
		for _, x := range left {
			out = append(out, j.nestLoop(x, r, true))
		}
		return out
	}
	var rset colSet
	if j.scan != nil {
		rset = setOf(j.scan.outCols())
	} else {
		rset = j.rightCols(r)
	}
	pairs, rest := j.equi(rset)
	if len(pairs) > 0 {
		h := j.hash(l, r, pairs, rest, false)
		if set.NoHashJoin {
			h.startup, h.total = h.startup+1e10, h.total+1e10
		}
		out = append(out, h)
		if j.kind == plan.LeftJoin {
			h := j.hash(l, r, pairs, rest, true)
			if set.NoHashJoin {
				h.startup, h.total = h.startup+1e10, h.total+1e10
			}
			out = append(out, h)
		}
		if j.kind == plan.InnerJoin || j.kind == plan.LeftJoin {
			for _, x := range left {
				for _, y := range right {
					if m := j.merge(x, y, pairs, rest); m != nil {
						if set.NoMergeJoin {
							m.startup, m.total = m.startup+1e10, m.total+1e10
						}
						out = append(out, m)
					}
				}
			}
		}
		if j.scan != nil && j.scan.table.Virtual == nil && j.kind != plan.AntiNullJoin && !set.NoLookupJoin {
			for _, x := range left {
				out = append(out, j.lookups(x, pairs, rest)...)
			}
		}
	}
	if j.kind == plan.AntiNullJoin && len(pairs) > 0 {
		return out
	}
	if k := j.groupOf(l, pairs); k != nil && !set.NoLookupJoin {
		for _, x := range left {
			out = append(out, j.nestLoop(x, k, true))
		}
	}
	if j.scan != nil && j.scan.table.Virtual != nil && (j.kind == plan.InnerJoin || j.kind == plan.LeftJoin) {
		out = append(out, j.virtualLookups(l, r, pairs)...)
	}
	for i, x := range left {
		if i > 0 && len(x.order) == 0 {
			continue
		}
		nl := j.nestLoop(x, r, false)
		if set.NoNestLoop {
			nl.startup, nl.total = nl.startup+1e10, nl.total+1e10
		}
		out = append(out, nl)
	}
	return out
}

// groupOf gives the right side, a grouping, computed for the groups only that
// one left row asks for, its keys pushed down to the tables:
//
//	partsupp JOIN (SELECT l_partkey, sum(…) FROM lineitem GROUP BY l_partkey) ON ps_partkey = l_partkey
//
// reads a few line items for each of a few rows of partsupp instead of all of
// lineitem. nil if the keys do not get there or the left side is large.
func (j *joining) groupOf(l *path, pairs []equiPair) *path {
	if j.unit == nil || len(pairs) == 0 || groupingOf(j.unit.r) == nil {
		return nil
	}
	if whole := j.unit.paths[0].total; l.rows*seekCost > whole {
		return nil
	}
	var conds []plan.Expr
	for _, e := range pairs {
		if !e.nullsEqual {
			conds = append(conds, e.cond)
		}
	}
	for _, k := range j.unit.keyed {
		if len(k.conds) == len(conds) && equalLists(k.conds, conds) {
			return k.path
		}
	}
	k := keyedPath{conds: conds}
	r := j.p.push(j.unit.r, conds)
	if n := groupingOf(r); n != nil && !freeCols(n.in).empty() {
		k.path = j.p.pathsFor(r)[0]
	}
	j.unit.keyed = append(j.unit.keyed, k)
	return k.path
}

// groupingOf is the grouping at the top of r, below projections and filters.
func groupingOf(r rel) *lGroup {
	for {
		switch n := r.(type) {
		case *lGroup:
			if len(n.groups) == 0 {
				return nil
			}
			return n
		case *lProject:
			r = n.in
		case *lFilter:
			r = n.in
		default:
			return nil
		}
	}
}

// rightCols are the columns of a right side that is not a plain table: all
// that are not the left's, which the conditions tell apart by themselves.
func (j *joining) rightCols(r *path) colSet { return r.outs }

func (j *joining) joinCols(l, r []colID) []colID {
	if j.kind >= plan.SemiJoin {
		return l
	}
	return append(append(make([]colID, 0, len(l)+len(r)), l...), r...)
}

func (j *joining) width(l, r *path) int {
	if j.kind >= plan.SemiJoin {
		return l.width
	}
	return l.width + r.width
}

// outsOf is the set of columns of a join's output.
func (j *joining) outsOf(l, r *path) colSet {
	s := append(colSet(nil), l.outs...)
	if j.kind < plan.SemiJoin {
		s.union(r.outs)
	}
	return s
}

// hash joins with a hash table of the right side, or, swapped (an outer join
// with a small left side), of the left.
func (j *joining) hash(l, r *path, pairs []equiPair, rest []plan.Expr, swapped bool) *path {
	p := j.p
	probe, build := l, r
	if swapped {
		probe, build = r, l
	}
	pt := &path{rows: j.rows, width: j.width(l, r), outs: j.outsOf(l, r)}
	keyCost := opCost * float64(len(pairs))
	pt.startup = build.total + build.rows*(hashRowCost+keyCost) + probe.startup
	pt.total = build.total + build.rows*(hashRowCost+keyCost) + probe.total + probe.rows*(keyCost+rowCost*0.6) + j.rows*(rowCost*0.5+p.exprCost(rest))
	pt.fixed = l.fixed
	pt.build = func() (plan.Node, []colID) {
		pn, pc := probe.build()
		bn, bc := build.build()
		h := &plan.HashJoin{Kind: j.kind, Left: pn, Right: bn}
		both := append(append(make([]colID, 0, len(pc)+len(bc)), pc...), bc...)
		pa, ba := p.at(pc), p.at(bc)
		nulls := false
		for _, e := range pairs {
			x, y := e.l, e.r
			if swapped {
				x, y = y, x
			}
			h.LeftKeys, h.RightKeys = append(h.LeftKeys, pa.expr(x)), append(h.RightKeys, ba.expr(y))
			h.NullsEqual = append(h.NullsEqual, e.nullsEqual)
			nulls = nulls || e.nullsEqual
		}
		if !nulls {
			h.NullsEqual = nil
		}
		h.Cond = p.at(both).expr(cheapFirst(rest))
		out := j.joinCols(pc, bc)
		if swapped {
			h.Kind = plan.RightJoin
		}
		h.Base = p.base(pt, out)
		return h, out
	}
	return pt
}

// merge joins two sorted inputs.
func (j *joining) merge(l, r *path, pairs []equiPair, rest []plan.Expr) *path {
	p := j.p
	if len(l.order) == 0 || len(r.order) == 0 {
		return nil
	}
	first := false
	for _, e := range pairs {
		lc, ok1 := bareColumn(e.l)
		rc, ok2 := bareColumn(e.r)
		first = first || ok1 && ok2 && lc.Idx == l.order[0].id && rc.Idx == r.order[0].id
	}
	if !first {
		return nil
	}
	// leading keys of both orders that are a pair
	var keys []equiPair
	var lk, rk []plan.SortKey
	left := append([]equiPair(nil), pairs...)
	for i := 0; i < len(l.order) && i < len(r.order); i++ {
		hit := -1
		for n, e := range left {
			lc, ok1 := bareColumn(e.l)
			rc, ok2 := bareColumn(e.r)
			if ok1 && ok2 && !e.nullsEqual && lc.Idx == l.order[i].id && rc.Idx == r.order[i].id &&
				l.order[i].desc == r.order[i].desc && (l.order[i].nullsFirst == r.order[i].nullsFirst) {
				hit = n
			}
		}
		if hit < 0 {
			break
		}
		keys = append(keys, left[hit])
		lk = append(lk, plan.SortKey{Expr: left[hit].l, Desc: l.order[i].desc, NullsFirst: l.order[i].nullsFirst})
		rk = append(rk, plan.SortKey{Expr: left[hit].r, Desc: r.order[i].desc, NullsFirst: r.order[i].nullsFirst})
		left = append(left[:hit], left[hit+1:]...)
	}
	if keys == nil {
		return nil
	}
	conds := append([]plan.Expr(nil), rest...)
	for _, e := range left {
		conds = append(conds, e.cond)
	}
	pt := &path{rows: j.rows, width: j.width(l, r), order: l.order, fixed: l.fixed, outs: j.outsOf(l, r)}
	pt.startup = l.startup + r.startup
	pt.total = l.total + r.total + (l.rows+r.rows)*(opCost*2+rowCost*0.5) + j.rows*(rowCost*0.5+p.exprCost(conds))
	pt.build = func() (plan.Node, []colID) {
		l.relyOnOrder()
		r.relyOnOrder()
		ln, lc := l.build()
		rn, rc := r.build()
		out := j.joinCols(lc, rc)
		m := &plan.MergeJoin{Kind: j.kind, Left: ln, Right: rn, LeftKeys: p.at(lc).keys(lk), RightKeys: p.at(rc).keys(rk)}
		m.Cond = p.at(append(append([]colID(nil), lc...), rc...)).expr(cheapFirst(conds))
		m.Base = p.base(pt, out)
		return m, out
	}
	return pt
}

// lookups fetch the matching rows of the right table by key, through any of
// its indexes whose leading columns the conditions give.
func (j *joining) lookups(l *path, pairs []equiPair, rest []plan.Expr) []*path {
	p, s := j.p, j.scan
	if s.tree != nil {
		return nil
	}
	var out []*path
	cols := p.usedOf(s)
	n := p.tableRows(s.table)
	for i, ix := range s.table.Indexes {
		if ix.RowID || !p.indexUsable(s, i, s.conds) {
			continue
		}
		keys := p.keyExprs(s, ix)
		own := setOf(s.outCols())
		var vals []plan.Expr
		usedPair := make([]bool, len(pairs))
		usedCond := make([]bool, len(s.conds))
		joined := 0
		sel := 1.0
	key:
		for _, k := range keys {
			if k == nil {
				break
			}
			for c, e := range pairs {
				if usedPair[c] || e.nullsEqual || !sameKey(e.r, k) || typeFamily(e.l.Type()) != typeFamily(k.Type()) {
					continue
				}
				usedPair[c] = true
				joined++
				vals = append(vals, e.l)
				sel *= 1 / p.distinctValues(k, n)
				continue key
			}
			for c, e := range s.conds {
				if usedCond[c] {
					continue
				}
				if op, v, ok := comparison(e, k, own); ok && op == "=" {
					usedCond[c] = true
					vals = append(vals, v)
					sel *= 1 / p.distinctValues(k, n)
					continue key
				}
			}
			break
		}
		if joined == 0 {
			continue
		}
		var conds []plan.Expr
		for c, e := range pairs {
			if !usedPair[c] {
				conds = append(conds, e.cond)
			}
		}
		conds = append(conds, rest...)
		for c, e := range s.conds {
			if !usedCond[c] {
				conds = append(conds, e)
			}
		}
		unique := ix.Unique && len(vals) == len(keys)
		match := math.Max(n*sel, 1e-3)
		if unique {
			match = math.Min(match, 1)
		}
		only := ix != s.table.Indexes[0] && p.covers(s, ix, cols)
		per := seekCost
		switch {
		case ix == s.table.Indexes[0]:
			per += match * rowCost
		case only:
			per += match * entryCost
		default:
			per += match * (entryCost + fetchCost)
		}
		per += match * p.exprCost(conds)
		pt := &path{rows: j.rows, width: l.width, order: l.order, fixed: l.fixed, keepOrder: l.keepOrder}
		pt.startup = l.startup + per
		pt.total = l.total + l.rows*per + j.rows*rowCost*0.5
		if p.req.Settings.NoIndexScan {
			pt.startup, pt.total = pt.startup+1e10, pt.total+1e10
		}
		right := &path{outs: own, width: p.width(cols)}
		pt.width, pt.outs = j.width(l, right), j.outsOf(l, right)
		pt.build = func() (plan.Node, []colID) {
			ln, lc := l.build()
			both := append(append(make([]colID, 0, len(lc)+len(cols)), lc...), cols...)
			out := j.joinCols(lc, cols)
			la := p.at(lc)
			lj := &plan.LookupJoin{Kind: j.kind, Input: ln, Table: s.table, Alias: s.alias, Index: ix, IndexOnly: only,
				Keys: la.exprs(vals), Attnums: s.attnums(cols), Unique: unique}
			lj.Cond = p.at(both).expr(cheapFirst(conds))
			lj.Base = p.base(pt, out)
			return lj, out
		}
		out = append(out, pt)
	}
	return out
}

// nestLoop tries every pair; lateral: the right side is run anew for each left row.
func (j *joining) nestLoop(l, r *path, lateral bool) *path {
	p := j.p
	rows := j.rows
	pt := &path{rows: rows, width: j.width(l, r), order: l.order, fixed: l.fixed, keepOrder: l.keepOrder, outs: j.outsOf(l, r)}
	pt.startup = l.startup + r.startup
	cost := p.exprCost(j.conds)
	if lateral {
		pt.total = l.total + l.rows*(r.total+0.05) + l.rows*r.rows*(rowCost+cost)
	} else {
		pt.startup = l.startup + r.total
		pt.total = l.total + r.total + l.rows*r.rows*(rowCost*0.5+cost) + rows*rowCost*0.5
	}
	pt.build = func() (plan.Node, []colID) {
		ln, lc := l.build()
		nl := &plan.NestLoop{Kind: j.kind, Left: ln}
		var rc []colID
		if lateral {
			f := &frame{up: p.frame, avail: setOf(lc)}
			p.frame = f
			nl.Right, rc = r.build()
			p.frame = f.up
			la := p.at(lc)
			nl.Sets = f.slots
			for _, id := range f.ids {
				nl.Args = append(nl.Args, la.expr(p.col(id)))
			}
		} else {
			nl.Right, rc = r.build()
		}
		both := append(append(make([]colID, 0, len(lc)+len(rc)), lc...), rc...)
		nl.Cond = p.at(both).expr(cheapFirst(j.conds))
		out := j.joinCols(lc, rc)
		nl.Base = p.base(pt, out)
		return nl, out
	}
	return pt
}

// virtualLookups computes a catalog relation anew for each left row, by a
// column that makes this cheap: a join of the catalog's relations costs what the
// objects concerned do, however many others there are.
func (j *joining) virtualLookups(l, r *path, pairs []equiPair) []*path {
	p, s := j.p, j.scan
	cols := p.usedOf(s)
	var out []*path
	for _, a := range s.table.Virtual.Lookups {
		col := p.col(s.base + int(a) - 1)
		for _, e := range pairs {
			if e.nullsEqual || !sameKey(e.r, col) || typeFamily(e.l.Type()) != typeFamily(col.Type()) {
				continue
			}
			inner := *r
			inner.rows, inner.startup, inner.total = math.Max(1, j.rows/math.Max(1, l.rows)), 0, 4*rowCost
			inner.build = func() (plan.Node, []colID) {
				v := &plan.VirtualScan{Base: p.base(&inner, cols), Table: s.table, Alias: s.alias, Attnums: s.attnums(cols), EqCol: a}
				v.EqKey = p.at(nil).expr(e.l)
				v.Filter = p.at(cols).expr(cheapFirst(s.conds))
				return v, cols
			}
			out = append(out, j.nestLoop(l, &inner, true))
		}
	}
	return out
}

// fullJoin joins where the tree has the join: FULL.
func (p *planner) fullJoin(n *lJoin) []*path {
	l, r := p.pathsFor(n.l), p.pathsFor(n.r)
	j := &joining{p: p, kind: n.kind, conds: n.conds}
	j.rows = math.Max(l[0].rows+r[0].rows, l[0].rows*r[0].rows*p.joinSelectivity(n.conds))
	pairs, rest := j.equi(outSet(n.r))
	if len(pairs) > 0 {
		h := j.hash(l[0], r[0], pairs, rest, false)
		return []*path{h}
	}
	return []*path{j.nestLoop(l[0], r[0], false)}
}
