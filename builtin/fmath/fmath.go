package fmath

import "math"

func odd(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

// Exp is e^x.
func Exp(x float64) float64 {
	if odd(x) || x > 710 || x < -746 {
		return math.Exp(x)
	}
	m, n := expDD(d(x))
	return scale(m, n)
}

// scale gives m·2^n, rounded once.
func scale(m dd, n int) float64 {
	if n > -1000 {
		return math.Ldexp(m.float(), n)
	}
	return math.Ldexp(m.hi, n) + math.Ldexp(m.lo, n)
}

// Log is the natural logarithm.
func Log(x float64) float64 {
	if odd(x) || x <= 0 || x == 1 {
		return math.Log(x)
	}
	return logDD(x).float()
}

// Log10 is the decimal logarithm, to within a unit in the last place: computed
// like C libraries do it, from the logarithm of the mantissa, so as to agree
// with them (and to be exact for powers of ten).
func Log10(x float64) float64 {
	if odd(x) || x <= 0 || x == 1 {
		return math.Log10(x)
	}
	const (
		perLn    = 4.34294481903251816668e-01 // 1 / ln 10
		log2High = 3.01029995663611771306e-01 // log10 2, upper bits and the rest
		log2Low  = 3.69423907715893078616e-13
	)
	frac, e := math.Frexp(x)
	frac, e = frac*2, e-1
	if e < 0 {
		// A mantissa below 1 for a negative exponent: the terms have one sign.
		frac, e = frac/2, e+1
	}
	y := float64(e)
	z := float64(y*log2Low) + float64(perLn*Log(frac))
	return z + float64(y*log2High)
}

// Pow is x^y.
func Pow(x, y float64) float64 {
	if odd(x) || odd(y) || x == 0 || y == 0 || x == 1 || y == 1 {
		return math.Pow(x, y)
	}
	neg := false
	if x < 0 {
		if y != math.Trunc(y) {
			return math.Pow(x, y)
		}
		x, neg = -x, math.Mod(y, 2) != 0
		if x == 1 {
			return math.Pow(-x, y)
		}
	}
	if y == 0.5 {
		return math.Sqrt(x)
	}
	e := logDD(x).mulf(y)
	var r float64
	switch {
	case math.Abs(y) > 1e20: // too large to be multiplied exactly, and to give anything between
		r = math.Pow(x, y)
	case e.hi > 710:
		r = math.Inf(1)
	case e.hi < -746:
		r = 0
	default:
		m, n := expDD(e)
		r = scale(m, n)
	}
	if neg {
		return -r
	}
	return r
}

// Cbrt is the cube root.
func Cbrt(x float64) float64 {
	if odd(x) || x == 0 {
		return x
	}
	y := math.Cbrt(x)
	sq := prod2(y, y)
	t := sq.mulf(y).sub(d(x))
	return d(y).sub(t.div(sq.mulf(3))).float()
}

// Sin is the sine of x radians.
func Sin(x float64) float64 {
	if odd(x) || x == 0 || math.Abs(x) > maxReduce {
		return math.Sin(x)
	}
	s, _ := quadrant(x)
	return s.float()
}

// Cos is the cosine of x radians.
func Cos(x float64) float64 {
	if odd(x) || math.Abs(x) > maxReduce {
		return math.Cos(x)
	}
	_, c := quadrant(x)
	return c.float()
}

// Tan is the tangent of x radians.
func Tan(x float64) float64 {
	if odd(x) || x == 0 || math.Abs(x) > maxReduce {
		return math.Tan(x)
	}
	s, c := quadrant(x)
	return s.div(c).float()
}

// Atan is the arc tangent.
func Atan(x float64) float64 {
	if odd(x) || x == 0 || math.Abs(x) > 1e300 {
		return math.Atan(x)
	}
	return atanDD(d(x)).float()
}

// Asin is the arc sine.
func Asin(x float64) float64 {
	if !(math.Abs(x) < 1) || math.Abs(x) < 1e-150 {
		return math.Asin(x)
	}
	return atanDD(d(x).div(cofunction(x))).float()
}

// cofunction is √(1-x²).
func cofunction(x float64) dd { return sum2(1, -x).mul(sum2(1, x)).sqrt() }

// Acos is the arc cosine.
func Acos(x float64) float64 {
	if !(math.Abs(x) < 1) {
		return math.Acos(x)
	}
	if math.Abs(x) < 1e-150 {
		return math.Pi / 2
	}
	r := atanDD(cofunction(x).div(d(x)))
	if x < 0 {
		r = r.add(pi)
	}
	return r.float()
}

// Atan2 is the angle of the point (x, y).
func Atan2(y, x float64) float64 {
	if odd(x) || odd(y) || x == 0 || y == 0 || !ordinary(y/x) || !ordinary(x) || !ordinary(y) {
		return math.Atan2(y, x)
	}
	r := atanDD(d(y).div(d(x)))
	if x < 0 {
		if y > 0 {
			r = r.add(pi)
		} else {
			r = r.sub(pi)
		}
	}
	return r.float()
}

// ordinary tells numbers far from overflow and underflow.
func ordinary(x float64) bool { return math.Abs(x) > 1e-140 && math.Abs(x) < 1e140 }

// Expm1 is e^x - 1.
func Expm1(x float64) float64 {
	if odd(x) || x == 0 || x > 700 || x < -40 {
		return math.Expm1(x)
	}
	if math.Abs(x) < 0.3 {
		// The series from x on: nothing cancels.
		sum, term := d(x), d(x)
		for k := 2; k < 22; k++ {
			term = term.mulf(x).mul(inverse[k])
			sum = sum.add(term)
		}
		return sum.float()
	}
	m, n := expDD(d(x))
	return m.ldexp(n).sub(d(1)).float()
}

// The hyperbolic functions are computed in float64 from Expm1 and Exp, by the
// formulas C libraries use.

// Sinh is the hyperbolic sine.
func Sinh(x float64) float64 {
	a, h := math.Abs(x), math.Copysign(0.5, x)
	switch {
	case odd(x) || a < 1e-8 || a > 700:
		return math.Sinh(x)
	case a < 1:
		t := Expm1(a)
		return h * (2*t - float64(t*t)/(t+1))
	case a < 22:
		t := Expm1(a)
		return h * (t + t/(t+1))
	}
	return h * Exp(a)
}

// Cosh is the hyperbolic cosine.
func Cosh(x float64) float64 {
	a := math.Abs(x)
	switch {
	case odd(x) || a > 700:
		return math.Cosh(x)
	case a < 0.5*math.Ln2:
		t := Expm1(a)
		w := 1 + t
		return 1 + float64(t*t)/(w+w)
	case a < 22:
		t := Exp(a)
		return float64(0.5*t) + 0.5/t
	}
	return 0.5 * Exp(a)
}

// Tanh is the hyperbolic tangent.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	if odd(x) || a < 1e-8 || a > 22 {
		return math.Tanh(x)
	}
	var z float64
	if a >= 1 {
		z = 1 - 2/(Expm1(2*a)+2)
	} else {
		t := Expm1(-2 * a)
		z = -t / (t + 2)
	}
	return math.Copysign(z, x)
}
