package planner

import (
	"slices"

	"rowkey/catalog"
	"rowkey/planner/plan"
)

// From the bound statement to the finished plan: rules, paths, operators.

func (p *planner) finishPlan(bd *bound, tag string) *plan.Plan {
	p.useReferences()
	pl := &plan.Plan{Tag: tag, Params: p.params, Tables: p.tables, CatalogVersion: p.snap.Version, ReadOnly: !p.writes, Calls: p.calls || len(p.routines) > 0, ByRow: p.runsByRow(), Locks: p.hasLocks}
	p.privileges(pl)
	pl.Refused = p.refused
	for _, u := range p.tables {
		if !u.Table.Scannable() {
			pl.Unpopulated = u.Table
		}
	}
	cols := bd.cols
	if len(cols) > 0 || tag == "SELECT" {
		pl.Columns = p.columnsOf(cols)
	}
	if p.req.Trace {
		pl.Algebra = append(pl.Algebra, p.algebra(bd.rel))
	}
	ids := bd.ids()
	for _, k := range bd.keys {
		pl.RowKeys = append(pl.RowKeys, plan.RowKey{Table: k.scan.table.OID, Key: len(ids), Member: len(ids) + 1, Locked: k.locked})
		ids = append(ids, k.scan.rowKey(), k.scan.tableOID())
	}
	r := p.applyRules(bd.rel, ids)
	p.judgeFaults()
	if p.hasLocks {
		r = p.prepareLocks(p.passOn(r, setOf(ids[len(cols):])))
		for _, def := range p.ctes {
			if def.rel != nil && !def.inlined {
				def.rel = p.prepareLocks(def.rel)
			}
		}
	}
	if p.req.Trace {
		pl.Algebra = append(pl.Algebra, p.algebra(r))
	}
	pl.Rules, pl.Relations = p.fired, p.relations
	p.collectUsed(r, ids)
	// statements of WITH that change data run even when nothing reads them, in order
	for _, def := range p.ctes {
		if def.modifies {
			p.collectUsed(def.rel, def.outCols)
		}
	}
	for _, def := range p.ctes {
		if def.modifies {
			p.buildCTE(def)
		}
	}
	path := p.best(r, 0)
	node, got := path.build()
	if tag == "SELECT" && !prefixCols(got, ids) {
		node = p.projectTo(node, got, ids, path)
	}
	for i := range pl.Columns {
		if i < len(node.Info().Cols) {
			node.Info().Cols[i].Name = pl.Columns[i].Name
		}
	}
	pl.Fault, pl.Uncalled = p.fault, p.uncalled
	pl.Root, pl.CTEs, pl.Slots, pl.Nodes, pl.Opened = node, p.cteList, p.slots, p.nodes, p.opened
	return pl
}

func prefixCols(have, want []colID) bool {
	return len(have) >= len(want) && slices.Equal(have[:len(want)], want)
}

func (p *planner) projectTo(node plan.Node, have, want []colID, in *path) plan.Node {
	pt := p.over(in, 0)
	pt.width = p.width(want)
	return &plan.Project{Base: p.base(pt, want), Input: node, Exprs: p.at(have).exprs(p.colList(want))}
}

