package executor

import (
	"fmt"
	"slices"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// windowOp computes window functions over an input sorted by partition, then
// order. It takes a portion of the input, at least a batch, up to the end of a
// partition, computes the results partition by partition, and passes the rows on
// with them; then the next portion. So it holds about as much as its greatest
// partition; of that, the rows themselves go to disk when they outgrow work_mem, and
// what the functions look at, arguments and keys and results, stays in memory.
//
// Of a partition whose run condition has become false (row_number() <= 10) no
// further row is wanted: none is passed on. Where the results depend on nothing
// behind a row and its peers, the condition is tried while the partition is being
// read, and the rest of it is not taken; without PARTITION BY it is not even read.
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
	out        types.Batch
	resView    []types.Vec
	offsetsOf  *[2]types.Datum // of the frame, once computed

	// The input batch of which rows are left for the next portion, and what was
	// computed of it.
	b         *types.Batch
	left      []int32
	partOf    []*types.Vec
	ordOf     []*types.Vec
	ended     bool
	can       bool
	spooled   *spool // the portion's rows, if they are not in rows
	resultMem int64
	disk      int64

	run    pred
	prefix bool    // results depend on nothing behind a row and its peers
	live   []int32 // the portion's rows from live[2i] to live[2i+1] are passed on
	sel    []int32
	done   bool // no more rows of the last partition are wanted
	tried  int  // rows of the portion that try has looked at
}

// windowCall is one call: a window function or an aggregate.
type windowCall struct {
	plan   *plan.AggCall
	fn     *builtin.Func
	typs   []*types.Type
	args   *exprSet
	filter pred
	vals   *rowSet         // the arguments of all rows
	admit  []bool          // rows that FILTER admits, nil: all
	moving *builtin.Moving // nil: see Agg.Moving
	// Of the input batch.
	argsOf []*types.Vec
	in     []bool
	// Arguments that could not be computed, of the portion and of the input batch: a function may never ask for them.
	failed, failing map[argOf]error
}

// argOf is an argument of a call for a row.
type argOf struct{ arg, row int }

// maxFailed bounds the failures that are kept.
const maxFailed = 1 << 16

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
		if w.fn.Agg != nil && w.fn.Agg.Moving != nil && n.Frame.Start != plan.UnboundedPreceding && !hasCalls(p.Filter) && !slices.ContainsFunc(p.Args, hasCalls) {
			if w.moving, err = w.fn.Agg.Moving(w.typs); err != nil {
				return nil, err
			}
		}
		if w.args, err = x.newExprSet(p.Args); err != nil {
			return nil, err
		}
		if w.filter, err = x.compilePred(p.Filter); err != nil {
			return nil, err
		}
		o.calls = append(o.calls, w)
	}
	if o.run, err = x.compilePred(n.Run); err != nil {
		return nil, err
	}
	o.prefix = o.run != nil && n.Frame.Exclude == plan.ExcludeNoOthers
	for _, c := range o.calls {
		o.prefix = o.prefix && dependsOnPrefix(c, &n.Frame)
	}
	return o, nil
}

// dependsOnPrefix tells that a call's result depends on nothing behind a row and
// its peers.
func dependsOnPrefix(c *windowCall, f *plan.Frame) bool {
	if c.fn.Win != nil {
		switch c.plan.Fn.Name {
		case "row_number", "rank", "dense_rank":
			return true
		}
		return false
	}
	return f.End != plan.OffsetFollowing && f.End != plan.UnboundedFollowing && f.Start != plan.OffsetFollowing
}

func (o *windowOp) open() error {
	o.drop()
	o.b, o.left, o.ended, o.offsetsOf, o.disk = nil, nil, false, nil, 0
	o.can = o.x.canSpill(colTypes(o.n.Input))
	return o.in.open()
}

func (o *windowOp) next() (*types.Batch, error) {
	for {
		b, err := o.ready()
		if err != nil {
			return nil, err
		}
		if b != nil {
			from := o.cur.at - b.N
			if o.resView == nil {
				o.resView = make([]types.Vec, len(o.calls))
			}
			o.out = types.Batch{N: b.N, Cols: append(o.out.Cols[:0], b.Cols...)}
			if o.run != nil {
				if o.out.Sel = o.wanted(from, from+b.N); len(o.out.Sel) == 0 {
					continue
				}
			}
			for k, r := range o.results {
				sliceVec(&o.resView[k], r, from, from+b.N)
				o.out.Cols = append(o.out.Cols, &o.resView[k])
			}
			return &o.out, nil
		}
		if o.ended && len(o.left) == 0 {
			return nil, nil
		}
		o.drop()
		if err := o.load(); err != nil {
			return nil, err
		}
		if err := o.compute(); err != nil {
			return nil, err
		}
	}
}

// ready gives the next rows of the portion, nil if there are no more. cur.at is behind them.
func (o *windowOp) ready() (*types.Batch, error) {
	switch {
	case o.rows == nil:
		return nil, nil
	case o.spooled == nil:
		return o.cur.next(o.rows), nil
	}
	b, err := o.spooled.next()
	if b != nil {
		o.cur.at += b.N
	}
	return b, err
}

