package executor_test

import (
	"testing"

	"rowkey/planner"
)

// Frames that slide, windows that stop at a run condition, set operations and
// DISTINCT by sorting: PostgreSQL's answers.

func TestSlidingFramesAndRunConditions(t *testing.T) {
	for name, s := range map[string]planner.Settings{
		"any":    {},
		"sorted": {NoHashAgg: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.settings = s
			p.ddl(`create table w (id int primary key, g int, x int, b bigint, n numeric(10,2), m numeric, f float8, i interval)`)
			p.all(`insert into w select i, i % 5, case when i % 7 = 0 then null else (i * 37) % 101 end, 9223372036854775000 - i, i * 1.25, case i % 11 when 0 then 'NaN' when 1 then 1.5 else i::numeric end, i / 3.0, i * interval '1 hour' from generate_series(1, 3000) i`)
			p.all(`select id, sum(x) over v, avg(x) over v, count(x) over v, count(*) over v from w window v as (order by id rows between 5 preceding and 2 following) order by id limit 60;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(x) over v a, sum(b) over v b, avg(b) over v c, sum(n) over v d, avg(n) over v e, sum(m) over v f, max(x) over v g, count(m) over v h from w window v as (order by id rows between 20 preceding and 3 preceding)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(x) over v a, sum(n) over v b, sum(m) over v c, sum(f) over v d, avg(i) over v e from w window v as (partition by g order by id rows between 1 following and 9 following)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(x) filter (where x > 30) over v a, count(x) filter (where x > 200) over v b, avg(n) filter (where x < 50) over v c from w window v as (order by id rows between 7 preceding and current row)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(x) over v a, count(*) over v b from w window v as (order by x, id range between unbounded preceding and current row)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(id) over v a, count(*) over v b from w window v as (order by id range between 10 preceding and 4 preceding)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(id) over v a, avg(n) over v b from w window v as (order by g groups between 1 preceding and 1 following)) t;
select md5(string_agg(t::text, ',' order by id)) from (select id, sum(x) over v a from w window v as (order by id rows between 4 preceding and 4 following exclude current row)) t;
select * from (select id, row_number() over (order by id desc) r from w) s where r <= 5 order by id;
select * from (select id, row_number() over (order by x, id) r, sum(x) over (order by x, id) t from w) s where r < 7 order by r;
select * from (select id, x, rank() over (order by x) r from w) s where r <= 40 order by id;
select * from (select id, x, dense_rank() over (order by x desc) r from w) s where r = 3 order by id;
select * from (select id, g, row_number() over (partition by g order by id) r from w) s where r <= 2 order by id;
select * from (select id, g, row_number() over (partition by g order by id) r, lead(id) over (partition by g order by id) l from w) s where r <= 2 order by id;
select * from (select id, g, row_number() over (partition by g order by id) r, count(*) over (partition by g) c, rank() over (partition by g order by x) k from w) s where r <= 2 and k < 300 order by id;
select * from (select id, x, row_number() over (order by x) r, count(*) over (order by x) c, sum(id) over (order by x) t from w where x < 9) s where r <= 33 and c < 70 and t > 0 order by r;
select * from (select id, count(*) over (order by id rows between current row and unbounded following) c from w) s where c >= 2997 order by id;
select * from (select id, count(*) over (order by id rows between current row and unbounded following) c from w) s where c <= 3 order by id;
select count(*) from (select id, count(*) over () c from w) s where 3000 <= c;
select count(*) from (select id, count(*) over () c from w) s where c > 3000;
select count(*) from (select id, count(1) over (partition by g) c from w where id <> 5) s where c = 600;
select * from (select id, row_number() over (order by id) r from w) s where r <= null;
select * from (select id, row_number() over (order by id) r from w) s where r < (select 4) order by id;
select * from (select id, row_number() over (order by id) r, row_number() over (order by id desc) q from w) s where r < 4 and q < 2999 order by id;
select o.g, (select max(id) from (select id, row_number() over (order by id) r from w where w.g = o.g) s where r <= o.g + 1) from (select distinct g from w) o order by 1;
select x from w where id < 60 intersect select id from w where id < 40 order by 1;
select x from w where id < 60 intersect all select x from w where id < 90 order by 1;
select x from w where id < 60 except select id from w where id < 40 order by 1;
select x from w except all select x from w where id > 900 order by 1;
select g, x from w where id < 99 union select g, x from w where id < 50 order by 1, 2;
select distinct m from w order by 1 limit 9;
select from w where id < 5 intersect select from w where id < 9;
select from w where id < 5 except select from w where id < 9;
select from w where id < 5 except all select from w where id < 3;
select from w where id < 5 union select from w;
select row(g, x) r from w where id < 20 except select row(1, x) from w order by 1;
select distinct array[g::text::money] from w order by 1
`)
		})
	}
}
