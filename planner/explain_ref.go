package planner

import (
	"rowkey/planner/plan"
)

// References in EXPLAIN. A node that reads a column which a node below has
// computed shows what was computed, in parentheses: Sort Key: (sum(t.a)).
// Nodes that only pass rows on do so for whatever is no table's column;
// projections of scans and joins are part of the node above, as in PostgreSQL,
// and have nothing to show.

// computedBelow tells whether column i of a node below self is one that a node
// other than self has computed.
func computedBelow(self map[plan.Node]bool, firm bool, n plan.Node, i int) bool {
	for {
		switch x := n.(type) {
		case *plan.Project:
			c, ok := x.Exprs[i].(*plan.Col)
			if !ok {
				if self[n] {
					return false
				}
				return firm || !pulledUp(x.Input)
			}
			n, i = x.Input, c.Idx
		case *plan.ProjectSet:
			c, ok := x.Exprs[i].(*plan.Col)
			if !ok {
				return !self[n]
			}
			n, i = x.Input, c.Idx
		case *plan.Agg:
			if i >= len(x.Groups) {
				return !self[n]
			}
			c, ok := x.Groups[i].(*plan.Col)
			if !ok {
				return !self[n]
			}
			n, i = x.Input, c.Idx
		case *plan.Window:
			if k := len(x.Input.Info().Cols); i >= k {
				return !self[n]
			}
			n = x.Input
		case *plan.Filter:
			n = x.Input
		case *plan.Sort, *plan.Limit, *plan.Distinct, *plan.LockRows:
			firm = true
			n = n.Children()[0]
		case *plan.HashJoin, *plan.MergeJoin, *plan.NestLoop:
			found := false
			for _, c := range n.Children() {
				if k := len(c.Info().Cols); i >= k {
					i -= k
					continue
				}
				n, found = c, true
				break
			}
			if !found {
				return false
			}
		case *plan.LookupJoin:
			if i >= len(x.Input.Info().Cols) {
				return false
			}
			n = x.Input
		default:
			return false
		}
	}
}

// pulledUp tells whether a projection over n is no step of its own.
func pulledUp(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Filter:
		return pulledUp(n.Input)
	case *plan.Project:
		return pulledUp(n.Input)
	case *plan.Scan, *plan.VirtualScan, *plan.CTEScan, *plan.WorkScan, *plan.FuncScan, *plan.Values, *plan.HashJoin, *plan.MergeJoin, *plan.NestLoop, *plan.LookupJoin:
		return true
	}
	return false
}

// passes tells whether a node only passes columns on.
func passes(n plan.Node) bool {
	switch n.(type) {
	case *plan.Sort, *plan.Limit, *plan.Distinct, *plan.LockRows, *plan.HashJoin, *plan.MergeJoin, *plan.NestLoop, *plan.LookupJoin:
		return true
	}
	return false
}

// sameStep are the nodes that are shown as one with the inputs of an
// expression: a projection or filter is part of the node below it.
func sameStep(ins []plan.Node) map[plan.Node]bool {
	if len(ins) != 1 {
		return nil
	}
	out := map[plan.Node]bool{}
	for n := ins[0]; ; {
		out[n] = true
		switch x := n.(type) {
		case *plan.Project:
			n = x.Input
		case *plan.Filter:
			if x.Once != nil {
				return out
			}
			n = x.Input
		default:
			return out
		}
	}
}
