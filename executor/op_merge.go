package executor

import (
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// mergeOp does MERGE: each row of the join of source and target gets the first
// WHEN clause that applies. Target rows are locked first; one that has changed
// since the snapshot is read anew before its clause is chosen.
type mergeOp struct {
	x       *exec
	n       *plan.Merge
	src     *source
	w       *tableWriter
	target  *target
	actions []mergeAction
	done    map[string]bool
	family  *family // of a table with children, or partitioned
}

type mergeAction struct {
	plan  *plan.MergeAction
	cond  pred
	set   *setList
	maker *rowMaker
	vals  *exprSet
}

// applies chooses the rows whose condition, if the action has one, is true.
func (a *mergeAction) applies(b *types.Batch, rows []int32) ([]int32, error) {
	if a.cond == nil {
		return rows, nil
	}
	return a.cond.filter(b, rows, nil)
}

func (x *exec) newMerge(n *plan.Merge) (op, error) {
	o := &mergeOp{x: x, n: n, done: map[string]bool{}}
	x.writes(n)
	var err error
	if o.src, err = x.newSource(n.Input); err != nil {
		return nil, err
	}
	if n.Tree != nil {
		if o.family, err = x.newFamily(n.Table, n.Tree); err != nil {
			return nil, err
		}
	}
	if n.Table.Kind != catalog.KindPartitioned {
		if o.w, err = x.writer(n.Table, &n.Rules); err != nil {
			return nil, err
		}
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, true); err != nil {
		return nil, err
	}
	for i := range n.Actions {
		p := &n.Actions[i]
		a := mergeAction{plan: p}
		if a.cond, err = x.compilePred(p.Cond); err != nil {
			return nil, err
		}
		switch p.Kind {
		case plan.MergeUpdate:
			if a.set, err = x.newSetList(p.Set); err != nil {
				return nil, err
			}
		case plan.MergeInsert:
			var attnums []int16
			var es []plan.Expr
			for _, s := range p.Set {
				attnums = append(attnums, s.Attnum)
				es = append(es, s.Expr)
			}
			if a.maker, err = x.newRowMaker(n.Table, attnums, n.Defaults); err != nil {
				return nil, err
			}
			if a.vals, err = x.newExprSet(es); err != nil {
				return nil, err
			}
		}
		o.actions = append(o.actions, a)
	}
	return o, nil
}

func (o *mergeOp) open() error {
	if err := o.begin(); err != nil {
		return err
	}
	clear(o.done)
	o.x.stmt.merging = true
	return o.src.open()
}

func (o *mergeOp) next() (*types.Batch, error) {
	for {
		b, err := o.src.next()
		if err != nil || b == nil {
			return nil, err
		}
		keys := b.Cols[o.n.KeyCol]
		var matched, not []int32
		for _, i := range selected(b.N, b.Sel) {
			if keys.IsNull(int(i)) {
				not = append(not, i)
			} else {
				matched = append(matched, i)
			}
		}
		if len(matched) > 0 {
			var lost []int32
			var acts []int
			if b, acts, lost, err = o.settle(b, matched); err != nil {
				return nil, err
			}
			not = append(not, lost...)
			if err := o.matched(b, matched, acts); err != nil {
				return nil, err
			}
		}
		if len(not) > 0 {
			if err := o.notMatched(b, not); err != nil {
				return nil, err
			}
		}
	}
}

// choose finds the first action that applies to each of some rows that match: acts[row] is
// its place in the list and one, or 0 where nothing is to be done.
func (o *mergeOp) choose(b *types.Batch, rows []int32, acts []int) error {
	for _, r := range rows {
		acts[r] = 0
	}
	for i := range o.actions {
		a := &o.actions[i]
		if !a.plan.Matched || len(rows) == 0 {
			continue
		}
		hit, err := a.applies(b, rows)
		if err != nil {
			return err
		}
		if a.plan.Kind != plan.MergeNothing {
			for _, r := range hit {
				acts[r] = i + 1
			}
		}
		rows = without(append([]int32(nil), rows...), hit, make([]bool, b.N))
	}
	return nil
}

// settle chooses the actions of rows that match, as choose does, and locks those that one
// applies to. Of those that were changed since the snapshot it takes the newest version
// (READ COMMITTED), from which the action is chosen anew; those that match no more, or
// are gone, are lost: not matched.
func (o *mergeOp) settle(b *types.Batch, rows []int32) (_ *types.Batch, acts []int, lost []int32, err error) {
	x, g := o.x, o.target
	acts = make([]int, b.N)
	if err := o.choose(b, rows, acts); err != nil {
		return nil, nil, nil, err
	}
	cloned := false
	for _, i := range rows {
		if acts[i] == 0 {
			continue
		}
		key := []byte(b.Cols[o.n.KeyCol].S[i])
		if _, err := x.lockOwner(g.t, key, kv.LockUpdate, kv.Wait); err != nil {
			return nil, nil, nil, err
		}
		value, changed, gone, err := x.lockRow(key, kv.LockForNoKeyUpdate)
		if err != nil {
			return nil, nil, nil, err
		}
		if gone {
			x.Txn.Unlock(key, kv.LockForNoKeyUpdate)
			if key, value, err = x.lockMoved(key, kv.LockOptions{Mode: kv.LockForNoKeyUpdate, Timeout: x.LockTimeout}); err != nil {
				return nil, nil, nil, storeError(err)
			}
			if key == nil {
				acts[i], lost = 0, append(lost, i)
				continue
			}
		}
		if !changed {
			continue
		}
		if !cloned {
			b, cloned = cloneBatch(b), true
		}
		b.Cols[o.n.KeyCol].S[i] = string(key)
		if err := o.refresh(b, i, key, value); err != nil {
			return nil, nil, nil, err
		}
		if g.recheck != nil {
			hit, err := g.recheck.filter(b, []int32{i}, nil)
			if err != nil {
				return nil, nil, nil, err
			}
			if len(hit) == 0 {
				acts[i], lost = 0, append(lost, i)
				continue
			}
		}
		if err := o.choose(b, []int32{i}, acts); err != nil {
			return nil, nil, nil, err
		}
	}
	return b, acts, lost, nil
}

// refresh puts the newest version of the target's row into row i of a batch.
func (o *mergeOp) refresh(b *types.Batch, i int32, key, value []byte) error {
	g, dec := o.target, o.target.dec
	var up []int16
	if o.family != nil {
		m, err := o.family.of(string(key))
		if err != nil {
			return err
		}
		dec, up = m.dec, m.up
	}
	return g.put(b, i, key, value, dec, up)
}

// matched does to rows what was chosen.
func (o *mergeOp) matched(b *types.Batch, rows []int32, acts []int) error {
	for i := range o.actions {
		a := &o.actions[i]
		var hit []int32
		for _, r := range rows {
			if acts[r] == i+1 {
				hit = append(hit, r)
			}
		}
		if len(hit) == 0 {
			continue
		}
		for _, i := range hit {
			k := b.Cols[o.n.KeyCol].S[i]
			if o.done[k] || o.target.shared && o.target.seen[k] {
				return pgerr.New(pgerr.CardinalityViolation, "MERGE command cannot affect row a second time").
					WithHint("Ensure that not more than one source row matches any one target row.")
			}
			o.done[k] = true
		}
		if o.family != nil {
			if err := o.members(a, &types.Batch{Cols: b.Cols, N: b.N, Sel: hit}); err != nil {
				return err
			}
			continue
		}
		mode := kv.LockUpdate
		if a.plan.Kind == plan.MergeUpdate {
			mode = o.w.lockMode(changedColumns(o.n.Table, a.plan.Set))
		}
		one, keys, err := o.target.lock(&types.Batch{Cols: b.Cols, N: b.N, Sel: hit}, rowModes{all: mode})
		if err != nil {
			return err
		}
		if one.N == 0 {
			continue
		}
		old := o.target.old(one)
		if a.plan.Kind == plan.MergeDelete {
			if err := o.w.delete(keys, old); err != nil {
				return err
			}
		} else {
			now, changed, err := a.set.apply(o.n.Table, old, one)
			if err != nil {
				return err
			}
			if _, err := o.w.update(keys, old, now, changed); err != nil {
				return err
			}
		}
		if kept := o.w.kept; kept != nil {
			one.N = len(kept)
		}
		o.x.affected += int64(one.N)
	}
	return nil
}

// begin fires the triggers before the statement, for each kind of action it has.
func (o *mergeOp) begin() error {
	if len(o.n.Table.Triggers) == 0 {
		return nil
	}
	var events []catalog.TriggerEvent
	for _, k := range []struct {
		kind plan.MergeActionKind
		ev   catalog.TriggerEvent
	}{{plan.MergeInsert, catalog.OnInsert}, {plan.MergeUpdate, catalog.OnUpdate}, {plan.MergeDelete, catalog.OnDelete}} {
		for i := range o.actions {
			if o.actions[i].plan.Kind == k.kind {
				events = append(events, k.ev)
				break
			}
		}
	}
	return o.x.beginStatement(o.n.Table, nil, events...)
}

// members updates or deletes the rows of a batch, which may be in several tables.
func (o *mergeOp) members(a *mergeAction, b *types.Batch) error {
	f := o.family
	set := changedColumns(o.n.Table, a.plan.Set)
	portions, err := f.lock(o.target, b, func(m *member, _ []int32) (rowModes, error) {
		if a.plan.Kind == plan.MergeDelete {
			return rowModes{all: kv.LockUpdate}, nil
		}
		return rowModes{all: f.lockMode(m, set)}, nil
	})
	if err != nil {
		return err
	}
	for _, p := range portions {
		left := p.in.N
		if a.plan.Kind == plan.MergeDelete {
			err = p.m.w.delete(p.keys, p.old)
			if kept := p.m.w.kept; kept != nil {
				left = len(kept)
			}
		} else {
			var now *types.Batch
			var changed []bool
			if now, changed, err = a.set.apply(o.n.Table, o.target.old(p.in), p.in); err == nil {
				_, _, err = f.update(p, now, changed, false, nil)
			}
			if p.left != nil {
				left = len(p.left)
			}
		}
		if err != nil {
			return err
		}
		o.x.affected += int64(left)
	}
	return nil
}

func (o *mergeOp) notMatched(b *types.Batch, rows []int32) error {
	for i := range o.actions {
		a := &o.actions[i]
		if a.plan.Matched || len(rows) == 0 {
			continue
		}
		hit, err := a.applies(b, rows)
		if err != nil {
			return err
		}
		if len(hit) == 0 {
			continue
		}
		mark := make([]bool, b.N)
		rows = without(append([]int32(nil), rows...), hit, mark)
		if a.plan.Kind != plan.MergeInsert {
			continue
		}
		in := compacted(b, hit)
		vals, err := a.vals.eval(in, nil)
		if err != nil {
			return err
		}
		fresh, err := a.maker.make_(vals, in.N)
		if err != nil {
			return err
		}
		if o.family != nil && o.family.root != nil {
			fresh, err = o.family.insert(fresh, false, nil)
		} else {
			err = o.w.insert(fresh)
		}
		if err != nil {
			return err
		}
		o.x.affected += int64(fresh.N)
	}
	return nil
}

func (o *mergeOp) close() { o.src.close() }
