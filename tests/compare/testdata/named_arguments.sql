-- Arguments given by name, and defaults, as definitions print them.
create function na(a int, b int default 2, "C d" text default 'x') returns text language sql as $$ select a::text||b||"C d" $$;
create table nat(a int, b text default na(b => 3, a => 1), c timestamptz default make_timestamptz(2020,1,1,0,0,0), d interval default make_interval(days => 3));
create view nav as select na(a), na(a, 3) n3, na("C d" => 'y', a => a) n4, na(a, "C d" := 'z') n5, make_interval(days => a, hours => 2) i, jsonb_path_match('{}', '$.a', silent => true) p, jsonb_set('{}', '{a}', '1') js, parse_ident('a') pi from nat, lateral jsonb_path_query('{}', '$.a', silent => true) q;
select pg_get_viewdef('nav'); select pg_get_viewdef('nav', true);
select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'nat'::regclass order by adnum;
insert into nat values (1);
select b, d from nat;
