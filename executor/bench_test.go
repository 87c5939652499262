package executor

import (
	"context"
	"math/rand"
	"strconv"
	"sync"
	"testing"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

const million = 1_000_000

var bigOnce struct {
	sync.Once
	w     *world
	t, t2 *catalog.Table
}

// bigTables is a table of a million rows (id int8, g int4, v float8, s text) and one
// of 100,000 (id int8, name text, k int4).
func bigTables(b *testing.B) (*world, *catalog.Table, *catalog.Table) {
	bigOnce.Do(func() {
		w := newWorld(b)
		t := w.table("t", []col{{"id", types.Int8, true}, {"g", types.Int4, false}, {"v", types.Float8, false}, {"s", types.Text, false}, {"j", types.Int8, false}}, 1)
		r := rand.New(rand.NewSource(1))
		w.load(t, million, func(cols []*types.Vec, from, n int) {
			for i := range n {
				cols[0].I[i] = int64(from + i)
				cols[1].I[i] = int64(r.Intn(1000))
				cols[2].F[i] = r.Float64()
				cols[3].S[i] = "row" + strconv.Itoa(from+i)
				cols[4].I[i] = int64(r.Intn(100_000))
			}
		})
		t2 := w.table("t2", []col{{"id", types.Int8, true}, {"name", types.Text, false}, {"k", types.Int4, false}}, 1)
		w.load(t2, 100_000, func(cols []*types.Vec, from, n int) {
			for i := range n {
				cols[0].I[i] = int64(from + i)
				cols[1].S[i] = "name" + strconv.Itoa(from+i)
				cols[2].I[i] = int64((from + i) % 20)
			}
		})
		bigOnce.w, bigOnce.t, bigOnce.t2 = w, t, t2
	})
	bigOnce.w.tb = b
	return bigOnce.w, bigOnce.t, bigOnce.t2
}

func agg(name string, arg plan.Expr) plan.AggCall {
	for _, f := range builtin.Funcs(name) {
		if f.Kind != builtin.Aggregate {
			continue
		}
		if arg == nil && len(f.Args) == 0 {
			return plan.AggCall{Fn: f, Star: true, Typ: f.Result, Mod: -1}
		}
		if arg != nil && len(f.Args) == 1 && (f.Args[0] == arg.Type() || f.Args[0] == types.AnyType || f.Args[0] == types.AnyElement || f.Args[0] == types.AnyNonArray) {
			t := f.Result
			if t.Kind == types.KindPseudo {
				t = arg.Type()
				if f.Result == types.AnyArray {
					t = t.Array
				}
			}
			return plan.AggCall{Fn: f, Args: []plan.Expr{arg}, Typ: t, Mod: -1}
		}
	}
	panic("no aggregate " + name)
}

func aggNode(in plan.Node, groups []plan.Expr, calls ...plan.AggCall) *plan.Agg {
	a := &plan.Agg{Input: in, Groups: groups, Calls: calls}
	for _, g := range groups {
		a.Cols = append(a.Cols, plan.Column{Type: g.Type(), Typmod: -1})
	}
	for _, c := range calls {
		a.Cols = append(a.Cols, plan.Column{Type: c.Typ, Typmod: -1})
	}
	return a
}

func benchPlan(b *testing.B, w *world, p *plan.Plan, rows int) {
	for _, workers := range []int{1, 2} {
		b.Run("workers="+strconv.Itoa(workers), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				ctx, txn := w.begin(kv.ReadCommitted)
				ctx.Workers = workers
				if _, err := Run(ctx, p, nil); err != nil {
					b.Fatal(err)
				}
				txn.Rollback()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
}

func BenchmarkScanSum(b *testing.B) {
	w, t, _ := bigTables(b)
	s := scan(t, 3)
	benchPlan(b, w, query(aggNode(s, nil, agg("count", nil), agg("sum", c(s, 0)))), million)
}

func BenchmarkScanFilterCount(b *testing.B) {
	w, t, _ := bigTables(b)
	s := scan(t, 2, 3)
	s.Filter = op2("<", c(s, 0), konst(types.Int4, types.NewInt(100)))
	benchPlan(b, w, query(aggNode(s, nil, agg("sum", c(s, 1)))), million)
}

func BenchmarkGroupBy(b *testing.B) {
	w, t, _ := bigTables(b)
	s := scan(t, 2, 3)
	benchPlan(b, w, query(aggNode(s, []plan.Expr{c(s, 0)}, agg("count", nil), agg("sum", c(s, 1)))), million)
}

func BenchmarkHashJoin(b *testing.B) {
	w, t, t2 := bigTables(b)
	l, r := scan(t, 5, 3), scan(t2, 1, 3)
	j := &plan.HashJoin{Base: colsOf(types.Int8, types.Float8, types.Int8, types.Int4), Left: l, Right: r,
		LeftKeys: []plan.Expr{c(l, 0)}, RightKeys: []plan.Expr{c(r, 0)}}
	benchPlan(b, w, query(aggNode(j, []plan.Expr{c(j, 3)}, agg("count", nil), agg("sum", c(j, 1)))), million)
}

func BenchmarkTop10(b *testing.B) {
	w, t, _ := bigTables(b)
	s := scan(t, 1, 3)
	k := &plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{{Expr: c(s, 1), Desc: true, NullsFirst: true}}, Bound: konst(types.Int8, types.NewInt(10))}
	benchPlan(b, w, query(k), million)
}

func BenchmarkSort(b *testing.B) {
	w, t, _ := bigTables(b)
	s := scan(t, 1, 3)
	k := &plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{{Expr: c(s, 1)}}}
	benchPlan(b, w, query(k), million)
}

func BenchmarkScanAll(b *testing.B) {
	w, t, _ := bigTables(b)
	benchPlan(b, w, query(scan(t, 1, 2, 3, 4)), million)
}

var _ = context.Background
