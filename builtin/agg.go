package builtin

import (
	"unsafe"

	"rowkey/types"
)

// Aggregates of one argument are folds: a state a group, a step that takes a
// value in, and a result. fold turns the three into an AggState; NULLs are
// passed over. Loops that matter get a step over many rows at once (dense: all
// of one group; grouped: each row has its group).

// fold describes an aggregate of values A with states S.
type fold[A, S any] struct {
	step    func(s *S, v A) error
	dense   func(s *S, v []A) error                         // optional: no NULLs, no selection
	grouped func(states []S, groups []int32, v []A) error   // optional: likewise
	merge   func(s, from *S) error                          // from may be given away
	result  func(ctx *Ctx, s *S) (d types.Datum, err error) // NULL for no result
	size    func(s *S) int64                                // optional: bytes held beyond the state
	undo    func(s *S, v A)                                 // optional: takes out what step has put in
}

// foldState runs a fold.
type foldState[A, S any] struct {
	*fold[A, S]
	states []S
}

// agg makes the aggregate of a fold.
func agg[A, S any](f fold[A, S]) Func {
	return Func{Agg: &Agg{New: func([]*types.Type) AggState { return &foldState[A, S]{fold: &f} }}}
}

// anyOrder marks an aggregate as indifferent to the order of its input.
func anyOrder(f Func) Func {
	f.Agg.IgnoresOrder = true
	return f
}

// Grow implements AggState.
func (f *foldState[A, S]) Grow(n int) { f.states = growStates(f.states, n) }

func growStates[S any](s []S, n int) []S {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n]
	}
	t := make([]S, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}

// Add implements AggState.
func (f *foldState[A, S]) Add(_ *Ctx, args []Arg, groups []int32, n int, sel []int32) error {
	a := args[0]
	v, nulls, mask := col[A](a.Vec), nullMask(a.Vec), a.mask()
	if a.Const && nulls != nil && nulls[0] {
		return nil
	}
	if a.Const {
		nulls = nil
	}
	if sel == nil && nulls == nil && !a.Const {
		if groups == nil && f.dense != nil {
			return f.dense(&f.states[0], v[:n])
		}
		if groups != nil && f.grouped != nil {
			return f.grouped(f.states, groups[:n], v[:n])
		}
	}
	for j := range rowCount(n, sel) {
		i := j
		if sel != nil {
			i = int(sel[j])
		}
		if nulls != nil && nulls[i] {
			continue
		}
		g := 0
		if groups != nil {
			g = int(groups[i])
		}
		if err := f.step(&f.states[g], v[i&mask]); err != nil {
			return err
		}
	}
	return nil
}

// Remove implements Remover.
func (f *foldState[A, S]) Remove(args []Arg, n int, sel []int32) {
	a := args[0]
	v, nulls, mask := col[A](a.Vec), nullMask(a.Vec), a.mask()
	for j := range rowCount(n, sel) {
		i := j
		if sel != nil {
			i = int(sel[j])
		}
		if nulls == nil || !nulls[i&mask] {
			f.undo(&f.states[0], v[i&mask])
		}
	}
}

// CanRemove implements Remover. A numeric's sum has the display scale of its
// values: those that are taken out must be of the scale of those that stay.
func (f *foldState[A, S]) CanRemove(args []Arg) bool {
	if f.undo == nil {
		return false
	}
	if v, ok := any(col[A](args[0].Vec)).([]types.Decimal); ok {
		nulls := nullMask(args[0].Vec)
		first := -1
		for i := range v {
			if nulls != nil && nulls[i] {
				continue
			}
			if first < 0 {
				first = i
			}
			if v[i].Form != types.Finite || v[i].Scale != v[first].Scale {
				return false
			}
		}
	}
	return true
}

// Result implements AggState.
func (f *foldState[A, S]) Result(ctx *Ctx, from, count int, out *types.Vec) error {
	return results(ctx, f.states[from:from+count], f.result, out)
}

func results[S any](ctx *Ctx, states []S, result func(*Ctx, *S) (types.Datum, error), out *types.Vec) error {
	for i := range states {
		d, err := result(ctx, &states[i])
		if err != nil {
			return err
		}
		out.Set(i, d)
	}
	return nil
}

// Merge implements AggState.
func (f *foldState[A, S]) Merge(_ *Ctx, other AggState, into []int32) error {
	o := other.(*foldState[A, S])
	for i := range o.states {
		if err := f.merge(&f.states[into[i]], &o.states[i]); err != nil {
			return err
		}
	}
	return nil
}

// Bytes implements AggState.
func (f *foldState[A, S]) Bytes() int64 { return stateBytes(f.states, f.size) }

func stateBytes[S any](states []S, size func(*S) int64) int64 {
	var zero S
	n := int64(cap(states)) * int64(unsafe.Sizeof(zero))
	if size != nil {
		for i := range states {
			n += size(&states[i])
		}
	}
	return n
}

// rowFold describes an aggregate that takes whole rows of arguments, NULLs
// included, as single values.
type rowFold[S any] struct {
	step   func(ctx *Ctx, s *S, row []types.Datum) error
	merge  func(s, from *S) error
	result func(ctx *Ctx, s *S) (types.Datum, error)
	size   func(s *S) int64
}

type rowFoldState[S any] struct {
	*rowFold[S]
	states []S
	row    []types.Datum
}

func rowAgg[S any](make func(argTypes []*types.Type) rowFold[S]) Func {
	return Func{Agg: &Agg{New: func(t []*types.Type) AggState {
		f := make(t)
		return &rowFoldState[S]{rowFold: &f}
	}}}
}

// Grow implements AggState.
func (f *rowFoldState[S]) Grow(n int) { f.states = growStates(f.states, n) }

// Add implements AggState.
func (f *rowFoldState[S]) Add(ctx *Ctx, args []Arg, groups []int32, n int, sel []int32) error {
	if len(f.row) != len(args) {
		f.row = make([]types.Datum, len(args))
	}
	return rows(n, sel, nil, func(i int) error {
		for j, a := range args {
			f.row[j] = a.Datum(i & a.mask())
		}
		g := 0
		if groups != nil {
			g = int(groups[i])
		}
		return f.step(ctx, &f.states[g], f.row)
	})
}

// Result implements AggState.
func (f *rowFoldState[S]) Result(ctx *Ctx, from, count int, out *types.Vec) error {
	return results(ctx, f.states[from:from+count], f.result, out)
}

// Merge implements AggState.
func (f *rowFoldState[S]) Merge(_ *Ctx, other AggState, into []int32) error {
	o := other.(*rowFoldState[S])
	for i := range o.states {
		if err := f.merge(&f.states[into[i]], &o.states[i]); err != nil {
			return err
		}
	}
	return nil
}

// Bytes implements AggState.
func (f *rowFoldState[S]) Bytes() int64 { return stateBytes(f.states, f.size) }

// datumBytes estimates the memory a value holds.
func datumBytes(d types.Datum) int64 { return int64(unsafe.Sizeof(d)) + int64(len(d.S)) }
