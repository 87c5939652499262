package keyspace

import (
	"math"
	"strconv"

	"rowkey/catalog/rowenc"
)

func init() {
	const w = Write | DenyOOM
	one := func(name string, arity int, flags Flags, run func(*Call) error) Command {
		return Command{Name: name, Arity: arity, Flags: flags, FirstKey: 1, LastKey: 1, Step: 1, Run: run}
	}
	register(
		one("get", 2, ReadOnly|Fast, get),
		one("set", -3, w, set),
		one("setnx", 3, w|Fast, setnx),
		one("setex", 4, w, func(c *Call) error { return setex(c, 1_000_000) }),
		one("psetex", 4, w, func(c *Call) error { return setex(c, 1000) }),
		one("getset", 3, w|Fast, getset),
		one("getdel", 2, Write|Fast, getdel),
		one("getex", -2, Write|Fast, getex),
		one("getrange", 4, ReadOnly, getrange),
		one("substr", 4, ReadOnly, getrange),
		one("setrange", 4, w, setrange),
		one("append", 3, w|Fast, appendTo),
		one("strlen", 2, ReadOnly|Fast, strlen),
		one("incr", 2, w|Fast, func(c *Call) error { return increment(c, 1) }),
		one("decr", 2, w|Fast, func(c *Call) error { return increment(c, -1) }),
		one("incrby", 3, w|Fast, incrby),
		one("decrby", 3, w|Fast, decrby),
		one("incrbyfloat", 3, w|Fast, incrbyfloat),
		Command{Name: "mget", Arity: -2, Flags: ReadOnly | Fast, FirstKey: 1, LastKey: -1, Step: 1, Run: mget},
		Command{Name: "mset", Arity: -3, Flags: w, FirstKey: 1, LastKey: -1, Step: 2, Run: mset},
		Command{Name: "msetnx", Arity: -3, Flags: w, FirstKey: 1, LastKey: -1, Step: 2, Run: msetnx},
		Command{Name: "lcs", Arity: -3, Flags: ReadOnly, FirstKey: 1, LastKey: 2, Step: 1, Run: lcs},
	)
}

// maxStringBytes is Redis' proto-max-bulk-len.
const maxStringBytes = 512 << 20

func get(c *Call) error {
	v, ok, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.BulkOrNull(v, ok)
	return nil
}

// setOptions are those of SET and GETEX.
type setOptions struct {
	nx, xx, get, keep, persist bool
	expiry                     []byte
	unit                       int64 // microseconds
	absolute                   bool
}

// parse reads options from args[from:]. allowed lists the words.
func (o *setOptions) parse(args [][]byte, from int, forSet bool) error {
	for i := from; i < len(args); i++ {
		a := args[i]
		time := func(unit int64, absolute bool) error {
			if o.keep || o.persist || o.expiry != nil || i+1 >= len(args) {
				return ErrSyntax
			}
			i++
			o.expiry, o.unit, o.absolute = args[i], unit, absolute
			return nil
		}
		err := ErrSyntax
		var bad error = err
		switch {
		case forSet && Is(a, "NX") && !o.xx:
			o.nx, bad = true, nil
		case forSet && Is(a, "XX") && !o.nx:
			o.xx, bad = true, nil
		case forSet && Is(a, "GET"):
			o.get, bad = true, nil
		case forSet && Is(a, "KEEPTTL") && o.expiry == nil:
			o.keep, bad = true, nil
		case !forSet && Is(a, "PERSIST") && o.expiry == nil:
			o.persist, bad = true, nil
		case Is(a, "EX"):
			bad = time(1_000_000, false)
		case Is(a, "PX"):
			bad = time(1000, false)
		case Is(a, "EXAT"):
			bad = time(1_000_000, true)
		case Is(a, "PXAT"):
			bad = time(1000, true)
		}
		if bad != nil {
			return bad
		}
	}
	return nil
}

// maxTimeMillis is the latest time to live that rows can hold, in the year 294246.
const maxTimeMillis = (math.MaxInt64/1000 - 1000)

