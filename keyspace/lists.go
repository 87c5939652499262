package keyspace

import (
	"bytes"
	"math"
	"slices"
)

func init() {
	register(
		Command{Name: "lpush", Arity: -3, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: push(true, false)},
		Command{Name: "rpush", Arity: -3, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: push(false, false)},
		Command{Name: "lpushx", Arity: -3, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: push(true, true)},
		Command{Name: "rpushx", Arity: -3, Flags: Write | DenyOOM | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: push(false, true)},
		Command{Name: "lpop", Arity: -2, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: func(c *Call) error { return pop(c, true) }},
		Command{Name: "rpop", Arity: -2, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: func(c *Call) error { return pop(c, false) }},
		Command{Name: "llen", Arity: 2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: sizeOf(List)},
		Command{Name: "lindex", Arity: 3, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: lindex},
		Command{Name: "lrange", Arity: 4, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: lrange},
		Command{Name: "lset", Arity: 4, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Run: lset},
		Command{Name: "ltrim", Arity: 4, Flags: Write, FirstKey: 1, LastKey: 1, Step: 1, Run: ltrim},
		Command{Name: "lrem", Arity: 4, Flags: Write, FirstKey: 1, LastKey: 1, Step: 1, Run: lrem},
		Command{Name: "linsert", Arity: 5, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Run: linsert},
		Command{Name: "lpos", Arity: -3, Flags: ReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Run: lpos},
		Command{Name: "lmove", Arity: 5, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 2, Step: 1, Run: lmove},
		Command{Name: "rpoplpush", Arity: 3, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 2, Step: 1, Run: func(c *Call) error { return moveItem(c, false, true) }},
		Command{Name: "lmpop", Arity: -4, Flags: Write, Keys: numberedKeys(1), Run: func(c *Call) error { return mpop(c, 1, sideArg, popList) }},
	)
}

// position gives the position of the element of a rank, which is in range.
func (h *Collection) position(rank int64) (int64, error) {
	if h.Dense() {
		return h.First + rank, nil
	}
	reverse := rank > h.Size/2
	if reverse {
		rank = h.Size - 1 - rank
	}
	cur := h.Scan(ScanOptions{Reverse: reverse, Limit: int(rank + 1)})
	defer cur.Close()
	pos := int64(0)
	for cur.Next() {
		pos = cur.Position()
	}
	return pos, cur.Err()
}

// rangeOf makes ranks, which may count from the end, those of elements: first
// and last, or none.
func rangeOf(start, stop, size int64) (first, last int64, ok bool) {
	if start < 0 {
		start = max(start+size, 0)
	}
	if stop < 0 {
		stop += size
	}
	stop = min(stop, size-1)
	return start, stop, start <= stop && start < size
}

func push(front, existing bool) func(c *Call) error {
	return func(c *Call) error {
		h, err := c.Open(c.Args[1], List)
		if err != nil {
			return err
		}
		if existing && !h.Exists() {
			c.Reply.Int(0)
			return nil
		}
		for _, v := range c.Args[2:] {
			if front {
				err = h.PushFront(v)
			} else {
				err = h.PushBack(v)
			}
			if err != nil {
				return err
			}
		}
		if err := h.Save(); err != nil {
			return err
		}
		c.Reply.Int(h.Size)
		return nil
	}
}

// popItems removes up to n elements from an end, saves, and gives them.
func (h *Collection) popItems(front bool, n int64) ([][]byte, error) {
	n = min(n, h.Size)
	out := make([][]byte, 0, n)
	if n == 1 && h.Dense() { // no walk
		pos := h.First
		if !front {
			pos = h.Last
		}
		v, ok, err := h.Item(pos)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := h.RemoveItem(pos); err != nil {
				return nil, err
			}
			return append(out, v), h.Save()
		}
	}
	if n == 0 {
		return nil, nil
	}
	var positions []int64
	cur := h.Scan(ScanOptions{Reverse: !front, Limit: int(n)})
	defer cur.Close()
	for cur.Next() {
		out = append(out, cur.Value())
		positions = append(positions, cur.Position())
	}
	if err := cur.Err(); err != nil {
		return nil, err
	}
	for _, p := range positions {
		if err := h.RemoveItem(p); err != nil {
			return nil, err
		}
	}
	return out, h.Save()
}

func pop(c *Call, front bool) error {
	if len(c.Args) > 3 {
		return ErrArity(c.Cmd.Name)
	}
	count, counted := int64(1), len(c.Args) == 3
	var err error
	if counted {
		if count, err = countArg(c.Args[2]); err != nil {
			return err
		}
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		if counted {
			c.Reply.NullArray()
		} else {
			c.Reply.Null()
		}
		return nil
	}
	items, err := h.popItems(front, count)
	if err != nil {
		return err
	}
	if !counted {
		c.Reply.Bulk(items[0])
		return nil
	}
	c.Reply.bulks(items)
	return nil
}

func (r *Reply) bulks(list [][]byte) {
	r.Array(len(list))
	for _, b := range list {
		r.Bulk(b)
	}
}

