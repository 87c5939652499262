package catalog

import (
	"slices"
	"strconv"
	"testing"

	"rowkey/types"
)

// Every system relation can be read, whole and by every hint, on an empty catalog.
func TestReadAll(t *testing.T) {
	readAll(t, Empty())
}

func readAll(t *testing.T, snap *Snapshot) {
	t.Helper()
	for _, rel := range snap.Tables() {
		if rel.Virtual == nil {
			continue
		}
		var all [][]types.Datum
		if err := rel.Virtual.Rows(snap, nil, 0, types.Null, func(row []types.Datum) error {
			row = slices.Clone(row) // the slice is used again
			all = append(all, row)
			if len(row) != len(rel.Columns) {
				t.Fatalf("%s: row of %d columns, want %d", rel.Name, len(row), len(rel.Columns))
			}
			for i, d := range row {
				c := &rel.Columns[i]
				if d.IsNull() {
					if c.NotNull {
						t.Fatalf("%s.%s: NULL", rel.Name, c.Name)
					}
					continue
				}
				if d.K != c.Type.Phys {
					t.Fatalf("%s.%s: value of class %d, type %s", rel.Name, c.Name, d.K, c.Type)
				}
				types.AppendText(nil, c.Type, d, types.DefaultEnv)
			}
			return nil
		}); err != nil {
			t.Fatalf("%s: %v", rel.Name, err)
		}
		for _, eq := range rel.Virtual.Lookups {
			byKey := map[string]int{}
			text := func(d types.Datum) string {
				return string(types.AppendText(nil, rel.Col(eq).Type, d, types.DefaultEnv))
			}
			for _, row := range all {
				if !row[eq-1].IsNull() {
					byKey[text(row[eq-1])]++
				}
			}
			n := 0
			for _, row := range all {
				key := row[eq-1]
				if key.IsNull() || byKey[text(key)] == 0 {
					continue
				}
				if n++; n > 8 {
					break
				}
				want, got := byKey[text(key)], 0
				byKey[text(key)] = 0
				if err := rel.Virtual.Rows(snap, nil, eq, key, func(row []types.Datum) error {
					if !row[eq-1].IsNull() && text(row[eq-1]) == text(key) {
						got++
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("%s: %d rows where %s = %s, %d when asked for by it", rel.Name, want, rel.Col(eq).Name, text(key), got)
				}
			}
		}
	}
}

// Making the catalog of built-in objects, once a process.
func BenchmarkEmpty(b *testing.B) {
	for b.Loop() {
		makeEmpty()
	}
}

// Looking one table up among ten thousand.
func BenchmarkLookup(b *testing.B) {
	var objs []Object
	for i := range OID(10000) {
		objs = append(objs, &Table{OID: 30000 + 4*i, SchemaOID: PublicOID, Name: "t" + strconv.Itoa(int(i)), Kind: KindTable, Persistence: Permanent,
			RowTypeOID: 30001 + 4*i, ArrayTypeOID: 30002 + 4*i, Columns: []Column{{Attnum: 1, Name: "a", TypeOID: types.Int4.OID, Typmod: -1, Default: "1"}}})
	}
	snap, err := Empty().With(objs...)
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"pg_class", "pg_attribute", "pg_depend", "pg_constraint"} {
		rel := snap.Table(snap.Relation(snap.SchemaByName("pg_catalog"), name))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rel.Virtual.Rows(snap, nil, rel.Virtual.Lookups[0], vOID(50000), func([]types.Datum) error { return nil })
			}
		})
		b.Run(name+"/all", func(b *testing.B) {
			for b.Loop() {
				rel.Virtual.Rows(snap, nil, 0, types.Null, func([]types.Datum) error { return nil })
			}
		})
	}
}
