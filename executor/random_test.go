package executor_test

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowkey/planner"
)

// queryGen makes random queries over three small tables: joins of all kinds,
// subqueries in FROM and in conditions, grouping, LATERAL.
type queryGen struct {
	r *rand.Rand
	n int // aliases given
}

func (g *queryGen) pick(xs ...string) string { return xs[g.r.Intn(len(xs))] }

var queryTables = map[string][]string{"a": {"id", "x", "n"}, "b": {"id", "a_id", "x", "w"}, "c": {"k1", "k2"}}

type src struct {
	alias string
	cols  []string
}

func (g *queryGen) from(depth int) (string, []src) {
	if g.r.Intn(6) == 0 {
		return g.equals()
	}
	n := 1 + g.r.Intn(3)
	var s string
	var all []src
	for i := 0; i < n; i++ {
		g.n++
		al := fmt.Sprintf("q%d", g.n)
		var t string
		var cols []string
		if depth > 0 && g.r.Intn(4) == 0 {
			switch g.r.Intn(3) {
			case 0:
				t, cols = "(select x, count(*) as k, max(id) as m from "+g.pick("a", "b")+" group by x)", []string{"x", "k", "m"}
			case 1:
				f, ss := g.from(depth - 1)
				t = "(select " + g.col(ss) + " as u, coalesce(" + g.col(ss) + ", 3) as v from " + f + g.where(ss, depth-1) + ")"
				cols = []string{"u", "v"}
			case 2:
				t, cols = "(select distinct x, "+g.pick("n", "id % 3")+" as n from a)", []string{"x", "n"}
			}
		} else {
			t = g.pick("a", "b", "c")
			cols = queryTables[t]
		}
		me := src{al, cols}
		if i == 0 {
			s = t + " " + al
		} else {
			j := g.pick("join", "left join", "join", "left join", "right join", "full join")
			cond := g.pair(all, me)
			if j != "full join" && g.r.Intn(3) == 0 {
				cond += " and " + g.cond(append(all, me), 0)
			}
			s = s + " " + j + " " + t + " " + al + " on " + cond
		}
		all = append(all, me)
	}
	return s, all
}

// equals joins some tables by equalities, more of them than it needs.
func (g *queryGen) equals() (string, []src) {
	var all []src
	s := ""
	for range 3 + g.r.Intn(3) {
		g.n++
		t := g.pick("a", "b", "c", "c")
		me := src{fmt.Sprintf("q%d", g.n), queryTables[t]}
		if all == nil {
			s = t + " " + me.alias
		} else {
			cond := g.pair(all, me)
			for g.r.Intn(3) == 0 {
				cond += " and " + g.pair(append(all, me), me)
			}
			s += g.pick(" join ", " join ", " join ", " left join ") + t + " " + me.alias + " on " + cond
		}
		all = append(all, me)
	}
	return s, all
}

func (g *queryGen) col(ss []src) string {
	s := ss[g.r.Intn(len(ss))]
	return s.alias + "." + s.cols[g.r.Intn(len(s.cols))]
}

func (g *queryGen) pair(l []src, r src) string { return g.col(l) + " = " + g.col([]src{r}) }

