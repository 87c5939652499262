package btree

import "runtime"

// fewWritten is how many entries are better written one by one.
const fewWritten = 4

// Write puts entries, and takes out those that deletions are of, later ones over earlier ones. It gives by
// how much the bytes of the tree have grown. The leaves of some are found together, see GetAll, and written to
// in place where that can be.
func (t *Tree) Write(es []Entry) (grown int64) {
	var keys [together][]byte
	for len(es) > 0 {
		n := min(len(es), together)
		for i, e := range es[:n] {
			keys[i] = e.Key()
		}
		grown += t.writeSome(es[:n], keys[:n])
		es = es[n:]
	}
	return grown
}

func (t *Tree) writeSome(es []Entry, keys [][]byte) (grown int64) {
	var at [together]*node
	there := t.root != nil && len(es) >= fewWritten
	if there {
		touch(keys)
		t.leavesOf(&at, keys)
		peekAll(&at, keys, false)
	}
	for i, e := range es {
		var old Entry
		had, done := false, false
		if n := at[i&(together-1)]; there && !e.Deleted() && n.version > t.shared {
			old, had, done = t.putIn(n, e, keys[i])
		}
		switch {
		case done:
		case e.Deleted():
			old, had = t.Delete(keys[i])
			there = there && !had // else the leaves may be others now
		default:
			old, had = t.Put(e)
			there = false
		}
		if !e.Deleted() {
			grown += e.Bytes()
		}
		if had {
			grown -= old.Bytes()
		}
	}
	return grown
}

// touch reads a byte of each key: those of a large transaction lie in memory as they were written, not in
// order, and so the waits for them overlap, where searches would wait for one after the other.
func touch(keys [][]byte) {
	sum := byte(0)
	for _, k := range keys {
		if len(k) > 0 {
			sum += k[len(k)-1]
		}
	}
	runtime.KeepAlive(sum)
}

// putIn is Put to the leaf that the key belongs to, if it has room.
func (t *Tree) putIn(n *node, e Entry, key []byte) (old Entry, had, done bool) {
	i, equal := n.search(key)
	switch {
	case equal:
		old, n.items[i] = n.items[i], e
		return old, true, true
	case n.n == width:
		return old, false, false
	}
	mark := i == 0 && t.marked && t.markBefore(key)
	n.insert(i, e)
	if mark {
		n.marks |= 1
	}
	t.size++
	return old, false, true
}
