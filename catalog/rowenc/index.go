package rowenc

import (
	"encoding/binary"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/types"
)

// Index makes and reads the keys of one index of a table, and the entries of
// a secondary one. Read-only once made.
type Index struct {
	Table *catalog.Table
	Desc  *catalog.Index
	// Prefix begins every key of the index.
	Prefix []byte
	// Keys are the key columns. A hidden row id is one int8 column.
	Keys []KeyCol
	// Attnums are the table columns that the keys are, 0 for an expression or
	// the row id.
	Attnums []int16
	// Primary is the codec of the primary index; the index itself if it is that.
	Primary *Index

	stored []int16  // columns kept in entry values
	enc    *Encoder // of stored
}

// NewIndex makes the codec of an index of table t.
func NewIndex(t *catalog.Table, ix *catalog.Index) (*Index, error) {
	x := &Index{Table: t, Desc: ix, Prefix: keyenc.AppendIndexPrefix(nil, t.Storage, ix.Number)}
	if ix.RowID {
		k, _ := NewKeyCol(types.Int8, false, false)
		x.Keys, x.Attnums, x.Primary = []KeyCol{k}, []int16{0}, x
		return x, nil
	}
	lossy := map[int16]bool{}
	for _, ik := range ix.Keys {
		typ := ik.Type
		if ik.Attnum != 0 {
			typ = t.Col(ik.Attnum).Type
		}
		k, err := NewKeyCol(typ, ik.Desc, ik.NullsFirst)
		if err != nil {
			return nil, err
		}
		x.Keys = append(x.Keys, k)
		x.Attnums = append(x.Attnums, ik.Attnum)
		if !k.Lossless && ik.Attnum != 0 && !lossy[ik.Attnum] {
			lossy[ik.Attnum] = true
			x.stored = append(x.stored, ik.Attnum)
		}
	}
	if ix == t.Indexes[0] {
		x.Primary, x.stored = x, nil
		return x, nil
	}
	var err error
	if x.Primary, err = NewIndex(t, t.Indexes[0]); err != nil {
		return nil, err
	}
	for j, k := range x.Primary.Keys {
		if a := x.Primary.Attnums[j]; !k.Lossless && !lossy[a] {
			lossy[a] = true
			x.stored = append(x.stored, a)
		}
	}
	for _, a := range ix.Include {
		if !lossy[a] {
			lossy[a] = true
			x.stored = append(x.stored, a)
		}
	}
	if len(x.stored) > 0 {
		ts := make([]*types.Type, len(x.stored))
		for i, a := range x.stored {
			ts[i] = t.Col(a).Type
		}
		x.enc = newEncoder(ts)
	}
	return x, nil
}

// IsPrimary tells whether the index holds the rows.
func (x *Index) IsPrimary() bool { return x.Primary == x }

// Guards tells whether equal keys of the index meet in one key of the store,
// which so keeps them unique. A deferrable constraint must stand duplicates for
// a while: its entries always end in the primary key, and are counted instead.
func (x *Index) Guards() bool {
	return x.IsPrimary() || (x.Desc.Unique || x.Desc.Primary) && !x.Desc.Deferrable
}

// Range is all keys of the index.
func (x *Index) Range() kv.Range { return kv.PrefixRange(x.Prefix) }

// AppendKeys appends the key columns of row i of keys, one vector a key
// column; null tells that one was NULL.
func (x *Index) AppendKeys(dst []byte, keys []*types.Vec, i int) (_ []byte, null bool) {
	for j := range x.Keys {
		v := keys[j]
		if v.HasNulls && v.Nulls[i] {
			null = true
		}
		dst = x.Keys[j].AppendAt(dst, v, i)
	}
	return dst, null
}

// AppendRowID appends the key of a hidden row id.
func (x *Index) AppendRowID(dst []byte, id int64) []byte {
	return keyenc.AppendInt64(append(dst, x.Prefix...), id)
}

// AppendEntryKey appends the key of the entry of row i. pk is the row's key
// behind the primary index's prefix. guarded tells that the index's
// uniqueness rests on this key: it has only the key columns.
func (x *Index) AppendEntryKey(dst []byte, keys []*types.Vec, i int, pk []byte) (_ []byte, guarded bool) {
	dst = append(dst, x.Prefix...)
	dst, null := x.AppendKeys(dst, keys, i)
	if x.Guards() && (!null || x.Desc.NullsEqual) {
		return dst, true
	}
	return append(dst, pk...), false
}

