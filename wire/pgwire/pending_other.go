//go:build !unix

package pgwire

import "net"

// pending cannot be told here; the reader waits for whole batches.
func pending(net.Conn) bool { return true }
