package resp

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// loops are a server's, made when the first connection comes.
type loops struct {
	mu      sync.Mutex
	all     []*loop
	next    int
	failed  bool // to be made: connections get goroutines
	stopped bool
}

// maxLoops bounds the loops; half of the processors are left to the goroutines.
const maxLoops = 8

// adopt makes a connection a loop's; false if it cannot be.
func (ls *loops) adopt(s *Server, ctx context.Context, nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return false
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.failed || ls.stopped {
		return false
	}
	if ls.all == nil {
		for range min(max(runtime.GOMAXPROCS(0)/2, 1), maxLoops) {
			l, err := newLoop(s)
			if err != nil {
				s.log.Warn("connections are served by goroutines", "error", err)
				ls.failed = true
				for _, l := range ls.all {
					l.post(nil)
				}
				return false
			}
			ls.all = append(ls.all, l)
			go l.run()
		}
	}
	l := ls.all[ls.next%len(ls.all)]
	sk, err := newSock(nc)
	if err != nil {
		return false
	}
	ls.next++
	nc.Close() // the socket lives on in sk
	ctx, cancel := context.WithCancel(ctx)
	c := newConn(s, sk, cancel)
	c.home, c.ctx = l, ctx
	if !s.enter(c) {
		cancel()
		sk.release()
		return true
	}
	l.post(c)
	return true
}

// stop ends the loops, once they have no connections any more.
func (ls *loops) stop() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.stopped = true
	for _, l := range ls.all {
		l.post(nil)
	}
	ls.all = nil
}

// loop serves the connections that it has.
type loop struct {
	s     *Server
	epoll int
	bell  int // an event counter that wakes the loop
	conns map[int]*conn
	batch batcher
	again []*conn // have more to read that the system will not tell of again

	loaded bool // several connections were ready the last time
	asleep atomic.Bool
	mu     sync.Mutex
	inbox  []*conn // new, given back, or to be ended; nil stops the loop
}

func newLoop(s *Server) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, bell, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(bell)})
	}
	if err != nil {
		unix.Close(epoll)
		return nil, err
	}
	l := &loop{s: s, epoll: epoll, bell: bell, conns: map[int]*conn{}}
	l.batch = batcher{runner: s.keys.Runner(), most: 48, log: func(p any) {
		s.log.Error("panic in commands of several connections", "panic", p, "stack", stack())
	}}
	if s.keys.CombinesCommits() {
		l.batch.most = 32 * maxBatch
	}
	return l, nil
}

// post puts a connection into the inbox.
func (l *loop) post(c *conn) {
	l.mu.Lock()
	l.inbox = append(l.inbox, c)
	l.mu.Unlock()
	if l.asleep.Load() {
		unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // full: it rings already
	}
}

// giveBack implements home.
func (l *loop) giveBack(c *conn) {
	c.back.Store(true)
	l.post(c)
}

// events that are asked for, once for the life of a connection: each is told when it
// comes to be, so that reading goes on until nothing is left.
const wanted = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func (l *loop) run() {
	defer unix.Close(l.epoll)
	defer unix.Close(l.bell)
	events := make([]unix.EpollEvent, 256)
	var ready []*conn
	for {
		n := l.wait(events, len(ready) > 0)
		for i := range events[:n] {
			ev := &events[i]
			fd := int(ev.Fd)
			if fd == l.bell {
				var b [8]byte
				unix.Read(l.bell, b[:])
				continue
			}
			c := l.conns[fd]
			if c == nil {
				continue
			}
			sk := c.nc.(*sock)
			if ev.Events&^unix.EPOLLIN != 0 {
				sk.writable()
			}
			if ev.Events&^unix.EPOLLOUT == 0 {
				continue
			}
			if ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
				c.hungUp = true
			}
			if c.away {
				sk.readable()
			} else {
				ready = append(ready, c)
			}
		}
		var stop bool
		if ready, stop = l.open(ready); stop {
			return
		}
		if len(ready) > 0 {
			l.serve(ready)
		}
		clear(ready)
		ready = append(ready[:0], l.again...)
		clear(l.again)
		l.again = l.again[:0]
	}
}

