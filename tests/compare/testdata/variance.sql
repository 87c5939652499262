-- # Variances of very fine numerics
create table num_variance (a numeric);
insert into num_variance values (0);
insert into num_variance values (3e-500);
insert into num_variance values (-3e-500);
insert into num_variance values (4e-500 - 1e-16383);
insert into num_variance values (-4e-500 + 1e-16383);
select trim_scale(variance(a) * 1e1000) from num_variance;
delete from num_variance;
insert into num_variance select 9e131071 + x from generate_series(1, 5) x;
select variance(a) from num_variance;
select scale(stddev(a)), trim_scale(stddev(a) * 1e500) from num_variance;
select variance(x), stddev(x), var_pop(x), stddev_pop(x) from (values (1.5::numeric),(2.25),(3.125)) v(x);
select variance(x), stddev(x), var_pop(x), stddev_pop(x) from (values ('inf'::numeric),(2.25),(3.125)) v(x);
select variance(x), stddev(x), var_pop(x), stddev_pop(x) from (values ('nan'::numeric),(2.25),(null)) v(x);
select variance(x), stddev(x), var_pop(x), stddev_pop(x) from (values (123456789012345678901234567890.5::numeric),(2.25),(null)) v(x);
select variance(x), stddev(x), var_pop(x), stddev_pop(x) from (values (-3::numeric),(1e-20),(9223372036854775807)) v(x);
