package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	iofs "io/fs"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/btree"
)

// Rows of commits that are in the log wait in memory, where they are looked up with all that is
// remembered. Pebble itself has nothing but sorted tables, which it is given whole:
//
//	commit ─▶ log (synced) ─▶ new rows ─full─▶ given ─▶ sorted table ─Ingest─▶ Pebble
//	          │ segment 7     │                │ segments up to 7 are removed then ─┘
//	          └ segment 8     └ the next generation
//
// Invariants:
//
//   - Who commits is one goroutine at a time; who gives is another. A generation is given until that has
//     succeeded, and no other begins meanwhile: given and upTo change only in handOver, when there is
//     none, and in give.
//   - A segment ends before its generation does, under both locks. A commit that is in the log and
//     not in the overlay yet is then in the segment that ended, and in the next generation: its segment
//     stays until that one is below (removeUpTo looks at the segment's last commit).
//   - In memory are at most the generation that is given, and new rows of mostNew and one group of
//     commits, whose members had them in memory before (Traits.SpillBytes each).
//
// What is given has, besides the rows, the number of the newest commit among them; so where the log
// is to be gone on with is told by what Pebble has, whatever a crash leaves. Pebble's own log
// stays empty.

// snapshot is one of Pebble's, closed when nobody reads it any more.
type snapshot struct {
	p    *pebble.Snapshot
	refs atomic.Int32
}

func (s *snapshot) hold() *snapshot {
	s.refs.Add(1)
	return s
}

// logPerWaiting is how much of the log may belong to what waits, in multiples of the bytes that
// may: keys that are written again and again take room in the log only.
const logPerWaiting = 2

