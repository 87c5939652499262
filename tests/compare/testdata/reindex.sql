-- REINDEX: what it refuses, what it says.
create table rt(a int); create table ri(a int primary key, b int); create index on ri(b);
create table rp(a int) partition by range(a); create table rp1 partition of rp for values from (0) to (10); create table rp2 partition of rp for values from (10) to (20); create index rpi on rp(a);
reindex table rt;
reindex (concurrently) table rt;
reindex table concurrently rt;
begin; reindex table rp; rollback;
begin; reindex index rpi; rollback;
begin; reindex table ri; rollback;
begin; reindex table concurrently ri; rollback;
begin; reindex schema public; rollback;
begin; reindex schema concurrently public; rollback;
reindex schema nosuch; reindex database foo; reindex system foo; 
reindex table concurrently pg_class;
reindex table pg_class;
reindex schema concurrently pg_catalog;
reindex schema concurrently information_schema;
reindex schema concurrently public;
create view rv as select 1; reindex table rv; reindex index ri; create sequence rs; reindex table rs; reindex index rs; reindex table ri_pkey; reindex index nosuch; reindex table nosuch;
create materialized view rm as select 1 as a; create index rmi on rm(a); reindex table rm; reindex table concurrently rm;
begin; create function fr() returns void language plpgsql as $$begin reindex schema public; end$$; select fr(); rollback;
reindex table rp;
reindex (foo) table rp; reindex (verbose foo) table ri; reindex (tablespace x) table ri; reindex (tablespace pg_default) table ri;


create schema s2; create role reindexer; set role reindexer; reindex schema s2; reindex table ri; reindex index ri_pkey; reset role; drop role reindexer;
