-- # Rows as values, and the order in which rows are looked at, as random statements came to them

create type pair as (x int, y text);

-- ## A field of ROW () does not make its other columns unread
select (row(a,'a')::pair).y from (values (1)) v(a) having true;
select (row(a, 2)::pair).y from (values (1)) v(a) group by a;
select (row(1/0, 2)::pair).y from (values (1)) v(a);

-- ## IS DISTINCT FROM compares rows as they are written column by column, cast or not
select row(1,1/a)::pair is distinct from row(0,'a')::pair from (values (0)) v(a);
select row(1,1/a)::pair is not distinct from row(0,'a')::pair from (values (0)) v(a);
select row(1,1/a)::pair = row(0,'a')::pair from (values (0)) v(a);
select row(1,1/a)::pair is distinct from row(0,5) from (values (0)) v(a);
select row(1,1/a)::pair is distinct from row(0,5,6) from (values (0)) v(a);
select v is distinct from row(0,'5'::text) from (values (1,2)) v(a,b);
select row(1,2) is distinct from row(1,2)::text;
select row(1,2)::text is not distinct from row(1,2);
select row(1,2)::pair is not distinct from row('1','2'), row(1,null)::pair is not distinct from row('1',null);
select row(1,'a') is distinct from null, null is distinct from row(1,2)::pair;

-- ## Records whose columns are of two collations
create table ct(a text collate "C", b text);
insert into ct values ('a','a');
select (a,1) = any(array[(b,1)]) from ct;
select (a,1) = any(array[(a,1)]) from ct;
select (a,1) = any(array[('a'::text,1)]) from ct;
select row(a,1) = row(b,1) from ct;
select s = row(b,b) from (select a,b from ct offset 0) s;
select x = y from (select row(a,1) x, row(b,1) y from ct offset 0) s;
select x = y from (select row(a||b,1) x, row(b,1) y from ct offset 0) s;
select x < y from (select row(a||b,1) x, row(a||b,1) y from ct offset 0) s;
select row(2,a) < any(array[row(1,b)]), row(1,a) = any(array[row(2,b)]), row(1,a) = any(array[row(1,null::text)]) from ct;
select row(1,a) is distinct from x from (select row(1,b) x from ct offset 0) s, ct;
select nullif(row(1,a), x) from (select row(1,b) x from ct offset 0) s, ct;

-- ## The error of UPDATE is that of the first row that has one
create table er(id int primary key, a int not null, b float check (b < 10), c int unique);
insert into er values (1,1,-1,1),(2,0,1,2),(3,2,2,3);
update er set a = 1/a, b = sqrt(b);
update er set id = case id when 1 then 2 else 1 end, a = case id when 2 then null else 1 end;
update er set id = case id when 3 then 2 else id end, a = case id when 2 then null else 1 end;
update er set id = case id when 1 then 3 else id end, b = case id when 2 then 20 else 1 end;
update er set id = case id when 2 then 3 else id+10 end, b = case id when 1 then 20 else 1 end;
update er set a = case id when 1 then null else a end, b = 1/(id-2);
update er set c = case id when 1 then 3 else c end, b = 1/(id-2);
create view ev as select * from er where a < 5 with check option;
update ev set a = case id when 1 then 7 else 1/(id-2) end;
update ev set a = case id when 1 then 7 when 2 then null else 1 end;
update ev set a = case id when 2 then 7 when 1 then null else 1 end;
create table ep(id int, a int) partition by list (id);
create table ep1 partition of ep for values in (1, 2);
create table ep2 partition of ep for values in (3);
insert into ep values (1,1),(2,2),(3,3);
update ep set a = case id when 1 then sqrt(-a) else 1/(id-2) end;
update ep set id = case id when 1 then 5 else id end, a = 1/(id-2);

-- ## A slice of no elements, of an array that is NULL
create table ar(f text[]);
insert into ar values (null);
update ar set f[2:1]=array['p'] returning f, array_dims(f);
update ar set f[3:1]=array['p'];
update ar set f[2:1][3:1]='{a,b,c}';
update ar set f[1:3][2:1]='{a,b,c}' returning f, array_dims(f);
insert into ar(f[2:1]) values ('{a}') returning *;

