package executor_test

import (
	"fmt"
	"testing"

	"rowkey/planner"
)

// The same statements here and on PostgreSQL, with every join method.
func TestQueries(t *testing.T) {
	for name, s := range map[string]planner.Settings{
		"any":   {},
		"merge": {NoHashJoin: true, NoNestLoop: true, NoLookupJoin: true},
		"loop":  {NoHashJoin: true, NoMergeJoin: true, NoLookupJoin: true},
		"look":  {NoHashJoin: true, NoMergeJoin: true, NoNestLoop: true},
		"index": {NoSeqScan: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.settings = s
			p.ddl(`create table e (id int primary key, name text, dept int, salary numeric(10,2), hired date, boss int, score float8, tags text[]);
				create index e_dept on e (dept, name); create unique index e_name on e (name) include (salary);
				create index e_salary on e (salary desc nulls last);
				create table d (id int primary key, name varchar(20), budget bigint);
				create table n (a int, b int)`)
			p.all(fixture)
			p.all(queries)
		})
	}
}

const fixture = `
insert into d values (1, 'eng', 1000), (2, 'ops', 500), (3, 'none', null), (4, null, 7);
insert into e select i, 'emp' || i, case when i % 7 = 0 then null else i % 4 + 1 end, i * 100.5, date '2020-01-01' + i, nullif(i / 3, 0), i / 3.0, array['a' || i % 3, 'b'] from generate_series(1, 40) i;
insert into e (id, name) values (100, null), (101, 'x');
insert into n values (1, 1), (1, 2), (2, null), (null, 3), (3, 3), (3, 3), (null, null);
`

