package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
)

// Locks that sessions take by name, and what is shown of all locks. What SQL
// functions ask for is the interfaces of package builtin: AdvisoryLocker, Signaller.

var (
	_ builtin.AdvisoryLocker = (*host)(nil)
	_ builtin.Signaller      = (*host)(nil)
	_ builtin.Notifier       = (*host)(nil)
)

// advisory is what a session holds of one advisory lock beyond its transaction.
type advisory struct {
	exclusive, shared int
}

// advisoryMode is the lock mode of an advisory lock: two that exclude as shared
// and exclusive locks do.
func advisoryMode(shared bool) kv.LockMode {
	if shared {
		return kv.LockTableShare
	}
	return kv.LockTableExclusive
}

// tableLockKey is the name of the lock of a table of the session's database.
func (s *Session) tableLockKey(table catalog.OID) []byte {
	return catalog.TableLockKey(s.cat.Database(), table)
}

func (s *Session) advisoryLockKey(key builtin.AdvisoryKey) []byte {
	return catalog.AdvisoryLockKey(s.cat.Database(), key.Pair, key.Key)
}

// AdvisoryLock implements builtin.AdvisoryLocker.
func (h *host) AdvisoryLock(ctx context.Context, key builtin.AdvisoryKey, shared, xact, try bool) (bool, error) {
	s := h.s()
	o := s.lockOpts(advisoryMode(shared))
	if try {
		o.Wait = kv.WaitSkip
	}
	if ctx == nil {
		ctx = s.ctx
	}
	if xact {
		name := s.advisoryLockKey(key)
		res, err := s.tx.kv.Lock(ctx, name, o)
		if err == nil && res.Acquired {
			s.noteAdvisory(key)
		}
		return res.Acquired, mapKV(err)
	}
	if s.locks == nil {
		s.locks = s.db.store.Locks(s.owner())
	}
	res, err := s.locks.Lock(ctx, s.advisoryLockKey(key), o)
	if err != nil || !res.Acquired {
		return false, mapKV(err)
	}
	s.noteAdvisory(key)
	s.infoMu.Lock()
	defer s.infoMu.Unlock()
	a := s.advisory[key]
	if shared {
		a.shared++
	} else {
		a.exclusive++
	}
	s.advisory[key] = a
	return true, nil
}

// noteAdvisory remembers a key so that pg_locks can look at its lock.
func (s *Session) noteAdvisory(key builtin.AdvisoryKey) {
	s.infoMu.Lock()
	defer s.infoMu.Unlock()
	if s.advisory == nil {
		s.advisory = map[builtin.AdvisoryKey]advisory{}
	}
	if _, ok := s.advisory[key]; !ok {
		s.advisory[key] = advisory{}
	}
}

// forgetAdvisory forgets, at the end of a transaction, the keys that only it had.
func (s *Session) forgetAdvisory() {
	if s.advisory == nil {
		return
	}
	s.infoMu.Lock()
	for k, a := range s.advisory {
		if a == (advisory{}) {
			delete(s.advisory, k)
		}
	}
	s.infoMu.Unlock()
}

// AdvisoryUnlock implements builtin.AdvisoryLocker.
func (h *host) AdvisoryUnlock(key builtin.AdvisoryKey, shared bool) (bool, error) {
	s := h.s()
	s.infoMu.Lock()
	a, n := s.advisory[key], 0
	if shared {
		n = a.shared
		a.shared--
	} else {
		n = a.exclusive
		a.exclusive--
	}
	if n > 0 {
		s.advisory[key] = a
	}
	s.infoMu.Unlock()
	mode := advisoryMode(shared)
	switch {
	case n == 0:
		s.warn(pgerr.Warning, "you don't own a lock of type "+mode.String())
		return false, nil
	case n == 1:
		s.locks.Unlock(s.advisoryLockKey(key), mode)
	}
	return true, nil
}

// AdvisoryUnlockAll implements builtin.AdvisoryLocker.
func (h *host) AdvisoryUnlockAll() error {
	h.s().unlockAll()
	return nil
}

func (s *Session) unlockAll() {
	if s.locks == nil {
		return
	}
	s.locks.UnlockAll()
	s.infoMu.Lock()
	for k := range s.advisory {
		s.advisory[k] = advisory{}
	}
	s.infoMu.Unlock()
	if s.tx == nil {
		s.forgetAdvisory()
	}
}

