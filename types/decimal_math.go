package types

import (
	"math"
	"math/big"
	"strings"
	"sync"

	"rowkey/pgerr"
)

// Roots, powers, exponentials and logarithms of numeric. The result's scale
// is PostgreSQL's (at least 16 significant digits, no fewer digits than the
// arguments show); the digits come from binary fixed-point arithmetic on
// big.Int with enough guard bits that the last one is right.

// leadingDigits gives up to max base-10000 digits of a finite value, without
// trailing zeros, and the weight of the first. Zero has none.
func (d Decimal) leadingDigits(max int) (digits []int, weight int) {
	if d.IsZero() {
		return nil, 0
	}
	d = d.Abs()
	text := string(d.bigCoef().Append(nil, 10))
	exp := len(text) - 1 - int(d.Scale)
	weight = exp >> 2
	text = strings.Repeat("0", 3-(exp-4*weight)) + text // align to base-10000 digits
	for i := 0; i < len(text) && len(digits) < max; i += 4 {
		g := 0
		for k := i; k < i+4; k++ {
			g *= 10
			if k < len(text) {
				g += int(text[k] - '0')
			}
		}
		digits = append(digits, g)
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	return digits, weight
}

// IsInteger reports whether d is a whole number (or infinite, as PostgreSQL
// has it).
func (d Decimal) IsInteger() bool {
	if d.Form != Finite {
		return d.Form != NaN
	}
	return d.Scale == 0 || d.MinScale() == 0
}

// log10 is exact for powers of ten, as C's is.
func log10(x float64) float64 {
	l := math.Log10(x)
	if r := math.Round(l); math.Abs(l-r) < 1e-9 && math.Pow10(int(r)) == x {
		return r
	}
	return l
}

// resultScale is the display scale of a result whose decimal weight is about
// weight.
func resultScale(weight int, args ...Decimal) int32 {
	s := int32(minSigDigits - weight)
	for _, a := range args {
		s = max(s, a.Scale)
	}
	return min(max(s, 0), MaxPrecision)
}

// bitsFor gives the bits that hold n decimal digits, with guard bits.
func bitsFor(n int) uint { return uint(float64(max(n, 0))*3.3219280949) + 80 }

// toFixed gives d × 2^b, rounded down.
func (d Decimal) toFixed(b uint) *big.Int {
	n := new(big.Int).Lsh(d.bigCoef(), b)
	return n.Quo(n, pow10big(int(d.Scale)))
}

// fromFixed gives n / 2^b rounded to scale.
func fromFixed(n *big.Int, b uint, scale int32) (Decimal, error) {
	n = new(big.Int).Mul(n, pow10big(int(scale)))
	half := new(big.Int).Lsh(bigOne, b-1)
	neg := n.Sign() < 0
	n.Abs(n)
	n.Add(n, half).Rsh(n, b)
	if neg {
		n.Neg(n)
	}
	return checked(n, scale)
}

var ln2cache struct {
	sync.Mutex
	bits uint
	val  *big.Int
}

// ln2 gives the natural logarithm of 2, times 2^b.
func ln2(b uint) *big.Int {
	c := &ln2cache
	c.Lock()
	defer c.Unlock()
	if c.bits < b+16 {
		c.bits = b + 64
		// ln 2 = 2 atanh(1/3) = 2 Σ 1/((2k+1) 3^(2k+1))
		term := new(big.Int).Lsh(bigOne, c.bits+1)
		term.Quo(term, big.NewInt(3))
		sum, nine, t := new(big.Int), big.NewInt(9), new(big.Int)
		for k := int64(1); term.Sign() != 0; k += 2 {
			sum.Add(sum, t.Quo(term, big.NewInt(k)))
			term.Quo(term, nine)
		}
		c.val = sum
	}
	return new(big.Int).Rsh(c.val, c.bits-b)
}

// expFixed gives e^x × 2^(b+shift) ÷ 2^shift … that is, a mantissa m and a
// binary exponent k with e^x = m/2^b × 2^k, 1 ≤ m/2^b < 2; x is in b bits.
func expFixed(x *big.Int, b uint) (m *big.Int, k int64) {
	l := ln2(b)
	q, r := new(big.Int).DivMod(x, l, new(big.Int))
	k = q.Int64()
	// x holds b bits; k times the error of ln 2 stays within the guard bits.
	j := uint(math.Sqrt(float64(b)) / 2)
	wide := b + j + 8
	r.Lsh(r, wide-b)
	r.Rsh(r, j)
	sum := new(big.Int).Lsh(bigOne, wide)
	term := new(big.Int).Set(sum)
	for i := int64(1); ; i++ {
		term.Mul(term, r).Rsh(term, wide)
		term.Quo(term, big.NewInt(i))
		if term.Sign() == 0 {
			break
		}
		sum.Add(sum, term)
	}
	for range j {
		sum.Mul(sum, sum).Rsh(sum, wide)
	}
	return sum.Rsh(sum, wide-b), k
}

// lnFixed gives ln(d) × 2^b for positive d.
func lnFixed(d Decimal, b uint) *big.Int {
	// d = m × 2^k with m in [3/4, 3/2).
	k := int64(d.bigCoef().BitLen()) - int64(float64(d.Scale)*3.3219280949)
	w := b + 40
	shift := int64(w) - k
	var m *big.Int
	scale := func() {
		if shift >= 0 {
			m = d.toFixed(uint(shift))
		} else {
			m = new(big.Int).Quo(d.bigCoef(), new(big.Int).Lsh(pow10big(int(d.Scale)), uint(-shift)))
		}
	}
	scale()
	one := new(big.Int).Lsh(bigOne, w)
	low := new(big.Int).Rsh(new(big.Int).Mul(one, big.NewInt(3)), 2)
	high := new(big.Int).Lsh(low, 1)
	for m.Cmp(high) >= 0 {
		k++
		shift--
		scale()
	}
	for m.Cmp(low) < 0 {
		k--
		shift++
		scale()
	}
	// Square roots bring m near 1, where the series is short.
	j := uint(math.Sqrt(float64(b)) / 4)
	w2 := w + j
	m.Lsh(m, j)
	for range j {
		m.Lsh(m, w2).Sqrt(m)
	}
	one.Lsh(bigOne, w2)
	num := new(big.Int).Sub(m, one)
	num.Lsh(num, w2)
	z := num.Quo(num, m.Add(m, one))
	z2 := new(big.Int).Mul(z, z)
	z2.Rsh(z2, w2)
	sum, term, t := new(big.Int), z, new(big.Int)
	for i := int64(1); term.Sign() != 0 && i < 1<<20; i += 2 {
		sum.Add(sum, t.Quo(term, big.NewInt(i)))
		term.Mul(term, z2)
		term.Quo(term, one)
	}
	sum.Lsh(sum, j+1) // twice atanh, and undo the roots
	sum.Quo(sum, new(big.Int).Lsh(bigOne, w2-b))
	if k != 0 {
		kl := ln2(b + 64)
		kl.Mul(kl, big.NewInt(k))
		sum.Add(sum, kl.Quo(kl, new(big.Int).Lsh(bigOne, 64)))
	}
	return sum
}

// lnWeight estimates the decimal weight of ln(d), as PostgreSQL does.
func lnWeight(d Decimal) int {
	if d.Sign() <= 0 {
		return 0
	}
	if d.Cmp(Decimal{Coef: 9, Scale: 1}) >= 0 && d.Cmp(Decimal{Coef: 11, Scale: 1}) <= 0 {
		x, _ := d.Sub(Decimal{Coef: 1})
		digits, weight := x.leadingDigits(1)
		if len(digits) == 0 {
			return 0
		}
		return weight*4 + int(log10(float64(digits[0])))
	}
	digits, weight := d.leadingDigits(2)
	n, w := digits[0], weight*4
	if len(digits) > 1 {
		n = n*10000 + digits[1]
		w -= 4
	}
	l := math.Log(float64(n)) + float64(w)*2.302585092994046
	return int(log10(math.Abs(l)))
}

// Sqrt gives the square root.
func (d Decimal) Sqrt() (Decimal, error) {
	if d.Form == NaN || d.Form == PosInf {
		return d, nil
	}
	if d.Sign() < 0 {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	weight, _ := d.leading()
	return d.sqrtAt(resultScale(2*weight+1, d))
}

// sqrtAt gives the square root of a finite value, not negative, to scale digits.
func (d Decimal) sqrtAt(scale int32) (Decimal, error) {
	if d.IsZero() {
		return Decimal{Scale: scale}, nil
	}
	// floor(sqrt(d × 10^(2 scale + 2))), one digit more than wanted; an exact
	// root has a zero there and a tie cannot come from truncation.
	n := d.bigCoef()
	if shift := int(2*scale+2) - int(d.Scale); shift >= 0 {
		n = new(big.Int).Mul(n, pow10big(shift))
	} else {
		n = new(big.Int).Quo(n, pow10big(-shift))
	}
	return checked(roundShift(new(big.Int).Sqrt(n), 1), scale)
}

// Exp gives e to the power of d.
func (d Decimal) Exp() (Decimal, error) {
	switch d.Form {
	case NaN, PosInf:
		return d, nil
	case NegInf:
		return Decimal{}, nil
	}
	val := d.Float()
	weight := int(math.Min(math.Max(val*0.434294481903252, -maxResultScale), maxResultScale))
	scale := resultScale(weight, d)
	if math.Abs(val) >= maxResultScale*3 {
		if val > 0 {
			return Decimal{}, errNumericOverflow()
		}
		return Decimal{Scale: scale}, nil
	}
	b := bitsFor(int(scale)+int(max(val, 0)*0.4343)) + 16
	return expScaled(d.toFixed(b), b, scale)
}

// expScaled gives e^(x/2^b) rounded to scale.
func expScaled(x *big.Int, b uint, scale int32) (Decimal, error) {
	m, k := expFixed(x, b)
	switch bb := int64(b) - k; {
	case bb > int64(b)*2+70000:
		return Decimal{Scale: scale}, nil
	case bb >= 1:
		return fromFixed(m, uint(bb), scale)
	default:
		return fromFixed(m.Lsh(m, uint(1-bb)), 1, scale)
	}
}

func checkLogArg(d Decimal) error {
	switch s := d.Sign(); {
	case s < 0:
		return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
	case s == 0:
		return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
	}
	return nil
}

// Ln gives the natural logarithm.
func (d Decimal) Ln() (Decimal, error) {
	if d.Form == NaN {
		return d, nil
	}
	if err := checkLogArg(d); err != nil {
		return Decimal{}, err
	}
	if d.Form == PosInf {
		return d, nil
	}
	scale := resultScale(lnWeight(d), d)
	b := bitsFor(int(scale)) + 40
	return fromFixed(lnFixed(d, b), b, scale)
}

// Log10 gives the logarithm to base 10.
func (d Decimal) Log10() (Decimal, error) { return d.Log(Decimal{Coef: 10}) }

// Log gives the logarithm of d to the given base.
func (d Decimal) Log(base Decimal) (Decimal, error) {
	if d.Form == NaN || base.Form == NaN {
		return Decimal{Form: NaN}, nil
	}
	if base.Form != Finite || d.Form != Finite {
		if base.Sign() < 0 || d.Sign() < 0 { // here a negative argument counts before a zero
			return Decimal{}, checkLogArg(Decimal{Coef: -1})
		}
	}
	if err := checkLogArg(base); err != nil {
		return Decimal{}, err
	}
	if err := checkLogArg(d); err != nil {
		return Decimal{}, err
	}
	switch {
	case base.Form == PosInf && d.Form == PosInf:
		return Decimal{Form: NaN}, nil
	case base.Form == PosInf:
		return Decimal{}, nil
	case d.Form == PosInf:
		return d, nil
	}
	wb, wn := lnWeight(base), lnWeight(d)
	scale := resultScale(wn-wb, base, d)
	b := bitsFor(int(scale)+max(0, wn)+2*max(0, -wb)+max(0, wb)) + 64
	lb := lnFixed(base, b)
	if lb.Sign() == 0 || base.Cmp(Decimal{Coef: 1}) == 0 {
		return Decimal{}, ErrDivisionByZero()
	}
	n := lnFixed(d, b)
	n.Lsh(n, b).Quo(n, lb)
	return fromFixed(n, b, scale)
}

// Pow gives d to the power of e.
func (d Decimal) Pow(e Decimal) (Decimal, error) {
	one := Decimal{Coef: 1}
	if d.Form == NaN || e.Form == NaN {
		if e.IsZero() || d.Form == Finite && d.Cmp(one) == 0 {
			return one, nil
		}
		return Decimal{Form: NaN}, nil
	}
	s1, s2 := d.Sign(), e.Sign()
	if s1 == 0 && s2 < 0 {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	}
	if s1 < 0 && !e.IsInteger() {
		return Decimal{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	if d.Form != Finite || e.Form != Finite {
		return powInfinite(d, e, s1, s2), nil
	}
	if e.IsInteger() {
		if n, ok := e.Int64(); ok && n == int64(int32(n)) {
			return d.powInt(n)
		}
	}
	if s1 == 0 {
		return Decimal{Scale: minSigDigits}, nil
	}
	neg := s1 < 0 && e.isOdd()
	d = d.Abs()
	// The result is e^(e ln d). Its scale comes from its size, estimated as
	// PostgreSQL does, with about 8 digits of the logarithm, to agree with it
	// in the borderline cases.
	rough := max(8-lnWeight(d), 0)
	b := bitsFor(rough) + 40
	l, err := fromFixed(lnFixed(d, b), b, int32(rough))
	if err != nil {
		return Decimal{}, err
	}
	x := new(big.Int).Mul(l.bigCoef(), e.bigCoef())
	val := DecimalBig(roundShift(x, int(e.Scale)), int32(rough)).Float()
	if math.Abs(val) > maxResultScale*3.01 {
		if val > 0 {
			return Decimal{}, errNumericOverflow()
		}
		return Decimal{Scale: MaxPrecision}, nil
	}
	weight := int(val * 0.434294481903252)
	scale := resultScale(weight, d, e)
	r, err := powReal(d, e, weight, scale)
	if neg && err == nil {
		r = r.Neg()
	}
	return r, err
}

// powReal gives d^e rounded to scale, for positive d, the result's weight
// being about weight.
func powReal(d, e Decimal, weight int, scale int32) (Decimal, error) {
	whole := max(0, e.digits()-int(e.Scale))
	b := bitsFor(int(scale)+max(weight, 0)+whole+16) + uint(max(0, lnWeight(d))*4)
	x := lnFixed(d, b)
	x.Mul(x, e.bigCoef()).Quo(x, pow10big(int(e.Scale)))
	return expScaled(x, b, scale)
}

func (d Decimal) isOdd() bool {
	w := d.rescale(0, toZero)
	return w.bigCoef().Bit(0) == 1
}

func powInfinite(d, e Decimal, s1, s2 int) Decimal {
	one := Decimal{Coef: 1}
	switch {
	case d.Form == Finite && d.Cmp(one) == 0, s2 == 0:
		return one
	case s1 == 0:
		return Decimal{}
	case e.IsInf():
		large := d.IsInf()
		if !large {
			if d.Cmp(Decimal{Coef: -1}) == 0 {
				return one
			}
			large = d.Abs().Cmp(one) > 0
		}
		if large == (s2 > 0) {
			return Decimal{Form: PosInf}
		}
		return Decimal{}
	case s2 < 0:
		return Decimal{}
	case d.Form == NegInf && e.isOdd():
		return d
	}
	return Decimal{Form: PosInf}
}

// powInt gives d^n.
func (d Decimal) powInt(n int64) (Decimal, error) {
	scale := min(max(minSigDigits, d.Scale), MaxPrecision)
	one := Decimal{Coef: 1}
	switch n {
	case 0:
		return one.rescale(scale, halfAway), nil
	case 1:
		return d.rescale(scale, halfAway), nil
	case -1:
		return one.divAt(d, scale)
	}
	if d.IsZero() {
		return Decimal{Scale: scale}, nil
	}
	digits, weight := d.leadingDigits(4)
	m, p := float64(digits[0]), weight*4
	for _, g := range digits[1:] {
		m = m*10000 + float64(g)
		p -= 4
	}
	f := float64(n) * (log10(m) + float64(p)) // about the decimal weight of the result
	if f > maxIntegerDigits+1 {
		return Decimal{}, errNumericOverflow()
	}
	if f+1 < -float64(scale) || f+1 < -MaxPrecision {
		return Decimal{Scale: scale}, nil
	}
	t := d.TrimScale()
	count := n
	if n < 0 {
		count = -n
	}
	if size := float64(t.bigCoef().BitLen()) * float64(count); size < 100000 {
		// The exact power, rounded once; so ties are ties.
		p := new(big.Int).Exp(t.bigCoef(), big.NewInt(count), nil)
		places := int(int64(t.Scale) * count)
		if n < 0 {
			return checked(roundQuo(pow10big(places+int(scale)), p), scale)
		}
		if cut := places - int(scale); cut > 0 {
			return checked(roundShift(p, cut), scale)
		}
		return checked(p.Mul(p, pow10big(int(scale)-places)), scale)
	}
	// Square and multiply, keeping the digits the result needs and enough more
	// that the errors of at most 62 roundings, each multiplied by at most n,
	// stay below them.
	prec := bitsFor(int(scale)+max(int(f), 0)) + 64
	base := new(big.Float).SetPrec(prec).SetInt(t.bigCoef())
	base.Quo(base, new(big.Float).SetPrec(prec).SetInt(pow10big(int(t.Scale))))
	r := new(big.Float).SetPrec(prec).SetInt64(1)
	for c := count; ; {
		if c&1 != 0 {
			r.Mul(r, base)
		}
		if c >>= 1; c == 0 {
			break
		}
		base.Mul(base, base)
	}
	if n < 0 {
		r.Quo(new(big.Float).SetPrec(prec).SetInt64(1), r)
	}
	r.Mul(r, new(big.Float).SetPrec(prec).SetInt(pow10big(int(scale))))
	half := big.NewFloat(0.5)
	if r.Sign() < 0 {
		half.Neg(half)
	}
	out, _ := r.Add(r, half).Int(nil)
	return checked(out, scale)
}

// Factorial gives n!.
func Factorial(n int64) (Decimal, error) {
	if n < 0 {
		return Decimal{}, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	if n > 32177 {
		return Decimal{}, errNumericOverflow()
	}
	return checked(new(big.Int).MulRange(1, max(n, 1)), 0)
}

// Gcd gives the greatest common divisor, which is not negative.
func (d Decimal) Gcd(e Decimal) (Decimal, error) {
	if d.Form != Finite || e.Form != Finite {
		return Decimal{Form: NaN}, nil
	}
	scale := max(d.Scale, e.Scale)
	a, b := d.rescale(scale, toZero).bigCoef(), e.rescale(scale, toZero).bigCoef()
	return checked(new(big.Int).GCD(nil, nil, new(big.Int).Abs(a), new(big.Int).Abs(b)), scale)
}

// Lcm gives the least common multiple, which is not negative.
func (d Decimal) Lcm(e Decimal) (Decimal, error) {
	if d.Form != Finite || e.Form != Finite {
		return Decimal{Form: NaN}, nil
	}
	scale := max(d.Scale, e.Scale)
	if d.IsZero() || e.IsZero() {
		return Decimal{Scale: scale}, nil
	}
	a, b := d.rescale(scale, toZero).bigCoef(), e.rescale(scale, toZero).bigCoef()
	g := new(big.Int).GCD(nil, nil, new(big.Int).Abs(a), new(big.Int).Abs(b))
	l := new(big.Int).Quo(a, g)
	return checked(l.Abs(l.Mul(l, b)), scale)
}

// GcdInt gives the greatest common divisor of machine integers as a
// magnitude, which for the smallest integers exceeds their type.
func GcdInt(a, b int64) uint64 {
	x, y := absInt(a), absInt(b)
	for y != 0 {
		x, y = y, x%y
	}
	return x
}

// WidthBucket is width_bucket(operand, low, high, count): the number of the
// equal-width bucket that d falls in.
func (d Decimal) WidthBucket(low, high Decimal, count int32) (int32, error) {
	fail := func(msg string) (int32, error) {
		return 0, pgerr.New(pgerr.InvalidArgumentForWidthBucket, msg)
	}
	switch {
	case count <= 0:
		return fail("count must be greater than zero")
	case d.IsNaN() || low.IsNaN() || high.IsNaN():
		return fail("operand, lower bound, and upper bound cannot be NaN")
	case low.IsInf() || high.IsInf():
		return fail("lower and upper bounds must be finite")
	}
	order := low.Cmp(high)
	if order == 0 {
		return fail("lower bound cannot equal upper bound")
	}
	x, a, b := d, low, high
	if order > 0 { // count down from low to high: mirror
		x, a, b = d.Neg(), low.Neg(), high.Neg()
	}
	if x.Cmp(a) < 0 {
		return 0, nil
	}
	if x.Cmp(b) >= 0 {
		if count == math.MaxInt32 {
			return 0, errIntRange("integer")
		}
		return count + 1, nil
	}
	num, err := x.Sub(a)
	if err != nil {
		return 0, err
	}
	if num, err = num.Mul(DecimalInt(int64(count))); err != nil {
		return 0, err
	}
	den, err := b.Sub(a)
	if err != nil {
		return 0, err
	}
	// Rounding the quotient can make it the next whole number: as in PostgreSQL.
	q, err := num.Div(den)
	if err != nil {
		return 0, err
	}
	n, err := q.Floor().ToInt(Int4)
	return int32(n) + 1, err
}
