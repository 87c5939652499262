package rowkey

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"rowkey/keyspace"
)

// KV is the database as keys and values: strings, hashes, lists, sets and sorted
// sets, as Redis has them, which are the rows of the tables of schema kv for SQL.
// A KV of a DB runs each operation in a transaction of its own; that of a Tx runs
// within it. What has expired is not there, in either.
//
//	kv := db.KV()
//	err := kv.Set(ctx, []byte("user:1"), []byte(`{"name":"Ann"}`))
//	n, err := kv.Incr(ctx, []byte("visits"), 1)
//	_, err = kv.ZAdd(ctx, []byte("board"), rowkey.Scored{Member: []byte("ann"), Score: 10})
//	reply, err := kv.Do(ctx, "LPOS", "list", "x")       // any command
//
// A key of another type than the operation's is the KVError that begins with
// WRONGTYPE; within a Tx any error leaves nothing to do but Rollback, as with SQL.
type KV struct {
	db    *DB
	tx    *Tx
	space int
}

// KVError is an error of an operation on keys, in Redis' words.
type KVError = keyspace.Error

// KV gives the key-value view of the database.
func (db *DB) KV() KV { return KV{db: db} }

// KV gives the key-value view within the transaction.
func (tx *Tx) KV() KV { return KV{db: tx.db, tx: tx} }

// Space gives the same view of another key space, 0 to 15: what SELECT chooses for
// a Redis client. Space 0 is schema kv of SQL, space n schema kv‹n›.
func (kv KV) Space(n int) KV {
	kv.space = n
	return kv
}

// run runs a command and gives its reply in the third version of the protocol.
func (kv KV) run(ctx context.Context, args ...[]byte) (reply, error) {
	cmd := keyspace.Find(args[0])
	if cmd == nil {
		return nil, keyspace.UnknownCommand(args)
	}
	if !cmd.CheckArity(len(args)) {
		return nil, keyspace.ErrArity(cmd.Name)
	}
	out := keyspace.Reply{Resp3: true}
	req := keyspace.Request{DB: kv.space, Cmd: cmd, Args: args}
	switch {
	case kv.tx == nil:
		kv.db.eng.Keyspace().Do(ctx, req, &out)
	case kv.tx.s == nil:
		return nil, errTxDone
	default:
		if err := kv.tx.s.Command(ctx, req, &out); err != nil {
			return nil, err
		}
	}
	if len(out.Buf) > 0 && out.Buf[0] == '-' {
		return nil, KVError(bytes.TrimSuffix(out.Buf[1:], []byte("\r\n")))
	}
	return out.Buf, nil
}

// Do runs any command. Arguments are strings, bytes, integers and floats. The reply
// is nil, a string (a status), []byte, int64, float64, bool, []any, or map[string]any.
func (kv KV) Do(ctx context.Context, args ...any) (any, error) {
	raw := make([][]byte, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case []byte:
			raw[i] = a
		case string:
			raw[i] = []byte(a)
		case float64:
			raw[i] = keyspace.AppendFloat(nil, a)
		default:
			raw[i] = fmt.Append(nil, a)
		}
	}
	if len(raw) == 0 {
		return nil, KVError("ERR a command needs a name")
	}
	r, err := kv.run(ctx, raw...)
	if err != nil {
		return nil, err
	}
	return r.value(), nil
}

func (kv KV) integer(ctx context.Context, args ...[]byte) (int64, error) {
	r, err := kv.run(ctx, args...)
	if err != nil {
		return 0, err
	}
	n, _ := r.value().(int64)
	return n, nil
}

func (kv KV) flag(ctx context.Context, args ...[]byte) (bool, error) {
	n, err := kv.integer(ctx, args...)
	return n > 0, err
}

