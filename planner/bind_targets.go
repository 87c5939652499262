package planner

import (
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
)

// targetList binds the select list, stars expanded.
func (b *binder) targetList(list []*ast.ResTarget) []target {
	out := make([]target, 0, len(list))
	for _, t := range list {
		switch e := t.Value.(type) {
		case *ast.ColumnRef:
			if e.Star {
				out = append(out, b.expandStar(e)...)
				continue
			}
		case *ast.Indirection:
			if e.Path[len(e.Path)-1].Kind == ast.SelectStar {
				out = append(out, b.expandRow(e)...)
				continue
			}
		}
		name := t.Name
		if name == "" {
			name = columnName(t.Value)
		}
		out = append(out, target{name: name, expr: b.expr(t.Value), pos: exprLoc(t.Value), id: noCol})
	}
	return out
}

// expandStar expands * and t.*.
func (b *binder) expandStar(e *ast.ColumnRef) []target {
	p := b.p
	var out []target
	if n := p.names(); n != nil {
		n.Stars[e] = nil // it may be bound more than once
	}
	add := func(it *rangeItem, lv *query) {
		for _, c := range it.cols {
			if !c.hidden {
				if n := p.names(); n != nil {
					n.Stars[e] = append(n.Stars[e], p.nameOf(b.q, c, lv))
				}
				out = append(out, target{name: c.name, expr: b.use(found{c.expr, lv}, e.Pos()), pos: e.Pos(), id: noCol})
			}
		}
	}
	if len(e.Fields) == 0 {
		any := false
		if b.q != nil {
			for _, it := range b.q.items {
				if it.colsVisible {
					any = true
					add(it, b.q)
				}
			}
		}
		if !any {
			fail(e.Pos(), pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return out
	}
	schema, name := "", e.Fields[len(e.Fields)-1]
	if len(e.Fields) > 1 {
		schema = e.Fields[len(e.Fields)-2]
	}
	it, lv := p.lookupTable(b.q, schema, name, e.Pos())
	if it == nil {
		if schema == "" {
			if fd, ok := p.lookupColumn(b.q, name, e.Pos()); ok && isRowType(fd.expr.Type().Under()) {
				return b.fieldsOf(b.use(fd, e.Pos()), e.Pos())
			}
		}
		if out, ok := b.variableStar(e.Fields, e.Pos()); ok {
			return out
		}
		if x := b.variable(e.Fields, e.Pos()); x != nil && isRowType(x.Type().Under()) {
			return b.fieldsOf(x, e.Pos())
		}
		p.missingTable(b.q, schema, name, e.Pos())
	}
	add(it, lv)
	return out
}

// expandRow expands (row).*.
func (b *binder) expandRow(e *ast.Indirection) []target {
	c := *e
	c.Path = e.Path[:len(e.Path)-1]
	var x plan.Expr
	if len(c.Path) == 0 {
		x = b.expr(e.Arg)
	} else {
		x = b.indirection(&c)
	}
	return b.fieldsOf(x, exprLoc(e))
}

func (b *binder) fieldsOf(x plan.Expr, pos int) []target {
	var out []target
	if r, ok := b.p.rowOf(x); ok {
		for i, f := range r.Fields {
			out = append(out, target{name: f.Name, expr: r.Args[i], pos: pos, id: noCol})
		}
		return out
	}
	fields := b.p.fieldsOfRows(x)
	if c, ok := x.(*plan.Col); ok && fields == nil {
		for _, s := range b.q.srfs {
			if s.item.id == c.Idx {
				fields = s.item.expr.(*plan.Call).Fn.Out
			}
		}
	}
	if fields == nil {
		if !isRowType(x.Type().Under()) {
			fail(-1, pgerr.WrongObjectType, "type %s is not composite", typeName(x.Type()))
		}
		fail(pos, pgerr.DatatypeMismatch, "record type has not been registered")
	}
	for i, f := range fields {
		out = append(out, target{name: f.Name, expr: &plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: x, Idx: i, Name: f.Name}, pos: pos, id: noCol})
	}
	return out
}

// findTarget finds the select-list item an ORDER BY, GROUP BY or DISTINCT ON
// item means: by name, by number, or by expression (added if new).
func (b *binder) findTarget(targets *[]target, visible int, e ast.Expr, clause string, groupBy bool) int {
	p := b.p
	if c, ok := e.(*ast.ColumnRef); ok && len(c.Fields) == 1 && !c.Star {
		name := c.Fields[0]
		skip := false
		if groupBy {
			local := *b.q
			local.up = nil
			if _, ok := p.lookupColumn(&local, name, c.Pos()); ok {
				skip = true
			}
		}
		if !skip {
			hit := -1
			for i := 0; i < visible; i++ {
				t := &(*targets)[i]
				if t.name != name {
					continue
				}
				if hit >= 0 && !equalExprs((*targets)[hit].expr, t.expr) {
					fail(c.Pos(), pgerr.AmbiguousColumn, "%s %q is ambiguous", clause, name)
				}
				if hit < 0 {
					hit = i
				}
			}
			if hit >= 0 {
				return hit
			}
		}
	}
	if c, ok := e.(*ast.Const); ok {
		if c.Kind != ast.ConstInt {
			fail(c.Pos(), pgerr.SyntaxError, "non-integer constant in %s", clause)
		}
		if c.Int < 1 || int(c.Int) > visible {
			fail(c.Pos(), pgerr.InvalidColumnReference, "%s position %d is not in select list", clause, c.Int)
		}
		return int(c.Int) - 1
	}
	x := b.expr(e)
	for i := range *targets {
		if t := &(*targets)[i]; equalExprs(t.expr, x) {
			return i
		}
	}
	*targets = append(*targets, target{name: "?column?", expr: x, pos: exprLoc(e), junk: true, id: noCol})
	return len(*targets) - 1
}

// columnName is the name PostgreSQL gives an output column without AS.
func columnName(e ast.Expr) string {
	if n := nameOf(e); n != "" {
		return n
	}
	return "?column?"
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		if len(e.Fields) > 0 {
			return e.Fields[len(e.Fields)-1]
		}
	case *ast.FuncCall:
		return e.Name[len(e.Name)-1]
	case *ast.TypeCast:
		// a cast of a cast is named by the outer type
		if n := nameOf(e.Arg); n != "" && !weakName(e.Arg) {
			return n
		}
		return e.Type.Names[len(e.Type.Names)-1]
	case *ast.CollateExpr:
		return nameOf(e.Arg)
	case *ast.Indirection:
		for i := len(e.Path) - 1; i >= 0; i-- {
			if e.Path[i].Kind == ast.SelectField {
				return e.Path[i].Field
			}
		}
		return nameOf(e.Arg)
	case *ast.CaseExpr:
		if e.Else != nil {
			if n := nameOf(e.Else); n != "" && !weakName(e.Else) {
				return n
			}
		}
		return "case"
	case *ast.CoalesceExpr:
		return "coalesce"
	case *ast.MinMaxExpr:
		if e.Least {
			return "least"
		}
		return "greatest"
	case *ast.NullIfExpr:
		return "nullif"
	case *ast.ArrayExpr:
		return "array"
	case *ast.RowExpr:
		return "row"
	case *ast.GroupingFunc:
		return "grouping"
	case *ast.SQLValueFunction:
		return [...]string{"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
			"current_role", "current_user", "user", "session_user", "current_catalog", "current_schema"}[e.Func]
	case *ast.SubLink:
		switch e.Kind {
		case ast.SubExists:
			return "exists"
		case ast.SubArray:
			return "array"
		case ast.SubExpr:
			s := e.Query
			for s.Op != ast.SetNone {
				s = s.Left
			}
			if s.Values != nil {
				return "column1"
			}
			if len(s.Targets) > 0 {
				if s.Targets[0].Name != "" {
					return s.Targets[0].Name
				}
				return columnName(s.Targets[0].Value)
			}
		}
	}
	return ""
}

// weakName tells whether an expression's name is only a fallback (a type's).
func weakName(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.TypeCast:
		return nameOf(e.Arg) == "" || weakName(e.Arg)
	case *ast.CaseExpr:
		return e.Else == nil || nameOf(e.Else) == "" || weakName(e.Else)
	case *ast.CollateExpr:
		return weakName(e.Arg)
	case *ast.Indirection:
		for _, s := range e.Path {
			if s.Kind == ast.SelectField {
				return false
			}
		}
		return weakName(e.Arg)
	}
	return false
}

func qualifiedName(schema, name string) string {
	if schema == "" {
		return name
	}
	return schema + "." + name
}
