package executor_test

import (
	"testing"

	"rowkey/planner"
)

// Ranges of rows compared as a whole, ranges carried over equalities, and joins
// and conditions that are left out: PostgreSQL's answers, whichever way tables are read.

func TestRangesAndRemovals(t *testing.T) {
	for name, s := range map[string]planner.Settings{
		"any":   {},
		"index": {NoSeqScan: true, NoHashJoin: true},
		"scan":  {NoIndexScan: true, NoIndexOnlyScan: true},
		"hash":  {NoBitmapScan: true, NoNestLoop: true, NoMergeJoin: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.settings = s
			p.ddl(`create table a (id int primary key, x int not null, y int not null, z int, f bool, d text);
create index a_xy on a(x, y); create index a_xz on a(x, z); create index a_down on a(x desc, y desc); create index a_mixed on a(x, y desc);
create index a_f on a(f, x); create index a_p on a(y) where x > 3;
create table b (id int primary key, a_id int, x int not null, w int);
create unique index b_w on b(w); create index b_x on b(x)`)
			p.all(`insert into a select i, i % 6, i % 4, case when i % 5 = 0 then null else i % 3 end, case when i % 7 = 0 then null else i % 2 = 0 end, 'd' || i from generate_series(1, 90) i;
insert into b select i, case when i % 6 = 0 then null else i % 50 end, i % 6, case when i % 4 = 0 then null else i end from generate_series(1, 60) i
`)
			p.all(`select id from a where (x, y) > (2, 1) order by id;
select id from a where (x, y) >= (2, 1) order by id;
select id from a where (x, y) < (2, 1) order by id;
select id from a where (x, y) <= (2, 1) order by id;
select id from a where (x, y) > (2, 1) and (x, y) < (4, 2) order by id;
select id from a where (x, y) > (2, 1) and x < 4 order by id;
select id from a where x = 2 and (y, id) > (1, 40) order by id;
select id from a where (x, z) > (2, 1) order by id;
select id from a where (x, z) <= (2, 1) order by id;
select id from a where (x, z) > (2, null) order by id;
select id from a where (x, z) <= (2, null) order by id;
select id from a where (x, z) >= (null, 1) order by id;
select id from a where (x, y) >= (2, null) order by id;
select id from a where (x, y, z) > (2, 1, 0) order by id;
select id from a where (x, y, id) > (2, 1, 30) order by id;
select id from a where (x, id) > (2, 30) order by id;
select id from a where (2, 1) < (x, y) order by id;
select x, y from a where (x, y) > (1, 2) order by x, y limit 7;
select x, y from a where (x, y) < (4, 2) order by x desc, y desc limit 7;
select x, y from a where (x, y) < (4, 2) order by x, y desc limit 7;
select o.id, (select count(*) from a where (a.x, a.y) > (o.x, o.y)) from a o order by 1;
select a.id, b.id from a join b on a.x = b.x where a.x > 3 order by 1, 2;
select a.id, b.id from a join b on a.x = b.x where a.x between 2 and 3 and b.x < 3 order by 1, 2;
select a.id, b.id from a left join b on a.id = b.id where a.id > 55 order by 1, 2;
select a.id, b.id from a left join b on a.id = b.id and a.id > 55 order by 1, 2;
select a.id from a where exists (select 1 from b where b.x = a.x and b.x >= 4) order by 1;
select a.id from a where not exists (select 1 from b where b.id = a.id) and a.id > 40 order by 1;
select a.id, b.id, c.id from a join b on a.id = b.id join b c on c.id = b.id where c.id <= 5 order by 1;
select id from a where f order by x, id limit 9;
select id from a where not f order by x desc, id limit 9;
select id from a where f is true and x = 1 order by id;
select id from a where f is false order by id;
select id from a where f is not true order by id;
select id from a where f is null order by id;
select id from a where y = 2 and x > 3 order by id;
select id from a where y = 2 and x > 4 order by id;
select a.id from a left join b on a.id = b.id order by 1;
select a.id from a left join b on a.id = b.w order by 1;
select count(*) from a left join b on a.x = b.x;
select count(*) from a left join (select a_id, max(w) from b group by a_id) s on s.a_id = a.id;
select count(*) from a left join (select distinct x from b) s on s.x = a.id;
select count(*) from a left join (select distinct x, w from b) s on s.x = a.id;
select count(*) from a left join (select x from b limit 1) s on s.x = a.x;
select count(*) from a left join (b left join a c on c.id = b.a_id) on a.id = b.id;
select a.id, c.id from a left join b on a.id = b.id left join b c on c.id = a.x order by 1, 2;
select distinct a.x from a left join b on a.id = b.id order by 1;
select a.x, count(*) from a left join b on b.id = a.id group by a.x order by 1;
select (select count(*) from b left join a i on i.id = b.id where b.x = o.x) from a o order by 1;
select id from a where x is null;
select count(*) from a where x is not null and x = x and z = z;
select b.id from b left join a on a.id = b.w where a.x is null order by 1;
select * from (select 1 as t, id from a union all select 2, id from b) s where t = 2 and id < 4 order by 2;
select * from (select 1 as t, id from a union all select 2, id from b) s where t = 3;
select * from (select 1 as t, id from a union select 2, id from b) s where t < 2 and id < 3 order by 2;
select count(*) from a where nullif(1, 1) is null and nullif(x, 2) = 3;
select min(x), max(y) from a where x > 1 group by ();
select id from a where x = 2 or id = 7 order by id;
select id from a where (x = 2 and y = 1) or id between 7 and 20 or f order by id;
select id from a where (x = 2 or id < 9) and y = 1 order by id;
select id from a where x > 4 or (x, y) < (1, 1) or id in (5, 6, 50) order by id;
select id from a where (y = 2 and x > 3) or id = 3 order by id;
select id from a where (x = 2 and d > 'd5') or id = 3 order by id;
select id from a where x is null or id = 3 order by id;
select id from a where x = null or id = 3 order by id;
select a.id, b.id from a join b on (a.id = 1 and b.id = 2) or (a.x = 3 and b.w = 4) order by 1, 2;
select o.id, (select count(*) from a where a.x = o.x or a.id = o.w) from b o order by 1;
select max(id) from a where x = 2 or id = 7;
update a set d = 'new' where x = 2 or id = 7;
select id, d from a where d = 'new' order by id;
delete from b where x = 3 or id < 4;
select id from b order by id
`)
		})
	}
}

