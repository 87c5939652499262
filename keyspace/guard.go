package keyspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Guard is SQL's side of the rules, for the writes of one statement to one
// table of a key space. Its caller writes the rows; the guard locks their keys,
// removes what has expired, and keeps the directory.
//
//	err := g.Enter(key)             before a row of key is looked for or written
//	g.Added(key, position)          for each row written that was not there
//	g.Removed(key, position)        for each row deleted
//	err := g.Flush()                when the rows are written
//
// Not safe for concurrent use.
type Guard struct {
	call Call
	typ  Type // of the table's keys; None for the directory
	last []byte
	any  bool // last is set
	keys map[string]*change
	todo []string // keys, in order of their first change
}

// change is what a batch of rows does to one key.
type change struct {
	size    int64
	first   int64
	last    int64
	added   bool // first and last are set
	removed bool
}

// A HeldError says that a key is of another type than the table a row goes to.
type HeldError struct {
	Key       []byte
	Has, Want Type
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("key \"%s\" holds a value of type %s, not %s", printable(e.Key), e.Has, e.Want)
}

func printable(b []byte) string {
	s := fmt.Sprintf("%q", b)
	return s[1 : len(s)-1]
}

// ErrDirectory says that the directory was written in a way that only follows
// from the elements.
var ErrDirectory = errors.New("the directory of keys follows from their elements")

// NewGuard makes the guard of a table, nil when it belongs to no key space. now
// is the statement's clock, microseconds since 1970.
func NewGuard(ctx context.Context, snap *catalog.Snapshot, t *catalog.Table, txn kv.Txn, level kv.Isolation, now int64) *Guard {
	if t.Schema == nil || t.Schema.KeySpace == 0 {
		return nil
	}
	s := NewSpace(snap, t.Schema.KeySpace-1)
	if s == nil {
		return nil
	}
	g := &Guard{typ: tableType(t.Name), keys: map[string]*change{}}
	g.call = Call{Context: ctx, Txn: txn, Space: s, Now: now, latest: level == kv.ReadCommitted, checked: level != kv.ReadCommitted}
	return g
}

// tableType is the type of the keys whose rows a table has.
func tableType(name string) Type {
	switch name {
	case "strings":
		return String
	case "hashes":
		return Hash
	case "lists":
		return List
	case "sets":
		return Set
	case "zsets":
		return ZSet
	}
	return None
}

// Type is the type of the keys whose rows the table has; None for the directory.
func (g *Guard) Type() Type { return g.typ }

// LockRow locks the key that a row belongs to, before the row itself is locked:
// rowKey is the store's key of the row, which in strings is the key's lock.
func (g *Guard) LockRow(rowKey []byte, opts kv.LockOptions) (acquired bool, err error) {
	if g.typ == String {
		return true, nil
	}
	c := &g.call
	n := len(c.Space.tables[g.typ])
	if len(rowKey) < n {
		return false, rowenc.Damaged(rowKey)
	}
	rest, err := keyenc.Skip(rowKey[n:])
	if err != nil {
		return false, rowenc.Damaged(rowKey)
	}
	key := rowKey[n : len(rowKey)-len(rest)]
	opts.Newest, opts.Untold = !c.checked, true
	for _, t := range [2]Type{String, None} {
		c.lockBuf = append(append(c.lockBuf[:0], c.Space.tables[t]...), key...)
		if res, err := c.Txn.Lock(c.Context, c.lockBuf, opts); err != nil || !res.Acquired {
			return false, err
		}
		if !c.checked {
			break
		}
	}
	return true, nil
}

// Enter locks a key and makes it fit for rows of the table: what has expired
// goes. A *HeldError says that it is of another type.
func (g *Guard) Enter(key []byte) error {
	if g.any && bytes.Equal(g.last, key) {
		return nil
	}
	if g.typ == None {
		return ErrDirectory
	}
	g.any = false
	c := &g.call
	if err := c.lock(key); err != nil {
		return err
	}
	s, err := c.openAny(key)
	if err != nil {
		return err
	}
	switch {
	case s.row && !s.ok:
		if _, err := c.Delete(key); err != nil {
			return err
		}
	case s.ok && g.typ != String:
		return &HeldError{bytes.Clone(key), String, g.typ}
	case s.coll.Type != None && c.Expired(s.coll.Expires):
		if err := c.dropElements(key, &s.coll); err != nil {
			return err
		}
	case s.coll.Type != None && s.coll.Type != g.typ:
		return &HeldError{bytes.Clone(key), s.coll.Type, g.typ}
	}
	g.last, g.any = append(g.last[:0], key...), true
	return nil
}

