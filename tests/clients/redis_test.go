package clients

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"rowkey/tests/pgtest"
)

// serveRedis starts a server with both protocols and gives its URL and the
// address for Redis clients.
func serveRedis(t testing.TB, data string) (url, addr string) {
	t.Helper()
	port, err := pgtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	addr = fmt.Sprintf("127.0.0.1:%d", port)
	s, err := pgtest.StartRowkey(program, data, "--redis", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s.URL, addr
}

// foundingRedis is the Redis half of the comparison that the project began
// with, as it is written everywhere; only the port is not 6379.
const foundingRedis = `
import json, sys
import redis

r = redis.Redis(host='localhost', port=int(sys.argv[1]), db=0)

user_profile = {"name": "Alice", "age": 30}
r.set("user:100", json.dumps(user_profile))

profile = json.loads(r.get("user:100"))
print(profile["name"])
`

// debianPython is the Python that Debian's packages of clients belong to.
const debianPython = "/usr/bin/python3"

func needPythonRedis(t *testing.T) {
	t.Helper()
	if err := exec.Command(debianPython, "-c", "import redis").Run(); err != nil {
		t.Skip("redis-py is not installed (Debian's package python3-redis)")
	}
}

func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	c := exec.Command(debianPython, append([]string{"-"}, args...)...)
	c.Stdin = strings.NewReader(script)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// The founding example: what a Redis client writes comes back from SQL, joined
// to a table; what SQL changes is what the client gets.
func TestFoundingRedis(t *testing.T) {
	needPythonRedis(t)
	for _, data := range []string{"", t.TempDir()} {
		url, addr := serveRedis(t, data)
		port := addr[strings.LastIndexByte(addr, ':')+1:]
		if got := python(t, foundingRedis, port); got != "Alice" {
			t.Fatalf("the founding example prints %q", got)
		}
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, schema); err != nil {
			t.Fatal(err)
		}
		const joined = `SELECT e.Name, d.DepartmentName, convert_from(s.value, 'UTF8')::jsonb ->> 'age'
			FROM kv.strings s
			JOIN Employees e ON e.Name = convert_from(s.value, 'UTF8')::jsonb ->> 'name'
			JOIN Departments d ON d.ID = e.DepartmentID
			WHERE s.key = 'user:100'`
		if psql, err := exec.LookPath("psql"); err == nil {
			out, err := exec.Command(psql, "-X", "-A", "-t", "-c", joined, url).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != "Alice|Engineering|30" {
				t.Fatalf("psql: %v\n%s", err, out)
			}
		} else {
			t.Log("psql is not installed: the join is asked with pgx only")
		}
		var name, department, age string
		if err := conn.QueryRow(ctx, joined).Scan(&name, &department, &age); err != nil || name+department+age != "AliceEngineering30" {
			t.Fatal(name, department, age, err)
		}
		if _, err := conn.Exec(ctx, `UPDATE kv.strings SET value = convert_to((convert_from(value, 'UTF8')::jsonb || '{"age": 31}')::text, 'UTF8') WHERE key = 'user:100'`); err != nil {
			t.Fatal(err)
		}
		if got := python(t, `
import json, sys, redis
print(json.loads(redis.Redis(port=int(sys.argv[1])).get("user:100"))["age"])`, port); got != "31" {
			t.Fatalf("after the UPDATE r.get gives age %s", got)
		}
		if _, err := conn.Exec(ctx, `INSERT INTO kv.hashes (key, field, value) VALUES ('h', 'f', 'from SQL')`); err != nil {
			t.Fatal(err)
		}
		if got := python(t, `
import sys, redis
print(redis.Redis(port=int(sys.argv[1]), decode_responses=True).hgetall("h"))`, port); got != "{'f': 'from SQL'}" {
			t.Fatalf("hgetall gives %s", got)
		}
	}
}

// redis-py: types, pipelines, transactions with WATCH, publish and subscribe,
// blocking, scripts' absence, SQL.
func TestRedisPy(t *testing.T) {
	needPythonRedis(t)
	_, addr := serveRedis(t, "")
	script, err := os.ReadFile("testdata/redis_py.py")
	if err != nil {
		t.Fatal(err)
	}
	if got := python(t, string(script), addr[strings.LastIndexByte(addr, ':')+1:]); got != "ok" {
		t.Fatal(got)
	}
}

