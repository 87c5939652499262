package executor

import (
	"rowkey/catalog"
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
	mode   kv.LockMode // of a row whose key columns are set: LockUpdate
	counts bool
	family *family // of a table with children
	ready  []*types.Batch
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
	if n.Tree != nil {
		if o.family, err = x.newFamily(n.Table, n.Tree); err != nil {
			return nil, err
		}
		o.w = o.family.ownW
	} else if o.w, err = x.writer(n.Table, &n.Rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	for _, c := range n.Set {
		o.w.given = append(o.w.given, c.Attnum)
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
	if o.family != nil {
		return o, nil
	}
	o.mode = o.w.lockMode(changedColumns(n.Table, n.Set))
	return o, nil
}

func (o *updateOp) open() error {
	if err := o.x.beginStatement(o.n.Table, changedColumns(o.n.Table, o.n.Set), catalog.OnUpdate); err != nil {
		return err
	}
	o.target.reset()
	o.ready = nil
	return o.src.open()
}

func (o *updateOp) next() (*types.Batch, error) {
	for {
		if len(o.ready) > 0 {
			b := o.ready[0]
			o.ready = o.ready[1:]
			return o.ret.rows(b)
		}
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		if o.family != nil {
			if err := o.members(in); err != nil {
				return nil, err
			}
			continue
		}
		b, keys, err := o.target.lock(in, kv.LockNoKeyUpdate)
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
		if o.mode == kv.LockUpdate {
			if err := o.w.lockChanged(keys, old, now); err != nil {
				return nil, err
			}
		}
		newKeys, err := o.w.update(keys, old, now, changed)
		if err != nil {
			return nil, err
		}
		if kept := o.w.kept; kept != nil {
			b, keys = compacted(b, kept), namesAt(keys, kept)
		}
		if err := o.checks.check(o.w, now); err != nil {
			return nil, err
		}
		if err := o.x.stmt.leaves(keys, newKeys); err != nil {
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
		if o.ret != nil && b.N > 0 {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), now.Cols...), b.Cols...)})
		}
	}
}

// members changes the rows of a batch, which may be in several tables.
func (o *updateOp) members(in *types.Batch) error {
	f := o.family
	set := changedColumns(o.n.Table, o.n.Set)
	portions, err := f.lock(o.target, in, func(m *member) kv.LockMode { return f.lockMode(m, set) })
	if err != nil {
		return err
	}
	var check func(*types.Batch) error
	if o.checks != nil {
		check = func(b *types.Batch) error { return o.checks.check(o.w, b) }
	}
	for _, p := range portions {
		now, changed, err := o.set.apply(o.n.Table, o.target.old(p.in), p.in)
		if err != nil {
			return err
		}
		keys, rows, err := f.update(p, now, changed, o.ret != nil, check)
		if err != nil {
			return err
		}
		if p.left != nil {
			p.in, p.keys, keys = compacted(p.in, p.left), namesAt(p.keys, p.left), namesAt(keys, p.left)
			now = &types.Batch{N: len(p.left)}
			if rows.Cols != nil {
				rows = compacted(rows, p.left)
			}
			if len(p.left) == 0 {
				continue
			}
		}
		if err := o.x.stmt.leaves(p.keys, keys); err != nil {
			return err
		}
		if o.target.seen != nil {
			for i, k := range keys {
				if k != p.keys[i] && k != "" {
					o.target.seen[k] = true
				}
			}
		}
		if o.counts {
			o.x.affected += int64(now.N)
		}
		if o.ret != nil {
			o.ready = append(o.ready, &types.Batch{N: now.N, Cols: append(rows.Cols, p.in.Cols...)})
		}
	}
	return nil
}

func (o *updateOp) close() { o.src.close() }
