package executor

import (
	"bytes"

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

// find gives the key of the row that an arbiter says is in the way, nil if there is
// none: the arbiters' keys are locked then, so that it stays so. For DO UPDATE the row is
// locked and its value given.
func (c *conflict) find(one *types.Batch) (rowKey, value []byte, err error) {
	if err := c.w.enterKeys(one); err != nil {
		return nil, nil, err
	}
	defer c.x.because("conflict", "")()
	for _, iw := range c.arbiters {
		var key []byte
		if iw == nil {
			key, _ = c.w.primary.AppendKeys(append(key, c.w.primary.Prefix...), c.w.primaryKeys(one), 0)
		} else {
			if err := iw.entries(one, func(int) []byte { return nil }, &c.buf); err != nil {
				return nil, nil, err
			}
			if !c.buf.has[0] || !c.buf.guarded[0] {
				continue
			}
			k, _ := c.buf.at(0)
			key = append(key, k...)
		}
		if rowKey, value, err = c.inTheWay(key, iw); rowKey != nil || err != nil {
			return rowKey, value, err
		}
	}
	return nil, nil, nil
}

// inTheWay is find for one arbiter, whose entry has that key (nil: the row has). Who is
// making, changing or removing the row in the way is waited for; DO NOTHING leaves no
// lock of it, and DO UPDATE one that leaves foreign key checks alone if it sets no key.
// Above READ COMMITTED a row that the snapshot does not show is a serialization failure.
func (c *conflict) inTheWay(key []byte, iw *indexWriter) (rowKey, value []byte, err error) {
	x := c.x
	// at gives the row that is at key now.
	at := func(value []byte, there bool, err error) ([]byte, error) {
		switch {
		case err != nil || !there:
			return nil, storeError(err)
		case iw == nil:
			return key, nil
		}
		return iw.codec.AppendRowKey(nil, key, value)
	}
	for {
		if err := x.cancelled(); err != nil {
			return nil, nil, err
		}
		row, err := at(x.Txn.GetLatest(key))
		if err != nil {
			return nil, nil, err
		}
		if row == nil {
			res, err := x.Txn.Lock(x.context(), key, x.claimOptions())
			if err != nil {
				return nil, nil, storeError(err)
			}
			var there bool
			if res.Acquired {
				_, there, err = x.Txn.GetLatest(key)
			} else {
				_, there, err = x.contend(key)
			}
			if err != nil || !there {
				return nil, nil, storeError(err)
			}
			x.Txn.Unlock(key, kv.LockUpdate) // somebody was faster
			continue
		}
		changed := false
		if c.n.DoNothing {
			changed, err = x.settled(row, true)
		} else {
			changed, value, err = c.lockRow(row)
		}
		if err != nil {
			return nil, nil, err
		}
		now := row
		if iw != nil {
			now, err = at(x.Txn.GetLatest(key))
		} else if c.n.DoNothing {
			if _, there, e := x.Txn.GetLatest(key); !there {
				now, err = nil, storeError(e)
			}
		}
		switch {
		case err != nil:
			return nil, nil, err
		case !bytes.Equal(now, row) || iw == nil && !c.n.DoNothing && value == nil:
			if !c.n.DoNothing {
				x.Txn.Unlock(row, c.lockMode())
			}
		case !c.n.DoNothing && value == nil: // an entry of a row that is not there
			return nil, nil, storeError(kv.ErrConcurrentUpdate)
		case changed && x.Isolation > kv.ReadCommitted:
			return nil, nil, storeError(kv.ErrConcurrentUpdate)
		default:
			return row, value, nil
		}
	}
}

// lockMode is the lock of a row in the way of DO UPDATE, which is not changed before its
// WHERE has been asked.
func (c *conflict) lockMode() kv.LockMode {
	switch {
	case c.where == nil && c.visible == nil:
		return c.mode
	case c.mode == kv.LockUpdate:
		return kv.LockForUpdate
	}
	return kv.LockForNoKeyUpdate
}

// lockRow locks a row for DO UPDATE and reads it, nil if it is gone.
func (c *conflict) lockRow(row []byte) (changed bool, value []byte, err error) {
	x := c.x
	res, err := x.Txn.Lock(x.context(), row, kv.LockOptions{Mode: c.lockMode(), Timeout: x.LockTimeout, Newest: true})
	if err != nil {
		return false, nil, storeError(err)
	}
	value, there, err := x.Txn.GetLatest(row)
	if there && value == nil {
		value = []byte{}
	}
	return res.Changed, value, storeError(err)
}

// update does DO UPDATE to the row at rowKey, which is locked and has that value.
func (c *conflict) update(one *types.Batch, rowKey, value []byte) (*types.Batch, error) {
	again, err := c.x.overwritten(rowKey)
	if err != nil {
		return nil, err
	}
	if again || c.touched[string(rowKey)] {
		return nil, pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
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
	if c.lockMode() != c.mode {
		if _, err := c.x.Txn.Lock(c.x.context(), rowKey, kv.LockOptions{Mode: c.mode, Newest: true, Untold: true}); err != nil {
			return nil, storeError(err)
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
