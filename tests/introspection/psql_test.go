package introspection

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rowkey/tests/pgtest"
)

//go:embed psql.sql
var psqlSchema string

//go:embed psql.txt
var psqlCommands string

// TestPsql runs psql's \d family over one schema on both sides. What it prints
// about the schema must be equal; lists of built-in objects may be shorter here,
// but hold nothing that PostgreSQL's do not.
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
	equal, part := 0, 0
	for i, c := range commands {
		c, isPart := strings.CutPrefix(c, "part ")
		switch {
		case want[i] == got[i]:
			equal++
		case isPart:
			part++
			have := map[string]bool{}
			for _, l := range strings.Split(want[i], "\n") {
				have[l] = true
			}
			for _, l := range strings.Split(got[i], "\n") {
				if !have[l] && !countLine.MatchString(l) {
					t.Errorf("%s: not in PostgreSQL's list: %s", c, l)
				}
			}
		default:
			t.Errorf("%s\n--- PostgreSQL\n%s\n--- rowkey\n%s", c, want[i], got[i])
		}
	}
	t.Logf("%d of %d commands print the same, %d a part", equal, len(commands), part)
}

var (
	countLine = regexp.MustCompile(`^\(\d+ rows?\)$`)
	marker    = regexp.MustCompile(`(?m)^@@(\d+)\n`)
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
		b.WriteString("\\qecho @@" + strconv.Itoa(i) + "\n" + strings.TrimPrefix(c, "part ") + "\n")
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

// databases gives the URLs of an empty database on either side, with one name.
func databases(t *testing.T) (pg, rk string) {
	t.Helper()
	pgURL := os.Getenv(pgtest.EnvURL)
	if pgURL == "" {
		t.Skip(pgtest.EnvURL + " is not set: no PostgreSQL 15 to compare with")
	}
	pg, db := freshDatabase(t, pgURL)
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
	return pg, inDatabase(rkURL, db)
}
