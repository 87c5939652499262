package executor

import (
	"math"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// partition is one partition at work: builtin.WinPartition for its functions.
type partition struct {
	o                *windowOp
	from, n          int
	startOff, endOff types.Datum
	peerFrom, peerTo []int32
	lo, hi           []int32 // frame before exclusion
	call             *windowCall
}

// Len implements builtin.WinPartition.
func (p *partition) Len() int { return p.n }

// Peers implements builtin.WinPartition.
func (p *partition) Peers(i int) (from, to int) { return int(p.peerFrom[i]), int(p.peerTo[i]) }

// Failures implements builtin.WinPartition.
func (p *partition) Failures() func(arg, i int) error {
	if len(p.call.failed) == 0 {
		return nil
	}
	return func(arg, i int) error { return p.call.failed[argOf{arg, p.from + i}] }
}

// aggregateFails tells which argument of an aggregate that a frame holds could not be computed.
func (p *partition) aggregateFails(c *windowCall) (err error) {
	for i := 0; i < p.n && err == nil && len(c.failed) > 0; i++ {
		p.Frame(i, func(from, to int) bool {
			for j := from; j < to && err == nil; j++ {
				for k := range c.typs {
					if e := c.failed[argOf{k, p.from + j}]; e != nil && err == nil && (c.admit == nil || c.admit[p.from+j]) {
						err = e
					}
				}
			}
			return err == nil
		})
	}
	return err
}

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
		for j < p.n && equalRows(o.ordKeys.cols, p.from+i, p.from+j) {
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
	var bound builtin.Arg
	var beyond []int // of integers: 1 and -1 where the bound is above and below all
	if integers(key.Type) && integers(offType.Type()) {
		bound.Vec, beyond = integerBounds(&view, off.I, e == o.sub)
	} else if timesOfDay(key.Type) {
		bound.Vec = timeBounds(&view, off.Span().Micros, e == o.sub)
	} else {
		offs := types.NewVec(offType.Type(), p.n)
		offs.Resize(p.n)
		for i := range p.n {
			offs.Set(i, off)
		}
		var err error
		if bound, err = e.eval(&types.Batch{Cols: []*types.Vec{offs}, N: p.n}, nil); err != nil {
			return err
		}
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
		if at := row(bound, i); isNaN(bound.Vec, at) && !isNaN(&view, i) {
			// ±∞ ∓ ∞: all values but NaN, which sorts behind them, are in the frame.
			for hi > lo && isNaN(&view, hi-1) {
				hi--
			}
			for lo < hi && isNaN(&view, lo) {
				lo++
			}
			if end {
				p.hi[i] = int32(hi)
				if sk.Desc {
					p.hi[i] = int32(n1)
				}
			} else {
				p.lo[i] = int32(lo)
				if !sk.Desc {
					p.lo[i] = int32(n0)
				}
			}
			continue
		}
		if beyond != nil && beyond[i] != 0 {
			if (beyond[i] > 0) != sk.Desc {
				lo = n1
			} else {
				hi = n0
			}
		}
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

// integers tells whether a type holds integers.
func integers(t *types.Type) bool {
	switch t.Under().OID {
	case types.Int2.OID, types.Int4.OID, types.Int8.OID:
		return true
	}
	return false
}

// integerBounds moves integer keys by an offset. A bound that no bigint holds is beyond
// all keys, and no error (in_range of PostgreSQL's integers).
func integerBounds(keys *types.Vec, off int64, down bool) (bounds *types.Vec, beyond []int) {
	bounds = types.NewVec(types.Int8, keys.Len)
	bounds.Resize(keys.Len)
	beyond = make([]int, keys.Len)
	for i := range keys.Len {
		if keys.IsNull(i) {
			continue
		}
		k := keys.I[i]
		switch {
		case down && k < math.MinInt64+off:
			beyond[i] = -1
		case down:
			bounds.I[i] = k - off
		case k > math.MaxInt64-off:
			beyond[i] = 1
		default:
			bounds.I[i] = k + off
		}
	}
	return bounds, beyond
}

// timesOfDay tells whether a type holds times without a date.
func timesOfDay(t *types.Type) bool {
	oid := t.Under().OID
	return oid == types.Time.OID || oid == types.TimeTZ.OID
}

// timeBounds moves times of the day by the time of an interval, whose days and months do not count. A
// bound beyond the day does not come round again: no row is that far (in_range of PostgreSQL's times).
func timeBounds(keys *types.Vec, off int64, down bool) *types.Vec {
	bounds := types.NewVec(keys.Type, keys.Len)
	bounds.Resize(keys.Len)
	if down {
		off = -off
	}
	for i := range keys.Len {
		d := keys.Datum(i)
		if !d.IsNull() {
			d.I += off
		}
		bounds.Set(i, d)
	}
	return bounds
}

// isNaN tells whether a number is not one.
func isNaN(v *types.Vec, i int) bool {
	switch v.Type.Phys {
	case types.PhysFloat64:
		return v.F[i] != v.F[i]
	case types.PhysDecimal:
		return v.D[i].Form == types.NaN
	}
	return false
}

// compute computes one call for the partition.
func (p *partition) compute(c *windowCall, out *types.Vec) error {
	p.call = c
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
	if err := p.aggregateFails(c); err != nil {
		return err
	}
	if c.moving != nil {
		return p.movingAggregate(c, args, out)
	}
	return p.aggregate(c, args, out)
}

// movingAggregate computes an aggregate with a user's inverse transition function: rows are
// added and taken out one by one, as PostgreSQL does.
func (p *partition) movingAggregate(c *windowCall, args []*types.Vec, out *types.Vec) error {
	ctx, m := p.o.x.Eval, c.moving
	row := make([]types.Datum, len(args))
	// each does a thing to the rows of a range that FILTER lets in.
	each := func(from, to int, do func() (bool, error)) (bool, error) {
		for i := from; i < to; i++ {
			if c.admit != nil && !c.admit[p.from+i] {
				continue
			}
			for k, v := range args {
				row[k] = v.Datum(i)
			}
			if ok, err := do(); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	add := func() (bool, error) { return true, m.Add(ctx, row) }
	remove := func() (bool, error) { return m.Remove(ctx, row) }
	excludes := p.o.n.Frame.Exclude != plan.ExcludeNoOthers
	base, upto := 0, 0
	for i := range p.n {
		if err := p.o.x.cancelled(); err != nil {
			return err
		}
		head, end := int(p.lo[i]), int(p.hi[i])
		keeps := i > 0 && !excludes && upto > head
		if keeps {
			var err error
			if keeps, err = each(base, head, remove); err != nil {
				return err
			}
		}
		if !keeps {
			m.Reset()
			upto = head
		}
		base = head
		var err error
		if excludes {
			p.Frame(i, func(from, to int) bool {
				_, err = each(from, to, add)
				return err == nil
			})
		} else if end > upto {
			_, err = each(upto, end, add)
			upto = end
		}
		if err != nil {
			return err
		}
		d, err := m.Result(ctx)
		if err != nil {
			return err
		}
		out.Set(p.from+i, d)
	}
	return nil
}

// aggregate computes an aggregate over each row's frame. While frames only
// grow at their end the accumulator is kept; when one moves on at its start,
// what leaves it is taken out again where the aggregate can do that, and it is
// computed anew where it cannot.
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
	// admitted are the rows of a range that FILTER lets in.
	admitted := func(from, to int) []int32 {
		sel = sel[:0]
		for i := from; i < to; i++ {
			if admit == nil || admit[i] {
				sel = append(sel, int32(i))
			}
		}
		return sel
	}
	feed := func(st builtin.AggState, from, to int) error {
		if s := admitted(from, to); len(s) > 0 {
			return st.Add(x.Eval, vals, nil, p.n, s)
		}
		return nil
	}
	canSlide := false
	one := types.NewVec(out.Type, 1)
	var st builtin.AggState
	var slides builtin.Remover // nil: it cannot
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
		if plain && slides != nil && l > lo && l < hi && h >= hi && l-lo < h-l {
			if s := admitted(lo, l); len(s) > 0 {
				slides.Remove(vals, p.n, s)
			}
			lo = l
		}
		if !plain || st == nil || l != lo || h < hi {
			st = c.fn.Agg.New(c.typs)
			st.Grow(1)
			lo, hi = l, l
			if r, ok := st.(builtin.Remover); ok && plain && i == 0 && r.CanRemove(vals) {
				canSlide = true
			}
			if slides = nil; canSlide {
				slides = st.(builtin.Remover)
			}
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
