package local

// The wait-for graph has owners as nodes; an owner waits for the holders that
// conflict with its request and for the conflicting requests ahead of it. The graph
// is not kept: a waiter who has waited a little looks along its edges, with
// the whole lock table held still, whether they lead back to itself.
//
// A cycle is closed by an owner beginning to wait, and that waiter looks later than
// the closing; so each cycle is found within deadlockFirstLook of being closed.

// deadlocked reports whether w waits for itself, and if so takes it out of its queue.
func (t *lockTable) deadlocked(w *waiter) bool {
	for i := range t.shards {
		t.shards[i].mu.Lock()
	}
	defer func() {
		for i := range t.shards {
			t.shards[i].mu.Unlock()
		}
	}()
	if !t.reaches(w, w.by.owner, make(map[*waiter]bool)) {
		return false
	}
	return t.abandonLocked(t.shard(w.hash), w)
}

// reaches reports whether the edges from w lead to owner.
func (t *lockTable) reaches(w *waiter, owner uint64, seen map[*waiter]bool) bool {
	seen[w] = true
	follow := func(blocker uint64) bool {
		if blocker == owner {
			return true
		}
		t.waitMu.Lock()
		next := append([]*waiter(nil), t.waiting[blocker]...)
		t.waitMu.Unlock()
		for _, n := range next {
			if !seen[n] && t.reaches(n, owner, seen) {
				return true
			}
		}
		return false
	}
	conflicts := w.mode.Conflicts()
	for _, h := range w.queue.holders {
		if h.modes&conflicts != 0 && h.by.owner != w.by.owner && follow(h.by.owner) {
			return true
		}
	}
	for _, a := range w.queue.waiters {
		if a == w {
			break
		}
		if conflicts&(1<<a.mode) != 0 && a.by.owner != w.by.owner && (a.holds || !w.holds) && follow(a.by.owner) {
			return true
		}
	}
	return false
}
