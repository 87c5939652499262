package executor

import (
	"fmt"
	"math/rand"
	"reflect"
	"sort"
	"testing"
	"time"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Joins, aggregates and sorts against the plainest way to compute them, on
// random data with many duplicates and NULLs.

// randomTable fills a table (a int4, b text, c float8) with few distinct values.
func randomTable(w *world, r *rand.Rand, name string, n int) (*catalog.Table, [][]types.Datum) {
	t := w.table(name, []col{{"a", types.Int4, false}, {"b", types.Text, false}, {"c", types.Float8, false}})
	var rows [][]types.Datum
	domain := 40 + r.Intn(2)*r.Intn(900)
	w.load(t, n, func(cols []*types.Vec, from, m int) {
		for i := range m {
			row := []types.Datum{types.NewInt(int64(r.Intn(domain))), types.NewString(string(rune('a' + r.Intn(6)))), types.NewFloat(float64(r.Intn(9)) / 2)}
			for k := range row {
				if r.Intn(9) == 0 {
					row[k] = types.Null
				}
				cols[k].Set(i, row[k])
			}
			rows = append(rows, row)
		}
	})
	return t, rows
}

var rowTypes = []*types.Type{types.Int4, types.Text, types.Float8}

func sorted(rows []string) []string {
	sort.Strings(rows)
	return rows
}

func TestJoinsProperty(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	kinds := map[plan.JoinKind]string{plan.InnerJoin: "inner", plan.LeftJoin: "left", plan.RightJoin: "right", plan.FullJoin: "full", plan.SemiJoin: "semi", plan.AntiJoin: "anti"}
	for round := range 12 {
		w := newWorld(t)
		lt, lrows := randomTable(w, r, "l", r.Intn(80)*(1+r.Intn(20)))
		rt, rrows := randomTable(w, r, "r", r.Intn(60))
		for kind, name := range kinds {
			withCond := r.Intn(2) == 0
			wide := append(append([]*types.Type(nil), rowTypes...), rowTypes...)
			outTypes := wide
			if kind >= plan.SemiJoin {
				outTypes = rowTypes
			}
			match := func(l, r []types.Datum) bool {
				if l[0].IsNull() || r[0].IsNull() || l[0].I != r[0].I {
					return false
				}
				return !withCond || !l[2].IsNull() && !r[2].IsNull() && l[2].Float() < r[2].Float()
			}
			var want []string
			hitR := make([]bool, len(rrows))
			nulls := make([]types.Datum, 3)
			for _, l := range lrows {
				hit := false
				for j, r := range rrows {
					if match(l, r) {
						hit, hitR[j] = true, true
						if kind < plan.SemiJoin {
							want = append(want, text(wide, append(append([]types.Datum(nil), l...), r...)))
						}
					}
				}
				switch {
				case kind == plan.SemiJoin && hit, kind == plan.AntiJoin && !hit:
					want = append(want, text(rowTypes, l))
				case !hit && (kind == plan.LeftJoin || kind == plan.FullJoin):
					want = append(want, text(wide, append(append([]types.Datum(nil), l...), nulls...)))
				}
			}
			if kind == plan.RightJoin || kind == plan.FullJoin {
				for j, r := range rrows {
					if !hitR[j] {
						want = append(want, text(wide, append(append([]types.Datum(nil), nulls...), r...)))
					}
				}
			}
			sort.Strings(want)
			try := func(method string, n plan.Node) {
				p := query(n)
				got := sorted(texts(p, w.rowsOf(p)))
				if len(got) == 0 && len(want) == 0 {
					return
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("round %d: %s %s (condition %v): %d rows, want %d\n%v\n%v", round, method, name, withCond, len(got), len(want), got, want)
				}
			}
			l, rr := scan(lt, 1, 2, 3), scan(rt, 1, 2, 3)
			joined := &plan.Values{Base: colsOf(wide...)}
			var cond, eq plan.Expr
			if withCond {
				cond = op2("<", c(joined, 2), c(joined, 5))
			}
			eq = op2("=", c(joined, 0), c(joined, 3))
			try("hash join", &plan.HashJoin{Base: colsOf(outTypes...), Kind: kind, Left: l, Right: rr,
				LeftKeys: []plan.Expr{c(l, 0)}, RightKeys: []plan.Expr{c(rr, 0)}, Cond: cond})
			both := eq
			if cond != nil {
				both = &plan.And{T: plan.T{Typ: types.Bool, Mod: -1}, Args: []plan.Expr{eq, cond}}
			}
			try("nested loop", &plan.NestLoop{Base: colsOf(outTypes...), Kind: kind, Left: l, Right: rr, Cond: both})
			lk, rk := []plan.SortKey{{Expr: c(l, 0)}}, []plan.SortKey{{Expr: c(rr, 0)}}
			try("merge join", &plan.MergeJoin{Base: colsOf(outTypes...), Kind: kind, LeftKeys: lk, RightKeys: rk, Cond: cond,
				Left: &plan.Sort{Base: colsOf(rowTypes...), Input: l, Keys: lk}, Right: &plan.Sort{Base: colsOf(rowTypes...), Input: rr, Keys: rk}})
		}
	}
}

func TestAggregatesProperty(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for range 20 {
		w := newWorld(t)
		n := r.Intn(4000)
		tab, rows := randomTable(w, r, "t", n)
		s := scan(tab, 1, 2, 3)
		type group struct {
			key   string
			count int64
			sum   int64
			some  bool
		}
		groups := map[string]*group{}
		for _, row := range rows {
			k := text(rowTypes[:2], row[:2])
			g := groups[k]
			if g == nil {
				g = &group{key: k}
				groups[k] = g
			}
			g.count++
			if !row[0].IsNull() {
				g.sum += row[0].I
				g.some = true
			}
		}
		var want []string
		for _, g := range groups {
			sum := "NULL"
			if g.some {
				sum = fmt.Sprint(g.sum)
			}
			want = append(want, fmt.Sprintf("%s|%d|%s", g.key, g.count, sum))
		}
		sort.Strings(want)
		p := query(aggNode(s, []plan.Expr{c(s, 0), c(s, 1)}, agg("count", nil), agg("sum", c(s, 0))))
		if got := sorted(texts(p, w.rowsOf(p))); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("groups\n%v\nwant\n%v", got, want)
		}
		keys := []plan.SortKey{{Expr: c(s, 0)}, {Expr: c(s, 1)}}
		distinct := agg("count", c(s, 2))
		distinct.Distinct = true
		o := aggNode(&plan.Sort{Base: s.Base, Input: s, Keys: keys}, []plan.Expr{c(s, 0), c(s, 1)}, agg("count", nil), agg("sum", c(s, 0)), distinct)
		h := aggNode(s, []plan.Expr{c(s, 0), c(s, 1)}, agg("count", nil), agg("sum", c(s, 0)), distinct)
		o.Ordered = true
		po, ph := query(o), query(h)
		if got, want := sorted(texts(po, w.rowsOf(po))), sorted(texts(ph, w.rowsOf(ph))); !reflect.DeepEqual(got, want) {
			t.Fatalf("sorted groups\n%v\nwant\n%v", got, want)
		}
		d := query(&plan.Distinct{Base: colsOf(types.Int4, types.Text), Input: &plan.Project{Base: colsOf(types.Int4, types.Text), Input: s, Exprs: []plan.Expr{c(s, 0), c(s, 1)}}})
		if got := len(w.rowsOf(d)); got != len(groups) {
			t.Fatalf("%d distinct rows, want %d", got, len(groups))
		}
	}
}

