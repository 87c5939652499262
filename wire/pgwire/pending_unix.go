//go:build unix

package pgwire

import (
	"net"
	"syscall"
)

// pending tells whether bytes, or the connection's end, have arrived.
func pending(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	there := true
	var one [1]byte
	if err := raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		there = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK
		return true
	}); err != nil {
		return true
	}
	return there
}
