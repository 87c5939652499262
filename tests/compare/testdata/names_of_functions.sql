-- Definitions name functions as the reader's search path finds them.
create schema a1; create function a1.f(int) returns int language sql immutable as 'select $1'; create aggregate a1.ag(int) (sfunc=int4pl, stype=int);
create table a1.t(x int default a1.f(1), y int check (a1.f(y) > 0), z int generated always as (a1.f(3)) stored);
create index on a1.t((a1.f(x))) where a1.f(y) > 1;
create view a1.v as select a1.f(x) as fx, a1.ag(y), (select a1.f(2)) as g from a1.t group by x;
create view a1.w as select * from a1.f(3) g(h), generate_series(1,2);
set search_path = a1, public;
create table u(x int default f(1), y int check (f(y) > 0));
create view vv as select f(x), sum(y) over (order by f(y)) from u where f(x) = any(select f(y) from u);
create function tg() returns trigger language plpgsql as 'begin return new; end';
create trigger tr before update on u for each row when (f(new.x) > 2) execute function tg();
create domain dd as int check (f(value) > 1) default f(7);
create function g(int default f(5)) returns int language sql return a1.f($1);
set search_path = '';
select pg_get_viewdef('a1.v'::regclass), pg_get_viewdef('a1.w'::regclass), pg_get_viewdef('a1.vv'::regclass);
select pg_get_indexdef(indexrelid) from pg_index where indrelid='a1.t'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where connamespace = 'a1'::regnamespace order by 1;
select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid in ('a1.t'::regclass, 'a1.u'::regclass) order by 1;
select pg_get_functiondef('a1.g'::regproc);
set search_path = a1;
select pg_get_viewdef('a1.v'::regclass), pg_get_viewdef('a1.w'::regclass), pg_get_viewdef('a1.vv'::regclass);
select pg_get_indexdef(indexrelid) from pg_index where indrelid='a1.t'::regclass;
select pg_get_constraintdef(oid) from pg_constraint where connamespace = 'a1'::regnamespace order by 1;
select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid in ('a1.t'::regclass, 'a1.u'::regclass) order by 1;
-- differs: SQL-standard bodies are printed as they were written
select pg_get_functiondef('a1.g'::regproc);
begin;
-- differs: definitions call functions by name: one that they call keeps it
alter function a1.f(int) rename to ff;
rollback;
begin;
-- differs: the same of its schema
alter function a1.f(int) set schema public;
rollback;
begin;
-- differs: and of the schema's name
alter schema a1 rename to a2;
rollback;
set search_path = public;
create type light as enum ('red', 'green');
create function lower(light) returns text language sql immutable as 'select $1::text';
create table lights(l light check (lower(l) <> 'amber'), m text default lower('red'::light));
select classid::regclass, refobjid::regprocedure, deptype from pg_depend where refobjid = 'public.lower(light)'::regprocedure order by 1;
drop function lower(light);
alter table lights drop constraint lights_l_check, alter m drop default;
drop function lower(light);
