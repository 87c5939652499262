package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// While a statement is being bound and optimised, expressions are plan.Expr
// trees in which Col.Idx is a column id, unique over the statement, not a
// position; physical planning turns ids into positions (slots.go). Two kinds of
// expression exist only here:
//
//	subquery   a subquery over the logical algebra; becomes a plan.Subplan or a join
//	setMark    DEFAULT in VALUES and SET, gone before the algebra is made

type colID = int

// subquery is a subquery used as an expression. Its free columns are the
// outer query's: that is all there is to correlation.
type subquery struct {
	plan.T
	kind plan.SubplanKind
	q    rel
	cols []colID // the subquery's visible output columns
	// test compares, for SubAny and SubAll: over outer columns and cols.
	test plan.Expr
	// lefts and ops are the test's parts when it is a conjunction lefts[i] op[i] cols[i].
	lefts []plan.Expr
	ops   []*builtin.Operator
	// rights are what lefts are compared with: cols, converted if need be.
	rights []plan.Expr
	// fields name the columns of a SubRow.
	fields []types.Field
	// sel and scope are where it comes from: the same text in the same scope,
	// reading the same columns, is the same subquery.
	sel   *ast.SelectStmt
	scope *query
	// no tells the statement's subqueries apart, 1 upwards: rules copy them.
	no int
	// again: this stands for the value of the uncorrelated subquery of the same
	// number elsewhere in the plan, and has no query of its own.
	again bool
}

var boolT = plan.T{Typ: types.Bool, Mod: -1}

var (
	trueExpr  plan.Expr = &plan.Const{T: boolT, Val: types.NewBool(true)}
	falseExpr plan.Expr = &plan.Const{T: boolT, Val: types.NewBool(false)}
)

func constInt(n int64, t *types.Type) *plan.Const {
	return &plan.Const{T: plan.T{Typ: t, Mod: -1}, Val: types.NewInt(n)}
}

func nullOf(t *types.Type, mod int32) *plan.Const {
	return &plan.Const{T: plan.T{Typ: t, Mod: mod}}
}

func isConst(e plan.Expr) bool {
	_, ok := e.(*plan.Const)
	return ok
}

func isNullConst(e plan.Expr) bool {
	c, ok := e.(*plan.Const)
	return ok && c.Val.IsNull()
}

func isTrue(e plan.Expr) bool {
	c, ok := e.(*plan.Const)
	return ok && c.Val.K == types.PhysBool && c.Val.Bool()
}

// isFalse tells whether e is constant FALSE or NULL: as a condition, the same.
func isFalse(e plan.Expr) bool {
	c, ok := e.(*plan.Const)
	return ok && (c.Val.IsNull() || c.Val.K == types.PhysBool && !c.Val.Bool())
}

// makeAnd conjoins conditions, flattening; nil for none.
func makeAnd(conds []plan.Expr) plan.Expr {
	switch len(conds) {
	case 0:
		return nil
	case 1:
		return conds[0]
	}
	return &plan.And{T: boolT, Args: conds}
}

func makeOr(args []plan.Expr) plan.Expr {
	switch len(args) {
	case 0:
		return falseExpr
	case 1:
		return args[0]
	}
	return &plan.Or{T: boolT, Args: args}
}

// splitAnd gives the conjuncts of a condition.
func splitAnd(e plan.Expr, into []plan.Expr) []plan.Expr {
	if e == nil {
		return into
	}
	if a, ok := e.(*plan.And); ok {
		for _, x := range a.Args {
			into = splitAnd(x, into)
		}
		return into
	}
	if isTrue(e) {
		return into
	}
	return append(into, e)
}

// visitChildren is plan.Parts of what may have subqueries, which are the planner's. The rel inside
// one is not an expression: see visitRelExprs.
func visitChildren(e plan.Expr, f func(plan.Expr)) {
	if s, ok := e.(*subquery); ok {
		if s.test != nil {
			f(s.test)
		}
		return
	}
	plan.Parts(e, f)
}

