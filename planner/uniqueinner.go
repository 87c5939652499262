package planner

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// A semi join may be driven from its inner side, if that is made unique first:
//
//	partsupp SEMI JOIN part                   Nested Loop (Index Scan using partsupp_pkey)
//	  ON ps_partkey = p_partkey          →     └ part, p_partkey made unique (as a key it is)
//
// reads a few rows of partsupp by key instead of all of it. The rows that come out are
// the same: each outer row meets no more than one of the inner ones.

// uniqueInner adds to the paths of set m the joins of semi unit u, made unique, with b,
// all the other units of m.
func (g *graph) uniqueInner(m uint64, u *unit, b uint64) {
	right := g.memo[b]
	if right == nil || !g.asUnique(u) {
		return
	}
	rows, ok := g.rows[m]
	if !ok {
		semi := &joining{p: g.p, kind: plan.SemiJoin, conds: u.conds, unit: u}
		semi.scan, _ = u.r.(*lScan)
		rows = semi.estimate(right[0].rows, u.paths[0].rows)
		g.rows[m] = rows
	}
	j := &joining{p: g.p, kind: plan.InnerJoin, conds: u.unique.conds, rows: rows}
	for i, x := range g.units {
		if b == 1<<i {
			j.scan, _ = x.r.(*lScan)
			j.unit = x
		}
	}
	g.keep(m, j.paths(u.unique.paths, right))
}

// uniqueSide is the inner side of a semi join without the rows that are alike to the
// join's conditions.
type uniqueSide struct {
	paths []*path // none: it cannot be had
	conds []plan.Expr
}

// asUnique prepares the unique inner side of a semi join; false if the conditions are
// not all equalities of something with the inner side's columns.
func (g *graph) asUnique(u *unit) bool {
	p := g.p
	if u.unique != nil {
		return u.unique.paths != nil
	}
	u.unique = &uniqueSide{}
	if u.kind != plan.SemiJoin || len(u.conds) == 0 || g.refs(u.free) != 0 {
		return false
	}
	j := &joining{p: p, kind: plan.SemiJoin, conds: u.conds}
	pairs, rest := j.equi(u.out)
	if len(rest) > 0 {
		return false
	}
	var ids colSet
	conds := make([]plan.Expr, len(pairs))
	proj := &lProject{in: u.r}
	for i, e := range pairs {
		c, ok := bareColumn(e.r)
		if !ok || e.nullsEqual || !equalAlike(c.Type(), e.r.Type()) {
			return false
		}
		if !ids.has(c.Idx) {
			ids.add(c.Idx)
			proj.items = append(proj.items, projItem{c.Idx, p.col(c.Idx)})
		}
		conds[i] = e.cond
	}
	u.unique.conds = conds
	if uniqueOn(u.r, ids, false) {
		u.unique.paths = u.paths
		return true
	}
	u.unique.paths = p.pathsFor(&lGroup{in: u.r, groups: proj.items})
	return true
}

// equalAlike tells whether values of two types that differ by a relabelling are equal
// in both or in none.
func equalAlike(a, b *types.Type) bool {
	text := func(t *types.Type) bool { return sameType(t, types.Text) || sameType(t, types.VarChar) }
	a, b = a.Under(), b.Under()
	return sameType(a, b) || text(a) && text(b)
}
