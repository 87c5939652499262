package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rowkey/tests/pgtest"
)

var (
	schedules = flag.Int("schedules", 25, "random schedules compared with PostgreSQL")
	seedArg   = flag.Uint64("seed", 1, "of the first schedule, those that follow have the numbers that follow; 0: another each time")
)

// TestRandomSchedules has two or three sessions change and lock a few rows in an order that
// PostgreSQL decides: a session whose step waits is left alone until it is done. rowkey
// then gets the same steps, and is to answer, wait and fail the same.
//
// By itself the test repeats schedules that are equal; -seed and -schedules go on from there. What
// they have found and is left is listed in docs/isolation.md.
//
// Not compared are schedules that end in a deadlock, whose victim is whoever looked first,
// and those that PostgreSQL itself answers otherwise the next time: where two waiters are
// let go at once.
func TestRandomSchedules(t *testing.T) {
	url := os.Getenv(pgtest.EnvURL)
	if url == "" {
		t.Skipf("%s is not set", pgtest.EnvURL)
	}
	first := *seedArg
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	pg := newSchedule(t, ownDatabase(t, url))
	server, err := pgtest.ServeInProcess("")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	rk := newSchedule(t, server.URL)
	equal := 0
	for seed := first; seed < first+uint64(*schedules); seed++ {
		c := newChances(seed)
		setup := c.setup()
		steps, want, err := pg.record(setup, c)
		if err != nil {
			t.Fatalf("seed %d: PostgreSQL: %v\n%s", seed, err, want)
		}
		if strings.Contains(want, "deadlock detected") {
			continue
		}
		got, err := rk.replay(setup, steps)
		if err != nil {
			got += "\n" + err.Error()
			rk.renew(t)
		}
		if got != want {
			for range 2 {
				again, err := pg.replay(setup, steps)
				if err != nil || again != want {
					got = want // it is by chance
					equal--
					break
				}
			}
		}
		if got != want {
			t.Errorf("seed %d:\n%s\nPostgreSQL:\n%s\nrowkey:\n%s", seed, setup, want, got)
		}
		if got == want {
			equal++
		}
	}
	t.Logf("%d schedules from seed %d on, %d equal", *schedules, first, equal)
}

// ownDatabase makes a database for the test.
func ownDatabase(t *testing.T, url string) string {
	t.Helper()
	admin, err := dial(context.Background(), url, "admin")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("isolation_%d", os.Getpid())
	res, err := admin.exec("CREATE DATABASE " + name + " TEMPLATE template0")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res {
		t.Fatal(r.err.message)
	}
	t.Cleanup(func() {
		admin.exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.close()
	})
	at, rest, _ := strings.Cut(url, "?")
	at = at[:strings.LastIndexByte(at, '/')+1] + name
	if rest != "" {
		at += "?" + rest
	}
	return at
}

const randomSessions = 3

// schedule runs schedules on one server.
type schedule struct {
	*runner
	url string
}

func newSchedule(t *testing.T, url string) *schedule {
	t.Helper()
	s := &schedule{url: url}
	s.renew(t)
	t.Cleanup(func() { s.close() })
	return s
}

// renew begins with new sessions.
func (s *schedule) renew(t *testing.T) {
	t.Helper()
	if s.runner != nil {
		s.close()
	}
	sp := &spec{}
	for i := range randomSessions {
		sp.sessions = append(sp.sessions, &sessionSpec{name: fmt.Sprintf("s%d", i+1)})
	}
	var err error
	if s.runner, err = newRunner(context.Background(), s.url, sp, 3*time.Second); err != nil {
		t.Fatal(err)
	}
}

func (s *schedule) begin(setup string) error {
	s.waiting, s.refused = nil, ""
	defer s.out.Reset() // of what nobody asked for
	for _, c := range s.conns {
		// By key, as rowkey goes, and not as rows happen to lie.
		if err := s.around(c, "ROLLBACK; SET enable_seqscan = off; SET enable_bitmapscan = off"); err != nil {
			return err
		}
	}
	return s.around(s.control, setup)
}

// record makes a schedule as it runs it.
func (s *schedule) record(setup string, c *chances) (steps []*permStep, out string, err error) {
	if err := s.begin(setup); err != nil {
		return nil, s.out.String(), err
	}
	for i := 0; ; i++ {
		var free []int
		for n, conn := range s.conns {
			if conn.active == nil {
				free = append(free, n)
			}
		}
		sql, n := c.next(free)
		if sql == "" {
			break
		}
		ps := &permStep{step: &step{name: fmt.Sprintf("%d.%d", n+1, i), sql: sql, session: n}}
		steps = append(steps, ps)
		if err := s.launch(ps); err != nil {
			return steps, s.out.String(), err
		}
	}
	out, err = s.end()
	return steps, out, err
}

