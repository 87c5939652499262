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
	srv, err := pgtest.StartRowkey(program, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	if _, err := pgtest.MakeDatabase(srv.URL, name); err != nil {
		t.Fatal(err)
	}
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
	samePrinted(t, printed)
}

// samePrinted compares what a program printed of both servers.
func samePrinted(t *testing.T, printed map[string]string) {
	t.Helper()
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

// TestNodeSQL runs programs of libraries for Node.js on PostgreSQL and rowkey: they print
// the same.
func TestNodeSQL(t *testing.T) {
	for _, script := range []struct {
		name     string
		packages []string
	}{
		{"node_sql", []string{"pg", "sequelize", "knex", "postgres", "kysely"}},
		{"typeorm", []string{"pg", "typeorm", "reflect-metadata"}},
	} {
		t.Run(script.name, func(t *testing.T) {
			node, env := needNode(t, script.packages...)
			printed := map[string]string{}
			for which, u := range ormServers(t) {
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
				defer cancel()
				c := exec.CommandContext(ctx, node, filepath.Join("testdata", script.name+".js"), u.Port(), strings.TrimPrefix(u.Path, "/"))
				c.Env = env
				out, err := c.CombinedOutput()
				if err != nil || !bytes.HasSuffix(out, []byte("done\n")) {
					t.Fatalf("%s: %v\n%s", which, err, out)
				}
				printed[which] = string(out)
			}
			samePrinted(t, printed)
		})
	}
}

// needNode skips a test unless Node.js has the packages, from npm (NODE_PATH, or where CI
// puts them) or Debian; env is what it is to be run with.
func needNode(t *testing.T, packages ...string) (node string, env []string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	paths := []string{os.Getenv("NODE_PATH"), "/usr/share/nodejs"}
	if cache, err := os.UserCacheDir(); err == nil {
		paths = append(paths, filepath.Join(cache, "rowkey", "node", "node_modules"))
	}
	env = append(os.Environ(), "NODE_PATH="+strings.Join(paths, ":"))
	for _, p := range packages {
		probe := exec.Command(node, "-e", "require('"+p+"')")
		probe.Env = env
		if probe.Run() != nil {
			t.Skipf("the npm package %s is not installed (.ci/run installs it under ~/.cache/rowkey/node)", p)
		}
	}
	return node, env
}
