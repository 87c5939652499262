package planner

import (
	"strconv"
	"strings"

	"rowkey/parser"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Expressions as text, the way PostgreSQL's ruleutils prints them:
// ((a > 5) AND (b = 'x'::text)).

// printer prints expressions of one plan.
type printer struct {
	b   strings.Builder
	env *types.Env
	// subplans, for EXPLAIN: names to print in place of subqueries.
	caseArg []plan.Expr
}

// FormatExpr prints a bound expression.
func FormatExpr(e plan.Expr, env *types.Env) string {
	p := &printer{env: env}
	if env == nil {
		p.env = defaultEnv
	}
	p.expr(e)
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

func (p *printer) list(es []plan.Expr, sep string) {
	for i, e := range es {
		if i > 0 {
			p.str(sep)
		}
		p.expr(e)
	}
}

func (p *printer) constant(c *plan.Const) {
	if c.Val.IsNull() {
		p.str("NULL::" + types.Format(c.Typ, c.Mod))
		return
	}
	t := c.Typ
	switch t {
	case types.Bool:
		if c.Val.Bool() {
			p.str("true")
		} else {
			p.str("false")
		}
		return
	case types.Int4:
		if c.Val.I >= 0 {
			p.str(strconv.FormatInt(c.Val.I, 10))
		} else {
			p.str("'" + strconv.FormatInt(c.Val.I, 10) + "'::integer")
		}
		return
	}
	s := types.TextOf(t, c.Val, p.env)
	if t == types.Numeric && c.Val.D == 0 && strings.IndexByte(s, '-') < 0 && strings.IndexByte(s, '.') >= 0 && c.Mod < 0 {
		p.str(s)
		return
	}
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.IndexByte(s, '\\') >= 0 {
		q = "E'" + strings.ReplaceAll(strings.ReplaceAll(s, "\\", "\\\\"), "'", "''") + "'"
	}
	if t == types.Unknown {
		p.str(q)
		return
	}
	p.str(q + "::" + types.Format(t, c.Mod))
}

// simple tells whether an expression prints without a need for parentheses
// before a cast or field selection.
func simple(e plan.Expr) bool {
	switch e := e.(type) {
	case *plan.Col, *plan.Param, *plan.ExecParam, *plan.Coalesce, *plan.MinMax, *plan.NullIf, *plan.CaseTest:
		return true
	case *plan.Call:
		return e.Op == nil && !e.Cast
	}
	return false
}

func (p *printer) cast(arg plan.Expr, t *types.Type, mod int32) {
	if c, ok := arg.(*plan.Const); ok && !c.Val.IsNull() {
		p.constant(c)
	} else if simple(arg) {
		p.expr(arg)
	} else {
		p.str("(")
		p.expr(arg)
		p.str(")")
	}
	p.str("::" + types.Format(t, mod))
}

func (p *printer) expr(e plan.Expr) {
	switch e := e.(type) {
	case nil:
		p.str("NULL")
	case *plan.Const:
		p.constant(e)
	case *plan.Col:
		if e.Name == "" {
			p.str("$col" + strconv.Itoa(e.Idx))
			return
		}
		p.str(e.Name)
	case *plan.Param:
		p.str("$" + strconv.Itoa(e.Num))
	case *plan.ExecParam:
		if e.Name != "" {
			p.str(e.Name)
		} else {
			p.str("$" + strconv.Itoa(e.Slot))
		}
	case *plan.Call:
		p.call(e)
	case *plan.Relabel:
		if e.Implicit {
			p.implicit(e.Arg, e.Typ, e.Mod)
			return
		}
		p.cast(e.Arg, e.Typ, e.Mod)
	case *plan.And:
		p.str("(")
		p.list(e.Args, " AND ")
		p.str(")")
	case *plan.Or:
		p.str("(")
		p.list(e.Args, " OR ")
		p.str(")")
	case *plan.Not:
		p.str("(NOT ")
		p.expr(e.Arg)
		p.str(")")
	case *plan.IsNull:
		p.str("(")
		p.expr(e.Arg)
		if e.Not {
			p.str(" IS NOT NULL)")
		} else {
			p.str(" IS NULL)")
		}
	case *plan.BoolTest:
		p.str("(")
		p.expr(e.Arg)
		p.str([...]string{" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN"}[e.Kind] + ")")
	case *plan.IsDistinct:
		p.str("(")
		if e.Not {
			p.str("NOT (")
		}
		p.expr(e.L)
		p.str(" IS DISTINCT FROM ")
		p.expr(e.R)
		if e.Not {
			p.str(")")
		}
		p.str(")")
	case *plan.Case:
		p.caseExpr(e)
	case *plan.CaseTest:
		if n := len(p.caseArg); n > 0 {
			p.expr(p.caseArg[n-1])
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
		p.expr(e.L)
		p.str(", ")
		p.expr(e.R)
		p.str(")")
	case *plan.ArrayExpr:
		p.str("ARRAY[")
		p.list(e.Elems, ", ")
		p.str("]")
	case *plan.RowExpr:
		p.str("ROW(")
		p.list(e.Args, ", ")
		p.str(")")
	case *plan.FieldSelect:
		p.str("(")
		p.expr(e.Arg)
		p.str(")." + quoteIdent(e.Name))
	case *plan.Subscript:
		if simple(e.Arg) {
			p.expr(e.Arg)
		} else {
			p.str("(")
			p.expr(e.Arg)
			p.str(")")
		}
		for _, x := range e.Index {
			p.str("[")
			if e.Slice {
				if x.Lower != nil {
					p.expr(x.Lower)
				}
				p.str(":")
			}
			if x.Upper != nil {
				p.expr(x.Upper)
			}
			p.str("]")
		}
	case *plan.ScalarArray:
		p.str("(")
		p.expr(e.L)
		p.str(" " + e.Op.Name + " ")
		if e.All {
			p.str("ALL (")
		} else {
			p.str("ANY (")
		}
		p.expr(e.R)
		p.str("))")
	case *plan.RowCompare:
		p.str("(ROW(")
		p.list(e.L, ", ")
		p.str(") " + e.Kind + " ROW(")
		p.list(e.R, ", ")
		p.str("))")
	case *plan.CoerceDomain:
		p.cast(e.Arg, e.Typ, e.Mod)
	case *plan.Subplan:
		p.subplan(e)
	case *subquery:
		p.str("(subquery)")
	default:
		p.str("?")
	}
}

// implicit prints what PostgreSQL prints of a conversion nobody wrote: it
// shows them where the type matters (varchar to text).
func (p *printer) implicit(arg plan.Expr, t *types.Type, mod int32) {
	if t == types.Text && (arg.Type() == types.VarChar || arg.Type() == types.BPChar || arg.Type() == types.Name) {
		if simple(arg) {
			p.str("(")
			p.expr(arg)
			p.str(")::text")
			return
		}
		p.cast(arg, t, -1)
		return
	}
	if isRowType(t) || arg.Type().Kind == types.KindDomain {
		p.expr(arg)
		return
	}
	p.castAlways(arg, t, mod)
}

func (p *printer) castAlways(arg plan.Expr, t *types.Type, mod int32) {
	p.str("(")
	p.expr(arg)
	p.str(")::" + types.Format(t, mod))
}

func (p *printer) call(e *plan.Call) {
	if e.Op != nil {
		p.str("(")
		if len(e.Args) == 1 {
			p.str(e.Op.Name + " ")
			p.expr(e.Args[0])
		} else {
			p.expr(e.Args[0])
			p.str(" " + e.Op.Name + " ")
			p.expr(e.Args[1])
		}
		p.str(")")
		return
	}
	if e.Cast {
		mod := e.Mod
		p.castAlways(e.Args[0], e.Typ, mod)
		return
	}
	p.str(quoteIdent(e.Fn.Name) + "(")
	n := len(e.Args)
	for i, a := range e.Args {
		if i > 0 {
			p.str(", ")
		}
		if i == n-1 && e.Fn.Variadic != nil && e.Fn.Variadic != types.AnyType {
			if arr, ok := a.(*plan.ArrayExpr); ok {
				p.list(arr.Elems, ", ")
				continue
			}
			p.str("VARIADIC ")
		}
		p.expr(a)
	}
	p.str(")")
}

func (p *printer) caseExpr(e *plan.Case) {
	p.str("CASE")
	if e.Arg != nil {
		p.str(" ")
		p.expr(e.Arg)
	}
	for _, w := range e.Whens {
		p.str(" WHEN ")
		cond := w.Cond
		if e.Arg != nil {
			if c, ok := cond.(*plan.Call); ok && c.Op != nil && len(c.Args) == 2 {
				cond = c.Args[1]
			}
		}
		p.expr(cond)
		p.str(" THEN ")
		p.expr(w.Result)
	}
	p.str(" ELSE ")
	if e.Else != nil {
		p.expr(e.Else)
	} else {
		p.str("NULL::" + types.Format(e.Typ, e.Mod))
	}
	p.str(" END")
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

func (p *printer) agg(c *plan.AggCall) {
	p.str(quoteIdent(c.Fn.Name) + "(")
	if c.Distinct {
		p.str("DISTINCT ")
	}
	switch {
	case c.Star:
		p.str("*")
	case len(c.Direct) > 0 || c.Fn.Agg != nil && c.Fn.Agg.OrderedSet:
		p.list(c.Direct, ", ")
	default:
		p.list(c.Args, ", ")
	}
	ordered := c.Fn.Agg != nil && c.Fn.Agg.OrderedSet
	if len(c.OrderBy) > 0 {
		if ordered {
			p.str(") WITHIN GROUP (")
		} else {
			p.str(" ")
		}
		p.str("ORDER BY ")
		p.sortKeys(c.OrderBy, ", ")
	}
	p.str(")")
	if c.Filter != nil {
		p.str(" FILTER (WHERE ")
		p.expr(c.Filter)
		p.str(")")
	}
}

func (p *printer) sortKeys(keys []plan.SortKey, sep string) {
	for i, k := range keys {
		if i > 0 {
			p.str(sep)
		}
		p.expr(k.Expr)
		p.str(keySuffix(k))
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
