package parser

import (
	"fmt"
	"strings"
	"testing"
)

const pointSelect = "SELECT a, b FROM t WHERE id = $1"

const join5 = `SELECT c.name, r.name AS region, count(*), sum(l.qty * l.price), avg(l.price)
FROM customers c JOIN regions r ON r.id = c.region_id LEFT JOIN orders o ON o.customer_id = c.id
JOIN lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id
WHERE o.created >= $1 AND o.created < $2 AND p.category IN ('a','b','c') AND c.active
GROUP BY c.name, r.name HAVING count(*) > 10 ORDER BY 4 DESC, c.name LIMIT 20 OFFSET 40`

func insertRows(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO t (a, b, c, d) VALUES ")
	for i := 0; i < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "(%d, 'name %d', %d.25, NULL)", i, i, i)
	}
	return b.String()
}

func benchParse(b *testing.B, q string) {
	b.ReportAllocs()
	b.SetBytes(int64(len(q)))
	for i := 0; i < b.N; i++ {
		if _, err := Parse(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPointSelect(b *testing.B) { benchParse(b, pointSelect) }
func BenchmarkJoin5(b *testing.B)       { benchParse(b, join5) }
func BenchmarkInsert1(b *testing.B) {
	benchParse(b, "INSERT INTO t (a, b, c) VALUES ($1, $2, $3) RETURNING a")
}
func BenchmarkInsert1000(b *testing.B) { benchParse(b, insertRows(1000)) }
func BenchmarkUpdate(b *testing.B) {
	benchParse(b, "UPDATE accounts SET balance = balance + $1 WHERE id = $2")
}
func BenchmarkLex(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		lex(pointSelect)
	}
}
