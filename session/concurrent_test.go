package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowkey/kv/memory"
	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

// result collects the rows of a statement.
type result struct {
	session.Writer
	rows [][]types.Datum
	tag  string
}

func (r *result) Columns([]session.Column) error { return nil }
func (r *result) Complete(tag string) error      { r.tag = tag; return nil }
func (r *result) Empty() error                   { return nil }
func (r *result) Rows(b *types.Batch, cols []session.Column) error {
	for i := 0; i < b.Rows(); i++ {
		row := make([]types.Datum, len(cols))
		for k := range cols {
			row[k] = b.Cols[k].Datum(b.Row(i))
		}
		r.rows = append(r.rows, row)
	}
	return nil
}

func run(s *session.Session, sql string) (*result, error) {
	r := &result{Writer: session.Discard}
	return r, s.Simple(context.Background(), sql, r)
}

func open(t *testing.T) *session.DB {
	t.Helper()
	db, err := session.Open(context.Background(), memory.New(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func connect(t *testing.T, db *session.DB) *session.Session {
	t.Helper()
	s, err := db.NewSession(context.Background(), session.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func must(t *testing.T, s *session.Session, sql string) *result {
	t.Helper()
	r, err := run(s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return r
}

// seed is printed, and taken from ROWKEY_SEED to repeat a run.
func seed(t *testing.T) uint64 {
	n := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv("ROWKEY_SEED"), 10, 64); err == nil {
		n = v
	}
	t.Logf("ROWKEY_SEED=%d", n)
	return n
}

// expected are the errors that sessions in each other's way may get. Anything
// else, an internal error above all, fails the test.
func expected(err error) bool {
	switch pgerr.CodeOf(err) {
	case pgerr.DeadlockDetected, pgerr.SerializationFailure, pgerr.LockNotAvailable, // each other's locks
		pgerr.UndefinedTable, pgerr.UndefinedColumn, pgerr.DuplicateTable, pgerr.DuplicateColumn, pgerr.UndefinedObject, pgerr.DuplicateObject, // definitions
		pgerr.UniqueViolation, pgerr.CheckViolation, pgerr.ForeignKeyViolation, pgerr.SyntaxError, pgerr.FeatureNotSupported, pgerr.InFailedSQLTransaction,
		pgerr.DependentObjectsStillExist, pgerr.NotNullViolation, pgerr.DatatypeMismatch, pgerr.InvalidTextRepresentation:
		return true
	}
	return false
}

// TestTransfers: money moved between accounts by many sessions, at every
// isolation level, is neither lost nor made; deadlocks end with 40P01.
func TestTransfers(t *testing.T) {
	db := open(t)
	admin := connect(t, db)
	const accounts, sessions, each = 5, 8, 60
	must(t, admin, "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL); CREATE INDEX ON accounts (balance);"+
		"CREATE TABLE moves (id serial PRIMARY KEY, amount int)")
	must(t, admin, fmt.Sprintf("INSERT INTO accounts SELECT i, 1000 FROM generate_series(1, %d) i", accounts))
	base := seed(t)
	var done, failed atomic.Int64
	var wg sync.WaitGroup
	for i := 0; i < sessions; i++ {
		s := connect(t, db)
		rng := rand.New(rand.NewPCG(base, uint64(i)))
		level := []string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}[i%3]
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < each; k++ {
				from, to, amount := rng.IntN(accounts)+1, rng.IntN(accounts)+1, rng.IntN(50)
				err := func() error {
					for _, sql := range []string{"BEGIN ISOLATION LEVEL " + level,
						fmt.Sprintf("UPDATE accounts SET balance = balance - %d WHERE id = %d", amount, from),
						fmt.Sprintf("INSERT INTO moves (amount) VALUES (%d)", amount),
						fmt.Sprintf("UPDATE accounts SET balance = balance + %d WHERE id = %d", amount, to), "COMMIT"} {
						if _, err := run(s, sql); err != nil {
							run(s, "ROLLBACK")
							return err
						}
					}
					return nil
				}()
				switch {
				case err == nil:
					done.Add(1)
				case expected(err):
					failed.Add(1)
				default:
					t.Errorf("%v", err)
				}
			}
		}()
	}
	wg.Wait()
	r := must(t, admin, "SELECT sum(balance), (SELECT count(*) FROM moves) FROM accounts")
	if got := r.rows[0][0].Int(); got != accounts*1000 {
		t.Errorf("the accounts hold %d, they held %d", got, accounts*1000)
	}
	if got := r.rows[0][1].Int(); got != done.Load() {
		t.Errorf("%d moves stored, %d committed", got, done.Load())
	}
	t.Logf("%d committed, %d refused", done.Load(), failed.Load())
}

// TestCounter: no increment of a counter is lost, whatever statement makes it.
func TestCounter(t *testing.T) {
	db := open(t)
	admin := connect(t, db)
	must(t, admin, "CREATE TABLE counter (id int PRIMARY KEY, n int)")
	const sessions, each = 6, 50
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := 0; i < sessions; i++ {
		s := connect(t, db)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < each; k++ {
				sql := "INSERT INTO counter VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = counter.n + 1"
				if k%2 == 1 {
					sql = "UPDATE counter SET n = n + 1 WHERE id = 1"
				}
				r, err := run(s, sql)
				if err != nil {
					t.Errorf("%s: %v", sql, err)
					continue
				}
				if r.tag != "UPDATE 0" {
					done.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	if n := must(t, admin, "SELECT n FROM counter").rows[0][0].Int(); n != done.Load() {
		t.Errorf("the counter is %d after %d increments", n, done.Load())
	}
}

// TestDefinitionsAndData: tables change while others read and write them. Every
// statement sees a whole definition: rows have as many values as columns, and
// indexes agree with their tables.
func TestDefinitionsAndData(t *testing.T) {
	db := open(t)
	admin := connect(t, db)
	must(t, admin, "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE VIEW v AS SELECT * FROM t; CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p SELECT generate_series(1, 20)")
	statements := []func(r *rand.Rand) string{
		func(r *rand.Rand) string {
			return fmt.Sprintf("INSERT INTO t (id, a, b) VALUES (%d, %d, 'x') ON CONFLICT DO NOTHING", r.IntN(200), r.IntN(20))
		},
		func(r *rand.Rand) string {
			return fmt.Sprintf("UPDATE t SET a = %d WHERE id = %d", r.IntN(20), r.IntN(200))
		},
		func(r *rand.Rand) string { return fmt.Sprintf("DELETE FROM t WHERE id = %d", r.IntN(200)) },
		func(r *rand.Rand) string { return "SELECT * FROM t" },
		func(r *rand.Rand) string { return "SELECT count(*), sum(a) FROM v" },
		func(r *rand.Rand) string { return fmt.Sprintf("SELECT id FROM t WHERE a = %d", r.IntN(20)) },
		func(r *rand.Rand) string {
			return fmt.Sprintf("ALTER TABLE t ADD COLUMN c%d int DEFAULT %d", r.IntN(4), r.IntN(9))
		},
		func(r *rand.Rand) string { return fmt.Sprintf("ALTER TABLE t DROP COLUMN c%d", r.IntN(4)) },
		func(r *rand.Rand) string { return fmt.Sprintf("CREATE INDEX i%d ON t (a, b)", r.IntN(3)) },
		func(r *rand.Rand) string { return fmt.Sprintf("DROP INDEX i%d", r.IntN(3)) },
		func(r *rand.Rand) string { return fmt.Sprintf("CREATE TABLE extra%d (id int REFERENCES p)", r.IntN(3)) },
		func(r *rand.Rand) string {
			return fmt.Sprintf("INSERT INTO extra%d VALUES (%d)", r.IntN(3), r.IntN(20)+1)
		},
		func(r *rand.Rand) string { return fmt.Sprintf("DROP TABLE extra%d", r.IntN(3)) },
		func(r *rand.Rand) string {
			return fmt.Sprintf("ALTER TABLE t RENAME COLUMN c%d TO c%d", r.IntN(4), r.IntN(4))
		},
		func(r *rand.Rand) string { return "TRUNCATE t" },
		func(r *rand.Rand) string { return "ANALYZE t" },
		func(r *rand.Rand) string { return "BEGIN" },
		func(r *rand.Rand) string { return "COMMIT" },
		func(r *rand.Rand) string { return "ROLLBACK" },
	}
	base := seed(t)
	const sessions, each = 6, 80
	var wg sync.WaitGroup
	for i := 0; i < sessions; i++ {
		s := connect(t, db)
		must(t, s, "SET lock_timeout = '200ms'")
		rng := rand.New(rand.NewPCG(base, uint64(i)))
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < each; k++ {
				sql := statements[rng.IntN(len(statements))](rng)
				if _, err := run(s, sql); err != nil && !expected(err) {
					t.Errorf("%s: %v", sql, err)
				}
			}
			run(s, "ROLLBACK")
		}()
	}
	wg.Wait()
	// What the indexes say is what the table says.
	for a := 0; a < 20; a++ {
		byIndex := must(t, admin, fmt.Sprintf("SELECT count(*) FROM t WHERE a = %d", a)).rows[0][0].Int()
		byTable := must(t, admin, fmt.Sprintf("SELECT count(*) FROM t WHERE a + 0 = %d", a)).rows[0][0].Int()
		if byIndex != byTable {
			t.Errorf("a = %d: %d rows by index, %d in the table", a, byIndex, byTable)
		}
	}
	must(t, admin, "SELECT * FROM v")
}
