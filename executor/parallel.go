package executor

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"rowkey/builtin"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Parallel aggregation and top-N. The operators between the node and one
// large scan (filters, projections, probes of hash joins, lookups, loops that run
// their inner side for each outer row) are made once per goroutine; the scan's key ranges are cut into pieces that the goroutines
// take from a queue; each accumulates for itself, and the results are merged:
//
//	        Agg ── merge ──┬─────────────┐
//	                    Agg (part)    Agg (part)
//	                    HashJoin      HashJoin ──── one table, built before
//	                    Filter        Filter
//	                    Scan          Scan
//	                      └── ranges ───┘
//
// Only plans that write nothing, and expressions that are the same whoever
// computes them, run so.

// worker is one goroutine's part.
type worker struct {
	scan   *plan.Scan // takes its ranges from the queue
	queue  *rangeQueue
	tables map[*plan.HashJoin]*joinTable
}

// rangeQueue hands out the ranges of a scan.
type rangeQueue struct {
	mu     sync.Mutex
	ranges []kv.Range
}

// take gives the next range; false when none is left.
func (w *worker) take() (kv.Range, bool) {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	if len(w.queue.ranges) == 0 {
		return kv.Range{}, false
	}
	r := w.queue.ranges[0]
	w.queue.ranges = w.queue.ranges[1:]
	return r, true
}

// parallelKeys is the least number of keys worth more than one goroutine, and
// pieces is how many ranges each gets at least, so that none waits long for
// the others.
const (
	parallelKeys = 10_000
	pieces       = 8
)

// pipeline is the chain of operators below a node that runs in parallel.
type pipeline struct {
	scan  *plan.Scan
	joins []*plan.HashJoin
	inner map[int]bool // nodes of inner sides of loops, by their IDs
}

// pipelineOf finds the chain, nil when it cannot run in parallel.
func (x *exec) pipelineOf(n plan.Node, exprs []plan.Expr) *pipeline {
	if x.Workers < 2 || x.worker != nil || !x.plan.ReadOnly {
		return nil
	}
	for _, e := range exprs {
		if !parallelSafe(e) {
			return nil
		}
	}
	p := &pipeline{}
	for {
		ok := true
		nodeExprs(n, func(e plan.Expr) { ok = ok && parallelSafe(e) })
		if !ok {
			return nil
		}
		switch m := n.(type) {
		case *plan.Filter:
			if m.Once != nil {
				return nil
			}
			n = m.Input
		case *plan.Project:
			n = m.Input
		case *plan.LookupJoin:
			n = m.Input
		case *plan.NestLoop:
			if len(m.Sets) == 0 || !p.addInner(m.Right, m.Sets) {
				return nil
			}
			n = m.Left
		case *plan.HashJoin:
			switch m.Kind {
			case plan.RightJoin, plan.FullJoin:
				return nil
			}
			p.joins = append(p.joins, m)
			n = m.Left
		case *plan.Scan:
			if m.Unique || m.Limit != nil || m.Bitmap != nil {
				return nil
			}
			p.scan = m
			return p
		default:
			return nil
		}
	}
}

// addInner tells whether each goroutine may run the inner side of a loop for its own
// outer rows, whose values the slots of sets hold.
func (p *pipeline) addInner(n plan.Node, sets []int) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.LookupJoin, *plan.Filter, *plan.Project, *plan.Sort:
	case *plan.Agg:
		for i := range n.Calls {
			if n.Calls[i].Fn.User != nil {
				return false
			}
		}
	default:
		return false
	}
	ok := true
	nodeExprs(n, func(e plan.Expr) { ok = ok && parallelSafe(e, sets...) })
	for _, c := range n.Children() {
		ok = ok && p.addInner(c, sets)
	}
	if p.inner == nil {
		p.inner = map[int]bool{}
	}
	p.inner[n.Info().ID] = true
	return ok
}

// parallelSafe tells whether several goroutines may compute e; each has slots of its
// own for what own names.
func parallelSafe(e plan.Expr, own ...int) bool {
	ok := true
	walkExpr(e, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Subplan:
			ok = false
		case *plan.ExecParam:
			ok = ok && slices.Contains(own, e.Slot)
		case *plan.Call:
			if e.Fn.Volatility == builtin.Volatile || e.Fn.User != nil {
				ok = false
			}
		}
	})
	return ok
}

// split computes the scan's ranges and cuts them up; nil when they are too
// small to share.
func (x *exec) split(p *pipeline) ([]kv.Range, error) {
	ix, err := x.indexCodec(p.scan.Table, p.scan.Index)
	if err != nil {
		return nil, err
	}
	s, err := x.newSpanSet(ix, p.scan.Spans)
	if err != nil {
		return nil, err
	}
	ranges, err := s.ranges(nil)
	if err != nil {
		return nil, err
	}
	if len(ranges) > 64 {
		return nil, nil
	}
	keys := int64(0)
	for _, r := range ranges {
		k, _ := x.read.EstimateKeys(r)
		keys += k
	}
	if keys < parallelKeys {
		return nil, nil
	}
	var out []kv.Range
	for _, r := range ranges {
		out = append(out, x.read.SplitRange(r, max(2, pieces*x.Workers/len(ranges)))...)
	}
	if len(out) < 2 {
		return nil, nil
	}
	return out, nil
}

