// Package clients tests the system from outside, as its users meet it: the
// server as a process, and real clients.
package clients

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"

	"rowkey"
	"rowkey/tests/pgtest"
)

// program is the program under test, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rowkey-clients")
	if err == nil {
		program, err = pgtest.BuildRowkey(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// serve starts a server; data "" is in memory.
func serve(t testing.TB, data string) string {
	t.Helper()
	s, err := pgtest.StartRowkey(program, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s.URL
}

const schema = `
CREATE TABLE Departments (ID int PRIMARY KEY, DepartmentName varchar(50));
CREATE TABLE Employees (ID int PRIMARY KEY, Name varchar(50), Age int, DepartmentID int REFERENCES Departments (ID));
INSERT INTO Departments VALUES (1, 'Engineering'), (2, 'Sales');
INSERT INTO Employees VALUES (1, 'Alice', 30, 1), (2, 'Bob', 24, 1), (3, 'Carol', 41, 2);
`

// join is the founding query, as it was written.
const join = `SELECT Employees.Name, Departments.DepartmentName FROM Employees JOIN Departments ON Employees.DepartmentID = Departments.ID WHERE Employees.Age > 25;`

var want = []string{"Alice|Engineering", "Carol|Sales"}

func check(t *testing.T, how string, got []string) {
	t.Helper()
	sort.Strings(got)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %q, want %q", how, got, want)
	}
}

// TestFoundingJoin: the founding join gives the same answer through every client, in memory and on disk.
func TestFoundingJoin(t *testing.T) {
	for _, where := range []string{"memory", "disk"} {
		t.Run(where, func(t *testing.T) {
			data := ""
			if where == "disk" {
				data = t.TempDir()
			}
			url := serve(t, data)
			ctx := context.Background()
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			if _, err := conn.Exec(ctx, schema, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe,
				pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
				rows, err := conn.Query(ctx, join, mode)
				if err != nil {
					t.Errorf("pgx %v: %v", mode, err)
					continue
				}
				var got []string
				for rows.Next() {
					var name, dep string
					if err := rows.Scan(&name, &dep); err != nil {
						t.Errorf("pgx %v: %v", mode, err)
					}
					got = append(got, name+"|"+dep)
				}
				if rows.Err() != nil {
					t.Errorf("pgx %v: %v", mode, rows.Err())
				}
				check(t, fmt.Sprint("pgx ", mode), got)
			}
			for _, driver := range []string{"pgx", "postgres"} { // pgx/stdlib, lib/pq
				db, err := sql.Open(driver, url)
				if err != nil {
					t.Fatal(err)
				}
				check(t, driver, sqlRows(t, db))
				db.Close()
			}
			if _, err := exec.LookPath("psql"); err != nil {
				t.Log("psql is not installed: not tested")
			} else {
				out, err := exec.Command("psql", "-X", "-A", "-t", "-c", join, url).CombinedOutput()
				if err != nil {
					t.Errorf("psql: %v: %s", err, out)
				}
				check(t, "psql", strings.Split(strings.TrimSpace(string(out)), "\n"))
			}
		})
		t.Run("embedded "+where, func(t *testing.T) {
			path := rowkey.Memory
			if where == "disk" {
				path = t.TempDir()
			}
			db, err := rowkey.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			ctx := context.Background()
			if _, err := db.Exec(ctx, schema); err != nil {
				t.Fatal(err)
			}
			rows, err := db.Query(ctx, join)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for rows.Next() {
				var name, dep string
				if err := rows.Scan(&name, &dep); err != nil {
					t.Fatal(err)
				}
				got = append(got, name+"|"+dep)
			}
			check(t, "native", got)
			check(t, "db.SQL()", sqlRows(t, db.SQL()))
		})
	}
}

func sqlRows(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.Query(join)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name, dep string
		if err := rows.Scan(&name, &dep); err != nil {
			t.Error(err)
		}
		got = append(got, name+"|"+dep)
	}
	return got
}

// TestDemo: the demo runs to its end without any client and shows the join's answer and the entry.
func TestDemo(t *testing.T) {
	out, err := exec.Command(program, "demo").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range []string{"Carol", "Engineering", "/Table/", `GET user:100 → {"name": "Alice", "age": 30}`} {
		if !bytes.Contains(out, []byte(part)) {
			t.Errorf("the demo does not show %q:\n%s", part, out)
		}
	}
}

// TestPortTaken: a port that was asked for and is taken gives a clear error.
func TestPortTaken(t *testing.T) {
	url := serve(t, "")
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "serve", "--listen", fmt.Sprintf("127.0.0.1:%d", cfg.Port)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is taken") {
		t.Errorf("got %v: %s", err, out)
	}
	out, err = exec.Command(program, "serve", "--listen", "0.0.0.0:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "clients are not authenticated") {
		t.Errorf("got %v: %s", err, out)
	}
}

// TestDirectoryTaken: a second process on a directory is refused.
func TestDirectoryTaken(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	out, err := exec.Command(program, "sql", "--data", dir, "-c", "SELECT 1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("got %v: %s", err, out)
	}
}
