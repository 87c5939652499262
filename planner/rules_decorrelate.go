package planner

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// Decorrelate turns subqueries into joins:
//
//	WHERE EXISTS (SELECT … WHERE s.x = t.x)    → semi join
//	WHERE NOT EXISTS (…)                       → anti join
//	WHERE t.x IN (SELECT s.x …)                → semi join
//	WHERE t.x NOT IN (SELECT s.x …)            → anti join, one that minds NULLs if there may be some
//	… (SELECT sum(s.y) FROM s WHERE s.x = t.x) → left join with s grouped by x
//	… (SELECT s.y FROM s WHERE s.key = t.x)    → left join, s.key being unique
//
// Conditions that read the outer query are taken out of the subquery and
// become the join's. What cannot be taken out stays a subplan, run for each row.
func decorrelate(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		switch n := x.(type) {
		case *lFilter:
			return p.decorrelateFilter(n)
		case *lProject:
			return p.decorrelateProject(n)
		}
		return x
	})
}

func (p *planner) decorrelateFilter(n *lFilter) rel {
	in := n.in
	var rest []plan.Expr
	for _, c := range n.conds {
		if j := p.asJoin(in, c); j != nil {
			p.changed = true
			in = j
			continue
		}
		rest = append(rest, c)
	}
	// scalar subqueries in what is left
	for i, c := range rest {
		if hasSubquery(c) {
			in, rest[i] = p.scalarsToJoins(in, c)
		}
	}
	return filterOver(in, rest)
}

func (p *planner) decorrelateProject(n *lProject) rel {
	found := false
	for _, it := range n.items {
		found = found || hasSubquery(it.expr)
	}
	if !found {
		return n
	}
	c := n.clone().(*lProject)
	for i := range c.items {
		if hasSubquery(c.items[i].expr) {
			c.in, c.items[i].expr = p.scalarsToJoins(c.in, c.items[i].expr)
		}
	}
	return c
}

// asJoin makes a condition that is a subquery a semi or anti join; nil if it
// is none or cannot be.
func (p *planner) asJoin(in rel, c plan.Expr) rel {
	not := false
	if n, ok := c.(*plan.Not); ok {
		not, c = true, n.Arg
	}
	s, ok := c.(*subquery)
	if !ok {
		return nil
	}
	kind := plan.SemiJoin
	if not {
		kind = plan.AntiJoin
	}
	switch s.kind {
	case plan.SubExists:
		sub := stripExists(s.q)
		if p.judging { // PostgreSQL makes joins of few
			sub = simpleExists(s.q)
		}
		if sub == nil {
			return nil
		}
		q, conds, ok := p.pullCorrelated(sub, freeCols(sub))
		if !ok || len(conds) == 0 {
			return nil
		}
		return &lJoin{kind: kind, l: in, r: q, conds: conds}
	case plan.SubAny:
		if isVolatile(s.test) || hasSubquery(s.test) {
			return nil
		}
		sub := s.q
		for {
			if o, ok := sub.(*lSort); ok {
				sub = o.in
			} else if d, ok := sub.(*lDistinct); ok && d.on == nil {
				sub = d.in
			} else {
				break
			}
		}
		q, conds, ok := p.pullCorrelated(sub, freeCols(sub))
		if !ok {
			return nil
		}
		test := splitAnd(s.test, nil)
		if !colsOf(s.test).meets(outSet(in)) {
			return nil // compares a constant: better a subplan, run once
		}
		if not {
			if p.neverNull(s.lefts, in) && s.lefts != nil && p.neverNull(s.rights, q) {
				return &lJoin{kind: kind, l: in, r: q, conds: append(test, conds...)}
			}
			if len(conds) > 0 || len(s.lefts) != 1 {
				return nil
			}
			if _, _, ok := sameHash(s.lefts[0], s.rights[0]); !ok {
				return nil
			}
			if colsOf(s.lefts[0]).empty() || colsOf(s.rights[0]).empty() {
				return nil
			}
			return &lJoin{kind: plan.AntiNullJoin, l: in, r: q, conds: test}
		}
		return &lJoin{kind: kind, l: in, r: q, conds: append(test, conds...)}
	}
	return nil
}

// neverNull tells whether expressions over a rel are columns that cannot be NULL.
func (p *planner) neverNull(es []plan.Expr, r rel) bool {
	nullable := nullableCols(r)
	for _, e := range es {
		if k, ok := e.(*plan.Const); ok && !k.Val.IsNull() {
			continue
		}
		c, ok := bareColumn(e)
		if !ok || nullable.has(c.Idx) {
			return false
		}
		ci := &p.cols[c.Idx]
		if ci.scan != nil && ci.attnum > 0 && ci.scan.columnNotNull(ci.attnum) {
			continue
		}
		return false
	}
	return true
}

