package ddl

import (
	"slices"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
)

// ALTER TABLE of tables with parents or children. A command either concerns the
// one table, or is done to each table of the tree (ATSimpleRecursion in
// PostgreSQL), or has a way of its own to go down: columns and checks count
// their parents.

// alterTree does one subcommand to a table and, unless the statement says ONLY,
// to its children.
func (c *Ctx) alterTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	if t.View != nil || t.Kind == catalog.KindView {
		return c.alterCommand(oid, cmd)
	}
	children := c.snap().HasChildren(oid)
	switch cmd.Op {
	case ast.AddColumn:
		if t.IsPartition() {
			return pgerr.New(pgerr.WrongObjectType, "cannot add column to a partition")
		}
		return c.addColumnTree(oid, cmd, only)
	case ast.DropColumn:
		return c.dropColumnTree(oid, cmd, only)
	case ast.AlterColumnType:
		return c.alterTypeTree(oid, cmd, only)
	case ast.AddConstraint:
		return c.addConstraintTree(oid, cmd, only)
	case ast.DropConstraint:
		return c.dropConstraintTree(oid, cmd, only)
	case ast.ValidateConstraint:
		return c.validateTree(oid, cmd, only)
	case ast.AddInherit:
		return c.addInherit(clone(t), cmd.Relation)
	case ast.DropInherit:
		return c.dropInherit(clone(t), cmd.Relation)
	case ast.AttachPartition:
		return c.attachPartition(t, cmd)
	case ast.DetachPartition, ast.DetachPartitionFinalize:
		return c.detachPartition(t, cmd)
	case ast.AlterConstraint:
		return c.alterConstraintTree(oid, cmd)
	case ast.SetNotNull:
		if only && t.Kind == catalog.KindPartitioned && children {
			if col := t.ColumnByName(cmd.Name); col == nil || !col.NotNull {
				return pgerr.New(pgerr.InvalidTableDefinition, "constraint must be added to child tables too").
					WithHint("Do not specify the ONLY keyword.")
			}
		}
		return c.alterEach(oid, cmd, only)
	case ast.DropNotNull:
		if only && t.Kind == catalog.KindPartitioned && children {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot remove constraint from only the partitioned table when partitions exist").
				WithHint("Do not specify the ONLY keyword.")
		}
		if p := c.snap().ParentOf(t); p != nil {
			if col := p.ColumnByName(cmd.Name); col != nil && col.NotNull {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q is marked NOT NULL in parent table", cmd.Name)
			}
		}
		return c.alterEach(oid, cmd, only)
	case ast.DropExpression:
		if only && children {
			return pgerr.New(pgerr.InvalidTableDefinition, "ALTER TABLE / DROP EXPRESSION must be applied to child tables too")
		}
		if col := t.ColumnByName(cmd.Name); col != nil && col.InhCount > 0 {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop generation expression from inherited column")
		}
		return c.alterEach(oid, cmd, only)
	case ast.SetColumnDefault:
		return c.alterEach(oid, cmd, only)
	}
	return c.alterCommand(oid, cmd)
}

// alterEach does a subcommand to every table of a tree.
func (c *Ctx) alterEach(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	tables, err := c.lockedTree(oid, only)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.alterCommand(t, cmd); err != nil {
			return err
		}
	}
	return nil
}

// lockedTree locks a table's children and gives all their numbers, its own first.
func (c *Ctx) lockedTree(oid catalog.OID, only bool) ([]catalog.OID, error) {
	out := []catalog.OID{oid}
	if only {
		return out, nil
	}
	for _, t := range c.snap().Tree(c.snap().Table(oid))[1:] {
		if _, err := c.lock(t, lockForChange); err != nil {
			return nil, err
		}
		if err := c.notInUse(t, "ALTER TABLE"); err != nil {
			return nil, err
		}
		out = append(out, t.OID)
	}
	return out, nil
}

// lockedChildren are the children of a table, locked.
func (c *Ctx) lockedChildren(oid catalog.OID) ([]*catalog.Table, error) {
	var out []*catalog.Table
	for _, t := range c.snap().Children(oid) {
		locked, err := c.lock(t, lockForChange)
		if err != nil {
			return nil, err
		}
		if err := c.notInUse(locked, "ALTER TABLE"); err != nil {
			return nil, err
		}
		out = append(out, locked)
	}
	return out, nil
}

