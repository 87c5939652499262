package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// distinctOp passes the first row of each set of duplicates, in input order.
// When duplicates arrive together it remembers one row, else a hash table of
// all distinct keys.
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
		b, err := o.in.next()
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
		if o.table != nil {
			if o.sel, err = o.table.fresh(keys[:len(o.table.keys)], b.N, rows, o.sel[:0]); err != nil {
				return nil, err
			}
		} else {
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
	o.in.close()
}
