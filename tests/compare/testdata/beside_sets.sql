-- What stands beside set-returning functions, and windows, is computed and looked at in PostgreSQL's order.
create table sr(a int, b text);
insert into sr values (1,'x'),(2,null);
select jsonb_build_object(b,1), unnest('{}'::int[]) from sr;
select 1/(a-1), unnest('{}'::int[]) from sr;
select 1/(a-1), generate_series(1,0) from sr;
select generate_series(1,0), 1/(a-1) from sr;
select generate_series(1,a), 1/(a-1) from sr where a = 2;
select sum(1) over (partition by nope1 order by nope2) from sr;
select sum(a) over (partition by a order by b) from sr group by ();
create view srv as select ~ b'0110'::bit(4) >> 2 as x, ~ 5 + 1 as y, ~ (5 # 3) z, ~ 5 # 3 as w, @ -5 - 3 as v, (~ (b'0110'::varbit >> 2)) u, (~ ('0110'::varbit::bit >> 2)) t, ~ '0110'::varbit::bit >> 2 as s from sr;
select pg_get_viewdef('srv');
select * from srv;
select coalesce(1/(a-1), (select max(a) from sr x where x.a = sr.a)), unnest('{}'::int[]) from sr;
select (select count(*) from sr x where x.a = sr.a), generate_series(1,a) from sr order by 2, 1;
