package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
)

func (c *Ctx) alterTable(n *ast.AlterTableStmt) error {
	oid := c.find(n.Table)
	if oid == 0 {
		if n.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Table.Name)
			return nil
		}
		return c.missing(n.Table)
	}
	if n.Kind == ast.ObjectType {
		return c.alterComposite(n, oid)
	}
	switch n.Kind {
	case ast.ObjectTable, ast.ObjectView, ast.ObjectMaterializedView:
	default:
		return c.alterOther(n, oid)
	}
	t := c.snap().Table(oid)
	if t != nil && t.Kind == catalog.KindComposite && n.Kind == ast.ObjectTable {
		return c.snap().NoTable(oid, n.Table.Name).WithHint("Use ALTER TYPE instead.")
	}
	if t == nil && n.Kind == ast.ObjectTable { // a sequence or an index is a table to it
		return c.alterOther(n, oid)
	}
	if t == nil || !isOfKind(t, n.Kind) {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a %s", n.Table.Name, strings.ToLower(n.Kind.String()))
	}
	if t.Virtual != nil {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if err := c.ownTable(t); err != nil {
		return err
	}
	if _, err := c.lock(t, alterLock(n)); err != nil {
		return err
	}
	if now := c.snap().Table(oid); now != nil && now.Detaching {
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot alter partition %q with an incomplete detach", t.Name).WithHint(finalizeHint)
	}
	if err := c.notInUse(t, "ALTER TABLE"); err != nil {
		return err
	}
	// Each command sees what the ones before it did. Foreign keys come last, as in
	// PostgreSQL: they may rest on keys that other commands of the statement add.
	var last []*ast.AlterTableCommand
	c.stale = &staleRows{}
	defer func() { c.stale = nil }()
	for _, cmd := range n.Commands {
		if cmd.Op == ast.AddConstraint && cmd.Constraint.Kind == ast.ConstraintForeignKey {
			last = append(last, cmd)
			continue
		}
		if cmd.Op != ast.AddColumn && cmd.Op != ast.AlterColumnType {
			if err := c.rewriteStale(); err != nil {
				return err
			}
		}
		if err := c.alterTree(oid, cmd, n.Table.Only); err != nil {
			return err
		}
	}
	if err := c.rewriteStale(); err != nil {
		return err
	}
	for _, cmd := range last {
		if err := c.alterTree(oid, cmd, n.Table.Only); err != nil {
			return err
		}
	}
	return nil
}

// isOfKind tells whether a relation is what a statement calls it. All are tables to
// ALTER TABLE.
func isOfKind(t *catalog.Table, kind ast.ObjectKind) bool {
	switch kind {
	case ast.ObjectView:
		return t.Kind == catalog.KindView
	case ast.ObjectMaterializedView:
		return t.Kind == catalog.KindMatView
	}
	return true
}

// alterOther is ALTER INDEX, SEQUENCE … by table commands: owners and storage.
func (c *Ctx) alterOther(n *ast.AlterTableStmt, oid catalog.OID) error {
	if err := c.ownOf(oid); err != nil {
		return err
	}
	if err := c.notOpened(oid, n.Table.Name, "ALTER TABLE"); err != nil {
		return err
	}
	seq, kind := c.snap().Sequence(oid), "sequences"
	if seq == nil {
		kind = "indexes"
	}
	for _, cmd := range n.Commands {
		refused := pgerr.Newf(pgerr.WrongObjectType, "ALTER action %s cannot be performed on relation %q", cmd.Op, n.Table.Name).
			WithDetail("This operation is not supported for %s.", kind)
		switch cmd.Op {
		case ast.ChangeOwner:
			if err := c.changeRelationOwner(oid, cmd.Owner); err != nil {
				return err
			}
		case ast.SetOptions, ast.ResetOptions:
			if seq != nil {
				return refused
			}
		case ast.SetLogged, ast.SetUnlogged:
			if seq == nil {
				return refused
			}
			cp := *c.snap().Sequence(oid)
			if cp.Persistence = catalog.Permanent; cmd.Op == ast.SetUnlogged {
				cp.Persistence = catalog.Unlogged
			}
			if err := c.put(&cp); err != nil {
				return err
			}
		case ast.AttachPartition:
			if seq != nil {
				return refused
			}
			if c.snap().TableOfIndex(oid).Kind != catalog.KindPartitioned {
				return pgerr.Newf(pgerr.WrongObjectType, "%q is not a partitioned index", n.Table.Name)
			}
			if err := c.attachIndex(oid, cmd.Relation); err != nil {
				return err
			}
		case ast.SetColumnStatistics, ast.SetTablespace:
			if seq != nil {
				return refused
			}
			return pgerr.Unsupported("this form of %s is not supported", ast.Tag(n))
		default:
			return refused
		}
	}
	return nil
}

