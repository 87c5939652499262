package keyenc

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"strconv"
)

// A decimal is 0.d₁d₂d₃… × 10^exp with d₁ ≠ 0 and no zeros at the end, so that
// 1.5 and 1.50 encode equal:
//
//	30 0F                        -Infinity
//	30 ‹inverted positive form›  below zero
//	30 80                        zero
//	30 82 ‹exp:4› ‹pairs›        above zero, exp < -20
//	30 83+20+exp ‹pairs›         above zero, -20 <= exp <= 60
//	30 D4 ‹exp:4› ‹pairs›        above zero, exp > 60
//	30 F0                        Infinity
//	30 F1                        NaN, greatest as in PostgreSQL
//
// A pair of digits p is the byte 2p+1, the last one 2p: no terminator is needed,
// and a number sorts below those that go on.
const (
	decNegInf = 0x0f
	decZero   = 0x80
	decTiny   = 0x82
	decSmall  = 0x83
	decHuge   = 0xd4
	decPosInf = 0xf0
	decNaN    = 0xf1

	decMinExp, decMaxExp = -20, 60
)

// DecimalKind tells finite decimals from the special ones, in their order.
type DecimalKind int8

const (
	DecimalNegInf DecimalKind = iota - 1
	DecimalFinite
	DecimalInf
	DecimalNaN
)

// Decimal is a decoded decimal: ±0.Digits × 10^Exp. Zero has no Digits.
type Decimal struct {
	Kind   DecimalKind
	Neg    bool
	Digits []byte // ASCII
	Exp    int32
}

// AppendDecimalSpecial appends an infinity or NaN.
func AppendDecimalSpecial(dst []byte, k DecimalKind) []byte {
	switch k {
	case DecimalNegInf:
		return append(dst, tagDecimal, decNegInf)
	case DecimalInf:
		return append(dst, tagDecimal, decPosInf)
	case DecimalNaN:
		return append(dst, tagDecimal, decNaN)
	}
	return append(dst, tagDecimal, decZero)
}

// AppendDecimalInt64 appends coef × 10^-scale.
func AppendDecimalInt64(dst []byte, coef int64, scale int32) []byte {
	var buf [20]byte
	u, neg := uint64(coef), coef < 0
	if neg {
		u = -u
	}
	digits := strconv.AppendUint(buf[:0], u, 10)
	return AppendDecimalDigits(dst, neg, digits, int32(len(digits))-scale)
}

// AppendDecimalInt128 appends ±(hi·2⁶⁴ + lo) × 10^-scale.
func AppendDecimalInt128(dst []byte, neg bool, hi, lo uint64, scale int32) []byte {
	const e19 = 10_000_000_000_000_000_000
	var buf [60]byte
	i := len(buf)
	for hi != 0 {
		var rem uint64
		qhi := hi / e19
		lo, rem = bits.Div64(hi%e19, lo, e19)
		hi = qhi
		for range 19 {
			i--
			buf[i] = byte('0' + rem%10)
			rem /= 10
		}
	}
	for lo != 0 {
		i--
		buf[i] = byte('0' + lo%10)
		lo /= 10
	}
	return AppendDecimalDigits(dst, neg, buf[i:], int32(len(buf)-i)-scale)
}

// AppendDecimalBig appends coef × 10^-scale.
func AppendDecimalBig(dst []byte, coef *big.Int, scale int32) []byte {
	digits := coef.Append(make([]byte, 0, 64), 10)
	neg := coef.Sign() < 0
	if neg {
		digits = digits[1:]
	}
	return AppendDecimalDigits(dst, neg, digits, int32(len(digits))-scale)
}

// AppendDecimalDigits appends ±0.digits × 10^exp; digits are ASCII and may have zeros
// at either end.
func AppendDecimalDigits(dst []byte, neg bool, digits []byte, exp int32) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		exp--
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	dst = append(dst, tagDecimal)
	if len(digits) == 0 {
		return append(dst, decZero)
	}
	from := len(dst)
	switch {
	case exp < decMinExp:
		dst = binary.BigEndian.AppendUint32(append(dst, decTiny), uint32(exp)^1<<31)
	case exp > decMaxExp:
		dst = binary.BigEndian.AppendUint32(append(dst, decHuge), uint32(exp)^1<<31)
	default:
		dst = append(dst, byte(decSmall+exp-decMinExp))
	}
	for len(digits) > 2 {
		p := (digits[0]-'0')*10 + digits[1] - '0'
		dst = append(dst, 2*p+1)
		digits = digits[2:]
	}
	p := (digits[0] - '0') * 10
	if len(digits) == 2 {
		p += digits[1] - '0'
	}
	dst = append(dst, 2*p)
	if neg {
		Invert(dst[from:])
	}
	return dst
}

// DecodeDecimal decodes a decimal; its digits are appended to buf.
func DecodeDecimal(b, buf []byte) (d Decimal, rest []byte, err error) {
	x, b, err := open(b, tagDecimal)
	if err != nil || len(b) == 0 {
		return d, b, ErrMalformed
	}
	switch b[0] ^ x {
	case decNegInf:
		return Decimal{Kind: DecimalNegInf}, b[1:], nil
	case decPosInf:
		return Decimal{Kind: DecimalInf}, b[1:], nil
	case decNaN:
		return Decimal{Kind: DecimalNaN}, b[1:], nil
	case decZero:
		return Decimal{}, b[1:], nil
	}
	if b[0]^x < decZero {
		d.Neg, x = true, ^x
	}
	class := b[0] ^ x
	b = b[1:]
	switch {
	case class == decTiny || class == decHuge:
		if len(b) < 4 {
			return d, b, ErrMalformed
		}
		d.Exp = int32(binary.BigEndian.Uint32(b) ^ spread4(x) ^ 1<<31)
		b = b[4:]
	case class >= decSmall && class < decHuge:
		d.Exp = int32(class) - decSmall + decMinExp
	default:
		return d, b, ErrMalformed
	}
	for i, c := range b {
		c ^= x
		p := c >> 1
		if p > 99 {
			return d, b, ErrMalformed
		}
		buf = append(buf, '0'+p/10, '0'+p%10)
		if c&1 == 0 {
			if p%10 == 0 {
				buf = buf[:len(buf)-1]
			}
			d.Digits = buf
			return d, b[i+1:], nil
		}
	}
	return d, b, ErrMalformed
}

// String is the plain decimal notation.
func (d Decimal) String() string {
	switch d.Kind {
	case DecimalNegInf:
		return "-Infinity"
	case DecimalInf:
		return "Infinity"
	case DecimalNaN:
		return "NaN"
	}
	if len(d.Digits) == 0 {
		return "0"
	}
	var out []byte
	if d.Neg {
		out = append(out, '-')
	}
	n, e := int64(len(d.Digits)), int64(d.Exp)
	switch {
	case e > n+40 || e < -40:
		out = append(append(append(out, "0."...), d.Digits...), 'e')
		out = strconv.AppendInt(out, e, 10)
	case e <= 0:
		out = append(out, "0."...)
		for range -e {
			out = append(out, '0')
		}
		out = append(out, d.Digits...)
	case e >= n:
		out = append(out, d.Digits...)
		for range e - n {
			out = append(out, '0')
		}
	default:
		out = append(append(append(out, d.Digits[:e]...), '.'), d.Digits[e:]...)
	}
	return string(out)
}
