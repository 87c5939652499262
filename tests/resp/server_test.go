package resp

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"rowkey"
)

// serve opens a database in memory and gives the addresses of its two protocols.
func serve(t testing.TB) (redis, postgres string) {
	t.Helper()
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	rl, pl := listen(), listen()
	go db.Redis().Serve(ctx, rl)
	go db.Server().Serve(ctx, pl)
	t.Cleanup(func() {
		stop()
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		db.Redis().Shutdown(end)
		db.Server().Shutdown(end)
		db.Close()
	})
	return rl.Addr().String(), "postgres://postgres@" + pl.Addr().String() + "/rowkey?sslmode=disable"
}

func dial(t testing.TB, addr string) *Client {
	t.Helper()
	c, err := Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// do runs a command and wants a reply.
func (c *Client) want(t testing.TB, want string, args ...string) {
	t.Helper()
	v, err := c.Do(args...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if v.String() != want {
		t.Fatalf("%q: got %s, want %s", args, v, want)
	}
}

// next wants a reply that was asked for before, or a message.
func (c *Client) next(t testing.TB, want string) {
	t.Helper()
	v, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	if v.String() != want {
		t.Fatalf("got %s, want %s", v, want)
	}
}

// Blocked clients are served in the order of their coming, by the one who makes
// the list, before it gets its own reply; and no element is lost or given twice
// when they come while lists do.
func TestBlockedInOrder(t *testing.T) {
	addr, _ := serve(t)
	push := dial(t, addr)
	waiters := make([]*Client, 5)
	for i := range waiters {
		waiters[i] = dial(t, addr)
		waiters[i].Send("BLPOP", "q", "0")
		blocked(t, push, i+1)
	}
	push.want(t, ":5", "RPUSH", "q", "a", "b", "c", "d", "e")
	push.want(t, ":0", "LLEN", "q")
	for i, w := range waiters {
		w.next(t, fmt.Sprintf(`*["q" "%c"]`, 'a'+i))
	}
}

// blocked waits until so many clients are blocked.
func blocked(t *testing.T, c *Client, n int) {
	t.Helper()
	want := fmt.Sprintf("\r\nblocked_clients:%d\r\n", n)
	for range 500 {
		v, err := c.Do("INFO", "clients")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(v.Text, want) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("there are not %d blocked clients", n)
}

// A waiter with a destination of another type gets its error; the element goes
// to the next. The clients come at the same time as the list, in every order.
func TestBlockedRace(t *testing.T) {
	addr, _ := serve(t)
	push, a, b := dial(t, addr), dial(t, addr), dial(t, addr)
	for range 300 {
		push.want(t, "+OK", "FLUSHALL")
		push.want(t, "+OK", "SET", "target1", "no list")
		a.Send("BRPOPLPUSH", "list", "target1", "0")
		b.Send("BRPOPLPUSH", "list", "target2", "0")
		push.want(t, ":1", "LPUSH", "list", "foo")
		b.next(t, `"foo"`)
		push.want(t, `*["foo"]`, "LRANGE", "target2", "0", "-1")
		push.want(t, ":1", "RPUSH", "list", "for a, if b was first")
		v, err := a.Read()
		if err != nil || v.Kind != '-' {
			t.Fatal(v, err)
		}
	}
}
