package planner

import (
	"math"
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
		return &plan.IsNull{T: boolT, Arg: b.expr(e.Arg), Not: e.Not}
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
		n := &plan.NullIf{L: cmp.Args[0], R: cmp.Args[1], Eq: cmp.Op}
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

func (b *binder) common(args []arg, t *types.Type, construct string) []plan.Expr {
	out := make([]plan.Expr, len(args))
	for i, a := range args {
		out[i] = b.p.coerceCommon(a, t, construct)
	}
	return out
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
		return &plan.And{T: boolT, Args: args}
	}
	args := make([]plan.Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = p.coerceBool(b.arg(a), "OR")
	}
	return &plan.Or{T: boolT, Args: args}
}

func negate(x plan.Expr) plan.Expr { return &plan.Not{T: boolT, Arg: x} }

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
	if mod < 0 && x.Typmod() >= 0 && x.Type() == t { // numeric(6,2)::numeric is of any precision
		x = &plan.Relabel{T: plan.T{Typ: t, Mod: -1}, Arg: x}
	}
	return x
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
