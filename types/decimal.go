package types

import (
	"math"
	"math/big"
	"math/bits"
	"sync/atomic"

	"rowkey/pgerr"
)

// numeric arithmetic. A value whose coefficient fits an int64 is worked on
// with machine words and overflow detection, without allocation; the rest
// goes through math/big. Results and their display scales are those of
// PostgreSQL 15:
//
//	add, sub   the larger scale
//	mul        the sum of the scales
//	div        16 significant digits or more, never less than either scale
//	mod        the larger scale
//	exp, ln …  16 significant digits or more (decimal_math.go)
//
// A coefficient that fits an int64 is always in Coef with Big nil, so that
// equal values of equal scale are equal structs.

// The limits of numeric.
const (
	MaxPrecision       = 1000   // declared precision, and display scale of computed results
	maxStoredScale     = 16383  // display scale of any value
	maxIntegerDigits   = 131072 // digits before the decimal point
	minSigDigits       = 16     // significant digits that division and kin aim at
	maxResultScale     = 2000   // limit of round() and of exponents
	numericOverflowMsg = "value overflows numeric format"
)

func errNumericOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, numericOverflowMsg)
}

// ErrDivisionByZero is what dividing by zero gives.
func ErrDivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

var pow10u = [20]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

var pow10cache [2048]atomic.Pointer[big.Int]

// pow10big gives 10^n, which the caller must not change.
func pow10big(n int) *big.Int {
	if n < len(pow10cache) {
		if p := pow10cache[n].Load(); p != nil {
			return p
		}
	}
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	if n < len(pow10cache) {
		pow10cache[n].Store(p)
	}
	return p
}

// DecimalInt makes the whole number i.
func DecimalInt(i int64) Decimal { return Decimal{Coef: i} }

// DecimalBig makes coef × 10^-scale; it takes coef over.
func DecimalBig(coef *big.Int, scale int32) Decimal {
	if coef.IsInt64() {
		return Decimal{Coef: coef.Int64(), Scale: scale}
	}
	return Decimal{Big: coef, Scale: scale}
}

// fromMagnitude makes a Decimal of a sign and a 128-bit magnitude.
func fromMagnitude(hi, lo uint64, neg bool, scale int32) Decimal {
	if hi == 0 && lo <= math.MaxInt64 {
		c := int64(lo)
		if neg {
			c = -c
		}
		return Decimal{Coef: c, Scale: scale}
	}
	var words []big.Word
	if bits.UintSize == 64 {
		words = []big.Word{big.Word(lo), big.Word(hi)}
	} else {
		words = []big.Word{big.Word(uint32(lo)), big.Word(lo >> 32), big.Word(uint32(hi)), big.Word(hi >> 32)}
	}
	n := new(big.Int).SetBits(words)
	if neg {
		n.Neg(n)
	}
	return DecimalBig(n, scale) // -2^63 is no big.Int's business
}

// magnitude gives the absolute value of the coefficient in 128 bits, if it fits.
func (d Decimal) magnitude() (hi, lo uint64, ok bool) {
	if d.Big == nil {
		return 0, d.absCoef(), true
	}
	w := d.Big.Bits()
	if bits.UintSize != 64 || len(w) > 2 {
		return 0, 0, false
	}
	if len(w) == 2 {
		hi = uint64(w[1])
	}
	return hi, uint64(w[0]), true
}

// checked is DecimalBig for computed values, which may be too large.
func checked(coef *big.Int, scale int32) (Decimal, error) {
	if coef.BitLen() > 400000 {
		d := Decimal{Big: coef, Scale: scale}
		if d.digits()-int(scale) > maxIntegerDigits {
			return Decimal{}, errNumericOverflow()
		}
	}
	return DecimalBig(coef, scale), nil
}

// IsNaN reports whether d is NaN.
func (d Decimal) IsNaN() bool { return d.Form == NaN }

// IsInf reports whether d is an infinity.
func (d Decimal) IsInf() bool { return d.Form == PosInf || d.Form == NegInf }

// IsZero reports whether d is a finite zero.
func (d Decimal) IsZero() bool { return d.Form == Finite && d.Coef == 0 && d.Big == nil }

// Sign is -1, 0 or 1; NaN counts as positive.
func (d Decimal) Sign() int {
	switch {
	case d.Form == NegInf:
		return -1
	case d.Form != Finite:
		return 1
	case d.Big != nil:
		return d.Big.Sign()
	case d.Coef < 0:
		return -1
	case d.Coef > 0:
		return 1
	}
	return 0
}

