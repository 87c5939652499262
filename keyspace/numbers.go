package keyspace

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
)

// intArg reads an integer in its one canonical form: no plus sign, no leading
// zeros, no space.
func intArg(b []byte) (int64, error) {
	neg := len(b) > 0 && b[0] == '-'
	d := b
	if neg {
		d = b[1:]
	}
	if len(d) == 0 || len(d) > 19 || d[0] == '0' && (neg || len(d) > 1) {
		return 0, ErrNotInteger
	}
	n := uint64(0)
	for _, c := range d {
		if c < '0' || c > '9' {
			return 0, ErrNotInteger
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case neg && n <= 1<<63:
		return -int64(n), nil
	case !neg && n <= math.MaxInt64:
		return int64(n), nil
	}
	return 0, ErrNotInteger
}

// rangeArgs reads the two ends of a range.
func rangeArgs(a, b []byte) (start, stop int64, err error) {
	if start, err = intArg(a); err != nil {
		return 0, 0, err
	}
	stop, err = intArg(b)
	return start, stop, err
}

// countArg reads a count that must not be negative.
func countArg(b []byte) (int64, error) {
	n, err := intArg(b)
	if err != nil || n < 0 {
		return 0, Error("ERR value is out of range, must be positive")
	}
	return n, nil
}

// floatArg reads a float as C does: decimal or hexadecimal, inf and infinity,
// not nan; nothing before or behind it.
func floatArg(b []byte) (float64, error) {
	if n, err := intArg(b); err == nil && n > -1<<53 && n < 1<<53 {
		return float64(n), nil
	}
	s := string(b)
	if bytes.IndexByte(b, '_') >= 0 {
		return 0, ErrNotFloat
	}
	if isHex(b) && !bytes.ContainsAny(b, "pP") {
		s += "p0"
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) {
		return 0, ErrNotFloat
	}
	return f, nil
}

func isHex(b []byte) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	return len(b) > 1 && b[0] == '0' && b[1]|0x20 == 'x'
}

// The …BYFLOAT commands calculate as Redis does, in the 80-bit floats of its
// usual machines: 64 bits of mantissa, which 3.0 + 1.1 = 4.1 needs.
const longDoubleBits = 64

// parseLongDouble reads such a float.
func parseLongDouble(b []byte) (*big.Float, error) {
	if len(b) == 0 || len(b) > 5<<10 || bytes.IndexByte(b, '_') >= 0 {
		return nil, ErrNotFloat
	}
	base := 10
	if isHex(b) {
		base = 0
	}
	switch string(bytes.ToLower(bytes.TrimLeft(b, "+-"))) {
	case "inf", "infinity":
		return new(big.Float).SetInf(b[0] == '-'), nil
	}
	f, _, err := big.ParseFloat(string(b), base, longDoubleBits, big.ToNearestEven)
	if err != nil || f.IsInf() || f.MantExp(nil) > 16384 {
		return nil, ErrNotFloat
	}
	return f, nil
}

// addLongDouble gives the digits of a sum.
func addLongDouble(a, b *big.Float) ([]byte, error) {
	if a.IsInf() || b.IsInf() {
		return nil, ErrNaNOrInfinity
	}
	sum := new(big.Float).SetPrec(longDoubleBits).Add(a, b)
	if sum.MantExp(nil) > 16384 {
		return nil, ErrNaNOrInfinity
	}
	out := sum.Append(nil, 'f', 17)
	out = bytes.TrimRight(bytes.TrimRight(out, "0"), ".")
	if len(out) == 0 || string(out) == "-0" || string(out) == "-" {
		return []byte("0"), nil
	}
	return out, nil
}
