package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/planner/plan"
)

// What three or more inner units have equal joins any two sets of them:
//
//	c.nation = s.nation AND s.nation = n.nation     →  a class of c.nation, s.nation, n.nation
//
// joins customers with nations before suppliers are there. Two sets of units are joined
// by one condition of each class that reaches into both; within a set, its columns are
// equal already.

// eqClass is columns of different units that the conditions of the tree make equal.
type eqClass struct {
	op      *builtin.Operator
	members []eqMember
	conds   []pred // that the class was made of
}

type eqMember struct {
	e    plan.Expr
	id   colID
	unit uint64
}

// findClasses takes the equalities that make up classes out of the conditions. Two
// units with an equality need no class; conditions on what an outer join makes of its
// right side, and classes with two columns of one unit, stay what they are.
func (g *graph) findClasses() {
	if len(g.preds) < 2 || len(g.units) < 3 {
		return
	}
	var classes []*eqClass
	var rest []pred
	for _, pr := range g.preds {
		c := g.classOf(pr)
		if c == nil {
			rest = append(rest, pr)
			continue
		}
		// The classes that share a column with it become one.
		kept := classes[:0]
		for _, o := range classes {
			if o.op == c.op && o.shares(c) {
				c.join(o)
				continue
			}
			kept = append(kept, o)
		}
		classes = append(kept, c)
	}
	for _, c := range classes {
		if len(c.members) > 2 && c.ofDifferentUnits() {
			g.classes = append(g.classes, c)
		} else {
			rest = append(rest, c.conds...)
		}
	}
	if len(g.classes) > 0 {
		g.preds = rest
	}
}

// classOf is the class that one condition makes, nil if it makes none.
func (g *graph) classOf(pr pred) *eqClass {
	call, ok := pr.e.(*plan.Call)
	if !ok || call.Op == nil || call.Op.Compare != "=" || call.Op.Left != call.Op.Right || len(call.Args) != 2 {
		return nil
	}
	c := &eqClass{op: call.Op, conds: []pred{pr}}
	for _, a := range call.Args {
		col, ok := bareColumn(a)
		if !ok {
			return nil
		}
		found := false
		for i, u := range g.units {
			if u.out.has(col.Idx) && u.req == 0 && u.kind == plan.InnerJoin {
				c.members = append(c.members, eqMember{a, col.Idx, 1 << i})
				found = true
			}
		}
		if !found {
			return nil
		}
	}
	return c
}

func (c *eqClass) shares(o *eqClass) bool {
	return slices.ContainsFunc(o.members, func(m eqMember) bool { return c.has(m.id) })
}

func (c *eqClass) has(id colID) bool {
	return slices.ContainsFunc(c.members, func(m eqMember) bool { return m.id == id })
}

// join takes in what a class before it holds.
func (c *eqClass) join(o *eqClass) {
	members := o.members
	for _, m := range c.members {
		if !o.has(m.id) {
			members = append(members, m)
		}
	}
	c.members, c.conds = members, append(o.conds, c.conds...)
}

func (c *eqClass) ofDifferentUnits() bool {
	var units uint64
	for _, m := range c.members {
		if units&m.unit != 0 {
			return false
		}
		units |= m.unit
	}
	return true
}

func (c *eqClass) units() (m uint64) {
	for _, x := range c.members {
		m |= x.unit
	}
	return m
}

// between is the condition that makes the class hold for two sets joined, nil if one
// of them has nothing of it. Columns that both sides are sorted by come first, for a
// merge join, then conditions as they were written.
func (c *eqClass) between(g *graph, a, b uint64) plan.Expr {
	var best plan.Expr
	most := -1
	for _, l := range c.members {
		if l.unit&a == 0 {
			continue
		}
		for _, r := range c.members {
			if r.unit&b == 0 {
				continue
			}
			points := 0
			if sortedBy(g.memo[a], l.id) && sortedBy(g.memo[b], r.id) {
				points += 2
			}
			written := c.written(l.id, r.id)
			if written != nil {
				points++
			}
			if points <= most {
				continue
			}
			if most, best = points, written; best == nil {
				t := c.conds[0].e.(*plan.Call)
				best = &plan.Call{T: t.T, Fn: t.Fn, Op: c.op, Args: []plan.Expr{l.e, r.e}}
			}
		}
	}
	return best
}

// written is the condition of the statement that compares two columns.
func (c *eqClass) written(a, b colID) plan.Expr {
	for _, pr := range c.conds {
		call := pr.e.(*plan.Call)
		l, _ := bareColumn(call.Args[0])
		r, _ := bareColumn(call.Args[1])
		if l.Idx == a && r.Idx == b || l.Idx == b && r.Idx == a {
			return pr.e
		}
	}
	return nil
}

func sortedBy(paths []*path, id colID) bool {
	return slices.ContainsFunc(paths, func(p *path) bool { return len(p.order) > 0 && p.order[0].id == id })
}
