package builtin

import (
	"math"
	"math/big"
	"math/bits"

	"rowkey/types"
)

// count, sum, avg, min, max, bool_and … for all types.

// countState is count(*) and count(x).
type countState struct{ n []int64 }

func (c *countState) Grow(n int) { c.n = growStates(c.n, n) }

func (c *countState) Add(_ *Ctx, args []Arg, groups []int32, n int, sel []int32) error {
	var nulls []bool
	if len(args) > 0 {
		if args[0].Const {
			if args[0].IsNull(0) {
				return nil
			}
		} else {
			nulls = nullMask(args[0].Vec)
		}
	}
	switch {
	case nulls == nil && groups == nil:
		c.n[0] += int64(rowCount(n, sel))
	case nulls == nil && sel == nil:
		for _, g := range groups[:n] {
			c.n[g]++
		}
	default:
		for j := range rowCount(n, sel) {
			i := j
			if sel != nil {
				i = int(sel[j])
			}
			if nulls != nil && nulls[i] {
				continue
			}
			if groups == nil {
				c.n[0]++
			} else {
				c.n[groups[i]]++
			}
		}
	}
	return nil
}

// CanRemove implements Remover.
func (c *countState) CanRemove([]Arg) bool { return true }

// Remove implements Remover.
func (c *countState) Remove(args []Arg, n int, sel []int32) {
	had := c.n[0]
	c.n[0] = 0
	_ = c.Add(nil, args, nil, n, sel) // counting does not fail
	c.n[0] = had - c.n[0]
}

func (c *countState) Result(_ *Ctx, from, count int, out *types.Vec) error {
	copy(out.I[:count], c.n[from:from+count])
	return nil
}

func (c *countState) Merge(_ *Ctx, other AggState, into []int32) error {
	for i, n := range other.(*countState).n {
		c.n[into[i]] += n
	}
	return nil
}

func (c *countState) Bytes() int64 { return int64(cap(c.n)) * 8 }

// wideSum is a 128-bit sum of integers and how many there were.
type wideSum struct {
	n      int64
	hi, lo uint64
}

func (s *wideSum) add(v int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(v), 0)
	s.hi += uint64(v>>63) + carry
	s.n++
}

func (s *wideSum) merge(o *wideSum) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, o.lo, 0)
	s.hi += o.hi + carry
	s.n += o.n
}

func (s *wideSum) decimal() types.Decimal {
	if int64(s.hi) == int64(s.lo)>>63 {
		return types.DecimalInt(int64(s.lo))
	}
	b := new(big.Int).Lsh(big.NewInt(int64(s.hi)), 64)
	return types.DecimalBig(b.Add(b, new(big.Int).SetUint64(s.lo)), 0)
}

func (s *wideSum) remove(v int64) {
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, uint64(v), 0)
	s.hi, _ = bits.Sub64(s.hi, uint64(v>>63), borrow)
	s.n--
}

func wideFold(result func(s *wideSum) (types.Decimal, error)) fold[int64, wideSum] {
	return fold[int64, wideSum]{
		step: func(s *wideSum, v int64) error { s.add(v); return nil },
		dense: func(s *wideSum, list []int64) error {
			for _, v := range list {
				s.add(v)
			}
			return nil
		},
		grouped: func(states []wideSum, groups []int32, list []int64) error {
			for i, v := range list {
				states[groups[i]].add(v)
			}
			return nil
		},
		merge: func(s, o *wideSum) error { s.merge(o); return nil },
		undo:  (*wideSum).remove,
		result: func(_ *Ctx, s *wideSum) (types.Datum, error) {
			if s.n == 0 {
				return types.Null, nil
			}
			d, err := result(s)
			return types.NewDecimal(d), err
		},
	}
}

// seen is a state that starts out empty.
type seen[T any] struct {
	v  T
	ok bool
}

// sumInt is the sum of smaller integers as bigint.
func sumInt() Func {
	type S struct{ v, n int64 }
	add := func(s *S, v, n int64) error {
		r, ok := addInt64(s.v, v)
		if !ok {
			return bigint.outOfRange()
		}
		s.v = r
		s.n += n
		return nil
	}
	return anyOrder(agg(fold[int64, S]{
		step: func(s *S, v int64) error { return add(s, v, 1) },
		undo: func(s *S, v int64) { s.v -= v; s.n-- },
		dense: func(s *S, list []int64) error {
			// The values are at most 32 bits wide: a batch's sum cannot overflow.
			var sum int64
			for _, v := range list {
				sum += v
			}
			return add(s, sum, int64(len(list)))
		},
		grouped: func(states []S, groups []int32, list []int64) error {
			for i, v := range list {
				s := &states[groups[i]]
				r, ok := addInt64(s.v, v)
				if !ok {
					return bigint.outOfRange()
				}
				s.v = r
				s.n++
			}
			return nil
		},
		merge: func(s, o *S) error { return add(s, o.v, o.n) },
		result: func(_ *Ctx, s *S) (types.Datum, error) {
			if s.n == 0 {
				return types.Null, nil
			}
			return types.NewInt(s.v), nil
		},
	}))
}