// What is grouped by is found in longer conditions, and WITH queries named in an
// aggregate have aggregates of their own.
func TestGroupedConjunctions(t *testing.T) {
	p := newPair(t)
	p.ddl("create table g (a int, b int, c int)")
	p.all(`insert into g select i % 3, i % 2, i from generate_series(1, 12) i;
select count(*) from g group by (a > 0 and b > 0) having (c is null or true) and true order by 1;
select count(*) from g group by (a > 0 and b > 0) having true and (a > 0 and b > 0) order by 1;
select (a > 0 and b > 0), count(*) from g group by grouping sets ((a > 0 and b > 0), ()) having count(*) > 2 and ((a > 0 and b > 0) or true) order by 2;
select count(*), count(*) > 3 and (a > 0 and b > 0) from g group by (a > 0 and b > 0) order by 1;
select a > 0 or b > 0 or c > 0 from g group by a > 0 or b > 0, c;
select (a > 0 and b > 0) and c > 0 from g group by a > 0 and b > 0, c;
select (c > 0 and (a > 0 and b > 0)), count(*) from g group by a > 0 and b > 0, c order by c;
select a > 0 or (b > 0 or c > 0) from g group by a > 0 or b > 0 or c > 0;
select (a > 0 or b > 0) or c > 0 from g group by a > 0 or b > 0 or c > 0;
select a, b, 5 + 1 as x, count(*) from g group by grouping sets ((a), (b, 5 + 1)) order by x, a, b;
select a, b, 5 + 1 as x, count(*) from g group by grouping sets ((a), (b, 5 + 1)) order by 5 + 1 desc, a desc, b limit 3;
select (select min(g.a) from (select 1 from g h where h.a = g.c) x having true) from g;
select (select 5 from g h where h.a = g.c having g.c > 3) from g order by c;
with w as not materialized (select max(a) m from g) select count(*) filter (where (select m from w) > 1), (select m from w) from g`)
}
