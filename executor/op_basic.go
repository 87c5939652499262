package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// valuesOp yields constant rows. Its batches live until the next.
type valuesOp struct {
	x    *exec
	n    *plan.Values
	rows [][]expr
	lit  *rowSet
	cur  cursor
	at   int
	out  types.Batch
}

func (x *exec) newValues(n *plan.Values) (op, error) {
	o := &valuesOp{x: x, n: n}
	if n.Lit != nil {
		o.lit = &rowSet{cols: n.Lit}
		if len(n.Lit) > 0 {
			o.lit.n = n.Lit[0].Len
		}
		return o, nil
	}
	for _, r := range n.RowsExprs {
		es, err := x.compileAll(r)
		if err != nil {
			return nil, err
		}
		o.rows = append(o.rows, es)
	}
	return o, nil
}

func (o *valuesOp) open() error {
	o.at, o.cur.at = 0, 0
	return nil
}

func (o *valuesOp) next() (*types.Batch, error) {
	if o.lit != nil {
		return o.cur.next(o.lit), nil
	}
	if o.at >= len(o.rows) {
		return nil, nil
	}
	n := min(len(o.rows)-o.at, types.BatchSize)
	if o.out.Cols == nil {
		o.out.Cols = newVecs(colTypes(o.n), n)
	}
	for _, c := range o.out.Cols {
		c.HasNulls = false
		c.Resize(n)
	}
	one := &types.Batch{N: 1}
	for i := range n {
		for k, e := range o.rows[o.at+i] {
			a, err := e.eval(one, nil)
			if err != nil {
				return nil, err
			}
			setVec(o.out.Cols[k], i, a.Vec, 0)
		}
	}
	o.at += n
	o.out.N = n
	return &o.out, nil
}

func (o *valuesOp) close() {}

// filterOp passes the rows for which a condition is true: its input's batches
// with a narrower selection.
type filterOp struct {
	in  op
	p   pred
	sel []int32
	out types.Batch
	c   *plan.Counters
}

func (x *exec) newFilter(n *plan.Filter) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	p, err := x.compilePred(n.Cond)
	if err != nil {
		return nil, err
	}
	return &filterOp{in: in, p: p, c: x.counter(n)}, nil
}

func (o *filterOp) open() error { return o.in.open() }

func (o *filterOp) next() (*types.Batch, error) {
	for {
		b, err := o.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		o.sel, err = o.p.filter(b, b.Sel, room(o.sel[:0], b.N))
		if err != nil {
			return nil, err
		}
		if o.c != nil {
			o.c.Removed += int64(b.Rows() - len(o.sel))
		}
		if len(o.sel) == 0 {
			continue
		}
		if len(o.sel) == b.Rows() {
			return b, nil
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
		return &o.out, nil
	}
}

func (o *filterOp) close() { o.in.close() }

// projectOp computes expressions over each row; plain columns are passed on
// without copying.
type projectOp struct {
	in  op
	set *exprSet
	out types.Batch
}

func (x *exec) newProject(n *plan.Project) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	set, err := x.newExprSet(n.Exprs)
	if err != nil {
		return nil, err
	}
	return &projectOp{in: in, set: set}, nil
}

func (o *projectOp) open() error { return o.in.open() }

func (o *projectOp) next() (*types.Batch, error) {
	b, err := o.in.next()
	if err != nil || b == nil {
		return nil, err
	}
	vecs, err := o.set.eval(b, b.Sel)
	if err != nil {
		return nil, err
	}
	o.out = types.Batch{Cols: vecs, N: b.N, Sel: b.Sel}
	return &o.out, nil
}

func (o *projectOp) close() { o.in.close() }

// limitOp passes Count rows after Offset, and with ties the peers of the last.
type limitOp struct {
	x             *exec
	in            op
	count, offset expr
	ties          *exprSet
	skip, left    int64 // left < 0: no limit
	last          []*types.Vec
	tieing        bool
	out           types.Batch
}

