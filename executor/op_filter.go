package executor

import (
	"cmp"

	"rowkey/planner/plan"
	"rowkey/types"
)

// filterOp passes the rows for which a condition is true: its input's batches
// with a narrower selection.
type filterOp struct {
	in op
	p  pred
	// once is a condition that does not depend on the rows: if it is not true,
	// the input is not even opened.
	once   pred
	opened bool
	sel    []int32
	out    types.Batch
	c      *plan.Counters
	// split: an error in the middle of a batch comes after the rows before it.
	split bool
	err   error // to come
}

func (x *exec) newFilter(n *plan.Filter) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	p, err := x.compilePred(n.Cond)
	if err != nil {
		return nil, err
	}
	once, err := x.compilePred(n.Once)
	if err != nil {
		return nil, err
	}
	return &filterOp{in: in, p: p, once: once, c: x.counter(n), split: !hasCalls(n.Cond)}, nil
}

func (o *filterOp) open() error {
	o.opened, o.err = false, nil
	if o.once != nil {
		sel, err := o.once.filter(&types.Batch{N: 1}, nil, room(o.sel[:0], 1))
		if err != nil || len(sel) == 0 {
			return err
		}
	}
	o.opened = true
	return o.in.open()
}

func (o *filterOp) next() (*types.Batch, error) {
	if !o.opened {
		return nil, nil
	}
	for {
		if o.err != nil {
			return nil, o.err
		}
		b, err := o.in.next()
		if err != nil || b == nil || o.p == nil {
			return b, err
		}
		o.sel, err = o.p.filter(b, b.Sel, room(o.sel[:0], b.N))
		if err != nil && o.split {
			var rows []int32
			rows, o.err = before(selected(b.N, b.Sel), func(row []int32) error {
				_, err := o.p.filter(b, row, room(o.sel[:0], 1))
				return err
			})
			if len(rows) > 0 {
				o.sel, err = o.p.filter(b, rows, room(o.sel[:0], b.N))
			}
		}
		if err != nil {
			return nil, cmp.Or(o.err, err)
		}
		if o.c != nil {
			o.c.Removed += int64(b.Rows() - len(o.sel))
		}
		if len(o.sel) == 0 {
			continue
		}
		if len(o.sel) == b.Rows() {
			return b, nil
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
		return &o.out, nil
	}
}

func (o *filterOp) close() {
	if o.opened {
		o.in.close()
		o.opened = false
	}
}
