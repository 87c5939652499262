package keyenc

import (
	"bytes"
	"encoding/binary"
	"math"
)

// open checks the tag of the value at the front of b in either direction. x is
// what to xor its further bytes with.
func open(b []byte, tag byte) (x byte, rest []byte, err error) {
	if len(b) > 0 {
		switch b[0] {
		case tag:
			return 0, b[1:], nil
		case ^tag:
			return 0xff, b[1:], nil
		}
	}
	return 0, b, ErrMalformed
}

func spread4(x byte) uint32 { return uint32(x) * 0x01010101 }

func spread8(x byte) uint64 { return uint64(x) * 0x0101010101010101 }

func decode4(b []byte, tag byte) (uint32, []byte, error) {
	x, r, err := open(b, tag)
	if err != nil || len(r) < 4 {
		return 0, b, ErrMalformed
	}
	return binary.BigEndian.Uint32(r) ^ spread4(x), r[4:], nil
}

func decode8(b []byte, tag byte) (uint64, []byte, error) {
	x, r, err := open(b, tag)
	if err != nil || len(r) < 8 {
		return 0, b, ErrMalformed
	}
	return binary.BigEndian.Uint64(r) ^ spread8(x), r[8:], nil
}

// DecodeBool decodes a bool.
func DecodeBool(b []byte) (v bool, rest []byte, err error) {
	if len(b) > 0 {
		switch b[0] {
		case tagFalse, ^byte(tagFalse):
			return false, b[1:], nil
		case tagTrue, ^byte(tagTrue):
			return true, b[1:], nil
		}
	}
	return false, b, ErrMalformed
}

// DecodeInt64 decodes an int64.
func DecodeInt64(b []byte) (v int64, rest []byte, err error) {
	u, rest, err := decode8(b, tagInt64)
	return int64(u ^ 1<<63), rest, err
}

// DecodeInt32 decodes an int32.
func DecodeInt32(b []byte) (v int32, rest []byte, err error) {
	u, rest, err := decode4(b, tagInt32)
	return int32(u ^ 1<<31), rest, err
}

// DecodeInt16 decodes an int16.
func DecodeInt16(b []byte) (v int16, rest []byte, err error) {
	x, r, err := open(b, tagInt16)
	if err != nil || len(r) < 2 {
		return 0, b, ErrMalformed
	}
	return int16(binary.BigEndian.Uint16(r) ^ uint16(spread4(x)) ^ 1<<15), r[2:], nil
}

// DecodeUint32 decodes a uint32.
func DecodeUint32(b []byte) (v uint32, rest []byte, err error) { return decode4(b, tagUint32) }

// DecodeFloat64 decodes a float64.
func DecodeFloat64(b []byte) (v float64, rest []byte, err error) {
	u, rest, err := decode8(b, tagFloat64)
	if u>>63 != 0 {
		u &^= 1 << 63
	} else {
		u = ^u
	}
	return math.Float64frombits(u), rest, err
}

// DecodeFloat32 decodes a float32.
func DecodeFloat32(b []byte) (v float32, rest []byte, err error) {
	u, rest, err := decode4(b, tagFloat32)
	if u>>31 != 0 {
		u &^= 1 << 31
	} else {
		u = ^u
	}
	return math.Float32frombits(u), rest, err
}

// DecodeBytes decodes a byte string. The value aliases b where it can, else it is
// appended to buf.
func DecodeBytes(b, buf []byte) (v, rest []byte, err error) { return decodeEscaped(b, buf, tagBytes) }

// DecodeText decodes text, like DecodeBytes.
func DecodeText(b, buf []byte) (v, rest []byte, err error) { return decodeEscaped(b, buf, tagText) }

func decodeEscaped(b, buf []byte, tag byte) (v, rest []byte, err error) {
	x, r, err := open(b, tag)
	if err != nil {
		return nil, b, err
	}
	aliased := true
	for {
		i := bytes.IndexByte(r, x) // a zero byte, or inverted FF
		if i < 0 || i+1 >= len(r) {
			return nil, b, ErrMalformed
		}
		end := r[i+1]^x == 0
		if !end && r[i+1]^x != 0xff {
			return nil, b, ErrMalformed
		}
		if end && aliased && x == 0 {
			return r[:i:i], r[i+2:], nil
		}
		n := len(buf)
		buf = append(buf, r[:i]...)
		if x != 0 {
			Invert(buf[n:])
		}
		aliased = false
		r = r[i+2:]
		if end {
			return buf, r, nil
		}
		buf = append(buf, 0)
	}
}

// DecodeDate decodes a number of days.
func DecodeDate(b []byte) (days int32, rest []byte, err error) {
	u, rest, err := decode4(b, tagDate)
	return int32(u ^ 1<<31), rest, err
}

// DecodeTimestamp decodes a timestamp without time zone.
func DecodeTimestamp(b []byte) (micros int64, rest []byte, err error) {
	u, rest, err := decode8(b, tagTimestamp)
	return int64(u ^ 1<<63), rest, err
}

