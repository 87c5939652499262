package ddl

import (
	"slices"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// constraint adds a constraint to the table being made. column is the attnum
// it was written behind, 0 for a table constraint.
func (b *builder) constraint(k *ast.Constraint, column int16) error {
	c := b.c
	if k.Name != "" && k.Kind != ast.ConstraintNotNull {
		taken := c.constraintTaken(b.t, k.Name)
		switch {
		case taken && k.Kind == ast.ConstraintCheck && c.inheritedCheck(b.t, k.Name):
			taken = false // they may merge
		case taken && k.Kind == ast.ConstraintCheck:
			return pgerr.Newf(pgerr.DuplicateObject, "check constraint %q already exists", k.Name)
		case taken && (k.Kind == ast.ConstraintPrimaryKey || k.Kind == ast.ConstraintUnique):
			if err := c.claim(b.schema, k.Name); err != nil {
				return err
			}
		}
		if taken {
			return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, b.t.Name)
		}
	}
	switch k.Kind {
	case ast.ConstraintCheck:
		ck, err := c.newCheck(b.t, k, column)
		if err != nil {
			return err
		}
		if k.NoInherit && b.t.Kind == catalog.KindPartitioned {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot add NO INHERIT constraint to partitioned table %q", b.t.Name)
		}
		if merged, err := c.mergeCheck(b.t, ck, false); merged || err != nil {
			return err
		}
		b.t.Checks = append(b.t.Checks, ck)
		return nil
	case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
		ix, name, err := c.keyConstraint(b.t, b.schema, k, column, b.names)
		if err != nil {
			return err
		}
		if err := keyOfPartition(b.t, ix); err != nil {
			return err
		}
		return b.addIndex(ix, name)
	case ast.ConstraintForeignKey:
		b.fks = append(b.fks, func() error {
			t := clone(c.snap().Table(b.t.OID))
			if err := c.addForeignKey(t, k, column); err != nil {
				return err
			}
			fk := t.ForeignKeys[len(t.ForeignKeys)-1]
			if err := c.put(t); err != nil {
				return err
			}
			return c.deriveForeignKey(t.OID, fk.OID)
		})
		return nil
	case ast.ConstraintExclusion:
		if b.t.Kind == catalog.KindPartitioned {
			return pgerr.New(pgerr.FeatureNotSupported, "exclusion constraints are not supported on partitioned tables").At(k.Pos())
		}
		ix, name, err := c.exclusion(b.t, b.schema, k, b.names)
		if err != nil {
			return err
		}
		return b.addIndex(ix, name)
	}
	return pgerr.Unsupported("%s constraints are not supported here", k.Kind).At(k.Pos())
}

// inheritedCheck tells whether a table has a check of that name from its parents alone.
func (c *Ctx) inheritedCheck(t *catalog.Table, name string) bool {
	for _, k := range t.Checks {
		if k.Name == name {
			return k.InhCount > 0 && k.NotLocal
		}
	}
	return false
}

// constraintTaken tells whether a table has a constraint of a name.
func (c *Ctx) constraintTaken(t *catalog.Table, name string) bool {
	return constraintName(t, name) != nil
}

// constraintName is where a table keeps the name of a constraint, nil if it has none of that name.
func constraintName(t *catalog.Table, name string) *string {
	for _, k := range t.Checks {
		if k.Name == name {
			return &k.Name
		}
	}
	for _, k := range t.ForeignKeys {
		if k.Name == name {
			return &k.Name
		}
	}
	for _, ix := range t.Indexes {
		if ix.Constraint != 0 && ix.Name == name {
			return &ix.Name
		}
	}
	return nil
}

