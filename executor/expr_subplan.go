package executor

import (
	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// subplanExpr is a subquery in an expression. Its operators are built once;
// they are run again for each row whose outer values differ from those of the
// runs remembered. What a run depends on from outside are the plan's free
// slots; one that depends on nothing runs once.
type subplanExpr struct {
	x    *exec
	e    *plan.Subplan
	in   op
	args []expr
	vals []builtin.Arg
	test expr
	out  *types.Vec
	free []int

	cache   map[string]types.Datum
	keyBuf  []byte
	rows    *rowSet // of SubAny and SubAll: the rows of the last run
	rowsFor string
	hasRows bool
	hash    *subHash
	stable  bool
	cols    []*types.Type
	gen     uint64
	ahead   *ahead
	row     int32 // of the batch, being computed
}

// subHash is the hash table of an uncorrelated SubAny with equalities only.
type subHash struct {
	l     *exprSet
	table *joinTable
	probe *prober
	nulls *rowSet // rows with a NULL key
	built bool
}

// subCacheMax bounds the number of results remembered.
const subCacheMax = 10_000

func (c *compiler) subplan(e *plan.Subplan) (expr, error) {
	x := c.x
	if s := x.inits[e]; s != nil {
		return s, nil
	}
	s := &subplanExpr{x: x, e: e, out: types.NewVec(e.Typ, 0)}
	if len(e.Sets) == 0 && e.Test == nil {
		if x.inits == nil {
			x.inits = map[*plan.Subplan]*subplanExpr{}
		}
		x.inits[e] = s
	}
	var err error
	if s.in, err = x.build(e.Plan); err != nil {
		return nil, err
	}
	x.closers = append(x.closers, s.in)
	if s.args, err = c.all(e.Args); err != nil {
		return nil, err
	}
	s.vals = make([]builtin.Arg, len(s.args))
	s.cols = colTypes(e.Plan)
	if e.Kind != plan.SubExists {
		s.ahead = x.aheadOf(s.in, e.Sets, s.setParams)
	}
	if s.ahead != nil {
		s.ahead.known = func() bool {
			_, ok := s.cache[s.key()]
			return ok
		}
	}
	s.free = x.freeSlots(e.Plan)
	s.stable = true
	walkNodes(e.Plan, func(n plan.Node) {
		nodeExprs(n, func(a plan.Expr) {
			walkExpr(a, func(a plan.Expr) {
				if k, ok := a.(*plan.Call); ok && k.Fn.Volatility == builtin.Volatile && len(e.Sets) > 0 {
					s.stable = false
				}
			})
		})
		switch n := n.(type) {
		case *plan.WorkScan:
			s.stable = false
		case *plan.CTEScan:
			s.stable = s.stable && !x.cteReads(n.Index, -1)
		}
	})
	if e.Test != nil {
		if s.test, err = c.compile(e.Test); err != nil {
			return nil, err
		}
	}
	if e.Kind == plan.SubAny && e.HashL != nil && len(s.free) == 0 && hashable(e) {
		s.hash = &subHash{}
		ls, err := c.all(e.HashL)
		if err != nil {
			return nil, err
		}
		s.hash.l = &exprSet{exprs: ls, vecs: make([]*types.Vec, len(ls)), bufs: make([]*types.Vec, len(ls))}
		for _, h := range e.HashL {
			s.hash.l.typs = append(s.hash.l.typs, h.Type())
		}
	}
	return s, nil
}

// hashable tells whether the equalities compare values that hash alike.
func hashable(e *plan.Subplan) bool {
	cols := e.Plan.Info().Cols
	for i, o := range e.HashOp {
		if o.Compare != "=" || i >= len(cols) {
			return false
		}
		l, r := e.HashL[i].Type(), cols[i].Type
		if l.Under().OID != r.Under().OID && !rawComparable(l, r) {
			return false
		}
		if l.Under().Kind == types.KindPseudo {
			return false
		}
	}
	return len(e.HashOp) == len(e.HashL)
}

func (e *subplanExpr) eval(in *types.Batch, sel []int32) (builtin.Arg, error) {
	if e.gen != e.x.gen {
		e.ahead.restart()
		e.gen, e.cache, e.hasRows = e.x.gen, nil, false
		if e.hash != nil {
			*e.hash = subHash{l: e.hash.l}
		}
	}
	if in.N == 0 || sel != nil && len(sel) == 0 {
		e.out.HasNulls = false
		e.out.Resize(in.N)
		return builtin.Arg{Vec: e.out}, nil
	}
	if e.hash != nil {
		return e.probe(in, sel)
	}
	if err := evalAll(e.args, in, sel, e.vals); err != nil {
		return builtin.Arg{}, err
	}
	if len(e.e.Sets) == 0 && e.test == nil {
		d, err := e.value()
		if err != nil {
			return builtin.Arg{}, err
		}
		return constArg(e.e.Typ, d), nil
	}
	e.ahead.begin(selected(in.N, sel))
	return eachRow(in, sel, e.out, func(i int) (types.Datum, error) {
		e.row = int32(i)
		e.setParams(i)
		if e.test == nil {
			return e.value()
		}
		return e.quantified(in, i)
	})
}

// setParams puts the outer values of row i where the plan looks for them.
func (e *subplanExpr) setParams(i int) {
	for k, s := range e.e.Sets {
		e.x.slots[s] = e.vals[k].Datum(row(e.vals[k], i))
	}
}

// start starts the plan.
func (e *subplanExpr) start() error {
	e.ahead.ready(e.row)
	return e.in.open()
}

// key makes a string of the values the plan depends on.
func (e *subplanExpr) key() string {
	e.keyBuf = e.keyBuf[:0]
	for _, s := range e.free {
		e.keyBuf = appendSlotKey(e.keyBuf, e.x.slots[s])
	}
	return string(e.keyBuf)
}

// appendSlotKey appends bytes that differ for different values.
func appendSlotKey(b []byte, d types.Datum) []byte {
	put := func(u uint64) {
		b = append(b, byte(u), byte(u>>8), byte(u>>16), byte(u>>24), byte(u>>32), byte(u>>40), byte(u>>48), byte(u>>56))
	}
	b = append(b, byte(d.K))
	switch d.K {
	case types.PhysNull:
	case types.PhysBytes:
		put(uint64(len(d.S)))
		b = append(b, d.S...)
	case types.PhysAny:
		switch v := d.X.(type) {
		case *types.Array:
			put(uint64(len(v.Dims)))
			for _, m := range v.Dims {
				put(uint64(uint32(m.Len)) | uint64(uint32(m.Lower))<<32)
			}
			for _, x := range v.Elems {
				b = appendSlotKey(b, x)
			}
		case *types.Range:
			s := types.AppendText(nil, v.Type, d, nil)
			put(uint64(len(s)))
			b = append(b, s...)
		case *types.Multirange:
			s := types.AppendText(nil, v.Type, d, nil)
			put(uint64(len(s)))
			b = append(b, s...)
		case *types.Tuple:
			put(uint64(len(v.Vals)))
			for _, x := range v.Vals {
				b = appendSlotKey(b, x)
			}
		}
	default:
		put(uint64(d.I))
		put(uint64(uint32(d.M)) | uint64(uint32(d.D))<<32)
		if d.K == types.PhysDecimal && d.X != nil {
			t := d.Decimal().Big.Append(nil, 62)
			put(uint64(len(t)))
			b = append(b, t...)
		}
	}
	return b
}

// value gives the result for what the slots hold, from memory if it is there.
func (e *subplanExpr) value() (types.Datum, error) {
	if !e.stable {
		return e.run()
	}
	k := e.key()
	if d, ok := e.cache[k]; ok {
		return d, nil
	}
	d, err := e.run()
	if err != nil {
		return d, err
	}
	if e.cache == nil || len(e.cache) >= subCacheMax {
		e.cache = map[string]types.Datum{}
	}
	e.cache[k] = d
	return d, nil
}

// datumBytes is about what an element of an array takes, without a string's bytes.
const datumBytes = 64

// run runs the plan for SubScalar, SubExists, SubArray and SubRow.
func (e *subplanExpr) run() (types.Datum, error) {
	if err := e.x.cancelled(); err != nil {
		return types.Null, err
	}
	if err := e.start(); err != nil {
		return types.Null, err
	}
	var result types.Datum
	n := 0
	var elems []types.Datum
	held := int64(0)
	defer func() { _ = e.x.Memory.grow(-held) }()
	for {
		b, err := e.in.next()
		if err != nil {
			return types.Null, err
		}
		if b == nil {
			break
		}
		if e.e.Kind == plan.SubArray {
			n := datumBytes*int64(b.Rows()) + vecBytes(b.Cols[0], 0, b.N)
			held += n
			if err := e.x.Memory.grow(n); err != nil {
				return types.Null, err
			}
		}
		for _, i := range selected(b.N, b.Sel) {
			n++
			switch e.e.Kind {
			case plan.SubExists:
				return types.NewBool(true), nil
			case plan.SubArray:
				elems = append(elems, b.Cols[0].Datum(int(i)))
				continue
			}
			if n > 1 {
				return types.Null, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
			}
			if e.e.Kind == plan.SubRow {
				t := &types.Tuple{Type: e.e.Typ}
				for k, c := range e.e.Plan.Info().Cols {
					t.Fields = append(t.Fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
					t.Vals = append(t.Vals, b.Cols[k].Datum(int(i)))
				}
				result = types.NewAny(t)
				continue
			}
			result = b.Cols[0].Datum(int(i))
		}
	}
	switch e.e.Kind {
	case plan.SubExists:
		return types.NewBool(false), nil
	case plan.SubArray:
		t := e.e.Typ.Under()
		if len(e.cols) > 0 && e.cols[0].IsArray() && t.Elem != e.cols[0] { // of vectors it is an array of one dimension
			a, err := nestArrays(t.Elem, elems)
			return types.NewAny(a), err
		}
		a := &types.Array{Elem: t.Elem, Elems: elems}
		if len(elems) > 0 {
			a.Dims = []types.ArrayDim{{Len: int32(len(elems)), Lower: 1}}
		}
		return types.NewAny(a), nil
	}
	return result, nil
}

// quantified computes ANY and ALL for row i: the test over the subquery's rows.
func (e *subplanExpr) quantified(in *types.Batch, i int) (types.Datum, error) {
	k := e.key()
	if !e.hasRows || !e.stable || k != e.rowsFor {
		if e.rows == nil {
			e.rows = newRowSet(e.cols, e.x.Memory)
		}
		e.rows.drop()
		e.hasRows = false
		if err := e.start(); err != nil {
			return types.Null, err
		}
		if err := e.x.drain(e.in, e.rows); err != nil {
			return types.Null, err
		}
		e.hasRows, e.rowsFor = true, k
	}
	all := e.e.Kind == plan.SubAll
	null := false
	one := []int32{int32(i)}
	for r := range e.rows.n {
		if r%types.BatchSize == 0 {
			if err := e.x.cancelled(); err != nil {
				return types.Null, err
			}
		}
		for c, s := range e.e.Out {
			e.x.slots[s] = e.rows.cols[c].Datum(r)
		}
		v, err := e.test.eval(in, one)
		if err != nil {
			return types.Null, err
		}
		j := row(v, i)
		if v.IsNull(j) {
			null = true
		} else if v.B[j] != all {
			return types.NewBool(!all), nil
		}
	}
	if null {
		return types.Null, nil
	}
	return types.NewBool(all), nil
}

// probe computes x IN (subquery) by hash table: a match is true; else a NULL
// on either side that could have matched makes it NULL.
func (e *subplanExpr) probe(in *types.Batch, sel []int32) (builtin.Arg, error) {
	h := e.hash
	if !h.built {
		if err := e.buildHash(); err != nil {
			return builtin.Arg{}, err
		}
	}
	if h.table.rows.n == 0 && h.nulls.n == 0 { // what is looked for is not even computed
		return constArg(types.Bool, types.NewBool(false)), nil
	}
	keys, err := h.l.eval(in, sel)
	if err != nil {
		return builtin.Arg{}, err
	}
	rows := selected(in.N, sel)
	h.probe.start(keys, in.N, rows)
	e.out.HasNulls = false
	e.out.Resize(in.N)
	for _, i := range rows {
		e.out.B[i] = h.probe.match(keys, i) >= 0
		if e.out.B[i] {
			if e.out.HasNulls {
				e.out.Nulls[i] = false
			}
			continue
		}
		if h.nulls.n == 0 && !h.table.nullKey(keys, int(i), nil) {
			if e.out.HasNulls {
				e.out.Nulls[i] = false
			}
			continue
		}
		if e.maybe(keys, int(i)) {
			e.out.SetNull(int(i))
		}
	}
	return builtin.Arg{Vec: e.out}, nil
}

func (e *subplanExpr) buildHash() error {
	h := e.hash
	h.table = newJoinTable(nil, e.cols[:len(h.l.exprs)], e.x.Memory)
	h.nulls = newRowSet(e.cols[:len(h.l.exprs)], e.x.Memory)
	if err := e.start(); err != nil {
		return err
	}
	for {
		if err := e.x.cancelled(); err != nil {
			return err
		}
		b, err := e.in.next()
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		var withNull []int32
		for _, i := range selected(b.N, b.Sel) {
			if h.table.nullKey(b.Cols[:len(h.l.exprs)], int(i), nil) {
				withNull = append(withNull, i)
			}
		}
		if err := h.nulls.addRows(b, withNull); err != nil {
			return err
		}
		if err := h.table.add(b, b.Cols[:len(h.l.exprs)]); err != nil {
			return err
		}
	}
	if err := h.table.build(nil); err != nil {
		return err
	}
	h.probe = newProber(h.table, nil)
	h.built = true
	return nil
}

// maybe tells whether row i, which equals no row, could equal one if NULLs
// were known: some row agrees wherever neither side is NULL.
func (e *subplanExpr) maybe(keys []*types.Vec, i int) bool {
	agrees := func(s []*types.Vec, r int) bool {
		for k, v := range keys {
			if v.IsNull(i) || s[k].IsNull(r) {
				continue
			}
			if !types.EqualAt(v, i, s[k], r) {
				return false
			}
		}
		return true
	}
	for r := range e.hash.nulls.n {
		if agrees(e.hash.nulls.cols, r) {
			return true
		}
	}
	if !e.hash.table.nullKey(keys, i, nil) {
		return false
	}
	for r := range e.hash.table.rows.n {
		if agrees(e.hash.table.keys, r) {
			return true
		}
	}
	return false
}
