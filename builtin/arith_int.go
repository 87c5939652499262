package builtin

import (
	"math"
	"math/bits"

	"rowkey/pgerr"
	"rowkey/types"
)

// intKind is one of the integer types: its range and what PostgreSQL calls it
// when a value is out of it.
type intKind struct {
	name   string
	lo, hi int64
	bits   uint
}

var (
	smallint = intKind{"smallint", math.MinInt16, math.MaxInt16, 16}
	integer  = intKind{"integer", math.MinInt32, math.MaxInt32, 32}
	bigint   = intKind{"bigint", math.MinInt64, math.MaxInt64, 64}
)

func (k intKind) outOfRange() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, k.name+" out of range")
}

func (k intKind) check(v int64) (int64, error) {
	if v < k.lo || v > k.hi {
		return 0, k.outOfRange()
	}
	return v, nil
}

func errDivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

func addInt64(a, b int64) (r int64, ok bool) {
	r = a + b
	return r, (a^r)&(b^r) >= 0
}

func subInt64(a, b int64) (r int64, ok bool) {
	r = a - b
	return r, (a^b)&(a^r) >= 0
}

func mulInt64(a, b int64) (r int64, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product's high word becomes the signed one's.
	h := int64(hi) - (a>>63)&b - (b>>63)&a
	r = int64(lo)
	return r, h == r>>63
}

// Narrow kernels: the operands are at most 32 bits wide, so 64-bit sums,
// differences and products are exact and only the range is to be checked.

func (k intKind) narrow(op byte) block2[int64, int64, int64] {
	lo, span := k.lo, uint64(k.hi-k.lo)
	switch op {
	case '+':
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			bad := false
			for i, x := range a {
				r := x + b[i]
				o[i] = r
				bad = bad || uint64(r-lo) > span
			}
			return bad
		}
	case '-':
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			bad := false
			for i, x := range a {
				r := x - b[i]
				o[i] = r
				bad = bad || uint64(r-lo) > span
			}
			return bad
		}
	default:
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			bad := false
			for i, x := range a {
				r := x * b[i]
				o[i] = r
				bad = bad || uint64(r-lo) > span
			}
			return bad
		}
	}
}

func wide(op byte) block2[int64, int64, int64] {
	switch op {
	case '+':
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			var over int64
			for i, x := range a {
				y := b[i]
				r := x + y
				o[i] = r
				over |= (x ^ r) & (y ^ r)
			}
			return over < 0
		}
	case '-':
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			var over int64
			for i, x := range a {
				y := b[i]
				r := x - y
				o[i] = r
				over |= (x ^ y) & (x ^ r)
			}
			return over < 0
		}
	default:
		return func(a, b, o []int64) bool {
			b, o = b[:len(a)], o[:len(a)]
			bad := false
			for i, x := range a {
				r, ok := mulInt64(x, b[i])
				o[i] = r
				bad = bad || !ok
			}
			return bad
		}
	}
}

// arith makes + - * of the kind.
func (k intKind) arith(op byte) Func {
	exact := func(a, b int64) (r int64, err error) {
		var ok bool
		switch op {
		case '+':
			r, ok = addInt64(a, b)
		case '-':
			r, ok = subInt64(a, b)
		default:
			r, ok = mulInt64(a, b)
		}
		if !ok || r < k.lo || r > k.hi {
			return 0, k.outOfRange()
		}
		return r, nil
	}
	if k.bits < 64 {
		return k2(k.narrow(op), exact)
	}
	return k2(wide(op), exact)
}

func (k intKind) div() Func {
	return k2(func(a, b, o []int64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			y := b[i]
			if y == 0 {
				bad = true
				continue
			}
			r := x / y
			o[i] = r
			bad = bad || r > k.hi || y == -1 && x == math.MinInt64
		}
		return bad
	}, k.divide)
}

