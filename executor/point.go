package executor

import (
	"rowkey/builtin"
	"rowkey/catalog/rowenc"
	"rowkey/planner/plan"
	"rowkey/types"
	"slices"
)

// The short path of point reads: a Project (or nothing) over a Scan of one
// whole primary key. No operators are built: the key is made, looked up, and
// the row decoded into vectors that the session keeps from one execution to
// the next.

// State keeps what is worth keeping from one execution to the next of a
// session. Not safe for concurrent use.
type State struct {
	points map[*plan.Plan]*pointRun
	// other remembers plans that are none.
	other map[*plan.Plan]struct{}
	trees map[*plan.Plan]*tree
	// running are the plans under way.
	running []*plan.Plan
}

// Begin notes that a plan runs, until End.
func (s *State) Begin(p *plan.Plan) {
	if s != nil {
		s.running = append(s.running, p)
	}
}

// End notes that a plan does not run any more. What began last mostly ends first, but
// cursors may outlive others.
func (s *State) End(p *plan.Plan) {
	if s == nil {
		return
	}
	for i := len(s.running) - 1; i >= 0; i-- {
		if s.running[i] == p {
			s.running = slices.Delete(s.running, i, i+1)
			return
		}
	}
}

// EndAll notes that nothing runs any more.
func (s *State) EndAll() { s.running = s.running[:0] }

// Opened tells whether a plan under way has a table or index open.
func (s *State) Opened(relation types.OID) bool {
	return slices.ContainsFunc(s.running, func(p *plan.Plan) bool { return slices.Contains(p.Opened, relation) })
}

// stateMax bounds the number of plans remembered.
const stateMax = 512

// pointRun is a point read, prepared.
type pointRun struct {
	ctx   *Ctx
	index *rowenc.Index
	eq    []plan.Expr
	fetch *rowenc.Decoder
	// direct tells that the output is columns alone, decoded straight into out.
	direct bool
	exprs  []plan.Expr
	filter plan.Expr
	row    []types.Datum
	vecs   []*types.Vec
	out    types.Batch
	key    []byte
	keys   [1][]byte
	vals   [1][]byte
	rows   int64
	busy   bool
	done   bool
}

// openPoint gives the short path of a plan, nil if it has none.
func openPoint(ctx *Ctx, p *plan.Plan) (*pointRun, error) {
	if ctx.Counters != nil || len(p.CTEs) > 0 {
		return nil, nil
	}
	s := ctx.State
	if s == nil {
		return nil, nil // without a session, preparing it would not pay
	}
	r := s.points[p]
	if r == nil || r.busy {
		if _, ok := s.other[p]; ok {
			return nil, nil
		}
		made, err := newPoint(p)
		if err != nil {
			return nil, err
		}
		if made == nil {
			if s.other == nil || len(s.other) >= stateMax {
				s.other = map[*plan.Plan]struct{}{}
			}
			s.other[p] = struct{}{}
			return nil, nil
		}
		if r == nil {
			if s.points == nil || len(s.points) >= stateMax {
				s.points = map[*plan.Plan]*pointRun{}
			}
			s.points[p] = made
		}
		r = made
	}
	r.ctx, r.busy, r.done, r.rows = ctx, true, false, 0
	return r, nil
}

// newPoint prepares a point read; nil when the plan is none.
func newPoint(p *plan.Plan) (*pointRun, error) {
	root := p.Root
	var exprs []plan.Expr
	if pr, ok := root.(*plan.Project); ok {
		exprs, root = pr.Exprs, pr.Input
	}
	s, ok := root.(*plan.Scan)
	if !ok || !s.Unique || len(s.Spans) != 1 || s.IndexOnly || s.Index != nil && s.Index != s.Table.Indexes[0] {
		return nil, nil
	}
	sp := &s.Spans[0]
	if sp.In != nil || sp.EqNull != nil || !scalar(s.Filter) {
		return nil, nil
	}
	index, err := rowenc.NewIndex(s.Table, s.Table.Indexes[0])
	if err != nil {
		return nil, err
	}
	if len(sp.Eq) != len(index.Keys) {
		return nil, nil
	}
	for _, e := range sp.Eq {
		if !scalar(e) {
			return nil, nil
		}
	}
	r := &pointRun{index: index, eq: sp.Eq, filter: s.Filter}
	visible := len(p.Columns) + 2*len(p.RowKeys)
	if exprs == nil {
		for i := range s.Attnums {
			exprs = append(exprs, &plan.Col{T: plan.T{Typ: s.Cols[i].Type}, Idx: i})
		}
	}
	if len(exprs) < visible {
		return nil, nil
	}
	r.exprs = exprs[:visible]
	attnums := s.Attnums
	r.direct = s.Filter == nil
	for _, e := range r.exprs {
		if !scalar(e) {
			return nil, nil
		}
		if c, ok := e.(*plan.Col); !ok || s.Attnums[c.Idx] < 0 {
			r.direct = false
		}
	}
	if r.direct {
		attnums = make([]int16, len(r.exprs))
		for i, e := range r.exprs {
			attnums[i] = s.Attnums[e.(*plan.Col).Idx]
		}
	}
	r.fetch = rowenc.NewDecoder(s.Table, attnums)
	r.row = make([]types.Datum, len(attnums))
	for _, e := range r.exprs {
		r.vecs = append(r.vecs, types.NewVec(e.Type(), 1))
	}
	if r.direct {
		for i, t := range r.fetch.Types() {
			r.vecs[i] = types.NewVec(t, 1)
		}
	}
	r.out = types.Batch{Cols: r.vecs, N: 1}
	return r, nil
}

