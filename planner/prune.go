package planner

import (
	"sort"

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
	p.survivors(s, s.table, s.conds, func(t *catalog.Table) { out = append(out, t) })
	return out, nil
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

// partSet tells which partitions remain.
type partSet []bool

func allParts(n int, v bool) partSet {
	s := make(partSet, n)
	for i := range s {
		s[i] = v
	}
	return s
}

func (s partSet) and(o partSet) {
	for i := range s {
		s[i] = s[i] && o[i]
	}
}

func (s partSet) or(o partSet) {
	for i := range s {
		s[i] = s[i] || o[i]
	}
}

// keyCond is a condition on one column of a partition key.
type keyCond struct {
	op  string // =, <, <=, >, >=, <>, null, notnull
	val types.Datum
}

// liveParts are the partitions that rows meeting all conditions may be in.
func (p *planner) liveParts(s *lScan, t *catalog.Table, parts *catalog.Partitions, conds []plan.Expr) partSet {
	live := allParts(len(parts.Parts), true)
	keys := p.partKeyExprs(s, t)
	byKey := make([][]keyCond, len(keys))
	for _, c := range conds {
		if or, ok := c.(*plan.Or); ok {
			any := allParts(len(parts.Parts), false)
			for _, a := range or.Args {
				any.or(p.liveParts(s, t, parts, splitAnd(a, nil)))
			}
			live.and(any)
			continue
		}
		if k, ok := c.(*plan.Const); ok && (k.Val.IsNull() || !k.Val.Bool()) {
			return allParts(len(parts.Parts), false)
		}
		k, list, ok := p.keyCondition(c, keys)
		if !ok {
			continue
		}
		if len(list) == 1 && list[0].op != "in" {
			byKey[k] = append(byKey[k], list[0])
			continue
		}
		// one of several values
		any := allParts(len(parts.Parts), false)
		for _, kc := range list {
			one := make([][]keyCond, len(keys))
			one[k] = []keyCond{{"=", kc.val}}
			any.or(partsFor(parts, one))
		}
		live.and(any)
	}
	live.and(partsFor(parts, byKey))
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
func (p *planner) keyCondition(c plan.Expr, keys []plan.Expr) (int, []keyCond, bool) {
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
				return k, []keyCond{{op: "notnull"}}, true
			}
			return k, []keyCond{{op: "null"}}, true
		}
	case *plan.BoolTest:
		if k := which(c.Arg); k >= 0 {
			switch c.Kind {
			case plan.IsTrue:
				return k, []keyCond{{"=", types.NewBool(true)}}, true
			case plan.IsFalse:
				return k, []keyCond{{"=", types.NewBool(false)}}, true
			}
		}
	case *plan.Not:
		if k := which(c.Arg); k >= 0 && c.Arg.Type().Under() == types.Bool {
			return k, []keyCond{{"=", types.NewBool(false)}}, true
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
		return k, []keyCond{{op, v.Val}}, true
	case *plan.ScalarArray:
		if c.All || c.Op == nil || c.Op.Compare != "=" {
			return 0, nil, false
		}
		v, ok := c.R.(*plan.Const)
		k := which(c.L)
		if !ok || k < 0 || v.Val.IsNull() || v.Type().Under().Elem == nil || !sameFamily(keys[k].Type(), v.Type().Under().Elem) {
			return 0, nil, false
		}
		list := []keyCond{}
		for _, d := range v.Val.Array().Elems {
			if !d.IsNull() {
				list = append(list, keyCond{"in", d})
			}
		}
		return k, list, true
	}
	if k := which(c); k >= 0 && c.Type().Under() == types.Bool {
		return k, []keyCond{{"=", types.NewBool(true)}}, true
	}
	return 0, nil, false
}

// sameFamily tells whether values of the two types compare as one type's do.
func sameFamily(a, b *types.Type) bool { return typeFamily(a) == typeFamily(b) }

// partsFor are the partitions for conditions by key column. An empty list of
// values leaves none.
func partsFor(parts *catalog.Partitions, byKey [][]keyCond) partSet {
	n := len(parts.Parts)
	switch parts.Key.Strategy {
	case catalog.PartitionHash:
		vals := make([]types.Datum, len(byKey))
		for i, conds := range byKey {
			known := false
			for _, c := range conds {
				if c.op == "=" {
					vals[i], known = c.val, true
				} else if c.op == "null" {
					vals[i], known = types.Null, true
				}
			}
			if !known {
				return allParts(n, true)
			}
		}
		out := allParts(n, false)
		if i := parts.Route(vals); i >= 0 {
			out[i] = true
		}
		return out
	case catalog.PartitionList:
		return listParts(parts, byKey[0])
	}
	return rangeParts(parts, byKey)
}

