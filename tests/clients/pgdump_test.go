package clients

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

// TestPgDump: what PostgreSQL's pg_dump writes of a database, in every format and by several
// connections at once, its pg_restore makes the same database of; createdb -T copies it.
func TestPgDump(t *testing.T) {
	for _, tool := range []string{"pg_dump", "pg_restore", "psql", "createdb", "dropdb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	u, err := url.Parse(serve(t, filepath.Join(t.TempDir(), "data")))
	if err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Env = append(os.Environ(), "PGHOST="+u.Hostname(), "PGPORT="+u.Port(), "PGUSER=postgres", "PGDATABASE=postgres")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	random := regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)
	text := func(database string) string {
		t.Helper()
		return random.ReplaceAllString(tool("pg_dump", database), "")
	}
	tool("createdb", "shop")
	tool("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "shop", "-f", "testdata/shop.sql")
	want := text("shop")
	sameAsPostgres(t, want)
	dir := t.TempDir()
	for _, way := range []struct {
		name          string
		dump, restore []string
	}{
		{"custom", []string{"-Fc"}, []string{"-j2"}},
		{"directory", []string{"-Fd", "-j2"}, []string{"-j2"}},
		{"tar", []string{"-Ft"}, nil},
		{"plain", []string{"-Fp"}, nil},
		{"inserts", []string{"-Fp", "--inserts", "--rows-per-insert=2"}, nil},
	} {
		file := filepath.Join(dir, way.name)
		tool("pg_dump", append(way.dump, "-f", file, "shop")...)
		tool("createdb", way.name)
		if way.dump[0] == "-Fp" {
			tool("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", way.name, "-f", file)
		} else {
			tool("pg_restore", append(way.restore, "-e", "-d", way.name, file)...)
		}
		if got := text(way.name); got != want {
			t.Errorf("%s: the database that was loaded is dumped as\n%s\nwant\n%s", way.name, got, want)
		}
	}
	tool("createdb", "-T", "shop", "copy")
	if got := text("copy"); got != want {
		t.Errorf("the copy is dumped as\n%s\nwant\n%s", got, want)
	}
	tool("dropdb", "shop")
	tool("pg_restore", "-e", "-C", "-d", "postgres", filepath.Join(dir, "custom"))
	if got := text("shop"); got != want {
		t.Errorf("what pg_restore -C made is dumped as\n%s\nwant\n%s", got, want)
	}
	tool("dropdb", "copy")

	u.Path = "/shop"
	c, err := pgx.Connect(context.Background(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var sum string
	if err := c.QueryRow(context.Background(), "SELECT sum(t)::text FROM app.totals").Scan(&sum); err != nil || sum != "20.50" {
		t.Errorf("totals %q %v", sum, err)
	}
}

// sameAsPostgres tells where a dump of testdata/shop.sql is not PostgreSQL's.
func sameAsPostgres(t *testing.T, dump string) {
	server := os.Getenv("ROWKEY_PG")
	if server == "" {
		t.Log("ROWKEY_PG is not set: no PostgreSQL 15 to compare the dump with")
		return
	}
	name := fmt.Sprintf("rk_shop_%d", os.Getpid())
	database, err := pgtest.MakeDatabase(server, name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if out, err := exec.Command("psql", "-d", server, "-c", "DROP DATABASE "+name, "-c", "DROP ROLE app_reader").CombinedOutput(); err != nil {
			t.Errorf("psql: %v\n%s", err, out)
		}
	}()
	if out, err := exec.Command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "testdata/shop.sql").CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	out, err := exec.Command("pg_dump", "-d", database).Output()
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`(?m)^((--|\\(un)?restrict).*)?\n`)
	got, want := strings.Split(plain.ReplaceAllString(dump, ""), "\n"), strings.Split(plain.ReplaceAllString(string(out), ""), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("the dump differs from PostgreSQL's from line %d on:\n%s\nwant\n%s", i, strings.Join(got[min(i, len(got)):min(i+8, len(got))], "\n"), strings.Join(want[min(i, len(want)):min(i+8, len(want))], "\n"))
			return
		}
	}
}
