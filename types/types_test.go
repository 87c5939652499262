package types

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTextTable: known inputs and outputs, so that the forms are
// held without a server at hand. The answers are PostgreSQL 15's.
func TestTextTable(t *testing.T) {
	for _, c := range []struct {
		t        *Type
		typmod   int32
		in, want string
	}{
		{Bool, -1, " TRU ", "t"},
		{Bool, -1, "o", `ERROR 22P02: invalid input syntax for type boolean: "o"`},
		{Int2, -1, "32768", `ERROR 22003: value "32768" is out of range for type smallint`},
		{Int4, -1, " -12 ", "-12"},
		{Int4, -1, "x", `ERROR 22P02: invalid input syntax for type integer: "x"`},
		{Int8, -1, "9223372036854775808", `ERROR 22003: value "9223372036854775808" is out of range for type bigint`},
		{Float8, -1, "0.1", "0.1"},
		{Float8, -1, "1e15", "1e+15"},
		{Float8, -1, "123456789012345", "123456789012345"},
		{Float8, -1, "-95e20", "-9.500000000000001e+21"},
		{Float8, -1, "1e-5", "1e-05"},
		{Float8, -1, "-0", "-0"},
		{Float8, -1, "1e400", `ERROR 22003: "1e400" is out of range for type double precision`},
		{Float4, -1, "311e7", "3.1100001e+09"},
		{Float4, -1, "1000000", "1e+06"},
		{Numeric, -1, "1e3", "1000"},
		{Numeric, -1, ".50", "0.50"},
		{Numeric, -1, "-0.00", "0.00"},
		{Numeric, -1, "1e200000", "ERROR 22003: value overflows numeric format"},
		{Numeric, NumericTypmod(4, 2), "12.345", "12.35"},
		{Numeric, NumericTypmod(4, 2), "123.45", "ERROR 22003: numeric field overflow | A field with precision 4, scale 2 must round to an absolute value less than 10^2."},
		{VarChar, CharTypmod(3), "abc  ", "abc"},
		{VarChar, CharTypmod(3), "abcd", "ERROR 22001: value too long for type character varying(3)"},
		{BPChar, CharTypmod(3), "ä", "ä  "},
		{Bytea, -1, `\x00fF`, `\x00ff`},
		{Bytea, -1, `a\\\001`, `\x615c01`},
		{UUID, -1, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{JSONB, -1, `{"bb":1.50,"a":[1,null],"bb":"x"}`, `{"a": [1, null], "bb": "x"}`},
		{JSON, -1, `{"a":}`, `ERROR 22P02: invalid input syntax for type json | Expected JSON value, but found "}". | JSON data, line 1: {"a":}`},
		{Int4.Array, -1, "[0:1]={1,NULL}", "[0:1]={1,NULL}"},
		{Text.Array, -1, `{a,"b c",NULL,"NULL",""}`, `{a,"b c",NULL,"NULL",""}`},
		{Int4.Array, -1, "{1,{2}}", `ERROR 22P02: malformed array literal: "{1,{2}}" | Unexpected "{" character.`},
		{Int2Vector, -1, " 1 2", "1 2"},
		{Oid, -1, "-1", "4294967295"},
		{RegClass, -1, "-", "-"},
		{RegClass, -1, "1259", "1259"},
		{Text, -1, "a\xc3(", `ERROR 22021: invalid byte sequence for encoding "UTF8": 0xc3 0x28`},
	} {
		got := ""
		d, err := Parse(c.t, c.typmod, c.in, nil)
		if err != nil {
			got = errorLine(err)
		} else {
			got = string(AppendText(nil, c.t, d, nil))
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", Format(c.t, c.typmod), c.in, got, c.want)
		}
	}
}

// TestOutputSettings: extra_float_digits and bytea_output.
func TestOutputSettings(t *testing.T) {
	env := &Env{TimeZone: UTC, ExtraFloatDigit: 0, ByteaEscape: true}
	for _, c := range []struct {
		t    *Type
		d    Datum
		want string
	}{
		{Float8, NewFloat(0.1), "0.1"},
		{Float8, NewFloat(1.0 / 3), "0.333333333333333"},
		{Float8, NewFloat(1e15), "1e+15"},
		{Float8, NewFloat(100000), "100000"},
		{Float4, NewFloat(float64(float32(1.0 / 3))), "0.333333"},
		{Bytea, NewString("a\\\x00\xff"), `a\\\000\377`},
	} {
		if got := string(AppendText(nil, c.t, c.d, env)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.t, got, c.want)
		}
	}
	env.ExtraFloatDigit = -10
	if got := string(AppendText(nil, Float8, NewFloat(1.0/3), env)); got != "0.33333" {
		t.Errorf("extra_float_digits -10: %s", got)
	}
}

