package executor

import (
	"rowkey/planner/plan"
	"rowkey/types"
)

// joinPairs makes batches of joined rows from pairs of row numbers. In outer
// joins each left row's pairs end with a sentinel, right row -1: it stands for
// the row by itself and belongs to the output when no pair before it did. So
// output keeps the left input's order, rows without a match included.
type joinPairs struct {
	l, r   []int32
	lv, rv []*types.Vec
	sel    []int32
	real   []int32
	out    types.Batch
	outer  bool
	kind   plan.JoinKind
}

func newJoinPairs(left, right []*types.Type, kind plan.JoinKind) *joinPairs {
	return &joinPairs{lv: newVecs(left, 0), rv: newVecs(right, 0), outer: kind == plan.LeftJoin || kind == plan.FullJoin, kind: kind}
}

func (p *joinPairs) reset() { p.l, p.r = p.l[:0], p.r[:0] }

func (p *joinPairs) add(l, r int32) {
	p.l = append(p.l, l)
	p.r = append(p.r, r)
}

// batch makes the joined rows of the pairs and applies the condition; nil when
// none is left. hit and rhit (which may be nil) get the rows that matched.
func (p *joinPairs) batch(left, right []*types.Vec, cond pred, c *plan.Counters, hit, rhit []bool) (*types.Batch, error) {
	n := len(p.l)
	if n == 0 {
		return nil, nil
	}
	p.out.Cols = p.out.Cols[:0]
	for k, v := range p.lv {
		v.CopyFrom(left[k], p.l)
		p.out.Cols = append(p.out.Cols, v)
	}
	for k, v := range p.rv {
		if p.outer {
			gatherTo(v, right[k], p.r, iota32(n), n)
		} else {
			v.CopyFrom(right[k], p.r)
		}
		p.out.Cols = append(p.out.Cols, v)
	}
	p.out.N, p.out.Sel = n, nil
	if !p.outer {
		if cond != nil {
			var err error
			if p.sel, err = cond.filter(&p.out, nil, room(p.sel[:0], n)); err != nil && p.kind >= plan.SemiJoin {
				p.sel, err = p.firstMatches(cond, hit)
			}
			if err != nil {
				return nil, err
			}
			if c != nil {
				c.Removed += int64(n - len(p.sel))
			}
			if len(p.sel) == 0 {
				return nil, nil
			}
			if len(p.sel) < n {
				p.out.Sel = p.sel
			}
		}
		for _, k := range selected(n, p.out.Sel) {
			hit[p.l[k]] = true
			if rhit != nil {
				rhit[p.r[k]] = true
			}
		}
		return &p.out, nil
	}
	real := p.real[:0]
	for k, r := range p.r {
		if r >= 0 {
			real = append(real, int32(k))
		}
	}
	p.real = real
	if cond != nil && len(real) > 0 {
		before := len(real)
		var err error
		if real, err = cond.filter(&p.out, real, real[:0]); err != nil {
			return nil, err
		}
		if c != nil {
			c.Removed += int64(before - len(real))
		}
	}
	sel := room(p.sel[:0], n)
	for k, r := range p.r {
		if r < 0 {
			if !hit[p.l[k]] {
				sel = append(sel, int32(k))
			}
			continue
		}
		if len(real) > 0 && real[0] == int32(k) {
			real = real[1:]
			sel = append(sel, int32(k))
			hit[p.l[k]] = true
			if rhit != nil {
				rhit[r] = true
			}
		}
	}
	p.sel = sel
	if len(sel) == 0 {
		return nil, nil
	}
	if len(sel) < n {
		p.out.Sel = sel
	}
	return &p.out, nil
}

// unmatched makes the batch of right rows by themselves, at the end of RIGHT
// and FULL joins; from tells where to go on.
func (p *joinPairs) unmatched(right []*types.Vec, rhit []bool, from *int) *types.Batch {
	if rhit == nil {
		return nil
	}
	p.r = p.r[:0]
	for *from < len(rhit) && len(p.r) < types.BatchSize {
		if !rhit[*from] {
			p.r = append(p.r, int32(*from))
		}
		*from++
	}
	n := len(p.r)
	if n == 0 {
		return nil
	}
	p.out = types.Batch{N: n, Cols: p.out.Cols[:0]}
	for _, v := range p.lv {
		nullVec(v, n)
		p.out.Cols = append(p.out.Cols, v)
	}
	for k, v := range p.rv {
		v.CopyFrom(right[k], p.r)
		p.out.Cols = append(p.out.Cols, v)
	}
	return &p.out
}

// firstMatches are the pairs whose condition is true of those that need a look: a row
// with a match needs none at others, some of which fail.
func (p *joinPairs) firstMatches(cond pred, hit []bool) ([]int32, error) {
	sel := room(p.sel[:0], len(p.l))
	var one [1]int32
	for k, l := range p.l {
		if hit[l] {
			continue
		}
		pass, err := cond.filter(&p.out, []int32{int32(k)}, one[:0])
		if err != nil {
			return nil, err
		}
		if len(pass) > 0 {
			hit[l] = true
			sel = append(sel, int32(k))
		}
	}
	return sel, nil
}

// emit makes the output of the pairs gathered from a left batch: the joined
// rows or, of semi and anti joins, nothing until done says that the batch has
// given all its pairs, and then those of its rows that the join passes. A left
// row's hit, set here, tells that it has a match.
func (p *joinPairs) emit(left *types.Batch, rows []int32, right []*types.Vec, cond pred, c *plan.Counters, hit, rhit []bool, done bool) (*types.Batch, error) {
	b, err := p.batch(left.Cols, right, cond, c, hit, rhit)
	if err != nil || p.kind < plan.SemiJoin {
		return b, err
	}
	if !done {
		return nil, nil
	}
	p.sel = p.sel[:0]
	for _, i := range rows {
		if hit[i] == (p.kind == plan.SemiJoin) {
			p.sel = append(p.sel, i)
		}
	}
	if len(p.sel) == 0 {
		return nil, nil
	}
	p.out = types.Batch{N: left.N, Sel: p.sel, Cols: append(p.out.Cols[:0], left.Cols...)}
	return &p.out, nil
}
