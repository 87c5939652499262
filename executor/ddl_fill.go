package executor

import (
	"bytes"
	"time"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// FillIndex gives an index the entries of all rows while others write, who keep it in step
// with what they change. Some rows at a time are locked as SELECT FOR SHARE does, in a
// transaction that begin gives, so that they stay as they are until their entries are
// committed; rows and keys that somebody has locked, or changed since the transaction's
// snapshot, are passed over and taken one by one, with nothing else locked while one is waited
// for. Duplicates in a unique index are a 23505.
func FillIndex(ctx *Ctx, t *catalog.Table, ix *catalog.Index, rules *plan.RowRules, begin func() (kv.Txn, error)) error {
	x := newExec(ctx, emptyPlan)
	number := 0
	for i := range t.Indexes {
		if t.Indexes[i].OID == ix.OID {
			number = i
		}
	}
	f := &filler{x: x, t: t, begin: begin}
	var err error
	if f.iw, err = x.newIndexWriter(t, ix, rules, number); err != nil {
		return err
	}
	if f.rows, err = rowenc.NewIndex(t, t.Indexes[0]); err != nil {
		return err
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	f.dec = rowenc.NewDecoder(t, all)
	f.vecs = newVecs(f.dec.Types(), 0)
	r := f.rows.Range()
	for r.Start != nil {
		if err := x.cancelled(); err != nil {
			return err
		}
		if r.Start, err = f.some(r); err != nil {
			return err
		}
		for _, key := range f.later {
			for done := false; !done; {
				if err := x.cancelled(); err != nil {
					return err
				}
				if done, err = f.one(key); err != nil {
					return err
				}
			}
		}
		f.later = f.later[:0]
	}
	return nil
}

// fillRows is how many rows are locked at a time.
const fillRows = 512

type filler struct {
	x     *exec
	t     *catalog.Table
	iw    *indexWriter
	rows  *rowenc.Index
	dec   *rowenc.Decoder
	vecs  []*types.Vec
	buf   entryBuf
	begin func() (kv.Txn, error)
	later [][]byte // keys of rows to be taken one by one
}

// some takes the first rows of r; next is where to go on, nil at the end.
func (f *filler) some(r kv.Range) (next []byte, err error) {
	txn, err := f.begin()
	if err != nil {
		return nil, err
	}
	defer txn.Rollback()
	it := txn.Scan(r, kv.ScanOptions{Limit: fillRows})
	defer it.Close()
	pairs := kv.PairBatch{Max: fillRows}
	last := []byte(nil)
	for n := 0; n < fillRows; {
		got, err := it.Next(&pairs)
		if err != nil {
			return nil, storeError(err)
		}
		if got == 0 {
			last = nil
			break
		}
		n += got
		pairs.Keep()
		if err := f.entries(pairs.Keys, pairs.Values); err != nil {
			return nil, err
		}
		for i, key := range pairs.Keys {
			if !f.buf.has[i] {
				continue
			}
			if ok, err := f.enter(txn, key, i, kv.WaitSkip); err != nil {
				return nil, err
			} else if !ok {
				f.later = append(f.later, bytes.Clone(key))
			}
		}
		last = bytes.Clone(pairs.Keys[got-1])
	}
	if err := txn.Commit(f.x.context()); err != nil {
		return nil, storeError(err)
	}
	if last == nil {
		return nil, nil
	}
	return append(last, 0), nil
}

func (f *filler) entries(keys, values [][]byte) error {
	if err := f.dec.Batch(keys, values, f.vecs); err != nil {
		return err
	}
	b := &types.Batch{Cols: f.vecs, N: len(keys)}
	return f.iw.entries(b, func(i int) []byte { return f.rows.Suffix(keys[i]) }, &f.buf)
}

// enter puts the entry of row i if the row is, under its lock, what entries were made of;
// ok false: it must be looked at again.
func (f *filler) enter(txn kv.Txn, row []byte, i int, wait kv.WaitPolicy) (ok bool, err error) {
	x := f.x
	l, err := txn.Lock(x.context(), row, kv.LockOptions{Mode: kv.LockShare, Wait: wait, Timeout: x.LockTimeout})
	if err != nil || !l.Acquired || l.Changed {
		return false, storeError(err)
	}
	key, value := f.buf.at(i)
	if f.buf.guarded[i] {
		if l, err := txn.Lock(x.context(), key, kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.WaitSkip, Newest: true, Untold: true}); err != nil || !l.Acquired {
			return false, storeError(err)
		}
		there, found, err := txn.GetLatest(key)
		if err != nil {
			return false, storeError(err)
		}
		if found {
			of, err := f.iw.codec.AppendRowKey(nil, key, there)
			if err != nil {
				return false, err
			}
			if !bytes.Equal(of, row) {
				return false, x.duplicateInIndex(f.t, f.iw, entryPair{bytes.Clone(key), bytes.Clone(value), true})
			}
		}
	}
	return true, storeError(txn.PutCovered(key, value))
}

// one gives one row its entry; done false: what it needs was locked, and was waited for.
func (f *filler) one(row []byte) (done bool, err error) {
	txn, err := f.begin()
	if err != nil {
		return false, err
	}
	defer txn.Rollback()
	wait := kv.LockOptions{Mode: kv.LockShare, Timeout: f.x.LockTimeout, Newest: true, Untold: true}
	if _, err := txn.Lock(f.x.context(), row, wait); err != nil {
		return false, storeError(err)
	}
	if err := txn.Refresh(); err != nil {
		return false, storeError(err)
	}
	value, there, err := txn.Get(row)
	if err != nil || !there {
		return true, storeError(err)
	}
	if err := f.entries([][]byte{row}, [][]byte{value}); err != nil || !f.buf.has[0] {
		return true, err
	}
	done, err = f.enter(txn, row, 0, kv.Wait)
	if err != nil {
		return false, err
	}
	if done {
		return true, storeError(txn.Commit(f.x.context()))
	}
	if !f.buf.guarded[0] {
		return false, nil
	}
	// Somebody has the key of the entry: wait for that alone.
	txn.Rollback()
	if txn, err = f.begin(); err != nil {
		return false, err
	}
	defer txn.Rollback()
	key, _ := f.buf.at(0)
	wait.Mode = kv.LockUpdate
	wait.DeadlockTimeout = time.Second
	_, err = txn.Lock(f.x.context(), key, wait)
	return false, storeError(err)
}

// ---- writers beside that

// ownsEntry tells whether an entry that guards a key, locked, is that of a row: in an index
// that is being filled it may be another's, whose duplicate this row is.
func (w *tableWriter) ownsEntry(iw *indexWriter, key, row []byte) (owns, there bool, err error) {
	v, there, err := w.x.Txn.GetLatest(key)
	if err != nil || !there {
		return false, false, storeError(err)
	}
	of, err := iw.codec.AppendRowKey(nil, key, v)
	return err == nil && bytes.Equal(of, row), true, err
}

// replaceFilling puts the changed value of an entry whose key stays into an index that is
// being filled.
func (w *tableWriter) replaceFilling(iw *indexWriter, key, value, row []byte, guarded bool, i int) error {
	if guarded {
		if _, _, err := w.x.lockKey(key); err != nil {
			return err
		}
		if owns, there, err := w.ownsEntry(iw, key, row); err != nil {
			return err
		} else if there && !owns {
			return w.taken(key, iw.codec.Desc, iw.keys, i)
		}
	}
	return storeError(w.x.Txn.PutCovered(key, value))
}
