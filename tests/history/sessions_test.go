package history

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// later runs a statement elsewhere and gives its outcome when it has ended.
func later(c *pgx.Conn, sql string) chan string {
	done := make(chan string, 1)
	go func() { done <- outcome(context.Background(), c, sql) }()
	return done
}

func wantSoon(t *testing.T, what string, done chan string, want string) {
	t.Helper()
	select {
	case got := <-done:
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("%s: no answer", what)
	}
}

// waits waits until a session is seen to wait for a lock.
func waits(t *testing.T, watcher, c *pgx.Conn) {
	t.Helper()
	for range 500 {
		got := outcome(context.Background(), watcher, fmt.Sprintf("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()))
		if got == "[Lock]" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not wait")
}

// leaves waits until a session that was ended is gone.
func leaves(t *testing.T, watcher, c *pgx.Conn) {
	t.Helper()
	for range 500 {
		if outcome(context.Background(), watcher, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID())) == "[0]" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not leave")
}

func want(t *testing.T, c *pgx.Conn, sql, want string) {
	t.Helper()
	if got := outcome(context.Background(), c, sql); got != want {
		t.Errorf("%s: %s, want %s", sql, got, want)
	}
}

// TestAdvisoryLocks: of sessions and transactions, shared and not, counted, in two
// spaces, waited for, shown, and given back at the end of a session.
func TestAdvisoryLocks(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		a, b, w := connect(t, url), connect(t, url), connect(t, url)
		want(t, a, "SELECT pg_advisory_lock(1), pg_advisory_lock(1)", "[=]")
		want(t, b, "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock_shared(1), pg_try_advisory_lock(0, 1), pg_try_advisory_xact_lock(2)", "[false=false=true=true]")
		want(t, a, "SELECT pg_try_advisory_lock(2)", "[true]") // b's was its transaction's
		want(t, a, "SELECT pg_advisory_unlock(1)", "[true]")
		want(t, b, "SELECT pg_try_advisory_lock(1)", "[false]") // taken twice
		pids := fmt.Sprintf("[%d=ExclusiveLock=true %d=ShareLock=false]", a.PgConn().PID(), b.PgConn().PID())
		done := later(b, "SELECT pg_advisory_lock_shared(1)")
		waits(t, w, b)
		want(t, w, "SELECT pid, mode, granted FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND objsubid = 1 ORDER BY granted DESC", pids)
		want(t, w, fmt.Sprintf("SELECT pg_blocking_pids(%d) = ARRAY[%d]", b.PgConn().PID(), a.PgConn().PID()), "[true]")
		want(t, a, "SELECT pg_advisory_unlock(1), pg_advisory_unlock(1)", "[true=false]")
		wantSoon(t, "shared", done, "[]")
		want(t, a, "SELECT pg_try_advisory_lock_shared(1), pg_try_advisory_lock(1)", "[true=false]")
		want(t, a, "SELECT pg_advisory_unlock_all()", "[]")
		want(t, b, "SELECT pg_advisory_unlock_shared(1), pg_try_advisory_lock(1)", "[true=true]")
		b.Close(context.Background())
		done = later(a, "SELECT pg_advisory_lock(1)")
		wantSoon(t, "after the other session's end", done, "[]")
		want(t, a, "BEGIN", "ok")
		want(t, a, "SELECT pg_advisory_xact_lock_shared(5)", "[]")
		want(t, w, "SELECT pg_try_advisory_lock(5)", "[false]")
		want(t, a, "ROLLBACK", "ok")
		want(t, w, "SELECT pg_try_advisory_lock(5)", "[true]")
		want(t, w, "SELECT pg_advisory_unlock_all()", "[]")
	})
}

// TestEndsOfWaits: waits end by timeouts, by cancelling and terminating from another
// session, by deadlocks; and what the loser held is free then.
func TestEndsOfWaits(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		a, b, w := connect(t, url), connect(t, url), connect(t, url)
		exec(t, w, "DROP TABLE IF EXISTS waits")
		exec(t, w, "CREATE TABLE waits (id int PRIMARY KEY, n int)")
		exec(t, w, "INSERT INTO waits VALUES (1, 0), (2, 0)")
		hold := func() {
			want(t, a, "BEGIN", "ok")
			want(t, a, "UPDATE waits SET n = n + 1 WHERE id = 1", "ok")
			want(t, b, "BEGIN", "ok")
			want(t, b, "UPDATE waits SET n = n + 1 WHERE id = 2", "ok")
		}
		free := func(what string) {
			t.Helper()
			if got := outcome(context.Background(), w, "SELECT id FROM waits WHERE id = 2 FOR UPDATE NOWAIT"); got != "[2]" {
				t.Errorf("%s: the row is not free: %s", what, got)
			}
			want(t, a, "ROLLBACK", "ok")
		}
		hold()
		want(t, b, "SET LOCAL lock_timeout = 30", "ok")
		want(t, b, "UPDATE waits SET n = 0 WHERE id = 1", "55P03")
		free("lock_timeout")
		want(t, b, "ROLLBACK", "ok")
		hold()
		want(t, b, "SET LOCAL statement_timeout = 30", "ok")
		want(t, b, "LOCK TABLE waits", "57014")
		free("statement_timeout")
		want(t, b, "ROLLBACK", "ok")
		hold()
		done := later(b, "UPDATE waits SET n = 0 WHERE id = 1")
		waits(t, w, b)
		want(t, w, fmt.Sprintf("SELECT pg_cancel_backend(%d)", b.PgConn().PID()), "[true]")
		wantSoon(t, "cancel", done, "57014")
		free("cancel")
		want(t, b, "ROLLBACK", "ok")
		hold()
		start := time.Now()
		done = later(a, "UPDATE waits SET n = 0 WHERE id = 2")
		waits(t, w, a)
		other := later(b, "UPDATE waits SET n = 0 WHERE id = 1")
		one, two := <-done, <-other
		if one+two != "ok40P01" && one+two != "40P01ok" {
			t.Errorf("deadlock: %s and %s", one, two)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the deadlock lasted %v", took)
		}
		want(t, a, "ROLLBACK", "ok")
		want(t, b, "ROLLBACK", "ok")
		hold()
		done = later(b, "UPDATE waits SET n = 0 WHERE id = 1")
		waits(t, w, b)
		want(t, w, fmt.Sprintf("SELECT pg_terminate_backend(%d)", b.PgConn().PID()), "[true]")
		wantSoon(t, "terminate", done, "57P01")
		leaves(t, w, b) // it tells before it lets go
		free("terminate")
		// A session that idles in a transaction is ended, too, and lets go.
		b = connect(t, url)
		want(t, b, "SET idle_in_transaction_session_timeout = 50", "ok")
		want(t, b, "BEGIN", "ok")
		want(t, b, "UPDATE waits SET n = n + 1 WHERE id = 2", "ok")
		wantSoon(t, "after an idle transaction", later(w, "UPDATE waits SET n = 0"), "ok")
		// ROLLBACK TO gives up what was locked since.
		want(t, a, "BEGIN", "ok")
		want(t, a, "UPDATE waits SET n = 1 WHERE id = 1", "ok")
		want(t, a, "SAVEPOINT s", "ok")
		want(t, a, "UPDATE waits SET n = 1 WHERE id = 2", "ok")
		want(t, a, "ROLLBACK TO s", "ok")
		want(t, w, "SELECT id FROM waits FOR UPDATE SKIP LOCKED", "[2]")
		want(t, a, "ROLLBACK", "ok")
	})
}

