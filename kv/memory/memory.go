// Package memory is the kv.Store that lives in memory: a B-tree whose nodes are copied
// when written, so that each commit leaves a version that readers walk without locks.
// Only a version that nobody reads is changed in place (Reclaim).
//
//	commit 7 ─── root ──┬─ node ── leaf
//	                    ├─ node ── leaf
//	commit 8 ─── root' ─┴─ node' ─ leaf'     only the path to the change is new
//
// A version lives as long as someone reads it; then the garbage collector takes it.
// Returned slices alias the store's memory, which never changes, and therefore stay
// valid for good.
package memory

import (
	"bytes"
	"sync/atomic"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// New returns an empty store.
func New() kv.Store { return NewBounded(0) }

// NewBounded returns an empty store whose transactions write at most so many bytes, if
// positive; more is kv.ErrTxnTooLarge. They take about three times as much.
func NewBounded(txnBytes int64) kv.Store {
	e := newEngine()
	e.txnBytes = txnBytes
	s, err := local.New(e)
	if err != nil {
		panic(err) // a view of this engine cannot fail
	}
	return s
}

// engine is the local.Engine. Only its Apply and DropRange touch tree; views have
// clones.
type engine struct {
	tree    btree.Tree
	samples *local.Sampler
	keys    atomic.Int64
	bytes   atomic.Int64

	txnBytes int64 // that a transaction may write; 0: any number
}

func newEngine() *engine {
	return &engine{samples: local.NewSampler()}
}

func (e *engine) Traits() local.Traits { return local.Traits{Reclaim: true, MaxApplyBytes: e.txnBytes} }

func (e *engine) Seq() uint64 { return 0 }

func (e *engine) Size() (keys, bytes int64) { return e.keys.Load(), e.bytes.Load() }

func (e *engine) Close() error { return nil }

func (e *engine) View() (local.View, error) { return &view{tree: e.tree.Clone(), engine: e}, nil }

func (e *engine) Apply(writes []*local.Buffer, _ uint64, _ bool) error {
	grown := int64(0)
	for _, w := range writes {
		w.Chunks(func(es []local.Entry) bool {
			grown += e.tree.Write(es)
			for _, x := range es {
				e.sample(x)
			}
			return true
		})
	}
	e.bytes.Add(grown)
	e.keys.Store(int64(e.tree.Len()))
	return nil
}

func (e *engine) sample(x local.Entry) {
	if key := x.Key(); e.samples.Wants(key) {
		if x.Deleted() {
			e.samples.Delete(key)
		} else {
			e.samples.Put(key, x.Bytes())
		}
	}
}

// dropAtOnce is how many keys DropRange removes before it lets commits in between.
const dropAtOnce = 4096

func (e *engine) DropRange(r kv.Range, _ uint64) (done bool, err error) {
	it := newIter(e.tree.Clone(), r, kv.ScanOptions{KeysOnly: true})
	b := kv.PairBatch{Max: dropAtOnce}
	n, _ := it.Next(&b)
	for _, k := range b.Keys {
		if old, ok := e.tree.Delete(k); ok {
			e.bytes.Add(-old.Bytes())
		}
	}
	e.keys.Store(int64(e.tree.Len()))
	if n == dropAtOnce {
		return false, nil
	}
	e.samples.DeleteRange(r)
	return true, nil
}

// view is one version.
type view struct {
	tree    *btree.Tree
	engine  *engine
	scanned atomic.Bool // iterators were made, which know no end
}

// Reclaim implements local.Reclaimer.
func (v *view) Reclaim() bool {
	if v.scanned.Load() {
		return false
	}
	v.engine.tree.Unclone(v.tree)
	return true
}

func (v *view) Close() error { return nil }

func (v *view) Get(key []byte) ([]byte, bool, error) {
	e, ok := v.tree.Get(key)
	if !ok {
		return nil, false, nil
	}
	return e.Value(), true, nil
}

func (v *view) GetAll(keys, values [][]byte) error {
	v.tree.GetAll(keys, values)
	return nil
}

// NoneIn implements local.View.
func (v *view) NoneIn(r kv.Range) bool {
	e, ok := v.tree.From(r.Start)
	return !ok || bytes.Compare(e.Key(), r.End) >= 0
}

func (v *view) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	if !v.scanned.Load() {
		v.scanned.Store(true)
	}
	return newIter(v.tree, r, opts)
}

func (v *view) SplitRange(r kv.Range, n int) []kv.Range { return v.engine.samples.Split(r, n) }

