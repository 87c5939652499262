package rowenc

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"rowkey/catalog"
	"rowkey/kv/keyenc"
	"rowkey/types"
)

// anatomyTable is a table of a catalog: types in keys, both directions, and a
// second index.
func anatomyTable(t testing.TB) (*catalog.Snapshot, *catalog.Table) {
	t.Helper()
	tab := &catalog.Table{OID: 20000, SchemaOID: catalog.PublicOID, Name: "People", Kind: catalog.KindTable, Persistence: catalog.Permanent, Storage: 7}
	for i, typ := range []*types.Type{types.Int4, types.Text, types.Numeric, types.Date, types.Bytea, types.TimestampTZ, types.Bool} {
		tab.Columns = append(tab.Columns, catalog.Column{Attnum: int16(i + 1), Name: fmt.Sprintf("c%d", i+1), TypeOID: typ.OID, Typmod: -1})
	}
	key := func(attnum int16, desc bool) catalog.IndexKey {
		return catalog.IndexKey{Attnum: attnum, Desc: desc, NullsFirst: desc}
	}
	tab.Indexes = []*catalog.Index{
		{OID: 20001, Name: "people_pkey", Number: 1, Primary: true, Unique: true, Keys: []catalog.IndexKey{key(1, false), key(2, true)}},
		{OID: 20002, Name: "people_all", Number: 2, Keys: []catalog.IndexKey{key(3, false), key(4, true), key(5, true), key(6, false), key(7, false)}, Include: []int16{2}},
		{OID: 20003, Name: "people_c2", Number: 3, Unique: true, Keys: []catalog.IndexKey{key(2, false)}},
	}
	cat, err := catalog.Empty().With(tab)
	if err != nil {
		t.Fatal(err)
	}
	return cat, cat.Table(20000)
}

// entriesOf gives the keys and values that a row occupies.
func entriesOf(t testing.TB, tab *catalog.Table, row []types.Datum) (keys, values [][]byte) {
	t.Helper()
	vecs := make([]*types.Vec, len(row))
	for i, d := range row {
		vecs[i] = types.NewVec(tab.Columns[i].Type, 1)
		vecs[i].Append(d)
	}
	var pk []byte
	for i, ix := range tab.Indexes {
		x, err := NewIndex(tab, ix)
		if err != nil {
			t.Fatal(err)
		}
		cols := make([]*types.Vec, len(x.Keys))
		for j, a := range x.Attnums {
			cols[j] = vecs[a-1]
		}
		if i == 0 {
			pk, _ = x.AppendKeys(nil, cols, 0)
			v, err := NewEncoder(tab).AppendRow(nil, row)
			if err != nil {
				t.Fatal(err)
			}
			keys, values = append(keys, append(append([]byte(nil), x.Prefix...), pk...)), append(values, v)
			continue
		}
		key, guarded := x.AppendEntryKey(nil, cols, 0, pk)
		v, err := x.AppendEntryValue(nil, guarded, pk, vecs, 0)
		if err != nil {
			t.Fatal(err)
		}
		keys, values = append(keys, key), append(values, v)
	}
	return keys, values
}

