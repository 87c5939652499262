package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Expressions over arrays and records. They are computed row by row: their
// values are objects of their own anyway.

// evalAll computes several expressions over the same rows.
func evalAll(args []expr, in *types.Batch, sel []int32, vals []builtin.Arg) error {
	for i, a := range args {
		v, err := a.eval(in, sel)
		if err != nil {
			return err
		}
		vals[i] = v
	}
	return nil
}

// eachRow calls f for the rows sel names and stores what it gives in out.
func eachRow(in *types.Batch, sel []int32, out *types.Vec, f func(i int) (types.Datum, error)) (builtin.Arg, error) {
	out.HasNulls = false
	out.Resize(in.N)
	for _, i := range selected(in.N, sel) {
		d, err := f(int(i))
		if err != nil {
			return builtin.Arg{}, err
		}
		out.Set(int(i), d)
	}
	return builtin.Arg{Vec: out}, nil
}

type arrayExpr struct {
	args []expr
	e    *plan.ArrayExpr
	vals []builtin.Arg
	out  *types.Vec
}

func (e *arrayExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if e.out == nil {
		e.out = types.NewVec(e.e.Typ, in.N)
		e.vals = make([]builtin.Arg, len(e.args))
	}
	if err := evalAll(e.args, in, sel, e.vals); err != nil {
		return builtin.Arg{}, err
	}
	elem := e.e.Typ.Under().Elem
	return eachRow(in, sel, e.out, func(i int) (types.Datum, error) {
		ds := make([]types.Datum, len(e.vals))
		for k, v := range e.vals {
			ds[k] = v.Datum(row(v, i))
		}
		a, err := types.NewArray(elem, ds), error(nil)
		if e.e.Multi {
			a, err = nestArrays(elem, ds)
		}
		if err != nil {
			return types.Null, err
		}
		if e.e.Typ.IsVector() {
			if err := types.CheckVector(e.e.Typ, a); err != nil {
				return types.Null, err
			}
		}
		return types.NewAny(a), nil
	})
}

// nestArrays makes an array of arrays, which must have the same dimensions.
func nestArrays(elem *types.Type, ds []types.Datum) (*types.Array, error) {
	out := &types.Array{Elem: elem}
	var first *types.Array
	empty := 0
	for _, d := range ds {
		if d.IsNull() {
			empty++
			continue
		}
		a := d.Array()
		if len(a.Dims) == 0 {
			empty++
			continue
		}
		if first == nil {
			first = a
		} else {
			same := len(a.Dims) == len(first.Dims)
			for k := range a.Dims {
				same = same && k < len(first.Dims) && a.Dims[k] == first.Dims[k]
			}
			if !same {
				return nil, errArrayShape()
			}
		}
		out.Elems = append(out.Elems, a.Elems...)
	}
	if first == nil {
		return out, nil
	}
	if empty > 0 {
		return nil, errArrayShape()
	}
	if len(first.Dims) >= 6 {
		return nil, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", len(first.Dims)+1)
	}
	out.Dims = append([]types.ArrayDim{{Len: int32(len(ds)), Lower: 1}}, first.Dims...)
	return out, nil
}

func errArrayShape() error {
	return pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
}

type rowExpr struct {
	args []expr
	e    *plan.RowExpr
	vals []builtin.Arg
	out  *types.Vec
}

func (e *rowExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if e.out == nil {
		e.out = types.NewVec(e.e.Typ, in.N)
		e.vals = make([]builtin.Arg, len(e.args))
	}
	if err := evalAll(e.args, in, sel, e.vals); err != nil {
		return builtin.Arg{}, err
	}
	fields := e.e.Fields // by the names of an alias
	if named := e.e.Typ.Under().Fields; len(named) == len(fields) {
		fields = named
	}
	return eachRow(in, sel, e.out, func(i int) (types.Datum, error) {
		t := &types.Tuple{Type: e.e.Typ, Fields: fields, Vals: make([]types.Datum, len(e.vals))}
		for k, v := range e.vals {
			t.Vals[k] = v.Datum(row(v, i))
		}
		return types.NewAny(t), nil
	})
}

type fieldExpr struct {
	arg expr
	e   *plan.FieldSelect
	out *types.Vec
}

