// Package pgwire serves a database over PostgreSQL's wire protocol, version 3.
//
//	client                         server
//	SSLRequest                     'S', and TLS from there on; 'N' without a certificate
//	StartupMessage                 (AuthenticationSASL …,) AuthenticationOk, ParameterStatus…, BackendKeyData, ReadyForQuery
//	Query                          per statement: RowDescription, DataRow…, CommandComplete; ReadyForQuery
//	Parse Bind Describe Execute    their answers, unsent until Sync, Flush or a full buffer
//	Sync                           ReadyForQuery
//
// One goroutine serves one connection; everything it sends goes through one
// buffer, written to the socket once per reply where possible. Rows are encoded
// from the executor's column vectors straight into that buffer.
//
// After an error in the extended protocol, messages are skipped until Sync.
// A client that breaks the protocol, sends a message over the limit or vanishes
// loses its own connection and nothing else.
//
// Source: PostgreSQL 15 manual, chapter 55.
package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"rowkey/session"
)

// MaxMessageBytes bounds a message from a client; a longer one ends the connection (08P01).
const MaxMessageBytes = 1 << 30

// MaxStartupBytes bounds the startup packet, as PostgreSQL does.
const MaxStartupBytes = 10000

// startupTimeout bounds the time a client may take to introduce itself.
const startupTimeout = 60 * time.Second

// Server accepts connections for one database.
type Server struct {
	db  *session.DB
	log *slog.Logger
	// password: clients must show one.
	password bool
	tls      *tls.Config // nil: no encryption
	tlsOnly  bool

	mu    sync.Mutex
	conns map[*conn]struct{}
	wg    sync.WaitGroup
	done  bool
}

// NewServer makes a server. log may be nil.
func NewServer(db *session.DB, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{db: db, log: log, conns: map[*conn]struct{}{}}
}

// Serve accepts connections until the listener is closed or ctx ends. The
// connections go on: Shutdown ends them.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			s.log.Warn("accept failed", "error", err)
			time.Sleep(50 * time.Millisecond) // too many open files: wait for some to close
			continue
		}
		if tc, ok := c.(*net.TCPConn); ok {
			tc.SetNoDelay(true)
		}
		go s.ServeConn(context.WithoutCancel(ctx), c)
	}
}

// ServeConn serves one connection to its end and closes it.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	if s.done {
		s.mu.Unlock()
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	defer func() {
		nc.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		s.wg.Done()
	}()
	defer func() {
		if r := recover(); r != nil { // a bug: this connection ends, the server does not
			s.log.Error("panic in a connection", "panic", r, "remote", nc.RemoteAddr())
		}
	}()
	c.serve(ctx)
}

// Shutdown ends all connections and waits for them, as long as ctx lets it.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.done = true
	for c := range s.conns {
		c.terminate()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.conns {
			c.nc.Close()
		}
		s.mu.Unlock()
	}
}
