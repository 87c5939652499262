// Package kv is an ordered map from bytes to bytes, with transactions.
//
// It knows nothing of SQL. This map of the keyspace is for the reader; package
// keyenc makes the bytes, and the catalog and the row codec own their meaning:
//
//	01 ‹fields…>                              /Catalog   descriptors
//	02 <table:4> <index:4> ‹cols…>            /Table     rows: index 1
//	02 <table:4> <index:4> ‹cols…> ‹pk…>      /Table     secondary entries
//	03 ‹fields…>                              /Sequence  counters
//	04 ‹fields…>                              /Stats     planner statistics
//	05 ‹fields…>                              /Lock      names to lock, never stored
//	ff …                                                 the store's own, never seen
//
//	/Table/7/1/42       02 00000007 00000001  21 8000002a
//	/Table/7/2/"bo"/42  02 00000007 00000002  39 626f0000  21 8000002a
//
// # A transaction
//
//	txn, err := store.Begin(ctx, kv.TxnOptions{})   // reads the snapshot of now
//	defer txn.Rollback()                            // no-op after Commit
//	v, ok, err := txn.Get(key)
//	err = txn.Put(key, append(v, '!'))              // buffered; locks the key
//	err = txn.Commit(ctx)                           // durable, then visible
//
// # Invariants
//
//   - Keys compare by bytes.Compare.
//   - A Txn reads one committed snapshot plus its own writes. READ COMMITTED
//     callers move the snapshot forward with Refresh, once a statement.
//   - Commits are totally ordered by sequence number; a snapshot at Seq n holds
//     exactly the commits 1…n. A commit is durable before any reader sees it.
//   - An exclusive lock on a key is held from the lock (or the first Put) to the
//     end of the transaction, past the moment its commit becomes visible: who
//     gets the lock next sees what its previous holder wrote.
//   - Slices given to the store are copied. Slices returned by the store are
//     immutable; how long they live is said at each method.
//
// Not here: SQL types, rows, statistics, schema.
package kv

import (
	"context"
	"time"
)

// Limits of the store; exceeding one is ErrKeyTooLarge or ErrValueTooLarge.
const (
	MaxKeyBytes   = 64 << 10
	MaxValueBytes = 1 << 30

	// ReservedByte begins the keys that stores keep for themselves.
	ReservedByte = 0xff
)

// Store is an ordered transactional map. Safe for concurrent use.
type Store interface {
	// Begin starts a transaction on the newest committed state. ctx also bounds
	// the lock waits that Put and Delete make on their own account.
	Begin(ctx context.Context, opts TxnOptions) (Txn, error)

	// Snapshot is a read-only view of the newest committed state, nearly free.
	// On a closed store its methods return ErrClosed.
	Snapshot() Snapshot

	// Seq is the number of the newest commit: one atomic load. Equal numbers
	// mean equal contents, so it can validate caches.
	Seq() uint64

	// DropRange removes all keys of r quickly, outside of any transaction and
	// without locks: for storage that no live descriptor names any more (a
	// dropped table). Snapshots taken earlier still see the keys; those taken
	// meanwhile may see a part of them.
	DropRange(ctx context.Context, r Range) error

	// Locks gives locks that belong to no transaction, of an owner as in TxnOptions.
	Locks(owner uint64) Locks

	// LockWaits lists the requests that wait for locks now; LockHolders tells who
	// holds the lock of a key.
	LockWaits() []LockWait
	LockHolders(key []byte) []LockHolder

	Stats() Stats

	// Close makes every later call fail with ErrClosed and lets go of files.
	// Transactions still open are rolled back in effect.
	Close() error
}

// Reader reads one state of the store. Its methods may run concurrently with
// each other (parallel scans), not with writes of the same Txn.
type Reader interface {
	// Get returns the value of key. The value lives as long as the caller likes.
	Get(key []byte) (value []byte, ok bool, err error)

	// GetAll looks up many keys: values[i] becomes the value of keys[i], or nil
	// if there is none (a present, empty value is non-nil). len(values) must be
	// len(keys). Sorted keys are fastest.
	GetAll(keys, values [][]byte) error

	// Scan iterates over r. It does no work that can fail before the first Next.
	// Close the Iterator before ending the Reader.
	Scan(r Range, opts ScanOptions) Iterator

	// SplitRange cuts r into at most n adjacent ranges of about equal numbers of
	// keys, in order; never fewer than one. Cheap: it samples.
	SplitRange(r Range, n int) []Range

	// EstimateKeys guesses how many keys r holds and how many bytes they and
	// their values take. Cheap, exact only for small ranges. A Txn's own writes
	// are not counted.
	EstimateKeys(r Range) (keys, bytes int64)
}

