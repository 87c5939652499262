package executor

import (
	"rowkey/types"
)

// joinTable is the build side of a hash join: the rows as columns, their key
// columns, and chains of rows by hash. It is read-only once built, so that
// parallel probes may share it.
//
//	heads[hash & mask] → row → next[row] → … → -1
type joinTable struct {
	rows   *rowSet
	keys   []*types.Vec // nil elements never
	hashes []uint32     // upper half, compared before the keys
	heads  []int32
	next   []int32
	mask   uint64
	// hasNull tells that some row has a NULL among its keys (not entered unless
	// NULLs equal), empty that there is no row at all.
	hasNull bool
	// unique tells that no two rows have equal keys.
	unique bool
	kvals  *rowSet
	chains int64 // bytes of heads and next
}

func newJoinTable(rowTypes, keyTypes []*types.Type, mem *Account) *joinTable {
	return &joinTable{rows: newRowSet(rowTypes, mem), kvals: newRowSet(keyTypes, mem)}
}

// add takes rows in with their keys.
func (t *joinTable) add(b *types.Batch, keys []*types.Vec) error {
	rows := selected(b.N, b.Sel)
	if err := t.rows.addRows(b, rows); err != nil {
		return err
	}
	return t.kvals.addRows(&types.Batch{Cols: keys, N: b.N}, rows)
}

// build makes the chains. nullsEqual has, per key, whether NULLs match.
func (t *joinTable) build(nullsEqual []bool) error {
	n := t.rows.n
	t.keys = t.kvals.cols
	size := 16
	for size < 2*n {
		size *= 2
	}
	t.mask = uint64(size - 1)
	t.heads = make([]int32, size)
	for i := range t.heads {
		t.heads[i] = -1
	}
	t.next = make([]int32, n)
	t.hashes = make([]uint32, n)
	h := hashRows(nil, t.keys, n, nil)
	t.unique = true
	// From the last row to the first, so that chains run in input order.
	for i := n - 1; i >= 0; i-- {
		if t.nullKey(t.keys, i, nullsEqual) {
			t.hasNull = true
			continue
		}
		p := h[i] & t.mask
		t.hashes[i] = uint32(h[i] >> 32)
		for r := t.heads[p]; t.unique && r >= 0; r = t.next[r] {
			if t.hashes[r] == t.hashes[i] && t.equal(t.keys, i, int(r)) {
				t.unique = false
			}
		}
		t.next[i] = t.heads[p]
		t.heads[p] = int32(i)
	}
	t.chains = int64(8*n + 4*size)
	return t.rows.mem.grow(t.chains)
}

// bytes is what the rows take up.
func (t *joinTable) bytes() int64 { return t.rows.bytes + t.kvals.bytes }

// drop gives the table's memory away.
func (t *joinTable) drop() {
	t.rows.drop()
	t.kvals.drop()
	_ = t.rows.mem.grow(-t.chains)
	t.chains, t.heads, t.next, t.hashes = 0, nil, nil, nil
}

// nullKey tells whether row i of key columns has a NULL that matches nothing.
func (t *joinTable) nullKey(keys []*types.Vec, i int, nullsEqual []bool) bool {
	for k, v := range keys {
		if v.HasNulls && v.Nulls[i] && (nullsEqual == nil || !nullsEqual[k]) {
			return true
		}
	}
	return false
}

func (t *joinTable) equal(keys []*types.Vec, i, r int) bool {
	for k, v := range t.keys {
		if !types.EqualAt(keys[k], i, v, r) {
			return false
		}
	}
	return true
}

// prober walks the matches of batches of probe rows.
type prober struct {
	t          *joinTable
	nullsEqual []bool
	h          []uint64
	cand       []int32 // next candidate of each probe row, -1 none
	phys       types.Phys
}

func newProber(t *joinTable, nullsEqual []bool) *prober {
	p := &prober{t: t, nullsEqual: nullsEqual}
	if len(t.kvals.cols) == 1 {
		kt := t.kvals.cols[0].Type
		if rawComparable(kt, kt) && (kt.Under().Phys == types.PhysInt64 || kt.Under().Phys == types.PhysBytes) {
			p.phys = kt.Under().Phys
		}
	}
	return p
}

// start looks up the chains of the rows.
func (p *prober) start(keys []*types.Vec, n int, rows []int32) {
	t := p.t
	if len(p.cand) < n {
		p.cand = make([]int32, n)
	}
	p.h = hashRows(p.h, keys, n, rows)
	for _, i := range rows {
		p.cand[i] = t.heads[p.h[i]&t.mask]
	}
	for k, v := range keys {
		if v.HasNulls && (p.nullsEqual == nil || !p.nullsEqual[k]) {
			for _, i := range rows {
				if v.Nulls[i] {
					p.cand[i] = -1
				}
			}
		}
	}
}

// match advances row i to its next match: the build row, -1 when there is no
// more.
func (p *prober) match(keys []*types.Vec, i int32) int32 {
	t := p.t
	h := uint32(p.h[i] >> 32)
	r := p.cand[i]
	for ; r >= 0; r = t.next[r] {
		if t.hashes[r] == h && t.equal(keys, int(i), int(r)) {
			p.cand[i] = t.next[r]
			return r
		}
	}
	p.cand[i] = -1
	return -1
}

// first finds the first match of each row: to[i] is the build row or -1. For
// single raw keys without a call a row.
func (p *prober) first(keys []*types.Vec, rows []int32, to []int32) {
	t := p.t
	switch {
	case p.phys == types.PhysInt64 && !t.keys[0].HasNulls:
		v, w := keys[0].I, t.keys[0].I
		for _, i := range rows {
			r := p.cand[i]
			x := v[i]
			for r >= 0 && w[r] != x {
				r = t.next[r]
			}
			to[i] = r
		}
	case p.phys == types.PhysBytes && !t.keys[0].HasNulls:
		v, w := keys[0].S, t.keys[0].S
		for _, i := range rows {
			r := p.cand[i]
			h := uint32(p.h[i] >> 32)
			for r >= 0 && (t.hashes[r] != h || w[r] != v[i]) {
				r = t.next[r]
			}
			to[i] = r
		}
	default:
		for _, i := range rows {
			to[i] = p.match(keys, i)
		}
	}
}