// TestDecimalAgainstBig: the fast paths agree with plain big arithmetic, in
// particular where 64 bits end.
func TestDecimalAgainstBig(t *testing.T) {
	r := newRand(t)
	coef := func() int64 {
		switch r.Intn(4) {
		case 0:
			return []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1e18, -1e18}[r.Intn(9)]
		case 1:
			return r.Int63() >> r.Intn(63)
		}
		return -(r.Int63() >> r.Intn(63))
	}
	rat := func(d Decimal) *big.Rat {
		return new(big.Rat).SetFrac(d.bigCoef(), pow10big(int(d.Scale)))
	}
	for range 30000 {
		a := Decimal{Coef: coef(), Scale: int32(r.Intn(25))}
		b := Decimal{Coef: coef(), Scale: int32(r.Intn(25))}
		x, y := rat(a), rat(b)
		check := func(op string, got Decimal, err error, want *big.Rat) {
			t.Helper()
			if err != nil || rat(got).Cmp(want) != 0 || got.Big != nil && got.Big.IsInt64() {
				t.Fatalf("%v %s %v = %v, %v; want %s", a, op, b, got, err, want.FloatString(30))
			}
			if text := want.FloatString(int(got.Scale)); got.String() != text && !got.IsZero() {
				t.Fatalf("%s prints as %v", text, got)
			}
			if p, err := ParseDecimalBinary(AppendDecimalBinary(nil, got)); err != nil || p.Scale != got.Scale || p.Cmp(got) != 0 {
				t.Fatalf("%v sent and received is %v, %v", got, p, err)
			}
		}
		s, err := a.Add(b)
		check("+", s, err, new(big.Rat).Add(x, y))
		s, err = a.Sub(b)
		check("-", s, err, new(big.Rat).Sub(x, y))
		s, err = a.Mul(b)
		check("*", s, err, new(big.Rat).Mul(x, y))
		if got, want := a.Cmp(b), x.Cmp(y); got != want {
			t.Fatalf("%v compared with %v: %d, want %d", a, b, got, want)
		}
		check("neg", a.Neg(), nil, new(big.Rat).Neg(x))
		if !b.IsZero() {
			q, err := a.Div(b)
			if err != nil {
				t.Fatal(err)
			}
			exact := new(big.Rat).Quo(x, y)
			diff := new(big.Rat).Sub(rat(q), exact)
			half := new(big.Rat).SetFrac(bigOne, new(big.Int).Mul(big.NewInt(2), pow10big(int(q.Scale))))
			if diff.Abs(diff).Cmp(half) > 0 {
				t.Fatalf("%v / %v = %v, off by %s", a, b, q, diff.FloatString(40))
			}
			m, err := a.Mod(b)
			whole := new(big.Int).Quo(new(big.Int).Mul(x.Num(), y.Denom()), new(big.Int).Mul(x.Denom(), y.Num()))
			check("%", m, err, new(big.Rat).Sub(x, new(big.Rat).Mul(y, new(big.Rat).SetInt(whole))))
		}
		if p, err := ParseDecimal(a.String()); err != nil || p.Scale != a.Scale || p.Cmp(a) != 0 {
			t.Fatalf("%v printed and read is %v, %v", a, p, err)
		}
		if p, err := ParseDecimalBinary(AppendDecimalBinary(nil, a)); err != nil || p.Scale != a.Scale || p.Cmp(a) != 0 {
			t.Fatalf("%v sent and received is %v, %v", a, p, err)
		}
		var sum DecimalSum
		n := r.Intn(6)
		want := new(big.Rat)
		for range n {
			c := Decimal{Coef: coef(), Scale: int32(r.Intn(3) * r.Intn(20))}
			sum.Add(c)
			want.Add(want, rat(c))
		}
		s, err = sum.Sum()
		check("sum", s, err, want)
	}
}