-- ## The select list of EXISTS is planned where it stands above groups and their kin
create table t(a int, b int);
insert into t values (1,1);
select exists (select 1/0, count(*) from t);
select exists (select 1/0 from t group by rollup(a));
select exists (select 1/0 from t group by a);
select exists (select 1/0 from t group by a having a > 0);
select exists (select 1/0, row_number() over () from t);
select exists (select 1/0, generate_series(1,2) from t);
select exists (select 1/0 from t offset 1);
select exists (select 1/0 from t limit 1);
select exists (select 1/0 from t for update);
select exists (select 1/0 from t union select 1);
select exists (select distinct 1/0 from t);
select exists (select a/0, count(*) from t group by a);
select exists (select a/0 from t group by a having a > 0);
select 1 from t x where exists (select 1/0 from t where a=x.a group by rollup(a));
select 1 from t x where exists (select 1/0, row_number() over () from t where a=x.a);
select 1 from t x where exists (select 1/0 from t where a=x.a);
select 1 from t x where exists (select 1/0 from (select 1) s having 1=1);
select exists (with w as (select 1/0 from t) select 1 from w);
select 1 where exists (with w as (select 1/0 from t) select 1 from w);

-- ## DISTINCT is checked before what is grouped
select distinct on (null::varchar) a, b from t order by 1;
select distinct on (1) a + count(*) from t order by b;
select distinct a + count(*) from t order by b;
select distinct '1'::json, a + count(*) from t;

-- ## Columns that are not grouped have the names of their item of FROM
select 1 from (select a as c from t) s(d) having d > 1;
select 1 from ((select a as c from t) s(d) join t on true) as j(k,l,m) having k > 1;
select (select s.d) from (select a as c from t) s(d) having true;
select s from (select a as c from t) s(d) having true;
select a > any(select min(t.a) from t x group by x.b) from t;
select a+1 > any(select 1) from t group by a+1;
select a+b > all(select a+b) from t group by a+b;
select (a+b, 1) = any(select 1, a+b) from t group by a+b;

-- ## VALUES of one row are a subquery like others: what nobody asks for is not computed
select case when a > 5 then w end from t cross join (values (1, to_number('1'::text, 'TH')::int8)) AS v(v, w);
select v, (select w from t where a > 5) from (values (1, to_number('1'::text, 'TH')::int8)) AS v(v, w);
select v, w from (values (1, random())) AS v(v, w) where w < 0;
select * from t, lateral (values (a, b)) s;
select s from t left join (values (1,2)) s on true;
select s is null from t left join (values (1,2)) s on false;
update t set b = w from (values (1,7)) s(v,w) where v = a returning *;
delete from t using (values (1,'b')) s(v,w) where v = 3 returning *;
merge into t using (values (1,9)) s(v,w) on v = a when matched then update set b = w;
select * from t;

-- ## Of conditions that cost the same, those of a subquery come first
create view tv as select * from t where a + 1 > 5;
select * from tv where 1/(b-9) > 0;
select * from (select * from t where a + 1 > 5) s where 1/(b-9) > 0;

-- ## USING of a join with a column that a FULL JOIN has merged gives that column
create table n1(id numeric); create table n2(id numeric); create table n3(id numeric);
insert into n1 values (1.0); insert into n2 values (1.00); insert into n3 values (1.000);
select id from n1 full join n2 using (id) join n3 using (id);
select id, pg_typeof(id) from (select 1::int4 as id) x join n3 using (id);

-- ## What a nested loop's inner side fails for comes after the rows before it
create table y(a int); insert into y values (1),(2),(3),(4);
select 7 from y x left join lateral (select 1, 1/(y.a-3) from y) s(c,d) on 1 = 1 where (d is not null) limit 1;
select 7 from y x cross join y where 1/(y.a-3) < 2 limit 1;

-- ## A cursor WITH HOLD computes the rest of its rows when its transaction ends
begin;
declare c scroll cursor with hold for select 1/(a-3) from y;
fetch 1 from c;
commit;
fetch 1 from c;
declare c cursor with hold for select 1/(a-3) from y;
fetch 1 from c;
begin;
declare c scroll cursor with hold for select a from y order by a;
update y set a = a + 10;
fetch 1 from c;
commit;
fetch all from c; fetch first from c; close c;
begin;
savepoint s;
declare c cursor with hold for select a from y;
rollback to s;
fetch 1 from c;
commit;
begin;
declare c cursor with hold for select a from y order by a;
savepoint s;
fetch 1 from c;
update y set a = a + 100;
rollback to s;
fetch 1 from c;
commit;
fetch 1 from c;
create table anys (a int);
insert into anys values (0), (1), (2);
select a, 1 = any (array[1, 1 / a]) from anys;
select a, 1 = any (array[1, 2 / (a + 1)]), 5 <> all (array[5, 2 / (a + 1)]), null = any (array[a, 1]) from anys order by a;
select 1 = any (array[1, (select a from anys)]);
select case when a > 0 then 1 = any (array[1, 1 / a]) end from anys order by a;
select a from anys where a <> 0 and 1 = any (array[3, 1 / a]) order by a;
drop table anys;
