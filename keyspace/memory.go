package keyspace

import "rowkey/kv"

func init() {
	register(Command{Name: "memory", Arity: -2, Flags: ReadOnly, FirstKey: 2, LastKey: 2, Step: 1, Run: memory})
}

// memory is MEMORY USAGE: the bytes of all keys and values in the store that
// make up an entry, its rows in every table and index. SAMPLES is taken for
// granted: all of them.
func memory(c *Call) error {
	if !Is(c.Args[1], "USAGE") || len(c.Args) != 3 && len(c.Args) != 5 {
		return Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try MEMORY HELP.", c.Args[1])
	}
	if len(c.Args) == 5 {
		if !Is(c.Args[3], "SAMPLES") {
			return ErrSyntax
		}
		if n, err := intArg(c.Args[4]); err != nil || n < 0 {
			return ErrSyntax
		}
	}
	key := c.Args[2]
	e, err := c.Lookup(key)
	if err != nil {
		return err
	}
	var prefixes [][]byte
	switch e.Type {
	case None:
		c.Reply.Null()
		return nil
	case String:
		prefixes = append(prefixes, c.Space.StringKey(nil, key))
	case ZSet:
		prefixes = append(prefixes, c.Space.scorePrefix(nil, key))
		fallthrough
	default:
		prefixes = append(prefixes, c.Space.dirKey(nil, key), c.Space.elemPrefix(nil, e.Type, key))
	}
	total := 0
	for _, p := range prefixes {
		n, err := c.bytesOf(kv.PrefixRange(p))
		if err != nil {
			return err
		}
		total += n
	}
	c.Reply.Int(int64(total))
	return nil
}

// bytesOf sums up the keys and values of a range.
func (c *Call) bytesOf(r kv.Range) (total int, err error) {
	err = kv.Each(c.scan(r, kv.ScanOptions{}), func(k, v []byte) error {
		total += len(k) + len(v)
		return nil
	})
	return total, err
}
