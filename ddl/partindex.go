package ddl

import (
	"slices"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// Indexes of partitioned tables. The one of the partitioned table has no
// entries; each partition has one of its own that is part of it (Index.Parent).
// It is valid once every partition has its part.

// sameIndex tells whether an index of partition t could be the part of ix, an
// index of p, of it.
func sameIndex(p *catalog.Table, ix *catalog.Index, t *catalog.Table, have *catalog.Index) bool {
	m := catalog.AttnumMap(p, t)
	if have.RowID || have.Unique != ix.Unique || have.Primary != ix.Primary && ix.Constraint != 0 || have.NullsEqual != ix.NullsEqual || have.Where != ix.Where ||
		len(have.Keys) != len(ix.Keys) || len(have.Include) != len(ix.Include) {
		return false
	}
	for i, k := range ix.Keys {
		h := have.Keys[i]
		if h.Desc != k.Desc || h.NullsFirst != k.NullsFirst || h.Opclass != k.Opclass || h.Expr != k.Expr {
			return false
		}
		if k.Attnum > 0 && h.Attnum != m[k.Attnum-1] {
			return false
		}
	}
	for i, a := range ix.Include {
		if have.Include[i] != m[a-1] {
			return false
		}
	}
	return true
}

// attachIndexes gives a partition that a table is attached as an index for each
// of the partitioned table's: one it has, or a new one.
func (c *Ctx) attachIndexes(parent, child catalog.OID) error {
	for _, ix := range c.snap().Table(parent).Indexes {
		if ix.RowID {
			continue
		}
		if err := c.partOf(parent, ix.OID, child); err != nil {
			return err
		}
	}
	return nil
}

// partOf makes sure that partition child has a part of an index of parent, and
// its partitions likewise.
func (c *Ctx) partOf(parent, index, child catalog.OID) error {
	p, t := c.snap().Table(parent), clone(c.snap().Table(child))
	ix := p.IndexByOID(index)
	for _, have := range t.Indexes {
		if have.Parent != 0 || !sameIndex(p, ix, t, have) || ix.Constraint != 0 && have.Constraint == 0 {
			continue
		}
		have.Parent = ix.OID
		return c.put(t)
	}
	part, name := c.partIndex(p, ix, t, t.Schema, nil)
	if err := c.claim(t.Schema, name); err != nil {
		return err
	}
	if part.Primary && t.PrimaryKey() != nil {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
	}
	return c.addIndexTo(t, part, name)
}

// addIndexTo adds an index to a stored table (t is a copy), with its entries; of
// a partitioned table to its partitions, too.
func (c *Ctx) addIndexTo(t *catalog.Table, ix *catalog.Index, name string) error {
	if ix.Primary {
		for _, key := range ix.Keys {
			if col := t.Col(key.Attnum); !col.NotNull {
				if err := c.checkNoNulls(t, col); err != nil {
					return err
				}
			}
		}
	}
	if t.Kind != catalog.KindPartitioned {
		if ix.Primary {
			return c.addPrimaryKey(t, ix, name)
		}
		return c.buildIndex(t, ix, name)
	}
	if err := c.placeIndex(t, ix, name); err != nil {
		return err
	}
	if err := c.put(t); err != nil {
		return err
	}
	for _, part := range c.snap().Children(t.OID) {
		if _, err := c.lock(part, lockForChange); err != nil {
			return err
		}
		if ix.Primary {
			if err := c.notNullKey(t, ix, part.OID); err != nil {
				return err
			}
		}
		if err := c.partOf(t.OID, ix.OID, part.OID); err != nil {
			return err
		}
	}
	return nil
}

// notNullKey makes the columns of a primary key NOT NULL in a partition.
func (c *Ctx) notNullKey(p *catalog.Table, ix *catalog.Index, part catalog.OID) error {
	t := clone(c.snap().Table(part))
	m := catalog.AttnumMap(p, t)
	for _, k := range ix.Keys {
		col := t.Col(m[k.Attnum-1])
		if col.NotNull {
			continue
		}
		if err := c.checkNoNulls(t, col); err != nil {
			return err
		}
		col.NotNull = true
	}
	return c.put(t)
}

// detachParts ends the ties of a partition's indexes and foreign keys to those
// of the table it is taken from; child is a copy of its descriptor.
func (c *Ctx) detachParts(p, child *catalog.Table) error {
	for _, ix := range child.Indexes {
		ix.Parent = 0
	}
	for _, fk := range child.ForeignKeys {
		if !fk.Referenced && fk.Parent != 0 && p.ForeignKey(fk.Parent) != nil {
			fk.Parent = 0
			// What it refers to may be partitioned: it needs the parts itself.
			if err := c.referenceParts(child, fk); err != nil {
				return err
			}
		}
	}
	return c.dropReferences(p, child.OID)
}

// alterIndex is ALTER INDEX … ATTACH PARTITION.
func (c *Ctx) attachIndex(index catalog.OID, rv *ast.RangeVar) error {
	p := c.snap().TableOfIndex(index)
	ix := p.IndexByOID(index)
	oid := c.find(rv)
	if oid == 0 {
		return c.missing(rv)
	}
	tb := c.snap().TableOfIndex(oid)
	if tb == nil {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not an index", rv.Name)
	}
	if _, err := c.lock(p, lockForChange); err != nil {
		return err
	}
	locked, err := c.lock(tb, lockForChange)
	if err != nil {
		return err
	}
	t := clone(locked)
	part := t.IndexByOID(oid)
	refuse := func(code, detail string, args ...any) error {
		return pgerr.Newf(code, "cannot attach index %q as a partition of index %q", part.Name, ix.Name).WithDetail(detail, args...)
	}
	if part.Parent == ix.OID {
		return nil
	}
	switch {
	case part.Parent != 0:
		return refuse(pgerr.ObjectNotInPrerequisiteState, "Index %q is already attached to another index.", part.Name)
	case t.Bound == nil || t.Inherits[0] != p.OID:
		return refuse(pgerr.ObjectNotInPrerequisiteState, "Index %q is not an index on any partition of table %q.", part.Name, p.Name)
	case !sameIndex(p, ix, t, part):
		return refuse(pgerr.InvalidObjectDefinition, "The index definitions do not match.")
	case ix.Constraint != 0 && part.Constraint == 0:
		return refuse(pgerr.InvalidObjectDefinition, "The index %q belongs to a constraint in table %q but no constraint exists for index %q.", ix.Name, p.Name, part.Name)
	}
	for _, o := range t.Indexes {
		if o.Parent == ix.OID {
			return refuse(pgerr.ObjectNotInPrerequisiteState, "Another index is already attached for partition %q.", t.Name)
		}
	}
	part.Parent = ix.OID
	if err := c.put(t); err != nil {
		return err
	}
	return c.validateIndex(p.OID, ix.OID)
}

// validateIndex makes an index of a partitioned table valid if all partitions
// have a valid part of it.
func (c *Ctx) validateIndex(table, index catalog.OID) error {
	p := c.snap().Table(table)
	ix := p.IndexByOID(index)
	if !ix.Invalid {
		return nil
	}
	for _, t := range c.snap().Children(table) {
		ok := false
		for _, have := range t.Indexes {
			ok = ok || have.Parent == index && !have.Invalid
		}
		if !ok {
			return nil
		}
	}
	n := clone(p)
	n.IndexByOID(index).Invalid = false
	if err := c.put(n); err != nil {
		return err
	}
	if ix.Parent != 0 {
		return c.validateIndex(c.snap().TableOfIndex(ix.Parent).OID, ix.Parent)
	}
	return nil
}

// partsOfIndex are the indexes of partitions that are parts of one, directly.
func (c *Ctx) partsOfIndex(t *catalog.Table, ix *catalog.Index) []target {
	var out []target
	for _, p := range c.snap().Children(t.OID) {
		for _, part := range p.Indexes {
			if part.Parent == ix.OID && ix.OID != 0 {
				out = append(out, target{table: p, index: part})
			}
		}
	}
	return out
}

// truncated adds the tables below those that TRUNCATE names.
func (c *Ctx) truncateTree(rv *ast.RangeVar, t *catalog.Table) ([]*catalog.Table, error) {
	if rv.Only {
		if t.Kind == catalog.KindPartitioned {
			return nil, pgerr.New(pgerr.WrongObjectType, "cannot truncate only a partitioned table").
				WithHint("Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.")
		}
		return []*catalog.Table{t}, nil
	}
	tree := []*catalog.Table{t}
	for _, m := range c.snap().Tree(t)[1:] {
		if m.Persistence == catalog.Temporary && !slices.Contains(c.SearchPath(), m.Schema.Name) {
			continue // another session's
		}
		locked, err := c.lock(m, lockForChange)
		if err != nil {
			return nil, err
		}
		tree = append(tree, locked)
	}
	return tree, nil
}
