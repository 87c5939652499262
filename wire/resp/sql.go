package resp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"rowkey/keyspace"
	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

// SQL "SELECT …" arg… runs one statement of the other language. Arguments are
// $1, $2 … in their text form. The reply:
//
//	rows      an array of maps, column → value (RESP2: each map an array of names and values)
//	no rows   the command tag: +INSERT 0 1
//	an error  -SQL 42P01 relation "x" does not exist
//
// Integers, floats, booleans and NULL are those of RESP (RESP2 has integers and
// null); bytea is its bytes; everything else is PostgreSQL's text form. In MULTI
// the statement is part of EXEC's transaction.

// sqlSession gives the connection's session, made when first needed.
func (c *conn) sqlSession(ctx context.Context) (*session.Session, error) {
	if c.sql == nil {
		s, err := c.s.db.NewSession(context.WithoutCancel(ctx), session.SessionOptions{
			RemoteAddr: c.nc.RemoteAddr().String(),
			Settings:   map[string]string{"application_name": "redis"},
		})
		if err != nil {
			return nil, err
		}
		c.sql = s
	}
	return c.sql, nil
}

// runSQL runs an SQL command outside of MULTI.
func (c *conn) runSQL(ctx context.Context, args [][]byte) {
	s, err := c.sqlSession(ctx)
	if err != nil {
		c.out.Error(sqlError(err))
		return
	}
	mark := len(c.out.Buf)
	err = statement(ctx, s, args, &c.out)
	if e := s.Sync(ctx, err != nil); err == nil {
		err = e
	}
	if err != nil {
		c.out.Buf = c.out.Buf[:mark]
		c.out.Error(sqlError(err))
	}
}

// execSQL is Runner.Exec for a queue with SQL in it: the transaction is the
// session's, and commands on keys join it. done is false when a watched key has
// changed.
func (c *conn) execSQL(ctx context.Context, queue []queued, watch *keyspace.Watch, out *keyspace.Reply) (done bool, err error) {
	defer watch.Close()
	s, err := c.sqlSession(ctx)
	if err != nil {
		return false, sqlError(err)
	}
	mark := len(out.Buf)
	for range maxAttempts {
		done, err = c.trySQL(ctx, s, queue, watch, out)
		if err == nil && done {
			return true, nil
		}
		out.Buf = out.Buf[:mark]
		if err == nil || watch != nil && conflict(err) {
			return false, nil
		}
		if !conflict(err) {
			break
		}
	}
	return false, sqlError(err)
}

// maxAttempts bounds how often EXEC is tried again after a conflict.
const maxAttempts = 64

func conflict(err error) bool {
	switch pgerr.CodeOf(err) {
	case pgerr.SerializationFailure, pgerr.DeadlockDetected:
		return true
	}
	return false
}

func (c *conn) trySQL(ctx context.Context, s *session.Session, queue []queued, watch *keyspace.Watch, out *keyspace.Reply) (done bool, err error) {
	if err := s.Simple(ctx, "BEGIN ISOLATION LEVEL SERIALIZABLE", session.Discard); err != nil {
		return false, err
	}
	defer func() {
		if !done {
			s.Simple(ctx, "ROLLBACK", session.Discard)
		}
	}()
	var none keyspace.Reply
	if err := watch.Each(func(db int, key []byte) error {
		return s.Command(ctx, keyspace.Request{DB: db, Cmd: keyspace.Find([]byte("type")), Args: [][]byte{[]byte("type"), key}}, &none)
	}); err != nil {
		return false, err
	}
	if changed, err := watch.Changed(ctx); changed || err != nil {
		return false, err
	}
	n := 0
	for _, q := range queue {
		if q.cmd.sql || q.cmd.keys != nil {
			n++
		}
	}
	out.Array(n)
	for _, q := range queue {
		mark := len(out.Buf)
		switch {
		case q.cmd.sql:
			err = within(ctx, s, func() error { return statement(ctx, s, q.args, out) })
		case q.cmd.keys != nil:
			err = within(ctx, s, func() error {
				return s.Command(ctx, keyspace.Request{DB: q.db, Cmd: q.cmd.keys, Args: q.args}, out)
			})
		default:
			continue
		}
		if err == nil {
			continue
		}
		if conflict(err) || ctx.Err() != nil {
			return false, err
		}
		out.Buf = out.Buf[:mark]
		var own keyspace.Error
		if errors.As(err, &own) {
			out.Error(own)
		} else {
			out.Error(sqlError(err))
		}
	}
	if err := s.Simple(ctx, "COMMIT", session.Discard); err != nil {
		return false, err
	}
	return true, nil
}

// within runs one step so that its failure leaves the others' work alone.
func within(ctx context.Context, s *session.Session, step func() error) error {
	if err := s.Simple(ctx, "SAVEPOINT step", session.Discard); err != nil {
		return err
	}
	if err := step(); err != nil {
		if conflict(err) {
			return err
		}
		if e := s.Simple(ctx, "ROLLBACK TO step", session.Discard); e != nil {
			return e
		}
		return err
	}
	return s.Simple(ctx, "RELEASE step", session.Discard)
}

