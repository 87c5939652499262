package planner

import (
	"math"
	"slices"
	"strconv"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// binder binds expressions of one place of one query level.
type binder struct {
	p    *planner
	q    *query // nil: no columns at all
	kind exprKind
	// value is what VALUE stands for in a domain's CHECK.
	value plan.Expr
	// srfDepth: set-returning calls we are inside of.
	inWindow, inAgg bool
}

// exprKind is the place an expression stands in: it decides what is allowed.
type exprKind uint8

const (
	inTarget exprKind = iota
	inWhere
	inHaving
	inJoinOn
	inGroupBy
	inOrderBy
	inDistinctOn
	inLimit
	inOffset
	inValues
	inInsertValues
	inReturning
	inUpdateSet
	inFilter
	inFromFunction
	inWindowPartition
	inWindowOrder
	inWindowRange
	inWindowRows
	inWindowGroups
	inMergeWhen
	inDefault
	inCheck
	inDomainCheck
	inGenerated
	inIndexExpr
	inIndexPredicate
	inExecute
	inCallArgs
	inTriggerWhen
	inPartitionKey
	inPartitionBound
)

// kindInfo says, for each place, its name in errors (plural, singular) and
// what may stand there.
var kindInfo = [...]struct {
	name, one                 string
	agg, window, srf, noQuery bool
}{
	inTarget:          {name: "SELECT", agg: true, window: true, srf: true},
	inWhere:           {name: "WHERE"},
	inHaving:          {name: "HAVING", agg: true},
	inJoinOn:          {name: "JOIN conditions"},
	inGroupBy:         {name: "GROUP BY", srf: true},
	inOrderBy:         {name: "ORDER BY", agg: true, window: true, srf: true},
	inDistinctOn:      {name: "DISTINCT ON", agg: true, window: true, srf: true},
	inLimit:           {name: "LIMIT"},
	inOffset:          {name: "OFFSET"},
	inValues:          {name: "VALUES"},
	inInsertValues:    {name: "VALUES", srf: true},
	inReturning:       {name: "RETURNING"},
	inUpdateSet:       {name: "UPDATE"},
	inFilter:          {name: "FILTER"},
	inFromFunction:    {name: "functions in FROM"},
	inWindowPartition: {name: "window definitions", agg: true},
	inWindowOrder:     {name: "window definitions", agg: true},
	inWindowRange:     {name: "window RANGE"},
	inWindowRows:      {name: "window ROWS"},
	inWindowGroups:    {name: "window GROUPS"},
	inMergeWhen:       {name: "MERGE WHEN conditions"},
	inDefault:         {name: "DEFAULT expressions", one: "DEFAULT expression", noQuery: true},
	inCheck:           {name: "check constraints", one: "check constraint", noQuery: true},
	inDomainCheck:     {name: "check constraints", one: "check constraint", noQuery: true},
	inGenerated:       {name: "column generation expressions", one: "column generation expression", noQuery: true},
	inIndexExpr:       {name: "index expressions", one: "index expression", noQuery: true},
	inIndexPredicate:  {name: "index predicates", one: "index predicate", noQuery: true},
	inExecute:         {name: "EXECUTE parameters", one: "EXECUTE parameter", noQuery: true},
	inTriggerWhen:     {name: "trigger WHEN conditions", one: "trigger WHEN condition", noQuery: true},
	inCallArgs:        {name: "CALL arguments", one: "CALL argument", noQuery: true},
	inPartitionKey:    {name: "partition key expressions", one: "partition key expression", noQuery: true},
	inPartitionBound:  {name: "partition bound", one: "partition bound", noQuery: true},
}

// place is the kind's name where the units of a window's frame do not matter.
func (k exprKind) place() string {
	switch k {
	case inWindowRange, inWindowRows, inWindowGroups:
		return "window definitions"
	}
	return kindInfo[k].name
}

const maxExprDepth = 4000

// arg binds an expression with its place.
func (b *binder) arg(e ast.Expr) arg { return arg{b.expr(e), exprLoc(e)} }

// expr binds an expression.
func (b *binder) expr(e ast.Expr) plan.Expr {
	p := b.p
	if p.depth++; p.depth > maxExprDepth {
		bail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("The expression is nested too deeply."))
	}
	defer func() { p.depth-- }()
	x := b.node(e)
	if p.collates || p.seesCollation(x) {
		p.collates = true
		p.collate(x)
	}
	return x
}

