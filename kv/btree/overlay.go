package btree

import (
	"math/bits"
	"runtime"
)

// Overlay is a Tree above a map that is slower, the map below: what is known of the pairs of
// both, and which of them are yet to go down. It answers for a key with its pair, with its
// absence, or not at all, when the map below is to be asked.
//
//	a=1 •  c=✗   k=7*•  q=2*       ✗ absent; • marked: nothing from here to the next; * new
//	a 1   b absent   c absent   d ask below   m absent
//
// New entries were written, and are not below; all others tell what is below, and may be
// forgotten. They go down a generation at a time:
//
//	Write… ─▶ Begin: what was written so far is the older generation ─▶ Write… ─▶ Ended: that is below now
//
// What is neither an entry nor in a marked gap is unknown, or would be without an entry.
// A key that came to be since Begin, where nothing lies below it, is gone without a trace when it is deleted before
// the next.
//
// Not safe for concurrent use; what Freeze gives is apart.
type Overlay struct {
	Tree
	gen   uint64 // of what is written now; at least 1
	since uint64 // generations from this one on are new: gen, or the one before

	bytes, newer, older int64
}

// ages are the bits of a leaf's entries that say how new they are, as of its generation, the last
// in which one was written. That of an inner node is the greatest below it.
type ages struct {
	gen   uint64
	newer uint32 // written in gen
	older uint32 // in the one before
	lone  uint32 // some of newer: nothing lies below them
}

// at gives the bits as of a later generation.
func (a *ages) at(gen uint64) ages {
	switch gen {
	case a.gen:
		return *a
	case a.gen + 1:
		return ages{gen: gen, older: a.newer}
	}
	return ages{gen: gen}
}

// insert makes room at i for an entry that is not new.
func (a *ages) insert(i int) {
	low := uint32(1)<<i - 1
	a.newer = a.newer&low | a.newer&^low<<1
	a.older = a.older&low | a.older&^low<<1
	a.lone = a.lone&low | a.lone&^low<<1
}

func (a *ages) remove(i int) {
	low := uint32(1)<<i - 1
	a.newer = a.newer&low | a.newer>>1&^low
	a.older = a.older&low | a.older>>1&^low
	a.lone = a.lone&low | a.lone>>1&^low
}

// split cuts off what belongs to the entries from at on.
func (a *ages) split(at int) (right ages) {
	right = ages{a.gen, a.newer >> at, a.older >> at, a.lone >> at}
	low := uint32(1)<<at - 1
	a.newer &= low
	a.older &= low
	a.lone &= low
	return right
}

// join appends those of the entries of another leaf, behind at of its own.
func (a *ages) join(b *ages, at int) {
	gen := max(a.gen, b.gen)
	l, r := a.at(gen), b.at(gen)
	*a = ages{gen, l.newer | r.newer<<at, l.older | r.older<<at, l.lone | r.lone<<at}
}

// entryBytes is about what an entry takes beside its key and value.
const entryBytes = 56

func size(e Entry) int64 { return e.Bytes() + entryBytes }

// NewOverlay gives one that knows nothing.
func NewOverlay() Overlay { return Overlay{gen: 1, since: 1} }

// NewBytes is the size of what was written since Begin, OldBytes that of what may be forgotten.
func (o *Overlay) NewBytes() int64 { return o.newer }

// OldBytes is the size of what may be forgotten.
func (o *Overlay) OldBytes() int64 { return o.bytes - o.newer - o.older }

// Begin begins a generation, and gives what is to go down. There is no older one.
func (o *Overlay) Begin() *Frozen {
	f := o.Freeze()
	o.gen++
	o.older, o.newer = o.newer, 0
	return f
}

// Ended notes that what Begin gave is below.
func (o *Overlay) Ended() { o.since, o.older = o.gen, 0 }

// Forget makes nothing be known. Nothing is new.
func (o *Overlay) Forget() {
	o.Reset()
	o.bytes, o.newer, o.older = 0, 0, 0
}