// nullableCols are the columns that outer joins in r may fill with NULL.
func nullableCols(r rel) colSet {
	var s colSet
	var walk func(r rel)
	walk = func(r rel) {
		if j, ok := r.(*lJoin); ok {
			if j.kind == plan.LeftJoin || j.kind == plan.FullJoin {
				s.union(outSet(j.r))
			}
			if j.kind == plan.FullJoin || j.kind == plan.RightJoin {
				s.union(outSet(j.l))
			}
		}
		if g, ok := r.(*lGroup); ok && g.sets != nil {
			s.union(outSet(g))
		}
		for _, k := range r.kids() {
			walk(*k)
		}
	}
	walk(r)
	return s
}

// stripExists takes off what does not matter to whether there is a row. The select
// list goes, whatever it calls; what a query below computes by volatile functions stays.
func stripExists(r rel) rel {
	list := true
	for {
		switch n := r.(type) {
		case *lProject:
			for _, it := range n.items {
				if !list && isVolatile(it.expr) {
					return nil
				}
			}
			r, list = n.in, false
		case *lSort:
			r = n.in
		case *lDistinct:
			r = n.in
		case *lLimit:
			if n.offset != nil || n.count == nil {
				return nil
			}
			if c, ok := simplified(n.count).(*plan.Const); !ok || c.Val.IsNull() || c.Val.I < 1 {
				return nil
			}
			r = n.in
		default:
			return r
		}
	}
}

// simpleExists is stripExists of what PostgreSQL takes the select list off; of anything else
// it computes the columns, and finds the mistakes in them.
func simpleExists(r rel) rel {
	r = stripExists(r)
	switch n := r.(type) {
	case *lGroup:
		if n.sets != nil || len(n.calls) > 0 || len(n.groups) == 0 {
			return nil
		}
	case *lFilter:
		if _, having := n.in.(*lGroup); having {
			return nil
		}
	case *lValues:
		if len(n.rows) == 1 {
			return &lValues{rows: [][]plan.Expr{{}}}
		}
	case *lWindow, *lUnnest, *lLock, *lUnion, *lSetOp, *lRecursive:
		return nil
	}
	return r
}

// pullCorrelated takes the conditions that read outer columns out of a rel.
// It fails if these are read elsewhere, and where there would be fewer calls of
// volatile functions.
func (p *planner) pullCorrelated(r rel, outer colSet) (rel, []plan.Expr, bool) {
	if !freeCols(r).meets(outer) {
		return r, nil, true
	}
	switch n := r.(type) {
	case *lFilter:
		in, conds, ok := p.pullCorrelated(n.in, outer)
		if !ok {
			return nil, nil, false
		}
		up, stay := split(n.conds, func(c plan.Expr) bool { return colsOf(c).meets(outer) })
		for _, c := range up {
			if isVolatile(c) {
				return nil, nil, false
			}
		}
		return filterOver(in, stay), append(conds, up...), true
	case *lProject:
		in, conds, ok := p.pullCorrelated(n.in, outer)
		if !ok {
			return nil, nil, false
		}
		for _, it := range n.items {
			if colsOf(it.expr).meets(outer) || isVolatile(it.expr) {
				return nil, nil, false
			}
		}
		c := n.clone().(*lProject)
		c.in = in
		have := setOf(itemIDs(c.items))
		made := outSet(in)
		for _, x := range conds {
			for id := range eachCol(colsOf(x)) {
				if made.has(id) && !have.has(id) {
					have.add(id)
					c.items = append(c.items, projItem{id, p.col(id)})
				}
			}
		}
		return c, conds, true
	case *lJoin:
		if n.kind == plan.FullJoin || n.kind == plan.AntiNullJoin {
			return nil, nil, false
		}
		l, lc, ok := p.pullCorrelated(n.l, outer)
		if !ok {
			return nil, nil, false
		}
		c := n.clone().(*lJoin)
		c.l = l
		if n.kind != plan.InnerJoin {
			for _, x := range n.conds {
				if colsOf(x).meets(outer) {
					return nil, nil, false
				}
			}
			if freeCols(n.r).meets(outer) {
				return nil, nil, false
			}
			return c, lc, true
		}
		rr, rc, ok := p.pullCorrelated(n.r, outer)
		if !ok {
			return nil, nil, false
		}
		c.r = rr
		up, stay := split(n.conds, func(x plan.Expr) bool { return colsOf(x).meets(outer) })
		c.conds = stay
		return c, append(append(lc, rc...), up...), true
	case *lSort:
		return p.pullCorrelated(n.in, outer)
	}
	return nil, nil, false
}

// eachCol gives the members of a set.
func eachCol(s colSet) map[colID]bool {
	out := map[colID]bool{}
	for i := 0; i < len(s)*64; i++ {
		if s.has(i) {
			out[i] = true
		}
	}
	return out
}

