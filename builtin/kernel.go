package builtin

import (
	"math"

	"rowkey/types"
)

// Adapters from plain Go functions to Eval and Vec. The type parameters are
// the Go types of the physical classes:
//
//	bool int64 float64 string types.Decimal types.Span
//	*types.Array *types.Tuple    (class Any; Eval only where speed allows)
//
//	f1(func(A) O)            strict, cannot fail
//	f1e(func(A) (O, error))  strict, can fail
//	f1c(func(*Ctx, A) …)     wants the context
//
// and the same with two to four arguments. The loops call fn once a row and
// allocate nothing of their own. Kernels for which even that call is too much
// (arithmetic, comparison) are written out in their own files.

// getter gives the function that takes a T out of a Datum.
func getter[T any]() func(types.Datum) T {
	var g any
	switch any((*T)(nil)).(type) {
	case *bool:
		g = func(d types.Datum) bool { return d.I != 0 }
	case *int64:
		g = func(d types.Datum) int64 { return d.I }
	case *float64:
		g = func(d types.Datum) float64 { return math.Float64frombits(uint64(d.I)) }
	case *string:
		g = func(d types.Datum) string { return d.S }
	case *types.Decimal:
		g = types.Datum.Decimal
	case *types.Span:
		g = types.Datum.Span
	case *types.Datum:
		g = func(d types.Datum) types.Datum { return d }
	default:
		return func(d types.Datum) T { return d.X.(T) }
	}
	return g.(func(types.Datum) T)
}

// setter gives the function that makes a Datum of a T.
func setter[T any]() func(T) types.Datum {
	var g any
	switch any((*T)(nil)).(type) {
	case *bool:
		g = types.NewBool
	case *int64:
		g = types.NewInt
	case *float64:
		g = types.NewFloat
	case *string:
		g = types.NewString
	case *types.Decimal:
		g = types.NewDecimal
	case *types.Span:
		g = types.NewSpan
	case *types.Datum:
		g = func(d types.Datum) types.Datum { return d }
	default:
		return func(v T) types.Datum { return types.NewAny(v) }
	}
	return g.(func(T) types.Datum)
}

// vectored tells whether a column of Ts has a slice of its own in a Vec.
func vectored[T any]() bool {
	switch any((*T)(nil)).(type) {
	case *bool, *int64, *float64, *string, *types.Decimal, *types.Span:
		return true
	}
	return false
}

// col gives the slice of a vector that holds Ts.
func col[T any](v *types.Vec) []T {
	var p any
	switch any((*T)(nil)).(type) {
	case *bool:
		p = &v.B
	case *int64:
		p = &v.I
	case *float64:
		p = &v.F
	case *string:
		p = &v.S
	case *types.Decimal:
		p = &v.D
	case *types.Span:
		p = &v.V
	default:
		p = &v.A
	}
	return *p.(*[]T)
}

// mask makes i&mask the row of argument a to use for row i.
func (a Arg) mask() int {
	if a.Const {
		return 0
	}
	return -1
}

// nullMask gives the null mask of v, nil when it has none.
func nullMask(v *types.Vec) []bool {
	if v.HasNulls {
		return v.Nulls
	}
	return nil
}

// rows calls fn for the rows sel names, all n when nil, that nulls does not
// mark.
func rows(n int, sel []int32, nulls []bool, fn func(i int) error) error {
	if sel != nil {
		for _, i := range sel {
			if nulls != nil && nulls[i] {
				continue
			}
			if err := fn(int(i)); err != nil {
				return err
			}
		}
		return nil
	}
	for i := 0; i < n; i++ {
		if nulls != nil && nulls[i] {
			continue
		}
		if err := fn(i); err != nil {
			return err
		}
	}
	return nil
}

func f1[A, O any](fn func(A) O) Func {
	ga, so := getter[A](), setter[O]()
	f := Func{Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) { return so(fn(ga(a[0]))), nil }}
	if vectored[A]() && vectored[O]() {
		f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			vec1(fn, args, out, n, sel)
			return nil
		}
	}
	return f
}

// vec1 applies fn to a column.
func vec1[A, O any](fn func(A) O, args []Arg, out *types.Vec, n int, sel []int32) {
	a, o, nulls, ma := col[A](args[0].Vec), col[O](out), nullMask(out), args[0].mask()
	if sel == nil {
		for i := range o[:n] {
			if nulls == nil || !nulls[i] {
				o[i] = fn(a[i&ma])
			}
		}
		return
	}
	for _, i := range sel {
		if nulls == nil || !nulls[i] {
			o[i] = fn(a[int(i)&ma])
		}
	}
}

func f1e[A, O any](fn func(A) (O, error)) Func {
	return f1c(func(_ *Ctx, a A) (O, error) { return fn(a) })
}

func f1c[A, O any](fn func(*Ctx, A) (O, error)) Func {
	ga, so := getter[A](), setter[O]()
	f := Func{Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		o, err := fn(ctx, ga(a[0]))
		if err != nil {
			return types.Null, err
		}
		return so(o), nil
	}}
	if vectored[A]() && vectored[O]() {
		f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			a, o, ma := col[A](args[0].Vec), col[O](out), args[0].mask()
			return rows(n, sel, nullMask(out), func(i int) (err error) {
				o[i], err = fn(ctx, a[i&ma])
				return err
			})
		}
	}
	return f
}

func f2[A, B, O any](fn func(A, B) O) Func {
	ga, gb, so := getter[A](), getter[B](), setter[O]()
	f := Func{Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) { return so(fn(ga(a[0]), gb(a[1]))), nil }}
	if vectored[A]() && vectored[B]() && vectored[O]() {
		f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			vec2(fn, args, out, n, sel)
			return nil
		}
	}
	return f
}

