package executor

import (
	"rowkey/catalog"
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
	family *family // of a table with children
	ready  []*types.Batch
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
	if n.Tree != nil {
		if o.family, err = x.newFamily(n.Table, n.Tree); err != nil {
			return nil, err
		}
	} else if o.w, err = x.writer(n.Table, rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	o.target.verb = toDelete
	o.ret, err = x.newReturning(n.Returning)
	return o, err
}

func (o *deleteOp) open() error {
	if err := o.x.beginStatement(o.n.Table, nil, catalog.OnDelete); err != nil {
		return err
	}
	o.target.reset()
	o.ready = nil
	return o.src.open()
}

func (o *deleteOp) next() (*types.Batch, error) {
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
		b, keys, err := o.target.lock(in, rowModes{all: kv.LockUpdate})
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
		if kept := o.w.kept; kept != nil {
			if b, old = compacted(b, kept), compacted(old, kept); b.N == 0 {
				continue
			}
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), old.Cols...), b.Cols...)})
		}
	}
}

// members removes the rows of a batch, which may be in several tables.
func (o *deleteOp) members(in *types.Batch) error {
	f := o.family
	portions, err := f.lock(o.target, in, func(*member, []int32) (rowModes, error) { return rowModes{all: kv.LockUpdate}, nil })
	if err != nil {
		return err
	}
	for _, p := range portions {
		if err := p.m.w.delete(p.keys, p.old); err != nil {
			return err
		}
		if kept := p.m.w.kept; kept != nil {
			p.in, p.old, p.keys = compacted(p.in, kept), compacted(p.old, kept), namesAt(p.keys, kept)
			if p.in.N == 0 {
				continue
			}
		}
		if o.counts {
			o.x.affected += int64(p.in.N)
		}
		if o.ret != nil {
			old := f.newWritten(p.in.N)
			old.put(p.m, p.old, iota32(p.in.N))
			o.ready = append(o.ready, &types.Batch{N: p.in.N, Cols: append(old.cols, p.in.Cols...)})
		}
	}
	return nil
}

func (o *deleteOp) close() { o.src.close() }
