package executor

import (
	"slices"

	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

// Triggers. A table without any costs nothing: its writer has no triggerSet.
//
//	BEFORE STATEMENT   when the operator opens
//	BEFORE ROW         in the writer, row by row, each just before it is written
//	AFTER ROW          noted by the writer, fired at the end of the statement
//	AFTER STATEMENT    after those
//
// A constraint trigger that is deferred waits for the end of the transaction.

// TriggerRunner calls triggers' functions: what the session does for us. Rows
// have a value for each live column.
type TriggerRunner interface {
	// Row fires a row trigger. It gives the row to go on with; nil: the row is left out.
	Row(c *TriggerCall) ([]types.Datum, error)
	// Statement fires a statement trigger.
	Statement(c *TriggerCall) error
}

// TriggerCall is one firing of a trigger.
type TriggerCall struct {
	Ctx     *Ctx
	Table   *catalog.Table
	Trigger *catalog.Trigger
	Event   catalog.TriggerEvent
	Old     []types.Datum
	New     []types.Datum
	// Tables are the transition tables, by the names the trigger gives them.
	OldTable, NewTable *TransitionTable
}

// TransitionTable holds the rows that a statement changed.
type TransitionTable struct {
	Rows [][]types.Datum
}

// triggerSet is a table's triggers, by what they wait for.
type triggerSet struct {
	beforeInsert, beforeUpdate, beforeDelete []*catalog.Trigger
	afterInsert, afterUpdate, afterDelete    []*catalog.Trigger
	live                                     []int // columns that are not dropped
}

// active tells whether a trigger fires in this session.
func (c *Ctx) active(t *catalog.Trigger) bool {
	if c.Replica {
		return t.Enabled == 'R' || t.Enabled == 'A'
	}
	return t.Enabled != 'D' && t.Enabled != 'R'
}

func (c *Ctx) newTriggerSet(t *catalog.Table) *triggerSet {
	s := &triggerSet{live: liveColumns(t)}
	any := false
	for _, tr := range t.Triggers {
		if !tr.Row || !c.active(tr) {
			continue
		}
		add := func(ev catalog.TriggerEvent, before, after *[]*catalog.Trigger) {
			if tr.Events&ev == 0 {
				return
			}
			any = true
			if tr.Timing == catalog.TriggerBefore {
				*before = append(*before, tr)
			} else if tr.Timing == catalog.TriggerAfter {
				*after = append(*after, tr)
			}
		}
		add(catalog.OnInsert, &s.beforeInsert, &s.afterInsert)
		add(catalog.OnUpdate, &s.beforeUpdate, &s.afterUpdate)
		add(catalog.OnDelete, &s.beforeDelete, &s.afterDelete)
	}
	if !any {
		return nil
	}
	return s
}

func liveColumns(t *catalog.Table) []int {
	var live []int
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			live = append(live, i)
		}
	}
	return live
}

// liveRow gives row i of a batch of a table's columns, without dropped ones.
func liveRow(live []int, b *types.Batch, i int) []types.Datum {
	row := make([]types.Datum, len(live))
	for k, c := range live {
		row[k] = b.Cols[c].Datum(i)
	}
	return row
}

// concerns tells whether an UPDATE of these columns is one that a trigger waits for.
func concerns(tr *catalog.Trigger, changed []bool) bool {
	if len(tr.Columns) == 0 || changed == nil {
		return true
	}
	for _, a := range tr.Columns {
		if int(a) <= len(changed) && changed[a-1] {
			return true
		}
	}
	return false
}

// before fires BEFORE ROW triggers for one row, nil if one leaves it out.
func (w *tableWriter) before(list []*catalog.Trigger, ev catalog.TriggerEvent, old, now []types.Datum, changed []bool) ([]types.Datum, error) {
	row := now
	if ev == catalog.OnDelete {
		row = old
	}
	for _, tr := range list {
		if ev == catalog.OnUpdate && !concerns(tr, changed) {
			continue
		}
		c := &TriggerCall{Table: w.t, Trigger: tr, Event: ev, Old: old, New: row}
		if ev == catalog.OnDelete {
			c.New = nil
		}
		got, err := w.x.callRow(c)
		if err != nil || got == nil {
			return nil, err
		}
		if ev != catalog.OnDelete {
			row = got
		}
	}
	return row, nil
}

