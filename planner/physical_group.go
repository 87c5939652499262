package planner

import (
	"fmt"
	"math"

	"rowkey/planner/plan"
	"rowkey/types"
)

// usedCalls leaves out the aggregates whose results nothing reads.
func (p *planner) usedCalls(n *lGroup) *lGroup {
	all := true
	for _, c := range n.calls {
		all = all && p.used.has(c.id)
	}
	if all {
		return n
	}
	cp := *n
	cp.calls = nil
	for _, c := range n.calls {
		if p.used.has(c.id) {
			cp.calls = append(cp.calls, c)
		}
	}
	return &cp
}

func (p *planner) groupPaths(n *lGroup) []*path {
	n = p.usedCalls(n)
	if len(n.groups) == 0 && len(n.sets) == 1 && len(n.groupings) == 0 { // GROUP BY ()
		c := *n
		c.sets = nil
		n = &c
	}
	cols := n.outCols()
	var gexprs []plan.Expr
	var keys []plan.SortKey
	sortable := true
	for _, g := range n.groups {
		gexprs = append(gexprs, g.expr)
		keys = append(keys, plan.SortKey{Expr: g.expr})
		if !isColumn(g.expr) {
			sortable = false
		}
	}
	make := func(in *path, ordered bool) *path {
		groups := p.groupCount(gexprs, in.rows)
		if n.sets != nil {
			groups *= float64(len(n.sets))
		}
		pt := &path{rows: groups, width: p.width(cols)}
		work := in.rows * (opCost*float64(len(n.groups)+len(n.calls)) + hashRowCost)
		pt.startup = in.total + work
		pt.total = pt.startup + groups*rowCost
		if ordered {
			work = in.rows * (opCost*float64(len(n.groups)+len(n.calls)) + rowCost*0.4)
			pt.startup = in.startup
			pt.total = in.total + work + groups*rowCost
			pt.order = keepOrder(in.order, n.groups)
		} else {
			pt.unless(p.req.Settings.NoHashAgg && len(n.groups) > 0)
		}
		if len(n.groups) == 0 {
			pt.rows, pt.point = 1, true
		}
		pt.build = func() (plan.Node, []colID) {
			if ordered {
				in.relyOnOrder()
			}
			node, icols := in.build()
			at := p.at(icols)
			a := &plan.Agg{Base: p.base(pt, cols), Input: node, Groups: at.exprs(gexprs), Sets: n.sets, Ordered: ordered}
			for _, c := range n.calls {
				pc := at.call(c.call)
				for _, set := range n.sets {
					if len(pc.Direct) > 0 {
						pc.DirectIn = append(pc.DirectIn, at.exprs(n.within(set, c.call.Direct)))
					}
				}
				a.Calls = append(a.Calls, pc)
			}
			for _, g := range n.groupings {
				a.Groupings = append(a.Groupings, plan.Grouping{T: plan.T{Typ: types.Int4, Mod: -1}, Args: g.args})
			}
			return a, cols
		}
		return pt
	}
	ins := p.pathsFor(n.in)
	var out []*path
	if x := p.minMaxPath(n); x != nil {
		return []*path{x}
	}
	out = append(out, make(ins[0], false))
	if sortable && n.sets == nil && len(n.groups) > 0 {
		for _, in := range ins {
			if p.groupedBy(in, keys) {
				out = append(out, make(in, true))
			}
		}
		if p.req.Settings.NoHashAgg {
			out = append(out, make(p.sortPath(ins[0], keys, 0), true))
		}
	}
	return p.prune(out)
}

// groupedBy tells whether a path's order brings equal keys together: its
// leading columns are the keys in some order.
func (p *planner) groupedBy(in *path, keys []plan.SortKey) bool {
	var want colSet
	n := 0
	for _, k := range keys {
		id := k.Expr.(*plan.Col).Idx
		if !in.fixed.has(id) && !want.has(id) {
			want.add(id)
			n++
		}
	}
	for _, o := range in.order {
		if n == 0 {
			break
		}
		if want.has(o.id) {
			n--
			continue
		}
		if !in.fixed.has(o.id) {
			return false
		}
	}
	return n == 0
}

