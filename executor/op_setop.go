package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// setOp computes INTERSECT and EXCEPT: it counts the right side's rows by
// value, then passes the left side's rows as the kind says.
type setOp struct {
	x           *exec
	n           *plan.SetOp
	left, right op
	table       *groupTable
	count       []int64 // rows of the right side not yet used up
	done        []bool  // of the left side's values: passed already
	groups      []int32
	sel         []int32
	ran         bool
	out         types.Batch
}

func (x *exec) newSetOp(n *plan.SetOp) (op, error) {
	l, err := x.build(n.Left)
	if err != nil {
		return nil, err
	}
	r, err := x.build(n.Right)
	if err != nil {
		return nil, err
	}
	return &setOp{x: x, n: n, left: l, right: r}, nil
}

func (o *setOp) open() error {
	if o.table != nil {
		o.table.release()
	}
	o.table, o.count, o.done, o.ran = newGroupTable(colTypes(o.n), o.x.Memory), nil, nil, false
	if err := o.right.open(); err != nil {
		return err
	}
	return o.left.open()
}

func (o *setOp) assign(b *types.Batch) error {
	if len(o.groups) < b.N {
		o.groups = make([]int32, b.N)
	}
	if err := o.table.assign(b.Cols[:len(o.table.keys)], b.N, selected(b.N, b.Sel), o.groups); err != nil {
		return err
	}
	for len(o.count) < o.table.n {
		o.count = append(o.count, 0)
		o.done = append(o.done, false)
	}
	return nil
}

func (o *setOp) next() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		for {
			if err := o.x.cancelled(); err != nil {
				return nil, err
			}
			b, err := o.right.next()
			if err != nil {
				return nil, err
			}
			if b == nil {
				break
			}
			if err := o.assign(b); err != nil {
				return nil, err
			}
			for _, i := range selected(b.N, b.Sel) {
				o.count[o.groups[i]]++
			}
		}
	}
	for {
		b, err := o.left.next()
		if err != nil || b == nil {
			return nil, err
		}
		if err := o.assign(b); err != nil {
			return nil, err
		}
		o.sel = o.sel[:0]
		for _, i := range selected(b.N, b.Sel) {
			g := o.groups[i]
			var pass bool
			switch o.n.Kind {
			case plan.Intersect:
				pass = o.count[g] > 0 && !o.done[g]
			case plan.IntersectAll:
				pass = o.count[g] > 0
				o.count[g]--
			case plan.Except:
				pass = o.count[g] == 0 && !o.done[g]
			default:
				pass = o.count[g] <= 0
				o.count[g]--
			}
			o.done[g] = o.done[g] || pass
			if pass {
				o.sel = append(o.sel, i)
			}
		}
		if len(o.sel) > 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
			return &o.out, nil
		}
	}
}

func (o *setOp) close() {
	if o.table != nil {
		o.table.release()
		o.table = nil
	}
	o.left.close()
	o.right.close()
}
