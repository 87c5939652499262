package local

import (
	"context"
	"sync"
	"sync/atomic"

	"rowkey/kv"
)

// Store is a kv.Store over an Engine.
type Store struct {
	engine Engine
	traits Traits
	// spillBytes are the writes in memory from which on a transaction puts them into
	// runs; 0: never.
	spillBytes int64
	current    atomic.Pointer[version]
	closed     atomic.Bool
	failed     atomic.Pointer[error] // a commit whose outcome is unknown

	locks   lockTable
	active  activeSet
	history history
	ssi     ssi

	commitMu   sync.Mutex // held by who applies to the engine
	reclaim    sync.Mutex // held while the newest version is changed in place:
	reclaiming *version   // this one
	groupMu    sync.Mutex
	group      []*Txn // waiting for the next leader, who is its first
	spare      []*Txn
	buffers    []*Buffer // scratch of the leader
	gather     gather    // of the leader

	commits, syncs, conflicts atomic.Int64
}

// version is a committed state. Where views must be closed, or may be reclaimed, it is
// counted: one for being current and one for each reader. At 0 nobody reads it, and
// nobody may begin to.
type version struct {
	seq  uint64
	view View
	refs atomic.Int64
}

// New makes a store of an engine, which it owns from now on.
func New(engine Engine) (*Store, error) {
	view, err := engine.View()
	if err != nil {
		return nil, err
	}
	s := &Store{engine: engine, traits: engine.Traits()}
	if _, ok := engine.(Spiller); ok {
		s.spillBytes = s.traits.SpillBytes
	}
	s.locks.init()
	s.ssi.init()
	s.publish(engine.Seq(), view)
	return s, nil
}

// publish makes a view the newest version.
func (s *Store) publish(seq uint64, view View) {
	v := &version{seq: seq, view: view}
	v.refs.Store(1)
	if old := s.current.Swap(v); old != nil {
		s.letGo(old)
	}
}

// hold takes the newest version for reading until letGo.
func (s *Store) hold() *version {
	if !s.traits.counted() {
		return s.current.Load()
	}
	for {
		v := s.current.Load()
		n := v.refs.Load()
		if n > 0 && v.refs.CompareAndSwap(n, n+1) {
			return v
		}
		if n <= 0 && s.traits.Reclaim && s.current.Load() == v { // it is being changed
			s.reclaim.Lock()
			//lint:ignore SA2001 it is waited for, no more
			s.reclaim.Unlock()
		}
	}
}

func (s *Store) letGo(v *version) {
	// Of a version that was being changed in place there was none but the one for being
	// current, taken already.
	if s.traits.counted() && v.refs.Add(-1) <= 0 && s.traits.CloseViews {
		v.view.Close() // its files are only read: nothing to lose
	}
}

// counted tells that versions know how many read them.
func (t *Traits) counted() bool { return t.CloseViews || t.Reclaim }

// Seq implements kv.Store.
func (s *Store) Seq() uint64 { return s.current.Load().seq }

// Begin implements kv.Store.
func (s *Store) Begin(ctx context.Context, opts kv.TxnOptions) (kv.Txn, error) {
	if s.closed.Load() {
		return nil, kv.ErrClosed
	}
	if opts.Isolation > kv.Serializable {
		return nil, kv.ErrIsolation
	}
	t := &Txn{store: s, ctx: ctx, opts: opts}
	t.locker.owner = opts.Owner
	t.writes.loose = opts.Scattered && opts.Isolation != kv.Serializable
	if !opts.ReadOnly {
		// Join before taking the version: the pruner publishes first and then looks
		// at the members, so either it sees this one or this one sees its version.
		s.active.add(&t.activity, s.Seq())
	}
	if opts.At != nil {
		return t, t.beginAt(opts.At)
	}
	if opts.Isolation == kv.Serializable {
		t.serial = &serial{owner: opts.Owner, readOnly: opts.ReadOnly || opts.Declared, writes: &t.writes}
		s.ssi.begin(t.serial, t.newest)
	} else {
		t.version = s.hold()
	}
	return t, nil
}

// Snapshot implements kv.Store.
func (s *Store) Snapshot() kv.Snapshot { return &snapshot{store: s, version: s.hold()} }

// DropRange implements kv.Store.
func (s *Store) DropRange(ctx context.Context, r kv.Range) error {
	for !r.Empty() {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if done, err := s.dropSome(r); done || err != nil {
			return err
		}
	}
	return s.writable()
}

func (s *Store) dropSome(r kv.Range) (done bool, err error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if err := s.writable(); err != nil {
		return false, err
	}
	seq := s.Seq() + 1
	if done, err = s.engine.DropRange(r, seq); err != nil {
		return false, s.fail(err)
	}
	view, err := s.engine.View()
	if err != nil {
		return false, s.fail(err)
	}
	s.publish(seq, view)
	return done, nil
}

func (s *Store) writable() error {
	if s.closed.Load() {
		return kv.ErrClosed
	}
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Stats implements kv.Store.
func (s *Store) Stats() kv.Stats {
	keys, bytes := s.engine.Size()
	return kv.Stats{
		Keys:         keys,
		Bytes:        bytes,
		Commits:      s.commits.Load(),
		Syncs:        s.syncs.Load(),
		Conflicts:    s.conflicts.Load(),
		Deadlocks:    s.locks.deadlocks.Load(),
		LockWaits:    s.locks.waits.Load(),
		Transactions: s.active.count.Load(),
	}
}

// Close implements kv.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.locks.close()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	return s.engine.Close()
}

// snapshot is a version held by a reader.
type snapshot struct {
	store   *Store
	version *version
	closed  atomic.Bool
}

func (n *snapshot) view() (kv.Reader, error) {
	if n.closed.Load() || n.store.closed.Load() {
		return nil, kv.ErrClosed
	}
	return n.version.view, nil
}

func (n *snapshot) Get(key []byte) ([]byte, bool, error) {
	v, err := n.view()
	if err != nil {
		return nil, false, err
	}
	return v.Get(key)
}

func (n *snapshot) GetAll(keys, values [][]byte) error {
	v, err := n.view()
	if err != nil {
		return err
	}
	return v.GetAll(keys, values)
}

func (n *snapshot) Scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	v, err := n.view()
	if err != nil {
		return failedIter{err}
	}
	return v.Scan(r, opts)
}

func (n *snapshot) SplitRange(r kv.Range, parts int) []kv.Range {
	v, err := n.view()
	if err != nil {
		return []kv.Range{r}
	}
	return v.SplitRange(r, parts)
}

func (n *snapshot) EstimateKeys(r kv.Range) (keys, bytes int64) {
	v, err := n.view()
	if err != nil {
		return 0, 0
	}
	return v.EstimateKeys(r)
}

func (n *snapshot) Seq() uint64 { return n.version.seq }

func (n *snapshot) Close() error {
	if !n.closed.Swap(true) {
		n.store.letGo(n.version)
	}
	return nil
}

// failedIter is a scan that could not begin.
type failedIter struct{ err error }

func (f failedIter) Next(b *kv.PairBatch) (int, error) {
	b.Clear()
	return 0, f.err
}
func (failedIter) Reset(kv.Range) {}
func (failedIter) Close() error   { return nil }
