// Package executor runs physical plans (package plan) over a transaction of
// the store, a batch of rows at a time.
//
//	plan.Plan ──Open──▶ Execution ──Next──▶ *types.Batch, … , nil
//	                        │
//	      Project ◀─ batch ─┤  operators pull from their inputs; each is one
//	      └─ HashJoin ◀─────┤  file (op_scan.go, op_hashjoin.go, …)
//	         ├─ Filter      │
//	         │  └─ Scan ◀── kv.Iterator: pairs, decoded column by column
//	         └─ Scan
//
// Expressions are compiled once per execution into nodes that compute whole
// columns (expr.go) and predicates that narrow selections (pred.go). Plans
// are read-only; everything a running query changes is in its Execution.
//
// Point reads, a Project over one unique key, take a short path without
// operators (point.go). Aggregations over large scans run on several
// goroutines, each with its own copy of the operators below the aggregate
// (parallel.go).
//
// Rows are written by op_insert.go, op_update.go, op_delete.go and
// op_merge.go over one writer of rows and index entries (write.go), which
// checks uniqueness; foreign keys are in fkey.go. COPY feeds the same writer
// (Inserter). What DDL needs of the data (backfills, validation, rewrites,
// ANALYZE) is in ddl_*.go.
//
// Invariants: a batch lives until the next call of Next of the operator that
// made it; strings live for ever. Cancellation is looked for at every batch
// and inside long loops. Errors are *pgerr.Error; those of the store are
// mapped in one place (storeError).
//
// Not here: choosing plans, parsing, sessions, transactions' ends.
package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Ctx is what an execution is given by the session.
type Ctx struct {
	// Context bounds the execution: cancelled means 57014.
	Context context.Context
	Txn     kv.Txn
	Eval    *builtin.Ctx
	Catalog *catalog.Snapshot
	// Role is the role that must have the privileges which plans need; 0: nothing is checked.
	Role catalog.OID
	// Params are the values of $1 … $n, in the types the plan says.
	Params    []types.Datum
	Isolation kv.Isolation
	// Memory is what the query may use; nil is no bound.
	Memory *Account
	// WorkMem is how many bytes of rows an operator holds before it puts them on
	// disk, in Temp, HashMem the same for hash tables; 0: it does not. TempLimit
	// bounds what the query has there, 0 not.
	WorkMem   int64
	HashMem   int64
	Temp      *TempFiles
	TempLimit int64
	// Counters, when it has an element for each node, collects what each node
	// does, by node ID (EXPLAIN ANALYZE).
	Counters []plan.Counters
	// Trace, when set beside Counters, learns which node asks what of Txn.
	Trace *Trace
	// RowIDs hands out hidden row ids: one for the whole store.
	RowIDs *rowenc.RowIDs
	// Binder makes expressions of the catalog's texts where the plan has none:
	// for tables that foreign key actions reach. May be nil until needed.
	Binder Binder
	// Deferred collects checks put off to the end of the transaction; nil
	// checks everything at the end of the statement.
	Deferred *Deferred
	// Replica is session_replication_role = replica: triggers fire only if they are enabled for that, and
	// foreign keys and deferrable keys are not checked.
	Replica bool
	// LockTimeout bounds each lock wait; 0 does not.
	LockTimeout time.Duration
	// Workers is how many goroutines a query may use; 0 and 1 are the same.
	Workers int
	// State keeps what is worth keeping from one execution to the next of a
	// session; may be nil.
	State *State
	// KeysReady is told of a guard that may have made lists or sorted sets, for those
	// who wait for them once the transaction is committed; may be nil.
	KeysReady func(g *keyspace.Guard)
	// Newest gives the catalog as of the newest commits, where the snapshot's may be
	// older; may be nil.
	Newest func() (*catalog.Snapshot, error)
	// Triggers calls the functions of triggers; nil fires none.
	Triggers TriggerRunner
	// Notice sends a notice to the client; may be nil.
	Notice func(severity, code, message string)
}

// Binder makes bound expressions of the SQL texts in descriptors.
type Binder interface {
	// RowRules gives the expressions that keep a table's rows right.
	RowRules(t *catalog.Table) (*plan.RowRules, error)
	// Default gives a column's default, nil if it has none.
	Default(t *catalog.Table, attnum int16) (plan.Expr, error)
}

// Account bounds the memory of a query, over all its operators, or that of all
// queries of a database. Safe for concurrent use.
type Account struct {
	budget int64 // bytes; 0 is no bound
	used   atomic.Int64
	parent *Account
	pool   bool
}

// NewPool makes the account that those of all queries share.
func NewPool(budget int64) *Account { return &Account{budget: budget, pool: true} }

// NewAccount makes a query's account of its own budget in bytes (0: none), whose
// use counts in the pool's too, which may be nil.
func NewAccount(budget int64, pool *Account) *Account {
	return &Account{budget: budget, parent: pool}
}

// Used is the number of bytes in use.
func (a *Account) Used() int64 { return a.used.Load() }

