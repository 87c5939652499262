package crash

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rowkey"
)

// # A process killed under load has lost no acknowledged commit, and a second process is
// refused while it lives.
func TestKilledProcess(t *testing.T) {
	ctx := context.Background()
	if dir := os.Getenv("ROWKEY_CRASH_CHILD"); dir != "" {
		child(ctx, dir)
		return
	}
	seed := *seedArg
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	l := &ledger{}
	total := 0
	rounds := max(*crashes/12, 3)
	for round := range rounds {
		c, out := startChild(t, "TestKilledProcess", "ROWKEY_CRASH_CHILD="+dir)
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "open" {
			t.Fatalf("round %d: the child says %q", round, lines.Text())
		}
		if round == 0 {
			if db, err := rowkey.Open(dir); err == nil {
				db.Close()
				t.Fatal("a second process may open the directory")
			} else if !strings.Contains(err.Error(), "in use by another process") {
				t.Errorf("a second process is told %q", err)
			}
		}
		time.AfterFunc(time.Duration(20+rng.IntN(400))*time.Millisecond, func() { c.Process.Kill() })
		for lines.Scan() {
			what, num, ok := strings.Cut(lines.Text(), " ")
			n, err := strconv.ParseInt(num, 10, 64)
			if !ok || err != nil {
				continue
			}
			total++
			l.hear(what, n)
		}
		c.Wait()
		for w := range writers {
			l.attempted[w].Store(l.acked[w].Load() + 1000)
		}
		for w := range redisClients {
			l.stepsBegun[w].Store(l.steps[w].Load() + 1000)
		}
		l.ddlBegun.Store(l.ddl.Load() + 1000)
		l.jumpBegun.Store(l.jump.Load() + 1_000_000)
		db, err := rowkey.Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := verify(ctx, db, l); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d commits acknowledged by processes killed %d times, none lost", total, rounds)
}

// hear takes note of what a child said.
func (l *ledger) hear(what string, n int64) {
	switch what {
	case "ddl":
		l.ddl.Store(max(n, l.ddl.Load()))
	case "lone":
		l.lone.Store(max(n, l.lone.Load()))
	case "jump":
		l.jump.Store(max(n, l.jump.Load()))
	default:
		if r, ok := strings.CutPrefix(what, "r"); ok {
			if w, err := strconv.Atoi(r); err == nil && w < redisClients {
				l.steps[w].Store(max(n, l.steps[w].Load()))
			}
		} else if w, err := strconv.Atoi(strings.TrimPrefix(what, "w")); err == nil && w < writers {
			l.acked[w].Store(max(n, l.acked[w].Load()))
		}
	}
}

// child loads the database in dir until it is killed, and says what is acknowledged.
func child(ctx context.Context, dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	db, err := rowkey.Open(dir)
	fail(err)
	fail(setUp(ctx, db))
	l := &ledger{}
	found := &verifier{ctx: ctx, db: db, l: &ledger{}}
	for w := range redisClients {
		found.l.stepsBegun[w].Store(1 << 40)
	}
	found.redis()
	fail(errors.Join(found.errs...))
	for w := range redisClients {
		l.steps[w].Store(found.l.steps[w].Load())
	}
	for w := range writers {
		l.acked[w].Store(found.one(fmt.Sprintf("SELECT coalesce(max(n), 0) FROM log WHERE w = %d", w)))
	}
	l.ddl.Store(found.one("SELECT coalesce(max(n), 0) FROM log WHERE w = -1"))
	l.jump.Store(found.one("SELECT last_value FROM jump"))
	var mu sync.Mutex
	l.ack = func(what string, n int64) {
		mu.Lock()
		fmt.Printf("%s %d\n", what, n)
		mu.Unlock()
	}
	fmt.Println("open")
	fail(load(ctx, db, l, uint64(time.Now().UnixNano()), 1<<30))
}

// startChild starts a test in a process of its own, which is to be killed; out is what it
// prints.
func startChild(t *testing.T, test, env string) (c *exec.Cmd, out io.Reader) {
	t.Helper()
	c = exec.Command(os.Args[0], "-test.run=^"+test+"$")
	c.Env = append(os.Environ(), env)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, out
}
