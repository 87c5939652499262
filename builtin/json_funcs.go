package builtin

import (
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// The json and jsonb functions. Those that come in both kinds are made once,
// for a kind (jsonKindOf) that knows its type and name.

func errJSONHint(message, hint string) error {
	return pgerr.New(pgerr.InvalidParameterValue, message).WithHint("%s", hint)
}

func pathNull(step int) error {
	return pgerr.Newf(pgerr.NullValueNotAllowed, "path element at position %d is null", step+1)
}

func errPathNotInteger(position int, step string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", position, step)
}

// optional makes a Datum of a value that may not be there.
func optional(s string, ok bool) (types.Datum, error) {
	if !ok {
		return types.Null, nil
	}
	return types.NewString(s), nil
}

func optionalText(s string, ok bool) (types.Datum, error) {
	if !ok {
		return types.Null, nil
	}
	return jsonAsText(s), nil
}

// jsonGet makes -> or ->> with a kernel of its own: these are what queries over
// JSON spend their time in.
func jsonGet[B any](find func(s string, b B) (string, bool), asText bool) Func {
	gb := getter[B]()
	f := fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		v, ok := find(a[0].S, gb(a[1]))
		if asText {
			return optionalText(v, ok)
		}
		return optional(v, ok)
	})
	f.Vec = func(_ *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error {
		s, b, o := args[0].S, col[B](args[1].Vec), out.S
		ms, mb := args[0].mask(), args[1].mask()
		given := nullMask(out)
		for j := range rowCount(n, sel) {
			i := j
			if sel != nil {
				i = int(sel[j])
			}
			if given != nil && given[i] {
				continue
			}
			v, ok := find(s[i&ms], b[i&mb])
			if ok && asText {
				if k := jsonKind(v); k == 'n' {
					ok = false
				} else if k == '"' {
					v = jsonString(v)
				}
			}
			if !ok {
				out.SetNull(i)
				continue
			}
			o[i] = v
		}
		return nil
	}
	return f
}

func objectField(s, key string) (string, bool) {
	if jsonKind(s) != '{' {
		return "", false
	}
	return jsonField(s, key)
}

// jsonbField is objectField for canonical text: keys are unique and the
// shorter ones come first, so the search ends early.
func jsonbField(s, key string) (val string, ok bool) {
	if len(s) < 2 || s[0] != '{' {
		return "", false
	}
	for i := 1; i < len(s) && s[i] == '"'; {
		end := types.JSONEnd(s, i)
		q := s[i:end]
		i = end + 2 // ": "
		end = types.JSONEnd(s, i)
		if jsonIs(q, key) {
			return s[i:end], true
		}
		// Escapes make a key look longer than it is.
		if len(q)-2 > len(key) && strings.IndexByte(q, '\\') < 0 {
			return "", false
		}
		i = end + 2 // ", "
	}
	return "", false
}

// jsonbElement takes a scalar for an array of one, which is how jsonb stores it.
func jsonbElement(s string, n int64) (string, bool) {
	switch jsonKind(s) {
	case '{', '[':
		return jsonElement(s, n)
	}
	return s, n == 0 || n == -1
}

