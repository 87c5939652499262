package ddl

import (
	"slices"
	"sort"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/pgerr"
)

// Foreign keys from and to partitioned tables. Besides the constraint as it was
// declared there are descriptors that derive from it (ForeignKey.Parent):
//
//	fk (partitioned) → pk            the declared one
//	fk_1 → pk, fk_2 → pk             of each referencing partition: what rows are checked by
//	fk → pk_1, fk → pk_2             Referenced, one for each partition of a partitioned
//	                                 pk: what happens when rows there go

// deriveForeignKey adds what derives from fk, a new foreign key of t, which
// stands in the catalog with it.
func (c *Ctx) deriveForeignKey(table, constraint catalog.OID) error {
	t := clone(c.snap().Table(table))
	fk := t.ForeignKey(constraint)
	if err := c.referenceParts(t, fk); err != nil {
		return err
	}
	if err := c.put(t); err != nil {
		return err
	}
	if t.Kind != catalog.KindPartitioned {
		return nil
	}
	for _, part := range c.snap().Children(table) {
		if err := c.partForeignKey(table, constraint, part.OID); err != nil {
			return err
		}
	}
	return nil
}

// referenceParts adds to t, a copy, the constraints with which fk refers to
// the partitions of what it refers to.
func (c *Ctx) referenceParts(t *catalog.Table, fk *catalog.ForeignKey) error {
	ref := c.snap().Table(fk.RefTable)
	if ref == nil || ref.Kind != catalog.KindPartitioned {
		return nil
	}
	for _, part := range c.snap().Partitions(ref).Parts {
		if err := c.referencePart(t, fk, ref, part); err != nil {
			return err
		}
	}
	return nil
}

func (c *Ctx) referencePart(t *catalog.Table, fk *catalog.ForeignKey, ref, part *catalog.Table) error {
	cp, err := c.derivedKey(fk)
	if err != nil {
		return err
	}
	m := catalog.AttnumMap(ref, part)
	cp.Referenced, cp.RefTable, cp.RefColumns, cp.RefIndex = true, part.OID, nil, 0
	for _, a := range fk.RefColumns {
		cp.RefColumns = append(cp.RefColumns, m[a-1])
	}
	for _, ix := range part.Indexes {
		if ix.Parent != 0 && ix.Parent == fk.RefIndex {
			cp.RefIndex = ix.OID
		}
	}
	cp.Name = c.fkName(t, cp)
	t.ForeignKeys = append(t.ForeignKeys, cp)
	return c.referenceParts(t, cp)
}

// derivedKey begins a constraint that derives from fk.
func (c *Ctx) derivedKey(fk *catalog.ForeignKey) (*catalog.ForeignKey, error) {
	oid, err := c.newOID()
	if err != nil {
		return nil, err
	}
	cp := *fk
	cp.OID, cp.Parent, cp.Comment = oid, fk.OID, ""
	return &cp, nil
}

// partForeignKey gives partition child what derives from a foreign key of its parent.
func (c *Ctx) partForeignKey(parent, constraint, child catalog.OID) error {
	p, t := c.snap().Table(parent), clone(c.snap().Table(child))
	fk := p.ForeignKey(constraint)
	m := catalog.AttnumMap(p, t)
	mapped := func(in []int16) []int16 {
		var out []int16
		for _, a := range in {
			out = append(out, m[a-1])
		}
		return out
	}
	cols := mapped(fk.Columns)
	for _, have := range t.ForeignKeys { // one it has may become part of its parent's
		if have.Parent == 0 && have.RefTable == fk.RefTable && slices.Equal(have.Columns, cols) && slices.Equal(have.RefColumns, fk.RefColumns) &&
			have.OnDelete == fk.OnDelete && have.OnUpdate == fk.OnUpdate && have.MatchFull == fk.MatchFull &&
			have.Deferrable == fk.Deferrable && have.Deferred == fk.Deferred && !have.NotValid {
			have.Parent = fk.OID
			kept := t.ForeignKeys[:0:0]
			for _, k := range t.ForeignKeys { // the parent's cover its references to partitions
				if !(k.Referenced && c.derivesFrom(t, k, have.OID)) {
					kept = append(kept, k)
				}
			}
			t.ForeignKeys = kept
			return c.put(t) // its own partitions have theirs already
		}
	}
	cp, err := c.derivedKey(fk)
	if err != nil {
		return err
	}
	cp.Columns, cp.SetColumns, cp.Referenced = cols, mapped(fk.SetColumns), false
	if c.constraintTaken(t, cp.Name) {
		cp.Name = c.fkName(t, cp)
	}
	t.ForeignKeys = append(t.ForeignKeys, cp)
	if err := c.put(t); err != nil {
		return err
	}
	return c.partsForeignKey(t, cp.OID)
}

func (c *Ctx) partsForeignKey(t *catalog.Table, constraint catalog.OID) error {
	if t.Kind != catalog.KindPartitioned {
		return nil
	}
	for _, part := range c.snap().Children(t.OID) {
		if err := c.partForeignKey(t.OID, constraint, part.OID); err != nil {
			return err
		}
	}
	return nil
}

// derivesFrom tells whether k, of t, comes from another constraint of t at any remove.
func (c *Ctx) derivesFrom(t *catalog.Table, k *catalog.ForeignKey, from catalog.OID) bool {
	for k != nil && k.Parent != 0 {
		if k.Parent == from {
			return true
		}
		k = t.ForeignKey(k.Parent)
	}
	return false
}

