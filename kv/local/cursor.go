package local

import (
	"bytes"

	"rowkey/kv"
)

// cursor visits the writes of a buffer in order, where a newer one of a key hides the
// older ones: a merge of the writes in memory and the runs.
type cursor struct {
	writes  *Buffer
	reverse bool
	left    kv.Range // of the writes in memory, not yet collected
	sources []source // newest first
	heap    []int    // of sources that have an entry: by key, then newest first
	opened  bool
}

// source is where entries come from; it is nil for the writes in memory.
type source struct {
	it   RunIter
	es   []Entry
	pos  int
	done bool
}

func (c *cursor) seek(w *Buffer, r kv.Range, reverse bool) {
	c.writes, c.reverse, c.left = w, reverse, r
	if !c.opened {
		c.opened = true
		c.sources = append(c.sources, source{})
		for i := len(w.runs) - 1; i >= 0; i-- {
			c.sources = append(c.sources, source{it: w.runs[i].Iter()})
		}
	}
	c.heap = c.heap[:0]
	for i := range c.sources {
		s := &c.sources[i]
		if s.it != nil {
			s.it.Seek(r, reverse)
		}
		s.es, s.pos, s.done = nil, 0, false
	}
}

// next appends entries to dst until it has max of them or there are no more.
func (c *cursor) next(dst []Entry, max int) ([]Entry, error) {
	if len(c.heap) == 0 {
		for i := range c.sources {
			if more, err := c.fill(i); err != nil {
				return dst, err
			} else if more {
				c.push(i)
			}
		}
	}
	for len(dst) < max && len(c.heap) > 0 {
		top := c.heap[0]
		e := c.head(top)
		dst = append(dst, e)
		for len(c.heap) > 0 && bytes.Equal(c.head(c.heap[0]).Key(), e.Key()) {
			if err := c.advance(); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

func (c *cursor) head(i int) Entry { return c.sources[i].es[c.sources[i].pos] }

// advance steps the source at the top of the heap.
func (c *cursor) advance() error {
	s := &c.sources[c.heap[0]]
	s.pos++
	more := s.pos < len(s.es)
	if !more {
		var err error
		if more, err = c.fill(c.heap[0]); err != nil {
			return err
		}
	}
	if !more {
		last := len(c.heap) - 1
		c.heap[0] = c.heap[last]
		c.heap = c.heap[:last]
	}
	c.down(0)
	return nil
}

// fill reads on in a source that is used up.
func (c *cursor) fill(i int) (more bool, err error) {
	s := &c.sources[i]
	if s.done {
		return false, nil
	}
	s.pos = 0
	if s.it != nil {
		// Those handed out may still be in use.
		if s.es, err = s.it.Next(nil); err != nil {
			return false, err
		}
	} else {
		s.es = c.writes.collect(s.es[:0], c.left, c.reverse, ownChunk)
		if n := len(s.es); n > 0 && c.reverse {
			c.left.End = s.es[n-1].Key()
		} else if n > 0 {
			c.left.Start = kv.KeyAfter(s.es[n-1].Key())
		}
	}
	s.done = len(s.es) == 0
	return !s.done, nil
}

func (c *cursor) less(a, b int) bool {
	switch n := bytes.Compare(c.head(a).Key(), c.head(b).Key()); {
	case n == 0:
		return a < b
	case c.reverse:
		return n > 0
	default:
		return n < 0
	}
}

func (c *cursor) push(i int) {
	c.heap = append(c.heap, i)
	for at := len(c.heap) - 1; at > 0; {
		up := (at - 1) / 2
		if !c.less(c.heap[at], c.heap[up]) {
			return
		}
		c.heap[at], c.heap[up] = c.heap[up], c.heap[at]
		at = up
	}
}

func (c *cursor) down(at int) {
	for {
		least := at
		for _, child := range [2]int{2*at + 1, 2*at + 2} {
			if child < len(c.heap) && c.less(c.heap[child], c.heap[least]) {
				least = child
			}
		}
		if least == at {
			return
		}
		c.heap[at], c.heap[least] = c.heap[least], c.heap[at]
		at = least
	}
}

func (c *cursor) close() error {
	var first error
	for _, s := range c.sources {
		if s.it != nil {
			if err := s.it.Close(); err != nil && first == nil {
				first = err
			}
		}
	}
	c.sources, c.heap = nil, nil
	return first
}
