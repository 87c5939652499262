package planner

import (
	"sort"
	"sync"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Expressions of table definitions: DEFAULT, CHECK, GENERATED, index
// expressions and predicates, a domain's CHECK.

// Place says what an expression of a definition is for; it decides what the
// expression may contain.
type Place uint8

// The places.
const (
	ForDefault Place = iota
	ForCheck
	ForDomainCheck
	ForGenerated
	ForIndexExpr
	ForIndexPredicate
	ForUsing   // ALTER COLUMN … TYPE … USING
	ForExecute // arguments of EXECUTE: no columns, any function
	ForPartitionKey
	ForPartitionBound
)

// ExprRequest is an expression of a definition, to be bound.
type ExprRequest struct {
	Catalog    *catalog.Snapshot
	SearchPath []string
	Env        *types.Env
	Expr       ast.Expr
	Place      Place
	// Table has the columns in sight (nil: none); it need not be in the Catalog.
	Table *catalog.Table
	// ValueType and ValueMod are what VALUE is in a domain's CHECK.
	ValueType *types.Type
	ValueMod  int32
	// Target, when set, is the type to which the result is assigned (with Column's name in the error).
	Target    *types.Type
	TargetMod int32
	Column    string
	// Collation, when set, is told the collation of the expression, a key of an index or of
	// partitions: 0 if it has none, types.Indeterminate if several are in conflict.
	Collation *catalog.OID
}

// BindExpr binds an expression of a definition. Columns are Col with Idx
// attnum-1; VALUE is a CaseTest. A CHECK or predicate is made boolean.
func BindExpr(r ExprRequest) (e plan.Expr, err error) {
	defer caught(&err)
	p := newPlanner(&Request{Catalog: r.Catalog, SearchPath: r.SearchPath, Env: r.Env})
	p.printed = r.Place < ForUsing // it will be stored as text, with the conversions that were written
	e = p.bindDefinition(&r)
	if r.Collation != nil && e.Type().Collate {
		if *r.Collation = p.columnCollation(e); *r.Collation == 0 {
			*r.Collation = catalog.TypeCollation(e.Type())
		}
	}
	return e, nil
}

func (p *planner) bindDefinition(r *ExprRequest) plan.Expr {
	p.noParams = true
	b := &binder{p: p}
	b.kind = [...]exprKind{inDefault, inCheck, inDomainCheck, inGenerated, inIndexExpr, inIndexPredicate, inUpdateSet, inExecute, inPartitionKey, inPartitionBound}[r.Place]
	base := 0
	if r.Table != nil && r.Place != ForDefault && r.Place != ForPartitionBound {
		p.cols = p.cols[:0]
		_, it := p.addScan(r.Table, r.Table.Name, -1)
		b.q = &query{depth: 1, items: []*rangeItem{it}, clause: b.kind}
	}
	if r.ValueType != nil {
		b.value = &plan.CaseTest{T: plan.T{Typ: r.ValueType, Mod: r.ValueMod}}
	}
	a := b.arg(r.Expr)
	x := a.e
	switch r.Place {
	case ForCheck, ForDomainCheck:
		x = p.coerceBool(a, "CHECK")
	case ForIndexPredicate:
		x = p.coerceBool(a, "WHERE")
		if volatility(x) != builtin.Immutable {
			fail(-1, pgerr.InvalidObjectDefinition, "functions in index predicate must be marked IMMUTABLE")
		}
	case ForIndexExpr:
		x = b.resolveUnknown(a).e
		if volatility(x) != builtin.Immutable {
			fail(-1, pgerr.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
		}
	case ForPartitionKey:
	case ForGenerated:
		if volatility(x) != builtin.Immutable {
			fail(-1, pgerr.InvalidObjectDefinition, "generation expression is not immutable")
		}
		if r.Table != nil {
			for i := range r.Table.Columns {
				if c := &r.Table.Columns[i]; c.Generated != "" && colsOf(x).has(base+i) {
					bail(pgerr.Newf(pgerr.InvalidObjectDefinition, "cannot use generated column %q in column generation expression", c.Name).
						WithDetail("A generated column cannot reference another generated column.").At(exprLoc(r.Expr)))
				}
			}
		}
	}
	if r.Target != nil {
		y := p.coerceTo(arg{x, a.pos}, r.Target, r.TargetMod, builtin.Assignment, true)
		if y == nil && r.Place == ForPartitionBound {
			fail(a.pos, pgerr.DatatypeMismatch, "specified value cannot be cast to type %s for column \"%s\"", typeName(r.Target), r.Column)
		}
		if y == nil && r.Place == ForExecute {
			bail(pgerr.Newf(pgerr.DatatypeMismatch, "parameter %s of type %s cannot be coerced to the expected type %s", r.Column, typeName(x.Type()), typeName(r.Target)).
				WithHint("You will need to rewrite or cast the expression.").At(a.pos))
		}
		if y == nil {
			what := "default expression"
			if r.Place == ForGenerated {
				what = "generation expression"
			}
			bail(pgerr.Newf(pgerr.DatatypeMismatch, "column %q is of type %s but %s is of type %s", r.Column, typeName(r.Target), what, typeName(x.Type())).
				WithHint("You will need to rewrite or cast the expression."))
		}
		x = y
	}
	return x
}

// CoerceAssign converts a bound expression for assignment to a type; nil when
// there is no assignment cast.
func CoerceAssign(snap *catalog.Snapshot, env *types.Env, e plan.Expr, t *types.Type, mod int32) (out plan.Expr, err error) {
	defer caught(&err)
	p := newPlanner(&Request{Catalog: snap, Env: env})
	return p.coerceTo(arg{e, -1}, t, mod, builtin.Assignment, true), nil
}

// CheckInput gives an expression that turns the value of column 0, which was read as
// one of the type beneath t, into one of t: checked by the domain t is and by those
// inside it. It is nil where there is nothing to check.
func CheckInput(snap *catalog.Snapshot, env *types.Env, t *types.Type) (out plan.Expr, err error) {
	if !t.HoldsDomains() {
		return nil, nil
	}
	defer caught(&err)
	p := newPlanner(&Request{Catalog: snap, Env: env})
	read := &plan.Col{T: plan.T{Typ: t.Under(), Mod: -1}, Name: "value"}
	out = p.checkInside(read, t.Under())
	if t.Kind == types.KindDomain {
		out = p.coerceTo(arg{out, -1}, t, -1, builtin.Assignment, true)
	}
	if out == plan.Expr(read) {
		return nil, nil
	}
	return out, nil
}

// ColumnsUsed gives the attnums of the columns that a definition's expression reads.
func ColumnsUsed(e plan.Expr) []int16 {
	s := colsOf(e)
	var out []int16
	for i := 0; i < len(s)*64; i++ {
		if s.has(i) {
			out = append(out, int16(i+1))
		}
	}
	return out
}

// ExprPos gives the place of an expression in its statement, as errors about it say.
func ExprPos(e ast.Expr) int { return exprLoc(e) }

// IsImmutable tells whether an expression calls immutable functions only.
func IsImmutable(e plan.Expr) bool { return volatility(e) == builtin.Immutable }

// IsVolatile tells whether an expression calls a volatile function.
func IsVolatile(e plan.Expr) bool { return isVolatile(e) }

// tableRules are a table's bound expressions. They depend on nothing but the
// descriptor and the catalog's version, so that plans share them.
type tableRules struct {
	rules    plan.RowRules
	defaults []plan.Expr // by attnum-1; nil: none
	version  uint64
}

var rulesCache struct {
	sync.Mutex
	m map[*catalog.Table]*tableRules
}

// TableRules binds a table's defaults (by attnum-1, nil for none), generated
// columns, checks and index expressions: for COPY and DDL that rewrites rows.
func TableRules(snap *catalog.Snapshot, env *types.Env, t *catalog.Table) (rules plan.RowRules, defaults []plan.Expr, err error) {
	defer caught(&err)
	p := newPlanner(&Request{Catalog: snap, Env: env})
	rc := p.rulesFor(t)
	return rc.rules, rc.defaults, nil
}

func (p *planner) rulesFor(t *catalog.Table) *tableRules {
	rulesCache.Lock()
	rc := rulesCache.m[t]
	rulesCache.Unlock()
	if rc != nil && rc.version == p.snap.Version {
		return rc
	}
	rc = p.makeRules(t)
	rulesCache.Lock()
	if rulesCache.m == nil || len(rulesCache.m) > 1024 {
		rulesCache.m = map[*catalog.Table]*tableRules{}
	}
	rulesCache.m[t] = rc
	rulesCache.Unlock()
	return rc
}

// definition binds stored SQL text over a table.
func (p *planner) definition(text string, place Place, t *catalog.Table, c *catalog.Column) plan.Expr {
	path := []string{"public"}
	if t != nil && t.Schema != nil {
		path = []string{t.Schema.Name, "public"}
	}
	// What constants of the reg types name is found from there too, not by the session.
	env := *p.env
	env.Names = definitionNames{p.snap, append([]string{"pg_catalog"}, path...)}
	sub := newPlanner(&Request{Catalog: p.snap, SearchPath: append(path, p.req.SearchPath...), Env: &env})
	r := &ExprRequest{Expr: parseExpr(text), Place: place, Table: t}
	if c != nil {
		r.Target, r.TargetMod, r.Column = c.Type, c.Typmod, c.Name
	}
	x := nameColumns(mapExpr(sub.bindDefinition(r), withoutCollate), t)
	if t != nil {
		x = substitute(x, map[colID]plan.Expr{len(t.Columns) + 1: tableOIDConst(t)})
	}
	return x
}

// definitionNames finds the names in stored expressions.
type definitionNames struct {
	snap *catalog.Snapshot
	path []string
}

func (n definitionNames) ParseReg(kind *types.Type, text string) (types.OID, error) {
	return catalog.ParseReg(n.snap, n.path, kind, text)
}

func (n definitionNames) RegName(kind *types.Type, oid types.OID) string {
	return catalog.RegName(n.snap, n.path, kind, oid)
}

// nameColumns gives an expression over a table's columns their names, for printing.
func nameColumns(e plan.Expr, t *catalog.Table) plan.Expr {
	if t == nil {
		return e
	}
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok && c.Idx == len(t.Columns)+1 {
			cc := *c
			cc.Name = "tableoid"
			return &cc, true
		}
		if c, ok := x.(*plan.Col); ok && c.Idx < len(t.Columns) {
			cc := *c
			cc.Name = types.QuoteIdent(t.Columns[c.Idx].Name)
			return &cc, true
		}
		return nil, false
	})
}