// AppendEntryValue appends the value of the entry of row i of the table's
// columns (by attnum).
func (x *Index) AppendEntryValue(dst []byte, guarded bool, pk []byte, row []*types.Vec, i int) ([]byte, error) {
	var h byte
	if guarded {
		h |= 1
	}
	if x.enc != nil {
		h |= 2
	}
	if h == 0 {
		return dst, nil
	}
	dst = append(dst, h)
	if guarded {
		dst = binary.AppendUvarint(dst, uint64(len(pk)))
		dst = append(dst, pk...)
	}
	if x.enc == nil {
		return dst, nil
	}
	vals := make([]types.Datum, len(x.stored))
	for j, a := range x.stored {
		if v := row[a-1]; v != nil {
			vals[j] = v.Datum(i)
		}
	}
	return x.enc.AppendRow(dst, vals)
}

// Stored are the attnums of the columns that entry values hold: a change of
// one of them changes the entry.
func (x *Index) Stored() []int16 { return x.stored }

// entry takes an entry apart: its primary key and its stored row (nil if none).
func (x *Index) entry(key, value []byte) (pk, row []byte, err error) {
	var h byte
	if len(value) > 0 {
		h, value = value[0], value[1:]
		if h == 0 || h > 3 {
			return nil, nil, Damaged(key)
		}
	}
	if h&1 != 0 {
		n, rest, ok := uvarint(value)
		if !ok || n > uint64(len(rest)) {
			return nil, nil, Damaged(key)
		}
		pk, value = rest[:n:n], rest[n:]
	} else {
		if pk, err = x.skipKeys(key); err != nil {
			return nil, nil, err
		}
	}
	if h&2 != 0 {
		row = value
	} else if len(value) > 0 {
		return nil, nil, Damaged(key)
	}
	return pk, row, nil
}

// skipKeys gives what follows the key columns.
func (x *Index) skipKeys(key []byte) (rest []byte, err error) {
	if len(key) < len(x.Prefix) {
		return nil, Damaged(key)
	}
	rest = key[len(x.Prefix):]
	for range x.Keys {
		if rest, err = keyenc.Skip(rest); err != nil {
			return nil, Damaged(key)
		}
	}
	return rest, nil
}

// KeyLen is the length of an entry's key without the primary key that may
// end it; null tells that a key column is NULL.
func (x *Index) KeyLen(key []byte) (n int, null bool, err error) {
	if len(key) < len(x.Prefix) {
		return 0, false, Damaged(key)
	}
	rest := key[len(x.Prefix):]
	for range x.Keys {
		null = null || keyenc.IsNull(rest)
		if rest, err = keyenc.Skip(rest); err != nil {
			return 0, false, Damaged(key)
		}
	}
	return len(key) - len(rest), null, nil
}

// AppendRowKey appends the key of the row that an entry of a secondary index
// points to.
func (x *Index) AppendRowKey(dst, key, value []byte) ([]byte, error) {
	pk, _, err := x.entry(key, value)
	if err != nil {
		return dst, err
	}
	return append(append(dst, x.Primary.Prefix...), pk...), nil
}

// Suffix is a row's key behind the primary index's prefix.
func (x *Index) Suffix(rowKey []byte) []byte { return rowKey[len(x.Primary.Prefix):] }

// DecodeKeys decodes the key columns of a key of this index; lossy ones come
// back as NULL. For messages and tests.
func (x *Index) DecodeKeys(key []byte) ([]types.Datum, error) {
	if len(key) < len(x.Prefix) {
		return nil, Damaged(key)
	}
	rest := key[len(x.Prefix):]
	out := make([]types.Datum, len(x.Keys))
	var err error
	for j := range x.Keys {
		k := &x.Keys[j]
		if k.Lossless {
			out[j], rest, err = k.Decode(rest)
		} else {
			rest, err = keyenc.Skip(rest)
		}
		if err != nil {
			return nil, Damaged(key)
		}
	}
	return out, nil
}

// Covers tells whether the entries of a secondary index can yield the columns
// attnums without the row.
func (x *Index) Covers(attnums []int16) bool {
	for _, a := range attnums {
		if !x.covers(a) {
			return false
		}
	}
	return true
}

func (x *Index) covers(a int16) bool {
	if a == attRowKey || a == attTableOID {
		return true
	}
	for _, s := range x.stored {
		if s == a {
			return true
		}
	}
	if x.column(a) >= 0 {
		return true
	}
	return x.Primary != x && x.Primary.column(a) >= 0
}

// column finds the lossless key column that is table column a, -1 if none.
func (x *Index) column(a int16) int {
	for j, k := range x.Attnums {
		if k == a && a > 0 && x.Keys[j].Lossless {
			return j
		}
	}
	return -1
}

// EntryDecoder reads table columns from entries of a secondary index, for
// index-only scans. Not safe for concurrent use.
type EntryDecoder struct {
	x       *Index
	keyOut  []int // output column of each key column, -1 none; no longer than needed
	pkOut   []int
	rowOut  []int // output column of each hidden row key request
	oidOut  []int
	storeTo []int
	stored  *Decoder
	vals    []types.Datum
	typs    []*types.Type
	buf     []byte
}