func (e *fieldExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	if e.out == nil {
		e.out = types.NewVec(e.e.Typ, in.N)
	}
	return eachRow(in, sel, e.out, func(i int) (types.Datum, error) {
		i = row(a, i)
		if a.IsNull(i) {
			return types.Null, nil
		}
		t, ok := a.A[i].(*types.Tuple)
		if !ok || e.e.Idx >= len(t.Vals) {
			return types.Null, nil
		}
		return t.Vals[e.e.Idx], nil
	})
}

// subscriptExpr is a[i], a[lo:hi] of an array.
type subscriptExpr struct {
	e            *plan.Subscript
	arg          expr
	lower, upper []expr // nil elements for missing bounds
	lv, uv       []builtin.Arg
	out          *types.Vec
}

func (c *compiler) subscript(e *plan.Subscript) (expr, error) {
	s := &subscriptExpr{e: e, out: types.NewVec(e.Typ, 0)}
	var err error
	if s.arg, err = c.compile(e.Arg); err != nil {
		return nil, err
	}
	for _, ix := range e.Index {
		var l, u expr
		if ix.Lower != nil {
			if l, err = c.compile(ix.Lower); err != nil {
				return nil, err
			}
		}
		if ix.Upper != nil {
			if u, err = c.compile(ix.Upper); err != nil {
				return nil, err
			}
		}
		s.lower, s.upper = append(s.lower, l), append(s.upper, u)
	}
	s.lv, s.uv = make([]builtin.Arg, len(s.lower)), make([]builtin.Arg, len(s.upper))
	if e.Arg.Type().Under() == types.JSONB {
		return c.jsonbSubscript(e)
	}
	return s, nil
}

