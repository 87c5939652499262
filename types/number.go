package types

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// Text forms of bool, the integers, oid and its kin, and the floats.

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func badSyntax(typ, s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typ, s)
}

func outOfRange(typ, s string) error {
	return pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, typ)
}

// ParseBool reads a boolean as PostgreSQL does: any unique prefix of true,
// false, yes, no, on, off, or 1 and 0, in any case, spaces around allowed.
func ParseBool(s string) (val, ok bool) {
	s = trimSpace(s)
	if len(s) == 0 || len(s) > 5 {
		return false, false
	}
	prefix := func(word string) bool { return len(s) <= len(word) && strings.EqualFold(s, word[:len(s)]) }
	switch s[0] | 0x20 {
	case 't':
		return true, prefix("true")
	case 'f':
		return false, prefix("false")
	case 'y':
		return true, prefix("yes")
	case 'n':
		return false, prefix("no")
	case 'o':
		if len(s) >= 2 {
			if prefix("on") {
				return true, true
			}
			return false, prefix("off")
		}
	case '1' | 0x20:
		return true, s == "1"
	case '0' | 0x20:
		return false, s == "0"
	}
	return false, false
}

// ParseInt reads a decimal integer of the given width (16, 32 or 64 bits)
// with PostgreSQL's errors; typ is the SQL name they mention.
func ParseInt(s string, width int, typ string) (int64, error) {
	i, n := 0, len(s)
	for i < n && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < n && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	start := i
	var u uint64
	over := false
	for i < n {
		c := s[i] - '0'
		if c > 9 {
			break
		}
		if u > (math.MaxUint64-9)/10 {
			over = true
		}
		u = u*10 + uint64(c)
		i++
	}
	digits := i - start
	for i < n && isSpace(s[i]) {
		i++
	}
	if digits == 0 || i < n {
		// PostgreSQL stops at the first digit too many, before it sees what follows.
		if digits > 0 && (over || !fitsInt(u, neg, width)) {
			return 0, outOfRange(typ, s)
		}
		return 0, badSyntax(typ, s)
	}
	if over || !fitsInt(u, neg, width) {
		return 0, outOfRange(typ, s)
	}
	if neg {
		return int64(-u), nil
	}
	return int64(u), nil
}

func fitsInt(u uint64, neg bool, width int) bool {
	limit := uint64(1) << (width - 1)
	if neg {
		return u <= limit
	}
	return u < limit
}

// CheckInt tells by error whether i fits the integer type t (int2, int4, int8).
func CheckInt(t *Type, i int64) error {
	switch t.OID {
	case oidInt2:
		if i != int64(int16(i)) {
			return errIntRange("smallint")
		}
	case oidInt4:
		if i != int64(int32(i)) {
			return errIntRange("integer")
		}
	}
	return nil
}

func errIntRange(name string) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, name+" out of range")
}

// strtoul reads like C's function of that name: optional spaces and sign, the
// longest run of digits; rest is what follows. ok is false when there is no
// digit; over when the magnitude does not fit 64 bits.
func strtoul(s string, base int) (u uint64, rest string, ok, over bool) {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if base == 0 {
		base = 10
		if len(s) > 0 && s[0] == '0' {
			base = 8
			if len(s) > 2 && s[1]|0x20 == 'x' && hexVal(s[2]) < 16 {
				base = 16
				s = s[2:]
			}
		}
	}
	i := 0
	for i < len(s) {
		v := hexVal(s[i])
		if int(v) >= base {
			break
		}
		hi, lo := bits.Mul64(u, uint64(base))
		sum, c := bits.Add64(lo, uint64(v), 0)
		if hi != 0 || c != 0 {
			over = true
		}
		u = sum
		i++
	}
	if neg {
		u = -u
	}
	return u, s[i:], i > 0, over
}

