package local

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"rowkey/kv"
)

// Serializable transactions are snapshot transactions that are watched: serializable
// snapshot isolation.
//
//	Tin ──rw──▶ Tpivot ──rw──▶ Tout      R ──rw──▶ W: R read what was before a
//	                                     write of W, both at work at once
//
// Every history of snapshot transactions that is not serializable has two such
// dependencies in a row in which Tout commits first of the three (and, if Tin only
// reads, before Tin's snapshot). So each new dependency, found by a read of what
// another has written or by a write of what another has read, is looked at beside
// those there are, and one of the three has to give way when the pattern is complete;
// preferably one that has not prepared to commit, and the pivot, since what it does when
// tried again will no longer be concurrent with Tout. Harmless histories may be
// refused, dangerous ones are not let through.
//
// Sources: Cahill, Röhm, Fekete, "Serializable Isolation for Snapshot Databases",
// SIGMOD 2008; Ports, Grittner, "Serializable Snapshot Isolation in PostgreSQL", VLDB
// 2012, whose rules on commit order, on read-only transactions and on safe snapshots
// these are; which transaction gives way, and when, is as in PostgreSQL 15.
//
// A committed transaction is remembered while one that was at work beside it is open.
// All of this is under one lock, which other isolation levels never take.
type ssi struct {
	mu    sync.Mutex
	all   map[*serial]struct{} // at work, or remembered
	order uint64               // of the last that prepared to commit
	begun uint64               // number of the last that began
	// waiters are told when a transaction ends: for safe snapshots.
	changed chan struct{}
	found   []*serial // scratch of readFrom
}

// serial is a Serializable transaction as the others see it. ssi.mu guards it.
type serial struct {
	owner    uint64
	number   uint64 // in the order in which they began
	snapshot uint64 // what it reads
	reads    readSet
	writes   *Buffer // of the transaction; changed under ssi.mu
	spill    *spill  // where some of them are; held once committed
	in, out  map[*serial]struct{}

	readOnly bool   // declared so
	doomed   string // why it cannot commit
	order    uint64 // of its commit among all, once prepared
	seq      uint64 // of its commit in the store, once prepared; of the newest one, if it wrote nothing
	ended    bool   // committed

	// beforeOut is the least seq of a commit, before this one's, of which this one
	// read the state before; 0: none. Set at commit.
	beforeOut uint64

	// Of read-only transactions: those whose commit may yet show that the snapshot is
	// not safe, and whether it has turned out one way or the other.
	mayHarm      map[*serial]struct{}
	safe, unsafe bool
	waiting      bool // for a safe snapshot
}

// Reasons, as PostgreSQL gives them.
const (
	pivotWrite    = "Canceled on identification as a pivot, during write."
	pivotRead     = "Canceled on identification as a pivot, during conflict out checking."
	pivotCheckIn  = "Canceled on identification as a pivot, during conflict in checking."
	pivotCommit   = "Canceled on identification as a pivot, during commit attempt."
	preparedPivot = "Canceled on commit attempt with conflict in from prepared pivot."
	outToPivot    = "Canceled on conflict out to pivot, during read."
	tooMany       = "Canceled since too many transactions have committed beside it."
)

// maxRemembered bounds the committed transactions that are remembered; beyond, the one
// with the oldest snapshot, for which they are, gives way.
const maxRemembered = 1 << 12

func (g *ssi) init() {
	g.all = map[*serial]struct{}{}
	g.changed = make(chan struct{})
}

// begin registers a transaction; snapshot is called with the lock held, so that none
// of those it has to know is forgotten meanwhile.
func (g *ssi) begin(x *serial, snapshot func() uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(x)
	g.take(x, snapshot)
}

func (g *ssi) add(x *serial) {
	x.in, x.out = map[*serial]struct{}{}, map[*serial]struct{}{}
	g.begun++
	x.number = g.begun
	g.all[x] = struct{}{}
}

// beginAt registers a transaction that takes the snapshot of another open one. Those that
// could have shown the snapshot to be unsafe may have ended, so it is safe only if the
// other's is known to be.
func (g *ssi) beginAt(x, of *serial, snapshot func() uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(x)
	x.snapshot = snapshot()
	x.safe = x.readOnly && of.safe
}

// renew gives a transaction that has done nothing yet a newer snapshot.
func (g *ssi) renew(x *serial, snapshot func() uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.take(x, snapshot)
}

