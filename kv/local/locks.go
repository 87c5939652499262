package local

import (
	"bytes"
	"context"
	"hash/maphash"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/kv"
)

// lockTable holds the locks of all transactions.
//
// A key is known by a 64-bit number: 58 bits of a hash, under a secret seed, of all
// but the last six bits of the key, and these as they are. Two keys of one number share
// a lock, which costs nothing but an unneeded wait, about never.
//
//	pages  58 bits → one transaction, one set of modes, 64 bits: which keys
//	m      64 bits → one transaction and its modes, or holders and waiters
//
// So what a transaction locks without competition is a bit in a page, and a load of a
// million rows with keys in a row some ten thousand pages. What does not fit, a
// second holder, a second mode, a waiter, moves that key's lock to m: it is spilled.
// A key's lock is in one of both.
//
// Waiting is first come, first served: a request waits for conflicting holders and
// for conflicting requests before it, except that who holds the lock in some mode
// already goes ahead of those who have to wait for that. Requests for rows pass those
// who wait if no holder conflicts: a row's sharers are as a rule gone soon, and FOR
// SHARE beside FOR SHARE should not wait (heap_lock_tuple in PostgreSQL likewise).
type lockTable struct {
	seed      maphash.Seed
	shards    [lockShards]lockShard
	nextOwner atomic.Uint64

	waitMu  sync.Mutex
	waiting map[uint64][]*waiter // by owner, for the deadlock search

	noted noted

	closed atomic.Bool

	waits, deadlocks atomic.Int64
}

const lockShards = 64

type lockShard struct {
	mu    sync.Mutex
	pages map[uint64]lockPage // by pageOf
	m     map[uint64]lockSlot
	_     [32]byte // to a cache line
}

// lockPage is the locks of neighbouring keys that one transaction holds in the same
// modes, some of them, more, in one mode besides: rows that were locked and then
// changed. It stays, if only for spilled, until that lets go of it.
type lockPage struct {
	holder  *locker
	bits    uint64
	more    uint64 // of bits
	modes   uint16 // bits 1<<mode
	besides uint16 // of more
	spilled bool   // the holder has locks of this page in m
}

// of is the modes of one key, 0 if it is not held.
func (p *lockPage) of(bit uint64) uint16 {
	switch {
	case p.bits&bit == 0:
		return 0
	case p.more&bit != 0:
		return p.modes | p.besides
	}
	return p.modes
}

const pageBits = 6

func pageOf(hash uint64) uint64 { return hash &^ (1<<pageBits - 1) }

func pageBit(hash uint64) uint64 { return 1 << (hash & (1<<pageBits - 1)) }

// lockSlot is a lock: of one holder, or with more behind it.
type lockSlot struct {
	holder *locker
	modes  uint16 // bits 1<<mode
	queue  *lockQueue
}

// lockQueue is a lock of several holders, or that is waited for.
type lockQueue struct {
	holders []lockHolder
	waiters []*waiter
}

type lockHolder struct {
	by    *locker
	modes uint16
}

type waiter struct {
	by     *locker
	hash   uint64
	key    []byte
	since  time.Time
	mode   kv.LockMode
	holds  bool // in another mode: goes ahead
	queue  *lockQueue
	result chan error // one is sent; capacity one
}

// locker is a transaction as the lock table knows it.
type locker struct {
	owner uint64
	pages []uint64
	few   [4]uint64 // memory of pages, for a start
	held  []uint64  // hashes, of locks that were in m when they were taken
	// present: counted among the holders. noting: what it has locked is noted, or was, and then all
	// but this is another's to write until settled.
	present, noting bool
	// log is what was locked since the first savepoint that still stands, in order:
	// what rolling back to one gives up.
	log     []logged
	logging bool
	sealed  int // how many of log are from before the last savepoint
}

// logged is locks of neighbouring keys in one mode: millions of them, one after another, are to
// take no more room than in the table.
type logged struct {
	page, bits uint64
	mode       kv.LockMode
}

// took notes a lock, if there is a savepoint.
func (l *locker) took(hash uint64, mode kv.LockMode) {
	if !l.logging {
		return
	}
	if n := len(l.log); n > l.sealed {
		if last := &l.log[n-1]; last.page == pageOf(hash) && last.mode == mode {
			last.bits |= pageBit(hash)
			return
		}
	}
	l.log = append(l.log, logged{pageOf(hash), pageBit(hash), mode})
}

