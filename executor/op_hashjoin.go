package executor

import (
	"fmt"

	"rowkey/planner/plan"
	"rowkey/types"
)

// hashJoinOp builds a hash table of the right input and probes it with the
// left, so that the left streams and keeps its order, and LEFT JOIN needs no
// second pass; RIGHT and FULL add the unmatched right rows at the end.
//
// When no two build rows have equal keys and there is no further condition, a
// left row has at most one match: the left batch is passed on as it is, with
// a selection, and only the right columns are gathered.
type hashJoinOp struct {
	x           *exec
	n           *plan.HashJoin
	left, right op
	lkeys       *exprSet
	rkeys       *exprSet
	table       *joinTable
	keep        bool // the right side never changes: the table outlives reopening
	cond        pred
	probe       *prober
	c           *plan.Counters

	lb       *types.Batch
	lrows    []int32
	lk       []*types.Vec
	pos      int // in lrows
	rowDone  bool
	pairL    []int32
	pairR    []int32
	to       []int32
	sel      []int32
	hit      []bool // of the left rows
	rhit     []bool // of the right rows, RIGHT and FULL
	out      types.Batch
	lv, rv   []*types.Vec
	ended    bool
	tail     int
	sharedID int
	built    bool
}

func (x *exec) newHashJoin(n *plan.HashJoin) (op, error) {
	o := &hashJoinOp{x: x, n: n, c: x.counter(n)}
	var err error
	if o.left, err = x.build(n.Left); err != nil {
		return nil, err
	}
	if x.worker != nil && x.worker.tables[n] != nil {
		o.table, o.built = x.worker.tables[n], true
	} else if o.right, err = x.build(n.Right); err != nil {
		return nil, err
	}
	if o.lkeys, err = x.newExprSet(n.LeftKeys); err != nil {
		return nil, err
	}
	if o.rkeys, err = x.newExprSet(n.RightKeys); err != nil {
		return nil, err
	}
	if o.cond, err = x.compilePred(n.Cond); err != nil {
		return nil, err
	}
	o.keep = x.stableTree(n.Right)
	o.lv = newVecs(colTypes(n.Left), 0)
	o.rv = newVecs(colTypes(n.Right), 0)
	return o, nil
}

func (o *hashJoinOp) open() error {
	if o.right != nil && (!o.built || !o.keep) {
		t, err := o.x.buildJoinTable(o.n, o.right, o.rkeys)
		if err != nil {
			return err
		}
		o.table, o.built = t, true
		if o.c != nil {
			o.c.Detail = fmt.Sprintf("Buckets: %d", len(t.heads))
			o.c.Memory = t.rows.bytes + t.kvals.bytes
		}
	}
	o.probe = newProber(o.table, o.n.NullsEqual)
	o.lb, o.ended, o.tail = nil, false, 0
	if o.n.Kind == plan.RightJoin || o.n.Kind == plan.FullJoin {
		o.rhit = make([]bool, o.table.rows.n)
	}
	return o.left.open()
}

// buildJoinTable reads the right input of a hash join into a table.
func (x *exec) buildJoinTable(n *plan.HashJoin, right op, keys *exprSet) (*joinTable, error) {
	t := newJoinTable(colTypes(n.Right), keys.typs, x.Memory)
	if err := right.open(); err != nil {
		return nil, err
	}
	for {
		if err := x.cancelled(); err != nil {
			return nil, err
		}
		b, err := right.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		ks, err := keys.eval(b, b.Sel)
		if err != nil {
			return nil, err
		}
		if err := t.add(b, ks); err != nil {
			return nil, err
		}
	}
	return t, t.build(n.NullsEqual)
}

func (o *hashJoinOp) next() (*types.Batch, error) {
	if o.n.Kind == plan.AntiNullJoin && o.table.hasNull {
		return nil, nil // NOT IN a set with a NULL is never true
	}
	for {
		if o.lb == nil {
			if o.ended {
				return o.unmatchedRight()
			}
			b, err := o.left.next()
			if err != nil {
				return nil, err
			}
			if b == nil {
				o.ended = true
				continue
			}
			if b.Rows() == 0 {
				continue
			}
			o.lb = b
			o.lrows = selected(b.N, b.Sel)
			if o.lk, err = o.lkeys.eval(b, b.Sel); err != nil {
				return nil, err
			}
			o.probe.start(o.lk, b.N, o.lrows)
			o.pos = 0
			if out, done, err := o.whole(); done || err != nil {
				o.lb = nil
				if err != nil || out != nil {
					return out, err
				}
				continue
			}
			o.hit = sizedBools(o.hit, b.N)
		}
		b, err := o.pairs()
		if err != nil {
			return nil, err
		}
		if b != nil {
			return b, nil
		}
	}
}

