// Package crash kills databases under load, and looks at what is left.
//
//	clients: transfers, unique keys, foreign keys, sequences, DDL   workload.go
//	         of the Redis protocol: strings, counters, lists, sets  redis.go
//	   │ each commit acknowledged is noted                          ledger
//	   ▼
//	a crash: a file system that loses and tears what was not synced memory_test.go
//	         a process killed                                       kill_test.go
//	   ▼
//	opened again, what is there must be a prefix of the commits that
//	includes every acknowledged one, and pass rowkey check          verify.go
//
// A prefix, not just a set: each transaction stores how far every client's commits
// had been acknowledged when it began, and may not be there without them.
package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"rowkey"
	"rowkey/pgerr"
)

const (
	writers  = 4 // the last one commits with synchronous_commit off
	accounts = 20
	balance  = 1000
)

// unsynced tells whether a writer's acknowledged commits may be lost.
func unsynced(w int) bool { return w == writers-1 }

// schema is what the workload works on.
const schema = `
CREATE TABLE log (w int, n int, seen int[], val bigint, PRIMARY KEY (w, n));
CREATE INDEX log_n ON log (n) INCLUDE (val);
CREATE UNIQUE INDEX log_val ON log (val);
CREATE TABLE acct (id int PRIMARY KEY, bal int NOT NULL CHECK (bal >= 0));
CREATE INDEX acct_bal ON acct (bal);
CREATE TABLE parent (id int PRIMARY KEY, note text);
CREATE TABLE child (id serial PRIMARY KEY, pid int REFERENCES parent ON DELETE CASCADE, note text);
CREATE INDEX child_pid ON child (pid);
CREATE TABLE uniq (k int UNIQUE, w int, t text);
CREATE SEQUENCE s; CREATE SEQUENCE lone; CREATE SEQUENCE jump;
`

// ledger is what clients were told.
type ledger struct {
	acked     [writers]atomic.Int64 // newest transaction acknowledged
	attempted [writers]atomic.Int64 // newest one begun
	ddl       atomic.Int64          // newest definition acknowledged
	ddlBegun  atomic.Int64
	lone      atomic.Int64 // greatest value of sequence lone that a client saw
	jump      atomic.Int64 // newest setval acknowledged
	jumpBegun atomic.Int64
	commits   atomic.Int64
	// Of the clients of the Redis protocol: the newest step acknowledged, and begun.
	steps, stepsBegun [redisClients]atomic.Int64
	failing           bool // operations fail, not only the power

	ack func(what string, n int64) // tells others; may be nil
}

func (l *ledger) told(what string, at *atomic.Int64, n int64) {
	at.Store(n)
	l.commits.Add(1)
	if l.ack != nil {
		l.ack(what, n)
	}
}

// copy is the ledger as it is now.
func (l *ledger) copy() *ledger {
	c := &ledger{}
	for w := range writers {
		c.acked[w].Store(l.acked[w].Load())
		c.attempted[w].Store(l.attempted[w].Load())
	}
	for w := range redisClients {
		c.steps[w].Store(l.steps[w].Load())
		c.stepsBegun[w].Store(l.stepsBegun[w].Load())
	}
	c.ddl.Store(l.ddl.Load())
	c.ddlBegun.Store(l.ddlBegun.Load())
	c.lone.Store(l.lone.Load())
	c.jump.Store(l.jump.Load())
	c.jumpBegun.Store(l.jumpBegun.Load())
	c.commits.Store(l.commits.Load())
	return c
}

