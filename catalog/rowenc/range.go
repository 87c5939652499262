package rowenc

import (
	"rowkey/types"
)

// The stored form of a range is a byte of flags and two items, the bounds, NULL
// where there is none; that of a multirange is its ranges, each behind its length.

const (
	storedEmpty = 1 << iota
	storedLowerInc
	storedUpperInc
	storedLowerInf
	storedUpperInf
)

func appendRange(dst []byte, r *types.Range) ([]byte, error) {
	if r.Empty {
		return append(dst, storedEmpty), nil
	}
	flags := byte(0)
	for i, on := range []bool{r.LowerInc, r.UpperInc, r.LowerInf, r.UpperInf} {
		if on {
			flags |= storedLowerInc << i
		}
	}
	sub := r.Type.Subtype
	f := formOf(sub)
	dst, err := appendItem(append(dst, flags), f, sub, r.Lower)
	if err != nil {
		return dst, err
	}
	return appendItem(dst, f, sub, r.Upper)
}

// decodeRange reads what appendRange made, nil if it is damaged.
func decodeRange(t *types.Type, b []byte, depth int) *types.Range {
	if len(b) == 0 {
		return nil
	}
	flags, b := b[0], b[1:]
	if flags&storedEmpty != 0 {
		return types.EmptyRange(t)
	}
	r := &types.Range{Type: t, LowerInc: flags&storedLowerInc != 0, UpperInc: flags&storedUpperInc != 0,
		LowerInf: flags&storedLowerInf != 0, UpperInf: flags&storedUpperInf != 0}
	f := formOf(t.Subtype)
	var ok bool
	if r.Lower, b, ok = decodeItem(f, t.Subtype, b, depth); !ok || r.Lower.IsNull() != r.LowerInf {
		return nil
	}
	if r.Upper, b, ok = decodeItem(f, t.Subtype, b, depth); !ok || r.Upper.IsNull() != r.UpperInf || len(b) != 0 {
		return nil
	}
	return r
}
