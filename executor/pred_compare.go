package executor

import (
	"strings"

	"rowkey/planner/plan"
	"rowkey/types"
)

// cmpOp is a comparison.
type cmpOp uint8

const (
	cmpEq cmpOp = iota
	cmpNe
	cmpLt
	cmpLe
	cmpGt
	cmpGe
)

var cmpOps = map[string]cmpOp{"=": cmpEq, "<>": cmpNe, "<": cmpLt, "<=": cmpLe, ">": cmpGt, ">=": cmpGe}

// flip exchanges the sides of a comparison.
func (o cmpOp) flip() cmpOp {
	switch o {
	case cmpLt:
		return cmpGt
	case cmpLe:
		return cmpGe
	case cmpGt:
		return cmpLt
	case cmpGe:
		return cmpLe
	}
	return o
}

// rawComparable tells whether values of two types compare as their physical
// values do, by < and == of Go.
func rawComparable(a, b *types.Type) bool {
	a, b = a.Under(), b.Under()
	switch a.Phys {
	case types.PhysInt64:
		if a == types.Xid8 || b == types.Xid8 {
			return false
		}
		isInt := func(t *types.Type) bool { return t == types.Int2 || t == types.Int4 || t == types.Int8 }
		return a.OID == b.OID || isInt(a) && isInt(b)
	case types.PhysFloat64:
		return b.Phys == types.PhysFloat64
	case types.PhysBytes:
		if a == types.BPChar || a == types.JSONB || a == types.JSON {
			return false
		}
		return a.OID == b.OID
	case types.PhysDecimal:
		return a.OID == b.OID
	}
	return false
}

// compare makes the fast form of a comparison of a column with a value that
// is the same for the whole batch, or with another column; nil if there is none.
func (c *compiler) compare(e *plan.Call) (pred, error) {
	if e.Op == nil || e.Op.Compare == "" || len(e.Args) != 2 || e.Op.Left == nil {
		return nil, nil
	}
	o, ok := cmpOps[e.Op.Compare]
	blanks := bothPadded(e.Op.Left, e.Op.Right)
	if !ok || !blanks && !rawComparable(e.Op.Left, e.Op.Right) {
		return nil, nil
	}
	l, r := bare(e.Args[0]), bare(e.Args[1])
	lc, lok := l.(*plan.Col)
	rc, rok := r.(*plan.Col)
	if lok && rok && e.Op.Left.Under().Phys == types.PhysInt64 {
		return &colColPred{l: lc.Idx, r: rc.Idx, op: o}, nil
	}
	if !lok && rok {
		l, r, lc, lok, o = r, l, rc, true, o.flip()
	}
	if !lok || lc.Typ.Under().Phys != e.Op.Left.Under().Phys {
		return nil, nil
	}
	switch r.(type) {
	case *plan.Const, *plan.Param, *plan.ExecParam:
	default:
		return nil, nil
	}
	val, err := c.compile(r)
	if err != nil {
		return nil, err
	}
	return &colValPred{idx: lc.Idx, val: val, op: o, phys: e.Op.Left.Under().Phys, blanks: blanks}, nil
}

// bothPadded tells whether values compare but for the blanks at their ends.
func bothPadded(a, b *types.Type) bool {
	return a.Under() == types.BPChar && b.Under() == types.BPChar
}

// bare looks through relabelings, which do not change representations.
func bare(e plan.Expr) plan.Expr {
	for {
		r, ok := e.(*plan.Relabel)
		if !ok {
			return e
		}
		e = r.Arg
	}
}

// colValPred compares a column with one value.
type colValPred struct {
	idx  int
	val  expr
	op   cmpOp
	phys types.Phys
	// blanks: those at the end do not count, as in values of character(n).
	blanks bool
}

func (p *colValPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	c, err := p.val.eval(in, sel)
	if err != nil || c.IsNull(0) || in.N == 0 {
		return out, err
	}
	v := in.Cols[p.idx]
	out = room(out, len(selected(in.N, sel)))
	var nulls []bool
	if v.HasNulls {
		nulls = v.Nulls
	}
	switch p.phys {
	case types.PhysInt64:
		return cmpValue(p.op, v.I, c.I[0], nulls, in.N, sel, out), nil
	case types.PhysFloat64:
		if f := c.F[0]; f == f {
			return cmpValue(p.op, v.F, f, nulls, in.N, sel, out), nil
		}
		d := c.F[0]
		return cmpFunc(p.op, v.F, nulls, in.N, sel, out, func(f float64) int { return types.CompareFloat(f, d) }), nil
	case types.PhysBytes:
		if p.blanks {
			return cmpPadded(p.op, v.S, types.TrimBlanks(c.S[0]), nulls, in.N, sel, out), nil
		}
		return cmpValue(p.op, v.S, c.S[0], nulls, in.N, sel, out), nil
	}
	d := c.D[0]
	if d.Form != types.Finite || d.Big != nil {
		return cmpFunc(p.op, v.D, nulls, in.N, sel, out, func(e types.Decimal) int { return e.Cmp(d) }), nil
	}
	return cmpFunc(p.op, v.D, nulls, in.N, sel, out, func(e types.Decimal) int {
		if e.Scale == d.Scale && e.Form == types.Finite && e.Big == nil {
			switch {
			case e.Coef < d.Coef:
				return -1
			case e.Coef > d.Coef:
				return 1
			}
			return 0
		}
		return e.Cmp(d)
	}), nil
}

