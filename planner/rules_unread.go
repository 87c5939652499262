package planner

import (
	"slices"

	"rowkey/planner/plan"
)

// DropUnread leaves out columns that subqueries in FROM, WITH queries and views compute and
// nobody reads, aggregates and window functions among them:
//
//	SELECT a FROM (SELECT a, (SELECT count(*) FROM s WHERE s.x = t.a) AS n FROM t) q  →  a alone
//
// It comes before all that looks into expressions: a subquery that is never asked makes no
// join, and a constant that cannot be computed is no error where nobody wants it. As in
// PostgreSQL, DISTINCT and set operations read all of their columns, and so does a WITH
// query that is computed apart; calls of volatile functions stay.
func dropUnread(p *planner, r rel) rel {
	u := &reads{p: p}
	for _, c := range p.out {
		u.cols.add(c)
	}
	u.rel(p.root)
	for _, def := range p.ctes {
		if def.modifies {
			u.cte(def)
		}
	}
	return p.everywhere(r, u.without)
}

// reads collects the columns that are read, from the top down: whoever reads a column
// comes before what makes it.
type reads struct {
	p    *planner
	cols colSet
	seen []*cteDef
}

func (u *reads) all(ids []colID) {
	for _, c := range ids {
		u.cols.add(c)
	}
}

func (u *reads) cte(def *cteDef) {
	if def.rel == nil || slices.Contains(u.seen, def) {
		return
	}
	u.seen = append(u.seen, def)
	u.all(def.outCols)
	u.rel(def.rel)
}

// place reads an expression at its place.
func (u *reads) place(e *plan.Expr) { u.expr(*e) }

func (u *reads) expr(e plan.Expr) {
	walkExprOnly(e, func(x plan.Expr) {
		switch x := x.(type) {
		case *plan.Col:
			u.cols.add(x.Idx)
		case *subquery:
			for _, l := range x.lefts {
				u.expr(l)
			}
			u.all(x.cols)
			u.rel(x.q)
		}
	})
}

// rel reads what a rel computes of what is read of it.
func (u *reads) rel(r rel) {
	switch n := r.(type) {
	case *lProject:
		for i := range n.items {
			if it := &n.items[i]; u.wants(it.id, it.expr) {
				u.expr(it.expr)
			}
		}
	case *lGroup:
		eachItem(n.groups, u.place)
		for i := range n.calls {
			if u.wantsCall(&n.calls[i]) {
				eachCall(n.calls[i:i+1], u.place)
			}
		}
	case *lWindow:
		c := *n
		c.calls = nil
		c.exprs(u.place)
		each(n.run, u.place)
		for i := range n.calls {
			if u.wantsCall(&n.calls[i]) {
				eachCall(n.calls[i:i+1], u.place)
			}
		}
	case *lValues:
		for _, row := range n.rows {
			for i, e := range row {
				if len(n.rows) > 1 || i >= len(n.cols) || u.wants(n.cols[i], e) {
					u.expr(e)
				}
			}
		}
	default:
		r.exprs(u.place)
	}
	switch n := r.(type) {
	case *lDistinct:
		if u.all(n.on); n.on == nil {
			u.all(n.in.outCols())
		}
	case *lUnion:
		for _, ids := range n.inCols {
			u.all(ids)
		}
	case *lSetOp:
		u.all(n.lcols)
		u.all(n.rcols)
	case *lRecursive:
		u.all(n.seedCols)
		u.all(n.stepCols)
	case *lCTE:
		u.cte(n.def)
	case *dmlRel:
		u.all(n.inCols)
		u.all(n.in.outCols())
	}
	ks := r.kids()
	for i := len(ks) - 1; i >= 0; i-- { // the right side of a LATERAL join reads the left
		u.rel(*ks[i])
	}
}

func (u *reads) wants(id colID, e plan.Expr) bool {
	return u.cols.has(id) || isVolatile(e)
}

func (u *reads) wantsCall(c *aggItem) bool {
	if u.cols.has(c.id) {
		return true
	}
	volatile := false
	one := []aggItem{*c}
	eachCall(one, func(e *plan.Expr) { volatile = volatile || isVolatile(*e) })
	return volatile
}

// without is a rel without the columns that nobody reads.
func (u *reads) without(r rel) rel {
	switch n := r.(type) {
	case *lProject:
		drop := func(it projItem) bool { return !u.wants(it.id, it.expr) }
		if slices.ContainsFunc(n.items, drop) {
			c := n.clone().(*lProject)
			c.items = slices.DeleteFunc(c.items, drop)
			u.p.changed = true
			return c
		}
	case *lValues:
		unread := func(c colID) bool { return !u.cols.has(c) }
		if len(n.rows) == 1 && n.lit == nil && len(n.cols) == len(n.rows[0]) && slices.ContainsFunc(n.cols, unread) && !slices.ContainsFunc(n.rows[0], isVolatile) {
			c := &lValues{rows: [][]plan.Expr{{}}}
			for i, id := range n.cols {
				if !unread(id) {
					c.cols, c.rows[0] = append(c.cols, id), append(c.rows[0], n.rows[0][i])
				}
			}
			u.p.changed = true
			return c
		}
	case *lGroup:
		if calls := u.calls(n.calls); len(calls) < len(n.calls) {
			c := n.clone().(*lGroup)
			if c.calls = calls; len(calls) == 0 && len(n.groups) == 0 && n.sets == nil && !oneTable(n.in) {
				c.sets = [][]int{{}} // all rows are still read, as HAVING alone does not
			}
			return c
		}
	case *lWindow:
		if calls := u.calls(n.calls); len(calls) < len(n.calls) {
			if plain := func(e plan.Expr) bool { _, ok := bareColumn(e); return ok || isConst(e) }; len(calls) == 0 && !slices.ContainsFunc(n.partition, func(e plan.Expr) bool { return !plain(e) }) &&
				!slices.ContainsFunc(n.order, func(k plan.SortKey) bool { return !plain(k.Expr) }) {
				return n.in // what the windows are made of cannot fail
			}
			c := n.clone().(*lWindow)
			c.calls = calls
			return c
		}
	}
	return r
}

// oneTable tells whether rows come from one table: PostgreSQL takes what has no aggregates
// for a minimum it can look up then, and reads nothing.
func oneTable(r rel) bool {
	if f, ok := r.(*lFilter); ok {
		r = f.in
	}
	_, ok := r.(*lScan)
	return ok
}

// calls are those that are wanted.
func (u *reads) calls(calls []aggItem) []aggItem {
	unwanted := func(c aggItem) bool { return !u.wantsCall(&c) }
	if !slices.ContainsFunc(calls, unwanted) {
		return calls
	}
	u.p.changed = true
	return slices.DeleteFunc(slices.Clone(calls), unwanted)
}
