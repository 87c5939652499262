package planner

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Pruning: partitions whose bounds contradict a scan's conditions are not read.
//
//	PARTITION BY RANGE (day):  day >= '2024-06-01' AND day < '2024-07-01'
//	    m_2023 ✗    m_2024 ✓    m_rest ✓ (it may have anything)
//
// What compares a key column with a constant decides when the plan is made;
// what compares it with a parameter, when it starts (plan.PruneStep).

// pruned gives the members of a tree that can have rows that meet the scan's
// conditions, and what is left to decide at execution.
func (p *planner) pruned(s *lScan) ([]*catalog.Table, *plan.PruneStep) {
	if s.table.Kind != catalog.KindPartitioned || len(s.tree.members) == 0 {
		return s.tree.members, nil
	}
	var out []*catalog.Table
	step := p.pruneStep(s)
	parts := p.snap.Partitions(s.table)
	live := p.liveParts(s, s.table, parts, s.conds)
	for i, part := range parts.Parts {
		if !live[i] {
			continue
		}
		keep := func(t *catalog.Table) {
			out = append(out, t)
			if step != nil {
				step.Parts = append(step.Parts, i)
			}
		}
		if part.Kind == catalog.KindPartitioned {
			p.survivors(s, part, s.conds, keep)
		} else {
			keep(part)
		}
	}
	if len(out) < 2 {
		step = nil
	}
	return out, step
}

// pruneStep is what conditions say of the table's own partitions once values are
// known that are not yet: those of parameters and of outer queries. nil: nothing.
func (p *planner) pruneStep(s *lScan) *plan.PruneStep {
	step := &plan.PruneStep{Table: s.table}
	own := setOf(s.outCols())
	keys := p.partKeyExprs(s, s.table)
	for _, c := range s.conds {
		for k, key := range keys {
			if key == nil {
				continue
			}
			op, v, ok := comparison(c, key, own)
			if !ok || isConst(v) || isVolatile(v) || hasSubquery(v) || !sameFamily(key.Type(), v.Type()) {
				continue
			}
			step.Columns, step.Ops, step.Values = append(step.Columns, k), append(step.Ops, op), append(step.Values, v)
		}
	}
	if step.Values == nil {
		return nil
	}
	return step
}

// survivors calls keep for the partitions below t, in order, that the
// conditions on s's columns leave.
func (p *planner) survivors(s *lScan, t *catalog.Table, conds []plan.Expr, keep func(*catalog.Table)) {
	parts := p.snap.Partitions(t)
	live := p.liveParts(s, t, parts, conds)
	for i, part := range parts.Parts {
		switch {
		case !live[i]:
		case part.Kind == catalog.KindPartitioned:
			p.survivors(s, part, conds, keep)
		default:
			keep(part)
		}
	}
}

// liveParts are the partitions that rows meeting all conditions may be in.
func (p *planner) liveParts(s *lScan, t *catalog.Table, parts *catalog.Partitions, conds []plan.Expr) catalog.PartSet {
	live := catalog.AllParts(len(parts.Parts), true)
	keys := p.partKeyExprs(s, t)
	byKey := make([][]catalog.PartCond, len(keys))
	for _, c := range conds {
		if or, ok := c.(*plan.Or); ok {
			any := catalog.AllParts(len(parts.Parts), false)
			for _, a := range or.Args {
				any.Or(p.liveParts(s, t, parts, splitAnd(a, nil)))
			}
			live.And(any)
			continue
		}
		if k, ok := c.(*plan.Const); ok && (k.Val.IsNull() || !k.Val.Bool()) {
			return catalog.AllParts(len(parts.Parts), false)
		}
		k, list, ok := p.keyCondition(c, keys)
		if !ok {
			continue
		}
		if len(list) == 1 && list[0].Op != "in" {
			byKey[k] = append(byKey[k], list[0])
			continue
		}
		// one of several values
		any := catalog.AllParts(len(parts.Parts), false)
		for _, kc := range list {
			one := make([][]catalog.PartCond, len(keys))
			one[k] = []catalog.PartCond{{Op: "=", Val: kc.Val}}
			any.Or(parts.Admitting(one))
		}
		live.And(any)
	}
	live.And(parts.Admitting(byKey))
	return live
}

