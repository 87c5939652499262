package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// projectSetOp computes expressions of which some are set-returning: each
// input row becomes as many rows as its longest set has.
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
}

func (x *exec) newProjectSet(n *plan.ProjectSet) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &projectSetOp{x: x, in: in, n: n, out: newRowSet(colTypes(n), nil)}
	for _, e := range n.Exprs {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.plain, o.args, o.fns = append(o.plain, nil), append(o.args, as), append(o.fns, boundCall(c))
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.plain, o.args, o.fns = append(o.plain, k), append(o.args, nil), append(o.fns, nil)
	}
	o.sets = make([][]types.Datum, len(o.plain))
	return o, nil
}

func (o *projectSetOp) open() error {
	o.out.reset()
	o.cur.at = 0
	return o.in.open()
}

func (o *projectSetOp) next() (*types.Batch, error) {
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

func (o *projectSetOp) expand(b *types.Batch) error {
	vals := make([]builtin.Arg, len(o.plain))
	args := make([][]builtin.Arg, len(o.plain))
	for k, e := range o.plain {
		var err error
		if e != nil {
			if vals[k], err = e.eval(b, b.Sel); err != nil {
				return err
			}
			continue
		}
		args[k] = make([]builtin.Arg, len(o.args[k]))
		if err := evalAll(o.args[k], b, b.Sel, args[k]); err != nil {
			return err
		}
	}
	for _, i := range selected(b.N, b.Sel) {
		longest := 0
		for k := range o.plain {
			if o.plain[k] != nil {
				continue
			}
			row1 := make([]types.Datum, len(args[k]))
			for j, a := range args[k] {
				row1[j] = a.Datum(row(a, int(i)))
			}
			set := o.sets[k][:0]
			typ := o.n.Exprs[k].Type()
			err := o.x.runSet(o.fns[k], row1, func(r []types.Datum) error {
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

func (o *projectSetOp) close() { o.in.close() }