// grow takes n more bytes (gives back when negative).
func (a *Account) grow(n int64) error {
	var err error
	for ; a != nil; a = a.parent {
		used := a.used.Add(n)
		if n <= 0 || a.budget == 0 || used <= a.budget || err != nil {
			continue
		}
		if !a.pool {
			err = pgerr.New(pgerr.OutOfMemory, "out of memory").
				WithDetail("The query needs more than its budget of %d bytes.", a.budget)
		} else {
			err = pgerr.New(pgerr.OutOfMemory, "out of memory").
				WithDetail("The queries being run need more than their budget of %d bytes.", a.budget).
				WithHint("Try again when fewer queries are running.")
		}
	}
	return err
}

// Take takes n more bytes (gives back when negative), for what outlives a statement.
func (a *Account) Take(n int64) error { return a.grow(n) }

// Release gives back all that is still in use. A nil Account has none.
func (a *Account) Release() {
	if a != nil {
		a.release()
	}
}

// release gives back all that is still in use.
func (a *Account) release() { _ = a.grow(-a.used.Load()) }

// Result tells what a statement did.
type Result struct {
	// Rows is the number of rows written, or for queries of rows returned.
	Rows int64
}

// Sink receives the batches of Run. A batch lives until the Sink returns.
type Sink func(*types.Batch) error

// storeError makes a SQL error of an error of the store.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	return mapError(err)
}

func mapError(err error) error {
	var e *pgerr.Error
	if errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, kv.ErrDependency):
		e := pgerr.New(pgerr.SerializationFailure, "could not serialize access due to read/write dependencies among transactions").
			WithHint("The transaction might succeed if retried.").WithCause(err)
		var d *kv.DependencyError
		if errors.As(err, &d) {
			e.Detail = "Reason code: " + d.Reason
		}
		return e
	case errors.Is(err, kv.ErrConflict):
		return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent update").WithCause(err)
	case errors.Is(err, kv.ErrDeadlock):
		return deadlockError(err)
	case errors.Is(err, kv.ErrLockTimeout):
		return pgerr.New(pgerr.LockNotAvailable, "canceling statement due to lock timeout").WithCause(err)
	case errors.Is(err, kv.ErrLockNotAvailable):
		return pgerr.New(pgerr.LockNotAvailable, "could not obtain lock on row").WithCause(err)
	case errors.Is(err, kv.ErrReadOnly):
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute a writing statement in a read-only transaction").WithCause(err)
	case errors.Is(err, kv.ErrKeyTooLarge):
		return pgerr.Newf(pgerr.ProgramLimitExceeded, "index row size exceeds maximum %d", kv.MaxKeyBytes).WithCause(err)
	case errors.Is(err, kv.ErrValueTooLarge):
		return pgerr.Newf(pgerr.ProgramLimitExceeded, "row is too big: maximum size %d", kv.MaxValueBytes).WithCause(err)
	case errors.Is(err, context.Canceled):
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request").WithCause(err)
	case errors.Is(err, context.DeadlineExceeded):
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout").WithCause(err)
	case errors.Is(err, kv.ErrTxnTooLarge):
		return pgerr.New(pgerr.OutOfMemory, "out of memory").WithDetail("The transaction has written more than fits into memory until it commits.").
			WithHint("Write in several transactions.").WithCause(err)
	case errors.Is(err, kv.ErrCorrupt):
		return pgerr.New(pgerr.DataCorrupted, err.Error()).WithCause(err)
	case errors.Is(err, kv.ErrDiskFull):
		return pgerr.New(pgerr.DiskFull, err.Error()).WithCause(err)
	case errors.Is(err, kv.ErrIO):
		return pgerr.New(pgerr.IOError, err.Error()).WithCause(err)
	case errors.Is(err, kv.ErrIsolation):
		return pgerr.Unsupported("%s", err.Error()).WithCause(err)
	}
	return pgerr.Internal(err)
}

// deadlockError tells who waits for whom.
func deadlockError(err error) error {
	e := pgerr.New(pgerr.DeadlockDetected, "deadlock detected").WithCause(err)
	var d *kv.DeadlockError
	if !errors.As(err, &d) {
		return e
	}
	var b strings.Builder
	for i, w := range d.Cycle {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "Process %d waits for %s; blocked by process %d.", w.Owner, catalog.DescribeLock(w.Key, w.Mode), d.Cycle[(i+1)%len(d.Cycle)].Owner)
	}
	return e.WithDetail("%s", b.String()).WithHint("See server log for query details.")
}

// StoreError makes a SQL error of an error of the store: the one crossing
// from kv's errors to SQLSTATEs. An error that is one already stays as it is.
func StoreError(err error) error { return storeError(err) }

// cancelled gives the error of a cancelled context.
func (c *Ctx) cancelled() error {
	if c.Context == nil {
		return nil
	}
	if err := c.Context.Err(); err != nil {
		if cause := context.Cause(c.Context); cause != nil {
			err = cause
		}
		return storeError(err)
	}
	return nil
}

func (c *Ctx) context() context.Context {
	if c.Context == nil {
		return context.Background()
	}
	return c.Context
}
