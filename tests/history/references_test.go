package history

import (
	"strings"
	"testing"
)

// TestReferencesBesideWriters: the actions of foreign keys look again at rows for
// which they had to wait, and what they keep from going is still there.
func TestReferencesBesideWriters(t *testing.T) { play(t, references) }

// family is a table child that refers to parent twice, with one row.
func family(p, q, child string, more ...string) []string {
	return append([]string{
		"DROP TABLE IF EXISTS child, parent",
		"CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE)",
		"CREATE TABLE child (id int, p int REFERENCES parent " + p + ", q int REFERENCES parent (code) " + q + ", PRIMARY KEY (id)) " + child,
		"INSERT INTO parent SELECT i, i FROM generate_series(1, 4) i",
	}, append(more, "INSERT INTO child VALUES (1, 1, 2)")...)
}

var references = []anomaly{
	{name: "SET NULL waits for the CASCADE that deletes the row",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", ""),
		steps: []string{"1 DELETE FROM parent WHERE id = 1", "2 DELETE FROM parent WHERE id = 2", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then []",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
		},
	},
	{name: "SET NULL waits for the CASCADE that deletes the row, found by indexes",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", "", "CREATE INDEX ON child (p)", "CREATE INDEX ON child (q)"),
		steps: []string{"1 DELETE FROM parent WHERE id = 1", "2 DELETE FROM parent WHERE id = 2", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT p FROM child WHERE p >= 0",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then []",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
		},
	},
	{name: "CASCADE changes a row that SET NULL has changed",
		setup: family("ON UPDATE CASCADE", "ON DELETE SET NULL", "", "CREATE INDEX ON child (q)"),
		steps: []string{"1 DELETE FROM parent WHERE id = 2", "2 UPDATE parent SET id = 10 WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT *, (SELECT count(*) FROM child WHERE q >= 0) FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=10=<nil>=0]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=<nil>=0]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=<nil>=0]",
		},
	},
	{name: "CASCADE deletes a row that SET NULL has changed",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", "", "CREATE INDEX ON child (q)"),
		steps: []string{"1 DELETE FROM parent WHERE id = 2", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT (SELECT count(*) FROM child WHERE q >= 0), (SELECT count(*) FROM child)",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [0=0]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [0=1]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [0=1]",
		},
	},
	{name: "CASCADE leaves a row that has come to refer to another",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", ""),
		steps: []string{"1 UPDATE child SET p = 3", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=3=2]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=3=2]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=3=2]",
		},
	},
	{name: "CASCADE follows a row to its new primary key",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", ""),
		steps: []string{"1 UPDATE child SET id = 9", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then []",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [9=1=2]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [9=1=2]",
		},
	},
	{name: "SET NULL leaves what a transaction that is rolled back has done",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", ""),
		steps: []string{"1 DELETE FROM child", "2 DELETE FROM parent WHERE id = 2", "1 ROLLBACK", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=1=<nil>]",
			rr:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=1=<nil>]",
			ser: "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=1=<nil>]",
		},
	},
	{name: "SET NULL in a partition waits for the CASCADE that deletes the row",
		setup: family("ON DELETE CASCADE", "ON DELETE SET NULL", "PARTITION BY RANGE (id)",
			"CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (0) TO (5)", "CREATE TABLE child_2 PARTITION OF child DEFAULT"),
		steps: []string{"1 DELETE FROM parent WHERE id = 1", "2 DELETE FROM parent WHERE id = 2", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then []",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then []",
		},
	},
	{name: "NO ACTION waits for who deletes the row",
		setup: family("", "", ""),
		steps: []string{"1 DELETE FROM child", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [2 3 4]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1 2 3 4]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "NO ACTION waits for who deletes the row and does not commit",
		setup: family("", "", ""),
		steps: []string{"1 DELETE FROM child", "2 DELETE FROM parent WHERE id = 1", "1 ROLLBACK", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			rr:  "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			ser: "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "RESTRICT waits for who deletes the row",
		setup: family("ON DELETE RESTRICT", "", ""),
		steps: []string{"1 DELETE FROM child", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [2 3 4]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1 2 3 4]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "NO ACTION does not wait for who lets the row refer to another",
		setup: family("", "", ""),
		steps: []string{"1 UPDATE child SET p = 3", "2 DELETE FROM parent WHERE id = 1", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 23503; 1 ok; 2 rolled back; then [1 2 3 4]",
			rr:  "1 ok; 2 23503; 1 ok; 2 rolled back; then [1 2 3 4]",
			ser: "1 ok; 2 23503; 1 ok; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "NO ACTION after the row has come to refer to another",
		setup: family("", "", ""),
		steps: []string{"2 SELECT 1", "1 UPDATE child SET p = 3", "1 COMMIT", "2 DELETE FROM parent WHERE id = 1", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "2 [1]; 1 ok; 1 ok; 2 ok; 2 ok; then [2 3 4]",
			rr:  "2 [1]; 1 ok; 1 ok; 2 ok; 2 ok; then [2 3 4]",
			ser: "2 [1]; 1 ok; 1 ok; 2 ok; 2 ok; then [2 3 4]",
		},
	},
	{name: "CASCADE after the row has come to refer to the key",
		setup: family("ON DELETE CASCADE", "", ""),
		steps: []string{"2 SELECT 1", "1 UPDATE child SET p = 3", "1 COMMIT", "2 DELETE FROM parent WHERE id = 3", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "2 [1]; 1 ok; 1 ok; 2 ok; 2 ok; then []",
			rr:  "2 [1]; 1 ok; 1 ok; 2 40001; 2 rolled back; then [1=3=2]",
			ser: "2 [1]; 1 ok; 1 ok; 2 40001; 2 rolled back; then [1=3=2]",
		},
	},
	{name: "NO ACTION after the row has come to refer to the key",
		setup: family("", "", ""),
		steps: []string{"2 SELECT 1", "1 UPDATE child SET p = 3", "1 COMMIT", "2 DELETE FROM parent WHERE id = 3", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "2 [1]; 1 ok; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			rr:  "2 [1]; 1 ok; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			ser: "2 [1]; 1 ok; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "a row that refers waits for the DELETE of what it refers to",
		setup: family("", "", ""),
		steps: []string{"1 DELETE FROM parent WHERE id = 4", "2 INSERT INTO child VALUES (2, 4, NULL)", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1=1=2]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=2]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=2]",
		},
	},
	{name: "DELETE waits for a row that comes to refer",
		setup: family("", "", ""),
		steps: []string{"1 INSERT INTO child VALUES (2, 4, NULL)", "2 DELETE FROM parent WHERE id = 4", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT id FROM parent ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			rr:  "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
			ser: "1 ok; 2 waits; 1 ok; 2 23503; 2 rolled back; then [1 2 3 4]",
		},
	},
	{name: "DELETE waits for a row that comes to refer, and CASCADE finds it",
		setup: family("ON DELETE CASCADE", "", ""),
		steps: []string{"1 INSERT INTO child VALUES (2, 4, NULL)", "2 DELETE FROM parent WHERE id = 4", "1 COMMIT", "2 COMMIT"},
		last:  "SELECT * FROM child ORDER BY id",
		want: map[string]string{
			rc:  "1 ok; 2 waits; 1 ok; 2 ok; 2 ok; then [1=1=2]",
			rr:  "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=2 2=4=<nil>]",
			ser: "1 ok; 2 waits; 1 ok; 2 40001; 2 rolled back; then [1=1=2 2=4=<nil>]",
		},
	},
}

