package resp

import (
	"context"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"rowkey"
)

// Clients that send nonsense, vanish in the middle of a command or while they
// are blocked, or never read, hurt nobody but themselves.
func TestBadClients(t *testing.T) {
	addr, _ := serve(t)
	good := dial(t, addr)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, rng.IntN(2000))
		for i := range b {
			b[i] = byte(rng.IntN(256))
		}
		switch i % 4 {
		case 1: // nearly a command
			b = append(Append(nil, "SET", "k", string(b))[:rng.IntN(len(b)+10)], b[:len(b)/10]...)
		case 2: // shuffled pieces of commands
			words := strings.Fields("*3 $3 SET $1 k $-1 *1 $4 PING *-1 $0 GET MULTI EXEC BLPOP q 0 SUBSCRIBE x \r\n \r\n \r\n \r\n \r\n")
			var s strings.Builder
			for range rng.IntN(60) {
				s.WriteString(words[rng.IntN(len(words))] + []string{"\r\n", " ", ""}[rng.IntN(3)])
			}
			b = []byte(s.String())
		case 3:
			b = Append(nil, "BLPOP", "nothing", "0")
		}
		c.Write(b)
		if i%3 == 0 {
			c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
		}
		c.Close()
	}
	// One who asks for much and reads nothing does not stop the server.
	good.want(t, "+OK", "SET", "big", strings.Repeat("x", 1<<20))
	lazy := dial(t, addr)
	var asks []byte
	for range 64 {
		asks = Append(asks, "GET", "big")
	}
	lazy.Conn.Write(asks)
	good.want(t, "+PONG", "PING")
	for i := range 64 {
		if v, err := lazy.Read(); err != nil || len(v.Text) != 1<<20 {
			t.Fatal(i, err)
		}
	}
	for range 200 { // those that were blocked are gone by now, or soon
		v, err := good.Do("INFO", "clients")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(v.Text, "connected_clients:2\r\n") && strings.Contains(v.Text, "blocked_clients:0\r\n") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	v, _ := good.Do("CLIENT", "LIST")
	t.Fatalf("clients that are gone are still there:\n%s", v.Text)
}

// A protocol error is told, and ends the connection.
func TestProtocolErrors(t *testing.T) {
	addr, _ := serve(t)
	for in, want := range map[string]string{
		"*1\r\n$x\r\n":           "-ERR Protocol error: invalid bulk length",
		"*x\r\n":                 "-ERR Protocol error: invalid multibulk length",
		"*1\r\n+PING\r\n":        "-ERR Protocol error: expected '$', got '+'",
		"SET k \"unbalanced\r\n": "-ERR Protocol error: unbalanced quotes in request",
	} {
		c := dial(t, addr)
		c.Conn.Write([]byte("PING\r\n" + in + "PING\r\n"))
		c.next(t, "+PONG")
		c.next(t, want)
		if v, err := c.Read(); err == nil {
			t.Errorf("%q: the connection goes on with %s", in, v)
		}
	}
}

// A server that shuts down ends idle, blocked and subscribed connections alike,
// and soon.
func TestShutdown(t *testing.T) {
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- db.Redis().Serve(ctx, l) }()
	idle, waits, listens := dial(t, l.Addr().String()), dial(t, l.Addr().String()), dial(t, l.Addr().String())
	idle.want(t, "+PONG", "PING")
	waits.Send("BLPOP", "q", "0")
	listens.Send("SUBSCRIBE", "c")
	listens.next(t, `*["subscribe" "c" :1]`)
	blocked(t, idle, 1)
	stop()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	start := time.Now()
	db.Redis().Shutdown(end)
	if d := time.Since(start); d > 3*time.Second {
		t.Fatalf("shutting down takes %s", d)
	}
	if _, err := idle.Do("PING"); err == nil {
		t.Fatal("a connection outlives the server")
	}
}
