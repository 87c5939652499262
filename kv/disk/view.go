package disk

import (
	"bytes"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// view is one version: a Pebble snapshot, and what is remembered of it.
type view struct {
	e     *engine
	snap  *pebble.Snapshot // see snapshot
	taken chan struct{}    // closed once snap is; nil: it was at once
	seq   uint64
	rows  atomic.Pointer[btree.Tree]
	first *btree.Tree // that was in rows
}

// View implements local.Engine.
func (e *engine) View() (local.View, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return nil, kv.ErrClosed
	}
	v := e.next
	if e.next = nil; v == nil {
		v = &view{e: e}
		if err := e.call(func() error { e.take(v); return nil }); err != nil {
			return nil, translate(err)
		}
	}
	v.seq = e.applied.seq
	e.openMu.Lock()
	e.views[v] = struct{}{}
	e.openMu.Unlock()
	if a := &e.applied; a.unknown {
		e.rows.clear(v)
	} else {
		e.rows.commit(a.writes, v)
	}
	e.applied.writes = nil
	return v, nil
}

// takenWithin is how long a reader waits for the end of a commit in an engine that has died.
const takenWithin = time.Second

// snapshot is Pebble's of the version. What it may wait for is the end of the version's commit.
func (v *view) snapshot() (*pebble.Snapshot, error) {
	if v.taken != nil {
		select {
		case <-v.taken:
		case <-v.e.faults.died:
			select { // what died is likely something else, and the keys go on into the list
			case <-v.taken:
			case <-time.After(takenWithin):
				return nil, translate(*v.e.faults.dead.Load())
			}
		}
	}
	return v.snap, nil
}

// Reclaim implements local.Reclaimer. Iterators go by the snapshot.
func (v *view) Reclaim() bool {
	v.e.rows.reclaim(v)
	return true
}

func (v *view) Close() error {
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if v.e.closed {
		return nil
	}
	v.e.openMu.Lock()
	delete(v.e.views, v)
	v.e.toClose = append(v.e.toClose, v)
	v.e.openMu.Unlock()
	return nil
}

// Get implements kv.Reader.
func (v *view) Get(key []byte) ([]byte, bool, error) {
	if value, ok, known := find(v.rows.Load(), key); known {
		return value, ok, nil
	}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	return v.get(key)
}

// get asks Pebble, and remembers what it says.
func (v *view) get(key []byte) ([]byte, bool, error) {
	if v.e.closed {
		return nil, false, kv.ErrClosed
	}
	if len(key) > 0 && key[0] == kv.ReservedByte {
		return nil, false, nil
	}
	snap, err := v.snapshot()
	if err != nil {
		return nil, false, err
	}
	p, closer, err := snap.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		if v.e.rows.admits(v) {
			v.fillGap(key)
		}
		return nil, false, nil
	}
	if err != nil {
		return nil, false, kv.AtKey(translate(err), key)
	}
	value := make([]byte, len(p))
	copy(value, p)
	if v.e.rows.admits(v) {
		v.e.rows.fill(v, []found{{key: key, value: value, ok: true}})
	}
	return value, true, translate(closer.Close())
}

// fillGap remembers that a key is absent, with all others up to the next that is there or
// remembered: behind that, deletions without end may lie that have been walked over already.
// Should the next be damaged, nothing is the matter with this one.
func (v *view) fillGap(key []byte) {
	f := found{key: key, gap: true}
	end := endOfKeys
	if e, ok := v.rows.Load().From(key); ok {
		end = e.Key()
		f.next, f.entry = end, true
	}
	p, err := v.snap.NewIter(&pebble.IterOptions{LowerBound: lowest(key), UpperBound: end})
	if err != nil {
		return
	}
	if p.First() {
		f.entry = false
		f.next = p.Key()
		f.nextValue, err = p.ValueAndErr()
	} else {
		err = p.Error()
	}
	if err == nil {
		v.e.rows.fill(v, []found{f})
	}
	_ = p.Close()
}

const (
	// seekKeys is the number of keys from which one iterator that goes from key to key
	// beats looking each up on its own.
	seekKeys = 4
	// fillKeys is up to how many keys looked up at once are remembered, once in a while, and
	// of more keys, how many gaps at least: one may tell of all of them.
	fillKeys = 64
	// rowsAtOnce is how many keys are looked for in what is remembered before that is given
	// up, should it know none of them.
	rowsAtOnce = 16
)

