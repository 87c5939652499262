package executor_test

import (
	"testing"
)

// An inner side run anew for each outer row gives PostgreSQL's answers when it reads
// ahead for many of them: rows that repeat, that find nothing or NULL, ranges, several
// ranges a row, unique keys, joins within, fewer rows wanted than there are.
func TestReadAhead(t *testing.T) {
	p := newPair(t)
	p.ddl(`create table li (id int primary key, part int, supp int, q int, note text); create index on li (part, supp);
create table ps (part int, supp int, low int, high int, primary key (part, supp))`)
	p.all(`insert into li select i, nullif(i * 7 % 400, 13), i * 31 % 50, i % 50, repeat('x', i % 9) from generate_series(1, 6000) i;
insert into ps select p, nullif(s, 3) + p % 4, p % 45, p % 45 + 3 from generate_series(1, 600) p, generate_series(1, 2) s`)
	for _, q := range []string{
		`select ps.part, ps.supp, (select sum(q) from li where li.part = ps.part and li.supp >= ps.supp) from ps order by 1, 2`,
		`select ps.part, x.* from ps, lateral (select count(*), max(note) from li where li.part = ps.part / 2) x order by 1, 2`,
		`select ps.part, x.* from ps left join lateral (select q, note from li where li.part = ps.part and li.supp between ps.low and ps.high order by id desc) x on true order by 1, 2, 3`,
		`select ps.part, x.* from ps, lateral (select q, note from li where id in (ps.part, ps.supp, ps.part * 20)) x order by 1, 2, 3`,
		`select ps.part, (select array_agg(q order by id) from li where li.part in (ps.low, ps.high)) from ps order by 1, 2`,
		`select ps.part, array(select note from li where li.part = ps.low order by id) from ps order by 1 limit 70`,
		`select ps.part, ps.low > all (select q from li where li.part = ps.high) from ps order by 1, 2`,
		`select a.part, (select sum(l.q + m.q) from li l join li m on m.part = l.supp where l.part = a.supp) from ps a where a.part < 90 order by 1, 2`,
		`select ps.part, x.q from ps, lateral (select q from li where li.part = ps.low order by id limit 2) x order by 1, 2`,
		`select (select note from li where id = 10 * ps.low) from ps order by part limit 40`,
		`select ps.part, (select max(m.q) from li m where m.part = (select min(q) from li where li.part = ps.low)) from ps order by 1`,
	} {
		p.same(q)
	}
}
