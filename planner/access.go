package planner

import (
	"math"
	"sort"

	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Ways to read a table: all of it, or ranges of one of its indexes.
//
//	a = 1                      [/1]           point, on the whole key of a unique index
//	a = 1 AND b > 5            [/1/5 - /1/NULL)
//	a IN (1, 3)                [/1] [/3]
//	name LIKE 'ab%'            [/"ab" - /"ac")
//
// A condition that the ranges express fully is not evaluated again.

// Costs, in PostgreSQL's unit (reading one page in sequence). Rows of a range
// are decoded one after another; fetching a row by key from a secondary index
// is a seek.
const (
	pageCost    = 1.0
	rowCost     = 0.01
	opCost      = 0.0025
	entryCost   = 0.005
	fetchCost   = 0.25
	seekCost    = 0.25
	pageBytes   = 8192
	sortRowCost = 0.005
	hashRowCost = 0.012
)

// ordKey is a column some operator's output is sorted by.
type ordKey struct {
	id         colID
	desc       bool
	nullsFirst bool
}

// path is a way to compute a rel: what it costs, how its rows are sorted, and
// the plan, made when asked for.
type path struct {
	rows, startup, total float64
	width                int
	order                []ordKey
	// fixed columns have one value throughout: they can be left out of orders.
	fixed colSet
	build func() (plan.Node, []colID)
	// limit tells the path's scan how many rows will be asked for, where it has one.
	limit func(plan.Expr)
	// bounded gives the top-N form of a sort.
	bounded func(count, offset plan.Expr, n float64) *path
	// keepOrder tells the path that somebody relies on its order.
	keepOrder func()
	point     bool   // at most one row for each start
	outs      colSet // columns it yields
}

// disabledCost is what a way costs more that a setting like enable_hashjoin turns off: it is taken
// only where there is no other.
const disabledCost = 1e10

// unless adds disabledCost to a path that is off.
func (pt *path) unless(off bool) *path {
	if off {
		pt.startup += disabledCost
		pt.total += disabledCost
	}
	return pt
}

func (p *planner) base(pt *path, cols []colID) plan.Base {
	b := plan.Base{ID: p.nodes, Rows: math.Max(1, math.Round(pt.rows)), Width: pt.width, Startup: pt.startup, Total: pt.total}
	p.nodes++
	b.Cols = make([]plan.Column, len(cols))
	for i, c := range cols {
		ci := &p.cols[c]
		b.Cols[i] = plan.Column{Name: ci.name, Type: ci.typ, Typmod: ci.mod}
		if ci.attnum > 0 {
			b.Cols[i].TableOID, b.Cols[i].Attnum = ci.tableOID, ci.attnum
		}
	}
	return b
}

// usedOf lists the columns of a scan that the statement uses, key first.
func (p *planner) usedOf(s *lScan) []colID {
	if pref := p.scanOrder[s]; pref != nil {
		return pref
	}
	var out []colID
	if p.used.has(s.rowKey()) {
		out = append(out, s.rowKey())
	}
	for i := range s.table.Columns {
		if p.used.has(s.base + i) {
			out = append(out, s.base+i)
		}
	}
	if p.used.has(s.tableOID()) {
		out = append(out, s.tableOID())
	}
	return out
}

func (s *lScan) attnum(id colID) int16 {
	switch n := id - s.base; {
	case n == len(s.table.Columns):
		return plan.AttRowKey
	case n == len(s.table.Columns)+1:
		return plan.AttTableOID
	default:
		return int16(n + 1)
	}
}

func (s *lScan) attnums(ids []colID) []int16 {
	out := make([]int16, len(ids))
	for i, id := range ids {
		out[i] = s.attnum(id)
	}
	return out
}

// typeFamily groups types whose keys are encoded alike, so that a value of one
// bounds a range of another.
func typeFamily(t *types.Type) types.OID {
	t = t.Under()
	switch t {
	case types.Int2, types.Int4, types.Int8:
		return types.Int8.OID
	case types.Oid, types.RegClass, types.RegType, types.RegProc, types.RegProcedure, types.RegNamespace, types.RegRole, types.RegOper, types.RegOperator, types.RegCollation:
		return types.Oid.OID
	case types.Float4, types.Float8:
		return types.Float8.OID
	case types.Text, types.VarChar, types.Name:
		return types.Text.OID
	}
	return t.OID
}

// keyExact tells whether a value can be had back from its key: a numeric's
// display scale, for one, cannot.
func keyExact(t *types.Type) bool {
	switch t.Under() {
	case types.Numeric, types.BPChar, types.JSONB, types.JSON, types.Interval, types.TimeTZ, types.Float4, types.Float8:
		return false
	}
	u := t.Under()
	return u.Phys == types.PhysInt64 || u.Phys == types.PhysBool || u.Phys == types.PhysBytes
}

// keyMatch is how the conditions restrict an index.
type keyMatch struct {
	spans   []plan.KeySpan // over ids, not positions
	used    []bool         // conditions expressed by the spans
	eqCols  int            // leading key columns with one value each
	points  int            // number of spans (IN elements), for the estimate
	unique  bool
	bounded bool // spans restrict at all
	absorb  []plan.Expr
}

// keyExprs are the key columns of an index as expressions over the scan.
func (p *planner) keyExprs(s *lScan, ix *catalog.Index) []plan.Expr {
	out := make([]plan.Expr, len(ix.Keys))
	var rc *tableRules
	for i, k := range ix.Keys {
		if k.Attnum != 0 {
			out[i] = p.col(s.base + int(k.Attnum) - 1)
			continue
		}
		if rc == nil {
			rc = p.rulesFor(s.table)
		}
		for n, x := range s.table.Indexes {
			if x == ix && rc.rules.IndexExprs != nil && rc.rules.IndexExprs[n] != nil {
				out[i] = shiftCols(rc.rules.IndexExprs[n][i], s.base)
			}
		}
	}
	return out
}

// sameKey tells whether an operand is the key column (or key expression).
func sameKey(e, key plan.Expr) bool {
	for {
		if r, ok := e.(*plan.Relabel); ok {
			e = r.Arg
			continue
		}
		break
	}
	if c, ok := e.(*plan.Col); ok {
		k, ok := key.(*plan.Col)
		return ok && k.Idx == c.Idx
	}
	if _, ok := key.(*plan.Col); ok {
		return false
	}
	return equalExprs(e, key)
}

// comparison takes a condition apart as key op value; value reads nothing of
// the scan and calls nothing volatile.
func comparison(cond plan.Expr, key plan.Expr, own colSet) (op string, val plan.Expr, ok bool) {
	if key.Type().Under() == types.Bool {
		if v, ok := truthOf(cond, key); ok {
			return "=", v, true
		}
	}
	c, isCall := cond.(*plan.Call)
	if !isCall || c.Op == nil || len(c.Args) != 2 || c.Op.Compare == "" || c.Op.Compare == "<>" {
		return "", nil, false
	}
	l, r, op := c.Args[0], c.Args[1], c.Op.Compare
	if !sameKey(l, key) {
		if !sameKey(r, key) {
			return "", nil, false
		}
		l, r, op = r, l, flip(op)
	}
	_ = l
	if typeFamily(r.Type()) != typeFamily(key.Type()) || !outside(r, own) {
		return "", nil, false
	}
	return op, r, true
}

// truthOf recognises b, NOT b, b IS TRUE and b IS FALSE as b = true or b = false.
func truthOf(cond, key plan.Expr) (plan.Expr, bool) {
	switch c := cond.(type) {
	case *plan.Not:
		if sameKey(c.Arg, key) {
			return falseExpr, true
		}
	case *plan.BoolTest:
		switch {
		case !sameKey(c.Arg, key):
		case c.Kind == plan.IsTrue:
			return trueExpr, true
		case c.Kind == plan.IsFalse:
			return falseExpr, true
		}
	default:
		if sameKey(cond, key) {
			return trueExpr, true
		}
	}
	return nil, false
}

// outside tells whether a value can be computed before the scan starts.
func outside(e plan.Expr, own colSet) bool {
	if isConst(e) {
		return true
	}
	return !colsOf(e).meets(own) && !volatileEachTime(e)
}

// matchIndex finds what the conditions say about an index's key columns.
func (p *planner) matchIndex(s *lScan, ix *catalog.Index, conds []plan.Expr) *keyMatch {
	m := &keyMatch{used: make([]bool, len(conds)), points: 1}
	if ix.RowID {
		m.spans = nil
		return m
	}
	own := setOf(s.outCols())
	keys := p.keyExprs(s, ix)
	span := plan.KeySpan{}
	type inList struct {
		at  int
		arr plan.Expr
	}
	var ins []inList
	take := func(i int) {
		m.used[i] = true
		m.absorb = append(m.absorb, conds[i])
	}
	k := 0
outer:
	for ; k < len(keys); k++ {
		key := keys[k]
		if key == nil {
			break
		}
		for i, c := range conds {
			if m.used[i] {
				continue
			}
			if op, v, ok := comparison(c, key, own); ok && op == "=" {
				span.Eq = append(span.Eq, v)
				span.EqNull = append(span.EqNull, false)
				take(i)
				continue outer
			}
		}
		for i, c := range conds {
			n, ok := c.(*plan.IsNull)
			if ok && !n.Not && !m.used[i] && sameKey(n.Arg, key) && !isRowType(n.Arg.Type()) {
				span.Eq = append(span.Eq, nullOf(key.Type(), -1))
				span.EqNull = append(span.EqNull, true)
				take(i)
				continue outer
			}
		}
		for i, c := range conds {
			a, ok := c.(*plan.ScalarArray)
			if !ok || m.used[i] || a.All || a.Op.Compare != "=" || !sameKey(a.L, key) || !outside(a.R, own) {
				continue
			}
			et := a.R.Type().Under().Elem
			if et == nil || typeFamily(et) != typeFamily(key.Type()) {
				continue
			}
			n := arrayLen(a.R)
			_, konst := a.R.(*plan.Const)
			if len(ins) > 0 && (!konst || m.points*n > 200) {
				continue
			}
			ins = append(ins, inList{k, a.R})
			m.points *= max(n, 1)
			take(i)
			span.Eq = append(span.Eq, nil) // to be filled
			span.EqNull = append(span.EqNull, false)
			if !konst {
				k++
				break outer // a list known only at run time ends the prefix
			}
			continue outer
		}
		break
	}
	m.eqCols = 0
	for _, v := range span.Eq {
		if v == nil {
			break
		}
		m.eqCols++
	}
	full := k == len(keys) && k > 0
	m.unique = full && (ix.Unique || ix.Primary)
	for i, e := range span.Eq {
		if e != nil && span.EqNull[i] && !ix.NullsEqual {
			m.unique = false
		}
	}
	// a range on the next column; not behind a list that is known only at run time
	if !full && k < len(keys) && keys[k] != nil && (len(ins) == 0 || isConst(ins[len(ins)-1].arr)) {
		key, desc := keys[k], ix.Keys[k].Desc
		for i, c := range conds {
			if m.used[i] {
				continue
			}
			if op, v, ok := comparison(c, key, own); ok {
				low := op == ">" || op == ">="
				inc := op == ">=" || op == "<="
				if low != desc {
					if span.Low == nil {
						span.Low, span.LowInc = v, inc
						take(i)
					}
				} else if span.High == nil {
					span.High, span.HighInc = v, inc
					take(i)
				}
				continue
			}
			if rc, ok := c.(*plan.RowCompare); ok {
				if vals, exact, ok := rowBound(s, ix, keys[k:], rc, own); ok {
					low, inc := rc.Kind[0] == '>', len(rc.Kind) == 2 || len(vals) < len(rc.L)
					if low != desc && span.Low == nil {
						span.Low, span.LowMore, span.LowInc = vals[0], vals[1:], inc
					} else if low == desc && span.High == nil {
						span.High, span.HighMore, span.HighInc = vals[0], vals[1:], inc
					} else {
						continue
					}
					if exact {
						take(i)
					} else {
						m.absorb = append(m.absorb, c)
					}
				}
				continue
			}
			if lo, hi, exact, ok := likeRange(c, key); ok && span.Low == nil && span.High == nil {
				if desc {
					span.High, span.HighInc, span.Low = lo, true, hi
				} else {
					span.Low, span.LowInc, span.High = lo, true, hi
				}
				if exact {
					take(i)
				} else {
					m.absorb = append(m.absorb, c)
				}
				continue
			}
			if n, ok := c.(*plan.IsNull); ok && n.Not && sameKey(n.Arg, key) && !isRowType(n.Arg.Type()) {
				span.NotNull = true
				take(i)
			}
		}
	}
	m.bounded = len(span.Eq) > 0 || span.Low != nil || span.High != nil || span.NotNull
	if !m.bounded {
		return m
	}
	hasNull := false
	for _, n := range span.EqNull {
		hasNull = hasNull || n
	}
	if !hasNull {
		span.EqNull = nil
	}
	m.spans = []plan.KeySpan{span}
	if len(ins) == 0 {
		return m
	}
	last := ins[len(ins)-1]
	if len(ins) == 1 && last.at == len(span.Eq)-1 && span.Low == nil && span.High == nil && !span.NotNull {
		one := &m.spans[0]
		one.In = last.arr
		one.Eq = span.Eq[:last.at]
		if one.EqNull != nil {
			one.EqNull = span.EqNull[:last.at]
		}
		return m
	}
	// lists in the middle: a span for each combination, in index order
	spans := []plan.KeySpan{span}
	for _, in := range ins {
		vals := listValues(in.arr.(*plan.Const), keys[in.at].Type(), ix.Keys[in.at].Desc)
		var next []plan.KeySpan
		for _, sp := range spans {
			for _, v := range vals {
				c := sp
				c.Eq = append([]plan.Expr(nil), sp.Eq...)
				c.Eq[in.at] = v
				next = append(next, c)
			}
		}
		spans = next
	}
	if len(spans) == 0 {
		// IN () of nothing but NULLs: an empty range
		e := span
		e.Eq = append([]plan.Expr(nil), span.Eq...)
		for i := range e.Eq {
			if e.Eq[i] == nil {
				e.Eq[i] = nullOf(keys[i].Type(), -1)
			}
		}
		spans = []plan.KeySpan{e}
	}
	m.spans = spans
	return m
}

// rowBound takes a comparison of rows as a bound on key columns: on as many as
// it names in their order, all sorted one way. The bound is exact if those are all
// it compares, and none but the first can be NULL.
//
//	(a, b) > (1, 2)   on (a, b)      /1/2 exclusive
//	(a, c) > (1, 2)   on (a, b)      /1 inclusive, and the condition
func rowBound(s *lScan, ix *catalog.Index, keys []plan.Expr, c *plan.RowCompare, own colSet) (vals []plan.Expr, exact, ok bool) {
	first := len(ix.Keys) - len(keys)
	exact = true
	for i, l := range c.L {
		if i >= len(keys) || keys[i] == nil || !sameKey(l, keys[i]) || ix.Keys[first+i].Desc != ix.Keys[first].Desc ||
			typeFamily(c.R[i].Type()) != typeFamily(keys[i].Type()) || !outside(c.R[i], own) {
			exact = false
			break
		}
		if i > 0 {
			if a := ix.Keys[first+i].Attnum; a <= 0 || !s.columnNotNull(a) {
				exact = false
			}
		}
		vals = append(vals, c.R[i])
	}
	return vals, exact, len(vals) > 0
}

// listValues are the distinct non-null elements of a constant array, sorted.
func listValues(c *plan.Const, t *types.Type, desc bool) []plan.Expr {
	a, ok := c.Val.X.(*types.Array)
	if !ok {
		return nil
	}
	vals := make([]types.Datum, 0, len(a.Elems))
	for _, v := range a.Elems {
		if !v.IsNull() {
			vals = append(vals, v)
		}
	}
	sort.SliceStable(vals, func(i, j int) bool {
		x := types.Compare(a.Elem, vals[i], vals[j])
		if desc {
			return x > 0
		}
		return x < 0
	})
	var out []plan.Expr
	for i, v := range vals {
		if i > 0 && types.Compare(a.Elem, vals[i-1], v) == 0 {
			continue
		}
		out = append(out, &plan.Const{T: plan.T{Typ: a.Elem, Mod: -1}, Val: v})
	}
	return out
}

// likeRange gives the range of texts a LIKE pattern with a fixed prefix
// admits (collation C). exact: nothing else is asked.
func likeRange(c plan.Expr, key plan.Expr) (lo, hi plan.Expr, exact, ok bool) {
	call, isCall := c.(*plan.Call)
	if !isCall || call.Op == nil || call.Op.Name != "~~" || len(call.Args) != 2 || !sameKey(call.Args[0], key) {
		return nil, nil, false, false
	}
	k, isK := call.Args[1].(*plan.Const)
	if !isK || k.Val.K != types.PhysBytes {
		return nil, nil, false, false
	}
	typ := types.Text
	if key.Type().Under() == types.Bytea {
		typ = types.Bytea
	} else if typeFamily(key.Type()) != types.Text.OID {
		return nil, nil, false, false
	}
	var prefix []byte
	pat := k.Val.S
	i := 0
	for ; i < len(pat); i++ {
		if pat[i] == '%' || pat[i] == '_' {
			break
		}
		if pat[i] == '\\' {
			i++
			if i == len(pat) {
				return nil, nil, false, false
			}
		}
		prefix = append(prefix, pat[i])
	}
	if len(prefix) == 0 {
		return nil, nil, false, false
	}
	text := func(b []byte) plan.Expr {
		return &plan.Const{T: plan.T{Typ: typ, Mod: -1}, Val: types.NewString(string(b))}
	}
	lo = text(prefix)
	up := append([]byte(nil), prefix...)
	for len(up) > 0 && up[len(up)-1] == 0xff {
		up = up[:len(up)-1]
	}
	if len(up) == 0 {
		return nil, nil, false, false
	}
	up[len(up)-1]++
	return lo, text(up), pat[i:] == "%", true
}

// indexUsable tells whether an index may be read for these conditions.
func (p *planner) indexUsable(s *lScan, n int, conds []plan.Expr) bool {
	ix := s.table.Indexes[n]
	if ix.Building {
		return false
	}
	if ix.Where == "" {
		return true
	}
	rc := p.rulesFor(s.table)
	return rc.rules.IndexWhere != nil && rc.rules.IndexWhere[n] != nil && implies(conds, shiftCols(rc.rules.IndexWhere[n], s.base))
}

// covers tells whether an index alone yields all the columns wanted.
func (p *planner) covers(s *lScan, ix *catalog.Index, cols []colID) bool {
	if p.req.Settings.NoIndexOnlyScan {
		return false
	}
	for _, id := range cols {
		a := s.attnum(id)
		if a == plan.AttTableOID {
			continue
		}
		if a < 0 {
			return false
		}
		ok := false
		for _, k := range ix.Keys {
			ok = ok || k.Attnum == a && keyExact(s.table.Col(a).Type)
		}
		for _, inc := range ix.Include {
			ok = ok || inc == a
		}
		if pk := s.table.PrimaryKey(); pk != nil {
			for _, k := range pk.Keys {
				ok = ok || k.Attnum == a && keyExact(s.table.Col(a).Type)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// indexOrder is the order an index scan yields, without the columns that are
// fixed by equality.
func (p *planner) indexOrder(s *lScan, ix *catalog.Index, reverse bool) []ordKey {
	var out []ordKey
	keys := ix.Keys
	if pk := s.table.PrimaryKey(); !ix.Unique && pk != nil && ix != pk {
		// entries of equal keys are ordered by the primary key behind them
		keys = append(keys[:len(keys):len(keys)], pk.Keys...)
	}
	for _, k := range keys {
		if k.Attnum == 0 {
			break
		}
		o := ordKey{id: s.base + int(k.Attnum) - 1, desc: k.Desc, nullsFirst: k.NullsFirst}
		if s.table.Col(k.Attnum).NotNull {
			o.nullsFirst = o.desc // no NULLs: either will do (see satisfies)
		}
		if reverse {
			o.desc, o.nullsFirst = !o.desc, !o.nullsFirst
		}
		out = append(out, o)
	}
	return out
}

// scanPaths are the ways to read a table under its conditions.
func (p *planner) scanPaths(s *lScan) []*path {
	cols := p.usedOf(s)
	w := p.width(cols)
	n := p.tableRows(s.table)
	rows := math.Max(1, n*p.scanSelectivity(s, s.conds))
	if s.tree != nil {
		return p.treePaths(s)
	}
	if s.table.Virtual != nil {
		return []*path{p.virtualPath(s, cols, w, n, rows)}
	}
	fixed := fixedBy(s.conds, setOf(s.outCols()))
	tableWidth := 24
	for i := range s.table.Columns {
		if !s.table.Columns[i].Dropped {
			tableWidth += typeWidth(s.table.Columns[i].Type, s.table.Columns[i].Typmod)
		}
	}
	seq := math.Ceil(n*float64(tableWidth)/pageBytes)*pageCost + n*rowCost
	var out []*path
	add := func(ix *catalog.Index, m *keyMatch, reverse, indexOnly bool, pt *path) {
		pt.width, pt.fixed = w, fixed
		var rest []plan.Expr
		for i, c := range s.conds {
			if m == nil || !m.used[i] {
				rest = append(rest, c)
			}
		}
		var limit plan.Expr
		ordered := false
		pt.limit = func(e plan.Expr) { limit = e }
		pt.keepOrder = func() { ordered = true }
		pt.build = func() (plan.Node, []colID) {
			p.opens(s.table, ix, m != nil && m.bounded)
			n := &plan.Scan{Base: p.base(pt, cols), Table: s.table, Alias: s.alias, Child: s.child, Index: ix, Reverse: reverse, IndexOnly: indexOnly,
				Attnums: s.attnums(cols), Limit: limit, Ordered: ordered}
			at := p.at(cols)
			if m != nil && m.bounded { // before the filter: subqueries are numbered as they come
				n.Spans = make([]plan.KeySpan, len(m.spans))
				none := p.at(nil)
				for i, sp := range m.spans {
					n.Spans[i] = none.span(sp)
				}
				n.Unique = m.unique
			}
			n.Filter = at.expr(cheapFirst(rest))
			return n, cols
		}
		out = append(out, pt)
	}
	quals := float64(len(s.conds)) * opCost
	primary := s.table.Indexes[0]
	if x := p.bitmapPath(s, cols, n, rows, quals); x != nil {
		x.width, x.fixed = w, fixed
		out = append(out, x)
	}
	for i, c := range s.conds { // WHERE CURRENT OF
		if l, r, _, ok := equality(c); ok {
			if k, plain := l.(*plan.Col); plain && k.Idx == s.rowKey() && colsOf(r).empty() {
				m := &keyMatch{bounded: true, spans: []plan.KeySpan{{Key: r}}, used: make([]bool, len(s.conds))}
				m.used[i] = true
				add(primary, m, false, false, &path{rows: 1, startup: seekCost, total: seekCost + rowCost})
				return out
			}
		}
	}
	// the whole table
	whole := &path{rows: rows, total: seq + n*quals}
	add(primary, nil, false, false, whole.unless(p.req.Settings.NoSeqScan))
	for i, ix := range s.table.Indexes {
		if !p.indexUsable(s, i, s.conds) {
			continue
		}
		m := p.matchIndex(s, ix, s.conds)
		if ix.Where != "" && !p.used.has(s.rowKey()) {
			// what the index's own condition says need not be asked again, except of rows
			// that are found changed once they are locked
			holds := splitAnd(shiftCols(p.rulesFor(s.table).rules.IndexWhere[i], s.base), nil)
			for k, c := range s.conds {
				m.used[k] = m.used[k] || implies(holds, c)
			}
		}
		order := p.indexOrder(s, ix, false)
		useful := len(order) > 0 && p.interesting.has(firstFree(order, fixed))
		if ix == primary && !ix.RowID && !m.bounded {
			whole.order = order
		}
		if !m.bounded && !useful && (ix == primary || !p.covers(s, ix, cols)) && ix.Where == "" {
			continue
		}
		matched := n
		if m.bounded {
			matched = math.Max(1, n*p.scanSelectivity(s, m.absorb))
			if m.unique {
				matched = math.Min(matched, float64(m.points))
			}
		}
		if ix.Where != "" {
			matched = math.Max(1, matched*p.partialShare(s, i))
		}
		rest := quals - float64(len(m.absorb))*opCost
		if rest < 0 {
			rest = 0
		}
		var start, total float64
		start = seekCost
		only := false
		switch {
		case ix == primary:
			if !m.bounded {
				start, total = 0, seq+n*quals
			} else {
				total = start*float64(m.points) + matched/n*(seq-n*rowCost) + matched*(rowCost+rest)
			}
		case p.covers(s, ix, cols):
			only = true
			total = start*float64(m.points) + matched*(entryCost+rowCost*0.7+rest)
			if !m.bounded { // pages of their own, for no order wanted or a few columns less
				total += 1.5 * pageCost
			}
		default:
			total = start*float64(m.points) + matched*(entryCost+fetchCost+rowCost+rest)
		}
		if p.req.Settings.NoIndexScan && !(ix == primary && !m.bounded) {
			start += disabledCost
			total += disabledCost
		}
		r := math.Min(rows, matched)
		if !(ix == primary && !m.bounded) {
			add(ix, m, false, only, &path{rows: r, startup: start, total: total, order: order, point: m.unique && m.points == 1})
		}
		if useful && !(m.unique && m.points == 1) && p.wantsReverse(order, fixed) {
			add(ix, m, true, only, &path{rows: r, startup: start, total: start + (total-start)*1.05, order: p.indexOrder(s, ix, true)})
		}
	}
	return p.prune(out)
}

// bitmapPath reads the rows that an OR over several indexes leads to:
//
//	a = 1 OR b > 5      [/t_a/1] and [/t_b/5 - /NULL), each row once
//
// nil where no condition is such an OR, or where indexes are not wanted.
func (p *planner) bitmapPath(s *lScan, cols []colID, n, rows float64, quals float64) *path {
	if p.req.Settings.NoIndexScan || p.req.Settings.NoBitmapScan {
		return nil
	}
	for at, c := range s.conds {
		or, ok := c.(*plan.Or)
		if !ok || len(or.Args) > 32 {
			continue
		}
		var arms []plan.BitmapArm
		exact, entries, seeks := true, 0.0, 0.0
		for _, a := range or.Args {
			conds := splitAnd(a, nil)
			var best *keyMatch
			var bestIx *catalog.Index
			most := n
			for i, ix := range s.table.Indexes {
				if !p.indexUsable(s, i, append(conds[:len(conds):len(conds)], s.conds...)) {
					continue
				}
				m := p.matchIndex(s, ix, conds)
				if !m.bounded {
					continue
				}
				if ix.Where != "" { // what the index says already
					holds := splitAnd(shiftCols(p.rulesFor(s.table).rules.IndexWhere[i], s.base), nil)
					for k, c := range conds {
						m.used[k] = m.used[k] || implies(holds, c)
					}
				}
				if matched := n * p.scanSelectivity(s, m.absorb); best == nil || matched < most {
					best, bestIx, most = m, ix, math.Max(1, matched)
				}
			}
			if best == nil {
				arms = nil
				break
			}
			for _, u := range best.used {
				exact = exact && u
			}
			arms = append(arms, plan.BitmapArm{Index: bestIx, Spans: best.spans})
			entries += most
			seeks += float64(best.points)
		}
		if arms == nil {
			continue
		}
		fetched := math.Max(1, math.Min(n, n*p.condSel(c)))
		pt := &path{rows: rows, limit: func(plan.Expr) {}}
		pt.startup = seeks*seekCost + entries*entryCost
		pt.total = pt.startup + fetched*(fetchCost+rowCost+quals)
		pt.build = func() (plan.Node, []colID) {
			p.opens(s.table, s.table.Indexes[0], false)
			sc := &plan.Scan{Base: p.base(pt, cols), Table: s.table, Alias: s.alias, Child: s.child, Index: s.table.Indexes[0], Attnums: s.attnums(cols)}
			ats, none := p.at(cols), p.at(nil)
			for _, a := range arms {
				p.opens(s.table, a.Index, true)
				spans := make([]plan.KeySpan, len(a.Spans))
				for i, sp := range a.Spans {
					spans[i] = none.span(sp)
				}
				sc.Bitmap = append(sc.Bitmap, plan.BitmapArm{Index: a.Index, Spans: spans})
			}
			sc.Any = ats.expr(c)
			var rest []plan.Expr
			for i, x := range s.conds {
				if i != at || !exact {
					rest = append(rest, x)
				}
			}
			sc.Filter = ats.expr(cheapFirst(rest))
			return sc, cols
		}
		return pt
	}
	return nil
}

// span places the expressions of a span.
func (pl *place) span(sp plan.KeySpan) plan.KeySpan {
	sp.Eq = pl.exprs(sp.Eq)
	sp.Low, sp.High, sp.In, sp.Key = pl.expr(sp.Low), pl.expr(sp.High), pl.expr(sp.In), pl.expr(sp.Key)
	sp.LowMore, sp.HighMore = pl.exprs(sp.LowMore), pl.exprs(sp.HighMore)
	return sp
}

// partialShare guesses the share of rows a partial index has that the scan's
// own conditions do not account for.
func (p *planner) partialShare(s *lScan, n int) float64 {
	rc := p.rulesFor(s.table)
	return math.Min(1, p.selectivity(splitAnd(shiftCols(rc.rules.IndexWhere[n], s.base), nil)))
}

func firstFree(order []ordKey, fixed colSet) colID {
	for _, o := range order {
		if !fixed.has(o.id) {
			return o.id
		}
	}
	return order[0].id
}

// fixedBy are the columns that conditions bind to one value; own are those of the rows
// concerned, all others have one value.
func fixedBy(conds []plan.Expr, own colSet) colSet {
	var s colSet
	for _, c := range conds {
		call, ok := c.(*plan.Call)
		if !ok || call.Op == nil || call.Op.Compare != "=" || len(call.Args) != 2 {
			if b := boolColumn(c); b != nil {
				s.add(b.Idx)
			}
			continue
		}
		for i := 0; i < 2; i++ {
			if col, ok := bareColumn(call.Args[i]); ok && !colsOf(call.Args[1-i]).meets(own) && !isVolatile(call.Args[1-i]) {
				s.add(col.Idx)
			}
		}
	}
	return s
}

// boolColumn is the column that a condition like b, NOT b, b IS TRUE gives a value.
func boolColumn(cond plan.Expr) *plan.Col {
	switch c := cond.(type) {
	case *plan.Not:
		cond = c.Arg
	case *plan.BoolTest:
		if c.Kind != plan.IsTrue && c.Kind != plan.IsFalse {
			return nil
		}
		cond = c.Arg
	}
	if c, ok := cond.(*plan.Col); ok && c.Typ.Under() == types.Bool {
		return c
	}
	return nil
}

// virtualPath reads a computed catalog relation, with an equality as a hint.
func (p *planner) virtualPath(s *lScan, cols []colID, w int, n, rows float64) *path {
	pt := &path{rows: rows, total: n * rowCost, width: w}
	var eqCol int16
	var eqKey plan.Expr
	own := setOf(s.outCols())
	for _, a := range s.table.Virtual.Lookups {
		for _, c := range s.conds {
			if op, v, ok := comparison(c, p.col(s.base+int(a)-1), own); ok && op == "=" && eqCol == 0 {
				eqCol, eqKey = a, v
				pt.total = rowCost
			}
		}
	}
	pt.build = func() (plan.Node, []colID) {
		v := &plan.VirtualScan{Base: p.base(pt, cols), Table: s.table, Alias: s.alias, Attnums: s.attnums(cols), EqCol: eqCol}
		v.EqKey = p.at(nil).expr(eqKey)
		v.Filter = p.at(cols).expr(cheapFirst(s.conds))
		return v, cols
	}
	return pt
}

// prune keeps the paths that are best at something.
func (p *planner) prune(paths []*path) []*path {
	if len(paths) <= 1 {
		return paths
	}
	var out []*path
	for i, a := range paths {
		beaten := false
		for j, b := range paths {
			if i == j {
				continue
			}
			if b.total <= a.total*1.000001 && b.startup <= a.startup*1.000001+1e-9 && covering(b.order, a.order) {
				same := a.total <= b.total*1.000001 && a.startup <= b.startup*1.000001+1e-9 && covering(a.order, b.order)
				if !same || j < i {
					beaten = true
					break
				}
			}
		}
		if !beaten {
			out = append(out, a)
		}
	}
	return out
}

// covering tells whether order a is at least b.
func covering(a, b []ordKey) bool {
	if len(a) < len(b) {
		return false
	}
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
