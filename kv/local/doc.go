// Package local is the transaction layer of the stores that live in one process:
// it makes a kv.Store of an Engine, which need only give immutable views and
// apply a batch of writes atomically and durably.
//
// The life of a transaction:
//
//	Begin      take the current version (an atomic load), join the active set    store.go
//	   │       (Serializable: be known to the other serializable ones)           ssi.go
//	Refresh    READ COMMITTED: a newer version for every statement; above, the
//	   │       first statement's is the one
//	Get, Scan  the version's view, merged with the write buffer                  buffer.go, merge.go
//	   │       (Serializable: remember it; has another written it?)              readset.go, ssi.go
//	Lock, Put  lock table: grant, note, queue, or find a deadlock                locks.go, noted.go, deadlock.go
//	   │       was the key committed to since my version?                        history.go
//	   │       buffer the write (Serializable: who has read what was before?)
//	   │       many writes: into sorted files                                    spill.go, cursor.go
//	Commit     join the waiting group; its first member leads:                   commit.go
//	   │         serializable members: may they, still?
//	   │         number the commits, remember them in the history
//	   │         Engine.Apply: one atomic batch, one sync
//	   │         publish the new version                            ← visible here
//	   │         prune the history by the oldest active version
//	   ▼
//	done       release the locks: the next holder sees this commit
//
// What is hard, and why it is right:
//
//   - The re-check after a lock wait. A version is a state of everything, so a READ
//     COMMITTED writer that has waited for a row cannot go on with its statement's
//     version: Lock tells that the key was committed to since (Changed), and the
//     caller reads the newest value (GetLatest), looks whether its condition holds
//     for that, and writes or passes on. Locks outlive the publication of their
//     holder's commit, so the newest value under a lock stays the newest. A row that
//     has left its key is followed (MovedTo). Above READ COMMITTED a changed key is
//     ErrConflict: the first to commit wins (Berenson et al., "A Critique of ANSI SQL
//     Isolation Levels", SIGMOD 1995).
//   - Serializability: ssi.go, with its sources.
//   - Group commit. A sync takes as long for one commit as for many, so those who come
//     while one runs wait together and share the next (DeWitt et al., "Implementation
//     Techniques for Main Memory Database Systems", SIGMOD 1984). Locks are not let go
//     before the sync: another could read what a crash then takes back, and a commit
//     acknowledged on top of it would be lost with it. Early release is safe only
//     if acknowledgements follow the log's order, which one sync for all in order of
//     numbers gives; but readers here see only published, durable versions, and a
//     writer let in early would have to see one that is not.
//   - Deadlocks: deadlock.go. A cycle through a place in a queue is resolved by moving
//     a request ahead; any other costs its finder the statement.
//   - Savepoints give up what was locked since: the locker keeps a log while one stands.
//
// Invariants:
//
//   - Versions are published in order of sequence numbers, each after it is durable.
//   - The history holds every commit later than the oldest active transaction's
//     version, or knows from which number on it does not (history.lost).
//   - Locks are released after the publication, so holding an exclusive lock and
//     reading the newest version gives the last committed value of the key.
//   - A committed serializable transaction is remembered while one is at work whose
//     snapshot lacks its writes.
//
// Lock order: commitMu, then ssi.mu, then history.mu; noted.mu, then a lock shard (many in index
// order), then lockTable.waitMu. ssi.mu, then noted.mu (rolling back to a savepoint).
// reclaim, held while a version is changed in place, comes last: who has it takes none but
// those of the active set, since any lock may be held by who waits to read.
// No lock is held while waiting for a key.
package local

import "rowkey/kv"

// Engine is what a backend provides. Apply, DropRange and View are called by one
// goroutine at a time; views are read by many meanwhile.
type Engine interface {
	// Apply writes the buffers, later ones over earlier ones, all or nothing, and
	// records seq as the newest commit. With sync it returns when they are durable.
	Apply(writes []*Buffer, seq uint64, sync bool) error

	// DropRange removes a range, or so much of it as does not hold up commits for
	// long; then done is false and it is called again.
	DropRange(r kv.Range, seq uint64) (done bool, err error)

	// View is the state that Apply last left, immutable from now on.
	View() (View, error)

	// Seq is the newest commit recorded, when the engine was opened.
	Seq() uint64

	// Traits never change.
	Traits() Traits

	// Size is the rough number of keys and bytes.
	Size() (keys, bytes int64)

	// Close releases everything; calls on views and iterators still open return
	// kv.ErrClosed from now on.
	Close() error
}

// Traits describe how an engine wants to be used.
type Traits struct {
	// GroupCommit: Apply is slow (it waits for a disk), so that those who come
	// meanwhile share the next one.
	GroupCommit bool
	// CloseViews: views hold resources and are closed when nobody uses them.
	CloseViews bool
	// Reclaim: views are Reclaimers.
	Reclaim bool
	// MaxApplyBytes bounds the bytes of an Apply; 0: there is no bound.
	MaxApplyBytes int64
	// SpillBytes are the bytes of writes that a transaction holds in memory before it
	// puts them into a run, if the engine is a Spiller.
	SpillBytes int64
}

// View is a state of an engine. Its iterators outlive its Close.
type View interface {
	kv.Reader
	// NoneIn is that of kv.Txn.
	NoneIn(r kv.Range) bool
	Close() error
}

// Reclaimer is a View that the next Apply, or of an engine with GroupCommit the next View,
// may change instead of copying what it changes, when nobody reads it any more.
type Reclaimer interface {
	View
	// Reclaim is called before that, of the newest view, when nobody holds it, and
	// nobody will. False: its iterators may still be at work, and it stays as it is.
	Reclaim() bool
}
