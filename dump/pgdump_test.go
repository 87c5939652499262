package dump_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// # PostgreSQL's own pg_dump dumps a rowkey server, and what it writes loads into
// PostgreSQL and rowkey without an error, where pg_dump writes the same again.
func TestPgDump(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	pgDump, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("pg_dump is not installed")
	}
	script, err := os.ReadFile("testdata/rich.sql")
	if err != nil {
		t.Fatal(err)
	}
	source := serve(t)
	load(t, psql, source, string(script))
	run := func(from string) string {
		t.Helper()
		c := exec.Command(pgDump, "--no-owner", from)
		var errs strings.Builder
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil || errs.Len() > 0 {
			t.Fatalf("pg_dump: %v\n%s", err, errs.String())
		}
		return string(out)
	}
	first := run(source)
	for _, no := range []string{"kv.", "rowkey.", "pg_catalog TO"} {
		if strings.Contains(first, " "+no) {
			t.Errorf("the dump speaks of %s…", no)
		}
	}
	t.Run("rowkey", func(t *testing.T) {
		again := serve(t)
		load(t, psql, again, first)
		sameLines(t, first, run(again))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		pg := emptyDatabase(t, "rowkey_pg_dump_test")
		load(t, psql, pg, first)
		onPg := run(pg)
		sameLines(t, first, onPg)
		// The other way: what pg_dump makes of PostgreSQL.
		back := serve(t)
		load(t, psql, back, onPg)
		sameLines(t, first, run(back))
	})
}

// sameLines compares what scripts do, in whatever order.
func sameLines(t *testing.T, want, got string) {
	t.Helper()
	lines := func(text string) []string {
		l := slices.DeleteFunc(strings.Split(text, "\n"), func(s string) bool {
			return s == "" || strings.HasPrefix(s, "--") || strings.HasPrefix(s, "\\")
		})
		slices.Sort(l)
		return l
	}
	w, g := lines(want), lines(got)
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			t.Fatalf("the second dump has\n  %s\nwhere the first has\n  %s", g[i], w[i])
		}
	}
	if len(w) != len(g) {
		t.Errorf("the second dump has %d lines, the first %d", len(g), len(w))
	}
}
