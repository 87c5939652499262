package executor

import (
	"errors"

	"rowkey/catalog"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/types"
)

// The tables of a key space have rules that commands keep too: a key has one
// type, no collection is empty, what has expired is not there. Here SQL keeps
// them: beside the rows of a batch, a guard (package keyspace) locks the keys they
// belong to and keeps the directory. Other tables have none, and pay nothing.

// postgresEpoch is 2000-01-01 in microseconds since 1970.
const postgresEpoch = 946_684_800_000_000

// guard gives the statement's guard of a table; nil if it belongs to no key space.
func (x *exec) guard(t *catalog.Table) *keyspace.Guard {
	if t.Schema == nil || t.Schema.KeySpace == 0 {
		return nil
	}
	st := x.statement()
	g, ok := st.guards[t.OID]
	if !ok {
		now := int64(0)
		if x.Eval != nil {
			now = x.Eval.StmtMicros + postgresEpoch
		}
		g = keyspace.NewGuard(x.context(), x.Catalog, t, x.Txn, x.Isolation, now)
		if st.guards == nil {
			st.guards = map[types.OID]*keyspace.Guard{}
		}
		st.guards[t.OID] = g
	}
	return g
}

// keyError makes a SQL error of a guard's.
func keyError(t *catalog.Table, err error) error {
	var held *keyspace.HeldError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &held):
		e := pgerr.New(pgerr.ExclusionViolation, "WRONGTYPE "+held.Error()).
			WithHint("A key has one type: delete it first.")
		e.Schema, e.Table = schemaName(t), t.Name
		return e
	case err == keyspace.ErrDirectory:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "relation %q is kept by the system", t.Name).
			WithDetail("It follows from the rows of hashes, lists, sets and zsets; only expires_at can be changed, and keys deleted.")
	}
	return storeError(err)
}

// enterKeys readies the keys of rows that are to be written.
func (w *tableWriter) enterKeys(b *types.Batch) error {
	g := w.x.guard(w.t)
	if g == nil {
		return nil
	}
	for i := range b.N {
		if err := g.Enter([]byte(b.Cols[0].S[i])); err != nil {
			return keyError(w.t, err)
		}
	}
	return nil
}

// position is that of row i in a list, 0 in other tables.
func position(g *keyspace.Guard, b *types.Batch, i int) int64 {
	if g.Type() == keyspace.List {
		return b.Cols[1].I[i]
	}
	return 0
}

// keysAdded notes new rows.
func (w *tableWriter) keysAdded(b *types.Batch) error {
	g := w.x.guard(w.t)
	if g == nil {
		return nil
	}
	for i := range b.N {
		g.Added(b.Cols[0].S[i], position(g, b, i))
	}
	return w.flushKeys(g)
}

// keysRemoved notes rows that are no more.
func (w *tableWriter) keysRemoved(old *types.Batch) error {
	g := w.x.guard(w.t)
	if g == nil {
		return nil
	}
	for i := range old.N {
		if err := g.Removed(old.Cols[0].S[i], position(g, old, i)); err != nil {
			return keyError(w.t, err)
		}
	}
	return w.flushKeys(g)
}

// keysReplacing readies the keys of rows that are to be replaced.
func (w *tableWriter) keysReplacing(old, b *types.Batch, changed []bool) error {
	g := w.x.guard(w.t)
	if g == nil {
		return nil
	}
	for i := range b.N {
		if g.Type() == keyspace.None {
			for k, c := range changed {
				if c && w.t.Columns[k].Name != "expires_at" && types.Compare(w.typs[k], old.Cols[k].Datum(i), b.Cols[k].Datum(i)) != 0 {
					return keyError(w.t, keyspace.ErrDirectory)
				}
			}
			continue
		}
		if key := b.Cols[0].S[i]; key != old.Cols[0].S[i] {
			if err := g.Enter([]byte(key)); err != nil {
				return keyError(w.t, err)
			}
		}
	}
	return nil
}

// keysReplaced notes rows that were replaced.
func (w *tableWriter) keysReplaced(old, b *types.Batch) error {
	g := w.x.guard(w.t)
	if g == nil || g.Type() == keyspace.None {
		return nil
	}
	for i := range b.N {
		was, is := old.Cols[0].S[i], b.Cols[0].S[i]
		from, to := position(g, old, i), position(g, b, i)
		if was == is && from == to {
			g.Changed(is)
			continue
		}
		if err := g.Removed(was, from); err != nil {
			return keyError(w.t, err)
		}
		g.Added(is, to)
	}
	return w.flushKeys(g)
}

func (w *tableWriter) flushKeys(g *keyspace.Guard) error {
	if err := g.Flush(); err != nil {
		return keyError(w.t, err)
	}
	if w.x.KeysReady != nil {
		w.x.KeysReady(g)
	}
	return nil
}

// lockOwner locks the key that a row of a key space belongs to, ahead of the row.
func (x *exec) lockOwner(t *catalog.Table, rowKey []byte, mode kv.LockMode, wait kv.WaitPolicy) (acquired bool, err error) {
	g := x.guard(t)
	if g == nil {
		return true, nil
	}
	acquired, err = g.LockRow(rowKey, kv.LockOptions{Mode: mode, Wait: wait, Timeout: x.LockTimeout})
	if err != nil {
		return false, x.rowConflict(rowKey, err)
	}
	return acquired, nil
}
