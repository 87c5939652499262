package resp

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// # Many connections at once, with commands that a loop runs and others that it hands
// over: each gets its own replies in its own order, and no change is lost.
func TestManyAtOnce(t *testing.T) {
	addr, _ := serve(t)
	const conns, rounds = 30, 40
	var wg sync.WaitGroup
	for n := range conns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := Dial(addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			own, list := fmt.Sprintf("own%d", n), fmt.Sprintf("list%d", n)
			for i := range rounds {
				v := fmt.Sprint(i)
				script := []struct{ command, want string }{
					{"INCR " + own, fmt.Sprintf(":%d", i+1)},
					{"INCR shared", ""},
					{"PING", "+PONG"},
					{"LPUSH " + own + " x", "-WRONGTYPE Operation against a key holding the wrong kind of value"},
					{"RPUSH " + list + " " + v, fmt.Sprintf(":%d", i+1)},
					{"SORT " + list + " LIMIT 0 1 DESC", fmt.Sprintf("*[%q]", v)},
					{"NOSUCH", ""},
					{"SQL SELECT%20" + v, ""},
					{"MULTI", "+OK"},
					{"INCR shared", "+QUEUED"},
					{"GET " + own, "+QUEUED"},
					{"EXEC", ""},
					{"BLPOP none" + v + " 0.001", ""},
					{"GET " + own, fmt.Sprintf("%q", fmt.Sprint(i+1))},
					{"MSET a" + own + " 1 b" + own + " " + v, "+OK"},
					{"MGET a" + own + " b" + own, fmt.Sprintf("*[%q %q]", "1", v)},
				}
				var all []byte
				for _, s := range script {
					args := strings.Fields(s.command)
					for k := range args {
						args[k] = strings.ReplaceAll(args[k], "%20", " ")
					}
					all = Append(all, args...)
				}
				if i%3 == 0 { // in pieces
					c.Conn.Write(all[:len(all)/2])
					time.Sleep(time.Millisecond)
					all = all[len(all)/2:]
				}
				c.Conn.Write(all)
				for _, s := range script {
					got, err := c.Read()
					if err != nil {
						t.Errorf("%s: %v", s.command, err)
						return
					}
					if s.want != "" && got.String() != s.want {
						t.Errorf("%s: %s, want %s", s.command, got, s.want)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
	dial(t, addr).want(t, fmt.Sprintf("%q", fmt.Sprint(2*conns*rounds)), "GET", "shared")
}

// # Who needs a key that a SQL transaction holds waits for it; the others do not.
func TestLoopNeverWaits(t *testing.T) {
	addr, url := serve(t)
	ctx := context.Background()
	pg, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(ctx)
	free := dial(t, addr)
	free.want(t, "+OK", "SET", "held", "1")
	tx, err := pg.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `UPDATE kv.strings SET value = '10' WHERE key = 'held'`); err != nil {
		t.Fatal(err)
	}
	var waiting []*Client
	for range 5 {
		c := dial(t, addr)
		if err := c.Send("INCR", "held"); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	for i := range 100 {
		free.want(t, fmt.Sprintf(":%d", i+1), "INCR", "free")
	}
	free.want(t, `"1"`, "GET", "held")
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, c := range waiting {
		v, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		fmt.Sscanf(v.String(), ":%d", &n)
		sum += n
	}
	if sum != 11+12+13+14+15 {
		t.Errorf("the counts sum up to %d", sum)
	}
}

// # A client that has said all, and closes its half, gets all replies.
func TestHalfClosed(t *testing.T) {
	addr, _ := serve(t)
	for _, n := range []int{1, 10, 5000} {
		c := dial(t, addr)
		var all []byte
		for i := range n {
			all = Append(all, "SET", fmt.Sprintf("key%d", i), "value")
		}
		go func() {
			c.Conn.Write(all)
			c.Conn.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(c.Conn)
		if err != nil || string(got) != strings.Repeat("+OK\r\n", n) {
			t.Errorf("%d commands: %d bytes of replies, %v", n, len(got), err)
		}
	}
}

// # A connection that is killed ends, whoever has it: waiting, idle, or in a pipeline.
func TestKilled(t *testing.T) {
	addr, _ := serve(t)
	admin := dial(t, addr)
	for _, first := range [][]string{nil, {"BLPOP", "nothing", "0"}, {"SUBSCRIBE", "channel"}, {"MULTI"}} {
		c := dial(t, addr)
		v, err := c.Do("CLIENT", "ID")
		if err != nil {
			t.Fatal(err)
		}
		if first != nil {
			c.Send(first...)
		}
		time.Sleep(20 * time.Millisecond)
		admin.want(t, ":1", "CLIENT", "KILL", "ID", strings.TrimPrefix(v.String(), ":"))
		c.Conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.ReadAll(c.Conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%q: %v", first, err)
		}
	}
	admin.want(t, "+PONG", "PING")
}
