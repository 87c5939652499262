-- The column tableoid is described as the system column that it is.
create table cities (name text);
create table capitals (state text) inherits (cities);
create table part (a int) partition by list (a);
create table part1 partition of part for values in (1);
insert into capitals values ('a', 'b');
insert into part values (1);
select c.tableoid, c.name from only cities c;
select tableoid from only part;
select tableoid::regclass from cities;
select t from (select tableoid::regclass as t from part) s;
create view v as select tableoid, name from only cities;
select tableoid from v;