// ---- columns

func (c *Ctx) addColumnTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	children := c.snap().HasChildren(oid)
	if children && !only {
		for _, k := range cmd.Column.Constraints {
			if k.Kind == ast.ConstraintIdentity {
				return pgerr.New(pgerr.InvalidTableDefinition, "cannot recursively add identity column to table that has child tables")
			}
		}
	}
	had := c.snap().Table(oid).ColumnByName(cmd.Column.Name) != nil
	if err := c.alterCommand(oid, cmd); err != nil || had || !children {
		return err
	}
	if only {
		return pgerr.New(pgerr.InvalidTableDefinition, "column must be added to child tables too")
	}
	return c.addColumnBelow(oid, cmd, oid)
}

// addColumnBelow adds the column that the table oid got to its children; top is
// the table that the statement names.
func (c *Ctx) addColumnBelow(oid catalog.OID, cmd *ast.AlterTableCommand, top catalog.OID) error {
	children, err := c.lockedChildren(oid)
	if err != nil {
		return err
	}
	parent := c.snap().Table(oid)
	pc := parent.ColumnByName(cmd.Column.Name)
	for _, child := range children {
		t := clone(c.snap().Table(child.OID))
		if have := t.ColumnByName(pc.Name); have != nil {
			if have.TypeOID != pc.TypeOID || have.Typmod != pc.Typmod {
				return pgerr.Newf(pgerr.DatatypeMismatch, "child table %q has different type for column %q", t.Name, pc.Name)
			}
			if collationOf(have) != collationOf(pc) {
				return pgerr.Newf(pgerr.CollationMismatch, "child table %q has different collation for column %q", t.Name, pc.Name).
					WithDetail("%q versus %q", catalog.CollationName(collationOf(have)), catalog.CollationName(collationOf(pc)))
			}
			t.Col(have.Attnum).InhCount++
			c.notice(pgerr.SuccessfulCompletion, "merging definition of column %q for child %q", pc.Name, t.Name)
			if err := c.put(t); err != nil {
				return err
			}
			continue
		}
		if err := c.alterCommand(t.OID, c.columnForChild(cmd, pc)); err != nil {
			return err
		}
		n := clone(c.snap().Table(t.OID))
		col := n.Col(n.ColumnByName(pc.Name).Attnum)
		col.InhCount, col.NotLocal = 1, true
		for _, k := range parent.Checks {
			for _, have := range n.Checks {
				if have.Name == k.Name && !k.NoInherit && have.InhCount == 0 {
					have.InhCount, have.NotLocal = 1, true
				}
			}
		}
		if err := c.put(n); err != nil {
			return err
		}
		if err := c.addColumnBelow(n.OID, cmd, top); err != nil {
			return err
		}
	}
	return nil
}

// columnForChild is the ADD COLUMN that a child gets: the sequence of a serial is
// the parent's, keys are not inherited, and constraints have the parent's names.
func (c *Ctx) columnForChild(cmd *ast.AlterTableCommand, pc *catalog.Column) *ast.AlterTableCommand {
	d := *cmd.Column
	d.Constraints = nil
	for _, k := range cmd.Column.Constraints {
		switch k.Kind {
		case ast.ConstraintPrimaryKey, ast.ConstraintUnique, ast.ConstraintForeignKey, ast.ConstraintExclusion:
			continue
		}
		d.Constraints = append(d.Constraints, k)
	}
	if isSerial(d.Type) {
		tn := *d.Type
		tn.Names = []string{"pg_catalog", pc.Type.Name}
		d.Type = &tn
		if e, err := parser.ParseExpr(pc.Default); err == nil {
			d.Constraints = append(d.Constraints, &ast.Constraint{At: ast.Unknown, Kind: ast.ConstraintDefault, Expr: e})
		}
		if pc.NotNull {
			d.Constraints = append(d.Constraints, &ast.Constraint{At: ast.Unknown, Kind: ast.ConstraintNotNull})
		}
	}
	out := *cmd
	out.Column = &d
	return &out
}

