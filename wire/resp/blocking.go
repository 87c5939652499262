package resp

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/keyspace"
)

// Blocking commands. A command that finds nothing joins the queue of each of its
// keys. Whoever makes a list or sorted set come to be, by a command or by SQL,
// serves the queue of its key after the commit and before the reply, from the
// longest waiting on: it runs the waiter's command again, about that key alone,
// and hands over the reply.
//
//	client A  BLPOP k 0      queue of k: A
//	client B  BLPOP k 0      queue of k: A B
//	client C  RPUSH k x y    commit; run BLPOP k for A → x, for B → y; then reply to C
//
// One goroutine serves at a time; keys that come to be meanwhile (BLMOVE makes
// some) wait in ready for it.
type waiters struct {
	n  atomic.Int64 // waiting; who makes a list looks here first
	mu sync.Mutex
	// queues are in the order of coming; a waiter stands in one for each key.
	queues  map[waitKey][]*waiter
	ready   []waitKey
	serving bool
	runner  *keyspace.Runner
}

type waitKey struct {
	db  int
	key string
}

// waiter is a blocked connection.
type waiter struct {
	c       *conn
	cmd     *command
	args    [][]byte
	keys    []waitKey
	reply   keyspace.Reply
	done    chan struct{} // closed when reply is there
	over    bool          // served, timed out or gone; guarded by waiters.mu
	serving chan struct{} // closed when an attempt for it is over; nil: none under way
}

// nothing tells that a reply is null, the answer of a blocking command that has
// found nothing.
func nothing(reply []byte) bool {
	switch string(reply) {
	case "*-1\r\n", "$-1\r\n", "_\r\n":
		return true
	}
	return false
}

// runBlocking runs a blocking command outside of MULTI.
func (c *conn) runBlocking(ctx context.Context, cmd *command, args [][]byte) {
	mark := len(c.out.Buf)
	req := []keyspace.Request{{DB: c.db, Cmd: cmd.keys, Args: args}}
	c.runner.Run(ctx, req, &c.out)
	if !nothing(c.out.Buf[mark:]) {
		return
	}
	timeout, err := cmd.keys.Timeout(args)
	if err != nil {
		return
	}
	c.out.Buf = c.out.Buf[:mark]
	c.send() // what came before must not wait
	w := &waiter{c: c, cmd: cmd, done: make(chan struct{}), reply: keyspace.Reply{Resp3: c.out.Resp3}}
	for _, a := range args {
		w.args = append(w.args, bytes.Clone(a))
	}
	sources := cmd.keys.AppendKeys(nil, w.args)
	if cmd.keys.LastKey == 2 {
		sources = sources[:1] // the other one is the destination
	}
	for _, k := range sources {
		w.keys = append(w.keys, waitKey{c.db, string(k)})
	}
	ws := &c.s.waiters
	ws.join(w)
	c.blocked.Store(w)
	c.show()
	// Something may have come between the first look and the queue.
	ws.wake(w.keys)
	c.wait(ctx, w, timeout)
	c.blocked.Store(nil)
	c.show()
}

// wait waits until w is served, its time is over, or the client goes.
func (c *conn) wait(ctx context.Context, w *waiter, timeout time.Duration) {
	ws := &c.s.waiters
	var over <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-w.done: // need not look at the socket
		c.out.Buf = append(c.out.Buf, w.reply.Buf...)
		return
	default:
	}
	gone, stop := c.watchSocket()
	defer stop()
	select {
	case <-w.done:
	case <-over:
		ws.leave(w)
	case <-gone:
		ws.leave(w)
		c.quit = true
	case <-ctx.Done():
		ws.leave(w)
		c.quit = true
	}
	select {
	case <-w.done: // perhaps served at the last moment
		c.out.Buf = append(c.out.Buf, w.reply.Buf...)
	default:
		w.timedOut(&c.out)
	}
}

// timedOut writes the reply to one who has waited in vain.
func (w *waiter) timedOut(out *keyspace.Reply) {
	if w.cmd.keys.LastKey == 2 {
		out.Null()
	} else {
		out.NullArray()
	}
}

// watchSocket reads ahead while the connection is blocked, so that a client that
// goes is noticed. stop ends it; what was read is the next commands.
func (c *conn) watchSocket() (gone <-chan struct{}, stop func()) {
	lost, ended := make(chan struct{}), make(chan struct{})
	var stopping atomic.Bool
	go func() {
		defer close(ended)
		for !stopping.Load() {
			if c.in.end-c.in.start > maxAhead {
				<-time.After(50 * time.Millisecond)
				continue
			}
			n, err := c.nc.Read(c.in.ahead())
			c.in.read(n)
			if err != nil {
				if !stopping.Load() {
					close(lost)
				}
				return
			}
		}
	}()
	return lost, func() {
		stopping.Store(true)
		c.nc.SetReadDeadline(time.Unix(1, 0))
		<-ended
		if !c.ending.Load() {
			c.nc.SetReadDeadline(time.Time{})
		}
	}
}

