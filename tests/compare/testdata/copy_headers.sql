-- COPY: headers, generated columns, defaults.
create table gt4(a int, b int generated always as (a*2) stored);
copy gt4(a,b) from stdin;
copy gt4 from stdin where b <> 10;
copy gt4 from stdin where gt4 is null;
copy gt4(a,b) to stdout;
copy (select * from gt4) to stdout (header match);
copy gt4 to stdout (header match);
copy gt4 from stdin (header wrong);
create sequence s1; create table it(x int default nextval('s1'), y text default '-NULL-', z int default -1*currval('s1'));
copy it(y) from stdin;
a
b
c
\.
select * from it;
create table hc(a int, b int, c text);
copy hc from stdin with (header match);
a	b	c
1	2	foo
\.
copy hc from stdin with (header match);
a	c	b
1	2	foo
\.
copy hc from stdin with (header match);
a	b
1	2
\.
copy hc (c,a) from stdin with (header match);
c	a
1	2
\.
alter table hc drop column b;
copy hc from stdin with (header match);
a	b	c
1	2	foo
\.
copy hc from stdin with (header match);
a	c
1	foo
\.
copy hc from stdin with (header match, format binary);
copy hc from stdin with (header match, format csv);
a,"c"
1,foo
\.
copy hc from stdin with (header match, format csv);
"a",c,d
1,foo
\.
select * from hc;
create domain dnn as int not null; create table nt(c1 dnn, c2 text);
copy nt from stdin;
\N	a
\.
