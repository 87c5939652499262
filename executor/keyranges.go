package executor

import (
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/planner/plan"
)

// KeyRanges gives the ranges of keys that a Scan would read now, for EXPLAIN
// (KV); nil for other nodes, and for scans whose ranges depend on rows of
// another node.
func KeyRanges(ctx *Ctx, n plan.Node) []kv.Range {
	s, ok := n.(*plan.Scan)
	if !ok {
		return nil
	}
	x := newExec(ctx, emptyPlan)
	ix, err := rowenc.NewIndex(s.Table, s.Index)
	if err != nil {
		return nil
	}
	if s.Spans == nil {
		return []kv.Range{ix.Range()}
	}
	set, err := x.newSpanSet(ix, s.Spans)
	if err != nil {
		return nil
	}
	ranges, err := set.ranges(nil)
	if err != nil {
		return nil
	}
	return ranges
}