// wait waits for events; not at all when there is something to do.
func (l *loop) wait(events []unix.EpollEvent, busy bool) int {
	if l.loaded { // more will have come meanwhile
		if n := poll(l.epoll, events); n > 0 {
			l.loaded = n > 1
			return n
		}
	}
	l.asleep.Store(true)
	l.mu.Lock()
	timeout := -1
	if busy || len(l.inbox) > 0 {
		timeout = 0
	}
	l.mu.Unlock()
	n, err := unix.EpollWait(l.epoll, events, timeout)
	l.asleep.Store(false)
	if err != nil { // interrupted
		return 0
	}
	l.loaded = n > 1
	return n
}

// open takes what is in the inbox, and gives those that may have something to read.
func (l *loop) open(ready []*conn) (_ []*conn, stop bool) {
	l.mu.Lock()
	in := l.inbox
	l.inbox = nil
	l.mu.Unlock()
	for _, c := range in {
		if c == nil {
			return ready, true
		}
		sk := c.nc.(*sock)
		switch {
		case l.conns[sk.fd] != c:
			if c.over {
				continue
			}
			l.conns[sk.fd] = c
			if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, sk.fd, &unix.EpollEvent{Events: wanted, Fd: int32(sk.fd)}); err != nil {
				l.s.log.Warn("connection cannot be waited for", "error", err)
				l.remove(c)
			}
			continue // what is there already is told as an event
		case c.back.Swap(false):
			c.away = false
			if c.quit {
				l.remove(c)
				continue
			}
		case c.away:
			continue // ends when it comes back
		}
		ready = append(ready, c)
	}
	return ready, false
}

// remove ends a connection that is the loop's.
func (l *loop) remove(c *conn) {
	sk := c.nc.(*sock)
	unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, sk.fd, nil)
	delete(l.conns, sk.fd)
	c.over = true
	go func() {
		defer l.s.left(c)
		defer sk.release()
		defer c.cancel()
		defer c.recovered()
		c.close()
	}()
}

// serve reads from connections, runs what came and sends the replies.
func (l *loop) serve(ready []*conn) {
	now := time.Now().UnixMilli()
	k := 0
	for _, c := range ready {
		if c.away || c.over || c.listed || !l.read(c, now) {
			continue
		}
		c.listed = true
		ready[k] = c
		k++
	}
	ready = ready[:k]
	for _, c := range ready {
		c.listed = false
	}
	for len(ready) > 0 {
		for _, c := range ready {
			c.gather()
		}
		l.batch.run(ready, l.handOver)
		k = 0
		for _, c := range ready {
			switch {
			case c.away:
			case !c.next.there:
				l.finish(c)
			case c.inLoop():
				c.runNext(c.ctx)
				if len(c.out.Buf) > sendBytes {
					c.send()
				}
				ready[k] = c
				k++
			default:
				l.handOver(c)
			}
		}
		ready = ready[:k]
	}
}

// finish sends the replies and tells the server what was run.
func (l *loop) finish(c *conn) {
	c.send()
	c.counted()
	if c.quit {
		l.handOver(c)
	}
}

// read reads what has arrived; false if there is nothing to run.
func (l *loop) read(c *conn, now int64) bool {
	if c.ending.Load() {
		l.remove(c)
		return false
	}
	p, err := c.in.space()
	if err != nil {
		l.s.log.Warn("closing a client", "id", c.id, "error", err)
		l.remove(c)
		return false
	}
	n, err := c.nc.(*sock).tryRead(p)
	switch {
	case err == unix.EAGAIN:
		return false
	case n <= 0:
		if err != nil {
			l.s.log.Debug("connection lost", "id", c.id, "error", err)
		}
		l.remove(c)
		return false
	}
	if n == len(p) || c.hungUp {
		l.again = append(l.again, c)
	}
	c.in.read(n)
	c.lastAt.Store(now)
	return true
}

// handOver gives a connection to a goroutine, with what it has gathered and not run.
func (l *loop) handOver(c *conn) {
	c.away = true
	go c.visit(c.ctx)
}

// terminated makes the loop look at the connection, to end it.
func (c *conn) terminated() {
	if l, ok := c.home.(*loop); ok {
		l.post(c)
	}
}
