package resp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rowkey/keyspace"
	"rowkey/session"
)

// conn is one client. Its goroutine, or the loop that has it, owns everything but what is atomic, under mu
// or said otherwise.
type conn struct {
	s      *Server
	id     int64
	nc     net.Conn
	born   time.Time
	cancel context.CancelFunc

	in     *reader
	reqs   []keyspace.Request // commands on keys that are yet to be run
	runner *keyspace.Runner
	out    keyspace.Reply // of the commands since the last send
	box    *outbox
	ctx    context.Context // of the command that is running

	trusted       bool // authenticated, or nobody need be
	db            int
	multi         multi
	inExec        bool
	sql           *session.Session // of SQL, made when first needed
	subs          [kindsOfSubscription]map[string]struct{}
	subscriptions int
	noReply       replyMode
	quit          bool  // the connection ends once its replies are sent
	count         int64 // commands not yet counted by the server
	last          *command

	// Of a connection that a loop has; back says that its goroutine is done with it.
	home    home
	next    pending
	ran     int  // of reqs
	inBatch int  // of reqs, behind them
	mark    int  // where the replies of the batch begin
	away    bool // a goroutine has it
	listed  bool // among those that the loop is serving
	hungUp  bool // nothing more will come
	over    bool // it is not the loop's any more
	back    atomic.Bool

	blocked atomic.Pointer[waiter]
	pushes  atomic.Bool // out.Resp3, for publishers
	lastAt  atomic.Int64
	lastCmd atomic.Pointer[command]
	ending  atomic.Bool

	mu      sync.Mutex // guards what CLIENT LIST of others shows
	name    string
	library [2]string // name, version
	noEvict bool
	shown   shown
}

// shown is a copy of state for CLIENT LIST, refreshed when something changes.
type shown struct {
	db, multi int
	subs      [kindsOfSubscription]int
}

// show refreshes what others see of the connection.
func (c *conn) show() {
	n := shown{db: c.db, multi: -1}
	if c.multi.on {
		n.multi = len(c.multi.queue)
	}
	c.subscriptions = 0
	for kind := range c.subs {
		n.subs[kind] = len(c.subs[kind])
		c.subscriptions += len(c.subs[kind])
	}
	c.pushes.Store(c.out.Resp3)
	c.mu.Lock()
	c.shown = n
	c.mu.Unlock()
}

// replyMode is CLIENT REPLY's.
type replyMode uint8

const (
	replyOn replyMode = iota
	replyOff
	replySkipNext // the next command's reply is not sent
	replySkip     // this command's reply is not sent
)

func newConn(s *Server, nc net.Conn, cancel context.CancelFunc) *conn {
	c := &conn{s: s, nc: nc, born: time.Now(), cancel: cancel, in: newReader(), box: newOutbox(nc), runner: s.keys.Runner()}
	c.trusted = s.config.get("requirepass") == ""
	c.shown.multi = -1
	c.lastAt.Store(c.born.UnixMilli())
	return c
}

func sortByID(list []*conn) {
	slices.SortFunc(list, func(a, b *conn) int { return cmp.Compare(a.id, b.id) })
}

func stack() string { return string(debug.Stack()) }

// serve runs the commands of a client until it goes.
func (c *conn) serve(ctx context.Context) {
	for {
		p, err := c.in.space()
		if err != nil {
			c.s.log.Warn("closing a client", "id", c.id, "error", err)
			return
		}
		n, err := c.nc.Read(p)
		c.in.read(n)
		if n > 0 {
			c.lastAt.Store(time.Now().UnixMilli())
			c.runAll(ctx)
			if c.quit {
				c.box.flush(5 * time.Second)
				return
			}
		}
		if err != nil {
			if c.ending.Load() || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			c.s.log.Debug("connection lost", "id", c.id, "error", err)
			return
		}
		if c.ending.Load() {
			return
		}
	}
}

// send passes the replies so far to the socket.
func (c *conn) send() {
	if len(c.out.Buf) == 0 {
		return
	}
	if err := c.box.send(c.out.Buf, maxPendingBytes); err != nil {
		c.quit = true
	}
	if cap(c.out.Buf) > 1<<20 {
		c.out.Buf = nil
	}
	c.out.Reset()
}

// sendBytes is how many bytes of replies are gathered at most before they are
// passed on in the middle of a batch.
const sendBytes = 256 << 10

// close gives up what the connection holds.
func (c *conn) close() {
	c.s.hub.forget(c)
	c.unwatch()
	if c.sql != nil {
		c.sql.Close()
	}
}

// terminate ends the connection after the command it is running.
func (c *conn) terminate() {
	c.ending.Store(true)
	c.nc.SetReadDeadline(time.Unix(1, 0))
	c.terminated()
}

// kill ends the connection at once.
func (c *conn) kill() {
	c.ending.Store(true)
	c.cancel()
	c.nc.Close()
}