// Iterator delivers the pairs of a range in batches, in key order (or its
// reverse). For use by one goroutine at a time, any goroutine.
type Iterator interface {
	// Next replaces b's contents by the next pairs, at most b.Max of them, and
	// returns how many; 0 at the end. The pairs live until b is filled again,
	// unless b.Keep is called.
	Next(b *PairBatch) (n int, err error)

	// Reset starts over on another range with the same options, on the same
	// state that Scan saw. Much cheaper than a new Scan.
	Reset(r Range)

	Close() error
}

// Snapshot is a Reader of one committed state. Safe for concurrent use.
type Snapshot interface {
	Reader
	Seq() uint64
	Close() error
}

// View is what a transaction saw at one moment, its own writes until then included.
type View interface {
	Snapshot

	// Overwritten reports whether the transaction has put or deleted key since, and not
	// rolled that back. A write of the very bytes that were there counts, unless the
	// transaction's writes do not fit memory any more.
	Overwritten(key []byte) (bool, error)
}

// Txn is a transaction. Reads may run concurrently with each other; everything
// else is for one goroutine at a time. After Commit or Rollback every method
// returns ErrTxnDone, save Rollback, which does nothing.
//
// An iterator sees the transaction's writes as of its opening, never those made
// later: a statement that writes what it scans does not meet its own writes.
type Txn interface {
	Reader

	// Put and Delete buffer a write. They take the key's exclusive lock unless
	// this transaction holds LockNoKeyUpdate or LockUpdate on it already; taking it
	// may wait (Begin's ctx, TxnOptions.LockTimeout) and, from RepeatableRead
	// upwards, fail with ErrConflict if the key was committed to since the
	// snapshot. Deleting an absent key is no error.
	Put(key, value []byte) error
	Delete(key []byte) error

	// PutCovered and DeleteCovered buffer a write without locking or checking
	// the key. The caller vouches that no other transaction writes the key
	// meanwhile: a lock it holds covers it (a secondary entry ends in its row's
	// primary key, so the row's lock does) or the key is freshly made.
	PutCovered(key, value []byte) error
	DeleteCovered(key []byte) error

	// Lock locks a key (which need not exist) until the transaction ends.
	Lock(ctx context.Context, key []byte, opts LockOptions) (LockResult, error)

	// TryLockAll locks many keys as Lock with Newest and Untold does, at once and at no cost, where
	// this transaction and all others have no lock at all. False: nothing is locked, and Lock is
	// to be called for each. The keys must stay as they are until the transaction ends.
	TryLockAll(keys [][]byte, mode LockMode) bool

	// SetContext replaces Begin's ctx from now on: what takes long, as writing what does not fit
	// memory, ends with its cause.
	SetContext(ctx context.Context)

	// SetTimeouts replaces TxnOptions' LockTimeout and DeadlockTimeout from now on.
	SetTimeouts(lock, deadlock time.Duration)

	// Unlock gives up this transaction's lock of that mode on key before the end.
	// For advisory locks; it reports whether the lock was held.
	Unlock(key []byte, mode LockMode) bool

	// GetLatest, GetAllLatest and ScanLatest read the newest committed state, plus
	// own writes, whatever the snapshot: for the version to re-check after a lock
	// was waited for, for uniqueness and foreign keys.
	GetLatest(key []byte) (value []byte, ok bool, err error)
	GetAllLatest(keys, values [][]byte) error
	ScanLatest(r Range, opts ScanOptions) Iterator

	// Written gives what this transaction has written of key, nil for its deletion: for
	// one who has read already what was there before.
	Written(key []byte) (value []byte, written bool, err error)

	// NoneIn tells whether the snapshot, without what this transaction has written, is known to have no key in
	// a range that has both ends; cheap. False: it may have some.
	NoneIn(r Range) bool

	// Moved notes that this transaction has put at to what it deleted at from: a row
	// with another key; an empty to says that it is where nobody should follow it.
	// MovedTo tells where commits since the snapshot have moved what was at key, for
	// those who would go on with its newest version.
	Moved(from, to []byte)
	MovedTo(key []byte) (to []byte, ok bool)

	// View gives what the transaction sees now, for good: later writes of its own and
	// Refresh do not change it. It is to be closed, and of use until the transaction
	// ends.
	View() View

	// Refresh moves the snapshot to the newest committed state: a READ COMMITTED
	// statement begins. At higher levels it is an error once anything was read or
	// written (locks may come before).
	Refresh() error

	// AwaitSafe waits, in a Serializable transaction that is declared read-only and
	// has done nothing yet, for a snapshot with which it cannot fail and cannot make
	// others fail. Where it returns nil at once there is nothing to wait for.
	AwaitSafe(ctx context.Context) error

	// AllowWrites lifts ReadOnly from a transaction that is not Serializable
	// (ErrIsolation); locks and snapshot stay.
	AllowWrites() error

	// Seq is the sequence number of the snapshot.
	Seq() uint64

	// HasWrites reports whether anything was written and not rolled back.
	HasWrites() bool

	// Savepoint marks the state of the writes; RollbackTo returns to it (the
	// savepoint stays, later ones go) and gives up the locks taken since; Release
	// forgets it and later ones. All are cheap whatever the number of writes.
	Savepoint() Savepoint
	RollbackTo(Savepoint) error
	Release(Savepoint) error

	// Commit makes the writes durable and visible, all or none. Any error
	// but ErrCommitUnknown means none. The transaction is over in any case.
	// Without writes it costs nothing.
	Commit(ctx context.Context) error

	// Rollback forgets the writes and ends the transaction.
	Rollback()
}

