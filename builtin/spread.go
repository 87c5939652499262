package builtin

import (
	"sync"

	"rowkey/types"
)

// Spread gives a function of VARIADIC "any" the form that takes an array for
// those arguments: concat(VARIADIC ARRAY[1, 2]). argTypes are the call's, the
// array last.
func Spread(f *Func, argTypes []*types.Type) *Func {
	fixed := len(argTypes) - 1
	elem := argTypes[fixed].Under().Elem
	g := *f
	g.Args, g.Variadic, g.Defaults = argTypes, elem, nil
	g.Bind, g.BindColumns, g.Vec = nil, nil, nil
	g.NotStrict = true
	var byCount sync.Map // number of elements → *Func
	bound := func(n int) *Func {
		if b, ok := byCount.Load(n); ok {
			return b.(*Func)
		}
		ts := append([]*types.Type(nil), argTypes[:fixed]...)
		for range n {
			ts = append(ts, elem)
		}
		b := f.Bound(ts)
		byCount.Store(n, b)
		return b
	}
	g.Eval = func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		args := append([]types.Datum(nil), a[:fixed]...)
		switch {
		case !a[fixed].IsNull():
			args = append(args, a[fixed].Array().Elems...)
		case f.Name != "format": // for which NULL is no values
			return types.Null, nil
		}
		if !f.NotStrict {
			for _, d := range args {
				if d.IsNull() {
					return types.Null, nil
				}
			}
		}
		return bound(len(args)-fixed).Eval(ctx, args)
	}
	return &g
}
