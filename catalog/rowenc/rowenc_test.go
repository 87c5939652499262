package rowenc

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand"
	"testing"
	"time"

	"rowkey/catalog"
	"rowkey/types"
)

var composite = &types.Type{OID: 90001, Name: "pairtype", Phys: types.PhysAny, Kind: types.KindComposite, Category: 'C', Len: -1,
	Fields: []types.Field{{Name: "a", Type: types.Int4, Typmod: -1}, {Name: "b", Type: types.Text, Typmod: -1, Place: 1}}}

var enum = &types.Type{OID: 90002, Name: "mood", Phys: types.PhysInt64, Kind: types.KindEnum, Len: 4}

// allTypes are one of each form.
var allTypes = []*types.Type{types.Bool, types.Char, types.Int2, types.Int4, types.Int8, types.Oid, types.Float4, types.Float8, types.Text,
	types.Bytea, types.UUID, types.Numeric, types.Interval, types.TimeTZ, types.Date, types.TimestampTZ, types.Int4.Array, types.Text.Array,
	types.Numeric.Array, composite, enum}

// value makes a random value of a type.
func value(r *rand.Rand, t *types.Type) types.Datum {
	switch t {
	case types.Bool:
		return types.NewBool(r.Intn(2) == 0)
	case types.Char:
		return types.NewInt(int64(int8(r.Int())))
	case types.Int2:
		return types.NewInt(int64(int16(r.Int())))
	case types.Int4, types.Date:
		return types.NewInt(int64(int32(r.Int())))
	case types.Oid:
		return types.NewInt(int64(uint32(r.Int())))
	case types.Int8, types.TimestampTZ, enum:
		return types.NewInt(int64(r.Uint64()) >> r.Intn(64))
	case types.Float4:
		return types.NewFloat(float64(float32(r.NormFloat64())))
	case types.Float8:
		return types.NewFloat([]float64{r.NormFloat64(), 0, math.Copysign(0, -1), math.Inf(1), math.NaN()}[r.Intn(5)])
	case types.Text, types.Bytea:
		b := make([]byte, r.Intn(12)*r.Intn(3))
		for i := range b {
			b[i] = byte(r.Intn(256))
		}
		if r.Intn(50) == 0 {
			b = bytes.Repeat([]byte("x"), r.Intn(70_000))
		}
		return types.NewString(string(b))
	case types.UUID:
		b := make([]byte, 16)
		r.Read(b)
		return types.NewString(string(b))
	case types.Numeric:
		switch r.Intn(8) {
		case 0:
			return types.NewDecimal(types.Decimal{Form: types.DecimalForm(1 + r.Intn(3))})
		case 1:
			b := new(big.Int).Lsh(big.NewInt(1+r.Int63()), uint(64+r.Intn(100)))
			if r.Intn(2) == 0 {
				b.Neg(b)
			}
			return types.NewDecimal(types.Decimal{Big: b, Scale: int32(r.Intn(300))})
		}
		return types.NewDecimal(types.Decimal{Coef: int64(r.Uint64()) >> r.Intn(64), Scale: int32(r.Intn(20))})
	case types.Interval, types.TimeTZ:
		return types.NewSpan(types.Span{Months: int32(r.Int()), Days: int32(r.Int()), Micros: int64(r.Uint64())})
	case composite:
		t := &types.Tuple{Type: composite, Fields: composite.Fields, Vals: []types.Datum{{}, {}}}
		if r.Intn(3) > 0 {
			t.Vals[0] = types.NewInt(7)
		}
		if r.Intn(3) > 0 {
			t.Vals[1] = types.NewString("seven")
		}
		return types.NewAny(t)
	}
	a := &types.Array{Elem: t.Elem}
	if n := r.Intn(4); n > 0 {
		a.Dims = []types.ArrayDim{{Len: int32(n), Lower: int32(r.Intn(5) - 2)}, {Len: 2, Lower: 1}}[:1+r.Intn(2)]
		total := n * (len(a.Dims)*len(a.Dims)/4 + 1)
		for range total {
			if r.Intn(4) == 0 {
				a.Elems = append(a.Elems, types.Null)
			} else {
				a.Elems = append(a.Elems, value(r, t.Elem))
			}
		}
	}
	return types.NewAny(a)
}

func testTable(ts []*types.Type) *catalog.Table {
	t := &catalog.Table{OID: 1, Name: "t", Storage: 7}
	for i, typ := range ts {
		t.Columns = append(t.Columns, catalog.Column{Attnum: int16(i + 1), Name: "c", Type: typ, Typmod: -1})
	}
	t.Indexes = []*catalog.Index{{Number: 1, RowID: true}}
	return t
}

