package builtin

import (
	"cmp"
	"strings"

	"rowkey/types"
)

// The comparison operators. Six functions are made for each class of values
// (comparisons, floatComparisons, …) and defined under the names PostgreSQL
// has for each type, int4eq, texteq, date_eq and so on: there is one equality
// kernel for all integers, not one a type.

// six is the comparison functions of a class.
type six struct{ eq, ne, lt, le, gt, ge, cmp Func }

// comparisons makes them for what Go orders.
func comparisons[T cmp.Ordered]() six {
	return six{
		eq: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x == b[i]
			}
			return false
		}, func(a, b T) bool { return a == b }),
		ne: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x != b[i]
			}
			return false
		}, func(a, b T) bool { return a != b }),
		lt: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x < b[i]
			}
			return false
		}, func(a, b T) bool { return a < b }),
		le: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x <= b[i]
			}
			return false
		}, func(a, b T) bool { return a <= b }),
		gt: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x > b[i]
			}
			return false
		}, func(a, b T) bool { return a > b }),
		ge: k2t(func(a, b []T, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i, x := range a {
				o[i] = x >= b[i]
			}
			return false
		}, func(a, b T) bool { return a >= b }),
		cmp: f2(func(a, b T) int64 { return int64(cmp.Compare(a, b)) }),
	}
}

// comparisonsBy makes them for a class with an order of its own.
func comparisonsBy[T any](c func(a, b T) int) six {
	return six{
		eq:  f2(func(a, b T) bool { return c(a, b) == 0 }),
		ne:  f2(func(a, b T) bool { return c(a, b) != 0 }),
		lt:  f2(func(a, b T) bool { return c(a, b) < 0 }),
		le:  f2(func(a, b T) bool { return c(a, b) <= 0 }),
		gt:  f2(func(a, b T) bool { return c(a, b) > 0 }),
		ge:  f2(func(a, b T) bool { return c(a, b) >= 0 }),
		cmp: f2(func(a, b T) int64 { return int64(c(a, b)) }),
	}
}

// cmpFloat orders floats as PostgreSQL does: NaN equals NaN and is the
// greatest.
func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1
	case b == b:
		return 1
	}
	return 0
}

func floatComparisons() six {
	s := comparisonsBy(cmpFloat)
	s.eq = k2t(func(a, b []float64, o []bool) bool {
		b, o = b[:len(a)], o[:len(a)]
		for i, x := range a {
			y := b[i]
			o[i] = x == y || x != x && y != y
		}
		return false
	}, func(a, b float64) bool { return cmpFloat(a, b) == 0 })
	s.lt = k2t(func(a, b []float64, o []bool) bool {
		b, o = b[:len(a)], o[:len(a)]
		for i, x := range a {
			y := b[i]
			o[i] = x < y || y != y && x == x
		}
		return false
	}, func(a, b float64) bool { return cmpFloat(a, b) < 0 })
	s.le = k2t(func(a, b []float64, o []bool) bool {
		b, o = b[:len(a)], o[:len(a)]
		for i, x := range a {
			y := b[i]
			o[i] = x <= y || y != y
		}
		return false
	}, func(a, b float64) bool { return cmpFloat(a, b) <= 0 })
	s.gt = k2t(func(a, b []float64, o []bool) bool {
		b, o = b[:len(a)], o[:len(a)]
		for i, x := range a {
			y := b[i]
			o[i] = x > y || x != x && y == y
		}
		return false
	}, func(a, b float64) bool { return cmpFloat(a, b) > 0 })
	s.ge = k2t(func(a, b []float64, o []bool) bool {
		b, o = b[:len(a)], o[:len(a)]
		for i, x := range a {
			y := b[i]
			o[i] = x >= y || x != x
		}
		return false
	}, func(a, b float64) bool { return cmpFloat(a, b) >= 0 })
	return s
}

// cmpDecimal is Decimal.Cmp with the common case in front: same scale, both
// finite, both within int64.
func cmpDecimal(a, b *types.Decimal) int {
	if a.Scale == b.Scale && a.Form|b.Form == 0 && a.Big == nil && b.Big == nil {
		return cmp.Compare(a.Coef, b.Coef)
	}
	return cmp.Compare(a.Cmp(*b), 0)
}

