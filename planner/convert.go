package planner

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Conversions that are not in the cast table: through text forms, and of
// arrays element by element. Each is a Func made for the two types.

// ioConvert converts through the text form.
func (p *planner) ioConvert(e plan.Expr, to *types.Type, pos int, implicit bool) plan.Expr {
	return &plan.Call{T: plan.T{Typ: to, Mod: -1}, Fn: ioFunc(e.Type(), to), Args: []plan.Expr{e}, Cast: true, Implicit: implicit, Pos: pos}
}

// ioFunc makes the function that prints a value and parses the text as
// another type. Reading and printing may depend on settings: it is stable
// unless both types print alike whatever they are.
func ioFunc(from, to *types.Type) *builtin.Func {
	vol := builtin.Stable
	if settled(from) && settled(to) {
		vol = builtin.Immutable
	}
	return &builtin.Func{
		Name: to.Name, Args: []*types.Type{from}, Result: to, Kind: builtin.Scalar, Volatility: vol,
		Eval: func(ctx *builtin.Ctx, args []types.Datum) (types.Datum, error) {
			var env *types.Env
			if ctx != nil {
				env = ctx.Env
			}
			var s string
			if from.Under().Phys == types.PhysBytes && from.Under().Category == 'S' {
				s = args[0].S
			} else {
				s = types.TextOf(from, args[0], env)
			}
			if to == types.Text || to == types.VarChar {
				return types.NewString(s), nil
			}
			return types.Parse(to, -1, s, env)
		},
	}
}

// settled tells that a type's text form depends on no setting.
func settled(t *types.Type) bool {
	t = t.Under()
	if t.Elem != nil {
		return settled(t.Elem)
	}
	switch t.Category {
	case 'S', 'B', 'X', 'E':
		return true
	}
	switch t {
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.UUID, types.JSON, types.JSONB, types.Oid, types.Char:
		return true
	}
	return false
}

// arrayConvert applies a cast to every element of an array; c nil means
// through the text form.
func (p *planner) arrayConvert(e plan.Expr, to *types.Type, c *builtin.Cast, mod int32, ctx builtin.CastContext, implicit bool, pos int) plan.Expr {
	from := e.Type().Under()
	m := int32(-1)
	var f *builtin.Func
	if c != nil {
		f = c.Func
		if len(f.Args) > 1 {
			m = mod
		}
	} else {
		f = ioFunc(from.Elem, to.Elem)
	}
	explicit := ctx == builtin.Explicit
	fn := &builtin.Func{
		Name: to.Name, Args: []*types.Type{from}, Result: to, Kind: builtin.Scalar, Volatility: f.Volatility,
		Eval: func(ctx *builtin.Ctx, args []types.Datum) (types.Datum, error) {
			a, ok := args[0].X.(*types.Array)
			if !ok {
				return types.Null, pgerr.New(pgerr.InternalError, "not an array value")
			}
			out := &types.Array{Elem: to.Elem, Dims: a.Dims, Elems: make([]types.Datum, len(a.Elems))}
			buf := [3]types.Datum{{}, types.NewInt(int64(mod)), types.NewBool(explicit)}
			for i, v := range a.Elems {
				buf[0] = v
				var err error
				if out.Elems[i], err = builtin.Call(f, ctx, buf[:len(f.Args)]); err != nil {
					return types.Null, err
				}
			}
			return types.NewAny(out), nil
		},
	}
	return &plan.Call{T: plan.T{Typ: to, Mod: m}, Fn: fn, Args: []plan.Expr{e}, Cast: true, Implicit: implicit, Pos: pos}
}

// evalCall computes a call of constants; user: functions made by users too, which are
// called once in planning for each time that they are written. It gives the call back
// where it cannot, with the error if one was met.
func (p *planner) evalCall(x *plan.Call, user bool) (plan.Expr, error) {
	if p.printed {
		return x, nil
	}
	if x.Fn.SetOf || x.Fn.Kind != builtin.Scalar || x.Fn.Eval == nil {
		return x, nil
	}
	allConst, null := true, false
	for _, a := range x.Args {
		c, ok := a.(*plan.Const)
		allConst = allConst && ok
		null = null || ok && c.Val.IsNull()
	}
	if null && !x.Fn.NotStrict && x.Fn.Volatility != builtin.Volatile {
		return nullOf(x.Typ, x.Mod), nil
	}
	if !allConst || x.Fn.Volatility != builtin.Immutable {
		return x, nil
	}
	if x.Fn.User != nil && (!user || p.req.Session == nil) {
		p.uncalled = p.uncalled || user
		return x, nil
	}
	vals := make([]types.Datum, len(x.Args))
	for i, a := range x.Args {
		vals[i] = a.(*plan.Const).Val
	}
	if large := x.Fn.ResultBytes(); large != nil && large(vals) >= builtin.LargeResult {
		return x, nil // execution accounts for it
	}
	v, err := builtin.Call(x.Fn, p.foldCtx(), vals)
	if err != nil {
		p.uncalled = p.uncalled || x.Fn.User != nil // who may say otherwise next time
		return x, err
	}
	return &plan.Const{T: x.T, Val: v}, nil
}

func (p *planner) foldCtx() *builtin.Ctx {
	if p.ctx == nil {
		p.ctx = &builtin.Ctx{Context: background, Env: p.env, Catalog: p.snap, Session: p.req.Session}
	}
	return p.ctx
}
