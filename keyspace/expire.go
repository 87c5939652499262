package keyspace

func init() {
	w := func(name string, arity int, run func(*Call) error) Command {
		return Command{Name: name, Arity: arity, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: run}
	}
	r := func(name string, run func(*Call) error) Command {
		return Command{Name: name, Arity: 2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: run}
	}
	register(
		w("expire", -3, func(c *Call) error { return expire(c, 1_000_000, false) }),
		w("pexpire", -3, func(c *Call) error { return expire(c, 1000, false) }),
		w("expireat", -3, func(c *Call) error { return expire(c, 1_000_000, true) }),
		w("pexpireat", -3, func(c *Call) error { return expire(c, 1000, true) }),
		w("persist", 2, persist),
		r("ttl", func(c *Call) error { return ttl(c, 1000, false) }),
		r("pttl", func(c *Call) error { return ttl(c, 1, false) }),
		r("expiretime", func(c *Call) error { return ttl(c, 1000, true) }),
		r("pexpiretime", func(c *Call) error { return ttl(c, 1, true) }),
	)
}

func expire(c *Call, unit int64, absolute bool) error {
	at, err := expiryTime(c, c.Args[2], unit, absolute, false)
	if err != nil {
		return err
	}
	var nx, xx, gt, lt bool
	for _, a := range c.Args[3:] {
		switch {
		case Is(a, "NX"):
			nx = true
		case Is(a, "XX"):
			xx = true
		case Is(a, "GT"):
			gt = true
		case Is(a, "LT"):
			lt = true
		default:
			return Errorf("ERR Unsupported option %s", a)
		}
	}
	if nx && (xx || gt || lt) {
		return Error("ERR NX and XX, GT or LT options at the same time are not compatible")
	}
	if gt && lt {
		return Error("ERR GT and LT options at the same time are not compatible")
	}
	key := c.Args[1]
	e, err := c.Lookup(key)
	if err != nil {
		return err
	}
	// No time to live counts as an infinite one.
	if e.Type == None || nx && e.Expires != 0 || xx && e.Expires == 0 ||
		gt && (e.Expires == 0 || at <= e.Expires) || lt && e.Expires != 0 && at >= e.Expires {
		c.Reply.Int(0)
		return nil
	}
	c.Reply.Int(1)
	if c.Expired(at) {
		_, err = c.Delete(key)
		return err
	}
	return c.SetExpiry(key, e, at)
}

func persist(c *Call) error {
	e, err := c.Lookup(c.Args[1])
	if err != nil {
		return err
	}
	if e.Type == None || e.Expires == 0 {
		c.Reply.Int(0)
		return nil
	}
	c.Reply.Int(1)
	return c.SetExpiry(c.Args[1], e, 0)
}

// ttl answers with the time to live in units of so many milliseconds, or with
// the moment it ends.
func ttl(c *Call, unit int64, moment bool) error {
	e, err := c.Lookup(c.Args[1])
	if err != nil {
		return err
	}
	switch {
	case e.Type == None:
		c.Reply.Int(-2)
	case e.Expires == 0:
		c.Reply.Int(-1)
	case moment && unit == 1:
		c.Reply.Int(e.Expires / 1000)
	case moment:
		c.Reply.Int((e.Expires/1000 + 500) / 1000)
	default:
		left := (e.Expires - c.Now + 999) / 1000
		if unit > 1 {
			left = (left + 500) / unit
		}
		c.Reply.Int(left)
	}
	return nil
}