func (k intKind) divide(a, b int64) (int64, error) {
	switch {
	case b == 0:
		return 0, errDivisionByZero()
	case b == -1 && a == k.lo:
		return 0, k.outOfRange()
	}
	return k.check(a / b)
}

func (k intKind) mod() Func {
	return k2(func(a, b, o []int64) bool {
		b, o = b[:len(a)], o[:len(a)]
		bad := false
		for i, x := range a {
			y := b[i]
			if y == 0 {
				bad = true
				continue
			}
			o[i] = x % y
		}
		return bad
	}, modulo)
}

func modulo(a, b int64) (int64, error) {
	if b == 0 {
		return 0, errDivisionByZero()
	}
	return a % b, nil
}

func (k intKind) neg() Func {
	return f1e(func(a int64) (int64, error) {
		if a == k.lo {
			return 0, k.outOfRange()
		}
		return -a, nil
	})
}

func (k intKind) abs() Func {
	return f1e(func(a int64) (int64, error) {
		if a == k.lo {
			return 0, k.outOfRange()
		}
		return max(a, -a), nil
	})
}

// shift makes << and >>. The processor takes the count modulo the width of the
// register, 32 for the narrow types, and PostgreSQL lets it.
func (k intKind) shift(left bool) Func {
	count := func(n int64) uint { return uint(n) & (max(k.bits, 32) - 1) }
	switch {
	case left && k.bits == 16:
		return f2(func(a, n int64) int64 { return int64(int16(int32(a) << count(n))) })
	case left && k.bits == 32:
		return f2(func(a, n int64) int64 { return int64(int32(a) << count(n)) })
	case left:
		return f2(func(a, n int64) int64 { return a << count(n) })
	default:
		return f2(func(a, n int64) int64 { return a >> count(n) })
	}
}

