package builtin

import (
	"reflect"

	"rowkey/pgerr"
	"rowkey/types"
)

// compareAny orders two values that are not NULL by their type's b-tree order.
// Records must have columns of the same types, as far as they are compared.
func compareAny(t *types.Type, a, b types.Datum) (int, error) {
	x, ok1 := a.X.(*types.Tuple)
	y, ok2 := b.X.(*types.Tuple)
	if !ok1 || !ok2 {
		return types.Compare(t, a, b), nil
	}
	for i := range min(len(x.Vals), len(y.Vals)) {
		c, err := compareField(x, y, i)
		if c != 0 || err != nil {
			return c, err
		}
	}
	if len(x.Vals) != len(y.Vals) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

// compareField compares one column of two records; NULL is the greatest.
func compareField(x, y *types.Tuple, i int) (int, error) {
	ft, collated := types.Text, true
	if i < len(x.Fields) && i < len(y.Fields) {
		ft = x.Fields[i].Type
		if gt := y.Fields[i].Type; gt.OID != ft.OID {
			return 0, pgerr.Newf(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				types.Display(ft), types.Display(gt), i+1)
		}
		c := x.Fields[i].Collation
		collated = c == y.Fields[i].Collation && c != types.Indeterminate
	}
	v, w := x.Vals[i], y.Vals[i]
	switch {
	case v.IsNull() && w.IsNull():
		return 0, nil
	case v.IsNull():
		return 1, nil
	case w.IsNull():
		return -1, nil
	case !collated && ft.Elem == nil:
		return 0, WhichCollation("string comparison")
	}
	return compareAny(ft, v, w)
}

// sameImage tells whether two records have the same columns, bit by bit: 1.0 is not
// 1.00, and NULL is NULL.
func sameImage(a, b types.Datum) (bool, error) {
	x, ok1 := a.X.(*types.Tuple)
	y, ok2 := b.X.(*types.Tuple)
	if !ok1 || !ok2 {
		return reflect.DeepEqual(a, b), nil
	}
	for i := range min(len(x.Vals), len(y.Vals)) {
		if i < len(x.Fields) && i < len(y.Fields) {
			if t, u := x.Fields[i].Type, y.Fields[i].Type; t.OID != u.OID {
				return false, pgerr.Newf(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
					types.Display(t), types.Display(u), i+1)
			}
		}
		v, w := x.Vals[i], y.Vals[i]
		if v.X == nil && w.X == nil {
			if v != w {
				return false, nil
			}
			continue
		}
		if _, nested := v.X.(*types.Tuple); nested {
			if same, err := sameImage(v, w); !same || err != nil {
				return false, err
			}
		} else if !reflect.DeepEqual(v, w) {
			return false, nil
		}
	}
	if len(x.Vals) != len(y.Vals) {
		return false, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return true, nil
}
