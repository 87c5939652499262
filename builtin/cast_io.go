package builtin

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// IOCast makes the conversion through text forms: the output form of from
// read as to. PostgreSQL allows it explicitly between any type and a string
// type, and by assignment towards string types.
func IOCast(from, to *types.Type) *Func {
	return &Func{
		Name: to.Name, Args: []*types.Type{from}, Result: to, Kind: Scalar, Volatility: Stable,
		Eval: func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.Parse(to, -1, textOf(ctx, from, a[0]), ctx.env())
		},
	}
}

// ArrayCast makes the conversion of an array by converting its elements with
// elem (nil: binary coercible); to is the array type made. The second and
// third arguments of elem, if it has them, are typmod and explicit.
func ArrayCast(from, to *types.Type, elem *Func, typmod int32, explicit bool) *Func {
	f := &Func{Name: to.Name, Args: []*types.Type{from}, Result: to, Kind: Scalar, Volatility: Immutable}
	if elem != nil {
		f.Volatility = elem.Volatility
	}
	f.Eval = func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		src, ok := a[0].X.(*types.Array)
		if !ok {
			return types.Null, pgerr.New(pgerr.InternalError, "array expected")
		}
		dst := &types.Array{Elem: to.Elem, Dims: src.Dims}
		if elem == nil {
			dst.Elems = src.Elems
			return types.NewAny(dst), nil
		}
		dst.Elems = make([]types.Datum, len(src.Elems))
		args := make([]types.Datum, len(elem.Args))
		if len(args) > 1 {
			args[1] = types.NewInt(int64(typmod))
		}
		if len(args) > 2 {
			args[2] = types.NewBool(explicit)
		}
		for i, e := range src.Elems {
			if e.IsNull() {
				continue
			}
			args[0] = e
			d, err := elem.Eval(ctx, args)
			if err != nil {
				return types.Null, err
			}
			dst.Elems[i] = d
		}
		return types.NewAny(dst), nil
	}
	return f
}

// TypmodCast gives the function that makes a value of t fit a type modifier
// (arguments: value, typmod and, for some, explicit), nil when t takes none.
func TypmodCast(t *types.Type) *Func {
	c := FindCast(t, t)
	if c == nil {
		return nil
	}
	return c.Func
}

// textOf gives the text form of a value that is not NULL.
func textOf(ctx *Ctx, t *types.Type, d types.Datum) string {
	if t.Phys == types.PhysBytes {
		switch t {
		case types.Text, types.VarChar, types.BPChar, types.Name, types.Unknown, types.CString, types.JSON, types.JSONB:
			return d.S
		}
	}
	return string(types.AppendText(nil, t, d, ctx.env()))
}
