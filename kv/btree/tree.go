// Package btree is the ordered map in memory of the stores of one process: a B-tree of
// entries whose nodes are copied when written, so that readers walk a clone without locks
// while the tree goes on. Package memory keeps everything in one, package disk what it
// remembers of the newest state.
package btree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Tree is a B-tree of entries in its leaves, copied when written: a node that no clone
// can see is changed in place, any other is copied first.
//
//	inner  [ k1  k2  k3 ]      kids[i] has the keys from items[i] on;
//	         │   │   │         kids[0] those before items[0], too
//	leaf   [a b][c d][e f g]
//
// Keys of one table begin alike, so a node notes what all of its keys begin with,
// and of each the eight bytes that follow: its head. A search runs over the heads,
// which lie side by side, and looks at an entry's memory only where heads are equal;
// most of a search in an ordinary tree is waiting for that memory.
//
// An entry may bear a mark, one bit, whose meaning is the user's: a new entry takes over
// that of the entry before it, one put in another's place keeps that.
//
// The zero value is empty. Not safe for concurrent use; clones are apart.
type Tree struct {
	root *node
	size int
	// version is the number of clones; nodes made after clone n have version n+1, and
	// those up to shared may be seen by clones.
	version, shared uint64
	marked          bool // an entry has borne a mark
}

const (
	// width is the most entries a node has, sparse the number below which it is
	// merged with its neighbour. Wider nodes scan faster, narrower ones are cheaper
	// to copy at each commit.
	width  = 32
	sparse = width / 4
	// prefixBytes bounds what is noted of the common beginning of a node's keys.
	prefixBytes = 44
)

// node is a leaf, or the first part of an inner.
type node struct {
	used atomic.Uint32 // see Find
	body
}

type body struct {
	marks   uint32 // of items, bit by bit
	version uint64
	n       uint16
	leaf    bool
	plen    uint8 // all keys begin with pre[:plen]
	pre     [prefixBytes]byte
	heads   [width]uint64 // noHead behind those of items
	items   [width]Entry  // of an inner node, keys without values
	age     ages          // of an Overlay
}

type inner struct {
	node
	kids [width]*node
}

func (n *node) inner() *inner { return (*inner)(unsafe.Pointer(n)) }

// Clone gives the tree as it is, which later changes of t leave alone.
func (t *Tree) Clone() *Tree {
	c := *t
	t.version++
	t.shared = t.version
	return &c
}

// Fork gives the tree as it is; both go on apart.
func (t *Tree) Fork() *Tree {
	t.version++
	t.shared = t.version
	c := *t
	return &c
}

// Unclone takes back c and all later clones, which are not used any more.
func (t *Tree) Unclone(c *Tree) { t.shared = c.shared }

// Reset empties the tree; its clones stay as they are.
func (t *Tree) Reset() { t.root, t.size = nil, 0 }

// Len is the number of entries.
func (t *Tree) Len() int { return t.size }

// Same tells whether both are the same nodes.
func (t *Tree) Same(o *Tree) bool { return t.root == o.root }

// mutable gives n, or its copy if it is seen by clones.
func (t *Tree) mutable(n *node) *node {
	switch {
	case n.version > t.shared:
		return n
	case n.leaf:
		c := &node{body: n.body} // used is not to be copied with it: others write it
		c.version = t.version + 1
		c.used.Store(n.used.Load())
		return c
	}
	from := n.inner()
	c := &inner{node: node{body: from.body}, kids: from.kids}
	c.version = t.version + 1
	return &c.node
}

func (t *Tree) newLeaf() *node {
	n := &node{body: body{version: t.version + 1, leaf: true}}
	n.rehash()
	return n
}

func (t *Tree) newInner() *inner {
	n := &inner{node: node{body: body{version: t.version + 1}}}
	n.rehash()
	return n
}

// noHead is the head where there is no item.
const noHead = ^uint64(0)

// head is the eight bytes of key behind its first p, zeros where there are none.
func head(key []byte, p int) uint64 {
	if len(key) >= p+8 {
		return binary.BigEndian.Uint64(key[p:])
	}
	var b [8]byte
	copy(b[:], key[p:])
	return binary.BigEndian.Uint64(b[:])
}

