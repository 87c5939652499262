package executor

import (
	"cmp"
	"math"
	"math/rand"
	"slices"
	"testing"
	"time"

	"rowkey/types"
)

// The fast comparisons find what the plain ones find, with and without a
// selection and NULLs; NaN is greater than all numbers.
func TestCompareWithValue(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for range 2000 {
		n := 1 + r.Intn(40)
		nulls := make([]bool, n)
		ints, floats, texts := make([]int64, n), make([]float64, n), make([]string, n)
		for i := range n {
			nulls[i] = r.Intn(4) == 0
			ints[i] = []int64{math.MinInt64, -1, 0, 1, 2, math.MaxInt64}[r.Intn(6)]
			floats[i] = []float64{math.Inf(-1), -1, math.Copysign(0, -1), 0, 1, math.Inf(1), math.NaN()}[r.Intn(7)]
			texts[i] = []string{"", "a", "b", "ba"}[r.Intn(4)]
		}
		if r.Intn(2) == 0 {
			nulls = nil
		}
		var sel []int32
		if r.Intn(2) == 0 {
			sel = []int32{}
			for i := range n {
				if r.Intn(2) == 0 {
					sel = append(sel, int32(i))
				}
			}
		}
		for o := cmpEq; o <= cmpGe; o++ {
			at := r.Intn(n)
			checkCompare(t, o, ints, ints[at], cmp.Compare[int64], nulls, sel)
			checkCompare(t, o, texts, texts[at], cmp.Compare[string], nulls, sel)
			if c := floats[at]; c == c {
				checkCompare(t, o, floats, c, types.CompareFloat, nulls, sel)
			}
		}
	}
}

func checkCompare[T int64 | float64 | string](t *testing.T, o cmpOp, v []T, c T, compare func(a, b T) int, nulls []bool, sel []int32) {
	t.Helper()
	var want []int32
	for _, i := range selected(len(v), sel) {
		if (nulls == nil || !nulls[i]) && o.holds(compare(v[i], c)) {
			want = append(want, i)
		}
	}
	got := cmpValue(o, v, c, nulls, len(v), sel, make([]int32, 0, len(v)))
	if !slices.Equal(got, want) {
		t.Fatalf("operator %d of %v and %v, nulls %v, rows %v: %v, want %v", o, v, c, nulls, sel, got, want)
	}
	if sel != nil { // in place
		sel := slices.Clone(sel)
		if got := cmpValue(o, v, c, nulls, len(v), sel, sel[:0]); !slices.Equal(got, want) {
			t.Fatalf("in place: %v, want %v", got, want)
		}
	}
}

func BenchmarkCompareValue(b *testing.B) {
	const n = 1024
	r := rand.New(rand.NewSource(1))
	ints, floats, texts := make([]int64, n), make([]float64, n), make([]string, n)
	for i := range n {
		ints[i] = int64(r.Intn(100))
		floats[i] = r.Float64() * 100
		texts[i] = string([]byte{byte('a' + r.Intn(26)), byte('a' + r.Intn(26)), 'x'})
	}
	out := make([]int32, 0, n)
	nulls := make([]bool, n)
	half := selected(n, nil)[:n/2]
	names := []string{"eq", "ne", "lt", "le", "gt", "ge"}
	for o := cmpEq; o <= cmpGe; o++ {
		b.Run("int/"+names[o], func(b *testing.B) {
			for range b.N {
				out = cmpValue(o, ints, 50, nil, n, nil, out[:0])
			}
		})
	}
	for _, o := range []cmpOp{cmpEq, cmpLt, cmpGe} {
		b.Run("float/"+names[o], func(b *testing.B) {
			for range b.N {
				out = cmpValue(o, floats, 50, nil, n, nil, out[:0])
			}
		})
		b.Run("text/"+names[o], func(b *testing.B) {
			for range b.N {
				out = cmpValue(o, texts, "mm", nil, n, nil, out[:0])
			}
		})
	}
	b.Run("int/nulls", func(b *testing.B) {
		for range b.N {
			out = cmpValue(cmpLt, ints, 50, nulls, n, nil, out[:0])
		}
	})
	b.Run("int/selection", func(b *testing.B) {
		for range b.N {
			out = cmpValue(cmpLt, ints, 50, nil, n, half, out[:0])
		}
	})
	b.Run("float/selection", func(b *testing.B) {
		for range b.N {
			out = cmpValue(cmpLt, floats, 50, nil, n, half, out[:0])
		}
	})
}
