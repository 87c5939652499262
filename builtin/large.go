package builtin

import (
	"slices"
	"strings"

	"rowkey/types"
)

// LargeResult is how many bytes results may take before whoever calls the function
// must ask what they will.
const LargeResult = 16 << 20

// elemBytes is about what an element of an array takes, without a string's bytes.
const elemBytes = 64

// ResultBytes gives, for a function that makes much of little, what tells about how large
// the result for some arguments is; nil for others, whose results are about as large as
// their arguments together. The results for the rows of a batch are made at once, and
// together they may be more than there is memory for.
func (f *Func) ResultBytes() func(args []types.Datum) int64 {
	if f.User != nil || len(f.Args) < 2 {
		return nil
	}
	size := resultBytes[f.Name]
	if size == nil {
		return nil
	}
	return func(args []types.Datum) int64 {
		if args[0].IsNull() && !f.NotStrict || args[1].IsNull() && f.Name != "string_to_array" {
			return 0
		}
		return size(args)
	}
}

var resultBytes = map[string]func(args []types.Datum) int64{
	"repeat": func(a []types.Datum) int64 { return unlessRefused(int64(len(a[0].S)) * max(a[1].I, 0)) },
	"lpad":   func(a []types.Datum) int64 { return unlessRefused(max(a[1].I, 0)) },
	"rpad":   func(a []types.Datum) int64 { return unlessRefused(max(a[1].I, 0)) },
	"array_fill": func(a []types.Datum) int64 {
		n := int64(1)
		if len(a) > 2 {
			if lowers, ok := a[2].X.(*types.Array); ok && slices.ContainsFunc(lowers.Elems, types.Datum.IsNull) {
				return 0 // refused
			}
		}
		if dims, ok := a[1].X.(*types.Array); ok && !slices.ContainsFunc(dims.Elems, types.Datum.IsNull) {
			for _, d := range dims.Elems {
				if n *= min(max(d.I, 0), 1<<27); n >= 1<<27 {
					return 0 // refused
				}
			}
		}
		return n * elemBytes
	},
	"string_to_array": func(a []types.Datum) int64 {
		switch {
		case a[1].IsNull():
			return elemBytes * int64(len(a[0].S))
		case a[1].S == "":
			return 0
		}
		return elemBytes * int64(strings.Count(a[0].S, a[1].S))
	},
}

// unlessRefused is the size of a text, 0 for one that its function does not make.
func unlessRefused(n int64) int64 {
	if n > maxText {
		return 0
	}
	return n
}
