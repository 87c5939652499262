package builtin

import (
	"math"

	"rowkey/pgerr"
	"rowkey/types"
)

func errMissing(sig string) error { return pgerr.Unsupported("function %s is not supported", sig) }

// Variances and regressions. Over floats they follow Youngs and Cramer, whose
// updates keep the sum of squared differences from the mean; over exact types
// they are computed exactly from the sums of values and squares.

// moments is the state over floats.
type moments struct{ n, sx, sxx float64 }

func (m *moments) add(v float64) error {
	n0, sx0 := m.n, m.sx
	m.n++
	m.sx += v
	if n0 == 0 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			m.sxx = math.NaN()
		}
		return nil
	}
	t := v*m.n - m.sx
	m.sxx += t * t / (m.n * n0)
	if math.IsInf(m.sx, 0) || math.IsInf(m.sxx, 0) {
		if !math.IsInf(sx0, 0) && !math.IsInf(v, 0) {
			return errOverflow()
		}
		m.sxx = math.NaN()
	}
	return nil
}

func (m *moments) merge(o *moments) error {
	if o.n == 0 {
		return nil
	}
	if m.n == 0 {
		*m = *o
		return nil
	}
	n := m.n + o.n
	t := m.sx/m.n - o.sx/o.n
	sx, sxx := m.sx+o.sx, m.sxx+o.sxx+m.n*o.n*t*t/n
	if math.IsInf(sx, 0) && !math.IsInf(m.sx, 0) && !math.IsInf(o.sx, 0) ||
		math.IsInf(sxx, 0) && !math.IsInf(m.sxx, 0) && !math.IsInf(o.sxx, 0) {
		return errOverflow()
	}
	*m = moments{n, sx, sxx}
	return nil
}

func momentsAgg(least float64, result func(m *moments) float64) Func {
	return agg(fold[float64, moments]{
		step: (*moments).add,
		dense: func(m *moments, list []float64) error {
			for _, v := range list {
				if err := m.add(v); err != nil {
					return err
				}
			}
			return nil
		},
		merge: (*moments).merge,
		result: func(_ *Ctx, m *moments) (types.Datum, error) {
			if m.n < least {
				return types.Null, nil
			}
			return types.NewFloat(result(m)), nil
		},
	})
}

// exactMoments is the state over exact numbers.
type exactMoments struct{ x, xx types.DecimalSum }

func exactAgg[A any](add func(m *exactMoments, v A) error, sample, root bool) Func {
	return anyOrder(agg(fold[A, exactMoments]{
		step: add,
		merge: func(m, o *exactMoments) error {
			m.x.Merge(&o.x)
			m.xx.Merge(&o.xx)
			return nil
		},
		result: func(_ *Ctx, m *exactMoments) (types.Datum, error) {
			v, null, err := types.DecimalVariance(&m.x, &m.xx, sample, root)
			if err != nil || null {
				return types.Null, err
			}
			return types.NewDecimal(v), nil
		},
		size: func(m *exactMoments) int64 { return m.x.Bytes() + m.xx.Bytes() },
	}))
}

func addMomentInt(m *exactMoments, v int64) error {
	m.x.AddInt(v)
	m.xx.AddSquare(v)
	return nil
}

func addMoment(m *exactMoments, v types.Decimal) error {
	m.x.Add(v)
	m.xx.AddSquareOf(v)
	return nil
}

// regression is the state of the two-variable aggregates.
type regression struct{ n, sx, sxx, sy, syy, sxy float64 }