// newCheck binds a CHECK constraint.
func (c *Ctx) newCheck(t *catalog.Table, k *ast.Constraint, column int16) (*catalog.Check, error) {
	bound, err := c.bind(planner.ForCheck, t, k.Expr, nil)
	if err != nil {
		return nil, err
	}
	oid, err := c.newOID()
	if err != nil {
		return nil, err
	}
	ck := &catalog.Check{OID: oid, Name: k.Name, Expr: c.deparse(bound, t), NotValid: k.NotValid, NoInherit: k.NoInherit}
	ck.Attnums = planner.ColumnsUsed(bound)
	if ck.Name == "" {
		name2 := ""
		if len(ck.Attnums) == 1 {
			name2 = t.Col(ck.Attnums[0]).Name
		}
		ck.Name = chooseName(t.Name, name2, "check", func(s string) bool { return c.constraintTaken(t, s) })
	}
	return ck, nil
}

// columnsNamed finds columns by name; column is used when there are no names.
func columnsNamed(t *catalog.Table, names []string, column int16, pos int) ([]int16, error) {
	if len(names) == 0 && column > 0 {
		return []int16{column}, nil
	}
	var out []int16
	for _, n := range names {
		col := t.ColumnByName(n)
		if col == nil {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q named in key does not exist", n).At(pos)
		}
		for _, a := range out {
			if a == col.Attnum {
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column %q appears twice in key constraint", n).At(pos)
			}
		}
		out = append(out, col.Attnum)
	}
	return out, nil
}

// keyConstraint makes the index of a PRIMARY KEY or UNIQUE constraint.
func (c *Ctx) keyConstraint(t *catalog.Table, schema *catalog.Schema, k *ast.Constraint, column int16, taken []string) (*catalog.Index, string, error) {
	if k.UsingIndex != "" {
		return nil, "", pgerr.Unsupported("constraints USING INDEX are not supported").At(k.Pos())
	}
	primary := k.Kind == ast.ConstraintPrimaryKey
	if primary && t.PrimaryKey() != nil {
		return nil, "", pgerr.Newf(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name).At(k.Pos())
	}
	if k.Deferrable && primary { // rows are stored under the key: two cannot share it, even for a while
		return nil, "", pgerr.Unsupported("deferrable primary keys are not supported").At(k.Pos())
	}
	attnums, err := columnsNamed(t, k.Columns, column, k.Pos())
	if err != nil {
		what := "unique"
		if primary {
			what = "primary key"
		}
		if e := pgerr.Of(err); e.Code == pgerr.DuplicateColumn {
			e.Message = strings.Replace(e.Message, "key constraint", what+" constraint", 1)
		}
		return nil, "", err
	}
	ix := &catalog.Index{Primary: primary, Unique: true, NullsEqual: k.NullsNotDistinct, Constraint: 1,
		Deferrable: k.Deferrable, Deferred: k.InitiallyDeferred}
	names := make([]string, len(attnums))
	for i, a := range attnums {
		col := t.Col(a)
		if err := indexable(col.Type); err != nil {
			return nil, "", err
		}
		ix.Keys = append(ix.Keys, catalog.IndexKey{Attnum: a, Type: col.Type})
		names[i] = col.Name
	}
	if ix.Include, err = columnsNamed(t, k.Including, 0, k.Pos()); err != nil {
		return nil, "", err
	}
	names = append(names, k.Including...)
	if primary && len(ix.Include) > 0 { // the row holds them anyway
		ix.Include = append([]int16(nil), ix.Include...)
	}
	name := k.Name
	if name == "" {
		used := c.relTaken(schema, taken...)
		if primary {
			name = chooseName(t.Name, "", "pkey", used)
		} else {
			name = chooseName(t.Name, strings.Join(names, "_"), "key", used)
		}
	}
	return ix, name, nil
}

