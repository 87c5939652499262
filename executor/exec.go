package executor

import (
	"time"

	"rowkey/builtin"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// op is an operator at run time. open starts it, or starts it over with what
// the exec params hold now; next gives the next batch, nil at the end; close
// lets go of what it holds, after which it may be opened again.
type op interface {
	open() error
	next() (*types.Batch, error)
	close()
}

// exec is the state of one running plan, shared by its operators. Parallel
// workers have a copy each.
type exec struct {
	*Ctx
	plan  *plan.Plan
	read  kv.Reader
	slots []types.Datum
	ctes  []*cteState
	// cteWorks remembers the working tables that WITH queries read.
	cteWorks map[int]map[int]bool
	works    map[int]*workTable
	// affected counts the rows that the statement's own INSERT, UPDATE … wrote.
	affected int64
	worker   *worker // nil in the main goroutine
	free     map[plan.Node][]int
	// gen counts the executions that these operators have served: results kept by
	// expressions are of one execution only.
	gen     uint64
	closers []op // operators of subplans
	// inits are the uncorrelated subqueries compiled, which have one value wherever
	// they stand: in the keys of a scan, and in the condition asked of a row again.
	inits map[*plan.Subplan]*subplanExpr
	own   Ctx
	mem   Account
	temp  int64 // bytes on disk
	// stmt is what data-modifying operators of the statement share.
	stmt *stmt
	view kv.View // what read reads, if that is frozen
	// began is what there was when the statement, or an action at its end, began, if that
	// calls what may change the rows it is about.
	began kv.View
}

// freeze makes the plan read what is there now to its end, where it writes, or calls
// functions that do, and must not see that.
func (x *exec) freeze() {
	if x.plan.ByRow || x.stmt != nil && x.stmt.frozen || x.plan.Modifies() {
		x.view = x.Txn.View()
		x.read = x.view
		if x.plan.ByRow || x.stmt != nil && x.stmt.watched {
			x.began = x.view
		}
	}
}

func (x *exec) thaw() {
	if x.view != nil {
		x.view.Close()
		x.view, x.began = nil, nil
	}
}

// Execution is a plan being run. Not safe for concurrent use.
type Execution struct {
	x      *exec
	root   op
	opened bool
	done   bool
	cols   int
	out    types.Batch
	rows   int64
	point  *pointRun
	result Result
	ended  bool   // without error: the operators may serve again
	state  *State // which knows that it runs, nil once it does not
	plan   *plan.Plan
	held   *rowSet // see nextHeld
	at     cursor
}

// Open starts a plan. Nothing is read before the first Next.
func Open(ctx *Ctx, p *plan.Plan) (*Execution, error) {
	if err := p.Authorize(ctx.Catalog, ctx.Role); err != nil {
		return nil, err
	}
	if err := p.Runnable(); err != nil {
		return nil, err
	}
	e := &Execution{}
	if err := e.start(ctx, p); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Execution) start(ctx *Ctx, p *plan.Plan) error {
	e.state, e.plan = ctx.State, p
	e.state.Begin(p)
	if pt, err := openPoint(ctx, p); pt != nil || err != nil {
		e.point = pt
		return err
	}
	e.cols = len(p.Columns) + 2*len(p.RowKeys)
	if t := ctx.State.take(ctx, p); t != nil {
		e.x, e.root = t.x, t.root
		e.x.renew(ctx)
		return nil
	}
	x := newExec(ctx, p)
	e.x = x
	root, err := x.build(p.Root)
	if err != nil {
		return err
	}
	e.root = root
	return nil
}

// tree is the operators of a plan, ready to be run again.
type tree struct {
	x    *exec
	root op
}

// take gives the operators that an earlier execution of the plan left, nil if
// there are none that fit.
func (s *State) take(ctx *Ctx, p *plan.Plan) *tree {
	if s == nil || ctx.Counters != nil {
		return nil
	}
	t := s.trees[p]
	if t == nil || t.x.Workers != ctx.Workers {
		return nil
	}
	delete(s.trees, p)
	return t
}

// treesMax bounds the number of plans whose operators are kept.
const treesMax = 128

// keep takes operators back.
func (s *State) keep(x *exec, root op) {
	if s == nil || x.Counters != nil || len(x.plan.CTEs) > 0 {
		return
	}
	if s.trees == nil || len(s.trees) >= treesMax {
		s.trees = map[*plan.Plan]*tree{}
	}
	x.own = Ctx{Workers: x.Workers}
	s.trees[x.plan] = &tree{x, root}
}

func newExec(ctx *Ctx, p *plan.Plan) *exec {
	x := &exec{plan: p}
	x.renew(ctx)
	if p.Slots > 0 {
		x.slots = make([]types.Datum, p.Slots)
	}
	return x
}

// renew readies an exec for one execution.
func (x *exec) renew(ctx *Ctx) {
	x.own = *ctx
	x.Ctx = &x.own
	x.read = ctx.Txn
	x.gen++
	x.affected = 0
	x.mem.used.Store(0)
	x.mem.parent = ctx.Memory
	x.temp = 0
	if ctx.Memory != nil || x.gen > 1 || ctx.State != nil {
		x.own.Memory = &x.mem
	}
	if x.own.Eval == nil {
		x.own.Eval = &builtin.Ctx{Context: ctx.context(), Env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}}
	}
	if x.stmt != nil {
		x.stmt.renew()
	}
}

