package builtin

import (
	"math"

	"rowkey/pgerr"
	"rowkey/types"
)

// PostgreSQL's functions of aggregates' states, as CREATE AGGREGATE names them:
// each takes a state, a number or an array, and gives the next one or the result.
// The built-in aggregates do the same sums over states of their own (agg_stat.go).

// floatState takes apart the array that holds n sums.
func floatState(name string, d types.Datum, n int) ([]float64, error) {
	a := d.Array()
	v := make([]float64, n)
	ok := len(a.Dims) == 1 && len(a.Elems) == n
	for i := 0; ok && i < n; i++ {
		ok = !a.Elems[i].IsNull()
		v[i] = a.Elems[i].Float()
	}
	if !ok {
		return nil, pgerr.Newf(pgerr.InternalError, "%s: expected %d-element float8 array", name, n)
	}
	return v, nil
}

func floatArray(v ...float64) types.Datum {
	elems := make([]types.Datum, len(v))
	for i, f := range v {
		elems[i] = types.NewFloat(f)
	}
	return types.NewAny(types.NewArray(types.Float8, elems))
}

func momentsOf(name string, d types.Datum) (moments, error) {
	v, err := floatState(name, d, 3)
	if err != nil {
		return moments{}, err
	}
	return moments{v[0], v[1], v[2]}, nil
}

func regressionOf(name string, d types.Datum) (regression, error) {
	v, err := floatState(name, d, 6)
	if err != nil {
		return regression{}, err
	}
	return regression{v[0], v[1], v[2], v[3], v[4], v[5]}, nil
}

// floatStates registers the functions of moments and regressions.
func floatStates() {
	accum := func(name string) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			m, err := momentsOf(name, a[0])
			if err == nil {
				err = m.add(a[1].Float())
			}
			return floatArray(m.n, m.sx, m.sxx), err
		})
	}
	define("float8_accum(_float8,float8)", accum("float8_accum"))
	define("float4_accum(_float8,float4)", accum("float4_accum"))
	define("float8_combine(_float8,_float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		m, err := momentsOf("float8_combine", a[0])
		if err != nil {
			return types.Null, err
		}
		o, err := momentsOf("float8_combine", a[1])
		if err == nil {
			err = m.merge(&o)
		}
		return floatArray(m.n, m.sx, m.sxx), err
	}))
	for name, f := range map[string]struct {
		least  float64
		result func(m *moments) float64
	}{
		"float8_avg":         {1, func(m *moments) float64 { return m.sx / m.n }},
		"float8_var_pop":     {1, func(m *moments) float64 { return m.sxx / m.n }},
		"float8_var_samp":    {2, func(m *moments) float64 { return m.sxx / (m.n - 1) }},
		"float8_stddev_pop":  {1, func(m *moments) float64 { return math.Sqrt(m.sxx / m.n) }},
		"float8_stddev_samp": {2, func(m *moments) float64 { return math.Sqrt(m.sxx / (m.n - 1)) }},
	} {
		define(name+"(_float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			m, err := momentsOf(name, a[0])
			if err != nil || m.n < f.least {
				return types.Null, err
			}
			return types.NewFloat(f.result(&m)), nil
		}))
	}

	define("float8_regr_accum(_float8,float8,float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		r, err := regressionOf("float8_regr_accum", a[0])
		if err == nil {
			err = r.add(a[1].Float(), a[2].Float())
		}
		return floatArray(r.n, r.sx, r.sxx, r.sy, r.syy, r.sxy), err
	}))
	define("float8_regr_combine(_float8,_float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		r, err := regressionOf("float8_regr_combine", a[0])
		if err != nil {
			return types.Null, err
		}
		o, err := regressionOf("float8_regr_combine", a[1])
		if err == nil {
			err = r.merge(&o)
		}
		return floatArray(r.n, r.sx, r.sxx, r.sy, r.syy, r.sxy), err
	}))
	for _, f := range regressionResults {
		name := "float8_" + f.name
		define(name+"(_float8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			r, err := regressionOf(name, a[0])
			if err != nil || r.n < f.least {
				return types.Null, err
			}
			v, ok := f.result(&r)
			if !ok {
				return types.Null, nil
			}
			return types.NewFloat(v), nil
		}))
	}
}

