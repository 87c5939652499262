package disk

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// walCategory is what Pebble says it writes when it makes a write-ahead log.
const walCategory vfs.DiskWriteCategory = "pebble-wal"

// fencedFS is a file system that nothing is changed in once the engine is dead: what is
// left of it must not touch files that a store opened afterwards takes for its own.
//
// Errors at which Pebble panics on goroutines of its own, or would die holding the lock
// that readers need, are fatal here already: a directory that cannot be synced, a log that
// cannot be begun or ended, a list of files that cannot be written, made or named.
type fencedFS struct {
	vfs.FS
	e *engine
}

// fence stops those for ever who would change something: nobody waits for them, and an
// error might make them panic.
func (fs fencedFS) fence() {
	if fs.e.faults.dead.Load() != nil {
		select {}
	}
}

// told passes an error on. While Pebble is being opened any is fatal: cleaning up after it
// is not safe from what Pebble has begun in the background.
func (fs fencedFS) told(err error) error {
	if err != nil && !fs.e.faults.opened.Load() && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrExist) {
		fs.e.fatal(err)
	}
	return err
}

// listed passes on that the list of what must be there was written, which is vital.
func (fs fencedFS) listed(err error) {
	if err != nil {
		fs.e.fatal(err)
	}
}

// made gives the file that was created.
func (fs fencedFS) made(f vfs.File, err error, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	vital := fs.vital(name)
	if err != nil {
		if vital || category == walCategory {
			fs.e.fatal(err)
		}
		return nil, fs.told(err)
	}
	file := fencedFile{f, fs, vital, fs.e.files.created(name)}
	if category == walCategory {
		return fencedLog{file}, nil
	}
	return file, nil
}