// TestNotify: notifications come when their transaction commits, once, in order, to
// idle sessions too and not within a transaction.
func TestNotify(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		a, b := connect(t, url), connect(t, url)
		next := func(want string) {
			t.Helper()
			n, err := b.WaitForNotification(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.Channel + ":" + n.Payload; got != want || n.PID != a.PgConn().PID() {
				t.Errorf("got %s from %d, want %s", got, n.PID, want)
			}
		}
		exec(t, b, "LISTEN one")
		exec(t, b, `LISTEN "Two"`)
		want(t, b, `SELECT c FROM pg_listening_channels() c ORDER BY c COLLATE "C"`, "[Two one]")
		got := later(a, `NOTIFY one, 'x'`) // b is idle, or comes to be
		next("one:x")
		wantSoon(t, "NOTIFY", got, "ok")
		exec(t, a, "BEGIN")
		exec(t, a, "NOTIFY one, 'first'")
		exec(t, a, "SAVEPOINT s")
		exec(t, a, "NOTIFY one, 'never'")
		exec(t, a, "ROLLBACK TO s")
		exec(t, a, `SELECT pg_notify('Two', 'second'), pg_notify('one', 'first')`)
		exec(t, a, "COMMIT")
		next("one:first")
		next("Two:second")
		exec(t, a, "BEGIN; NOTIFY one, 'never'; ROLLBACK")
		exec(t, b, "BEGIN")
		exec(t, a, "NOTIFY one, 'later'")
		exec(t, b, "SELECT 1")
		exec(t, b, "COMMIT")
		next("one:later")
		exec(t, b, "BEGIN; UNLISTEN *; ROLLBACK")
		exec(t, a, "NOTIFY one, 'still'")
		next("one:still")
		exec(t, b, "UNLISTEN one")
		exec(t, a, "NOTIFY one, 'gone'")
		exec(t, a, `NOTIFY "Two"`)
		next("Two:")
		want(t, a, "SELECT pg_notify('c', repeat('x', 8000))", "22023")
		want(t, a, "NOTIFY c, '"+strings.Repeat("x", 8000)+"'", "22023")
		exec(t, b, "UNLISTEN *")
	})
}

// TestActivity: pg_stat_activity tells what sessions do.
func TestActivity(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		a, w := connect(t, url), connect(t, url)
		state := fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", a.PgConn().PID())
		exec(t, a, "SET application_name = 'me'")
		for _, s := range []struct{ sql, state string }{{"SELECT 1", "idle"}, {"BEGIN", "idle in transaction"}, {"SELECT 1/0", "idle in transaction (aborted)"}, {"ROLLBACK", "idle"}} {
			outcome(context.Background(), a, s.sql)
			want(t, w, state, "["+s.state+"]")
		}
		waits := fmt.Sprintf("SELECT application_name, query, wait_event_type, wait_event FROM pg_stat_activity WHERE pid = %d", a.PgConn().PID())
		const reading = "[me=ROLLBACK=Client=ClientRead]"
		// A session has answered, and is idle, a moment before it waits for its client.
		for end := time.Now().Add(5 * time.Second); outcome(context.Background(), w, waits) != reading && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		want(t, w, waits, reading)
	})
}