func lindex(c *Call) error {
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.Null()
		return nil
	}
	i, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	if i < 0 {
		i += h.Size
	}
	if i < 0 || i >= h.Size {
		c.Reply.Null()
		return nil
	}
	pos, err := h.position(i)
	if err != nil {
		return err
	}
	v, ok, err := h.Item(pos)
	if err != nil {
		return err
	}
	c.Reply.BulkOrNull(v, ok)
	return nil
}

func lrange(c *Call) error {
	start, stop, err := rangeArgs(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	first, last, ok := rangeOf(start, stop, h.Size)
	if !ok {
		c.Reply.Array(0)
		return nil
	}
	o := ScanOptions{Limit: int(last - first + 1)}
	if first > 0 {
		pos, err := h.position(first)
		if err != nil {
			return err
		}
		o.From = h.PositionBound(pos, false)
	}
	cur := h.Scan(o)
	defer cur.Close()
	c.Reply.Array(o.Limit)
	for range o.Limit {
		if !cur.Next() {
			if err := cur.Err(); err != nil {
				return err
			}
			return Errorf("ERR list %q is shorter than it says", c.Args[1])
		}
		c.Reply.Bulk(cur.Value())
	}
	return nil
}

func lset(c *Call) error {
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		return ErrNoSuchKey
	}
	i, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	if i < 0 {
		i += h.Size
	}
	if i < 0 || i >= h.Size {
		return ErrOutOfRange
	}
	pos, err := h.position(i)
	if err != nil {
		return err
	}
	if err := h.PutItem(pos, c.Args[3]); err != nil {
		return err
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func ltrim(c *Call) error {
	start, stop, err := rangeArgs(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.OK()
		return nil
	}
	first, last, ok := rangeOf(start, stop, h.Size)
	if !ok {
		err = h.Clear()
	} else {
		size := h.Size
		if _, err = h.popItems(true, first); err == nil {
			_, err = h.popItems(false, size-1-last)
		}
	}
	if err != nil {
		return err
	}
	if err := h.Save(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// items gives all elements of a list in order.
func (h *Collection) items() ([][]byte, error) {
	list, err := h.elements(0)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(list))
	for i, e := range list {
		out[i] = e.value
	}
	return out, nil
}

// replace makes a list of other elements. Those at either end that stay are not
// written again, so that a change in the middle moves the shorter side.
func (h *Collection) replace(old, list [][]byte) error {
	if len(list) == 0 || !h.Dense() {
		if err := h.keepExpiry(h.Clear); err != nil {
			return err
		}
		for _, v := range list {
			if err := h.PushBack(v); err != nil {
				return err
			}
		}
		return h.Save()
	}
	same := 0 // at the front
	for same < len(old) && same < len(list) && bytes.Equal(old[same], list[same]) {
		same++
	}
	tail := 0 // at the back
	for tail < len(old)-same && tail < len(list)-same && bytes.Equal(old[len(old)-1-tail], list[len(list)-1-tail]) {
		tail++
	}
	grown := len(list) - len(old)
	if same < tail { // the back stays where it is
		for ; grown < 0; grown++ {
			if err := h.RemoveItem(h.First); err != nil {
				return err
			}
		}
		for ; grown > 0; grown-- {
			if err := h.PushFront(nil); err != nil {
				return err
			}
		}
		return h.rewrite(list[:len(list)-tail], h.First)
	}
	for ; grown < 0; grown++ {
		if err := h.RemoveItem(h.Last); err != nil {
			return err
		}
	}
	for ; grown > 0; grown-- {
		if err := h.PushBack(nil); err != nil {
			return err
		}
	}
	return h.rewrite(list[same:], h.First+int64(same))
}

func (h *Collection) rewrite(list [][]byte, at int64) error {
	for i, v := range list {
		if err := h.PutItem(at+int64(i), v); err != nil {
			return err
		}
	}
	return h.Save()
}

// keepExpiry runs f, which ends the collection, and gives it its time to live back.
func (h *Collection) keepExpiry(f func() error) error {
	at := h.Expires
	if err := f(); err != nil {
		return err
	}
	h.Expires = at
	return nil
}

func lrem(c *Call) error {
	n, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	old, err := h.items()
	if err != nil {
		return err
	}
	list := make([][]byte, 0, len(old))
	removed := int64(0)
	limit := n
	if n <= 0 {
		limit = -n
	}
	if limit == 0 || n == math.MinInt64 {
		limit = math.MaxInt64
	}
	keep := func(v []byte) bool {
		if removed < limit && bytes.Equal(v, c.Args[3]) {
			removed++
			return false
		}
		return true
	}
	if n < 0 {
		for _, v := range slices.Backward(old) {
			if keep(v) {
				list = append(list, v)
			}
		}
		slices.Reverse(list)
	} else {
		for _, v := range old {
			if keep(v) {
				list = append(list, v)
			}
		}
	}
	if removed > 0 {
		if err := h.replace(old, list); err != nil {
			return err
		}
	}
	c.Reply.Int(removed)
	return nil
}

func linsert(c *Call) error {
	after := Is(c.Args[2], "AFTER")
	if !after && !Is(c.Args[2], "BEFORE") {
		return ErrSyntax
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.Int(0)
		return nil
	}
	old, err := h.items()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(old, func(v []byte) bool { return bytes.Equal(v, c.Args[3]) })
	if at < 0 {
		c.Reply.Int(-1)
		return nil
	}
	if after {
		at++
	}
	if err := h.replace(old, slices.Insert(slices.Clone(old), at, c.Args[4])); err != nil {
		return err
	}
	c.Reply.Int(h.Size)
	return nil
}

func lpos(c *Call) error {
	rank, count, limit := int64(1), int64(-1), int64(0)
	for i := 3; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			return ErrSyntax
		}
		var err error
		v := c.Args[i+1]
		switch {
		case Is(c.Args[i], "RANK"):
			if rank, err = intArg(v); err != nil {
				return err
			}
			if rank == 0 {
				return Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list")
			}
			if rank == math.MinInt64 {
				return Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
			}
		case Is(c.Args[i], "COUNT"):
			if count, err = intArg(v); err != nil || count < 0 {
				return Error("ERR COUNT can't be negative")
			}
		case Is(c.Args[i], "MAXLEN"):
			if limit, err = intArg(v); err != nil || limit < 0 {
				return Error("ERR MAXLEN can't be negative")
			}
		default:
			return ErrSyntax
		}
	}
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	reverse := rank < 0
	if reverse {
		rank = -rank
	}
	mark, n, matches := c.Reply.Deferred(), 0, int64(0)
	cur := h.Scan(ScanOptions{Reverse: reverse})
	defer cur.Close()
	for i := int64(0); (limit == 0 || i < limit) && cur.Next(); i++ {
		if !bytes.Equal(cur.Value(), c.Args[2]) {
			continue
		}
		if matches++; matches < rank {
			continue
		}
		at := i
		if reverse {
			at = h.Size - 1 - i
		}
		c.Reply.Int(at)
		if count < 0 {
			return nil
		}
		if n++; count > 0 && int64(n) >= count {
			break
		}
	}
	if err := cur.Err(); err != nil {
		return err
	}
	if count < 0 {
		c.Reply.Null()
	} else {
		c.Reply.EndArray(mark, n)
	}
	return nil
}

// sideArg reads LEFT or RIGHT.
func sideArg(b []byte) (left bool, err error) {
	switch {
	case Is(b, "LEFT"):
		return true, nil
	case Is(b, "RIGHT"):
		return false, nil
	}
	return false, ErrSyntax
}

func lmove(c *Call) error {
	from, err := sideArg(c.Args[3])
	if err != nil {
		return err
	}
	to, err := sideArg(c.Args[4])
	if err != nil {
		return err
	}
	return moveItem(c, from, to)
}

// moveItem moves an element from an end of one list to an end of another, or
// the same one, and answers with it.
func moveItem(c *Call, fromFront, toFront bool) error {
	h, err := c.Open(c.Args[1], List)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.Null()
		return nil
	}
	to := h
	if !bytes.Equal(c.Args[1], c.Args[2]) {
		if to, err = c.Open(c.Args[2], List); err != nil {
			return err
		}
	}
	at := h.Expires
	items, err := h.popItems(fromFront, 1)
	if err != nil {
		return err
	}
	if to == h {
		h.Expires = at // a list of one element is not another one for being turned
	}
	if toFront {
		err = to.PushFront(items[0])
	} else {
		err = to.PushBack(items[0])
	}
	if err != nil {
		return err
	}
	if err := to.Save(); err != nil {
		return err
	}
	c.Reply.Bulk(items[0])
	return nil
}

