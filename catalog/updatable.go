package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// What INSERT, UPDATE and DELETE can do to a relation, as PostgreSQL's
// pg_relation_is_updatable has it: bits by its numbers of the commands.
const (
	canUpdate = 1 << 2
	canInsert = 1 << 3
	canDelete = 1 << 4
	canAll    = canUpdate | canInsert | canDelete
)

// ShownBy gives the relation of which a view that is updatable by itself shows rows,
// nil for another view, and the column there of each of the view's that is one. The
// planner, which can read queries, puts it here.
var ShownBy func(snap *Snapshot, view *Table) (base *Table, columns map[int16]int16)

// updates tells what can be done to a relation, by way of the columns given (nil: of
// any), with INSTEAD OF triggers or without them.
func updates(snap *Snapshot, t *Table, triggers bool, columns map[int16]bool) int {
	switch {
	case t == nil || snap.Sequence(t.OID) != nil:
		return 0
	case t.Kind == KindTable || t.Kind == KindPartitioned:
		return canAll
	case t.Kind != KindView || t.Virtual != nil:
		return 0
	}
	can := 0
	if triggers {
		can = insteadOf(t)
	}
	if ShownBy == nil {
		return can
	}
	base, shown := ShownBy(snap, t)
	if base == nil {
		return can
	}
	below := map[int16]bool{}
	for view, col := range shown {
		if columns == nil || columns[view] {
			below[col] = true
		}
	}
	through := updates(snap, base, triggers, below)
	if len(below) == 0 { // no column to give a value: rows can only go
		through &= canDelete
	}
	return can | through
}

// insteadOf is what a view's INSTEAD OF triggers do.
func insteadOf(t *Table) int {
	can := 0
	for _, tr := range t.Triggers {
		if tr.Timing != TriggerInstead {
			continue
		}
		for event, bit := range map[TriggerEvent]int{OnInsert: canInsert, OnUpdate: canUpdate, OnDelete: canDelete} {
			if tr.Events&event != 0 {
				can |= bit
			}
		}
	}
	return can
}

// updatesColumn tells whether a column can be set, as pg_column_is_updatable has it.
func updatesColumn(snap *Snapshot, t *Table, attnum int16, triggers bool) bool {
	const both = canUpdate | canDelete
	return attnum > 0 && updates(snap, t, triggers, map[int16]bool{attnum: true})&both == both
}

func updatability() {
	tableOf := func(snap *Snapshot, a types.Datum) *Table {
		if r := snap.relation(arg(a)); r != nil && r.ix == nil && r.seq == nil {
			return r.table
		}
		return nil
	}
	builtin.Define("pg_relation_is_updatable(regclass,bool)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		return vInt(updates(snap, tableOf(snap, a[0]), a[1].Bool(), nil)), nil
	}))
	builtin.Define("pg_column_is_updatable(regclass,int2,bool)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		return vBool(updatesColumn(snap, tableOf(snap, a[0]), int16(a[1].I), a[2].Bool())), nil
	}))
}
