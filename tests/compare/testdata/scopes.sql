-- What names mean: aliases of joins, WITH queries out of reach, excluded, arbiters of ON CONFLICT.
create table t1(a int, x int); create table t2(a int, y int); create table t3(x int, y int);
create table j1(i int, j int, t text); create table j2(i int, k int);
SELECT * FROM J1 a1 JOIN J2 a2 USING (i) AS a1;
select foo.*, u.* from t1 join t2 using (a) as foo, t3 as u for update of foo;
select bar.*, u.* from (t1 join t2 using (a) as foo) as bar, t3 as u for update of foo;
select bar.*, u.* from (t1 join t2 using (a) as foo) as bar, t3 as u for update of bar;
select * from t1 join t2 using (a) for update of t1;
select * from (t1 join t2 using (a)) as b for update;
SELECT * FROM J1 JOIN J2 USING (i) AS x WHERE x.t = 'one';
SELECT * FROM (J1 JOIN J2 USING (i) AS x) AS xx WHERE x.i = 1;
SELECT * FROM J1 JOIN J2 USING (i) AS x WHERE x.i = 1;
SELECT x.* FROM J1 JOIN J2 USING (i) AS x WHERE j1.t='one';
SELECT ROW(x.*) FROM J1 JOIN J2 USING (i) AS x;
SELECT row_to_json(x) FROM J1 JOIN J2 USING (i) AS x;
SELECT * FROM (j1 i cross join t1 j) ss(a,b,c,d,e,f);
SELECT * FROM j1 as ss(a,b,c,d,e,f);
SELECT * FROM (select 1) as ss(a,b);
select * from generate_series(1,2) g(a,b);
SELECT i FROM j1 UNION SELECT k FROM j2 ORDER BY foo;
SELECT i FROM j1 UNION SELECT k FROM j2 ORDER BY i+1;
with recursive x(col) as (select 1 union (with x as (select * from x) select * from x)) search depth first by col set seq select * from x;
WITH outermost(x) AS (SELECT 1 UNION (WITH innermost as (SELECT 2) SELECT * FROM outermost UNION SELECT * FROM innermost)) SELECT * FROM outermost ORDER BY 1;
with a as (select * from b), b as (select 1) select * from a;
create table m(k int, v text); insert into m values (0,'x');
WITH RECURSIVE cte_basic AS (SELECT 1 a, 'cte_basic val' b) MERGE INTO m USING (select 0 k, 'merge source SubPlan' v) o ON m.k=o.k WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_basic WHERE cte_basic.a = m.k LIMIT 1) WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v);
WITH cte_basic AS (SELECT 1 a, 'cte_basic val' b) MERGE INTO m USING (select 0 k, 'merge source SubPlan' v offset 0) o ON m.k=o.k WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' merge update' FROM cte_basic WHERE cte_basic.a = m.k LIMIT 1) WHEN NOT MATCHED THEN INSERT VALUES(o.k, o.v);
select * from m;
create table ict(key int4, fruit text); create unique index on ict(key); 
insert into ict values (1, 'Apple') on conflict (key) do update set fruit = excluded.fruit RETURNING excluded.fruit;
insert into ict values (1, 'Apple') on conflict (keyy) do update set fruit = excluded.fruit;
insert into ict values (1, 'Apple') on conflict (key) do update set fruit = excluded.fruitt;
insert into ict values (1, 'Apple') on conflict (key) do update set fruit = excluded.ctid::text;
insert into ict values (1, 'Apple') on conflict (key) do update set fruit = excluded.tableoid::text;
create unique index lf on ict(lower(fruit), upper(fruit) collate "C"); create unique index lf2 on ict(lower(fruit) text_pattern_ops, upper(fruit));
-- differs extended: the index is looked for when the statement is analyzed, not when it is planned
explain (costs off) insert into ict values(0, 'Crowberry') on conflict (lower(fruit) text_pattern_ops, upper(fruit) collate "C") do nothing;
explain (costs off) insert into ict values(0, 'Crowberry') on conflict (lower(fruit) , upper(fruit) ) do nothing;
explain (costs off) insert into ict values(0, 'Crowberry') on conflict (lower(fruit), upper(fruit) collate "C") do nothing;
explain (costs off) insert into ict values(0, 'Crowberry') on conflict (lower(fruit) text_pattern_ops, upper(fruit)) do nothing;
create table ic(a bigint, b bigint); create unique index on ic(a) where coalesce(a,1) > 0; create unique index ic2 on ic(b) where coalesce(a,1) > 0; 
insert into ic values (1,2); 
-- differs extended: the index is looked for when the statement is analyzed, not when it is planned
insert into ic values (1,2) on conflict (a) where true do nothing;
 insert into ic values (1,2) on conflict (a) where coalesce(a,1) > 0 do nothing; insert into ic values (1,2) on conflict (b) where coalesce(a,1) > 0 do nothing; insert into ic values (1,2) on conflict (b) where coalesce(a, 1) > 1 do nothing;
-- differs extended: the index is looked for when the statement is analyzed, not when it is planned
insert into ic values (1,2) on conflict (b) where a > 0 do nothing;
