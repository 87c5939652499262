package builtin

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"rowkey/pgerr"
	"rowkey/types"
)

// A kernel and the function for single rows give the same answers, whichever
// arguments are constant, with and without NULLs and selections, errors
// included.
func TestVecAgreesWithEval(t *testing.T) {
	r := rand.New(rand.NewSource(seed()))
	t.Logf("seed %d", seed())
	ctx := &Ctx{Context: context.Background(), Env: types.DefaultEnv}
	done := 0
	for _, f := range AllFuncs() {
		if f.Kind != Scalar || f.Vec == nil || polymorphic(f) || f.Volatility == Volatile {
			continue
		}
		done++
	variants:
		for variant := 0; variant < 40; variant++ {
			n := r.Intn(20) + 1
			if variant%5 == 0 {
				n += 600
			}
			args := make([]Arg, len(f.Args))
			for i, a := range f.Args {
				pool := poolFor(f.Name, i, a)
				if len(pool) == 0 {
					break variants
				}
				m, isConst := n, r.Intn(3) == 0
				if isConst {
					m = 1
				}
				// Without the extremes now and then, so that not every batch fails.
				if variant%2 == 0 {
					pool = pool[:max(1, len(pool)/2)]
				}
				nullable := r.Intn(2) == 0
				v := types.NewVec(a, m)
				for range m {
					if nullable && r.Intn(5) == 0 {
						v.Append(types.Null)
						continue
					}
					d, err := types.Parse(a, -1, pool[r.Intn(len(pool))], nil)
					if err != nil {
						d, _ = types.Parse(a, -1, pools[a.Name][0], nil)
					}
					v.Append(d)
				}
				args[i] = Arg{Vec: v, Const: isConst}
			}
			var sel []int32
			if r.Intn(2) == 0 {
				sel = []int32{}
				for i := range n {
					if r.Intn(3) > 0 {
						sel = append(sel, int32(i))
					}
				}
			}
			compareVec(t, ctx, f, args, n, sel)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d functions with kernels", done)
}

func compareVec(t *testing.T, ctx *Ctx, f *Func, args []Arg, n int, sel []int32) {
	t.Helper()
	slow := *f
	slow.Vec = nil
	run := func(f *Func) (*types.Vec, error) {
		out := types.NewVec(f.Result, n)
		out.Resize(n)
		// What is left over from another batch must not matter.
		for i := range n {
			out.SetNull(i)
		}
		err := CallVec(f, ctx, args, out, n, sel)
		return out, err
	}
	a, err1 := run(f)
	b, err2 := run(&slow)
	if (err1 == nil) != (err2 == nil) || err1 != nil && pgerr.Of(err1).Code != pgerr.Of(err2).Code {
		t.Fatalf("%s: kernel error %v, row error %v", signature(f.Name, f.Args), err1, err2)
	}
	if err1 != nil {
		return
	}
	for j := range rowCount(n, sel) {
		i := j
		if sel != nil {
			i = int(sel[j])
		}
		x, y := a.Datum(i), b.Datum(i)
		if x.IsNull() != y.IsNull() || !x.IsNull() && string(types.AppendText(nil, f.Result, x, nil)) != string(types.AppendText(nil, f.Result, y, nil)) {
			var in []string
			for _, arg := range args {
				in = append(in, fmt.Sprint(arg.Datum(i&arg.mask())))
			}
			t.Fatalf("%s row %d of %v: kernel %v, row %v", signature(f.Name, f.Args), i, in, x, y)
		}
	}
}

// benchArgs makes two columns of a thousand rows.
func benchArgs(t *types.Type, gen func(i int) types.Datum, constRight bool) []Arg {
	a, b := types.NewVec(t, 1024), types.NewVec(t, 1024)
	for i := range 1024 {
		a.Append(gen(i))
		b.Append(gen(1023 - i))
	}
	return []Arg{{Vec: a}, {Vec: b, Const: constRight}}
}

func BenchmarkKernels(b *testing.B) {
	ints := func(i int) types.Datum { return types.NewInt(int64(i%100 + 1)) }
	floats := func(i int) types.Datum { return types.NewFloat(float64(i) + 0.5) }
	decimals := func(i int) types.Datum { return types.NewDecimal(types.Decimal{Coef: int64(i + 1), Scale: 2}) }
	strs := func(i int) types.Datum { return types.NewString(fmt.Sprintf("customer#%06d name", i)) }
	for _, c := range []struct {
		sig string
		t   *types.Type
		gen func(int) types.Datum
	}{
		{"int4pl(int4,int4)", types.Int4, ints}, {"int8pl(int8,int8)", types.Int8, ints}, {"int8mul(int8,int8)", types.Int8, ints},
		{"int4div(int4,int4)", types.Int4, ints}, {"int4lt(int4,int4)", types.Int4, ints}, {"float8pl(float8,float8)", types.Float8, floats},
		{"float8mul(float8,float8)", types.Float8, floats}, {"float8lt(float8,float8)", types.Float8, floats},
		{"numeric_add(numeric,numeric)", types.Numeric, decimals}, {"numeric_mul(numeric,numeric)", types.Numeric, decimals},
		{"numeric_lt(numeric,numeric)", types.Numeric, decimals}, {"numeric_div(numeric,numeric)", types.Numeric, decimals},
		{"texteq(text,text)", types.Text, strs}, {"text_lt(text,text)", types.Text, strs}, {"textcat(text,text)", types.Text, strs},
		{"textlike(text,text)", types.Text, func(i int) types.Datum { return types.NewString([]string{"%0005%", "customer#0%"}[i%2]) }},
		{"texticlike(text,text)", types.Text, func(i int) types.Datum { return types.NewString([]string{"%0005%", "Customer#0%"}[i%2]) }},
		{"lower(text)", types.Text, strs}, {"length(text)", types.Text, strs}, {"textregexeq(text,text)", types.Text, strs},
	} {
		f := bySignature(c.sig)
		for _, constRight := range []bool{false, true} {
			name := c.sig
			if constRight {
				name += "/const"
			}
			b.Run(name, func(b *testing.B) {
				args := benchArgs(c.t, c.gen, constRight)[:len(f.Args)]
				out := types.NewVec(f.Result, 1024)
				b.ReportAllocs()
				for b.Loop() {
					if err := CallVec(f, nil, args, out, 1024, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/row")
			})
		}
	}
}

func BenchmarkAggregates(b *testing.B) {
	groups := make([]int32, 1024)
	for i := range groups {
		groups[i] = int32(i % 37)
	}
	for _, c := range []struct {
		sig string
		t   *types.Type
		gen func(int) types.Datum
	}{
		{"count(any)", types.Int4, func(i int) types.Datum { return types.NewInt(int64(i)) }},
		{"sum(int4)", types.Int4, func(i int) types.Datum { return types.NewInt(int64(i)) }},
		{"sum(int8)", types.Int8, func(i int) types.Datum { return types.NewInt(int64(i)) }},
		{"sum(float8)", types.Float8, func(i int) types.Datum { return types.NewFloat(float64(i)) }},
		{"avg(numeric)", types.Numeric, func(i int) types.Datum { return types.NewDecimal(types.Decimal{Coef: int64(i), Scale: 2}) }},
		{"min(int4)", types.Int4, func(i int) types.Datum { return types.NewInt(int64(i)) }},
		{"max(text)", types.Text, func(i int) types.Datum { return types.NewString(fmt.Sprint("name ", i)) }},
	} {
		f := bySignature(c.sig)
		for _, grouped := range []bool{false, true} {
			name := c.sig
			g := groups
			if grouped {
				name += "/grouped"
			} else {
				g = nil
			}
			b.Run(name, func(b *testing.B) {
				args := benchArgs(c.t, c.gen, false)[:1]
				s := f.Agg.New([]*types.Type{c.t})
				s.Grow(37)
				for b.Loop() {
					if err := s.Add(nil, args, g, 1024, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/row")
			})
		}
	}
}
