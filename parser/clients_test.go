package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every statement that a real client was seen to send must parse, and print as
// SQL that parses to the same tree.

// clientStatements reads the captured statements; none if they are not at hand.
func clientStatements(t testing.TB) []string {
	files, _ := filepath.Glob("../../shared/data/client-statements/*.sql.txt")
	if len(files) == 0 {
		t.Skip("no captured client statements beside the repository")
	}
	var list []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split(string(text), "\n----\n") {
			if _, body, ok := strings.Cut(s, "\n"); ok && strings.HasPrefix(s, "-- client:") {
				s = body
			}
			if s = strings.TrimSuffix(strings.TrimSpace(s), "\n----"); strings.TrimSpace(s) != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

func TestClientStatements(t *testing.T) {
	list := clientStatements(t)
	for _, s := range list {
		if _, err := Parse(s); err != nil {
			t.Errorf("%v at %d\n%s", err, err.(*Error).Position, s)
		}
	}
	t.Logf("%d statements", len(list))
}
