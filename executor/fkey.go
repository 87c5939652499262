package executor

import (
	"slices"

	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Foreign keys. What a statement does to rows is collected while it runs and
// looked at when it ends, in the newest committed state plus the
// transaction's own writes:
//
//	rows of the referencing table   their distinct keys must be those of rows of
//	                                the referenced table, which get a KEY SHARE lock
//	rows of the referenced table    deleted, or with another key: the action of the
//	                                constraint, or nobody may refer to them still
//
// Actions write through the same tableWriter as statements do, and so may
// lead to further checks and actions.
//
// Rows that refer to a key are found first and locked then, for which another
// transaction may have to be waited for, which may change them, their keys too, or
// delete them. So they are compared once they are locked, and those that are not
// what was found are looked for again. That ends: the referenced row is locked,
// nobody else can come to refer to it.

var emptyPlan = &plan.Plan{Root: &plan.Values{}}

// childCheck collects keys of rows that refer to another table.
type childCheck struct {
	w      *tableWriter
	fk     *catalog.ForeignKey
	parent *catalog.Table
	seen   *groupTable
	typs   []*types.Type
	out    []int32
}

// parentCheck is a foreign key of another table (or this one) that refers here.
type parentCheck struct {
	fk    *catalog.ForeignKey
	child *catalog.Table
}

func (w *tableWriter) bindForeignKeys() error {
	x := w.x
	for _, fk := range w.t.ForeignKeys {
		if fk.Referenced || fk.ChecksOff || x.Replica {
			continue
		}
		p, err := x.table(fk.RefTable)
		if err != nil {
			return err
		}
		c := &childCheck{w: w, fk: fk, parent: p}
		for _, a := range fk.Columns {
			c.typs = append(c.typs, w.t.Col(a).Type)
		}
		w.fks = append(w.fks, c)
	}
	w.bindParents()
	return nil
}

// bindParents finds the foreign keys that refer to the table.
func (w *tableWriter) bindParents() {
	if w.x.Catalog == nil || w.x.Replica {
		return
	}
	for _, t := range w.x.Catalog.ReferredBy(w.t.OID) {
		for _, fk := range t.ForeignKeys {
			// what a partition of the referencing table has, the whole has
			if fk.RefTable == w.t.OID && (fk.Parent == 0 || fk.Referenced) && !slices.Contains(w.t.ActionsOff, fk.OID) {
				w.parents = append(w.parents, &parentCheck{fk: fk, child: t})
			}
		}
	}
}

func (x *exec) table(oid types.OID) (*catalog.Table, error) {
	if x.Catalog != nil {
		if t := x.Catalog.Table(oid); t != nil {
			return t, nil
		}
	}
	return nil, pgerr.Newf(pgerr.InternalError, "no table with OID %d", oid)
}

// childRows collects the keys of rows written. changed nil: all columns are new.
func (w *tableWriter) childRows(b *types.Batch, changed []bool) error {
	for _, c := range w.fks {
		touched := changed == nil
		for _, a := range c.fk.Columns {
			touched = touched || changed[a-1]
		}
		if !touched {
			continue
		}
		if c.seen == nil {
			c.seen = newGroupTable(c.typs, w.x.Memory)
		}
		cols := make([]*types.Vec, len(c.fk.Columns))
		for j, a := range c.fk.Columns {
			cols[j] = b.Cols[a-1]
		}
		c.out = sizedInts(c.out, b.N)
		if err := c.seen.assign(cols, b.N, iota32(b.N), c.out); err != nil {
			return err
		}
	}
	return nil
}

// flushChildren queues the checks of the keys collected.
func (w *tableWriter) flushChildren() {
	for _, c := range w.fks {
		if c.seen == nil {
			continue
		}
		seen := c.seen
		c.seen = nil
		check := func(x *exec) error { return c.check(x, seen) }
		if d := w.x.Deferred; d != nil && c.fk.Deferrable && d.deferred(c.fk.OID, c.fk.Deferred) {
			d.add(c.fk.OID, c.w.t.OID, check)
			continue
		}
		w.x.stmt.queue = append(w.x.stmt.queue, func() error { return check(w.x) })
	}
}

// check looks each key up in the referenced table.
func (c *childCheck) check(x *exec, seen *groupTable) error {
	defer x.because("foreign key", c.fk.Name)()
	look, err := x.newKeyLookup(c.parent, c.fk.RefIndex, c.fk.RefColumns, c.typs)
	if err != nil {
		return err
	}
	for g := range seen.n {
		if g%types.BatchSize == 0 {
			if err := x.cancelled(); err != nil {
				return err
			}
		}
		nulls := 0
		for _, k := range seen.keys {
			if k.IsNull(g) {
				nulls++
			}
		}
		if nulls > 0 {
			if c.fk.MatchFull && nulls < len(seen.keys) {
				err := c.violation()
				err.Detail = "MATCH FULL does not allow mixing of null and nonnull key values."
				return err
			}
			continue
		}
		ok, err := look.find(seen.keys, g)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		// A row written and since changed or deleted in this transaction need not
		// have a partner any more.
		if still, err := x.childExists(c.w.t, c.fk.Columns, seen.keys, g); err != nil {
			return err
		} else if !still {
			continue
		}
		if !x.mayShow(c.w.t, c.fk.Columns...) {
			return c.violation().WithDetail("Key is not present in table %q.", c.parent.Name)
		}
		return c.violation().WithDetail("Key (%s)=(%s) is not present in table %q.",
			columnNames(c.w.t, c.fk.Columns), rowText(x, seen.keys, g), c.parent.Name)
	}
	return nil
}

func (c *childCheck) violation() *pgerr.Error {
	err := pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", c.w.t.Name, c.fk.Name)
	err.Schema, err.Table, err.Constraint = schemaName(c.w.t), c.w.t.Name, c.fk.Name
	return err
}

func columnNames(t *catalog.Table, attnums []int16) string {
	names := make([]string, len(attnums))
	for i, a := range attnums {
		names[i] = t.Col(a).Name
	}
	return strings.Join(names, ", ")
}

func rowText(x *exec, cols []*types.Vec, i int) string {
	vals := make([]string, len(cols))
	for k, v := range cols {
		vals[k] = "null"
		if !v.IsNull(i) {
			vals[k] = types.TextOf(v.Type, v.Datum(i), x.env())
		}
	}
	return strings.Join(vals, ", ")
}

// keyLookup finds and locks rows by the columns of a unique index.
type keyLookup struct {
	x     *exec
	index *rowenc.Index
	// from[j] is the position among the given columns of the index's key j.
	from []int
	conv []*builtin.Func
	buf  []byte
	// parts looks in a partitioned table: the row's key says where.
	parts *partLookup
}

func (x *exec) newKeyLookup(t *catalog.Table, index types.OID, attnums []int16, typs []*types.Type) (*keyLookup, error) {
	if t.Kind == catalog.KindPartitioned {
		parts, err := x.newPartLookup(t, index, attnums, typs)
		return &keyLookup{x: x, parts: parts}, err
	}
	ix := t.IndexByOID(index)
	if ix == nil {
		ix = t.Indexes[0]
	}
	codec, err := rowenc.NewIndex(t, ix)
	if err != nil {
		return nil, err
	}
	l := &keyLookup{x: x, index: codec}
	for _, a := range codec.Attnums {
		at := -1
		for j, b := range attnums {
			if a == b {
				at = j
			}
		}
		if at < 0 {
			return nil, pgerr.Newf(pgerr.InternalError, "index %q does not fit its foreign key", ix.Name)
		}
		l.from = append(l.from, at)
		conv, err := keyConversion(typs[at], t.Col(a).Type)
		if err != nil {
			return nil, err
		}
		l.conv = append(l.conv, conv)
	}
	return l, nil
}

// keyConversion gives the function that makes a value of one type a key of
// another, nil when they have one representation.
func keyConversion(from, to *types.Type) (*builtin.Func, error) {
	f, t := from.Under(), to.Under()
	if f.Phys == t.Phys && (f.Phys != types.PhysInt64 || rawComparable(f, t)) {
		return nil, nil
	}
	if k := builtin.FindCast(f, t); k != nil && k.Func != nil && len(k.Func.Args) == 1 {
		return k.Func, nil
	}
	return nil, pgerr.Unsupported("foreign keys between columns of types %s and %s are not supported", f.Name, t.Name)
}

// find looks for the row that row i of cols names and locks it against
// deletion and change of its key.
func (l *keyLookup) find(cols []*types.Vec, i int) (bool, error) {
	if l.parts != nil {
		return l.parts.find(cols, i)
	}
	var err error
	if l.buf, err = l.appendKey(l.buf[:0], cols, i); err != nil {
		return false, err
	}
	key := l.buf
	for {
		rowKey := key
		if !l.index.IsPrimary() {
			var ok bool
			var err error
			if rowKey, ok, err = l.rowKey(key); err != nil || !ok {
				return false, err
			}
		}
		res, err := l.x.Txn.Lock(l.x.context(), rowKey, kv.LockOptions{Mode: kv.LockKeyShare, Timeout: l.x.LockTimeout, Newest: true})
		if err != nil {
			return false, storeError(err)
		}
		_, ok, err := l.x.Txn.GetLatest(rowKey)
		if err != nil {
			return false, storeError(err)
		}
		if to, moved := l.x.Txn.MovedTo(rowKey); !ok && res.Waited && moved && len(to) == 0 {
			return false, errOtherPartition
		}
		if !ok && res.Waited && res.Changed && l.x.Isolation > kv.ReadCommitted {
			return false, storeError(kv.ErrConcurrentUpdate) // it was there, and went while it was waited for
		}
		if l.index.IsPrimary() {
			return ok, nil
		}
		// While waiting for the lock the entry may have come to name another row.
		again, still, err := l.rowKey(key)
		if err != nil || !still {
			return false, err
		}
		if string(again) == string(rowKey) {
			return ok, nil
		}
	}
}

// appendKey appends the key at which the index holds row i of cols.
func (l *keyLookup) appendKey(dst []byte, cols []*types.Vec, i int) ([]byte, error) {
	dst = append(dst, l.index.Prefix...)
	for j, at := range l.from {
		d := cols[at].Datum(i)
		if l.conv[j] != nil {
			var err error
			if d, err = builtin.Call(l.conv[j], l.x.Eval, []types.Datum{d}); err != nil {
				return dst, err
			}
		}
		dst = l.index.Keys[j].Append(dst, d)
	}
	return dst, nil
}

// rowKey gives the key of the row that an entry names.
func (l *keyLookup) rowKey(entry []byte) ([]byte, bool, error) {
	if !l.index.Guards() {
		it := l.x.Txn.ScanLatest(kv.PrefixRange(entry), kv.ScanOptions{Limit: 1})
		defer it.Close()
		var b kv.PairBatch
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return nil, false, storeError(err)
		}
		k, err := l.index.AppendRowKey(nil, b.Keys[0], b.Values[0])
		return k, err == nil, err
	}
	v, ok, err := l.x.Txn.GetLatest(entry)
	if err != nil || !ok {
		return nil, false, storeError(err)
	}
	k, err := l.index.AppendRowKey(nil, entry, v)
	return k, err == nil, err
}

