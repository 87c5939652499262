package history

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// anomaly is one of Hermitage's (M. Kleppmann): steps of up to three sessions on
// the rows (1, 10) and (2, 20), and what comes of them at each level of PostgreSQL 15:
// every step's result in the order in which the steps ended, a step that has to wait
// marked when it begins to.
type anomaly struct {
	name  string
	setup []string // instead of those rows
	steps []string // session, statement
	last  string   // what is looked at in the end, if not those rows
	want  map[string]string
}

const (
	rc  = "READ COMMITTED"
	rr  = "REPEATABLE READ"
	ser = "SERIALIZABLE"
)

// run plays an anomaly and gives its trace.
func (a *anomaly) run(t *testing.T, url, level string) string {
	ctx := context.Background()
	setup := connect(t, url)
	before, last := a.setup, a.last
	if before == nil {
		before = []string{"DROP TABLE IF EXISTS hermitage", "CREATE TABLE hermitage (id int PRIMARY KEY, value int)",
			"INSERT INTO hermitage VALUES (1, 10), (2, 20)"}
		last = "SELECT * FROM hermitage ORDER BY id"
	}
	for _, sql := range before {
		exec(t, setup, sql)
	}
	var trace []string
	conns := map[byte]*pgx.Conn{}
	type answer struct {
		session byte
		text    string
	}
	waiting := map[byte]chan answer{}
	// collect notes what a session answers, unless it is found to wait for another.
	collect := func(session byte) bool {
		t.Helper()
		blocked := fmt.Sprintf("SELECT cardinality(pg_blocking_pids(%d)) > 0", conns[session].PgConn().PID())
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
			select {
			case r := <-waiting[session]:
				delete(waiting, session)
				trace = append(trace, r.text)
				return true
			case <-time.After(2 * time.Millisecond):
			}
			if outcome(ctx, setup, blocked) == "[true]" {
				return false
			}
		}
		t.Fatalf("%s: %c neither ends nor waits for another; so far %s", a.name, session, strings.Join(trace, "; "))
		return false
	}
	for _, s := range a.steps {
		session, sql := s[0], strings.ReplaceAll(s[2:], "test", "hermitage")
		c := conns[session]
		if c == nil {
			c = connect(t, url)
			conns[session] = c
			exec(t, c, "BEGIN ISOLATION LEVEL "+level)
		}
		if waiting[session] != nil && !collect(session) {
			t.Fatalf("%s: %c is to go on and waits; so far %s", a.name, session, strings.Join(trace, "; "))
		}
		done := make(chan answer, 1)
		waiting[session] = done
		go func() { done <- answer{session, fmt.Sprintf("%c %s", session, outcome(ctx, c, sql))} }()
		if !collect(session) {
			trace = append(trace, fmt.Sprintf("%c waits", session))
			continue
		}
		for other := byte('1'); other <= '3'; other++ {
			if waiting[other] != nil {
				collect(other)
			}
		}
	}
	for other := byte('1'); other <= '3'; other++ {
		if waiting[other] != nil && !collect(other) {
			t.Fatalf("%s: %c waits for ever; so far %s", a.name, other, strings.Join(trace, "; "))
		}
	}
	trace = append(trace, "then "+outcome(ctx, setup, last))
	return strings.Join(trace, "; ")
}

// outcome runs a statement and gives its rows, or its SQLSTATE, shortly.
func outcome(ctx context.Context, c *pgx.Conn, sql string) string {
	rows, err := c.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return code(err)
	}
	var out []string
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return err.Error()
		}
		var cells []string
		for _, x := range v {
			cells = append(cells, fmt.Sprint(x))
		}
		out = append(out, strings.Join(cells, "="))
	}
	switch err := rows.Err(); {
	case err != nil:
		return code(err)
	case strings.HasPrefix(sql, "SELECT"):
		return "[" + strings.Join(out, " ") + "]"
	case rows.CommandTag().String() == "ROLLBACK" && sql == "COMMIT":
		return "rolled back"
	case rows.CommandTag().RowsAffected() == 0 && (strings.HasPrefix(sql, "UPDATE") || strings.HasPrefix(sql, "DELETE")):
		return "none"
	}
	return "ok"
}

// TestAnomalies: the anomalies that PostgreSQL permits at a level are permitted, and
// the others are not, in the same way.
func TestAnomalies(t *testing.T) { play(t, anomalies) }

func play(t *testing.T, all []anomaly) {
	show := os.Getenv("ROWKEY_SHOW_ANOMALIES") != ""
	each(t, func(t *testing.T, url string) {
		for _, a := range all {
			for _, level := range []string{rc, rr, ser} {
				got := a.run(t, url, level)
				if show {
					fmt.Printf("\t\t\t%q: %q,\n", level, got)
				}
				if got != a.want[level] {
					t.Errorf("%s at %s:\n got %s\nwant %s", a.name, level, got, a.want[level])
				}
			}
		}
	})
}
