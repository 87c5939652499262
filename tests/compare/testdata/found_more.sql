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
-- ## Ages of infinity are those of the moment that its number stands for
SELECT age('2019-09-18 18:15:00'::timestamp, 'infinity'), age('infinity'::timestamp, '2019-09-18 18:15:00'), age('infinity'::timestamp, 'infinity');
SELECT age('-infinity'::timestamp, '2019-09-18 18:15:00');
SELECT age('2019-09-18 18:15:00'::timestamp, '-infinity');
SELECT age('infinity'::timestamptz, '-infinity');
SET timezone = 'Europe/Berlin';
SELECT age('2019-09-18 18:15:00'::timestamptz, 'infinity'), age('infinity'::timestamptz, '294276-12-31 10:00'), age('infinity'::timestamptz, 'infinity');
RESET timezone;
-- ## Window functions compute their arguments for the rows that they ask for alone
CREATE TABLE w (id int PRIMARY KEY, n int, s text);
INSERT INTO w VALUES (1, 0, '5'), (2, 1, 'x'), (3, 2, '7');
SELECT id, lead(10 / n) OVER (ORDER BY id), lag(s::int, 2) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT max(l) FROM (SELECT lag(10 / n) OVER (ORDER BY id) AS l FROM w) q;
SELECT id, lead(id, 10 / n) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, lead(id, 1, 10 / (id - 1)) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT max(l) FROM (SELECT lead(id, 1, 10 / (id - 3)) OVER (ORDER BY id) AS l FROM w) q;
SELECT id, first_value(s::int) OVER (ORDER BY id), last_value(10 / n) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM w ORDER BY id;
SELECT id, last_value(10 / n) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, nth_value(s::int, 3) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, nth_value(id, s::int) OVER (PARTITION BY n) FROM w ORDER BY id;
SELECT id, ntile(10 / (n + 1)) OVER (ORDER BY id), ntile(s::int) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, ntile(10 / n) OVER (ORDER BY id) FROM w ORDER BY id;
SELECT id, sum(10 / n) FILTER (WHERE n > 0) OVER (ORDER BY id), count(s::int) FILTER (WHERE s <> 'x') OVER () FROM w ORDER BY id;
SELECT id, sum(10 / n) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM w ORDER BY id;
SELECT id, sum(10 / n) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM w ORDER BY id;
SELECT id, max(10 / n) OVER (PARTITION BY n > 0 ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING EXCLUDE TIES) FROM w ORDER BY id;
SELECT count(*) FROM (SELECT lead(1 / (g - 2500)) OVER (ORDER BY g DESC) FROM generate_series(2500, 5000) g) q;
SELECT count(*) FROM (SELECT lag(1 / (g - 2500)) OVER (ORDER BY g DESC) AS l FROM generate_series(2500, 5000) g) q WHERE l = 0;
