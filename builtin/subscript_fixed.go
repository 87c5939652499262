package builtin

import (
	"encoding/binary"
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// Values of fixed length that are arrays of their parts, counted from 0: the two numbers of
// a point, the two points of a box, the 64 characters of a name (types.Type.Part). They have
// one dimension, and no slices.

// fixedArgs are the arguments of a call: the value, more, and subscripts.
func fixedArgs(t *types.Type, n int, more ...*types.Type) []*types.Type {
	args := append([]*types.Type{t}, more...)
	for range n {
		args = append(args, types.Int4)
	}
	return args
}

// FixedFetch gives the function for what no such value has: a slice, or an element by n
// subscripts.
func FixedFetch(t *types.Type, n int, slice bool) *Func {
	f := &Func{Name: "raw_array_fetch", Args: fixedArgs(t, n), Result: t.Part(), Kind: Scalar, Volatility: Immutable,
		Eval: func(*Ctx, []types.Datum) (types.Datum, error) { return types.Null, nil }}
	if slice {
		f.Result = t
		f.Eval = func(*Ctx, []types.Datum) (types.Datum, error) {
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "slices of fixed-length arrays not implemented")
		}
	}
	return f
}

// FixedStore gives the function that assigns to a part of such a value: (old, part,
// subscript …) → new. Nothing happens to NULL, nor by NULL.
func FixedStore(t *types.Type, n int, slice bool) *Func {
	part := t.Part()
	if slice {
		part = t
	}
	return &Func{Name: "raw_array_store", Args: fixedArgs(t, n, part), Result: t, Kind: Scalar, NotStrict: true, Volatility: Immutable,
		Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			for _, i := range a[2:] {
				if i.IsNull() {
					return types.Null, errSubscriptNull("array")
				}
			}
			switch {
			case a[0].IsNull() || a[1].IsNull():
				return a[0], nil
			case slice:
				return types.Null, pgerr.New(pgerr.FeatureNotSupported, "updates on slices of fixed-length arrays not implemented")
			case n != 1:
				return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			}
			return storeFixed(t, a[0].S, a[1], a[2].I)
		}}
}

// storeFixed replaces part i of a value.
func storeFixed(t *types.Type, old string, part types.Datum, i int64) (types.Datum, error) {
	b := []byte(old)
	var put []byte
	switch t.Part() {
	case types.Char:
		b = append(b, make([]byte, types.NameLen+1-len(b))...)
		put = []byte{byte(part.I)}
	case types.Float8:
		put = binary.BigEndian.AppendUint64(nil, math.Float64bits(part.Float()))
	default:
		put = []byte(part.S)
	}
	if i < 0 || i >= int64(len(b)/len(put)) {
		return types.Null, pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
	}
	copy(b[int(i)*len(put):], put)
	if t == types.Name {
		name, _, _ := strings.Cut(string(b), "\x00")
		return types.NewString(name), nil
	}
	return types.NewString(string(b)), nil
}
