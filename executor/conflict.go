package executor

import (
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// conflict does INSERT … ON CONFLICT.
type conflict struct {
	x        *exec
	n        *plan.OnConflict
	t        *catalog.Table
	w        *tableWriter
	arbiters []*indexWriter // nil element: the primary index
	set      *setList
	where    pred
	visible  []namedPred // the views that show the row in the way, or else it is not to be updated
	dec      *rowenc.Decoder
	mode     kv.LockMode     // of a row that is in the way of DO UPDATE
	touched  map[string]bool // rows that this statement has written
	buf      entryBuf
	views    viewChecks
	slice    rowSet
	// family and m are set when the rows go to a partition of the table named, whose
	// columns Set and Where speak of.
	family *family
	m      *member
}

// namedPred is a view's condition.
type namedPred struct {
	name string
	cond pred
}

// checkViews does WITH CHECK OPTION for a row written.
func (c *conflict) checkViews(now *types.Batch) error {
	if c.views == nil {
		return nil
	}
	if c.m != nil {
		now = c.m.named(now)
	}
	return c.views.check(c.w, now)
}

func (x *exec) newConflict(t *catalog.Table, n *plan.OnConflict, w *tableWriter) (*conflict, error) {
	c := &conflict{x: x, n: n, t: t, w: w, touched: x.statement().touched}
	if c.touched == nil {
		c.touched = map[string]bool{}
	}
	is := func(ix *catalog.Index) bool {
		if n.Indexes == nil {
			return ix.Primary || ix.Unique
		}
		for _, a := range n.Indexes {
			if a.OID == ix.OID || ix.Parent != 0 && x.partOfIndex(ix, a.OID) {
				return true
			}
		}
		return false
	}
	if !t.Indexes[0].RowID && is(t.Indexes[0]) {
		c.arbiters = append(c.arbiters, nil)
	}
	for _, iw := range w.indexes {
		if !is(iw.codec.Desc) || iw.codec.Desc.NotReady {
			continue
		}
		if iw.codec.Desc.Deferrable {
			if n.Indexes == nil {
				continue
			}
			return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
		}
		c.arbiters = append(c.arbiters, iw)
	}
	var err error
	if c.set, err = x.newSetList(n.Set); err != nil {
		return nil, err
	}
	if c.where, err = x.compilePred(n.Where); err != nil {
		return nil, err
	}
	for _, v := range n.Visible {
		cond, err := x.compilePred(v.Expr)
		if err != nil {
			return nil, err
		}
		if cond != nil {
			c.visible = append(c.visible, namedPred{v.Name, cond})
		}
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	c.dec = rowenc.NewDecoder(t, all)
	return c, nil
}

// reset readies for another run over the rows to be inserted.
func (c *conflict) reset() {
	if c.x.statement().touched == nil {
		clear(c.touched)
	}
}

// insert inserts or updates each row and gives the rows so written.
func (c *conflict) insert(b *types.Batch) (*types.Batch, error) {
	out := &types.Batch{}
	for _, t := range c.w.typs {
		out.Cols = append(out.Cols, types.NewVec(t, b.N))
	}
	c.slice = rowSet{cols: b.Cols, n: b.N}
	for i := range b.N {
		if i%256 == 255 {
			if err := c.x.cancelled(); err != nil {
				return nil, err
			}
		}
		one := c.slice.slice(i, i+1)
		done, err := c.one(one)
		if err != nil {
			return out, err
		}
		if done != nil {
			for k, v := range out.Cols {
				v.AppendRows(done.Cols[k], []int32{0})
			}
			out.N++
		}
	}
	return out, nil
}

// one deals with one row; nil when nothing was written.
func (c *conflict) one(one *types.Batch) (*types.Batch, error) {
	one = &types.Batch{Cols: append([]*types.Vec(nil), one.Cols...), N: 1}
	if c.w.trig != nil && len(c.w.trig.beforeInsert) > 0 {
		made, err := c.w.beforeInsert(one, 0)
		if err != nil || made == nil {
			return nil, err
		}
		one = made
	}
	bad, violation, err := c.w.prepare(one)
	if err != nil {
		return nil, err
	}
	if bad >= 0 {
		return nil, violation
	}
	rowKey, value, err := c.find(one)
	if err != nil {
		return nil, err
	}
	if rowKey == nil {
		if err := c.w.write(one); err != nil {
			return nil, err
		}
		c.w.inserted(one)
		if err := c.checkViews(one); err != nil {
			return nil, err
		}
		if !c.n.DoNothing {
			c.touched[string(c.w.rowKeys[0])] = true
		}
		return one, nil
	}
	if c.n.DoNothing {
		return nil, nil
	}
	return c.update(one, rowKey, value)
}

// find gives the key of the row that an arbiter says is in the way, nil if
// there is none, and its value if it is locked already. The arbiters' keys are
// locked, so that it stays so.
func (c *conflict) find(one *types.Batch) (rowKey, value []byte, err error) {
	if err := c.w.enterKeys(one); err != nil {
		return nil, nil, err
	}
	for _, iw := range c.arbiters {
		if iw == nil {
			key, _ := c.w.primary.AppendKeys(append([]byte(nil), c.w.primary.Prefix...), c.w.primaryKeys(one), 0)
			taken, err := c.lock(key)
			if err != nil {
				return nil, nil, err
			}
			if taken != nil {
				return key, taken, nil
			}
			continue
		}
		if err := iw.entries(one, func(int) []byte { return nil }, &c.buf); err != nil {
			return nil, nil, err
		}
		if !c.buf.has[0] || !c.buf.guarded[0] {
			continue
		}
		k, _ := c.buf.at(0)
		key := append([]byte(nil), k...)
		v, err := c.lock(key)
		if err != nil {
			return nil, nil, err
		}
		if v != nil {
			rowKey, err = iw.codec.AppendRowKey(nil, key, v)
			return rowKey, nil, err
		}
	}
	return nil, nil, nil
}

// lock locks a key and gives what it holds, nil for nothing. Above READ
// COMMITTED a row that the snapshot does not show is a serialization failure.
//
// A row that is there is locked no more than is needed: DO NOTHING waits for those who
// may remove it, and leaves no lock behind; DO UPDATE that sets no key leaves foreign
// key checks alone.
func (c *conflict) lock(key []byte) ([]byte, error) {
	defer c.x.because("conflict", "")()
	if !c.n.DoNothing && c.mode == kv.LockUpdate {
		return c.lockAs(key, kv.LockUpdate)
	}
	txn := c.x.Txn
	_, there, err := txn.GetLatest(key)
	if err != nil {
		return nil, storeError(err)
	}
	var v []byte
	switch {
	case there && c.n.DoNothing:
		sp := txn.Savepoint()
		v, err = c.lockAs(key, kv.LockShare)
		if e := txn.RollbackTo(sp); err == nil {
			err = storeError(e)
		}
		if e := txn.Release(sp); err == nil {
			err = storeError(e)
		}
	case there:
		v, err = c.lockAs(key, c.mode)
	}
	if v != nil || err != nil {
		return v, err
	}
	return c.lockAs(key, kv.LockUpdate)
}

func (c *conflict) lockAs(key []byte, mode kv.LockMode) ([]byte, error) {
	x := c.x
	res, err := x.Txn.Lock(x.context(), key, kv.LockOptions{Mode: mode, Timeout: x.LockTimeout, Newest: true})
	if err != nil {
		return nil, storeError(err)
	}
	v, ok, err := x.Txn.GetLatest(key)
	if err != nil {
		return nil, storeError(err)
	}
	if !ok {
		return nil, nil
	}
	if res.Changed && x.Isolation > kv.ReadCommitted {
		return nil, storeError(kv.ErrConcurrentUpdate)
	}
	if v == nil {
		v = []byte{}
	}
	return v, nil
}

// update does DO UPDATE to the row at rowKey; its value, if it is locked.
func (c *conflict) update(one *types.Batch, rowKey, value []byte) (*types.Batch, error) {
	again, err := c.x.overwritten(rowKey)
	if err != nil {
		return nil, err
	}
	if again || c.touched[string(rowKey)] {
		return nil, pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
	}
	if value == nil {
		if value, err = c.lock(rowKey); err != nil {
			return nil, err
		}
	}
	if value == nil {
		return nil, storeError(kv.ErrConcurrentUpdate)
	}
	old := newVecs(c.w.typs, 1)
	if err := c.dec.Batch([][]byte{rowKey}, [][]byte{value}, old); err != nil {
		return nil, err
	}
	was, given, t := &types.Batch{N: 1, Cols: old}, one, c.t
	if c.m != nil {
		was, given, t = c.m.named(was), c.m.named(one), c.family.t
	}
	in := &types.Batch{N: 1, Cols: append(append([]*types.Vec(nil), was.Cols...), given.Cols...)}
	for _, v := range c.visible {
		if sel, err := v.cond.filter(in, nil, nil); err != nil {
			return nil, err
		} else if len(sel) == 0 {
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "conflicting row is not visible through view %q", v.name)
		}
	}
	if c.where != nil {
		sel, err := c.where.filter(in, nil, nil)
		if err != nil || len(sel) == 0 {
			return nil, err
		}
	}
	now, changed, err := c.set.apply(t, was, in)
	if err != nil {
		return nil, err
	}
	if c.m != nil {
		moving := c.family.moving(changed)
		now, changed = c.m.local(now, &types.Batch{N: 1, Cols: old}), c.m.changed(changed)
		if moving {
			if i, err := c.w.bounds.outside(now); err != nil {
				return nil, err
			} else if i >= 0 {
				return nil, pgerr.New(pgerr.FeatureNotSupported, "invalid ON UPDATE specification").
					WithDetail("The result tuple would appear in a different partition than the original tuple.")
			}
		}
	}
	keys, err := c.w.update([]string{string(rowKey)}, &types.Batch{N: 1, Cols: old}, now, changed)
	if err != nil {
		return nil, err
	}
	if c.w.kept != nil && len(c.w.kept) == 0 {
		return nil, nil
	}
	if err := c.checkViews(now); err != nil {
		return nil, err
	}
	c.touched[keys[0]] = true
	return now, nil
}

// newMemberConflict is newConflict for a partition of the table that n is about.
func (x *exec) newMemberConflict(f *family, m *member, n *plan.OnConflict) (*conflict, error) {
	c, err := x.newConflict(m.t, n, m.w)
	if err != nil {
		return nil, err
	}
	c.m, c.family = m, f
	if !n.DoNothing {
		c.mode = f.lockMode(m, changedColumns(f.t, n.Set))
	}
	return c, nil
}

// partOfIndex tells whether an index of a partition is part of another index.
func (x *exec) partOfIndex(ix *catalog.Index, whole types.OID) bool {
	for ix != nil && ix.Parent != 0 {
		if ix.Parent == whole {
			return true
		}
		t := x.Catalog.TableOfIndex(ix.Parent)
		if t == nil {
			return false
		}
		ix = t.IndexByOID(ix.Parent)
	}
	return false
}
