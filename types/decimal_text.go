package types

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"rowkey/pgerr"
)

// Text and binary forms of numeric, and its conversions to and from the
// machine's numbers.

// ParseDecimal reads a numeric literal as PostgreSQL 15's numeric_in does.
func ParseDecimal(s string) (Decimal, error) {
	bad := func() (Decimal, error) { return Decimal{}, badSyntax("numeric", s) }
	t := trimSpace(s)
	i, n := 0, len(t)
	neg := false
	if i < n && (t[i] == '-' || t[i] == '+') {
		neg = t[i] == '-'
		i++
	}
	if i < n && t[i] != '.' && (t[i] < '0' || t[i] > '9') {
		switch rest := t[i:]; {
		case i == 0 && strings.EqualFold(rest, "nan"):
			return Decimal{Form: NaN}, nil
		case strings.EqualFold(rest, "infinity"), strings.EqualFold(rest, "inf"):
			if neg {
				return Decimal{Form: NegInf}, nil
			}
			return Decimal{Form: PosInf}, nil
		}
		return bad()
	}
	var u uint64
	start, point, digits := i, -1, 0
	fits := true
	for ; i < n; i++ {
		c := t[i]
		if c == '.' {
			if point >= 0 {
				return bad()
			}
			point = i
			continue
		}
		c -= '0'
		if c > 9 {
			break
		}
		digits++
		if fits {
			if u > (math.MaxInt64-9)/10 {
				fits = false
			} else {
				u = u*10 + uint64(c)
			}
		}
	}
	if digits == 0 {
		return bad()
	}
	mantissa := t[start:i]
	scale := 0
	if point >= 0 {
		scale = i - point - 1
	}
	exp := 0
	if i < n {
		if t[i]|0x20 != 'e' {
			return bad()
		}
		e := t[i+1:]
		v, err := strconv.Atoi(e)
		if errors.Is(err, strconv.ErrRange) || err == nil && (v >= math.MaxInt32/2 || v <= -(math.MaxInt32/2)) {
			return Decimal{}, errNumericOverflow()
		}
		if err != nil {
			return bad()
		}
		exp = v
	}
	var coef *big.Int
	if !fits {
		text := mantissa
		if point >= 0 {
			text = t[start:point] + t[point+1:i]
		}
		text = strings.TrimLeft(text, "0")
		if len(text) > 0 {
			var ok bool
			if coef, ok = new(big.Int).SetString(text, 10); !ok {
				return bad()
			}
			if coef.IsInt64() {
				u, coef = coef.Uint64(), nil
			}
		} else {
			u = 0
		}
	}
	// The exponent shifts the point; a scale below zero becomes trailing zeros.
	sc := scale - exp
	zero := coef == nil && u == 0
	if zero {
		if sc = max(sc, 0); sc > maxStoredScale {
			return Decimal{}, errNumericOverflow()
		}
		return Decimal{Scale: int32(sc)}, nil
	}
	if sc > maxStoredScale || -sc > maxIntegerDigits {
		return Decimal{}, errNumericOverflow()
	}
	d := Decimal{Coef: int64(u), Scale: int32(sc)}
	if coef != nil {
		d = Decimal{Big: coef, Scale: int32(sc)}
	}
	if neg {
		if d.Big != nil {
			d = DecimalBig(d.Big.Neg(d.Big), d.Scale)
		} else {
			d.Coef = -d.Coef
		}
	}
	if sc < 0 {
		if c, ok := scaled(d.Coef, int32(-sc)); d.Big == nil && ok {
			return Decimal{Coef: c}, nil
		}
		return checked(new(big.Int).Mul(d.bigCoef(), pow10big(-sc)), 0)
	}
	if d.Big != nil {
		return checked(d.Big, d.Scale)
	}
	return d, nil
}

// Append writes the number as PostgreSQL prints it, with Scale digits after
// the point.
func (d Decimal) Append(dst []byte) []byte {
	switch d.Form {
	case NaN:
		return append(dst, "NaN"...)
	case PosInf:
		return append(dst, "Infinity"...)
	case NegInf:
		return append(dst, "-Infinity"...)
	}
	if d.Scale == 0 {
		if d.Big != nil {
			return d.Big.Append(dst, 10)
		}
		return strconv.AppendInt(dst, d.Coef, 10)
	}
	scale := int(d.Scale)
	if d.Big != nil {
		if hi, lo, ok := d.magnitude(); ok && hi < 1e19 && scale < 40 {
			// Up to 39 digits, as quotients have, without big.Int's help.
			q, r := bits.Div64(hi, lo, 1e19)
			if d.Big.Sign() < 0 {
				dst = append(dst, '-')
			}
			var buf [40]byte
			point, n := len(buf)-scale, len(buf)
			for n > len(buf)-19 {
				n--
				buf[n] = byte('0' + r%10)
				r /= 10
			}
			for q > 0 {
				n--
				buf[n] = byte('0' + q%10)
				q /= 10
			}
			for n >= point { // at least one digit before the point
				n--
				buf[n] = '0'
			}
			for n < point-1 && buf[n] == '0' {
				n++
			}
			dst = append(dst, buf[n:point]...)
			dst = append(dst, '.')
			return append(dst, buf[point:]...)
		}
		text := d.Big.Append(nil, 10)
		if text[0] == '-' {
			dst = append(dst, '-')
			text = text[1:]
		}
		if len(text) <= scale {
			dst = append(dst, '0', '.')
			for i := len(text); i < scale; i++ {
				dst = append(dst, '0')
			}
			return append(dst, text...)
		}
		dst = append(dst, text[:len(text)-scale]...)
		dst = append(dst, '.')
		return append(dst, text[len(text)-scale:]...)
	}
	u := d.absCoef()
	if d.Coef < 0 {
		dst = append(dst, '-')
	}
	if scale < 20 {
		p := pow10u[scale]
		dst = strconv.AppendUint(dst, u/p, 10)
		dst = append(dst, '.')
		frac := u % p
		for i := scale - 1; i > 0 && frac < pow10u[i]; i-- {
			dst = append(dst, '0')
		}
		return strconv.AppendUint(dst, frac, 10)
	}
	dst = append(dst, '0', '.')
	zeros := scale - max(digitsOf(u), 1)
	for range zeros {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, u, 10)
}

