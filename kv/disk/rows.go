package disk

import (
	"bytes"
	"math/bits"
	"sync"
	"sync/atomic"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// rows are what the engine has of the newest state in memory, above Pebble: the rows of commits
// that wait to be given to it (see give), and what is remembered, pairs that were written or
// read lately, and gaps where there are none. Every version has layers, so that a reader sees exactly
// its version, here or in its snapshot of Pebble.
//
//	commit ─▶ log (synced) ─▶ overlay ─▶ layers of the new version
//	a reader misses ─▶ Pebble ─▶ fill the overlay ─▶ layers, for the newest version
//
// What is true of the overlay, for the state of the newest version:
//
//   - An entry is a pair that is there, or a key that is absent.
//   - No key after a marked entry and before the next entry is there.
//   - The new entries, over Pebble, are that state. So all else may be forgotten at any time.
//
// Of a key that is neither an entry nor in a marked gap nothing is known. Commits keep
// this true: a new key splits its gap, and both parts stay marked. What a reader of
// version n found is true of a later version as well unless a commit has written it; and
// what commits wrote is an entry, or in a marked gap, unless it was forgotten since. So a
// fill must be from a version not before the last forgetting, and never changes what is
// known. See docs/adr/055 and 081.
type rows struct {
	mu     sync.Mutex // Guards what follows; layers need no lock.
	over   btree.Overlay
	seq    uint64 // of the newest commit in over, or below
	given  *btree.Frozen
	upTo   uint64 // the newest commit in given, or, when that is nil, that was given
	pebble *snapshot
	newest *view
	moved  chan struct{} // closed, and made anew, whenever given has gone down or an attempt failed
	hand   []byte        // where forgetting goes on

	mostNew int64         // bytes, before they are given
	most    int64         // bytes that may be forgotten
	toGive  chan struct{} // wakes giver

	lost   atomic.Uint64 // what was written up to this commit may be forgotten
	hits   atomic.Uint32 // look-ups of single keys that were answered, since misses were counted last
	misses atomic.Uint32
	every  atomic.Uint32 // each so many misses, one is remembered
	often  uint32        // at least that
}

const (
	// maxRowBytes bounds the pairs that are remembered when they were read: larger ones are cheap
	// to look up in comparison with what is done with them.
	maxRowBytes = 2 << 10
	// admitted is every how many misses is remembered: to copy the nodes on the way costs
	// more than the look into Pebble that it may save. What is asked for often gets in
	// soon, and few gaps tell of many keys.
	admitted = 8
	// Where of missesCounted misses and the hits meanwhile few were hits, fewer are remembered by
	// seldom: the keys are too many.
	missesCounted = 1024
	hitsWorthIt   = missesCounted / 4
	seldom        = 8
)

// layers are what a version consists of: the overlay as it was, above a snapshot of Pebble. Those of
// the newest version are replaced, by others that tell the same, when rows have moved down or
// more is known.
type layers struct {
	*btree.Frozen
	pebble *snapshot
}

// find tells of a key; known is false where Pebble has to.
func (l *layers) find(key []byte) (value []byte, ok, known bool) {
	e, found, mark := l.Find(key)
	if found {
		return e.Value(), !e.Deleted(), true
	}
	return nil, false, mark
}

// any tells whether something is new from a key on to another, nil for the last, or before it.
func (l *layers) any(from, to []byte, included bool) (any bool) {
	l.AscendNew(from, func(es []btree.Entry, new uint32) bool {
		e := es[bits.TrailingZeros32(new)]
		any = before(e.Key(), to, included)
		return false
	})
	return any
}

// before tells whether a key lies before another, nil for the end, or is that one.
func before(key, to []byte, included bool) bool {
	if to == nil {
		return true
	}
	c := bytes.Compare(key, to)
	return c < 0 || included && c == 0
}

// commit brings the overlay to the version of v, which follows the newest by writes.
func (r *rows) commit(writes []*local.Buffer, more []local.Entry, v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(more)
	for _, w := range writes {
		n += w.Len()
		w.Chunks(func(es []local.Entry) bool {
			r.over.Write(es)
			return true
		})
	}
	r.over.Write(more)
	r.sweep(v.seq, leastSwept+n/sweptPerWrite)
	r.publish(v)
}

// clear brings the overlay to the version of v, knowing nothing. Nothing waits.
func (r *rows) clear(v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over.Forget()
	r.hand = nil
	r.lost.Store(v.seq)
	r.publish(v)
}

// publish makes v, whose state the overlay has, the newest version.
func (r *rows) publish(v *view) {
	r.seq, r.newest = v.seq, v
	v.first = r.over.Freeze()
	v.layers.Store(&layers{v.first, r.pebble.hold()})
}

// again gives the newest version the overlay as it is now, which tells the same.
func (r *rows) again() {
	v := r.newest
	v.layers.Store(&layers{r.over.Freeze(), v.layers.Load().pebble})
}

// moving gives the newest version the overlay of now, when a generation has begun or ended, and
// the Pebble that goes with it.
func (r *rows) moving(p *snapshot) {
	v := r.newest
	if v == nil || v.closed {
		return
	}
	was := v.layers.Load()
	// What is given must not be changed in place, and what comes before first is not.
	v.first = r.over.Freeze()
	if p == nil {
		p = was.pebble
	} else {
		v.kept = append(v.kept, was.pebble)
		p.hold()
	}
	v.layers.Store(&layers{v.first, p})
}

// reclaim lets the next commit change the nodes that only v's readers could see. There are
// none any more but iterators.
func (r *rows) reclaim(v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v == r.newest && v.iters.Load() == 0 {
		r.over.Unclone(&v.first.Tree)
	}
}

// A commit sweeps more leaves than it is likely to have made: so what may be forgotten at once when rows
// have gone down is, little by little.
const (
	leastSwept    = 4
	sweptPerWrite = 4
)

// sweep forgets leaves that nobody has looked at since it last came by, if there is too much
// that may be forgotten. It looks at so many leaves at most.
func (r *rows) sweep(seq uint64, leaves int) {
	for ; leaves > 0 && r.over.OldBytes() > r.most; leaves-- {
		var forgot bool
		if r.hand, forgot = r.over.Sweep(r.hand); forgot {
			r.lost.Store(seq)
		}
	}
}

// setEvery says how often a miss is remembered.
func (r *rows) setEvery(n uint32) {
	r.often = n
	r.every.Store(n)
}

// admits tells whether what a reader of v is about to ask Pebble for is to be remembered.
func (r *rows) admits(v *view) bool {
	if r.most == 0 || v.seq < r.lost.Load() {
		return false
	}
	n := r.misses.Add(1)
	if n%missesCounted == 0 {
		every := r.often
		if r.hits.Swap(0) < hitsWorthIt {
			every *= seldom
		}
		r.every.Store(every)
	}
	return n%r.every.Load() == 0
}

// fills are what is to be remembered of keys that are looked up together: gaps, so many at
// most, and, with pairs, other things too.
type fills struct {
	layers *layers
	found  []found
	most   int
	pairs  bool
}

// admitsOf is admits of n keys, of which one of eight may be remembered, too: what is about to
// be written into a table that nothing is known of would leave gaps without number to learn.
func (r *rows) admitsOf(v *view, n int) fills {
	switch {
	case r.admits(v):
		return fills{most: max(fillKeys, n/admitted), pairs: n <= fillKeys}
	case r.most > 0 && v.seq >= r.lost.Load():
		return fills{most: n / int(min(r.every.Load(), admitted))}
	}
	return fills{}
}

// found is what a reader got from Pebble: the value of a key, or, where there is none,
// that the next key is next, whose value it has too; a nil one: that there is none.
type found struct {
	key, value []byte
	ok         bool
	gap        bool // next is known
	entry      bool // next is the next entry of the tree, whatever it tells
	next       []byte
	nextValue  []byte
}

// fill remembers what a reader of v found, unless others are at work: it is not worth a
// wait.
func (r *rows) fill(v *view, fs []found) {
	if len(fs) == 0 || !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	if v.seq < r.lost.Load() || r.newest == nil || r.newest.closed {
		return
	}
	for i := range fs {
		r.add(&fs[i])
	}
	r.sweep(r.newest.seq, leastSwept+len(fs)/sweptPerWrite)
	r.again()
}

func (r *rows) add(f *found) {
	if f.ok {
		r.addRead(f.key, f.value)
		return
	}
	if _, known, mark := r.over.Find(f.key); known || mark {
		return
	}
	switch {
	case f.entry: // a gap ends at an entry; this one may have been forgotten since
		_, f.gap, _ = r.over.Find(f.next)
	case f.gap && f.next != nil:
		f.gap = r.addRead(f.next, f.nextValue)
	}
	r.over.Know(local.NewDeletion(f.key))
	if f.gap {
		r.markUpTo(f.key, f.next)
	}
}

// addRead remembers a pair; false if it is too large.
func (r *rows) addRead(key, value []byte) bool {
	if len(key)+len(value) > maxRowBytes {
		return false
	}
	if _, found, mark := r.over.Find(key); !found && !mark {
		r.over.Know(local.NewEntry(key, value))
	}
	return true
}

// maxGapEntries bounds the entries between the ends of a gap that are looked at.
const maxGapEntries = 64

// markUpTo marks the entry of key, and those that follow it before next: no keys but
// those are there. An entry that tells no more than the gap it is in goes.
func (r *rows) markUpTo(key, next []byte) {
	at := key
	r.over.SetMark(at, true)
	for range maxGapEntries {
		e, ok := r.over.From(kv.KeyAfter(at))
		if !ok || next != nil && bytes.Compare(e.Key(), next) >= 0 {
			return
		}
		r.over.SetMark(e.Key(), true)
		if e.Deleted() && !r.over.IsNew(e.Key()) {
			r.over.Drop(e.Key())
		} else {
			at = e.Key()
		}
	}
}
