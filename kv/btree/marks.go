package btree

import "bytes"

// Find gives the entry of key and its mark, or, where there is none, the mark of the entry
// before. It notes that the leaf was of use, see Leaf. Safe beside other readers.
func (t *Tree) Find(key []byte) (e Entry, found, mark bool) {
	n := t.root
	if n == nil {
		return e, false, false
	}
	for !n.leaf {
		n = n.inner().kids[n.child(key)]
	}
	if n.used.Load() == 0 {
		n.used.Store(1)
	}
	i, found := n.search(key)
	switch {
	case found:
		return n.items[i], true, n.marks>>i&1 != 0
	case i > 0:
		return e, false, n.marks>>(i-1)&1 != 0
	}
	return e, false, t.marked && t.markBefore(key)
}

// FindAll looks up many keys as Find does, overlapping the waits for memory: values[i]
// becomes the value of keys[i], or nil if it has none. It appends to missing the places of
// keys without an entry whose entry before is unmarked.
func (t *Tree) FindAll(keys, values [][]byte, missing []int32) []int32 {
	for from := 0; from < len(keys); from += together {
		missing = t.findSome(from, keys[from:min(from+together, len(keys))], values[from:], missing)
	}
	return missing
}

func (t *Tree) findSome(from int, keys, values [][]byte, missing []int32) []int32 {
	if t.root == nil {
		for i := range keys {
			values[i] = nil
			missing = append(missing, int32(from+i))
		}
		return missing
	}
	var at [together]*node
	t.leavesOf(&at, keys)
	peekAll(&at, keys, true)
	for i, k := range keys {
		n := at[i&(together-1)]
		if n.used.Load() == 0 {
			n.used.Store(1)
		}
		j, found := n.search(k)
		mark := false
		values[i] = nil
		switch {
		case found:
			values[i] = n.items[j].Value()
			continue
		case j > 0:
			mark = n.marks>>(j-1)&1 != 0
		default:
			mark = t.marked && t.markBefore(k)
		}
		if !mark {
			missing = append(missing, int32(from+i))
		}
	}
	return missing
}

// Before gives the last entry before key, and its mark.
func (t *Tree) Before(key []byte) (e Entry, mark, ok bool) {
	var aside *node // the last kid that was passed by
	n := t.root
	if n == nil {
		return e, false, false
	}
	for !n.leaf {
		i := n.child(key)
		if i > 0 {
			aside = n.inner().kids[i-1]
		}
		n = n.inner().kids[i]
	}
	i, _ := n.search(key)
	if i == 0 {
		if n = aside; n == nil {
			return e, false, false
		}
		for !n.leaf {
			n = n.inner().kids[n.n-1]
		}
		i = int(n.n)
	}
	return n.items[i-1], n.marks>>(i-1)&1 != 0, true
}

func (t *Tree) markBefore(key []byte) bool {
	_, mark, _ := t.Before(key)
	return mark
}

// SetMark marks the entry of key, which is there, or unmarks it.
func (t *Tree) SetMark(key []byte, mark bool) {
	t.marked = t.marked || mark
	n := t.mutableLeaf(key)
	i, _ := n.search(key)
	n.marks &^= 1 << i
	if mark {
		n.marks |= 1 << i
	}
}

// mutableLeaf gives the leaf of an entry, to be changed.
func (t *Tree) mutableLeaf(key []byte) *node {
	t.root = t.mutable(t.root)
	n := t.root
	for !n.leaf {
		in := n.inner()
		i := n.child(key)
		in.kids[i] = t.mutable(in.kids[i])
		n = in.kids[i]
	}
	return n
}

// From gives the first entry that is not before key.
func (t *Tree) From(key []byte) (e Entry, ok bool) {
	t.Ascend(key, func(es []Entry) bool {
		e, ok = es[0], true
		return false
	})
	return e, ok
}

// Last gives the last entry.
func (t *Tree) Last() (e Entry, ok bool) {
	t.Descend(nil, func(es []Entry) bool {
		e, ok = es[len(es)-1], true
		return false
	})
	return e, ok
}

// Leaf appends to dst the entries from key on that lie together in the first leaf that has
// any, and tells whether Find came there since Leaf did.
func (t *Tree) Leaf(dst []Entry, key []byte) (_ []Entry, used bool) {
	if t.root == nil {
		return dst, false
	}
	n, from := t.root.leafFrom(key)
	if n == nil {
		return dst, false
	}
	return append(dst, n.items[from:n.n]...), n.used.Swap(0) != 0
}

// leafFrom finds the first leaf with an entry that is not before key.
func (n *node) leafFrom(key []byte) (leaf *node, from int) {
	if n.leaf {
		if i, _ := n.search(key); i < int(n.n) {
			return n, i
		}
		return nil, 0
	}
	for i := n.child(key); i < int(n.n); i++ {
		if leaf, from = n.inner().kids[i].leafFrom(key); leaf != nil {
			return leaf, from
		}
	}
	return nil, 0
}

// emptyEntries bounds the entries that NoneIn looks at.
const emptyEntries = 64

// NoneIn tells, of a tree whose marks tell of gaps without keys (see Overlay), whether no key from start on and before
// end is there. If that is not known, there is a key that nothing is known of, and of those behind it: unknown.
func (t *Tree) NoneIn(start, end []byte) (none bool, unknown []byte) {
	if !t.marked || !t.markBefore(start) {
		unknown = start // unless an entry is there
	}
	at := start
	for looked := 0; looked < emptyEntries; {
		n, i := t.leafAt(at)
		if n == nil {
			return unknown == nil, unknown
		}
		for ; i < int(n.n); i++ {
			key := n.items[i].Key()
			if bytes.Compare(key, end) >= 0 {
				return unknown == nil, unknown
			}
			if !n.items[i].Deleted() {
				return false, nil
			}
			if looked == 0 && bytes.Equal(key, start) {
				unknown = nil
			}
			if unknown == nil && n.marks>>i&1 == 0 {
				unknown = append(bytes.Clone(key), 0)
			}
			looked++
		}
		at = append(bytes.Clone(n.items[n.n-1].Key()), 0)
	}
	return false, nil
}

func (t *Tree) leafAt(key []byte) (leaf *node, from int) {
	if t.root == nil {
		return nil, 0
	}
	return t.root.leafFrom(key)
}
