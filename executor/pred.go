package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// pred is a compiled condition: filter appends to out the rows of sel (all
// when nil) for which it is true, in sel's order. out may share sel's memory.
type pred interface {
	filter(in *types.Batch, sel []int32, out []int32) ([]int32, error)
}

func (x *exec) compilePred(e plan.Expr) (pred, error) {
	if e == nil {
		return nil, nil
	}
	return (&compiler{x: x}).pred(e)
}

func (c *compiler) pred(e plan.Expr) (pred, error) {
	switch e := e.(type) {
	case *plan.And:
		p := &andPred{}
		for _, a := range e.Args {
			q, err := c.pred(a)
			if err != nil {
				return nil, err
			}
			p.args = append(p.args, q)
		}
		return p, nil
	case *plan.Or:
		p := &orPred{}
		for _, a := range e.Args {
			q, err := c.pred(a)
			if err != nil {
				return nil, err
			}
			p.args = append(p.args, q)
		}
		return p, nil
	case *plan.IsNull:
		if col, ok := e.Arg.(*plan.Col); ok {
			if u := col.Typ.Under(); !u.IsRow() {
				return &nullPred{idx: col.Idx, not: e.Not}, nil
			}
		}
	case *plan.Call:
		if p, err := c.compare(e); p != nil || err != nil {
			return p, err
		}
	case *plan.ScalarArray:
		if steady(e) {
			break
		}
		if p, err := c.among(e); p != nil || err != nil {
			return p, err
		}
	}
	k, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	return &exprPred{k}, nil
}

// exprPred takes any boolean expression.
type exprPred struct{ e expr }

func (p *exprPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	if in.N == 0 || sel != nil && len(sel) == 0 {
		return out, nil
	}
	v, err := p.e.eval(in, sel)
	if err != nil {
		return out, err
	}
	if v.Const {
		if !v.IsNull(0) && v.B[0] {
			out = append(out, selected(in.N, sel)...)
		}
		return out, nil
	}
	if sel == nil {
		if v.HasNulls {
			for i, b := range v.B[:in.N] {
				if b && !v.Nulls[i] {
					out = append(out, int32(i))
				}
			}
			return out, nil
		}
		return appendTrue(out, v.B[:in.N]), nil
	}
	for _, i := range sel {
		if v.B[i] && !(v.HasNulls && v.Nulls[i]) {
			out = append(out, i)
		}
	}
	return out, nil
}

// room gives out capacity for n more rows, so that loops may store without
// asking.
func room(out []int32, n int) []int32 {
	if cap(out)-len(out) < n {
		bigger := make([]int32, len(out), len(out)+n)
		copy(bigger, out)
		return bigger
	}
	return out
}

// appendTrue appends the numbers of true rows, without branching on them.
func appendTrue(out []int32, b []bool) []int32 {
	out = room(out, len(b))
	k := len(out)
	buf := out[:k+len(b)]
	for i, t := range b {
		buf[k] = int32(i)
		if t {
			k++
		}
	}
	return buf[:k]
}

type andPred struct{ args []pred }

func (p *andPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	from := len(out)
	cur, err := p.args[0].filter(in, sel, out)
	for _, a := range p.args[1:] {
		if err != nil || len(cur) == from {
			return cur, err
		}
		mine := cur[from:]
		var next []int32
		next, err = a.filter(in, mine, mine[:0])
		cur = cur[:from+len(next)]
	}
	return cur, err
}

type orPred struct {
	args []pred
	mark []bool
	left []int32
	hit  []int32
}

func (p *orPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	if len(p.mark) < in.N {
		p.mark = make([]bool, in.N)
	}
	all := selected(in.N, sel)
	p.left = append(p.left[:0], all...)
	clear(p.mark[:in.N])
	for k, a := range p.args {
		var err error
		p.hit, err = a.filter(in, p.left, p.hit[:0])
		if err != nil {
			return out, err
		}
		for _, i := range p.hit {
			p.mark[i] = true
		}
		if k < len(p.args)-1 {
			kept := p.left[:0]
			for _, i := range p.left {
				if !p.mark[i] {
					kept = append(kept, i)
				}
			}
			p.left = kept
		}
	}
	for _, i := range all {
		if p.mark[i] {
			out = append(out, i)
		}
	}
	return out, nil
}

// nullPred is IS [NOT] NULL of a column.
type nullPred struct {
	idx int
	not bool
}

func (p *nullPred) filter(in *types.Batch, sel []int32, out []int32) ([]int32, error) {
	v := in.Cols[p.idx]
	if !v.HasNulls {
		if p.not {
			out = append(out, selected(in.N, sel)...)
		}
		return out, nil
	}
	for _, i := range selected(in.N, sel) {
		if v.Nulls[i] != p.not {
			out = append(out, i)
		}
	}
	return out, nil
}