// replay runs the steps of another's schedule.
func (s *schedule) replay(setup string, steps []*permStep) (string, error) {
	if err := s.begin(setup); err != nil {
		return s.out.String(), err
	}
	for _, ps := range steps {
		if err := s.launch(&permStep{step: ps.step}); err != nil {
			return s.out.String(), err
		}
	}
	return s.end()
}

// end waits for what still runs, and shows what is left.
func (s *schedule) end() (string, error) {
	if err := s.completeWaiting(false); err != nil {
		return s.out.String(), err
	}
	for _, sql := range []string{"SELECT * FROM r ORDER BY id", "SELECT * FROM q ORDER BY id"} {
		res, err := s.control.exec(sql)
		if err != nil {
			return s.out.String(), err
		}
		res[0].print(&s.out)
	}
	return s.out.String(), nil
}

// chances makes a schedule of random steps.
type chances struct {
	*rand.Rand
	level    string
	inside   [randomSessions]int // the steps of a block so far; 0: not in one
	saved    [randomSessions]bool
	left     int
	sessions int
}

func newChances(seed uint64) *chances {
	c := &chances{Rand: rand.New(rand.NewPCG(seed, 1))}
	c.left, c.sessions = 6+c.IntN(9), 2+c.IntN(2)
	c.level = c.pick("READ COMMITTED", "READ COMMITTED", "REPEATABLE READ")
	return c
}

func (c *chances) pick(of ...string) string { return of[c.IntN(len(of))] }

// setup makes the tables: r refers to q.
func (c *chances) setup() string {
	ref := c.pick("", " ON DELETE CASCADE", " ON UPDATE CASCADE", " ON DELETE SET NULL ON UPDATE CASCADE", " ON DELETE CASCADE ON UPDATE SET NULL")
	if c.IntN(4) == 0 {
		ref += c.pick(" DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED")
	}
	b := "DROP TABLE IF EXISTS r, q; DROP FUNCTION IF EXISTS f, g, add;\n"
	if c.IntN(4) == 0 {
		b += "CREATE TABLE q (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);\nCREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (3);\nCREATE TABLE q2 PARTITION OF q FOR VALUES FROM (3) TO (100);\n"
	} else {
		b += "CREATE TABLE q (id int PRIMARY KEY, v int);\n"
	}
	b += "INSERT INTO q VALUES (1, 10), (2, 20), (3, 30);\n"
	b += "CREATE TABLE r (id int PRIMARY KEY, v int, u int UNIQUE, p int REFERENCES q" + ref + ");\nCREATE INDEX ON r (p);\n"
	b += "INSERT INTO r VALUES (1, 10, 101, 1), (2, 20, 102, 2), (3, 30, 103, NULL), (4, 40, 104, 1);\n"
	b += "CREATE FUNCTION add(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE r SET v = v + 1000 WHERE id = i; RETURN i; END $$;\n"
	switch c.IntN(5) {
	case 0:
		b += "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := NEW.v + 1; RETURN NEW; END $$;\n" +
			"CREATE TRIGGER f BEFORE INSERT OR UPDATE ON r FOR EACH ROW EXECUTE FUNCTION f();\n"
	case 1:
		b += "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE q SET v = v + 1 WHERE id = NEW.p; RETURN NULL; END $$;\n" +
			"CREATE TRIGGER g AFTER INSERT OR UPDATE ON r FOR EACH ROW EXECUTE FUNCTION g();\n"
	}
	return b
}

// next gives the next step and its session, among those that do not wait.
func (c *chances) next(free []int) (string, int) {
	c.left--
	free = slices.DeleteFunc(free, func(n int) bool { return n >= c.sessions })
	if c.left <= 0 { // all blocks are ended, in some order
		free = slices.DeleteFunc(free, func(n int) bool { return c.inside[n] == 0 })
	}
	if len(free) == 0 {
		return "", 0
	}
	n := free[c.IntN(len(free))]
	switch in := c.inside[n]; {
	case in > 0 && (c.left <= 0 || c.IntN(4) == 0 && in > 1):
		c.inside[n], c.saved[n] = 0, false
		return c.pick("COMMIT", "COMMIT", "COMMIT", "ROLLBACK"), n
	case in == 0 && c.IntN(3) > 0:
		c.inside[n] = 1
		return "BEGIN ISOLATION LEVEL " + c.level, n
	case in > 1 && !c.saved[n] && c.IntN(8) == 0:
		c.saved[n] = true
		return "SAVEPOINT a", n
	case c.saved[n] && c.IntN(4) == 0:
		return "ROLLBACK TO a", n
	}
	if c.inside[n] > 0 {
		c.inside[n]++
	}
	return c.statement(), n
}

