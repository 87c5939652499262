package planner

import (
	"slices"

	"rowkey/planner/plan"
)

// RemoveLeftJoins drops the right side of a left join that nobody reads and
// that has one row at most for each row on the left: the join changes nothing.
//
//	SELECT a.* FROM a LEFT JOIN b ON a.b_id = b.id     →  a      (b.id is a key)
//	… LEFT JOIN (SELECT x FROM b GROUP BY x) s ON a.x = s.x      likewise
//
// Views that join more than a query asks for cost nothing this way.
func removeLeftJoins(p *planner, r rel) rel {
	for {
		var found *lJoin
		p.eachRel(r, func(x rel) {
			if j, ok := x.(*lJoin); ok && found == nil && p.idleJoin(r, j) {
				found = j
			}
		})
		if found == nil {
			return r
		}
		p.changed = true
		r = p.everywhere(r, func(x rel) rel {
			// joins below the one found may have been rewritten: it is known by its columns
			if j, ok := x.(*lJoin); ok && j.kind == plan.LeftJoin && slices.Equal(j.r.outCols(), found.r.outCols()) && slices.Equal(j.l.outCols(), found.l.outCols()) {
				return j.l
			}
			return x
		})
	}
}

// eachRel visits the rels of a tree and of the subqueries in its expressions.
func (p *planner) eachRel(r rel, visit func(rel)) {
	visit(r)
	if p.hasSubqueries {
		r.exprs(func(e *plan.Expr) {
			walkExprOnly(*e, func(x plan.Expr) {
				if s, ok := x.(*subquery); ok {
					p.eachRel(s.q, visit)
				}
			})
		})
	}
	for _, k := range r.kids() {
		p.eachRel(*k, visit)
	}
}

// idleJoin tells whether a join of the tree root can be left out.
func (p *planner) idleJoin(root rel, j *lJoin) bool {
	if j.kind != plan.LeftJoin {
		return false
	}
	right := outSet(j.r)
	var given colSet
	for _, c := range j.conds {
		l, r, _, ok := equality(c)
		if !ok {
			continue
		}
		for range 2 {
			if col, plain := bareColumn(l); plain && right.has(col.Idx) && !colsOf(r).meets(right) && !isVolatile(r) {
				given.add(col.Idx)
			}
			l, r = r, l
		}
	}
	if !uniqueOn(j.r, given, false) {
		return false
	}
	volatile := false
	walkRel(j.r, func(e plan.Expr) { volatile = volatile || isVolatile(e) })
	return !volatile && !p.readOutside(root, j).meets(right)
}

// readOutside are the columns that the statement reads elsewhere than in a
// join's condition and on its right side.
func (p *planner) readOutside(root rel, j *lJoin) colSet {
	was := p.plannerPhysical
	p.plannerPhysical = plannerPhysical{idle: j}
	p.collectUsed(root, p.out)
	for _, def := range p.ctes {
		if def.rel != nil && !def.inlined {
			p.collectUsed(def.rel, def.outCols)
		}
	}
	used := p.used
	p.plannerPhysical = was
	return used
}
