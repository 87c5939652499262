package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// funcOp computes functions in FROM, side by side.
type funcOp struct {
	x    *exec
	n    *plan.FuncScan
	args [][]expr // of set-returning calls
	one  []expr   // of the others
	rows *rowSet
	cur  cursor
}

func (x *exec) newFuncScan(n *plan.FuncScan) (op, error) {
	if c, ok := n.Calls[0].(*plan.Call); ok && len(n.Calls) == 1 && c.Fn.SetOf && c.Fn.Streams && !perRow(c) {
		return x.newFuncStream(n, c)
	}
	o := &funcOp{x: x, n: n}
	for _, e := range n.Calls {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.args, o.one = append(o.args, as), append(o.one, nil)
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.args, o.one = append(o.args, nil), append(o.one, k)
	}
	return o, nil
}

// perRow tells that a call depends on rows of other nodes: it is made often, and
// its sets are short more likely than not.
func perRow(c *plan.Call) (depends bool) {
	walkExpr(c, func(e plan.Expr) {
		if _, ok := e.(*plan.ExecParam); ok {
			depends = true
		}
	})
	return depends
}

// boundCall gives the function of a call for its argument types.
func boundCall(c *plan.Call) *builtin.Func {
	ts := make([]*types.Type, len(c.Args))
	for i, a := range c.Args {
		ts[i] = a.Type()
	}
	return c.Fn.Bound(ts)
}

// runSet calls a set-returning function for one row of arguments.
func (x *exec) runSet(fn *builtin.Func, args []types.Datum, emit func([]types.Datum) error) error {
	if !fn.NotStrict {
		for _, a := range args {
			if a.IsNull() {
				return nil
			}
		}
	}
	if fn.Set == nil {
		return pgerr.Unsupported("set-returning function %s is not supported", fn.Name)
	}
	return fn.Set(x.Eval, args, emit)
}

func (o *funcOp) open() error {
	o.cur.at = 0
	o.rows = newRowSet(colTypes(o.n), o.x.Memory)
	one := &types.Batch{N: 1}
	col, longest := 0, 0
	lens := make([]int, len(o.n.Calls))
	for k, e := range o.n.Calls {
		w := 1
		if k < len(o.n.Widths) {
			w = o.n.Widths[k]
		}
		cols := o.rows.cols[col : col+w]
		n := 0
		emit := func(r []types.Datum) error {
			if len(r) == 1 && (w > 1 || r[0].K == types.PhysAny && cols[0].Type.Phys != types.PhysAny) {
				var err error
				if r, err = tupleFields(r[0], cols); err != nil {
					return err
				}
			}
			for j, v := range cols {
				v.Append(r[j])
			}
			n++
			if n%1024 == 0 {
				if err := o.x.Memory.grow(1024 * 24 * int64(w)); err != nil {
					return err
				}
				return o.x.cancelled()
			}
			return nil
		}
		if o.one[k] != nil {
			a, err := o.one[k].eval(one, nil)
			if err != nil {
				return err
			}
			if err := emit([]types.Datum{a.Datum(0)}); err != nil {
				return err
			}
		} else {
			vals := make([]types.Datum, len(o.args[k]))
			for j, ae := range o.args[k] {
				a, err := ae.eval(one, nil)
				if err != nil {
					return err
				}
				vals[j] = a.Datum(0)
			}
			if err := o.x.runSet(boundCall(e.(*plan.Call)), vals, emit); err != nil {
				return err
			}
		}
		lens[k] = n
		longest = max(longest, n)
		col += w
	}
	col = 0
	for k := range o.n.Calls {
		w := 1
		if k < len(o.n.Widths) {
			w = o.n.Widths[k]
		}
		for _, v := range o.rows.cols[col : col+w] {
			for v.Len < longest {
				v.Append(types.Null)
			}
		}
		col += w
	}
	if o.n.Ordinality {
		v := o.rows.cols[col]
		for i := range longest {
			v.Append(types.NewInt(int64(i) + 1))
		}
	}
	o.rows.n = longest
	return nil
}

// tupleFields takes a record apart into columns, those that the function or
// the query's column definition list promised.
func tupleFields(d types.Datum, cols []*types.Vec) ([]types.Datum, error) {
	out := make([]types.Datum, len(cols))
	for i := range out {
		out[i] = types.Null
	}
	t, ok := d.X.(*types.Tuple)
	if d.K != types.PhysAny || !ok {
		return out, nil
	}
	mismatch := pgerr.New(pgerr.DatatypeMismatch, "function return row and query-specified return row do not match")
	if len(t.Vals) != len(cols) {
		s := "s"
		if len(t.Vals) == 1 {
			s = ""
		}
		return nil, mismatch.WithDetail("Returned row contains %d attribute%s, but query expects %d.", len(t.Vals), s, len(cols))
	}
	for i, f := range t.Fields {
		if want := cols[i].Type; f.Type != nil && f.Type != types.Unknown && f.Type.Under().Phys != want.Under().Phys {
			return nil, mismatch.WithDetail("Returned type %s at ordinal position %d, but query expects %s.", types.Display(f.Type), i+1, types.Display(want))
		}
	}
	copy(out, t.Vals)
	return out, nil
}

func (o *funcOp) next() (*types.Batch, error) { return o.cur.next(o.rows), nil }

func (o *funcOp) close() { o.rows = nil }
