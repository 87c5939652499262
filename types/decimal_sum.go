package types

import (
	"math"
	"math/big"
	"math/bits"
)

// DecimalSum adds up numerics for sum, avg and their kin. While the sum fits
// 128 bits nothing is allocated. The zero value is the empty sum.
type DecimalSum struct {
	hi    uint64 // two's complement, coefficient of the sum at scale
	lo    uint64
	scale int32
	// Specials seen: they decide the result, whatever else is added.
	nan    int64
	posInf int64
	negInf int64
	big    *big.Int // what no longer fitted hi:lo, at scale
	Count  int64    // values added
}

// Add adds one number.
func (s *DecimalSum) Add(d Decimal) { s.add(d, 1) }

// Sub takes one number that was added out again (the scale of the sum
// remains what it was).
func (s *DecimalSum) Sub(d Decimal) { s.add(d, -1) }

func (s *DecimalSum) add(d Decimal, by int64) {
	s.Count += by
	switch d.Form {
	case NaN:
		s.nan += by
		return
	case PosInf:
		s.posInf += by
		return
	case NegInf:
		s.negInf += by
		return
	}
	if d.Scale > s.scale {
		s.rescale(d.Scale)
	}
	if d.Big == nil {
		shift := s.scale - d.Scale
		if shift == 0 && d.Coef != math.MinInt64 {
			s.addWords(uint64(d.Coef*by>>63), uint64(d.Coef*by))
			return
		}
		if shift <= 18 {
			hi, lo := bits.Mul64(absInt(d.Coef), pow10u[shift])
			if (d.Coef < 0) != (by < 0) {
				var borrow uint64
				lo, borrow = bits.Sub64(0, lo, 0)
				hi, _ = bits.Sub64(0, hi, borrow)
			}
			s.addWords(hi, lo)
			return
		}
	}
	n := new(big.Int).Mul(d.bigCoef(), pow10big(int(s.scale-d.Scale)))
	if by < 0 {
		n.Neg(n)
	}
	s.addBig(n)
}

// AddInt adds a whole number, for sums of bigint.
func (s *DecimalSum) AddInt(i int64) { s.add(Decimal{Coef: i}, 1) }

// AddSquare adds i × i, for variances of integers.
func (s *DecimalSum) AddSquare(i int64) {
	u := absInt(i)
	hi, lo := bits.Mul64(u, u)
	s.Count++
	if s.scale == 0 {
		s.addWords(hi, lo)
		return
	}
	n := fromWords(hi, lo)
	s.addBig(n.Mul(n, pow10big(int(s.scale))))
}

// AddSquareOf adds d × d with all its digits, for variances.
func (s *DecimalSum) AddSquareOf(d Decimal) {
	if d.Form == NaN {
		s.Add(d)
		return
	}
	if d.Form != Finite {
		s.Add(Decimal{Form: PosInf})
		return
	}
	if d.Big == nil {
		hi, lo := bits.Mul64(absInt(d.Coef), absInt(d.Coef))
		s.Add(fromMagnitude(hi, lo, false, 2*d.Scale))
		return
	}
	s.Add(Decimal{Big: new(big.Int).Mul(d.Big, d.Big), Scale: 2 * d.Scale})
}

func (s *DecimalSum) addWords(hi, lo uint64) {
	l, c := bits.Add64(s.lo, lo, 0)
	h, _ := bits.Add64(s.hi, hi, c)
	if (h^s.hi)&(h^hi)>>63 != 0 { // 128 bits overflowed
		s.addBig(fromWords(s.hi, s.lo))
		s.hi, s.lo = hi, lo
		return
	}
	s.hi, s.lo = h, l
}

func (s *DecimalSum) addBig(n *big.Int) {
	if s.big == nil {
		s.big = new(big.Int).Set(n)
		return
	}
	s.big.Add(s.big, n)
}

// fromWords makes a big.Int of a 128-bit two's complement number.
func fromWords(hi, lo uint64) *big.Int {
	neg := int64(hi) < 0
	if neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	if neg {
		n.Neg(n)
	}
	return n
}

