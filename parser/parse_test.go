package parser

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"rowkey/parser/ast"
)

func TestParseExtents(t *testing.T) {
	const sql = " SELECT $2 ; ; /* x */ INSERT INTO t VALUES ($1, 'é') -- end\n;UPDATE t SET a = 1 "
	list, err := Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s/%d", sql[s.Start:s.Start+s.Len], s.Params))
	}
	want := "SELECT $2/2|INSERT INTO t VALUES ($1, 'é')/1|UPDATE t SET a = 1/0"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
	for _, sql := range []string{"", " ", ";", "-- x", "/* x */;;"} {
		if list, err := Parse(sql); err != nil || len(list) != 0 {
			t.Errorf("%q: %v, %v", sql, list, err)
		}
	}
}

func TestParseExpr(t *testing.T) {
	for in, want := range map[string]string{
		"1":                      "1",
		"a+b*c":                  "a + b * c",
		"(a+b)*c":                "(a + b) * c",
		"nextval('s'::regclass)": "nextval('s'::regclass)",
		"(a > 0)":                "a > 0",
		"-5":                     "-5",
		"(-5)::int":              "(-5)::integer",
	} {
		e, err := ParseExpr(in)
		if err != nil || ast.Format(e) != want {
			t.Errorf("%s: %v, %v", in, e, err)
		}
	}
	for in, want := range map[string]string{
		"":    "syntax error at end of input at 1",
		"a b": `syntax error at or near "b" at 3`,
		"a;":  `syntax error at or near ";" at 2`,
		"a,b": `syntax error at or near "," at 2`,
		"a +": "syntax error at end of input at 4",
		"'a":  `unterminated quoted string at or near "'a" at 1`,
	} {
		_, err := ParseExpr(in)
		e, ok := err.(*Error)
		if !ok || fmt.Sprintf("%s at %d", e.Message, e.Position) != want {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestParseTypeName(t *testing.T) {
	for in, want := range map[string]string{
		"int":                           "integer",
		"pg_catalog.int4":               "integer",
		"_int4":                         "_int4",
		"numeric(10,2)[][3]":            "numeric(10, 2)[][3]",
		"timestamp (3) with time zone":  "timestamp(3) with time zone",
		`s."T x"`:                       `s."T x"`,
		"interval day to second(3)":     "interval day to second(3)",
		"character varying(5) array[2]": "character varying(5)[2]",
		"setof char":                    "SETOF character(1)",
		"bpchar":                        "bpchar",
	} {
		ty, err := ParseTypeName(in)
		if err != nil || ast.Format(ty) != want {
			t.Errorf("%s: %s, %v", in, ast.Format(ty), err)
		}
	}
	for _, in := range []string{"", " ", "int x", "1", "int(", "a.", "numeric(a b)"} {
		if ty, err := ParseTypeName(in); err == nil {
			t.Errorf("%q: %s", in, ast.Format(ty))
		}
	}
}

// Parsers run side by side, and trees do not change under those who share them.
func TestConcurrent(t *testing.T) {
	cache := NewCache(1 << 16)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				sql := fmt.Sprintf("SELECT a + %d * b FROM t JOIN u ON t.x = u.x WHERE c IN (1, d + %d)", i%50, g%3)
				want := fmt.Sprintf("SELECT a + %d * b FROM t JOIN u ON t.x = u.x WHERE c IN (1, d + %d)", i%50, g%3)
				list, err := cache.Parse(sql)
				if err != nil || ast.Format(list[0]) != want {
					t.Errorf("%s: %s, %v", sql, ast.Format(list[0]), err)
				}
				if _, err := Parse("SELECT (1"); err == nil {
					t.Error("no error")
				}
			}
		}()
	}
	wg.Wait()
}

func TestCache(t *testing.T) {
	c := NewCache(64 << 10)
	a, err := c.Parse("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := c.Parse("SELECT 1"); &a[0] != &b[0] {
		t.Error("not remembered")
	}
	if _, err := c.Parse("SELEC"); err == nil || c.Len() != 1 {
		t.Error("an error was remembered")
	}
	for i := range 1000 {
		if _, err := c.Parse(fmt.Sprintf("SELECT %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.Len(); n < 20 || n > 128 || c.bytes > c.limit {
		t.Errorf("%d texts, %d bytes", n, c.bytes)
	}
	n := c.Len()
	if _, err := c.Parse(insertRows(1000)); err != nil || c.Len() != n {
		t.Error("a bulk statement was remembered")
	}
}

// Where PostgreSQL points when it complains of a whole expression.
func TestStart(t *testing.T) {
	for in, want := range map[string]int{"a + b": 0, "- a": 0, "a.b::int": 0, "f(x)": 0, "x IS NULL": 0, "x AT TIME ZONE y": 0,
		"a + b * c = d": 0, "NOT a": 0, "a AND b": 0, "x IN (SELECT 1)": 0, "CASE WHEN a THEN b END": 0} {
		e, err := ParseExpr(in)
		if err != nil || ast.Start(e) != want {
			t.Errorf("%s: %d, %v", in, ast.Start(e), err)
		}
	}
}

// Walk reaches every column of the golden statements: as many as the dump shows.
func TestWalk(t *testing.T) {
	for _, sql := range corpusStatements {
		list, err := Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, s := range list {
			ast.Walk(s, func(x ast.Node) bool {
				n[strings.TrimPrefix(fmt.Sprintf("%T", x), "*ast.")]++
				return true
			})
		}
		text := dump(list, false)
		for _, kind := range []string{"ColumnRef", "Const", "OpExpr", "FuncCall", "SelectStmt", "RangeVar", "TypeName", "ResTarget", "Default"} {
			if want := strings.Count(text, "("+kind+" ") + strings.Count(text, "("+kind+")"); n[kind] != want {
				t.Errorf("%s\n%d of %s, want %d", sql, n[kind], kind, want)
			}
		}
	}
}

// Text that is no UTF-8 is refused, as PostgreSQL refuses it on receipt.
func TestInvalidUTF8(t *testing.T) {
	for sql, want := range map[string]string{"SELECT 'a\x9d'": "0x9d", "SELECT \xc3": "0xc3", "SELECT 'a\x00'": "0x00", "SELECT '\xe2\x28\xa1'": "0xe2 0x28 0xa1"} {
		_, err := Parse(sql)
		e, ok := err.(*Error)
		if !ok || e.Code != "22021" || e.Message != `invalid byte sequence for encoding "UTF8": `+want {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

// FuzzParse: no text makes the parser panic or disagree with itself, and what
// Format prints parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range corpusStatements {
		f.Add(s)
	}
	for _, s := range clientStatementsIfAny() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		_, err := Parse(sql)
		if err != nil {
			if e := err.(*Error); e.Code == codeInternal {
				t.Fatalf("%s: %v", sql, err)
			}
			return
		}
		roundTrip(t, sql)
	})
}
