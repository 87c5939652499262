// Package resp serves a database over the Redis protocol, RESP2 and RESP3.
//
//	client                         server
//	*3 $3 SET $1 k $1 v            +OK
//	PING                           +PONG            a line of words is a command too
//	HELLO 3                        %7 …             from here on RESP3
//	*2 $3 SQL $8 SELECT 1          rows             the other language, same transaction
//
// What a connection has sent is read with one system call, the commands found in it
// are run in place (reader.go), and their replies written with one more (outbox.go),
// by a loop that serves many connections (loop.go), or a goroutine for one. Nobody
// waits for a client to read. Commands on keys are package keyspace's; those about the connection and
// the server are here, in the same table's form, so that COMMAND tells of both.
//
//	conn.go      a connection: read, run, write
//	loop.go      many at once; loop_linux.go, sock_linux.go: what waits for them
//	commands.go  the table of the commands that are here
//	multi.go     MULTI, EXEC, WATCH: one serialisable transaction
//	blocking.go  BLPOP and its kin: who waits for which key, in what order
//	pubsub.go    SUBSCRIBE, PUBLISH
//	sql.go       SQL and its rows
//
// A client that breaks the protocol is told how and let go; one that vanishes or
// sends random bytes loses its own connection and nothing else.
//
// Source: https://redis.io/docs/reference/protocol-spec/ and Redis 7.0's behaviour.
package resp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/keyspace"
	"rowkey/session"
)

// Server accepts connections for one database.
type Server struct {
	db      *session.DB
	keys    *keyspace.Keyspace
	log     *slog.Logger
	config  config
	hub     hub
	waiters waiters
	loops   loops
	born    time.Time
	runID   string

	mu     sync.Mutex
	conns  map[int64]*conn
	nextID int64
	wg     sync.WaitGroup
	done   bool

	paused       atomic.Bool
	pauseMu      sync.Mutex
	pauseEnd     time.Time
	pauseAll     bool
	pauseChanged chan struct{} // closed when the pause is set anew

	connections, commands, rejected atomic.Int64
}

// NewServer makes a server. log may be nil.
func NewServer(db *session.DB, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{db: db, keys: db.Keyspace(), log: log, conns: map[int64]*conn{}, born: time.Now()}
	s.waiters.runner = s.keys.Runner()
	s.keys.OnReady(s.waiters.came)
	s.config.init()
	var id [20]byte
	rand.Read(id[:])
	s.runID = hex.EncodeToString(id[:])
	s.hub.init()
	return s
}

// SetPassword makes clients authenticate before anything else; "" lets them in
// without. It is CONFIG SET requirepass.
func (s *Server) SetPassword(password string) {
	s.config.set([][]byte{[]byte("requirepass"), []byte(password)})
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
			s.log.Warn("accept failed", "error", err)
			time.Sleep(50 * time.Millisecond) // too many open files: wait for some to close
			continue
		}
		if tc, ok := c.(*net.TCPConn); ok {
			tc.SetNoDelay(true)
		}
		if own := context.WithoutCancel(ctx); !s.loops.adopt(s, own, c) {
			go s.ServeConn(own, c)
		}
	}
}

// ServeConn serves one connection to its end and closes it.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := newConn(s, nc, cancel)
	if !s.enter(c) {
		nc.Close()
		return
	}
	defer s.left(c)
	defer nc.Close()
	defer c.close()
	defer c.recovered()
	c.serve(ctx)
}

// enter makes a connection one of the server's; false, told to the client, if it takes
// no more.
func (s *Server) enter(c *conn) bool {
	s.mu.Lock()
	full := int64(len(s.conns)) >= s.config.maxClients()
	if s.done || full {
		s.mu.Unlock()
		if full {
			s.rejected.Add(1)
			c.nc.SetWriteDeadline(time.Now().Add(time.Second))
			c.nc.Write([]byte("-ERR max number of clients reached\r\n"))
		}
		return false
	}
	s.nextID++
	c.id = s.nextID
	s.conns[c.id] = c
	s.wg.Add(1)
	s.mu.Unlock()
	s.connections.Add(1)
	return true
}

// left is the end of a connection that had entered.
func (s *Server) left(c *conn) {
	s.mu.Lock()
	delete(s.conns, c.id)
	s.mu.Unlock()
	s.wg.Done()
}

// Shutdown ends all connections, each after the command it is running, and
// waits for them as long as ctx lets it.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.done = true
	for _, c := range s.conns {
		c.terminate()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); s.loops.stop(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.mu.Lock()
		for _, c := range s.conns {
			c.cancel()
			c.nc.Close()
		}
		s.mu.Unlock()
	}
}

// clients gives the open connections, oldest first.
func (s *Server) clients() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		list = append(list, c)
	}
	sortByID(list)
	return list
}

func (s *Server) client(id int64) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}
