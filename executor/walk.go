package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
)

// exprArgs calls f for the expressions directly below e, the checks of domains among them.
func exprArgs(e plan.Expr, f func(plan.Expr)) {
	plan.Parts(e, f)
	d, ok := e.(*plan.CoerceDomain)
	if !ok {
		return
	}
	for _, c := range d.Checks {
		f(c.Expr)
	}
	for _, in := range d.Inside {
		for _, c := range in.Checks {
			f(c.Expr)
		}
	}
}

// walkExpr calls f for e and all expressions below it, not into subplans.
func walkExpr(e plan.Expr, f func(plan.Expr)) {
	if e == nil {
		return
	}
	f(e)
	exprArgs(e, func(a plan.Expr) { walkExpr(a, f) })
}

// nodeExprs calls f for the expressions of a node itself.
func nodeExprs(n plan.Node, f func(plan.Expr)) {
	one := func(e plan.Expr) {
		if e != nil {
			f(e)
		}
	}
	each := func(es []plan.Expr) {
		for _, e := range es {
			one(e)
		}
	}
	keys := func(ks []plan.SortKey) {
		for _, k := range ks {
			one(k.Expr)
		}
	}
	calls := func(cs []plan.AggCall) {
		for _, c := range cs {
			each(c.Args)
			each(c.Direct)
			keys(c.OrderBy)
			one(c.Filter)
		}
	}
	cols := func(cs []plan.ColumnExpr) {
		for _, c := range cs {
			one(c.Expr)
		}
	}
	named := func(cs []plan.NamedExpr) {
		for _, c := range cs {
			one(c.Expr)
		}
	}
	rules := func(r *plan.RowRules) {
		cols(r.Generated)
		named(r.Checks)
		for _, es := range r.IndexExprs {
			each(es)
		}
		each(r.IndexWhere)
	}
	switch n := n.(type) {
	case *plan.Values:
		for _, r := range n.RowsExprs {
			each(r)
		}
	case *plan.Scan:
		spans := n.Spans
		for _, a := range n.Bitmap {
			spans = append(spans[:len(spans):len(spans)], a.Spans...)
		}
		one(n.Any)
		for _, s := range spans {
			each(s.Eq)
			one(s.Low)
			one(s.High)
			each(s.LowMore)
			each(s.HighMore)
			one(s.In)
		}
		one(n.Filter)
		one(n.Limit)
	case *plan.VirtualScan:
		one(n.EqKey)
		one(n.Filter)
	case *plan.Filter:
		one(n.Cond)
		one(n.Once)
	case *plan.Project:
		each(n.Exprs)
	case *plan.ProjectSet:
		each(n.Exprs)
	case *plan.Append:
		if n.Prune != nil {
			for _, e := range n.Prune.Values {
				f(e)
			}
		}
	case *plan.Limit:
		one(n.Count)
		one(n.Offset)
		keys(n.Ties)
	case *plan.Sort:
		keys(n.Keys)
		one(n.Bound)
		one(n.BoundOffset)
	case *plan.Agg:
		each(n.Groups)
		calls(n.Calls)
	case *plan.Distinct:
		each(n.On)
	case *plan.Window:
		each(n.Partition)
		keys(n.Order)
		one(n.Frame.StartOffset)
		one(n.Frame.EndOffset)
		one(n.Frame.Sub)
		one(n.Frame.Add)
		calls(n.Calls)
		one(n.Run)
	case *plan.HashJoin:
		each(n.LeftKeys)
		each(n.RightKeys)
		one(n.Cond)
	case *plan.MergeJoin:
		keys(n.LeftKeys)
		keys(n.RightKeys)
		one(n.Cond)
	case *plan.NestLoop:
		one(n.Cond)
		each(n.Args)
	case *plan.LookupJoin:
		each(n.Keys)
		one(n.Cond)
	case *plan.FuncScan:
		each(n.Calls)
	case *plan.LockRows:
		for i := range n.Steps {
			one(n.Steps[i].Cond)
			one(n.Steps[i].Value)
			each(n.Steps[i].Same)
		}
	case *plan.Insert:
		cols(n.Defaults)
		rules(&n.Rules)
		if n.Conflict != nil {
			cols(n.Conflict.Set)
			one(n.Conflict.Where)
		}
		each(n.Returning)
		named(n.ViewCheck)
	case *plan.Update:
		cols(n.Set)
		rules(&n.Rules)
		one(n.Recheck)
		each(n.Returning)
		named(n.ViewCheck)
	case *plan.Delete:
		one(n.Recheck)
		each(n.Returning)
		rules(&n.Rules)
	case *plan.Merge:
		for _, a := range n.Actions {
			one(a.Cond)
			cols(a.Set)
		}
		rules(&n.Rules)
		cols(n.Defaults)
	}
}

// walkNodes calls f for n and all nodes below it, those of subplans too.
func walkNodes(n plan.Node, f func(plan.Node)) {
	f(n)
	for _, c := range n.Children() {
		walkNodes(c, f)
	}
	nodeExprs(n, func(e plan.Expr) {
		walkExpr(e, func(e plan.Expr) {
			if s, ok := e.(*plan.Subplan); ok {
				walkNodes(s.Plan, f)
			}
		})
	})
}

// freeSlots gives the exec params that a node and those below read but do
// not set themselves: what its result depends on from outside.
func (x *exec) freeSlots(n plan.Node) []int {
	if s, ok := x.free[n]; ok {
		return s
	}
	read, set := map[int]bool{}, map[int]bool{}
	visit := func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.ExecParam:
			read[e.Slot] = true
		case *plan.Subplan:
			for _, s := range e.Sets {
				set[s] = true
			}
			for _, s := range e.Out {
				set[s] = true
			}
		}
	}
	walkNodes(n, func(n plan.Node) {
		if j, ok := n.(*plan.NestLoop); ok {
			for _, s := range j.Sets {
				set[s] = true
			}
		}
		nodeExprs(n, func(e plan.Expr) { walkExpr(e, visit) })
	})
	out := []int{}
	for s := range read {
		if !set[s] {
			out = append(out, s)
		}
	}
	if x.free == nil {
		x.free = map[plan.Node][]int{}
	}
	x.free[n] = out
	return out
}

// stableTree tells that running a node again gives the same rows: it depends
// on nothing outside and calls nothing volatile.
func (x *exec) stableTree(n plan.Node) bool {
	if len(x.freeSlots(n)) > 0 {
		return false
	}
	ok := true
	walkNodes(n, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.WorkScan, *plan.Insert, *plan.Update, *plan.Delete, *plan.Merge:
			ok = false
		case *plan.CTEScan:
			ok = ok && !x.cteReads(n.Index, -1)
		}
		nodeExprs(n, func(e plan.Expr) {
			walkExpr(e, func(e plan.Expr) {
				if c, is := e.(*plan.Call); is && c.Fn.Volatility == builtin.Volatile {
					ok = false
				}
			})
		})
	})
	return ok
}
