package types

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// TestDecimalArithmetic: numeric's operators and functions give PostgreSQL's
// digits, scales and errors.
func TestDecimalArithmetic(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	small := func(r *rand.Rand) string {
		switch r.Intn(6) {
		case 0:
			return fmt.Sprint(r.Intn(21) - 10)
		case 1:
			return fmt.Sprintf("%.*f", r.Intn(30), r.Float64()*3)
		case 2:
			return fmt.Sprintf("%.*f", r.Intn(5), r.NormFloat64()*50)
		case 3:
			return pick(r, "0", "1", "-1", "NaN", "Infinity", "-Infinity", "0.5", "10", "100", "1000", "0.001", "1.0000000001", "0.99999", "2", "3", "10000", "0.0", "1e-30", "1e20", "-0.5")
		}
		return fmt.Sprintf("%.*f", r.Intn(8), r.Float64()*20)
	}
	wild := func(r *rand.Rand) string {
		digits := func(n int) string {
			b := []byte{byte('1' + r.Intn(9))}
			for range n {
				b = append(b, byte('0'+r.Intn(10)))
			}
			return string(b)
		}
		switch r.Intn(6) {
		case 0:
			return fmt.Sprintf("%d", r.Intn(14000)-7000)
		case 1:
			return "1." + strings.Repeat("0", r.Intn(20)) + digits(3)
		case 2:
			return "0." + strings.Repeat("9", r.Intn(20)) + digits(3)
		case 3:
			return digits(r.Intn(150)) + "." + digits(r.Intn(60))
		case 4:
			return pick(r, "", "-") + digits(3) + fmt.Sprintf("e%d", r.Intn(160)-80)
		}
		return fmt.Sprintf("%de%d", r.Intn(99), r.Intn(60))
	}
	bin := func(f func(a, b Decimal) (Decimal, error)) func([]Decimal) (Decimal, error) {
		return func(a []Decimal) (Decimal, error) { return f(a[0], a[1]) }
	}
	un := func(f func(a Decimal) (Decimal, error)) func([]Decimal) (Decimal, error) {
		return func(a []Decimal) (Decimal, error) { return f(a[0]) }
	}
	pure := func(f func(a Decimal) Decimal) func([]Decimal) (Decimal, error) {
		return func(a []Decimal) (Decimal, error) { return f(a[0]), nil }
	}
	scaleArg := func(d Decimal) int32 { i, _ := d.Int64(); return int32(i) }
	for _, c := range []struct {
		expr string
		args int
		gen  func(r *rand.Rand) string
		f    func(a []Decimal) (Decimal, error)
		n    int
	}{
		{"A + B", 2, genNumeric, bin(Decimal.Add), 2000},
		{"A - B", 2, genNumeric, bin(Decimal.Sub), 2000},
		{"A * B", 2, genNumeric, bin(Decimal.Mul), 2000},
		{"A / B", 2, genNumeric, bin(Decimal.Div), 3000},
		{"A % B", 2, genNumeric, bin(Decimal.Mod), 2000},
		{"div(A, B)", 2, genNumeric, bin(Decimal.Quo), 1000},
		{"- A", 1, genNumeric, pure(Decimal.Neg), 300},
		{"abs(A)", 1, genNumeric, pure(Decimal.Abs), 300},
		{"sign(A)", 1, genNumeric, pure(Decimal.SignDecimal), 300},
		{"ceil(A)", 1, genNumeric, pure(Decimal.Ceil), 500},
		{"floor(A)", 1, genNumeric, pure(Decimal.Floor), 500},
		{"trim_scale(A)", 1, genNumeric, pure(Decimal.TrimScale), 500},
		{"sqrt(A)", 1, genNumeric, un(Decimal.Sqrt), 1000},
		{"exp(A)", 1, small, un(Decimal.Exp), 1000},
		{"ln(A)", 1, small, un(Decimal.Ln), 1000},
		{"ln(A)", 1, genNumeric, un(Decimal.Ln), 500},
		{"log(A)", 1, small, un(Decimal.Log10), 700},
		{"log(A, B)", 2, small, func(a []Decimal) (Decimal, error) { return a[1].Log(a[0]) }, 1500},
		{"power(A, B)", 2, small, bin(Decimal.Pow), 3000},
		{"A * B", 2, wild, bin(Decimal.Mul), 300},
		{"A / B", 2, wild, bin(Decimal.Div), 500},
		{"A % B", 2, wild, bin(Decimal.Mod), 300},
		{"exp(A)", 1, wild, un(Decimal.Exp), 200},
		{"ln(A)", 1, wild, un(Decimal.Ln), 200},
		{"sqrt(A)", 1, wild, un(Decimal.Sqrt), 300},
		{"log(A, B)", 2, wild, func(a []Decimal) (Decimal, error) { return a[1].Log(a[0]) }, 200},
		{"power(A, B)", 2, func(r *rand.Rand) string {
			if r.Intn(2) == 0 {
				return small(r)
			}
			return wild(r)
		}, bin(Decimal.Pow), 300},
		{"gcd(A, B)", 2, small, bin(Decimal.Gcd), 500},
		{"lcm(A, B)", 2, small, bin(Decimal.Lcm), 500},
		{"round(A, (B)::int % 40)", 2, func(r *rand.Rand) string {
			if r.Intn(2) == 0 {
				return fmt.Sprint(r.Intn(41) - 20)
			}
			return pick(r, "12345.678905", "-99.995", "0.5", "-0.5", "1.5", "5", "4", "99999999999999999999.5", "0.0000000000000000000005", "9223372036854775807", "-9223372036854775808")
		}, nil, 600},
	} {
		rows := make([][]string, c.n)
		args := make([][]Decimal, c.n)
		for i := range rows {
			for range c.args {
				for {
					s := c.gen(r)
					if d, err := ParseDecimal(s); err == nil && d.digits() < 200 {
						if c.f == nil && len(rows[i]) == 1 {
							d = d.rescale(0, toZero)
							if d.digits() > 2 {
								continue
							}
							s = d.String()
						}
						if strings.HasPrefix(c.expr, "power") && len(rows[i]) == 1 && math.Abs(math.Log10(math.Abs(args[i][0].Float()))*d.Float()) > 5000 {
							continue // such results take PostgreSQL seconds
						}
						rows[i] = append(rows[i], s)
						args[i] = append(args[i], d)
						break
					}
				}
			}
		}
		expr := strings.NewReplacer("A", "($1)[1]::numeric", "B", "($1)[2]::numeric").Replace(c.expr)
		want := ask(t, conn, expr, rows)
		bad, near := 0, 0
		for i := range rows {
			var d Decimal
			var err error
			if c.f == nil {
				d, err = args[i][0].Round(scaleArg(args[i][1]) % 40)
			} else {
				start := time.Now()
				d, err = c.f(args[i])
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("%s %q took %v", c.expr, rows[i], took)
				}
			}
			got := d.String()
			if err != nil {
				got = errorLine(err)
			}
			if got != want[i] && near < 3 && err == nil && strings.ContainsAny(c.expr[:1], "elp") {
				// PostgreSQL rounds on the way, so where the true value is a hair
				// from a tie it may print the neighbour.
				if w, err := ParseDecimal(want[i]); err == nil && w.Scale == d.Scale {
					if diff, _ := w.Sub(d); diff.Abs().Cmp(Decimal{Coef: 1, Scale: d.Scale}) == 0 {
						near++
						continue
					}
				}
			}
			if got != want[i] {
				if bad++; bad <= 6 {
					t.Errorf("%s %q:\n got %.200s\nwant %.200s", c.expr, rows[i], got, want[i])
				}
			}
			if err == nil && d.Form == Finite && d.Big != nil && d.Big.IsInt64() {
				t.Errorf("%s %q: %v kept in a big.Int", c.expr, rows[i], d)
			}
		}
		if bad > 6 {
			t.Errorf("%s: %d of %d differ", c.expr, bad, len(rows))
		}
	}
}

