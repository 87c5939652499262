package executor

import (
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// limitOp passes Count rows after Offset, and with ties the peers of the last.
type limitOp struct {
	x             *exec
	in            op
	count, offset expr
	ties          *exprSet
	skip, left    int64 // left < 0: no limit
	last          []*types.Vec
	tieing        bool
	out           types.Batch
}

func (x *exec) newLimit(n *plan.Limit) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &limitOp{x: x, in: in}
	if n.Count != nil {
		if o.count, err = x.compile(n.Count); err != nil {
			return nil, err
		}
	}
	if n.Offset != nil {
		if o.offset, err = x.compile(n.Offset); err != nil {
			return nil, err
		}
	}
	if len(n.Ties) > 0 {
		if o.ties, err = x.newExprSet(sortExprs(n.Ties)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// evalInt computes an integer that depends on no row; ok is false for NULL.
func evalInt(e expr) (n int64, ok bool, err error) {
	if e == nil {
		return 0, false, nil
	}
	a, err := e.eval(&types.Batch{N: 1}, nil)
	if err != nil || a.IsNull(0) {
		return 0, false, err
	}
	return a.I[0], true, nil
}

func (o *limitOp) open() error {
	o.skip, o.left, o.tieing, o.last = 0, -1, false, nil
	if n, ok, err := evalInt(o.offset); err != nil {
		return err
	} else if ok {
		if n < 0 {
			return pgerr.New(pgerr.InvalidRowCountInResultOffset, "OFFSET must not be negative")
		}
		o.skip = n
	}
	if n, ok, err := evalInt(o.count); err != nil {
		return err
	} else if ok {
		if n < 0 {
			return pgerr.New(pgerr.InvalidRowCountInLimitClause, "LIMIT must not be negative")
		}
		if o.left = n; n == 0 {
			return nil // what is below is not run
		}
	}
	return o.in.open()
}

func (o *limitOp) next() (*types.Batch, error) {
	for {
		if o.left == 0 && (o.ties == nil || o.last == nil) {
			return nil, nil
		}
		if o.left > 0 && o.ties == nil {
			tellWanted(o.in, o.skip+o.left)
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		rows := selected(b.N, b.Sel)
		if o.skip > 0 {
			k := min(o.skip, int64(len(rows)))
			o.skip -= k
			rows = rows[k:]
		}
		if len(rows) == 0 {
			continue
		}
		if o.left < 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: rows}
			return &o.out, nil
		}
		take := int(min(o.left, int64(len(rows))))
		o.left -= int64(take)
		if o.ties != nil {
			if take, err = o.withTies(b, rows, take); err != nil {
				return nil, err
			}
			if take == 0 {
				return nil, nil
			}
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: rows[:take]}
		return &o.out, nil
	}
}

// withTies lengthens take by the peers of the last row counted.
func (o *limitOp) withTies(b *types.Batch, rows []int32, take int) (int, error) {
	vecs, err := o.ties.eval(b, rows)
	if err != nil {
		return 0, err
	}
	if take > 0 {
		o.last = make([]*types.Vec, len(vecs))
		for k, v := range vecs {
			o.last[k] = types.NewVec(v.Type, 1)
			o.last[k].CopyFrom(v, rows[take-1:take])
		}
	}
	if o.left > 0 {
		return take, nil
	}
	for take < len(rows) {
		for k, v := range vecs {
			if !types.EqualAt(v, int(rows[take]), o.last[k], 0) {
				o.last = nil
				return take, nil
			}
		}
		take++
	}
	return take, nil
}

func (o *limitOp) close() { o.in.close() }
