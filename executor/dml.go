package executor

import (
	"cmp"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// source reads the input of a data-modifying operator so that the statement
// does not meet its own writes: an input that is a single scan streams, since
// an iterator keeps the state it was opened on, and so does what reads a frozen state
// (exec.freeze); any other is read to its end
// before the first row is written.
type source struct {
	x      *exec
	in     op
	stream bool
	rows   *rowSet
	cur    cursor
	filled bool
}

func (x *exec) newSource(n plan.Node, also ...plan.Expr) (*source, error) {
	in, err := x.build(n)
	if err != nil {
		return nil, err
	}
	s := &source{x: x, in: in, stream: x.statement().frozen || streams(n, also)}
	if !s.stream {
		s.rows = newRowSet(colTypes(n), x.Memory)
	}
	return s, nil
}

// streams tells whether reading a node bit by bit, with writes in between, is
// the same as reading it at once.
func streams(n plan.Node, also []plan.Expr) bool {
	scans, ok := 0, true
	look := func(e plan.Expr) {
		walkExpr(e, func(e plan.Expr) {
			if _, is := e.(*plan.Subplan); is {
				ok = false
			}
		})
	}
	walkNodes(n, func(n plan.Node) {
		switch n.(type) {
		case *plan.Scan:
			scans++
		case *plan.Values, *plan.Filter, *plan.Project, *plan.ProjectSet, *plan.FuncScan, *plan.Sort, *plan.LockRows:
		default:
			ok = false
		}
		nodeExprs(n, look)
	})
	for _, e := range also {
		look(e)
	}
	return ok && scans <= 1
}

func (s *source) open() error {
	s.cur.at, s.filled = 0, false
	if s.rows != nil {
		s.rows.drop()
	}
	return s.in.open()
}

func (s *source) next() (*types.Batch, error) {
	if err := s.x.cancelled(); err != nil {
		return nil, err
	}
	if s.stream {
		for {
			b, err := s.in.next()
			if err != nil || b == nil || b.Rows() > 0 {
				return b, err
			}
		}
	}
	if !s.filled {
		s.filled = true
		if err := s.x.drain(s.in, s.rows); err != nil {
			return nil, err
		}
	}
	return s.cur.next(s.rows), nil
}

func (s *source) close() {
	s.in.close()
	if s.rows != nil {
		s.rows.drop()
	}
}

// returning computes RETURNING lists.
type returning struct {
	set *exprSet
	out types.Batch
}

func (x *exec) newReturning(es []plan.Expr) (*returning, error) {
	if es == nil {
		return nil, nil
	}
	set, err := x.newExprSet(es)
	if err != nil {
		return nil, err
	}
	return &returning{set: set}, nil
}

func (r *returning) rows(b *types.Batch) (*types.Batch, error) {
	vs, err := r.set.eval(b, b.Sel)
	if err != nil {
		return nil, err
	}
	r.out = types.Batch{Cols: vs, N: b.N, Sel: b.Sel}
	return &r.out, nil
}

// compacted gives a batch without selection: b itself or a copy of its rows.
func compacted(b *types.Batch, rows []int32) *types.Batch {
	if len(rows) == b.N {
		same := true
		for i, r := range rows {
			if int(r) != i {
				same = false
				break
			}
		}
		if same {
			return &types.Batch{Cols: b.Cols, N: b.N}
		}
	}
	out := &types.Batch{N: len(rows), Cols: make([]*types.Vec, len(b.Cols))}
	for i, c := range b.Cols {
		if c == nil {
			continue
		}
		v := types.NewVec(c.Type, len(rows))
		v.CopyFrom(c, rows)
		out.Cols[i] = v
	}
	return out
}

// rowMaker makes whole rows of a table from some columns and defaults.
type rowMaker struct {
	t        *catalog.Table
	attnums  []int16
	defaults map[int16]expr
	bufs     []*types.Vec
	nulls    []*types.Vec
}

func (x *exec) newRowMaker(t *catalog.Table, attnums []int16, defaults []plan.ColumnExpr) (*rowMaker, error) {
	m := &rowMaker{t: t, attnums: attnums, defaults: map[int16]expr{}, bufs: make([]*types.Vec, len(t.Columns)), nulls: make([]*types.Vec, len(t.Columns))}
	for _, d := range defaults {
		if d.Expr == nil {
			continue
		}
		e, err := x.compile(d.Expr)
		if err != nil {
			return nil, err
		}
		m.defaults[d.Attnum] = e
	}
	return m, nil
}

// make_ makes the rows: vals[i] is the column attnums[i].
func (m *rowMaker) make_(vals []*types.Vec, n int) (*types.Batch, error) {
	b := &types.Batch{N: n, Cols: make([]*types.Vec, len(m.t.Columns))}
	for i, a := range m.attnums {
		b.Cols[a-1] = vals[i]
	}
	empty := &types.Batch{N: n}
	for k := range m.t.Columns {
		if b.Cols[k] != nil {
			continue
		}
		c := &m.t.Columns[k]
		if e := m.defaults[c.Attnum]; e != nil && !c.Dropped {
			a, err := e.eval(empty, nil)
			if err != nil {
				return nil, err
			}
			b.Cols[k] = flat(a, c.Type, n, nil, &m.bufs[k])
			continue
		}
		if m.nulls[k] == nil {
			t := types.Text
			if !c.Dropped {
				t = c.Type
			}
			m.nulls[k] = types.NewVec(t, n)
		}
		nullVec(m.nulls[k], n)
		b.Cols[k] = m.nulls[k]
	}
	return b, nil
}

// viewChecks are WITH CHECK OPTION conditions over new rows.
type viewChecks []namedCheck

func (x *exec) newViewChecks(cs []plan.NamedExpr) (viewChecks, error) {
	var out viewChecks
	for _, c := range cs {
		e, err := x.compile(c.Expr)
		if err != nil {
			return nil, err
		}
		out = append(out, namedCheck{c.Name, e})
	}
	return out, nil
}

// check asks all of them of each row: the error is about the first row that fails one.
func (v viewChecks) check(w *tableWriter, b *types.Batch) error {
	end, name := b.N, ""
	for _, c := range v {
		a, err := c.e.eval(b, nil)
		if err != nil {
			return err
		}
		for i := range end {
			if r := row(a, i); a.IsNull(r) || !a.B[r] {
				end, name = i, c.name
				break
			}
		}
	}
	if end == b.N {
		return nil
	}
	err := pgerr.Newf(pgerr.WithCheckOptionViolation, "new row violates check option for view %q", name)
	err.Row = end + 1
	return w.failing(err, b, end)
}

// setList computes the SET list of an update as whole new rows.
type setList struct {
	set   []plan.ColumnExpr
	es    []expr
	bufs  []*types.Vec
	calls bool // see hasCalls
}

func (x *exec) newSetList(set []plan.ColumnExpr) (*setList, error) {
	s := &setList{set: set, bufs: make([]*types.Vec, len(set))}
	for _, c := range set {
		e, err := x.compile(c.Expr)
		if err != nil {
			return nil, err
		}
		s.es = append(s.es, e)
		s.calls = s.calls || hasCalls(c.Expr)
	}
	return s, nil
}

// before gives the rows before the first of those in in that cannot be computed, and the
// error of that one; err is that of all.
func (s *setList) before(in *types.Batch, err error) (*types.Batch, error) {
	var rows []int32
	if !s.calls {
		var first error
		rows, first = before(iota32(in.N), func(row []int32) error {
			for _, e := range s.es {
				if _, err := e.eval(in, row); err != nil {
					return err
				}
			}
			return nil
		})
		err = cmp.Or(first, err)
	}
	return compacted(in, rows), err
}

// apply gives the new rows: old with the SET columns computed over in.
func (s *setList) apply(t *catalog.Table, old, in *types.Batch) (*types.Batch, []bool, error) {
	b := &types.Batch{N: old.N, Cols: append([]*types.Vec(nil), old.Cols...)}
	changed := make([]bool, len(t.Columns))
	for k, e := range s.es {
		a, err := e.eval(in, nil)
		if err != nil {
			return nil, nil, err
		}
		n := s.set[k].Attnum
		s.bufs[k] = nil
		b.Cols[n-1] = flat(a, t.Col(n).Type, in.N, nil, &s.bufs[k])
		changed[n-1] = true
	}
	return b, changed, nil
}

func changedColumns(t *catalog.Table, set []plan.ColumnExpr) []bool {
	changed := make([]bool, len(t.Columns))
	for _, c := range set {
		changed[c.Attnum-1] = true
	}
	return changed
}

var _ = builtin.Arg{}
