package executor

import (
	"bytes"
	"math"
	"math/big"
	"math/rand"
	"os"
	"reflect"
	"testing"
	"time"

	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// little makes every operator that can put rows on disk do so at once.
func little(ctx *Ctx, dir string) {
	ctx.WorkMem, ctx.HashMem, ctx.Temp = 1, 1, &TempFiles{Dir: dir}
	ctx.Memory = NewAccount(0, nil)
}

// Joins of every kind, groups, distinct rows, set operations and sorts give the same on disk.
func TestSpilledGiveTheSame(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	dir := t.TempDir()
	for range 6 {
		w := newWorld(t)
		a, _ := randomTable(w, r, "a", r.Intn(4000))
		b, _ := randomTable(w, r, "b", r.Intn(300))
		var plans []*plan.Plan
		for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.RightJoin, plan.FullJoin, plan.SemiJoin, plan.AntiJoin, plan.AntiNullJoin} {
			l, rt := scan(a, 1, 2, 3), scan(b, 1, 2, 3)
			base := colsOf(types.Int4, types.Text, types.Float8, types.Int4, types.Text, types.Float8)
			if kind >= plan.SemiJoin {
				base = colsOf(types.Int4, types.Text, types.Float8)
			}
			j := &plan.HashJoin{Base: base, Kind: kind, Left: l, Right: rt}
			k := r.Intn(2)
			j.LeftKeys, j.RightKeys = []plan.Expr{c(l, k)}, []plan.Expr{c(rt, k)}
			if r.Intn(3) == 0 && kind != plan.AntiNullJoin {
				j.LeftKeys, j.RightKeys = append(j.LeftKeys, c(l, 2)), append(j.RightKeys, c(rt, 2))
				j.NullsEqual = []bool{r.Intn(2) == 0, r.Intn(2) == 0}
			}
			plans = append(plans, query(j))
		}
		s := scan(a, 1, 2, 3)
		plans = append(plans,
			query(aggNode(s, []plan.Expr{c(s, 1), c(s, 0)}, agg("count", nil), agg("sum", c(s, 0)), agg("max", c(s, 1)))),
			query(aggNode(s, []plan.Expr{c(s, 2)}, agg("count", nil))),
			query(&plan.Distinct{Base: s.Base, Input: s}))
		for _, kind := range []plan.SetOpKind{plan.Intersect, plan.IntersectAll, plan.Except, plan.ExceptAll} {
			// The tables share values.
			l, rt := scan(a, 1), scan(b, 1)
			if r.Intn(2) == 0 {
				l, rt = scan(b, 1, 2), scan(a, 1, 2)
			}
			plans = append(plans, query(&plan.SetOp{Base: l.Base, Kind: kind, Left: l, Right: rt}))
		}
		for i, p := range plans {
			want := sorted(texts(p, w.rowsOf(p)))
			w.each = func(ctx *Ctx) { little(ctx, dir) }
			got := sorted(texts(p, w.rowsOf(p)))
			w.each = nil
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("plan %d: %d rows on disk, %d in memory", i, len(got), len(want))
			}
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files left behind", len(left))
	}
}

// What is on disk comes back as it was.
func TestSpoolRoundTrip(t *testing.T) {
	ts := []*types.Type{types.Bool, types.Int8, types.Float8, types.Text, types.Numeric, types.Interval, types.ByName("_text")}
	x := newExec(&Ctx{WorkMem: 1, HashMem: 1, Temp: &TempFiles{Dir: t.TempDir()}}, &plan.Plan{})
	if !x.canSpill(ts) {
		t.Fatal("these types can be put on disk")
	}
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	rows := [][]types.Datum{
		{types.NewBool(true), types.NewInt(-5), types.NewFloat(1.5), types.NewString("abc"), types.NewDecimal(types.Decimal{Coef: 125, Scale: 2}), types.NewSpan(types.Span{Months: 1, Days: 2, Micros: 3}), types.NewAny(&types.Array{Elem: types.Text, Dims: []types.ArrayDim{{Len: 2, Lower: 1}}, Elems: []types.Datum{types.NewString("x"), types.Null}})},
		{types.Null, types.Null, types.Null, types.Null, types.Null, types.Null, types.Null},
		{types.NewBool(false), types.NewInt(1 << 60), types.NewFloat(math.Copysign(0, -1)), types.NewString(""), types.NewDecimal(types.Decimal{Scale: 5, Big: huge}), types.NewSpan(types.Span{}), types.NewAny(&types.Array{Elem: types.Text})},
		{types.NewBool(true), types.NewInt(0), types.NewFloat(3), types.NewString(string(bytes.Repeat([]byte("y"), 100_000))), types.NewDecimal(types.Decimal{Form: types.NaN}), types.NewSpan(types.Span{Days: -1}), types.Null},
	}
	s := x.newSpool(ts)
	defer s.close()
	const times = 2000
	b := &types.Batch{Cols: newVecs(ts, len(rows)), N: len(rows)}
	for i, c := range b.Cols {
		c.Resize(len(rows))
		for k, r := range rows {
			c.Set(k, r[i])
		}
	}
	for range times {
		if err := s.add(b, []int32{0, 1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.rewind(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			b, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			for i := range b.N {
				for k, c := range b.Cols {
					want, got := rows[n%4][k], c.Datum(i)
					if want.IsNull() != got.IsNull() || !want.IsNull() && types.TextOf(ts[k], want, &types.Env{}) != types.TextOf(ts[k], got, &types.Env{}) {
						t.Fatalf("row %d column %d: %v, want %v", n, k, got, want)
					}
				}
				n++
			}
		}
		if n != 4*times {
			t.Fatalf("%d rows, want %d", n, 4*times)
		}
	}
}

// A statement that puts more on disk than it may gets 53400; its files go.
func TestTempLimit(t *testing.T) {
	w := newWorld(t)
	tab, _ := randomTable(w, rand.New(rand.NewSource(1)), "t", 20_000)
	s := scan(tab, 1, 2, 3)
	p := query(&plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{{Expr: c(s, 0)}}})
	ctx, txn := w.begin(kv.ReadCommitted)
	defer txn.Rollback()
	little(ctx, t.TempDir())
	ctx.TempLimit = 64 << 10
	_, err := Run(ctx, p, nil)
	if pgerr.CodeOf(err) != pgerr.ConfigurationLimitExceeded {
		t.Fatalf("got %v", err)
	}
	if u := ctx.Memory.Used(); u != 0 {
		t.Errorf("%d bytes not given back", u)
	}
}