func odd(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

func (r *regression) add(y, x float64) error {
	old := *r
	r.n++
	r.sx += x
	r.sy += y
	if old.n == 0 {
		if odd(x) {
			r.sxx, r.sxy = math.NaN(), math.NaN()
		}
		if odd(y) {
			r.syy, r.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	tx, ty := x*r.n-r.sx, y*r.n-r.sy
	scale := 1 / (r.n * old.n)
	r.sxx += tx * tx * scale
	r.syy += ty * ty * scale
	r.sxy += tx * ty * scale
	if inf(r.sx) || inf(r.sxx) || inf(r.sy) || inf(r.syy) || inf(r.sxy) {
		okX, okY := !inf(old.sx) && !inf(x), !inf(old.sy) && !inf(y)
		if (inf(r.sx) || inf(r.sxx)) && okX || (inf(r.sy) || inf(r.syy)) && okY || inf(r.sxy) && okX && okY {
			return errOverflow()
		}
		for _, v := range []*float64{&r.sxx, &r.syy, &r.sxy} {
			if inf(*v) {
				*v = math.NaN()
			}
		}
	}
	return nil
}

func (r *regression) merge(o *regression) error {
	if o.n == 0 {
		return nil
	}
	if r.n == 0 {
		*r = *o
		return nil
	}
	n := r.n + o.n
	tx, ty := r.sx/r.n-o.sx/o.n, r.sy/r.n-o.sy/o.n
	sum := regression{
		n: n, sx: r.sx + o.sx, sy: r.sy + o.sy,
		sxx: r.sxx + o.sxx + r.n*o.n*tx*tx/n,
		syy: r.syy + o.syy + r.n*o.n*ty*ty/n,
		sxy: r.sxy + o.sxy + r.n*o.n*tx*ty/n,
	}
	over := func(v, a, b float64) bool { return inf(v) && !inf(a) && !inf(b) }
	if over(sum.sx, r.sx, o.sx) || over(sum.sy, r.sy, o.sy) || over(sum.sxx, r.sxx, o.sxx) ||
		over(sum.syy, r.syy, o.syy) || over(sum.sxy, r.sxy, o.sxy) {
		return errOverflow()
	}
	*r = sum
	return nil
}

// regressionAgg makes a two-variable aggregate; result says false for NULL.
func regressionAgg(least float64, result func(r *regression) (float64, bool)) Func {
	return rowAgg(func([]*types.Type) rowFold[regression] {
		return rowFold[regression]{
			step: func(_ *Ctx, r *regression, row []types.Datum) error {
				if row[0].IsNull() || row[1].IsNull() {
					return nil
				}
				return r.add(row[0].Float(), row[1].Float())
			},
			merge: (*regression).merge,
			result: func(_ *Ctx, r *regression) (types.Datum, error) {
				if r.n < least {
					return types.Null, nil
				}
				v, ok := result(r)
				if !ok {
					return types.Null, nil
				}
				return types.NewFloat(v), nil
			},
		}
	})
}

func init() {
	for _, v := range []struct {
		names        []string
		sample, root bool
	}{
		{[]string{"variance", "var_samp"}, true, false}, {[]string{"var_pop"}, false, false},
		{[]string{"stddev", "stddev_samp"}, true, true}, {[]string{"stddev_pop"}, false, true},
	} {
		for _, name := range v.names {
			for _, t := range []string{"int2", "int4", "int8"} {
				define(name+"("+t+")", exactAgg(addMomentInt, v.sample, v.root))
			}
			define(name+"(numeric)", exactAgg(addMoment, v.sample, v.root))
			least := 1.0
			if v.sample {
				least = 2
			}
			f := momentsAgg(least, func(m *moments) float64 {
				n := m.n
				if v.sample {
					n--
				}
				if v.root {
					return math.Sqrt(m.sxx / n)
				}
				return m.sxx / n
			})
			define(name+"(float4) "+name+"(float8)", f)
		}
	}
	define("avg(float4) avg(float8)", momentsAgg(1, func(m *moments) float64 { return m.sx / m.n }))

	two := func(name string, least float64, result func(r *regression) (float64, bool)) {
		define(name+"(float8,float8)", regressionAgg(least, result))
	}
	define("regr_count(float8,float8)", rowAgg(func([]*types.Type) rowFold[int64] {
		return rowFold[int64]{
			step: func(_ *Ctx, n *int64, row []types.Datum) error {
				if !row[0].IsNull() && !row[1].IsNull() {
					*n++
				}
				return nil
			},
			merge:  func(n, o *int64) error { *n += *o; return nil },
			result: func(_ *Ctx, n *int64) (types.Datum, error) { return types.NewInt(*n), nil },
		}
	}))
	for _, f := range regressionResults {
		two(f.name, f.least, f.result)
	}
}

// regressionResults are what a regression tells; false stands for NULL.
var regressionResults = []struct {
	name   string
	least  float64 // pairs that it takes
	result func(r *regression) (float64, bool)
}{
	{"regr_sxx", 1, func(r *regression) (float64, bool) { return r.sxx, true }},
	{"regr_syy", 1, func(r *regression) (float64, bool) { return r.syy, true }},
	{"regr_sxy", 1, func(r *regression) (float64, bool) { return r.sxy, true }},
	{"regr_avgx", 1, func(r *regression) (float64, bool) { return r.sx / r.n, true }},
	{"regr_avgy", 1, func(r *regression) (float64, bool) { return r.sy / r.n, true }},
	{"covar_pop", 1, func(r *regression) (float64, bool) { return r.sxy / r.n, true }},
	{"covar_samp", 2, func(r *regression) (float64, bool) { return r.sxy / (r.n - 1), true }},
	{"corr", 1, func(r *regression) (float64, bool) {
		return r.sxy / math.Sqrt(r.sxx*r.syy), r.sxx != 0 && r.syy != 0
	}},
	{"regr_r2", 1, func(r *regression) (float64, bool) {
		if r.syy == 0 {
			return 1, r.sxx != 0
		}
		return r.sxy * r.sxy / (r.sxx * r.syy), r.sxx != 0
	}},
	{"regr_slope", 1, func(r *regression) (float64, bool) { return r.sxy / r.sxx, r.sxx != 0 }},
	{"regr_intercept", 1, func(r *regression) (float64, bool) { return (r.sy - r.sx*r.sxy/r.sxx) / r.n, r.sxx != 0 }},
}
