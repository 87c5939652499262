package planner

import (
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// What WITH RECURSIVE may say: seed UNION [ALL] step, where the step names the
// query once, at a place where each of its rows counts by itself (that is:
// not where absence of a row matters, as in a subquery or an outer join).

// checkRecursion judges a recursive WITH query by its syntax.
func checkRecursion(c *ast.CTE, s *ast.SelectStmt) {
	if s.Op != ast.Union {
		fail(c.Pos(), pgerr.InvalidRecursion, "recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", c.Name)
	}
	w := selfRefs{name: c.Name}
	if s.With != nil {
		w.context = "a subquery"
		for _, inner := range s.With.CTEs {
			w.walk(inner.Query)
		}
	}
	switch {
	case len(s.OrderBy) > 0:
		fail(exprLoc(s.OrderBy[0].Expr), pgerr.FeatureNotSupported, "ORDER BY in a recursive query is not implemented")
	case s.Offset != nil:
		fail(exprLoc(s.Offset), pgerr.FeatureNotSupported, "OFFSET in a recursive query is not implemented")
	case s.Limit != nil:
		fail(exprLoc(s.Limit), pgerr.FeatureNotSupported, "LIMIT in a recursive query is not implemented")
	case len(s.Locking) > 0:
		fail(-1, pgerr.FeatureNotSupported, "FOR UPDATE/SHARE in a recursive query is not implemented")
	}
	w = selfRefs{name: c.Name, context: "its non-recursive term"}
	w.walk(s.Left)
	w = selfRefs{name: c.Name}
	w.walk(s.Right)
}

// refersToItself tells whether a WITH query names itself.
func refersToItself(c *ast.CTE) bool {
	w := selfRefs{name: c.Name, tolerant: true}
	w.walk(c.Query)
	return w.count > 0
}

// selfRefs looks for references to a WITH query in its own text.
type selfRefs struct {
	name     string
	context  string // where a reference is wrong: "must not appear within …"; "" where it is right
	count    int
	tolerant bool // only count
	hidden   int  // inner WITH clauses in scope that define the name anew
}

func (w *selfRefs) walk(n ast.Node) {
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeVar:
			if n.Schema == "" && n.Name == w.name && w.hidden == 0 {
				w.found(n)
			}
			return false
		case *ast.WithClause:
			return false // walked from its statement
		case *ast.SelectStmt:
			if n.With != nil {
				defer w.enter(n.With)()
			}
			if w.context == "" && (n.Op == ast.Except || n.Op == ast.Intersect) {
				w.setOperation(n)
				return false
			}
			w.children(n)
			return false
		case *ast.InsertStmt:
			if n.With != nil {
				defer w.enter(n.With)()
				w.children(n)
				return false
			}
		case *ast.UpdateStmt:
			if n.With != nil {
				defer w.enter(n.With)()
				w.children(n)
				return false
			}
		case *ast.DeleteStmt:
			if n.With != nil {
				defer w.enter(n.With)()
				w.children(n)
				return false
			}
		case *ast.JoinExpr:
			w.within("an outer join", n.Kind == ast.JoinRight || n.Kind == ast.JoinFull, n.Left)
			w.within("an outer join", n.Kind == ast.JoinLeft || n.Kind == ast.JoinFull, n.Right)
			if n.On != nil {
				w.walk(n.On)
			}
			return false
		case *ast.SubLink:
			if n.Test != nil {
				w.walk(n.Test)
			}
			old := w.context
			w.context = "a subquery"
			w.walk(n.Query)
			w.context = old
			return false
		}
		return true
	})
}

func (w *selfRefs) found(rv *ast.RangeVar) {
	w.count++
	switch {
	case w.tolerant:
	case w.context != "":
		fail(rv.Pos(), pgerr.InvalidRecursion, "recursive reference to query %q must not appear within %s", w.name, w.context)
	case w.count > 1:
		fail(rv.Pos(), pgerr.InvalidRecursion, "recursive reference to query %q must not appear more than once", w.name)
	}
}

// children walks what is in n, but not n itself.
func (w *selfRefs) children(n ast.Node) {
	self := true
	ast.Walk(n, func(c ast.Node) bool {
		if self {
			self = false
			return true
		}
		w.walk(c)
		return false
	})
}

// enter walks an inner WITH; the function it gives leaves its scope.
func (w *selfRefs) enter(with *ast.WithClause) (leave func()) {
	old := w.hidden
	defines := false
	for _, c := range with.CTEs {
		defines = defines || c.Name == w.name
	}
	if with.Recursive && defines {
		w.hidden++
	}
	for _, c := range with.CTEs {
		w.walk(c.Query)
		if c.Name == w.name {
			w.hidden++
		}
	}
	return func() { w.hidden = old }
}

func (w *selfRefs) within(context string, is bool, n ast.Node) {
	old := w.context
	if is && old == "" {
		w.context = context
	}
	w.walk(n)
	w.context = old
}

// setOperation: EXCEPT asks what its right side lacks, ALL counts.
func (w *selfRefs) setOperation(n *ast.SelectStmt) {
	if n.Op == ast.Intersect {
		w.within("INTERSECT", n.All, n.Left)
		w.within("INTERSECT", n.All, n.Right)
	} else {
		w.within("EXCEPT", n.All, n.Left)
		w.within("EXCEPT", true, n.Right)
	}
	for _, k := range n.OrderBy {
		w.within("a subquery", true, k.Expr)
	}
}
