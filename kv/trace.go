package kv

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rowkey/kv/keyenc"
)

// Op is a kind of operation on a store.
type Op uint8

const (
	OpBegin Op = iota
	OpGet
	OpScan
	OpPut
	OpDelete
	OpLock
	OpRefresh
	OpCommit
	OpRollback
)

func (o Op) String() string {
	return [...]string{"begin", "get", "scan", "put", "delete", "lock", "refresh", "commit", "rollback"}[o]
}

// Event is one operation that was done. Its slices live until the sink returns.
type Event struct {
	Op      Op
	Key     []byte // of get, put, delete, lock
	Range   Range  // of scan
	Reverse bool   // of scan
	Latest  bool   // get or scan of the newest state, not the snapshot
	Mode    LockMode
	Pairs   int // found, delivered or written
	Bytes   int // of their keys and values
	Took    time.Duration
	Err     error
	// Asker is who asked, as TracedFor's function said when the operation began.
	Asker any
}

// String prints the event as one line for tests and EXPLAIN, without times:
//
//	get /Table/7/1/42 → 1 pair, 25 bytes
//	scan [/Table/7/2/5 - /Table/7/2/NULL) → 3 pairs, 81 bytes
//	put /Table/7/1/42 (25 bytes)
func (e Event) String() string { return e.Named(nil) }

// Named is String with names for the tables.
func (e Event) Named(name keyenc.Namer) string {
	var b strings.Builder
	b.WriteString(e.Op.String())
	if e.Latest {
		b.WriteString(" latest")
	}
	if e.Reverse {
		b.WriteString(" reverse")
	}
	switch e.Op {
	case OpScan:
		b.WriteString(" " + keyenc.PrettyRangeNamed(e.Range.Start, e.Range.End, name))
	case OpGet, OpPut, OpDelete:
		b.WriteString(" " + keyenc.PrettyNamed(e.Key, name))
	case OpLock:
		fmt.Fprintf(&b, " %v %s", e.Mode, keyenc.PrettyNamed(e.Key, name))
	}
	switch {
	case e.Err != nil:
		b.WriteString(" → " + e.Err.Error())
	case (e.Op == OpGet || e.Op == OpScan) && e.Pairs == 0:
		b.WriteString(" → nothing")
	case e.Op == OpGet || e.Op == OpScan:
		s := "s"
		if e.Pairs == 1 {
			s = ""
		}
		fmt.Fprintf(&b, " → %d pair%s, %d bytes", e.Pairs, s, e.Bytes)
	case e.Op == OpPut:
		fmt.Fprintf(&b, " (%d bytes)", e.Bytes)
	}
	return b.String()
}

// Sink receives events, from whatever goroutine does the operation.
type Sink func(Event)

// Traced is a store of which sink hears every operation.
func Traced(s Store, sink Sink) Store { return tracedStore{s, tracer{sink: sink}} }

// TracedTxn is txn with sink listening: for one statement, say, of a transaction
// that goes on without. It costs nothing where it is not used.
func TracedTxn(txn Txn, sink Sink) Txn { return TracedFor(txn, sink, nil) }

// TracedFor is TracedTxn that asks asker, as each operation begins, who wants
// it. A scan is told of when it ends, by when another may be at work.
func TracedFor(txn Txn, sink Sink, asker func() any) Txn {
	return &tracedTxn{tracedReader: tracedReader{txn, tracer{sink, asker}}, txn: txn}
}

// TracedSnapshot is n with sink listening.
func TracedSnapshot(n Snapshot, sink Sink) Snapshot {
	return tracedSnapshot{tracedReader{n, tracer{sink: sink}}, n}
}

// tracer is where events go.
type tracer struct {
	sink  Sink
	asker func() any
}

func (t tracer) by(e Event) Event {
	if t.asker != nil {
		e.Asker = t.asker()
	}
	return e
}

func (t tracer) tell(e Event) { t.sink(t.by(e)) }

type tracedStore struct {
	Store
	tracer
}

