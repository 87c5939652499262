package executor

import (
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// deleteOp removes rows.
type deleteOp struct {
	x      *exec
	n      *plan.Delete
	src    *source
	w      *tableWriter
	target *target
	ret    *returning
	counts bool
}

func (x *exec) newDelete(n *plan.Delete) (op, error) {
	o := &deleteOp{x: x, n: n, counts: x.plan.Root == plan.Node(n)}
	x.writes(n)
	var err error
	if o.src, err = x.newSource(n.Input, n.Returning...); err != nil {
		return nil, err
	}
	rules := &n.Rules
	if rules.IndexExprs == nil && rules.IndexWhere == nil && rules.Checks == nil && needsRules(n.Table) {
		rules = nil
	}
	if o.w, err = x.writer(n.Table, rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	o.ret, err = x.newReturning(n.Returning)
	return o, err
}

func (o *deleteOp) open() error {
	clear(o.target.seen)
	return o.src.open()
}

func (o *deleteOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		b, keys, err := o.target.lock(in, kv.LockUpdate)
		if err != nil {
			return nil, err
		}
		if b.N == 0 {
			continue
		}
		old := o.target.old(b)
		if err := o.w.delete(keys, old); err != nil {
			return nil, err
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), old.Cols...), b.Cols...)})
		}
	}
}

func (o *deleteOp) close() { o.src.close() }