// node binds an expression; its collation is yet to be derived.
func (b *binder) node(e ast.Expr) plan.Expr {
	p := b.p
	switch e := e.(type) {
	case *ast.Const:
		return b.constant(e)
	case *ast.ParamRef:
		return b.param(e)
	case *ast.ColumnRef:
		if e.Star {
			return b.starRow(e)
		}
		return b.columnRef(e)
	case *ast.OpExpr:
		return b.opExpr(e)
	case *ast.BoolExpr:
		return b.boolExpr(e)
	case *ast.FuncCall:
		return b.funcCall(e)
	case *ast.TypeCast:
		return b.typeCast(e)
	case *ast.InExpr:
		return b.inExpr(e)
	case *ast.BetweenExpr:
		return b.between(e)
	case *ast.LikeExpr:
		return b.like(e)
	case *ast.NullTest:
		return &plan.IsNull{T: boolT, Arg: b.untyped(e.Arg), Not: e.Not}
	case *ast.BooleanTest:
		names := [...]string{"IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"}
		return &plan.BoolTest{T: boolT, Arg: p.coerceBool(b.arg(e.Arg), names[e.Test]), Kind: plan.BoolTestKind(e.Test)}
	case *ast.DistinctExpr:
		return b.distinctExpr(e)
	case *ast.CaseExpr:
		return b.caseExpr(e)
	case *ast.CoalesceExpr:
		sets := b.q.setCount()
		args := b.args(e.Args)
		b.q.noNewSets(sets, "COALESCE")
		t := commonType(args, "COALESCE")
		out := b.common(args, t, "COALESCE")
		return &plan.Coalesce{T: plan.T{Typ: t, Mod: commonMod(out, t)}, Args: out}
	case *ast.MinMaxExpr:
		name := "GREATEST"
		if e.Least {
			name = "LEAST"
		}
		args := b.args(e.Args)
		t := commonType(args, name)
		out := b.common(args, t, name)
		sortable(t, e.Pos())
		return &plan.MinMax{T: plan.T{Typ: t, Mod: commonMod(out, t)}, Greatest: !e.Least, Args: out}
	case *ast.NullIfExpr:
		l, r := b.arg(e.Left), b.arg(e.Right)
		cmp := p.binaryOp("=", l, r, e.Pos())
		n := &plan.NullIf{}
		if call, ok := cmp.(*plan.Call); ok {
			n.L, n.R, n.Eq = call.Args[0], call.Args[1], call.Op
		} else { // folded: both sides constant
			n.Eq = p.operator("=", l.e.Type(), r.e.Type(), e.Pos())
			lt, rt := n.Eq.Left, n.Eq.Right
			if isPolymorphic(lt) {
				if lt = l.e.Type(); lt == types.Unknown {
					lt = r.e.Type()
				}
				rt = lt
			}
			n.L, n.R = p.coerceType(l, lt, -1, builtin.Implicit, true), p.coerceType(r, rt, -1, builtin.Implicit, true)
		}
		n.T = plan.T{Typ: n.L.Type(), Mod: n.L.Typmod()}
		return n
	case *ast.ArrayExpr:
		return b.arrayExpr(e, nil, -1)
	case *ast.RowExpr:
		return b.rowExpr(e)
	case *ast.Indirection:
		return b.indirection(e)
	case *ast.OpAnyExpr:
		return b.opAny(e)
	case *ast.SubLink:
		return b.subLink(e)
	case *ast.CollateExpr:
		return b.collateClause(e)
	case *ast.SQLValueFunction:
		return b.valueFunction(e)
	case *ast.GroupingFunc:
		return b.groupingFunc(e)
	case *ast.Default:
		fail(e.Pos(), pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	case *ast.CurrentOf:
		fail(e.Pos(), pgerr.FeatureNotSupported, "WHERE CURRENT OF is not supported")
	case *ast.NamedArg:
		fail(e.Pos(), pgerr.SyntaxError, "named arguments are only allowed in function calls")
	case *ast.GroupingSet:
		fail(e.Pos(), pgerr.SyntaxError, "grouping sets are only allowed in GROUP BY")
	}
	bail(pgerr.Unsupported("expression %T is not supported", e).At(e.Pos()))
	return nil
}

func (b *binder) args(es []ast.Expr) []arg {
	out := make([]arg, len(es))
	for i, e := range es {
		out[i] = b.arg(e)
	}
	return out
}

// rowArgs binds the members of a row that is compared member by member.
func (b *binder) rowArgs(r *ast.RowExpr) []arg { return b.expandArgs(r.Args) }

// expandArgs binds a list of expressions, the stars in it expanded.
func (b *binder) expandArgs(es []ast.Expr) []arg {
	out := make([]arg, 0, len(es))
	for _, e := range es {
		var targets []target
		switch {
		case !isStar(e):
			out = append(out, b.arg(e))
			continue
		default:
			if c, ok := e.(*ast.ColumnRef); ok {
				targets = b.expandStar(c)
			} else {
				targets = b.expandRow(e.(*ast.Indirection))
			}
		}
		for _, t := range targets {
			out = append(out, arg{t.expr, exprLoc(e)})
		}
	}
	return out
}

// isStar tells whether an expression is t.* or (row).*, which stand for several.
func isStar(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Star
	case *ast.Indirection:
		return len(e.Path) > 0 && e.Path[len(e.Path)-1].Kind == ast.SelectStar
	}
	return false
}

// hasStar tells whether a list has t.* or (row).* in it.
func hasStar(es []ast.Expr) bool { return slices.ContainsFunc(es, isStar) }

func (b *binder) common(args []arg, t *types.Type, construct string) []plan.Expr {
	out := make([]plan.Expr, len(args))
	for i, a := range args {
		out[i] = b.p.coerceCommon(a, t, construct)
	}
	return out
}

// untyped binds where any type will do; an unknown literal stays one, an
// unknown parameter becomes text.
func (b *binder) untyped(e ast.Expr) plan.Expr {
	x := b.expr(e)
	return x
}