// TestDecimalCasts: conversions from and to the machine's numbers.
func TestDecimalCasts(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	rows := make([][]string, 800)
	for i := range rows {
		for {
			s := genNumeric(r)
			if _, err := ParseDecimal(s); err == nil {
				rows[i] = []string{s}
				break
			}
		}
	}
	floats := make([][]string, 800)
	for i := range floats {
		for {
			s := clean(genFloat(r))
			if _, err := Parse(Float4, -1, s, nil); err == nil {
				floats[i] = []string{s}
				break
			}
		}
	}
	intOf := func(ty *Type) func(s string) (string, error) {
		return func(s string) (string, error) {
			d, _ := ParseDecimal(s)
			i, err := d.ToInt(ty)
			return fmt.Sprint(i), err
		}
	}
	floatToInt := func(ty *Type) func(s string) (string, error) {
		return func(s string) (string, error) {
			d, _ := Parse(Float8, -1, s, nil)
			i, err := FloatToInt(ty, d.Float())
			return fmt.Sprint(i), err
		}
	}
	for _, c := range []struct {
		expr string
		rows [][]string
		f    func(s string) (string, error)
	}{
		{"A::numeric::int2", rows, intOf(Int2)},
		{"A::numeric::int4", rows, intOf(Int4)},
		{"A::numeric::int8", rows, intOf(Int8)},
		{"A::numeric::float8", rows, func(s string) (string, error) {
			d, _ := ParseDecimal(s)
			f, err := d.ToFloat8()
			return string(AppendFloat8(nil, f, 1)), err
		}},
		{"A::numeric::float4", rows, func(s string) (string, error) {
			d, _ := ParseDecimal(s)
			f, err := d.ToFloat4()
			return string(AppendFloat4(nil, f, 1)), err
		}},
		{"A::float8::numeric", floats, func(s string) (string, error) {
			d, _ := Parse(Float8, -1, s, nil)
			return DecimalFromFloat8(d.Float()).String(), nil
		}},
		{"A::float4::numeric", floats, func(s string) (string, error) {
			d, _ := Parse(Float4, -1, s, nil)
			return DecimalFromFloat4(d.Float()).String(), nil
		}},
		{"A::float8::int2", floats, floatToInt(Int2)},
		{"A::float8::int4", floats, floatToInt(Int4)},
		{"A::float8::int8", floats, floatToInt(Int8)},
		{"A::float8::float4", floats, func(s string) (string, error) {
			d, _ := Parse(Float8, -1, s, nil)
			f, err := FloatTo4(d.Float())
			return string(AppendFloat4(nil, f, 1)), err
		}},
	} {
		want := ask(t, conn, strings.Replace(c.expr, "A", "($1)[1]", 1), c.rows)
		bad := 0
		for i := range c.rows {
			got, err := c.f(c.rows[i][0])
			if err != nil {
				got = errorLine(err)
			}
			if got != want[i] {
				if bad++; bad <= 5 {
					t.Errorf("%s %q:\n got %s\nwant %s", c.expr, c.rows[i], got, want[i])
				}
			}
		}
	}
}

