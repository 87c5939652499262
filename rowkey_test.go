package rowkey

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"rowkey/keyspace"
	"rowkey/pgerr"
)

func open(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestQuery: typed rows, parameters and errors of the native interface.
func TestQuery(t *testing.T) {
	ctx := context.Background()
	db := open(t, Memory)
	if _, err := db.Exec(ctx, `CREATE TABLE t (a int PRIMARY KEY, b text, c float8, d bool, e timestamptz, f bytea)`); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	res, err := db.Exec(ctx, `INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6), (2, NULL, NULL, NULL, NULL, NULL)`, 1, "one", 1.5, true, at, []byte{0, 1})
	if err != nil || res.Rows != 2 || res.Tag != "INSERT 0 2" {
		t.Fatalf("%+v, %v", res, err)
	}
	rows, err := db.Query(ctx, `SELECT * FROM t ORDER BY a`)
	if err != nil {
		t.Fatal(err)
	}
	var a int
	var b string
	var c float64
	var d bool
	var e time.Time
	var f []byte
	if !rows.Next() {
		t.Fatal("no row")
	}
	if err := rows.Scan(&a, &b, &c, &d, &e, &f); err != nil {
		t.Fatal(err)
	}
	if a != 1 || b != "one" || c != 1.5 || !d || !e.Equal(at) || !bytes.Equal(f, []byte{0, 1}) {
		t.Error(a, b, c, d, e, f)
	}
	rows.Next()
	var n *string
	var x any
	if err := rows.Scan(&a, &n, &x, &x, &x, &x); err != nil || n != nil || x != nil {
		t.Error(n, x, err)
	}
	if err := rows.Scan(&a, &b, &x, &x, &x, &x); err == nil {
		t.Error("NULL fits a string")
	}
	_, err = db.Query(ctx, `SELECT nope FROM t`)
	var pe *pgerr.Error
	if !errors.As(err, &pe) || pe.Code != pgerr.UndefinedColumn || pe.Position != 8 {
		t.Error(err)
	}
	if _, err := db.Query(ctx, `SELECT $1::int`); err == nil {
		t.Error("a missing argument goes unnoticed")
	}
}

// TestTx: a transaction's changes are seen by others once it commits, and not if it does not.
func TestTx(t *testing.T) {
	ctx := context.Background()
	for _, path := range []string{Memory, t.TempDir()} {
		db := open(t, path)
		if _, err := db.Exec(ctx, `CREATE TABLE t (a int PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		count := func() (n int64) {
			rows, err := db.Query(ctx, `SELECT count(*) FROM t`)
			if err != nil {
				t.Fatal(err)
			}
			rows.Next()
			return rows.Datum(0).Int()
		}
		tx, err := db.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO t VALUES (1)`); err != nil {
			t.Fatal(err)
		}
		if err := tx.KV().Set(ctx, []byte("k"), []byte("v")); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 0 {
			t.Error("an open transaction's row is seen")
		}
		if _, ok, _ := db.KV().Get(ctx, []byte("k")); ok {
			t.Error("an open transaction's key is seen")
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 1 {
			t.Error("a committed row is not seen")
		}
		if v, ok, _ := db.KV().Get(ctx, []byte("k")); !ok || string(v) != "v" {
			t.Error("a committed key is not seen")
		}
		tx, _ = db.Begin(ctx)
		tx.Exec(ctx, `DELETE FROM t`)
		tx.Rollback(ctx)
		if n := count(); n != 1 {
			t.Error("a rollback did not undo")
		}
		tx, _ = db.Begin(ctx)
		tx.Exec(ctx, `SELECT 1/0`)
		if err := tx.Commit(ctx); err == nil {
			t.Error("a failed transaction commits")
		}
	}
}

// TestReopen: what was committed is there after the directory is opened again.
func TestReopen(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for i := 0; i < 3; i++ {
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, v text, w text DEFAULT 'w')`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `INSERT INTO t (v) VALUES ('x'), ('y')`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, fmt.Sprintf(`ALTER TABLE t ADD COLUMN c%d int DEFAULT %d`, i, i)); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(ctx, `SELECT count(*), count(DISTINCT id), sum(c0) FROM t`)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		if n := int64(2 * (i + 1)); rows.Datum(0).Int() != n || rows.Datum(1).Int() != n || rows.Datum(2).Int() != 0 {
			t.Errorf("round %d: %v", i, rows.Collect())
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKV: Get, Set, Delete and Scan, and that SQL sees the same entries.
func TestKV(t *testing.T) {
	ctx := context.Background()
	db := open(t, Memory)
	kv := db.KV()
	for _, k := range []string{"b", "a", "c", "user:100", "\x00\xff"} {
		if err := kv.Set(ctx, []byte(k), []byte("value of "+k)); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	if err := kv.Scan(ctx, []byte("a"), []byte("c"), func(k, v []byte) bool { keys = append(keys, string(k)); return true }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(keys) != "[a b]" {
		t.Error(keys)
	}
	if was, err := kv.Delete(ctx, []byte("a")); !was || err != nil {
		t.Error(was, err)
	}
	if was, _ := kv.Delete(ctx, []byte("a")); was {
		t.Error("deleted twice")
	}
	if _, err := db.Exec(ctx, `UPDATE kv.strings SET value = 'by SQL' WHERE key = 'b'`); err != nil {
		t.Fatal(err)
	}
	if v, ok, err := kv.Get(ctx, []byte("b")); string(v) != "by SQL" || !ok || err != nil {
		t.Error(string(v), ok, err)
	}
	if _, err := db.Exec(ctx, `UPDATE kv.strings SET expires_at = now() - interval '1 second' WHERE key = 'b'`); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := kv.Get(ctx, []byte("b")); ok {
		t.Error("an expired entry is seen")
	}
}

// TestSQL: database/sql through pgx in the process, with prepared statements and transactions.
func TestSQL(t *testing.T) {
	db := open(t, Memory)
	s := db.SQL()
	if _, err := s.Exec(`CREATE TABLE t (a int PRIMARY KEY, b numeric, c timestamptz)`); err != nil {
		t.Fatal(err)
	}
	st, err := s.Prepare(`INSERT INTO t VALUES ($1, $2, $3)`)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 10 {
		if _, err := st.Exec(i, fmt.Sprint(i)+".50", at); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := s.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var sum string
	var max time.Time
	if err := tx.QueryRow(`SELECT sum(b), max(c) FROM t WHERE a < $1`, 4).Scan(&sum, &max); err != nil {
		t.Fatal(err)
	}
	if sum != "8.00" || !max.Equal(at) {
		t.Error(sum, max)
	}
	if _, err := tx.Exec(`DELETE FROM t`); err == nil {
		t.Error("a read-only transaction writes")
	}
	tx.Rollback()
}

func ExampleOpen() {
	db, err := Open(Memory)
	if err != nil {
		panic(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec(ctx, `CREATE TABLE planets (name text PRIMARY KEY, moons int); INSERT INTO planets VALUES ('Mars', 2), ('Earth', 1)`); err != nil {
		panic(err)
	}
	rows, err := db.Query(ctx, `SELECT name, moons FROM planets WHERE moons > $1`, 1)
	if err != nil {
		panic(err)
	}
	for rows.Next() {
		fmt.Println(rows.Value(0), rows.Value(1))
	}
	// Output: Mars 2
}

func BenchmarkPointSelect(b *testing.B) {
	ctx := context.Background()
	db, err := Open(Memory)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(ctx, `CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 100000) g`); err != nil {
		b.Fatal(err)
	}
	b.Run("native", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := db.Query(ctx, `SELECT b FROM t WHERE a = $1`, 1+i%100000); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("database/sql", func(b *testing.B) {
		st, err := db.SQL().Prepare(`SELECT b FROM t WHERE a = $1`)
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			var s string
			if err := st.QueryRow(1 + i%100000).Scan(&s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestKVTypes: the typed operations, of the database and within a transaction, and
// the rows that SQL sees of them.
func TestKVTypes(t *testing.T) {
	ctx := context.Background()
	db := open(t, Memory)
	b := func(s string) []byte { return []byte(s) }
	check := func(got, want any) {
		t.Helper()
		if fmt.Sprintf("%s", got) != fmt.Sprintf("%s", want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	must := func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return v
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range []KV{db.KV(), db.KV().Space(3), tx.KV().Space(4)} {
		check(must(kv.Incr(ctx, b("n"), 5)), int64(5))
		check(must(kv.SetNew(ctx, b("n"), b("x"))), false)
		must(nil, kv.SetFor(ctx, b("s"), b("v"), time.Hour))
		ttl, ok, err := kv.TTL(ctx, b("s"))
		if ttl < time.Hour-time.Minute || !ok || err != nil {
			t.Error(ttl, ok, err)
		}
		check(must(kv.Exists(ctx, b("s"))), true)
		check(must(kv.Expire(ctx, b("s"), -time.Second)), true)
		check(must(kv.Exists(ctx, b("s"))), false)
		check(must(kv.HSet(ctx, b("h"), b("f"), b("v"))), true)
		v, ok, err := kv.HGet(ctx, b("h"), b("f"))
		check(must(v, err), "v")
		check(ok, true)
		check(must(kv.HGetAll(ctx, b("h"))), map[string][]byte{"f": b("v")})
		check(must(kv.HDelete(ctx, b("h"), b("f"), b("g"))), int64(1))
		check(must(kv.PushBack(ctx, b("l"), b("a"), b("b"))), int64(2))
		check(must(kv.PushFront(ctx, b("l"), b("0"))), int64(3))
		check(must(kv.List(ctx, b("l"), 0, -1)), [][]byte{b("0"), b("a"), b("b")})
		v, ok, err = kv.PopFront(ctx, b("l"))
		check(must(v, err), "0")
		check(ok, true)
		v, _, err = kv.PopBack(ctx, b("l"))
		check(must(v, err), "b")
		check(must(kv.SAdd(ctx, b("m"), b("x"), b("y"))), int64(2))
		check(must(kv.SHas(ctx, b("m"), b("x"))), true)
		check(must(kv.SDelete(ctx, b("m"), b("x"))), int64(1))
		check(must(kv.SMembers(ctx, b("m"))), [][]byte{b("y")})
		check(must(kv.ZAdd(ctx, b("z"), Scored{b("ann"), 10}, Scored{b("bob"), 2.5})), int64(2))
		score, ok, err := kv.ZScore(ctx, b("z"), b("bob"))
		check(must(score, err), 2.5)
		check(ok, true)
		check(must(kv.ZRange(ctx, b("z"), 0, -1, true)), []Scored{{b("ann"), 10}, {b("bob"), 2.5}})
		check(must(kv.ZDelete(ctx, b("z"), b("bob"))), int64(1))
		check(must(kv.Do(ctx, "LPOS", "l", "a")), int64(0))
		var n int
		if kv.tx == nil {
			err = db.SQL().QueryRow(`SELECT count(*) FROM ` + map[int]string{0: "kv", 3: "kv3"}[kv.space] + `.keys`).Scan(&n)
			check(must(n, err), 4)
			if _, err := kv.HSet(ctx, b("n"), b("f"), b("v")); err != keyspace.ErrWrongType {
				t.Error(err)
			}
		}
	}
	if ok, _ := db.KV().Space(4).Exists(ctx, b("z")); ok {
		t.Error("an open transaction's key is seen")
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if ok, _ := db.KV().Space(4).Exists(ctx, b("z")); !ok {
		t.Error("a committed key is not seen")
	}
}