func init() {
	for _, t := range []struct {
		k    intKind
		name string // of the type: prefix of its functions
	}{{smallint, "int2"}, {integer, "int4"}, {bigint, "int8"}} {
		k, p := t.k, t.name
		two := "(" + p + "," + p + ")"
		define(p+"pl"+two, k.arith('+'))
		define(p+"mi"+two, k.arith('-'))
		define(p+"mul"+two, k.arith('*'))
		define(p+"div"+two, k.div())
		define(p+"mod"+two+" mod"+two, k.mod())
		define(p+"um("+p+")", k.neg())
		define(p+"up("+p+")", f1(func(a int64) int64 { return a }))
		define(p+"abs("+p+") abs("+p+")", k.abs())
		define(p+"and"+two, f2(func(a, b int64) int64 { return a & b }))
		define(p+"or"+two, f2(func(a, b int64) int64 { return a | b }))
		define(p+"xor"+two, f2(func(a, b int64) int64 { return a ^ b }))
		define(p+"not("+p+")", f1(func(a int64) int64 { return ^a }))
		define(p+"shl("+p+",int4)", k.shift(true))
		define(p+"shr("+p+",int4)", k.shift(false))
	}
	for _, t := range []struct {
		k           intKind
		prefix      string
		left, right string
	}{
		{integer, "int24", "int2", "int4"}, {integer, "int42", "int4", "int2"},
		{bigint, "int28", "int2", "int8"}, {bigint, "int82", "int8", "int2"},
		{bigint, "int48", "int4", "int8"}, {bigint, "int84", "int8", "int4"},
	} {
		two := "(" + t.left + "," + t.right + ")"
		define(t.prefix+"pl"+two, t.k.arith('+'))
		define(t.prefix+"mi"+two, t.k.arith('-'))
		define(t.prefix+"mul"+two, t.k.arith('*'))
		define(t.prefix+"div"+two, t.k.div())
	}
	define("gcd(int4,int4)", f2e(func(a, b int64) (int64, error) { return integer.gcd(a, b) }))
	define("gcd(int8,int8)", f2e(func(a, b int64) (int64, error) { return bigint.gcd(a, b) }))
	define("lcm(int4,int4)", f2e(func(a, b int64) (int64, error) { return integer.lcm(a, b) }))
	define("lcm(int8,int8)", f2e(func(a, b int64) (int64, error) { return bigint.lcm(a, b) }))
	define("int8inc(int8)", f1e(func(a int64) (int64, error) {
		if a == math.MaxInt64 {
			return 0, bigint.outOfRange()
		}
		return a + 1, nil
	}))
	define("int2larger(int2,int2) int4larger(int4,int4) int8larger(int8,int8) oidlarger(oid,oid)",
		f2(func(a, b int64) int64 { return max(a, b) }))
	define("int2smaller(int2,int2) int4smaller(int4,int4) int8smaller(int8,int8) oidsmaller(oid,oid)",
		f2(func(a, b int64) int64 { return min(a, b) }))

	// Conversions between the integer types and what is an integer beneath.
	same := f1(func(a int64) int64 { return a })
	define("int4(int2) int8(int2) int8(int4) int8(oid)", same)
	define("int4(char)", f1(func(a int64) int64 { return int64(int8(a)) }))
	define("int2(int4) int2(int8)", f1e(smallint.check))
	define("int4(int8)", f1e(integer.check))
	define("oid(int8)", f1e(func(a int64) (int64, error) {
		if a < 0 || a > math.MaxUint32 {
			return 0, pgerr.New(pgerr.NumericValueOutOfRange, "OID out of range")
		}
		return a, nil
	}))
	define("char(int4)", f1e(func(a int64) (int64, error) {
		if a < math.MinInt8 || a > math.MaxInt8 {
			return 0, pgerr.New(pgerr.NumericValueOutOfRange, `"char" out of range`)
		}
		return int64(uint8(a)), nil
	}))
	define("int4(bool)", f1(func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}))
	define("bool(int4)", f1(func(a int64) bool { return a != 0 }))
	define("xid(xid8)", f1(func(a int64) int64 { return int64(uint32(a)) }))

	series := func(k intKind) SetFunc {
		return func(ctx *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
			step := int64(1)
			if len(a) == 3 {
				step = a[2].I
			}
			return intSeries(ctx, a[0].I, a[1].I, step, emit)
		}
	}
	define("generate_series(int4,int4) generate_series(int4,int4,int4)", streamFn(series(integer)))
	define("generate_series(int8,int8) generate_series(int8,int8,int8)", streamFn(series(bigint)))
}

func intSeries(ctx *Ctx, from, to, step int64, emit func([]types.Datum) error) error {
	if step == 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
	}
	row := make([]types.Datum, 1)
	for n, ok := 0, true; ok && (step > 0 && from <= to || step < 0 && from >= to); n++ {
		if err := ctx.cancelled(n); err != nil {
			return err
		}
		if err := emit(set1(row, types.NewInt(from))); err != nil {
			return err
		}
		from, ok = addInt64(from, step)
	}
	return nil
}

// set1 makes d the only column of a row.
func set1(row []types.Datum, d types.Datum) []types.Datum {
	row[0] = d
	return row
}

// gcd is the greatest common divisor; that of the least integer and 0 or
// itself does not fit.
func (k intKind) gcd(a, b int64) (int64, error) {
	// Negative numbers have the room for every absolute value.
	if a > 0 {
		a = -a
	}
	if b > 0 {
		b = -b
	}
	for b != 0 {
		if b == -1 {
			return 1, nil
		}
		a, b = b, a%b
	}
	if a == k.lo {
		return 0, k.outOfRange()
	}
	return max(a, -a), nil
}

func (k intKind) lcm(a, b int64) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := k.gcd(a, b)
	if err != nil {
		return 0, err
	}
	r, ok := mulInt64(a/g, b)
	if !ok || r <= k.lo || r > k.hi {
		return 0, k.outOfRange()
	}
	return max(r, -r), nil
}