func hexVal(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

func parseOid(s string) (int64, error) {
	u, rest, ok, over := strtoul(s, 10)
	if !ok || trimSpace(rest) != "" {
		if ok && over {
			return 0, outOfRange("oid", s)
		}
		return 0, badSyntax("oid", s)
	}
	// Like C on a 64-bit machine: accept what is an unsigned or a signed 32-bit number.
	if over || (u != uint64(uint32(u)) && int64(u) != int64(int32(u))) {
		return 0, outOfRange("oid", s)
	}
	return int64(uint32(u)), nil
}

func parseTid(s string) (int64, error) {
	bad := func() (int64, error) { return 0, badSyntax("tid", s) }
	open := strings.IndexByte(s, '(')
	if open < 0 || strings.TrimLeft(s[:open], " \t\n\v\f\r") != "" {
		return bad()
	}
	block, rest, ok, over := strtoul(s[open+1:], 10)
	if !ok || over || len(rest) == 0 || rest[0] != ',' || (block > math.MaxUint32 && int64(block) != int64(int32(block))) {
		return bad()
	}
	off, rest, ok, over := strtoul(rest[1:], 10)
	if !ok || over || len(rest) == 0 || rest[0] != ')' || off > math.MaxUint16 {
		return bad()
	}
	return int64(uint32(block))<<16 | int64(off), nil
}

func appendTid(dst []byte, v int64) []byte {
	dst = append(dst, '(')
	dst = strconv.AppendUint(dst, uint64(v)>>16, 10)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, uint64(v)&0xffff, 10)
	return append(dst, ')')
}

// parseFloat reads a float of 32 or 64 bits.
func parseFloat(s string, width int, typ string) (float64, error) {
	t := trimSpace(s)
	bad := func() (float64, error) { return 0, badSyntax(typ, s) }
	if t == "" || strings.IndexByte(t, '_') >= 0 {
		return bad()
	}
	num := t
	if hex := strings.TrimLeft(t, "+-"); len(hex) > 2 && hex[0] == '0' && hex[1]|0x20 == 'x' && !strings.ContainsAny(hex, "pP") {
		num = t + "p0" // C needs no exponent here, Go does
	}
	f, err := strconv.ParseFloat(num, width)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", t, typ)
		}
		return bad()
	}
	if f == 0 {
		// Too small to be told from zero is an error too.
		for i := 0; i < len(num) && num[i]|0x20 != 'e' && num[i]|0x20 != 'p'; i++ {
			if c := num[i]; (c >= '1' && c <= '9') || (hexVal(c) >= 10 && hexVal(c) < 16) {
				return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", t, typ)
			}
		}
	}
	return f, nil
}

// AppendFloat8 writes a double precision value as PostgreSQL prints it under
// the given extra_float_digits: from 1 on, the shortest text that reads back
// to the same value.
func AppendFloat8(dst []byte, f float64, extraDigits int) []byte {
	return appendFloat(dst, f, 64, 15, extraDigits)
}

// AppendFloat4 is AppendFloat8 for type real.
func AppendFloat4(dst []byte, f float64, extraDigits int) []byte {
	return appendFloat(dst, f, 32, 6, extraDigits)
}

func appendFloat(dst []byte, f float64, width, digits, extraDigits int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case f > math.MaxFloat64:
		return append(dst, "Infinity"...)
	case f < -math.MaxFloat64:
		return append(dst, "-Infinity"...)
	}
	if extraDigits <= 0 {
		return strconv.AppendFloat(dst, f, 'g', max(digits+extraDigits, 1), width)
	}
	// Small whole numbers, the commonest floats, need no search for digits.
	if width == 64 && f > -1e15 && f < 1e15 && f == math.Trunc(f) && (f != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	// 1e-4 and 10^digits print as themselves, and shortest digits are monotone,
	// so comparing the values tells the exponent of the text.
	low, high := 1e-4, 1e15
	if width == 32 {
		low, high = float64(float32(1e-4)), 1e6
	}
	if a := math.Abs(f); a == 0 || (a >= low && a < high) {
		return strconv.AppendFloat(dst, f, 'f', -1, width)
	}
	return shortest(dst, f, width)
}

