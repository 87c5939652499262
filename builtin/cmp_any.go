package builtin

import "rowkey/types"

// compareAny orders two values that are not NULL by their type's b-tree order.
func compareAny(t *types.Type, a, b types.Datum) (int, error) {
	return types.Compare(t, a, b), nil
}
