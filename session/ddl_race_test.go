package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rowkey/kv"
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

// # An index made by a transaction whose snapshot lacks newer rows is refused: by it, the
// transaction would find rows that it does not see. Of rows that it sees as they are it is made.
func TestIndexOfOlderSnapshot(t *testing.T) {
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		db := open(t)
		a, b := connect(t, db), connect(t, db)
		must(t, a, "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT g, g FROM generate_series(1, 5000) g; CREATE TABLE other (x int)")
		begin := func() {
			must(t, a, "BEGIN ISOLATION LEVEL "+level+"; SELECT 1 FROM pg_class LIMIT 1; SET LOCAL enable_seqscan = off")
		}
		begin()
		must(t, b, "UPDATE t SET a = 12 WHERE id = 4711")
		if _, err := run(a, "CREATE INDEX t_a ON t (a)"); pgerr.CodeOf(err) != pgerr.SerializationFailure {
			t.Errorf("%s: %v", level, err)
		}
		must(t, a, "ROLLBACK")
		begin()
		must(t, b, "INSERT INTO other VALUES (1)")
		must(t, a, "INSERT INTO t VALUES (0, 12)")
		must(t, a, "CREATE INDEX t_a ON t (a)")
		if r := must(t, a, "SELECT count(*) FROM t WHERE a = 12"); r.rows[0][0].I != 3 {
			t.Errorf("%s: the index shows %v", level, r.rows)
		}
		must(t, a, "COMMIT")
	}
}

// # A statement that was planned before a definition was committed, and got its locks after
// that without a wait, is planned anew.
func TestPlanOlderThanLocks(t *testing.T) {
	db := open(t)
	setup := connect(t, db)
	must(t, setup, "CREATE TABLE t (id serial PRIMARY KEY, a int); CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE)")
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := connect(t, db)
		for range 150 {
			if _, err := run(s, "CREATE INDEX t_a ON t (a); CREATE INDEX child_id ON child (id)"); err != nil {
				t.Error(err)
			}
			if _, err := run(s, "DROP INDEX t_a, child_id"); err != nil {
				t.Error(err)
			}
		}
		must(t, s, "CREATE INDEX t_a ON t (a); CREATE INDEX child_id ON child (id)")
	}()
	writer := connect(t, db)
	for n := 0; ; n++ {
		must(t, writer, fmt.Sprintf("INSERT INTO t (a) VALUES (%d); INSERT INTO child VALUES (currval('t_id_seq'))", n))
		if n > 5 {
			must(t, writer, fmt.Sprintf("DELETE FROM t WHERE a = %d", n-5))
		}
		select {
		case <-done:
			if _, err := db.Check(t.Context(), func(d kv.Damage) error { t.Error(d); return nil }); err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

type runs struct{ s *session.Session }

func (r runs) run(sql string) error {
	_, err := run(r.s, sql)
	return err
}

// # Two sessions make indexes of one table at once: both are there, each with its rows.
func TestIndexesAtOnce(t *testing.T) {
	db := open(t)
	a, b := connect(t, db), connect(t, db)
	must(t, a, "CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g")
	must(t, a, "BEGIN; CREATE INDEX t_a ON t (a)")
	if err := behind(t, db, a, b, "CREATE INDEX t_b ON t (b, a)"); err != nil {
		t.Fatal(err)
	}
	if r := must(t, a, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"); r.rows[0][0].I != 3 {
		t.Errorf("%v indexes", r.rows)
	}
	if _, err := db.Check(t.Context(), func(d kv.Damage) error { t.Error(d); return nil }); err != nil {
		t.Error(err)
	}
}

// behind runs a statement of b that has to wait for a's transaction, which then commits.
func behind(t *testing.T, db *session.DB, a, b *session.Session, sql string) error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := run(b, sql)
		done <- err
	}()
	waitFor(t, db)
	must(t, a, "COMMIT")
	return <-done
}

