package planner

import (
	"cmp"
	"slices"

	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// cheapFirst makes a conjunction whose conditions are asked in the order of their cost for a
// row: what fails in one of them does so only for the rows that those before it let pass.
// Where the cost is equal they stand as they were written, but columns that equal something
// come behind. The costs are PostgreSQL's: a call of a function that is built in is the unit,
// a conversion by way of text is two, one of a function in another language a hundred; AND,
// OR, CASE, tests for NULL and subqueries that are computed once are free.
func cheapFirst(conds []plan.Expr) plan.Expr {
	if len(conds) < 2 {
		return makeAnd(conds)
	}
	costs := make([]float64, len(conds))
	sorted := true
	for i, c := range conds {
		costs[i] = callsIn(c)
		if call, ok := c.(*plan.Call); ok && call.Op != nil && call.Op.Compare == "=" && len(call.Args) == 2 && !isVolatile(c) {
			costs[i] += 0.01
		}
		sorted = sorted && (i == 0 || costs[i-1] <= costs[i])
	}
	if sorted {
		return makeAnd(conds)
	}
	order := make([]int, len(conds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(costs[a], costs[b]) })
	out := make([]plan.Expr, len(conds))
	for i, k := range order {
		out[i] = conds[k]
	}
	return makeAnd(out)
}

// callsIn is the cost of an expression for a row, in calls of functions.
func callsIn(e plan.Expr) float64 {
	n := 0.0
	walkExprOnly(e, func(x plan.Expr) {
		switch x := x.(type) {
		case *plan.Call:
			switch f, _ := x.Fn.User.(*catalog.Function); {
			case f != nil && f.Cost > 0:
				n += f.Cost
			case f != nil && f.Language != "internal":
				n += 100
			case x.Cast && len(x.Fn.Args) == 1 && throughText(x):
				n += 2
			default:
				n++
			}
		case *plan.ScalarArray:
			elems := 10.0 // of an array that is not known
			switch r := x.R.(type) {
			case *plan.Const:
				if a, ok := r.Val.X.(*types.Array); ok {
					elems = float64(len(a.Elems))
				}
			case *plan.ArrayExpr:
				elems = float64(len(r.Elems))
			}
			n += elems / 2
		case *plan.IsDistinct, *plan.NullIf, *plan.MinMax, *plan.CoerceDomain:
			n++
		case *plan.RowCompare:
			n += float64(len(x.L))
		case *subquery:
			switch {
			case !freeCols(x.q).empty() || x.kind == plan.SubAll:
				n += 1000
			case x.kind == plan.SubAny:
				n++
			}
		}
	})
	return n
}

// throughText tells whether a cast is a value's text, read anew.
func throughText(c *plan.Call) bool {
	from, to := c.Fn.Args[0].Under(), c.Fn.Result.Under()
	return c.Fn.Name == c.Fn.Result.Name && (from.Category == 'S') != (to.Category == 'S') && from != types.Name && to != types.Name
}
