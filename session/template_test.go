package session

import (
	"fmt"
	"strings"
	"testing"
)

// Literals are taken out behind "=" only, and of texts without anything unusual.
func TestTemplateCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`SELECT v FROM t WHERE id = 17`, `SELECT v FROM t WHERE id = $1 [17] i`},
		{`select v from t1 where (id=17) and k = 'a b'`, `select v from t1 where (id=$1) and k = $2 [17 'a b'] is`},
		{`UPDATE t SET v = v + 1, w =  5 WHERE id = 9`, `UPDATE t SET v = v + $1, w =  $2 WHERE id = $3 [1 5 9] iii`},
		{`UPDATE t SET v = v - -1, w = w*2.50 WHERE id = -9`, `UPDATE t SET v = v - $1, w = w*$2 WHERE id = $3 [-1 2.50 -9] ini`},
		{`UPDATE t SET v = v -7 WHERE id = 1`, `UPDATE t SET v = v -$1 WHERE id = $2 [7 1] ii`},
		{`SELECT 1, a + 2 FROM t WHERE id = 3 LIMIT 10`, `SELECT 1, a + 2 FROM t WHERE id = $1 LIMIT 10 [3] i`},
		{`SELECT v FROM t WHERE id = 2147483647`, `SELECT v FROM t WHERE id = $1 [2147483647] i`},
		{`SELECT v FROM t WHERE id = 2147483648`, `SELECT v FROM t WHERE id = $1 [2147483648] b`},
		{`SELECT v FROM t WHERE id = 9223372036854775808`, `SELECT v FROM t WHERE id = $1 [9223372036854775808] n`},
		{`SELECT v FROM t WHERE id = 1.5`, `SELECT v FROM t WHERE id = $1 [1.5] n`},
		{`INSERT INTO t VALUES (1, 'a', -2, NULL, now())`, `INSERT INTO t VALUES ($1, $2, $3, NULL, now()) [1 'a' -2] isi`},
		{`insert into t (a, b) values (1,2),(3, default) returning a`, `insert into t (a, b) values ($1,$2),($3, default) returning a [1 2 3] iii`},
		{`INSERT INTO t VALUES (f(2), 3, (4))`, `INSERT INTO t VALUES (f(2), $1, (4)) [3] i`},
		{`SELECT v FROM t WHERE id >= 17`, ``},
		{`SELECT v FROM t WHERE id = - 17`, ``},
		{`SELECT v FROM t WHERE id = 1e5`, ``},
		{`SELECT v FROM t WHERE id = 1.`, ``},
		{`SELECT v FROM t WHERE id = 1::text`, ``},
		{`SELECT v FROM t WHERE id = 1 / 0`, ``},
		{`SELECT v FROM t WHERE id = 1 + 2`, ``},
		{`SELECT v FROM t WHERE 1 = id`, ``},
		{`SELECT v FROM t WHERE id = $1 AND v = 3`, ``},
		{`SELECT v FROM t WHERE id = 1 -- 2`, ``},
		{`SELECT v FROM t WHERE k = 'it''s'`, ``},
		{`SELECT v FROM t WHERE k = E'a'`, ``},
		{`SELECT v FROM t WHERE k = 'a\b'`, ``},
		{`SELECT v FROM t WHERE k = 'a`, ``},
		{`SELECT v FROM "t" WHERE id = 1`, ``},
		{`SELECT v FROM t WHERE id = 1; SELECT 2`, ``},
		{`SELECT date '2020-01-01' FROM t WHERE id = 1`, ``},
		{`SELECT v FROM t`, ``},
		{`UPDATE t SET v = 5 * 2 WHERE id = 1`, ``},
		{`UPDATE t SET v = v + 5 / 0 WHERE id = 1`, ``},
		{`INSERT INTO t SELECT 1 WHERE 1 = 1`, ``},
		{`INSERT INTO t VALUES (1 + 2)`, ``},
		{`INSERT INTO t VALUES (date '2020-01-01')`, ``},
		{`INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING`, ``},
		{`INSERT INTO t (a[1]) VALUES (1)`, ``},
	} {
		var ts templates
		got := ""
		if ts.cut(c.text) {
			var lits []string
			for _, l := range ts.lits {
				if l.kind == stringLiteral {
					l.text = "'" + l.text + "'"
				}
				lits = append(lits, l.text)
			}
			sql, kinds, _ := strings.Cut(string(ts.key), "\x00")
			got = fmt.Sprintf("%s [%s] %s", sql, strings.Join(lits, " "), kinds)
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}