func same(t *types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	x, err1 := AppendValue(nil, t, a)
	y, err2 := AppendValue(nil, t, b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// Both encoders give the same bytes, and every decoder gives the row back.
func TestRoundTrip(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for range 300 {
		ts := make([]*types.Type, 1+r.Intn(12))
		for i := range ts {
			ts[i] = allTypes[r.Intn(len(allTypes))]
		}
		tab := testTable(ts)
		if r.Intn(3) == 0 {
			tab.Columns[r.Intn(len(ts))].Dropped = true
		}
		enc := NewEncoder(tab)
		n := 1 + r.Intn(20)
		cols := make([]*types.Vec, len(ts))
		nulls := r.Intn(3)
		for i, typ := range ts {
			cols[i] = types.NewVec(typ, n)
			cols[i].Resize(n)
			for k := range n {
				if nulls > 0 && r.Intn(3) == 0 {
					cols[i].SetNull(k)
				} else {
					cols[i].Set(k, value(r, typ))
				}
			}
		}
		var sel []int32
		if r.Intn(2) == 0 {
			for k := range n {
				if r.Intn(2) == 0 {
					sel = append(sel, int32(k))
				}
			}
			if sel == nil {
				sel = []int32{}
			}
		}
		var vals Values
		if err := enc.Batch(cols, n, sel, &vals); err != nil {
			t.Fatal(err)
		}
		var values, keys [][]byte
		for k := range len(vals.Ends) {
			row := make([]types.Datum, len(ts))
			for i := range ts {
				row[i] = cols[i].Datum(at(sel, k))
			}
			one, err := enc.AppendRow(nil, row)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one, vals.Row(k)) {
				t.Fatalf("the two encoders differ:\n%x\n%x", one, vals.Row(k))
			}
			values, keys = append(values, one), append(keys, []byte{2})
		}
		var attnums []int16
		for range 1 + r.Intn(len(ts)) {
			attnums = append(attnums, int16(1+r.Intn(len(ts))))
		}
		dec := NewDecoder(tab, attnums)
		out := make([]*types.Vec, len(attnums))
		for i, typ := range dec.Types() {
			out[i] = types.NewVec(typ, 0)
		}
		if err := dec.Batch(keys, values, out); err != nil {
			t.Fatal(err)
		}
		row := make([]types.Datum, len(attnums))
		for k := range values {
			if err := dec.Row(keys[k], values[k], row); err != nil {
				t.Fatal(err)
			}
			for i, a := range attnums {
				want := cols[a-1].Datum(at(sel, k))
				if tab.Columns[a-1].Dropped {
					want = types.Null
				}
				if got := out[i].Datum(k); !same(ts[a-1], want, got) || !same(ts[a-1], want, row[i]) {
					t.Fatalf("column %d (%s) of row %d: %v, %v, want %v", a, ts[a-1], k, got, row[i], want)
				}
			}
		}
	}
}

// The bytes of the format: a change of any of them breaks stored data.
func TestGolden(t *testing.T) {
	arr := types.NewAny(&types.Array{Elem: types.Int4, Dims: []types.ArrayDim{{Len: 2, Lower: 1}}, Elems: []types.Datum{types.NewInt(1), types.Null}})
	for _, c := range []struct {
		types []*types.Type
		row   []types.Datum
		want  string
	}{
		{[]*types.Type{types.Int4, types.Text, types.Text}, []types.Datum{types.NewInt(7), types.Null, types.NewString("bo")}, "14 0300 02 040406 07000000 626f"},
		{[]*types.Type{types.Int8, types.Bool}, []types.Datum{types.NewInt(-2), types.NewBool(true)}, "10 0200 0809 feffffffffffffff 01"},
		{[]*types.Type{types.Numeric, types.Numeric}, []types.Datum{types.NewDecimal(types.Decimal{Coef: 12345, Scale: 2}), types.NewDecimal(types.Decimal{Form: types.NaN})}, "10 0200 0405 00023930 03"},
		{[]*types.Type{types.Numeric, types.Numeric, types.Numeric}, []types.Datum{types.NewDecimal(types.Decimal{Coef: 0}), types.NewDecimal(types.Decimal{Coef: -1, Scale: 200}), types.NewDecimal(types.Decimal{Coef: 128})}, "10 0300 02060a 0000 00c801ff 00008000"},
		{[]*types.Type{types.Int4.Array}, []types.Datum{arr}, "10 0100 09 010202 0501000000 00"},
		{[]*types.Type{types.Interval}, []types.Datum{types.NewSpan(types.Span{Months: 1, Days: 2, Micros: 3})}, "10 0100 10 0300000000000000 02000000 01000000"},
	} {
		got, err := NewEncoder(testTable(c.types)).AppendRow(nil, c.row)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := hex.DecodeString(string(bytes.ReplaceAll([]byte(c.want), []byte(" "), nil)))
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c.row, got, want)
		}
	}
}