// String gives the number's text.
func (d Decimal) String() string { return string(d.Append(nil)) }

// DecimalFromFloat8 converts as PostgreSQL's cast does: through 15
// significant digits.
func DecimalFromFloat8(f float64) Decimal { return decimalFromFloat(f, 15) }

// DecimalFromFloat4 is the cast from real, through 6 significant digits.
func DecimalFromFloat4(f float64) Decimal { return decimalFromFloat(f, 6) }

func decimalFromFloat(f float64, digits int) Decimal {
	switch {
	case f != f:
		return Decimal{Form: NaN}
	case math.IsInf(f, 1):
		return Decimal{Form: PosInf}
	case math.IsInf(f, -1):
		return Decimal{Form: NegInf}
	}
	if f == math.Trunc(f) && f > -1e6 && f < 1e6 {
		return Decimal{Coef: int64(f)}
	}
	var buf [48]byte
	// 'g' prints no trailing zeros, as C's %.*g does not either.
	text := strconv.AppendFloat(buf[:0], f, 'g', digits, 64)
	d, err := ParseDecimal(string(text))
	if err != nil { // cannot be: a float's exponent is within numeric's range
		return Decimal{Form: NaN}
	}
	return d
}

// Float gives the nearest double precision value; beyond its range, an
// infinity.
func (d Decimal) Float() float64 {
	switch d.Form {
	case NaN:
		return math.NaN()
	case PosInf:
		return math.Inf(1)
	case NegInf:
		return math.Inf(-1)
	}
	if d.Big == nil && d.absCoef() < 1<<53 && d.Scale <= 22 {
		// Both operands are exact, so the quotient is correctly rounded.
		return float64(d.Coef) / math.Pow10(int(d.Scale))
	}
	var buf [64]byte
	var text []byte
	if d.Big == nil {
		text = strconv.AppendInt(buf[:0], d.Coef, 10)
		text = append(text, 'e', '-')
		text = strconv.AppendInt(text, int64(d.Scale), 10)
	} else {
		text = d.Append(buf[:0])
	}
	f, _ := strconv.ParseFloat(string(text), 64)
	return f
}

// ToFloat8 is the cast to double precision.
func (d Decimal) ToFloat8() (float64, error) {
	f := d.Float()
	if math.IsInf(f, 0) && d.Form == Finite || f == 0 && !d.IsZero() && d.Form == Finite {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type double precision", d.String())
	}
	return f, nil
}

// ToFloat4 is the cast to real.
func (d Decimal) ToFloat4() (float64, error) {
	if d.Form != Finite {
		return d.Float(), nil
	}
	f, err := strconv.ParseFloat(d.String(), 32)
	if err != nil || f == 0 && !d.IsZero() {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type real", d.String())
	}
	return f, nil
}

// Int64 rounds to a whole number, half away from zero; ok is false when it
// does not fit or is not finite.
func (d Decimal) Int64() (i int64, ok bool) {
	if d.Form != Finite {
		return 0, false
	}
	if d.Scale > 0 {
		d = d.rescale(0, halfAway)
	}
	return d.Coef, d.Big == nil
}

// ToInt is the cast to int2, int4 or int8.
func (d Decimal) ToInt(t *Type) (int64, error) {
	name := "bigint"
	switch t.OID {
	case oidInt2:
		name = "smallint"
	case oidInt4:
		name = "integer"
	}
	switch d.Form {
	case NaN:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to "+name)
	case PosInf, NegInf:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to "+name)
	}
	i, ok := d.Int64()
	if !ok {
		return 0, errIntRange(name)
	}
	return i, CheckInt(t, i)
}

// The signs of numeric's binary form.
const (
	signPos    = 0x0000
	signNeg    = 0x4000
	signNaN    = 0xC000
	signPosInf = 0xD000
	signNegInf = 0xF000
)