// expiryTime computes a time to live in microseconds since 1970 from an argument
// in units of so many microseconds; at least one unit is asked for when positive.
func expiryTime(c *Call, arg []byte, unit int64, absolute, positive bool) (int64, error) {
	n, err := intArg(arg)
	if err != nil {
		return 0, err
	}
	bad := func() error { return Errorf("ERR invalid expire time in '%s' command", c.Cmd.Name) }
	if positive && n <= 0 {
		return 0, bad()
	}
	if unit == 1_000_000 {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, bad()
		}
		n *= 1000
	}
	if !absolute {
		now := c.Now / 1000
		if n > math.MaxInt64-now {
			return 0, bad()
		}
		n += now
	}
	n = min(n, maxTimeMillis)
	if n <= 0 {
		return 1, nil // long ago
	}
	return n * 1000, nil
}

func set(c *Call) error {
	key, value := c.Args[1], c.Args[2]
	if len(c.Args) == 3 {
		if err := c.SetString(key, value, 0); err != nil {
			return err
		}
		c.Reply.OK()
		return nil
	}
	var o setOptions
	if err := o.parse(c.Args, 3, true); err != nil {
		return err
	}
	expires := int64(0)
	if o.expiry != nil {
		var err error
		if expires, err = expiryTime(c, o.expiry, o.unit, o.absolute, true); err != nil {
			return err
		}
	}
	s, err := c.openAny(key)
	if err != nil {
		return err
	}
	there := s.ok || s.coll.Type != None && !c.Expired(s.coll.Expires)
	if o.get {
		if there && !s.ok {
			return ErrWrongType
		}
		c.Reply.BulkOrNull(s.value, s.ok)
	}
	if o.nx && there || o.xx && !there {
		if !o.get {
			c.Reply.Null()
		}
		return nil
	}
	if o.keep && s.ok {
		expires = s.expires
	} else if o.keep && there {
		expires = s.coll.Expires
	}
	if err := c.storeOrDrop(key, value, expires, &s); err != nil {
		return err
	}
	if !o.get {
		c.Reply.OK()
	}
	return nil
}

// storeOrDrop is storeString, but for a time to live that is over already: then
// the key goes.
func (c *Call) storeOrDrop(key, value []byte, expires int64, s *slot) error {
	if c.Expired(expires) {
		_, err := c.Delete(key)
		return err
	}
	return c.storeString(key, value, expires, s)
}

func setnx(c *Call) error {
	s, err := c.openAny(c.Args[1])
	if err != nil {
		return err
	}
	if s.ok || s.coll.Type != None && !c.Expired(s.coll.Expires) {
		c.Reply.Int(0)
		return nil
	}
	c.Reply.Int(1)
	return c.storeString(c.Args[1], c.Args[2], 0, &s)
}

func setex(c *Call, unit int64) error {
	expires, err := expiryTime(c, c.Args[2], unit, false, true)
	if err != nil {
		return err
	}
	c.Reply.OK()
	return c.SetString(c.Args[1], c.Args[3], expires)
}

func getset(c *Call) error {
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.BulkOrNull(s.value, s.ok)
	return c.storeString(c.Args[1], c.Args[2], 0, &s)
}

func getdel(c *Call) error {
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.BulkOrNull(s.value, s.ok)
	if !s.row {
		return nil
	}
	_, err = c.Delete(c.Args[1])
	return err
}

func getex(c *Call) error {
	var o setOptions
	if err := o.parse(c.Args, 2, false); err != nil {
		return err
	}
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	expires := int64(0)
	if o.expiry != nil && s.ok {
		if expires, err = expiryTime(c, o.expiry, o.unit, o.absolute, true); err != nil {
			return err
		}
	}
	c.Reply.BulkOrNull(s.value, s.ok)
	if !s.ok || o.expiry == nil && !o.persist || expires == s.expires {
		return nil
	}
	return c.storeOrDrop(c.Args[1], s.value, expires, &s)
}

func getrange(c *Call) error {
	from, to, err := rangeArgs(c.Args[2], c.Args[3])
	if err != nil {
		return err
	}
	v, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	n := int64(len(v))
	if from < 0 && to < 0 && from > to {
		c.Reply.Bulk(nil)
		return nil
	}
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to = max(to+n, 0)
	}
	to = min(to, n-1)
	if from > to || n == 0 {
		c.Reply.Bulk(nil)
		return nil
	}
	c.Reply.Bulk(v[from : to+1])
	return nil
}