func (kv KV) bytes(ctx context.Context, args ...[]byte) (value []byte, ok bool, err error) {
	r, err := kv.run(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	value, ok = r.value().([]byte)
	return value, ok, nil
}

func (kv KV) list(ctx context.Context, args ...[]byte) ([][]byte, error) {
	r, err := kv.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	items, _ := r.value().([]any)
	out := make([][]byte, 0, len(items))
	for _, x := range items {
		b, _ := x.([]byte)
		out = append(out, b)
	}
	return out, nil
}

func word(s string) []byte { return []byte(s) }

func number(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

func with(name string, key []byte, rest [][]byte) [][]byte {
	return append([][]byte{word(name), key}, rest...)
}

// Get gives the value of a string; ok is false if there is no such key.
func (kv KV) Get(ctx context.Context, key []byte) (value []byte, ok bool, err error) {
	return kv.bytes(ctx, word("get"), key)
}

// Set makes key a string that does not expire, whatever it was.
func (kv KV) Set(ctx context.Context, key, value []byte) error {
	_, err := kv.run(ctx, word("set"), key, value)
	return err
}

// SetFor is Set of a key that expires after a time to live.
func (kv KV) SetFor(ctx context.Context, key, value []byte, ttl time.Duration) error {
	_, err := kv.run(ctx, word("set"), key, value, word("px"), number(ttl.Milliseconds()))
	return err
}

// SetNew makes key a string if it is not there, and tells whether it did.
func (kv KV) SetNew(ctx context.Context, key, value []byte) (bool, error) {
	return kv.flag(ctx, word("setnx"), key, value)
}

// Incr adds to the integer that a string holds and gives the sum; an absent key
// counts as 0.
func (kv KV) Incr(ctx context.Context, key []byte, by int64) (int64, error) {
	return kv.integer(ctx, word("incrby"), key, number(by))
}

// Delete removes a key of any type and tells whether it was there.
func (kv KV) Delete(ctx context.Context, key []byte) (bool, error) {
	return kv.flag(ctx, word("del"), key)
}

// Exists tells whether a key is there.
func (kv KV) Exists(ctx context.Context, key []byte) (bool, error) {
	return kv.flag(ctx, word("exists"), key)
}

// Expire gives a key a time to live and tells whether it was there.
func (kv KV) Expire(ctx context.Context, key []byte, ttl time.Duration) (bool, error) {
	return kv.flag(ctx, word("pexpire"), key, number(ttl.Milliseconds()))
}

// TTL gives the time to live of a key; ok is false if it has none, or is not there.
func (kv KV) TTL(ctx context.Context, key []byte) (ttl time.Duration, ok bool, err error) {
	n, err := kv.integer(ctx, word("pttl"), key)
	return time.Duration(max(n, 0)) * time.Millisecond, n >= 0, err
}

// Scan visits the strings with start <= key < end in key order until visit
// returns false; keys of other types are passed over. A nil end is no bound.
func (kv KV) Scan(ctx context.Context, start, end []byte, visit func(key, value []byte) bool) error {
	q := kv.db.Query
	if kv.tx != nil {
		q = kv.tx.Query
	}
	table := keyspace.SchemaName(kv.space) + ".strings"
	text, args := `SELECT key, value FROM `+table+` WHERE key >= $1 ORDER BY key`, []any{start}
	if start == nil {
		args[0] = []byte{}
	}
	if end != nil {
		text, args = `SELECT key, value FROM `+table+` WHERE key >= $1 AND key < $2 ORDER BY key`, append(args, end)
	}
	rows, err := q(ctx, text, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if !visit([]byte(rows.Datum(0).Str()), []byte(rows.Datum(1).Str())) {
			break
		}
	}
	return nil
}

// HSet sets a field of a hash and tells whether it is new.
func (kv KV) HSet(ctx context.Context, key, field, value []byte) (bool, error) {
	return kv.flag(ctx, word("hset"), key, field, value)
}

// HGet gives the value of a hash's field.
func (kv KV) HGet(ctx context.Context, key, field []byte) (value []byte, ok bool, err error) {
	return kv.bytes(ctx, word("hget"), key, field)
}

// HGetAll gives all fields of a hash.
func (kv KV) HGetAll(ctx context.Context, key []byte) (map[string][]byte, error) {
	r, err := kv.run(ctx, word("hgetall"), key)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	fields, _ := r.value().(map[string]any)
	for f, v := range fields {
		out[f], _ = v.([]byte)
	}
	return out, nil
}

// HDelete removes fields of a hash and tells how many there were.
func (kv KV) HDelete(ctx context.Context, key []byte, fields ...[]byte) (int64, error) {
	return kv.integer(ctx, with("hdel", key, fields)...)
}

// PushFront adds values before the first of a list, one after another, and gives
// its length.
func (kv KV) PushFront(ctx context.Context, key []byte, values ...[]byte) (int64, error) {
	return kv.integer(ctx, with("lpush", key, values)...)
}

// PushBack adds values behind the last of a list and gives its length.
func (kv KV) PushBack(ctx context.Context, key []byte, values ...[]byte) (int64, error) {
	return kv.integer(ctx, with("rpush", key, values)...)
}

// PopFront takes the first value off a list.
func (kv KV) PopFront(ctx context.Context, key []byte) (value []byte, ok bool, err error) {
	return kv.bytes(ctx, word("lpop"), key)
}

// PopBack takes the last value off a list.
func (kv KV) PopBack(ctx context.Context, key []byte) (value []byte, ok bool, err error) {
	return kv.bytes(ctx, word("rpop"), key)
}

// List gives the values of a list from one place to another, both included;
// negative ones count from the end, so that 0, -1 is all.
func (kv KV) List(ctx context.Context, key []byte, from, to int64) ([][]byte, error) {
	return kv.list(ctx, word("lrange"), key, number(from), number(to))
}

// SAdd adds members to a set and tells how many are new.
func (kv KV) SAdd(ctx context.Context, key []byte, members ...[]byte) (int64, error) {
	return kv.integer(ctx, with("sadd", key, members)...)
}

// SDelete removes members of a set and tells how many there were.
func (kv KV) SDelete(ctx context.Context, key []byte, members ...[]byte) (int64, error) {
	return kv.integer(ctx, with("srem", key, members)...)
}

// SHas tells whether a set has a member.
func (kv KV) SHas(ctx context.Context, key, member []byte) (bool, error) {
	return kv.flag(ctx, word("sismember"), key, member)
}

// SMembers gives all members of a set.
func (kv KV) SMembers(ctx context.Context, key []byte) ([][]byte, error) {
	return kv.list(ctx, word("smembers"), key)
}

// Scored is a member of a sorted set.
type Scored struct {
	Member []byte
	Score  float64
}

// ZAdd gives members of a sorted set their scores and tells how many are new.
func (kv KV) ZAdd(ctx context.Context, key []byte, members ...Scored) (int64, error) {
	args := [][]byte{word("zadd"), key}
	for _, m := range members {
		args = append(args, keyspace.AppendFloat(nil, m.Score), m.Member)
	}
	return kv.integer(ctx, args...)
}

// ZScore gives the score of a member of a sorted set.
func (kv KV) ZScore(ctx context.Context, key, member []byte) (score float64, ok bool, err error) {
	r, err := kv.run(ctx, word("zscore"), key, member)
	if err != nil {
		return 0, false, err
	}
	score, ok = r.value().(float64)
	return score, ok, nil
}

// ZDelete removes members of a sorted set and tells how many there were.
func (kv KV) ZDelete(ctx context.Context, key []byte, members ...[]byte) (int64, error) {
	return kv.integer(ctx, with("zrem", key, members)...)
}

// ZRange gives the members of a sorted set by rank, from one place to another, both
// included; negative ones count from the end. reverse ranks the highest score first.
func (kv KV) ZRange(ctx context.Context, key []byte, from, to int64, reverse bool) ([]Scored, error) {
	args := [][]byte{word("zrange"), key, number(from), number(to), word("withscores")}
	if reverse {
		args = append(args, word("rev"))
	}
	r, err := kv.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	items, _ := r.value().([]any)
	out := make([]Scored, 0, len(items))
	for _, x := range items {
		var s Scored
		if pair, _ := x.([]any); len(pair) == 2 {
			s.Member, _ = pair[0].([]byte)
			s.Score, _ = pair[1].(float64)
		}
		out = append(out, s)
	}
	return out, nil
}

// reply is the bytes of a reply of the third version of the protocol.
type reply []byte

func (r reply) value() any {
	v, _ := r.next()
	return v
}

// next reads the first value and gives what follows. Replies are our own, and well
// formed.
func (r reply) next() (any, reply) {
	i := bytes.IndexByte(r, '\n')
	line, rest := string(r[1:i-1]), r[i+1:]
	count := func() int {
		n, _ := strconv.Atoi(line)
		return n
	}
	switch r[0] {
	case ':':
		n, _ := strconv.ParseInt(line, 10, 64)
		return n, rest
	case ',':
		f, err := strconv.ParseFloat(line, 64)
		if err != nil {
			f = math.NaN()
		}
		return f, rest
	case '#':
		return line == "t", rest
	case '_':
		return nil, rest
	case '$', '=':
		n := count()
		if n < 0 {
			return nil, rest
		}
		return []byte(rest[:n:n]), rest[n+2:]
	case '*', '~', '>':
		n := count()
		if n < 0 {
			return nil, rest
		}
		out := make([]any, n)
		for i := range out {
			out[i], rest = rest.next()
		}
		return out, rest
	case '%':
		out := map[string]any{}
		for range count() {
			var k, v any
			k, rest = rest.next()
			v, rest = rest.next()
			if b, ok := k.([]byte); ok {
				k = string(b)
			}
			out[fmt.Sprint(k)] = v
		}
		return out, rest
	}
	return line, rest
}
