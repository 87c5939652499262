package types

import (
	"math"
	"sort"

	"rowkey/pgerr"
)

// Ranges and multiranges: values, canonical form, order and algebra. Their text
// and binary forms are in range_text.go.
//
//	Range       empty, or two bounds of the subtype, each inclusive, exclusive or infinite
//	Multirange  ranges in order, none empty, none overlapping or adjacent to the next
//	Bound       one end of a range; bounds of either side compare with each other
//
// A range over a discrete type has one form only, [lower,upper): MakeRange sees to it.

// Range is the value of a range type. Lower and Upper are NULL where the range has
// no such bound.
type Range struct {
	Type               *Type
	Empty              bool
	LowerInc, UpperInc bool
	LowerInf, UpperInf bool
	Lower, Upper       Datum
}

// Multirange is the value of a multirange type. Its ranges never change.
type Multirange struct {
	Type   *Type
	Ranges []*Range
}

// Bound is one end of a range.
type Bound struct {
	Val      Datum
	Infinite bool
	Inc      bool
	IsLower  bool
}

// IsRange reports whether t is a range type.
func (t *Type) IsRange() bool { return t.Kind == KindRange }

// IsMultirange reports whether t is a multirange type.
func (t *Type) IsMultirange() bool { return t.Kind == KindMultirange }

// IsRow reports whether values of t are rows: records and composite types.
func (t *Type) IsRow() bool { return t.Kind == KindComposite || t.OID == oidRecord }

// EmptyRange is the empty range of a type.
func EmptyRange(t *Type) *Range { return &Range{Type: t, Empty: true} }

// Bounds gives the ends of a range that is not empty.
func (r *Range) Bounds() (lower, upper Bound) {
	return Bound{r.Lower, r.LowerInf, r.LowerInc, true}, Bound{r.Upper, r.UpperInf, r.UpperInc, false}
}

// MakeRange makes the range of type t between two bounds.
func MakeRange(t *Type, lower, upper Bound) (*Range, error) {
	r, err := betweenBounds(t, lower, upper)
	if err != nil || r.Empty {
		return r, err
	}
	return r.canonical()
}

func betweenBounds(t *Type, lower, upper Bound) (*Range, error) {
	if !lower.Infinite && !upper.Infinite {
		switch c := Compare(t.Subtype, lower.Val, upper.Val); {
		case c > 0:
			return nil, pgerr.New(pgerr.DataException, "range lower bound must be less than or equal to range upper bound")
		case c == 0 && !(lower.Inc && upper.Inc):
			return EmptyRange(t), nil
		}
	}
	r := &Range{Type: t, LowerInf: lower.Infinite, UpperInf: upper.Infinite}
	if !r.LowerInf {
		r.Lower, r.LowerInc = lower.Val, lower.Inc
	}
	if !r.UpperInf {
		r.Upper, r.UpperInc = upper.Val, upper.Inc
	}
	return r, nil
}

// Discrete reports whether the values of a range type's subtype can be counted, so
// that its ranges have a canonical form.
func (t *Type) Discrete() bool {
	switch t.OID {
	case oidInt4Range, oidInt8Range, oidDateRange:
		return true
	}
	return false
}

// canonical gives a range over a discrete type the form [lower,upper).
func (r *Range) canonical() (*Range, error) {
	if !r.Type.Discrete() {
		return r, nil
	}
	lower, upper := r.Bounds()
	var err error
	if !lower.Infinite && !lower.Inc {
		if lower.Val, lower.Inc, err = nextValue(r.Type, lower.Val, false); err != nil {
			return nil, err
		}
	}
	if !upper.Infinite && upper.Inc {
		var inc bool
		if upper.Val, inc, err = nextValue(r.Type, upper.Val, true); err != nil {
			return nil, err
		}
		upper.Inc = !inc
	}
	return betweenBounds(r.Type, lower, upper)
}