// insert checks and writes new rows. Triggers may change rows or leave some
// out: then the batch is what was written, and w.kept names those rows.
func (w *tableWriter) insert(b *types.Batch) error {
	w.kept = nil
	if w.trig == nil || len(w.trig.beforeInsert) == 0 {
		if err := w.insertRows(b); err != nil {
			return err
		}
		w.inserted(b)
		return nil
	}
	out := newVecs(w.typs, b.N)
	w.kept = make([]int32, 0, b.N)
	for i := range b.N {
		one, err := w.beforeInsert(b, i)
		if err != nil {
			return atRow(err, i)
		}
		if one == nil {
			continue
		}
		kept := w.kept
		if err := w.insertRows(one); err != nil {
			return atRow(err, i)
		}
		w.kept = append(kept, int32(i))
		for k, v := range out {
			v.AppendRows(one.Cols[k], []int32{0})
		}
		w.inserted(one)
	}
	b.Cols, b.N = out, len(w.kept)
	return nil
}

// atRow notes which row of a batch an error is about.
func atRow(err error, i int) error {
	e := *pgerr.Of(storeError(err))
	e.Row = i + 1
	return &e
}

// beforeInsert gives row i as BEFORE triggers make it, nil if one leaves it out.
func (w *tableWriter) beforeInsert(b *types.Batch, i int) (*types.Batch, error) {
	row, err := w.before(w.trig.beforeInsert, catalog.OnInsert, nil, liveRow(w.trig.live, b, i), nil)
	if err != nil || row == nil {
		return nil, err
	}
	return w.rowBatch(row), nil
}

// rowBatch makes a batch of one row of live columns.
func (w *tableWriter) rowBatch(row []types.Datum) *types.Batch {
	one := &types.Batch{N: 1, Cols: newVecs(w.typs, 1)}
	for _, v := range one.Cols {
		v.Resize(1)
		v.SetNull(0)
	}
	for k, c := range w.trig.live {
		one.Cols[c].Set(0, row[k])
	}
	return one
}

// update replaces rows as updateRows does, triggers fired. Those that they
// leave out are not among the keys returned; w.kept, unless nil, names the others.
func (w *tableWriter) update(keys []string, old, b *types.Batch, changed []bool) ([]string, error) {
	w.kept = nil
	if w.trig == nil || len(w.trig.beforeUpdate) == 0 {
		if err := w.x.untouched(keys, w.x.verb(true)); err != nil {
			return nil, err
		}
		fresh, err := w.updateRows(keys, old, b, changed)
		if err == nil {
			w.updated(old, b, changed)
		}
		return fresh, err
	}
	out := newVecs(w.typs, b.N)
	var kept []int32
	var fresh []string
	for i := range b.N {
		if err := w.x.untouched(keys[i:i+1], toUpdate); err != nil {
			return nil, err
		}
		was := liveRow(w.trig.live, old, i)
		row, err := w.before(w.trig.beforeUpdate, catalog.OnUpdate, was, liveRow(w.trig.live, b, i), changed)
		if err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		one, prev := w.rowBatch(row), compacted(old, []int32{int32(i)})
		mask := append([]bool(nil), changed...)
		for k, c := range w.trig.live {
			mask[c] = mask[c] || !sameDatum(w.typs[c], was[k], row[k])
		}
		if w.leaves != nil {
			if gone, err := w.leaves(int32(i), one); err != nil {
				return nil, err
			} else if gone {
				continue
			}
		}
		if err := w.x.untouched(keys[i:i+1], w.x.verb(true)); err != nil {
			return nil, err
		}
		ks, err := w.updateRows(keys[i:i+1], prev, one, mask)
		if err != nil {
			return nil, err
		}
		kept, fresh = append(kept, int32(i)), append(fresh, ks[0])
		for k, v := range out {
			v.AppendRows(one.Cols[k], []int32{0})
		}
		w.updated(prev, one, changed)
	}
	w.kept = kept
	if kept == nil {
		w.kept = []int32{}
	}
	b.Cols, b.N = out, len(kept)
	return fresh, nil
}

func sameDatum(t *types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	switch a.K {
	case types.PhysBool, types.PhysInt64:
		return a.I == b.I
	case types.PhysBytes:
		return a.S == b.S
	}
	return false
}