// owner is the session as the store's locks know it.
func (s *Session) owner() uint64 { return uint64(uint32(s.pid)) }

// other finds the session of a process id, with a warning if there is none.
func (h *host) other(pid int32) *Session {
	h.db.mu.Lock()
	s := h.db.sessions[pid]
	h.db.mu.Unlock()
	if s == nil {
		h.s().warn(pgerr.Warning, fmt.Sprintf("PID %d is not a PostgreSQL server process", pid))
	}
	return s
}

// CancelBackend implements builtin.Signaller.
func (h *host) CancelBackend(pid int32) (bool, error) {
	s := h.other(pid)
	if s == nil {
		return false, nil
	}
	if err := h.maySignal(s, "cancel", "query is being canceled", "query"); err != nil {
		return false, err
	}
	s.Cancel()
	return true, nil
}

// TerminateBackend implements builtin.Signaller.
func (h *host) TerminateBackend(pid int32) (bool, error) {
	s := h.other(pid)
	if s == nil {
		return false, nil
	}
	if err := h.maySignal(s, "terminate", "process is being terminated", "process"); err != nil {
		return false, err
	}
	s.Terminate()
	return true, nil
}

// SafeSnapshotBlockers tells whom a session waits for to begin READ ONLY DEFERRABLE.
func (h *host) SafeSnapshotBlockers(pid int32) []int32 { return h.waitsFor(pid, true) }

// BlockingPIDs tells whom a session waits for, for pg_blocking_pids.
func (h *host) BlockingPIDs(pid int32) []int32 { return h.waitsFor(pid, false) }

func (h *host) waitsFor(pid int32, snapshot bool) []int32 {
	var out []int32
	add := func(owners []uint64) {
		for _, o := range owners {
			if p := int32(uint32(o)); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	for _, o := range h.db.Sessions() {
		if users := o.awaits.Load(); o.pid == pid && users != nil && !snapshot {
			for _, u := range *users {
				if !u.ended() {
					out = append(out, u.s.pid)
				}
			}
		}
	}
	for _, w := range h.db.store.LockWaits() {
		if w.Owner == uint64(uint32(pid)) && w.Snapshot == snapshot {
			add(w.Hard)
			add(w.Soft)
		}
	}
	return out
}

// Locks lists the locks of tables and advisory locks, and all waits, for pg_locks.
// Locks of rows that nobody waits for are not shown, as with PostgreSQL, where they are
// in the rows.
func (h *host) Locks() []catalog.LockInfo {
	var out []catalog.LockInfo
	snap := h.s().snapshot()
	held := func(name catalog.LockName, key []byte) {
		for _, x := range h.db.store.LockHolders(key) {
			for m := kv.LockMode(0); m < kv.NumLockModes; m++ {
				if x.Modes&(1<<m) != 0 {
					out = append(out, catalog.LockInfo{LockName: name, PID: int32(uint32(x.Owner)), Mode: m, Granted: true})
				}
			}
		}
	}
	byStorage := map[uint32]catalog.OID{}
	for _, t := range snap.Tables() {
		if t.Virtual != nil {
			continue
		}
		byStorage[t.Storage] = t.OID
		key := h.s().tableLockKey(t.OID)
		held(catalog.ParseLockKey(key), key)
	}
	seen := map[string]bool{}
	for _, s := range h.db.Sessions() {
		s.infoMu.Lock()
		for k := range s.advisory {
			seen[string(s.advisoryLockKey(k))] = true
		}
		s.infoMu.Unlock()
	}
	for k := range seen {
		key := []byte(k)
		held(catalog.ParseLockKey(key), key)
	}
	for _, w := range h.db.store.LockWaits() {
		if w.Snapshot {
			continue
		}
		name := catalog.ParseLockKey(w.Key)
		if name.Kind == "tuple" {
			name.Relation = byStorage[name.Storage]
			name.Database = h.db.databaseOf(func(snap *catalog.Snapshot) bool { return snap.TableByStorage(name.Storage) != nil })
		}
		out = append(out, catalog.LockInfo{LockName: name, PID: int32(uint32(w.Owner)), Mode: w.Mode, Since: w.Since.UnixMicro() - postgresEpoch})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].PID < out[j].PID })
	return out
}

