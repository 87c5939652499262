package clients

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/tests/pgtest"
)

// TestShutdown: SIGTERM ends the server cleanly: a running statement is told
// (57P01), the process exits with 0, and the data is there afterwards.
func TestShutdown(t *testing.T) {
	dir := t.TempDir()
	port, err := pgtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--data", dir, "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--log-level", "warn")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/rowkey?sslmode=disable", port)
	if err := pgtest.WaitReady(url, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run(t, ctx, conn, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
	busy := make(chan error)
	go func() {
		_, err := conn.Exec(ctx, "SELECT pg_sleep(60)")
		busy <- err
	}()
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var pe *pgconn.PgError
	select {
	case err := <-busy:
		if !errors.As(err, &pe) || pe.Code != "57P01" {
			t.Errorf("the running statement ended with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the running statement was not ended")
	}
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("the server exits with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the server does not end")
	}
	again, err := pgx.Connect(ctx, serve(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(ctx)
	if got := answer(t, ctx, again, "SELECT a FROM t"); got != "1|\n" {
		t.Errorf("after the restart: %q", got)
	}
}

// TestCancel: a cancel request from another connection ends a statement (57014) and nothing else.
func TestCancel(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, serve(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, q := range []string{"SELECT pg_sleep(60)", "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"} {
		timer := time.AfterFunc(200*time.Millisecond, func() { conn.PgConn().CancelRequest(ctx) })
		start := time.Now()
		_, err := conn.Exec(ctx, q)
		timer.Stop()
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code != "57014" {
			t.Errorf("%s: ended with %v", q, err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: cancelling took %v", q, d)
		}
	}
	if got := answer(t, ctx, conn, "SELECT 1"); got != "1|\n" {
		t.Errorf("after cancelling: %q", got)
	}
}
