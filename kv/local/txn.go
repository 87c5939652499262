package local

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/kv"
)

// Txn is a kv.Txn of a Store.
type Txn struct {
	store    *Store
	ctx      context.Context
	opts     kv.TxnOptions
	version  *version
	writes   Buffer
	filter   filter // of the keys of writes
	spill    *spill // of writes that do not fit memory
	frozenMu sync.Mutex
	frozen   *Buffer // view of writes for scans, until the next write
	saves    []save  // the savepoints that stand
	moves    []move
	locker   locker
	lastLock uint64  // hash of the key last locked exclusively, or 0
	serial   *serial // Serializable only
	activity activeNode
	used     atomic.Bool
	done     bool
	left     bool // version is let go of

	// Of the commit, written by the leader of its group.
	alone     [1]*Txn
	committed chan struct{}
	numbered  bool
	commitErr error
}

// save is a savepoint: the writes then, and the length of the log of locks.
type save struct {
	writes Buffer
	locks  int
	moves  int
}

func (t *Txn) check() error {
	if t.done {
		return kv.ErrTxnDone
	}
	if t.store.closed.Load() {
		return kv.ErrClosed
	}
	return nil
}

// use remembers that the snapshot was used, which pins it above ReadCommitted.
func (t *Txn) use() {
	if t.opts.Isolation != kv.ReadCommitted && !t.used.Load() {
		t.used.Store(true)
	}
}

// Get implements kv.Reader.
func (t *Txn) Get(key []byte) ([]byte, bool, error) {
	if err := t.check(); err != nil {
		return nil, false, err
	}
	return t.get(&t.writes, t.version, key)
}

// get reads version v with a transaction's own writes over it.
func (t *Txn) get(writes *Buffer, v *version, key []byte) ([]byte, bool, error) {
	if writes.Len() > 0 && t.filter.mayHave(key) {
		if e, ok, err := writes.Get(key); ok || err != nil {
			return e.Value(), ok && !e.Deleted(), err
		}
	}
	t.use()
	if t.serial != nil {
		if err := t.store.ssi.readKey(t.serial, key, t.store.locks.hash(key), v.seq); err != nil {
			return nil, false, err
		}
	}
	return v.view.Get(key)
}

// GetAll implements kv.Reader.
func (t *Txn) GetAll(keys, values [][]byte) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.getAll(&t.writes, t.version, keys, values)
}

func (t *Txn) getAll(writes *Buffer, v *version, keys, values [][]byte) error {
	t.use()
	if err := v.view.GetAll(keys, values); err != nil {
		return err
	}
	own, err := writes.anyOf(keys)
	if err != nil {
		return err
	}
	if t.serial != nil {
		for _, k := range keys {
			if own {
				if _, ok, err := writes.Get(k); err != nil {
					return err
				} else if ok {
					continue
				}
			}
			if err := t.store.ssi.readKey(t.serial, k, t.store.locks.hash(k), v.seq); err != nil {
				return err
			}
		}
	}
	if !own {
		return nil
	}
	return writes.overlay(keys, values)
}

// Scan implements kv.Reader.
func (t *Txn) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	if err := t.check(); err != nil {
		return failedIter{err}
	}
	return t.scan(t.own(), t.version, r, opts)
}

// own is the writes for a scan that begins.
func (t *Txn) own() Buffer {
	if t.writes.Len() == 0 {
		return Buffer{}
	}
	return t.freeze()
}

func (t *Txn) scan(writes Buffer, v *version, r kv.Range, opts kv.ScanOptions) kv.Iterator {
	t.use()
	var it kv.Iterator
	// An iterator may be Reset to any other range, so having no writes in this one
	// is no reason to leave them out.
	if writes.Len() == 0 {
		it = v.view.Scan(r, opts)
	} else {
		it = newMergeIter(v.view, writes, r, opts)
	}
	if t.serial != nil {
		it = newRecordIter(it, t, r, opts, v.seq)
	}
	return it
}

// freeze is the writes as they are now, for scans, which may begin concurrently.
func (t *Txn) freeze() Buffer {
	t.frozenMu.Lock()
	defer t.frozenMu.Unlock()
	if t.frozen == nil {
		view := t.writes.view()
		t.frozen = &view
	}
	return *t.frozen
}