// part is what one goroutine runs: an operator that takes in its whole input.
type part interface {
	consume() error
	// release gives its memory back when the parts cannot do it.
	release()
}

// fanOut builds a part per goroutine over copies of the operators of input and
// runs them all; nil when the input is too small, or a part outgrows its share of
// memory: one goroutine then does it all, since it can put rows on disk.
func (x *exec) fanOut(input plan.Node, p *pipeline, build func(wx *exec, in op) (part, error)) (parts []part, _ error) {
	ranges, err := x.split(p)
	if err != nil || ranges == nil {
		return nil, err
	}
	tables := map[*plan.HashJoin]*joinTable{}
	for _, j := range p.joins {
		right, err := x.build(j.Right)
		if err != nil {
			return nil, err
		}
		keys, err := x.newExprSet(j.RightKeys)
		if err != nil {
			return nil, err
		}
		t, err := x.buildJoinTable(j, right, keys)
		right.close()
		if err == errOutgrown {
			t.drop()
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		defer func() {
			if parts == nil {
				t.drop()
			}
		}()
		tables[j] = t
	}
	queue := &rangeQueue{ranges: ranges}
	n := min(x.Workers, len(ranges))
	parts = make([]part, n)
	ctxs := make([]*Ctx, n)
	ins := make([]op, n)
	for i := range parts {
		c := *x.Ctx
		ev := *x.Eval
		c.Eval = &ev
		if x.Counters != nil {
			c.Counters = make([]plan.Counters, len(x.Counters))
		}
		ctxs[i] = &c
		wx := &exec{Ctx: &c, plan: x.plan, read: x.read, slots: slices.Clone(x.slots), gen: x.gen,
			worker: &worker{scan: p.scan, queue: queue, tables: tables}}
		if ins[i], err = wx.build(input); err != nil {
			return nil, err
		}
		if parts[i], err = build(wx, ins[i]); err != nil {
			return nil, err
		}
	}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range parts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() {
				if r := recover(); r != nil {
					errs[i] = pgerr.Newf(pgerr.InternalError, "panic in a parallel worker: %v", r)
				}
			}()
			if errs[i] = ins[i].open(); errs[i] == nil {
				errs[i] = parts[i].consume()
			}
		}()
	}
	wg.Wait()
	for _, in := range ins {
		in.close()
	}
	for _, err := range errs {
		if err == nil {
			continue
		}
		for _, p := range parts {
			p.release()
		}
		if err == errOutgrown {
			return nil, nil
		}
		return nil, err
	}
	for id := range x.Counters {
		sumCounters(&x.Counters[id], ctxs, id, p.inner[id])
	}
	return parts, nil
}

// sumCounters adds what the goroutines counted of one node. All of them together ran it
// once, but for what is run for each row.
func sumCounters(to *plan.Counters, ctxs []*Ctx, id int, inner bool) {
	var longest, first time.Duration
	for _, c := range ctxs {
		k := &c.Counters[id]
		if k.Loops == 0 {
			continue
		}
		to.Workers++
		if inner {
			to.Loops += k.Loops
		} else {
			to.Loops = max(to.Loops, k.Loops)
		}
		to.Rows += k.Rows
		to.Removed += k.Removed
		to.Keys += k.Keys
		to.Gets += k.Gets
		to.KeyBytes += k.KeyBytes
		longest = max(longest, k.Total)
		if k.First > 0 && (first == 0 || k.First < first) {
			first = k.First
		}
	}
	to.Total += longest
	if to.First == 0 {
		to.First = first
	}
}

// parallelAggOp aggregates on several goroutines, or on one when the scan
// turns out small.
type parallelAggOp struct {
	x      *exec
	n      *plan.Agg
	p      *pipeline
	agg    *aggOp // the merged result, or the only one
	serial *aggOp
	ran    bool
}

// parallelAgg gives the parallel form of an aggregation, nil if it has none.
func (x *exec) parallelAgg(n *plan.Agg) (op, error) {
	if x.Workers < 2 {
		return nil, nil
	}
	var exprs []plan.Expr
	nodeExprs(n, func(e plan.Expr) { exprs = append(exprs, e) })
	p := x.pipelineOf(n.Input, exprs)
	if p == nil || n.Ordered {
		return nil, nil
	}
	for i := range n.Calls {
		c := &n.Calls[i]
		if c.Distinct || len(c.OrderBy) > 0 || c.Fn.Agg == nil || c.Fn.Agg.OrderedSet || !mergeable(c.Fn) {
			return nil, nil
		}
	}
	return &parallelAggOp{x: x, n: n, p: p}, nil
}

