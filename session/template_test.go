package session

import (
	"fmt"
	"strings"
	"testing"
)

// Literals are taken out behind "=" only, and of texts without anything unusual.
func TestTemplateCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`SELECT v FROM t WHERE id = 17`, `SELECT v FROM t WHERE id = $1 [17]`},
		{`select v from t1 where (id=17) and k = 'a b'`, `select v from t1 where (id=$1) and k = $2 [17 'a b']`},
		{`UPDATE t SET v = v + 1, w =  5 WHERE id = 9`, `UPDATE t SET v = v + 1, w =  $1 WHERE id = $2 [5 9]`},
		{`SELECT 1, a FROM t WHERE id = 3 LIMIT 10`, `SELECT 1, a FROM t WHERE id = $1 LIMIT 10 [3]`},
		{`SELECT v FROM t WHERE id >= 17`, ``},
		{`SELECT v FROM t WHERE id = -17`, ``},
		{`SELECT v FROM t WHERE id = 1234567890`, ``},
		{`SELECT v FROM t WHERE id = 1.5`, ``},
		{`SELECT v FROM t WHERE id = 1e5`, ``},
		{`SELECT v FROM t WHERE id = 1::text`, ``},
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
		{`INSERT INTO t SELECT 1 WHERE 1 = 1`, ``},
	} {
		var ts templates
		got := ""
		if ts.cut(c.text) {
			var lits []string
			for _, l := range ts.lits {
				if l.quoted {
					l.text = "'" + l.text + "'"
				}
				lits = append(lits, l.text)
			}
			got = fmt.Sprintf("%s [%s]", ts.key, strings.Join(lits, " "))
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}
