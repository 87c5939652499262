-- # INSERT, UPDATE, DELETE, MERGE, ON CONFLICT, RETURNING, and their errors
CREATE TABLE t (id int PRIMARY KEY, n int, s text DEFAULT 'def', u int UNIQUE);
INSERT INTO t VALUES (1, 1, 'a', 10), (2, 2, 'b', 20), (3, 3, 'c', 30);
INSERT INTO t (id, n) SELECT i, i * 10 FROM generate_series(4, 6) i RETURNING id, n, s;
INSERT INTO t VALUES (DEFAULT, 1);
INSERT INTO t VALUES ('x', 1);
INSERT INTO t VALUES (7, 'x');
INSERT INTO t VALUES (7, 1.5) RETURNING n;
INSERT INTO t VALUES (8, 99999999999);
INSERT INTO t VALUES (8, true);
INSERT INTO t (id, s) VALUES (8, 12) RETURNING s;
INSERT INTO t (s, id) VALUES ('x', 9) RETURNING *, n IS NULL AS isnull;
INSERT INTO t AS al (id) VALUES (10) RETURNING al.id;
INSERT INTO t AS al (id) VALUES (11) RETURNING t.id;
INSERT INTO t VALUES (1), (2, 3);
INSERT INTO t SELECT 1, 2, 'x', 3, 4;
INSERT INTO t (id, n) SELECT 1;
INSERT INTO t (t.id) VALUES (1);
-- differs: system relations are computed: nothing can be put into them
INSERT INTO pg_class VALUES (1);
INSERT INTO t VALUES (12, (SELECT max(n) FROM t), NULL, NULL) RETURNING *;
WITH x AS (INSERT INTO t (id, n) VALUES (13, 13) RETURNING *) SELECT id, n FROM x;
INSERT INTO t (id) VALUES (14) RETURNING count(*);
INSERT INTO t (id) VALUES (14) RETURNING nope;
-- ON CONFLICT
INSERT INTO t (id, n) VALUES (1, 100) ON CONFLICT DO NOTHING;
INSERT INTO t (id, n) VALUES (1, 100) ON CONFLICT (id) DO NOTHING RETURNING *;
INSERT INTO t (id, n) VALUES (1, 100), (15, 15) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n RETURNING id, n;
INSERT INTO t (id, n) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET n = t.n + EXCLUDED.n, s = DEFAULT RETURNING *;
INSERT INTO t (id, n) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET n = 0 WHERE t.n < 0 RETURNING *;
INSERT INTO t (id, n) VALUES (1, 1), (1, 2) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n;
INSERT INTO t (id, u) VALUES (40, 10) ON CONFLICT (id) DO NOTHING;
INSERT INTO t (id, u) VALUES (40, 10) ON CONFLICT (u) DO UPDATE SET n = 77 RETURNING id, n;
INSERT INTO t (id, u) VALUES (40, 10) ON CONFLICT ON CONSTRAINT t_u_key DO UPDATE SET n = 78 RETURNING id, n;
INSERT INTO t (id, u) VALUES (40, 10) ON CONFLICT ON CONSTRAINT nope DO NOTHING;
-- differs extended: it is refused when it is prepared already
INSERT INTO t (id) VALUES (1) ON CONFLICT (n) DO NOTHING;
-- differs: PostgreSQL points at the parenthesis
INSERT INTO t (id) VALUES (1) ON CONFLICT (nope) DO NOTHING;
INSERT INTO t (id) VALUES (1) ON CONFLICT DO UPDATE SET n = 1;
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2;
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = id;
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET (n, s) = (SELECT 9, 'nine') RETURNING *;
-- UPDATE
UPDATE t SET n = n + 1 WHERE id < 3 RETURNING id, n;
UPDATE t SET n = nope;
UPDATE t SET nope = 1;
UPDATE nope SET n = 1;
UPDATE t SET n = 1, n = 2;
UPDATE t SET n = 'x' WHERE id = 1;
UPDATE t SET id = 2 WHERE id = 1;
UPDATE t SET id = NULL WHERE id = 1;
UPDATE t SET id = id + 100 WHERE id > 3 RETURNING id;
UPDATE t SET (n, s) = (5, 'five') WHERE id = 1 RETURNING n, s;
UPDATE t SET (n, s) = ROW (6, 'six') WHERE id = 1 RETURNING n, s;
UPDATE t SET (n, s) = (SELECT 7, 'seven') WHERE id = 1 RETURNING n, s;
UPDATE t SET (n, s) = (1, 2, 3);
UPDATE t SET (n, s) = (SELECT 1);
UPDATE t AS x SET n = y.m FROM (VALUES (1, 11), (2, 22)) y (i, m) WHERE x.id = y.i RETURNING x.id, x.n, y.m;
UPDATE t SET n = 1 FROM t;
UPDATE t x SET t.n = 1;
UPDATE t SET s = DEFAULT WHERE id = 1 RETURNING s;
UPDATE t SET n = count(*);
UPDATE t SET n = 1 WHERE count(*) > 1;
UPDATE t SET n = 1 WHERE 5;
UPDATE t SET n = n WHERE false;
WITH d AS (SELECT 1 AS i) UPDATE t SET n = 50 FROM d WHERE id = d.i RETURNING id, n;
UPDATE t SET n = (SELECT count(*) FROM t t2 WHERE t2.id < t.id) WHERE id < 4 RETURNING id, n;
UPDATE t SET n = (SELECT id FROM t);
-- DELETE
DELETE FROM t WHERE id > 100 RETURNING id;
DELETE FROM t USING (VALUES (3)) v (i) WHERE t.id = v.i RETURNING t.*, v.i;
DELETE FROM nope;
DELETE FROM t WHERE nope;
DELETE FROM t x WHERE t.id = 1;
DELETE FROM ONLY t WHERE id = 77;
WITH gone AS (DELETE FROM t WHERE id = 2 RETURNING *) SELECT count(*) FROM gone;
SELECT * FROM t ORDER BY id;
DELETE FROM t;
DELETE FROM t;
-- MERGE
CREATE TABLE target (id int PRIMARY KEY, v int);
CREATE TABLE source (id int, v int);
INSERT INTO target VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO source VALUES (2, 20), (3, -1), (4, 40);
MERGE INTO target t USING source s ON t.id = s.id
  WHEN MATCHED AND s.v < 0 THEN DELETE
  WHEN MATCHED THEN UPDATE SET v = t.v + s.v
  WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v);