// TestHashAgreesWithEqual: values that compare equal hash equal, in every
// interface to hashing; order is antisymmetric and transitive.
func TestHashAgreesWithEqual(t *testing.T) {
	r := newRand(t)
	for _, s := range samples() {
		if !s.ordered {
			continue
		}
		texts, vals := valid(r, s, 60)
		v := NewVec(s.t, len(vals))
		for _, d := range vals {
			v.Append(d)
		}
		seed := r.Uint64()
		out := make([]uint64, len(vals))
		for i := range out {
			out[i] = seed
		}
		HashVec(v, len(vals), nil, out)
		picked := make([]uint64, len(vals))
		picked[1] = seed
		HashVec(v, len(vals), []int32{1}, picked)
		if picked[1] != out[1] || picked[0] != 0 {
			t.Errorf("%s: HashVec of selected rows differs", s.sql)
		}
		for i := range vals {
			if h := Hash(s.t, vals[i], seed); h != out[i] || h != HashAt(v, i, seed) {
				t.Errorf("%s %q: Hash %x, HashVec %x, HashAt %x", s.sql, texts[i], h, out[i], HashAt(v, i, seed))
			}
			for j := range vals {
				c := Compare(s.t, vals[i], vals[j])
				if d := Compare(s.t, vals[j], vals[i]); cmpInt(int64(c), 0) != -cmpInt(int64(d), 0) {
					t.Errorf("%s %q and %q: %d one way, %d the other", s.sql, texts[i], texts[j], c, d)
				}
				if c == 0 && out[i] != out[j] {
					t.Errorf("%s %q and %q are equal but hash differently", s.sql, texts[i], texts[j])
				}
				if cmpInt(int64(c), 0) != cmpInt(int64(CompareAt(v, i, v, j)), 0) || EqualAt(v, i, v, j) != (c == 0) {
					t.Errorf("%s %q and %q: vectors disagree", s.sql, texts[i], texts[j])
				}
			}
		}
		slices.SortFunc(vals, func(a, b Datum) int { return Compare(s.t, a, b) })
		for i := range vals {
			for j := i; j < len(vals); j++ {
				if Compare(s.t, vals[i], vals[j]) > 0 {
					t.Fatalf("%s: no order: %s sorts before %s", s.sql, TextOf(s.t, vals[i], nil), TextOf(s.t, vals[j], nil))
				}
			}
		}
	}
}

