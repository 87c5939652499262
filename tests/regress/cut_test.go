package main

import (
	"slices"
	"testing"

	"rowkey/tests/psql"
)

func TestCut(t *testing.T) {
	chunks := psql.Split("SELECT 1;\nSELECT 2;\nSELECT 3;\n")
	got := cut("SELECT 1;\n1\nSELECT 2;\nSELECT 3;\n3\n\n", chunks)
	if want := []string{"1", "", "3\n"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := cut("SELECT 1;\n1", chunks); got[1] != "\x00" || got[0] != "1" {
		t.Errorf("got %q", got)
	}
}
