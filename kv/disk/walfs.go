package disk

import (
	"errors"
	"os"
	"sync"
	"unsafe"

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
)

// walBlock is what direct writes are multiples of, in memory, length and place; walHeld
// is the most that is held for one.
const (
	walBlock = 4 << 10
	walHeld  = walSmall + walBlock
)

// walFS is a file system whose write-ahead logs are filled with zeros ahead of
// what is written to them, and written past the page cache where commits are small.
//
// A sync after appending to a file must also make the file's new size durable, and
// the allocation of its blocks, which costs most file systems a transaction of
// their own journal. Over blocks that are there already, a sync writes the blocks
// and nothing else. PostgreSQL fills its log segments for this reason; Pebble
// gains the same by using old logs again, but a new log is only preallocated, its
// size left as it is (FALLOC_FL_KEEP_SIZE). Readers of a log take zeros for its
// end, just as they take the remains of an older log.
//
// Over such blocks one direct write that is durable when it returns (O_DIRECT,
// O_DSYNC) does what a write and a sync do, with a third less work for the processor:
//
//	file    …durable │durable…held 000│00000000│        in blocks of 4 KiB
//	                 └── one write ───┘
//	held    what was written since the last sync, kept here with the beginning
//	        of its first block until the sync
//
// Only the operating system's own file system is written to so; others see writes and
// syncs.
type walFS struct{ vfs.FS }

// Create implements vfs.FS.
func (fs walFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	if err != nil || category != walCategory {
		return f, err
	}
	return newWALFile(f, name, 0), nil
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
	return newWALFile(f, new, info.Size()), nil
}

// Unwrap implements vfs.FS.
func (fs walFS) Unwrap() vfs.FS { return fs.FS }

// walFile is a log being written, by one goroutine at a time.
type walFile struct {
	vfs.File
	mu       sync.Mutex
	written  int64 // where the next write goes
	unsynced int64 // bytes since the last sync
	end      int64 // the file's size, zeros included

	// Where nothing is held, writes go to File as they come, and what follows is not used.
	holds  bool
	log    fencedLog
	direct *os.File // nil once it turns out that the file system does not write so
	tail   []byte   // what the log holds from tailAt, a multiple of walBlock, to written
	tailAt int64
	passed int64 // what is behind it is held
	dirty  bool  // what was passed to File since the last sync
}

func newWALFile(f vfs.File, name string, size int64) *walFile {
	w := &walFile{File: f, end: size, dirty: true}
	if log, ok := f.(fencedLog); ok && log.fs.FS == vfs.Default {
		if w.direct = openDirect(name); w.direct != nil {
			w.holds, w.log, w.tail = true, log, aligned(walHeld)
		}
	}
	return w
}

// aligned makes an empty slice whose memory direct writes take.
func aligned(size int) []byte {
	b := make([]byte, size+walBlock)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (walBlock - 1)
	return b[skip : skip : skip+size]
}

// Write implements vfs.File. Large writes are not held: no sync may follow for long.
func (f *walFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.holds {
		n, err := f.File.Write(p)
		f.written += int64(n)
		f.unsynced += int64(n)
		f.end = max(f.end, f.written)
		return n, err
	}
	f.unsynced += int64(len(p))
	if len(p) < walSmall/2 && len(f.tail)+len(p) <= cap(f.tail) {
		f.tail = append(f.tail, p...)
		f.written += int64(len(p))
		return len(p), nil
	}
	if err := f.pass(); err != nil {
		return 0, err
	}
	if err := f.give(p); err != nil {
		return 0, err
	}
	f.written = f.passed
	// What is left is the beginning of a block, from the tail and from p.
	f.tailAt = f.written &^ (walBlock - 1)
	if begin := int(f.written - f.tailAt); begin <= len(p) {
		f.tail = append(f.tail[:0], p[len(p)-begin:]...)
	} else {
		f.tail = append(f.tail, p...)
	}
	return len(p), nil
}

// give writes p behind what the file has.
func (f *walFile) give(p []byte) error {
	if err := f.log.writeAt(p, f.passed); err != nil {
		return err
	}
	f.passed += int64(len(p))
	f.end = max(f.end, f.passed)
	f.dirty = true
	return nil
}

// pass gives the file what is held, if anything is.
func (f *walFile) pass() error {
	if !f.holds || f.passed == f.written {
		return nil
	}
	if err := f.give(f.tail[f.passed-f.tailAt:]); err != nil {
		return err
	}
	f.forget()
	return nil
}

// forget leaves only the beginning of the block that the next write goes to.
func (f *walFile) forget() {
	at := f.written &^ (walBlock - 1)
	f.tail = f.tail[:copy(f.tail, f.tail[at-f.tailAt:])]
	f.tailAt = at
}

// Preallocate implements vfs.File: filling takes its place.
func (f *walFile) Preallocate(offset, length int64) error { return nil }

// SyncData implements vfs.File. Where commits are small, it makes room for those
// to come first; loading in bulk needs no room, since there a sync is rare.
func (f *walFile) SyncData() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unsynced < walSmall && f.end-f.written < walFillMargin {
		f.fill()
		f.dirty = true
	}
	f.unsynced = 0
	if f.direct != nil && !f.dirty { // else there is more to sync
		if done, err := f.writeDirect(); done || err != nil {
			return err
		}
	}
	if err := f.pass(); err != nil {
		return err
	}
	if err := f.File.SyncData(); err != nil {
		return err
	}
	f.dirty = false
	return nil
}

// writeDirect makes what is held durable, all else being so. It is not done where
// there is no room, or the file system turns out not to write so.
func (f *walFile) writeDirect() (done bool, err error) {
	if f.passed == f.written {
		return true, nil
	}
	from := int(f.passed-f.tailAt) &^ (walBlock - 1)
	to := (len(f.tail) + walBlock - 1) &^ (walBlock - 1)
	if f.tailAt+int64(to) > f.end {
		return false, nil
	}
	b := f.tail[:to]
	clear(b[len(f.tail):])
	done, err = f.log.writeDirect(f.direct, b[from:], f.tailAt+int64(from))
	if err != nil {
		return false, err
	}
	if !done {
		err = f.direct.Close()
		f.direct = nil
		return false, err
	}
	f.passed = f.written
	f.forget()
	return true, nil
}

// Sync implements vfs.File.
func (f *walFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.pass(); err != nil {
		return err
	}
	return f.File.Sync()
}

// SyncTo implements vfs.File.
func (f *walFile) SyncTo(length int64) (fullSync bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.pass(); err != nil {
		return false, err
	}
	return f.File.SyncTo(length)
}

// Close implements vfs.File.
func (f *walFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.pass()
	if f.direct != nil {
		err = errors.Join(err, f.direct.Close())
	}
	return errors.Join(err, f.File.Close())
}

var zeros [walFillMost]byte

// fill makes room, up to the end of a block. When it cannot, there is just none: the
// write that finds the disk full will tell.
func (f *walFile) fill() {
	room := min(max(f.written, walFillLeast), walFillMost) &^ (walBlock - 1)
	n, _ := f.WriteAt(zeros[:room-f.end%walBlock], f.end)
	f.end += int64(n)
}
