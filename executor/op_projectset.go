package executor

import (
	"errors"
	"iter"

	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// projectSetOp computes expressions of which some are set-returning: each
// input row becomes as many rows as its longest set has. A series, which may have
// more rows than anybody asks for, runs as a coroutine that is stopped between
// batches; other sets are about as large as what they are made of.
type projectSetOp struct {
	x     *exec
	in    op
	n     *plan.ProjectSet
	plain []expr   // nil where set-returning
	args  [][]expr // of the set-returning ones
	fns   []*builtin.Func
	out   *rowSet
	cur   cursor
	sets  [][]types.Datum
	// series is the expression that is a series, the only set; -1 for none.
	series int
	pull   func() (*types.Batch, error, bool)
	stop   func()
}

func (x *exec) newProjectSet(n *plan.ProjectSet) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &projectSetOp{x: x, in: in, n: n, out: newRowSet(colTypes(n), nil), series: -1}
	sets := 0
	for k, e := range n.Exprs {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.plain, o.args, o.fns = append(o.plain, nil), append(o.args, as), append(o.fns, boundCall(c))
			if sets++; c.Fn.Name == "generate_series" {
				o.series = k
			}
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.plain, o.args, o.fns = append(o.plain, k), append(o.args, nil), append(o.fns, nil)
	}
	o.sets = make([][]types.Datum, len(o.plain))
	if sets > 1 {
		o.series = -1
	}
	return o, nil
}

func (o *projectSetOp) open() error {
	o.halt()
	o.out.reset()
	o.cur.at = 0
	return o.in.open()
}

// halt ends the coroutine.
func (o *projectSetOp) halt() {
	if o.stop != nil {
		o.stop()
		o.pull, o.stop = nil, nil
	}
}

func (o *projectSetOp) next() (*types.Batch, error) {
	if o.series >= 0 {
		if o.pull == nil {
			o.pull, o.stop = iter.Pull2(o.stream)
		}
		b, err, _ := o.pull()
		return b, err
	}
	for {
		if b := o.cur.next(o.out); b != nil {
			return b, nil
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		o.out.drop() // strings and sets may be large: the old ones are let go
		o.cur.at = 0
		if err := o.expand(b); err != nil {
			return nil, err
		}
	}
}

// eval computes the expressions without sets, and the arguments of those with.
func (o *projectSetOp) eval(b *types.Batch) (vals []builtin.Arg, args [][]builtin.Arg, err error) {
	vals = make([]builtin.Arg, len(o.plain))
	args = make([][]builtin.Arg, len(o.plain))
	for k, e := range o.plain {
		if e != nil {
			if vals[k], err = e.eval(b, b.Sel); err != nil {
				return nil, nil, err
			}
			continue
		}
		args[k] = make([]builtin.Arg, len(o.args[k]))
		if err := evalAll(o.args[k], b, b.Sel, args[k]); err != nil {
			return nil, nil, err
		}
	}
	return vals, args, nil
}

// rowArgs are the arguments of row i.
func rowArgs(args []builtin.Arg, i int) []types.Datum {
	out := make([]types.Datum, len(args))
	for j, a := range args {
		out[j] = a.Datum(row(a, i))
	}
	return out
}

// stream gives the rows of a series while they are asked for. The first batches are
// small, as those of funcStreamOp.
func (o *projectSetOp) stream(yield func(*types.Batch, error) bool) {
	size := firstStreamed
	give := func() error {
		o.cur.at = 0
		for b := o.cur.next(o.out); b != nil; b = o.cur.next(o.out) {
			if !yield(b, nil) {
				return errStreamStopped
			}
		}
		o.out.drop()
		size = min(4*size, types.BatchSize)
		return nil
	}
	err := func() error {
		for {
			b, err := o.in.next()
			if err != nil || b == nil {
				return err
			}
			vals, args, err := o.eval(b)
			if err != nil {
				return err
			}
			for _, i := range selected(b.N, b.Sel) {
				err := o.x.runSet(o.fns[o.series], rowArgs(args[o.series], int(i)), func(r []types.Datum) error {
					for k, c := range o.out.cols {
						if k == o.series {
							c.Append(r[0])
						} else {
							c.Append(vals[k].Datum(row(vals[k], int(i))))
						}
					}
					if o.out.n++; o.out.n < size {
						return nil
					}
					if err := o.x.cancelled(); err != nil {
						return err
					}
					return give()
				})
				if err != nil {
					return err
				}
			}
			if o.out.n > 0 { // the next input batch takes this one's place
				if err := give(); err != nil {
					return err
				}
			}
		}
	}()
	if err != nil && !errors.Is(err, errStreamStopped) {
		yield(nil, err)
	}
}

func (o *projectSetOp) expand(b *types.Batch) error {
	vals, args, err := o.eval(b)
	if err != nil {
		return err
	}
	for _, i := range selected(b.N, b.Sel) {
		longest := 0
		for k := range o.plain {
			if o.plain[k] != nil {
				continue
			}
			set := o.sets[k][:0]
			typ := o.n.Exprs[k].Type()
			err := o.x.runSet(o.fns[k], rowArgs(args[k], int(i)), func(r []types.Datum) error {
				if len(r) == 1 {
					set = append(set, r[0])
				} else {
					set = append(set, types.NewAny(&types.Tuple{Type: typ, Fields: o.fns[k].Out, Vals: append([]types.Datum(nil), r...)}))
				}
				if len(set)%1024 == 0 {
					return o.x.cancelled()
				}
				return nil
			})
			if err != nil {
				return err
			}
			o.sets[k] = set
			longest = max(longest, len(set))
		}
		for r := range longest {
			for k, c := range o.out.cols {
				switch {
				case o.plain[k] != nil:
					c.Append(vals[k].Datum(row(vals[k], int(i))))
				case r < len(o.sets[k]):
					c.Append(o.sets[k][r])
				default:
					c.Append(types.Null)
				}
			}
		}
		o.out.n += longest
	}
	return nil
}

func (o *projectSetOp) close() {
	o.halt()
	o.in.close()
}
