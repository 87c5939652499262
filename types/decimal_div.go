package types

import (
	"math/big"
	"math/bits"
)

// Division of numeric: quotient, whole quotient, remainder.

// leading gives the base-10000 weight of a finite value's first digit and
// that digit, both 0 for zero.
func (d Decimal) leading() (weight, first int) {
	n := d.digits()
	if n == 0 {
		return 0, 0
	}
	exp := n - 1 - int(d.Scale)      // of the first decimal digit
	weight = exp >> 2                // floor(exp / 4)
	shift := int(d.Scale) + 4*weight // first = coef / 10^shift
	if d.Big == nil {
		u := d.absCoef()
		if shift < 0 {
			return weight, int(u * pow10u[-shift])
		}
		return weight, int(u / pow10u[shift])
	}
	if shift < 0 { // at most 3 and then the number has few digits
		return weight, int(new(big.Int).Mul(d.Big, pow10big(-shift)).Int64())
	}
	q := new(big.Int).Quo(d.Big, pow10big(shift)).Int64()
	return weight, int(absInt(q))
}

// divScale is the result scale of a division.
func divScale(d, e Decimal) int32 {
	w1, f1 := d.leading()
	w2, f2 := e.leading()
	q := w1 - w2
	if f1 <= f2 {
		q--
	}
	s := max(minSigDigits-int32(q)*4, d.Scale, e.Scale, 0)
	return min(s, MaxPrecision)
}

// Div gives d / e.
func (d Decimal) Div(e Decimal) (Decimal, error) {
	if d.Form|e.Form != 0 {
		switch {
		case d.Form == NaN || e.Form == NaN || (d.IsInf() && e.IsInf()):
			return Decimal{Form: NaN}, nil
		case d.IsInf():
			if e.IsZero() {
				return Decimal{}, ErrDivisionByZero()
			}
			return infinity(d.Sign() * e.Sign()), nil
		}
		return Decimal{}, nil // finite / infinity
	}
	if e.IsZero() {
		return Decimal{}, ErrDivisionByZero()
	}
	return d.divAt(e, divScale(d, e))
}

// divAt gives d / e rounded to scale digits; both finite, e not zero.
func (d Decimal) divAt(e Decimal, scale int32) (Decimal, error) {
	shift := scale + e.Scale - d.Scale
	if d.Big == nil && e.Big == nil && shift >= 0 && shift <= 38 {
		// |d| × 10^shift in 128 bits, divided by one word.
		a, b := d.absCoef(), e.absCoef()
		hi, lo := uint64(0), a
		if shift <= 19 {
			hi, lo = bits.Mul64(a, pow10u[shift])
		} else {
			h1, l1 := bits.Mul64(a, pow10u[19])
			h2, l2 := bits.Mul64(l1, pow10u[shift-19])
			h3, l3 := bits.Mul64(h1, pow10u[shift-19])
			sum, c := bits.Add64(h2, l3, 0)
			if h3 != 0 || c != 0 {
				return d.divBig(e, scale)
			}
			hi, lo = sum, l2
		}
		qhi, rest := hi/b, hi%b
		qlo, r := bits.Div64(rest, lo, b)
		if r >= b-r { // half or more: away from zero
			var c uint64
			qlo, c = bits.Add64(qlo, 1, 0)
			qhi += c
		}
		return fromMagnitude(qhi, qlo, (d.Coef < 0) != (e.Coef < 0), scale), nil
	}
	return d.divBig(e, scale)
}

func (d Decimal) divBig(e Decimal, scale int32) (Decimal, error) {
	a, b := d.bigCoef(), e.bigCoef()
	if shift := int(scale + e.Scale - d.Scale); shift >= 0 {
		a = new(big.Int).Mul(a, pow10big(shift))
	} else {
		b = new(big.Int).Mul(b, pow10big(-shift))
	}
	return checked(roundQuo(a, b), scale)
}

// Quo gives the integer part of d / e, PostgreSQL's div().
func (d Decimal) Quo(e Decimal) (Decimal, error) {
	if d.Form|e.Form != 0 {
		return d.Div(e)
	}
	if e.IsZero() {
		return Decimal{}, ErrDivisionByZero()
	}
	a, b := d.bigCoef(), e.bigCoef()
	switch {
	case d.Scale < e.Scale:
		a = new(big.Int).Mul(a, pow10big(int(e.Scale-d.Scale)))
	case d.Scale > e.Scale:
		b = new(big.Int).Mul(b, pow10big(int(d.Scale-e.Scale)))
	}
	return checked(new(big.Int).Quo(a, b), 0)
}

// Mod gives the remainder of d / e with the sign of d.
func (d Decimal) Mod(e Decimal) (Decimal, error) {
	if d.Form|e.Form != 0 {
		switch {
		case d.Form == NaN || e.Form == NaN:
			return Decimal{Form: NaN}, nil
		case d.IsInf():
			if e.IsZero() {
				return Decimal{}, ErrDivisionByZero()
			}
			return Decimal{Form: NaN}, nil
		}
		return d, nil
	}
	if e.IsZero() {
		return Decimal{}, ErrDivisionByZero()
	}
	scale := max(d.Scale, e.Scale)
	if d.Big == nil && e.Big == nil {
		a, ok1 := scaled(d.Coef, scale-d.Scale)
		b, ok2 := scaled(e.Coef, scale-e.Scale)
		if ok1 && ok2 {
			if b == -1 {
				return Decimal{Scale: scale}, nil
			}
			return Decimal{Coef: a % b, Scale: scale}, nil
		}
	}
	a, b := d.bigCoef(), e.bigCoef()
	if d.Scale < scale {
		a = new(big.Int).Mul(a, pow10big(int(scale-d.Scale)))
	}
	if e.Scale < scale {
		b = new(big.Int).Mul(b, pow10big(int(scale-e.Scale)))
	}
	return DecimalBig(new(big.Int).Rem(a, b), scale), nil
}
