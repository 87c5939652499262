package builtin

import (
	"slices"
	"strconv"

	"rowkey/pgerr"
	"rowkey/types"
)

// Assignment to a part of a value: UPDATE t SET a[2] = …, b[1:3] = …,
// j['x'][0] = …. The planner makes it a call that gives the whole new value:
//
//	store(old, part, lower 1, upper 1, lower 2, …)
//
// with one pair of bounds per subscript, of which lower counts in slices only.

// A Bound tells which bounds of a subscript are given.
type Bound struct{ Lower, Upper bool }

const maxArrayElems = 1<<27 - 1

func errSubscriptNull(what string) error {
	return pgerr.Newf(pgerr.NullValueNotAllowed, "%s subscript in assignment must not be null", what)
}

// ArrayStore gives the function that assigns to an element of an array of type
// t, or to a slice of it.
func ArrayStore(t *types.Type, bounds []Bound, slice bool) *Func {
	args := []*types.Type{t, t.Elem}
	if slice {
		args[1] = t
	}
	for range bounds {
		args = append(args, types.Int4, types.Int4)
	}
	return &Func{Name: "array_store", Args: args, Result: t, Kind: Scalar, NotStrict: true, Volatility: Immutable,
		Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			old := &types.Array{Elem: t.Elem}
			if !a[0].IsNull() {
				old = a[0].Array()
			}
			lo, hi := make([]int64, len(bounds)), make([]int64, len(bounds))
			for i, b := range bounds {
				l, u := a[2+2*i], a[3+2*i]
				if b.Lower && l.IsNull() || b.Upper && u.IsNull() {
					return types.Null, errSubscriptNull("array")
				}
				lo[i], hi[i] = l.I, u.I
			}
			var out *types.Array
			var err error
			switch {
			case !slice:
				out, err = storeElement(old, a[1], hi)
			case a[1].IsNull(): // as PostgreSQL does: nothing happens
				return a[0], nil
			default:
				out, err = storeSlice(old, a[1].Array(), bounds, lo, hi)
			}
			if err != nil {
				return types.Null, err
			}
			return types.NewAny(out), nil
		}}
}

func errArrayTooLarge() error {
	return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayElems)
}

func storeElement(old *types.Array, v types.Datum, at []int64) (*types.Array, error) {
	if len(old.Dims) == 0 {
		out := &types.Array{Elem: old.Elem, Elems: []types.Datum{v}}
		for _, n := range at {
			out.Dims = append(out.Dims, types.ArrayDim{Len: 1, Lower: int32(n)})
		}
		return out, nil
	}
	if len(old.Dims) != len(at) {
		return nil, errArray("wrong number of array subscripts")
	}
	if len(at) == 1 {
		out, err := extended(old, at[0], at[0])
		if err != nil {
			return nil, err
		}
		out.Elems[at[0]-int64(out.Dims[0].Lower)] = v
		return out, nil
	}
	pos := int64(0)
	for i, d := range old.Dims {
		n := at[i] - int64(d.Lower)
		if n < 0 || n >= int64(d.Len) {
			return nil, errArray("array subscript out of range")
		}
		pos = pos*int64(d.Len) + n
	}
	out := &types.Array{Elem: old.Elem, Dims: old.Dims, Elems: slices.Clone(old.Elems)}
	out.Elems[pos] = v
	return out, nil
}

// extended copies a one-dimensional array, with NULLs added until lo … hi exist.
func extended(a *types.Array, lo, hi int64) (*types.Array, error) {
	first := int64(a.Dims[0].Lower)
	last := first + int64(a.Dims[0].Len) - 1
	from, to := min(first, lo), max(last, hi)
	if to-from+1 > maxArrayElems {
		return nil, errArrayTooLarge()
	}
	out := &types.Array{Elem: a.Elem, Dims: []types.ArrayDim{{Len: int32(to - from + 1), Lower: int32(from)}}}
	out.Elems = make([]types.Datum, to-from+1)
	for i := range out.Elems {
		out.Elems[i] = types.Null
	}
	copy(out.Elems[first-from:], a.Elems)
	return out, nil
}