func (p *planner) groupCount(groups []plan.Expr, rows float64) float64 {
	if len(groups) == 0 {
		return 1
	}
	n, most := 1.0, 1.0
	for _, g := range groups {
		d := p.distinctValues(g, rows)
		n, most = n*d, math.Max(most, d)
	}
	if len(groups) > 1 { // not all combinations are there, but all values of each
		n = math.Min(n, math.Max(rows*0.1*float64(len(groups)), most))
	}
	return math.Max(1, math.Min(n, rows))
}

// minMaxPath answers min(x) and max(x) of a table from the ends of indexes: each
// is a subquery that reads one row. All calls must be of that kind.
func (p *planner) minMaxPath(n *lGroup) *path {
	s, ok := n.in.(*lScan)
	if !ok || len(n.groups) > 0 || len(n.calls) == 0 || n.sets != nil || len(n.groupings) > 0 || s.table.Virtual != nil || s.tree != nil {
		return nil
	}
	var ends []*path
	total := 0.0
	for i := range n.calls {
		end := p.endPath(s, &n.calls[i].call)
		if end == nil {
			return nil
		}
		ends = append(ends, end)
		total += end.costOf(1)
	}
	if total > p.best(n.in, 0).total+rowCost {
		return nil
	}
	free := freeCols(n.in)
	if !free.empty() && len(ends) > 1 {
		return nil
	}
	out := n.outCols()
	pt := &path{rows: 1, startup: total, total: total + rowCost, width: p.width(out), point: true}
	limit := func(in *path) (plan.Node, []colID) {
		in.relyOnOrder()
		one := constInt(1, types.Int8)
		in.limit(one)
		node, cols := in.build()
		return &plan.Limit{Base: p.base(&path{rows: 1, startup: in.startup, total: in.costOf(1), width: in.width}, cols), Input: node, Count: one}, cols
	}
	pt.build = func() (plan.Node, []colID) {
		if !free.empty() { // runs for each row of an outer query
			node, cols := limit(ends[0])
			return &plan.Agg{Base: p.base(pt, out), Input: node, Calls: []plan.AggCall{p.at(cols).call(n.calls[0].call)}}, out
		}
		row := &plan.Project{Input: &plan.Values{Base: p.base(&path{rows: 1}, nil), RowsExprs: [][]plan.Expr{{}}}}
		for i, in := range ends {
			node, cols := limit(in)
			c := &n.calls[i].call
			want := c.Args[0].(*plan.Col).Idx
			if cols[0] != want {
				node = p.projectTo(node, cols, []colID{want}, in)
			}
			p.subplanNo++
			row.Exprs = append(row.Exprs, &plan.Subplan{T: plan.T{Typ: c.Typ, Mod: c.Mod}, Kind: plan.SubScalar, Plan: node,
				Name: fmt.Sprintf("InitPlan %d (returns $%d)", p.subplanNo, p.newSlot())})
		}
		row.Base = p.base(pt, out)
		return row, out
	}
	return pt
}

// endPath reads the end of an index that min or max of a table's column is at;
// nil for other calls, or where there is no such index.
func (p *planner) endPath(s *lScan, c *plan.AggCall) *path {
	if c.Filter != nil || c.Distinct || len(c.Args) != 1 || len(c.OrderBy) > 0 || c.Fn.Name != "min" && c.Fn.Name != "max" {
		return nil
	}
	col, ok := c.Args[0].(*plan.Col)
	if !ok || col.Idx < s.base || col.Idx >= s.base+len(s.table.Columns) || !sameType(col.Typ, c.Typ) {
		return nil
	}
	desc := c.Fn.Name == "max"
	conds := copyExprs(s.conds)
	if !p.notNull(col.Idx) {
		conds = append(conds, &plan.IsNull{T: boolT, Arg: col, Not: true})
	}
	t := s.clone().(*lScan)
	t.conds = conds
	p.interesting.add(col.Idx)
	was := p.wantDesc
	p.wantDesc = was || desc
	defer func() { p.wantDesc = was }()
	key := []plan.SortKey{{Expr: col, Desc: desc, NullsFirst: desc}}
	var best *path
	for _, in := range p.scanPaths(t) {
		if p.satisfied(in, key) == 1 && (best == nil || in.costOf(1) < best.costOf(1)) {
			best = in
		}
	}
	return best
}

