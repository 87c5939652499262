package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// nestLoopOp joins by trying every pair. Without Sets the right input is read
// once, when there is a left row, and kept; with Sets (LATERAL) it is run anew for each left row, with
// the row's columns in its exec params.
type nestLoopOp struct {
	x           *exec
	n           *plan.NestLoop
	left, right op
	cond        *splitPred
	notFalse    expr // the condition of NOT IN
	args        []expr
	vals        []builtin.Arg
	kept        *rowSet
	due         bool // kept is to be filled, once there is a left row
	filled      bool
	failed      error // comes after the rows of kept
	keep        bool
	ahead       *ahead
	c           *plan.Counters

	lb     *types.Batch
	lrows  []int32
	pos    int
	rat    int // in kept
	inRow  bool
	hit    bool
	rhit   []bool
	ended  bool
	tail   int
	out    types.Batch
	lv, rv []*types.Vec
	sel    []int32
	rsel   []int32
	dup    []int32
}

func (x *exec) newNestLoop(n *plan.NestLoop) (op, error) {
	o := &nestLoopOp{x: x, n: n, c: x.counter(n)}
	var err error
	if o.left, err = x.build(n.Left); err != nil {
		return nil, err
	}
	if o.right, err = x.build(n.Right); err != nil {
		return nil, err
	}
	if n.Kind == plan.AntiNullJoin && n.Cond != nil {
		e, err := x.compile(n.Cond)
		if err != nil {
			return nil, err
		}
		o.notFalse = e
	} else if o.cond, err = x.compileSplit(n.Cond); err != nil {
		return nil, err
	}
	if o.args, err = x.compileAll(n.Args); err != nil {
		return nil, err
	}
	o.vals = make([]builtin.Arg, len(o.args))
	if len(n.Sets) == 0 {
		o.kept = newRowSet(colTypes(n.Right), x.Memory)
		o.keep = x.stableTree(n.Right)
	}
	if n.Kind < plan.SemiJoin {
		o.ahead = x.aheadOf(o.right, n.Sets, o.setParams)
	}
	if o.ahead != nil {
		o.left = x.gathered(o.left, colTypes(n.Left))
	}
	o.lv, o.rv = newVecs(colTypes(n.Left), 0), newVecs(colTypes(n.Right), 0)
	return o, nil
}

func (o *nestLoopOp) open() error {
	o.lb, o.inRow, o.ended, o.tail = nil, false, false, 0
	o.ahead.restart()
	o.cond.restart()
	o.due = o.kept != nil
	return o.left.open()
}

// fill reads the right input, if it is to be kept and was not.
func (o *nestLoopOp) fill() error {
	o.due, o.failed = false, nil
	all := o.n.Kind == plan.RightJoin || o.n.Kind == plan.FullJoin
	if !o.filled || !o.keep {
		o.kept.drop()
		if err := o.right.open(); err != nil {
			return err
		}
		if o.failed = o.x.drain(o.right, o.kept); o.failed != nil && (all || o.kept.n == 0) {
			return o.failed
		}
		o.filled = o.failed == nil
	}
	if all {
		o.rhit = make([]bool, o.kept.n)
	}
	return nil
}

func (o *nestLoopOp) next() (*types.Batch, error) {
	for {
		if err := o.cond.due(); err != nil {
			return nil, err
		}
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
			}
			if o.due && (b != nil && b.Rows() > 0 || b == nil && (o.n.Kind == plan.RightJoin || o.n.Kind == plan.FullJoin)) {
				if err := o.fill(); err != nil {
					return nil, err
				}
			}
			if b == nil {
				continue
			}
			o.lb, o.lrows, o.pos, o.inRow = b, selected(b.N, b.Sel), 0, false
			if err := evalAll(o.args, b, b.Sel, o.vals); err != nil {
				return nil, err
			}
			o.ahead.begin(o.lrows)
		}
		if o.pos >= len(o.lrows) {
			o.lb = nil
			continue
		}
		if !o.inRow {
			if err := o.x.cancelled(); err != nil {
				return nil, err
			}
			if err := o.startRow(); err != nil {
				return nil, err
			}
		}
		b, err := o.more()
		if err != nil {
			return nil, err
		}
		if b != nil {
			return b, nil
		}
	}
}

// startRow begins the pairs of the next left row.
func (o *nestLoopOp) startRow() error {
	o.inRow, o.hit, o.rat = true, false, 0
	if o.kept != nil {
		return nil
	}
	i := o.lrows[o.pos]
	o.ahead.ready(i)
	o.setParams(int(i))
	return o.right.open()
}

// setParams puts the values of left row i where the right side looks for them.
func (o *nestLoopOp) setParams(i int) {
	for k, s := range o.n.Sets {
		o.x.slots[s] = o.vals[k].Datum(row(o.vals[k], i))
	}
}

