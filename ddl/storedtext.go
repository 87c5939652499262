package ddl

import (
	"slices"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/planner"
)

// Definitions are stored as text. When something that they name gets another name or schema, their
// texts are written anew: of functions that they call (callers), and of types (retyping).

// eachStored visits all stored expressions of a table, a copy: those of eachExpr, defaults, and
// conditions of triggers.
func eachStored(t *catalog.Table, visit func(text *string)) {
	eachExpr(t, func(text *string, _ planner.Place, _ *catalog.Column) { visit(text) })
	for i := range t.Columns {
		visit(&t.Columns[i].Default)
	}
	for _, tr := range t.Triggers {
		visit(&tr.When)
	}
}

// rewriting makes text something that changes a string in place, and tells of changes.
func rewriting(text func(string) string, changed *bool) func(*string) {
	return func(s *string) {
		if now := text(*s); now != *s {
			*s, *changed = now, true
		}
	}
}

// rewriteTable stores a table, if text changes any of its expressions.
func (c *Ctx) rewriteTable(t *catalog.Table, text func(string) string) error {
	cp, changed := clone(t), false
	eachStored(cp, rewriting(text, &changed))
	if !changed {
		return nil
	}
	return c.put(cp)
}

// rewriteType stores a type, if text changes its default or a check.
func (c *Ctx) rewriteType(u *catalog.UserType, text func(string) string) error {
	cp, changed := *u, false
	rewrite := rewriting(text, &changed)
	rewrite(&cp.Default)
	cp.Checks = slices.Clone(u.Checks)
	for i, k := range u.Checks {
		check := *k
		rewrite(&check.Expr)
		cp.Checks[i] = &check
	}
	if !changed {
		return nil
	}
	return c.put(&cp)
}

// rewriteFunction stores a function, if text changes a default of its parameters or query a
// statement of its body, of which it tells.
func (c *Ctx) rewriteFunction(f *catalog.Function, text func(string) string, query func(ast.Node) (changed bool)) error {
	cp, changed := *f, false
	rewrite := rewriting(text, &changed)
	cp.Params = slices.Clone(f.Params)
	for i := range cp.Params {
		rewrite(&cp.Params[i].Default)
	}
	cp.Body = slices.Clone(f.Body)
	for i := range cp.Body {
		stmts, err := parser.Parse(cp.Body[i])
		if err != nil {
			return err
		}
		if query(stmts[0].Stmt) {
			cp.Body[i], changed = ast.Format(stmts[0].Stmt), true
		}
	}
	if !changed {
		return nil
	}
	return c.put(&cp)
}
