package planner

import (
	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Assignment to a part of a column, SET a[2] = …: the column gets its old
// value with the part replaced, so several parts of one column make a chain
// of calls, each on the value the one before gives.

// store is a part of a column to be assigned to.
type store struct {
	c     *catalog.Column
	t     *types.Type // the column's, without domains
	part  *types.Type // what is assigned
	slice bool
	fn    *builtin.Func
	index []plan.Expr // the call's arguments after the old value and the part
	pos   int
}

// storeTarget binds the subscripts of an assignment's target.
func (p *planner) storeTarget(q *query, c *catalog.Column, ct *ast.ColumnTarget) *store {
	for _, s := range ct.Path {
		switch s.Kind {
		case ast.SelectField:
			if !isRowType(c.Type.Under()) && len(ct.Path) > 0 && ct.Path[0] == s {
				fail(ct.Pos(), pgerr.DatatypeMismatch, "cannot assign to field %q of column %q because its type %s is not a composite type", s.Field, c.Name, typeName(c.Type))
			}
			bail(pgerr.Unsupported("assigning to a field of column %q is not supported", c.Name).At(ct.Pos()))
		case ast.SelectStar:
			fail(ct.Pos(), pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		}
	}
	b := &binder{p: p, q: q, kind: q.clause}
	base := nullOf(c.Type, c.Typmod)
	x, ok := b.subscripts(base, ct.Path, ct.Pos()).(*plan.Subscript)
	if !ok {
		bail(pgerr.Unsupported("assigning to an element of column %q is not supported", c.Name).At(ct.Pos()))
	}
	s := &store{c: c, t: c.Type.Under(), slice: x.Slice, pos: ct.Pos()}
	if s.t == types.JSONB {
		s.part = types.JSONB
		intFirst := false
		for i, ix := range x.Index {
			isInt := ix.Upper.Type() == types.Int4
			intFirst = intFirst || i == 0 && isInt
			if isInt {
				ix.Upper = p.coerceType(arg{ix.Upper, ct.Pos()}, types.Text, -1, builtin.Explicit, true)
			}
			s.index = append(s.index, ix.Upper)
		}
		s.fn = builtin.JSONBStore(len(x.Index), intFirst)
		return s
	}
	s.part = s.t.Elem
	if s.slice {
		s.part = s.t
	}
	bounds := make([]builtin.Bound, len(x.Index))
	for i, ix := range x.Index {
		bounds[i] = builtin.Bound{Lower: ix.Lower != nil, Upper: ix.Upper != nil}
		for _, e := range []plan.Expr{ix.Lower, ix.Upper} {
			if e == nil {
				e = nullOf(types.Int4, -1)
			}
			s.index = append(s.index, e)
		}
	}
	s.fn = builtin.ArrayStore(s.t, bounds, s.slice)
	return s
}

// value converts what is to be assigned to the part's type.
func (s *store) value(p *planner, a arg) plan.Expr {
	x := p.coerceTo(a, s.part, s.c.Typmod, builtin.Assignment, true)
	if x == nil {
		bail(pgerr.Newf(pgerr.DatatypeMismatch, "subscripted assignment to %q requires type %s but expression is of type %s", s.c.Name, typeName(s.part), typeName(a.e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(s.pos))
	}
	return x
}

// whole gives the column's new value from its old one and the part.
func (s *store) whole(p *planner, old, part plan.Expr) plan.Expr {
	if old.Type() != s.t {
		old = &plan.Relabel{T: plan.T{Typ: s.t, Mod: old.Typmod()}, Arg: old, Implicit: true}
	}
	args := append([]plan.Expr{old, part}, s.index...)
	x := &plan.Call{T: plan.T{Typ: s.t, Mod: s.c.Typmod}, Fn: s.fn, Args: args, Pos: s.pos}
	return p.assign(arg{p.fold(x), s.pos}, s.c)
}

// storeColumns puts what INSERT's columns with subscripts are given together:
// the source's columns in, the table's out.
func (p *planner) storeColumns(in rel, cols []*catalog.Column, stores []*store, ids []colID) (rel, []*catalog.Column, []colID) {
	proj := &lProject{in: in}
	at := map[int16]int{}
	var outCols []*catalog.Column
	for i, c := range cols {
		k, seen := at[c.Attnum]
		if !seen {
			k = len(proj.items)
			at[c.Attnum] = k
			outCols = append(outCols, c)
			var x plan.Expr = p.col(ids[i])
			if stores[i] != nil {
				x = nullOf(c.Type, c.Typmod)
			}
			proj.items = append(proj.items, projItem{expr: x})
		}
		if stores[i] != nil {
			proj.items[k].expr = stores[i].whole(p, proj.items[k].expr, p.col(ids[i]))
		}
	}
	var out []colID
	for i := range proj.items {
		proj.items[i].id = p.newCol(outCols[i].Name, outCols[i].Type, outCols[i].Typmod)
		out = append(out, proj.items[i].id)
	}
	return proj, outCols, out
}

// oldValue is a column's value before the change, for UPDATE.
func (p *planner) oldValue(q *query, t *catalog.Table, c *catalog.Column) plan.Expr {
	for _, it := range q.items {
		if it.scan == nil || it.scan.table != t {
			continue
		}
		for i := range t.Columns {
			if t.Columns[i].Attnum == c.Attnum {
				return p.col(it.scan.base + i)
			}
		}
	}
	bail(pgerr.Unsupported("assigning to an element or field of column %q is not supported here", c.Name))
	return nil
}
