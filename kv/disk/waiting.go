package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// waiting are the rows of commits that are in the log and not in Pebble yet. Pebble itself has
// nothing but sorted tables, which it is given whole:
//
//	commit ─▶ log (synced) ─▶ tree ─full─▶ given ─▶ sorted table ─Ingest─▶ Pebble
//	          │ segment 7     │            │ segments up to 7 are removed then ─┘
//	          └ segment 8     └ a new one
//
// What is given has, besides the rows, the number of the newest commit among them; so where the log
// is to be gone on with is told by what Pebble has, whatever a crash leaves. Pebble's own log
// stays empty.
//
// A version is layers: the tree, what is being given, and a snapshot of Pebble, from the newest to
// the oldest. That of the newest version is replaced, by one that tells the same, when rows have
// moved down.
type waiting struct {
	mu     sync.Mutex
	tree   *btree.Tree
	bytes  int64  // of tree
	seq    uint64 // of the newest commit in tree, or below
	given  *btree.Tree
	upTo   uint64 // the newest commit in given
	pebble *snapshot
	newest *view
	moved  chan struct{} // closed, and made anew, whenever given has gone down or an attempt failed

	most   int64         // bytes, before they are given
	toGive chan struct{} // wakes giver
}

// layers are what a version consists of.
type layers struct {
	tree   *btree.Tree // a clone
	of     *btree.Tree // of this one
	given  *btree.Tree // nil: nothing
	pebble *snapshot
}

// snapshot is one of Pebble's, closed when nobody reads it any more.
type snapshot struct {
	p    *pebble.Snapshot
	refs atomic.Int32
}

func (s *snapshot) hold() *snapshot {
	s.refs.Add(1)
	return s
}

// find tells what waits of a key.
func (l *layers) find(key []byte) (btree.Entry, bool) {
	if e, ok := l.tree.Get(key); ok || l.given == nil {
		return e, ok
	}
	return l.given.Get(key)
}

// before tells whether a key lies before another, nil for the end, or is that one.
func before(key, to []byte, included bool) bool {
	if to == nil {
		return true
	}
	c := bytes.Compare(key, to)
	return c < 0 || included && c == 0
}

// any tells whether something waits from a key on to another, nil for the last, or before it.
func (l *layers) any(from, to []byte, included bool) bool {
	for _, t := range []*btree.Tree{l.tree, l.given} {
		if t == nil || t.Len() == 0 {
			continue
		}
		if e, ok := t.From(from); ok && before(e.Key(), to, included) {
			return true
		}
	}
	return false
}

// logPerWaiting is how much of the log may belong to what waits, in multiples of the bytes that
// may: keys that are written again and again take room in the log only.
const logPerWaiting = 2

// put brings the tree to a commit.
func (w *waiting) put(writes []*local.Buffer, more []btree.Entry, seq uint64) {
	for _, b := range writes {
		var es [touched]local.Entry
		var keys [touched][]byte
		n := 0
		b.Each(func(e local.Entry) bool {
			es[n], keys[n] = e, e.Key()
			if n++; n == touched {
				w.tree.Touch(keys[:])
				for _, e := range es {
					w.putOne(e)
				}
				n = 0
			}
			return true
		})
		for _, e := range es[:n] {
			w.putOne(e)
		}
	}
	for _, e := range more {
		w.putOne(e)
	}
	w.seq = seq
}

func (w *waiting) putOne(e btree.Entry) {
	w.bytes += size(e)
	if old, had := w.tree.Put(e); had {
		w.bytes -= size(old)
	}
}

// layers are those of the newest version. Under mu.
func (w *waiting) layers() *layers {
	return &layers{tree: w.tree.Clone(), of: w.tree, given: w.given, pebble: w.pebble.hold()}
}

// relayer gives the newest version the layers that tell the same of now. Under mu.
func (w *waiting) relayer() {
	if v := w.newest; v != nil && !v.closed {
		v.kept = append(v.kept, v.layers.Load().pebble)
		v.layers.Store(w.layers())
	}
}

// reclaim lets the next commit change the nodes that only v's readers could see. There are
// none any more.
func (w *waiting) reclaim(v *view) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := v.layers.Load(); v == w.newest && l.of == w.tree && v.iters.Load() == 0 {
		w.tree.Unclone(l.tree)
	}
}

