package session

import (
	"fmt"
	"strings"
	"testing"

	"rowkey/parser"
	"rowkey/types"
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

// A template with its literals put back is the text, and if it is a statement so is that.
func FuzzTemplateCut(f *testing.F) {
	for _, text := range []string{
		`SELECT v FROM t1 WHERE (id=17) AND k = 'a b' LIMIT 3`,
		`UPDATE t SET v = v - -1, w = w*2.50 WHERE id = -9`,
		`insert into t (a, b) values (1,2),(f(3), default) returning a = 5`,
		`DELETE FROM t WHERE id = 9223372036854775808`,
		`select x from t where a = 5 is null and b = 7 collate c`,
		`update t set a = b + 5 between 3 and c * 4`,
		`select 'a' 'b' from t where x = 'a' 'b'`,
		`insert into t values (1) values (2)`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var ts templates
		if !ts.cut(text) {
			return
		}
		sql, kinds, _ := strings.Cut(string(ts.key), "\x00")
		if len(kinds) != len(ts.lits) {
			t.Fatalf("%d kinds of %d literals", len(kinds), len(ts.lits))
		}
		back := sql
		for i := len(ts.lits); i > 0; i-- { // from the last, since $1 begins $10
			l := ts.lits[i-1].text
			if ts.lits[i-1].kind == stringLiteral {
				l = "'" + l + "'"
			}
			param := fmt.Sprintf("$%d", i)
			if strings.Count(back, param) != 1 {
				t.Fatalf("%s stands %d times in %q", param, strings.Count(back, param), back)
			}
			back = strings.Replace(back, param, l, 1)
		}
		if back != text {
			t.Fatalf("%q came back as %q", text, back)
		}
		whole, err := parser.Parse(text)
		cut, cutErr := parser.Parse(sql)
		if err != nil && cutErr == nil && types.ValidateText(text) == nil { // the bytes of a string are looked at as it is read
			t.Fatalf("%q: %v\n%q: %v", text, err, sql, cutErr)
		}
		if err == nil && cutErr == nil && (len(whole) != len(cut) || len(cut) == 1 && cut[0].Params != len(ts.lits)) {
			t.Fatalf("%q is not %q", text, sql)
		}
	})
}
