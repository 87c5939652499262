package executor

import (
	"slices"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// updateOp changes rows. What SET makes of a row is computed first, and then the row locked,
// in the mode that its change needs, as with PostgreSQL: a function in SET may wait, and
// nobody waits for the row meanwhile. A row that has changed since the snapshot is computed
// again from its newest version.
type updateOp struct {
	x      *exec
	n      *plan.Update
	src    *source
	w      *tableWriter
	target *target
	set    *setList
	ret    *returning
	checks viewChecks
	mode   kv.LockMode // of a row whose key columns are set, and change: LockUpdate
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
		in = compacted(in, selected(in.N, in.Sel))
		if o.family != nil {
			if err := o.members(in); err != nil {
				return nil, err
			}
			continue
		}
		b, err := o.change(in)
		if err != nil {
			return nil, err
		}
		if b != nil {
			return b, nil
		}
	}
}

// change changes the rows of a batch and gives what RETURNING makes of them, nil if there is nothing.
func (o *updateOp) change(in *types.Batch) (*types.Batch, error) {
	was := o.target.old(in)
	now, changed, err := o.set.apply(o.n.Table, was, in)
	if err != nil {
		if in, err = o.set.before(in, err); in.N > 0 {
			if _, e := o.change(in); e != nil {
				err = e
			}
		}
		return nil, err
	}
	modes := rowModes{all: kv.LockNoKeyUpdate}
	if o.mode == kv.LockUpdate {
		if modes.keys = o.w.keysChange(was, now); o.w.trig != nil && len(o.w.trig.beforeUpdate) > 0 {
			modes = rowModes{all: kv.LockUpdate} // they are to see the row locked
		}
	}
	b, keys, err := o.target.lock(in, modes)
	if err != nil || b.N == 0 {
		return nil, err
	}
	old := o.target.old(b)
	if len(o.target.fresh) > 0 {
		now = cloneBatch(now)
	}
	if now, err = o.again(now, changed, b, o.target.sel, o.target.fresh); err != nil {
		return nil, err
	}
	if len(o.target.fresh) > 0 && o.mode == kv.LockUpdate {
		if err := o.w.lockKeys(keys, o.w.keysChange(old, now)); err != nil {
			return nil, err
		}
	}
	newKeys, err := o.w.update(keys, old, now, changed)
	if err != nil {
		if e := o.checks.check(o.w, rowsBefore(now, err)); e != nil {
			err = e
		}
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
	if o.ret == nil || b.N == 0 {
		return nil, nil
	}
	return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), now.Cols...), b.Cols...)})
}

// members changes the rows of a batch, which may be in several tables.
func (o *updateOp) members(in *types.Batch) error {
	f := o.family
	set := changedColumns(o.n.Table, o.n.Set)
	all, changed, err := o.set.apply(o.n.Table, o.target.old(in), in)
	if err != nil {
		if in, err = o.set.before(in, err); in.N > 0 {
			if e := o.members(in); e != nil {
				err = e
			}
		}
		return err
	}
	portions, err := f.lock(o.target, in, func(m *member, rows []int32) (rowModes, error) {
		return o.modes(m, set, in, all, rows)
	})
	if err != nil {
		return err
	}
	var check func(*types.Batch) error
	if o.checks != nil {
		check = func(b *types.Batch) error { return o.checks.check(o.w, b) }
	}
	if slices.ContainsFunc(portions, func(p *portion) bool { return len(p.anew) > 0 }) {
		all = cloneBatch(all)
	}
	for _, p := range portions {
		now, err := o.again(all, changed, p.in, p.from, p.anew)
		if err != nil {
			return err
		}
		if len(p.anew) > 0 {
			how, err := o.modes(p.m, set, p.in, now, iota32(now.N))
			if err != nil {
				return err
			}
			if err := p.m.w.lockKeys(p.keys, how.keys); err != nil {
				return err
			}
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

// again gives what becomes of rows that are locked, in b: of now those at rows, but for
// those of b that were read anew, which are computed from what they are. To compute is to
// write over what was computed, so now is a copy where there are such.
func (o *updateOp) again(now *types.Batch, changed []bool, b *types.Batch, rows, anew []int32) (*types.Batch, error) {
	if len(anew) == 0 && len(rows) == now.N {
		return now, nil
	}
	now = compacted(now, rows)
	old := o.target.old(b)
	for c, v := range old.Cols {
		if !changed[c] {
			now.Cols[c] = v
		}
	}
	if len(anew) == 0 {
		return now, nil
	}
	in := compacted(b, anew)
	again, _, err := o.set.apply(o.n.Table, o.target.old(in), in)
	if err != nil {
		return nil, err
	}
	for c, v := range again.Cols {
		for k, at := range anew {
			if changed[c] {
				setVec(now.Cols[c], int(at), v, k)
			}
		}
	}
	return now, nil
}

// modes are the locks of rows of in, of a member, that become those of now: of one that goes
// to another partition, or whose keys change, that of UPDATE.
func (o *updateOp) modes(m *member, set []bool, in, now *types.Batch, rows []int32) (rowModes, error) {
	f, how := o.family, rowModes{all: kv.LockNoKeyUpdate}
	if f.lockMode(m, set) != kv.LockUpdate {
		return how, nil
	}
	if m.w.trig != nil && len(m.w.trig.beforeUpdate) > 0 {
		return rowModes{all: kv.LockUpdate}, nil
	}
	was, is := m.local(o.target.old(in), nil), m.local(now, nil)
	hits := m.w.keysChange(compacted(was, rows), compacted(is, rows))
	if f.root != nil && m.w.bounds != nil && f.moving(set) {
		moves, err := m.w.bounds.misplaced(compacted(is, rows))
		if err != nil {
			return how, err
		}
		for k, goes := range moves {
			moves[k] = goes || hits != nil && hits[k]
		}
		hits = moves
	}
	if hits == nil {
		return how, nil
	}
	how.keys = make([]bool, in.N)
	for k, i := range rows {
		how.keys[i] = hits[k]
	}
	return how, nil
}

func (o *updateOp) close() { o.src.close() }
