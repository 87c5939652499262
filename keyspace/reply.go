package keyspace

import (
	"math"
	"strconv"
)

// Reply is where commands write their answers: bytes of RESP2 or RESP3, appended
// to one buffer that its owner sends and resets. The zero value writes RESP2.
// Not safe for concurrent use.
type Reply struct {
	Buf []byte
	// Resp3 chooses the protocol: maps, sets, doubles and nulls of their own.
	Resp3 bool
}

// Reset empties the buffer, keeping its memory.
func (r *Reply) Reset() { r.Buf = r.Buf[:0] }

func (r *Reply) line(kind byte, n int64) {
	r.Buf = append(r.Buf, kind)
	r.Buf = strconv.AppendInt(r.Buf, n, 10)
	r.Buf = append(r.Buf, '\r', '\n')
}

// OK writes +OK.
func (r *Reply) OK() { r.Buf = append(r.Buf, "+OK\r\n"...) }

// SimpleString writes a status line.
func (r *Reply) SimpleString(s string) {
	r.Buf = append(append(append(r.Buf, '+'), s...), '\r', '\n')
}

// Error writes an error; line breaks within become spaces.
func (r *Reply) Error(e Error) {
	r.Buf = append(r.Buf, '-')
	for i := range len(e) {
		c := e[i]
		if c == '\r' || c == '\n' {
			c = ' '
		}
		r.Buf = append(r.Buf, c)
	}
	r.Buf = append(r.Buf, '\r', '\n')
}

// Int writes an integer.
func (r *Reply) Int(n int64) {
	switch {
	case n == 0:
		r.Buf = append(r.Buf, ":0\r\n"...)
	case n == 1:
		r.Buf = append(r.Buf, ":1\r\n"...)
	default:
		r.line(':', n)
	}
}

// Flag writes 1 or 0.
func (r *Reply) Flag(b bool) {
	if b {
		r.Int(1)
	} else {
		r.Int(0)
	}
}

// Bool writes a boolean of RESP3, or 1 or 0.
func (r *Reply) Bool(b bool) {
	switch {
	case !r.Resp3:
		r.Flag(b)
	case b:
		r.Buf = append(r.Buf, "#t\r\n"...)
	default:
		r.Buf = append(r.Buf, "#f\r\n"...)
	}
}

// Bulk writes bytes.
func (r *Reply) Bulk(b []byte) {
	r.line('$', int64(len(b)))
	r.Buf = append(append(r.Buf, b...), '\r', '\n')
}

// BulkString writes the bytes of a string.
func (r *Reply) BulkString(s string) {
	r.line('$', int64(len(s)))
	r.Buf = append(append(r.Buf, s...), '\r', '\n')
}

// BulkInt writes an integer as bytes.
func (r *Reply) BulkInt(n int64) {
	var b [20]byte
	r.Bulk(strconv.AppendInt(b[:0], n, 10))
}

// BulkOrNull writes bytes, or null when ok is false.
func (r *Reply) BulkOrNull(b []byte, ok bool) {
	if ok {
		r.Bulk(b)
	} else {
		r.Null()
	}
}

// Null writes the absent value: of RESP3, or an absent bulk string.
func (r *Reply) Null() {
	if r.Resp3 {
		r.Buf = append(r.Buf, "_\r\n"...)
	} else {
		r.Buf = append(r.Buf, "$-1\r\n"...)
	}
}

// NullArray writes the absent value where an array would be.
func (r *Reply) NullArray() {
	if r.Resp3 {
		r.Buf = append(r.Buf, "_\r\n"...)
	} else {
		r.Buf = append(r.Buf, "*-1\r\n"...)
	}
}

// Array begins an array of n replies.
func (r *Reply) Array(n int) { r.line('*', int64(n)) }

// Map begins n pairs: a map in RESP3, an array of 2n otherwise.
func (r *Reply) Map(n int) {
	if r.Resp3 {
		r.line('%', int64(n))
	} else {
		r.line('*', 2*int64(n))
	}
}

// Set begins a set of n replies, an array in RESP2.
func (r *Reply) Set(n int) {
	if r.Resp3 {
		r.line('~', int64(n))
	} else {
		r.line('*', int64(n))
	}
}

// Push begins an out-of-band message of n replies, an array in RESP2.
func (r *Reply) Push(n int) {
	if r.Resp3 {
		r.line('>', int64(n))
	} else {
		r.line('*', int64(n))
	}
}

// Double writes a float: of RESP3, or its digits as a bulk string.
func (r *Reply) Double(f float64) {
	var b [40]byte
	s := AppendFloat(b[:0], f)
	if !r.Resp3 {
		r.Bulk(s)
		return
	}
	r.Buf = append(append(append(r.Buf, ','), s...), '\r', '\n')
}

// Verbatim writes text of a format of three letters, a bulk string in RESP2.
func (r *Reply) Verbatim(format, s string) {
	if !r.Resp3 {
		r.BulkString(s)
		return
	}
	r.line('=', int64(len(s)+4))
	r.Buf = append(append(append(append(r.Buf, format...), ':'), s...), '\r', '\n')
}

// Deferred marks where an aggregate of yet unknown length begins; End with the
// mark and the number of its replies writes the head before them.
func (r *Reply) Deferred() int { return len(r.Buf) }

// EndArray completes an array begun with Deferred.
func (r *Reply) EndArray(mark, n int) { r.end(mark, '*', n) }

// EndSet completes a set begun with Deferred.
func (r *Reply) EndSet(mark, n int) {
	if r.Resp3 {
		r.end(mark, '~', n)
	} else {
		r.end(mark, '*', n)
	}
}

// EndMap completes a map of n pairs begun with Deferred.
func (r *Reply) EndMap(mark, n int) {
	if r.Resp3 {
		r.end(mark, '%', n)
	} else {
		r.end(mark, '*', 2*n)
	}
}

func (r *Reply) end(mark int, kind byte, n int) {
	var head [24]byte
	h := strconv.AppendInt(append(head[:0], kind), int64(n), 10)
	h = append(h, '\r', '\n')
	size := len(r.Buf)
	r.Buf = append(r.Buf, h...) // room
	copy(r.Buf[mark+len(h):], r.Buf[mark:size])
	copy(r.Buf[mark:], h)
}

// AppendFloat appends a float as Redis 7.0 prints scores: 17 significant digits,
// which come back to the same number.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case f == 0:
		if math.Signbit(f) {
			return append(dst, "-0"...)
		}
		return append(dst, '0')
	case f == math.Trunc(f) && math.Abs(f) < 1e17:
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}