// search finds the first item that is not less than key, and tells whether it is equal.
func (n *node) search(key []byte) (at int, equal bool) {
	p := int(n.plen)
	if len(key) < p {
		if bytes.Compare(key, n.pre[:p]) < 0 {
			return 0, false
		}
		return int(n.n), false
	}
	if string(key[:p]) != string(n.pre[:p]) {
		if bytes.Compare(key[:p], n.pre[:p]) < 0 {
			return 0, false
		}
		return int(n.n), false
	}
	h := head(key, p)
	lo := n.firstHead(h)
	if lo == int(n.n) || n.heads[lo] != h {
		return lo, false
	}
	if n.sameKey(lo, key) || bytes.Equal(n.items[lo].Key(), key) {
		return lo, true
	}
	hi := lo + 1
	if hi < int(n.n) && n.heads[hi] == h {
		hi = int(n.n)
		if h != ^uint64(0) {
			hi = n.firstHead(h + 1)
		}
	}
	for lo < hi {
		m := int(uint(lo+hi) / 2)
		switch c := bytes.Compare(n.items[m].Key(), key); {
		case c == 0:
			return m, true
		case c < 0:
			lo = m + 1
		default:
			hi = m
		}
	}
	return lo, false
}

// sameKey tells of an item whose head is key's that the whole key is, if that can be told without the item's
// memory: prefix, head and length are all there is to compare.
func (n *node) sameKey(i int, key []byte) bool {
	return len(key) <= int(n.plen)+8 && int(n.items[i&(width-1)].klen) == len(key)
}

// firstHead finds the first head that is not less than h. It counts those that are less, of
// eight and then within eight, without a branch whose outcome nobody could foretell and with
// little that must be loaded before something else: so the processor waits for the memory of
// several searches at a time.
func (n *node) firstHead(h uint64) int {
	_, a := bits.Sub64(n.heads[7], h, 0)
	_, b := bits.Sub64(n.heads[15], h, 0)
	_, c := bits.Sub64(n.heads[23], h, 0)
	at := 8 * (a + b + c)
	part := (*[8]uint64)(n.heads[at&(width-8):])
	_, c0 := bits.Sub64(part[0], h, 0)
	_, c1 := bits.Sub64(part[1], h, 0)
	_, c2 := bits.Sub64(part[2], h, 0)
	_, c3 := bits.Sub64(part[3], h, 0)
	_, c4 := bits.Sub64(part[4], h, 0)
	_, c5 := bits.Sub64(part[5], h, 0)
	_, c6 := bits.Sub64(part[6], h, 0)
	_, c7 := bits.Sub64(part[7], h, 0)
	at += (c0 + c1) + (c2 + c3) + (c4 + c5) + (c6 + c7)
	return int(at)
}

// child finds the kid that key belongs to.
func (n *node) child(key []byte) int {
	i, equal := n.search(key)
	if !equal && i > 0 {
		i--
	}
	return i
}

// Get gives the entry of key.
func (t *Tree) Get(key []byte) (Entry, bool) {
	n := t.root
	if n == nil {
		return Entry{}, false
	}
	for !n.leaf {
		n = n.inner().kids[n.child(key)]
	}
	if i, ok := n.search(key); ok {
		return n.items[i], true
	}
	return Entry{}, false
}

// together is how many keys GetAll looks up at a time.
const together = 16

// GetAll is Get of many keys: level by level, so that the waits for memory, which most of
// a search is, overlap.
func (t *Tree) GetAll(keys, values [][]byte) {
	for len(keys) > 0 {
		n := min(len(keys), together)
		t.getSome(keys[:n], values[:n])
		keys, values = keys[n:], values[n:]
	}
}

func (t *Tree) getSome(keys, values [][]byte) {
	clear(values)
	if t.root == nil {
		return
	}
	var at [together]*node
	t.leavesOf(&at, keys)
	peekAll(&at, keys, true)
	for i, k := range keys {
		n := at[i&(together-1)]
		if j, equal := n.search(k); equal {
			values[i] = n.items[j].Value()
		}
	}
}

// leavesOf finds the leaves that keys are in or belong to, of a tree that has any.
func (t *Tree) leavesOf(at *[together]*node, keys [][]byte) {
	for i := range keys {
		at[i&(together-1)] = t.root
	}
	for !at[0].leaf { // all leaves are as deep
		for i, k := range keys {
			n := at[i&(together-1)]
			at[i&(together-1)] = n.inner().kids[n.child(k)]
		}
	}
}

// peekAll touches the memory that searches of keys in their leaves will look at, one part
// after the other for all keys, so that these waits overlap, too: the heads, the entry that
// the search compares with, and what that one holds; that not if a search finds out without it, unless values
// are asked for.
func peekAll(at *[together]*node, keys [][]byte, values bool) {
	sum := uint64(0)
	for i := range keys {
		n := at[i&(together-1)]
		sum += uint64(n.plen) + n.heads[7] + n.heads[15] + n.heads[23] + n.heads[31]
	}
	var es [together]Entry
	for i, k := range keys {
		es[i&(together-1)] = at[i&(together-1)].near(k, values)
	}
	for i := range keys {
		if e := es[i&(together-1)]; !e.None() && e.klen > 0 {
			k := e.Key()
			sum += uint64(k[0]) + uint64(k[len(k)-1])
		}
	}
	runtime.KeepAlive(sum)
}

