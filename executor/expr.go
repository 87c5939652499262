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
		return &isNullExpr{arg: a, not: e.Not, row: u.Phys == types.PhysAny && u.Elem == nil}, err
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
		raw := e.Raw
		if raw == nil {
			raw = e.L
		}
		as, err := c.all([]plan.Expr{e.L, e.R, raw})
		if err != nil {
			return nil, err
		}
		return &nullIfExpr{l: as[0], r: as[1], raw: as[2], typ: e.Typ, eq: newFuncCall(c.x, e.Eq.Func, 2)}, nil
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
	x    *exec
	fn   *builtin.Func
	args []expr
	vals []builtin.Arg
	row  []types.Datum
	out  *types.Vec
	one  *types.Vec // the result when all arguments are constant
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
		out: types.NewVec(e.Typ, 0), one: constArg(e.Typ, types.Null).Vec}, nil
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
		d, err := builtin.Call(e.fn, e.x.Eval, e.row)
		if err != nil {
			return builtin.Arg{}, err
		}
		e.one.HasNulls = false
		e.one.Set(0, d)
		return builtin.Arg{Vec: e.one, Const: true}, nil
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

// logicExpr is AND (stop false) or OR (stop true): arguments in turn, each
// for the rows that those before it left undecided.
type logicExpr struct {
	args []expr
	stop bool
	out  types.Vec
	sel  []int32
}

func (e *logicExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	cur := selected(in.N, sel)
	for _, i := range cur {
		out.B[i] = !e.stop
	}
	for _, a := range e.args {
		if len(cur) == 0 {
			break
		}
		v, err := a.eval(in, cur)
		if err != nil {
			return v, err
		}
		// cur may be read while its survivors are written behind.
		next := e.sel[:0]
		if cap(next) < len(cur) {
			next = make([]int32, 0, in.N)
		}
		for _, i := range cur {
			r := row(v, int(i))
			switch {
			case v.HasNulls && v.Nulls[r]:
				out.MakeNulls()[i] = true
				out.B[i] = false
				next = append(next, i)
			case v.B[r] == e.stop:
				out.B[i] = e.stop
				if out.HasNulls {
					out.Nulls[i] = false
				}
			default:
				next = append(next, i)
			}
		}
		e.sel = next
		cur = next
	}
	return builtin.Arg{Vec: out}, nil
}

type notExpr struct {
	arg expr
	out types.Vec
}

func (e *notExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	if a.Const && in.N == 0 {
		return builtin.Arg{Vec: out}, nil
	}
	for _, i := range selected(in.N, sel) {
		r := row(a, int(i))
		if a.HasNulls && a.Nulls[r] {
			out.SetNull(int(i))
			out.B[i] = false
			continue
		}
		out.B[i] = !a.B[r]
	}
	return builtin.Arg{Vec: out}, nil
}

// isNullExpr is IS [NOT] NULL, of a scalar or a row.
type isNullExpr struct {
	arg      expr
	not, row bool
	out      types.Vec
}

func (e *isNullExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	for _, i := range selected(in.N, sel) {
		r := row(a, int(i))
		null := a.HasNulls && a.Nulls[r]
		if e.row && !null {
			out.B[i] = rowIsNull(a.A[r], e.not)
			continue
		}
		out.B[i] = null != e.not
	}
	return builtin.Arg{Vec: out}, nil
}

// rowIsNull tells whether all fields of a record are NULL (or, not, none is).
func rowIsNull(v any, not bool) bool {
	t, ok := v.(*types.Tuple)
	if !ok {
		return not
	}
	for _, d := range t.Vals {
		if d.IsNull() == not {
			return false
		}
	}
	return true
}

type boolTestExpr struct {
	arg  expr
	kind plan.BoolTestKind
	out  types.Vec
}

func (e *boolTestExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	for _, i := range selected(in.N, sel) {
		r := row(a, int(i))
		null := a.HasNulls && a.Nulls[r]
		val := !null && a.B[r]
		switch e.kind {
		case plan.IsTrue:
			out.B[i] = val
		case plan.IsNotTrue:
			out.B[i] = !val
		case plan.IsFalse:
			out.B[i] = !null && !val
		case plan.IsNotFalse:
			out.B[i] = null || val
		case plan.IsUnknown:
			out.B[i] = null
		default:
			out.B[i] = !null
		}
	}
	return builtin.Arg{Vec: out}, nil
}

