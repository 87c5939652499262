package planner

import (
	"math"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// How many rows meet a condition: from the columns' statistics where ANALYZE
// has run, from PostgreSQL's default guesses otherwise.

const (
	defaultEqSel     = 0.005
	defaultIneqSel   = 1.0 / 3
	defaultRangeSel  = 0.005
	defaultMatchSel  = 0.005
	defaultNullSel   = 0.005
	defaultBoolSel   = 0.5
	defaultNDistinct = 200
	defaultRows      = 1000
)

const dayMicros = 24 * 60 * 60 * 1000 * 1000

// tableRows is the estimated size of a table.
func (p *planner) tableRows(t *catalog.Table) float64 {
	if st := p.tableStats(t); st != nil {
		return math.Max(st.Rows, 1)
	}
	if p.req.EstimateRows != nil && t.Virtual == nil {
		return math.Max(p.req.EstimateRows(t), 1)
	}
	return defaultRows
}

func (p *planner) tableStats(t *catalog.Table) *catalog.TableStats {
	if t.Stats != nil {
		return t.Stats
	}
	return p.snap.Stats(t.OID)
}

// columnStats gives the statistics of a column id that comes from a table.
func (p *planner) columnStats(id colID) (*catalog.ColumnStats, *catalog.Table) {
	ci := &p.cols[id]
	if ci.scan == nil || ci.attnum <= 0 {
		return nil, nil
	}
	st := p.tableStats(ci.scan.table)
	if st == nil {
		return nil, ci.scan.table
	}
	return st.Columns[ci.attnum], ci.scan.table
}

// distinctValues estimates the number of distinct values of an expression
// among rows rows.
func (p *planner) distinctValues(e plan.Expr, rows float64) float64 {
	for {
		if r, ok := e.(*plan.Relabel); ok {
			e = r.Arg
			continue
		}
		break
	}
	c, ok := e.(*plan.Col)
	if !ok {
		if isConst(e) {
			return 1
		}
		return math.Min(rows, defaultNDistinct)
	}
	st, t := p.columnStats(c.Idx)
	if st != nil {
		n := st.NDistinct
		if n < 0 {
			n = -n * p.tableRows(t)
		}
		if n > 0 {
			return math.Max(1, math.Min(n, rows))
		}
	}
	if t != nil {
		if uniqueColumn(t, p.cols[c.Idx].attnum) {
			return math.Max(1, math.Min(rows, p.tableRows(t)))
		}
		if c.Typ == types.Bool {
			return 2
		}
		return math.Max(1, math.Min(rows, math.Min(defaultNDistinct, p.tableRows(t))))
	}
	return math.Max(1, math.Min(rows, defaultNDistinct))
}

// uniqueColumn tells whether a column alone is a unique key.
func uniqueColumn(t *catalog.Table, attnum int16) bool {
	for _, ix := range t.Indexes {
		if ix.Unique && !ix.Building && len(ix.Keys) == 1 && ix.Keys[0].Attnum == attnum && ix.Where == "" {
			return true
		}
	}
	return false
}

// selectivity of a conjunction over rows rows. Ranges on one column count as
// a range, not as two independent conditions.
func (p *planner) selectivity(conds []plan.Expr) float64 {
	return p.selectivityIn(conds, nil)
}

// scanSelectivity is that of conditions on the rows of one table: columns of others
// that they read have one value each, though nobody knows it.
func (p *planner) scanSelectivity(s *lScan, conds []plan.Expr) float64 {
	return p.selectivityIn(conds, setOf(s.outCols()))
}

func (p *planner) selectivityIn(conds []plan.Expr, own colSet) float64 {
	s := 1.0
	var lows, highs map[colID]float64
	for _, c := range conds {
		if id, op, val, ok := columnBound(c, own); ok {
			x := p.ineqSel(id, op, val)
			m := &lows
			if op == "<" || op == "<=" {
				m = &highs
			}
			if *m == nil {
				*m = map[colID]float64{}
			}
			if old, ok := (*m)[id]; !ok || x < old {
				(*m)[id] = x
			}
			continue
		}
		s *= p.condSel(c)
	}
	for id, lo := range lows {
		hi, both := highs[id]
		if !both {
			s *= lo
			continue
		}
		x := lo + hi - 1
		if lo == defaultIneqSel && hi == defaultIneqSel {
			x = defaultRangeSel
		}
		s *= math.Max(x, 1e-6)
		delete(highs, id)
	}
	for _, hi := range highs {
		s *= hi
	}
	return math.Max(s, 1e-10)
}

// columnBound recognises column < value and the like; if own is set, of a column among
// these, and the value may read others.
func columnBound(e plan.Expr, own colSet) (id colID, op string, val plan.Expr, ok bool) {
	c, isCall := e.(*plan.Call)
	if !isCall || c.Op == nil || len(c.Args) != 2 {
		return 0, "", nil, false
	}
	op = c.Op.Compare
	switch op {
	case "<", "<=", ">", ">=":
	default:
		return 0, "", nil, false
	}
	bound := func(a, val plan.Expr) bool {
		if col, isCol := bareColumn(a); isCol {
			id = col.Idx
			return own == nil && colsOf(val).empty() || own.has(id) && !colsOf(val).meets(own)
		}
		return false
	}
	if bound(c.Args[0], c.Args[1]) {
		return id, op, c.Args[1], true
	}
	if bound(c.Args[1], c.Args[0]) {
		return id, flip(op), c.Args[0], true
	}
	return 0, "", nil, false
}

// bareColumn sees through relabelling.
func bareColumn(e plan.Expr) (*plan.Col, bool) {
	for {
		switch x := e.(type) {
		case *plan.Relabel:
			e = x.Arg
		case *plan.Col:
			return x, true
		default:
			return nil, false
		}
	}
}

func flip(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

func (p *planner) condSel(e plan.Expr) float64 {
	switch e := e.(type) {
	case *plan.Const:
		if isTrue(e) {
			return 1
		}
		return 0
	case *plan.And:
		return p.selectivity(e.Args)
	case *plan.Or:
		s := 0.0
		for _, a := range e.Args {
			x := p.condSel(a)
			s = s + x - s*x
		}
		return s
	case *plan.Not:
		return 1 - p.condSel(e.Arg)
	case *plan.Col:
		if st, _ := p.columnStats(e.Idx); st != nil && len(st.MCV) > 0 {
			for i, v := range st.MCV {
				if v.Bool() {
					return st.MCF[i]
				}
			}
		}
		return defaultBoolSel
	case *plan.IsNull:
		s := defaultNullSel
		if c, ok := bareColumn(e.Arg); ok {
			if st, t := p.columnStats(c.Idx); st != nil {
				s = st.NullFrac
			} else if t != nil && p.cols[c.Idx].attnum > 0 && t.Col(p.cols[c.Idx].attnum).NotNull {
				s = 0
			}
		}
		if e.Not {
			return 1 - s
		}
		return s
	case *plan.BoolTest:
		switch e.Kind {
		case plan.IsTrue, plan.IsNotFalse:
			return p.condSel(e.Arg)
		case plan.IsFalse, plan.IsNotTrue:
			return 1 - p.condSel(e.Arg)
		}
		return defaultNullSel
	case *plan.ScalarArray:
		n := float64(arrayLen(e.R))
		x := p.eqSel(e.L, nil)
		if e.Op.Compare != "=" {
			x = defaultIneqSel
			if e.Op.Compare == "<>" {
				x = p.eqSel(e.L, nil)
				return math.Max(0, 1-n*x)
			}
		}
		return math.Min(1, n*x)
	case *plan.IsDistinct:
		x := p.eqSel(e.L, e.R)
		if e.Not {
			return x
		}
		return 1 - x
	case *plan.Call:
		if e.Op != nil && len(e.Args) == 2 {
			return p.opSel(e)
		}
		if e.Fn == builtin.Live || e.Fn == builtin.LiveKey {
			return 1 // but for what the sweeper has not come to yet
		}
		return defaultIneqSel
	case *plan.RowCompare: // as its first columns, for the most part
		if c, ok := bareColumn(e.L[0]); ok {
			return p.ineqSel(c.Idx, e.Kind, e.R[0])
		}
		return defaultIneqSel
	case *subquery:
		return 0.5
	}
	return defaultBoolSel
}

func arrayLen(e plan.Expr) int {
	switch x := e.(type) {
	case *plan.Const:
		if a, ok := x.Val.X.(*types.Array); ok {
			return len(a.Elems)
		}
	case *plan.ArrayExpr:
		return len(x.Elems)
	}
	return 10
}

func (p *planner) opSel(e *plan.Call) float64 {
	l, r := e.Args[0], e.Args[1]
	switch e.Op.Compare {
	case "=":
		if !colsOf(l).empty() && !colsOf(r).empty() {
			return p.eqJoinSel(l, r)
		}
		if colsOf(l).empty() {
			l, r = r, l
		}
		return p.eqSel(l, r)
	case "<>":
		if colsOf(l).empty() {
			l, r = r, l
		}
		return 1 - p.eqSel(l, r)
	case "<", "<=", ">", ">=":
		if id, op, val, ok := columnBound(e, nil); ok {
			return p.ineqSel(id, op, val)
		}
		return defaultIneqSel
	}
	switch e.Op.Name {
	case "~~", "~~*", "~", "~*":
		if c, ok := r.(*plan.Const); ok && c.Val.K == types.PhysBytes {
			if e.Op.Name == "~~" && strings.HasPrefix(c.Val.S, "%") {
				return 0.05
			}
		}
		return defaultMatchSel
	case "!~~", "!~~*", "!~", "!~*":
		return 1 - defaultMatchSel
	}
	return defaultIneqSel
}

// eqJoinSel is the selectivity of column = column.
func (p *planner) eqJoinSel(l, r plan.Expr) float64 {
	dl, dr := p.distinctValues(l, math.MaxFloat64), p.distinctValues(r, math.MaxFloat64)
	s := 1 / math.Max(math.Max(dl, dr), 1)
	// a range carried over by this equality is one that the other side has, too:
	// it must not count twice
	for _, e := range []plan.Expr{l, r} {
		if c, ok := bareColumn(e); ok && p.ranged[c.Idx] != nil {
			return math.Min(1, s/p.selectivity(p.ranged[c.Idx]))
		}
	}
	return s
}

// eqSel is the selectivity of expression = value (nil: an unknown value).
func (p *planner) eqSel(e, val plan.Expr) float64 {
	c, ok := bareColumn(e)
	if !ok {
		return defaultEqSel
	}
	st, t := p.columnStats(c.Idx)
	if st == nil {
		if t != nil {
			if uniqueColumn(t, p.cols[c.Idx].attnum) {
				return 1 / p.tableRows(t)
			}
			return math.Max(defaultEqSel, math.Min(1, 1/p.tableRows(t)))
		}
		return defaultEqSel
	}
	nd := p.distinctValues(e, p.tableRows(t))
	if k, ok := val.(*plan.Const); ok {
		if k.Val.IsNull() {
			return 0
		}
		v := alike(k, c.Typ)
		sum := 0.0
		for i, m := range st.MCV {
			sum += st.MCF[i]
			if m.K == v.K && types.Compare(c.Typ, m, v) == 0 {
				return st.MCF[i]
			}
		}
		rest := nd - float64(len(st.MCV))
		if rest < 1 {
			rest = 1
		}
		return math.Max(0, (1-sum-st.NullFrac)/rest)
	}
	return (1 - st.NullFrac) / math.Max(nd, 1)
}

// ineqSel is the selectivity of column op value.
func (p *planner) ineqSel(id colID, op string, val plan.Expr) float64 {
	st, _ := p.columnStats(id)
	k, ok := val.(*plan.Const)
	if st == nil || !ok || k.Val.IsNull() || len(st.Histogram) < 2 && len(st.MCV) == 0 {
		return defaultIneqSel
	}
	t := p.cols[id].typ
	bound := alike(k, t)
	if st.Histogram != nil && bound.K != st.Histogram[0].K || st.MCV != nil && bound.K != st.MCV[0].K {
		return defaultIneqSel
	}
	less := 0.0 // fraction of rows below the value
	sum := 0.0
	for i, v := range st.MCV {
		sum += st.MCF[i]
		if types.Compare(t, v, bound) < 0 {
			less += st.MCF[i]
		}
	}
	if h := st.Histogram; len(h) >= 2 {
		lo, hi := 0, len(h)
		for lo < hi {
			m := (lo + hi) / 2
			if types.Compare(t, h[m], bound) < 0 {
				lo = m + 1
			} else {
				hi = m
			}
		}
		f := 0.0
		switch {
		case lo == 0:
		case lo == len(h):
			f = 1
		default:
			f = (float64(lo-1) + within(h[lo-1], h[lo], bound)) / float64(len(h)-1)
		}
		less += f * math.Max(0, 1-sum-st.NullFrac)
	}
	s := less
	if op == ">" || op == ">=" {
		s = 1 - st.NullFrac - less
	}
	return math.Min(1, math.Max(s, 0.0001))
}

// alike is a constant as a value of a column's type, where the two compare
// across types: a date with a timestamp.
func alike(k *plan.Const, t *types.Type) types.Datum {
	v := k.Val
	if v.K != types.PhysInt64 || v.I == math.MaxInt64 || v.I == math.MinInt64 {
		return v
	}
	from, to := k.Typ.Under(), t.Under()
	stamp := func(t *types.Type) bool { return t == types.Timestamp || t == types.TimestampTZ }
	switch {
	case stamp(from) && to == types.Date:
		v.I = int64(math.Floor(float64(v.I) / dayMicros))
	case from == types.Date && stamp(to) && v.I > -1e6 && v.I < 1e7:
		v.I *= dayMicros
	}
	return v
}

// within tells how far v is on the way from a to b.
func within(a, b, v types.Datum) float64 {
	num := func(d types.Datum) (float64, bool) {
		switch d.K {
		case types.PhysInt64:
			return float64(d.I), true
		case types.PhysFloat64:
			return d.Float(), true
		case types.PhysDecimal:
			if d.X != nil {
				return 0, false
			}
			return float64(d.I) / math.Pow10(int(d.M)), true
		}
		return 0, false
	}
	x, ok1 := num(a)
	y, ok2 := num(b)
	z, ok3 := num(v)
	if !ok1 || !ok2 || !ok3 || y <= x {
		return 0.5
	}
	return math.Min(1, math.Max(0, (z-x)/(y-x)))
}

// typeWidth is the average width of a type in bytes, for estimates.
func typeWidth(t *types.Type, mod int32) int {
	if t == nil {
		return 8
	}
	if t.Len > 0 {
		return int(t.Len)
	}
	switch t.Under() {
	case types.VarChar, types.BPChar:
		if mod > 4 {
			if n := int(mod - 4); n <= 32 {
				return n
			} else if n < 1000 {
				return 32 + (n-32)/2
			}
		}
	}
	return 32
}

func (p *planner) width(cols []colID) int {
	w := 0
	for _, c := range cols {
		if st, _ := p.columnStats(c); st != nil && st.AvgWidth > 0 {
			w += int(st.AvgWidth)
			continue
		}
		w += typeWidth(p.cols[c].typ, p.cols[c].mod)
	}
	return w
}
