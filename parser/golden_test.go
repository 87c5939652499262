package parser

import (
	"os"
	"strings"
	"testing"
)

// The trees of testdata/query_golden.txt: each statement is followed by its
// tree, with positions, or by its error. `go test -rewrite` writes them anew.
func TestQueryGolden(t *testing.T) {
	const file = "testdata/query_golden.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		if strings.HasPrefix(block, "# ") {
			out.WriteString(block + "\n\n")
			continue
		}
		sql, want, _ := strings.Cut(block, "\n----\n")
		got := golden(sql)
		out.WriteString(sql + "\n----\n" + got + "\n\n")
		if got != want && !*rewrite {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func golden(sql string) string {
	list, err := Parse(sql)
	if err != nil {
		e := err.(*Error)
		s := "ERROR " + e.Code + " at " + itoa(e.Position) + ": " + e.Message
		if e.Hint != "" {
			s += "\nHINT: " + e.Hint
		}
		return s
	}
	var lines []string
	for _, raw := range list {
		lines = append(lines, dump(raw.Stmt, true))
	}
	return strings.Join(lines, "\n")
}

// The golden statements' errors are PostgreSQL's.
func TestQueryGoldenLikePostgres(t *testing.T) {
	o := newOracle(t)
	text, err := os.ReadFile("testdata/query_golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		sql, _, ok := strings.Cut(block, "\n----\n")
		if !ok {
			continue
		}
		theirs := o.refusal(t, sql)
		_, err := Parse(sql)
		if theirs == nil && err != nil && strings.HasPrefix(err.(*Error).Message, "type modifiers") {
			continue // theirs comes later, in analysis
		}
		switch {
		case err == nil && theirs != nil:
			t.Errorf("%s\ntaken; theirs %s %s at %d", sql, theirs.Code, theirs.Message, theirs.Position)
		case err != nil:
			ours := err.(*Error)
			if theirs == nil && ours.Code != codeUnsupported || theirs != nil && (theirs.Message != ours.Message ||
				theirs.Code != ours.Code || int(theirs.Position) != ours.Position || theirs.Hint != ours.Hint) {
				t.Errorf("%s\nours   %s %s at %d\ntheirs %s", sql, ours.Code, ours.Message, ours.Position, describe(theirs))
			}
		}
	}
}
