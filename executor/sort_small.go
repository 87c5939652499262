package executor

// Rows that compare equal may come in any order, and those who know PostgreSQL
// know the order it gives: that of its quicksort (Bentley and McIlroy's, with a
// look whether all is sorted already) over the rows as they came, or for
// top-N of its heap. Small sorts use the same algorithms, so that ties come
// out as they do there; large ones are left to faster methods.

// smallSort is the number of rows up to which ties are ordered so.
const smallSort = 4096

// countingRows is 0 … n-1.
func countingRows(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// quickSort sorts the rows in a by cmp.
func quickSort(a []int32, cmp func(x, y int32) int) {
	for {
		n := len(a)
		if n < 7 {
			for m := 1; m < n; m++ {
				for l := m; l > 0 && cmp(a[l-1], a[l]) > 0; l-- {
					a[l], a[l-1] = a[l-1], a[l]
				}
			}
			return
		}
		sorted := true
		for m := 1; m < n && sorted; m++ {
			sorted = cmp(a[m-1], a[m]) <= 0
		}
		if sorted {
			return
		}
		m := n / 2
		if n > 7 {
			l, r := 0, n-1
			if n > 40 {
				d := n / 8
				l = median(a, l, l+d, l+2*d, cmp)
				m = median(a, m-d, m, m+d, cmp)
				r = median(a, r-2*d, r-d, r, cmp)
			}
			m = median(a, l, m, r, cmp)
		}
		a[0], a[m] = a[m], a[0]
		// a[:pa] and a[pd+1:] equal the pivot, a[pa:pb] is less, a[pc+1:pd+1] greater.
		pa, pb, pc, pd := 1, 1, n-1, n-1
		for {
			for pb <= pc {
				r := cmp(a[pb], a[0])
				if r > 0 {
					break
				}
				if r == 0 {
					a[pa], a[pb] = a[pb], a[pa]
					pa++
				}
				pb++
			}
			for pb <= pc {
				r := cmp(a[pc], a[0])
				if r < 0 {
					break
				}
				if r == 0 {
					a[pc], a[pd] = a[pd], a[pc]
					pd--
				}
				pc--
			}
			if pb > pc {
				break
			}
			a[pb], a[pc] = a[pc], a[pb]
			pb++
			pc--
		}
		swapRuns(a, 0, pb-min(pa, pb-pa), min(pa, pb-pa))
		d := min(pd-pc, n-pd-1)
		swapRuns(a, pb, n-d, d)
		low, high := a[:pb-pa], a[n-(pd-pc):]
		if len(low) > len(high) {
			low, high = high, low
		}
		if len(low) > 1 {
			quickSort(low, cmp)
		}
		if len(high) < 2 {
			return
		}
		a = high
	}
}

func swapRuns(a []int32, i, j, n int) {
	for k := range n {
		a[i+k], a[j+k] = a[j+k], a[i+k]
	}
}

func median(a []int32, i, j, k int, cmp func(x, y int32) int) int {
	if cmp(a[i], a[j]) < 0 {
		if cmp(a[j], a[k]) < 0 {
			return j
		}
		if cmp(a[i], a[k]) < 0 {
			return k
		}
		return i
	}
	if cmp(a[j], a[k]) > 0 {
		return j
	}
	if cmp(a[i], a[k]) < 0 {
		return i
	}
	return k
}

// boundedSort gives the first bound of the rows 0 … n-1 in order, found with a
// heap of bound rows whose root comes last.
func boundedSort(n, bound int, cmp func(x, y int32) int) []int32 {
	heap := make([]int32, 0, bound)
	sift := func(row int32) { // puts row in the root's place
		i := 0
		for {
			j := 2*i + 1
			if j >= len(heap) {
				break
			}
			if j+1 < len(heap) && cmp(heap[j+1], heap[j]) > 0 {
				j++
			}
			if cmp(heap[j], row) <= 0 {
				break
			}
			heap[i] = heap[j]
			i = j
		}
		heap[i] = row
	}
	for row := range int32(n) {
		switch {
		case len(heap) < bound:
			j := len(heap)
			heap = append(heap, row)
			for j > 0 {
				i := (j - 1) >> 1
				if cmp(heap[i], row) >= 0 {
					break
				}
				heap[j] = heap[i]
				j = i
			}
			heap[j] = row
		case cmp(heap[0], row) > 0:
			sift(row)
		}
	}
	out := heap
	for len(heap) > 1 {
		top := heap[0]
		last := heap[len(heap)-1]
		heap = heap[:len(heap)-1]
		sift(last)
		out[len(heap)] = top
	}
	return out
}
