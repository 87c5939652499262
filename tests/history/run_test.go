package history

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	neturl "net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/tests/pgtest"
)

var span = flag.Duration("span", defaultSpan(), "how long each history is recorded (or ROWKEY_HISTORY_SPAN)")

func defaultSpan() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("ROWKEY_HISTORY_SPAN")); err == nil {
		return d
	}
	return 500 * time.Millisecond
}

// chapter is how much of a history is judged at once: the checks grow faster than
// the history, and a long run is many chapters, each with keys of its own.
const chapter = time.Second

func seed(t *testing.T) uint64 {
	s := rand.Uint64()
	if v, err := strconv.ParseUint(os.Getenv("ROWKEY_SEED"), 10, 64); err == nil {
		s = v
	}
	t.Logf("seed %d (set ROWKEY_SEED to use it again)", s)
	return s
}

// each runs a test against rowkey in memory, on disk, and PostgreSQL where there is one.
func each(t *testing.T, f func(t *testing.T, url string)) {
	for _, name := range []string{"memory", "disk"} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if name == "disk" {
				path = t.TempDir()
			}
			s, err := pgtest.ServeInProcess(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Stop()
			f(t, s.URL)
		})
	}
	t.Run("postgres", func(t *testing.T) {
		url := os.Getenv(pgtest.EnvURL)
		if url == "" {
			t.Skip(pgtest.EnvURL + " is not set: not compared with PostgreSQL")
		}
		f(t, ownDatabase(t, url))
	})
}

// ownDatabase makes a database on a server that other test processes use too; it goes with
// the test.
func ownDatabase(t *testing.T, url string) string {
	ctx := context.Background()
	name := fmt.Sprintf("history_%d_%d", os.Getpid(), databases.Add(1))
	admin := connect(t, url)
	exec(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() {
		if c, err := pgx.Connect(ctx, url); err == nil {
			c.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			c.Close(ctx)
		}
	})
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

var databases atomic.Int64

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func exec(t *testing.T, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// code gives an error's SQLSTATE.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// retryable tells the errors that concurrency may bring.
func retryable(err error) bool {
	c := code(err)
	return c == "40001" || c == "40P01" || c == "25P02"
}

const clients = 8

// workload runs random transactions over lists in two tables for a while.
type workload struct {
	url   string
	level string
	keys  int
	mu    sync.Mutex
	txns  []*Txn
	next  int // number of the next value and transaction
}

func (w *workload) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return w.next
}

// table tells where a key's list is: half of the keys in each table.
func table(key int) string {
	if key%2 == 0 {
		return "history_a"
	}
	return "history_b"
}

func (w *workload) client(t *testing.T, rnd *rand.Rand, end time.Time, base int) {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, w.url)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close(ctx)
	for time.Now().Before(end) {
		txn := &Txn{ID: w.number()}
		err := w.transaction(ctx, c, rnd, txn, base)
		switch {
		case err == nil:
			txn.Committed = true
		case !retryable(err):
			t.Errorf("%v: %v", txn, err)
			return
		}
		w.mu.Lock()
		w.txns = append(w.txns, txn)
		w.mu.Unlock()
	}
}

var errWanted = errors.New("rolled back on purpose")

func (w *workload) transaction(ctx context.Context, c *pgx.Conn, rnd *rand.Rand, txn *Txn, base int) error {
	begin := "BEGIN ISOLATION LEVEL " + w.level
	reader := rnd.IntN(5) == 0
	if reader {
		begin += ", READ ONLY"
	}
	if _, err := c.Exec(ctx, begin); err != nil {
		return err
	}
	err := w.operations(ctx, c, rnd, txn, base, reader)
	if err == nil && rnd.IntN(20) == 0 {
		err = errWanted
	}
	if err != nil {
		if _, e := c.Exec(ctx, "ROLLBACK"); e != nil {
			return e
		}
		if err == errWanted {
			return &pgconn.PgError{Code: "40001"}
		}
		return err
	}
	tag, err := c.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("COMMIT answers %v", tag)
	}
	return err
}

