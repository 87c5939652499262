package session_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"rowkey/kv/memory"
	"rowkey/pgerr"
	"rowkey/session"
)

// heapBytes is the memory that live and dead objects take.
func heapBytes() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// peak runs f and gives how far the heap grew at the most.
func peak(f func()) int64 {
	runtime.GC()
	before, top, done := heapBytes(), int64(0), make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			top = max(top, heapBytes()-before)
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return top
}

// Whatever collects rows or values is bounded: it goes to disk, or fails with 53200,
// and the process never takes much more than the statement may.
func TestBounds(t *testing.T) {
	const budget = 24 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	db, err := session.Open(context.Background(), memory.New(), session.Options{QueryMemoryBytes: budget, TotalMemoryBytes: 2 * budget, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := connect(t, db)
	must := func(sql string) {
		t.Helper()
		if err := s.Simple(context.Background(), sql, session.Discard); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	must("SET work_mem = '1MB'")
	must("CREATE TABLE rows (i int, t text)")
	const many = "(SELECT i, repeat('x', 100) || i AS t FROM generate_series(1, 1000000) i) s"
	for _, c := range []struct{ name, sql, code string }{
		{"array_agg", "SELECT array_length(array_agg(t), 1) FROM " + many, "53200"},
		{"string_agg", "SELECT length(string_agg(t, ',')) FROM " + many, "53200"},
		{"json_agg", "SELECT length(json_agg(t)::text) FROM " + many, "53200"},
		{"jsonb_object_agg", "SELECT length(jsonb_object_agg(i, t)::text) FROM " + many, "53200"},
		{"array(query)", "SELECT array_length(ARRAY(SELECT t FROM " + many + "), 1)", "53200"},
		{"DISTINCT in an aggregate", "SELECT count(DISTINCT t) FROM " + many, "53200"},
		{"ordered aggregate", "SELECT string_agg(t, '' ORDER BY i DESC) FROM " + many, "53200"},
		{"percentile", "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY t) FROM " + many, "53200"},
		{"WITH", "WITH w AS MATERIALIZED (SELECT * FROM " + many + ") SELECT count(*) FROM w a", "53200"},
		{"recursive UNION", "WITH RECURSIVE r(i, t) AS (SELECT * FROM " + many + " UNION SELECT i, t FROM r WHERE false) SELECT count(*) FROM r", "53200"},
		{"recursive UNION ALL", "WITH RECURSIVE r(i, t) AS (SELECT * FROM " + many + " UNION ALL SELECT i, t FROM r WHERE false) SELECT count(*) FROM r", "53200"},
		{"window", "SELECT count(n), max(m) FROM (SELECT sum(i) OVER (ORDER BY i) AS n, max(t) OVER (ORDER BY i) AS m FROM " + many + ") w", "53200"},
		{"sort", "SELECT count(*) FROM (SELECT * FROM " + many + " ORDER BY t OFFSET 0) w", ""},
		{"groups", "SELECT count(*) FROM (SELECT t FROM " + many + " GROUP BY t) w", ""},
		{"join", "SELECT count(*) FROM " + many + " JOIN (SELECT repeat('x', 100) || i AS t FROM generate_series(1, 1000000) i) r USING (t)", ""},
		{"nested loop", "SELECT count(*) FROM " + many + " JOIN (SELECT repeat('x', 100) || i AS t FROM generate_series(1, 300000) i) r ON s.t < r.t AND s.i < 3", ""},
		{"cursor WITH HOLD", "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM " + many + "; COMMIT; CLOSE c", "53200"},
		{"scroll cursor", "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM " + many + "; MOVE ALL c; MOVE BACKWARD ALL c; COMMIT", "53200"},
		{"RETURNING", "INSERT INTO rows SELECT * FROM (SELECT i, repeat('x', 100) || i AS t FROM generate_series(1, 100000) i) s RETURNING *", ""},
		{"RETURNING in WITH", "WITH w AS (INSERT INTO rows SELECT * FROM (SELECT i, repeat('x', 400) || i AS t FROM generate_series(1, 100000) i) s RETURNING *) SELECT count(*) FROM w", "53200"},
		{"array growing in PL/pgSQL", "DO $$ DECLARE a text[]; BEGIN FOR i IN 1..3000 LOOP a := a || repeat('x', 20000); END LOOP; END $$", ""},
		{"text growing in PL/pgSQL", "DO $$ DECLARE a text = 'x'; BEGIN FOR i IN 1..27 LOOP a := a || a; END LOOP; END $$", ""},
		{"RETURN NEXT", "CREATE FUNCTION f() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..1000000 LOOP RETURN NEXT repeat('x', 100); END LOOP; END $$; SELECT count(*) FROM f()", ""},
		{"RETURN QUERY", "CREATE FUNCTION g() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT t FROM " + many + "; END $$; SELECT count(*) FROM g()", ""},
		{"set in the select list", "SELECT count(*) FROM (SELECT generate_series(1, 10000000)) s", ""},
		{"set of timestamps", "SELECT count(*) FROM (SELECT generate_series('2000-01-01'::timestamp, '2300-01-01', '1 hour')) s", ""},
		{"function in the select list", "SELECT count(f) FROM (SELECT f()) s", "53200"},
		{"repeat", "SELECT length(repeat('x', 300000000))", "53200"},
		{"concatenated", "SELECT length(repeat('x', 30000000) || repeat('x', 30000000) || repeat('x', 30000000))", "53200"},
		{"array_fill", "SELECT array_length(array_fill('abc'::text, ARRAY[30000000]), 1)", "53200"},
		{"string_to_array", "SELECT array_length(string_to_array(repeat('x,', 10000000), ','), 1)", "53200"},
		{"regexp_split", "SELECT count(*) FROM regexp_split_to_table(repeat('x,', 300000), ',')", ""},
		{"lpad", "SELECT length(lpad('x', 300000000, 'y'))", "53200"},
		{"repeat over rows", "SELECT max(length(repeat('x', 1000000 + i))) FROM generate_series(1, 1000) i", "53200"},
		{"replace", "SELECT length(replace(repeat('x', 1000000), 'x', repeat('y', 300)))", ""},
		{"VALUES", "SELECT count(*) FROM (VALUES " + strings.Repeat("(1,'abc'),", 1000000) + "(2,'x')) v", "53200"},
		{"IN list", "SELECT 1 WHERE 5 IN (" + strings.Repeat("1,", 1000000) + "2)", "53200"},
		{"row locks", "BEGIN; SELECT i FROM rows FOR UPDATE; COMMIT", ""},
		{"savepoints", "BEGIN; " + strings.Repeat("SAVEPOINT a;", 20000) + "COMMIT", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			top := peak(func() { err = s.Simple(context.Background(), c.sql, session.Discard) })
			code := pgerr.CodeOf(err)
			s.Simple(context.Background(), "ROLLBACK", session.Discard)
			if code != c.code {
				t.Errorf("%q, expected %q: %v", code, c.code, err)
			}
			if top > 12*budget { // with what the collector has not got to yet
				t.Errorf("the heap grew by %d MB", top>>20)
			}
		})
	}
	t.Run("prepared statements", func(t *testing.T) {
		var err error
		n := 0
		top := peak(func() {
			for ; n < 100_000 && err == nil; n++ {
				err = s.Simple(context.Background(), fmt.Sprintf("PREPARE p%d AS SELECT i, t, %d FROM rows WHERE i = $1 AND t > $2 ORDER BY t", n, n), session.Discard)
			}
		})
		if pgerr.CodeOf(err) != pgerr.OutOfMemory || top > 12*budget {
			t.Errorf("%d statements: %v, the heap grew by %d MB", n, err, top>>20)
		}
		must("DEALLOCATE ALL")
		must("PREPARE p AS SELECT 1")
		must("DISCARD ALL")
	})
	if used := db.MemoryUsed(); used != 0 {
		t.Errorf("%d bytes were not given back", used)
	}
}
