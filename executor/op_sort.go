package executor

import (
	"math"
	"math/big"
	"slices"

	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// sortOp sorts its input, which it holds as columns, or as sorted runs on disk
// when it outgrows work_mem. With a bound it keeps only about twice as many rows
// as are asked for: whenever it has that many more it sorts and cuts, and passes
// over rows that come after the last one kept.
type sortOp struct {
	x             *exec
	n             *plan.Sort
	in            op
	keys          *exprSet
	bound, offset expr
	limit         int // -1: none
	rows          *rowSet
	kvals         *rowSet
	perm          []int32
	at            int
	ran           bool
	out           types.Batch
	cut           bool // limit rows are held, sorted
	sel           []int32
	spills        bool // rows may be put on disk
	runs          []*spool
	spilled       int64 // bytes of all runs written
	merge         *runMerge
}

func (x *exec) newSort(n *plan.Sort) (op, error) {
	if o, err := x.parallelSort(n); o != nil || err != nil {
		return o, err
	}
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	return x.sortOver(n, in)
}

func (x *exec) sortOver(n *plan.Sort, in op) (*sortOp, error) {
	o := &sortOp{x: x, n: n, in: in}
	var err error
	if o.keys, err = x.newExprSet(sortExprs(n.Keys)); err != nil {
		return nil, err
	}
	if n.Bound != nil {
		if o.bound, err = x.compile(n.Bound); err != nil {
			return nil, err
		}
	}
	if n.BoundOffset != nil {
		if o.offset, err = x.compile(n.BoundOffset); err != nil {
			return nil, err
		}
	}
	if scan, ok := in.(*scanOp); ok && n.Bound != nil && len(n.Keys) > 0 {
		if c, ok := n.Keys[0].Expr.(*plan.Col); ok {
			if err := scan.wants(c.Idx, o.wanted); err != nil {
				return nil, err
			}
		}
	}
	o.rows = newRowSet(colTypes(n.Input), x.Memory)
	o.kvals = newRowSet(o.keys.typs, x.Memory)
	o.spills = x.canSpill(colTypes(n.Input), o.keys.typs)
	return o, nil
}

func (o *sortOp) open() error {
	if err := o.bounds(); err != nil {
		return err
	}
	return o.in.open()
}

// bounds makes the sort empty and computes how many rows are asked for.
func (o *sortOp) bounds() error {
	o.rows.drop()
	o.kvals.drop()
	o.dropRuns()
	o.perm, o.at, o.ran, o.cut, o.limit = nil, 0, false, false, -1
	n, ok, err := evalInt(o.bound)
	if err != nil {
		return err
	}
	if ok {
		m, _, err := evalInt(o.offset)
		if err != nil {
			return err
		}
		if n < 0 {
			return pgerr.New(pgerr.InvalidRowCountInLimitClause, "LIMIT must not be negative")
		}
		if m < 0 {
			return pgerr.New(pgerr.InvalidRowCountInResultOffset, "OFFSET must not be negative")
		}
		if n+m >= 0 && n+m < 1<<20 {
			o.limit = int(n + m)
		}
	}
	return nil
}

func (o *sortOp) consume() error {
	for {
		if err := o.x.cancelled(); err != nil {
			return err
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return err
		}
		if err := o.add(b); err != nil {
			return err
		}
	}
}

func (o *sortOp) add(b *types.Batch) error {
	keys, err := o.keys.eval(b, b.Sel)
	if err != nil {
		return err
	}
	rows := selected(b.N, b.Sel)
	if o.limit == 0 {
		return nil
	}
	if o.cut {
		o.sel = o.before(keys[0], rows, room(o.sel[:0], len(rows)))
		rows = o.sel
	}
	if len(rows) == 0 {
		return nil
	}
	if err := o.rows.addRows(b, rows); err != nil {
		return err
	}
	if err := o.kvals.addRows(&types.Batch{Cols: keys, N: b.N}, rows); err != nil {
		return err
	}
	if o.limit > 0 && o.rows.n >= 2*o.limit+4*types.BatchSize || o.limit > 0 && !o.cut && o.rows.n > o.limit+types.BatchSize {
		return o.truncate()
	}
	if o.spills && o.rows.bytes+o.kvals.bytes > o.x.WorkMem {
		o.cut = false
		return o.spillRun()
	}
	return nil
}

// truncate sorts what is held and keeps the first limit rows.
func (o *sortOp) truncate() error {
	perm, err := o.x.sortRows(o.kvals.cols, o.n.Keys, o.rows.n, -1)
	if err != nil {
		return err
	}
	if len(perm) > o.limit {
		perm = perm[:o.limit]
	}
	for _, s := range []*rowSet{o.rows, o.kvals} {
		kept := newRowSet(nil, nil)
		for _, c := range s.cols {
			v := types.NewVec(c.Type, len(perm))
			v.CopyFrom(c, perm)
			kept.cols = append(kept.cols, v)
		}
		_ = s.mem.grow(-s.bytes)
		s.cols, s.n, s.bytes = kept.cols, len(perm), 0
		if s.mem != nil {
			s.bytes = s.estimate(s.n)
			if err := s.mem.grow(s.bytes); err != nil {
				return err
			}
		}
	}
	o.cut = len(perm) == o.limit
	return nil
}

// wanted chooses rows for the scan below by the first key.
func (o *sortOp) wanted(v *types.Vec, rows, room []int32) []int32 {
	if !o.cut {
		return append(room, rows...)
	}
	return o.before(v, rows, room)
}

// before adds to out the rows that do not come after the last row held, by the
// first key, which is v.
func (o *sortOp) before(v *types.Vec, rows, out []int32) []int32 {
	k, w := &o.n.Keys[0], o.kvals.cols[0]
	last := o.limit - 1
	strict := len(o.n.Keys) == 1 // equal rows came later: they are not needed
	if w.IsNull(last) {
		for _, i := range rows {
			c := orderAt(k, v, int(i), w, last)
			if c < 0 || c == 0 && !strict {
				out = append(out, i)
			}
		}
		return out
	}
	switch {
	case v.Type.Phys == types.PhysInt64 && !v.HasNulls && v.Type.OID != types.Xid8.OID:
		t := w.I[last]
		for _, i := range rows {
			x := v.I[i]
			if (x < t) != k.Desc && x != t || x == t && !strict {
				out = append(out, i)
			}
		}
	case v.Type.Phys == types.PhysFloat64 && !v.HasNulls && w.F[last] == w.F[last]:
		t := w.F[last]
		for _, i := range rows {
			x := v.F[i]
			if x < t && !k.Desc || !(x <= t) && k.Desc || x == t && !strict {
				out = append(out, i)
			}
		}
	default:
		for _, i := range rows {
			c := orderAt(k, v, int(i), w, last)
			if c < 0 || c == 0 && !strict {
				out = append(out, i)
			}
		}
	}
	return out
}

func (o *sortOp) next() (*types.Batch, error) {
	if !o.ran {
		o.ran = true
		if err := o.consume(); err != nil {
			return nil, err
		}
		if len(o.runs) > 0 {
			if err := o.spillRun(); err != nil {
				return nil, err
			}
			if err := o.startMerge(); err != nil {
				return nil, err
			}
		} else if err := o.order(); err != nil {
			return nil, err
		}
	}
	if o.merge != nil {
		return o.emitMerged()
	}
	return o.emit()
}

// emitMerged gives the next rows of the runs.
func (o *sortOp) emitMerged() (*types.Batch, error) {
	n := types.BatchSize
	if o.limit >= 0 {
		n = min(n, o.limit-o.at)
	}
	b, err := o.merge.next(n)
	if err != nil || b == nil {
		return nil, err
	}
	o.at += b.N
	o.out.Cols, o.out.N = b.Cols[:o.merge.cols], b.N
	return &o.out, nil
}

// order sorts all that was taken in.
func (o *sortOp) order() error {
	var err error
	if o.perm, err = o.x.sortRows(o.kvals.cols, o.n.Keys, o.rows.n, o.limit); err != nil {
		return err
	}
	if o.limit >= 0 && len(o.perm) > o.limit {
		o.perm = o.perm[:o.limit]
	}
	o.kvals.drop()
	return nil
}

func (o *sortOp) emit() (*types.Batch, error) {
	n := min(len(o.perm)-o.at, types.BatchSize)
	if n <= 0 {
		return nil, nil
	}
	if o.out.Cols == nil {
		o.out.Cols = newVecs(colTypes(o.n.Input), n)
	}
	for i, c := range o.rows.cols {
		o.out.Cols[i].CopyFrom(c, o.perm[o.at:o.at+n])
	}
	o.at += n
	o.out.N = n
	return &o.out, nil
}

func (o *sortOp) close() {
	o.rows.drop()
	o.kvals.drop()
	o.dropRuns()
	o.perm = nil
	o.in.close()
}

// orderAt compares two rows by one sort key.
func orderAt(k *plan.SortKey, v *types.Vec, i int, w *types.Vec, j int) int {
	vn, wn := v.IsNull(i), w.IsNull(j)
	if vn || wn {
		switch {
		case vn && wn:
			return 0
		case vn == k.NullsFirst:
			return -1
		}
		return 1
	}
	c := types.CompareAt(v, i, w, j)
	if k.Desc {
		return -c
	}
	return c
}

// sortItem is a row with the beginning of its first key, made so that
// unsigned comparison orders it.
type sortItem struct {
	prefix uint64
	row    int32
}

// sortRows gives the row numbers 0 … n-1 sorted by the key columns; with a
// limit of 0 or more those after the first limit may be missing. It ends when the
// statement is cancelled.
func (x *exec) sortRows(keys []*types.Vec, by []plan.SortKey, n, limit int) ([]int32, error) {
	if len(keys) == 0 {
		return countingRows(n), nil
	}
	if n <= smallSort {
		return sortFew(keys, by, n, limit), nil
	}
	perm := make([]int32, n)
	v, k := keys[0], &by[0]
	items := make([]sortItem, 0, n)
	var nulls []int32
	for i := range n {
		if v.HasNulls && v.Nulls[i] {
			nulls = append(nulls, int32(i))
		} else {
			items = append(items, sortItem{row: int32(i)})
		}
	}
	exact := prefixes(v, items, k.Desc)
	rest := func(a, b int32, from int) int {
		for j := from; j < len(keys); j++ {
			if c := orderAt(&by[j], keys[j], int(a), keys[j], int(b)); c != 0 {
				return c
			}
		}
		return int(a - b)
	}
	from := 0
	if exact {
		from = 1
	}
	if exact && len(keys) == 1 && len(items) > 4096 {
		if err := x.radixSort(items); err != nil {
			return nil, err
		}
	} else {
		err := sortUntilCancelled(x, items, func(a, b sortItem) int {
			if a.prefix != b.prefix {
				if a.prefix < b.prefix {
					return -1
				}
				return 1
			}
			return rest(a.row, b.row, from)
		})
		if err != nil {
			return nil, err
		}
	}
	if len(nulls) > 1 && len(keys) > 1 {
		err := sortUntilCancelled(x, nulls, func(a, b int32) int { return rest(a, b, 1) })
		if err != nil {
			return nil, err
		}
	}
	out := perm[:0]
	if k.NullsFirst {
		out = append(out, nulls...)
	}
	for _, it := range items {
		out = append(out, it.row)
	}
	if !k.NullsFirst {
		out = append(out, nulls...)
	}
	return out, nil
}

// sortUntilCancelled is slices.SortFunc until the statement is cancelled. A sort cannot be left, but
// it ends soon once everything compares equal.
func sortUntilCancelled[T any](x *exec, items []T, cmp func(a, b T) int) (err error) {
	compared := 0
	slices.SortFunc(items, func(a, b T) int {
		if compared++; compared&0xffff == 0 && err == nil {
			err = x.cancelled()
		}
		if err != nil {
			return 0
		}
		return cmp(a, b)
	})
	return err
}

// sortFew sorts few rows, ties in the order that sort_small.go tells of.
func sortFew(keys []*types.Vec, by []plan.SortKey, n, limit int) []int32 {
	v, k := keys[0], &by[0]
	items := make([]sortItem, n)
	for i := range items {
		items[i].row = int32(i)
	}
	exact := !v.HasNulls && prefixes(v, items, k.Desc)
	from := 0
	if exact {
		from = 1
	}
	cmp := func(a, b int32) int {
		if p, q := items[a].prefix, items[b].prefix; p != q { // all 0 where there are none
			if p < q {
				return -1
			}
			return 1
		}
		for j := from; j < len(keys); j++ {
			if c := orderAt(&by[j], keys[j], int(a), keys[j], int(b)); c != 0 {
				return c
			}
		}
		return 0
	}
	if limit > 0 && n > 2*limit {
		return boundedSort(n, limit, cmp)
	}
	perm := countingRows(n)
	quickSort(perm, cmp)
	return perm
}

// prefixes computes the prefixes of a key's rows; exact tells that equal
// prefixes mean equal keys.
func prefixes(v *types.Vec, items []sortItem, desc bool) (exact bool) {
	t := v.Type.Under()
	switch {
	case t.Phys == types.PhysInt64:
		exact = true
		flip := uint64(1) << 63
		if t == types.Xid8 {
			flip = 0
		}
		for i := range items {
			items[i].prefix = uint64(v.I[items[i].row]) ^ flip
		}
	case t.Phys == types.PhysBool:
		exact = true
		for i := range items {
			if v.B[items[i].row] {
				items[i].prefix = 1
			}
		}
	case t.Phys == types.PhysFloat64:
		exact = true
		for i := range items {
			items[i].prefix = floatOrder(v.F[items[i].row])
		}
	case t.Phys == types.PhysBytes && t != types.JSONB:
		for i := range items {
			items[i].prefix = stringPrefix(v.S[items[i].row], t == types.BPChar)
		}
	case t.Phys == types.PhysDecimal && oneScale(v, items):
		exact = true
		for i := range items {
			items[i].prefix = uint64(v.D[items[i].row].Coef) ^ 1<<63
		}
	case t.Phys == types.PhysDecimal:
		for i := range items {
			items[i].prefix = decimalPrefix(&v.D[items[i].row])
		}
	default:
		return false
	}
	if desc {
		for i := range items {
			items[i].prefix = ^items[i].prefix
		}
	}
	return exact
}

// floatOrder maps floats to integers of the same order, NaN greatest, -0 as 0.
func floatOrder(f float64) uint64 {
	switch {
	case f != f:
		return math.MaxUint64
	case f == 0:
		return 1 << 63
	}
	u := math.Float64bits(f)
	if u>>63 != 0 {
		return ^u
	}
	return u | 1<<63
}

func stringPrefix(s string, blanks bool) uint64 {
	if blanks {
		s = types.TrimBlanks(s)
	}
	var p uint64
	if len(s) >= 8 {
		return uint64(s[0])<<56 | uint64(s[1])<<48 | uint64(s[2])<<40 | uint64(s[3])<<32 |
			uint64(s[4])<<24 | uint64(s[5])<<16 | uint64(s[6])<<8 | uint64(s[7])
	}
	for i := 0; i < len(s); i++ {
		p |= uint64(s[i]) << (56 - 8*i)
	}
	return p
}

// decimalPrefix is the number's integer part, held within 64 bits: it never
// orders two numbers wrongly, and leaves those it finds equal to the full
// comparison.
func decimalPrefix(d *types.Decimal) uint64 {
	const flip = 1 << 63
	switch {
	case d.Form == types.NaN || d.Form == types.PosInf:
		return math.MaxUint64
	case d.Form == types.NegInf:
		return 0
	case d.Big != nil:
		q := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil)
		q.Quo(d.Big, q)
		switch {
		case q.IsInt64():
			return uint64(q.Int64()) ^ flip
		case q.Sign() < 0:
			return 0
		}
		return math.MaxUint64
	}
	c := d.Coef
	for s := d.Scale; s > 0 && c != 0; s-- {
		c /= 10
	}
	return uint64(c) ^ flip
}

