package keyspace

import (
	"bytes"

	"rowkey/kv"
	"rowkey/kv/keyenc"
)

// Commands that share a transaction look up their first rows together, before any of them
// runs: most of a look-up is waiting for memory, or the disk, and these waits overlap.
//
//	GET a, HSET h f 1, GET b  →  GetAll(strings/a, collections/h, hashes/h/f, strings/b)
//
// The rows stay as they are meanwhile, since the keys are locked, but for what the
// transaction itself writes, which get asks for.

// aheadOf says, of the commands that do, what they look up first: the keys of rows that follow
// from the arguments alone, in the order in which they are asked for.
var aheadOf = func() map[string]func(a *ahead, args [][]byte) {
	of := map[string]func(a *ahead, args [][]byte){}
	all := func(f func(a *ahead, args [][]byte), names ...string) {
		for _, name := range names {
			of[name] = f
		}
	}
	all(func(a *ahead, args [][]byte) { a.strings(args[1:2]) },
		"get", "set", "setnx", "setex", "psetex", "getset", "getdel", "getex", "getrange", "setrange", "append", "strlen",
		"incr", "decr", "incrby", "decrby", "incrbyfloat", "del", "unlink", "exists", "type", "ttl", "pttl", "expire", "pexpire")
	all(func(a *ahead, args [][]byte) { a.strings(args[1:]) }, "mget")
	all(func(a *ahead, args [][]byte) { a.keys = append(a.keys, a.names...) }, "mset")
	fields := func(t Type, from, step int) func(a *ahead, args [][]byte) {
		return func(a *ahead, args [][]byte) {
			a.directory(args[1])
			a.prefixOf(t, args[1])
			for i := from; i < len(args); i += step {
				a.element(args[i])
			}
		}
	}
	one := func(t Type, at int) func(a *ahead, args [][]byte) { return fields(t, at, 1<<30) }
	all(fields(Hash, 2, 2), "hset", "hmset")
	all(fields(Hash, 2, 1), "hmget", "hdel")
	all(one(Hash, 2), "hget", "hsetnx", "hexists", "hstrlen", "hincrby", "hincrbyfloat")
	all(fields(Set, 2, 1), "sadd", "srem", "smismember")
	all(one(Set, 2), "sismember")
	all(fields(ZSet, 3, 2), "zadd") // with options, of other elements: in vain
	all(fields(ZSet, 2, 1), "zrem", "zmscore")
	all(one(ZSet, 2), "zscore")
	all(one(ZSet, 3), "zincrby")
	all(func(a *ahead, args [][]byte) { a.directory(args[1]) },
		"lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "llen", "lindex", "lrange", "hlen", "scard", "zcard")
	return of
}()

// singles are the commands that Call.hold is for.
var singles = func() map[string]bool {
	of := map[string]bool{}
	for _, name := range []string{
		"hset", "hmset", "hmget", "hdel", "hget", "hsetnx", "hexists", "hstrlen", "hincrby", "hincrbyfloat", "hlen",
		"sadd", "srem", "smismember", "sismember", "scard",
		"zadd", "zrem", "zmscore", "zscore", "zincrby", "zcard",
		"lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "llen", "lindex", "lrange",
	} {
		of[name] = true
	}
	return of
}()

// ahead is the rows that were looked up before the commands of a transaction run.
type ahead struct {
	space      *Space
	buf        []byte
	keys, rows [][]byte
	ends       []int // of each request's
	next, end  int   // of the request that runs

	names  [][]byte // of the request at hand
	dir    []byte   // the key whose directory row the request before asks for, nil: none
	of     []byte   // the key and type of whose elements prefix is
	typ    Type
	prefix []byte
}

// look looks up what requests will ask for.
func (a *ahead) look(r *Runner, txn kv.Reader, reqs []Request) error {
	a.forget()
	if len(reqs) < 2 {
		return nil
	}
	for i := range reqs {
		q := &reqs[i]
		if q.Cmd.ahead != nil {
			var err error
			was := a.space
			if a.space, err = r.ks.Space(r.call.Context, q.DB); err != nil {
				return err
			}
			if was != a.space {
				a.dir, a.typ = nil, None
			}
			a.names = r.names.of(i)
			if !(storesBlindly(q) && r.call.plain(a.space)) {
				q.Cmd.ahead(a, q.Args)
			}
		}
		if !q.Cmd.single {
			a.dir = nil
		}
		a.ends = append(a.ends, len(a.keys))
	}
	if n := len(a.keys); cap(a.rows) < n {
		a.rows = make([][]byte, n, 2*n)
	} else {
		a.rows = a.rows[:n]
	}
	if len(a.keys) == 0 {
		return nil
	}
	return txn.GetAll(a.keys, a.rows)
}

// storesBlindly tells of a request that looks at nothing where all keys are plain.
func storesBlindly(q *Request) bool {
	switch q.Cmd.Name {
	case "mset":
		return true
	case "set":
		return len(q.Args) == 3
	}
	return false
}

// forget makes nothing be known.
func (a *ahead) forget() {
	clear(a.rows)
	a.buf, a.keys, a.rows, a.ends, a.next, a.end = a.buf[:0], a.keys[:0], a.rows[:0], a.ends[:0], 0, 0
	a.dir, a.of, a.typ = nil, nil, None
}

// begin tells which request runs from now on.
func (a *ahead) begin(i int) {
	if len(a.ends) > 0 {
		a.next, a.end = 0, a.ends[i]
		if i > 0 {
			a.next = a.ends[i-1]
		}
	}
}

// row gives the row of key, nil if there is none, as it was when the transaction's commands
// began to run; false if it was not looked up.
func (a *ahead) row(key []byte) (row []byte, known bool) {
	if a.next == a.end || !bytes.Equal(a.keys[a.next], key) {
		return nil, false
	}
	a.next++
	return a.rows[a.next-1], true
}

// keysOf gives what was looked up for the command at hand and not asked for yet, rowsOf the rows.
func (a *ahead) keysOf() [][]byte { return a.keys[a.next:a.end] }

func (a *ahead) rowsOf() [][]byte { return a.rows[a.next:a.end] }

// add ends a key begun in buf at from.
func (a *ahead) add(from int) {
	// Should the memory move when it grows, earlier keys keep the old one.
	a.keys = append(a.keys, a.buf[from:len(a.buf):len(a.buf)])
}

// strings adds the rows of strings of the first keys of the request, or of its only ones.
func (a *ahead) strings(keys [][]byte) {
	if len(a.names) > 0 {
		a.keys = append(a.keys, a.names[:len(keys)]...)
		return
	}
	for _, key := range keys {
		from := len(a.buf)
		a.buf = a.space.StringKey(a.buf, key)
		a.add(from)
	}
}

// directory adds a row of the directory, unless the request before holds what it says.
func (a *ahead) directory(key []byte) {
	if a.dir != nil && bytes.Equal(a.dir, key) {
		return
	}
	a.dir = key
	from := len(a.buf)
	a.buf = a.space.dirKey(a.buf, key)
	a.add(from)
}

// prefixOf says whose elements are added next.
func (a *ahead) prefixOf(t Type, key []byte) {
	if a.typ != t || !bytes.Equal(a.of, key) {
		a.typ, a.of, a.prefix = t, key, a.space.elemPrefix(a.prefix[:0], t, key)
	}
}

func (a *ahead) element(elem []byte) {
	from := len(a.buf)
	a.buf = keyenc.AppendBytes(append(a.buf, a.prefix...), elem)
	a.add(from)
}