// jsonbSubscript follows a path, as #> does.
func (c *compiler) jsonbSubscript(e *plan.Subscript) (expr, error) {
	if e.Slice {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
	}
	args := []plan.Expr{e.Arg}
	for _, ix := range e.Index {
		args = append(args, ix.Upper)
	}
	ts := make([]*types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	return c.compile(&plan.Call{T: plan.T{Typ: types.JSONB, Mod: -1}, Fn: builtin.JSONBGet(ts), Args: args, Pos: -1})
}

func (e *subscriptExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	for k := range e.lower {
		if e.lower[k] != nil {
			if e.lv[k], err = e.lower[k].eval(in, sel); err != nil {
				return a, err
			}
		}
		if e.upper[k] != nil {
			if e.uv[k], err = e.upper[k].eval(in, sel); err != nil {
				return a, err
			}
		}
	}
	return eachRow(in, sel, e.out, func(i int) (types.Datum, error) {
		r := row(a, i)
		if a.IsNull(r) {
			return types.Null, nil
		}
		arr, ok := a.A[r].(*types.Array)
		if !ok {
			return types.Null, pgerr.New(pgerr.DatatypeMismatch, "cannot subscript a value that is not an array")
		}
		if e.e.Slice {
			return e.slice(arr, i)
		}
		return e.element(arr, i)
	})
}

func (e *subscriptExpr) element(a *types.Array, i int) (types.Datum, error) {
	pos := 0
	for k, u := range e.uv {
		j := row(u, i)
		if u.IsNull(j) {
			return types.Null, nil
		}
		if len(a.Dims) != len(e.uv) {
			continue
		}
		d := a.Dims[k]
		n := u.I[j] - int64(d.Lower)
		if n < 0 || n >= int64(d.Len) {
			return types.Null, nil
		}
		pos = pos*int(d.Len) + int(n)
	}
	if len(a.Dims) != len(e.uv) || pos >= len(a.Elems) {
		return types.Null, nil
	}
	return a.Elems[pos], nil
}

func (e *subscriptExpr) slice(a *types.Array, i int) (types.Datum, error) {
	out := &types.Array{Elem: a.Elem}
	nd := len(a.Dims)
	lo, hi := make([]int64, nd), make([]int64, nd)
	for k := range nd {
		lo[k] = int64(a.Dims[k].Lower)
		hi[k] = lo[k] + int64(a.Dims[k].Len) - 1
	}
	for k := range e.lower {
		var l, u int64
		hasL, hasU := e.lower[k] != nil, e.upper[k] != nil
		if hasL {
			v := e.lv[k]
			if v.IsNull(row(v, i)) {
				return types.Null, nil
			}
			l = v.I[row(v, i)]
		}
		if hasU {
			v := e.uv[k]
			if v.IsNull(row(v, i)) {
				return types.Null, nil
			}
			u = v.I[row(v, i)]
		}
		if k >= nd {
			return types.NewAny(out), nil
		}
		if hasL {
			lo[k] = max(lo[k], l)
		}
		if hasU {
			hi[k] = min(hi[k], u)
		}
	}
	if nd == 0 {
		return types.NewAny(out), nil
	}
	for k := range nd {
		if lo[k] > hi[k] {
			return types.NewAny(out), nil
		}
		out.Dims = append(out.Dims, types.ArrayDim{Len: int32(hi[k] - lo[k] + 1), Lower: 1})
	}
	at := append([]int64(nil), lo...)
	for {
		pos := int64(0)
		for k, d := range a.Dims {
			pos = pos*int64(d.Len) + at[k] - int64(d.Lower)
		}
		out.Elems = append(out.Elems, a.Elems[pos])
		k := nd - 1
		for k >= 0 {
			if at[k]++; at[k] <= hi[k] {
				break
			}
			at[k] = lo[k]
			k--
		}
		if k < 0 {
			return types.NewAny(out), nil
		}
	}
}

// rowCompareExpr is (a, b) < (c, d): the first pair that is not equal decides.
type rowCompareExpr struct {
	l, r   []expr
	lt, eq []*builtin.Func
	kind   string
	x      *exec
	out    *types.Vec
	rest   []int32 // rows that are not decided
	args   [2]types.Datum
}

func (c *compiler) rowCompare(e *plan.RowCompare) (expr, error) {
	l, err := c.all(e.L)
	if err != nil {
		return nil, err
	}
	r, err := c.all(e.R)
	if err != nil {
		return nil, err
	}
	k := &rowCompareExpr{l: l, r: r, kind: e.Kind, x: c.x, out: types.NewVec(types.Bool, 0)}
	for i := range e.Lt {
		k.lt = append(k.lt, e.Lt[i].Func.Bound(e.Lt[i].Func.Args))
		k.eq = append(k.eq, e.Eq[i].Func.Bound(e.Eq[i].Func.Args))
	}
	return k, nil
}

// eval computes a pair for the rows that those before it leave undecided, and no others.
func (e *rowCompareExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	e.out.HasNulls = false
	e.out.Resize(in.N)
	rest := selected(in.N, sel)
	for k := range e.l {
		l, err := e.l[k].eval(in, rest)
		if err != nil {
			return builtin.Arg{}, err
		}
		r, err := e.r[k].eval(in, rest)
		if err != nil {
			return builtin.Arg{}, err
		}
		if k == 0 {
			e.rest = room(e.rest[:0], len(rest))
		}
		undecided := e.rest[:0]
		for _, i := range rest {
			result, decided, err := e.pair(k, l.Datum(row(l, int(i))), r.Datum(row(r, int(i))))
			if err != nil {
				return builtin.Arg{}, err
			}
			if !decided {
				undecided = append(undecided, i)
				continue
			}
			e.out.Set(int(i), result)
		}
		if rest = undecided; len(rest) == 0 {
			break
		}
	}
	same := types.NewBool(e.kind == "<=" || e.kind == ">=")
	for _, i := range rest {
		e.out.Set(int(i), same)
	}
	return builtin.Arg{Vec: e.out}, nil
}

// pair compares the k-th values, which decide unless they are equal.
func (e *rowCompareExpr) pair(k int, l, r types.Datum) (result types.Datum, decided bool, err error) {
	if l.IsNull() || r.IsNull() {
		return types.Null, true, nil
	}
	e.args[0], e.args[1] = l, r
	eq, err := builtin.Call(e.eq[k], e.x.Eval, e.args[:])
	if err != nil || eq.IsNull() || eq.Bool() {
		return eq, err == nil && eq.IsNull(), err
	}
	lt, err := builtin.Call(e.lt[k], e.x.Eval, e.args[:])
	if err != nil || lt.IsNull() {
		return lt, true, err
	}
	less := e.kind == "<" || e.kind == "<="
	return types.NewBool(lt.Bool() == less), true, nil
}

// domainExpr checks values against a domain's constraints, or those of the
// domains inside them.
type domainExpr struct {
	arg    expr
	e      *plan.CoerceDomain
	holder *caseHolder
	checks []expr
	vec    types.Vec
	inside map[*types.Type]*domainExpr
}

func (c *compiler) coerceDomain(e *plan.CoerceDomain) (expr, error) {
	a, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	d, err := c.domainChecks(e)
	if err != nil {
		return nil, err
	}
	d.arg = a
	for _, in := range e.Inside {
		one, err := c.domainChecks(in)
		if err != nil {
			return nil, err
		}
		if d.inside == nil {
			d.inside = map[*types.Type]*domainExpr{}
		}
		d.inside[in.Typ] = one
	}
	return d, nil
}

// domainChecks compiles the checks of one domain.
func (c *compiler) domainChecks(e *plan.CoerceDomain) (*domainExpr, error) {
	d := &domainExpr{e: e, holder: &caseHolder{}}
	c.cases = append(c.cases, d.holder)
	defer func() { c.cases = c.cases[:len(c.cases)-1] }()
	for _, ch := range e.Checks {
		k, err := c.compile(ch.Expr)
		if err != nil {
			return nil, err
		}
		d.checks = append(d.checks, k)
	}
	return d, nil
}

// checkInside checks what values are made of, a row of the batch after the other.
func (e *domainExpr) checkInside(a builtin.Arg, rows []int32) error {
	for _, i := range rows {
		if err := e.checkParts(a.Type, a.Datum(row(a, int(i)))); err != nil {
			return err
		}
		if a.Const {
			break
		}
	}
	return nil
}

// checkParts checks a value whose type may be a domain, and its elements and fields.
func (e *domainExpr) checkParts(t *types.Type, v types.Datum) error {
	if d := e.inside[t]; d != nil {
		if err := d.checkOne(v); err != nil {
			return err
		}
	}
	if v.IsNull() {
		return nil
	}
	switch x := v.X.(type) {
	case *types.Array:
		elem := t.Under().Elem
		if elem == nil || elem.Kind != types.KindDomain && elem.Kind != types.KindComposite {
			return nil
		}
		for _, el := range x.Elems {
			if err := e.checkParts(elem, el); err != nil {
				return err
			}
		}
	case *types.Tuple:
		for i, f := range t.Under().Fields {
			if i < len(x.Vals) {
				if err := e.checkParts(f.Type, x.Vals[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkOne checks one value of the domain.
func (e *domainExpr) checkOne(v types.Datum) error {
	if e.e.NotNull && v.IsNull() {
		return e.isNull()
	}
	vec := types.NewVec(e.e.Typ.Under(), 0)
	vec.Append(v)
	e.holder.arg = builtin.Arg{Vec: vec}
	in := &types.Batch{N: 1}
	for k, ch := range e.checks {
		c, err := ch.eval(in, nil)
		if err != nil {
			return err
		}
		if r := row(c, 0); !c.IsNull(r) && !c.B[r] {
			return e.violated(k)
		}
	}
	return nil
}

func (e *domainExpr) isNull() error {
	err := pgerr.Newf(pgerr.NotNullViolation, "domain %s does not allow null values", e.e.Typ.Name)
	err.Schema, err.DataType = e.e.Typ.Schema, e.e.Typ.Name
	return err
}

func (e *domainExpr) violated(k int) error {
	err := pgerr.Newf(pgerr.CheckViolation, "value for domain %s violates check constraint %q", e.e.Typ.Name, e.e.Checks[k].Name)
	err.Schema, err.DataType, err.Constraint = e.e.Typ.Schema, e.e.Typ.Name, e.e.Checks[k].Name
	return err
}

func (e *domainExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	a, err := e.arg.eval(in, sel)
	if err != nil {
		return a, err
	}
	rows := selected(in.N, sel)
	if e.inside != nil {
		return a, e.checkInside(a, rows)
	}
	if e.e.NotNull && a.HasNulls {
		for _, i := range rows {
			if a.Nulls[row(a, int(i))] {
				return a, e.isNull()
			}
		}
	}
	e.vec = *a.Vec
	if len(rows) > 0 {
		e.holder.arg = builtin.Arg{Vec: &e.vec, Const: a.Const}
		for k, ch := range e.checks {
			v, err := ch.eval(in, sel)
			if err != nil {
				return v, err
			}
			for _, i := range rows {
				if r := row(v, int(i)); !v.IsNull(r) && !v.B[r] {
					return a, e.violated(k)
				}
			}
		}
	}
	e.vec.Type = e.e.Typ
	return builtin.Arg{Vec: &e.vec, Const: a.Const}, nil
}
