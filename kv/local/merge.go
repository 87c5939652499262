package local

import (
	"bytes"
	"errors"

	"rowkey/kv"
)

// mergeIter is a scan of a view with a transaction's own writes laid over it.
type mergeIter struct {
	base     kv.Iterator
	writes   Buffer // as of the opening
	r        kv.Range
	opts     kv.ScanOptions
	left     int // pairs still allowed by the limit; negative: any number
	in       kv.PairBatch
	inPos    int
	baseDone bool
	own      []Entry
	ownPos   int
	ownRange kv.Range // not yet collected
	ownDone  bool
	cursor   cursor // of the own writes, where there are runs
	err      error  // of reading these
}

// ownChunk is how many own writes are taken out of the buffer at once.
const ownChunk = 256

func newMergeIter(view kv.Reader, writes Buffer, r kv.Range, opts kv.ScanOptions) *mergeIter {
	it := &mergeIter{writes: writes, opts: opts}
	baseOpts := opts
	baseOpts.Limit = 0 // own deletions may hide any number of pairs
	it.base = view.Scan(r, baseOpts)
	it.start(r)
	return it
}

func (it *mergeIter) start(r kv.Range) {
	it.r, it.ownRange = r, r
	it.left = -1
	if it.opts.Limit > 0 {
		it.left = it.opts.Limit
	}
	it.in.Clear()
	it.inPos, it.baseDone = 0, false
	it.own, it.ownPos, it.ownDone = it.own[:0], 0, false
	if len(it.writes.runs) > 0 {
		it.err = nil
		it.cursor.seek(&it.writes, r, it.opts.Reverse)
		return // it does no work yet that can fail
	}
	it.collectOwn()
}

func (it *mergeIter) Reset(r kv.Range) {
	it.base.Reset(r)
	it.start(r)
}

func (it *mergeIter) Close() error {
	return errors.Join(it.base.Close(), it.cursor.close())
}

func (it *mergeIter) Next(b *kv.PairBatch) (int, error) {
	b.Clear()
	max := b.Limit()
	if it.left >= 0 {
		max = min(max, it.left)
	}
	for len(b.Keys) < max {
		if it.ownDone && it.ownPos == len(it.own) && it.inPos == len(it.in.Keys) && len(b.Keys) == 0 {
			return it.passThrough(b, max)
		}
		if err := it.fill(max); err != nil {
			return 0, err
		}
		haveBase, haveOwn := it.inPos < len(it.in.Keys), it.ownPos < len(it.own)
		if !haveBase && !haveOwn {
			break
		}
		switch c := it.compare(haveBase, haveOwn); {
		case c < 0:
			it.takeBase(b, max, haveOwn)
		default:
			e := it.own[it.ownPos]
			it.ownPos++
			if c == 0 {
				it.inPos++
			}
			if !e.Deleted() {
				b.Keys = append(b.Keys, e.Key())
				b.Values = append(b.Values, valueUnless(it.opts.KeysOnly, e))
			}
		}
	}
	if it.left >= 0 {
		it.left -= len(b.Keys)
	}
	return len(b.Keys), nil
}

// passThrough is Next when no own writes are left.
func (it *mergeIter) passThrough(b *kv.PairBatch, max int) (int, error) {
	was := b.Max
	b.Max = max
	n, err := it.base.Next(b)
	b.Max = was
	if it.left >= 0 {
		it.left -= n
	}
	return n, err
}

func valueUnless(keysOnly bool, e Entry) []byte {
	if keysOnly {
		return nil
	}
	return e.Value()
}

// compare says which side is next: the base if negative, the own writes if positive,
// both if zero (the own write replaces the base's pair).
func (it *mergeIter) compare(haveBase, haveOwn bool) int {
	if !haveOwn {
		return -1
	}
	if !haveBase {
		return 1
	}
	c := bytes.Compare(it.in.Keys[it.inPos], it.own[it.ownPos].Key())
	if it.opts.Reverse {
		c = -c
	}
	return c
}

// takeBase moves pairs of the base up to the next own write.
func (it *mergeIter) takeBase(b *kv.PairBatch, max int, haveOwn bool) {
	n := min(len(it.in.Keys)-it.inPos, max-len(b.Keys))
	if haveOwn && it.compareAt(it.inPos+n-1) >= 0 {
		// The own write falls among these pairs: go one by one.
		n = 1
	}
	b.Keys = append(b.Keys, it.in.Keys[it.inPos:it.inPos+n]...)
	b.Values = append(b.Values, it.in.Values[it.inPos:it.inPos+n]...)
	it.inPos += n
}

func (it *mergeIter) compareAt(i int) int {
	c := bytes.Compare(it.in.Keys[i], it.own[it.ownPos].Key())
	if it.opts.Reverse {
		c = -c
	}
	return c
}

// fill reads on from whichever side has run out.
func (it *mergeIter) fill(want int) error {
	if it.inPos == len(it.in.Keys) && !it.baseDone {
		it.in.Keep() // pairs handed out still refer to it
		it.in.Max = want
		n, err := it.base.Next(&it.in)
		if err != nil {
			return err
		}
		it.inPos, it.baseDone = 0, n == 0
	}
	if it.ownPos == len(it.own) && !it.ownDone {
		it.collectOwn()
	}
	return it.err
}

func (it *mergeIter) collectOwn() {
	if len(it.writes.runs) > 0 {
		it.own, it.err = it.cursor.next(it.own[:0], ownChunk)
		it.ownPos = 0
		it.ownDone = it.err == nil && len(it.own) == 0
		return
	}
	it.own = it.writes.collect(it.own[:0], it.ownRange, it.opts.Reverse, ownChunk)
	it.ownPos = 0
	if len(it.own) < ownChunk {
		it.ownDone = true
	} else if last := it.own[len(it.own)-1].Key(); it.opts.Reverse {
		it.ownRange.End = last
	} else {
		it.ownRange.Start = kv.KeyAfter(last)
	}
}
