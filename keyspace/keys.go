package keyspace

import (
	"bytes"
	"math/rand/v2"
	"strconv"

	"rowkey/kv"
)

func init() {
	all := func(name string, flags Flags, run func(*Call) error) Command {
		return Command{Name: name, Arity: -2, Flags: flags, FirstKey: 1, LastKey: -1, Step: 1, Run: run}
	}
	register(
		all("del", Write, del),
		all("unlink", Write|Fast, del),
		all("exists", ReadOnly|Fast, exists),
		all("touch", ReadOnly|Fast, exists),
		Command{Name: "type", Arity: 2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: typeOfKey},
		Command{Name: "rename", Arity: 3, Flags: Write, FirstKey: 1, LastKey: 2, Step: 1, Run: func(c *Call) error { return rename(c, false) }},
		Command{Name: "renamenx", Arity: 3, Flags: Write | Fast, FirstKey: 1, LastKey: 2, Step: 1, Run: func(c *Call) error { return rename(c, true) }},
		Command{Name: "copy", Arity: -3, Flags: Write | DenyOOM, FirstKey: 1, LastKey: 2, Step: 1, Run: copyKey},
		Command{Name: "move", Arity: 3, Flags: Write | Fast, FirstKey: 1, LastKey: 1, Step: 1, Run: move},
		Command{Name: "swapdb", Arity: 3, Flags: Write | Fast | WholeSpace, Run: swapdb},
		Command{Name: "flushdb", Arity: -1, Flags: Write | WholeSpace, Run: flushdb},
		Command{Name: "flushall", Arity: -1, Flags: Write | WholeSpace, Run: flushall},
		Command{Name: "object", Arity: -2, Flags: ReadOnly, FirstKey: 2, LastKey: 2, Step: 1, Run: object},
	)
}