const queries = `
select * from e where id = 5;
select id, name from e where id in (3, 5, 9, 500) order by id desc;
select * from e where dept = 2 and name > 'emp2' order by name;
select count(*), sum(salary), avg(salary), min(hired), max(name), sum(dept), avg(score) from e;
select dept, count(*), sum(salary), min(name) from e group by dept order by dept;
select dept, count(*) filter (where id > 10), count(distinct boss) from e group by dept order by 1;
select string_agg(name, ',' order by id desc) from e where id < 6;
select array_agg(distinct dept) from e;
select array_agg(dept order by dept nulls first, id) from e where id < 12;
select percentile_cont(0.5) within group (order by score), percentile_disc(0.25) within group (order by id desc), mode() within group (order by dept) from e;
select dept, percentile_cont(0.5) within group (order by score) from e group by dept order by dept;
select rank(10) within group (order by id) from e;
select dept, boss, count(*) from e group by grouping sets ((dept), (boss), ()) order by 1, 2, 3;
select dept, boss, grouping(dept, boss), count(*) from e group by rollup (dept, boss) order by 1, 2, 3;
select dept, boss, count(*) from e where id < 12 group by cube (dept, boss) order by 1, 2, 3;
select dept, count(*) from e group by dept having count(*) > 8 order by dept;
select e.name, d.name from e join d on e.dept = d.id order by e.id;
select e.id, d.name from e left join d on e.dept = d.id and d.budget > 600 order by e.id;
select e.id, d.id from e right join d on e.dept = d.id and e.id < 5 order by 1, 2;
select e.id, d.id from e full join d on e.dept = d.id + 2 order by 1, 2;
select e.id from e where exists (select 1 from d where d.id = e.dept and d.budget is null) order by 1;
select e.id from e where not exists (select 1 from d where d.id = e.dept) order by 1;
select e.id from e where dept in (select id from d where budget > 100) order by 1;
select e.id from e where dept not in (select id from d where id < 3) order by 1;
select e.id from e where dept not in (select a from n) order by 1;
select a, b, a in (select b from n), a not in (select b from n where b is not null) from n order by 1, 2;
select a, b, (a, b) in (select b, a from n) from n order by 1, 2;
select id, (select name from d where d.id = e.dept), (select count(*) from e x where x.boss = e.id) from e order by id;
select id from e where salary > all (select budget from d where budget is not null) order by id;
select id from e where salary > any (select budget from d) order by id;
select (select name from d where id > 1);
select array(select id from d order by id desc);
select (select max(id) from e), (select id from e where false);
select d.id, x.id from d, lateral (select id from e where e.dept = d.id order by id limit 2) x order by 1, 2;
select d.id, x.id from d left join lateral (select id from e where e.dept = d.id and e.id > 37) x on true order by 1, 2;
select distinct dept from e order by dept;
select distinct on (dept) dept, id from e order by dept, id desc;
select id from e order by salary desc nulls last, id limit 3 offset 2;
select id, dept from e order by dept nulls first, id desc limit 5;
select dept from e order by dept fetch first 3 rows with ties;
select id from e order by id offset 38;
select a from n union select b from n order by 1;
select a from n union all select b from n order by 1;
select a from n intersect select b from n order by 1;
select a from n intersect all select b from n order by 1;
select a from n except select 3 order by 1;
select a from n except all select 3 order by 1;
with recursive r(i) as (select 1 union all select i + 1 from r where i < 10) select sum(i) from r;
with recursive r(id, path) as (select id, id::text from e where boss is null and id < 100 union all select e.id, path || '/' || e.id from e join r on e.boss = r.id) select * from r order by id;
with recursive t(n) as (select 1 union select (n + 1) % 5 from t) select * from t order by 1;
with x as (select dept, count(*) c from e group by dept) select a.dept, b.c from x a join x b on a.dept = b.dept order by 1;
select id, row_number() over (order by id desc), rank() over (partition by dept order by boss), dense_rank() over (order by dept nulls first) from e order by id;
select id, lag(id) over w, lead(id, 2, -1) over w, first_value(id) over w, last_value(id) over w, nth_value(id, 2) over w, ntile(3) over w from e window w as (partition by dept order by id) order by id;
select id, sum(id) over (order by id rows between 2 preceding and 1 following), count(*) over (order by dept groups between 1 preceding and current row) from e order by id;
select id, sum(id) over (order by id range between 5 preceding and 2 following), avg(salary) over (partition by dept) from e order by id;
select id, sum(id) over (order by id rows between unbounded preceding and unbounded following exclude current row), array_agg(id) over (order by boss, id range between unbounded preceding and current row exclude ties) from e where id < 12 order by id;
select id, sum(id) over (order by hired range between interval '3 days' preceding and current row) from e where hired is not null order by id;
select id, sum(id) over (order by id desc range between 5 preceding and 2 following) from e order by id;
select cume_dist() over (order by dept), percent_rank() over (order by dept), id from e order by id;
select sum(count(*)) over (order by dept), dept from e group by dept order by dept;
select case when dept = 1 then 'one' when dept = 2 then 'two' else 'many' end, count(*) from e group by 1 order by 1;
select case dept when 1 then 10 / (dept - 1 + id) else 0 end from e where id in (4, 8) order by 1;
select id from e where case when dept = 0 then 1 / dept else 1 end = 1 and id < 5 order by id;
select coalesce(dept, boss, -1), nullif(dept, 2), greatest(dept, boss, 3), least(id, dept) from e order by id;
select dept is null, dept is not null, (dept > 2) is true, (dept > 2) is not false, (dept > 2) is unknown, dept is distinct from boss, dept is not distinct from 2 from e order by id;
select tags[1], tags[2:3], tags[5], array_length(tags, 1), 'b' = any (tags), 'a1' = all (tags) from e where id < 6 order by id;
select array[[1,2],[3,4]], (array[[1,2],[3,4]])[2][1], array[id, dept] from e where id < 4 order by id;
select row(id, name), row(id, dept) = row(1, 2), (id, dept) < (3, 1), (id, dept) >= (3, 4) from e where id < 6 order by id;
select row(1, null) is null, row(null, null) is null, row(1, 2) is not null;
select * from generate_series(1, 3) with ordinality;
select * from generate_series(1, 3) a, generate_series(a, 3) b order by 1, 2;
select generate_series(1, 3), generate_series(1, 2), 'x' order by 1;
select * from rows from (generate_series(1, 3), generate_series(5, 6)) as f(a, b) order by 1;
select unnest(tags) from e where id < 3 order by id;
select id, unnest(array[dept, boss]) u from e where id < 4 order by id, u;
select 1 / 0;
select 1 where false;
select count(*) from e where name like 'emp1%' or dept is null;
select count(*) from e where not (name like 'emp1%' or dept = 2);
select e1.id, e2.id from e e1 join e e2 on e1.boss = e2.id where e2.dept = 1 order by 1, 2;
select e1.id, e2.name from e e1 left join e e2 on e1.boss = e2.id order by 1;
select n1.a, n2.b from n n1 join n n2 on n1.a = n2.b and n1.b <> n2.a order by 1, 2;
select n1.a, n2.b from n n1 left join n n2 on n1.a = n2.b and n1.b < n2.a order by 1, 2;
select n1.a, n1.b, n2.a, n2.b from n n1 full join n n2 on n1.a = n2.b order by 1, 2, 3, 4;
select count(*) from n a, n b, n c;
select n1.a, n2.b from n n1 join n n2 on n1.a is not distinct from n2.b order by 1, 2;
values (1, 'a'), (2, null), (3, 'c') order by 1 desc;
select x.* from (values (1, 'a'), (2, 'b')) x(i, s) where i > 1;
select id from e where id between 3 and 6 order by id desc;
select id from e where salary between 1000 and 1500 order by id;
select id from e where salary > 3900 or salary is null order by id;
select name, salary from e where name between 'emp3' and 'emp35' order by name;
select max(id) from e where dept = 3;
select id from e where hired = '2020-01-05';
select count(*) from e where score > 5 and score <= 10.5;
select id % 3 as k, count(*) from e group by k order by k;
select name from e order by name desc nulls last limit 4;
select length(name), upper(name), salary * 2, salary / 3, round(score::numeric, 2) from e where id < 9 order by id;
select sum(id) from e where id < 0;
select count(*) from e where id < 0 group by dept;
select tags, count(*) from e group by tags order by tags;
select distinct tags[1], dept from e order by 1, 2;
select id, salary from e where dept = 3 order by salary limit 3 for update;
select e from e where id = 3;
select (e).name from e where id = 3;
select jsonb_build_object('a', id), to_json(name) from e where id < 4 order by id;
select ('{"a": [1, 2]}'::jsonb)['a'][1];
`