func (x *exec) newLimit(n *plan.Limit) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &limitOp{x: x, in: in}
	if n.Count != nil {
		if o.count, err = x.compile(n.Count); err != nil {
			return nil, err
		}
	}
	if n.Offset != nil {
		if o.offset, err = x.compile(n.Offset); err != nil {
			return nil, err
		}
	}
	if len(n.Ties) > 0 {
		if o.ties, err = x.newExprSet(sortExprs(n.Ties)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// evalInt computes an integer that depends on no row; ok is false for NULL.
func evalInt(e expr) (n int64, ok bool, err error) {
	if e == nil {
		return 0, false, nil
	}
	a, err := e.eval(&types.Batch{N: 1}, nil)
	if err != nil || a.IsNull(0) {
		return 0, false, err
	}
	return a.I[0], true, nil
}

func (o *limitOp) open() error {
	o.skip, o.left, o.tieing, o.last = 0, -1, false, nil
	if n, ok, err := evalInt(o.offset); err != nil {
		return err
	} else if ok {
		if n < 0 {
			return pgerr.New(pgerr.InvalidRowCountInResultOffset, "OFFSET must not be negative")
		}
		o.skip = n
	}
	if n, ok, err := evalInt(o.count); err != nil {
		return err
	} else if ok {
		if n < 0 {
			return pgerr.New(pgerr.InvalidRowCountInLimitClause, "LIMIT must not be negative")
		}
		o.left = n
	}
	return o.in.open()
}

func (o *limitOp) next() (*types.Batch, error) {
	for {
		if o.left == 0 && (o.ties == nil || o.last == nil) {
			return nil, nil
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		rows := selected(b.N, b.Sel)
		if o.skip > 0 {
			k := min(o.skip, int64(len(rows)))
			o.skip -= k
			rows = rows[k:]
		}
		if len(rows) == 0 {
			continue
		}
		if o.left < 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: rows}
			return &o.out, nil
		}
		take := int(min(o.left, int64(len(rows))))
		o.left -= int64(take)
		if o.ties != nil {
			if take, err = o.withTies(b, rows, take); err != nil {
				return nil, err
			}
			if take == 0 {
				return nil, nil
			}
		}
		o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: rows[:take]}
		return &o.out, nil
	}
}

// withTies lengthens take by the peers of the last row counted.
func (o *limitOp) withTies(b *types.Batch, rows []int32, take int) (int, error) {
	vecs, err := o.ties.eval(b, rows)
	if err != nil {
		return 0, err
	}
	if take > 0 {
		o.last = make([]*types.Vec, len(vecs))
		for k, v := range vecs {
			o.last[k] = types.NewVec(v.Type, 1)
			o.last[k].CopyFrom(v, rows[take-1:take])
		}
	}
	if o.left > 0 {
		return take, nil
	}
	for take < len(rows) {
		for k, v := range vecs {
			if !types.EqualAt(v, int(rows[take]), o.last[k], 0) {
				o.last = nil
				return take, nil
			}
		}
		take++
	}
	return take, nil
}

func (o *limitOp) close() { o.in.close() }

// appendOp yields the rows of its inputs one after another.
type appendOp struct {
	ins []op
	at  int
	opn bool
}

func (x *exec) newAppend(n *plan.Append) (op, error) {
	o := &appendOp{}
	for _, c := range n.Inputs {
		in, err := x.build(c)
		if err != nil {
			return nil, err
		}
		o.ins = append(o.ins, in)
	}
	return o, nil
}

func (o *appendOp) open() error {
	o.at, o.opn = 0, false
	return nil
}

func (o *appendOp) next() (*types.Batch, error) {
	for o.at < len(o.ins) {
		if !o.opn {
			if err := o.ins[o.at].open(); err != nil {
				return nil, err
			}
			o.opn = true
		}
		b, err := o.ins[o.at].next()
		if err != nil || b != nil {
			return b, err
		}
		o.at++
		o.opn = false
	}
	return nil, nil
}

func (o *appendOp) close() {
	for _, in := range o.ins {
		in.close()
	}
}

// virtualOp computes a relation of the catalog.
type virtualOp struct {
	x    *exec
	n    *plan.VirtualScan
	key  expr
	p    pred
	rows *rowSet
	cur  cursor
	sel  []int32
	out  types.Batch
	done bool
}