// scalarsToJoins replaces the correlated scalar subqueries of an expression by
// columns of joins put over in.
func (p *planner) scalarsToJoins(in rel, e plan.Expr) (rel, plan.Expr) {
	e = mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		s, ok := x.(*subquery)
		if !ok {
			switch x.(type) {
			case *plan.Case, *plan.Coalesce:
				// branches that may not be reached are better not computed
				return x, true
			}
			return nil, false
		}
		if s.kind != plan.SubScalar || freeCols(s.q).empty() || !freeCols(s.q).meets(outSet(in)) {
			return x, true
		}
		j, val := p.scalarJoin(in, s)
		if j == nil {
			return x, true
		}
		p.changed = true
		in = j
		return val, true
	})
	return in, e
}

func (p *planner) scalarJoin(in rel, s *subquery) (rel, plan.Expr) {
	pr, ok := s.q.(*lProject)
	if !ok || len(pr.items) < 1 || pr.items[0].id != s.cols[0] || isVolatile(pr.items[0].expr) || hasSubquery(pr.items[0].expr) {
		return nil, nil
	}
	val := pr.items[0].expr
	left := outSet(in)
	g, isGroup := pr.in.(*lGroup)
	if !isGroup {
		return p.uniqueJoin(in, pr.in, val)
	}
	if len(g.groups) > 0 || g.sets != nil || colsOf(val).meets(left) {
		return nil, nil
	}
	for i := range g.calls {
		c := &g.calls[i].call
		for _, a := range append(append([]plan.Expr(nil), c.Args...), c.Direct...) {
			if colsOf(a).meets(left) {
				return nil, nil
			}
		}
		if c.Filter != nil && colsOf(c.Filter).meets(left) {
			return nil, nil
		}
	}
	q, conds, ok := p.pullCorrelated(g.in, freeCols(g.in))
	if !ok || len(conds) == 0 || !freeCols(q).empty() && freeCols(q).meets(left) {
		return nil, nil
	}
	own := outSet(q)
	ng := &lGroup{in: q, calls: g.calls}
	var on []plan.Expr
	var keys []plan.Expr
	for _, c := range conds {
		l, r, nulls, ok := equality(c)
		if !ok || nulls {
			return nil, nil
		}
		if colsOf(l).meets(own) {
			l, r = r, l
		}
		if colsOf(l).meets(own) || colsOf(r).meets(left) || !colsOf(r).subsetOf(own) {
			return nil, nil
		}
		call := c.(*plan.Call)
		var id colID
		at := -1
		for k := range ng.groups {
			if equalExprs(ng.groups[k].expr, r) {
				at = k
			}
		}
		if at >= 0 {
			id = ng.groups[at].id
		} else {
			id = p.newCol("", r.Type(), r.Typmod())
			ng.groups = append(ng.groups, projItem{id, r})
			keys = append(keys, r)
		}
		cc := *call
		if equalExprs(call.Args[0], r) {
			cc.Args = []plan.Expr{p.col(id), l}
		} else {
			cc.Args = []plan.Expr{l, p.col(id)}
		}
		on = append(on, &cc)
	}
	if p.cheaperByRow(in, q, keys) {
		return nil, nil
	}
	// an empty group counts 0
	by := map[colID]plan.Expr{}
	for i := range g.calls {
		if n := g.calls[i].call.Fn.Name; n == "count" || n == "regr_count" {
			col := p.col(g.calls[i].id)
			by[g.calls[i].id] = &plan.Coalesce{T: col.T, Args: []plan.Expr{col, constInt(0, types.Int8)}}
		}
	}
	return &lJoin{kind: plan.LeftJoin, l: in, r: ng, conds: on}, substitute(val, by)
}

// cheaperByRow tells whether looking up each outer row's group through an
// index beats computing all groups.
func (p *planner) cheaperByRow(outer, inner rel, keys []plan.Expr) bool {
	s := baseScan(inner)
	if s == nil || s.tree != nil {
		return false
	}
	n := p.tableRows(s.table)
	for i, ix := range s.table.Indexes {
		if ix.RowID || !p.indexUsable(s, i, nil) || len(ix.Keys) == 0 {
			continue
		}
		lead := p.keyExprs(s, ix)[0]
		for _, k := range keys {
			if lead != nil && sameKey(k, lead) {
				per := 1 + n/p.distinctValues(k, n)*(fetchCost+rowCost)
				return p.roughRows(outer)*per < n*rowCost*3
			}
		}
	}
	return false
}

// baseScan is the one table a filtered rel reads.
func baseScan(r rel) *lScan {
	for {
		switch n := r.(type) {
		case *lScan:
			return n
		case *lFilter:
			r = n.in
		case *lProject:
			r = n.in
		default:
			return nil
		}
	}
}

