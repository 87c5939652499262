package executor

import (
	"rowkey/builtin"
	"rowkey/planner/plan"
	"rowkey/types"
)

// rowSet keeps rows as columns: what sorts, joins and materialised inputs
// hold. Views of it share its memory.
type rowSet struct {
	cols  []*types.Vec
	n     int
	mem   *Account
	bytes int64
	view  types.Batch
	vecs  []types.Vec
}

func newRowSet(ts []*types.Type, mem *Account) *rowSet {
	return &rowSet{cols: newVecs(ts, 0), mem: mem}
}

// add appends the rows of a batch.
func (s *rowSet) add(b *types.Batch) error { return s.addRows(b, selected(b.N, b.Sel)) }

// addRows appends some rows of a batch.
func (s *rowSet) addRows(b *types.Batch, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	for i, c := range s.cols {
		c.AppendRows(b.Cols[i], rows)
	}
	s.n += len(rows)
	if s.mem == nil {
		return nil
	}
	n := s.estimate(len(rows))
	s.bytes += n
	return s.mem.grow(n)
}

// estimate guesses the bytes of the last n rows.
func (s *rowSet) estimate(n int) int64 {
	var size int64
	for _, c := range s.cols {
		size += vecBytes(c, s.n-n, s.n)
	}
	return size
}

// vecBytes estimates the memory of rows from … to-1 of a vector.
func vecBytes(v *types.Vec, from, to int) int64 {
	n := int64(to - from)
	switch v.Type.Phys {
	case types.PhysBool:
		return n
	case types.PhysInt64, types.PhysFloat64:
		return 8 * n
	case types.PhysBytes:
		size := 16 * n
		for _, s := range v.S[from:to] {
			size += int64(len(s))
		}
		return size
	case types.PhysDecimal:
		return 24 * n
	case types.PhysInterval:
		return 16 * n
	}
	return 100 * n
}

// reset empties the set, keeping its memory for the next rows. Only right when
// nobody looks at the old ones any more.
func (s *rowSet) reset() {
	for _, c := range s.cols {
		c.HasNulls = false
		c.Resize(0)
	}
	s.n = 0
	_ = s.mem.grow(-s.bytes)
	s.bytes = 0
}

// drop empties the set and gives its memory away.
func (s *rowSet) drop() {
	for i, c := range s.cols {
		s.cols[i] = types.NewVec(c.Type, 0)
	}
	s.n = 0
	_ = s.mem.grow(-s.bytes)
	s.bytes = 0
}

// slice gives rows from … to-1 as a batch, which lives until the next slice
// or change of the set.
func (s *rowSet) slice(from, to int) *types.Batch {
	if s.vecs == nil {
		s.vecs = make([]types.Vec, len(s.cols))
		s.view.Cols = make([]*types.Vec, len(s.cols))
	}
	for i, c := range s.cols {
		sliceVec(&s.vecs[i], c, from, to)
		s.view.Cols[i] = &s.vecs[i]
	}
	s.view.N, s.view.Sel = to-from, nil
	return &s.view
}

// all gives all rows as one batch.
func (s *rowSet) all() *types.Batch { return &types.Batch{Cols: s.cols, N: s.n} }

// sliceVec makes dst a view of rows of src.
func sliceVec(dst, src *types.Vec, from, to int) {
	*dst = types.Vec{Type: src.Type, Len: to - from, HasNulls: src.HasNulls}
	if src.HasNulls {
		dst.Nulls = src.Nulls[from:to:to]
	}
	switch src.Type.Phys {
	case types.PhysBool:
		dst.B = src.B[from:to:to]
	case types.PhysInt64:
		dst.I = src.I[from:to:to]
	case types.PhysFloat64:
		dst.F = src.F[from:to:to]
	case types.PhysBytes:
		dst.S = src.S[from:to:to]
	case types.PhysDecimal:
		dst.D = src.D[from:to:to]
	case types.PhysInterval:
		dst.V = src.V[from:to:to]
	default:
		dst.A = src.A[from:to:to]
	}
}

