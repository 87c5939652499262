package executor

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// insertOp inserts its input's rows. Without ON CONFLICT whole batches are
// encoded and written column by column; with it, rows go one at a time, since
// each may conflict with the one before.
type insertOp struct {
	x        *exec
	n        *plan.Insert
	src      *source
	maker    *rowMaker
	w        *tableWriter
	ret      *returning
	checks   viewChecks
	conflict *conflict
	family   *family // of a partitioned table
	merged   *familyConflict
	counts   bool
}

func (x *exec) newInsert(n *plan.Insert) (op, error) {
	o := &insertOp{x: x, n: n}
	x.writes(n)
	o.counts = x.plan.Root == plan.Node(n)
	var also []plan.Expr
	nodeExprs(n, func(e plan.Expr) { also = append(also, e) })
	var err error
	if o.src, err = x.newSource(n.Input, also...); err != nil {
		return nil, err
	}
	if o.maker, err = x.newRowMaker(n.Table, n.Attnums, n.Defaults); err != nil {
		return nil, err
	}
	if n.Table.Kind == catalog.KindPartitioned {
		if o.family, err = x.newFamily(n.Table, nil); err != nil {
			return nil, err
		}
		o.w = o.family.ownW
	} else if o.w, err = x.writer(n.Table, &n.Rules); err != nil {
		return nil, err
	}
	o.w.given = append(o.w.given, n.Attnums...)
	if o.ret, err = x.newReturning(n.Returning); err != nil {
		return nil, err
	}
	if o.checks, err = x.newViewChecks(n.ViewCheck); err != nil {
		return nil, err
	}
	if o.family != nil && n.Conflict != nil {
		o.merged = x.newFamilyConflict(o.family, n.Conflict)
		o.merged.views = o.checks
		return o, nil
	}
	if n.Conflict != nil {
		if o.conflict, err = x.newConflict(n.Table, n.Conflict, o.w); err != nil {
			return nil, err
		}
		o.conflict.views = o.checks
		o.conflict.mode = o.w.lockMode(changedColumns(n.Table, n.Conflict.Set))
	}
	return o, nil
}

// writes notes that the statement has a data-modifying operator, and whether
// that is the statement itself.
func (x *exec) writes(n plan.Node) {
	st := x.statement()
	st.root = st.root || x.plan.Root == n
	st.node = n.Info().ID
	st.watched = st.watched || x.plan.ByRow || x.fires(n)
	st.frozen = st.frozen || x.view != nil || st.watched // the plan's WITH queries are made later
	if x.view != nil && st.watched {
		x.began = x.view
	}
	walkNodes(n, func(n plan.Node) {
		nodeExprs(n, func(e plan.Expr) {
			walkExpr(e, func(e plan.Expr) {
				_, is := e.(*plan.Subplan)
				st.frozen = st.frozen || is
			})
		})
	})
}

func (o *insertOp) open() error {
	events := []catalog.TriggerEvent{catalog.OnInsert}
	var set []bool
	if c := o.n.Conflict; c != nil && !c.DoNothing {
		events, set = append(events, catalog.OnUpdate), changedColumns(o.n.Table, c.Set)
	}
	if err := o.x.beginStatement(o.n.Table, set, events...); err != nil {
		return err
	}
	if o.conflict != nil {
		o.conflict.reset()
	}
	if o.merged != nil {
		o.merged.clear()
	}
	return o.src.open()
}

func (o *insertOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		in = compacted(in, selected(in.N, in.Sel))
		b, err := o.maker.make_(in.Cols, in.N)
		if err != nil {
			return nil, err
		}
		if b, err = o.put(b); err != nil {
			if o.ret != nil && b != nil && b.N > 0 { // RETURNING of the rows before comes first
				if _, e := o.ret.rows(b); e != nil {
					err = e
				}
			}
			return nil, err
		}
		if o.counts {
			o.x.affected += int64(b.N)
		}
		if o.ret != nil && b.N > 0 {
			return o.ret.rows(b)
		}
	}
}

// put writes rows and gives them as they were written; with an error, those before the row
// that fails.
func (o *insertOp) put(b *types.Batch) (*types.Batch, error) {
	switch {
	case o.family != nil:
		return o.route(b)
	case o.conflict != nil:
		return o.conflict.insert(b)
	}
	failed := o.w.insert(b)
	if failed != nil {
		b = rowsBefore(b, failed)
	}
	if b.N > 0 {
		if err := o.checks.check(o.w, b); err != nil { // the row as triggers left it
			return rowsBefore(b, err), err
		}
	}
	return b, failed
}

// rowsBefore gives the rows before the one that an error is about, none if that is not known.
func rowsBefore(b *types.Batch, err error) *types.Batch {
	n := 0
	if k := rowOf(err); k > 0 && k <= b.N {
		n = k - 1
	}
	s := rowSet{cols: b.Cols, n: b.N}
	return s.slice(0, n)
}

// route inserts rows into the partitions they belong to.
func (o *insertOp) route(b *types.Batch) (*types.Batch, error) {
	if o.merged != nil {
		return o.merged.insert(b)
	}
	var check func(*types.Batch) error
	if o.checks != nil {
		check = func(b *types.Batch) error { return o.checks.check(o.w, b) }
	}
	return o.family.insert(b, o.ret != nil, check)
}

func (o *insertOp) close() { o.src.close() }