func (p *planner) windowPaths(n *lWindow) []*path {
	keys := make([]plan.SortKey, 0, len(n.partition)+len(n.order))
	for _, e := range n.partition {
		keys = append(keys, plan.SortKey{Expr: e})
	}
	keys = append(keys, n.order...)
	ins := p.pathsFor(n.in)
	var in *path
	for _, x := range ins {
		y := x
		if p.satisfied(x, keys) < len(keys) {
			y = p.sortPath(x, keys, 0)
		}
		if in == nil || y.total < in.total {
			in = y
		}
	}
	pt := p.over(in, in.rows*(opCost*float64(len(keys)+len(n.calls))+rowCost))
	if n.run != nil {
		pt.rows = math.Max(1, in.rows*p.selectivity(n.run))
	}
	pt.build = func() (plan.Node, []colID) {
		in.relyOnOrder()
		node, cols := in.build()
		at := p.at(cols)
		out := append([]colID(nil), cols...)
		w := &plan.Window{Input: node, Partition: at.exprs(n.partition), Order: at.keys(n.order), Frame: n.frame}
		w.Frame.StartOffset, w.Frame.EndOffset = at.expr(n.frame.StartOffset), at.expr(n.frame.EndOffset)
		for _, c := range n.calls {
			out = append(out, c.id)
			w.Calls = append(w.Calls, at.call(c.call))
		}
		w.Run = p.at(out).expr(makeAnd(n.run))
		w.Base = p.base(pt, out)
		return w, out
	}
	return []*path{pt}
}

func (p *planner) distinctPaths(n *lDistinct) []*path {
	all := n.in.outCols()
	var out []*path
	make := func(in *path, ordered bool) *path {
		on := n.on
		if on == nil {
			on = all
			in = p.exact(in, all)
		}
		pt := p.over(in, in.rows*(hashRowCost+opCost*float64(len(on))))
		pt.rows = p.groupCount(p.colList(on), in.rows)
		if ordered {
			pt.total = in.total + in.rows*opCost*float64(len(on))
		} else {
			if n.on != nil {
				pt.startup = in.total
			}
			if p.req.Settings.NoHashAgg {
				pt.total += disabledCost
			}
			pt.order = nil
		}
		pt.build = func() (plan.Node, []colID) {
			if ordered {
				in.relyOnOrder()
			}
			node, cols := in.build()
			d := &plan.Distinct{Base: p.base(pt, cols), Input: node, Ordered: ordered}
			if n.on != nil {
				d.On = p.at(cols).exprs(p.colList(n.on))
			}
			return d, cols
		}
		return pt
	}
	ins := p.pathsFor(n.in)
	if n.keys != nil {
		for _, in := range p.sortPaths(&lSort{in: n.in, keys: n.keys}) {
			out = append(out, make(in, true))
		}
		return out
	}
	if len(all) == 0 { // rows without columns are all the same
		return []*path{make(ins[0], true)}
	}
	out = append(out, make(ins[0], false))
	keys := p.keysOf(all)
	if p.sortsRows(all) {
		in := p.exact(ins[0], all)
		return append(out[:0], make(p.sortPath(in, keys, 0), true))
	}
	for _, in := range ins {
		if len(keys) > 0 && p.groupedBy(in, keys) {
			out = append(out, make(in, true))
		}
	}
	return p.prune(out)
}
