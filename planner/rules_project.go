package planner

import "rowkey/planner/plan"

// PullUpProjects removes projections between operators: what computes with a
// projected column computes with its expression instead. Subqueries in FROM and
// views dissolve in their surroundings this way, so that their joins can be
// reordered and their filters pushed to tables. A projection stays where its
// columns are wanted as such (at the top, under set operations), where it
// calls volatile functions or subqueries, and, unless it only renames, on the
// side of an outer join that may be filled with NULLs.
func pullUpProjects(p *planner, r rel) rel {
	u := &puller{p: p, by: map[colID]plan.Expr{}}
	r = u.walk(r, false, false)
	if len(u.by) == 0 {
		return r
	}
	p.changed = true
	u.close()
	return mapRel(r, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok {
			if e, ok := u.by[c.Idx]; ok {
				return e, true
			}
			return x, true
		}
		return nil, false
	})
}

type puller struct {
	p  *planner
	by map[colID]plan.Expr
}

// close substitutes within the substitutions.
func (u *puller) close() {
	var resolve func(e plan.Expr) plan.Expr
	resolve = func(e plan.Expr) plan.Expr {
		return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
			if c, ok := x.(*plan.Col); ok {
				if by, ok := u.by[c.Idx]; ok {
					if r, same := by.(*plan.Col); same && r.Idx == c.Idx {
						return x, true
					}
					return resolve(by), true
				}
				return x, true
			}
			return nil, false
		})
	}
	for id, e := range u.by {
		u.by[id] = resolve(e)
	}
}

// walk removes projections below r. free: the parent takes columns by
// expression; nullable: an outer join above may replace them by NULL.
func (u *puller) walk(r rel, free, nullable bool) rel {
	switch n := r.(type) {
	case *lProject:
		in := u.walk(n.in, true, nullable)
		if free && u.removable(n, nullable) {
			for _, it := range n.items {
				if c, ok := it.expr.(*plan.Col); !ok || c.Idx != it.id {
					u.by[it.id] = it.expr
				}
			}
			u.p.changed = true
			return u.subs(in)
		}
		if in != n.in {
			c := n.clone().(*lProject)
			c.in = in
			return u.subs(c)
		}
		return u.subs(r)
	}
	c := r.clone()
	for i, k := range c.kids() {
		f, nl := free, nullable
		switch n := r.(type) {
		case *lGroup:
			f, nl = true, false
		case *lDistinct, *lUnion, *lSetOp, *lRecursive:
			f = false
		case *dmlRel:
			f = n.kind != dmlInsert
		case *lJoin:
			switch n.kind {
			case plan.LeftJoin:
				nl = nl || i == 1
			case plan.FullJoin:
				nl = true
			case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
				if i == 1 {
					f, nl = true, false
				}
			}
		}
		*k = u.walk(*k, f, nl)
	}
	return u.subs(c)
}

// subs goes into subqueries.
func (u *puller) subs(r rel) rel {
	return u.p.inSubqueries(r, func(q rel) rel { return u.walk(q, false, false) })
}

func (u *puller) removable(n *lProject, nullable bool) bool {
	for _, it := range n.items {
		if isColumn(it.expr) {
			continue
		}
		if nullable || isVolatile(it.expr) || hasSubquery(it.expr) {
			return false
		}
		// a large expression used many times is better computed once
		if size(it.expr) > 12 {
			return false
		}
	}
	return true
}

func size(e plan.Expr) int {
	n := 0
	walkExpr(e, func(plan.Expr) bool { n++; return true })
	return n
}
