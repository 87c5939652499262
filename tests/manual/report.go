package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// figures is the file with the number of equal statements of each chapter.
const figures = "tests/manual/testdata/equal.txt"

// report prints what came of the chapters; it fails when fewer statements of one are equal than its figure says.
func report(chapters []*chapter, rewrite bool) error {
	least, err := readFigures()
	if err != nil {
		return err
	}
	all := &chapter{name: "all"}
	var fewer []string
	var file strings.Builder
	for _, c := range chapters {
		c.print()
		all.total += c.total
		all.equal += c.equal
		all.failing += c.failing
		all.refused += c.refused
		fmt.Fprintf(&file, "%s %d\n", c.name, c.equal)
		if c.equal < least[c.name] {
			fewer = append(fewer, fmt.Sprintf("%s: %d, not %d", c.name, c.equal, least[c.name]))
		}
	}
	all.print()
	if rewrite {
		return os.WriteFile(figures, []byte(file.String()), 0o666)
	}
	if len(fewer) > 0 {
		return fmt.Errorf("fewer statements are equal than %s says: %s", figures, strings.Join(fewer, "; "))
	}
	return nil
}

func (c *chapter) print() {
	fmt.Printf("%-15s %5d statements: %5d equal (%4d errors among them), %4d refused, %4d different\n",
		c.name, c.total, c.equal, c.failing, c.refused, c.total-c.equal-c.refused)
}

func readFigures() (map[string]int, error) {
	f, err := os.Open(figures)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]int{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var name string
		var n int
		if _, err := fmt.Sscan(sc.Text(), &name, &n); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", figures, sc.Text(), err)
		}
		out[name] = n
	}
	return out, nil
}

// writeList writes every difference with both answers.
func writeList(path string, chapters []*chapter) error {
	var b strings.Builder
	for _, c := range chapters {
		for _, d := range c.diffs {
			fmt.Fprintf(&b, "=== %s\n%s\n--- PostgreSQL\n%s\n--- rowkey\n%s\n\n", d.page, d.sql, strings.Join(d.want, "\n"), strings.Join(d.got, "\n"))
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}
