package planner

import "rowkey/planner/plan"

// A constant that cannot be computed is an error of planning (consts.go), even where there
// are no rows, unless PostgreSQL's planner never looks at it. What that looks at, and what
// first, is found out for statements that have such an error, on a copy of what was bound:
// the plan itself may have dropped a subquery that PostgreSQL plans, and join those that it
// plans apart. For one SELECT the order is
//
//	functions in FROM, columns, ORDER BY, windows, GROUP BY, aggregates,
//	JOIN … ON and WHERE, HAVING, offsets of frames, LIMIT, VALUES,
//	subqueries in FROM that cannot be dissolved
//
// Subqueries of expressions come with the expression; columns of a subquery in FROM where
// they are read; WITH queries that are computed apart before everything.

// keepWhole keeps the statement as it is before the rules that PostgreSQL does not have.
func (p *planner) keepWhole(r rel) {
	p.whole = r
	for _, def := range p.ctes {
		if def.rel != nil && !def.inlined && (def.refs > 0 || def.modifies) {
			def.whole = def.rel
		}
	}
}

// judgeFaults keeps the error of a constant that PostgreSQL would meet first.
func (p *planner) judgeFaults() {
	if !p.faulty || p.fault != nil || p.whole == nil {
		return
	}
	defer func(changed bool, root rel) { p.changed, p.root, p.judging = changed, root, false }(p.changed, p.root)
	p.judging = true
	j := &judge{s: consts{p: p, loud: true}}
	for _, def := range p.ctes {
		if def.whole != nil {
			j.statement(def.whole, def.outCols)
		}
	}
	j.statement(p.whole, p.out)
	p.fault = j.s.err
}

// sublinksJoined makes joins of EXISTS and IN in WHERE, above the other conditions.
func (p *planner) sublinksJoined(r rel) rel {
	f, ok := r.(*lFilter)
	if !ok {
		return r
	}
	var rest, subs []plan.Expr
	for _, c := range f.conds {
		if p.asJoin(f.in, c) != nil {
			subs = append(subs, c)
		} else {
			rest = append(rest, c)
		}
	}
	out := filterOver(f.in, rest)
	for _, c := range subs {
		out = p.asJoin(out, c)
	}
	return out
}

// judge looks at what PostgreSQL's planner would look at.
type judge struct {
	s    consts
	root rel
}

func (j *judge) statement(r rel, out []colID) {
	if j.s.err != nil {
		return
	}
	p := j.s.p
	u := &puller{p: p, all: true}
	r, _ = u.walk(p.everywhere(r, p.sublinksJoined), false, false)
	r = p.simplifyConsts(r)
	reads := &reads{p: p}
	reads.all(out)
	reads.rel(r)
	j.root = p.everywhere(r, reads.without)
	j.level(j.root)
}

// exprs looks at expressions that PostgreSQL simplifies together: at the constants of all
// of them, then at their subqueries.
func (j *judge) exprs(list ...plan.Expr) {
	for _, e := range list {
		j.consts(e)
	}
	for _, e := range list {
		walkExprOnly(e, func(x plan.Expr) {
			if q, ok := x.(*subquery); ok {
				j.level(q.q)
			}
		})
	}
}

func (j *judge) consts(e plan.Expr) {
	if e == nil || j.s.err != nil {
		return
	}
	j.s.expr(e)
	walkExprOnly(e, func(x plan.Expr) {
		if q, ok := x.(*subquery); ok {
			for _, l := range q.lefts {
				j.consts(l)
			}
		}
	})
}

// of are the expressions of a rel.
func of(r rel) (list []plan.Expr) {
	r.exprs(func(e *plan.Expr) { list = append(list, *e) })
	return list
}

// level looks at one SELECT, or at a statement that changes rows.
func (j *judge) level(r rel) {
	if j.s.err != nil {
		return
	}
	var lists, having, later []rel // from the top down
	for from := false; !from; {
		switch n := r.(type) {
		case *lLimit:
			later, r = append(later, n), n.in
		case *lSort:
			lists, r = append(lists, n), n.in
		case *lDistinct:
			lists, r = append(lists, n), n.in
		case *lUnnest:
			lists, r = append(lists, n), n.in
		case *lWindow:
			lists, later, r = append(lists, n), append(later, n), n.in
		case *lLock:
			r = n.in
		case *lProject:
			lists, r = append(lists, n), n.in
		case *lGroup:
			lists, r, from = append(lists, n), n.in, true
		case *lFilter:
			if _, ok := n.in.(*lGroup); ok {
				having, r = append(having, n), n.in
				continue
			}
			from = true
		case *dmlRel:
			j.change(n)
			return
		case *lUnion, *lSetOp, *lRecursive:
			for _, k := range r.kids() {
				j.level(*k)
			}
			for _, n := range append(lists, later...) {
				j.exprs(of(n)...)
			}
			return
		default:
			from = true
		}
	}
	j.functions(r)
	j.list(lists)
	j.rest(r, having, later)
}