func storeSlice(old, part *types.Array, bounds []Bound, lo, hi []int64) (*types.Array, error) {
	given := int64(len(part.Elems))
	if len(old.Dims) == 0 {
		out := &types.Array{Elem: old.Elem}
		n := int64(1)
		for i, b := range bounds {
			if !b.Lower || !b.Upper {
				return nil, pgerr.New(pgerr.ArraySubscriptError, "array slice subscript must provide both boundaries").
					WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
			}
			if n *= hi[i] - lo[i] + 1; n > maxArrayElems || hi[i]+1 < lo[i] {
				return nil, errArrayTooLarge()
			}
			out.Dims = append(out.Dims, types.ArrayDim{Len: int32(hi[i] - lo[i] + 1), Lower: int32(lo[i])})
		}
		if n > given {
			return nil, errArray("source array too small")
		}
		if n == 0 {
			return &types.Array{Elem: old.Elem}, nil
		}
		out.Elems = slices.Clone(part.Elems[:n])
		return out, nil
	}
	if len(bounds) > len(old.Dims) {
		return nil, errArray("wrong number of array subscripts")
	}
	n := int64(1)
	from, to := make([]int64, len(old.Dims)), make([]int64, len(old.Dims))
	for i, d := range old.Dims {
		from[i], to[i] = int64(d.Lower), int64(d.Lower)+int64(d.Len)-1
		if i < len(bounds) {
			l, u := from[i], to[i]
			if bounds[i].Lower {
				l = lo[i]
			}
			if bounds[i].Upper {
				u = hi[i]
			}
			if u < l {
				return nil, errArray("upper bound cannot be less than lower bound")
			}
			if len(old.Dims) > 1 && (l < from[i] || u > to[i]) {
				return nil, errArray("array subscript out of range")
			}
			from[i], to[i] = l, u
		}
		if n *= to[i] - from[i] + 1; n > maxArrayElems {
			return nil, errArrayTooLarge()
		}
	}
	if n > given {
		return nil, errArray("source array too small")
	}
	if len(old.Dims) == 1 {
		out, err := extended(old, from[0], to[0])
		if err != nil {
			return nil, err
		}
		copy(out.Elems[from[0]-int64(out.Dims[0].Lower):], part.Elems[:n])
		return out, nil
	}
	out := &types.Array{Elem: old.Elem, Dims: old.Dims, Elems: slices.Clone(old.Elems)}
	at := slices.Clone(from)
	for k := range n {
		pos := int64(0)
		for i, d := range old.Dims {
			pos = pos*int64(d.Len) + at[i] - int64(d.Lower)
		}
		out.Elems[pos] = part.Elems[k]
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] <= to[i] {
				break
			}
			at[i] = from[i]
		}
	}
	return out, nil
}

// JSONBStore gives the function that assigns to a part of a jsonb value:
// arguments are the old value, the part and, as text, the steps of the path.
// intFirst tells that the first step is an integer: what is NULL becomes an
// array then, else an object.
func JSONBStore(steps int, intFirst bool) *Func {
	args := []*types.Type{types.JSONB, types.JSONB}
	for range steps {
		args = append(args, types.Text)
	}
	return &Func{Name: "jsonb_store", Args: args, Result: types.JSONB, Kind: Scalar, NotStrict: true, Volatility: Immutable,
		Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			path := make([]string, steps)
			for i := range path {
				if a[2+i].IsNull() {
					return types.Null, errSubscriptNull("jsonb")
				}
				path[i] = a[2+i].S
			}
			old, part := "{}", "null"
			if intFirst {
				old = "[]"
			}
			if !a[0].IsNull() {
				old = a[0].S
			}
			if !a[1].IsNull() {
				part = a[1].S
			}
			s, err := jsonbStore(old, path, 0, part)
			return types.NewString(s), err
		}}
}

// JSONBGet gives the function of subscripts of a jsonb value: the value, then
// the steps of the path, integers or text.
func JSONBGet(argTypes []*types.Type) *Func {
	return &Func{Name: "jsonb_get", Args: argTypes, Result: types.JSONB, Kind: Scalar, Volatility: Immutable,
		Eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			path := make([]types.Datum, len(a)-1)
			for i, d := range a[1:] {
				if argTypes[i+1].Under().Phys == types.PhysInt64 {
					d = types.NewString(strconv.FormatInt(d.I, 10))
				}
				path[i] = d
			}
			if s, ok := jsonPath(a[0].S, path); ok {
				return types.NewString(s), nil
			}
			return types.Null, nil
		}}
}

// jsonbStore sets what is at a path and makes whatever is missing on the way.
func jsonbStore(s string, path []string, step int, with string) (string, error) {
	here, last := path[step], step == len(path)-1
	switch jsonKind(s) {
	case '{':
		members := jsonMembers(s)
		i := slices.IndexFunc(members, func(m jsonMember) bool { return jsonIs(m.key, here) })
		if i < 0 {
			members = append(members, jsonMember{string(appendJSONString(nil, here)), jsonbNew(path[step+1:], with)})
			return buildObject(members), nil
		}
		if last {
			members[i].val = with
			return buildObject(members), nil
		}
		v, err := jsonbStore(members[i].val, path, step+1, with)
		members[i].val = v
		return buildObject(members), err
	case '[':
		list := jsonElements(s)
		n, ok := jsonIndex(here)
		if !ok {
			return "", errPathNotInteger(step+1, here)
		}
		if n < 0 && -n > int64(len(list)) {
			return "", errJSON("path element at position %d is out of range: %d", step+1, n)
		}
		if n < 0 {
			n += int64(len(list))
		}
		if n >= int64(len(list)) {
			if n > maxArrayElems {
				return "", errArrayTooLarge()
			}
			for int64(len(list)) < n {
				list = append(list, "null")
			}
			return buildArray(append(list, jsonbNew(path[step+1:], with))), nil
		}
		if last {
			list[n] = with
			return buildArray(list), nil
		}
		v, err := jsonbStore(list[n], path, step+1, with)
		list[n] = v
		return buildArray(list), err
	}
	return "", pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
		WithDetail("The path assumes key is a composite object, but it is a scalar value.")
}

// jsonbNew wraps a value in the arrays and objects of a path.
func jsonbNew(path []string, v string) string {
	for i := len(path) - 1; i >= 0; i-- {
		n, err := strconv.ParseInt(path[i], 10, 32)
		if err != nil {
			v = buildObject([]jsonMember{{string(appendJSONString(nil, path[i])), v}})
			continue
		}
		var list []string
		for range n {
			list = append(list, "null")
		}
		v = buildArray(append(list, v))
	}
	return v
}
