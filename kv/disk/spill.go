package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/objstorage"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/local"
)

// What a transaction writes beyond its share of memory lies in sorted tables of Pebble's
// own format, in a scratch directory:
//
//	DIR/tmp-txn-7/1.sst, 2.sst, …    the runs, as they were spilled
//	                m1.sst, …         made of them at commit, unless they lie side by side
//	                samples.sst       ff 73 ‹key›: of the sampler
//	                seq.sst           ff 71: the commit's number, written last
//
// Pebble takes all of them in by one record of its list of files (Ingest): a crash leaves all
// or nothing, and the number is among them. What waits in memory is given to Pebble before.
// Who reads meanwhile has a snapshot that is older.

// spillBytes are the writes that a transaction holds in memory: about three times as
// much of the process's.
const spillBytes = 48 << 20

// mergedBytes is about how large the files are that runs are merged into.
const mergedBytes = 64 << 20

// spill is a local.Spill.
type spill struct {
	e      *engine
	dir    string
	format sstable.TableFormat
	handle cacheHandle
	runs   []*run
	// Of the commit.
	paths   []string
	sampled []local.Entry

	// Readers hold mu while they are inside a run, Close holds it alone.
	mu     sync.RWMutex
	closed bool
	openMu sync.Mutex
	iters  map[*runIter]struct{}
}

// cacheHandle is what tells one user of Pebble's cache from another.
type cacheHandle interface{ Close() }

// NewSpill implements local.Spiller.
func (e *engine) NewSpill() (local.Spill, error) {
	if err := e.writable(); err != nil {
		return nil, err
	}
	return e.newSpill()
}

func (e *engine) newSpill() (*spill, error) {
	s := &spill{e: e, iters: map[*runIter]struct{}{}, format: e.db.FormatMajorVersion().MaxTableFormat()}
	s.dir = e.fs.PathJoin(e.dir, fmt.Sprintf("%stxn-%d", scratchPrefix, e.spills.Add(1)))
	if err := e.fs.MkdirAll(s.dir, 0o700); err != nil {
		return nil, translate(err)
	}
	return s, nil
}

// table writes one sorted table.
type table struct {
	w    *sstable.Writer
	path string
}

func (s *spill) newTable(name string, durable bool) (*table, error) {
	path := s.e.fs.PathJoin(s.dir, name)
	f, err := s.e.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, translate(err)
	}
	out := &tableFile{f: f, durable: durable, buf: make([]byte, 0, 256<<10)}
	// As for the uppermost level: in the lowest, deletions would count as obsolete.
	return &table{sstable.NewWriter(out, s.e.tables.MakeWriterOptions(0, s.format)), path}, nil
}

func (t *table) add(x local.Entry) error {
	if x.Deleted() {
		return t.w.Delete(x.Key())
	}
	return t.w.Set(x.Key(), x.Value())
}

// tableFile is an objstorage.Writable, which need not survive a crash unless durable.
type tableFile struct {
	f       vfs.File
	buf     []byte
	durable bool
}

func (t *tableFile) Write(p []byte) error {
	if len(t.buf)+len(p) > cap(t.buf) {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if len(p) > cap(t.buf) {
		_, err := t.f.Write(p)
		return err
	}
	t.buf = append(t.buf, p...)
	return nil
}

func (t *tableFile) flush() error {
	_, err := t.f.Write(t.buf)
	t.buf = t.buf[:0]
	return err
}

func (t *tableFile) StartMetadataPortion() error { return nil }

func (t *tableFile) Finish() error {
	err := t.flush()
	if err == nil && t.durable {
		err = t.f.Sync()
	}
	return errors.Join(err, t.f.Close())
}

func (t *tableFile) Abort() { _ = t.f.Close() }

var _ objstorage.Writable = (*tableFile)(nil)

// Write implements local.Spill.
func (s *spill) Write(walk func(func(local.Entry) error) error) (local.Run, error) {
	t, err := s.newTable(fmt.Sprintf("%d.sst", len(s.runs)+1), false)
	if err != nil {
		return nil, err
	}
	r := &run{s: s, path: t.path, number: uint64(len(s.runs) + 1)}
	err = walk(func(x local.Entry) error {
		if r.n == 0 {
			r.first = bytes.Clone(x.Key())
		}
		r.last = x.Key()
		r.n++
		r.bytes += x.Bytes()
		if s.e.samples.Wants(x.Key()) {
			r.sampled = append(r.sampled, clone(x))
		}
		return translate(t.add(x))
	})
	r.last = bytes.Clone(r.last)
	if err = errors.Join(err, translate(t.w.Close())); err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	s.runs = append(s.runs, r)
	return r, nil
}

func clone(x local.Entry) local.Entry {
	if x.Deleted() {
		return local.NewDeletion(x.Key())
	}
	return local.NewEntry(x.Key(), x.Value())
}

// Prepare implements local.Spill.
func (s *spill) Prepare(ctx context.Context, w *local.Buffer) error {
	if err := s.e.writable(); err != nil {
		return err
	}
	runs := make([]*run, len(w.Runs()))
	for i, r := range w.Runs() {
		runs[i] = r.(*run)
	}
	if !local.SideBySide(w.Runs()) {
		if err := s.merge(ctx, w); err != nil {
			return err
		}
	} else {
		slices.SortFunc(runs, func(a, b *run) int { return bytes.Compare(a.first, b.first) })
		for _, r := range runs {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			f, err := s.e.fs.Open(r.path)
			if err != nil {
				return translate(err)
			}
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				return translate(err)
			}
			s.paths = append(s.paths, r.path)
			s.sampled = append(s.sampled, r.sampled...)
		}
	}
	return s.writeSamples()
}

