package main

import (
	"strings"

	"rowkey/tests/psql"
)

// cut gives the output of each chunk: what stands between its echo and the
// next one's. A chunk whose echo is missing has the output "\x00".
func cut(out string, chunks []psql.Chunk) []string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	res := make([]string, len(chunks))
	last, from := -1, 0 // the chunk before, the line after its echo
	for k, c := range chunks {
		at := find(lines, from, c.Lines)
		if at < 0 {
			res[k] = "\x00"
			continue
		}
		if last >= 0 {
			res[last] = strings.Join(lines[from:at], "\n")
		}
		last, from = k, at+len(c.Lines)
	}
	if last >= 0 {
		res[last] = strings.Join(lines[from:], "\n")
	}
	return res
}

func find(lines []string, from int, want []string) int {
next:
	for i := from; i+len(want) <= len(lines); i++ {
		for j, w := range want {
			if lines[i+j] != w {
				continue next
			}
		}
		return i
	}
	return -1
}