func seenResult[T any](datum func(T) types.Datum) func(*Ctx, *seen[T]) (types.Datum, error) {
	return func(_ *Ctx, s *seen[T]) (types.Datum, error) {
		if !s.ok {
			return types.Null, nil
		}
		return datum(s.v), nil
	}
}

func sumFloat(single bool) Func {
	type S = seen[float64]
	add := func(s *S, v float64) error {
		if !s.ok {
			s.v, s.ok = v, true
			return nil
		}
		r := round4(s.v+v, single)
		if math.IsInf(r, 0) && !math.IsInf(s.v, 0) && !math.IsInf(v, 0) {
			return errOverflow()
		}
		s.v = r
		return nil
	}
	return agg(fold[float64, S]{
		step: add,
		merge: func(s, o *S) error {
			if !o.ok {
				return nil
			}
			return add(s, o.v)
		},
		result: seenResult(types.NewFloat),
	})
}

// decimalFold makes an aggregate of the sum of numerics.
func decimalFold(result func(s *types.DecimalSum) (types.Decimal, error)) fold[types.Decimal, types.DecimalSum] {
	type S = types.DecimalSum
	return fold[types.Decimal, S]{
		step: func(s *S, v types.Decimal) error { s.Add(v); return nil },
		dense: func(s *S, list []types.Decimal) error {
			for i := range list {
				s.Add(list[i])
			}
			return nil
		},
		grouped: func(states []S, groups []int32, list []types.Decimal) error {
			for i := range list {
				states[groups[i]].Add(list[i])
			}
			return nil
		},
		merge: func(s, o *S) error { s.Merge(o); return nil },
		undo:  func(s *S, v types.Decimal) { s.Sub(v) },
		result: func(_ *Ctx, s *S) (types.Datum, error) {
			if s.Count == 0 {
				return types.Null, nil
			}
			d, err := result(s)
			return types.NewDecimal(d), err
		},
		size: (*S).Bytes,
	}
}

// extreme makes min or max: better tells whether a takes the place of b. Among
// equal values that differ in form (1.0 and 1.00) the last wins, as in
// PostgreSQL.
func extreme[T any](better func(a, b T) bool) Func {
	return ofSeen(func(s *seen[T], v T) error {
		if !s.ok || better(v, s.v) {
			s.v, s.ok = v, true
		}
		return nil
	})
}

// ofSeen makes an aggregate that keeps one value; step takes a row's, or what another part of the
// rows has kept.
func ofSeen[T any](step func(s *seen[T], v T) error) Func {
	type S = seen[T]
	return anyOrder(agg(fold[T, S]{
		step: step,
		merge: func(s, o *S) error {
			if !o.ok {
				return nil
			}
			return step(s, o.v)
		},
		result: seenResult(setter[T]()),
	}))
}

// extremeInt is extreme with loops for the most common class.
func extremeInt(least bool) Func {
	type S = seen[int64]
	f := fold[int64, S]{
		step: func(s *S, v int64) error {
			if !s.ok || (v < s.v) == least && v != s.v {
				s.v, s.ok = v, true
			}
			return nil
		},
		result: seenResult(types.NewInt),
	}
	f.merge = func(s, o *S) error {
		if !o.ok {
			return nil
		}
		return f.step(s, o.v)
	}
	f.dense = func(s *S, list []int64) error {
		if len(list) == 0 {
			return nil
		}
		best := list[0]
		if s.ok {
			best = s.v
		}
		if least {
			for _, v := range list {
				best = min(best, v)
			}
		} else {
			for _, v := range list {
				best = max(best, v)
			}
		}
		s.v, s.ok = best, true
		return nil
	}
	return anyOrder(agg(f))
}

// extremeOf makes min or max of a type whose order only types.Compare knows.
func extremeOf(least bool) Func {
	type S = types.Datum
	return anyOrder(rowAgg(func(t []*types.Type) rowFold[S] {
		step := func(_ *Ctx, s *S, row []types.Datum) error {
			d := row[0]
			if d.IsNull() {
				return nil
			}
			if !s.IsNull() {
				if c := types.Compare(t[0], d, *s); least && c > 0 || !least && c < 0 {
					return nil
				}
			}
			*s = d
			return nil
		}
		return rowFold[S]{
			step:   step,
			merge:  func(s, o *S) error { return step(nil, s, []types.Datum{*o}) },
			result: func(_ *Ctx, s *S) (types.Datum, error) { return *s, nil },
			size:   func(s *S) int64 { return datumBytes(*s) },
		}
	}))
}