// Range is the keys k with Start <= k < End. A nil Start or End is unbounded.
type Range struct{ Start, End []byte }

// ScanOptions say how to scan. The zero value is a forward scan of all pairs.
type ScanOptions struct {
	Reverse  bool
	KeysOnly bool // Values of the batch are nil
	// Limit, if positive, ends the scan after so many pairs.
	Limit int
}

// TxnOptions are chosen when a transaction begins.
type TxnOptions struct {
	Isolation Isolation
	// ReadOnly makes writes fail with ErrReadOnly and the transaction cheaper.
	ReadOnly bool
	// Declared says of a Serializable transaction that it writes nothing that others
	// read, which makes conflicts rarer. ReadOnly implies it.
	Declared bool
	// NoSync lets Commit return before the commit is on disk. A crash may lose
	// it, but never its order with others.
	NoSync bool
	// Scattered says that the transaction writes keys in no order, and scans after it has written seldom;
	// of one that is not Serializable, reads are for one goroutine at a time, too.
	Scattered bool
	// LockTimeout bounds each wait of the locks that Put and Delete take. 0: none.
	// DeadlockTimeout stands for that of LockOptions that leave it 0.
	LockTimeout, DeadlockTimeout time.Duration
	// Owner groups transactions of one session: they never block each other, and
	// deadlocks are found among owners. 0: the transaction is alone.
	Owner uint64
	// At, if not nil, is a View, still open, of another transaction of the store: this one
	// begins with its snapshot, without that one's writes. Serializable needs a view of a
	// Serializable one. At ReadCommitted the first Refresh leaves it.
	At Snapshot
}

// Isolation is a transaction isolation level, weakest first.
type Isolation uint8

const (
	// ReadCommitted: a snapshot a statement (Refresh); writers lock and re-check.
	ReadCommitted Isolation = iota
	// RepeatableRead: one snapshot; writing what was committed to since is ErrConflict.
	RepeatableRead
	// Serializable: also, there is a serial order of all such transactions that gives
	// the same results; one that does not fit fails with ErrDependency.
	Serializable
)

// LockOptions say how to lock.
type LockOptions struct {
	Mode LockMode
	Wait WaitPolicy
	// Timeout bounds the wait: ErrLockTimeout. 0: only ctx does.
	Timeout time.Duration
	// DeadlockTimeout is how long to wait before looking for a deadlock; of the
	// waiters in a cycle, the first to look is the one that fails. 0: a few
	// milliseconds.
	DeadlockTimeout time.Duration
	// Newest says that the caller goes on with GetLatest, so that a change since
	// the snapshot is told (Changed), not refused, at every isolation level.
	Newest bool
	// Untold says, beside Newest, that the caller does not look at Changed, which
	// saves finding out.
	Untold bool
}

// LockResult tells what happened on the way to a lock.
type LockResult struct {
	Acquired bool // false only under WaitSkip
	Waited   bool
	// Changed: the key was committed to after the snapshot. A READ COMMITTED
	// caller re-checks GetLatest. Told for row modes only.
	Changed bool
}

// WaitPolicy says what to do when a lock is taken.
type WaitPolicy uint8

const (
	Wait     WaitPolicy = iota // queue, first come first served
	WaitNot                    // fail with ErrLockNotAvailable (NOWAIT)
	WaitSkip                   // return Acquired == false (SKIP LOCKED)
)

// Savepoint names a state of a transaction's writes.
type Savepoint int

// Stats are counters of a store since it was opened, and its rough size.
type Stats struct {
	Keys, Bytes  int64 // approximate
	Commits      int64 // that wrote something
	Syncs        int64 // group commits that waited for the disk
	Conflicts    int64
	Deadlocks    int64
	LockWaits    int64
	Transactions int64 // open now, but for read-only ones
}
