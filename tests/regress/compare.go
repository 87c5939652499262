package main

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"rowkey/tests/psql"
)

// A diff is a statement whose output differs.
type diff struct {
	script    string
	sql       string
	want, got string
	cause     string
}

func compare(script string, chunks []psql.Chunk, want, got []string) (equal, total int, diffs []diff) {
	for i, c := range chunks {
		if c.SQL == "" || want[i] == "\x00" {
			continue
		}
		total++
		if want[i] == got[i] {
			equal++
			continue
		}
		diffs = append(diffs, diff{script, c.SQL, want[i], got[i], cause(want[i], got[i])})
	}
	return equal, total, diffs
}

// cause names the first difference so that alike ones are named alike.
func cause(want, got string) string {
	if got == "\x00" {
		return "not reached"
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	sw, sg := slices.Clone(w), slices.Clone(g)
	sort.Strings(sw)
	sort.Strings(sg)
	if slices.Equal(sw, sg) {
		return "rows in another order"
	}
	if strings.Contains(want, "QUERY PLAN") && strings.Contains(got, "QUERY PLAN") {
		return "another plan in EXPLAIN"
	}
	if l := firstWith(g, "ERROR:"); l != "" && l != firstWith(w, "ERROR:") {
		if e := firstWith(w, "ERROR:"); e != "" {
			return "another error: " + shape(l) + "   for   " + shape(e)
		}
		return shape(l)
	}
	if l := firstWith(w, "ERROR:"); l != "" && firstWith(g, "ERROR:") == "" {
		return "no error: " + shape(l)
	}
	for i := 0; ; i++ {
		switch {
		case i >= len(w):
			return "a line too many: " + shape(g[i])
		case i >= len(g):
			return "a line is missing: " + shape(w[i])
		case w[i] != g[i]:
			for _, p := range []string{"LINE ", "HINT:", "DETAIL:", "NOTICE:", "CONTEXT:", "WARNING:"} {
				if strings.HasPrefix(w[i], p) || strings.HasPrefix(g[i], p) {
					return "another line: " + shape(g[i]) + "   for   " + shape(w[i])
				}
			}
			return "another output"
		}
	}
}

func firstWith(lines []string, prefix string) string {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}

// shape is a line without its names and numbers.
func shape(l string) string {
	var b strings.Builder
	quoted := false
	for _, r := range l {
		switch {
		case r == '"':
			if quoted = !quoted; quoted {
				b.WriteString(`"…"`)
			}
		case quoted:
		case r >= '0' && r <= '9':
			if !strings.HasSuffix(b.String(), "#") {
				b.WriteByte('#')
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func report(results []*result, show, limit int, took time.Duration) error {
	byCause := map[string][]diff{}
	var internal []diff
	total, equal, troubles := 0, 0, 0
	for _, r := range results {
		fmt.Printf("%-20s %5d of %5d statements equal  %5.1f %%  %5.1f s\n", r.name, r.equal, r.total, share(r.equal, r.total), r.took.Seconds())
		total += r.total
		equal += r.equal
		for _, d := range r.diffs {
			byCause[d.cause] = append(byCause[d.cause], d)
			if strings.Contains(d.got, "internal error") {
				internal = append(internal, d)
			}
		}
	}
	fmt.Println()
	names := make([]string, 0, len(byCause))
	for c := range byCause {
		names = append(names, c)
	}
	sort.Slice(names, func(i, j int) bool {
		if len(byCause[names[i]]) != len(byCause[names[j]]) {
			return len(byCause[names[i]]) > len(byCause[names[j]])
		}
		return names[i] < names[j]
	})
	for i, c := range names {
		if i == limit {
			fmt.Printf("… and %d more causes\n", len(names)-limit)
			break
		}
		fmt.Printf("%5d  %s\n", len(byCause[c]), c)
		for _, d := range byCause[c][:min(show, len(byCause[c]))] {
			fmt.Printf("       %s: %s\n", d.script, oneLine(d.sql, 140))
		}
	}
	for _, d := range internal {
		fmt.Printf("\n!!! %s: internal error: %s\n", d.script, oneLine(d.sql, 140))
	}
	for _, r := range results {
		if r.trouble != "" {
			troubles++
			fmt.Printf("\n!!! %s: %s\n", r.name, r.trouble)
		}
	}
	fmt.Printf("\n%d scripts, %.0f s: %d of %d statements equal (%.1f %%)\n", len(results), took.Seconds(), equal, total, share(equal, total))
	if troubles > 0 {
		return fmt.Errorf("%d scripts crashed, hung or did not run", troubles)
	}
	return nil
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

func oneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// writeList writes every difference with both outputs.
func writeList(path string, results []*result) error {
	var b strings.Builder
	for _, r := range results {
		for _, d := range r.diffs {
			fmt.Fprintf(&b, "=== %s: %s\n%s\n--- expected\n%s\n--- got\n%s\n\n", d.script, d.cause, d.sql, d.want, strings.ReplaceAll(d.got, "\x00", "(not reached)"))
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}