func sizedBools(s []bool, n int) []bool {
	if cap(s) < n {
		return make([]bool, n, max(n, types.BatchSize))
	}
	s = s[:n]
	clear(s)
	return s
}

func sizedInts(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n, max(n, types.BatchSize))
	}
	return s[:n]
}

// whole deals with a left batch at once where each row has at most one match
// that matters; done is false when that is not so.
func (o *hashJoinOp) whole() (out *types.Batch, done bool, err error) {
	kind := o.n.Kind
	if o.cond != nil {
		return nil, false, nil
	}
	switch kind {
	case plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin:
	case plan.InnerJoin, plan.LeftJoin:
		if !o.table.unique {
			return nil, false, nil
		}
	default:
		return nil, false, nil
	}
	b := o.lb
	o.to = sizedInts(o.to, b.N)
	o.probe.first(o.lk, o.lrows, o.to)
	sel := room(o.sel[:0], len(o.lrows))
	switch kind {
	case plan.SemiJoin, plan.InnerJoin:
		for _, i := range o.lrows {
			if o.to[i] >= 0 {
				sel = append(sel, i)
			}
		}
	case plan.AntiJoin:
		for _, i := range o.lrows {
			if o.to[i] < 0 {
				sel = append(sel, i)
			}
		}
	case plan.AntiNullJoin:
		for _, i := range o.lrows {
			if o.to[i] < 0 && (o.table.rows.n == 0 || !o.table.nullKey(o.lk, int(i), nil)) {
				sel = append(sel, i)
			}
		}
	case plan.LeftJoin:
		sel = append(sel, o.lrows...)
	}
	o.sel = sel
	if len(sel) == 0 {
		return nil, true, nil
	}
	o.out = types.Batch{N: b.N, Sel: sel, Cols: append(o.out.Cols[:0], b.Cols...)}
	if len(sel) == b.N {
		o.out.Sel = nil
	}
	if kind == plan.InnerJoin || kind == plan.LeftJoin {
		for k, v := range o.rv {
			gatherTo(v, o.table.rows.cols[k], o.to, sel, b.N)
			o.out.Cols = append(o.out.Cols, v)
		}
	}
	return &o.out, true, nil
}

// gatherTo sets the rows sel of dst: row i becomes row from[i] of src, NULL
// when that is negative.
func gatherTo(dst, src *types.Vec, from, sel []int32, n int) {
	dst.HasNulls = false
	dst.Resize(n)
	missing := false
	for _, i := range sel {
		if from[i] < 0 {
			missing = true
			break
		}
	}
	if missing || src.HasNulls {
		for _, i := range sel {
			if r := from[i]; r < 0 {
				dst.Set(int(i), types.Null)
			} else {
				setVec(dst, int(i), src, int(r))
			}
		}
		return
	}
	switch dst.Type.Phys {
	case types.PhysBool:
		pick(dst.B, src.B, from, sel)
	case types.PhysInt64:
		pick(dst.I, src.I, from, sel)
	case types.PhysFloat64:
		pick(dst.F, src.F, from, sel)
	case types.PhysBytes:
		pick(dst.S, src.S, from, sel)
	case types.PhysDecimal:
		pick(dst.D, src.D, from, sel)
	case types.PhysInterval:
		pick(dst.V, src.V, from, sel)
	default:
		pick(dst.A, src.A, from, sel)
	}
}

func pick[T any](dst, src []T, from, sel []int32) {
	for _, i := range sel {
		dst[i] = src[from[i]]
	}
}