// roughRows estimates a rel's rows before paths are known.
func (p *planner) roughRows(r rel) float64 {
	switch n := r.(type) {
	case *lScan:
		return max(1, p.tableRows(n.table)*p.selectivity(n.conds))
	case *lValues:
		if n.lit != nil {
			return float64(n.lit[0].Len)
		}
		return float64(len(n.rows))
	case *lFilter:
		return max(1, p.roughRows(n.in)*p.selectivity(n.conds))
	case *lJoin:
		l := p.roughRows(n.l)
		if n.kind >= plan.SemiJoin {
			return max(1, l/2)
		}
		x := l * p.roughRows(n.r) * p.selectivity(n.conds)
		if n.kind == plan.LeftJoin {
			return max(l, x)
		}
		return max(1, x)
	case *lGroup:
		if len(n.groups) == 0 {
			return 1
		}
		return max(1, p.roughRows(n.in)/10)
	}
	if ks := r.kids(); len(ks) > 0 {
		return p.roughRows(*ks[0])
	}
	return defaultRows
}

// uniqueJoin makes a scalar subquery that reads at most one row, by a unique
// key, a left join.
func (p *planner) uniqueJoin(in, sub rel, val plan.Expr) (rel, plan.Expr) {
	left := outSet(in)
	if baseScan(sub) == nil || colsOf(val).meets(left) {
		return nil, nil
	}
	q, conds, ok := p.pullCorrelated(sub, freeCols(sub))
	if !ok || len(conds) == 0 {
		return nil, nil
	}
	own := outSet(q)
	// with no row the value is NULL, as it is over NULLs
	if !nullIfNull(val, own) {
		return nil, nil
	}
	var eq colSet
	note := func(c plan.Expr) {
		if l, r, nulls, ok := equality(c); ok && !nulls {
			if lc, ok := bareColumn(l); ok && own.has(lc.Idx) && !colsOf(r).meets(own) {
				eq.add(lc.Idx)
			}
			if rc, ok := bareColumn(r); ok && own.has(rc.Idx) && !colsOf(l).meets(own) {
				eq.add(rc.Idx)
			}
		}
	}
	for _, c := range conds {
		note(c)
	}
	if f, ok := q.(*lFilter); ok {
		for _, c := range f.conds {
			note(c)
		}
	}
	if !uniqueOn(q, eq, false) {
		return nil, nil
	}
	return &lJoin{kind: plan.LeftJoin, l: in, r: q, conds: conds}, val
}

// uniqueOn tells whether no two rows of a rel agree in the columns; nulls: not by being NULL either,
// which is what DISTINCT needs.
func uniqueOn(r rel, cols colSet, nulls bool) bool {
	switch n := r.(type) {
	case *lScan:
		for _, ix := range n.indexes() {
			if !ix.Unique || ix.Where != "" || ix.RowID || ix.Building || ix.Deferrable {
				continue
			}
			ok := len(ix.Keys) > 0
			for _, k := range ix.Keys {
				ok = ok && k.Attnum > 0 && cols.has(n.base+int(k.Attnum)-1) && (!nulls || ix.NullsEqual || n.columnNotNull(k.Attnum))
			}
			if ok {
				return true
			}
		}
		return false
	case *lFilter:
		return uniqueOn(n.in, cols, nulls)
	case *lSort:
		return uniqueOn(n.in, cols, nulls)
	case *lLimit:
		if c, ok := n.count.(*plan.Const); ok && n.ties == nil && !c.Val.IsNull() && c.Val.I <= 1 {
			return true
		}
		return uniqueOn(n.in, cols, nulls)
	case *lProject:
		var below colSet
		for _, it := range n.items {
			if c, ok := it.expr.(*plan.Col); ok && cols.has(it.id) {
				below.add(c.Idx)
			}
		}
		return uniqueOn(n.in, below, nulls)
	case *lValues:
		return n.lit == nil && len(n.rows) == 1
	case *lGroup:
		if n.sets != nil {
			return len(n.sets) == 1 && len(n.sets[0]) == 0 // one row
		}
		for _, g := range n.groups {
			if !cols.has(g.id) {
				return false
			}
		}
		return true
	case *lDistinct:
		if n.on != nil {
			return setOf(n.on).subsetOf(cols)
		}
		return outSet(n).subsetOf(cols)
	case *lJoin:
		switch n.kind {
		case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
			return uniqueOn(n.l, cols, nulls)
		case plan.InnerJoin, plan.LeftJoin:
			return uniqueOn(n.l, cols, nulls) && uniqueOn(n.r, cols, nulls)
		}
	}
	return false
}

// EliminateDistinct drops DISTINCT where rows cannot repeat.
func eliminateDistinct(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		d, ok := x.(*lDistinct)
		if !ok || d.on != nil || !uniqueOn(d.in, outSet(d.in), true) {
			return x
		}
		p.changed = true
		return d.in
	})
}