// bigCoef gives the coefficient as a big.Int not to be changed.
func (d Decimal) bigCoef() *big.Int {
	if d.Big != nil {
		return d.Big
	}
	return big.NewInt(d.Coef)
}

// absCoef gives |Coef| of a value without Big.
func (d Decimal) absCoef() uint64 { return absInt(d.Coef) }

func absInt(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

// digitsOf is the number of decimal digits of u, 0 for 0.
func digitsOf(u uint64) int {
	n := bits.Len64(u) * 1233 >> 12
	if n < 20 && u >= pow10u[n] {
		n++
	}
	return n
}

// digits is the number of decimal digits of the coefficient, 0 for 0.
func (d Decimal) digits() int {
	if d.Big == nil {
		return digitsOf(d.absCoef())
	}
	return bigDigits(d.Big)
}

func bigDigits(b *big.Int) int {
	if b.Sign() == 0 {
		return 0
	}
	n := int(float64(b.BitLen()-1) * 0.30102999566398119521) // floor(log10) or one less
	if b.CmpAbs(pow10big(n)) >= 0 {
		n++
		if b.CmpAbs(pow10big(n)) >= 0 {
			n++
		}
	}
	return n
}

// scaled gives coef × 10^by when that fits.
func scaled(coef int64, by int32) (int64, bool) {
	if by > 18 {
		return 0, coef == 0
	}
	hi, lo := bits.Mul64(absInt(coef), pow10u[by])
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if coef < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

// Cmp orders decimals by value: NaN equals itself and comes after everything,
// infinities at their ends.
func (d Decimal) Cmp(e Decimal) int {
	if d.Form|e.Form != 0 {
		return cmpSpecial(d, e)
	}
	if d.Big == nil && e.Big == nil {
		a, b := d.Coef, e.Coef
		if d.Scale == e.Scale || (a >= 0) != (b >= 0) {
			return cmpInt(a, b)
		}
		if a == 0 || b == 0 {
			return cmpInt(a, b)
		}
		neg := a < 0
		ua, ub := absInt(a), absInt(b)
		var c int
		if diff := e.Scale - d.Scale; diff > 0 {
			c = cmpScaled(ua, ub, diff)
		} else {
			c = -cmpScaled(ub, ua, -diff)
		}
		if neg {
			return -c
		}
		return c
	}
	if s, t := d.Sign(), e.Sign(); s != t {
		return cmpInt(int64(s), int64(t))
	}
	a, b := d.bigCoef(), e.bigCoef()
	switch {
	case d.Scale < e.Scale:
		a = new(big.Int).Mul(a, pow10big(int(e.Scale-d.Scale)))
	case d.Scale > e.Scale:
		b = new(big.Int).Mul(b, pow10big(int(d.Scale-e.Scale)))
	}
	return a.Cmp(b)
}

// cmpScaled compares a×10^by with b, both positive.
func cmpScaled(a, b uint64, by int32) int {
	if by > 19 {
		return 1
	}
	hi, lo := bits.Mul64(a, pow10u[by])
	if hi != 0 || lo > b {
		return 1
	}
	if lo < b {
		return -1
	}
	return 0
}

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func cmpSpecial(d, e Decimal) int {
	rank := func(d Decimal) int {
		switch d.Form {
		case NaN:
			return 3
		case PosInf:
			return 2
		case NegInf:
			return 0
		}
		return 1
	}
	return rank(d) - rank(e)
}

// Neg gives -d.
func (d Decimal) Neg() Decimal {
	switch d.Form {
	case NaN:
		return d
	case PosInf:
		return Decimal{Form: NegInf}
	case NegInf:
		return Decimal{Form: PosInf}
	}
	if d.Big == nil && d.Coef != math.MinInt64 {
		d.Coef = -d.Coef
		return d
	}
	return DecimalBig(new(big.Int).Neg(d.bigCoef()), d.Scale)
}

// Abs gives |d|.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// SignDecimal gives the sign of d as a decimal (NaN for NaN).
func (d Decimal) SignDecimal() Decimal {
	if d.Form == NaN {
		return d
	}
	return Decimal{Coef: int64(d.Sign())}
}

// Add gives d + e.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	if d.Form|e.Form == 0 && d.Big == nil && e.Big == nil {
		a, b, s, ok := d.Coef, e.Coef, d.Scale, true
		if d.Scale < e.Scale {
			s = e.Scale
			a, ok = scaled(a, e.Scale-d.Scale)
		} else if d.Scale > e.Scale {
			b, ok = scaled(b, d.Scale-e.Scale)
		}
		if c := a + b; ok && (c^a)&(c^b) >= 0 {
			return Decimal{Coef: c, Scale: s}, nil
		}
	}
	return d.addBig(e, false)
}

