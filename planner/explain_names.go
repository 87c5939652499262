package planner

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"rowkey/catalog"
	"rowkey/planner/plan"
)

// countRelations gives the relations of a plan the names they go by.
func (x *explainer) countRelations(n plan.Node) {
	walkNodes(n, func(n plan.Node) {
		alias, ok := aliasOf(n)
		if !ok {
			return
		}
		x.rels++
		switch n := n.(type) {
		case *plan.Scan:
			if n.Child {
				x.rels++ // the table named is one, too
				return
			}
		case *plan.Values:
			if several := n.Lit != nil && n.Lit[0].Len > 1 || len(n.RowsExprs) > 1; !several {
				return
			}
		}
		x.claim(n, alias)
	})
	x.qualify = x.rels > 1 || x.plan.Relations > 1
}

// aliasOf is what the statement calls the relation that a node reads; ok is false if it reads none.
func aliasOf(n plan.Node) (alias string, ok bool) {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Alias, true
	case *plan.VirtualScan:
		return n.Alias, true
	case *plan.LookupJoin:
		return n.Alias, true
	case *plan.FuncScan:
		return n.Alias, true
	case *plan.CTEScan:
		return n.Alias, true
	case *plan.WorkScan:
		return n.Alias, true
	case *plan.Values:
		return "*VALUES*", len(n.Cols) > 0
	}
	return "", false
}

// claim gives a node's relation a name that no other has: t, t_1, t_2 …
func (x *explainer) claim(n plan.Node, alias string) {
	if x.names == nil {
		x.names, x.taken = map[plan.Node]string{}, map[string]int{}
	}
	name := alias
	for {
		k, taken := x.taken[name]
		if !taken {
			break
		}
		x.taken[name]++
		suffix := "_" + strconv.Itoa(k+1)
		name = truncated(alias, 63-len(suffix)) + suffix
	}
	x.taken[name] = 0
	x.names[n] = name
}

