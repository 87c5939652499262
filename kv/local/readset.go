package local

import (
	"bytes"
	"slices"
	"sync"

	"rowkey/kv"
)

// readSet is what a Serializable transaction has read, each piece with the sequence
// number of the version it was read from. If no later commit touches any of it,
// the transaction might as well have run at the moment of its commit: the order of
// commits is then a serial history. This refuses some harmless schedules and lets
// no dangerous one through.
type readSet struct {
	mu     sync.Mutex
	points map[uint64]uint64 // hash of key → version read
	ranges []readRange       // of scans that ended
	open   map[*recordIter]struct{}
}

// readRange is a part of the keyspace that was read.
type readRange struct {
	kv.Range
	seq uint64
}

// maxReadRanges bounds a read set; beyond, neighbours are taken together.
const maxReadRanges = 1 << 16

func (s *readSet) point(hash, seq uint64) {
	s.mu.Lock()
	if s.points == nil {
		s.points = make(map[uint64]uint64)
	}
	if old, ok := s.points[hash]; !ok || seq < old {
		s.points[hash] = seq
	}
	s.mu.Unlock()
}

func (s *readSet) add(r readRange) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r)
	if len(s.ranges) >= maxReadRanges {
		s.ranges = mergeRanges(s.ranges)
		if len(s.ranges) > maxReadRanges/2 {
			s.ranges = pairUp(s.ranges)
		}
	}
	s.mu.Unlock()
}

// collect returns all ranges read, merged and in order. Scanning must have stopped.
func (s *readSet) collect() []readRange {
	for it := range s.open {
		if it.read {
			s.ranges = append(s.ranges, readRange{it.so, it.seq})
		}
	}
	s.ranges = mergeRanges(s.ranges)
	return s.ranges
}

// mergeRanges sorts ranges by start and unites those that overlap or touch.
func mergeRanges(in []readRange) []readRange {
	slices.SortFunc(in, func(a, b readRange) int { return bytes.Compare(a.Start, b.Start) })
	out := in[:0]
	for _, r := range in {
		if r.Empty() {
			continue
		}
		if n := len(out); n > 0 && (out[n-1].End == nil || bytes.Compare(r.Start, out[n-1].End) <= 0) {
			out[n-1] = unite(out[n-1], r)
			continue
		}
		out = append(out, r)
	}
	return out
}

// pairUp halves the number of ranges by taking what lies between two as read.
func pairUp(in []readRange) []readRange {
	out := in[:0]
	for i := 0; i < len(in); i += 2 {
		if i+1 < len(in) {
			out = append(out, unite(in[i], in[i+1]))
		} else {
			out = append(out, in[i])
		}
	}
	return out
}

// unite is the least range around a and b, where a starts first.
func unite(a, b readRange) readRange {
	a.seq = min(a.seq, b.seq)
	if a.End != nil && (b.End == nil || bytes.Compare(b.End, a.End) > 0) {
		a.End = b.End
	}
	return a
}

// touched reports whether the writes of commit seq changed anything that was read
// before it. ranges are merged.
func (s *readSet) touched(ranges []readRange, writes *Buffer, seq uint64, hash func([]byte) uint64) bool {
	hit := false
	if len(s.points) > 0 {
		writes.Each(func(e Entry) bool {
			at, ok := s.points[hash(e.Key())]
			hit = ok && at < seq
			return !hit
		})
	}
	if hit || len(ranges) == 0 {
		return hit
	}
	if writes.Len() > 8*len(ranges) {
		for _, r := range ranges {
			if r.seq < seq && writes.any(r.Range) {
				return true
			}
		}
		return false
	}
	writes.Each(func(e Entry) bool {
		key := e.Key()
		// The last range that starts at or before key.
		i, _ := slices.BinarySearchFunc(ranges, key, func(r readRange, k []byte) int {
			if bytes.Compare(r.Start, k) <= 0 {
				return -1
			}
			return 1
		})
		hit = i > 0 && ranges[i-1].seq < seq && ranges[i-1].Contains(key)
		return !hit
	})
	return hit
}

// recordIter remembers how far a scan went.
type recordIter struct {
	kv.Iterator
	set   *readSet
	opts  kv.ScanOptions
	seq   uint64
	whole kv.Range
	so    kv.Range // read so far
	read  bool     // anything was
	pairs int
}

func newRecordIter(it kv.Iterator, set *readSet, r kv.Range, opts kv.ScanOptions, seq uint64) *recordIter {
	ri := &recordIter{Iterator: it, set: set, opts: opts, seq: seq}
	ri.begin(r)
	set.mu.Lock()
	if set.open == nil {
		set.open = make(map[*recordIter]struct{})
	}
	set.open[ri] = struct{}{}
	set.mu.Unlock()
	return ri
}

func (it *recordIter) begin(r kv.Range) {
	// The caller may reuse the memory of its bounds.
	it.whole = kv.Range{Start: bytes.Clone(r.Start), End: bytes.Clone(r.End)}
	it.read, it.pairs = false, 0
}

func (it *recordIter) Next(b *kv.PairBatch) (int, error) {
	n, err := it.Iterator.Next(b)
	it.pairs += n
	switch {
	case err == nil && n > 0 && it.opts.Reverse:
		it.so, it.read = kv.Range{Start: bytes.Clone(b.Keys[n-1]), End: it.whole.End}, true
	case err == nil && n > 0:
		it.so, it.read = kv.Range{Start: it.whole.Start, End: kv.KeyAfter(b.Keys[n-1])}, true
	case err == nil && it.opts.Limit > 0 && it.pairs >= it.opts.Limit:
		// The limit ended the scan: beyond it nothing was read.
	default:
		it.so, it.read = it.whole, true
	}
	return n, err
}

func (it *recordIter) Reset(r kv.Range) {
	it.settle()
	it.Iterator.Reset(r)
	it.begin(r)
}

func (it *recordIter) settle() {
	if it.read {
		it.set.add(readRange{it.so, it.seq})
		it.read = false
	}
}

func (it *recordIter) Close() error {
	it.settle()
	it.set.mu.Lock()
	delete(it.set.open, it)
	it.set.mu.Unlock()
	return it.Iterator.Close()
}
