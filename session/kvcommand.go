package session

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"rowkey/builtin"
	"rowkey/keyspace"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/types"
)

// Commands within SQL: SELECT kv.command('ZADD', 'board', '10', 'ann').

// Command implements builtin.KeySession. An error of the command's is a SQL error,
// whose code tells a wrong type and a wrong argument apart.
func (h *host) Command(ctx *builtin.Ctx, args [][]byte) (json string, ok bool, err error) {
	s := h.s()
	if err := s.mainOnly("kv.command"); err != nil {
		return "", false, err
	}
	if len(args) == 0 {
		return "", false, pgerr.New(pgerr.InvalidParameterValue, "kv.command needs the name of a command")
	}
	cmd := keyspace.Find(args[0])
	if cmd == nil {
		return "", false, commandError(keyspace.UnknownCommand(args))
	}
	if !cmd.CheckArity(len(args)) {
		return "", false, commandError(keyspace.ErrArity(cmd.Name))
	}
	if cmd.Flags&keyspace.Write != 0 {
		if err := s.writable(strings.ToUpper(cmd.Name)); err != nil {
			return "", false, err
		}
	}
	if s.runner == nil {
		s.runner = s.db.keys.Runner()
	}
	reply := keyspace.Reply{Resp3: true}
	req := keyspace.Request{Cmd: cmd, Args: args}
	ready, err := s.runner.RunIn(ctx, s.tx.kv, s.tx.level, ctx.StmtMicros+postgresEpoch, req, &reply)
	if err != nil {
		return "", false, commandError(err)
	}
	if ready != nil {
		s.tx.onCommit = append(s.tx.onCommit, ready.Tell)
	}
	out, _, err := replyJSON(nil, reply.Buf)
	if err != nil {
		return "", false, err
	}
	if string(out) == "null" {
		return "", false, nil
	}
	json, err = types.CanonicalJSON(string(out))
	return json, true, err
}

// commandError makes a SQL error of a command's, or of the store's.
func commandError(err error) error {
	var e keyspace.Error
	if !errors.As(err, &e) {
		return mapKV(err)
	}
	code := pgerr.InvalidParameterValue
	switch {
	case e == keyspace.ErrWrongType:
		code = pgerr.WrongObjectType
	case strings.HasPrefix(string(e), "ERR unknown command"):
		code = pgerr.UndefinedFunction
	case e == keyspace.ErrOverflow:
		code = pgerr.NumericValueOutOfRange
	}
	return pgerr.New(code, string(e))
}

// replyJSON turns the first reply of buf into JSON: numbers and strings, arrays,
// objects for maps, null. Bytes that are no text become a string of their
// hexadecimal form, \x…, as bytea has it. rest is what follows.
func replyJSON(dst, buf []byte) (_, rest []byte, err error) {
	i := bytes.IndexByte(buf, '\n')
	if i < 1 {
		return nil, nil, pgerr.Newf(pgerr.InternalError, "damaged reply of a command")
	}
	line, rest := buf[1:i-1], buf[i+1:]
	count := func() int {
		n, _ := strconv.Atoi(string(line))
		return n
	}
	switch buf[0] {
	case '+', '-':
		return types.AppendJSONString(dst, string(line)), rest, nil
	case ':':
		return append(dst, line...), rest, nil
	case ',':
		if f, err := strconv.ParseFloat(string(line), 64); err != nil || f-f != 0 {
			return types.AppendJSONString(dst, string(line)), rest, nil // inf, nan
		}
		return append(dst, line...), rest, nil
	case '#':
		return append(dst, map[bool]string{true: "true", false: "false"}[line[0] == 't']...), rest, nil
	case '_':
		return append(dst, "null"...), rest, nil
	case '$', '=':
		n := count()
		if n < 0 {
			return append(dst, "null"...), rest, nil
		}
		return appendJSONBytes(dst, rest[:n]), rest[n+2:], nil
	case '*', '~', '>':
		n := count()
		if n < 0 {
			return append(dst, "null"...), rest, nil
		}
		dst = append(dst, '[')
		for i := range n {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, rest, err = replyJSON(dst, rest); err != nil {
				return nil, nil, err
			}
		}
		return append(dst, ']'), rest, nil
	case '%':
		dst = append(dst, '{')
		for i := range count() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var key []byte
			if key, rest, err = replyJSON(nil, rest); err != nil {
				return nil, nil, err
			}
			if key[0] != '"' {
				key = types.AppendJSONString(nil, string(key))
			}
			dst = append(append(dst, key...), ':')
			if dst, rest, err = replyJSON(dst, rest); err != nil {
				return nil, nil, err
			}
		}
		return append(dst, '}'), rest, nil
	}
	return nil, nil, pgerr.Newf(pgerr.InternalError, "reply of a command of unknown kind %q", buf[0])
}

func appendJSONBytes(dst, b []byte) []byte {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return types.AppendJSONString(dst, string(b))
	}
	return types.AppendJSONString(dst, `\x`+hex.EncodeToString(b))
}

// aliveKeys remembers for one statement whether collections of a space have
// expired and are not swept yet: mostly none.
type aliveKeys struct {
	mu    sync.Mutex
	txn   kv.Txn
	clock int64
	space *keyspace.Space
	any   bool
	key   string // the last asked for
	alive bool
	asked bool
}

// look finds out whether anything has expired in a space, once a statement.
func (a *aliveKeys) look(s *Session, ctx *builtin.Ctx, space int64) error {
	now := ctx.StmtMicros + postgresEpoch
	if a.space != nil && int64(a.space.Number) == space && a.txn == s.tx.kv && a.clock == now {
		return nil
	}
	sp, err := s.db.keys.Space(ctx, int(space))
	if err != nil {
		return err
	}
	any, err := keyspace.HasExpired(s.tx.kv, sp, now)
	if err != nil {
		return mapKV(err)
	}
	a.space, a.txn, a.clock, a.any, a.asked = sp, s.tx.kv, now, any, false
	return nil
}

// AnyExpired implements builtin.KeySession.
func (h *host) AnyExpired(ctx *builtin.Ctx, space int64) (bool, error) {
	a := &h.s().alive
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.look(h.s(), ctx, space)
	return a.any, err
}

// KeyAlive implements builtin.KeySession.
func (h *host) KeyAlive(ctx *builtin.Ctx, space int64, key string) (bool, error) {
	s := h.s()
	a := &s.alive
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.look(s, ctx, space); err != nil {
		return false, err
	}
	if !a.any {
		return true, nil
	}
	if !a.asked || a.key != key {
		alive, err := keyspace.Alive(s.tx.kv, a.space, []byte(key), a.clock)
		if err != nil {
			return false, mapKV(err)
		}
		a.key, a.alive, a.asked = key, alive, true
	}
	return a.alive, nil
}

// keysReady tells, once the transaction is committed, of the lists and sorted
// sets that a statement has made.
func (s *Session) keysReady(g *keyspace.Guard) {
	if r := g.Ready(s.db.keys); r != nil {
		s.tx.onCommit = append(s.tx.onCommit, r.Tell)
	}
}