// popList pops from a list for LMPOP and its kin.
func popList(c *Call, key []byte, left bool, count int64) (done bool, err error) {
	h, err := c.Open(key, List)
	if err != nil || !h.Exists() {
		return false, err
	}
	items, err := h.popItems(left, count)
	if err != nil {
		return false, err
	}
	c.Reply.Array(2)
	c.Reply.Bulk(key)
	c.Reply.bulks(items)
	return true, nil
}

// mpop is LMPOP and ZMPOP: from the first key that has elements. at is the
// argument with the number of keys.
func mpop(c *Call, at int, side func([]byte) (bool, error), from func(c *Call, key []byte, first bool, count int64) (bool, error)) error {
	n, err := intArg(c.Args[at])
	if err != nil || n < 1 {
		return Error("ERR numkeys should be greater than 0")
	}
	if n > int64(len(c.Args)-at-2) {
		return ErrSyntax
	}
	rest := c.Args[at+1+int(n):]
	first, err := side(rest[0])
	if err != nil {
		return err
	}
	count := int64(1)
	switch {
	case len(rest) == 1:
	case len(rest) == 3 && Is(rest[1], "COUNT"):
		if count, err = intArg(rest[2]); err != nil || count < 1 {
			return Error("ERR count should be greater than 0")
		}
	default:
		return ErrSyntax
	}
	for _, key := range c.Args[at+1 : at+1+int(n)] {
		if done, err := from(c, key, first, count); done || err != nil {
			return err
		}
	}
	c.Reply.NullArray()
	return nil
}
