package planner

import (
	"slices"

	"rowkey/catalog"
	"rowkey/planner/plan"
)

// Foreign keys make a statement look into tables that it does not name, and change some.
// Their definitions must stand still for it like those of its own tables: an action that
// goes by an old definition would miss an index that was made meanwhile.

// tableChange is what is done to a table's rows.
type tableChange struct {
	inserts, deletes bool
	columns          []int16 // that are set
}

func (c tableChange) sets(attnums []int16) bool {
	return slices.ContainsFunc(attnums, func(a int16) bool { return slices.Contains(c.columns, a) })
}

// changeOf says what a statement does to the rows of its target.
func (d *dmlRel) changeOf() (c tableChange) {
	sets := func(list []plan.ColumnExpr) {
		for _, s := range list {
			c.columns = append(c.columns, s.Attnum)
		}
	}
	switch d.kind {
	case dmlInsert:
		c.inserts = true
		if d.conflict != nil {
			sets(d.conflict.set)
		}
	case dmlUpdate:
		sets(d.set)
	case dmlDelete:
		c.deletes = true
	case dmlMerge:
		for _, a := range d.actions {
			switch a.Kind {
			case plan.MergeInsert:
				c.inserts = true
			case plan.MergeUpdate:
				sets(a.Set)
			case plan.MergeDelete:
				c.deletes = true
			}
		}
	}
	if d.table.Kind == catalog.KindPartitioned && len(c.columns) > 0 {
		c.inserts, c.deletes = true, true // a row may move
	}
	for i := range d.table.Columns { // what is computed may change with any
		if col := &d.table.Columns[i]; len(c.columns) > 0 && col.Generated != "" {
			c.columns = append(c.columns, col.Attnum)
		}
	}
	for _, t := range d.table.Triggers { // and a trigger may set what it likes
		if t.Row && t.Timing == catalog.TriggerBefore && len(c.columns) > 0 {
			for i := range d.table.Columns {
				c.columns = append(c.columns, int16(i+1))
			}
		}
	}
	return c
}

// useReferences adds to the tables in use those that foreign keys look into or change
// when the statement's targets change.
func (p *planner) useReferences() {
	type visited struct {
		table            catalog.OID
		deletes, inserts bool
		fk               catalog.OID
	}
	seen := map[visited]bool{}
	whole := func(t *catalog.Table, f func(*catalog.Table)) {
		f(t)
		if t.Kind == catalog.KindPartitioned {
			for _, m := range p.snap.Members(t) {
				f(m)
			}
		}
	}
	var visit func(t *catalog.Table, c tableChange)
	visit = func(t *catalog.Table, c tableChange) {
		for _, fk := range t.ForeignKeys {
			if !c.inserts && !c.sets(fk.Columns) {
				continue
			}
			if ref := p.snap.Table(fk.RefTable); ref != nil {
				whole(ref, func(m *catalog.Table) { p.markTable(m, true) })
			}
		}
		if !c.deletes && len(c.columns) == 0 {
			return
		}
		for _, r := range p.snap.ReferredBy(t.OID) {
			for _, fk := range r.ForeignKeys {
				changes := c.sets(fk.RefColumns)
				if fk.RefTable != t.OID || !c.deletes && !changes {
					continue
				}
				var next tableChange
				act := func(a catalog.FKAction, cascade func()) {
					switch a {
					case catalog.FKCascade:
						cascade()
					case catalog.FKSetNull, catalog.FKSetDefault:
						next.columns = fk.Columns
					}
				}
				if c.deletes {
					act(fk.OnDelete, func() { next.deletes = true })
				}
				if changes {
					act(fk.OnUpdate, func() { next.columns = fk.Columns })
				}
				if !next.deletes && len(next.columns) == 0 {
					whole(r, func(m *catalog.Table) { p.markTable(m, false) })
					continue
				}
				whole(r, func(m *catalog.Table) { p.useTable(m, true) })
				v := visited{r.OID, next.deletes, len(next.columns) > 0, fk.OID}
				if !seen[v] {
					seen[v] = true
					whole(r, func(m *catalog.Table) { visit(m, next) })
				}
			}
		}
	}
	for _, d := range p.changes {
		c := d.changeOf()
		whole(d.table, func(m *catalog.Table) { visit(m, c) })
		for _, m := range d.treeTables() { // whose columns may have other numbers
			visit(m, tableChange{inserts: c.inserts || len(c.columns) > 0, deletes: c.deletes || len(c.columns) > 0})
		}
	}
}

// markTable notes that a table is looked into by a foreign key, as the one referred to or
// as the one that refers.
func (p *planner) markTable(t *catalog.Table, referred bool) {
	for i := range p.tables {
		if u := &p.tables[i]; u.Table == t {
			u.Mark, u.Referred = true, u.Referred && referred
			return
		}
	}
	p.tables = append(p.tables, plan.TableUse{Table: t, Mark: true, Referred: referred})
}
