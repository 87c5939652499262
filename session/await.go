package session

import (
	"context"
	"slices"
	"time"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/pgerr"
)

// Waiting for transactions, not for a lock: what is done CONCURRENTLY lets others
// begin to use a table meanwhile, but must know that those who used it when it looked
// have ended. They are seen by the locks they hold on the table.

// awaited is a transaction that is waited for.
type awaited struct {
	s     *Session
	since int64 // when it began; 0: it is being committed
	table catalog.OID
}

// ended tells that it has, or has failed and let go of what it held. One that is being
// committed is in no transaction any more, and holds its locks until others see its rows.
func (u awaited) ended() bool {
	now := u.s.txStart.Load()
	return now != 0 && now != u.since || !slices.ContainsFunc(u.s.db.store.LockHolders(u.s.tableLockKey(u.table)),
		func(h kv.LockHolder) bool { return h.Owner == u.s.owner() })
}

// awaitUsers waits until all transactions have ended that hold locks on a table now
// which conflict with mode.
func (s *Session) awaitUsers(ctx context.Context, table catalog.OID, mode kv.LockMode) error {
	users := s.users(table, mode)
	if len(users) == 0 {
		return nil
	}
	defer s.awaits.Store(nil)
	begun, looked := time.Now(), time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		users = slices.DeleteFunc(slices.Clone(users), awaited.ended)
		if len(users) == 0 {
			return nil
		}
		shown := users // others read it while users changes
		s.awaits.Store(&shown)
		if limit := s.lockTimeout(); limit > 0 && time.Since(begun) > limit {
			return mapKV(kv.ErrLockTimeout)
		}
		if time.Since(looked) > max(s.set.deadlockTimeout, 10*time.Millisecond) {
			looked = time.Now()
			if s.awaitsItself() {
				return pgerr.New(pgerr.DeadlockDetected, "deadlock detected").WithHint("See server log for query details.")
			}
		}
		select {
		case <-ctx.Done():
			return mapKV(context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// users are the other sessions' transactions whose locks on a table conflict with mode.
func (s *Session) users(table catalog.OID, mode kv.LockMode) []awaited {
	var out []awaited
	for _, h := range s.db.store.LockHolders(s.tableLockKey(table)) {
		if h.Owner == s.owner() || h.Modes&mode.Conflicts() == 0 {
			continue
		}
		for _, o := range s.db.Sessions() {
			if o.owner() == h.Owner {
				out = append(out, awaited{o, o.txStart.Load(), table})
			}
		}
	}
	return out
}

// awaitsItself tells whether one of those that the session waits for waits for it,
// perhaps by way of others.
func (s *Session) awaitsItself() bool {
	h := (*host)(s)
	pids := h.BlockingPIDs(s.pid)
	seen := map[int32]bool{}
	for len(pids) > 0 {
		p := pids[0]
		pids = pids[1:]
		if p == s.pid {
			return true
		}
		if !seen[p] {
			seen[p] = true
			pids = append(pids, h.BlockingPIDs(p)...)
		}
	}
	return false
}