// waitEvents tells, by owner, what those who wait for a lock wait for.
func (db *DB) waitEvents() map[uint64]string {
	out := map[uint64]string{}
	for _, w := range db.store.LockWaits() {
		if w.Snapshot {
			out[w.Owner] = "SafeSnapshot"
			continue
		}
		out[w.Owner] = catalog.ParseLockKey(w.Key).Kind
	}
	return out
}

// lockSequence keeps a sequence's definition still while the transaction takes numbers
// from it, and gives the definition as of then.
func (s *Session) lockSequence(seq *catalog.Sequence) (*catalog.Sequence, error) {
	t := s.tx
	if t == nil {
		return seq, nil
	}
	if newer, ok := t.drawn[seq.OID]; ok {
		if newer != nil && t.change == nil {
			seq = newer
		}
		return seq, nil
	}
	ctx := s.fctx.Context
	if ctx == nil {
		ctx = s.ctx
	}
	res, err := t.kv.Lock(ctx, s.tableLockKey(seq.OID), s.lockOpts(kv.LockTableRowExclusive))
	if err != nil {
		return nil, mapKV(err)
	}
	var newer *catalog.Sequence
	if res.Waited {
		if newer = s.cat.Newest().Sequence(seq.OID); newer == nil {
			return nil, pgerr.Newf(pgerr.UndefinedTable, "could not open relation with OID %d", seq.OID)
		}
		seq = newer
	}
	if t.drawn == nil {
		t.drawn = map[catalog.OID]*catalog.Sequence{}
	}
	t.drawn[seq.OID] = newer
	return seq, nil
}

// newestCatalog gives the catalog as of the newest commits.
func (s *Session) newestCatalog() (*catalog.Snapshot, error) {
	newest := s.db.store.Snapshot()
	defer newest.Close()
	now, err := s.cat.At(newest, newest.Seq())
	return now, mapKV(err)
}

// checkDefinition refuses to write a table, locked against changes of its definition,
// that was changed after the transaction's snapshot, by which the statement was
// planned: it would miss new indexes and constraints. READ COMMITTED statements are
// planned anew. (PostgreSQL goes by the newest definitions at every level; here a
// snapshot holds definitions and rows that go together.)
func (s *Session) checkDefinition(t *catalog.Table) error {
	if s.tx.level == kv.ReadCommitted {
		return nil
	}
	return s.sameDefinition(t)
}

// sameDefinition refuses a table whose definition, or that of one that refers to it, is not
// that of the snapshot any more.
func (s *Session) sameDefinition(t *catalog.Table) error {
	if t.Virtual != nil || s.tx.base == nil {
		return nil
	}
	now, err := s.newestCatalog()
	if err != nil {
		return err
	}
	if now.Version == s.tx.base.Version {
		return nil
	}
	seen := map[catalog.OID]bool{}
	var same func(oid catalog.OID) bool
	same = func(oid catalog.OID) bool {
		if seen[oid] {
			return true
		}
		seen[oid] = true
		was, is := s.tx.base.Table(oid), now.Table(oid)
		if was == nil || is == nil {
			return was == is
		}
		if is.Detaching && !was.Detaching && len(is.Checks) == len(was.Checks)+1 {
			// DETACH CONCURRENTLY, which will wait for this transaction, has added
			// no more than a CHECK that says what the bounds say.
			cp := *is
			cp.Detaching, cp.Checks = false, is.Checks[:len(was.Checks)]
			is = &cp
		}
		a, err := json.Marshal(was)
		b, err2 := json.Marshal(is)
		if err != nil || err2 != nil || string(a) != string(b) {
			return false
		}
		before, after := s.tx.base.ReferredBy(oid), now.ReferredBy(oid)
		if len(before) != len(after) {
			return false
		}
		for _, r := range after { // foreign keys may act on these
			if !same(r.OID) || !slices.EqualFunc(s.tx.base.Tree(r), now.Tree(r), func(a, b *catalog.Table) bool { return a.OID == b.OID }) {
				return false
			}
		}
		return true
	}
	if same(t.OID) {
		return nil
	}
	return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent update").
		WithDetail("The definition of table %q was changed after the transaction's snapshot was taken.", t.Name)
}
