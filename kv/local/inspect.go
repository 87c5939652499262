package local

import (
	"context"

	"rowkey/kv"
)

// heldLocks is a kv.Locks of a Store.
type heldLocks struct {
	store  *Store
	locker locker
}

// Locks implements kv.Store.
func (s *Store) Locks(owner uint64) kv.Locks {
	return &heldLocks{store: s, locker: locker{owner: owner}}
}

// Lock implements kv.Locks.
func (h *heldLocks) Lock(ctx context.Context, key []byte, opts kv.LockOptions) (kv.LockResult, error) {
	_, waited, err := h.store.locks.acquire(ctx, &h.locker, key, h.store.locks.hash(key), opts)
	res := kv.LockResult{Acquired: err == nil, Waited: waited}
	if err == kv.ErrLockNotAvailable && opts.Wait == kv.WaitSkip {
		err = nil
	}
	return res, err
}

// Unlock implements kv.Locks.
func (h *heldLocks) Unlock(key []byte, mode kv.LockMode) bool {
	return h.store.locks.unlock(&h.locker, h.store.locks.hash(key), mode)
}

// UnlockAll implements kv.Locks.
func (h *heldLocks) UnlockAll() { h.store.locks.release(&h.locker) }

// LockWaits implements kv.Store.
func (s *Store) LockWaits() []kv.LockWait {
	var waiters []*waiter
	s.locks.waitMu.Lock()
	for _, ws := range s.locks.waiting {
		waiters = append(waiters, ws...)
	}
	s.locks.waitMu.Unlock()
	out := s.ssi.waits()
	for _, w := range waiters {
		sh := s.locks.shard(w.hash)
		sh.mu.Lock()
		for _, still := range w.queue.waiters {
			if still == w {
				out = append(out, w.describe())
			}
		}
		sh.mu.Unlock()
	}
	return out
}

// LockHolders implements kv.Store.
func (s *Store) LockHolders(key []byte) []kv.LockHolder {
	s.locks.tell()
	hash := s.locks.hash(key)
	sh := s.locks.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if p, ok := sh.pages[pageOf(hash)]; ok && p.bits&pageBit(hash) != 0 {
		return []kv.LockHolder{{Owner: p.holder.owner, Modes: p.of(pageBit(hash))}}
	}
	slot, ok := sh.m[hash]
	switch {
	case !ok:
		return nil
	case slot.queue == nil:
		return []kv.LockHolder{{Owner: slot.holder.owner, Modes: slot.modes}}
	}
	var out []kv.LockHolder
	for _, h := range slot.queue.holders {
		out = append(out, kv.LockHolder{Owner: h.by.owner, Modes: h.modes})
	}
	return out
}
