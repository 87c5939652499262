package keyspace

import "bytes"

// Commands of a pipeline often concern one collection: HSET h a 1, HSET h b 2, HGET h a. What
// the directory says of it is read once for all those in a row, and written once, behind
// the last of them:
//
//	Open h · Put a · Put b · Get a · write the row of h · next command
//
// So as long as a collection is held, its row in the store may be old. Only commands that
// open one collection, their first argument, and look at no other row than its elements
// (Command.single) go on with it; before any other runs it is let go of.

// goesOn tells whether a request is for the collection that is held.
func (c *Call) goesOn(space *Space, req *Request) bool {
	return req.Cmd.single && space == c.Space && bytes.Equal(req.Args[1], c.held.key)
}

// hold keeps the collection of the command that has run for those to come, if there is one.
func (c *Call) hold() {
	if c.held != nil || !c.holding || !c.Cmd.single || c.used == 0 {
		return
	}
	if h := c.colls[0]; h.was.Type != None && !h.stale {
		c.held = h
	}
}

// letGo writes what is to be written of the collection that is held, and holds none.
func (c *Call) letGo() error {
	h := c.held
	if h == nil {
		return nil
	}
	c.held = nil
	if !h.unsaved {
		return nil
	}
	h.unsaved = false
	err := c.putDir(h.key, &h.Entry)
	if err != nil && !retryable(err) && c.Context.Err() == nil {
		return errPartly // as run has it
	}
	return err
}
