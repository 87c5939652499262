package builtin

import (
	"math"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// Functions of money, which is a number of cents.

func errMoneyRange() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "money out of range")
}

func roundMoney(f float64) (int64, error) {
	if f = math.RoundToEven(f); !(f >= -1<<63 && f < 1<<63) {
		return 0, errMoneyRange()
	}
	return int64(f), nil
}

func divMoney(a, b int64) (int64, error) {
	if b == 0 {
		return 0, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return a / b, nil
}

func divMoneyFloat(a int64, b float64) (int64, error) {
	if b == 0 {
		return 0, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return roundMoney(float64(a) / b)
}

// moneyOf makes cents of a whole number.
func moneyOf(n int64) (int64, error) {
	if n > math.MaxInt64/100 || n < math.MinInt64/100 {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
	}
	return n * 100, nil
}

func init() {
	defineSix("cash_%(money,money)", comparisons[int64]())
	define("cash_cmp(money,money)", comparisons[int64]().cmp)
	exact := func(op func(a, b int64) (int64, bool)) Func {
		return f2e(func(a, b int64) (int64, error) {
			r, ok := op(a, b)
			if !ok {
				return 0, errMoneyRange()
			}
			return r, nil
		})
	}
	define("cash_pl(money,money)", exact(addInt64))
	define("cash_mi(money,money)", exact(subInt64))
	define("cash_mul_int2(money,int2) cash_mul_int4(money,int4) cash_mul_int8(money,int8) "+
		"int2_mul_cash(int2,money) int4_mul_cash(int4,money) int8_mul_cash(int8,money)", exact(mulInt64))
	define("cash_mul_flt4(money,float4) cash_mul_flt8(money,float8)", f2e(func(a int64, b float64) (int64, error) { return roundMoney(float64(a) * b) }))
	define("flt4_mul_cash(float4,money) flt8_mul_cash(float8,money)", f2e(func(a float64, b int64) (int64, error) { return roundMoney(a * float64(b)) }))
	define("cash_div_flt4(money,float4) cash_div_flt8(money,float8)", f2e(divMoneyFloat))
	define("cash_div_int2(money,int2) cash_div_int4(money,int4) cash_div_int8(money,int8)", f2e(divMoney))
	define("cash_div_cash(money,money)", f2e(func(a, b int64) (float64, error) {
		if b == 0 {
			return 0, pgerr.New(pgerr.DivisionByZero, "division by zero")
		}
		return float64(a) / float64(b), nil
	}))
	define("cashlarger(money,money)", f2(func(a, b int64) int64 { return max(a, b) }))
	define("cashsmaller(money,money)", f2(func(a, b int64) int64 { return min(a, b) }))
	define("cash_words(money)", f1(moneyWords))
	define("money(int4) money(int8)", f1e(moneyOf))
	define("numeric(money)", f1(func(a int64) types.Decimal { return types.Decimal{Coef: a, Scale: 2} }))
	define("money(numeric)", fn(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
		cents, err := a[0].Decimal().Mul(types.DecimalInt(100))
		if err != nil {
			return types.Null, err
		}
		n, err := cents.ToInt(types.Int8)
		if err != nil {
			return types.Null, err
		}
		return types.NewInt(n), nil
	}))
	define("min(money)", extremeInt(true))
	define("max(money)", extremeInt(false))
	define("sum(money)", rowAgg(func([]*types.Type) rowFold[types.Datum] {
		add := func(s *types.Datum, d types.Datum) error {
			switch {
			case d.IsNull():
			case s.IsNull():
				*s = d
			default:
				r, ok := addInt64(s.I, d.I)
				if !ok {
					return errMoneyRange()
				}
				*s = types.NewInt(r)
			}
			return nil
		}
		return rowFold[types.Datum]{
			step:   func(_ *Ctx, s *types.Datum, row []types.Datum) error { return add(s, row[0]) },
			merge:  func(s, o *types.Datum) error { return add(s, *o) },
			result: func(_ *Ctx, s *types.Datum) (types.Datum, error) { return *s, nil },
		}
	}))
}

var smallWords = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
	"sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety")

// wordsBelow1000 spells out a number.
func wordsBelow1000(n uint64) string {
	tens := func(n uint64) string {
		if n <= 20 {
			return smallWords[n]
		}
		w := smallWords[18+n/10]
		if n%10 > 0 {
			w += " " + smallWords[n%10]
		}
		return w
	}
	switch {
	case n < 100:
		return tens(n)
	case n%100 == 0:
		return smallWords[n/100] + " hundred"
	case n%100 >= 20:
		return smallWords[n/100] + " hundred " + tens(n%100)
	}
	return smallWords[n/100] + " hundred and " + tens(n%100)
}

// moneyWords spells an amount out.
func moneyWords(cents int64) string {
	u := uint64(cents)
	out := ""
	if cents < 0 {
		u = -u
		out = "minus "
	}
	dollars := u / 100
	for _, part := range []struct {
		unit uint64
		name string
	}{{1e15, " quadrillion "}, {1e12, " trillion "}, {1e9, " billion "}, {1e6, " million "}, {1e3, " thousand "}} {
		if n := dollars / part.unit % 1000; n > 0 {
			out += wordsBelow1000(n) + part.name
		}
	}
	if n := dollars % 1000; n > 0 {
		out += wordsBelow1000(n)
	}
	if dollars == 0 {
		out += "zero"
	}
	if dollars == 1 {
		out += " dollar and "
	} else {
		out += " dollars and "
	}
	out += wordsBelow1000(u % 100)
	if u%100 == 1 {
		out += " cent"
	} else {
		out += " cents"
	}
	return strings.ToUpper(out[:1]) + out[1:]
}