// shortest writes f with the fewest digits that lie strictly within the
// interval that rounds to f. Go also takes digits on the interval's very edge,
// where only rounding half to even leads back to f; PostgreSQL does not trust
// its clients to do that.
func shortest(dst []byte, f float64, width int) []byte {
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, width)
	if math.Abs(f) < 1<<24 { // whole numbers up to here are exact, other values cannot be on an edge
		return dst
	}
	if !onEdge(f, dst[n:], width) {
		return dst
	}
	for precision := 0; precision < 17; precision++ {
		dst = strconv.AppendFloat(dst[:n], f, 'e', precision, width)
		if g, err := strconv.ParseFloat(string(dst[n:]), width); err == nil && g == f && !onEdge(f, dst[n:], width) {
			break
		}
	}
	return dst
}

// onEdge reports whether the decimal in text, in d.ddde±dd form, lies exactly
// halfway between f and one of its neighbours.
func onEdge(f float64, text []byte, width int) bool {
	var m uint64 // the decimal is m × 10^exp
	exp, frac := 0, false
	for i, c := range text {
		if c == 'e' {
			e, err := strconv.Atoi(string(text[i+1:]))
			if err != nil {
				return false
			}
			exp += e
			break
		}
		switch {
		case c == '.':
			frac = true
		case c >= '0' && c <= '9':
			m = m*10 + uint64(c-'0')
			if frac {
				exp--
			}
		}
	}
	for exp < 0 && m%10 == 0 {
		m /= 10
		exp++
	}
	if exp < 0 || exp > 23 || m == 0 {
		return false // halfway points of large floats are whole, and not multiples of 5^24
	}
	// f is mant × 2^q with a full mantissa; its edges are (2 mant ± 1) × 2^(q-1),
	// and (4 mant - 1) × 2^(q-2) below a power of two.
	size := 53
	if width == 32 {
		size = 24
	}
	fr, e2 := math.Frexp(math.Abs(f))
	mant := uint64(math.Ldexp(fr, size))
	q := e2 - size
	hi, lo := bits.Mul64(m, pow5(exp))
	equals := func(odd uint64, shift int) bool { // m × 5^exp × 2^exp = odd × 2^shift?
		shift -= exp
		if shift < 0 || shift > 63 {
			return false
		}
		h, l := bits.Mul64(odd, 1<<shift)
		return h == hi && l == lo
	}
	return equals(2*mant+1, q-1) || equals(2*mant-1, q-1) ||
		mant == 1<<(size-1) && equals(4*mant-1, q-2)
}

func pow5(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 5
	}
	return p
}

// FloatToInt rounds a float half to even to the integer type t (int2, int4
// or int8), failing as PostgreSQL's casts do.
func FloatToInt(t *Type, f float64) (int64, error) {
	r := math.RoundToEven(f)
	switch t.OID {
	case oidInt2:
		if r >= math.MinInt16 && r < 1<<15 {
			return int64(r), nil
		}
		return 0, errIntRange("smallint")
	case oidInt4:
		if r >= math.MinInt32 && r < 1<<31 {
			return int64(r), nil
		}
		return 0, errIntRange("integer")
	}
	if r >= math.MinInt64 && r < 1<<63 {
		return int64(r), nil
	}
	return 0, errIntRange("bigint")
}

// FloatTo4 rounds a double precision value to real, failing where PostgreSQL
// reports overflow or underflow.
func FloatTo4(f float64) (float64, error) {
	r := float64(float32(f))
	if math.IsInf(r, 0) && !math.IsInf(f, 0) {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
	}
	if r == 0 && f != 0 {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return r, nil
}

// CompareFloat orders floats as PostgreSQL does: NaN equals itself and is
// greater than all else.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	if a != a {
		if b != b {
			return 0
		}
		return 1
	}
	return -1
}
