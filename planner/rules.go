package planner

import (
	"slices"

	"rowkey/planner/plan"
)

// rule is a rewriting of the algebra that keeps its meaning.
type rule struct {
	name  string
	apply func(*planner, rel) rel
	// needs tells from what the statement has whether the rule can apply; nil: always.
	needs func(*planner) bool
}

func needsCTEs(p *planner) bool       { return len(p.ctes) > 0 }
func needsSubqueries(p *planner) bool { return p.hasSubqueries }
func needsJoins(p *planner) bool      { return p.hasJoins || p.hasSubqueries }
func needsLateral(p *planner) bool    { return p.hasLateral }
func needsDistinct(p *planner) bool   { return p.hasDistinct }
func needsDerived(p *planner) bool    { return p.hasDerived }
func needsUnion(p *planner) bool      { return p.hasUnion }

// lessRead: constants that were folded and joins that were removed may have been all that read
// a column.
func lessRead(p *planner) bool {
	return p.hasDerived && (slices.Contains(p.fired, "FoldConstants") || slices.Contains(p.fired, "RemoveLeftJoins"))
}

// ruleList is every rule, in the order applied. Tests and EXPLAIN (ALGEBRA)
// know them by these names.
var ruleList = []rule{
	{"InlineCTE", inlineCTEs, needsCTEs},
	{"DropUnread", dropUnread, needsDerived},
	{"Decorrelate", decorrelate, needsSubqueries},
	{"PullUpProjects", pullUpProjects, nil},
	{"LateralToJoin", lateralToJoin, needsLateral},
	{"FoldConstants", foldConstants, nil},
	{"SimplifyOuterJoins", simplifyOuterJoins, needsJoins},
	{"TransitiveEqualities", transitiveEqualities, needsJoins},
	{"PushDownPredicates", pushDownPredicates, nil},
	{"SubqueryKeys", subqueryKeys, needsSubqueries},
	{"RemoveLeftJoins", removeLeftJoins, needsJoins},
	{"EliminateDistinct", eliminateDistinct, needsDistinct},
	{"PushDownLimit", pushDownLimit, needsUnion},
	{"DropUnread", dropUnread, lessRead},
}

// ownRules is where the rules begin that PostgreSQL's planner has not at this place.
const ownRules = 2

// applyRules runs the rules over a statement, its subqueries and WITH queries.
func (p *planner) applyRules(r rel, out []colID) rel {
	p.out = out
	r = p.dropCollates(r)
	for i, ru := range ruleList {
		if i == ownRules {
			p.keepWhole(r)
		}
		skip := ru.needs != nil && !ru.needs(p)
		for _, off := range p.req.Settings.DisabledRules {
			skip = skip || off == ru.name
		}
		if skip {
			continue
		}
		p.changed, p.root = false, r
		r = ru.apply(p, r)
		for _, def := range p.ctes {
			if def.rel != nil && !def.inlined && (def.refs > 0 || def.modifies) {
				def.rel = ru.apply(p, def.rel)
			}
		}
		if p.changed && !slices.Contains(p.fired, ru.name) {
			p.fired = append(p.fired, ru.name)
		}
	}
	return r
}

// inSubqueries applies f to the rels of all subqueries in a rel's expressions
// (at any depth of expression, not of rel).
func (p *planner) inSubqueries(r rel, f func(rel) rel) rel {
	found := false
	if p.hasSubqueries {
		r.exprs(func(e *plan.Expr) { found = found || hasSubquery(*e) })
	}
	if !found {
		return r
	}
	c := r.clone()
	c.exprs(func(e *plan.Expr) { *e = p.subqueriesOf(*e, f) })
	return c
}

func (p *planner) subqueriesOf(e plan.Expr, f func(rel) rel) plan.Expr {
	if !hasSubquery(e) {
		return e
	}
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		s, ok := x.(*subquery)
		if !ok {
			return nil, false
		}
		q := f(s.q)
		c := *s
		c.q = q
		for i := range c.lefts {
			if hasSubquery(c.lefts[i]) {
				c.lefts = copyExprs(c.lefts)
				c.lefts[i] = p.subqueriesOf(c.lefts[i], f)
			}
		}
		if c.test != nil {
			c.test = p.subqueriesOf(c.test, f)
		}
		return &c, true
	})
}

// everywhere applies f bottom-up to every rel, those of subqueries included.
func (p *planner) everywhere(r rel, f func(rel) rel) rel {
	return rewrite(r, func(x rel) rel {
		x = p.inSubqueries(x, func(q rel) rel { return p.everywhere(q, f) })
		return f(x)
	})
}

// InlineCTE puts a WITH query in the place of its only reference, unless it
// must be computed once: MATERIALIZED, data-modifying, recursive, volatile.
func inlineCTEs(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		c, ok := x.(*lCTE)
		if !ok {
			return x
		}
		if !p.inlinable(c.def) {
			return x
		}
		c.def.inlined = true
		p.changed = true
		proj := &lProject{in: inlineCTEs(p, c.def.rel)}
		for i, id := range c.cols {
			proj.items = append(proj.items, projItem{id, p.col(c.def.outCols[i])})
		}
		return proj
	})
}

func (p *planner) inlinable(def *cteDef) bool {
	if def.refs != 1 || def.modifies || def.node.Materialize == 1 || def.inlined || def.recursive {
		return def.recursive && def.refs == 1 && !def.inlined && !freeCols(def.rel).empty()
	}
	vol := false
	var look func(r rel)
	look = func(r rel) {
		if _, ok := r.(*lLock); ok {
			vol = true
		}
		r.exprs(func(e *plan.Expr) { vol = vol || isVolatile(*e) })
		for _, k := range r.kids() {
			look(*k)
		}
	}
	look(def.rel)
	return !vol
}
