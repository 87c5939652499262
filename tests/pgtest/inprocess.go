package pgtest

import (
	"context"
	"fmt"
	"net"
	"time"

	"rowkey"
)

// ServeInProcess serves a database of this process on a free port; path "" is in
// memory. Tests under the race detector see the server's side too.
func ServeInProcess(path string, opts ...rowkey.Option) (*Server, error) {
	db, err := rowkey.Open(path, opts...)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		db.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.Server().Serve(ctx, l)
	}()
	return &Server{
		URL: fmt.Sprintf("postgres://postgres@%s/rowkey?sslmode=disable", l.Addr()),
		stop: func() {
			cancel()
			<-done
			end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			db.Server().Shutdown(end)
			db.Close()
		},
	}, nil
}
