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
	works map[int]*workTable
	// affected counts the rows that the statement's own INSERT, UPDATE … wrote.
	affected int64
	shared   *shared
	worker   *worker // nil in the main goroutine
	free     map[plan.Node][]int
	// stmt is what data-modifying operators of the statement share.
	stmt *stmt
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
	writes bool
}

// Open starts a plan. Nothing is read before the first Next.
func Open(ctx *Ctx, p *plan.Plan) (*Execution, error) {
	e := &Execution{}
	if err := e.start(ctx, p); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Execution) start(ctx *Ctx, p *plan.Plan) error {
	if pt, err := openPoint(ctx, p); pt != nil || err != nil {
		e.point = pt
		return err
	}
	x := newExec(ctx, p)
	e.x = x
	root, err := x.build(p.Root)
	if err != nil {
		return err
	}
	e.root, e.cols = root, len(p.Columns)
	e.writes = p.Columns == nil || p.Tag != "SELECT"
	return nil
}

func newExec(ctx *Ctx, p *plan.Plan) *exec {
	x := &exec{Ctx: ctx, plan: p, read: ctx.Txn}
	if ctx.Eval == nil {
		c := *ctx
		c.Eval = &builtin.Ctx{Context: ctx.context(), Env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}}
		x.Ctx = &c
	}
	if p.Slots > 0 {
		x.slots = make([]types.Datum, p.Slots)
	}
	x.shared = &shared{}
	return x
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
		if err := e.x.startCTEs(); err != nil {
			return nil, err
		}
		if err := e.root.open(); err != nil {
			return nil, err
		}
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
			return nil, e.x.finish()
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

// Result tells what was done so far; complete once Next has given nil.
func (e *Execution) Result() Result {
	if e.point != nil {
		return Result{Rows: e.point.rows}
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
	if e.point != nil {
		e.point.close()
		return
	}
	if e.root != nil {
		e.root.close()
		e.root = nil
	}
	if e.x != nil {
		e.x.closeCTEs()
	}
}

// Run runs a plan to its end and gives each batch to sink (which may be nil).
func Run(ctx *Ctx, p *plan.Plan, sink Sink) (Result, error) {
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
	if id := n.Info().ID; id < len(x.Counters) && x.worker == nil {
		return &counted{in: o, c: &x.Counters[id]}, nil
	}
	return o, nil
}

func (x *exec) buildNode(n plan.Node) (op, error) {
	switch n := n.(type) {
	case *plan.Values:
		return x.newValues(n)
	case *plan.Scan:
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
	case *plan.Insert:
		return x.newInsert(n)
	case *plan.Update:
		return x.newUpdate(n)
	case *plan.Delete:
		return x.newDelete(n)
	case *plan.Merge:
		return x.newMerge(n)
	}
	return nil, pgerr.Unsupported("the executor does not know the plan node %T", n)
}

// counted measures an operator for EXPLAIN ANALYZE.
type counted struct {
	in op
	c  *plan.Counters
}

func (o *counted) open() error {
	t := time.Now()
	err := o.in.open()
	o.c.Loops++
	o.c.Total += time.Since(t)
	return err
}

func (o *counted) next() (*types.Batch, error) {
	t := time.Now()
	b, err := o.in.next()
	o.c.Total += time.Since(t)
	if b != nil {
		if o.c.First == 0 {
			o.c.First = o.c.Total
		}
		o.c.Rows += int64(b.Rows())
	}
	return b, err
}

func (o *counted) close() { o.in.close() }

// counter gives the counters of a node, nil when nobody counts.
func (x *exec) counter(n plan.Node) *plan.Counters {
	if id := n.Info().ID; id < len(x.Counters) && x.worker == nil {
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
