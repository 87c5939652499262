package main

import (
	"bytes"
	"fmt"
	"io"
)

// newCopyText gives rows for COPY in the text format, made beforehand so that
// making them is not measured.
func newCopyText(rows int) io.Reader {
	var b bytes.Buffer
	b.Grow(rows * 40)
	for i := 0; i < rows; i++ {
		fmt.Fprintf(&b, "%d\t%d\t%d.25\tname %d\n", i, i%1000, i%7919, i)
	}
	return &b
}
