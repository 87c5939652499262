package session_test

import (
	"testing"

	"rowkey/pgerr"
	"rowkey/session"
)

// TestSnapshotBesideDDL: a transaction whose snapshot is older than an index or a
// constraint does not write past it.
func TestSnapshotBesideDDL(t *testing.T) {
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		db := open(t)
		a, b := connect(t, db), connect(t, db)
		must := func(s interface{ run(string) error }, sql string) {
			t.Helper()
			if err := s.run(sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		one, two := runs{a}, runs{b}
		must(one, "CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 1, 1)")
		must(one, "BEGIN ISOLATION LEVEL "+level)
		must(one, "SELECT 1 FROM pg_class LIMIT 1")
		must(two, "CREATE INDEX t_a ON t (a); ALTER TABLE t ADD CHECK (b > 0)")
		if err := one.run("INSERT INTO t VALUES (2, 2, 0)"); err == nil {
			t.Errorf("%s: a row that breaks a newer constraint goes in", level)
		} else if c := pgerr.CodeOf(err); c != pgerr.CheckViolation && c != pgerr.SerializationFailure {
			t.Errorf("%s: %v", level, err)
		}
		must(one, "ROLLBACK")
		must(one, "BEGIN ISOLATION LEVEL "+level)
		must(one, "SELECT 1 FROM pg_class LIMIT 1")
		must(two, "CREATE INDEX t_b ON t (b)")
		if err := one.run("INSERT INTO t VALUES (3, 3, 3)"); err != nil && pgerr.CodeOf(err) != pgerr.SerializationFailure {
			t.Errorf("%s: %v", level, err)
		}
		one.run("COMMIT")
		must(one, "SET enable_seqscan = off")
		x, err := run(a, "SELECT count(*) FROM t WHERE b = 3")
		y, err2 := run(a, "SELECT count(*) FROM t WHERE b + 0 = 3")
		if err != nil || err2 != nil || x.rows[0][0].I != y.rows[0][0].I {
			t.Errorf("%s: the index has %v rows, the table %v", level, x.rows, y.rows)
		}
	}
}

type runs struct{ s *session.Session }

func (r runs) run(sql string) error {
	_, err := run(r.s, sql)
	return err
}
