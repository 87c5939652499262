package executor

import (
	"context"
	"math/rand"
	"slices"
	"testing"

	"rowkey/pgerr"
)

// Small sorts: in order whatever comes in.
func TestSmallSorts(t *testing.T) {
	for n := range 200 {
		keys := make([]int, n)
		for i := range keys {
			keys[i] = rand.Intn(n/3 + 1)
		}
		cmp := func(a, b int32) int { return keys[a] - keys[b] }
		got := countingRows(n)
		quickSort(got, cmp)
		if !slices.IsSortedFunc(got, cmp) {
			t.Fatalf("quickSort of %v gives %v", keys, got)
		}
		for bound := 1; bound <= n; bound += 7 {
			top := boundedSort(n, bound, cmp)
			for i, r := range top {
				if keys[r] != keys[got[i]] {
					t.Fatalf("the first %d of %v are %v", bound, keys, top)
				}
			}
		}
	}
}

// A sort of many rows ends when the statement is cancelled within it.
func TestSortIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	x := newExec(&Ctx{Context: ctx}, emptyPlan)
	items := rand.Perm(1 << 20)
	compared := 0
	err := sortUntilCancelled(x, items, func(a, b int) int {
		if compared++; compared == 1000 {
			cancel()
		}
		return a - b
	})
	if pgerr.CodeOf(err) != pgerr.QueryCanceled || compared > 1<<17 {
		t.Errorf("%v after %d comparisons", err, compared)
	}
}
