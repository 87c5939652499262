package kv

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Locks are locks that belong to no transaction: they are held until given back.
// Not safe for concurrent use. Those of one owner and its transactions never block
// each other, and waits for both are one wait-for graph.
type Locks interface {
	Lock(ctx context.Context, key []byte, opts LockOptions) (LockResult, error)
	// Unlock gives one mode of a lock back; it reports whether it was held.
	Unlock(key []byte, mode LockMode) bool
	// UnlockAll gives back everything; the Locks can be used again.
	UnlockAll()
}

// LockWait is a request that waits.
type LockWait struct {
	Key   []byte
	Mode  LockMode
	Owner uint64
	Since time.Time
	// Snapshot: no lock, but a safe snapshot is waited for (Txn.AwaitSafe).
	Snapshot bool
	// Hard are the owners that hold the lock in a conflicting mode, Soft those that
	// wait for one and asked before.
	Hard, Soft []uint64
}

// LockHolder is an owner of a lock and the modes it holds, as bits 1<<mode.
type LockHolder struct {
	Owner uint64
	Modes uint16
}

// DeadlockError is ErrDeadlock with the waits that make up the cycle: each waits for
// the owner of the next, the last for the first.
type DeadlockError struct{ Cycle []LockWait }

func (e *DeadlockError) Error() string {
	var b strings.Builder
	b.WriteString(ErrDeadlock.Error())
	for i, w := range e.Cycle {
		next := e.Cycle[(i+1)%len(e.Cycle)].Owner
		fmt.Fprintf(&b, "; %d waits for %d", w.Owner, next)
	}
	return b.String()
}

func (e *DeadlockError) Unwrap() error { return ErrDeadlock }

// DependencyError is ErrDependency with PostgreSQL's reason.
type DependencyError struct{ Reason string }

func (e *DependencyError) Error() string { return ErrDependency.Error() + ": " + e.Reason }

func (e *DependencyError) Unwrap() error { return ErrDependency }
