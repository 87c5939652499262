package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rowkey/tests/pgtest"
	"rowkey/tests/psql"
)

// A result is what came of one script.
type result struct {
	name    string
	trouble string // a crash, a hang, a file that is missing
	total   int
	equal   int
	diffs   []diff
	took    time.Duration
}

// runScript runs a script, and before it those it needs, on a server of its own.
func runScript(bin, dir, name string, limit time.Duration) (r *result) {
	start := time.Now()
	r = &result{name: name}
	defer func() { r.took = time.Since(start) }()
	s, err := pgtest.StartRowkey(bin, "")
	if err != nil {
		r.trouble = "the server does not start: " + err.Error()
		return r
	}
	defer s.Stop()
	before := append([]string{"test_setup"}, needs[name]...)
	for _, n := range before {
		if _, err := runPsql(s, dir, n, limit); err != nil {
			r.trouble = fmt.Sprintf("in %s, which it needs: %v", n, err)
			return r
		}
	}
	got, err := runPsql(s, dir, name, limit)
	if err != nil {
		r.trouble = err.Error()
	}
	src, err := os.ReadFile(filepath.Join(dir, "sql", name+".sql"))
	if err != nil {
		r.trouble = err.Error()
		return r
	}
	chunks := psql.Split(string(src))
	mine := cut(got, chunks)
	// PostgreSQL keeps further files for outputs that depend on the platform.
	for _, suffix := range []string{"", "_1", "_2"} {
		want, err := os.ReadFile(filepath.Join(dir, "expected", name+suffix+".out"))
		if err != nil {
			break
		}
		equal, total, diffs := compare(name, chunks, cut(string(want), chunks), mine)
		if suffix == "" || equal > r.equal {
			r.equal, r.total, r.diffs = equal, total, diffs
		}
	}
	if r.total == 0 && r.trouble == "" {
		r.trouble = "no expected output"
	}
	return r
}

// runPsql runs a script as PostgreSQL's pg_regress does and gives its output; the
// error tells of a hang or of a server that is gone.
func runPsql(s *pgtest.Server, dir, name string, limit time.Duration) (string, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "", err
	}
	in, err := os.Open(filepath.Join(dir, "sql", name+".sql"))
	if err != nil {
		return "", err
	}
	defer in.Close()
	results, err := os.MkdirTemp("", "rowkey-regress-results")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(results)
	if err := os.Mkdir(filepath.Join(results, "results"), 0o777); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, "psql", "-X", "-a", "-q", "-h", u.Hostname(), "-p", u.Port(), "-U", "postgres",
		"-d", strings.TrimPrefix(u.Path, "/"), "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on")
	c.Env = append(os.Environ(), "PGTZ=America/Los_Angeles", "PGDATESTYLE=Postgres, MDY",
		"PGOPTIONS=-c intervalstyle=postgres_verbose", "PGAPPNAME=pg_regress", "LC_ALL=C", "PGCLIENTENCODING=UTF8",
		"PG_ABS_SRCDIR="+dir, "PG_ABS_BUILDDIR="+results, "PG_LIBDIR="+dir, "PG_DLSUFFIX=.so")
	c.Stdin = in
	c.WaitDelay = time.Second
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return out.String(), fmt.Errorf("HANG: psql was still at it after %v", limit)
	case pgtest.WaitReady(s.URL, 5*time.Second) != nil:
		return out.String(), errors.New("CRASH: the server is gone")
	case strings.Contains(out.String(), "server closed the connection unexpectedly"),
		strings.Contains(out.String(), "connection to server was lost"):
		return out.String(), errors.New("CRASH: the session ended before its script")
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return out.String(), err
	}
	return out.String(), nil
}
