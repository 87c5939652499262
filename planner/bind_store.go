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
	mod   int32
	steps []storeStep // from the column to the part
	pos   int
}

// storeStep goes into a value: to one of its fields, or to elements of an array.
type storeStep struct {
	in    *types.Type // the value gone into, without domains
	field int         // its field, -1: elements
	fn    *builtin.Func
	index []plan.Expr // the call's arguments after the old value and the part
	sub   *plan.Subscript
}

// storeTarget binds the path of an assignment's target.
func (p *planner) storeTarget(q *query, c *catalog.Column, ct *ast.ColumnTarget) *store {
	s := &store{c: c, t: c.Type.Under(), part: c.Type, mod: c.Typmod, pos: ct.Pos()}
	for path := ct.Path; len(path) > 0; {
		in := s.part.Under()
		switch path[0].Kind {
		case ast.SelectStar:
			fail(ct.Pos(), pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		case ast.SelectField:
			name := path[0].Field
			if in.Kind != types.KindComposite {
				fail(ct.Pos(), pgerr.DatatypeMismatch, "cannot assign to field %q of column %q because its type %s is not a composite type", name, c.Name, typeName(s.part))
			}
			at := -1
			for i, f := range in.Fields {
				if f.Name == name {
					at = i
				}
			}
			if at < 0 {
				fail(ct.Pos(), pgerr.UndefinedColumn, "cannot assign to field %q of column %q because there is no such column in data type %s", name, c.Name, typeName(s.part))
			}
			s.steps = append(s.steps, storeStep{in: in, field: at, fn: builtin.FieldStore(in, at)})
			s.part, s.mod = in.Fields[at].Type, in.Fields[at].Typmod
			path = path[1:]
		default:
			n := 1
			for n < len(path) && path[n].Kind != ast.SelectField && path[n].Kind != ast.SelectStar {
				n++
			}
			p.storeElements(q, s, in, path[:n])
			path = path[n:]
		}
	}
	return s
}

// storeElements adds the step to an array's elements, or to a part of a jsonb.
func (p *planner) storeElements(q *query, s *store, in *types.Type, path []*ast.Selector) {
	b := &binder{p: p, q: q, kind: q.clause}
	if in.Part() != nil {
		st := storeStep{in: in, field: -1}
		var slice bool
		if st.index, slice = b.fixedIndexes(path); !slice {
			s.part = in.Part()
		}
		st.fn = builtin.FixedStore(in, len(st.index), slice)
		s.steps = append(s.steps, st)
		return
	}
	x := b.subscripts(nullOf(s.part, s.mod), path, s.pos).(*plan.Subscript)
	st := storeStep{in: in, field: -1, sub: x}
	if in == types.JSONB {
		s.part = types.JSONB
		intFirst := false
		for i, ix := range x.Index {
			isInt := ix.Upper.Type() == types.Int4
			intFirst = intFirst || i == 0 && isInt
			if isInt {
				ix.Upper = p.coerceType(arg{ix.Upper, s.pos}, types.Text, -1, builtin.Explicit, true)
			}
			st.index = append(st.index, ix.Upper)
		}
		st.fn = builtin.JSONBStore(len(x.Index), intFirst)
		s.steps = append(s.steps, st)
		return
	}
	if in.IsVector() {
		fail(s.pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(in.Elem.Array), typeName(in))
	}
	s.part = in.Elem
	if x.Slice {
		s.part = in
	}
	bounds := make([]builtin.Bound, len(x.Index))
	for i, ix := range x.Index {
		bounds[i] = builtin.Bound{Lower: ix.Lower != nil, Upper: ix.Upper != nil}
		for _, e := range []plan.Expr{ix.Lower, ix.Upper} {
			if e == nil {
				e = nullOf(types.Int4, -1)
			}
			st.index = append(st.index, e)
		}
	}
	st.fn = builtin.ArrayStore(in, bounds, x.Slice)
	s.steps = append(s.steps, st)
}

// value converts what is to be assigned to the part's type.
func (s *store) value(p *planner, a arg) plan.Expr {
	x := p.coerceTo(a, s.part, s.mod, builtin.Assignment, true)
	if x == nil && s.steps[len(s.steps)-1].field >= 0 {
		last := s.steps[len(s.steps)-1]
		bail(pgerr.Newf(pgerr.DatatypeMismatch, "subfield %q is of type %s but expression is of type %s", last.in.Fields[last.field].Name, typeName(s.part), typeName(a.e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(s.pos))
	}
	if x == nil {
		bail(pgerr.Newf(pgerr.DatatypeMismatch, "subscripted assignment to %q requires type %s but expression is of type %s", s.c.Name, typeName(s.part), typeName(a.e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(s.pos))
	}
	return x
}

// whole gives the column's new value from its old one and the part.
func (s *store) whole(p *planner, old, part plan.Expr) plan.Expr {
	// A domain's constraints are for the value with all its parts assigned.
	if d, ok := old.(*plan.CoerceDomain); ok && len(d.Inside) == 0 {
		old = d.Arg
	}
	return p.assign(arg{p.derived(s.replaced(p, 0, old, part)), s.pos}, s.c)
}

// replaced gives a value with the part that steps[k:] lead to replaced.
func (s *store) replaced(p *planner, k int, old, part plan.Expr) plan.Expr {
	st := s.steps[k]
	if old.Type() != st.in {
		old = &plan.Relabel{T: plan.T{Typ: st.in, Mod: old.Typmod()}, Arg: old, Implicit: true}
	}
	if k+1 < len(s.steps) {
		var inner plan.Expr
		var inType *types.Type
		if st.field >= 0 {
			f := st.in.Fields[st.field]
			inner, inType = &plan.FieldSelect{T: plan.T{Typ: f.Type, Mod: f.Typmod}, Arg: old, Idx: st.field, Name: f.Name}, f.Type
		} else {
			sub := *st.sub
			sub.Arg = old
			inner, inType = &sub, st.in.Elem
		}
		part = s.replaced(p, k+1, inner, part)
		if inType != nil && !sameType(part.Type(), inType) {
			part = p.coerceTo(arg{part, s.pos}, inType, -1, builtin.Assignment, true)
		}
	}
	args := append([]plan.Expr{old, part}, st.index...)
	return &plan.Call{T: plan.T{Typ: st.in, Mod: -1}, Fn: st.fn, Args: args, Pos: s.pos}
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
