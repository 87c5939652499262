// Package rowkey is a relational SQL database with a key-value storage layer:
// one system that is both data models and shows both. It can be embedded
// (this package), or served to PostgreSQL clients (cmd/rowkey).
//
//	db, err := rowkey.Open(":memory:")           // or a directory
//	defer db.Close()
//	_, err = db.Exec(ctx, `CREATE TABLE t (id int PRIMARY KEY, name text)`)
//	rows, err := db.Query(ctx, `SELECT name FROM t WHERE id = $1`, 1)
//	sqlDB := db.SQL()                            // a *sql.DB, through pgx, no port
//	kv := db.KV()                                // the same store as keys and values
//
// The map of the house, in the order a query walks through it:
//
//	wire/pgwire    the PostgreSQL protocol: messages in, rows out
//	wire/resp      the Redis protocol: commands on keys, and SQL too
//	session        settings, transactions, prepared statements, portals
//	parser         PostgreSQL SQL → typed syntax tree (parser/ast)
//	planner        tree → names and types → algebra → rules → physical plan (planner/plan)
//	executor       plan → batches of column vectors
//	builtin        functions, operators, casts, aggregates: one table
//	catalog        what exists; catalog/rowenc: rows as keys and values
//	ddl            CREATE, ALTER, DROP
//	types          SQL values: text and binary forms, comparison, vectors
//	kv             the ordered transactional store: kv/memory, kv/disk
//	pgerr          SQL errors
//
// Dependencies run downwards only; a test enforces it.
package rowkey

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"sync"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/kv/memory"
	"rowkey/session"
	"rowkey/wire/pgwire"
	"rowkey/wire/resp"
)

// Memory is the path that opens a database in memory.
const Memory = ":memory:"

// DB is an open database. Safe for concurrent use.
type DB struct {
	eng    *session.DB
	server *pgwire.Server
	log    *slog.Logger

	redis func() *resp.Server

	mu   sync.Mutex
	sql  *sql.DB
	idle []*session.Session
}

// Option changes how a database is opened.
type Option func(*config)

type config struct {
	session session.Options
}

// WithLogger sends log records to l; without it nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.session.Log = l } }

// WithMaxSessions bounds the sessions open at once.
func WithMaxSessions(n int) Option { return func(c *config) { c.session.MaxSessions = n } }

// WithSettings sets server-wide defaults of run-time parameters.
func WithSettings(s map[string]string) Option { return func(c *config) { c.session.Settings = s } }

// WithDatabase names the database.
func WithDatabase(name string) Option { return func(c *config) { c.session.Database = name } }

// Open opens the database in a directory, made if it does not exist, or, with
// path "" or Memory, a new one in memory. A directory is used by one process at
// a time: a second Open fails with an error that says so.
func Open(path string, opts ...Option) (*DB, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	var store kv.Store
	if path == "" || path == Memory {
		store = memory.NewBounded(MachineMemory() / 8)
	} else {
		s, err := disk.Open(path, disk.Options{Logger: c.session.Log})
		if err != nil {
			return nil, err
		}
		store = s
		opts = append(opts[:len(opts):len(opts)], func(c *config) {
			if c.session.TempDir == "" {
				c.session.TempDir = filepath.Join(path, "tmp")
			}
		})
	}
	db, err := OpenStore(store, opts...)
	if err != nil {
		store.Close()
		return nil, err
	}
	db.eng.Keyspace().CombineCommits(path != "" && path != Memory)
	return db, nil
}

// OpenStore opens the database in a store, which the DB owns from here on.
func OpenStore(store kv.Store, opts ...Option) (*DB, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	eng, err := session.Open(context.Background(), store, c.session)
	if err != nil {
		return nil, err
	}
	return &DB{eng: eng, server: pgwire.NewServer(eng, c.session.Log), log: c.session.Log,
		redis: sync.OnceValue(func() *resp.Server { return resp.NewServer(eng, c.session.Log) })}, nil
}

// Engine gives the engine beneath, for those who serve it themselves.
func (db *DB) Engine() *session.DB { return db.eng }

// Server gives the PostgreSQL protocol server of the database.
func (db *DB) Server() *pgwire.Server { return db.server }

// Redis gives the Redis protocol server of the database.
func (db *DB) Redis() *resp.Server { return db.redis() }

// Close ends all sessions and closes the store. Committed data is durable
// whether Close is called or not.
func (db *DB) Close() error {
	db.mu.Lock()
	sqlDB, idle := db.sql, db.idle
	db.sql, db.idle = nil, nil
	db.mu.Unlock()
	if sqlDB != nil {
		sqlDB.Close()
	}
	for _, s := range idle {
		s.Close()
	}
	return db.eng.Close()
}

// MachineMemory is the memory, in bytes, that this process may use: what the
// machine has or its control group allows; 0 if that is not known.
func MachineMemory() int64 { return session.MachineMemory() }
