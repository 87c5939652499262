// Package disk is the kv.Store that lives in a directory: durable, safe against
// crashes, larger than memory. It stands on Pebble, a log-structured merge tree.
//
//	DIR/ROWKEY     "rowkey kv 3": what this directory is, and its format version
//	DIR/FILES      which files must be there, see fileList
//	DIR/LOCK       held by the one process that has it open
//	DIR/kv/        Pebble's files, and the log's: commits-000001.log, …
//	DIR/tmp-*/     what does not outlive the process; removed on opening
//
// Keys are stored as they are. The store's own lie behind all others:
//
//	ff 71              number of the newest commit, 8 bytes
//	ff 73 ‹key›        a sampled key → uvarint bytes of its pair, see local.Sampler
//
// A commit is one record of the log, its number included, and waits for one sync, which all
// transactions of its group share. Its rows wait in memory, and are given to Pebble many
// commits at a time, as sorted tables: see commitLog and rows. After a crash, the
// store holds a prefix of the commits that includes every acknowledged one.
//
// What happens when the disk does not do as it is told:
//
//	the log cannot be written or synced     the commit's outcome is unknown; no other
//	                                        is taken until the store is opened again
//	tables cannot be written                commits are refused until they can be
//	the list of files cannot be written     commits are refused until the store is
//	                                        opened again
//	bytes are not those written             kv.ErrCorrupt, with the key
//
// Reading goes on in every case. See faults.go.
package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"rowkey/kv"
	"rowkey/kv/btree"
	"rowkey/kv/local"
)

// Options of a store. The zero value is right for a server.
type Options struct {
	// CacheBytes is the size of the caches, an eighth of it for rows and the rest for
	// uncompressed blocks; 0: 512 MiB.
	CacheBytes int64
	// MemtableBytes is how much is gathered in memory before a file is written. As much
	// again may be being written, and logPerWaiting times that of the log be read on
	// opening; 0: 64 MiB.
	MemtableBytes int64
	// NoSync leaves it to the operating system when commits reach the disk: a crash of the
	// machine may lose the latest ones.
	NoSync bool
	// TxnBytes is how much a transaction's writes may be before they go to files, where
	// they wait for the commit; they take about three times as much in memory; 0: 48 MiB.
	TxnBytes int64
	// ReadOnly opens a store that is there, changes nothing in its directory and
	// refuses commits.
	ReadOnly bool
	// Logger hears about errors in the background; nil: nobody does.
	Logger *slog.Logger
	// FS is the file system; nil: the operating system's. Tests have others.
	FS vfs.FS

	listBytes int64 // of Pebble's list of files until a new one is begun; 0: as Pebble has it
}

// maxBatchBytes is below Pebble's limit of 4 GiB a batch, with room for what it adds to
// each key.
const maxBatchBytes = 3 << 30

const (
	markerName  = "ROWKEY"
	markerText  = "rowkey kv 3\n"
	markerOld   = "rowkey kv 2\n" // commits in Pebble's own log
	markerOlder = "rowkey kv 1\n" // and without FILES
	dataName    = "kv"
)

var (
	seqKey       = []byte{kv.ReservedByte, 'q'}
	samplePrefix = []byte{kv.ReservedByte, 's'}
	endOfKeys    = []byte{kv.ReservedByte}
)

// Store is the kv.Store in a directory.
type Store struct {
	*local.Store
	e *engine
}

// Open opens the store in dir, which is made if it does not exist or is empty.
func Open(dir string, opts Options) (kv.Store, error) {
	e, err := openEngine(dir, opts)
	if err != nil {
		return nil, err
	}
	s, err := local.New(e)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return &Store{s, e}, nil
}

