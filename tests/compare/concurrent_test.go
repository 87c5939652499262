package compare

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A step runs a statement in one of several sessions. When it must wait for
// another session, waits is true: its answer is read by a later step of the
// session without a statement.
type step struct {
	session int
	sql     string
	waits   bool
}

func s1(sql string) step      { return step{session: 0, sql: sql} }
func s2(sql string) step      { return step{session: 1, sql: sql} }
func waits(s step) step       { s.waits = true; return s }
func answer(session int) step { return step{session: session - 1} }

var conflicts = []struct {
	name    string
	steps   []step
	differs string
}{
	{name: "update waits", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = n + 1 WHERE id = 1"), waits(s2("UPDATE t SET n = n * 10 WHERE id = 1 RETURNING n")), s1("COMMIT"), answer(2), s1("SELECT * FROM t ORDER BY id")}},
	{name: "update waits for a rollback", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = n + 1 WHERE id = 1"), waits(s2("UPDATE t SET n = n * 10 WHERE id = 1 RETURNING n")), s1("ROLLBACK"), answer(2)}},
	{name: "row no longer matches", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = 500 WHERE id = 1"), waits(s2("UPDATE t SET n = 0 WHERE n = 10 RETURNING id")), s1("COMMIT"), answer(2), s1("SELECT * FROM t ORDER BY id")}},
	{name: "row is gone", steps: []step{s1("BEGIN"), s1("DELETE FROM t WHERE id = 1"), waits(s2("UPDATE t SET n = 0 WHERE id = 1")), s1("COMMIT"), answer(2)}},
	{name: "repeatable read refuses", steps: []step{s2("BEGIN ISOLATION LEVEL REPEATABLE READ"), s2("SELECT n FROM t WHERE id = 1"), s1("UPDATE t SET n = 5 WHERE id = 1"), s2("SELECT n FROM t WHERE id = 1"), s2("UPDATE t SET n = 6 WHERE id = 1"), s2("ROLLBACK")}},
	{name: "repeatable read waits and refuses", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = 5 WHERE id = 1"), s2("BEGIN ISOLATION LEVEL REPEATABLE READ"), waits(s2("UPDATE t SET n = 6 WHERE id = 1")), s1("COMMIT"), answer(2), s2("ROLLBACK")}},
	{name: "repeatable read, deleted row", steps: []step{s2("BEGIN ISOLATION LEVEL REPEATABLE READ"), s2("SELECT 1 FROM t"), s1("DELETE FROM t WHERE id = 1"), s2("UPDATE t SET n = 6 WHERE id = 1"), s2("ROLLBACK")}},
	{name: "write skew", steps: []step{s1("BEGIN ISOLATION LEVEL SERIALIZABLE"), s2("BEGIN ISOLATION LEVEL SERIALIZABLE"), s1("SELECT sum(n) FROM t"), s2("SELECT sum(n) FROM t"), s1("UPDATE t SET n = 0 WHERE id = 1"), s2("UPDATE t SET n = 0 WHERE id = 2"), s1("COMMIT"), s2("COMMIT"), s2("ROLLBACK")}},
	{name: "read committed sees the newest", steps: []step{s2("BEGIN"), s2("SELECT n FROM t WHERE id = 1"), s1("UPDATE t SET n = 5 WHERE id = 1"), s2("SELECT n FROM t WHERE id = 1"), s2("COMMIT")}},
	{name: "for update waits", steps: []step{s1("BEGIN"), s1("SELECT * FROM t WHERE id = 1 FOR UPDATE"), waits(s2("SELECT * FROM t WHERE id = 1 FOR UPDATE")), s1("UPDATE t SET n = 77 WHERE id = 1"), s1("COMMIT"), answer(2)}},
	{name: "for share shares", steps: []step{s1("BEGIN"), s1("SELECT * FROM t WHERE id = 1 FOR SHARE"), s2("SELECT * FROM t WHERE id = 1 FOR SHARE"), waits(s2("UPDATE t SET n = 1 WHERE id = 1")), s1("COMMIT"), answer(2)}},
	{name: "nowait", steps: []step{s1("BEGIN"), s1("SELECT * FROM t WHERE id = 1 FOR UPDATE"), s2("SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT"), s2("SELECT id FROM t ORDER BY id FOR UPDATE SKIP LOCKED"), s1("COMMIT")}},
	{name: "lock timeout", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = 0 WHERE id = 1"), s2("SET lock_timeout = '50ms'"), s2("UPDATE t SET n = 1 WHERE id = 1"), s2("BEGIN"), s2("LOCK TABLE t"), s2("ROLLBACK"), s2("RESET lock_timeout"), s1("COMMIT")}},
	{name: "statement timeout while waiting", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = 0 WHERE id = 1"), s2("SET statement_timeout = '50ms'"), s2("UPDATE t SET n = 1 WHERE id = 1"), s2("RESET statement_timeout"), s1("COMMIT")}},
	{name: "same key, committed", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 9)"), waits(s2("INSERT INTO t VALUES (9, 10)")), s1("COMMIT"), answer(2)}},
	{name: "same key, rolled back", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 9)"), waits(s2("INSERT INTO t VALUES (9, 10)")), s1("ROLLBACK"), answer(2)}},
	{name: "same unique value", steps: []step{s1("CREATE UNIQUE INDEX t_n ON t (n)"), s1("BEGIN"), s1("INSERT INTO t VALUES (9, 99)"), waits(s2("INSERT INTO t VALUES (10, 99)")), s1("COMMIT"), answer(2)}},
	{name: "on conflict waits", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 9)"), waits(s2("INSERT INTO t VALUES (9, 10) ON CONFLICT (id) DO UPDATE SET n = t.n + EXCLUDED.n RETURNING n")), s1("COMMIT"), answer(2)}},
	{name: "on conflict do nothing waits", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 9)"), waits(s2("INSERT INTO t VALUES (9, 10) ON CONFLICT DO NOTHING")), s1("COMMIT"), answer(2)}},
	{name: "foreign key against a deleted parent", steps: []step{s1("CREATE TABLE c (p int REFERENCES t)"), s1("BEGIN"), s1("DELETE FROM t WHERE id = 1"), waits(s2("INSERT INTO c VALUES (1)")), s1("COMMIT"), answer(2)}},
	{name: "foreign key against a deleted parent, rolled back", steps: []step{s1("CREATE TABLE c (p int REFERENCES t)"), s1("BEGIN"), s1("DELETE FROM t WHERE id = 1"), waits(s2("INSERT INTO c VALUES (1)")), s1("ROLLBACK"), answer(2)}},
	{name: "parent against a new child", steps: []step{s1("CREATE TABLE c (p int REFERENCES t)"), s1("BEGIN"), s1("INSERT INTO c VALUES (1)"), waits(s2("DELETE FROM t WHERE id = 1")), s1("COMMIT"), answer(2)}},
	{name: "children do not wait for each other", steps: []step{s1("CREATE TABLE c (p int REFERENCES t)"), s1("BEGIN"), s1("INSERT INTO c VALUES (1)"), s2("INSERT INTO c VALUES (1)"), s2("UPDATE t SET n = 3 WHERE id = 1"), s1("COMMIT")}},
	{name: "alter waits for a writer", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 9)"), waits(s2("ALTER TABLE t ADD COLUMN c int DEFAULT 4")), s1("COMMIT"), answer(2), s1("SELECT * FROM t ORDER BY id")}},
	{name: "writer waits for alter", steps: []step{s1("BEGIN"), s1("ALTER TABLE t ADD COLUMN c int DEFAULT 4"), waits(s2("INSERT INTO t VALUES (9, 9) RETURNING *")), s1("COMMIT"), answer(2)}},
	{name: "writer waits for a dropped column", steps: []step{s1("BEGIN"), s1("ALTER TABLE t DROP COLUMN n"), waits(s2("UPDATE t SET n = 0")), s1("COMMIT"), answer(2)}},
	{name: "writer waits for a dropped table", steps: []step{s1("BEGIN"), s1("DROP TABLE t"), waits(s2("INSERT INTO t VALUES (9, 9)")), s1("COMMIT"), answer(2)}},
	{name: "writer waits for a new constraint", steps: []step{s1("BEGIN"), s1("ALTER TABLE t ADD CHECK (n > 0)"), waits(s2("INSERT INTO t VALUES (9, -9)")), s1("COMMIT"), answer(2)}},
	{name: "index waits for a writer", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 10)"), waits(s2("CREATE UNIQUE INDEX u ON t (n)")), s1("COMMIT"), answer(2)}},
	{name: "writer waits for an index", steps: []step{s1("BEGIN"), s1("CREATE UNIQUE INDEX u ON t (n)"), waits(s2("INSERT INTO t VALUES (9, 10)")), s1("COMMIT"), answer(2)}},
	{name: "truncate waits for a writer", steps: []step{s1("BEGIN"), s1("INSERT INTO t VALUES (9, 10)"), waits(s2("TRUNCATE t")), s1("COMMIT"), answer(2), s1("SELECT * FROM t")}},
	{name: "writer waits for truncate", steps: []step{s1("BEGIN"), s1("TRUNCATE t"), waits(s2("INSERT INTO t VALUES (1, 1)")), s1("COMMIT"), answer(2), s1("SELECT * FROM t")}},
	{name: "drop waits for drop", steps: []step{s1("BEGIN"), s1("DROP TABLE t"), waits(s2("DROP TABLE t")), s1("COMMIT"), answer(2)}},
	{name: "drop after a rolled back drop", steps: []step{s1("BEGIN"), s1("DROP TABLE t"), waits(s2("DROP TABLE t")), s1("ROLLBACK"), answer(2)}},
	{name: "same table made twice", steps: []step{s1("BEGIN"), s1("CREATE TABLE same (a int)"), waits(s2("CREATE TABLE same (a int)")), s1("ROLLBACK"), answer(2)}},
	{name: "same table made twice, committed", steps: []step{s1("BEGIN"), s1("CREATE TABLE same (a int)"), waits(s2("CREATE TABLE same (a int)")), s1("COMMIT"), answer(2)}},
	{name: "lock table", steps: []step{s1("BEGIN"), s1("LOCK TABLE t IN EXCLUSIVE MODE"), s2("SELECT count(*) FROM t"), waits(s2("INSERT INTO t VALUES (9, 9)")), s1("COMMIT"), answer(2), s1("BEGIN"), s1("LOCK TABLE t IN SHARE MODE"), s2("BEGIN"), s2("LOCK TABLE t IN SHARE MODE NOWAIT"), s2("LOCK TABLE t IN ROW EXCLUSIVE MODE NOWAIT"), s2("ROLLBACK"), s1("ROLLBACK")}},
	{name: "readers do not wait for drop", steps: []step{s1("BEGIN"), s1("DROP TABLE t"), s2("SET lock_timeout = '100ms'"), s2("SELECT count(*) FROM t"), s2("RESET lock_timeout"), s1("ROLLBACK")}, differs: "readers have their snapshot and its catalog, and never wait"},
	{name: "uncommitted definitions are unseen", steps: []step{s1("BEGIN"), s1("CREATE TABLE fresh (a int)"), s2("SELECT * FROM fresh"), s1("COMMIT"), s2("SELECT * FROM fresh"), s1("DROP TABLE fresh")}},
	{name: "prepared plan follows the table", steps: []step{s2("PREPARE ins AS INSERT INTO t (id, n) VALUES ($1, $2) RETURNING id, n"), s2("EXECUTE ins(9, 9)"), s1("ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 4"), s2("EXECUTE ins(10, 10)"), s1("SELECT * FROM t ORDER BY id"), s1("ALTER TABLE t ALTER n TYPE bigint"), s2("EXECUTE ins(11, 11)"), s2("DEALLOCATE ins")}},
	{name: "savepoint lets go of locks", steps: []step{s1("BEGIN"), s1("SAVEPOINT a"), s1("UPDATE t SET n = 0 WHERE id = 1"), s1("ROLLBACK TO a"), s2("SET lock_timeout = '300ms'"), s2("UPDATE t SET n = 1 WHERE id = 1"), s1("COMMIT")}},
	{name: "failed block lets go of locks", steps: []step{s1("BEGIN"), s1("UPDATE t SET n = 0 WHERE id = 1"), s1("SELECT 1/0"), s2("UPDATE t SET n = 1 WHERE id = 1"), s1("COMMIT"), s1("SELECT n FROM t WHERE id = 1")}},
	{name: "idle in transaction", steps: []step{s2("SET idle_in_transaction_session_timeout = '50ms'"), s2("BEGIN"), s2("UPDATE t SET n = 123 WHERE id = 1"), {session: 1, sql: idleTooLong}, s1("UPDATE t SET n = n + 1 WHERE id = 1 RETURNING n")}},
	{name: "idle session", steps: []step{s2("SET idle_session_timeout = '50ms'"), {session: 1, sql: idleTooLong}}},
}

// idleTooLong stands for waiting until the server ends the session.
const idleTooLong = "(idle)"

// TestConcurrent: sessions wait for each other, and fail, as in PostgreSQL.
func TestConcurrent(t *testing.T) {
	pgConn, rkConn := pair(t, fmt.Sprintf("cmp_concurrent_%d", os.Getpid()))
	setup := &Statement{SQL: "DROP TABLE IF EXISTS c, t CASCADE; CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)"}
	for _, c := range conflicts {
		t.Run(c.name, func(t *testing.T) {
			var got [2]string
			for i, dial := range []func() *Client{pgConn, rkConn} {
				sessions := []*Client{dial(), dial()}
				if _, err := sessions[0].Run(setup, false); err != nil {
					t.Fatal(err)
				}
				var lines []string
				for _, s := range c.steps {
					out, err := takeStep(sessions[s.session], s)
					if err != nil {
						t.Fatalf("server %d: %s: %v", i, s.sql, err)
					}
					lines = append(lines, fmt.Sprintf("session %d: %s", s.session+1, s.sql))
					for _, l := range out {
						lines = append(lines, "  "+processes.ReplaceAllString(reasons.ReplaceAllString(l, ""), "N"))
					}
				}
				for _, s := range sessions {
					s.Close()
				}
				got[i] = strings.Join(lines, "\n  ")
			}
			if got[0] != got[1] && c.differs == "" {
				t.Errorf("PostgreSQL:\n  %s\n rowkey:\n  %s", got[0], got[1])
			}
			if got[0] == got[1] && c.differs != "" {
				t.Errorf("said to differ (%s), and does not", c.differs)
			}
		})
	}
}

// processes are the numbers that differ between servers in messages about locks.
var processes = regexp.MustCompile(`\b\d{4,}\b`)

// reasons are PostgreSQL's own words on a failure to serialize, and its row addresses.
var reasons = regexp.MustCompile(` \[detail Reason code: [^]]*\]| \[where while updating tuple [^]]*\]`)

func takeStep(c *Client, s step) ([]string, error) {
	switch {
	case s.sql == idleTooLong:
		var out []string
		for {
			m, err := c.Receive()
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return append(out, "closed"), nil
			}
			if err != nil {
				return out, err
			}
			out = append(out, Line(m))
		}
	case s.sql == "":
		return c.answer()
	case s.waits:
		if err := c.Send(query(s.sql)); err != nil {
			return nil, err
		}
		c.nc.SetReadDeadline(time.Now().Add(60 * time.Millisecond))
		if m, err := c.front.Receive(); err == nil {
			return []string{"did not wait: " + Line(m)}, nil
		}
		return nil, nil
	}
	return c.Run(&Statement{SQL: s.sql}, false)
}

// answer reads what is sent until ReadyForQuery.
func (c *Client) answer() ([]string, error) {
	var out []string
	for {
		m, err := c.Receive()
		if err != nil {
			return out, err
		}
		out = append(out, Line(m))
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return out, nil
		}
	}
}

// TestDeadlock: of two sessions that wait for each other one fails with 40P01.
func TestDeadlock(t *testing.T) {
	pgConn, rkConn := pair(t, fmt.Sprintf("cmp_deadlock_%d", os.Getpid()))
	for name, dial := range map[string]func() *Client{"PostgreSQL": pgConn, "rowkey": rkConn} {
		a, b := dial(), dial()
		for _, s := range []struct {
			c   *Client
			sql string
		}{{a, "CREATE TABLE t (id int PRIMARY KEY, n int)"}, {a, "INSERT INTO t VALUES (1, 1), (2, 2)"}, {a, "BEGIN"}, {b, "BEGIN"},
			{a, "UPDATE t SET n = 0 WHERE id = 1"}, {b, "UPDATE t SET n = 0 WHERE id = 2"}} {
			if _, err := s.c.Run(&Statement{SQL: s.sql}, false); err != nil {
				t.Fatal(name, err)
			}
		}
		a.Send(query("UPDATE t SET n = 0 WHERE id = 2"))
		time.Sleep(50 * time.Millisecond)
		b.Send(query("UPDATE t SET n = 0 WHERE id = 1"))
		failed := 0
		for _, c := range []*Client{a, b} { // the one that fails lets the other go on
			lines, err := c.answer()
			if err != nil {
				t.Fatal(name, err)
			}
			if strings.Contains(strings.Join(lines, " "), "error ERROR 40P01: deadlock detected") {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("%s: %d sessions failed", name, failed)
		}
	}
}
