package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/planner/plan"
)

// A trigger's WHEN condition sees two rows, old and new. Bound, its columns are
// numbered: those of old from 0, then two of the system's, then those of new.

// BindTriggerWhen binds a trigger's condition.
func BindTriggerWhen(r Request, t *catalog.Table, when ast.Expr) (e plan.Expr, err error) {
	defer caught(&err)
	p := newPlanner(&r)
	p.noParams = true
	p.printed = true // it will be stored as text
	p.cols = p.cols[:0]
	_, old := p.addScan(t, "old", -1)
	_, now := p.addScan(t, "new", -1)
	// Only by their names: a bare column would be ambiguous anyway.
	q := &query{depth: 1, items: []*rangeItem{old, now}, clause: inTriggerWhen}
	b := &binder{p: p, q: q, kind: inTriggerWhen}
	return mapExpr(p.coerceBool(b.arg(when), "WHEN"), func(e plan.Expr) (plan.Expr, bool) {
		c, ok := e.(*plan.Col)
		if !ok {
			return nil, false
		}
		cc := *c
		i, side := c.Idx, "old."
		if base := TriggerNewBase(t); i >= base {
			i, side = i-base, "new."
		}
		if i < len(t.Columns) {
			cc.Name = side + ast.QuoteIdent(t.Columns[i].Name)
		}
		return &cc, true
	}), nil
}

// TriggerNewBase is where the columns of new begin.
func TriggerNewBase(t *catalog.Table) int { return len(t.Columns) + 2 }

// WhenUses tells what a trigger's condition refers to.
type WhenUses struct {
	Old, New  bool
	WholeNew  bool
	Generated string // a generated column of new
	Pos       int
}

// TriggerWhenUses looks what a bound condition refers to.
func TriggerWhenUses(t *catalog.Table, e plan.Expr) WhenUses {
	u := WhenUses{Pos: -1}
	base := TriggerNewBase(t)
	col := func(x *plan.Col, whole bool) {
		if u.Pos < 0 {
			u.Pos = x.Pos
		}
		if x.Idx < base {
			u.Old = true
			return
		}
		u.New = true
		u.WholeNew = u.WholeNew || whole
		if i := x.Idx - base; !whole && i < len(t.Columns) && t.Columns[i].Generated != "" && u.Generated == "" {
			u.Generated, u.Pos = t.Columns[i].Name, x.Pos
		}
	}
	walkExpr(e, func(e plan.Expr) bool {
		switch x := e.(type) {
		case *plan.Col:
			col(x, false)
		case *plan.RowExpr:
			whole := len(x.Args) > 0
			for _, a := range x.Args {
				c, ok := a.(*plan.Col)
				whole = whole && ok
				if ok {
					col(c, true)
				}
			}
			return !whole
		}
		return true
	})
	return u
}