func (p *planner) makeRules(t *catalog.Table) *tableRules {
	rc := &tableRules{version: p.snap.Version, defaults: make([]plan.Expr, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Dropped:
		case c.Generated != "":
			rc.rules.Generated = append(rc.rules.Generated, plan.ColumnExpr{Attnum: c.Attnum, Expr: p.definition(c.Generated, ForGenerated, t, c)})
		default:
			rc.defaults[i] = p.makeDefault(t, c)
		}
	}
	for _, ck := range t.Checks {
		rc.rules.Checks = append(rc.rules.Checks, plan.NamedExpr{Name: ck.Name, Expr: p.definition(ck.Expr, ForCheck, t, nil)})
	}
	// Which of several that a row violates is told: PostgreSQL goes by name.
	sort.SliceStable(rc.rules.Checks, func(i, j int) bool { return rc.rules.Checks[i].Name < rc.rules.Checks[j].Name })
	if key := t.PartitionBy; key != nil {
		rc.rules.PartKeys = make([]plan.Expr, len(key.Columns))
		for i, k := range key.Columns {
			if k.Attnum == 0 {
				rc.rules.PartKeys[i] = simplified(p.definition(k.Expr, ForIndexExpr, t, nil))
			}
		}
	}
	for i, ix := range t.Indexes {
		for j, k := range ix.Keys {
			if k.Attnum != 0 {
				continue
			}
			if rc.rules.IndexExprs == nil {
				rc.rules.IndexExprs = make([][]plan.Expr, len(t.Indexes))
			}
			if rc.rules.IndexExprs[i] == nil {
				rc.rules.IndexExprs[i] = make([]plan.Expr, len(ix.Keys))
			}
			rc.rules.IndexExprs[i][j] = simplified(p.definition(k.Expr, ForIndexExpr, t, nil))
		}
		if ix.Where != "" {
			if rc.rules.IndexWhere == nil {
				rc.rules.IndexWhere = make([]plan.Expr, len(t.Indexes))
			}
			rc.rules.IndexWhere[i] = simplified(p.definition(ix.Where, ForIndexPredicate, t, nil))
		}
	}
	return rc
}

