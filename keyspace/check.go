package keyspace

import (
	"bytes"
	"fmt"
	"math"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Check walks over all rows and entries of a key space and reports every broken
// rule: a key of two types, an empty collection, a wrong size, bounds of a list that
// are none, entries of an index that do not fit their rows. It keeps nothing in
// memory. An error of report's ends it.
func Check(r kv.Reader, s *Space, report func(kv.Damage) error) error {
	c := &checker{r: r, s: s, report: report}
	steps := []struct {
		prefix []byte
		visit  func(key, rest, v []byte)
	}{
		{s.tables[String], c.stringRow}, {s.tables[None], c.dirRow},
		{s.tables[Hash], c.element(Hash)}, {s.tables[List], c.element(List)}, {s.tables[Set], c.element(Set)}, {s.tables[ZSet], c.element(ZSet)},
		{s.scores, c.scoreEntry},
		{s.stringExpiry, c.expiryEntry(String)}, {s.dirExpiry, c.expiryEntry(None)},
	}
	for _, st := range steps {
		if c.walk(st.prefix, st.visit); c.err != nil {
			return c.err
		}
	}
	return nil
}

// checker is a Check at work.
type checker struct {
	r      kv.Reader
	s      *Space
	report func(kv.Damage) error
	at     []byte // the store's key looked at
	err    error
	owner  []byte // of the elements looked at last
	known  bool
	dir    Entry
}

func (c *checker) fault(format string, args ...any) {
	if c.err == nil {
		c.err = c.report(kv.Damage{Key: bytes.Clone(c.at), What: fmt.Sprintf(format, args...)})
	}
}

// walk visits what begins with prefix. key is the first value behind the prefix, but
// for entries by expires_at, where rest is all that is behind it.
func (c *checker) walk(prefix []byte, visit func(key, rest, v []byte)) {
	err := kv.Each(c.r.Scan(all(prefix), kv.ScanOptions{}), func(k, v []byte) error {
		c.at = k
		rest := k[len(prefix):]
		if len(rest) > 0 && bytes.Equal(rest[:1], keyenc.AppendBytes(nil, nil)[:1]) {
			key, rest, err := keyenc.DecodeBytes(rest, nil)
			if err != nil {
				c.fault("the key is damaged")
			} else {
				visit(key, rest, v)
			}
		} else {
			visit(nil, rest, v)
		}
		return c.err
	})
	if c.err == nil {
		c.err = err
	}
}

func (c *checker) get(k []byte) (v []byte, ok bool) {
	if c.err != nil {
		return nil, false
	}
	var err error
	if v, ok, err = c.r.Get(k); err != nil {
		c.err = err
	}
	return v, ok && c.err == nil
}

func (c *checker) stringRow(key, _, v []byte) {
	r, ok := openRow(v, 3)
	_, expires, good := stringRow(v)
	if !ok || !good {
		c.fault("the row is damaged")
		return
	}
	if stored, _ := r.col(0); !bytes.Equal(stored, key) {
		c.fault("the row holds another key")
	}
	if v, ok := c.get(c.s.dirKey(nil, key)); ok {
		e, _ := dirRow(v)
		c.fault("key %q is a string and a %s", key, e.Type)
	}
	if expires != 0 {
		if _, ok := c.get(appendExpiryKey(nil, c.s.stringExpiry, expires, key)); !ok {
			c.fault("the row lacks its entry by expires_at")
		}
	}
}

func (c *checker) dirRow(key, _, v []byte) {
	e, ok := dirRow(v)
	if !ok {
		c.fault("the row is damaged")
		return
	}
	if e.Expires != 0 {
		if _, ok := c.get(appendExpiryKey(nil, c.s.dirExpiry, e.Expires, key)); !ok {
			c.fault("the row lacks its entry by expires_at")
		}
	}
	prefix := c.s.elemPrefix(nil, e.Type, key)
	count, first, last := int64(0), int64(0), int64(0)
	err := kv.Each(c.r.Scan(kv.PrefixRange(prefix), kv.ScanOptions{KeysOnly: true}), func(k, _ []byte) error {
		if e.Type == List {
			last, _, _ = keyenc.DecodeInt64(k[len(prefix):])
			if count == 0 {
				first = last
			}
		}
		count++
		return nil
	})
	if err != nil {
		c.err = err
	}
	if count != e.Size || count == 0 {
		c.fault("%s %q has %d elements and size %d", e.Type, key, count, e.Size)
	}
	if e.Type == List && (first != e.First || last != e.Last) {
		c.fault("list %q has positions %d to %d, not %d to %d", key, first, last, e.First, e.Last)
	}
}

// element looks at a row of the table of elements of one type.
func (c *checker) element(t Type) func(key, rest, v []byte) {
	return func(key, rest, v []byte) {
		if !c.known || !bytes.Equal(c.owner, key) {
			c.owner, c.known, c.dir = bytes.Clone(key), true, Entry{}
			if d, ok := c.get(c.s.dirKey(nil, key)); ok {
				c.dir, _ = dirRow(d)
			}
		}
		if c.dir.Type != t {
			c.fault("an element of %s %q is not in the directory, which has it as %s", t, key, c.dir.Type)
			return
		}
		n := 3
		if t == Set {
			n = 2
		}
		r, ok := openRow(v, n)
		if !ok {
			c.fault("the row is damaged")
			return
		}
		if stored, _ := r.col(0); !bytes.Equal(stored, key) {
			c.fault("the row holds another key")
		}
		if t != ZSet {
			return
		}
		b, _ := r.col(2)
		score, ok := scoreOf(b)
		member, _, err := keyenc.DecodeBytes(rest, nil)
		if !ok || err != nil {
			c.fault("the row is damaged")
			return
		}
		h := &Collection{key: key, scores: c.s.scorePrefix(nil, key)}
		if _, ok := c.get(h.scoreKey(score, member)); !ok {
			c.fault("the row lacks its entry by score")
		}
	}
}

func (c *checker) scoreEntry(key, rest, v []byte) {
	member, score, ok := scoreEntry(rest, v)
	if !ok {
		c.fault("the entry is damaged")
		return
	}
	stored, ok := c.get(keyenc.AppendBytes(c.s.elemPrefix(nil, ZSet, key), member))
	if !ok {
		c.fault("the entry has no row")
		return
	}
	if r, ok := openRow(stored, 3); ok {
		if b, _ := r.col(2); !sameScore(b, score) {
			c.fault("the entry has another score than its row")
		}
	}
}

// expiryEntry looks at an entry of an index by expires_at: of strings, or (None) of
// the directory.
func (c *checker) expiryEntry(t Type) func(_, rest, v []byte) {
	return func(_, rest, _ []byte) {
		at, rest, err := keyenc.DecodeTimestampTZ(rest)
		key, _, err2 := keyenc.DecodeBytes(rest, nil)
		if err != nil || err2 != nil {
			c.fault("the entry is damaged")
			return
		}
		v, ok := c.get(keyenc.AppendBytes(bytes.Clone(c.s.tables[t]), key))
		var expires int64
		if t == String {
			_, expires, _ = stringRow(v)
		} else if e, good := dirRow(v); good {
			expires = e.Expires
		}
		if !ok || expires != timeFromRow(at) {
			c.fault("the entry has no row")
		}
	}
}

func sameScore(b []byte, want float64) bool {
	got, ok := scoreOf(b)
	return ok && math.Float64bits(got) == math.Float64bits(want)
}
