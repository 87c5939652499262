package builtin

import (
	"cmp"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of ranges and multiranges. The algebra is package types'; a multirange
// meets a range as the multirange of that range alone. Constructors are made for
// each range type, the user's (RangeFuncs) like PostgreSQL's own.

// rangeFlags reads the third argument of a constructor.
func rangeFlags(d types.Datum) (lower, upper bool, err error) {
	if d.IsNull() {
		return false, false, pgerr.New(pgerr.DataException, "range constructor flags argument must not be null")
	}
	switch d.S {
	case "[]":
		return true, true, nil
	case "[)":
		return true, false, nil
	case "(]":
		return false, true, nil
	case "()":
		return false, false, nil
	}
	return false, false, pgerr.New(pgerr.SyntaxError, "invalid range bound flags").
		WithHint(`Valid values are "[]", "[)", "(]", and "()".`)
}

// makeRange makes the constructor of a range type, with and without flags.
func makeRange(t *types.Type) Func {
	return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		lower := types.Bound{Val: a[0], Infinite: a[0].IsNull(), Inc: true, IsLower: true}
		upper := types.Bound{Val: a[1], Infinite: a[1].IsNull()}
		if len(a) == 3 {
			var err error
			if lower.Inc, upper.Inc, err = rangeFlags(a[2]); err != nil {
				return types.Null, err
			}
		}
		return anyOrError(types.MakeRange(t, lower, upper))
	})
}

func anyOrError[T any](v T, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return types.NewAny(v), nil
}

// makeMultirange makes the constructor of a multirange type from an array of ranges.
func makeMultirange(t *types.Type) Func {
	return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		x := a[0].Array()
		if len(x.Dims) > 1 {
			return types.Null, pgerr.New(pgerr.CardinalityViolation, "multiranges cannot be constructed from multidimensional arrays")
		}
		list := make([]*types.Range, len(x.Elems))
		for i, e := range x.Elems {
			if e.IsNull() {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "multirange values cannot contain null members")
			}
			list[i] = e.Range()
		}
		return types.NewAny(types.MakeMultirange(t, list)), nil
	})
}

// multiOf is the multirange of one range.
func multiOf(r *types.Range) *types.Multirange {
	return types.MakeMultirange(r.Type.Multirange, []*types.Range{r})
}

// RangeFuncs makes the constructors of a user's range type and its multirange type:
// (a,b), (a,b,flags); (), (range) and (VARIADIC range[]).
func RangeFuncs(t *types.Type) []*Func {
	multi := t.Multirange
	empty := fn(func(*Ctx, []types.Datum) (types.Datum, error) {
		return types.NewAny(types.MakeMultirange(multi, nil)), nil
	})
	of := func(f Func, result *types.Type, args ...*types.Type) *Func {
		f.Name, f.Args, f.Result, f.Kind, f.Volatility = result.Name, args, result, Scalar, Immutable
		f.NotStrict = result == t
		return &f
	}
	list := []*Func{
		of(makeRange(t), t, t.Subtype, t.Subtype), of(makeRange(t), t, t.Subtype, t.Subtype, types.Text),
		of(empty, multi), of(f1(multiOf), multi, t), of(makeMultirange(multi), multi, t.Array),
	}
	list[4].Variadic = t
	return list
}

// defineEnds defines what lower, upper and the like say of a range, and none of an
// empty multirange.
func defineEnds(name string, of func(r *types.Range) types.Datum, none types.Datum) {
	define(name+"(anyrange)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return of(a[0].Range()), nil }))
	define(name+"(anymultirange)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		m := a[0].Multirange()
		if len(m.Ranges) == 0 {
			return none, nil
		}
		first, last := m.Ranges[0], m.Ranges[len(m.Ranges)-1]
		return of(&types.Range{Type: first.Type, Lower: first.Lower, LowerInc: first.LowerInc, LowerInf: first.LowerInf,
			Upper: last.Upper, UpperInc: last.UpperInc, UpperInf: last.UpperInf}), nil
	}))
}

