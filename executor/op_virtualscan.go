package executor

import (
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// virtualOp computes a relation of the catalog.
type virtualOp struct {
	x    *exec
	n    *plan.VirtualScan
	key  expr
	p    pred
	rows *rowSet
	cur  cursor
	sel  []int32
	out  types.Batch
	done bool
}

func (x *exec) newVirtualScan(n *plan.VirtualScan) (op, error) {
	o := &virtualOp{x: x, n: n}
	var err error
	if n.EqKey != nil {
		if o.key, err = x.compile(n.EqKey); err != nil {
			return nil, err
		}
	}
	if o.p, err = x.compilePred(n.Filter); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *virtualOp) open() error {
	o.cur.at, o.done = 0, false
	o.rows = newRowSet(colTypes(o.n), o.x.Memory)
	var eq int16
	var key types.Datum
	if o.key != nil {
		a, err := o.key.eval(&types.Batch{N: 1}, nil)
		if err != nil {
			return err
		}
		if a.IsNull(0) {
			return nil // equals nothing
		}
		eq, key = o.n.EqCol, a.Datum(0)
	}
	if o.n.Table.Virtual == nil {
		return pgerr.Newf(pgerr.InternalError, "relation %q has no rows", o.n.Table.Name)
	}
	ev := o.x.Eval
	return o.n.Table.Virtual.Rows(o.x.Catalog, ev, eq, key, func(r []types.Datum) error {
		for k, a := range o.n.Attnums {
			if a == plan.AttTableOID {
				o.rows.cols[k].Append(types.NewInt(int64(o.n.Table.OID)))
				continue
			}
			if a < 1 || int(a) > len(r) {
				o.rows.cols[k].Append(types.Null)
				continue
			}
			o.rows.cols[k].Append(r[a-1])
		}
		o.rows.n++
		return nil
	})
}

func (o *virtualOp) next() (*types.Batch, error) {
	for {
		b := o.cur.next(o.rows)
		if b == nil {
			return nil, nil
		}
		if o.p == nil {
			return b, nil
		}
		var err error
		if o.sel, err = o.p.filter(b, nil, room(o.sel[:0], b.N)); err != nil {
			return nil, err
		}
		if len(o.sel) > 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
			return &o.out, nil
		}
	}
}

func (o *virtualOp) close() { o.rows = nil }
