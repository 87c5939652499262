package executor

import (
	"math"
	"math/rand/v2"
	"sort"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/types"
)

// Analyze computes a table's statistics as PostgreSQL's ANALYZE does, from a
// sample: 300 rows for each of the 100 most common values or histogram bounds
// kept a column.
const (
	statsTarget = 100
	sampleRows  = 300 * statsTarget
	// wideBytes is the width beyond which values are left out of lists.
	wideBytes = 1024
)

// Analyze samples a table and computes its statistics.
func Analyze(ctx *Ctx, t *catalog.Table) (*catalog.TableStats, error) {
	x := newExec(ctx, emptyPlan)
	keys, vals, total, err := x.sample(t)
	if err != nil {
		return nil, err
	}
	st := &catalog.TableStats{Rows: total, Columns: map[int16]*catalog.ColumnStats{}}
	if len(keys) == 0 {
		return st, nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		dec := rowenc.NewDecoder(t, []int16{c.Attnum})
		vecs := newVecs(dec.Types(), len(keys))
		if err := dec.Batch(keys, vals, vecs); err != nil {
			return nil, err
		}
		st.Columns[c.Attnum] = columnStats(vecs[0], total)
		if err := x.cancelled(); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// sample reads a table's rows, all of a small one and some of a large one, in
// key order, with an estimate of how many there are.
func (x *exec) sample(t *catalog.Table) (keys, vals [][]byte, total float64, err error) {
	codec, err := rowenc.NewIndex(t, t.Indexes[0])
	if err != nil {
		return nil, nil, 0, err
	}
	r := codec.Range()
	est, _ := x.Txn.EstimateKeys(r)
	ranges := []kv.Range{r}
	per := math.MaxInt
	if est > 10*sampleRows {
		// Runs of neighbours from many places spread over the table.
		ranges = x.Txn.SplitRange(r, 1000)
		per = max(sampleRows/len(ranges), 1)
	}
	rng := rand.New(rand.NewPCG(uint64(t.OID), uint64(est)))
	seen := 0
	var pairs kv.PairBatch
	for _, part := range ranges {
		it := x.Txn.Scan(part, kv.ScanOptions{Limit: limitOf(per)})
		for {
			if err := x.cancelled(); err != nil {
				it.Close()
				return nil, nil, 0, err
			}
			n, err := it.Next(&pairs)
			if err != nil {
				it.Close()
				return nil, nil, 0, storeError(err)
			}
			if n == 0 {
				break
			}
			pairs.Keep()
			for i := range n {
				seen++
				if len(keys) < sampleRows {
					keys, vals = append(keys, pairs.Keys[i]), append(vals, pairs.Values[i])
				} else if k := rng.IntN(seen); k < sampleRows {
					keys[k], vals[k] = pairs.Keys[i], pairs.Values[i]
				}
			}
		}
		it.Close()
	}
	total = float64(seen)
	if per != math.MaxInt {
		total = float64(est)
	}
	return keys, vals, total, nil
}

func limitOf(per int) int {
	if per == math.MaxInt {
		return 0
	}
	return per
}

// columnStats computes the statistics of one column of the sample.
func columnStats(v *types.Vec, total float64) *catalog.ColumnStats {
	n := v.Len
	s := &catalog.ColumnStats{}
	var rows []int32
	var width int64
	wide := 0
	for i := range n {
		if v.IsNull(i) {
			continue
		}
		w := vecBytes(v, i, i+1)
		switch v.Type.Phys {
		case types.PhysBytes:
			w = int64(len(v.S[i])) + 1
		case types.PhysInt64, types.PhysFloat64, types.PhysBool:
			w = int64(max(v.Type.Len, 1))
		case types.PhysDecimal:
			w = 6
		}
		width += w
		if w > wideBytes {
			wide++
			continue
		}
		rows = append(rows, int32(i))
	}
	nonNull := len(rows) + wide
	s.NullFrac = float64(n-nonNull) / float64(n)
	if nonNull == 0 {
		return s
	}
	s.AvgWidth = int32(width / int64(nonNull))
	sort.SliceStable(rows, func(a, b int) bool { return types.CompareAt(v, int(rows[a]), v, int(rows[b])) < 0 })

	type run struct{ at, count int }
	var runs []run // of equal values, in order
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && types.CompareAt(v, int(rows[i]), v, int(rows[j])) == 0 {
			j++
		}
		runs = append(runs, run{i, j - i})
		i = j
	}
	s.Correlate = correlation(rows)
	distinct := len(runs) + wide
	repeated := 0
	for _, r := range runs {
		if r.count > 1 {
			repeated++
		}
	}
	switch {
	case repeated == 0:
		s.NDistinct = -1 * (1 - s.NullFrac)
	case wide == 0 && repeated == len(runs):
		s.NDistinct = float64(distinct)
	default:
		// Haas and Stokes: n*d / (n - f1 + f1*n/N), f1 the values seen once.
		f1 := float64(len(runs) - repeated + wide)
		sn, pop := float64(nonNull), total*(1-s.NullFrac)
		d := float64(distinct)
		if den := sn - f1 + f1*sn/pop; den > 0 {
			d = sn * d / den
		}
		s.NDistinct = math.Floor(math.Max(float64(distinct), math.Min(d, pop)) + 0.5)
	}
	if s.NDistinct > 0.1*total && total > 0 {
		s.NDistinct = -s.NDistinct / total
	}

	if v.Type.Phys == types.PhysAny { // arrays and rows: nothing asks for their values, and they may be large
		return s
	}

	// The most common values: all of them when they are few and the list is
	// complete, else those clearly more common than the average.
	byCount := make([]int, 0, len(runs))
	for i, r := range runs {
		if r.count > 1 {
			byCount = append(byCount, i)
		}
	}
	sort.SliceStable(byCount, func(a, b int) bool { return runs[byCount[a]].count > runs[byCount[b]].count })
	complete := len(runs) <= statsTarget && repeated == len(runs) && wide == 0 && s.NDistinct > 0
	if !complete {
		if len(byCount) > statsTarget {
			byCount = byCount[:statsTarget]
		}
		byCount = commonEnough(byCount, func(i int) int { return runs[i].count }, nonNull, distinct, total, n)
	}
	isMCV := map[int]bool{}
	for _, i := range byCount {
		isMCV[i] = true
		s.MCV = append(s.MCV, v.Datum(int(rows[runs[i].at])))
		s.MCF = append(s.MCF, float64(runs[i].count)/float64(n))
	}

	// Bounds of buckets of equal numbers of the other values.
	var rest []int32
	kinds := 0
	for i, r := range runs {
		if !isMCV[i] {
			rest = append(rest, rows[r.at:r.at+r.count]...)
			kinds++
		}
	}
	if buckets := min(kinds, statsTarget+1); buckets >= 2 {
		for k := range buckets {
			s.Histogram = append(s.Histogram, v.Datum(int(rest[k*(len(rest)-1)/(buckets-1)])))
		}
	}
	return s
}

// commonEnough keeps the values of a list (most common first) whose frequency
// stands out from what the values not listed would have on average, as
// PostgreSQL's analyze_mcv_list does.
func commonEnough(list []int, count func(int) int, nonNull, distinct int, total float64, n int) []int {
	if float64(n) >= total || total <= 1 {
		return list
	}
	sum := 0
	for _, i := range list {
		sum += count(i)
	}
	for len(list) > 0 {
		last := count(list[len(list)-1])
		sumOthers := sum - last
		others := distinct - (len(list) - 1)
		sel := float64(nonNull-sumOthers) / float64(n)
		if others > 1 {
			sel /= float64(others)
		}
		// The standard deviation of a hypergeometric distribution.
		N, K, m := total, total*float64(last)/float64(n), float64(n)
		variance := m * K * (N - K) * (N - m) / (N * N * (N - 1))
		if float64(last) > sel*m+2*math.Sqrt(variance)+0.5 {
			break
		}
		sum = sumOthers
		list = list[:len(list)-1]
	}
	return list
}

// correlation of the values' order with that of the rows.
func correlation(rows []int32) float64 {
	n := float64(len(rows))
	if n < 2 {
		return 0
	}
	// Ranks of the rows among those that are not NULL.
	order := append([]int32(nil), rows...)
	sort.Slice(order, func(a, b int) bool { return order[a] < order[b] })
	rank := make(map[int32]int, len(order))
	for k, r := range order {
		rank[r] = k
	}
	var xy float64
	for k, r := range rows {
		xy += float64(k) * float64(rank[r])
	}
	sum := (n - 1) * n / 2
	sq := (n - 1) * n * (2*n - 1) / 6
	den := n*sq - sum*sum
	if den == 0 {
		return 0
	}
	return (n*xy - sum*sum) / den
}
