package planner

import "rowkey/planner/plan"

// LateralToJoin takes the conditions that read the left side of a LATERAL join out of its
// right side, which thereby is no longer LATERAL:
//
//	a, LATERAL (SELECT … FROM b WHERE b.x = a.y) AS s              →  a JOIN b ON b.x = a.y
//	a LEFT JOIN LATERAL (SELECT … FROM b WHERE b.x = a.y) … ON c   →  a LEFT JOIN b ON c AND b.x = a.y
//
// so that it need not be run anew for each row of the left side (where that is cheaper, by
// an index, joining.perRow still does it). All of what the right side reads must be in such
// conditions, or, of an inner join, in the select list. What orders, groups or limits its
// rows stays as it is.
func lateralToJoin(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		if n, ok := x.(*lJoin); ok && (n.kind == plan.InnerJoin || n.kind == plan.LeftJoin) {
			return p.withoutLateral(n)
		}
		return x
	})
}

func (p *planner) withoutLateral(n *lJoin) rel {
	left := outSet(n.l)
	if !freeCols(n.r).meets(left) || sorts(n.r) {
		return n
	}
	right, conds := n.r, n.conds
	var list []projItem // computed above the join
	if pr, ok := right.(*lProject); ok && n.kind == plan.InnerJoin && !steady(pr.items, left) {
		for _, id := range n.l.outCols() {
			list = append(list, projItem{id, p.col(id)})
		}
		by := map[colID]plan.Expr{}
		for _, it := range pr.items {
			if isVolatile(it.expr) {
				return n
			}
			if by[it.id] = it.expr; !left.has(it.id) {
				list = append(list, it)
			}
		}
		right, conds = pr.in, copyExprs(conds)
		for i := range conds {
			conds[i] = substitute(conds[i], by)
		}
	}
	q, pulled, ok := p.pullCorrelated(right, left)
	if !ok {
		return n
	}
	p.changed = true
	j := &lJoin{kind: n.kind, l: n.l, r: q, conds: append(pulled, conds...)}
	if list == nil {
		return j
	}
	return &lProject{in: j, items: list}
}

// steady tells that a select list reads none of the columns.
func steady(items []projItem, cols colSet) bool {
	for _, it := range items {
		if colsOf(it.expr).meets(cols) {
			return false
		}
	}
	return true
}

// sorts tells whether a subquery in FROM orders its rows.
func sorts(r rel) bool {
	switch n := r.(type) {
	case *lSort:
		return true
	case *lFilter:
		return sorts(n.in)
	case *lProject:
		return sorts(n.in)
	case *lJoin:
		return sorts(n.l) || n.kind < plan.SemiJoin && sorts(n.r)
	}
	return false
}