func TestSortProperty(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for range 40 {
		w := newWorld(t)
		tab, rows := randomTable(w, r, "t", r.Intn(9000))
		s := scan(tab, 1, 2, 3)
		var keys []plan.SortKey
		var cols []int
		for range 1 + r.Intn(3) {
			k := r.Intn(3)
			cols = append(cols, k)
			keys = append(keys, plan.SortKey{Expr: c(s, k), Desc: r.Intn(2) == 0, NullsFirst: r.Intn(2) == 0})
		}
		want := append([][]types.Datum(nil), rows...)
		sort.SliceStable(want, func(i, j int) bool {
			for k, key := range keys {
				a, b := want[i][cols[k]], want[j][cols[k]]
				if a.IsNull() || b.IsNull() {
					if a.IsNull() != b.IsNull() {
						return a.IsNull() == key.NullsFirst
					}
					continue
				}
				if o := types.Compare(rowTypes[cols[k]], a, b); o != 0 {
					return (o < 0) != key.Desc
				}
			}
			return false
		})
		n := &plan.Sort{Base: s.Base, Input: s, Keys: keys}
		limit := len(want)
		if r.Intn(2) == 0 {
			limit = min(len(want), r.Intn(30))
			n.Bound = konst(types.Int8, types.NewInt(int64(limit)))
		}
		if r.Intn(2) == 0 {
			dir := t.TempDir()
			w.each = func(ctx *Ctx) { little(ctx, dir) }
		}
		p := query(n)
		got := w.rowsOf(p)
		if len(got) != limit {
			t.Fatalf("%d rows, want %d", len(got), limit)
		}
		// Rows of equal keys may come in any order, each as often as it is there.
		left := map[string]int{}
		for _, x := range texts(p, want) {
			left[x]++
		}
		keyOf := func(row []types.Datum) string {
			var ts []*types.Type
			var ds []types.Datum
			for _, k := range cols {
				ts, ds = append(ts, rowTypes[k]), append(ds, row[k])
			}
			return text(ts, ds)
		}
		for i := range got {
			if x, y := keyOf(got[i]), keyOf(want[i]); x != y {
				t.Fatalf("row %d of %d: keys %s, want %s (keys %v)", i, limit, x, y, cols)
			}
			x := text(rowTypes, got[i])
			if left[x]--; left[x] < 0 {
				t.Fatalf("row %d of %d: %s is not there, or not so often", i, limit, x)
			}
		}
	}
}

