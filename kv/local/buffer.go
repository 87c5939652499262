package local

import (
	"bytes"
	"errors"
	"slices"

	"rowkey/kv"
	"rowkey/kv/btree"
)

// Buffer holds the writes of a transaction, the last one of each key, in key order.
//
// A few are kept in a sorted slice, more in a copy-on-write B-tree, and what is too
// much for memory in runs. Either way View is O(1), which is what savepoints and
// iterators need. Where the order is not asked for, more than a few are scattered, until it is.
type Buffer struct {
	small     []Entry
	shared    bool // small is seen by a view too
	tree      *btree.Tree
	loose     bool // may be scattered
	scattered *scattered
	bytes     int64 // of all writes in memory, overwritten ones included
	runs      []Run // older than what is in memory, newest last
	runLen    int   // of all runs
}

// smallMax is the number of writes up to which insertion into a slice, copied
// whole when shared, beats a tree.
const smallMax = 32

// Len is the number of keys written; those written again since they were put into a run
// count twice.
func (b *Buffer) Len() int { return b.lenInMemory() + b.runLen }

func (b *Buffer) lenInMemory() int {
	switch {
	case b.tree != nil:
		return b.tree.Len()
	case b.scattered != nil:
		return len(b.scattered.es)
	}
	return len(b.small)
}