func (x *exec) newVirtualScan(n *plan.VirtualScan) (op, error) {
	o := &virtualOp{x: x, n: n}
	var err error
	if n.EqKey != nil {
		if o.key, err = x.compile(n.EqKey); err != nil {
			return nil, err
		}
	}
	if o.p, err = x.compilePred(n.Filter); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *virtualOp) open() error {
	o.cur.at, o.done = 0, false
	o.rows = newRowSet(colTypes(o.n), o.x.Memory)
	var eq int16
	var key types.Datum
	if o.key != nil {
		a, err := o.key.eval(&types.Batch{N: 1}, nil)
		if err != nil {
			return err
		}
		if a.IsNull(0) {
			return nil // equals nothing
		}
		eq, key = o.n.EqCol, a.Datum(0)
	}
	if o.n.Table.Virtual == nil {
		return pgerr.Newf(pgerr.InternalError, "relation %q has no rows", o.n.Table.Name)
	}
	ev := o.x.Eval
	return o.n.Table.Virtual.Rows(o.x.Catalog, ev, eq, key, func(r []types.Datum) error {
		for k, a := range o.n.Attnums {
			if a == plan.AttTableOID {
				o.rows.cols[k].Append(types.NewInt(int64(o.n.Table.OID)))
				continue
			}
			if a < 1 || int(a) > len(r) {
				o.rows.cols[k].Append(types.Null)
				continue
			}
			o.rows.cols[k].Append(r[a-1])
		}
		o.rows.n++
		return nil
	})
}

func (o *virtualOp) next() (*types.Batch, error) {
	for {
		b := o.cur.next(o.rows)
		if b == nil {
			return nil, nil
		}
		if o.p == nil {
			return b, nil
		}
		var err error
		if o.sel, err = o.p.filter(b, nil, room(o.sel[:0], b.N)); err != nil {
			return nil, err
		}
		if len(o.sel) > 0 {
			o.out = types.Batch{Cols: b.Cols, N: b.N, Sel: o.sel}
			return &o.out, nil
		}
	}
}

func (o *virtualOp) close() { o.rows = nil }

// funcOp computes functions in FROM, side by side.
type funcOp struct {
	x    *exec
	n    *plan.FuncScan
	args [][]expr // of set-returning calls
	one  []expr   // of the others
	rows *rowSet
	cur  cursor
}

func (x *exec) newFuncScan(n *plan.FuncScan) (op, error) {
	o := &funcOp{x: x, n: n}
	for _, e := range n.Calls {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.args, o.one = append(o.args, as), append(o.one, nil)
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.args, o.one = append(o.args, nil), append(o.one, k)
	}
	return o, nil
}

// boundCall gives the function of a call for its argument types.
func boundCall(c *plan.Call) *builtin.Func {
	ts := make([]*types.Type, len(c.Args))
	for i, a := range c.Args {
		ts[i] = a.Type()
	}
	return c.Fn.Bound(ts)
}

// runSet calls a set-returning function for one row of arguments.
func (x *exec) runSet(fn *builtin.Func, args []types.Datum, emit func([]types.Datum) error) error {
	if !fn.NotStrict {
		for _, a := range args {
			if a.IsNull() {
				return nil
			}
		}
	}
	if fn.Set == nil {
		return pgerr.Unsupported("set-returning function %s is not supported", fn.Name)
	}
	return fn.Set(x.Eval, args, emit)
}

func (o *funcOp) open() error {
	o.cur.at = 0
	o.rows = newRowSet(colTypes(o.n), o.x.Memory)
	one := &types.Batch{N: 1}
	col, longest := 0, 0
	lens := make([]int, len(o.n.Calls))
	for k, e := range o.n.Calls {
		w := 1
		if k < len(o.n.Widths) {
			w = o.n.Widths[k]
		}
		cols := o.rows.cols[col : col+w]
		n := 0
		emit := func(r []types.Datum) error {
			if len(r) == 1 && w > 1 {
				r = tupleFields(r[0], w)
			}
			for j, v := range cols {
				v.Append(r[j])
			}
			n++
			if n%1024 == 0 {
				if err := o.x.Memory.grow(1024 * 24 * int64(w)); err != nil {
					return err
				}
				return o.x.cancelled()
			}
			return nil
		}
		if o.one[k] != nil {
			a, err := o.one[k].eval(one, nil)
			if err != nil {
				return err
			}
			if err := emit([]types.Datum{a.Datum(0)}); err != nil {
				return err
			}
		} else {
			vals := make([]types.Datum, len(o.args[k]))
			for j, ae := range o.args[k] {
				a, err := ae.eval(one, nil)
				if err != nil {
					return err
				}
				vals[j] = a.Datum(0)
			}
			if err := o.x.runSet(boundCall(e.(*plan.Call)), vals, emit); err != nil {
				return err
			}
		}
		lens[k] = n
		longest = max(longest, n)
		col += w
	}
	col = 0
	for k := range o.n.Calls {
		w := 1
		if k < len(o.n.Widths) {
			w = o.n.Widths[k]
		}
		for _, v := range o.rows.cols[col : col+w] {
			for v.Len < longest {
				v.Append(types.Null)
			}
		}
		col += w
	}
	if o.n.Ordinality {
		v := o.rows.cols[col]
		for i := range longest {
			v.Append(types.NewInt(int64(i) + 1))
		}
	}
	o.rows.n = longest
	return nil
}