func del(c *Call) error {
	n := int64(0)
	for _, key := range c.Args[1:] {
		existed, err := c.Delete(key)
		if err != nil {
			return err
		}
		if existed {
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func exists(c *Call) error {
	n := int64(0)
	for _, key := range c.Args[1:] {
		e, err := c.Lookup(key)
		if err != nil {
			return err
		}
		if e.Type != None {
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func typeOfKey(c *Call) error {
	e, err := c.Lookup(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.SimpleString(e.Type.String())
	return nil
}

// replicate copies a key, as Lookup told of it, to another key or space, where
// nothing is.
func (c *Call) replicate(from *Space, src []byte, e Entry, to *Space, dst []byte) error {
	defer func(s *Space) { c.Space = s }(c.Space)
	c.Space = from
	if e.Type == String {
		v, expires, ok, err := c.findString(src)
		if err != nil || !ok {
			return err
		}
		c.Space = to
		return c.putString(dst, v, 0, expires)
	}
	h := &Collection{c: c, Entry: e, key: src, prefix: from.elemPrefix(nil, e.Type, src)}
	cur := h.Scan(ScanOptions{})
	defer cur.Close()
	c.Space = to
	d := &Collection{c: c, Entry: Entry{Type: e.Type}, key: dst, prefix: to.elemPrefix(nil, e.Type, dst)}
	if e.Type == ZSet {
		d.scores = to.scorePrefix(nil, dst)
	}
	for cur.Next() {
		var err error
		switch e.Type {
		case Hash:
			_, err = d.Put(cur.Elem(), cur.Value())
		case Set:
			_, err = d.Add(cur.Elem())
		case ZSet:
			err = d.ReplaceScore(cur.Elem(), 0, false, cur.Score())
		case List:
			err = d.InsertItem(cur.Position(), cur.Value())
		}
		if err != nil {
			return err
		}
	}
	if cur.Err() != nil {
		return cur.Err()
	}
	d.Expires = e.Expires
	return d.Save()
}

func rename(c *Call, nx bool) error {
	src, dst := c.Args[1], c.Args[2]
	e, err := c.Lookup(src)
	if err != nil {
		return err
	}
	if e.Type == None {
		return ErrNoSuchKey
	}
	done := func() {
		if nx {
			c.Reply.Int(1)
		} else {
			c.Reply.OK()
		}
	}
	if bytes.Equal(src, dst) {
		if nx {
			c.Reply.Int(0)
		} else {
			c.Reply.OK()
		}
		return nil
	}
	if nx {
		if d, err := c.Lookup(dst); err != nil {
			return err
		} else if d.Type != None {
			c.Reply.Int(0)
			return nil
		}
	}
	if _, err := c.Delete(dst); err != nil {
		return err
	}
	if err := c.replicate(c.Space, src, e, c.Space, dst); err != nil {
		return err
	}
	if _, err := c.Delete(src); err != nil {
		return err
	}
	done()
	return nil
}

// Database reads the number of a key space, with the errors of Redis.
func Database(arg []byte) (int, error) {
	n, err := intArg(arg)
	switch {
	case err != nil:
		return 0, err
	case n != int64(int32(n)):
		return 0, errNotInt
	case n < 0 || n >= Databases:
		return 0, ErrDBIndex
	}
	return int(n), nil
}

// errNotInt is about a number that C's int cannot hold.
const errNotInt Error = "ERR value is out of range, value must between -2147483648 and 2147483647"

// otherSpace gives the key space of an argument and locks keys there.
func (c *Call) otherSpace(arg []byte, keys ...[]byte) (*Space, error) {
	n, err := Database(arg)
	if err != nil {
		return nil, err
	}
	s, err := c.Keyspace.Space(c.Context, n)
	if err != nil {
		return nil, err
	}
	defer func(s *Space) { c.Space = s }(c.Space)
	c.Space = s
	return s, c.Lock(keys...)
}

func copyKey(c *Call) error {
	src, dst := c.Args[1], c.Args[2]
	to, replace := c.Space, false
	for i := 3; i < len(c.Args); i++ {
		switch a := c.Args[i]; {
		case Is(a, "REPLACE"):
			replace = true
		case Is(a, "DB") && i+1 < len(c.Args):
			i++
			var err error
			if to, err = c.otherSpace(c.Args[i], dst); err != nil {
				return err
			}
		default:
			return ErrSyntax
		}
	}
	if to == c.Space && bytes.Equal(src, dst) {
		return ErrSameObject
	}
	return c.transfer(src, to, dst, replace, false)
}

func move(c *Call) error {
	to, err := c.otherSpace(c.Args[2], c.Args[1])
	if err != nil {
		return err
	}
	if to == c.Space {
		return ErrSameObject
	}
	return c.transfer(c.Args[1], to, c.Args[1], false, true)
}

// transfer copies or moves a key, and answers 1, or 0 where it cannot.
func (c *Call) transfer(src []byte, to *Space, dst []byte, replace, away bool) error {
	from := c.Space
	e, err := c.Lookup(src)
	if err != nil {
		return err
	}
	defer func() { c.Space = from }()
	c.Space = to
	d, err := c.Lookup(dst)
	if err != nil {
		return err
	}
	if e.Type == None || d.Type != None && !replace {
		c.Reply.Int(0)
		return nil
	}
	if _, err := c.Delete(dst); err != nil {
		return err
	}
	if err := c.replicate(from, src, e, to, dst); err != nil {
		return err
	}
	if c.Space = from; away {
		if _, err := c.Delete(src); err != nil {
			return err
		}
	}
	c.Reply.Int(1)
	return nil
}

// lockSpace locks every key of a space, for what changes them all.
func (c *Call) lockSpace(s *Space) error {
	defer func(s *Space) { c.Space = s }(c.Space)
	c.Space = s
	w := c.walkKeys(0, all)
	defer w.close()
	any := false
	for {
		f, _, ok := w.next()
		if !ok {
			break
		}
		any = true
		if err := c.lock(f.key); err != nil {
			return err
		}
	}
	if w.err != nil || !any {
		return w.err
	}
	return c.locked()
}

func flushArgs(c *Call) error {
	if len(c.Args) > 2 || len(c.Args) == 2 && !Is(c.Args[1], "SYNC") && !Is(c.Args[1], "ASYNC") {
		return ErrSyntax
	}
	return nil
}

func flushdb(c *Call) error {
	if err := flushArgs(c); err != nil {
		return err
	}
	if err := c.flush(c.Space); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func flushall(c *Call) error {
	if err := flushArgs(c); err != nil {
		return err
	}
	for _, s := range c.Keyspace.existing() {
		if err := c.flush(s); err != nil {
			return err
		}
	}
	c.Reply.OK()
	return nil
}

// flush removes all keys of a space.
func (c *Call) flush(s *Space) error {
	if err := c.lockSpace(s); err != nil {
		return err
	}
	for _, p := range s.prefixes() {
		if err := c.deleteRange(bytes.Clone(p)); err != nil {
			return err
		}
	}
	return nil
}

// prefixes lists what begins the store's keys of all rows and entries of a space.
func (s *Space) prefixes() [][]byte {
	return append(append([][]byte(nil), s.tables[:]...), s.stringExpiry, s.dirExpiry, s.scores)
}

func swapdb(c *Call) error {
	var two [2]*Space
	for i := range two { // of both, before either is looked up
		if _, err := Database(c.Args[1+i]); err == ErrNotInteger || err == errNotInt {
			return Errorf("ERR invalid %s DB index", [2]string{"first", "second"}[i])
		}
	}
	for i := range two {
		s, err := c.otherSpace(c.Args[1+i])
		if err != nil {
			return err
		}
		two[i] = s
	}
	c.Reply.OK()
	if two[0] == two[1] {
		return nil
	}
	type pair struct{ key, value []byte }
	var rows [2][]pair
	for i, s := range two {
		if err := c.lockSpace(s); err != nil {
			return err
		}
		from, to := s.prefixes(), two[1-i].prefixes()
		for j, p := range from {
			err := kv.Each(c.scan(all(p), kv.ScanOptions{}), func(k, v []byte) error {
				rows[i] = append(rows[i], pair{append(bytes.Clone(to[j]), k[len(p):]...), bytes.Clone(v)})
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	for _, s := range two {
		for _, p := range s.prefixes() {
			if err := c.deleteRange(bytes.Clone(p)); err != nil {
				return err
			}
		}
	}
	for i := range rows {
		c.Space = two[1-i]
		for _, r := range rows[i] {
			if err := c.put(r.key, r.value); err != nil {
				return err
			}
		}
		w := c.walkKeys(0, all)
		for {
			f, live, ok := w.next()
			if !ok {
				break
			}
			if live && (f.typ == List || f.typ == ZSet) {
				c.becameReady(f.key)
			}
		}
		w.close()
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

// randomkey picks a key: of all keys, where there are few, else of those of a
// part of the space.
func randomkey(c *Call) error {
	const few = 1024
	parts := [2]kv.Range{all(c.Space.tables[String]), all(c.Space.tables[None])}
	a, _ := c.Txn.EstimateKeys(parts[0])
	b, _ := c.Txn.EstimateKeys(parts[1])
	for try := 0; try < 100; try++ {
		bound := all
		if a+b > few {
			// One table, and of it one part.
			t := 0
			if rand.Int64N(a+b) >= a {
				t = 1
			}
			some := c.Txn.SplitRange(parts[t], int((a+b)/few)+1)
			chosen := some[rand.IntN(len(some))]
			bound = func(prefix []byte) kv.Range {
				if bytes.HasPrefix(parts[t].Start, prefix) {
					return chosen
				}
				return kv.Range{Start: prefix, End: prefix}
			}
		}
		w := c.walkKeys(0, bound)
		var picked []byte
		for n := 0; n < 8*few; {
			f, live, ok := w.next()
			if !ok {
				break
			}
			if !live {
				continue
			}
			if n++; rand.IntN(n) == 0 {
				picked = f.key
			}
		}
		w.close()
		if w.err != nil {
			return w.err
		}
		if picked != nil {
			c.Reply.Bulk(picked)
			return nil
		}
		if a+b <= few {
			break
		}
	}
	c.Reply.Null()
	return nil
}

func object(c *Call) error {
	sub := c.Args[1]
	if Is(sub, "HELP") && len(c.Args) == 2 {
		help := []string{"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
			"ENCODING <key>", "    Return the kind of internal representation used in order to store the value", "    associated with a <key>.",
			"FREQ <key>", "    Return the access frequency index of the <key>. The returned integer is", "    proportional to the logarithm of the recent access frequency of the key.",
			"IDLETIME <key>", "    Return the idle time of the <key>, that is the approximated number of", "    seconds elapsed since the last access to the key.",
			"REFCOUNT <key>", "    Return the number of references of the value associated with the specified", "    <key>.",
			"HELP", "    Print this help."}
		c.Reply.Array(len(help))
		for _, l := range help {
			c.Reply.SimpleString(l)
		}
		return nil
	}
	known := Is(sub, "ENCODING") || Is(sub, "FREQ") || Is(sub, "IDLETIME") || Is(sub, "REFCOUNT")
	if !known {
		return Errorf("ERR unknown subcommand '%.128s'. Try OBJECT HELP.", sub)
	}
	if len(c.Args) != 3 {
		return ErrArity("object|" + string(bytes.ToLower(sub)))
	}
	e, err := c.Lookup(c.Args[2])
	if err != nil {
		return err
	}
	if e.Type == None {
		c.Reply.Null()
		return nil
	}
	switch {
	case Is(sub, "ENCODING"):
		name, err := c.encoding(c.Args[2], e)
		if err != nil {
			return err
		}
		c.Reply.BulkString(name)
	case Is(sub, "FREQ"):
		return Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
	case Is(sub, "IDLETIME"):
		c.Reply.Int(0)
	default:
		c.Reply.Int(1)
	}
	return nil
}

// encoding is the name of the representation that Redis 7.0, as configured
// without a file, would choose for what the key holds.
func (c *Call) encoding(key []byte, e Entry) (string, error) {
	switch e.Type {
	case String:
		v, _, _, err := c.findString(key)
		if err != nil {
			return "", err
		}
		if _, err := intArg(v); err == nil {
			return "int", nil
		}
		if len(v) <= 44 {
			return "embstr", nil
		}
		return "raw", nil
	case List:
		return "quicklist", nil
	}
	most, small, large := int64(128), "listpack", "hashtable"
	switch e.Type {
	case Set:
		most, small = 512, "intset"
	case ZSet:
		large = "skiplist"
	}
	if e.Size > most {
		return large, nil
	}
	h, err := c.Open(key, e.Type)
	if err != nil {
		return "", err
	}
	cur := h.Scan(ScanOptions{})
	defer cur.Close()
	for cur.Next() {
		if e.Type == Set {
			if _, err := strconv.ParseInt(string(cur.Elem()), 10, 64); err != nil {
				return large, nil
			}
		} else if len(cur.Elem()) > 64 || e.Type == Hash && len(cur.Value()) > 64 {
			return large, nil
		}
	}
	return small, cur.Err()
}
