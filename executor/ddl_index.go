package executor

import (
	"bytes"
	"slices"
	"strings"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// What DDL needs of a table's rows: building indexes, validating constraints,
// rewriting tables. All of it reads the newest committed state plus the
// transaction's own writes; the caller holds the table's lock.

// tableReader reads whole rows of a table, all columns in attnum order.
type tableReader struct {
	x      *exec
	it     kv.Iterator
	pairs  kv.PairBatch
	dec    *rowenc.Decoder
	vecs   []*types.Vec
	prefix int
}

func (x *exec) readTable(t *catalog.Table) (*tableReader, error) {
	codec, err := rowenc.NewIndex(t, t.Indexes[0])
	if err != nil {
		return nil, err
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	dec := rowenc.NewDecoder(t, all)
	return &tableReader{x: x, it: x.Txn.ScanLatest(codec.Range(), kv.ScanOptions{}), dec: dec,
		vecs: newVecs(dec.Types(), 0), prefix: len(codec.Prefix)}, nil
}

// next gives the next rows and their keys; nil at the end.
func (r *tableReader) next() (*types.Batch, [][]byte, error) {
	if err := r.x.cancelled(); err != nil {
		return nil, nil, err
	}
	n, err := r.it.Next(&r.pairs)
	if err != nil || n == 0 {
		return nil, nil, storeError(err)
	}
	r.pairs.Keep()
	if err := r.dec.Batch(r.pairs.Keys, r.pairs.Values, r.vecs); err != nil {
		return nil, nil, err
	}
	return &types.Batch{Cols: r.vecs, N: n}, r.pairs.Keys, nil
}

func (r *tableReader) close() { r.it.Close() }

// SeesNewest tells whether the transaction's snapshot shows the newest rows of a table,
// which the caller has locked against writers.
func SeesNewest(ctx *Ctx, t *catalog.Table) (bool, error) {
	x := newExec(ctx, emptyPlan)
	codec, err := rowenc.NewIndex(t, t.Indexes[0])
	if err != nil {
		return false, err
	}
	was, is := x.Txn.Scan(codec.Range(), kv.ScanOptions{}), x.Txn.ScanLatest(codec.Range(), kv.ScanOptions{})
	defer was.Close()
	defer is.Close()
	// Batches of the two need not be of one size.
	var a, b kv.PairBatch
	var i, n, j, m int
	for {
		if i == n {
			if i, n, err = 0, 0, x.cancelled(); err != nil {
				return false, err
			}
			if n, err = was.Next(&a); err != nil {
				return false, storeError(err)
			}
		}
		if j == m {
			j = 0
			if m, err = is.Next(&b); err != nil {
				return false, storeError(err)
			}
		}
		if n == 0 || m == 0 {
			return n == m, nil
		}
		for ; i < n && j < m; i, j = i+1, j+1 {
			if !bytes.Equal(a.Keys[i], b.Keys[j]) || !bytes.Equal(a.Values[i], b.Values[j]) {
				return false, nil
			}
		}
	}
}

// rulesOf gives rules, or what the binder says.
func (x *exec) rulesOf(t *catalog.Table, rules *plan.RowRules) (*plan.RowRules, error) {
	if rules != nil {
		return rules, nil
	}
	if !needsRules(t) || x.Binder == nil {
		return &plan.RowRules{}, nil
	}
	return x.Binder.RowRules(t)
}

// BackfillIndex enters all rows of a table into one of its secondary indexes.
// t's descriptor has the index already; rules may be nil when the index has no
// expressions. Duplicates of a unique index are a 23505.
func BackfillIndex(ctx *Ctx, t *catalog.Table, ix *catalog.Index, rules *plan.RowRules) error {
	x := newExec(ctx, emptyPlan)
	rules, err := x.rulesOf(t, rules)
	if err != nil {
		return err
	}
	number := -1
	for i := range t.Indexes {
		if t.Indexes[i] == ix || t.Indexes[i].OID == ix.OID {
			number = i
		}
	}
	iw, err := x.newIndexWriter(t, ix, rules, number)
	if err != nil {
		return err
	}
	r, err := x.readTable(t)
	if err != nil {
		return err
	}
	defer r.close()
	// Entries are sorted before they are written: the store takes keys in order
	// much faster, and duplicates become neighbours.
	var all []entryPair
	for {
		b, keys, err := r.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		var buf entryBuf
		if err := iw.entries(b, func(i int) []byte { return keys[i][r.prefix:] }, &buf); err != nil {
			return err
		}
		for i := range b.N {
			if buf.has[i] {
				k, v := buf.at(i)
				all = append(all, entryPair{k, v, buf.guarded[i]})
			}
		}
		if err := x.Memory.grow(int64(len(buf.data) + 56*b.N)); err != nil {
			return err
		}
	}
	err = sortUntilCancelled(x, all, func(a, b entryPair) int { return bytes.Compare(a.key, b.key) })
	if err != nil {
		return err
	}
	for i, e := range all {
		if i%8192 == 0 {
			if err := x.cancelled(); err != nil {
				return err
			}
		}
		dup := i > 0 && e.guarded && bytes.Equal(e.key, all[i-1].key)
		if !dup && i > 0 && ix.Unique && !e.guarded {
			if dup, err = x.sameEntryKeys(iw, e.key, all[i-1].key); err != nil {
				return err
			}
		}
		if dup {
			return x.duplicateInIndex(t, iw, e)
		}
		if err := x.Txn.PutCovered(e.key, e.val); err != nil {
			return storeError(err)
		}
	}
	return nil
}

type entryPair struct {
	key, val []byte
	guarded  bool
}

// sameEntryKeys tells whether two entries that end in primary keys have equal
// key columns, none NULL.
func (x *exec) sameEntryKeys(iw *indexWriter, a, b []byte) (bool, error) {
	n, null, err := iw.codec.KeyLen(a)
	if err != nil || null && !iw.codec.Desc.NullsEqual {
		return false, err
	}
	return len(b) >= n && bytes.Equal(a[:n], b[:n]), nil
}

// duplicateInIndex is the error of a unique index that cannot be built.
func (x *exec) duplicateInIndex(t *catalog.Table, iw *indexWriter, e entryPair) error {
	rowKey, err := iw.codec.AppendRowKey(nil, e.key, e.val)
	if err != nil {
		return err
	}
	ix := iw.codec.Desc
	perr := pgerr.Newf(pgerr.UniqueViolation, "could not create unique index %q", ix.Name)
	if ix.Exclusion {
		perr = pgerr.Newf(pgerr.ExclusionViolation, "could not create exclusion constraint %q", ix.Name)
	}
	perr.Schema, perr.Table, perr.Constraint = schemaName(t), t.Name, ix.Name
	value, ok, err := x.Txn.GetLatest(rowKey)
	if err != nil || !ok {
		return perr
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	dec := rowenc.NewDecoder(t, all)
	vecs := newVecs(dec.Types(), 1)
	if err := dec.Batch([][]byte{rowKey}, [][]byte{value}, vecs); err != nil {
		return err
	}
	if err := iw.compute(&types.Batch{Cols: vecs, N: 1}); err != nil {
		return perr
	}
	names := make([]string, len(ix.Keys))
	for j, k := range ix.Keys {
		names[j] = k.Expr
		if k.Attnum != 0 {
			names[j] = t.Col(k.Attnum).Name
		}
	}
	if ix.Exclusion {
		key := "(" + strings.Join(names, ", ") + ")=(" + rowText(x, iw.keys, 0) + ")"
		return perr.WithDetail("Key %s conflicts with key %s.", key, key)
	}
	return perr.WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), rowText(x, iw.keys, 0))
}

// ValidateCheck looks at all rows of a table for one that breaks a CHECK
// constraint. check is over the table's columns in attnum order.
func ValidateCheck(ctx *Ctx, t *catalog.Table, name string, check plan.Expr) error {
	x := newExec(ctx, emptyPlan)
	e, err := x.compile(check)
	if err != nil {
		return err
	}
	return x.eachBatch(t, func(b *types.Batch) error {
		a, err := e.eval(b, nil)
		if err != nil {
			return err
		}
		for i := range b.N {
			if r := row(a, i); !a.IsNull(r) && !a.B[r] {
				err := pgerr.Newf(pgerr.CheckViolation, "check constraint %q of relation %q is violated by some row", name, t.Name)
				err.Schema, err.Table, err.Constraint = schemaName(t), t.Name, name
				return err
			}
		}
		return nil
	})
}

// ValidateNotNull looks for a NULL in a column.
func ValidateNotNull(ctx *Ctx, t *catalog.Table, attnum int16) error {
	x := newExec(ctx, emptyPlan)
	return x.eachBatch(t, func(b *types.Batch) error {
		v := b.Cols[attnum-1]
		for i := range b.N {
			if v.IsNull(i) {
				name := t.Col(attnum).Name
				err := pgerr.Newf(pgerr.NotNullViolation, "column %q of relation %q contains null values", name, t.Name)
				err.Schema, err.Table, err.Column = schemaName(t), t.Name, name
				return err
			}
		}
		return nil
	})
}

func (x *exec) eachBatch(t *catalog.Table, f func(b *types.Batch) error) error {
	if !t.Stored() {
		return nil
	}
	r, err := x.readTable(t)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		b, _, err := r.next()
		if err != nil || b == nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
}

// ValidateForeignKey looks for rows of t that refer to nothing.
func ValidateForeignKey(ctx *Ctx, t *catalog.Table, fk *catalog.ForeignKey) error {
	x := newExec(ctx, emptyPlan)
	parent := t
	if fk.RefTable != t.OID {
		var err error
		if parent, err = x.table(fk.RefTable); err != nil {
			return err
		}
	}
	c := &childCheck{w: &tableWriter{x: x, t: t}, fk: fk, parent: parent}
	for _, a := range fk.Columns {
		c.typs = append(c.typs, t.Col(a).Type)
	}
	seen := newGroupTable(c.typs, x.Memory)
	err := x.eachBatch(t, func(b *types.Batch) error {
		cols := make([]*types.Vec, len(fk.Columns))
		for j, a := range fk.Columns {
			cols[j] = b.Cols[a-1]
		}
		c.out = sizedInts(c.out, b.N)
		return seen.assign(cols, b.N, iota32(b.N), c.out)
	})
	if err != nil {
		return err
	}
	return c.check(x, seen)
}

// RewriteTable copies the rows of table t to fresh, whose storage number must
// differ, with all indexes of fresh. exprs gives, by fresh's attnum-1, the new
// column over t's columns in attnum order; nil copies the column of that
// attnum. order, attnums, is that in which columns are computed, one row after the other
// if it can be told. It gives the number of rows.
func RewriteTable(ctx *Ctx, t, fresh *catalog.Table, exprs []plan.Expr, order []int16, rules *plan.RowRules) (int64, error) {
	x := newExec(ctx, emptyPlan)
	rules, err := x.rulesOf(fresh, rules)
	if err != nil {
		return 0, err
	}
	w, err := x.newTableWriter(fresh, rules)
	if err != nil {
		return 0, err
	}
	w.fks, w.parents = nil, nil // what holds of the old rows holds of the new
	es := make([]expr, len(fresh.Columns))
	volatile := 0
	for i, e := range exprs {
		if e == nil {
			continue
		}
		if es[i], err = x.compile(e); err != nil {
			return 0, err
		}
		if hasCalls(e) {
			volatile++
		}
		if a := int16(i + 1); !slices.Contains(order, a) {
			order = append(order, a)
		}
	}
	bufs := make([]*types.Vec, len(es))
	var n int64
	rewrite := func(b *types.Batch) error {
		out := &types.Batch{N: b.N, Cols: make([]*types.Vec, len(fresh.Columns))}
		for _, a := range order {
			if i := a - 1; es[i] != nil {
				a, err := es[i].eval(b, nil)
				if err != nil {
					return err
				}
				out.Cols[i] = flat(a, fresh.Columns[i].Type, b.N, nil, &bufs[i])
			}
		}
		for i := range out.Cols {
			switch {
			case out.Cols[i] != nil:
			case i < len(b.Cols):
				out.Cols[i] = b.Cols[i]
			default:
				v := types.NewVec(w.typs[i], b.N)
				nullVec(v, b.N)
				out.Cols[i] = v
			}
		}
		n += int64(b.N)
		return w.insert(out)
	}
	if volatile < 2 {
		err = x.eachBatch(t, rewrite)
		return n, err
	}
	err = x.eachBatch(t, func(b *types.Batch) error {
		rows := rowSet{cols: b.Cols, n: b.N}
		for i := range b.N {
			if err := rewrite(rows.slice(i, i+1)); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