// near is the entry that a search of key would compare it with, or give, if any.
func (n *node) near(key []byte, given bool) (e Entry) {
	p := int(n.plen)
	if len(key) < p {
		return e
	}
	h := head(key, p)
	i := n.firstHead(h)
	if i < int(n.n) && (given || n.heads[i&(width-1)] == h && !n.sameKey(i, key)) {
		e = n.items[i&(width-1)]
	}
	return e
}

// Put inserts e, in place of the entry of its key that is there.
func (t *Tree) Put(e Entry) (old Entry, had bool) {
	key := e.Key()
	old, had, _ = t.putIn(t.leafFor(key, 0), e, key)
	return old, had
}

// leafFor gives the leaf that key belongs to, with room for it, to be changed. In an Overlay
// it and the nodes above are of the generation gen, if that is not 0.
func (t *Tree) leafFor(key []byte, gen uint64) *node {
	if t.root == nil {
		t.root = t.newLeaf()
	}
	if int(t.root.n) == width {
		top := t.newInner()
		top.insert(0, NewDeletion(t.root.items[0].Key()))
		top.kids[0] = t.root
		top.age.gen = t.root.age.gen
		t.root = &top.node
		t.split(top, 0, key)
	}
	t.root = t.mutable(t.root)
	n := t.root
	for !n.leaf {
		if gen != 0 {
			n.age.gen = gen
		}
		in := n.inner()
		i := n.child(key)
		if int(in.kids[i].n) == width {
			t.split(in, i, key)
			i = n.child(key)
		}
		in.kids[i] = t.mutable(in.kids[i])
		n = in.kids[i]
	}
	if gen != 0 && n.age.gen != gen {
		n.age = n.age.at(gen)
	}
	return n
}

// split cuts kid i of in, which is full, in two. Where key goes to its end, keys come
// in order, and it is left full.
func (t *Tree) split(in *inner, i int, key []byte) {
	left := t.mutable(in.kids[i])
	at := width / 2
	if at2, _ := left.search(key); at2 == width {
		at = width - 1
	}
	var right *node
	if left.leaf {
		right = t.newLeaf()
	} else {
		r := t.newInner()
		copy(r.kids[:], left.inner().kids[at:])
		clear(left.inner().kids[at:])
		right = &r.node
	}
	right.n = uint16(copy(right.items[:], left.items[at:]))
	right.marks = left.marks >> at
	right.age = left.age.split(at)
	left.marks &= 1<<at - 1
	clear(left.items[at:])
	left.n = uint16(at)
	left.tighten()
	right.tighten()
	in.kids[i] = left
	sep := right.items[0]
	if right.leaf {
		sep = NewDeletion(sep.Key()) // the key alone: the value may go before it
	}
	if i == 0 && bytes.Compare(left.items[0].Key(), in.items[0].Key()) < 0 {
		// The first kid got keys before items[0]: the new one may begin before it, too.
		in.remove(0)
		in.insert(0, NewDeletion(left.items[0].Key()))
	}
	copy(in.kids[i+2:], in.kids[i+1:in.n])
	in.insert(i+1, sep)
	in.kids[i+1] = right
}

// insert puts e at i; of an inner node, the kids are the caller's.
func (n *node) insert(i int, e Entry) {
	key := e.Key()
	p := int(n.plen)
	if n.n == 0 {
		p = copy(n.pre[:], key)
		n.plen = uint8(p)
	} else if same := common(key, n.pre[:p]); same < p {
		p = same
		n.plen = uint8(p)
		n.rehash()
	}
	copy(n.items[i+1:], n.items[i:n.n])
	copy(n.heads[i+1:], n.heads[i:n.n])
	n.items[i], n.heads[i] = e, head(key, p)
	n.n++
	low := uint32(1)<<i - 1
	n.marks = n.marks&low | n.marks&^low<<1
	if n.leaf && n.age.gen != 0 {
		n.age.insert(i)
	}
	if i > 0 {
		n.marks |= n.marks << 1 & (1 << i)
	}
}

