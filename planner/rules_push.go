package planner

import "rowkey/planner/plan"

// PushDownPredicates moves each condition as close to the tables as it can
// stand: through projections, grouping (conditions on grouped columns),
// unions, windows (on the partition), into either side of joins, at last into
// the scan.
func pushDownPredicates(p *planner, r rel) rel {
	return p.push(r, nil)
}

// push rebuilds r under conditions that are to hold above it.
func (p *planner) push(r rel, conds []plan.Expr) rel {
	r = p.inSubqueries(r, func(q rel) rel { return p.push(q, nil) })
	switch n := r.(type) {
	case *lFilter:
		all := append(append([]plan.Expr(nil), n.conds...), conds...) // those of a subquery before those around it
		return p.push(n.in, all)
	case *lScan:
		var own, rest []plan.Expr
		for _, c := range conds {
			if p.hasSubqueries && hasSubquery(c) || colsOf(c).empty() && !isVolatile(c) {
				rest = append(rest, c)
				continue
			}
			switch known, holds := n.knownOf(c); {
			case !known:
				own = append(own, c)
			case !holds:
				return p.nothing(n)
			default:
				p.changed = true
			}
		}
		if len(own) > 0 {
			p.changed = true
			c := n.clone().(*lScan)
			c.conds = append(c.conds, own...)
			r = c
			p.rescan(n, c)
		}
		return filterOver(r, rest)
	case *lProject:
		by := map[colID]plan.Expr{}
		bad := map[colID]bool{}
		for _, it := range n.items {
			if isColumn(it.expr) && it.expr.(*plan.Col).Idx == it.id {
				continue
			}
			by[it.id] = it.expr
			bad[it.id] = isVolatile(it.expr) || hasSubquery(it.expr)
		}
		down, stay := split(conds, func(c plan.Expr) bool {
			ok := true
			for id, b := range bad {
				if b && colsOf(c).has(id) {
					ok = false
				}
			}
			return ok && !isVolatile(c)
		})
		down, never := p.substituted(down, by)
		c := n.clone().(*lProject)
		c.in = p.push(n.in, down)
		if never {
			c.in = p.nothing(n.in)
		}
		return filterOver(c, stay)
	case *lJoin:
		return p.pushJoin(n, conds)
	case *lGroup:
		var grouped colSet
		by := map[colID]plan.Expr{}
		for i, g := range n.groups {
			inAll := true
			for _, s := range n.sets {
				inAll = inAll && indexOf(s, i) >= 0
			}
			if inAll {
				grouped.add(g.id)
				by[g.id] = g.expr
			}
		}
		own := outSet(n)
		down, stay := split(conds, func(c plan.Expr) bool {
			cs := colsOf(c)
			for i, w := range cs {
				if i < len(own) && w&own[i] != 0 {
					if i >= len(grouped) || w&own[i]&^grouped[i] != 0 {
						return false
					}
				}
			}
			return !isVolatile(c) && len(n.groups) > 0 && cs.meets(own)
		})
		for i := range down {
			down[i] = substitute(down[i], by)
		}
		c := n.clone().(*lGroup)
		c.in = p.push(n.in, down)
		return filterOver(c, stay)
	case *lWindow:
		var part colSet
		for _, e := range n.partition {
			if c, ok := e.(*plan.Col); ok {
				part.add(c.Idx)
			}
		}
		own := outSet(n)
		down, stay := split(conds, func(c plan.Expr) bool {
			cs := colsOf(c)
			for i, w := range cs {
				if i < len(own) && w&own[i] != 0 && (i >= len(part) || w&own[i]&^part[i] != 0) {
					return false
				}
			}
			return !isVolatile(c) && cs.meets(own)
		})
		c := n.clone().(*lWindow)
		c.in = p.push(n.in, down)
		return filterOver(c, stay)
	case *lSort:
		c := n.clone().(*lSort)
		c.in = p.push(n.in, conds)
		return c
	case *lLock:
		down, stay := split(conds, func(c plan.Expr) bool { return !isVolatile(c) && !hasSubquery(c) })
		c := n.clone().(*lLock)
		c.in = p.push(n.in, down)
		return filterOver(c, stay)
	case *lDistinct:
		on := setOf(n.on)
		own := outSet(n)
		_, union := n.in.(*lUnion) // UNION, not DISTINCT
		down, stay := split(conds, func(c plan.Expr) bool {
			for i, w := range colsOf(c) {
				if n.on != nil && i < len(own) && w&own[i] != 0 && (i >= len(on) || w&own[i]&^on[i] != 0) {
					return false
				}
			}
			return union || !isVolatile(c)
		})
		c := n.clone().(*lDistinct)
		c.in = p.push(n.in, down)
		return filterOver(c, stay)
	case *lUnion:
		down, stay := split(conds, func(c plan.Expr) bool { return !isVolatile(c) && !hasSubquery(c) })
		c := n.clone().(*lUnion)
		for i := range c.ins {
			by := map[colID]plan.Expr{}
			for k, id := range n.cols {
				by[id] = p.col(n.inCols[i][k])
			}
			var mine []plan.Expr
			for _, x := range down {
				mine = append(mine, substitute(x, by))
			}
			c.ins[i] = p.push(n.ins[i], mine)
		}
		return filterOver(p.withoutEmpty(c), stay)
	case *lSetOp:
		c := n.clone().(*lSetOp)
		c.l, c.r = p.push(n.l, nil), p.push(n.r, nil)
		return filterOver(c, conds)
	case *lUnnest:
		own := setOf(itemIDs(n.items))
		down, stay := split(conds, func(c plan.Expr) bool { return !colsOf(c).meets(own) && !isVolatile(c) })
		c := n.clone().(*lUnnest)
		c.in = p.push(n.in, down)
		return filterOver(c, stay)
	}
	c := r.clone()
	for _, k := range c.kids() {
		*k = p.push(*k, nil)
	}
	return filterOver(c, conds)
}