// Writes: every statement leaves both in the same state.
func TestWrites(t *testing.T) {
	p := newPair(t)
	p.ddl(`create table p (id int primary key, v text unique, w int default 7 check (w > 0), g int generated always as (w * 2) stored);
		create index p_w on p (w) where w > 5; create index p_lower on p (lower(v));
		create table c (id serial primary key, pid int references p on delete cascade on update cascade, note text not null default 'n');
		create table c2 (a int, pid int constraint c2_fk references p on delete set null, x int default 3);
		create table c3 (pid int references p);
		create table tree (id int primary key, up int references tree on delete cascade);
		create table h (a int, b text);
		create table dd (id int primary key, k int unique deferrable initially immediate);
		create table m (id int primary key, q int)`)
	p.ddl(`alter table c alter id drop default`)
	check := func() {
		t.Helper()
		for _, tab := range []string{"p", "c", "c2", "c3", "tree", "h", "dd", "m"} {
			p.same("select * from " + tab)
		}
		p.same("select id from p where w = 7 and w > 5")
		p.same("select id from p where lower(v) = 'b'")
		p.same("select id from p where v = 'a'")
	}
	p.all(`
insert into p (id, v) values (1, 'a'), (2, 'B'), (3, null);
insert into p values (4, 'd', 9) returning *;
insert into p (id, v) values (1, 'z');
insert into p (id, v) values (9, 'a');
insert into p (id, v) values (10, 'y'), (10, 'x');
insert into p (id, w) values (11, 0);
insert into p (id, w) values (11, 5), (12, -1);
insert into p (id) values (null);
insert into p (id, v) values (21, 'q') on conflict do nothing returning id;
insert into p (id, v) values (21, 'q2') on conflict do nothing returning id;
insert into p (id, v) values (21, 'r'), (22, 's') on conflict (id) do update set v = excluded.v || p.v, w = p.w + 1 returning *;
insert into p (id, v) values (30, 'a') on conflict (v) do update set w = 100 where p.w < 50 returning id, w;
insert into p (id, v) values (31, 'a') on conflict (v) do update set w = 100 where p.w < 50 returning id, w;
insert into p (id, v) values (40, 't'), (40, 'u') on conflict (id) do update set w = 1;
insert into p (id, v) values (41, 'a') on conflict (id) do update set w = 1;
insert into c (id, pid) values (1, 1), (2, 2), (3, null);
insert into c (id, pid) values (4, 77);
insert into c (id, pid, note) values (4, 1, null);
insert into c2 values (1, 1), (2, 2), (3, 4);
insert into c3 values (3);
update p set w = w + 1 where id = 1 returning *;
update p set v = upper(v);
update p set v = 'D' where id = 1;
update p set id = 50 where id = 1;
update p set id = 51 where id = 3;
update c set pid = 99 where id = 1;
update p set w = 0 where id = 4;
update p set w = x.a + 100 from (values (4, 1), (4, 2)) x(i, a) where p.id = x.i and x.a = 1 returning p.id, w, x.a;
delete from p where id = 3;
delete from p where id = 2 returning v;
delete from p where id = 50;
`)
	check()
	p.all(`
insert into tree values (1, null), (2, 1), (3, 2), (4, 3), (5, 1);
insert into tree values (7, 8), (8, 7);
delete from tree where id = 2;
delete from tree where id = 7;
insert into h select i, 'r' || i from generate_series(1, 3000) i;
insert into h select a + 1, b from h where a < 10;
update h set a = a + 1;
delete from h where a % 3 = 0;
select count(*), sum(a) from h;
update h set b = (select max(b) from h h2 where h2.a = h.a) where a < 100;
delete from h using p where h.a = p.id returning h.a, p.id;
insert into dd values (1, 1), (2, 2), (3, 3);
update dd set k = k + 1;
update dd set k = 2;
insert into dd values (4, 2);
insert into m values (1, 10), (2, 20), (3, 30);
merge into m using (values (1, 5), (2, 0), (7, 70)) s(id, q) on m.id = s.id when matched and s.q = 0 then delete when matched then update set q = m.q + s.q when not matched then insert values (s.id, s.q);
merge into m using (values (1, 5), (1, 6)) s(id, q) on m.id = s.id when matched then update set q = s.q;
merge into m using (values (1, 5), (9, 6)) s(id, q) on m.id = s.id when matched then do nothing when not matched and s.q > 10 then insert values (s.id, s.q);
with d as (delete from m where id = 1 returning *) insert into m select id + 100, q from d;
with u as (update m set q = 1 where id = 7 returning id) select * from u;
update m set q = 0 where id = 3 returning id, q;
with u as (update m set q = q + 1000 returning id, q) select m.id, m.q, u.q from m join u on m.id = u.id order by 1;
with i as (insert into m values (500, 5) returning id) select count(*), (select count(*) from i) from m;
with d as (delete from m where id = 500 returning q) update m set q = m.q + d.q from d where m.id = 3 returning m.id, m.q;
with a as (insert into p (id, v) values (600, 'cte') returning id, w, g) insert into c (id, pid) select id, id from a returning *;
`)
	check()
	p.ddl(`create table fp (a int, b int, primary key (b, a), u int unique);
		create table fc (x int, y int, z bigint, foreign key (y, x) references fp (b, a) on delete set null (y) deferrable initially deferred,
			foreign key (z) references fp (u) on update set null on delete restrict);
		create table fm (x int, y int, foreign key (x, y) references fp match full on update cascade);
		create unique index fc_lower on fc ((x + y), x) where x > 0;
		create unique index fm_nn on fm (x) nulls not distinct`)
	p.all(`
insert into fp values (1, 10, 100), (2, 20, 200), (3, 30, null), (4, 40, null);
insert into fc values (1, 10, 100), (null, 10, null), (2, 20, 200);
insert into fc values (1, 10, null);
insert into fc values (0, 1, null);
insert into fc values (7, 7, null);
insert into fc values (3, 30, 300);
insert into fm values (10, 1), (null, null);
insert into fm values (10, null);
insert into fm values (null, null);
insert into fm values (40, 5);
delete from fp where a = 1;
update fp set u = 101 where a = 1;
update fp set u = 101 where a = 2;
update fp set b = 11 where a = 1;
delete from fc where z is null;
update fp set b = 31 where a = 3;
update fc set y = 99 where x = 2;
select * from fc;
select * from fm;
select * from fp;
delete from fp where a = 2;
delete from fp;
select * from fc;
select * from fm;
select * from fp;
`)
	for i := range 5 {
		p.same(fmt.Sprintf("insert into c3 select id from p where id %% 5 = %d", i))
	}
	check()
}
