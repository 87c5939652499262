package executor_test

import (
	"testing"

	"rowkey/planner"
)

// Subqueries, views of joins, grouping, set operations and the rest of what
// the planner rewrites: the same answers as PostgreSQL, with its rules, without
// those that dissolve subqueries, and through indexes.

func TestRewrites(t *testing.T) {
	for name, s := range map[string]planner.Settings{
		"any":     {},
		"norules": {DisabledRules: []string{"Decorrelate", "PullUpProjects", "LateralToJoin"}},
		"index":   {NoSeqScan: true, NoHashJoin: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.settings = s
			p.ddl(`create table a (id int primary key, x int, y text, z numeric(8,2), n int not null);
create index a_x on a(x); create index a_yx on a(y, x desc);
create table b (id int primary key, a_id int, x int, w int not null, s varchar(8));
create index b_a on b(a_id); create index b_x on b(x, w);
create table c (k1 int, k2 int, v text, f float8, primary key (k1, k2));
create unique index c_v on c(v) where v is not null;
create table emp (x int, y int)`)
			p.all(`insert into a select i, case when i % 5 = 0 then null else i % 7 end, 'y' || i % 4, i * 1.5, i % 3 from generate_series(1, 60) i;
insert into b select i, case when i % 6 = 0 then null else i % 50 end, nullif(i % 8, 3), i % 5, 's' || i % 9 from generate_series(1, 150) i;
insert into c select i % 9, i, case when i % 4 = 0 then null else 'v' || i end, i / 4.0 from generate_series(1, 45) i
`)
			p.all(`select * from a where exists (select 1 from b where b.a_id = a.id and b.w > 2) order by id;
select * from a where not exists (select 1 from b where b.a_id = a.id and b.w > 2) order by id;
select * from a where id in (select a_id from b where w = 1) order by id;
select * from a where id not in (select a_id from b where w = 1) order by id;
select * from a where id not in (select a_id from b where a_id is not null and w = 1) order by id;
select * from a where x not in (select x from b where x is not null and w = 1) order by id;
select * from a where n not in (select w from b where w > 1) order by id;
select * from a where (x, n) in (select x, w from b) order by id;
select * from a where (x, n) not in (select x, w from b where x is not null) order by id;
select * from a where x not in (select x from b where b.a_id = a.id) order by id;
select id, (select sum(w) from b where b.a_id = a.id) from a order by id;
select id, (select count(*) from b where b.a_id = a.id) from a order by id;
select id, (select count(*) + 1 from b where b.a_id = a.id and w > 100) from a order by id;
select id, (select coalesce(sum(w), -1) from b where b.a_id = a.id) from a order by id;
select id, (select s from b where b.id = a.id) from a order by id;
select id, (select coalesce(s, 'q') from b where b.id = a.id + 100) from a order by id;
select id, (select max(s) from b where b.a_id = a.id having count(*) > 2) from a order by id;
select id from a where n > (select avg(w) from b where b.a_id = a.id) order by id;
select id from a where 2 < (select count(*) from b where b.a_id = a.id) order by id;
select id from a where 0 = (select count(*) from b where b.a_id = a.id) order by id;
select id from a where z > (select 0.5 * sum(w) from b where b.a_id = a.id and b.x = a.x) order by id;
select id from a where x = (select max(x) from a a2 where a2.y = a.y) order by id;
select id from a where exists (select 1 from b where b.a_id = a.id and exists (select 1 from c where c.k1 = b.w and c.k2 > a.id)) order by id;
select id from a where exists (select 1 from b, c where b.a_id = a.id and c.k1 = b.x and c.k2 = b.w) order by id;
select id from a where exists (select b.x from b where b.a_id = a.id group by b.x having count(*) > 1) order by id;
select id from a where exists (select 1 from b where b.a_id = a.id limit 1) order by id;
select id from a where exists (select 1 from b where b.a_id = a.id offset 2) order by id;
select id from a where exists (select count(*) from b where b.a_id = a.id) order by id;
select id from a where id = any (select a_id from b where w < 2) or x = 1 order by id;
select id from a where x > all (select x from b where b.a_id = a.id) order by id;
select id from a where x > all (select x from b where x < 3) order by id;
select id from a where x <> all (select x from b where x < 3) order by id;
select id from a where x < any (select x from b where b.a_id = a.id) order by id;
select id, x in (select x from b where w = 1) from a order by id;
select id, x not in (select x from b where w = 1) from a order by id;
select id, exists (select 1 from b where b.a_id = a.id) from a order by id;
select a.id, b.id from a left join b on b.a_id = a.id and b.w > 3 where a.x = 2 order by 1, 2;
select a.id, b.id from a left join b on b.a_id = a.id where b.w > 3 order by 1, 2;
select a.id, b.id from a left join b on b.a_id = a.id where b.id is null order by 1, 2;
select a.id, b.id from a left join b on b.a_id = a.id where coalesce(b.w, 9) > 3 order by 1, 2;
select a.id, b.id, c.v from a left join b on b.a_id = a.id left join c on c.k1 = b.w and c.k2 = b.id order by 1, 2, 3;
select a.id, s.id, s.v from a left join (select b.id, b.a_id, c.v from b join c on c.k1 = b.w and c.k2 = b.id) s on s.a_id = a.id order by 1, 2, 3;
select a.id, l.* from a left join lateral (select b.id, b.s from b where b.a_id = a.id and b.w < a.n) l on l.id > 9 order by 1, 2;
select a.id, l.* from a, lateral (select b.id + a.n as m, c.v from b left join c on c.k1 = b.w where b.x = a.x) l order by 1, 2, 3;
select a.id, b.id from a join b on b.x between a.n and a.x order by 1, 2;
select a.id, s.id, s.v from a left join (select b.id, b.x, c.v from b join c on c.k1 = b.w) s on s.x = a.n and s.id < a.id order by 1, 2, 3;
select id from a where not exists (select from b where b.id > a.n and b.id < a.x) order by 1;
select a.id, b.id from a full join b on b.a_id = a.id and b.w = 1 order by 1, 2;
select a.id, b.id from a full join b on b.a_id = a.id where a.x = 1 order by 1, 2;
select a.id, b.id from a full join b on b.a_id = a.id where b.x = 1 order by 1, 2;
select id, x, n, w from a full join b using (id, x) order by 1, 2, 3, 4;
select id, x, n, w from a right join b using (id) join c on c.k2 = id order by 1, 2, 3, 4 -- x is ambiguous;
select * from a natural join (select id, s from b) q order by id;
select * from a join b using (id) order by id limit 5;
select * from (a join b using (id)) j where j.w = 1 order by id;
select j.id, q.n from a q join b using (id) as j order by 1;
select count(*) from a, b, c where a.id = b.a_id and b.w = c.k1 and a.x = 3;
select count(*) from a, b, c where a.id = b.a_id and c.k2 = a.id and b.x = c.k1;
select count(*) from a cross join c;
select a.id, l.* from a, lateral (select b.id, b.w from b where b.a_id = a.id order by b.id desc limit 2) l order by 1, 2;
select a.id, l.* from a left join lateral (select b.id, b.w from b where b.a_id = a.id order by b.id desc limit 2) l on l.w > 1 order by 1, 2;
select a.id, l.c from a cross join lateral (select count(*) c from b where b.a_id = a.id) l order by 1;
select a.id, g from a, generate_series(1, a.n) g order by 1, 2;
select a.id, l.m from a, lateral (select max(w) m from b where b.a_id = a.id group by b.x) l order by 1, 2;
select x, count(*), sum(n) from a group by x having sum(n) > 3 order by x;
select x + 1, count(*) from a group by x + 1 order by 1;
select x + 1 as q, count(*) from a group by q order by 1;
select a.id, a.y, count(b.id) from a left join b on b.a_id = a.id group by a.id order by a.id;
select y, x, count(*) from a group by rollup (y, x) order by 1, 2, 3;
select 1 + 1, (1 + 1) * 10, count(*) from a group by rollup (1 + 1) order by 1;
select n, 2, 1 + 1, (1 + 1) is null, count(*) from a group by rollup (n, 1 + 1) order by 1, 2, 3;
select 'x'::text, 'x'::text || 'y', count(*) from a group by rollup ('x'::text) order by 1;
select 7, count(*) from a group by rollup (1) order by 1;
select count(*) from a group by (n = 1 or n = 2) having (true or (n = 1 or n = 2)) order by 1;
select count(*) from a group by (n between symmetric n and 2) having ((n between symmetric n and 2) or count(*) = 3) order by 1;
select abs(nullif(1, 0)), abs(nullif(1, 0)) + 1, count(*) from a group by rollup (abs(nullif(1, 0))) order by 1;
select distinct on (n < all (select x from b where b.a_id = a.id)) n < all (select x from b where b.a_id = a.id), 2 from a order by 1, 2;
select (n, 1) <> any (select 1, x from b where b.a_id = a.n), count(*) from a group by (n, 1) <> any (select 1, x from b where b.a_id = a.n) order by 1;
select v.n, t.* from (values (1), (2)) v(n) left join lateral (select 1.0, 'c' from a order by 2, 1 fetch first 1 rows with ties) t on true;
select count(*) from (values (1), (2)) v(n) left join (select 1 as k from a order by 1 fetch first 1 rows with ties) t on t.k = v.n;
select (select rank(10) within group (order by a.n) from b) from a;
select y, x, count(*), grouping(y, x) from a group by cube (y, x) having grouping(x) = 1 order by 1, 2, 3;
select y, sum(n) from a where x = 1 group by y having (select count(*) from b where b.w = sum(a.n)) > 0 order by 1;
select (select sum(a.n + b.w) from b where b.id < 3) from a where id < 4 order by 1;
select (select sum(a.n) from b limit 1) from a;
select (select count(*) from b where b.w = a.n) as k, count(*) from a group by 1 order by 1;
select distinct x, n from a order by x, n;
select distinct on (x) x, id from a order by x, id desc;
select distinct on (x) id, x, y from a order by x nulls first, n desc, id;
select distinct id, x from a order by id;
select count(distinct x), sum(distinct n) from a;
select x from a union select x from b order by 1;
select x from a union all select x from b order by 1;
select x from a intersect select x from b order by 1;
select x from a except select x from b order by 1;
select x from a except all select x from b order by 1;
select x from a intersect all select x from b order by 1;
select x from a union select 5.5 union select null order by 1;
select 'a' as q union select 'b' union all select null order by 1;
(select id from a order by id desc limit 3) union all (select id from b order by id limit 2) order by 1;
select * from (select id from a union all select id + 1000 from b) u where id in (5, 1005) order by 1;
select * from (select x, count(*) c from a group by x) g where x = 2;
select * from (select x, count(*) c from a group by x) g where c > 7 order by 1;
select * from (select id, row_number() over (partition by x order by id) r from a) w where r = 1 order by id;
select * from (select x, id, row_number() over (partition by x order by id) r from a) w where x = 2 order by id;
select * from (select distinct on (x) x, id from a order by x, id) d where id > 3 order by 1;
select * from (select distinct on (x) x, id from a order by x, id) d where x > 3 order by 1;

select * from (select id, generate_series(1, 2) g from a) q where g = 2 and id < 4 order by id;
select generate_series(1, 3), generate_series(1, 2), n from a where id = 4;
select generate_series(1, n) + 10 from a where id = 5;
select id, unnest(array[x, n]) from a where id < 4 order by 1, 2;
with w as (select x, count(*) c from a group by x) select * from w w1 join w w2 on w1.c = w2.c order by 1, 2, 3;
with w as (select id from a where x = 1) select * from b where a_id in (select id from w) order by id;
with w as materialized (select id from a where x = 1) select * from w order by id;
with w(q) as (select id from a), v as (select q from w where q < 4) select * from v order by 1;
with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r order by 1;
with recursive r(n) as (select id from a where id < 3 union select n % 4 + 1 from r) select * from r order by 1;
with recursive r(n, p) as (select id, id::text from a where id = 1 union all select b.id, p || '/' || b.id from r join b on b.a_id = n where b.id < 20 and b.id > n) select * from r order by 1, 2;
select * from a where x = 1 or x = 2 or x = 4 order by id;
select * from a where (x = 1 and n = 0) or (x = 1 and n = 2) order by id;
select a.id from a, b where (a.x = 1 and b.w = 1 and a.id = b.a_id) or (a.x = 2 and b.w = 2 and a.id = b.a_id) order by 1;
select * from a where not (x = 1 or n = 2) order by id;
select * from a where not (x > 1 and y like 'y%') order by id;
select * from a where y like 'y1%' and x > 2 order by id;
select * from a where y like 'y_' and n = 1 order by id;
select * from a where y >= 'y2' order by y, x desc, id;
select y, x from a order by y, x desc limit 7;
select y, x from a order by y desc, x nulls first limit 7 --unordered;
select * from a where x is null order by id;
select * from a where x is not null and x < 3 order by id;
select * from a where x between 2 and 4 and y in ('y1', 'y3') order by id;
select * from c where k1 = 3 and k2 > 10 order by k2;
select * from c where k1 in (1, 4) and k2 in (13, 10, 22) order by 1, 2;
select * from c where (k1, k2) > (4, 20) order by 1, 2;
select * from c where v = 'v5';
select * from c where v > 'v3' and v is not null order by v;
select k1, max(k2), min(v) from c group by k1 order by k1;
select max(id), min(id) from a;
select max(x) from a;
select min(x) from a where n = 1;
select max(k2) from c where k1 = 4;
select id, x, sum(n) over (partition by x order by id), rank() over (order by x) from a order by id;
select id, lag(n, 1, 0) over w, lead(n) over w, first_value(id) over w from a window w as (partition by y order by id) order by id;
select x, sum(count(*)) over (order by x) from a group by x order by x;
select id from a order by x nulls first, id desc limit 5 offset 3;
select id, x from a order by x desc, id fetch first 3 rows with ties;
select case when x > 3 then 'big' when x is null then 'none' else 'small' end k, count(*) from a group by k order by k;
select case x when 1 then 'one' when 2 then 'two' end from a where id < 9 order by id;
select coalesce(x, n), nullif(n, 1), greatest(x, n, 2), least(x, n) from a where id < 12 order by id;
select x is distinct from n, x is not distinct from n from a where id < 12 order by id;
select (a).id, (a.*) is null from a where id = 3;
select row(1, 2) = row(1, 2), (1, 2) < (1, 3), row(1, null) is null;
select array[1, 2, 3] || 4, 5 || array[1], array[1] || array[2], (array[1, 2, 3])[2], (array[1, 2, 3])[2:];
select array(select id from a where x = 1 order by id);
select 1 where false;
select sum(n) from a where false;
select x, sum(n) from a where false group by x;
select * from a where 1 = 2 order by 1;
select a.id from a left join b on false where a.id < 4 order by 1;
select a.id, b.id from a left join b on b.a_id = a.id and a.n = 1 where a.id < 8 order by 1, 2;
select * from emp;
select count(*), max(x) from emp;
insert into emp values (1, 2), (3, default), (default, 4) returning x, y;
insert into emp (y) values (1 + 1), (length('abc')) returning *;
insert into emp select id, n from a where id < 3 returning x + y;
update emp set x = y, y = x where x is not null returning x, y;
update emp set (x, y) = (y + 1, 5) where x = 2 returning *;
update emp set (x, y) = (select max(id), min(id) from a) where y = 5 returning *;
update emp set x = a.n from a where a.id = emp.y returning emp.x, a.id;
update emp e set x = 1 where exists (select 1 from a where a.id = e.y) returning x;
delete from emp using a where a.id = emp.y and a.n = 1 returning emp.*, a.id;
delete from emp where x in (select n from a) returning x;
with d as (delete from emp returning x) select count(*) from d;
with i as (insert into emp values (7, 8) returning x) select * from i union all select count(*) from emp;
insert into c values (1, 1, 'v1', 2), (1, 10, 'dup', 0) on conflict (k1, k2) do update set f = excluded.f + c.f where c.k2 > 5 returning k1, k2, f;
insert into c values (1, 1, 'v1', 2) on conflict do nothing returning k1;
merge into emp e using (select id, n from a where id < 9) s on s.id = e.x when matched then update set y = s.n when not matched and s.n > 0 then insert values (s.id, s.n);
select * from emp order by 1, 2;
select * from generate_series(1, 3) with ordinality g(v, o) join a on a.id = g.v order by 1;
select * from unnest(array[1, 2], array['x', 'y', 'z']) u(p, q);
select * from rows from (generate_series(1, 2), generate_series(5, 7)) r(p, q);
select * from (values (1, 'a'), (2, null)) v(p, q) order by p;
values (1, 'x'), (2, 'y') order by 1 desc limit 1;
select x, y from (select x, y, z from a where z > 10) s where x < 3 order by 1, 2 limit 4;
select id from a where id = 3 and id = 4;
select id from a where id = 3 and x = x order by 1;
select a1.id, a2.id from a a1, a a2 where a1.x = a2.x and a1.id < a2.id and a1.y = 'y1' order by 1, 2;
select a1.id from a a1 join a a2 on a1.id = a2.id join a a3 on a3.id = a2.id join b b1 on b1.id = a3.id join b b2 on b2.id = b1.id where a1.x = 2 order by 1;
select count(*) from a a1, a a2, a a3, b b1, b b2, b b3, c c1, c c2, c c3, c c4 where a1.id = a2.id and a2.id = a3.id and b1.id = a1.id and b2.id = b1.id and b3.id = b2.id and c1.k2 = b3.id and c2.k2 = c1.k2 and c3.k2 = c2.k2 and c4.k2 = c3.k2;
select string_agg(y, ',' order by y, id) filter (where x > 2) from a;
select sum(n) filter (where x = 1), count(*) filter (where x is null) from a;
select percentile_disc(0.5) within group (order by n) from a;
select to_char(z, '999.99'), y || '-' || x, upper(y) from a where id < 5 order by id;
select id from a where y = 'y1' and id > (select min(id) from b) order by id limit 3;
select id from a order by (select max(w) from b where b.a_id = a.id) nulls first, id limit 10;
select x, (select y from c limit 1) from a where false;
select t.id from (select a.id, b.w from a left join b on a.id = b.id) t where t.w = 2 order by 1;
select q.z2, count(*) from (select id, z * 2 as z2, x from a) q join b on b.a_id = q.id group by q.z2 order by 1 limit 5;
select q.m from (select max(w) m, a_id from b group by a_id) q join a on a.id = q.a_id where a.n = 1 order by 1;
select * from a where id in (1, 2, 3, null) order by id;
select * from a where x in (select n from a a2 where a2.id = a.id) order by id;
select a.id from a where exists (select 1 from b where a.id = b.a_id) and not exists (select 1 from c where c.k2 = a.id and c.v is null) order by 1;
select count(*) from a where (select count(*) from b where b.a_id = a.id) between 1 and 2
`)
		})
	}
}
