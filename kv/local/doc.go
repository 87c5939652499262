// Package local is the transaction layer of the stores that live in one process:
// it makes a kv.Store of an Engine, which need only give immutable views and
// apply a batch of writes atomically and durably.
//
// The life of a transaction:
//
//	Begin      take the current version (an atomic load), join the active set
//	   │
//	Get, Scan  the version's view, merged with the write buffer     buffer.go, merge.go
//	   │       (Serializable: remember what was read)               readset.go
//	Lock, Put  lock table: grant, queue, or find a deadlock         locks.go, deadlock.go
//	   │       was the key committed to since my version?           history.go
//	   │       buffer the write
//	Commit     join the waiting group; its first member leads:      commit.go
//	   │         validate read sets against the recent commits
//	   │         number the commits, remember them in the history
//	   │         Engine.Apply: one atomic batch, one sync
//	   │         publish the new version                            ← visible here
//	   │         prune the history by the oldest active version
//	   ▼
//	done       release the locks: the next holder sees this commit
//
// Invariants:
//
//   - Versions are published in order of sequence numbers, each after it is durable.
//   - The history holds every commit later than the oldest active transaction's
//     version, or knows from which number on it does not (history.lost).
//   - Locks are released after the publication, so holding an exclusive lock and
//     reading the newest version gives the last committed value of the key.
//
// Lock order: commitMu, then history.mu; a lock shard (many in index order), then
// lockTable.waitMu. No lock is held while waiting for a key.
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
	// MaxApplyBytes bounds the bytes of an Apply; 0: there is no bound.
	MaxApplyBytes int64
}

// View is a state of an engine. Its iterators outlive its Close.
type View interface {
	kv.Reader
	Close() error
}
