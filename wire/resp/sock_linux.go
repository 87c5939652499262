package resp

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sock is a socket that a loop watches, and a net.Conn for the goroutine that has the
// connection meanwhile: Go's own poller, which would be woken at every event, does not
// know of it.
type sock struct {
	fd            int
	local, remote net.Addr

	mu       sync.Mutex // guards writing against release
	released bool
	closed   chan struct{} // by Close
	once     sync.Once

	in, out   signal
	readTill  deadline
	writeTill deadline
}

// signal tells a goroutine that it should try again.
type signal struct {
	waited atomic.Bool
	c      chan struct{}
}

func (s *signal) give() {
	if s.waited.Load() {
		select {
		case s.c <- struct{}{}:
		default:
		}
	}
}

// newSock takes a socket over from a connection of package net, which can be closed then.
func newSock(nc net.Conn) (*sock, error) {
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &sock{local: nc.LocalAddr(), remote: nc.RemoteAddr(), closed: make(chan struct{})}
	s.in.c, s.out.c = make(chan struct{}, 1), make(chan struct{}, 1)
	var dupErr error
	if err := raw.Control(func(fd uintptr) { s.fd, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	return s, dupErr
}

// readable and writable are told by the loop.
func (s *sock) readable() { s.in.give() }
func (s *sock) writable() { s.out.give() }

// tryRead reads without waiting.
func (s *sock) tryRead(p []byte) (n int, err error) {
	for {
		n, err = transfer(unix.SYS_READ, s.fd, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// quickBytes bounds what is copied between the system and the process at one go without
// telling Go's scheduler.
const quickBytes = 64 << 10

// transfer reads or writes, of a socket that does not wait. Such a call is over in
// microseconds, so that the scheduler is not told of it: it would give what runs this
// goroutine to another thread meanwhile, and take it back, for every command.
func transfer(call uintptr, fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > quickBytes {
		if call == unix.SYS_READ {
			return unix.Read(fd, p)
		}
		return unix.Write(fd, p)
	}
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// poll gives the events that are there already, for the same reason.
func poll(epoll int, events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// tryWrite implements tryWriter.
func (s *sock) tryWrite(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released {
		return 0, net.ErrClosed
	}
	for {
		n, err = transfer(unix.SYS_WRITE, s.fd, p)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, nil
		}
		return max(n, 0), err
	}
}

// tryWriterOf gives what writes to a connection without waiting, if there is such.
func tryWriterOf(nc net.Conn) tryWriter {
	if s, ok := nc.(*sock); ok {
		return s
	}
	return nil
}

// Read waits for bytes. Only who has the connection may call it.
func (s *sock) Read(p []byte) (int, error) {
	s.in.waited.Store(true)
	defer s.in.waited.Store(false)
	for {
		n, err := s.tryRead(p)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case err != unix.EAGAIN:
			return max(n, 0), err
		}
		if err := s.await(&s.in, &s.readTill); err != nil {
			return 0, err
		}
	}
}

// Write writes all of p. One goroutine may at a time: the outbox's.
func (s *sock) Write(p []byte) (total int, err error) {
	s.out.waited.Store(true)
	defer s.out.waited.Store(false)
	for {
		n, err := s.tryWrite(p[total:])
		if total += n; err != nil || total == len(p) {
			return total, err
		}
		if err := s.await(&s.out, &s.writeTill); err != nil {
			return total, err
		}
	}
}

func (s *sock) await(on *signal, till *deadline) error {
	passed := till.channel()
	select {
	case <-s.closed:
		return net.ErrClosed
	case <-passed:
		return os.ErrDeadlineExceeded
	default:
	}
	select {
	case <-on.c:
		return nil
	case <-s.closed:
		return net.ErrClosed
	case <-passed:
		return os.ErrDeadlineExceeded
	}
}

// Close ends the traffic, and wakes whoever waits: the loop, too. The descriptor stays
// until release.
func (s *sock) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.released {
			unix.Shutdown(s.fd, unix.SHUT_RDWR)
		}
	})
	return nil
}

// release closes the descriptor, once nobody reads from it or waits for its events.
func (s *sock) release() {
	s.once.Do(func() { close(s.closed) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.released {
		s.released = true
		unix.Close(s.fd)
	}
}

func (s *sock) LocalAddr() net.Addr  { return s.local }
func (s *sock) RemoteAddr() net.Addr { return s.remote }

func (s *sock) SetDeadline(t time.Time) error {
	s.readTill.set(t)
	s.writeTill.set(t)
	return nil
}

func (s *sock) SetReadDeadline(t time.Time) error  { s.readTill.set(t); return nil }
func (s *sock) SetWriteDeadline(t time.Time) error { s.writeTill.set(t); return nil }

// deadline is a time that may be set anew while someone waits for it.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{} // closed when it has; nil: not asked for yet
}

func (d *deadline) channel() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// set sets it; the zero time is never.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		close(d.passed)
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.timer == timer { // not set anew meanwhile
			d.timer = nil
			close(d.passed)
		}
	})
	d.timer = timer
}