// vec2 applies fn to two columns, either of which may be constant.
func vec2[A, B, O any](fn func(A, B) O, args []Arg, out *types.Vec, n int, sel []int32) {
	a, b, o, nulls := col[A](args[0].Vec), col[B](args[1].Vec), col[O](out), nullMask(out)
	if sel == nil && nulls == nil {
		o = o[:n]
		switch {
		case args[1].Const && !args[0].Const:
			b0 := b[0]
			for i, x := range a[:n] {
				o[i] = fn(x, b0)
			}
			return
		case args[0].Const && !args[1].Const:
			a0 := a[0]
			for i, y := range b[:n] {
				o[i] = fn(a0, y)
			}
			return
		}
	}
	ma, mb := args[0].mask(), args[1].mask()
	if sel == nil {
		for i := range o[:n] {
			if nulls == nil || !nulls[i] {
				o[i] = fn(a[i&ma], b[i&mb])
			}
		}
		return
	}
	for _, i := range sel {
		if nulls == nil || !nulls[i] {
			o[i] = fn(a[int(i)&ma], b[int(i)&mb])
		}
	}
}

func f2e[A, B, O any](fn func(A, B) (O, error)) Func {
	return f2c(func(_ *Ctx, a A, b B) (O, error) { return fn(a, b) })
}

func f2c[A, B, O any](fn func(*Ctx, A, B) (O, error)) Func {
	ga, gb, so := getter[A](), getter[B](), setter[O]()
	f := Func{Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		o, err := fn(ctx, ga(a[0]), gb(a[1]))
		if err != nil {
			return types.Null, err
		}
		return so(o), nil
	}}
	if vectored[A]() && vectored[B]() && vectored[O]() {
		f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			a, b, o := col[A](args[0].Vec), col[B](args[1].Vec), col[O](out)
			ma, mb := args[0].mask(), args[1].mask()
			return rows(n, sel, nullMask(out), func(i int) (err error) {
				o[i], err = fn(ctx, a[i&ma], b[i&mb])
				return err
			})
		}
	}
	return f
}

func f3[A, B, C, O any](fn func(A, B, C) O) Func {
	return f3c(func(_ *Ctx, a A, b B, c C) (O, error) { return fn(a, b, c), nil })
}

func f3e[A, B, C, O any](fn func(A, B, C) (O, error)) Func {
	return f3c(func(_ *Ctx, a A, b B, c C) (O, error) { return fn(a, b, c) })
}

func f3c[A, B, C, O any](fn func(*Ctx, A, B, C) (O, error)) Func {
	ga, gb, gc, so := getter[A](), getter[B](), getter[C](), setter[O]()
	f := Func{Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		o, err := fn(ctx, ga(a[0]), gb(a[1]), gc(a[2]))
		if err != nil {
			return types.Null, err
		}
		return so(o), nil
	}}
	if vectored[A]() && vectored[B]() && vectored[C]() && vectored[O]() {
		f.Vec = func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
			a, b, c, o := col[A](args[0].Vec), col[B](args[1].Vec), col[C](args[2].Vec), col[O](out)
			ma, mb, mc := args[0].mask(), args[1].mask(), args[2].mask()
			return rows(n, sel, nullMask(out), func(i int) (err error) {
				o[i], err = fn(ctx, a[i&ma], b[i&mb], c[i&mc])
				return err
			})
		}
	}
	return f
}

func f4e[A, B, C, D, O any](fn func(A, B, C, D) (O, error)) Func {
	ga, gb, gc, gd, so := getter[A](), getter[B](), getter[C](), getter[D](), setter[O]()
	return Func{Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		o, err := fn(ga(a[0]), gb(a[1]), gc(a[2]), gd(a[3]))
		if err != nil {
			return types.Null, err
		}
		return so(o), nil
	}}
}

// fn makes a function of the general form; it runs row by row.
func fn(eval EvalFunc) Func { return Func{Eval: eval} }

// poly makes a function that must know its argument types: bind is called
// once a plan with them.
func poly(bind func(argTypes []*types.Type) EvalFunc) Func {
	return Func{
		Eval: notBound,
		Bind: func(argTypes []*types.Type) *Func { return &Func{Eval: bind(argTypes)} },
	}
}

// setFn makes a set-returning function.
func setFn(set SetFunc) Func { return Func{Set: set} }

// streamFn is setFn for sets that may be long.
func streamFn(set SetFunc) Func { return Func{Set: set, Streams: true} }

// zeroNulls clears the slots of NULL rows: what is NULL holds its class's zero.
func zeroNulls(v *types.Vec, n int, sel []int32) {
	switch v.Type.Phys {
	case types.PhysBool:
		zeroSlots(v.B, v.Nulls, n, sel)
	case types.PhysInt64:
		zeroSlots(v.I, v.Nulls, n, sel)
	case types.PhysFloat64:
		zeroSlots(v.F, v.Nulls, n, sel)
	case types.PhysBytes:
		zeroSlots(v.S, v.Nulls, n, sel)
	case types.PhysDecimal:
		zeroSlots(v.D, v.Nulls, n, sel)
	case types.PhysInterval:
		zeroSlots(v.V, v.Nulls, n, sel)
	default:
		zeroSlots(v.A, v.Nulls, n, sel)
	}
}

func zeroSlots[T any](s []T, nulls []bool, n int, sel []int32) {
	var zero T
	if sel == nil {
		for i, null := range nulls[:n] {
			if null {
				s[i] = zero
			}
		}
		return
	}
	for _, i := range sel {
		if nulls[i] {
			s[i] = zero
		}
	}
}