func (s tracedStore) Begin(ctx context.Context, opts TxnOptions) (Txn, error) {
	start := time.Now()
	txn, err := s.Store.Begin(ctx, opts)
	s.tell(Event{Op: OpBegin, Took: time.Since(start), Err: err})
	if err != nil {
		return nil, err
	}
	return TracedTxn(txn, s.sink), nil
}

func (s tracedStore) Snapshot() Snapshot { return TracedSnapshot(s.Store.Snapshot(), s.sink) }

type tracedReader struct {
	Reader
	tracer
}

func (r tracedReader) Get(key []byte) ([]byte, bool, error) {
	start := time.Now()
	v, ok, err := r.Reader.Get(key)
	r.got(start, key, v, ok, false, err)
	return v, ok, err
}

func (r tracedReader) got(start time.Time, key, value []byte, ok, latest bool, err error) {
	e := Event{Op: OpGet, Key: key, Latest: latest, Took: time.Since(start), Err: err}
	if ok {
		e.Pairs, e.Bytes = 1, len(key)+len(value)
	}
	r.tell(e)
}

func (r tracedReader) GetAll(keys, values [][]byte) error {
	return r.gotAll(keys, values, false, r.Reader.GetAll)
}

func (r tracedReader) gotAll(keys, values [][]byte, latest bool, get func(keys, values [][]byte) error) error {
	start := time.Now()
	err := get(keys, values)
	for i, k := range keys {
		r.got(start, k, values[i], err == nil && values[i] != nil, latest, err)
		start = time.Now() // the first one took it all
	}
	return err
}

func (r tracedReader) Scan(rg Range, opts ScanOptions) Iterator {
	return r.traceScan(rg, opts, false, r.Reader.Scan)
}

func (r tracedReader) traceScan(rg Range, opts ScanOptions, latest bool, scan func(Range, ScanOptions) Iterator) Iterator {
	start := time.Now()
	it := &tracedIter{Iterator: scan(rg, opts), tracer: r.tracer}
	it.event = r.by(Event{Op: OpScan, Range: rg, Reverse: opts.Reverse, Latest: latest, Took: time.Since(start)})
	return it
}

// tracedIter reports a scan when it is closed or reset.
type tracedIter struct {
	Iterator
	tracer
	event Event
	told  bool
}

func (it *tracedIter) Next(b *PairBatch) (int, error) {
	start := time.Now()
	n, err := it.Iterator.Next(b)
	it.event.Took += time.Since(start)
	it.event.Pairs += n
	if n > 0 {
		for _, k := range b.Keys {
			it.event.Bytes += len(k)
		}
		for _, v := range b.Values {
			it.event.Bytes += len(v)
		}
	}
	if err != nil {
		it.event.Err = err
	}
	return n, err
}

func (it *tracedIter) report() {
	if !it.told {
		it.told = true
		it.sink(it.event)
	}
}

func (it *tracedIter) Reset(r Range) {
	it.report()
	it.told = false
	it.event = it.by(Event{Op: OpScan, Range: r, Reverse: it.event.Reverse, Latest: it.event.Latest})
	it.Iterator.Reset(r)
}

func (it *tracedIter) Close() error {
	it.report()
	return it.Iterator.Close()
}

type tracedSnapshot struct {
	tracedReader
	snap Snapshot
}

func (s tracedSnapshot) Seq() uint64  { return s.snap.Seq() }
func (s tracedSnapshot) Close() error { return s.snap.Close() }

type tracedView struct {
	tracedSnapshot
	view View
}

func (v tracedView) Overwritten(key []byte) (bool, error) { return v.view.Overwritten(key) }

type tracedTxn struct {
	tracedReader
	txn Txn
}

func (t *tracedTxn) write(op Op, start time.Time, key, value []byte, err error) error {
	t.tell(Event{Op: op, Key: key, Pairs: 1, Bytes: len(key) + len(value), Took: time.Since(start), Err: err})
	return err
}

func (t *tracedTxn) Put(key, value []byte) error {
	start := time.Now()
	return t.write(OpPut, start, key, value, t.txn.Put(key, value))
}