func (v *view) EstimateKeys(r kv.Range) (keys, bytes int64) {
	return local.EstimateKeys(v, v.engine.samples, r)
}

// iter walks the tree batch by batch: each Next enters it anew behind the last key,
// which costs a search a batch.
type iter struct {
	tree    *btree.Tree
	opts    kv.ScanOptions
	r       kv.Range
	left    int // pairs still allowed by the limit; negative: any number
	started bool
	done    bool
	last    []byte // key delivered
	visit   func([]local.Entry) bool

	// Of the call of Next at work.
	b   *kv.PairBatch
	max int
}

func newIter(t *btree.Tree, r kv.Range, opts kv.ScanOptions) *iter {
	it := &iter{tree: t, opts: opts}
	if opts.Reverse {
		it.visit = it.visitDown
	} else {
		it.visit = it.visitUp
	}
	it.Reset(r)
	return it
}

func (it *iter) Reset(r kv.Range) {
	it.r, it.started = r, false
	it.done = r.Empty() || it.tree.Len() == 0
	it.left = -1
	if it.opts.Limit > 0 {
		it.left = it.opts.Limit
	}
}

func (it *iter) Close() error { return nil }

func (it *iter) Next(b *kv.PairBatch) (int, error) {
	b.Clear()
	it.b, it.max = b, b.Limit()
	if it.left >= 0 {
		it.max = min(it.max, it.left)
	}
	if it.done || it.max == 0 {
		return 0, nil
	}
	switch {
	case it.started && it.opts.Reverse:
		it.tree.Descend(it.last, it.visit)
	case it.started:
		it.tree.Ascend(it.last, it.visit)
	case it.opts.Reverse:
		it.tree.Descend(it.r.End, it.visit)
	default:
		it.tree.Ascend(it.r.Start, it.visit)
	}
	n := len(b.Keys)
	if n < it.max {
		it.done = true
	}
	if cut := it.overshoot(b.Keys); cut > 0 {
		it.done = true
		n -= cut
		b.Keys, b.Values = b.Keys[:n], b.Values[:n]
	}
	if n > 0 {
		it.last = b.Keys[n-1]
	}
	if it.left >= 0 {
		it.left -= n
	}
	it.started, it.b = true, nil
	return n, nil
}

// boundEvery is how many entries are taken between looks at the bound of the range,
// which would miss the cache for a key that is otherwise not looked at.
const boundEvery = 16

func (it *iter) visitUp(es []local.Entry) bool {
	b := it.b
	if len(b.Keys) == 0 && it.started && bytes.Equal(es[0].Key(), it.last) {
		es = es[1:]
	}
	for _, e := range es {
		k := e.Key()
		b.Keys = append(b.Keys, k)
		if it.opts.KeysOnly {
			b.Values = append(b.Values, nil)
		} else {
			b.Values = append(b.Values, e.Value())
		}
		n := len(b.Keys)
		if n == it.max || n%boundEvery == 0 && it.r.End != nil && bytes.Compare(k, it.r.End) >= 0 {
			return false
		}
	}
	return true
}

func (it *iter) visitDown(es []local.Entry) bool {
	b := it.b
	if len(b.Keys) == 0 {
		bound := it.r.End
		if it.started {
			bound = it.last
		}
		if last := len(es) - 1; bound != nil && bytes.Equal(es[last].Key(), bound) {
			es = es[:last]
		}
	}
	for i := len(es) - 1; i >= 0; i-- {
		k := es[i].Key()
		b.Keys = append(b.Keys, k)
		if it.opts.KeysOnly {
			b.Values = append(b.Values, nil)
		} else {
			b.Values = append(b.Values, es[i].Value())
		}
		n := len(b.Keys)
		if n == it.max || n%boundEvery == 0 && bytes.Compare(k, it.r.Start) < 0 {
			return false
		}
	}
	return true
}

// overshoot is how many of the keys, at their end, lie beyond the range.
func (it *iter) overshoot(keys [][]byte) int {
	n := len(keys)
	beyond := func(k []byte) bool {
		if it.opts.Reverse {
			return bytes.Compare(k, it.r.Start) < 0
		}
		return it.r.End != nil && bytes.Compare(k, it.r.End) >= 0
	}
	if n == 0 || !beyond(keys[n-1]) {
		return 0
	}
	lo, hi := max(0, n-2*boundEvery), n-1 // keys[hi] is beyond
	for lo < hi {
		if m := (lo + hi) / 2; beyond(keys[m]) {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return n - hi
}