// engine is the local.Engine.
type engine struct {
	db   *pebble.DB
	dir  string
	fs   vfs.FS
	lock *pebble.Lock
	// pebbleLock is what Pebble holds.
	pebbleLock io.Closer
	cache      *pebble.Cache
	log        *slog.Logger
	opts       *pebble.Options
	tables     *pebble.Options // opts completed: for tables beside Pebble's own
	txnBytes   int64
	spills     atomic.Int64 // so far
	sync       bool
	reading    bool      // only
	files      *fileList // nil: a store without one is read
	seq        uint64    // when opened
	below      uint64    // and that of Pebble, up to which the log may go
	samples    *local.Sampler

	// Readers hold mu while they are inside Pebble, Close holds it alone.
	mu      sync.RWMutex
	closed  bool
	openMu  sync.Mutex
	toClose []*snapshot // that nobody reads any more
	snaps   map[*snapshot]struct{}
	iters   map[*iter]struct{}

	faults   faults
	old      bool // the directory was of an earlier format
	wlog     commitLog
	rows     rows
	applied  applied
	commits  atomic.Int64
	unsynced atomic.Bool   // commits that nobody waits for are not synced yet
	toSync   chan struct{} // tells syncLate of the first of them
	stop     chan struct{}
	stopped  sync.WaitGroup

	sizeMu    sync.Mutex // held while Pebble counts
	shutting  bool
	diskBytes atomic.Int64 // when last counted
}

func openEngine(dir string, opts Options) (_ *engine, err error) {
	e := &engine{dir: dir, fs: opts.FS, log: opts.Logger, sync: !opts.NoSync, reading: opts.ReadOnly,
		txnBytes: min(orDefault(opts.TxnBytes, spillBytes), maxBatchBytes/2),
		faults:   faults{died: make(chan struct{})}, samples: local.NewSampler(), snaps: make(map[*snapshot]struct{}), iters: make(map[*iter]struct{})}
	e.wlog.e = e
	e.rows.over, e.rows.mostNew = btree.NewOverlay(), orDefault(opts.MemtableBytes, memtableBytes)
	e.rows.moved, e.rows.toGive = make(chan struct{}), make(chan struct{}, 1)
	if e.fs == nil {
		e.fs = vfs.Default
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if err := e.makeDir(); err != nil {
		return nil, err
	}
	if e.lock, err = pebble.LockDirectory(dir, e.fs); err != nil {
		if path := (*fs.PathError)(nil); errors.As(err, &path) { // there is no file to lock
			return nil, fmt.Errorf("opening %s: %w", dir, translate(err))
		}
		return nil, fmt.Errorf("%w: %s (%v)", kv.ErrInUse, dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.shut())
		}
	}()
	if err := e.checkFiles(); err != nil {
		return e, err
	}
	cacheBytes := orDefault(opts.CacheBytes, 512<<20)
	e.rows.most = cacheBytes / 8
	e.rows.setEvery(admitted)
	e.cache = pebble.NewCache(cacheBytes - e.rows.most)
	e.opts = e.pebbleOptions(opts)
	e.tables = e.opts.Clone()
	e.tables.EnsureDefaults()
	if !e.old && !e.reading {
		if err := e.checkLog(); err != nil {
			return e, err
		}
	}
	if e.db, err = e.openPebble(e.opts); err != nil {
		return e, fmt.Errorf("opening %s: %w", dir, notOpened(err))
	}
	if e.old && !e.reading {
		if err := e.adopt(); err != nil {
			return e, err
		}
	}
	e.faults.opened.Store(true)
	if err := e.load(); err != nil {
		return e, err
	}
	if err := e.replay(); err != nil {
		return e, err
	}
	e.rows.pebble = &snapshot{}
	e.rows.pebble.refs.Store(1)
	if err := e.unlessDead(func() error { e.take(e.rows.pebble); return nil }); err != nil {
		return e, translate(err)
	}
	if e.reading {
		return e, nil
	}
	if err := e.removeScratch(); err != nil {
		return e, err
	}
	if err := e.settle(); err != nil {
		return e, err
	}
	e.stop, e.toSync = make(chan struct{}), make(chan struct{}, 1)
	e.stopped.Go(e.flushWhenIdle)
	e.stopped.Go(e.syncLate)
	e.stopped.Go(e.giver)
	return e, nil
}

// adopt has Pebble write to tables what its own log has, as stores of earlier formats left
// it, and makes the directory one of this format.
func (e *engine) adopt() error {
	if err := e.unlessDead(func() error { return e.db.Flush() }); err != nil {
		return fmt.Errorf("opening %s: %w", e.dir, notOpened(err))
	}
	return translate(writeMarker(e.fs, e.dir, markerText))
}

