package builtin

import (
	"math"
	"slices"

	"rowkey/pgerr"
	"rowkey/types"
)

// Ordered-set and hypothetical-set aggregates: they keep a group's rows, sort
// them when the result is asked for, and look at positions. Rows whose
// (single) value is NULL count only for the hypothetical ones.

// orderedGroup is what is kept of a group: the direct arguments of its first
// row and the values to sort, width of them a row.
type orderedGroup struct {
	direct []types.Datum
	rows   []types.Datum
	ok     bool
}

type orderedState struct {
	argTypes []*types.Type
	direct   int
	order    []SortOrder
	nulls    bool // keep rows that are NULL
	finish   func(ctx *Ctx, s *orderedState, g *orderedGroup) (types.Datum, error)
	groups   []orderedGroup
	bytes    int64
}

func orderedAgg(hypothetical bool, finish func(ctx *Ctx, s *orderedState, g *orderedGroup) (types.Datum, error)) Func {
	make := func(t []*types.Type, direct int, order []SortOrder) AggState {
		for len(order) < len(t)-direct {
			order = append(order, SortOrder{})
		}
		return &orderedState{argTypes: t, direct: direct, order: order, nulls: hypothetical, finish: finish}
	}
	return Func{Agg: &Agg{
		OrderedSet: true, Hypothetical: hypothetical, IgnoresOrder: true, NewOrdered: make,
		New: func(t []*types.Type) AggState {
			direct := len(t) - 1
			if hypothetical {
				direct = len(t) / 2
			}
			return make(t, direct, nil)
		},
	}}
}

func (s *orderedState) width() int { return len(s.argTypes) - s.direct }

// Grow implements AggState.
func (s *orderedState) Grow(n int) { s.groups = growStates(s.groups, n) }

// Add implements AggState.
func (s *orderedState) Add(_ *Ctx, args []Arg, groups []int32, n int, sel []int32) error {
	return rows(n, sel, nil, func(i int) error {
		g := &s.groups[0]
		if groups != nil {
			g = &s.groups[groups[i]]
		}
		if !g.ok {
			g.ok = true
			for _, a := range args[:s.direct] {
				g.direct = append(g.direct, a.Datum(i&a.mask()))
			}
		}
		if last := args[len(args)-1]; !s.nulls && last.IsNull(i&last.mask()) {
			return nil
		}
		for _, a := range args[s.direct:] {
			d := a.Datum(i & a.mask())
			g.rows = append(g.rows, d)
			s.bytes += datumBytes(d)
		}
		return nil
	})
}

// Result implements AggState.
func (s *orderedState) Result(ctx *Ctx, from, count int, out *types.Vec) error {
	for i := range count {
		d, err := s.finish(ctx, s, &s.groups[from+i])
		if err != nil {
			return err
		}
		out.Set(i, d)
	}
	return nil
}

// Merge implements AggState.
func (s *orderedState) Merge(_ *Ctx, other AggState, into []int32) error {
	o := other.(*orderedState)
	for i := range o.groups {
		g, h := &s.groups[into[i]], &o.groups[i]
		if !g.ok {
			g.direct, g.ok = h.direct, h.ok
		}
		g.rows = append(g.rows, h.rows...)
	}
	s.bytes += o.bytes
	return nil
}

// Bytes implements AggState.
func (s *orderedState) Bytes() int64 { return s.bytes }

