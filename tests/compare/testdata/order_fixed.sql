-- What has one value in all rows does not order them; below a FULL JOIN it has not.
create table ofa(id int primary key, x int, y int);
create table ofb(id int primary key, z int);
insert into ofa select i, i % 3, i % 5 from generate_series(1, 20) i;
insert into ofb select i * 2, i from generate_series(1, 6) i;
select l.x from (select * from ofa where x = 1) l full join ofb b on l.id = b.id order by l.x nulls first;
select l.x, b.id is null from (select * from ofa where x = 1) l full join ofb b on l.id = b.id order by l.x desc, b.id is null;
select l.k, count(*) from (select id, 7 as k from ofa where x = 1) l full join ofb b on l.id = b.id group by l.k order by l.k nulls first;
select l.id, b.id from (select * from ofa where id < 3) l full join ofb b on true order by l.id desc, b.id;
select id, x, 'c' as c, x + 1 as d from ofa where x = 2 order by c, d, x desc, id desc limit 3;
select b.id, (select array_agg(y) from (select a.y from ofa a where a.x = b.z order by b.z, a.x, a.y desc limit 2) s) from ofb b order by 1;
select b.id, (select a.id from ofa a where a.id < b.z * 3 order by b.id, a.id desc limit 1) from ofb b order by 1;
select distinct on (x) x, y from ofa where x = 1 order by x, y desc;
select x, y, row_number() over (partition by x order by y, id) from ofa where x = 1 order by x, 3;
select x from ofa where x = 1 order by x fetch first 2 rows with ties;
select 'a' as k, id from ofa order by k fetch first 2 rows with ties;
select k, id from (select 2 as k, id from ofa union all select 1, id from ofb) u order by k, id;
select * from (select 1 as k, id from ofa where id < 3) l left join (select 2 as m, id as i from ofb) r on r.i = l.id order by m nulls first, k, id;
select * from (values (1, 2)) v(a, b) order by a, b;