// mapExpr rebuilds e from the top: f may replace a node (giving it, and true,
// which also stops the descent); unchanged parts are shared with e. Relations
// inside subqueries are mapped too.
func mapExpr(e plan.Expr, f func(plan.Expr) (plan.Expr, bool)) plan.Expr {
	if e == nil {
		return nil
	}
	if r, ok := f(e); ok {
		return r
	}
	m := func(x plan.Expr) plan.Expr {
		if x == nil {
			return nil
		}
		return mapExpr(x, f)
	}
	switch e := e.(type) {
	case *plan.Call:
		if args, ch := mapList(e.Args, f); ch {
			c := *e
			c.Args = args
			return &c
		}
	case *plan.Relabel:
		if a := m(e.Arg); a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	case *plan.And:
		if args, ch := mapList(e.Args, f); ch {
			return &plan.And{T: e.T, Args: args}
		}
	case *plan.Or:
		if args, ch := mapList(e.Args, f); ch {
			return &plan.Or{T: e.T, Args: args}
		}
	case *plan.Not:
		if a := m(e.Arg); a != e.Arg {
			return &plan.Not{T: e.T, Arg: a}
		}
	case *plan.IsNull:
		if a := m(e.Arg); a != e.Arg {
			return &plan.IsNull{T: e.T, Arg: a, Not: e.Not}
		}
	case *plan.BoolTest:
		if a := m(e.Arg); a != e.Arg {
			return &plan.BoolTest{T: e.T, Arg: a, Kind: e.Kind}
		}
	case *plan.IsDistinct:
		l, r := m(e.L), m(e.R)
		if l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *plan.Case:
		c := *e
		c.Arg = m(e.Arg)
		c.Whens = make([]plan.When, len(e.Whens))
		for i, w := range e.Whens {
			c.Whens[i] = plan.When{Cond: m(w.Cond), Result: m(w.Result)}
		}
		c.Else = m(e.Else)
		return &c
	case *plan.Coalesce:
		if args, ch := mapList(e.Args, f); ch {
			return &plan.Coalesce{T: e.T, Args: args}
		}
	case *plan.MinMax:
		if args, ch := mapList(e.Args, f); ch {
			return &plan.MinMax{T: e.T, Args: args, Greatest: e.Greatest}
		}
	case *plan.NullIf:
		c := *e
		c.L, c.R = m(e.L), m(e.R)
		return &c
	case *plan.ArrayExpr:
		if args, ch := mapList(e.Elems, f); ch {
			return &plan.ArrayExpr{T: e.T, Elems: args, Multi: e.Multi}
		}
	case *plan.RowExpr:
		if args, ch := mapList(e.Args, f); ch {
			return &plan.RowExpr{T: e.T, Fields: e.Fields, Args: args}
		}
	case *plan.FieldSelect:
		if a := m(e.Arg); a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	case *plan.Subscript:
		c := *e
		c.Arg = m(e.Arg)
		c.Index = make([]plan.SubscriptIndex, len(e.Index))
		for i, x := range e.Index {
			c.Index[i] = plan.SubscriptIndex{Lower: m(x.Lower), Upper: m(x.Upper)}
		}
		return &c
	case *plan.ScalarArray:
		l, r := m(e.L), m(e.R)
		if l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *plan.RowCompare:
		l, ch1 := mapList(e.L, f)
		r, ch2 := mapList(e.R, f)
		if ch1 || ch2 {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *plan.CoerceDomain:
		if a := m(e.Arg); a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	case *plan.Subplan:
		c := *e
		c.Args, _ = mapList(e.Args, f)
		c.Test = m(e.Test)
		c.HashL, _ = mapList(e.HashL, f)
		return &c
	case *subquery:
		c := *e
		c.test = m(e.test)
		c.lefts, _ = mapList(e.lefts, f)
		c.rights, _ = mapList(e.rights, f)
		c.q = mapRel(e.q, f)
		return &c
	}
	return e
}

func mapList(es []plan.Expr, f func(plan.Expr) (plan.Expr, bool)) ([]plan.Expr, bool) {
	var out []plan.Expr
	for i, x := range es {
		if x == nil {
			continue
		}
		y := mapExpr(x, f)
		if y != x && out == nil {
			out = make([]plan.Expr, len(es))
			copy(out, es)
		}
		if out != nil {
			out[i] = y
		}
	}
	if out == nil {
		return es, false
	}
	return out, true
}

// substitute replaces columns by expressions.
func substitute(e plan.Expr, by map[colID]plan.Expr) plan.Expr {
	return mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok {
			if r, ok := by[c.Idx]; ok {
				return r, true
			}
			return x, true
		}
		return nil, false
	})
}

