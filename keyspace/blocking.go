package keyspace

import (
	"math"
	"time"
)

// The blocking commands. Here they do not wait: with nothing to take they answer
// null, as they do in MULTI and in SQL. Who can wait (wire/resp) takes that
// answer for a reason to, and tries again when told of a key (OnReady).
func init() {
	register(
		Command{Name: "blpop", Arity: -3, Flags: Write | Blocking, FirstKey: 1, LastKey: -2, Step: 1, Run: func(c *Call) error { return bpop(c, true) }},
		Command{Name: "brpop", Arity: -3, Flags: Write | Blocking, FirstKey: 1, LastKey: -2, Step: 1, Run: func(c *Call) error { return bpop(c, false) }},
		Command{Name: "blmove", Arity: 6, Flags: Write | DenyOOM | Blocking, FirstKey: 1, LastKey: 2, Step: 1, Run: blmove},
		Command{Name: "brpoplpush", Arity: 4, Flags: Write | DenyOOM | Blocking, FirstKey: 1, LastKey: 2, Step: 1, Run: brpoplpush},
		Command{Name: "blmpop", Arity: -5, Flags: Write | Blocking, Keys: numberedKeys(2), Run: func(c *Call) error { return bmpop(c, sideArg, popList) }},
		Command{Name: "bzpopmin", Arity: -3, Flags: Write | Blocking | Fast, FirstKey: 1, LastKey: -2, Step: 1, Run: func(c *Call) error { return bzpop(c, true) }},
		Command{Name: "bzpopmax", Arity: -3, Flags: Write | Blocking | Fast, FirstKey: 1, LastKey: -2, Step: 1, Run: func(c *Call) error { return bzpop(c, false) }},
		Command{Name: "bzmpop", Arity: -5, Flags: Write | Blocking, Keys: numberedKeys(2), Run: func(c *Call) error { return bmpop(c, endArg, popScores) }},
	)
}

// Timeout gives how long a blocking command may wait, 0 for ever.
func (cmd *Command) Timeout(args [][]byte) (time.Duration, error) {
	at := len(args) - 1
	if cmd.Keys != nil {
		at = 1
	}
	return timeoutArg(args[at])
}

func timeoutArg(b []byte) (time.Duration, error) {
	seconds, err := floatArg(b)
	if err != nil || math.IsNaN(seconds) || seconds > math.MaxInt64/2e9 {
		return 0, Error("ERR timeout is not a float or out of range")
	}
	if seconds < 0 {
		return 0, Error("ERR timeout is negative")
	}
	ms := math.Ceil(seconds * 1000)
	return time.Duration(ms) * time.Millisecond, nil
}

// Retry gives the arguments to try a blocking command again with, now that
// something came to be at key: only that key is asked.
func (cmd *Command) Retry(args [][]byte, key []byte) [][]byte {
	switch {
	case cmd.Keys != nil: // numkeys
		n, _ := intArg(args[2])
		out := [][]byte{args[0], []byte("0"), []byte("1"), key}
		return append(out, args[3+int(n):]...)
	case cmd.LastKey == -2:
		return [][]byte{args[0], key, []byte("0")}
	}
	return args
}

func bpop(c *Call, front bool) error {
	last := len(c.Args) - 1
	if _, err := timeoutArg(c.Args[last]); err != nil {
		return err
	}
	for _, key := range c.Args[1:last] {
		h, err := c.Open(key, List)
		if err != nil {
			return err
		}
		if !h.Exists() {
			continue
		}
		items, err := h.popItems(front, 1)
		if err != nil {
			return err
		}
		c.Reply.Array(2)
		c.Reply.Bulk(key)
		c.Reply.Bulk(items[0])
		return nil
	}
	c.Reply.NullArray()
	return nil
}

func blmove(c *Call) error {
	from, err := sideArg(c.Args[3])
	if err != nil {
		return err
	}
	to, err := sideArg(c.Args[4])
	if err != nil {
		return err
	}
	if _, err := timeoutArg(c.Args[5]); err != nil {
		return err
	}
	return moveItem(c, from, to)
}

func brpoplpush(c *Call) error {
	if _, err := timeoutArg(c.Args[3]); err != nil {
		return err
	}
	return moveItem(c, false, true)
}

func bmpop(c *Call, side func([]byte) (bool, error), from func(c *Call, key []byte, first bool, count int64) (bool, error)) error {
	if _, err := timeoutArg(c.Args[1]); err != nil {
		return err
	}
	return mpop(c, 2, side, from)
}

func bzpop(c *Call, lowest bool) error {
	last := len(c.Args) - 1
	if _, err := timeoutArg(c.Args[last]); err != nil {
		return err
	}
	for _, key := range c.Args[1:last] {
		h, err := c.Open(key, ZSet)
		if err != nil {
			return err
		}
		if !h.Exists() {
			continue
		}
		popped, err := h.popScores(lowest, 1)
		if err != nil {
			return err
		}
		c.Reply.Array(3)
		c.Reply.Bulk(key)
		c.Reply.Bulk(popped[0].elem)
		c.Reply.Double(popped[0].score)
		return nil
	}
	c.Reply.NullArray()
	return nil
}