// statement runs one statement and writes its result.
func statement(ctx context.Context, s *session.Session, args [][]byte, out *keyspace.Reply) error {
	text := string(args[1])
	if w := firstWord(text); transactional[w] {
		return pgerr.Unsupported(strings.ToUpper(w) + " within the SQL command: MULTI and EXEC are the bounds of a transaction here")
	}
	p, err := s.PrepareCached(ctx, text)
	if err != nil {
		return err
	}
	if len(args)-2 != len(p.Params) {
		return pgerr.Newf(pgerr.ProtocolViolation, "the statement has %d parameters but %d arguments were given", len(p.Params), len(args)-2)
	}
	vals := make([]types.Datum, len(p.Params))
	for i, t := range p.Params {
		a := string(args[2+i])
		if t.Under() == types.Bytea {
			vals[i] = types.NewString(a) // byte safe, without escapes
			continue
		}
		if vals[i], err = types.Parse(t, -1, a, s.Env()); err != nil {
			return err
		}
	}
	w := &rowWriter{Writer: session.Discard, out: out, env: s.Env(), cols: p.Columns, mark: len(out.Buf)}
	if err := s.Run(ctx, p, vals, w); err != nil {
		out.Buf = out.Buf[:w.mark]
		return err
	}
	return w.finish()
}

// transactional are the statements that bound transactions.
var transactional = map[string]bool{"begin": true, "start": true, "commit": true, "end": true, "rollback": true, "abort": true,
	"savepoint": true, "release": true, "prepare": true, "copy": true}

// firstWord is the first word of a statement in lower case, comments apart.
func firstWord(text string) string {
	for {
		text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ';' || r == '(' })
		switch {
		case strings.HasPrefix(text, "--"):
			_, text, _ = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*"):
			depth, i := 1, 2
			for ; i < len(text) && depth > 0; i++ {
				switch {
				case strings.HasPrefix(text[i:], "/*"):
					depth++
					i++
				case strings.HasPrefix(text[i:], "*/"):
					depth--
					i++
				}
			}
			text = text[i:]
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
			if end < 0 {
				end = len(text)
			}
			return strings.ToLower(text[:end])
		}
	}
}

// sqlError gives an error of SQL as a Redis client reads it.
func sqlError(err error) keyspace.Error {
	code := pgerr.CodeOf(err)
	if code == "" {
		code = "XX000"
	}
	text := err.Error()
	var e *pgerr.Error
	if errors.As(err, &e) {
		text = e.Message
		if e.Detail != "" {
			text += " (" + e.Detail + ")"
		}
		if e.Hint != "" {
			text += " (" + e.Hint + ")"
		}
	}
	return keyspace.Errorf("SQL %s %s", code, text)
}

// rowWriter writes the result of a statement as a reply.
type rowWriter struct {
	session.Writer
	out  *keyspace.Reply
	env  *types.Env
	cols []session.Column
	mark int
	rows int
	tag  string
	text []byte
}

// Columns implements session.Writer.
func (w *rowWriter) Columns(cols []session.Column) error {
	w.cols = cols
	return nil
}

// Complete implements session.Writer.
func (w *rowWriter) Complete(tag string) error {
	w.tag = tag
	return nil
}

// maxReplyBytes bounds the rows of one reply.
const maxReplyBytes = 512 << 20

// Rows implements session.Writer.
func (w *rowWriter) Rows(b *types.Batch, cols []session.Column) error {
	w.cols = cols
	for i := range b.Rows() {
		row := b.Row(i)
		w.out.Map(len(cols))
		for k, col := range cols {
			w.out.BulkString(col.Name)
			w.value(b.Cols[k], row)
		}
		w.rows++
	}
	if len(w.out.Buf) > maxReplyBytes {
		return pgerr.New(pgerr.ProgramLimitExceeded, fmt.Sprintf("the rows exceed %d bytes of one reply", maxReplyBytes))
	}
	return nil
}

func (w *rowWriter) value(v *types.Vec, i int) {
	if v.IsNull(i) {
		w.out.Null()
		return
	}
	switch t := v.Type.Under(); t {
	case types.Int2, types.Int4, types.Int8, types.Oid:
		w.out.Int(v.I[i])
		return
	case types.Bytea:
		w.out.BulkString(string(v.S[i]))
		return
	case types.Bool:
		if w.out.Resp3 {
			w.out.Bool(v.B[i])
			return
		}
	case types.Float4, types.Float8:
		if w.out.Resp3 {
			w.out.Double(v.F[i])
			return
		}
	}
	w.text = types.AppendTextAt(w.text[:0], v, i, w.env)
	w.out.Bulk(w.text)
}

// finish writes the head of the rows, or the tag.
func (w *rowWriter) finish() error {
	if w.cols == nil {
		if w.tag == "" {
			w.tag = "OK"
		}
		w.out.SimpleString(w.tag)
		return nil
	}
	w.out.EndArray(w.mark, w.rows)
	return nil
}