// list looks at what makes columns or orders rows; groups and aggregates are computed
// where they are read.
func (j *judge) list(lists []rel) {
	defer func(was func(colID)) { j.s.column = was }(j.s.column)
	made := map[colID][]plan.Expr{}
	var exprs, last []plan.Expr
	calls := func(list []aggItem) {
		for i := range list {
			eachCall(list[i:i+1], func(e *plan.Expr) { made[list[i].id] = append(made[list[i].id], *e) })
		}
	}
	for i := len(lists) - 1; i >= 0; i-- { // columns before ORDER BY
		switch n := lists[i].(type) {
		case *lGroup:
			for _, g := range n.groups {
				if c, ok := g.expr.(*plan.Col); !ok || c.Idx != g.id {
					made[g.id] = []plan.Expr{g.expr}
				}
			}
			calls(n.calls)
			last = append(last, of(n)...)
		case *lWindow:
			calls(n.calls)
			c := *n
			c.frame.StartOffset, c.frame.EndOffset = nil, nil
			last = append(last, of(&c)...)
		default:
			exprs = append(exprs, of(n)...)
		}
	}
	j.s.column = func(id colID) {
		list := made[id]
		delete(made, id)
		for _, e := range list {
			j.consts(e)
		}
	}
	j.exprs(append(exprs, last...)...)
}

// rest looks at FROM and what comes behind it.
func (j *judge) rest(r rel, having, later []rel) {
	var values, apart []rel
	j.from(r, &values, &apart)
	for _, n := range having {
		j.exprs(of(n)...)
	}
	for _, n := range later {
		switch n := n.(type) {
		case *lLimit:
			j.exprs(n.offset)
			j.exprs(n.count)
		case *lWindow:
			j.exprs(n.frame.StartOffset)
			j.exprs(n.frame.EndOffset)
		}
	}
	for _, n := range values {
		j.exprs(of(n)...)
	}
	for _, n := range apart {
		j.level(n)
	}
}

// functions looks at functions in FROM, and at VALUES of one row, which dissolve.
func (j *judge) functions(r rel) {
	switch n := r.(type) {
	case *lFunc:
		j.exprs(of(n)...)
	case *lValues:
		if len(n.rows) == 1 {
			j.exprs(of(n)...)
		}
	case *lFilter, *lJoin, *lProject:
		for _, k := range r.kids() {
			j.functions(*k)
		}
	}
}

// from looks at the conditions of FROM and WHERE; what is planned apart is noted.
func (j *judge) from(r rel, values, apart *[]rel) {
	switch n := r.(type) {
	case *lFilter:
		if len(n.conds) == 1 && isFalse(n.conds[0]) && single(n.in) {
			return // nothing is read of it
		}
		j.from(n.in, values, apart)
		j.exprs(of(n)...)
	case *lJoin:
		j.from(n.l, values, apart)
		if j.s.p.idleJoin(j.root, n) { // what stands apart there is never planned
			apart = &[]rel{}
		}
		j.from(n.r, values, apart)
		j.exprs(of(n)...)
	case *lProject:
		if !dissolves(n.in) {
			*apart = append(*apart, n)
			return
		}
		j.exprs(of(n)...)
		j.from(n.in, values, apart)
	case *lScan:
		j.exprs(of(n)...)
	case *lValues:
		if len(n.rows) != 1 {
			*values = append(*values, n)
		}
	case *lFunc, *lCTE, *lWork:
	default:
		*apart = append(*apart, n)
	}
}

// dissolves tells whether PostgreSQL takes a subquery in FROM for a part of the query around
// it, by what its columns are computed from.
func dissolves(r rel) bool {
	switch n := r.(type) {
	case *lFilter:
		return dissolves(n.in)
	case *lProject:
		return dissolves(n.in)
	case *lScan, *lJoin, *lValues, *lFunc, *lCTE, *lWork:
		return true
	}
	return false
}

// single tells whether there is one thing in FROM.
func single(r rel) bool {
	switch n := r.(type) {
	case *lJoin:
		return false
	case *lFilter:
		return single(n.in)
	case *lProject:
		return single(n.in)
	}
	return true
}

// change looks at INSERT, UPDATE, DELETE and MERGE.
func (j *judge) change(n *dmlRel) {
	in := n.in
	if n.kind == dmlInsert {
		if p, ok := in.(*lProject); ok {
			j.functions(p.in)
			j.exprs(of(p)...)
			in = p.in
		} else {
			j.functions(in)
		}
	} else {
		j.functions(in)
	}
	for i := range n.set {
		j.exprs(n.set[i].Expr)
	}
	for i := range n.viewChk {
		j.exprs(n.viewChk[i].Expr)
	}
	j.exprs(n.returning...)
	if n.kind != dmlInsert {
		if p, ok := in.(*lProject); ok {
			in = p.in
		}
	}
	j.rest(in, nil, nil)
	if c := n.conflict; c != nil {
		for i := range c.set {
			j.exprs(c.set[i].Expr)
		}
		j.exprs(c.where)
	}
	for i := range n.actions {
		a := &n.actions[i]
		for k := range a.Set {
			j.exprs(a.Set[k].Expr)
		}
		j.exprs(a.Cond)
	}
}
