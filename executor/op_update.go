package executor

import (
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/planner/plan"
	"rowkey/types"
)

// target finds and locks the rows that an UPDATE, DELETE or MERGE is to
// change. A row that another transaction changed since the snapshot is read
// anew and must still meet the condition (READ COMMITTED); a row that the
// statement has changed already is passed over.
type target struct {
	x       *exec
	t       *catalog.Table
	keyCol  int
	oldFrom int
	recheck pred
	dec     *rowenc.Decoder
	seen    map[string]bool // nil: the input cannot name a row twice
	sel     []int32
	one     []int32
}

func (x *exec) newTarget(t *catalog.Table, keyCol, oldFrom int, recheck plan.Expr, once bool) (*target, error) {
	g := &target{x: x, t: t, keyCol: keyCol, oldFrom: oldFrom}
	var err error
	if g.recheck, err = x.compilePred(recheck); err != nil {
		return nil, err
	}
	all := make([]int16, len(t.Columns))
	for i := range all {
		all[i] = int16(i + 1)
	}
	g.dec = rowenc.NewDecoder(t, all)
	if !once {
		g.seen = map[string]bool{}
	}
	return g, nil
}

// lock locks the rows of a batch and gives those that are to be changed, as a
// batch of their own without selection, with their keys.
func (g *target) lock(b *types.Batch, mode kv.LockMode) (*types.Batch, []string, error) {
	x := g.x
	keys := b.Cols[g.keyCol]
	sel := room(g.sel[:0], b.N)
	cloned := false
	for _, i := range selected(b.N, b.Sel) {
		if keys.IsNull(int(i)) {
			continue
		}
		k := keys.S[i]
		if g.seen != nil {
			if g.seen[k] {
				continue
			}
		}
		value, changed, gone, err := x.lockRow([]byte(k), mode)
		if err != nil {
			return nil, nil, err
		}
		if gone {
			continue
		}
		if changed {
			if !cloned {
				// The vectors may belong to someone who shows them to others.
				b, cloned = cloneBatch(b), true
			}
			old := newVecs(g.dec.Types(), 1)
			if err := g.dec.Batch([][]byte{[]byte(k)}, [][]byte{value}, old); err != nil {
				return nil, nil, err
			}
			for c, v := range old {
				setVec(b.Cols[g.oldFrom+c], int(i), v, 0)
			}
			if g.recheck != nil {
				g.one = append(g.one[:0], i)
				hit, err := g.recheck.filter(b, g.one, nil)
				if err != nil {
					return nil, nil, err
				}
				if len(hit) == 0 {
					continue
				}
			}
		}
		if g.seen != nil {
			g.seen[k] = true
		}
		sel = append(sel, i)
	}
	g.sel = sel
	out := compacted(b, sel)
	names := make([]string, out.N)
	copy(names, out.Cols[g.keyCol].S)
	return out, names, nil
}

func cloneBatch(b *types.Batch) *types.Batch {
	out := &types.Batch{N: b.N, Sel: b.Sel}
	for _, c := range b.Cols {
		v := types.NewVec(c.Type, b.N)
		v.CopyFrom(c, iota32(b.N))
		out.Cols = append(out.Cols, v)
	}
	return out
}

// old gives the table's columns within a batch of the input.
func (g *target) old(b *types.Batch) *types.Batch {
	return &types.Batch{N: b.N, Cols: b.Cols[g.oldFrom : g.oldFrom+len(g.t.Columns)]}
}

// single tells that an input names each row once: it is made of one scan.
func single(n plan.Node) bool {
	ok := streams(n, nil)
	walkNodes(n, func(n plan.Node) {
		if _, is := n.(*plan.ProjectSet); is {
			ok = false
		}
	})
	return ok
}

// updateOp changes rows.
type updateOp struct {
	x      *exec
	n      *plan.Update
	src    *source
	w      *tableWriter
	target *target
	set    *setList
	ret    *returning
	checks viewChecks
	mode   kv.LockMode
	counts bool
}

func (x *exec) newUpdate(n *plan.Update) (op, error) {
	o := &updateOp{x: x, n: n, counts: x.plan.Root == plan.Node(n)}
	x.writes(n)
	var also []plan.Expr
	nodeExprs(n, func(e plan.Expr) { also = append(also, e) })
	var err error
	if o.src, err = x.newSource(n.Input, also...); err != nil {
		return nil, err
	}
	if o.w, err = x.writer(n.Table, &n.Rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	if o.set, err = x.newSetList(n.Set); err != nil {
		return nil, err
	}
	if o.ret, err = x.newReturning(n.Returning); err != nil {
		return nil, err
	}
	if o.checks, err = x.newViewChecks(n.ViewCheck); err != nil {
		return nil, err
	}
	o.mode = o.w.lockMode(changedColumns(n.Table, n.Set))
	return o, nil
}

func (o *updateOp) open() error {
	clear(o.target.seen)
	return o.src.open()
}

func (o *updateOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		b, keys, err := o.target.lock(in, o.mode)
		if err != nil {
			return nil, err
		}
		if b.N == 0 {
			continue
		}
		old := o.target.old(b)
		now, changed, err := o.set.apply(o.n.Table, old, b)
		if err != nil {
			return nil, err
		}
		newKeys, err := o.w.update(keys, old, now, changed)
		if err != nil {
			return nil, err
		}
		if err := o.checks.check(o.w, now); err != nil {
			return nil, err
		}
		if o.target.seen != nil {
			for i, k := range newKeys {
				if k != keys[i] {
					o.target.seen[k] = true
				}
			}
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), now.Cols...), b.Cols...)})
		}
	}
}

func (o *updateOp) close() { o.src.close() }

// deleteOp removes rows.
type deleteOp struct {
	x      *exec
	n      *plan.Delete
	src    *source
	w      *tableWriter
	target *target
	ret    *returning
	counts bool
}

func (x *exec) newDelete(n *plan.Delete) (op, error) {
	o := &deleteOp{x: x, n: n, counts: x.plan.Root == plan.Node(n)}
	x.writes(n)
	var err error
	if o.src, err = x.newSource(n.Input, n.Returning...); err != nil {
		return nil, err
	}
	rules := &n.Rules
	if rules.IndexExprs == nil && rules.IndexWhere == nil && rules.Checks == nil && needsRules(n.Table) {
		rules = nil
	}
	if o.w, err = x.writer(n.Table, rules); err != nil {
		return nil, err
	}
	if o.target, err = x.newTarget(n.Table, n.KeyCol, n.OldFrom, n.Recheck, single(n.Input)); err != nil {
		return nil, err
	}
	o.ret, err = x.newReturning(n.Returning)
	return o, err
}

func (o *deleteOp) open() error {
	clear(o.target.seen)
	return o.src.open()
}

func (o *deleteOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		b, keys, err := o.target.lock(in, kv.LockUpdate)
		if err != nil {
			return nil, err
		}
		if b.N == 0 {
			continue
		}
		old := o.target.old(b)
		if err := o.w.delete(keys, old); err != nil {
			return nil, err
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil {
			return o.ret.rows(&types.Batch{N: b.N, Cols: append(append([]*types.Vec(nil), old.Cols...), b.Cols...)})
		}
	}
}

func (o *deleteOp) close() { o.src.close() }
