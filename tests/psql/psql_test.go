package psql

import (
	"slices"
	"testing"
)

// Scripts are cut where psql sends; comments go with what follows, blank
// lines are not echoed, COPY's rows neither.
func TestSplit(t *testing.T) {
	src := "-- first\n\nSELECT 1;\nSELECT 'a;\n\n--b';\nCOPY t FROM stdin;\n1\n2\n\\.\nSELECT $x$;$x$; SELECT 2;\n\\d t\nSELECT 3 \\gset\nCREATE RULE r AS DO (a; b);\nCREATE FUNCTION f() BEGIN ATOMIC SELECT CASE\nWHEN a THEN b END;\nEND;\n"
	var got []string
	for _, c := range Split(src) {
		got = append(got, c.SQL)
	}
	want := []string{"SELECT 1;", "SELECT 'a;\n\n--b';", "COPY t FROM stdin;", "SELECT $x$;$x$; SELECT 2;", `\d t`, `SELECT 3 \gset`, "CREATE RULE r AS DO (a; b);",
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE\nWHEN a THEN b END;\nEND;"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
