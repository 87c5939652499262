//go:build !linux

package resp

import (
	"context"
	"net"
)

// loops are not there: each connection has its goroutine.
type loops struct{}

func (l *loops) adopt(*Server, context.Context, net.Conn) bool { return false }

func (l *loops) stop() {}

// terminated is for a loop's connections only.
func (c *conn) terminated() {}

// tryWriterOf finds none.
func tryWriterOf(net.Conn) tryWriter { return nil }
