package rowkey_test

import (
	"context"
	"strings"
	"testing"

	"rowkey"
)

// Statements that outgrow work_mem say so and give the same.
func TestWorkMem(t *testing.T) {
	ctx := context.Background()
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := db.SQL()
	defer c.Close()
	c.SetMaxOpenConns(1)
	exec := func(sql string) {
		t.Helper()
		if _, err := c.ExecContext(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	text := func(sql string) string {
		t.Helper()
		rows, err := c.QueryContext(ctx, sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		defer rows.Close()
		var all strings.Builder
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			all.WriteString(s + "\n")
		}
		return all.String()
	}
	exec(`CREATE TABLE t AS SELECT i AS id, i * 7919 % 30011 AS v, 'row ' || i AS name FROM generate_series(1, 30000) i`)
	for _, q := range []struct{ sql, shows string }{
		{`SELECT v || name FROM t ORDER BY name, v`, "external merge"},
		{`SELECT v || ':' || count(*) || ':' || max(name) FROM t GROUP BY v`, "Batches"},
		{`SELECT DISTINCT name || v FROM t`, "Batches"},
		{`SELECT a.name || b.name FROM t a JOIN t b ON a.id = b.v`, "Batches"},
		{`SELECT name || v FROM t INTERSECT SELECT name || v % 20000 FROM t`, "Batches"},
		{`SELECT name || v % 3 FROM t EXCEPT ALL SELECT name || v % 2 FROM t`, "Batches"},
		{`SELECT name || sum(v) OVER (PARTITION BY v % 7 ORDER BY id) || lag(name) OVER (PARTITION BY v % 7 ORDER BY id) FROM t`, "Disk Usage"},
		{`SELECT name || count(*) OVER () FROM t`, "Disk Usage"},
	} {
		exec(`SET enable_mergejoin = off; SET enable_nestloop = off`)
		exec(`SET work_mem = '1GB'`)
		want := text(`SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (` + q.sql + `) s(x)`)
		if p := text(`EXPLAIN ANALYZE ` + q.sql); strings.Contains(p, q.shows) {
			t.Errorf("%s: on disk though there is room\n%s", q.sql, p)
		}
		exec(`SET work_mem = '64kB'`)
		if got := text(`SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (` + q.sql + `) s(x)`); got != want {
			t.Errorf("%s: %s on disk, %s in memory", q.sql, got, want)
		}
		if p := text(`EXPLAIN ANALYZE ` + q.sql); !strings.Contains(p, q.shows) {
			t.Errorf("%s: not on disk\n%s", q.sql, p)
		}
	}
}
