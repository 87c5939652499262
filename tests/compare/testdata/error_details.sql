-- Details of errors show no values to whom they may not read.
create role details;
create table p(id int primary key, s text unique, n int not null check (n > 0), v int default 7);
create table k(a int primary key, b int references p);
create table pt(a int, b text) partition by list (a); create table pt1 partition of pt for values in (1);
create table pe(a int, b int) partition by list ((a + 0)); create table pe1 partition of pe for values in (1) partition by list (b);
insert into p values (1, 'one', 1), (2, 'two', 2); insert into k values (1, 1);
grant insert, update, delete on p, k, pt, pt1, pe to details; grant select (a) on k to details; grant select (id) on p to details;
set role details;
insert into p values (1, 'x', 1);
insert into p values (3, 'one', 1);
insert into p(id, n) values (3, 0);
insert into p(n) values (5);
insert into p(id) values (5);
update p set n = -1 where id = 2;
update p set s = 'two' where id = 1;
insert into k values (2, 77);
insert into k values (1, 1);
delete from p where id = 1;
insert into pt values (2, 'b');
insert into pt1 values (2, 'b');
insert into pe values (2, 2);
insert into pe values (1, 2);
reset role; revoke select (id) on p from details; grant select on k to details; set role details;
insert into p values (1, 'x', 1);
insert into k values (2, 77);
delete from p;
copy p(id, n) from stdin;
9	0
\.
reset role; grant select on p, pt, pe to details; set role details;
insert into p values (1, 'x', 1);
insert into p(id, n) values (3, 0);
insert into pe values (2, 2);
insert into pt values (2, 'b');
reset role; drop owned by details; drop role details;