func (t *Txn) write(e Entry) error {
	t.frozen = nil
	t.filter.add(e.Key())
	if t.serial != nil {
		if err := t.store.ssi.write(t.serial, e, t.store.locks.hash(e.Key()), len(t.saves) > 0); err != nil {
			return err
		}
	} else {
		t.writes.put(e)
	}
	return t.spillIfFull()
}

// GetLatest implements kv.Txn.
func (t *Txn) GetLatest(key []byte) ([]byte, bool, error) {
	if err := t.check(); err != nil {
		return nil, false, err
	}
	v := t.store.hold()
	defer t.store.letGo(v)
	return t.get(&t.writes, v, key)
}

// Written implements kv.Txn.
func (t *Txn) Written(key []byte) ([]byte, bool, error) {
	if err := t.check(); err != nil {
		return nil, false, err
	}
	if t.writes.Len() == 0 || !t.filter.mayHave(key) {
		return nil, false, nil
	}
	e, ok, err := t.writes.Get(key)
	return e.Value(), ok, err
}

// NoneIn implements kv.Txn.
func (t *Txn) NoneIn(r kv.Range) bool {
	if t.check() != nil || t.serial != nil {
		return false
	}
	t.use()
	return t.version.view.NoneIn(r)
}

// GetAllLatest implements kv.Txn.
func (t *Txn) GetAllLatest(keys, values [][]byte) error {
	if err := t.check(); err != nil {
		return err
	}
	v := t.store.hold()
	defer t.store.letGo(v)
	return t.getAll(&t.writes, v, keys, values)
}

// ScanLatest implements kv.Txn.
func (t *Txn) ScanLatest(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	if err := t.check(); err != nil {
		return failedIter{err}
	}
	v := t.store.hold()
	defer t.store.letGo(v) // iterators outlive their view
	return t.scan(t.own(), v, r, opts)
}

// SplitRange implements kv.Reader.
func (t *Txn) SplitRange(r kv.Range, n int) []kv.Range {
	if t.check() != nil {
		return []kv.Range{r}
	}
	return t.version.view.SplitRange(r, n)
}

// EstimateKeys implements kv.Reader.
func (t *Txn) EstimateKeys(r kv.Range) (keys, bytes int64) {
	if t.check() != nil {
		return 0, 0
	}
	return t.version.view.EstimateKeys(r)
}

// Put implements kv.Txn.
func (t *Txn) Put(key, value []byte) error {
	if err := t.writable(key, value); err != nil {
		return err
	}
	if err := t.lockForWrite(key); err != nil {
		return err
	}
	return t.write(NewEntry(key, value))
}

// Delete implements kv.Txn.
func (t *Txn) Delete(key []byte) error {
	if err := t.writable(key, nil); err != nil {
		return err
	}
	if err := t.lockForWrite(key); err != nil {
		return err
	}
	return t.write(NewDeletion(key))
}

// PutCovered implements kv.Txn.
func (t *Txn) PutCovered(key, value []byte) error {
	if err := t.writable(key, value); err != nil {
		return err
	}
	return t.write(NewEntry(key, value))
}

// DeleteCovered implements kv.Txn.
func (t *Txn) DeleteCovered(key []byte) error {
	if err := t.writable(key, nil); err != nil {
		return err
	}
	return t.write(NewDeletion(key))
}

func (t *Txn) writable(key, value []byte) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.opts.ReadOnly {
		return kv.ErrReadOnly
	}
	if most := t.store.traits.MaxApplyBytes; most > 0 && t.writes.memBytes() > most {
		return kv.ErrTxnTooLarge
	}
	t.use()
	return check(key, value)
}

func (t *Txn) lockForWrite(key []byte) error {
	hash := t.store.locks.hash(key)
	if hash == t.lastLock {
		return nil
	}
	opts := kv.LockOptions{Mode: kv.LockNoKeyUpdate, Timeout: t.opts.LockTimeout, DeadlockTimeout: t.opts.DeadlockTimeout}
	if t.opts.Isolation != kv.ReadCommitted {
		_, err := t.lock(t.ctx, key, hash, opts)
		return err
	}
	// What was committed to the key since does not matter: the write is blind.
	if _, _, err := t.store.locks.acquire(t.ctx, &t.locker, key, hash, opts); err != nil {
		return err
	}
	t.lastLock = hash
	return nil
}

