package executor

import (
	"rowkey/catalog"
	"rowkey/planner/plan"
	"rowkey/types"
)

// insteadOp is INSERT, UPDATE or DELETE on a view with INSTEAD OF triggers: they are
// called for each row, and nothing else is done. Rows are those of the view: for
// INSERT as given, else as its query yields them. A trigger that returns NULL leaves
// its row out of the count and of RETURNING.
type insteadOp struct {
	x        *exec
	view     *catalog.Table
	event    catalog.TriggerEvent
	triggers []*catalog.Trigger
	src      *source
	maker    *rowMaker // INSERT
	from     int       // else: the first of the view's columns in the input
	set      *setList  // UPDATE
	changed  []bool    // the columns it sets
	checks   viewChecks
	ret      *returning
	counts   bool
	w        *tableWriter // for the names in failed checks
}

// insteadOf tells whether n changes a view, and makes the operator that does.
func (x *exec) insteadOf(n plan.Node) (op, bool, error) {
	o := &insteadOp{x: x, counts: x.plan.Root == n}
	var input plan.Node
	var returning []plan.Expr
	var checks []plan.NamedExpr
	var set []plan.ColumnExpr
	var insert *plan.Insert
	switch n := n.(type) {
	case *plan.Insert:
		o.view, o.event, input, returning, checks, insert = n.Table, catalog.OnInsert, n.Input, n.Returning, n.ViewCheck, n
	case *plan.Update:
		o.view, o.event, input, returning, checks, set, o.from = n.Table, catalog.OnUpdate, n.Input, n.Returning, n.ViewCheck, n.Set, n.OldFrom
	case *plan.Delete:
		o.view, o.event, input, returning, o.from = n.Table, catalog.OnDelete, n.Input, n.Returning, n.OldFrom
	}
	if o.view == nil || o.view.Kind != catalog.KindView {
		return nil, false, nil
	}
	x.writes(n)
	o.prepare()
	var err error
	if o.src, err = x.newSource(input); err != nil {
		return nil, true, err
	}
	if o.src.rows == nil {
		o.src.rows = newRowSet(colTypes(input), x.Memory)
	}
	o.src.stream = false // functions are called in between, which may change what the input reads
	if insert != nil {
		o.maker, err = x.newRowMaker(o.view, insert.Attnums, insert.Defaults)
	} else if o.event == catalog.OnUpdate {
		o.changed = changedColumns(o.view, set)
		o.set, err = x.newSetList(set)
	}
	if err != nil {
		return nil, true, err
	}
	if o.checks, err = x.newViewChecks(checks); err != nil {
		return nil, true, err
	}
	o.ret, err = x.newReturning(returning)
	return o, true, err
}

// newInstead makes what hands rows that no plan gives to a view's triggers.
func (x *exec) newInstead(view *catalog.Table, event catalog.TriggerEvent) *insteadOp {
	o := &insteadOp{x: x, view: view, event: event}
	o.prepare()
	return o
}

// prepare finds the triggers to call and the columns' types.
func (o *insteadOp) prepare() {
	for _, tr := range o.view.Triggers {
		if tr.Timing == catalog.TriggerInstead && tr.Events&o.event != 0 && o.x.active(tr) {
			o.triggers = append(o.triggers, tr)
		}
	}
	o.w = &tableWriter{x: o.x, t: o.view, typs: make([]*types.Type, len(o.view.Columns))}
	for i := range o.w.typs {
		o.w.typs[i] = o.view.Columns[i].Type
	}
}

func (o *insteadOp) open() error {
	if err := o.x.beginStatement(o.view, o.changed, o.event); err != nil {
		return err
	}
	return o.src.open()
}

func (o *insteadOp) next() (*types.Batch, error) {
	for {
		in, err := o.src.next()
		if err != nil || in == nil {
			return nil, err
		}
		in = compacted(in, selected(in.N, in.Sel))
		var old, now *types.Batch
		if o.event == catalog.OnInsert {
			now, err = o.maker.make_(in.Cols, in.N)
		} else {
			old = &types.Batch{N: in.N, Cols: in.Cols[o.from : o.from+len(o.view.Columns)]}
			if o.event == catalog.OnUpdate {
				now, _, err = o.set.apply(o.view, old, in)
			}
		}
		if err != nil {
			return nil, err
		}
		out, kept, err := o.fire(old, now, in.N)
		if err != nil {
			return nil, err
		}
		if err := o.checks.check(o.w, &types.Batch{N: len(kept), Cols: out}); err != nil {
			return nil, err
		}
		if o.counts {
			o.x.affected += int64(len(kept))
		}
		if o.ret != nil && len(kept) > 0 {
			rest := compacted(in, kept)
			return o.ret.rows(&types.Batch{N: len(kept), Cols: append(out, rest.Cols...)})
		}
	}
}

// fire calls the triggers for n rows and gives those that they let pass.
func (o *insteadOp) fire(old, now *types.Batch, n int) (out []*types.Vec, kept []int32, err error) {
	live := liveColumns(o.view)
	out = newVecs(o.w.typs, n)
	for i := range n {
		var was, row []types.Datum
		if old != nil {
			was = liveRow(live, old, i)
		}
		if now != nil {
			row = liveRow(live, now, i)
		} else {
			row = was
		}
		for _, tr := range o.triggers {
			c := &TriggerCall{Table: o.view, Trigger: tr, Event: o.event, Old: was, New: row}
			if o.event == catalog.OnDelete {
				c.New = nil
			}
			if row, err = o.x.callRow(c); err != nil {
				return nil, nil, atRow(err, i)
			}
			if row == nil {
				break
			}
		}
		if row == nil {
			continue
		}
		for k, c := range live {
			v := out[c]
			v.Resize(len(kept) + 1)
			v.Set(len(kept), row[k])
		}
		kept = append(kept, int32(i))
	}
	return out, kept, nil
}

func (o *insteadOp) close() { o.src.close() }
