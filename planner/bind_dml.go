package planner

import (
	"cmp"
	"slices"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// INSERT, UPDATE and DELETE (MERGE: bind_merge.go; views as targets:
// bind_target.go).

type dmlKind uint8

const (
	dmlInsert dmlKind = iota
	dmlUpdate
	dmlDelete
	dmlMerge
)

// dmlRel changes a table's rows; as a rel it yields its RETURNING columns.
// Expressions are over the input's columns and, for RETURNING and checks, over
// the new row: ids newRow.base … in attnum order.
type dmlRel struct {
	kind     dmlKind
	table    *catalog.Table
	in       rel
	scan     *lScan      // the target as it is read (not for INSERT)
	newRow   *lScan      // stands for the row as written
	viewRow  []plan.Expr // the columns of a view with INSTEAD OF triggers, as it is read
	attnums  []int16
	inCols   []colID
	defaults []plan.ColumnExpr
	rules    plan.RowRules
	conflict *conflictRel
	set      []plan.ColumnExpr
	recheck  []plan.Expr
	actions  []plan.MergeAction
	viewChk  []plan.NamedExpr

	hasReturning bool
	returning    []plan.Expr
	retIDs       []colID
	retNames     []string
}

// conflictRel is ON CONFLICT: expressions over old and excluded rows.
type conflictRel struct {
	indexes       []*catalog.Index
	doNothing     bool
	old, excluded *lScan
	set           []plan.ColumnExpr
	where         plan.Expr
	visible       []plan.NamedExpr // the views' conditions on the old row
}

func (n *dmlRel) outCols() []colID { return n.retIDs }
func (n *dmlRel) kids() []*rel {
	return []*rel{&n.in}
}
func (n *dmlRel) exprs(f func(*plan.Expr)) {
	for i := range n.set {
		f(&n.set[i].Expr)
	}
	each(n.recheck, f)
	each(n.viewRow, f)
	each(n.returning, f)
	for i := range n.viewChk {
		f(&n.viewChk[i].Expr)
	}
	if n.conflict != nil {
		for i := range n.conflict.set {
			f(&n.conflict.set[i].Expr)
		}
		eachOpt(&n.conflict.where, f)
		for i := range n.conflict.visible {
			f(&n.conflict.visible[i].Expr)
		}
	}
	for i := range n.actions {
		eachOpt(&n.actions[i].Cond, f)
		for k := range n.actions[i].Set {
			f(&n.actions[i].Set[k].Expr)
		}
	}
}
func (n *dmlRel) clone() rel {
	c := *n
	c.set = append([]plan.ColumnExpr(nil), n.set...)
	c.recheck, c.returning, c.viewRow = copyExprs(n.recheck), copyExprs(n.returning), copyExprs(n.viewRow)
	c.viewChk = append([]plan.NamedExpr(nil), n.viewChk...)
	if n.conflict != nil {
		k := *n.conflict
		k.set = append([]plan.ColumnExpr(nil), k.set...)
		k.visible = append([]plan.NamedExpr(nil), k.visible...)
		c.conflict = &k
	}
	c.actions = append([]plan.MergeAction(nil), n.actions...)
	for i := range c.actions {
		c.actions[i].Set = append([]plan.ColumnExpr(nil), c.actions[i].Set...)
	}
	return &c
}

// bindDML binds a data-modifying statement; up is the scope of its WITH, or nil.
func (p *planner) bindDML(s ast.Stmt, up *query) *dmlRel {
	p.writes = true
	q := &query{up: up, depth: 1, isDML: true}
	if up != nil {
		q.depth = up.depth + 1
	}
	switch s := s.(type) {
	case *ast.InsertStmt:
		return p.bindInsert(s, q)
	case *ast.UpdateStmt:
		return p.bindUpdate(s, q)
	case *ast.DeleteStmt:
		return p.bindDelete(s, q)
	case *ast.MergeStmt:
		return p.bindMerge(s, q)
	}
	bail(pgerr.Unsupported("statement %T is not supported", s))
	return nil
}

// targetColumn finds a column to be assigned to.
func (p *planner) targetColumn(t *dmlTarget, c *ast.ColumnTarget) *catalog.Column {
	col := t.column(c.Name)
	if col == nil {
		fail(c.Pos(), pgerr.UndefinedColumn, "column %q of relation %q does not exist", c.Name, t.name)
	}
	return col
}

// assign converts a value for a column.
func (p *planner) assign(a arg, c *catalog.Column) plan.Expr {
	x := p.coerceTo(a, c.Type, c.Typmod, builtin.Assignment, true)
	if x == nil {
		bail(pgerr.Newf(pgerr.DatatypeMismatch, "column %q is of type %s but expression is of type %s", c.Name, typeName(c.Type), typeName(a.e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(a.pos))
	}
	return x
}

// refuseValue is the error for a value given to a column that makes its own.
func refuseValue(c *catalog.Column, insert bool, pos int) {
	detail := "Column %q is an identity column defined as GENERATED ALWAYS."
	if c.Generated != "" {
		detail = "Column %q is a generated column."
	}
	var e *pgerr.Error
	if insert {
		e = pgerr.Newf(pgerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column %q", c.Name)
		if c.Generated == "" {
			e.WithHint("Use OVERRIDING SYSTEM VALUE to override.")
		}
	} else {
		e = pgerr.Newf(pgerr.GeneratedAlways, "column %q can only be updated to DEFAULT", c.Name)
	}
	bail(e.WithDetail(detail, c.Name).At(pos))
}

func (p *planner) bindInsert(s *ast.InsertStmt, q *query) *dmlRel {
	if s.With != nil {
		p.bindWith(q, s.With)
	}
	t := p.dmlTarget(s.Relation, "insert into", "INSERT", "inserting into")
	p.useViewDefaults(t, true)
	d := &dmlRel{kind: dmlInsert, table: t.table, hasReturning: s.Returning != nil}
	p.changes = append(p.changes, d)
	var cols []*catalog.Column
	var stores []*store // of columns with subscripts; nil if there are none
	if len(s.Columns) > 0 {
		seen := map[int16]bool{}
		whole := map[int16]bool{}
		for i, c := range s.Columns {
			col := p.targetColumn(t, c)
			if whole[col.Attnum] || seen[col.Attnum] && len(c.Path) == 0 {
				fail(c.Pos(), pgerr.DuplicateColumn, "column %q specified more than once", c.Name)
			}
			seen[col.Attnum] = true
			whole[col.Attnum] = len(c.Path) == 0
			cols = append(cols, col)
			if len(c.Path) > 0 {
				if stores == nil {
					stores = make([]*store, len(s.Columns))
				}
				q.clause = inInsertValues
				stores[i] = p.storeTarget(q, col, c)
			}
		}
	} else {
		cols = t.columns()
	}
	explicit := len(s.Columns) > 0
	checkCount := func(n int, posOf func(int) int) {
		if n > len(cols) {
			fail(posOf(len(cols)), pgerr.SyntaxError, "INSERT has more expressions than target columns")
		}
		if n < len(cols) {
			if explicit {
				e := pgerr.New(pgerr.SyntaxError, "INSERT has more target columns than expressions")
				bail(e.At(s.Columns[n].Pos()))
			}
			cols = cols[:n]
		}
	}
	assign := func(i int, a arg) plan.Expr {
		if stores != nil && stores[i] != nil {
			return stores[i].value(p, a)
		}
		return p.assign(a, cols[i])
	}
	// skip tells that the given value is to be thrown away (OVERRIDING USER VALUE).
	skip := func(c *catalog.Column) bool {
		return s.Overriding == ast.OverridingUser && c.Identity != catalog.NotIdentity
	}
	check := func(c *catalog.Column, pos int) {
		if c.Generated != "" || c.Identity == catalog.IdentityAlways && s.Overriding == ast.OverridingDefault {
			refuseValue(c, true, -1)
		}
	}
	// the target's columns can be named in no value, but hints know them
	var item *rangeItem
	d.newRow, item = p.addScan(d.table, t.alias, s.Relation.Pos())
	p.readOf(d.newRow, t.access)
	t.rename(p, item)
	hidden := *item
	hidden.relVisible, hidden.colsVisible = false, false
	if p.hiddenItems == nil {
		p.hiddenItems = map[*query][]*rangeItem{}
	}
	p.hiddenItems[q] = []*rangeItem{&hidden}
	src := s.Source
	plainValues := src != nil && src.Values != nil && src.Op == ast.SetNone && len(src.OrderBy) == 0 && src.Limit == nil && src.Offset == nil && src.With == nil && len(src.Locking) == 0
	switch {
	case src == nil:
		d.in = &lValues{rows: [][]plan.Expr{{}}}
		cols = nil
	case plainValues && stores == nil:
		values := p.withoutStars(q, src.Values)
		n := len(values[0])
		for _, row := range values {
			if len(row) != n {
				fail(exprLoc(row[0]), pgerr.SyntaxError, "VALUES lists must all be the same length")
			}
		}
		checkCount(n, func(i int) int { return exprLoc(values[0][i]) })
		d.in, cols = p.insertValues(q, values, cols, check, skip)
	default:
		if stores != nil && plainValues {
			noDefaults(src.Values, s.Columns)
		}
		bd := p.bindQuery(src, q, false)
		checkCount(len(bd.cols), func(i int) int { return targetPos(src, i) })
		var keep []*catalog.Column
		var kept []*store
		for i, c := range cols {
			if skip(c) {
				continue
			}
			check(c, targetPos(src, i))
			typ, mod := c.Type, c.Typmod
			if stores != nil {
				kept = append(kept, stores[i])
				if stores[i] != nil {
					typ = stores[i].part
				}
			}
			p.giveType(bd, i, typ, mod, func(a arg) plan.Expr { return assign(i, a) }, targetPos(src, i))
			keep = append(keep, c)
			d.inCols = append(d.inCols, bd.cols[i].id)
		}
		cols = keep
		d.in = bd.rel
		if stores != nil {
			d.in, cols, d.inCols = p.storeColumns(d.in, cols, kept, d.inCols)
		}
	}
	if d.inCols == nil {
		d.inCols = d.in.outCols()
	}
	given := make([]bool, len(d.table.Columns)+1)
	t.access.needs(catalog.Insert)
	for _, c := range cols {
		t.access.writes(catalog.Insert, c.Attnum)
		d.attnums = append(d.attnums, c.Attnum)
		given[c.Attnum] = true
	}
	p.movable(d)
	rc := p.rulesFor(d.table)
	d.rules = rc.rules
	for i := range d.table.Columns {
		c := &d.table.Columns[i]
		if !given[c.Attnum] && !c.Dropped {
			def := p.viewDefaults[c]
			if def != nil {
				check(c, -1)
			} else {
				def = rc.defaults[i]
				p.noteCalls(def)
			}
			if def != nil {
				d.defaults = append(d.defaults, plan.ColumnExpr{Attnum: c.Attnum, Expr: def})
			}
		}
	}
	unmatched := false
	if s.OnConflict != nil {
		d.conflict = p.bindConflict(s.OnConflict, q, d, t)
		unmatched = s.OnConflict.Infer != nil && d.conflict.indexes == nil
		if t.instead {
			d.conflict = nil // a view has no index that a row could conflict with
		}
	}
	p.viewChecks(d, t)
	p.bindReturning(d, q, s.Returning, []*rangeItem{item})
	if unmatched {
		fail(-1, pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return d
}

// noDefaults refuses DEFAULT for parts of columns.
func noDefaults(rows [][]ast.Expr, cols []*ast.ColumnTarget) {
	for _, row := range rows {
		for i, e := range row {
			if _, ok := e.(*ast.Default); !ok {
				continue
			}
			if i < len(cols) && len(cols[i].Path) > 0 {
				if last := cols[i].Path[len(cols[i].Path)-1]; last.Kind == ast.SelectField {
					fail(cols[i].Pos(), pgerr.FeatureNotSupported, "cannot set a subfield to DEFAULT")
				}
				fail(cols[i].Pos(), pgerr.FeatureNotSupported, "cannot set an array element to DEFAULT")
			}
			bail(pgerr.Unsupported("DEFAULT beside assignments to elements is not supported").At(e.Pos()))
		}
	}
}

// withoutStars writes (row).* in lists of values out: (row).a, (row).b, …
func (p *planner) withoutStars(q *query, rows [][]ast.Expr) [][]ast.Expr {
	var out [][]ast.Expr
	for i, row := range rows {
		if !hasStar(row) {
			continue
		}
		if out == nil {
			out = slices.Clone(rows)
		}
		out[i] = nil
		for _, e := range row {
			if !isStar(e) {
				out[i] = append(out[i], e)
				continue
			}
			b := &binder{p: p, q: q, kind: inInsertValues}
			x, ok := e.(*ast.Indirection)
			if !ok {
				b.expandStar(e.(*ast.ColumnRef)) // there is no table: says so
				continue
			}
			for _, t := range b.expandRow(x) {
				field := *x
				field.Path = slices.Clone(x.Path)
				last := &field.Path[len(field.Path)-1]
				star := **last
				star.Kind, star.Field = ast.SelectField, t.name
				*last = &star
				out[i] = append(out[i], &field)
			}
		}
	}
	if out == nil {
		return rows
	}
	return out
}

// insertValues binds VALUES lists to be inserted: values are converted to the
// columns' types one by one. Lists of nothing but literals become vectors.
func (p *planner) insertValues(q *query, rows [][]ast.Expr, cols []*catalog.Column, check func(*catalog.Column, int), skip func(*catalog.Column) bool) (rel, []*catalog.Column) {
	// which columns get DEFAULT throughout, and are left out
	keep := make([]bool, len(cols))
	someDefault := make([]bool, len(cols))
	for i := range cols {
		for _, row := range rows {
			if _, ok := row[i].(*ast.Default); ok {
				someDefault[i] = true
			} else {
				keep[i] = true
			}
		}
		if skip(cols[i]) {
			keep[i] = false
		}
		if keep[i] {
			check(cols[i], exprLoc(rows[0][i]))
		}
	}
	v := &lValues{}
	var kept []*catalog.Column
	var at []int
	for i, c := range cols {
		if keep[i] {
			kept = append(kept, c)
			at = append(at, i)
			v.cols = append(v.cols, p.newCol(c.Name, c.Type, c.Typmod))
		}
	}
	if lit := p.literalRows(rows, kept, at, someDefault); lit != nil {
		v.lit = lit
		return v, kept
	}
	b := &binder{p: p, q: q, kind: inInsertValues}
	if len(rows) > 1 {
		b.kind = inValues
	}
	q.clause = b.kind
	v.rows = make([][]plan.Expr, len(rows))
	for r, row := range rows {
		out := make([]plan.Expr, len(kept))
		for k, c := range kept {
			e := row[at[k]]
			if _, ok := e.(*ast.Default); ok {
				out[k] = p.defaultOf(c, cols, kept)
				continue
			}
			out[k] = p.assign(b.arg(e), c)
		}
		v.rows[r] = out
	}
	if len(q.srfs) > 0 {
		// INSERT … VALUES (generate_series(1, 3)): one row, computed above nothing
		proj := &lProject{in: p.addUnnest(&lValues{rows: [][]plan.Expr{{}}}, q)}
		for k, id := range v.cols {
			proj.items = append(proj.items, projItem{id, v.rows[0][k]})
		}
		return &lFilter{in: proj}, kept
	}
	return v, kept
}

// defaultOf is a column's default as an expression, NULL if it has none.
func (p *planner) defaultOf(c *catalog.Column, _, _ []*catalog.Column) plan.Expr {
	if d := p.columnDefault(c); d != nil {
		return d
	}
	return nullOf(c.Type, c.Typmod)
}

// bindConflict binds ON CONFLICT.
func (p *planner) bindConflict(c *ast.OnConflict, q *query, d *dmlRel, t *dmlTarget) *conflictRel {
	k := &conflictRel{doNothing: c.Action == ast.ConflictNothing}
	var oldItem, exItem *rangeItem
	k.old, oldItem = p.addScan(d.table, t.alias, -1)
	p.readOf(k.old, t.access)
	t.rename(p, oldItem)
	k.excluded, exItem = p.addScan(d.table, "excluded", -1)
	p.readOf(k.excluded, t.access)
	t.rename(p, exItem)
	exItem.schema, exItem.excluded = "", true
	if p.hiddenItems == nil {
		p.hiddenItems = map[*query][]*rangeItem{}
	}
	if !k.doNothing { // hints know it elsewhere too
		hidden := *exItem
		hidden.relVisible, hidden.colsVisible = false, false
		p.hiddenItems[q] = append(p.hiddenItems[q], &hidden)
	}
	if c.Infer != nil {
		k.indexes = p.arbiters(c.Infer, d.table, t, oldItem, exItem, k.doNothing)
	} else if !k.doNothing {
		bail(pgerr.New(pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).").At(c.Pos()))
	}
	if k.doNothing {
		return k
	}
	t.access.needs(catalog.Update)
	uq := &query{up: q.up, depth: q.depth, ctes: q.ctes, items: []*rangeItem{oldItem, exItem}, clause: inUpdateSet}
	k.set = p.bindSet(c.Set, uq, t)
	if c.Where != nil {
		b := &binder{p: p, q: uq, kind: inWhere}
		uq.clause = inWhere
		k.where = p.coerceBool(b.arg(c.Where), "WHERE")
	}
	for _, lv := range slices.Backward(t.views) {
		if conds := p.viewConds(k.old, lv); len(conds) > 0 {
			k.visible = append(k.visible, plan.NamedExpr{Name: lv.view.Name, Expr: makeAnd(conds)})
		}
	}
	return k
}

// arbiters finds the unique indexes an ON CONFLICT target means, if there are any.
func (p *planner) arbiters(inf *ast.Infer, tab *catalog.Table, t *dmlTarget, item, excluded *rangeItem, doNothing bool) []*catalog.Index {
	if inf.Constraint != "" {
		for _, ix := range tab.Indexes {
			if ix.Name == inf.Constraint && ix.Constraint != 0 {
				if ix.Exclusion && !doNothing {
					fail(-1, pgerr.WrongObjectType, "ON CONFLICT DO UPDATE not supported with exclusion constraints")
				}
				if ix.Deferrable {
					fail(-1, pgerr.WrongObjectType, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
				}
				for _, key := range ix.Keys {
					p.reads(t.access, key.Attnum)
				}
				return []*catalog.Index{ix}
			}
		}
		fail(-1, pgerr.UndefinedObject, "constraint %q for table %q does not exist", inf.Constraint, tab.Name)
	}
	want := map[int16]bool{}
	var exprs []plan.Expr
	elems := make([]plan.Expr, len(inf.Elems)) // of elements that are expressions
	q := &query{depth: 1, items: []*rangeItem{item}}
	if !doNothing {
		hidden := *excluded
		hidden.relVisible, hidden.colsVisible = false, false
		p.hiddenItems[q] = []*rangeItem{&hidden}
	}
	b := &binder{p: p, q: q, kind: inIndexExpr}
	for i, e := range inf.Elems {
		if e.Name != "" {
			c := t.column(e.Name)
			if c == nil {
				p.missingColumn(q, nil, "", e.Name, inf.Pos())
			}
			want[c.Attnum] = true
			p.reads(t.access, c.Attnum)
			continue
		}
		x := b.expr(e.Expr)
		if c, ok := x.(*plan.Col); ok && p.cols[c.Idx].attnum > 0 {
			want[p.cols[c.Idx].attnum] = true
			continue
		}
		if _, ok := x.(*plan.Relabel); !ok { // an index keeps COLLATE apart from its expression
			x = mapExpr(x, withoutCollate)
		}
		x = simplified(x) // as the index has it
		elems[i] = x
		if !containsExpr(exprs, x) {
			exprs = append(exprs, x)
		}
	}
	var where plan.Expr
	if inf.Where != nil {
		b.kind = inIndexPredicate
		where = simplified(mapExpr(p.coerceBool(b.arg(inf.Where), "WHERE"), withoutCollate))
	}
	rc := p.rulesFor(tab)
	base := item.scan.base
	var out []*catalog.Index
	for i, ix := range tab.Indexes {
		if !ix.Unique && !ix.Primary || ix.RowID || ix.Deferrable || ix.Invalid || ix.Building || ix.Exclusion {
			continue
		}
		indexExpr := func(j int) plan.Expr { return shiftCols(rc.rules.IndexExprs[i][j], base) }
		if !orderedAs(ix, tab, inf, elems, indexExpr) {
			continue
		}
		cols, matched := 0, true
		used := 0
		for j, key := range ix.Keys {
			if key.Attnum != 0 {
				cols++
				matched = matched && want[key.Attnum]
				continue
			}
			hit := false
			for _, x := range exprs {
				if rc.rules.IndexExprs != nil && equalExprs(x, shiftCols(rc.rules.IndexExprs[i][j], base)) {
					hit = true
				}
			}
			matched = matched && hit
			used++
		}
		if !matched || cols != len(want) || used != len(exprs) {
			continue
		}
		if ix.Where != "" {
			if where == nil || rc.rules.IndexWhere == nil || !implies(splitAnd(where, nil), shiftCols(rc.rules.IndexWhere[i], base)) {
				continue
			}
		}
		out = append(out, ix)
	}
	return out
}

// orderedAs tells whether an index has, for each element of an ON CONFLICT target
// that names a collation or operator class, a key with it.
func orderedAs(ix *catalog.Index, tab *catalog.Table, inf *ast.Infer, elems []plan.Expr, indexExpr func(int) plan.Expr) bool {
	for i, e := range inf.Elems {
		if len(e.Collation) == 0 && len(e.OpClass) == 0 {
			continue
		}
		hit := false
		for j, k := range ix.Keys {
			if e.Name != "" && (k.Attnum == 0 || tab.Col(k.Attnum).Name != e.Name) {
				continue
			}
			if e.Name == "" && (elems[i] == nil || k.Attnum != 0 || !equalExprs(elems[i], indexExpr(j))) {
				continue
			}
			coll, class := tab.KeyCollation(&k), k.Opclass
			ok := len(e.Collation) == 0 || catalog.CollationName(coll) == e.Collation[len(e.Collation)-1]
			if n := len(e.OpClass); n > 0 && e.OpClass[n-1] != class {
				_, _, usual := catalog.FindOpclass(e.OpClass[n-1], "btree", k.Type)
				ok = ok && class == "" && usual
			}
			hit = hit || ok
		}
		if !hit {
			return false
		}
	}
	return true
}

// shiftCols turns an expression over a table's columns by position into one
// over the ids of a scan.
func shiftCols(e plan.Expr, base colID) plan.Expr {
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok {
			cc := *c
			cc.Idx += base
			return &cc, true
		}
		return nil, false
	})
}

// implies tells whether conditions (conjoined) make a predicate true: each of
// its conjuncts is one of them, or follows from NOT NULL-ness.
func implies(conds []plan.Expr, pred plan.Expr) bool {
	for _, want := range splitAnd(pred, nil) {
		hit := false
		for _, c := range conds {
			if equalExprs(c, want) || impliesNotNull(c, want) || impliesRange(c, want) {
				hit = true
				break
			}
		}
		if !hit {
			return false
		}
	}
	return true
}

// impliesNotNull: a strict comparison of a column implies column IS NOT NULL.
func impliesNotNull(cond, want plan.Expr) bool {
	n, ok := want.(*plan.IsNull)
	if !ok || !n.Not {
		return false
	}
	return rejectsNull(cond, colsOf(n.Arg)) && isColumn(n.Arg)
}

func isColumn(e plan.Expr) bool { _, ok := e.(*plan.Col); return ok }

// bindSet binds SET assignments: all values, and then what they are assigned to. They are computed
// in the order of the table's columns.
func (p *planner) bindSet(list []*ast.Assignment, q *query, t *dmlTarget) []plan.ColumnExpr {
	b := &binder{p: p, q: q, kind: inUpdateSet}
	q.clause = inUpdateSet
	var out []plan.ColumnExpr
	seen := map[int16]bool{}
	parts := map[int16]int{} // where in out the columns assigned to in part are
	type setting struct {
		to        *ast.ColumnTarget
		value     arg
		isDefault bool
	}
	put := func(s setting) {
		ct, isDefault := s.to, s.isDefault
		c := p.targetColumn(t, ct)
		t.access.writes(catalog.Update, c.Attnum)
		if len(ct.Path) > 0 {
			st := p.storeTarget(q, c, ct)
			if isDefault {
				fail(ct.Pos(), pgerr.FeatureNotSupported, "cannot set an array element to DEFAULT")
			}
			x := st.value(p, s.value)
			if c.Generated != "" || c.Identity == catalog.IdentityAlways {
				refuseValue(c, false, -1)
			}
			k, again := parts[c.Attnum]
			if seen[c.Attnum] && !again {
				fail(-1, pgerr.SyntaxError, "multiple assignments to same column %q", c.Name)
			}
			if !again {
				k = len(out)
				parts[c.Attnum] = k
				seen[c.Attnum] = true
				out = append(out, plan.ColumnExpr{Attnum: c.Attnum, Expr: p.oldValue(q, t.table, c)})
			}
			out[k].Expr = st.whole(p, out[k].Expr, x)
			return
		}
		var x plan.Expr
		if isDefault {
			x = p.defaultOf(c, nil, nil)
		} else {
			x = p.assign(s.value, c)
		}
		if !isDefault && (c.Generated != "" || c.Identity == catalog.IdentityAlways) {
			refuseValue(c, false, -1)
		}
		if seen[c.Attnum] {
			fail(-1, pgerr.SyntaxError, "multiple assignments to same column %q", c.Name)
		}
		seen[c.Attnum] = true
		if _, own := p.viewDefaults[c]; own && isDefault && (c.Generated != "" || c.Identity == catalog.IdentityAlways) {
			refuseValue(c, false, -1) // the view says what DEFAULT means, and that is a value
		}
		if isDefault && c.Generated != "" {
			return
		}
		out = append(out, plan.ColumnExpr{Attnum: c.Attnum, Expr: x})
	}
	var settings []setting
	set := func(ct *ast.ColumnTarget, value arg) { settings = append(settings, setting{to: ct, value: value}) }
	one := func(ct *ast.ColumnTarget, e ast.Expr) {
		if _, ok := e.(*ast.Default); ok {
			settings = append(settings, setting{to: ct, isDefault: true})
		} else {
			set(ct, b.arg(e))
		}
	}
	for _, a := range list {
		if !a.Multi {
			one(a.Targets[0], a.Value)
			continue
		}
		switch v := a.Value.(type) {
		case *ast.RowExpr:
			if hasStar(v.Args) { // ROW(t.*)
				r, ok := b.expr(v).(*plan.RowExpr)
				if !ok || len(r.Args) != len(a.Targets) {
					fail(exprLoc(v), pgerr.SyntaxError, "number of columns does not match number of values")
				}
				for i, ct := range a.Targets {
					set(ct, arg{r.Args[i], exprLoc(v)})
				}
				continue
			}
			if len(v.Args) != len(a.Targets) {
				fail(exprLoc(v), pgerr.SyntaxError, "number of columns does not match number of values")
			}
			for i, ct := range a.Targets {
				one(ct, v.Args[i])
			}
		case *ast.SubLink:
			if v.Kind != ast.SubExpr {
				fail(exprLoc(v), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
			}
			s := b.subquery(v.Query, plan.SubRow)
			if len(s.cols) != len(a.Targets) {
				fail(exprLoc(v), pgerr.SyntaxError, "number of columns does not match number of values")
			}
			for i, ct := range a.Targets {
				f := s.fields[i]
				set(ct, arg{&plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: s, Idx: i, Name: f.Name}, exprLoc(v)})
			}
		default:
			if len(a.Targets) == 1 {
				one(a.Targets[0], a.Value)
				continue
			}
			fail(exprLoc(a.Value), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
		}
	}
	for _, s := range settings {
		put(s)
	}
	slices.SortFunc(out, func(a, b plan.ColumnExpr) int { return cmp.Compare(a.Attnum, b.Attnum) })
	return out
}

// joinFrom joins the target with the FROM (or USING) items of UPDATE or DELETE.
func (p *planner) joinFrom(q *query, target rel, item *rangeItem, from []ast.TableExpr) rel {
	q.items = []*rangeItem{item}
	r := target
	for _, te := range from {
		item.lateralOnly, item.lateralOK, item.target = true, false, true
		n, items := p.bindTable(q, te)
		p.checkAliases(q.items, items)
		for _, it := range items {
			it.lateralOnly, it.lateralOK = true, true
		}
		q.items = append(q.items, items...)
		p.hasJoins = true
		r = &lJoin{kind: plan.InnerJoin, l: r, r: n}
	}
	for _, it := range q.items {
		it.lateralOnly = false
	}
	return r
}

func (p *planner) bindWhere(q *query, r rel, where ast.Expr) (rel, []plan.Expr) {
	if where == nil {
		return r, nil
	}
	if e, ok := where.(*ast.CurrentOf); ok {
		conds := []plan.Expr{p.currentOf(q, e)}
		return &lFilter{in: r, conds: conds}, nil
	}
	b := &binder{p: p, q: q, kind: inWhere}
	q.clause = inWhere
	conds := splitAnd(p.coerceBool(b.arg(where), "WHERE"), nil)
	if len(conds) == 0 {
		return r, nil
	}
	return &lFilter{in: r, conds: conds}, conds
}

func (p *planner) bindUpdate(s *ast.UpdateStmt, q *query) *dmlRel {
	if s.With != nil {
		p.bindWith(q, s.With)
	}
	t := p.dmlTarget(s.Relation, "update", "UPDATE", "updating")
	p.useViewDefaults(t, false)
	d := &dmlRel{kind: dmlUpdate, table: t.table, hasReturning: s.Returning != nil}
	p.changes = append(p.changes, d)
	written := p.bindChanged(d, t, q, s.Relation.Pos(), s.From, s.Where)
	p.viewChecks(d, t)
	p.bindReturning(d, q, s.Returning, written)
	d.set = p.bindSet(s.Set, q, t) // after RETURNING, as PostgreSQL does: of two mistakes that is the first
	if q.grouped || len(q.srfs) > 0 || len(q.windows) > 0 {
		fail(-1, pgerr.FeatureNotSupported, "set-returning functions are not allowed in UPDATE")
	}
	return d
}

func (p *planner) bindDelete(s *ast.DeleteStmt, q *query) *dmlRel {
	if s.With != nil {
		p.bindWith(q, s.With)
	}
	t := p.dmlTarget(s.Relation, "delete from", "DELETE", "deleting from")
	d := &dmlRel{kind: dmlDelete, table: t.table, hasReturning: s.Returning != nil}
	p.changes = append(p.changes, d)
	p.bindReturning(d, q, s.Returning, p.bindChanged(d, t, q, s.Relation.Pos(), s.Using, s.Where))
	return d
}

// bindChanged binds the rows that UPDATE or DELETE changes: the target, at pos, joined with the FROM (or
// USING) items, and WHERE. It gives what RETURNING reads: the rows as written, and those items.
func (p *planner) bindChanged(d *dmlRel, t *dmlTarget, q *query, pos int, from []ast.TableExpr, where ast.Expr) []*rangeItem {
	var item *rangeItem
	d.scan, item = p.addScan(t.table, t.alias, pos)
	p.readOf(d.scan, t.access)
	right := catalog.Delete
	d.scan.lockFor = plan.LockUpdate
	if d.kind == dmlUpdate {
		right, d.scan.lockFor = catalog.Update, plan.LockNoKeyUpdate
	}
	t.access.needs(right)
	if !t.instead {
		p.expand(d.scan, t.only, true)
	}
	if d.kind == dmlUpdate {
		p.movable(d)
	}
	t.rename(p, item)
	currentOfTable(t, where)
	r := p.joinFrom(q, p.readTarget(d.scan, t, pos), item, from)
	r, conds := p.bindWhere(q, r, where)
	d.in, d.recheck = r, p.askedAgain(q, where, conds)
	if t.instead { // no row is locked
		d.recheck, d.viewRow = nil, p.colList(colsFrom(d.scan.base, len(t.table.Columns)))
	}
	d.rules = p.rulesFor(d.table).rules
	var newItem *rangeItem
	d.newRow, newItem = p.addScan(d.table, t.alias, -1)
	p.readOf(d.newRow, t.access)
	t.rename(p, newItem)
	return append([]*rangeItem{newItem}, q.items[1:]...)
}

// bindReturning binds RETURNING over the row as written and the other tables.
func (p *planner) bindReturning(d *dmlRel, q *query, list []*ast.ResTarget, items []*rangeItem) {
	if list == nil {
		return
	}
	rq := &query{up: q.up, depth: q.depth, ctes: q.ctes, items: items, clause: inReturning}
	for _, it := range p.hiddenItems[q] {
		if it.excluded {
			p.hiddenItems[rq] = append(p.hiddenItems[rq], it)
		}
	}
	b := &binder{p: p, q: rq, kind: inReturning}
	oid := d.newRow.tableOID()
	for _, t := range b.targetList(list) {
		e := b.resolveUnknown(arg{t.expr, t.pos}).e
		if !d.manyTables() {
			e = substitute(e, map[colID]plan.Expr{oid: tableOIDConst(d.table)})
		}
		id := p.newCol(t.name, e.Type(), e.Typmod())
		if c, ok := e.(*plan.Col); ok {
			p.cols[id].tableOID, p.cols[id].attnum = p.cols[c.Idx].tableOID, p.cols[c.Idx].attnum
		}
		if e.Type() == types.Record {
			p.cols[id].fields = p.fieldsOfRows(e)
		}
		d.returning = append(d.returning, e)
		d.retIDs = append(d.retIDs, id)
		d.retNames = append(d.retNames, t.name)
	}
}