// waitFor waits until somebody waits for a lock.
func waitFor(t *testing.T, db *session.DB) {
	t.Helper()
	for range 2000 {
		if len(db.Store().LockWaits()) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nobody waits")
}

// # A name that a table was given by another session meanwhile is taken.
func TestNameTakenMeanwhile(t *testing.T) {
	db := open(t)
	a, b := connect(t, db), connect(t, db)
	must(t, a, "CREATE TABLE t3 (x int)")
	must(t, a, "BEGIN; ALTER TABLE t3 RENAME TO t2")
	if err := behind(t, db, a, b, "CREATE TABLE t2 (y int)"); pgerr.CodeOf(err) != pgerr.DuplicateTable {
		t.Error(err)
	}
	// One's own renaming makes a name free.
	must(t, a, "BEGIN; ALTER TABLE t2 RENAME TO t4; CREATE TABLE t2 (z int); COMMIT")
	if _, err := db.Check(t.Context(), func(d kv.Damage) error { t.Error(d); return nil }); err != nil {
		t.Error(err)
	}
}

// # A DROP that waited for another DROP of the same thing finds nothing left to drop: an error,
// or with IF EXISTS a notice, and the table stays.
func TestDropsAtOnce(t *testing.T) {
	db := open(t)
	a, b := connect(t, db), connect(t, db)
	for _, how := range []string{"DROP INDEX t_a", "DROP INDEX IF EXISTS t_a", "DROP INDEX CONCURRENTLY t_a", "DROP INDEX CONCURRENTLY IF EXISTS t_a"} {
		must(t, a, "CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, a int); CREATE INDEX t_a ON t (a)")
		must(t, a, "BEGIN; DROP INDEX t_a")
		err := behind(t, db, a, b, how)
		if strings.Contains(how, "EXISTS") {
			if err != nil {
				t.Errorf("%s: %v", how, err)
			}
		} else if pgerr.CodeOf(err) != pgerr.UndefinedObject {
			t.Errorf("%s: %v", how, err)
		}
		if r := must(t, a, "SELECT count(*) FROM pg_class WHERE relname = 't'"); r.rows[0][0].I != 1 {
			t.Errorf("%s dropped the table", how)
		}
	}
}

// # A definition that waited for its table goes by what names mean then: another table may have
// the name, an index may have another, a column may be there already.
func TestNamesThatMoved(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"ALTER TABLE t RENAME TO old; CREATE TABLE t (id int, fresh int); INSERT INTO t VALUES (1)", "TRUNCATE t", "1 of old, 0 of t"},
		{"ALTER TABLE t RENAME TO old; CREATE TABLE t (id int, fresh int); INSERT INTO t VALUES (1)", "DROP TABLE t", "1 of old, no t"},
		{"ALTER TABLE t RENAME TO old; CREATE TABLE t (id int, fresh int); INSERT INTO t VALUES (1)", "ALTER TABLE t RENAME fresh TO a", "1 of old, 1 of t"},
		{"ALTER TABLE t RENAME TO old; CREATE TABLE t (id int, fresh int); INSERT INTO t VALUES (1)", "CREATE INDEX ON t (fresh)", "1 of old, 1 of t"},
		{"ALTER TABLE t RENAME TO old", "DROP TABLE IF EXISTS t", "1 of old, no t"},
		{"ALTER TABLE t RENAME TO old", "TRUNCATE t", pgerr.UndefinedTable},
		{"DROP TABLE t", "ALTER INDEX t_a RENAME TO t_b", pgerr.UndefinedTable},
		{"DROP INDEX t_a", "ALTER INDEX t_a RENAME TO t_b", pgerr.UndefinedTable},
		{"ALTER INDEX t_a RENAME TO t_b", "DROP INDEX t_a", pgerr.UndefinedObject},
		{"ALTER INDEX t_a RENAME TO t_b; CREATE INDEX t_a ON t (id)", "DROP INDEX t_a", "1 of t with t_b"},
		{"ALTER INDEX t_a RENAME TO t_b; CREATE INDEX t_a ON t (id)", "DROP INDEX CONCURRENTLY t_a", "1 of t with t_b"},
		{"ALTER TABLE t ADD x int", "ALTER TABLE t ADD x int", pgerr.DuplicateColumn},
		{"DROP TRIGGER g ON t", "DROP TRIGGER g ON t", pgerr.UndefinedObject},
		{"DROP TABLE t", "DROP TRIGGER IF EXISTS g ON t", "no t"},
	} {
		db := open(t)
		a, b := connect(t, db), connect(t, db)
		must(t, a, `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
			CREATE TABLE t (id int, a int); CREATE INDEX t_a ON t (a); INSERT INTO t VALUES (1);
			CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`)
		must(t, a, "BEGIN; "+c.first)
		got := ""
		if err := behind(t, db, a, b, c.second); err != nil {
			got = pgerr.CodeOf(err)
		} else {
			for _, name := range []string{"old", "t"} {
				if r, err := run(a, "SELECT count(*) FROM "+name); err == nil {
					got += fmt.Sprintf(", %d of %s", r.rows[0][0].I, name)
				} else if name == "t" {
					got += ", no t"
				}
			}
			if r := must(t, a, "SELECT 1 FROM pg_class WHERE relname = 't_b'"); len(r.rows) > 0 {
				got += " with t_b"
			}
			got = strings.TrimPrefix(got, ", ")
		}
		if got != c.want {
			t.Errorf("%s | %s: %s, not %s", c.first, c.second, got, c.want)
		}
	}
}

// # Who waits for another's change of the same object can be told to stop.
func TestDefinitionsAwaited(t *testing.T) {
	db := open(t)
	a, b := connect(t, db), connect(t, db)
	must(t, a, "CREATE ROLE r; CREATE SCHEMA s; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (id int)")
	must(t, a, "CREATE DATABASE d")
	for _, sql := range []string{
		"ALTER ROLE r LOGIN",
		"COMMENT ON SCHEMA s IS 'mine'",
		"GRANT USAGE ON SCHEMA s TO r",
		"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
		"COMMENT ON FUNCTION f() IS 'mine'",
		"ALTER DATABASE d SET work_mem = '1MB'",
		"GRANT SELECT ON t TO r",
	} {
		must(t, a, "BEGIN; "+sql)
		for _, how := range []string{"statement_timeout", "lock_timeout", "cancel"} {
			code := pgerr.QueryCanceled
			switch how {
			case "lock_timeout":
				code = pgerr.LockNotAvailable
				fallthrough
			case "statement_timeout":
				must(t, b, "SET "+how+" = '30ms'")
			}
			ended := make(chan error, 1)
			go func() {
				_, err := run(b, sql)
				ended <- err
			}()
			if how == "cancel" {
				for i := 0; i < 1000 && len(db.Store().LockWaits()) == 0; i++ {
					time.Sleep(time.Millisecond)
				}
				b.Cancel()
			}
			select {
			case err := <-ended:
				if c := pgerr.CodeOf(err); c != code {
					t.Errorf("%s, %s: %v", sql, how, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s goes on waiting in spite of %s", sql, how)
			}
			must(t, b, "RESET ALL")
		}
		must(t, a, "ROLLBACK")
		must(t, b, sql)
	}
}
