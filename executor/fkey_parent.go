package executor

import (
	"bytes"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/types"
)

// sameImage tells whether two vectors have the same value in row i, as it is stored: 0 and
// -0, 1.0 and 1.00 are equal, yet who refers to one is to have the other.
func sameImage(a, b *types.Vec, i int) bool {
	if !types.EqualAt(a, i, b, i) {
		return false
	}
	switch a.Type.Under().Phys {
	case types.PhysFloat64, types.PhysDecimal:
		return a.IsNull(i) || types.TextOf(a.Type, a.Datum(i), nil) == types.TextOf(b.Type, b.Datum(i), nil)
	}
	return true
}

// parentRows queues what foreign keys that refer to rows deleted (now nil) or
// changed ask for.
func (w *tableWriter) parentRows(old, now *types.Batch) error {
	for _, p := range w.parents {
		var rows []int32
		for i := range old.N {
			null, same := false, now != nil
			for _, a := range p.fk.RefColumns {
				if old.Cols[a-1].IsNull(i) {
					null = true
				}
				if now != nil && !sameImage(old.Cols[a-1], now.Cols[a-1], i) {
					same = false
				}
			}
			if !null && !same {
				rows = append(rows, int32(i))
			}
		}
		if len(rows) == 0 {
			continue
		}
		e := &parentEvent{w: w, parentCheck: p, n: len(rows)}
		for _, a := range p.fk.RefColumns {
			v := types.NewVec(old.Cols[a-1].Type, len(rows))
			v.CopyFrom(old.Cols[a-1], rows)
			e.old = append(e.old, v)
			if now != nil {
				u := types.NewVec(v.Type, len(rows))
				u.CopyFrom(now.Cols[a-1], rows)
				e.now = append(e.now, u)
			}
		}
		action := p.fk.OnDelete
		if now != nil {
			action = p.fk.OnUpdate
		}
		e.action = action
		if action == catalog.FKNoAction || action == 0 {
			if d := w.x.Deferred; d != nil && p.fk.Deferrable && d.deferred(p.fk.OID, p.fk.Deferred) {
				d.add(p.fk.OID, w.t.OID, e.run)
				continue
			}
		}
		w.x.statement().queue = append(w.x.statement().queue, func() error { return e.run(w.x) })
	}
	return nil
}

// parentEvent is keys of a referenced table that are no more.
type parentEvent struct {
	*parentCheck
	w        *tableWriter
	old, now []*types.Vec
	n        int
	action   catalog.FKAction
}

func (e *parentEvent) run(x *exec) error {
	defer x.because("foreign key", e.fk.Name)()
	typs := make([]*types.Type, len(e.old))
	for k, v := range e.old {
		typs[k] = v.Type
	}
	for i := range e.n {
		if i%64 == 0 {
			if err := x.cancelled(); err != nil {
				return err
			}
		}
		switch e.action {
		case catalog.FKCascade, catalog.FKSetNull, catalog.FKSetDefault:
			if err := x.beginAction(e.child, e.changed(), e.event()); err != nil {
				return err
			}
			for again := true; again; {
				var err error
				if again, err = e.act(x, typs, i); err != nil {
					return err
				}
			}
			x.endAction(e.child, e.changed(), e.event())
			if e.action != catalog.FKSetDefault {
				continue
			}
			// The default may be the very key that is gone.
		}
		still, err := e.referred(x, typs, i)
		if err != nil {
			return err
		}
		if !still {
			continue
		}
		if e.action != catalog.FKRestrict {
			// The key may have come back.
			t, index, columns := x.referredAsAWhole(e)
			look, err := x.newKeyLookup(t, index, columns, typs)
			if err != nil {
				return err
			}
			if ok, err := look.find(e.old, i); err != nil {
				return err
			} else if ok {
				continue
			}
		}
		perr := pgerr.Newf(pgerr.ForeignKeyViolation, "update or delete on table %q violates foreign key constraint %q on table %q",
			e.w.t.Name, e.fk.Name, e.child.Name).
			WithDetail("Key (%s)=(%s) is still referenced from table %q.",
				columnNames(e.w.t, e.fk.RefColumns), rowText(x, e.old, i), e.child.Name)
		if !x.mayShow(e.w.t, e.fk.RefColumns...) {
			perr.WithDetail("Key is still referenced from table %q.", e.child.Name)
		}
		perr.Schema, perr.Table, perr.Constraint = schemaName(e.child), e.child.Name, e.fk.Name
		return perr
	}
	return nil
}

