-- Left joins with one row at most that nobody reads are left out.
create table one_row(a int); insert into one_row values (1);
explain (costs off) select 1 from one_row left join (select 1.0, min(v) from (values (4, 5)) as a3(v,w)) a4(c1,c2) on true;
explain (costs off) select 1 from one_row left join (select 1.0, min(v) from (values (4, 5)) as a3(v,w) where length(to_char('90 minutes'::interval, 'FMMonth')) = 1) a4(c1,c2) on true;
explain (costs off) select 1 from one_row left join (select min(v) from (values (4), (5)) as a3(v)) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select max(a) from one_row) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select 1 from one_row group by ()) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select count(*) from one_row having count(*) > 1) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select a, count(*) from one_row group by a) a4(a, c2) on a4.a = one_row.a;
explain (costs off) select 1 from one_row left join (values (1)) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select 1) a4(c2) on true;
explain (costs off) select 1 from one_row left join (select distinct a from one_row) a4(a) on a4.a = one_row.a;
select 1 from one_row left join (select min(v) from (values (4, 5)) as a3(v, w) where length(to_char('90 minutes'::interval, 'FMMonth')) = 1) a4(c) on true;
drop table one_row;
