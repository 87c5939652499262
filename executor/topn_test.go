package executor

import (
	"fmt"
	"math/rand"
	"testing"

	"rowkey/planner/plan"
	"rowkey/types"
)

// The first rows of a sort with a bound are those of the sort without, whatever the
// scan below passes over: for every type of first key, with NULLs, filters that leave
// many rows or few, ties, keys that get better and worse as the scan goes on.
func TestTopNOverScan(t *testing.T) {
	const n = 30_000
	seed := rand.Int63()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for _, workers := range []int{0, 2} {
		w := newWorld(t)
		w.work = workers
		tab := w.table("t", []col{{"id", types.Int8, true}, {"up", types.Int4, false}, {"down", types.Float8, false},
			{"few", types.Text, false}, {"any", types.Int8, false}}, 1)
		w.load(tab, n, func(cols []*types.Vec, from, k int) {
			for i := range k {
				at := from + i
				cols[0].I[i] = int64(at)
				cols[1].I[i] = int64(at / 3)
				cols[2].F[i] = float64(n - at)
				cols[3].S[i] = fmt.Sprintf("text %d", r.Intn(5))
				cols[4].I[i] = r.Int63n(1000)
				if r.Intn(10) == 0 {
					cols[1+r.Intn(4)].SetNull(i)
				}
			}
		})
		for trial := range 60 {
			s := scan(tab, 1, 2, 3, 4, 5)
			if limit := []int64{0, n, n / 2, 50}[r.Intn(4)]; limit > 0 {
				s.Filter = op2("<", c(s, 4), konst(types.Int8, types.NewInt(limit%1000)))
				if limit == n/2 {
					s.Filter = op2("<", c(s, 0), konst(types.Int8, types.NewInt(limit)))
				}
			}
			key := 1 + r.Intn(4)
			last := r.Intn(2) == 0 // of equal rows the last comes first
			sort := func(bound, offset int64) *plan.Sort {
				k := &plan.Sort{Base: s.Base, Input: s, Keys: []plan.SortKey{
					{Expr: c(s, key), Desc: trial%2 == 0, NullsFirst: trial%3 == 0}, {Expr: c(s, 0), Desc: last}}}
				if bound > 0 {
					k.Bound, k.BoundOffset = konst(types.Int8, types.NewInt(bound)), konst(types.Int8, types.NewInt(offset))
				}
				return k
			}
			bound, offset := 1+r.Int63n(20), r.Int63n(3)*r.Int63n(700)
			all, some := w.rowsOf(query(sort(0, 0))), w.rowsOf(query(sort(bound, offset)))
			want := min(len(all), int(bound+offset))
			if len(some) < want {
				t.Fatalf("workers %d key %d bound %d+%d: %d rows of %d", workers, key, bound, offset, len(some), want)
			}
			for i := range want {
				if a, b := text(colTypes(s), all[i]), text(colTypes(s), some[i]); a != b {
					t.Fatalf("workers %d key %d bound %d+%d: row %d is %s, want %s", workers, key, bound, offset, i, b, a)
				}
			}
		}
	}
}
