package planner

import (
	"math"

	"rowkey/planner/plan"
)

// Methods of a join whose sides are settled: hashing, merging, looking rows up by an index or a virtual
// table's key for each row of the left side, and nested loops. Each is offered with its cost
// (joining.paths).

// joining is one join to be made: kind and conditions settled, method open.
type joining struct {
	p       *planner
	kind    plan.JoinKind
	conds   []plan.Expr
	rows    float64
	scan    *lScan // the right side, when it is a plain table
	unit    *unit  // the right side, when it is one; may be nil
	lateral bool
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
	rset := r.outs
	if j.scan != nil {
		rset = setOf(j.scan.outCols())
	}
	pairs, rest := j.equi(rset)
	if len(pairs) > 0 {
		out = append(out, j.hash(l, r, pairs, rest, false).unless(set.NoHashJoin))
		if j.kind == plan.LeftJoin {
			out = append(out, j.hash(l, r, pairs, rest, true).unless(set.NoHashJoin))
		}
		if j.kind == plan.InnerJoin || j.kind == plan.LeftJoin {
			for _, x := range left {
				for _, y := range right {
					if m := j.merge(x, y, pairs, rest); m != nil {
						out = append(out, m.unless(set.NoMergeJoin))
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
	if r, rest := j.perRow(l, len(rest) > 0); r != nil && !set.NoLookupJoin {
		k := *j
		k.conds = rest
		for _, x := range left {
			out = append(out, k.nestLoop(x, r, true))
		}
	}
	if j.scan != nil && j.scan.table.Virtual != nil && (j.kind == plan.InnerJoin || j.kind == plan.LeftJoin) {
		out = append(out, j.virtualLookups(l, r, pairs)...)
	}
	for i, x := range left {
		if i > 0 && len(x.order) == 0 {
			continue
		}
		out = append(out, j.nestLoop(x, r, false).unless(set.NoNestLoop))
	}
	return out
}

// fullJoin joins where the tree has the join: FULL.
func (p *planner) fullJoin(n *lJoin) []*path {
	l, r := p.pathsFor(n.l), p.pathsFor(n.r)
	j := &joining{p: p, kind: n.kind, conds: n.conds}
	j.rows = math.Max(l[0].rows+r[0].rows, l[0].rows*r[0].rows*p.joinSelectivity(n.conds))
	pairs, rest := j.equi(outSet(n.r))
	var pt *path
	if len(pairs) > 0 {
		pt = j.hash(l[0], r[0], pairs, rest, false)
	} else {
		pt = j.nestLoop(l[0], r[0], false)
	}
	pt.order, pt.fixed, pt.keepOrder = nil, nil, nil // the left side's columns are NULL in some rows
	return []*path{pt}
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
				sel *= 1 / math.Max(p.distinctValues(k, n), p.distinctValues(e.l, math.MaxFloat64))
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
		pt.unless(p.req.Settings.NoIndexScan)
		right := &path{outs: own, width: p.width(cols)}
		pt.width, pt.outs = j.width(l, right), j.outsOf(l, right)
		pt.build = func() (plan.Node, []colID) {
			ln, lc := l.build()
			both := append(append(make([]colID, 0, len(lc)+len(cols)), lc...), cols...)
			out := j.joinCols(lc, cols)
			la := p.at(lc)
			p.opens(s.table, ix, true)
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

// perRow gives the right side computed for what one left row asks for, its conditions
// pushed down to the tables:
//
//	partsupp JOIN (SELECT l_partkey, sum(…) FROM lineitem GROUP BY l_partkey) ON ps_partkey = l_partkey
//	orders LEFT JOIN (lineitem JOIN part ON …) ON l_orderkey = o_orderkey
//	periods JOIN events ON at BETWEEN since AND until
//
// read a few line items or events for each of a few left rows instead of all of them; rest
// are the conditions left to the join. nil if the left side is large, the conditions do not
// get there, or looking up keys does the same; ranges: there are others than equalities.
func (j *joining) perRow(l *path, ranges bool) (right *path, rest []plan.Expr) {
	u := j.unit
	if u == nil || l.rows*seekCost > u.paths[0].total {
		return nil, nil
	}
	if s, ok := u.r.(*lScan); ok && (s.table.Virtual != nil || s.tree == nil && !ranges) {
		return nil, nil
	}
	conds, rest := split(j.conds, func(c plan.Expr) bool {
		cols := colsOf(c)
		return cols.meets(u.out) && !cols.subsetOf(u.out) && !isVolatile(c) && !hasSubquery(c)
	})
	if len(conds) == 0 {
		return nil, nil
	}
	for _, k := range u.keyed {
		if len(k.conds) == len(conds) && equalLists(k.conds, conds) {
			return k.path, rest
		}
	}
	k := keyedPath{conds: conds}
	if r := j.p.push(u.r, conds); !freeCols(tables(r)).empty() {
		k.path = j.p.pathsFor(r)[0]
	}
	u.keyed = append(u.keyed, k)
	return k.path, rest
}

// tables is what a rel filters, projects and groups.
func tables(r rel) rel {
	for {
		switch n := r.(type) {
		case *lGroup:
			r = n.in
		case *lProject:
			r = n.in
		case *lFilter:
			r = n.in
		default:
			return r
		}
	}
}

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
