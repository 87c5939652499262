package executor

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// appendOp yields the rows of its inputs one after another. Of a partitioned
// table's it passes over those that cannot have any (Prune), which it learns
// when it starts.
type appendOp struct {
	x    *exec
	n    *plan.Append
	ins  []op
	vals []expr
	live catalog.PartSet // by partition; nil: all
	at   int
	opn  bool
}

func (x *exec) newAppend(n *plan.Append) (op, error) {
	o := &appendOp{x: x, n: n}
	for _, c := range n.Inputs {
		in, err := x.build(c)
		if err != nil {
			return nil, err
		}
		o.ins = append(o.ins, in)
	}
	if n.Prune != nil && x.Catalog != nil {
		var err error
		if o.vals, err = x.compileAll(n.Prune.Values); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *appendOp) open() error {
	o.at, o.opn, o.live = 0, false, nil
	if o.vals == nil {
		return nil
	}
	step := o.n.Prune
	parts := o.x.Catalog.Partitions(step.Table)
	byKey := make([][]catalog.PartCond, len(parts.Key.Columns))
	for i, e := range o.vals {
		v, err := evalOne(e)
		if err != nil {
			return err
		}
		if v.IsNull() { // no comparison with NULL is true
			o.live = catalog.AllParts(len(parts.Parts), false)
			return nil
		}
		k := step.Columns[i]
		byKey[k] = append(byKey[k], catalog.PartCond{Op: step.Ops[i], Val: v})
	}
	o.live = parts.Admitting(byKey)
	return nil
}

func (o *appendOp) next() (*types.Batch, error) {
	for o.at < len(o.ins) {
		if !o.opn {
			if o.live != nil && !o.live[o.n.Prune.Parts[o.at]] {
				o.at++
				continue
			}
			if err := o.ins[o.at].open(); err != nil {
				return nil, err
			}
			o.opn = true
		}
		b, err := o.ins[o.at].next()
		if err != nil || b != nil {
			return b, err
		}
		o.at++
		o.opn = false
	}
	return nil, nil
}

func (o *appendOp) close() {
	for _, in := range o.ins {
		in.close()
	}
}
