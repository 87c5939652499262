package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// bindMerge binds MERGE: the source joined with the target, and what to do
// with each row. The join keeps unmatched source rows when a WHEN NOT MATCHED
// wants them.
func (p *planner) bindMerge(s *ast.MergeStmt, q *query) *dmlRel {
	if s.With != nil {
		if s.With.Recursive {
			fail(-1, pgerr.SyntaxError, "WITH RECURSIVE is not supported for MERGE statement")
		}
		p.bindWith(q, s.With)
	}
	final := [2]bool{}
	for _, w := range s.Whens {
		m := 0
		if w.Matched {
			m = 1
		}
		if final[m] {
			fail(-1, pgerr.SyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause")
		}
		final[m] = w.Cond == nil
	}
	t := p.dmlTarget(s.Relation, "merge into", "MERGE", "merging into")
	if t.names != nil {
		bail(pgerr.Unsupported("MERGE into view %q is not supported", t.name).At(s.Relation.Pos()))
	}
	d := &dmlRel{kind: dmlMerge, table: t.table}
	p.changes = append(p.changes, d)
	var item *rangeItem
	d.scan, item = p.addScan(t.table, t.alias, s.Relation.Pos())
	p.readOf(d.scan, t.access)
	t.rename(p, item)
	d.scan.lockFor = plan.LockNoKeyUpdate
	p.expand(d.scan, t.only, true)
	p.movable(d)
	src, sitems := p.bindTable(q, s.Source)
	p.checkAliases([]*rangeItem{item}, sitems)
	all := append([]*rangeItem{item}, sitems...)
	conds := splitAnd(p.joinCondition(q, all, s.On), nil)
	kind := plan.InnerJoin
	for _, w := range s.Whens {
		if !w.Matched {
			kind = plan.LeftJoin
		}
	}
	p.hasJoins = true
	d.in = &lJoin{kind: kind, l: src, r: d.scan, conds: conds}
	d.recheck = recheckable(conds)
	rc := p.rulesFor(d.table)
	d.rules = rc.rules
	for i := range d.table.Columns {
		if rc.defaults[i] != nil {
			p.noteCalls(rc.defaults[i])
			d.defaults = append(d.defaults, plan.ColumnExpr{Attnum: int16(i + 1), Expr: rc.defaults[i]})
		}
	}
	d.newRow, _ = p.addScan(d.table, t.alias, -1)
	for _, w := range s.Whens {
		wq := &query{up: q.up, depth: q.depth, ctes: q.ctes, items: sitems}
		if w.Matched {
			wq.items = all
		} else {
			if p.hiddenItems == nil {
				p.hiddenItems = map[*query][]*rangeItem{}
			}
			p.hiddenItems[wq] = []*rangeItem{item}
		}
		b := &binder{p: p, q: wq, kind: inMergeWhen}
		wq.clause = inMergeWhen
		a := plan.MergeAction{Matched: w.Matched, Kind: plan.MergeActionKind(w.Action)}
		if w.Cond != nil {
			a.Cond = p.coerceBool(b.arg(w.Cond), "WHEN")
		}
		switch w.Action {
		case ast.MergeDelete:
			t.access.needs(catalog.Delete)
		case ast.MergeUpdate:
			t.access.needs(catalog.Update)
			a.Set = p.bindSet(w.Set, wq, t)
		case ast.MergeInsert:
			t.access.needs(catalog.Insert)
			a.Set = p.mergeInsert(w, wq, t)
		}
		d.actions = append(d.actions, a)
	}
	return d
}

// mergeInsert binds INSERT (columns) VALUES (…) of a WHEN NOT MATCHED.
func (p *planner) mergeInsert(w *ast.MergeWhen, q *query, t *dmlTarget) []plan.ColumnExpr {
	cols := t.columns()
	if len(w.Columns) > 0 {
		cols = nil
		seen := map[int16]bool{}
		for _, ct := range w.Columns {
			c := p.targetColumn(t, ct)
			if len(ct.Path) > 0 {
				bail(pgerr.Unsupported("assigning to an element or field of column %q is not supported in MERGE", c.Name).At(ct.Pos()))
			}
			if seen[c.Attnum] {
				fail(ct.Pos(), pgerr.DuplicateColumn, "column %q specified more than once", c.Name)
			}
			seen[c.Attnum] = true
			cols = append(cols, c)
		}
	}
	if len(w.Values) > len(cols) {
		fail(exprLoc(w.Values[len(cols)]), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	if len(w.Columns) > 0 && len(w.Values) < len(cols) && w.Values != nil {
		fail(w.Columns[len(w.Values)].Pos(), pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
	b := &binder{p: p, q: q, kind: inInsertValues}
	q.clause = inInsertValues
	var out []plan.ColumnExpr
	for i, e := range w.Values {
		c := cols[i]
		t.access.writes(catalog.Insert, c.Attnum)
		if _, ok := e.(*ast.Default); ok {
			continue
		}
		if w.Overriding == ast.OverridingUser && c.Identity != catalog.NotIdentity {
			continue
		}
		if c.Generated != "" || c.Identity == catalog.IdentityAlways && w.Overriding == ast.OverridingDefault {
			refuseValue(c, true, -1)
		}
		out = append(out, plan.ColumnExpr{Attnum: c.Attnum, Expr: p.assign(b.arg(e), c)})
	}
	return out
}
