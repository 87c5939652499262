package resp

import (
	"context"
	"time"

	"rowkey/keyspace"
)

// Where the system can tell which of many sockets have something to read (Linux),
// connections are served by a few loops instead of a goroutine each:
//
//	wait ─▶ read all that are ready ─▶ gather ─▶ one transaction ─▶ write all replies ─▶ wait
//	                                     │          │ not all locks are free
//	                                     ▼          ▼
//	                          a goroutine of its own for a while (visit), and back
//
// So commands of different connections share what a transaction costs, on disk the
// sync too, and no goroutine is woken for a command. What may wait or take long is not
// for the loop: it never waits for a lock, and runs only commands that are quick by
// themselves. All else, SQL, EXEC, BLPOP, KEYS, is done by a goroutine that has the
// connection meanwhile, with the code that serves connections elsewhere.
//
// A connection is the loop's or its visiting goroutine's, never both.

// gather takes the commands that have arrived, up to one that the loop cannot run
// together with those of others: it becomes c.next.
func (c *conn) gather() {
	c.next = pending{}
	for !c.quit {
		args, ok, err := c.in.next(c.trusted)
		if err != nil {
			c.next = pending{broken: err, there: true}
			return
		}
		if !ok {
			return
		}
		if len(args) == 0 {
			continue
		}
		c.count++
		cmd, fail := lookup(args)
		if fail == "" {
			c.last = cmd
			if cmd.quick && cmd.keys != nil && c.ordinary() && !(cmd.feeds && c.s.waiters.n.Load() > 0) {
				c.reqs = append(c.reqs, keyspace.Request{DB: c.db, Cmd: cmd.keys, Args: args, To: &c.out})
				if len(c.reqs) < maxBatch {
					continue
				}
				c.next = pending{there: true}
				return
			}
		}
		c.next = pending{cmd: cmd, fail: fail, args: args, there: true}
		return
	}
}

// pending is what the loop found behind the commands it gathered: another command, one
// that cannot be (fail), bytes that are none (broken), or nothing in particular.
type pending struct {
	there  bool
	cmd    *command
	fail   keyspace.Error
	args   [][]byte
	broken error
}

// inLoop tells that c.next is done at once, though it is not a command on keys.
func (c *conn) inLoop() bool {
	p := &c.next
	switch {
	case p.broken != nil || c.s.paused.Load():
		return false
	case p.cmd == nil || p.fail != "":
		return true
	case !c.trusted:
		return false
	case c.multi.on && !p.cmd.unqueued:
		return true // is queued
	}
	return p.cmd.quick && p.cmd.keys == nil
}

// runNext runs c.next, if it is one command.
func (c *conn) runNext(ctx context.Context) {
	p := c.next
	c.next = pending{}
	switch {
	case p.broken != nil:
		c.protocolError(p.broken)
	case p.args != nil:
		c.one(ctx, p.cmd, p.fail, p.args)
	}
}

// visit serves a connection on a goroutine of its own: what is left of the commands that
// it gathered, what came behind them, and its end.
func (c *conn) visit(ctx context.Context) {
	defer c.home.giveBack(c)
	defer c.recovered()
	c.flush(ctx)
	c.runNext(ctx)
	c.runAll(ctx)
	if c.quit {
		c.box.flush(5 * time.Second)
	}
}

// recovered ends the connection, and it alone, after a panic: a bug.
func (c *conn) recovered() {
	if r := recover(); r != nil {
		c.quit = true
		c.s.log.Error("panic in a connection", "panic", r, "remote", c.nc.RemoteAddr(), "stack", stack())
	}
}

// home is the loop that a connection belongs to.
type home interface {
	giveBack(c *conn)
}

// batcher runs the commands that a loop has gathered.
type batcher struct {
	runner *keyspace.Runner
	// most is how many arguments, about, share a transaction: on disk many, since all of
	// them wait for one sync; in memory few, since small buffers of writes are faster.
	most int
	args int // of reqs
	log  func(panicked any)
	reqs []keyspace.Request
	of   []*conn // whose they are
}

