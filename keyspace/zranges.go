package keyspace

import (
	"bytes"
	"math"
)

func init() {
	one := func(name string, arity int, flags Flags, run func(c *Call) error) Command {
		return Command{Name: name, Arity: arity, Flags: flags, FirstKey: 1, LastKey: 1, Step: 1, Run: run}
	}
	register(
		one("zrange", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeAuto, false) }),
		one("zrevrange", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeByRank, true) }),
		one("zrangebyscore", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeByScore, false) }),
		one("zrevrangebyscore", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeByScore, true) }),
		one("zrangebylex", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeByLex, false) }),
		one("zrevrangebylex", -4, ReadOnly, func(c *Call) error { return zrange(c, 1, rangeByLex, true) }),
		Command{Name: "zrangestore", Arity: -5, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 2, Step: 1, Run: func(c *Call) error { return zrange(c, 2, rangeAuto, false) }},
		one("zremrangebyrank", 4, Write, zremrange(rangeByRank)),
		one("zremrangebyscore", 4, Write, zremrange(rangeByScore)),
		one("zremrangebylex", 4, Write, zremrange(rangeByLex)),
	)
}

type rangeKind uint8

const (
	rangeAuto rangeKind = iota // by rank unless an option says otherwise
	rangeByRank
	rangeByScore
	rangeByLex
)

// scoreRange is min and max scores, each in or out.
type scoreRange struct {
	min, max     float64
	minEx, maxEx bool
}

func parseScores(lo, hi []byte) (r scoreRange, ok bool) {
	read := func(b []byte) (f float64, ex, ok bool) {
		if len(b) > 0 && b[0] == '(' {
			b, ex = b[1:], true
		}
		if len(b) == 0 {
			return 0, ex, true
		}
		f, err := floatArg(b)
		return f, ex, err == nil
	}
	var ok1, ok2 bool
	r.min, r.minEx, ok1 = read(lo)
	r.max, r.maxEx, ok2 = read(hi)
	return r, ok1 && ok2
}

func (r scoreRange) options(h *Collection) ScanOptions {
	return ScanOptions{ByScore: true, From: h.ScoreBound(r.min, r.minEx), To: h.ScoreBound(r.max, !r.maxEx)}
}

// lexRange is min and max members; nil without minAll or maxAll is the empty member.
type lexRange struct {
	min, max     []byte
	minEx, maxEx bool
	none         bool // no member can be in it
}

func parseLex(lo, hi []byte) (r lexRange, ok bool) {
	read := func(b []byte) (v []byte, ex, low, high, ok bool) {
		switch {
		case len(b) == 1 && b[0] == '-':
			return nil, false, true, false, true
		case len(b) == 1 && b[0] == '+':
			return nil, false, false, true, true
		case len(b) > 0 && (b[0] == '(' || b[0] == '['):
			return b[1:], b[0] == '(', false, false, true
		}
		return nil, false, false, false, false
	}
	lov, loEx, loLow, loHigh, ok1 := read(lo)
	hiv, hiEx, hiLow, hiHigh, ok2 := read(hi)
	if !ok1 || !ok2 {
		return r, false
	}
	r.minEx, r.maxEx = loEx, hiEx
	r.none = loHigh || hiLow
	if !loLow {
		r.min = lov[:len(lov):len(lov)]
		if r.min == nil {
			r.min = []byte{}
		}
	}
	if !hiHigh {
		r.max = hiv[:len(hiv):len(hiv)]
		if r.max == nil {
			r.max = []byte{}
		}
	}
	return r, true
}

// options scan members in their own order, which is that of the sorted set when
// all scores are equal, as such ranges ask for.
func (r lexRange) options(h *Collection) (o ScanOptions) {
	if r.none {
		o.From = h.ElemBound(nil, false)
		o.To = o.From
		return o
	}
	if r.min != nil {
		o.From = h.ElemBound(r.min, r.minEx)
	}
	if r.max != nil {
		o.To = h.ElemBound(r.max, !r.maxEx)
	}
	return o
}

