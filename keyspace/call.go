package keyspace

import (
	"bytes"
	"context"
	"runtime"
	"slices"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
)

// Call is one command being run in a transaction. The fields are read-only for
// commands. Not safe for concurrent use.
type Call struct {
	Keyspace *Keyspace
	Context  context.Context
	Txn      kv.Txn
	Space    *Space
	// Now is the clock of the command, of all commands of a MULTI: microseconds
	// since 1970. What expires at Now or before is not there.
	Now   int64
	Cmd   *Command
	Args  [][]byte // with the name
	Reply *Reply
	// Multi tells that the command runs in a transaction with others: it must not wait.
	Multi bool

	// latest tells that others' statements share the transaction: locks do not move
	// its snapshot, so what was locked is read past it.
	latest bool
	// checked tells that the transaction keeps its snapshot: a lock on what was
	// changed since is a conflict.
	checked bool
	writes  int
	ready   []readyKey
	key     []byte // scratch of store keys
	val     []byte // scratch of row values
	lockBuf []byte
	// scratch of stringRows
	many               []byte
	manyKeys, manyRows [][]byte
	dirKeys, dirRows   [][]byte
	seen               slot
	colls              []*Collection
	used               int // of colls
	ahead              ahead
	names              [][]byte    // of the command's keys, if they were made
	namesIn            *Space      // theirs; MOVE and COPY go to another
	held               *Collection // see hold
	plainOf            *Space      // of which was asked whether it is plain
	plainIs            bool
	others             bool // the transaction has written other rows than those of strings
	holding            bool
}

// readyKey is a key that came to be.
type readyKey struct {
	db  int
	key string
}

func (c *Call) get(key []byte) ([]byte, bool, error) {
	if c.latest {
		return c.Txn.GetLatest(key)
	}
	row, known := c.ahead.row(key)
	if !known {
		return c.Txn.Get(key)
	}
	if c.writes > 0 {
		if own, written, err := c.Txn.Written(key); written || err != nil {
			return own, own != nil, err
		}
	}
	return row, row != nil, nil
}

func (c *Call) scan(r kv.Range, opts kv.ScanOptions) kv.Iterator {
	if c.latest {
		return c.Txn.ScanLatest(r, opts)
	}
	return c.Txn.Scan(r, opts)
}

// put and delete write under the lock of the key that the row belongs to.
func (c *Call) put(key, value []byte) error {
	c.writes++
	c.others = c.others || !bytes.HasPrefix(key, c.Space.tables[String])
	return c.Txn.PutCovered(key, value)
}

// plain tells whether all keys of a key space are known to be strings without a time to live. Who stores such a
// string there, under a lock that is older than the snapshot, need not know what was under the key.
func (c *Call) plain(s *Space) bool {
	if c.plainOf != s {
		c.plainOf = s
		c.plainIs = !c.Multi && !c.latest && !c.checked && c.Txn.NoneIn(s.notPlain[0]) && c.Txn.NoneIn(s.notPlain[1])
	}
	return c.plainIs && !c.others
}

func (c *Call) delete(key []byte) error {
	c.writes++
	return c.Txn.DeleteCovered(key)
}

