package introspection

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

//go:embed psql.sql
var psqlSchema string

//go:embed psql.txt
var psqlCommands string

// TestPsql runs psql's \d family over one schema on both sides. What it prints
// must be equal. Lists of built-in objects (part) lack lines that name an absent
// object (see explain), and no others.
func TestPsql(t *testing.T) {
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("psql is not installed")
	}
	pgURL, rkURL := databases(t)
	var commands []string
	for _, line := range strings.Split(psqlCommands, "\n") {
		if line != "" && line[0] != '#' {
			commands = append(commands, line)
		}
	}
	want, got := runPsql(t, pgURL, commands), runPsql(t, rkURL, commands)
	e := explain(t, connect(t, "PostgreSQL", pgURL, ""), connect(t, "rowkey", rkURL, ""))
	equal, part, lacking := 0, 0, 0
	for i, c := range commands {
		c, isPart := strings.CutPrefix(c, "part ")
		switch {
		case want[i] == got[i]:
			equal++
		case isPart:
			part++
			here := map[string]bool{}
			for _, l := range records(got[i]) {
				here[l] = true
			}
			wanted := map[string]bool{}
			for _, l := range records(want[i]) {
				wanted[l] = true
				if !here[l] {
					if lacking++; !e.names(l) && !strings.HasPrefix(c, `\dF`) { // there is no text search
						t.Errorf("%s lacks: %s", c, l)
					}
				}
			}
			for l := range here {
				schema, _, _ := strings.Cut(l, "|")
				if !wanted[l] && schema != "kv" && schema != "rowkey" && !e.own[operator(l)] {
					t.Errorf("%s: not in PostgreSQL's list: %s", c, l)
				}
			}
		default:
			t.Errorf("%s\n--- PostgreSQL\n%s\n--- rowkey\n%s", c, want[i], got[i])
		}
	}
	t.Logf("%d of %d commands print the same, %d lack lines (%d in all) of what is absent", equal, len(commands), part, lacking)
}

// records takes apart a list as unaligned gives it.
func records(list string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimSpace(list), "\x1e"), "\x1e")
}

// names tells whether a line of a list names an absent object.
func (e *explanation) names(line string) bool {
	cells := strings.Split(line, "|")
	for _, c := range cells {
		if e.absent[c] {
			return true
		}
		for _, word := range strings.Split(c, ", ") { // types of arguments
			if e.absent[word] {
				return true
			}
		}
	}
	// schema, name, result, arguments
	return len(cells) > 3 && e.absent[cells[1]+"("+cells[3]+")"] || e.absent[operator(line)]
}

// operator is the operator that a line of \do or \dAo is about.
func operator(line string) string {
	cells := strings.Split(line, "|")
	switch {
	case len(cells) < 4:
		return ""
	case strings.HasSuffix(cells[2], ")"):
		return cells[2]
	}
	return cells[1] + "(" + cells[2] + "," + cells[3] + ")"
}

// unaligned makes lists that can be taken apart, aligned takes that back.
const (
	unaligned = `\pset format unaligned` + "\n" + `\pset recordsep '\036'` + "\n" + `\pset footer off` + "\n"
	aligned   = `\pset format aligned` + "\n" + `\pset footer on` + "\n"
)

var (
	marker = regexp.MustCompile(`(?m)^@@(\d+)\n`)
	// What cannot be equal: sizes, object numbers in texts, names of files and
	// of temporary schemas, ports, and what rowkey has beyond PostgreSQL.
	unequal = []struct {
		re *regexp.Regexp
		to string
	}{
		{regexp.MustCompile(`(?m)^.*script\.sql:\d+: `), ""},
		{regexp.MustCompile(`pg_(toast_)?temp_\d+`), "pg_${1}temp"},
		{regexp.MustCompile(`port "\d+"`), "port"},
		{regexp.MustCompile(`\b\d+ (bytes|kB|MB|GB)\b`), "size"},
		{regexp.MustCompile(`'\d+'::oid`), "oid"},
		{regexp.MustCompile(`-{3,}`), "---"},
		{regexp.MustCompile(` +`), " "},
		{regexp.MustCompile(`(?m)^ (kv|rowkey) \|.*\n`), ""},
		{regexp.MustCompile(`(?m)^ (table|view|schema|function) (kv|rowkey)\b.*\n`), ""},
		{regexp.MustCompile(`(?m)^.*\| bytea \| (integer|text|text\[\]) \| (jsonb|text) \|.*\n`), ""},
		{regexp.MustCompile(`(?m)^ (List of .*|.*"public\..*")$`), "$1"}, // centered titles
		{regexp.MustCompile(`(?m)^\(\d+ rows?\)$`), "(rows)"},
	}
)

// runPsql makes the schema and gives what psql prints for each command.
func runPsql(t *testing.T, url string, commands []string) []string {
	t.Helper()
	var b strings.Builder
	b.WriteString(psqlSchema + "\\pset pager off\n")
	for i, c := range commands {
		c, isPart := strings.CutPrefix(c, "part ")
		if isPart {
			c = unaligned + c + "\n" + aligned
		}
		b.WriteString("\\qecho @@" + strconv.Itoa(i) + "\n" + c + "\n")
	}
	file := filepath.Join(t.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("psql", "-X", "-q", "-d", url, "-f", file).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	text := strings.ReplaceAll(string(out), "psql:", "")
	at := marker.FindAllStringSubmatchIndex(text, -1)
	if len(at) == 0 {
		t.Fatalf("psql printed\n%s", text)
	}
	if strings.Contains(text[:at[0][0]], "ERROR") {
		t.Errorf("making the schema:\n%s", text[:at[0][0]])
	}
	list := make([]string, len(commands))
	for i, m := range at {
		n, _ := strconv.Atoi(text[m[2]:m[3]])
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		s := text[m[1]:end]
		for _, u := range unequal {
			s = u.re.ReplaceAllString(s, u.to)
		}
		list[n] = s
	}
	return list
}

// mainNamed gives the main database of a rowkey server, the one with the key-value model, a
// name, which has to be done from another.
func mainNamed(t *testing.T, server, name string) string {
	t.Helper()
	other, err := pgtest.MakeDatabase(server, "naming")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	c, err := pgx.Connect(ctx, other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Exec(ctx, "ALTER DATABASE rowkey RENAME TO "+name)
	c.Close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c, err = pgx.Connect(ctx, inDatabase(server, name))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "DROP DATABASE naming"); err != nil {
		t.Fatal(err)
	}
	return inDatabase(server, name)
}

// databases gives the URLs of an empty database on either side, with one name.
func databases(t *testing.T) (pg, rk string) {
	t.Helper()
	pgURL := os.Getenv(pgtest.EnvURL)
	if pgURL == "" {
		t.Skip(pgtest.EnvURL + " is not set: no PostgreSQL 15 to compare with")
	}
	name := fmt.Sprintf("introspection%d", time.Now().UnixNano())
	rkURL := os.Getenv("ROWKEY_URL")
	if rkURL == "" {
		bin, err := pgtest.BuildRowkey(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		srv, err := pgtest.StartRowkey(bin, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(srv.Stop)
		rkURL = srv.URL
	}
	return freshDatabase(t, pgURL, name), mainNamed(t, rkURL, name)
}
