package planner

import (
	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Comparisons and other operators: of values, of rows column by column, with the members of lists
// and arrays (IN, ANY), and those that have words (BETWEEN, LIKE, IS DISTINCT FROM).

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

func opName(o ast.Operator, pos int) string {
	if o.Schema != "" && o.Schema != "pg_catalog" {
		fail(pos, pgerr.UndefinedFunction, "operator does not exist: %s.%s", o.Schema, o.Name)
	}
	return o.Name
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

// writtenRow tells whether an expression is ROW (…), perhaps cast.
func writtenRow(e ast.Expr) bool {
	if c, ok := e.(*ast.TypeCast); ok {
		e = c.Arg
	}
	_, ok := e.(*ast.RowExpr)
	return ok
}

// distinctExpr binds IS DISTINCT FROM. Rows as they are written are compared column by column,
// even those that are cast.
func (b *binder) distinctExpr(e *ast.DistinctExpr) plan.Expr {
	rows := writtenRow(e.Left) && writtenRow(e.Right)
	l, lrow := b.distinctSide(e.Left, rows)
	r, rrow := b.distinctSide(e.Right, rows)
	if lrow != nil && rrow != nil {
		if len(lrow) != len(rrow) {
			fail(e.Pos(), pgerr.SyntaxError, "unequal number of entries in row expressions")
		}
		var parts []plan.Expr
		for i := range lrow {
			parts = append(parts, b.isDistinct(lrow[i], rrow[i], false, e.Pos()))
		}
		x := makeOr(parts)
		if e.Not {
			x = negate(x)
		}
		return x
	}
	if l.e == nil { // what the row is compared with was cast to something else
		l = b.arg(e.Left)
	} else if r.e == nil {
		r = b.arg(e.Right)
	}
	// against NULL it is a null test
	if isNullConst(r.e) && r.e.Type() == types.Unknown {
		return &plan.IsNull{T: boolT, Arg: l.e, Not: !e.Not}
	}
	if isNullConst(l.e) && l.e.Type() == types.Unknown {
		return &plan.IsNull{T: boolT, Arg: r.e, Not: !e.Not}
	}
	return b.isDistinct(l, r, e.Not, e.Pos())
}

// distinctSide binds one side of IS DISTINCT FROM, and gives its columns if both are rows.
func (b *binder) distinctSide(e ast.Expr, rows bool) (arg, []arg) {
	if r, ok := e.(*ast.RowExpr); ok && rows {
		return arg{}, b.rowArgs(r)
	}
	a := b.arg(e)
	r, ok := a.e.(*plan.RowExpr)
	if !rows || !ok {
		return a, nil
	}
	cols := make([]arg, len(r.Args))
	for i, x := range r.Args {
		cols[i] = arg{x, a.pos}
	}
	return a, cols
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
	join := func(parts []plan.Expr) plan.Expr { // two by two, as PostgreSQL does
		x := parts[0]
		for _, y := range parts[1:] {
			if pair := []plan.Expr{x, y}; e.Not {
				x = &plan.And{T: boolT, Args: pair}
			} else {
				x = &plan.Or{T: boolT, Args: pair}
			}
		}
		return x
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
		if b.readsOwn(r.e) {
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
		R: p.coerceType(arg{array, rpos}, dt, -1, builtin.Implicit, true)}
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