// distinctExpr is IS [NOT] DISTINCT FROM.
type distinctExpr struct {
	l, r expr
	eq   *funcCall
	not  bool
	out  types.Vec
}

func (e *distinctExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	l, err := e.l.eval(in, sel)
	if err != nil {
		return l, err
	}
	r, err := e.r.eval(in, sel)
	if err != nil {
		return r, err
	}
	eq, err := e.eq.call(in.N, sel, l, r)
	if err != nil {
		return l, err
	}
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	for _, i := range selected(in.N, sel) {
		ln, rn := l.IsNull(row(l, int(i))), r.IsNull(row(r, int(i)))
		same := ln && rn || !ln && !rn && eq.B[i]
		out.B[i] = same == e.not
	}
	return builtin.Arg{Vec: out}, nil
}

// caseExpr is CASE: each arm for the rows whose condition holds first.
type caseExpr struct {
	arg    expr
	holder *caseHolder
	whens  []pred
	then   []expr
	els    expr
	out    *types.Vec
	hit    []int32
	left   []int32
	mark   []bool
}

func (c *compiler) caseExpr(e *plan.Case) (expr, error) {
	out := &caseExpr{out: types.NewVec(e.Typ, 0)}
	var err error
	if e.Arg != nil {
		if out.arg, err = c.compile(e.Arg); err != nil {
			return nil, err
		}
		out.holder = &caseHolder{}
		c.cases = append(c.cases, out.holder)
	}
	for _, w := range e.Whens {
		p, err := c.pred(w.Cond)
		if err != nil {
			return nil, err
		}
		out.whens = append(out.whens, p)
	}
	if e.Arg != nil {
		c.cases = c.cases[:len(c.cases)-1]
	}
	for _, w := range e.Whens {
		r, err := c.compile(w.Result)
		if err != nil {
			return nil, err
		}
		out.then = append(out.then, r)
	}
	if e.Else != nil {
		if out.els, err = c.compile(e.Else); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *caseExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	out := e.out
	out.HasNulls = false
	out.Resize(in.N)
	if e.arg != nil {
		a, err := e.arg.eval(in, sel)
		if err != nil {
			return a, err
		}
		e.holder.arg = a
	}
	left := append(e.left[:0], selected(in.N, sel)...)
	if len(e.mark) < in.N {
		e.mark = make([]bool, in.N)
	}
	for k, w := range e.whens {
		if len(left) == 0 {
			break
		}
		var err error
		e.hit, err = w.filter(in, left, e.hit[:0])
		if err != nil {
			return builtin.Arg{}, err
		}
		if len(e.hit) == 0 {
			continue
		}
		if err := scatter(e.then[k], in, e.hit, out); err != nil {
			return builtin.Arg{}, err
		}
		left = without(left, e.hit, e.mark)
	}
	e.left = left
	if len(left) > 0 {
		if e.els == nil {
			for _, i := range left {
				out.Set(int(i), types.Null)
			}
		} else if err := scatter(e.els, in, left, out); err != nil {
			return builtin.Arg{}, err
		}
	}
	return builtin.Arg{Vec: out}, nil
}

// without removes from rows those in drop, in place; mark is all false.
func without(rows, drop []int32, mark []bool) []int32 {
	for _, i := range drop {
		mark[i] = true
	}
	kept := rows[:0]
	for _, i := range rows {
		if !mark[i] {
			kept = append(kept, i)
		}
	}
	for _, i := range drop {
		mark[i] = false
	}
	return kept
}

// scatter computes e for rows and stores the results in the same rows of out.
func scatter(e expr, in *types.Batch, rows []int32, out *types.Vec) error {
	v, err := e.eval(in, rows)
	if err != nil {
		return err
	}
	copyRows(out, v, rows)
	return nil
}

// copyRows copies rows of an argument to the same rows of out.
func copyRows(out *types.Vec, v builtin.Arg, rows []int32) {
	if v.Const {
		d := v.Datum(0)
		for _, i := range rows {
			out.Set(int(i), d)
		}
		return
	}
	switch out.Type.Phys {
	case types.PhysBool:
		spread(out.B, v.B, rows)
	case types.PhysInt64:
		spread(out.I, v.I, rows)
	case types.PhysFloat64:
		spread(out.F, v.F, rows)
	case types.PhysBytes:
		spread(out.S, v.S, rows)
	case types.PhysDecimal:
		spread(out.D, v.D, rows)
	case types.PhysInterval:
		spread(out.V, v.V, rows)
	default:
		spread(out.A, v.A, rows)
	}
	if v.HasNulls {
		spread(out.MakeNulls(), v.Nulls, rows)
	} else if out.HasNulls {
		for _, i := range rows {
			out.Nulls[i] = false
		}
	}
}

func spread[T any](dst, src []T, rows []int32) {
	for _, i := range rows {
		dst[i] = src[i]
	}
}

type caseTestExpr struct{ h *caseHolder }

func (e *caseTestExpr) eval(*types.Batch, []int32) (builtin.Arg, error) { return e.h.arg, nil }

type coalesceExpr struct {
	args []expr
	typ  *types.Type
	out  *types.Vec
	left []int32
}

func (e *coalesceExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if e.out == nil {
		e.out = types.NewVec(e.typ, in.N)
	}
	out := e.out
	out.HasNulls = false
	out.Resize(in.N)
	left := selected(in.N, sel)
	for _, a := range e.args {
		v, err := a.eval(in, left)
		if err != nil {
			return v, err
		}
		copyRows(out, v, left)
		if !out.HasNulls {
			break
		}
		next := e.left[:0]
		if cap(next) < len(left) {
			next = make([]int32, 0, in.N)
		}
		for _, i := range left {
			if out.Nulls[i] {
				next = append(next, i)
			}
		}
		e.left, left = next, next
		if len(left) == 0 {
			break
		}
	}
	return builtin.Arg{Vec: out}, nil
}

// minMaxExpr is GREATEST or LEAST; NULLs are passed over.
type minMaxExpr struct {
	args     []expr
	typ      *types.Type
	greatest bool
	out      *types.Vec
}

func (e *minMaxExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if e.out == nil {
		e.out = types.NewVec(e.typ, in.N)
	}
	out := e.out
	out.HasNulls = false
	out.Resize(in.N)
	rows := selected(in.N, sel)
	for k, a := range e.args {
		v, err := a.eval(in, sel)
		if err != nil {
			return v, err
		}
		if k == 0 {
			copyRows(out, v, rows)
			continue
		}
		for _, i := range rows {
			r := row(v, int(i))
			if v.IsNull(r) {
				continue
			}
			if out.IsNull(int(i)) || (types.CompareAt(v.Vec, r, out, int(i)) > 0) == e.greatest &&
				types.CompareAt(v.Vec, r, out, int(i)) != 0 {
				out.Set(int(i), v.Datum(r))
			}
		}
	}
	return builtin.Arg{Vec: out}, nil
}

type nullIfExpr struct {
	l, r, raw expr
	typ       *types.Type
	eq        *funcCall
	out       *types.Vec
}

func (e *nullIfExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	l, err := e.l.eval(in, sel)
	if err != nil {
		return l, err
	}
	r, err := e.r.eval(in, sel)
	if err != nil {
		return r, err
	}
	eq, err := e.eq.call(in.N, sel, l, r)
	if err != nil {
		return l, err
	}
	raw, err := e.raw.eval(in, sel)
	if err != nil {
		return raw, err
	}
	if e.out == nil {
		e.out = types.NewVec(e.typ, in.N)
	}
	out := e.out
	out.HasNulls = false
	out.Resize(in.N)
	rows := selected(in.N, sel)
	copyRows(out, raw, rows)
	for _, i := range rows {
		if !eq.IsNull(int(i)) && eq.B[i] {
			out.Set(int(i), types.Null)
		}
	}
	return builtin.Arg{Vec: out}, nil
}
