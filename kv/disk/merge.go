package disk

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"

	"rowkey/kv"
	"rowkey/kv/btree"
)

// treeCursor walks a tree's entries in a range, some at a time: each fill enters the tree anew
// behind the last key. It is that of what waits; see overlay.
type treeCursor struct {
	t       *btree.Tree
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

func (c *treeCursor) seek(r kv.Range, reverse bool) {
	c.r, c.reverse, c.i = r, reverse, 0
	if c.es = c.es[:0]; c.t == nil || c.t.Len() == 0 || r.Empty() {
		c.ended = true
		return
	}
	c.ended = false
	c.fill(cursorFirst)
}

// fill takes entries from the range that is left, and makes it smaller.
func (c *treeCursor) fill(most int) {
	c.es, c.i = c.es[:0], 0
	if c.reverse {
		c.t.Descend(c.r.End, func(es []btree.Entry) bool {
			for i := len(es) - 1; i >= 0; i-- {
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
		c.t.Ascend(c.r.Start, func(es []btree.Entry) bool {
			for _, e := range es {
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
func (c *treeCursor) entry() btree.Entry {
	if c.i < len(c.es) {
		return c.es[c.i]
	}
	return btree.Entry{}
}

func (c *treeCursor) next() {
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

// overlay walks what waits in a range: a version's tree over what is being given.
type overlay struct {
	upper, lower treeCursor
	reverse      bool
	at           btree.Entry // none at the end
}

func (o *overlay) seek(r kv.Range, reverse bool) {
	o.reverse = reverse
	o.upper.seek(r, reverse)
	o.lower.seek(r, reverse)
	o.settle()
}

// settle finds the entry that comes first.
func (o *overlay) settle() {
	up, low := o.upper.entry(), o.lower.entry()
	switch {
	case low.None():
		o.at = up
	case up.None():
		o.at = low
	default:
		c := bytes.Compare(up.Key(), low.Key())
		if c == 0 {
			o.lower.next() // older
		}
		if o.at = up; c > 0 != o.reverse && c != 0 {
			o.at = low
		}
	}
}

func (o *overlay) next() {
	if up := o.upper.entry(); !up.None() && up == o.at {
		o.upper.next()
	} else {
		o.lower.next()
	}
	o.settle()
}

// merged walks the pairs of a version: what waits over what Pebble has.
type merged struct {
	over    overlay
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
		if m.over.at.None() {
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
		x := m.over.at
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
	return m.over.at.Key()
}

func (m *merged) value() ([]byte, error) {
	if m.below {
		return m.p.ValueAndErr()
	}
	return m.over.at.Value(), nil
}