// A column added later reads as its missing value, without touching the row.
func TestAddedColumn(t *testing.T) {
	tab := testTable([]*types.Type{types.Int4})
	old, _ := NewEncoder(tab).AppendRow(nil, []types.Datum{types.NewInt(5)})
	tab.Columns = append(tab.Columns,
		catalog.Column{Attnum: 2, Type: types.Text, MissingVal: types.NewString("new")},
		catalog.Column{Attnum: 3, Type: types.Int8})
	d := NewDecoder(tab, []int16{3, 2, 1})
	out := []*types.Vec{types.NewVec(types.Int8, 0), types.NewVec(types.Text, 0), types.NewVec(types.Int4, 0)}
	if err := d.Batch([][]byte{{1}}, [][]byte{old}, out); err != nil {
		t.Fatal(err)
	}
	if !out[0].IsNull(0) || out[1].S[0] != "new" || out[2].I[0] != 5 {
		t.Fatalf("%v %v %v", out[0].Datum(0), out[1].Datum(0), out[2].Datum(0))
	}
}

// Entries lead back to their rows, and give covered columns exactly.
func TestEntries(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	keyTypes := []*types.Type{types.Bool, types.Int2, types.Int4, types.Int8, types.Oid, types.Float8, types.Text, types.Bytea, types.UUID,
		types.Numeric, types.Interval, types.Date, types.TimestampTZ, types.Int4.Array, enum}
	for range 300 {
		ts := []*types.Type{types.Int4, keyTypes[r.Intn(len(keyTypes))], keyTypes[r.Intn(len(keyTypes))], types.Text}
		tab := testTable(ts)
		tab.Indexes[0] = &catalog.Index{Number: 1, Primary: true, Unique: true, Keys: []catalog.IndexKey{{Attnum: 1}}}
		ix := &catalog.Index{Number: 2, Name: "i", Unique: r.Intn(2) == 0, Include: []int16{4},
			Keys: []catalog.IndexKey{{Attnum: 2, Desc: r.Intn(2) == 0}, {Attnum: 3, NullsFirst: r.Intn(2) == 0}}}
		tab.Indexes = append(tab.Indexes, ix)
		x, err := NewIndex(tab, ix)
		if err != nil {
			t.Fatal(err)
		}
		cols := make([]*types.Vec, len(ts))
		for i, typ := range ts {
			cols[i] = types.NewVec(typ, 1)
			cols[i].Resize(1)
			if i > 0 && r.Intn(4) == 0 {
				cols[i].SetNull(0)
			} else {
				cols[i].Set(0, value(r, typ))
			}
		}
		pk, _ := x.Primary.AppendKeys(nil, cols[:1], 0)
		key, guarded := x.AppendEntryKey(nil, cols[1:3], 0, pk)
		val, err := x.AppendEntryValue(nil, guarded, pk, cols, 0)
		if err != nil {
			t.Fatal(err)
		}
		rowKey, err := x.AppendRowKey(nil, key, val)
		if err != nil || !bytes.Equal(rowKey, append(append([]byte(nil), x.Primary.Prefix...), pk...)) {
			t.Fatalf("row key %x, %v", rowKey, err)
		}
		attnums := []int16{4, 3, 2, 1, -1}
		if !x.Covers(attnums) {
			t.Fatal("not covered")
		}
		d, err := NewEntryDecoder(x, attnums)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]*types.Vec, len(attnums))
		for i, typ := range d.Types() {
			out[i] = types.NewVec(typ, 0)
		}
		if err := d.Batch([][]byte{key}, [][]byte{val}, out); err != nil {
			t.Fatal(err)
		}
		for i, a := range attnums[:4] {
			if want, got := cols[a-1].Datum(0), out[i].Datum(0); !same(ts[a-1], want, got) {
				t.Fatalf("%v of type %s comes back as %v", want, ts[a-1], got)
			}
		}
		// Damage is an error, never a panic.
		for range 20 {
			k, v := append([]byte(nil), key...), append([]byte(nil), val...)
			if len(v) > 0 && r.Intn(2) == 0 {
				v[r.Intn(len(v))] ^= byte(1 << r.Intn(8))
				v = v[:r.Intn(len(v)+1)]
			} else {
				k[r.Intn(len(k))] ^= byte(1 << r.Intn(8))
				k = k[:r.Intn(len(k)+1)]
			}
			_ = d.Batch([][]byte{k}, [][]byte{v}, out)
			_, _ = x.AppendRowKey(nil, k, v)
		}
	}
}

