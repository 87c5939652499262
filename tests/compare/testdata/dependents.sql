-- What depends on what: partition keys on functions, temporary views on temporary sequences, keys that are
-- equal but not the same; bounds, sort orders and ON COMMIT that do not go together.
create table rp3(a int, b int) partition by range(a, b);
create table fp PARTITION OF rp3 FOR VALUES FROM (0, minvalue) TO (0, maxvalue);
create table fp2 PARTITION OF rp3 FOR VALUES FROM (0, minvalue) TO (0, 1);
create table fp3 PARTITION OF rp3 FOR VALUES FROM (1, minvalue) TO (1, 1);
create table fp4 PARTITION OF rp3 FOR VALUES FROM (1, 0) TO (1, maxvalue);
create table fp5 PARTITION OF rp3 FOR VALUES FROM (1, 5) TO (1, 2);
create table fp6 PARTITION OF rp3 FOR VALUES FROM (1, minvalue) TO (1, maxvalue);
create table fp7 PARTITION OF rp3 FOR VALUES FROM (-1, 5) TO (0, 2);
create table rp4(a int) partition by range(a); create table rp41 partition of rp4 for values from (0) to (10); create table rp42 partition of rp4 for values from (5) to (15); create table rp42 partition of rp4 for values from (-5) to (1); create table rp42 partition of rp4 for values from (-5) to (100); create table rp42 partition of rp4 for values from (2) to (3);
create function plusone(a int) returns int language sql immutable as 'select a+1'; create table pf(a int, b text) partition by range(plusone(a)); drop function plusone(int); drop function plusone(int) cascade; 
create table d4(a text, b text); create unique index d4a on d4(a collate "POSIX"); create unique index d4b on d4(a, b desc); create unique index d4c on d4(a text_pattern_ops); alter table d4 add unique using index d4a; alter table d4 add unique using index d4b; alter table d4 add unique using index d4c;
create temp sequence sq; create view vsq as select sq.is_called from sq; 
create schema ns; create temp table tt(a int); create view ns.v as select * from tt; create schema ns2 create temp view v as select 1; create schema ns4 create temp table t(a int);
create table pk2(a float8, b numeric, primary key(a,b)); create table fk2(x float8, y numeric, foreign key (x,y) references pk2 on update cascade); insert into pk2 values ('-0', 1.0); insert into fk2 values ('-0', 1.0); update pk2 set a='0' where a='-0'; select * from fk2; update pk2 set b=1.00; select * from fk2; update fk2 set x='-0'; select * from fk2;
begin; create temp table oc1(a int primary key) on commit delete rows; create temp table oc2(a int references oc1); commit; begin; create temp table oc1(a int primary key) on commit delete rows; create temp table oc2(a int references oc1) on commit delete rows; commit; begin; create temp table oc3(a int primary key) ; create temp table oc4(a int references oc3) on commit delete rows; commit;
