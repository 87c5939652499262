package keyspace

import (
	"math/rand/v2"
	"slices"
)

// element is one of a collection's, held while a command works on several.
type element struct {
	elem, value []byte
	score       float64
}

// maxPicked bounds how many elements with repetition may be asked for at once.
const maxPicked = 1 << 27

// pick chooses elements at random, each as likely as any other: count distinct
// ones, in any order, or -count independent ones. one says that a single element
// is wanted. Elements have no numbers in the store, so the walk to the last one
// chosen takes time in proportion to the size, from the nearer end if one is.
func (h *Collection) pick(count int64, one bool) ([]element, error) {
	n := h.Size
	if n <= 0 || count == 0 {
		return nil, nil
	}
	if count >= n {
		return h.elements(0)
	}
	if one || count == 1 {
		rank, reverse := rand.Int64N(n), false
		if rank > n/2 {
			rank, reverse = n-1-rank, true
		}
		list, err := h.at([]int64{rank}, reverse)
		return list, err
	}
	if count < 0 {
		if count < -maxPicked {
			return nil, Error("ERR value is out of range")
		}
		ranks := make([]int64, -count)
		for i := range ranks {
			ranks[i] = rand.Int64N(n)
		}
		order := slices.Clone(ranks)
		slices.Sort(order)
		order = slices.Compact(order)
		list, err := h.at(order, false)
		if err != nil {
			return nil, err
		}
		out := make([]element, 0, len(ranks))
		for _, r := range ranks {
			if i, ok := slices.BinarySearch(order, r); ok && i < len(list) {
				out = append(out, list[i])
			}
		}
		return out, nil
	}
	// Floyd's way to draw distinct numbers.
	chosen := make(map[int64]struct{}, count)
	for j := n - count; j < n; j++ {
		r := rand.Int64N(j + 1)
		if _, taken := chosen[r]; taken {
			r = j
		}
		chosen[r] = struct{}{}
	}
	ranks := make([]int64, 0, count)
	for r := range chosen {
		ranks = append(ranks, r)
	}
	slices.Sort(ranks)
	return h.at(ranks, false)
}

// at gives the elements at ranks, which ascend.
func (h *Collection) at(ranks []int64, reverse bool) ([]element, error) {
	out := make([]element, 0, len(ranks))
	cur := h.Scan(ScanOptions{Reverse: reverse, Limit: int(ranks[len(ranks)-1] + 1)})
	defer cur.Close()
	for i := int64(0); len(out) < len(ranks) && cur.Next(); i++ {
		if i == ranks[len(out)] {
			out = append(out, cur.element())
		}
	}
	return out, cur.Err()
}

// elements gives all elements in order, or the first limit.
func (h *Collection) elements(limit int) ([]element, error) {
	out := make([]element, 0, min(h.Size, 1<<16))
	cur := h.Scan(ScanOptions{Limit: limit})
	defer cur.Close()
	for cur.Next() {
		out = append(out, cur.element())
	}
	return out, cur.Err()
}

func (cur *Cursor) element() element {
	e := element{elem: cur.elem, score: cur.score}
	if cur.t == Hash || cur.t == List {
		e.value = cur.Value()
	}
	return e
}
