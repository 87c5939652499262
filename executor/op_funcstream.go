package executor

import (
	"errors"
	"iter"

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

var errStreamStopped = errors.New("no more rows are wanted")

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
	o.pull, o.stop = iter.Pull2(func(yield func(*types.Batch, error) bool) { o.run(vals, yield) })
	return nil
}

func (o *funcStreamOp) run(args []types.Datum, yield func(*types.Batch, error) bool) {
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
		if !yield(b, nil) {
			return errStreamStopped
		}
		size = min(4*size, types.BatchSize)
		b = &types.Batch{Cols: newVecs(colTypes(o.n), 0)}
		return nil
	})
	switch {
	case errors.Is(err, errStreamStopped):
	case err != nil:
		yield(nil, err)
	case b.N > 0:
		yield(b, nil)
	}
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