func TestRedisCli(t *testing.T) {
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("redis-cli is not installed (Debian's package redis-tools)")
	}
	_, addr := serveRedis(t, "")
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	for _, resp := range []string{"-2", "-3"} {
		c := exec.Command(cli, resp, "-p", port)
		c.Stdin = strings.NewReader("FLUSHALL\nSET k \"a b\"\nGET k\nHSET h f 1\nHGETALL h\nZADD z 1.5 m\nZSCORE z m\nMULTI\nINCR n\nGET n\nEXEC\nSQL \"SELECT 1 AS one\"\nNOSUCH x\n")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("redis-cli %s: %v\n%s", resp, err, out)
		}
		got := strings.Join(strings.Fields(string(out)), " ")
		const want = "OK OK a b 1 f 1 1 1.5 OK QUEUED QUEUED 1 1 one 1 ERR unknown command 'NOSUCH', with args beginning with: 'x'"
		if got != want {
			t.Errorf("redis-cli %s:\n got %s\nwant %s", resp, got, want)
		}
	}
	// Bulk loading, and what is there afterwards.
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, "*3\r\n$3\r\nSET\r\n$8\r\nkey:%04d\r\n$5\r\nvalue\r\n", i)
	}
	c := exec.Command(cli, "-p", port, "--pipe")
	c.Stdin = strings.NewReader(b.String())
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "errors: 0, replies: 10000") {
		t.Fatalf("redis-cli --pipe: %v\n%s", err, out)
	}
	out, err := exec.Command(cli, "-p", port, "--scan", "--pattern", "key:*").Output()
	if n := strings.Count(string(out), "\n"); err != nil || n != 10000 {
		t.Fatalf("redis-cli --scan finds %d keys: %v", n, err)
	}
}

func TestGoRedis(t *testing.T) {
	_, addr := serveRedis(t, "")
	for _, protocol := range []int{2, 3} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		c := redis.NewClient(&redis.Options{Addr: addr, Protocol: protocol, ClientName: "go", DB: 1})
		defer c.Close()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("RESP%d: %v", protocol, err)
			}
		}
		must(c.FlushDB(ctx).Err())
		must(c.Set(ctx, "k", "v", time.Minute).Err())
		if v, err := c.Get(ctx, "k").Result(); v != "v" || err != nil {
			t.Fatal(v, err)
		}
		if _, err := c.Get(ctx, "none").Result(); err != redis.Nil {
			t.Fatal(err)
		}
		must(c.HSet(ctx, "h", "a", 1, "b", "two").Err())
		if m, err := c.HGetAll(ctx, "h").Result(); fmt.Sprint(m) != "map[a:1 b:two]" || err != nil {
			t.Fatal(m, err)
		}
		must(c.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "x"}, redis.Z{Score: 2.5, Member: "y"}).Err())
		if z, err := c.ZRangeWithScores(ctx, "z", 0, -1).Result(); fmt.Sprint(z) != "[{1 x} {2.5 y}]" || err != nil {
			t.Fatal(z, err)
		}
		p := c.Pipeline()
		n := p.Incr(ctx, "n")
		l := p.RPush(ctx, "l", "a", "b")
		_, err := p.Exec(ctx)
		must(err)
		if n.Val() != 1 || l.Val() != 2 {
			t.Fatal(n, l)
		}
		// Optimistic locking: the transaction is refused when the key changed.
		err = c.Watch(ctx, func(tx *redis.Tx) error {
			must(c.Incr(ctx, "n").Err())
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Set(ctx, "n", 100, 0); return nil })
			return err
		}, "n")
		if err != redis.TxFailedErr {
			t.Fatal(err)
		}
		sub := c.Subscribe(ctx, "news")
		defer sub.Close()
		_, err = sub.Receive(ctx)
		must(err)
		must(c.Publish(ctx, "news", "hello").Err())
		if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "hello" {
			t.Fatal(m, err)
		}
		done := make(chan []string, 1)
		go func() { v, _ := c.BLPop(ctx, 10*time.Second, "later").Result(); done <- v }()
		time.Sleep(20 * time.Millisecond)
		must(c.RPush(ctx, "later", "now").Err())
		if v := <-done; fmt.Sprint(v) != "[later now]" {
			t.Fatal(v)
		}
		rows, err := c.Do(ctx, "SQL", "SELECT $1::int + 1 AS n", "41").Slice()
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		it := c.Scan(ctx, 0, "*", 2).Iterator()
		found := 0
		for it.Next(ctx) {
			found++
		}
		if must(it.Err()); found != 5 {
			t.Fatalf("SCAN finds %d keys", found)
		}
	}
}

// node-redis and ioredis, from npm (NODE_PATH) or Debian.
func TestNode(t *testing.T) {
	_, addr := serveRedis(t, "")
	for _, lib := range []struct{ name, script string }{{"redis", "testdata/node_redis.js"}, {"ioredis", "testdata/ioredis.js"}} {
		t.Run(lib.name, func(t *testing.T) {
			node, env := needNode(t, lib.name)
			script, err := filepath.Abs(lib.script)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			c := exec.CommandContext(ctx, node, script, addr[strings.LastIndexByte(addr, ':')+1:])
			c.Env = env
			if out, err := c.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "ok" {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