// oneScale tells that all rows are small finite numbers of one scale, which
// compare as their coefficients.
func oneScale(v *types.Vec, items []sortItem) bool {
	if len(items) == 0 {
		return true
	}
	scale := v.D[items[0].row].Scale
	for _, it := range items {
		d := &v.D[it.row]
		if d.Scale != scale || d.Form != types.Finite || d.Big != nil {
			return false
		}
	}
	return true
}

// radixSort sorts items by prefix, stably, a byte at a time from the lowest,
// passing over bytes that all items share.
func (x *exec) radixSort(items []sortItem) error {
	var or, and uint64 = 0, math.MaxUint64
	for i := range items {
		or |= items[i].prefix
		and &= items[i].prefix
	}
	vary := or &^ and
	buf := make([]sortItem, len(items))
	src, dst := items, buf
	for shift := uint(0); shift < 64; shift += 8 {
		if vary>>shift&0xff == 0 {
			continue
		}
		if err := x.cancelled(); err != nil {
			return err
		}
		var count [256]int
		for i := range src {
			count[byte(src[i].prefix>>shift)]++
		}
		sum := 0
		for b := range count {
			count[b], sum = sum, sum+count[b]
		}
		for i := range src {
			b := byte(src[i].prefix >> shift)
			dst[count[b]] = src[i]
			count[b]++
		}
		src, dst = dst, src
	}
	if len(items) > 0 && &src[0] != &items[0] {
		copy(items, src)
	}
	return nil
}