func (g *queryGen) cond(ss []src, depth int) string {
	k := g.r.Intn(14)
	c := g.col(ss)
	switch {
	case k < 3:
		return c + " " + g.pick("=", "<", ">", "<=", "<>") + " " + fmt.Sprint(g.r.Intn(8))
	case k == 3:
		return c + " is " + g.pick("null", "not null")
	case k == 4:
		return c + " in (1, 4, " + fmt.Sprint(g.r.Intn(9)) + ")"
	case k == 5:
		return "(" + g.cond(ss, depth) + " or " + g.cond(ss, depth) + ")"
	case k == 6:
		return "not (" + g.cond(ss, depth) + ")"
	case k == 7:
		return c + " = " + g.col(ss)
	case k == 8:
		return "coalesce(" + c + ", 2) > " + g.col(ss)
	case k >= 9 && depth > 0:
		f, is := g.from(depth - 1)
		w := " where " + g.col(is) + " = " + g.col(ss)
		if g.r.Intn(3) == 0 {
			w = g.where(is, depth-1)
		} else if g.r.Intn(2) == 0 {
			w += " and " + g.cond(append(append([]src{}, is...), ss...), depth-1)
		}
		switch k {
		case 9:
			return g.pick("", "not ") + "exists (select 1 from " + f + w + ")"
		case 10, 11:
			return c + g.pick(" in", " not in") + " (select " + g.col(is) + " from " + f + w + ")"
		case 12:
			return c + " " + g.pick("<", ">", "=") + " (select " + g.pick("max", "min", "sum", "count") + "(" + g.col(is) + ") from " + f + w + ")"
		default:
			return c + " " + g.pick("<", ">=", "=") + g.pick(" any", " all") + " (select " + g.col(is) + " from " + f + w + ")"
		}
	}
	return c + " > " + fmt.Sprint(g.r.Intn(5))
}

func (g *queryGen) where(ss []src, depth int) string {
	n := g.r.Intn(3)
	var cs []string
	for i := 0; i < n; i++ {
		cs = append(cs, g.cond(ss, depth))
	}
	if n == 0 {
		return ""
	}
	return " where " + strings.Join(cs, " and ")
}

func (g *queryGen) query() string {
	f, ss := g.from(2)
	w := g.where(ss, 2)
	switch g.r.Intn(6) {
	case 0:
		c := g.col(ss)
		return "select " + c + ", count(*), sum(" + g.col(ss) + ") from " + f + w + " group by " + c + g.pick("", " having count(*) > 1")
	case 1:
		return "select distinct " + g.col(ss) + ", " + g.col(ss) + " from " + f + w
	case 2:
		fi, is := g.from(0)
		return "select " + g.col(ss) + ", (select " + g.pick("max", "count", "sum") + "(" + g.col(is) + ") from " + fi + " where " + g.col(is) + " = " + g.col(ss) + ") from " + f + w
	case 3:
		return "select count(*), sum(" + g.col(ss) + ") from " + f + w
	case 4:
		return "select l.*, " + g.col(ss) + " from " + f + g.pick(" left join", " join") + " lateral (select count(*) as k, max(i.x) as m from b i where i.x = " + g.col(ss) + ") l on l.k > " + fmt.Sprint(g.r.Intn(3)) + w
	}
	return "select " + g.col(ss) + " as p, " + g.col(ss) + " as q from " + f + w
}

// Random queries give PostgreSQL's answers.
func TestRandomQueries(t *testing.T) {
	p := newPair(t)
	seed := time.Now().UnixNano()
	if n, err := strconv.ParseInt(os.Getenv("ROWKEY_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d (set ROWKEY_SEED to repeat)", seed)
	g := &queryGen{r: rand.New(rand.NewSource(seed))}
	p.settings = []planner.Settings{{}, {NoLookupJoin: true}, {NoHashAgg: true}}[g.r.Intn(3)]
	p.ddl(`create table a (id int primary key, x int, n int not null);
create index a_x on a(x);
create table b (id int primary key, a_id int, x int, w int not null);
create index b_a on b(a_id); create index b_x on b(x, w);
create table c (k1 int, k2 int, primary key (k1, k2))`)
	p.all(`insert into a select i, case when i % 5 = 0 then null else i % 7 end, i % 3 from generate_series(1, 20) i;
insert into b select i, case when i % 6 = 0 then null else i % 25 end, nullif(i % 8, 3), i % 5 from generate_series(1, 30) i;
insert into c select i % 9, i from generate_series(1, 15) i
`)
	n := 0
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); n++ {
		q := g.query()
		p.must("set statement_timeout = 200") // what is slow there may take minutes here
		_, _, err := p.runPG(q)
		p.must("set statement_timeout = 0")
		if err != nil && strings.Contains(err.Error(), "timeout") {
			continue
		}
		p.same(q)
		if t.Failed() {
			break
		}
	}
	t.Log(n, "queries")
}
