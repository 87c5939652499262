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
	arms := s.Bitmap
	if arms == nil {
		arms = []plan.BitmapArm{{Index: s.Index, Spans: s.Spans}}
	}
	var ranges []kv.Range
	for _, a := range arms {
		ix, err := rowenc.NewIndex(s.Table, a.Index)
		if err != nil {
			return nil
		}
		set, err := x.newSpanSet(ix, a.Spans)
		if err != nil {
			return nil
		}
		if ranges, err = set.ranges(ranges); err != nil {
			return nil
		}
	}
	return ranges
}
