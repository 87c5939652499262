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
	steps []string // session, statement
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
	exec(t, setup, "DROP TABLE IF EXISTS hermitage")
	exec(t, setup, "CREATE TABLE hermitage (id int PRIMARY KEY, value int)")
	exec(t, setup, "INSERT INTO hermitage VALUES (1, 10), (2, 20)")
	var trace []string
	conns := map[byte]*pgx.Conn{}
	type answer struct {
		session byte
		text    string
	}
	waiting := map[byte]chan answer{}
	collect := func(session byte, limit time.Duration) bool {
		select {
		case r := <-waiting[session]:
			delete(waiting, session)
			trace = append(trace, r.text)
			return true
		case <-time.After(limit):
			return false
		}
	}
	for _, s := range a.steps {
		session, sql := s[0], strings.ReplaceAll(s[2:], "test", "hermitage")
		c := conns[session]
		if c == nil {
			c = connect(t, url)
			conns[session] = c
			exec(t, c, "BEGIN ISOLATION LEVEL "+level)
		}
		if waiting[session] != nil && !collect(session, 5*time.Second) {
			t.Fatalf("%c waits for ever", session)
		}
		done := make(chan answer, 1)
		waiting[session] = done
		go func() { done <- answer{session, fmt.Sprintf("%c %s", session, outcome(ctx, c, sql))} }()
		if !collect(session, 100*time.Millisecond) {
			trace = append(trace, fmt.Sprintf("%c waits", session))
			continue
		}
		for other := byte('1'); other <= '3'; other++ {
			if waiting[other] != nil {
				collect(other, 100*time.Millisecond)
			}
		}
	}
	for other := byte('1'); other <= '3'; other++ {
		if waiting[other] != nil && !collect(other, 5*time.Second) {
			t.Fatalf("%c waits for ever", other)
		}
	}
	trace = append(trace, "then "+outcome(ctx, setup, "SELECT * FROM hermitage ORDER BY id"))
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
func TestAnomalies(t *testing.T) {
	show := os.Getenv("ROWKEY_SHOW_ANOMALIES") != ""
	each(t, func(t *testing.T, url string) {
		for _, a := range anomalies {
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
