package keyspace

import "unsafe"

// names are the store's keys of the rows of strings of all keys that requests name: what is
// locked, what is looked up ahead of commands and what they write is made once.
type names struct {
	buf  []byte
	keys [][]byte
	ends []int // of each request's among keys
}

func (n *names) forget() { n.buf, n.keys, n.ends = n.buf[:0], n.keys[:0], n.ends[:0] }

// add makes the name of one more key of the request at hand, which end ends.
func (n *names) add(space *Space, key []byte) {
	from := len(n.buf)
	n.buf = space.StringKey(n.buf, key)
	// Should the memory move when it grows, earlier names keep the old one.
	n.keys = append(n.keys, n.buf[from:len(n.buf):len(n.buf)])
}

func (n *names) end() { n.ends = append(n.ends, len(n.keys)) }

// of gives the names of the keys of request i, in the order of Command.AppendKeys; none if
// they were not made.
func (n *names) of(i int) [][]byte {
	switch {
	case i >= len(n.ends):
		return nil
	case i == 0:
		return n.keys[:n.ends[0]]
	}
	return n.keys[n.ends[i-1]:n.ends[i]]
}

// stringKey is Space.StringKey, which the first key of the command at hand may have already.
// It lives until the next call.
func (c *Call) stringKey(key []byte) []byte {
	if len(c.names) > 0 && c.Space == c.namesIn && c.Cmd.FirstKey > 0 && same(key, c.Args[c.Cmd.FirstKey]) {
		return c.names[0]
	}
	c.key = c.Space.StringKey(c.key[:0], key)
	return c.key
}

// nameOf is the store's key of the row of strings of key i of the command at hand, nil if it was not made.
func (c *Call) nameOf(i int) []byte {
	if i < len(c.names) && c.Space == c.namesIn {
		return c.names[i]
	}
	return nil
}

// same tells whether both are the same memory.
func same(a, b []byte) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}
