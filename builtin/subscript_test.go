package builtin

import (
	"testing"

	"rowkey/pgerr"
	"rowkey/types"
)

// Assigning to a part of an array or of a jsonb value, as PostgreSQL 15 does it.
func TestStore(t *testing.T) {
	both := Bound{Lower: true, Upper: true}
	num := func(n int64) types.Datum { return types.NewInt(n) }
	arr := func(s string) types.Datum {
		d, err := types.Parse(types.Int4.Array, -1, s, types.DefaultEnv)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		old    string
		bounds []Bound
		slice  bool
		args   []types.Datum // part, lower, upper …
		want   string
	}{
		{"{1,2,3}", []Bound{{Upper: true}}, false, []types.Datum{num(9), types.Null, num(2)}, "{1,9,3}"},
		{"{1}", []Bound{{Upper: true}}, false, []types.Datum{num(9), types.Null, num(4)}, "{1,NULL,NULL,9}"},
		{"{1}", []Bound{{Upper: true}}, false, []types.Datum{num(9), types.Null, num(-1)}, "[-1:1]={9,NULL,1}"},
		{"{}", []Bound{{Upper: true}, {Upper: true}}, false, []types.Datum{num(9), types.Null, num(2), types.Null, num(3)}, "[2:2][3:3]={{9}}"},
		{"{1,2,3}", []Bound{both}, true, []types.Datum{arr("{7,8}"), num(2), num(3)}, "{1,7,8}"},
		{"{1,2,3}", []Bound{{}}, true, []types.Datum{arr("{7,8,9,10}"), types.Null, types.Null}, "{7,8,9}"},
		{"{{1,2},{3,4}}", []Bound{both, both}, true, []types.Datum{arr("{7,8}"), num(1), num(2), num(2), num(2)}, "{{1,7},{3,8}}"},
		{"{1}", []Bound{both}, true, []types.Datum{arr("{7}"), num(1), num(2)}, "ERROR source array too small"},
		{"{}", []Bound{{}}, true, []types.Datum{arr("{7}"), types.Null, types.Null}, "ERROR array slice subscript must provide both boundaries"},
		{"{1}", []Bound{{Upper: true}}, false, []types.Datum{num(9), types.Null, types.Null}, "ERROR array subscript in assignment must not be null"},
		{"{1}", []Bound{{Upper: true}, {Upper: true}}, false, []types.Datum{num(9), types.Null, num(1), types.Null, num(1)}, "ERROR wrong number of array subscripts"},
	} {
		f := ArrayStore(types.Int4.Array, c.bounds, c.slice)
		d, err := f.Eval(nil, append([]types.Datum{arr(c.old)}, c.args...))
		got := ""
		if err != nil {
			got = "ERROR " + pgerr.Of(err).Message
		} else {
			got = types.TextOf(types.Int4.Array, d, types.DefaultEnv)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.old, got, c.want)
		}
	}
	for _, c := range []struct {
		old  string
		path []string
		want string
	}{
		{`{}`, []string{"a", "0", "b"}, `{"a": [{"b": 1}]}`},
		{`[0]`, []string{"3"}, `[0, null, null, 1]`},
		{`[0]`, []string{"-1"}, `[1]`},
		{`[0]`, []string{"-2"}, `ERROR path element at position 1 is out of range: -2`},
		{`{"a": 5}`, []string{"a", "b"}, `ERROR cannot replace existing key`},
		{`{"a": 5}`, []string{"a"}, `{"a": 1}`},
	} {
		args := []types.Datum{types.NewString(c.old), types.NewString("1")}
		for _, p := range c.path {
			args = append(args, types.NewString(p))
		}
		d, err := JSONBStore(len(c.path), false).Eval(nil, args)
		got := d.S
		if err != nil {
			got = "ERROR " + pgerr.Of(err).Message
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.old, got, c.want)
		}
	}
}