func (b *binder) constant(c *ast.Const) plan.Expr {
	switch c.Kind {
	case ast.ConstNull:
		return nullOf(types.Unknown, -1)
	case ast.ConstBool:
		if c.Bool {
			return trueExpr
		}
		return falseExpr
	case ast.ConstInt:
		return constInt(int64(c.Int), types.Int4)
	case ast.ConstFloat:
		if n, err := strconv.ParseInt(c.Text, 10, 64); err == nil {
			if n == math.MinInt32 { // without its sign it was too large for an int4
				return constInt(n, types.Int4)
			}
			return constInt(n, types.Int8)
		}
		d, err := types.Parse(types.Numeric, -1, c.Text, b.p.env)
		if err != nil {
			bail(pgerr.PlaceAt(err, c.Pos()))
		}
		return &plan.Const{T: plan.T{Typ: types.Numeric, Mod: -1}, Val: d}
	case ast.ConstBits:
		v, err := types.Parse(types.Bit, -1, c.Text, b.p.env)
		if err != nil {
			bail(pgerr.PlaceAt(err, c.Pos()))
		}
		return &plan.Const{T: plan.T{Typ: types.Bit, Mod: -1}, Val: v}
	}
	return &plan.Const{T: plan.T{Typ: types.Unknown, Mod: -1}, Val: types.NewString(c.Text)}
}

func (b *binder) param(e *ast.ParamRef) plan.Expr {
	p := b.p
	if p.req.Vars != nil {
		if v, ok := p.req.Vars.Param(e.Number); ok {
			return p.variableParam(v)
		}
	}
	if e.Number < 1 || e.Number > 65535 || p.noParams {
		fail(e.Pos(), pgerr.UndefinedParameter, "there is no parameter $%d", e.Number)
	}
	for len(p.params) < e.Number {
		p.params = append(p.params, nil)
	}
	t := p.params[e.Number-1]
	if t == nil {
		t = types.Unknown
		if p.paramPos == nil {
			p.paramPos = map[int]int{}
		}
		if _, ok := p.paramPos[e.Number]; !ok {
			p.paramPos[e.Number] = e.Pos()
		}
	}
	return &plan.Param{T: plan.T{Typ: t, Mod: -1}, Num: e.Number}
}

func (b *binder) boolExpr(e *ast.BoolExpr) plan.Expr {
	p := b.p
	switch e.Op {
	case ast.Not:
		x := p.coerceBool(b.arg(e.Args[0]), "NOT")
		return negate(x)
	case ast.And:
		args := make([]plan.Expr, len(e.Args))
		for i, a := range e.Args {
			args[i] = p.coerceBool(b.arg(a), "AND")
		}
		if !b.nestBools() {
			args = flatAnd(args)
		}
		return &plan.And{T: boolT, Args: args}
	}
	args := make([]plan.Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = p.coerceBool(b.arg(a), "OR")
	}
	if !b.nestBools() {
		args = flatOr(args)
	}
	return &plan.Or{T: boolT, Args: args}
}

// nestBools tells whether what is bound may be grouped by.
func (b *binder) nestBools() bool {
	return b.q != nil && b.q.nestBools && !b.inAgg && b.kind != inWhere
}

// flatAnd puts the parts of conjunctions among the parts of a longer one in their place.
func flatAnd(args []plan.Expr) []plan.Expr {
	return flat(args, func(e plan.Expr) []plan.Expr {
		if e, ok := e.(*plan.And); ok {
			return e.Args
		}
		return nil
	})
}

// flatOr is flatAnd of disjunctions.
func flatOr(args []plan.Expr) []plan.Expr {
	return flat(args, func(e plan.Expr) []plan.Expr {
		if e, ok := e.(*plan.Or); ok {
			return e.Args
		}
		return nil
	})
}

func flat(args []plan.Expr, partsOf func(plan.Expr) []plan.Expr) []plan.Expr {
	for i := 0; i < len(args); i++ {
		if parts := partsOf(args[i]); parts != nil {
			args = slices.Replace(args, i, i+1, parts...)
			i += len(parts) - 1
		}
	}
	return args
}

func negate(x plan.Expr) plan.Expr { return &plan.Not{T: boolT, Arg: x} }

func opName(o ast.Operator, pos int) string {
	if o.Schema != "" && o.Schema != "pg_catalog" {
		fail(pos, pgerr.UndefinedFunction, "operator does not exist: %s.%s", o.Schema, o.Name)
	}
	return o.Name
}

func (b *binder) opExpr(e *ast.OpExpr) plan.Expr {
	name := opName(e.Op, e.Pos())
	if e.Left == nil {
		return b.p.prefixOp(name, b.arg(e.Right), e.Pos())
	}
	lrow, lok := e.Left.(*ast.RowExpr)
	if lok {
		if rrow, ok := e.Right.(*ast.RowExpr); ok {
			return b.rowCompare(name, b.rowArgs(lrow), b.rowArgs(rrow), e.Pos())
		}
		if sub, ok := e.Right.(*ast.SubLink); ok && sub.Kind == ast.SubExpr {
			s := b.subquery(sub.Query, plan.SubRow)
			l := b.rowArgs(lrow)
			if len(l) < len(s.cols) {
				fail(e.Pos(), pgerr.SyntaxError, "subquery has too many columns")
			}
			if len(l) > len(s.cols) {
				fail(e.Pos(), pgerr.SyntaxError, "subquery has too few columns")
			}
			r := make([]arg, len(s.cols))
			for i, f := range s.fields {
				r[i] = arg{&plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: s, Idx: i, Name: f.Name}, sub.Pos()}
			}
			return b.rowCompare(name, l, r, e.Pos())
		}
	}
	return b.p.binaryOp(name, b.arg(e.Left), b.arg(e.Right), e.Pos())
}