// defineSpans defines an operator function for the four pairs of ranges and
// multiranges: by the spans of both, which must not be empty.
func defineSpans(verb string, rel func(a, b *types.Range) bool) {
	span := func(m *types.Multirange) *types.Range { return m.Span() }
	define("range_"+verb+"(anyrange,anyrange)", f2(rel))
	define("range_"+verb+"_multirange(anyrange,anymultirange)", f2(func(a *types.Range, b *types.Multirange) bool { return rel(a, span(b)) }))
	define("multirange_"+verb+"_range(anymultirange,anyrange)", f2(func(a *types.Multirange, b *types.Range) bool { return rel(span(a), b) }))
	define("multirange_"+verb+"_multirange(anymultirange,anymultirange)", f2(func(a, b *types.Multirange) bool { return rel(span(a), span(b)) }))
}

func flip[A, B any](f func(A, B) bool) func(B, A) bool { return func(b B, a A) bool { return f(a, b) } }

func init() {
	type R = *types.Range
	type M = *types.Multirange
	defineRangeTypes()

	isTrue := types.NewBool
	defineEnds("lower", func(r R) types.Datum { return r.Lower }, types.Null)
	defineEnds("upper", func(r R) types.Datum { return r.Upper }, types.Null)
	defineEnds("isempty", func(r R) types.Datum { return isTrue(r.Empty) }, isTrue(true))
	defineEnds("lower_inc", func(r R) types.Datum { return isTrue(r.LowerInc) }, isTrue(false))
	defineEnds("upper_inc", func(r R) types.Datum { return isTrue(r.UpperInc) }, isTrue(false))
	defineEnds("lower_inf", func(r R) types.Datum { return isTrue(r.LowerInf) }, isTrue(false))
	defineEnds("upper_inf", func(r R) types.Datum { return isTrue(r.UpperInf) }, isTrue(false))

	defineSix("range_%(anyrange,anyrange)", comparisonsBy(types.CompareRanges))
	defineSix("multirange_%(anymultirange,anymultirange)", comparisonsBy(types.CompareMultiranges))
	define("range_cmp(anyrange,anyrange)", f2(func(a, b R) int64 { return int64(cmp.Compare(types.CompareRanges(a, b), 0)) }))
	define("multirange_cmp(anymultirange,anymultirange)", f2(func(a, b M) int64 { return int64(cmp.Compare(types.CompareMultiranges(a, b), 0)) }))

	// Which stands where.
	defineSpans("before", R.Before)
	defineSpans("after", flip(R.Before))
	defineSpans("overleft", R.OverLeft)
	defineSpans("overright", R.OverRight)
	define("range_adjacent(anyrange,anyrange)", f2(R.Adjacent))
	meets := func(r R, m M) bool { return multiOf(r).Meets(m) }
	define("range_adjacent_multirange(anyrange,anymultirange)", f2(meets))
	define("multirange_adjacent_range(anymultirange,anyrange)", f2(flip(meets)))
	define("multirange_adjacent_multirange(anymultirange,anymultirange)", f2(M.Meets))

	// What has what.
	define("range_overlaps(anyrange,anyrange)", f2(R.Overlaps))
	define("multirange_overlaps_range(anymultirange,anyrange)", f2(M.Overlaps))
	define("range_overlaps_multirange(anyrange,anymultirange)", f2(flip(M.Overlaps)))
	define("multirange_overlaps_multirange(anymultirange,anymultirange)", f2(M.OverlapsAny))
	define("range_contains(anyrange,anyrange)", f2(R.Contains))
	define("range_contained_by(anyrange,anyrange)", f2(flip(R.Contains)))
	define("range_contains_elem(anyrange,anyelement)", f2(R.ContainsElem))
	define("elem_contained_by_range(anyelement,anyrange)", f2(flip(R.ContainsElem)))
	define("multirange_contains_elem(anymultirange,anyelement)", f2(M.ContainsElem))
	define("elem_contained_by_multirange(anyelement,anymultirange)", f2(flip(M.ContainsElem)))
	define("multirange_contains_range(anymultirange,anyrange)", f2(M.Contains))
	define("range_contained_by_multirange(anyrange,anymultirange)", f2(flip(M.Contains)))
	define("multirange_contains_multirange(anymultirange,anymultirange)", f2(M.ContainsAll))
	define("multirange_contained_by_multirange(anymultirange,anymultirange)", f2(flip(M.ContainsAll)))
	holds := func(r R, m M) bool { return r.Contains(m.Span()) }
	define("range_contains_multirange(anyrange,anymultirange)", f2(holds))
	define("multirange_contained_by_range(anymultirange,anyrange)", f2(flip(holds)))

	// Algebra.
	define("range_union(anyrange,anyrange)", f2e(R.Union))
	define("range_merge(anyrange,anyrange)", f2(R.Merge))
	define("range_merge(anymultirange)", f1(M.Span))
	define("range_minus(anyrange,anyrange)", f2e(R.Minus))
	define("range_intersect(anyrange,anyrange)", f2(R.Intersect))
	define("multirange_union(anymultirange,anymultirange)", f2(M.Union))
	define("multirange_minus(anymultirange,anymultirange)", f2e(M.Minus))
	define("multirange_intersect(anymultirange,anymultirange)", f2(M.Intersect))
	define("multirange(anyrange)", f1(multiOf))
	define("unnest(anymultirange)", setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		for _, r := range a[0].Multirange().Ranges {
			if err := emit([]types.Datum{types.NewAny(r)}); err != nil {
				return err
			}
		}
		return nil
	}))

	define("range_agg(anyrange)", rangeAgg(func(d types.Datum) []R { return []R{d.Range()} }))
	define("range_agg(anymultirange)", rangeAgg(func(d types.Datum) []R { return d.Multirange().Ranges }))
	define("range_intersect_agg(anyrange)", intersectAgg(R.Intersect))
	define("range_intersect_agg(anymultirange)", intersectAgg(M.Intersect))
}

