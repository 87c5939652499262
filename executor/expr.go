package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// expr is a compiled expression: it computes the rows of a batch that sel
// names (all when nil). The result is a constant or a vector of in.N rows of
// which those selected are set; it belongs to the expr and lives until its
// next eval. Rows not selected are never computed, so that they cannot fail.
type expr interface {
	eval(in *types.Batch, sel []int32) (builtin.Arg, error)
}

// compiler turns plan expressions into exprs and preds for one exec.
type compiler struct {
	x     *exec
	cases []*caseHolder // of the enclosing CASEs and domain checks, innermost last
}

// caseHolder passes the value of a CASE's argument to its CaseTests.
type caseHolder struct{ arg builtin.Arg }

func (x *exec) compile(e plan.Expr) (expr, error) { return (&compiler{x: x}).compile(e) }

func (x *exec) compileAll(es []plan.Expr) ([]expr, error) {
	out := make([]expr, len(es))
	for i, e := range es {
		c, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

func (c *compiler) all(es []plan.Expr) ([]expr, error) {
	out := make([]expr, len(es))
	for i, e := range es {
		k, err := c.compile(e)
		if err != nil {
			return nil, err
		}
		out[i] = k
	}
	return out, nil
}

func constArg(t *types.Type, d types.Datum) builtin.Arg {
	v := types.NewVec(t, 1)
	v.Resize(1)
	v.Set(0, d)
	return builtin.Arg{Vec: v, Const: true}
}

func (c *compiler) compile(e plan.Expr) (expr, error) {
	k, err := c.parts(e)
	if err != nil || !composed(e) || !steady(e) {
		return k, err
	}
	return &onceExpr{arg: k, one: types.Batch{N: 1}, none: constArg(e.Type(), types.Null)}, nil
}

// parts compiles an expression as one that has a value for each row.
func (c *compiler) parts(e plan.Expr) (expr, error) {
	switch e := e.(type) {
	case *plan.Const:
		return &constExpr{constArg(e.Typ, e.Val)}, nil
	case *plan.Col:
		return &colExpr{e.Idx}, nil
	case *plan.Param:
		if e.Num < 1 || e.Num > len(c.x.Params) {
			return nil, pgerr.Newf(pgerr.UndefinedParameter, "there is no parameter $%d", e.Num)
		}
		return &paramExpr{x: c.x, num: e.Num, vec: constArg(e.Typ, types.Null).Vec}, nil
	case *plan.ExecParam:
		return &slotExpr{x: c.x, slot: e.Slot, vec: constArg(e.Typ, types.Null).Vec}, nil
	case *plan.Call:
		return c.call(e)
	case *plan.Relabel:
		a, err := c.compile(e.Arg)
		if err != nil {
			return nil, err
		}
		return &relabelExpr{arg: a, typ: e.Typ}, nil
	case *plan.And:
		as, err := c.all(e.Args)
		return &logicExpr{args: as, stop: false}, err
	case *plan.Or:
		as, err := c.all(e.Args)
		return &logicExpr{args: as, stop: true}, err
	case *plan.Not:
		a, err := c.compile(e.Arg)
		return &notExpr{arg: a}, err
	case *plan.IsNull:
		a, err := c.compile(e.Arg)
		u := e.Arg.Type().Under()
		return &isNullExpr{arg: a, not: e.Not, row: u.IsRow()}, err
	case *plan.BoolTest:
		a, err := c.compile(e.Arg)
		return &boolTestExpr{arg: a, kind: e.Kind}, err
	case *plan.IsDistinct:
		as, err := c.all([]plan.Expr{e.L, e.R})
		if err != nil {
			return nil, err
		}
		return &distinctExpr{l: as[0], r: as[1], eq: newFuncCall(c.x, e.Eq.Func, 2), not: e.Not}, nil
	case *plan.Case:
		return c.caseExpr(e)
	case *plan.CaseTest:
		if len(c.cases) == 0 {
			return nil, pgerr.New(pgerr.InternalError, "CaseTest outside of CASE")
		}
		return &caseTestExpr{c.cases[len(c.cases)-1]}, nil
	case *plan.Coalesce:
		as, err := c.all(e.Args)
		return &coalesceExpr{args: as, typ: e.Typ}, err
	case *plan.MinMax:
		as, err := c.all(e.Args)
		return &minMaxExpr{args: as, typ: e.Typ, greatest: e.Greatest}, err
	case *plan.NullIf:
		as, err := c.all([]plan.Expr{e.L, e.R})
		if err != nil {
			return nil, err
		}
		return &nullIfExpr{l: as[0], r: as[1], typ: e.Typ, eq: newFuncCall(c.x, e.Eq.Func, 2)}, nil
	case *plan.ArrayExpr:
		as, err := c.all(e.Elems)
		return &arrayExpr{args: as, e: e}, err
	case *plan.RowExpr:
		as, err := c.all(e.Args)
		return &rowExpr{args: as, e: e}, err
	case *plan.FieldSelect:
		a, err := c.compile(e.Arg)
		return &fieldExpr{arg: a, e: e}, err
	case *plan.Subscript:
		return c.subscript(e)
	case *plan.ScalarArray:
		return c.scalarArray(e)
	case *plan.RowCompare:
		return c.rowCompare(e)
	case *plan.CoerceDomain:
		return c.coerceDomain(e)
	case *plan.Subplan:
		return c.subplan(e)
	case nil:
		return nil, pgerr.New(pgerr.InternalError, "missing expression")
	}
	return nil, pgerr.Unsupported("the executor does not know the expression %T", e)
}

// composed tells of an expression that has parts and is no call: calls see themselves
// that their arguments are constant.
func composed(e plan.Expr) bool {
	switch e.(type) {
	case *plan.Const, *plan.Col, *plan.Param, *plan.ExecParam, *plan.CaseTest, *plan.Call, *plan.Relabel, *plan.Subplan:
		return false
	}
	return true
}

// steady tells that an expression has one value for all rows of a batch: it reads none
// of their columns and calls nothing volatile.
func steady(e plan.Expr) bool {
	switch e := e.(type) {
	case *plan.Col, *plan.CaseTest, *plan.Subplan, *plan.CoerceDomain:
		return false
	case *plan.Call:
		if e.Fn.SetOf || e.Fn.Volatility == builtin.Volatile {
			return false
		}
	case *plan.ScalarArray:
		if e.Op.Func.Volatility == builtin.Volatile {
			return false
		}
	}
	ok := true
	plan.Parts(e, func(a plan.Expr) { ok = ok && steady(a) })
	return ok
}

// onceExpr computes an expression that is steady once a batch, if that has rows.
type onceExpr struct {
	arg  expr
	one  types.Batch
	none builtin.Arg
}

func (e *onceExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if in.N == 0 || sel != nil && len(sel) == 0 {
		return e.none, nil
	}
	a, err := e.arg.eval(&e.one, nil)
	a.Const = true
	return a, err
}

// iota32 gives the row numbers 0 … n-1.
func iota32(n int) []int32 {
	if n <= len(rowNumbers) {
		return rowNumbers[:n]
	}
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

var rowNumbers = func() []int32 {
	s := make([]int32, 8*types.BatchSize)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}()

// selected gives sel, or all of n rows.
func selected(n int, sel []int32) []int32 {
	if sel != nil {
		return sel
	}
	return iota32(n)
}

// row gives the row of an argument that stands for row i.
func row(a builtin.Arg, i int) int {
	if a.Const {
		return 0
	}
	return i
}

type constExpr struct{ arg builtin.Arg }

func (e *constExpr) eval(*types.Batch, []int32) (builtin.Arg, error) { return e.arg, nil }

// paramExpr reads a parameter of the statement.
type paramExpr struct {
	x   *exec
	num int
	gen uint64
	vec *types.Vec
}

func (e *paramExpr) eval(*types.Batch, []int32) (builtin.Arg, error) {
	if e.gen != e.x.gen {
		e.gen = e.x.gen
		if e.num > len(e.x.Params) {
			return builtin.Arg{}, pgerr.Newf(pgerr.UndefinedParameter, "there is no parameter $%d", e.num)
		}
		e.vec.HasNulls = false
		e.vec.Set(0, e.x.Params[e.num-1])
	}
	return builtin.Arg{Vec: e.vec, Const: true}, nil
}

type colExpr struct{ idx int }

func (e *colExpr) eval(in *types.Batch, _ []int32) (builtin.Arg, error) {
	return builtin.Arg{Vec: in.Cols[e.idx]}, nil
}

// slotExpr reads an exec param.
type slotExpr struct {
	x    *exec
	slot int
	vec  *types.Vec
}

func (e *slotExpr) eval(*types.Batch, []int32) (builtin.Arg, error) {
	e.vec.HasNulls = false
	e.vec.Set(0, e.x.slots[e.slot])
	return builtin.Arg{Vec: e.vec, Const: true}, nil
}

type relabelExpr struct {
	arg expr
	typ *types.Type
	vec types.Vec
}

func (e *relabelExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	e.vec = *a.Vec
	e.vec.Type = e.typ
	return builtin.Arg{Vec: &e.vec, Const: a.Const}, nil
}

// callExpr applies a function.
type callExpr struct {
	x     *exec
	fn    *builtin.Func
	args  []expr
	vals  []builtin.Arg
	row   []types.Datum
	out   *types.Vec
	one   *types.Vec                     // the result when all arguments are constant
	large func(args []types.Datum) int64 // what a result takes, of functions that make much of little
}

func (c *compiler) call(e *plan.Call) (expr, error) {
	if e.Fn.SetOf {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set").At(e.Pos)
	}
	as, err := c.all(e.Args)
	if err != nil {
		return nil, err
	}
	ts := make([]*types.Type, len(e.Args))
	for i, a := range e.Args {
		ts[i] = a.Type()
	}
	n := len(as)
	return &callExpr{x: c.x, fn: e.Fn.Bound(ts), args: as, vals: make([]builtin.Arg, n), row: make([]types.Datum, n),
		out: types.NewVec(e.Typ, 0), one: constArg(e.Typ, types.Null).Vec, large: e.Fn.ResultBytes()}, nil
}

// fits sees that the statement may have what the call makes of rows of the arguments.
func (e *callExpr) fits(n int, sel []int32) error {
	total := int64(0)
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		for j, a := range e.vals {
			at := i
			if a.Const {
				at = 0
			}
			e.row[j] = a.Datum(at)
		}
		total += e.large(e.row)
	}
	if total < builtin.LargeResult {
		return nil
	}
	err := e.x.Memory.grow(total)
	_ = e.x.Memory.grow(-total)
	return err
}

func (e *callExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	constant := e.fn.Volatility != builtin.Volatile
	for i, a := range e.args {
		v, err := a.eval(in, sel)
		if err != nil {
			return v, err
		}
		e.vals[i] = v
		constant = constant && v.Const
	}
	if constant {
		if in.N == 0 || sel != nil && len(sel) == 0 {
			return builtin.Arg{Vec: e.one, Const: true}, nil
		}
		for i, a := range e.vals {
			e.row[i] = a.Datum(0)
		}
		if e.large != nil {
			if err := e.fits(1, nil); err != nil {
				return builtin.Arg{}, err
			}
		}
		d, err := builtin.Call(e.fn, e.x.Eval, e.row)
		if err != nil {
			return builtin.Arg{}, err
		}
		e.one.HasNulls = false
		e.one.Set(0, d)
		return builtin.Arg{Vec: e.one, Const: true}, nil
	}
	if e.large != nil {
		if err := e.fits(in.N, sel); err != nil {
			return builtin.Arg{}, err
		}
	}
	if err := builtin.CallVec(e.fn, e.x.Eval, e.vals, e.out, in.N, sel); err != nil {
		return builtin.Arg{}, err
	}
	return builtin.Arg{Vec: e.out}, nil
}

// funcCall applies a function to arguments computed elsewhere.
type funcCall struct {
	x    *exec
	fn   *builtin.Func
	vals []builtin.Arg
	out  *types.Vec
}

func newFuncCall(x *exec, fn *builtin.Func, n int) *funcCall {
	fn = fn.Bound(fn.Args)
	t := fn.Result
	if t == nil {
		t = types.Bool
	}
	return &funcCall{x: x, fn: fn, vals: make([]builtin.Arg, n), out: types.NewVec(t, 0)}
}

func (f *funcCall) call(n int, sel []int32, args ...builtin.Arg) (*types.Vec, error) {
	copy(f.vals, args)
	err := builtin.CallVec(f.fn, f.x.Eval, f.vals, f.out, n, sel)
	return f.out, err
}
