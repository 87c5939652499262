package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// decimalKernel makes a function of two numerics from a fast path for small
// coefficients and the general method.
func decimalKernel(fast func(a, b *types.Decimal, o *types.Decimal) bool, exact func(a, b types.Decimal) (types.Decimal, error)) Func {
	return k2(func(a, b, o []types.Decimal) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i := range a {
			x, y := &a[i], &b[i]
			if x.Form|y.Form == 0 && x.Big == nil && y.Big == nil && fast(x, y, &o[i]) {
				continue
			}
			r, err := exact(*x, *y)
			o[i] = r
			bad = bad || err != nil
		}
		return bad
	}, exact)
}

func init() {
	type D = types.Decimal
	define("numeric_add(numeric,numeric)", decimalKernel(func(a, b, o *D) bool {
		r, ok := addInt64(a.Coef, b.Coef)
		if !ok || a.Scale != b.Scale {
			return false
		}
		*o = D{Coef: r, Scale: a.Scale}
		return true
	}, D.Add))
	define("numeric_sub(numeric,numeric)", decimalKernel(func(a, b, o *D) bool {
		r, ok := subInt64(a.Coef, b.Coef)
		if !ok || a.Scale != b.Scale {
			return false
		}
		*o = D{Coef: r, Scale: a.Scale}
		return true
	}, D.Sub))
	define("numeric_mul(numeric,numeric)", decimalKernel(func(a, b, o *D) bool {
		r, ok := mulInt64(a.Coef, b.Coef)
		if !ok || a.Scale+b.Scale > types.MaxPrecision {
			return false
		}
		*o = D{Coef: r, Scale: a.Scale + b.Scale}
		return true
	}, D.Mul))
	define("numeric_div(numeric,numeric)", f2e(D.Div))
	define("numeric_div_trunc(numeric,numeric) div(numeric,numeric)", f2e(D.Quo))
	define("numeric_mod(numeric,numeric) mod(numeric,numeric)", f2e(D.Mod))
	define("numeric_uminus(numeric)", f1(D.Neg))
	define("numeric_uplus(numeric)", f1(func(a D) D { return a }))
	define("numeric_abs(numeric) abs(numeric)", f1(D.Abs))
	define("numeric_inc(numeric)", f1e(func(a D) (D, error) { return a.Add(types.DecimalInt(1)) }))
	define("numeric_larger(numeric,numeric)", f2(func(a, b D) D {
		if cmpDecimal(&a, &b) > 0 {
			return a
		}
		return b
	}))
	define("numeric_smaller(numeric,numeric)", f2(func(a, b D) D {
		if cmpDecimal(&a, &b) < 0 {
			return a
		}
		return b
	}))
	define("sign(numeric)", f1(D.SignDecimal))
	define("ceil(numeric) ceiling(numeric)", f1(D.Ceil))
	define("floor(numeric)", f1(D.Floor))
	define("round(numeric)", f1e(func(a D) (D, error) { return a.Round(0) }))
	define("round(numeric,int4)", f2e(func(a D, n int64) (D, error) { return a.Round(int32(n)) }))
	define("trunc(numeric)", f1(func(a D) D { return a.Trunc(0) }))
	define("trunc(numeric,int4)", f2(func(a D, n int64) D { return a.Trunc(int32(n)) }))
	define("scale(numeric)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if d := a[0].Decimal(); d.Form == types.Finite {
			return types.NewInt(int64(d.Scale)), nil
		}
		return types.Null, nil
	}))
	define("min_scale(numeric)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if d := a[0].Decimal(); d.Form == types.Finite {
			return types.NewInt(int64(d.MinScale())), nil
		}
		return types.Null, nil
	}))
	define("trim_scale(numeric)", f1(D.TrimScale))
	define("gcd(numeric,numeric)", f2e(D.Gcd))
	define("lcm(numeric,numeric)", f2e(D.Lcm))
	define("sqrt(numeric) numeric_sqrt(numeric)", f1e(D.Sqrt))
	define("exp(numeric) numeric_exp(numeric)", f1e(D.Exp))
	define("ln(numeric) numeric_ln(numeric)", f1e(D.Ln))
	define("log(numeric) log10(numeric)", f1e(D.Log10))
	define("log(numeric,numeric) numeric_log(numeric,numeric)", f2e(func(base, d D) (D, error) { return d.Log(base) }))
	define("power(numeric,numeric) pow(numeric,numeric) numeric_power(numeric,numeric)", f2e(D.Pow))
	define("width_bucket(numeric,numeric,numeric,int4)", f4e(func(op, lo, hi D, count int64) (int64, error) {
		n, err := op.WidthBucket(lo, hi, int32(count))
		return int64(n), err
	}))
	define("factorial(int8)", f1e(factorial))

	define("numeric(int2) numeric(int4) numeric(int8)", f1(types.DecimalInt))
	define("int2(numeric)", f1e(func(a D) (int64, error) { return a.ToInt(types.Int2) }))
	define("int4(numeric)", f1e(func(a D) (int64, error) { return a.ToInt(types.Int4) }))
	define("int8(numeric)", f1e(func(a D) (int64, error) { return a.ToInt(types.Int8) }))
	define("float8(numeric)", f1e(D.ToFloat8))
	define("float4(numeric)", f1e(D.ToFloat4))
	define("numeric(float8)", f1(types.DecimalFromFloat8))
	define("numeric(float4)", f1(types.DecimalFromFloat4))

	define("generate_series(numeric,numeric) generate_series(numeric,numeric,numeric)", streamFn(decimalSeries))
}

func factorial(n int64) (types.Decimal, error) {
	if n < 0 {
		return types.Decimal{}, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	if n > 32177 {
		return types.Decimal{}, pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	r := types.DecimalInt(1)
	for i := int64(2); i <= n; i++ {
		var err error
		if r, err = r.Mul(types.DecimalInt(i)); err != nil {
			return r, err
		}
	}
	return r, nil
}

func decimalSeries(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	bound := []string{"start", "stop"}
	for i, d := range a[:2] {
		switch d.Decimal().Form {
		case types.NaN:
			return pgerr.New(pgerr.InvalidParameterValue, bound[i]+" value cannot be NaN")
		case types.PosInf, types.NegInf:
			return pgerr.New(pgerr.InvalidParameterValue, bound[i]+" value cannot be infinity")
		}
	}
	v, to, step := a[0].Decimal(), a[1].Decimal(), types.DecimalInt(1)
	if len(a) == 3 {
		step = a[2].Decimal()
		switch {
		case step.Form == types.NaN:
			return pgerr.New(pgerr.InvalidParameterValue, "step size cannot be NaN")
		case step.IsInf():
			return pgerr.New(pgerr.InvalidParameterValue, "step size cannot be infinity")
		case step.IsZero():
			return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
		}
	}
	for n := 0; ; n++ {
		if c := v.Cmp(to); c*step.Sign() > 0 {
			return nil
		}
		if err := ctx.cancelled(n); err != nil {
			return err
		}
		if err := emit([]types.Datum{types.NewDecimal(v)}); err != nil {
			return err
		}
		var err error
		if v, err = v.Add(step); err != nil {
			return nil // what no numeric holds is beyond the end
		}
	}
}
