package executor

import (
	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/types"
)

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
				if now != nil && !types.EqualAt(old.Cols[a-1], i, now.Cols[a-1], i) {
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
			for _, m := range x.storedMembers(e.child) {
				err := x.childRowsOf(m, mapped(e.child, m, e.fk.Columns), typs, e.old, i, false, func(keys []string, rows *types.Batch) error {
					if m != e.child {
						return e.applyTo(x, m, keys, rows, i)
					}
					return e.apply(x, keys, rows, i)
				})
				if err != nil {
					return err
				}
			}
			if e.action != catalog.FKSetDefault {
				continue
			}
			// The default may be the very key that is gone.
		}
		still, err := x.childExists(e.child, e.fk.Columns, e.old, i)
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
		perr.Schema, perr.Table, perr.Constraint = schemaName(e.child), e.child.Name, e.fk.Name
		return perr
	}
	return nil
}

// apply does the action to rows that refer to key i.
func (e *parentEvent) apply(x *exec, keys []string, rows *types.Batch, i int) error {
	w, err := x.writer(e.child, nil)
	if err != nil {
		return err
	}
	changed := make([]bool, len(e.child.Columns))
	for _, a := range e.fk.Columns {
		changed[a-1] = true
	}
	mode := w.lockMode(changed)
	del := e.action == catalog.FKCascade && e.now == nil
	if del {
		mode = kv.LockUpdate
	}
	for _, k := range keys {
		if _, err := x.Txn.Lock(x.context(), []byte(k), kv.LockOptions{Mode: mode, Timeout: x.LockTimeout}); err != nil {
			return storeError(err)
		}
	}
	if del {
		return w.delete(keys, rows)
	}
	now := &types.Batch{N: rows.N, Cols: append([]*types.Vec(nil), rows.Cols...)}
	if err := e.setColumns(x, now, i); err != nil {
		return err
	}
	_, err = w.update(keys, rows, now, changed)
	return err
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
