package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// scalarArrayExpr is x op ANY (array) and x op ALL (array). When the array is
// the same for the whole batch and op is equality, it is made a hash set once.
type scalarArrayExpr struct {
	x     *exec
	l, r  expr
	elems []expr // of an IN list whose items are not all constant
	vals  []builtin.Arg
	op    *builtin.Func
	hash  bool // op is = between types that hash alike
	all   bool
	out   types.Vec
	set   *valueSet
	ints  map[int64]struct{}
	setOf *types.Array
	args  [2]types.Datum
	isIn  bool // = ANY
	isNot bool // <> ALL
}

func (c *compiler) scalarArray(e *plan.ScalarArray) (expr, error) {
	l, err := c.compile(e.L)
	if err != nil {
		return nil, err
	}
	s := &scalarArrayExpr{x: c.x, l: l, all: e.All, op: e.Op.Func.Bound(e.Op.Func.Args)}
	s.isIn = e.Op.Compare == "=" && !e.All
	s.isNot = e.Op.Compare == "<>" && e.All
	if e.Op.Left != nil {
		lt, rt := e.Op.Left.Under(), e.Op.Right.Under()
		s.hash = (s.isIn || s.isNot) && (lt.OID == rt.OID && lt.Kind != types.KindPseudo || rawComparable(lt, rt))
	}
	if arr, ok := e.R.(*plan.ArrayExpr); ok && !arr.Multi {
		constant := true
		for _, a := range arr.Elems {
			switch bare(a).(type) {
			case *plan.Const, *plan.Param:
			default:
				constant = false
			}
		}
		if !constant {
			if s.elems, err = c.all(arr.Elems); err != nil {
				return nil, err
			}
			return s, nil
		}
		if arr.Typ != nil && arr.Typ.Under().Elem != nil {
			elems, err := c.all(arr.Elems)
			if err != nil {
				return nil, err
			}
			s.r = &constArrayExpr{x: c.x, typ: arr.Typ, elems: elems}
			return s, nil
		}
	}
	s.r, err = c.compile(e.R)
	return s, err
}

// constArrayExpr is an array of constants and parameters, made once an execution.
type constArrayExpr struct {
	x     *exec
	typ   *types.Type
	elems []expr
	gen   uint64
	arg   builtin.Arg
}

func (e *constArrayExpr) eval(*types.Batch, []int32) (builtin.Arg, error) {
	if e.gen == e.x.gen {
		return e.arg, nil
	}
	a := &types.Array{Elem: e.typ.Under().Elem}
	for _, el := range e.elems {
		d, err := evalOne(el)
		if err != nil {
			return builtin.Arg{}, err
		}
		a.Elems = append(a.Elems, d)
	}
	if len(a.Elems) > 0 {
		a.Dims = []types.ArrayDim{{Len: int32(len(a.Elems)), Lower: 1}}
	}
	e.arg, e.gen = constArg(e.typ, types.NewAny(a)), e.x.gen
	return e.arg, nil
}

func (e *scalarArrayExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	l, err := e.l.eval(in, sel)
	if err != nil {
		return l, err
	}
	out := &e.out
	out.Init(types.Bool, in.N)
	out.Resize(in.N)
	rows := selected(in.N, sel)
	if e.elems != nil {
		return e.list(in, sel, rows, l, out)
	}
	r, err := e.r.eval(in, sel)
	if err != nil {
		return r, err
	}
	if r.Const && e.hash && !r.IsNull(0) {
		if a, ok := r.A[0].(*types.Array); ok && (len(a.Elems) > 2) {
			e.probe(a, l, rows, out)
			return builtin.Arg{Vec: out}, nil
		}
	}
	for _, i := range rows {
		j := row(r, int(i))
		if r.IsNull(j) {
			out.SetNull(int(i))
			continue
		}
		a := r.A[j].(*types.Array)
		d, err := e.compare(l.Datum(row(l, int(i))), a.Elems)
		if err != nil {
			return l, err
		}
		out.Set(int(i), d)
	}
	return builtin.Arg{Vec: out}, nil
}

