package executor

import (
	"rowkey/types"
)

// groupTable numbers distinct rows of key columns 0, 1, 2 … in the order they
// first come. NULLs equal each other.
//
// Slots hold the upper half of a row's hash and the group's number + 1, found
// by linear probing; the keys are kept as columns.
//
//	slots   [ ------ | 9f3a…:2 | 77c1…:1 | ------ ]
//	keys    group 0: (7, 'bo')   group 1: (8, 'al')
type groupTable struct {
	keys   []*types.Vec
	n      int
	hashes []uint64
	slots  []uint64
	mask   uint64
	mem    *Account
	bytes  int64
	h      []uint64
	phys   types.Phys // of a single key that compares raw, else PhysNull
}

func newGroupTable(ts []*types.Type, mem *Account) *groupTable {
	t := &groupTable{keys: newVecs(ts, 0), mem: mem, slots: make([]uint64, 256), mask: 255}
	if len(ts) == 1 && rawComparable(ts[0], ts[0]) {
		if p := ts[0].Under().Phys; p == types.PhysInt64 || p == types.PhysBytes {
			t.phys = p
		}
	}
	return t
}

const slotHash = 0xffffffff00000000

// assign finds or makes the group of each of rows and stores its number in
// out at the row's place.
func (t *groupTable) assign(cols []*types.Vec, n int, rows []int32, out []int32) error {
	t.h = hashRows(t.h, cols, n, rows)
	before := t.n
	switch {
	case t.phys == types.PhysInt64 && !cols[0].HasNulls && !t.keys[0].HasNulls:
		t.assignInt(cols[0].I, rows, out)
	case t.phys == types.PhysBytes && !cols[0].HasNulls && !t.keys[0].HasNulls:
		t.assignString(cols[0].S, rows, out)
	default:
		for _, i := range rows {
			out[i] = t.find(cols, i)
		}
	}
	return t.charge(before)
}

// hashRows hashes the key columns of rows of a batch of n, into h, which it gives
// back, grown if need be. Nil rows are all.
func hashRows(h []uint64, keys []*types.Vec, n int, rows []int32) []uint64 {
	if len(h) < n {
		h = make([]uint64, n)
	}
	if rows == nil || len(rows) == n {
		clear(h[:n])
		rows = nil
	} else {
		for _, i := range rows {
			h[i] = 0
		}
	}
	for _, k := range keys {
		types.HashVec(k, n, rows, h)
	}
	return h
}

func (t *groupTable) assignInt(v []int64, rows []int32, out []int32) {
	keys := t.keys[0]
	for _, i := range rows {
		h, x := t.h[i], v[i]
		for p := h & t.mask; ; p = (p + 1) & t.mask {
			s := t.slots[p]
			if s == 0 {
				keys.I = append(keys.I, x)
				keys.Len++
				out[i] = t.insert(p, h)
				break
			}
			if g := int32(uint32(s)) - 1; s&slotHash == h&slotHash && keys.I[g] == x {
				out[i] = g
				break
			}
		}
	}
}

func (t *groupTable) assignString(v []string, rows []int32, out []int32) {
	keys := t.keys[0]
	for _, i := range rows {
		h, x := t.h[i], v[i]
		for p := h & t.mask; ; p = (p + 1) & t.mask {
			s := t.slots[p]
			if s == 0 {
				keys.S = append(keys.S, x)
				keys.Len++
				out[i] = t.insert(p, h)
				break
			}
			if g := int32(uint32(s)) - 1; s&slotHash == h&slotHash && keys.S[g] == x {
				out[i] = g
				break
			}
		}
	}
}

// find gives the group of row i of any columns, made if need be.
func (t *groupTable) find(cols []*types.Vec, i int32) int32 {
	h := t.h[i]
	for p := h & t.mask; ; p = (p + 1) & t.mask {
		s := t.slots[p]
		if s == 0 {
			n := t.n
			for k, c := range t.keys {
				c.Resize(n + 1)
				setVec(c, n, cols[k], int(i))
			}
			return t.insert(p, h)
		}
		if s&slotHash == h&slotHash {
			g := int32(uint32(s)) - 1
			if t.equal(cols, int(i), int(g)) {
				return g
			}
		}
	}
}

func (t *groupTable) equal(cols []*types.Vec, i, g int) bool {
	for k, c := range t.keys {
		if !types.EqualAt(cols[k], i, c, g) {
			return false
		}
	}
	return true
}

// insert enters a new group, whose keys are in place, at slot p.
func (t *groupTable) insert(p, h uint64) int32 {
	g := t.n
	t.n++
	t.hashes = append(t.hashes, h)
	t.slots[p] = h&slotHash | uint64(uint32(g+1))
	if uint64(t.n)*2 > t.mask {
		t.rehash()
	}
	return int32(g)
}

func (t *groupTable) rehash() {
	size := 4 * len(t.slots)
	t.slots = make([]uint64, size)
	t.mask = uint64(size - 1)
	for g, h := range t.hashes {
		p := h & t.mask
		for t.slots[p] != 0 {
			p = (p + 1) & t.mask
		}
		t.slots[p] = h&slotHash | uint64(uint32(g+1))
	}
}

// charge accounts for the groups made since there were before.
func (t *groupTable) charge(before int) error {
	if t.mem == nil || t.n == before {
		return nil
	}
	size := int64(t.n-before) * 24
	for _, c := range t.keys {
		size += vecBytes(c, before, t.n)
	}
	t.bytes += size
	return t.mem.grow(size)
}

// fresh appends to out the rows whose keys are new to the table.
func (t *groupTable) fresh(cols []*types.Vec, n int, rows []int32, out []int32) ([]int32, error) {
	t.h = hashRows(t.h, cols, n, rows)
	before := t.n
	for _, i := range rows {
		if int(t.find(cols, i)) == t.n-1 && t.n-1 >= before+len(out) {
			out = append(out, i)
		}
	}
	return out, t.charge(before)
}

// release gives the table's memory back to its account.
func (t *groupTable) release() {
	_ = t.mem.grow(-t.bytes)
	t.bytes = 0
}

// lookup divides rows into those whose keys are in the table, whose groups go to
// out, and the others.
func (t *groupTable) lookup(cols []*types.Vec, n int, rows, out, found, missing []int32) (_, _ []int32) {
	t.h = hashRows(t.h, cols, n, rows)
rows:
	for _, i := range rows {
		h := t.h[i]
		for p := h & t.mask; ; p = (p + 1) & t.mask {
			s := t.slots[p]
			if s == 0 {
				missing = append(missing, i)
				continue rows
			}
			if g := int32(uint32(s)) - 1; s&slotHash == h&slotHash && t.equal(cols, int(i), int(g)) {
				if out != nil {
					out[i] = g
				}
				found = append(found, i)
				continue rows
			}
		}
	}
	return found, missing
}
