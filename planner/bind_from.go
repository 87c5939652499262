package planner

import (
	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// FROM: tables, views, subqueries, functions, joins; and WITH.

// bindFrom binds a FROM clause: its items become q's, its rel is their
// cross product (WHERE makes it a join).
func (p *planner) bindFrom(q *query, list []ast.TableExpr) rel {
	var r rel
	q.inFrom = true
	for _, te := range list {
		n, items := p.bindTable(q, te)
		p.checkAliases(q.items, items)
		for _, it := range items {
			it.lateralOnly, it.lateralOK = true, true
		}
		q.items = append(q.items, items...)
		if r == nil {
			r = n
		} else {
			p.hasJoins = true
			r = &lJoin{kind: plan.InnerJoin, l: r, r: n}
		}
	}
	for _, it := range q.items {
		it.lateralOnly = false
	}
	q.inFrom = false
	if r == nil {
		r = &lValues{rows: [][]plan.Expr{{}}}
	}
	return r
}

// aJoin is what messages call the item of a join's alias.
const aJoin = "a join"

// checkAliases refuses two FROM items of one name.
func (p *planner) checkAliases(have, add []*rangeItem) {
	for _, a := range add {
		if !a.relVisible || a.alias == "" {
			continue
		}
		for _, h := range have {
			if !h.relVisible || h.alias != a.alias {
				continue
			}
			// two unaliased tables of different schemas may share a name
			if h.schema != "" && a.schema != "" && h.schema != a.schema && h.table != a.table {
				continue
			}
			fail(-1, pgerr.DuplicateAlias, "table name %q specified more than once", a.alias)
		}
	}
}

func (p *planner) bindTable(q *query, te ast.TableExpr) (rel, []*rangeItem) {
	if p.depth++; p.depth > maxExprDepth {
		bail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded"))
	}
	defer func() { p.depth-- }()
	p.relations++
	one := func(r rel, it *rangeItem) (rel, []*rangeItem) {
		if s := p.shapes(); s != nil {
			s.items[te] = it
		}
		return r, []*rangeItem{it}
	}
	switch te := te.(type) {
	case *ast.RangeVar:
		return one(p.bindRangeVar(q, te))
	case *ast.RangeSubselect:
		return one(p.bindSubselect(q, te))
	case *ast.RangeFunction:
		return one(p.bindFunction(q, te))
	case *ast.JoinExpr:
		return p.bindJoin(q, te)
	case *ast.RangeTableSample:
		bail(pgerr.Unsupported("TABLESAMPLE is not supported").At(te.Pos()))
	}
	bail(pgerr.Unsupported("%T in FROM is not supported", te))
	return nil, nil
}

// withLateral runs f with q's FROM items visible, as LATERAL items see them.
func (p *planner) withLateral(q *query, on bool, f func()) {
	if p.lateralAt == nil {
		p.lateralAt = map[*query]bool{}
	}
	p.hasLateral = p.hasLateral || on
	old := p.lateralAt[q]
	p.lateralAt[q] = on
	f()
	p.lateralAt[q] = old
}

// renameCols applies an alias's column list.
func renameCols(it *rangeItem, a *ast.Alias) {
	if a == nil {
		return
	}
	if len(a.Columns) > len(it.cols) {
		if it.unlockable == aJoin {
			fail(-1, pgerr.InvalidColumnReference, "join expression %q has %d columns available but %d columns specified", it.alias, len(it.cols), len(a.Columns))
		}
		fail(-1, pgerr.InvalidColumnReference, "table %q has %d columns available but %d columns specified", it.alias, len(it.cols), len(a.Columns))
	}
	for i, n := range a.Columns {
		it.cols[i].name = n
	}
}

// resolveTable finds the table, view or virtual table a RangeVar names.
func (p *planner) resolveTable(rv *ast.RangeVar) *catalog.Table {
	if t := p.req.Relations[rv.Name]; t != nil && rv.Schema == "" {
		return t
	}
	if rv.Schema != "" {
		p.usableSchema(rv.Schema, rv.Pos())
	}
	oid := p.resolveRelation(rv.Schema, rv.Name)
	shown := qualifiedName(rv.Schema, rv.Name)
	if oid == 0 {
		fail(rv.Pos(), pgerr.UndefinedTable, "relation %q does not exist", shown)
	}
	if err := p.snap.NoTable(oid, rv.Name); err != nil {
		bail(err.At(rv.Pos()))
	}
	t := p.snap.Table(oid)
	if t == nil {
		if s := p.snap.Sequence(oid); s != nil {
			return catalog.SequenceTable(s)
		}
		fail(rv.Pos(), pgerr.UndefinedTable, "relation %q does not exist", shown)
	}
	return t
}

func (p *planner) resolveRelation(schema, name string) catalog.OID {
	if schema != "" {
		return p.snap.Relation(p.snap.SchemaOnPath(p.path, schema), name)
	}
	if !p.pathHasCatalog {
		if oid := p.snap.Relation(p.snap.SchemaByName("pg_catalog"), name); oid != 0 {
			return oid
		}
	}
	return p.snap.Resolve(p.path, name)
}

func (p *planner) bindRangeVar(q *query, rv *ast.RangeVar) (rel, *rangeItem) {
	alias := rv.Name
	if rv.Alias != nil {
		alias = rv.Alias.Name
	}
	if rv.Schema == "" {
		if def := p.lookupCTE(q, rv.Name); def != nil {
			return p.bindCTERef(def, rv, alias)
		}
	}
	if rv.Schema == "" && p.req.Relations[rv.Name] == nil && p.resolveRelation("", rv.Name) == 0 && laterCTE(q, rv.Name) {
		bail(pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", rv.Name).At(rv.Pos()).
			WithDetail("There is a WITH item named %q, but it cannot be referenced from this part of the query.", rv.Name).
			WithHint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references."))
	}
	t := p.resolveTable(rv)
	if n := p.names(); n != nil {
		n.Tables[rv] = t.OID
	}
	if t.Kind == catalog.KindView && t.Virtual == nil { // system views are computed, too
		return p.bindView(q, t, rv, alias)
	}
	s, it := p.addScan(t, alias, rv.Pos())
	p.readOf(s, p.newAccess(t, catalog.Select))
	if rv.Alias == nil && t.Schema != nil {
		it.schema = t.Schema.Name
	}
	renameCols(it, rv.Alias)
	if rv.Alias != nil {
		for i := range it.cols {
			if c, ok := it.cols[i].expr.(*plan.Col); ok {
				p.cols[c.Idx].name = it.cols[i].name
			}
		}
	}
	p.useTable(t, false)
	p.expand(s, rv.Only, false)
	return s, it
}

func (p *planner) useTable(t *catalog.Table, write bool) {
	if t.Virtual != nil {
		return
	}
	for i := range p.tables {
		if u := &p.tables[i]; u.Table == t {
			u.Write, u.Referred = u.Write || write, false
			return
		}
	}
	p.tables = append(p.tables, plan.TableUse{Table: t, Write: write})
}

// allowView refuses a view that the settings forbid to read.
func (p *planner) allowView(t *catalog.Table) {
	if p.req.Settings.NoViews && t.OID >= catalog.FirstUserOID {
		fail(-1, pgerr.ObjectNotInPrerequisiteState, "access to non-system view %q is restricted", t.Name)
	}
}

// bindView expands a view: its query, its columns under the view's names.
func (p *planner) bindView(q *query, t *catalog.Table, rv *ast.RangeVar, alias string) (rel, *rangeItem) {
	if p.viewDepth++; p.viewDepth > 100 {
		fail(rv.Pos(), pgerr.StatementTooComplex, "views are nested too deeply")
	}
	defer func() { p.viewDepth-- }()
	p.allowView(t)
	sel := p.parseQuery(t.View.Query)
	p.views = append(p.views, t)
	oldPath := p.path
	p.path = viewPath(t, p.path)
	frames := p.aggFrames // the aggregates around are none of the view's
	p.aggFrames = nil
	read := p.newAccess(t, catalog.Select)
	var bd *bound
	push := p.pushInto(q, alias, true)
	if push != nil {
		read.needs(catalog.Update)
		push.apart = t.SecurityBarrier()
	}
	p.within(t, func() {
		p.pushed = push
		bd = p.bindQuery(sel, nil, true)
		p.hasDerived = true
	})
	p.path, p.aggFrames = oldPath, frames
	live := 0
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			live++
		}
	}
	if live != len(bd.cols) {
		fail(rv.Pos(), pgerr.InternalError, "view %q has %d columns but its query yields %d", t.Name, live, len(bd.cols))
	}
	proj := &lProject{in: bd.rel}
	it := &rangeItem{alias: alias, table: t, relVisible: true, colsVisible: true, rowType: t.RowType, pos: rv.Pos()}
	if rv.Alias == nil && t.Schema != nil {
		it.schema = t.Schema.Name
	}
	k := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		ci := p.cols[bd.cols[k].id]
		id := p.newCol(c.Name, ci.typ, ci.mod)
		info := &p.cols[id]
		info.fields, info.collation = ci.fields, ci.collation
		info.alias, info.tableOID, info.attnum, info.access = alias, t.OID, c.Attnum, read
		proj.items = append(proj.items, projItem{id, p.col(bd.cols[k].id)})
		it.cols = append(it.cols, rangeCol{name: c.Name, expr: p.col(id)})
		k++
	}
	renameCols(it, rv.Alias)
	if it.locks = bd.locks; push != nil {
		it.locks.pushed = true
		produced(proj, &it.locks.cols)
	}
	return proj, it
}

