package builtin

import "rowkey/types"

// FieldStore makes the function that gives a row value with field i replaced:
// (row, value) → row. A NULL row counts as one of NULLs.
func FieldStore(t *types.Type, i int) *Func {
	return &Func{Name: "field_store", Args: []*types.Type{t, t.Fields[i].Type}, Result: t, Kind: Scalar, NotStrict: true, Volatility: Immutable,
		Eval: func(_ *Ctx, args []types.Datum) (types.Datum, error) {
			vals := make([]types.Datum, len(t.Fields))
			if old, ok := args[0].X.(*types.Tuple); ok {
				copy(vals, old.Vals)
			}
			vals[i] = args[1]
			return types.NewAny(&types.Tuple{Type: t, Fields: t.Fields, Vals: vals}), nil
		}}
}