// take gives a transaction that has done nothing yet its snapshot.
func (g *ssi) take(x *serial, snapshot func() uint64) {
	x.snapshot = snapshot()
	x.safe, x.unsafe, x.mayHarm = false, false, nil
	if x.readOnly {
		x.mayHarm = map[*serial]struct{}{}
		for o := range g.all {
			if !o.ended && !o.readOnly && o != x {
				x.mayHarm[o] = struct{}{}
			}
		}
		x.safe = len(x.mayHarm) == 0
	}
}

// concurrent tells whether w's writes are missing in what a reader saw at seq.
func (w *serial) hidden(seq uint64) bool { return w.order == 0 || w.seq > seq }

// readKey notes a read at seq of one key.
func (g *ssi) readKey(x *serial, key []byte, hash, seq uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.safe {
		return nil
	}
	x.reads.point(hash)
	return g.readFrom(x, seq, func(w *Buffer) bool {
		_, ok, err := w.Get(key)
		return ok || err != nil
	})
}

// readRange notes a read at seq of a range.
func (g *ssi) readRange(x *serial, r kv.Range, seq uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.safe {
		return nil
	}
	x.reads.add(r)
	return g.readFrom(x, seq, func(w *Buffer) bool {
		ok, err := w.any(r)
		return ok || err != nil
	})
}

func (g *ssi) readFrom(x *serial, seq uint64, wrote func(*Buffer) bool) error {
	if x.doomed != "" {
		return dependency(x.doomed, pivotRead)
	}
	found := g.found[:0]
	defer func() {
		clear(found)
		g.found = found
	}()
	for w := range g.all {
		if w == x || w.readOnly || w.writes.Len() == 0 || !w.hidden(seq) {
			continue
		}
		if _, known := x.out[w]; known || !wrote(w.writes) {
			continue
		}
		if x.readOnly && w.ended && (w.beforeOut == 0 || x.snapshot < w.beforeOut) {
			continue // x appears to run before w and all that w depends on
		}
		found = append(found, w)
	}
	// Where x has to give way itself, it is before others do, in whatever order the map has
	// them.
	for _, w := range found {
		if w.order != 0 && g.dangerous(x, w) {
			x.doomed = outToPivot
			return dependency(outToPivot, "")
		}
	}
	for _, w := range found {
		if err := g.depends(x, w, x); err != nil {
			return err
		}
	}
	return nil
}

// write makes a write and looks who has read what was before it.
func (g *ssi) write(x *serial, e Entry, hash uint64, subtransaction bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.doomed != "" {
		return dependency(x.doomed, pivotCheckIn)
	}
	x.writes.put(e)
	key := e.Key()
	if !subtransaction {
		// Who else writes the key has to wait for x and to see what it wrote; that x has
		// looked at it before, for uniqueness as a rule, adds nothing.
		delete(x.reads.points, hash)
	}
	for r := range g.all {
		if r == x || r.doomed != "" || r.safe || r.ended && r.seq <= x.snapshot {
			continue
		}
		if _, known := x.in[r]; known || !r.reads.has(key, hash) || g.replaced(key, r, x) {
			continue
		}
		if err := g.depends(r, x, x); err != nil {
			return err
		}
	}
	return nil
}

