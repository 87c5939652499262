package history

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey"
	"rowkey/kv"
)

// stores runs a test on both engines; reopen closes the database and opens what it left.
func stores(t *testing.T, f func(t *testing.T, db *rowkey.DB, reopen func() *rowkey.DB)) {
	for _, name := range []string{"memory", "disk"} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if name == "disk" {
				path = t.TempDir()
			}
			db, err := rowkey.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { db.Close() }()
			reopen := func() *rowkey.DB {
				db.Close()
				if db, err = rowkey.Open(path); err != nil {
					t.Fatal(err)
				}
				return db
			}
			if path == "" {
				reopen = nil
			}
			f(t, db, reopen)
		})
	}
}

func dial(t *testing.T, db *rowkey.DB) *pgx.Conn {
	t.Helper()
	c, err := pgx.ConnectConfig(context.Background(), db.PgxConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func sound(t *testing.T, db *rowkey.DB) {
	t.Helper()
	n := 0
	_, err := db.Engine().Check(context.Background(), func(d kv.Damage) error {
		if n++; n < 10 && !d.Harmless {
			t.Errorf("check: %v", d)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

const stateOf = "SELECT indisready, indisvalid FROM pg_index WHERE indexrelid = (SELECT oid FROM pg_class WHERE relname = 'ix')"

// becomes waits until a question has an answer.
func becomes(t *testing.T, c *pgx.Conn, sql, want string) {
	t.Helper()
	got := ""
	for range 2000 {
		if got = outcome(context.Background(), c, sql); got == want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s: %s, want %s", sql, got, want)
}

// # CREATE and DROP INDEX CONCURRENTLY beside writers at full speed: the index holds the
// entries of all rows and no others, and no writer is refused for it.
func TestIndexBesideWriters(t *testing.T) {
	stores(t, func(t *testing.T, db *rowkey.DB, _ func() *rowkey.DB) {
		s := seed(t)
		c := dial(t, db)
		exec(t, c, "CREATE TABLE t (id int PRIMARY KEY, a int, b text, u int)")
		exec(t, c, "INSERT INTO t SELECT g, g % 50, 'row ' || g, g FROM generate_series(1, 3000) g")
		var done atomic.Bool
		var writes atomic.Int64
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				ctx := context.Background()
				rnd := rand.New(rand.NewPCG(s, uint64(w)))
				c, err := pgx.ConnectConfig(ctx, db.PgxConfig())
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close(ctx)
				for n := 0; !done.Load() && !t.Failed(); n++ {
					// Each writer has rows, and values of u, of its own.
					id := 4*rnd.IntN(1000) + w
					sql := []string{
						fmt.Sprintf("UPDATE t SET a = %d, b = 'was ' || b WHERE id = %d", rnd.IntN(50), id),
						fmt.Sprintf("UPDATE t SET u = -u WHERE id = %d", id),
						fmt.Sprintf("DELETE FROM t WHERE id = %d", id),
						fmt.Sprintf("INSERT INTO t VALUES (%d, %d, 'new', %[1]d) ON CONFLICT (id) DO UPDATE SET b = 'again', u = excluded.u", id, rnd.IntN(50)),
						fmt.Sprintf("UPDATE t SET id = id + 4000 WHERE id = %d", id),
						fmt.Sprintf("UPDATE t SET id = id - 4000 WHERE id = %d + 4000 AND NOT EXISTS (SELECT FROM t WHERE id = %[1]d)", id),
					}[rnd.IntN(6)]
					if n%20 == 0 {
						sql = "BEGIN; " + sql + fmt.Sprintf("; UPDATE t SET a = a + 1 WHERE id BETWEEN %d AND %d AND id %% 4 = %d; ", id, id+40, w) + []string{"COMMIT", "ROLLBACK"}[rnd.IntN(2)]
					}
					if _, err := c.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
						var e *pgconn.PgError
						if n%20 == 0 {
							c.Exec(ctx, "ROLLBACK", pgx.QueryExecModeSimpleProtocol)
						}
						if errors.As(err, &e) && e.Code == "23505" && e.ConstraintName == "t_pkey" {
							continue // a moved row meets one that was inserted
						}
						t.Errorf("%s: %v", sql, err)
					}
					writes.Add(1)
				}
			})
		}
		end := time.Now().Add(max(*span*3, 1500*time.Millisecond))
		made := 0
		for ; time.Now().Before(end) && !t.Failed(); made++ {
			exec(t, c, []string{"CREATE INDEX CONCURRENTLY ix ON t (a) INCLUDE (b)", "CREATE INDEX CONCURRENTLY ix ON t (a, lower(b)) WHERE a > 10", "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (u, id)",
				"CREATE UNIQUE INDEX CONCURRENTLY ix ON t (id) INCLUDE (b)"}[made%4])
			sound(t, db)
			want(t, c, stateOf, "[true=true]")
			exec(t, c, "DROP INDEX CONCURRENTLY ix")
		}
		done.Store(true)
		wg.Wait()
		sound(t, db)
		t.Logf("%d indexes beside %d writes", made, writes.Load())
	})
}

// # The steps one by one: whom it waits for, what is left of it when it fails or the
// process ends, and how that is mended.
func TestIndexConcurrentlySteps(t *testing.T) {
	stores(t, func(t *testing.T, db *rowkey.DB, reopen func() *rowkey.DB) {
		a, b, w := dial(t, db), dial(t, db), dial(t, db)
		exec(t, a, "CREATE TABLE t (id int PRIMARY KEY, u int)")
		exec(t, a, "INSERT INTO t SELECT g, g FROM generate_series(1, 2000) g")
		want(t, a, "CREATE INDEX CONCURRENTLY ix ON t (u)", "ok")
		want(t, a, stateOf, "[true=true]")
		exec(t, a, "DROP INDEX ix")
		exec(t, a, "BEGIN")
		if got := outcome(context.Background(), a, "CREATE INDEX CONCURRENTLY ix ON t (u)"); got != "25001" {
			t.Errorf("in a block: %s", got)
		}
		exec(t, a, "ROLLBACK")

		// It waits for those who write by the definition before, in both steps, and they
		// need not care.
		exec(t, b, "BEGIN; UPDATE t SET u = -1 WHERE id = 1")
		ended := later(a, "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (u)")
		becomes(t, w, stateOf, "[false=false]")
		exec(t, w, "INSERT INTO t VALUES (3000, 3000)")
		exec(t, w, "BEGIN; UPDATE t SET u = -2 WHERE id = 2")
		exec(t, b, "DELETE FROM t WHERE id = 3000; COMMIT")
		becomes(t, b, stateOf, "[true=false]")
		exec(t, b, "INSERT INTO t VALUES (3001, 3001)")
		exec(t, w, "COMMIT")
		wantSoon(t, "CREATE INDEX CONCURRENTLY", ended, "ok")
		want(t, b, stateOf, "[true=true]")
		sound(t, db)

		// A duplicate leaves it INVALID; writers are refused more of them, readers do without it.
		exec(t, a, "DROP INDEX CONCURRENTLY ix")
		exec(t, a, "INSERT INTO t VALUES (4000, 77)")
		want(t, a, "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (u)", "23505")
		want(t, b, stateOf, "[true=false]")
		want(t, b, "SELECT count(*) FROM t WHERE u = 77", "[2]")
		exec(t, b, "UPDATE t SET u = u WHERE id = 77")
		sound(t, db)
		exec(t, b, "DELETE FROM t WHERE id = 77")
		exec(t, b, "REINDEX INDEX CONCURRENTLY ix")
		want(t, b, stateOf, "[true=true]")
		sound(t, db)
		exec(t, a, "DROP INDEX ix")
		exec(t, a, "INSERT INTO t VALUES (77, 77)")
		want(t, a, "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (u)", "23505")
		want(t, a, "REINDEX TABLE t", "23505")
		exec(t, a, "DELETE FROM t WHERE id = 77; REINDEX TABLE t")
		want(t, b, stateOf, "[true=true]")
		sound(t, db)

		// Who waits for the table in an order that cannot be is told.
		exec(t, a, "DROP INDEX ix")
		exec(t, b, "SET deadlock_timeout = '10s'; BEGIN; UPDATE t SET u = -3 WHERE id = 3")
		exec(t, a, "SET deadlock_timeout = '50ms'")
		ended = later(a, "CREATE INDEX CONCURRENTLY ix ON t (u)")
		becomes(t, w, stateOf, "[false=false]")
		locked := later(b, "LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE")
		wantSoon(t, "CREATE INDEX CONCURRENTLY", ended, "40P01")
		wantSoon(t, "LOCK", locked, "ok")
		exec(t, b, "COMMIT")
		want(t, w, stateOf, "[false=false]")
		exec(t, w, "INSERT INTO t VALUES (5000, 5000)")
		exec(t, w, "DROP INDEX ix")
		sound(t, db)
		if reopen == nil {
			return
		}
		// The process ends in either step.
		for _, step := range []string{"[false=false]", "[true=false]"} {
			exec(t, b, "BEGIN; UPDATE t SET u = u + 1 WHERE id = 10")
			ended := later(a, "CREATE INDEX CONCURRENTLY ix ON t (u)")
			becomes(t, w, stateOf, "[false=false]")
			if step == "[true=false]" {
				x := dial(t, db)
				exec(t, x, "BEGIN; UPDATE t SET u = u + 1 WHERE id = 11")
				exec(t, b, "COMMIT")
				becomes(t, w, stateOf, step)
			}
			db = reopen()
			if got := <-ended; got == "ok" {
				t.Error("CREATE INDEX CONCURRENTLY ended well in a process that had ended")
			}
			a, b, w = dial(t, db), dial(t, db), dial(t, db)
			want(t, a, stateOf, step)
			exec(t, a, "UPDATE t SET u = u + 10 WHERE id < 30; DELETE FROM t WHERE id > 1990")
			sound(t, db)
			if step == "[false=false]" {
				exec(t, a, "REINDEX INDEX CONCURRENTLY ix")
				want(t, a, stateOf, "[true=true]")
				sound(t, db)
			}
			exec(t, a, "DROP INDEX ix")
			sound(t, db)
		}
	})
}
