package local

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"rowkey/kv"
)

// noted is how a transaction locks thousands of keys for nothing where nobody else holds a lock:
// it writes down which they are, and whoever comes for a lock meanwhile puts them into the table first.
//
//	TryLockAll ─▶ keys ─▶ end: forgotten
//	               │ another acquires a lock
//	               ▼
//	             pages, as if they had been locked one by one
//
// Either who comes sees the keys, or who notes them sees that someone has come: holders is counted
// before keys is read, keys is set before holders is read.
type noted struct {
	mu      sync.Mutex // held by who sets keys
	keys    atomic.Pointer[notedKeys]
	holders atomic.Int64 // lockers with locks in the table, or about to have some

	// skip is how many more times keys are not noted, since they were to be put into the table by others
	// the last times: who waits for them should not do the work. Under mu.
	skip, backoff int
}

// notedKeys are what one locker has locked and the table does not have.
type notedKeys struct {
	by   *locker
	keys [][]byte
	mode kv.LockMode
}

// tryAll locks keys for a locker that has no locks yet, at once or not at all. They stay as they are until
// it lets go of them.
func (t *lockTable) tryAll(l *locker, keys [][]byte, mode kv.LockMode) bool {
	n := &t.noted
	if l.present || l.noting || l.logging || n.holders.Load() != 0 {
		return false
	}
	if l.owner == 0 {
		l.owner = t.nextOwner.Add(1) | soloOwner
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.keys.Load() != nil {
		return false
	}
	if n.skip > 0 {
		n.skip--
		return false
	}
	n.keys.Store(&notedKeys{l, keys, mode})
	if n.holders.Load() != 0 {
		n.keys.Store(nil)
		return false
	}
	l.noting = true
	return true
}

// tell puts the keys that are noted into the table.
func (t *lockTable) tell() {
	n := &t.noted
	if n.keys.Load() == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.keys.Load()
	if k == nil {
		return
	}
	n.backoff = min(2*n.backoff+1, 63)
	n.skip = n.backoff
	l := k.by
	l.present = true
	n.holders.Add(1)
	for _, key := range k.keys {
		if _, _, err := t.acquireUnlogged(context.Background(), l, key, t.hash(key), kv.LockOptions{Mode: k.mode, Wait: kv.WaitNot}); err != nil {
			panic(fmt.Sprintf("a lock that was noted is another's: %v", err))
		}
	}
	n.keys.Store(nil)
}

// settled puts what l has noted into the table, if it has not been, so that l can be read by its own goroutine.
func (t *lockTable) settled(l *locker) {
	if !l.noting {
		return
	}
	t.tell() // or wait for who does
	l.noting = false
}

// forgetNoted ends noting: true if nobody has put the keys into the table.
func (t *lockTable) forgetNoted(l *locker) bool {
	n := &t.noted
	n.mu.Lock()
	defer n.mu.Unlock()
	l.noting = false
	if k := n.keys.Load(); k == nil || k.by != l {
		return false
	}
	n.keys.Store(nil)
	n.backoff /= 2
	return true
}

// enter counts a locker among the holders, and lets it see all locks.
func (t *lockTable) enter(l *locker) {
	t.settled(l)
	if !l.present {
		l.present = true
		t.noted.holders.Add(1)
	}
	t.tell()
}

// leave is called when a locker may have no locks any more.
func (t *lockTable) leave(l *locker) {
	if l.present && len(l.pages)+len(l.held) == 0 {
		l.present = false
		t.noted.holders.Add(-1)
	}
}
