package planner

import (
	"slices"

	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Expressions are simplified while a statement is planned, as far as they consist of
// constants: what immutable functions give is computed, arms of CASE, AND and OR that
// cannot be reached are dropped. An error of such a computation is one of planning: it
// comes whether or not there are rows to compute it for, if PostgreSQL meets it (faults.go).
//
//	CASE WHEN 1 > 2 THEN 1 / 0 ELSE x END     →  x
//	x = 1 AND (1 / 0 = 1)                     →  division by zero
//	false AND (1 / 0 = 1)                     →  false
//
// The order in which parts are simplified, and so which errors are met, is PostgreSQL's:
// of a list each in turn until the outcome is known.

// consts simplifies expressions.
type consts struct {
	p     *planner
	quiet bool // errors do not count
	// loud keeps the first error, and looks no further (faults.go).
	loud bool
	err  error
	// keeps leaves an expression whole in which a constant cannot be computed; failures
	// counts these; column, if not nil, is told which columns are read.
	keeps    bool
	failures int
	column   func(colID)
	// test is the argument of the CASE around, when that is a constant.
	test *plan.Const
	// One visitor serves all rels, so that a statement without constants costs nothing a rel.
	visit  func(*plan.Expr)
	visits int               // expressions of the rel so far
	again  [2]int            // of which these are written elsewhere too
	simple map[int]plan.Expr // by number, those that changed
}

// simplifyConsts simplifies all expressions of a rel.
func (p *planner) simplifyConsts(r rel) rel {
	s := &consts{p: p, keeps: p.judging}
	s.visit = s.visited
	return s.rel(r, false)
}

// rel simplifies a rel and those below. What stands below a projection that could not be
// removed is PostgreSQL's subquery planned by itself: never, if it is dead.
func (s *consts) rel(r rel, dead bool) rel {
	if dead {
		switch r.(type) {
		case *lFilter, *lJoin, *lScan, *lValues, *lFunc:
		default:
			return r
		}
	}
	var never bool
	if f, ok := r.(*lFilter); ok {
		never = constantlyFalse(f.conds)
	}
	var c rel
	own := func() rel {
		if c == nil {
			c = r.clone()
		}
		return c
	}
	for i, k := range r.kids() {
		if n := s.rel(*k, dead || never); n != *k {
			*own().kids()[i] = n
		}
	}
	switch n := r.(type) {
	case *lFilter:
		if conds, changed := s.conds(n.conds); changed {
			own().(*lFilter).conds = conds
		}
	case *lJoin:
		if conds, changed := s.conds(n.conds); changed {
			own().(*lJoin).conds = conds
		}
	case *lProject:
		for i := range n.items {
			if x := s.expr(n.items[i].expr); x != n.items[i].expr {
				own().(*lProject).items[i].expr = x
			}
		}
	default:
		s.visits, s.again, s.simple = 0, [2]int{}, nil
		if n, ok := n.(*dmlRel); ok {
			s.again = [2]int{len(n.set), len(n.set) + len(n.recheck)}
		}
		r.exprs(s.visit)
		s.quiet = false
		if simple := s.simple; simple != nil {
			i := 0
			own().exprs(func(e *plan.Expr) {
				if x := simple[i]; x != nil {
					*e = x
				}
				i++
			})
		}
	}
	if c != nil {
		r, s.p.changed = c, true
	}
	if !s.p.hasSubqueries {
		return r
	}
	// subqueries that are left
	return s.p.inSubqueries(r, s.p.simplifyConsts)
}

// simplified is an expression as it will be in the plan, for what must know it already.
func (p *planner) simplified(e plan.Expr) plan.Expr { return (&consts{p: p, quiet: true}).expr(e) }

// visited simplifies the next expression of a rel, which stays as it is for now.
func (s *consts) visited(e *plan.Expr) {
	i := s.visits
	s.visits++
	s.quiet = i >= s.again[0] && i < s.again[1]
	if x := s.expr(*e); x != *e {
		if s.simple == nil {
			s.simple = map[int]plan.Expr{}
		}
		s.simple[i] = x
	}
}

func constantlyFalse(conds []plan.Expr) bool {
	for _, c := range conds {
		if isFalse(c) {
			return true
		}
	}
	return false
}

// conds simplifies a conjunction, up to what decides it.
func (s *consts) conds(conds []plan.Expr) (out []plan.Expr, changed bool) {
	failures := s.failures
	for i, c := range conds {
		n := s.expr(c)
		if changed = changed || n != c; isFalse(n) && !isNullConst(n) && !(s.keeps && s.failures > failures) {
			return []plan.Expr{falseExpr}, changed || len(conds) > 1
		}
		if n != c && out == nil {
			out = append([]plan.Expr{}, conds[:i]...)
		}
		if out != nil {
			out = splitAnd(n, out)
		}
	}
	if !changed {
		return conds, false
	}
	return out, true
}

// list simplifies expressions; the list itself if nothing changed.
func (s *consts) list(es []plan.Expr) []plan.Expr {
	var out []plan.Expr
	for i, e := range es {
		n := s.expr(e)
		if n != e && out == nil {
			out = copyExprs(es)
		}
		if out != nil {
			out[i] = n
		}
	}
	if out == nil {
		return es
	}
	return out
}

func sameList(a, b []plan.Expr) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func allConst(es []plan.Expr) bool {
	for _, e := range es {
		if !isConst(e) {
			return false
		}
	}
	return true
}

// fault notes the error of computing a constant.
func (s *consts) fault(err error) {
	s.failures++
	if !s.quiet {
		s.p.faulty = true
	}
	if s.loud && s.err == nil {
		s.err = err
	}
}

// call computes a call of constants.
func (s *consts) call(c *plan.Call) plan.Expr {
	e, err := s.p.evalCall(c, true)
	if err != nil {
		s.fault(err)
	}
	return e
}

// operator computes an operator of constants, nil if it fails or may not be.
func (s *consts) operator(op *builtin.Operator, l, r plan.Expr) *plan.Const {
	args := []plan.Expr{l, r}
	k, _ := s.call(&plan.Call{T: boolT, Fn: s.p.bound(op.Func, args), Args: args, Op: op, Pos: -1}).(*plan.Const)
	return k
}

// expr simplifies an expression; e itself if there is nothing to simplify.
func (s *consts) expr(e plan.Expr) plan.Expr {
	if s.err != nil {
		return e
	}
	failures := s.failures
	x := s.simplified(e)
	if s.keeps && s.failures > failures {
		return e
	}
	return x
}

// fieldsNull is IS [NOT] NULL of a row in its parts: a constant field decides it, or does not
// matter; the others are asked one by one. Nil if it stays whole: a row within would be asked for
// its own fields, and one of columns alone is shorter as it is.
func fieldsNull(r *plan.RowExpr, e *plan.IsNull) plan.Expr {
	var tests []plan.Expr
	split := false
	for _, a := range r.Args {
		if k, ok := a.(*plan.Const); ok {
			if k.Val.IsNull() == e.Not {
				return falseExpr
			}
			continue
		}
		if isRowType(a.Type()) {
			return nil
		}
		if _, ok := a.(*plan.Col); !ok {
			split = true
		}
		tests = append(tests, &plan.IsNull{T: e.T, Arg: a, Not: e.Not})
	}
	switch {
	case len(tests) == 0:
		return trueExpr
	case len(tests) == len(r.Args) && !split:
		return nil
	}
	return makeAnd(tests)
}

func (s *consts) simplified(e plan.Expr) plan.Expr {
	switch e := e.(type) {
	case *plan.Col:
		if s.column != nil {
			s.column(e.Idx)
		}
	case *plan.CaseTest:
		if s.test != nil {
			return &plan.Const{T: e.T, Val: s.test.Val}
		}
	case *plan.Call:
		if args := s.list(e.Args); !sameList(args, e.Args) {
			c := *e
			c.Args = args
			e = &c
		}
		if n := boolEquality(e); n != nil {
			return n
		}
		return s.call(e)
	case *plan.Relabel:
		a := s.expr(e.Arg)
		if k, ok := a.(*plan.Const); ok {
			return &plan.Const{T: e.T, Val: k.Val}
		}
		if r, ok := a.(*plan.Relabel); ok && r.Collation == "" && e.Collation == "" { // one says what two do
			a = r.Arg
		}
		if a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	case *plan.And:
		return s.logic(e, e.Args, true)
	case *plan.Or:
		return s.logic(e, e.Args, false)
	case *plan.Not:
		a := s.expr(e.Arg)
		if k, ok := a.(*plan.Const); ok {
			if k.Val.IsNull() {
				return k
			}
			return constBool(!k.Val.Bool())
		}
		if a != e.Arg {
			return &plan.Not{T: e.T, Arg: a}
		}
	case *plan.IsNull:
		a := s.expr(e.Arg)
		if k, ok := a.(*plan.Const); ok && !isRowType(k.Typ) {
			return constBool(k.Val.IsNull() != e.Not)
		}
		if r, ok := a.(*plan.RowExpr); ok {
			if n := fieldsNull(r, e); n != nil {
				return n
			}
		}
		if a != e.Arg {
			return &plan.IsNull{T: e.T, Arg: a, Not: e.Not}
		}
	case *plan.BoolTest:
		a := s.expr(e.Arg)
		if k, ok := a.(*plan.Const); ok {
			return constBool(boolTest(k, e.Kind))
		}
		if a != e.Arg {
			return &plan.BoolTest{T: e.T, Arg: a, Kind: e.Kind}
		}
	case *plan.IsDistinct:
		l, r := s.expr(e.L), s.expr(e.R)
		if isConst(l) && isConst(r) && !isRowType(l.Type()) {
			ln, rn := isNullConst(l), isNullConst(r)
			if ln || rn {
				return constBool(ln != rn != e.Not)
			}
			if k := s.operator(e.Eq, l, r); k != nil {
				return constBool(isTrue(k) == e.Not)
			}
		}
		if l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *plan.Case:
		return s.caseOf(e)
	case *plan.Coalesce:
		return s.coalesce(e)
	case *plan.MinMax:
		return s.minMax(e)
	case *plan.NullIf:
		l, r := s.expr(e.L), s.expr(e.R)
		if l != e.L || r != e.R {
			c := *e
			c.L, c.R = l, r
			e = &c
		}
		if isConst(l) && (isNullConst(l) || isNullConst(r)) {
			return l
		}
		if isConst(l) && isConst(r) {
			if k := s.operator(e.Eq, l, r); k != nil {
				if isTrue(k) {
					return nullOf(e.Typ, e.Mod)
				}
				return l
			}
		}
		return e
	case *plan.ArrayExpr:
		if elems := s.list(e.Elems); !sameList(elems, e.Elems) {
			e = &plan.ArrayExpr{T: e.T, Elems: elems, Multi: e.Multi}
		}
		return foldArray(e)
	case *plan.RowExpr:
		if args := s.list(e.Args); !sameList(args, e.Args) {
			c := *e
			c.Args = args
			return &c
		}
	case *plan.FieldSelect:
		a := s.expr(e.Arg)
		if x := field(a, e); x != nil {
			return x
		}
		if a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	case *plan.Subscript:
		return s.subscript(e)
	case *plan.ScalarArray:
		return s.scalarArray(e)
	case *plan.RowCompare:
		l, r := s.list(e.L), s.list(e.R)
		if !sameList(l, e.L) || !sameList(r, e.R) {
			c := *e
			c.L, c.R = l, r
			return &c
		}
	case *plan.CoerceDomain:
		if a := s.expr(e.Arg); a != e.Arg {
			c := *e
			c.Arg = a
			return &c
		}
	}
	return e
}

// foldArray makes an array of constants a constant.
func foldArray(x *plan.ArrayExpr) plan.Expr {
	if x.Multi || x.Typ.IsVector() {
		return x
	}
	vals := make([]types.Datum, len(x.Elems))
	for i, el := range x.Elems {
		c, ok := el.(*plan.Const)
		if !ok {
			return x
		}
		vals[i] = c.Val
	}
	a := &types.Array{Elem: x.Typ.Under().Elem, Elems: vals}
	if len(vals) > 0 {
		a.Dims = []types.ArrayDim{{Len: int32(len(vals)), Lower: 1}}
	}
	return &plan.Const{T: x.T, Val: types.NewAny(a)}
}

func constBool(b bool) plan.Expr {
	if b {
		return trueExpr
	}
	return falseExpr
}

func boolTest(k *plan.Const, kind plan.BoolTestKind) bool {
	null := k.Val.IsNull()
	switch kind {
	case plan.IsTrue, plan.IsNotTrue:
		return (!null && k.Val.Bool()) == (kind == plan.IsTrue)
	case plan.IsFalse, plan.IsNotFalse:
		return (!null && !k.Val.Bool()) == (kind == plan.IsFalse)
	}
	return null == (kind == plan.IsUnknown)
}

// boolEquality makes x = true x, and x = false NOT x.
func boolEquality(c *plan.Call) plan.Expr {
	if c.Op == nil || len(c.Args) != 2 || c.Op.Left != types.Bool || c.Op.Right != types.Bool || c.Op.Compare != "=" && c.Op.Compare != "<>" {
		return nil
	}
	x, k := c.Args[0], c.Args[1]
	if isConst(x) {
		x, k = k, x
	}
	v, ok := k.(*plan.Const)
	if !ok || isConst(x) || v.Val.IsNull() {
		return nil
	}
	if v.Val.Bool() == (c.Op.Compare == "=") {
		return x
	}
	return negate(x)
}

// logic simplifies AND and OR.
func (s *consts) logic(e plan.Expr, args []plan.Expr, and bool) plan.Expr {
	var out []plan.Expr
	within := sameLogic(args, and)
	changed, null := within, false
	if within {
		args = flat(nil, args, and)
	}
	for _, a := range args {
		n := s.expr(a)
		changed = changed || n != a
		k, ok := n.(*plan.Const)
		if !ok {
			out = append(out, n)
			continue
		}
		changed = true
		switch {
		case k.Val.IsNull():
			null = true
		case k.Val.Bool() != and:
			return n // decided
		}
	}
	switch {
	case !changed:
		return e
	case null && len(out) == 0:
		return nullOf(types.Bool, -1)
	case null:
		out = append(out, nullOf(types.Bool, -1))
	case len(out) == 0:
		return constBool(and)
	}
	if len(out) == 1 {
		return out[0]
	}
	if sameLogic(out, and) {
		out = flat(nil, out, and)
	}
	if and {
		return &plan.And{T: boolT, Args: out}
	}
	return &plan.Or{T: boolT, Args: out}
}

// sameLogic tells whether there are conjunctions among the parts of one, or disjunctions of one.
func sameLogic(args []plan.Expr, and bool) bool {
	return slices.ContainsFunc(args, func(e plan.Expr) bool { return parts(e, and) != nil })
}

// flat puts the parts of conjunctions among the parts of a longer one in their place, or those of
// disjunctions.
func flat(out, args []plan.Expr, and bool) []plan.Expr {
	for _, a := range args {
		if within := parts(a, and); within != nil {
			out = flat(out, within, and)
		} else {
			out = append(out, a)
		}
	}
	return out
}

func parts(e plan.Expr, and bool) []plan.Expr {
	switch e := e.(type) {
	case *plan.And:
		if and {
			return e.Args
		}
	case *plan.Or:
		if !and {
			return e.Args
		}
	}
	return nil
}

// caseOf drops the arms of CASE that cannot be taken; the first that surely is becomes
// ELSE, or the whole.
func (s *consts) caseOf(c *plan.Case) plan.Expr {
	out := &plan.Case{T: c.T, Else: c.Else}
	outer := s.test
	defer func() { s.test = outer }()
	changed := false
	if c.Arg != nil {
		out.Arg = s.expr(c.Arg)
		changed = out.Arg != c.Arg
		s.test = nil
		if k, ok := out.Arg.(*plan.Const); ok {
			s.test, out.Arg, changed = k, nil, true
		}
	}
	known := false
	for _, w := range c.Whens {
		cond := s.expr(w.Cond)
		if k, ok := cond.(*plan.Const); ok {
			changed = true
			if !isTrue(k) {
				continue
			}
			out.Else, known = w.Result, true
			break
		}
		result := s.expr(w.Result)
		changed = changed || cond != w.Cond || result != w.Result
		out.Whens = append(out.Whens, plan.When{Cond: cond, Result: result})
	}
	if out.Else != nil {
		n := s.expr(out.Else)
		changed = changed || known || n != out.Else
		out.Else = n
	}
	switch {
	case !changed:
		return c
	case len(out.Whens) > 0:
		return out
	case out.Else == nil:
		return nullOf(c.Typ, c.Mod)
	}
	return out.Else
}

func (s *consts) coalesce(c *plan.Coalesce) plan.Expr {
	var out []plan.Expr
	changed := false
	for i, a := range c.Args {
		n := s.expr(a)
		changed = changed || n != a
		if k, ok := n.(*plan.Const); ok {
			if k.Val.IsNull() {
				changed = true
				continue
			}
			if len(out) == 0 {
				return n
			}
			out = append(out, n)
			changed = changed || i+1 < len(c.Args)
			break
		}
		out = append(out, n)
	}
	switch {
	case !changed:
		return c
	case len(out) == 0:
		return nullOf(c.Typ, c.Mod)
	}
	return &plan.Coalesce{T: c.T, Args: out}
}

func (s *consts) minMax(m *plan.MinMax) plan.Expr {
	args := s.list(m.Args)
	if allConst(args) {
		best := types.Null
		for _, a := range args {
			v := a.(*plan.Const).Val
			if v.IsNull() {
				continue
			}
			if best.IsNull() || types.Compare(m.Typ, v, best) > 0 == m.Greatest && types.Compare(m.Typ, v, best) != 0 {
				best = v
			}
		}
		return &plan.Const{T: m.T, Val: best}
	}
	if sameList(args, m.Args) {
		return m
	}
	return &plan.MinMax{T: m.T, Greatest: m.Greatest, Args: args}
}

func (s *consts) subscript(e *plan.Subscript) plan.Expr {
	c := *e
	c.Arg = s.expr(e.Arg)
	c.Index = append([]plan.SubscriptIndex(nil), e.Index...)
	changed := c.Arg != e.Arg
	for i := range c.Index {
		x := &c.Index[i]
		if x.Lower != nil {
			x.Lower = s.expr(x.Lower)
		}
		if x.Upper != nil {
			x.Upper = s.expr(x.Upper)
		}
		changed = changed || x.Lower != e.Index[i].Lower || x.Upper != e.Index[i].Upper
	}
	if k, ok := c.Arg.(*plan.Const); ok && !c.Slice {
		if x := s.part(k, &c); x != nil {
			return x
		}
	}
	if !changed {
		return e
	}
	return &c
}

// part computes what a subscript of a constant gives, nil if that is not known.
func (s *consts) part(k *plan.Const, e *plan.Subscript) plan.Expr {
	args := []plan.Expr{k}
	ts := []*types.Type{k.Typ}
	at := make([]int64, len(e.Index))
	for i, x := range e.Index {
		u, ok := x.Upper.(*plan.Const)
		switch {
		case !ok:
			return nil
		case u.Val.IsNull():
			return nullOf(e.Typ, e.Mod)
		}
		args, ts, at[i] = append(args, u), append(ts, u.Typ), u.Val.I
	}
	if k.Typ.Under() == types.JSONB {
		if x, ok := s.call(&plan.Call{T: e.T, Fn: builtin.JSONBGet(ts), Args: args, Pos: -1}).(*plan.Const); ok {
			return x
		}
		return nil
	}
	if k.Val.IsNull() {
		return nullOf(e.Typ, e.Mod)
	}
	if arr, ok := k.Val.X.(*types.Array); ok {
		return &plan.Const{T: e.T, Val: arr.At(at)}
	}
	return nil
}

// field gives a field of a constant row or of ROW(), nil if that is not known.
func field(row plan.Expr, e *plan.FieldSelect) plan.Expr {
	switch row := row.(type) {
	case *plan.RowExpr:
		return row.Args[e.Idx]
	case *plan.Const:
		if row.Val.IsNull() {
			return nullOf(e.Typ, e.Mod)
		}
		if r, ok := row.Val.X.(*types.Tuple); ok && e.Idx < len(r.Vals) {
			return &plan.Const{T: e.T, Val: r.Vals[e.Idx]}
		}
	}
	return nil
}

func (s *consts) scalarArray(e *plan.ScalarArray) plan.Expr {
	l, r := s.expr(e.L), s.p.byElements(s.expr(e.R))
	lk, ok := l.(*plan.Const)
	rk, isK := r.(*plan.Const)
	if ok && isK && e.Op.Func.Volatility == builtin.Immutable && e.Op.Func.User == nil && !e.Op.Func.NotStrict {
		if rk.Val.IsNull() {
			return nullOf(types.Bool, -1)
		}
		if arr, isA := rk.Val.X.(*types.Array); isA && len(arr.Elems) <= 64 {
			if k := s.anyOf(e, lk, arr); k != nil {
				return k
			}
		}
	}
	if l == e.L && r == e.R {
		return e
	}
	return &plan.ScalarArray{T: e.T, Op: e.Op, L: l, R: r, All: e.All}
}

// byElements converts the elements of an array that is written out and converted as a whole:
// indexes are asked for each.
func (p *planner) byElements(e plan.Expr) plan.Expr {
	var whole plan.Expr
	switch x := e.(type) {
	case *plan.Relabel:
		whole = x.Arg
	case *plan.Call:
		if x.Unnamed() {
			whole = x.Args[0]
		}
	}
	arr, ok := whole.(*plan.ArrayExpr)
	if !ok || arr.Multi || !e.Type().IsArray() {
		return e
	}
	out := &plan.ArrayExpr{T: plan.T{Typ: e.Type(), Mod: -1}, Elems: make([]plan.Expr, len(arr.Elems))}
	for i, x := range arr.Elems {
		out.Elems[i] = p.coerceType(arg{x, -1}, out.Typ.Elem, -1, builtin.Implicit, true)
	}
	return out
}

// anyOf computes ANY and ALL of an array; nil if that fails.
func (s *consts) anyOf(e *plan.ScalarArray, l *plan.Const, arr *types.Array) plan.Expr {
	if len(arr.Elems) == 0 {
		return constBool(e.All)
	}
	null := l.Val.IsNull()
	for _, v := range arr.Elems {
		if l.Val.IsNull() || v.IsNull() {
			null = true
			continue
		}
		k := s.operator(e.Op, l, &plan.Const{T: plan.T{Typ: arr.Elem, Mod: -1}, Val: v})
		switch {
		case k == nil:
			return nil
		case k.Val.IsNull():
			null = true
		case k.Val.Bool() != e.All:
			return constBool(!e.All)
		}
	}
	if null {
		return nullOf(types.Bool, -1)
	}
	return constBool(e.All)
}
