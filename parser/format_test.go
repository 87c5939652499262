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

func TestFormatOperators(t *testing.T) {
	for _, s := range []string{"~ (a # b)", "(~ a) # b", "~ ~ a", "~ (~ a # b)", "@ (a + b)", "@ a + b", "- (- a)", "- (a ^ 2)", "(- a) ^ 2", "a # (~ b)", "a - (b - c)", "(a # b) # c",
		"a # (b # c)", "|/ (a || b)", "~ (a OPERATOR(pg_catalog.#) b)", "OPERATOR(pg_catalog.~) (a # b)", "- (a AT TIME ZONE 'x')", "(- a)::text", "- a::text", "~ (a::text)", "(a = b) = c", "a = (b = c)",
		"(a < b) IS NULL", "a < (b IS NULL)", "NOT (a AND b)", "(NOT a) AND b", "NOT (a = b)", "(NOT a) = b", "(a LIKE b) LIKE c", "a LIKE (b LIKE c)", "(a BETWEEN b AND c) = d", "a BETWEEN (b = c) AND d",
		"a IN (b, c) = d", "(a || b) COLLATE x", "a || (b COLLATE x)", "(a -> b) ->> c", "a[1] # b", "(a # b)[1]", "(a.b).c", "~ (a IS NULL)", "(~ a) IS NULL"} {
		if _, err := Parse("SELECT " + s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		roundTrip(t, "SELECT "+s)
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