// IsNew tells whether the entry of a key that has one is new.
func (o *Overlay) IsNew(key []byte) bool {
	n := o.root
	for !n.leaf {
		n = n.inner().kids[n.child(key)]
	}
	i, _ := n.search(key)
	return n.new(o.gen, o.since)>>i&1 != 0
}

// new are the bits of the entries that are new.
func (n *node) new(gen, since uint64) uint32 {
	if n.age.gen < since {
		return 0
	}
	a := n.age.at(gen)
	if since == gen {
		return a.newer
	}
	return a.newer | a.older
}

// Write writes pairs and deletions, later ones over earlier ones.
func (o *Overlay) Write(es []Entry) {
	var keys [together][]byte
	for len(es) > 0 {
		n := min(len(es), together)
		for i, e := range es[:n] {
			keys[i] = e.Key()
		}
		o.writeSome(es[:n], keys[:n])
		es = es[n:]
	}
}

// writeSome writes at once where a leaf can be changed in place, as most can.
func (o *Overlay) writeSome(es []Entry, keys [][]byte) {
	var at [together]*node
	there := o.root != nil
	if there {
		o.leavesOf(&at, keys)
		peekAll(&at, keys, false)
		sum := uint64(0)
		for i := range keys { // as leavesOf does with what all searches need
			sum += at[i&(together-1)].age.gen
		}
		runtime.KeepAlive(sum)
	}
	for i, e := range es {
		n := at[i&(together-1)]
		if !there || n.version <= o.shared || n.age.gen != o.gen || n.n == width {
			n = o.leafFor(keys[i], o.gen)
			there = false // the leaves may be others now
		}
		if !o.writeIn(n, e, keys[i]) {
			there = false
		}
	}
}

// writeIn writes to a leaf that is of this generation and has room. False: the leaves may be
// others now.
func (o *Overlay) writeIn(n *node, e Entry, key []byte) bool {
	i, found := n.search(key)
	bit := uint32(1) << i
	a := &n.age
	if !found {
		mark := i > 0 && n.marks>>(i-1)&1 != 0 || i == 0 && o.marked && o.markBefore(key)
		if e.Deleted() && mark {
			return true // known
		}
		n.insert(i, e)
		a.newer |= bit
		if mark {
			n.marks |= bit
			a.lone |= bit
		}
		o.Tree.size++
		o.bytes += size(e)
		o.newer += size(e)
		return true
	}
	old := n.items[i]
	was := size(old)
	known := false // to be below
	switch {
	case a.newer&bit != 0:
		o.newer -= was
	case a.older&bit != 0 && o.since < o.gen:
		o.older -= was
	default:
		known = true
	}
	switch {
	case !e.Deleted():
		if known && old.Deleted() {
			a.lone |= bit
		}
	case known && old.Deleted():
		return true
	case a.lone&bit != 0: // nothing is left to go down
		a.newer &^= bit
		a.lone &^= bit
		n.items[i] = e
		o.bytes += size(e) - was
		if n.marks&bit == 0 || !(i > 0 && n.marks>>(i-1)&1 != 0 || i == 0 && o.markBefore(key)) {
			return true
		}
		o.bytes -= size(e)
		if n.n > sparse+1 {
			n.remove(i)
			o.Tree.size--
			return true
		}
		o.Delete(key)
		return false
	default:
		a.lone &^= bit
	}
	a.newer |= bit
	a.older &^= bit
	n.items[i] = e
	o.bytes += size(e) - was
	o.newer += size(e)
	return true
}

// Know notes what is below, of a key that is unknown.
func (o *Overlay) Know(e Entry) {
	o.Put(e)
	o.bytes += size(e)
}

// Drop takes out an entry that is not new and tells no more than the gap that it is in.
func (o *Overlay) Drop(key []byte) {
	if old, had := o.Delete(key); had {
		o.bytes -= size(old)
	}
}

