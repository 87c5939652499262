package keyspace

import (
	"math"
	"strings"
)

func init() {
	one := func(name string, arity int, flags Flags, run func(c *Call) error) Command {
		return Command{Name: name, Arity: arity, Flags: flags, FirstKey: 1, LastKey: 1, Step: 1, Run: run}
	}
	register(
		one("zadd", -4, Write|DenyOOM|Fast, zadd),
		one("zincrby", 4, Write|DenyOOM|Fast, zincrby),
		one("zrem", -3, Write|Fast, func(c *Call) error { return removeElements(c, ZSet) }),
		one("zcard", 2, ReadOnly|Fast, sizeOf(ZSet)),
		one("zscore", 3, ReadOnly|Fast, zscore),
		one("zmscore", -3, ReadOnly|Fast, zmscore),
		one("zrank", 3, ReadOnly|Fast, zrank(false)),
		one("zrevrank", 3, ReadOnly|Fast, zrank(true)),
		one("zcount", 4, ReadOnly|Fast, zcount),
		one("zlexcount", 4, ReadOnly|Fast, zlexcount),
		one("zpopmin", -2, Write|Fast, zpop(true)),
		one("zpopmax", -2, Write|Fast, zpop(false)),
		Command{Name: "zmpop", Arity: -4, Flags: Write, Keys: numberedKeys(1), Run: func(c *Call) error { return mpop(c, 1, endArg, popScores) }},
		one("zrandmember", -2, ReadOnly, zrandmember),
		one("zscan", -3, ReadOnly, scanElements(ZSet)),
	)
}

// addOptions are ZADD's.
type addOptions struct{ nx, xx, gt, lt, ch, incr bool }

func zadd(c *Call) error {
	var o addOptions
	at := 2
	for ; at < len(c.Args); at++ {
		a := c.Args[at]
		if len(a) > 4 || len(a) < 2 || a[0] >= '0' && a[0] <= '9' {
			break
		}
		known := true
		switch strings.ToLower(string(a)) {
		case "nx":
			o.nx = true
		case "xx":
			o.xx = true
		case "gt":
			o.gt = true
		case "lt":
			o.lt = true
		case "ch":
			o.ch = true
		case "incr":
			o.incr = true
		default:
			known = false
		}
		if !known {
			break
		}
	}
	pairs := c.Args[at:]
	switch {
	case len(pairs)%2 != 0 || len(pairs) == 0:
		return ErrSyntax
	case o.nx && o.xx:
		return Error("ERR XX and NX options at the same time are not compatible")
	case o.gt && o.nx || o.lt && o.nx || o.gt && o.lt:
		return Error("ERR GT, LT, and/or NX options at the same time are not compatible")
	case o.incr && len(pairs) > 2:
		return Error("ERR INCR option supports a single increment-element pair")
	}
	return addScores(c, c.Args[1], pairs, o)
}

func zincrby(c *Call) error {
	return addScores(c, c.Args[1], c.Args[2:], addOptions{incr: true})
}

