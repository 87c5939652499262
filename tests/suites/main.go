// Command suites runs the test suites of Django and of Rails' Active Record against rowkey and, beside
// it, PostgreSQL 15, and prints the tests that pass on one and fail on the other.
//
//	go run ./tests/suites django              all of Django's tests that use a database
//	go run ./tests/suites rails               all of Active Record's
//	go run ./tests/suites django queries      the tests of these applications, or files
//
// The suites come from Debian's source packages, what they need from Debian's packages:
// python3-django and python3-psycopg2; ruby-activerecord, ruby-pg, ruby-mocha and ruby-bcrypt.
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sort"

	"rowkey/tests/pgtest"
)

// suite is a suite of tests of a program that uses PostgreSQL.
type suite struct {
	source, probe string // of Debian, and a file at its top
	command       []string
	// prepare writes what the run against a server needs into dir, the suite's folder.
	prepare func(dir, port string) error
	// args are those of the command for a run of what is named; nothing: of all.
	args func(dir, port string, names []string) ([]string, error)
	dir  string // in the source, to run in
	env  []string
	// failed reads the tests that did not pass, and tells how many were run.
	failed func(output string) (failed map[string]bool, run int)
}

var suites = map[string]*suite{"django": django, "rails": rails}

func main() {
	if len(os.Args) < 2 || suites[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: suites django|rails [NAME…]")
		os.Exit(2)
	}
	if err := compare(suites[os.Args[1]], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(1)
	}
}

func compare(s *suite, names []string) error {
	source, err := pgtest.DebianSource(s.source, s.probe)
	if err != nil {
		return err
	}
	sides, stop, err := pgtest.StartPair(pgtest.PairOptions{Memory: true})
	if err != nil {
		return err
	}
	defer stop()
	var failed []map[string]bool
	for _, side := range sides {
		f, n, err := s.runOn(source+"/"+s.dir, side.URL, names)
		if err != nil {
			return fmt.Errorf("%s: %w", side.Name, err)
		}
		fmt.Printf("%-12s %d tests, %d failed\n", side.Name, n, len(f))
		failed = append(failed, f)
	}
	if len(failed) < 2 {
		return nil
	}
	only := func(a, b map[string]bool) (out []string) {
		for name := range a {
			if !b[name] {
				out = append(out, name)
			}
		}
		sort.Strings(out)
		return out
	}
	for i, what := range []string{"fails on rowkey only", "fails on PostgreSQL only"} {
		for _, name := range only(failed[i], failed[1-i]) {
			fmt.Printf("%s: %s\n", what, name)
		}
	}
	return nil
}

// runOn runs the suite against a server, in databases that the suite makes or is given.
func (s *suite) runOn(dir, server string, names []string) (map[string]bool, int, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range []string{"suite_a", "suite_b"} {
		if _, err := pgtest.MakeDatabase(server, name); err != nil {
			return nil, 0, err
		}
	}
	if err := s.prepare(dir, u.Port()); err != nil {
		return nil, 0, err
	}
	args, err := s.args(dir, u.Port(), names)
	if err != nil {
		return nil, 0, err
	}
	c := exec.Command(s.command[0], append(s.command[1:len(s.command):len(s.command)], args...)...)
	c.Dir, c.Env = dir, append(os.Environ(), s.env...)
	out, err := c.CombinedOutput() // a suite with failures exits with 1
	failed, n := s.failed(string(out))
	if n == 0 {
		if len(out) > 4000 {
			out = out[len(out)-4000:]
		}
		return nil, 0, fmt.Errorf("no test was run: %v\n%s", err, out)
	}
	return failed, n, nil
}
