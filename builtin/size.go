package builtin

import (
	"rowkey/types"
)

// pg_column_size: the bytes of a value as PostgreSQL would have it in memory, with
// a header of four bytes where the length varies. (What a row takes on disk is
// less: there a short header will do, and rowkey's rows have none.)

// valueSize measures a value. Types without a rule of their own are taken at the
// length of their binary form.
func valueSize(t *types.Type, d types.Datum) int {
	t = t.Under()
	switch {
	case t.Len > 0:
		return int(t.Len)
	case t == types.Numeric:
		// binary: four words and the digits; in memory the words shrink to one or two
		return 4 + len(types.AppendBinary(nil, t, d, types.DefaultEnv)) - 6
	case t == types.JSONB:
		return 4 + jsonbSize(types.JSONTree(d.S), 0)
	case t.IsArray():
		return arraySize(t, d.Array())
	case t.Phys == types.PhysBytes && t.Len == -2:
		return len(d.S) + 1
	case t.Phys == types.PhysBytes:
		return 4 + len(d.S)
	}
	return 4 + len(types.AppendBinary(nil, t, d, types.DefaultEnv))
}

// aligned rounds n up.
func aligned(n, to int) int { return (n + to - 1) / to * to }

func arraySize(t *types.Type, a *types.Array) int {
	size := 16 + 8*len(a.Dims)
	for _, e := range a.Elems {
		if e.IsNull() {
			size = aligned(size+(len(a.Elems)+7)/8, 8)
			break
		}
	}
	align := map[byte]int{'s': 2, 'i': 4, 'd': 8}[t.Elem.Align]
	for _, e := range a.Elems {
		if !e.IsNull() {
			size += valueSize(t.Elem, e)
			if align > 1 {
				size = aligned(size, align)
			}
		}
	}
	return size
}

// jsonbSize is the size of a container that begins at an offset: a header, an
// entry for each key and value, then what they hold, one behind the other, with
// numbers and containers on four bytes.
func jsonbSize(v *types.JSONValue, at int) int {
	size := 4
	var held []*types.JSONValue
	switch v.Kind {
	case types.JSONArray:
		held = v.Elems
		size += 4 * len(held)
	case types.JSONObject:
		size += 8 * len(v.Members)
		for _, m := range v.Members {
			size += len(m.Key)
			held = append(held, m.Val)
		}
	default: // a scalar is an array of one
		held = []*types.JSONValue{v}
		size += 4
	}
	for _, h := range held {
		switch h.Kind {
		case types.JSONString:
			size += len(h.Str)
		case types.JSONNumber:
			size = aligned(at+size, 4) - at + valueSize(types.Numeric, types.NewDecimal(h.Num))
		case types.JSONArray, types.JSONObject:
			size = aligned(at+size, 4) - at
			size += jsonbSize(h, at+size)
		}
	}
	return size
}

func init() {
	size := poly(func(args []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			return types.NewInt(int64(valueSize(args[0], a[0]))), nil
		}
	})
	define("pg_column_size(any)", size)
	// Values are not compressed one by one.
	define("pg_column_compression(any)", fn(func(*Ctx, []types.Datum) (types.Datum, error) { return types.Null, nil }))
}
