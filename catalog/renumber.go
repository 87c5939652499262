package catalog

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Renumber gives a copy of a stored descriptor in which every OID is what number says: how
// the objects of one database come to be in another.
func Renumber(o Object, number func(OID) (OID, error)) (Object, error) {
	kind, _ := o.objectKey()
	val, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cp, err := decodeObject(kind, val)
	if err != nil {
		return nil, err
	}
	return cp, renumber(reflect.ValueOf(cp).Elem(), number)
}

// expressionFields are those of descriptors that hold stored expressions and views' queries.
var expressionFields = []string{"Default", "Generated", "Expr", "Where", "When", "Query"}

var oidType = reflect.TypeFor[OID]()

// renumber changes the OIDs in v. A descriptor has them in fields, slices and arrays; the
// keys of its maps are none.
func renumber(v reflect.Value, number func(OID) (OID, error)) error {
	if v.Type() == oidType {
		n, err := number(OID(v.Uint()))
		v.SetUint(uint64(n))
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return renumber(v.Elem(), number)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).CanSet() {
				continue
			}
			if name := v.Type().Field(i).Name; v.Field(i).Kind() == reflect.String && slices.Contains(expressionFields, name) {
				e, err := renumberExpr(v.Field(i).String(), number)
				if err != nil {
					return err
				}
				v.Field(i).SetString(e)
			}
			if err := renumber(v.Field(i), number); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := renumber(v.Index(i), number); err != nil {
				return err
			}
		}
	}
	return nil
}
