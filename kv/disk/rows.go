package disk

import (
	"bytes"
	"sync"
	"sync/atomic"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// rows is what the engine remembers of the newest state, above Pebble: pairs that were
// written or read, and gaps where there are none. Every version has a clone of the tree,
// so that a reader sees exactly its version, here or in its snapshot.
//
//	tree   a=1 •  c=✗   k=7 •  q=2        ✗ absent; • marked: nothing from here to the next
//	       get(a) 1   get(b) absent   get(c) absent   get(d) ask Pebble   get(m) absent
//
//	commit ─▶ Pebble ─▶ tree ─▶ clone of the new version
//	a reader misses ─▶ Pebble ─▶ fill the tree ─▶ clone, for the newest version
//
// What is true of the tree, for the state of the newest version:
//
//   - An entry is a pair that is there, or a key that is absent.
//   - No key after a marked entry and before the next entry is there.
//
// Of a key that is neither an entry nor in a marked gap nothing is known. Commits keep
// both true: a new key splits its gap, and both parts stay marked. What a reader of
// version n found is true of a later version as well unless a commit has written it; and
// what commits wrote is an entry, or in a marked gap, unless it was forgotten since. So a
// fill must be from a version not before the last forgetting, and never changes what is
// known. See docs/adr/055.
type rows struct {
	mu     sync.Mutex // Guards what follows; the tree's clones need no lock.
	tree   btree.Tree
	bytes  int64
	most   int64         // bytes
	lost   atomic.Uint64 // what was written up to this commit may be forgotten
	misses atomic.Uint32
	every  uint32 // each so many misses, one is remembered
	atOnce int    // maxRowsAtOnce
	newest *view
	hand   []byte // where forgetting goes on
	leaf   []local.Entry
}

const (
	// maxRowBytes bounds the pairs that are remembered: larger ones are cheap to look up
	// in comparison with what is done with them.
	maxRowBytes = 2 << 10
	// maxRowsAtOnce is how many writes of a commit are remembered, unless it only deletes what
	// is: what loads a table is not likely to be asked for next, and would push out what is.
	maxRowsAtOnce = 16384
	// entryBytes is about what an entry takes beside its key and value.
	entryBytes = 56
	// admitted is every how many misses is remembered: to copy the nodes on the way costs
	// more than the look into Pebble that it may save. What is asked for often gets in
	// soon, and few gaps tell of many keys.
	admitted = 8
)

// find tells of a key in the version that t is of; known is false where Pebble has to.
func find(t *btree.Tree, key []byte) (value []byte, ok, known bool) {
	e, found, mark := t.Find(key)
	if found {
		return e.Value(), !e.Deleted(), true
	}
	return nil, false, mark
}

// commit brings the tree to the version of v, which follows the newest by writes.
func (r *rows) commit(writes []*local.Buffer, deleted []local.Entry, v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, w := range writes {
		n += w.Len()
	}
	for _, w := range writes {
		switch {
		case n <= r.atOnce:
			r.write(w, v.seq)
		case onlyDeletes(w):
			w.Each(func(e local.Entry) bool { r.deleteKnown(e, v.seq); return true })
		default:
			r.forgetAll(w, v.seq)
		}
	}
	for _, e := range deleted {
		r.deleteKnown(e, v.seq)
	}
	r.makeRoom(v.seq)
	r.newest = v
	r.publish()
}

// touched is how many writes are looked for at a time before they are made.
const touched = 16

// write makes the writes of a commit.
func (r *rows) write(w *local.Buffer, seq uint64) {
	var es [touched]local.Entry
	var keys [touched][]byte
	n := 0
	flush := func() {
		if n == touched {
			r.tree.Touch(keys[:])
		}
		for _, e := range es[:n] {
			switch {
			case e.Deleted():
				r.delete(e)
			case e.Bytes() > maxRowBytes:
				r.forget(e.Key(), seq)
			default:
				r.put(e)
			}
		}
		n = 0
	}
	w.Each(func(e local.Entry) bool {
		es[n], keys[n] = e, e.Key()
		if n++; n == touched {
			flush()
		}
		return true
	})
	flush()
}

// onlyDeletes tells that a commit only took keys away.
func onlyDeletes(w *local.Buffer) bool {
	only := true
	w.Each(func(e local.Entry) bool {
		only = e.Deleted()
		return only
	})
	return only
}

// clear brings the tree to the version of v, knowing nothing.
func (r *rows) clear(v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetEverything(v.seq)
	r.newest = v
	r.publish()
}

// publish gives the newest version the tree as it is.
func (r *rows) publish() {
	t := r.tree.Clone()
	if r.newest.first == nil {
		r.newest.first = t
	}
	r.newest.rows.Store(t)
}

// reclaim lets the next commit change the nodes that only v's readers could see. There are
// none any more.
func (r *rows) reclaim(v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.first != nil {
		r.tree.Unclone(v.first)
	}
}

func size(e local.Entry) int64 { return e.Bytes() + entryBytes }

func (r *rows) put(e local.Entry) {
	r.bytes += size(e)
	if old, had := r.tree.Put(e); had {
		r.bytes -= size(old)
	}
}

func (r *rows) drop(key []byte) {
	if old, had := r.tree.Delete(key); had {
		r.bytes -= size(old)
	}
}

// delete notes that a key is absent, in as few entries as tell so.
func (r *rows) delete(e local.Entry) {
	key := e.Key()
	_, found, mark := r.tree.Find(key)
	switch {
	case !found && mark: // known
	case !found || !mark:
		r.put(e)
	default:
		if _, before, _ := r.tree.Before(key); before {
			r.drop(key)
		} else {
			r.put(e)
		}
	}
}

// deleteKnown notes that a key is absent if something is known of it. Otherwise readers of
// earlier versions must not tell of it any more.
func (r *rows) deleteKnown(e local.Entry, seq uint64) {
	switch _, found, mark := r.tree.Find(e.Key()); {
	case found:
		r.delete(e)
	case !mark:
		r.lost.Store(seq)
	}
}

// forget makes nothing be known of a key, and of the gaps beside it.
func (r *rows) forget(key []byte, seq uint64) {
	if e, mark, ok := r.tree.Before(key); ok && mark {
		r.tree.SetMark(e.Key(), false)
	}
	r.drop(key)
	r.lost.Store(seq)
}

// forgetAll makes nothing be known from the first to the last key that was written.
func (r *rows) forgetAll(w *local.Buffer, seq uint64) {
	first, last := w.Bounds()
	if first == nil {
		return
	}
	r.forgetRange(kv.Range{Start: first, End: kv.KeyAfter(last)}, seq)
}

func (r *rows) forgetRange(rg kv.Range, seq uint64) {
	gone := r.leaf[:0]
	r.tree.Ascend(rg.Start, func(es []local.Entry) bool {
		for _, e := range es {
			if rg.End != nil && bytes.Compare(e.Key(), rg.End) >= 0 {
				return false
			}
			gone = append(gone, e)
		}
		return len(gone) <= maxRowsAtOnce
	})
	if len(gone) > maxRowsAtOnce {
		r.forgetEverything(seq)
		return
	}
	r.forget(rg.Start, seq)
	for _, e := range gone {
		r.drop(e.Key())
	}
	clear(gone)
	r.leaf = gone[:0]
}

func (r *rows) forgetEverything(seq uint64) {
	r.tree.Reset()
	r.bytes, r.hand = 0, nil
	r.lost.Store(seq)
}

// makeRoom forgets leaves that nobody has looked at since it last came by.
func (r *rows) makeRoom(seq uint64) {
	for r.bytes > r.most {
		var used bool
		r.leaf, used = r.tree.Leaf(r.leaf[:0], r.hand)
		n := len(r.leaf)
		if n == 0 {
			if r.hand == nil {
				return
			}
			r.hand = nil
			continue
		}
		first, last := r.leaf[0].Key(), r.leaf[n-1].Key()
		if !used {
			r.forget(first, seq)
			for _, e := range r.leaf[1:] {
				r.drop(e.Key())
			}
		}
		r.hand = kv.KeyAfter(last)
		clear(r.leaf)
	}
}

// admits tells whether what a reader of v is about to ask Pebble for is to be remembered.
func (r *rows) admits(v *view) bool {
	return r.most > 0 && v.seq >= r.lost.Load() && r.misses.Add(1)%r.every == 0
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
		return fills{most: max(fillKeys, n/int(r.every)), pairs: n <= fillKeys}
	case r.most > 0 && v.seq >= r.lost.Load():
		return fills{most: n / int(r.every)}
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
	if v.seq < r.lost.Load() || r.newest == nil {
		return
	}
	for i := range fs {
		r.add(&fs[i])
	}
	r.makeRoom(r.newest.seq)
	r.publish()
}

func (r *rows) add(f *found) {
	if f.ok {
		r.addRead(f.key, f.value)
		return
	}
	if _, known, mark := r.tree.Find(f.key); known || mark {
		return
	}
	switch {
	case f.entry: // a gap ends at an entry; this one may have been forgotten since
		_, f.gap, _ = r.tree.Find(f.next)
	case f.gap && f.next != nil:
		f.gap = r.addRead(f.next, f.nextValue)
	}
	r.put(local.NewDeletion(f.key))
	if f.gap {
		r.markUpTo(f.key, f.next)
	}
}

// addRead remembers a pair; false if it is too large.
func (r *rows) addRead(key, value []byte) bool {
	if len(key)+len(value) > maxRowBytes {
		return false
	}
	if _, found, mark := r.tree.Find(key); !found && !mark {
		r.put(local.NewEntry(key, value))
	}
	return true
}

// maxGapEntries bounds the entries between the ends of a gap that are looked at.
const maxGapEntries = 64

// markUpTo marks the entry of key, and those that follow it before next: no keys but
// those are there. An entry that tells no more than the gap it is in goes.
func (r *rows) markUpTo(key, next []byte) {
	at := key
	r.tree.SetMark(at, true)
	for range maxGapEntries {
		e, ok := r.tree.From(kv.KeyAfter(at))
		if !ok || next != nil && bytes.Compare(e.Key(), next) >= 0 {
			return
		}
		r.tree.SetMark(e.Key(), true)
		if e.Deleted() {
			r.drop(e.Key())
		} else {
			at = e.Key()
		}
	}
}
