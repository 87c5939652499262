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
//
// A right input that outgrows its share of memory is joined in partitions, see
// join_spill.go.
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

	lb    *types.Batch
	lrows []int32
	lk    []*types.Vec
	pos   int // in lrows
	jp    *joinPairs
	to    []int32
	sel   []int32
	hit   []bool // of the left rows
	rhit  []bool // of the right rows, RIGHT and FULL
	out   types.Batch
	rv    []*types.Vec
	ended bool
	tail  int
	built bool
	grace *graceJoin // nil: the right input is held
	part  *spool     // of the left input, being joined
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
	o.jp = newJoinPairs(colTypes(n.Left), colTypes(n.Right), n.Kind)
	o.rv = newVecs(colTypes(n.Right), 0)
	return o, nil
}

func (o *hashJoinOp) open() error {
	if o.right != nil && (!o.built || !o.keep) {
		o.dropParts()
		t, err := o.x.buildJoinTable(o.n, o.right, o.rkeys)
		if err == errOutgrown {
			return o.openGrace(t)
		}
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

// buildJoinTable reads the right input of a hash join into a table. When that
// outgrows its share of memory, it gives errOutgrown with what it has read.
func (x *exec) buildJoinTable(n *plan.HashJoin, right op, keys *exprSet) (*joinTable, error) {
	t := newJoinTable(colTypes(n.Right), keys.typs, x.Memory)
	most := x.HashMem
	if !x.canSpill(colTypes(n.Left), colTypes(n.Right)) {
		most = 0
	}
	if err := right.open(); err != nil {
		return nil, err
	}
	err := x.eachKeyed(right, keys, func(b *types.Batch, ks []*types.Vec) error {
		if err := t.add(b, ks); err != nil {
			return err
		}
		if most > 0 && t.bytes() > most {
			return errOutgrown
		}
		return nil
	})
	if err == errOutgrown {
		return t, err
	}
	if err != nil {
		return nil, err
	}
	return t, t.build(n.NullsEqual)
}

// eachKeyed reads an input to its end, with the values of keys over each batch.
func (x *exec) eachKeyed(in op, keys *exprSet, f func(*types.Batch, []*types.Vec) error) error {
	for {
		if err := x.cancelled(); err != nil {
			return err
		}
		b, err := in.next()
		if err != nil || b == nil {
			return err
		}
		ks, err := keys.eval(b, b.Sel)
		if err != nil {
			return err
		}
		if err := f(b, ks); err != nil {
			return err
		}
	}
}

func (o *hashJoinOp) next() (*types.Batch, error) {
	if o.n.Kind == plan.AntiNullJoin && o.rightNull() {
		return nil, nil // NOT IN a set with a NULL is never true
	}
	for {
		if o.lb == nil {
			if o.ended {
				if b := o.jp.unmatched(o.table.rows.cols, o.rhit, &o.tail); b != nil || o.grace == nil {
					return b, nil
				}
				if more, err := o.nextPart(); !more || err != nil {
					return nil, err
				}
			}
			b, err := o.nextLeft()
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
			if o.n.Kind == plan.AntiNullJoin && o.rightEmpty() {
				return b, nil // NOT IN nothing: what is looked for is not even computed
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
		return make([]bool, n)
	}
	s = s[:n]
	clear(s)
	return s
}

func sizedInts(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
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
			if o.to[i] < 0 && (o.rightEmpty() || !o.table.nullKey(o.lk, int(i), nil)) {
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
// when nothing came of this round. lb is nil when the batch is used up.
func (o *hashJoinOp) pairs() (*types.Batch, error) {
	o.jp.reset()
	semi := o.n.Kind >= plan.SemiJoin
	for o.pos < len(o.lrows) && len(o.jp.l) < types.BatchSize {
		i := o.lrows[o.pos]
		r := int32(-1)
		if !semi || !o.hit[i] {
			r = o.probe.match(o.lk, i)
		}
		if r >= 0 {
			o.jp.add(i, r)
			continue
		}
		if o.jp.outer {
			o.jp.add(i, -1)
		}
		o.pos++
	}
	done := o.pos == len(o.lrows)
	if done && o.n.Kind == plan.AntiNullJoin && !o.rightEmpty() { // NULL may be equal to anything
		for _, i := range o.lrows {
			o.hit[i] = o.hit[i] || o.table.nullKey(o.lk, int(i), nil)
		}
	}
	b, err := o.jp.emit(o.lb, o.lrows, o.table.rows.cols, o.cond, o.c, o.hit, o.rhit, done)
	if done {
		o.lb = nil
	}
	return b, err
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

func (o *hashJoinOp) close() {
	o.dropParts()
	o.left.close()
	if o.right != nil {
		o.right.close()
		if o.table != nil {
			o.table.drop()
		}
		o.table, o.built = nil, false
	}
}
