package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// SimplifyOuterJoins makes an outer join a lesser one when a condition above
// cannot hold for the rows it fills with NULLs:
//
//	a LEFT JOIN b ON … WHERE b.x > 5    →  a JOIN b ON … WHERE b.x > 5
//	a FULL JOIN b ON … WHERE a.x = 1    →  a LEFT JOIN b …
//	a LEFT JOIN b ON a.x = b.x WHERE b.x IS NULL (b.x NOT NULL)  →  anti join
func simplifyOuterJoins(p *planner, r rel) rel {
	r = p.simplify(r, nil)
	if p.hasLocks {
		p.checkLocks(r)
	}
	return r
}

func (p *planner) simplify(r rel, conds []plan.Expr) rel {
	r = p.inSubqueries(r, func(q rel) rel { return p.simplify(q, nil) })
	switch n := r.(type) {
	case *lFilter:
		all := append(append([]plan.Expr(nil), conds...), n.conds...)
		c := n.clone().(*lFilter)
		c.in = p.simplify(n.in, all)
		return c
	case *lJoin:
		c := n.clone().(*lJoin)
		rejects := func(side rel) bool {
			s := outSet(side)
			for _, e := range conds {
				if rejectsNull(e, s) {
					return true
				}
			}
			return false
		}
		switch n.kind {
		case plan.LeftJoin:
			if rejects(n.r) {
				c.kind = plan.InnerJoin
			}
		case plan.FullJoin:
			l, rr := rejects(n.l), rejects(n.r)
			switch {
			case l && rr:
				c.kind = plan.InnerJoin
			case l:
				c.kind = plan.LeftJoin
			case rr:
				c.kind = plan.LeftJoin
				c.l, c.r = n.r, n.l
			}
		}
		if c.kind != n.kind {
			p.changed = true
		}
		lc, rc := conds, []plan.Expr(nil)
		switch c.kind {
		case plan.InnerJoin:
			lc = append(append([]plan.Expr(nil), conds...), c.conds...)
			rc = lc
		case plan.LeftJoin:
			rc = c.conds
		case plan.SemiJoin:
			lc = append(append([]plan.Expr(nil), conds...), c.conds...)
			rc = c.conds
		case plan.AntiJoin:
			rc = c.conds
		default:
			lc, rc = nil, nil
		}
		c.l, c.r = p.simplify(c.l, lc), p.simplify(c.r, rc)
		return c
	case *lProject, *lSort, *lLock:
		c := r.clone()
		pass := conds
		if pr, ok := r.(*lProject); ok {
			by := map[colID]plan.Expr{}
			for _, it := range pr.items {
				by[it.id] = it.expr
			}
			pass = nil
			for _, e := range conds {
				pass = append(pass, substitute(e, by))
			}
		}
		for _, k := range c.kids() {
			*k = p.simplify(*k, pass)
		}
		return c
	}
	ks := r.kids()
	if len(ks) == 0 {
		return r
	}
	c := r.clone()
	for _, k := range c.kids() {
		*k = p.simplify(*k, nil)
	}
	return c
}

// rejectsNull tells whether a condition cannot be true when all columns of s
// it reads are NULL (and it reads some).
func rejectsNull(e plan.Expr, s colSet) bool {
	switch e := e.(type) {
	case *plan.And:
		for _, a := range e.Args {
			if rejectsNull(a, s) {
				return true
			}
		}
		return false
	case *plan.Or:
		for _, a := range e.Args {
			if !rejectsNull(a, s) {
				return false
			}
		}
		return len(e.Args) > 0
	case *plan.IsNull:
		return e.Not && !isRowType(e.Arg.Type()) && nullIfNull(e.Arg, s)
	case *plan.BoolTest:
		switch e.Kind {
		case plan.IsTrue, plan.IsFalse, plan.IsNotUnknown:
			return nullIfNull(e.Arg, s)
		}
		return false
	case *plan.ScalarArray: // ANY of an empty array is false: enough for a condition
		if !e.All && !e.Op.Func.NotStrict {
			return nullIfNull(e.L, s) || nullIfNull(e.R, s)
		}
	}
	return nullIfNull(e, s)
}