// run runs what conns have gathered, readers first: they need no locks, nor wait for a
// sync. Those whose commands could not be run together with others' are away then, with
// those commands still to be run.
func (b *batcher) run(conns []*conn, handOver func(*conn)) {
	for _, writers := range [2]bool{false, true} {
		for _, c := range conns {
			if c.away || len(c.reqs) == 0 || c.writes() != writers {
				continue
			}
			for _, q := range c.reqs {
				if c.inBatch == 0 {
					c.mark = len(c.out.Buf)
					b.of = append(b.of, c)
				}
				c.inBatch++
				b.reqs = append(b.reqs, q)
				if b.args += len(q.Args); b.args >= b.most {
					b.commit(handOver)
				}
				if c.away {
					break
				}
			}
		}
		b.commit(handOver)
	}
}

// writes tells whether any command gathered does.
func (c *conn) writes() bool {
	for i := range c.reqs {
		if c.reqs[i].Cmd.Flags&keyspace.Write != 0 {
			return true
		}
	}
	return false
}

// commit runs the commands at hand in one transaction.
func (b *batcher) commit(handOver func(*conn)) {
	if len(b.of) == 0 {
		return
	}
	done := b.try()
	for i, c := range b.of {
		b.of[i] = nil
		if done {
			c.ran += c.inBatch
			c.inBatch = 0
			if c.ran == len(c.reqs) {
				clear(c.reqs)
				c.reqs, c.ran = c.reqs[:0], 0
			}
			continue
		}
		c.out.Buf = c.out.Buf[:c.mark]
		c.reqs = c.reqs[c.ran:]
		c.ran, c.inBatch = 0, 0
		for i := range c.reqs {
			c.reqs[i].To = nil
		}
		handOver(c)
	}
	clear(b.reqs)
	b.reqs, b.of, b.args = b.reqs[:0], b.of[:0], 0
}

// try is false where nothing was done. A panic will come again, on the goroutine of the
// connection whose command it is.
func (b *batcher) try() (done bool) {
	defer func() {
		if r := recover(); r != nil {
			b.log(r)
			b.runner, done = b.runner.Fresh(), false
		}
	}()
	return b.runner.Try(context.Background(), b.reqs)
}

// quickNames are the commands that a loop runs: those whose time does not grow with what
// a key holds, or, as in Redis, with no more than their reply; and of those on the
// connection, what neither waits nor looks at others.
var quickNames = []string{
	"get", "set", "setnx", "setex", "psetex", "getset", "getdel", "getex", "getrange", "substr", "setrange", "append", "strlen",
	"incr", "decr", "incrby", "decrby", "incrbyfloat", "mget", "mset", "msetnx",
	"exists", "type", "ttl", "pttl", "expiretime", "pexpiretime", "expire", "pexpire", "expireat", "pexpireat", "persist", "touch", "del", "unlink",
	"hset", "hmset", "hsetnx", "hget", "hmget", "hdel", "hlen", "hstrlen", "hexists", "hincrby", "hincrbyfloat",
	"lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "llen", "lindex", "lrange", "lset", "lmove", "rpoplpush",
	"sadd", "srem", "sismember", "smismember", "scard",
	"zadd", "zincrby", "zrem", "zcard", "zscore", "zmscore", "zpopmin", "zpopmax",
	"ping", "echo", "select", "time", "multi", "discard",
}

// feedingNames are those of them that may make a list or sorted set come to be, and so
// serve clients that wait for it, each in a transaction that may itself have to wait.
var feedingNames = []string{"lpush", "rpush", "lmove", "rpoplpush", "zadd", "zincrby"}

func init() {
	for _, name := range quickNames {
		commandTable[name].quick = true
	}
	for _, name := range feedingNames {
		commandTable[name].feeds = true
	}
}