// nextValue gives the value behind v; moved is false for the infinite dates, which
// have none.
func nextValue(t *Type, v Datum, upper bool) (next Datum, moved bool, err error) {
	switch t.OID {
	case oidInt4Range:
		if v.I == math.MaxInt32 {
			return v, false, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
	case oidInt8Range:
		if v.I == math.MaxInt64 {
			return v, false, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
		}
	default:
		if v.I == DateInfinity || v.I == DateNegInfinity {
			return v, false, nil
		}
		if v.I+1 >= endDate {
			return v, false, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
		}
	}
	return NewInt(v.I + 1), true, nil
}

// CompareBounds orders two bounds of ranges over sub, of either side: by where the
// values begin or end that they let in.
func CompareBounds(sub *Type, a, b Bound) int {
	if a.Infinite || b.Infinite {
		return compareInfinite(a, b)
	}
	if c := Compare(sub, a.Val, b.Val); c != 0 {
		return c
	}
	return cmpInt(a.excess(), b.excess())
}

// excess tells on which side of its value a bound stands.
func (b Bound) excess() int64 {
	switch {
	case b.Inc:
		return 0
	case b.IsLower:
		return 1
	}
	return -1
}

func compareInfinite(a, b Bound) int {
	side := func(b Bound) int64 {
		switch {
		case !b.Infinite:
			return 0
		case b.IsLower:
			return -1
		}
		return 1
	}
	return cmpInt(side(a), side(b))
}

// compareBoundValues orders bounds by their values alone.
func compareBoundValues(sub *Type, a, b Bound) int {
	if a.Infinite || b.Infinite {
		return compareInfinite(a, b)
	}
	return Compare(sub, a.Val, b.Val)
}

// CompareRanges orders ranges: the empty one first, then by lower, then by upper bounds.
func CompareRanges(a, b *Range) int {
	if a.Empty || b.Empty {
		switch {
		case a.Empty && b.Empty:
			return 0
		case a.Empty:
			return -1
		}
		return 1
	}
	al, au := a.Bounds()
	bl, bu := b.Bounds()
	if c := CompareBounds(a.Type.Subtype, al, bl); c != 0 {
		return c
	}
	return CompareBounds(a.Type.Subtype, au, bu)
}

// CompareMultiranges orders multiranges range by range.
func CompareMultiranges(a, b *Multirange) int {
	for i := 0; i < len(a.Ranges) && i < len(b.Ranges); i++ {
		if c := CompareRanges(a.Ranges[i], b.Ranges[i]); c != 0 {
			return c
		}
	}
	return len(a.Ranges) - len(b.Ranges)
}

func hashRange(r *Range, seed uint64) uint64 {
	h := hashInt(int64(r.flags()), seed)
	if !r.Empty && !r.LowerInf {
		h = Hash(r.Type.Subtype, r.Lower, h)
	}
	if !r.Empty && !r.UpperInf {
		h = Hash(r.Type.Subtype, r.Upper, h)
	}
	return h
}

// ContainsElem tells whether a value of the subtype is in r.
func (r *Range) ContainsElem(v Datum) bool {
	if r.Empty {
		return false
	}
	if !r.LowerInf {
		if c := Compare(r.Type.Subtype, r.Lower, v); c > 0 || c == 0 && !r.LowerInc {
			return false
		}
	}
	if !r.UpperInf {
		if c := Compare(r.Type.Subtype, r.Upper, v); c < 0 || c == 0 && !r.UpperInc {
			return false
		}
	}
	return true
}

// Contains tells whether all of o is in r.
func (r *Range) Contains(o *Range) bool {
	if o.Empty || r.Empty {
		return o.Empty
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	return CompareBounds(r.Type.Subtype, rl, ol) <= 0 && CompareBounds(r.Type.Subtype, ru, ou) >= 0
}

// Overlaps tells whether the ranges have values in common.
func (r *Range) Overlaps(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	return CompareBounds(r.Type.Subtype, rl, ou) <= 0 && CompareBounds(r.Type.Subtype, ol, ru) <= 0
}

// Before tells whether r ends before o begins.
func (r *Range) Before(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	_, ru := r.Bounds()
	ol, _ := o.Bounds()
	return CompareBounds(r.Type.Subtype, ru, ol) < 0
}

// OverLeft tells whether r does not extend to the right of o.
func (r *Range) OverLeft(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	_, ru := r.Bounds()
	_, ou := o.Bounds()
	return CompareBounds(r.Type.Subtype, ru, ou) <= 0
}

// OverRight tells whether r does not extend to the left of o.
func (r *Range) OverRight(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	rl, _ := r.Bounds()
	ol, _ := o.Bounds()
	return CompareBounds(r.Type.Subtype, rl, ol) >= 0
}

// Adjacent tells whether one range begins where the other ends.
func (r *Range) Adjacent(o *Range) bool {
	if r.Empty || o.Empty {
		return false
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	return boundsMeet(r.Type, ru, ol) || boundsMeet(r.Type, ou, rl)
}

// boundsMeet tells whether nothing is between an upper and a lower bound, and nothing
// in both.
func boundsMeet(t *Type, upper, lower Bound) bool {
	switch c := compareBoundValues(t.Subtype, upper, lower); {
	case c == 0:
		return upper.Inc != lower.Inc
	case c > 0 || !t.Discrete():
		return false
	}
	gap, err := MakeRange(t, Bound{upper.Val, upper.Infinite, !upper.Inc, true}, Bound{lower.Val, lower.Infinite, !lower.Inc, false})
	return err == nil && gap.Empty
}

// Merge gives the smallest range that has both.
func (r *Range) Merge(o *Range) *Range {
	switch {
	case r.Empty:
		return o
	case o.Empty:
		return r
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	if CompareBounds(r.Type.Subtype, ol, rl) < 0 {
		rl = ol
	}
	if CompareBounds(r.Type.Subtype, ou, ru) > 0 {
		ru = ou
	}
	return bothBounds(r.Type, rl, ru)
}

// bothBounds makes a range of two bounds that ranges in canonical form had, which
// are in order.
func bothBounds(t *Type, lower, upper Bound) *Range {
	m, err := MakeRange(t, lower, upper)
	if err != nil {
		return EmptyRange(t)
	}
	return m
}

// Union gives the range of the values in either, an error if it is none.
func (r *Range) Union(o *Range) (*Range, error) {
	if !r.Empty && !o.Empty && !r.Overlaps(o) && !r.Adjacent(o) {
		return nil, pgerr.New(pgerr.DataException, "result of range union would not be contiguous")
	}
	return r.Merge(o), nil
}

// Intersect gives the range of the values in both.
func (r *Range) Intersect(o *Range) *Range {
	if !r.Overlaps(o) {
		return EmptyRange(r.Type)
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	if CompareBounds(r.Type.Subtype, ol, rl) > 0 {
		rl = ol
	}
	if CompareBounds(r.Type.Subtype, ou, ru) < 0 {
		ru = ou
	}
	return bothBounds(r.Type, rl, ru)
}

// without gives what is left of r on both sides of o, which may be nothing.
func (r *Range) without(o *Range) (left, right *Range, err error) {
	left, right = EmptyRange(r.Type), EmptyRange(r.Type)
	if !r.Overlaps(o) {
		return r, right, nil
	}
	rl, ru := r.Bounds()
	ol, ou := o.Bounds()
	if CompareBounds(r.Type.Subtype, rl, ol) < 0 {
		if left, err = MakeRange(r.Type, rl, Bound{ol.Val, false, !ol.Inc, false}); err != nil {
			return nil, nil, err
		}
	}
	if CompareBounds(r.Type.Subtype, ru, ou) > 0 {
		if right, err = MakeRange(r.Type, Bound{ou.Val, false, !ou.Inc, true}, ru); err != nil {
			return nil, nil, err
		}
	}
	return left, right, nil
}

// Minus gives the range of the values of r that are not in o, an error if it is none.
func (r *Range) Minus(o *Range) (*Range, error) {
	if r.Empty || o.Empty {
		return r, nil
	}
	left, right, err := r.without(o)
	switch {
	case err != nil:
		return nil, err
	case left.Empty:
		return right, nil
	case right.Empty:
		return left, nil
	}
	return nil, pgerr.New(pgerr.DataException, "result of range difference would not be contiguous")
}

// MakeMultirange makes the value of type t that has the given ranges' values. It
// takes the list over.
func MakeMultirange(t *Type, list []*Range) *Multirange {
	sort.SliceStable(list, func(i, j int) bool { return CompareRanges(list[i], list[j]) < 0 })
	out := list[:0]
	for _, r := range list {
		if r.Empty {
			continue
		}
		if n := len(out); n > 0 && (!out[n-1].Before(r) || out[n-1].Adjacent(r)) {
			out[n-1] = out[n-1].Merge(r)
			continue
		}
		out = append(out, r)
	}
	return &Multirange{Type: t, Ranges: out}
}

// Span gives the smallest range that has all of m.
func (m *Multirange) Span() *Range {
	if len(m.Ranges) == 0 {
		return EmptyRange(m.Type.Range)
	}
	return m.Ranges[0].Merge(m.Ranges[len(m.Ranges)-1])
}

// find gives the first of m's ranges that does not end before r begins, nil if all do.
func (m *Multirange) find(r *Range) *Range {
	i := sort.Search(len(m.Ranges), func(i int) bool { return !m.Ranges[i].Before(r) })
	if i == len(m.Ranges) {
		return nil
	}
	return m.Ranges[i]
}

// ContainsElem tells whether a value is in m.
func (m *Multirange) ContainsElem(v Datum) bool {
	point := &Range{Type: m.Type.Range, Lower: v, Upper: v, LowerInc: true, UpperInc: true}
	r := m.find(point)
	return r != nil && r.ContainsElem(v)
}

// Contains tells whether all of r is in m.
func (m *Multirange) Contains(r *Range) bool {
	if r.Empty {
		return true
	}
	x := m.find(r)
	return x != nil && x.Contains(r)
}

// ContainsAll tells whether all of o is in m.
func (m *Multirange) ContainsAll(o *Multirange) bool {
	for _, r := range o.Ranges {
		if !m.Contains(r) {
			return false
		}
	}
	return true
}

// Overlaps tells whether m and r have values in common.
func (m *Multirange) Overlaps(r *Range) bool {
	if r.Empty {
		return false
	}
	x := m.find(r)
	return x != nil && x.Overlaps(r)
}

// OverlapsAny tells whether m and o have values in common.
func (m *Multirange) OverlapsAny(o *Multirange) bool {
	if len(o.Ranges) > len(m.Ranges) {
		m, o = o, m
	}
	for _, r := range o.Ranges {
		if m.Overlaps(r) {
			return true
		}
	}
	return false
}

// Meets tells whether m ends where o begins or the other way round.
func (m *Multirange) Meets(o *Multirange) bool {
	if len(m.Ranges) == 0 || len(o.Ranges) == 0 {
		return false
	}
	meet := func(a, b *Multirange) bool {
		_, upper := a.Ranges[len(a.Ranges)-1].Bounds()
		lower, _ := b.Ranges[0].Bounds()
		return boundsMeet(m.Type.Range, upper, lower)
	}
	return meet(m, o) || meet(o, m)
}

// Union gives the values in either.
func (m *Multirange) Union(o *Multirange) *Multirange {
	return MakeMultirange(m.Type, append(append(make([]*Range, 0, len(m.Ranges)+len(o.Ranges)), m.Ranges...), o.Ranges...))
}

// Intersect gives the values in both.
func (m *Multirange) Intersect(o *Multirange) *Multirange {
	var out []*Range
	for i, j := 0, 0; i < len(m.Ranges) && j < len(o.Ranges); {
		a, b := m.Ranges[i], o.Ranges[j]
		if x := a.Intersect(b); !x.Empty {
			out = append(out, x)
		}
		_, au := a.Bounds()
		_, bu := b.Bounds()
		if CompareBounds(m.Type.Range.Subtype, au, bu) < 0 {
			i++
		} else {
			j++
		}
	}
	return MakeMultirange(m.Type, out)
}

// Minus gives the values of m that are not in o.
func (m *Multirange) Minus(o *Multirange) (*Multirange, error) {
	var out []*Range
	j := 0
	for _, rest := range m.Ranges {
		for j < len(o.Ranges) && o.Ranges[j].Before(rest) {
			j++
		}
		for k := j; k < len(o.Ranges) && !rest.Empty && !rest.Before(o.Ranges[k]); k++ {
			left, right, err := rest.without(o.Ranges[k])
			if err != nil {
				return nil, err
			}
			if !rest.Overlaps(o.Ranges[k]) {
				continue
			}
			if !left.Empty {
				out = append(out, left)
			}
			rest = right
		}
		if !rest.Empty {
			out = append(out, rest)
		}
	}
	return MakeMultirange(m.Type, out), nil
}
