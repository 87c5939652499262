package disk

import (
	"bytes"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// view is one version.
type view struct {
	e      *engine
	seq    uint64
	layers atomic.Pointer[layers]
	iters  atomic.Int64 // open
	// Under rows.mu:
	first  *btree.Frozen // of layers, since something began to move down
	kept   []*snapshot   // of layers that were replaced
	closed bool
}

// View implements local.Engine.
func (e *engine) View() (local.View, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return nil, kv.ErrClosed
	}
	a := &e.applied
	v := &view{e: e, seq: a.seq}
	if a.unknown {
		e.rows.clear(v)
	} else {
		e.rows.commit(a.writes, a.more, v)
	}
	a.writes, a.more = nil, nil
	return v, nil
}

// Reclaim implements local.Reclaimer.
func (v *view) Reclaim() bool {
	v.e.rows.reclaim(v)
	return true
}

func (v *view) Close() error {
	r := &v.e.rows
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	for _, s := range v.kept {
		v.e.letGo(s)
	}
	v.e.letGo(v.layers.Load().pebble)
	return nil
}

// Get implements kv.Reader.
func (v *view) Get(key []byte) ([]byte, bool, error) {
	l := v.layers.Load()
	if value, ok, known := l.find(key); known {
		v.e.rows.hits.Add(1)
		return value, ok, nil
	}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	return v.get(l, key)
}

// get asks Pebble, and remembers what that says.
func (v *view) get(l *layers, key []byte) ([]byte, bool, error) {
	if v.e.closed {
		return nil, false, kv.ErrClosed
	}
	if len(key) > 0 && key[0] == kv.ReservedByte {
		return nil, false, nil
	}
	p, closer, err := l.pebble.p.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		if v.e.rows.admits(v) {
			v.fillGap(l, key)
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
func (v *view) fillGap(l *layers, key []byte) {
	f := found{key: key, gap: true}
	end := endOfKeys
	if e, ok := l.From(key); ok {
		end = e.Key()
		f.next, f.entry = end, true
	}
	if l.any(key, end, false) {
		return // a gap that a commit has ended lately
	}
	p, err := l.pebble.p.NewIter(&pebble.IterOptions{LowerBound: lowest(key), UpperBound: end})
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

// NoneIn implements local.View.
func (v *view) NoneIn(r kv.Range) bool {
	l := v.layers.Load()
	none, unknown := l.NoneIn(r.Start, r.End)
	if unknown == nil || !v.e.rows.admits(v) {
		return none
	}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if !v.e.closed {
		v.fillGap(l, unknown) // for the next time
	}
	return false
}

const (
	// seekKeys is the number of keys from which one iterator that goes from key to key
	// beats looking each up on its own.
	seekKeys = 4
	// fillKeys is up to how many keys looked up at once are remembered, once in a while, and
	// of more keys, how many gaps at least: one may tell of all of them.
	fillKeys = 64
	// rowsAtOnce is how many keys are looked for in what is remembered before that is given
	// up, should it know none of them and nothing be new.
	rowsAtOnce = 16
)

// GetAll implements kv.Reader.
func (v *view) GetAll(keys, values [][]byte) error {
	l := v.layers.Load()
	missing, n := l.getKnown(keys, values)
	if n == 0 {
		return nil
	}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if missing == nil {
		return v.getAll(l, keys, values)
	}
	ks, vs := make([][]byte, n), make([][]byte, n)
	for i, at := range missing {
		ks[i] = keys[at]
	}
	if err := v.getAll(l, ks, vs); err != nil {
		return err
	}
	for i, at := range missing {
		values[at] = vs[i]
	}
	return nil
}

// getKnown fills in the values that are known, and tells the n others: those at missing, or all if
// that is nil.
func (l *layers) getKnown(keys, values [][]byte) (missing []int32, n int) {
	first := min(len(keys), rowsAtOnce)
	missing = l.FindAll(keys[:first], values[:first], nil)
	if len(missing) == rowsAtOnce && !l.AnyNew() {
		return nil, len(keys)
	}
	if first < len(keys) {
		n := len(missing)
		missing = l.FindAll(keys[first:], values[first:], missing)
		for i := range missing[n:] {
			missing[n+i] += int32(first)
		}
	}
	if len(missing) == len(keys) {
		return nil, len(keys)
	}
	return missing, len(missing)
}

// getAll asks Pebble. Many keys are visited in order by one iterator, which keeps its place
// in every level and its blocks at hand; the values share an arena.
func (v *view) getAll(l *layers, keys, values [][]byte) error {
	if len(keys) < seekKeys {
		for i, k := range keys {
			value, _, err := v.get(l, k)
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
	fills.layers = l
	p, err := l.pebble.p.NewIter(&bounds)
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
		if f.gap && fills.layers.any(f.key, f.next, true) {
			f = found{key: f.key} // a commit has ended the gap lately
		}
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
	v       *view
	m       merged
	err     error // why it could not be opened
	r       kv.Range
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
	it := &iter{v: v, opts: opts}
	v.e.mu.RLock()
	defer v.e.mu.RUnlock()
	if v.e.closed {
		it.err = kv.ErrClosed
		return it
	}
	lower, upper := bounds(r)
	l := v.layers.Load()
	p, err := l.pebble.p.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		it.err = translate(err)
		return it
	}
	it.m.p, it.m.over.f = p, l.Frozen
	v.iters.Add(1)
	v.e.openMu.Lock()
	v.e.iters[it] = struct{}{}
	v.e.openMu.Unlock()
	it.rewind(r)
	return it
}

func (it *iter) rewind(r kv.Range) {
	it.r, it.started, it.done = r, false, r.Empty()
	it.left = -1
	if it.opts.Limit > 0 {
		it.left = it.opts.Limit
	}
}

func (it *iter) Reset(r kv.Range) {
	e := it.v.e
	e.mu.RLock()
	defer e.mu.RUnlock()
	if it.m.p == nil || e.closed {
		return
	}
	if !r.Empty() {
		it.m.p.SetBounds(bounds(r))
	}
	it.rewind(r)
}

func (it *iter) Close() error {
	e := it.v.e
	e.mu.RLock()
	defer e.mu.RUnlock()
	if it.m.p == nil || e.closed {
		return nil
	}
	e.openMu.Lock()
	delete(e.iters, it)
	e.openMu.Unlock()
	p := it.m.p
	it.m, it.err = merged{}, kv.ErrClosed
	it.v.iters.Add(-1)
	if e.faults.dead.Load() != nil {
		return nil
	}
	return translate(p.Close())
}

func (it *iter) Next(b *kv.PairBatch) (int, error) {
	b.Clear()
	e := it.v.e
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return 0, kv.ErrClosed
	}
	if it.err != nil || it.done {
		return 0, it.err
	}
	max := b.Limit()
	if it.left >= 0 {
		max = min(max, it.left)
	}
	if max == 0 {
		return 0, nil
	}
	m := &it.m
	valid := false
	if it.started {
		valid = m.next()
	} else {
		r := it.r
		if r.End == nil {
			r.End = endOfKeys
		}
		valid = m.first(r, it.opts.Reverse)
	}
	it.started = true
	arena := b.Arena
	n := 0
	for valid {
		key := m.key()
		var value []byte
		if !it.opts.KeysOnly {
			var err error
			if value, err = m.value(); err != nil {
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
		valid = m.next()
	}
	b.Arena = arena
	if n < max {
		it.done = true
		if err := m.p.Error(); err != nil {
			return 0, translate(err)
		}
	}
	if it.left >= 0 {
		it.left -= n
	}
	return n, nil
}
