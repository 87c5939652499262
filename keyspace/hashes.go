package keyspace

import (
	"math"
	"strconv"
)

func init() {
	register(
		Command{Name: "hset", Arity: -4, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hset},
		Command{Name: "hmset", Arity: -4, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hset},
		Command{Name: "hsetnx", Arity: 4, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hsetnx},
		Command{Name: "hget", Arity: 3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hget},
		Command{Name: "hmget", Arity: -3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hmget},
		Command{Name: "hdel", Arity: -3, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hdel},
		Command{Name: "hlen", Arity: 2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: sizeOf(Hash)},
		Command{Name: "hstrlen", Arity: 3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hstrlen},
		Command{Name: "hexists", Arity: 3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hasElement(Hash)},
		Command{Name: "hgetall", Arity: 2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: hgetall},
		Command{Name: "hkeys", Arity: 2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: hkeys},
		Command{Name: "hvals", Arity: 2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: hvals},
		Command{Name: "hincrby", Arity: 4, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hincrby},
		Command{Name: "hincrbyfloat", Arity: 4, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hincrbyfloat},
		Command{Name: "hrandfield", Arity: -2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: hrandfield},
		Command{Name: "hscan", Arity: -3, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: scanElements(Hash)},
	)
}

// sizeOf answers with the number of elements.
func sizeOf(t Type) func(c *Call) error {
	return func(c *Call) error {
		h, err := c.Open(c.Args[1], t)
		if err != nil {
			return err
		}
		c.Reply.Int(h.Size)
		return nil
	}
}

func hset(c *Call) error {
	if len(c.Args)%2 != 0 {
		return ErrArity(c.Cmd.Name)
	}
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	n := int64(0)
	for i := 2; i < len(c.Args); i += 2 {
		added, err := h.Put(c.Args[i], c.Args[i+1])
		if err != nil {
			return err
		}
		if added {
			n++
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	if c.Cmd.Name == "hmset" {
		c.Reply.OK()
	} else {
		c.Reply.Int(n)
	}
	return nil
}

func hsetnx(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	has, err := h.Has(c.Args[2])
	if err != nil {
		return err
	}
	if !has {
		if _, err := h.Put(c.Args[2], c.Args[3]); err != nil {
			return err
		}
		if err := h.Save(); err != nil {
			return err
		}
	}
	c.Reply.Flag(!has)
	return nil
}

func hget(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	v, ok, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	c.Reply.BulkOrNull(v, ok)
	return nil
}

func hmget(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, f := range c.Args[2:] {
		v, ok, err := h.Get(f)
		if err != nil {
			return err
		}
		c.Reply.BulkOrNull(v, ok)
	}
	return nil
}

func hdel(c *Call) error { return removeElements(c, Hash) }

// removeElements removes the arguments from a hash, set or sorted set.
func removeElements(c *Call, t Type) error {
	h, err := c.Open(c.Args[1], t)
	if err != nil {
		return err
	}
	n := int64(0)
	for _, elem := range c.Args[2:] {
		removed, err := h.Remove(elem)
		if err != nil {
			return err
		}
		if removed {
			n++
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Int(n)
	return nil
}

func hstrlen(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	v, _, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(len(v)))
	return nil
}

// hasElement answers whether there is a field or member.
func hasElement(t Type) func(c *Call) error {
	return func(c *Call) error {
		h, err := c.Open(c.Args[1], t)
		if err != nil {
			return err
		}
		has, err := h.Has(c.Args[2])
		if err != nil {
			return err
		}
		c.Reply.Flag(has)
		return nil
	}
}

func hgetall(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	return h.each(
		func(mark, n int) { c.Reply.EndMap(mark, n) },
		func(cur *Cursor) { c.Reply.Bulk(cur.Elem()); c.Reply.Bulk(cur.Value()) })
}

func hkeys(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	return h.each(c.Reply.EndArray, func(cur *Cursor) { c.Reply.Bulk(cur.Elem()) })
}

func hvals(c *Call) error {
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	return h.each(c.Reply.EndArray, func(cur *Cursor) { c.Reply.Bulk(cur.Value()) })
}

// each writes all elements, and the head of the aggregate that they are.
func (h *Collection) each(end func(mark, n int), write func(cur *Cursor)) error {
	mark, n := h.c.Reply.Deferred(), 0
	cur := h.Scan(ScanOptions{})
	defer cur.Close()
	for cur.Next() {
		write(cur)
		n++
	}
	end(mark, n)
	return cur.Err()
}

func hincrby(c *Call) error {
	by, err := intArg(c.Args[3])
	if err != nil {
		return err
	}
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	v, ok, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	n := int64(0)
	if ok {
		if n, err = intArg(v); err != nil {
			return Error("ERR hash value is not an integer")
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		return ErrOverflow
	}
	n += by
	var b [20]byte
	if _, err := h.Put(c.Args[2], strconv.AppendInt(b[:0], n, 10)); err != nil {
		return err
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Int(n)
	return nil
}

func hincrbyfloat(c *Call) error {
	by, err := parseLongDouble(c.Args[3])
	if err != nil {
		return err
	}
	if by.IsInf() {
		return Error("ERR value is NaN or Infinity")
	}
	h, err := c.Open(c.Args[1], Hash)
	if err != nil {
		return err
	}
	v, ok, err := h.Get(c.Args[2])
	if err != nil {
		return err
	}
	if !ok {
		v = []byte("0")
	}
	was, err := parseLongDouble(v)
	if err != nil {
		return Error("ERR hash value is not a float")
	}
	sum, err := addLongDouble(was, by)
	if err != nil {
		return err
	}
	if _, err := h.Put(c.Args[2], sum); err != nil {
		return err
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Bulk(sum)
	return nil
}

func hrandfield(c *Call) error {
	if len(c.Args) == 2 {
		return randomElement(c, Hash)
	}
	return randomElements(c, Hash, "WITHVALUES", func(e element) { c.Reply.Bulk(e.value) })
}

// randomElement answers HRANDFIELD and its kin without a count.
func randomElement(c *Call, t Type) error {
	h, err := c.Open(c.Args[1], t)
	if err != nil {
		return err
	}
	picked, err := h.pick(1, true)
	if err != nil {
		return err
	}
	if len(picked) == 0 {
		c.Reply.Null()
	} else {
		c.Reply.Bulk(picked[0].elem)
	}
	return nil
}

// randomElements answers HRANDFIELD and ZRANDMEMBER with a count: distinct
// elements, or, when it is negative, so many independent ones.
func randomElements(c *Call, t Type, with string, second func(element)) error {
	count, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return Errorf("ERR value is out of range, value must between %d and %d", -math.MaxInt64, math.MaxInt64)
	}
	pairs := len(c.Args) == 4
	if len(c.Args) > 4 || pairs && !Is(c.Args[3], with) {
		return ErrSyntax
	}
	if pairs && (count < -math.MaxInt64/2 || count > math.MaxInt64/2) {
		return Error("ERR value is out of range")
	}
	h, err := c.Open(c.Args[1], t)
	if err != nil {
		return err
	}
	picked, err := h.pick(count, false)
	if err != nil {
		return err
	}
	switch {
	case pairs && !c.Reply.Resp3:
		c.Reply.Array(2 * len(picked))
	default:
		c.Reply.Array(len(picked))
	}
	for _, e := range picked {
		if pairs && c.Reply.Resp3 {
			c.Reply.Array(2)
		}
		c.Reply.Bulk(e.elem)
		if pairs {
			second(e)
		}
	}
	return nil
}
