package builtin

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
	"rowkey/types"
)

// Array functions. Arrays are values: what changes one makes another.

// arrayOf makes a one-dimensional array with lower bound 1, or the empty one.
func arrayOf(elem *types.Type, elems []types.Datum) types.Datum {
	a := &types.Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims = []types.ArrayDim{{Len: int32(len(elems)), Lower: 1}}
	}
	return types.NewAny(a)
}

func errArray(format string, args ...any) error {
	return pgerr.Newf(pgerr.ArraySubscriptError, format, args...)
}

// elemType gives the element type of the array type t, other if it has none.
func elemType(t, other *types.Type) *types.Type {
	if u := t.Under(); u.Elem != nil {
		return u.Elem
	}
	return other
}

func dim(a *types.Array, n int64) (types.ArrayDim, bool) {
	if n < 1 || n > int64(len(a.Dims)) {
		return types.ArrayDim{}, false
	}
	return a.Dims[n-1], true
}

func arrayDims(a *types.Array) string {
	var b []byte
	for _, d := range a.Dims {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(d.Lower), 10)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(d.Lower)+int64(d.Len)-1, 10)
		b = append(b, ']')
	}
	return string(b)
}

// addElem appends or prepends an element to an array, nil for a NULL one.
func addElem(a *types.Array, elem *types.Type, d types.Datum, front bool) (types.Datum, error) {
	if a == nil || len(a.Dims) == 0 {
		return arrayOf(elem, []types.Datum{d}), nil
	}
	if len(a.Dims) != 1 {
		return types.Null, pgerr.New(pgerr.DataException, "argument must be empty or one-dimensional array")
	}
	if int64(a.Dims[0].Lower)+int64(a.Dims[0].Len) > 1<<31-1 {
		return types.Null, integer.outOfRange()
	}
	elems := make([]types.Datum, 0, len(a.Elems)+1)
	if front {
		elems = append(append(elems, d), a.Elems...)
	} else {
		elems = append(append(elems, a.Elems...), d)
	}
	return types.NewAny(&types.Array{Elem: elem, Elems: elems,
		Dims: []types.ArrayDim{{Len: int32(len(elems)), Lower: a.Dims[0].Lower}}}), nil
}