// makeDir makes the directory and those above. Their entries must outlive a crash that
// commits outlive.
func (e *engine) makeDir() error {
	var above []string // the directories that get an entry
	for dir := e.dir; ; {
		_, err := e.fs.Stat(dir)
		if err == nil {
			break
		}
		if e.reading || !errors.Is(err, fs.ErrNotExist) {
			return translate(err)
		}
		up := e.fs.PathDir(dir)
		above = append(above, up)
		if up == dir {
			break
		}
		dir = up
	}
	if len(above) == 0 {
		return nil
	}
	if err := e.fs.MkdirAll(e.dir, 0o700); err != nil {
		return translate(err)
	}
	for _, dir := range above {
		if err := syncDir(e.fs, dir); err != nil {
			return translate(err)
		}
	}
	return nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openPebble opens the database. Pebble panics when it cannot clean up after a failure.
func (e *engine) openPebble(opts *pebble.Options) (*pebble.DB, error) {
	var db *pebble.DB
	err := e.unlessDead(func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%v", r)
				e.die(err)
			}
		}()
		db, err = pebble.Open(e.fs.PathJoin(e.dir, dataName), opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// What was written is better in files when only reading goes on: scans need not merge it in.
const (
	idleFlushEvery = time.Second
	idleFlushBytes = 1 << 20
)

// flushWhenIdle writes what is in memory to files once a second has passed without
// a commit. Each second it notes how far the log is synced.
func (e *engine) flushWhenIdle() {
	tick := time.NewTicker(idleFlushEvery)
	defer tick.Stop()
	for last := int64(0); ; {
		select {
		case <-e.stop:
			return
		case <-tick.C:
		}
		commits := e.commits.Load()
		if err := e.unlessDead(e.files.save); err != nil {
			e.die(err)
			return
		}
		e.rows.mu.Lock()
		much := e.rows.over.NewBytes() >= idleFlushBytes
		e.rows.mu.Unlock()
		if commits == last && much {
			if err := e.handOver(false); err != nil {
				e.log.Error("storage: writing files", "err", err) // commits will meet the same trouble and tell
			}
		}
		e.closeSnapshots()
		last = commits
	}
}

// syncWithin is how long a commit that does not wait for a sync waits for one to begin.
// Until then it may not even have left the process.
const syncWithin = 200 * time.Millisecond

// syncLate syncs the log once that time has passed since a commit that was not synced, so
// that no crash loses older ones.
func (e *engine) syncLate() {
	for {
		select {
		case <-e.stop:
			return
		case <-e.toSync:
		}
		select {
		case <-e.stop: // closing syncs
			return
		case <-time.After(syncWithin):
		}
		if !e.unsynced.Swap(false) {
			continue // a commit that was synced came after
		}
		if err := e.wlog.sync(); err != nil {
			return // no commit follows
		}
	}
}

// memtableBytes is Options.MemtableBytes where that is not given.
const memtableBytes = 64 << 20

func orDefault(n, otherwise int64) int64 {
	if n == 0 {
		return otherwise
	}
	return n
}

func (e *engine) pebbleOptions(opts Options) *pebble.Options {
	o := &pebble.Options{
		Cache:                       e.cache,
		FS:                          fencedFS{e.fs, e},
		ReadOnly:                    opts.ReadOnly,
		MemTableSize:                uint64(orDefault(opts.MemtableBytes, memtableBytes)), // what logs of old formats are read into
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               128 << 20,
		MaxManifestFileSize:         opts.listBytes,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      pebbleLogger{e},
		EventListener:               e.events(),
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(1, runtime.GOMAXPROCS(0)/2) },
	}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 32 << 10
		o.Levels[i].FilterPolicy = filterPolicy
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return compression }
	}
	return o
}

// compression: with rows that are half text and half noise, Snappy takes a sixth off
// what is on disk, logs included, and makes no difference to loading and scanning
// that stands out of the noise of measuring; with plain text rows it takes much more.
var compression = sstable.SnappyCompression

