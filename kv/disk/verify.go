package disk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
)

// Verify reads every block of every file of the store and compares it with its
// checksum, and sees that the files are in order within their levels, and that those beside
// them are there. Reading keys alone
// would not meet what newer values hide, nor filters. report is told each damage; an
// error of its own ends the check. It gives the number of files and their bytes.
func (s *Store) Verify(ctx context.Context, report func(kv.Damage) error) (files, bytes int64, err error) {
	e := s.e
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return 0, 0, kv.ErrClosed
	}
	if err := e.files.verify(report); err != nil {
		return 0, 0, err
	}
	levels, err := e.db.SSTables()
	if err != nil {
		return 0, 0, translate(err)
	}
	for _, level := range levels {
		for _, f := range level {
			if err := context.Cause(ctx); err != nil {
				return files, bytes, err
			}
			path := e.fs.PathJoin(e.dir, dataName, fmt.Sprintf("%s.sst", f.BackingSSTNum))
			if err := verifyFile(e.fs, path); err != nil {
				if !e.live(f.BackingSSTNum) {
					continue // merged into others meanwhile
				}
				what := fmt.Sprintf("%v (keys from %s to %s)", err, kv.KeyPath(f.Smallest.UserKey), kv.KeyPath(f.Largest.UserKey))
				if err := report(kv.Damage{Place: path, What: what}); err != nil {
					return files, bytes, err
				}
			}
			files++
			bytes += int64(f.Size)
		}
	}
	if err := e.db.CheckLevels(nil); err != nil {
		return files, bytes, report(kv.Damage{Place: e.fs.PathJoin(e.dir, dataName), What: err.Error()})
	}
	return files, bytes, nil
}

// live tells whether a file is still of the store.
func (e *engine) live(file any) bool {
	levels, err := e.db.SSTables()
	if err != nil {
		return true
	}
	for _, level := range levels {
		for _, f := range level {
			if any(f.BackingSSTNum) == file {
				return true
			}
		}
	}
	return false
}

func verifyFile(fs vfs.FS, path string) (err error) {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	in, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(context.Background(), in, sstable.ReaderOptions{
		Filters: map[string]pebble.FilterPolicy{filterPolicy.Name(): filterPolicy},
	})
	if err != nil {
		return errors.Join(err, in.Close())
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

var filterPolicy = bloom.FilterPolicy(10)

// Checkpoint makes dir, which must not exist, a store of its own that holds what
// is committed now. Files that never change are shared with this store as long as
// both lie on one file system, so that it takes little time and room.
func (s *Store) Checkpoint(dir string) error {
	e := s.e
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return kv.ErrClosed
	}
	if err := e.writable(); err != nil && !errors.Is(err, kv.ErrReadOnly) {
		return err
	}
	if !e.reading {
		if err := e.giveAll(); err != nil {
			return err
		}
	}
	if err := e.fs.MkdirAll(dir, 0o700); err != nil {
		return translate(err)
	}
	to := e.fs.PathJoin(dir, dataName)
	if err := e.unlessDead(func() error { return e.db.Checkpoint(to) }); err != nil {
		return translate(err)
	}
	if e.reading { // nothing writes to the log
		for _, s := range e.wlog.old {
			if err := vfs.Copy(e.fs, s.path, e.fs.PathJoin(to, e.fs.PathBase(s.path))); err != nil {
				return translate(err)
			}
		}
	}
	files := newFileList(e.fs, dir)
	if err := files.adopt(); err != nil {
		return translate(err)
	}
	if err := files.create(); err != nil {
		return translate(err)
	}
	// What opens it as a store comes last.
	text := markerText
	if e.old && e.reading { // Pebble's log has been copied, too
		text = markerOld
	}
	return translate(writeMarker(e.fs, dir, text))
}

// Dir is where the store is.
func (s *Store) Dir() string { return s.e.dir }

// scratchPrefix begins the names of directories for what does not outlive the process.
const scratchPrefix = "tmp-"

// ScratchDir gives the name of a directory within the store's for what need not outlive
// the process: opening the store removes what is left of the last one's.
func (s *Store) ScratchDir(name string) string {
	return s.e.fs.PathJoin(s.e.dir, scratchPrefix+name)
}

// removeScratch removes what a process left that ended early.
func (e *engine) removeScratch() error {
	names, err := e.fs.List(e.dir)
	if err != nil {
		return translate(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, scratchPrefix) {
			if err := e.fs.RemoveAll(e.fs.PathJoin(e.dir, n)); err != nil {
				return translate(err)
			}
		}
	}
	return nil
}