// GetAll implements kv.Reader.
func (v *view) GetAll(keys, values [][]byte) error {
	missing, n := v.getKnown(keys, values)
	if n == 0 {
		return nil
	}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if missing == nil {
		return v.getAll(keys, values)
	}
	ks, vs := make([][]byte, n), make([][]byte, n)
	for i, at := range missing {
		ks[i] = keys[at]
	}
	if err := v.getAll(ks, vs); err != nil {
		return err
	}
	for i, at := range missing {
		values[at] = vs[i]
	}
	return nil
}

// getKnown fills in the values that are remembered, and tells the n others: those at
// missing, or all if that is nil.
func (v *view) getKnown(keys, values [][]byte) (missing []int32, n int) {
	t := v.rows.Load()
	first := min(len(keys), rowsAtOnce)
	missing = t.FindAll(keys[:first], values[:first], nil)
	if len(missing) == rowsAtOnce {
		return nil, len(keys)
	}
	if first < len(keys) {
		n := len(missing)
		missing = t.FindAll(keys[first:], values[first:], missing)
		for i := range missing[n:] {
			missing[n+i] += int32(first)
		}
	}
	return missing, len(missing)
}

// getAll asks Pebble. Many keys are visited in order by one iterator, which keeps its place
// in every level and its blocks at hand; the values share an arena.
func (v *view) getAll(keys, values [][]byte) error {
	if len(keys) < seekKeys {
		for i, k := range keys {
			value, _, err := v.get(k)
			if err != nil {
				return err
			}
			values[i] = value
		}
		return nil
	}
	if v.e.closed {
		return kv.ErrClosed
	}
	order := inOrder(keys)
	at := func(i int) int {
		if order == nil {
			return i
		}
		return int(order[i])
	}
	bounds := pebble.IterOptions{LowerBound: lowest(keys[at(0)]), UpperBound: kv.KeyAfter(keys[at(len(keys)-1)])}
	fills := v.e.rows.admitsOf(v, len(keys))
	if fills.most > 0 {
		bounds.UpperBound = endOfKeys // to see the ends of gaps
	}
	snap, err := v.snapshot()
	if err != nil {
		return err
	}
	p, err := snap.NewIter(&bounds)
	if err != nil {
		return translate(err)
	}
	if err = seekAll(p, keys, values, at, &fills); err == nil {
		v.e.rows.fill(v, fills.found)
	}
	return errors.Join(err, translate(p.Close()))
}

// seekAll fills in the values. After a hit the next key is likely there too, and the
// seek asks the filters first. After a miss it is likely not, and the pair at which a
// plain seek ends tells of all keys before it that they are absent: making sure that
// a thousand new keys in a row are free takes one seek.
func seekAll(p *pebble.Iterator, keys, values [][]byte, at func(int) int, fills *fills) error {
	clear(values)
	var b kv.PairBatch
	noting := func() bool { return len(fills.found) < fills.most }
	note := func(f found) {
		if noting() && (f.gap || fills.pairs) {
			fills.found = append(fills.found, f)
		}
	}
	hit := false
	for i := 0; i < len(keys); i++ {
		n := at(i)
		key := keys[n]
		if len(key) > 0 && key[0] == kv.ReservedByte {
			continue
		}
		if hit {
			if hit = p.SeekPrefixGE(key); !hit {
				if err := p.Error(); err != nil {
					return kv.AtKey(translate(err), key)
				}
				note(found{key: key})
				continue
			}
		} else {
			if !p.SeekGE(key) {
				if p.Error() == nil {
					note(found{key: key, gap: true})
				}
				return translate(p.Error())
			}
			if noting() && bytes.Compare(key, p.Key()) < 0 {
				if next, err := p.ValueAndErr(); err == nil {
					note(found{key: key, gap: true, next: bytes.Clone(p.Key()), nextValue: bytes.Clone(next)})
				}
			}
			for bytes.Compare(key, p.Key()) < 0 {
				if i++; i == len(keys) {
					return nil
				}
				n = at(i)
				key = keys[n]
			}
			if hit = bytes.Equal(key, p.Key()); !hit {
				i-- // beyond: seek it
				continue
			}
		}
		value, err := p.ValueAndErr()
		if err != nil {
			return kv.AtKey(translate(err), key)
		}
		values[n] = b.Hold(value)
		note(found{key: key, value: values[n], ok: true})
	}
	return nil
}