func (g *Guard) change(key string) *change {
	ch := g.keys[key]
	if ch == nil {
		ch = &change{}
		g.keys[key] = ch
		g.todo = append(g.todo, key)
	}
	return ch
}

// Added counts a new row. position is that of a list's.
func (g *Guard) Added(key string, position int64) {
	if g.typ == String || g.typ == None {
		return
	}
	ch := g.change(key)
	ch.size++
	if !ch.added {
		ch.first, ch.last, ch.added = position, position, true
		return
	}
	ch.first, ch.last = min(ch.first, position), max(ch.last, position)
}

// Removed counts a row that is no more. A row of the directory takes the
// elements with it.
func (g *Guard) Removed(key string, position int64) error {
	switch g.typ {
	case String:
		return nil
	case None:
		return g.removeElements([]byte(key))
	}
	ch := g.change(key)
	ch.size--
	ch.removed = true
	return nil
}

// Changed counts a row that was written in place.
func (g *Guard) Changed(key string) {
	if g.typ != String && g.typ != None {
		g.change(key)
	}
}

// removeElements removes the elements of a key, of whatever type it is.
func (g *Guard) removeElements(key []byte) error {
	s := g.call.Space
	for t := Hash; t <= ZSet; t++ {
		if err := g.call.deleteRange(s.elemPrefix(nil, t, key)); err != nil {
			return err
		}
	}
	return g.call.deleteRange(s.scorePrefix(nil, key))
}

// Flush brings the directory up to date with the rows counted since the last.
func (g *Guard) Flush() error {
	c := &g.call
	for _, key := range g.todo {
		ch := g.keys[key]
		k := []byte(key)
		e, ok, err := c.findDir(k)
		if err != nil {
			return err
		}
		if !ok {
			e = Entry{Type: g.typ}
		}
		was := e
		e.Size += ch.size
		switch {
		case e.Size > 0:
			if g.typ == List {
				if err := g.bounds(k, &e, &was, ch); err != nil {
					return err
				}
			}
			if !ok && (g.typ == List || g.typ == ZSet) {
				c.becameReady(k)
			}
			err = c.putDir(k, &e)
		case ok:
			err = c.dropDir(k, &was)
		}
		if err != nil {
			return err
		}
		delete(g.keys, key)
	}
	g.todo = g.todo[:0]
	return nil
}

// bounds finds the first and last position of a list.
func (g *Guard) bounds(key []byte, e, was *Entry, ch *change) error {
	if !ch.removed && ch.added {
		if was.Size == 0 {
			e.First, e.Last = ch.first, ch.last
		} else {
			e.First, e.Last = min(was.First, ch.first), max(was.Last, ch.last)
		}
		return nil
	}
	if !ch.removed {
		return nil
	}
	h := &Collection{c: &g.call, Entry: *e, key: key, prefix: g.call.Space.elemPrefix(nil, List, key)}
	if err := h.findBounds(true); err != nil {
		return err
	}
	if err := h.findBounds(false); err != nil {
		return err
	}
	e.First, e.Last = h.First, h.Last
	return nil
}

// Ready gives the lists and sorted sets that came to be, for Tell after the
// commit; nil if there are none.
func (g *Guard) Ready(k *Keyspace) *Ready {
	if len(g.call.ready) == 0 || k == nil {
		return nil
	}
	r := &Ready{k, g.call.ready}
	g.call.ready = nil
	return r
}

// HasExpired tells whether the directory of a key space names a key whose time
// to live is over at now, microseconds since 1970, and that is still there.
func HasExpired(r kv.Reader, s *Space, now int64) (bool, error) {
	it := r.Scan(kv.Range{Start: s.dirExpiry, End: appendExpiryEnd(nil, s.dirExpiry, now)}, kv.ScanOptions{KeysOnly: true, Limit: 1})
	defer it.Close()
	var b kv.PairBatch
	n, err := it.Next(&b)
	return n > 0, err
}

// appendExpiryEnd appends the end of the entries of an index by expires_at that
// are due at now.
func appendExpiryEnd(dst, index []byte, now int64) []byte {
	return keyenc.AppendTimestampTZ(append(dst, index...), now-epochMicros+1)
}

// Alive tells whether a collection is there at now.
func Alive(r kv.Reader, s *Space, key []byte, now int64) (bool, error) {
	k := s.dirKey(nil, key)
	v, ok, err := r.Get(k)
	if err != nil || !ok {
		return false, err
	}
	e, ok := dirRow(v)
	if !ok {
		return false, rowenc.Damaged(k)
	}
	return e.Expires == 0 || e.Expires > now, nil
}