// nullIfNull tells whether an expression is NULL whenever the columns of s are.
func nullIfNull(e plan.Expr, s colSet) bool {
	some := func(es ...plan.Expr) bool {
		for _, x := range es {
			if nullIfNull(x, s) {
				return true
			}
		}
		return false
	}
	every := func(es []plan.Expr) bool {
		return len(es) > 0 && !slices.ContainsFunc(es, func(x plan.Expr) bool { return !nullIfNull(x, s) })
	}
	switch e := e.(type) {
	case *plan.Col:
		return s.has(e.Idx)
	case *plan.Relabel:
		return nullIfNull(e.Arg, s)
	case *plan.Not:
		return nullIfNull(e.Arg, s)
	case *plan.Call:
		return !e.Fn.NotStrict && !e.Fn.SetOf && some(e.Args...)
	case *plan.ScalarArray:
		return !e.Op.Func.NotStrict && hasElements(e.R) && (nullIfNull(e.L, s) || nullIfNull(e.R, s))
	case *plan.Case: // a whole row of a side that an outer join may fill, among others
		return e.Arg == nil && e.Else == nil && len(e.Whens) == 1 && rejectsNull(e.Whens[0].Cond, s)
	case *plan.And: // of which one part alone may be false instead
		return every(e.Args)
	case *plan.Or:
		return every(e.Args)
	}
	return false
}

// hasElements tells whether an array is known to have elements, or to be NULL.
func hasElements(e plan.Expr) bool {
	switch x := e.(type) {
	case *plan.Const:
		a, ok := x.Val.X.(*types.Array)
		return ok && len(a.Elems) > 0
	case *plan.ArrayExpr: // arrays within may be empty
		return len(x.Elems) > 0 && !x.Multi
	}
	return false
}

// impliesRange: a comparison of a column with a constant implies a weaker one.
func impliesRange(cond, want plan.Expr) bool {
	ci, co, cv, ok1 := constCompare(cond)
	wi, wo, wv, ok2 := constCompare(want)
	if !ok1 || !ok2 || !equalExprs(ci, wi) || !sameType(cv.Typ, wv.Typ) || cv.Val.IsNull() || wv.Val.IsNull() {
		return false
	}
	x := types.Compare(cv.Typ, cv.Val, wv.Val)
	switch wo {
	case ">":
		return co == ">" && x >= 0 || (co == ">=" || co == "=") && x > 0
	case ">=":
		return (co == ">" || co == ">=" || co == "=") && x >= 0
	case "<":
		return co == "<" && x <= 0 || (co == "<=" || co == "=") && x < 0
	case "<=":
		return (co == "<" || co == "<=" || co == "=") && x <= 0
	case "=":
		return co == "=" && x == 0
	}
	return false
}

// constCompare recognises expression op constant.
func constCompare(e plan.Expr) (plan.Expr, string, *plan.Const, bool) {
	c, ok := e.(*plan.Call)
	if !ok || c.Op == nil || len(c.Args) != 2 || c.Op.Compare == "" {
		return nil, "", nil, false
	}
	bare := func(e plan.Expr) (plan.Expr, bool) {
		if col, ok := bareColumn(e); ok {
			return col, true
		}
		return e, volatility(e) == builtin.Immutable
	}
	if k, ok := c.Args[1].(*plan.Const); ok {
		e, fixed := bare(c.Args[0])
		return e, c.Op.Compare, k, fixed
	}
	if k, ok := c.Args[0].(*plan.Const); ok {
		e, fixed := bare(c.Args[1])
		return e, flip(c.Op.Compare), k, fixed
	}
	return nil, "", nil, false
}