// walkExpr visits e and everything below, parents first, including the
// expressions of relations in subqueries; visit returns false to stop descent.
func walkExpr(e plan.Expr, visit func(plan.Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	visitChildren(e, func(x plan.Expr) { walkExpr(x, visit) })
	if s, ok := e.(*subquery); ok {
		walkRel(s.q, func(x plan.Expr) { walkExpr(x, visit) })
	}
}

// anyExpr tells whether some part of e meets the test.
func anyExpr(e plan.Expr, test func(plan.Expr) bool) bool {
	found := false
	walkExpr(e, func(x plan.Expr) bool {
		if !found && test(x) {
			found = true
		}
		return !found
	})
	return found
}

func hasSubquery(e plan.Expr) bool {
	return anyExpr(e, func(x plan.Expr) bool { _, ok := x.(*subquery); return ok })
}

// addCols adds to s the columns e reads from outside itself: those of a
// subquery's insides are taken off again.
func addCols(e plan.Expr, s *colSet) {
	switch e := e.(type) {
	case nil:
	case *plan.Col:
		s.add(e.Idx)
	case *plan.Const, *plan.Param, *plan.CaseTest:
	case *subquery:
		var in colSet
		addCols(e.test, &in)
		for i := range e.lefts {
			addCols(e.lefts[i], &in)
		}
		for _, c := range e.cols {
			in.remove(c)
		}
		f := freeCols(e.q)
		in.union(f)
		s.union(in)
	default:
		visitChildren(e, func(x plan.Expr) { addCols(x, s) })
	}
}

func colsOf(e plan.Expr) colSet {
	var s colSet
	addCols(e, &s)
	return s
}

// volatility is the worst volatility of the functions e calls.
func volatility(e plan.Expr) builtin.Volatility {
	worst := builtin.Immutable
	up := func(f *builtin.Func) {
		if f != nil && (f.Volatility == builtin.Volatile || worst == builtin.Immutable) {
			worst = f.Volatility
		}
	}
	walkExpr(e, func(x plan.Expr) bool {
		switch x := x.(type) {
		case *plan.Call:
			if !addsText(x) {
				up(x.Fn)
			}
		case *plan.ScalarArray:
			up(x.Op.Func)
		}
		return worst != builtin.Volatile
	})
	return worst
}

// addsText tells the || of text and a value whose text depends on no setting: as immutable
// as a cast is.
func addsText(x *plan.Call) bool {
	i := 1
	switch x.Fn.Name {
	case "anytextcat":
		i = 0
	case "textanycat":
	default:
		return false
	}
	if len(x.Args) != 2 {
		return false
	}
	switch x.Args[i].Type().Under() {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Text, types.VarChar, types.BPChar,
		types.Name, types.UUID, types.JSON, types.JSONB:
		return true
	}
	return false
}

func isVolatile(e plan.Expr) bool { return volatility(e) == builtin.Volatile }

// equalExprs is structural equality; positions and names do not count.
// Subqueries are equal if they are the same text in the same scope.
func equalExprs(a, b plan.Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	if a.Typmod() != b.Typmod() || !sameType(a.Type(), b.Type()) {
		return false
	}
	switch a := a.(type) {
	case *plan.Const:
		b, ok := b.(*plan.Const)
		return ok && equalDatum(a.Typ, a.Val, b.Val)
	case *plan.Col:
		b, ok := b.(*plan.Col)
		return ok && a.Idx == b.Idx
	case *plan.Param:
		b, ok := b.(*plan.Param)
		return ok && a.Num == b.Num
	case *plan.CaseTest:
		_, ok := b.(*plan.CaseTest)
		return ok
	case *plan.Call:
		b, ok := b.(*plan.Call)
		return ok && a.Fn.OID == b.Fn.OID && a.Fn.Name == b.Fn.Name && equalLists(a.Args, b.Args)
	case *plan.Relabel:
		b, ok := b.(*plan.Relabel)
		return ok && a.Collation == b.Collation && equalExprs(a.Arg, b.Arg)
	case *plan.And:
		b, ok := b.(*plan.And)
		return ok && equalLists(a.Args, b.Args)
	case *plan.Or:
		b, ok := b.(*plan.Or)
		return ok && equalLists(a.Args, b.Args)
	case *plan.Not:
		b, ok := b.(*plan.Not)
		return ok && equalExprs(a.Arg, b.Arg)
	case *plan.IsNull:
		b, ok := b.(*plan.IsNull)
		return ok && a.Not == b.Not && equalExprs(a.Arg, b.Arg)
	case *plan.BoolTest:
		b, ok := b.(*plan.BoolTest)
		return ok && a.Kind == b.Kind && equalExprs(a.Arg, b.Arg)
	case *plan.IsDistinct:
		b, ok := b.(*plan.IsDistinct)
		return ok && a.Not == b.Not && a.Eq == b.Eq && equalExprs(a.L, b.L) && equalExprs(a.R, b.R)
	case *plan.Case:
		b, ok := b.(*plan.Case)
		if !ok || len(a.Whens) != len(b.Whens) || !equalExprs(a.Arg, b.Arg) || !equalExprs(a.Else, b.Else) {
			return false
		}
		for i := range a.Whens {
			if !equalExprs(a.Whens[i].Cond, b.Whens[i].Cond) || !equalExprs(a.Whens[i].Result, b.Whens[i].Result) {
				return false
			}
		}
		return true
	case *plan.Coalesce:
		b, ok := b.(*plan.Coalesce)
		return ok && equalLists(a.Args, b.Args)
	case *plan.MinMax:
		b, ok := b.(*plan.MinMax)
		return ok && a.Greatest == b.Greatest && equalLists(a.Args, b.Args)
	case *plan.NullIf:
		b, ok := b.(*plan.NullIf)
		return ok && equalExprs(a.L, b.L) && equalExprs(a.R, b.R)
	case *plan.ArrayExpr:
		b, ok := b.(*plan.ArrayExpr)
		return ok && a.Multi == b.Multi && equalLists(a.Elems, b.Elems)
	case *plan.RowExpr:
		b, ok := b.(*plan.RowExpr)
		return ok && equalLists(a.Args, b.Args)
	case *plan.FieldSelect:
		b, ok := b.(*plan.FieldSelect)
		return ok && a.Idx == b.Idx && equalExprs(a.Arg, b.Arg)
	case *plan.Subscript:
		b, ok := b.(*plan.Subscript)
		if !ok || a.Slice != b.Slice || len(a.Index) != len(b.Index) || !equalExprs(a.Arg, b.Arg) {
			return false
		}
		for i := range a.Index {
			if !equalExprs(a.Index[i].Lower, b.Index[i].Lower) || !equalExprs(a.Index[i].Upper, b.Index[i].Upper) {
				return false
			}
		}
		return true
	case *plan.ScalarArray:
		b, ok := b.(*plan.ScalarArray)
		return ok && a.Op == b.Op && a.All == b.All && equalExprs(a.L, b.L) && equalExprs(a.R, b.R)
	case *subquery:
		b, ok := b.(*subquery)
		if !ok || a.kind != b.kind || a.scope != b.scope || a.sel == nil || b.sel == nil || (a.test == nil) != (b.test == nil) || len(a.cols) != len(b.cols) {
			return false
		}
		if a.test != nil {
			// as if a's rows were b's
			test := mapExpr(a.test, func(x plan.Expr) (plan.Expr, bool) {
				c, ok := x.(*plan.Col)
				if !ok {
					return nil, false
				}
				if i := slices.Index(a.cols, c.Idx); i >= 0 {
					mine := *c
					mine.Idx = b.cols[i]
					return &mine, true
				}
				return x, true
			})
			if !equalExprs(test, b.test) {
				return false
			}
		}
		ac, bc := colsOf(a), colsOf(b)
		return ac.subsetOf(bc) && bc.subsetOf(ac) && ast.Format(a.sel) == ast.Format(b.sel)
	case *plan.CoerceDomain:
		b, ok := b.(*plan.CoerceDomain)
		return ok && equalExprs(a.Arg, b.Arg)
	case *plan.RowCompare:
		b, ok := b.(*plan.RowCompare)
		return ok && a.Kind == b.Kind && equalLists(a.L, b.L) && equalLists(a.R, b.R)
	}
	return false
}

func containsExpr(list []plan.Expr, e plan.Expr) bool {
	return slices.ContainsFunc(list, func(x plan.Expr) bool { return equalExprs(x, e) })
}

func equalLists(a, b []plan.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalExprs(a[i], b[i]) {
			return false
		}
	}
	return true
}