// Lock implements kv.Txn.
func (t *Txn) Lock(ctx context.Context, key []byte, opts kv.LockOptions) (kv.LockResult, error) {
	if err := t.check(); err != nil {
		return kv.LockResult{}, err
	}
	if t.opts.ReadOnly && opts.Mode.Row() {
		return kv.LockResult{}, kv.ErrReadOnly
	}
	return t.lock(ctx, key, t.store.locks.hash(key), opts)
}

func (t *Txn) lock(ctx context.Context, key []byte, hash uint64, opts kv.LockOptions) (kv.LockResult, error) {
	if opts.DeadlockTimeout == 0 {
		opts.DeadlockTimeout = t.opts.DeadlockTimeout
	}
	fresh, waited, err := t.store.locks.acquire(ctx, &t.locker, key, hash, opts)
	res := kv.LockResult{Acquired: err == nil, Waited: waited}
	if err != nil {
		if err == kv.ErrLockNotAvailable && opts.Wait == kv.WaitSkip {
			err = nil
		}
		return res, err
	}
	if !opts.Mode.Row() {
		return res, nil
	}
	if !opts.Untold && (fresh || opts.Newest || t.opts.Isolation == kv.ReadCommitted) {
		if res.Changed, err = t.changed(key); err != nil {
			return res, err
		}
		if res.Changed && !opts.Newest && t.opts.Isolation != kv.ReadCommitted {
			t.store.conflicts.Add(1)
			return res, kv.AtKey(kv.ErrConcurrentUpdate, key)
		}
	}
	if opts.Mode == kv.LockUpdate || opts.Mode == kv.LockNoKeyUpdate {
		t.lastLock = hash
	}
	return res, nil
}

// changed reports whether key was committed to after the transaction's version.
func (t *Txn) changed(key []byte) (bool, error) {
	if t.store.Seq() == t.version.seq {
		return false, nil
	}
	if !t.opts.ReadOnly {
		if changed, known := t.store.history.changed(key, t.version.seq); known {
			return changed, nil
		}
	}
	newest := t.store.hold()
	defer t.store.letGo(newest)
	was, existed, err := t.version.view.Get(key)
	if err != nil {
		return false, err
	}
	is, exists, err := newest.view.Get(key)
	return existed != exists || string(was) != string(is), err
}

// TryLockAll implements kv.Txn.
func (t *Txn) TryLockAll(keys [][]byte, mode kv.LockMode) bool {
	if t.check() != nil || t.opts.ReadOnly && mode.Row() {
		return false
	}
	return t.store.locks.tryAll(&t.locker, keys, mode)
}

// SetContext implements kv.Txn.
func (t *Txn) SetContext(ctx context.Context) { t.ctx = ctx }

// SetTimeouts implements kv.Txn.
func (t *Txn) SetTimeouts(lock, deadlock time.Duration) {
	t.opts.LockTimeout, t.opts.DeadlockTimeout = lock, deadlock
}

// Unlock implements kv.Txn.
func (t *Txn) Unlock(key []byte, mode kv.LockMode) bool {
	if t.done {
		return false
	}
	t.lastLock = 0
	return t.store.locks.unlock(&t.locker, t.store.locks.hash(key), mode)
}

// Moved implements kv.Txn.
func (t *Txn) Moved(from, to []byte) {
	t.moves = append(t.moves, move{string(from), string(to)})
}

// MovedTo implements kv.Txn.
func (t *Txn) MovedTo(key []byte) ([]byte, bool) {
	if t.done {
		return nil, false
	}
	return t.store.history.movedTo(key, t.version.seq)
}

// Refresh implements kv.Txn.
func (t *Txn) Refresh() error {
	if err := t.check(); err != nil {
		return err
	}
	if t.version.seq == t.store.Seq() {
		return nil
	}
	if t.used.Load() {
		return kv.ErrRefresh
	}
	if t.serial != nil {
		t.store.ssi.renew(t.serial, t.newest)
	} else {
		t.newest()
	}
	return nil
}

// newest moves the snapshot to the newest version and gives its number.
func (t *Txn) newest() uint64 {
	v := t.store.hold()
	if t.version != nil {
		t.store.letGo(t.version)
	}
	t.version = v
	if !t.opts.ReadOnly {
		t.activity.seq.Store(v.seq)
	}
	return v.seq
}

