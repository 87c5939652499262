package main

import (
	"fmt"
	"strings"
)

// result is one statement's answer.
type result struct {
	cols   []string
	rows   [][]string // NULL is empty
	hasSet bool
	err    *errorInfo
}

type errorInfo struct{ severity, code, message string }

// print writes a result set as libpq's PQprint does with headers and alignment.
func (r *result) print(b *strings.Builder) {
	n := len(r.cols)
	if n == 0 {
		return
	}
	width := make([]int, n)
	text := make([]bool, n)
	for i, c := range r.cols {
		width[i] = len(c)
	}
	for _, row := range r.rows {
		for i, v := range row {
			width[i] = max(width[i], len(v))
			text[i] = text[i] || v != "" && !looksNumeric(v)
		}
	}
	line := func(vs []string) {
		for i, v := range vs {
			if i > 0 {
				b.WriteByte('|')
			}
			if text[i] {
				fmt.Fprintf(b, "%-*s", width[i], v)
			} else {
				fmt.Fprintf(b, "%*s", width[i], v)
			}
		}
		b.WriteByte('\n')
	}
	line(r.cols)
	for i, w := range width {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(strings.Repeat("-", w))
	}
	b.WriteByte('\n')
	for _, row := range r.rows {
		line(row)
	}
	plural := "s"
	if len(r.rows) == 1 {
		plural = ""
	}
	fmt.Fprintf(b, "(%d row%s)\n\n", len(r.rows), plural)
}

// looksNumeric tells whether a value is aligned to the right.
func looksNumeric(v string) bool {
	for i := 0; i < len(v); i++ {
		if c := v[i]; !(c >= '0' && c <= '9' || c == '.' || c == 'E' || c == 'e' || c == ' ' || c == '-') {
			return false
		}
	}
	last := v[len(v)-1]
	return v[0] != 'E' && v[0] != 'e' && last >= '0' && last <= '9'
}
