package executor

import (
	"bytes"
	"cmp"
	"slices"

	"rowkey/kv"
	"rowkey/types"
)

// A key that must be unique is claimed before it is written: locked, and looked at. Whoever
// else has it locked is waited for only as far as it matters, as with PostgreSQL:
//
//	the row is only locked (FOR UPDATE and kin)      it is there: taken, at once
//	the row is being made, removed or changed        wait for that, look again
//	an entry of a unique index names another row     wait while that row is being removed
//	                                                 or changed (whatever column), look again

// claimOptions lock a key that is to be written.
func (x *exec) claimOptions() kv.LockOptions {
	return kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.WaitSkip, Timeout: x.LockTimeout, Newest: true, Untold: true}
}

// claim locks keys of rows, or of entries of iw, for writing and gives the first that is not
// free: it holds something now, or is there a second time. -1 if all are free.
func (w *tableWriter) claim(keys [][]byte, iw *indexWriter) (int, error) {
	x := w.x
	defer x.because("unique", "")()
	ctx, opts := x.context(), x.claimOptions()
again:
	first, all := -1, keys
	for i, k := range keys {
		res, err := x.Txn.Lock(ctx, k, opts)
		if err != nil {
			return 0, storeError(err)
		}
		if res.Acquired {
			continue
		}
		value, there, err := x.contend(k)
		if err != nil {
			return 0, err
		}
		if there { // those behind it are not reached
			if again, err := x.letSettle(iw, k, value); err != nil {
				return 0, err
			} else if again {
				goto again
			}
			first, all = i, keys[:i]
			break
		}
	}
	w.found = sizedBytes(w.found, len(all))
	if err := x.Txn.GetAllLatest(all, w.found); err != nil {
		return 0, storeError(err)
	}
	if i := slices.IndexFunc(w.found, func(v []byte) bool { return v != nil }); i >= 0 {
		if again, err := x.letSettle(iw, all[i], w.found[i]); err != nil {
			return 0, err
		} else if again {
			goto again
		}
		first = i
	}
	if twice := firstAgain(all); twice >= 0 && (first < 0 || twice < first) {
		first = twice
	}
	return first, nil
}

// claimOne is claim of one key.
func (w *tableWriter) claimOne(key []byte, iw *indexWriter) (taken bool, err error) {
	x := w.x
	defer x.because("unique", "")()
	for {
		res, err := x.Txn.Lock(x.context(), key, x.claimOptions())
		if err != nil {
			return false, storeError(err)
		}
		var value []byte
		if res.Acquired {
			value, taken, err = x.Txn.GetLatest(key)
		} else {
			value, taken, err = x.contend(key)
		}
		if err != nil || !taken {
			return false, storeError(err)
		}
		if again, err := x.letSettle(iw, key, value); err != nil || !again {
			return true, err
		}
	}
}

// contend is for a key that another transaction has locked. If it holds something that the
// other does not change it is not locked, and there; if not, it is locked and looked at.
func (x *exec) contend(key []byte) (value []byte, there bool, err error) {
	ctx := x.context()
	for {
		if _, err := x.settled(key, false); err != nil {
			return nil, false, err
		}
		value, there, err := x.Txn.GetLatest(key)
		if err != nil || there {
			return value, there, storeError(err)
		}
		res, err := x.Txn.Lock(ctx, key, x.claimOptions())
		if err != nil {
			return nil, false, storeError(err)
		}
		if !res.Acquired {
			wait := x.claimOptions()
			wait.Mode = kv.LockSettled
			if res, err = x.Txn.Lock(ctx, key, wait); err != nil {
				return nil, false, storeError(err)
			}
			if !res.Acquired {
				continue // the next has it
			}
			x.Txn.Unlock(key, kv.LockSettled)
		}
		// A lock of what is not there is somebody's who is about to find that out.
		return x.lockKey(key)
	}
}