// AwaitSafe implements kv.Txn.
func (t *Txn) AwaitSafe(ctx context.Context) error {
	switch {
	case t.check() != nil:
		return t.check()
	case t.serial == nil || !t.serial.readOnly:
		return nil
	case t.used.Load():
		return kv.ErrRefresh
	}
	return t.store.ssi.awaitSafe(ctx, t.serial, t.newest)
}

// AllowWrites implements kv.Txn.
func (t *Txn) AllowWrites() error {
	switch {
	case t.check() != nil:
		return t.check()
	case !t.opts.ReadOnly:
		return nil
	case t.serial != nil:
		return kv.ErrIsolation
	}
	t.opts.ReadOnly = false
	// What the history forgot since the version was taken, it knows to be unknown.
	t.store.active.add(&t.activity, t.version.seq)
	return nil
}

// Seq implements kv.Txn.
func (t *Txn) Seq() uint64 { return t.version.seq }

// HasWrites implements kv.Txn.
func (t *Txn) HasWrites() bool { return t.writes.Len() > 0 }

// Savepoint implements kv.Txn.
func (t *Txn) Savepoint() kv.Savepoint {
	t.saves = append(t.saves, save{t.writes.view(), t.locker.mark(), len(t.moves)})
	return kv.Savepoint(len(t.saves) - 1)
}

// RollbackTo implements kv.Txn.
func (t *Txn) RollbackTo(sp kv.Savepoint) error {
	if err := t.checkSavepoint(sp); err != nil {
		return err
	}
	t.frozen = nil
	if t.serial != nil {
		t.store.ssi.mu.Lock()
		defer t.store.ssi.mu.Unlock()
	}
	t.writes = t.saves[sp].writes.view()
	t.moves = t.moves[:t.saves[sp].moves:t.saves[sp].moves]
	t.store.locks.releaseSince(&t.locker, t.saves[sp].locks)
	t.lastLock = 0
	clear(t.saves[sp+1:])
	t.saves = t.saves[:sp+1]
	return nil
}

// Release implements kv.Txn.
func (t *Txn) Release(sp kv.Savepoint) error {
	if err := t.checkSavepoint(sp); err != nil {
		return err
	}
	clear(t.saves[sp:])
	t.saves = t.saves[:sp]
	if sp == 0 {
		t.locker.log, t.locker.logging, t.locker.sealed = nil, false, 0
	}
	return nil
}

func (t *Txn) checkSavepoint(sp kv.Savepoint) error {
	if err := t.check(); err != nil {
		return err
	}
	if sp < 0 || int(sp) >= len(t.saves) {
		return kv.ErrNoSavepoint
	}
	return nil
}

// Commit implements kv.Txn.
func (t *Txn) Commit(ctx context.Context) error {
	if t.done {
		return kv.ErrTxnDone
	}
	var err error
	if t.writes.Len() > 0 {
		if err = ctx.Err(); err != nil {
			err = context.Cause(ctx)
		} else {
			t.ctx = ctx
			err = t.store.commit(t)
		}
	} else if t.serial != nil {
		if err = t.store.ssi.prepare(t.serial, t.store.Seq()); err == nil {
			t.store.ssi.committed(t.serial)
		}
	}
	t.end()
	return err
}

// SetNoSync changes what Begin was told of TxnOptions.NoSync, before Commit.
func (t *Txn) SetNoSync(noSync bool) { t.opts.NoSync = noSync }

// Rollback implements kv.Txn.
func (t *Txn) Rollback() {
	if !t.done {
		t.end()
	}
}

// leave lets go of the version, which is not read any more.
func (t *Txn) leave() {
	if !t.left {
		t.left = true
		t.store.letGo(t.version)
	}
}

func (t *Txn) end() {
	t.done = true
	s := t.store
	s.active.remove(&t.activity)
	if t.locker.any() {
		s.locks.release(&t.locker)
	}
	t.leave()
	if t.serial != nil {
		s.ssi.gone(t.serial)
		t.serial = nil
	}
	t.writes, t.frozen, t.saves = Buffer{}, nil, nil
	t.spill.letGo()
	t.spill = nil
}
