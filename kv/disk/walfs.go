package disk

import (
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// walCategory is what Pebble says it writes when it makes a write-ahead log.
const walCategory vfs.DiskWriteCategory = "pebble-wal"

// Bounds of how far ahead of its end a log is filled with zeros, and what counts
// as a small commit.
const (
	walFillLeast  = 64 << 10
	walFillMost   = 1 << 20
	walFillMargin = 16 << 10
	walSmall      = 32 << 10
	walBlock      = 4 << 10
)

// walFS is a file system whose write-ahead logs are filled with zeros ahead of
// what is written to them.
//
// A sync after appending to a file must also make the file's new size durable, and
// the allocation of its blocks, which costs most file systems a transaction of
// their own journal. Over blocks that are there already, a sync writes the blocks
// and nothing else. PostgreSQL fills its log segments for this reason; Pebble
// gains the same by using old logs again, but a new log is only preallocated, its
// size left as it is (FALLOC_FL_KEEP_SIZE). Readers of a log take zeros for its
// end, just as they take the remains of an older log.
//
// Writing past the page cache, durably at once (O_DIRECT, O_DSYNC), gains nothing more: see
// docs/adr/054-lone-commits.md.
type walFS struct{ vfs.FS }

// Create implements vfs.FS.
func (fs walFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	if err != nil || category != walCategory {
		return f, err
	}
	return &walFile{File: f}, nil
}

// ReuseForWrite implements vfs.FS.
func (fs walFS) ReuseForWrite(old, new string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.ReuseForWrite(old, new, category)
	if err != nil || category != walCategory {
		return f, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &walFile{File: f, end: info.Size()}, nil
}

// Unwrap implements vfs.FS.
func (fs walFS) Unwrap() vfs.FS { return fs.FS }

// walFile is a log being written.
type walFile struct {
	vfs.File
	mu       sync.Mutex
	written  int64 // where the next write goes
	unsynced int64 // bytes since the last sync
	end      int64 // the file's size, zeros included
}

// Write implements vfs.File.
func (f *walFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.mu.Lock()
	f.written += int64(n)
	f.unsynced += int64(n)
	f.end = max(f.end, f.written)
	f.mu.Unlock()
	return n, err
}

// Preallocate implements vfs.File: filling takes its place.
func (f *walFile) Preallocate(offset, length int64) error { return nil }

// SyncData implements vfs.File. Where commits are small, it makes room for those
// to come first; loading in bulk needs no room, since there a sync is rare.
func (f *walFile) SyncData() error {
	f.mu.Lock()
	if f.unsynced < walSmall && f.end-f.written < walFillMargin {
		f.fill()
	}
	f.unsynced = 0
	f.mu.Unlock()
	return f.File.SyncData()
}

var zeros [walFillMost]byte

// fill makes room, up to the end of a block. When it cannot, there is just none: the
// write that finds the disk full will tell.
func (f *walFile) fill() {
	room := min(max(f.written, walFillLeast), walFillMost)
	n, _ := f.WriteAt(zeros[:room-f.end%walBlock], f.end)
	f.end += int64(n)
}
