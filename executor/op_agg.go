package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// aggOp groups its input and computes aggregates. Groups are numbered densely
// by a hash table of their keys and come out in the order they first came in,
// so that input sorted by the groups yields them sorted. All groups are held
// until the input ends, but for those that outgrow their share of memory
// (group_spill.go); the accumulators are columns indexed by group number.
type aggOp struct {
	x      *exec
	n      *plan.Agg
	in     op
	groups *exprSet
	calls  []*aggCall
	sets   []*aggSet
	set    int // being output
	at     int
	out    types.Batch
	ran    bool
	// uncharged counts the rows taken in since memory was last accounted for.
	uncharged int
	pending   *types.Batch // sorted input: rows of a group that goes on
	ended     bool
	spill     groupSpill
	rest      types.Batch // of a batch: the rows whose groups are in memory
}

// orderedGroups is how many complete groups of sorted input come out together.
const orderedGroups = 256

// aggCall is one aggregate call, compiled.
type aggCall struct {
	plan     *plan.AggCall
	fn       *builtin.Func
	argTypes []*types.Type
	args     []expr
	vals     []builtin.Arg
	filter   pred
	sel      []int32
	// sorted calls keep their rows to the end: aggregates with ORDER BY, ordered-set ones.
	sorted bool
	keys   *exprSet
	order  []plan.SortKey
	// setOrder is the order of an ordered-set aggregate.
	setOrder []builtin.SortOrder
	direct   [][]expr // plan.DirectIn
}

// state makes the accumulators of the call.
func (c *aggCall) state() builtin.AggState {
	if a := c.fn.Agg; a.OrderedSet && a.NewOrdered != nil {
		return a.NewOrdered(c.argTypes, len(c.plan.Direct), c.setOrder)
	}
	return c.fn.Agg.New(c.argTypes)
}

// aggSet is the state of one grouping set.
type aggSet struct {
	cols   []int // of Groups
	table  *groupTable
	keys   []*types.Vec
	rows   []int32 // group of each input row
	states []builtin.AggState
	seen   []*groupTable // of DISTINCT calls
	kept   []*rowSet     // of sorted calls: group, arguments, sort keys
	n      int
	bytes  int64
}

func (x *exec) newAgg(n *plan.Agg) (op, error) {
	if o, err := x.parallelAgg(n); o != nil || err != nil {
		return o, err
	}
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	return x.aggOver(n, in)
}

func (x *exec) aggOver(n *plan.Agg, in op) (*aggOp, error) {
	o := &aggOp{x: x, n: n, in: in}
	var err error
	if o.groups, err = x.newExprSet(n.Groups); err != nil {
		return nil, err
	}
	for i := range n.Calls {
		c, err := x.newAggCall(&n.Calls[i])
		if err != nil {
			return nil, err
		}
		o.calls = append(o.calls, c)
	}
	o.spill = x.newGroupSpill(n.Input, n.Groups)
	o.spill.can = o.spill.can && n.Sets == nil && !n.Ordered
	return o, nil
}