// countLatest counts the keys with a prefix in the newest state, up to most.
func (x *exec) countLatest(prefix []byte, most int) (int, error) {
	it := x.Txn.ScanLatest(kv.PrefixRange(prefix), kv.ScanOptions{KeysOnly: true, Limit: most})
	defer it.Close()
	var b kv.PairBatch
	total := 0
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return total, storeError(err)
		}
		total += n
	}
}

// childExists tells whether some row of t has the values of row i in the
// columns attnums.
func (x *exec) childExists(t *catalog.Table, attnums []int16, cols []*types.Vec, i int) (bool, error) {
	found := false
	typs := make([]*types.Type, len(cols))
	for k, v := range cols {
		typs[k] = v.Type
	}
	for _, m := range x.storedMembers(t) {
		err := x.childRowsOf(m, mapped(t, m, attnums), typs, cols, i, true, func(referring) error {
			found = true
			return nil
		})
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// mapped gives the attnums in m of columns of t.
func mapped(t, m *catalog.Table, attnums []int16) []int16 {
	if t == m {
		return attnums
	}
	up := catalog.AttnumMap(t, m)
	out := make([]int16, len(attnums))
	for i, a := range attnums {
		out[i] = up[a-1]
	}
	return out
}

// referring is rows that refer to a key, as they were found, not locked.
type referring struct {
	keys   []string
	values [][]byte     // as they are stored
	rows   *types.Batch // all columns in attnum order
}

// childRowsOf finds the rows of t whose columns attnums equal row i of cols and
// passes them to f. one stops at the first.
func (x *exec) childRowsOf(t *catalog.Table, attnums []int16, typs []*types.Type, cols []*types.Vec, i int, one bool,
	f func(referring) error) error {
	vals := make([]types.Datum, len(attnums))
	for j, a := range attnums {
		conv, err := keyConversion(typs[j], t.Col(a).Type)
		if err != nil {
			return err
		}
		vals[j] = cols[j].Datum(i)
		if conv != nil {
			if vals[j], err = builtin.Call(conv, x.Eval, vals[j:j+1]); err != nil {
				return err
			}
		}
	}
	index, order := indexOn(t, attnums)
	r := kv.Range{}
	var codec *rowenc.Index
	var err error
	if index != nil {
		if codec, err = rowenc.NewIndex(t, index); err != nil {
			return err
		}
		key := append([]byte(nil), codec.Prefix...)
		for j, at := range order {
			key = codec.Keys[j].Append(key, vals[at])
		}
		r = kv.PrefixRange(key)
	} else {
		if codec, err = rowenc.NewIndex(t, t.Indexes[0]); err != nil {
			return err
		}
		r = codec.Range()
	}
	all := make([]int16, len(t.Columns))
	for k := range all {
		all[k] = int16(k + 1)
	}
	dec := rowenc.NewDecoder(t, all)
	it := x.Txn.ScanLatest(r, kv.ScanOptions{})
	defer it.Close()
	var pairs kv.PairBatch
	for {
		if err := x.cancelled(); err != nil {
			return err
		}
		n, err := it.Next(&pairs)
		if err != nil || n == 0 {
			return storeError(err)
		}
		pairs.Keep()
		var keys, values [][]byte
		for k := range n {
			rk, rv := pairs.Keys[k], pairs.Values[k]
			if !codec.IsPrimary() {
				if rk, err = codec.AppendRowKey(nil, rk, rv); err != nil {
					return err
				}
				var ok bool
				if rv, ok, err = x.Txn.GetLatest(rk); err != nil {
					return storeError(err)
				} else if !ok {
					continue
				}
			}
			keys, values = append(keys, rk), append(values, rv)
		}
		vecs := newVecs(dec.Types(), 0)
		if err := dec.Batch(keys, values, vecs); err != nil {
			return err
		}
		b := &types.Batch{Cols: vecs, N: len(keys)}
		var sel []int32
		for k := range keys {
			match := true
			for j, a := range attnums {
				v := vecs[a-1]
				if v.IsNull(k) || types.Compare(v.Type, v.Datum(k), vals[j]) != 0 {
					match = false
					break
				}
			}
			if match {
				sel = append(sel, int32(k))
				if one {
					break
				}
			}
		}
		if len(sel) == 0 {
			continue
		}
		found := referring{rows: &types.Batch{N: len(sel)}}
		for _, s := range sel {
			found.keys = append(found.keys, string(keys[s]))
			found.values = append(found.values, values[s])
		}
		for _, v := range b.Cols {
			w := types.NewVec(v.Type, len(sel))
			w.CopyFrom(v, sel)
			found.rows.Cols = append(found.rows.Cols, w)
		}
		if err := f(found); err != nil || one {
			return err
		}
	}
}

// indexOn finds an index whose first key columns are the given ones in some
// order: order[j] is the position in attnums of its key j.
func indexOn(t *catalog.Table, attnums []int16) (*catalog.Index, []int) {
	for _, ix := range t.Indexes {
		if ix.RowID || ix.Building || ix.Where != "" || len(ix.Keys) < len(attnums) {
			continue
		}
		order := make([]int, 0, len(attnums))
		for _, k := range ix.Keys[:len(attnums)] {
			for p, a := range attnums {
				if a == k.Attnum {
					order = append(order, p)
					break
				}
			}
		}
		if len(order) == len(attnums) {
			return ix, order
		}
	}
	return nil, nil
}
