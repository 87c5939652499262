package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// amongPred is column = ANY (array) or column <> ALL (array), for an array that is
// the same for the whole batch and types whose physical values tell what is equal:
// IN and NOT IN of constants. Few elements are compared with one after another, many
// are looked up.
type amongPred struct {
	idx    int
	e      *scalarArrayExpr // for the array, and for all that is no such case
	blanks bool             // at the end of values do not count
	setOf  *types.Array     // what the following was made of
	null   bool             // an element is NULL
	ints   amongSet[int64]
	texts  amongSet[string]
}

// amongSet is the elements.
type amongSet[T comparable] struct {
	few  []T
	many map[T]struct{} // instead of few
}

// amongFew is how many elements are compared with one after another.
const amongFew = 8

// among makes the fast form of a condition, nil if there is none.
func (c *compiler) among(e *plan.ScalarArray) (pred, error) {
	col, ok := bare(e.L).(*plan.Col)
	if !ok || e.Op.Left == nil {
		return nil, nil
	}
	lt, rt := e.Op.Left.Under(), e.Op.Right.Under()
	phys := lt.Phys
	blanks := bothPadded(lt, rt)
	if col.Typ.Under().Phys != phys || phys != types.PhysInt64 && phys != types.PhysBytes || !blanks && !rawComparable(lt, rt) {
		return nil, nil
	}
	k, err := c.scalarArray(e)
	if err != nil {
		return nil, err
	}
	s := k.(*scalarArrayExpr)
	if s.elems != nil || !s.isIn && !s.isNot {
		return &exprPred{s}, nil
	}
	return &amongPred{idx: col.Idx, e: s, blanks: blanks}, nil
}

func (p *amongPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	if in.N == 0 || sel != nil && len(sel) == 0 {
		return out, nil
	}
	r, err := p.e.r.eval(in, sel)
	if err != nil {
		return out, err
	}
	a, ok := p.elements(r)
	if !ok {
		return (&exprPred{p.e}).filter(in, sel, out)
	}
	if a == nil {
		return out, nil
	}
	if p.setOf != a {
		p.make(a)
	}
	if p.null && p.e.isNot {
		return out, nil // no value is known to differ from all
	}
	v := in.Cols[p.idx]
	var nulls []bool
	if v.HasNulls && len(a.Elems) > 0 { // <> ALL of no elements is true of NULL too
		nulls = v.Nulls
	}
	sel = selected(in.N, sel)
	out = room(out, len(sel))
	if v.Type.Phys == types.PhysInt64 {
		return among(&p.ints, v.I, p.e.isIn, nulls, sel, out), nil
	}
	if p.blanks {
		return amongPadded(&p.texts, v.S, p.e.isIn, nulls, sel, out), nil
	}
	return among(&p.texts, v.S, p.e.isIn, nulls, sel, out), nil
}

// elements gives the array, nil for NULL; false when rows have different ones.
func (p *amongPred) elements(r builtin.Arg) (*types.Array, bool) {
	if !r.Const {
		return nil, false
	}
	if r.IsNull(0) {
		return nil, true
	}
	a, ok := r.A[0].(*types.Array)
	return a, ok
}

func (p *amongPred) make(a *types.Array) {
	p.setOf, p.null = a, false
	p.ints, p.texts = amongSet[int64]{}, amongSet[string]{}
	for _, d := range a.Elems {
		switch {
		case d.IsNull():
			p.null = true
		case a.Elem.Under().Phys == types.PhysInt64:
			p.ints.add(d.I, len(a.Elems))
		case p.blanks:
			p.texts.add(types.TrimBlanks(d.Str()), len(a.Elems))
		default:
			p.texts.add(d.Str(), len(a.Elems))
		}
	}
}

func (s *amongSet[T]) add(v T, of int) {
	if of <= amongFew {
		s.few = append(s.few, v)
		return
	}
	if s.many == nil {
		s.many = make(map[T]struct{}, of)
	}
	s.many[v] = struct{}{}
}

func (s *amongSet[T]) has(v T) bool {
	for _, e := range s.few {
		if e == v {
			return true
		}
	}
	if s.many != nil {
		_, ok := s.many[v]
		return ok
	}
	return false
}

// among appends the rows whose value is in the set, or is not.
func among[T comparable](s *amongSet[T], v []T, in bool, nulls []bool, sel, out []int32) []int32 {
	k := len(out)
	buf := out[:cap(out)]
	for _, i := range sel {
		buf[k] = i
		if s.has(v[i]) == in && (nulls == nil || !nulls[i]) {
			k++
		}
	}
	return buf[:k]
}

func amongPadded(s *amongSet[string], v []string, in bool, nulls []bool, sel, out []int32) []int32 {
	k := len(out)
	buf := out[:cap(out)]
	for _, i := range sel {
		buf[k] = i
		if s.has(types.TrimBlanks(v[i])) == in && (nulls == nil || !nulls[i]) {
			k++
		}
	}
	return buf[:k]
}