// setUp makes the schema, if it is not there.
func setUp(ctx context.Context, db *rowkey.DB) error {
	rows, err := db.Query(ctx, "SELECT 1 FROM pg_class WHERE relname = 'log'")
	if err != nil || rows.Next() {
		return err
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	for _, st := range strings.Split(schema, ";") {
		if st = strings.TrimSpace(st); st != "" {
			if _, err := tx.Exec(ctx, st); err != nil {
				return err
			}
		}
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO acct SELECT i, %d FROM generate_series(1, %d) i", balance, accounts)); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// load runs all clients until the store fails, ctx ends, or each has done most
// transactions. It gives the errors that no crash explains.
func load(ctx context.Context, db *rowkey.DB, l *ledger, seed uint64, most int) error {
	var wg sync.WaitGroup
	errs := make([]error, writers+3+redisClients)
	addr, stop, err := serveRedis(db)
	if err != nil {
		return err
	}
	defer stop()
	for w := range writers {
		wg.Go(func() { errs[w] = write(ctx, db, l, w, rand.New(rand.NewPCG(seed, uint64(w))), most) })
	}
	wg.Go(func() { errs[writers] = define(ctx, db, l, rand.New(rand.NewPCG(seed, 100)), most) })
	wg.Go(func() { errs[writers+1] = count(ctx, db, l, most) })
	wg.Go(func() { errs[writers+2] = set(ctx, db, l, most) })
	for w := range redisClients {
		wg.Go(func() { errs[writers+3+w] = redis(ctx, addr, l, w, rand.New(rand.NewPCG(seed, uint64(200+w))), most) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// again tells whether a transaction may be tried again.
func again(err error) bool {
	e := pgerr.Of(err)
	// A child's parent may be deleted between the statement's snapshot and the check.
	return e.Code == pgerr.SerializationFailure || e.Code == pgerr.DeadlockDetected || e.Code == pgerr.ForeignKeyViolation
}

// down tells whether an error is what clients of a failing store get.
func down(ctx context.Context, err error) bool {
	switch pgerr.Of(err).Code {
	case pgerr.IOError, pgerr.DiskFull, pgerr.AdminShutdown, pgerr.CannotConnectNow:
		return true
	}
	return ctx.Err() != nil
}

// write is one writer: transaction n of writer w has row (w, n) in log.
func write(ctx context.Context, db *rowkey.DB, l *ledger, w int, rng *rand.Rand, most int) error {
	for range most {
		n := l.acked[w].Load() + 1
		l.attempted[w].Store(n)
		err := transact(ctx, db, l, w, n, rng)
		for err != nil && again(err) {
			err = transact(ctx, db, l, w, n, rng)
		}
		if err != nil {
			if down(ctx, err) {
				return nil
			}
			return fmt.Errorf("writer %d, transaction %d: %w", w, n, err)
		}
		l.told(fmt.Sprint("w", w), &l.acked[w], n)
	}
	return nil
}

func transact(ctx context.Context, db *rowkey.DB, l *ledger, w int, n int64, rng *rand.Rand) error {
	seen := make([]string, writers)
	for v := range seen {
		seen[v] = fmt.Sprint(l.acked[v].Load())
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	var sql []string
	if unsynced(w) {
		sql = append(sql, "SET LOCAL synchronous_commit = off")
	}
	sql = append(sql, fmt.Sprintf("INSERT INTO log VALUES (%d, %d, '{%s}', nextval('s'))", w, n, strings.Join(seen, ",")))
	a, b := 1+rng.IntN(accounts), 1+rng.IntN(accounts)
	amount := rng.IntN(50)
	sql = append(sql, fmt.Sprintf("UPDATE acct SET bal = bal - %d WHERE id = %d AND bal >= %d AND id <> %d", amount, a, amount, b))
	done := len(sql) - 1
	key := rng.IntN(200)
	switch rng.IntN(7) {
	case 0:
		sql = append(sql, fmt.Sprintf("INSERT INTO uniq VALUES (%d, %d, repeat('x', %d)) ON CONFLICT (k) DO UPDATE SET w = excluded.w, t = excluded.t", key, w, rng.IntN(2000)))
	case 1:
		sql = append(sql, fmt.Sprintf("INSERT INTO uniq VALUES (%d, %d, '') ON CONFLICT DO NOTHING", key, w))
	case 2:
		sql = append(sql, fmt.Sprintf("DELETE FROM uniq WHERE k BETWEEN %d AND %d", key, key+10))
	case 3:
		sql = append(sql, fmt.Sprintf("INSERT INTO parent VALUES (%d, 'p') ON CONFLICT DO NOTHING", key%20),
			fmt.Sprintf("INSERT INTO child (pid, note) SELECT id, 'c' FROM parent WHERE id = %d", key%20))
	case 4:
		sql = append(sql, fmt.Sprintf("DELETE FROM parent WHERE id = %d", key%20))
	case 5:
		sql = append(sql, fmt.Sprintf("UPDATE child SET note = note || 'x' WHERE pid = %d", key%20))
	}
	for i, st := range sql {
		r, err := tx.Exec(ctx, st)
		if err != nil {
			return err
		}
		if i == done && r.Rows > 0 {
			if _, err := tx.Exec(ctx, fmt.Sprintf("UPDATE acct SET bal = bal + %d WHERE id = %d", amount, b)); err != nil {
				return err
			}
		}
	}
	return tx.Commit(ctx)
}

// define is the client that changes definitions. Step n makes table d<n> with indexes
// and drops d<n-2>, all in one transaction with the row (-1, n) of log.
func define(ctx context.Context, db *rowkey.DB, l *ledger, rng *rand.Rand, most int) error {
	for range most/4 + 1 {
		n := l.ddl.Load() + 1
		l.ddlBegun.Store(n)
		err := defineOne(ctx, db, n, rng)
		for err != nil && again(err) {
			err = defineOne(ctx, db, n, rng)
		}
		if err != nil {
			if down(ctx, err) {
				return nil
			}
			return fmt.Errorf("definition %d: %w", n, err)
		}
		l.told("ddl", &l.ddl, n)
	}
	return nil
}

func defineOne(ctx context.Context, db *rowkey.DB, n int64, rng *rand.Rand) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	sql := []string{
		fmt.Sprintf("CREATE TABLE d%d (id serial PRIMARY KEY, a int, b text UNIQUE)", n),
		fmt.Sprintf("INSERT INTO d%d (a, b) SELECT i, 'b' || i FROM generate_series(1, %d) i", n, 1+rng.IntN(100)),
		fmt.Sprintf("CREATE INDEX ON d%d (a)", n),
		fmt.Sprintf("CREATE INDEX d%d_x ON d%d (b, a)", n, n),
		fmt.Sprintf("DROP TABLE IF EXISTS d%d", max(n-2, 0)),
		fmt.Sprintf("DROP INDEX IF EXISTS d%d_x", n-1),
		fmt.Sprintf("INSERT INTO log VALUES (-1, %d, NULL, nextval('s'))", n),
	}
	if n > 1 {
		switch rng.IntN(4) {
		case 0:
			sql = append(sql, fmt.Sprintf("CREATE INDEX ON d%d (lower(b))", n-1))
		case 1:
			sql = append(sql, fmt.Sprintf("ALTER TABLE d%d ALTER COLUMN a TYPE bigint", n-1))
		case 2:
			sql = append(sql, fmt.Sprintf("TRUNCATE d%d", n-1))
		case 3:
			sql = append(sql, fmt.Sprintf("ALTER TABLE d%d ADD COLUMN c int DEFAULT 7", n-1))
		}
	}
	for _, st := range sql {
		if _, err := tx.Exec(ctx, st); err != nil {
			return fmt.Errorf("%s: %w", st, err)
		}
	}
	return tx.Commit(ctx)
}

// count is the client that only takes numbers from a sequence.
func count(ctx context.Context, db *rowkey.DB, l *ledger, most int) error {
	for range most {
		rows, err := db.Query(ctx, "SELECT nextval('lone')")
		if err != nil {
			if down(ctx, err) {
				return nil
			}
			return err
		}
		var n int64
		rows.Next()
		if err := rows.Scan(&n); err != nil {
			return err
		}
		l.told("lone", &l.lone, n)
	}
	return nil
}

// set is the client that sets a sequence, always further.
func set(ctx context.Context, db *rowkey.DB, l *ledger, most int) error {
	for range most/4 + 1 {
		n := l.jump.Load() + 1000
		l.jumpBegun.Store(n)
		if _, err := db.Exec(ctx, fmt.Sprintf("SELECT setval('jump', %d)", n)); err != nil {
			if down(ctx, err) {
				return nil
			}
			return err
		}
		l.told("jump", &l.jump, n)
	}
	return nil
}