func searchEntries(es []Entry, key []byte) (int, bool) {
	lo, hi := 0, len(es)
	for lo < hi {
		m := int(uint(lo+hi) / 2)
		switch c := bytes.Compare(es[m].Key(), key); {
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

// Bytes is at least the size of all keys and values in memory.
func (b *Buffer) Bytes() int64 { return b.bytes }

// Runs are the files with the older part of the writes, newest last.
func (b *Buffer) Runs() []Run { return b.runs }

// memBytes is a bound of what an engine has to write of what is in memory, with room for
// its overhead.
func (b *Buffer) memBytes() int64 { return b.bytes + 32*int64(b.lenInMemory()) }

func (b *Buffer) put(e Entry) {
	b.bytes += e.Bytes()
	switch {
	case b.tree != nil:
		b.tree.Put(e)
		return
	case b.scattered != nil:
		b.scattered.put(e)
		return
	}
	i, found := len(b.small), false
	if n := len(b.small); n > 0 && bytes.Compare(b.small[n-1].Key(), e.Key()) >= 0 {
		i, found = searchEntries(b.small, e.Key())
	}
	if !found && len(b.small) == smallMax && b.loose {
		b.scattered = new(scattered)
		for _, s := range b.small {
			b.scattered.put(s)
		}
		b.small = nil
		b.scattered.put(e)
		return
	}
	if !found && len(b.small) == smallMax {
		b.tree = new(btree.Tree)
		for _, s := range b.small {
			b.tree.Put(s)
		}
		b.small = nil
		b.tree.Put(e)
		return
	}
	if b.shared {
		b.small = slices.Clone(b.small)
		b.shared = false
	}
	if found {
		b.small[i] = e
	} else {
		if n := len(b.small); n == cap(b.small) { // 1, 4, 16, 32
			b.small = slices.Grow(b.small, min(max(1, 4*n), smallMax)-n)
		}
		b.small = slices.Insert(b.small, i, e)
	}
}

// Get returns the write of key, if any.
func (b *Buffer) Get(key []byte) (Entry, bool, error) {
	if b.tree != nil {
		if e, ok := b.tree.Get(key); ok {
			return e, true, nil
		}
	} else if b.scattered != nil {
		if e, ok := b.scattered.get(key); ok {
			return e, true, nil
		}
	} else if len(b.small) > 0 {
		if i, ok := searchEntries(b.small, key); ok {
			return b.small[i], true, nil
		}
	}
	for i := len(b.runs) - 1; i >= 0; i-- {
		if e, ok, err := b.runs[i].Get(key); ok || err != nil {
			return e, ok, err
		}
	}
	return Entry{}, false, nil
}

// overlay replaces the values of those keys that are written.
func (b *Buffer) overlay(keys, values [][]byte) error {
	if len(b.runs) > 0 {
		return b.overlayRuns(keys, values)
	}
	for i, k := range keys {
		if e, ok, _ := b.Get(k); ok {
			values[i] = e.Value()
		}
	}
	return nil
}

// overlayRuns is overlay where there are runs, of which each is gone through once.
func (b *Buffer) overlayRuns(keys, values [][]byte) error {
	var order []int // of the keys, if they are not sorted
	sorted := keys
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		order = make([]int, len(keys))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(x, y int) int { return bytes.Compare(keys[x], keys[y]) })
		sorted = make([][]byte, len(keys))
		for i, at := range order {
			sorted[i] = keys[at]
		}
	}
	es := make([]Entry, len(keys))
	for i, k := range sorted {
		if b.tree != nil {
			es[i], _ = b.tree.Get(k)
		} else if b.scattered != nil {
			es[i], _ = b.scattered.get(k)
		} else if at, ok := searchEntries(b.small, k); ok {
			es[i] = b.small[at]
		}
	}
	for i := len(b.runs) - 1; i >= 0; i-- {
		if err := b.runs[i].GetAll(sorted, es); err != nil {
			return err
		}
	}
	for i, e := range es {
		if e.None() {
			continue
		}
		if order != nil {
			i = order[i]
		}
		values[i] = e.Value()
	}
	return nil
}

// view is the buffer as it is now, immutable, in order.
func (b *Buffer) view() Buffer {
	b.order()
	if b.tree != nil {
		return Buffer{tree: b.tree.Fork(), bytes: b.bytes, runs: b.runs, runLen: b.runLen}
	}
	b.shared = true
	return Buffer{small: b.small, shared: true, bytes: b.bytes, runs: b.runs, runLen: b.runLen}
}

// Walk calls f for every write in key order until it fails.
func (b *Buffer) Walk(f func(Entry) error) error {
	var c cursor
	c.seek(b, kv.Range{}, false)
	var es []Entry
	var err error
	for err == nil {
		if es, err = c.next(es[:0], ownChunk); err != nil || len(es) == 0 {
			break
		}
		for _, e := range es {
			if err = f(e); err != nil {
				break
			}
		}
	}
	return errors.Join(err, c.close())
}

// Each calls f for every write in memory, in key order if that is known, until it returns false.
func (b *Buffer) Each(f func(Entry) bool) {
	b.Chunks(func(es []Entry) bool {
		for _, e := range es {
			if !f(e) {
				return false
			}
		}
		return true
	})
}

// Chunks calls f for all writes in memory, some at a time, in key order if that is known, until it returns false.
func (b *Buffer) Chunks(f func([]Entry) bool) {
	switch {
	case b.tree != nil:
		b.tree.Ascend(nil, f)
	case b.scattered != nil:
		f(b.scattered.es)
	case len(b.small) > 0:
		f(b.small)
	}
}

// collect appends at most max writes of r in memory to dst, from its start or its end.
func (b *Buffer) collect(dst []Entry, r kv.Range, reverse bool, max int) []Entry {
	limit := len(dst) + max
	if b.tree == nil {
		lo, hi := 0, len(b.small)
		if r.Start != nil {
			lo, _ = searchEntries(b.small, r.Start)
		}
		if r.End != nil {
			hi, _ = searchEntries(b.small, r.End)
		}
		for ; lo < hi && len(dst) < limit; lo++ {
			if reverse {
				dst = append(dst, b.small[hi-1])
				hi, lo = hi-1, lo-1
			} else {
				dst = append(dst, b.small[lo])
			}
		}
		return dst
	}
	if reverse {
		b.tree.Descend(r.End, func(es []Entry) bool {
			for i := len(es) - 1; i >= 0; i-- {
				k := es[i].Key()
				if r.End != nil && bytes.Compare(k, r.End) >= 0 {
					continue
				}
				if bytes.Compare(k, r.Start) < 0 {
					return false
				}
				if dst = append(dst, es[i]); len(dst) == limit {
					return false
				}
			}
			return true
		})
		return dst
	}
	b.tree.Ascend(r.Start, func(es []Entry) bool {
		for _, e := range es {
			if r.End != nil && bytes.Compare(e.Key(), r.End) >= 0 {
				return false
			}
			if dst = append(dst, e); len(dst) == limit {
				return false
			}
		}
		return true
	})
	return dst
}

// any reports whether there is a write in r.
func (b *Buffer) any(r kv.Range) (bool, error) {
	if b.Len() == 0 {
		return false, nil
	}
	var one [1]Entry
	if len(b.collect(one[:0], r, false, 1)) > 0 {
		return true, nil
	}
	for _, run := range b.runs {
		if ok, err := anyInRun(run, r); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func anyInRun(run Run, r kv.Range) (bool, error) {
	first, last := run.Bounds()
	if r.Start != nil && bytes.Compare(last, r.Start) < 0 || r.End != nil && bytes.Compare(r.End, first) <= 0 {
		return false, nil
	}
	it := run.Iter()
	it.Seek(r, false)
	es, err := it.Next(nil)
	return len(es) > 0, errors.Join(err, it.Close())
}

// anyOf reports whether one of keys may be written: false only if there is no write
// from the least of them to the greatest.
func (b *Buffer) anyOf(keys [][]byte) (bool, error) {
	if b.Len() == 0 || len(keys) == 0 {
		return false, nil
	}
	if b.scattered != nil {
		return true, nil
	}
	least, greatest := keys[0], keys[0]
	for _, k := range keys[1:] {
		if bytes.Compare(k, least) < 0 {
			least = k
		} else if bytes.Compare(k, greatest) > 0 {
			greatest = k
		}
	}
	if len(b.runs) > 0 {
		return b.any(kv.Range{Start: least, End: kv.KeyAfter(greatest)})
	}
	var one [1]Entry
	found := b.collect(one[:0], kv.Range{Start: least}, false, 1)
	return len(found) > 0 && bytes.Compare(found[0].Key(), greatest) <= 0, nil
}
