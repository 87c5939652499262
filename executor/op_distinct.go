package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// distinctOp passes the first row of each set of duplicates, in input order.
// When duplicates arrive together it remembers one row, else a hash table of
// all distinct keys, or of those that its share of memory has room for
// (group_spill.go).
type distinctOp struct {
	x       *exec
	n       *plan.Distinct
	in      op
	on      *exprSet // nil: all columns
	table   *groupTable
	last    []*types.Vec
	hasLast bool
	sel     []int32
	out     types.Batch
	spill   groupSpill
}

func (x *exec) newDistinct(n *plan.Distinct) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &distinctOp{x: x, n: n, in: in}
	if n.On != nil {
		if o.on, err = x.newExprSet(n.On); err != nil {
			return nil, err
		}
	}
	o.spill = x.newGroupSpill(n.Input, n.On)
	return o, nil
}

func (o *distinctOp) keyTypes() []*types.Type {
	if o.on != nil {
		return o.on.typs
	}
	return colTypes(o.n)
}

func (o *distinctOp) open() error {
	if o.table != nil {
		o.table.release()
		o.table = nil
	}
	o.hasLast = false
	o.spill.drop()
	if !o.n.Ordered {
		o.table = newGroupTable(o.keyTypes(), o.x.Memory)
	} else if o.last == nil {
		o.last = newVecs(o.keyTypes(), 1)
		for _, v := range o.last {
			v.Resize(1)
		}
	}
	return o.in.open()
}

func (o *distinctOp) next() (*types.Batch, error) {
	for {
		b, err := o.input()
		if err != nil || b == nil {
			return nil, err
		}
		keys := b.Cols
		if o.on != nil {
			if keys, err = o.on.eval(b, b.Sel); err != nil {
				return nil, err
			}
		}
		rows := selected(b.N, b.Sel)
		switch {
		case o.spill.set != nil:
			// Those in the table have come out before, the others wait.
			if _, err := o.spill.divide(o.table, keys[:len(o.table.keys)], b, nil); err != nil {
				return nil, err
			}
			o.sel = o.sel[:0]
		case o.table != nil:
			if o.sel, err = o.table.fresh(keys[:len(o.table.keys)], b.N, rows, o.sel[:0]); err != nil {
				return nil, err
			}
			if err := o.spill.outgrown(o.table.bytes); err != nil {
				return nil, err
			}
		default:
			o.sel = o.sel[:0]
			for _, i := range rows {
				if o.hasLast && o.same(keys, int(i)) {
					continue
				}
				for k, v := range o.last {
					setVec(v, 0, keys[k], int(i))
				}
				o.hasLast = true
				o.sel = append(o.sel, i)
			}
		}
		if len(o.sel) > 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
			return &o.out, nil
		}
	}
}

// input gives the next batch of the input, then of what went to disk.
func (o *distinctOp) input() (*types.Batch, error) {
	for {
		src := o.in
		if o.spill.part != nil {
			src = spoolOp{o.spill.part}
		}
		b, err := src.next()
		if b != nil || err != nil || o.table == nil {
			return b, err
		}
		if err := o.x.cancelled(); err != nil {
			return nil, err
		}
		if more, err := o.spill.more(); !more || err != nil {
			o.spill.detail(o.x.counter(o.n))
			return nil, err
		}
		o.table.release()
		o.table = newGroupTable(o.keyTypes(), o.x.Memory)
	}
}

func (o *distinctOp) same(keys []*types.Vec, i int) bool {
	for k, v := range o.last {
		if !types.EqualAt(keys[k], i, v, 0) {
			return false
		}
	}
	return true
}

func (o *distinctOp) close() {
	if o.table != nil {
		o.table.release()
		o.table = nil
	}
	o.spill.drop()
	o.in.close()
}