// remove takes item i out.
func (n *node) remove(i int) {
	copy(n.items[i:], n.items[i+1:n.n])
	copy(n.heads[i:], n.heads[i+1:n.n])
	n.n--
	n.items[n.n], n.heads[n.n] = Entry{}, noHead
	low := uint32(1)<<i - 1
	n.marks = n.marks&low | n.marks>>1&^low
	if n.leaf && n.age.gen != 0 {
		n.age.remove(i)
	}
}

// tighten notes anew what all keys begin with.
func (n *node) tighten() {
	if n.n == 0 {
		return
	}
	first, last := n.items[0].Key(), n.items[n.n-1].Key()
	p := min(common(first, last), prefixBytes)
	copy(n.pre[:], first[:p])
	n.plen = uint8(p)
	n.rehash()
}

func (n *node) rehash() {
	p := int(n.plen)
	for i := range n.items[:n.n] {
		n.heads[i] = head(n.items[i].Key(), p)
	}
	for i := int(n.n); i < width; i++ {
		n.heads[i] = noHead
	}
}

// common is the length of what both begin with.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Delete removes the entry of key.
func (t *Tree) Delete(key []byte) (old Entry, had bool) {
	if old, had = t.Get(key); !had {
		return old, false
	}
	t.root = t.mutable(t.root)
	t.deleteFrom(t.root, key)
	switch {
	case t.root.n == 0:
		t.root = nil
	case t.root.n == 1 && !t.root.leaf:
		t.root = t.root.inner().kids[0]
	}
	t.size--
	return old, true
}

// deleteFrom removes a key that is there from below n, which is mutable.
func (t *Tree) deleteFrom(n *node, key []byte) {
	if n.leaf {
		i, _ := n.search(key)
		n.remove(i)
		return
	}
	in := n.inner()
	i := n.child(key)
	kid := t.mutable(in.kids[i])
	in.kids[i] = kid
	t.deleteFrom(kid, key)
	switch {
	case kid.n == 0:
		in.drop(i)
	case kid.n >= sparse || in.n == 1:
	case i+1 < int(in.n):
		t.merge(in, i)
	default:
		t.merge(in, i-1)
	}
}

// drop takes kid i out.
func (in *inner) drop(i int) {
	in.remove(i)
	copy(in.kids[i:], in.kids[i+1:in.n+1])
	in.kids[in.n] = nil
}

// merge makes one of kids i and i+1 if there is room to spare.
func (t *Tree) merge(in *inner, i int) {
	left, right := in.kids[i], in.kids[i+1]
	if int(left.n+right.n) > width*3/4 {
		return
	}
	left = t.mutable(left)
	in.kids[i] = left
	at := int(left.n)
	copy(left.items[at:], right.items[:right.n])
	if !left.leaf {
		copy(left.inner().kids[at:], right.inner().kids[:right.n])
		left.items[at] = in.items[i+1] // the least that its first kid may have
	}
	left.marks |= right.marks << at
	left.age.join(&right.age, at)
	left.n += right.n
	left.tighten()
	in.drop(i + 1)
}

// Ascend visits the entries from start on (nil: all), a leaf's at a time, until visit
// returns false.
func (t *Tree) Ascend(start []byte, visit func([]Entry) bool) {
	if t.root != nil {
		t.root.ascend(start, visit)
	}
}

// Descend visits the entries up to end and it included (nil: all), a leaf's at a time,
// to be read from the last, until visit returns false.
func (t *Tree) Descend(end []byte, visit func([]Entry) bool) {
	if t.root != nil {
		t.root.descend(end, visit)
	}
}

// ascend visits the entries from start on (nil: all), a leaf's at a time, until
// visit returns false.
func (n *node) ascend(start []byte, visit func([]Entry) bool) bool {
	i := 0
	if n.leaf {
		if start != nil {
			i, _ = n.search(start)
		}
		return i == int(n.n) || visit(n.items[i:n.n])
	}
	if start != nil {
		i = n.child(start)
	}
	for ; i < int(n.n); i++ {
		if !n.inner().kids[i].ascend(start, visit) {
			return false
		}
		start = nil
	}
	return true
}

// descend visits the entries up to end and it included (nil: all), a leaf's at a time,
// to be read from the last, until visit returns false.
func (n *node) descend(end []byte, visit func([]Entry) bool) bool {
	i := int(n.n)
	if n.leaf {
		if end != nil {
			var equal bool
			if i, equal = n.search(end); equal {
				i++
			}
		}
		return i == 0 || visit(n.items[:i])
	}
	if end != nil {
		i = n.child(end) + 1
	}
	for i--; i >= 0; i-- {
		if !n.inner().kids[i].descend(end, visit) {
			return false
		}
		end = nil
	}
	return true
}