func init() {
	define("json_object_field(json,text)", jsonGet(objectField, false))
	define("json_object_field_text(json,text)", jsonGet(objectField, true))
	define("jsonb_object_field(jsonb,text)", jsonGet(jsonbField, false))
	define("jsonb_object_field_text(jsonb,text)", jsonGet(jsonbField, true))
	define("json_array_element(json,int4)", jsonGet(jsonElement, false))
	define("json_array_element_text(json,int4)", jsonGet(jsonElement, true))
	define("jsonb_array_element(jsonb,int4)", jsonGet(jsonbElement, false))
	define("jsonb_array_element_text(jsonb,int4)", jsonGet(jsonbElement, true))
	define("json_extract_path(json,_text) jsonb_extract_path(jsonb,_text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		v, ok := jsonPath(a[0].S, a[1].Array().Elems)
		return optional(strings.Trim(v, " \t\r\n"), ok)
	}))
	define("json_extract_path_text(json,_text) jsonb_extract_path_text(jsonb,_text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		v, ok := jsonPath(a[0].S, a[1].Array().Elems)
		return optionalText(strings.Trim(v, " \t\r\n"), ok)
	}))
	define("jsonb_contains(jsonb,jsonb)", f2(jsonbContains))
	define("jsonb_contained(jsonb,jsonb)", f2(func(a, b string) bool { return jsonbContains(b, a) }))
	define("jsonb_exists(jsonb,text)", f2(jsonbExists))
	define("jsonb_exists_any(jsonb,_text)", f2(func(s string, keys *types.Array) bool {
		for _, k := range keys.Elems {
			if !k.IsNull() && jsonbExists(s, k.S) {
				return true
			}
		}
		return false
	}))
	define("jsonb_exists_all(jsonb,_text)", f2(func(s string, keys *types.Array) bool {
		for _, k := range keys.Elems {
			if !k.IsNull() && !jsonbExists(s, k.S) {
				return false
			}
		}
		return true
	}))
	define("jsonb_concat(jsonb,jsonb)", f2e(jsonbConcat))
	define("jsonb_delete(jsonb,text)", f2e(func(s, key string) (string, error) {
		return jsonbDeleteKeys(s, []types.Datum{types.NewString(key)})
	}))
	define("jsonb_delete(jsonb,_text)", f2e(func(s string, keys *types.Array) (string, error) {
		if len(keys.Dims) > 1 {
			return "", errArray("wrong number of array subscripts")
		}
		return jsonbDeleteKeys(s, keys.Elems)
	}))
	define("jsonb_delete(jsonb,int4)", f2e(jsonbDeleteIndex))
	define("jsonb_delete_path(jsonb,_text)", f2e(func(s string, path *types.Array) (string, error) {
		return jsonbSet(s, path, "", pathDelete)
	}))
	define("jsonb_set(jsonb,_text,jsonb,bool)", f4e(func(s string, path *types.Array, with string, create bool) (string, error) {
		if create {
			return jsonbSet(s, path, with, pathCreate)
		}
		return jsonbSet(s, path, with, pathSet)
	}))
	define("jsonb_insert(jsonb,_text,jsonb,bool)", f4e(func(s string, path *types.Array, with string, after bool) (string, error) {
		if after {
			return jsonbSet(s, path, with, pathInsertEnd)
		}
		return jsonbSet(s, path, with, pathInsert)
	}))
	define("jsonb_set_lax(jsonb,_text,jsonb,bool,text)", fn(jsonbSetLax))
	define("jsonb_pretty(jsonb)", f1(func(s string) string { return string(jsonbPretty(nil, s, 0)) }))
	define("json_strip_nulls(json)", f1(func(s string) string { return stripNulls(s, ",", ":") }))
	define("jsonb_strip_nulls(jsonb)", f1(func(s string) string { return stripNulls(s, ", ", ": ") }))
	define("json_typeof(json) jsonb_typeof(jsonb)", f1(jsonTypeName))

	for _, p := range []struct {
		prefix string
		t      *types.Type
	}{{"json", types.JSON}, {"jsonb", types.JSONB}} {
		defineJSON(p.prefix, p.t)
	}

	define("to_json(anyelement)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewString(string(appendJSON(nil, ctx, t[0], a[0], false))), nil
		}
	}))
	define("to_jsonb(anyelement)", poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			s, err := toJSONB(ctx, t[0], a[0])
			return types.NewString(s), err
		}
	}))
	define("row_to_json(record) row_to_json(record,bool)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(string(appendJSONRecord(nil, ctx, a[0].Tuple(), len(a) == 2 && a[1].I != 0))), nil
	}))
	define("array_to_json(anyarray) array_to_json(anyarray,bool)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(string(appendJSONArray(nil, ctx, a[0].Array(), len(a) == 2 && a[1].I != 0))), nil
	}))

	number := func(as *types.Type, name string) Func {
		return f1e(func(s string) (types.Datum, error) {
			if k := jsonTypeName(s); k != "number" {
				return types.Null, errJSON("cannot cast jsonb %s to type %s", k, name)
			}
			d, err := types.ParseDecimal(s)
			if err != nil {
				return types.Null, err
			}
			switch as {
			case types.Numeric:
				return types.NewDecimal(d), nil
			case types.Float8:
				f, err := d.ToFloat8()
				return types.NewFloat(f), err
			case types.Float4:
				f, err := d.ToFloat4()
				return types.NewFloat(f), err
			}
			n, err := d.ToInt(as)
			return types.NewInt(n), err
		})
	}
	define("numeric(jsonb)", number(types.Numeric, "numeric"))
	define("int2(jsonb)", number(types.Int2, "smallint"))
	define("int4(jsonb)", number(types.Int4, "integer"))
	define("int8(jsonb)", number(types.Int8, "bigint"))
	define("float4(jsonb)", number(types.Float4, "real"))
	define("float8(jsonb)", number(types.Float8, "double precision"))
	define("bool(jsonb)", f1e(func(s string) (bool, error) {
		if k := jsonTypeName(s); k != "boolean" {
			if k == "number" {
				k = "numeric"
			}
			return false, errJSON("cannot cast jsonb %s to type boolean", k)
		}
		return s == "true", nil
	}))
}

