package planner

import "rowkey/planner/plan"

// foldCases drops the arms of CASE that cannot be taken, in projections: what
// they would have computed (and any aggregate only they use) is not. A CASE
// whose first arm is surely taken becomes that arm.
//
// Source: eval_const_expressions in PostgreSQL, which folds CASE before it looks
// for aggregates.
func (p *planner) foldCases(e plan.Expr) plan.Expr {
	if !hasCase(e) {
		return e
	}
	return p.refold(mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		c, ok := x.(*plan.Case)
		if !ok {
			return nil, false
		}
		return p.foldCase(c), true
	}))
}

func hasCase(e plan.Expr) bool {
	found := false
	walkExpr(e, func(x plan.Expr) bool {
		_, ok := x.(*plan.Case)
		found = found || ok
		return !found
	})
	return found
}

func (p *planner) foldCase(c *plan.Case) plan.Expr {
	arg := c.Arg
	if arg != nil {
		arg = p.foldCases(arg)
	}
	k, simple := arg.(*plan.Const)
	out := &plan.Case{T: c.T, Arg: arg, Else: c.Else}
	dropped := false
	for _, w := range c.Whens {
		cond := w.Cond
		if simple { // the comparison's left side is known
			cond = mapExpr(cond, func(x plan.Expr) (plan.Expr, bool) {
				switch x := x.(type) {
				case *plan.CaseTest:
					return &plan.Const{T: x.T, Val: k.Val}, true
				case *plan.Case: // its CaseTest is its own
					return x, true
				}
				return nil, false
			})
		}
		cond = p.refold(p.foldCases(cond))
		if isConst(cond) {
			if !isTrue(cond) {
				dropped = true
				continue
			}
			if len(out.Whens) == 0 {
				p.changed = true
				return p.foldCases(w.Result)
			}
			out.Else, dropped = w.Result, true
			break
		}
		if !simple {
			w.Cond = cond
		}
		out.Whens = append(out.Whens, plan.When{Cond: w.Cond, Result: p.foldCases(w.Result)})
	}
	if out.Else != nil {
		out.Else = p.foldCases(out.Else)
	}
	p.changed = p.changed || dropped
	if len(out.Whens) == 0 {
		if out.Else == nil {
			return nullOf(c.Typ, c.Mod)
		}
		return out.Else
	}
	return out
}
