package planner

import (
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// What a lock does with a row that somebody else has changed in the meantime: the row of
// the query is made anew of the newest version of what was locked and the versions of the
// other tables it was made of before. That is a list of steps, read off the algebra between
// the lock and the tables:
//
//	lock ── project x := a.v + 1 ── a LEFT JOIN b ON a.k = b.k ── a WHERE a.v > 5
//
//	a.v > 5            or the row goes
//	a.k = b.k          or b's columns become NULL
//	x := a.v + 1

// lockStep is one of these: a condition that must hold, or else the columns of null become
// NULL, or the row goes, if there is none; a column's value; or expressions whose values must
// be what they were, those that a row found another by.
type lockStep struct {
	cond  plan.Expr
	null  colSet
	outer bool
	id    colID
	value plan.Expr
	same  []plan.Expr
}

// checkLocks refuses to lock what an outer join may fill with NULLs.
func (p *planner) checkLocks(r rel) {
	p.eachRel(r, func(x rel) {
		lock, ok := x.(*lLock)
		if !ok {
			return
		}
		marked := func(side rel) bool {
			var made colSet
			produced(side, &made)
			for _, m := range lock.marks {
				if made.meets(m) {
					return true
				}
			}
			return false
		}
		var look func(x rel)
		look = func(x rel) {
			switch n := x.(type) {
			case *lLock, *lUnion, *lSetOp:
				return
			case *lJoin:
				filled := (n.kind == plan.LeftJoin || n.kind == plan.FullJoin) && marked(n.r)
				if filled || n.kind == plan.FullJoin && marked(n.l) {
					p.failed(pgerr.Newf(pgerr.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockName(ast.LockStrength(lock.strength-1))))
				}
			}
			for _, k := range x.kids() {
				look(*k)
			}
		}
		look(lock.in)
	})
}

// prepareLocks gives the locks their steps, and what these read.
func (p *planner) prepareLocks(r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		n, ok := x.(*lLock)
		if !ok || len(n.tables) == 0 {
			return x
		}
		var keys, need colSet
		for _, t := range n.tables {
			keys.add(t.scan.rowKey())
			need.add(t.scan.rowKey())
			need.add(t.scan.tableOID())
		}
		c := n.clone().(*lLock)
		c.steps = p.lockSteps(n.in, keys, nil)
		c.exprs(func(e *plan.Expr) { addCols(*e, &need) })
		c.in = p.passOn(n.in, need)
		return c
	})
}

// lockSteps appends the steps of a rel that reads locked tables.
func (p *planner) lockSteps(r rel, keys colSet, steps []lockStep) []lockStep {
	var made colSet
	if produced(r, &made); !made.meets(keys) {
		return steps
	}
	conds := func(list []plan.Expr) {
		for _, c := range recheckable(list) {
			steps = append(steps, lockStep{cond: c})
		}
	}
	switch n := r.(type) {
	case *lScan:
		conds(n.conds)
	case *lFilter:
		steps = p.lockSteps(n.in, keys, steps)
		conds(n.conds)
	case *lSort:
		steps = p.lockSteps(n.in, keys, steps)
	case *lProject:
		steps = p.lockSteps(n.in, keys, steps)
		for _, it := range n.items {
			if _, plain := it.expr.(*plan.Col); plain || isVolatile(it.expr) {
				continue
			}
			if again := recheckable([]plan.Expr{it.expr}); len(again) > 0 {
				steps = append(steps, lockStep{id: it.id, value: again[0]})
			}
		}
	case *lJoin:
		steps = p.lockSteps(n.l, keys, steps)
		switch n.kind {
		case plan.InnerJoin:
			steps = p.lockSteps(n.r, keys, steps)
			conds(n.conds)
		case plan.LeftJoin:
			again := recheckable(n.conds)
			if len(again) == len(n.conds) {
				null := outSet(n.r)
				produced(n.r, &null)
				steps = append(steps, lockStep{cond: makeAnd(again), null: null, outer: true})
			}
		case plan.SemiJoin:
			left := outSet(n.l)
			var same []plan.Expr
			for _, c := range n.conds {
				l, rr, _, ok := equality(c)
				if !ok || hasSubquery(c) {
					continue
				}
				for _, e := range []plan.Expr{l, rr} {
					if cs := colsOf(e); cs.meets(left) && !cs.meets(outSet(n.r)) {
						same = append(same, e)
					}
				}
			}
			if len(same) > 0 {
				steps = append(steps, lockStep{same: same})
			}
		}
	}
	return steps
}

// passOn makes the projections of a rel pass columns on that a lock above them reads.
func (p *planner) passOn(r rel, need colSet) rel {
	switch n := r.(type) {
	case *lFilter, *lSort, *lJoin, *lLimit, *lLock:
		c := r.clone()
		for _, k := range c.kids() {
			*k = p.passOn(*k, need)
		}
		return c
	case *lProject:
		in := p.passOn(n.in, need)
		c := n.clone().(*lProject)
		c.in = in
		have := setOf(itemIDs(c.items))
		for _, id := range in.outCols() {
			if need.has(id) && !have.has(id) {
				c.items = append(c.items, projItem{id, p.col(id)})
			}
		}
		return c
	}
	return r
}

func (p *planner) lockPaths(n *lLock) []*path {
	var out []*path
	for _, in := range p.pathsFor(n.in) {
		pt := p.over(in, in.rows*fetchCost)
		pt.bounded = nil
		pt.build = func() (plan.Node, []colID) {
			node, cols := in.build()
			at := p.at(cols)
			l := &plan.LockRows{Base: p.base(pt, cols), Input: node}
			for _, t := range n.tables {
				lt := plan.LockTable{Table: t.scan.table, KeyCol: at.pos(t.scan.rowKey()), Strength: t.strength, Wait: t.wait}
				if lt.KeyCol < 0 {
					continue // its rows are known to be none
				}
				if t.scan.tree != nil {
					lt.Tree = t.scan.tree.members
				}
				for i, c := range cols {
					if c >= t.scan.base && c < t.scan.base+len(t.scan.table.Columns) {
						lt.Cols = append(lt.Cols, i)
						lt.Attnums = append(lt.Attnums, t.scan.attnum(c))
					}
				}
				l.Tables = append(l.Tables, lt)
			}
			l.Steps = p.stepsAt(n.steps, at, cols)
			return l, cols
		}
		out = append(out, pt)
	}
	return out
}

func (p *planner) stepsAt(steps []lockStep, at *place, cols []colID) []plan.LockStep {
	var out []plan.LockStep
	for _, s := range steps {
		var st plan.LockStep
		switch {
		case s.cond != nil:
			if len(p.known([]plan.Expr{s.cond})) == 0 {
				continue
			}
			st.Cond = at.expr(s.cond)
			for i, c := range cols {
				if s.outer && s.null.has(c) {
					st.Null = append(st.Null, i)
				}
			}
			if s.outer && st.Null == nil {
				continue // nobody reads them
			}
		case s.value != nil:
			if st.Col = at.pos(s.id); st.Col < 0 || len(p.known([]plan.Expr{s.value})) == 0 {
				continue
			}
			st.Value = at.expr(s.value)
		default:
			st.Same = at.exprs(s.same)
		}
		out = append(out, st)
	}
	return out
}
