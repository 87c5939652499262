package pgwire

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowkey/kv/memory"
	"rowkey/session"
)

// listen serves on a free port until stop is called.
func listen(t *testing.T, ctx context.Context, srv *Server) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ctx, l)
	return l.Addr().String(), func() { srv.Shutdown(ctx) }
}

// withPasswords serves a database that was made with some definitions to clients who show
// a password. prepare has the server before it serves.
func withPasswords(t *testing.T, ctx context.Context, definitions string, prepare func(*Server)) (addr string) {
	t.Helper()
	db, err := session.Open(ctx, memory.New(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := db.NewSession(ctx, session.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Simple(ctx, definitions, session.Discard); err != nil {
		t.Fatal(err)
	}
	admin.Close()
	srv := NewServer(db, nil)
	srv.RequirePassword()
	prepare(srv)
	addr, stop := listen(t, ctx, srv)
	t.Cleanup(func() { stop(); db.Close() })
	return addr
}

// With RequirePassword a role gets in by its password, and by nothing else; what
// it then may do is what it was granted.
func TestPassword(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	addr := withPasswords(t, ctx, "CREATE USER ann PASSWORD 'right'; CREATE USER bob; CREATE USER old PASSWORD 'right' VALID UNTIL '2001-01-01'; CREATE TABLE t (a int)", func(*Server) {})
	connect := func(user, password string) (*pgx.Conn, error) {
		return pgx.Connect(ctx, "postgres://"+user+":"+password+"@"+addr+"/rowkey?sslmode=disable")
	}
	for _, c := range [][2]string{{"ann", "wrong"}, {"ann", ""}, {"bob", "right"}, {"nobody", "right"}, {"old", "right"}, {"postgres", "right"}} {
		if conn, err := connect(c[0], c[1]); err == nil {
			t.Errorf("%s got in with %q", c[0], c[1])
			conn.Close(ctx)
		} else if c[1] != "" && !strings.Contains(err.Error(), "28P01") {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	conn, err := connect("ann", "right")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var who string
	if err := conn.QueryRow(ctx, "SELECT current_user").Scan(&who); err != nil || who != "ann" {
		t.Errorf("current_user is %q, %v", who, err)
	}
	if _, err := conn.Exec(ctx, "SELECT * FROM t"); err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("reading what was not granted: %v", err)
	}
}
