package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
)

// Uncorrelated subqueries as values: they are run once at most per execution, when
// their value is first asked for. To an index their value is a key, known at run time
// only, as that of a parameter is.
//
//	DELETE FROM q WHERE id = (SELECT id FROM q ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1)
//
//	lFilter id = (…)             lScan q, id = (…)
//	 └─ lScan q             →
//
// A condition on a row that is asked again, of a row found changed once it was
// locked, compares with the same value: its subqueries stand for those of the scan.

// isInitPlan tells whether a subquery has one value for the whole execution.
func isInitPlan(s *subquery) bool {
	return s.test == nil && s.kind != plan.SubRow && (s.again || freeCols(s.q).empty())
}

// initPlansOnly tells whether all the subqueries of an expression are such.
func initPlansOnly(e plan.Expr) bool {
	ok := true
	walkExpr(e, func(x plan.Expr) bool {
		s, is := x.(*subquery)
		ok = ok && (!is || isInitPlan(s))
		return ok && !is
	})
	return ok
}

// volatileEachTime tells whether an expression may have another value each time that
// it is computed. What volatile functions give within an InitPlan stays.
func volatileEachTime(e plan.Expr) bool {
	found := false
	walkExpr(e, func(x plan.Expr) bool {
		switch x := x.(type) {
		case *plan.Call:
			found = found || x.Fn != nil && x.Fn.Volatility == builtin.Volatile
		case *plan.ScalarArray:
			found = found || x.Op.Func != nil && x.Op.Func.Volatility == builtin.Volatile
		case *subquery:
			return !found && !isInitPlan(x)
		}
		return !found
	})
	return found
}

// SubqueryKeys gives a scan the conditions that compare keys of its indexes with
// values of uncorrelated subqueries.
func subqueryKeys(p *planner, r rel) rel {
	return p.everywhere(r, func(x rel) rel {
		f, ok := x.(*lFilter)
		if !ok {
			return x
		}
		s, ok := f.in.(*lScan)
		if !ok || s.tree != nil || s.table.Virtual != nil {
			return x
		}
		keyed, rest := split(f.conds, func(c plan.Expr) bool {
			return hasSubquery(c) && initPlansOnly(c) && !volatileEachTime(c) && p.onKey(s, c)
		})
		if len(keyed) == 0 {
			return x
		}
		p.changed = true
		c := s.clone().(*lScan)
		c.conds = append(c.conds, keyed...)
		p.rescan(s, c)
		return filterOver(c, rest)
	})
}

// onKey tells whether some index may serve a condition: each side of an OR.
func (p *planner) onKey(s *lScan, cond plan.Expr) bool {
	if or, ok := cond.(*plan.Or); ok {
		for _, a := range or.Args {
			any := false
			for _, c := range splitAnd(a, nil) {
				any = any || p.onKey(s, c)
			}
			if !any {
				return false
			}
		}
		return true
	}
	own := setOf(s.outCols())
	for i, ix := range s.table.Indexes {
		if ix.RowID || !p.indexUsable(s, i, s.conds) {
			continue
		}
		for _, key := range p.keyExprs(s, ix) {
			if key == nil {
				continue
			}
			if _, _, ok := comparison(cond, key, own); ok {
				return true
			}
			if a, ok := cond.(*plan.ScalarArray); ok && !a.All && a.Op.Compare == "=" && sameKey(a.L, key) && outside(a.R, own) {
				return true
			}
		}
	}
	return false
}

// recheckable are the conditions that can be asked of one row again.
func recheckable(conds []plan.Expr) []plan.Expr {
	var out []plan.Expr
	for _, c := range conds {
		if !hasSubquery(c) {
			out = append(out, c)
		} else if initPlansOnly(c) {
			out = append(out, mapExpr(c, func(x plan.Expr) (plan.Expr, bool) {
				s, ok := x.(*subquery)
				if !ok {
					return nil, false
				}
				again := *s
				again.q, again.cols, again.again = &lValues{}, nil, true
				return &again, true
			}))
		}
	}
	return out
}

// askedAgain are the conditions of WHERE for a row that was found changed once it was
// locked. Correlated subqueries are asked with its values, as subplans of their own:
// they are bound another time, since rules rewrite those of the plan.
func (p *planner) askedAgain(q *query, where ast.Expr, conds []plan.Expr) []plan.Expr {
	out := recheckable(conds)
	if !slices.ContainsFunc(conds, correlated) {
		return out
	}
	_, again := p.bindWhere(q, nil, where)
	for i, c := range conds {
		if correlated(c) {
			out = append(out, again[i])
		}
	}
	return out
}

// correlated tells whether a condition has a subquery that reads columns of the query it
// stands in, and none that reads a WITH query, which would be read twice.
func correlated(cond plan.Expr) bool {
	found, with := false, false
	walkExpr(cond, func(x plan.Expr) bool {
		if s, ok := x.(*subquery); ok {
			found = found || !freeCols(s.q).empty()
			rewrite(s.q, func(r rel) rel {
				_, cte := r.(*lCTE)
				with = with || cte
				return r
			})
		}
		return true
	})
	return found && !with
}

// known are the conditions whose subqueries, if they have some, the plan computes.
func (p *planner) known(conds []plan.Expr) []plan.Expr {
	if !p.hasSubqueries {
		return conds
	}
	yes, _ := split(conds, func(c plan.Expr) bool {
		return !anyExpr(c, func(x plan.Expr) bool {
			s, ok := x.(*subquery)
			return ok && s.again && p.initPlans[s.no] == nil
		})
	})
	return yes
}
