package parser

import (
	"os"
	"path/filepath"
	"strings"
)

// clientStatementsIfAny is clientStatements without the skip.
func clientStatementsIfAny() []string {
	files, _ := filepath.Glob("../../shared/data/client-statements/*.sql.txt")
	var list []string
	for _, f := range files {
		text, _ := os.ReadFile(f)
		for _, s := range strings.Split(string(text), "\n----\n") {
			if _, body, ok := strings.Cut(s, "\n"); ok && strings.HasPrefix(s, "-- client:") {
				s = body
			}
			s = strings.TrimSuffix(strings.TrimSpace(s), "\n----")
			if strings.TrimSpace(s) != "" && !strings.Contains(strings.TrimSuffix(s, ";"), ";") {
				list = append(list, s)
			}
		}
	}
	return list
}

// corpusStatements are queries and DML that use the grammar broadly.
var corpusStatements = []string{
	"SELECT a, b AS c, t.*, * FROM t WHERE id = $1 AND b <> 'x' OR NOT c",
	"SELECT DISTINCT ON (a, b + 1) a, b FROM t ORDER BY a DESC NULLS LAST, b USING >",
	"SELECT count(*), sum(DISTINCT a ORDER BY b) FILTER (WHERE c > 1) FROM t GROUP BY a, ROLLUP (b, c), GROUPING SETS ((a), (), CUBE (b)) HAVING count(*) > 1",
	"SELECT rank() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES), sum(x) OVER w FROM t WINDOW w AS (w2 ORDER BY y), w2 AS ()",
	"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a), f(VARIADIC ARRAY[1, 2]), g(x => 1, y := 2) FROM t",
	"WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 10) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p SELECT * FROM r",
	"WITH x AS MATERIALIZED (DELETE FROM t RETURNING *), y AS NOT MATERIALIZED (SELECT 1) INSERT INTO u SELECT * FROM x, y",
	"SELECT * FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c USING (y, z) AS q CROSS JOIN d NATURAL FULL JOIN e",
	"SELECT * FROM (a JOIN b JOIN c ON b.x = c.x ON a.y = b.y) AS j (p, q), LATERAL (SELECT 1) AS s, ONLY t AS u",
	"SELECT * FROM generate_series(1, 10) WITH ORDINALITY AS g (v, i), ROWS FROM (f(1) AS (a int, b text), g(2)), h(1) AS (x int)",
	"SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1), u AS x (a, b)",
	"SELECT 1 UNION ALL SELECT 2 INTERSECT (SELECT 3 EXCEPT SELECT 4) ORDER BY 1 LIMIT 10 OFFSET 5",
	"(SELECT 1 LIMIT 1) UNION (VALUES (1, 2), (3, 4)) ORDER BY 1 FETCH FIRST 3 ROWS WITH TIES",
	"SELECT a FROM t FOR UPDATE OF t SKIP LOCKED FOR SHARE NOWAIT",
	"SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END, CASE a WHEN 1 THEN 2 END, coalesce(a, b), nullif(a, b), greatest(1, 2), least(a)",
	"SELECT CAST(a AS numeric(10, 2)), b::varchar(3)[], interval '1' day to second(3), timestamp with time zone 'now', int4 '5', date '2020-01-01'",
	"SELECT extract(year FROM a), position('a' IN b), substring(a FROM 1 FOR 2), substring(a, 1, 2), trim(both 'x' FROM a), overlay(a PLACING b FROM 1 FOR 2)",
	"SELECT a IN (1, 2), a NOT IN (SELECT 1), EXISTS (SELECT 1), a = ANY (ARRAY[1, 2]), a <> ALL (SELECT 1), (SELECT 1)",
	"SELECT a LIKE 'x' ESCAPE '!', a NOT ILIKE b, a SIMILAR TO b, a BETWEEN 1 AND 2 AND b NOT BETWEEN SYMMETRIC c AND d",
	"SELECT a IS NULL, a IS NOT TRUE, b ISNULL, a IS DISTINCT FROM b, a IS NFC NORMALIZED, a AT TIME ZONE 'utc', b COLLATE \"C\"",
	"SELECT (a).b, (a).b.c[1][2:3], a[1], $1.f, ARRAY[[1, 2], [3, 4]], ROW(1, 2), (1, 2), ROW(), (a, b) OVERLAPS (c, d)",
	"SELECT current_date, current_timestamp(3), user, session_user, current_schema, localtime, now()",
	"SELECT - a + b * c ^ 2 % 3, a || b, a -> 'x' ->> 'y', @ a, a OPERATOR(pg_catalog.+) b, a ~* 'x', a @> b",
	"SELECT E'a\\n', U&'\\0041', $$x$$, B'101', X'1F', 1.5e10, .5, 'a'\n'b'",
	"SELECT a FROM t GROUP BY DISTINCT a, b ORDER BY a LIMIT ALL OFFSET 1 ROWS",
	"SELECT a INTO TEMP u FROM t",
	"TABLE t",
	"VALUES (1, 'a'), (2, NULL), (3, DEFAULT)",
	"INSERT INTO t DEFAULT VALUES RETURNING *",
	"INSERT INTO t AS x (a, b.c, d[1]) VALUES (1, 2, DEFAULT), (a + 1, 'x', now()) ON CONFLICT (a, lower(b), (c + 1) COLLATE \"C\" text_ops) WHERE a > 0 DO UPDATE SET a = excluded.a, (b, c) = ROW(1, DEFAULT) WHERE x.a > 1 RETURNING a, b AS c",
	"INSERT INTO t (a) OVERRIDING USER VALUE SELECT 1 ON CONFLICT ON CONSTRAINT k DO NOTHING",
	"UPDATE ONLY t AS x SET a = a + 1, (b, c) = (SELECT 1, 2), d = DEFAULT FROM u JOIN v ON u.a = v.a WHERE x.id = u.id RETURNING *",
	"UPDATE t SET a[1] = 2 WHERE CURRENT OF cur",
	"DELETE FROM t AS x USING u, v WHERE x.a = u.a AND v.b RETURNING x.a",
	"MERGE INTO t AS x USING (SELECT 1) s ON x.a = s.a WHEN MATCHED AND x.b THEN UPDATE SET a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, DEFAULT) WHEN NOT MATCHED AND true THEN DO NOTHING",
}
