package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// mergeAppendOp merges the rows of its inputs, each sorted by the same keys,
// in order; of equal rows those of the earlier input come first. It holds one
// batch of each input.
type mergeAppendOp struct {
	n    *plan.Append
	ins  []op
	keys []int // key columns
	cur  []*types.Batch
	rows [][]int32
}

func (x *exec) newMergeAppend(n *plan.Append) (op, error) {
	o := &mergeAppendOp{n: n}
	for _, c := range n.Inputs {
		in, err := x.build(c)
		if err != nil {
			return nil, err
		}
		o.ins = append(o.ins, in)
	}
	for _, k := range n.Keys {
		o.keys = append(o.keys, k.Expr.(*plan.Col).Idx)
	}
	return o, nil
}

func (o *mergeAppendOp) open() error {
	o.cur, o.rows = nil, nil
	for _, in := range o.ins {
		if err := in.open(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads on in input i if all its rows have been given.
func (o *mergeAppendOp) fill(i int) error {
	for len(o.rows[i]) == 0 {
		b, err := o.ins[i].next()
		if err != nil {
			return err
		}
		if o.cur[i] = b; b == nil {
			return nil
		}
		o.rows[i] = selected(b.N, b.Sel)
	}
	return nil
}

func (o *mergeAppendOp) next() (*types.Batch, error) {
	if o.cur == nil {
		o.cur, o.rows = make([]*types.Batch, len(o.ins)), make([][]int32, len(o.ins))
		for i := range o.ins {
			if err := o.fill(i); err != nil {
				return nil, err
			}
		}
	}
	out := &types.Batch{Cols: newVecs(colTypes(o.n), 0)}
	for out.N < types.BatchSize {
		best := -1
		for i, b := range o.cur {
			if b != nil && (best < 0 || o.before(i, best)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		at := o.rows[best][:1]
		for k, v := range out.Cols {
			v.AppendRows(o.cur[best].Cols[k], at)
		}
		out.N++
		o.rows[best] = o.rows[best][1:]
		if err := o.fill(best); err != nil {
			return nil, err
		}
	}
	if out.N == 0 {
		return nil, nil
	}
	return out, nil
}

// before tells whether the next row of input i comes before that of j, which is later.
func (o *mergeAppendOp) before(i, j int) bool {
	a, b := o.cur[i], o.cur[j]
	for k, c := range o.keys {
		if d := orderAt(&o.n.Keys[k], a.Cols[c], int(o.rows[i][0]), b.Cols[c], int(o.rows[j][0])); d != 0 {
			return d < 0
		}
	}
	return i < j
}

func (o *mergeAppendOp) close() {
	for _, in := range o.ins {
		in.close()
	}
	o.cur, o.rows = nil, nil
}
