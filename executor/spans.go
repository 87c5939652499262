package executor

import (
	"sort"
	"strings"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/planner/plan"
	"rowkey/types"
)

// spanSet computes the key ranges of a scan's spans at run time.
type spanSet struct {
	x     *rowenc.Index
	spans []spanExprs
	buf   []byte
}

type spanExprs struct {
	plan          *plan.KeySpan
	eq            []expr
	low, high, in expr
	key           expr
	// of the bounds on the columns behind that of low and high
	lowMore, highMore []expr
}

func (x *exec) newSpanSet(ix *rowenc.Index, spans []plan.KeySpan) (*spanSet, error) {
	s := &spanSet{x: ix}
	opt := func(e plan.Expr) (expr, error) {
		if e == nil {
			return nil, nil
		}
		return x.compile(e)
	}
	for i := range spans {
		sp := &spans[i]
		se := spanExprs{plan: sp}
		var err error
		if se.eq, err = x.compileAll(sp.Eq); err != nil {
			return nil, err
		}
		if se.low, err = opt(sp.Low); err != nil {
			return nil, err
		}
		if se.high, err = opt(sp.High); err != nil {
			return nil, err
		}
		if se.in, err = opt(sp.In); err != nil {
			return nil, err
		}
		if se.key, err = opt(sp.Key); err != nil {
			return nil, err
		}
		if se.lowMore, err = x.compileAll(sp.LowMore); err != nil {
			return nil, err
		}
		if se.highMore, err = x.compileAll(sp.HighMore); err != nil {
			return nil, err
		}
		s.spans = append(s.spans, se)
	}
	return s, nil
}

var oneRow = &types.Batch{N: 1}

func evalOne(e expr) (types.Datum, error) {
	a, err := e.eval(oneRow, nil)
	if err != nil {
		return types.Null, err
	}
	return a.Datum(0), nil
}

// ranges computes the ranges, in index order.
func (s *spanSet) ranges(dst []kv.Range) ([]kv.Range, error) {
	if s.spans == nil {
		return append(dst, s.x.Range()), nil
	}
	for i := range s.spans {
		var err error
		if dst, err = s.one(&s.spans[i], dst); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (s *spanSet) one(e *spanExprs, dst []kv.Range) ([]kv.Range, error) {
	if e.key != nil {
		d, err := evalOne(e.key)
		if err != nil || d.IsNull() || !strings.HasPrefix(d.S, string(s.x.Prefix)) {
			return dst, err
		}
		return append(dst, kv.Range{Start: []byte(d.S), End: append([]byte(d.S), 0)}), nil
	}
	prefix := append(make([]byte, 0, len(s.x.Prefix)+16*len(s.x.Keys)), s.x.Prefix...)
	for j, q := range e.eq {
		d, err := evalOne(q)
		if err != nil {
			return dst, err
		}
		if d.IsNull() && (e.plan.EqNull == nil || !e.plan.EqNull[j]) {
			return dst, nil
		}
		prefix = s.x.Keys[j].Append(prefix, d)
	}
	k := len(e.eq)
	if k >= len(s.x.Keys) || e.in == nil && e.low == nil && e.high == nil && !e.plan.NotNull {
		return append(dst, kv.PrefixRange(prefix)), nil
	}
	col := &s.x.Keys[k]
	if e.in != nil {
		return s.in(e, prefix, col, dst)
	}
	r := kv.PrefixRange(prefix)
	// NULLs lie at one end of the column; every bound shuts them out.
	if col.Order.NullsFirst() {
		r.Start = append(append([]byte(nil), prefix...), col.Order.Null()+1)
	} else {
		r.End = append(append([]byte(nil), prefix...), col.Order.Null())
	}
	if e.low != nil {
		d, err := evalOne(e.low)
		if err != nil || d.IsNull() {
			return dst, err
		}
		b := col.Append(append([]byte(nil), prefix...), d)
		b, whole, err := s.more(b, k+1, e.lowMore)
		if err != nil {
			return dst, err
		}
		// In index order: for a descending column Low is its larger value.
		if e.plan.LowInc && whole {
			r.Start = b
		} else {
			r.Start = keyenc.PrefixEnd(b)
		}
	}
	if e.high != nil {
		d, err := evalOne(e.high)
		if err != nil || d.IsNull() {
			return dst, err
		}
		b := col.Append(append([]byte(nil), prefix...), d)
		b, whole, err := s.more(b, k+1, e.highMore)
		if err != nil {
			return dst, err
		}
		if e.plan.HighInc && whole {
			r.End = keyenc.PrefixEnd(b)
		} else {
			r.End = b
		}
	}
	if r.Empty() {
		return dst, nil
	}
	return append(dst, r), nil
}

// more appends the values of key columns from number k on to a bound. At a NULL it
// stops, and the bound is not whole: nothing that agrees with it so far is in range.
func (s *spanSet) more(b []byte, k int, vals []expr) ([]byte, bool, error) {
	for i, v := range vals {
		d, err := evalOne(v)
		if err != nil {
			return b, false, err
		}
		if d.IsNull() {
			return b, false, nil
		}
		b = s.x.Keys[k+i].Append(b, d)
	}
	return b, true, nil
}

// in makes one range of each distinct element of an array, in index order.
func (s *spanSet) in(e *spanExprs, prefix []byte, col *rowenc.KeyCol, dst []kv.Range) ([]kv.Range, error) {
	d, err := evalOne(e.in)
	if err != nil || d.IsNull() {
		return dst, err
	}
	var keys []string
	for _, v := range d.Array().Elems {
		if !v.IsNull() {
			s.buf = col.Append(append(s.buf[:0], prefix...), v)
			keys = append(keys, string(s.buf))
		}
	}
	sort.Strings(keys)
	for i, k := range keys {
		if i == 0 || k != keys[i-1] {
			dst = append(dst, kv.PrefixRange([]byte(k)))
		}
	}
	return dst, nil
}

// whole tells whether every span fixes all key columns.
func (s *spanSet) whole() bool {
	for i := range s.spans {
		e := &s.spans[i]
		n := len(e.eq)
		if e.in != nil {
			n++
		}
		if n != len(s.x.Keys) {
			return false
		}
	}
	return true
}

// pointKeys gives the key of each span of a unique index whose key columns the
// span fixes all; ok is false when some span is no such point.
func (s *spanSet) pointKeys(dst [][]byte) (keys [][]byte, ok bool, err error) {
	if !s.whole() {
		return dst, false, nil
	}
	rs, err := s.ranges(nil)
	if err != nil {
		return dst, true, err
	}
	for _, r := range rs {
		dst = append(dst, r.Start)
	}
	return dst, true, nil
}