// maxAhead bounds what a blocked client may send meanwhile before it is left in
// the socket.
const maxAhead = 1 << 20

func (ws *waiters) join(w *waiter) {
	ws.n.Add(1)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.queues == nil {
		ws.queues = map[waitKey][]*waiter{}
	}
	for i, k := range w.keys {
		twice := false
		for _, other := range w.keys[:i] {
			twice = twice || other == k
		}
		if !twice {
			ws.queues[k] = append(ws.queues[k], w)
		}
	}
}

// leave takes w out of the queues, once an attempt for it that is under way is over.
func (ws *waiters) leave(w *waiter) {
	ws.mu.Lock()
	for w.serving != nil {
		s := w.serving
		ws.mu.Unlock()
		<-s
		ws.mu.Lock()
	}
	ws.remove(w)
	ws.mu.Unlock()
}

// remove ends w's waiting. ws.mu is held.
func (ws *waiters) remove(w *waiter) {
	if w.over {
		return
	}
	w.over = true
	ws.n.Add(-1)
	for _, k := range w.keys {
		q := ws.queues[k]
		for i, other := range q {
			if other == w {
				q = append(q[:i:i], q[i+1:]...)
				break
			}
		}
		if len(q) == 0 {
			delete(ws.queues, k)
		} else {
			ws.queues[k] = q
		}
	}
}

// came is told of every list and sorted set that comes to be.
func (ws *waiters) came(db int, key string) {
	if ws.n.Load() > 0 {
		ws.wake([]waitKey{{db, key}})
	}
}

// wake serves those who wait for keys, unless somebody is at it, who then goes on
// with these.
func (ws *waiters) wake(keys []waitKey) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.ready = append(ws.ready, keys...)
	if ws.serving {
		return
	}
	ws.serving = true
	defer func() { ws.serving = false }()
	for len(ws.ready) > 0 {
		k := ws.ready[0]
		ws.ready = ws.ready[1:]
		ws.serve(k)
	}
	ws.ready = nil
}

// serve runs the commands of those who wait for a key, in order, for as long as
// there is something for them. ws.mu is held, but not while a command runs.
func (ws *waiters) serve(k waitKey) {
	var none [2]bool // nothing (left) for those who want a list, a sorted set
	for _, w := range slices.Clone(ws.queues[k]) {
		kind := 0
		if w.cmd.name[1] == 'z' {
			kind = 1
		}
		if w.over || none[kind] {
			continue
		}
		w.serving = make(chan struct{})
		ws.mu.Unlock()
		served := ws.try(w, k)
		ws.mu.Lock()
		close(w.serving)
		w.serving = nil
		if !served {
			none[kind] = true
			continue
		}
		ws.remove(w)
		close(w.done)
	}
}

// try runs a waiter's command about one key; false when there was nothing for it.
func (ws *waiters) try(w *waiter, k waitKey) bool {
	ctx := context.Background()
	w.reply.Reset()
	args := w.cmd.keys.Retry(w.args, []byte(k.key))
	ws.runner.Run(ctx, []keyspace.Request{{DB: k.db, Cmd: w.cmd.keys, Args: args}}, &w.reply)
	switch {
	case nothing(w.reply.Buf):
		return false
	case w.reply.Buf[0] == '-' && w.cmd.keys.LastKey != 2:
		return false // of another type: not what it waits for
	case w.reply.Buf[0] == '-':
		// A destination of another type is the client's fault; the source is not.
		var t keyspace.Reply
		ws.runner.Run(ctx, []keyspace.Request{{DB: k.db, Cmd: keyspace.Find([]byte("type")), Args: [][]byte{[]byte("type"), []byte(k.key)}}}, &t)
		return string(t.Buf) == "+list\r\n"
	}
	return true
}

// unblock ends a client's waiting, as if its time were over or with an error.
func (s *Server) unblock(c *conn, withError bool) bool {
	w := c.blocked.Load()
	if w == nil {
		return false
	}
	ws := &s.waiters
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.over || w.serving != nil {
		return false
	}
	ws.remove(w)
	w.reply.Reset()
	if withError {
		w.reply.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
	} else {
		w.timedOut(&w.reply)
	}
	close(w.done)
	return true
}
