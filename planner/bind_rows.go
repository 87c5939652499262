package planner

import (
	"rowkey/builtin"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
	"slices"
	"strconv"
)

// Values that have parts: rows and arrays as they are written, the stars in them, and the fields,
// elements and slices that are taken out of values.

func (b *binder) rowExpr(e *ast.RowExpr) plan.Expr {
	out := &plan.RowExpr{T: plan.T{Typ: types.Record, Mod: -1}}
	for _, a := range e.Args {
		if isStar(a) {
			for _, t := range b.expandArgs([]ast.Expr{a}) {
				out.Args, out.At = append(out.Args, t.e), append(out.At, t.pos)
			}
			continue
		}
		out.Args, out.At = append(out.Args, b.expr(a)), append(out.At, exprLoc(a))
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
	return out
}

// isArrayElem tells whether elements of a type make an array of more
// dimensions; vectors are arrays that are elements as they are.
func isArrayElem(t *types.Type) bool { return t.IsArray() && !t.IsVector() }

func (b *binder) indirection(e *ast.Indirection) plan.Expr {
	x := b.expr(e.Arg)
	for i := 0; i < len(e.Path); i++ {
		s := e.Path[i]
		switch s.Kind {
		case ast.SelectField:
			if x.Type() == types.Unknown {
				x = b.p.coerceType(arg{x, exprLoc(e.Arg)}, types.Text, -1, builtin.Implicit, true)
			}
			if ref, ok := e.Arg.(*ast.ColumnRef); ok && i == 0 {
				x = b.fieldOfColumn(x, s.Field, ref)
			} else {
				x = b.fieldOf(x, s.Field, exprLoc(e.Arg))
			}
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
