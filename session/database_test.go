package session_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rowkey/kv"
	"rowkey/kv/disk"
	"rowkey/pgerr"
	"rowkey/session"
)

func into(t *testing.T, db *session.DB, database string) *session.Session {
	t.Helper()
	s, err := db.NewSession(context.Background(), session.SessionOptions{Database: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask gives the rows of a query of one column, a line each.
func ask(t *testing.T, s *session.Session, query string) string {
	t.Helper()
	var out []string
	for _, row := range must(t, s, "SELECT q::text FROM ("+query+") x(q)").rows {
		out = append(out, row[0].S)
	}
	return strings.Join(out, "\n")
}

func refused(t *testing.T, s *session.Session, sql, code, message string) {
	t.Helper()
	_, err := run(s, sql)
	if err == nil || pgerr.CodeOf(err) != code || !strings.Contains(err.Error(), message) {
		t.Errorf("%s: %v, want %s %s", sql, err, code, message)
	}
}

// Databases have their own schemas, and share roles; a store that is opened again has all of
// them.
func TestDatabases(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	reopen := func() *session.DB {
		store, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		db, err := session.Open(ctx, store, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := reopen()
	main := into(t, db, "rowkey")
	must(t, main, "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'main'); CREATE ROLE ann LOGIN")
	must(t, main, "CREATE DATABASE one")
	refused(t, main, "CREATE DATABASE one", "42P04", "already exists")
	refused(t, main, "CREATE DATABASE postgres", "42P04", "already exists")
	one := into(t, db, "one")
	refused(t, one, "SELECT * FROM t", "42P01", "does not exist")
	must(t, one, `CREATE TYPE mood AS ENUM ('sad', 'ok');
		CREATE TABLE t (a serial PRIMARY KEY, b mood DEFAULT 'ok', c int REFERENCES t);
		CREATE INDEX ON t (b);
		CREATE VIEW v AS SELECT a, b FROM t;
		CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t';
		INSERT INTO t (c) VALUES (NULL), (1);
		GRANT SELECT ON t TO ann`)
	if got := ask(t, main, "SELECT b FROM t"); got != "main" {
		t.Errorf("the main database has %q", got)
	}
	refused(t, main, "DROP ROLE ann", "2BP01", "some objects depend on it")
	must(t, one, "CREATE ROLE bob")
	must(t, main, "GRANT bob TO ann; ALTER ROLE ann SET work_mem = '7MB'")
	refused(t, one, "SELECT kv.command('SET', 'k', 'v')", "3F000", "does not exist")
	refused(t, one, "SELECT * FROM kv.strings", "42P01", "does not exist")
	must(t, one, "CREATE SCHEMA kv; CREATE TABLE kv.strings (a int); DROP SCHEMA kv CASCADE")

	// What waits or listens in one database is not met in another.
	must(t, one, "SELECT pg_advisory_lock(1); LISTEN c")
	if got := ask(t, main, "SELECT pg_try_advisory_lock(1)"); got != "true" {
		t.Errorf("an advisory lock of another database: %s", got)
	}
	must(t, main, "NOTIFY c, 'main'")
	if n := one.Notifications(); len(n) > 0 {
		t.Errorf("%v came from another database", n)
	}
	must(t, one, "SELECT pg_advisory_unlock_all(); UNLISTEN *")

	one.Close()
	must(t, main, "CREATE DATABASE two TEMPLATE one")
	two := into(t, db, "two")
	one = into(t, db, "one")
	must(t, two, "INSERT INTO t (c) VALUES (2)")
	refused(t, two, "INSERT INTO t (c) VALUES (99)", "23503", "foreign key")
	for s, want := range map[*session.Session]string{one: "2", two: "3"} {
		if got := ask(t, s, "SELECT count(*) FROM v WHERE b = 'ok'"); got != want {
			t.Errorf("%s rows, want %s", got, want)
		}
		if got := ask(t, s, "SELECT f()"); got != want {
			t.Errorf("the function counts %s, want %s", got, want)
		}
	}
	if got := ask(t, one, "SELECT nextval('t_a_seq')"); got != "3" {
		t.Errorf("the sequence of the template went on to %s", got)
	}
	must(t, two, "DROP TABLE t CASCADE")
	if got := ask(t, one, "SELECT count(*) FROM t"); got != "2" {
		t.Errorf("the template has %s rows after a drop in the copy", got)
	}
	refused(t, main, "ALTER DATABASE two RENAME TO one", "42P04", "already exists")
	two.Close()
	must(t, main, "ALTER DATABASE two RENAME TO three; ALTER DATABASE three SET work_mem = '3MB'")

	check := func() {
		t.Helper()
		_, err := db.Check(ctx, func(d kv.Damage) error {
			t.Errorf("%s: %s", d.Place, d.What)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = reopen()
	defer func() { db.Close() }()
	check()
	main, one, two = into(t, db, ""), into(t, db, "one"), into(t, db, "three")
	if got := ask(t, main, "SELECT datname FROM pg_database WHERE oid <> 5 ORDER BY 1"); got != "one\nthree" {
		t.Errorf("databases %q", got)
	}
	if got := ask(t, one, "SELECT count(*) FROM v"); got != "2" {
		t.Errorf("%s rows when opened again", got)
	}
	if got := ask(t, two, "SELECT current_setting('work_mem')"); got != "3MB" {
		t.Errorf("work_mem %s", got)
	}
	ann, err := db.NewSession(ctx, session.SessionOptions{Database: "one", User: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, ann, "SELECT current_setting('work_mem')"); got != "7MB" {
		t.Errorf("work_mem of a role in another database %s", got)
	}
	ann.Close()

	// Dropping: not under its users, then with all that it holds.
	must(t, main, "ALTER DATABASE one IS_TEMPLATE true")
	refused(t, main, "DROP DATABASE one", "42809", "template")
	must(t, main, "ALTER DATABASE one IS_TEMPLATE false ALLOW_CONNECTIONS false")
	if _, err := db.NewSession(ctx, session.SessionOptions{Database: "one"}); err == nil || !strings.Contains(err.Error(), "not currently accepting") {
		t.Errorf("a closed database: %v", err)
	}
	refused(t, main, "DROP DATABASE rowkey", "55006", "currently open")
	refused(t, one, "DROP DATABASE rowkey", "0A000", "main database")
	refused(t, one, "DROP DATABASE one", "55006", "currently open")
	one.Close()
	must(t, main, "DROP DATABASE one")
	two.Close()
	must(t, main, "DROP DATABASE three")
	must(t, main, "DROP ROLE ann, bob")
	check()
	snap := db.Store().Snapshot()
	defer snap.Close()
	err = kv.Each(snap.Scan(kv.Range{Start: []byte{1}}, kv.ScanOptions{KeysOnly: true}), func(key, _ []byte) error {
		if strings.Contains(string(key), "database") {
			t.Errorf("%q is left of a dropped database", key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A database that is in use is not dropped, but with FORCE, which ends its sessions.
func TestDropDatabaseInUse(t *testing.T) {
	db := open(t)
	main := into(t, db, "")
	must(t, main, "CREATE DATABASE busy")
	user := into(t, db, "busy")
	must(t, user, "CREATE TABLE t (a int)")
	refused(t, main, "DROP DATABASE busy", "55006", "is being accessed by other users")
	must(t, user, "INSERT INTO t VALUES (1)")
	gone := make(chan struct{})
	go func() { // what a front does with a session that was terminated
		defer close(gone)
		_, _ = run(user, "SELECT pg_sleep(60)")
		user.Close()
	}()
	must(t, main, "DROP DATABASE busy WITH (FORCE)")
	<-gone
	if _, err := db.NewSession(context.Background(), session.SessionOptions{Database: "busy"}); pgerr.CodeOf(err) != "3D000" {
		t.Errorf("a database that was dropped: %v", err)
	}
	if got := ask(t, main, "SELECT oid FROM pg_database"); got != "5" {
		t.Errorf("databases %q", got)
	}
	own, err := db.NewSession(context.Background(), session.SessionOptions{User: "ann", Database: "ann"}) // as clients ask that were told nothing
	if err != nil {
		t.Fatal(err)
	}
	own.Close()
}

// Definitions in several databases at once, while others come and go.
func TestDatabasesAtOnce(t *testing.T) {
	db := open(t)
	main := into(t, db, "")
	const many = 4
	var wg sync.WaitGroup
	for i := range many {
		must(t, main, fmt.Sprintf("CREATE DATABASE d%d", i))
		s := into(t, db, fmt.Sprintf("d%d", i))
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range 20 {
				for _, sql := range []string{
					"CREATE TABLE same (a int PRIMARY KEY)",
					fmt.Sprintf("INSERT INTO same SELECT generate_series(1, %d)", k+i),
					fmt.Sprintf("DO 'BEGIN IF (SELECT count(*) FROM same) <> %d THEN RAISE EXCEPTION ''rows''; END IF; END'", k+i),
					"DROP TABLE same",
				} {
					if _, err := run(s, sql); err != nil {
						t.Errorf("%s: %v", sql, err)
						return
					}
				}
			}
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		for range 10 {
			if _, err := run(main, "CREATE DATABASE comes TEMPLATE template0"); err != nil {
				t.Error(err)
			}
			if _, err := run(main, "DROP DATABASE comes"); err != nil {
				t.Error(err)
			}
			if _, err := run(main, "CREATE ROLE r"); err != nil {
				t.Error(err)
			}
			if _, err := run(main, "DROP ROLE r"); err != nil {
				t.Error(err)
			}
		}
	}()
	wg.Wait()
}

// # A deadlock over tables names the database that they are in.
func TestDeadlockNamesDatabase(t *testing.T) {
	db := open(t)
	must(t, connect(t, db), "CREATE DATABASE apart")
	a, b := into(t, db, "apart"), into(t, db, "apart")
	must(t, a, "CREATE TABLE one (); CREATE TABLE two ()")
	must(t, a, "BEGIN; LOCK TABLE one")
	must(t, b, "BEGIN; LOCK TABLE two; SET deadlock_timeout = '10ms'")
	waits := make(chan error, 1)
	go func() {
		_, err := run(a, "SET deadlock_timeout = '1min'; LOCK TABLE two")
		waits <- err
	}()
	for i := 0; i < 1000 && len(db.Store().LockWaits()) == 0; i++ {
		time.Sleep(time.Millisecond)
	}
	_, err := run(b, "LOCK TABLE one")
	must(t, b, "ROLLBACK")
	if err := <-waits; err != nil {
		t.Error(err)
	}
	oid := ask(t, b, "SELECT oid FROM pg_database WHERE datname = 'apart'")
	for _, table := range []string{"one", "two"} {
		want := fmt.Sprintf("AccessExclusiveLock on relation %s of database %s;", ask(t, b, fmt.Sprintf("SELECT '%s'::regclass::oid", table)), oid)
		if pgerr.CodeOf(err) != pgerr.DeadlockDetected || !strings.Contains(pgerr.Of(err).Detail, want) {
			t.Errorf("%v, %q: no %q", err, pgerr.Of(err).Detail, want)
		}
	}
}
