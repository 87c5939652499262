package executor

import (
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// updateOp changes rows.
type updateOp struct {
	x      *exec
	n      *plan.Update
	src    *source
	w      *tableWriter
	target *target
	set    *setList
	ret    *returning
	checks viewChecks
	mode   kv.LockMode
	counts bool
}

func (x *exec) newUpdate(n *plan.Update) (op, error) {
	o := &updateOp{x: x, n: n, counts: x.plan.Root == plan.Node(n)}
	x.writes(n)
	var also []plan.Expr
	nodeExprs(n, func(e plan.Expr) { also = append(also, e) })
	var err error
	if o.src, err = x.newSource(n.Input, also...); err != nil {
		return nil, err
	}
	if o.w, err = x.writer(n.Table, &n.Rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	if o.set, err = x.newSetList(n.Set); err != nil {
		return nil, err
	}
	if o.ret, err = x.newReturning(n.Returning); err != nil {
		return nil, err
	}
	if o.checks, err = x.newViewChecks(n.ViewCheck); err != nil {
		return nil, err
	}
	o.mode = o.w.lockMode(changedColumns(n.Table, n.Set))
	return o, nil
}

func (o *updateOp) open() error {
	clear(o.target.seen)
	return o.src.open()
}

func (o *updateOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		b, keys, err := o.target.lock(in, o.mode)
		if err != nil {
			return nil, err
		}
		if b.N == 0 {
			continue
		}
		old := o.target.old(b)
		now, changed, err := o.set.apply(o.n.Table, old, b)
		if err != nil {
			return nil, err
		}
		newKeys, err := o.w.update(keys, old, now, changed)
		if err != nil {
			return nil, err
		}
		if err := o.checks.check(o.w, now); err != nil {
			return nil, err
		}
		if o.target.seen != nil {
			for i, k := range newKeys {
				if k != keys[i] {
					o.target.seen[k] = true
				}
			}
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), now.Cols...), b.Cols...)})
		}
	}
}

func (o *updateOp) close() { o.src.close() }