// Next gives the next batch of visible columns, nil at the end. The batch
// lives until the next call.
func (e *Execution) Next() (b *types.Batch, err error) {
	if e.done {
		return nil, nil
	}
	defer func() {
		if b == nil || err != nil {
			e.done = true
		}
	}()
	if e.point != nil {
		return e.point.next()
	}
	if !e.opened {
		e.opened = true
		e.x.freeze()
		if err := e.root.open(); err != nil {
			return nil, err
		}
	}
	if e.x.plan.Modifies() {
		if b, err = e.nextHeld(); b != nil {
			e.rows += int64(b.Rows())
		}
		return b, err
	}
	for {
		if err := e.x.cancelled(); err != nil {
			return nil, err
		}
		b, err = e.root.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			err := e.x.finish()
			e.ended = err == nil
			return nil, err
		}
		if b.Rows() > 0 {
			break
		}
	}
	e.rows += int64(b.Rows())
	if len(b.Cols) > e.cols {
		e.out = *b
		e.out.Cols = b.Cols[:e.cols]
		return &e.out, nil
	}
	return b, nil
}

// nextHeld is Next of a statement whose WITH queries write: nobody sees a row before all is
// written.
func (e *Execution) nextHeld() (*types.Batch, error) {
	if e.held == nil {
		e.held = newRowSet(colTypes(e.x.plan.Root), e.x.Memory)
		if err := e.x.drain(e.root, e.held); err != nil {
			return nil, err
		}
		if err := e.x.finish(); err != nil {
			return nil, err
		}
	}
	b := e.at.next(e.held)
	if b == nil {
		e.ended = true
		return nil, nil
	}
	if len(b.Cols) > e.cols {
		e.out = *b
		e.out.Cols = b.Cols[:e.cols]
		return &e.out, nil
	}
	return b, nil
}

// Want says that the next Next will be asked for no more than n rows. It
// matters only where more would do harm: rows locked that nobody reads.
func (e *Execution) Want(n int64) {
	if e.root != nil {
		tellWanted(e.root, n)
	}
}

// Result tells what was done so far; complete once Next has given nil.
func (e *Execution) Result() Result {
	if e.point != nil {
		return Result{Rows: e.point.rows}
	}
	if e.x == nil {
		return e.result
	}
	if e.x.stmt != nil && e.x.stmt.root {
		return Result{Rows: e.x.affected}
	}
	return Result{Rows: e.rows}
}

// Close ends the execution and frees what it holds. It may be called early
// and more than once.
func (e *Execution) Close() {
	e.done = true
	e.state.End(e.plan)
	e.state = nil
	if e.point != nil {
		e.point.close()
		return
	}
	if e.x == nil {
		return
	}
	e.result = e.Result()
	if e.root != nil {
		e.root.close()
	}
	for _, c := range e.x.closers {
		c.close()
	}
	e.x.closeCTEs()
	if e.held != nil {
		e.held.drop()
	}
	e.x.thaw()
	e.x.mem.release()
	if e.ended && e.root != nil {
		e.x.State.keep(e.x, e.root)
	}
	e.root, e.x = nil, nil
}

// Run runs a plan to its end and gives each batch to sink (which may be nil).
func Run(ctx *Ctx, p *plan.Plan, sink Sink) (Result, error) {
	if err := p.Authorize(ctx.Catalog, ctx.Role); err != nil {
		return Result{}, err
	}
	if err := p.Runnable(); err != nil {
		return Result{}, err
	}
	pt, err := openPoint(ctx, p)
	if err != nil {
		return Result{}, err
	}
	if pt != nil {
		ctx.State.Begin(p)
		defer func() {
			ctx.State.End(p)
			pt.close()
		}()
		b, err := pt.next()
		if err == nil && b != nil && sink != nil {
			err = sink(b)
		}
		if err != nil {
			return Result{}, err
		}
		return Result{Rows: pt.rows}, nil
	}
	return runTree(ctx, p, sink)
}

