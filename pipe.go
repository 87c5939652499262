package rowkey

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// newPipe gives the two ends of a connection within the process. Unlike
// net.Pipe it buffers, so that a writer need not wait for the reader.
func newPipe() (client, server net.Conn) {
	a, b := newHalf(), newHalf()
	return &pipeEnd{in: a, out: b}, &pipeEnd{in: b, out: a}
}

// half is one direction of a pipe.
type half struct {
	mu       sync.Mutex
	cond     *sync.Cond
	buf      []byte
	closed   bool
	deadline time.Time
	timer    *time.Timer
}

// pipeBuffer is how much may be written ahead of the reader.
const pipeBuffer = 1 << 20

func newHalf() *half {
	h := &half{}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.buf) == 0 {
		if h.closed {
			return 0, io.EOF
		}
		if h.expired() {
			return 0, os.ErrDeadlineExceeded
		}
		h.cond.Wait()
	}
	n := copy(p, h.buf)
	if h.buf = h.buf[n:]; len(h.buf) == 0 {
		h.buf = nil
	}
	h.cond.Broadcast()
	return n, nil
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.buf) > pipeBuffer && !h.closed {
		h.cond.Wait()
	}
	if h.closed {
		return 0, io.ErrClosedPipe
	}
	h.buf = append(h.buf, p...)
	h.cond.Broadcast()
	return len(p), nil
}

func (h *half) expired() bool { return !h.deadline.IsZero() && !time.Now().Before(h.deadline) }

func (h *half) setDeadline(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deadline = t
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
	if !t.IsZero() {
		h.timer = time.AfterFunc(time.Until(t), func() {
			h.mu.Lock()
			h.cond.Broadcast()
			h.mu.Unlock()
		})
	}
	h.cond.Broadcast()
}

func (h *half) close() {
	h.mu.Lock()
	h.closed = true
	h.cond.Broadcast()
	h.mu.Unlock()
}

// pipeEnd is one end of a pipe (net.Conn).
type pipeEnd struct{ in, out *half }

func (e *pipeEnd) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *pipeEnd) Write(p []byte) (int, error) { return e.out.write(p) }
func (e *pipeEnd) Close() error {
	e.in.close()
	e.out.close()
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "inprocess" }
func (pipeAddr) String() string  { return "inprocess" }

func (e *pipeEnd) LocalAddr() net.Addr                { return pipeAddr{} }
func (e *pipeEnd) RemoteAddr() net.Addr               { return pipeAddr{} }
func (e *pipeEnd) SetDeadline(t time.Time) error      { e.in.setDeadline(t); return nil }
func (e *pipeEnd) SetReadDeadline(t time.Time) error  { e.in.setDeadline(t); return nil }
func (e *pipeEnd) SetWriteDeadline(t time.Time) error { return nil }
