// Package fmath computes the elementary functions of float64 to the nearest
// float64, or so near that the difference shows once in billions of cases.
//
// Why: PostgreSQL's answers come from a C library whose functions are rounded
// correctly nearly always, and float8 prints every digit; package math is off
// by a unit in the last place in a quarter of all cases. The functions here
// work with numbers of twice the precision (hi + lo, some 105 bits) and round
// at the end.
package fmath

import "math"

// dd is the unevaluated sum of two float64s, |lo| at most half a unit in the
// last place of hi.
type dd struct{ hi, lo float64 }

func d(x float64) dd { return dd{x, 0} }

func (a dd) float() float64 { return a.hi + a.lo }

// sum2 gives a+b exactly.
func sum2(a, b float64) dd {
	s := a + b
	t := s - a
	return dd{s, (a - (s - t)) + (b - t)}
}

// fast2 is sum2 for |a| ≥ |b|.
func fast2(a, b float64) dd {
	s := a + b
	return dd{s, b - (s - a)}
}

// prod2 gives a·b exactly.
func prod2(a, b float64) dd {
	p := a * b
	return dd{p, math.FMA(a, b, -p)}
}

func (a dd) add(b dd) dd {
	s, t := sum2(a.hi, b.hi), sum2(a.lo, b.lo)
	s = fast2(s.hi, s.lo+t.hi)
	return fast2(s.hi, s.lo+t.lo)
}

func (a dd) neg() dd { return dd{-a.hi, -a.lo} }

func (a dd) sub(b dd) dd { return a.add(b.neg()) }

func (a dd) mul(b dd) dd {
	p := prod2(a.hi, b.hi)
	return fast2(p.hi, p.lo+(a.hi*b.lo+a.lo*b.hi))
}

func (a dd) mulf(b float64) dd {
	p := prod2(a.hi, b)
	return fast2(p.hi, math.FMA(a.lo, b, p.lo))
}

func (a dd) div(b dd) dd {
	q1 := a.hi / b.hi
	r := a.sub(b.mulf(q1))
	q2 := r.hi / b.hi
	r = r.sub(b.mulf(q2))
	q := fast2(q1, q2)
	return q.add(d(r.hi / b.hi))
}

func (a dd) sqrt() dd {
	if a.hi <= 0 {
		return dd{}
	}
	x := math.Sqrt(a.hi)
	r := a.sub(prod2(x, x))
	return fast2(x, r.hi/(2*x))
}

func (a dd) ldexp(n int) dd { return dd{math.Ldexp(a.hi, n), math.Ldexp(a.lo, n)} }

// The constants, in as many parts as they need.
var (
	ln2 = [4]float64{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56, 0x1.7b57a079a1934p-111, 0}
	pi  = dd{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53}
	pi2 = [4]float64{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110, 0x1.4cf98e804177dp-164}
)

// inverse[k] is 1/k, product[k] is 1/(k(k+1)).
var inverse, product = func() (a, b [32]dd) {
	for k := 1; k < len(a); k++ {
		a[k] = d(1).div(d(float64(k)))
		b[k] = d(1).div(d(float64(k * (k + 1))))
	}
	return a, b
}()

// reduce gives x - n·c for a constant in four parts.
func reduce(x dd, n float64, c [4]float64) dd {
	return x.sub(prod2(n, c[0])).sub(prod2(n, c[1])).sub(prod2(n, c[2])).sub(prod2(n, c[3]))
}

// expDD computes e^x for |x| up to some 750.
func expDD(x dd) (m dd, exponent int) {
	n := math.Round(x.hi / ln2[0])
	// A further reduction by 2^9, undone by squaring, keeps the series short.
	r := reduce(x, n, ln2).ldexp(-9)
	sum, term := r, r
	for k := 2; k <= 9; k++ {
		term = term.mul(r).mul(inverse[k])
		sum = sum.add(term)
	}
	// (1+s)² - 1 = 2s + s²: squaring without losing the small part.
	for range 9 {
		sum = sum.mulf(2).add(sum.mul(sum))
	}
	return sum.add(d(1)), int(n)
}

// logDD computes ln x for a positive, finite x.
func logDD(x float64) dd {
	if x > 0.9 && x < 1.1 {
		// 2 artanh((x-1)/(x+1)): precise near 1.
		u := d(x).sub(d(1)).div(sum2(x, 1))
		sq := u.mul(u)
		sum, power := u, u
		for k := 3; k < 27; k += 2 {
			power = power.mul(sq)
			sum = sum.add(power.mul(inverse[k]))
		}
		return sum.mulf(2)
	}
	frac, e := math.Frexp(x)
	y := math.Log(frac)
	m, n := expDD(d(-y))
	// One step of Newton's: y + (x e^-y - 1) - (…)²/2.
	t := m.ldexp(n).mulf(frac).sub(d(1))
	r := d(y).add(t).sub(t.mul(t).mulf(0.5))
	ef := float64(e)
	return r.add(prod2(ef, ln2[0])).add(prod2(ef, ln2[1]))
}

// sinCosDD computes both for |x| ≤ π/4.
func sinCosDD(x dd) (sin, cos dd) {
	sq := x.mul(x)
	sin, cos = x, d(1)
	s, c := x, d(1)
	for k := 2; k <= 28; k += 2 {
		c = c.mul(sq).mul(product[k-1]).neg()
		cos = cos.add(c)
		s = s.mul(sq).mul(product[k]).neg()
		sin = sin.add(s)
	}
	return sin, cos
}

// quadrant gives sin and cos of any x up to maxReduce.
func quadrant(x float64) (sin, cos dd) {
	n := math.Round(x / pi2[0])
	s, c := sinCosDD(reduce(d(x), n, pi2))
	switch int64(n) & 3 {
	case 1:
		return c, s.neg()
	case 2:
		return s.neg(), c.neg()
	case 3:
		return c.neg(), s
	}
	return s, c
}

// maxReduce is the largest argument that reduce handles with full precision.
const maxReduce = 1 << 45

// atanDD computes arctan x.
func atanDD(x dd) dd {
	if math.Abs(x.hi) > 1 {
		r := pi.mulf(0.5)
		if x.hi < 0 {
			r = r.neg()
		}
		return r.sub(atanDD(d(1).div(x)))
	}
	if math.Abs(x.hi) < 1e-3 {
		sq := x.mul(x)
		sum, power := x, x
		for k := 3; k < 15; k += 2 {
			power = power.mul(sq).neg()
			sum = sum.add(power.mul(inverse[k]))
		}
		return sum
	}
	y := math.Atan(x.hi)
	s, c := sinCosDD(d(y))
	// arctan x = y + arctan((x - t)/(1 + xt)), t = tan y; the latter is tiny.
	num := x.mul(c).sub(s)
	den := c.add(x.mul(s))
	return d(y).add(num.div(den))
}