// compare tries elements in turn.
func (e *scalarArrayExpr) compare(l types.Datum, elems []types.Datum) (types.Datum, error) {
	if len(elems) == 0 {
		return types.NewBool(e.all), nil
	}
	null := false
	e.args[0] = l
	for _, v := range elems {
		e.args[1] = v
		d, err := builtin.Call(e.op, e.x.Eval, e.args[:])
		if err != nil {
			return d, err
		}
		if d.IsNull() {
			null = true
		} else if d.Bool() != e.all {
			return d, nil
		}
	}
	if null {
		return types.Null, nil
	}
	return types.NewBool(e.all), nil
}

// list compares with expressions. All are computed for all rows before any is compared: they are
// elements of an array.
func (e *scalarArrayExpr) list(in *types.Batch, sel, rows []int32, l builtin.Arg, out *types.Vec) (builtin.Arg, error) {
	e.vals = e.vals[:0]
	for _, el := range e.elems {
		v, err := el.eval(in, sel)
		if err != nil {
			return v, err
		}
		e.vals = append(e.vals, v)
	}
	left := append([]int32(nil), rows...)
	for _, i := range rows {
		out.B[i] = e.all
	}
	for _, v := range e.vals {
		kept := left[:0]
		for _, i := range left {
			e.args[0], e.args[1] = l.Datum(row(l, int(i))), v.Datum(row(v, int(i)))
			d, err := builtin.Call(e.op, e.x.Eval, e.args[:])
			if err != nil {
				return v, err
			}
			switch {
			case d.IsNull():
				out.MakeNulls()[i] = true
				out.B[i] = false
				kept = append(kept, i)
			case d.Bool() != e.all:
				out.B[i] = !e.all
				if out.HasNulls {
					out.Nulls[i] = false
				}
			default:
				kept = append(kept, i)
			}
		}
		if left = kept; len(left) == 0 {
			break
		}
	}
	return builtin.Arg{Vec: out}, nil
}

// probe looks values up in the hash set of the array.
func (e *scalarArrayExpr) probe(a *types.Array, l builtin.Arg, rows []int32, out *types.Vec) {
	if e.setOf != a {
		e.setOf, e.set, e.ints = a, nil, nil
		if a.Elem.Under().Phys == types.PhysInt64 {
			e.ints = make(map[int64]struct{}, len(a.Elems))
			e.set = &valueSet{}
			for _, d := range a.Elems {
				if d.IsNull() {
					e.set.hasNull = true
				} else {
					e.ints[d.I] = struct{}{}
				}
			}
		} else {
			e.set = newValueSet(a.Elem, a.Elems)
		}
	}
	for _, i := range rows {
		r := row(l, int(i))
		if l.HasNulls && l.Nulls[r] {
			out.SetNull(int(i))
			out.B[i] = false
			continue
		}
		var hit bool
		if e.ints != nil {
			_, hit = e.ints[l.I[r]]
		} else {
			hit = e.set.has(l.Vec, r)
		}
		if !hit && e.set.hasNull {
			out.SetNull(int(i))
			out.B[i] = false
			continue
		}
		out.B[i] = hit == e.isIn
	}
}

// valueSet is a hash set of values of one type.
type valueSet struct {
	vals    *types.Vec
	heads   map[uint64]int32 // first value of a hash
	next    []int32
	hasNull bool
}

func newValueSet(t *types.Type, ds []types.Datum) *valueSet {
	s := &valueSet{vals: types.NewVec(t, len(ds)), heads: make(map[uint64]int32, len(ds))}
	for _, d := range ds {
		s.add(d)
	}
	return s
}

// add adds a value; false when it was there.
func (s *valueSet) add(d types.Datum) bool {
	if d.IsNull() {
		was := s.hasNull
		s.hasNull = true
		return !was
	}
	n := s.vals.Len
	s.vals.Append(d)
	h := types.HashAt(s.vals, n, 0)
	first, ok := s.heads[h]
	if !ok {
		first = -1
	}
	for k := first; k >= 0; k = s.next[k] {
		if types.EqualAt(s.vals, int(k), s.vals, n) {
			s.vals.Resize(n)
			return false
		}
	}
	s.next = append(s.next, first)
	s.heads[h] = int32(n)
	return true
}

func (s *valueSet) has(v *types.Vec, i int) bool {
	k, ok := s.heads[types.HashAt(v, i, 0)]
	for ok && k >= 0 {
		if types.EqualAt(s.vals, int(k), v, i) {
			return true
		}
		k = s.next[k]
	}
	return false
}
