package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// expected is what PostgreSQL has written for a specification: a main form and
// perhaps others, each cut into permutations.
type expected [][]string

const permStart = "starting permutation:"

func readExpected(dir, name string) (expected, error) {
	var out expected
	for i := 0; i < 10; i++ {
		file := name + ".out"
		if i > 0 {
			file = fmt.Sprintf("%s_%d.out", name, i)
		}
		text, err := os.ReadFile(filepath.Join(dir, "expected", file))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, cut(string(text)))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no expected output for %s", name)
	}
	return out, nil
}

// cut splits an output at the lines that begin permutations.
func cut(text string) []string {
	parts := strings.Split(text, "\n"+permStart)
	var out []string
	for _, p := range parts[1:] {
		out = append(out, permStart+strings.TrimRight(p, "\n")+"\n")
	}
	return out
}

// matches tells whether the output of permutation i is as in one of the forms.
func (e expected) matches(i int, got string) bool {
	got = strings.TrimRight(got, "\n") + "\n"
	for _, form := range e {
		if i < len(form) && form[i] == got {
			return true
		}
	}
	return false
}

// diff shows where the output leaves the expected one: that of the form it
// follows longest.
func (e expected) diff(i int, got string) string {
	g := strings.Split(strings.TrimRight(got, "\n"), "\n")
	best, want := -1, []string(nil)
	for _, form := range e {
		if i >= len(form) {
			continue
		}
		w := strings.Split(strings.TrimRight(form[i], "\n"), "\n")
		n := 0
		for n < len(w) && n < len(g) && w[n] == g[n] {
			n++
		}
		if n > best {
			best, want = n, w
		}
	}
	if best < 0 {
		return fmt.Sprintf("permutation %d is not in the expected output\n%s", i+1, got)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", g[0])
	for k := max(1, best-3); k < best; k++ {
		fmt.Fprintf(&b, "  %s\n", g[k])
	}
	for k := best; k < min(best+6, len(want)); k++ {
		fmt.Fprintf(&b, "- %s\n", want[k])
	}
	for k := best; k < min(best+6, len(g)); k++ {
		fmt.Fprintf(&b, "+ %s\n", g[k])
	}
	return b.String()
}
