package compare

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey"
	"rowkey/tests/pgtest"
)

// postgres gives the URL of the server to compare with.
func postgres(t testing.TB) string {
	t.Helper()
	url := os.Getenv(pgtest.EnvURL)
	if url == "" {
		t.Skipf("%s is not set: there is no PostgreSQL to compare with", pgtest.EnvURL)
	}
	return url
}

// pair connects to a fresh database of both servers.
func pair(t testing.TB, name string) (pg, rk func() *Client) {
	t.Helper()
	url := postgres(t)
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	for _, sql := range []string{"DROP DATABASE IF EXISTS %s WITH (FORCE)", "CREATE DATABASE %s TEMPLATE template0"} {
		if _, err := admin.Exec(ctx, fmt.Sprintf(sql, pgx.Identifier{name}.Sanitize())); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		admin, err := pgx.Connect(ctx, url)
		if err != nil {
			return
		}
		defer admin.Close(ctx)
		admin.Exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", pgx.Identifier{name}.Sanitize()))
	})
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	pg = func() *Client {
		nc, err := net.Dial("tcp", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewClient(nc, cfg.User, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	db, err := rowkey.Open(rowkey.Memory, rowkey.WithDatabase(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	go db.Server().Serve(serve, l)
	rk = func() *Client {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewClient(nc, cfg.User, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	return pg, rk
}

// alone waits for other processes that run the scripts on the same server, whose roles all its
// databases share, and removes what processes that were killed have left behind.
func alone(t *testing.T) {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close(ctx) }) // and with it the lock
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock(hashtext('rowkey: scripts compared'))"); err != nil {
		t.Fatal(err)
	}
	rows, err := admin.Query(ctx, `SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname ~ '^cmp_.*_(simple|extended)_[0-9]+$'
		UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname ~ '^rk_(priv|role)_'`)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range left {
		if _, err := admin.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// TestScripts: rowkey answers every statement of the scripts as PostgreSQL does.
func TestScripts(t *testing.T) {
	postgres(t)
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	alone(t)
	total := 0
	for _, f := range files {
		script, err := ReadScript(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		for _, mode := range []string{"simple", "extended"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				total += runScript(t, fmt.Sprintf("cmp_%s_%s_%d", name, mode, os.Getpid()), f, script, mode == "extended")
			})
		}
	}
	t.Logf("%d statements compared", total)
}

func runScript(t *testing.T, database, file string, script []Statement, extended bool) (n int) {
	newPG, newRK := pair(t, database)
	pg, rk := newPG(), newRK()
	for i := range script {
		st := &script[i]
		ext := extended && !st.SimpleOnly && !strings.Contains(st.SQL, ";;")
		want, err := pg.Run(st, ext)
		if err != nil {
			t.Fatalf("%s:%d: PostgreSQL: %v\n%s", file, st.Line, err, st.SQL)
		}
		got, err := rk.Run(st, ext)
		if err != nil {
			t.Fatalf("%s:%d: rowkey: %v\n%s", file, st.Line, err, st.SQL)
		}
		n++
		differs := st.Differs
		if st.DiffersIn != "" && (st.DiffersIn == "extended") != ext {
			differs = ""
		}
		w, g := strings.Join(want, "\n  "), strings.Join(got, "\n  ")
		switch {
		case w == g && differs != "":
			t.Errorf("%s:%d: said to differ (%s), and does not: %s\n  %s", file, st.Line, differs, st.SQL, g)
		case w != g && differs == "":
			t.Errorf("%s:%d: %s\n PostgreSQL:\n  %s\n rowkey:\n  %s", file, st.Line, st.SQL, w, g)
		}
	}
	return n
}