// TestReferenceComesBesideDelete: rows that come to refer, with a partition that is attached or
// with a new foreign key, while what they refer to is deleted, never become orphans.
func TestReferenceComesBesideDelete(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		for _, comes := range []string{"ALTER TABLE refs ATTACH PARTITION refs_1 FOR VALUES IN (1)", "ALTER TABLE refs_1 ADD FOREIGN KEY (a) REFERENCES keys"} {
			for _, goes := range []string{"DELETE FROM keys_1 WHERE a = 1", "DELETE FROM keys WHERE a = 1", "UPDATE keys SET a = 2"} {
				for _, steps := range [][]string{
					{"1 " + goes, "2 " + comes, "1 COMMIT", "2 COMMIT"},
					{"1 SELECT 1", "2 " + comes, "1 " + goes, "2 COMMIT", "1 COMMIT"},
					{"1 SELECT 1", "2 " + comes, "2 COMMIT", "1 " + goes, "1 COMMIT"},
				} {
					for _, level := range []string{rc, rr, ser} {
						a := anomaly{name: comes + " beside " + goes, steps: steps,
							setup: []string{"DROP TABLE IF EXISTS refs, refs_1, keys",
								"CREATE TABLE keys (a int PRIMARY KEY) PARTITION BY LIST (a)", "CREATE TABLE keys_1 PARTITION OF keys FOR VALUES IN (1, 2)", "INSERT INTO keys VALUES (1)",
								"CREATE TABLE refs (a int REFERENCES keys) PARTITION BY LIST (a)", "CREATE TABLE refs_1 (a int)", "INSERT INTO refs_1 VALUES (1)"},
							last: "SELECT (SELECT count(*) FROM keys WHERE a = 1), (SELECT least(count(*), 1) FROM pg_constraint WHERE conrelid = 'refs_1'::regclass AND contype = 'f')"}
						// The key goes, or the reference comes.
						if got := a.run(t, url, level); !strings.HasSuffix(got, "then [1=1]") && !strings.HasSuffix(got, "then [0=0]") {
							t.Errorf("%s at %s: %s", a.name, level, got)
						}
					}
				}
			}
		}
	})
}