// countAndSum takes apart the array that holds both.
func countAndSum(d types.Datum) (n, sum int64, err error) {
	a := d.Array()
	if len(a.Dims) != 1 || len(a.Elems) != 2 || a.Elems[0].IsNull() || a.Elems[1].IsNull() {
		return 0, 0, pgerr.New(pgerr.InternalError, "expected 2-element int8 array")
	}
	return a.Elems[0].I, a.Elems[1].I, nil
}

func intArray(v ...int64) types.Datum {
	elems := make([]types.Datum, len(v))
	for i, n := range v {
		elems[i] = types.NewInt(n)
	}
	return types.NewAny(types.NewArray(types.Int8, elems))
}

// intStates registers the functions of counts and of sums of integers.
func intStates() {
	plus := func(sig string) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) { return bySignature(sig).Eval(ctx, a) }
	}
	int8pl, int8mi, int4pl := plus("int8pl(int8,int8)"), plus("int8mi(int8,int8)"), plus("int4pl(int4,int4)")
	count := func(step EvalFunc) Func {
		return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return step(ctx, []types.Datum{a[0], types.NewInt(1)})
		})
	}
	define("int4inc(int4)", count(int4pl))
	define("int8inc_any(int8,any) int8inc_float8_float8(int8,float8,float8)", count(int8pl))
	define("int8dec(int8) int8dec_any(int8,any)", count(int8mi))

	// A sum that has begun goes on, one that has not begins with the first value there is.
	sum := func(start func(v types.Datum) types.Datum, add EvalFunc) Func {
		return fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			switch {
			case a[1].IsNull():
				return a[0], nil
			case a[0].IsNull():
				return start(a[1]), nil
			}
			return add(ctx, []types.Datum{a[0], start(a[1])})
		})
	}
	same := func(v types.Datum) types.Datum { return v }
	// As in PostgreSQL, a sum of smaller integers does not look for overflow.
	wrap := func(_ *Ctx, a []types.Datum) (types.Datum, error) { return types.NewInt(a[0].I + a[1].I), nil }
	define("int2_sum(int8,int2) int4_sum(int8,int4)", sum(same, wrap))
	define("int8_sum(numeric,int8)", sum(func(v types.Datum) types.Datum { return types.NewDecimal(types.DecimalInt(v.I)) }, plus("numeric_add(numeric,numeric)")))

	step := func(sign int64) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			n, sum, err := countAndSum(a[0])
			return intArray(n+sign, sum+sign*a[1].I), err
		})
	}
	define("int2_avg_accum(_int8,int2) int4_avg_accum(_int8,int4)", step(1))
	define("int2_avg_accum_inv(_int8,int2) int4_avg_accum_inv(_int8,int4)", step(-1))
	define("int4_avg_combine(_int8,_int8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		n, sum, err := countAndSum(a[0])
		if err != nil {
			return types.Null, err
		}
		m, more, err := countAndSum(a[1])
		return intArray(n+m, sum+more), err
	}))
	define("int8_avg(_int8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		n, sum, err := countAndSum(a[0])
		if err != nil || n == 0 {
			return types.Null, err
		}
		v, err := types.DecimalInt(sum).Div(types.DecimalInt(n))
		return types.NewDecimal(v), err
	}))
	define("int2int4_sum(_int8)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		n, sum, err := countAndSum(a[0])
		if err != nil || n == 0 {
			return types.Null, err
		}
		return types.NewInt(sum), nil
	}))
}

func init() {
	floatStates()
	intStates()
}