func decimalComparisons() six {
	type D = types.Decimal
	s := comparisonsBy(func(a, b D) int { return cmpDecimal(&a, &b) })
	kernel := func(want func(c int) bool) Func {
		// A table of the three outcomes instead of a call a row.
		var truth [3]bool
		for c := range truth {
			truth[c] = want(c - 1)
		}
		return k2t(func(a, b []D, o []bool) bool {
			b, o = b[:len(a)], o[:len(a)]
			for i := range a {
				o[i] = truth[cmpDecimal(&a[i], &b[i])+1]
			}
			return false
		}, func(a, b D) bool { return want(cmpDecimal(&a, &b)) })
	}
	s.eq = kernel(func(c int) bool { return c == 0 })
	s.ne = kernel(func(c int) bool { return c != 0 })
	s.lt = kernel(func(c int) bool { return c < 0 })
	s.le = kernel(func(c int) bool { return c <= 0 })
	s.gt = kernel(func(c int) bool { return c > 0 })
	s.ge = kernel(func(c int) bool { return c >= 0 })
	return s
}

func boolComparisons() six {
	b2i := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return comparisonsBy(func(a, b bool) int { return b2i(a) - b2i(b) })
}

// comparisonsOf makes them for a type whose values have no class of their own;
// the argument types decide.
func comparisonsOf() six {
	by := func(want func(c int) bool) Func {
		return poly(func(argTypes []*types.Type) EvalFunc {
			t := argTypes[0]
			return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				c, err := compareAny(t, a[0], a[1])
				return types.NewBool(want(c)), err
			}
		})
	}
	return six{
		eq: by(func(c int) bool { return c == 0 }),
		ne: by(func(c int) bool { return c != 0 }),
		lt: by(func(c int) bool { return c < 0 }),
		le: by(func(c int) bool { return c <= 0 }),
		gt: by(func(c int) bool { return c > 0 }),
		ge: by(func(c int) bool { return c >= 0 }),
		cmp: poly(func(argTypes []*types.Type) EvalFunc {
			t := argTypes[0]
			return func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				c, err := compareAny(t, a[0], a[1])
				return types.NewInt(int64(c)), err
			}
		}),
	}
}

// defineSix defines the comparison functions; pattern has % where PostgreSQL's
// name has eq, ne, lt …, as in "int4%(int4,int4)".
func defineSix(pattern string, s six) {
	name := func(op string) string { return strings.Replace(pattern, "%", op, 1) }
	define(name("eq"), s.eq)
	define(name("ne"), s.ne)
	define(name("lt"), s.lt)
	define(name("le"), s.le)
	define(name("gt"), s.gt)
	define(name("ge"), s.ge)
}