// collectUsed notes which columns are read anywhere, and which sorted by.
func (p *planner) collectUsed(r rel, out []colID) {
	for _, c := range out {
		p.used.add(c)
	}
	if j, ok := r.(*lJoin); ok && p.idle != nil && j == p.idle {
		p.collectUsed(j.l, nil)
		return
	}
	r.exprs(func(e *plan.Expr) { p.useExpr(*e) })
	key := func(e plan.Expr) {
		if c, ok := bareColumn(e); ok {
			p.interesting.add(c.Idx)
		}
	}
	keys := func(ks []plan.SortKey) {
		for _, k := range ks {
			key(k.Expr)
			p.wantDesc = p.wantDesc || k.Desc
		}
	}
	switch n := r.(type) {
	case *lSort:
		keys(n.keys)
	case *lGroup:
		for _, g := range n.groups {
			key(g.expr)
		}
	case *lDistinct:
		for _, c := range n.outCols() {
			p.used.add(c)
			p.interesting.add(c)
		}
		keys(n.keys)
		for _, c := range n.on {
			p.used.add(c)
		}
	case *lWindow:
		for _, e := range n.partition {
			key(e)
		}
		keys(n.order)
	case *lJoin:
		if n.kind == plan.LeftJoin || n.kind == plan.FullJoin {
			p.nullable.union(outSet(n.r))
		}
		if n.kind == plan.FullJoin {
			p.nullable.union(outSet(n.l))
		}
		for _, c := range n.conds {
			if l, rr, _, ok := equality(c); ok {
				key(l)
				key(rr)
			}
		}
	case *lFilter:
		for _, c := range n.conds {
			if l, rr, _, ok := equality(c); ok && !isConst(l) && !isConst(rr) {
				key(l)
				key(rr)
			}
		}
	case *lUnion:
		for _, cs := range n.inCols {
			for _, c := range cs {
				p.used.add(c)
			}
		}
	case *lSetOp:
		for _, c := range append(append([]colID(nil), n.lcols...), n.rcols...) {
			p.used.add(c)
		}
	case *lRecursive:
		for _, c := range append(append([]colID(nil), n.seedCols...), n.stepCols...) {
			p.used.add(c)
		}
	case *lLock:
		for _, t := range n.tables {
			p.used.add(t.scan.rowKey())
		}
	case *lCTE:
		if !p.seenCTE[n.def] {
			if p.seenCTE == nil {
				p.seenCTE = map[*cteDef]bool{}
			}
			p.seenCTE[n.def] = true
			p.collectUsed(n.def.rel, n.def.outCols)
		}
	case *dmlRel:
		for _, c := range n.inCols {
			p.used.add(c)
		}
		if n.scan != nil {
			if n.viewRow == nil { // those of a view are among the expressions
				p.used.add(n.scan.rowKey())
				for i := range n.table.Columns {
					p.used.add(n.scan.base + i)
				}
			}
		}
	}
	for _, k := range r.kids() {
		p.collectUsed(*k, nil)
	}
}

func (p *planner) useExpr(e plan.Expr) {
	walkExprOnly(e, func(x plan.Expr) {
		switch x := x.(type) {
		case *plan.Col:
			p.used.add(x.Idx)
		case *subquery:
			for i := range x.lefts {
				p.useExpr(x.lefts[i])
			}
			p.collectUsed(x.q, x.cols)
		}
	})
}

// walkExprOnly visits an expression, but not the rels of its subqueries.
func walkExprOnly(e plan.Expr, visit func(plan.Expr)) {
	if e == nil {
		return
	}
	visit(e)
	visitChildren(e, func(x plan.Expr) { walkExprOnly(x, visit) })
}

// dmlPaths makes the operator that changes rows.
func (p *planner) dmlPaths(n *dmlRel) []*path {
	in := p.best(n.in, 0)
	ncols := len(n.table.Columns)
	pt := &path{rows: in.rows, startup: in.startup, total: in.total + in.rows*rowCost, width: p.width(n.retIDs)}
	if !n.hasReturning {
		pt.rows, pt.width = 0, 0
	}
	if n.kind == dmlInsert {
		in = p.exact(in, n.inCols)
	}
	pt.build = func() (plan.Node, []colID) {
		node, cols := in.build()
		if n.kind == dmlInsert {
			return p.insertNode(n, node, pt), n.retIDs
		}
		// the old row's columns stand together, behind its key
		want := append([]colID{n.scan.rowKey()}, colsFrom(n.scan.base, ncols)...)
		at := p.at(cols)
		key := at.pos(n.scan.rowKey())
		from := -1
		for i := 0; key >= 0 && i+ncols <= len(cols); i++ {
			if slices.Equal(cols[i:i+ncols], want[1:]) {
				from = i
				break
			}
		}
		if from < 0 {
			exprs := n.viewRow
			if exprs != nil { // a view's rows have no keys
				want = want[1:]
			} else {
				exprs = p.colList(want)
			}
			all := append([]colID(nil), want...)
			have := setOf(all)
			for _, c := range cols {
				if !have.has(c) {
					have.add(c)
					all = append(all, c)
				}
			}
			exprs = append(exprs[:len(want):len(want)], p.colList(all[len(want):])...)
			node = &plan.Project{Base: p.base(in, all), Input: node, Exprs: at.exprs(exprs)}
			if cols, key, from = all, 0, 1; n.viewRow != nil {
				key, from = -1, 0
			}
			at = p.at(cols)
		}
		set := func(list []plan.ColumnExpr) []plan.ColumnExpr {
			out := make([]plan.ColumnExpr, len(list))
			for i, c := range list {
				out[i] = plan.ColumnExpr{Attnum: c.Attnum, Expr: at.expr(c.Expr)}
			}
			return out
		}
		// RETURNING reads the new row, then the input
		ret := p.at(append(n.newCols(), cols...))
		recheck := at.expr(makeAnd(p.known(n.recheck)))
		var out plan.Node
		switch n.kind {
		case dmlUpdate:
			u := &plan.Update{Table: n.table, Alias: n.newRow.alias, Tree: n.treeTables(), Input: node, KeyCol: key, OldFrom: from, Set: set(n.set), Rules: n.rules, Recheck: recheck}
			u.Returning = ret.exprs(n.returning)
			u.ViewCheck = p.checks(n, ret)
			u.Base = p.base(pt, n.retIDs)
			out = u
		case dmlDelete:
			d := &plan.Delete{Table: n.table, Alias: n.newRow.alias, Tree: n.treeTables(), Input: node, KeyCol: key, OldFrom: from, Rules: n.rules, Recheck: recheck}
			d.Returning = ret.exprs(n.returning)
			d.Base = p.base(pt, n.retIDs)
			out = d
		default:
			m := &plan.Merge{Table: n.table, Alias: n.newRow.alias, Tree: n.treeTables(), Input: node, KeyCol: key, OldFrom: from, Rules: n.rules, Defaults: n.defaults}
			for _, a := range n.actions {
				a.Cond = at.expr(a.Cond)
				a.Set = set(a.Set)
				m.Actions = append(m.Actions, a)
			}
			m.Recheck = recheck
			m.Base = p.base(pt, nil)
			out = m
		}
		p.nameReturning(out, n)
		p.opensTarget(n)
		return out, n.retIDs
	}
	return []*path{pt}
}