// viewPath is the search path a view's query is read with: the one it was made with.
func viewPath(t *catalog.Table, path []string) []string {
	if len(t.View.Path) > 0 {
		return t.View.Path
	}
	if t.Schema != nil {
		return append([]string{t.Schema.Name}, path...)
	}
	return path
}

func (p *planner) bindSubselect(q *query, te *ast.RangeSubselect) (rel, *rangeItem) {
	var bd *bound
	alias := ""
	if te.Alias != nil {
		alias = te.Alias.Name
	}
	push := p.pushInto(q, alias, false)
	p.withLateral(q, te.Lateral, func() {
		p.pushed = push
		bd = p.bindQuery(te.Query, q, true)
		p.hasDerived = true
	})
	r := p.columnsApart(bd)
	it := &rangeItem{relVisible: true, colsVisible: true, pos: te.Pos()}
	if te.Alias != nil {
		it.alias = te.Alias.Name
	} else {
		it.relVisible = false
	}
	for _, c := range bd.cols {
		it.cols = append(it.cols, rangeCol{name: c.name, expr: p.col(c.id)})
	}
	renameCols(it, te.Alias)
	for i, c := range bd.cols {
		if info := &p.cols[c.id]; info.scan == nil {
			info.alias = it.alias
			info.name = it.cols[i].name
		}
	}
	if it.locks = bd.locks; push != nil {
		it.locks.pushed = true
		produced(r, &it.locks.cols)
	}
	return r, it
}

