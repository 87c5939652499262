package pgwire

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/kv/memory"
	"rowkey/session"
)

// lines gives one line at a time, forever, and waits before each.
type lines struct {
	first []string
	given int
}

func (l *lines) Read(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	if l.given++; l.given > 2000 {
		return 0, io.EOF
	}
	line := "7\tx\n"
	if l.given <= len(l.first) {
		line = l.first[l.given-1]
	}
	return copy(p, line), nil
}

// A client that sends rows slowly learns of an error in one of them while it sends,
// not when it has sent all; what it sends until then is passed over.
func TestCopyTellsOfErrorsEarly(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := session.Open(ctx, memory.New(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	addr, stop := listen(t, ctx, NewServer(db, nil))
	defer stop()
	conn, err := pgx.Connect(ctx, "postgres://postgres@"+addr+"/rowkey?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TABLE t (a int CHECK (a > 0), b text NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{"x\ty\n": "22P02", "1\n": "22P04", "1\t\\N\n": "23502", "-1\ty\n": "23514"} {
		src := &lines{first: []string{"1\ta\n", line}}
		if _, err := conn.PgConn().CopyFrom(ctx, src, "COPY t FROM STDIN"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
		if src.given > 1000 {
			t.Errorf("%q: told after %d lines", line, src.given)
		}
	}
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}
