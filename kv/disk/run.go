package disk

import (
	"bytes"
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"rowkey/kv"
	"rowkey/kv/local"
)

// run is a local.Run: a sorted table.
type run struct {
	s           *spill
	path        string
	number      uint64
	r           *sstable.Reader
	first, last []byte
	n           int
	bytes       int64
	sampled     []local.Entry
}

// open opens the file for reading. Its blocks share the store's cache.
func (r *run) open() error {
	f, err := r.s.e.fs.Open(r.path)
	if err != nil {
		return translate(err)
	}
	in, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return translate(errors.Join(err, f.Close()))
	}
	opts := r.s.e.tables.MakeReaderOptions()
	if r.s.handle == nil {
		r.s.handle = r.s.e.cache.NewHandle()
	}
	opts.CacheOpts.CacheHandle = as(opts.CacheOpts.CacheHandle, r.s.handle)
	setNumber(&opts.CacheOpts.FileNum, r.number)
	if r.r, err = sstable.NewReader(context.Background(), in, opts); err != nil {
		return translate(errors.Join(err, in.Close()))
	}
	return nil
}

// as and setNumber stand for types of Pebble's that only it can name.
func as[T any](_ T, v any) T { return v.(T) }

func setNumber[T ~uint64](p *T, n uint64) { *p = T(n) }

func (r *run) Bounds() (first, last []byte) { return r.first, r.last }
func (r *run) Len() int                     { return r.n }
func (r *run) Bytes() int64                 { return r.bytes }

// points opens an iterator. s.mu is held.
func (r *run) points() (sstable.Iterator, error) {
	if r.s.closed {
		return nil, kv.ErrTxnDone
	}
	it, err := r.r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	return it, translate(err)
}

// Get implements local.Run.
func (r *run) Get(key []byte) (local.Entry, bool, error) {
	var es [1]local.Entry
	err := r.GetAll([][]byte{key}, es[:])
	return es[0], !es[0].None(), err
}

// GetAll implements local.Run. The filter tells of most keys that they are not here.
func (r *run) GetAll(keys [][]byte, es []local.Entry) error {
	if bytes.Compare(keys[len(keys)-1], r.first) < 0 || bytes.Compare(keys[0], r.last) > 0 {
		return nil
	}
	r.s.mu.RLock()
	defer r.s.mu.RUnlock()
	var it sstable.Iterator
	for i, key := range keys {
		if !es[i].None() || bytes.Compare(key, r.first) < 0 || bytes.Compare(key, r.last) > 0 {
			continue
		}
		if it == nil {
			var err error
			if it, err = r.points(); err != nil {
				return err
			}
			defer it.Close()
		}
		x := it.SeekPrefixGE(key, key, 0)
		if x == nil {
			if err := it.Error(); err != nil {
				return kv.AtKey(translate(err), key)
			}
			continue
		}
		if !bytes.Equal(x.K.UserKey, key) {
			continue
		}
		if x.Kind() == pebble.InternalKeyKindDelete {
			es[i] = local.NewDeletion(key)
			continue
		}
		value, _, err := x.Value(nil)
		if err != nil {
			return kv.AtKey(translate(err), key)
		}
		es[i] = local.NewEntry(key, value)
	}
	return nil
}

// runIter is a local.RunIter.
type runIter struct {
	run     *run
	p       sstable.Iterator
	r       kv.Range
	reverse bool
	started bool
	done    bool
}

// Iter implements local.Run.
func (r *run) Iter() local.RunIter { return &runIter{run: r} }

func (it *runIter) Seek(r kv.Range, reverse bool) {
	it.r, it.reverse, it.started = r, reverse, false
	it.done = r.Empty() || r.Start != nil && bytes.Compare(it.run.last, r.Start) < 0 ||
		r.End != nil && bytes.Compare(r.End, it.run.first) <= 0
}

// runChunk is about how many bytes Next hands out.
const runChunk = 16 << 10

// Next implements local.RunIter.
func (it *runIter) Next(dst []local.Entry) ([]local.Entry, error) {
	if it.done {
		return dst, nil
	}
	s := it.run.s
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return dst, kv.ErrTxnDone
	}
	if it.p == nil {
		p, err := it.run.points()
		if err != nil {
			return dst, err
		}
		it.p = p
		s.openMu.Lock()
		s.iters[it] = struct{}{}
		s.openMu.Unlock()
	}
	move := it.p.Next
	if it.reverse {
		move = it.p.Prev
	}
	x := none(move) //lint:ignore SA4006 it is there for its type, which has no name here
	switch {
	case it.started:
		x = move()
	case it.reverse && it.r.End != nil:
		x = it.p.SeekLT(it.r.End, 0)
	case it.reverse:
		x = it.p.Last()
	case len(it.r.Start) > 0:
		x = it.p.SeekGE(it.r.Start, 0)
	default:
		x = it.p.First()
	}
	it.started = true
	var arena []byte
	for ; x != nil; x = move() {
		key := x.K.UserKey
		if it.beyond(key) {
			break
		}
		var value []byte
		deletion := x.Kind() == pebble.InternalKeyKindDelete
		if !deletion {
			var err error
			if value, _, err = x.Value(nil); err != nil {
				return dst, kv.AtKey(translate(err), key)
			}
		}
		if arena == nil {
			arena = make([]byte, 0, runChunk+len(key)+len(value))
		}
		at := len(arena)
		arena = append(append(arena, key...), value...)
		dst = append(dst, local.EntryAt(arena[at:len(arena):len(arena)], len(key), deletion))
		if len(arena) >= runChunk {
			return dst, nil
		}
	}
	it.done = true
	return dst, translate(it.p.Error())
}

// none gives f's result type's nil, a type that only Pebble can name.
func none[T any](func() *T) *T { return nil }

// beyond: the bounds of sorted tables' iterators are hints.
func (it *runIter) beyond(key []byte) bool {
	if it.reverse {
		return bytes.Compare(key, it.r.Start) < 0
	}
	return it.r.End != nil && bytes.Compare(key, it.r.End) >= 0
}

// Close implements local.RunIter.
func (it *runIter) Close() error {
	s := it.run.s
	s.mu.RLock()
	defer s.mu.RUnlock()
	it.done = true
	if it.p == nil || s.closed {
		return nil
	}
	s.openMu.Lock()
	delete(s.iters, it)
	s.openMu.Unlock()
	p := it.p
	it.p = nil
	return translate(p.Close())
}