// mark gives the length of the log, to which releaseSince may go back.
func (l *locker) mark() int {
	l.logging, l.sealed = true, len(l.log)
	return l.sealed
}

// size is about what releasing costs.
func (l *locker) size() int {
	if l.noting {
		return 0
	}
	return len(l.pages) + len(l.held)
}

// any tells whether there is something to release.
func (l *locker) any() bool { return l.noting || l.present }

func (t *lockTable) init() {
	t.seed = maphash.MakeSeed()
	t.waiting = make(map[uint64][]*waiter)
	for i := range t.shards {
		t.shards[i].pages = make(map[uint64]lockPage)
		t.shards[i].m = make(map[uint64]lockSlot)
	}
}

func (t *lockTable) hash(key []byte) uint64 {
	n := len(key) - 1
	if n < 0 {
		return 0
	}
	last := uint64(key[n])
	h := maphash.Bytes(t.seed, key[:n]) ^ (last>>pageBits)*0x9e3779b97f4a7c15
	return h<<pageBits | last&(1<<pageBits-1)
}

func (t *lockTable) shard(hash uint64) *lockShard {
	return &t.shards[hash>>pageBits%lockShards]
}

// take is acquire where the lock is nobody's, or this transaction's as the page has it.
// If it is neither, the lock is in m when take returns, or may be put there.
func (sh *lockShard) take(l *locker, hash uint64, mode kv.LockMode) (fresh, done bool) {
	page, bit := pageOf(hash), pageBit(hash)
	p, ok := sh.pages[page]
	switch {
	case !ok:
		if _, ok := sh.m[hash]; ok {
			return false, false
		}
		sh.pages[page] = lockPage{holder: l, bits: bit, modes: 1 << mode}
		switch {
		case l.pages == nil:
			l.pages = l.few[:0]
		case len(l.pages) == len(l.few):
			l.pages = slices.Grow(l.pages, 3*len(l.few))
		}
		l.pages = append(l.pages, page)
		return true, true
	case p.bits&bit != 0:
		if p.holder == l {
			if p.of(bit)&mode.Covers() != 0 {
				return false, true
			}
			if p.more&bit == 0 && (p.more == 0 || p.besides == 1<<mode) {
				p.more |= bit
				p.besides = 1 << mode
				sh.pages[page] = p
				return true, true
			}
		}
		sh.spill(hash, p)
	case p.holder == l && p.modes == 1<<mode:
		if len(sh.m) > 0 {
			if _, ok := sh.m[hash]; ok {
				return false, false
			}
		}
		p.bits |= bit
		sh.pages[page] = p
		return true, true
	}
	return false, false
}

// spill moves the lock of one key of page p to m.
func (sh *lockShard) spill(hash uint64, p lockPage) {
	bit := pageBit(hash)
	sh.m[hash] = lockSlot{holder: p.holder, modes: p.of(bit)}
	p.bits &^= bit
	p.more &^= bit
	p.spilled = true
	sh.pages[pageOf(hash)] = p
}

// soloOwner marks owners that the table made up.
const soloOwner = 1 << 63

// acquire gets the lock or says why not. fresh: it was not held strongly enough before.
func (t *lockTable) acquire(ctx context.Context, l *locker, key []byte, hash uint64, opts kv.LockOptions) (fresh, waited bool, err error) {
	t.enter(l)
	fresh, waited, err = t.acquireUnlogged(ctx, l, key, hash, opts)
	if err != nil {
		t.leave(l)
	}
	if fresh {
		l.took(hash, opts.Mode)
	}
	return fresh, waited, err
}

