package parser

import (
	"strings"
	"testing"
)

// What the rewriter emits for each construct: the table of doc.go, running.
func TestCarriers(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"SELECT a FROM t",
			"select 1"},
		{"SELECT a FROM t WHERE b = c",
			"select 1 from t0 where 2 = 3"},
		{"SELECT a + b * 2, (c)",
			"select 1 , 2 + 3 * 4 , ( 5 )"},
		{"SELECT (a + b) * c, (a, b + 1)",
			"select 1 , ( 2 , 3 + 4 ) * 5 , ( 6 , 7 + 8 )"},
		{"SELECT f(a, b + 1), count(*), CASE WHEN a > 1 THEN b END",
			"select 1 , ( 2 , 3 + 4 ) , ( 5 ) , ( 6 , 7 > 8 )"},
		{"SELECT -a::int COLLATE c, a AT TIME ZONE b",
			"select 1 , - 2 || 3 || 4 , 5 || 6"},
		{"SELECT a || b -> c, @ a + b, a OPERATOR(s.+) b",
			"select 1 , 2 | 3 | 4 | 5 | 6 , 7 | 8 + 9 , 10 | 11 | 12"},
		{"SELECT a NOT BETWEEN b AND c + 1",
			"select 1 , 2 between ( 3 ) and 4 + 5"},
		{"SELECT a LIKE b ESCAPE c, a IN (b, c + 1), a LIKE ANY (b)",
			"select 1 , 2 between 3 and 4 between 5 and 6 , 7 between 8 and ( 9 , 10 + 11 ) , 12 between 13 and ( 14 )"},
		{"SELECT a IS NULL || b, a IS DISTINCT FROM b = c",
			"select 1 , 2 <=> 3 | 4 | 5 , 6 <=> 7 <=> 8 = 9"},
		{"SELECT a = ANY (b) OR c + ALL (SELECT 1)",
			"select 1 , 2 = ( 3 ) or 4 + ( 5 , ( select 6 ) )"},
		{"SELECT NOT a = NOT b = c AND d",
			"select 1 , not 2 = ( not 3 = 4 ) and 5"},
		{"SELECT 1 FROM a JOIN b ON a.x = b.x FULL JOIN c USING (y), d",
			"select 1 from t2 left join t3 on ( 4 , 5 = 6 ) left join t7 on ( 8 )"},
		{"SELECT 1 FROM (a CROSS JOIN b) AS j, (SELECT 1) s, f(1 + 1) g",
			"select 1 from ( t2 left join t3 on ( 4 ) ) , ( select 5 ) t6 , (select 0 , ( 7 , 8 + 9 ) ) t10"},
		{"SELECT 1 FROM t GROUP BY a, b + 1, ROLLUP (c + 1) HAVING a > 1 WINDOW w AS (ORDER BY b + 1)",
			"select 1 from t0 group by 2 + 3 , 4 + 5 having (0 , 6 > 7 , 8 + 9 )"},
		{"SELECT 1 ORDER BY a, b + 1 DESC LIMIT 1 + 1 OFFSET 2",
			"select 1 order by 2 + 3 , 4 + 5"},
		{"SELECT 1 UNION ALL (SELECT 2 ORDER BY 1 + 1) INTERSECT VALUES (1, a + 1) ORDER BY 1",
			"select 1 union all select 2 , ( select 3 order by 4 + 5 ) intersect select 6 , 7 + 8"},
		{"WITH a AS (SELECT 1), b AS (DELETE FROM t WHERE c = d RETURNING e + 1) SELECT 1",
			"with t1 as ( select 2 ) , t3 as ( select 4 from t0 where 5 = 6 order by 7 + 8 ) select 9"},
		{"INSERT INTO t VALUES (1, 'a'), (2, b + 1) ON CONFLICT (a) DO UPDATE SET a = b + 1 RETURNING c + 1",
			"select 1 , ( select 2 , 3 + 4 ) , 5 + 6 , 7 + 8"},
		{"UPDATE t SET a = b + 1 FROM u JOIN v ON w WHERE c = d RETURNING e + 1",
			"select 1 , 2 + 3 from t4 left join t5 on ( 6 ) where 7 = 8 order by 9 + 10"},
		{"MERGE INTO t USING u ON a = b WHEN MATCHED AND c = d THEN UPDATE SET e = f + 1",
			"select 1 from t0 where 2 = 3 order by 4 = 5 , 6 + 7"},
		{"CREATE TABLE t (a int DEFAULT 1 + 1 CHECK (a > 0))",
			"select 0 , 1 + 2 , 3 > 4"},
		{"EXPLAIN SELECT a + b",
			"select 0 , ( select 1 , 2 + 3 )"},
		{"BEGIN", ""},
	} {
		if got := emitted(t, c.sql); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// emitted is the text that goes to the grammar for a statement.
func emitted(t *testing.T, sql string) string {
	text := ""
	err := withParser(sql, func(p *parser) {
		p.rawStmt()
		text = strings.TrimSpace(string(p.out))
	})
	if err != nil {
		t.Errorf("%s: %v", sql, err)
	}
	return text
}