func (t *tracedTxn) Delete(key []byte) error {
	start := time.Now()
	return t.write(OpDelete, start, key, nil, t.txn.Delete(key))
}

func (t *tracedTxn) PutCovered(key, value []byte) error {
	start := time.Now()
	return t.write(OpPut, start, key, value, t.txn.PutCovered(key, value))
}

func (t *tracedTxn) DeleteCovered(key []byte) error {
	start := time.Now()
	return t.write(OpDelete, start, key, nil, t.txn.DeleteCovered(key))
}

func (t *tracedTxn) Lock(ctx context.Context, key []byte, opts LockOptions) (LockResult, error) {
	start := time.Now()
	res, err := t.txn.Lock(ctx, key, opts)
	t.tell(Event{Op: OpLock, Key: key, Mode: opts.Mode, Took: time.Since(start), Err: err})
	return res, err
}

func (t *tracedTxn) TryLockAll(keys [][]byte, mode LockMode) bool {
	start := time.Now()
	done := t.txn.TryLockAll(keys, mode)
	for i := 0; done && i < len(keys); i++ {
		t.tell(Event{Op: OpLock, Key: keys[i], Mode: mode, Took: time.Since(start)})
	}
	return done
}

func (t *tracedTxn) SetContext(ctx context.Context) { t.txn.SetContext(ctx) }

func (t *tracedTxn) SetTimeouts(lock, deadlock time.Duration) { t.txn.SetTimeouts(lock, deadlock) }

func (t *tracedTxn) Unlock(key []byte, mode LockMode) bool { return t.txn.Unlock(key, mode) }

func (t *tracedTxn) GetLatest(key []byte) ([]byte, bool, error) {
	start := time.Now()
	v, ok, err := t.txn.GetLatest(key)
	t.got(start, key, v, ok, true, err)
	return v, ok, err
}

func (t *tracedTxn) GetAllLatest(keys, values [][]byte) error {
	return t.gotAll(keys, values, true, t.txn.GetAllLatest)
}

func (t *tracedTxn) Written(key []byte) ([]byte, bool, error) { return t.txn.Written(key) }

func (t *tracedTxn) NoneIn(r Range) bool { return t.txn.NoneIn(r) }

func (t *tracedTxn) ScanLatest(r Range, opts ScanOptions) Iterator {
	return t.traceScan(r, opts, true, t.txn.ScanLatest)
}

func (t *tracedTxn) View() View {
	n := t.txn.View()
	return tracedView{tracedSnapshot{tracedReader{n, t.tracer}, n}, n}
}

func (t *tracedTxn) Moved(from, to []byte) { t.txn.Moved(from, to) }

func (t *tracedTxn) MovedTo(key []byte) ([]byte, bool) { return t.txn.MovedTo(key) }

func (t *tracedTxn) Refresh() error {
	start := time.Now()
	err := t.txn.Refresh()
	t.tell(Event{Op: OpRefresh, Took: time.Since(start), Err: err})
	return err
}

func (t *tracedTxn) AllowWrites() error { return t.txn.AllowWrites() }

func (t *tracedTxn) AwaitSafe(ctx context.Context) error { return t.txn.AwaitSafe(ctx) }

func (t *tracedTxn) Seq() uint64                   { return t.txn.Seq() }
func (t *tracedTxn) HasWrites() bool               { return t.txn.HasWrites() }
func (t *tracedTxn) Savepoint() Savepoint          { return t.txn.Savepoint() }
func (t *tracedTxn) RollbackTo(sp Savepoint) error { return t.txn.RollbackTo(sp) }
func (t *tracedTxn) Release(sp Savepoint) error    { return t.txn.Release(sp) }

func (t *tracedTxn) Commit(ctx context.Context) error {
	start := time.Now()
	err := t.txn.Commit(ctx)
	t.tell(Event{Op: OpCommit, Took: time.Since(start), Err: err})
	return err
}

func (t *tracedTxn) Rollback() {
	t.txn.Rollback()
	t.tell(Event{Op: OpRollback})
}