// sameType compares types; user-made ones have several descriptors over time.
func sameType(a, b *types.Type) bool {
	return a == b || a != nil && b != nil && a.OID == b.OID && a.OID != 0
}

// equalDatum tells whether two values of a type are the same value, display
// scale included (1.0 is not 1.00 here: they print differently).
func equalDatum(t *types.Type, a, b types.Datum) bool {
	if a.K != b.K {
		return false
	}
	switch a.K {
	case types.PhysNull:
		return true
	case types.PhysAny:
		return types.Compare(t, a, b) == 0 && types.TextOf(t, a, nil) == types.TextOf(t, b, nil)
	case types.PhysDecimal:
		return a.I == b.I && a.M == b.M && a.D == b.D && (a.X == nil) == (b.X == nil) && types.Compare(t, a, b) == 0
	}
	return a.I == b.I && a.S == b.S && a.M == b.M && a.D == b.D
}

// colSet is a set of column ids.
type colSet []uint64

func (s *colSet) add(c colID) {
	w := c >> 6
	for len(*s) <= w {
		*s = append(*s, 0)
	}
	(*s)[w] |= 1 << (c & 63)
}

func (s colSet) remove(c colID) {
	if w := c >> 6; w < len(s) {
		s[w] &^= 1 << (c & 63)
	}
}

func (s colSet) has(c colID) bool {
	w := c >> 6
	return w < len(s) && s[w]&(1<<(c&63)) != 0
}

func (s *colSet) union(t colSet) {
	for len(*s) < len(t) {
		*s = append(*s, 0)
	}
	for i, w := range t {
		(*s)[i] |= w
	}
}

func (s colSet) minus(t colSet) {
	for i := range s {
		if i < len(t) {
			s[i] &^= t[i]
		}
	}
}

func (s colSet) subsetOf(t colSet) bool {
	for i, w := range s {
		if i < len(t) {
			w &^= t[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

func (s colSet) meets(t colSet) bool {
	for i := range s {
		if i < len(t) && s[i]&t[i] != 0 {
			return true
		}
	}
	return false
}

func (s colSet) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func setOf(cols []colID) colSet {
	var s colSet
	for _, c := range cols {
		s.add(c)
	}
	return s
}
