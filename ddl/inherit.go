package ddl

import (
	"sort"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// Inheritance: what a table being made, or joined to a parent later, has from
// its parents.
//
//	INHERITS (p1, p2)   columns of p1, then of p2, then its own; those of one name merge
//	CHECK constraints   those of the parents, but for NO INHERIT ones, under their names
//
// A column counts the parents that have it (InhCount) and knows whether the
// table's own definition has it, too (!NotLocal); so do constraints. What a
// parent loses, a child loses when no other parent and no definition has it.

// inherited notes what merging has found out about a column of the table
// being made.
type inherited struct {
	bogus  bool // parents disagree about its default
	merged bool // the table's own definition has it, too
}

// inherit gives the table being made the columns and checks of its parents.
// part tells that it is to be a partition.
func (b *builder) inherit(parents []*ast.RangeVar, part bool) error {
	c := b.c
	b.inherits = map[int16]*inherited{}
	for _, rv := range parents {
		oid := c.find(rv)
		if oid == 0 {
			return c.missing(rv)
		}
		if err := c.snap().NoTable(oid, rv.Name); err != nil {
			return err
		}
		p := c.snap().Table(oid)
		if p == nil || !p.IsTable() {
			return pgerr.Newf(pgerr.WrongObjectType, "inherited relation %q is not a table or foreign table", rv.Name)
		}
		if p.Virtual != nil {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", p.Name)
		}
		if err := c.ownTable(p); err != nil {
			return err
		}
		p, err := c.lock(p, kv.LockTableShareUpdateExclusive)
		if err != nil {
			return err
		}
		for _, have := range b.t.Inherits {
			if have == p.OID {
				return pgerr.Newf(pgerr.DuplicateTable, "relation %q would be inherited from more than once", rv.Name)
			}
		}
		if !part {
			switch {
			case p.Kind == catalog.KindPartitioned:
				return pgerr.Newf(pgerr.WrongObjectType, "cannot inherit from partitioned table %q", rv.Name)
			case p.IsPartition():
				return pgerr.Newf(pgerr.WrongObjectType, "cannot inherit from partition %q", rv.Name)
			}
		}
		if err := checkPersistence(b.t, p, part); err != nil {
			return err
		}
		b.t.Inherits = append(b.t.Inherits, p.OID)
		if err := b.inheritColumns(p, part); err != nil {
			return err
		}
		if err := b.inheritChecks(p); err != nil {
			return err
		}
	}
	b.inheritedColumns = len(b.t.Columns)
	return nil
}

// checkPersistence refuses children of temporary tables that are not.
func checkPersistence(t, p *catalog.Table, part bool) error {
	tempChild, tempParent := t.Persistence == catalog.Temporary, p.Persistence == catalog.Temporary
	switch {
	case part && !tempChild && tempParent:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot create a permanent relation as partition of temporary relation %q", p.Name)
	case !tempChild && tempParent:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot inherit from temporary relation %q", p.Name)
	case part && tempChild && !tempParent:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot create a temporary relation as partition of permanent relation %q", p.Name)
	}
	return nil
}

func (b *builder) inheritColumns(p *catalog.Table, part bool) error {
	c := b.c
	for i := range p.Columns {
		pc := &p.Columns[i]
		if pc.Dropped {
			continue
		}
		have := b.t.ColumnByName(pc.Name)
		if have == nil {
			col := catalog.Column{Attnum: int16(len(b.t.Columns) + 1), Name: pc.Name, TypeOID: pc.TypeOID, Type: pc.Type, Typmod: pc.Typmod,
				NotNull: pc.NotNull, Collation: pc.Collation, Default: pc.Default, SeqOID: sharedSequence(pc), Generated: pc.Generated, InhCount: 1, NotLocal: true}
			b.t.Columns = append(b.t.Columns, col)
			b.inherits[col.Attnum] = &inherited{}
			continue
		}
		c.notice(pgerr.SuccessfulCompletion, "merging multiple inherited definitions of column %q", pc.Name)
		if have.TypeOID != pc.TypeOID || have.Typmod != pc.Typmod {
			return pgerr.Newf(pgerr.DatatypeMismatch, "inherited column %q has a type conflict", pc.Name).
				WithDetail("%s versus %s", types.Format(have.Type, have.Typmod), types.Format(pc.Type, pc.Typmod))
		}
		if collationOf(have) != collationOf(pc) {
			return pgerr.Newf(pgerr.CollationMismatch, "inherited column %q has a collation conflict", pc.Name).
				WithDetail("%q versus %q", catalog.CollationName(collationOf(have)), catalog.CollationName(collationOf(pc)))
		}
		if (have.Generated != "") != (pc.Generated != "") {
			return pgerr.Newf(pgerr.DatatypeMismatch, "inherited column %q has a generation conflict", pc.Name)
		}
		have.InhCount++
		have.NotNull = have.NotNull || pc.NotNull
		note := b.inherits[have.Attnum]
		switch {
		case pc.Default != "" && have.Default == "":
			have.Default, have.SeqOID = pc.Default, sharedSequence(pc)
		case pc.Default != "" && have.Default != pc.Default, pc.Generated != "" && pc.Generated != have.Generated:
			note.bogus = true
		}
	}
	return nil
}

// sharedSequence is the sequence that an inherited default draws from.
func sharedSequence(pc *catalog.Column) catalog.OID {
	if pc.Identity != catalog.NotIdentity {
		return 0
	}
	return pc.SeqOID
}

// collationOf is a column's collation, its type's when none was given.
func collationOf(c *catalog.Column) catalog.OID {
	if c.Collation != 0 {
		return c.Collation
	}
	return catalog.TypeCollation(c.Type)
}

func (b *builder) inheritChecks(p *catalog.Table) error {
	for _, k := range p.Checks {
		if k.NoInherit {
			continue
		}
		attnums := b.attnumsFrom(p, k.Attnums)
		found := false
		for _, have := range b.t.Checks {
			if have.Name != k.Name {
				continue
			}
			if have.Expr != k.Expr {
				return pgerr.Newf(pgerr.DuplicateObject, "check constraint name %q appears multiple times but with different expressions", k.Name)
			}
			have.InhCount++
			found = true
		}
		if found {
			continue
		}
		oid, err := b.c.newOID()
		if err != nil {
			return err
		}
		b.t.Checks = append(b.t.Checks, &catalog.Check{OID: oid, Name: k.Name, Expr: k.Expr, Attnums: attnums, InhCount: 1, NotLocal: true})
	}
	return nil
}

// attnumsFrom maps columns of a parent to those of the same names here.
func (b *builder) attnumsFrom(p *catalog.Table, attnums []int16) []int16 {
	var out []int16
	for _, a := range attnums {
		if col := b.t.ColumnByName(p.Col(a).Name); col != nil {
			out = append(out, col.Attnum)
		}
	}
	return out
}

// mergeColumn merges the table's own definition of a column that parents have:
// place is where among the table's own columns it was written.
func (b *builder) mergeColumn(d *ast.ColumnDef, have *catalog.Column, place int) error {
	c := b.c
	note := b.inherits[have.Attnum]
	if note == nil || note.merged {
		return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", d.Name)
	}
	note.merged = true
	at := have.Attnum
	if d.Type != nil {
		if place == int(at) {
			c.notice(pgerr.SuccessfulCompletion, "merging column %q with inherited definition", d.Name)
		} else {
			e := pgerr.Newf(pgerr.SuccessfulCompletion, "moving and merging column %q with inherited definition", d.Name).
				WithDetail("User-specified column moved to the position of the inherited column.")
			e.Severity = "NOTICE"
			c.Notice(e)
		}
		own, err := c.columnType(d)
		if err != nil {
			return err
		}
		if own.TypeOID != have.TypeOID || own.Typmod != have.Typmod {
			return pgerr.Newf(pgerr.DatatypeMismatch, "column %q has a type conflict", d.Name).
				WithDetail("%s versus %s", types.Format(have.Type, have.Typmod), types.Format(own.Type, own.Typmod))
		}
		if collationOf(&own) != collationOf(have) {
			return pgerr.Newf(pgerr.CollationMismatch, "column %q has a collation conflict", d.Name).
				WithDetail("%q versus %q", catalog.CollationName(collationOf(have)), catalog.CollationName(collationOf(&own)))
		}
		have.NotLocal = false
	}
	for _, k := range d.Constraints {
		if k.Kind == ast.ConstraintIdentity && b.c.snap().Table(b.t.Inherits[0]).Kind == catalog.KindPartitioned {
			return pgerr.New(pgerr.FeatureNotSupported, "identity columns are not supported on partitions")
		}
		switch k.Kind {
		case ast.ConstraintDefault, ast.ConstraintIdentity, ast.ConstraintGenerated:
			if have.Generated != "" {
				switch k.Kind {
				case ast.ConstraintGenerated:
					return pgerr.Newf(pgerr.InvalidColumnDefinition, "child column %q specifies generation expression", d.Name).
						WithHint("Omit the generation expression in the definition of the child table column to inherit the generation expression from the parent table.")
				case ast.ConstraintDefault:
					return pgerr.Newf(pgerr.InvalidColumnDefinition, "column %q inherits from generated column but specifies default", d.Name)
				}
				return pgerr.Newf(pgerr.InvalidColumnDefinition, "column %q inherits from generated column but specifies identity", d.Name)
			}
			have.Default, have.SeqOID = "", 0
			note.bogus = false
		}
	}
	notNull := have.NotNull
	have.NotNull = false
	if err := b.columnConstraints(at, d); err != nil {
		return err
	}
	if isSerial(d.Type) {
		if err := b.serial(at); err != nil {
			return err
		}
	}
	col := b.t.Col(at)
	col.NotNull = col.NotNull || notNull
	return nil
}

// checkDefaults refuses columns whose parents disagree about the default.
func (b *builder) checkDefaults() error {
	for i := range b.t.Columns {
		col := &b.t.Columns[i]
		note := b.inherits[col.Attnum]
		if note == nil || !note.bogus {
			continue
		}
		if col.Generated != "" {
			return pgerr.Newf(pgerr.InvalidColumnDefinition, "column %q inherits conflicting generation expressions", col.Name)
		}
		return pgerr.Newf(pgerr.InvalidColumnDefinition, "column %q inherits conflicting default values", col.Name).
			WithHint("To resolve the conflict, specify a default explicitly.")
	}
	return nil
}

// mergeCheck merges a new CHECK constraint with one of the same name that t has
// from its parents, or refuses it; merged false: there is none. inherits tells
// that the new one comes from a parent.
func (c *Ctx) mergeCheck(t *catalog.Table, ck *catalog.Check, inherits bool) (merged bool, err error) {
	for _, have := range t.Checks {
		if have.Name != ck.Name {
			continue
		}
		if have.Expr != ck.Expr || !inherits && have.InhCount == 0 {
			return false, pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", ck.Name, t.Name)
		}
		switch {
		case have.NoInherit:
			return false, pgerr.Newf(pgerr.InvalidObjectDefinition, "constraint %q conflicts with non-inherited constraint on relation %q", ck.Name, t.Name)
		case inherits && have.InhCount > 0 && ck.NoInherit, ck.NoInherit && have.InhCount > 0:
			return false, pgerr.Newf(pgerr.InvalidObjectDefinition, "constraint %q conflicts with inherited constraint on relation %q", ck.Name, t.Name)
		case inherits && !ck.NotValid && have.NotValid:
			return false, pgerr.Newf(pgerr.InvalidObjectDefinition, "constraint %q conflicts with NOT VALID constraint on relation %q", ck.Name, t.Name)
		}
		c.notice(pgerr.SuccessfulCompletion, "merging constraint %q with inherited definition", ck.Name)
		switch {
		case t.IsPartition():
			have.InhCount, have.NotLocal = 1, true
		case inherits:
			have.InhCount++
		default:
			have.NotLocal = false
		}
		return true, nil
	}
	return false, nil
}

// ---- ALTER TABLE … INHERIT, NO INHERIT

func (c *Ctx) addInherit(t *catalog.Table, rv *ast.RangeVar) error {
	if t.IsPartition() {
		return pgerr.New(pgerr.WrongObjectType, "cannot change inheritance of a partition")
	}
	if t.Kind == catalog.KindPartitioned {
		return pgerr.New(pgerr.WrongObjectType, "cannot change inheritance of partitioned table")
	}
	p, err := c.table(rv, kv.LockTableShareUpdateExclusive)
	if err != nil {
		return err
	}
	if p.Persistence == catalog.Temporary && t.Persistence != catalog.Temporary {
		return pgerr.Newf(pgerr.WrongObjectType, "cannot inherit from temporary relation %q", p.Name)
	}
	switch {
	case p.Kind == catalog.KindPartitioned:
		return pgerr.Newf(pgerr.WrongObjectType, "cannot inherit from partitioned table %q", p.Name)
	case p.IsPartition():
		return pgerr.New(pgerr.WrongObjectType, "cannot inherit from a partition")
	}
	for _, d := range c.snap().Tree(t) {
		if d.OID == p.OID {
			return pgerr.New(pgerr.DuplicateTable, "circular inheritance not allowed").
				WithDetail("%q is already a child of %q.", p.Name, t.Name)
		}
	}
	if err := c.adopt(t, p); err != nil {
		return err
	}
	return c.put(t)
}

// adopt makes t (a copy) a child of p: it must have p's columns and checks.
func (c *Ctx) adopt(t, p *catalog.Table) error {
	for _, have := range t.Inherits {
		if have == p.OID {
			return pgerr.Newf(pgerr.DuplicateTable, "relation %q would be inherited from more than once", p.Name)
		}
	}
	part := p.Kind == catalog.KindPartitioned
	for i := range p.Columns {
		pc := &p.Columns[i]
		if pc.Dropped {
			continue
		}
		at := t.ColumnByName(pc.Name)
		if at == nil {
			return pgerr.Newf(pgerr.DatatypeMismatch, "child table is missing column %q", pc.Name)
		}
		col := t.Col(at.Attnum)
		switch {
		case col.TypeOID != pc.TypeOID || col.Typmod != pc.Typmod:
			return pgerr.Newf(pgerr.DatatypeMismatch, "child table %q has different type for column %q", t.Name, pc.Name)
		case collationOf(col) != collationOf(pc):
			return pgerr.Newf(pgerr.CollationMismatch, "child table %q has different collation for column %q", t.Name, pc.Name)
		case pc.NotNull && !col.NotNull:
			return pgerr.Newf(pgerr.DatatypeMismatch, "column %q in child table must be marked NOT NULL", pc.Name)
		case pc.Generated != "" && col.Generated == "":
			return pgerr.Newf(pgerr.DatatypeMismatch, "column %q in child table must be a generated column", pc.Name)
		case pc.Generated != "" && col.Generated != pc.Generated:
			return pgerr.Newf(pgerr.DatatypeMismatch, "column %q in child table has a conflicting generation expression", pc.Name)
		}
		col.InhCount++
		if part {
			col.NotLocal = true
		}
	}
	checks := append([]*catalog.Check(nil), p.Checks...)
	sort.Slice(checks, func(i, j int) bool { return checks[i].Name < checks[j].Name })
	for _, pk := range checks {
		if pk.NoInherit {
			continue
		}
		var have *catalog.Check
		for _, k := range t.Checks {
			if k.Name == pk.Name {
				have = k
			}
		}
		switch {
		case have == nil:
			return pgerr.Newf(pgerr.DatatypeMismatch, "child table is missing constraint %q", pk.Name)
		case have.Expr != pk.Expr:
			return pgerr.Newf(pgerr.DatatypeMismatch, "child table %q has different definition for check constraint %q", t.Name, pk.Name)
		case have.NoInherit:
			return pgerr.Newf(pgerr.InvalidObjectDefinition, "constraint %q conflicts with non-inherited constraint on child table %q", pk.Name, t.Name)
		case have.NotValid:
			return pgerr.Newf(pgerr.InvalidObjectDefinition, "constraint %q conflicts with NOT VALID constraint on child table %q", pk.Name, t.Name)
		}
		have.InhCount++
		if part {
			have.NotLocal = true
		}
	}
	t.Inherits = append(append([]catalog.OID(nil), t.Inherits...), p.OID)
	return nil
}

func (c *Ctx) dropInherit(t *catalog.Table, rv *ast.RangeVar) error {
	if t.IsPartition() {
		return pgerr.New(pgerr.WrongObjectType, "cannot change inheritance of a partition")
	}
	oid := c.find(rv)
	if oid == 0 {
		return c.missing(rv)
	}
	p := c.snap().Table(oid)
	if p == nil || !c.disown(t, p) {
		return pgerr.Newf(pgerr.UndefinedTable, "relation %q is not a parent of relation %q", rv.Name, t.Name)
	}
	return c.put(t)
}

// disown makes t (a copy) no child of p any more; false: it was none. Columns
// and checks stay, as the table's own.
func (c *Ctx) disown(t, p *catalog.Table) bool {
	at := -1
	for i, have := range t.Inherits {
		if have == p.OID {
			at = i
		}
	}
	if at < 0 {
		return false
	}
	t.Inherits = append(append([]catalog.OID(nil), t.Inherits[:at]...), t.Inherits[at+1:]...)
	for i := range p.Columns {
		pc := &p.Columns[i]
		if pc.Dropped {
			continue
		}
		if col := t.ColumnByName(pc.Name); col != nil && col.InhCount > 0 {
			k := t.Col(col.Attnum)
			k.InhCount--
			k.NotLocal = k.NotLocal && k.InhCount > 0
		}
	}
	for _, pk := range p.Checks {
		for _, k := range t.Checks {
			if k.Name == pk.Name && k.InhCount > 0 && !pk.NoInherit {
				k.InhCount--
				k.NotLocal = k.NotLocal && k.InhCount > 0
			}
		}
	}
	return true
}

// ---- helpers for the definition of columns

// columnType reads the type and collation of a column's definition.
func (c *Ctx) columnType(d *ast.ColumnDef) (catalog.Column, error) {
	col := catalog.Column{Name: d.Name, Typmod: -1}
	if isSerial(d.Type) {
		col.Type = serials[d.Type.Names[0]]
	} else {
		t, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), d.Type)
		if err != nil {
			return col, err
		}
		col.Type, col.Typmod = t, mod
	}
	col.TypeOID = col.Type.OID
	if d.Collation != nil {
		if err := c.collation(&col, d.Collation); err != nil {
			return col, err
		}
	}
	return col, nil
}

func isSerial(t *ast.TypeName) bool {
	return t != nil && len(t.Names) == 1 && len(t.Bounds) == 0 && serials[t.Names[0]] != nil
}