// room waits until there is room for a commit.
func (e *engine) room() error {
	r := &e.rows
	for {
		r.mu.Lock()
		long := r.seq > r.upTo && e.wlog.written.Load() >= logPerWaiting*r.mostNew
		full := long || r.over.NewBytes() >= r.mostNew
		busy, moved := r.given != nil, r.moved
		r.mu.Unlock()
		switch {
		case !full:
			return nil
		case !busy:
			if err := e.handOver(long); err != nil {
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

// handOver has giver give what waits to Pebble, unless it is at work. long: even if that is no
// row, since all that was written is gone again, to end the log; only who commits may ask for that.
func (e *engine) handOver(long bool) error {
	r, l := &e.rows, &e.wlog
	l.mu.Lock()
	defer l.mu.Unlock()
	r.mu.Lock()
	idle := r.given == nil && (long || r.over.NewBytes() > 0)
	r.mu.Unlock()
	if !idle {
		return nil
	}
	if err := l.rotate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.given, r.upTo = r.over.Begin(), r.seq
	r.moving(nil)
	select {
	case r.toGive <- struct{}{}:
	default:
	}
	return nil
}

// giver gives what was handed over to Pebble.
func (e *engine) giver() {
	r := &e.rows
	for {
		select {
		case <-e.stop:
			return
		case <-r.toGive:
		}
		for pause := failedPause; ; pause = min(2*pause, time.Second) {
			err := e.give(r.given, r.upTo)
			if err == nil {
				break
			}
			e.faults.flush.Store(&err)
			e.log.Error("storage: writing files", "err", err)
			r.mu.Lock()
			r.tell()
			r.mu.Unlock()
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
func (r *rows) tell() {
	close(r.moved)
	r.moved = make(chan struct{})
}

// give gives rows to Pebble: the new ones of an overlay, which has all up to a commit that Pebble has not.
func (e *engine) give(f *btree.Frozen, seq uint64) error {
	s, err := e.newSpill()
	if err != nil {
		return err
	}
	defer s.Close()
	paths, err := s.writeRows(f, seq)
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
	r := &e.rows
	r.mu.Lock()
	e.letGo(r.pebble)
	r.pebble = p
	r.given = nil
	r.over.Ended()
	e.faults.flush.Store(nil)
	r.moving(p)
	r.tell()
	r.mu.Unlock()
	e.closeSnapshots()
	e.wlog.removeUpTo(seq)
	return nil
}

// writeRows writes rows, the samples among them and the commit's number to tables. The number,
// which all that is given has, lies in a table of its own: rows that no table overlaps go right
// to the lowest level.
func (s *spill) writeRows(f *btree.Frozen, seq uint64) (paths []string, err error) {
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
	f.AscendNew(nil, func(es []btree.Entry, new uint32) bool {
		if out == nil || out.w.Raw().EstimatedSize() >= mergedBytes {
			if err = next(); err != nil {
				return false
			}
		}
		for i, x := range es {
			if new>>i&1 == 0 {
				continue
			}
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
	r := &e.rows
	r.mu.Lock()
	target := r.seq
	r.mu.Unlock()
	for {
		r.mu.Lock()
		busy, moved := r.given != nil, r.moved
		done := !busy && (r.over.NewBytes() == 0 || r.upTo >= target)
		r.mu.Unlock()
		if done {
			return nil
		}
		if !busy {
			if err := e.handOver(false); err != nil {
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

// follow hands out what a log has beyond a commit, up to where there is no more. A record that
// does not go on where the one before ended is an error.
func follow(fs vfs.FS, ss []*segment, from uint64, visit func(s *segment, seq uint64, entries []byte) error) error {
	for _, s := range ss {
		err := s.read(fs, func(prev, seq uint64, entries []byte) error {
			s.last = seq
			if seq <= from {
				return nil
			}
			if prev != from {
				return fmt.Errorf("%w: %s goes on after commit %d, what is there before ends with %d", kv.ErrCorrupt, s.path, prev, from)
			}
			from = seq
			return visit(s, seq, entries)
		})
		if err != nil {
			if errors.Is(err, kv.ErrCorrupt) {
				return err
			}
			return translate(err)
		}
	}
	return nil
}

// checkLog sees that the log goes on where Pebble ends, before Pebble is opened to be written
// and begins to change what is in the directory: with what is there, no more and no less,
// a damage can be looked into. It costs reading the log twice, the second time from memory.
func (e *engine) checkLog() error {
	ss, err := segments(e.fs, e.fs.PathJoin(e.dir, dataName))
	if errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return translate(err)
	}
	nothing, found := true, errors.New("a record")
	for _, s := range ss {
		err := s.read(e.fs, func(uint64, uint64, []byte) error { return found })
		if err != nil && !errors.Is(err, found) {
			return translate(err)
		}
		nothing = nothing && err == nil
	}
	if nothing {
		return nil
	}
	opts := e.opts.Clone()
	opts.ReadOnly = true
	db, err := e.openPebble(opts)
	if err != nil {
		return fmt.Errorf("opening %s: %w", e.dir, notOpened(err))
	}
	from, err := numberIn(db)
	if err == nil {
		err = follow(e.fs, ss, from, func(s *segment, seq uint64, entries []byte) error {
			if eachEntry(entries, func(btree.Entry) {}) != nil {
				return undecodable(s, seq)
			}
			return nil
		})
	}
	return errors.Join(err, translate(e.unlessDead(db.Close)))
}

func undecodable(s *segment, seq uint64) error {
	return fmt.Errorf("%w: commit %d in %s", kv.ErrCorrupt, seq, s.path)
}

// replay takes in what the log has beyond Pebble.
func (e *engine) replay() error {
	ss, err := segments(e.fs, e.fs.PathJoin(e.dir, dataName))
	if err != nil {
		return translate(err)
	}
	r := &e.rows
	err = follow(e.fs, ss, e.seq, func(s *segment, seq uint64, entries []byte) error {
		var es []btree.Entry
		err := eachEntry(entries, func(x btree.Entry) {
			es = append(es, x)
			if e.samples.Wants(x.Key()) {
				e.sample(x)
			}
		})
		if err != nil {
			return undecodable(s, seq)
		}
		r.over.Write(es)
		e.seq = seq
		return nil
	})
	if err != nil {
		return err
	}
	e.wlog.old = ss
	r.seq, e.applied.seq = e.seq, e.seq
	return nil
}

// sample remembers a write that the sampler wants.
func (e *engine) sample(x btree.Entry) {
	if x.Deleted() {
		e.samples.Delete(x.Key())
	} else {
		e.samples.Put(bytes.Clone(x.Key()), x.Bytes())
	}
}

// settle gives Pebble what replay has found, and begins a segment.
func (e *engine) settle() error {
	r := &e.rows
	if r.over.NewBytes() > 0 {
		r.given, r.upTo = r.over.Begin(), r.seq
		if err := e.give(r.given, r.upTo); err != nil {
			return translate(err)
		}
		e.below = e.seq
	} else if e.seq > e.below {
		// The log alone has them, and other segments will follow: they may not outlive these.
		if err := e.wlog.syncOld(); err != nil {
			return translate(err)
		}
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
