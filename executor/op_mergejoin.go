package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// mergeJoinOp joins two inputs sorted by the keys. The left streams; the
// right is held, and a window moves over it: the rows whose keys equal the
// current left row's. Output is in the left's order.
type mergeJoinOp struct {
	x           *exec
	n           *plan.MergeJoin
	left, right op
	lk, rk      *exprSet
	cond        pred
	rows, rkeys *rowSet
	c           *plan.Counters

	lb       *types.Batch
	lkv      []*types.Vec
	lrows    []int32
	pos      int
	from, to int // the window
	sub      int
	located  bool
	hit      []bool
	rhit     []bool
	tail     int
	ended    bool
	jp       *joinPairs
}

func (x *exec) newMergeJoin(n *plan.MergeJoin) (op, error) {
	o := &mergeJoinOp{x: x, n: n, c: x.counter(n)}
	var err error
	if o.left, err = x.build(n.Left); err != nil {
		return nil, err
	}
	if o.right, err = x.build(n.Right); err != nil {
		return nil, err
	}
	if o.lk, err = x.newExprSet(sortExprs(n.LeftKeys)); err != nil {
		return nil, err
	}
	if o.rk, err = x.newExprSet(sortExprs(n.RightKeys)); err != nil {
		return nil, err
	}
	if o.cond, err = x.compilePred(n.Cond); err != nil {
		return nil, err
	}
	o.jp = newJoinPairs(colTypes(n.Left), colTypes(n.Right), n.Kind)
	o.rows, o.rkeys = newRowSet(colTypes(n.Right), x.Memory), newRowSet(o.rk.typs, x.Memory)
	return o, nil
}

func (o *mergeJoinOp) open() error {
	o.rows.drop()
	o.rkeys.drop()
	o.lb, o.from, o.to, o.tail, o.ended = nil, 0, 0, 0, false
	if err := o.right.open(); err != nil {
		return err
	}
	for {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		b, err := o.right.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		ks, err := o.rk.eval(b, b.Sel)
		if err != nil {
			return err
		}
		if err := o.rows.add(b); err != nil {
			return err
		}
		if err := o.rkeys.addRows(&types.Batch{Cols: ks, N: b.N}, selected(b.N, b.Sel)); err != nil {
			return err
		}
	}
	if o.n.Kind == plan.RightJoin || o.n.Kind == plan.FullJoin {
		o.rhit = make([]bool, o.rows.n)
	}
	return o.left.open()
}

func (o *mergeJoinOp) next() (*types.Batch, error) {
	for {
		if o.lb == nil {
			if o.ended {
				return o.jp.unmatched(o.rows.cols, o.rhit, &o.tail), nil
			}
			b, err := o.left.next()
			if err != nil {
				return nil, err
			}
			if b == nil {
				o.ended = true
				continue
			}
			o.lb, o.lrows, o.pos, o.located = b, selected(b.N, b.Sel), 0, false
			o.hit = sizedBools(o.hit, b.N)
			if o.lkv, err = o.lk.eval(b, b.Sel); err != nil {
				return nil, err
			}
		}
		b, err := o.round()
		if err != nil || b != nil {
			return b, err
		}
	}
}

// compare orders a left row against a right one by the keys.
func (o *mergeJoinOp) compare(i, r int) int {
	for k := range o.n.LeftKeys {
		if c := orderAt(&o.n.LeftKeys[k], o.lkv[k], i, o.rkeys.cols[k], r); c != 0 {
			return c
		}
	}
	return 0
}

func (o *mergeJoinOp) null(i int) bool {
	for _, v := range o.lkv {
		if v.IsNull(i) {
			return true
		}
	}
	return false
}

// locate moves the window to the rows equal to left row i.
func (o *mergeJoinOp) locate(i int) {
	if o.from < o.to && o.compare(i, o.from) == 0 {
		return
	}
	o.from = max(o.from, o.to)
	for o.from < o.rows.n && o.compare(i, o.from) > 0 {
		o.from++
	}
	o.to = o.from
	for o.to < o.rows.n && o.compare(i, o.to) == 0 {
		o.to++
	}
}

// round collects pairs and gives the next batch, nil when none came of it.
func (o *mergeJoinOp) round() (*types.Batch, error) {
	o.jp.reset()
	for o.pos < len(o.lrows) && len(o.jp.l) < types.BatchSize {
		i := o.lrows[o.pos]
		if !o.located {
			o.located, o.sub = true, o.to
			if !o.null(int(i)) {
				o.locate(int(i))
				o.sub = o.from
			}
		}
		if o.sub < o.to {
			o.jp.add(i, int32(o.sub))
			o.sub++
			continue
		}
		if o.jp.outer {
			o.jp.add(i, -1)
		}
		o.pos++
		o.located = false
	}
	done := o.pos == len(o.lrows)
	b, err := o.jp.emit(o.lb, o.lrows, o.rows.cols, o.cond, o.c, o.hit, o.rhit, done)
	if done {
		o.lb = nil
	}
	return b, err
}

func (o *mergeJoinOp) close() {
	o.left.close()
	o.right.close()
	o.rows.drop()
	o.rkeys.drop()
}
