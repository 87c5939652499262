package planner

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Functions that users made: which ones a name means beside the built-in ones,
// and names that stand for a running function's variables.

// Variables are names that a query may use besides those of columns: the
// parameters of a function, the variables of a block. Each stands for a
// parameter of the plan.
type Variables interface {
	// Find tells what a dotted name means; ok false: nothing here.
	Find(name []string) (v Variable, ok bool)
	// ColumnsWin tells that a name that means a column, too, means that; else
	// such a name is ambiguous.
	ColumnsWin() bool
	// Row gives the fields of the record that name.* stands for.
	Row(name []string) ([]VariableField, bool)
	// Param tells what $n means; ok false: the parameter of that number.
	Param(n int) (v Variable, ok bool)
}

// Variable is what a name stands for: parameter Num of the plan. Used is the
// number of parts of the name that it took; the others are fields of the value.
type Variable struct {
	Num  int
	Type *types.Type
	Mod  int32
	Used int
}

// VariableField is one field of a record variable.
type VariableField struct {
	Name string
	Var  Variable
}

// functions lists what a function's written name may mean, in the order of the
// search path. A function hides those of later schemas with the same arguments.
func (p *planner) functions(name []string) []*builtin.Func {
	last := name[len(name)-1]
	if len(name) > 1 {
		schema := name[len(name)-2]
		if schema == "pg_catalog" {
			return builtin.Funcs(last)
		}
		p.usableSchema(schema, -1)
		fns := builtin.Funcs(schema + "." + last)
		if schema == "pg_temp" {
			for _, s := range p.path {
				if strings.HasPrefix(s, "pg_temp_") {
					schema = s
				}
			}
		}
		for _, f := range p.snap.FunctionsNamed(p.snap.SchemaByName(schema), last) {
			fns = append(fns[:len(fns):len(fns)], f.Func)
		}
		return append(fns[:len(fns):len(fns)], p.snap.Constructors(p.snap.SchemaByName(schema), last)...)
	}
	fns := builtin.Funcs(last)
	if p.snap.HasConstructors() {
		for _, schema := range p.path {
			fns = append(fns[:len(fns):len(fns)], p.snap.Constructors(p.snap.SchemaByName(schema), last)...)
		}
	}
	if !p.snap.HasFunctions() {
		return fns
	}
	built := len(fns)
	for _, schema := range p.path {
		if strings.HasPrefix(schema, "pg_temp") {
			continue // functions there are found only by their qualified names
		}
		for _, f := range p.snap.FunctionsNamed(p.snap.SchemaByName(schema), last) {
			if at := sameArgs(fns, f.Func); at < 0 {
				fns = append(fns[:len(fns):len(fns)], f.Func)
			} else if at < built && p.pathHasCatalog && p.before(schema, "pg_catalog") {
				fns = append([]*builtin.Func(nil), fns...)
				fns[at] = f.Func
			}
		}
	}
	return fns
}

// before tells whether one schema comes before another in the search path.
func (p *planner) before(a, b string) bool {
	for _, s := range p.path {
		if s == a || s == b {
			return s == a
		}
	}
	return false
}

func sameArgs(fns []*builtin.Func, f *builtin.Func) int {
	for i, g := range fns {
		if len(g.Args) == len(f.Args) && sameTypes(g.Args, f.Args) {
			return i
		}
	}
	return -1
}

// LookupFunctions lists the functions that a written name may mean.
func LookupFunctions(snap *catalog.Snapshot, path []string, name []string) []*builtin.Func {
	return newPlanner(&Request{Catalog: snap, SearchPath: path}).functions(name)
}

// userBound gives a user's function for a call with these arguments.
func (p *planner) userBound(f *builtin.Func, c *candidate, args []arg, exprs []plan.Expr, result *types.Type, pos int) *builtin.Func {
	u := f.User.(*catalog.Function)
	ts := make([]*types.Type, len(exprs))
	for i, x := range exprs {
		ts[i] = x.Type()
		if ts[i] == types.Unknown {
			ts[i] = types.Text
		}
	}
	out := f.Out
	for i, o := range out {
		if !isPolymorphic(o.Type) {
			continue
		}
		if i == 0 || &out[0] == &f.Out[0] {
			out = append([]types.Field(nil), f.Out...)
		}
		_, t, err := polymorphic(typesOf(args), c.args, o.Type)
		if err != nil {
			bail(err.At(pos))
		}
		out[i].Type = t
	}
	g := u.Bound(ts, result, out)
	if f.BindColumns != nil {
		g.BindColumns = func(columns []types.Field) *builtin.Func { return u.Bound(ts, types.Record, columns) }
	}
	p.functionUsed(u)
	return g
}

// functionUsed notes that the statement depends on a function.
func (p *planner) functionUsed(u *catalog.Function) {
	for _, oid := range p.routines {
		if oid == u.OID {
			return
		}
	}
	p.routines = append(p.routines, u.OID)
}