// simplified is an expression as queries have it.
func simplified(e plan.Expr) plan.Expr { return newPlanner(&Request{}).simplified(e) }

// makeDefault binds a column's default: its own, its identity sequence, or
// its domain's.
func (p *planner) makeDefault(t *catalog.Table, c *catalog.Column) plan.Expr {
	if c.Default != "" {
		return p.definition(c.Default, ForDefault, t, c)
	}
	if c.Identity != catalog.NotIdentity && c.SeqOID != 0 {
		return p.nextval(c)
	}
	for d := c.Type; d != nil && d.Kind == types.KindDomain; d = d.Base {
		u := p.snap.UserType(d.OID)
		if u != nil && u.Default != "" {
			return p.definition(u.Default, ForDefault, t, c)
		}
	}
	if c.Type != nil && c.Type.Kind == types.KindDomain {
		// NULL, checked as the domain demands
		if e, ok := p.toDomain(nullOf(c.Type.Under(), -1), c.Type, true, -1, builtin.Assignment).(*plan.CoerceDomain); ok && (e.NotNull || len(e.Checks) > 0) {
			return e
		}
	}
	return nil
}

// nextval is the value of an identity column.
func (p *planner) nextval(c *catalog.Column) plan.Expr {
	b := &binder{p: p, kind: inDefault}
	seq := &plan.Const{T: plan.T{Typ: types.RegClass, Mod: -1}, Val: types.NewInt(int64(c.SeqOID))}
	x := b.callByName("nextval", []arg{{seq, -1}}, -1)
	if c, ok := x.(*plan.Call); ok {
		c.Fn = builtin.NextIdentity
	}
	return p.coerceTo(arg{x, -1}, c.Type, c.Typmod, builtin.Assignment, true)
}

