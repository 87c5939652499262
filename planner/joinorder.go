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
// condition reads are there. FULL JOIN stays where it is. A condition of WHERE is
// asked as soon as the units that it reads are there: by the join, or, if it has a
// subquery, after it.
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
	keyed []keyedPath // for what one row of other units asks for
	// unique is a semi unit made unique (uniqueInner).
	unique *uniqueSide
}

// keyedPath is a way to compute the rows of a unit that meet conditions on other units.
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
	filters []pred      // conditions with subqueries, which are in none of them
	late    []plan.Expr // conditions that read no unit, or are volatile
	conds   []plan.Expr
	rows    map[uint64]float64
	memo    map[uint64][]*path
}

// whole tells whether a join stays where it is.
func (n *lJoin) whole() bool { return n.kind == plan.FullJoin || n.kind == plan.RightJoin }

// joinPaths are the paths of a tree of joins, or of one under a filter.
func (p *planner) joinPaths(r rel) []*path {
	if n, ok := r.(*lJoin); ok && n.whole() {
		return p.fullJoin(n)
	}
	g := &graph{p: p, rows: map[uint64]float64{}, memo: map[uint64][]*path{}}
	g.flatten(r)
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
		if hasSubquery(c) {
			g.filters = append(g.filters, pred{c, refs})
			continue
		}
		g.preds = append(g.preds, pred{c, refs})
	}
	g.findClasses()
	n := len(g.units)
	for i, u := range g.units {
		m := uint64(1) << i
		if u.req == 0 { // with the conditions on it alone that were not pushed into it
			u.r = filterOver(u.r, append(g.within(m, 0, 0), newlyIn(g.filters, m, 0, 0)...))
		}
		u.paths = p.pathsFor(u.r)
		g.rows[m] = u.paths[0].rows
		if u.req == 0 {
			g.memo[m] = u.paths
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
	return p.filtered(g.memo[full], g.late)
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
	out := newlyIn(g.preds, m, a, b)
	for _, c := range g.classes {
		if e := c.between(g, a, b); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// newlyIn are those of preds that read units of m alone, and not of a or b alone.
func newlyIn(preds []pred, m, a, b uint64) (out []plan.Expr) {
	for _, pr := range preds {
		if pr.refs&^m == 0 && pr.refs&^a != 0 && pr.refs&^b != 0 {
			out = append(out, pr.e)
		}
	}
	return out
}

// combine finds the best ways to make set m from two smaller ones. Products come
// into question where no condition of an inner join leads to m: a LEFT JOIN b may
// leave few rows before they are multiplied, too. They also do where m has units that
// no condition joins with the others: one of its joins is a product then, and may
// better be the last.
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
		if joined && g.connected(m) {
			return
		}
	}
}

// connected tells whether conditions lead from any unit of m to any other.
func (g *graph) connected(m uint64) bool {
	reached := m & -m
	lead := func(refs uint64) {
		if refs&^m == 0 && refs&reached != 0 {
			reached |= refs
		}
	}
	for last := uint64(0); reached != last; {
		last = reached
		for i, u := range g.units {
			if u.req != 0 {
				lead(u.req | 1<<i)
			}
		}
		for _, pr := range g.preds {
			lead(pr.refs)
		}
		for _, c := range g.classes {
			lead(c.units() & m)
		}
	}
	return reached == m
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
			g.dependent(m, left, u, g.within(m, a, 0), newlyIn(g.filters, m, a, 0))
			return false
		}
	}
	right := g.memo[b]
	if right == nil || len(preds) == 0 && !cross {
		return false
	}
	filters := newlyIn(g.filters, m, a, b)
	share := g.p.selectivity(filters)
	j := &joining{p: g.p, kind: plan.InnerJoin, conds: preds, rows: g.estimate(m, a, b, preds, share) / share}
	if bits.OnesCount64(b) == 1 {
		u := g.units[bits.TrailingZeros64(b)]
		j.scan, _ = u.r.(*lScan)
		j.unit = u
	}
	if best := g.memo[m]; len(best) >= maxPaths && left[0].total+right[0].total > best[0].total*4 {
		return true
	}
	g.keep(m, g.p.filtered(j.paths(left, right), filters))
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
func (g *graph) dependent(m uint64, left []*path, u *unit, preds, filters []plan.Expr) {
	p := g.p
	conds, post := u.conds, append(preds, filters...)
	if u.kind == plan.InnerJoin {
		conds, post = preds, filters
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
	l, r := left[0].rows, u.paths[0].rows
	j.rows = j.estimate(l, r)
	out := p.filtered(j.paths(left, u.paths), post)
	g.keep(m, out)
	if _, ok := g.rows[m]; !ok && len(out) > 0 {
		g.rows[m] = out[0].rows
	}
}

// estimate is the number of rows of set m, of which the filters leave a share.
func (g *graph) estimate(m, a, b uint64, preds []plan.Expr, share float64) float64 {
	if n, ok := g.rows[m]; ok {
		return n
	}
	n := math.Max(1, g.memo[a][0].rows*g.memo[b][0].rows*g.selectivity(preds)*share)
	g.rows[m] = n
	return n
}

// selectivity is that of join conditions. Several equalities between the same
// two units are taken together: where they give a whole key of one, each row
// of the other meets one row of it; otherwise they do not multiply below
// 1 / the larger.
func (g *graph) selectivity(preds []plan.Expr) float64 {
	var rest []plan.Expr
	sel := 1.0
	pairs := map[uint64][]plan.Expr{}
	for _, c := range preds {
		if _, _, _, ok := equality(c); ok {
			if refs := g.refs(colsOf(c)); bits.OnesCount64(refs) == 2 {
				pairs[refs] = append(pairs[refs], c)
				continue
			}
		}
		if _, ok := c.(*plan.Or); ok {
			sel *= g.orSelectivity(c)
			continue
		}
		rest = append(rest, c)
	}
	sel *= g.p.selectivity(rest)
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

// orSelectivity is that of an OR over several units. What of it speaks of one unit
// alone has been pushed there (armsOn), and must not count twice.
func (g *graph) orSelectivity(or plan.Expr) float64 {
	s := g.p.selectivity([]plan.Expr{or})
	for _, u := range g.units {
		if u.kind != plan.InnerJoin {
			continue
		}
		own := armsOn(or, func(e plan.Expr) bool { return colsOf(e).subsetOf(u.out) && !colsOf(e).empty() && !isVolatile(e) })
		if own != nil {
			s = math.Min(1, s/g.p.selectivity([]plan.Expr{own}))
		}
	}
	return s
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