// replaced tells that another has committed a version of key after what r has read and
// before what x sees. Then r depends on that one, which x follows, and not on x.
func (g *ssi) replaced(key []byte, r, x *serial) bool {
	if r.ended {
		return false // others may be forgotten
	}
	for o := range g.all {
		if o != r && o.ended && o.seq > r.snapshot && o.seq <= x.snapshot {
			if _, ok, err := o.writes.Get(key); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// depends adds the dependency of reader r on writer w, found by me, one of both. An
// error is for me; another that has to give way is doomed.
func (g *ssi) depends(r, w, me *serial) error {
	if g.dangerous(r, w) {
		switch {
		case me == w:
			w.doomed = pivotWrite
			return dependency(pivotWrite, "")
		case w.order != 0:
			r.doomed = outToPivot
			return dependency(outToPivot, "")
		}
		w.doomed = pivotCommit
	}
	r.out[w], w.in[r] = struct{}{}, struct{}{}
	return nil
}

// dangerous tells whether the dependency of r on w completes a pattern.
func (g *ssi) dangerous(r, w *serial) bool {
	if w.ended && w.beforeOut != 0 {
		return true // r → w → one that committed before w
	}
	for t2 := range w.out { // r → w → t2, with t2 first
		if t2.order != 0 && (!r.ended || t2.order <= r.order) && (!w.ended || t2.order <= w.order) &&
			(!r.readOnly || t2.seq <= r.snapshot) {
			return true
		}
	}
	if w.order == 0 || r.readOnly {
		return false
	}
	for t0 := range r.in { // t0 → r → w, with w first
		if t0.doomed == "" && (!t0.ended || t0.order >= w.order) && (!t0.readOnly || t0.snapshot >= w.seq) {
			return true
		}
	}
	return false
}

// prepare lets x, whose writes are final, commit as number seq of the store (the newest, if it has no writes),
// or says why not. Pivots that its commit would complete give way.
func (g *ssi) prepare(x *serial, seq uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.doomed != "" {
		return dependency(x.doomed, pivotCommit)
	}
	for _, pivot := range byAge(x.in) { // one that gives way may save another
		if pivot.ended || pivot.doomed != "" {
			continue
		}
		for far := range pivot.in {
			if far != x && (far.ended || far.readOnly || far.doomed != "") {
				continue
			}
			if pivot.order != 0 {
				x.doomed = preparedPivot
				return dependency(preparedPivot, "")
			}
			pivot.doomed = pivotCommit
			break
		}
	}
	g.order++
	x.order, x.seq = g.order, seq
	writes := *x.writes // the transaction lets go of them
	x.writes = &writes
	x.spill.hold()
	return nil
}

// byAge gives transactions in the order in which they began.
func byAge(of map[*serial]struct{}) []*serial {
	if len(of) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(of), func(a, b *serial) int { return cmp.Compare(a.number, b.number) })
}

// committed is told once others see the commit of x.
func (g *ssi) committed(x *serial) {
	g.mu.Lock()
	defer g.mu.Unlock()
	x.ended = true
	for t2 := range x.out {
		if t2.order != 0 && t2.order < x.order && (x.beforeOut == 0 || t2.seq < x.beforeOut) {
			x.beforeOut = t2.seq
		}
	}
	g.settle(x)
}

// gone is told of a transaction that has ended, if it has not committed.
func (g *ssi) gone(x *serial) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if x.ended {
		return
	}
	g.forget(x)
	g.settle(x)
}

func (g *ssi) forget(x *serial) {
	for o := range x.in {
		delete(o.out, x)
	}
	for o := range x.out {
		delete(o.in, x)
	}
	delete(g.all, x)
	if x.order != 0 {
		x.spill.letGo()
	}
}

// settle draws the conclusions from x's end: for snapshots that it might have shown
// to be unsafe, and for those remembered because of it.
func (g *ssi) settle(x *serial) {
	oldest, holder, remembered := ^uint64(0), (*serial)(nil), 0
	for o := range g.all {
		if _, ok := o.mayHarm[x]; ok {
			delete(o.mayHarm, x)
			if x.ended && x.beforeOut != 0 && x.beforeOut <= o.snapshot {
				o.unsafe, o.mayHarm = true, nil
			} else if len(o.mayHarm) == 0 && !o.unsafe {
				o.safe = true
			}
		}
		switch {
		case o.ended:
			remembered++
		case !o.safe && (o.snapshot < oldest || o.snapshot == oldest && holder != nil && o.number < holder.number):
			oldest, holder = o.snapshot, o
		}
	}
	for o := range g.all {
		if o.ended && o.seq <= oldest {
			g.forget(o)
			remembered--
		}
	}
	if remembered > maxRemembered && holder != nil && holder.order == 0 && holder.doomed == "" {
		holder.doomed = tooMany
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// dependency is the error of a transaction that gives way: for the reason it was
// doomed for, as told at this point.
func dependency(reason, now string) error {
	if reason == pivotCommit && now != "" {
		reason = now
	}
	return &kv.DependencyError{Reason: reason}
}

// waits lists those who wait for a safe snapshot.
func (g *ssi) waits() []kv.LockWait {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []kv.LockWait
	for x := range g.all {
		if x.waiting && !x.safe {
			w := kv.LockWait{Snapshot: true, Owner: x.owner}
			for o := range x.mayHarm {
				w.Hard = append(w.Hard, o.owner)
			}
			out = append(out, w)
		}
	}
	return out
}

// awaitSafe waits until x, which is read-only and has read nothing yet, has a snapshot
// that no commit can show to be unsafe, taking newer ones as need be.
func (g *ssi) awaitSafe(ctx context.Context, x *serial, snapshot func() uint64) error {
	defer func() {
		g.mu.Lock()
		x.waiting = false
		g.mu.Unlock()
	}()
	for {
		g.mu.Lock()
		x.waiting = true
		if x.unsafe || x.mayHarm == nil && !x.safe {
			g.take(x, snapshot)
		}
		safe, changed := x.safe, g.changed
		g.mu.Unlock()
		if safe {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