func setrange(c *Call) error {
	at, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	if at < 0 {
		return ErrOffset
	}
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	part := c.Args[3]
	if len(part) == 0 {
		c.Reply.Int(int64(len(s.value)))
		return nil
	}
	if at > maxStringBytes-int64(len(part)) {
		return ErrTooLong
	}
	v := make([]byte, max(len(s.value), int(at)+len(part)))
	copy(v, s.value)
	copy(v[at:], part)
	c.Reply.Int(int64(len(v)))
	return c.storeString(c.Args[1], v, s.expires, &s)
}

func appendTo(c *Call) error {
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	if len(s.value)+len(c.Args[2]) > maxStringBytes {
		return ErrTooLong
	}
	v := make([]byte, 0, len(s.value)+len(c.Args[2]))
	v = append(append(v, s.value...), c.Args[2]...)
	c.Reply.Int(int64(len(v)))
	return c.storeString(c.Args[1], v, s.expires, &s)
}

func strlen(c *Call) error {
	v, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(len(v)))
	return nil
}

func incrby(c *Call) error {
	n, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	return increment(c, n)
}

func decrby(c *Call) error {
	n, err := intArg(c.Args[2])
	if err != nil {
		return err
	}
	if n == math.MinInt64 {
		return Error("ERR decrement would overflow")
	}
	return increment(c, -n)
}

func increment(c *Call, by int64) error {
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	n := int64(0)
	if s.ok {
		if n, err = intArg(s.value); err != nil {
			return err
		}
	}
	if by < 0 && n < math.MinInt64-by || by > 0 && n > math.MaxInt64-by {
		return ErrOverflow
	}
	var b [20]byte
	v := strconv.AppendInt(b[:0], n+by, 10)
	c.Reply.Int(n + by)
	return c.storeString(c.Args[1], v, s.expires, &s)
}

func incrbyfloat(c *Call) error {
	s, err := c.openString(c.Args[1])
	if err != nil {
		return err
	}
	was := s.value
	if !s.ok {
		was = []byte("0")
	}
	a, err := parseLongDouble(was)
	if err != nil {
		return err
	}
	by, err := parseLongDouble(c.Args[2])
	if err != nil {
		return err
	}
	sum, err := addLongDouble(a, by)
	if err != nil {
		return err
	}
	c.Reply.Bulk(sum)
	return c.storeString(c.Args[1], sum, s.expires, &s)
}

func mget(c *Call) error {
	rows, err := c.stringRows(1)
	defer clear(rows)
	if err != nil {
		return err
	}
	c.Reply.Array(len(c.Args) - 1)
	for i, row := range rows {
		var value []byte
		ok := row != nil
		if ok {
			var expires int64
			if value, expires, ok = stringRow(row); !ok {
				return rowenc.Damaged(c.manyKeys[i])
			}
			ok = !c.Expired(expires)
		}
		c.Reply.BulkOrNull(value, ok)
	}
	return nil
}

func mset(c *Call) error {
	if len(c.Args)%2 == 0 {
		return ErrArity(c.Cmd.Name)
	}
	if c.plain(c.Space) {
		return c.msetPlain()
	}
	err := c.slots(2, func(arg int, row []byte, s *slot) error { // of a key that comes twice, too: writing it again is as if it were the first time
		if s.coll.Type == None && s.was == 0 {
			return c.putRow(row, c.Args[arg], c.Args[arg+1], 0)
		}
		return c.storeString(c.Args[arg], c.Args[arg+1], 0, s)
	})
	if err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// msetPlain is mset where nothing under the keys needs to be looked at.
func (c *Call) msetPlain() error {
	for i := 1; i < len(c.Args); i += 2 {
		row := c.nameOf(i / 2)
		if row == nil {
			row = c.stringKey(c.Args[i])
		}
		if err := c.putRow(row, c.Args[i], c.Args[i+1], 0); err != nil {
			return err
		}
	}
	c.Reply.OK()
	return nil
}

func msetnx(c *Call) error {
	if len(c.Args)%2 == 0 {
		return ErrArity(c.Cmd.Name)
	}
	for i := 1; i < len(c.Args); i += 2 {
		e, err := c.Lookup(c.Args[i])
		if err != nil {
			return err
		}
		if e.Type != None {
			c.Reply.Int(0)
			return nil
		}
	}
	for i := 1; i < len(c.Args); i += 2 {
		if err := c.SetString(c.Args[i], c.Args[i+1], 0); err != nil {
			return err
		}
	}
	c.Reply.Int(1)
	return nil
}
