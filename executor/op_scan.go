package executor

import (
	"bytes"
	"sort"

	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// scanOp reads a table through one of its indexes. Pairs come from the store
// in batches and are decoded column by column: first the columns the filter
// looks at, then, for batches with a row left, the others. A sort above that is
// after a few rows only has a say in which rows are left, see wants. Batches live
// until the next; their strings alias the stored bytes.
//
//	primary      iterator → rows
//	index-only   iterator → entries
//	secondary    iterator → entries → keys of rows → GetAll (sorted unless the
//	             order matters) → rows
//	points       GetAll of the keys
//	bitmap       entries of several indexes → keys of rows, sorted → GetAll
type scanOp struct {
	x     *exec
	n     *plan.Scan
	index *rowenc.Index
	spans *spanSet
	arms  []*spanSet // of a bitmap
	// bitmapMem is what the keys that the arms gave take up.
	bitmapMem int64
	limit     expr

	first, rest       columnDecoder // first: what the filter reads
	firstTo, restTo   []int         // output columns
	firstVs, restVs   []*types.Vec
	filter            *splitPred
	wanted            func(v *types.Vec, rows, room []int32) []int32
	wantedBy          int // the column it looks at
	out               types.Batch
	sel               []int32
	it                kv.Iterator
	pairs             kv.PairBatch
	ranges            []kv.Range
	at                int
	points            bool
	fetch             bool // entries lead to rows
	keep              bool // what is decoded refers to the pairs
	rowKeys, rowVals  [][]byte
	keyBuf            []byte
	ends              []int
	c                 *plan.Counters
	opened            bool
	max               int
	entryKeys, eVals2 [][]byte
	ahead             scanAhead
	run               span // of what was read ahead, when this run was
	running           bool
	// late: the ranges need values of subqueries, which are not run before a row is
	// asked for; due: that they are still to be computed.
	late, due bool
}

// columnDecoder decodes pairs into vectors: a row decoder or an entry decoder.
type columnDecoder interface {
	Batch(keys, values [][]byte, out []*types.Vec) error
	Types() []*types.Type
}

func (x *exec) newScan(n *plan.Scan) (op, error) {
	o := &scanOp{x: x, n: n, c: x.counter(n)}
	var err error
	if o.index, err = x.indexCodec(n.Table, n.Index); err != nil {
		return nil, err
	}
	if o.spans, err = x.newSpanSet(o.index, n.Spans); err != nil {
		return nil, err
	}
	for _, a := range n.Bitmap {
		ix, err := x.indexCodec(n.Table, a.Index)
		if err != nil {
			return nil, err
		}
		arm, err := x.newSpanSet(ix, a.Spans)
		if err != nil {
			return nil, err
		}
		o.arms = append(o.arms, arm)
	}
	if o.filter, err = x.compileSplit(n.Filter); err != nil {
		return nil, err
	}
	if n.Limit != nil {
		if o.limit, err = x.compile(n.Limit); err != nil {
			return nil, err
		}
	}
	o.fetch = !o.index.IsPrimary() && !n.IndexOnly
	o.points = n.Unique && o.index.IsPrimary() && len(n.Spans) > 0
	o.late = spansHaveSubplans(n)
	return o, o.decoders()
}

// spansHaveSubplans tells whether the keys of a scan are values of subqueries.
func spansHaveSubplans(n *plan.Scan) bool {
	if len(n.Spans) == 0 && len(n.Bitmap) == 0 {
		return false
	}
	found := false
	bare := *n
	bare.Filter, bare.Any, bare.Limit = nil, nil, nil
	nodeExprs(&bare, func(e plan.Expr) {
		walkExpr(e, func(e plan.Expr) {
			_, ok := e.(*plan.Subplan)
			found = found || ok
		})
	})
	return found
}

// wants makes the scan pass on only those rows that f chooses by a column, of those
// the filter leaves. f keeps their order and puts them into room, which is large enough.
func (o *scanOp) wants(column int, f func(v *types.Vec, rows, room []int32) []int32) error {
	o.wanted, o.wantedBy = f, column
	return o.decoders()
}

// decoders splits the columns into those that choose rows and the others.
func (o *scanOp) decoders() error {
	o.firstTo, o.restTo, o.rest, o.restVs = nil, nil, nil, nil
	used := map[int]bool{}
	if o.wanted != nil {
		used[o.wantedBy] = true
	}
	walkExpr(o.n.Filter, func(e plan.Expr) {
		if c, ok := e.(*plan.Col); ok {
			used[c.Idx] = true
		}
	})
	var first, rest []int16
	for i, a := range o.n.Attnums {
		if o.filter == nil && o.wanted == nil || used[i] {
			first = append(first, a)
			o.firstTo = append(o.firstTo, i)
		} else {
			rest = append(rest, a)
			o.restTo = append(o.restTo, i)
		}
	}
	make_ := func(attnums []int16) (columnDecoder, error) {
		if o.n.IndexOnly && !o.index.IsPrimary() {
			return rowenc.NewEntryDecoder(o.index, attnums)
		}
		return rowenc.NewDecoder(o.n.Table, attnums), nil
	}
	var err error
	if o.first, err = make_(first); err != nil {
		return err
	}
	o.out.Cols = make([]*types.Vec, len(o.n.Attnums))
	o.firstVs = newVecs(o.first.Types(), 0)
	for k, i := range o.firstTo {
		o.out.Cols[i] = o.firstVs[k]
	}
	if len(rest) > 0 {
		if o.rest, err = make_(rest); err != nil {
			return err
		}
		o.restVs = newVecs(o.rest.Types(), 0)
		for k, i := range o.restTo {
			o.out.Cols[i] = o.restVs[k]
		}
	}
	o.keep = false
	for _, v := range o.out.Cols {
		o.keep = o.keep || !o.fetch && aliases(v.Type)
	}
	return nil
}

// aliases tells whether values of a type may refer to the bytes they were decoded from.
func aliases(t *types.Type) bool {
	switch t.Phys {
	case types.PhysBool, types.PhysInt64, types.PhysFloat64, types.PhysDecimal, types.PhysInterval:
		return false
	}
	return true
}

// indexCodec makes the codec of an index; nil means the primary one.
func (x *exec) indexCodec(t *catalog.Table, ix *catalog.Index) (*rowenc.Index, error) {
	if ix == nil {
		ix = t.Indexes[0]
	}
	return rowenc.NewIndex(t, ix)
}

func (o *scanOp) open() error {
	if o.it != nil {
		// A restart sees the transaction's writes of meanwhile only if it scans
		// anew; exec params changed nothing in the data, so Reset is enough.
		o.opened = true
	}
	o.at = 0
	o.ranges = o.ranges[:0]
	o.max = 0
	o.running = false
	o.filter.restart()
	if k := o.ahead.serve; k > 0 {
		o.ahead.serve = 0
		if o.run = o.ahead.runs[k-1]; o.run.from >= 0 {
			o.running = true
			return nil
		}
	}
	if n, ok, err := evalInt(o.limit); err != nil {
		return err
	} else if ok && n >= 0 && n < types.BatchSize && o.filter == nil {
		o.max = int(max(n, 1))
	}
	if o.due = o.late; o.due {
		return nil
	}
	return o.find()
}

// find computes the ranges or keys to read.
func (o *scanOp) find() error {
	o.due = false
	if o.arms != nil {
		o.points = true
		return o.bitmap()
	}
	if o.x.worker != nil && o.x.worker.scan == o.n {
		return nil // ranges come from the queue of the parallel scan
	}
	if o.points {
		keys, ok, err := o.spans.pointKeys(o.rowKeys[:0])
		if err != nil {
			return err
		}
		if ok {
			o.rowKeys = keys
			return nil
		}
		o.points = false
	}
	var err error
	o.ranges, err = o.spans.ranges(o.ranges)
	if o.n.Reverse {
		for i, j := 0, len(o.ranges)-1; i < j; i, j = i+1, j-1 {
			o.ranges[i], o.ranges[j] = o.ranges[j], o.ranges[i]
		}
	}
	o.opened = false
	return err
}

// nextRange starts on the next range; false when there is none.
func (o *scanOp) nextRange() bool {
	var r kv.Range
	if w := o.x.worker; w != nil && w.scan == o.n {
		var ok bool
		if r, ok = w.take(); !ok {
			return false
		}
	} else {
		if o.at >= len(o.ranges) {
			return false
		}
		r = o.ranges[o.at]
		o.at++
	}
	if o.it == nil {
		keysOnly := o.first != nil && len(o.n.Attnums) == 0 && !o.fetch
		o.it = o.x.read.Scan(r, kv.ScanOptions{Reverse: o.n.Reverse, KeysOnly: keysOnly})
	} else {
		o.it.Reset(r)
	}
	o.opened = true
	return true
}

func (o *scanOp) next() (*types.Batch, error) {
	for {
		if err := o.filter.due(); err != nil {
			return nil, err
		}
		keys, values, err := o.fill()
		if err != nil || keys == nil {
			return nil, err
		}
		b, err := o.decode(keys, values)
		if err != nil {
			return nil, err
		}
		if b != nil {
			if o.keep && !o.points && !o.running {
				o.pairs.Keep()
			}
			return b, nil
		}
	}
}

// fill gets the next pairs to decode; nil keys at the end.
func (o *scanOp) fill() (keys, values [][]byte, err error) {
	if o.due {
		if err := o.find(); err != nil {
			return nil, nil, err
		}
	}
	if o.running {
		keys, values = o.fillAhead()
		return keys, values, nil
	}
	if o.points {
		return o.fillPoints()
	}
	for {
		if err := o.x.cancelled(); err != nil {
			return nil, nil, err
		}
		if !o.opened && !o.nextRange() {
			return nil, nil, nil
		}
		o.pairs.Max = o.max
		n, err := o.it.Next(&o.pairs)
		if err != nil {
			return nil, nil, storeError(err)
		}
		if o.max > 0 {
			o.max = min(4*o.max, types.BatchSize) // the limit was a hint only
		}
		if n == 0 {
			o.opened = false
			if o.x.worker == nil && o.at >= len(o.ranges) {
				return nil, nil, nil
			}
			continue
		}
		if o.c != nil {
			o.c.Keys += int64(n)
			for i := range o.pairs.Keys {
				o.c.KeyBytes += int64(len(o.pairs.Keys[i]))
				if i < len(o.pairs.Values) {
					o.c.KeyBytes += int64(len(o.pairs.Values[i]))
				}
			}
		}
		if !o.fetch {
			return o.pairs.Keys, o.pairs.Values, nil
		}
		return o.fetchRows()
	}
}

// fillPoints looks the point keys up.
func (o *scanOp) fillPoints() (keys, values [][]byte, err error) {
	for o.at < len(o.rowKeys) {
		if err := o.x.cancelled(); err != nil {
			return nil, nil, err
		}
		n := min(len(o.rowKeys)-o.at, types.BatchSize)
		ks := o.rowKeys[o.at : o.at+n]
		o.at += n
		o.rowVals = sizedBytes(o.rowVals, n)
		if err := o.x.read.GetAll(ks, o.rowVals); err != nil {
			return nil, nil, storeError(err)
		}
		if o.c != nil {
			o.c.Gets += int64(n)
		}
		k := 0
		found := o.entryKeys[:0]
		for i, v := range o.rowVals {
			if v != nil {
				o.rowVals[k] = v
				found = append(found, ks[i])
				k++
				if o.c != nil {
					o.c.KeyBytes += int64(len(ks[i]) + len(v))
				}
			}
		}
		o.entryKeys = found
		if o.n.Reverse {
			for i, j := 0, k-1; i < j; i, j = i+1, j-1 {
				found[i], found[j] = found[j], found[i]
				o.rowVals[i], o.rowVals[j] = o.rowVals[j], o.rowVals[i]
			}
		}
		if k > 0 {
			return found, o.rowVals[:k], nil
		}
	}
	return nil, nil, nil
}

func sizedBytes(s [][]byte, n int) [][]byte {
	if cap(s) >= n {
		return s[:n]
	}
	return make([][]byte, n)
}

// fetchRows turns the batch of entries into the rows they point to.
func (o *scanOp) fetchRows() (keys, values [][]byte, err error) {
	n := o.pairs.Len()
	o.rowKeys = sizedBytes(o.rowKeys, n)
	o.keyBuf = nil // row keys may be handed out: fresh memory a batch
	if len(o.ends) < n {
		o.ends = make([]int, n)
	}
	for i, k := range o.pairs.Keys {
		if o.keyBuf, err = o.index.AppendRowKey(o.keyBuf, k, o.pairs.Values[i]); err != nil {
			return nil, nil, err
		}
		o.ends[i] = len(o.keyBuf)
	}
	from := 0
	for i := range o.rowKeys {
		o.rowKeys[i] = o.keyBuf[from:o.ends[i]:o.ends[i]]
		from = o.ends[i]
	}
	if !o.n.Ordered {
		sort.Sort(byteKeys(o.rowKeys))
	}
	o.rowVals = sizedBytes(o.rowVals, n)
	if err := o.x.read.GetAll(o.rowKeys, o.rowVals); err != nil {
		return nil, nil, storeError(err)
	}
	for i, v := range o.rowVals {
		if v == nil {
			return nil, nil, pgerr.Newf(pgerr.IndexCorrupted, "index %q points to a row that is not there, at key %s",
				o.n.Index.Name, keyenc.Pretty(o.rowKeys[i]))
		}
		if o.c != nil {
			o.c.Gets++
			o.c.KeyBytes += int64(len(o.rowKeys[i]) + len(v))
		}
	}
	return o.rowKeys, o.rowVals, nil
}

type byteKeys [][]byte

func (k byteKeys) Len() int           { return len(k) }
func (k byteKeys) Less(i, j int) bool { return bytes.Compare(k[i], k[j]) < 0 }
func (k byteKeys) Swap(i, j int)      { k[i], k[j] = k[j], k[i] }

// decode makes a batch of pairs; nil when the filter leaves none.
func (o *scanOp) decode(keys, values [][]byte) (*types.Batch, error) {
	n := len(keys)
	if len(o.firstTo) > 0 {
		if err := o.first.Batch(keys, values, o.firstVs); err != nil {
			return nil, err
		}
	}
	o.out.N, o.out.Sel = n, nil
	if o.filter != nil {
		var err error
		if o.sel, err = o.filter.filter(&o.out, nil, room(o.sel[:0], n)); err != nil {
			return nil, err
		}
		if o.c != nil {
			o.c.Removed += int64(n - len(o.sel))
		}
		if len(o.sel) == 0 {
			return nil, nil
		}
		if len(o.sel) < n {
			o.out.Sel = o.sel
		}
	}
	if o.wanted != nil {
		o.sel = o.wanted(o.out.Cols[o.wantedBy], selected(n, o.out.Sel), room(o.sel[:0], n))
		if len(o.sel) == 0 {
			return nil, nil
		}
		if o.out.Sel = nil; len(o.sel) < n {
			o.out.Sel = o.sel
		}
	}
	if o.rest != nil {
		if o.out.Sel != nil && len(o.sel) < n/4 {
			return o.compact(keys, values)
		}
		if err := o.rest.Batch(keys, values, o.restVs); err != nil {
			return nil, err
		}
	}
	return &o.out, nil
}

// compact decodes the other columns for the few rows left and closes the gaps
// in the first ones.
func (o *scanOp) compact(keys, values [][]byte) (*types.Batch, error) {
	k := len(o.sel)
	o.entryKeys, o.eVals2 = sizedBytes(o.entryKeys, k), sizedBytes(o.eVals2, k)
	for i, r := range o.sel {
		o.entryKeys[i] = keys[r]
		if len(values) > 0 {
			o.eVals2[i] = values[r]
		}
	}
	for _, v := range o.firstVs {
		closeGaps(v, o.sel)
	}
	if err := o.rest.Batch(o.entryKeys, o.eVals2, o.restVs); err != nil {
		return nil, err
	}
	o.out.N, o.out.Sel = k, nil
	return &o.out, nil
}

// closeGaps moves the rows sel names (ascending) to the front.
func closeGaps(v *types.Vec, sel []int32) {
	switch v.Type.Phys {
	case types.PhysBool:
		packRows(v.B, sel)
	case types.PhysInt64:
		packRows(v.I, sel)
	case types.PhysFloat64:
		packRows(v.F, sel)
	case types.PhysBytes:
		packRows(v.S, sel)
	case types.PhysDecimal:
		packRows(v.D, sel)
	case types.PhysInterval:
		packRows(v.V, sel)
	default:
		packRows(v.A, sel)
	}
	if v.HasNulls {
		packRows(v.Nulls, sel)
	}
	v.Resize(len(sel))
}

func packRows[T any](s []T, sel []int32) {
	for i, r := range sel {
		s[i] = s[r]
	}
}

func (o *scanOp) close() {
	if o.it != nil {
		o.it.Close()
		o.it = nil
	}
	o.dropBitmap()
	o.ahead.drop(o.x.Memory)
	o.running = false
}