// A damaged value is an error that names the key, never a panic.
func FuzzDecode(f *testing.F) {
	tab := testTable(allTypes)
	r := rand.New(rand.NewSource(1))
	for range 10 {
		row := make([]types.Datum, len(allTypes))
		for i, t := range allTypes {
			row[i] = value(r, t)
		}
		v, err := NewEncoder(tab).AppendRow(nil, row)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(v)
	}
	f.Add([]byte{0x10, 2, 0, 4, 3, 0, 0, 0, 0})
	var attnums []int16
	for i := range allTypes {
		attnums = append(attnums, int16(i+1))
	}
	d := NewDecoder(tab, attnums)
	out := make([]*types.Vec, len(attnums))
	for i, t := range allTypes {
		out[i] = types.NewVec(t, 0)
	}
	row := make([]types.Datum, len(allTypes))
	f.Fuzz(func(t *testing.T, b []byte) {
		key := []byte{2, 0, 0, 0, 7}
		err1 := d.Row(key, b, row)
		err2 := d.Batch([][]byte{key, key}, [][]byte{b, b}, out)
		if (err1 == nil) != (err2 == nil) && err1 == nil {
			t.Fatalf("Row decodes what Batch refuses: %v", err2)
		}
		narrow := NewDecoder(tab, []int16{4, 9})
		_ = narrow.Batch([][]byte{key}, [][]byte{b}, []*types.Vec{types.NewVec(types.Int4, 0), types.NewVec(types.Text, 0)})
	})
}

func BenchmarkDecode(b *testing.B) {
	ts := []*types.Type{types.Int4, types.Text, types.Float8, types.Numeric}
	tab := testTable(ts)
	n := types.BatchSize
	cols := make([]*types.Vec, len(ts))
	for i, t := range ts {
		cols[i] = types.NewVec(t, n)
		cols[i].Resize(n)
		for k := range n {
			switch t {
			case types.Text:
				cols[i].S[k] = "some text"
			case types.Numeric:
				cols[i].D[k] = types.Decimal{Coef: 12345, Scale: 2}
			}
		}
	}
	enc := NewEncoder(tab)
	var vals Values
	b.Run("encode", func(b *testing.B) {
		for range b.N {
			if err := enc.Batch(cols, n, nil, &vals); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
	})
	if vals.Ends == nil {
		_ = enc.Batch(cols, n, nil, &vals)
	}
	values := make([][]byte, n)
	for i := range values {
		values[i] = vals.Row(i)
	}
	for i, t := range ts {
		d := NewDecoder(tab, []int16{int16(i + 1)})
		out := []*types.Vec{types.NewVec(t, n)}
		b.Run("decode/"+t.Name, func(b *testing.B) {
			for range b.N {
				if err := d.Batch(values, values, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}

// Stored rows of a type are read as it is now: without the fields that were dropped, NULL for
// those that were added.
func TestFieldsComeAndGo(t *testing.T) {
	is := types.Field{Name: "b", Type: types.Text, Typmod: -1, Place: 1}
	row := func(fields ...types.Field) *types.Type {
		return &types.Type{OID: composite.OID, Name: "pair", Phys: types.PhysAny, Kind: types.KindComposite, Fields: fields}
	}
	was := row(types.Field{Name: "a", Type: types.Int4, Typmod: -1}, is)
	now := row(is, types.Field{Name: "c", Type: types.Date, Typmod: -1, Place: 3})
	b, err := AppendValue(nil, was, types.NewAny(&types.Tuple{Type: was, Fields: was.Fields, Vals: []types.Datum{types.NewInt(7), types.NewString("x")}}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was stored before, and what is stored now
		d, ok := DecodeValue(now, b)
		if !ok {
			t.Fatal("damaged")
		}
		vals := d.Tuple().Vals
		if len(vals) != 2 || vals[0].S != "x" || !vals[1].IsNull() {
			t.Errorf("%v", vals)
		}
		if b, err = AppendValue(nil, now, d); err != nil {
			t.Fatal(err)
		}
	}
}