// pairs gives the next batch of joined rows of the current left batch; nil
// when it is used up (lb is nil then) or nothing came of this round.
func (o *hashJoinOp) pairs() (*types.Batch, error) {
	o.pairL, o.pairR = o.pairL[:0], o.pairR[:0]
	semi := o.n.Kind >= plan.SemiJoin
	for o.pos < len(o.lrows) && len(o.pairL) < types.BatchSize {
		i := o.lrows[o.pos]
		if semi && o.hit[i] {
			o.pos++
			continue
		}
		r := o.probe.match(o.lk, i)
		if r < 0 {
			o.pos++
			continue
		}
		o.pairL = append(o.pairL, i)
		o.pairR = append(o.pairR, r)
	}
	b, err := o.joined()
	if err != nil {
		return nil, err
	}
	if semi {
		b = nil
	}
	if o.pos < len(o.lrows) {
		return b, nil
	}
	// The left batch is used up: its unmatched rows remain.
	if b != nil {
		if o.n.Kind == plan.LeftJoin || o.n.Kind == plan.FullJoin {
			return b, nil // come back for them
		}
		o.lb = nil
		return b, nil
	}
	b = o.leftRows()
	o.lb = nil
	return b, nil
}

// joined makes the batch of the pairs collected and applies the condition.
func (o *hashJoinOp) joined() (*types.Batch, error) {
	n := len(o.pairL)
	if n == 0 {
		return nil, nil
	}
	o.out.Cols = o.out.Cols[:0]
	for k, v := range o.lv {
		v.CopyFrom(o.lb.Cols[k], o.pairL)
		o.out.Cols = append(o.out.Cols, v)
	}
	for k, v := range o.rv {
		v.CopyFrom(o.table.rows.cols[k], o.pairR)
		o.out.Cols = append(o.out.Cols, v)
	}
	o.out.N, o.out.Sel = n, nil
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
	if o.out.Rows() == 0 {
		return nil, nil
	}
	return &o.out, nil
}

// leftRows gives the left rows that are due by themselves once all matches of
// the batch are known.
func (o *hashJoinOp) leftRows() *types.Batch {
	want := false
	switch o.n.Kind {
	case plan.SemiJoin:
		want = true
	case plan.AntiJoin, plan.AntiNullJoin, plan.LeftJoin, plan.FullJoin:
	default:
		return nil
	}
	o.sel = o.sel[:0]
	for _, i := range o.lrows {
		if o.hit[i] != want {
			continue
		}
		if o.n.Kind == plan.AntiNullJoin && o.table.rows.n > 0 && o.table.nullKey(o.lk, int(i), nil) {
			continue
		}
		o.sel = append(o.sel, i)
	}
	if len(o.sel) == 0 {
		return nil
	}
	o.out = types.Batch{N: o.lb.N, Sel: o.sel, Cols: append(o.out.Cols[:0], o.lb.Cols...)}
	if o.n.Kind == plan.LeftJoin || o.n.Kind == plan.FullJoin {
		for _, v := range o.rv {
			nullVec(v, o.lb.N)
			o.out.Cols = append(o.out.Cols, v)
		}
	}
	return &o.out
}

// nullVec makes v n NULLs.
func nullVec(v *types.Vec, n int) {
	v.HasNulls = false
	v.Resize(n)
	nulls := v.MakeNulls()
	for i := range nulls[:n] {
		nulls[i] = true
		v.Set(i, types.Null)
	}
}

// unmatchedRight gives the right rows without a match, at the end of RIGHT
// and FULL joins.
func (o *hashJoinOp) unmatchedRight() (*types.Batch, error) {
	if o.rhit == nil {
		return nil, nil
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
		return nil, nil
	}
	o.out = types.Batch{N: n, Cols: o.out.Cols[:0]}
	for _, v := range o.lv {
		nullVec(v, n)
		o.out.Cols = append(o.out.Cols, v)
	}
	for k, v := range o.rv {
		v.CopyFrom(o.table.rows.cols[k], o.pairR)
		o.out.Cols = append(o.out.Cols, v)
	}
	return &o.out, nil
}

func (o *hashJoinOp) close() {
	o.left.close()
	if o.right != nil {
		o.right.close()
		if o.table != nil {
			o.table.rows.drop()
			o.table.kvals.drop()
		}
		o.table, o.built = nil, false
	}
}