func (w *workload) operations(ctx context.Context, c *pgx.Conn, rnd *rand.Rand, txn *Txn, base int, reader bool) error {
	for range 1 + rnd.IntN(4) {
		key := base + rnd.IntN(w.keys)
		switch n := rnd.IntN(10); {
		case n < 4 || reader && n < 8:
			var list []int32
			err := c.QueryRow(ctx, "SELECT v FROM "+table(key)+" WHERE k = $1", key).Scan(&list)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			txn.Ops = append(txn.Ops, Op{Key: key, List: ints(list)})
		case n < 6 || reader: // by a scan of several
			rows, err := c.Query(ctx, "SELECT k, v FROM "+table(key)+" WHERE k BETWEEN $1 AND $2", key, key+4)
			if err != nil {
				return err
			}
			seen := map[int][]int{}
			for rows.Next() {
				var k int
				var list []int32
				if err := rows.Scan(&k, &list); err != nil {
					return err
				}
				seen[k] = ints(list)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			for k := key; k <= key+4 && k < base+w.keys; k += 2 {
				txn.Ops = append(txn.Ops, Op{Key: k, List: seen[k]})
			}
		default:
			value := w.number()
			sql := "UPDATE " + table(key) + " SET v = v || $2::int WHERE k = $1"
			if n >= 8 {
				sql = "INSERT INTO " + table(key) + " AS x VALUES ($1, ARRAY[$2::int]) ON CONFLICT (k) DO UPDATE SET v = x.v || $2::int"
			}
			// Noted before it is known to succeed: what a failed one wrote must not be seen.
			txn.Ops = append(txn.Ops, Op{Append: true, Key: key, Value: value})
			tag, err := c.Exec(ctx, sql, key, value)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 { // no list yet: that is a read of an empty one
				txn.Ops[len(txn.Ops)-1] = Op{Key: key}
			}
		}
	}
	return nil
}

func ints(list []int32) []int {
	var out []int
	for _, v := range list {
		out = append(out, int(v))
	}
	return out
}

// record runs one chapter.
func (w *workload) record(t *testing.T, rnd *rand.Rand, base int, d time.Duration) []*Txn {
	w.txns = nil
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for range clients {
		r := rand.New(rand.NewPCG(rnd.Uint64(), rnd.Uint64()))
		wg.Go(func() { w.client(t, r, end, base) })
	}
	wg.Wait()
	return w.txns
}

func makeLists(t *testing.T, url string) {
	c := connect(t, url)
	exec(t, c, "DROP TABLE IF EXISTS history_a, history_b")
	exec(t, c, "CREATE TABLE history_a (k int PRIMARY KEY, v int[])")
	exec(t, c, "CREATE TABLE history_b (k int NOT NULL, v int[])")
	exec(t, c, "CREATE UNIQUE INDEX ON history_b (k)") // rows by hidden ids, found through an index
}

// TestHistories: what random transactions see at each isolation level is what the
// level allows.
func TestHistories(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		for _, l := range []struct {
			name  string
			level Level
		}{{"READ COMMITTED", ReadCommitted}, {"REPEATABLE READ", Snapshot}, {"SERIALIZABLE", Serializable}} {
			t.Run(l.name, func(t *testing.T) {
				s := seed(t)
				rnd := rand.New(rand.NewPCG(s, 1))
				makeLists(t, url)
				w := &workload{url: url, level: l.name, keys: 8}
				committed, all := 0, 0
				end := time.Now().Add(*span)
				// A machine that is busy with other things needs more chapters for a history.
				const enough, most = 20, 30_000
				for base := 0; committed < enough && base < most || time.Now().Before(end) && !t.Failed(); base += 1000 {
					txns := w.record(t, rnd, base, min(chapter, *span))
					if err := Check(txns, l.level); err != nil {
						t.Fatal(err)
					}
					for _, txn := range txns {
						all++
						if txn.Committed {
							committed++
						}
					}
				}
				if committed < enough {
					t.Errorf("only %d transactions were committed", committed)
				}
				t.Logf("%d transactions, %d committed", all, committed)
			})
		}
	})
}

