package executor

import (
	"errors"
	"strings"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

// Routing: which partition a row of a partitioned table belongs to. A router
// knows one partitioned table, and makes those of partitions that are
// partitioned themselves when a row gets there.

// router finds the partitions of one partitioned table's rows.
type router struct {
	x     *exec
	t     *catalog.Table
	parts *catalog.Partitions
	exprs []expr // per column of the key: an expression, or nil
	keys  []*types.Vec
	bufs  []*types.Vec
	vals  []types.Datum
	below map[int]*router // of partitions that are partitioned
	maps  map[int][]int16 // partition → by its attnum-1: attnum here
}

// router gives the statement's router of a partitioned table.
func (x *exec) router(t *catalog.Table) (*router, error) {
	st := x.statement()
	if r := st.routers[t.OID]; r != nil {
		return r, nil
	}
	if x.Catalog == nil {
		return nil, pgerr.Newf(pgerr.InternalError, "no catalog to find the partitions of %q in", t.Name)
	}
	parts := x.Catalog.Partitions(t)
	n := len(parts.Key.Columns)
	r := &router{x: x, t: t, parts: parts, exprs: make([]expr, n), keys: make([]*types.Vec, n), bufs: make([]*types.Vec, n),
		vals: make([]types.Datum, n), below: map[int]*router{}, maps: map[int][]int16{}}
	for i := range parts.Key.Columns {
		if parts.Key.Columns[i].Attnum > 0 {
			continue
		}
		rules, err := x.Binder.RowRules(t)
		if err != nil {
			return nil, err
		}
		if r.exprs[i], err = x.compile(rules.PartKeys[i]); err != nil {
			return nil, err
		}
	}
	if st.routers == nil {
		st.routers = map[types.OID]*router{}
	}
	st.routers[t.OID] = r
	return r, nil
}

// compute evaluates the partition key for a batch of the table's rows.
func (r *router) compute(b *types.Batch) error {
	for i := range r.parts.Key.Columns {
		c := &r.parts.Key.Columns[i]
		if r.exprs[i] == nil {
			r.keys[i] = b.Cols[c.Attnum-1]
			continue
		}
		a, err := r.exprs[i].eval(b, nil)
		if err != nil {
			return err
		}
		r.keys[i] = flat(a, c.Type, b.N, nil, &r.bufs[i])
	}
	return nil
}

// part gives the partition of row i of the batch that compute has seen, -1
// for none.
func (r *router) part(i int) int {
	for k, v := range r.keys {
		r.vals[k] = v.Datum(i)
	}
	return r.parts.Route(r.vals)
}

// inOrder is leaves for the rows of a batch, whose error is that of the first row to fail:
// what other partitions take of the rows before is put, too.
func (r *router) inOrder(b *types.Batch, put func(leaf *catalog.Table, rows []int32) error) error {
	var first error
	end := int32(b.N) // where the first error is known to be
	err := r.leaves(b, iota32(b.N), func(leaf *catalog.Table, rows []int32) error {
		for len(rows) > 0 && rows[len(rows)-1] >= end {
			rows = rows[:len(rows)-1]
		}
		if len(rows) == 0 {
			return nil
		}
		err := put(leaf, rows)
		if n := rowOf(err); n > 0 && n <= int(end) {
			first, end = err, int32(n-1)
			return nil
		}
		return err
	})
	if first == nil || err != nil && rowOf(err) <= int(end) {
		return err
	}
	return first
}

// rowOf is the number of the row of a batch that an error is about, from 1; 0 if it names none.
func rowOf(err error) int {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Row
}

// leaves calls put for the rows of a batch of r's table, grouped by the
// partition that stores them: rows are the numbers of the rows in the batch that
// routing began with.
func (r *router) leaves(b *types.Batch, rows []int32, put func(leaf *catalog.Table, rows []int32) error) error {
	if err := r.compute(b); err != nil {
		return err
	}
	groups := make([][]int32, len(r.parts.Parts))
	var order []int
	var lost error
	for i := range b.N {
		n := r.part(i)
		if n < 0 { // the rows before it come first
			lost = r.unroutable(i, int(rows[i]))
			break
		}
		if groups[n] == nil {
			order = append(order, n)
		}
		groups[n] = append(groups[n], int32(i))
	}
	for _, n := range order {
		leaf, local := r.parts.Parts[n], groups[n]
		global := make([]int32, len(local))
		for k, i := range local {
			global[k] = rows[i]
		}
		if leaf.Kind != catalog.KindPartitioned {
			if err := put(leaf, global); err != nil {
				return err
			}
			continue
		}
		below, m, err := r.down(n)
		if err != nil {
			return err
		}
		if err := below.leaves(relaid(compacted(b, local), m), global, put); err != nil {
			return err
		}
	}
	return lost
}

// down gives the router of partition n and how its columns are found in this
// table's rows.
func (r *router) down(n int) (*router, []int16, error) {
	if b := r.below[n]; b != nil {
		return b, r.maps[n], nil
	}
	leaf := r.parts.Parts[n]
	b, err := r.x.router(leaf)
	if err != nil {
		return nil, nil, err
	}
	r.below[n], r.maps[n] = b, catalog.AttnumMap(leaf, r.t)
	return b, r.maps[n], nil
}

// relaid gives a batch's columns in another table's layout: column i is that of
// attnum m[i], nil where that is 0.
func relaid(b *types.Batch, m []int16) *types.Batch {
	out := &types.Batch{N: b.N, Sel: b.Sel, Cols: make([]*types.Vec, len(m))}
	for i, a := range m {
		if a > 0 {
			out.Cols[i] = b.Cols[a-1]
		}
	}
	return out
}

// leaf gives the partition that stores row i of a batch; nil if there is none.
func (r *router) leaf(b *types.Batch, i int) (*catalog.Table, error) {
	b = compacted(b, []int32{int32(i)})
	for {
		if err := r.compute(b); err != nil {
			return nil, err
		}
		n := r.part(0)
		if n < 0 {
			return nil, nil
		}
		leaf := r.parts.Parts[n]
		if leaf.Kind != catalog.KindPartitioned {
			return leaf, nil
		}
		below, m, err := r.down(n)
		if err != nil {
			return nil, err
		}
		r, b = below, relaid(b, m)
	}
}

// unroutable is the error of row i, the row-th of the statement's batch, that
// no partition takes.
func (r *router) unroutable(i, row int) error {
	names, vals := make([]string, len(r.keys)), make([]string, len(r.keys))
	for k, v := range r.keys {
		c := &r.parts.Key.Columns[k]
		names[k] = c.Expr
		if c.Attnum > 0 {
			names[k] = types.QuoteIdent(r.t.Col(c.Attnum).Name)
		}
		vals[k] = "null"
		if !v.IsNull(i) {
			vals[k] = clipped(types.TextOf(v.Type, v.Datum(i), r.x.env()))
		}
	}
	err := pgerr.Newf(pgerr.CheckViolation, "no partition of relation %q found for row", r.t.Name)
	attnums := make([]int16, len(r.keys))
	for k := range attnums {
		attnums[k] = r.parts.Key.Columns[k].Attnum
	}
	if r.x.mayShow(r.t, attnums...) {
		err.WithDetail("Partition key of the failing row contains (%s) = (%s).", strings.Join(names, ", "), strings.Join(vals, ", "))
	}
	err.Schema, err.Table, err.Row = schemaName(r.t), r.t.Name, row+1
	return err
}

// clipped cuts a value that an error shows to 64 bytes.
func clipped(t string) string {
	if len(t) <= 64 {
		return t
	}
	n := 64
	for n > 0 && t[n]&0xc0 == 0x80 {
		n--
	}
	return t[:n] + "..."
}

// boundCheck tells whether rows of a partition meet its bounds, and those of
// the partitions around it: whether routing from the top would lead here.
type boundCheck struct {
	levels []boundLevel
}

// boundLevel is one partitioned table around the partition.
type boundLevel struct {
	r    *router
	from []int16 // by attnum-1 of the partitioned table: attnum in the partition
	part int     // which of its partitions leads down to ours
}

// boundCheckOf gives the check of a partition; nil for a table that is none.
func (x *exec) boundCheckOf(t *catalog.Table) (*boundCheck, error) {
	if t.Bound == nil || x.Catalog == nil {
		return nil, nil
	}
	c := &boundCheck{}
	for part, up := t, x.Catalog.ParentOf(t); up != nil; part, up = up, x.Catalog.ParentOf(up) {
		r, err := x.router(up)
		if err != nil {
			return nil, err
		}
		if part.Detaching { // its rows keep to its bounds, though none is routed there
			all := *r
			all.parts = catalog.MakePartitions(up, x.Catalog.AllChildren(up.OID))
			r = &all
		}
		n := -1
		for i, p := range r.parts.Parts {
			if p.OID == part.OID {
				n = i
			}
		}
		c.levels = append(c.levels, boundLevel{r, catalog.AttnumMap(up, t), n})
	}
	return c, nil
}

// outside gives the first row of a batch, in the partition's layout, that does
// not belong there; -1 if all do.
func (c *boundCheck) outside(b *types.Batch) (int, error) {
	bad := -1
	for i := range c.levels {
		l := &c.levels[i]
		if err := l.r.compute(relaid(b, l.from)); err != nil {
			return 0, err
		}
		for row := range b.N {
			if (bad < 0 || row < bad) && l.r.part(row) != l.part {
				bad = row
				break
			}
		}
	}
	return bad, nil
}

// misplaced tells which rows of a batch do not belong to the partition.
func (c *boundCheck) misplaced(b *types.Batch) ([]bool, error) {
	out := make([]bool, b.N)
	for i := range c.levels {
		l := &c.levels[i]
		if err := l.r.compute(relaid(b, l.from)); err != nil {
			return nil, err
		}
		for row := range b.N {
			out[row] = out[row] || l.r.part(row) != l.part
		}
	}
	return out, nil
}

// boundError is the error of row i of a batch that the partition cannot take.
func (w *tableWriter) boundError(b *types.Batch, i int) error {
	err := w.failing(pgerr.Newf(pgerr.CheckViolation, "new row for relation %q violates partition constraint", w.t.Name), b, i)
	err.Schema, err.Table, err.Row = schemaName(w.t), w.t.Name, i+1
	return err
}