// checkFiles makes sure that the directory is a store of this version and that its files
// are there, or makes an empty one a store. Nothing of Pebble's is touched before.
func (e *engine) checkFiles() error {
	text, err := readAll(e.fs, e.fs.PathJoin(e.dir, markerName))
	files := newFileList(e.fs, e.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := e.checkEmpty(); err != nil {
			return err
		}
		// The marker is last: without it the directory is made a store anew.
		if err = files.create(); err == nil {
			err = writeMarker(e.fs, e.dir, markerText)
		}
	case err != nil:
	case string(text) == markerOlder:
		if e.old = true; e.reading {
			return nil
		}
		if err = files.adopt(); err == nil {
			err = files.create()
		}
	case string(text) == markerOld, string(text) == markerText:
		e.old = string(text) == markerOld
		if err := files.read(); err != nil {
			return err
		}
		if err := files.check(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: %s says %q, this program reads %q", kv.ErrFormat, e.fs.PathJoin(e.dir, markerName),
			strings.TrimSpace(string(text)), strings.TrimSpace(markerText))
	}
	e.files = files
	if err == nil && !e.reading {
		if err = files.open(); err == nil && e.old {
			err = e.cutLog()
		}
	}
	return translate(err)
}

// checkEmpty makes sure that a directory may become a store.
func (e *engine) checkEmpty() error {
	entries, err := e.fs.List(e.dir)
	if err != nil {
		return translate(err)
	}
	for _, n := range entries {
		if !slices.Contains([]string{"LOCK", markerName + ".tmp", listName}, n) || e.reading {
			return fmt.Errorf("%w: %s is not empty and has no file %s", kv.ErrFormat, e.dir, markerName)
		}
	}
	return nil
}

// writeMarker makes the file appear whole or not at all.
func writeMarker(fs vfs.FS, dir, text string) error {
	path := fs.PathJoin(dir, markerName)
	f, err := fs.Create(path+".tmp", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(fs, dir)
}

// numberIn is the number of the newest commit that Pebble has, 0 if it has none.
func numberIn(db *pebble.DB) (seq uint64, err error) {
	v, closer, err := db.Get(seqKey)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, translate(err)
	case len(v) != 8:
		return 0, errors.Join(kv.AtKey(kv.ErrCorrupt, seqKey), closer.Close())
	}
	seq = binary.BigEndian.Uint64(v)
	return seq, translate(closer.Close())
}