// attachForeignKeys gives a new partition the foreign keys of its parent, and
// those that refer to the parent a reference to it.
func (c *Ctx) attachForeignKeys(parent, child catalog.OID) error {
	var own []catalog.OID
	for _, fk := range c.snap().Table(parent).ForeignKeys {
		if fk.RefTable == child {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot attach table %q as a partition because it is referenced by foreign key %q",
				c.snap().Table(child).Name, fk.Name)
		}
		if !fk.Referenced {
			own = append(own, fk.OID)
		}
	}
	for _, oid := range own {
		// Who deletes from the referenced table must have ended, or see the new rows.
		if ref := c.snap().Table(c.snap().Table(parent).ForeignKey(oid).RefTable); ref != nil {
			for _, m := range c.snap().Tree(ref) {
				if _, err := c.lock(m, kv.LockTableShareRowExclusive); err != nil {
					return err
				}
			}
		}
		if err := c.partForeignKey(parent, oid, child); err != nil {
			return err
		}
		for _, m := range c.snap().Members(c.snap().Table(child)) {
			for _, fk := range m.ForeignKeys {
				if !fk.Referenced && !fk.NotValid && c.isPartOfKey(m, fk, oid) {
					if err := c.validateForeignKey(m, fk); err != nil {
						return err
					}
				}
			}
		}
	}
	refs := append([]*catalog.Table(nil), c.snap().ReferredBy(parent)...)
	sort.Slice(refs, func(i, j int) bool { return refs[i].OID < refs[j].OID })
	listed := map[catalog.OID]bool{}
	for _, r := range refs {
		for _, fk := range r.ForeignKeys {
			listed[fk.OID] = listed[fk.OID] || fk.RefTable == parent
		}
	}
	for _, r := range refs {
		if _, err := c.lock(r, lockForChange); err != nil {
			return err
		}
		t := clone(c.snap().Table(r.OID))
		for _, fk := range t.ForeignKeys[:len(t.ForeignKeys):len(t.ForeignKeys)] {
			if fk.RefTable == parent && !listed[fk.Parent] {
				if err := c.referencePart(t, fk, c.snap().Table(parent), c.snap().Table(child)); err != nil {
					return err
				}
			}
		}
		if err := c.put(t); err != nil {
			return err
		}
	}
	return nil
}

// isPartOfKey tells whether fk, of a partition, derives from a constraint of a
// table around it.
func (c *Ctx) isPartOfKey(t *catalog.Table, fk *catalog.ForeignKey, from catalog.OID) bool {
	for t != nil && fk != nil && fk.Parent != 0 {
		if fk.Parent == from {
			return true
		}
		if t = c.snap().ParentOf(t); t != nil {
			fk = t.ForeignKey(fk.Parent)
		}
	}
	return false
}

// dropReferences takes away the constraints by which others refer to a partition
// as part of p.
func (c *Ctx) dropReferences(p *catalog.Table, part catalog.OID) error {
	for _, m := range c.snap().Tree(c.snap().Table(part)) {
		for _, r := range c.snap().ReferredBy(m.OID) {
			r, err := c.lockIfThere(r, lockForChange)
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
			t := clone(r)
			kept := t.ForeignKeys[:0:0]
			for _, fk := range t.ForeignKeys {
				if !(fk.Referenced && fk.RefTable == m.OID) {
					kept = append(kept, fk)
				}
			}
			if len(kept) == len(t.ForeignKeys) {
				continue
			}
			t.ForeignKeys = kept
			if err := c.put(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDetachReferences refuses to take a partition away whose rows others refer to.
func (c *Ctx) checkDetachReferences(p, part *catalog.Table) error {
	for _, r := range c.snap().ReferredBy(part.OID) {
		for _, fk := range r.ForeignKeys {
			if !fk.Referenced || fk.RefTable != part.OID {
				continue
			}
			if r, err := c.lockIfThere(r, kv.LockTableShare); err != nil || r == nil || r.ForeignKey(fk.OID) == nil {
				if err != nil {
					return err
				}
				continue
			}
			key, err := executor.ReferredRow(c.Exec(), r, fk, part)
			if err != nil {
				return err
			}
			if key == "" {
				continue
			}
			var names []string
			for _, a := range fk.RefColumns {
				names = append(names, part.Col(a).Name)
			}
			e := pgerr.Newf(pgerr.ForeignKeyViolation, "removing partition %q violates foreign key constraint %q", part.Name, fk.Name).
				WithDetail("Key (%s)=(%s) is still referenced from table %q.", strings.Join(names, ", "), key, r.Name)
			e.Schema, e.Table, e.Constraint = r.Schema.Name, r.Name, fk.Name
			return e
		}
	}
	return nil
}

// declared is the constraint, as it was declared, that fk of t derives from.
func (c *Ctx) declared(t *catalog.Table, fk *catalog.ForeignKey) target {
	for fk.Parent != 0 {
		up, holder := t.ForeignKey(fk.Parent), t
		if !fk.Referenced {
			if holder = c.snap().ParentOf(t); holder != nil {
				up = holder.ForeignKey(fk.Parent)
			}
		}
		if up == nil {
			break
		}
		t, fk = holder, up
	}
	return target{table: t, fk: fk}
}
