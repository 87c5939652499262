-- What is no table is not opened as one: composite types, indexes, sequences.
create type ct as (a int, b text);
create table t (a int); create index ti on t(a); create sequence sq;
update ct set a = 1; delete from ct; insert into ct values (1,'x'); select * from ct;
merge into ct using (values (1)) v(x) on true when matched then delete;
copy ct from stdin; copy ct to stdout; truncate ct;
create view cv as select * from ct;
create index on ct(a);
alter table ct add column c int; alter view ct set schema public; drop table ct;
create trigger tr before insert on ct execute function suppress_redundant_updates_trigger();
comment on table ct is 'x'; grant select on ct to public;
table ct; select * from ct for update;
create table y () inherits (ct);
select * from ti; insert into ti values (1); update ti set a=1; copy ti to stdout; create index on ti(a); alter table ti add column b int;
update sq set last_value = 3;