// partKeyExprs are the columns of t's partition key as expressions over the scan.
func (p *planner) partKeyExprs(s *lScan, t *catalog.Table) []plan.Expr {
	m := catalog.AttnumMap(t, s.table)
	rc := p.rulesFor(t)
	out := make([]plan.Expr, len(t.PartitionBy.Columns))
	for i, k := range t.PartitionBy.Columns {
		if k.Attnum > 0 {
			if m[k.Attnum-1] > 0 {
				out[i] = p.col(s.base + int(m[k.Attnum-1]) - 1)
			}
			continue
		}
		out[i] = mapExpr(rc.rules.PartKeys[i], func(x plan.Expr) (plan.Expr, bool) {
			if c, ok := x.(*plan.Col); ok {
				return p.col(s.base + int(m[c.Idx]) - 1), true
			}
			return nil, false
		})
	}
	return out
}

// keyCondition reads a condition on a column of the partition key: which, and
// the values it may have.
func (p *planner) keyCondition(c plan.Expr, keys []plan.Expr) (int, []catalog.PartCond, bool) {
	which := func(e plan.Expr) int {
		for i, k := range keys {
			if k != nil && (equalExprs(e, k) || sameKey(e, k)) {
				return i
			}
		}
		return -1
	}
	switch c := c.(type) {
	case *plan.IsNull:
		if k := which(c.Arg); k >= 0 && !isRowType(c.Arg.Type()) {
			if c.Not {
				return k, []catalog.PartCond{{Op: "notnull"}}, true
			}
			return k, []catalog.PartCond{{Op: "null"}}, true
		}
	case *plan.BoolTest:
		if k := which(c.Arg); k >= 0 {
			switch c.Kind {
			case plan.IsTrue:
				return k, []catalog.PartCond{{Op: "=", Val: types.NewBool(true)}}, true
			case plan.IsFalse:
				return k, []catalog.PartCond{{Op: "=", Val: types.NewBool(false)}}, true
			}
		}
	case *plan.Not:
		if k := which(c.Arg); k >= 0 && c.Arg.Type().Under() == types.Bool {
			return k, []catalog.PartCond{{Op: "=", Val: types.NewBool(false)}}, true
		}
	case *plan.Call:
		if c.Op == nil || len(c.Args) != 2 {
			return 0, nil, false
		}
		op := c.Op.Compare
		if op == "" {
			return 0, nil, false
		}
		l, r := c.Args[0], c.Args[1]
		if _, ok := l.(*plan.Const); ok {
			l, r = r, l
			op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}[op]
		}
		v, ok := r.(*plan.Const)
		if !ok {
			return 0, nil, false
		}
		k := which(l)
		if k < 0 || !sameFamily(keys[k].Type(), v.Type()) {
			return 0, nil, false
		}
		if v.Val.IsNull() {
			return k, nil, true
		}
		return k, []catalog.PartCond{{Op: op, Val: v.Val}}, true
	case *plan.ScalarArray:
		if c.All || c.Op == nil || c.Op.Compare != "=" {
			return 0, nil, false
		}
		v, ok := c.R.(*plan.Const)
		k := which(c.L)
		if !ok || k < 0 || v.Val.IsNull() || v.Type().Under().Elem == nil || !sameFamily(keys[k].Type(), v.Type().Under().Elem) {
			return 0, nil, false
		}
		list := []catalog.PartCond{}
		for _, d := range v.Val.Array().Elems {
			if !d.IsNull() {
				list = append(list, catalog.PartCond{Op: "in", Val: d})
			}
		}
		return k, list, true
	}
	if k := which(c); k >= 0 && c.Type().Under() == types.Bool {
		return k, []catalog.PartCond{{Op: "=", Val: types.NewBool(true)}}, true
	}
	return 0, nil, false
}

// sameFamily tells whether values of the two types compare as one type's do.
func sameFamily(a, b *types.Type) bool { return typeFamily(a) == typeFamily(b) }
