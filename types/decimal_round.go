package types

import (
	"math/big"
	"math/bits"
)

// Rounding and scales of numeric.

var bigOne = big.NewInt(1)

// roundShift gives b / 10^n rounded half away from zero; n ≥ 0.
func roundShift(b *big.Int, n int) *big.Int {
	if n == 0 {
		return b
	}
	return roundQuo(b, pow10big(n))
}

// roundQuo gives a / b rounded half away from zero.
func roundQuo(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if (a.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, bigOne)
		} else {
			q.Add(q, bigOne)
		}
	}
	return q
}

// rounding is what to do with the digits that rescale cuts off.
type rounding int

const (
	halfAway rounding = iota
	toZero
	toPosInf
	toNegInf
)

// rescale brings a finite value to scale digits after the point; a negative
// scale rounds before the point (and gives display scale 0).
func (d Decimal) rescale(scale int32, mode rounding) Decimal {
	if scale >= d.Scale {
		if d.Big == nil {
			if c, ok := scaled(d.Coef, scale-d.Scale); ok {
				return Decimal{Coef: c, Scale: scale}
			}
		}
		if scale == d.Scale {
			return d
		}
		return DecimalBig(new(big.Int).Mul(d.bigCoef(), pow10big(int(scale-d.Scale))), scale)
	}
	cut := d.Scale - scale
	shown := max(scale, 0)
	if d.Big == nil {
		u := d.absCoef()
		if cut >= 20 {
			// All digits go; a 19 digit number is less than half of 10^20.
			c := int64(0)
			if mode == toPosInf && d.Coef > 0 {
				c = 1
			} else if mode == toNegInf && d.Coef < 0 {
				c = -1
			}
			return Decimal{Coef: c, Scale: shown}
		}
		p := pow10u[cut]
		q, r := u/p, u%p
		neg := d.Coef < 0
		if r != 0 {
			switch {
			case mode == halfAway && r >= p-r, mode == toPosInf && !neg, mode == toNegInf && neg:
				q++
			}
		}
		out := int64(q)
		if neg {
			out = -out
		}
		if scale >= 0 {
			return Decimal{Coef: out, Scale: scale}
		}
		if c, ok := scaled(out, -scale); ok {
			return Decimal{Coef: c}
		}
		return DecimalBig(new(big.Int).Mul(big.NewInt(out), pow10big(int(-scale))), 0)
	}
	var q *big.Int
	p := pow10big(int(cut))
	if mode == halfAway {
		q = roundQuo(d.Big, p)
	} else {
		var r *big.Int
		q, r = new(big.Int).QuoRem(d.Big, p, new(big.Int))
		if r.Sign() > 0 && mode == toPosInf {
			q.Add(q, bigOne)
		} else if r.Sign() < 0 && mode == toNegInf {
			q.Sub(q, bigOne)
		}
	}
	if scale < 0 {
		q.Mul(q, pow10big(int(-scale)))
	}
	return DecimalBig(q, shown)
}

// Round is round(d, scale): half away from zero, to scale digits.
func (d Decimal) Round(scale int32) (Decimal, error) {
	if d.Form != Finite {
		return d, nil
	}
	if d.roundsAway(scale) {
		return Decimal{}, nil
	}
	r := d.rescale(min(scale, maxStoredScale), halfAway)
	if r.Big != nil {
		return checked(r.Big, r.Scale)
	}
	return r, nil
}

// Trunc is trunc(d, scale).
func (d Decimal) Trunc(scale int32) Decimal {
	if d.Form != Finite {
		return d
	}
	if d.roundsAway(scale) {
		return Decimal{}
	}
	return d.rescale(min(scale, maxStoredScale), toZero)
}

// roundsAway tells that a negative scale is beyond all of d's digits.
func (d Decimal) roundsAway(scale int32) bool {
	return scale < 0 && -int64(scale) > int64(d.digits())-int64(d.Scale)+1
}

// Ceil gives the smallest whole number not less than d.
func (d Decimal) Ceil() Decimal {
	if d.Form != Finite {
		return d
	}
	return d.rescale(0, toPosInf)
}

// Floor gives the largest whole number not greater than d.
func (d Decimal) Floor() Decimal {
	if d.Form != Finite {
		return d
	}
	return d.rescale(0, toNegInf)
}

// MinScale is the smallest scale that loses nothing (min_scale).
func (d Decimal) MinScale() int32 { return d.TrimScale().Scale }

// TrimScale cuts trailing zeros after the point (trim_scale).
func (d Decimal) TrimScale() Decimal {
	if d.Form != Finite {
		return d
	}
	if d.IsZero() {
		return Decimal{}
	}
	if d.Big != nil {
		d = trimBig(d, d.Scale)
	}
	if d.Big == nil {
		for d.Scale > 0 && d.Coef%10 == 0 {
			d.Coef /= 10
			d.Scale--
		}
	}
	return d
}

// trimBig cuts up to limit trailing zeros of a big coefficient, in shrinking
// steps. 2^n divides what 10^n divides, so the zero bits tell how many zeros
// there can be: no number is divided by a power of ten far above it.
func trimBig(d Decimal, limit int32) Decimal {
	limit = min(limit, int32(d.Big.TrailingZeroBits()))
	if limit <= 0 {
		return d
	}
	q, r := new(big.Int), new(big.Int)
	for step := int32(1) << (bits.Len32(uint32(limit)) - 1); step > 0 && d.Big != nil; step /= 2 {
		for d.Big != nil && limit >= step {
			q.QuoRem(d.Big, pow10big(int(step)), r)
			if r.Sign() != 0 {
				break
			}
			d = DecimalBig(new(big.Int).Set(q), d.Scale-step)
			limit -= step
		}
	}
	return d
}
