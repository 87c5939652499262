package planner

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Which collation an expression has: PostgreSQL manual, section 24.2.
//
//	COLLATE "C"              explicit: beats whatever is beside it; two different ones are an error
//	column, value of a type  implicit: beats the default collation
//	implicit, and another    conflict: an error where the collation is needed
//
// All collations of this system compare bytes, so that the derivation decides three things only:
// which statements are refused, what catalogues and pg_collation_for() say, and which characters
// have cases and classes (those of ASCII in the collation C).
//
// It is done as binder.expr leaves each expression (collate), and as constants are folded. Most
// statements know the default collation only; nothing is done for these (planner.collates).

// collation is what is derived for an expression.
type collation struct {
	oid   catalog.OID
	other catalog.OID // that oid is in conflict with
	rank  collationRank
	pos   int // of what it comes from, in a conflict of what other comes from
}

// collationRank orders collations by who wins.
type collationRank uint8

const (
	noCollation collationRank = iota
	implicitCollation
	conflictingCollations
	explicitCollation
)

const defaultCollation catalog.OID = 100

// merge takes the collation of a further part of an expression into account.
func (c *collation) merge(d collation) {
	switch {
	case d.rank > c.rank:
		*c = d
	case d.rank < c.rank || d.oid == c.oid || d.rank == conflictingCollations:
	case d.rank == explicitCollation:
		fail(d.pos, pgerr.CollationMismatch, "collation mismatch between explicit collations %q and %q",
			catalog.CollationName(c.oid), catalog.CollationName(d.oid))
	case c.oid == defaultCollation:
		*c = d
	case d.oid != defaultCollation:
		*c = collation{oid: c.oid, other: d.oid, rank: conflictingCollations, pos: d.pos}
	}
}

// collationOf derives the collation of a bound expression.
func (p *planner) collationOf(e plan.Expr) collation {
	t := e.Type()
	if !t.Collate {
		return collation{}
	}
	if c, ok := p.collations[e]; ok {
		return c
	}
	if x, ok := e.(*plan.Col); ok {
		switch oid := p.cols[x.Idx].collation; oid {
		case 0:
		case types.Indeterminate:
			return collation{}
		default:
			return collation{oid: oid, rank: implicitCollation, pos: x.Pos}
		}
	}
	usual := collation{oid: catalog.TypeCollation(t), rank: implicitCollation, pos: posOf(e)}
	switch x := e.(type) {
	case *plan.Relabel:
		if x.Collation != "" {
			oid, _ := catalog.FindCollation([]string{x.Collation})
			return collation{oid: oid, rank: explicitCollation, pos: -1}
		}
	case *plan.CoerceDomain: // a domain's own collation is that of its values
		if usual.oid != defaultCollation && t.Kind == types.KindDomain {
			return usual
		}
	case *plan.Col, *plan.Const, *plan.Param, *plan.ExecParam, *plan.CaseTest, *plan.FieldSelect:
		return usual
	case *subquery:
		if len(x.cols) > 0 {
			col := p.col(x.cols[0])
			col.Pos = -1
			return p.collationOf(col)
		}
		return usual
	}
	if in := p.inputCollation(e); in.rank != noCollation {
		return in
	}
	return usual
}

// inputCollation is the one that an expression's parts have together, which is what a function
// or an operator goes by.
func (p *planner) inputCollation(e plan.Expr) (in collation) {
	switch x := e.(type) {
	case *plan.Case: // what is compared has no part in the result
		if x.Else != nil {
			defer func() { in.merge(p.collationOf(x.Else)) }()
		}
		for _, w := range x.Whens {
			in.merge(p.collationOf(w.Result))
		}
	default:
		visitChildren(e, func(x plan.Expr) { in.merge(p.collationOf(x)) })
	}
	return in
}

// posOf is where an expression stands, as far as it knows.
func posOf(e plan.Expr) int {
	switch e := e.(type) {
	case *plan.Col:
		return e.Pos
	case *plan.Call:
		return e.Pos
	}
	return -1
}

// collated remembers the collation of an expression from whose parts it is not to be seen.
func (p *planner) collated(e plan.Expr, c collation) {
	if c.rank == noCollation || c.oid == catalog.TypeCollation(e.Type()) && c.rank == implicitCollation {
		return
	}
	if p.collations == nil {
		p.collations = map[plan.Expr]collation{}
	}
	p.collations[e] = c
}

