package catalog

import (
	"sort"

	"rowkey/types"
)

// Which partitions can hold rows, given conditions on the columns of the
// partition key: what planner and executor prune by.

// PartSet tells which partitions remain, by their place in bound order.
type PartSet []bool

// AllParts gives a set of n partitions, all in it or none.
func AllParts(n int, v bool) PartSet {
	s := make(PartSet, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// And keeps what is in o, too.
func (s PartSet) And(o PartSet) {
	for i := range s {
		s[i] = s[i] && o[i]
	}
}

// Or adds what is in o.
func (s PartSet) Or(o PartSet) {
	for i := range s {
		s[i] = s[i] || o[i]
	}
}

// PartCond is a condition on one column of a partition key.
type PartCond struct {
	Op  string // =, <, <=, >, >=, <>, null, notnull
	Val types.Datum
}

// Admitting gives the partitions that rows may be in which meet conditions on the
// columns of the key: byKey[i] are those on its column i.
func (parts *Partitions) Admitting(byKey [][]PartCond) PartSet {
	n := len(parts.Parts)
	switch parts.Key.Strategy {
	case PartitionHash:
		vals := make([]types.Datum, len(byKey))
		for i, conds := range byKey {
			known := false
			for _, c := range conds {
				if c.Op == "=" {
					vals[i], known = c.Val, true
				} else if c.Op == "null" {
					vals[i], known = types.Null, true
				}
			}
			if !known {
				return AllParts(n, true)
			}
		}
		out := AllParts(n, false)
		if i := parts.Route(vals); i >= 0 {
			out[i] = true
		}
		return out
	case PartitionList:
		return listParts(parts, byKey[0])
	}
	return rangeParts(parts, byKey)
}

func listParts(parts *Partitions, conds []PartCond) PartSet {
	n := len(parts.Parts)
	live := AllParts(n, true)
	t := parts.Key.Columns[0].Type
	excluded := map[int]bool{} // boundaries that <> takes out
	for _, c := range conds {
		one := AllParts(n, false)
		switch c.Op {
		case "null":
			if i := parts.Null; i >= 0 {
				one[i] = true
			} else if parts.Default >= 0 {
				one[parts.Default] = true
			}
			live.And(one)
			continue
		case "=":
			if i := parts.Route([]types.Datum{c.Val}); i >= 0 {
				one[i] = true
			}
			live.And(one)
			continue
		case "<>":
			for i := range parts.Bounds {
				if types.Compare(t, parts.Bounds[i].Values[0], c.Val) == 0 {
					excluded[i] = true
				}
			}
		}
		for i := range parts.Bounds {
			cmp := 0
			if c.Op != "notnull" {
				cmp = types.Compare(t, parts.Bounds[i].Values[0], c.Val)
			}
			if holds(c.Op, cmp) && !excluded[i] {
				one[parts.Index[i]] = true
			}
		}
		if parts.Default >= 0 {
			one[parts.Default] = true
		}
		live.And(one)
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
func rangeParts(parts *Partitions, byKey [][]PartCond) PartSet {
	n := len(parts.Parts)
	live := AllParts(n, true)
	for _, conds := range byKey {
		for _, c := range conds {
			if c.Op == "null" { // no range has NULLs
				one := AllParts(n, false)
				if parts.Default >= 0 {
					one[parts.Default] = true
				}
				return one
			}
		}
	}
	var prefix []types.Datum
	for k := 0; k < len(byKey); k++ {
		var eq *PartCond
		for i := range byKey[k] {
			if byKey[k][i].Op != "=" {
				continue
			}
			if eq != nil && types.Compare(parts.Key.Columns[k].Type, eq.Val, byKey[k][i].Val) != 0 {
				return AllParts(n, false)
			}
			eq = &byKey[k][i]
		}
		for _, c := range byKey[k] {
			if c.Op == "=" || c.Op == "<>" || c.Op == "notnull" {
				continue
			}
			live.And(interval(parts, prefix, c.Op, c.Val))
			if eq != nil {
				cmp := types.Compare(parts.Key.Columns[k].Type, eq.Val, c.Val)
				if !holds(c.Op, cmp) {
					return AllParts(n, false)
				}
			}
		}
		if eq == nil {
			break
		}
		prefix = append(prefix[:len(prefix):len(prefix)], eq.Val)
	}
	if len(prefix) > 0 {
		live.And(interval(parts, prefix[:len(prefix)-1], "=", prefix[len(prefix)-1]))
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
func reached(parts *Partitions, b *PartBoundary, vals []types.Datum, at where) bool {
	for i := range vals {
		switch b.Kinds[i] {
		case BoundMinValue:
			return true
		case BoundMaxValue:
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
		return b.Kinds[len(vals)] == BoundMinValue
	}
	return b.Kinds[len(vals)] != BoundMaxValue
}

// interval are the partitions that have keys which begin with prefix and whose
// next column is in relation op to val.
func interval(parts *Partitions, prefix []types.Datum, op string, val types.Datum) PartSet {
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
	out := AllParts(len(parts.Parts), false)
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