// TestLargeDecimalsHashCheaply: a decimal of twenty digits is not divided by powers
// of ten of thousands to find its trailing zeros.
func TestLargeDecimalsHashCheaply(t *testing.T) {
	for _, text := range []string{"177.50000000000000000", "12345678901234567890.123", "-98765432109876543210"} {
		d, err := ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() { d.hash(1) }); n > 15 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

// TestHashSpread: hashes of small numbers and short strings fill a power-of-two
// table about evenly.
func TestHashSpread(t *testing.T) {
	const n, slots = 1 << 14, 1 << 12
	for name, hash := range map[string]func(i int) uint64{
		"int":     func(i int) uint64 { return hashInt(int64(i), 0) },
		"ints":    func(i int) uint64 { return hashInt(int64(i&127), hashInt(int64(i>>7), 0)) },
		"strides": func(i int) uint64 { return hashInt(int64(i)<<20, 0) },
		"float":   func(i int) uint64 { return hashFloat(float64(i), 0) },
		"string":  func(i int) uint64 { return HashString(fmt.Sprint("user:", i), 0) },
		"short":   func(i int) uint64 { return HashString(fmt.Sprint(i), 0) },
		"decimal": func(i int) uint64 { return Decimal{Coef: int64(i), Scale: 2}.hash(0) },
	} {
		for _, high := range []bool{false, true} {
			var count [slots]int
			for i := range n {
				h := hash(i)
				if high {
					h >>= 64 - 12
				}
				count[h%slots]++
			}
			chi := 0.0
			for _, c := range count {
				d := float64(c) - n/slots
				chi += d * d / (n / slots)
			}
			if chi > slots*1.5 {
				t.Errorf("%s, high bits %v: chi squared %.0f for %d slots", name, high, chi, slots)
			}
		}
	}
}

// TestShortest: every float reads back from its text.
func TestShortest(t *testing.T) {
	r := newRand(t)
	for range 200000 {
		f := math.Float64frombits(r.Uint64())
		if f == f {
			text := string(AppendFloat8(nil, f, 1))
			if d, err := Parse(Float8, -1, text, nil); err != nil || d.Float() != f {
				t.Fatalf("%v printed %s reads %v, %v", f, text, d.Float(), err)
			}
		}
		g := float64(math.Float32frombits(r.Uint32()))
		if g == g {
			text := string(AppendFloat4(nil, g, 1))
			if d, err := Parse(Float4, -1, text, nil); err != nil || d.Float() != g {
				t.Fatalf("%v printed %s reads %v, %v", g, text, d.Float(), err)
			}
		}
	}
}

// TestDeepJSON: nesting is bounded, not a crash.
func TestDeepJSON(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	if err := ValidateJSON(deep); err == nil || !strings.Contains(err.Error(), "54001") {
		t.Errorf("got %v", err)
	}
	ok := strings.Repeat("[", maxJSONDepth) + strings.Repeat("]", maxJSONDepth)
	if _, err := ParseJSON(ok); err != nil {
		t.Error(err)
	}
}

// TestNamesAreCut: names hold 63 bytes, and no half characters.
func TestNamesAreCut(t *testing.T) {
	long := strings.Repeat("a", 62) + "ä"
	if got := TruncateName(long); got != strings.Repeat("a", 62) {
		t.Errorf("got %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"1", "t", "{1,2}", `{"a": [1]}`, "2020-01-01", `(1,"a")`, "1e5", `\x00`, "[1:2]={1,2}", "12:00:00+02", "1 day", "Infinity"} {
		for i := range samples() {
			f.Add(i, s)
		}
	}
	types := samples()
	pair := &Type{OID: 99999, Name: "pair", Phys: PhysAny, Kind: KindComposite, Fields: []Field{{Name: "a", Type: Int4, Typmod: -1, Place: 0}, {Name: "b", Type: Text.Array, Typmod: -1, Place: 1}}}
	types = append(types, sample{sql: "pair", t: pair, typmod: -1})
	for _, t := range []*Type{TimestampTZ, TimeTZ, Interval} {
		types = append(types, sample{sql: t.Name, t: t, typmod: -1})
	}
	f.Fuzz(func(t *testing.T, i int, s string) {
		ty := types[uint(i)%uint(len(types))]
		slow := time.AfterFunc(5*time.Second, func() { panic(fmt.Sprintf("%s %q takes long", ty.sql, s)) })
		defer slow.Stop()
		d, err := Parse(ty.t, ty.typmod, s, nil)
		if err != nil || ty.t == JSON {
			return
		}
		// What was accepted prints to something that is accepted as equal.
		text := string(AppendText(nil, ty.t, d, nil))
		e, err := Parse(ty.t, ty.typmod, text, nil)
		if err != nil || Compare(ty.t, d, e) != 0 {
			if ty.t.Category == 'D' || ty.t.Category == 'T' {
				return // some odd zones print as what cannot be read, in PostgreSQL too
			}
			if ty.t == Char && strings.HasPrefix(s, "\\") {
				return // "char" does not round-trip backslashes, in PostgreSQL either
			}
			t.Fatalf("%s %q printed %q, which reads %v, %v", ty.sql, s, text, e, err)
		}
		b := AppendBinary(nil, ty.t, d, nil)
		if e, err = ParseBinary(ty.t, ty.typmod, b, nil); err != nil || Compare(ty.t, d, e) != 0 {
			t.Fatalf("%s %q sent %x, which reads %v, %v", ty.sql, s, b, e, err)
		}
		if Hash(ty.t, d, 1) != Hash(ty.t, e, 1) {
			t.Fatalf("%s %q: hash changes", ty.sql, s)
		}
	})
}

func FuzzBinary(f *testing.F) {
	for i, s := range samples() {
		f.Add(i, []byte{0, 0, 0, 1})
		f.Add(i, []byte{0, 2, 0, 1, 0, 0, 0, 4, 0, 1, 0, 2})
		if d, err := Parse(s.t.Under(), -1, "{}", nil); err == nil {
			f.Add(i, AppendBinary(nil, s.t, d, nil))
		}
	}
	a, _ := Parse(Int4.Array, -1, "{{1,2},{3,NULL}}", nil)
	f.Add(26, AppendBinary(nil, Int4.Array, a, nil))
	types := samples()
	pair := &Type{OID: 99999, Name: "pair", Phys: PhysAny, Kind: KindComposite, Fields: []Field{{Name: "a", Type: Int4, Typmod: -1, Place: 0}, {Name: "b", Type: Text.Array, Typmod: -1, Place: 1}}}
	types = append(types, sample{sql: "pair", t: pair, typmod: -1})
	for _, t := range []*Type{TimestampTZ, TimeTZ, Interval} {
		types = append(types, sample{sql: t.Name, t: t, typmod: -1})
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		ty := types[uint(i)%uint(len(types))]
		d, err := ParseBinary(ty.t, ty.typmod, b, nil)
		if err != nil {
			return
		}
		AppendText(nil, ty.t, d, nil)
		out := AppendBinary(nil, ty.t, d, nil)
		e, err := ParseBinary(ty.t, ty.typmod, out, nil)
		if err != nil || Compare(ty.t, d, e) != 0 {
			t.Fatalf("%s %x sent %x, which reads %v, %v", ty.sql, b, out, e, err)
		}
	})
}

func BenchmarkAppendTextAt(b *testing.B) {
	vec := func(t *Type, d Datum) *Vec {
		v := NewVec(t, 1)
		v.Append(d)
		return v
	}
	dec := func(s string) Datum { d, _ := ParseDecimal(s); return NewDecimal(d) }
	for name, v := range map[string]*Vec{
		"int":     vec(Int4, NewInt(123456)),
		"float":   vec(Float8, NewFloat(1234.5678)),
		"numeric": vec(Numeric, dec("12345.67")),
		"text":    vec(Text, NewString("hello world, hello")),
		"bool":    vec(Bool, NewBool(true)),
		"uuid":    vec(UUID, NewString("0123456789abcdef")),
		"ts":      vec(Timestamp, NewInt(700000000123456)),
	} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for range b.N {
				buf = AppendTextAt(buf[:0], v, 0, DefaultEnv)
			}
		})
		b.Run("binary/"+name, func(b *testing.B) {
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for range b.N {
				buf = AppendBinaryAt(buf[:0], v, 0, DefaultEnv)
			}
		})
	}
}

