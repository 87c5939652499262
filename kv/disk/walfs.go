package disk

import (
	"errors"
	"sync"
	"sync/atomic"

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
	walSmall      = 256 << 10
	walBlock      = 4 << 10
)

// walFS is a file system whose write-ahead logs are filled with zeros ahead of
// what is written to them.
//
// A sync after appending to a file must also make the file's new size durable, and
// the allocation of its blocks, which costs most file systems a transaction of
// their own journal. Over blocks that are there already, a sync writes the blocks
// and nothing else: 56 KiB take 120 µs then, not 190 to 250. PostgreSQL fills its log
// segments for this reason; Pebble gains the same by using old logs again, but a new log is
// only preallocated, its size left as it is (FALLOC_FL_KEEP_SIZE). Readers of a log take zeros
// for its end, just as they take the remains of an older log.
//
// Writing past the page cache, durably at once (O_DIRECT, O_DSYNC), gains nothing more: see
// docs/adr/054-lone-commits.md.
//
// Pebble writes and syncs its log on a goroutine of its own. Whoever commits would be woken
// from there after the time that a sync takes, which costs the processor as much as the rest
// of a small commit: another thread has gone to look for work meanwhile. So Pebble is told
// that the log is synced while the sync is still due, and the committing goroutine makes it:
//
//	committer  lend ─▶ Pebble: append to the log ─▶ ─────────────────▶ settle: fdatasync ─▶ done
//	flush loop          write ─▶ SyncData notes the debt ─▶ "synced" ─┘
//
// Nothing is written to the log in between, and nobody hears of the commit. See
// docs/adr/059-the-committer-syncs.md. Of a commit of many keys, the committer is told as soon
// as that is noted, see engine.commit.
type walFS struct {
	vfs.FS
	debt *walDebt
}

// walDebt is the sync that is due for the commit under way.
type walDebt struct {
	lent  atomic.Bool // syncs of logs may be put off
	owing atomic.Pointer[walFile]
	due   chan struct{} // is told that one was put off, or was lately
	wrote atomic.Int64  // bytes, to all logs
}

// lend lets the syncs of what is written from now on be put off until settle. For one
// goroutine at a time.
func (d *walDebt) lend() { d.lent.Store(true) }

// settle makes the sync that is due. It does not wait for one that never ends since the
// engine has died.
func (d *walDebt) settle(died <-chan struct{}) error {
	d.lent.Store(false)
	_, err := d.settleSome(died)
	return err
}

// settleSome makes the sync that is due, and lets others be put off still. synced is how
// many bytes, of those that were ever written, are durable then; 0: no sync was due.
func (d *walDebt) settleSome(died <-chan struct{}) (synced int64, err error) {
	f := d.owing.Swap(nil)
	if f == nil {
		return 0, nil
	}
	synced = d.wrote.Load()
	return synced, f.settle(died)
}

// Create implements vfs.FS.
func (fs walFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	if err != nil || category != walCategory {
		return f, err
	}
	return newWALFile(f, fs.debt, 0), nil
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
	return newWALFile(f, fs.debt, info.Size()), nil
}

// Unwrap implements vfs.FS.
func (fs walFS) Unwrap() vfs.FS { return fs.FS }

func newWALFile(f vfs.File, debt *walDebt, size int64) *walFile {
	return &walFile{File: f, debt: debt, end: size, syncing: make(chan struct{}, 1), closed: make(chan struct{})}
}

// walFile is a log being written.
type walFile struct {
	vfs.File
	mu       sync.Mutex
	written  int64 // where the next write goes
	unsynced int64 // bytes since the last sync
	end      int64 // the file's size, zeros included

	debt     *walDebt
	owed     bool // there is a sync to come
	closing  bool
	syncing  chan struct{} // full while somebody makes it, who may die of that; taken before mu
	closed   chan struct{} // closed once the file is, with closeErr
	closeErr error
}

// Write implements vfs.File.
func (f *walFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.mu.Lock()
	f.written += int64(n)
	f.unsynced += int64(n)
	f.end = max(f.end, f.written)
	f.mu.Unlock()
	f.debt.wrote.Add(int64(n))
	return n, err
}

// Preallocate implements vfs.File: filling takes its place.
func (f *walFile) Preallocate(offset, length int64) error { return nil }

// SyncData implements vfs.File. Where commits are small, it makes room for those
// to come first; loading in bulk needs no room, since there a sync is rare.
func (f *walFile) SyncData() error {
	f.mu.Lock()
	if f.unsynced < walSmall && f.end-f.written < max(walFillMargin, 2*f.unsynced) {
		f.fill()
	}
	f.unsynced = 0
	late := f.debt.lent.Load()
	if late {
		f.owed = true
		f.debt.owing.Store(f)
	}
	f.mu.Unlock()
	if late {
		select {
		case f.debt.due <- struct{}{}:
		default:
		}
		return nil
	}
	return f.File.SyncData()
}

// errDied stands for what the engine died of.
var errDied = errors.New("the storage engine has stopped")

// settle makes the sync that is due, or waits for it if the log is being closed.
func (f *walFile) settle(died <-chan struct{}) error {
	select {
	case f.syncing <- struct{}{}:
	case <-died: // perhaps in Close, with the sync in its hands
		return errDied
	}
	f.mu.Lock()
	closing, owed := f.closing, f.owed
	f.owed = owed && closing
	f.mu.Unlock()
	if !closing {
		defer func() { <-f.syncing }()
		if !owed {
			return nil
		}
		return f.File.SyncData()
	}
	<-f.syncing
	select {
	case <-f.closed:
		return f.closeErr
	case <-died:
		return errDied
	}
}

// Close implements vfs.File. Pebble believes that it has synced the log, which others than
// the committer may end.
func (f *walFile) Close() error {
	f.mu.Lock()
	f.closing = true
	f.mu.Unlock()
	f.syncing <- struct{}{} // after a sync that is being made
	defer func() { <-f.syncing }()
	f.mu.Lock()
	owed := f.owed
	f.mu.Unlock()
	var err error
	if owed {
		err = f.File.SyncData() // never to return if it fails, see fencedLog
	}
	f.closeErr = errors.Join(err, f.File.Close())
	close(f.closed)
	return f.closeErr
}

var zeros [walFillMost]byte

// fill makes room, up to the end of a block. When it cannot, there is just none: the
// write that finds the disk full will tell.
func (f *walFile) fill() {
	room := min(max(f.written, 4*f.unsynced, walFillLeast), walFillMost)
	n, _ := f.WriteAt(zeros[:room-f.end%walBlock], f.end)
	f.end += int64(n)
}
