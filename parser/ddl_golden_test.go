package parser

import (
	"flag"
	"os"
	"strings"
	"testing"

	"rowkey/parser/ast"
)

// The claim: the statements of testdata/ddl_statements.txt make the trees of
// testdata/ddl_golden.txt. `go test -rewrite` writes the latter anew.

var rewrite = flag.Bool("rewrite", false, "write golden files anew")

func TestDDLGolden(t *testing.T) {
	const file = "testdata/ddl_golden.txt"
	var b strings.Builder
	for _, sql := range ddlStatements(t) {
		b.WriteString(sql + "\n")
		list, err := Parse(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		for _, raw := range list {
			b.WriteString("    " + ast.Tag(raw.Stmt) + " " + dump(raw.Stmt, true) + "\n")
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("line %d\ngot  %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("got %d lines, want %d", len(gotLines), len(wantLines))
}

// Every command tag is one that PostgreSQL has: the grammar's own words.
func TestDDLTags(t *testing.T) {
	for _, sql := range ddlStatements(t) {
		list, err := Parse(sql)
		if err != nil {
			continue
		}
		tag := ast.Tag(list[0].Stmt)
		if tag == "???" || tag == "" || strings.HasSuffix(tag, " ") {
			t.Errorf("%s: tag %q", sql, tag)
		}
	}
}

// Statements keep their extent, whatever stands around them.
func TestUtilityExtents(t *testing.T) {
	sql := "begin;; create table t (a int default 1 + 2) ; \n/* x */ copy t from stdin;drop table t"
	list, err := Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, raw := range list {
		got = append(got, sql[raw.Start:raw.Start+raw.Len])
	}
	want := "begin|create table t (a int default 1 + 2)|copy t from stdin|drop table t"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

func FuzzUtility(f *testing.F) {
	for _, sql := range ddlStatements(f) {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		list, err := Parse(sql)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%q: %T %v", sql, err, err)
			}
			return
		}
		for _, raw := range list {
			ast.Tag(raw.Stmt)
			ast.Walk(raw.Stmt, func(n ast.Node) bool {
				if n.Pos() > len(sql) {
					t.Fatalf("%q: a node at %d", sql, n.Pos())
				}
				return true
			})
		}
	})
}
