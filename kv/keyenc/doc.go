// Package keyenc turns plain values into bytes that compare as the values do.
//
// Every encoded value begins with a tag that names its type and direction, so a
// key can be skipped through, decoded and printed from its bytes alone:
//
//	18 | 19                     bool: false, true
//	20 ‹8›  21 ‹4›  22 ‹2›      int64, int32, int16: big-endian, sign bit flipped
//	23 ‹4›                      uint32 (oid)
//	28 ‹8›  29 ‹4›              float64, float32: -0 = 0, NaN above +Inf
//	30 ‹class› [‹exp:4›] ‹…›    decimal, see decimal.go
//	38 ‹…› 00 00                bytes; a 00 within is written 00 FF
//	39 ‹…› 00 00                text, in byte order (collation C)
//	40 ‹4›                      date, days
//	41 ‹8›  42 ‹8›  43 ‹8›      timestamp, timestamptz, time: microseconds
//	44 ‹8› ‹4›                  timetz: UTC microseconds, then zone
//	45 ‹16›                     interval: its span in microseconds, months of 30 days
//	48 ‹16›                     uuid
//	50 ‹elements› 00 ‹dims›     array
//	51 ‹fields› 00              tuple: of a record, a range or a jsonb value
//	05 | FA                     NULL, first or last
//
// Descending is the ascending form with all bytes inverted (Invert); its tags
// are therefore 80 and above. NULLs do not invert: 05 sorts below all tags and
// FA above all, whatever the direction.
//
// The laws, fuzzed in the tests: bytes.Compare orders encodings as PostgreSQL
// orders the values; an encoding is never a prefix of another value's of the same
// type; Skip ends exactly where Append ended; Decode inverts Append where equal
// values are identical (not so for -0, NaN payloads, the scale of decimals and
// the months of intervals).
//
// Append functions allocate nothing but what append does. Decode functions take
// either direction and return the rest of the key; on malformed bytes, ErrMalformed.
package keyenc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strings"
)

// ErrMalformed says that bytes are not an encoding of what was asked for.
var ErrMalformed = errors.New("malformed key")

// Tags of ascending values; the inverted byte is the tag of descending ones.
const (
	tagNullFirst   = 0x05
	tagFalse       = 0x18
	tagTrue        = 0x19
	tagInt64       = 0x20
	tagInt32       = 0x21
	tagInt16       = 0x22
	tagUint32      = 0x23
	tagFloat64     = 0x28
	tagFloat32     = 0x29
	tagDecimal     = 0x30
	tagBytes       = 0x38
	tagText        = 0x39
	tagDate        = 0x40
	tagTimestamp   = 0x41
	tagTimestampTZ = 0x42
	tagTime        = 0x43
	tagTimeTZ      = 0x44
	tagInterval    = 0x45
	tagUUID        = 0x48
	tagArray       = 0x50
	tagTuple       = 0x51
	tagNullLast    = 0xfa
)

// Order is the direction of an index column and the place of its NULLs.
type Order uint8

const (
	Asc           Order = iota // NULLS LAST, the default of ASC
	AscNullsFirst              //
	Desc                       // NULLS FIRST, the default of DESC
	DescNullsLast              //
)

// OrderOf composes an Order.
func OrderOf(desc, nullsFirst bool) Order {
	switch {
	case desc && nullsFirst:
		return Desc
	case desc:
		return DescNullsLast
	case nullsFirst:
		return AscNullsFirst
	}
	return Asc
}

// Descending reports whether greater values come first.
func (o Order) Descending() bool { return o >= Desc }

// NullsFirst reports whether NULLs come before all values.
func (o Order) NullsFirst() bool { return o == AscNullsFirst || o == Desc }

// Null is the one byte that stands for NULL under o.
func (o Order) Null() byte {
	if o.NullsFirst() {
		return tagNullFirst
	}
	return tagNullLast
}