// Sweep looks at the leaf of the first entries from a key on, and forgets those that are not new
// unless Find came there since it was looked at last. It gives the key to go on with; nil: that was
// the last. forgot tells that something may be unknown now.
func (o *Overlay) Sweep(from []byte) (next []byte, forgot bool) {
	if o.root == nil {
		return nil, false
	}
	n, _ := o.root.leafFrom(from)
	if n == nil {
		return nil, false
	}
	last := n.items[n.n-1].Key()
	next = append(append(make([]byte, 0, len(last)+1), last...), 0)
	used := n.used.Swap(0) != 0
	gone := n.idle(n.new(o.gen, o.since), used)
	if gone == 0 {
		return next, false
	}
	forgot = !used
	at := bits.TrailingZeros32(gone)
	first := n.items[at]
	if forgot && at == 0 {
		if e, mark, ok := o.Before(first.Key()); ok && mark {
			o.SetMark(e.Key(), false)
		}
	}
	n = o.mutableLeaf(first.Key())
	o.bytes -= size(first)
	if forgot && at > 0 {
		n.marks &^= 1 << (at - 1)
	}
	for i := int(n.n) - 1; i > at; i-- {
		if gone>>i&1 == 0 {
			continue
		}
		o.bytes -= size(n.items[i])
		o.Tree.size--
		n.remove(i)
		if forgot {
			n.marks &^= 1 << (i - 1)
		}
	}
	o.Delete(first.Key()) // which joins leaves
	return next, forgot
}

// idle are the bits of the entries of a leaf that may go: all that are not new or, of a leaf that is
// used, those that tell no more than the gap that they are in.
func (n *node) idle(fresh uint32, used bool) (gone uint32) {
	for i, e := range n.items[:n.n] {
		bit := uint32(1) << i
		switch {
		case fresh&bit != 0:
		case !used, e.Deleted() && i > 0 && n.marks&bit != 0 && n.marks&(bit>>1) != 0:
			gone |= bit
		}
	}
	return gone
}

// Frozen is an Overlay as it was at some time.
type Frozen struct {
	Tree
	gen, since uint64
}

// Freeze gives the overlay as it is, which later changes leave alone.
func (o *Overlay) Freeze() *Frozen { return &Frozen{*o.Clone(), o.gen, o.since} }

// AscendNew visits the new entries from start on (nil: all), a leaf's at a time, until visit
// returns false: those of es whose bit is set.
func (f *Frozen) AscendNew(start []byte, visit func(es []Entry, new uint32) bool) {
	if f.root != nil {
		f.ascendNew(f.root, start, visit)
	}
}

func (f *Frozen) ascendNew(n *node, start []byte, visit func([]Entry, uint32) bool) bool {
	if n.age.gen < f.since {
		return true
	}
	i := 0
	if n.leaf {
		if start != nil {
			i, _ = n.search(start)
		}
		new := n.new(f.gen, f.since) >> i
		return new == 0 || visit(n.items[i:n.n], new)
	}
	if start != nil {
		i = n.child(start)
	}
	for ; i < int(n.n); i++ {
		if !f.ascendNew(n.inner().kids[i], start, visit) {
			return false
		}
		start = nil
	}
	return true
}

// DescendNew visits the new entries up to end and it included (nil: all), a leaf's at a time, to
// be read from the last, until visit returns false: those of es whose bit is set.
func (f *Frozen) DescendNew(end []byte, visit func(es []Entry, new uint32) bool) {
	if f.root != nil {
		f.descendNew(f.root, end, visit)
	}
}

func (f *Frozen) descendNew(n *node, end []byte, visit func([]Entry, uint32) bool) bool {
	if n.age.gen < f.since {
		return true
	}
	i := int(n.n)
	if n.leaf {
		if end != nil {
			var equal bool
			if i, equal = n.search(end); equal {
				i++
			}
		}
		new := n.new(f.gen, f.since) & (1<<i - 1)
		return new == 0 || visit(n.items[:i], new)
	}
	if end != nil {
		i = n.child(end) + 1
	}
	for i--; i >= 0; i-- {
		if !f.descendNew(n.inner().kids[i], end, visit) {
			return false
		}
		end = nil
	}
	return true
}

// AnyNew tells whether there are new entries.
func (f *Frozen) AnyNew() bool { return f.root != nil && f.root.age.gen >= f.since }