func (c *Ctx) dropColumnTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	col := t.ColumnByName(cmd.Name)
	if col == nil {
		return c.alterCommand(oid, cmd) // says so
	}
	if col.InhCount > 0 {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot drop inherited column %q", cmd.Name)
	}
	targets, err := c.dropColumnBelow(oid, cmd.Name, only)
	if err != nil {
		return err
	}
	// all that goes, the table named first
	all := []target{{table: c.snap().Table(oid), column: col.Attnum}}
	return c.dropTargets(append(all, targets...), cmd.Behavior, "column")
}

// dropColumnBelow prepares the children for the loss of a column and gives those that lose it.
func (c *Ctx) dropColumnBelow(oid catalog.OID, name string, only bool) ([]target, error) {
	t := c.snap().Table(oid)
	col := t.ColumnByName(name)
	if inPartitionKey(t, col.Attnum) {
		return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "cannot drop column %q because it is part of the partition key of relation %q", name, t.Name)
	}
	children, err := c.lockedChildren(oid)
	if err != nil {
		return nil, err
	}
	if only && t.Kind == catalog.KindPartitioned && len(children) > 0 {
		return nil, pgerr.New(pgerr.InvalidTableDefinition, "cannot drop column from only the partitioned table when partitions exist").
			WithHint("Do not specify the ONLY keyword.")
	}
	var out []target
	for _, child := range children {
		have := child.ColumnByName(name)
		if have == nil || have.InhCount <= 0 {
			continue
		}
		if !only && have.InhCount == 1 && have.NotLocal {
			below, err := c.dropColumnBelow(child.OID, name, false)
			if err != nil {
				return nil, err
			}
			out = append(append(out, target{table: c.snap().Table(child.OID), column: have.Attnum}), below...)
			continue
		}
		n := clone(c.snap().Table(child.OID))
		k := n.Col(have.Attnum)
		k.InhCount--
		if only {
			k.NotLocal = false
		}
		if err := c.put(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inPartitionKey tells whether a column takes part in a table's partition key.
func inPartitionKey(t *catalog.Table, attnum int16) bool {
	if t.PartitionBy == nil {
		return false
	}
	for _, k := range t.PartitionBy.Columns {
		if k.Attnum == attnum {
			return true
		}
		for _, a := range k.Uses {
			if a == attnum {
				return true
			}
		}
	}
	return false
}

func (c *Ctx) alterTypeTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	col := t.ColumnByName(cmd.Name)
	if col != nil && col.InhCount > 0 {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot alter inherited column %q", cmd.Name)
	}
	if col != nil && only && c.snap().HasChildren(oid) {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "type of inherited column %q must be changed in child tables too", cmd.Name)
	}
	tables, err := c.lockedTree(oid, only)
	if err != nil {
		return err
	}
	in := map[catalog.OID]bool{}
	for _, m := range tables {
		in[m] = true
	}
	for _, m := range tables {
		t := c.snap().Table(m)
		col := t.ColumnByName(cmd.Name)
		if col == nil {
			continue
		}
		if m != oid { // every parent that has it must be among those changed
			known := 0
			for _, p := range t.Inherits {
				if in[p] && c.snap().Table(p).ColumnByName(cmd.Name) != nil {
					known++
				}
			}
			if col.InhCount > known {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot alter inherited column %q of relation %q", cmd.Name, t.Name)
			}
		}
		if inPartitionKey(t, col.Attnum) {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot alter column %q because it is part of the partition key of relation %q", cmd.Name, t.Name)
		}
	}
	for _, m := range tables {
		if err := c.alterCommand(m, cmd); err != nil {
			return err
		}
		// PostgreSQL makes the checks on the column anew, and says so of those that a
		// child has itself, too.
		t := c.snap().Table(m)
		for _, k := range t.Checks {
			if k.InhCount > 0 && !k.NotLocal && t.ColumnByName(cmd.Name) != nil && slices.Contains(k.Attnums, t.ColumnByName(cmd.Name).Attnum) {
				c.notice(pgerr.SuccessfulCompletion, "merging constraint %q with inherited definition", k.Name)
			}
		}
	}
	return nil
}

