-- Rows of FROM items that are not grouped, as a whole.
create table rg_a(id int primary key, x int, y int);
create table rg_b(id int, z int);
select rg_a.* from rg_a group by rg_a.x;
select * from rg_a group by x;
select rg_a.id, rg_a.* from rg_a group by rg_a.x;
select rg_b.* from rg_b group by z;
select rg_b.* , count(*) from rg_b join rg_a on true group by rg_b.z;
select (rg_b).id from rg_b group by z;
select rg_b from rg_b group by z;
select count(*) from rg_b group by z having rg_b.id > 1;
select count(*) from rg_b group by z order by rg_b.*;
select row(rg_b.*) from rg_b group by z;
select rg_b.* is null from rg_b group by z;
select 1 from rg_b group by z having rg_b.* is null;
select rg_b.* = rg_b.* from rg_b group by z;
select max(z) from rg_b group by rg_b.* order by rg_b.z;
select to_jsonb(rg_b.*) from rg_b group by z;
select to_jsonb(rg_b) from rg_b group by z;
select rg_b from rg_b group by id, z;
-- differs: a row is not said to come from its table
select rg_b from rg_b group by rg_b;
select rg_b.* from rg_b group by rg_b.*;
-- differs: a row is not said to come from its table
select rg_a from rg_a group by id;
select to_jsonb(rg_a), count(*) from rg_a group by rg_a.id;
select (select rg_b) from rg_b group by z;
select (select max((rg_b).id) ) from rg_b group by z;
-- differs: a row is not said to come from its table
select rg_b from rg_a left join rg_b on true group by rg_b;
select rg_b from rg_a left join rg_b on true group by z;
select (rg_b).z from rg_a left join rg_b on true group by z;
select count(rg_b) from rg_a left join rg_b on true group by z;
select (j.*) from (select 1 as x, 2 as y) j group by x;
select j from (select 1 as x, 2 as y) j group by x, y;
select g from generate_series(1,2) g group by g;
select g.* from generate_series(1,2) g group by g;
drop table rg_a, rg_b;