// more gives the next pairs of the current left row, nil when nothing came of
// this round.
func (o *nestLoopOp) more() (*types.Batch, error) {
	var rb *types.Batch
	var rows []int32
	from := o.rat
	semi := o.n.Kind >= plan.SemiJoin
	if !(semi && o.hit) {
		if o.kept != nil {
			if o.rat < o.kept.n {
				to := min(o.rat+types.BatchSize, o.kept.n)
				rb = o.kept.slice(o.rat, to)
				rows = iota32(to - o.rat)
				o.rat = to
			} else if o.failed != nil {
				return nil, o.failed
			}
		} else {
			var err error
			if rb, err = o.right.next(); err != nil {
				return nil, err
			}
			if rb != nil {
				rows = selected(rb.N, rb.Sel)
			}
		}
	}
	i := o.lrows[o.pos]
	if rb == nil {
		o.inRow = false
		o.pos++
		switch o.n.Kind {
		case plan.SemiJoin:
			if o.hit {
				return o.leftRow(i, false), nil
			}
		case plan.AntiJoin, plan.AntiNullJoin:
			if !o.hit {
				return o.leftRow(i, false), nil
			}
		case plan.LeftJoin, plan.FullJoin:
			if !o.hit {
				return o.leftRow(i, true), nil
			}
		}
		return nil, nil
	}
	if len(rows) == 0 {
		return nil, nil
	}
	n := len(rows)
	if cap(o.dup) < n {
		o.dup = make([]int32, n)
	}
	dup := o.dup[:n]
	for k := range dup {
		dup[k] = i
	}
	o.out = types.Batch{N: n, Cols: o.out.Cols[:0]}
	for k, v := range o.lv {
		v.CopyFrom(o.lb.Cols[k], dup)
		o.out.Cols = append(o.out.Cols, v)
	}
	for k, v := range o.rv {
		if o.kept != nil {
			o.out.Cols = append(o.out.Cols, rb.Cols[k])
			continue
		}
		v.CopyFrom(rb.Cols[k], rows)
		o.out.Cols = append(o.out.Cols, v)
	}
	if o.n.Cond != nil {
		var err error
		if o.notFalse != nil {
			err = o.filterNotFalse()
		} else {
			o.sel, err = o.cond.filter(&o.out, nil, room(o.sel[:0], n))
		}
		if err != nil {
			return nil, err
		}
		if semi && len(o.sel) > 0 {
			o.cond.restart() // there is a match before the error
		} else if semi && o.cond.due() != nil {
			return nil, o.cond.due()
		}
		if o.c != nil {
			o.c.Removed += int64(n - len(o.sel))
		}
		if len(o.sel) == 0 {
			return nil, nil
		}
		if len(o.sel) < n {
			o.out.Sel = o.sel
		}
	}
	o.hit = true
	if o.rhit != nil {
		for _, p := range selected(n, o.out.Sel) {
			o.rhit[from+int(p)] = true
		}
	}
	if semi {
		return nil, nil
	}
	return &o.out, nil
}

// filterNotFalse selects the pairs whose condition is true or NULL: what
// blocks a row of NOT IN.
func (o *nestLoopOp) filterNotFalse() error {
	v, err := o.notFalse.eval(&o.out, nil)
	if err != nil {
		return err
	}
	o.sel = o.sel[:0]
	for i := range o.out.N {
		if r := row(v, i); v.IsNull(r) || v.B[r] {
			o.sel = append(o.sel, int32(i))
		}
	}
	return nil
}

// leftRow gives one left row by itself, followed by NULLs when wide.
func (o *nestLoopOp) leftRow(i int32, wide bool) *types.Batch {
	o.rsel = append(o.rsel[:0], i)
	o.out = types.Batch{N: o.lb.N, Sel: o.rsel, Cols: append(o.out.Cols[:0], o.lb.Cols...)}
	if wide {
		for _, v := range o.rv {
			v.HasNulls = false
			v.Resize(o.lb.N)
			v.Set(int(i), types.Null)
			o.out.Cols = append(o.out.Cols, v)
		}
	}
	return &o.out
}

func (o *nestLoopOp) unmatchedRight() *types.Batch {
	if o.rhit == nil {
		return nil
	}
	o.sel = o.sel[:0]
	for o.tail < len(o.rhit) && len(o.sel) < types.BatchSize {
		if !o.rhit[o.tail] {
			o.sel = append(o.sel, int32(o.tail))
		}
		o.tail++
	}
	n := len(o.sel)
	if n == 0 {
		return nil
	}
	o.out = types.Batch{N: n, Cols: o.out.Cols[:0]}
	for _, v := range o.lv {
		nullVec(v, n)
		o.out.Cols = append(o.out.Cols, v)
	}
	for k, v := range o.rv {
		v.CopyFrom(o.kept.cols[k], o.sel)
		o.out.Cols = append(o.out.Cols, v)
	}
	return &o.out
}

func (o *nestLoopOp) close() {
	o.left.close()
	o.right.close()
	if o.kept != nil {
		o.kept.drop()
		o.filled = false
	}
}