// inOrder gives the order in which keys are sorted; nil if they are already.
func inOrder(keys [][]byte) []int32 {
	if slices.IsSortedFunc(keys, bytes.Compare) {
		return nil
	}
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return bytes.Compare(keys[a], keys[b]) })
	return order
}

func (v *view) SplitRange(r kv.Range, n int) []kv.Range { return v.e.samples.Split(r, n) }

func (v *view) EstimateKeys(r kv.Range) (keys, bytes int64) {
	return local.EstimateKeys(v, v.e.samples, r)
}

// iter copies the pairs of a batch into the batch's arena, since Pebble's slices live
// only until its next step.
type iter struct {
	e       *engine
	p       *pebble.Iterator // nil if it could not be opened
	err     error
	opts    kv.ScanOptions
	left    int // pairs still allowed by the limit; negative: any number
	started bool
	done    bool
}

// lowest is a lower bound; Pebble wants nil for none.
func lowest(key []byte) []byte {
	if len(key) == 0 {
		return nil
	}
	return key
}

func bounds(r kv.Range) (lower, upper []byte) {
	lower, upper = lowest(r.Start), r.End
	if upper == nil {
		upper = endOfKeys
	}
	return lower, upper
}

func (v *view) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	it := &iter{e: v.e, opts: opts}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if v.e.closed {
		it.err = kv.ErrClosed
		return it
	}
	lower, upper := bounds(r)
	snap, err := v.snapshot()
	if err != nil {
		it.err = err
		return it
	}
	p, err := snap.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		it.err = translate(err)
		return it
	}
	it.p = p
	v.e.openMu.Lock()
	v.e.iters[it] = struct{}{}
	v.e.openMu.Unlock()
	it.rewind(r)
	return it
}

func (it *iter) rewind(r kv.Range) {
	it.started, it.done = false, r.Empty()
	it.left = -1
	if it.opts.Limit > 0 {
		it.left = it.opts.Limit
	}
}

func (it *iter) Reset(r kv.Range) {
	it.e.mu.RLock()
	defer it.e.mu.RUnlock()
	if it.p == nil || it.e.closed {
		return
	}
	if !r.Empty() {
		it.p.SetBounds(bounds(r))
	}
	it.rewind(r)
}

func (it *iter) Close() error {
	it.e.mu.RLock()
	defer it.e.mu.RUnlock()
	if it.p == nil || it.e.closed {
		return nil
	}
	it.e.openMu.Lock()
	delete(it.e.iters, it)
	it.e.openMu.Unlock()
	p := it.p
	it.p, it.err = nil, kv.ErrClosed
	if it.e.faults.dead.Load() != nil {
		return nil
	}
	return translate(p.Close())
}

func (it *iter) Next(b *kv.PairBatch) (int, error) {
	b.Clear()
	it.e.mu.RLock()
	defer it.e.mu.RUnlock()
	if it.e.closed {
		return 0, kv.ErrClosed
	}
	if it.err != nil || it.done {
		return 0, it.err
	}
	max := b.Limit()
	if it.left >= 0 {
		max = min(max, it.left)
	}
	p, reverse := it.p, it.opts.Reverse
	valid := false
	if max == 0 {
		return 0, nil
	}
	switch {
	case it.started && reverse:
		valid = p.Prev()
	case it.started:
		valid = p.Next()
	case reverse:
		valid = p.Last()
	default:
		valid = p.First()
	}
	it.started = true
	arena := b.Arena
	n := 0
	for valid {
		key := p.Key()
		var value []byte
		if !it.opts.KeysOnly {
			var err error
			if value, err = p.ValueAndErr(); err != nil {
				return 0, kv.AtKey(translate(err), key)
			}
		}
		at, klen := len(arena), len(key)
		if need := klen + len(value); cap(arena)-at < need {
			arena = b.NewArena(cap(arena), need)
			at = 0
		}
		arena = append(arena, key...)
		arena = append(arena, value...)
		b.Keys = append(b.Keys, arena[at:at+klen:at+klen])
		if it.opts.KeysOnly {
			value = nil
		} else {
			value = arena[at+klen : len(arena) : len(arena)]
		}
		b.Values = append(b.Values, value)
		if n++; n == max {
			break
		}
		if reverse {
			valid = p.Prev()
		} else {
			valid = p.Next()
		}
	}
	b.Arena = arena
	if n < max {
		it.done = true
		if err := p.Error(); err != nil {
			return 0, translate(err)
		}
	}
	if it.left >= 0 {
		it.left -= n
	}
	return n, nil
}
