-- LATERAL subqueries that are joined as others are, and those that are not; joins that
-- ask an index for each row.
create table la(id int primary key, x int, y int);
create table lb(id int primary key, a_id int, x int, s text);
create index on lb(x);
create table lc(k int, v text);
insert into la select i, nullif(i % 4, 3), i % 7 from generate_series(1, 12) i;
insert into lb select i, nullif(i % 13, 5), i % 6, 'b' || i % 3 from generate_series(1, 40) i;
insert into lc select i % 5, 'c' || i from generate_series(1, 9) i;
analyze la; analyze lb; analyze lc;
select la.id, l.* from la, lateral (select lb.id, lb.s from lb where lb.a_id = la.id) l order by 1, 2;
select la.id, l.* from la left join lateral (select lb.id, lb.s from lb where lb.a_id = la.id) l on true order by 1, 2;
select la.id, l.* from la left join lateral (select lb.id, lb.s from lb where lb.a_id = la.id and la.x > 0) l on l.id > 5 order by 1, 2;
select la.id, l.* from la left join lateral (select coalesce(lb.s, 'none') as s, 1 as one from lb where lb.a_id = la.id and lb.x < la.y) l on true order by 1, 2;
select la.id, l.* from la left join lateral (select la.y, lb.x + la.x as sum from lb where lb.a_id = la.id and lb.x < la.y) l on true order by 1, 2, 3;
select la.id, l.* from la cross join lateral (select la.y, lb.x + la.x as sum, abs(lb.x) + abs(la.x) + abs(la.y) + abs(lb.id) + abs(la.id) as much from lb where lb.a_id = la.id) l where much > 20 order by 1, 2, 3;
select la.id, l, l is null from la left join lateral (select lb.id, lb.s from lb where lb.a_id = la.id and lb.x = 3) l on true order by 1, 2;
select la.id, l.v from la left join lateral (select lc.v from lb join lc on lc.k = lb.x where lb.a_id = la.id) l on true order by 1, 2;
select la.id, l.v from la left join lateral (select lc.v from lb left join lc on lc.k = lb.x and lc.v > 'c3' where lb.a_id = la.id) l on true order by 1, 2;
select la.id, l.v from la left join lateral (select lc.v from lb left join lc on lc.k = la.x where lb.a_id = la.id) l on true order by 1, 2;
select la.id, l.id, m.v from la left join lateral (select * from lb where lb.a_id = la.id) l on true left join lateral (select * from lc where lc.k = l.x and la.y > 1) m on m.v <> l.s order by 1, 2, 3;
select la.id, (select count(*) from lateral (select * from lb where lb.a_id = la.id) l, lateral (select * from lc where lc.k = l.x and lc.k <> la.x) m) from la order by 1;
select la.id, l.id from la, lateral (select distinct lb.x as id from lb where lb.a_id = la.id) l order by 1, 2;
select la.id, l.id from la, lateral (select lb.id from lb where lb.a_id = la.id order by lb.s desc, lb.id limit 2) l order by 1, 2;
select la.id, array_agg(l.id) from la, lateral (select lb.id from lb where lb.x = la.x order by lb.s desc, lb.id) l group by la.id order by 1;
select la.id, l.n from la, lateral (select count(*) as n from lb where lb.a_id = la.id) l order by 1;
select la.id, l.id from la, lateral (select lb.id from lb where lb.a_id = la.id and exists (select from lc where lc.k = lb.x and lc.k <> la.y)) l order by 1, 2;
select la.id, l.id from la left join lateral (select lb.id from lb where lb.a_id = la.id and (select max(k) from lc where lc.k < la.y) > lb.x) l on true order by 1, 2;
select la.id, l.id from la left join lateral (select lb.id from lb where lb.a_id = la.id and la.y > (select max(k) from lc where lc.k < lb.x)) l on true order by 1, 2;
select la.id, g.i from la left join lateral (select * from generate_series(1, 3) as g(i) where g.i = la.x) g on true order by 1, 2;
select la.id, g.i from la left join lateral (select * from generate_series(1, la.y) as g(i) where g.i > la.x) g on true order by 1, 2;
select la.id, l.k from la left join lateral (values (la.x), (la.y)) l(k) on l.k > 3 order by 1, 2;
select la.id, l.k from la left join lateral (select k from (values (1), (4)) v(k) where v.k = la.y union all select lb.x from lb where lb.id = la.id) l on true order by 1, 2;
select count(distinct r) > 12 from la, lateral (select random() as r from lb where lb.x = la.x) l;
select la.id, l.id from la, lateral (select lb.id from lb where lb.a_id = la.id for update) l order by 1, 2;
select la.id, l.id from la, lateral (select lb.id from lb where lb.a_id = la.id) l order by 1, 2 for update;
select la.id from la left join lateral (select lb.id from lb where lb.a_id = la.id) l on true order by 1 for update of l;
update la set y = l.x + 10 from lateral (select max(lb.x) as x from lb where lb.a_id = 3) l where la.id = 3 returning *;
update la set y = l.x from lc, lateral (select lb.x from lb where lb.id = lc.k) l where la.id = lc.k and lc.v < 'c5' returning la.id, l.x;
delete from la using lc, lateral (select * from lb where lb.id = lc.k and lb.x > 1) l where la.id = l.id returning la.id, l.s;
-- Ranges and more tables asked for each row.
select la.id, lb.id from la join lb on lb.id between la.x and la.y order by 1, 2;
select la.id, lb.id from la left join lb on lb.id between la.x and la.y and lb.s > 'b1' order by 1, 2;
select la.id from la where not exists (select from lb where lb.id > la.x and lb.id < la.y) order by 1;
select la.id from la where exists (select from lb where lb.id > la.x and lb.id < la.y and lb.x <> la.x) order by 1;
select la.id, q.v from la left join (select lb.id, lc.v from lb join lc on lc.k = lb.x) q on q.id = la.y order by 1, 2;
select la.id, q.id from la left join (select id, x from lb union all select k, k from lc) q on q.id = la.y order by 1, 2;
select la.id, q.n from la left join (select x, count(*) as n from lb group by x) q on q.x between la.x and la.y order by 1, 2;

-- A condition that came to read one table only is asked of it, however it is joined.
create table oneside(id int primary key, b uuid not null);
insert into oneside select i, ('0000000'||i||'-0000-4000-8000-000000000001')::uuid from generate_series(1,5) i;
create table onekey(id int primary key); insert into onekey values (1), (2);
set enable_hashjoin = off; set enable_mergejoin = off;
select a.id from oneside a join oneside c using (id) where ((select a.b from (select 1 from onekey where 1 = c.id having count(*) > 0) x full join onekey k on true where 1 = k.id) <> all ('{00000001-0000-4000-8000-000000000009,NULL}'::uuid[]));
select a.id from oneside a join oneside c using (id) where ((select a.b from onekey k left join (select 1 from onekey where 1 = c.id having count(*) > 0) x on true where 1 = k.id) <> all ('{00000001-0000-4000-8000-000000000009,NULL}'::uuid[]));
reset enable_hashjoin; reset enable_mergejoin;
