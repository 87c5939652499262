-- SET is computed in the order of the columns.
create table set_order(d jsonb, c text[], a int, b int);
insert into set_order values ('[1]', '{a}', 1, 0);
update set_order set c[2:] = array['p'], d[-5] = '1';
update set_order set b = 1/b, a = 'x' || a::text = 'y' and 1/b = 1;
update set_order set b = 1/b, a = (a + 2147483647);
update set_order set a = (a + 2147483647), b = 1/b;
update set_order set b = 1/b, c[2:] = array['p'];
update set_order set c[2:] = array['p'], b = 1/b;
update set_order set (b, a) = (select 1/b, a + 2147483647);
create unique index on set_order (a);
insert into set_order values ('[1]', '{a}', 1, 0) on conflict (a) do update set b = 1 / set_order.b, c[2:] = array['p'];
merge into set_order s using (values (1)) v(k) on s.a = v.k when matched then update set b = 1 / s.b, c[2:] = array['p'];
create view set_view as select b as x, a as y from set_order;
update set_view set x = 1 / x, y = y + 2147483647;
drop table set_order cascade;