// delete removes rows as deleteRows does, triggers fired; w.kept, unless nil,
// names the rows that they let go.
func (w *tableWriter) delete(keys []string, old *types.Batch) error {
	w.kept = nil
	if w.trig == nil || len(w.trig.beforeDelete) == 0 {
		if err := w.x.untouched(keys, w.x.verb(false)); err != nil {
			return err
		}
		if err := w.deleteRows(keys, old); err != nil {
			return err
		}
		w.deleted(old)
		return nil
	}
	kept := make([]int32, 0, old.N)
	for i := range old.N {
		if err := w.x.untouched(keys[i:i+1], toUpdate); err != nil { // PostgreSQL says so here too
			return err
		}
		row, err := w.before(w.trig.beforeDelete, catalog.OnDelete, liveRow(w.trig.live, old, i), nil, nil)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		if err := w.x.untouched(keys[i:i+1], w.x.verb(false)); err != nil {
			return err
		}
		one := compacted(old, []int32{int32(i)})
		if err := w.deleteRows(keys[i:i+1], one); err != nil {
			return err
		}
		kept = append(kept, int32(i))
		w.deleted(one)
	}
	w.kept = kept
	return nil
}

// ---- what comes after

// afterRow is a row whose AFTER triggers are to be fired.
type afterRow struct {
	w        *tableWriter
	list     []*catalog.Trigger
	ev       catalog.TriggerEvent
	old, now []types.Datum
	changed  []bool
	// call is a statement trigger's, which stands among the rows.
	call *TriggerCall
}

// transition collects a statement's changes of the table it names.
type transition struct {
	t        *catalog.Table
	old, new [3]bool // wanted, by event
	rows     [3]struct{ old, new *TransitionTable }
}

func eventIndex(ev catalog.TriggerEvent) int {
	switch ev {
	case catalog.OnInsert:
		return 0
	case catalog.OnUpdate:
		return 1
	}
	return 2
}

func (w *tableWriter) inserted(b *types.Batch) {
	if w.trig != nil && len(w.trig.afterInsert) > 0 {
		for i := range b.N {
			w.note(afterRow{w: w, list: w.trig.afterInsert, ev: catalog.OnInsert, now: liveRow(w.trig.live, b, i)})
		}
	}
	if st := w.x.stmt; st != nil && st.transitions != nil && !st.moving {
		st.collect(w, catalog.OnInsert, nil, b)
	}
}

func (w *tableWriter) updated(old, b *types.Batch, changed []bool) {
	if w.trig != nil && len(w.trig.afterUpdate) > 0 {
		mask := append([]bool(nil), changed...)
		for i := range b.N {
			w.note(afterRow{w: w, list: w.trig.afterUpdate, ev: catalog.OnUpdate, old: liveRow(w.trig.live, old, i), now: liveRow(w.trig.live, b, i), changed: mask})
		}
	}
	if st := w.x.stmt; st != nil && st.transitions != nil {
		st.collect(w, catalog.OnUpdate, old, b)
	}
}

func (w *tableWriter) deleted(old *types.Batch) {
	if w.trig != nil && len(w.trig.afterDelete) > 0 {
		for i := range old.N {
			w.note(afterRow{w: w, list: w.trig.afterDelete, ev: catalog.OnDelete, old: liveRow(w.trig.live, old, i)})
		}
	}
	if st := w.x.stmt; st != nil && st.transitions != nil && !st.moving {
		st.collect(w, catalog.OnDelete, old, nil)
	}
}

func (w *tableWriter) note(r afterRow) {
	st := w.x.statement()
	st.after = append(st.after, r)
}

// collect adds rows to the transition tables they belong in: those of the
// statement's table, in its columns.
func (s *stmt) collect(w *tableWriter, ev catalog.TriggerEvent, old, now *types.Batch) {
	e := eventIndex(ev)
	for _, tr := range s.transitions {
		if !tr.old[e] && !tr.new[e] || tr.t.OID != w.t.OID && !s.below(tr.t, w.t) {
			continue
		}
		add := func(dst **TransitionTable, b *types.Batch) {
			if *dst == nil {
				*dst = &TransitionTable{}
			}
			live := liveColumns(tr.t)
			var from []int16
			if tr.t.OID != w.t.OID {
				from = catalog.AttnumMap(tr.t, w.t)
			}
			for i := range b.N {
				row := make([]types.Datum, len(live))
				for k, c := range live {
					if from != nil {
						if from[c] > 0 {
							row[k] = b.Cols[from[c]-1].Datum(i)
						}
						continue
					}
					row[k] = b.Cols[c].Datum(i)
				}
				(*dst).Rows = append((*dst).Rows, row)
			}
		}
		if tr.old[e] && old != nil {
			add(&tr.rows[e].old, old)
		}
		if tr.new[e] && now != nil {
			add(&tr.rows[e].new, now)
		}
	}
}