// Sub gives d - e.
func (d Decimal) Sub(e Decimal) (Decimal, error) {
	if d.Form|e.Form == 0 && d.Big == nil && e.Big == nil {
		a, b, s, ok := d.Coef, e.Coef, d.Scale, true
		if d.Scale < e.Scale {
			s = e.Scale
			a, ok = scaled(a, e.Scale-d.Scale)
		} else if d.Scale > e.Scale {
			b, ok = scaled(b, d.Scale-e.Scale)
		}
		if c := a - b; ok && (a^b)&(c^a) >= 0 {
			return Decimal{Coef: c, Scale: s}, nil
		}
	}
	return d.addBig(e, true)
}

func (d Decimal) addBig(e Decimal, sub bool) (Decimal, error) {
	if d.Form|e.Form != 0 {
		if sub {
			e = e.Neg()
		}
		switch {
		case d.Form == NaN || e.Form == NaN:
			return Decimal{Form: NaN}, nil
		case d.IsInf() && e.IsInf() && d.Form != e.Form:
			return Decimal{Form: NaN}, nil
		case d.IsInf():
			return d, nil
		}
		return e, nil
	}
	a, b := d.bigCoef(), e.bigCoef()
	scale := max(d.Scale, e.Scale)
	if d.Scale < scale {
		a = new(big.Int).Mul(a, pow10big(int(scale-d.Scale)))
	}
	if e.Scale < scale {
		b = new(big.Int).Mul(b, pow10big(int(scale-e.Scale)))
	}
	r := new(big.Int)
	if sub {
		r.Sub(a, b)
	} else {
		r.Add(a, b)
	}
	return checked(r, scale)
}

// Mul gives d × e.
func (d Decimal) Mul(e Decimal) (Decimal, error) {
	if d.Form|e.Form == 0 && d.Big == nil && e.Big == nil && d.Scale+e.Scale <= maxStoredScale {
		hi, lo := bits.Mul64(absInt(d.Coef), absInt(e.Coef))
		neg := (d.Coef < 0) != (e.Coef < 0)
		if hi == 0 && lo <= math.MaxInt64 {
			c := int64(lo)
			if neg {
				c = -c
			}
			return Decimal{Coef: c, Scale: d.Scale + e.Scale}, nil
		}
		return fromMagnitude(hi, lo, neg, d.Scale+e.Scale), nil
	}
	if d.Form|e.Form != 0 {
		if d.Form == NaN || e.Form == NaN || d.IsZero() || e.IsZero() {
			return Decimal{Form: NaN}, nil
		}
		return infinity(d.Sign() * e.Sign()), nil
	}
	r := new(big.Int).Mul(d.bigCoef(), e.bigCoef())
	scale := d.Scale + e.Scale
	if scale > maxStoredScale {
		r = roundShift(r, int(scale-maxStoredScale))
		scale = maxStoredScale
	}
	return checked(r, scale)
}

func infinity(sign int) Decimal {
	if sign < 0 {
		return Decimal{Form: NegInf}
	}
	return Decimal{Form: PosInf}
}

// hash gives equal values equal hashes whatever their scale.
func (d Decimal) hash(seed uint64) uint64 {
	if d.Form != Finite {
		return hashInt(int64(d.Form), seed^0x9e3779b97f4a7c15)
	}
	if d.Big != nil {
		d = trimBig(d, math.MaxInt32)
	}
	if d.Big == nil {
		if d.Coef == 0 {
			return hashInt(0, seed)
		}
		for d.Coef%10 == 0 {
			d.Coef /= 10
			d.Scale--
		}
		return hashInt(d.Coef, seed+uint64(int64(d.Scale))*0x9e3779b97f4a7c15)
	}
	h := seed + uint64(int64(d.Scale))*0x9e3779b97f4a7c15 + uint64(d.Big.Sign())
	for _, w := range d.Big.Bits() {
		h = hashInt(int64(w), h)
	}
	return h
}
