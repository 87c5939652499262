// Package disk is the kv.Store that lives in a directory: durable, safe against
// crashes, larger than memory. It stands on Pebble, a log-structured merge tree.
//
//	DIR/ROWKEY     "rowkey kv 2": what this directory is, and its format version
//	DIR/FILES      which of Pebble's files must be there, see fileList
//	DIR/LOCK       held by the one process that has it open
//	DIR/kv/        Pebble's files
//	DIR/tmp-*/     what does not outlive the process; removed on opening
//
// Keys are stored as they are. The store's own lie behind all others:
//
//	ff 71              number of the newest commit, 8 bytes
//	ff 73 ‹key›        a sampled key → uvarint bytes of its pair, see local.Sampler
//
// A commit is one Pebble batch, its number included, and waits for one sync of the
// write-ahead log, which all transactions of its group share. After a crash, the
// store holds a prefix of the commits that includes every acknowledged one.
//
// What happens when the disk does not do as it is told:
//
//	the log cannot be written or synced     the commit's outcome is unknown; no other
//	                                        is taken until the store is opened again
//	files behind the log cannot be written  commits are refused until they can be
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
	"rowkey/kv/local"
)

// Options of a store. The zero value is right for a server.
type Options struct {
	// CacheBytes is the size of the caches, an eighth of it for rows and the rest for
	// uncompressed blocks; 0: 512 MiB.
	CacheBytes int64
	// MemtableBytes is how much is gathered in memory before a file is written,
	// and half the most that log replay takes on opening; 0: 64 MiB.
	MemtableBytes int64
	// NoSync leaves it to Pebble and the operating system when commits reach the disk:
	// a crash, of the machine or of the process, may lose the latest ones.
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
	markerName = "ROWKEY"
	markerText = "rowkey kv 2\n"
	markerOld  = "rowkey kv 1\n" // without FILES
	dataName   = "kv"
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
	samples    *local.Sampler

	// Readers hold mu while they are inside Pebble, Close holds it alone.
	mu      sync.RWMutex
	closed  bool
	openMu  sync.Mutex
	toClose []*view // that nobody reads any more
	views   map[*view]struct{}
	iters   map[*iter]struct{}

	faults    faults
	worker    worker
	working   bool       // on a call that was not waited for
	logMu     sync.Mutex // held by who takes the next sync of the log that is put off for its own
	debt      walDebt
	next      *view // of the last commit, for View
	rows      rows
	applied   applied
	unflushed atomic.Int64 // bytes committed since the last flush that flushWhenIdle began
	commits   atomic.Int64
	unsynced  atomic.Bool   // commits that nobody waits for are not synced yet
	toSync    chan struct{} // tells syncLate of the first of them
	stop      chan struct{}
	stopped   sync.WaitGroup

	sizeMu    sync.Mutex // held while Pebble counts
	shutting  bool
	diskBytes atomic.Int64 // when last counted
}

