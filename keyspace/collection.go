package keyspace

import (
	"bytes"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Collection is a key that holds elements, or may come to: the one place that
// keeps a key to one type and lets no empty collection exist.
//
//	h, err := c.Open(key, Hash)   // ErrWrongType; an absent key has Size 0
//	added, err := h.Put(field, value)
//	err = h.Save()                // the directory: size, or the key's end
//
// Save once after the last change; without a change it does nothing. A
// Collection lives as long as its Call. Elements are bytes: fields of a hash,
// members of a set or sorted set; a list's are positions.
type Collection struct {
	Entry
	c       *Call
	key     []byte
	was     Entry // as the directory has it; Type None: not there
	stale   bool  // expired content to remove before the first write
	touched bool
	unsaved bool   // the directory's row is still to be written: the collection is held
	prefix  []byte // of the elements' keys
	scores  []byte // of a sorted set's entries by score
	kbuf    []byte
	vbuf    []byte
}

// Open looks up a key that shall be of type t: ErrWrongType when it is of
// another. An absent key gives an empty collection, that Put and Save make real.
func (c *Call) Open(key []byte, t Type) (*Collection, error) {
	if h := c.held; h != nil { // is not expired
		c.used = 1
		if h.Type != t {
			return nil, ErrWrongType
		}
		return h, nil
	}
	if c.used == len(c.colls) {
		c.colls = append(c.colls, &Collection{c: c})
	}
	h := c.colls[c.used]
	e, ok, err := c.findDir(key)
	if err != nil {
		return nil, err
	}
	if ok && !c.Expired(e.Expires) {
		if e.Type != t {
			return nil, ErrWrongType
		}
	} else if _, _, isString, err := c.findString(key); err != nil {
		return nil, err
	} else if isString {
		return nil, ErrWrongType
	}
	c.used++
	h.key, h.touched, h.stale, h.unsaved = key, false, false, false
	h.prefix, h.scores = c.Space.elemPrefix(h.prefix[:0], t, key), h.scores[:0]
	if t == ZSet {
		h.scores = c.Space.scorePrefix(h.scores, key)
	}
	h.was, h.Entry = Entry{}, Entry{Type: t}
	switch {
	case !ok:
		h.stale = c.Cmd == nil || c.Cmd.Flags&Write != 0 // a string may have expired
	case c.Expired(e.Expires):
		h.was, h.stale = e, true
	default:
		h.was, h.Entry = e, e
	}
	return h, nil
}

// OpenAny is Open of a key of whatever type; nil when it is absent or a string.
func (c *Call) OpenAny(key []byte) (*Collection, error) {
	e, err := c.Lookup(key)
	if err != nil || e.Type == None || e.Type == String {
		return nil, err
	}
	return c.Open(key, e.Type)
}

// Key is the collection's key.
func (h *Collection) Key() []byte { return h.key }

// Exists tells whether it has elements.
func (h *Collection) Exists() bool { return h.Size > 0 }

// begin prepares a write: what expired goes first.
func (h *Collection) begin() error {
	h.touched = true
	if !h.stale {
		return nil
	}
	h.stale = false
	was := h.was
	h.was = Entry{}
	_, err := h.c.Delete(h.key)
	h.revision = was.revision
	return err
}

// Touch makes Save write the directory though no element changed.
func (h *Collection) Touch() { h.touched = true }

// Save writes what became of the collection to the directory.
func (h *Collection) Save() error {
	if !h.touched {
		return nil
	}
	h.touched = false
	c := h.c
	if h.Size <= 0 {
		if h.was.Type == None {
			return nil
		}
		err := c.dropDir(h.key, &h.was)
		h.was, h.Entry, h.unsaved = Entry{}, Entry{Type: h.Type}, false
		c.held = nil
		return err
	}
	if h.was.Expires != h.Expires {
		if err := c.moveExpiry(c.Space.dirExpiry, h.key, h.was.Expires, h.Expires); err != nil {
			return err
		}
	}
	if h.was.Type == None && (h.Type == List || h.Type == ZSet) {
		c.becameReady(h.key)
	}
	if c.holding && c.Cmd.single {
		h.unsaved = true
	} else if err := c.putDir(h.key, &h.Entry); err != nil {
		return err
	}
	h.was = h.Entry
	return nil
}

// Clear removes all elements, and with Save the key, time to live included.
func (h *Collection) Clear() error {
	if err := h.begin(); err != nil {
		return err
	}
	if h.was.Type != None {
		if err := h.c.dropElements(h.key, &h.was); err != nil {
			return err
		}
	}
	h.Entry = Entry{Type: h.Type, revision: h.revision}
	h.was = Entry{}
	return nil
}

// elemKey makes the store's key of an element; it lives until the next call.
func (h *Collection) elemKey(elem []byte) []byte {
	h.kbuf = keyenc.AppendBytes(append(h.kbuf[:0], h.prefix...), elem)
	return h.kbuf
}

func (h *Collection) find(k []byte) (r row, ok bool, err error) {
	if h.Size == 0 {
		return r, false, nil
	}
	v, ok, err := h.c.get(k)
	if err != nil || !ok {
		return r, false, err
	}
	n := 3
	if h.Type == Set {
		n = 2
	}
	if r, ok = openRow(v, n); !ok {
		return r, false, rowenc.Damaged(k)
	}
	return r, true, nil
}

// Has tells whether there is an element: a field, a member.
func (h *Collection) Has(elem []byte) (bool, error) {
	_, ok, err := h.find(h.elemKey(elem))
	return ok, err
}

// Get gives the value of a hash's field. It is the store's: not to be changed.
func (h *Collection) Get(field []byte) (value []byte, ok bool, err error) {
	r, ok, err := h.find(h.elemKey(field))
	if err != nil || !ok {
		return nil, false, err
	}
	if value, ok = r.col(2); !ok {
		return nil, false, rowenc.Damaged(h.kbuf)
	}
	return value, true, nil
}

// Put sets a field of a hash; added tells that it is new.
func (h *Collection) Put(field, value []byte) (added bool, err error) {
	if err := h.begin(); err != nil {
		return false, err
	}
	k := h.elemKey(field)
	_, has, err := h.find(k)
	if err != nil {
		return false, err
	}
	if !has {
		h.Size++
	}
	h.vbuf = appendCols3(h.vbuf[:0], h.key, field, value)
	return !has, h.c.put(k, h.vbuf)
}

// Add adds a member to a set; added tells that it is new.
func (h *Collection) Add(member []byte) (added bool, err error) {
	k := h.elemKey(member)
	if _, has, err := h.find(k); err != nil || has {
		return false, err
	}
	if err := h.begin(); err != nil {
		return false, err
	}
	h.Size++
	h.vbuf = appendCols2(h.vbuf[:0], h.key, member)
	return true, h.c.put(k, h.vbuf)
}

// Remove removes a field or member; removed tells whether it was there.
func (h *Collection) Remove(elem []byte) (removed bool, err error) {
	k := h.elemKey(elem)
	r, ok, err := h.find(k)
	if err != nil || !ok {
		return false, err
	}
	if err := h.begin(); err != nil {
		return false, err
	}
	if h.Type == ZSet {
		b, _ := r.col(2)
		score, ok := scoreOf(b)
		if !ok {
			return false, rowenc.Damaged(k)
		}
		if err := h.c.delete(h.scoreKey(score, elem)); err != nil {
			return false, err
		}
		k = h.elemKey(elem)
	}
	h.Size--
	return true, h.c.delete(k)
}

// Score gives the score of a member of a sorted set.
func (h *Collection) Score(member []byte) (score float64, ok bool, err error) {
	r, ok, err := h.find(h.elemKey(member))
	if err != nil || !ok {
		return 0, false, err
	}
	b, _ := r.col(2)
	if score, ok = scoreOf(b); !ok {
		return 0, false, rowenc.Damaged(h.kbuf)
	}
	return score, true, nil
}

// SetScore gives a member, new or not, its score; added tells that it is new.
func (h *Collection) SetScore(member []byte, score float64) (added bool, err error) {
	old, had, err := h.Score(member)
	if err != nil {
		return false, err
	}
	return !had, h.ReplaceScore(member, old, had, score)
}

// ReplaceScore is SetScore for one who has just asked for the old score.
func (h *Collection) ReplaceScore(member []byte, old float64, had bool, score float64) error {
	if had && old == score {
		return nil
	}
	if err := h.begin(); err != nil {
		return err
	}
	if had {
		if err := h.c.delete(h.scoreKey(old, member)); err != nil {
			return err
		}
	} else {
		h.Size++
	}
	h.vbuf = appendMember(h.vbuf[:0], h.key, member, score)
	if err := h.c.put(h.elemKey(member), h.vbuf); err != nil {
		return err
	}
	h.vbuf = appendScoreValue(h.vbuf[:0], score)
	return h.c.put(h.scoreKey(score, member), h.vbuf)
}

// scoreKey makes the key of an entry by score: (key, score, member), and the
// primary key once more, as any index that is not unique ends.
func (h *Collection) scoreKey(score float64, member []byte) []byte {
	k := keyenc.AppendFloat64(append(h.kbuf[:0], h.scores...), score)
	from := len(k)
	k = keyenc.AppendBytes(k, member)
	to := len(k)
	k = keyenc.AppendBytes(k, h.key)
	k = append(k, k[from:to]...)
	h.kbuf = k
	return k
}

func (h *Collection) itemKey(position int64) []byte {
	h.kbuf = keyenc.AppendInt64(append(h.kbuf[:0], h.prefix...), position)
	return h.kbuf
}

// Dense tells whether a list's positions have no gaps, so that element i is at
// First+i. Commands leave none where they can; SQL may.
func (h *Collection) Dense() bool { return h.Last-h.First+1 == h.Size }

// Item gives the element at a position of a list.
func (h *Collection) Item(position int64) (value []byte, ok bool, err error) {
	r, ok, err := h.find(h.itemKey(position))
	if err != nil || !ok {
		return nil, false, err
	}
	if value, ok = r.col(2); !ok {
		return nil, false, rowenc.Damaged(h.kbuf)
	}
	return value, true, nil
}

// PutItem sets the element at a position that has one.
func (h *Collection) PutItem(position int64, value []byte) error {
	if err := h.begin(); err != nil {
		return err
	}
	h.vbuf = appendItem(h.vbuf[:0], h.key, position, value)
	return h.c.put(h.itemKey(position), h.vbuf)
}

// InsertItem adds an element at a position that has none.
func (h *Collection) InsertItem(position int64, value []byte) error {
	if h.Size == 0 {
		h.First, h.Last = position, position
	} else {
		h.First, h.Last = min(h.First, position), max(h.Last, position)
	}
	h.Size++
	return h.PutItem(position, value)
}

// PushFront adds an element before the first, PushBack behind the last.
func (h *Collection) PushFront(value []byte) error {
	if h.Size == 0 {
		return h.InsertItem(0, value)
	}
	return h.InsertItem(h.First-1, value)
}

// PushBack adds an element behind the last.
func (h *Collection) PushBack(value []byte) error {
	if h.Size == 0 {
		return h.InsertItem(0, value)
	}
	return h.InsertItem(h.Last+1, value)
}

// RemoveItem removes the element at a position that has one.
func (h *Collection) RemoveItem(position int64) error {
	if err := h.begin(); err != nil {
		return err
	}
	dense := h.Dense()
	h.Size--
	if err := h.c.delete(h.itemKey(position)); err != nil || h.Size == 0 {
		return err
	}
	switch {
	case position == h.First && dense:
		h.First++
	case position == h.Last && dense:
		h.Last--
	case position == h.First || position == h.Last:
		return h.findBounds(position == h.First)
	}
	return nil
}

// findBounds looks up the first or last position after it was removed.
func (h *Collection) findBounds(first bool) error {
	cur := h.Scan(ScanOptions{Reverse: !first, Limit: 1})
	defer cur.Close()
	if !cur.Next() {
		if cur.Err() != nil {
			return cur.Err()
		}
		return rowenc.Damaged(h.prefix)
	}
	if first {
		h.First = cur.Position()
	} else {
		h.Last = cur.Position()
	}
	return nil
}

// ScanOptions say which elements to scan and how. The zero value is all of them
// in order: of bytes, of positions, or (ByScore) of scores and then bytes.
type ScanOptions struct {
	Reverse bool
	Limit   int // 0: no limit
	ByScore bool
	// From and To are bounds, made by the Bound methods; nil: none. From is the
	// lower one in either direction. The scan is From <= element < To.
	From, To []byte
}

// ElemBound is the bound before an element, or just after it.
func (h *Collection) ElemBound(elem []byte, after bool) []byte {
	b := keyenc.AppendBytes(bytes.Clone(h.prefix), elem)
	return bound(b, after)
}

// PositionBound is the bound before a position, or just after it.
func (h *Collection) PositionBound(position int64, after bool) []byte {
	b := keyenc.AppendInt64(bytes.Clone(h.prefix), position)
	return bound(b, after)
}

// ScoreBound is the bound, of a scan by score, before all members of a score, or
// after them.
func (h *Collection) ScoreBound(score float64, after bool) []byte {
	b := keyenc.AppendFloat64(bytes.Clone(h.scores), score)
	return bound(b, after)
}

// ScoreElemBound is the bound, of a scan by score, before a member with its
// score, or just after it.
func (h *Collection) ScoreElemBound(score float64, member []byte, after bool) []byte {
	b := keyenc.AppendFloat64(bytes.Clone(h.scores), score)
	return bound(keyenc.AppendBytes(b, member), after)
}

func bound(b []byte, after bool) []byte {
	if after {
		return kv.PrefixEnd(b)
	}
	return b
}

// Cursor walks over elements:
//
//	cur := h.Scan(ScanOptions{})
//	defer cur.Close()
//	for cur.Next() { … cur.Elem(), cur.Value() … }
//	err := cur.Err()
//
// It sees the collection as it was when the scan began; the bytes it gives live
// until the transaction ends.
type Cursor struct {
	it    kv.Iterator
	batch kv.PairBatch
	t     Type
	by    bool // score
	skip  int  // length of the prefix
	at, n int
	row   row
	score float64
	elem  []byte
	pos   int64
	err   error
}

// Scan begins a walk over the elements.
func (h *Collection) Scan(o ScanOptions) *Cursor {
	cur := &Cursor{t: h.Type, by: o.ByScore}
	if h.Size == 0 {
		return cur
	}
	prefix := h.prefix
	if o.ByScore {
		prefix = h.scores
	}
	cur.skip = len(prefix)
	r := kv.PrefixRange(bytes.Clone(prefix))
	if o.From != nil {
		r.Start = o.From
	}
	if o.To != nil {
		r.End = o.To
	}
	if r.Empty() {
		return cur
	}
	if o.Limit > 0 && o.Limit < kv.DefaultBatchPairs {
		cur.batch.Max = o.Limit
	}
	cur.it = h.c.scan(r, kv.ScanOptions{Reverse: o.Reverse, Limit: o.Limit})
	return cur
}

// Next goes to the next element; false at the end, or on an error.
func (cur *Cursor) Next() bool {
	if cur.it == nil || cur.err != nil {
		return false
	}
	if cur.at++; cur.at >= cur.n {
		cur.batch.Keep()
		cur.n, cur.err = cur.it.Next(&cur.batch)
		cur.at = 0
		if cur.n == 0 || cur.err != nil {
			return false
		}
	}
	k, v := cur.batch.Keys[cur.at], cur.batch.Values[cur.at]
	ok := true
	if cur.by {
		cur.elem, cur.score, ok = scoreEntry(k[cur.skip:], v)
	} else {
		n := 3
		if cur.t == Set {
			n = 2
		}
		if cur.row, ok = openRow(v, n); ok {
			cur.elem, ok = cur.row.col(1)
		}
		switch {
		case !ok:
		case cur.t == ZSet:
			b, _ := cur.row.col(2)
			cur.score, ok = scoreOf(b)
		case cur.t == List:
			cur.pos, ok = cur.row.int8(1)
		}
	}
	if !ok {
		cur.err = rowenc.Damaged(k)
	}
	return ok
}

// scoreEntry reads an entry of the index by score behind its prefix.
func scoreEntry(k, v []byte) (member []byte, score float64, ok bool) {
	rest, err := keyenc.Skip(k)
	if err != nil || len(v) == 0 || v[0] != 2 {
		return nil, 0, false
	}
	if member, _, err = keyenc.DecodeBytes(rest, nil); err != nil {
		return nil, 0, false
	}
	r, ok := openRow(v[1:], 1)
	if !ok {
		return nil, 0, false
	}
	b, _ := r.col(0)
	score, ok = scoreOf(b)
	return member, score, ok
}

// Elem is the field or member; of a list the bytes of the position.
func (cur *Cursor) Elem() []byte { return cur.elem }

// Position is a list's position.
func (cur *Cursor) Position() int64 { return cur.pos }

// Score is a sorted set's score.
func (cur *Cursor) Score() float64 { return cur.score }

// Value is the value of a hash's field or a list's position.
func (cur *Cursor) Value() []byte {
	b, _ := cur.row.col(2)
	return b
}

// Err is what ended the walk early, or nil.
func (cur *Cursor) Err() error { return cur.err }

// Close ends the walk.
func (cur *Cursor) Close() {
	if cur.it != nil {
		cur.it.Close()
		cur.it = nil
	}
}
