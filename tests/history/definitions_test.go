package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// # Definitions change beside readers and writers, in transactions and out of them, some of
// which are rolled back, and at every moment rows and indexes agree, the catalog is whole,
// and nobody is told of anything but conflicts and missing objects.
//
// Two sessions in three change rows, by statements, foreign keys that cascade and triggers
// that write elsewhere; the others change definitions. A judge runs `rowkey check` meanwhile.
func TestDefinitionsBesideRows(t *testing.T) {
	for _, name := range []string{"memory", "disk"} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if name == "disk" {
				path = t.TempDir()
			}
			log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})) // where a panic was
			db, err := rowkey.Open(path, rowkey.WithLogger(log))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			d := &definitions{t: t, db: db}
			d.run(seed(t), max(*span*4, 2*time.Second))
		})
	}
}

// definitions is one run of the test.
type definitions struct {
	t                   *testing.T
	db                  *rowkey.DB
	done                atomic.Bool
	statements, refused atomic.Int64
	mu                  sync.Mutex
	codes               map[string]int
}

func (d *definitions) connect(mode pgx.QueryExecMode) *pgx.Conn {
	cfg := d.db.PgxConfig()
	cfg.DefaultQueryExecMode = mode
	c, err := pgx.ConnectConfig(context.Background(), cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *definitions) run(seed uint64, span time.Duration) {
	ctx := context.Background()
	d.codes = map[string]int{}
	setup := d.connect(pgx.QueryExecModeSimpleProtocol)
	for _, sql := range []string{
		`CREATE TABLE audit (n serial PRIMARY KEY, a int, b int)`,
		`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF TG_OP = 'DELETE' THEN DELETE FROM audit WHERE a = OLD.a; RETURN OLD; END IF;
			INSERT INTO audit (a, b) VALUES (NEW.a, NEW.b); RETURN NEW; END $$`,
		`CREATE TABLE t0 (id int PRIMARY KEY, a int, b int)`,
		`CREATE TABLE t1 (id int PRIMARY KEY, a int, b int)`,
		`CREATE TABLE t2 (id int, a int, b int)`,
		`CREATE TABLE child (id int, a int, b int)`,
		`ALTER TABLE child ADD CONSTRAINT child_ref FOREIGN KEY (id) REFERENCES t0 ON DELETE CASCADE ON UPDATE CASCADE`,
		`CREATE TRIGGER t1_audit AFTER INSERT OR UPDATE OR DELETE ON t1 FOR EACH ROW EXECUTE FUNCTION audit()`,
	} {
		exec(d.t, setup, sql)
	}
	setup.Close(ctx)
	modes := []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(i)))
			c := d.connect(modes[rnd.IntN(len(modes))])
			defer c.Close(ctx)
			for !d.done.Load() && !d.t.Failed() {
				d.transaction(c, rnd, i%3 == 0)
			}
		})
	}
	// On a busy machine it takes longer until something was done.
	for end := time.Now().Add(span); (time.Now().Before(end) || d.succeeded() < 100) && !d.t.Failed(); {
		time.Sleep(100 * time.Millisecond)
		d.check()
	}
	d.done.Store(true)
	wg.Wait()
	d.check()
	d.t.Logf("%d statements, %d refused: %v", d.statements.Load(), d.refused.Load(), d.codes)
}

func (d *definitions) succeeded() int64 { return d.statements.Load() - d.refused.Load() }

// check is what `rowkey check` does.
func (d *definitions) check() {
	if _, err := d.db.Engine().Check(context.Background(), func(x kv.Damage) error {
		if !x.Harmless {
			d.t.Errorf("check: %v", x)
		}
		return nil
	}); err != nil {
		d.t.Errorf("check: %v", err)
	}
}