func catArrays(a, b *types.Array) (*types.Array, error) {
	if len(a.Dims) == 0 {
		return b, nil
	}
	if len(b.Dims) == 0 {
		return a, nil
	}
	incompatible := func(detail string) error {
		return pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail("%s", detail)
	}
	sameInner := func(x, y []types.ArrayDim) bool {
		for i := range x {
			if x[i].Len != y[i].Len {
				return false
			}
		}
		return true
	}
	var dims []types.ArrayDim
	switch len(a.Dims) - len(b.Dims) {
	case 0:
		if !sameInner(a.Dims[1:], b.Dims[1:]) {
			return nil, incompatible("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		dims = append(dims, a.Dims...)
		dims[0].Len += b.Dims[0].Len
	case 1:
		if !sameInner(a.Dims[1:], b.Dims) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, a.Dims...)
		dims[0].Len++
	case -1:
		if !sameInner(b.Dims[1:], a.Dims) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims = append(dims, b.Dims...)
		dims[0].Len++
	default:
		return nil, incompatible("Arrays of " + strconv.Itoa(len(a.Dims)) + " and " + strconv.Itoa(len(b.Dims)) +
			" dimensions are not compatible for concatenation.")
	}
	elems := make([]types.Datum, 0, len(a.Elems)+len(b.Elems))
	return &types.Array{Elem: a.Elem, Dims: dims, Elems: append(append(elems, a.Elems...), b.Elems...)}, nil
}

// sameElem tells whether two elements are the same, NULL being so only to NULL.
func sameElem(t *types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return types.Compare(t, a, b) == 0
}

func contains(t *types.Type, a, b *types.Array) bool {
	for _, x := range b.Elems {
		found := false
		for _, y := range a.Elems {
			if !x.IsNull() && !y.IsNull() && types.Compare(t, x, y) == 0 {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func overlaps(t *types.Type, a, b *types.Array) bool {
	for _, x := range b.Elems {
		for _, y := range a.Elems {
			if !x.IsNull() && !y.IsNull() && types.Compare(t, x, y) == 0 {
				return true
			}
		}
	}
	return false
}

// positions calls found with the subscript of each element that is d, until it
// says no.
func positions(t *types.Type, a *types.Array, d types.Datum, found func(sub int64) bool) error {
	if len(a.Dims) > 1 {
		return pgerr.Unsupported("searching for elements in multidimensional arrays is not supported")
	}
	for i, e := range a.Elems {
		if sameElem(t, e, d) && !found(int64(a.Dims[0].Lower)+int64(i)) {
			return nil
		}
	}
	return nil
}

// replaceElems replaces elements that are old, or removes them.
func replaceElems(t *types.Type, a *types.Array, old, with types.Datum, remove bool) (types.Datum, error) {
	if remove && len(a.Dims) > 1 {
		return types.Null, pgerr.Unsupported("removing elements from multidimensional arrays is not supported")
	}
	elems := make([]types.Datum, 0, len(a.Elems))
	changed := false
	for _, e := range a.Elems {
		if sameElem(t, e, old) {
			changed = true
			if !remove {
				elems = append(elems, with)
			}
			continue
		}
		elems = append(elems, e)
	}
	if !changed {
		return types.NewAny(a), nil
	}
	r := &types.Array{Elem: a.Elem, Elems: elems}
	if len(elems) > 0 {
		r.Dims = append(r.Dims, a.Dims...)
		if remove {
			r.Dims[0].Len = int32(len(elems))
		}
	}
	return types.NewAny(r), nil
}

func fillArray(elem *types.Type, d, dims, lowers types.Datum) (types.Datum, error) {
	if dims.IsNull() {
		return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
	}
	ints := func(a *types.Array) ([]int64, error) {
		if len(a.Dims) > 1 {
			return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Dimension array must be one dimensional.")
		}
		list := make([]int64, len(a.Elems))
		for i, e := range a.Elems {
			if e.IsNull() {
				return nil, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
			}
			list[i] = e.I
		}
		return list, nil
	}
	lens, err := ints(dims.Array())
	if err != nil {
		return types.Null, err
	}
	if len(lens) > 6 {
		return types.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(lens), 6)
	}
	var lows []int64
	if !lowers.IsNull() {
		if lows, err = ints(lowers.Array()); err != nil {
			return types.Null, err
		}
		if len(lows) != len(lens) {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Low bound array has different size than dimensions array.")
		}
	}
	a := &types.Array{Elem: elem}
	total := int64(1)
	for i, n := range lens {
		if n < 0 || total > 134217727/max(n, 1) {
			return types.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 134217727)
		}
		total *= n
		low := int64(1)
		if lows != nil {
			low = lows[i]
		}
		a.Dims = append(a.Dims, types.ArrayDim{Len: int32(n), Lower: int32(low)})
	}
	if total == 0 || len(lens) == 0 {
		return types.NewAny(&types.Array{Elem: elem}), nil
	}
	a.Elems = make([]types.Datum, total)
	for i := range a.Elems {
		a.Elems[i] = d
	}
	return types.NewAny(a), nil
}

// splitText cuts a string for string_to_array and string_to_table; null is the
// part that stands for NULL.
func splitText(args []types.Datum) (parts []types.Datum) {
	s := args[0].S
	add := func(p string) {
		if len(args) == 3 && !args[2].IsNull() && args[2].S == p {
			parts = append(parts, types.Null)
			return
		}
		parts = append(parts, types.NewString(p))
	}
	switch {
	case s == "":
	case args[1].IsNull():
		for i := 0; i < len(s); {
			_, w := utf8.DecodeRuneInString(s[i:])
			add(s[i : i+w])
			i += w
		}
	case args[1].S == "":
		add(s)
	default:
		for {
			p, rest, more := strings.Cut(s, args[1].S)
			add(p)
			if !more {
				break
			}
			s = rest
		}
	}
	return parts
}

func joinArray(ctx *Ctx, a *types.Array, sep string, null types.Datum) string {
	var b []byte
	first := true
	for _, e := range a.Elems {
		if e.IsNull() && null.IsNull() {
			continue
		}
		if !first {
			b = append(b, sep...)
		}
		first = false
		if e.IsNull() {
			b = append(b, null.S...)
		} else {
			b = types.AppendText(b, a.Elem, e, ctx.env())
		}
	}
	return string(b)
}

// onArrays makes a function of arrays whose element type matters; arg is the
// argument that has it.
func onArrays(arg int, eval func(elem *types.Type, ctx *Ctx, a []types.Datum) (types.Datum, error)) Func {
	return poly(func(t []*types.Type) EvalFunc {
		elem := elemType(t[arg], t[len(t)-1-arg])
		return func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
			e := elem
			if x, ok := a[arg].X.(*types.Array); ok && e.Kind == types.KindPseudo {
				e = x.Elem // the call's types were not resolved, but the value knows
			}
			return eval(e, ctx, a)
		}
	})
}

func init() {
	define("array_ndims(anyarray)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if n := len(a[0].Array().Dims); n > 0 {
			return types.NewInt(int64(n)), nil
		}
		return types.Null, nil
	}))
	define("array_dims(anyarray)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if x := a[0].Array(); len(x.Dims) > 0 {
			return types.NewString(arrayDims(x)), nil
		}
		return types.Null, nil
	}))
	ofDim := func(get func(types.ArrayDim) int64) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if d, ok := dim(a[0].Array(), a[1].I); ok {
				return types.NewInt(get(d)), nil
			}
			return types.Null, nil
		})
	}
	define("array_length(anyarray,int4)", ofDim(func(d types.ArrayDim) int64 { return int64(d.Len) }))
	define("array_lower(anyarray,int4)", ofDim(func(d types.ArrayDim) int64 { return int64(d.Lower) }))
	define("array_upper(anyarray,int4)", ofDim(func(d types.ArrayDim) int64 { return int64(d.Lower) + int64(d.Len) - 1 }))
	define("cardinality(anyarray)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewInt(int64(len(a[0].Array().Elems))), nil
	}))
	arrayArg := func(d types.Datum) *types.Array {
		if d.IsNull() {
			return nil
		}
		return d.Array()
	}
	define("array_append(anycompatiblearray,anycompatible)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		return addElem(arrayArg(a[0]), elem, a[1], false)
	}))
	define("array_prepend(anycompatible,anycompatiblearray)", onArrays(1, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		return addElem(arrayArg(a[1]), elem, a[0], true)
	}))
	define("array_cat(anycompatiblearray,anycompatiblearray)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return a[1], nil
		}
		if a[1].IsNull() {
			return a[0], nil
		}
		r, err := catArrays(a[0].Array(), a[1].Array())
		if err != nil {
			return types.Null, err
		}
		return types.NewAny(r), nil
	}))
	position := onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		switch x := a[0].Array(); {
		case len(x.Dims) > 1:
			return types.Null, positions(elem, x, a[1], nil)
		case len(x.Dims) == 0, a[1].IsNull() && !slices.ContainsFunc(x.Elems, types.Datum.IsNull):
			return types.Null, nil
		}
		from := int64(-1 << 31)
		if len(a) == 3 {
			if a[2].IsNull() {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
			}
			from = a[2].I
		}
		r := types.Null
		err := positions(elem, a[0].Array(), a[1], func(sub int64) bool {
			if sub < from {
				return true
			}
			r = types.NewInt(sub)
			return false
		})
		return r, err
	})
	define("array_position(anycompatiblearray,anycompatible) array_position(anycompatiblearray,anycompatible,int4)", position)
	define("array_positions(anycompatiblearray,anycompatible)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		var list []types.Datum
		err := positions(elem, a[0].Array(), a[1], func(sub int64) bool {
			list = append(list, types.NewInt(sub))
			return true
		})
		return arrayOf(types.Int4, list), err
	}))
	define("array_remove(anycompatiblearray,anycompatible)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		return replaceElems(elem, a[0].Array(), a[1], types.Null, true)
	}))
	define("array_replace(anycompatiblearray,anycompatible,anycompatible)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		return replaceElems(elem, a[0].Array(), a[1], a[2], false)
	}))
	define("array_fill(anyelement,_int4) array_fill(anyelement,_int4,_int4)", poly(func(t []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			lows := types.Null
			if len(a) == 3 {
				if lows = a[2]; lows.IsNull() {
					return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
				}
			}
			return fillArray(t[0], a[0], a[1], lows)
		}
	}))
	define("trim_array(anyarray,int4)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		x, n := a[0].Array(), a[1].I
		length := int32(0)
		if len(x.Dims) > 0 {
			length = x.Dims[0].Len
		}
		if n < 0 || n > int64(length) {
			return types.Null, pgerr.Newf("2202E", "number of elements to trim must be between 0 and %d", length)
		}
		r := &types.Array{Elem: x.Elem}
		if keep := length - int32(n); keep > 0 {
			r.Dims = append(r.Dims, x.Dims...)
			r.Dims[0] = types.ArrayDim{Len: keep, Lower: 1}
			for i := range r.Dims {
				r.Dims[i].Lower = 1
			}
			r.Elems = x.Elems[:len(x.Elems)/int(length)*int(keep)]
		}
		return types.NewAny(r), nil
	}))
	define("arraycontains(anyarray,anyarray)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewBool(contains(elem, a[0].Array(), a[1].Array())), nil
	}))
	define("arraycontained(anyarray,anyarray)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewBool(contains(elem, a[1].Array(), a[0].Array())), nil
	}))
	define("arrayoverlap(anyarray,anyarray)", onArrays(0, func(elem *types.Type, _ *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewBool(overlaps(elem, a[0].Array(), a[1].Array())), nil
	}))
	define("array_larger(anyarray,anyarray)", poly(func(t []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if types.Compare(t[0], a[0], a[1]) > 0 {
				return a[0], nil
			}
			return a[1], nil
		}
	}))
	define("array_smaller(anyarray,anyarray)", poly(func(t []*types.Type) EvalFunc {
		return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			if types.Compare(t[0], a[0], a[1]) < 0 {
				return a[0], nil
			}
			return a[1], nil
		}
	}))
	define("array_to_string(anyarray,text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		return types.NewString(joinArray(ctx, a[0].Array(), a[1].S, types.Null)), nil
	}))
	define("array_to_string(anyarray,text,text)", fn(func(ctx *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() || a[1].IsNull() {
			return types.Null, nil
		}
		return types.NewString(joinArray(ctx, a[0].Array(), a[1].S, a[2])), nil
	}))
	define("string_to_array(text,text) string_to_array(text,text,text)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		if a[0].IsNull() {
			return types.Null, nil
		}
		return arrayOf(types.Text, splitText(a)), nil
	}))
	define("string_to_table(text,text) string_to_table(text,text,text)", setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		if a[0].IsNull() {
			return nil
		}
		return emitAll(splitText(a), emit)
	}))
	define("unnest(anyarray)", setFn(func(_ *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
		return emitAll(a[0].Array().Elems, emit)
	}))
	define("generate_subscripts(anyarray,int4) generate_subscripts(anyarray,int4,bool)",
		setFn(func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			d, ok := dim(a[0].Array(), a[1].I)
			if !ok {
				return nil
			}
			lo, hi := int64(d.Lower), int64(d.Lower)+int64(d.Len)-1
			if len(a) == 3 && a[2].I != 0 {
				return intSeries(ctx, hi, lo, -1, emit)
			}
			return intSeries(ctx, lo, hi, 1, emit)
		}))
}

// emitAll emits a row of one column for each value.
func emitAll(list []types.Datum, emit func([]types.Datum) error) error {
	row := make([]types.Datum, 1)
	for _, d := range list {
		row[0] = d
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}