// tupleFields takes a record apart into w columns.
func tupleFields(d types.Datum, w int) []types.Datum {
	out := make([]types.Datum, w)
	if d.K == types.PhysAny {
		if t, ok := d.X.(*types.Tuple); ok {
			copy(out, t.Vals)
		}
	}
	return out
}

func (o *funcOp) next() (*types.Batch, error) { return o.cur.next(o.rows), nil }

func (o *funcOp) close() { o.rows = nil }

// projectSetOp computes expressions of which some are set-returning: each
// input row becomes as many rows as its longest set has.
type projectSetOp struct {
	x     *exec
	in    op
	n     *plan.ProjectSet
	plain []expr   // nil where set-returning
	args  [][]expr // of the set-returning ones
	fns   []*builtin.Func
	out   *rowSet
	cur   cursor
	sets  [][]types.Datum
}

func (x *exec) newProjectSet(n *plan.ProjectSet) (op, error) {
	in, err := x.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &projectSetOp{x: x, in: in, n: n, out: newRowSet(colTypes(n), nil)}
	for _, e := range n.Exprs {
		if c, ok := e.(*plan.Call); ok && c.Fn.SetOf {
			as, err := x.compileAll(c.Args)
			if err != nil {
				return nil, err
			}
			o.plain, o.args, o.fns = append(o.plain, nil), append(o.args, as), append(o.fns, boundCall(c))
			continue
		}
		k, err := x.compile(e)
		if err != nil {
			return nil, err
		}
		o.plain, o.args, o.fns = append(o.plain, k), append(o.args, nil), append(o.fns, nil)
	}
	o.sets = make([][]types.Datum, len(o.plain))
	return o, nil
}

func (o *projectSetOp) open() error {
	o.out.reset()
	o.cur.at = 0
	return o.in.open()
}

func (o *projectSetOp) next() (*types.Batch, error) {
	for {
		if b := o.cur.next(o.out); b != nil {
			return b, nil
		}
		b, err := o.in.next()
		if err != nil || b == nil {
			return nil, err
		}
		o.out.drop() // strings and sets may be large: the old ones are let go
		o.cur.at = 0
		if err := o.expand(b); err != nil {
			return nil, err
		}
	}
}

func (o *projectSetOp) expand(b *types.Batch) error {
	vals := make([]builtin.Arg, len(o.plain))
	args := make([][]builtin.Arg, len(o.plain))
	for k, e := range o.plain {
		var err error
		if e != nil {
			if vals[k], err = e.eval(b, b.Sel); err != nil {
				return err
			}
			continue
		}
		args[k] = make([]builtin.Arg, len(o.args[k]))
		if err := evalAll(o.args[k], b, b.Sel, args[k]); err != nil {
			return err
		}
	}
	for _, i := range selected(b.N, b.Sel) {
		longest := 0
		for k := range o.plain {
			if o.plain[k] != nil {
				continue
			}
			row1 := make([]types.Datum, len(args[k]))
			for j, a := range args[k] {
				row1[j] = a.Datum(row(a, int(i)))
			}
			set := o.sets[k][:0]
			typ := o.n.Exprs[k].Type()
			err := o.x.runSet(o.fns[k], row1, func(r []types.Datum) error {
				if len(r) == 1 {
					set = append(set, r[0])
				} else {
					set = append(set, types.NewAny(&types.Tuple{Type: typ, Fields: o.fns[k].Out, Vals: append([]types.Datum(nil), r...)}))
				}
				if len(set)%1024 == 0 {
					return o.x.cancelled()
				}
				return nil
			})
			if err != nil {
				return err
			}
			o.sets[k] = set
			longest = max(longest, len(set))
		}
		for r := range longest {
			for k, c := range o.out.cols {
				switch {
				case o.plain[k] != nil:
					c.Append(vals[k].Datum(row(vals[k], int(i))))
				case r < len(o.sets[k]):
					c.Append(o.sets[k][r])
				default:
					c.Append(types.Null)
				}
			}
		}
		o.out.n += longest
	}
	return nil
}

func (o *projectSetOp) close() { o.in.close() }
