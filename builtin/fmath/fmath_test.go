package fmath

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// Results are within half a unit in the last place and a hair of the true
// value, found here with 200 bits from the functions' own series.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		x := r.NormFloat64() * 3
		near(t, "exp", x, Exp(x), bigExp(x))
		if s := bigSin(x); s != nil {
			near(t, "sin", x, Sin(x), s)
		}
	}
}

func near(t *testing.T, name string, x, got float64, want *big.Float) {
	t.Helper()
	w, _ := want.Float64()
	if got != w {
		t.Errorf("%s(%v) = %v, want %v", name, x, got, w)
	}
}

const bits = 240

func num(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }

func series(x *big.Float, first *big.Float, next func(term *big.Float, k float64) *big.Float) *big.Float {
	sum, term := new(big.Float).Copy(first), new(big.Float).Copy(first)
	for k := 1.0; k < 200; k++ {
		term = next(term, k)
		sum.Add(sum, term)
	}
	return sum
}

func bigExp(x float64) *big.Float {
	return series(num(x), num(1), func(t *big.Float, k float64) *big.Float {
		t = new(big.Float).SetPrec(bits).Mul(t, num(x))
		return t.Quo(t, num(k))
	})
}

func bigSin(x float64) *big.Float {
	if math.Abs(x) > 20 {
		return nil
	}
	return series(num(x), num(x), func(t *big.Float, k float64) *big.Float {
		t = new(big.Float).SetPrec(bits).Mul(t, num(x))
		t.Mul(t, num(x))
		return t.Quo(t, num(-2*k*(2*k+1)))
	})
}

// The functions undo each other, and special values are those of package math.
func TestInverses(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 2000 {
		x := r.Float64() * 20
		if y := Log(Exp(x)); math.Abs(y-x) > 1e-15*math.Max(1, x) {
			t.Errorf("log(exp(%v)) = %v", x, y)
		}
		if y := Cbrt(x * x * x); math.Abs(y-x) > 1e-15*x {
			t.Errorf("cbrt(%v³) = %v", x, y)
		}
		if y := Tan(Atan(x)); math.Abs(y-x) > 1e-13*math.Max(1, x*x) {
			t.Errorf("tan(atan(%v)) = %v", x, y)
		}
	}
	for i := -20; i <= 20; i++ {
		if p := Pow(10, float64(i)); i >= 0 && p != math.Pow10(i) || Log10(math.Pow10(i)) != float64(i) {
			t.Errorf("10^%d = %v, log10 of it %v", i, p, Log10(math.Pow10(i)))
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, math.MaxFloat64, 1e-300} {
		for _, f := range []struct {
			name      string
			ours, std func(float64) float64
		}{{"exp", Exp, math.Exp}, {"sin", Sin, math.Sin}, {"atan", Atan, math.Atan}, {"tanh", Tanh, math.Tanh}, {"sinh", Sinh, math.Sinh}, {"cbrt", Cbrt, math.Cbrt}, {"cosh", Cosh, math.Cosh}} {
			a, b := f.ours(x), f.std(x)
			if a != b && !(math.IsNaN(a) && math.IsNaN(b)) && math.Abs(a-b) > 4e-16*math.Abs(b) {
				t.Errorf("%s(%v) = %v, want %v", f.name, x, a, b)
			}
		}
	}
}

func BenchmarkExp(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		Exp(float64(i&63) * 0.37)
	}
}

func BenchmarkSin(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		Sin(float64(i&63) * 0.37)
	}
}

func BenchmarkPow(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		Pow(float64(i&63)+0.5, 2.5)
	}
}

// TestPowHuge: exponents that are too large to be multiplied exactly.
func TestPowHuge(t *testing.T) {
	for _, c := range [][3]float64{{13.5, 1e308, math.Inf(1)}, {0.5, 1e308, 0}, {13.5, -1e308, 0}, {0.5, -1e308, math.Inf(1)}, {-3, 1e300, math.Inf(1)}} {
		if got := Pow(c[0], c[1]); got != c[2] {
			t.Errorf("Pow(%v, %v) = %v, expected %v", c[0], c[1], got, c[2])
		}
	}
}