// Several goroutines give what one gives.
func TestParallelSame(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	w := newWorld(t)
	tab, _ := randomTable(w, r, "t", 60_000)
	dim, _ := randomTable(w, r, "d", 50)
	s := scan(tab, 1, 2, 3)
	s.Filter = op2("<", c(s, 0), konst(types.Int4, types.NewInt(30)))
	d := scan(dim, 1, 2)
	j := &plan.HashJoin{Base: colsOf(types.Int4, types.Text, types.Float8, types.Int4, types.Text), Left: s, Right: d, LeftKeys: []plan.Expr{c(s, 0)}, RightKeys: []plan.Expr{c(d, 0)}}
	inner := scan(dim, 1, 2)
	inner.Filter = op2("=", c(inner, 0), &plan.ExecParam{T: plan.T{Typ: types.Int4, Mod: -1}, Slot: 3})
	sum := aggNode(inner, nil, agg("count", nil), agg("max", c(inner, 1)))
	few := scan(tab, 1, 2, 3)
	few.Filter = op2("<", c(s, 0), konst(types.Int4, types.NewInt(2)))
	loop := &plan.NestLoop{Base: colsOf(types.Int4, types.Text, types.Float8, types.Int8, types.Text), Left: few, Right: sum,
		Sets: []int{3}, Args: []plan.Expr{c(few, 0)}}
	outer := func(p *plan.Plan) *plan.Scan {
		s := s
		walkNodes(p.Root, func(n plan.Node) {
			if n == few {
				s = few
			}
		})
		return s
	}
	plans := []*plan.Plan{
		query(aggNode(loop, []plan.Expr{c(loop, 1)}, agg("count", nil), agg("sum", c(loop, 3)), agg("max", c(loop, 4)))),
		query(aggNode(s, nil, agg("count", nil), agg("sum", c(s, 0)), agg("sum", c(s, 2)), agg("max", c(s, 1)))),
		query(aggNode(s, []plan.Expr{c(s, 1), c(s, 0)}, agg("count", nil), agg("avg", c(s, 0)))),
		query(aggNode(j, []plan.Expr{c(j, 4)}, agg("count", nil), agg("sum", c(j, 0)))),
		query(&plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{{Expr: c(s, 2), Desc: true}, {Expr: c(s, 0)}, {Expr: c(s, 1)}}, Bound: konst(types.Int8, types.NewInt(50))}),
	}
	for i, p := range plans {
		p = query(p.Root) // the plans share nodes: number them anew
		w.work = 1
		want := sorted(texts(p, w.rowsOf(p)))
		w.work = 4
		if got := sorted(texts(p, w.rowsOf(p))); !reflect.DeepEqual(got, want) {
			t.Errorf("plan %d: %v\nwant %v", i, got, want)
		}
		// Counted, all goroutines together read the table once.
		ctx, txn := w.begin(kv.ReadCommitted)
		ctx.Counters = make([]plan.Counters, p.Nodes)
		if _, err := Run(ctx, p, nil); err != nil {
			t.Fatal(err)
		}
		txn.Rollback()
		s := outer(p)
		if k := ctx.Counters[s.ID]; k.Keys != 60_000 || k.Workers < 2 || k.Rows+k.Removed != 60_000 {
			t.Errorf("plan %d: the scan counted %+v", i, k)
		}
		// The inner side of a loop ran once for each outer row.
		if s == few {
			if k := ctx.Counters[sum.ID]; int64(k.Loops) != ctx.Counters[s.ID].Rows {
				t.Errorf("plan %d: the inner side counted %+v", i, k)
			}
		}
	}
}

// What is over budget is an error, and everything is given back.
func TestMemoryBudget(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	w := newWorld(t)
	tab, _ := randomTable(w, r, "t", 20_000)
	s := scan(tab, 1, 2, 3)
	p := query(&plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{{Expr: c(s, 0)}}})
	for _, budget := range []int64{100_000, 10_000_000} {
		ctx, txn := w.begin(kv.ReadCommitted)
		ctx.Memory = NewAccount(budget, nil)
		_, err := Run(ctx, p, nil)
		if (err != nil) != (budget == 100_000) {
			t.Errorf("budget %d: %v", budget, err)
		}
		if u := ctx.Memory.Used(); u != 0 {
			t.Errorf("budget %d: %d bytes not given back", budget, u)
		}
		txn.Rollback()
	}
}

var _ = builtin.Arg{}