// settled waits until no other transaction is changing the row or entry at key. changed tells,
// if it is asked for, that the key was committed to after the snapshot.
func (x *exec) settled(key []byte, ask bool) (changed bool, err error) {
	opts := kv.LockOptions{Mode: kv.LockSettled, Timeout: x.LockTimeout, Newest: true, Untold: !ask}
	res, err := x.Txn.Lock(x.context(), key, opts)
	if err != nil {
		return false, storeError(err)
	}
	x.Txn.Unlock(key, kv.LockSettled)
	return res.Changed, nil
}

// letSettle looks at the row that an entry of iw, locked, names: if another transaction is
// changing it the lock is given up, since who removes the row needs it, and the other
// waited for; the entry is then to be claimed again. A row itself (iw nil) is settled.
func (x *exec) letSettle(iw *indexWriter, key, value []byte) (again bool, err error) {
	if iw == nil {
		return false, nil
	}
	row, err := iw.codec.AppendRowKey(nil, key, value)
	if err != nil {
		return false, err
	}
	opts := x.claimOptions()
	opts.Mode = kv.LockSettled
	res, err := x.Txn.Lock(x.context(), row, opts)
	if err != nil {
		return false, storeError(err)
	}
	if res.Acquired {
		x.Txn.Unlock(row, kv.LockSettled)
		return false, nil
	}
	x.Txn.Unlock(key, kv.LockUpdate)
	_, err = x.settled(row, false)
	return true, err
}

// lockKey locks a key for writing, whoever has it, and gives what it holds then.
func (x *exec) lockKey(key []byte) (value []byte, there bool, err error) {
	opts := x.claimOptions()
	opts.Wait = kv.Wait
	if _, err := x.Txn.Lock(x.context(), key, opts); err != nil {
		return nil, false, storeError(err)
	}
	value, there, err = x.Txn.GetLatest(key)
	return value, there, storeError(err)
}

// firstAgain is the first of keys that equals one before it, -1 if there is none.
func firstAgain(keys [][]byte) int {
	ascending := true
	for i := 1; i < len(keys) && ascending; i++ {
		ascending = bytes.Compare(keys[i-1], keys[i]) < 0
	}
	if ascending {
		return -1
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(bytes.Compare(keys[a], keys[b]), a-b) })
	first := -1
	for i := 1; i < len(order); i++ {
		if n := order[i]; (first < 0 || n < first) && bytes.Equal(keys[order[i-1]], keys[n]) {
			first = n
		}
	}
	return first
}

// claimAll claims what must be unique of new rows; the first row that cannot
// have it is the error.
func (w *tableWriter) claimAll(b *types.Batch) error {
	bad, at := -1, -1
	if !w.t.Indexes[0].RowID {
		var err error
		if bad, err = w.claim(w.rowKeys, nil); err != nil {
			return err
		}
	}
	reached := b.N // row by row: the first to fail has its other keys, and those behind it, not looked at
	if bad >= 0 {
		reached = bad
	}
	for n, iw := range w.indexes {
		if !iw.codec.Desc.Unique {
			continue
		}
		buf := &w.entryBufs[n]
		w.claims, w.claimRows = w.claims[:0], w.claimRows[:0]
		for i := range reached {
			if buf.has[i] && buf.guarded[i] {
				k, _ := buf.at(i)
				w.claims, w.claimRows = append(w.claims, k), append(w.claimRows, i)
			}
		}
		first, err := w.claim(w.claims, iw)
		if err != nil {
			return err
		}
		if first >= 0 {
			bad, at = w.claimRows[first], n
			reached = bad
		}
	}
	switch {
	case bad < 0:
		return nil
	case at < 0:
		return w.taken(w.rowKeys[bad], w.t.Indexes[0], w.primaryKeys(b), bad)
	}
	key, _ := w.entryBufs[at].at(bad)
	return w.taken(key, w.indexes[at].codec.Desc, w.indexes[at].keys, bad)
}
