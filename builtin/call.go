package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// CallVec runs f over columns: the one way the executor does. It computes the
// rows sel names (all n when nil) into out, whose type the caller has set
// (Init); out gets Len n. NULLs of strict functions are dealt with here, and
// a function of constants that is not volatile runs once. Functions without a
// kernel run row by row.
func CallVec(f *Func, ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
	out.HasNulls = false
	out.Resize(n)
	if n == 0 || sel != nil && len(sel) == 0 {
		return nil
	}
	if !f.NotStrict {
		if constNull(args) {
			nullRows(out, n, sel)
			return nil
		}
	}
	if f.Volatility != Volatile && allConst(args) {
		return callOnce(f, ctx, args, out, n, sel)
	}
	if !f.NotStrict {
		for _, a := range args {
			if a.HasNulls && !a.Const {
				orNulls(out, a.Nulls, n, sel)
			}
		}
	}
	if f.Vec != nil {
		if err := f.Vec(ctx, args, out, n, sel); err != nil {
			return err
		}
		if out.HasNulls {
			zeroNulls(out, n, sel)
		}
		return nil
	}
	return evalRows(f, ctx, args, out, n, sel)
}

// evalRows computes f with Eval, row by row, passing over rows already NULL.
func evalRows(f *Func, ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
	vals := make([]types.Datum, len(args))
	for j, a := range args {
		if a.Const {
			vals[j] = a.Datum(0)
		}
	}
	return rows(n, sel, nil, func(i int) error {
		if !f.NotStrict && out.HasNulls && out.Nulls[i] {
			out.Set(i, types.Null)
			return nil
		}
		for j, a := range args {
			if !a.Const {
				vals[j] = a.Datum(i)
			}
		}
		d, err := f.Eval(ctx, vals)
		if err != nil {
			return err
		}
		out.Set(i, d)
		return nil
	})
}

// Call runs f for one row, NULLs of strict functions included.
func Call(f *Func, ctx *Ctx, args []types.Datum) (types.Datum, error) {
	if !f.NotStrict {
		for _, a := range args {
			if a.K == types.PhysNull {
				return types.Null, nil
			}
		}
	}
	return f.Eval(ctx, args)
}

// Bound gives f with its kernels for these argument types.
func (f *Func) Bound(argTypes []*types.Type) *Func {
	if f.Bind == nil {
		return f
	}
	b := f.Bind(argTypes)
	if b == nil {
		return f
	}
	g := *f
	g.Vec, g.Bind = b.Vec, nil
	if b.Eval != nil {
		g.Eval = b.Eval
	}
	if b.Set != nil {
		g.Set = b.Set
	}
	if b.Agg != nil {
		g.Agg = b.Agg
	}
	if b.Out != nil {
		g.Out = b.Out
	}
	return &g
}

// BoundToColumns gives f for a column definition list, nil when f does not
// take one.
func (f *Func) BoundToColumns(columns []types.Field) *Func {
	if f.BindColumns == nil {
		return nil
	}
	g := *f
	g.Set, g.Out, g.BindColumns = f.BindColumns(columns).Set, columns, nil
	g.SetOf = true // also where it is a set of one row
	return &g
}

// setInScalar is the Eval of functions that only have Set.
func setInScalar(*Ctx, []types.Datum) (types.Datum, error) {
	return types.Null, pgerr.New(pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
}

func notBound(*Ctx, []types.Datum) (types.Datum, error) {
	return types.Null, pgerr.New(pgerr.InternalError, "polymorphic function called without argument types")
}

func allConst(args []Arg) bool {
	for _, a := range args {
		if !a.Const {
			return false
		}
	}
	return true
}

func constNull(args []Arg) bool {
	for _, a := range args {
		if a.Const && a.IsNull(0) {
			return true
		}
	}
	return false
}

func callOnce(f *Func, ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
	vals := make([]types.Datum, len(args))
	for j, a := range args {
		vals[j] = a.Datum(0)
	}
	d, err := f.Eval(ctx, vals)
	if err != nil {
		return err
	}
	if d.K == types.PhysNull {
		nullRows(out, n, sel)
		return nil
	}
	return rows(n, sel, nil, func(i int) error { out.Set(i, d); return nil })
}

// nullRows makes the selected rows NULL.
func nullRows(out *types.Vec, n int, sel []int32) {
	nulls := out.MakeNulls()
	if sel == nil {
		for i := range nulls[:n] {
			nulls[i] = true
		}
	} else {
		for _, i := range sel {
			nulls[i] = true
		}
	}
	zeroNulls(out, n, sel)
}

// orNulls marks in out the rows that nulls marks.
func orNulls(out *types.Vec, nulls []bool, n int, sel []int32) {
	o := out.MakeNulls()
	if sel == nil {
		for i, null := range nulls[:n] {
			if null {
				o[i] = true
			}
		}
		return
	}
	for _, i := range sel {
		if nulls[i] {
			o[i] = true
		}
	}
}

var defaultEnv = types.DefaultEnv

// env gives the settings to print and read values by; the defaults when there
// is no context.
func (c *Ctx) env() *types.Env {
	if c == nil || c.Env == nil {
		return defaultEnv
	}
	return c.Env
}

// cancelled looks whether the statement is to stop, every 4096 steps.
func (c *Ctx) cancelled(step int) error {
	if step&0xfff != 0xfff || c == nil || c.Context == nil {
		return nil
	}
	return c.Err()
}

// CallSet runs a function that has Set; a strict one of a NULL gives no rows,
// or one of NULLs if it is a function of a single row.
func CallSet(f *Func, ctx *Ctx, args []types.Datum, emit func(row []types.Datum) error) error {
	if !f.NotStrict {
		for _, a := range args {
			if a.K == types.PhysNull {
				if !f.SetOf {
					return emit(make([]types.Datum, len(f.Out)))
				}
				return nil
			}
		}
	}
	return f.Set(ctx, args, emit)
}
