package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// funcStreamOp computes a function in FROM whose rows are made as they are
// asked for: the function runs as a coroutine that is stopped between batches.
// The first batches are small, so that LIMIT 5 does not cost a thousand rows.
// A batch lives until the next.
type funcStreamOp struct {
	x    *exec
	n    *plan.FuncScan
	call *plan.Call
	args []expr
	pull func() (*types.Batch, error, bool)
	stop func()
}

// firstStreamed is the number of rows in the first batch of a stream.
const firstStreamed = 16

func (x *exec) newFuncStream(n *plan.FuncScan, call *plan.Call) (op, error) {
	o := &funcStreamOp{x: x, n: n, call: call}
	var err error
	o.args, err = x.compileAll(call.Args)
	return o, err
}

func (o *funcStreamOp) open() error {
	o.close()
	vals := make([]types.Datum, len(o.args))
	for i, a := range o.args {
		var err error
		if vals[i], err = evalOne(a); err != nil {
			return err
		}
	}
	o.pull, o.stop = coroutine(func(give func(*types.Batch) error) error { return o.run(vals, give) })
	return nil
}

func (o *funcStreamOp) run(args []types.Datum, give func(*types.Batch) error) error {
	size, ordinal := firstStreamed, int64(0)
	b := &types.Batch{Cols: newVecs(colTypes(o.n), 0)}
	err := o.x.runSet(boundCall(o.call), args, func(row []types.Datum) error {
		for i, d := range row {
			b.Cols[i].Append(d)
		}
		if o.n.Ordinality {
			ordinal++
			b.Cols[len(row)].Append(types.NewInt(ordinal))
		}
		if b.N++; b.N < size {
			return nil
		}
		if err := give(b); err != nil {
			return err
		}
		size = min(4*size, types.BatchSize)
		b = &types.Batch{Cols: newVecs(colTypes(o.n), 0)}
		return nil
	})
	if err != nil || b.N == 0 {
		return err
	}
	return give(b)
}

func (o *funcStreamOp) next() (*types.Batch, error) {
	b, err, _ := o.pull()
	return b, err
}

func (o *funcStreamOp) close() {
	if o.stop != nil {
		o.stop()
		o.pull, o.stop = nil, nil
	}
}
