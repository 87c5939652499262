package planner

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/parser"
	"rowkey/pgerr"
)

const errorSchema = `
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric(10,2), d date, e boolean, f int[]);
CREATE TABLE u (x int PRIMARY KEY, t_id int NOT NULL, y varchar(10), a int);
CREATE TABLE g (i int GENERATED ALWAYS AS IDENTITY, p int, q int GENERATED ALWAYS AS (p + 1) STORED);
CREATE VIEW v AS SELECT id, a + 1 AS a1, b FROM t WHERE a > 0;
CREATE VIEW vd AS SELECT DISTINCT a FROM t;
`

// badQueries fail while being bound. The server must give the same SQLSTATE,
// message, position, detail and hint.
var badQueries = `
SELECT (SELECT rank(10) WITHIN GROUP (ORDER BY t.a) FROM u), t.b FROM t
SELECT (SELECT rank(u.a) WITHIN GROUP (ORDER BY t.a) FROM u) FROM t
WITH w AS (SELECT (SELECT max(t.a) FROM u), t.b FROM t) SELECT 1
SELECT nope FROM t
SELECT t.nope FROM t
SELECT x.a FROM t
SELECT a FROM t, u
SELECT * FROM nothere
SELECT * FROM s.nothere
SELECT * FROM t AS z WHERE t.a = 1
SELECT aa FROM t
SELECT ID2 FROM t
SELECT *
SELECT z.* FROM t
SELECT a + b FROM t
SELECT a = b FROM t
SELECT -b FROM t
SELECT 'x' || 1 || a = e FROM t
SELECT nofunc(a) FROM t
SELECT length(a) FROM t
SELECT abs(b) FROM t
SELECT sum(b) FROM t
SELECT lower(a, b) FROM t
SELECT a FROM t WHERE b
SELECT a FROM t WHERE a
SELECT a FROM t WHERE sum(a) > 1
SELECT a, b FROM t GROUP BY a
SELECT a FROM t GROUP BY b
SELECT sum(a), b FROM t
SELECT a FROM t HAVING a > 1
SELECT sum(sum(a)) FROM t
SELECT a FROM t ORDER BY 2
SELECT a FROM t ORDER BY 'x'
SELECT a FROM t GROUP BY 3
SELECT a FROM t GROUP BY sum(a)
SELECT count(*) AS n FROM t GROUP BY n
SELECT DISTINCT a FROM t ORDER BY b
SELECT DISTINCT ON (a) a, b FROM t ORDER BY b
SELECT a, a FROM t ORDER BY nope
SELECT a AS z, b AS z FROM t ORDER BY z
SELECT 1 UNION SELECT 'a'
SELECT 1, 2 UNION SELECT 1
SELECT a FROM t UNION SELECT b FROM t
SELECT a FROM t UNION SELECT x FROM u ORDER BY a + 1
SELECT a FROM t UNION SELECT x FROM u ORDER BY nope
SELECT CASE WHEN a > 1 THEN 1 ELSE b END FROM t
SELECT CASE WHEN a THEN 1 END FROM t
SELECT CASE a WHEN b THEN 1 END FROM t
SELECT COALESCE(a, b) FROM t
SELECT GREATEST(a, b) FROM t
SELECT NULLIF(a, b) FROM t
SELECT ARRAY[]
SELECT ARRAY[a, b] FROM t
SELECT ARRAY[1, 'x']
SELECT 'abc'::int
SELECT '2020-13-45'::date
SELECT a::date FROM t
SELECT CAST(b AS nosuchtype) FROM t
SELECT 1::numeric(2000)
SELECT 'x'::varchar(0)
SELECT a[1] FROM t
SELECT f['x'] FROM t
SELECT (a).x FROM t
SELECT (1, 2) = (1, 2, 3)
SELECT a IN (1, 'x') FROM t
SELECT a IN (b) FROM t
SELECT a IN (SELECT b FROM t) FROM t
SELECT a IN (SELECT a, b FROM t) FROM t
SELECT (SELECT a, b FROM t)
SELECT a = ANY (b) FROM t
SELECT a = ANY (a) FROM t
SELECT NOT a FROM t
SELECT a AND e FROM t
SELECT a OR e FROM t
SELECT a IS TRUE FROM t
SELECT b BETWEEN 1 AND 2 FROM t
SELECT a LIKE 'x' FROM t
SELECT row_number() FROM t
SELECT row_number() OVER w FROM t
SELECT a FROM t WHERE row_number() OVER () > 1
SELECT sum(row_number() OVER ()) FROM t
SELECT rank() OVER (ORDER BY rank() OVER ()) FROM t
SELECT abs(a) OVER () FROM t
SELECT count(DISTINCT a) OVER () FROM t
SELECT abs(DISTINCT a) FROM t
SELECT abs(*) FROM t
SELECT count() FROM t
SELECT sum(a) OVER (ROWS 'x' PRECEDING) FROM t
SELECT sum(a) OVER (RANGE 1 PRECEDING) FROM t
SELECT sum(a) OVER (GROUPS 1 PRECEDING) FROM t
SELECT sum(a) OVER (w PARTITION BY a) FROM t WINDOW w AS (PARTITION BY b)
SELECT a FROM t LIMIT a
SELECT a FROM t LIMIT 'x'
SELECT a FROM t LIMIT true
SELECT a FROM t OFFSET b
SELECT generate_series(1, 2) FROM t WHERE generate_series(1, 2) > 1
SELECT a FROM t WHERE generate_series(1, 2) = 1
SELECT * FROM t, t
SELECT * FROM t JOIN u ON a
SELECT * FROM t JOIN u ON t.a = nope
SELECT * FROM t JOIN u USING (b)
SELECT * FROM t JOIN u USING (nope)
SELECT a FROM t JOIN u ON true
SELECT * FROM t x JOIN u x ON true
SELECT * FROM t JOIN u ON t.id = w.x
SELECT * FROM t, (SELECT t.a) s
SELECT * FROM t x (p, q, r, s, t, u, v, w)
SELECT * FROM (VALUES (1, 2), (3)) s
SELECT * FROM (VALUES (1), ('x')) s
VALUES (1), (DEFAULT)
SELECT * FROM abs(1) AS z (a int)
SELECT * FROM nofunc(1)
SELECT sum(a) FROM t, LATERAL (SELECT sum(t.a)) s
SELECT $1
SELECT $1 = $2
SELECT $0
WITH w AS (SELECT 1) SELECT * FROM w, x
WITH w AS (SELECT 1), w AS (SELECT 2) SELECT 1
WITH w (a, b) AS (SELECT 1) SELECT 1
WITH RECURSIVE w AS (SELECT 1) SELECT nope FROM w
WITH RECURSIVE w AS (SELECT * FROM w) SELECT * FROM w
WITH RECURSIVE w (n) AS (SELECT 1 UNION ALL SELECT n || 'x' FROM w) SELECT * FROM w
WITH RECURSIVE w (n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM w) SELECT * FROM w
INSERT INTO nothere VALUES (1)
INSERT INTO t (nope) VALUES (1)
INSERT INTO t (id, id) VALUES (1, 2)
INSERT INTO t (id) VALUES (1, 2)
INSERT INTO t (id, a) VALUES (1)
INSERT INTO t VALUES (1, 2, 3, 4, '2020-01-01', true, NULL, 8)
INSERT INTO t (id) VALUES ('x')
INSERT INTO t (id) VALUES (true)
INSERT INTO t (a) SELECT b FROM t
INSERT INTO t (d) VALUES (1)
INSERT INTO t (id) VALUES (a)
INSERT INTO t VALUES (1) RETURNING nope
INSERT INTO g (i) VALUES (1)
INSERT INTO g (q) VALUES (1)
INSERT INTO vd VALUES (1)
INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1
INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET nope = 1
INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = b
INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT nope DO NOTHING
UPDATE t SET nope = 1
UPDATE t SET a = 'x'
UPDATE t SET a = b
UPDATE t SET a = 1, a = 2
UPDATE t SET (a, b) = (1)
UPDATE t SET (a, b) = (SELECT 1)
UPDATE t SET a = sum(a)
UPDATE t SET a = 1 WHERE sum(a) = 1
UPDATE g SET q = 1
UPDATE g SET i = 1
UPDATE t SET a = 1 FROM t
UPDATE t SET a = x FROM u WHERE nope = 1
DELETE FROM t WHERE nope
DELETE FROM t WHERE b = 1
DELETE FROM t USING u WHERE a = 1
DELETE FROM vd
SELECT a FROM t FOR UPDATE OF u
SELECT sum(a) FROM t FOR UPDATE
SELECT DISTINCT a FROM t FOR UPDATE
SELECT a FROM t GROUP BY a FOR SHARE
SELECT a FROM t UNION SELECT 1 FOR UPDATE
SELECT a COLLATE "C" FROM t
SELECT b COLLATE "nope" FROM t
SELECT GROUPING(a) FROM t
SELECT GROUPING(b) FROM t GROUP BY a
SELECT a, (SELECT b FROM u WHERE u.x = t.id) FROM t GROUP BY a
SELECT percentile_cont(0.5) FROM t
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM t
SELECT a FROM t WHERE (SELECT 1 FROM u) IS TRUE
SELECT round(1.5, 'x')
SELECT substring(b, 'x', 2) FROM t
SELECT t.a.b FROM t
SELECT t FROM t WHERE t = 1
SELECT 1 + true
SELECT 1 WHERE 1
SELECT now() + 1
SELECT d + 1.5 FROM t
SELECT interval '1 day' * b FROM t
SELECT upper(1)
SELECT 99999999999999999999::int
SELECT 'a' = 1
SELECT id FROM v WHERE nope = 1
SELECT s.t.a FROM t
INSERT INTO t VALUES (t.a)
SELECT max(b) FILTER (WHERE a) FROM t
SELECT max(b) FILTER (WHERE sum(a) > 1) FROM t
SELECT a FROM t JOIN u USING (id)
SELECT * FROM t NATURAL JOIN u WHERE nope
SELECT u.a FROM t JOIN u USING (a) GROUP BY a
SELECT a FROM (SELECT a FROM t) s WHERE s.b = 1
SELECT (SELECT a FROM t WHERE zz = 1)
SELECT EXISTS (SELECT nope FROM t)
SELECT * FROM t WHERE id IN (1, 2, b)
SELECT string_agg(a) FROM t
SELECT string_agg(b, ',' ORDER BY nope) FROM t
SELECT string_agg(DISTINCT b, ',' ORDER BY a) FROM t
SELECT date_trunc('day', a) FROM t
SELECT to_char(b, 'x') FROM t
SELECT concat(a, b, nope) FROM t
SELECT format('x', VARIADIC a) FROM t
SELECT a::text::date::nope FROM t
SELECT f || 'x' FROM t
SELECT f || a || b FROM t
SELECT array_append(f, 'x') FROM t
SELECT unnest(a) FROM t
SELECT b[1] FROM t
SELECT '{1,2}'::int[] || 'z'
SELECT '1' + '2'
SELECT a # b FROM t
SELECT @@ a FROM t
SELECT a <-> b FROM t
SELECT '{"a":1}'::json = '{}'::json
SELECT DISTINCT '{"a":1}'::json
SELECT '{"a":1}'::json ORDER BY 1
SELECT count(DISTINCT '{"a":1}'::json)
SELECT 1 FROM t GROUP BY '{"a":1}'::json
SELECT $1::int + $1::text
SELECT * FROM t WHERE a = $1 AND b = $1
SELECT id FROM t ORDER BY sum(a)
SELECT id FROM t ORDER BY id USING =
SELECT first_value(a) OVER (ORDER BY a RANGE BETWEEN 'x' PRECEDING AND CURRENT ROW) FROM t
SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t
SELECT ntile('x') OVER () FROM t
SELECT lag(a, 'x') OVER () FROM t
SELECT lag(a, 1, 'x') OVER () FROM t
SELECT lag(a, 1, b) OVER () FROM t
INSERT INTO u VALUES (1, 2, 3.5, 4)
INSERT INTO t SELECT * FROM u
INSERT INTO t SELECT x, x, y, x, x FROM u
INSERT INTO u (y) VALUES (now())
UPDATE u SET y = now()
UPDATE u SET y = a
UPDATE u SET x = y
UPDATE u SET y = DEFAULT, x = DEFAULT, nope = DEFAULT
UPDATE t SET f = ARRAY['x', 1]
UPDATE t SET d = 5
DELETE FROM t RETURNING u.x
WITH x AS (INSERT INTO t VALUES (1)) SELECT * FROM x
SELECT * FROM (WITH x AS (INSERT INTO t VALUES (1) RETURNING id) SELECT * FROM x) s
SELECT 1 ORDER BY nope
VALUES (1, 2) ORDER BY column3
SELECT a FROM t LIMIT 1 OFFSET 'y'
SELECT overlaps(1, 2)
SELECT (1, 2) OVERLAPS (3, 4)
SELECT a BETWEEN SYMMETRIC b AND 3 FROM t
SELECT a IS DISTINCT FROM b FROM t
SELECT (a, b) IN ((1, 2, 3)) FROM t
SELECT (a, b) < (1, 2) FROM t
SELECT ROW(1, 2) = 5
SELECT ROW(a, b)::t FROM t
SELECT t.* + 1 FROM t
SELECT sum(t.*) FROM t
SELECT CURRENT_DATE + 'x'
SELECT position(1 in b) FROM t
SELECT trim(a) FROM t
SELECT a AT TIME ZONE 'UTC' FROM t
SELECT mode() WITHIN GROUP (ORDER BY a, b) FROM t
SELECT rank(1) WITHIN GROUP (ORDER BY a, b) FROM t
SELECT sum(a) WITHIN GROUP (ORDER BY a) FROM t
SELECT * FROM t WHERE id = 'abc'
SELECT * FROM t WHERE d > 'abc'
SELECT * FROM t WHERE e = 'maybe'
SELECT * FROM t WHERE id = 1.5::float8 AND b > 5
MERGE INTO t USING u ON t.id = u.x WHEN MATCHED THEN UPDATE SET nope = 1
MERGE INTO t USING u ON t.id = u.x WHEN NOT MATCHED THEN INSERT VALUES (t.a)
`

