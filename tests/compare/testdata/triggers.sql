-- Triggers: when they fire, in which order, what they see and change
create table t (a int primary key, b text);
create table log (id serial, m text);
create function trg() returns trigger language plpgsql as $$
begin
  insert into log (m) values (format('%s %s %s %s old=%s new=%s args=%s', tg_name, tg_when, tg_level, tg_op, old, new, tg_argv));
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
create trigger b1 before insert or update or delete on t for each row execute function trg('x', 'y');
create trigger a1 after insert or update or delete on t for each row execute function trg();
create trigger bs before insert or update or delete on t for each statement execute function trg();
create trigger "as" after insert or update or delete or truncate on t execute function trg();
insert into t values (1,'one'),(2,'two');
update t set b = 'TWO' where a = 2;
delete from t where a = 1;
truncate t;
select m from log order by id;
truncate log;
drop trigger b1 on t; drop trigger a1 on t; drop trigger bs on t; drop trigger "as" on t;
create function chg() returns trigger language plpgsql as $$
begin
  if new.a > 10 then return null; end if;
  new.b := upper(new.b);
  return new;
end $$;
create trigger chg before insert or update of b on t for each row when (new.b is not null) execute function chg();
insert into t values (1,'one'),(12,'skipped'),(2,'two'),(13,null) returning *;
update t set b = 'x' || a returning *;
update t set a = a + 100 where a < 3 returning *;
select * from t order by a;
select tgname, tgtype, tgenabled, tgattr, pg_get_triggerdef(oid) from pg_trigger where tgrelid = 't'::regclass and not tgisinternal;
create function trans() returns trigger language plpgsql as $$
declare n int; s text;
begin
  if tg_op = 'INSERT' then
    select count(*), string_agg(b, ',' order by a) into n, s from newt;
  elsif tg_op = 'UPDATE' then
    select count(*), string_agg(o.b || '>' || n.b, ',' order by o.a) into n, s from oldt o join newt n on o.a = n.a;
  else
    select count(*), string_agg(b, ',' order by a) into n, s from oldt;
  end if;
  raise notice '% % %', tg_op, n, s;
  return null;
end $$;
create trigger ti after insert on t referencing new table as newt for each statement execute function trans();
create trigger tu after update on t referencing new table as newt old table as oldt for each statement execute function trans();
create trigger td after delete on t referencing old table as oldt for each statement execute function trans();
insert into t values (3,'c'),(4,'d');
update t set b = 'zz' where a in (3,4);
delete from t where a in (3,4);
insert into t values (3,'c');
-- differs: rows of RETURNING are sent as they are written, before the triggers that come after
insert into t values (3,'q') on conflict (a) do update set b = excluded.b || '!' returning *;
alter table t disable trigger chg;
insert into t values (5,'lower');
alter table t enable trigger chg;
insert into t values (6,'lower');
alter table t disable trigger user;
insert into t values (7,'lower');
select * from t order by a;
create table p (a int, b int) partition by range (a);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create function pn() returns trigger language plpgsql as $$ begin raise notice '% % % % %', tg_table_name, tg_op, tg_level, old, new; return new; end $$;
create trigger pt before insert or update on p for each row execute function pn();
create trigger pa after insert or update on p for each row execute function pn();
create trigger ps after insert or update on p for each statement execute function pn();
insert into p values (1,1),(11,11);
update p set b = 2 where a = 1;
update p set a = 12 where a = 1;
create table p3 partition of p for values from (20) to (30);
insert into p values (21, 1);
drop trigger pt on p1;
drop trigger pt on p;
create function cons() returns trigger language plpgsql as $$ begin raise notice 'constraint %', new; return null; end $$;
create table dc (a int);
create constraint trigger ct after insert on dc deferrable initially deferred for each row execute function cons();
begin; insert into dc values (1); select 1; commit;
begin; set constraints all immediate; insert into dc values (2); rollback;
create table pk (a int primary key); create table fk (a int references pk on delete cascade on update cascade);
create trigger fkt after update or delete on fk for each row execute function pn();
insert into pk values (1),(2); insert into fk values (1),(2);
delete from pk where a = 1; update pk set a = 3;
create trigger bad after insert on t for each row execute function nosuch();
create trigger bad instead of insert on t for each row execute function pn();
create trigger bad before truncate on t for each row execute function pn();
create trigger bad before insert on t for each statement when (new.a = 1) execute function pn();
create trigger chg before insert on t for each row execute function pn();
create or replace trigger chg before insert on t for each row execute function pn();
drop function pn();
drop function pn() cascade;
create function err() returns trigger language plpgsql as $$ begin raise exception 'no insert of %', new; end $$;
create trigger e before insert on dc for each row execute function err();
insert into dc values (5);