// renameColumnTree renames a column of a table and its children.
func (c *Ctx) renameColumnTree(t *catalog.Table, from, to string, only bool) error {
	tables := c.snap().Tree(t)
	if only {
		tables = tables[:1]
	}
	in := map[catalog.OID]bool{}
	for _, m := range tables {
		in[m.OID] = true
	}
	for _, m := range tables {
		col := m.ColumnByName(from)
		if col == nil {
			continue
		}
		if only && c.snap().HasChildren(m.OID) {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "inherited column %q must be renamed in child tables too", from)
		}
		known := 0
		for _, p := range m.Inherits {
			if pt := c.snap().Table(p); in[p] && m.OID != t.OID && pt.ColumnByName(from) != nil {
				known++
			}
		}
		if col.InhCount > known {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot rename inherited column %q", from)
		}
	}
	// children first: a name that is taken there stops the whole
	for i := len(tables) - 1; i >= 0; i-- {
		if i > 0 && tables[i].ColumnByName(from) == nil {
			continue
		}
		m, err := c.lock(tables[i], lockForChange)
		if err != nil {
			return err
		}
		if err := c.renameColumn(clone(m), from, to); err != nil {
			return err
		}
	}
	return nil
}

// ---- constraints

func (c *Ctx) addConstraintTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	k := cmd.Constraint
	switch k.Kind {
	case ast.ConstraintCheck:
		return c.addCheckTree(oid, k, only)
	case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
		if t.Kind == catalog.KindPartitioned {
			if k.UsingIndex != "" {
				return pgerr.New(pgerr.FeatureNotSupported, "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables")
			}
			return c.addKeyTree(oid, k, only)
		}
	case ast.ConstraintForeignKey:
		if t.Kind == catalog.KindPartitioned {
			switch {
			case only:
				return pgerr.Newf(pgerr.WrongObjectType, "cannot use ONLY for foreign key on partitioned table %q referencing relation %q", t.Name, k.References.Name)
			case k.NotValid:
				return pgerr.Newf(pgerr.WrongObjectType, "cannot add NOT VALID foreign key on partitioned table %q referencing relation %q", t.Name, k.References.Name).
					WithDetail("This feature is not yet supported on partitioned tables.")
			}
		}
	}
	return c.alterCommand(oid, cmd)
}

// addCheckTree adds a CHECK constraint to a table and its children.
func (c *Ctx) addCheckTree(oid catalog.OID, k *ast.Constraint, only bool) error {
	t := clone(c.snap().Table(oid))
	if k.Name != "" && c.constraintTaken(t, k.Name) && !c.inheritedCheck(t, k.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, t.Name)
	}
	if k.NoInherit && t.Kind == catalog.KindPartitioned {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot add NO INHERIT constraint to partitioned table %q", t.Name)
	}
	ck, err := c.newCheck(t, k, 0)
	if err != nil {
		return err
	}
	merged, err := c.mergeCheck(t, ck, false)
	if err != nil {
		return err
	}
	if !merged {
		t.Checks = append(t.Checks, ck)
	}
	if err := c.put(t); err != nil {
		return err
	}
	if merged {
		return nil
	}
	if !ck.NotValid {
		if err := c.validateCheck(c.snap().Table(oid), ck); err != nil {
			return err
		}
	}
	if ck.NoInherit || !c.snap().HasChildren(oid) {
		return nil
	}
	if only {
		return pgerr.New(pgerr.InvalidTableDefinition, "constraint must be added to child tables too")
	}
	return c.addCheckBelow(oid, ck)
}

