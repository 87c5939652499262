package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// windowOp computes window functions over an input sorted by partition, then
// order. It holds the whole input; results are computed partition by
// partition, then everything streams out in input order.
type windowOp struct {
	x          *exec
	n          *plan.Window
	in         op
	part, ord  *exprSet
	calls      []*windowCall
	rows       *rowSet
	partKeys   *rowSet
	ordKeys    *rowSet
	results    []*types.Vec
	start, end expr
	sub, add   expr
	holder     *caseHolder
	cur        cursor
	ran        bool
	out        types.Batch
	resView    []types.Vec
}

// windowCall is one call: a window function or an aggregate.
type windowCall struct {
	plan   *plan.AggCall
	fn     *builtin.Func
	typs   []*types.Type
	args   *exprSet
	filter pred
	vals   *rowSet // the arguments of all rows
	admit  []bool  // rows that FILTER admits, nil: all
}

func (x *exec) newWindow(n *plan.Window) (op, error) {
	o := &windowOp{x: x, n: n}
	var err error
	if o.in, err = x.build(n.Input); err != nil {
		return nil, err
	}
	if o.part, err = x.newExprSet(n.Partition); err != nil {
		return nil, err
	}
	if o.ord, err = x.newExprSet(sortExprs(n.Order)); err != nil {
		return nil, err
	}
	opt := func(e plan.Expr) (expr, error) {
		if e == nil {
			return nil, nil
		}
		return x.compile(e)
	}
	if o.start, err = opt(n.Frame.StartOffset); err != nil {
		return nil, err
	}
	if o.end, err = opt(n.Frame.EndOffset); err != nil {
		return nil, err
	}
	o.holder = &caseHolder{}
	c := &compiler{x: x, cases: []*caseHolder{o.holder}}
	if n.Frame.Sub != nil {
		if o.sub, err = c.compile(n.Frame.Sub); err != nil {
			return nil, err
		}
	}
	if n.Frame.Add != nil {
		if o.add, err = c.compile(n.Frame.Add); err != nil {
			return nil, err
		}
	}
	for i := range n.Calls {
		p := &n.Calls[i]
		w := &windowCall{plan: p}
		for _, a := range p.Args {
			w.typs = append(w.typs, a.Type())
		}
		w.fn = p.Fn.Bound(w.typs)
		if w.fn.Win == nil && w.fn.Agg == nil {
			return nil, pgerr.Unsupported("window function %s is not supported", p.Fn.Name)
		}
		if p.Distinct {
			return nil, pgerr.Unsupported("DISTINCT is not implemented for window functions")
		}
		if w.args, err = x.newExprSet(p.Args); err != nil {
			return nil, err
		}
		if w.filter, err = x.compilePred(p.Filter); err != nil {
			return nil, err
		}
		o.calls = append(o.calls, w)
	}
	return o, nil
}

func (o *windowOp) open() error {
	o.ran, o.cur.at = false, 0
	return o.in.open()
}

func (o *windowOp) next() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		if err := o.load(); err != nil {
			return nil, err
		}
		if err := o.compute(); err != nil {
			return nil, err
		}
	}
	from := o.cur.at
	b := o.cur.next(o.rows)
	if b == nil {
		return nil, nil
	}
	if o.resView == nil {
		o.resView = make([]types.Vec, len(o.calls))
	}
	o.out = types.Batch{N: b.N, Cols: append(o.out.Cols[:0], b.Cols...)}
	for k, r := range o.results {
		sliceVec(&o.resView[k], r, from, from+b.N)
		o.out.Cols = append(o.out.Cols, &o.resView[k])
	}
	return &o.out, nil
}

// load reads the input and the keys and arguments of all rows.
func (o *windowOp) load() error {
	o.rows = newRowSet(colTypes(o.n.Input), o.x.Memory)
	o.partKeys, o.ordKeys = newRowSet(o.part.typs, o.x.Memory), newRowSet(o.ord.typs, o.x.Memory)
	for _, c := range o.calls {
		c.vals = newRowSet(c.typs, o.x.Memory)
		c.admit = nil
	}
	for {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return err
		}
		rows := selected(b.N, b.Sel)
		if err := o.rows.addRows(b, rows); err != nil {
			return err
		}
		for _, s := range []struct {
			set *exprSet
			to  *rowSet
		}{{o.part, o.partKeys}, {o.ord, o.ordKeys}} {
			vs, err := s.set.eval(b, b.Sel)
			if err != nil {
				return err
			}
			if err := s.to.addRows(&types.Batch{Cols: vs, N: b.N}, rows); err != nil {
				return err
			}
		}
		for _, c := range o.calls {
			sel := b.Sel
			if c.filter != nil {
				hit, err := c.filter.filter(b, b.Sel, nil)
				if err != nil {
					return err
				}
				in := make([]bool, b.N)
				for _, i := range hit {
					in[i] = true
				}
				for _, i := range rows {
					c.admit = append(c.admit, in[i])
				}
			}
			vs, err := c.args.eval(b, sel)
			if err != nil {
				return err
			}
			if err := c.vals.addRows(&types.Batch{Cols: vs, N: b.N}, rows); err != nil {
				return err
			}
		}
	}
}

// compute fills the results, one partition after another.
func (o *windowOp) compute() error {
	o.results = o.results[:0]
	for _, c := range o.calls {
		v := types.NewVec(c.plan.Typ, o.rows.n)
		v.Resize(o.rows.n)
		o.results = append(o.results, v)
	}
	startOff, endOff, err := o.offsets()
	if err != nil {
		return err
	}
	for from := 0; from < o.rows.n; {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		to := from + 1
		for to < o.rows.n && equalRows(o.partKeys.cols, from, to) {
			to++
		}
		p := &partition{o: o, from: from, n: to - from, startOff: startOff, endOff: endOff}
		if err := p.prepare(); err != nil {
			return err
		}
		for k, c := range o.calls {
			if err := p.call(c, o.results[k]); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// offsets computes the frame's offsets, which are constant over the query.
func (o *windowOp) offsets() (start, end types.Datum, err error) {
	one := func(e expr, which string) (types.Datum, error) {
		if e == nil {
			return types.Null, nil
		}
		d, err := evalOne(e)
		if err != nil {
			return d, err
		}
		if d.IsNull() {
			return d, pgerr.Newf(pgerr.NullValueNotAllowed, "frame %s offset must not be null", which)
		}
		if o.n.Frame.Mode != plan.FrameRange && d.I < 0 {
			return d, pgerr.Newf(pgerr.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", which)
		}
		if o.n.Frame.Mode == plan.FrameRange {
			neg := false
			switch d.K {
			case types.PhysInt64:
				neg = d.I < 0
			case types.PhysFloat64:
				neg = d.Float() < 0 || d.Float() != d.Float()
			case types.PhysDecimal:
				neg = d.Decimal().Sign() < 0 || d.Decimal().IsNaN()
			case types.PhysInterval:
				neg = types.Compare(types.Interval, d, types.NewSpan(types.Span{})) < 0
			}
			if neg {
				return d, pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
			}
		}
		return d, nil
	}
	if start, err = one(o.start, "starting"); err != nil {
		return
	}
	end, err = one(o.end, "ending")
	return
}