// truncated cuts a name to n bytes, at the end of a character.
func truncated(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// nameOf is the name that a node's relation goes by.
func (x *explainer) nameOf(n plan.Node) string {
	if name, ok := x.names[n]; ok {
		return name
	}
	alias, _ := aliasOf(n)
	return alias
}

// walkNodes visits a tree of nodes and the subplans in its expressions.
func walkNodes(n plan.Node, visit func(plan.Node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, c := range n.Children() {
		walkNodes(c, visit)
	}
	for _, e := range nodeExprs(n) {
		for _, s := range subplansIn(e) {
			walkNodes(s.Plan, visit)
		}
	}
}

func subplansIn(e plan.Expr) []*plan.Subplan {
	var out []*plan.Subplan
	walkExprOnly(e, func(y plan.Expr) {
		if s, ok := y.(*plan.Subplan); ok {
			out = append(out, s)
		}
	})
	return out
}

// nodeExprs are the expressions of a node.
func nodeExprs(n plan.Node) []plan.Expr {
	var out []plan.Expr
	add := func(es ...plan.Expr) {
		for _, e := range es {
			if e != nil {
				out = append(out, e)
			}
		}
	}
	keys := func(ks []plan.SortKey) {
		for _, k := range ks {
			add(k.Expr)
		}
	}
	calls := func(cs []plan.AggCall) {
		for _, c := range cs {
			add(c.Direct...)
			add(c.Args...)
			keys(c.OrderBy)
			add(c.Filter)
		}
	}
	set := func(cs []plan.ColumnExpr) {
		for _, c := range cs {
			add(c.Expr)
		}
	}
	switch n := n.(type) {
	case *plan.Values:
		for _, r := range n.RowsExprs {
			add(r...)
		}
	case *plan.Scan:
		spans := n.Spans
		for _, a := range n.Bitmap {
			spans = append(spans[:len(spans):len(spans)], a.Spans...)
		}
		for _, s := range spans {
			add(s.Eq...)
			add(s.Low, s.High, s.In, s.Key)
			add(s.LowMore...)
			add(s.HighMore...)
		}
		add(n.Filter)
	case *plan.VirtualScan:
		add(n.EqKey, n.Filter)
	case *plan.Filter:
		add(n.Cond, n.Once)
	case *plan.Project:
		add(n.Exprs...)
	case *plan.ProjectSet:
		add(n.Exprs...)
	case *plan.Limit:
		add(n.Count, n.Offset)
	case *plan.Sort:
		keys(n.Keys)
	case *plan.Agg:
		add(n.Groups...)
		calls(n.Calls)
	case *plan.Distinct:
		add(n.On...)
	case *plan.Window:
		add(n.Partition...)
		keys(n.Order)
		calls(n.Calls)
		add(n.Run)
	case *plan.HashJoin:
		add(n.LeftKeys...)
		add(n.RightKeys...)
		add(n.Cond)
	case *plan.MergeJoin:
		keys(n.LeftKeys)
		keys(n.RightKeys)
		add(n.Cond)
	case *plan.NestLoop:
		add(n.Args...)
		add(n.Cond)
	case *plan.LookupJoin:
		add(n.Keys...)
		add(n.Cond)
	case *plan.FuncScan:
		add(n.Calls...)
	case *plan.LockRows:
		for _, s := range n.Steps {
			add(s.Cond)
			add(s.Value)
			add(s.Same...)
		}
	case *plan.Insert:
		add(n.Returning...)
		if n.Conflict != nil {
			set(n.Conflict.Set)
			add(n.Conflict.Where)
		}
	case *plan.Update:
		set(n.Set)
		add(n.Returning...)
	case *plan.Delete:
		add(n.Returning...)
	case *plan.Merge:
		for _, a := range n.Actions {
			add(a.Cond)
			set(a.Set)
		}
	}
	return out
}

// inputs are what a node's expressions refer to by position.
func inputsOf(n plan.Node) []plan.Node {
	switch n := n.(type) {
	case *plan.Scan, *plan.VirtualScan:
		return []plan.Node{n}
	case *plan.LookupJoin:
		return []plan.Node{n.Input, &lookedUp{n}}
	}
	return n.Children()
}

// lookedUp stands for the columns a LookupJoin fetches.
type lookedUp struct{ j *plan.LookupJoin }

func (l *lookedUp) Info() *plan.Base {
	b := *l.j.Info()
	b.Cols = nil
	for _, a := range l.j.Attnums {
		name := "tableoid"
		if a > 0 {
			name = l.j.Table.Col(a).Name
		}
		b.Cols = append(b.Cols, plan.Column{Name: name})
	}
	return &b
}

func (l *lookedUp) Children() []plan.Node { return nil }

// named rewrites an expression so that its columns carry the text to print.
func (x *explainer) named(e plan.Expr, ins []plan.Node) plan.Expr {
	return x.seen(e, ins, nil, false)
}

// seen is named for an expression that is part of the step self; firm: of one
// that computes nothing.
func (x *explainer) seen(e plan.Expr, ins []plan.Node, self map[plan.Node]bool, firm bool) plan.Expr {
	return mapExpr(e, func(y plan.Expr) (plan.Expr, bool) {
		c, ok := y.(*plan.Col)
		if !ok {
			return nil, false
		}
		i := c.Idx
		for _, in := range ins {
			n := len(in.Info().Cols)
			if i < n {
				text := x.columnText(in, i)
				if computedBelow(self, firm, in, i) {
					text = "(" + text + ")"
				}
				return &plan.Col{T: c.T, Name: text}, true
			}
			i -= n
		}
		return c, true
	})
}

// exprIn prints an expression that is part of the step below it.
func (x *explainer) exprIn(e plan.Expr, ins []plan.Node) string {
	if e == nil {
		return ""
	}
	return formatExpr(x.seen(e, ins, sameStep(ins), false), x.env, true)
}

func (x *explainer) expr(e plan.Expr, ins []plan.Node) string {
	if e == nil {
		return ""
	}
	return formatExpr(x.named(e, ins), x.env, true)
}

func (x *explainer) qualified(alias, name string) string {
	if alias != "" && (x.qualify && !x.bare || x.o.Verbose && !x.unqualified) {
		return quoteIdent(alias) + "." + quoteIdent(name)
	}
	return quoteIdent(name)
}

func attName(t *catalog.Table, a int16) string {
	switch {
	case a == plan.AttTableOID:
		return "tableoid"
	case a > 0 && int(a) <= len(t.Columns):
		return t.Columns[a-1].Name
	}
	return "(key)"
}

// columnText is what an output column of a node is, in terms of tables.
func (x *explainer) columnText(n plan.Node, i int) string {
	in := func(e plan.Expr) string { return x.expr(e, n.Children()) }
	switch n := n.(type) {
	case *plan.Scan:
		return x.qualified(x.nameOf(n), attName(n.Table, n.Attnums[i]))
	case *plan.VirtualScan:
		return x.qualified(x.nameOf(n), attName(n.Table, n.Attnums[i]))
	case *tableRow:
		a := n.alias
		if a == "" {
			a = n.t.Name
		}
		return quoteIdent(a) + "." + quoteIdent(n.t.Columns[i].Name)
	case *lookedUp:
		return x.qualified(x.nameOf(n.j), attName(n.j.Table, n.j.Attnums[i]))
	case *plan.Project:
		return x.exprIn(n.Exprs[i], n.Children())
	case *plan.ProjectSet:
		return in(n.Exprs[i])
	case *plan.Agg:
		if i < len(n.Groups) {
			return in(n.Groups[i])
		}
		if i -= len(n.Groups); i < len(n.Calls) {
			return x.agg(&n.Calls[i], n.Children())
		}
		g := n.Groupings[i-len(n.Calls)]
		var parts []string
		for _, a := range g.Args {
			parts = append(parts, in(n.Groups[a]))
		}
		return "GROUPING(" + strings.Join(parts, ", ") + ")"
	case *plan.Window:
		k := len(n.Input.Info().Cols)
		if i < k {
			return x.columnText(n.Input, i)
		}
		return x.agg(&n.Calls[i-k], n.Children()) + " OVER (?)"
	case *plan.Append, *plan.SetOp, *plan.RecursiveUnion:
		if a, ok := n.(*plan.Append); ok && a.Alias != "" {
			return x.qualified(a.Alias, a.Cols[i].Name)
		} else if ok && a.Sides {
			return "\"*SELECT* 1\"." + quoteIdent(a.Cols[i].Name)
		}
		if ch := n.Children(); len(ch) > 0 {
			return x.columnText(ch[0], i)
		}
	case *plan.CTEScan, *plan.WorkScan, *plan.FuncScan:
		return x.qualified(x.nameOf(n), n.Info().Cols[i].Name)
	case *plan.Values:
		if len(n.RowsExprs) == 1 && n.Lit == nil {
			return x.expr(n.RowsExprs[0][i], nil)
		}
		return quoteIdent(x.nameOf(n)) + ".column" + strconv.Itoa(i+1)
	case *plan.LookupJoin:
		k := len(n.Input.Info().Cols)
		if i < k {
			return x.columnText(n.Input, i)
		}
		return x.columnText(&lookedUp{n}, i-k)
	case *plan.Filter, *plan.Limit, *plan.Sort, *plan.Distinct, *plan.LockRows:
		return x.columnText(n.Children()[0], i)
	case *plan.HashJoin, *plan.MergeJoin, *plan.NestLoop:
		for _, c := range n.Children() {
			k := len(c.Info().Cols)
			if i < k {
				return x.columnText(c, i)
			}
			i -= k
		}
	}
	if cols := n.Info().Cols; i < len(cols) {
		return quoteIdent(cols[i].Name)
	}
	return "?"
}

func (x *explainer) agg(c *plan.AggCall, ins []plan.Node) string {
	d := *c
	nm := func(es []plan.Expr) []plan.Expr {
		out := make([]plan.Expr, len(es))
		for i, e := range es {
			out[i] = x.named(e, ins)
		}
		return out
	}
	d.Args, d.Direct = nm(c.Args), nm(c.Direct)
	d.OrderBy = append([]plan.SortKey(nil), c.OrderBy...)
	for i := range d.OrderBy {
		d.OrderBy[i].Expr = x.named(d.OrderBy[i].Expr, ins)
	}
	if c.Filter != nil {
		d.Filter = x.named(c.Filter, ins)
	}
	pr := &printer{env: x.env, planned: true}
	pr.agg(&d)
	return pr.b.String()
}

func (x *explainer) keys(ks []plan.SortKey, ins []plan.Node) []string {
	out := make([]string, len(ks))
	for i, k := range ks {
		out[i] = formatExpr(x.seen(k.Expr, ins, nil, true), x.env, true)
		if _, plain := k.Expr.(*plan.Col); !plain { // PostgreSQL computes it in the node below
			out[i] = "(" + out[i] + ")"
		}
		out[i] += keySuffix(k)
	}
	return out
}

func (x *explainer) relation(t *catalog.Table, alias string) string {
	s := quoteIdent(t.Name)
	if x.o.Verbose && t.Schema != nil {
		s = quoteIdent(t.Schema.Name) + "." + s
	}
	if alias != "" && alias != t.Name {
		s += " " + quoteIdent(alias)
	}
	return s
}

// tableRow stands for a table's row in the expressions of INSERT.
type tableRow struct {
	t     *catalog.Table
	alias string
	b     plan.Base
}

func (r *tableRow) Info() *plan.Base {
	if r.b.Cols == nil {
		r.b.Cols = make([]plan.Column, len(r.t.Columns))
	}
	return &r.b
}

func (r *tableRow) Children() []plan.Node { return nil }