func (c *chances) statement() string {
	id, other, p := 1+c.IntN(5), 1+c.IntN(5), c.pick("1", "2", "3", "NULL")
	amount := 1 + c.IntN(9)
	where := fmt.Sprintf("id = %d", id)
	switch c.IntN(6) {
	case 0:
		where = fmt.Sprintf("id >= %d", id)
	case 1:
		where = fmt.Sprintf("id = %d AND v %% 2 = 0", id)
	case 2:
		where = fmt.Sprintf("u = %d", 100+id)
	}
	values := fmt.Sprintf("(%d, %d, %d, %s)", id, amount, 100+other, p)
	strength := c.pick("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE")
	switch c.IntN(24) {
	case 0, 1:
		return "SELECT * FROM r ORDER BY id"
	case 2, 3:
		return fmt.Sprintf("SELECT * FROM r WHERE %s ORDER BY id FOR %s%s", where, strength, c.pick("", "", " NOWAIT", " SKIP LOCKED"))
	case 4:
		return fmt.Sprintf("SELECT * FROM r WHERE id > 0 ORDER BY id LIMIT 1 FOR %s%s", strength, c.pick("", " SKIP LOCKED"))
	case 5:
		return fmt.Sprintf("SELECT * FROM r JOIN q ON q.id = r.p WHERE r.id = %d FOR %s OF %s", id, strength, c.pick("r", "q", "r, q"))
	case 6, 7, 8:
		return fmt.Sprintf("UPDATE r SET v = v + %d WHERE %s RETURNING *", amount, where)
	case 9:
		return fmt.Sprintf("UPDATE r SET u = %d WHERE id = %d RETURNING *", 100+other, id)
	case 10:
		return fmt.Sprintf("UPDATE r SET id = %d WHERE id = %d RETURNING *", other, id)
	case 11:
		return fmt.Sprintf("UPDATE r SET p = %s WHERE %s RETURNING *", p, where)
	case 12:
		return fmt.Sprintf("DELETE FROM r WHERE %s RETURNING *", where)
	case 13:
		return "INSERT INTO r VALUES " + values + " RETURNING *"
	case 14:
		return "INSERT INTO r VALUES " + values + c.pick(" ON CONFLICT DO NOTHING", " ON CONFLICT (id) DO NOTHING", " ON CONFLICT (u) DO NOTHING") + " RETURNING *"
	case 15:
		return "INSERT INTO r VALUES " + values + c.pick(" ON CONFLICT (id) DO UPDATE SET v = r.v + excluded.v",
			" ON CONFLICT (id) DO UPDATE SET u = excluded.u", " ON CONFLICT (u) DO UPDATE SET v = r.v + excluded.v WHERE r.v < 100") + " RETURNING *"
	case 16:
		return fmt.Sprintf("MERGE INTO r USING (VALUES (%d, %d)) s (i, n) ON r.id = s.i WHEN MATCHED AND r.v > %d THEN %s WHEN MATCHED THEN UPDATE SET v = r.v + s.n WHEN NOT MATCHED THEN INSERT VALUES (s.i, s.n, %d, %s)",
			id, amount, 10*amount, c.pick("DELETE", "UPDATE SET v = 0", "DO NOTHING"), 100+other, p)
	case 17:
		return fmt.Sprintf("UPDATE q SET v = v + %d WHERE id = %d RETURNING *", amount, 1+c.IntN(3))
	case 18:
		return fmt.Sprintf("UPDATE q SET id = %d WHERE id = %d RETURNING *", 1+c.IntN(4), 1+c.IntN(3))
	case 19:
		return fmt.Sprintf("DELETE FROM q WHERE id = %d RETURNING *", 1+c.IntN(3))
	case 20:
		return fmt.Sprintf("INSERT INTO q VALUES (%d, %d)%s RETURNING *", 1+c.IntN(4), amount, c.pick("", " ON CONFLICT DO NOTHING", " ON CONFLICT (id) DO UPDATE SET v = q.v + 1"))
	case 21:
		return fmt.Sprintf("UPDATE r SET v = r.v + q.v FROM q WHERE q.id = r.p AND r.id = %d RETURNING r.*", id)
	case 22:
		return fmt.Sprintf("WITH x AS (UPDATE r SET v = v + %d WHERE id = %d RETURNING *) %s", amount, id,
			c.pick("UPDATE q SET v = q.v + x.v FROM x WHERE q.id = x.p RETURNING q.*", "SELECT * FROM x", "DELETE FROM r USING x WHERE r.id = x.id RETURNING r.*"))
	}
	return fmt.Sprintf("UPDATE r SET v = %s WHERE id = %d RETURNING *", c.pick("v + (SELECT count(*) FROM q)", "v + (SELECT max(v) FROM q)", fmt.Sprintf("add(%d)", other)), id)
}