// cursor reads a rowSet batch by batch. Several may read one set.
type cursor struct {
	at   int
	view types.Batch
	vecs []types.Vec
}

func (c *cursor) next(s *rowSet) *types.Batch {
	if c.at >= s.n {
		return nil
	}
	to := min(c.at+types.BatchSize, s.n)
	if len(c.vecs) != len(s.cols) {
		c.vecs = make([]types.Vec, len(s.cols))
		c.view.Cols = make([]*types.Vec, len(s.cols))
	}
	for i, v := range s.cols {
		sliceVec(&c.vecs[i], v, c.at, to)
		c.view.Cols[i] = &c.vecs[i]
	}
	c.view.N, c.view.Sel = to-c.at, nil
	c.at = to
	return &c.view
}

// drain reads an operator to its end into a set.
func (x *exec) drain(o op, s *rowSet) error {
	for {
		if err := x.cancelled(); err != nil {
			return err
		}
		b, err := o.next()
		if err != nil || b == nil {
			return err
		}
		if err := s.add(b); err != nil {
			return err
		}
	}
}

// setVec copies row j of src to row i of dst.
func setVec(dst *types.Vec, i int, src *types.Vec, j int) {
	if src.HasNulls && src.Nulls[j] {
		dst.Set(i, types.Null)
		return
	}
	if dst.HasNulls {
		dst.Nulls[i] = false
	}
	switch dst.Type.Phys {
	case types.PhysBool:
		dst.B[i] = src.B[j]
	case types.PhysInt64:
		dst.I[i] = src.I[j]
	case types.PhysFloat64:
		dst.F[i] = src.F[j]
	case types.PhysBytes:
		dst.S[i] = src.S[j]
	case types.PhysDecimal:
		dst.D[i] = src.D[j]
	case types.PhysInterval:
		dst.V[i] = src.V[j]
	default:
		dst.A[i] = src.A[j]
	}
}

// flat gives an argument as a vector with a value for every row of sel.
func flat(a builtin.Arg, t *types.Type, n int, sel []int32, buf **types.Vec) *types.Vec {
	if !a.Const {
		return a.Vec
	}
	if *buf == nil {
		*buf = types.NewVec(t, n)
	}
	v := *buf
	v.HasNulls = false
	v.Resize(n)
	copyRows(v, a, selected(n, sel))
	return v
}

// exprSet computes a list of expressions as vectors with a value for every
// row, constants spread out.
type exprSet struct {
	exprs []expr
	typs  []*types.Type
	vecs  []*types.Vec
	bufs  []*types.Vec
}

func (x *exec) newExprSet(es []plan.Expr) (*exprSet, error) {
	cs, err := x.compileAll(es)
	if err != nil {
		return nil, err
	}
	s := &exprSet{exprs: cs, vecs: make([]*types.Vec, len(es)), bufs: make([]*types.Vec, len(es))}
	for _, e := range es {
		s.typs = append(s.typs, e.Type())
	}
	return s, nil
}

// eval computes the expressions; the vectors live until the next eval.
func (s *exprSet) eval(in *types.Batch, sel []int32) ([]*types.Vec, error) {
	for i, e := range s.exprs {
		a, err := e.eval(in, sel)
		if err != nil {
			return nil, err
		}
		s.vecs[i] = flat(a, s.typs[i], in.N, sel, &s.bufs[i])
	}
	return s.vecs, nil
}

func sortExprs(ks []plan.SortKey) []plan.Expr {
	es := make([]plan.Expr, len(ks))
	for i, k := range ks {
		es[i] = k.Expr
	}
	return es
}

// BatchBytes is about what the rows of a batch take.
func BatchBytes(b *types.Batch) (n int64) {
	for _, v := range b.Cols {
		n += vecBytes(v, 0, b.N)
	}
	return n
}