func runTree(ctx *Ctx, p *plan.Plan, sink Sink) (Result, error) {
	var e Execution
	if err := e.start(ctx, p); err != nil {
		e.Close()
		return Result{}, err
	}
	defer e.Close()
	for {
		b, err := e.Next()
		if err != nil {
			return Result{}, err
		}
		if b == nil {
			return e.Result(), nil
		}
		if sink != nil {
			if err := sink(b); err != nil {
				return Result{}, err
			}
		}
	}
}

// finish runs what is due at the end of the statement.
func (x *exec) finish() error {
	if err := x.finishCTEs(); err != nil {
		return err
	}
	if x.stmt != nil {
		return x.stmt.finish()
	}
	return nil
}

// build makes the operator of a node.
func (x *exec) build(n plan.Node) (op, error) {
	o, err := x.buildNode(n)
	if err != nil {
		return nil, err
	}
	if x.plan.ByRow {
		o = &rowsOp{in: o}
	}
	if id := n.Info().ID; id < len(x.Counters) {
		c := counted{in: o, c: &x.Counters[id]}
		if x.Trace != nil {
			return &traced{c, x.Trace, id}, nil
		}
		return &c, nil
	}
	return o, nil
}

func (x *exec) buildNode(n plan.Node) (op, error) {
	switch n := n.(type) {
	case *plan.Values:
		return x.newValues(n)
	case *plan.Scan:
		if x.plan.ByRow {
			return x.newScanByRow(n)
		}
		return x.newScan(n)
	case *plan.VirtualScan:
		return x.newVirtualScan(n)
	case *plan.Filter:
		return x.newFilter(n)
	case *plan.Project:
		return x.newProject(n)
	case *plan.ProjectSet:
		return x.newProjectSet(n)
	case *plan.Limit:
		return x.newLimit(n)
	case *plan.Sort:
		return x.newSort(n)
	case *plan.Agg:
		return x.newAgg(n)
	case *plan.Distinct:
		return x.newDistinct(n)
	case *plan.Window:
		return x.newWindow(n)
	case *plan.HashJoin:
		return x.newHashJoin(n)
	case *plan.MergeJoin:
		return x.newMergeJoin(n)
	case *plan.NestLoop:
		return x.newNestLoop(n)
	case *plan.LookupJoin:
		return x.newLookupJoin(n)
	case *plan.Append:
		if n.Keys != nil {
			return x.newMergeAppend(n)
		}
		return x.newAppend(n)
	case *plan.SetOp:
		return x.newSetOp(n)
	case *plan.CTEScan:
		return x.newCTEScan(n)
	case *plan.RecursiveUnion:
		return x.newRecursiveUnion(n)
	case *plan.WorkScan:
		return x.newWorkScan(n)
	case *plan.FuncScan:
		return x.newFuncScan(n)
	case *plan.LockRows:
		return x.newLockRows(n)
	case *plan.Insert, *plan.Update, *plan.Delete:
		if o, is, err := x.insteadOf(n); is {
			return o, err
		}
		switch n := n.(type) {
		case *plan.Insert:
			return x.newInsert(n)
		case *plan.Update:
			return x.newUpdate(n)
		case *plan.Delete:
			return x.newDelete(n)
		}
	case *plan.Merge:
		return x.newMerge(n)
	}
	return nil, pgerr.Unsupported("the executor does not know the plan node %T", n)
}

// counted measures an operator for EXPLAIN ANALYZE.
type counted struct {
	in      op
	c       *plan.Counters
	before  time.Duration // of earlier loops
	started bool          // this loop gave its first batch, or ended
}

func (o *counted) open() error {
	t := time.Now()
	o.before, o.started = o.c.Total, false
	err := o.in.open()
	o.c.Loops++
	o.c.Total += time.Since(t)
	return err
}

func (o *counted) next() (*types.Batch, error) {
	t := time.Now()
	b, err := o.in.next()
	o.c.Total += time.Since(t)
	if !o.started {
		o.started = true
		o.c.First += o.c.Total - o.before
	}
	if b != nil {
		o.c.Rows += int64(b.Rows())
	}
	return b, err
}

func (o *counted) close() { o.in.close() }

// counter gives the counters of a node, nil when nobody counts.
func (x *exec) counter(n plan.Node) *plan.Counters {
	if id := n.Info().ID; id < len(x.Counters) {
		return &x.Counters[id]
	}
	return nil
}

// colTypes gives the types of a node's output columns.
func colTypes(n plan.Node) []*types.Type {
	cols := n.Info().Cols
	ts := make([]*types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	return ts
}

// newVecs makes empty vectors of the types, with room for n rows.
func newVecs(ts []*types.Type, n int) []*types.Vec {
	vs := make([]*types.Vec, len(ts))
	for i, t := range ts {
		vs[i] = types.NewVec(t, n)
	}
	return vs
}
