package builtin

import (
	"math"

	"rowkey/builtin/fmath"
	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of double precision. What is not defined is an error, as is a
// result that overflows or underflows.

func errRange() error { return pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range") }

func inf(v float64) bool { return math.IsInf(v, 0) }

func sqrtFloat(v float64) (float64, error) {
	if v < 0 {
		return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	return math.Sqrt(v), nil
}

func expFloat(v float64) (float64, error) {
	switch {
	case math.IsNaN(v):
		return v, nil
	case math.IsInf(v, 1):
		return v, nil
	case math.IsInf(v, -1):
		return 0, nil
	}
	r := fmath.Exp(v)
	if inf(r) {
		return 0, errOverflow()
	}
	if r == 0 {
		return 0, errUnderflow()
	}
	return r, nil
}

// logFloat makes a logarithm of the function that computes it.
func logFloat(log func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if v == 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
		}
		if v < 0 {
			return 0, pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
		}
		return log(v), nil
	}
}

func powFloat(a, b float64) (float64, error) {
	switch {
	case math.IsNaN(a):
		if b == 0 {
			return 1, nil
		}
		return a, nil
	case math.IsNaN(b):
		if a == 1 {
			return 1, nil
		}
		return b, nil
	case a == 0 && b < 0:
		return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case a < 0 && math.Floor(b) != b:
		return 0, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	r := fmath.Pow(a, b)
	if inf(a) || inf(b) {
		return r, nil
	}
	if inf(r) {
		return 0, errOverflow()
	}
	if r == 0 && a != 0 {
		return 0, errUnderflow()
	}
	return r, nil
}

// within makes a function that is defined for lo ≤ v ≤ hi only.
func within(lo, hi float64, f func(float64) float64) Func {
	return f1e(func(v float64) (float64, error) {
		if v < lo || v > hi {
			return 0, errRange()
		}
		return f(v), nil
	})
}

// ofFinite makes a function that is not defined for infinities.
func ofFinite(f func(float64) float64) Func {
	return f1e(func(v float64) (float64, error) {
		if inf(v) {
			return 0, errRange()
		}
		return f(v), nil
	})
}

const radiansPerDegree = 0.0174532925199432957692

// Trigonometry in degrees: exact at the angles where the result is, which
// takes scaling by the computed values there.
var (
	degree      = radiansPerDegree // a variable: its products are to be rounded
	sin30       = fmath.Sin(30 * degree)
	oneMinusC60 = 1 - fmath.Cos(60*degree)
	asin05      = fmath.Asin(0.5)
	acos05      = fmath.Acos(0.5)
	atan1       = fmath.Atan(1)
	tan45       = sindQ1(45) / cosdQ1(45)
	cot45       = cosdQ1(45) / sindQ1(45)
)

func sind30(x float64) float64 { return fmath.Sin(x*radiansPerDegree) / sin30 / 2 }

func cosd60(x float64) float64 { return 1 - (1-fmath.Cos(x*radiansPerDegree))/oneMinusC60/2 }

func sindQ1(x float64) float64 {
	if x <= 30 {
		return sind30(x)
	}
	return cosd60(90 - x)
}

func cosdQ1(x float64) float64 {
	if x <= 60 {
		return cosd60(x)
	}
	return sind30(90 - x)
}

func sind(x float64) float64 {
	sign := 1.0
	if x = math.Mod(x, 360); x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sindQ1(x)
}

func cosd(x float64) float64 {
	sign := 1.0
	x = math.Abs(math.Mod(x, 360))
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return sign * cosdQ1(x)
}

// tangentDegrees makes tand (or cotd) of a quotient for the first quadrant.
func tangentDegrees(q1 func(x float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		sign := 1.0
		if x = math.Mod(x, 360); x < 0 {
			x, sign = -x, -sign
		}
		if x > 180 {
			x, sign = 360-x, -sign
		}
		if x > 90 {
			x, sign = 180-x, -sign
		}
		r := sign * q1(x)
		if r == 0 {
			return 0 // not -0
		}
		return r
	}
}

func asindQ1(x float64) float64 {
	if x <= 0.5 {
		return fmath.Asin(x) / asin05 * 30
	}
	return 90 - fmath.Acos(x)/acos05*60
}

func acosdQ1(x float64) float64 {
	if x <= 0.5 {
		return 90 - fmath.Asin(x)/asin05*30
	}
	return fmath.Acos(x) / acos05 * 60
}

func errBucket(message string) error { return pgerr.New(pgerr.InvalidArgumentForWidthBucket, message) }

func bucketFloat(op, lo, hi float64, count int64) (int64, error) {
	switch {
	case count <= 0:
		return 0, errBucket("count must be greater than zero")
	case math.IsNaN(op) || math.IsNaN(lo) || math.IsNaN(hi):
		return 0, errBucket("operand, lower bound, and upper bound cannot be NaN")
	case inf(lo) || inf(hi):
		return 0, errBucket("lower and upper bounds must be finite")
	case lo == hi:
		return 0, errBucket("lower bound cannot equal upper bound")
	}
	if lo > hi {
		// Descending buckets are ascending ones of the mirror image.
		op, lo, hi = -op, -lo, -hi
	}
	switch {
	case op < lo:
		return 0, nil
	case op >= hi:
		return integer.check(count + 1)
	}
	r := float64(count)*(op-lo)/(hi-lo) + 1
	if odd(r) || r > math.MaxInt32 {
		return math.MinInt32, nil // what the conversion gives PostgreSQL
	}
	return int64(r), nil
}

func init() {
	define("ceil(float8) ceiling(float8)", f1(math.Ceil))
	define("floor(float8)", f1(math.Floor))
	define("round(float8) dround(float8)", f1(math.RoundToEven))
	define("trunc(float8) dtrunc(float8)", f1(math.Trunc))
	define("sign(float8)", f1(func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	}))
	define("sqrt(float8) dsqrt(float8)", f1e(sqrtFloat))
	define("cbrt(float8) dcbrt(float8)", f1(fmath.Cbrt))
	define("exp(float8) dexp(float8)", f1e(expFloat))
	define("ln(float8) dlog1(float8)", f1e(logFloat(fmath.Log)))
	define("log(float8) log10(float8) dlog10(float8)", f1e(logFloat(fmath.Log10)))
	define("power(float8,float8) pow(float8,float8) dpow(float8,float8)", f2e(powFloat))
	define("pi()", fn(func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewFloat(math.Pi), nil }))
	define("degrees(float8)", f1e(func(v float64) (float64, error) { return divideFloat(v, radiansPerDegree, false) }))
	define("radians(float8)", f1e(func(v float64) (float64, error) { return multiplyFloat(v, radiansPerDegree, false) }))

	define("sin(float8)", ofFinite(fmath.Sin))
	define("cos(float8)", ofFinite(fmath.Cos))
	define("tan(float8)", ofFinite(fmath.Tan))
	define("cot(float8)", ofFinite(func(v float64) float64 { return 1 / fmath.Tan(v) }))
	define("asin(float8)", within(-1, 1, fmath.Asin))
	define("acos(float8)", within(-1, 1, fmath.Acos))
	define("atan(float8)", f1(fmath.Atan))
	define("atan2(float8,float8)", f2(fmath.Atan2))
	define("sinh(float8)", f1(fmath.Sinh))
	define("cosh(float8)", f1(fmath.Cosh))
	define("tanh(float8)", f1(fmath.Tanh))
	define("asinh(float8)", f1(math.Asinh))
	define("acosh(float8)", within(1, math.Inf(1), math.Acosh))
	define("atanh(float8)", within(-1, 1, math.Atanh))
	define("sind(float8)", ofFinite(sind))
	define("cosd(float8)", ofFinite(cosd))
	define("tand(float8)", ofFinite(tangentDegrees(func(x float64) float64 { return sindQ1(x) / cosdQ1(x) / tan45 })))
	define("cotd(float8)", ofFinite(tangentDegrees(func(x float64) float64 { return cosdQ1(x) / sindQ1(x) / cot45 })))
	define("asind(float8)", within(-1, 1, func(x float64) float64 {
		if x >= 0 {
			return asindQ1(x)
		}
		return -asindQ1(-x)
	}))
	define("acosd(float8)", within(-1, 1, func(x float64) float64 {
		if x >= 0 {
			return acosdQ1(x)
		}
		return 90 + asindQ1(-x)
	}))
	define("atand(float8)", f1(func(x float64) float64 { return fmath.Atan(x) / atan1 * 45 }))
	define("atan2d(float8,float8)", f2(func(y, x float64) float64 { return fmath.Atan2(y, x) / atan1 * 45 }))

	define("width_bucket(float8,float8,float8,int4)", f4e(bucketFloat))
	define("width_bucket(anycompatible,anycompatiblearray)", poly(func(t []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			x := a[1].Array()
			if len(x.Dims) > 1 {
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
			}
			for _, e := range x.Elems {
				if e.IsNull() {
					return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
				}
			}
			lo, hi := 0, len(x.Elems)
			for lo < hi {
				m := (lo + hi) / 2
				if types.Compare(t[0], a[0], x.Elems[m]) < 0 {
					hi = m
				} else {
					lo = m + 1
				}
			}
			return types.NewInt(int64(lo)), nil
		}
	}))

	define("random()", fn(func(ctx *Ctx, _ []types.Datum) (types.Datum, error) {
		s, err := ctx.session()
		if err != nil {
			return types.Null, err
		}
		return types.NewFloat(s.Random()), nil
	}))
	define("setseed(float8)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		v := a[0].Float()
		if v < -1 || v > 1 || math.IsNaN(v) {
			return types.Null, errParameter("setseed parameter %s is out of allowed range [-1,1]", types.AppendText(nil, types.Float8, a[0], nil))
		}
		s, err := ctx.session()
		if err != nil {
			return types.Null, err
		}
		s.SetSeed(v)
		return types.NewString(""), nil
	}))
}