// load reads a portion: its rows, and their keys and arguments.
func (o *windowOp) load() error {
	o.rows = newRowSet(colTypes(o.n.Input), o.x.Memory)
	o.partKeys, o.ordKeys = newRowSet(o.part.typs, o.x.Memory), newRowSet(o.ord.typs, o.x.Memory)
	for _, c := range o.calls {
		c.vals = newRowSet(c.typs, o.x.Memory)
		c.admit, c.failed = nil, nil
	}
	o.done, o.tried = false, 0
	for {
		if o.done && len(o.n.Partition) == 0 {
			o.ended, o.left = true, nil
			return o.rewind()
		}
		if len(o.left) == 0 {
			if err := o.read(); err != nil {
				return err
			}
			if o.ended {
				return o.rewind()
			}
		}
		if o.done {
			for len(o.left) > 0 && equalAcross(o.partKeys.cols, o.partKeys.n-1, o.partOf, int(o.left[0])) {
				o.left = o.left[1:]
			}
			if len(o.left) == 0 {
				continue
			}
			o.done = false
		}
		rows, whole := o.left, false
		if o.partKeys.n >= types.BatchSize {
			// The partition that is under way, no more.
			n := 0
			for n < len(rows) && equalAcross(o.partKeys.cols, o.partKeys.n-1, o.partOf, int(rows[n])) {
				n++
			}
			rows, whole = rows[:n], n < len(rows)
		}
		if err := o.take(rows); err != nil {
			return err
		}
		o.left = o.left[len(rows):]
		if o.prefix && !whole {
			if err := o.try(); err != nil {
				return err
			}
		}
		if whole {
			return o.rewind()
		}
	}
}

// try computes the partition being read as far as it is known, now and then, to
// see whether more of it is wanted.
func (o *windowOp) try() error {
	n := o.partKeys.n
	if n == 0 || len(o.n.Order) == 0 {
		return nil
	}
	from := n - 1
	for from > 0 && equalRows(o.partKeys.cols, from-1, n-1) {
		from--
	}
	peers := n - 1 // the last ones may go on
	for peers > from && equalRows(o.ordKeys.cols, peers-1, n-1) {
		peers--
	}
	if peers-from < max(2*(o.tried-from), 1) {
		return nil
	}
	o.tried = peers
	end, err := o.partition(from, peers, o.newResults(peers))
	o.done = err == nil && end < peers
	return err
}

// wanted are the rows of from … to-1 that are passed on, counted from from.
func (o *windowOp) wanted(from, to int) []int32 {
	o.sel = o.sel[:0]
	for i := 0; i < len(o.live); i += 2 {
		for r := max(int(o.live[i]), from); r < min(int(o.live[i+1]), to); r++ {
			o.sel = append(o.sel, int32(r-from))
		}
	}
	return o.sel
}

// rewind readies the rows of the portion for reading, if they are on disk.
func (o *windowOp) rewind() error {
	if o.spooled == nil {
		return nil
	}
	err := o.spooled.rewind()
	o.disk += o.spooled.size
	if c := o.x.counter(o.n); c != nil {
		c.Detail = fmt.Sprintf("Disk Usage: %dkB", (o.disk+1023)>>10)
	}
	return err
}

// equalAcross compares rows of two sets of keys.
func equalAcross(a []*types.Vec, i int, b []*types.Vec, j int) bool {
	for k, v := range a {
		if !types.EqualAt(v, i, b[k], j) {
			return false
		}
	}
	return true
}

