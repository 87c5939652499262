package parser

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"rowkey/parser/ast"
)

// Random joins and set operations nest as PostgreSQL nests them: a view of the
// text and a view of what Format prints of its tree have the same definition.
func TestStructureLikePostgres(t *testing.T) {
	conn := probe(t)
	ctx := context.Background()
	setup := "SET client_min_messages = error; DROP SCHEMA IF EXISTS joins CASCADE; CREATE SCHEMA joins; SET search_path = joins;"
	for i := range 8 {
		setup += fmt.Sprintf("CREATE TABLE t%d (c%d int);", i, i)
	}
	if _, err := conn.Exec(ctx, setup); err != nil {
		t.Fatal(err)
	}
	const seed = 4
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	var join func(tables []int) string
	join = func(tables []int) string {
		if len(tables) == 1 {
			return fmt.Sprintf("t%d", tables[0])
		}
		cut := 1 + r.Intn(len(tables)-1)
		left, right := join(tables[:cut]), join(tables[cut:])
		kind := pick("JOIN", "LEFT JOIN", "FULL OUTER JOIN", "RIGHT JOIN", "CROSS JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN", "INNER JOIN")
		if len(tables)-cut > 1 && (strings.HasPrefix(kind, "CROSS") || strings.HasPrefix(kind, "NATURAL") || r.Intn(2) == 0) {
			right = "(" + right + ")"
		}
		if cut > 1 && r.Intn(3) == 0 {
			left = "(" + left + ")"
		}
		s := left + " " + kind + " " + right
		if !strings.HasPrefix(kind, "CROSS") && !strings.HasPrefix(kind, "NATURAL") {
			s += fmt.Sprintf(" ON c%d = c%d", tables[r.Intn(cut)], tables[cut+r.Intn(len(tables)-cut)])
		}
		return s
	}
	var setOp func(depth int) string
	setOp = func(depth int) string {
		var parts []string
		for range 1 + r.Intn(4) {
			term := pick("SELECT 1", "SELECT c0 FROM t0", "VALUES (1), (2)", "TABLE t1", "SELECT c2 + 1 FROM t2 WHERE c2 > 0")
			if depth > 0 && r.Intn(3) == 0 {
				term = "(" + setOp(depth-1) + ")"
				if r.Intn(3) == 0 {
					term = "(" + term + ")"
				}
			}
			parts = append(parts, term)
		}
		s := parts[0]
		for _, p := range parts[1:] {
			s += pick(" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ", " INTERSECT ALL ", " EXCEPT ALL ", " UNION DISTINCT ") + p
		}
		if r.Intn(3) == 0 {
			s += pick(" ORDER BY 1", " LIMIT 3", " ORDER BY 1 DESC LIMIT 1 + 1 OFFSET 2")
		}
		return s
	}
	define := func(sql string) string {
		if _, err := conn.Exec(ctx, "CREATE TEMP VIEW v AS "+sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		var def string
		if err := conn.QueryRow(ctx, "SELECT pg_get_viewdef('v'::regclass)").Scan(&def); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, "DROP VIEW v"); err != nil {
			t.Fatal(err)
		}
		return def
	}
	for i := range 600 {
		var sql string
		if i%2 == 0 {
			n := 2 + r.Intn(6)
			var tables []int
			for k := range n {
				tables = append(tables, k)
			}
			sql = "SELECT 1 AS x FROM " + join(tables)
		} else {
			sql = setOp(3)
		}
		list, err := Parse(sql)
		if err != nil { // doubled clauses
			ours := err.(*Error)
			if pe := prepare(conn, sql); pe == nil || pe.Message != ours.Message || int(pe.Position) != ours.Position {
				t.Errorf("%s\nours %v at %d, theirs %v", sql, err, ours.Position, pe)
			}
			continue
		}
		text := ast.Format(list[0])
		if theirs, ours := define(sql), define(text); theirs != ours {
			t.Errorf("%s\nprinted %s\nours   %s\ntheirs %s", sql, text, ours, theirs)
		}
	}
}
