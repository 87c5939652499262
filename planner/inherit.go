package planner

import (
	"math"
	"slices"
	"strconv"

	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// A reference to a table with children reads the rows of them all. Until paths
// are made it is one scan, with the named table's columns; then it becomes an
// Append of one scan for each member, with the conditions rewritten to the
// member's columns, which go by name:
//
//	scan measurement where day > '2024-06-01'
//	  ──▶  append
//	        ├─ scan m_2024 measurement_1 where day > …
//	        └─ scan m_rest measurement_2 where day > …
//
// Partitions whose bounds contradict the conditions are left out (prune.go).
// Where every member can give its rows in an order that somebody wants, they
// are merged in that order.

// tree is what a scan of a table with children reads.
type tree struct {
	members []*catalog.Table
}

// expand makes a scan read the table's children, too, unless the statement
// says ONLY. write tells whether the rows are to be changed.
func (p *planner) expand(s *lScan, only, write bool) {
	t := s.table
	if t.Virtual != nil || t.Kind != catalog.KindPartitioned && (only || !p.snap.HasChildren(t.OID)) {
		return
	}
	s.tree = &tree{}
	if only { // of a partitioned table: it has no rows itself
		return
	}
	members := p.snap.Members(t)
	if t.Kind != catalog.KindPartitioned {
		members = slices.DeleteFunc(members, p.otherTemporary)
		if len(members) == 1 && members[0] == t {
			s.tree = nil
			return
		}
	}
	s.tree.members = members
	for _, m := range s.tree.members {
		p.useTable(m, write)
	}
}

// otherTemporary tells whether a table is another session's temporary one, which
// nobody else sees through its parent.
func (p *planner) otherTemporary(t *catalog.Table) bool {
	return t.Persistence == catalog.Temporary && !slices.Contains(p.path, t.Schema.Name)
}

// indexes are those that say something about all rows of a scan: the indexes
// of a parent do not of its children, but for a partitioned table's.
func (s *lScan) indexes() []*catalog.Index {
	if s.tree != nil && s.table.Kind != catalog.KindPartitioned {
		return nil
	}
	return s.table.Indexes
}

// columnNotNull tells whether no row of the scan has NULL in a column.
func (s *lScan) columnNotNull(attnum int16) bool {
	if !s.table.Col(attnum).NotNull {
		return false
	}
	if s.tree != nil {
		for _, m := range s.tree.members {
			if c := m.ColumnByName(s.table.Col(attnum).Name); c == nil || !c.NotNull {
				return false
			}
		}
	}
	return true
}

// treePaths are the ways to read a table with children.
func (p *planner) treePaths(s *lScan) []*path {
	cols := p.usedOf(s)
	kids, steps := p.memberScans(s, cols)
	w := p.width(cols)
	if len(kids) == 0 {
		pt := &path{width: w}
		pt.build = func() (plan.Node, []colID) {
			return &plan.Values{Base: p.base(pt, cols), RowsExprs: [][]plan.Expr{}}, cols
		}
		return []*path{pt}
	}
	if len(kids) == 1 {
		kids[0].scan.alias = s.alias
		var out []*path
		for _, in := range p.pathsFor(kids[0].scan) {
			out = append(out, p.renamed(in, kids[0], cols))
		}
		return out
	}
	pt := &path{width: w}
	var ins []*path
	for _, k := range kids {
		in := p.shaped(p.best(k.scan, 0), k, cols)
		ins = append(ins, in)
		pt.rows += in.rows
		pt.total += in.total + in.rows*rowCost*0.5
	}
	p.appendOf(pt, s, cols, ins, nil, steps)
	out := []*path{pt}
	for _, order := range p.commonOrders(kids) {
		if m := p.mergeOf(s, cols, kids, order); m != nil {
			out = append(out, m)
		}
	}
	return p.prune(out)
}

// memberScan is the scan of one member: cols are its columns that stand for
// those wanted of the named table (-1: it has none for a dropped one), toKid and
// back say which column is which.
type memberScan struct {
	scan  *lScan
	cols  []colID
	toKid map[colID]plan.Expr
	back  map[colID]colID
}

func (p *planner) memberScans(s *lScan, cols []colID) ([]*memberScan, *plan.PruneStep) {
	members, steps := p.pruned(s)
	var kids []*memberScan
	for i, m := range members {
		k := &memberScan{toKid: map[colID]plan.Expr{}, back: map[colID]colID{}}
		alias := s.alias + "_" + strconv.Itoa(i+1)
		k.scan, _ = p.addScan(m, alias, -1)
		k.scan.lockFor, k.scan.child = s.lockFor, true
		attnums := catalog.AttnumMap(s.table, m)
		for _, id := range s.outCols() {
			to := k.scan.rowKey()
			switch a := s.attnum(id); {
			case a == plan.AttTableOID:
				to = k.scan.tableOID()
			case a > 0:
				if attnums[a-1] == 0 {
					continue
				}
				to = k.scan.base + int(attnums[a-1]) - 1
			}
			k.toKid[id], k.back[to] = p.col(to), id
			if p.used.has(id) {
				p.used.add(to)
			}
			if p.interesting.has(id) {
				p.interesting.add(to)
			}
			if p.nullable.has(id) {
				p.nullable.add(to)
			}
		}
		for _, id := range cols {
			if to, ok := k.toKid[id]; ok {
				k.cols = append(k.cols, to.(*plan.Col).Idx)
			} else {
				k.cols = append(k.cols, -1)
			}
		}
		for _, c := range s.conds {
			k.scan.conds = append(k.scan.conds, substitute(c, k.toKid))
		}
		if p.scanOrder == nil {
			p.scanOrder = map[*lScan][]colID{}
		}
		for _, c := range k.cols {
			if c >= 0 {
				p.scanOrder[k.scan] = append(p.scanOrder[k.scan], c)
			}
		}
		kids = append(kids, k)
	}
	return kids, steps
}

// renamed is a member's path under the named table's columns.
func (p *planner) renamed(in *path, k *memberScan, cols []colID) *path {
	in = p.shaped(in, k, cols)
	pt := p.over(in, 0)
	pt.limit = in.limit
	pt.outs = setOf(cols)
	pt.order, pt.fixed = nil, nil
	for _, o := range in.order {
		id, ok := k.back[o.id]
		if !ok {
			break
		}
		o.id = id
		pt.order = append(pt.order, o)
	}
	for to, id := range k.back {
		if in.fixed.has(to) {
			pt.fixed.add(id)
		}
	}
	pt.build = func() (plan.Node, []colID) {
		node, _ := in.build()
		p.labelled(node, cols)
		return node, cols
	}
	return pt
}

// shaped makes a member's path yield the columns wanted of the named table.
func (p *planner) shaped(in *path, k *memberScan, cols []colID) *path {
	if !slices.Contains(k.cols, -1) {
		return p.exact(in, k.cols)
	}
	pt := p.over(in, 0)
	pt.limit = in.limit
	pt.build = func() (plan.Node, []colID) {
		node, have := in.build()
		exprs := make([]plan.Expr, len(cols))
		for i, c := range k.cols {
			if c < 0 {
				exprs[i] = nullOf(p.cols[cols[i]].typ, -1)
			} else {
				exprs[i] = p.at(have).expr(p.col(c))
			}
		}
		return &plan.Project{Base: p.base(pt, cols), Input: node, Exprs: exprs}, cols
	}
	return pt
}

// labelled makes a node's columns those of the named table, as clients see them.
func (p *planner) labelled(node plan.Node, cols []colID) {
	out := node.Info().Cols
	for i, c := range cols {
		ci := &p.cols[c]
		if i < len(out) {
			out[i].Name, out[i].TableOID, out[i].Attnum = ci.name, 0, 0
			if ci.attnum > 0 {
				out[i].TableOID, out[i].Attnum = ci.tableOID, ci.attnum
			}
		}
	}
}

// appendOf makes pt an Append of ins, merged by keys if there are any.
func (p *planner) appendOf(pt *path, s *lScan, cols []colID, ins []*path, keys []plan.SortKey, steps *plan.PruneStep) {
	pt.limit = func(e plan.Expr) {
		for _, in := range ins {
			if in.limit != nil {
				in.limit(e)
			}
		}
	}
	pt.build = func() (plan.Node, []colID) {
		a := &plan.Append{Alias: s.alias}
		if len(keys) > 0 {
			a.Keys = p.at(cols).keys(keys)
		}
		for _, in := range ins {
			if keys != nil {
				in.relyOnOrder()
			}
			node, _ := in.build()
			a.Inputs = append(a.Inputs, node)
		}
		if steps != nil {
			st := *steps
			st.Values = p.at(nil).exprs(steps.Values)
			a.Prune = &st
		}
		a.Base = p.base(pt, cols)
		return a, cols
	}
}

// commonOrders are the orders, in the named table's columns, that the first
// member can give its rows in and somebody wants.
func (p *planner) commonOrders(kids []*memberScan) [][]ordKey {
	var out [][]ordKey
	for _, in := range p.pathsFor(kids[0].scan) {
		var order []ordKey
		for _, o := range in.order {
			id, ok := kids[0].back[o.id]
			if !ok {
				break
			}
			o.id = id
			order = append(order, o)
		}
		if len(order) > 0 && p.interesting.has(order[0].id) {
			out = append(out, order)
		}
	}
	return out
}

// mergeOf merges the members' rows in an order, nil when one cannot give it.
func (p *planner) mergeOf(s *lScan, cols []colID, kids []*memberScan, order []ordKey) *path {
	pt := &path{width: p.width(cols)}
	var ins []*path
	for n := len(order); n > 0; n-- { // the longest prefix that all have
		order = order[:n]
		ins = ins[:0]
		for _, k := range kids {
			want := make([]ordKey, n)
			for i, o := range order {
				o.id = k.toKid[o.id].(*plan.Col).Idx
				want[i] = o
			}
			var best *path
			for _, in := range p.pathsFor(k.scan) {
				if covering(in.order, want) && (best == nil || in.total < best.total) {
					best = in
				}
			}
			if best == nil {
				break
			}
			ins = append(ins, best)
		}
		if len(ins) == len(kids) {
			break
		}
	}
	if len(ins) < len(kids) {
		return nil
	}
	var keys []plan.SortKey
	for _, o := range order {
		keys = append(keys, plan.SortKey{Expr: p.col(o.id), Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	for i := range ins {
		src := ins[i]
		in := p.shaped(src, kids[i], cols)
		ins[i] = in
		pt.rows += in.rows
		pt.startup += in.startup
		pt.total += in.total
	}
	pt.total += pt.rows * opCost * math.Log2(float64(len(ins)+1))
	pt.order = append([]ordKey(nil), order...)
	p.appendOf(pt, s, cols, ins, keys, nil)
	return pt
}

// tableOIDConst is a table's tableoid where it is known.
func tableOIDConst(t *catalog.Table) plan.Expr {
	return &plan.Const{T: plan.T{Typ: types.Oid, Mod: -1}, Val: types.NewInt(int64(t.OID))}
}

// manyTables tells that the rows a statement writes may be in several tables.
func (n *dmlRel) manyTables() bool {
	return n.table.Kind == catalog.KindPartitioned || n.scan != nil && n.scan.tree != nil
}

// newCols are the columns of a row as written: the table's, then its tableoid
// where that is not known before.
func (n *dmlRel) newCols() []colID {
	out := colsFrom(n.newRow.base, len(n.table.Columns))
	if n.manyTables() {
		out = append(out, n.newRow.tableOID())
	}
	return out
}

// movable notes all partitions of a table to be written: rows may be put into,
// or move to, any of them.
func (p *planner) movable(d *dmlRel) {
	if d.table.Kind == catalog.KindPartitioned {
		for _, m := range p.snap.Members(d.table) {
			p.useTable(m, true)
		}
	}
}

// treeTables are the tables whose rows a statement's target may be.
func (n *dmlRel) treeTables() []*catalog.Table {
	if n.scan == nil || n.scan.tree == nil {
		return nil
	}
	if n.scan.tree.members == nil {
		return []*catalog.Table{}
	}
	return n.scan.tree.members
}
