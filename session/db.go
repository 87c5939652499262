// Package session is the engine behind every front: it owns a database (store,
// catalog, sequences, caches) and the sessions on it, and turns SQL text into
// results. Both protocols, the library and the shell talk to it.
//
//	text → parser (cached by text) → planner (cached by statement and catalog
//	version) → executor over the session's kv transaction → Writer
//
// A Session is one client's state: settings, transaction, prepared statements,
// portals, cursors. It is used by one goroutine at a time; Cancel may come from any.
//
//	autocommit      a statement begins an implicit transaction and ends it
//	simple query    all statements of one text share an implicit transaction
//	extended query  the implicit transaction lasts until Sync
//	BEGIN … COMMIT  a transaction block; an error makes it failed (25P02)
//
// At READ COMMITTED every statement refreshes the kv snapshot and, with it, the
// catalog it sees.
//
// Not here: protocol messages (wire/pgwire), DDL (package ddl).
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/executor"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/pgerr"
)

// Options of a database.
type Options struct {
	Log *slog.Logger // nil: discard
	// MaxSessions bounds the sessions open at once; more are refused with 53300.
	MaxSessions int // 0: 200
	// Database is a name of the main database beside "postgres"; "": rowkey.
	Database string
	// QueryMemoryBytes bounds the memory of one statement (53200); 0: 2 GiB.
	// TotalMemoryBytes bounds that of all together; 0: half of the machine's.
	QueryMemoryBytes, TotalMemoryBytes int64
	// TempDir is where statements put rows that outgrow work_mem; empty: the
	// operating system's place for such files.
	TempDir string
	// Workers is how many goroutines one query may use; 0: the number of CPUs.
	Workers int
	// Settings are server-wide defaults of run-time parameters.
	Settings map[string]string
}

// DB is an open database. Safe for concurrent use.
type DB struct {
	store kv.Store
	cat   *catalog.Catalog
	seqs  *catalog.Sequences
	stmts *parser.Cache
	opts  Options
	log   *slog.Logger
	start time.Time

	mu       sync.Mutex
	sessions map[int32]*Session
	closing  map[catalog.OID]bool // databases that are being dropped
	nextPID  int32
	closed   atomic.Bool
	defaults *settings // of new sessions
	txnIDs   atomic.Int64
	rowIDs   *rowenc.RowIDs
	hub      hub
	exports  exports
	strong   atomic.Int64      // open transactions that may lock tables against readers
	memory   *executor.Account // of all statements
	temp     *executor.TempFiles
	keys     *keyspace.Keyspace
	sweeping func() // ends the sweeper of keys
}

// Open opens the database in store, making its catalog if the store is empty.
// The DB owns the store from here on.
func Open(ctx context.Context, store kv.Store, opts Options) (*DB, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.MaxSessions == 0 {
		opts.MaxSessions = 200
	}
	if opts.Database == "" {
		opts.Database = catalog.MainName
	}
	if opts.Workers == 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	cat, err := catalog.Open(ctx, store)
	if err != nil {
		return nil, err
	}
	db := &DB{store: store, cat: cat, seqs: catalog.NewSequences(store), stmts: parser.NewCache(parseCacheBytes), opts: opts,
		log: opts.Log, start: time.Now(), sessions: map[int32]*Session{}, closing: map[catalog.OID]bool{}, nextPID: 1000, rowIDs: rowenc.NewRowIDs()}
	db.budgets()
	db.defaults = defaultSettings()
	for name, value := range opts.Settings {
		s := settingTable[name]
		if s == nil {
			return nil, fmt.Errorf("unrecognized configuration parameter %q", name)
		}
		v, err := s.check(value)
		if err != nil {
			return nil, err
		}
		db.defaults = db.defaults.with(name, v)
	}
	db.keys = keyspace.New(store, cat, db.createKeySpace)
	if _, err := db.keys.Space(ctx, 0); err != nil {
		return nil, fmt.Errorf("making the key-value tables: %w", err)
	}
	if err := db.cleanUp(ctx); err != nil && !errors.Is(err, kv.ErrReadOnly) {
		db.log.Error("what a crash left was not removed", "err", err)
	}
	db.sweepKeys()
	return db, nil
}

// cleanUp removes what sessions leave when the process ends under them: temporary
// tables, and the rows of tables just dropped.
func (db *DB) cleanUp(ctx context.Context) error {
	for _, d := range db.cat.Latest().Databases() {
		for _, schema := range db.cat.In(d.OID).Latest().Schemas() {
			if !strings.HasPrefix(schema.Name, "pg_temp_") {
				continue
			}
			s, err := db.NewSession(ctx, SessionOptions{inside: d.OID})
			if err != nil {
				return err
			}
			s.tempName = schema.Name
			s.Close()
		}
	}
	return catalog.RemoveDropped(ctx, db.store)
}

// parseCacheBytes bounds the statement texts whose syntax trees are kept.
const parseCacheBytes = 16 << 20

// Store gives the key-value store beneath.
func (db *DB) Store() kv.Store { return db.store }

// Catalog gives the main database's catalog.
func (db *DB) Catalog() *catalog.Catalog { return db.cat }

// Name gives the main database's name.
func (db *DB) Name() string { return db.opts.Database }

// Close ends all sessions and closes the store.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	db.mu.Lock()
	open := make([]*Session, 0, len(db.sessions))
	for _, s := range db.sessions {
		open = append(open, s)
	}
	db.mu.Unlock()
	for _, s := range open {
		s.Terminate()
	}
	db.sweeping()
	return db.store.Close()
}

// Cancel cancels the running statement of the session with that process id
// and secret key; it does nothing if there is none.
func (db *DB) Cancel(pid int32, secret uint32) {
	db.mu.Lock()
	s := db.sessions[pid]
	db.mu.Unlock()
	if s != nil && s.secret == secret {
		s.Cancel()
	}
}

func (db *DB) register(s *Session) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed.Load() {
		return pgerr.New(pgerr.CannotConnectNow, "the database system is shutting down")
	}
	if len(db.sessions) >= db.opts.MaxSessions {
		return pgerr.New(pgerr.TooManyConnections, "sorry, too many clients already")
	}
	if err := db.admit(s); err != nil {
		return err
	}
	if err := db.tooMany(db.cat.Latest().Role(s.authenticated)); err != nil {
		return err
	}
	for {
		db.nextPID++
		if db.nextPID <= 0 {
			db.nextPID = 1000
		}
		if db.sessions[db.nextPID] == nil {
			break
		}
	}
	s.pid = db.nextPID
	db.sessions[s.pid] = s
	return nil
}

func (db *DB) unregister(s *Session) {
	db.mu.Lock()
	delete(db.sessions, s.pid)
	db.mu.Unlock()
}

// Sessions gives the open sessions, in no order.
func (db *DB) Sessions() []*Session {
	db.mu.Lock()
	defer db.mu.Unlock()
	out := make([]*Session, 0, len(db.sessions))
	for _, s := range db.sessions {
		out = append(out, s)
	}
	return out
}