// substituted are conditions in terms of what columns stand for, folded; never
// tells that one of them cannot be true.
func (p *planner) substituted(conds []plan.Expr, by map[colID]plan.Expr) (out []plan.Expr, never bool) {
	for _, c := range conds {
		s := substitute(c, by)
		if s != c {
			s = p.simplifyCond(s)
		}
		if isFalse(s) {
			return nil, true
		}
		if !isTrue(s) {
			out = splitAnd(s, out)
		}
	}
	return out, false
}

// knownOf tells whether a condition on the rows of a table holds for all of
// them or for none, because of a NOT NULL.
func (s *lScan) knownOf(cond plan.Expr) (known, holds bool) {
	n, ok := cond.(*plan.IsNull)
	if !ok || s.table.Virtual != nil {
		return false, false
	}
	c, ok := n.Arg.(*plan.Col)
	if !ok || isRowType(c.Typ) || c.Idx < s.base || c.Idx >= s.base+len(s.table.Columns) {
		return false, false
	}
	return s.columnNotNull(int16(c.Idx-s.base) + 1), n.Not
}

// withoutEmpty leaves out the inputs of a UNION ALL that have no rows.
func (p *planner) withoutEmpty(n *lUnion) rel {
	var keep []int
	for i, in := range n.ins {
		if !isEmpty(in) {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(n.ins) {
		return n
	}
	p.changed = true
	if len(keep) == 0 {
		return p.nothing(n)
	}
	if len(keep) == 1 {
		one := &lProject{in: n.ins[keep[0]]}
		for k, id := range n.cols {
			one.items = append(one.items, projItem{id, p.col(n.inCols[keep[0]][k])})
		}
		return one
	}
	c := n.clone().(*lUnion)
	c.ins, c.inCols = nil, nil
	for _, i := range keep {
		c.ins, c.inCols = append(c.ins, n.ins[i]), append(c.inCols, n.inCols[i])
	}
	return c
}

// isEmpty tells that a rel has no rows.
func isEmpty(r rel) bool {
	switch n := r.(type) {
	case *lValues:
		return n.lit == nil && n.rows != nil && len(n.rows) == 0
	case *lProject:
		return isEmpty(n.in)
	case *lFilter:
		return isEmpty(n.in)
	}
	return false
}

// rescan keeps the references to a scan (column info, locks) with its copy.
func (p *planner) rescan(old, new *lScan) {
	for i := 0; i < len(old.table.Columns)+2; i++ {
		p.cols[old.base+i].scan = new
	}
}

func split(conds []plan.Expr, test func(plan.Expr) bool) (yes, no []plan.Expr) {
	for _, c := range conds {
		if test(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

func filterOver(r rel, conds []plan.Expr) rel {
	if len(conds) == 0 {
		return r
	}
	if f, ok := r.(*lFilter); ok {
		return &lFilter{in: f.in, conds: append(append([]plan.Expr(nil), f.conds...), conds...)}
	}
	return &lFilter{in: r, conds: conds}
}

// pushJoin distributes conditions (from above, and the join's own) over a join.
func (p *planner) pushJoin(n *lJoin, conds []plan.Expr) rel {
	lset, rset := outSet(n.l), outSet(n.r)
	c := n.clone().(*lJoin)
	onlyLeft := func(e plan.Expr) bool { cs := colsOf(e); return !cs.meets(rset) && cs.meets(lset) && !isVolatile(e) }
	onlyRight := func(e plan.Expr) bool { cs := colsOf(e); return !cs.meets(lset) && cs.meets(rset) && !isVolatile(e) }
	var above []plan.Expr
	var toL, toR []plan.Expr
	switch n.kind {
	case plan.InnerJoin:
		all := append(append([]plan.Expr(nil), n.conds...), conds...)
		toL, all = split(all, onlyLeft)
		toR, all = split(all, onlyRight)
		for _, e := range all {
			if l, r := armsOn(e, onlyLeft), armsOn(e, onlyRight); l != nil || r != nil {
				toL, toR = append(toL, p.narrowed(l)...), append(toR, p.narrowed(r)...)
			}
		}
		// subqueries stay above, where they do not decide join methods
		above, c.conds = split(all, func(e plan.Expr) bool { return hasSubquery(e) || colsOf(e).empty() })
	case plan.LeftJoin:
		toL, above = split(conds, onlyLeft)
		toR, c.conds = split(n.conds, onlyRight)
	case plan.SemiJoin:
		toL = conds
		var rest []plan.Expr
		toR, rest = split(n.conds, onlyRight)
		var more []plan.Expr
		more, c.conds = split(rest, onlyLeft)
		toL = append(append([]plan.Expr(nil), toL...), more...)
	case plan.AntiJoin:
		toL = conds
		toR, c.conds = split(n.conds, onlyRight)
	case plan.AntiNullJoin:
		toL = conds
	default: // full
		above = conds
	}
	if len(toL)+len(toR) > 0 {
		p.changed = true
	}
	c.l, c.r = p.push(n.l, toL), p.push(n.r, toR)
	return filterOver(c, above)
}

// narrowed is a derived condition, as a list if it can be one.
func (p *planner) narrowed(e plan.Expr) []plan.Expr {
	if e == nil {
		return nil
	}
	return splitAnd(p.simplifyCond(e), nil)
}

// armsOn weakens an OR over both sides of a join to one side: if every arm
// has conditions on that side alone, some arm's must hold.
func armsOn(e plan.Expr, side func(plan.Expr) bool) plan.Expr {
	or, ok := e.(*plan.Or)
	if !ok || len(or.Args) > 32 {
		return nil
	}
	var arms []plan.Expr
	for _, a := range or.Args {
		own, _ := split(splitAnd(a, nil), side)
		if len(own) == 0 {
			return nil
		}
		arms = append(arms, makeAnd(own))
	}
	return makeOr(arms)
}
