-- What ORDER BY, GROUP BY and their kind put in parentheses.
create type mood2 as enum ('a','b');
create table vo(a text, b int, m mood2, c char(5), v varchar(4));
create view vo1 as select percentile_disc(0.4) within group (order by (a::text)::mood2) from vo;
create view vo2 as select a from vo order by a::mood2, b::text, b::bigint, (b+1), lower(a), c::text, v::text, m::text, a collate "C", -b, b is null, array[b], row(a,b), case when b=1 then 2 end, (select 1), coalesce(a,'x'), a || 'x';
create view vo3 as select array_agg(a order by b::text, m::text, lower(a)), row_number() over (partition by b::text, m::text order by a::mood2, c::text, lower(a)) from vo group by a,b,c,m;
create view vo4 as select distinct on (b::text) b::text as x from vo order by b::text;
create view vo5 as select b::text, m::text, a::mood2, lower(a), c::text from vo group by b::text, m::text, a::mood2, lower(a), c::text;
create view vo6 as select b::text, count(*) from vo group by grouping sets ((b::text), rollup(m::text, lower(a)), ());
select pg_get_viewdef('vo1'); select pg_get_viewdef('vo2'); select pg_get_viewdef('vo3'); select pg_get_viewdef('vo4'); select pg_get_viewdef('vo5'); select pg_get_viewdef('vo6');
select pg_get_viewdef('vo1', true); select pg_get_viewdef('vo2', true); select pg_get_viewdef('vo3', true); select pg_get_viewdef('vo4', true); select pg_get_viewdef('vo5', true); select pg_get_viewdef('vo6', true);
