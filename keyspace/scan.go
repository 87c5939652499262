package keyspace

import (
	"bytes"
	"strconv"
	"sync"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// SCAN and its kin walk in the order of bytes, so a walk's place is the last key
// or element it gave: what is there from the walk's beginning to its end is given,
// and exactly once. A cursor is a number, which cannot hold a key; the places
// behind the numbers are kept here.

func init() {
	register(
		Command{Name: "scan", Arity: -2, Flags: ReadOnly | WholeSpace, Run: scanKeys},
		Command{Name: "keys", Arity: 2, Flags: ReadOnly | WholeSpace, Run: keys},
		Command{Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast | WholeSpace, Run: dbsize},
		Command{Name: "randomkey", Arity: 1, Flags: ReadOnly | WholeSpace, Run: randomkey},
	)
}

// cursors remembers the places of walks that go on.
type cursors struct {
	mu     sync.Mutex
	last   uint64
	places map[uint64][]byte
	ring   []uint64 // in order of making
	next   int
}

// maxCursors bounds the places kept; the oldest go first.
const maxCursors = 1 << 14

func (cs *cursors) keep(place []byte) uint64 {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.places == nil {
		cs.places = map[uint64][]byte{}
	}
	cs.last++
	if len(cs.ring) < maxCursors {
		cs.ring = append(cs.ring, cs.last)
	} else {
		delete(cs.places, cs.ring[cs.next])
		cs.ring[cs.next] = cs.last
		cs.next = (cs.next + 1) % maxCursors
	}
	cs.places[cs.last] = bytes.Clone(place)
	return cs.last
}

func (cs *cursors) place(id uint64) ([]byte, bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	p, ok := cs.places[id]
	return p, ok
}

// scanArgs are the options of the SCAN family.
type scanArgs struct {
	after   []byte // place; nil: from the beginning
	pattern []byte
	prefix  []byte
	count   int
	typ     []byte
}

// parse reads the cursor at args[at] and the options behind it.
func (o *scanArgs) parse(c *Call, at int) error {
	id, err := strconv.ParseUint(string(c.Args[at]), 10, 64)
	if err != nil {
		return ErrCursor
	}
	o.count = 10
	for i := at + 1; i < len(c.Args); i += 2 {
		a := c.Args[i]
		if i+1 >= len(c.Args) {
			return ErrSyntax
		}
		switch {
		case Is(a, "COUNT"):
			n, err := intArg(c.Args[i+1])
			if err != nil {
				return err
			}
			if n < 1 {
				return ErrSyntax
			}
			o.count = int(min(n, 1<<20))
		case Is(a, "MATCH"):
			o.pattern = c.Args[i+1]
			o.prefix = globPrefix(o.pattern)
		case Is(a, "TYPE") && at == 1:
			o.typ = c.Args[i+1]
		default:
			return ErrSyntax
		}
	}
	if id == 0 {
		return nil
	}
	var ok bool
	if o.after, ok = c.Keyspace.cursors.place(id); !ok {
		return ErrCursor
	}
	return nil
}

// bound narrows a range of encoded elements behind prefix to the place and the pattern.
func (o *scanArgs) bound(prefix []byte) kv.Range {
	r := kv.PrefixRange(bytes.Clone(prefix))
	if len(o.prefix) > 0 {
		r = prefixRange(prefix, o.prefix)
	}
	if o.after != nil {
		k := append(keyenc.AppendBytes(bytes.Clone(prefix), o.after), 0)
		if bytes.Compare(k, r.Start) > 0 {
			r.Start = k
		}
	}
	return r
}

// prefixRange is the keys, behind an index's prefix, of values that begin with some bytes.
func prefixRange(index, begin []byte) kv.Range {
	start := keyenc.AppendBytes(bytes.Clone(index), begin)
	start = start[:len(start)-2] // without the terminator
	return kv.PrefixRange(start)
}

func (o *scanArgs) matches(b []byte) bool {
	return o.pattern == nil || MatchGlob(o.pattern, b)
}

// finish writes the cursor of the next call before the elements, which begin at mark.
func (o *scanArgs) cursor(c *Call, place []byte) {
	id := uint64(0)
	if place != nil {
		id = c.Keyspace.cursors.keep(place)
	}
	c.Reply.BulkString(strconv.FormatUint(id, 10))
}

// foundKey is a key met on a walk over the space.
type foundKey struct {
	key []byte
	typ Type
}

// keyWalk walks over all keys of a space in order.
type keyWalk struct {
	c     *Call
	parts [2]keyPart // strings, directory
	skip  [2]int
	err   error
}

type keyPart struct {
	it    kv.Iterator
	batch kv.PairBatch
	at, n int
}

// walkKeys begins a walk; bound gives the range behind each table's prefix. max
// is about how many keys will be asked for.
func (c *Call) walkKeys(max int, bound func(prefix []byte) kv.Range) *keyWalk {
	w := &keyWalk{c: c}
	for i, t := range [2]Type{String, None} {
		prefix := c.Space.tables[t]
		w.skip[i] = len(prefix)
		r := bound(prefix)
		if r.Empty() {
			continue
		}
		w.parts[i].batch.Max = max
		w.parts[i].it = c.scan(r, kv.ScanOptions{})
	}
	return w
}

func (w *keyWalk) close() {
	for i := range w.parts {
		if w.parts[i].it != nil {
			w.parts[i].it.Close()
		}
	}
}

// fill makes a part's current pair ready.
func (w *keyWalk) fill(p *keyPart) bool {
	if p.it == nil || w.err != nil {
		return false
	}
	if p.at < p.n {
		return true
	}
	p.batch.Keep()
	p.n, w.err = p.it.Next(&p.batch)
	p.at = 0
	if p.n == 0 {
		p.it.Close()
		p.it = nil
	}
	return p.n > 0 && w.err == nil
}

// next gives the next key; ok is false at the end or on an error. live is false
// for one that has expired.
func (w *keyWalk) next() (f foundKey, live, ok bool) {
	a, b := w.fill(&w.parts[0]), w.fill(&w.parts[1])
	if w.err != nil || !a && !b {
		return f, false, false
	}
	i := 0
	if !a || b && bytes.Compare(w.parts[1].batch.Keys[w.parts[1].at][w.skip[1]:], w.parts[0].batch.Keys[w.parts[0].at][w.skip[0]:]) < 0 {
		i = 1
	}
	p := &w.parts[i]
	k, v := p.batch.Keys[p.at], p.batch.Values[p.at]
	p.at++
	var err error
	if f.key, _, err = keyenc.DecodeBytes(k[w.skip[i]:], nil); err != nil {
		w.err = rowenc.Damaged(k)
		return f, false, false
	}
	var expires int64
	if i == 0 {
		f.typ = String
		_, expires, ok = stringRow(v)
	} else {
		var e Entry
		e, ok = dirRow(v)
		f.typ, expires = e.Type, e.Expires
	}
	if !ok {
		w.err = rowenc.Damaged(k)
		return f, false, false
	}
	return f, !w.c.Expired(expires), true
}

func scanKeys(c *Call) error {
	var o scanArgs
	if err := o.parse(c, 1); err != nil {
		return err
	}
	w := c.walkKeys(o.count, o.bound)
	defer w.close()
	var found []foundKey
	var place []byte
	for n := 0; ; n++ {
		f, live, ok := w.next()
		if !ok {
			place = nil
			break
		}
		if n == o.count {
			break
		}
		place = f.key
		if live && o.matches(f.key) && (o.typ == nil || bytes.EqualFold(o.typ, []byte(f.typ.String()))) {
			found = append(found, f)
		}
	}
	if w.err != nil {
		return w.err
	}
	c.Reply.Array(2)
	o.cursor(c, place)
	c.Reply.Array(len(found))
	for _, f := range found {
		c.Reply.Bulk(f.key)
	}
	return nil
}

// scanElements is HSCAN, SSCAN and ZSCAN.
func scanElements(t Type) func(c *Call) error {
	return func(c *Call) error {
		var o scanArgs
		if err := o.parse(c, 2); err != nil {
			return err
		}
		h, err := c.Open(c.Args[1], t)
		if err != nil {
			return err
		}
		r := o.bound(h.prefix)
		cur := h.Scan(ScanOptions{From: r.Start, To: r.End, Limit: o.count + 1})
		defer cur.Close()
		type pair struct {
			elem, value []byte
			score       float64
		}
		var found []pair
		var place []byte
		for n := 0; ; n++ {
			if !cur.Next() {
				place = nil
				break
			}
			if n == o.count {
				break
			}
			place = cur.Elem()
			if !o.matches(place) {
				continue
			}
			p := pair{elem: place}
			switch t {
			case Hash:
				p.value = cur.Value()
			case ZSet:
				p.score = cur.Score()
			}
			found = append(found, p)
		}
		if cur.Err() != nil {
			return cur.Err()
		}
		c.Reply.Array(2)
		o.cursor(c, place)
		if t == Set {
			c.Reply.Array(len(found))
		} else {
			c.Reply.Array(2 * len(found))
		}
		for _, p := range found {
			c.Reply.Bulk(p.elem)
			switch t {
			case Hash:
				c.Reply.Bulk(p.value)
			case ZSet:
				var b [40]byte
				c.Reply.Bulk(AppendFloat(b[:0], p.score))
			}
		}
		return nil
	}
}

func keys(c *Call) error {
	o := scanArgs{pattern: c.Args[1], prefix: globPrefix(c.Args[1])}
	w := c.walkKeys(0, o.bound)
	defer w.close()
	mark, n := c.Reply.Deferred(), 0
	for {
		f, live, ok := w.next()
		if !ok {
			break
		}
		if live && o.matches(f.key) {
			c.Reply.Bulk(f.key)
			n++
		}
	}
	c.Reply.EndArray(mark, n)
	return w.err
}

func all(prefix []byte) kv.Range { return kv.PrefixRange(bytes.Clone(prefix)) }

func dbsize(c *Call) error {
	n, err := c.countKeys()
	if err != nil {
		return err
	}
	c.Reply.Int(n)
	return nil
}

// countKeys counts the keys of the space: rows, less those that have expired.
func (c *Call) countKeys() (int64, error) {
	total := int64(0)
	count := func(r kv.Range, sign int64) error {
		it := c.scan(r, kv.ScanOptions{KeysOnly: true})
		defer it.Close()
		var b kv.PairBatch
		for {
			n, err := it.Next(&b)
			if err != nil || n == 0 {
				return err
			}
			total += sign * int64(n)
		}
	}
	for _, p := range [][]byte{c.Space.tables[String], c.Space.tables[None]} {
		if err := count(all(p), 1); err != nil {
			return 0, err
		}
	}
	for _, p := range [][]byte{c.Space.stringExpiry, c.Space.dirExpiry} {
		if err := count(kv.Range{Start: p, End: appendExpiryEnd(nil, p, c.Now)}, -1); err != nil {
			return 0, err
		}
	}
	return total, nil
}
