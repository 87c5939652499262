package resp

import (
	"context"
	"time"

	"rowkey/keyspace"
)

// maxBatch bounds the commands that are handed over together.
const maxBatch = 1024

// runAll runs the commands that have arrived and sends their replies. Commands
// on keys that follow one another are handed to the key space together, which
// runs them in one transaction where it can.
func (c *conn) runAll(ctx context.Context) {
	for !c.quit {
		args, ok, err := c.in.next(c.trusted)
		if err != nil {
			c.flush(ctx)
			c.protocolError(err)
			break
		}
		if !ok {
			break
		}
		if len(args) == 0 {
			continue
		}
		c.count++
		cmd, fail := lookup(args)
		if fail == "" {
			c.last = cmd
			if cmd.keys != nil && cmd.plain && c.ordinary() {
				c.reqs = append(c.reqs, keyspace.Request{DB: c.db, Cmd: cmd.keys, Args: args})
				if len(c.reqs) == maxBatch {
					c.flush(ctx)
				}
				continue
			}
		}
		c.flush(ctx)
		c.one(ctx, cmd, fail, args)
		if len(c.out.Buf) > sendBytes {
			c.send()
		}
	}
	c.flush(ctx)
	c.send()
	c.counted()
}

// protocolError tells the client what it did, and ends the connection.
func (c *conn) protocolError(err error) {
	c.out.Error(keyspace.Error("ERR Protocol error: " + err.Error()))
	c.quit = true
}

// counted tells the server of the commands since the last time.
func (c *conn) counted() {
	if c.count > 0 {
		c.s.commands.Add(c.count)
		c.count = 0
		c.lastCmd.Store(c.last)
	}
}

// ordinary tells that nothing about the connection makes commands on keys special.
func (c *conn) ordinary() bool {
	return c.trusted && !c.multi.on && c.noReply == replyOn && !c.subscribed() && !c.s.paused.Load()
}

// subscribed tells of a RESP2 client that may only receive messages.
func (c *conn) subscribed() bool {
	return c.subscriptions > 0 && !c.out.Resp3
}

// flush runs the commands gathered.
func (c *conn) flush(ctx context.Context) {
	if len(c.reqs) == 0 {
		return
	}
	c.runner.Run(ctx, c.reqs, &c.out)
	clear(c.reqs)
	c.reqs = c.reqs[:0]
	if len(c.out.Buf) > sendBytes {
		c.send()
	}
}

// one runs a command by itself, or queues it, or refuses it.
func (c *conn) one(ctx context.Context, cmd *command, fail keyspace.Error, args [][]byte) {
	mark := len(c.out.Buf)
	if c.noReply == replySkipNext {
		c.noReply = replySkip
	}
	silent := c.noReply != replyOn
	c.decide(ctx, cmd, fail, args)
	if silent && c.noReply != replyOn && (cmd == nil || !cmd.pushes()) {
		c.out.Buf = c.out.Buf[:min(mark, len(c.out.Buf))]
	}
	if c.noReply == replySkip {
		c.noReply = replyOn
	}
}

func (c *conn) decide(ctx context.Context, cmd *command, fail keyspace.Error, args [][]byte) {
	refuse := func(e keyspace.Error) {
		if c.multi.on {
			c.multi.failed = true
		}
		c.out.Error(e)
	}
	switch {
	case fail != "":
		refuse(fail)
	case !c.trusted && !cmd.noAuth:
		refuse("NOAUTH Authentication required.")
	case c.subscribed() && !cmd.inPubSub:
		refuse(keyspace.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", cmd.name))
	case c.multi.on && !cmd.unqueued:
		c.enqueue(cmd, args)
	default:
		if c.s.paused.Load() {
			c.s.awaitPause(ctx, cmd)
		}
		c.perform(ctx, cmd, args)
	}
}

// perform runs a command outside of MULTI.
func (c *conn) perform(ctx context.Context, cmd *command, args [][]byte) {
	switch {
	case cmd.keys == nil && cmd.sql:
		c.runSQL(ctx, args)
	case cmd.keys == nil:
		c.ctx = ctx
		cmd.run(c, args)
	case cmd.keys.Flags&keyspace.Blocking != 0:
		c.runBlocking(ctx, cmd, args)
	default:
		c.runner.Run(ctx, []keyspace.Request{{DB: c.db, Cmd: cmd.keys, Args: args}}, &c.out)
	}
}

// awaitPause waits for the end of a CLIENT PAUSE that concerns the command.
func (s *Server) awaitPause(ctx context.Context, cmd *command) {
	for {
		s.pauseMu.Lock()
		until, all, changed := s.pauseEnd, s.pauseAll, s.pauseChanged
		if !time.Now().Before(until) {
			s.paused.Store(false)
			s.pauseMu.Unlock()
			return
		}
		s.pauseMu.Unlock()
		if !all && !cmd.writes() {
			return
		}
		t := time.NewTimer(time.Until(until))
		select {
		case <-t.C:
		case <-changed:
		case <-ctx.Done():
			t.Stop()
			return
		}
		t.Stop()
	}
}

// setPause begins a pause, prolongs one, or with a zero time ends it.
func (s *Server) setPause(until time.Time, all bool) {
	s.pauseMu.Lock()
	defer s.pauseMu.Unlock()
	if s.pauseChanged != nil {
		close(s.pauseChanged)
	}
	s.pauseChanged = make(chan struct{})
	if !until.IsZero() && s.paused.Load() { // the longer and the stricter one counts
		if s.pauseEnd.After(until) {
			until = s.pauseEnd
		}
		all = all || s.pauseAll
	}
	s.pauseEnd, s.pauseAll = until, all
	s.paused.Store(!until.IsZero())
}

// pushes tells commands whose answers are messages, which CLIENT REPLY leaves alone.
func (cmd *command) pushes() bool {
	return cmd.group == "pubsub" && cmd.inPubSub
}

// writes tells whether a command may change keys, or be heard by others.
func (cmd *command) writes() bool {
	if cmd.keys != nil {
		return cmd.keys.Flags&keyspace.Write != 0
	}
	return cmd.sql || cmd.name == "publish" || cmd.name == "spublish" || cmd.name == "exec"
}