func (t *lockTable) acquireUnlogged(ctx context.Context, l *locker, key []byte, hash uint64, opts kv.LockOptions) (fresh, waited bool, err error) {
	if l.owner == 0 {
		l.owner = t.nextOwner.Add(1) | soloOwner
	}
	sh := t.shard(hash)
	sh.mu.Lock()
	if fresh, done := sh.take(l, hash, opts.Mode); done {
		sh.mu.Unlock()
		return fresh, false, nil
	}
	s, ok := sh.m[hash]
	if !ok {
		sh.m[hash] = lockSlot{holder: l, modes: 1 << opts.Mode}
		sh.mu.Unlock()
		l.held = append(l.held, hash)
		return true, false, nil
	}
	if s.queue == nil {
		if s.holder == l {
			fresh = s.modes&opts.Mode.Covers() == 0
			if fresh {
				s.modes |= 1 << opts.Mode
				sh.m[hash] = s
			}
			sh.mu.Unlock()
			return fresh, false, nil
		}
		s = lockSlot{queue: &lockQueue{holders: []lockHolder{{s.holder, s.modes}}}}
		sh.m[hash] = s
	}
	q := s.queue
	at := q.find(l)
	if at >= 0 && q.holders[at].modes&opts.Mode.Covers() != 0 {
		sh.mu.Unlock()
		return false, false, nil
	}
	ahead := len(q.waiters)
	if opts.Mode.Row() {
		ahead = 0
	}
	if q.grantable(l, opts.Mode, at >= 0, ahead) {
		q.grant(l, opts.Mode, hash)
		sh.mu.Unlock()
		return true, false, nil
	}
	if opts.Wait != kv.Wait {
		sh.mu.Unlock()
		return false, false, kv.ErrLockNotAvailable
	}
	if t.closed.Load() {
		sh.mu.Unlock()
		return false, false, kv.ErrClosed
	}
	if err := q.hopeless(at, l.owner, opts.Mode); err != nil {
		sh.mu.Unlock()
		t.deadlocks.Add(1)
		return false, false, err
	}
	w := &waiter{by: l, hash: hash, key: bytes.Clone(key), since: time.Now(), mode: opts.Mode, holds: at >= 0, queue: q, result: make(chan error, 1)}
	q.enqueue(w)
	t.waitMu.Lock()
	t.waiting[l.owner] = append(t.waiting[l.owner], w)
	t.waitMu.Unlock()
	sh.mu.Unlock()
	t.waits.Add(1)
	err = t.wait(ctx, w, opts)
	return err == nil, true, err
}

// How long a waiter waits before it looks for a deadlock, if it was not told, and at
// least before it looks again: a cycle that closed after the first look is found by who
// closed it, unless that one waits longer before looking.
const (
	deadlockFirstLook = 5 * time.Millisecond
	deadlockLookAgain = 500 * time.Millisecond
)