// compare orders two rows of sort values by the ORDER BY.
func (s *orderedState) compare(a, b []types.Datum) int {
	for i, o := range s.order[:s.width()] {
		if a[i].IsNull() || b[i].IsNull() {
			switch {
			case a[i].IsNull() && b[i].IsNull():
				continue
			case a[i].IsNull() == o.NullsFirst:
				return -1
			}
			return 1
		}
		c := types.Compare(s.argTypes[s.direct+i], a[i], b[i])
		if o.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// sorted gives the values of a group of single values in order.
func (s *orderedState) sorted(g *orderedGroup) []types.Datum {
	slices.SortStableFunc(g.rows, func(a, b types.Datum) int { return s.compare([]types.Datum{a}, []types.Datum{b}) })
	return g.rows
}

func checkFraction(p float64) error {
	if p < 0 || p > 1 || math.IsNaN(p) {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1",
			types.AppendText(nil, types.Float8, types.NewFloat(p), nil))
	}
	return nil
}

// percentile makes percentile_cont and percentile_disc: at finds the value for
// one fraction among sorted values, of which there is at least one.
func percentile(at func(ctx *Ctx, vals []types.Datum, p float64) (types.Datum, error)) Func {
	return orderedAgg(false, func(ctx *Ctx, s *orderedState, g *orderedGroup) (types.Datum, error) {
		if !g.ok || g.direct[0].IsNull() {
			return types.Null, nil
		}
		if arg := g.direct[0]; arg.K != types.PhysAny {
			if err := checkFraction(arg.Float()); err != nil {
				return types.Null, err
			}
			if len(g.rows) == 0 {
				return types.Null, nil
			}
			return at(ctx, s.sorted(g), arg.Float())
		}
		fractions := g.direct[0].Array()
		r := &types.Array{Elem: s.argTypes[s.direct], Dims: fractions.Dims, Elems: make([]types.Datum, len(fractions.Elems))}
		if len(g.rows) == 0 {
			return types.Null, nil
		}
		vals := s.sorted(g)
		for i, p := range fractions.Elems {
			if p.IsNull() {
				continue
			}
			if err := checkFraction(p.Float()); err != nil {
				return types.Null, err
			}
			d, err := at(ctx, vals, p.Float())
			if err != nil {
				return types.Null, err
			}
			r.Elems[i] = d
		}
		return types.NewAny(r), nil
	})
}

func discrete(_ *Ctx, vals []types.Datum, p float64) (types.Datum, error) {
	return vals[max(int(math.Ceil(p*float64(len(vals)))), 1)-1], nil
}

// continuous interpolates between neighbours with lerp.
func continuous(lerp func(ctx *Ctx, lo, hi types.Datum, part float64) (types.Datum, error)) func(*Ctx, []types.Datum, float64) (types.Datum, error) {
	return func(ctx *Ctx, vals []types.Datum, p float64) (types.Datum, error) {
		at := p * float64(len(vals)-1)
		lo, hi := int(math.Floor(at)), int(math.Ceil(at))
		if lo == hi {
			return vals[lo], nil
		}
		return lerp(ctx, vals[lo], vals[hi], at-float64(lo))
	}
}

func lerpFloat(_ *Ctx, lo, hi types.Datum, part float64) (types.Datum, error) {
	return types.NewFloat(lo.Float() + part*(hi.Float()-lo.Float())), nil
}

func lerpInterval(ctx *Ctx, lo, hi types.Datum, part float64) (types.Datum, error) {
	d, err := bySignature("interval_mi(interval,interval)").Eval(ctx, []types.Datum{hi, lo})
	if err != nil {
		return d, err
	}
	if d, err = bySignature("interval_mul(interval,float8)").Eval(ctx, []types.Datum{d, types.NewFloat(part)}); err != nil {
		return d, err
	}
	return bySignature("interval_pl(interval,interval)").Eval(ctx, []types.Datum{d, lo})
}

func mode(_ *Ctx, s *orderedState, g *orderedGroup) (types.Datum, error) {
	vals := s.sorted(g)
	best, bestRun := types.Null, 0
	for i := 0; i < len(vals); {
		j := i + 1
		for j < len(vals) && s.compare(vals[i:i+1], vals[j:j+1]) == 0 {
			j++
		}
		if j-i > bestRun {
			best, bestRun = vals[i], j-i
		}
		i = j
	}
	return best, nil
}

// hypothetical counts how a group's rows stand to the direct arguments: how
// many sort before them, how many before or equal, and how many distinct ones
// before.
func hypothetical(result func(before, upTo, distinct, n int64) types.Datum) Func {
	return orderedAgg(true, func(_ *Ctx, s *orderedState, g *orderedGroup) (types.Datum, error) {
		w := s.width()
		if !g.ok {
			return result(0, 0, 0, 0), nil
		}
		if len(g.direct) != w {
			return types.Null, pgerr.New(pgerr.InternalError, "hypothetical-set aggregate with wrong number of direct arguments")
		}
		var before [][]types.Datum
		var upTo, n int64
		for i := 0; i < len(g.rows); i += w {
			row := g.rows[i : i+w]
			n++
			switch c := s.compare(row, g.direct); {
			case c < 0:
				before = append(before, row)
				upTo++
			case c == 0:
				upTo++
			}
		}
		slices.SortFunc(before, s.compare)
		count := int64(len(before))
		distinct := int64(len(slices.CompactFunc(before, func(a, b []types.Datum) bool { return s.compare(a, b) == 0 })))
		return result(count, upTo, distinct, n), nil
	})
}

func init() {
	define("percentile_disc(float8,anyelement) percentile_disc(_float8,anyelement)", percentile(discrete))
	define("percentile_cont(float8,float8) percentile_cont(_float8,float8)", percentile(continuous(lerpFloat)))
	define("percentile_cont(float8,interval) percentile_cont(_float8,interval)", percentile(continuous(lerpInterval)))
	define("mode(anyelement)", orderedAgg(false, mode))
	define("rank(any)", hypothetical(func(before, _, _, _ int64) types.Datum { return types.NewInt(before + 1) }))
	define("dense_rank(any)", hypothetical(func(_, _, distinct, _ int64) types.Datum { return types.NewInt(distinct + 1) }))
	define("percent_rank(any)", hypothetical(func(before, _, _, n int64) types.Datum {
		if n == 0 {
			return types.NewFloat(0)
		}
		return types.NewFloat(float64(before) / float64(n))
	}))
	define("cume_dist(any)", hypothetical(func(_, upTo, _, n int64) types.Datum {
		return types.NewFloat(float64(upTo+1) / float64(n+1))
	}))
}