func (x *exec) newAggCall(p *plan.AggCall) (*aggCall, error) {
	c := &aggCall{plan: p}
	all := append(append([]plan.Expr(nil), p.Direct...), p.Args...)
	for _, a := range all {
		c.argTypes = append(c.argTypes, a.Type())
	}
	c.fn = p.Fn.Bound(c.argTypes)
	if c.fn.Agg == nil {
		return nil, pgerr.Unsupported("aggregate %s is not supported", p.Fn.Name)
	}
	var err error
	if c.args, err = x.compileAll(p.Args); err != nil {
		return nil, err
	}
	c.vals = make([]builtin.Arg, len(c.args))
	if c.filter, err = x.compilePred(p.Filter); err != nil {
		return nil, err
	}
	if c.fn.Agg.OrderedSet {
		// They sort for themselves, and take direct arguments as columns like the others.
		args := p.Args
		if len(args) == 0 {
			args = sortExprs(p.OrderBy)
		}
		c.argTypes = nil
		c.args = nil
		for _, a := range append(append([]plan.Expr(nil), p.Direct...), args...) {
			k, err := x.compile(a)
			if err != nil {
				return nil, err
			}
			c.args = append(c.args, k)
			c.argTypes = append(c.argTypes, a.Type())
		}
		c.vals = make([]builtin.Arg, len(c.args))
		for _, k := range p.OrderBy {
			c.setOrder = append(c.setOrder, builtin.SortOrder{Desc: k.Desc, NullsFirst: k.NullsFirst})
		}
		for _, direct := range p.DirectIn {
			es, err := x.compileAll(direct)
			if err != nil {
				return nil, err
			}
			c.direct = append(c.direct, es)
		}
		return c, nil
	}
	c.order = p.OrderBy
	if p.Distinct && len(c.order) == 0 && !c.fn.Agg.IgnoresOrder && len(p.Args) > 0 {
		// PostgreSQL sorts to find duplicates, and its users see that order.
		for _, a := range p.Args {
			c.order = append(c.order, plan.SortKey{Expr: a})
		}
	}
	c.sorted = len(c.order) > 0 && !c.fn.Agg.IgnoresOrder
	if c.sorted {
		if c.keys, err = x.newExprSet(sortExprs(c.order)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (o *aggOp) open() error {
	o.release()
	o.spill.drop()
	o.reset()
	o.ran, o.pending, o.ended = false, nil, false
	return o.in.open()
}

// reset makes the empty state of every grouping set.
func (o *aggOp) reset() {
	o.sets, o.set, o.at = o.sets[:0], 0, 0
	lists := o.n.Sets
	if lists == nil {
		all := make([]int, len(o.n.Groups))
		for i := range all {
			all[i] = i
		}
		lists = [][]int{all}
	}
	for _, l := range lists {
		s := &aggSet{cols: l, keys: make([]*types.Vec, len(l))}
		if len(l) > 0 {
			ts := make([]*types.Type, len(l))
			for i, g := range l {
				ts[i] = o.groups.typs[g]
			}
			s.table = newGroupTable(ts, o.x.Memory)
		} else {
			s.n = 1
		}
		for _, c := range o.calls {
			st := c.state()
			st.Grow(s.n)
			s.states = append(s.states, st)
			var seen *groupTable
			if c.plan.Distinct {
				ts := []*types.Type{types.Int4}
				for _, a := range c.plan.Args {
					ts = append(ts, a.Type())
				}
				seen = newGroupTable(ts, o.x.Memory)
			}
			s.seen = append(s.seen, seen)
			var kept *rowSet
			if c.sorted {
				ts := []*types.Type{types.Int4}
				for _, a := range c.plan.Args {
					ts = append(ts, a.Type())
				}
				ts = append(ts, c.keys.typs...)
				kept = newRowSet(ts, o.x.Memory)
			}
			s.kept = append(s.kept, kept)
		}
		o.sets = append(o.sets, s)
	}
}

// consume reads the whole input.
func (o *aggOp) consume() error {
	for {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		var b *types.Batch
		var err error
		if o.spill.part != nil {
			b, err = o.spill.part.next()
		} else {
			b, err = o.in.next()
		}
		if err != nil || b == nil {
			return err
		}
		if err := o.add(b); err != nil {
			return err
		}
	}
}

func (o *aggOp) add(b *types.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	gv, err := o.groups.eval(b, b.Sel)
	if err != nil {
		return err
	}
	for _, s := range o.sets {
		if s.table != nil {
			for i, g := range s.cols {
				s.keys[i] = gv[g]
			}
			if len(s.rows) < b.N {
				s.rows = make([]int32, b.N)
			}
			if o.spill.set != nil {
				rows, err := o.spill.divide(s.table, s.keys, b, s.rows)
				if err != nil || len(rows) == 0 {
					return err
				}
				o.rest = types.Batch{Cols: b.Cols, N: b.N, Sel: rows}
				b = &o.rest
			} else if err := s.table.assign(s.keys, b.N, selected(b.N, b.Sel), s.rows); err != nil {
				return err
			}
			s.n = s.table.n
		}
	}
	for k, c := range o.calls {
		sel := b.Sel
		if c.filter != nil {
			if c.sel, err = c.filter.filter(b, b.Sel, room(c.sel[:0], b.N)); err != nil {
				return err
			}
			sel = c.sel
			if len(sel) == 0 {
				continue
			}
		}
		if err := evalAll(c.args, b, sel, c.vals); err != nil {
			return err
		}
		for i, s := range o.sets {
			if c.direct != nil {
				if err := evalAll(c.direct[i], b, sel, c.vals); err != nil {
					return err
				}
			}
			if err := o.addCall(s, k, b, sel); err != nil {
				return err
			}
		}
	}
	if o.x.Memory == nil {
		return nil
	}
	if s := o.sets[0]; s.table != nil {
		if err := o.spill.outgrown(s.table.bytes + s.bytes); err != nil {
			return err
		}
	}
	// Asking the accumulators for their size may cost a step a group: not for
	// every batch.
	groups := 0
	for _, s := range o.sets {
		groups += s.n
	}
	if o.uncharged += b.Rows(); o.uncharged < max(groups, 4*types.BatchSize) {
		return nil
	}
	o.uncharged = 0
	return o.charge()
}

// charge accounts for the accumulators.
func (o *aggOp) charge() error {
	for _, s := range o.sets {
		var size int64
		for _, st := range s.states {
			size += st.Bytes()
		}
		d := size - s.bytes
		s.bytes = size
		if err := o.x.Memory.grow(d); err != nil {
			return err
		}
	}
	return nil
}

// addCall feeds the rows of a batch to one aggregate of one grouping set.
func (o *aggOp) addCall(s *aggSet, k int, b *types.Batch, sel []int32) error {
	c := o.calls[k]
	var groups []int32
	if s.table != nil {
		groups = s.rows
	}
	if seen := s.seen[k]; seen != nil {
		cols := make([]*types.Vec, 0, 1+len(c.vals))
		cols = append(cols, groupVec(groups, b.N))
		for i, a := range c.vals {
			var buf *types.Vec
			cols = append(cols, flat(a, c.plan.Args[i].Type(), b.N, sel, &buf))
		}
		var err error
		if sel, err = seen.fresh(cols, b.N, selected(b.N, sel), nil); err != nil {
			return err
		}
		if len(sel) == 0 {
			return nil
		}
	}
	if kept := s.kept[k]; kept != nil {
		in := &types.Batch{N: b.N, Sel: sel, Cols: []*types.Vec{groupVec(groups, b.N)}}
		for i, a := range c.vals {
			var buf *types.Vec
			in.Cols = append(in.Cols, flat(a, c.plan.Args[i].Type(), b.N, sel, &buf))
		}
		keys, err := c.keys.eval(b, sel)
		if err != nil {
			return err
		}
		in.Cols = append(in.Cols, keys...)
		return kept.add(in)
	}
	st := s.states[k]
	st.Grow(s.n)
	return st.Add(o.x.Eval, c.vals, groups, b.N, sel)
}

// groupVec makes a column of group numbers; all zero when there are none.
func groupVec(groups []int32, n int) *types.Vec {
	v := types.NewVec(types.Int4, n)
	v.Resize(n)
	for i := range v.I {
		v.I[i] = 0
		if groups != nil {
			v.I[i] = int64(groups[i])
		}
	}
	return v
}

// finish feeds the sorted calls and makes room for groups without rows.
func (o *aggOp) finish() error {
	for _, s := range o.sets {
		for k, c := range o.calls {
			st := s.states[k]
			st.Grow(s.n)
			kept := s.kept[k]
			if kept == nil {
				continue
			}
			if err := o.feedSorted(s, c, st, kept); err != nil {
				return err
			}
			kept.drop()
		}
	}
	return nil
}

// feedSorted gives an aggregate its rows in the order its ORDER BY asks for.
func (o *aggOp) feedSorted(s *aggSet, c *aggCall, st builtin.AggState, kept *rowSet) error {
	na := len(c.args)
	keys := []plan.SortKey{{}}
	vecs := []*types.Vec{kept.cols[0]}
	for i, k := range c.order {
		keys = append(keys, k)
		vecs = append(vecs, kept.cols[1+na+i])
	}
	perm, err := o.x.sortRows(vecs, keys, kept.n, -1)
	if err != nil {
		return err
	}
	args := make([]builtin.Arg, na)
	bufs := newVecs(c.argTypes, types.BatchSize)
	groups := make([]int32, types.BatchSize)
	for len(perm) > 0 {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		n := min(len(perm), types.BatchSize)
		for i, v := range bufs {
			v.CopyFrom(kept.cols[1+i], perm[:n])
			args[i] = builtin.Arg{Vec: v}
		}
		for i, r := range perm[:n] {
			groups[i] = int32(kept.cols[0].I[r])
		}
		var g []int32
		if s.table != nil {
			g = groups
		}
		if err := st.Add(o.x.Eval, args, g, n, nil); err != nil {
			return err
		}
		perm = perm[n:]
	}
	return nil
}

func (o *aggOp) next() (*types.Batch, error) {
	if o.n.Ordered && o.n.Sets == nil && len(o.n.Groups) > 0 {
		return o.nextOrdered()
	}
	for {
		if !o.ran {
			o.ran = true
			if err := o.consume(); err != nil {
				return nil, err
			}
			if err := o.finish(); err != nil {
				return nil, err
			}
		}
		if b, err := o.emit(); b != nil || err != nil {
			return b, err
		}
		if more, err := o.spill.more(); !more || err != nil {
			o.spill.detail(o.x.counter(o.n))
			return nil, err
		}
		o.release()
		o.reset()
		o.ran = false
	}
}

// nextOrdered gives the groups of sorted input a few hundred at a time.
func (o *aggOp) nextOrdered() (*types.Batch, error) {
	for {
		if o.ran {
			b, err := o.emit()
			if b != nil || err != nil || o.ended {
				return b, err
			}
			o.release()
			o.reset()
		}
		o.ran = true
		if err := o.consumeOrdered(); err != nil {
			return nil, err
		}
		if err := o.finish(); err != nil {
			return nil, err
		}
	}
}

// consumeOrdered reads until enough groups are complete. A group is complete
// when another has begun: what there is of that one stays pending.
func (o *aggOp) consumeOrdered() error {
	if o.pending != nil {
		if err := o.add(o.pending); err != nil {
			return err
		}
		o.pending = nil
	}
	for {
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
		rows := selected(b.N, b.Sel)
		if len(rows) == 0 {
			continue
		}
		keys, err := o.groups.eval(b, b.Sel)
		if err != nil {
			return err
		}
		r := len(rows) - 1
		for r > 0 && equalRows(keys, int(rows[r-1]), int(rows[r])) {
			r--
		}
		if r > 0 {
			if err := o.add(&types.Batch{Cols: b.Cols, N: b.N, Sel: rows[:r]}); err != nil {
				return err
			}
			if o.sets[0].n >= orderedGroups {
				o.pending = &types.Batch{Cols: b.Cols, N: b.N, Sel: rows[r:]}
				return nil
			}
		}
		if err := o.add(&types.Batch{Cols: b.Cols, N: b.N, Sel: rows[r:]}); err != nil {
			return err
		}
	}
}

func equalRows(cols []*types.Vec, i, j int) bool {
	for _, v := range cols {
		if !types.EqualAt(v, i, v, j) {
			return false
		}
	}
	return true
}

// emit gives the next groups.
func (o *aggOp) emit() (*types.Batch, error) {
	for o.set < len(o.sets) && o.at >= o.sets[o.set].n {
		o.set++
		o.at = 0
	}
	if o.set >= len(o.sets) {
		return nil, nil
	}
	s := o.sets[o.set]
	n := min(s.n-o.at, types.BatchSize)
	if o.out.Cols == nil {
		o.out.Cols = newVecs(colTypes(o.n), n)
	}
	ng, nc := len(o.n.Groups), len(o.calls)
	for _, c := range o.out.Cols {
		c.HasNulls = false
		c.Resize(n)
	}
	in := make([]bool, ng)
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(o.at + i)
	}
	for i, g := range s.cols {
		in[g] = true
		o.out.Cols[g].CopyFrom(s.table.keys[i], rows)
	}
	for g := range ng {
		if !in[g] {
			c := o.out.Cols[g]
			for i := range n {
				c.Set(i, types.Null)
			}
		}
	}
	for k := range o.calls {
		if err := s.states[k].Result(o.x.Eval, o.at, n, o.out.Cols[ng+k]); err != nil {
			return nil, err
		}
	}
	for k, g := range o.n.Groupings {
		var bits int64
		for _, a := range g.Args {
			bits <<= 1
			if !in[a] {
				bits |= 1
			}
		}
		c := o.out.Cols[ng+nc+k]
		for i := range n {
			c.I[i] = bits
		}
	}
	o.at += n
	o.out.N = n
	return &o.out, nil
}

func (o *aggOp) release() {
	for _, s := range o.sets {
		if s.table != nil {
			s.table.release()
		}
		for _, t := range s.seen {
			if t != nil {
				t.release()
			}
		}
		for _, r := range s.kept {
			if r != nil {
				r.drop()
			}
		}
		_ = o.x.Memory.grow(-s.bytes)
		s.bytes = 0
	}
}

func (o *aggOp) close() {
	o.release()
	o.spill.drop()
	o.sets = nil
	o.in.close()
}