SELECT * FROM target ORDER BY id;
MERGE INTO target t USING source s ON t.id = s.id WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN DO NOTHING;
MERGE INTO target t USING source s ON true WHEN MATCHED THEN UPDATE SET v = 0;
MERGE INTO target t USING source s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id + 100, DEFAULT);
MERGE INTO target t USING (VALUES (1, 5)) s (id, v) ON t.id = s.id WHEN NOT MATCHED THEN UPDATE SET v = 1;
MERGE INTO target t USING source s ON t.id = s.id WHEN MATCHED THEN INSERT VALUES (1, 2);
MERGE INTO target t USING nope s ON t.id = s.id WHEN MATCHED THEN DELETE;
MERGE INTO target t USING source s ON t.id = s.nope WHEN MATCHED THEN DELETE;
MERGE INTO target t USING source s ON t.id = s.id WHEN MATCHED THEN UPDATE SET nope = 1;
MERGE INTO target t USING source s ON t.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (t.id, 1);
MERGE INTO target t USING source s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN MATCHED THEN DO NOTHING;
SELECT * FROM target ORDER BY id;
-- domains, arrays and casts at assignment
CREATE TABLE ty (v varchar(3), c char(3), n numeric(4,1), a int[], i2 smallint, b bool, d date, ts timestamp, j jsonb);
INSERT INTO ty (v) VALUES ('abcd');
INSERT INTO ty (v) VALUES ('abc ') RETURNING v, length(v);
INSERT INTO ty (c) VALUES ('a') RETURNING c, length(c), c = 'a';
INSERT INTO ty (n) VALUES (12.349) RETURNING n;
INSERT INTO ty (n) VALUES (12345);
INSERT INTO ty (i2) VALUES (40000);
INSERT INTO ty (a) VALUES ('{1,2}'), (ARRAY[3, 4]), (ARRAY[5.5, 6.4]) RETURNING a;
UPDATE ty SET a[2] = 9 WHERE a IS NOT NULL RETURNING a;
INSERT INTO ty (b) VALUES (1);
INSERT INTO ty (b) VALUES ('yes') RETURNING b;
INSERT INTO ty (d) VALUES ('2024-13-01');
INSERT INTO ty (d) VALUES ('2024-02-30');
INSERT INTO ty (d) VALUES ('nope');
INSERT INTO ty (ts) VALUES ('2024-01-01'::date) RETURNING ts;
INSERT INTO ty (j) VALUES ('{"a":1}') RETURNING j, j -> 'a';
INSERT INTO ty (j) VALUES ('{a}');
INSERT INTO ty (j) VALUES (5);
-- syntax
SELEC 1;
SELECT FROM WHERE;
SELECT 1 +;
SELECT 'unterminated;
';
INSERT t VALUES (1);
CREATE TABEL x (a int);
SELECT * FROM t WHERE id = = 1;
SELECT "unclosed;
";
SELECT /* never closed;
*/ 1;
SELECT 1e;
SELECT 1 1;
UPDATE t n = 1;
;