// vital tells of a list of files or a marker, which says which list counts: that Pebble
// cannot write it is fatal.
func (fs fencedFS) vital(name string) bool {
	base := fs.PathBase(name)
	return strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

// Create implements vfs.FS.
func (fs fencedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	fs.fence()
	if strings.HasPrefix(fs.PathBase(name), "marker.") {
		// A marker names another file. Should its entry in the directory outlive a crash
		// that the other's does not, the store could not be opened.
		if err := syncDir(fs, fs.PathDir(name)); err != nil {
			return fs.made(nil, err, name, category)
		}
	}
	f, err := fs.FS.Create(name, category)
	return fs.made(f, err, name, category)
}

// ReuseForWrite implements vfs.FS.
func (fs fencedFS) ReuseForWrite(old, new string, category vfs.DiskWriteCategory) (vfs.File, error) {
	fs.fence()
	fs.listed(fs.e.files.remove(old))
	f, err := fs.FS.ReuseForWrite(old, new, category)
	return fs.made(f, err, new, category)
}

// OpenReadWrite implements vfs.FS.
func (fs fencedFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := fs.FS.OpenReadWrite(name, category, opts...)
	return fs.made(f, err, name, category)
}

// OpenDir implements vfs.FS.
func (fs fencedFS) OpenDir(name string) (vfs.File, error) {
	f, err := fs.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return fencedDir{f, fs, name}, nil
}

// Link implements vfs.FS.
func (fs fencedFS) Link(old, new string) error {
	fs.fence()
	return fs.told(fs.FS.Link(old, new))
}

// Remove implements vfs.FS.
func (fs fencedFS) Remove(name string) error {
	fs.fence()
	if strings.HasPrefix(fs.PathBase(name), "marker.") {
		// The one that takes its place must be there for sure.
		if err := syncDir(fs, fs.PathDir(name)); err != nil {
			return fs.told(err)
		}
	}
	fs.listed(fs.e.files.remove(name))
	return fs.told(fs.FS.Remove(name))
}

// RemoveAll implements vfs.FS.
func (fs fencedFS) RemoveAll(name string) error {
	fs.fence()
	return fs.told(fs.FS.RemoveAll(name))
}

// Rename implements vfs.FS.
func (fs fencedFS) Rename(old, new string) error {
	fs.fence()
	return fs.told(fs.FS.Rename(old, new))
}

// MkdirAll implements vfs.FS.
func (fs fencedFS) MkdirAll(dir string, perm os.FileMode) error {
	fs.fence()
	return fs.told(fs.FS.MkdirAll(dir, perm))
}

// Lock implements vfs.FS. The dead do not give their lock back.
func (fs fencedFS) Lock(name string) (io.Closer, error) {
	lock, err := fs.FS.Lock(name)
	fs.e.pebbleLock = lock
	return lock, err
}

// Unwrap implements vfs.FS.
func (fs fencedFS) Unwrap() vfs.FS { return fs.FS }

// fencedFile is a file being written.
type fencedFile struct {
	vfs.File
	fs    fencedFS
	vital bool   // see there
	claim *claim // nil: not listed
}

func (f fencedFile) told(err error) error {
	if err != nil && f.vital {
		f.fs.e.fatal(err)
	}
	return f.fs.told(err)
}

// Write implements vfs.File.
func (f fencedFile) Write(p []byte) (int, error) {
	f.fs.fence()
	if f.claim == nil {
		n, err := f.File.Write(p)
		return n, f.told(err)
	}
	n, err := f.claim.write(f.File, p)
	return n, f.told(err)
}

// Sync implements vfs.File.
func (f fencedFile) Sync() error { return f.synced(f.File.Sync) }

// SyncData implements vfs.File.
func (f fencedFile) SyncData() error { return f.synced(f.File.SyncData) }

// synced syncs, and notes what that made durable.
func (f fencedFile) synced(sync func() error) error {
	if f.claim == nil {
		return f.told(sync())
	}
	now := f.claim.now()
	if err := sync(); err != nil {
		return f.told(err)
	}
	f.claim.wasSynced(now)
	if f.vital {
		f.fs.listed(f.fs.e.files.save())
	}
	return nil
}

// Close implements vfs.File.
func (f fencedFile) Close() error {
	err := f.File.Close()
	if f.vital {
		return f.told(err)
	}
	return err
}

// WriteAt implements vfs.File.
func (f fencedFile) WriteAt(p []byte, at int64) (int, error) {
	f.fs.fence()
	return f.File.WriteAt(p, at)
}

// fencedLog is a log being written. Once that failed, Pebble must not come to end the
// log, which it does to begin the next one.
type fencedLog struct{ fencedFile }

func (f fencedLog) note(err error) error {
	if err != nil {
		f.fs.e.faults.log.CompareAndSwap(nil, &err)
		if endingLog() {
			f.fs.e.fatal(err)
		}
	}
	return err
}

// endingLog tells whether the goroutine is ending a log: a sync that fails then keeps
// Pebble from closing the file.
func endingLog() bool {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "LogWriter).closeInternal") {
			return true
		}
		if !more {
			return false
		}
	}
}

// Write implements vfs.File.
func (f fencedLog) Write(p []byte) (int, error) {
	n, err := f.fencedFile.Write(p)
	return n, f.note(err)
}

// Sync implements vfs.File.
func (f fencedLog) Sync() error { return f.note(f.fencedFile.Sync()) }

// SyncData implements vfs.File.
func (f fencedLog) SyncData() error { return f.note(f.fencedFile.SyncData()) }

// SyncTo implements vfs.File.
func (f fencedLog) SyncTo(length int64) (fullSync bool, err error) {
	fullSync, err = f.File.SyncTo(length)
	return fullSync, f.note(err)
}

// Close implements vfs.File.
func (f fencedLog) Close() error {
	f.note(f.File.Close())
	if err := f.fs.e.faults.log.Load(); err != nil {
		f.fs.e.fatal(*err)
	}
	return nil
}

// fencedDir is a directory.
type fencedDir struct {
	vfs.File
	fs   fencedFS
	name string
}

// Sync implements vfs.File.
func (d fencedDir) Sync() error {
	entries := d.fs.e.files.entries(d.name)
	if err := d.File.Sync(); err != nil {
		d.fs.e.fatal(err)
	}
	d.fs.listed(d.fs.e.files.dirSynced(entries))
	return nil
}
