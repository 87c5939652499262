-- INSTEAD OF triggers on views, and statement triggers beside them
create table t (a int primary key, b text);
insert into t values (1,'one'),(2,'two'),(3,'three');
create table log (id serial, m text);
create view v as select a, upper(b) as ub, count(*) as n from t group by a, b;
insert into v values (9,'x');
update v set ub = 'x';
delete from v;
create function note() returns trigger language plpgsql as $$
begin
  insert into log (m) values (format('%s %s %s %s old=%s new=%s', tg_name, tg_when, tg_level, tg_op, old, new));
  if tg_level = 'STATEMENT' then return null; end if;
  if tg_op = 'INSERT' then insert into t values (new.a, lower(new.ub)); new.n = 77; return new; end if;
  if tg_op = 'DELETE' then delete from t where a = old.a; if not found then return null; end if; return old; end if;
  update t set b = lower(new.ub), a = new.a where a = old.a;
  if new.a = 3 then return null; end if;
  return new;
end $$;
create trigger i instead of insert or update or delete on v for each row execute function note();
create trigger bs before insert or update or delete on v execute function note();
create trigger s after insert or update or delete on v for each statement execute function note();
insert into v values (9,'NINE');
insert into v (ub, a) values ('TEN', 10), ('ELEVEN', 11) returning *, a + 1 as next;
insert into v select a + 100, ub from v where a = 1 returning v.*;
update v set ub = ub || chr(33) where a = 1 returning a, ub, n;
update v set a = v.a + 1000, ub = x.b from (values (9, 'NEU')) as x(a, b) where x.a = v.a returning v.*, x.b;
delete from v using t where t.a = v.a and t.a = 1009 returning v.a, t.b;
delete from v where a = 12345;
-- unordered
select * from v;
select m from log order by id;
select * from t order by a;
truncate log;
update v set n = 3 where a = 1;
update v set nope = 3;
insert into v (a, nope) values (1, 2);
insert into v values (1, 'a', 2, 3);
insert into v default values;
select m from log order by id;
with w as (insert into v values (50, 'W') returning a) select * from w;
select a, b from t where a = 50;
prepare p(int, text) as insert into v values ($1, $2) returning *;
execute p(51, 'P');
-- above it a view that is updatable by itself
create view vv as select a as x, ub as y from v where a > 5 with check option;
insert into vv values (60, 'SIXTY') returning *;
insert into vv values (4, 'FOUR');
update vv set y = 'LX' where x = 60 returning x, y;
update vv set x = 1 where x = 60;
delete from vv where x = 60;
delete from vv where x = 1;
select * from t order by a;
-- defaults of the view
alter view v alter column ub set default 'DEF';
insert into v (a) values (70) returning *;
alter table v disable trigger i;
alter view v disable trigger i;
drop trigger i on v;
update v set ub = 'z';
-- only some events
create function only_ins() returns trigger language plpgsql as $$ begin insert into t values (new.a, 'only'); return new; end $$;
create trigger oi instead of insert on v for each row execute function only_ins();
insert into v values (80);
update v set ub = 'z';
delete from v;
-- what they cannot be
create trigger x before insert on v for each row execute function only_ins();
create trigger x instead of insert on t for each row execute function only_ins();
create trigger x instead of insert on v for each statement execute function only_ins();
create trigger x instead of insert on v for each row when (new.a > 1) execute function only_ins();
create trigger x instead of update of a on v for each row execute function only_ins();
create trigger x instead of truncate on v for each row execute function only_ins();
create trigger x after truncate on v execute function only_ins();
create trigger x after insert on v referencing new table as n for each statement execute function only_ins();
create trigger x before update of a on v execute function note();
-- a view over one table that is updatable by itself prefers its triggers
create view w as select a, b from t;
create function w_upd() returns trigger language plpgsql as $$ begin raise notice '% %', old, new; return new; end $$;
create trigger w_upd instead of update on w for each row execute function w_upd();
update w set b = 'ignored' where a = 1;
select b from t where a = 1;
insert into w values (90, 'auto');
delete from w where a = 90;
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'w'::regclass;
select tgname, tgtype from pg_trigger where tgrelid in ('v'::regclass, 'w'::regclass) order by 1;
drop view w;
drop function only_ins();
drop function only_ins() cascade;
drop view v cascade;
-- ON CONFLICT and COPY hand rows to the triggers as INSERT does
CREATE TABLE below (id int PRIMARY KEY, a text, b text DEFAULT 'below');
CREATE VIEW above AS SELECT * FROM below;
ALTER VIEW above ALTER b SET DEFAULT 'above';
CREATE FUNCTION hand_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.id < 0 THEN RETURN NULL; END IF;
  INSERT INTO below VALUES (new.id, new.a, new.b);
  RETURN new;
END $$;
CREATE TRIGGER t INSTEAD OF INSERT ON above FOR EACH ROW EXECUTE FUNCTION hand_down();
INSERT INTO above VALUES (1, 'a') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO above VALUES (1, 'a') ON CONFLICT DO NOTHING;
-- differs extended: refused when it is described, there when it is planned
INSERT INTO above VALUES (2, 'a') ON CONFLICT (id) DO NOTHING;
-- differs extended: refused when it is described, there when it is planned
INSERT INTO above VALUES (2, 'a') ON CONFLICT (id) DO UPDATE SET a = 'z';
INSERT INTO above VALUES (2, 'a') ON CONFLICT DO UPDATE SET a = 'z';
INSERT INTO above VALUES (2, 'a') ON CONFLICT ON CONSTRAINT below_pkey DO NOTHING;
INSERT INTO above VALUES (-1, 'a'), (3, 'c'), (-2, 'd') ON CONFLICT DO NOTHING RETURNING id;
COPY above FROM STDIN;
7	x	y
-3	x	y
8	\N	\N
\.
COPY above (a, id) FROM STDIN WITH (FORMAT csv);
nine,9
\.
-- differs: the line is told by its number only
COPY above FROM STDIN;
7	x	y
\.
COPY above FROM STDIN WHERE id > 10;
10	x	y
11	x	y
\.
TABLE below ORDER BY id;
DROP TRIGGER t ON above;
INSERT INTO above VALUES (7, 'x');
TABLE below ORDER BY id;