// Lock locks keys that the command's table entry does not name, before it reads
// and then writes them; those it names are locked when it runs. Locking twice
// is cheap.
func (c *Call) Lock(keys ...[]byte) error {
	for _, key := range keys {
		if err := c.lock(key); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return c.locked()
}

// locked lets what was locked just now be read as it is.
func (c *Call) locked() error {
	c.plainOf = nil
	switch {
	case c.latest || c.checked:
	case c.Multi: // what was read before shall not change
		c.latest = true
	default:
		return c.Txn.Refresh()
	}
	return nil
}

func (c *Call) lock(key []byte) error {
	opts := kv.LockOptions{Mode: kv.LockUpdate, Newest: !c.checked, Untold: true}
	c.lockBuf = c.Space.StringKey(c.lockBuf[:0], key)
	if _, err := c.Txn.Lock(c.Context, c.lockBuf, opts); err != nil {
		return err
	}
	if !c.checked {
		return nil
	}
	c.lockBuf = c.Space.dirKey(c.lockBuf[:0], key)
	_, err := c.Txn.Lock(c.Context, c.lockBuf, opts)
	return err
}

// Expired tells whether a time to live has passed; 0 never does.
func (c *Call) Expired(at int64) bool { return at != 0 && at <= c.Now }

// Lookup tells what a key is; Entry.Type is None when it is not there.
func (c *Call) Lookup(key []byte) (Entry, error) {
	v, expires, ok, err := c.findString(key)
	if err != nil {
		return Entry{}, err
	}
	if ok {
		return Entry{Type: String, Expires: expires, Size: int64(len(v))}, nil
	}
	e, ok, err := c.findDir(key)
	if err != nil || !ok || c.Expired(e.Expires) {
		return Entry{}, err
	}
	return e, nil
}

// findString reads a row of strings that is not expired.
func (c *Call) findString(key []byte) (value []byte, expires int64, ok bool, err error) {
	k := c.stringKey(key)
	v, ok, err := c.get(k)
	if err != nil || !ok {
		return nil, 0, false, err
	}
	value, expires, ok = stringRow(v)
	if !ok {
		return nil, 0, false, rowenc.Damaged(k)
	}
	return value, expires, !c.Expired(expires), nil
}

// findDir reads a row of the directory, expired or not.
func (c *Call) findDir(key []byte) (e Entry, ok bool, err error) {
	c.key = c.Space.dirKey(c.key[:0], key)
	v, ok, err := c.get(c.key)
	if err != nil || !ok {
		return e, false, err
	}
	if e, ok = dirRow(v); !ok {
		return e, false, rowenc.Damaged(c.key)
	}
	return e, true, nil
}

// String reads the value of a string; ok is false when there is no such key. A
// key of another type is ErrWrongType. The value is the store's: not to be changed.
func (c *Call) String(key []byte) (value []byte, ok bool, err error) {
	s, err := c.openString(key)
	return s.value, s.ok, err
}

// slot is what lies under a key that is, or shall become, a string.
type slot struct {
	value   []byte
	expires int64
	ok      bool // there is a string
	was     int64
	row     bool  // there is a row, with time to live was, that may have expired
	coll    Entry // an expired collection; Type None: there is none
}

// openString looks up a string; ErrWrongType when the key is of another type.
func (c *Call) openString(key []byte) (s slot, err error) {
	if s, err = c.openAny(key); err == nil && s.coll.Type != None && !c.Expired(s.coll.Expires) {
		return slot{}, ErrWrongType
	}
	return s, err
}

// openAny looks up what lies under a key: a collection too, that is not expired.
func (c *Call) openAny(key []byte) (s slot, err error) {
	v, ok, err := c.get(c.stringKey(key))
	if err != nil {
		return s, err
	}
	return c.slotOf(key, v, ok)
}

// slotOf is openAny of one who has read the row of strings.
func (c *Call) slotOf(key, v []byte, ok bool) (s slot, err error) {
	if !ok {
		s.coll, _, err = c.findDir(key)
		return s, err
	}
	if s.value, s.was, ok = stringRow(v); !ok {
		return s, rowenc.Damaged(c.Space.StringKey(nil, key))
	}
	s.row = true
	if c.Expired(s.was) {
		s.value = nil
		return s, nil
	}
	s.ok, s.expires = true, s.was
	return s, nil
}

// stringRows reads the rows of strings of many keys at once, those of every step-th
// argument from the second on; nil where there is none. They live until the next call.
func (c *Call) stringRows(step int) (rows [][]byte, err error) {
	c.many, c.manyKeys = c.many[:0], c.manyKeys[:0]
	switch known := c.ahead.keysOf(); {
	case !c.latest && len(known) > 0:
		c.manyKeys = append(c.manyKeys, known...)
		return c.rowsAhead()
	case len(c.names) > 0:
		c.manyKeys = append(c.manyKeys, c.names...)
	default:
		for i := 1; i < len(c.Args); i += step {
			from := len(c.many)
			c.many = c.Space.StringKey(c.many, c.Args[i])
			// Should the memory move when it grows, earlier keys keep the old one.
			c.manyKeys = append(c.manyKeys, c.many[from:len(c.many):len(c.many)])
		}
	}
	n := len(c.manyKeys)
	c.manyRows = slices.Grow(c.manyRows[:0], n)[:n]
	return c.manyRows, c.getAll(c.manyKeys, c.manyRows)
}

// rowsAhead is stringRows of keys whose rows were all looked up ahead.
func (c *Call) rowsAhead() (rows [][]byte, err error) {
	c.manyRows = append(c.manyRows[:0], c.ahead.rowsOf()...)
	if c.writes > 0 {
		for i, k := range c.manyKeys {
			if own, written, err := c.Txn.Written(k); err != nil {
				return c.manyRows, err
			} else if written {
				c.manyRows[i] = own
			}
		}
	}
	return c.manyRows, nil
}

// slots is openAny of the keys of every step-th argument from the second on, of which two
// reads look up all: see is called for each, with the number of its argument and the store's
// key of its row of strings. A key that comes twice looks both times as it did at first.
func (c *Call) slots(step int, see func(arg int, row []byte, s *slot) error) error {
	rows, err := c.stringRows(step)
	defer clear(rows)
	if err != nil {
		return err
	}
	c.dirKeys = c.dirKeys[:0]
	heads := 0
	for i, row := range rows {
		if len(row) > 0 {
			heads += int(row[0]) // so that the waits for their memory overlap
		} else if row == nil {
			from := len(c.many)
			c.many = c.Space.dirKey(c.many, c.Args[1+i*step])
			c.dirKeys = append(c.dirKeys, c.many[from:len(c.many):len(c.many)])
		}
	}
	runtime.KeepAlive(heads)
	n := len(c.dirKeys)
	c.dirRows = slices.Grow(c.dirRows[:0], n)[:n]
	dirs := c.dirRows
	defer clear(dirs)
	if n > 0 {
		if err := c.getAll(c.dirKeys, dirs); err != nil {
			return err
		}
	}
	next := 0
	s := &c.seen // one for all: see would make each escape
	defer func() { *s = slot{} }()
	for i, row := range rows {
		*s = slot{}
		switch {
		case row != nil:
			if *s, err = c.slotOf(c.Args[1+i*step], row, true); err != nil {
				return err
			}
		default:
			if dir := dirs[next]; dir != nil {
				var ok bool
				if s.coll, ok = dirRow(dir); !ok {
					return rowenc.Damaged(c.dirKeys[next])
				}
			}
			next++
		}
		if err := see(1+i*step, c.manyKeys[i], s); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) getAll(keys, values [][]byte) error {
	if c.latest {
		return c.Txn.GetAllLatest(keys, values)
	}
	return c.Txn.GetAll(keys, values)
}

// storeString makes a key a string in place of what openString or openAny found.
func (c *Call) storeString(key, value []byte, expires int64, s *slot) error {
	if s.coll.Type != None {
		if err := c.dropElements(key, &s.coll); err != nil {
			return err
		}
	}
	return c.putString(key, value, s.was, expires)
}

// SetString makes a key a string, whatever it was. expires is 0 for a key that stays.
func (c *Call) SetString(key, value []byte, expires int64) error {
	if expires == 0 && c.plain(c.Space) {
		return c.putRow(c.stringKey(key), key, value, 0)
	}
	s, err := c.openAny(key)
	if err != nil {
		return err
	}
	return c.storeString(key, value, expires, &s)
}

// putString writes a row of strings where was is the time to live it had, and
// no collection has the key.
func (c *Call) putString(key, value []byte, was, expires int64) error {
	if was != expires {
		if err := c.moveExpiry(c.Space.stringExpiry, key, was, expires); err != nil {
			return err
		}
	}
	return c.putRow(c.stringKey(key), key, value, expires)
}

// putRow is putString of one who knows the store's key, where the time to live stays.
func (c *Call) putRow(row, key, value []byte, expires int64) error {
	c.val = appendString(c.val[:0], key, value, expires)
	return c.put(row, c.val)
}

// moveExpiry changes an entry of an index by expires_at.
func (c *Call) moveExpiry(index, key []byte, was, is int64) error {
	if was != 0 {
		c.key = appendExpiryKey(c.key[:0], index, was, key)
		if err := c.delete(c.key); err != nil {
			return err
		}
	}
	if is != 0 {
		c.key = appendExpiryKey(c.key[:0], index, is, key)
		return c.put(c.key, nil)
	}
	return nil
}

// Delete removes a key of any type; existed is false when it was not there, or expired.
func (c *Call) Delete(key []byte) (existed bool, err error) {
	k := c.stringKey(key)
	v, ok, err := c.get(k)
	if err != nil {
		return false, err
	}
	if ok {
		_, expires, ok := stringRow(v)
		if !ok {
			return false, rowenc.Damaged(k)
		}
		if err := c.delete(k); err != nil {
			return false, err
		}
		return !c.Expired(expires), c.moveExpiry(c.Space.stringExpiry, key, expires, 0)
	}
	e, ok, err := c.findDir(key)
	if err != nil || !ok {
		return false, err
	}
	return !c.Expired(e.Expires), c.dropElements(key, &e)
}

// dropElements removes a collection with its row in the directory.
func (c *Call) dropElements(key []byte, e *Entry) error {
	if err := c.deleteRange(c.Space.elemPrefix(nil, e.Type, key)); err != nil {
		return err
	}
	if e.Type == ZSet {
		if err := c.deleteRange(c.Space.scorePrefix(nil, key)); err != nil {
			return err
		}
	}
	return c.dropDir(key, e)
}

func (c *Call) dropDir(key []byte, e *Entry) error {
	if err := c.moveExpiry(c.Space.dirExpiry, key, e.Expires, 0); err != nil {
		return err
	}
	c.key = c.Space.dirKey(c.key[:0], key)
	return c.delete(c.key)
}

// deleteRange removes all that begins with prefix.
func (c *Call) deleteRange(prefix []byte) error {
	it := c.scan(kv.PrefixRange(prefix), kv.ScanOptions{KeysOnly: true})
	return kv.Each(it, func(k, _ []byte) error { return c.delete(k) })
}

// SetExpiry gives a key that is there, as Lookup told, another time to live; 0 for none.
func (c *Call) SetExpiry(key []byte, e Entry, expires int64) error {
	if e.Type == String {
		value, was, ok, err := c.findString(key)
		if err != nil || !ok {
			return err
		}
		return c.putString(key, value, was, expires)
	}
	if err := c.moveExpiry(c.Space.dirExpiry, key, e.Expires, expires); err != nil {
		return err
	}
	e.Expires = expires
	return c.putDir(key, &e)
}

// putDir writes a row of the directory with a revision of its own.
func (c *Call) putDir(key []byte, e *Entry) error {
	e.revision = max(e.revision+1, c.Now)
	c.key = c.Space.dirKey(c.key[:0], key)
	c.val = appendDir(c.val[:0], key, e)
	return c.put(c.key, c.val)
}

// becameReady notes a list or sorted set that came to be, for those who wait.
func (c *Call) becameReady(key []byte) {
	c.ready = append(c.ready, readyKey{c.Space.Number, string(key)})
}
