-- PL/pgSQL: statements, errors with their contexts, cursors, procedures that end transactions
create table t (a int primary key, b text);
insert into t values (1,'one'),(2,'two'),(3,'three');
create function f1() returns int language plpgsql as $$
declare x int := 0;
begin
  for i in 1..10 loop
    if i % 2 = 0 then continue; end if;
    x := x + i;
  end loop;
  return x;
end $$;
select f1();
create function fact(n int) returns numeric language plpgsql as $$
begin
  if n <= 1 then return 1; end if;
  return n * fact(n - 1);
end $$;
select fact(20);
create function q() returns setof t language plpgsql as $$
declare r t;
begin
  for r in select * from t order by a loop
    r.b := r.b || '!';
    return next r;
  end loop;
  return query select a + 10, b from t order by a;
end $$;
select * from q();
create function exc(x int) returns text language plpgsql as $$
declare y int;
begin
  insert into t values (100 + x, 'in block');
  begin
    insert into t values (200 + x, 'inner');
    y := 1 / x;
    return 'ok ' || y;
  exception when division_by_zero then
    raise notice 'caught: % (%)', sqlerrm, sqlstate;
    return 'div';
  end;
end $$;
select exc(0);
select exc(1);
select * from t order by a;
create function rec() returns text language plpgsql as $$
declare r record; n int; s text := '';
begin
  select * into r from t where a = 1;
  if found then s := s || r.b; end if;
  select a, b into n, s from t where a = 2;
  raise info 'n=% s=% r=%', n, s, r;
  select b into strict s from t where a = 999;
  return s;
end $$;
select rec();
create function dyn(tab text) returns bigint language plpgsql as $$
declare c bigint;
begin
  execute format('select count(*) from %I where a > $1', tab) into c using 1;
  return c;
end $$;
select dyn('t');
select dyn('nosuch');
create function f1e() returns int language plpgsql as $$ declare x int; begin x := 1/0; return x; end $$;
select f1e();
create function f2(y int) returns int language plpgsql as $$ declare x int; begin x := 1/y; return x; end $$;
select f2(0);
create function f3(y int) returns int language plpgsql as $$ declare x int; begin x := nosuch + 1; return x; end $$;
select f3(0);
create function f4(y int) returns int language plpgsql as $$ declare x int; begin insert into nosuch values(1); return x; end $$;
select f4(0);
create function f5(y int) returns int language plpgsql as $$ declare x int; begin select 1/y into x; return x; end $$;
select f5(0);
create function f7(y int) returns int language plpgsql as $$ declare x int; begin x := 'abc'; return x; end $$;
select f7(1);
create function f8(y int) returns int language plpgsql as $$ begin return 'abc'; end $$;
select f8(1);
create function f9(y int) returns int language plpgsql as $$ begin foo; end $$;
create function f9(y int) returns int language plpgsql as $$ begin x := 1; end $$;
create function f9(y int) returns int language plpgsql as $$ begin return 1 +; end $$;
create function f9(y int) returns int language plpgsql as $$ begin if 1 then end $$;
create function f9(y int) returns int language plpgsql as $$ begin end $$;
select f9(1);
create function f10(y int) returns int language plpgsql as $$ begin raise notice 'hi % %', y; end $$;
create function f10(y int) returns int language plpgsql as $$ begin raise exception 'hi % %', y, 'b'||y using errcode='22012', hint = 'h'; end $$;
select f10(1);
do $$ begin raise notice 'in do'; perform f10(3); end $$;
do $$
declare a int[] := array[1,2,3]; x int; c cursor (k int) for select * from t where a > k order by a; r record;
begin
  a[2] := 20;
  raise notice '%', a;
  foreach x in array a loop raise notice 'x %', x; end loop;
  for r in c(1) loop raise notice 'r %', r; end loop;
  open c(2);
  fetch c into r;
  raise notice 'fetched % found %', r.a, found;
  close c;
  case x when 1, 2 then raise notice 'low'; when 3 then raise notice 'three'; else raise notice 'else'; end case;
  <<outer>>
  loop
    loop exit outer when true; end loop;
  end loop;
  while x > 0 loop x := x - 1; end loop;
  raise notice 'x=%', x;
  get diagnostics x = row_count;
  update t set b = b where a < 3;
  get diagnostics x = row_count;
  raise notice 'rc %', x;
  assert x = 3, 'no way';
end $$;
create function outp(in a int, out b int, out c text) language plpgsql as $$ begin b := a * 2; c := 'c' || a; end $$;
select outp(2), (outp(2)).c;
select * from outp(3);
create function rt() returns table (x int, y text) language plpgsql as $$ begin for x in 1..2 loop y := 'r' || x; return next; end loop; end $$;
select * from rt();
create function amb(a int) returns int language plpgsql as $$ begin return (select a from t limit 1); end $$;
select amb(1);
create procedure pr(inout x int, y int default 5) language plpgsql as $$ begin x := x + y; end $$;
call pr(1);
call pr(1, 2);
do $$ declare v int := 7; begin call pr(v); raise notice 'v %', v; end $$;
create procedure ptx() language plpgsql as $$ begin for i in 1..3 loop insert into t values (1000 + i, 'tx'); if i % 2 = 0 then rollback; else commit; end if; end loop; end $$;
call ptx();
select * from t where a > 1000 order by a;
begin; call ptx(); rollback;
create function poly(anyelement) returns anyelement language plpgsql as $$ declare r $1%type; begin r := $1; return r; end $$;
create function strictnull(int) returns int strict language plpgsql as $$ begin return 1; end $$;
select strictnull(null), strictnull(2);
create function vo() returns void language plpgsql as $$ begin perform 1; end $$;
select vo();
create function stk() returns text language plpgsql as $$
declare s text; m text; c text;
begin
  perform f2(0);
exception when others then
  get stacked diagnostics s = returned_sqlstate, m = message_text, c = pg_exception_context;
  return s || '|' || m || '|' || c;
end $$;
select stk();
create function reraise() returns void language plpgsql as $$ begin begin perform f2(0); exception when others then raise; end; end $$;
select reraise();
create function sele() returns void language plpgsql as $$ begin select 1; end $$;
select sele();
create function trg() returns trigger language plpgsql as $$ begin return new; end $$;
select trg();
create function rr() returns record language plpgsql as $$ begin return row(1,'a'::text); end $$;
select rr();
select * from rr() as (x int, y text);
select * from rr() as (x int, y int);
create function unas() returns text language plpgsql as $$ declare r record; begin return r.x; end $$;
select unas();
create function nofield() returns text language plpgsql as $$ declare r record; begin select 1 as a into r; return r.x; end $$;
select nofield();
do $$ declare x int not null := 1; begin x := null; end $$;
do $$ declare x constant int := 1; begin x := 2; end $$;
do $$ begin raise; end $$;
do $$ begin raise sqlstate '22012'; end $$;
do $$ begin raise unique_violation using message = 'dup', detail = 'd'; end $$;
do $$ declare i int; begin for i in reverse 3..1 loop raise notice '%', i; end loop; for i in 1..10 by 4 loop raise notice '%', i; end loop; end $$;