// DecodeTimestampTZ decodes a timestamp with time zone.
func DecodeTimestampTZ(b []byte) (micros int64, rest []byte, err error) {
	u, rest, err := decode8(b, tagTimestampTZ)
	return int64(u ^ 1<<63), rest, err
}

// DecodeTime decodes a time of day.
func DecodeTime(b []byte) (micros int64, rest []byte, err error) {
	u, rest, err := decode8(b, tagTime)
	return int64(u ^ 1<<63), rest, err
}

// DecodeTimeTZ decodes a time of day in UTC and its zone in seconds west.
func DecodeTimeTZ(b []byte) (utcMicros int64, zoneWestSeconds int32, rest []byte, err error) {
	x, r, err := open(b, tagTimeTZ)
	if err != nil || len(r) < 12 {
		return 0, 0, b, ErrMalformed
	}
	u := binary.BigEndian.Uint64(r) ^ spread8(x) ^ 1<<63
	z := binary.BigEndian.Uint32(r[8:]) ^ spread4(x) ^ 1<<31
	return int64(u), int32(z), r[12:], nil
}

// DecodeInterval decodes the span of an interval, see IntervalSpan.
func DecodeInterval(b []byte) (hi int64, lo uint64, rest []byte, err error) {
	x, r, err := open(b, tagInterval)
	if err != nil || len(r) < 16 {
		return 0, 0, b, ErrMalformed
	}
	hi = int64(binary.BigEndian.Uint64(r) ^ spread8(x) ^ 1<<63)
	return hi, binary.BigEndian.Uint64(r[8:]) ^ spread8(x), r[16:], nil
}

// DecodeUUID decodes a uuid.
func DecodeUUID(b []byte) (v [16]byte, rest []byte, err error) {
	x, r, err := open(b, tagUUID)
	if err != nil || len(r) < 16 {
		return v, b, ErrMalformed
	}
	copy(v[:], r)
	if x != 0 {
		Invert(v[:])
	}
	return v, r[16:], nil
}

// Skip returns what follows the value at the front of b, whatever its type.
func Skip(b []byte) (rest []byte, err error) {
	if IsNull(b) {
		return b[1:], nil
	}
	if len(b) == 0 {
		return b, ErrMalformed
	}
	x := byte(0)
	if b[0] >= 0x80 {
		x = 0xff
	}
	return skip(b, x, 0)
}

// maxDepth bounds the nesting of arrays and tuples against hostile bytes.
const maxDepth = 64

func skip(b []byte, x byte, depth int) (rest []byte, err error) {
	if len(b) == 0 || depth > maxDepth {
		return b, ErrMalformed
	}
	n := 0
	switch b[0] ^ x {
	case tagFalse, tagTrue:
	case tagInt16:
		n = 2
	case tagInt32, tagUint32, tagFloat32, tagDate:
		n = 4
	case tagInt64, tagFloat64, tagTimestamp, tagTimestampTZ, tagTime:
		n = 8
	case tagTimeTZ:
		n = 12
	case tagInterval, tagUUID:
		n = 16
	case tagDecimal:
		return skipDecimal(b[1:], x)
	case tagBytes, tagText:
		r := b[1:]
		for {
			i := bytes.IndexByte(r, x)
			if i < 0 || i+1 >= len(r) {
				return b, ErrMalformed
			}
			switch r[i+1] ^ x {
			case 0:
				return r[i+2:], nil
			case 0xff:
				r = r[i+2:]
			default:
				return b, ErrMalformed
			}
		}
	case tagArray, tagTuple:
		r := b[1:]
		for {
			switch {
			case len(r) == 0:
				return b, ErrMalformed
			case r[0]^x == tagNullLast, r[0]^x == tagNullFirst:
				r = r[1:]
				continue
			case r[0]^x == 0:
				if b[0]^x == tagTuple {
					return r[1:], nil
				}
				if len(r) < 2 || len(r) < 2+8*int(r[1]^x) {
					return b, ErrMalformed
				}
				return r[2+8*int(r[1]^x):], nil
			}
			if r, err = skip(r, x, depth+1); err != nil {
				return b, err
			}
		}
	default:
		return b, ErrMalformed
	}
	if len(b) < 1+n {
		return b, ErrMalformed
	}
	return b[1+n:], nil
}

func skipDecimal(b []byte, x byte) ([]byte, error) {
	if len(b) == 0 {
		return b, ErrMalformed
	}
	class := b[0] ^ x
	switch class {
	case decNegInf, decPosInf, decNaN, decZero:
		return b[1:], nil
	}
	if class < decZero {
		class, x = ^class, ^x
	}
	b = b[1:]
	switch {
	case class == decTiny || class == decHuge:
		if len(b) < 4 {
			return b, ErrMalformed
		}
		b = b[4:]
	case class < decSmall || class > decHuge:
		return b, ErrMalformed
	}
	for i, c := range b {
		if (c^x)&1 == 0 {
			return b[i+1:], nil
		}
	}
	return b, ErrMalformed
}
