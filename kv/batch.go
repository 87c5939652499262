package kv

import (
	"bytes"

	"rowkey/kv/keyenc"
)

// DefaultBatchPairs is how many pairs a batch takes if its Max is 0.
const DefaultBatchPairs = 1024

// PairBatch receives pairs from an Iterator; reuse it from call to call. The
// zero value is ready. Keys[i] and Values[i] are one pair.
//
// In-memory stores let the slices alias their own immutable memory. Others copy
// into Arena, one allocation a batch, reused by the next fill.
type PairBatch struct {
	Keys   [][]byte
	Values [][]byte
	// Max is the most pairs to deliver at once; 0 means DefaultBatchPairs.
	Max int
	// Arena is for stores that copy; append to it only through Hold.
	Arena []byte
	// kept is the size of the largest arena that pairs were kept in.
	kept int
}

// Len is the number of pairs.
func (b *PairBatch) Len() int { return len(b.Keys) }

// Limit is the most pairs to deliver.
func (b *PairBatch) Limit() int {
	if b.Max > 0 {
		return b.Max
	}
	return DefaultBatchPairs
}

// Clear empties the batch for a fill, keeping its memory.
func (b *PairBatch) Clear() {
	b.Keys, b.Values, b.Arena = b.Keys[:0], b.Values[:0], b.Arena[:0]
}

// Keep lets the pairs delivered so far live as long as anyone refers to them: the next
// fill goes behind them in the arena, or into another. It costs nothing now, and many
// small batches that are kept share an arena.
func (b *PairBatch) Keep() {
	b.kept = max(b.kept, cap(b.Arena))
	b.Arena = b.Arena[len(b.Arena):]
}

// Hold copies p into the arena and returns the copy. When the arena is full it
// takes another; slices held before stay where they are.
func (b *PairBatch) Hold(p []byte) []byte {
	n := len(b.Arena)
	if cap(b.Arena)-n < len(p) {
		b.Arena = b.NewArena(cap(b.Arena), len(p))
		n = 0
	}
	b.Arena = append(b.Arena, p...)
	return b.Arena[n:len(b.Arena):len(b.Arena)]
}

// NewArena is an empty arena in place of one of full bytes that was full: larger, if
// that was small, and with room for need bytes.
func (b *PairBatch) NewArena(full, need int) []byte {
	size := min(max(2*full, b.kept, 4<<10), 1<<20)
	return make([]byte, 0, max(size, need))
}

// Contains reports whether key lies in r.
func (r Range) Contains(key []byte) bool {
	return bytes.Compare(key, r.Start) >= 0 && (r.End == nil || bytes.Compare(key, r.End) < 0)
}

// Empty reports whether no key can lie in r.
func (r Range) Empty() bool {
	return r.End != nil && bytes.Compare(r.Start, r.End) >= 0
}

// Overlaps reports whether some key can lie in both.
func (r Range) Overlaps(o Range) bool {
	return !r.Empty() && !o.Empty() &&
		(r.End == nil || bytes.Compare(o.Start, r.End) < 0) &&
		(o.End == nil || bytes.Compare(r.Start, o.End) < 0)
}

// PrefixRange is all keys that begin with prefix.
func PrefixRange(prefix []byte) Range {
	return Range{Start: prefix, End: PrefixEnd(prefix)}
}

// PrefixEnd is the least key greater than all that begin with prefix, or nil if
// there is none.
func PrefixEnd(prefix []byte) []byte { return keyenc.PrefixEnd(prefix) }

// Each calls f for every pair of it, in its order, until f returns an error, and
// closes it. The pairs live as those of a batch do: until f returns.
func Each(it Iterator, f func(key, value []byte) error) error {
	defer it.Close()
	var b PairBatch
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return err
		}
		for i, k := range b.Keys {
			if err := f(k, b.Values[i]); err != nil {
				return err
			}
		}
	}
}

// KeyAfter is the least key greater than key.
func KeyAfter(key []byte) []byte {
	return append(append(make([]byte, 0, len(key)+1), key...), 0)
}
