-- Some of everything that pg_dump writes.
create schema app;
create type app.mood as enum ('sad','ok','happy');
create domain app.posint as int check (value > 0);
create table app.customers (id bigint generated always as identity primary key, name text not null, email varchar(100) unique, mood app.mood default 'ok', n app.posint, created timestamptz default now(), tags text[], doc jsonb);
create table app.orders (id serial primary key, customer_id bigint references app.customers on delete cascade, total numeric(10,2) check (total >= 0), placed date default current_date);
create index on app.orders (customer_id, placed desc);
create index on app.customers (lower(name)) where mood <> 'sad';
create view app.totals as select c.name, sum(o.total) t from app.customers c join app.orders o on o.customer_id=c.id group by c.name;
create materialized view app.mv as select * from app.totals;
create function app.f(a int) returns int language plpgsql as $$ begin return a + 1; end $$;
create function app.trg() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new; end $$;
create trigger up before insert on app.customers for each row execute function app.trg();
create table app.days (id int, d date) partition by range (d);
create table app.days_2024 partition of app.days for values from ('2024-01-01') to ('2025-01-01');
comment on table app.customers is 'people';
create role app_reader; grant select on all tables in schema app to app_reader;
insert into app.customers(name,email,n,tags,doc,created) values ('ann','a@x',3,'{a,b}','{"x":1}','2024-02-03 04:05:06'),('bob','b@x',4,null,null,'2024-02-04');
insert into app.orders(customer_id,total) values (1,10.5),(1,3),(2,7);
insert into app.days values (1,'2024-05-05');
refresh materialized view app.mv;

-- What calls functions comes behind them, and says where they are.
CREATE FUNCTION app.zone(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 7';
CREATE FUNCTION app.again(n int DEFAULT app.zone(9)) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION public.open(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE DOMAIN app.area AS int DEFAULT 3 CHECK (app.zone(VALUE) > 0);
CREATE TYPE app.span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE TYPE app.place AS (area app.area, spans app.span[]);
CREATE TABLE app.places (id int DEFAULT app.zone(8) PRIMARY KEY, at app.place, n int CHECK (public.open(n) > 0), m int GENERATED ALWAYS AS (app.zone(n)) STORED);
CREATE INDEX places_zone ON app.places (app.zone(n), (n + 1)) WHERE public.open(m) > 1;
CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER note BEFORE UPDATE OF n ON app.places FOR EACH ROW WHEN (app.zone(new.n) > 2) EXECUTE FUNCTION app.note();
CREATE VIEW app.seen AS SELECT public.open(n) AS o, app.zone(m) AS z, total(n) OVER (ORDER BY public.open(n)) AS t, g.h
  FROM app.places, LATERAL public.open(n) g(h) WHERE app.again(n) = ANY (SELECT public.open(m) FROM app.places);
INSERT INTO app.places (at, n) VALUES ('(1,"{""[1,2)""}")', 5);
CREATE TABLE app.parts (area app.area, v int) PARTITION BY LIST (v);
CREATE TABLE app.part1 PARTITION OF app.parts FOR VALUES IN (1, 2);
CREATE TABLE app.more (extra text) INHERITS (app.places);
CREATE EXTENSION pgcrypto;
CREATE TABLE secrets (id int PRIMARY KEY, h bytea DEFAULT digest('a'::text, 'md5'::text));
INSERT INTO secrets VALUES (1);