func openEngine(dir string, opts Options) (_ *engine, err error) {
	e := &engine{dir: dir, fs: opts.FS, log: opts.Logger, sync: !opts.NoSync, reading: opts.ReadOnly,
		txnBytes: min(orDefault(opts.TxnBytes, spillBytes), maxBatchBytes/2),
		faults:   faults{died: make(chan struct{})}, debt: walDebt{due: make(chan struct{}, 1)}, samples: local.NewSampler(), views: make(map[*view]struct{}), iters: make(map[*iter]struct{})}
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
	e.rows.most, e.rows.every, e.rows.atOnce = cacheBytes/8, admitted, maxRowsAtOnce
	e.cache = pebble.NewCache(cacheBytes - e.rows.most)
	e.opts = e.pebbleOptions(opts)
	e.tables = e.opts.Clone()
	e.tables.EnsureDefaults()
	if e.db, err = e.openPebble(); err != nil {
		return e, fmt.Errorf("opening %s: %w", dir, notOpened(err))
	}
	e.faults.opened.Store(true)
	e.worker = worker{make(chan func() error), make(chan error, 1)}
	go e.worker.run()
	if err := e.load(); err != nil {
		return e, err
	}
	if !e.reading {
		if err := e.removeScratch(); err != nil {
			return e, err
		}
		e.stop, e.toSync = make(chan struct{}), make(chan struct{}, 1)
		e.stopped.Go(e.flushWhenIdle)
		e.stopped.Go(e.syncLate)
	}
	return e, nil
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
func (e *engine) openPebble() (*pebble.DB, error) {
	var db *pebble.DB
	err := e.unlessDead(func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%v", r)
				e.die(err)
			}
		}()
		db, err = pebble.Open(e.fs.PathJoin(e.dir, dataName), e.opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Looking a key up among those still in memory costs more than asking the filter of a
// file, so that what was written is better in files when only reading goes on.
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
		if commits == last && e.unflushed.Load() >= idleFlushBytes {
			e.unflushed.Store(0)
			if err := e.flush(); err != nil {
				return // commits will meet the same trouble and tell
			}
		}
		_ = e.unlessDead(func() error { e.closeSnapshots(); return nil })
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
		err := e.unlessDead(func() error {
			e.logMu.Lock()
			defer e.logMu.Unlock()
			return e.db.LogData(nil, pebble.Sync)
		})
		if err != nil {
			e.log.Error("storage: the log cannot be synced", "err", err)
			return // no commit follows
		}
	}
}

// flush begins to write what is in memory.
func (e *engine) flush() (err error) {
	return e.unlessDead(func() error {
		_, err := e.db.AsyncFlush()
		return err
	})
}

func orDefault(n, otherwise int64) int64 {
	if n == 0 {
		return otherwise
	}
	return n
}

