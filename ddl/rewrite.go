package ddl

import (
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
)

// Storing a table's rows anew. Columns that one ALTER TABLE adds and changes are computed
// together, row after row, as in PostgreSQL: each command notes what it needs
// (rewriteLater), and the rows are stored once before something looks at them
// (rewriteStale).
//
//	ALTER TABLE t ADD a int DEFAULT nextval('s'), ADD b int DEFAULT nextval('s')
//	→ (1, 2), (3, 4), …

// staleRows are the tables of one ALTER TABLE whose rows are yet as they were.
type staleRows struct {
	tables []*staleTable
	typed  map[column16]bool // columns whose type the statement has changed
}

// column16 is a column of a table.
type column16 struct {
	table  catalog.OID
	attnum int16
}

type staleTable struct {
	old   *catalog.Table // as the rows are
	set   map[int16]plan.Expr
	order []int16 // of set
}

// of gives what is noted for a table, nil if nothing is.
func (s *staleRows) of(oid catalog.OID) *staleTable {
	for _, t := range s.tables {
		if t.old.OID == oid {
			return t
		}
	}
	return nil
}

// rowsOf gives what the rows of a table are as yet.
func (s *staleRows) rowsOf(t *catalog.Table) *catalog.Table {
	if s != nil {
		if stale := s.of(t.OID); stale != nil {
			return stale.old
		}
	}
	return t
}

// rewriteLater stores next, a changed old, whose rows are to be stored anew before the next
// command looks at them: with column attnum computed by e over the rows as they are now, if
// attnum is not 0, and new columns by their defaults.
func (c *Ctx) rewriteLater(old, next *catalog.Table, attnum int16, e plan.Expr) error {
	if c.stale == nil || !next.Stored() {
		set := map[int16]plan.Expr{}
		if attnum != 0 {
			set[attnum] = e
		}
		return c.rewrite(old, next, set, nil)
	}
	s := c.stale.of(old.OID)
	if s == nil {
		s = &staleTable{old: old, set: map[int16]plan.Expr{}}
		c.stale.tables = append(c.stale.tables, s)
	}
	if attnum != 0 {
		s.set[attnum], s.order = e, append(s.order, attnum)
	}
	return c.put(next)
}

// rewriteStale stores the rows anew that rewriteLater has noted.
func (c *Ctx) rewriteStale() error {
	if c.stale == nil {
		return nil
	}
	tables := c.stale.tables
	c.stale.tables = nil
	for _, s := range tables {
		if err := c.rewrite(s.old, clone(c.snap().Table(s.old.OID)), s.set, s.order); err != nil {
			return err
		}
	}
	return nil
}

// rewrite stores all rows of old anew as next says: exprs gives the values of
// columns that change, by attnum, in the order in which they are computed.
func (c *Ctx) rewrite(old, next *catalog.Table, exprs map[int16]plan.Expr, order []int16) error {
	if !next.Stored() {
		return c.put(next)
	}
	storage, err := c.newOID()
	if err != nil {
		return err
	}
	next.Storage = uint32(storage)
	for i := range next.Columns { // every row is stored whole again
		next.Columns[i].HasMissing, next.Columns[i].Missing = false, ""
	}
	if err := c.put(next); err != nil {
		return err
	}
	if err := c.dropStorage(old.Storage); err != nil {
		return err
	}
	fresh := c.snap().Table(next.OID)
	rules, defaults, err := planner.TableRules(c.snap(), c.Env, fresh)
	if err != nil {
		return err
	}
	values := make([]plan.Expr, len(fresh.Columns))
	for i := range values {
		values[i] = exprs[int16(i+1)]
		if i >= len(old.Columns) { // a new column
			values[i] = defaults[i]
			order = append(order, int16(i+1))
		}
	}
	_, err = executor.RewriteTable(c.Exec(), old, fresh, values, order, &rules)
	return err
}

// changesType notes that the statement changes a column's type, which it may do
// once, and not of one that it adds.
func (c *Ctx) changesType(rows *catalog.Table, col *catalog.Column) error {
	if c.stale == nil {
		return nil
	}
	if int(col.Attnum) > len(rows.Columns) {
		_, err := column(rows, col.Name)
		return err
	}
	k := column16{rows.OID, col.Attnum}
	if c.stale.typed[k] {
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter type of column %q twice", col.Name)
	}
	if c.stale.typed == nil {
		c.stale.typed = map[column16]bool{}
	}
	c.stale.typed[k] = true
	return nil
}