// below tells whether a table is a descendant of another.
func (s *stmt) below(top, t *catalog.Table) bool {
	for _, c := range s.x.Catalog.Tree(top) {
		if c.OID == t.OID {
			return true
		}
	}
	return false
}

// begunOn is what a statement does to a table: statement triggers fire once for it.
type begunOn struct {
	table types.OID
	ev    catalog.TriggerEvent
}

// beginStatement fires BEFORE STATEMENT triggers of the table that a statement
// names, and arranges for the AFTER STATEMENT ones.
func (x *exec) beginStatement(t *catalog.Table, changed []bool, events ...catalog.TriggerEvent) error {
	if len(t.Triggers) == 0 || x.Triggers == nil {
		return nil
	}
	st := x.statement()
	// Those after the statement fire in the opposite order of events.
	first := len(st.afterStmt)
	defer func() {
		if len(events) > 1 {
			slices.SortStableFunc(st.afterStmt[first:], func(a, b *TriggerCall) int { return eventIndex(b.Event) - eventIndex(a.Event) })
		}
	}()
	st.watchTransitions(t, events)
	for _, ev := range events {
		if st.begun[begunOn{t.OID, ev}] {
			continue // by another part of the statement
		}
		if err := st.fireBefore(t, changed, ev); err != nil {
			return err
		}
		st.afterStmt = append(st.afterStmt, st.afterCalls(t, changed, ev)...)
	}
	return nil
}

// beginAction is beginStatement for what a foreign key does to the referencing table: the
// triggers after it fire when the last action on the table is done.
func (x *exec) beginAction(t *catalog.Table, changed []bool, ev catalog.TriggerEvent) error {
	if len(t.Triggers) == 0 || x.Triggers == nil {
		return nil
	}
	st := x.statement()
	if st.begun[begunOn{t.OID, ev}] {
		return nil
	}
	st.watchTransitions(t, []catalog.TriggerEvent{ev})
	return st.fireBefore(t, changed, ev)
}

// endAction puts the AFTER STATEMENT triggers behind all that is noted.
func (x *exec) endAction(t *catalog.Table, changed []bool, ev catalog.TriggerEvent) {
	if len(t.Triggers) == 0 || x.Triggers == nil {
		return
	}
	st := x.statement()
	calls := st.afterCalls(t, changed, ev)
	if len(calls) == 0 {
		return
	}
	st.after = slices.DeleteFunc(st.after, func(r afterRow) bool {
		return r.call != nil && r.call.Table.OID == t.OID && r.call.Event == ev
	})
	for _, c := range calls {
		st.after = append(st.after, afterRow{call: c})
	}
}

// watchTransitions arranges for the rows that triggers of a table name.
func (s *stmt) watchTransitions(t *catalog.Table, events []catalog.TriggerEvent) {
	var tr *transition
	for _, x := range s.transitions {
		if x.t.OID == t.OID {
			tr = x
		}
	}
	for _, ev := range events {
		for _, k := range t.Triggers {
			if k.Events&ev == 0 || !s.x.active(k) || k.OldTable == "" && k.NewTable == "" {
				continue
			}
			if tr == nil {
				tr = &transition{t: t}
				s.transitions = append(s.transitions, tr)
			}
			e := eventIndex(ev)
			tr.old[e] = tr.old[e] || k.OldTable != ""
			tr.new[e] = tr.new[e] || k.NewTable != ""
		}
	}
}