// merge makes files that lie side by side.
func (s *spill) merge(ctx context.Context, w *local.Buffer) error {
	var t *table
	end := func() error {
		if t == nil {
			return nil
		}
		s.paths = append(s.paths, t.path)
		err := t.w.Close()
		t = nil
		return translate(err)
	}
	err := w.Walk(local.Until(ctx, func(x local.Entry) error {
		if t != nil && t.w.Raw().EstimatedSize() >= mergedBytes {
			if err := end(); err != nil {
				return err
			}
		}
		if t == nil {
			var err error
			if t, err = s.newTable(fmt.Sprintf("m%d.sst", len(s.paths)+1), true); err != nil {
				return err
			}
		}
		if s.e.samples.Wants(x.Key()) {
			s.sampled = append(s.sampled, clone(x))
		}
		return translate(t.add(x))
	}))
	return errors.Join(err, end())
}

func (s *spill) writeSamples() error {
	if len(s.sampled) == 0 {
		return nil
	}
	t, err := s.newTable("samples.sst", true)
	if err != nil {
		return err
	}
	err = t.addSamples(s.sampled)
	s.paths = append(s.paths, t.path)
	return translate(errors.Join(err, t.w.Close()))
}

// addSamples adds what is to be remembered of sampled writes.
func (t *table) addSamples(sampled []local.Entry) error {
	for _, x := range sampled {
		key := append(bytes.Clone(samplePrefix), x.Key()...)
		var err error
		if x.Deleted() {
			err = t.w.Delete(key)
		} else {
			err = t.w.Set(key, binary.AppendUvarint(nil, uint64(x.Bytes())))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Ingest implements local.Spill. What waits goes first, so that Pebble takes all in order.
func (s *spill) Ingest(seq uint64) error {
	e := s.e
	if err := e.writable(); err != nil {
		return err
	}
	if err := e.giveAll(); err != nil {
		return err
	}
	if err := s.take(s.paths, seq, nil); err != nil {
		return err
	}
	e.commits.Add(1)
	for _, x := range s.sampled {
		e.sample(x)
	}
	return nil
}

// take has Pebble take in tables, together with one that has the number of the commit that
// they are, and what more adds. Nothing waits.
func (s *spill) take(paths []string, seq uint64, more func(t *table) error) error {
	e := s.e
	t, err := s.newTable("seq.sst", true)
	if err != nil {
		return err
	}
	if more != nil {
		err = more(t)
	}
	err = errors.Join(err, t.w.Set(seqKey, binary.BigEndian.AppendUint64(nil, seq)), t.w.Close())
	if err == nil {
		err = e.roomBelow()
	}
	if err != nil {
		return translate(err)
	}
	p, err := e.ingest(append(paths, t.path))
	if err != nil {
		return errors.Join(kv.ErrCommitUnknown, translate(err))
	}
	e.rows.mu.Lock()
	e.letGo(e.rows.pebble)
	e.rows.pebble = p
	e.rows.mu.Unlock()
	e.applied = applied{seq: seq, unknown: true}
	return nil
}

// Close implements local.Spill.
func (s *spill) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for it := range s.iters {
		_ = it.p.Close() // only read: nothing to lose
	}
	for _, r := range s.runs {
		_ = r.r.Close()
	}
	if s.handle != nil {
		s.handle.Close()
	}
	// What cannot be removed now is on the next opening.
	if err := s.e.fs.RemoveAll(s.dir); err != nil {
		s.e.log.Error("storage: removing what a transaction left", "dir", s.dir, "err", err)
	}
}
