package planner

import (
	"cmp"
	"slices"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// dmlTarget is the table that INSERT, UPDATE, DELETE or MERGE changes. When
// the statement names a simple view, it is the table beneath: columns answer
// to the view's names, and the view's conditions apply.
type dmlTarget struct {
	table *catalog.Table
	only  bool   // its children are left alone
	name  string // as the statement names it
	alias string
	// schema qualifies the target's columns, unless it has an alias.
	schema string
	verb   string // "insert into", "update" … for errors
	// names maps a view's columns, in order, to the table's; nil for a table.
	names  []viewColumn
	views  []*viewLevel
	access *access
	// instead tells that table is a view whose INSTEAD OF triggers do the work.
	instead bool
}

// viewColumn is a column of a view and the table column it shows (nil: an expression).
type viewColumn struct {
	name   string
	attnum int16 // in the view
	col    *catalog.Column
	expr   ast.Expr // of a view straight over the table: what it computes
	// of and as are the view, and its column, that is no column of what it shows.
	of, as string
}

// viewLevel is one view on the way down to the table.
type viewLevel struct {
	view  *catalog.Table
	where ast.Expr
	alias string
	names []viewColumn // columns of the relation it reads, nil when it is the table
}

// column finds a column by the name the statement uses.
func (t *dmlTarget) column(name string) *catalog.Column {
	if t.names == nil {
		return t.table.ColumnByName(name)
	}
	for _, c := range t.names {
		if c.name == name {
			if c.col == nil {
				bail(pgerr.Newf(pgerr.FeatureNotSupported, "cannot %s column %q of view %q", t.verb, c.as, c.of).
					WithDetail("View columns that are not columns of their base relation are not updatable."))
			}
			return c.col
		}
	}
	return nil
}

// columns are the columns INSERT fills when none are named.
func (t *dmlTarget) columns() []*catalog.Column {
	var out []*catalog.Column
	if t.names == nil {
		for i := range t.table.Columns {
			if !t.table.Columns[i].Dropped {
				out = append(out, &t.table.Columns[i])
			}
		}
		return out
	}
	for _, c := range t.names {
		if c.col != nil {
			out = append(out, c.col)
		}
	}
	return out
}

// useViewDefaults notes the defaults that views have of their own for the columns they
// show. INSERT takes them from the outermost view that has one, before the table's; in UPDATE
// only the view that is named counts, and DEFAULT is NULL without one.
func (p *planner) useViewDefaults(t *dmlTarget, insert bool) {
	if len(t.views) == 0 {
		return
	}
	p.viewDefaults = map[*catalog.Column]plan.Expr{}
	names := t.names
	for _, lv := range t.views {
		for _, n := range names {
			if n.col == nil {
				continue
			}
			if _, ok := p.viewDefaults[n.col]; ok {
				continue
			}
			if c := lv.view.Col(n.attnum); c.Default != "" {
				p.viewDefaults[n.col] = p.rulesFor(lv.view).defaults[n.attnum-1]
				p.noteCalls(p.viewDefaults[n.col])
			} else if !insert {
				p.viewDefaults[n.col] = nil
			}
		}
		if !insert {
			return
		}
		names = lv.names
	}
}

// rename makes a range item over the table answer to the target's schema and
// to the view's column names.
func (t *dmlTarget) rename(p *planner, it *rangeItem) {
	it.schema = t.schema
	inner := *it
	renameTo(it, t.names)
	if len(t.views) != 1 {
		return
	}
	// columns that the view computes can be read, though not assigned to
	lv := t.views[0]
	inner.alias, inner.cols = lv.alias, append([]rangeCol(nil), inner.cols...)
	b := &binder{p: p, q: &query{depth: 1, items: []*rangeItem{&inner}}, kind: inTarget}
	for i, n := range t.names {
		if n.col == nil && n.expr != nil {
			c := rangeCol{name: n.name, expr: b.resolveUnknown(b.arg(n.expr)).e}
			it.cols = append(it.cols[:min(i, len(it.cols))], append([]rangeCol{c}, it.cols[min(i, len(it.cols)):]...)...)
		}
	}
}

func renameTo(it *rangeItem, names []viewColumn) {
	if names == nil {
		return
	}
	var cols []rangeCol
	for _, n := range names {
		if n.col == nil {
			continue
		}
		for _, c := range it.cols {
			if pc, ok := c.expr.(*plan.Col); ok && pc.Idx == it.scan.base+int(n.col.Attnum)-1 {
				cols = append(cols, rangeCol{name: n.name, expr: c.expr})
			}
		}
	}
	it.cols = cols
}

// dmlTarget resolves the relation of a data-modifying statement.
func (p *planner) dmlTarget(rv *ast.RangeVar, verb, command, doing string) *dmlTarget {
	t := p.resolveTable(rv)
	out := &dmlTarget{table: t, only: rv.Only, name: t.Name, alias: rv.Name, verb: verb}
	if rv.Alias != nil {
		out.alias = rv.Alias.Name
	} else if t.Schema != nil {
		out.schema = t.Schema.Name
	}
	out.access = p.newAccess(t, 0)
	if command == "MERGE" && t.Kind == catalog.KindView {
		bail(pgerr.Newf(pgerr.FeatureNotSupported, "cannot execute MERGE on relation %q", t.Name).
			WithDetail("This operation is not supported for views."))
	}
	for out.table.Kind == catalog.KindView {
		if out.instead = hasInstead(out.table, command); out.instead {
			break
		}
		if why := p.throughView(out); why != "" { // what else is wrong with the statement comes first
			p.unwritable = cmp.Or(p.unwritable, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot %s view %q", verb, out.table.Name).WithDetail("%s", why).
				WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.", doing, command, command))
			out.instead = true
			break
		}
	}
	if out.table.Kind == catalog.KindMatView && out.table.OID != p.req.Maintains {
		if command == "MERGE" {
			bail(pgerr.Newf(pgerr.FeatureNotSupported, "cannot execute MERGE on relation %q", out.table.Name).
				WithDetail("This operation is not supported for materialized views."))
		}
		p.refused = pgerr.Newf(pgerr.WrongObjectType, "cannot change materialized view %q", out.table.Name)
	}
	if p.snap.Sequence(out.table.OID) != nil {
		p.refused = pgerr.Newf(pgerr.WrongObjectType, "cannot change sequence %q", out.table.Name)
	} else if out.table.Virtual != nil {
		if out.table.Name == "pg_settings" && command == "UPDATE" { // which has a rule for that
			bail(pgerr.Unsupported("UPDATE of pg_settings is not supported").WithHint("Use SET, or set_config()."))
		}
		if p.unwritable != nil {
			bail(p.unwritable)
		}
		fail(-1, pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", out.table.Name)
	}
	p.useTable(out.table, true)
	return out
}

// hasInstead tells whether a view has INSTEAD OF triggers for a command.
func hasInstead(view *catalog.Table, command string) bool {
	event := map[string]catalog.TriggerEvent{"INSERT": catalog.OnInsert, "UPDATE": catalog.OnUpdate, "DELETE": catalog.OnDelete}[command]
	for _, tr := range view.Triggers {
		if tr.Timing == catalog.TriggerInstead && tr.Events&event != 0 {
			return true
		}
	}
	return false
}

// TakesInserts tells whether rows inserted into a view go to its INSTEAD OF triggers.
func TakesInserts(view *catalog.Table) bool { return hasInstead(view, "INSERT") }

// readTarget is what UPDATE and DELETE read their target's rows from: the scan, or the
// view that INSTEAD OF triggers are on, under the scan's columns.
func (p *planner) readTarget(s *lScan, t *dmlTarget, pos int) rel {
	if !t.instead {
		return p.viewFilter(s, s, t)
	}
	role, mark := p.asRole, len(p.accesses)
	p.asRole = t.access.As
	r, it := p.bindView(&query{}, t.table, &ast.RangeVar{At: ast.At(pos), Name: t.table.Name}, t.alias)
	p.asRole = role
	p.accesses = append(p.accesses[:mark], p.accesses[mark+1:]...) // the statement's own access to the view is t's
	proj := &lProject{in: r}
	for i := range it.cols {
		proj.items = append(proj.items, projItem{s.base + i, it.cols[i].expr})
	}
	return p.viewFilter(proj, s, t)
}

// throughView goes from a view to the relation it shows, or tells why it cannot.
func (p *planner) throughView(t *dmlTarget) (why string) {
	view := t.table
	if len(t.views) > 50 {
		return "The views are nested too deeply."
	}
	p.allowView(view)
	above := len(p.accesses)
	v, why := p.simpleView(view)
	if why != "" {
		return why
	}
	s, rv, base, names := v.query, v.from, v.base, v.columns
	alias := rv.Name
	if rv.Alias != nil {
		alias = rv.Alias.Name
	}
	p.accessBelow(t, base, v.role, above)
	lv := &viewLevel{view: view, where: s.Where, alias: alias}
	t.views = append(t.views, lv)
	if t.names == nil {
		t.names = names
	} else {
		// the outer view's columns are this view's: go on to what those show
		for i := range t.names {
			c := t.names[i].col
			t.names[i].col = nil
			if c == nil {
				continue
			}
			for _, n := range names {
				if n.name == c.Name {
					t.names[i].col, t.names[i].of, t.names[i].as = n.col, n.of, n.as
				}
			}
		}
	}
	// levels above read this view under its names
	for _, above := range t.views[:len(t.views)-1] {
		if above.names == nil {
			above.names = append([]viewColumn(nil), names...)
			continue
		}
		for i := range above.names {
			c := above.names[i].col
			above.names[i].col = nil
			if c == nil {
				continue
			}
			for _, n := range names {
				if n.name == c.Name {
					above.names[i].col = n.col
				}
			}
		}
	}
	below := t.access
	cols := map[int16]int16{}
	for _, n := range names {
		if n.col != nil {
			cols[n.col.Attnum] = n.attnum
		}
	}
	// the views further up show this one's columns
	for i, v := range below.through[1:] {
		m := map[int16]int16{}
		for b, c := range cols {
			if up := v.cols[c]; up > 0 {
				m[b] = up
			}
		}
		below.through[i+1].cols = m
	}
	below.through[0].cols = cols
	t.table, t.only = base, rv.Only
	return ""
}

// accessBelow goes from the privileges for a view to those for what it shows,
// which its owner must have: of what the view's query reads (that is, what
// binding it noted since mark), those columns.
func (p *planner) accessBelow(t *dmlTarget, base *catalog.Table, asRole catalog.OID, mark int) {
	view := t.access
	t.access = &access{Access: catalog.Access{Table: base, As: asRole, Rights: view.Rights}}
	if len(p.accesses) > mark {
		t.access.Selected = p.accesses[mark].Selected
	}
	p.accesses = append(p.accesses[:mark], t.access)
	t.access.through = append([]throughView{{view: view}}, view.through...)
}

// viewConds binds the conditions of the views over a scan of the table.
func (p *planner) viewConds(s *lScan, lv *viewLevel) []plan.Expr {
	if lv.where == nil {
		return nil
	}
	it := &rangeItem{alias: lv.alias, table: s.table, scan: s, relVisible: true, colsVisible: true}
	for i := range s.table.Columns {
		c := &s.table.Columns[i]
		if !c.Dropped {
			it.cols = append(it.cols, rangeCol{name: c.Name, expr: p.col(s.base + i)})
		}
	}
	renameTo(it, lv.names)
	q := &query{depth: 1, items: []*rangeItem{it}, clause: inWhere}
	b := &binder{p: p, q: q, kind: inWhere}
	p.viewDepth++ // the views' own conditions are no reading by the statement
	defer func() { p.viewDepth-- }()
	return splitAnd(p.coerceBool(b.arg(lv.where), "WHERE"), nil)
}

// viewFilter applies the views' conditions to what yields the target's columns.
func (p *planner) viewFilter(in rel, s *lScan, t *dmlTarget) rel {
	var conds []plan.Expr
	for _, lv := range t.views {
		conds = append(conds, p.viewConds(s, lv)...)
	}
	if len(conds) == 0 {
		return in
	}
	return &lFilter{in: in, conds: conds}
}

// viewChecks adds WITH CHECK OPTION's conditions on the new row: those of a view that
// has the option, and of all views beneath one whose option is cascaded. The innermost
// view's are checked first.
func (p *planner) viewChecks(d *dmlRel, t *dmlTarget) {
	cascaded := false
	for _, lv := range t.views {
		cascaded = cascaded || lv.view.View.CheckOption == 'c'
		if !cascaded && lv.view.View.CheckOption == 0 {
			continue
		}
		if conds := p.viewConds(d.newRow, lv); len(conds) > 0 {
			d.viewChk = append(d.viewChk, plan.NamedExpr{Name: lv.view.Name, Expr: makeAnd(conds)})
		}
	}
	slices.Reverse(d.viewChk)
}
