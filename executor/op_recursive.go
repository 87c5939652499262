package executor

import (
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// workTable holds the rows of the previous round of a RecursiveUnion.
type workTable struct{ rows *rowSet }

// recursiveOp computes WITH RECURSIVE: the seed, then the step over the rows
// of the round before, until a round gives none.
type recursiveOp struct {
	x          *exec
	n          *plan.RecursiveUnion
	seed, step op
	seen       *groupTable // of UNION
	table      *workTable
	next_      *rowSet
	inStep     bool
	sel        []int32
	out        types.Batch
}

func (x *exec) newRecursiveUnion(n *plan.RecursiveUnion) (op, error) {
	if x.works == nil {
		x.works = map[int]*workTable{}
	}
	ts := colTypes(n)
	o := &recursiveOp{x: x, n: n, table: &workTable{rows: newRowSet(ts, x.Memory)}, next_: newRowSet(ts, x.Memory)}
	x.works[n.Work] = o.table
	var err error
	if o.seed, err = x.build(n.Seed); err != nil {
		return nil, err
	}
	if o.step, err = x.build(n.Step); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *recursiveOp) open() error {
	o.inStep = false
	o.table.rows.drop()
	o.next_.drop()
	if o.n.Distinct {
		o.seen = newGroupTable(colTypes(o.n), o.x.Memory)
	}
	return o.seed.open()
}

func (o *recursiveOp) next() (*types.Batch, error) {
	for {
		if err := o.x.cancelled(); err != nil {
			return nil, err
		}
		src := o.seed
		if o.inStep {
			src = o.step
		}
		b, err := src.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			if o.next_.n == 0 {
				return nil, nil
			}
			// The rows of this round are the next one's working table.
			o.table.rows.drop()
			o.table.rows, o.next_ = o.next_, o.table.rows
			o.inStep = true
			o.x.nextRound(o.n.Work)
			if err := o.step.open(); err != nil {
				return nil, err
			}
			continue
		}
		rows := selected(b.N, b.Sel)
		if o.seen != nil {
			if o.sel, err = o.seen.fresh(b.Cols, b.N, rows, o.sel[:0]); err != nil {
				return nil, err
			}
			rows = o.sel
		}
		if len(rows) == 0 {
			continue
		}
		if err := o.next_.addRows(b, rows); err != nil {
			return nil, err
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: rows}
		return &o.out, nil
	}
}

func (o *recursiveOp) close() {
	o.seed.close()
	o.step.close()
	o.table.rows.drop()
	o.next_.drop()
}

// workOp reads the working table of a RecursiveUnion.
type workOp struct {
	x   *exec
	n   *plan.WorkScan
	cur cursor
	set *rowSet
}

func (x *exec) newWorkScan(n *plan.WorkScan) (op, error) { return &workOp{x: x, n: n}, nil }

func (o *workOp) open() error {
	t := o.x.works[o.n.Work]
	if t == nil {
		return pgerr.Newf(pgerr.InternalError, "no working table %d", o.n.Work)
	}
	o.cur.at, o.set = 0, t.rows
	return nil
}

func (o *workOp) next() (*types.Batch, error) { return o.cur.next(o.set), nil }

func (o *workOp) close() {}
