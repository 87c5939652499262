CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'what is sold';
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
COMMENT ON TYPE shop.mood IS 'of customers';
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN posint AS integer NOT NULL DEFAULT 1 CHECK (value > 0) CONSTRAINT small CHECK (value < 1000);
COMMENT ON DOMAIN posint IS 'more than none';
CREATE DOMAIN code AS varchar(8);
CREATE SEQUENCE sq AS smallint INCREMENT 5 MINVALUE 1 MAXVALUE 1000 START 10 CYCLE CACHE 3;
COMMENT ON SEQUENCE sq IS 'fives';
CREATE TABLE departments (id serial PRIMARY KEY, name varchar(50) NOT NULL UNIQUE, budget numeric(12,2) DEFAULT 0, created timestamptz(3) DEFAULT now());
COMMENT ON TABLE departments IS 'All departments';
COMMENT ON COLUMN departments.name IS 'its name';
CREATE TABLE employees (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dept_id int REFERENCES departments ON DELETE CASCADE ON UPDATE SET NULL,
  first_name text COLLATE "C" NOT NULL,
  last_name text DEFAULT 'x',
  email varchar(100),
  salary numeric(10,2) CHECK (salary > 0),
  m shop.mood DEFAULT 'ok',
  p posint,
  tags text[],
  pr pair,
  boss bigint CONSTRAINT boss REFERENCES employees (id) DEFERRABLE INITIALLY DEFERRED,
  full_len int GENERATED ALWAYS AS (length(first_name) + 1) STORED,
  CONSTRAINT email_uq UNIQUE (email, dept_id),
  CONSTRAINT sane CHECK (salary < 1000000 OR boss IS NULL) NO INHERIT);
CREATE INDEX emp_name ON employees (lower(last_name), first_name DESC NULLS LAST) WHERE salary > 10;
CREATE INDEX emp_inc ON employees (dept_id) INCLUDE (email);
CREATE UNIQUE INDEX emp_nnd ON employees (m) NULLS NOT DISTINCT;
CREATE INDEX emp_pattern ON employees (email varchar_pattern_ops, (salary * 2));
COMMENT ON INDEX emp_inc IS 'covers';
COMMENT ON CONSTRAINT sane ON employees IS 'not too much';
ALTER TABLE employees ADD CONSTRAINT later CHECK (full_len > 0) NOT VALID;
ALTER TABLE employees CLUSTER ON emp_inc;
ALTER TABLE employees REPLICA IDENTITY FULL;
ALTER TABLE employees ALTER COLUMN last_name SET STATISTICS 50, ALTER COLUMN first_name SET STORAGE EXTERNAL;
ALTER TABLE employees SET (fillfactor = 70);
CREATE VIEW emp_v AS SELECT id, first_name, salary FROM employees WHERE salary > 100;
CREATE VIEW emp_j AS SELECT e.*, d.name AS dept FROM employees e LEFT JOIN departments d ON d.id = e.dept_id ORDER BY d.name;
CREATE VIEW emp_c WITH (security_barrier) AS SELECT id, salary FROM employees WHERE salary > 100 WITH LOCAL CHECK OPTION;
COMMENT ON VIEW emp_v IS 'paid';
CREATE VIEW emp_agg AS SELECT dept_id, count(*) AS n, avg(salary) FILTER (WHERE m = 'ok') AS pay FROM employees GROUP BY dept_id HAVING count(*) > 1;
CREATE TABLE nopk (a int, b date);
CREATE TABLE shop.item (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, price money, doc jsonb, at point);
CREATE TABLE parent (a int NOT NULL, b text DEFAULT 'b', CHECK (a > 0));
CREATE TABLE child1 (c int) INHERITS (parent);
CREATE TABLE child2 (a int DEFAULT 7, d date) INHERITS (parent);
CREATE TABLE measure (at date NOT NULL, v int, id int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE measure_21 PARTITION OF measure FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE measure_22 PARTITION OF measure FOR VALUES FROM ('2022-01-01') TO (MAXVALUE) PARTITION BY LIST (id);
CREATE TABLE measure_22_1 PARTITION OF measure_22 FOR VALUES IN (1, 2, NULL);
CREATE TABLE measure_d PARTITION OF measure DEFAULT;
CREATE INDEX measure_v ON measure (v);
CREATE TABLE hashed (k int, v text) PARTITION BY HASH (k);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE refers (id int, at date, FOREIGN KEY (id, at) REFERENCES measure MATCH FULL ON DELETE SET NULL (id));
CREATE UNLOGGED TABLE fleeting (a int);
CREATE TEMP TABLE passing (a int);
CREATE FUNCTION add(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a + b';
COMMENT ON FUNCTION add(int, int) IS 'adds';
CREATE FUNCTION rows(OUT x int, OUT y text) RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1, 'one' $$;
CREATE FUNCTION tab(VARIADIC v int[]) RETURNS TABLE (i int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public COST 10 ROWS 5 AS $$ BEGIN RETURN QUERY SELECT unnest(v); END $$;
CREATE FUNCTION std(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
CREATE PROCEDURE doit(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.last_name := 'y'; RETURN NEW; END $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
COMMENT ON AGGREGATE total(int) IS 'sums';
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OF last_name, salary ON employees FOR EACH ROW WHEN (NEW.salary > 1) EXECUTE FUNCTION touch();
CREATE CONSTRAINT TRIGGER after_row AFTER DELETE ON employees DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch('a', 'b');
CREATE TRIGGER stmt AFTER UPDATE ON employees REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION touch();
COMMENT ON TRIGGER stmt ON employees IS 'after all';
ALTER TABLE employees DISABLE TRIGGER stmt;
CREATE TRIGGER part_row AFTER INSERT ON measure FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE excl (a int, b int, EXCLUDE USING btree (a WITH =, b WITH =) WHERE (a > 0));
