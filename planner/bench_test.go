package planner

import (
	"fmt"
	"strings"
	"testing"

	"rowkey/parser"
)

const benchSchema = `
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric(10,2));
CREATE INDEX t_a ON t (a);
CREATE TABLE u (x int PRIMARY KEY, t_id int NOT NULL, y text);
CREATE INDEX u_t ON u (t_id);
CREATE TABLE r0 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r1 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r2 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r3 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r4 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r5 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r6 (k int PRIMARY KEY, v int, w int);
CREATE TABLE r7 (k int PRIMARY KEY, v int, w int);
`

func benchPlan(b *testing.B, sql string) {
	c := newTestCatalog(b, benchSchema)
	list, err := parser.Parse(sql)
	if err != nil {
		b.Fatal(err)
	}
	r := c.request(list[0].Stmt)
	if _, err := Plan(r); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := Plan(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPointSelect(b *testing.B) { benchPlan(b, "SELECT * FROM t WHERE id = $1") }

func BenchmarkPointUpdate(b *testing.B) { benchPlan(b, "UPDATE t SET a = a + 1 WHERE id = $1") }

func BenchmarkInsert1(b *testing.B) { benchPlan(b, "INSERT INTO t VALUES ($1, $2, $3, $4)") }

func BenchmarkInsert1000(b *testing.B) {
	var s strings.Builder
	s.WriteString("INSERT INTO t VALUES ")
	for i := 0; i < 1000; i++ {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, "(%d, %d, 'text %d', %d.25)", i, i*7, i, i)
	}
	benchPlan(b, s.String())
}

func BenchmarkJoin2(b *testing.B) {
	benchPlan(b, "SELECT t.b, u.y FROM t JOIN u ON u.t_id = t.id WHERE t.a = 3 ORDER BY t.b LIMIT 10")
}

func BenchmarkJoin8(b *testing.B) {
	benchPlan(b, `SELECT count(*) FROM r0, r1, r2, r3, r4, r5, r6, r7 WHERE r0.v = r1.k AND r1.v = r2.k AND r2.v = r3.k AND r3.v = r4.k
		AND r4.v = r5.k AND r5.v = r6.k AND r6.v = r7.k AND r0.w = 5`)
}

func BenchmarkJoin8OneKey(b *testing.B) {
	benchPlan(b, `SELECT count(*) FROM r0, r1, r2, r3, r4, r5, r6, r7 WHERE r0.k = r1.k AND r1.k = r2.k AND r2.k = r3.k AND r3.k = r4.k
		AND r4.k = r5.k AND r5.k = r6.k AND r6.k = r7.k AND r0.w = 5`)
}
