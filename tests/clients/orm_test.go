package clients

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

// needPython skips a test unless Python has the modules.
func needPython(t *testing.T, modules ...string) {
	t.Helper()
	for _, m := range modules {
		if err := exec.Command(debianPython, "-c", "import "+m).Run(); err != nil {
			t.Skipf("%s has no module %s", debianPython, m)
		}
	}
}

// ormServers gives a fresh database of PostgreSQL and a fresh rowkey server.
func ormServers(t *testing.T) (servers map[string]*url.URL) {
	t.Helper()
	pg := os.Getenv(pgtest.EnvURL)
	if pg == "" {
		t.Skip(pgtest.EnvURL + " is not set: no PostgreSQL 15 to compare with")
	}
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, pg)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("orm%d", time.Now().UnixNano())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		admin.Close(ctx)
	})
	bin, err := pgtest.BuildRowkey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := pgtest.StartRowkey(bin, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	servers = map[string]*url.URL{}
	for which, text := range map[string]string{"PostgreSQL": pg, "rowkey": srv.URL} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + name
		servers[which] = u
	}
	return servers
}

// TestDjango runs one Django program on PostgreSQL and rowkey: it prints the same.
func TestDjango(t *testing.T) {
	needPython(t, "django", "psycopg2")
	printed := map[string]string{}
	for which, u := range ormServers(t) {
		dir := t.TempDir() // Django writes its migrations there
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "django"))); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(debianPython, "-W", "ignore", "work.py")
		c.Dir = dir
		c.Env = append(os.Environ(), "DATABASE_HOST="+u.Hostname(), "DATABASE_PORT="+u.Port(), "DATABASE_NAME="+strings.TrimPrefix(u.Path, "/"), "PYTHONDONTWRITEBYTECODE=1")
		out, err := c.CombinedOutput()
		if err != nil || !bytes.HasSuffix(out, []byte("done\n")) {
			t.Fatalf("%s: %v\n%s", which, err, out)
		}
		printed[which] = string(out)
	}
	want, got := strings.Split(printed["PostgreSQL"], "\n"), strings.Split(printed["rowkey"], "\n")
	for i := range max(len(want), len(got)) {
		w, g := "", ""
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			t.Errorf("line %d\n  want %s\n  got  %s", i+1, w, g)
		}
	}
}