// AppendDecimalBinary writes numeric's binary form: the number of base-10000
// digits, the weight of the first, sign, display scale, the digits.
func AppendDecimalBinary(dst []byte, d Decimal) []byte {
	put := func(v int) { dst = binary.BigEndian.AppendUint16(dst, uint16(v)) }
	switch d.Form {
	case NaN:
		return append(dst, 0, 0, 0, 0, signNaN>>8, 0, 0, 0)
	case PosInf:
		return append(dst, 0, 0, 0, 0, signPosInf>>8, 0, 0, 0x20)
	case NegInf:
		return append(dst, 0, 0, 0, 0, signNegInf>>8, 0, 0, 0x20)
	}
	sign := signPos
	if d.Sign() < 0 {
		sign = signNeg
	}
	pad := int(4-d.Scale%4) % 4 // brings the scale to whole base-10000 digits
	fracDigits := (int(d.Scale) + pad) / 4
	hi, lo, small := d.magnitude()
	if small {
		// × 10^pad, still in 128 bits
		h, l := bits.Mul64(lo, pow10u[pad])
		over, hi2 := bits.Mul64(hi, pow10u[pad])
		sum, carry := bits.Add64(hi2, h, 0)
		hi, lo, small = sum, l, over == 0 && carry == 0
	}
	if small {
		var digit [10]uint16 // least significant first: 128 bits are 39 decimal digits
		n := 0
		for hi != 0 || lo != 0 {
			var r uint64
			hi, r = hi/10000, hi%10000
			lo, r = bits.Div64(r, lo, 10000)
			digit[n] = uint16(r)
			n++
		}
		low := 0
		for low < n && digit[low] == 0 {
			low++
		}
		weight := n - 1 - fracDigits
		if n == 0 {
			weight = 0
		}
		put(n - low)
		put(weight)
		put(sign)
		put(int(d.Scale))
		for i := n - 1; i >= low; i-- {
			put(int(digit[i]))
		}
		return dst
	}
	text := new(big.Int).Abs(d.Big).Append(nil, 10)
	for range pad {
		text = append(text, '0')
	}
	lead := (4 - len(text)%4) % 4
	n := (len(text) + lead) / 4
	weight := n - 1 - fracDigits
	digits := make([]uint16, n)
	for i, c := range text {
		k := (i + lead) / 4
		digits[k] = digits[k]*10 + uint16(c-'0')
	}
	for n > 0 && digits[n-1] == 0 {
		n--
	}
	put(n)
	put(weight)
	put(sign)
	put(int(d.Scale))
	for _, g := range digits[:n] {
		put(int(g))
	}
	return dst
}

// ParseDecimalBinary reads numeric's binary form.
func ParseDecimalBinary(b []byte) (Decimal, error) {
	fail := func(msg string) (Decimal, error) {
		return Decimal{}, pgerr.New(pgerr.InvalidBinaryRepresentation, msg)
	}
	if len(b) < 8 {
		return Decimal{}, errInsufficient()
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int32(binary.BigEndian.Uint16(b[6:]))
	b = b[8:]
	switch sign {
	case signPos, signNeg, signNaN, signPosInf, signNegInf:
	default:
		return fail("invalid sign in external \"numeric\" value")
	}
	if scale > maxStoredScale {
		return fail("invalid scale in external \"numeric\" value")
	}
	if len(b) < 2*n {
		return Decimal{}, errInsufficient()
	}
	if len(b) > 2*n {
		return Decimal{}, errBadBinary()
	}
	switch sign {
	case signNaN:
		return Decimal{Form: NaN}, nil
	case signPosInf:
		return Decimal{Form: PosInf}, nil
	case signNegInf:
		return Decimal{Form: NegInf}, nil
	}
	var u uint64
	small := true
	for i := 0; i < n; i++ {
		g := binary.BigEndian.Uint16(b[2*i:])
		if g >= 10000 {
			return fail("invalid digit in external \"numeric\" value")
		}
		if small && u <= (math.MaxInt64-9999)/10000 {
			u = u*10000 + uint64(g)
		} else {
			small = false
		}
	}
	d := Decimal{Coef: int64(u)}
	if !small {
		text := make([]byte, 0, 4*n)
		for i := 0; i < n; i++ {
			g := binary.BigEndian.Uint16(b[2*i:])
			text = append(text, '0'+byte(g/1000), '0'+byte(g/100%10), '0'+byte(g/10%10), '0'+byte(g%10))
		}
		coef, ok := new(big.Int).SetString(string(text), 10)
		if !ok {
			return fail("invalid digit in external \"numeric\" value")
		}
		d = DecimalBig(coef, 0)
	}
	if sign == signNeg {
		d = d.Neg()
	}
	if d.IsZero() {
		return Decimal{Scale: scale}, nil
	}
	have := int32(4 * (n - 1 - weight)) // the scale the digits as read have
	switch {
	case have <= scale:
		if d.Scale = 0; scale-have > 0 {
			d = d.rescale(scale-have, toZero)
		}
		d.Scale = scale
		if d.Big != nil {
			return checked(d.Big, scale)
		}
		return d, nil
	default: // digits past the display scale are cut off
		d.Scale = have - scale
		d = d.rescale(0, toZero)
		d.Scale = scale
		return d, nil
	}
}