func (s *DecimalSum) rescale(scale int32) {
	shift := scale - s.scale
	s.scale = scale
	if s.big != nil {
		s.big.Mul(s.big, pow10big(int(shift)))
	}
	if s.hi == 0 && s.lo == 0 {
		return
	}
	if shift <= 18 && s.hi == uint64(int64(s.lo)>>63) && s.lo != 1<<63 { // the sum fits one word
		i := int64(s.lo)
		hi, lo := bits.Mul64(absInt(i), pow10u[shift])
		if i < 0 {
			var borrow uint64
			lo, borrow = bits.Sub64(0, lo, 0)
			hi, _ = bits.Sub64(0, hi, borrow)
		}
		s.hi, s.lo = hi, lo
		return
	}
	n := fromWords(s.hi, s.lo)
	s.hi, s.lo = 0, 0
	s.addBig(n.Mul(n, pow10big(int(shift))))
}

// Merge adds what another sum holds.
func (s *DecimalSum) Merge(o *DecimalSum) {
	s.Count += o.Count
	s.nan += o.nan
	s.posInf += o.posInf
	s.negInf += o.negInf
	if o.scale > s.scale {
		s.rescale(o.scale)
	}
	n := fromWords(o.hi, o.lo)
	if o.big != nil {
		n.Add(n, o.big)
	}
	s.addBig(n.Mul(n, pow10big(int(s.scale-o.scale))))
}

// Sum gives the sum, at the largest scale added.
func (s *DecimalSum) Sum() (Decimal, error) {
	d := s.exact()
	if d.Big == nil {
		return d, nil
	}
	return checked(d.Big, d.Scale)
}

// exact is the sum, be it greater or finer than a numeric can be.
func (s *DecimalSum) exact() Decimal {
	switch {
	case s.nan > 0 || s.posInf > 0 && s.negInf > 0:
		return Decimal{Form: NaN}
	case s.posInf > 0:
		return Decimal{Form: PosInf}
	case s.negInf > 0:
		return Decimal{Form: NegInf}
	}
	if s.big == nil && s.hi == uint64(int64(s.lo)>>63) {
		return Decimal{Coef: int64(s.lo), Scale: s.scale}
	}
	n := fromWords(s.hi, s.lo)
	if s.big != nil {
		n.Add(n, s.big)
	}
	return DecimalBig(n, s.scale)
}

// Avg gives the sum divided by Count, which must not be 0.
func (s *DecimalSum) Avg() (Decimal, error) {
	sum, err := s.Sum()
	if err != nil {
		return Decimal{}, err
	}
	return sum.Div(Decimal{Coef: s.Count})
}

// Reset makes s the empty sum again.
func (s *DecimalSum) Reset() { *s = DecimalSum{} }

// Bytes estimates the memory beyond the struct itself.
func (s *DecimalSum) Bytes() int64 {
	if s.big == nil {
		return 0
	}
	return int64(len(s.big.Bits())*8 + 24)
}

// DecimalVariance computes var_samp (sample) or var_pop of numbers whose
// count, sum and sum of squares are known, or their square root, with
// PostgreSQL's result scales. null is true where the answer is NULL: no value
// at all, or a single one for a sample.
func DecimalVariance(sum, squares *DecimalSum, sample, sqrt bool) (d Decimal, null bool, err error) {
	n := sum.Count
	if n == 0 || sample && n == 1 {
		return Decimal{}, true, nil
	}
	x, x2 := sum.exact(), squares.exact()
	if x.Form != Finite {
		return Decimal{Form: NaN}, false, nil
	}
	// (N Σx² - (Σx)²) / (N (N or N-1)); nothing is rounded before the division.
	scale := 2 * x.Scale
	a := new(big.Int).Mul(x.bigCoef(), x.bigCoef())
	b := new(big.Int).Mul(x2.rescale(scale, halfAway).bigCoef(), big.NewInt(n))
	b.Sub(b, a)
	if b.Sign() <= 0 { // rounding cannot make it negative; only zero
		return Decimal{}, false, nil
	}
	div := big.NewInt(n)
	if sample {
		div.Mul(div, big.NewInt(n-1))
	} else {
		div.Mul(div, div)
	}
	num, den := DecimalBig(b, scale), DecimalBig(div, 0)
	scale = divScale(num, den)
	v, err := num.divAt(den, scale)
	if err == nil && sqrt {
		v, err = v.sqrtAt(scale)
	}
	return v, false, err
}