// event is what the action does to rows that refer to the key.
func (e *parentEvent) event() catalog.TriggerEvent {
	if e.action == catalog.FKCascade && e.now == nil {
		return catalog.OnDelete
	}
	return catalog.OnUpdate
}

// changed are the columns that the action sets.
func (e *parentEvent) changed() []bool {
	changed := make([]bool, len(e.child.Columns))
	for _, a := range e.fk.Columns {
		changed[a-1] = true
	}
	return changed
}

// referred tells whether a row refers to key i, which then is locked against
// deletion.
func (e *parentEvent) referred(x *exec, typs []*types.Type, i int) (bool, error) {
	found, again := false, true
	for again && !found {
		again = false
		for _, m := range x.storedMembers(e.child) {
			err := x.childRowsOf(m, mapped(e.child, m, e.fk.Columns), typs, e.old, i, true, func(r referring) error {
				same, err := x.lockReferring(r, kv.LockKeyShare)
				found, again = found || len(same) > 0, again || len(same) == 0
				return err
			})
			if err != nil {
				return false, err
			}
		}
	}
	return found, nil
}

// act does the action to the rows that refer to key i. again tells that some
// were changed while they were waited for.
func (e *parentEvent) act(x *exec, typs []*types.Type, i int) (again bool, err error) {
	for _, m := range x.storedMembers(e.child) {
		err := x.childRowsOf(m, mapped(e.child, m, e.fk.Columns), typs, e.old, i, false, func(r referring) error {
			partial, err := e.apply(x, m, r, i)
			again = again || partial
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return again, nil
}

// apply does the action to rows of m, which is the referencing table or a part of it.
// partial tells that some are not any more what they were found to be, and were left.
func (e *parentEvent) apply(x *exec, m *catalog.Table, r referring, i int) (partial bool, err error) {
	del, changed := e.event() == catalog.OnDelete, e.changed()
	// Rows of a partition whose partition key changes move.
	var f *family
	var part *member
	var w *tableWriter
	mode := kv.LockUpdate
	if m == e.child {
		if w, err = x.writer(m, nil); err != nil {
			return false, err
		}
		if !del {
			mode = w.lockMode(changed)
		}
	} else {
		if f, err = x.newFamily(e.child, []*catalog.Table{m}); err != nil {
			return false, err
		}
		if part, err = f.member(m); err != nil {
			return false, err
		}
		w = part.w
		if !del {
			mode = f.lockMode(part, changed)
		}
	}
	same, err := x.lockReferring(r, mode)
	if err != nil {
		return false, err
	}
	if partial = len(same) < len(r.keys); partial {
		if r = r.only(same); len(same) == 0 {
			return true, nil
		}
	}
	if w.trig != nil && len(w.trig.beforeUpdate)+len(w.trig.beforeDelete) > 0 {
		x.began = x.Txn.View()
		defer func() {
			x.began.Close()
			x.began = nil
		}()
	}
	if del {
		return partial, w.delete(r.keys, r.rows)
	}
	now := &types.Batch{N: r.rows.N, Cols: append([]*types.Vec(nil), r.rows.Cols...)}
	if f != nil {
		now = part.named(r.rows)
	}
	if err := e.setColumns(x, now, i); err != nil {
		return false, err
	}
	if f != nil {
		_, _, err = f.update(&portion{m: part, in: now, keys: r.keys, old: r.rows}, now, changed, false, nil)
	} else {
		_, err = w.update(r.keys, r.rows, now, changed)
	}
	return partial, err
}

// only is some of the rows.
func (r referring) only(sel []int32) referring {
	out := referring{rows: &types.Batch{N: len(sel)}}
	for _, s := range sel {
		out.keys, out.values = append(out.keys, r.keys[s]), append(out.values, r.values[s])
	}
	for _, v := range r.rows.Cols {
		w := types.NewVec(v.Type, len(sel))
		w.CopyFrom(v, sel)
		out.rows.Cols = append(out.rows.Cols, w)
	}
	return out
}

// lockReferring locks rows and gives those that still are what was found. To change
// rows that the transaction's snapshot does not show as they are is a serialization
// failure above READ COMMITTED; to share them is one if they changed meanwhile.
func (x *exec) lockReferring(r referring, mode kv.LockMode) (same []int32, err error) {
	keys := make([][]byte, len(r.keys))
	share, changed := mode == kv.LockKeyShare, false
	for k := range keys {
		keys[k] = []byte(r.keys[k])
		res, err := x.Txn.Lock(x.context(), keys[k], kv.LockOptions{Mode: mode, Timeout: x.LockTimeout, Newest: share})
		if err != nil {
			if share {
				return nil, storeError(err)
			}
			return nil, x.rowConflict(keys[k], err)
		}
		changed = changed || res.Changed
	}
	same = iota32(len(keys))
	if !changed {
		return same, nil
	}
	now := make([][]byte, len(keys))
	if err := x.Txn.GetAllLatest(keys, now); err != nil {
		return nil, storeError(err)
	}
	kept := make([]int32, 0, len(keys))
	for _, k := range same {
		switch {
		case now[k] != nil && bytes.Equal(now[k], r.values[k]):
			kept = append(kept, k)
		case share && x.Isolation > kv.ReadCommitted:
			return nil, storeError(kv.ErrConcurrentUpdate)
		case now[k] == nil:
			x.Txn.Unlock(keys[k], mode)
		case !share:
			if err := x.spare(keys[k], mode); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// setColumns puts into the referencing columns of rows of the child what the
// action for key i says.
func (e *parentEvent) setColumns(x *exec, now *types.Batch, i int) error {
	var err error
	set := e.fk.Columns
	if e.now == nil && e.action != catalog.FKCascade && len(e.fk.SetColumns) > 0 {
		set = e.fk.SetColumns
	}
	for j, a := range e.fk.Columns {
		in := false
		for _, s := range set {
			in = in || s == a
		}
		if !in {
			continue
		}
		var d types.Datum
		switch e.action {
		case catalog.FKCascade:
			d = e.now[j].Datum(i)
			conv, err := keyConversion(e.now[j].Type, e.child.Col(a).Type)
			if err != nil {
				return err
			}
			if conv != nil {
				if d, err = builtin.Call(conv, x.Eval, []types.Datum{d}); err != nil {
					return err
				}
			}
		case catalog.FKSetDefault:
			if d, err = x.columnDefault(e.child, a); err != nil {
				return err
			}
		}
		v := types.NewVec(e.child.Col(a).Type, now.N)
		v.Resize(now.N)
		for k := range now.N {
			v.Set(k, d)
		}
		now.Cols[a-1] = v
	}
	return nil
}

// columnDefault computes a column's default value.
func (x *exec) columnDefault(t *catalog.Table, attnum int16) (types.Datum, error) {
	if t.Col(attnum).Default == "" {
		return types.Null, nil
	}
	if x.Binder == nil {
		return types.Null, pgerr.Newf(pgerr.InternalError, "no binder for the default of column %q", t.Col(attnum).Name)
	}
	pe, err := x.Binder.Default(t, attnum)
	if err != nil || pe == nil {
		return types.Null, err
	}
	e, err := x.compile(pe)
	if err != nil {
		return types.Null, err
	}
	return evalOne(e)
}