// AppendNull appends a NULL.
func (o Order) AppendNull(dst []byte) []byte { return append(dst, o.Null()) }

// Finish gives the ascending value at dst[from:] the direction of o.
func (o Order) Finish(dst []byte, from int) {
	if o.Descending() {
		Invert(dst[from:])
	}
}

// Invert flips all bits of b: ascending becomes descending and back.
func Invert(b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, ^binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for i := range b {
		b[i] = ^b[i]
	}
}

// IsNull reports whether the value at the front of b is NULL.
func IsNull(b []byte) bool {
	return len(b) > 0 && (b[0] == tagNullFirst || b[0] == tagNullLast)
}

// SkipNull is the rest of b after a NULL.
func SkipNull(b []byte) (rest []byte, ok bool) {
	if IsNull(b) {
		return b[1:], true
	}
	return b, false
}

// AppendBool appends false or true.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, tagTrue)
	}
	return append(dst, tagFalse)
}

// AppendInt64 appends an int64.
func AppendInt64(dst []byte, v int64) []byte { return append8(dst, tagInt64, uint64(v)^1<<63) }

// AppendInt32 appends an int32 in half the room. Columns of different widths do not
// compare with each other.
func AppendInt32(dst []byte, v int32) []byte { return append4(dst, tagInt32, uint32(v)^1<<31) }

// AppendInt16 appends an int16.
func AppendInt16(dst []byte, v int16) []byte {
	u := uint16(v) ^ 1<<15
	return append(dst, tagInt16, byte(u>>8), byte(u))
}

// AppendUint32 appends a uint32, such as an oid.
func AppendUint32(dst []byte, v uint32) []byte { return append4(dst, tagUint32, v) }

// AppendFloat64 appends a float64.
func AppendFloat64(dst []byte, v float64) []byte {
	return append8(dst, tagFloat64, float64Bits(v))
}

// AppendFloat32 appends a float32.
func AppendFloat32(dst []byte, v float32) []byte {
	u := math.Float32bits(v)
	switch {
	case v != v:
		u = 0x7fc00000 | 1<<31
	case v == 0:
		u = 1 << 31
	case u>>31 != 0:
		u = ^u
	default:
		u |= 1 << 31
	}
	return append4(dst, tagFloat32, u)
}

func float64Bits(v float64) uint64 {
	u := math.Float64bits(v)
	switch {
	case v != v:
		return 0x7ff8000000000000 | 1<<63
	case v == 0:
		return 1 << 63
	case u>>63 != 0:
		return ^u
	}
	return u | 1<<63
}

// AppendBytes appends a byte string.
func AppendBytes(dst, v []byte) []byte { return appendEscaped(append(dst, tagBytes), v) }

// AppendText appends text, ordered by its bytes.
func AppendText(dst, v []byte) []byte { return appendEscaped(append(dst, tagText), v) }

// AppendString is AppendText of a string.
func AppendString(dst []byte, v string) []byte {
	dst = append(dst, tagText)
	for {
		i := strings.IndexByte(v, 0)
		if i < 0 {
			dst = append(dst, v...)
			return append(dst, 0, 0)
		}
		dst = append(dst, v[:i]...)
		dst = append(dst, 0, 0xff)
		v = v[i+1:]
	}
}

// AppendTextPrefix appends text without its end: the beginning of all encoded
// texts that begin with v, for LIKE 'v%' ranges. It is no complete value.
func AppendTextPrefix(dst, v []byte) []byte {
	dst = AppendText(dst, v)
	return dst[:len(dst)-2]
}

func appendEscaped(dst, v []byte) []byte {
	for {
		i := bytes.IndexByte(v, 0)
		if i < 0 {
			dst = append(dst, v...)
			return append(dst, 0, 0)
		}
		dst = append(dst, v[:i]...)
		dst = append(dst, 0, 0xff)
		v = v[i+1:]
	}
}