// column finds a column of a table to change.
func column(t *catalog.Table, name string) (*catalog.Column, error) {
	col := t.ColumnByName(name)
	if col == nil {
		return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
	}
	return &t.Columns[col.Attnum-1], nil
}

// viewAction refuses what ALTER TABLE cannot do to a view, materialized or not.
func viewAction(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	ok := true
	switch t.Kind {
	case catalog.KindView:
		switch cmd.Op {
		case ast.SetColumnDefault, ast.ChangeOwner, ast.SetOptions, ast.ResetOptions:
		default:
			ok = false
		}
	case catalog.KindMatView:
		switch cmd.Op {
		case ast.SetColumnStatistics, ast.SetColumnOptions, ast.ResetColumnOptions, ast.SetColumnStorage, ast.SetColumnCompression, ast.ClusterOn,
			ast.SetWithoutCluster, ast.SetOptions, ast.ResetOptions, ast.ChangeOwner, ast.SetReplicaIdentity:
		default:
			ok = false
		}
	}
	if ok {
		return nil
	}
	kinds := map[catalog.RelKind]string{catalog.KindView: "views", catalog.KindMatView: "materialized views"}
	return pgerr.Newf(pgerr.WrongObjectType, "ALTER action %s cannot be performed on relation %q", cmd.Op, t.Name).
		WithDetail("This operation is not supported for %s.", kinds[t.Kind])
}