// load reads the store's own keys.
func (e *engine) load() (err error) {
	if e.seq, err = numberIn(e.db); err != nil {
		return err
	}
	e.below, e.applied.seq = e.seq, e.seq
	it, err := e.db.NewIter(&pebble.IterOptions{LowerBound: samplePrefix, UpperBound: kv.PrefixEnd(samplePrefix)})
	if err != nil {
		return translate(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		n, _ := binary.Uvarint(it.Value())
		e.samples.Put(append([]byte(nil), it.Key()[len(samplePrefix):]...), int64(n))
	}
	return translate(it.Close())
}

func (e *engine) Traits() local.Traits {
	return local.Traits{GroupCommit: true, CloseViews: true, Reclaim: true, MaxApplyBytes: maxBatchBytes, SpillBytes: e.txnBytes}
}

func (e *engine) Seq() uint64 { return e.seq }

// Size implements local.Engine. Pebble counts under the lock of those who write the list
// of files, so that it never ends once one of them has died: the last answer is given then.
func (e *engine) Size() (keys, bytes int64) {
	keys, _ = e.samples.Estimate(kv.Range{})
	_ = e.unlessDead(func() error {
		e.sizeMu.Lock()
		defer e.sizeMu.Unlock()
		if !e.shutting {
			e.diskBytes.Store(int64(e.db.Metrics().DiskSpaceUsage()))
		}
		return nil
	})
	return keys, e.diskBytes.Load() + e.wlog.bytes()
}

// Apply implements local.Engine.
func (e *engine) Apply(writes []*local.Buffer, seq uint64, sync bool) error {
	if err := e.writable(); err != nil {
		return err
	}
	if err := e.room(); err != nil {
		return err
	}
	if err := e.commit(writes, nil, seq, sync); err != nil {
		return err
	}
	for _, x := range e.wlog.sampled {
		e.sample(x)
	}
	return nil
}

// applied is what the next View follows the last by.
type applied struct {
	seq     uint64
	writes  []*local.Buffer
	more    []local.Entry // deletions
	unknown bool          // it was something else
}

// commit writes a commit to the log.
func (e *engine) commit(writes []*local.Buffer, more []local.Entry, seq uint64, sync bool) error {
	begun, err := e.wlog.append(writes, more, e.applied.seq, seq, sync && e.sync)
	switch {
	case !begun:
		return err
	case err != nil:
		return errors.Join(kv.ErrCommitUnknown, translate(err))
	}
	e.applied = applied{seq: seq, writes: writes, more: more}
	e.commits.Add(1)
	if sync && e.sync {
		e.unsynced.Store(false)
	} else if e.sync && !e.unsynced.Swap(true) {
		select {
		case e.toSync <- struct{}{}:
		default: // it is waking up
		}
	}
	return nil
}

// dropByKey is up to how many keys of a range are deleted one by one.
const dropByKey = 1000

// DropRange implements local.Engine.
func (e *engine) DropRange(r kv.Range, seq uint64) (done bool, err error) {
	if r.Empty() {
		return true, nil
	}
	if err := e.writable(); err != nil {
		return false, err
	}
	keys, err := e.keysOf(r)
	if err != nil {
		return false, err
	}
	if len(keys) <= dropByKey {
		if err := e.room(); err != nil {
			return false, err
		}
		err = e.commit(nil, keys, seq, true)
	} else {
		err = e.dropTables(r, seq)
	}
	if err != nil {
		return false, err
	}
	e.samples.DeleteRange(r)
	return true, nil
}

// keysOf gives deletions of the keys of a range, if they are not too many.
func (e *engine) keysOf(r kv.Range) (gone []local.Entry, err error) {
	it := e.rows.newest.Scan(r, kv.ScanOptions{KeysOnly: true, Limit: dropByKey + 1})
	b := kv.PairBatch{Max: dropByKey + 1}
	n, err := it.Next(&b)
	for _, k := range b.Keys[:n] {
		gone = append(gone, local.NewDeletion(k))
	}
	return gone, errors.Join(err, it.Close())
}

// dropTables has Pebble take in the deletion of a range, over all that waited.
func (e *engine) dropTables(r kv.Range, seq uint64) error {
	if err := e.giveAll(); err != nil {
		return err
	}
	start, end := r.Start, r.End
	if end == nil {
		end = endOfKeys
	}
	sampleEnd := kv.PrefixEnd(samplePrefix)
	if r.End != nil {
		sampleEnd = append(append([]byte(nil), samplePrefix...), r.End...)
	}
	if len(start) == 0 {
		// Merges may lose a range deletion that begins with the empty key, as the tests see
		// where Pebble checks itself (its tag invariants, which -race sets).
		start = []byte{0} // no key is empty
	}
	s, err := e.newSpill()
	if err != nil {
		return err
	}
	defer s.Close()
	return s.take(nil, seq, func(t *table) error {
		return errors.Join(t.w.DeleteRange(start, end), t.w.DeleteRange(append(append([]byte(nil), samplePrefix...), start...), sampleEnd))
	})
}

// Close implements local.Engine: readers that are left over fail from now on.
func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	var errs []error
	e.openMu.Lock()
	if e.faults.dead.Load() == nil { // else Pebble can end nothing any more
		for it := range e.iters {
			errs = append(errs, it.m.p.Close())
		}
	}
	e.iters = nil
	e.openMu.Unlock()
	return errors.Join(append(errs, e.shut())...)
}

// shut closes what is open, last opened first.
func (e *engine) shut() error {
	var errs []error
	if e.stop != nil {
		close(e.stop)
		e.stopped.Wait()
	}
	errs = append(errs, translate(e.wlog.close()))
	if e.db != nil && e.faults.dead.Load() == nil {
		err := e.unlessDead(func() error {
			e.openMu.Lock()
			snaps := e.snaps
			e.snaps = nil
			e.openMu.Unlock()
			for s := range snaps {
				_ = s.p.Close()
			}
			e.sizeMu.Lock()
			e.shutting = true
			e.sizeMu.Unlock()
			return e.db.Close()
		})
		if e.faults.dead.Load() == nil {
			errs = append(errs, translate(err))
			if err == nil && !e.reading {
				errs = append(errs, translate(e.files.save()))
			}
		}
	}
	if dead := e.faults.dead.Load(); dead != nil {
		errs = append(errs, translate(*dead))
		if e.pebbleLock != nil {
			errs = append(errs, e.pebbleLock.Close())
		}
	}
	if e.cache != nil && e.faults.dead.Load() == nil {
		e.cache.Unref()
	}
	if e.files != nil {
		errs = append(errs, e.files.close())
	}
	return errors.Join(append(errs, e.lock.Close())...)
}