// AppendDate appends a number of days.
func AppendDate(dst []byte, days int32) []byte { return append4(dst, tagDate, uint32(days)^1<<31) }

// AppendTimestamp appends a timestamp without time zone, in microseconds.
func AppendTimestamp(dst []byte, micros int64) []byte {
	return append8(dst, tagTimestamp, uint64(micros)^1<<63)
}

// AppendTimestampTZ appends a timestamp with time zone, in UTC microseconds.
func AppendTimestampTZ(dst []byte, micros int64) []byte {
	return append8(dst, tagTimestampTZ, uint64(micros)^1<<63)
}

// AppendTime appends a time of day in microseconds.
func AppendTime(dst []byte, micros int64) []byte {
	return append8(dst, tagTime, uint64(micros)^1<<63)
}

// AppendTimeTZ appends a time of day given in UTC, then its zone in seconds west
// of Greenwich, which orders equal instants as PostgreSQL does.
func AppendTimeTZ(dst []byte, utcMicros int64, zoneWestSeconds int32) []byte {
	dst = append8(dst, tagTimeTZ, uint64(utcMicros)^1<<63)
	u := uint32(zoneWestSeconds) ^ 1<<31
	return append(dst, byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}

// AppendInterval appends the span of an interval, in which a month is 30 days and a
// day 24 hours: what compares equal encodes equal.
func AppendInterval(dst []byte, months, days int32, micros int64) []byte {
	hi, lo := IntervalSpan(months, days, micros)
	dst = append8(dst, tagInterval, uint64(hi)^1<<63)
	return append(dst, byte(lo>>56), byte(lo>>48), byte(lo>>40), byte(lo>>32), byte(lo>>24), byte(lo>>16), byte(lo>>8), byte(lo))
}

// IntervalSpan is the 128-bit number of microseconds by which intervals compare.
func IntervalSpan(months, days int32, micros int64) (hi int64, lo uint64) {
	const dayMicros = 86_400_000_000
	d := int64(months)*30 + int64(days)
	neg := d < 0
	if neg {
		d = -d
	}
	h, l := bits.Mul64(uint64(d), dayMicros)
	if neg {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	l, carry := bits.Add64(l, uint64(micros), 0)
	h, _ = bits.Add64(h, uint64(micros>>63), carry)
	return int64(h), l
}

// AppendUUID appends a uuid.
func AppendUUID(dst []byte, v [16]byte) []byte {
	return append(append(dst, tagUUID), v[:]...)
}

// AppendArrayStart begins an array. Append its elements in ascending form, NULLs with
// AppendElementNull, then AppendArrayEnd.
func AppendArrayStart(dst []byte) []byte { return append(dst, tagArray) }

// AppendElementNull appends a NULL element or field; it sorts above all others.
func AppendElementNull(dst []byte) []byte { return append(dst, tagNullLast) }

// Dim is one dimension of an array.
type Dim struct{ Length, LowerBound int32 }

// AppendArrayEnd ends an array. Arrays of equal elements are ordered by the number of
// dimensions, then by lengths and lower bounds.
func AppendArrayEnd(dst []byte, dims ...Dim) []byte {
	dst = append(dst, 0, byte(len(dims)))
	for _, d := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Length)^1<<31)
	}
	for _, d := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.LowerBound)^1<<31)
	}
	return dst
}

// AppendTupleStart begins a tuple (a composite value or a range); its fields are like
// an array's elements, but may be NULLs that sort below all others (AscNullsFirst).
func AppendTupleStart(dst []byte) []byte { return append(dst, tagTuple) }

// AppendTupleEnd ends a tuple.
func AppendTupleEnd(dst []byte) []byte { return append(dst, 0) }

func append4(dst []byte, tag byte, u uint32) []byte {
	return append(dst, tag, byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}

func append8(dst []byte, tag byte, u uint64) []byte {
	return append(dst, tag, byte(u>>56), byte(u>>48), byte(u>>40), byte(u>>32), byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}