// TestCheckerSeesSkew: the workload is able to show what SERIALIZABLE forbids: run
// at REPEATABLE READ, the checker soon finds it.
func TestCheckerSeesSkew(t *testing.T) {
	s, err := pgtest.ServeInProcess("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	rnd := rand.New(rand.NewPCG(seed(t), 2))
	makeLists(t, s.URL)
	w := &workload{url: s.URL, level: "REPEATABLE READ", keys: 4}
	for base := 0; base < 30_000; base += 1000 {
		if err := Check(w.record(t, rnd, base, 300*time.Millisecond), Serializable); err != nil {
			t.Logf("found after %d chapters", base/1000+1)
			return
		}
	}
	t.Error("no write skew in 30 chapters of snapshot transactions")
}

// registerInput and registerOutput are an operation on one row and its answer.
type registerInput struct {
	key  int
	kind int // 0 read, 1 set, 2 add, 3 compare and set, 4 delete
	a, b int
}

type registerOutput struct {
	value int
	ok    bool // there was a row, or one was changed
}

// register is a row: its value, or that there is none.
type register struct {
	value int
	there bool
}

var registerModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[int][]porcupine.Operation{}
		for _, op := range history {
			k := op.Input.(registerInput).key
			by[k] = append(by[k], op)
		}
		var out [][]porcupine.Operation
		for _, ops := range by {
			out = append(out, ops)
		}
		return out
	},
	Init: func() any { return register{} },
	Step: func(state, input, output any) (bool, any) {
		r, in, out := state.(register), input.(registerInput), output.(registerOutput)
		switch in.kind {
		case 0:
			return out.ok == r.there && (!r.there || out.value == r.value), r
		case 1:
			return true, register{in.a, true}
		case 2:
			if !r.there {
				return !out.ok, r
			}
			r.value += in.a
			return out.ok && out.value == r.value, r
		case 3:
			if !r.there || r.value != in.a {
				return !out.ok, r
			}
			return out.ok, register{in.b, true}
		}
		return out.ok == r.there, register{}
	},
}

// TestLinearizable: statements on single rows, each its own transaction, take effect
// one after the other, each at a moment between its beginning and its end.
func TestLinearizable(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := seed(t)
		setup := connect(t, url)
		exec(t, setup, "DROP TABLE IF EXISTS history_rows")
		exec(t, setup, "CREATE TABLE history_rows (k int PRIMARY KEY, v int)")
		var clients []*pgx.Conn
		for range 6 {
			clients = append(clients, connect(t, url))
		}
		end := time.Now().Add(*span)
		for base := 0; base == 0 || time.Now().Before(end) && !t.Failed(); base += 100 {
			ops := registerOps(t, clients, s, base)
			switch porcupine.CheckOperationsTimeout(registerModel, ops, time.Minute) {
			case porcupine.Illegal:
				t.Fatalf("%d operations are not linearizable", len(ops))
			case porcupine.Unknown:
				t.Logf("%d operations take too long to judge", len(ops))
			}
		}
	})
}

func registerOps(t *testing.T, clients []*pgx.Conn, seed uint64, base int) []porcupine.Operation {
	ctx := context.Background()
	var mu sync.Mutex
	var ops []porcupine.Operation
	end := time.Now().Add(min(*span, 300*time.Millisecond))
	var wg sync.WaitGroup
	for i, c := range clients {
		rnd := rand.New(rand.NewPCG(seed, uint64(base+i)))
		wg.Go(func() {
			for time.Now().Before(end) {
				in := registerInput{base + rnd.IntN(8), rnd.IntN(5), rnd.IntN(5), rnd.IntN(5)}
				var out registerOutput
				var err error
				call := time.Now().UnixNano()
				switch in.kind {
				case 0:
					err = c.QueryRow(ctx, "SELECT v FROM history_rows WHERE k = $1", in.key).Scan(&out.value)
				case 1:
					_, err = c.Exec(ctx, "INSERT INTO history_rows VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v", in.key, in.a)
				case 2:
					err = c.QueryRow(ctx, "UPDATE history_rows SET v = v + $2 WHERE k = $1 RETURNING v", in.key, in.a).Scan(&out.value)
				case 3:
					err = c.QueryRow(ctx, "UPDATE history_rows SET v = $3 WHERE k = $1 AND v = $2 RETURNING v", in.key, in.a, in.b).Scan(&out.value)
				case 4:
					err = c.QueryRow(ctx, "DELETE FROM history_rows WHERE k = $1 RETURNING v", in.key).Scan(&out.value)
				}
				returned := time.Now().UnixNano()
				out.ok = err == nil
				if err != nil && !errors.Is(err, pgx.ErrNoRows) {
					t.Error(err)
					return
				}
				mu.Lock()
				ops = append(ops, porcupine.Operation{ClientId: i, Input: in, Call: call, Output: out, Return: returned})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ops
}

// TestLinearizableFails: the model refuses what no order explains.
func TestLinearizableFails(t *testing.T) {
	ops := []porcupine.Operation{
		{ClientId: 0, Input: registerInput{kind: 1, a: 5}, Call: 0, Output: registerOutput{ok: true}, Return: 1},
		{ClientId: 1, Input: registerInput{kind: 0}, Call: 2, Output: registerOutput{}, Return: 3}, // a stale read
	}
	if porcupine.CheckOperations(registerModel, ops) {
		t.Error("a stale read passes")
	}
	ops[1].Call = 0
	if !porcupine.CheckOperations(registerModel, ops) {
		t.Error("a read beside the write may miss it")
	}
}