// addCheckBelow gives the children of a table a check that it got.
func (c *Ctx) addCheckBelow(oid catalog.OID, ck *catalog.Check) error {
	children, err := c.lockedChildren(oid)
	if err != nil {
		return err
	}
	parent := c.snap().Table(oid)
	for _, child := range children {
		t := clone(c.snap().Table(child.OID))
		cp := *ck
		cp.Attnums = nil
		for _, a := range ck.Attnums {
			if col := t.ColumnByName(parent.Col(a).Name); col != nil {
				cp.Attnums = append(cp.Attnums, col.Attnum)
			}
		}
		merged, err := c.mergeCheck(t, &cp, true)
		if err != nil {
			return err
		}
		if merged {
			if err := c.put(t); err != nil {
				return err
			}
			continue
		}
		if cp.OID, err = c.newOID(); err != nil {
			return err
		}
		cp.InhCount, cp.NotLocal, cp.Comment = 1, true, ""
		t.Checks = append(t.Checks, &cp)
		if err := c.put(t); err != nil {
			return err
		}
		if !cp.NotValid {
			if err := c.validateCheck(c.snap().Table(t.OID), &cp); err != nil {
				return err
			}
		}
		if err := c.addCheckBelow(t.OID, &cp); err != nil {
			return err
		}
	}
	return nil
}

// addKeyTree adds a primary key or unique constraint to a partitioned table.
func (c *Ctx) addKeyTree(oid catalog.OID, k *ast.Constraint, only bool) error {
	t := clone(c.snap().Table(oid))
	if k.Name != "" && c.constraintTaken(t, k.Name) {
		return pgerr.Newf(pgerr.DuplicateTable, "relation %q already exists", k.Name)
	}
	ix, name, err := c.keyConstraint(t, t.Schema, k, 0, nil)
	if err != nil {
		return placelessKey(err)
	}
	if err := keyOfPartition(t, ix); err != nil {
		return err
	}
	if err := c.claim(t.Schema, name); err != nil {
		return err
	}
	if only && c.snap().HasChildren(oid) {
		if ix.Primary {
			for _, p := range c.snap().Children(oid) {
				for _, key := range ix.Keys {
					if col := p.ColumnByName(t.Col(key.Attnum).Name); col != nil && !col.NotNull {
						return pgerr.New(pgerr.InvalidTableDefinition, "constraint must be added to child tables too").
							WithHint("Do not specify the ONLY keyword.")
					}
				}
			}
		}
		ix.Invalid = true
		if err := c.placeIndex(t, ix, name); err != nil {
			return err
		}
		return c.put(t)
	}
	return c.addIndexTo(t, ix, name)
}

func placelessKey(err error) error {
	if pgerr.CodeOf(err) == pgerr.InvalidTableDefinition {
		return placeless(err)
	}
	return err
}

func (c *Ctx) dropConstraintTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	inherited := func() error {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot drop inherited constraint %q of relation %q", cmd.Name, t.Name)
	}
	for _, fk := range t.ForeignKeys {
		if fk.Name == cmd.Name && fk.Parent != 0 {
			return inherited()
		}
	}
	for _, ix := range t.Indexes {
		if ix.Constraint != 0 && ix.Name == cmd.Name && ix.Parent != 0 {
			return inherited()
		}
	}
	var check *catalog.Check
	for _, k := range t.Checks {
		if k.Name == cmd.Name {
			check = k
		}
	}
	if check == nil {
		return c.alterCommand(oid, cmd)
	}
	if check.InhCount > 0 {
		return inherited()
	}
	if only && t.Kind == catalog.KindPartitioned && c.snap().HasChildren(oid) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot remove constraint from only the partitioned table when partitions exist").
			WithHint("Do not specify the ONLY keyword.")
	}
	if !check.NoInherit {
		if err := c.dropCheckBelow(oid, cmd.Name, only); err != nil {
			return err
		}
	}
	return c.alterCommand(oid, cmd)
}

