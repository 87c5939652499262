package disk

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
	"rowkey/kv/btree"
)

// newCursor walks the new rows of a version in a range, some at a time: each fill enters the
// tree anew behind the last key.
type newCursor struct {
	f       *btree.Frozen
	r       kv.Range
	reverse bool
	es      []btree.Entry
	i       int
	ended   bool // nothing follows es
}

// cursorFirst and cursorFill are how many entries are taken from a tree at a time: few at first,
// since most scans are short.
const (
	cursorFirst = 4
	cursorFill  = 128
)

func (c *newCursor) seek(r kv.Range, reverse bool) {
	c.r, c.reverse, c.i = r, reverse, 0
	if c.es = c.es[:0]; c.f == nil || r.Empty() {
		c.ended = true
		return
	}
	c.ended = false
	c.fill(cursorFirst)
}

// fill takes entries from the range that is left, and makes it smaller.
func (c *newCursor) fill(most int) {
	c.es, c.i = c.es[:0], 0
	if c.reverse {
		c.f.DescendNew(c.r.End, func(es []btree.Entry, new uint32) bool {
			for i := len(es) - 1; i >= 0; i-- {
				if new>>i&1 == 0 {
					continue
				}
				key := es[i].Key()
				if c.r.End != nil && bytes.Compare(key, c.r.End) >= 0 {
					continue
				}
				if bytes.Compare(key, c.r.Start) < 0 {
					return false
				}
				if c.es = append(c.es, es[i]); len(c.es) == most {
					return false
				}
			}
			return true
		})
	} else {
		c.f.AscendNew(c.r.Start, func(es []btree.Entry, new uint32) bool {
			for i, e := range es {
				if new>>i&1 == 0 {
					continue
				}
				if c.r.End != nil && bytes.Compare(e.Key(), c.r.End) >= 0 {
					return false
				}
				if c.es = append(c.es, e); len(c.es) == most {
					return false
				}
			}
			return true
		})
	}
	c.ended = len(c.es) < most
}

// entry is the one the cursor is at; none at the end.
func (c *newCursor) entry() btree.Entry {
	if c.i < len(c.es) {
		return c.es[c.i]
	}
	return btree.Entry{}
}

func (c *newCursor) next() {
	if c.i++; c.i < len(c.es) || c.ended {
		return
	}
	last := c.es[len(c.es)-1].Key()
	if c.reverse {
		c.r.End = last
	} else {
		c.r.Start = kv.KeyAfter(last)
	}
	c.fill(cursorFill)
}

// merged walks the pairs of a version: what is new over what Pebble has.
type merged struct {
	over    newCursor
	p       *pebble.Iterator
	reverse bool
	valid   bool // p is at a pair
	below   bool // the pair is p's
}

// first goes to the first pair of a range, which p's bounds are, and tells whether there is one.
func (m *merged) first(r kv.Range, reverse bool) bool {
	m.reverse = reverse
	m.over.seek(r, reverse)
	if reverse {
		m.valid = m.p.Last()
	} else {
		m.valid = m.p.First()
	}
	return m.settle()
}

// next goes on to the next pair.
func (m *merged) next() bool {
	if m.below {
		m.step()
		if m.over.entry().None() {
			return m.valid
		}
	} else {
		m.over.next()
	}
	return m.settle()
}

func (m *merged) step() {
	if m.reverse {
		m.valid = m.p.Prev()
	} else {
		m.valid = m.p.Next()
	}
}

// settle finds the pair that comes first, and passes over what is deleted. Should Pebble have failed,
// there is none.
func (m *merged) settle() bool {
	for {
		x := m.over.entry()
		if x.None() {
			m.below = true
			return m.valid
		}
		if m.valid {
			c := bytes.Compare(x.Key(), m.p.Key())
			if c == 0 {
				m.step()
			} else if c > 0 != m.reverse {
				m.below = true
				return true
			}
		}
		if !m.valid && m.p.Error() != nil {
			m.below = true
			return false
		}
		if !x.Deleted() {
			m.below = false
			return true
		}
		m.over.next()
	}
}

func (m *merged) key() []byte {
	if m.below {
		return m.p.Key()
	}
	return m.over.entry().Key()
}

func (m *merged) value() ([]byte, error) {
	if m.below {
		return m.p.ValueAndErr()
	}
	return m.over.entry().Value(), nil
}