func TestErrorsAgainstPostgres(t *testing.T) {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL server to compare with")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	setup := "DROP SCHEMA IF EXISTS planner_errors CASCADE; CREATE SCHEMA planner_errors; SET search_path = planner_errors;" + errorSchema
	if _, err := conn.Exec(ctx, setup); err != nil {
		t.Fatal(err)
	}
	defer conn.Exec(ctx, "DROP SCHEMA planner_errors CASCADE")
	c := newTestCatalog(t, errorSchema)
	for _, sql := range strings.Split(strings.TrimSpace(badQueries), "\n") {
		_, perr := conn.Prepare(ctx, "", sql)
		want := "no error"
		var pe *pgconn.PgError
		if errors.As(perr, &pe) {
			want = "ERROR " + pe.Code + " " + pe.Message
			if pe.Position > 0 {
				want += " @" + itoa(int(pe.Position))
			}
			if pe.Detail != "" {
				want += "\nDETAIL " + pe.Detail
			}
			if pe.Hint != "" {
				want += "\nHINT " + pe.Hint
			}
		} else if perr != nil {
			t.Fatal(perr)
		}
		got := "no error"
		list, err := parser.Parse(sql)
		if err == nil {
			_, err = Plan(c.request(list[0].Stmt))
		}
		if err != nil {
			got = describe(err)
			if pgerr.Of(err).Code == pgerr.InternalError {
				t.Errorf("%s\n internal error: %s", sql, got)
				continue
			}
		}
		if got != want {
			t.Errorf("%s\n got  %s\n want %s", sql, got, want)
		}
	}
}
