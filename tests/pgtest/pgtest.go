// Package pgtest finds or starts what tests compare with: a real PostgreSQL
// 15, and a rowkey server as a process of its own.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// EnvURL names the variable with the URL of a PostgreSQL 15 to compare with.
const EnvURL = "ROWKEY_PG"

// ErrNotInstalled tells that there is no PostgreSQL 15 on this machine.
var ErrNotInstalled = errors.New("PostgreSQL 15 is not installed (package postgresql-15) and " + EnvURL + " is not set")

// Server is a running server process.
type Server struct {
	URL  string
	PID  int // 0 when somebody else's
	stop func()
}

// Stop stops the server and removes its data.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
	}
}

// binDir is where Debian puts PostgreSQL 15's programs.
const binDir = "/usr/lib/postgresql/15/bin"

// FreePort gives a TCP port on the loopback address that nobody uses now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// StartPostgres starts a PostgreSQL 15 of its own in a temporary folder, with
// extra settings given as name=value.
func StartPostgres(settings ...string) (*Server, error) {
	if _, err := os.Stat(filepath.Join(binDir, "initdb")); err != nil {
		return nil, ErrNotInstalled
	}
	dir, err := os.MkdirTemp("", "rowkey-pg")
	if err != nil {
		return nil, err
	}
	var cred *syscall.Credential
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			os.RemoveAll(dir)
			return nil, fmt.Errorf("no user to run PostgreSQL as: %w", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(binDir, name), args...)
		c.Dir = dir
		c.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + dir, "-c", "timezone=UTC"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	c := run("postgres", args...)
	log, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("rowkey-pg-%d.log", port)))
	if err == nil {
		c.Stdout, c.Stderr = log, log
	}
	if err := c.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s := &Server{URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), PID: c.Process.Pid}
	s.stop = func() {
		c.Process.Signal(syscall.SIGQUIT)
		c.Wait()
		os.RemoveAll(dir)
		if log != nil {
			log.Close()
			os.Remove(log.Name())
		}
	}
	if err := WaitReady(s.URL, 30*time.Second); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// WaitReady waits until a server answers.
func WaitReady(url string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			conn.Close(ctx)
			cancel()
			return nil
		}
		cancel()
		if time.Now().After(deadline) {
			return fmt.Errorf("the server does not answer: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// EnvProgram names the variable with the path of a program built already.
const EnvProgram = "ROWKEY_BIN"

// BuildRowkey builds the program in a folder that the caller removes and gives
// its path, or that of the one EnvProgram names.
func BuildRowkey(dir string) (string, error) {
	if bin := os.Getenv(EnvProgram); bin != "" {
		return bin, nil
	}
	bin := filepath.Join(dir, "rowkey")
	c := exec.Command("go", "build", "-o", bin, "rowkey/cmd/rowkey")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building rowkey: %w: %s", err, out)
	}
	return bin, nil
}

// MakeDatabase makes an empty database on a server and gives its address.
func MakeDatabase(server, name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE template0"); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Log takes what rowkey servers log.
var Log io.Writer = os.Stderr

// StartRowkey starts a server of the program at bin. data "" is in memory.
func StartRowkey(bin, data string, args ...string) (*Server, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	argv := append([]string{"serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--log-level", "warn"}, args...)
	if data != "" {
		argv = append(argv, "--data", data)
	}
	c := exec.Command(bin, argv...)
	c.Stderr = Log
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &Server{URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/rowkey?sslmode=disable", port), PID: c.Process.Pid}
	s.stop = func() {
		c.Process.Kill()
		c.Wait()
	}
	if err := WaitReady(s.URL, 30*time.Second); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}