// columnDefault is the default of a column of some table in the statement.
func (p *planner) columnDefault(c *catalog.Column) plan.Expr {
	if d, ok := p.viewDefaults[c]; ok {
		return d
	}
	for _, t := range p.tables {
		for i := range t.Table.Columns {
			if &t.Table.Columns[i] == c {
				d := p.rulesFor(t.Table).defaults[i]
				p.noteCalls(d)
				return d
			}
		}
	}
	return nil
}

// domainChecks binds a domain's own constraints, over CaseTest.
func (p *planner) domainChecks(u *catalog.UserType) []plan.NamedExpr {
	var out []plan.NamedExpr
	base := u.Type.Base
	if base == nil {
		return nil
	}
	for _, ck := range u.Checks {
		sub := newPlanner(&Request{Catalog: p.snap, SearchPath: append([]string{"public"}, p.req.SearchPath...), Env: p.env})
		x := sub.bindDefinition(&ExprRequest{Expr: parseExpr(ck.Expr), Place: ForDomainCheck, ValueType: base.Under(), ValueMod: u.BaseMod})
		out = append(out, plan.NamedExpr{Name: ck.Name, Expr: x})
	}
	return out
}

// DeparseTableExpr prints an expression of a definition as SQL text, to be
// stored and parsed again: columns unqualified, by their names in t; without the
// conversion to the target's type, which the place it is for implies. names
// prints the values of the reg types; nil prints them as numbers.
func DeparseTableExpr(e plan.Expr, t *catalog.Table, names types.NameResolver) string {
	for {
		if c, ok := e.(*plan.Call); ok && c.Implicit && c.Cast {
			e = c.Args[0]
		} else if r, ok := e.(*plan.Relabel); ok && r.Implicit {
			e = r.Arg
		} else {
			break
		}
	}
	env := *defaultEnv
	env.Names = names
	return formatExpr(nameColumns(e, t), &env, false)
}

// HasEquality tells whether values of type b can be looked up in an index on
// a column of type a, as a foreign key must: the equality is the index's own,
// or b converts to a by itself.
func HasEquality(a, b *types.Type) bool {
	a, b = a.Under(), b.Under()
	op, _ := findOperator("=", a, b)
	if op == nil || op.Compare != "=" {
		return false
	}
	if a == b || sameType(op.Left, a) || canCoerce(b, a, builtin.Implicit) {
		return true
	}
	k, _ := castPath(a, op.Left, builtin.Implicit)
	return k == relabelPath
}

// ResolveTable finds the table or view that a statement names.
func ResolveTable(snap *catalog.Snapshot, path []string, rv *ast.RangeVar) (t *catalog.Table, err error) {
	defer caught(&err)
	p := newPlanner(&Request{Catalog: snap, SearchPath: path})
	return p.resolveTable(rv), nil
}