func (e *engine) pebbleOptions(opts Options) *pebble.Options {
	o := &pebble.Options{
		Cache:                       e.cache,
		FS:                          walFS{fencedFS{e.fs, e}, &e.debt},
		ReadOnly:                    opts.ReadOnly,
		MemTableSize:                uint64(orDefault(opts.MemtableBytes, 64<<20)),
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
		err = errors.Join(files.create(), writeMarker(e.fs, e.dir))
	case err != nil:
	case string(text) == markerOld:
		if e.reading {
			return nil
		}
		if err = files.adopt(); err == nil {
			err = errors.Join(files.create(), writeMarker(e.fs, e.dir))
		}
	case string(text) == markerText:
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
		if err = files.open(); err == nil {
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
func writeMarker(fs vfs.FS, dir string) error {
	path := fs.PathJoin(dir, markerName)
	f, err := fs.Create(path+".tmp", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(markerText))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(fs, dir)
}

// load reads the store's own keys.
func (e *engine) load() error {
	v, closer, err := e.db.Get(seqKey)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return nil
	case err != nil:
		return translate(err)
	case len(v) != 8:
		return kv.AtKey(kv.ErrCorrupt, seqKey)
	}
	e.seq = binary.BigEndian.Uint64(v)
	e.applied.seq = e.seq
	if err := closer.Close(); err != nil {
		return translate(err)
	}
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
	return keys, e.diskBytes.Load()
}

// Apply implements local.Engine.
func (e *engine) Apply(writes []*local.Buffer, seq uint64, sync bool) error {
	if err := e.writable(); err != nil {
		return err
	}
	size := 64
	for _, w := range writes {
		size += int(w.Bytes()) + 12*w.Len()
	}
	b := e.db.NewBatchWithSize(size)
	var err error
	var sampled []local.Entry
	for _, w := range writes {
		w.Each(func(x local.Entry) bool {
			key := x.Key()
			if x.Deleted() {
				err = b.Delete(key, nil)
			} else {
				err = b.Set(key, x.Value(), nil)
			}
			if e.samples.Wants(key) {
				sampled = append(sampled, x)
			}
			return err == nil
		})
	}
	if err != nil {
		return errors.Join(translate(err), b.Close())
	}
	// The store's own keys come last, in order too: Pebble sorts a large batch, which
	// is quick when it is sorted already.
	if err := errors.Join(e.setSeq(b, seq), setSamples(b, sampled)); err != nil {
		return errors.Join(err, b.Close())
	}
	if err := e.commit(b, sync, b.Count() >= aheadKeys); err != nil {
		return err
	}
	e.applied = applied{seq, writes, false}
	e.commits.Add(1)
	e.unflushed.Add(int64(size))
	for _, x := range sampled {
		if x.Deleted() {
			e.samples.Delete(x.Key())
		} else {
			e.samples.Put(append([]byte(nil), x.Key()...), x.Bytes())
		}
	}
	return nil
}

// applied is what the next View follows the last by.
type applied struct {
	seq     uint64
	writes  []*local.Buffer
	unknown bool // it was something else
}

// setSeq adds the number of the newest commit to a batch.
func (e *engine) setSeq(b *pebble.Batch, seq uint64) error {
	return translate(b.Set(seqKey, binary.BigEndian.AppendUint64(nil, seq), nil))
}

// setSamples adds what is to be remembered of sampled writes to their batch.
func setSamples(b *pebble.Batch, sampled []local.Entry) error {
	var key, size []byte
	for _, x := range sampled {
		key = append(append(key[:0], samplePrefix...), x.Key()...)
		var err error
		if x.Deleted() {
			err = b.Delete(key, nil)
		} else {
			size = binary.AppendUvarint(size[:0], uint64(x.Bytes()))
			err = b.Set(key, size, nil)
		}
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// aheadKeys is from how many keys on a commit does not wait for these to be in Pebble's list:
// fewer are in it sooner than another goroutine is woken.
const aheadKeys = 16

// commit commits a batch, which is the engine's from now on, and takes the view that follows
// it. With ahead, it returns once the log is durable, and the worker puts the keys into
// Pebble's list meanwhile:
//
//	committer  begin ─▶                    ┌▶ fdatasync ─▶ rows ─▶ published … the next begin
//	worker             append to the log ─▶ keys into the list ─▶ snapshot ─▶ ┘
//	flush loop          write ─▶ sync put off ┘
//
// Who reads the version finds in rows what the commit wrote, or waits for its snapshot.
func (e *engine) commit(b *pebble.Batch, sync, ahead bool) error {
	opts := pebble.NoSync
	if sync && e.sync {
		opts = pebble.Sync
	}
	if ahead = ahead && opts == pebble.Sync; ahead {
		e.logMu.Lock()
		defer e.logMu.Unlock()
		if err := e.join(); err != nil { // what is due then is of this commit
			return errors.Join(kv.ErrCommitUnknown, translate(err))
		}
	}
	if opts == pebble.Sync {
		e.debt.lend()
	}
	next := &view{e: e}
	if ahead {
		next.taken = make(chan struct{})
	}
	durable := e.debt.wrote.Load() + int64(b.Len())
	err := e.begin(func() error {
		if err := b.Commit(opts); err != nil {
			return err
		}
		e.take(next)
		e.closeSnapshots()
		return b.Close()
	})
	if err == nil && ahead {
		ahead, err = e.syncAhead(durable)
	}
	if err == nil && !ahead {
		err = e.join()
	}
	if opts == pebble.Sync {
		if late := e.settled(e.debt.settle(e.faults.died)); late != nil {
			err = late
		}
	}
	if err != nil {
		return errors.Join(kv.ErrCommitUnknown, translate(err))
	}
	e.setNext(next)
	if opts == pebble.Sync {
		e.unsynced.Store(false)
	} else if e.sync && !e.unsynced.Swap(true) {
		select {
		case e.toSync <- struct{}{}:
		default: // it is waking up
		}
	}
	return nil
}

// syncAhead makes the sync of the log once the commit is written to it, and so many bytes in
// all. False: the worker has ended the commit before.
func (e *engine) syncAhead(durable int64) (ahead bool, err error) {
	for {
		select {
		case <-e.debt.due: // perhaps long ago
			synced, err := e.debt.settleSome(e.faults.died)
			if err = e.settled(err); err != nil || synced >= durable {
				return true, err
			}
		case err := <-e.worker.results:
			e.working = false
			return false, err
		case <-e.faults.died:
			return false, *e.faults.dead.Load()
		}
	}
}

// settled passes on the error of a sync that was put off: Pebble takes for durable what may
// not be.
func (e *engine) settled(err error) error {
	if err == nil {
		return nil
	}
	e.log.Error("storage: the log cannot be synced", "err", err)
	e.die(err)
	return *e.faults.dead.Load()
}

// closeSnapshots closes the views that were let go of. Who lets go must not wait, should
// Pebble die in it: the next commit's worker does it, or flushWhenIdle.
func (e *engine) closeSnapshots() {
	e.openMu.Lock()
	old := e.toClose
	e.toClose = nil
	e.openMu.Unlock()
	for _, v := range old {
		if v.taken != nil {
			<-v.taken
		}
		_ = v.snap.Close() // its files are only read: nothing to lose
	}
}

// take takes the snapshot of a view that will be next.
func (e *engine) take(v *view) {
	v.snap = e.db.NewSnapshot()
	if v.taken != nil {
		close(v.taken)
	}
}

// setNext makes v what View gives, and lets go of one that nobody asked for.
func (e *engine) setNext(v *view) {
	if old := e.next; old != nil {
		e.openMu.Lock()
		e.toClose = append(e.toClose, old)
		e.openMu.Unlock()
	}
	e.next = v
}

// DropRange implements local.Engine.
func (e *engine) DropRange(r kv.Range, seq uint64) (done bool, err error) {
	if r.Empty() {
		return true, nil
	}
	if err := e.writable(); err != nil {
		return false, err
	}
	start, end := r.Start, r.End
	if end == nil {
		end = endOfKeys
	}
	sampleEnd := kv.PrefixEnd(samplePrefix)
	if r.End != nil {
		sampleEnd = append(append([]byte(nil), samplePrefix...), r.End...)
	}
	b := e.db.NewBatch()
	if len(start) == 0 {
		// Merges may lose a range deletion that begins with the empty key, as the tests see
		// where Pebble checks itself (its tag invariants, which -race sets).
		start = []byte{0} // no key is empty
	}
	if err := b.DeleteRange(start, end, nil); err != nil {
		return false, translate(err)
	}
	if err := b.DeleteRange(append(append([]byte(nil), samplePrefix...), start...), sampleEnd, nil); err != nil {
		return false, translate(err)
	}
	if err := e.setSeq(b, seq); err != nil {
		return false, err
	}
	if err := e.commit(b, true, false); err != nil {
		return false, err
	}
	e.applied = applied{seq: seq, unknown: true}
	e.samples.DeleteRange(r)
	return true, nil
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
	if e.faults.dead.Load() == nil {
		if err := e.join(); err != nil && e.faults.dead.Load() == nil {
			errs = append(errs, translate(err))
		}
	}
	e.openMu.Lock()
	if e.faults.dead.Load() != nil {
		e.iters, e.views = nil, nil // Pebble can end nothing any more
	}
	for it := range e.iters {
		errs = append(errs, it.p.Close())
	}
	for v := range e.views {
		if v.snap != nil {
			errs = append(errs, v.snap.Close())
		}
	}
	e.iters, e.views = nil, nil
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
	if e.db != nil && e.faults.dead.Load() == nil {
		if e.worker.calls != nil {
			close(e.worker.calls)
		}
		err := e.unlessDead(func() error {
			e.closeSnapshots()
			if e.next != nil {
				_ = e.next.snap.Close()
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
