// Command sqllogictest runs the sqllogictest corpus against the engine, in
// process and in memory, each file on a database of its own.
//
//	go run ./tests/sqllogictest -all                 the whole corpus, totals by cause
//	go run ./tests/sqllogictest -sample 20           every 20th record that reads
//	go run ./tests/sqllogictest FILE.test …          some files
//
// The corpus is an archive (dev.tar.xz) with a list of the records that
// PostgreSQL 15 itself does not answer as the file says; those are left out.
// Records for other engines (skipif postgresql, onlyif mysql …) are, too.
//
// Source: the sqllogictest description of the SQLite project.
package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"rowkey/kv/memory"
	"rowkey/session"
	"rowkey/types"
)

// record is one statement or query of a file.
type record struct {
	line     int
	query    bool
	wantErr  bool
	types    string // of a query: I, R, T per column
	sort     string
	sql      string
	expected []string // values, or one "N values hashing to H"
}

// readRecords reads the records of a file that are meant for PostgreSQL.
func readRecords(r io.Reader) ([]record, error) {
	var out []record
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 64<<20)
	line := 0
	next := func() (string, bool) {
		ok := sc.Scan()
		line++
		return strings.TrimRight(sc.Text(), " \t\r"), ok
	}
	skip := false
	for {
		text, ok := next()
		if !ok {
			return out, sc.Err()
		}
		text, _, _ = strings.Cut(text, "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "skipif":
			skip = skip || words[1] == "postgresql"
		case "onlyif":
			skip = skip || words[1] != "postgresql"
		case "halt":
			if !skip {
				return out, nil
			}
			skip = false
		case "hash-threshold":
		case "statement", "query":
			rec := record{line: line, query: words[0] == "query", sort: "nosort"}
			if rec.query {
				rec.types = words[1]
				if len(words) > 2 {
					rec.sort = words[2]
				}
			} else {
				rec.wantErr = words[1] == "error"
			}
			var sql []string
			results := false
			for {
				t, ok := next()
				if !ok || t == "" {
					break
				}
				if t == "----" && rec.query {
					results = true
					break
				}
				sql = append(sql, t)
			}
			rec.sql = strings.Join(sql, "\n")
			for results {
				t, ok := next()
				if !ok || t == "" {
					break
				}
				rec.expected = append(rec.expected, t)
			}
			if !skip {
				out = append(out, rec)
			}
			skip = false
		}
	}
}

// result gathers a query's values in the corpus' notation.
type result struct {
	session.Writer
	types string
	env   *types.Env
	vals  []string
	cols  int
}

func (r *result) Columns(cols []session.Column) error {
	r.cols = len(cols)
	return nil
}

func (r *result) Rows(b *types.Batch, cols []session.Column) error {
	var buf []byte
	for i := 0; i < b.Rows(); i++ {
		row := b.Row(i)
		for c := range cols {
			v := b.Cols[c]
			if v.IsNull(row) {
				r.vals = append(r.vals, "NULL")
				continue
			}
			buf = types.AppendTextAt(buf[:0], v, row, r.env)
			kind := byte('T')
			if c < len(r.types) {
				kind = r.types[c]
			}
			r.vals = append(r.vals, notation(kind, string(buf)))
		}
	}
	return nil
}

// notation writes a value as the corpus does.
func notation(kind byte, s string) string {
	switch kind {
	case 'I':
		switch s {
		case "t":
			return "1"
		case "f":
			return "0"
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			if _, err := strconv.ParseInt(s, 10, 64); err == nil {
				return s
			}
			return strconv.FormatInt(int64(f), 10)
		}
		return "0"
	case 'R':
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return s
		}
		return strconv.FormatFloat(f, 'f', 3, 64)
	}
	if s == "" {
		return "(empty)"
	}
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '@'
		}
	}
	return string(b)
}

// sorted puts values in the order that the record's sort mode asks for.
func sorted(vals []string, cols int, mode string) []string {
	switch {
	case mode == "valuesort":
		sort.Strings(vals)
	case mode == "rowsort" && cols > 0:
		rows := make([][]string, 0, len(vals)/cols)
		for i := 0; i+cols <= len(vals); i += cols {
			rows = append(rows, vals[i:i+cols])
		}
		sort.Slice(rows, func(i, j int) bool {
			for k := range rows[i] {
				if rows[i][k] != rows[j][k] {
					return rows[i][k] < rows[j][k]
				}
			}
			return false
		})
		out := make([]string, 0, len(vals))
		for _, r := range rows {
			out = append(out, r...)
		}
		return out
	}
	return vals
}

// matches compares values with a record's expectation.
func (rec *record) matches(vals []string) bool {
	if len(rec.expected) == 1 && strings.Contains(rec.expected[0], " values hashing to ") {
		h := md5.New()
		for _, v := range vals {
			io.WriteString(h, v)
			h.Write([]byte{'\n'})
		}
		return rec.expected[0] == fmt.Sprintf("%d values hashing to %s", len(vals), hex.EncodeToString(h.Sum(nil)))
	}
	if len(vals) != len(rec.expected) {
		return false
	}
	for i := range vals {
		if vals[i] != rec.expected[i] {
			return false
		}
	}
	return true
}

// failure is a record that did not go as the file says.
type failure struct {
	line int
	sql  string
	why  string
}

// totals are the counts of a run.
type totals struct {
	passed, failed, excluded, skipped int
	failures                          []failure
}

// runFile runs the records of a file on a fresh database. keep says which
// queries to run (statements always are).
func runFile(ctx context.Context, recs []record, exclude map[int]bool, keep func(i int) bool) (t totals, err error) {
	db, err := session.Open(ctx, memory.New(), session.Options{})
	if err != nil {
		return t, err
	}
	defer db.Close()
	s, err := db.NewSession(ctx, session.SessionOptions{})
	if err != nil {
		return t, err
	}
	defer s.Close()
	for i := range recs {
		rec := &recs[i]
		if rec.query && !keep(i) {
			t.skipped++
			continue
		}
		res := &result{Writer: session.Discard, types: rec.types, env: s.Env()}
		err := s.Simple(ctx, rec.sql, res)
		if exclude[rec.line] {
			t.excluded++
			continue
		}
		why := ""
		switch {
		case rec.wantErr && err == nil:
			why = "an error was expected"
		case !rec.wantErr && err != nil:
			why = err.Error()
		case rec.query:
			cols := len(rec.types)
			vals := sorted(res.vals, cols, rec.sort)
			if !rec.matches(vals) {
				why = "wrong result"
				if len(vals) <= 12 {
					why = fmt.Sprintf("wrong result: %v", vals)
					if len(rec.expected) <= 12 {
						why += fmt.Sprintf(", expected %v", rec.expected)
					}
				}
			}
		}
		if why == "" {
			t.passed++
			continue
		}
		t.failed++
		t.failures = append(t.failures, failure{rec.line, rec.sql, why})
	}
	return t, nil
}
