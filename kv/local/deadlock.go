package local

import (
	"slices"

	"rowkey/kv"
)

// The wait-for graph has owners as nodes; an owner waits for the holders that
// conflict with its request (hard edges) and for the conflicting requests ahead of it
// (soft edges). The graph is not kept: a waiter who has waited a little looks along its
// edges, with the whole lock table held still, whether they lead back to itself.
//
// A cycle is closed by an owner beginning to wait, and that waiter looks later than
// the closing; so each cycle is found, at the latest, when who closed it looks.
//
// A cycle with a soft edge need not be an error: the request at that edge can be
// moved ahead of the one it waits behind, as PostgreSQL does (src/backend/storage/lmgr,
// README, "The Deadlock Detection Algorithm").

// edge is a step along the graph: waiter waits for an owner, which holds the lock or
// (ahead) asked before.
type edge struct {
	from  *waiter
	to    uint64
	ahead *waiter
}

// deadlocked looks whether w waits for itself. If reordering queues does not end
// that, w is taken out of its queue and the cycle returned as an error.
func (t *lockTable) deadlocked(w *waiter) error {
	for i := range t.shards {
		t.shards[i].mu.Lock()
	}
	defer func() {
		for i := range t.shards {
			t.shards[i].mu.Unlock()
		}
	}()
	if !slices.Contains(w.queue.waiters, w) {
		return nil // granted meanwhile
	}
	type swap struct {
		queue *lockQueue
		was   []*waiter
	}
	var swaps []swap
	var cycle []edge
	for range 16 {
		cycle = t.cycle(w, w.by.owner, map[*waiter]bool{}, nil)
		soft := len(cycle) - 1 // the last one first: w itself waits on, if another can go
		for soft >= 0 && cycle[soft].ahead == nil {
			soft--
		}
		if cycle == nil || soft < 0 {
			break
		}
		e := cycle[soft]
		q := e.from.queue
		swaps = append(swaps, swap{q, slices.Clone(q.waiters)})
		q.waiters = slices.DeleteFunc(q.waiters, func(x *waiter) bool { return x == e.from })
		q.waiters = slices.Insert(q.waiters, slices.Index(q.waiters, e.ahead), e.from)
	}
	if cycle == nil {
		for _, s := range swaps {
			if hash := s.was[0].hash; t.shard(hash).m[hash].queue == s.queue {
				t.settle(t.shard(hash), hash, s.queue)
			}
		}
		return nil
	}
	for _, s := range slices.Backward(swaps) {
		s.queue.waiters = s.was
	}
	t.abandonLocked(t.shard(w.hash), w)
	err := &kv.DeadlockError{}
	for _, e := range cycle {
		err.Cycle = append(err.Cycle, e.from.describe())
	}
	return err
}

// cycle gives the edges from w back to owner, nil if they do not lead there.
func (t *lockTable) cycle(w *waiter, owner uint64, seen map[*waiter]bool, path []edge) []edge {
	seen[w] = true
	follow := func(e edge) []edge {
		path := append(path, e)
		if e.to == owner {
			return path
		}
		t.waitMu.Lock()
		next := slices.Clone(t.waiting[e.to])
		t.waitMu.Unlock()
		for _, n := range next {
			if !seen[n] {
				if found := t.cycle(n, owner, seen, path); found != nil {
					return found
				}
			}
		}
		return nil
	}
	conflicts := w.mode.Conflicts()
	for _, h := range w.queue.holders {
		if h.modes&conflicts != 0 && h.by.owner != w.by.owner {
			if found := follow(edge{w, h.by.owner, nil}); found != nil {
				return found
			}
		}
	}
	for _, a := range w.queue.waiters {
		if a == w {
			break
		}
		if w.behind(a) {
			if found := follow(edge{w, a.by.owner, a}); found != nil {
				return found
			}
		}
	}
	return nil
}

// behind reports whether w has to wait for a, which is ahead of it.
func (w *waiter) behind(a *waiter) bool {
	return w.mode.Conflicts()&(1<<a.mode) != 0 && a.by.owner != w.by.owner && (a.holds || !w.holds)
}

// describe is the wait as others see it. The shard is locked.
func (w *waiter) describe() kv.LockWait {
	d := kv.LockWait{Key: w.key, Mode: w.mode, Owner: w.by.owner, Since: w.since}
	for _, h := range w.queue.holders {
		if h.modes&w.mode.Conflicts() != 0 && h.by.owner != w.by.owner {
			d.Hard = append(d.Hard, h.by.owner)
		}
	}
	for _, a := range w.queue.waiters {
		if a == w {
			break
		}
		if w.behind(a) {
			d.Soft = append(d.Soft, a.by.owner)
		}
	}
	return d
}