// columnCollation is what colInfo says of a column that an expression computes.
func (p *planner) columnCollation(e plan.Expr) catalog.OID {
	if !p.collates {
		return 0
	}
	return p.collationColumn(e.Type(), p.collationOf(e))
}

// collationColumn is what colInfo says of a column of a type and a collation.
func (p *planner) collationColumn(t *types.Type, c collation) catalog.OID {
	switch {
	case !t.Collate:
	case c.rank == noCollation || c.rank == conflictingCollations:
		return types.Indeterminate
	case c.oid != catalog.TypeCollation(t):
		return c.oid
	}
	return 0
}

// collation is that of column i of a query.
func (bd *bound) collation(p *planner, i int) collation {
	if t := p.cols[bd.cols[i].id].typ; i < len(bd.collations) && bd.collations[i].rank != noCollation && t.Collate {
		return bd.collations[i]
	}
	return p.collationOf(p.col(bd.cols[i].id))
}

// seesCollation tells whether an expression is of another collation than the default.
func (p *planner) seesCollation(e plan.Expr) bool {
	t := e.Type()
	if !t.Collate {
		return false
	}
	if c, ok := e.(*plan.Col); ok && p.cols[c.Idx].collation != 0 {
		return true
	}
	return catalog.TypeCollation(t) != defaultCollation
}

// derived is an expression that was just bound, whose collation is derived if the statement has any.
func (p *planner) derived(e plan.Expr) plan.Expr {
	if p.collates {
		p.collate(e)
	}
	return e
}

// collate derives the collation of an expression that was just bound, refuses what has none
// where one is needed, and lets functions that go by it know.
func (p *planner) collate(e plan.Expr) {
	switch x := e.(type) {
	case *plan.And: // BETWEEN, IN and comparisons of rows are made of several
		for _, a := range x.Args {
			p.collate(a)
		}
	case *plan.Or:
		for _, a := range x.Args {
			p.collate(a)
		}
	case *plan.Not:
		p.collate(x.Arg)
	case *plan.Call:
		in := p.inputCollation(x)
		if x.Op != nil {
			x.Op = p.operatorIn(x.Op, in, x.Args[len(x.Args)-1])
			if x.Op.Func != x.Fn && x.Op.Func.OID != x.Fn.OID {
				x.Fn = x.Op.Func
			}
		} else {
			x.Fn = p.functionIn(x.Fn, in)
		}
	case *plan.ScalarArray:
		x.Op = p.operatorIn(x.Op, p.inputCollation(x), x.L)
	case *plan.IsDistinct:
		x.Eq = p.operatorIn(x.Eq, p.inputCollation(x), x.L)
	case *plan.NullIf:
		x.Eq = p.operatorIn(x.Eq, p.inputCollation(x), x.L)
	case *plan.RowCompare:
		for i := range x.L {
			in := p.collationOf(x.L[i])
			in.merge(p.collationOf(x.R[i]))
			x.Lt[i], x.Eq[i] = p.operatorIn(x.Lt[i], in, x.L[i]), p.operatorIn(x.Eq[i], in, x.L[i])
		}
	case *plan.MinMax:
		if in := p.inputCollation(x); p.fails(in) && x.Typ.Collate {
			x.Args[0] = &plan.Call{T: plan.T{Typ: x.Typ, Mod: x.Args[0].Typmod()}, Fn: builtin.NoCollation(builtin.Itself, "string comparison"), Args: []plan.Expr{x.Args[0]}, Implicit: true, Pos: -1}
		}
	case *plan.RowExpr:
		if x.Typ == types.Record {
			for i, a := range x.Args {
				x.Fields[i].Collation = p.columnCollation(a)
			}
		}
	case *plan.Case:
		for _, w := range x.Whens {
			p.collate(w.Cond)
		}
		p.inputCollation(x)
	case *subquery:
		if x.test != nil {
			p.collate(x.test)
		}
	default:
		p.inputCollation(e)
	}
}

// fails tells whether what is called with a collation finds none.
func (p *planner) fails(in collation) bool {
	return !p.printed && (in.rank == noCollation || in.rank == conflictingCollations)
}

// operatorIn is an operator under a collation. One that is not the usual one compares
// nothing that an index or a hash table might be asked instead.
func (p *planner) operatorIn(op *builtin.Operator, in collation, arg plan.Expr) *builtin.Operator {
	if op == nil || !arg.Type().Collate {
		return op
	}
	fn := p.functionIn(op.Func, in)
	if op.Compare != "" && p.fails(in) {
		fn = builtin.NoCollation(op.Func, "string comparison")
	}
	if fn == op.Func {
		return op
	}
	own := *op
	own.Func, own.Compare, own.Commutator, own.Negator = fn, "", "", ""
	return &own
}

