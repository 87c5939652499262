package executor

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"unicode/utf8"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// CheckTable verifies what is stored of a table: that every row decodes, lies at
// the key its columns make and keeps the table's constraints, and that each
// secondary index holds exactly the entries of the rows. It gives the number of
// rows. The state read is ctx.Txn's snapshot; memory is that of a few batches.
//
//	rows, in order ──▶ decode, constraints, parents of foreign keys
//	      │
//	      └──▶ the entries they should have ─▶ count and sum of hashes ┐
//	each index, in order ────────────────────▶ count and sum of hashes ┴ equal?
//
// The sums do not depend on the order, so that two scans show that rows and index
// agree, whatever their size. Only where they do not, both are scanned again, each
// looked up in the other, to name the keys.
//
// report is told each damage; an error of its own ends the check.
func CheckTable(ctx *Ctx, t *catalog.Table, rules *plan.RowRules, report func(kv.Damage) error) (rows int64, err error) {
	x := newExec(ctx, emptyPlan)
	c := &tableCheck{x: x, t: t, report: report, seed: maphash.MakeSeed()}
	if rules, err = x.rulesOf(t, rules); err != nil {
		return 0, err
	}
	if err := c.prepare(rules); err != nil {
		return 0, err
	}
	if rows, err = c.rows(); err != nil {
		return rows, err
	}
	for i := range c.indexes {
		if err := c.index(&c.indexes[i]); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// tableCheck is a CheckTable under way.
type tableCheck struct {
	x       *exec
	t       *catalog.Table
	w       *tableWriter // for its expressions; nothing is written
	all     []int16
	checks  []namedCheck // valid ones
	indexes []indexCheck
	fks     []fkCheck
	report  func(kv.Damage) error
	seed    maphash.Seed

	key []byte
}

// indexCheck is what is known of one secondary index.
type indexCheck struct {
	iw     *indexWriter
	buf    entryBuf
	expect tally // by the rows
	found  tally // in the index
}

// tally is a multiset of pairs, as far as it need be known.
type tally struct {
	n   int64
	sum uint64
}

func (c *tableCheck) add(t *tally, key, value []byte) {
	var h maphash.Hash
	h.SetSeed(c.seed)
	h.Write(key)
	maphash.WriteComparable(&h, len(key))
	h.Write(value)
	t.n++
	t.sum += h.Sum64()
}

// fkCheck finds the rows that rows of this table refer to.
type fkCheck struct {
	fk     *catalog.ForeignKey
	parent *catalog.Table
	look   *keyLookup
	keys   [][]byte
	rows   []int
	values [][]byte
}

func (c *tableCheck) prepare(rules *plan.RowRules) error {
	var err error
	if c.w, err = c.x.newTableWriter(c.t, rules); err != nil {
		return err
	}
	for i := range c.t.Columns {
		c.all = append(c.all, int16(i+1))
	}
	notValid := map[string]bool{}
	for _, k := range c.t.Checks {
		notValid[k.Name] = k.NotValid
	}
	for _, k := range c.w.checks {
		if !notValid[k.name] {
			c.checks = append(c.checks, k)
		}
	}
	for _, iw := range c.w.indexes {
		c.indexes = append(c.indexes, indexCheck{iw: iw})
	}
	for _, child := range c.w.fks {
		if child.fk.NotValid {
			continue
		}
		look, err := c.x.newKeyLookup(child.parent, child.fk.RefIndex, child.fk.RefColumns, child.typs)
		if err != nil {
			return err
		}
		c.fks = append(c.fks, fkCheck{fk: child.fk, parent: child.parent, look: look})
	}
	return nil
}

func (c *tableCheck) damaged(key []byte, format string, args ...any) error {
	return c.report(kv.Damage{Key: bytes.Clone(key), Place: "table " + qualified(c.t), What: fmt.Sprintf(format, args...)})
}

func qualified(t *catalog.Table) string {
	if s := schemaName(t); s != "" && s != "public" {
		return s + "." + t.Name
	}
	return t.Name
}

// damageOf tells whether an error is about stored data, so that a check reports it
// and goes on elsewhere.
func damageOf(err error) bool {
	var e *pgerr.Error
	return errors.Is(err, kv.ErrCorrupt) || errors.Is(err, kv.ErrIO) ||
		errors.As(err, &e) && (e.Code == pgerr.DataCorrupted || e.Code == pgerr.IOError)
}

// each calls f for the batches of a range. Where the store cannot read on, it reports
// that and stops.
func (c *tableCheck) each(r kv.Range, what string, f func(keys, values [][]byte) error) error {
	it := c.x.Txn.Scan(r, kv.ScanOptions{})
	defer it.Close()
	var pairs kv.PairBatch
	last := r.Start
	for {
		if err := c.x.cancelled(); err != nil {
			return err
		}
		n, err := it.Next(&pairs)
		if err != nil {
			if !damageOf(err) {
				return storeError(err)
			}
			return c.damaged(last, "the %s behind this key cannot be read: %v", what, err)
		}
		if n == 0 {
			return nil
		}
		last = bytes.Clone(pairs.Keys[n-1])
		pairs.Keep()
		if err := f(pairs.Keys, pairs.Values); err != nil {
			return err
		}
	}
}

// rows checks the rows, and tallies the entries they should have.
func (c *tableCheck) rows() (n int64, err error) {
	err = c.each(c.w.primary.Range(), "rows", func(keys, values [][]byte) error {
		n += int64(len(keys))
		keys, b, err := c.decode(keys, values, true)
		if err != nil || b.N == 0 {
			return err
		}
		for _, f := range []func(keys [][]byte, b *types.Batch) error{c.keysOf, c.values, c.constraints, c.references} {
			if err := f(keys, b); err != nil {
				return err
			}
		}
		for i := range c.indexes {
			ix := &c.indexes[i]
			err := ix.entries(c, b, keys)
			if err != nil {
				if err := c.damaged(keys[0], "the entries of index %q for this row or the %d behind it cannot be computed: %v",
					ix.iw.codec.Desc.Name, b.N-1, err); err != nil {
					return err
				}
				continue
			}
			for r := range b.N {
				if ix.buf.has[r] {
					k, v := ix.buf.at(r)
					c.add(&ix.expect, k, v)
				}
			}
		}
		return nil
	})
	return n, err
}

func (ix *indexCheck) entries(c *tableCheck, b *types.Batch, keys [][]byte) error {
	prefix := len(c.w.primary.Prefix)
	return ix.iw.entries(b, func(i int) []byte { return keys[i][prefix:] }, &ix.buf)
}

// decode decodes rows; those that cannot be are left out, and told if tell is set.
func (c *tableCheck) decode(keys, values [][]byte, tell bool) ([][]byte, *types.Batch, error) {
	dec := rowenc.NewDecoder(c.t, c.all)
	vecs := newVecs(dec.Types(), len(keys))
	if err := dec.Batch(keys, values, vecs); err == nil {
		return keys, &types.Batch{Cols: vecs, N: len(keys)}, nil
	}
	var goodKeys, goodValues [][]byte
	one := newVecs(dec.Types(), 1)
	for i := range keys {
		if err := dec.Batch(keys[i:i+1], values[i:i+1], one); err == nil {
			goodKeys, goodValues = append(goodKeys, keys[i]), append(goodValues, values[i])
		} else if tell {
			if err := c.damaged(keys[i], "the row does not decode"); err != nil {
				return nil, nil, err
			}
		}
	}
	err := dec.Batch(goodKeys, goodValues, vecs)
	return goodKeys, &types.Batch{Cols: vecs, N: len(goodKeys)}, err
}

// keysOf checks that rows lie where their columns say.
func (c *tableCheck) keysOf(keys [][]byte, b *types.Batch) error {
	p := c.w.primary
	if p.Desc.RowID {
		for _, key := range keys {
			if _, rest, err := keyenc.DecodeInt64(key[len(p.Prefix):]); err != nil || len(rest) > 0 {
				if err := c.damaged(key, "the key is no row id"); err != nil {
					return err
				}
			}
		}
		return nil
	}
	cols := make([]*types.Vec, len(p.Attnums))
	for j, a := range p.Attnums {
		cols[j] = b.Cols[a-1]
	}
	for i, key := range keys {
		var null bool
		c.key = append(c.key[:0], p.Prefix...)
		if c.key, null = p.AppendKeys(c.key, cols, i); null {
			if err := c.damaged(key, "a column of the primary key is null"); err != nil {
				return err
			}
		} else if !bytes.Equal(c.key, key) {
			if err := c.damaged(key, "the columns of the row make the key %s", keyenc.Pretty(c.key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// values checks what decoding does not: texts are UTF-8, enum values have a label.
func (c *tableCheck) values(keys [][]byte, b *types.Batch) error {
	for j := range c.t.Columns {
		col := &c.t.Columns[j]
		if col.Dropped {
			continue
		}
		u, v := col.Type.Under(), b.Cols[j]
		var ok func(i int) bool
		switch {
		case u.Kind == types.KindEnum:
			known := map[int64]bool{}
			for _, l := range u.Labels {
				known[l.Sort] = true
			}
			ok = func(i int) bool { return known[v.I[i]] }
		case u.Phys == types.PhysBytes && u != types.Bytea && u != types.UUID && u.Category == 'S':
			ok = func(i int) bool { return utf8.ValidString(v.S[i]) }
		default:
			continue
		}
		for i := range b.N {
			if !v.IsNull(i) && !ok(i) {
				if err := c.damaged(keys[i], "column %q holds no value of type %s", col.Name, col.Type); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// constraints checks NOT NULL, CHECK and stored generated columns.
func (c *tableCheck) constraints(keys [][]byte, b *types.Batch) error {
	for _, k := range c.w.notNull {
		v := b.Cols[k]
		for i := range b.N {
			if v.IsNull(i) {
				if err := c.damaged(keys[i], "column %q is null, against its NOT NULL constraint", c.t.Columns[k].Name); err != nil {
					return err
				}
			}
		}
	}
	for _, k := range c.checks {
		err := c.eachValue(k.e, b, func(i int, d types.Datum, err error) error {
			switch {
			case err != nil:
				return c.damaged(keys[i], "check constraint %q cannot be computed: %v", k.name, err)
			case !d.IsNull() && d.I == 0:
				return c.damaged(keys[i], "the row violates check constraint %q", k.name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range c.w.gen {
		g := &c.w.gen[i]
		var a, s []byte
		err := c.eachValue(g.e, b, func(i int, d types.Datum, err error) error {
			stored := b.Cols[g.idx].Datum(i)
			same := err == nil && d.IsNull() == stored.IsNull()
			if same && !d.IsNull() {
				var err1, err2 error
				a, err1 = rowenc.AppendValue(a[:0], g.typ, d)
				s, err2 = rowenc.AppendValue(s[:0], g.typ, stored)
				same = err1 == nil && err2 == nil && bytes.Equal(a, s)
			}
			if same {
				return nil
			}
			return c.damaged(keys[i], "generated column %q is not what its expression gives", c.t.Columns[g.idx].Name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachValue calls f with an expression's value for each row. Where computing it for
// all rows at once fails, each is computed alone, to know which cannot be.
func (c *tableCheck) eachValue(e expr, b *types.Batch, f func(i int, d types.Datum, err error) error) error {
	if a, err := e.eval(b, nil); err == nil {
		for i := range b.N {
			if err := f(i, a.Vec.Datum(row(a, i)), nil); err != nil {
				return err
			}
		}
		return nil
	}
	one := &types.Batch{N: 1}
	for _, v := range b.Cols {
		one.Cols = append(one.Cols, types.NewVec(v.Type, 1))
	}
	for i := range b.N {
		if err := c.x.cancelled(); err != nil {
			return err
		}
		for j, v := range b.Cols {
			one.Cols[j].HasNulls = false
			one.Cols[j].Set(0, v.Datum(i))
		}
		a, err := e.eval(one, nil)
		d := types.Null
		if err == nil {
			d = a.Vec.Datum(0)
		}
		if err := f(i, d, err); err != nil {
			return err
		}
	}
	return nil
}

// references checks that the rows that foreign keys name are there.
func (c *tableCheck) references(keys [][]byte, b *types.Batch) error {
	for n := range c.fks {
		f := &c.fks[n]
		cols := make([]*types.Vec, len(f.fk.Columns))
		for j, a := range f.fk.Columns {
			cols[j] = b.Cols[a-1]
		}
		f.keys, f.rows = f.keys[:0], f.rows[:0]
		for i := range b.N {
			nulls := 0
			for _, v := range cols {
				if v.IsNull(i) {
					nulls++
				}
			}
			if nulls > 0 {
				if f.fk.MatchFull && nulls < len(cols) {
					if err := c.damaged(keys[i], "foreign key %q is MATCH FULL, and its columns are null only in part", f.fk.Name); err != nil {
						return err
					}
				}
				continue
			}
			look, at, r := f.look, cols, i
			var err error
			if look.parts != nil {
				look, at, err = look.parts.leaf(cols, i)
				r = 0
			}
			if look == nil && err == nil {
				if err := c.damaged(keys[i], "foreign key %q names a row that no partition of table %s may have", f.fk.Name, qualified(f.parent)); err != nil {
					return err
				}
				continue
			}
			var key []byte
			if err == nil {
				key, err = look.appendKey(nil, at, r)
			}
			if err != nil {
				if err := c.damaged(keys[i], "foreign key %q cannot be computed: %v", f.fk.Name, err); err != nil {
					return err
				}
				continue
			}
			f.keys, f.rows = append(f.keys, key), append(f.rows, i)
		}
		if err := f.find(c.x.Txn); err != nil {
			if !damageOf(err) {
				return storeError(err)
			}
			if err := c.damaged(keys[0], "the rows that foreign key %q names here cannot be read: %v", f.fk.Name, err); err != nil {
				return err
			}
			continue
		}
		for k, v := range f.values {
			if v == nil {
				if err := c.damaged(keys[f.rows[k]], "foreign key %q names a row that table %s lacks, there is no key %s",
					f.fk.Name, qualified(f.parent), keyenc.Pretty(f.keys[k])); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// find looks the keys up: values[i] is nil if there is no row for keys[i].
func (f *fkCheck) find(r kv.Reader) error {
	f.values = append(f.values[:0], make([][]byte, len(f.keys))...)
	if f.look.parts != nil || f.look.index.Guards() {
		return r.GetAll(f.keys, f.values)
	}
	for i, key := range f.keys {
		it := r.Scan(kv.PrefixRange(key), kv.ScanOptions{Limit: 1})
		var b kv.PairBatch
		n, err := it.Next(&b)
		if n > 0 {
			f.values[i] = b.Values[0]
		}
		if err := errors.Join(err, it.Close()); err != nil {
			return err
		}
	}
	return nil
}

// index compares an index with what the rows say it should hold.
func (c *tableCheck) index(ix *indexCheck) error {
	codec := ix.iw.codec
	distinct := (codec.Desc.Unique || codec.Desc.Primary) && !codec.Guards()
	var last []byte
	err := c.each(codec.Range(), fmt.Sprintf("entries of index %q", codec.Desc.Name), func(keys, values [][]byte) error {
		for i, key := range keys {
			c.add(&ix.found, key, values[i])
			if !distinct {
				continue
			}
			n, null, err := codec.KeyLen(key)
			if err != nil {
				continue // a key that no row makes: found below
			}
			if (!null || codec.Desc.NullsEqual) && last != nil && bytes.Equal(last, key[:n]) {
				if err := c.damaged(key, "another entry of unique index %q has the same columns", codec.Desc.Name); err != nil {
					return err
				}
			}
			last = append(last[:0], key[:n]...)
		}
		return nil
	})
	if err != nil || ix.found == ix.expect {
		return err
	}
	if codec.Desc.Building { // rows may lack entries, not entries rows
		return c.indexInRows(ix)
	}
	if err := c.rowsInIndex(ix); err != nil {
		return err
	}
	return c.indexInRows(ix)
}

// rowsInIndex looks each row's entry up in an index.
func (c *tableCheck) rowsInIndex(ix *indexCheck) error {
	name := ix.iw.codec.Desc.Name
	return c.each(c.w.primary.Range(), "rows", func(keys, values [][]byte) error {
		keys, b, err := c.decode(keys, values, false)
		if err != nil || b.N == 0 {
			return err
		}
		if err := ix.entries(c, b, keys); err != nil {
			return nil // told already
		}
		var want [][]byte
		var at []int
		for i := range b.N {
			if ix.buf.has[i] {
				k, _ := ix.buf.at(i)
				want, at = append(want, k), append(at, i)
			}
		}
		found := make([][]byte, len(want))
		if err := c.x.Txn.GetAll(want, found); err != nil {
			if !damageOf(err) {
				return storeError(err)
			}
			return c.damaged(keys[0], "the entries of index %q for the rows from here cannot be read: %v", name, err)
		}
		for k, v := range found {
			_, value := ix.buf.at(at[k])
			switch {
			case v == nil:
				err = c.damaged(keys[at[k]], "index %q lacks the entry of this row, there is no key %s", name, keyenc.Pretty(want[k]))
			case !bytes.Equal(v, value):
				err = c.damaged(want[k], "the entry of index %q does not fit the row %s", name, keyenc.Pretty(keys[at[k]]))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// indexInRows looks up the row of each entry of an index.
func (c *tableCheck) indexInRows(ix *indexCheck) error {
	codec := ix.iw.codec
	name := codec.Desc.Name
	return c.each(codec.Range(), fmt.Sprintf("entries of index %q", name), func(keys, values [][]byte) error {
		var entries, rowKeys [][]byte
		for i, key := range keys {
			rowKey, err := codec.AppendRowKey(nil, key, values[i])
			if err != nil {
				if err := c.damaged(key, "the entry of index %q does not decode", name); err != nil {
					return err
				}
				continue
			}
			entries, rowKeys = append(entries, key), append(rowKeys, rowKey)
		}
		rows := make([][]byte, len(rowKeys))
		if err := c.x.Txn.GetAll(rowKeys, rows); err != nil {
			if !damageOf(err) {
				return storeError(err)
			}
			return c.damaged(keys[0], "the rows of the entries of index %q from here cannot be read: %v", name, err)
		}
		for i, v := range rows {
			if v == nil {
				if err := c.damaged(entries[i], "index %q has an entry for the row %s, which is not there", name, keyenc.Pretty(rowKeys[i])); err != nil {
					return err
				}
				continue
			}
			_, b, err := c.decode(rowKeys[i:i+1], rows[i:i+1], false)
			if err != nil {
				return err
			}
			if b.N == 0 || ix.entries(c, b, rowKeys[i:i+1]) != nil {
				continue // told already
			}
			if k, _ := ix.buf.at(0); !ix.buf.has[0] || !bytes.Equal(k, entries[i]) {
				if err := c.damaged(entries[i], "index %q has an entry that its row %s does not make", name, keyenc.Pretty(rowKeys[i])); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
