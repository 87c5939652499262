package planner

import (
	"fmt"

	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// From column ids to positions. A column that an operator's input does not
// have belongs to an outer query (or the left side of a LATERAL join): it
// becomes an ExecParam, and the frame it was found through remembers to set it.

// frame is the border between a subplan (or a LATERAL right side) and the rows
// around it.
type frame struct {
	up *frame
	// avail, when set, are the only columns this border can give (LATERAL); others
	// are asked of up.
	avail colSet
	ids   []colID
	slots []int
}

func (p *planner) newSlot() int { p.slots++; return p.slots - 1 }

// slotOf gives the slot of an outer column.
func (p *planner) slotOf(f *frame, id colID) int {
	for f != nil && f.avail != nil && !f.avail.has(id) {
		f = f.up
	}
	if f == nil {
		bail(pgerr.Newf(pgerr.InternalError, "planner: column %d (%s) is out of reach", id, p.colName(id)))
	}
	for i, have := range f.ids {
		if have == id {
			return f.slots[i]
		}
	}
	s := p.newSlot()
	f.ids, f.slots = append(f.ids, id), append(f.slots, s)
	return s
}

// colName is a column's name as EXPLAIN shows it in an outer reference.
func (p *planner) colName(id colID) string {
	ci := &p.cols[id]
	if ci.alias != "" {
		return quoteIdent(ci.alias) + "." + quoteIdent(ci.name)
	}
	return quoteIdent(ci.name)
}

// place is the row an expression is evaluated over: the ids of its columns.
type place struct {
	p     *planner
	cols  []colID
	index map[colID]int
	f     *frame
	// out maps columns to slots (the test of an ANY subplan reads its row so).
	out map[colID]int
}

func (p *planner) at(cols []colID) *place {
	pl := &place{p: p, cols: cols, f: p.frame}
	if len(cols) > 24 {
		pl.index = make(map[colID]int, len(cols))
		for i, c := range cols {
			if _, ok := pl.index[c]; !ok {
				pl.index[c] = i
			}
		}
	}
	return pl
}

func (pl *place) pos(id colID) int {
	if pl.index != nil {
		if i, ok := pl.index[id]; ok {
			return i
		}
		return -1
	}
	for i, c := range pl.cols {
		if c == id {
			return i
		}
	}
	return -1
}

// expr converts an expression.
func (pl *place) expr(e plan.Expr) plan.Expr {
	if e == nil {
		return nil
	}
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		switch x := x.(type) {
		case *plan.Col:
			if s, ok := pl.out[x.Idx]; ok {
				return &plan.ExecParam{T: x.T, Slot: s, Name: pl.p.colName(x.Idx)}, true
			}
			if i := pl.pos(x.Idx); i >= 0 {
				return &plan.Col{T: x.T, Idx: i, Name: pl.p.cols[x.Idx].name, Pos: x.Pos}, true
			}
			return &plan.ExecParam{T: x.T, Slot: pl.p.slotOf(pl.f, x.Idx), Name: pl.p.colName(x.Idx)}, true
		case *subquery:
			return pl.subplan(x), true
		}
		return nil, false
	})
}

func (pl *place) exprs(es []plan.Expr) []plan.Expr {
	if es == nil {
		return nil
	}
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = pl.expr(e)
	}
	return out
}

func (pl *place) keys(ks []plan.SortKey) []plan.SortKey {
	out := make([]plan.SortKey, len(ks))
	for i, k := range ks {
		k.Expr = pl.expr(k.Expr)
		out[i] = k
	}
	return out
}

func (pl *place) call(c plan.AggCall) plan.AggCall {
	c.Args, c.Direct = pl.exprs(c.Args), pl.exprs(c.Direct)
	if len(c.OrderBy) > 0 {
		c.OrderBy = pl.keys(c.OrderBy)
	}
	c.Filter = pl.expr(c.Filter)
	return c
}

// subplan plans a subquery that stays one.
func (pl *place) subplan(s *subquery) plan.Expr {
	p := pl.p
	if have, ok := p.subplans[s]; ok && len(have.Sets) == 0 && s.test == nil {
		return have
	}
	if s.again {
		return p.initPlans[s.no]
	}
	f := &frame{up: pl.f}
	old := p.frame
	p.frame = f
	limit := 0.0
	if s.kind == plan.SubExists {
		limit = 1
	}
	path := p.best(s.q, limit)
	if s.kind != plan.SubExists {
		path = p.exact(path, s.cols)
	}
	node, _ := path.build()
	p.frame = old
	out := &plan.Subplan{T: s.T, Kind: s.kind, Plan: node, Sets: f.slots}
	for _, id := range f.ids {
		out.Args = append(out.Args, pl.expr(p.col(id)))
	}
	if s.test != nil {
		in := *pl
		in.out = map[colID]int{}
		for k, v := range pl.out {
			in.out[k] = v
		}
		for _, c := range s.cols {
			slot := p.newSlot()
			in.out[c] = slot
			out.Out = append(out.Out, slot)
		}
		out.Test = in.expr(s.test)
		if s.kind == plan.SubAny && hashable(s) {
			out.HashL, out.HashOp = pl.exprs(s.lefts), s.ops
		}
	}
	p.subplanNo++
	if len(f.slots) == 0 && s.test == nil {
		slot := p.newSlot()
		out.Name = fmt.Sprintf("InitPlan %d (returns $%d)", p.subplanNo, slot)
		if p.initPlans == nil {
			p.initPlans = map[int]*plan.Subplan{}
		}
		p.initPlans[s.no] = out
	} else {
		out.Name = fmt.Sprintf("SubPlan %d", p.subplanNo)
	}
	if p.subplans == nil {
		p.subplans = map[*subquery]*plan.Subplan{}
	}
	p.subplans[s] = out
	return out
}

// hashable tells whether an ANY can be answered from a hash table of the
// subquery's rows: the right sides must be its columns as they are.
func hashable(s *subquery) bool {
	if len(s.lefts) != len(s.cols) || len(s.cols) == 0 {
		return false
	}
	in := setOf(s.cols)
	for i := range s.lefts {
		c, ok := s.rights[i].(*plan.Col)
		if !ok || c.Idx != s.cols[i] || colsOf(s.lefts[i]).meets(in) {
			return false
		}
		if !sameType(s.lefts[i].Type(), s.rights[i].Type()) {
			return false
		}
	}
	return true
}