// zrange is ZRANGE and its kin; src is the argument with the key, and with 2 the
// result is stored at argument 1.
func zrange(c *Call, src int, kind rangeKind, reverse bool) error {
	store, auto := src == 2, kind == rangeAuto
	withScores := false
	offset, limit := int64(0), int64(-1)
	if auto {
		kind = rangeByRank
	}
	fixed := !auto
	for i := src + 3; i < len(c.Args); i++ {
		a := c.Args[i]
		var err error
		switch {
		case !store && Is(a, "WITHSCORES"):
			withScores = true
		case Is(a, "LIMIT") && i+2 < len(c.Args):
			if offset, err = intArg(c.Args[i+1]); err != nil {
				return err
			}
			if limit, err = intArg(c.Args[i+2]); err != nil {
				return err
			}
			i += 2
		case auto && !reverse && Is(a, "REV"):
			reverse = true
		case auto && !fixed && Is(a, "BYLEX"):
			kind, fixed = rangeByLex, true
		case auto && !fixed && Is(a, "BYSCORE"):
			kind, fixed = rangeByScore, true
		default:
			return ErrSyntax
		}
	}
	if limit != -1 && kind == rangeByRank {
		return Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	}
	if withScores && kind == rangeByLex {
		return Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
	}
	lo, hi := c.Args[src+1], c.Args[src+2]
	if reverse && kind != rangeByRank {
		lo, hi = hi, lo
	}
	find, err := parseRange(kind, lo, hi, reverse, offset, limit)
	if err != nil {
		return err
	}
	h, err := c.Open(c.Args[src], ZSet)
	if err != nil {
		return err
	}
	list, err := find(h)
	if err != nil {
		return err
	}
	if store {
		return storeScores(c, c.Args[1], list)
	}
	c.Reply.scores(list, withScores, c.Reply.Resp3)
	return nil
}

// parseRange reads a range of some kind and gives what finds its members.
func parseRange(kind rangeKind, lo, hi []byte, reverse bool, offset, limit int64) (func(h *Collection) ([]element, error), error) {
	switch kind {
	case rangeByScore:
		r, ok := parseScores(lo, hi)
		if !ok {
			return nil, ErrMinMaxFloat
		}
		return func(h *Collection) ([]element, error) { return h.slice(r.options(h), reverse, offset, limit) }, nil
	case rangeByLex:
		r, ok := parseLex(lo, hi)
		if !ok {
			return nil, ErrMinMaxString
		}
		return func(h *Collection) ([]element, error) { return h.slice(r.options(h), reverse, offset, limit) }, nil
	}
	start, stop, err := rangeArgs(lo, hi)
	if err != nil {
		return nil, err
	}
	return func(h *Collection) ([]element, error) {
		first, last, ok := rangeOf(start, stop, h.Size)
		if !ok {
			return nil, nil
		}
		if h.Size-1-last < first { // nearer to the other end
			list, err := h.slice(ScanOptions{ByScore: true}, !reverse, h.Size-1-last, last-first+1)
			for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
				list[i], list[j] = list[j], list[i]
			}
			return list, err
		}
		return h.slice(ScanOptions{ByScore: true}, reverse, first, last-first+1)
	}, nil
}

// slice gives limit elements of a scan (negative: all) behind the first offset.
func (h *Collection) slice(o ScanOptions, reverse bool, offset, limit int64) ([]element, error) {
	if offset < 0 || limit == 0 {
		return nil, nil
	}
	o.Reverse = reverse
	if limit > 0 && offset < math.MaxInt32 && limit < math.MaxInt32 {
		o.Limit = int(offset + limit)
	}
	var out []element
	cur := h.Scan(o)
	defer cur.Close()
	for i := int64(0); (limit < 0 || int64(len(out)) < limit) && cur.Next(); i++ {
		if i >= offset {
			out = append(out, cur.element())
		}
	}
	return out, cur.Err()
}

// storeScores makes a key the sorted set of these members, or removes it when
// there are none, and answers with their number.
func storeScores(c *Call, key []byte, list []element) error {
	if _, err := c.Delete(key); err != nil {
		return err
	}
	h, err := c.Open(key, ZSet)
	if err != nil {
		return err
	}
	for _, e := range list {
		if _, err := h.SetScore(e.elem, e.score); err != nil {
			return err
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Int(int64(len(list)))
	return nil
}

func zremrange(kind rangeKind) func(c *Call) error {
	return func(c *Call) error {
		find, err := parseRange(kind, c.Args[2], c.Args[3], false, 0, -1)
		if err != nil {
			return err
		}
		h, err := c.Open(c.Args[1], ZSet)
		if err != nil {
			return err
		}
		list, err := find(h)
		if err != nil {
			return err
		}
		for _, e := range list {
			if _, err := h.Remove(bytes.Clone(e.elem)); err != nil {
				return err
			}
		}
		if err := h.Save(); err != nil {
			return err
		}
		c.Reply.Int(int64(len(list)))
		return nil
	}
}
