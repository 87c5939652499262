package rowenc

import (
	"bytes"
	"testing"

	"rowkey/kv/keyenc"
	"rowkey/types"
)

// FuzzKeyOrder: keys of ranges, multiranges, bit strings and jsonb are ordered as their
// values are, and end where the next column begins; the stored form gives the value back.
func FuzzKeyOrder(f *testing.F) {
	list := []string{"empty", "(,)", "(,1)", "[1,1]", "[1,5)", "(1,5]", "[1,)", "(-3,1.50]", "[1,5.0)", "{}", "{[1,5)}", "{[1,5),[7,9]}", "{(,1)}", "", "0", "01", "0101010", "01010101",
		"null", "[]", "{}", `""`, `"a"`, `"a\\nb"`, "1.50", "1.5", "-1e40", "true", "false", "[[]]", "[null]", "[1,2]", `{"a":1}`, `{"aa":[1,{"b":null}]}`, `{"b":"x"}`}
	for i := range list {
		f.Add(list[i], list[(i*5+3)%len(list)])
		f.Add(list[i], list[(i+1)%len(list)])
	}
	f.Fuzz(func(t *testing.T, s, u string) {
		for _, typ := range []*types.Type{types.Int4Range, types.NumRange, types.Int4Range.Multirange, types.NumRange.Multirange, types.VarBit, types.JSONB} {
			a, err := types.Parse(typ, -1, s, nil)
			if err != nil {
				continue
			}
			stored, err := AppendValue(nil, typ, a)
			if err != nil {
				t.Fatal(err)
			}
			if back, ok := DecodeValue(typ, stored); !ok || types.TextOf(typ, back, nil) != types.TextOf(typ, a, nil) {
				t.Fatalf("%s: %q is stored as %x and comes back otherwise", typ, s, stored)
			}
			b, err := types.Parse(typ, -1, u, nil)
			if err != nil {
				continue
			}
			want := types.Compare(typ, a, b)
			for _, desc := range []bool{false, true} {
				k, err := NewKeyCol(typ, desc, false)
				if err != nil {
					t.Fatal(err)
				}
				x, y := k.Append(nil, a), k.Append(nil, b)
				got := bytes.Compare(x, y)
				if desc {
					got = -got
				}
				if got < 0 != (want < 0) || got > 0 != (want > 0) {
					t.Fatalf("%s: %q and %q: keys compare %d, values %d", typ, s, u, got, want)
				}
				if rest, err := keyenc.Skip(append(x, 7)); err != nil || len(rest) != 1 {
					t.Fatalf("%s: %q: the key is not skipped: %v", typ, s, err)
				}
			}
		}
	})
}
