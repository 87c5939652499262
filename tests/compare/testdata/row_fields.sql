-- # Fields that are not there
select (r).nope from (select row(1,2) as r) q;
select (row(1,2)).nope;
create function fo(out a int, out b int) language sql as 'select 1, 2';
select (fo()).nope; select (fo()).a;
create table tr(a int, b int); insert into tr values (1,2);
select (x).nope from (select tr as x from tr) q;
with w as (insert into tr values (3,4) returning row(a,b) as r) select (r).f1 from w;
with w as (insert into tr values (3,4) returning row(a,b) as r) select (r).f3 from w;
with w as (insert into tr values (3,4) returning row(a,b) as r) select (r).* from w;
