package keyspace

import (
	"bytes"
	"math"
	"slices"
)

func init() {
	register(
		Command{Name: "sadd", Arity: -3, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: sadd},
		Command{Name: "srem", Arity: -3, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: func(c *Call) error { return removeElements(c, Set) }},
		Command{Name: "smove", Arity: 4, Flags: Write | Fast, FirstKey: 1, LastKey: 2, Step: 1, Run: smove},
		Command{Name: "sismember", Arity: 3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: hasElement(Set)},
		Command{Name: "smismember", Arity: -3, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: smismember},
		Command{Name: "scard", Arity: 2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: sizeOf(Set)},
		Command{Name: "smembers", Arity: 2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: smembers},
		Command{Name: "spop", Arity: -2, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: spop},
		Command{Name: "srandmember", Arity: -2, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: srandmember},
		Command{Name: "sinter", Arity: -2, Flags: ReadOnly, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(intersect, false)},
		Command{Name: "sinterstore", Arity: -3, Flags: Write | DenyOOM, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(intersect, true)},
		Command{Name: "sintercard", Arity: -3, Flags: ReadOnly, Keys: numberedKeys(1), Run: sintercard},
		Command{Name: "sunion", Arity: -2, Flags: ReadOnly, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(unite, false)},
		Command{Name: "sunionstore", Arity: -3, Flags: Write | DenyOOM, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(unite, true)},
		Command{Name: "sdiff", Arity: -2, Flags: ReadOnly, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(subtract, false)},
		Command{Name: "sdiffstore", Arity: -3, Flags: Write | DenyOOM, FirstKey: 1, LastKey: -1, Step: 1, Run: setOperation(subtract, true)},
		Command{Name: "sscan", Arity: -3, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: scanElements(Set)},
	)
}

// numberedKeys finds keys whose number is argument at, and which follow it. A
// destination, if there is one, is the argument before.
func numberedKeys(at int) func(dst, args [][]byte) [][]byte {
	return func(dst, args [][]byte) [][]byte {
		if len(args) <= at {
			return dst
		}
		n, err := intArg(args[at])
		if err != nil || n < 1 || n > int64(len(args)-at-1) {
			return dst
		}
		return append(dst, args[at+1:at+1+int(n)]...)
	}
}

func sadd(c *Call) error {
	h, err := c.Open(c.Args[1], Set)
	if err != nil {
		return err
	}
	n := int64(0)
	for _, m := range c.Args[2:] {
		added, err := h.Add(m)
		if err != nil {
			return err
		}
		if added {
			n++
		}
	}
	if n > 0 {
		if err := h.Save(); err != nil {
			return err
		}
	}
	c.Reply.Int(n)
	return nil
}

func smove(c *Call) error {
	from, err := c.Open(c.Args[1], Set)
	if err != nil {
		return err
	}
	if !from.Exists() {
		c.Reply.Int(0)
		return nil
	}
	to, err := c.Open(c.Args[2], Set)
	if err != nil {
		return err
	}
	member := c.Args[3]
	if bytes.Equal(c.Args[1], c.Args[2]) {
		has, err := from.Has(member)
		c.Reply.Flag(has)
		return err
	}
	removed, err := from.Remove(member)
	if err != nil {
		return err
	}
	if removed {
		if _, err := to.Add(member); err != nil {
			return err
		}
		if err := from.Save(); err != nil {
			return err
		}
		if err := to.Save(); err != nil {
			return err
		}
	}
	c.Reply.Flag(removed)
	return nil
}

func smismember(c *Call) error {
	h, err := c.Open(c.Args[1], Set)
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		has, err := h.Has(m)
		if err != nil {
			return err
		}
		c.Reply.Flag(has)
	}
	return nil
}

func smembers(c *Call) error {
	h, err := c.Open(c.Args[1], Set)
	if err != nil {
		return err
	}
	return h.each(c.Reply.EndSet, func(cur *Cursor) { c.Reply.Bulk(cur.Elem()) })
}

