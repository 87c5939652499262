package resp

import (
	"bytes"
	"context"
	"strconv"

	"rowkey/keyspace"
)

// multi is a connection's MULTI, and what it watches.
//
// EXEC runs what was queued in two parts: commands on keys and SQL in one
// serialisable transaction, then, once that is committed, those that concern the
// connection or the server (PUBLISH, CLIENT …). A transaction that is tried again
// after a conflict has had no effect before, and a message is published once.
type multi struct {
	on     bool
	failed bool // a command could not be queued: EXEC will refuse
	queue  []queued
	bytes  int
	watch  *keyspace.Watch
}

type queued struct {
	cmd  *command
	args [][]byte
	db   int
}

func (c *conn) beginMulti(_ [][]byte) {
	if c.multi.on {
		c.out.Error("ERR MULTI calls can not be nested")
		return
	}
	c.multi.on = true
	c.show()
	c.out.OK()
}

// enqueue keeps a command for EXEC.
func (c *conn) enqueue(cmd *command, args [][]byte) {
	m := &c.multi
	own := make([][]byte, len(args))
	for i, a := range args {
		own[i] = bytes.Clone(a)
		if own[i] == nil {
			own[i] = []byte{}
		}
		m.bytes += len(a) + 32
	}
	if m.bytes > MaxQueryBytes {
		m.failed = true
		c.out.Error("ERR queued commands exceed client-query-buffer-limit")
		return
	}
	m.queue = append(m.queue, queued{cmd: cmd, args: own})
	c.show()
	c.out.SimpleString("QUEUED")
}

// leaveMulti forgets the queue and the watched keys.
func (c *conn) leaveMulti() {
	c.unwatch()
	c.multi = multi{}
	c.show()
}

func (c *conn) discard(_ [][]byte) {
	if !c.multi.on {
		c.out.Error("ERR DISCARD without MULTI")
		return
	}
	c.leaveMulti()
	c.out.OK()
}

func (c *conn) watch(args [][]byte) {
	if c.multi.on {
		c.out.Error("ERR WATCH inside MULTI is not allowed")
		return
	}
	w, err := c.s.keys.Watch(c.ctx, c.multi.watch, c.db, args[1:]...)
	c.multi.watch = w
	if err != nil {
		c.out.Error(keyspace.AsError(err))
		return
	}
	c.out.OK()
}

func (c *conn) unwatch() {
	c.multi.watch.Close()
	c.multi.watch = nil
}

func (c *conn) exec(_ [][]byte) {
	m := &c.multi
	switch {
	case !m.on:
		c.out.Error("ERR EXEC without MULTI")
		return
	case m.failed:
		c.leaveMulti()
		c.out.Error("EXECABORT Transaction discarded because of previous errors.")
		return
	}
	queue, watch := m.queue, m.watch
	m.watch = nil
	c.leaveMulti()
	c.execute(c.ctx, queue, watch)
}

// execute runs a queue. It ends the watch.
func (c *conn) execute(ctx context.Context, queue []queued, watch *keyspace.Watch) {
	db, inTxn, sql := c.db, 0, false
	for i := range queue {
		q := &queue[i]
		q.db = db
		switch {
		case q.cmd.name == "select":
			if n, err := strconv.Atoi(string(q.args[1])); err == nil && n >= 0 && n < keyspace.Databases {
				db = n
			}
		case q.cmd.sql:
			sql = true
			inTxn++
		case q.cmd.keys != nil:
			inTxn++
		}
	}
	replies := &c.out
	if inTxn < len(queue) {
		replies = &keyspace.Reply{Resp3: c.out.Resp3} // to be taken apart
	}
	var done bool
	var err error
	if sql {
		done, err = c.execSQL(ctx, queue, watch, replies)
	} else {
		reqs := make([]keyspace.Request, 0, len(queue))
		for _, q := range queue {
			if q.cmd.keys != nil {
				reqs = append(reqs, keyspace.Request{DB: q.db, Cmd: q.cmd.keys, Args: q.args})
			}
		}
		done, err = c.runner.Exec(ctx, reqs, watch, replies)
	}
	switch {
	case err != nil:
		c.out.Error(keyspace.AsError(err))
	case !done:
		c.out.NullArray()
	case replies != &c.out:
		c.mix(ctx, queue, replies.Buf)
	}
}

// mix writes the replies of a queue: those of the transaction, which come after
// the head of an array, and those of the commands that run only now.
func (c *conn) mix(ctx context.Context, queue []queued, replies []byte) {
	at := bytes.IndexByte(replies, '\n') + 1
	c.out.Array(len(queue))
	c.inExec = true
	defer func() { c.inExec = false }()
	for _, q := range queue {
		if q.cmd.keys == nil && !q.cmd.sql {
			c.ctx = ctx
			q.cmd.run(c, q.args)
			continue
		}
		end := replyEnd(replies, at)
		c.out.Buf = append(c.out.Buf, replies[at:end]...)
		at = end
	}
}

// replyEnd gives where the reply that begins at at ends. The bytes are our own,
// so they are well formed.
func replyEnd(b []byte, at int) int {
	for open := 1; open > 0; {
		line := b[at:]
		end := bytes.IndexByte(line, '\n') + 1
		at += end
		open--
		n := 0
		switch line[0] {
		case '$', '=', '*', '~', '%', '>':
			n, _ = strconv.Atoi(string(line[1 : end-2]))
		}
		switch line[0] {
		case '$', '=':
			if n >= 0 {
				at += n + 2
			}
		case '*', '~', '>':
			open += max(n, 0)
		case '%':
			open += 2 * n
		}
	}
	return at
}