// mergeable tells whether partial results of an aggregate may be put together
// in any order. Sums of floats may: PostgreSQL's parallel plans do so too.
func mergeable(f *builtin.Func) bool {
	if f.Agg.IgnoresOrder {
		return true
	}
	switch f.Name {
	case "sum", "avg", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp",
		"corr", "covar_pop", "covar_samp":
		return true
	}
	return false
}

func (o *parallelAggOp) open() error {
	o.ran = false
	if o.agg != nil {
		o.agg.release()
	}
	return nil
}

func (o *parallelAggOp) next() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		if err := o.run(); err != nil {
			return nil, err
		}
	}
	return o.agg.next()
}

func (o *parallelAggOp) run() error {
	parts, err := o.x.fanOut(o.n.Input, o.p, func(wx *exec, in op) (part, error) {
		a, err := wx.aggOver(o.n, in)
		if err == nil {
			a.reset()
			a.ran = true
		}
		return a, err
	})
	if err != nil {
		return err
	}
	if parts == nil {
		if o.serial == nil {
			in, err := o.x.build(o.n.Input)
			if err != nil {
				return err
			}
			if o.serial, err = o.x.aggOver(o.n, in); err != nil {
				return err
			}
		}
		o.agg = o.serial
		return o.agg.open()
	}
	o.agg = parts[0].(*aggOp)
	for _, p := range parts[1:] {
		if err := o.agg.merge(p.(*aggOp)); err != nil {
			return err
		}
	}
	if c := o.x.counter(o.n); c != nil {
		c.Workers, c.Detail = len(parts), fmt.Sprintf("Workers: %d", len(parts))
	}
	return o.agg.finish()
}

func (o *parallelAggOp) close() {
	if o.agg != nil {
		o.agg.release()
		o.agg.sets = nil
	}
	if o.serial != nil {
		o.serial.close()
	}
	o.agg = nil
}

// merge adds the groups of another aggregation of the same node.
func (o *aggOp) merge(other *aggOp) error {
	for k, s := range o.sets {
		t := other.sets[k]
		into := make([]int32, t.n)
		if s.table != nil {
			if err := s.table.assign(t.table.keys, t.n, iota32(t.n), into); err != nil {
				return err
			}
			s.n = s.table.n
		}
		for c := range o.calls {
			s.states[c].Grow(s.n)
			t.states[c].Grow(t.n)
			if err := s.states[c].Merge(o.x.Eval, t.states[c], into); err != nil {
				return err
			}
		}
	}
	other.release()
	return nil
}

// parallelSortOp is top-N on several goroutines.
type parallelSortOp struct {
	x    *exec
	n    *plan.Sort
	p    *pipeline
	sort *sortOp
	ran  bool
}

// parallelSort gives the parallel form of a bounded sort, nil if it has none.
func (x *exec) parallelSort(n *plan.Sort) (op, error) {
	if x.Workers < 2 || n.Bound == nil {
		return nil, nil
	}
	var exprs []plan.Expr
	nodeExprs(n, func(e plan.Expr) { exprs = append(exprs, e) })
	p := x.pipelineOf(n.Input, exprs)
	if p == nil {
		return nil, nil
	}
	return &parallelSortOp{x: x, n: n, p: p}, nil
}

func (o *parallelSortOp) open() error {
	o.ran = false
	return nil
}

func (o *parallelSortOp) next() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		if err := o.run(); err != nil {
			return nil, err
		}
	}
	return o.sort.next()
}

func (o *parallelSortOp) run() error {
	parts, err := o.x.fanOut(o.n.Input, o.p, func(wx *exec, in op) (part, error) {
		s, err := wx.sortOver(o.n, in)
		if err != nil {
			return nil, err
		}
		return &sortPart{s}, s.bounds()
	})
	if err != nil {
		return err
	}
	if parts == nil {
		in, err := o.x.build(o.n.Input)
		if err != nil {
			return err
		}
		if o.sort, err = o.x.sortOver(o.n, in); err != nil {
			return err
		}
		return o.sort.open()
	}
	o.sort = parts[0].(*sortPart).sortOp
	for _, p := range parts[1:] {
		s := p.(*sortPart).sortOp
		if err := o.sort.rows.add(s.rows.all()); err != nil {
			return err
		}
		if err := o.sort.kvals.add(s.kvals.all()); err != nil {
			return err
		}
		s.rows.drop()
		s.kvals.drop()
	}
	o.sort.ran = true
	return o.sort.order()
}

func (o *parallelSortOp) close() {
	if o.sort != nil {
		o.sort.close()
		o.sort = nil
	}
}

// sortPart is a sortOp whose input is opened by fanOut.
type sortPart struct{ *sortOp }

func (p *sortPart) release() {
	p.rows.drop()
	p.kvals.drop()
}
