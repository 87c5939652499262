package main

import (
	"os"
	"testing"
)

// TestSample: a sample of the corpus gives the answers the files say. Every
// statement runs, and every 300th query.
func TestSample(t *testing.T) {
	const dir = "../../../shared/sqllogictest"
	if _, err := os.Stat(dir + "/dev.tar.xz"); err != nil {
		t.Skip("the sqllogictest corpus is not beside the repository (../shared/sqllogictest)")
	}
	if err := run(true, 300, dir, 2, 5, 20, nil); err != nil {
		t.Error(err)
	}
}
