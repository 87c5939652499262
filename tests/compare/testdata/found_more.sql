-- # More small statements that random ones, made smaller, came to
CREATE TABLE t (id int PRIMARY KEY, n int, c timestamptz);
INSERT INTO t SELECT g, nullif(g, 3), '2020-01-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 5) g;
-- ## NOT IN with a list that is NULL alone, whatever it is read from, knows no answer
SELECT count(*) FROM t WHERE c NOT IN (SELECT NULL::timestamptz FROM jsonb_each('{"b":1}') AS a);
SELECT count(*) FROM t WHERE id NOT IN (SELECT NULL::int4 FROM t);
SELECT count(*) FROM t WHERE id NOT IN (SELECT NULL::int4);
SELECT count(*) FROM t WHERE id NOT IN (SELECT NULL::int4 FROM t WHERE id > 9);
SELECT count(*) FROM t WHERE id <> ALL (SELECT nullif(1, 1) FROM t);
SELECT count(*) FROM t WHERE n NOT IN (SELECT NULL::int4 FROM generate_series(1, 2));
SELECT count(*) FROM t WHERE n NOT IN (SELECT 3 FROM generate_series(1, 2));
SELECT count(*) FROM t WHERE n NOT IN (SELECT nullif(7, id) FROM t);
SELECT count(*) FROM t WHERE (id, n) NOT IN (SELECT 1, NULL::int FROM t);
SELECT count(*) FROM t WHERE (id, n) NOT IN (SELECT NULL::int, NULL::int FROM t);
