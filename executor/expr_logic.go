package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

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
