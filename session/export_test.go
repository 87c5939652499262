package session_test

import (
	"testing"
)

// A transaction begins with another's snapshot: it sees what that one sees, not what was
// committed since, and what it writes is checked against that.
func TestExportedSnapshots(t *testing.T) {
	db := open(t)
	a, b, c := into(t, db, ""), into(t, db, ""), into(t, db, "")
	must(t, c, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)")
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		must(t, a, "BEGIN ISOLATION LEVEL "+level)
		id := ask(t, a, "SELECT pg_export_snapshot()")
		must(t, a, "INSERT INTO t VALUES (100)")
		must(t, c, "INSERT INTO t SELECT max(a) + 1 FROM t; UPDATE t SET a = -1 WHERE a = 1; UPDATE t SET a = 1 WHERE a = -1; CREATE TABLE later ()")
		was := ask(t, a, "SELECT count(*) FROM t WHERE a <> 100")
		must(t, b, "BEGIN ISOLATION LEVEL "+level)
		must(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'")
		if got := ask(t, b, "SELECT count(*) FROM t"); got != was {
			t.Errorf("%s: %s rows with the snapshot, %s in the other transaction", level, got, was)
		}
		refused(t, b, "SELECT * FROM later", "42P01", "does not exist")
		must(t, b, "ROLLBACK")
		must(t, b, "BEGIN ISOLATION LEVEL "+level)
		must(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'")
		refused(t, b, "UPDATE t SET a = 5 WHERE a = 1", "40001", "could not serialize")
		must(t, b, "ROLLBACK")
		must(t, a, "ROLLBACK")
		must(t, b, "BEGIN ISOLATION LEVEL "+level)
		refused(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'", "22023", "invalid snapshot identifier")
		must(t, b, "ROLLBACK")
		must(t, c, "DROP TABLE later")
	}

	must(t, a, "BEGIN")
	id := ask(t, a, "SELECT pg_export_snapshot()")
	refused(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'", "0A000", "must have isolation level")
	must(t, b, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	refused(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'", "0A000", "non-serializable")
	must(t, b, "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
	refused(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'", "25001", "before any query")
	must(t, b, "ROLLBACK")
	must(t, a, "SAVEPOINT s")
	refused(t, a, "SELECT pg_export_snapshot()", "25001", "subtransaction")
	must(t, a, "ROLLBACK")
	must(t, a, "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY")
	id = ask(t, a, "SELECT pg_export_snapshot()")
	must(t, b, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	refused(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'", "0A000", "read-only")
	must(t, b, "ROLLBACK; BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY")
	must(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'")
	must(t, b, "SELECT * FROM t; COMMIT")
	must(t, a, "COMMIT")
	must(t, a, "CREATE DATABASE other")
	other := into(t, db, "other")
	must(t, a, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	id = ask(t, a, "SELECT pg_export_snapshot()")
	must(t, other, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	refused(t, other, "SET TRANSACTION SNAPSHOT '"+id+"'", "0A000", "different database")
}

// Serializable transactions with one snapshot are watched like others.
func TestExportedSnapshotSkew(t *testing.T) {
	db := open(t)
	a, b, c := into(t, db, ""), into(t, db, ""), into(t, db, "")
	must(t, a, "CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 0), (2, 0)")
	must(t, a, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	id := ask(t, a, "SELECT pg_export_snapshot()")
	// c reads what b will write, and commits what b reads, before b begins.
	must(t, c, "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT b FROM t WHERE a = 1; UPDATE t SET b = 1 WHERE a = 2; COMMIT")
	must(t, b, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	must(t, b, "SET TRANSACTION SNAPSHOT '"+id+"'")
	if got := ask(t, b, "SELECT b FROM t WHERE a = 2"); got != "0" {
		t.Fatalf("b reads %s", got)
	}
	_, err := run(b, "UPDATE t SET b = 1 WHERE a = 1")
	if err == nil {
		_, err = run(b, "COMMIT")
	}
	if err == nil {
		t.Error("write skew between a transaction with an imported snapshot and one that had committed")
	}
	must(t, a, "ROLLBACK")
}
