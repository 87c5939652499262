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
	out      types.Batch
	lv, rv   []*types.Vec
	pairL    []int32
	pairR    []int32
	sel      []int32
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
	o.lv, o.rv = newVecs(colTypes(n.Left), 0), newVecs(colTypes(n.Right), 0)
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
				return o.unmatchedRight(), nil
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
	o.pairL, o.pairR = o.pairL[:0], o.pairR[:0]
	semi := o.n.Kind >= plan.SemiJoin
	for o.pos < len(o.lrows) && len(o.pairL) < types.BatchSize {
		i := o.lrows[o.pos]
		if !o.located {
			if o.null(int(i)) {
				o.pos++
				continue
			}
			o.locate(int(i))
			o.located, o.sub = true, o.from
		}
		if o.sub >= o.to {
			o.pos++
			o.located = false
			continue
		}
		o.pairL = append(o.pairL, i)
		o.pairR = append(o.pairR, int32(o.sub))
		o.sub++
	}
	if n := len(o.pairL); n > 0 {
		o.out = types.Batch{N: n, Cols: o.out.Cols[:0]}
		for k, v := range o.lv {
			v.CopyFrom(o.lb.Cols[k], o.pairL)
			o.out.Cols = append(o.out.Cols, v)
		}
		for k, v := range o.rv {
			v.CopyFrom(o.rows.cols[k], o.pairR)
			o.out.Cols = append(o.out.Cols, v)
		}
		if o.cond != nil {
			var err error
			if o.sel, err = o.cond.filter(&o.out, nil, room(o.sel[:0], n)); err != nil {
				return nil, err
			}
			if o.c != nil {
				o.c.Removed += int64(n - len(o.sel))
			}
			if len(o.sel) < n {
				o.out.Sel = o.sel
			}
		}
		for _, p := range selected(n, o.out.Sel) {
			o.hit[o.pairL[p]] = true
			if o.rhit != nil {
				o.rhit[o.pairR[p]] = true
			}
		}
		if !semi && o.out.Rows() > 0 {
			return &o.out, nil
		}
		return nil, nil
	}
	lb := o.lb
	o.lb = nil
	if o.n.Kind == plan.InnerJoin || o.n.Kind == plan.RightJoin {
		return nil, nil
	}
	want := o.n.Kind == plan.SemiJoin
	o.sel = o.sel[:0]
	for _, i := range o.lrows {
		if o.hit[i] == want {
			o.sel = append(o.sel, i)
		}
	}
	if len(o.sel) == 0 {
		return nil, nil
	}
	o.out = types.Batch{N: lb.N, Sel: o.sel, Cols: append(o.out.Cols[:0], lb.Cols...)}
	if !semi {
		for _, v := range o.rv {
			nullVec(v, lb.N)
			o.out.Cols = append(o.out.Cols, v)
		}
	}
	return &o.out, nil
}

func (o *mergeJoinOp) unmatchedRight() *types.Batch {
	if o.rhit == nil {
		return nil
	}
	o.pairR = o.pairR[:0]
	for o.tail < len(o.rhit) && len(o.pairR) < types.BatchSize {
		if !o.rhit[o.tail] {
			o.pairR = append(o.pairR, int32(o.tail))
		}
		o.tail++
	}
	n := len(o.pairR)
	if n == 0 {
		return nil
	}
	o.out = types.Batch{N: n, Cols: o.out.Cols[:0]}
	for _, v := range o.lv {
		nullVec(v, n)
		o.out.Cols = append(o.out.Cols, v)
	}
	for k, v := range o.rv {
		v.CopyFrom(o.rows.cols[k], o.pairR)
		o.out.Cols = append(o.out.Cols, v)
	}
	return &o.out
}

func (o *mergeJoinOp) close() {
	o.left.close()
	o.right.close()
	o.rows.drop()
	o.rkeys.drop()
}
