package planner

import (
	"fmt"
	"strings"

	"rowkey/planner/plan"
)

// algebra prints a rel as a tree, one operator a line:
//
//	project a, b
//	└─ select (a > 5)
//	   └─ get t
func (p *planner) algebra(r rel) string {
	var b strings.Builder
	p.printRel(&b, r, "", "")
	return b.String()
}

func (p *planner) printRel(b *strings.Builder, r rel, head, tail string) {
	b.WriteString(head + p.relLine(r) + "\n")
	var subs []*subquery
	r.exprs(func(e *plan.Expr) {
		walkExprOnly(*e, func(x plan.Expr) {
			if s, ok := x.(*subquery); ok {
				subs = append(subs, s)
			}
		})
	})
	ks := r.kids()
	n := len(ks) + len(subs)
	i := 0
	child := func(f func(head, tail string)) {
		i++
		if i == n {
			f(tail+"└─ ", tail+"   ")
		} else {
			f(tail+"├─ ", tail+"│  ")
		}
	}
	for _, s := range subs {
		child(func(h, t string) { p.printRel(b, s.q, h+"subquery ", t) })
	}
	for _, k := range ks {
		child(func(h, t string) { p.printRel(b, *k, h, t) })
	}
}

func (p *planner) text(e plan.Expr) string {
	if e == nil {
		return ""
	}
	e = mapExpr(e, func(x plan.Expr) (plan.Expr, bool) {
		if c, ok := x.(*plan.Col); ok {
			return &plan.Col{T: c.T, Name: p.idName(c.Idx)}, true
		}
		return nil, false
	})
	return formatExpr(e, p.env, true)
}

// idName names a column: t.a, or the name it was given, or #id.
func (p *planner) idName(id colID) string {
	ci := &p.cols[id]
	switch {
	case ci.name == "" || ci.name == "?column?":
		return fmt.Sprintf("#%d", id)
	case ci.alias != "":
		return quoteIdent(ci.alias) + "." + quoteIdent(ci.name)
	}
	return quoteIdent(ci.name)
}

func (p *planner) texts(es []plan.Expr) string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = p.text(e)
	}
	return strings.Join(out, ", ")
}

func (p *planner) itemTexts(items []projItem) string {
	out := make([]string, len(items))
	for i, it := range items {
		if c, ok := it.expr.(*plan.Col); ok && c.Idx == it.id {
			out[i] = p.idName(it.id)
		} else {
			out[i] = p.idName(it.id) + " := " + p.text(it.expr)
		}
	}
	return strings.Join(out, ", ")
}

func (p *planner) keyTexts(keys []plan.SortKey) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = p.text(k.Expr) + keySuffix(k)
	}
	return strings.Join(out, ", ")
}

func (p *planner) callTexts(calls []aggItem) string {
	out := make([]string, len(calls))
	for i := range calls {
		c := calls[i].call
		args := p.texts(c.Args)
		if c.Star {
			args = "*"
		}
		if c.Distinct {
			args = "DISTINCT " + args
		}
		out[i] = p.idName(calls[i].id) + " := " + c.Fn.Name + "(" + args + ")"
	}
	return strings.Join(out, ", ")
}

func (p *planner) relLine(r rel) string {
	switch n := r.(type) {
	case *lScan:
		s := "get " + n.table.Name
		if n.alias != n.table.Name {
			s += " " + n.alias
		}
		if len(n.conds) > 0 {
			s += " where " + p.text(makeAnd(n.conds))
		}
		return s
	case *lValues:
		rows := len(n.rows)
		if n.lit != nil {
			rows = n.lit[0].Len
		}
		return fmt.Sprintf("values (%d rows, %d columns)", rows, len(n.cols))
	case *lFilter:
		return "select " + p.text(makeAnd(n.conds))
	case *lProject:
		return "project " + p.itemTexts(n.items)
	case *lUnnest:
		return "unnest " + p.itemTexts(n.items)
	case *lJoin:
		kind := [...]string{"join", "left join", "right join", "full join", "semi join", "anti join", "anti join (not in)"}[n.kind]
		if freeCols(n.r).meets(outSet(n.l)) {
			kind += " lateral"
		}
		if len(n.conds) > 0 {
			kind += " on " + p.text(makeAnd(n.conds))
		}
		return kind
	case *lGroup:
		s := "group"
		if len(n.groups) > 0 {
			s += " by " + p.itemTexts(n.groups)
		}
		if len(n.calls) > 0 {
			s += " compute " + p.callTexts(n.calls)
		}
		if n.sets != nil {
			s += fmt.Sprintf(" sets %v", n.sets)
		}
		return s
	case *lWindow:
		return "window partition by " + p.texts(n.partition) + " order by " + p.keyTexts(n.order) + " compute " + p.callTexts(n.calls)
	case *lDistinct:
		if n.on != nil {
			return "distinct on " + p.texts(p.colList(n.on))
		}
		return "distinct"
	case *lSort:
		return "order by " + p.keyTexts(n.keys)
	case *lLimit:
		s := "limit"
		if n.count != nil {
			s += " " + p.text(n.count)
		}
		if n.offset != nil {
			s += " offset " + p.text(n.offset)
		}
		return s
	case *lUnion:
		return "union all"
	case *lSetOp:
		return [...]string{"intersect", "intersect all", "except", "except all"}[n.kind]
	case *lCTE:
		return "cte " + n.def.name
	case *lRecursive:
		return "recursive"
	case *lWork:
		return "work " + n.name
	case *lFunc:
		return "function " + p.texts(n.calls)
	case *lLock:
		return "lock"
	case *dmlRel:
		return [...]string{"insert ", "update ", "delete ", "merge "}[n.kind] + n.table.Name
	}
	return fmt.Sprintf("%T", r)
}