func spop(c *Call) error {
	if len(c.Args) > 3 {
		return ErrSyntax
	}
	count, single := int64(1), len(c.Args) == 2
	if !single {
		var err error
		if count, err = countArg(c.Args[2]); err != nil {
			return err
		}
	}
	h, err := c.Open(c.Args[1], Set)
	if err != nil {
		return err
	}
	picked, err := h.pick(count, single)
	if err != nil {
		return err
	}
	for _, e := range picked {
		if _, err := h.Remove(e.elem); err != nil {
			return err
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	switch {
	case !single:
		c.Reply.Set(len(picked))
		for _, e := range picked {
			c.Reply.Bulk(e.elem)
		}
	case len(picked) == 0:
		c.Reply.Null()
	default:
		c.Reply.Bulk(picked[0].elem)
	}
	return nil
}

func srandmember(c *Call) error {
	switch len(c.Args) {
	case 2:
		return randomElement(c, Set)
	case 3:
		return randomElements(c, Set, "", nil)
	}
	return ErrSyntax
}

// setOperation is SINTER, SUNION or SDIFF, with or without a destination.
func setOperation(combine func(sets []*Collection) ([][]byte, error), store bool) func(c *Call) error {
	return func(c *Call) error {
		keys := c.Args[1:]
		if store {
			keys = c.Args[2:]
		}
		sets := make([]*Collection, len(keys))
		for i, k := range keys {
			var err error
			if sets[i], err = c.Open(k, Set); err != nil {
				return err
			}
		}
		members, err := combine(sets)
		if err != nil {
			return err
		}
		if store {
			return storeSet(c, c.Args[1], members)
		}
		c.Reply.Set(len(members))
		for _, m := range members {
			c.Reply.Bulk(m)
		}
		return nil
	}
}

// storeSet makes a key the set of members, or removes it when there are none,
// and answers with their number.
func storeSet(c *Call, key []byte, members [][]byte) error {
	if _, err := c.Delete(key); err != nil {
		return err
	}
	h, err := c.Open(key, Set)
	if err != nil {
		return err
	}
	for _, m := range members {
		if _, err := h.Add(m); err != nil {
			return err
		}
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.Int(int64(len(members)))
	return nil
}

func intersect(sets []*Collection) ([][]byte, error) { return intersectUpTo(sets, math.MaxInt64) }

// intersectUpTo gives at most limit members that all sets have: those of the
// smallest set that are found in the others.
func intersectUpTo(sets []*Collection, limit int64) ([][]byte, error) {
	sets = slices.Clone(sets)
	slices.SortStableFunc(sets, func(a, b *Collection) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	if !sets[0].Exists() {
		return nil, nil
	}
	var out [][]byte
	cur := sets[0].Scan(ScanOptions{})
	defer cur.Close()
members:
	for int64(len(out)) < limit && cur.Next() {
		for _, other := range sets[1:] {
			has, err := other.Has(cur.Elem())
			if err != nil {
				return nil, err
			}
			if !has {
				continue members
			}
		}
		out = append(out, cur.Elem())
	}
	return out, cur.Err()
}

func unite(sets []*Collection) ([][]byte, error) {
	var out [][]byte
	for _, s := range sets {
		cur := s.Scan(ScanOptions{})
		for cur.Next() {
			out = append(out, cur.Elem())
		}
		cur.Close()
		if err := cur.Err(); err != nil {
			return nil, err
		}
	}
	if len(sets) > 1 {
		slices.SortFunc(out, bytes.Compare)
		out = slices.CompactFunc(out, bytes.Equal)
	}
	return out, nil
}

// subtract gives the members of the first set that no other has. Sets come in
// order, so each other is walked beside the first, or, when it is far larger,
// asked for each member.
func subtract(sets []*Collection) ([][]byte, error) {
	left, err := unite(sets[:1])
	if err != nil {
		return nil, err
	}
	for _, s := range sets[1:] {
		if len(left) == 0 {
			return nil, nil
		}
		kept := left[:0]
		if s.Size > 8*int64(len(left)) {
			for _, m := range left {
				has, err := s.Has(m)
				if err != nil {
					return nil, err
				}
				if !has {
					kept = append(kept, m)
				}
			}
			left = kept
			continue
		}
		cur := s.Scan(ScanOptions{})
		more := cur.Next()
		for _, m := range left {
			for more && bytes.Compare(cur.Elem(), m) < 0 {
				more = cur.Next()
			}
			if !more || !bytes.Equal(cur.Elem(), m) {
				kept = append(kept, m)
			}
		}
		cur.Close()
		if err := cur.Err(); err != nil {
			return nil, err
		}
		left = kept
	}
	return left, nil
}

func sintercard(c *Call) error {
	n, err := intArg(c.Args[1])
	if err != nil || n < 1 {
		return Error("ERR numkeys should be greater than 0")
	}
	if n > int64(len(c.Args)-2) {
		return Error("ERR Number of keys can't be greater than number of args")
	}
	limit := int64(0)
	for i := 2 + int(n); i < len(c.Args); i += 2 {
		if !Is(c.Args[i], "LIMIT") || i+1 == len(c.Args) {
			return ErrSyntax
		}
		if limit, err = intArg(c.Args[i+1]); err != nil || limit < 0 {
			return Error("ERR LIMIT can't be negative")
		}
	}
	if limit == 0 {
		limit = math.MaxInt64
	}
	sets := make([]*Collection, n)
	for i := range sets {
		if sets[i], err = c.Open(c.Args[2+i], Set); err != nil {
			return err
		}
	}
	members, err := intersectUpTo(sets, limit)
	if err != nil {
		return err
	}
	c.Reply.Int(int64(len(members)))
	return nil
}