// alterCommand does one subcommand of ALTER TABLE.
func (c *Ctx) alterCommand(oid catalog.OID, cmd *ast.AlterTableCommand) error {
	t := clone(c.snap().Table(oid))
	if err := viewAction(t, cmd); err != nil {
		return err
	}
	switch cmd.Op {
	case ast.AddColumn:
		return c.addColumn(t, cmd)
	case ast.DropColumn:
		col := t.ColumnByName(cmd.Name)
		if col == nil {
			if cmd.IfExists {
				c.notice(pgerr.SuccessfulCompletion, "column %q of relation %q does not exist, skipping", cmd.Name, t.Name)
				return nil
			}
			_, err := column(t, cmd.Name)
			return err
		}
		return c.dropTargets([]target{{table: c.snap().Table(oid), column: col.Attnum}}, cmd.Behavior, "column")
	case ast.AlterColumnType:
		return c.alterType(t, cmd)
	case ast.SetColumnDefault:
		col, err := column(t, cmd.Name)
		if err != nil {
			return err
		}
		if col.Identity != 0 {
			return pgerr.Newf(pgerr.SyntaxError, "column %q of relation %q is an identity column", col.Name, t.Name)
		}
		if col.Generated != "" {
			return pgerr.Newf(pgerr.SyntaxError, "column %q of relation %q is a generated column", col.Name, t.Name)
		}
		col.SeqOID = 0
		if cmd.Expr == nil {
			col.Default = ""
		} else if col.Default, err = c.exprText(planner.ForDefault, t, cmd.Expr, col); err != nil {
			return placeless(err)
		}
		return c.put(t)
	case ast.SetNotNull:
		col, err := column(t, cmd.Name)
		if err != nil {
			return err
		}
		if col.NotNull {
			return nil
		}
		if err := c.checkNoNulls(t, col); err != nil {
			return err
		}
		col.NotNull = true
		return c.put(t)
	case ast.DropNotNull:
		col, err := column(t, cmd.Name)
		if err != nil {
			return err
		}
		if pk := t.PrimaryKey(); pk != nil {
			for _, k := range pk.Keys {
				if k.Attnum == col.Attnum {
					return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q is in a primary key", col.Name)
				}
			}
		}
		if col.Identity != 0 {
			return pgerr.Newf(pgerr.SyntaxError, "column %q of relation %q is an identity column", col.Name, t.Name)
		}
		col.NotNull = false
		return c.put(t)
	case ast.AddConstraint:
		return c.addConstraint(t, cmd.Constraint)
	case ast.DropConstraint:
		return c.dropConstraint(t, cmd)
	case ast.ValidateConstraint:
		return c.validateConstraint(t, cmd.Name)
	case ast.DropExpression:
		col, err := column(t, cmd.Name)
		if err != nil {
			return err
		}
		if col.Generated == "" {
			if cmd.IfExists {
				c.notice(pgerr.SuccessfulCompletion, "column %q of relation %q is not a stored generated column, skipping", col.Name, t.Name)
				return nil
			}
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not a stored generated column", col.Name, t.Name)
		}
		col.Generated = ""
		return c.put(t)
	case ast.AddIdentity:
		col, err := column(t, cmd.Name)
		if err != nil {
			return err
		}
		if err := identityType(col.Type); err != nil {
			return err
		}
		switch {
		case !col.NotNull:
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q must be declared NOT NULL before identity can be added", col.Name, t.Name)
		case col.Identity != 0:
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is already an identity column", col.Name, t.Name)
		case col.Default != "":
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q already has a default value", col.Name, t.Name)
		}
		b := &builder{c: c, t: t, schema: t.Schema}
		if err := b.identity(col.Attnum, cmd.ByDefault, cmd.SequenceOptions); err != nil {
			return err
		}
		return c.put(t)
	case ast.SetIdentity, ast.DropIdentity:
		return c.changeIdentity(t, cmd)
	case ast.ChangeOwner:
		return c.changeRelationOwner(oid, cmd.Owner)
	case ast.SetOptions, ast.ResetOptions:
		if t.Kind == catalog.KindView {
			if err := checkViewOptions(cmd.Options); err != nil && cmd.Op == ast.SetOptions {
				return err
			}
		} else if err := checkStorageOptions(cmd.Options); err != nil {
			return err
		}
		t.Options = setOptions(t.Options, cmd.Options, cmd.Op == ast.ResetOptions)
		if t.Kind == catalog.KindView {
			if err := c.setCheckOption(t); err != nil {
				return err
			}
		}
		return c.put(t)
	case ast.SetColumnStatistics, ast.SetColumnStorage, ast.SetColumnOptions, ast.ResetColumnOptions, ast.SetColumnCompression,
		ast.ClusterOn, ast.SetWithoutCluster, ast.SetReplicaIdentity:
		return c.storageHint(t, cmd)
	case ast.SetWithoutOids:
		return nil
	case ast.AlterConstraint:
		for _, fk := range t.ForeignKeys {
			if fk.Name == cmd.Constraint.Name {
				fk.Deferrable, fk.Deferred = cmd.Constraint.Deferrable, cmd.Constraint.InitiallyDeferred
				return c.put(t)
			}
		}
		if c.constraintTaken(t, cmd.Constraint.Name) {
			return pgerr.Newf(pgerr.WrongObjectType, "constraint %q of relation %q is not a foreign key constraint", cmd.Constraint.Name, t.Name)
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", cmd.Constraint.Name, t.Name)
	case ast.DisableRowSecurity, ast.NoForceRowSecurity:
		return nil // there are no policies
	case ast.EnableTriggerAll:
		return c.enableTriggers(t, "", 'O', true)
	case ast.EnableTriggerUser:
		return c.enableTriggers(t, "", 'O', false)
	case ast.DisableTriggerAll:
		return c.enableTriggers(t, "", 'D', true)
	case ast.DisableTriggerUser:
		return c.enableTriggers(t, "", 'D', false)
	case ast.EnableTrigger:
		return c.enableTriggers(t, cmd.Name, 'O', false)
	case ast.DisableTrigger:
		return c.enableTriggers(t, cmd.Name, 'D', false)
	case ast.EnableAlwaysTrigger:
		return c.enableTriggers(t, cmd.Name, 'A', false)
	case ast.EnableReplicaTrigger:
		return c.enableTriggers(t, cmd.Name, 'R', false)
	case ast.SetLogged, ast.SetUnlogged:
		t.Persistence = catalog.Permanent
		if cmd.Op == ast.SetUnlogged {
			t.Persistence = catalog.Unlogged
		}
		for _, s := range c.snap().Sequences() { // its own follow
			if s.OwnerTable == t.OID && s.Persistence != t.Persistence {
				cp := *s
				cp.Persistence = t.Persistence
				if err := c.put(&cp); err != nil {
					return err
				}
			}
		}
		return c.put(t)
	}
	return pgerr.Unsupported("this form of ALTER TABLE is not supported").At(cmd.Pos())
}

// drawnByName is what the defaults that earlier versions stored say to draw from s.
func drawnByName(s *catalog.Sequence) string {
	return "nextval('" + strings.ReplaceAll(qualified(s.Schema, s.Name), "'", "''") + "'"
}