// scalar tells whether evalScalar can compute e.
func scalar(e plan.Expr) bool {
	switch e := e.(type) {
	case nil, *plan.Const, *plan.Param, *plan.Col:
		return true
	case *plan.Relabel:
		return scalar(e.Arg)
	case *plan.Call:
		if e.Fn.SetOf || e.Fn.Bind != nil || e.Fn.Eval == nil || len(e.Args) > 4 {
			return false
		}
		for _, a := range e.Args {
			if !scalar(a) {
				return false
			}
		}
		return true
	}
	return false
}

// evalScalar computes a simple expression for one row.
func evalScalar(ctx *Ctx, e plan.Expr, row []types.Datum) (types.Datum, error) {
	switch e := e.(type) {
	case *plan.Const:
		return e.Val, nil
	case *plan.Param:
		if e.Num <= len(ctx.Params) {
			return ctx.Params[e.Num-1], nil
		}
	case *plan.Col:
		return row[e.Idx], nil
	case *plan.Relabel:
		return evalScalar(ctx, e.Arg, row)
	case *plan.Call:
		args := make([]types.Datum, len(e.Args))
		for i, a := range e.Args {
			var err error
			if args[i], err = evalScalar(ctx, a, row); err != nil {
				return types.Null, err
			}
		}
		return builtin.Call(e.Fn, ctx.Eval, args)
	}
	return EvalExpr(ctx, e, row)
}

// next gives the row, then nil.
func (r *pointRun) next() (*types.Batch, error) {
	if r.done {
		return nil, nil
	}
	r.done = true
	if err := r.ctx.cancelled(); err != nil {
		return nil, err
	}
	key := append(r.key[:0], r.index.Prefix...)
	for j, e := range r.eq {
		d, err := evalScalar(r.ctx, e, nil)
		if err != nil || d.IsNull() {
			return nil, err
		}
		key = r.index.Keys[j].Append(key, d)
	}
	r.key = key
	value, ok, err := r.ctx.Txn.Get(key)
	if err != nil {
		return nil, storeError(err)
	}
	if !ok {
		return nil, nil
	}
	if r.direct {
		r.keys[0], r.vals[0] = key, value
		if err := r.fetch.Batch(r.keys[:], r.vals[:], r.vecs); err != nil {
			return nil, err
		}
		r.rows = 1
		return &r.out, nil
	}
	if err := r.fetch.Row(key, value, r.row); err != nil {
		return nil, err
	}
	if r.filter != nil {
		d, err := evalScalar(r.ctx, r.filter, r.row)
		if err != nil || d.IsNull() || !d.Bool() {
			return nil, err
		}
	}
	for i, e := range r.exprs {
		d, err := evalScalar(r.ctx, e, r.row)
		if err != nil {
			return nil, err
		}
		v := r.vecs[i]
		v.HasNulls = false
		v.Resize(1)
		v.Set(0, d)
	}
	r.rows = 1
	return &r.out, nil
}

func (r *pointRun) close() { r.ctx, r.busy = nil, false }

// EvalExpr computes an expression for one row; Col i is row[i].
func EvalExpr(ctx *Ctx, e plan.Expr, row []types.Datum) (types.Datum, error) {
	if scalar(e) {
		switch e.(type) {
		case *plan.Param:
		default:
			return evalScalar(ctx, e, row)
		}
	}
	x := newExec(ctx, emptyPlan)
	slots := 0
	in := &types.Batch{N: 1, Cols: make([]*types.Vec, len(row))}
	walkExpr(e, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.ExecParam:
			slots = max(slots, e.Slot+1)
		case *plan.Subplan:
			for _, s := range append(append([]int(nil), e.Sets...), e.Out...) {
				slots = max(slots, s+1)
			}
		case *plan.Col:
			if e.Idx < len(row) && in.Cols[e.Idx] == nil {
				in.Cols[e.Idx] = constArg(e.Typ, row[e.Idx]).Vec
			}
		}
	})
	x.slots = make([]types.Datum, slots)
	k, err := x.compile(e)
	if err != nil {
		return types.Null, err
	}
	a, err := k.eval(in, nil)
	if err != nil {
		return types.Null, err
	}
	return a.Datum(0), nil
}

// Fold computes an expression without columns, parameters and session, as the
// planner may do with immutable ones.
func Fold(e plan.Expr) (types.Datum, error) {
	return EvalExpr(&Ctx{Eval: &builtin.Ctx{Env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}}}, e, nil)
}
