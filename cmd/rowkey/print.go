package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"rowkey"
	"rowkey/types"
)

// printRows prints a result the way psql does: aligned columns, numbers to the
// right, a line that counts.
func printRows(out io.Writer, rows *rowkey.Rows) error {
	cols := rows.Columns()
	if cols == nil {
		_, err := fmt.Fprintln(out, rows.Tag())
		return err
	}
	var cells [][]string
	for rows.Next() {
		row := make([]string, len(cols))
		for i := range cols {
			row[i], _ = rows.Text(i)
		}
		cells = append(cells, row)
	}
	width := make([]int, len(cols))
	for i, c := range cols {
		width[i] = utf8.RuneCountInString(c.Name)
		for _, row := range cells {
			for _, line := range strings.Split(row[i], "\n") {
				width[i] = max(width[i], utf8.RuneCountInString(line))
			}
		}
	}
	var b strings.Builder
	for i, c := range cols {
		if i > 0 {
			b.WriteByte('|')
		}
		gap := width[i] - utf8.RuneCountInString(c.Name)
		b.WriteString(strings.Repeat(" ", 1+gap/2) + c.Name + strings.Repeat(" ", 1+gap-gap/2))
	}
	b.WriteByte('\n')
	for i := range cols {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(strings.Repeat("-", width[i]+2))
	}
	b.WriteByte('\n')
	for _, row := range cells {
		writeRow(&b, row, cols, width)
	}
	if len(cells) == 1 {
		b.WriteString("(1 row)\n")
	} else {
		fmt.Fprintf(&b, "(%d rows)\n", len(cells))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// writeRow writes a row, on several lines when a value has line breaks (marked + as in psql).
func writeRow(b *strings.Builder, row []string, cols []rowkey.Column, width []int) {
	lines := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		lines[i] = strings.Split(cell, "\n")
		height = max(height, len(lines[i]))
	}
	for n := 0; n < height; n++ {
		var line strings.Builder
		for i := range row {
			if i > 0 {
				line.WriteByte('|')
			}
			text, more := "", false
			if n < len(lines[i]) {
				text, more = lines[i][n], n+1 < len(lines[i])
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
			if numeric(cols[i].Type) {
				line.WriteString(" " + pad + text)
			} else {
				line.WriteString(" " + text + pad)
			}
			if more {
				line.WriteByte('+')
			} else if i+1 < len(row) {
				line.WriteByte(' ')
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
}

func numeric(t *types.Type) bool { return t.Under().Category == 'N' }