// transaction is one statement, or a block of some, which may be rolled back wholly or in part.
func (d *definitions) transaction(c *pgx.Conn, rnd *rand.Rand, defines bool) {
	statement := func() string {
		switch {
		case defines && rnd.IntN(4) > 0:
			return definition(rnd)
		case rnd.IntN(8) == 0:
			return catalogAsOne
		}
		return change(rnd)
	}
	if rnd.IntN(2) == 0 {
		if defines && rnd.IntN(3) == 0 {
			d.exec(c, alone(rnd))
			return
		}
		d.exec(c, statement())
		return
	}
	level := []string{"", " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE"}[rnd.IntN(3)]
	ok := d.exec(c, "BEGIN"+level)
	for range 1 + rnd.IntN(4) {
		if ok && rnd.IntN(4) == 0 {
			ok = d.exec(c, "SAVEPOINT s") && d.exec(c, statement())
			if !ok || rnd.IntN(2) == 0 {
				ok = d.exec(c, "ROLLBACK TO s")
			}
			continue
		}
		ok = ok && d.exec(c, statement())
	}
	if ok && rnd.IntN(4) > 0 {
		d.exec(c, "COMMIT")
	} else {
		d.exec(c, "ROLLBACK")
	}
}

// expected are the classes of errors that such a load meets.
var expected = map[string]bool{
	"23": true, "42P01": true, "42703": true, "42P07": true, "42701": true, "42704": true, "42710": true, "2BP01": true,
	"40001": true, "40P01": true, "25P02": true, "55006": true, "42830": true, "42804": true, "42611": true, "42809": true,
	"3B001": true, "42P16": true,
}

// exec runs a statement and judges its error, if it has one.
func (d *definitions) exec(c *pgx.Conn, sql string) bool {
	// A machine with other things to do may keep a statement that waits for nobody for half a minute.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	stuck := time.AfterFunc(20*time.Second, func() {
		for _, w := range d.db.Engine().Store().LockWaits() {
			fmt.Fprintf(os.Stderr, "%d waits for %s (%v), held by %v, behind %v\n", w.Owner, keyenc.Pretty(w.Key), w.Mode, w.Hard, w.Soft)
		}
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
	})
	defer stuck.Stop()
	rows, err := c.Query(ctx, sql)
	var found [][]any
	if err == nil {
		for rows.Next() {
			v, _ := rows.Values()
			found = append(found, v)
		}
		err = rows.Err()
	}
	d.statements.Add(1)
	if err == nil {
		if strings.HasPrefix(sql, "SELECT") && len(found) > 0 {
			d.t.Errorf("%s\n\tgives %v", sql, found)
		}
		return true
	}
	d.refused.Add(1)
	var e *pgconn.PgError
	switch {
	case !errors.As(err, &e):
		d.t.Errorf("%s: %v", sql, err)
		d.done.Store(true)
	case expected[e.Code] || expected[e.Code[:2]] || e.Code == "0A000" && strings.Contains(e.Message, "cached plan must not change result type"):
		d.mu.Lock()
		d.codes[e.Code]++
		d.mu.Unlock()
	default:
		d.t.Errorf("%s: %s %s (%s)", sql, e.Code, e.Message, e.Detail)
	}
	return false
}

// catalogAsOne finds nothing in a catalog that is whole.
const catalogAsOne = `SELECT 'columns', c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'i') AND c.relnamespace = 'public'::regnamespace
		AND c.relnatts <> (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
	UNION ALL SELECT 'index of', i.indexrelid::text FROM pg_index i LEFT JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_class t ON t.oid = i.indrelid
		WHERE c.oid IS NULL OR t.oid IS NULL OR pg_get_indexdef(i.indexrelid) IS NULL
	UNION ALL SELECT 'constraint', k.conname::text FROM pg_constraint k LEFT JOIN pg_class t ON t.oid = k.conrelid
		WHERE k.conrelid <> 0 AND (t.oid IS NULL OR pg_get_constraintdef(k.oid) IS NULL)
	UNION ALL SELECT 'reference', k.conname::text FROM pg_constraint k LEFT JOIN pg_class t ON t.oid = k.confrelid WHERE k.contype = 'f' AND t.oid IS NULL`

var someTables = []string{"t0", "t1", "t2", "child", "audit"}