// userDefault binds the default of a user's function's argument.
func (p *planner) userDefault(u *catalog.Function, i int) plan.Expr {
	k := 0
	for j := range u.Params {
		q := &u.Params[j]
		if !q.In() && !(u.Kind == 'p' && q.Mode == 'o') {
			continue
		}
		if k == i {
			if q.Default == "" {
				return nullOf(q.Type, -1)
			}
			path := []string{"public"}
			if u.Schema != nil {
				path = []string{u.Schema.Name, "public"}
			}
			sub := newPlanner(&Request{Catalog: p.snap, SearchPath: append(path, p.req.SearchPath...), Env: p.env})
			r := &ExprRequest{Expr: parseExpr(q.Default), Place: ForDefault}
			if !isPolymorphic(q.Type) {
				r.Target, r.TargetMod, r.Column = q.Type, -1, q.Name
			}
			return sub.bindDefinition(r)
		}
		k++
	}
	return nullOf(types.Unknown, -1)
}

// variable reads a column reference as a variable.
func (b *binder) variable(name []string, pos int) plan.Expr {
	vars := b.p.req.Vars
	if vars == nil {
		return nil
	}
	v, ok := vars.Find(name)
	if !ok {
		return nil
	}
	e := b.p.variableParam(v)
	for _, f := range name[v.Used:] {
		e = b.fieldOf(e, f, pos)
	}
	return e
}

func (p *planner) variableParam(v Variable) plan.Expr {
	for len(p.params) < v.Num {
		p.params = append(p.params, nil)
	}
	p.params[v.Num-1] = v.Type
	return &plan.Param{T: plan.T{Typ: v.Type, Mod: v.Mod}, Num: v.Num}
}

// columnOrVariable settles a name that means a column (or FROM item) when it
// may mean a variable, too.
func (b *binder) columnOrVariable(name []string, pos int) {
	vars := b.p.req.Vars
	if vars == nil || vars.ColumnsWin() {
		return
	}
	if _, ok := vars.Find(name); ok {
		bail(pgerr.Newf(pgerr.AmbiguousColumn, "column reference %q is ambiguous", strings.Join(name, ".")).
			WithDetail("It could refer to either a PL/pgSQL variable or a table column.").At(pos))
	}
}

// variableStar expands v.* of a record variable.
func (b *binder) variableStar(name []string, pos int) ([]target, bool) {
	vars := b.p.req.Vars
	if vars == nil {
		return nil, false
	}
	fields, ok := vars.Row(name)
	if !ok {
		return nil, false
	}
	var out []target
	for _, f := range fields {
		out = append(out, target{name: f.Name, expr: b.p.variableParam(f.Var), pos: pos, id: noCol})
	}
	return out, true
}

// convertColumns converts a query's columns to types, as for an assignment.
func (p *planner) convertColumns(bd *bound, want []*types.Type, mods []int32, mismatch func(i int, have *types.Type) error) {
	for i, t := range want {
		mod := int32(-1)
		if mods != nil {
			mod = mods[i]
		}
		pos := -1
		if sel, ok := p.req.Stmt.(*ast.SelectStmt); ok {
			pos = targetPos(sel, i)
		}
		p.giveType(bd, i, t, mod, func(a arg) plan.Expr {
			if p.req.Lenient {
				return p.assignConvert(a, t, mod)
			}
			x := p.coerceTo(a, t, mod, builtin.Assignment, true)
			if x == nil {
				bail(mismatch(i, a.e.Type()))
			}
			return x
		}, pos)
	}
}

// BindCall binds the procedure and arguments of a CALL, and gives the types of $1 ….
func BindCall(req Request, f *ast.FuncCall) (c *plan.Call, params []*types.Type, err error) {
	defer caught(&err)
	p := newPlanner(&req)
	p.called = f
	b := &binder{p: p, kind: inCallArgs}
	c = b.funcCall(f).(*plan.Call)
	p.checkParams()
	return c, p.params, nil
}

// FindRoutine finds the function that a name means for argument types, and the
// type it returns for them; nil if there is none.
func FindRoutine(snap *catalog.Snapshot, path []string, name []string, args []*types.Type) (*builtin.Func, *types.Type) {
	p := newPlanner(&Request{Catalog: snap, SearchPath: path})
	fns := p.functions(name)
	for _, f := range fns { // what is declared alike, polymorphic types included
		if len(f.Args) == len(args) && sameTypes(f.Args, args) {
			return f, f.Result
		}
	}
	c, _ := findFunction(fns, args, nil, false)
	if c == nil {
		return nil, nil
	}
	for i, t := range args { // conversions would have to be made at every call
		if !sameType(c.args[i], t) && !isPolymorphic(c.args[i]) && c.args[i] != types.AnyType {
			return nil, nil
		}
	}
	_, result, err := polymorphic(args, c.args, c.fn.Result)
	if err != nil {
		return nil, nil
	}
	return c.fn, result
}
