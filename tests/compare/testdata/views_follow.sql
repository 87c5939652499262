-- Views mean what they meant when columns are added to, dropped from and renamed in what they read.
create table tt2 (a int, b int, c int); create table tt3 (ax int8, b int2, c numeric); create table tt4 (ay int, b int, q int);
create view v1 as select * from tt2 natural join tt3; create view v1a as select * from (tt2 natural join tt3) j; create view v2 as select * from tt2 join tt3 using (b,c) join tt4 using (b);
create view v2a as select * from (tt2 join tt3 using (b,c) join tt4 using (b)) j; create view v3 as select * from tt2 join tt3 using (b,c) full join tt4 using (b);
alter table tt2 add column d int; alter table tt2 add column e int; 
select pg_get_viewdef('v1', true); select * from v1;
alter table tt3 rename c to d;
select pg_get_viewdef('v1', true); select * from v1;
alter table tt3 add column c int; alter table tt3 add column e int;
select pg_get_viewdef('v1', true); select pg_get_viewdef('v2', true); select pg_get_viewdef('v3', true); select * from v1; select * from v2a; select * from v3;
alter table tt2 drop column d;
select pg_get_viewdef('v1', true); select pg_get_viewdef('v2', true); select * from v1; select * from v2a; select * from v3;
create view v4 as select * from v1; alter view v1 rename column a to x; select pg_get_viewdef('v1', true); select pg_get_viewdef('v4', true);
create table d1(a int,b int,c int); insert into d1 values (1,2,3); create view dv as select x.p, x.r from d1 as x(p,q,r); alter table d1 drop column b; select * from dv; select pg_get_viewdef('dv');
alter table d1 add column b int; select * from dv; alter table d1 rename c to cc; select * from dv; select pg_get_viewdef('dv');
create table w1(a int, b int); create table w2(a int, c int); create table w3(b int, d int); create view wv as select * from w1 join w2 using (a) join w3 using (b); select * from wv; alter table w2 add column b int; select * from wv; select pg_get_viewdef('wv');
create view wq as select (select count(*) from w2 where c = b) from w1; select * from wq; 
create table x1(a int); create table x2(c int); create view xv as select (select max(c) from x2 where c = a) as m from x1; alter table x2 add column a int; select pg_get_viewdef('xv'); 
create view un as select * from w1 union all select a, c from w2 ; alter table w1 rename a to zz; select pg_get_viewdef('un', true);
create table jl1(a int, b int); create table jl2(c int); create view jl as select j.x, j.z from (jl1 cross join jl2) as j(x, y, z);
-- differs: lists of names for the columns of a join are not kept up
alter table jl1 add column d int;
