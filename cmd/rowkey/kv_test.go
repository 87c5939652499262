package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowkey"
)

// runKV runs "rowkey kv --data dir …" and gives what it prints, errors last.
func runKV(dir string, args ...string) string {
	cmd := kvCommand()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"--data", dir}, args...))
	if err := cmd.Execute(); err != nil {
		out.WriteString("error: " + err.Error() + "\n")
	}
	return out.String()
}

// "rowkey kv" shows a directory's pairs and changes nothing in it; while a
// server has the directory, it says so.
func TestKV(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	db, err := rowkey.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(context.Background(), `CREATE TABLE people (id int PRIMARY KEY, name text UNIQUE, note text);
		INSERT INTO people VALUES (7, 'Bo', E'two\nlines'), (8, NULL, NULL), (9, 'say "hi"/', '')`)
	if err != nil {
		t.Fatal(err)
	}
	if out := runKV(dir, "scan"); !strings.Contains(out, "in use by another process") {
		t.Errorf("beside an open database: %s", out)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	for _, c := range []struct {
		args string
		want string
	}{
		{"scan /Table/people", `/Table/people/people_pkey/7	id=7 name=Bo note=two\nlines
/Table/people/people_pkey/8	id=8
/Table/people/people_pkey/9	id=9 name=say "hi"/ note=
/Table/people/people_name_key/"Bo"	\x01052180000007
/Table/people/people_name_key/"say \"hi\"/"	\x01052180000009
/Table/people/people_name_key/NULL/8	\x
`},
		{"scan /Table/people --limit 2", `/Table/people/people_pkey/7	id=7 name=Bo note=two\nlines
/Table/people/people_pkey/8	id=8
`},
		{`scan /Table/people/people_name_key/"say\u0020\"hi\"/"`, `/Table/people/people_name_key/"say \"hi\"/"	\x01052180000009
`},
		{`get /Table/people/people_name_key/"Bo"`, `\x01052180000007
`},
		{"get /Table/people/1/9", `id=9 name=say "hi"/ note=
`},
		{"get /Table/people/1/99", `error: there is no key /Table/people/1/99
`},
		{"scan /Table/nobody", `error: ERROR: "/Table/nobody" is not the path of a key (SQLSTATE 22023)
`},
		{"decode 02000000010000000121 ff", `  key    0  02        part of the key space  Table
  key    1  00000001  table                  1
  key    5  00000001  index                  1
  key    9  21        unknown                
  value  0  ff        unknown                
`},
	} {
		got := runKV(dir, strings.Fields(c.args)...)
		if got != c.want {
			t.Errorf("%s prints\n%s\nnot\n%s", c.args, got, c.want)
		}
	}
	if out := runKV(dir, "scan", "--hex", "--decode", "--limit", "1", "/Table/people/people_pkey/7"); !strings.Contains(out, "two\\nlines\n  02") ||
		!strings.Contains(out, " two\\nlines\n") {
		t.Error(out)
	}
	if out := runKV(dir, "scan", "/Catalog"); !strings.Contains(out, `"Name":"people"`) {
		t.Error(out)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("the directory was\n%s\nand is\n%s", before, after)
	}
	if out := runKV(dir+"x", "scan"); !strings.Contains(out, "error: ") {
		t.Error(out)
	}
	if _, err := os.Stat(dir + "x"); err == nil {
		t.Error("looking made a directory")
	}
}

// listing names the files of a directory, with their contents.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			content, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// \kv shows each query's plan with its keys, behind its rows.
func TestShellKV(t *testing.T) {
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out bytes.Buffer
	sh := &shell{db: db, out: &out, errOut: &out}
	if err := sh.connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer sh.s.Close()
	for _, l := range []string{"CREATE TABLE t (a int PRIMARY KEY);", `\kv`, "INSERT INTO t VALUES (1);", "SELECT 1/0;", "SELECT a FROM t; SELECT 2;", `\kv`, "SELECT 3;"} {
		sh.line(l)
	}
	at := 0
	for _, want := range []string{"INSERT 0 1", "put /Table/t/t_pkey/1 (", "division by zero", "(1 row)", "scan /Table/t/t_pkey/… → 1 pair", " 2\n", "Result (actual", "Showing keys is off", " 3\n(1 row)\n"} {
		i := strings.Index(out.String()[at:], want)
		if i < 0 {
			t.Fatalf("%q does not follow in\n%s", want, out.String())
		}
		at += i + len(want)
	}
	if strings.Contains(out.String()[at:], "Result") {
		t.Error(out.String()[at:])
	}
}