// fireBefore fires a table's BEFORE STATEMENT triggers.
func (s *stmt) fireBefore(t *catalog.Table, changed []bool, ev catalog.TriggerEvent) error {
	if s.begun == nil {
		s.begun = map[begunOn]bool{}
	}
	s.begun[begunOn{t.OID, ev}] = true
	for _, c := range s.statementCalls(t, changed, ev, catalog.TriggerBefore) {
		if err := s.x.callStatement(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) afterCalls(t *catalog.Table, changed []bool, ev catalog.TriggerEvent) []*TriggerCall {
	return s.statementCalls(t, changed, ev, catalog.TriggerAfter)
}

// statementCalls are a table's statement triggers.
func (s *stmt) statementCalls(t *catalog.Table, changed []bool, ev catalog.TriggerEvent, timing catalog.TriggerTiming) (out []*TriggerCall) {
	for _, k := range t.Triggers {
		if k.Events&ev != 0 && k.Timing == timing && !k.Row && s.x.active(k) && (ev != catalog.OnUpdate || concerns(k, changed)) {
			out = append(out, &TriggerCall{Table: t, Trigger: k, Event: ev})
		}
	}
	return out
}

// fireAfter fires the AFTER triggers of a statement.
func (s *stmt) fireAfter() error {
	for len(s.after) > 0 {
		rows := s.after
		s.after = nil
		for _, r := range rows {
			if r.call != nil {
				s.transitionTables(r.call)
				if err := s.x.callStatement(r.call); err != nil {
					return err
				}
				continue
			}
			for _, tr := range r.list {
				if r.ev == catalog.OnUpdate && !concerns(tr, r.changed) {
					continue
				}
				if err := s.fireRow(r, tr); err != nil {
					return err
				}
			}
		}
	}
	s.transitions = nil
	return nil
}

// transitionTables gives a call the rows its trigger names.
func (s *stmt) transitionTables(c *TriggerCall) {
	e := eventIndex(c.Event)
	for _, tr := range s.transitions {
		if tr.t.OID != c.Table.OID {
			continue
		}
		if c.Trigger.OldTable != "" {
			if c.OldTable = tr.rows[e].old; c.OldTable == nil {
				c.OldTable = &TransitionTable{}
			}
		}
		if c.Trigger.NewTable != "" {
			if c.NewTable = tr.rows[e].new; c.NewTable == nil {
				c.NewTable = &TransitionTable{}
			}
		}
	}
}

// fireRow fires one AFTER ROW trigger, or puts it off.
func (s *stmt) fireRow(r afterRow, tr *catalog.Trigger) error {
	call := &TriggerCall{Table: r.w.t, Trigger: tr, Event: r.ev, Old: r.old, New: r.now}
	s.transitionTables(call)
	if d := s.x.Deferred; d != nil && tr.Deferrable && d.deferred(tr.OID, tr.Deferred) {
		d.add(tr.OID, r.w.t.OID, func(x *exec) error {
			c := *call
			_, err := x.callRow(&c)
			return err
		})
		return nil
	}
	_, err := s.x.callRow(call)
	return err
}

// callRow and callStatement call a trigger's function, in whose name a trace
// shows what that asks of the store.
func (x *exec) callRow(c *TriggerCall) ([]types.Datum, error) {
	defer x.because("trigger", c.Trigger.Name)()
	c.Ctx = x.Ctx
	return x.Triggers.Row(c)
}

func (x *exec) callStatement(c *TriggerCall) error {
	defer x.because("trigger", c.Trigger.Name)()
	c.Ctx = x.Ctx
	return x.Triggers.Statement(c)
}

// FireStatement fires a table's statement triggers for an event that is no
// row's: TRUNCATE.
func FireStatement(ctx *Ctx, t *catalog.Table, timing catalog.TriggerTiming, ev catalog.TriggerEvent) error {
	for _, k := range t.Triggers {
		if k.Row || k.Events&ev == 0 || k.Timing != timing || !ctx.active(k) || ctx.Triggers == nil {
			continue
		}
		if err := ctx.Triggers.Statement(&TriggerCall{Ctx: ctx, Table: t, Trigger: k, Event: ev}); err != nil {
			return err
		}
	}
	return nil
}

// namesAt gives the keys of some rows.
func namesAt(keys []string, rows []int32) []string {
	out := make([]string, len(rows))
	for k, i := range rows {
		out[k] = keys[i]
	}
	return out
}

// rowsAt gives some of the rows of a list.
func rowsAt(list, at []int32) []int32 {
	out := make([]int32, len(at))
	for k, i := range at {
		out[k] = list[i]
	}
	return out
}
