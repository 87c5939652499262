-- # Constraints of a domain whose values lie in arrays, rows and ranges of tables; types that nothing hashes
-- differs extended: PostgreSQL describes a statement without planning it
with recursive w(n,x) as (select 1, '101'::varbit union select n+1, x from w where n<3) select * from w;
-- differs extended: PostgreSQL describes a statement without planning it
with recursive w(n,x) as (select 1, array['101'::bit(3)] union select n+1, x from w where n<3) select * from w;
-- differs extended: PostgreSQL describes a statement without planning it
with recursive w(n,x) as (select 1, '$1'::money union select n+1, x from w where n<3) select * from w;
with recursive w(n,x) as (select 1, '$1'::money union all select n+1, x from w where n<3) select * from w;
create domain d1 as int; create type c1 as (a d1); create table dt1(a c1, b int); insert into dt1 values (row(1),2);
alter domain d1 add check (value > 0);
create domain d2 as int; create table dt3(a d2[]);
alter domain d2 add check (value > 0);
alter domain d2 set not null;
create domain d3 as int; create type r3 as range(subtype=d3); create table dt4(a r3);
alter domain d3 add check (value > 0);
create domain d4 as int; create type r4 as range(subtype=d4, multirange_type_name=mr4); create table dt5(a mr4, b d4);
alter domain d4 add check (value > 0);
create type a1 as (x int); create type b1 as (y a1); alter type a1 add attribute z int;
create table tb1 (q b1);
alter type a1 add attribute zz int;
create domain e1 as int; create domain e2 as e1; create table te(a e2); insert into te values (-1);
alter domain e1 add constraint pos check (value > 0);
delete from te;
create table te2 (b te, c int);
alter domain e1 add constraint pos check (value > 0);
alter domain e1 add constraint pos2 check (value > 0) not valid;
alter domain e1 validate constraint pos2;
create view ve as select array[1::e1] as x;
create domain f1 as int; create view vf as select array[1::f1] as x;
alter domain f1 add check (value > 0);
create domain f2 as int; create table tf(a f2[]) partition by list (a);
alter domain f2 add check (value > 0);
alter domain f2 drop not null;
create domain f3 as int; create type f3c as (a f3); create domain f3d as f3c; create table tf3(a f3d);
alter domain f3 add check (value > 0);
create table h (a varbit) PARTITION BY HASH (a);