func (t *lockTable) wait(ctx context.Context, w *waiter, opts kv.LockOptions) error {
	first := opts.DeadlockTimeout
	if first <= 0 {
		first = deadlockFirstLook
	}
	look := time.NewTimer(first)
	defer look.Stop()
	var expired <-chan time.Time
	if opts.Timeout > 0 {
		timer := time.NewTimer(opts.Timeout)
		defer timer.Stop()
		expired = timer.C
	}
	for {
		var err error
		select {
		case err = <-w.result:
			return err
		case <-look.C:
			if err := t.deadlocked(w); err != nil {
				t.deadlocks.Add(1)
				return err
			}
			look.Reset(max(first, deadlockLookAgain))
			continue
		case <-expired:
			err = kv.ErrLockTimeout
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if t.abandon(w) {
			return err
		}
		return <-w.result // granted just before
	}
}

// abandon takes a waiter out of its queue, unless it is not there any more.
func (t *lockTable) abandon(w *waiter) bool {
	sh := t.shard(w.hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return t.abandonLocked(sh, w)
}

func (t *lockTable) abandonLocked(sh *lockShard, w *waiter) bool {
	i := slices.Index(w.queue.waiters, w)
	if i < 0 {
		return false
	}
	w.queue.waiters = slices.Delete(w.queue.waiters, i, i+1)
	t.forget(w)
	t.settle(sh, w.hash, w.queue)
	return true
}

// forget takes w out of the set of waiters by owner.
func (t *lockTable) forget(w *waiter) {
	t.waitMu.Lock()
	ws := t.waiting[w.by.owner]
	if i := slices.Index(ws, w); i >= 0 {
		ws = slices.Delete(ws, i, i+1)
	}
	if len(ws) == 0 {
		delete(t.waiting, w.by.owner)
	} else {
		t.waiting[w.by.owner] = ws
	}
	t.waitMu.Unlock()
}

// close ends all waits, now and later.
func (t *lockTable) close() {
	t.closed.Store(true)
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for _, s := range sh.m {
			if s.queue == nil {
				continue
			}
			for _, w := range s.queue.waiters {
				t.forget(w)
				w.result <- kv.ErrClosed
			}
			s.queue.waiters = nil
		}
		sh.mu.Unlock()
	}
}

// find is the index of l among the holders, or -1.
func (q *lockQueue) find(l *locker) int {
	for i := range q.holders {
		if q.holders[i].by == l {
			return i
		}
	}
	return -1
}

// grantable reports whether l may have mode beside the holders and the first
// ahead waiters.
func (q *lockQueue) grantable(l *locker, mode kv.LockMode, holds bool, ahead int) bool {
	conflicts := mode.Conflicts()
	for _, h := range q.holders {
		if h.modes&conflicts != 0 && h.by.owner != l.owner {
			return false
		}
	}
	for _, w := range q.waiters[:ahead] {
		if conflicts&(1<<w.mode) != 0 && w.by.owner != l.owner && (w.holds || !holds) {
			return false
		}
	}
	return true
}

// grant makes l a holder. Only l's goroutine, or one that l waits for, may call it.
func (q *lockQueue) grant(l *locker, mode kv.LockMode, hash uint64) {
	if i := q.find(l); i >= 0 {
		q.holders[i].modes |= 1 << mode
		return
	}
	q.holders = append(q.holders, lockHolder{l, 1 << mode})
	l.held = append(l.held, hash)
}

// enqueue puts w last, or, if it is a holder, after the holders that wait and before
// the first of the others that waits for it.
func (q *lockQueue) enqueue(w *waiter) {
	at := len(q.waiters)
	if w.holds {
		has := q.holders[q.find(w.by)].modes
		for at = 0; at < len(q.waiters); at++ {
			if o := q.waiters[at]; !o.holds && o.mode.Conflicts()&has != 0 {
				break
			}
		}
	}
	q.waiters = slices.Insert(q.waiters, at, w)
}

// hopeless tells a request of holder number at that would wait for a holder that
// waits for it: a deadlock seen without looking further.
func (q *lockQueue) hopeless(at int, owner uint64, mode kv.LockMode) error {
	if at < 0 {
		return nil
	}
	for _, o := range q.waiters {
		if !o.holds || o.by.owner == owner || o.mode.Conflicts()&q.holders[at].modes == 0 {
			continue
		}
		if i := q.find(o.by); i >= 0 && mode.Conflicts()&q.holders[i].modes != 0 {
			me := kv.LockWait{Key: o.key, Mode: mode, Owner: owner, Since: time.Now(), Hard: []uint64{o.by.owner}}
			return &kv.DeadlockError{Cycle: []kv.LockWait{me, o.describe()}}
		}
	}
	return nil
}

// settle grants what can be granted after something left the queue, and puts the
// lock back into its simplest form.
func (t *lockTable) settle(sh *lockShard, hash uint64, q *lockQueue) {
	let := func(i int) {
		w := q.waiters[i]
		q.waiters = slices.Delete(q.waiters, i, i+1)
		t.forget(w)
		q.grant(w.by, w.mode, hash)
		w.result <- nil
	}
	// Between two who change the row it is settled: that is what these wait for, and they are in nobody's way.
	for i := 0; i < len(q.waiters); {
		if w := q.waiters[i]; w.mode == kv.LockSettled && q.grantable(w.by, w.mode, w.holds, 0) {
			let(i)
		} else {
			i++
		}
	}
	for i := 0; i < len(q.waiters); {
		if w := q.waiters[i]; q.grantable(w.by, w.mode, w.holds, i) {
			let(i)
		} else {
			i++
		}
	}
	if len(q.waiters) > 0 {
		return
	}
	switch len(q.holders) {
	case 0:
		delete(sh.m, hash)
	case 1:
		sh.m[hash] = lockSlot{holder: q.holders[0].by, modes: q.holders[0].modes}
	}
}

// release gives up all locks of l.
func (t *lockTable) release(l *locker) {
	if l.noting && t.forgetNoted(l) {
		return
	}
	for _, page := range l.pages {
		sh := t.shard(page)
		sh.mu.Lock()
		if p := sh.pages[page]; p.holder == l {
			delete(sh.pages, page)
			if p.spilled {
				for i := range uint64(1 << pageBits) {
					t.releaseOne(sh, l, page|i)
				}
			}
		}
		sh.mu.Unlock()
	}
	for _, hash := range l.held {
		sh := t.shard(hash)
		sh.mu.Lock()
		t.releaseOne(sh, l, hash)
		sh.mu.Unlock()
	}
	if len(l.pages)+len(l.held) > manyLocks {
		t.shrink()
	}
	l.pages, l.held, l.log, l.sealed = nil, nil, nil, 0
	t.leave(l)
}

// manyLocks is how many locks of one holder leave maps that are better made anew: a map
// keeps the room of its largest day, and looking a key up in it misses the cache.
const manyLocks = 1 << 14

// shrink gives back the room of maps that are empty.
func (t *lockTable) shrink() {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		if len(sh.pages) == 0 {
			sh.pages = make(map[uint64]lockPage)
		}
		if len(sh.m) == 0 {
			sh.m = make(map[uint64]lockSlot)
		}
		sh.mu.Unlock()
	}
}

