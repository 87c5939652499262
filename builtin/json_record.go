package builtin

import (
	"fmt"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// From JSON to SQL values: json_populate_record, json_to_record and the sets
// of them. A member goes to the column of its name; what it turns into depends
// on the column's type: JSON stays JSON, arrays and objects become arrays and
// rows, everything else is read from its text.

// valueFromJSON converts a JSON value; where is how error messages call it. An object fills
// base, if that is a row.
func valueFromJSON(ctx *Ctx, t *types.Type, typmod int32, s, where string, base types.Datum) (types.Datum, error) {
	kind := jsonKind(s)
	if kind == 'n' {
		return types.Null, nil
	}
	u := t.Under()
	switch {
	case u == types.JSON || u == types.JSONB:
		return types.Parse(t, -1, s, ctx.env())
	case u.IsArray() && kind != '"':
		return arrayFromJSON(ctx, u, typmod, s, where)
	case u.Kind == types.KindComposite && kind != '"':
		row, _ := base.X.(*types.Tuple)
		r, err := recordFromJSON(ctx, u, u.Fields, s, row)
		if err != nil {
			return types.Null, err
		}
		return types.NewAny(r), nil
	}
	text := s
	if kind == '"' {
		text = jsonString(s)
	}
	return types.Parse(t, typmod, text, ctx.env())
}

// arrayFromJSON converts a JSON array, of arrays for more dimensions.
func arrayFromJSON(ctx *Ctx, t *types.Type, typmod int32, s, where string) (types.Datum, error) {
	a := &types.Array{Elem: t.Elem}
	expected := func(path []int) error {
		hint := fmt.Sprintf("See the value of key \"%s\".", where)
		if len(path) > 0 {
			var b strings.Builder
			for _, i := range path {
				fmt.Fprintf(&b, "[%d]", i)
			}
			hint = fmt.Sprintf("See the array element %s of key \"%s\".", b.String(), where)
		}
		return pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array").WithHint("%s", hint)
	}
	malformed := pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
		WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	if jsonKind(s) != '[' {
		return types.Null, expected(nil)
	}
	// The first elements say how many dimensions there are.
	depth := 0
	for v := s; jsonKind(v) == '['; depth++ {
		list := jsonElements(v)
		a.Dims = append(a.Dims, types.ArrayDim{Len: int32(len(list)), Lower: 1})
		if len(list) == 0 {
			break
		}
		v = list[0]
	}
	var walk func(s string, level int, path []int) error
	walk = func(s string, level int, path []int) error {
		list := jsonElements(s)
		if int32(len(list)) != a.Dims[level].Len {
			return malformed
		}
		for i, v := range list {
			here := append(path[:len(path):len(path)], i)
			if level+1 < len(a.Dims) {
				if jsonKind(v) != '[' {
					return expected(here)
				}
				if err := walk(v, level+1, here); err != nil {
					return err
				}
				continue
			}
			d, err := valueFromJSON(ctx, t.Elem, typmod, v, where, types.Null)
			if err != nil {
				return err
			}
			a.Elems = append(a.Elems, d)
		}
		return nil
	}
	if u := t.Elem.Under(); u == types.JSON || u == types.JSONB {
		a.Dims = a.Dims[:1] // the elements are JSON themselves
	}
	if err := walk(s, 0, nil); err != nil {
		return types.Null, err
	}
	if len(a.Elems) == 0 {
		a.Dims = nil
	}
	return types.NewAny(a), nil
}

// recordFromJSON makes a row of an object: members that are not there keep the
// values of base, if there is one.
func recordFromJSON(ctx *Ctx, t *types.Type, fields []types.Field, s string, base *types.Tuple) (*types.Tuple, error) {
	switch jsonKind(s) {
	case '{':
	case '[':
		return nil, errJSON("cannot call populate_composite on an array")
	default:
		return nil, errJSON("cannot call populate_composite on a scalar")
	}
	r := &types.Tuple{Type: t, Fields: fields, Vals: make([]types.Datum, len(fields))}
	if base != nil {
		copy(r.Vals, base.Vals)
	}
	for i, f := range fields {
		v, ok := jsonField(s, f.Name)
		if !ok {
			continue
		}
		d, err := valueFromJSON(ctx, f.Type, f.Typmod, v, f.Name, r.Vals[i])
		if err != nil {
			return nil, err
		}
		r.Vals[i] = d
	}
	return r, nil
}

// rowShape finds the fields of the row type that populate functions fill.
func rowShape(name string, t *types.Type, base types.Datum) (*types.Type, []types.Field, *types.Tuple, error) {
	u := t.Under()
	if b, ok := base.X.(*types.Tuple); ok {
		if len(u.Fields) > 0 {
			return u, u.Fields, b, nil
		}
		return u, b.Fields, b, nil
	}
	if u.Kind != types.KindComposite {
		if u != types.Record {
			return nil, nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "first argument of %s must be a row type", name)
		}
		return nil, nil, nil, pgerr.Newf(pgerr.FeatureNotSupported, "could not determine row type for result of %s", name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	return u, u.Fields, nil, nil
}

// objectsOf checks that a value is an array of objects and gives them.
func objectsOf(name, s string, jsonb bool) ([]string, error) {
	switch k := jsonKind(s); {
	case k == '[':
	case jsonb:
		return nil, errJSON("cannot call %s on a non-array", name)
	case k == '{':
		return nil, errJSON("cannot call %s on an object", name)
	default:
		return nil, errJSON("cannot call %s on a scalar", name)
	}
	list := jsonElements(s)
	for _, v := range list {
		if jsonKind(v) != '{' {
			return nil, errJSON("argument of %s must be an array of objects", name)
		}
	}
	return list, nil
}

func needsColumns(name string) SetFunc {
	return func(*Ctx, []types.Datum, func([]types.Datum) error) error {
		return pgerr.New(pgerr.FeatureNotSupported, "function returning record called in context that cannot accept type record").
			WithHint("Call %s in FROM with a column definition list.", name)
	}
}

func init() {
	for _, p := range []string{"json", "jsonb"} {
		one, set := p+"_populate_record", p+"_populate_recordset"
		last := ""
		if p == "json" {
			last = ",bool"
		}
		// withColumns is a call with a column definition list: it says what a
		// NULL record holds.
		withColumns := func(name string, list func(s string) ([]string, error)) func([]types.Field) *Func {
			return func(columns []types.Field) *Func {
				return &Func{Set: func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
					if a[1].IsNull() {
						return nil
					}
					rt, fields := types.Record, columns
					var base *types.Tuple
					if !a[0].IsNull() {
						var err error
						if rt, fields, base, err = rowShape(name, types.Record, a[0]); err != nil {
							return err
						}
					}
					objects, err := list(a[1].S)
					if err != nil {
						return err
					}
					for _, s := range objects {
						r, err := recordFromJSON(ctx, rt, fields, s, base)
						if err != nil {
							return err
						}
						if err := emit([]types.Datum{types.NewAny(r)}); err != nil {
							return err
						}
					}
					return nil
				}}
			}
		}
		populateOne := poly(func(t []*types.Type) EvalFunc {
			return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
				rt, fields, base, err := rowShape(one, t[0], a[0])
				if err != nil {
					return types.Null, err
				}
				if a[1].IsNull() {
					return a[0], nil
				}
				r, err := recordFromJSON(ctx, rt, fields, a[1].S, base)
				if err != nil {
					return types.Null, err
				}
				return types.NewAny(r), nil
			}
		})
		populateOne.BindColumns = withColumns(one, func(s string) ([]string, error) { return []string{s}, nil })
		define(one+"(anyelement,"+p+last+")", populateOne)
		populateSet := func(t *types.Type) SetFunc {
			return func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
				rt, fields, base, err := rowShape(set, t, a[0])
				if err != nil {
					return err
				}
				if a[1].IsNull() {
					return nil
				}
				list, err := objectsOf(set, a[1].S, p == "jsonb")
				if err != nil {
					return err
				}
				for _, s := range list {
					r, err := recordFromJSON(ctx, rt, fields, s, base)
					if err != nil {
						return err
					}
					if err := emit([]types.Datum{types.NewAny(r)}); err != nil {
						return err
					}
				}
				return nil
			}
		}
		define(set+"(anyelement,"+p+last+")", Func{
			Set:         populateSet(types.Record),
			Bind:        func(t []*types.Type) *Func { return &Func{Set: populateSet(t[0])} },
			BindColumns: withColumns(set, func(s string) ([]string, error) { return objectsOf(set, s, p == "jsonb") }),
		})

		toOne, toSet := p+"_to_record", p+"_to_recordset"
		define(toOne+"("+p+")", Func{
			Eval: func(*Ctx, []types.Datum) (types.Datum, error) { return types.Null, needsColumns(toOne)(nil, nil, nil) },
			Set:  needsColumns(toOne),
			BindColumns: func(columns []types.Field) *Func {
				return &Func{Set: func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
					r, err := recordFromJSON(ctx, types.Record, columns, a[0].S, nil)
					if err != nil {
						return err
					}
					return emit(r.Vals)
				}}
			},
		})
		define(toSet+"("+p+")", Func{
			Set: needsColumns(toSet),
			BindColumns: func(columns []types.Field) *Func {
				return &Func{Set: func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
					list, err := objectsOf(toSet, a[0].S, p == "jsonb")
					if err != nil {
						return err
					}
					for _, s := range list {
						r, err := recordFromJSON(ctx, types.Record, columns, s, nil)
						if err != nil {
							return err
						}
						if err := emit(r.Vals); err != nil {
							return err
						}
					}
					return nil
				}}
			},
		})
	}
}