// TestDecimalAggregates: sum, avg, variance and stddev.
func TestDecimalAggregates(t *testing.T) {
	conn := postgres(t)
	r := newRand(t)
	for round := 0; round < 120; round++ {
		n := 1 + r.Intn(8)
		var list []string
		var sum, squares DecimalSum
		var other DecimalSum
		ints := r.Intn(3) == 0
		for i := 0; i < n; i++ {
			s := genNumeric(r)
			if ints {
				s = fmt.Sprint(r.Int63() - r.Int63())
			}
			d, err := ParseDecimal(s)
			if err != nil || d.digits() > 100 || d.Scale > 100 {
				i--
				continue
			}
			list = append(list, s)
			if i%3 == 2 {
				other.Add(d)
			} else {
				sum.Add(d)
			}
			q, _ := d.Mul(d)
			squares.Add(q)
		}
		sum.Merge(&other)
		in := [][]string{{strings.Join(list, " ")}}
		text := func(d Decimal, null bool, err error) string {
			if null {
				return "NULL"
			}
			if err != nil {
				return errorLine(err)
			}
			return d.String()
		}
		s, err := sum.Sum()
		a, err2 := sum.Avg()
		for _, c := range []struct{ agg, got string }{
			{"sum", text(s, false, err)},
			{"avg", text(a, false, err2)},
			{"var_samp", text(DecimalVariance(&sum, &squares, true, false))},
			{"var_pop", text(DecimalVariance(&sum, &squares, false, false))},
			{"stddev_samp", text(DecimalVariance(&sum, &squares, true, true))},
			{"stddev_pop", text(DecimalVariance(&sum, &squares, false, true))},
		} {
			want := ask(t, conn, "SELECT "+c.agg+"(v::numeric) FROM unnest(string_to_array(trim(($1)[1]), ' ')) v WHERE v <> ''", in)[0]
			if c.got != want {
				t.Errorf("%s of %q:\n got %s\nwant %s", c.agg, list, c.got, want)
			}
		}
	}
}
