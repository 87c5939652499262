package main

import (
	"slices"
	"testing"
)

// Scripts are cut where psql sends; comments go with what follows, blank
// lines are not echoed, COPY's rows neither.
func TestSplit(t *testing.T) {
	src := "-- first\n\nSELECT 1;\nSELECT 'a;\n\n--b';\nCOPY t FROM stdin;\n1\n2\n\\.\nSELECT $x$;$x$; SELECT 2;\n\\d t\nSELECT 3 \\gset\nCREATE RULE r AS DO (a; b);\n"
	var got []string
	for _, c := range split(src) {
		got = append(got, c.sql)
	}
	want := []string{"SELECT 1;", "SELECT 'a;\n\n--b';", "COPY t FROM stdin;", "SELECT $x$;$x$; SELECT 2;", `\d t`, `SELECT 3 \gset`, "CREATE RULE r AS DO (a; b);"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestCut(t *testing.T) {
	chunks := split("SELECT 1;\nSELECT 2;\nSELECT 3;\n")
	got := cut("SELECT 1;\n1\nSELECT 2;\nSELECT 3;\n3\n\n", chunks)
	if want := []string{"1", "", "3\n"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := cut("SELECT 1;\n1", chunks); got[1] != "\x00" || got[0] != "1" {
		t.Errorf("got %q", got)
	}
}
