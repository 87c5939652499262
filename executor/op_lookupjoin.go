package executor

import (
	"bytes"
	"sort"

	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/keyenc"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// lookupJoinOp fetches, for each left row, the matching rows of a table
// through an index. It works a batch at a time: the keys of all left rows are
// made, sorted and looked up together (GetAll for whole primary keys, one
// iterator moved from prefix to prefix otherwise), then the rows are decoded
// as one batch and paired.
type lookupJoinOp struct {
	x     *exec
	n     *plan.LookupJoin
	in    op
	index *rowenc.Index
	keys  *exprSet
	dec   columnDecoder
	cond  pred
	c     *plan.Counters
	it    kv.Iterator
	pairs kv.PairBatch

	lb       *types.Batch
	lrows    []int32
	found    []*types.Vec
	ofRow    []span // rows of found that belong to each of lrows
	pos, sub int
	hit      []bool
	jp       *joinPairs
	buf      []byte
	gets     [][]byte
	vals     [][]byte
	order    []lookup
}

type span struct{ from, to int32 }

// lookup is the key of a left row.
type lookup struct {
	key []byte
	row int32 // in lrows
}

func (x *exec) newLookupJoin(n *plan.LookupJoin) (op, error) {
	o := &lookupJoinOp{x: x, n: n, c: x.counter(n)}
	var err error
	if o.in, err = x.build(n.Input); err != nil {
		return nil, err
	}
	o.in = x.gathered(o.in, colTypes(n.Input))
	if o.index, err = x.indexCodec(n.Table, n.Index); err != nil {
		return nil, err
	}
	if len(n.Keys) > len(o.index.Keys) {
		return nil, pgerr.New(pgerr.InternalError, "lookup join with more keys than the index has")
	}
	if o.keys, err = x.newExprSet(n.Keys); err != nil {
		return nil, err
	}
	if n.IndexOnly && !o.index.IsPrimary() {
		o.dec, err = rowenc.NewEntryDecoder(o.index, n.Attnums)
	} else {
		o.dec = rowenc.NewDecoder(n.Table, n.Attnums)
	}
	if err != nil {
		return nil, err
	}
	o.found = newVecs(o.dec.Types(), 0)
	o.jp = newJoinPairs(colTypes(n.Input), o.dec.Types(), n.Kind)
	o.cond, err = x.compilePred(n.Cond)
	return o, err
}

func (o *lookupJoinOp) open() error {
	o.lb = nil
	return o.in.open()
}

func (o *lookupJoinOp) next() (*types.Batch, error) {
	for {
		if o.lb == nil {
			if err := o.x.cancelled(); err != nil {
				return nil, err
			}
			b, err := o.in.next()
			if err != nil || b == nil {
				return nil, err
			}
			if b.Rows() == 0 {
				continue
			}
			o.lb, o.lrows, o.pos, o.sub = b, selected(b.N, b.Sel), 0, 0
			o.hit = sizedBools(o.hit, b.N)
			if err := o.look(); err != nil {
				return nil, err
			}
		}
		b, err := o.join()
		if err != nil || b != nil {
			return b, err
		}
	}
}

// look fetches the matches of the whole left batch.
func (o *lookupJoinOp) look() error {
	ks, err := o.keys.eval(o.lb, o.lb.Sel)
	if err != nil {
		return err
	}
	if cap(o.ofRow) < len(o.lrows) {
		o.ofRow = make([]span, len(o.lrows))
	}
	o.ofRow = o.ofRow[:len(o.lrows)]
	clear(o.ofRow)
	o.order = o.order[:0]
	o.buf = o.buf[:0]
	ends := make([]int, 0, len(o.lrows))
	for j, i := range o.lrows {
		null := false
		for _, v := range ks {
			null = null || v.HasNulls && v.Nulls[i]
		}
		if null {
			continue
		}
		o.buf = append(o.buf, o.index.Prefix...)
		for k, v := range ks {
			o.buf = o.index.Keys[k].AppendAt(o.buf, v, int(i))
		}
		ends = append(ends, len(o.buf))
		o.order = append(o.order, lookup{row: int32(j)})
	}
	from := 0
	sorted := true
	for k, e := range ends {
		o.order[k].key = o.buf[from:e:e]
		from = e
		sorted = sorted && (k == 0 || bytes.Compare(o.order[k-1].key, o.order[k].key) <= 0)
	}
	if !sorted {
		sort.Slice(o.order, func(a, b int) bool { return bytes.Compare(o.order[a].key, o.order[b].key) < 0 })
	}
	if o.index.Guards() && len(o.keys.exprs) == len(o.index.Keys) {
		return o.lookPoints()
	}
	return o.lookPrefixes()
}

// lookPoints looks up whole keys of a unique index, equal ones once.
func (o *lookupJoinOp) lookPoints() error {
	o.gets = o.gets[:0]
	for k, l := range o.order {
		if k == 0 || !bytes.Equal(l.key, o.order[k-1].key) {
			o.gets = append(o.gets, l.key)
		}
	}
	o.vals = sizedBytes(o.vals, len(o.gets))
	if err := o.x.read.GetAll(o.gets, o.vals); err != nil {
		return storeError(err)
	}
	o.count(o.gets, o.vals)
	n := int32(0)
	at := -1
	var here span
	for k, l := range o.order {
		if k == 0 || !bytes.Equal(l.key, o.order[k-1].key) {
			at++
			here = span{}
			if v := o.vals[at]; v != nil {
				o.gets[n], o.vals[n] = o.gets[at], v
				here = span{n, n + 1}
				n++
			}
		}
		o.ofRow[l.row] = here
	}
	if o.index.IsPrimary() || o.n.IndexOnly {
		return o.decode(o.gets[:n], o.vals[:n])
	}
	return o.fetchRows(o.gets[:n], o.vals[:n])
}

// fetchRows turns entries into the rows they point to, and decodes those.
func (o *lookupJoinOp) fetchRows(keys, vals [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	var buf []byte
	ends := make([]int, len(keys))
	for i, k := range keys {
		var err error
		if buf, err = o.index.AppendRowKey(buf, k, vals[i]); err != nil {
			return err
		}
		ends[i] = len(buf)
	}
	from := 0
	for i, e := range ends {
		keys[i] = buf[from:e:e]
		from = e
	}
	if err := o.x.read.GetAll(keys, vals); err != nil {
		return storeError(err)
	}
	o.count(keys, vals)
	for i, v := range vals {
		if v == nil {
			return pgerr.Newf(pgerr.IndexCorrupted, "index %q points to a row that is not there, at key %s", o.n.Index.Name, keyenc.Pretty(keys[i]))
		}
	}
	return o.decode(keys, vals)
}

func (o *lookupJoinOp) count(keys, vals [][]byte) {
	if o.c == nil {
		return
	}
	for i, k := range keys {
		o.c.Gets++
		o.c.KeyBytes += int64(len(k) + len(vals[i]))
	}
}

func (o *lookupJoinOp) decode(keys, vals [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	// Row keys asked for alias keys made in a buffer that is used again.
	for _, a := range o.n.Attnums {
		if a == plan.AttRowKey {
			for i, k := range keys {
				keys[i] = bytes.Clone(k)
			}
			break
		}
	}
	return o.dec.Batch(keys, vals, o.found)
}

// lookPrefixes scans the entries of each distinct prefix.
func (o *lookupJoinOp) lookPrefixes() error {
	keys, vals := o.gets[:0], o.vals[:0]
	var here span
	for k, l := range o.order {
		if k == 0 || !bytes.Equal(l.key, o.order[k-1].key) {
			r := kv.PrefixRange(l.key)
			if o.it == nil {
				o.it = o.x.read.Scan(r, kv.ScanOptions{})
			} else {
				o.it.Reset(r)
			}
			here = span{int32(len(keys)), int32(len(keys))}
			for {
				n, err := o.it.Next(&o.pairs)
				if err != nil {
					return storeError(err)
				}
				if n == 0 {
					break
				}
				if o.c != nil {
					o.c.Keys += int64(n)
				}
				o.pairs.Keep()
				keys = append(keys, o.pairs.Keys...)
				vals = append(vals, o.pairs.Values...)
				if len(keys)%(16*types.BatchSize) == 0 {
					if err := o.x.cancelled(); err != nil {
						return err
					}
				}
			}
			here.to = int32(len(keys))
		}
		o.ofRow[l.row] = here
	}
	o.gets, o.vals = keys, vals
	if len(keys) == 0 {
		return nil
	}
	if o.n.IndexOnly || o.index.IsPrimary() {
		return o.decode(keys, vals)
	}
	return o.fetchRows(keys, vals)
}

// join gives the next pairs; nil when nothing came of this round.
func (o *lookupJoinOp) join() (*types.Batch, error) {
	semi := o.n.Kind == plan.SemiJoin || o.n.Kind == plan.AntiJoin || o.n.Kind == plan.AntiNullJoin
	if semi && o.cond == nil {
		for j, i := range o.lrows {
			o.hit[i] = o.ofRow[j].to > o.ofRow[j].from
		}
		o.pos = len(o.lrows)
	}
	o.jp.reset()
	for o.pos < len(o.lrows) && len(o.jp.l) < types.BatchSize {
		s, i := o.ofRow[o.pos], o.lrows[o.pos]
		if int(s.from)+o.sub < int(s.to) {
			o.jp.add(i, s.from+int32(o.sub))
			o.sub++
			continue
		}
		if o.jp.outer {
			o.jp.add(i, -1)
		}
		o.pos++
		o.sub = 0
	}
	done := o.pos == len(o.lrows)
	b, err := o.jp.emit(o.lb, o.lrows, o.found, o.cond, o.c, o.hit, nil, done)
	if done {
		o.lb = nil
	}
	return b, err
}

func (o *lookupJoinOp) close() {
	if o.it != nil {
		o.it.Close()
		o.it = nil
	}
	o.in.close()
}
