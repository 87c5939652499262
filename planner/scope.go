package planner

import (
	"slices"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Names in scope. Every query level has a query; its FROM items are
// rangeItems. Looking up a name goes from the innermost level outwards.

// query is one level of SELECT (or DML) while it is bound.
type query struct {
	up    *query
	depth int
	items []*rangeItem
	ctes  []*cteDef
	later []*cteDef // of the WITH that this level binds a query of: what it does not see

	aggs      []aggItem
	groupings []groupingCall
	windows   []windowCall
	srfs      []srfCall
	sets      int // set-returning calls met, and where the last stands
	setAt     int
	// groupExprs are bound GROUP BY items; GROUPING() looks here.
	grouped bool
	windefs []*windowInfo
	isDML   bool
	clause  exprKind
	inFrom  bool // its FROM clause is being bound
	// locking is the query's own FOR UPDATE and kin, pushed what the query that it
	// stands in asks of it, below what it leaves to that one.
	// firstLocked is the first that its own clauses lock.
	locking     []*ast.LockingClause
	firstLocked *rangeItem
	pushed      *pushedLock
	below       lockedBelow
}

// aggFrame watches which levels the arguments of an aggregate refer to.
type aggFrame struct {
	q        *query
	maxDepth int // deepest level at or above q that a column came from, 0 none
	aggDepth int
	aggPos   int // of the first there
	pos      int // of the column that maxDepth is from
	// direct is maxDepth of the direct arguments of an ordered-set aggregate, which do
	// not settle what query it belongs to.
	direct, directPos int
}

// rangeItem is an entry of FROM.
type rangeItem struct {
	alias  string
	schema string // of an unaliased table
	table  *catalog.Table
	cols   []rangeCol
	scan   *lScan
	// relVisible and colsVisible say whether the name t and the bare columns can be
	// used (a JOIN's parts lose the latter where USING merges them).
	relVisible, colsVisible bool
	// lateralOnly items are visible only under LATERAL; lateralOK tells whether that
	// reference is allowed (not from the nullable side).
	lateralOnly, lateralOK bool
	// target is what UPDATE or DELETE changes: FROM and USING do not see it.
	target     bool
	lateral    bool // a function that reads columns of other items
	excluded   bool // the row that ON CONFLICT kept out: it has no system columns
	selfRef    bool // the working table of the recursive query being bound
	scalarFunc bool // a function returning one scalar column: t is the column
	rowType    *types.Type
	pos        int
	// nullSide is the innermost side of an outer join the item is on that may be
	// filled with NULLs, nullMark the column that is NULL there and true elsewhere.
	nullSide *rel
	nullMark plan.Expr
	// locks are those below a subquery or view; unlockable says what the item is that
	// FOR UPDATE OF cannot name.
	locks      lockedBelow
	unlockable string
}

// rangeCol is a column of a rangeItem. expr is what it stands for: a Col, or
// COALESCE of two for FULL JOIN USING.
type rangeCol struct {
	name   string
	expr   plan.Expr
	hidden bool
}

// cteDef is a WITH query in scope.
type cteDef struct {
	name      string
	node      *ast.CTE
	cols      []plan.Column
	q         *query // scope to bind it in: that of the WITH
	refs      int
	whole     rel // as it is before the rules (keepWhole)
	recursive bool
	inlined   bool
	// materialised: number in Plan.CTEs, bound rel
	rel      rel
	outCols  []colID
	index    int
	modifies bool
	earlier  int // CTEs of the same WITH visible to it: those before
	binding  bool
	work     int
	workRefs int
	// own is the number of columns that the query itself makes, 0 for all: SEARCH
	// and CYCLE add others, which stars within the query do not see.
	own   int
	bound bool
	rows  float64 // estimated, once planned
}

// newCol makes a column id.
func (p *planner) newCol(name string, t *types.Type, mod int32) colID {
	p.cols = append(p.cols, colInfo{name: name, typ: t, mod: mod})
	return len(p.cols) - 1
}

// colInfo is what is known of a column id.
type colInfo struct {
	name     string
	alias    string // of its FROM item, for display
	typ      *types.Type
	mod      int32
	tableOID types.OID
	attnum   int16
	scan     *lScan
	access   *access       // whose privileges reading it needs; nil: none
	fields   []types.Field // of the rows in it, if the type does not say
	// collation is that of a plan.Column.
	collation types.OID
}

func (p *planner) col(id colID) *plan.Col {
	c := &p.cols[id]
	return &plan.Col{T: plan.T{Typ: c.typ, Mod: c.mod}, Idx: id}
}

func (p *planner) colList(ids []colID) []plan.Expr {
	out := make([]plan.Expr, len(ids))
	for i, id := range ids {
		out[i] = p.col(id)
	}
	return out
}

// addScan makes the scan of a table and its range item.
func (p *planner) addScan(t *catalog.Table, alias string, pos int) (*lScan, *rangeItem) {
	s := &lScan{table: t, alias: alias, base: len(p.cols)}
	it := &rangeItem{alias: alias, table: t, scan: s, relVisible: true, colsVisible: true, rowType: t.RowType, pos: pos}
	it.cols = make([]rangeCol, 0, len(t.Columns))
	exprs := make([]plan.Col, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		p.cols = append(p.cols, colInfo{name: c.Name, alias: alias, typ: c.Type, mod: c.Typmod, tableOID: t.OID, attnum: c.Attnum, scan: s, collation: c.Collation})
		if c.Dropped {
			continue
		}
		exprs[i] = plan.Col{T: plan.T{Typ: c.Type, Mod: c.Typmod}, Idx: s.base + i}
		it.cols = append(it.cols, rangeCol{name: c.Name, expr: &exprs[i]})
	}
	p.cols = append(p.cols,
		colInfo{name: "(key)", alias: alias, typ: types.Bytea, mod: -1, scan: s, attnum: plan.AttRowKey},
		colInfo{name: "tableoid", alias: alias, typ: types.Oid, mod: -1, tableOID: t.OID, scan: s, attnum: plan.AttTableOID})
	if t.Schema != nil && t.Schema.KeySpace != 0 {
		s.conds = append(s.conds, p.live(t, s))
	}
	return s, it
}

// found is a resolved name.
type found struct {
	expr plan.Expr
	q    *query
}

// lookupColumn finds a bare column name from q outwards.
func (p *planner) lookupColumn(q *query, name string, pos int) (found, bool) {
	for lv := q; lv != nil; lv = lv.up {
		var hit *rangeCol
		for _, it := range lv.items {
			if !it.colsVisible || it.lateralOnly && !p.lateral(lv) {
				continue
			}
			for i := range it.cols {
				if it.cols[i].name != name {
					continue
				}
				if it.lateralOnly && !it.lateralOK {
					lateralError(it, pos)
				}
				if hit != nil {
					fail(pos, pgerr.AmbiguousColumn, "column reference %q is ambiguous", name)
				}
				hit = &it.cols[i]
			}
		}
		if hit != nil {
			return found{hit.expr, lv}, true
		}
		if name == "tableoid" {
			if e := systemColumn(p, lv, name); e != nil {
				return found{e, lv}, true
			}
		}
	}
	return found{}, false
}

func systemColumn(p *planner, q *query, name string) plan.Expr {
	for _, it := range q.items {
		if it.scan != nil && it.colsVisible {
			return p.col(it.scan.tableOID())
		}
	}
	return nil
}

// lateral tells whether the FROM item being bound at lv may see its siblings.
func (p *planner) lateral(lv *query) bool { return p.lateralAt[lv] }

func lateralError(it *rangeItem, pos int) {
	if it.target {
		bail(pgerr.Newf(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table %q", it.alias).
			WithHint("There is an entry for table %q, but it cannot be referenced from this part of the query.", it.alias).At(pos))
	}
	bail(pgerr.Newf(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table %q", it.alias).
		WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(pos))
}

// lookupTable finds a FROM item by name (and schema if not "").
func (p *planner) lookupTable(q *query, schema, name string, pos int) (*rangeItem, *query) {
	for lv := q; lv != nil; lv = lv.up {
		var hit *rangeItem
		for _, it := range lv.items {
			if it.alias != name || !it.relVisible || it.lateralOnly && !p.lateral(lv) {
				continue
			}
			if schema != "" && (it.schema == "" || it.schema != schema) {
				continue
			}
			if it.lateralOnly && !it.lateralOK {
				lateralError(it, pos)
			}
			if hit != nil {
				fail(pos, pgerr.AmbiguousAlias, "table reference %q is ambiguous", name)
			}
			hit = it
		}
		if hit != nil {
			return hit, lv
		}
	}
	return nil, nil
}

// missingTable is the error for a qualified name whose table is not in FROM.
func (p *planner) missingTable(q *query, schema, name string, pos int) {
	// Is it there, but out of reach? Or under another name?
	for lv := q; lv != nil; lv = lv.up {
		for _, it := range p.allItems(lv) {
			if it.alias == name {
				e := pgerr.Newf(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table %q", name)
				e.WithHint("There is an entry for table %q, but it cannot be referenced from this part of the query.", name)
				bail(e.At(pos))
			}
			if it.table != nil && it.table.Name == name && it.alias != name {
				e := pgerr.Newf(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table %q", name)
				e.WithHint("Perhaps you meant to reference the table alias %q.", it.alias)
				bail(e.At(pos))
			}
		}
	}
	fail(pos, pgerr.UndefinedTable, "missing FROM-clause entry for table %q", name)
}

// allItems are a level's FROM items, including those not (yet, or any more) visible.
func (p *planner) allItems(q *query) []*rangeItem {
	return append(append([]*rangeItem(nil), q.items...), p.hiddenItems[q]...)
}

// missingColumn is the error for a column that is not there, with the hints
// PostgreSQL gives.
func (p *planner) missingColumn(q *query, rel *rangeItem, relName, name string, pos int) {
	var e *pgerr.Error
	if relName != "" {
		e = pgerr.Newf(pgerr.UndefinedColumn, "column %s.%s does not exist", relName, name)
	} else {
		e = pgerr.Newf(pgerr.UndefinedColumn, "column %q does not exist", name)
	}
	best, bestItem, second := maxNameDistance+1, (*rangeItem)(nil), (*rangeItem)(nil)
	var bestName, secondName string
	exactHidden := (*rangeItem)(nil)
	for lv := q; lv != nil; lv = lv.up {
		for _, it := range p.allItems(lv) {
			if it.alias == "" || it.unlockable == aJoin {
				continue // whose columns are those of others
			}
			penalty := 0
			if relName != "" && it != rel {
				penalty = editDistance(it.alias, relName, maxNameDistance)
			}
			if penalty > maxNameDistance {
				continue
			}
			for _, c := range it.cols {
				if c.name == "" || c.name == "?column?" {
					continue
				}
				if c.name == name && relName == "" && (!it.colsVisible || it.lateralOnly) {
					exactHidden = it
				}
				d := editDistance(c.name, name, maxNameDistance)
				if d > len(name)/2 || d > maxNameDistance {
					continue
				}
				d += penalty
				switch {
				case d < best:
					best, bestItem, bestName = d, it, c.name
					second = nil
				case d == best && bestItem != nil:
					if second != nil {
						// three as good: no hint
						bestItem, second = nil, nil
						best = d
						bestName = ""
						continue
					}
					second, secondName = it, c.name
				}
			}
		}
	}
	switch {
	case exactHidden != nil:
		e.WithHint("There is a column named %q in table %q, but it cannot be referenced from this part of the query.", name, exactHidden.alias)
	case bestItem != nil && second == nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\".", bestItem.alias, bestName)
	case bestItem != nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".", bestItem.alias, bestName, second.alias, secondName)
	}
	bail(e.At(pos))
}

const maxNameDistance = 3

// editDistance is the Levenshtein distance, or more than limit.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			c := prev[j-1]
			if a[i-1] != b[j-1] {
				c++
			}
			cur[j] = min(c, prev[j]+1, cur[j-1]+1)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}

// columnRef binds a, t.a, s.t.a, d.s.t.a, or a whole row t.
func (b *binder) columnRef(c *ast.ColumnRef) plan.Expr {
	p, q := b.p, b.q
	f := c.Fields
	switch len(f) {
	case 1:
		if fd, ok := p.lookupColumn(q, f[0], c.Pos()); ok {
			b.columnOrVariable(f, c.Pos())
			b.noteColumn(c, f[0], fd)
			return b.use(fd, c.Pos())
		}
		if it, lv := p.lookupTable(q, "", f[0], c.Pos()); it != nil {
			b.columnOrVariable(f, c.Pos())
			b.noWholeRow(c.Pos())
			return b.wholeRow(it, lv, c.Pos())
		}
		if x := b.variable(f, c.Pos()); x != nil {
			return x
		}
		if b.value != nil && f[0] == "value" {
			return b.value
		}
		b.checkNoColumns(c)
		p.missingColumn(q, nil, "", f[0], c.Pos())
	case 2:
		return b.qualified("", f[0], f[1], c)
	case 3:
		return b.qualified(f[0], f[1], f[2], c)
	case 4:
		if x := b.variable(f, c.Pos()); x != nil {
			return x
		}
		return b.qualified(f[1], f[2], f[3], c)
	}
	fail(c.Pos(), pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(f, "."))
	return nil
}

// checkNoColumns gives the special errors of places where no column may stand.
func (b *binder) checkNoColumns(c *ast.ColumnRef) {
	switch b.kind {
	case inDefault:
		fail(c.Pos(), pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
	case inCheck, inGenerated:
		if n := len(c.Fields); n > 0 {
			switch name := c.Fields[n-1]; name {
			case "ctid", "xmin", "xmax", "cmin", "cmax":
				if b.kind == inGenerated {
					fail(c.Pos(), pgerr.InvalidColumnReference, "cannot use system column %q in column generation expression", name)
				}
				fail(c.Pos(), pgerr.InvalidColumnReference, "system column %q reference in check constraint is invalid", name)
			}
		}
	case inPartitionBound:
		fail(c.Pos(), pgerr.FeatureNotSupported, "cannot use column reference in partition bound expression")
	}
}

func (b *binder) qualified(schema, table, name string, c *ast.ColumnRef) plan.Expr {
	p := b.p
	it, lv := p.lookupTable(b.q, schema, table, c.Pos())
	if it == nil {
		if x := b.variable(c.Fields, c.Pos()); x != nil {
			return x
		}
		if b.q == nil || b.kind == inDefault || b.kind == inPartitionBound {
			b.checkNoColumns(c)
		}
		p.missingTable(b.q, schema, table, c.Pos())
	}
	var hit *rangeCol
	for i := range it.cols {
		if it.cols[i].name == name {
			if hit != nil {
				fail(c.Pos(), pgerr.AmbiguousColumn, "column reference %q is ambiguous", name)
			}
			hit = &it.cols[i]
		}
	}
	if hit != nil {
		b.columnOrVariable(c.Fields, c.Pos())
		b.noteColumn(c, name, found{hit.expr, lv})
		return b.use(found{hit.expr, lv}, c.Pos())
	}
	if name == "tableoid" && it.scan != nil && !it.excluded {
		return b.use(found{p.col(it.scan.tableOID()), lv}, c.Pos())
	}
	if fns := b.functionsOf(name, false, func() plan.Expr { return b.wholeRow(it, lv, c.Pos()) }); len(fns) > 0 {
		row := &ast.ColumnRef{At: c.At, Fields: []string{table}, Star: true}
		if schema != "" {
			row.Fields = []string{schema, table}
		}
		return b.expr(&ast.FuncCall{At: c.At, Name: []string{name}, Args: []ast.Expr{row}})
	}
	if x := b.variable(c.Fields, c.Pos()); x != nil {
		return x
	}
	p.missingColumn(b.q, it, table, name, c.Pos())
	return nil
}

// use notes that a column is referred to.
func (b *binder) use(fd found, pos int) plan.Expr {
	for _, f := range b.p.aggFrames {
		if fd.q.depth <= f.q.depth && fd.q.depth > f.maxDepth {
			f.maxDepth, f.pos = fd.q.depth, pos
		}
	}
	if c, ok := fd.expr.(*plan.Col); ok {
		info := &b.p.cols[c.Idx]
		if info.access != nil {
			b.p.reads(info.access, info.attnum)
		}
		b.p.collates = b.p.collates || info.collation != 0
		cc := *c
		cc.Pos = pos
		return &cc
	}
	return fd.expr
}

// noWholeRow refuses a reference to the table's row in what a column is generated by.
func (b *binder) noWholeRow(pos int) {
	if b.kind == inGenerated {
		bail(pgerr.New(pgerr.InvalidObjectDefinition, "cannot use whole-row variable in column generation expression").
			WithDetail("This would cause the generated column to depend on its own value.").At(pos))
	}
}

// wholeRow is a reference, at pos, to a FROM item as a row value.
func (b *binder) wholeRow(it *rangeItem, lv *query, pos int) plan.Expr {
	if it.scalarFunc && len(it.cols) >= 1 {
		return b.use(found{it.cols[0].expr, lv}, pos)
	}
	t := it.rowType
	if t == nil {
		t = types.Record
	}
	r := &plan.RowExpr{T: plan.T{Typ: t.Under(), Mod: -1}, Whole: true, Pos: pos}
	for _, c := range it.cols {
		if c.hidden {
			continue
		}
		e := b.use(found{c.expr, lv}, pos)
		r.Args = append(r.Args, e)
		r.Fields = append(r.Fields, types.Field{Name: c.name, Type: e.Type(), Typmod: e.Typmod()})
	}
	if n := b.p.shapes(); n != nil {
		n.rows[r] = it
		return r
	}
	mark := b.p.nullMark(it)
	var row plan.Expr = r
	if t.Kind == types.KindDomain { // of a function that gives values of it
		row = &plan.Relabel{T: plan.T{Typ: t, Mod: -1}, Arg: r, Implicit: true}
	}
	if mark == nil {
		return row
	}
	// A row that an outer join made up is NULL, not a row of NULLs.
	c := &plan.Case{T: plan.T{Typ: t, Mod: -1}, Whens: []plan.When{{Cond: &plan.IsNull{T: boolT, Arg: b.use(found{mark, lv}, -1), Not: true}, Result: row}}}
	if b.p.wholeRows == nil {
		b.p.wholeRows = map[plan.Expr]*plan.RowExpr{}
	}
	b.p.wholeRows[c] = r
	return c
}

// rowOf gives the columns of a row value, where they are in sight.
func (p *planner) rowOf(e plan.Expr) (*plan.RowExpr, bool) {
	if r, ok := e.(*plan.RowExpr); ok {
		return r, true
	}
	r, ok := p.wholeRows[e]
	return r, ok
}

// nullMark is an expression that is NULL just where an outer join has put NULLs
// for a FROM item; nil if none can. It is a column that is never NULL
// otherwise; where there is none, one is added to that side of the join.
func (p *planner) nullMark(it *rangeItem) plan.Expr {
	if it.nullSide == nil || it.nullMark != nil {
		return it.nullMark
	}
	if it.scan != nil {
		for i := range it.scan.table.Columns {
			if c := &it.scan.table.Columns[i]; !c.Dropped && it.scan.columnNotNull(c.Attnum) {
				it.nullMark = p.col(it.scan.base + i)
				return it.nullMark
			}
		}
	}
	side := &lProject{in: *it.nullSide}
	for _, id := range side.in.outCols() {
		side.items = append(side.items, projItem{id, p.col(id)})
	}
	id := p.newCol("present", types.Bool, -1)
	side.items = append(side.items, projItem{id, trueExpr})
	*it.nullSide = side
	// marks further up pass this one on
	for _, up := range p.marked {
		if outSet(up.in).has(id) {
			up.items = append(up.items, projItem{id, p.col(id)})
		}
	}
	p.marked = append(p.marked, side)
	it.nullMark = p.col(id)
	return it.nullMark
}

// functionsOf are the functions that x.f may stand for: those of one argument, if one can be called with x.
// A value that was computed already can be given to scalar ones only.
func (b *binder) functionsOf(name string, computed bool, x func() plan.Expr) []*builtin.Func {
	fns := slices.DeleteFunc(slices.Clone(b.p.functions([]string{name})), func(f *builtin.Func) bool {
		return len(f.Args) != 1 || computed && f.Kind != builtin.Scalar
	})
	if len(fns) == 0 {
		return nil
	}
	if c, _ := findFunction(fns, []*types.Type{x().Type()}, nil, false); c == nil {
		return nil
	}
	return fns
}

// fieldsOfRows gives the fields of the rows that an expression gives, nil if they are
// not known.
func (p *planner) fieldsOfRows(e plan.Expr) []types.Field {
	if r, ok := p.rowOf(e); ok {
		return r.Fields
	}
	if s, ok := e.(*subquery); ok && s.fields != nil {
		return s.fields
	}
	if fields := e.Type().Under().Fields; fields != nil {
		return fields
	}
	switch e := e.(type) {
	case *plan.Call:
		return e.Fn.Out
	case *plan.Col:
		return p.cols[e.Idx].fields
	}
	return nil
}

// fieldNamed selects a field of a composite value, nil if there is none of the name.
func (p *planner) fieldNamed(e plan.Expr, name string) plan.Expr {
	var fields []types.Field
	if r, ok := p.rowOf(e); ok {
		for i, f := range r.Fields {
			if f.Name == name && (r.Whole || f.Type == types.Unknown) {
				return r.Args[i]
			}
		}
		fields = r.Fields // what ROW() has besides is looked at too: it may be a mistake
	} else {
		fields = p.fieldsOfRows(e)
	}
	for i, f := range fields {
		if f.Name == name {
			return &plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: e, Idx: i, Name: name}
		}
	}
	return nil
}

// fieldOfColumn is fieldOf of a column, or of a table's whole row. Functions of all kinds
// may stand for a field of it: it can be bound anew as their argument.
func (b *binder) fieldOfColumn(e plan.Expr, name string, ref *ast.ColumnRef) plan.Expr {
	if x := b.p.fieldNamed(e, name); x != nil {
		return x
	}
	if len(b.functionsOf(name, false, func() plan.Expr { return e })) > 0 {
		return b.expr(&ast.FuncCall{At: ref.At, Name: []string{name}, Args: []ast.Expr{ref}})
	}
	if r, ok := b.p.rowOf(e); ok && r.Whole {
		fail(ref.Pos(), pgerr.UndefinedColumn, "column %s.%s does not exist", ref.Fields[len(ref.Fields)-1], name)
	}
	return b.fieldOf(e, name, ref.Pos())
}

// fieldOf selects a field of a composite value, or calls the function that the name means.
func (b *binder) fieldOf(e plan.Expr, name string, pos int) plan.Expr {
	if x := b.p.fieldNamed(e, name); x != nil {
		return x
	}
	if fns := b.functionsOf(name, true, func() plan.Expr { return e }); len(fns) > 0 {
		return b.callOf(fns, name, name, []arg{{e, pos}}, nil, false, pos, nil)
	}
	t := e.Type()
	switch {
	case !isRowType(t.Under()):
		fail(pos, pgerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, typeName(t))
	case t.OID == types.Record.OID:
		fail(pos, pgerr.UndefinedColumn, "could not identify column %q in record data type", name)
	default:
		fail(pos, pgerr.UndefinedColumn, "column %q not found in data type %s", name, typeName(t))
	}
	return nil
}
