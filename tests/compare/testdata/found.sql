-- # Small statements that random ones, made smaller, came to
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN posint AS int4 CHECK (VALUE > -1000);
CREATE TABLE t (id int PRIMARY KEY, v varchar(5), i2 int2, d date, m mood, c cidr, p posint);
INSERT INTO t VALUES (1, 'abc', 3, '2020-01-01', 'ok', '10.0.0.0/8', 5), (2, NULL, NULL, NULL, NULL, NULL, NULL);
-- NULLIF gives its first argument as = takes it
SELECT nullif(v, 'b') AS a, nullif(v, v) AS b, nullif(id, 1.5) AS c, nullif(i2, 2.5::float8) AS d, nullif(d, '2020-01-01'::timestamp) AS e, nullif(i2, 3::int8) AS f FROM t ORDER BY id;
SELECT nullif(m, 'sad') AS a, nullif('ok', m) AS b, nullif(c, '10.0.0.1'::inet) AS c, nullif(p, 5) AS d, nullif(1, 1.5) AS e, nullif('a'::varchar, 'b') AS f, nullif('sad'::mood, 'ok') AS g, nullif('sad', 'ok'::mood) AS h FROM t ORDER BY id;
SELECT nullif(1, NULL) AS a, nullif(NULL, 1) AS b, nullif(NULL, NULL) AS c, nullif(ARRAY[1], '{2}') AS d, nullif('x', 'y') AS e;
