package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// groupBy binds GROUP BY: the distinct expressions, and the grouping sets as
// indexes into them (nil for plain GROUP BY).
func (b *binder) groupBy(sel *ast.SelectStmt, targets *[]target, visible int) (groups []projItem, sets [][]int) {
	p := b.p
	plain := true
	for _, e := range sel.GroupBy {
		if _, ok := e.(*ast.GroupingSet); ok {
			plain = false
		}
	}
	var items []int // the items of the select list that groups are, -1 for none
	add := func(e ast.Expr) int {
		// findTarget adds to the select list what is not there; grouping does not
		// need the junk, so it is taken off again.
		n := len(*targets)
		i := b.findTarget(targets, visible, e, "GROUP BY", true)
		t := &(*targets)[i]
		t.grouped = true
		if t.expr.Type() == types.Unknown {
			t.expr = b.resolveUnknown(arg{t.expr, t.pos}).e
		}
		x := t.expr
		p.noteExpr(e, x)
		p.noteTarget(e, i, visible)
		if len(*targets) > n {
			*targets = (*targets)[:n]
			i = -1
		}
		for _, a := range b.q.aggs {
			if colsOf(x).has(a.id) {
				fail(t.pos, pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
			}
		}
		for _, w := range b.q.windows {
			if colsOf(x).has(w.item.id) {
				fail(t.pos, pgerr.WindowingError, "window functions are not allowed in GROUP BY")
			}
		}
		twin := false
		for k := range groups {
			if equalExprs(groups[k].expr, x) {
				// Equal items that are meant by name or number stand apart in grouping sets.
				if plain || i < 0 || items[k] < 0 || items[k] == i {
					return k
				}
				twin = true
			}
		}
		items = append(items, i)
		if twin {
			(*targets)[i].group = len(groups) + 1
		}
		if !isRowType(x.Type()) {
			eqOp(x.Type(), exprLoc(e))
		}
		p.oneCollation(x)
		var id colID
		if c, ok := x.(*plan.Col); ok && !twin {
			id = c.Idx
		} else {
			id = p.newCol("", x.Type(), x.Typmod())
			p.cols[id].collation = p.columnCollation(x)
		}
		groups = append(groups, projItem{id, x})
		return len(groups) - 1
	}
	members := func(e ast.Expr) []int {
		if r, ok := e.(*ast.RowExpr); ok && !r.Explicit {
			var out []int
			for _, a := range r.Args {
				out = append(out, add(a))
			}
			return out
		}
		return []int{add(e)}
	}
	if plain {
		for _, e := range sel.GroupBy {
			members(e)
		}
		return groups, nil
	}
	var expand func(e ast.Expr) [][]int
	expand = func(e ast.Expr) [][]int {
		g, ok := e.(*ast.GroupingSet)
		if !ok {
			return [][]int{members(e)}
		}
		switch g.Kind {
		case ast.GroupEmpty:
			return [][]int{{}}
		case ast.GroupSets:
			var out [][]int
			for _, s := range g.Sets {
				out = append(out, expand(s)...)
			}
			return out
		case ast.GroupRollup:
			var parts [][]int
			for _, s := range g.Sets {
				parts = append(parts, members(s))
			}
			var out [][]int
			for n := len(parts); n >= 0; n-- {
				out = append(out, concat(parts[:n]))
			}
			return out
		default: // cube
			if len(g.Sets) > 12 {
				fail(g.Pos(), pgerr.TooManyColumns, "CUBE is limited to 12 elements")
			}
			var parts [][]int
			for _, s := range g.Sets {
				parts = append(parts, members(s))
			}
			var out [][]int
			n := len(parts)
			for m := 1<<n - 1; m >= 0; m-- {
				var pick [][]int
				for i := 0; i < n; i++ {
					if m&(1<<(n-1-i)) != 0 {
						pick = append(pick, parts[i])
					}
				}
				out = append(out, concat(pick))
			}
			return out
		}
	}
	sets = [][]int{{}}
	for _, e := range sel.GroupBy {
		var next [][]int
		for _, a := range sets {
			for _, s := range expand(e) {
				next = append(next, concat([][]int{a, s}))
			}
		}
		sets = next
		if len(sets) > 4096 {
			fail(exprLoc(e), pgerr.ProgramLimitExceeded, "too many grouping sets present (maximum 4096)")
		}
	}
	if sel.GroupDistinct {
		seen := map[string]bool{}
		var uniq [][]int
		for _, s := range sets {
			var bits [256]byte
			for _, i := range s {
				bits[i] = 1
			}
			k := string(bits[:])
			if !seen[k] {
				seen[k] = true
				uniq = append(uniq, s)
			}
		}
		sets = uniq
	}
	if len(sets) == 1 && len(sets[0]) == len(groups) {
		return groups, nil
	}
	return groups, sets
}

func concat(parts [][]int) []int {
	out := []int{}
	for _, p := range parts {
		for _, x := range p {
			if indexOf(out, x) < 0 {
				out = append(out, x)
			}
		}
	}
	return out
}

// checkDistinct refuses DISTINCT of what cannot be compared, or that ORDER BY does not fit.
func (p *planner) checkDistinct(sel *ast.SelectStmt, targets []target, visible int, on, orderAt []int) {
	if sel.Distinct && len(on) == 0 {
		for k, i := range orderAt {
			if i >= visible {
				fail(exprLoc(sel.OrderBy[k].Expr), pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
		}
		for _, t := range targets[:visible] {
			if tt := t.expr.Type(); !isRowType(tt) && tt != types.Unknown {
				eqOp(tt, t.pos)
			}
		}
	}
	counted := map[int]bool{}
	skipped := false
	for _, i := range orderAt {
		if k := indexOf(on, i); k >= 0 {
			if skipped {
				fail(exprLoc(sel.DistinctOn[k]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
			}
			counted[i] = true
		} else {
			skipped = true
		}
	}
	for k, i := range on {
		if skipped && !counted[i] {
			fail(exprLoc(sel.DistinctOn[k]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
}

// distinctOn makes DISTINCT ON: sorted so that each group's first row stays.
func (p *planner) distinctOn(r rel, targets []target, on []int, order []plan.SortKey, orderAt []int) rel {
	keys := append([]plan.SortKey(nil), order...)
	d := &lDistinct{in: r}
	for _, i := range on {
		if indexOf(d.on, targets[i].id) >= 0 {
			continue
		}
		d.on = append(d.on, targets[i].id)
		if indexOf(orderAt, i) < 0 {
			keys = append(keys, plan.SortKey{Expr: p.col(targets[i].id)})
		}
	}
	d.keys = keys
	return d
}

// addGroup makes the group operator and rewrites what stands above it.
func (p *planner) addGroup(r rel, q *query, groups []projItem, sets [][]int, targets []target, having *plan.Expr, order []plan.SortKey) rel {
	g := &lGroup{in: r, groups: groups, sets: sets}
	f := &groupFixer{p: p, q: q, g: g, from: outSet(r)}
	f.known = map[colID]bool{}
	f.folded = make([]plan.Expr, len(groups))
	for i, it := range groups {
		f.known[it.id] = true
		if _, plain := it.expr.(*plan.Col); sets != nil && !plain {
			if c := p.simplified(it.expr); isConst(c) {
				f.folded[i] = c
			}
		}
	}
	for i := range targets {
		if t := &targets[i]; t.group > 0 {
			t.expr = p.col(groups[t.group-1].id)
		} else if t.grouped {
			t.expr = f.whole(t.expr)
		} else {
			t.expr = f.fix(t.expr)
		}
	}
	for _, w := range q.windefs {
		w.order = append([]plan.SortKey(nil), w.order...)
		for i := range w.order {
			w.order[i].Expr = f.fix(w.order[i].Expr)
		}
		w.partition = f.fixAll(w.partition)
	}
	if *having != nil {
		*having = f.fix(*having)
	}
	for _, gc := range q.groupings {
		it := groupingItem{id: gc.id}
		for n, a := range gc.args {
			at := -1
			_, column := a.(*plan.Col)
			for k := range groups {
				if equalExprs(groups[k].expr, a) && (column || !gc.below) { // from below columns alone are known again
					at = k
					break
				}
			}
			if at < 0 {
				fail(gc.pos[n], pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
			}
			it.args = append(it.args, at)
		}
		g.groupings = append(g.groupings, it)
	}
	g.calls = q.aggs
	f.direct = true
	for _, a := range q.aggs {
		f.fixAll(a.call.Direct)
	}
	return g
}

// groupFixer rewrites expressions above a group operator: grouped
// expressions become its columns, and other columns of FROM are errors.
type groupFixer struct {
	p     *planner
	q     *query
	g     *lGroup
	from  colSet
	known map[colID]bool
	// folded are the groups that come to constants, however they are written, where there
	// are grouping sets.
	folded []plan.Expr
	sub    bool
	// called are the columns whose calls have been rewritten.
	called colSet
	// direct: within a direct argument of an ordered-set aggregate.
	direct bool
}

// call is fix of the call of a window or set-returning function that a column stands for: its
// arguments are looked at where it is written.
func (f *groupFixer) call(id colID) {
	if f.from.has(id) || f.called.has(id) {
		return
	}
	f.called.add(id)
	for i := range f.q.windows {
		if it := &f.q.windows[i].item; it.id == id {
			it.call.Args = f.fixAll(it.call.Args)
			if it.call.Filter != nil {
				it.call.Filter = f.fix(it.call.Filter)
			}
		}
	}
	for i := range f.q.srfs {
		if it := &f.q.srfs[i].item; it.id == id {
			it.expr = f.fix(it.expr)
		}
	}
}

func (f *groupFixer) fixAll(es []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = f.fix(e)
	}
	return out
}

// whole is fix for what stands by itself among the items to compute: there a constant
// that is grouped by is NULL in the sets without it. Within other expressions
// PostgreSQL folds it, and it stays what it is.
func (f *groupFixer) whole(e plan.Expr) plan.Expr {
	for i, c := range f.folded {
		if it := &f.g.groups[i]; c != nil && equalExprs(it.expr, e) {
			return f.p.col(it.id)
		}
	}
	return f.fix(e)
}

func (f *groupFixer) fix(e plan.Expr) plan.Expr { return mapExpr(e, f.step) }

// step is fix of an expression as a whole, if it is grouped by or what is in it is special.
func (f *groupFixer) step(x plan.Expr) (plan.Expr, bool) {
	if c, ok := x.(*plan.Col); ok {
		f.call(c.Idx)
		if f.known[c.Idx] || !f.from.has(c.Idx) || f.dependent(c) {
			return x, true
		}
		f.ungrouped(c, false, c.Pos)
	}
	if isConst(x) || f.g.sets != nil && foldable(x) {
		return x, true
	}
	for i := range f.g.groups {
		it := &f.g.groups[i]
		if _, plain := it.expr.(*plan.Col); !plain && !f.sub && equalExprs(it.expr, x) { // within a subquery columns alone are known again
			if i < len(f.folded) && f.folded[i] != nil {
				return f.folded[i], true
			}
			return f.p.col(it.id), true
		}
	}
	if r, ok := f.p.rowOf(x); ok && r.Whole { // a group of all its columns does not make it known
		for _, a := range r.Args {
			if c, ok := a.(*plan.Col); ok && f.from.has(c.Idx) && !f.dependent(c) {
				f.ungrouped(c, true, r.Pos)
			}
		}
	}
	if s, ok := x.(*subquery); ok && !f.sub {
		c := *s
		if s.test != nil { // what it is compared with is outside of it
			c.test = f.fix(s.test)
		}
		c.lefts, _ = mapList(s.lefts, f.step)
		c.rights, _ = mapList(s.rights, f.step)
		in := *f
		in.sub = true
		c.q = mapQuery(s.q, in.step)
		return &c, true
	}
	return nil, false
}

// named gives the names of a column and of the item of FROM that it is of.
func (f *groupFixer) named(c *plan.Col) (item, column string) {
	for _, it := range f.q.items {
		for _, rc := range it.cols {
			if x, ok := rc.expr.(*plan.Col); ok && x.Idx == c.Idx && it.unlockable != aJoin {
				return it.alias, rc.name
			}
		}
	}
	return f.p.cols[c.Idx].alias, f.p.cols[c.Idx].name
}

// ungrouped is the error for a column, or for the row it is of.
func (f *groupFixer) ungrouped(c *plan.Col, row bool, pos int) {
	item, name := f.named(c)
	if row {
		name = "*"
	}
	if item != "" {
		name = item + "." + name
	}
	if f.sub {
		fail(pos, pgerr.GroupingError, "subquery uses ungrouped column %q from outer query", name)
	}
	err := pgerr.Newf(pgerr.GroupingError, "column %q must appear in the GROUP BY clause or be used in an aggregate function", name).At(pos)
	if f.direct {
		err = err.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
	}
	bail(err)
}

// foldable tells whether an expression can be computed once for all.
func foldable(e plan.Expr) bool {
	if volatility(e) != builtin.Immutable {
		return false
	}
	return !anyExpr(e, func(x plan.Expr) bool {
		switch x.(type) {
		case *plan.Col, *plan.Param, *plan.CaseTest, *plan.ExecParam, *subquery:
			return true
		}
		return false
	})
}

// dependent tells whether a column depends on the grouped ones because they
// hold its table's primary key; it is then grouped by, too.
func (f *groupFixer) dependent(c *plan.Col) bool {
	s := f.p.cols[c.Idx].scan
	if s == nil {
		return false
	}
	pk := s.table.PrimaryKey()
	if pk == nil || pk.Deferrable {
		return false
	}
	for _, k := range pk.Keys {
		grouped := false
		for i := range f.g.groups {
			if g, ok := f.g.groups[i].expr.(*plan.Col); ok && g.Idx == s.base+int(k.Attnum)-1 {
				grouped = true
				for _, set := range f.g.sets {
					grouped = grouped && slices.Contains(set, i)
				}
			}
		}
		if !grouped {
			return false
		}
	}
	f.known[c.Idx] = true
	for i, set := range f.g.sets {
		f.g.sets[i] = append(slices.Clip(set), len(f.g.groups))
	}
	f.g.groups = append(f.g.groups, projItem{c.Idx, f.p.col(c.Idx)})
	if f.p.viewDepth == 0 {
		f.p.keys = append(f.p.keys, pk.Constraint)
	}
	return true
}
