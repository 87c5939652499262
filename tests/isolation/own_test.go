package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowkey/tests/pgtest"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/expected from what PostgreSQL answers")

// TestOwn runs the specifications of our own in testdata/specs: what was once wrong
// here and PostgreSQL's specifications do not show in make test. What is expected is
// what PostgreSQL wrote (go test -rewrite, with ROWKEY_PG), and where there is one it
// is asked again.
func TestOwn(t *testing.T) {
	const dir = "testdata"
	files, err := filepath.Glob(filepath.Join(dir, "specs", "*.spec"))
	if err != nil || len(files) == 0 {
		t.Fatal("no specifications", err)
	}
	postgres := os.Getenv(pgtest.EnvURL)
	if *rewrite && postgres == "" {
		t.Fatal(pgtest.EnvURL + " is not set")
	}
	if postgres != "" { // others' snapshots are waited for by some
		postgres = ownDatabase(t, postgres)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".spec")
		t.Run(name, func(t *testing.T) {
			if *rewrite {
				out := output(t, file, postgres)
				if err := os.WriteFile(filepath.Join(dir, "expected", name+".out"), []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			urls := map[string]string{"rowkey": ""}
			if postgres != "" {
				urls["postgres"] = postgres
			}
			for server, url := range urls {
				h := &harness{dir: dir, url: url, limit: 10 * time.Second}
				o := h.runSpec(name)
				if o.err != nil || o.equal == 0 || o.equal != o.counted || o.refused > 0 || o.unusable != "" {
					t.Errorf("%s: %d of %d, %d refused: %v %s %s\n%s", server, o.equal, o.counted, o.refused, o.err, o.reason, o.unusable, strings.Join(o.diffs, "\n"))
				}
			}
		})
	}
}

// output is what a server answers to all permutations of a specification.
func output(t *testing.T, file, url string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseSpec(string(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRunner(context.Background(), url, s, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	var out strings.Builder
	out.WriteString("\n")
	for _, perm := range s.permutations {
		got, err := r.run(perm)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(got + "\n")
	}
	return out.String()
}