// cmpValue finds the values that compare with one as asked; it is no NaN, and
// values that are (x != x) come after all others.
func cmpValue[T int64 | float64 | string](o cmpOp, v []T, c T, nulls []bool, n int, sel, out []int32) []int32 {
	if sel == nil && nulls == nil {
		k := len(out)
		buf := out[:k+n]
		v = v[:n]
		switch o {
		case cmpEq:
			k = hits(v, buf, k, func(x T) bool { return x == c })
		case cmpNe:
			k = hits(v, buf, k, func(x T) bool { return x != c })
		case cmpLt:
			k = hits(v, buf, k, func(x T) bool { return x < c })
		case cmpLe:
			k = hits(v, buf, k, func(x T) bool { return x <= c })
		case cmpGt:
			k = hits(v, buf, k, func(x T) bool { return x > c || x != x })
		default:
			k = hits(v, buf, k, func(x T) bool { return x >= c || x != x })
		}
		return buf[:k]
	}
	// out may be sel's own memory: k never passes the row being read.
	k := len(out)
	buf := out[:cap(out)]
	sel = selected(n, sel)
	switch o {
	case cmpEq:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x == c })
	case cmpNe:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x != c })
	case cmpLt:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x < c })
	case cmpLe:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x <= c })
	case cmpGt:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x > c || x != x })
	default:
		k = hitsOf(v, nulls, sel, buf, k, func(x T) bool { return x >= c || x != x })
	}
	return buf[:k]
}

// cmpPadded is cmpValue where blanks at the end of values do not count; c has none.
func cmpPadded(o cmpOp, v []string, c string, nulls []bool, n int, sel, out []int32) []int32 {
	if o != cmpEq && o != cmpNe {
		return cmpFunc(o, v, nulls, n, sel, out, func(x string) int { return strings.Compare(types.TrimBlanks(x), c) })
	}
	k := len(out)
	buf := out[:cap(out)]
	for _, i := range selected(n, sel) {
		if nulls != nil && nulls[i] {
			continue
		}
		x := v[i]
		if (len(x) >= len(c) && x[:len(c)] == c && types.TrimBlanks(x[len(c):]) == "") == (o == cmpEq) {
			buf[k] = i
			k++
		}
	}
	return buf[:k]
}

// hits stores the numbers of the values that are hits from buf[k] on, and gives
// the end. It stores each number and moves on only behind a hit: no branch to
// mispredict. It is small, so that it and hit are compiled into the caller.
func hits[T any](v []T, buf []int32, k int, hit func(T) bool) int {
	for i, x := range v {
		buf[k] = int32(i)
		if hit(x) {
			k++
		}
	}
	return k
}

// hitsOf is hits among the rows of a selection, NULLs left out.
func hitsOf[T any](v []T, nulls []bool, sel, buf []int32, k int, hit func(T) bool) int {
	for _, i := range sel {
		buf[k] = i
		if hit(v[i]) && (nulls == nil || !nulls[i]) {
			k++
		}
	}
	return k
}

func cmpFunc[T any](o cmpOp, v []T, nulls []bool, n int, sel, out []int32, cmp func(T) int) []int32 {
	k := len(out)
	buf := out[:cap(out)]
	for _, i := range selected(n, sel) {
		if nulls != nil && nulls[i] {
			continue
		}
		if o.holds(cmp(v[i])) {
			buf[k] = i
			k++
		}
	}
	return buf[:k]
}

// holds tells whether the comparison is true of an order.
func (o cmpOp) holds(c int) bool {
	switch o {
	case cmpEq:
		return c == 0
	case cmpNe:
		return c != 0
	case cmpLt:
		return c < 0
	case cmpLe:
		return c <= 0
	case cmpGt:
		return c > 0
	}
	return c >= 0
}

// colColPred compares two columns of class Int64.
type colColPred struct {
	l, r int
	op   cmpOp
}

func (p *colColPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	l, r := in.Cols[p.l], in.Cols[p.r]
	for _, i := range selected(in.N, sel) {
		if l.HasNulls && l.Nulls[i] || r.HasNulls && r.Nulls[i] {
			continue
		}
		a, b := l.I[i], r.I[i]
		c := 0
		if a < b {
			c = -1
		} else if a > b {
			c = 1
		}
		if p.op.holds(c) {
			out = append(out, i)
		}
	}
	return out, nil
}