// columnsApart is what visibleOnly gives, in which no two columns are one: each has a name.
func (p *planner) columnsApart(bd *bound) rel {
	r := p.visibleOnly(bd)
	var seen colSet
	var again *lProject
	for i := range bd.cols {
		c := &bd.cols[i]
		if seen.has(c.id) {
			if again == nil {
				again = &lProject{in: r}
				for _, id := range r.outCols() {
					again.items = append(again.items, projItem{id, p.col(id)})
				}
			}
			x := p.col(c.id)
			c.id = p.newCol(c.name, x.Type(), x.Typmod())
			p.cols[c.id].collation = p.columnCollation(x)
			again.items = append(again.items, projItem{c.id, x})
		}
		seen.add(c.id)
	}
	if again != nil {
		return again
	}
	return r
}

// visibleOnly drops columns that were there only to sort by.
func (p *planner) visibleOnly(bd *bound) rel {
	if out := bd.rel.outCols(); len(out) == len(bd.cols) {
		return bd.rel
	}
	proj := &lProject{in: bd.rel}
	for _, c := range bd.cols {
		proj.items = append(proj.items, projItem{c.id, p.col(c.id)})
	}
	return proj
}

// bindFunction binds functions in FROM.
func (p *planner) bindFunction(q *query, te *ast.RangeFunction) (rel, *rangeItem) {
	b := &binder{p: p, q: q, kind: inFromFunction}
	f := &lFunc{ordinality: te.Ordinality}
	it := &rangeItem{relVisible: true, colsVisible: true, pos: te.Pos(), unlockable: "a function"}
	oldClause := q.clause
	q.clause = inFromFunction
	defer func() { q.clause = oldClause }()
	items := te.Functions
	if !te.RowsFrom && len(items) == 1 {
		// unnest(a, b) is ROWS FROM (unnest(a), unnest(b))
		if c, ok := items[0].Func.(*ast.FuncCall); ok && len(c.Args) > 1 && c.Name[len(c.Name)-1] == "unnest" && len(te.Columns) == 0 {
			items = nil
			for _, a := range c.Args {
				one := *c
				one.Args = []ast.Expr{a}
				items = append(items, &ast.RangeFuncItem{At: te.Functions[0].At, Func: &one})
			}
		}
	}
	name := ""
	for i, item := range items {
		var x plan.Expr
		p.withLateral(q, true, func() {
			old := p.fromFunc
			p.fromFunc = true
			x = b.fromCall(item.Func)
			p.fromFunc = old
		})
		if x.Type() == types.Unknown {
			x = b.resolveUnknown(arg{x, exprLoc(item.Func)}).e
		}
		p.noteExpr(item.Func, x)
		if c, ok := x.(*plan.Call); ok && len(items) > len(te.Functions) {
			p.noteExpr(item.Func.(*ast.FuncCall).Args[0], c.Args[0])
		}
		it.lateral = it.lateral || b.readsOwn(x)
		fn := nameOf(item.Func)
		if fn == "" {
			fn = "?column?"
		}
		if i == 0 {
			name = fn
		}
		defs := item.Columns
		if len(defs) == 0 {
			defs = te.Columns
		}
		fields := functionFields(x)
		switch {
		case len(defs) > 0:
			if x.Type().OID != types.Record.OID {
				fail(defs[0].Pos(), pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
			}
			if len(fields) > 0 {
				fail(defs[0].Pos(), pgerr.SyntaxError, "a column definition list is redundant for a function with OUT parameters")
			}
			fields = nil
			for _, d := range defs {
				t, mod, err := ResolveTypeName(p.snap, p.path, d.Type)
				if err != nil {
					bail(err)
				}
				fields = append(fields, types.Field{Name: d.Name, Type: t, Typmod: mod})
			}
			if c, ok := x.(*plan.Call); ok {
				// the function learns its columns from its result type
				cc := *c
				if fn := c.Fn.BoundToColumns(fields); fn != nil {
					cc.Fn = fn
				}
				cc.Typ = &types.Type{OID: types.Record.OID, Name: "record", Phys: types.PhysAny, Kind: types.KindPseudo, Len: -1, Align: 'd', Category: 'P', Fields: fields}
				x = &cc
			}
		case fields != nil:
			if len(items) == 1 && !te.Ordinality && x.Type().Under().Kind == types.KindComposite {
				it.rowType = x.Type()
			}
		case x.Type() == types.Record:
			fail(exprLoc(item.Func), pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
		default:
			fields = []types.Field{{Name: fn, Type: x.Type(), Typmod: x.Typmod()}}
			if len(items) == 1 {
				it.scalarFunc = true
				if te.Alias != nil {
					fields[0].Name = te.Alias.Name
				}
			}
		}
		f.calls = append(f.calls, x)
		f.widths = append(f.widths, len(fields))
		for _, fd := range fields {
			id := p.newCol(fd.Name, fd.Type, fd.Typmod)
			if len(fields) == 1 {
				p.cols[id].collation = p.columnCollation(x)
			}
			f.cols = append(f.cols, id)
			it.cols = append(it.cols, rangeCol{name: fd.Name, expr: p.col(id)})
		}
	}
	if te.Ordinality {
		id := p.newCol("ordinality", types.Int8, -1)
		f.cols = append(f.cols, id)
		it.cols = append(it.cols, rangeCol{name: "ordinality", expr: p.col(id)})
		it.scalarFunc = false
	}
	it.alias = name
	if te.Alias != nil {
		it.alias = te.Alias.Name
	}
	f.alias = it.alias
	renameCols(it, te.Alias)
	for i := range f.cols {
		p.cols[f.cols[i]].alias = it.alias
		p.cols[f.cols[i]].name = it.cols[i].name
	}
	return p.checkedFields(f), it
}

// checkedFields puts a filter above a function that reads its columns from JSON which lets all
// rows through that the domains of the columns, and of the row, allow. A filter stays where
// nobody reads the columns.
func (p *planner) checkedFields(f *lFunc) rel {
	var conds []plan.Expr
	at := 0
	for k, x := range f.calls {
		columns := f.cols[at : at+f.widths[k]]
		at += len(columns)
		call, ok := x.(*plan.Call)
		if !ok || !fromJSON(call.Fn) {
			continue
		}
		row := &plan.RowExpr{T: plan.T{Typ: call.Typ.Under(), Mod: -1}, Fields: call.Typ.Under().Fields}
		var checked []plan.Expr
		for _, id := range columns {
			c := p.col(id)
			row.Args = append(row.Args, c)
			if x := p.checkInside(c, c.Type()); x != plan.Expr(c) {
				checked = append(checked, x)
			}
		}
		if call.Typ.Kind == types.KindDomain {
			checked = append(checked, p.toDomain(row, call.Typ, true, -1, builtin.Explicit))
		}
		if checked != nil {
			conds = append(conds, computed(checked))
		}
	}
	if conds == nil {
		return f
	}
	return &lFilter{in: f, conds: conds}
}

// computed is a condition that holds once some expressions could be computed.
func computed(exprs []plan.Expr) plan.Expr {
	fn := &builtin.Func{Name: "computed", Result: types.Bool, Kind: builtin.Scalar, NotStrict: true, Volatility: builtin.Volatile,
		Eval: func(*builtin.Ctx, []types.Datum) (types.Datum, error) { return types.NewBool(true), nil }}
	for _, e := range exprs {
		fn.Args = append(fn.Args, e.Type())
	}
	return &plan.Call{T: plan.T{Typ: types.Bool, Mod: -1}, Fn: fn, Args: exprs, Pos: -1}
}

// fromCall binds the call itself: at the top a set-returning function stays a call.
func (b *binder) fromCall(e ast.Expr) plan.Expr {
	c, ok := e.(*ast.FuncCall)
	if !ok {
		return b.expr(e)
	}
	for _, a := range c.Args {
		ast.Walk(a, func(n ast.Node) bool {
			if fc, ok := n.(*ast.FuncCall); ok {
				for _, f := range b.p.functions(fc.Name) {
					if f.SetOf {
						bail(pgerr.New(pgerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM").At(fc.Pos()))
					}
				}
			}
			_, sub := n.(*ast.SubLink)
			return !sub
		})
	}
	return b.funcCall(c)
}

// functionFields are a function's output columns when it has several.
func functionFields(x plan.Expr) []types.Field {
	if c, ok := x.(*plan.Call); ok {
		if len(c.Fn.Out) > 0 {
			return c.Fn.Out
		}
	}
	if t := x.Type().Under(); t.Kind == types.KindComposite {
		return t.Fields
	}
	return nil
}

func (p *planner) bindJoin(q *query, j *ast.JoinExpr) (rel, []*rangeItem) {
	p.hasJoins = true
	l, litems := p.bindTable(q, j.Left)
	// the right side sees the left one, if LATERAL
	ok := j.Kind == ast.JoinInner || j.Kind == ast.JoinLeft
	for _, it := range litems {
		it.lateralOnly, it.lateralOK = true, ok
	}
	before := q.items
	q.items = append(append([]*rangeItem(nil), before...), litems...)
	r, ritems := p.bindTable(q, j.Right)
	q.items = before
	p.checkAliases(litems, ritems)
	items := append(append([]*rangeItem(nil), litems...), ritems...)
	for _, it := range items {
		it.lateralOnly = false
	}
	var conds []plan.Expr
	using := j.Using
	if j.Natural {
		using = commonNames(litems, ritems)
	}
	p.noteUsing(j, using, litems, ritems)
	switch {
	case j.On != nil:
		conds = splitAnd(p.joinCondition(q, items, j.On), nil)
	case len(using) > 0:
		var join *rangeItem
		conds, join = p.joinUsing(j, using, litems, ritems)
		for _, it := range items {
			it.colsVisible = false
		}
		items = append(items, join)
		if j.UsingAlias != "" && j.Alias == nil { // which hides it
			merged := &rangeItem{alias: j.UsingAlias, cols: join.cols[:len(using)], relVisible: true, pos: j.Pos(), unlockable: aJoin}
			p.checkAliases(items, []*rangeItem{merged})
			items = append(items, merged)
		}
	}
	if j.Alias != nil {
		// everything under the alias is seen only through it
		all := &rangeItem{alias: j.Alias.Name, relVisible: true, colsVisible: true, pos: j.Pos(), unlockable: aJoin}
		for _, it := range items {
			if it.colsVisible {
				all.cols = append(all.cols, it.cols...)
			}
			it.relVisible, it.colsVisible = false, false
		}
		renameCols(all, j.Alias)
		items = append(items, all)
		if s := p.shapes(); s != nil {
			s.items[j] = all
		}
	}
	join := &lJoin{kind: plan.InnerJoin, l: l, r: r, conds: conds}
	switch j.Kind {
	case ast.JoinRight:
		join.kind, join.l, join.r = plan.LeftJoin, r, l
		nullFilled(litems, &join.r)
	case ast.JoinLeft:
		join.kind = plan.LeftJoin
		nullFilled(ritems, &join.r)
	case ast.JoinFull:
		join.kind = plan.FullJoin
		nullFilled(litems, &join.l)
		nullFilled(ritems, &join.r)
	}
	return join, items
}

// nullFilled notes that the items are on a side of an outer join that may be
// filled with NULLs.
func nullFilled(items []*rangeItem, side *rel) {
	for _, it := range items {
		if it.nullSide == nil {
			it.nullSide = side
		}
	}
}

// joinCondition binds ON, which sees only the two sides.
func (p *planner) joinCondition(q *query, items []*rangeItem, on ast.Expr) plan.Expr {
	before, clause, hidden := q.items, q.clause, p.hiddenItems[q]
	if p.hiddenItems == nil {
		p.hiddenItems = map[*query][]*rangeItem{}
	}
	p.hiddenItems[q] = before
	q.items, q.clause = items, inJoinOn
	b := &binder{p: p, q: q, kind: inJoinOn}
	x := p.coerceBool(b.arg(on), "JOIN/ON")
	p.noteExpr(on, x)
	q.items, q.clause, p.hiddenItems[q] = before, clause, hidden
	return x
}

func visibleNames(items []*rangeItem) []string {
	var out []string
	for _, it := range items {
		if it.colsVisible {
			for _, c := range it.cols {
				out = append(out, c.name)
			}
		}
	}
	return out
}

func commonNames(l, r []*rangeItem) []string {
	var out []string
	right := map[string]bool{}
	for _, n := range visibleNames(r) {
		right[n] = true
	}
	for _, n := range visibleNames(l) {
		if right[n] {
			dup := false
			for _, o := range out {
				dup = dup || o == n
			}
			if !dup {
				out = append(out, n)
			}
		}
	}
	return out
}

// joinUsing merges the named columns: the condition, and the item whose
// columns are the merged ones and the rest.
func (p *planner) joinUsing(j *ast.JoinExpr, names []string, litems, ritems []*rangeItem) ([]plan.Expr, *rangeItem) {
	find := func(items []*rangeItem, name, side string) *rangeCol {
		var hit *rangeCol
		for _, it := range items {
			if !it.colsVisible {
				continue
			}
			for i := range it.cols {
				if it.cols[i].name == name {
					if hit != nil {
						fail(-1, pgerr.AmbiguousColumn, "common column name %q appears more than once in %s table", name, side)
					}
					hit = &it.cols[i]
				}
			}
		}
		if hit == nil {
			fail(-1, pgerr.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", name, side)
		}
		return hit
	}
	join := &rangeItem{colsVisible: true, pos: j.Pos()}
	var conds []plan.Expr
	merged := map[string]bool{}
	for _, n := range names {
		if merged[n] {
			fail(-1, pgerr.DuplicateColumn, "column name %q appears more than once in USING clause", n)
		}
		merged[n] = true
		lc, rc := find(litems, n, "left"), find(ritems, n, "right")
		p.readsExpr(lc.expr)
		p.readsExpr(rc.expr)
		la, ra := arg{lc.expr, -1}, arg{rc.expr, -1}
		conds = append(conds, p.binaryOp("=", la, ra, -1))
		if p.collates = p.collates || p.seesCollation(la.e) || p.seesCollation(ra.e); p.collates {
			p.collate(conds[len(conds)-1])
		}
		t := commonType([]arg{la, ra}, "JOIN/USING")
		le, re := p.coerceCommon(la, t, "JOIN/USING"), p.coerceCommon(ra, t, "JOIN/USING")
		c := rangeCol{name: n}
		switch j.Kind {
		case ast.JoinFull:
			c.expr = &plan.Coalesce{T: plan.T{Typ: t, Mod: commonMod([]plan.Expr{le, re}, t)}, Args: []plan.Expr{le, re}}
		case ast.JoinRight:
			c.expr = re
		default:
			c.expr = le
			if j.Kind == ast.JoinInner && le != la.e && re == ra.e {
				c.expr = re // either will do: that which needs no conversion
			}
		}
		if s := p.shapes(); s != nil {
			if _, plain := c.expr.(*plan.Col); !plain {
				s.merged[c.expr] = n
			}
		}
		join.cols = append(join.cols, c)
	}
	for _, side := range [][]*rangeItem{litems, ritems} {
		for _, it := range side {
			if !it.colsVisible {
				continue
			}
			for _, c := range it.cols {
				if !merged[c.name] {
					join.cols = append(join.cols, c)
				}
			}
		}
	}
	return conds, join
}

// WITH.

// bindWith brings a WITH clause's queries into scope and binds them.
func (p *planner) bindWith(q *query, w *ast.WithClause) {
	for i, c := range w.CTEs {
		for _, have := range q.ctes {
			if have.name == c.Name {
				fail(c.Pos(), pgerr.DuplicateAlias, "WITH query name %q specified more than once", c.Name)
			}
		}
		def := &cteDef{name: c.Name, node: c, earlier: i, index: -1}
		if w.Recursive {
			def.earlier = len(w.CTEs)
		}
		q.ctes = append(q.ctes, def)
	}
	// each sees those before it (all, if RECURSIVE)
	for _, def := range q.ctes {
		def.q = &query{up: q.up, depth: q.depth, ctes: q.ctes[:def.earlier:def.earlier], later: q.ctes[def.earlier:]}
	}
	for _, def := range q.ctes {
		p.bindCTE(def)
	}
}

func (p *planner) lookupCTE(q *query, name string) *cteDef {
	for lv := q; lv != nil; lv = lv.up {
		for i := len(lv.ctes) - 1; i >= 0; i-- {
			if lv.ctes[i].name == name {
				return lv.ctes[i]
			}
		}
	}
	return nil
}

// laterCTE tells whether a WITH query of the name stands where it cannot be seen from:
// it is the one being bound, or follows that.
func laterCTE(q *query, name string) bool {
	for lv := q; lv != nil; lv = lv.up {
		for _, def := range lv.later {
			if def.name == name {
				return true
			}
		}
	}
	return false
}

// bindCTE binds a WITH query, once.
func (p *planner) bindCTE(def *cteDef) {
	if def.bound || def.binding {
		return
	}
	def.binding = true
	c := def.node
	bd := p.bindCTEQuery(def, c)
	def.binding = false
	def.bound = true
	def.rel, def.outCols = bd.rel, bd.ids()
	if len(c.Columns) > len(bd.cols) {
		fail(c.Pos(), pgerr.InvalidColumnReference, "WITH query %q has %d columns available but %d columns specified", c.Name, len(bd.cols), len(c.Columns))
	}
	def.cols = p.cteColumns(bd, c)
	_, isSelect := c.Query.(*ast.SelectStmt)
	def.modifies = !isSelect
	if def.modifies || p.keepsCTE(def) {
		p.ctes = append(p.ctes, def)
	}
}

// keepsCTE tells whether a WITH query might be computed once, rather than
// put in place where it is named. The final decision is inlineCTEs'.
func (p *planner) keepsCTE(def *cteDef) bool { return true }

func (p *planner) bindCTEQuery(def *cteDef, c *ast.CTE) *bound {
	switch s := c.Query.(type) {
	case *ast.SelectStmt:
		recursive := def.earlier > 0 && len(def.q.ctes) > 0 && refersToItself(c) && p.lookupCTE(def.q, c.Name) == def
		if recursive {
			if c.Search != nil || c.Cycle != nil {
				checkRecursion(c, s)
				c, s = p.searchCycle(def, c, s)
			}
			return p.bindRecursive(def, c, s)
		}
		if c.Search != nil || c.Cycle != nil {
			fail(c.Pos(), pgerr.SyntaxError, "WITH query is not recursive")
		}
		bd := p.bindQuery(s, def.q, true)
		p.hasDerived = true
		bd.rel = p.visibleOnly(bd)
		return bd
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		if def.q.up != nil {
			fail(c.Pos(), pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
		}
		if def.earlier > 0 && p.lookupCTE(def.q, c.Name) == def && refersToItself(c) {
			fail(c.Pos(), pgerr.InvalidRecursion, "recursive query %q must not contain data-modifying statements", c.Name)
		}
		d := p.bindDML(s, def.q)
		bd := &bound{rel: d}
		for i, id := range d.retIDs {
			bd.cols = append(bd.cols, outCol{d.retNames[i], id})
		}
		return bd
	}
	bail(pgerr.Unsupported("this statement in WITH is not supported").At(c.Pos()))
	return nil
}

// cteColumns are the columns that a WITH query has of its bound query, with the names given to it.
func (p *planner) cteColumns(bd *bound, c *ast.CTE) []plan.Column {
	out := make([]plan.Column, len(bd.cols))
	for i, o := range bd.cols {
		ci := p.cols[o.id]
		out[i] = plan.Column{Name: o.name, Type: ci.typ, Typmod: ci.mod, Collation: ci.collation}
		if i < len(c.Columns) {
			out[i].Name = c.Columns[i]
		}
	}
	return out
}

// bindRecursive binds WITH RECURSIVE: seed UNION [ALL] step.
func (p *planner) bindRecursive(def *cteDef, c *ast.CTE, s *ast.SelectStmt) *bound {
	checkRecursion(c, s)
	up := def.q
	if s.With != nil {
		up = &query{up: def.q, depth: def.q.depth + 1}
		p.bindWith(up, s.With)
	}
	seed := p.bindQuery(s.Left, up, true)
	def.work = p.works
	p.works++
	def.cols = p.cteColumns(seed, c)
	def.recursive = true
	step := p.bindQuery(s.Right, up, true)
	if len(step.cols) != len(seed.cols) {
		fail(firstTarget(s.Right), pgerr.SyntaxError, "each UNION query must have the same number of columns")
	}
	r := &lRecursive{distinct: !s.All, work: def.work}
	bd := &bound{}
	for i := range seed.cols {
		a, b := p.cols[seed.cols[i].id], p.cols[step.cols[i].id]
		t := commonType([]arg{{p.col(seed.cols[i].id), -1}, {p.col(step.cols[i].id), targetPos(s.Right, i)}}, "UNION")
		if !sameType(t, a.typ) {
			bail(pgerr.Newf(pgerr.DatatypeMismatch, "recursive query %q column %d has type %s in non-recursive term but type %s overall", c.Name, i+1, types.Format(a.typ, a.mod), types.Format(t, -1)).
				WithHint("Cast the output of the non-recursive term to the correct type.").At(targetPos(s.Left, i)))
		}
		if a.mod >= 0 && a.mod != b.mod {
			bail(pgerr.Newf(pgerr.DatatypeMismatch, "recursive query %q column %d has type %s in non-recursive term but type %s overall", c.Name, i+1, types.Format(a.typ, a.mod), types.Format(t, -1)).
				WithHint("Cast the output of the non-recursive term to the correct type.").At(targetPos(s.Left, i)))
		}
		p.giveType(step, i, t, -1, func(x arg) plan.Expr { return p.coerceCommon(x, t, "UNION") }, targetPos(s.Right, i))
		id := p.newCol(seed.cols[i].name, a.typ, a.mod)
		p.cols[id].collation = a.collation
		if p.collates && t.Collate {
			in := p.common([]collation{seed.collation(p, i), step.collation(p, i)}, s.All)
			if overall := p.collationColumn(t, in); overall != a.collation {
				p.otherCollation(c.Name, i, t, a.collation, overall, targetPos(s.Left, i))
			}
		}
		r.cols = append(r.cols, id)
		bd.cols = append(bd.cols, outCol{seed.cols[i].name, id})
	}
	r.seed, r.step, r.seedCols, r.stepCols = seed.rel, step.rel, seed.ids(), step.ids()
	bd.rel = r
	return bd
}

// bindCTERef makes a reference to a WITH query.
func (p *planner) bindCTERef(def *cteDef, rv *ast.RangeVar, alias string) (rel, *rangeItem) {
	if def.binding && !def.recursive {
		fail(def.node.Pos(), pgerr.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
	}
	p.bindCTE(def)
	if def.modifies && len(def.outCols) == 0 {
		fail(rv.Pos(), pgerr.FeatureNotSupported, "WITH query %q does not have a RETURNING clause", def.name)
	}
	it := &rangeItem{alias: alias, relVisible: true, colsVisible: true, pos: rv.Pos(), unlockable: "a WITH query"}
	base := len(p.cols)
	for i, c := range def.cols {
		id := p.newCol(c.Name, c.Type, c.Typmod)
		p.cols[id].collation = c.Collation
		if info := &p.cols[id]; i < len(def.outCols) {
			from := &p.cols[def.outCols[i]]
			info.tableOID, info.attnum, info.fields = from.tableOID, from.attnum, from.fields
		}
		p.cols[id].alias = alias
		hidden := c.Name == levelColumn || def.binding && def.own > 0 && i >= def.own
		it.cols = append(it.cols, rangeCol{name: c.Name, expr: p.col(id), hidden: hidden})
	}
	renameCols(it, rv.Alias)
	cols := colsFrom(base, len(def.cols))
	if def.binding {
		it.selfRef = true
		def.workRefs++
		return &lWork{work: def.work, name: def.name, alias: alias, cols: cols, rec: def}, it
	}
	def.refs++
	// A query that reads an outer one's columns, or that may not be kept, is bound
	// anew where it is named again.
	never := def.node.Materialize == ast.MaterializeNever && !def.modifies
	if def.refs > 1 && !def.modifies && (never || !freeCols(def.rel).empty()) {
		fresh := &cteDef{name: def.name, node: def.node, q: def.q, earlier: def.earlier, index: -1}
		fresh.binding = true
		frames := p.aggFrames // the aggregates around are none of its own
		p.aggFrames = nil
		bd := p.bindCTEQuery(fresh, def.node)
		p.aggFrames = frames
		proj := &lProject{in: bd.rel}
		for i, id := range cols {
			proj.items = append(proj.items, projItem{id, p.col(bd.cols[i].id)})
		}
		return proj, it
	}
	return &lCTE{def: def, alias: alias, cols: cols}, it
}