// releaseSince gives up what was locked after the log had n entries.
func (t *lockTable) releaseSince(l *locker, n int) {
	for i := len(l.log) - 1; i >= n; i-- {
		for b := t.unlockPage(l, &l.log[i]); b != 0; b &= b - 1 {
			t.unlock(l, l.log[i].page|uint64(bits.TrailingZeros64(b)), l.log[i].mode)
		}
	}
	l.log, l.sealed = l.log[:n], n
}

// unlockPage gives up those of some locks that are in a page, as most are, and in that mode alone or
// besides; and gives the others.
func (t *lockTable) unlockPage(l *locker, some *logged) (others uint64) {
	t.settled(l)
	sh := t.shard(some.page)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	p, ok := sh.pages[some.page]
	if !ok || p.holder != l {
		return some.bits
	}
	gone, bit := uint64(0), uint16(1)<<some.mode
	switch {
	case p.modes == bit:
		gone = some.bits & p.bits &^ p.more
		p.bits &^= gone
	case p.besides == bit && p.modes&bit == 0:
		gone = some.bits & p.more
		p.more &^= gone
	}
	sh.pages[some.page] = p
	return some.bits &^ gone
}

func (t *lockTable) releaseOne(sh *lockShard, l *locker, hash uint64) {
	s, ok := sh.m[hash]
	switch {
	case !ok:
	case s.queue == nil:
		if s.holder == l {
			delete(sh.m, hash)
		}
	default:
		if i := s.queue.find(l); i >= 0 {
			s.queue.holders = slices.Delete(s.queue.holders, i, i+1)
			t.settle(sh, hash, s.queue)
		}
	}
}

// unlock gives up one mode of one lock.
func (t *lockTable) unlock(l *locker, hash uint64, mode kv.LockMode) bool {
	t.settled(l)
	bit := uint16(1) << mode
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if p, ok := sh.pages[pageOf(hash)]; ok && p.holder == l && p.bits&pageBit(hash) != 0 {
		switch held := p.of(pageBit(hash)); {
		case held&bit == 0:
			return false
		case held == bit: // and nobody waits, or the lock would be in m
			p.bits &^= pageBit(hash)
			p.more &^= pageBit(hash)
			sh.pages[pageOf(hash)] = p
			return true
		case p.besides == bit && p.more&pageBit(hash) != 0 && p.modes&bit == 0:
			p.more &^= pageBit(hash)
			sh.pages[pageOf(hash)] = p
			return true
		}
		sh.spill(hash, p)
	}
	s, ok := sh.m[hash]
	if !ok {
		return false
	}
	gone := false
	if s.queue == nil {
		if s.holder != l || s.modes&bit == 0 {
			return false
		}
		s.modes &^= bit
		if gone = s.modes == 0; gone {
			delete(sh.m, hash)
		} else {
			sh.m[hash] = s
		}
	} else {
		i := s.queue.find(l)
		if i < 0 || s.queue.holders[i].modes&bit == 0 {
			return false
		}
		s.queue.holders[i].modes &^= bit
		if gone = s.queue.holders[i].modes == 0; gone {
			s.queue.holders = slices.Delete(s.queue.holders, i, i+1)
		}
		t.settle(sh, hash, s.queue)
	}
	if gone {
		for i := len(l.held) - 1; i >= 0; i-- {
			if l.held[i] == hash {
				l.held = slices.Delete(l.held, i, i+1)
				break
			}
		}
	}
	return true
}