// functionIn is a function under a collation: one that fails if it needs one and has none.
func (p *planner) functionIn(f *builtin.Func, in collation) *builtin.Func {
	if p.printed || in.oid == defaultCollation && in.rank != conflictingCollations {
		return f
	}
	what := builtin.NeedsCollation(f)
	switch {
	case what == "":
		return f
	case p.fails(in):
		return builtin.NoCollation(f, what)
	}
	return builtin.UnderC(f)
}

// oneCollation refuses to sort or group by an expression of conflicting collations.
func (p *planner) oneCollation(e plan.Expr) {
	if !p.collates || !e.Type().Collate {
		return
	}
	if in := p.common([]collation{p.collationOf(e)}, false); in.rank == noCollation && p.refused == nil {
		p.refused = builtin.WhichCollation("string comparison")
	}
}

// common is the collation that columns have together; conflict: they may have none.
func (p *planner) common(cs []collation, conflict bool) (in collation) {
	for _, c := range cs {
		in.merge(c)
	}
	if in.rank == conflictingCollations && !conflict {
		bail(pgerr.Newf(pgerr.CollationMismatch, "collation mismatch between implicit collations %q and %q", catalog.CollationName(in.oid), catalog.CollationName(in.other)).
			WithHint("You can choose the collation by applying the COLLATE clause to one or both expressions.").At(in.pos))
	}
	return in
}

// otherCollation is the error for column i of a recursive query whose collation is not that of its seed.
func (p *planner) otherCollation(query string, i int, t *types.Type, seed, overall catalog.OID, pos int) {
	name := func(oid catalog.OID) string {
		if oid == 0 {
			oid = catalog.TypeCollation(t)
		}
		return catalog.CollationName(oid)
	}
	bail(pgerr.Newf(pgerr.CollationMismatch, "recursive query %q column %d has collation %q in non-recursive term but collation %q overall", query, i+1, name(seed), name(overall)).
		WithHint("Use the COLLATE clause to set the collation of the non-recursive term.").At(pos))
}

// collateClause binds COLLATE.
func (b *binder) collateClause(e *ast.CollateExpr) plan.Expr {
	x := b.expr(e.Arg)
	t := x.Type()
	if !t.Under().Collate && t != types.Unknown {
		fail(e.Pos(), pgerr.DatatypeMismatch, "collations are not supported by type %s", typeName(t))
	}
	oid, ok := catalog.FindCollation(e.Collation)
	if !ok {
		bail(pgerr.Newf(pgerr.UndefinedObject, "collation %q for encoding \"UTF8\" does not exist", strings.Join(e.Collation, ".")).At(e.Pos()))
	}
	if t == types.Unknown && b.p.printed {
		x = b.p.coerceType(arg{x, exprLoc(e.Arg)}, types.Text, -1, builtin.Implicit, true)
	}
	b.p.collates = true
	out := &plan.Relabel{T: plan.T{Typ: x.Type(), Mod: x.Typmod()}, Arg: x, Collation: catalog.CollationName(oid)}
	b.p.collated(out, collation{oid: oid, rank: explicitCollation, pos: e.Pos()})
	return out
}

// collationFor is pg_collation_for(e), known when it is bound.
func (p *planner) collationFor(c *plan.Call) plan.Expr {
	e, t := c.Args[0], c.Args[0].Type()
	if !t.Collate {
		fail(-1, pgerr.DatatypeMismatch, "collations are not supported by type %s", typeName(t))
	}
	out := nullOf(types.Text, -1)
	if in := p.collationOf(e); in.rank != noCollation && in.rank != conflictingCollations {
		out.Val = types.NewString(types.QuoteIdent(catalog.CollationName(in.oid)))
	}
	return out
}

// dropCollates removes COLLATE from a statement that is bound: all collations compare alike,
// and functions to which they matter know theirs.
func (p *planner) dropCollates(r rel) rel {
	if !p.collates {
		return r
	}
	p.collates = false
	for _, def := range p.ctes {
		if def.rel != nil {
			def.rel = mapRel(def.rel, withoutCollate)
		}
	}
	return mapRel(r, withoutCollate)
}

func withoutCollate(e plan.Expr) (plan.Expr, bool) {
	if r, ok := e.(*plan.Relabel); ok && r.Collation != "" {
		return mapExpr(r.Arg, withoutCollate), true
	}
	return nil, false
}
