package builtin

import (
	"math"

	"rowkey/pgerr"
)

// Float arithmetic as PostgreSQL does it: infinities pass through, but a
// finite operation that overflows or underflows is an error.

func errOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}

func errUnderflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}

// round4 rounds to float4 when single is set.
func round4(x float64, single bool) float64 {
	if single {
		return float64(float32(x))
	}
	return x
}

func addFloat(single bool) Func {
	return k2(func(a, b, o []float64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			r := x + b[i]
			if single {
				r = float64(float32(r))
			}
			o[i] = r
			bad = bad || r-r != 0
		}
		return bad
	}, func(a, b float64) (float64, error) {
		r := round4(a+b, single)
		if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			return 0, errOverflow()
		}
		return r, nil
	})
}

func subFloat(single bool) Func {
	return k2(func(a, b, o []float64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			r := x - b[i]
			if single {
				r = float64(float32(r))
			}
			o[i] = r
			bad = bad || r-r != 0
		}
		return bad
	}, func(a, b float64) (float64, error) {
		r := round4(a-b, single)
		if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			return 0, errOverflow()
		}
		return r, nil
	})
}

func mulFloat(single bool) Func {
	return k2(func(a, b, o []float64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			r := x * b[i]
			if single {
				r = float64(float32(r))
			}
			o[i] = r
			bad = bad || r-r != 0 || r == 0
		}
		return bad
	}, func(a, b float64) (float64, error) { return multiplyFloat(a, b, single) })
}

func multiplyFloat(a, b float64, single bool) (float64, error) {
	r := round4(a*b, single)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return 0, errOverflow()
	}
	if r == 0 && a != 0 && b != 0 {
		return 0, errUnderflow()
	}
	return r, nil
}

func divFloat(single bool) Func {
	return k2(func(a, b, o []float64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			r := x / b[i]
			if single {
				r = float64(float32(r))
			}
			o[i] = r
			bad = bad || r-r != 0 || r == 0
		}
		return bad
	}, func(a, b float64) (float64, error) { return divideFloat(a, b, single) })
}

func divideFloat(a, b float64, single bool) (float64, error) {
	if b == 0 && !math.IsNaN(a) {
		return 0, errDivisionByZero()
	}
	r := round4(a/b, single)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) {
		return 0, errOverflow()
	}
	if r == 0 && a != 0 && !math.IsInf(b, 0) {
		return 0, errUnderflow()
	}
	return r, nil
}

func toFloat4(a float64) (float64, error) {
	r := float64(float32(a))
	if math.IsInf(r, 0) && !math.IsInf(a, 0) {
		return 0, errOverflow()
	}
	if r == 0 && a != 0 {
		return 0, errUnderflow()
	}
	return r, nil
}

// floatTo rounds to an integer type, halves to even.
func (k intKind) fromFloat(a float64) (int64, error) {
	r := math.RoundToEven(a)
	// The upper bounds are compared as floats one beyond the range: exact.
	if math.IsNaN(r) || r < float64(k.lo) || r >= -float64(k.lo) {
		return 0, k.outOfRange()
	}
	return int64(r), nil
}

func init() {
	for _, t := range []struct {
		single      bool
		prefix      string
		left, right string
	}{
		{true, "float4", "float4", "float4"}, {false, "float8", "float8", "float8"},
		{false, "float48", "float4", "float8"}, {false, "float84", "float8", "float4"},
	} {
		two := "(" + t.left + "," + t.right + ")"
		define(t.prefix+"pl"+two, addFloat(t.single))
		define(t.prefix+"mi"+two, subFloat(t.single))
		define(t.prefix+"mul"+two, mulFloat(t.single))
		define(t.prefix+"div"+two, divFloat(t.single))
	}
	for _, p := range []string{"float4", "float8"} {
		define(p+"um("+p+")", f1(func(a float64) float64 { return -a }))
		define(p+"up("+p+")", f1(func(a float64) float64 { return a }))
		define(p+"abs("+p+") abs("+p+")", f1(math.Abs))
		define(p+"larger("+p+","+p+")", f2(func(a, b float64) float64 {
			if cmpFloat(a, b) > 0 {
				return a
			}
			return b
		}))
		define(p+"smaller("+p+","+p+")", f2(func(a, b float64) float64 {
			if cmpFloat(a, b) < 0 {
				return a
			}
			return b
		}))
		define("int2("+p+")", f1e(smallint.fromFloat))
		define("int4("+p+")", f1e(integer.fromFloat))
		define("int8("+p+")", f1e(bigint.fromFloat))
	}
	define("float8(float4)", f1(func(a float64) float64 { return a }))
	define("float4(float8)", f1e(toFloat4))
	define("float8(int2) float8(int4) float8(int8) float4(int2)", f1(func(a int64) float64 { return float64(a) }))
	define("float4(int4) float4(int8)", f1(func(a int64) float64 { return float64(float32(a)) }))
}
