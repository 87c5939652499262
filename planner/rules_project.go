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
	u := &puller{p: p, root: r}
	r, _ = u.walk(r, false, false)
	return r
}

type puller struct {
	p *planner
	// all removes what PostgreSQL does: to see what it would look at, not to run it.
	all bool
	// root is what is walked; nested are the columns that its subqueries read of queries
	// around them, once looked is set.
	root   rel
	nested colSet
	looked bool
}

// readsNested tells whether subqueries read a column of a query around them.
func (u *puller) readsNested(id colID) bool {
	if !u.looked && u.p.hasSubqueries {
		u.p.eachRel(u.root, func(x rel) {
			x.exprs(func(e *plan.Expr) {
				walkExprOnly(*e, func(y plan.Expr) {
					if s, ok := y.(*subquery); ok {
						u.nested.union(freeCols(s.q))
					}
				})
			})
		})
	}
	u.looked = true
	return u.nested.has(id)
}

// walk removes projections below r. free: the parent takes columns by
// expression; nullable: an outer join above may replace them by NULL. What it
// gives back besides the rel says what the removed columns are; it holds up to
// the next operator that makes its columns itself.
func (u *puller) walk(r rel, free, nullable bool) (rel, map[colID]plan.Expr) {
	r = u.p.inSubqueries(r, func(q rel) rel { q, _ = u.walk(q, false, false); return q })
	if v, ok := r.(*lValues); ok && free && !u.all {
		if n := projectOf(v); n != nil && u.removable(n, nullable) {
			r = n
		}
	}
	if n, ok := r.(*lProject); ok {
		in, by := u.walk(n.in, true, nullable)
		c := n
		if in != n.in || by != nil {
			c = n.clone().(*lProject)
			c.in = in
			for i := range c.items {
				c.items[i].expr = substituteIn(c.items[i].expr, by)
			}
		}
		if !free || !u.removable(c, nullable) {
			return c, nil
		}
		u.p.changed = true
		out := map[colID]plan.Expr{}
		for _, it := range c.items {
			if k, ok := it.expr.(*plan.Col); !ok || k.Idx != it.id {
				out[it.id] = it.expr
			}
		}
		return c.in, out
	}
	ks := r.kids()
	if len(ks) == 0 {
		return r, nil
	}
	c := r.clone()
	var by map[colID]plan.Expr
	for i, k := range c.kids() {
		f, nl := free, nullable
		switch n := r.(type) {
		case *lGroup:
			f, nl = true, false
		case *lDistinct, *lUnion, *lSetOp, *lRecursive:
			f = false
		case *lLimit, *lSort, *lWindow, *lUnnest:
			f = f && !u.all
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
			if i == 1 && by != nil {
				// a LATERAL right side reads the left's columns
				*k = mapRel(*k, func(x plan.Expr) (plan.Expr, bool) { return replaced(x, by) })
			}
		}
		in, m := u.walk(*k, f, nl)
		*k = in
		if by == nil {
			by = m
		} else {
			for id, e := range m {
				by[id] = e
			}
		}
	}
	if len(by) > 0 {
		c.exprs(func(e *plan.Expr) { *e = substituteIn(*e, by) })
	}
	switch c.(type) {
	case *lGroup, *lUnion, *lSetOp, *lRecursive, *dmlRel:
		return c, nil
	}
	return c, by
}

// projectOf gives the projection that VALUES of one row are, nil of any other.
func projectOf(v *lValues) *lProject {
	if len(v.rows) != 1 || len(v.cols) == 0 {
		return nil
	}
	n := &lProject{in: &lValues{rows: [][]plan.Expr{{}}}}
	for i, id := range v.cols {
		n.items = append(n.items, projItem{id, v.rows[0][i]})
	}
	return n
}

func replaced(x plan.Expr, by map[colID]plan.Expr) (plan.Expr, bool) {
	if c, ok := x.(*plan.Col); ok {
		if e, ok := by[c.Idx]; ok {
			return e, true
		}
		return x, true
	}
	return nil, false
}

func substituteIn(e plan.Expr, by map[colID]plan.Expr) plan.Expr {
	if len(by) == 0 {
		return e
	}
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) { return replaced(x, by) })
}

func (u *puller) removable(n *lProject, nullable bool) bool {
	if u.all && !dissolves(n.in) {
		return false
	}
	for _, it := range n.items {
		if c, ok := it.expr.(*plan.Col); ok {
			// a LATERAL projection may show columns of the other side, which
			// the outer join does not replace by NULL
			if nullable && !outSet(n.in).has(c.Idx) {
				return false
			}
			continue
		}
		if u.all {
			if isVolatile(it.expr) {
				return false
			}
			continue
		}
		if nullable || isVolatile(it.expr) || hasSubquery(it.expr) {
			return false
		}
		// a large expression used many times is better computed once, as is one that a subquery
		// would compute for each of its rows
		if size(it.expr) > 12 || !dissolves(n.in) && u.readsNested(it.id) {
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
