package planner

import (
	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Assignments of a procedural language: expressions converted to a variable's
// type, or put into a part of its value.

// PartAssignment makes a query's one column the new value of a variable of
// which a part is assigned to.
type PartAssignment struct {
	Name    string
	Type    *types.Type
	Mod     int32
	Current Variable
	Path    []*ast.Selector
}

// assignPart puts the query's column into the part.
func (p *planner) assignPart(bd *bound, a *PartAssignment) {
	c := &catalog.Column{Name: a.Name, Type: a.Type, TypeOID: a.Type.OID, Typmod: a.Mod}
	q := &query{depth: 1, clause: inUpdateSet}
	s := p.storeTarget(q, c, &ast.ColumnTarget{At: -1, Name: a.Name, Path: a.Path})
	current := p.variableParam(a.Current)
	conv := func(x arg) plan.Expr { return s.whole(p, current, s.value(p, x)) }
	// give the column a type that it surely has not, so that the conversion is made
	id := bd.cols[0].id
	e := conv(arg{p.col(id), -1})
	if p.cols[id].typ == types.Unknown && bd.proj != nil && len(bd.proj.items) > 0 && bd.proj.items[0].id == id {
		e = conv(arg{bd.proj.items[0].expr, -1})
		bd.proj.items[0].expr = e
		p.cols[id].typ, p.cols[id].mod = e.Type(), e.Typmod()
		return
	}
	out := p.newCol(a.Name, e.Type(), e.Typmod())
	bd.rel, bd.proj = &lProject{in: bd.rel, items: []projItem{{out, e}}}, nil
	bd.cols = bd.cols[:1]
	bd.cols[0].id = out
}

// ConvertParam binds the conversion of parameter $1 from one type to another
// as an assignment of a procedural language makes it: by way of the text form
// if there is no cast.
func ConvertParam(r Request, from *types.Type, to *types.Type, mod int32) (e plan.Expr, err error) {
	defer caught(&err)
	if from == types.Unknown {
		from = types.Text
	}
	p := newPlanner(&r)
	p.params = []*types.Type{from}
	x := &plan.Param{T: plan.T{Typ: from, Mod: -1}, Num: 1}
	return p.assignConvert(arg{x, -1}, to, mod), nil
}

// assignConvert converts a value as an assignment, through its text form if need be.
func (p *planner) assignConvert(a arg, to *types.Type, mod int32) plan.Expr {
	if isRowType(to.Under()) && a.e.Type().OID == types.Record.OID {
		return p.coerceTo(a, to, mod, builtin.Explicit, true)
	}
	if canCoerce(a.e.Type(), to, builtin.Assignment) {
		if x := p.coerceTo(a, to, mod, builtin.Assignment, true); x != nil {
			return x
		}
	}
	x := p.ioConvert(a.e, to.Under(), a.pos, true)
	if mod >= 0 {
		x = p.coerceTypmod(x, mod, builtin.Assignment, true, a.pos)
	}
	if to.Kind == types.KindDomain {
		x = p.toDomain(x, to, true, a.pos, builtin.Assignment)
	}
	return x
}