// read takes the next batch of the input and computes what is needed of it.
func (o *windowOp) read() error {
	if err := o.x.cancelled(); err != nil {
		return err
	}
	b, err := o.in.next()
	if err != nil {
		return err
	}
	if b == nil {
		o.ended = true
		return nil
	}
	o.b, o.left = b, selected(b.N, b.Sel)
	if o.partOf, err = o.part.eval(b, b.Sel); err != nil {
		return err
	}
	if o.ordOf, err = o.ord.eval(b, b.Sel); err != nil {
		return err
	}
	for _, c := range o.calls {
		sel := b.Sel
		if c.filter != nil {
			if sel, err = c.filter.filter(b, b.Sel, nil); err != nil {
				return err
			}
			c.in = make([]bool, b.N)
			for _, i := range sel {
				c.in[i] = true
			}
			if len(sel) == b.N {
				sel = nil
			}
		}
		c.failing = nil
		if c.argsOf, err = c.args.eval(b, sel); err != nil {
			if err = o.argsByRow(c, sel, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// argsByRow computes arguments that could not all be computed one by one: those that fail
// are NULL, and remembered.
func (o *windowOp) argsByRow(c *windowCall, sel []int32, failure error) error {
	c.failing = map[argOf]error{}
	rows := selected(o.b.N, sel)
	out := make([]*types.Vec, len(c.typs))
	for k, e := range c.args.exprs {
		v := types.NewVec(c.typs[k], o.b.N)
		v.Resize(o.b.N)
		var buf *types.Vec
		for _, i := range rows {
			one := []int32{i}
			a, err := e.eval(o.b, one)
			if err != nil {
				if stop := o.x.cancelled(); stop != nil {
					return stop
				}
				if c.failing[argOf{k, int(i)}] = err; len(c.failed)+len(c.failing) > maxFailed {
					return failure
				}
				v.Set(int(i), types.Null)
				continue
			}
			setVec(v, int(i), flat(a, c.typs[k], o.b.N, one, &buf), int(i))
		}
		out[k] = v
	}
	c.argsOf = out
	return nil
}

// take adds rows of the input batch to the portion.
func (o *windowOp) take(rows []int32) error {
	if o.spooled == nil {
		if err := o.rows.addRows(o.b, rows); err != nil {
			return err
		}
		if o.can && o.rows.bytes > o.x.WorkMem && o.rows.n > types.BatchSize {
			o.spooled = o.x.newSpool(colTypes(o.n.Input))
			if err := o.spooled.add(o.rows.all(), iota32(o.rows.n)); err != nil {
				return err
			}
			o.rows.drop()
		}
	} else if err := o.spooled.add(o.b, rows); err != nil {
		return err
	}
	if err := o.partKeys.addRows(&types.Batch{Cols: o.partOf, N: o.b.N}, rows); err != nil {
		return err
	}
	if err := o.ordKeys.addRows(&types.Batch{Cols: o.ordOf, N: o.b.N}, rows); err != nil {
		return err
	}
	for _, c := range o.calls {
		if c.filter != nil {
			for _, i := range rows {
				c.admit = append(c.admit, c.in[i])
			}
		}
		for at, i := range rows {
			if len(c.failing) == 0 {
				break
			}
			for k := range c.typs {
				if err := c.failing[argOf{k, int(i)}]; err != nil {
					if c.failed == nil {
						c.failed = map[argOf]error{}
					}
					c.failed[argOf{k, c.vals.n + at}] = err
				}
			}
		}
		if err := c.vals.addRows(&types.Batch{Cols: c.argsOf, N: o.b.N}, rows); err != nil {
			return err
		}
	}
	return nil
}

// compute fills the results, one partition after another.
func (o *windowOp) compute() error {
	total := o.partKeys.n
	o.results, o.live = o.newResults(total), o.live[:0]
	for _, v := range o.results {
		o.resultMem += vecBytes(v, 0, total)
	}
	if err := o.x.Memory.grow(o.resultMem); err != nil {
		return err
	}
	for from := 0; from < total; {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		to := from + 1
		for to < total && equalRows(o.partKeys.cols, from, to) {
			to++
		}
		end, err := o.partition(from, to, o.results)
		if err != nil {
			return err
		}
		if o.run != nil && end > from {
			o.live = append(o.live, int32(from), int32(end))
		}
		from = to
	}
	return nil
}

func (o *windowOp) newResults(n int) (out []*types.Vec) {
	for _, c := range o.calls {
		v := types.NewVec(c.plan.Typ, n)
		v.Resize(n)
		out = append(out, v)
	}
	return out
}

// partition computes the calls over the rows from … to-1. end is the first one
// that the run condition does not want, to if there is none.
func (o *windowOp) partition(from, to int, results []*types.Vec) (end int, err error) {
	if o.offsetsOf == nil {
		start, end, err := o.offsets()
		if err != nil {
			return 0, err
		}
		o.offsetsOf = &[2]types.Datum{start, end}
	}
	p := &partition{o: o, from: from, n: to - from, startOff: o.offsetsOf[0], endOff: o.offsetsOf[1]}
	if err := p.prepare(); err != nil {
		return 0, err
	}
	for k, c := range o.calls {
		if err := p.compute(c, results[k]); err != nil {
			return 0, err
		}
	}
	if o.run == nil {
		return to, nil
	}
	// The condition reads results alone.
	b := &types.Batch{N: to - from, Cols: make([]*types.Vec, len(o.n.Input.Info().Cols))}
	for _, v := range results {
		var view types.Vec
		sliceVec(&view, v, from, to)
		b.Cols = append(b.Cols, &view)
	}
	pass, err := o.run.filter(b, nil, nil)
	if err != nil {
		return 0, err
	}
	for i, r := range pass {
		if int(r) != i {
			return from + i, nil
		}
	}
	return from + len(pass), nil
}

// drop gives the portion up.
func (o *windowOp) drop() {
	o.cur.at = 0
	o.spooled.close()
	o.spooled = nil
	if o.rows != nil {
		o.rows.drop()
		o.partKeys.drop()
		o.ordKeys.drop()
		for _, c := range o.calls {
			c.vals.drop()
		}
		o.rows = nil
	}
	_ = o.x.Memory.grow(-o.resultMem)
	o.resultMem = 0
	o.results = nil
}

func (o *windowOp) close() {
	o.drop()
	o.in.close()
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
				if neg = types.Compare(types.Interval, d, types.NewSpan(types.Span{})) < 0; timesOfDay(o.n.Order[0].Expr.Type()) {
					neg = d.Span().Micros < 0
				}
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
