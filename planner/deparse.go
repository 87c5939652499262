package planner

import (
	"strconv"
	"strings"

	"rowkey/builtin"
	"rowkey/parser"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Expressions as text, the way PostgreSQL's ruleutils prints them:
// ((a > 5) AND (b = 'x'::text)).

// printer prints expressions. What their columns and subqueries are called
// depends on where they stand: in a plan, a table's definition, a view.
type printer struct {
	b   strings.Builder
	env *types.Env
	// paren leaves out the parentheses that operators do not need, indent breaks
	// the lines of CASE: PostgreSQL's pretty-printing.
	paren, indent bool
	// planned prints all arguments, as EXPLAIN does, and not what was written.
	planned bool
	level   int
	caseArg []plan.Expr
	// place tells what columns, rows and subqueries are in a query; nil elsewhere.
	place placer
}

// placer prints what only the place of an expression can tell.
type placer interface {
	// column prints a column and gives its bare name, "" if it is none: an aggregate, say.
	column(c *plan.Col) string
	// merged prints a column that FULL JOIN USING made of two; false if it is none.
	merged(e plan.Expr) bool
	// isColumn tells whether a Col is a column, not an aggregate or the like.
	isColumn(c *plan.Col) (column, call bool)
	// special prints an expression that the query calls by a name; false if there is none.
	special(e plan.Expr, top bool) bool
	subquery(s *subquery)
	typeName(t *types.Type, mod int32) string
	funcName(f *builtin.Func) string
}

// formatExpr prints an expression: as it was written, or as it is in a plan.
func formatExpr(e plan.Expr, env *types.Env, planned bool) string {
	p := &printer{env: env, planned: planned}
	if env == nil {
		p.env = defaultEnv
	}
	p.expr(e, false)
	return p.b.String()
}

func quoteIdent(s string) string {
	if s == "" {
		return `""`
	}
	plain := s[0] >= 'a' && s[0] <= 'z' || s[0] == '_'
	for i := 1; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if plain && !parser.NeedsQuotes(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func (p *printer) str(s string) { p.b.WriteString(s) }

// keyword begins a new line when lines are broken, as PostgreSQL's
// appendContextKeyword does: before and after move the indentation, plus is for this line alone.
func (p *printer) keyword(s string, before, after, plus int) {
	if !p.indent {
		p.str(s)
		return
	}
	p.level += before
	p.trimBlanks()
	n := max(p.level, 0)
	if n >= 40 {
		n = (40 + (n-40)/4) % 40
	}
	p.str("\n" + strings.Repeat(" ", n+plus) + s)
	p.level = max(p.level+after, 0)
}

func (p *printer) trimBlanks() {
	if s := p.b.String(); strings.HasSuffix(s, " ") {
		p.b.Reset()
		p.b.WriteString(strings.TrimRight(s, " "))
	}
}

func (p *printer) typeName(t *types.Type, mod int32) string {
	if p.place != nil {
		return p.place.typeName(t, mod)
	}
	if t == types.Bit && mod < 0 {
		return `"bit"` // bit alone would mean bit(1)
	}
	return types.Format(t, mod)
}

// list prints arguments.
func (p *printer) list(es []plan.Expr, sep string) {
	for i, e := range es {
		if i > 0 {
			p.str(sep)
		}
		p.expr(e, true)
	}
}

// top prints an expression where a whole row stands for itself.
func (p *printer) top(e plan.Expr, implicit bool) {
	if p.place == nil || !p.place.special(e, true) {
		p.expr(e, implicit)
	}
}

// label says whether a constant shows its type.
type label int8

const (
	noLabel label = iota - 1
	labelIfNeeded
	alwaysLabel
)

func (p *printer) constant(c *plan.Const, show label) {
	if c.Val.IsNull() {
		p.str("NULL")
		if show >= 0 {
			p.str("::" + p.typeName(c.Typ, c.Mod))
		}
		return
	}
	t := c.Typ
	s := types.TextOf(t, c.Val, p.env)
	need := true
	switch {
	case t == types.Bool:
		p.str(map[bool]string{true: "true", false: "false"}[c.Val.Bool()])
		need = false
	case t == types.Int4 && c.Val.I >= 0:
		p.str(s)
		need = false
	case t == types.Numeric && s[0] >= '0' && s[0] <= '9' && strings.ContainsAny(s, "eE."):
		p.str(s)
		need = c.Mod >= 0
	default:
		p.str("'" + strings.ReplaceAll(s, "'", "''") + "'")
		need = t != types.Unknown
	}
	if show == alwaysLabel || show == labelIfNeeded && need {
		p.str("::" + p.typeName(t, c.Mod))
	}
}

// simple tells whether an expression needs no parentheses inside its parent,
// when only those needed are printed.
func (p *printer) simple(e, parent plan.Expr) bool {
	switch e := e.(type) {
	case *plan.Col, *plan.Const, *plan.Param, *plan.ExecParam, *plan.CaseTest, *plan.Subscript, *plan.ArrayExpr, *plan.RowExpr,
		*plan.Coalesce, *plan.MinMax, *plan.NullIf, *plan.Case:
		return true
	case *plan.FieldSelect:
		_, nested := parent.(*plan.FieldSelect)
		return !nested
	case *plan.CoerceDomain:
		return p.simple(e.Arg, e)
	case *plan.Relabel:
		return e.Collation == "" && p.simple(e.Arg, e)
	case *plan.Call:
		switch {
		case e.Unnamed():
			return p.simple(e.Args[0], e)
		case e.Op == nil:
			return true
		}
		if up, ok := parent.(*plan.Call); ok && up.Op != nil {
			const low, high = "+-", "*/%"
			a, b := e.Op.Name, up.Op.Name
			if len(e.Args) != 2 || len(up.Args) != 2 || len(a) != 1 || len(b) != 1 || !strings.Contains(low+high, a) || !strings.Contains(low+high, b) {
				return false
			}
			if strings.Contains(high, a) == strings.Contains(high, b) {
				return up.Args[0] == plan.Expr(e) // (a - b) - c, not a - (b - c)
			}
			return strings.Contains(high, a)
		}
		return separated(parent, true)
	case *plan.IsNull, *plan.BoolTest, *plan.IsDistinct, *subquery, *plan.Subplan:
		return separated(parent, true)
	case *plan.And, *plan.Not:
		switch parent.(type) {
		case *plan.And, *plan.Or:
			return true
		}
		return separated(parent, false)
	case *plan.Or:
		if _, ok := parent.(*plan.Or); ok {
			return true
		}
		return separated(parent, false)
	}
	return false
}

// separated tells whether a parent sets its operands apart by itself; AND, OR
// and NOT do so for comparisons.
func separated(parent plan.Expr, comparison bool) bool {
	switch up := parent.(type) {
	case *plan.Call:
		return up.Op == nil && !up.Cast && !up.SQLSyntax
	case *plan.And, *plan.Or, *plan.Not:
		return comparison
	case *plan.Subscript, *plan.ArrayExpr, *plan.RowExpr, *plan.Coalesce, *plan.MinMax, *plan.NullIf, *plan.Case:
		return true
	}
	return false
}

// operand prints an expression inside its parent.
func (p *printer) operand(e plan.Expr, implicit bool, parent plan.Expr) {
	need := p.paren && !p.simple(e, parent)
	if need {
		p.str("(")
	}
	p.expr(e, implicit)
	if need {
		p.str(")")
	}
}

// wrapped prints what f does in the parentheses that an operator always has,
// unless only those needed are wanted.
func (p *printer) wrapped(f func()) {
	if !p.paren {
		p.str("(")
	}
	f()
	if !p.paren {
		p.str(")")
	}
}

// cast prints arg::type.
func (p *printer) cast(arg plan.Expr, t *types.Type, mod int32, parent plan.Expr) {
	if c, ok := arg.(*plan.Const); ok && c.Mod == -1 && sameType(c.Typ, t) {
		p.constant(c, noLabel)
	} else {
		p.wrapped(func() { p.operand(arg, false, parent) })
	}
	p.str("::" + p.typeName(t, mod))
}

// expr prints an expression. implicit asks for the conversions that nobody wrote.
func (p *printer) expr(e plan.Expr, implicit bool) {
	if p.place != nil && e != nil && p.place.special(e, false) {
		return
	}
	switch e := e.(type) {
	case nil:
		p.str("NULL")
	case *plan.Const:
		p.constant(e, labelIfNeeded)
	case *plan.Col:
		switch {
		case p.place != nil:
			p.place.column(e)
		case e.Name == "":
			p.str("$col" + strconv.Itoa(e.Idx))
		default:
			p.str(e.Name)
		}
	case *plan.Param:
		p.str("$" + strconv.Itoa(e.Num))
	case *plan.ExecParam:
		if e.Name != "" {
			p.str(e.Name)
		} else {
			p.str("$" + strconv.Itoa(e.Slot))
		}
	case *plan.Call:
		p.call(e, implicit)
	case *plan.Relabel:
		if e.Collation != "" {
			p.wrapped(func() {
				p.operand(e.Arg, implicit, e)
				p.str(" COLLATE " + quoteIdent(e.Collation))
			})
			return
		}
		if from := e.Arg.Type(); e.Implicit && (!implicit || from == types.Unknown) {
			p.operand(e.Arg, false, e)
			return
		}
		p.cast(e.Arg, e.Typ, e.Mod, e)
	case *plan.And:
		p.conjunction(e.Args, " AND ", e)
	case *plan.Or:
		p.conjunction(e.Args, " OR ", e)
	case *plan.Not:
		p.wrapped(func() {
			p.str("NOT ")
			p.operand(e.Arg, false, e)
		})
	case *plan.IsNull:
		p.wrapped(func() {
			p.operand(e.Arg, true, e)
			p.str(map[bool]string{true: " IS NOT NULL", false: " IS NULL"}[e.Not])
		})
	case *plan.BoolTest:
		p.wrapped(func() {
			p.operand(e.Arg, false, e)
			p.str([...]string{" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN"}[e.Kind])
		})
	case *plan.IsDistinct:
		distinct := func() {
			p.wrapped(func() {
				p.operand(e.L, true, e)
				p.str(" IS DISTINCT FROM ")
				p.operand(e.R, true, e)
			})
		}
		if !e.Not {
			distinct()
			return
		}
		p.wrapped(func() {
			p.str("NOT ")
			distinct()
		})
	case *plan.Case:
		p.caseExpr(e)
	case *plan.CaseTest:
		if n := len(p.caseArg); n > 0 {
			p.expr(p.caseArg[n-1], implicit)
		} else {
			p.str("VALUE")
		}
	case *plan.Coalesce:
		p.str("COALESCE(")
		p.list(e.Args, ", ")
		p.str(")")
	case *plan.MinMax:
		if e.Greatest {
			p.str("GREATEST(")
		} else {
			p.str("LEAST(")
		}
		p.list(e.Args, ", ")
		p.str(")")
	case *plan.NullIf:
		p.str("NULLIF(")
		p.expr(e.L, true)
		p.str(", ")
		p.expr(e.R, true)
		p.str(")")
	case *plan.ArrayExpr:
		p.str("ARRAY[")
		p.list(e.Elems, ", ")
		p.str("]")
		if len(e.Elems) == 0 {
			p.str("::" + p.typeName(e.Typ, -1))
		}
	case *plan.RowExpr:
		p.str("ROW(")
		for i, a := range e.Args {
			if i > 0 {
				p.str(", ")
			}
			p.top(a, true)
		}
		p.str(")")
		if e.Cast {
			p.str("::" + p.typeName(e.Typ, e.Mod))
		}
	case *plan.FieldSelect:
		_, sub := e.Arg.(*plan.Subscript)
		_, field := e.Arg.(*plan.FieldSelect)
		if !sub && !field {
			p.str("(")
		}
		p.expr(e.Arg, true)
		if !sub && !field {
			p.str(")")
		}
		p.str("." + quoteIdent(e.Name))
	case *plan.Subscript:
		p.subscript(e, implicit)
	case *plan.ScalarArray:
		p.wrapped(func() {
			p.operand(e.L, true, e)
			p.str(" " + e.Op.Name + map[bool]string{true: " ALL (", false: " ANY ("}[e.All])
			p.operand(e.R, true, e)
			if s, ok := e.R.(*subquery); ok && s.kind == plan.SubScalar {
				p.str("::" + p.typeName(s.Typ, s.Mod))
			}
			p.str(")")
		})
	case *plan.RowCompare:
		p.str("(ROW(")
		p.list(e.L, ", ")
		p.str(") " + e.Kind + " ROW(")
		p.list(e.R, ", ")
		p.str("))")
	case *plan.CoerceDomain:
		p.cast(e.Arg, e.Typ, e.Mod, e)
	case *plan.Subplan:
		p.subplan(e)
	case *subquery:
		if p.place == nil {
			p.str("(subquery)")
			return
		}
		p.place.subquery(e)
	default:
		p.str("?")
	}
}

func (p *printer) conjunction(args []plan.Expr, word string, e plan.Expr) {
	p.wrapped(func() {
		for i, a := range args {
			if i > 0 {
				p.str(word)
			}
			p.operand(a, false, e)
		}
	})
}

func (p *printer) subscript(e *plan.Subscript, implicit bool) {
	arg := e.Arg
	if r, ok := arg.(*plan.Relabel); ok && r.Implicit {
		arg = r.Arg
	}
	_, field := arg.(*plan.FieldSelect)
	c, col := arg.(*plan.Col)
	if col && p.place != nil {
		col, _ = p.place.isColumn(c)
	}
	if !col && !field {
		p.str("(")
	}
	p.expr(arg, implicit)
	if !col && !field {
		p.str(")")
	}
	for _, x := range e.Index {
		p.str("[")
		if e.Slice {
			if x.Lower != nil {
				p.expr(x.Lower, false)
			}
			p.str(":")
		}
		if x.Upper != nil {
			p.expr(x.Upper, false)
		}
		p.str("]")
	}
}

func (p *printer) call(e *plan.Call, implicit bool) {
	switch {
	case e.Text != "":
		p.str(e.Text)
		return
	case e.Fn.Name == "raw_array_subscript" && len(e.Args) == 2:
		p.subscript(&plan.Subscript{Arg: e.Args[0], Index: []plan.SubscriptIndex{{Upper: e.Args[1]}}}, implicit)
		return
	case e.Op != nil:
		p.wrapped(func() {
			if len(e.Args) == 1 {
				p.str(e.Op.Name + " ")
				p.operand(e.Args[0], true, e)
				return
			}
			p.operand(e.Args[0], true, e)
			p.str(" " + e.Op.Name + " ")
			p.operand(e.Args[1], true, e)
		})
		return
	case e.Cast && e.Implicit && !implicit:
		p.operand(e.Args[0], false, e)
		return
	case e.Cast:
		p.cast(e.Args[0], e.Typ, e.Mod, e)
		return
	case e.SQLSyntax && p.syntax(e):
		return
	}
	p.str(p.funcName(e.Fn) + "(")
	n := len(e.Args)
	written := e.Written
	if written == nil || p.planned {
		written = make([]plan.WrittenArg, n)
		for i := range written {
			written[i].At = i
		}
	}
	for i, w := range written {
		if i > 0 {
			p.str(", ")
		}
		a := e.Args[w.At]
		if w.Name != "" {
			p.str(quoteIdent(w.Name) + " => ")
		}
		if w.At == n-1 && e.Fn.Variadic != nil && e.Fn.Variadic != types.AnyType {
			p.str("VARIADIC ")
		}
		p.expr(a, true)
	}
	p.str(")")
}

// syntax prints a call in the words of the grammar: EXTRACT(year FROM x).
func (p *printer) syntax(e *plan.Call) bool {
	n := len(e.Args)
	if e.Written != nil {
		n = len(e.Written)
	}
	text := func(i int) string {
		if c, ok := e.Args[i].(*plan.Const); ok && c.Val.K == types.PhysBytes {
			return c.Val.S
		}
		return ""
	}
	part := func(i int) { p.expr(e.Args[i], false) }
	switch name := e.Fn.Name; {
	case name == "timezone" && n == 2:
		p.str("(")
		p.operand(e.Args[1], false, e)
		p.str(" AT TIME ZONE ")
		p.operand(e.Args[0], false, e)
	case name == "overlaps" && n == 4:
		p.str("((")
		part(0)
		p.str(", ")
		part(1)
		p.str(") OVERLAPS (")
		part(2)
		p.str(", ")
		part(3)
		p.str(")")
	case name == "extract" && n == 2:
		p.str("EXTRACT(" + text(0) + " FROM ")
		part(1)
	case name == "is_normalized":
		p.str("(")
		p.operand(e.Args[0], false, e)
		p.str(" IS")
		if n == 2 {
			p.str(" " + text(1))
		}
		p.str(" NORMALIZED")
	case name == "pg_collation_for":
		p.str("COLLATION FOR (")
		part(0)
	case name == "normalize":
		p.str("NORMALIZE(")
		part(0)
		if n == 2 {
			p.str(", " + text(1))
		}
	case name == "overlay" && n >= 3:
		p.str("OVERLAY(")
		part(0)
		p.str(" PLACING ")
		part(1)
		p.str(" FROM ")
		part(2)
		if n == 4 {
			p.str(" FOR ")
			part(3)
		}
	case name == "position":
		p.str("POSITION((")
		part(1)
		p.str(") IN (")
		part(0)
		p.str(")")
	case name == "substring" && e.Args[1].Type() == types.Int4:
		p.str("SUBSTRING(")
		part(0)
		p.str(" FROM ")
		part(1)
		if n == 3 {
			p.str(" FOR ")
			part(2)
		}
	case name == "substring" && n == 3:
		p.str("SUBSTRING(")
		part(0)
		p.str(" SIMILAR ")
		part(1)
		p.str(" ESCAPE ")
		part(2)
	case name == "btrim" || name == "ltrim" || name == "rtrim":
		p.str("TRIM(" + map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[name])
		if n == 2 {
			p.str(" ")
			part(1)
		}
		p.str(" FROM ")
		part(0)
	default:
		return false
	}
	p.str(")")
	return true
}

func (p *printer) caseExpr(e *plan.Case) {
	blank := func() {
		if !p.indent {
			p.str(" ")
		}
	}
	p.keyword("CASE", 0, 4, 0)
	if e.Arg != nil {
		p.str(" ")
		p.expr(e.Arg, true)
	}
	for _, w := range e.Whens {
		cond := w.Cond
		if e.Arg != nil {
			if c, ok := cond.(*plan.Call); ok && c.Op != nil && len(c.Args) == 2 {
				cond = c.Args[1]
			}
		}
		blank()
		p.keyword("WHEN ", 0, 0, 0)
		p.expr(cond, false)
		p.str(" THEN ")
		p.expr(w.Result, true)
	}
	blank()
	p.keyword("ELSE ", 0, 0, 0)
	if e.Else != nil {
		p.expr(e.Else, true)
	} else {
		p.str("NULL::" + p.typeName(e.Typ, e.Mod))
	}
	blank()
	p.keyword("END", -4, 0, 0)
}

func (p *printer) subplan(e *plan.Subplan) {
	name := e.Name
	if i := strings.Index(name, "(returns "); i >= 0 {
		p.str(strings.TrimSuffix(name[i+len("(returns "):], ")"))
		return
	}
	if e.HashL != nil {
		name = "hashed " + name
	}
	p.str("(" + name + ")")
}

// funcName names a function: as whoever reads the query finds it, or as a stored
// expression does.
func (p *printer) funcName(f *builtin.Func) string {
	if p.place != nil {
		return p.place.funcName(f)
	}
	return funcName(f)
}

func (p *printer) agg(c *plan.AggCall) {
	p.str(p.funcName(c.Fn) + "(")
	if c.Distinct {
		p.str("DISTINCT ")
	}
	ordered := c.Fn.Agg != nil && c.Fn.Agg.OrderedSet
	switch {
	case c.Star:
		p.str("*")
	case ordered:
		p.list(c.Direct, ", ")
	default:
		p.list(c.Args, ", ")
	}
	if len(c.OrderBy) > 0 {
		if ordered {
			p.str(") WITHIN GROUP (")
		} else {
			p.str(" ")
		}
		p.str("ORDER BY ")
		for i, k := range c.OrderBy {
			if i > 0 {
				p.str(", ")
			}
			p.sortItem(k.Expr)
			p.str(keySuffix(k))
		}
	}
	if c.Filter != nil {
		p.str(") FILTER (WHERE ")
		p.expr(c.Filter, false)
	}
	p.str(")")
}

// sortItem prints an item of ORDER BY, GROUP BY and their kind: calls are put
// in parentheses, lest they be read as something else.
func (p *printer) sortItem(e plan.Expr) {
	if p.place != nil && p.place.merged(e) {
		return
	}
	need := p.paren
	switch e := e.(type) {
	case *plan.Const:
		p.constant(e, alwaysLabel)
		return
	case *plan.Col:
		column, call := true, false
		if p.place != nil {
			column, call = p.place.isColumn(e)
		}
		need = !column && (call || p.paren)
	case *plan.Call:
		need = need || e.Op == nil && e.Text == "" && !e.Unnamed()
	}
	if need {
		p.str("(")
	}
	p.expr(e, true)
	if need {
		p.str(")")
	}
}

func keySuffix(k plan.SortKey) string {
	s := ""
	if k.Desc {
		s = " DESC"
	}
	if k.NullsFirst && !k.Desc {
		s += " NULLS FIRST"
	}
	if !k.NullsFirst && k.Desc {
		s += " NULLS LAST"
	}
	return s
}