func (p *planner) nameReturning(node plan.Node, n *dmlRel) {
	cols := node.Info().Cols
	for i := range cols {
		if i < len(n.retNames) {
			cols[i].Name = n.retNames[i]
		}
	}
}

func (p *planner) checks(n *dmlRel, at *place) []plan.NamedExpr {
	var out []plan.NamedExpr
	for _, c := range n.viewChk {
		out = append(out, plan.NamedExpr{Name: c.Name, Expr: at.expr(c.Expr)})
	}
	return out
}

func (p *planner) insertNode(n *dmlRel, node plan.Node, pt *path) plan.Node {
	ncols := len(n.table.Columns)
	i := &plan.Insert{Table: n.table, Alias: n.newRow.alias, Input: node, Attnums: n.attnums, Defaults: n.defaults, Rules: n.rules}
	row := p.at(n.newCols())
	i.Returning = row.exprs(n.returning)
	i.ViewCheck = p.checks(n, row)
	if k := n.conflict; k != nil {
		both := p.at(append(colsFrom(k.old.base, ncols), colsFrom(k.excluded.base, ncols)...))
		c := &plan.OnConflict{Indexes: k.indexes, DoNothing: k.doNothing, Where: both.expr(k.where)}
		for _, s := range k.set {
			c.Set = append(c.Set, plan.ColumnExpr{Attnum: s.Attnum, Expr: both.expr(s.Expr)})
		}
		for _, v := range k.visible {
			c.Visible = append(c.Visible, plan.NamedExpr{Name: v.Name, Expr: both.expr(v.Expr)})
		}
		i.Conflict = c
	}
	i.Base = p.base(pt, n.retIDs)
	p.nameReturning(i, n)
	p.opensTarget(n)
	return i
}

// opens notes that a node reads a table by an index. The whole of the first one, which is
// the table itself, is not read as an index.
func (p *planner) opens(t *catalog.Table, ix *catalog.Index, bounded bool) {
	p.opened = append(p.opened, t.OID)
	if bounded || ix != t.Indexes[0] {
		p.opened = append(p.opened, ix.OID)
	}
}

// opensTarget notes that a node writes its target, and what indexes it has.
func (p *planner) opensTarget(n *dmlRel) {
	for _, t := range append([]*catalog.Table{n.table}, n.treeTables()...) {
		p.opened = append(p.opened, t.OID)
		for _, ix := range t.Indexes {
			if n.kind != dmlDelete {
				p.opened = append(p.opened, ix.OID)
			}
		}
	}
}
