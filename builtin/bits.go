package builtin

import (
	"bytes"
	"math"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of bit strings. Their values are bytes that compare as PostgreSQL
// compares (see types.Bits), so order and equality are those of strings; what
// looks at single bits takes them apart.

// bitsOp combines two strings of equal length bit by bit.
func bitsOp(verb string, op func(a, b byte) byte) func(a, b string) (string, error) {
	return func(a, b string) (string, error) {
		x, y := types.BitsOf(a), types.BitsOf(b)
		if len(x) != len(y) {
			return "", pgerr.Newf(pgerr.StringDataLengthMismatch, "cannot %s bit strings of different sizes", verb)
		}
		for i := range x {
			x[i] = op(x[i], y[i])
		}
		return x.Pack(), nil
	}
}

// bitsAgg makes the aggregate that combines all its values.
func bitsAgg(op func(a, b string) (string, error)) Func {
	type S = seen[string]
	step := func(s *S, v string) (err error) {
		if s.ok {
			v, err = op(s.v, v)
		}
		s.v, s.ok = v, true
		return err
	}
	return anyOrder(agg(fold[string, S]{
		step: step,
		merge: func(s, o *S) error {
			if !o.ok {
				return nil
			}
			return step(s, o.v)
		},
		result: seenResult(types.NewString),
		size:   func(s *S) int64 { return int64(len(s.v)) },
	}))
}

// shiftBits moves the bits to the left, or to the right if by is negative.
func shiftBits(s string, by int64) string {
	b := types.BitsOf(s)
	out := make(types.Bits, len(b))
	n := int64(len(b))
	switch {
	case by >= n || by <= -n:
	case by >= 0:
		copy(out, b[by:])
	default:
		copy(out[-by:], b[:n+by])
	}
	return out.Pack()
}

// sliceBits is substring(s from from for length); length < 0 is up to the end.
func sliceBits(s string, from, length int64) string {
	n := int64(types.BitLen(s))
	end := n + 1
	if length >= 0 && from+length < end {
		end = from + length
	}
	from = max(from, 1)
	if from > n || end <= from {
		return ""
	}
	return types.BitsOf(s)[from-1 : end-1].Pack()
}

func errBitSlice() error {
	return pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
}

func catBits(list ...string) (string, error) {
	n := 0
	for _, s := range list {
		n += types.BitLen(s)
	}
	if n > types.MaxBits {
		return "", pgerr.Newf(pgerr.ProgramLimitExceeded, "bit string length exceeds the maximum allowed (%d)", types.MaxBits)
	}
	out := make(types.Bits, 0, n)
	for _, s := range list {
		out = append(out, types.BitsOf(s)...)
	}
	return out.Pack(), nil
}

func overlayBits(s, with string, from, length int64) (string, error) {
	if from <= 0 {
		return "", errBitSlice()
	}
	if from+length > math.MaxInt32 || from+length < math.MinInt32 {
		return "", pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
	}
	return catBits(sliceBits(s, 1, from-1), with, sliceBits(s, from+length, -1))
}

func bitIndex(s string, n int64) error {
	if length := types.BitLen(s); n < 0 || n >= int64(length) {
		return pgerr.Newf(pgerr.ArraySubscriptError, "bit index %d out of valid range (0..%d)", n, length-1)
	}
	return nil
}

func init() {
	strs := comparisons[string]()
	defineSix("bit%(bit,bit)", strs)
	defineSix("varbit%(varbit,varbit)", strs)
	define("bitcmp(bit,bit) varbitcmp(varbit,varbit)", strs.cmp)

	and := bitsOp("AND", func(a, b byte) byte { return a & b })
	or := bitsOp("OR", func(a, b byte) byte { return a | b })
	xor := bitsOp("XOR", func(a, b byte) byte { return a ^ b })
	define("bitand(bit,bit)", f2e(and))
	define("bitor(bit,bit)", f2e(or))
	define("bitxor(bit,bit)", f2e(xor))
	define("bit_and(bit)", bitsAgg(and))
	define("bit_or(bit)", bitsAgg(or))
	define("bit_xor(bit)", bitsAgg(xor))
	define("bitnot(bit)", f1(func(s string) string {
		b := types.BitsOf(s)
		for i := range b {
			b[i] ^= 1
		}
		return b.Pack()
	}))
	define("bitshiftleft(bit,int4)", f2(shiftBits))
	define("bitshiftright(bit,int4)", f2(func(s string, by int64) string { return shiftBits(s, -by) }))
	define("bitcat(varbit,varbit)", f2e(func(a, b string) (string, error) { return catBits(a, b) }))

	define("length(bit) bit_length(bit)", f1(func(s string) int64 { return int64(types.BitLen(s)) }))
	define("octet_length(bit)", f1(func(s string) int64 { return int64(types.BitLen(s)+7) / 8 }))
	define("bit_count(bit)", f1(func(s string) int64 { return int64(types.BitCount(s)) }))
	define("substring(bit,int4)", f2(func(s string, from int64) string { return sliceBits(s, from, -1) }))
	define("substring(bit,int4,int4)", f3e(func(s string, from, length int64) (string, error) {
		if length < 0 {
			return "", errBitSlice()
		}
		return sliceBits(s, from, length), nil
	}))
	define("overlay(bit,bit,int4)", f3e(func(s, with string, from int64) (string, error) {
		return overlayBits(s, with, from, int64(types.BitLen(with)))
	}))
	define("overlay(bit,bit,int4,int4)", f4e(overlayBits))
	define("position(bit,bit)", f2(func(s, sub string) int64 {
		if s == "" {
			return 0
		}
		return int64(bytes.Index(types.BitsOf(s), types.BitsOf(sub)) + 1)
	}))
	define("get_bit(bit,int4)", f2e(func(s string, n int64) (int64, error) {
		if err := bitIndex(s, n); err != nil {
			return 0, err
		}
		return int64(types.BitAt(s, int(n))), nil
	}))
	define("set_bit(bit,int4,int4)", f3e(func(s string, n, v int64) (string, error) {
		if err := bitIndex(s, n); err != nil {
			return "", err
		}
		if v != 0 && v != 1 {
			return "", errParameter("new bit must be 0 or 1")
		}
		b := types.BitsOf(s)
		b[n] = byte(v)
		return b.Pack(), nil
	}))

	// Casts: numbers become their last bits, and the length of a type is applied.
	fromInt := f2(func(v, typmod int64) string {
		if typmod <= 0 || typmod > types.MaxBits {
			typmod = 1
		}
		return types.BitsOfInt(v, int(typmod)).Pack()
	})
	define("bit(int4,int4) bit(int8,int4)", fromInt)
	toInt := func(width int, name string) Func {
		return f1e(func(s string) (int64, error) {
			v, ok := types.BitsOf(s).Int(width)
			if !ok {
				return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "%s out of range", name)
			}
			return v, nil
		})
	}
	define("int4(bit)", toInt(32, "integer"))
	define("int8(bit)", toInt(64, "bigint"))
	fit := func(t *types.Type) Func {
		return f3e(func(s string, typmod int64, explicit bool) (string, error) {
			d, err := types.ApplyTypmod(t, int32(typmod), types.NewString(s), explicit)
			return d.S, err
		})
	}
	define("bit(bit,int4,bool)", fit(types.Bit))
	define("varbit(varbit,int4,bool)", fit(types.VarBit))
}