func jsonbSetLax(_ *Ctx, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() || a[3].IsNull() {
		return types.Null, nil
	}
	bad := errJSON(`null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
	if a[4].IsNull() {
		return types.Null, bad
	}
	s, path, with, mode := a[0].S, a[1].Array(), a[2].S, pathSet
	if a[3].I != 0 {
		mode = pathCreate
	}
	if a[2].IsNull() {
		switch a[4].S {
		case "raise_exception":
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
				WithDetail("Exception was raised because null_value_treatment is \"raise_exception\".").
				WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
		case "use_json_null":
			with = "null"
		case "delete_key":
			mode = pathDelete
		case "return_target":
			return a[0], nil
		default:
			return types.Null, bad
		}
	}
	r, err := jsonbSet(s, path, with, mode)
	return types.NewString(r), err
}

// defineJSON defines what json and jsonb both have under their own names.
func defineJSON(p string, t *types.Type) {
	b := t == types.JSONB
	arg := "(" + p + ")"
	define(p+"_array_length"+arg, f1e(func(s string) (int64, error) {
		switch jsonKind(s) {
		case '[':
			return int64(len(jsonElements(s))), nil
		case '{':
			return 0, errJSON("cannot get array length of a non-array")
		}
		return 0, errJSON("cannot get array length of a scalar")
	}))
	keys := setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		s := a[0].S
		switch jsonKind(s) {
		case '{':
		case '[':
			return errJSON("cannot call %s_object_keys on an array", p)
		default:
			return errJSON("cannot call %s_object_keys on a scalar", p)
		}
		for _, m := range jsonMembers(s) {
			if err := emit([]types.Datum{types.NewString(jsonString(m.key))}); err != nil {
				return err
			}
		}
		return nil
	})
	define(p+"_object_keys"+arg, keys)
	each := func(name string, asText bool) Func {
		return setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			s := a[0].S
			switch k := jsonKind(s); {
			case k == '{':
			case b:
				return errJSON("cannot call %s on a non-object", name)
			case k == '[':
				return errJSON("cannot deconstruct an array as an object")
			default:
				return errJSON("cannot deconstruct a scalar")
			}
			for _, m := range jsonMembers(s) {
				v := types.NewString(m.val)
				if asText {
					v = jsonAsText(m.val)
				}
				if err := emit([]types.Datum{types.NewString(jsonString(m.key)), v}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	define(p+"_each"+arg, each(p+"_each", false))
	define(p+"_each_text"+arg, each(p+"_each_text", true))
	elements := func(name string, asText bool) Func {
		return setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			s := a[0].S
			switch k := jsonKind(s); {
			case k == '[':
			case !b && k == '{':
				return errJSON("cannot call %s on a non-array", name)
			case !b:
				return errJSON("cannot call %s on a scalar", name)
			case k == '{':
				return errJSON("cannot extract elements from an object")
			default:
				return errJSON("cannot extract elements from a scalar")
			}
			for _, v := range jsonElements(s) {
				d := types.NewString(v)
				if asText {
					d = jsonAsText(v)
				}
				if err := emit([]types.Datum{d}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	define(p+"_array_elements"+arg, elements(p+"_array_elements", false))
	define(p+"_array_elements_text"+arg, elements(p+"_array_elements_text", true))

	value := func(ctx *Ctx, t *types.Type, d types.Datum) (string, error) {
		if b {
			return toJSONB(ctx, t, d)
		}
		return string(appendJSON(nil, ctx, t, d, false)), nil
	}
	array := poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			list := make([]string, len(a))
			for i, d := range a {
				v, err := value(ctx, t[i], d)
				if err != nil {
					return types.Null, err
				}
				list[i] = v
			}
			return types.NewString(buildArray(list)), nil
		}
	})
	define(p+"_build_array() "+p+"_build_array(any)", array)
	object := poly(func(t []*types.Type) EvalFunc {
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			if len(a)%2 != 0 {
				return types.Null, errJSONHint("argument list must have even number of elements",
					"The arguments of "+p+"_build_object() must consist of alternating keys and values.")
			}
			members := make([]jsonMember, 0, len(a)/2)
			for i := 0; i < len(a); i += 2 {
				if a[i].IsNull() {
					if b {
						return types.Null, errJSON("argument %d: key must not be null", i+1)
					}
					return types.Null, pgerr.Newf(pgerr.InvalidParameterValue, "argument %d cannot be null", i+1).WithHint("Object keys should be text.")
				}
				key, err := jsonKeyText(ctx, t[i], a[i])
				if err != nil {
					return types.Null, err
				}
				v, err := value(ctx, t[i+1], a[i+1])
				if err != nil {
					return types.Null, err
				}
				members = append(members, jsonMember{string(appendJSONString(nil, key)), v})
			}
			return types.NewString(writeObject(members, b)), nil
		}
	})
	define(p+"_build_object() "+p+"_build_object(any)", object)
	define(p+"_object(_text)", f1e(func(a *types.Array) (string, error) {
		var pairs []types.Datum
		switch len(a.Dims) {
		case 0:
		case 1:
			if len(a.Elems)%2 != 0 {
				return "", pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
			}
			pairs = a.Elems
		case 2:
			if a.Dims[1].Len != 2 {
				return "", pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
			}
			pairs = a.Elems
		default:
			return "", pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		}
		var keys, vals []types.Datum
		for i := 0; i < len(pairs); i += 2 {
			keys, vals = append(keys, pairs[i]), append(vals, pairs[i+1])
		}
		return textObject(keys, vals, b)
	}))
	define(p+"_object(_text,_text)", f2e(func(k, v *types.Array) (string, error) {
		if len(k.Dims) > 1 || len(k.Dims) != len(v.Dims) {
			return "", pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		}
		if len(k.Elems) != len(v.Elems) {
			return "", pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
		}
		return textObject(k.Elems, v.Elems, b)
	}))
}

// jsonKeyText gives a value as an object key.
func jsonKeyText(ctx *Ctx, t *types.Type, d types.Datum) (string, error) {
	u := t.Under()
	if _, tuple := d.X.(*types.Tuple); tuple || u.IsArray() || u == types.JSON || u == types.JSONB {
		return "", errJSON("key value must be scalar, not array, composite, or json")
	}
	if u == types.Bool {
		return boolWord(d.I != 0), nil
	}
	switch u {
	case types.Date, types.Timestamp, types.TimestampTZ:
		return jsonString(string(appendJSON(nil, ctx, t, d, false))), nil
	}
	return textOf(ctx, t, d), nil
}

// writeObject writes members the way the type does: jsonb in canonical order,
// json in the order given, with its wider spacing.
func writeObject(members []jsonMember, jsonb bool) string {
	if jsonb {
		return buildObject(members)
	}
	var s strings.Builder
	s.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(m.key)
		s.WriteString(" : ")
		s.WriteString(m.val)
	}
	s.WriteByte('}')
	return s.String()
}

func textObject(keys, vals []types.Datum, jsonb bool) (string, error) {
	members := make([]jsonMember, len(keys))
	for i, k := range keys {
		if k.IsNull() {
			return "", pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
		}
		v := "null"
		if !vals[i].IsNull() {
			v = string(appendJSONString(nil, vals[i].S))
		}
		members[i] = jsonMember{string(appendJSONString(nil, k.S)), v}
	}
	return writeObject(members, jsonb), nil
}