func addScores(c *Call, key []byte, pairs [][]byte, o addOptions) error {
	var few [16]float64
	scores := few[:0]
	for i := 0; i < len(pairs); i += 2 {
		f, err := floatArg(pairs[i])
		if err != nil {
			return err
		}
		scores = append(scores, f)
	}
	h, err := c.Open(key, ZSet)
	if err != nil {
		return err
	}
	added, updated, done := int64(0), int64(0), false
	result := 0.0
	for i, score := range scores {
		member := pairs[2*i+1]
		old, had, err := h.Score(member)
		if err != nil {
			return err
		}
		if had && o.nx || !had && o.xx {
			continue
		}
		if had && o.incr {
			if score += old; math.IsNaN(score) {
				return ErrNaN
			}
		}
		if had && (o.lt && score >= old || o.gt && score <= old) {
			continue
		}
		result, done = score, true
		if had && score == old {
			continue
		}
		if err := h.ReplaceScore(member, old, had, score); err != nil {
			return err
		}
		if had {
			updated++
		} else {
			added++
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	switch {
	case o.incr && !done:
		c.Reply.Null()
	case o.incr:
		c.Reply.Double(result)
	case o.ch:
		c.Reply.Int(added + updated)
	default:
		c.Reply.Int(added)
	}
	return nil
}

func zscore(c *Call) error {
	h, err := c.Open(c.Args[1], ZSet)
	if err != nil {
		return err
	}
	score, ok, err := h.Score(c.Args[2])
	if err != nil {
		return err
	}
	if ok {
		c.Reply.Double(score)
	} else {
		c.Reply.Null()
	}
	return nil
}

func zmscore(c *Call) error {
	h, err := c.Open(c.Args[1], ZSet)
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		score, ok, err := h.Score(m)
		if err != nil {
			return err
		}
		if ok {
			c.Reply.Double(score)
		} else {
			c.Reply.Null()
		}
	}
	return nil
}

// zrank counts the members before one: the store has no numbers for them.
func zrank(reverse bool) func(c *Call) error {
	return func(c *Call) error {
		h, err := c.Open(c.Args[1], ZSet)
		if err != nil {
			return err
		}
		score, ok, err := h.Score(c.Args[2])
		if err != nil {
			return err
		}
		if !ok {
			c.Reply.Null()
			return nil
		}
		n, err := h.count(ScanOptions{ByScore: true, To: h.ScoreElemBound(score, c.Args[2], false)})
		if err != nil {
			return err
		}
		if reverse {
			n = h.Size - 1 - n
		}
		c.Reply.Int(n)
		return nil
	}
}

// count is the number of elements of a scan.
func (h *Collection) count(o ScanOptions) (n int64, err error) {
	cur := h.Scan(o)
	defer cur.Close()
	for cur.Next() {
		n++
	}
	return n, cur.Err()
}

func zcount(c *Call) error {
	r, ok := parseScores(c.Args[2], c.Args[3])
	if !ok {
		return ErrMinMaxFloat
	}
	h, err := c.Open(c.Args[1], ZSet)
	if err != nil {
		return err
	}
	n, err := h.count(r.options(h))
	c.Reply.Int(n)
	return err
}

func zlexcount(c *Call) error {
	r, ok := parseLex(c.Args[2], c.Args[3])
	if !ok {
		return ErrMinMaxString
	}
	h, err := c.Open(c.Args[1], ZSet)
	if err != nil {
		return err
	}
	n, err := h.count(r.options(h))
	c.Reply.Int(n)
	return err
}

// popScores removes up to n members of the lowest or highest scores, saves, and
// gives them.
func (h *Collection) popScores(lowest bool, n int64) ([]element, error) {
	n = min(n, h.Size)
	if n == 0 {
		return nil, nil
	}
	out := make([]element, 0, n)
	cur := h.Scan(ScanOptions{ByScore: true, Reverse: !lowest, Limit: int(n)})
	defer cur.Close()
	for cur.Next() {
		out = append(out, cur.element())
	}
	if err := cur.Err(); err != nil {
		return nil, err
	}
	for _, e := range out {
		if _, err := h.Remove(e.elem); err != nil {
			return nil, err
		}
	}
	return out, h.Save()
}

// endArg reads MIN or MAX.
func endArg(b []byte) (lowest bool, err error) {
	switch {
	case Is(b, "MIN"):
		return true, nil
	case Is(b, "MAX"):
		return false, nil
	}
	return false, ErrSyntax
}

// popScores pops from a sorted set for ZMPOP and BZMPOP.
func popScores(c *Call, key []byte, lowest bool, count int64) (done bool, err error) {
	h, err := c.Open(key, ZSet)
	if err != nil || !h.Exists() {
		return false, err
	}
	popped, err := h.popScores(lowest, count)
	if err != nil {
		return false, err
	}
	c.Reply.Array(2)
	c.Reply.Bulk(key)
	c.Reply.Array(len(popped))
	for _, e := range popped {
		c.Reply.Array(2)
		c.Reply.Bulk(e.elem)
		c.Reply.Double(e.score)
	}
	return true, nil
}

func zpop(lowest bool) func(c *Call) error {
	return func(c *Call) error {
		if len(c.Args) > 3 {
			return ErrSyntax
		}
		count, counted := int64(1), len(c.Args) == 3
		var err error
		if counted {
			if count, err = countArg(c.Args[2]); err != nil {
				return err
			}
		}
		h, err := c.Open(c.Args[1], ZSet)
		if err != nil {
			return err
		}
		popped, err := h.popScores(lowest, count)
		if err != nil {
			return err
		}
		c.Reply.scores(popped, true, counted && c.Reply.Resp3)
		return nil
	}
}

// scores writes members, with scores behind them or in pairs.
func (r *Reply) scores(list []element, with, nested bool) {
	if with && !nested {
		r.Array(2 * len(list))
	} else {
		r.Array(len(list))
	}
	for _, e := range list {
		if nested && with {
			r.Array(2)
		}
		r.Bulk(e.elem)
		if with {
			r.Double(e.score)
		}
	}
}

func zrandmember(c *Call) error {
	if len(c.Args) == 2 {
		return randomElement(c, ZSet)
	}
	return randomElements(c, ZSet, "WITHSCORES", func(e element) { c.Reply.Double(e.score) })
}