// NewEntryDecoder makes the decoder of the columns attnums, which the index
// must cover.
func NewEntryDecoder(x *Index, attnums []int16) (*EntryDecoder, error) {
	d := &EntryDecoder{x: x}
	var stored []int
	put := func(list []int, j, out int) []int {
		for len(list) <= j {
			list = append(list, -1)
		}
		list[j] = out
		return list
	}
	for i, a := range attnums {
		switch {
		case a == attRowKey:
			d.rowOut = append(d.rowOut, i)
			d.typs = append(d.typs, types.Bytea)
			continue
		case a == attTableOID:
			d.oidOut = append(d.oidOut, i)
			d.typs = append(d.typs, types.Oid)
			continue
		}
		d.typs = append(d.typs, x.Table.Col(a).Type)
		if j := x.column(a); j >= 0 && (j >= len(d.keyOut) || d.keyOut[j] < 0) {
			d.keyOut = put(d.keyOut, j, i)
			continue
		}
		if j := x.Primary.column(a); x.Primary != x && j >= 0 && (j >= len(d.pkOut) || d.pkOut[j] < 0) {
			d.pkOut = put(d.pkOut, j, i)
			continue
		}
		s := -1
		for j, b := range x.stored {
			if b == a {
				s = j
			}
		}
		if s < 0 {
			return nil, pgerr.Newf(pgerr.InternalError, "index %q does not cover column %d", x.Desc.Name, a)
		}
		stored = append(stored, s)
		d.storeTo = append(d.storeTo, i)
	}
	if len(stored) > 0 {
		d.stored = newDecoder(x.enc.types, stored, nil)
		d.vals = make([]types.Datum, len(stored))
	}
	return d, nil
}

// Types gives the types of the columns decoded.
func (d *EntryDecoder) Types() []*types.Type { return d.typs }

// Clone gives a decoder of the same columns for another goroutine.
func (d *EntryDecoder) Clone() *EntryDecoder {
	c := *d
	c.vals = make([]types.Datum, len(d.vals))
	c.buf = nil
	if d.stored != nil {
		c.stored = d.stored.Clone()
	}
	return &c
}

// Batch decodes entries into out, one vector a column, each Init'ed with the
// column's type; they get Len len(keys).
func (d *EntryDecoder) Batch(keys, values [][]byte, out []*types.Vec) error {
	n := len(keys)
	for _, v := range out {
		v.HasNulls = false
		v.Resize(n)
	}
	for _, i := range d.oidOut {
		for r := range out[i].I[:n] {
			out[i].I[r] = int64(d.x.Table.OID)
		}
	}
	needPK := len(d.pkOut) > 0 || len(d.rowOut) > 0 || d.stored != nil
	for r, key := range keys {
		if err := decodeKeyColumns(d.x, d.keyOut, key, len(d.x.Prefix), out, r, key); err != nil {
			return err
		}
		if !needPK {
			continue
		}
		var value []byte
		if values != nil {
			value = values[r]
		}
		pk, row, err := d.x.entry(key, value)
		if err != nil {
			return err
		}
		if len(d.pkOut) > 0 {
			if err := decodeKeyColumns(d.x.Primary, d.pkOut, pk, 0, out, r, key); err != nil {
				return err
			}
		}
		for _, i := range d.rowOut {
			d.buf = append(append(d.buf[:0], d.x.Primary.Prefix...), pk...)
			out[i].S[r] = string(d.buf)
		}
		if d.stored != nil {
			if err := d.stored.Row(key, row, d.vals); err != nil {
				return err
			}
			for j, i := range d.storeTo {
				out[i].Set(r, d.vals[j])
			}
		}
	}
	return nil
}

// decodeKeyColumns decodes key columns of x found at b[from:] into row r of
// the vectors that to names.
func decodeKeyColumns(x *Index, to []int, b []byte, from int, out []*types.Vec, r int, key []byte) error {
	if len(b) < from {
		return Damaged(key)
	}
	b = b[from:]
	for j, i := range to {
		k := &x.Keys[j]
		var err error
		switch {
		case i < 0:
			b, err = keyenc.Skip(b)
		case k.kind == keyInt32 && !keyenc.IsNull(b):
			var v int32
			v, b, err = keyenc.DecodeInt32(b)
			out[i].I[r] = int64(v)
			if out[i].HasNulls {
				out[i].Nulls[r] = false
			}
		default:
			var v types.Datum
			v, b, err = k.Decode(b)
			if err == nil {
				out[i].Set(r, v)
			}
		}
		if err != nil {
			return Damaged(key)
		}
	}
	return nil
}