// dropCheckBelow takes a check that a table loses from its children, where they
// have it from no other parent and not themselves.
func (c *Ctx) dropCheckBelow(oid catalog.OID, name string, only bool) error {
	children, err := c.lockedChildren(oid)
	if err != nil {
		return err
	}
	for _, child := range children {
		t := clone(c.snap().Table(child.OID))
		gone := false
		kept := t.Checks[:0:0]
		for _, k := range t.Checks {
			if k.Name == name && k.InhCount > 0 {
				if !only && k.InhCount == 1 && k.NotLocal {
					gone = true
					continue
				}
				k.InhCount--
				if only {
					k.NotLocal = false
				}
			}
			kept = append(kept, k)
		}
		t.Checks = kept
		if err := c.put(t); err != nil {
			return err
		}
		if gone {
			if err := c.dropCheckBelow(t.OID, name, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Ctx) validateTree(oid catalog.OID, cmd *ast.AlterTableCommand, only bool) error {
	t := c.snap().Table(oid)
	for _, k := range t.Checks {
		if k.Name != cmd.Name || !k.NotValid || k.NoInherit {
			continue
		}
		if only && c.snap().HasChildren(oid) {
			return pgerr.New(pgerr.InvalidTableDefinition, "constraint must be validated on child tables too")
		}
		tables, err := c.lockedTree(oid, false)
		if err != nil {
			return err
		}
		for _, m := range tables[1:] {
			if c.constraintTaken(c.snap().Table(m), cmd.Name) {
				if err := c.alterCommand(m, cmd); err != nil {
					return err
				}
			}
		}
	}
	return c.alterCommand(oid, cmd)
}

// renameConstraintTree renames a check of a table and its children.
func (c *Ctx) renameConstraintTree(t *catalog.Table, from, to string, only bool) error {
	var check *catalog.Check
	for _, k := range t.Checks {
		if k.Name == from && !k.NoInherit {
			check = k
		}
	}
	if check == nil {
		return c.renameConstraint(clone(t), from, to)
	}
	tables := c.snap().Tree(t)
	if only {
		if len(tables) > 1 {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "inherited constraint %q must be renamed in child tables too", from)
		}
		tables = tables[:1]
	}
	in := map[catalog.OID]bool{}
	for _, m := range tables {
		in[m.OID] = true
	}
	for _, m := range tables {
		for _, k := range m.Checks {
			if k.Name != from {
				continue
			}
			known := 0
			for _, p := range m.Inherits {
				if in[p] && m.OID != t.OID {
					known++
				}
			}
			if k.InhCount > known {
				return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot rename inherited constraint %q", from)
			}
		}
	}
	for i := len(tables) - 1; i >= 0; i-- {
		m, err := c.lock(tables[i], lockForChange)
		if err != nil {
			return err
		}
		if !c.constraintTaken(m, from) {
			continue
		}
		if err := c.renameConstraint(clone(m), from, to); err != nil {
			return err
		}
	}
	return nil
}

// alterConstraintTree is ALTER CONSTRAINT … DEFERRABLE, of a foreign key and all that
// derive from it.
func (c *Ctx) alterConstraintTree(oid catalog.OID, cmd *ast.AlterTableCommand) error {
	t := c.snap().Table(oid)
	for _, fk := range t.ForeignKeys {
		if fk.Name != cmd.Constraint.Name {
			continue
		}
		if fk.Parent != 0 {
			e := pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot alter constraint %q on relation %q", fk.Name, t.Name)
			up, holder := fk, t
			for up.Parent != 0 {
				if up.Referenced {
					up = holder.ForeignKey(up.Parent)
				} else {
					holder = c.snap().ParentOf(holder)
					up = holder.ForeignKey(up.Parent)
				}
			}
			return e.WithDetail("Constraint %q is derived from constraint %q of relation %q.", fk.Name, up.Name, holder.Name).
				WithHint("You may alter the constraint it derives from, instead.")
		}
		return c.eachDerived(oid, fk.OID, func(k *catalog.ForeignKey) {
			k.Deferrable, k.Deferred = cmd.Constraint.Deferrable, cmd.Constraint.InitiallyDeferred
		})
	}
	return c.alterCommand(oid, cmd)
}

// eachDerived changes a foreign key and all that derive from it.
func (c *Ctx) eachDerived(table, constraint catalog.OID, change func(*catalog.ForeignKey)) error {
	hit := map[catalog.OID]bool{constraint: true}
	for _, m := range c.snap().Tree(c.snap().Table(table)) {
		t := clone(m)
		any := false
		for _, fk := range t.ForeignKeys {
			if hit[fk.OID] || hit[fk.Parent] {
				hit[fk.OID] = true
				change(fk)
				any = true
			}
		}
		if any {
			if err := c.put(t); err != nil {
				return err
			}
		}
	}
	return nil
}