// combine makes an aggregate that folds values with op.
func combine[T any](op func(a, b T) T) Func {
	return ofSeen(func(s *seen[T], v T) error {
		if s.ok {
			v = op(s.v, v)
		}
		s.v, s.ok = v, true
		return nil
	})
}

func init() {
	define("count() count(any)", anyOrder(Func{Agg: &Agg{New: func([]*types.Type) AggState { return &countState{} }}}))

	define("sum(int2) sum(int4)", sumInt())
	define("sum(int8)", anyOrder(agg(wideFold(func(s *wideSum) (types.Decimal, error) { return s.decimal(), nil }))))
	define("avg(int2) avg(int4) avg(int8)", anyOrder(agg(wideFold(func(s *wideSum) (types.Decimal, error) {
		return s.decimal().Div(types.DecimalInt(s.n))
	}))))
	define("sum(numeric)", anyOrder(agg(decimalFold((*types.DecimalSum).Sum))))
	define("avg(numeric)", anyOrder(agg(decimalFold((*types.DecimalSum).Avg))))
	define("sum(float4)", sumFloat(true))
	define("sum(float8)", sumFloat(false))

	ints := []string{"int2", "int4", "int8", "oid", "date", "time", "timestamp", "timestamptz", "tid", "anyenum"}
	for _, t := range ints {
		define("min("+t+")", extremeInt(true))
		define("max("+t+")", extremeInt(false))
	}
	define("min(xid8)", extreme(func(a, b int64) bool { return uint64(a) < uint64(b) }))
	define("max(xid8)", extreme(func(a, b int64) bool { return uint64(a) > uint64(b) }))
	define("min(float4) min(float8)", extreme(func(a, b float64) bool { return cmpFloat(a, b) <= 0 }))
	define("max(float4) max(float8)", extreme(func(a, b float64) bool { return cmpFloat(a, b) >= 0 }))
	define("min(text)", extreme(func(a, b string) bool { return a < b }))
	define("max(text)", extreme(func(a, b string) bool { return a > b }))
	define("min(bpchar)", extreme(func(a, b string) bool { return types.TrimBlanks(a) < types.TrimBlanks(b) }))
	define("max(bpchar)", extreme(func(a, b string) bool { return types.TrimBlanks(a) > types.TrimBlanks(b) }))
	define("min(numeric)", extreme(func(a, b types.Decimal) bool { return cmpDecimal(&a, &b) <= 0 }))
	define("max(numeric)", extreme(func(a, b types.Decimal) bool { return cmpDecimal(&a, &b) >= 0 }))
	define("min(interval) min(timetz) min(anyarray)", extremeOf(true))
	define("max(interval) max(timetz) max(anyarray)", extremeOf(false))

	define("bool_and(bool) every(bool)", combine(func(a, b bool) bool { return a && b }))
	define("bool_or(bool)", combine(func(a, b bool) bool { return a || b }))
	define("bit_and(int2) bit_and(int4) bit_and(int8)", combine(func(a, b int64) int64 { return a & b }))
	define("bit_or(int2) bit_or(int4) bit_or(int8)", combine(func(a, b int64) int64 { return a | b }))
	define("bit_xor(int2) bit_xor(int4) bit_xor(int8)", combine(func(a, b int64) int64 { return a ^ b }))

	define("sum(interval)", intervalAgg(false))
	define("avg(interval)", intervalAgg(true))
}

// intervalAgg rests on the interval operators, looked up when first used.
func intervalAgg(avg bool) Func {
	type S struct {
		n int64
		v types.Datum
	}
	return anyOrder(rowAgg(func([]*types.Type) rowFold[S] {
		plus, div := bySignature("interval_pl(interval,interval)"), bySignature("interval_div(interval,float8)")
		add := func(ctx *Ctx, s *S, d types.Datum) (err error) {
			if s.n++; s.n == 1 {
				s.v = d
				return nil
			}
			s.v, err = plus.Eval(ctx, []types.Datum{s.v, d})
			return err
		}
		return rowFold[S]{
			step: func(ctx *Ctx, s *S, row []types.Datum) error {
				if row[0].IsNull() {
					return nil
				}
				return add(ctx, s, row[0])
			},
			merge: func(s, o *S) error {
				if o.n == 0 {
					return nil
				}
				n := s.n + o.n
				err := add(nil, s, o.v)
				s.n = n
				return err
			},
			result: func(ctx *Ctx, s *S) (types.Datum, error) {
				if s.n == 0 || !avg {
					return s.v, nil
				}
				return div.Eval(ctx, []types.Datum{s.v, types.NewFloat(float64(s.n))})
			},
		}
	}))
}

// bySignature finds a function of this package by its signature.
func bySignature(sig string) *Func {
	f := funcOIDs[facts[sig].oid]
	if f == nil {
		return &Func{Eval: func(*Ctx, []types.Datum) (types.Datum, error) { return types.Null, errMissing(sig) }}
	}
	return f
}