var sinkDecimal Decimal

func BenchmarkDecimal(b *testing.B) {
	x, _ := ParseDecimal("12345.67")
	y, _ := ParseDecimal("0.0725")
	big1, _ := ParseDecimal("123456789012345678901234567890.12")
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = x.Add(y)
		}
	})
	b.Run("mul", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = x.Mul(y)
		}
	})
	b.Run("div", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = x.Div(y)
		}
	})
	third := Decimal{Coef: 1}
	three := Decimal{Coef: 3}
	b.Run("divbig", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = third.Div(three)
		}
	})
	b.Run("textbig", func(b *testing.B) {
		b.ReportAllocs()
		q, _ := Decimal{Coef: 2}.Div(three)
		buf := make([]byte, 0, 64)
		for range b.N {
			buf = q.Append(buf[:0])
		}
	})
	b.Run("cmp", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for range b.N {
			n += x.Cmp(y)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = ParseDecimal("12345.67")
		}
	})
	b.Run("sum", func(b *testing.B) {
		b.ReportAllocs()
		var s DecimalSum
		for range b.N {
			s.Add(x)
		}
	})
	b.Run("bigadd", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sinkDecimal, _ = big1.Add(y)
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			_ = Decimal{Coef: int64(i) * 100, Scale: 2}.hash(0)
		}
	})
}

func BenchmarkHashVec(b *testing.B) {
	const n = 1024
	vi, vs := NewVec(Int8, n), NewVec(Text, n)
	for i := range n {
		vi.Append(NewInt(int64(i)))
		vs.Append(NewString(fmt.Sprint("user:", i)))
	}
	out := make([]uint64, n)
	for _, v := range []*Vec{vi, vs} {
		b.Run(v.Type.Name, func(b *testing.B) {
			for range b.N {
				HashVec(v, n, nil, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	text := `{"name": "Alice", "age": 30, "tags": ["a", "b", "c"], "address": {"city": "Berlin", "zip": "10115"}, "score": 12.5}`
	b.Run("canonical", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			CanonicalJSON(text)
		}
	})
	b.Run("field", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			JSONField(text, "score", true)
		}
	})
}
