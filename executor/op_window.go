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
		for to < o.rows.n && sameRow(o.partKeys.cols, from, to) {
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

func sameRow(cols []*types.Vec, i, j int) bool {
	for _, v := range cols {
		if !types.EqualAt(v, i, v, j) {
			return false
		}
	}
	return true
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

// partition is one partition at work: builtin.WinPartition for its functions.
type partition struct {
	o                *windowOp
	from, n          int
	startOff, endOff types.Datum
	peerFrom, peerTo []int32
	lo, hi           []int32 // frame before exclusion
}

// Len implements builtin.WinPartition.
func (p *partition) Len() int { return p.n }

// Peers implements builtin.WinPartition.
func (p *partition) Peers(i int) (from, to int) { return int(p.peerFrom[i]), int(p.peerTo[i]) }

// Frame implements builtin.WinPartition.
func (p *partition) Frame(i int, visit func(from, to int) bool) {
	lo, hi := int(p.lo[i]), int(p.hi[i])
	if lo >= hi {
		return
	}
	var xs, xe int // what is excluded
	switch p.o.n.Frame.Exclude {
	case plan.ExcludeNoOthers:
		visit(lo, hi)
		return
	case plan.ExcludeCurrentRow:
		xs, xe = i, i+1
	case plan.ExcludeGroup:
		xs, xe = p.Peers(i)
	default: // ties: the peers but not the row
		xs, xe = p.Peers(i)
		for _, r := range [][2]int{{lo, min(hi, xs)}, {max(lo, i), min(hi, i+1)}, {max(lo, xe), hi}} {
			if r[0] < r[1] && !visit(r[0], r[1]) {
				return
			}
		}
		return
	}
	for _, r := range [][2]int{{lo, min(hi, xs)}, {max(lo, xe), hi}} {
		if r[0] < r[1] && !visit(r[0], r[1]) {
			return
		}
	}
}

// prepare finds the peers and the frame of every row.
func (p *partition) prepare() error {
	o := p.o
	p.peerFrom, p.peerTo = make([]int32, p.n), make([]int32, p.n)
	for i := 0; i < p.n; {
		j := i + 1
		for j < p.n && sameRow(o.ordKeys.cols, p.from+i, p.from+j) {
			j++
		}
		for k := i; k < j; k++ {
			p.peerFrom[k], p.peerTo[k] = int32(i), int32(j)
		}
		i = j
	}
	p.lo, p.hi = make([]int32, p.n), make([]int32, p.n)
	f := &o.n.Frame
	switch f.Mode {
	case plan.FrameRows:
		for i := range p.n {
			p.lo[i] = int32(p.rowBound(f.Start, p.startOff, i, 0))
			p.hi[i] = int32(p.rowBound(f.End, p.endOff, i, 1))
		}
	case plan.FrameGroups:
		p.groupFrames()
	default:
		return p.rangeFrames()
	}
	return nil
}

// rowBound is a bound of a ROWS frame; end is 1 for the end (exclusive).
func (p *partition) rowBound(k plan.FrameBoundKind, off types.Datum, i, end int) int {
	clamp := func(v int64) int { return int(max(0, min(v, int64(p.n)))) }
	d := min(off.I, int64(p.n)+1)
	switch k {
	case plan.UnboundedPreceding:
		return 0
	case plan.OffsetPreceding:
		return clamp(int64(i+end) - d)
	case plan.CurrentRow:
		return i + end
	case plan.OffsetFollowing:
		return clamp(int64(i+end) + d)
	}
	return p.n
}

func (p *partition) groupFrames() {
	f := &p.o.n.Frame
	var starts []int32 // of the peer groups
	group := make([]int, p.n)
	for i := range p.n {
		if int(p.peerFrom[i]) == i {
			starts = append(starts, int32(i))
		}
		group[i] = len(starts) - 1
	}
	starts = append(starts, int32(p.n))
	at := func(g int64) int32 { return starts[max(0, min(g, int64(len(starts)-1)))] }
	for i := range p.n {
		g := int64(group[i])
		s, e := min(p.startOff.I, int64(p.n)+1), min(p.endOff.I, int64(p.n)+1)
		switch f.Start {
		case plan.UnboundedPreceding:
			p.lo[i] = 0
		case plan.OffsetPreceding:
			p.lo[i] = at(g - s)
		case plan.CurrentRow:
			p.lo[i] = at(g)
		case plan.OffsetFollowing:
			p.lo[i] = at(g + s)
		default:
			p.lo[i] = int32(p.n)
		}
		switch f.End {
		case plan.UnboundedPreceding:
			p.hi[i] = 0
		case plan.OffsetPreceding:
			p.hi[i] = at(g - e + 1)
		case plan.CurrentRow:
			p.hi[i] = at(g + 1)
		case plan.OffsetFollowing:
			p.hi[i] = at(g + e + 1)
		default:
			p.hi[i] = int32(p.n)
		}
	}
}

// rangeFrames computes RANGE frames. With offsets, the bound is the key ∓ the
// offset, and rows are compared with it; NULL keys are peers of each other only.
func (p *partition) rangeFrames() error {
	f := &p.o.n.Frame
	for i := range p.n {
		switch f.Start {
		case plan.UnboundedPreceding:
			p.lo[i] = 0
		case plan.CurrentRow:
			p.lo[i] = p.peerFrom[i]
		case plan.UnboundedFollowing:
			p.lo[i] = int32(p.n)
		}
		switch f.End {
		case plan.UnboundedPreceding:
			p.hi[i] = 0
		case plan.CurrentRow:
			p.hi[i] = p.peerTo[i]
		case plan.UnboundedFollowing:
			p.hi[i] = int32(p.n)
		}
	}
	if f.Start == plan.OffsetPreceding || f.Start == plan.OffsetFollowing {
		if err := p.rangeBound(f.Start, p.startOff, false); err != nil {
			return err
		}
	}
	if f.End == plan.OffsetPreceding || f.End == plan.OffsetFollowing {
		return p.rangeBound(f.End, p.endOff, true)
	}
	return nil
}

func (p *partition) rangeBound(k plan.FrameBoundKind, off types.Datum, end bool) error {
	o := p.o
	key := o.ordKeys.cols[0]
	sk := o.n.Order[0]
	// Descending keys go the other way: PRECEDING is towards greater ones.
	e := o.sub
	if (k == plan.OffsetFollowing) != sk.Desc {
		e = o.add
	}
	if e == nil {
		return pgerr.Unsupported("RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", key.Type.Name)
	}
	var view types.Vec
	sliceVec(&view, key, p.from, p.from+p.n)
	o.holder.arg = builtin.Arg{Vec: &view}
	offType := o.n.Frame.StartOffset
	if end {
		offType = o.n.Frame.EndOffset
	}
	offs := types.NewVec(offType.Type(), p.n)
	offs.Resize(p.n)
	for i := range p.n {
		offs.Set(i, off)
	}
	bound, err := e.eval(&types.Batch{Cols: []*types.Vec{offs}, N: p.n}, nil)
	if err != nil {
		return err
	}
	// A date plus an interval is a timestamp: compare in the bound's type.
	if bound.Type.Under().OID != view.Type.Under().OID && !rawComparable(bound.Type, view.Type) {
		k := builtin.FindCast(view.Type.Under(), bound.Type.Under())
		if k == nil || k.Func == nil {
			return pgerr.Unsupported("RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", key.Type.Name)
		}
		conv := newFuncCall(o.x, k.Func, 1)
		v, err := conv.call(p.n, nil, builtin.Arg{Vec: &view})
		if err != nil {
			return err
		}
		view = *v
	}
	// n0 … n1-1 is the range of rows whose key is not NULL.
	n0, n1 := 0, p.n
	for n0 < p.n && view.IsNull(n0) {
		n0++
	}
	for n1 > n0 && view.IsNull(n1-1) {
		n1--
	}
	for i := range p.n {
		if view.IsNull(i) {
			if end {
				p.hi[i] = p.peerTo[i]
			} else {
				p.lo[i] = p.peerFrom[i]
			}
			continue
		}
		// The first row at (start) or behind (end) the bound, by binary search.
		lo, hi := n0, n1
		for lo < hi {
			m := (lo + hi) / 2
			c := types.CompareAt(&view, m, bound.Vec, row(bound, i))
			if sk.Desc {
				c = -c
			}
			if c < 0 || end && c == 0 {
				lo = m + 1
			} else {
				hi = m
			}
		}
		if end {
			p.hi[i] = int32(lo)
		} else {
			p.lo[i] = int32(lo)
		}
	}
	return nil
}

// call computes one call for the partition.
func (p *partition) call(c *windowCall, out *types.Vec) error {
	args := make([]*types.Vec, len(c.vals.cols))
	views := make([]types.Vec, len(args))
	for k, v := range c.vals.cols {
		sliceVec(&views[k], v, p.from, p.from+p.n)
		args[k] = &views[k]
	}
	if c.fn.Win != nil {
		res := types.NewVec(out.Type, p.n)
		res.Resize(p.n)
		if err := c.fn.Win.Eval(p.o.x.Eval, p, args, res); err != nil {
			return err
		}
		for i := range p.n {
			setVec(out, p.from+i, res, i)
		}
		return nil
	}
	return p.aggregate(c, args, out)
}

// aggregate computes an aggregate over each row's frame. While frames only
// grow at their end the accumulator is kept; when one moves on at its start
// it is computed anew.
func (p *partition) aggregate(c *windowCall, args []*types.Vec, out *types.Vec) error {
	x := p.o.x
	vals := make([]builtin.Arg, len(args))
	for k, v := range args {
		vals[k] = builtin.Arg{Vec: v}
	}
	var admit []bool
	if c.admit != nil {
		admit = c.admit[p.from : p.from+p.n]
	}
	var sel []int32
	feed := func(st builtin.AggState, from, to int) error {
		sel = sel[:0]
		for i := from; i < to; i++ {
			if admit == nil || admit[i] {
				sel = append(sel, int32(i))
			}
		}
		if len(sel) == 0 {
			return nil
		}
		return st.Add(x.Eval, vals, nil, p.n, sel)
	}
	one := types.NewVec(out.Type, 1)
	var st builtin.AggState
	lo, hi := 0, 0
	plain := p.o.n.Frame.Exclude == plan.ExcludeNoOthers
	done := -1 // row whose result one holds
	for i := range p.n {
		if i%256 == 255 {
			if err := x.cancelled(); err != nil {
				return err
			}
		}
		l, h := int(p.lo[i]), int(p.hi[i])
		if l > h {
			l = h
		}
		if plain && done >= 0 && l == lo && h == hi {
			setVec(out, p.from+i, one, 0)
			continue
		}
		if !plain || st == nil || l != lo || h < hi {
			st = c.fn.Agg.New(c.typs)
			st.Grow(1)
			lo, hi = l, l
		}
		if plain {
			if err := feed(st, hi, h); err != nil {
				return err
			}
			hi = h
		} else {
			var err error
			p.Frame(i, func(from, to int) bool {
				err = feed(st, from, to)
				return err == nil
			})
			if err != nil {
				return err
			}
		}
		one.HasNulls = false
		one.Resize(1)
		if err := st.Result(x.Eval, 0, 1, one); err != nil {
			return err
		}
		done = i
		setVec(out, p.from+i, one, 0)
	}
	return nil
}

func (o *windowOp) close() {
	o.in.close()
	if o.rows != nil {
		o.rows.drop()
		o.partKeys.drop()
		o.ordKeys.drop()
		for _, c := range o.calls {
			c.vals.drop()
		}
	}
	o.results = nil
}
