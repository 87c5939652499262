package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rowkey"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the output blocks of the pages")

// TestPages: the snippets of the pages print what the pages say. A block of
// SQL is followed by a block of text, its output; all of a page run in one
// session on a database of its own.
func TestPages(t *testing.T) {
	for _, path := range []string{"../../docs/tour.md", "testdata/keytrace.md", "testdata/keyfuncs.md"} {
		t.Run(filepath.Base(path), func(t *testing.T) { runPage(t, path) })
	}
}

func runPage(t *testing.T, path string) {
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
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
	parts := strings.Split(string(src), "```")
	// parts alternate: prose, block, prose, block …; a block begins with its language.
	ran := 0
	for i := 1; i+2 < len(parts); i += 2 {
		sql, ok := strings.CutPrefix(parts[i], "sql\n")
		if !ok {
			continue
		}
		want, ok := strings.CutPrefix(parts[i+2], "text\n")
		if !ok {
			t.Fatalf("this block has no output behind it:\n%s", sql)
		}
		out.Reset()
		if err := sh.run(sql); err != nil {
			sh.complain(err, sql)
		}
		ran++
		got := trimLines(out.String())
		if *rewrite {
			parts[i+2] = "text\n" + got
			continue
		}
		if got != want {
			t.Errorf("%s\nprints\n%s\nthe page says\n%s", sql, got, want)
		}
	}
	if ran == 0 {
		t.Error("the page has no snippets")
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(parts, "```")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