func listParts(parts *catalog.Partitions, conds []keyCond) partSet {
	n := len(parts.Parts)
	live := allParts(n, true)
	t := parts.Key.Columns[0].Type
	excluded := map[int]bool{} // boundaries that <> takes out
	for _, c := range conds {
		one := allParts(n, false)
		switch c.op {
		case "null":
			if i := parts.Null; i >= 0 {
				one[i] = true
			} else if parts.Default >= 0 {
				one[parts.Default] = true
			}
			live.and(one)
			continue
		case "=":
			if i := parts.Route([]types.Datum{c.val}); i >= 0 {
				one[i] = true
			}
			live.and(one)
			continue
		case "<>":
			for i := range parts.Bounds {
				if types.Compare(t, parts.Bounds[i].Values[0], c.val) == 0 {
					excluded[i] = true
				}
			}
		}
		for i := range parts.Bounds {
			cmp := 0
			if c.op != "notnull" {
				cmp = types.Compare(t, parts.Bounds[i].Values[0], c.val)
			}
			if holds(c.op, cmp) && !excluded[i] {
				one[parts.Index[i]] = true
			}
		}
		if parts.Default >= 0 {
			one[parts.Default] = true
		}
		live.and(one)
	}
	return live
}

// holds tells whether a value that compares so with a condition's meets it.
func holds(op string, cmp int) bool {
	switch op {
	case "=":
		return cmp == 0
	case "<":
		return cmp < 0
	case "<=":
		return cmp <= 0
	case ">":
		return cmp > 0
	case ">=":
		return cmp >= 0
	case "<>":
		return cmp != 0
	}
	return true
}

// rangeParts narrows by an interval of the key: equalities on a prefix of its
// columns, then a range on the next.
func rangeParts(parts *catalog.Partitions, byKey [][]keyCond) partSet {
	n := len(parts.Parts)
	live := allParts(n, true)
	for _, conds := range byKey {
		for _, c := range conds {
			if c.op == "null" { // no range has NULLs
				one := allParts(n, false)
				if parts.Default >= 0 {
					one[parts.Default] = true
				}
				return one
			}
		}
	}
	var prefix []types.Datum
	for k := 0; k < len(byKey); k++ {
		var eq *keyCond
		for i := range byKey[k] {
			if byKey[k][i].op == "=" {
				eq = &byKey[k][i]
			}
		}
		for _, c := range byKey[k] {
			if c.op == "=" || c.op == "<>" || c.op == "notnull" {
				continue
			}
			live.and(interval(parts, prefix, c.op, c.val))
			if eq != nil {
				cmp := types.Compare(parts.Key.Columns[k].Type, eq.val, c.val)
				if !holds(c.op, cmp) {
					return allParts(n, false)
				}
			}
		}
		if eq == nil {
			break
		}
		prefix = append(prefix[:len(prefix):len(prefix)], eq.val)
	}
	if len(prefix) > 0 {
		live.and(interval(parts, prefix[:len(prefix)-1], "=", prefix[len(prefix)-1]))
	}
	return live
}

// where a point lies among the keys that begin with given values.
type where uint8

const (
	below where = iota // just before them
	begin              // at their beginning
	end                // at their end
	above              // just behind them
)

// reached tells whether a boundary lies at or before a point: whether the keys
// there come after it.
func reached(parts *catalog.Partitions, b *catalog.PartBoundary, vals []types.Datum, at where) bool {
	for i := range vals {
		switch b.Kinds[i] {
		case catalog.BoundMinValue:
			return true
		case catalog.BoundMaxValue:
			return false
		}
		if c := types.Compare(parts.Key.Columns[i].Type, b.Values[i], vals[i]); c != 0 {
			return c < 0
		}
	}
	switch {
	case at == below:
		return false
	case at == above || len(vals) == len(b.Kinds):
		return true
	case at == begin:
		return b.Kinds[len(vals)] == catalog.BoundMinValue
	}
	return b.Kinds[len(vals)] != catalog.BoundMaxValue
}

// interval are the partitions that have keys which begin with prefix and whose
// next column is in relation op to val.
func interval(parts *catalog.Partitions, prefix []types.Datum, op string, val types.Datum) partSet {
	full := append(append([]types.Datum(nil), prefix...), val)
	low, lowAt, high, highAt := prefix, begin, prefix, end
	switch op {
	case "=":
		low, high = full, full
	case "<":
		high, highAt = full, below
	case "<=":
		high = full
	case ">":
		low, lowAt = full, above
	case ">=":
		low = full
	}
	last := func(vals []types.Datum, at where) int {
		return sort.Search(len(parts.Bounds), func(i int) bool { return !reached(parts, &parts.Bounds[i], vals, at) }) - 1
	}
	out := allParts(len(parts.Parts), false)
	for i, to := last(low, lowAt), last(high, highAt); i <= to; i++ {
		if n := parts.Default; i < 0 || parts.Index[i] < 0 {
			if n >= 0 {
				out[n] = true
			}
			continue
		}
		out[parts.Index[i]] = true
	}
	return out
}
