// Command bench runs redis-benchmark against rowkey and against redis-server, in
// turns on the same machine, and prints both and their ratio:
//
//	memory    rowkey in memory beside redis-server without persistence
//	durable   rowkey on disk, every commit synchronous, beside appendfsync always
//
// Turns alternate and the best of each counts, so that what else the machine
// does hurts both alike. Beside the rates stands the processor time that a request
// took of the server, which depends less on that.
package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rowkey/tests/pgtest"
)

var (
	tests    = flag.String("t", "set,get,incr,lpush,sadd,hset,zadd,mset", "tests of redis-benchmark")
	requests = flag.Int("n", 100000, "requests of a test without pipelining")
	rounds   = flag.Int("rounds", 3, "turns of each server")
	keys     = flag.Int("r", 100000, "keys and elements are chosen among so many")
	only     = flag.String("only", "", "memory or durable")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// setting is one comparison.
type setting struct {
	name     string
	durable  bool
	pipeline int
	requests int
	goal     float64
}

func run() error {
	for _, p := range []string{"redis-server", "redis-benchmark", "redis-cli"} {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("%s is not installed (Debian's packages redis-server and redis-tools)", p)
		}
	}
	tmp, err := os.MkdirTemp("", "rowkey-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	bin, err := pgtest.BuildRowkey(tmp)
	if err != nil {
		return err
	}
	for _, s := range []setting{
		{"memory, -c 50", false, 1, *requests, 0.8},
		{"memory, -c 50 -P 16", false, 16, 4 * *requests, 0.5},
		{"durable, -c 50", true, 1, *requests / 5, 1.0},
		{"durable, -c 50 -P 16", true, 16, *requests, 1.0},
	} {
		if *only != "" && s.durable != (*only == "durable") {
			continue
		}
		if err := compare(s, bin, tmp); err != nil {
			return err
		}
	}
	return nil
}

func compare(s setting, bin, tmp string) error {
	dir, err := os.MkdirTemp(tmp, "run")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	redis, err := startRedis(dir, s.durable)
	if err != nil {
		return err
	}
	defer func() { redis.Process.Kill(); redis.Wait() }()
	port, err := pgtest.FreePort()
	if err != nil {
		return err
	}
	data := ""
	if s.durable {
		data = filepath.Join(dir, "rowkey")
	}
	server, err := pgtest.StartRowkey(bin, data, "--redis", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer server.Stop()
	ports := [2]string{redis.Args[2], strconv.Itoa(port)}
	var names []string
	best := [2]map[string]float64{{}, {}}
	cost := [2]map[string]float64{{}, {}}
	pids := [2]int{redis.Process.Pid, server.PID}
	for range *rounds {
		for _, test := range strings.Split(*tests, ",") {
			for i, p := range ports {
				exec.Command("redis-cli", "-p", p, "flushall").Run()
				before := processorTime(pids[i])
				list, err := measure(p, test, s)
				if err != nil {
					return err
				}
				took := processorTime(pids[i]) - before
				for _, m := range list {
					if i == 0 && best[0][m.name] == 0 {
						names = append(names, m.name)
					}
					best[i][m.name] = max(best[i][m.name], m.perSecond)
					if each := took.Seconds() * 1e6 / float64(s.requests*len(list)); cost[i][m.name] == 0 || each < cost[i][m.name] {
						cost[i][m.name] = each
					}
				}
			}
		}
	}
	fmt.Printf("\n%s (goal %.1f)\n%-18s %12s %12s %7s   %s\n", s.name, s.goal, "", "redis/s", "rowkey/s", "ratio", "processor µs a request")
	for _, n := range names {
		mark := ""
		ratio := best[1][n] / best[0][n]
		if ratio < s.goal {
			mark = "  below"
		}
		fmt.Printf("%-18s %12.0f %12.0f %7.2f   %6.1f %6.1f%s\n", n, best[0][n], best[1][n], ratio, cost[0][n], cost[1][n], mark)
	}
	return nil
}

type measurement struct {
	name      string
	perSecond float64
}

func measure(port, test string, s setting) ([]measurement, error) {
	out, err := exec.Command("redis-benchmark", "-p", port, "-t", test, "-n", strconv.Itoa(s.requests), "-c", "50",
		"-P", strconv.Itoa(s.pipeline), "-r", strconv.Itoa(*keys), "--csv").Output()
	if err != nil {
		return nil, fmt.Errorf("redis-benchmark -t %s: %w", test, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		return nil, err
	}
	var list []measurement
	for _, r := range rows[1:] {
		f, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, err
		}
		list = append(list, measurement{r[0], f})
	}
	return list, nil
}

func startRedis(dir string, durable bool) (*exec.Cmd, error) {
	port, err := pgtest.FreePort()
	if err != nil {
		return nil, err
	}
	args := []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""}
	if durable {
		args = append(args, "--appendonly", "yes", "--appendfsync", "always")
	}
	c := exec.Command("redis-server", args...)
	if err := c.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			return c, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.Process.Kill()
	c.Wait()
	return nil, fmt.Errorf("redis-server does not answer")
}

// processorTime is what a process has used so far, in user and system mode; 0
// where the machine does not tell.
func processorTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold spaces.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
