-- Domains: lengths of their base types, checks over composite types; FETCH FIRST, EXECUTE.
create domain dvc as varchar(5); create domain dvc2 as dvc; create domain dnum as numeric(4,1); create domain dbit as bit(3);
select cast('123456' as dvc), '123456'::dvc2, 123.456::dnum, '1234567'::text::dvc, 5::dbit, B'11111'::dbit, array['too long']::dvc[], '{toolong}'::dvc[], null::dvc;
select '99999.9'::dnum; select B'11'::dbit;
create table bt(a dvc, b dvc[]); insert into bt values ('1234567'); insert into bt values ('1234567'::dvc, array['abcdefgh']::dvc[]); insert into bt(b) values (array['abcdefgh']); insert into bt(b) values ('{abcdefgh}'); insert into bt(b) values ('{{"toolong","b"}}'); insert into bt(a) select '1234567'::text; insert into bt(a) values ('1234567'::varchar(3)); update bt set a='1234567'; select * from bt;
create domain chk as text check (value <> ''); insert into bt values (''::chk);
-- differs simple: computed while it is planned, before its columns are named
select ''::chk;
 select chk('');
create table ct(a chk, b chk[]); insert into ct values (''); insert into ct(b) values (array['']);
create domain ndom as int not null; -- differs simple: computed while it is planned, before its columns are named
select null::ndom;
 create table ndt(a ndom); insert into ndt default values; insert into ndt values (null);
create domain arrd as int[] check(value[1] > 0); create table art(a arrd); insert into art values ('{0}'); insert into art values (array[0]); update art set a[1]=0; insert into art values ('{1}'); update art set a[1]=0;
create domain posd as int check(value>0); create table pit(f posd[]); insert into pit values(array[0]); insert into pit values('{1}'); update pit set f[1]=0; create domain dposa as posd[]; create type pc as (a posd); drop domain posd cascade;
create type comptype as (r float8, i float8); create domain dcomp as comptype; alter domain dcomp add constraint c1 check ((value).r > 0); alter type comptype alter attribute r type varchar; alter type comptype drop attribute r; alter type comptype alter attribute i type varchar; alter type comptype rename attribute r to rr; alter type comptype drop attribute i;
create view vlim as select 1 as x order by 1 fetch first (null+1) rows with ties;  create view vlim2 as select 1 as x order by 1 fetch first null rows with ties; create view vlim3 as select 1 as x limit null offset null; select pg_get_viewdef('vlim3'); create view vlim4 as select 1 as x limit all offset 5; select pg_get_viewdef('vlim4'); create view vlim5 as select 1 as x limit 5::int4 offset (2::smallint); select pg_get_viewdef('vlim5');
prepare q3(text, int, float, bool, smallint) as select 1 where $1 is null; execute q3('x', 2, 10.5::float, false, 4::bigint); execute q3(5::smallint, 10.5::float, false, 4::bigint, 'bytea'); execute q3('x'); execute q3(1,2,'abc',false,4);