// room waits until there is room for a commit.
func (e *engine) room() error {
	w := &e.waiting
	for {
		w.mu.Lock()
		full := w.bytes >= w.most || w.tree.Len() > 0 && e.wlog.written.Load() >= logPerWaiting*w.most
		busy, moved := w.given != nil, w.moved
		w.mu.Unlock()
		switch {
		case !full:
			return nil
		case !busy:
			if err := e.handOver(); err != nil {
				return translate(err)
			}
			return nil
		}
		if err := e.awaitMove(moved); err != nil {
			return err
		}
	}
}

// awaitMove waits until rows have moved down or an attempt failed. The error tells that
// none will.
func (e *engine) awaitMove(moved chan struct{}) error {
	select {
	case <-moved:
	case <-e.faults.died:
	case <-e.stop:
		return kv.ErrClosed
	}
	return e.writable()
}

// handOver has giver give what waits to Pebble, unless it is at work.
func (e *engine) handOver() error {
	w, l := &e.waiting, &e.wlog
	l.mu.Lock()
	defer l.mu.Unlock()
	w.mu.Lock()
	idle := w.given == nil && w.tree.Len() > 0
	w.mu.Unlock()
	if !idle {
		return nil
	}
	if err := l.rotate(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given, w.upTo = w.tree, w.seq
	w.tree, w.bytes = new(btree.Tree), 0
	w.relayer()
	select {
	case w.toGive <- struct{}{}:
	default:
	}
	return nil
}

// giver gives what was handed over to Pebble.
func (e *engine) giver() {
	w := &e.waiting
	for {
		select {
		case <-e.stop:
			return
		case <-w.toGive:
		}
		for pause := failedPause; ; pause = min(2*pause, time.Second) {
			err := e.give(w.given, w.upTo)
			if err == nil {
				break
			}
			e.faults.flush.Store(&err)
			e.log.Error("storage: writing files", "err", err)
			w.mu.Lock()
			w.tell()
			w.mu.Unlock()
			select {
			case <-e.stop:
				return
			case <-e.faults.died:
				return
			case <-time.After(pause):
			}
		}
	}
}

// tell wakes those who wait for something to have moved. Under mu.
func (w *waiting) tell() {
	close(w.moved)
	w.moved = make(chan struct{})
}

// give gives rows to Pebble: those of a tree, which has all up to a commit that Pebble has not.
func (e *engine) give(t *btree.Tree, seq uint64) error {
	s, err := e.newSpill()
	if err != nil {
		return err
	}
	defer s.Close()
	paths, err := s.writeRows(t, seq)
	if err != nil {
		return err
	}
	if err := e.roomBelow(); err != nil {
		return err
	}
	p, err := e.ingest(paths)
	if err != nil {
		return err
	}
	w := &e.waiting
	w.mu.Lock()
	e.letGo(w.pebble)
	w.pebble = p
	w.given = nil
	e.faults.flush.Store(nil)
	w.relayer()
	w.tell()
	w.mu.Unlock()
	e.closeSnapshots()
	e.wlog.removeUpTo(seq)
	return nil
}

// writeRows writes rows, the samples among them and the commit's number to tables. The number,
// which all that is given has, lies in a table of its own: rows that no table overlaps go right
// to the lowest level.
func (s *spill) writeRows(t *btree.Tree, seq uint64) (paths []string, err error) {
	var out *table
	var sampled []btree.Entry
	next := func() error {
		if full := out; full != nil {
			out = nil
			if err := full.w.Close(); err != nil {
				return err
			}
		}
		var err error
		if out, err = s.newTable(fmt.Sprintf("%d.sst", len(paths)+1), true); err == nil {
			paths = append(paths, out.path)
		}
		return err
	}
	err = next()
	if err != nil {
		return nil, err
	}
	t.Ascend(nil, func(es []btree.Entry) bool {
		if out.w.Raw().EstimatedSize() >= mergedBytes {
			if err = next(); err != nil {
				return false
			}
		}
		for _, x := range es {
			if err = out.add(x); err != nil {
				return false
			}
			if s.e.samples.Wants(x.Key()) {
				sampled = append(sampled, x)
			}
		}
		return true
	})
	if err == nil {
		err = next()
	}
	if err == nil {
		err = out.w.Set(seqKey, binary.BigEndian.AppendUint64(nil, seq))
	}
	if err == nil {
		err = out.addSamples(sampled)
	}
	if out != nil {
		err = errors.Join(err, out.w.Close())
	}
	return paths, err
}

// ingest has Pebble take files in, durably and all or none, and gives the snapshot that follows.
func (e *engine) ingest(paths []string) (*snapshot, error) {
	s := &snapshot{}
	s.refs.Store(1)
	err := e.unlessDead(func() error {
		if err := e.db.Ingest(context.Background(), paths); err != nil {
			return err
		}
		e.take(s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// take takes a snapshot.
func (e *engine) take(s *snapshot) {
	s.p = e.db.NewSnapshot()
	e.openMu.Lock()
	e.snaps[s] = struct{}{}
	e.openMu.Unlock()
}

// stopFiles is how many files, one above the other, the uppermost level may have: more take
// longer to read from than they do to wait for.
const stopFiles = 24

// roomBelow waits until merging has caught up, or fails.
func (e *engine) roomBelow() error {
	for {
		var files int32
		err := e.unlessDead(func() error {
			e.sizeMu.Lock()
			defer e.sizeMu.Unlock()
			if !e.shutting {
				files = e.db.Metrics().Levels[0].Sublevels
			}
			return nil
		})
		if err != nil || files < stopFiles {
			return err
		}
		if err := e.faults.background.Load(); err != nil {
			return *err
		}
		select {
		case <-e.stop:
			return kv.ErrClosed
		case <-e.faults.died:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// giveAll gives all commits so far to Pebble.
func (e *engine) giveAll() error {
	w := &e.waiting
	w.mu.Lock()
	target := w.seq
	w.mu.Unlock()
	for {
		w.mu.Lock()
		busy, moved := w.given != nil, w.moved
		done := !busy && (w.tree.Len() == 0 || w.upTo >= target)
		w.mu.Unlock()
		if done {
			return nil
		}
		if !busy {
			if err := e.handOver(); err != nil {
				return translate(err)
			}
			continue
		}
		if err := e.awaitMove(moved); err != nil {
			return err
		}
	}
}

// letGo ends the use of a snapshot. Who lets go must not wait, should Pebble die in it: giver
// closes it, or flushWhenIdle.
func (e *engine) letGo(s *snapshot) {
	if s != nil && s.refs.Add(-1) == 0 {
		e.openMu.Lock()
		e.toClose = append(e.toClose, s)
		e.openMu.Unlock()
	}
}

// closeSnapshots closes those that were let go of.
func (e *engine) closeSnapshots() {
	e.openMu.Lock()
	old := e.toClose
	e.toClose = nil
	e.openMu.Unlock()
	if len(old) == 0 {
		return
	}
	_ = e.unlessDead(func() error {
		for _, s := range old {
			e.openMu.Lock()
			_, open := e.snaps[s]
			delete(e.snaps, s)
			e.openMu.Unlock()
			if open {
				_ = s.p.Close() // its files are only read: nothing to lose
			}
		}
		return nil
	})
}

// replay takes in what the log has beyond Pebble.
func (e *engine) replay() error {
	ss, err := segments(e.fs, e.fs.PathJoin(e.dir, dataName))
	if err != nil {
		return translate(err)
	}
	w := &e.waiting
	for _, s := range ss {
		err := s.read(e.fs, func(prev, seq uint64, entries []byte) error {
			s.last = seq
			if seq <= e.seq {
				return nil
			}
			if prev != e.seq {
				return fmt.Errorf("%w: %s goes on after commit %d, what is there before ends with %d", kv.ErrCorrupt, s.path, prev, e.seq)
			}
			err := eachEntry(entries, func(x btree.Entry) {
				w.putOne(x)
				e.sample(x)
			})
			if err != nil {
				return fmt.Errorf("%w: commit %d in %s", err, seq, s.path)
			}
			e.seq = seq
			return nil
		})
		if err != nil {
			if errors.Is(err, kv.ErrCorrupt) {
				return err
			}
			return translate(err)
		}
	}
	e.wlog.old = ss
	w.seq, e.applied.seq = e.seq, e.seq
	return nil
}

// sample remembers a write that the sampler wants.
func (e *engine) sample(x btree.Entry) {
	key := x.Key()
	switch {
	case !e.samples.Wants(key):
	case x.Deleted():
		e.samples.Delete(key)
	default:
		e.samples.Put(append([]byte(nil), key...), x.Bytes())
	}
}

// settle gives Pebble what replay has found, and begins a segment.
func (e *engine) settle() error {
	w := &e.waiting
	if w.tree.Len() > 0 {
		w.given, w.upTo = w.tree, w.seq
		w.tree, w.bytes = new(btree.Tree), 0
		if err := e.give(w.given, w.upTo); err != nil {
			return translate(err)
		}
		e.below = e.seq
	}
	e.wlog.mu.Lock()
	err := e.wlog.rotate()
	e.wlog.mu.Unlock()
	if err != nil {
		return translate(err)
	}
	e.wlog.removeUpTo(e.below) // commits without rows are the log's until some with rows follow
	return nil
}
