package ddl

import (
	"slices"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
)

// Definitions that call a function are stored as text, which names it: when it gets another
// name or schema, they are written anew. PostgreSQL keeps its number in them.

// callers are the definitions that call a function by name.
type callers struct {
	c     *Ctx
	f     *catalog.Function
	users []target
	err   error
}

// callersOf finds what calls a function by name. together are functions that get another name
// or schema with it.
func (c *Ctx) callersOf(f *catalog.Function, together []*catalog.Function) (*callers, error) {
	w := &callers{c: c, f: f}
	c.dependentsOfFunction(f, func(t target, _ bool) {
		byNumber := t.trigger != nil && t.trigger.Function == f.OID && t.trigger.When == "" || t.fn != nil && t.fn.Aggregate != nil
		if !byNumber {
			w.users = append(w.users, t)
		}
	})
	for _, t := range w.users {
		if err := w.nameTells(t, together); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// putRenamedFunction stores a function that has another name or is in another schema, and what
// calls it by name.
func (c *Ctx) putRenamedFunction(f, next *catalog.Function, together []*catalog.Function) error {
	w, err := c.callersOf(f, together)
	if err != nil {
		return err
	}
	if err := c.put(next); err != nil {
		return err
	}
	if err := w.restate(); err != nil {
		return err
	}
	var views []*viewText
	for _, t := range w.users {
		if t.isView() {
			tree, err := parseQuery(t.table.View.Query)
			if err != nil {
				return err
			}
			v := &viewText{view: t.table, tree: tree}
			if err := w.restateView(v); err != nil {
				return err
			}
			views = append(views, v)
		}
	}
	return c.storeViews(views)
}

// isView tells whether t is a view as a whole.
func (t target) isView() bool {
	return t.table != nil && t.table.View != nil && t.deflt == 0 && t.trigger == nil && t.index == nil
}

// nameTells refuses what cannot be told apart by name: which of several functions of one name a
// definition calls.
func (w *callers) nameTells(t target, together []*catalog.Function) error {
	others := len(builtin.Funcs(w.f.Name)) > 0
	for _, g := range w.c.snap().Functions() {
		others = others || g.Name == w.f.Name && g.OID != w.f.OID && !slices.Contains(together, g)
	}
	if !others {
		return nil
	}
	return pgerr.Unsupported("cannot rename function %s: %s depends on it, or on another function of its name", w.c.functionText(w.f), w.c.describe(t)).
		WithHint("Drop what depends on the function, or replace it, and make it again afterwards.")
}

// restateView writes the function's name as it is now into a view that calls it.
func (w *callers) restateView(v *viewText) error {
	if slices.ContainsFunc(w.users, func(t target) bool { return t.isView() && t.table.OID == v.view.OID }) {
		w.query(v.tree)
	}
	return w.err
}

// query writes the function's name as it is now into a query. Columns and items of FROM that are
// called as it was still are.
func (w *callers) query(n ast.Node) {
	now := w.c.snap().Function(w.f.OID)
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ResTarget:
			if n.Name == "" && n.Value != nil && planner.NameOf(n.Value) == w.f.Name {
				n.Name = w.f.Name
			}
		case *ast.RangeFunction:
			for _, item := range n.Functions {
				switch {
				case !w.calls(item.Func):
				case len(n.Functions) > 1:
					w.err = pgerr.Unsupported("renaming function %s is not supported while ROWS FROM calls it in a definition", w.c.functionText(w.f))
				case n.Alias == nil:
					n.Alias = &ast.Alias{At: n.At, Name: w.f.Name}
				}
			}
		}
		return true
	})
	ast.Walk(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.FuncCall); ok && w.calls(call) {
			call.Name = []string{now.Schema.Name, now.Name}
		}
		return true
	})
}

func (w *callers) calls(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCall)
	return ok && call.Name[len(call.Name)-1] == w.f.Name
}

// restate writes the function's name as it is now into what calls it and is no view.
func (w *callers) restate() error {
	for _, t := range w.users {
		if err := w.restateUser(t); err != nil {
			return err
		}
	}
	return w.err
}

func (w *callers) restateUser(t target) error {
	c := w.c
	now := c.snap().Function(w.f.OID)
	text := func(s string) string { return catalog.RenameCalls(s, w.f, now) }
	switch {
	case t.isView():
		return nil
	case t.fn != nil:
		return c.rewriteFunction(c.snap().Function(t.fn.OID), text, func(n ast.Node) bool { w.query(n); return true })
	case t.typ != nil:
		return c.rewriteType(c.snap().UserType(t.typ.OID), text)
	}
	return c.rewriteTable(c.snap().Table(t.table.OID), text)
}