func draw(b []byte, spans []Span) string {
	var out strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&out, "%d %x %s", s.At, b[s.At:s.At+s.Len], s.What)
		if s.HasValue {
			out.WriteString(" = " + s.Value)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// Every byte of a row's keys and values is accounted for.
func TestAnatomyGolden(t *testing.T) {
	cat, tab := anatomyTable(t)
	row := []types.Datum{types.NewInt(42), types.NewString("bo"), types.NewDecimal(types.Decimal{Coef: 150, Scale: 2}), types.Null,
		types.NewString("\x01\xff"), types.NewInt(0), types.NewBool(true)}
	keys, values := entriesOf(t, tab, row)
	a := &Anatomist{Catalog: cat, Env: types.DefaultEnv}
	var got strings.Builder
	for i := range keys {
		fmt.Fprintf(&got, "-- %s\n%s-- value\n%s", keyenc.PrettyNamed(keys[i], cat.KeyNamer([]string{"public"})), draw(keys[i], a.Key(keys[i])), draw(values[i], a.Value(keys[i], values[i])))
	}
	if got.String() != anatomyGolden {
		t.Errorf("got\n%s", got.String())
	}
}

const anatomyGolden = `-- /Table/"People"/people_pkey/42/"bo"
0 02 part of the key space = Table
1 00000007 table = 7 = People
5 00000001 index = 1 = people_pkey
9 21 type of c1 = int4
10 8000002a c1 = 42
14 c6 type of c2 = text, descending
15 9d90 c2 = bo
17 ffff end of c2
-- value
0 14 row header = version 1, ends of 1 byte, with a null mask
1 0700 number of columns = 7
3 08 null mask = c4
4 04 end of c1 = 4
5 06 end of c2 = 6
6 0a end of c3 = 10
7 0a end of c4 = 10
8 0c end of c5 = 12
9 14 end of c6 = 20
10 15 end of c7 = 21
11 2a000000 c1 = 42
15 626f c2 = bo
17 00029600 c3 = 1.50
21 01ff c5 = \x01ff
23 0000000000000000 c6 = 2000-01-01 00:00:00+00
31 01 c7 = t
-- /Table/"People"/people_all/1.5/NULL/\x01ff/2000-01-01T00:00:00Z/true/42/"bo"
0 02 part of the key space = Table
1 00000007 table = 7 = People
5 00000002 index = 2 = people_all
9 30 type of c3 = numeric
10 981e c3 = 1.5
12 05 c4: NULL mark = NULL
13 c7 type of c5 = bytea, descending
14 fe00 c5 = \x01ff
16 ffff end of c5
18 42 type of c6 = timestamptz
19 8000000000000000 c6 = 2000-01-01 00:00:00+00
27 19 c7 = t
28 21 type of c1 (primary key) = int4
29 8000002a c1 (primary key) = 42
33 c6 type of c2 (primary key) = text, descending
34 9d90 c2 (primary key) = bo
36 ffff end of c2 (primary key)
-- value
0 02 entry header = with stored columns
1 10 row header = version 1, ends of 1 byte
2 0200 number of columns = 2
4 04 end of c3 = 4
5 06 end of c2 = 6
6 00029600 c3 = 1.50
10 626f c2 = bo
-- /Table/"People"/people_c2/"bo"
0 02 part of the key space = Table
1 00000007 table = 7 = People
5 00000003 index = 3 = people_c2
9 39 type of c2 = text
10 626f c2 = bo
12 0000 end of c2
-- value
0 01 entry header = with the primary key
1 0a length of the primary key = 10
2 21 type of c1 (primary key) = int4
3 8000002a c1 (primary key) = 42
7 c6 type of c2 (primary key) = text, descending
8 9d90 c2 (primary key) = bo
10 ffff end of c2 (primary key)
`

// The spans of any bytes lie end to end, and no bytes are too strange.
func checkSpans(t *testing.T, b []byte, spans []Span) {
	t.Helper()
	at := 0
	for i, s := range spans {
		if s.At != at || s.Len < 0 || s.At+s.Len > len(b) {
			t.Fatalf("span %d of %x is at %d, length %d; expected at %d", i, b, s.At, s.Len, at)
		}
		at += s.Len
	}
	if at != len(b) {
		t.Fatalf("the spans of %x end at %d", b, at)
	}
}

func FuzzAnatomy(f *testing.F) {
	cat, tab := anatomyTable(f)
	r := rand.New(rand.NewSource(1))
	for range 20 {
		keys, values := entriesOf(f, tab, randomRow(r, tab))
		for i := range keys {
			f.Add(keys[i], values[i])
		}
	}
	f.Add([]byte{1, 0x39, 'a', 0, 0}, []byte(`{"a": 1}`))
	f.Add([]byte{3, 0x23, 0, 0, 0, 1}, []byte("123456781"))
	f.Add([]byte{2, 0, 0, 0, 7, 0, 0, 0, 1}, []byte{0x16, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		for _, a := range []*Anatomist{{Catalog: cat, Env: types.DefaultEnv}, {Env: types.DefaultEnv}} {
			checkSpans(t, key, a.Key(key))
			checkSpans(t, value, a.Value(key, value))
		}
	})
}

func randomRow(r *rand.Rand, tab *catalog.Table) []types.Datum {
	row := make([]types.Datum, len(tab.Columns))
	for i := range row {
		if i >= 2 && r.Intn(4) == 0 {
			row[i] = types.Null
		} else {
			row[i] = value(r, tab.Columns[i].Type)
		}
	}
	row[1] = types.NewString([]string{"", "bo", "a/b", `say "hi"`, "back\\slash", "é\n", "NULL", "…"}[r.Intn(8)])
	if r.Intn(3) == 0 {
		row[4] = types.NewString([]string{"user:1/é", "it's", "", `\`, `"`, "nul\x00", "'"}[r.Intn(7)])
	}
	if row[6].K != types.PhysNull {
		row[6] = types.NewBool(r.Intn(2) == 0)
	}
	return row
}

// What a key's path says is the key, by names and by numbers.
func TestPaths(t *testing.T) {
	cat, tab := anatomyTable(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for range 500 {
		row := randomRow(r, tab)
		row[3] = types.NewInt(int64(r.Intn(100000) - 50000)) // a date that prints in full
		row[5] = types.NewInt(int64(r.Intn(1 << 50)))
		keys, _ := entriesOf(t, tab, row)
		for _, key := range keys {
			for _, name := range []keyenc.Namer{nil, cat.KeyNamer([]string{"public"}), cat.KeyNamer(nil)} {
				path := keyenc.PrettyNamed(key, name)
				back, err := ParsePath(cat, path)
				if err != nil || string(back) != string(key) {
					t.Fatalf("%s is %x, read back as %x, %v", path, key, back, err)
				}
				if _, err := ParsePath(cat, path+"/…"); err != nil {
					t.Fatal(err)
				}
			}
			if back, err := ParsePath(nil, fmt.Sprintf("%x", key)); err != nil || string(back) != string(key) {
				t.Fatal(back, err)
			}
		}
	}
	for _, bad := range []string{"x", "/", "/Nothing", "/Table/none", `/Table/"People"/none`, `/Table/"People"/1/abc`, `/Table/"People"/1/1/"a`, `/Table/"People"/1/'a`, `/Table/"People"/1/1/"a\`, `/Table/"People"/1/1/"a"/2`,
		"/Table/99/1/5", `/Table/"People"/people_c2/"\q"`, "/Table/7/1/99999999999"} {
		if _, err := ParsePath(cat, bad); err == nil && bad != "/" {
			t.Errorf("%s is taken for a path", bad)
		}
	}
}
