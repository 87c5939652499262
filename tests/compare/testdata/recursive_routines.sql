-- A function that calls itself twice in an expression: each call has its own parameters.
create function fib(n int) returns int as $$ begin if n < 2 then return n; end if; return fib(n-1)+fib(n-2); end $$ language plpgsql;
select fib(0), fib(1), fib(2), fib(5), fib(12);
create function hanoi(n int, a text, b text, c text) returns text as $$ begin if n = 0 then return ''; end if; return hanoi(n-1,a,c,b) || n || a || c || ' ' || hanoi(n-1,b,a,c); end $$ language plpgsql;
select hanoi(3,'a','b','c');
create function ack(m int, n int) returns int as $$ declare r int; begin if m = 0 then return n+1; end if; if n = 0 then return ack(m-1, 1); end if; r := ack(m-1, ack(m, n-1)); return r; end $$ language plpgsql;
select ack(2,3);
create function perm(s text, p text) returns setof text as $$ begin if s = '' then return next p; return; end if; for i in 1..length(s) loop return query select * from perm(left(s,i-1) || right(s, -i), p || substr(s,i,1)); end loop; end $$ language plpgsql;
select * from perm('abc','');
create function tri(n int) returns int as $$ declare x int; begin if n = 0 then return 0; end if; if tri(n-1) + n > 0 and n > 0 then x := n + tri(n-1); end if; return x; end $$ language plpgsql;
select tri(6);
create function rec(n int) returns int as $$ declare x int; begin if n = 0 then return 0; end if; select rec(n-1) + n into x; return x + case when rec(n-1) >= 0 then n else 0 end; end $$ language plpgsql;
select rec(4);
create function even(n int) returns bool as $$ begin return n = 0 or odd(n-1); end $$ language plpgsql;
create function odd(n int) returns bool as $$ begin return n <> 0 and even(n-1) and n > 0; end $$ language plpgsql;
select even(6), odd(6), even(7), odd(7);
