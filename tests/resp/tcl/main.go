// Command tcl runs Redis' own tests of commands, from Debian's source package of
// redis, against a rowkey server of its own ("external server" mode), and prints
// totals and every test that fails.
//
//	go run ./tests/resp/tcl            all files
//	go run ./tests/resp/tcl unit/scan  some
//
// Tests of commands that are not there are counted apart. The exit status is 1
// when fewer than 90 of 100 others pass.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"rowkey/tests/pgtest"
)

// files are what the commands that are here are tested by.
var files = []string{"unit/type/string", "unit/type/incr", "unit/type/hash", "unit/type/list", "unit/type/list-2", "unit/type/list-3",
	"unit/type/set", "unit/type/zset", "unit/expire", "unit/multi", "unit/scan", "unit/keyspace", "unit/pubsub", "unit/sort"}

// goal is the part of tests that must pass, in percent.
const goal = 90

func main() {
	verbose := flag.Bool("v", false, "print the tests that need commands which are not there, too")
	data := flag.Bool("disk", false, "keep the data on disk")
	flag.Parse()
	if flag.NArg() > 0 {
		files = flag.Args()
	}
	if err := run(*verbose, *data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(verbose, disk bool) error {
	if _, err := exec.LookPath("tclsh"); err != nil {
		return errors.New("tclsh is not installed (Debian's package tcl)")
	}
	src, err := source()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "rowkey-tcl")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	bin, err := pgtest.BuildRowkey(tmp)
	if err != nil {
		return err
	}
	port, err := pgtest.FreePort()
	if err != nil {
		return err
	}
	data := ""
	if disk {
		data = filepath.Join(tmp, "data")
	}
	server, err := pgtest.StartRowkey(bin, data, "--redis", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer server.Stop()
	var total result
	for _, f := range files {
		r := runFile(src, f, port)
		fmt.Printf("%-18s %4d pass %4d fail %4d need what is not there %4d not for an external server%s\n", f, r.ok, len(r.failed), len(r.missing), r.ignored, r.note)
		total.ok += r.ok
		total.ignored += r.ignored
		total.failed = append(total.failed, r.failed...)
		total.missing = append(total.missing, r.missing...)
	}
	show := func(title string, list []string) {
		if len(list) > 0 {
			fmt.Printf("\n%s:\n  %s\n", title, strings.Join(list, "\n  "))
		}
	}
	show("failed", total.failed)
	if verbose {
		show("need commands that are not there", total.missing)
	}
	n := total.ok + len(total.failed)
	fmt.Printf("\n%d of %d tests that need no missing command pass: %.1f %%\n", total.ok, n, 100*float64(total.ok)/float64(max(n, 1)))
	if total.ok*100 < n*goal {
		return fmt.Errorf("the goal is %d %%", goal)
	}
	return nil
}

type result struct {
	ok, ignored     int
	failed, missing []string
	note            string
}

// attempts bounds how often a file that hangs is run. Some of its tests send
// commands on two connections and rely on the first being served first, which
// only a server with one thread promises.
const attempts = 3

func runFile(src, file string, port int) (r result) {
	for i := range attempts {
		var hung bool
		if r, hung = tryFile(src, file, port); !hung {
			break
		}
		r.note = " (hangs)"
		if i == attempts-1 {
			r.failed = append(r.failed, file+" does not end")
		}
	}
	return r
}

var (
	outcome = regexp.MustCompile("^\\[(?:\x1b\\[[0-9;]*m)?(ok|err|exception|ignore)(?:\x1b\\[[0-9;]*m)?\\]: (.*)$")
	needs   = regexp.MustCompile(`unknown command|lua-time-limit|can't read "(dump|encoded|e)"`)
)

func tryFile(src, file string, port int) (r result, hung bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, "./runtest", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--durable", "--ignore-encoding", "--ignore-digest",
		"--single", file, "--tags", "-needs:repl -needs:debug -needs:config-maxmemory")
	c.Dir = src
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	out, _ := c.CombinedOutput()
	var name, text string
	end := func() {
		if name == "" {
			return
		}
		entry := name
		if first, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); first != "" {
			entry += "\n      " + first
		}
		if needs.MatchString(name + text) {
			r.missing = append(r.missing, entry)
		} else {
			r.failed = append(r.failed, entry)
		}
		name, text = "", ""
	}
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		line := s.Text()
		m := outcome.FindStringSubmatch(line)
		switch {
		case m == nil && strings.Contains(line, "The following tests failed"):
			end()
			return r, ctx.Err() != nil
		case m == nil && (strings.HasPrefix(line, "[") || strings.HasPrefix(line, "Cleanup")):
			end()
		case m == nil:
			if name != "" {
				text += line + "\n"
			}
		default:
			end()
			switch m[1] {
			case "ok":
				r.ok++
			case "ignore":
				r.ignored++
			default:
				name = m[2]
			}
		}
	}
	end()
	return r, ctx.Err() != nil
}

// source gives the folder of redis' sources, fetched the first time.
func source() (string, error) {
	dir, err := pgtest.DebianSource("redis", "runtest")
	if err != nil {
		return "", err
	}
	// The tests begin by emptying the library of functions, which there is none of.
	path := filepath.Join(dir, "tests", "support", "server.tcl")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(path, bytes.Replace(text, []byte("    r function flush\n"), nil, 1), 0o644)
}
