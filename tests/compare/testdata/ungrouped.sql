-- Which ungrouped column is found first.
create table ug(a int, b int, c int);
select (select sum(a) from ug x join ug y on x.a = ug.b where x.b = ug.c having x.a > ug.a) from ug group by a;
select (select count(*) from ug x join ug y on x.a = ug.b where x.b = ug.c) from ug group by a;
select (select count(*) from ug x where x.b = ug.c having count(*) > ug.b) from ug group by a;
select (select ug.b from ug x where x.b = ug.c having count(*) > ug.b) from ug group by a;
select sum(b) over (partition by c), c from ug group by a;
select sum(b) over (order by c), (select c) from ug group by a;
select sum(c) over (order by b), (select b) from ug group by a having a > b;
select sum(a) over (order by b) from ug group by a having c > 1;
select sum(a) over (order by b), generate_series(1, c), b from ug group by a;
select a, generate_series(1, b), sum(c) over () from ug group by a;
select a from ug group by a order by generate_series(1,b), c;
select a, sum(sum(b)) over (order by sum(c)), generate_series(1, a::int), count(*) filter (where b > 1) from ug group by a;
select a, sum(a) filter (where b > 1) over () from ug group by a;
