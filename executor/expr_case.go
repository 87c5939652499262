package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

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
	l, r expr
	typ  *types.Type
	eq   *funcCall
	out  *types.Vec
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
	if e.out == nil {
		e.out = types.NewVec(e.typ, in.N)
	}
	out := e.out
	out.HasNulls = false
	out.Resize(in.N)
	rows := selected(in.N, sel)
	copyRows(out, l, rows)
	for _, i := range rows {
		if !eq.IsNull(int(i)) && eq.B[i] {
			out.Set(int(i), types.Null)
		}
	}
	return builtin.Arg{Vec: out}, nil
}
