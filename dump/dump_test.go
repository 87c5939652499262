package dump_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey"
	"rowkey/dump"
)

// # A dump is loaded by psql without an error, by PostgreSQL 15 and by rowkey, and
// dumping either again gives the same text.
func TestRoundTrip(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	ctx := context.Background()
	script, err := os.ReadFile("testdata/rich.sql")
	if err != nil {
		t.Fatal(err)
	}
	source := serve(t)
	load(t, psql, source, string(script))
	first := dumped(t, ctx, source)
	for _, want := range []string{"CREATE TYPE app.mood AS ENUM", "PARTITION BY RANGE (at)", "ATTACH PARTITION", "COPY app.child ", "setval('app.free', 8, true)"} {
		if !strings.Contains(first, want) {
			t.Errorf("the dump has no %s", want)
		}
	}
	t.Run("rowkey", func(t *testing.T) {
		again := serve(t)
		load(t, psql, again, first)
		same(t, first, dumped(t, ctx, again))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		pg := emptyDatabase(t, "rowkey_dump_test")
		load(t, psql, pg, first)
		same(t, first, dumped(t, ctx, pg))
	})
}

// emptyDatabase makes a database of PostgreSQL for the test and gives its address.
func emptyDatabase(t *testing.T, name string) string {
	t.Helper()
	ctx := context.Background()
	pg := os.Getenv("ROWKEY_PG")
	if pg == "" {
		t.Skip("ROWKEY_PG names no PostgreSQL server")
	}
	conn, err := pgx.Connect(ctx, pg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if conn, err := pgx.Connect(ctx, pg); err == nil {
			conn.Exec(ctx, "DROP DATABASE "+name)
			conn.Close(ctx)
		}
	})
	u, err := url.Parse(pg)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// serve serves a new database and gives its address.
func serve(t *testing.T) string {
	t.Helper()
	db, err := rowkey.Open("")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { db.Server().Serve(ctx, l); close(done) }()
	t.Cleanup(func() { stop(); l.Close(); <-done; db.Close() })
	return "postgres://postgres@" + l.Addr().String() + "/rowkey?sslmode=disable"
}

func load(t *testing.T, psql, to, text string) {
	t.Helper()
	c := exec.Command(psql, "-q", "-X", "-v", "ON_ERROR_STOP=1", to)
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
}

func dumped(t *testing.T, ctx context.Context, from string) string {
	t.Helper()
	conn, err := pgx.Connect(ctx, from)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var b bytes.Buffer
	if err := dump.Dump(ctx, conn, &b, dump.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func same(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			t.Fatalf("line %d of the second dump is\n  %s\nnot\n  %s", i+1, g[i], w[i])
		}
	}
	if len(w) != len(g) {
		t.Errorf("the second dump has %d lines, the first %d", len(g), len(w))
	}
}
