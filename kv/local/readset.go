package local

import (
	"bytes"

	"github.com/google/btree"

	"rowkey/kv"
)

// readSet is what a Serializable transaction has read: keys, known by their hashes, and
// ranges, united where they touch. ssi.mu guards it.
type readSet struct {
	points map[uint64]struct{}
	ranges *btree.BTreeG[kv.Range] // by Start, apart from each other
}

// maxReadRanges bounds a read set; beyond, neighbours are taken together.
const maxReadRanges = 1 << 14

func (s *readSet) point(hash uint64) {
	if s.points == nil {
		s.points = make(map[uint64]struct{})
	}
	s.points[hash] = struct{}{}
}

// add adds a range, whose bounds stay unchanged from now on.
func (s *readSet) add(r kv.Range) {
	if r.Empty() {
		return
	}
	if s.ranges == nil {
		s.ranges = btree.NewG(16, func(a, b kv.Range) bool { return bytes.Compare(a.Start, b.Start) < 0 })
	}
	var touching []kv.Range
	s.ranges.DescendLessOrEqual(r, func(o kv.Range) bool {
		if touches(o, r) {
			touching = append(touching, o)
		}
		return false
	})
	s.ranges.AscendGreaterOrEqual(r, func(o kv.Range) bool {
		if !touches(r, o) {
			return false
		}
		touching = append(touching, o)
		return true
	})
	for _, o := range touching {
		s.ranges.Delete(o)
		r = unite(r, o)
	}
	s.ranges.ReplaceOrInsert(r)
	if s.ranges.Len() > maxReadRanges {
		s.pairUp()
	}
}

// pairUp halves the number of ranges by taking what lies between two as read.
func (s *readSet) pairUp() {
	all := make([]kv.Range, 0, s.ranges.Len())
	s.ranges.Ascend(func(r kv.Range) bool {
		all = append(all, r)
		return true
	})
	s.ranges.Clear(false)
	for i := 0; i < len(all); i += 2 {
		r := all[i]
		if i+1 < len(all) {
			r = unite(r, all[i+1])
		}
		s.ranges.ReplaceOrInsert(r)
	}
}

// touches tells whether b, which starts no earlier than a, overlaps it or follows at once.
func touches(a, b kv.Range) bool { return a.End == nil || bytes.Compare(b.Start, a.End) <= 0 }

// unite is the least range around a and b.
func unite(a, b kv.Range) kv.Range {
	if bytes.Compare(b.Start, a.Start) < 0 {
		a.Start = b.Start
	}
	if a.End != nil && (b.End == nil || bytes.Compare(b.End, a.End) > 0) {
		a.End = b.End
	}
	return a
}

// has tells whether the state of key was read.
func (s *readSet) has(key []byte, hash uint64) bool {
	if _, ok := s.points[hash]; ok {
		return true
	}
	if s.ranges == nil {
		return false
	}
	found := false
	s.ranges.DescendLessOrEqual(kv.Range{Start: key}, func(r kv.Range) bool {
		found = r.Contains(key)
		return false
	})
	return found
}

// recordIter notes how far a scan has gone.
type recordIter struct {
	kv.Iterator
	txn   *Txn
	opts  kv.ScanOptions
	seq   uint64
	whole kv.Range // what is left to read
	pairs int
	done  bool
}

func newRecordIter(it kv.Iterator, t *Txn, r kv.Range, opts kv.ScanOptions, seq uint64) *recordIter {
	ri := &recordIter{Iterator: it, txn: t, opts: opts, seq: seq}
	ri.begin(r)
	return ri
}

func (it *recordIter) begin(r kv.Range) {
	// The caller may reuse the memory of its bounds.
	it.whole = kv.Range{Start: bytes.Clone(r.Start), End: bytes.Clone(r.End)}
	it.pairs, it.done = 0, false
}

// Next implements kv.Iterator.
func (it *recordIter) Next(b *kv.PairBatch) (int, error) {
	n, err := it.Iterator.Next(b)
	if err != nil || it.done {
		return n, err
	}
	it.pairs += n
	so := it.whole
	switch {
	case n == 0 && it.opts.Limit > 0 && it.pairs >= it.opts.Limit:
		return 0, nil // the limit ended the scan: beyond it nothing was read
	case n == 0:
		it.done = true
	case it.opts.Reverse:
		so.Start = bytes.Clone(b.Keys[n-1])
		it.whole.End = so.Start
	default:
		so.End = kv.KeyAfter(b.Keys[n-1])
		it.whole.Start = so.End
	}
	if err := it.txn.store.ssi.readRange(it.txn.serial, so, it.seq); err != nil {
		b.Clear()
		return 0, err
	}
	return n, nil
}

// Reset implements kv.Iterator.
func (it *recordIter) Reset(r kv.Range) {
	it.Iterator.Reset(r)
	it.begin(r)
}
