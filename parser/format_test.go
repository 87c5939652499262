package parser

import (
	"strings"
	"testing"

	"rowkey/parser/ast"
)

// What Format prints parses to the same tree.
func roundTrip(t *testing.T, sql string) {
	t.Helper()
	before, err := Parse(sql)
	if err != nil {
		return // the business of other tests
	}
	for _, s := range before {
		switch s.Stmt.(type) {
		case *ast.SelectStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.MergeStmt:
		default:
			continue
		}
		text := ast.Format(s.Stmt)
		after, err := Parse(text)
		if err != nil {
			t.Errorf("%s\nprinted as\n%s\n%v at %d", sql, text, err, err.(*Error).Position)
			continue
		}
		if a, b := dump(s.Stmt, false), dump(after[0].Stmt, false); a != b {
			t.Errorf("%s\nprinted as\n%s\nwas %s\nnow %s", sql, text, a, b)
		}
	}
}

func TestFormatClientStatements(t *testing.T) {
	for _, s := range clientStatements(t) {
		roundTrip(t, s)
	}
}

// The names that Format quotes are the keywords that the parser reserves.
func TestQuoteIdent(t *testing.T) {
	for word, k := range keywords {
		quoted := strings.HasPrefix(ast.QuoteIdent(word), `"`)
		if quoted != (k.class != unreserved) {
			t.Errorf("%s: quoted %v, class %d", word, quoted, k.class)
		}
	}
	for in, want := range map[string]string{"a": "a", "A": `"A"`, "": `""`, `a"b`: `"a""b"`, "1a": `"1a"`, "a$1": "a$1", "é": `"é"`} {
		if got := ast.QuoteIdent(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