// writtenRow tells whether an expression is ROW (…), perhaps cast.
func writtenRow(e ast.Expr) bool {
	if c, ok := e.(*ast.TypeCast); ok {
		e = c.Arg
	}
	_, ok := e.(*ast.RowExpr)
	return ok
}

// rowCompare compares rows column by column.
func (b *binder) rowCompare(name string, l, r []arg, pos int) plan.Expr {
	p := b.p
	if len(l) != len(r) {
		fail(pos, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(l) == 0 {
		fail(pos, pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	if len(l) == 1 {
		return p.binaryOp(name, l[0], r[0], pos)
	}
	switch name {
	case "=", "<>":
		var parts []plan.Expr
		for i := range l {
			parts = append(parts, p.coerceBool(arg{p.binaryOp(name, l[i], r[i], pos), pos}, "row comparison"))
		}
		if name == "=" {
			return &plan.And{T: boolT, Args: parts}
		}
		return &plan.Or{T: boolT, Args: parts}
	case "<", "<=", ">", ">=":
	default:
		bail(pgerr.Newf(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", name).
			WithHint("Row comparison operators must be associated with btree operator families.").At(pos))
	}
	out := &plan.RowCompare{T: boolT, Kind: name}
	for i := range l {
		lt := p.operator(name, l[i].e.Type(), r[i].e.Type(), pos)
		declared := []*types.Type{lt.Left, lt.Right}
		if isPolymorphic(lt.Left) {
			var err *pgerr.Error
			if declared, _, err = polymorphic([]*types.Type{l[i].e.Type(), r[i].e.Type()}, declared, nil); err != nil {
				bail(err.At(pos))
			}
		}
		a, c := p.coerceType(l[i], declared[0], -1, builtin.Implicit, true), p.coerceType(r[i], declared[1], -1, builtin.Implicit, true)
		out.L, out.R = append(out.L, a), append(out.R, c)
		less, eq := p.operator("<", declared[0], declared[1], pos), p.operator("=", declared[0], declared[1], pos)
		out.Lt, out.Eq = append(out.Lt, less), append(out.Eq, eq)
	}
	return out
}

func (b *binder) distinctExpr(e *ast.DistinctExpr) plan.Expr {
	p := b.p
	if lr, ok := e.Left.(*ast.RowExpr); ok {
		if rr, ok := e.Right.(*ast.RowExpr); ok {
			l, r := b.rowArgs(lr), b.rowArgs(rr)
			if len(l) != len(r) {
				fail(e.Pos(), pgerr.SyntaxError, "unequal number of entries in row expressions")
			}
			var parts []plan.Expr
			for i := range l {
				parts = append(parts, b.isDistinct(l[i], r[i], false, e.Pos()))
			}
			x := makeOr(parts)
			if e.Not {
				x = negate(x)
			}
			return x
		}
	}
	l, r := b.arg(e.Left), b.arg(e.Right)
	// against NULL it is a null test
	if isNullConst(r.e) && r.e.Type() == types.Unknown {
		return &plan.IsNull{T: boolT, Arg: l.e, Not: !e.Not}
	}
	if isNullConst(l.e) && l.e.Type() == types.Unknown {
		return &plan.IsNull{T: boolT, Arg: r.e, Not: !e.Not}
	}
	_ = p
	return b.isDistinct(l, r, e.Not, e.Pos())
}

func (b *binder) isDistinct(l, r arg, not bool, pos int) plan.Expr {
	p := b.p
	op := p.operator("=", l.e.Type(), r.e.Type(), pos)
	lt, rt := op.Left, op.Right
	if isPolymorphic(lt) {
		d, _, err := polymorphic([]*types.Type{l.e.Type(), r.e.Type()}, []*types.Type{lt, rt}, nil)
		if err != nil {
			bail(err.At(pos))
		}
		lt, rt = d[0], d[1]
	}
	return &plan.IsDistinct{T: boolT, Not: not, Eq: op,
		L: p.coerceType(l, lt, -1, builtin.Implicit, true), R: p.coerceType(r, rt, -1, builtin.Implicit, true)}
}

func (b *binder) between(e *ast.BetweenExpr) plan.Expr {
	p := b.p
	x := b.arg(e.Expr)
	lo, hi := b.arg(e.Low), b.arg(e.High)
	cmp := func(op string, l, r arg) plan.Expr { return p.binaryOp(op, l, r, e.Pos()) }
	in := func(lo, hi arg) plan.Expr {
		if e.Not {
			return &plan.Or{T: boolT, Args: []plan.Expr{cmp("<", x, lo), cmp(">", x, hi)}}
		}
		return &plan.And{T: boolT, Args: []plan.Expr{cmp(">=", x, lo), cmp("<=", x, hi)}}
	}
	if !e.Symmetric {
		return in(lo, hi)
	}
	a, c := in(lo, hi), in(hi, lo)
	if e.Not {
		return &plan.And{T: boolT, Args: []plan.Expr{a, c}}
	}
	return &plan.Or{T: boolT, Args: []plan.Expr{a, c}}
}

func (b *binder) inExpr(e *ast.InExpr) plan.Expr {
	p := b.p
	op := "="
	if e.Not {
		op = "<>"
	}
	join := func(parts []plan.Expr) plan.Expr {
		if len(parts) == 1 {
			return parts[0]
		}
		if e.Not {
			return &plan.And{T: boolT, Args: parts}
		}
		return &plan.Or{T: boolT, Args: parts}
	}
	if lrow, ok := e.Left.(*ast.RowExpr); ok {
		l := b.rowArgs(lrow)
		var parts []plan.Expr
		for _, x := range e.List {
			r, ok := x.(*ast.RowExpr)
			if !ok {
				return join([]plan.Expr{b.opExpr(&ast.OpExpr{At: e.At, Op: ast.Operator{Name: op}, Left: e.Left, Right: x})})
			}
			parts = append(parts, b.rowCompare(op, l, b.rowArgs(r), e.Pos()))
		}
		return join(parts)
	}
	l := b.arg(e.Left)
	rs := b.args(e.List)
	var vars, consts []arg
	for _, r := range rs {
		if anyExpr(r.e, func(x plan.Expr) bool {
			switch x.(type) {
			case *plan.Col, *subquery:
				return true
			}
			return false
		}) {
			vars = append(vars, r)
		} else {
			consts = append(consts, r)
		}
	}
	var parts []plan.Expr
	if len(consts) > 1 {
		t, bad := commonTypeOf(append([]arg{l}, consts...))
		if bad < 0 && t.Array != nil && t.OID != types.Record.OID {
			elems := make([]plan.Expr, len(consts))
			for i, c := range consts {
				elems[i] = p.coerceCommon(c, t, "IN")
			}
			parts = append(parts, b.scalarArray(op, e.Not, l, &plan.ArrayExpr{T: plan.T{Typ: t.Array, Mod: -1}, Elems: elems}, e.Pos(), e.Pos()))
		} else {
			vars = rs
		}
	} else {
		vars = rs
	}
	for i, r := range vars {
		// ROW (…)::type IN (ROW (…)::type) compares column by column, like ROW (…) IN (ROW (…)).
		lr, lok := l.e.(*plan.RowExpr)
		if rr, ok := r.e.(*plan.RowExpr); ok && lok && len(vars) == len(e.List) && writtenRow(e.Left) && writtenRow(e.List[i]) && len(lr.Args) == len(rr.Args) {
			columns := func(x *plan.RowExpr, pos int) (as []arg) {
				for _, c := range x.Args {
					as = append(as, arg{c, pos})
				}
				return as
			}
			parts = append(parts, b.rowCompare(op, columns(lr, l.pos), columns(rr, r.pos), e.Pos()))
			continue
		}
		parts = append(parts, p.coerceBool(arg{p.binaryOp(op, l, r, e.Pos()), e.Pos()}, "IN"))
	}
	return join(parts)
}

// scalarArray makes l op ANY/ALL (array).
func (b *binder) scalarArray(name string, all bool, l arg, array plan.Expr, rpos, pos int) plan.Expr {
	p := b.p
	at := array.Type().Under()
	rt := types.Unknown
	if at != types.Unknown {
		if at.Elem == nil {
			fail(pos, pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
		rt = at.Elem
	}
	op := p.operator(name, l.e.Type(), rt, pos)
	if op.Result != types.Bool {
		fail(pos, pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	if op.Func.SetOf {
		fail(pos, pgerr.WrongObjectType, "op ANY/ALL (array) requires operator not to return a set")
	}
	declared := []*types.Type{op.Left, op.Right}
	if isPolymorphic(op.Left) || isPolymorphic(op.Right) {
		var err *pgerr.Error
		if declared, _, err = polymorphic([]*types.Type{l.e.Type(), rt}, declared, nil); err != nil {
			bail(err.At(pos))
		}
	}
	dt := declared[1].Array
	if dt == nil {
		fail(pos, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(declared[1]))
	}
	return &plan.ScalarArray{T: boolT, Op: op, All: all,
		L: p.coerceType(l, declared[0], -1, builtin.Implicit, true),
		R: p.foldArray(p.coerceArray(arg{array, rpos}, dt))}
}

// coerceArray converts an array; one still written out, element by element.
func (p *planner) coerceArray(a arg, t *types.Type) plan.Expr {
	if x, ok := a.e.(*plan.ArrayExpr); ok && !x.Multi && !sameType(x.Typ, t) {
		out := &plan.ArrayExpr{T: plan.T{Typ: t, Mod: -1}, Elems: make([]plan.Expr, len(x.Elems))}
		for i, el := range x.Elems {
			out.Elems[i] = p.coerceType(arg{el, a.pos}, t.Elem, -1, builtin.Implicit, true)
		}
		return out
	}
	return p.coerceType(a, t, -1, builtin.Implicit, true)
}

// foldArray makes an array of constants a constant.
func (p *planner) foldArray(e plan.Expr) plan.Expr {
	x, ok := e.(*plan.ArrayExpr)
	if !ok || x.Multi || p.noFold || x.Typ.IsVector() {
		return e
	}
	vals := make([]types.Datum, len(x.Elems))
	for i, el := range x.Elems {
		c, ok := el.(*plan.Const)
		if !ok {
			return e
		}
		vals[i] = c.Val
	}
	a := &types.Array{Elem: x.Typ.Under().Elem, Elems: vals}
	if len(vals) > 0 {
		a.Dims = []types.ArrayDim{{Len: int32(len(vals)), Lower: 1}}
	}
	return &plan.Const{T: x.T, Val: types.NewAny(a)}
}

func (b *binder) opAny(e *ast.OpAnyExpr) plan.Expr {
	l := b.arg(e.Left)
	r := b.arg(e.Array)
	if x, ok := r.e.(*plan.Param); ok && x.Typ == types.Unknown {
		// the operator with an unknown right side decides the element type
		op := b.p.operator(opName(e.Op, e.Pos()), l.e.Type(), types.Unknown, e.Pos())
		et := op.Right
		if isPolymorphic(et) {
			et = l.e.Type()
		}
		if et.Array != nil {
			r.e = b.p.paramAs(x, r.pos, et.Array)
		}
	}
	return b.scalarArray(opName(e.Op, e.Pos()), e.All, l, r.e, r.pos, e.Pos())
}

func (b *binder) like(e *ast.LikeExpr) plan.Expr {
	p := b.p
	l, pat := b.arg(e.Left), b.arg(e.Pattern)
	op := "~~"
	switch e.Kind {
	case ast.ILike:
		op = "~~*"
	case ast.SimilarTo:
		op = "~"
	}
	if e.Not {
		op = "!" + op
	}
	switch {
	case e.Kind == ast.SimilarTo:
		args := []arg{pat}
		if e.Escape != nil {
			args = append(args, b.arg(e.Escape))
		}
		pat = arg{b.callByName("similar_to_escape", args, e.Pos()), pat.pos}
	case e.Escape != nil:
		pat = arg{b.callByName("like_escape", []arg{pat, b.arg(e.Escape)}, e.Pos()), pat.pos}
	}
	return p.binaryOp(op, l, pat, e.Pos())
}

func (b *binder) caseExpr(e *ast.CaseExpr) plan.Expr {
	p := b.p
	out := &plan.Case{}
	sets := b.q.setCount()
	var test plan.Expr
	if e.Arg != nil {
		a := b.arg(e.Arg)
		if a.e.Type() == types.Unknown {
			a.e = p.coerceType(a, types.Text, -1, builtin.Implicit, true)
		}
		out.Arg = a.e
		test = &plan.CaseTest{T: plan.T{Typ: a.e.Type(), Mod: a.e.Typmod()}}
		if p.collates {
			p.collated(test, p.collationOf(a.e))
		}
	}
	var results []arg
	for _, w := range e.Whens {
		var cond plan.Expr
		if test != nil {
			cond = p.binaryOp("=", arg{test, exprLoc(e.Arg)}, b.arg(w.When), w.Pos())
		} else {
			cond = b.expr(w.When)
		}
		cond = p.coerceBool(arg{cond, exprLoc(w.When)}, "CASE/WHEN")
		out.Whens = append(out.Whens, plan.When{Cond: cond})
		results = append(results, b.arg(w.Then))
	}
	var els arg
	if e.Else != nil {
		els = b.arg(e.Else)
	} else {
		els = arg{nullOf(types.Unknown, -1), -1}
	}
	b.q.noNewSets(sets, "CASE")
	// The ELSE counts first, as in PostgreSQL.
	t := commonType(append([]arg{els}, results...), "CASE")
	mods := []plan.Expr{}
	for i, r := range results {
		out.Whens[i].Result = p.coerceCommon(r, t, "CASE/WHEN")
		mods = append(mods, out.Whens[i].Result)
	}
	x := p.coerceCommon(els, t, "CASE/ELSE")
	mods = append(mods, x)
	if e.Else != nil {
		out.Else = x
	}
	out.T = plan.T{Typ: t, Mod: commonMod(mods, t)}
	return out
}

// isArrayElem tells whether elements of a type make an array of more
// dimensions; vectors are arrays that are elements as they are.
func isArrayElem(t *types.Type) bool { return t.IsArray() && !t.IsVector() }

func (b *binder) arrayExpr(e *ast.ArrayExpr, want *types.Type, mod int32) plan.Expr {
	p := b.p
	var args []arg
	multi := false
	for _, el := range e.Elems {
		if sub, ok := el.(*ast.ArrayExpr); ok {
			multi = true
			args = append(args, arg{b.arrayExpr(sub, want, mod), exprLoc(el)})
			continue
		}
		a := b.arg(el)
		if isArrayElem(a.e.Type()) {
			multi = true
		}
		args = append(args, a)
	}
	var et *types.Type
	switch {
	case want != nil && multi:
		et = want
	case want != nil:
		et = want.Elem
	case len(args) == 0:
		bail(pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(e.Pos()))
	default:
		et = commonType(args, "ARRAY")
	}
	at := want
	switch {
	case want != nil:
	case multi:
		at = et
	default:
		if at = et.Array; at == nil {
			fail(e.Pos(), pgerr.UndefinedObject, "could not find array type for data type %s", typeName(et))
		}
	}
	out := &plan.ArrayExpr{T: plan.T{Typ: at, Mod: -1}, Multi: multi}
	for _, a := range args {
		if want == nil {
			out.Elems = append(out.Elems, p.coerceCommon(a, et, "ARRAY"))
			continue
		}
		x := p.coerceTo(a, et, mod, builtin.Explicit, false)
		if x == nil {
			fail(a.pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(et))
		}
		out.Elems = append(out.Elems, x)
	}
	return p.foldArray(out)
}

func (b *binder) rowExpr(e *ast.RowExpr) plan.Expr {
	out := &plan.RowExpr{T: plan.T{Typ: types.Record, Mod: -1}}
	for _, a := range e.Args {
		if isStar(a) {
			for _, t := range b.expandArgs([]ast.Expr{a}) {
				out.Args = append(out.Args, t.e)
			}
			continue
		}
		x := b.expr(a)
		if x.Type() == types.Unknown {
			x = b.p.coerceType(arg{x, exprLoc(a)}, types.Text, -1, builtin.Implicit, true)
		}
		out.Args = append(out.Args, x)
	}
	if len(out.Args) > 1664 {
		fail(e.Pos(), pgerr.TooManyColumns, "ROW expressions can have at most 1664 entries")
	}
	for i, x := range out.Args {
		name := "f" + strconv.Itoa(i+1)
		if e.Names != nil {
			name = e.Names[i]
		}
		out.Fields = append(out.Fields, types.Field{Name: name, Type: x.Type(), Typmod: x.Typmod()})
	}
	return out
}

func (b *binder) typeCast(e *ast.TypeCast) plan.Expr {
	p := b.p
	t, mod, err := ResolveTypeName(p.snap, p.path, e.Type)
	if err != nil {
		bail(err)
	}
	if e.Type.SetOf {
		fail(e.Pos(), pgerr.CannotCoerce, "cannot cast to a set type")
	}
	if p.viewDepth == 0 && t.OID >= catalog.FirstUserOID {
		p.named = append(p.named, t.OID)
	}
	var a arg
	if arr, ok := e.Arg.(*ast.ArrayExpr); ok && t.Under().IsArray() {
		a = arg{b.arrayExpr(arr, t.Under(), mod), exprLoc(e.Arg)}
		if sameType(a.e.Type(), t) {
			return a.e
		}
	} else {
		a = b.arg(e.Arg)
	}
	pos := e.Pos()
	if pos < 0 {
		pos = e.Type.Pos()
	}
	if _, row := a.e.(*plan.RowExpr); row {
		a.pos = pos
	}
	x := p.coerceTo(a, t, mod, builtin.Explicit, false)
	if x == nil {
		fail(pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(a.e.Type()), typeName(t))
	}
	return x
}

// starRow reads t.* inside an expression as the whole row.
func (b *binder) starRow(e *ast.ColumnRef) plan.Expr {
	if n := len(e.Fields); n > 0 {
		schema := ""
		if n > 1 {
			schema = e.Fields[n-2]
		}
		it, lv := b.p.lookupTable(b.q, schema, e.Fields[n-1], e.Pos())
		if it == nil {
			if x := b.variable(e.Fields, e.Pos()); x != nil {
				return x
			}
			b.p.missingTable(b.q, schema, e.Fields[n-1], e.Pos())
		}
		b.noWholeRow(e.Pos())
		return b.wholeRow(it, lv, e.Pos())
	}
	fail(e.Pos(), pgerr.SyntaxError, "row expansion via \"*\" is not supported here")
	return nil
}

func (b *binder) indirection(e *ast.Indirection) plan.Expr {
	x := b.expr(e.Arg)
	for i := 0; i < len(e.Path); i++ {
		s := e.Path[i]
		switch s.Kind {
		case ast.SelectField:
			if x.Type() == types.Unknown {
				x = b.p.coerceType(arg{x, exprLoc(e.Arg)}, types.Text, -1, builtin.Implicit, true)
			}
			x = b.fieldOf(x, s.Field, exprLoc(e.Arg))
		case ast.SelectStar:
			fail(s.Pos(), pgerr.SyntaxError, "row expansion via \"*\" is not supported here")
		default:
			j := i
			for j < len(e.Path) && (e.Path[j].Kind == ast.SelectIndex || e.Path[j].Kind == ast.SelectSlice) {
				j++
			}
			x = b.subscripts(x, e.Path[i:j], exprLoc(e.Arg))
			i = j - 1
		}
	}
	return x
}

func (b *binder) subscripts(x plan.Expr, path []*ast.Selector, pos int) plan.Expr {
	p := b.p
	t := x.Type().Under()
	if t.IsVector() {
		t = t.Elem.Array // a slice of a vector need not be one
	}
	out := &plan.Subscript{Arg: x}
	if x.Type() != t {
		out.Arg = &plan.Relabel{T: plan.T{Typ: t, Mod: -1}, Arg: x, Implicit: true}
	}
	json := t == types.JSONB
	if t.Part() != nil {
		// A name, say, is an array of 64 "char" counted from 0; pg_dump asks for typname[0].
		index, slice := b.fixedIndexes(path)
		if len(index) == 1 && !slice {
			return b.callByName("raw_array_subscript", []arg{{out.Arg, pos}, {index[0], pos}}, pos)
		}
		fn := builtin.FixedFetch(t, len(index), slice)
		return &plan.Call{T: plan.T{Typ: fn.Result, Mod: -1}, Fn: fn, Args: append([]plan.Expr{out.Arg}, index...), Pos: pos}
	}
	if t.Elem == nil && !json {
		fail(pos, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", typeName(x.Type()))
	}
	for _, s := range path {
		out.Slice = out.Slice || s.Kind == ast.SelectSlice
	}
	if len(path) > 6 && !json {
		fail(-1, pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", len(path))
	}
	if json && out.Slice {
		at := -1
		for _, s := range path {
			if s.Kind != ast.SelectSlice {
				continue
			}
			if s.Upper != nil {
				at = exprLoc(s.Upper)
			} else if s.Lower != nil {
				at = exprLoc(s.Lower)
			}
			break
		}
		fail(at, pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
	}
	index := func(e ast.Expr) plan.Expr {
		if e == nil {
			return nil
		}
		a := b.arg(e)
		if json {
			if a.e.Type() == types.Unknown {
				return p.coerceType(a, types.Text, -1, builtin.Implicit, true)
			}
			if canCoerce(a.e.Type(), types.Int4, builtin.Implicit) {
				return p.coerceType(a, types.Int4, -1, builtin.Implicit, true)
			}
			if y := p.coerceTo(a, types.Text, -1, builtin.Implicit, true); y != nil {
				return y
			}
			bail(pgerr.Newf(pgerr.DatatypeMismatch, "subscript type %s is not supported", typeName(a.e.Type())).
				WithHint("jsonb subscript must be coercible to either integer or text.").At(a.pos))
		}
		y := p.coerceTo(a, types.Int4, -1, builtin.Assignment, true)
		if y == nil {
			fail(a.pos, pgerr.DatatypeMismatch, "array subscript must have type integer")
		}
		return y
	}
	for _, s := range path {
		ix := plan.SubscriptIndex{Lower: index(s.Lower), Upper: index(s.Upper)}
		if s.Kind == ast.SelectIndex {
			ix = plan.SubscriptIndex{Upper: index(s.Lower)}
			if s.Lower == nil {
				ix.Upper = index(s.Upper)
			}
			if out.Slice {
				ix.Lower = constInt(1, types.Int4)
			}
		}
		out.Index = append(out.Index, ix)
	}
	switch {
	case json:
		out.T = plan.T{Typ: types.JSONB, Mod: -1}
	case out.Slice:
		out.T = plan.T{Typ: t, Mod: x.Typmod()}
	default:
		out.T = plan.T{Typ: t.Elem, Mod: x.Typmod()}
	}
	return out
}

// fixedIndexes binds the subscripts of a value of fixed length, and tells whether they mean
// a slice, which no such value has.
func (b *binder) fixedIndexes(path []*ast.Selector) (index []plan.Expr, slice bool) {
	for _, s := range path {
		slice = slice || s.Kind == ast.SelectSlice
		for _, e := range []ast.Expr{s.Lower, s.Upper} {
			if e == nil {
				continue
			}
			a := b.arg(e)
			x := b.p.coerceTo(a, types.Int4, -1, builtin.Assignment, true)
			if x == nil {
				fail(a.pos, pgerr.DatatypeMismatch, "array subscript must have type integer")
			}
			index = append(index, x)
		}
	}
	return index, slice
}

func (b *binder) valueFunction(e *ast.SQLValueFunction) plan.Expr {
	p := b.p
	call := func(name string) plan.Expr { return b.callByName(name, nil, e.Pos()) }
	stamp := func(t *types.Type) plan.Expr {
		x := call("now")
		if t != types.TimestampTZ {
			x = p.coerceTo(arg{x, e.Pos()}, t, -1, builtin.Explicit, false)
		}
		if e.Precision >= 0 {
			x = p.coerceTypmod(x, int32(min(e.Precision, 6)), builtin.Explicit, true, e.Pos())
		}
		return x
	}
	var x plan.Expr
	switch e.Func {
	case ast.CurrentDate:
		x = stamp(types.Date)
	case ast.CurrentTime:
		x = stamp(types.TimeTZ)
	case ast.CurrentTimestamp:
		x = stamp(types.TimestampTZ)
	case ast.LocalTime:
		x = stamp(types.Time)
	case ast.LocalTimestamp:
		x = stamp(types.Timestamp)
	case ast.CurrentCatalog:
		x = call("current_database")
	case ast.CurrentSchema:
		x = call("current_schema")
	case ast.SessionUser:
		x = call("session_user")
	default:
		x = call("current_user")
	}
	if c, ok := x.(*plan.Call); ok {
		named := *c
		named.Text = ast.Format(e)
		return &named
	}
	return x
}

// exprLoc is the place PostgreSQL reports for an expression: the leftmost
// token of an operator expression or call.
func exprLoc(e ast.Expr) int {
	least := func(a, b int) int {
		if a < 0 {
			return b
		}
		if b < 0 {
			return a
		}
		return min(a, b)
	}
	switch e := e.(type) {
	case nil:
		return -1
	case *ast.OpExpr:
		if e.Left != nil {
			return least(e.Pos(), exprLoc(e.Left))
		}
		return e.Pos()
	case *ast.BoolExpr:
		if e.Op != ast.Not && len(e.Args) > 0 {
			return least(e.Pos(), exprLoc(e.Args[0]))
		}
	case *ast.OpAnyExpr:
		return least(e.Pos(), exprLoc(e.Left))
	case *ast.LikeExpr:
		return least(e.Pos(), exprLoc(e.Left))
	case *ast.BetweenExpr:
		return least(e.Pos(), exprLoc(e.Expr))
	case *ast.InExpr:
		return least(e.Pos(), exprLoc(e.Left))
	case *ast.DistinctExpr:
		return least(e.Pos(), exprLoc(e.Left))
	case *ast.NullTest:
		return least(e.Pos(), exprLoc(e.Arg))
	case *ast.BooleanTest:
		return least(e.Pos(), exprLoc(e.Arg))
	case *ast.TypeCast:
		return least(exprLoc(e.Arg), least(e.Pos(), e.Type.Pos()))
	case *ast.Indirection:
		return exprLoc(e.Arg)
	case *ast.CollateExpr:
		return least(e.Pos(), exprLoc(e.Arg))
	case *ast.SubLink:
		if e.Test != nil {
			return least(e.Pos(), exprLoc(e.Test))
		}
	}
	return e.Pos()
}