// change is a statement that reads or writes rows.
func change(rnd *rand.Rand) string {
	tab := someTables[rnd.IntN(len(someTables))]
	id, v := rnd.IntN(60), rnd.IntN(40)
	col := []string{"a", "b", "c0"}[rnd.IntN(20)/9]
	key := "id"
	if tab == "audit" {
		key = "n"
	}
	switch n := rnd.IntN(13); {
	case n < 4 && tab == "audit":
		return fmt.Sprintf("INSERT INTO audit (a, b) VALUES (%d, %d)", v, id)
	case n < 3:
		return fmt.Sprintf("INSERT INTO %s (id, a, b) SELECT g, g %% %d, %d FROM generate_series(%d, %d) g ON CONFLICT DO NOTHING", tab, v+1, v, id, id+rnd.IntN(20))
	case n == 3:
		return fmt.Sprintf("INSERT INTO %s VALUES (%d, %d, %d)", tab, id, v, v)
	case n < 6:
		return fmt.Sprintf("UPDATE %s SET %s = %d WHERE a = %d", tab, col, v, rnd.IntN(40))
	case n == 6:
		return fmt.Sprintf("UPDATE %s SET %s = %s + 100 WHERE %s = %d", tab, key, key, key, id)
	case n < 9:
		return fmt.Sprintf("DELETE FROM %s WHERE %s BETWEEN %d AND %d", tab, key, id, id+rnd.IntN(4))
	case n == 9:
		return fmt.Sprintf("DELETE FROM %s WHERE b = %d", tab, v)
	}
	// What an index finds is what the rows say.
	return fmt.Sprintf(`SELECT * FROM (SELECT (SELECT count(*) FROM %[1]s WHERE %[2]s = %[3]d) x, (SELECT count(*) FROM %[1]s WHERE %[2]s + 0 = %[3]d) y) q WHERE x <> y`, tab, col, v)
}

// definition is a statement that changes what is defined.
func definition(rnd *rand.Rand) string {
	tab := someTables[rnd.IntN(len(someTables))]
	col := []string{"a", "b", "c0", "c1"}[rnd.IntN(4)]
	ix := fmt.Sprintf("%s_ix%d", tab, rnd.IntN(3))
	unique := []string{"", "", "UNIQUE "}[rnd.IntN(3)]
	switch rnd.IntN(17) {
	case 0, 1, 2:
		return fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)", unique, ix, tab, col)
	case 3:
		return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s ((%s %% 7), a) INCLUDE (b) WHERE a > 5", ix, tab, col)
	case 4, 5, 6:
		return "DROP INDEX IF EXISTS " + ix
	case 7:
		return fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s int DEFAULT %d", tab, []string{"c0", "c1"}[rnd.IntN(2)], rnd.IntN(40))
	case 8:
		return fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", tab, []string{"c0", "c1"}[rnd.IntN(2)])
	case 9:
		return fmt.Sprintf("ALTER TABLE %s RENAME COLUMN c0 TO c1", tab)
	case 10:
		return "TRUNCATE " + []string{"t2", "child", "t0, child", "audit"}[rnd.IntN(4)]
	case 11:
		return fmt.Sprintf("ALTER TABLE %s RENAME TO %s", []string{"t2", "t3"}[rnd.IntN(2)], []string{"t2", "t3"}[rnd.IntN(2)])
	case 12:
		return fmt.Sprintf("ALTER TABLE %s ALTER b %s NOT NULL", tab, []string{"SET", "DROP"}[rnd.IntN(2)])
	case 13:
		return "ALTER TABLE child DROP CONSTRAINT IF EXISTS child_ref"
	case 14:
		return "ALTER TABLE child ADD CONSTRAINT child_ref FOREIGN KEY (id) REFERENCES t0 ON DELETE " + []string{"CASCADE", "SET NULL", "RESTRICT"}[rnd.IntN(3)] + " ON UPDATE CASCADE"
	case 15:
		return fmt.Sprintf("ALTER TABLE %s ALTER b TYPE %s", tab, []string{"int", "bigint"}[rnd.IntN(2)])
	}
	if rnd.IntN(2) == 0 {
		return "DROP TABLE IF EXISTS t3"
	}
	return "CREATE TABLE IF NOT EXISTS t2 (id int, a int, b int)"
}

// alone is a definition that runs in transactions of its own.
func alone(rnd *rand.Rand) string {
	tab := someTables[rnd.IntN(len(someTables))]
	ix := fmt.Sprintf("%s_ix%d", tab, rnd.IntN(3))
	switch rnd.IntN(3) {
	case 0:
		return "DROP INDEX CONCURRENTLY IF EXISTS " + ix
	case 1:
		return fmt.Sprintf("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (a, b, %s)", ix, tab, []string{"a", "c0"}[rnd.IntN(2)])
	}
	return fmt.Sprintf("CREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (%s)", ix, tab, []string{"a", "b", "c0"}[rnd.IntN(3)])
}