// defineRangeTypes defines what is made for each of PostgreSQL's range types.
func defineRangeTypes() {
	define("int4range_subdiff(int4,int4) int8range_subdiff(int8,int8) daterange_subdiff(date,date)",
		f2(func(a, b int64) float64 { return float64(a) - float64(b) }))
	define("tsrange_subdiff(timestamp,timestamp) tstzrange_subdiff(timestamptz,timestamptz)",
		f2(func(a, b int64) float64 { return (float64(a) - float64(b)) / types.MicrosPerSecond }))
	define("numrange_subdiff(numeric,numeric)", f2e(func(a, b types.Decimal) (float64, error) {
		d, err := a.Sub(b)
		return d.Float(), err
	}))
	for _, t := range []*types.Type{types.Int4Range, types.Int8Range, types.NumRange, types.DateRange, types.TsRange, types.TstzRange} {
		for _, f := range RangeFuncs(t) {
			define(signature(f.Name, f.Args), Func{Eval: f.Eval})
		}
		if t.Discrete() { // all values are in canonical form
			define(t.Name+"_canonical("+t.Name+")", f1(func(r *types.Range) *types.Range { return r }))
		}
	}
}

// rangeAgg makes the aggregate that unites ranges to a multirange.
func rangeAgg(parts func(types.Datum) []*types.Range) Func {
	type S struct {
		list []*types.Range
		ok   bool
	}
	return anyOrder(rowAgg(func(t []*types.Type) rowFold[S] {
		multi := t[0].Under()
		if multi.IsRange() {
			multi = multi.Multirange
		}
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				if !row[0].IsNull() {
					s.list, s.ok = append(s.list, parts(row[0])...), true
				}
				return nil
			},
			merge: func(s, o *S) error {
				s.list, s.ok = append(s.list, o.list...), s.ok || o.ok
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if !s.ok {
					return types.Null, nil
				}
				return types.NewAny(types.MakeMultirange(multi, append([]*types.Range(nil), s.list...))), nil
			},
			size: func(s *S) int64 { return int64(cap(s.list)) * rangeBytes },
		}
	}))
}

// rangeBytes is about the memory of a range.
const rangeBytes = 200

func intersectAgg[T any](intersect func(a, b T) T) Func {
	type S = seen[T]
	return anyOrder(rowAgg(func([]*types.Type) rowFold[S] {
		step := func(s *S, v T) {
			if s.ok {
				v = intersect(s.v, v)
			}
			s.v, s.ok = v, true
		}
		return rowFold[S]{
			step: func(_ *Ctx, s *S, row []types.Datum) error {
				if !row[0].IsNull() {
					step(s, row[0].X.(T))
				}
				return nil
			},
			merge: func(s, o *S) error {
				if o.ok {
					step(s, o.v)
				}
				return nil
			},
			result: func(_ *Ctx, s *S) (types.Datum, error) {
				if !s.ok {
					return types.Null, nil
				}
				return types.NewAny(s.v), nil
			},
			size: func(*S) int64 { return rangeBytes },
		}
	}))
}
