package resp

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// maxPendingBytes bounds the replies that a client leaves unread; past it the
// client is let go. Subscribers, whose messages come unasked, get less.
const (
	maxPendingBytes    = 1 << 30
	maxPendingMessages = 32 << 20
)

var errSlowClient = errors.New("client reads too slowly: output buffer limit")

// outbox sends bytes to a client without ever waiting for it: what the socket
// does not take at once is left to a goroutine. A server that waited would hang
// with a client that sends a long pipeline before it reads the first reply, and
// a publisher would hang with its slowest subscriber.
type outbox struct {
	nc  net.Conn
	raw syscall.RawConn // nil: not a socket of package net
	own tryWriter       // nil: not a loop's

	mu      sync.Mutex
	rest    []byte // not sent yet; the goroutine sends it
	running bool
	err     error
	idle    sync.Cond // the goroutine has ended
	sent    int64
}

// tryWriter writes what can be written without waiting, perhaps nothing.
type tryWriter interface {
	tryWrite(p []byte) (n int, err error)
}

func newOutbox(nc net.Conn) *outbox {
	o := &outbox{nc: nc, own: tryWriterOf(nc)}
	o.idle.L = &o.mu
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			o.raw = raw
		}
	}
	return o
}

// send sends p, in order with other calls; p is the caller's again afterwards.
func (o *outbox) send(p []byte, most int) error {
	if len(p) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.sent += int64(len(p))
	if !o.running {
		n, err := o.try(p)
		if err != nil {
			o.fail(err)
			return err
		}
		p = p[n:]
	}
	if len(p) == 0 {
		return nil
	}
	if len(o.rest)+len(p) > most {
		o.fail(errSlowClient)
		return o.err
	}
	o.rest = append(o.rest, p...)
	if !o.running {
		o.running = true
		go o.drain()
	}
	return nil
}

// try sends what can be sent without waiting, in one system call.
func (o *outbox) try(p []byte) (n int, err error) {
	if o.own != nil {
		return o.own.tryWrite(p)
	}
	if o.raw == nil {
		return 0, nil
	}
	werr := o.raw.Write(func(fd uintptr) bool {
		for {
			n, err = syscall.Write(int(fd), p)
			if err != syscall.EINTR {
				return true
			}
		}
	})
	if err == syscall.EAGAIN {
		return 0, nil
	}
	if werr != nil {
		err = werr
	}
	return max(n, 0), err
}

// drain sends the rest, waiting for the client as long as it takes.
func (o *outbox) drain() {
	o.mu.Lock()
	for len(o.rest) > 0 && o.err == nil {
		p := o.rest
		o.rest = nil
		o.mu.Unlock()
		_, err := o.nc.Write(p)
		o.mu.Lock()
		if err != nil {
			o.fail(err)
		}
	}
	o.running = false
	o.idle.Broadcast()
	o.mu.Unlock()
}

// fail ends the connection. o.mu is held.
func (o *outbox) fail(err error) {
	if o.err == nil {
		o.err = err
		o.rest = nil
		o.nc.Close() // wakes whoever reads from it or writes to it
	}
}

// flush waits until everything is sent, for at most d.
func (o *outbox) flush(d time.Duration) {
	o.nc.SetWriteDeadline(time.Now().Add(d))
	o.mu.Lock()
	for o.running {
		o.idle.Wait()
	}
	o.mu.Unlock()
}