// indexable refuses types without a b-tree order.
func indexable(t *types.Type) error {
	u := t.Under()
	for u.IsArray() {
		u = u.Elem.Under()
	}
	if u == types.JSON || u == types.JSONPathText || u.Category == 'G' || u.Kind == types.KindPseudo {
		return pgerr.Newf(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", types.Display(t)).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	}
	return nil
}

var fkActions = map[ast.ForeignKeyAction]catalog.FKAction{ast.NoAction: catalog.FKNoAction, ast.Restrict: catalog.FKRestrict,
	ast.Cascade: catalog.FKCascade, ast.SetNull: catalog.FKSetNull, ast.SetDefault: catalog.FKSetDefault}

// addForeignKey adds a FOREIGN KEY to t, a copy of a table in the catalog.
func (c *Ctx) addForeignKey(t *catalog.Table, k *ast.Constraint, column int16) error {
	refOID := c.find(k.References)
	if refOID == 0 {
		return c.missing(k.References)
	}
	if err := c.snap().NoTable(refOID, k.References.Name); err != nil {
		return err
	}
	ref := c.snap().Table(refOID)
	if ref == nil || !ref.IsTable() || ref.Virtual != nil {
		return pgerr.Newf(pgerr.WrongObjectType, "referenced relation %q is not a table", k.References.Name)
	}
	if ref.OID != t.OID {
		locked, err := c.lock(ref, kv.LockTableShareRowExclusive)
		if err != nil {
			return err
		}
		ref = locked
		for _, part := range c.snap().Tree(ref)[1:] { // rows go from partitions directly, too
			if ref.Kind == catalog.KindPartitioned {
				if _, err := c.lock(part, kv.LockTableShareRowExclusive); err != nil {
					return err
				}
			}
		}
	} else {
		ref = t
	}
	if t.Persistence == catalog.Permanent && ref.Persistence != catalog.Permanent {
		return pgerr.New(pgerr.InvalidTableDefinition, "constraints on permanent tables may reference only permanent tables")
	}
	if t.Persistence == catalog.Temporary && ref.Persistence != catalog.Temporary {
		return pgerr.New(pgerr.InvalidTableDefinition, "constraints on temporary tables may reference only temporary tables")
	}
	fk := &catalog.ForeignKey{RefTable: ref.OID, OnDelete: fkActions[k.OnDelete], OnUpdate: fkActions[k.OnUpdate],
		MatchFull: k.MatchFull, Deferrable: k.Deferrable, Deferred: k.InitiallyDeferred, NotValid: k.NotValid}
	var err error
	fkCols := func(names []string, column int16, in *catalog.Table) ([]int16, error) {
		if len(names) == 0 && column > 0 {
			return []int16{column}, nil
		}
		var out []int16
		for _, n := range names {
			col := in.ColumnByName(n)
			if col == nil && checkSystemColumn(n) != nil {
				return nil, pgerr.New(pgerr.FeatureNotSupported, "system columns cannot be used in foreign keys")
			}
			if col == nil {
				return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q referenced in foreign key constraint does not exist", n)
			}
			out = append(out, col.Attnum)
		}
		return out, nil
	}
	if fk.Columns, err = fkCols(k.Columns, column, t); err != nil {
		return err
	}
	if fk.SetColumns, err = fkCols(k.OnDeleteColumns, 0, t); err != nil {
		return err
	}
	seen := fk.SetColumns
	fk.SetColumns = nil
	for _, a := range seen {
		if !slices.Contains(fk.SetColumns, a) {
			fk.SetColumns = append(fk.SetColumns, a)
		}
	}
	for _, a := range fk.SetColumns {
		if !slices.Contains(fk.Columns, a) {
			return pgerr.Newf(pgerr.InvalidColumnReference, "column %q referenced in ON DELETE SET action must be part of foreign key", t.Col(a).Name)
		}
	}
	if len(k.RefColumns) == 0 {
		pk := ref.PrimaryKey()
		if pk == nil {
			return pgerr.Newf(pgerr.UndefinedObject, "there is no primary key for referenced table %q", ref.Name)
		}
		for _, key := range pk.Keys {
			fk.RefColumns = append(fk.RefColumns, key.Attnum)
		}
		fk.RefIndex = pk.OID
	} else {
		if fk.RefColumns, err = fkCols(k.RefColumns, 0, ref); err != nil {
			return err
		}
		for i, a := range fk.RefColumns {
			for _, o := range fk.RefColumns[:i] {
				if a == o {
					return pgerr.New(pgerr.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
				}
			}
		}
		if fk.RefIndex = uniqueIndexOn(ref, fk.RefColumns); fk.RefIndex == 0 {
			return pgerr.Newf(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table %q", ref.Name)
		}
	}
	if err := c.mayReference(ref, fk.RefColumns); err != nil {
		return err
	}
	if len(fk.Columns) != len(fk.RefColumns) {
		return pgerr.New(pgerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	for i, a := range fk.Columns {
		col, rc := t.Col(a), ref.Col(fk.RefColumns[i])
		if !planner.HasEquality(rc.Type, col.Type) {
			name := k.Name
			if name == "" {
				name = c.fkName(t, fk)
			}
			return pgerr.Newf(pgerr.DatatypeMismatch, "foreign key constraint %q cannot be implemented", name).
				WithDetail("Key columns %q and %q are of incompatible types: %s and %s.", col.Name, rc.Name,
					types.Display(col.Type), types.Display(rc.Type))
		}
		if col.Generated != "" {
			switch {
			case fk.OnUpdate == catalog.FKSetNull || fk.OnUpdate == catalog.FKSetDefault || fk.OnUpdate == catalog.FKCascade:
				return pgerr.New(pgerr.SyntaxError, "invalid ON UPDATE action for foreign key constraint containing generated column")
			case fk.OnDelete == catalog.FKSetNull || fk.OnDelete == catalog.FKSetDefault:
				return pgerr.New(pgerr.SyntaxError, "invalid ON DELETE action for foreign key constraint containing generated column")
			}
		}
	}
	fk.Name = k.Name
	if fk.Name == "" {
		fk.Name = c.fkName(t, fk)
	} else if c.constraintTaken(t, fk.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", fk.Name, t.Name)
	}
	if fk.OID, err = c.newOID(); err != nil {
		return err
	}
	t.ForeignKeys = append(t.ForeignKeys, fk)
	return nil
}

func (c *Ctx) fkName(t *catalog.Table, fk *catalog.ForeignKey) string {
	var names []string
	for _, a := range fk.Columns {
		names = append(names, t.Col(a).Name)
	}
	return chooseName(t.Name, strings.Join(names, "_"), "fkey", func(s string) bool { return c.constraintTaken(t, s) })
}

// uniqueIndexOn finds a unique index over exactly these columns, 0 if there is none.
func uniqueIndexOn(t *catalog.Table, attnums []int16) catalog.OID {
	for _, ix := range t.Indexes {
		if !ix.Unique || ix.Exclusion || ix.Invalid || ix.RowID || ix.Where != "" || ix.Deferrable || len(ix.Keys) != len(attnums) {
			continue
		}
		found := 0
		for _, k := range ix.Keys {
			for _, a := range attnums {
				if k.Attnum == a {
					found++
				}
			}
		}
		if found == len(attnums) {
			return ix.OID
		}
	}
	return 0
}

// validateForeignKey checks that all rows of a table meet a constraint.
func (c *Ctx) validateForeignKey(t *catalog.Table, fk *catalog.ForeignKey) error {
	return executor.ValidateForeignKey(c.Exec(), t, fk)
}

// validateForeignKeyTree checks the rows of a table, or of its partitions.
func (c *Ctx) validateForeignKeyTree(table, constraint catalog.OID) error {
	t := c.snap().Table(table)
	if t.Kind != catalog.KindPartitioned {
		return c.validateForeignKey(t, t.ForeignKey(constraint))
	}
	for _, m := range c.snap().Members(t) {
		for _, fk := range m.ForeignKeys {
			if c.isPartOfKey(m, fk, constraint) {
				if err := c.validateForeignKey(m, fk); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
