package clients

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/tests/pgtest"
)

var crashes = flag.Int("crashes", 5, "how many times TestKill kills the server")

// TestKill: kill -9 in the middle of a stream of committed inserts loses none of them.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	ctx := context.Background()
	const writers = 4
	acked := make([]atomic.Int64, writers)
	for round := 0; round <= *crashes; round++ {
		s, err := pgtest.StartRowkey(program, dir)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS log (w int, n int, note text, PRIMARY KEY (w, n)); CREATE INDEX IF NOT EXISTS log_n ON log (n)`,
			pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		for w := 0; w < writers; w++ {
			var rows, last, byIndex int64
			if err := conn.QueryRow(ctx, `SELECT count(*), coalesce(max(n), 0) FROM log WHERE w = $1`, w).Scan(&rows, &last); err != nil {
				t.Fatal(err)
			}
			if err := conn.QueryRow(ctx, `SELECT count(*) FROM log WHERE n > 0 AND w = $1`, w).Scan(&byIndex); err != nil {
				t.Fatal(err)
			}
			if rows != last || byIndex != rows {
				t.Errorf("round %d: writer %d has %d rows (%d by the index), the last of which is %d", round, w, rows, byIndex, last)
			}
			if a := acked[w].Load(); last < a {
				t.Errorf("round %d: writer %d was told of %d commits, %d are there", round, w, a, last)
			}
			acked[w].Store(last)
		}
		conn.Close(ctx)
		if round == *crashes {
			s.Stop()
			break
		}
		done := make(chan struct{})
		for w := 0; w < writers; w++ {
			go func() {
				defer func() { done <- struct{}{} }()
				c, err := pgx.Connect(ctx, s.URL)
				if err != nil {
					return
				}
				defer c.Close(ctx)
				for n := acked[w].Load() + 1; ; n++ {
					if _, err := c.Exec(ctx, `INSERT INTO log VALUES ($1, $2, 'some words')`, w, n); err != nil {
						return
					}
					acked[w].Store(n)
				}
			}()
		}
		time.Sleep(time.Duration(20+r.IntN(300)) * time.Millisecond)
		p, err := os.FindProcess(s.PID)
		if err != nil {
			t.Fatal(err)
		}
		p.Kill()
		for range writers {
			<-done
		}
		s.Stop()
	}
	total := int64(0)
	for w := range acked {
		total += acked[w].Load()
	}
	if total == 0 {
		t.Error("nothing was ever committed: the test shows nothing")
	}
	t.Logf("%d commits survived %d crashes", total, *crashes)
}
