package pgwire

import (
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"rowkey/pgerr"
	"rowkey/session"
	"rowkey/types"
)

// rowWriter turns results into messages (session.Writer).
type rowWriter struct {
	c       *conn
	s       *session.Session
	formats []int16
	copying copyReader
}

func (w *rowWriter) Columns(cols []session.Column) error { return w.c.rowDescription(cols, w.formats) }

// BinaryRows makes rows go out in binary form: FETCH from a binary cursor.
func (w *rowWriter) BinaryRows(on bool) {
	if w.formats = nil; on {
		w.formats = []int16{1}
	}
}

// Rows encodes a batch as DataRow messages.
func (w *rowWriter) Rows(b *types.Batch, cols []session.Column) error {
	c := w.c
	env, cs := w.s.Env(), c.charset()
	n := len(cols)
	rows := b.Rows()
	for r := 0; r < rows; r++ {
		row := b.Row(r)
		out := append(c.out, 'D', 0, 0, 0, 0, byte(n>>8), byte(n))
		start := len(out) - 6
		for i := 0; i < n; i++ {
			v := b.Cols[i]
			if v.HasNulls && v.Nulls[row] {
				out = append(out, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			out = append(out, 0, 0, 0, 0)
			at := len(out)
			var err error
			if formatOf(w.formats, i) == 1 {
				out, err = session.AppendBinary(out, v, row, env, cs)
			} else if out = types.AppendTextAt(out, v, row, env); cs != nil {
				out, err = cs.EncodeTail(out, at)
			}
			if err != nil {
				return err
			}
			binary.BigEndian.PutUint32(out[at-4:], uint32(len(out)-at))
		}
		binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start))
		c.out = out
		if len(out) >= flushBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *rowWriter) Complete(tag string) error {
	c := w.c
	c.out = append(c.out, 'C')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(tag)+5))
	c.out = append(append(c.out, tag...), 0)
	return nil
}

func (w *rowWriter) Empty() error     { return w.c.simple('I') }
func (w *rowWriter) Suspended() error { return w.c.simple('s') }

func (w *rowWriter) copyResponse(kind byte, binaryFormat bool, columns int) {
	c := w.c
	f := byte(0)
	if binaryFormat {
		f = 1
	}
	c.out = append(c.out, kind)
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(4+1+2+2*columns))
	c.out = append(c.out, f)
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(columns))
	for i := 0; i < columns; i++ {
		c.out = append(c.out, 0, f)
	}
}

func (w *rowWriter) CopyIn(binaryFormat bool, columns int) (session.CopyReader, error) {
	w.copyResponse('G', binaryFormat, columns)
	if err := w.c.flush(); err != nil {
		return nil, err
	}
	w.copying = copyReader{c: w.c}
	w.c.in.have = 0 // clients send data when they are asked for them
	return &w.copying, nil
}

func (w *rowWriter) CopyOut(binaryFormat bool, columns int) error {
	w.copyResponse('H', binaryFormat, columns)
	return nil
}

func (w *rowWriter) CopyData(p []byte) error {
	c := w.c
	c.out = append(c.out, 'd')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(p)+4))
	c.out = append(c.out, p...)
	if len(c.out) >= flushBytes {
		return c.flush()
	}
	return nil
}

func (w *rowWriter) CopyDone() error { return w.c.simple('c') }

// copyReader gives the bytes of the client's CopyData messages.
type copyReader struct {
	c    *conn
	rest []byte
	done bool
}

func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		msg, err := r.c.back.Receive()
		if err != nil {
			return 0, err
		}
		switch m := msg.(type) {
		case *pgproto3.CopyData:
			r.rest = m.Data
			r.c.in.took(5 + len(m.Data))
		case *pgproto3.CopyDone:
			r.done = true
		case *pgproto3.CopyFail:
			return 0, pgerr.Newf(pgerr.QueryCanceled, "COPY from stdin failed: %s", m.Message)
		case *pgproto3.Flush, *pgproto3.Sync: // allowed, and without effect, while copying
		default:
			return 0, pgerr.Newf(pgerr.ProtocolViolation, "unexpected message type 0x%02x during COPY from stdin", messageType(msg))
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Ready tells whether Read would give something without waiting for the client.
func (r *copyReader) Ready() bool { return len(r.rest) > 0 || r.done || r.c.in.ready() }

func messageType(m pgproto3.FrontendMessage) byte {
	b, err := m.Encode(nil)
	if err != nil || len(b) == 0 {
		return 0
	}
	return b[0]
}
