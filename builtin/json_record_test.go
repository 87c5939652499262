package builtin

import (
	"testing"

	"rowkey/types"
)

// JSON turned into rows: answers recorded from PostgreSQL 15.
func TestPopulateRecord(t *testing.T) {
	pt := &types.Type{OID: 90001, Name: "pt", Phys: types.PhysAny, Kind: types.KindComposite, Category: 'C', Fields: []types.Field{
		{Name: "a", Type: types.Int4, Typmod: -1}, {Name: "b", Type: types.Text.Array, Typmod: -1}, {Name: "c", Type: types.JSONB, Typmod: -1}}}
	pq := &types.Type{OID: 90002, Name: "pq", Phys: types.PhysAny, Kind: types.KindComposite, Category: 'C', Fields: []types.Field{
		{Name: "x", Type: pt, Typmod: -1}, {Name: "y", Type: types.Int4.Array, Typmod: -1}}}
	for _, c := range []struct {
		t          *types.Type
		json, want string
	}{
		{pt, `{"a": 1, "b": ["x", null, "y"], "c": {"z": [1, 2]}}`, `(1,"{x,NULL,y}","{""z"": [1, 2]}")`},
		{pt, `{"b": [], "c": "str"}`, `(,{},"""str""")`},
		{pq, `{"x": {"a": "7", "b": "{p,q}"}, "y": [[1, 2], [3, 4]]}`, `("(7,""{p,q}"",)","{{1,2},{3,4}}")`},
		{pq, `{"x": "(1,,)"}`, `("(1,,)",)`},
		{pq, `{"x": [1]}`, `22023 cannot call populate_composite on an array`},
		{pq, `{"x": 1}`, `22023 cannot call populate_composite on a scalar`},
		{pq, `{"y": 1}`, `22P02 expected JSON array`},
		{pq, `{"y": [[1, 2], 3]}`, `22P02 expected JSON array`},
		{pq, `{"y": [[1, 2], [3]]}`, `22P02 malformed JSON array`},
		{pq, `[1]`, `22023 cannot call populate_composite on an array`},
		{types.Record, `{"a": 1}`, `0A000 could not determine row type for result of jsonb_populate_record`},
	} {
		f := bySignature("jsonb_populate_record(anyelement,jsonb)").Bound([]*types.Type{c.t, types.JSONB})
		d, err := Call(f, nil, []types.Datum{types.Null, types.NewString(c.json)})
		got := ""
		if err != nil {
			got = ourError(err).String()
		} else {
			got = string(types.AppendText(nil, c.t, d, nil))
		}
		if got != c.want {
			t.Errorf("%s from %s\n got  %s\n want %s", c.t, c.json, got, c.want)
		}
	}
	f := bySignature("jsonb_to_recordset(jsonb)").BoundToColumns([]types.Field{{Name: "a", Type: types.Int4, Typmod: -1}, {Name: "b", Type: types.Text, Typmod: -1}})
	got := ""
	if err := CallSet(f, nil, []types.Datum{types.NewString(`[{"a": 1, "b": {"x": 1}}, {"a": "2"}]`)}, func(row []types.Datum) error {
		for i, d := range row {
			if !d.IsNull() {
				got += string(types.AppendText(nil, f.Out[i].Type, d, nil))
			}
			got += "|"
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := `1|{"x": 1}|2||`; got != want {
		t.Errorf("jsonb_to_recordset: %s, want %s", got, want)
	}
}