func init() {
	ints := comparisons[int64]()
	for _, p := range []string{
		"int2%(int2,int2)", "int4%(int4,int4)", "int8%(int8,int8)", "oid%(oid,oid)", "tid%(tid,tid)",
		"int24%(int2,int4)", "int42%(int4,int2)", "int28%(int2,int8)", "int82%(int8,int2)",
		"int48%(int4,int8)", "int84%(int8,int4)", "enum_%(anyenum,anyenum)",
	} {
		defineSix(p, ints)
	}
	define("btint2cmp(int2,int2) btint4cmp(int4,int4) btint8cmp(int8,int8) btint24cmp(int2,int4) btint42cmp(int4,int2) "+
		"btint28cmp(int2,int8) btint82cmp(int8,int2) btint48cmp(int4,int8) btint84cmp(int8,int4) btoidcmp(oid,oid) "+
		"bttidcmp(tid,tid) enum_cmp(anyenum,anyenum)", ints.cmp)
	define("xideq(xid,xid) cideq(cid,cid)", ints.eq)
	define("xidneq(xid,xid)", ints.ne)
	define("xideqint4(xid,int4)", f2(func(a, b int64) bool { return uint32(a) == uint32(b) }))
	define("xidneqint4(xid,int4)", f2(func(a, b int64) bool { return uint32(a) != uint32(b) }))
	define("enum_larger(anyenum,anyenum)", f2(func(a, b int64) int64 { return max(a, b) }))
	define("enum_smaller(anyenum,anyenum)", f2(func(a, b int64) int64 { return min(a, b) }))

	unsigned := comparisonsBy(func(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) })
	defineSix("xid8%(xid8,xid8)", unsigned)
	define("xid8cmp(xid8,xid8)", unsigned.cmp)
	chars := comparisonsBy(func(a, b int64) int { return int(uint8(a)) - int(uint8(b)) })
	defineSix("char%(char,char)", chars)
	define("btcharcmp(char,char)", chars.cmp)

	bools := boolComparisons()
	defineSix("bool%(bool,bool)", bools)
	define("btboolcmp(bool,bool)", bools.cmp)

	floats := floatComparisons()
	for _, p := range []string{"float4%(float4,float4)", "float8%(float8,float8)", "float48%(float4,float8)", "float84%(float8,float4)"} {
		defineSix(p, floats)
	}
	define("btfloat4cmp(float4,float4) btfloat8cmp(float8,float8) btfloat48cmp(float4,float8) btfloat84cmp(float8,float4)", floats.cmp)

	decimals := decimalComparisons()
	defineSix("numeric_%(numeric,numeric)", decimals)
	define("numeric_cmp(numeric,numeric)", decimals.cmp)

	strs := comparisons[string]()
	for _, p := range []string{"name%(name,name)", "bytea%(bytea,bytea)", "uuid_%(uuid,uuid)", "name%text(name,text)", "text%name(text,name)"} {
		defineSix(p, strs)
	}
	define("texteq(text,text)", strs.eq)
	define("textne(text,text)", strs.ne)
	define("text_lt(text,text) text_pattern_lt(text,text)", strs.lt)
	define("text_le(text,text) text_pattern_le(text,text)", strs.le)
	define("text_gt(text,text) text_pattern_gt(text,text)", strs.gt)
	define("text_ge(text,text) text_pattern_ge(text,text)", strs.ge)
	define("bttextcmp(text,text) bttext_pattern_cmp(text,text) btnamecmp(name,name) btnametextcmp(name,text) "+
		"bttextnamecmp(text,name) byteacmp(bytea,bytea) uuid_cmp(uuid,uuid)", strs.cmp)
	define("text_larger(text,text)", f2(func(a, b string) string { return max(a, b) }))
	define("text_smaller(text,text)", f2(func(a, b string) string { return min(a, b) }))

	// Trailing blanks of character(n) are padding.
	padded := comparisonsBy(func(a, b string) int { return cmp.Compare(types.TrimBlanks(a), types.TrimBlanks(b)) })
	padded.eq = f2(func(a, b string) bool {
		return len(a) == len(b) && a == b || types.TrimBlanks(a) == types.TrimBlanks(b)
	})
	defineSix("bpchar%(bpchar,bpchar)", padded)
	define("bpchar_pattern_lt(bpchar,bpchar)", padded.lt)
	define("bpchar_pattern_le(bpchar,bpchar)", padded.le)
	define("bpchar_pattern_gt(bpchar,bpchar)", padded.gt)
	define("bpchar_pattern_ge(bpchar,bpchar)", padded.ge)
	define("bpcharcmp(bpchar,bpchar) btbpchar_pattern_cmp(bpchar,bpchar)", padded.cmp)

	jsons := comparisonsBy(func(a, b string) int {
		return cmp.Compare(types.Compare(types.JSONB, types.NewString(a), types.NewString(b)), 0)
	})
	jsons.eq = f2(func(a, b string) bool {
		return a == b || types.Compare(types.JSONB, types.NewString(a), types.NewString(b)) == 0
	})
	defineSix("jsonb_%(jsonb,jsonb)", jsons)
	define("jsonb_cmp(jsonb,jsonb)", jsons.cmp)

	byType := comparisonsOf()
	for _, p := range []string{"array_%(anyarray,anyarray)", "record_%(record,record)", "oidvector%(oidvector,oidvector)"} {
		defineSix(p, byType)
	}
	image := func(want bool) Func {
		return fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			same, err := sameImage(a[0], a[1])
			return types.NewBool(same == want), err
		})
	}
	define("record_image_eq(record,record)", image(true))
	define("record_image_ne(record,record)", image(false))
	define("btarraycmp(anyarray,anyarray) btrecordcmp(record,record) btoidvectorcmp(oidvector,oidvector)", byType.cmp)
}
