-- Constants of type regclass and kin are objects, not names: in defaults, constraints, indexes, domains,
-- views, triggers and functions' parameters.
CREATE SEQUENCE s;
CREATE SEQUENCE "S 2";
CREATE TABLE t1 (a text DEFAULT 'id-' || nextval('s') || '-' || currval('s'), b bigint DEFAULT nextval('"S 2"') * 2,
  c regclass DEFAULT 's', d int DEFAULT 1, CHECK (c <> 's'::regclass OR d > 0), e text DEFAULT '''s''::regclass');
CREATE DOMAIN dom AS int DEFAULT nextval('s');
CREATE VIEW v1 AS SELECT nextval('s') n, 's'::regclass r, cast('s' AS regclass) q;
CREATE INDEX ON t1 ((CASE WHEN c = 's'::regclass THEN 1 END)) WHERE c <> 's'::regclass;
SELECT attnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = 't1'::regclass ORDER BY 1;
ALTER SEQUENCE s RENAME TO s3;
ALTER SEQUENCE "S 2" RENAME TO "S'4";
SELECT attnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = 't1'::regclass ORDER BY 1;
SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 't1' ORDER BY 1;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't1'::regclass;
SELECT pg_get_viewdef('v1');
SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indrelid = 't1'::regclass;
INSERT INTO t1 DEFAULT VALUES RETURNING *;
CREATE SCHEMA other;
ALTER SEQUENCE s3 SET SCHEMA other;
SELECT attnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = 't1'::regclass ORDER BY 1;
SELECT * FROM v1;
CREATE TABLE t2 (a int, d dom);
INSERT INTO t2 VALUES (1) RETURNING *;
DROP SEQUENCE other.s3;
ALTER TABLE t1 ALTER a DROP DEFAULT;
DROP SEQUENCE other.s3;
DROP SEQUENCE other.s3 CASCADE;
SELECT attnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = 't1'::regclass ORDER BY 1;
DROP TABLE t1, t2;
DROP SCHEMA other CASCADE;
DROP SEQUENCE "S'4";

-- A serial column's default is another sequence's.
CREATE TABLE c1 (id bigserial PRIMARY KEY, x int);
CREATE SEQUENCE c2 START 101 OWNED BY c1.id;
ALTER TABLE c1 ALTER COLUMN id SET DEFAULT nextval('c2');
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'c1'::regclass;
DROP SEQUENCE c1_id_seq;
INSERT INTO c1 (x) VALUES (1) RETURNING *;
DROP TABLE c1;
SELECT count(*) FROM pg_class WHERE relname = 'c2';
CREATE TABLE c1 (id serial, x int);
ALTER TABLE c1 ALTER id SET DEFAULT nextval('c1_id_seq') * 10;
SELECT pg_get_serial_sequence('c1', 'id');
ALTER TABLE c1 RENAME TO c3;
ALTER SEQUENCE c1_id_seq RENAME TO c3_id_seq;
INSERT INTO c3 DEFAULT VALUES RETURNING *;
DROP TABLE c3;

-- Tables and types.
CREATE TABLE base (x int);
CREATE TABLE tt (r regclass DEFAULT 'base', o oid DEFAULT 'base'::regclass::oid);
ALTER TABLE base RENAME TO base2;
INSERT INTO tt DEFAULT VALUES RETURNING r, o = 'base2'::regclass;
DROP TABLE base2;
DROP TABLE base2 CASCADE;
SELECT count(*) FROM pg_attrdef WHERE adrelid = 'tt'::regclass;
DROP TABLE tt;
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE tt (r regtype DEFAULT 'mood', n regnamespace DEFAULT 'public');
ALTER TYPE mood RENAME TO "Mood";
INSERT INTO tt DEFAULT VALUES RETURNING r, n;
DROP TABLE tt;
DROP TYPE "Mood";

-- A schema's name.
CREATE SCHEMA a;
CREATE TABLE a.t (id serial PRIMARY KEY, n text);
ALTER TABLE a.t ALTER n SET DEFAULT 'x' || nextval('a.t_id_seq');
CREATE VIEW a.v AS SELECT nextval('a.t_id_seq') n, 'a.t'::regclass c, 'a.t'::regtype ty;
CREATE TABLE a.u (LIKE a.t INCLUDING ALL);
CREATE TABLE a.c () INHERITS (a.t);
CREATE FUNCTION a.f(s regclass DEFAULT 'a.t_id_seq') RETURNS bigint LANGUAGE sql AS 'select nextval(s)';
CREATE FUNCTION a.tf() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE TRIGGER tr BEFORE INSERT ON a.t FOR EACH ROW WHEN (new.n <> 'a.t_id_seq'::regclass::text) EXECUTE FUNCTION a.tf();
ALTER SCHEMA a RENAME TO b;
ALTER TABLE b.t RENAME TO tt;
SELECT adrelid::regclass::text, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid::regclass::text LIKE 'b.%' ORDER BY 1, 2;
SELECT pg_get_viewdef('b.v');
SELECT pg_get_functiondef('b.f'::regproc);
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'tr';
INSERT INTO b.tt DEFAULT VALUES RETURNING *;
INSERT INTO b.u DEFAULT VALUES RETURNING *;
INSERT INTO b.c DEFAULT VALUES RETURNING *;
SELECT * FROM b.v;
SELECT b.f();
DROP SEQUENCE b.t_id_seq;
DROP TABLE b.tt;
DROP SEQUENCE b.t_id_seq CASCADE;
DROP SCHEMA b CASCADE;

-- Defaults that draw from the sequence of the table being made.
CREATE TABLE se (id serial PRIMARY KEY, o int DEFAULT nextval('se_id_seq'), s serial, z bigserial CHECK (nextval('se_z_seq') > 0));
INSERT INTO se DEFAULT VALUES RETURNING *;
DROP TABLE se;

-- Columns that are functions of the row.
CREATE TABLE posts (id int, type text);
INSERT INTO posts VALUES (1, 'a'), (2, 'b'), (3, 'b');
SELECT count(*) AS count_all, type FROM posts GROUP BY posts.type ORDER BY posts.count DESC;
SELECT posts.count FROM posts;
SELECT p.to_json FROM posts p;
SELECT p.upper FROM posts p;
SELECT p.text FROM posts p;
SELECT p.name FROM posts p;
SELECT p.nope FROM posts p;
SELECT count FROM posts;
SELECT posts.row_number FROM posts;
DROP TABLE posts;

-- The collation of a column is that of ALTER … TYPE.
CREATE TABLE ct (a varchar(10) DEFAULT 'x', b text COLLATE "C");
ALTER TABLE ct ALTER a TYPE varchar(20) COLLATE "C", ALTER b TYPE varchar(9);
SELECT attname, attcollation FROM pg_attribute WHERE attrelid = 'ct'::regclass AND attnum > 0 ORDER BY 1;
ALTER TABLE ct ALTER a TYPE int COLLATE "C" USING 1;
DROP TABLE ct;
SELECT 'bit varying(4)'::regtype, 'bit varying'::regtype, 'bit(3)[]'::regtype, 'bit varying (3) []'::regtype, to_regtype('bit');
