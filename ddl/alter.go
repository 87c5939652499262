package ddl

import (
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
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
	if err := c.noneWaiting(t, "ALTER TABLE"); err != nil {
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
		for _, s := range b.sequences {
			if err := c.put(s); err != nil {
				return err
			}
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

// ---- columns

func (c *Ctx) addColumn(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	d := cmd.Column
	if t.ColumnByName(d.Name) != nil {
		if cmd.IfNotExists {
			c.notice(pgerr.DuplicateColumn, "column %q of relation %q already exists, skipping", d.Name, t.Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateColumn, "column %q of relation %q already exists", d.Name, t.Name)
	}
	old := c.snap().Table(t.OID)
	views, err := c.viewsReading(t.OID)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := v.addColumn(t, d.Name); err != nil {
			return err
		}
	}
	b := &builder{c: c, t: t, schema: t.Schema}
	if err := b.column(d); err != nil {
		return err
	}
	at := int16(len(t.Columns))
	later := b.later
	b.later = nil
	// Generated expressions are among later; constraints need the column stored first.
	var constraints []*ast.Constraint
	for _, k := range d.Constraints {
		switch k.Kind {
		case ast.ConstraintGenerated:
			for _, f := range later {
				if err := f(); err != nil {
					return err
				}
				if t.Col(at).Generated != pending {
					break
				}
			}
		case ast.ConstraintCheck, ast.ConstraintPrimaryKey, ast.ConstraintUnique, ast.ConstraintForeignKey, ast.ConstraintExclusion:
			constraints = append(constraints, k)
		}
	}
	for _, s := range b.sequences {
		if err := c.put(s); err != nil {
			return err
		}
	}
	col := t.Col(at)
	notNull := col.NotNull
	rewrite := col.Generated != "" || col.Identity != 0
	empty, err := c.isEmpty(old)
	if err != nil {
		return err
	}
	if value := c.valueOfNew(col); value != "" && !rewrite && !empty {
		e, err := c.boundDefault(t, col, value)
		if err != nil {
			return err
		}
		if planner.IsVolatile(e) {
			rewrite = true
		} else { // one value for all old rows: no rewrite
			v, err := executor.EvalExpr(c.Exec(), e, nil)
			if err != nil {
				return err
			}
			if !v.IsNull() {
				env := types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}
				col.HasMissing, col.Missing = true, string(types.AppendText(nil, col.Type, v, &env))
			} else if notNull {
				return nullsError(t, col)
			}
		}
	} else if notNull && !rewrite && !empty {
		return nullsError(t, col)
	}
	if rewrite && !empty {
		if err := c.rewriteLater(old, t, 0, nil); err != nil {
			return err
		}
	} else if err := c.put(t); err != nil {
		return err
	}
	if err := c.storeViews(views); err != nil {
		return err
	}
	if len(constraints) > 0 {
		if err := c.rewriteStale(); err != nil {
			return err
		}
	}
	for _, k := range constraints {
		if err := c.addConstraintAt(clone(c.snap().Table(t.OID)), k, at); err != nil {
			return err
		}
	}
	return nil
}

func nullsError(t *catalog.Table, col *catalog.Column) error {
	e := pgerr.Newf(pgerr.NotNullViolation, "column %q of relation %q contains null values", col.Name, t.Name)
	e.Table, e.Column = t.Name, col.Name
	if t.Schema != nil {
		e.Schema = t.Schema.Name
	}
	return e
}

// valueOfNew is the expression that gives the rows there are their value of a
// new column: its default, or that of its domain, whose constraints hold for NULL,
// too; "" if they have NULL without more ado.
func (c *Ctx) valueOfNew(col *catalog.Column) string {
	if col.Default != "" {
		return col.Default
	}
	value := ""
	for d := col.Type; d != nil && d.Kind == types.KindDomain; d = d.Base {
		value = "NULL"
		if u := c.snap().UserType(d.OID); u != nil && u.Default != "" {
			return u.Default
		}
	}
	return value
}

// boundDefault binds a column's stored default.
func (c *Ctx) boundDefault(t *catalog.Table, col *catalog.Column, text string) (plan.Expr, error) {
	e, err := parser.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	return c.bind(planner.ForDefault, t, e, col)
}

// isEmpty reports whether a table has no rows in this transaction's sight.
func (c *Ctx) isEmpty(t *catalog.Table) (bool, error) {
	if !t.Stored() {
		return true, nil
	}
	it := c.Txn.Scan(indexRange(t.Storage, 1), kv.ScanOptions{Limit: 1, KeysOnly: true})
	defer it.Close()
	var b kv.PairBatch
	n, err := it.Next(&b)
	return n == 0, executor.StoreError(err)
}

func (c *Ctx) checkNoNulls(t *catalog.Table, col *catalog.Column) error {
	return executor.ValidateNotNull(c.Exec(), c.snap().Table(t.OID), col.Attnum)
}

func (c *Ctx) alterType(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	col, err := column(t, cmd.Name)
	if err != nil {
		return err
	}
	old := c.snap().Table(t.OID)
	rows := c.stale.rowsOf(old)
	if err := c.changesType(rows, col); err != nil {
		return err
	}
	typ, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), cmd.Type)
	if err != nil {
		return placeless(err)
	}
	if err := c.mayUseType(typ); err != nil {
		return err
	}
	collated := catalog.Column{Type: typ}
	if cmd.Collation != nil {
		if err := c.collation(&collated, cmd.Collation); err != nil {
			return placeless(err)
		}
	}
	if col.Identity != 0 {
		if err := identityType(typ); err != nil {
			return err
		}
	}
	views, err := c.viewsReading(t.OID)
	if err != nil {
		return err
	}
	for _, v := range views {
		if v.reads(t.OID, col.Attnum) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on %s depends on column %q", c.describe(target{table: v.view}), col.Name)
		}
	}
	retyped := clone(old)
	k := &retyped.Columns[col.Attnum-1]
	k.Type, k.TypeOID, k.Typmod = typ, typ.OID, mod
	changed, err := c.viewsChanged(old, retyped)
	if err != nil {
		return err
	}
	if len(changed) > 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
			WithDetail("rule _RETURN on %s depends on column %q", c.describe(target{table: changed[0]}), col.Name)
	}
	for i := range t.Columns {
		if o := &t.Columns[i]; !o.Dropped && o.Generated != "" && mentions(o.Generated, col.Name) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column %q is used by generated column %q.", col.Name, o.Name)
		}
	}
	var conv plan.Expr
	if cmd.Expr != nil {
		ast.Walk(cmd.Expr, func(n ast.Node) bool {
			if q, ok := n.(*ast.SubLink); ok && err == nil {
				err = pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery in transform expression").At(q.Pos())
			}
			return err == nil
		})
		if err != nil {
			return err
		}
		conv, err = planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env,
			Place: planner.ForUsing, Table: rows, Expr: cmd.Expr, Target: typ, TargetMod: mod, Column: col.Name})
	} else {
		conv, err = planner.CoerceAssign(c.snap(), c.Env, &plan.Col{T: plan.T{Typ: col.Type, Mod: col.Typmod}, Idx: int(col.Attnum - 1), Name: col.Name}, typ, mod)
		if err != nil && pgerr.CodeOf(err) == pgerr.DatatypeMismatch || err == nil && conv == nil {
			err = pgerr.Newf(pgerr.DatatypeMismatch, "column %q cannot be cast automatically to type %s", col.Name, types.Format(typ, mod)).
				WithHint("You might need to specify \"USING %s::%s\".", quoteIdent(col.Name), types.Format(typ, mod))
		}
	}
	if err != nil {
		return err
	}
	if col.Default != "" {
		e, err := parser.ParseExpr(col.Default)
		if err != nil {
			return err
		}
		cp := *col
		cp.Type, cp.TypeOID, cp.Typmod = typ, typ.OID, mod
		if col.Default, err = c.exprText(planner.ForDefault, t, e, &cp); err != nil {
			return pgerr.Newf(pgerr.DatatypeMismatch, "default for column %q cannot be cast automatically to type %s", col.Name, types.Format(typ, mod))
		}
	}
	col.Type, col.TypeOID, col.Typmod, col.Collation = typ, typ.OID, mod, collated.Collation
	for _, ix := range t.Indexes {
		for _, k := range ix.Keys {
			if k.Attnum == col.Attnum {
				if err := indexable(typ); err != nil {
					return err
				}
			}
		}
	}
	if err := c.rewriteLater(old, t, col.Attnum, conv); err != nil || col.Identity == 0 {
		return err
	}
	seq := *c.snap().Sequence(col.SeqOID)
	retype(&seq, typ.OID)
	if err := c.sequenceOptions(&seq, nil, false); err != nil {
		return err
	}
	return c.put(&seq)
}

func (c *Ctx) changeIdentity(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	col, err := column(t, cmd.Name)
	if err != nil {
		return err
	}
	if col.Identity == 0 {
		if cmd.Op == ast.DropIdentity && cmd.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "column %q of relation %q is not an identity column, skipping", col.Name, t.Name)
			return nil
		}
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", col.Name, t.Name)
	}
	seq := c.snap().Sequence(col.SeqOID)
	if cmd.Op == ast.DropIdentity {
		col.Identity, col.SeqOID = 0, 0
		if err := c.put(t); err != nil {
			return err
		}
		return c.dropSequence(seq)
	}
	var rest []*ast.SequenceOption
	for _, o := range cmd.SequenceOptions {
		if o.Kind == ast.SequenceGenerated {
			col.Identity = catalog.IdentityAlways
			if o.Value == "by default" {
				col.Identity = catalog.IdentityByDefault
			}
			continue
		}
		rest = append(rest, o)
	}
	if len(rest) > 0 {
		cp := *seq
		if err := c.sequenceOptions(&cp, rest, false); err != nil {
			return err
		}
		if err := c.put(&cp); err != nil {
			return err
		}
	}
	return c.put(t)
}

// ---- constraints

func (c *Ctx) addConstraint(t *catalog.Table, k *ast.Constraint) error {
	return c.addConstraintAt(t, k, 0)
}

// addConstraintAt adds a constraint to t, a copy of a stored table, and checks the rows.
func (c *Ctx) addConstraintAt(t *catalog.Table, k *ast.Constraint, column int16) error {
	if k.Name != "" && c.constraintTaken(t, k.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, t.Name)
	}
	switch k.Kind {
	case ast.ConstraintCheck:
		ck, err := c.newCheck(t, k, column)
		if err != nil {
			return err
		}
		t.Checks = append(t.Checks, ck)
		if err := c.put(t); err != nil || ck.NotValid {
			return err
		}
		return c.validateCheck(c.snap().Table(t.OID), ck)
	case ast.ConstraintForeignKey:
		if err := c.addForeignKey(t, k, column); err != nil {
			return err
		}
		fk := t.ForeignKeys[len(t.ForeignKeys)-1]
		if err := c.put(t); err != nil {
			return err
		}
		if err := c.deriveForeignKey(t.OID, fk.OID); err != nil || fk.NotValid {
			return err
		}
		return c.validateForeignKeyTree(t.OID, fk.OID)
	case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
		if k.UsingIndex != "" {
			return c.constraintUsingIndex(t, k)
		}
		ix, name, err := c.keyConstraint(t, t.Schema, k, column, nil)
		if err != nil {
			if pgerr.CodeOf(err) == pgerr.InvalidTableDefinition {
				return placeless(err)
			}
			return err
		}
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		if !ix.Primary {
			return c.buildIndex(t, ix, name)
		}
		for _, key := range ix.Keys {
			if col := t.Col(key.Attnum); !col.NotNull {
				if err := c.checkNoNulls(t, col); err != nil {
					return err
				}
			}
		}
		return c.addPrimaryKey(t, ix, name)
	case ast.ConstraintExclusion:
		if t.Kind == catalog.KindPartitioned {
			return pgerr.New(pgerr.FeatureNotSupported, "exclusion constraints are not supported on partitioned tables").At(k.Pos())
		}
		ix, name, err := c.exclusion(t, t.Schema, k, nil)
		if err != nil {
			return err
		}
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		return c.buildIndex(t, ix, name)
	}
	return pgerr.Unsupported("%s constraints are not supported here", k.Kind).At(k.Pos())
}

// addPrimaryKey gives t, a copy of a stored table, a primary key.
func (c *Ctx) addPrimaryKey(t *catalog.Table, ix *catalog.Index, name string) error {
	old := c.snap().Table(t.OID)
	if err := c.placeIndex(t, ix, name); err != nil {
		return err
	}
	err := c.rewrite(old, t, nil, nil) // rows move from their row ids to the key
	if pgerr.CodeOf(err) == pgerr.UniqueViolation {
		e := *pgerr.Of(err)
		e.Message = fmt.Sprintf("could not create unique index %q", name)
		e.Detail = strings.TrimSuffix(e.Detail, "already exists.") + "is duplicated."
		return &e
	}
	return err
}

// constraintUsingIndex is ADD CONSTRAINT … USING INDEX.
func (c *Ctx) constraintUsingIndex(t *catalog.Table, k *ast.Constraint) error {
	var ix *catalog.Index
	for _, o := range t.Indexes {
		if !o.RowID && o.Name == k.UsingIndex {
			ix = o
		}
	}
	primary := k.Kind == ast.ConstraintPrimaryKey
	switch {
	case ix == nil:
		return pgerr.Newf(pgerr.UndefinedObject, "index %q does not exist", k.UsingIndex).At(k.Pos())
	case primary && t.PrimaryKey() != nil:
		return pgerr.Newf(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
	case ix.Constraint != 0:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "index %q is already associated with a constraint", ix.Name).At(k.Pos())
	case ix.Building:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "index %q is not valid", ix.Name).At(k.Pos())
	case !ix.Unique:
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a unique index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
	case ix.Where != "":
		return pgerr.Newf(pgerr.WrongObjectType, "%q is a partial index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
	}
	for i, key := range ix.Keys {
		if key.Attnum == 0 {
			return pgerr.Newf(pgerr.WrongObjectType, "index %q contains expressions", ix.Name).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
		}
		if key.Desc || key.NullsFirst || key.Opclass != "" || key.Collation != 0 && key.Collation != collationOf(t.Col(key.Attnum)) {
			return pgerr.Newf(pgerr.WrongObjectType, "index %q column number %d does not have default sorting behavior", ix.Name, i+1).
				WithDetail("Cannot create a primary key or unique constraint using such an index.").At(k.Pos())
		}
	}
	name := k.Name
	if name == "" {
		name = ix.Name
	}
	if name != ix.Name {
		if err := c.claim(t.Schema, name); err != nil {
			return err
		}
		c.notice(pgerr.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index %q to %q", ix.Name, name)
	}
	if !primary {
		oid, err := c.newOID()
		if err != nil {
			return err
		}
		ix.Name, ix.Constraint, ix.Deferrable, ix.Deferred = name, oid, k.Deferrable, k.InitiallyDeferred
		return c.put(t)
	}
	// The rows move under the key: the index itself goes.
	old := c.snap().Table(t.OID)
	for i, o := range t.Indexes {
		if o == ix {
			t.Indexes = append(t.Indexes[:i:i], t.Indexes[i+1:]...)
			break
		}
	}
	for _, key := range ix.Keys {
		if col := t.Col(key.Attnum); !col.NotNull {
			if err := c.checkNoNulls(t, col); err != nil {
				return err
			}
		}
	}
	pk := &catalog.Index{Primary: true, Unique: true, Constraint: 1, Keys: ix.Keys, Include: ix.Include}
	if err := c.placeIndex(t, pk, name); err != nil {
		return err
	}
	return c.rewrite(old, t, nil, nil)
}

// validateCheck checks that all rows meet a CHECK constraint.
func (c *Ctx) validateCheck(t *catalog.Table, ck *catalog.Check) error {
	e, err := parser.ParseExpr(ck.Expr)
	if err != nil {
		return err
	}
	bound, err := c.bind(planner.ForCheck, t, e, nil)
	if err != nil {
		return err
	}
	return executor.ValidateCheck(c.Exec(), t, ck.Name, bound)
}

func (c *Ctx) validateConstraint(t *catalog.Table, name string) error {
	for _, k := range t.Checks {
		if k.Name == name {
			if !k.NotValid {
				return nil
			}
			if err := c.validateCheck(c.snap().Table(t.OID), k); err != nil {
				return err
			}
			k.NotValid = false
			return c.put(t)
		}
	}
	for _, fk := range t.ForeignKeys {
		if fk.Name == name {
			if !fk.NotValid {
				return nil
			}
			if err := c.validateForeignKey(c.snap().Table(t.OID), fk); err != nil {
				return err
			}
			fk.NotValid = false
			return c.put(t)
		}
	}
	return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", name, t.Name)
}

func (c *Ctx) dropConstraint(t *catalog.Table, cmd *ast.AlterTableCommand) error {
	now := c.snap().Table(t.OID)
	var tg target
	for _, k := range now.Checks {
		if k.Name == cmd.Name {
			tg = target{table: now, check: k}
		}
	}
	for _, k := range now.ForeignKeys {
		if k.Name == cmd.Name {
			tg = target{table: now, fk: k}
			concerned := c.snap().Tree(now)[1:]
			if ref := c.snap().Table(k.RefTable); ref != nil {
				concerned = append(c.snap().Tree(ref), concerned...)
			}
			for _, m := range concerned {
				if err := c.noneWaiting(m, "ALTER TABLE"); err != nil {
					return err
				}
			}
		}
	}
	for _, ix := range now.Indexes {
		if ix.Constraint != 0 && ix.Name == cmd.Name {
			tg = target{table: now, index: ix}
		}
	}
	if tg.table == nil {
		if cmd.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "constraint %q of relation %q does not exist, skipping", cmd.Name, t.Name)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", cmd.Name, t.Name)
	}
	return c.dropTargets([]target{tg}, cmd.Behavior, "constraint")
}

// dropPrimaryKey moves the rows of e (a copy) from the key to hidden row ids.
func (c *Ctx) dropPrimaryKey(e *catalog.Table, pk *catalog.Index) error {
	old := c.snap().Table(e.OID)
	e.Indexes[0] = &catalog.Index{Number: 1, RowID: true, Unique: true}
	return c.rewrite(old, e, nil, nil)
}

// ---- RENAME, SET SCHEMA

func (c *Ctx) rename(n *ast.RenameStmt) error {
	skip := func(err error) error {
		if n.IfExists && (pgerr.CodeOf(err) == pgerr.UndefinedTable || pgerr.CodeOf(err) == pgerr.InvalidSchemaName) {
			c.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Table.Name)
			return nil
		}
		return err
	}
	switch n.Kind {
	case ast.ObjectColumn, ast.ObjectAttribute:
		oid := c.find(n.Table)
		if oid == 0 {
			return skip(c.missing(n.Table))
		}
		t := c.snap().Table(oid)
		if t == nil || t.Virtual != nil {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot rename columns of relation %q", n.Table.Name)
		}
		if err := c.ownTable(t); err != nil {
			return err
		}
		t, err := c.lock(t, lockForChange)
		if err != nil {
			return err
		}
		return c.renameColumnTree(t, n.SubName, n.NewName, n.Table.Only)
	case ast.ObjectTableConstraint:
		t, err := c.table(n.Table, lockForChange)
		if err != nil {
			return skip(err)
		}
		return c.renameConstraintTree(t, n.SubName, n.NewName, n.Table.Only)
	case ast.ObjectTable, ast.ObjectView, ast.ObjectMaterializedView, ast.ObjectIndex, ast.ObjectSequence:
		return c.renameRelation(n, skip)
	case ast.ObjectRole:
		return c.renameRole(n.Object.Name[0], n.NewName)
	case ast.ObjectDatabase:
		return c.renameDatabase(n.Object.Name[0], n.NewName)
	case ast.ObjectSchema:
		old := c.snap().SchemaByName(n.SubName)
		if n.Object != nil && len(n.Object.Name) > 0 {
			old = c.snap().SchemaByName(n.Object.Name[0])
		}
		if old == nil {
			name := n.SubName
			if n.Object != nil && len(n.Object.Name) > 0 {
				name = n.Object.Name[0]
			}
			return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", name)
		}
		if err := c.ownSchema(old); err != nil {
			return err
		}
		if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.Create) == 0 {
			return catalog.PermissionDenied("database", c.database())
		}
		if c.snap().SchemaByName(n.NewName) != nil {
			return pgerr.Newf(pgerr.DuplicateSchema, "schema %q already exists", n.NewName)
		}
		views := map[catalog.OID][]*viewText{}
		for _, t := range c.snap().Tables() {
			if t.SchemaOID == old.OID {
				v, err := c.viewsReading(t.OID)
				if err != nil {
					return err
				}
				views[t.OID] = v
			}
		}
		cp := *old
		cp.Name = n.NewName
		if err := c.put(&cp); err != nil {
			return err
		}
		for _, t := range c.snap().Tables() { // row types carry the schema's name
			if t.SchemaOID == cp.OID {
				if err := c.put(clone(t)); err != nil {
					return err
				}
			}
		}
		for _, u := range c.snap().UserTypes() {
			if u.SchemaOID == cp.OID {
				ut := *u
				if err := c.put(&ut); err != nil {
					return err
				}
			}
		}
		for _, s := range c.snap().Sequences() { // these and functions know their schema
			if s.SchemaOID == cp.OID {
				q := *s
				q.Schema = &cp
				if err := c.put(&q); err != nil {
					return err
				}
				if err := c.moveDefaults(s, &q); err != nil {
					return err
				}
			}
		}
		for _, f := range c.snap().Functions() {
			if f.SchemaOID == cp.OID {
				g := *f
				if err := c.put(&g); err != nil {
					return err
				}
			}
		}
		for oid, vs := range views {
			for _, v := range vs {
				v.renameTable(oid, cp.Name, c.snap().Table(oid).Name)
			}
			if err := c.storeViews(vs); err != nil {
				return err
			}
		}
		return nil
	case ast.ObjectTrigger:
		rv := &ast.RangeVar{At: n.Object.At, Name: n.Object.On[len(n.Object.On)-1]}
		if len(n.Object.On) > 1 {
			rv.Schema = n.Object.On[len(n.Object.On)-2]
		}
		oid := c.find(rv)
		if oid == 0 {
			return c.missing(rv)
		}
		if err := c.ownOf(oid); err != nil {
			return err
		}
		t, err := c.lock(c.snap().Table(oid), lockForChange)
		if err != nil {
			return err
		}
		return c.renameTrigger(t, n.Object.Name[0], n.NewName)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
		return c.renameFunction(n.Object, n.Kind, n.NewName)
	case ast.ObjectDomainConstraint:
		return c.renameDomainConstraint(n.Object.Name, n.SubName, n.NewName)
	case ast.ObjectType, ast.ObjectDomain:
		if done, err := c.renameComposite(n); done || err != nil {
			return err
		}
		names := n.Object.Name
		if n.Object.Type != nil {
			names = n.Object.Type.Names
		}
		kind, what := types.KindEnum, "an enum"
		if n.Kind == ast.ObjectDomain {
			kind, what = types.KindDomain, "a domain"
		}
		u, err := c.userType(names, kind, what)
		if err != nil && kind == types.KindEnum {
			u, err = c.userType(names, types.KindDomain, "a type that can be renamed")
		}
		if err != nil && kind == types.KindEnum {
			u, err = c.userType(names, types.KindRange, "a type that can be renamed")
		}
		if err != nil {
			return err
		}
		if err := c.claimType(u.Schema, n.NewName); err != nil {
			return err
		}
		if u.Range != nil && u.Range.Constructor == "" { // which keeps its name, as in PostgreSQL
			r := *u.Range
			r.Constructor, u.Range = u.Name, &r
		}
		u.Name = n.NewName
		return c.put(u)
	}
	return pgerr.Unsupported("%s … RENAME is not supported", ast.Tag(n))
}

// renameDomainConstraint is ALTER DOMAIN … RENAME CONSTRAINT.
func (c *Ctx) renameDomainConstraint(names []string, old, to string) error {
	u, err := c.userType(names, types.KindDomain, "a domain")
	if err != nil {
		return err
	}
	at := -1
	for i, k := range u.Checks {
		switch k.Name {
		case old:
			at = i
		case to:
			return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for domain %s already exists", to, types.Format(u.Type, -1))
		}
	}
	if at < 0 {
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for domain %s does not exist", old, types.Format(u.Type, -1))
	}
	k := *u.Checks[at]
	k.Name = to
	u.Checks[at] = &k
	return c.put(u)
}

// renameColumn renames a column and every stored expression's mention of it.
func (c *Ctx) renameColumn(t *catalog.Table, from, to string) error {
	col := t.ColumnByName(from)
	if col == nil {
		return pgerr.Newf(pgerr.UndefinedColumn, "column %q does not exist", from)
	}
	if t.ColumnByName(to) != nil {
		return pgerr.Newf(pgerr.DuplicateColumn, "column %q of relation %q already exists", to, t.Name)
	}
	if err := checkSystemColumn(to); err != nil {
		return err
	}
	views, err := c.viewsReading(t.OID)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := v.renameColumn(t, col.Attnum, from, to); err != nil {
			return err
		}
	}
	again := func(text *string) {
		if *text == "" || err != nil {
			return
		}
		var e ast.Expr
		if e, err = parser.ParseExpr(*text); err == nil {
			*text = ast.Format(ast.RenameColumn(e, from, to))
		}
	}
	for i := range t.Columns {
		again(&t.Columns[i].Generated)
	}
	for _, k := range t.Checks {
		again(&k.Expr)
	}
	for _, ix := range t.Indexes {
		again(&ix.Where)
		for i := range ix.Keys {
			again(&ix.Keys[i].Expr)
		}
	}
	if key := t.PartitionBy; key != nil {
		cp := *key
		cp.Columns = append([]catalog.PartitionColumn(nil), key.Columns...)
		for i := range cp.Columns {
			again(&cp.Columns[i].Expr)
		}
		t.PartitionBy = &cp
	}
	if err != nil {
		return err
	}
	was := clone(t)
	t.Columns[col.Attnum-1].Name = to
	if err := c.keepsViews(was, t, views); err != nil {
		return err
	}
	if err := c.put(t); err != nil {
		return err
	}
	if err := c.restate(t.OID); err != nil {
		return err
	}
	if t.Kind == catalog.KindComposite {
		if err := c.renameAttribute(t, from, to); err != nil {
			return err
		}
	}
	return c.storeViews(views)
}

// restate writes a table's stored expressions anew, in the form that binding
// gives them: those of parents and children are compared as text.
func (c *Ctx) restate(oid catalog.OID) error {
	t := clone(c.snap().Table(oid))
	var err error
	again := func(text *string, place planner.Place, col *catalog.Column) {
		if *text == "" || err != nil {
			return
		}
		var e ast.Expr
		if e, err = parser.ParseExpr(*text); err != nil {
			return
		}
		var x plan.Expr
		if x, err = c.bind(place, t, e, col); err == nil {
			*text = c.deparse(x, t)
		}
	}
	for i := range t.Columns {
		again(&t.Columns[i].Generated, planner.ForGenerated, &t.Columns[i])
	}
	for _, k := range t.Checks {
		again(&k.Expr, planner.ForCheck, nil)
	}
	for _, ix := range t.Indexes {
		again(&ix.Where, planner.ForIndexPredicate, nil)
		for i := range ix.Keys {
			again(&ix.Keys[i].Expr, planner.ForIndexExpr, nil)
		}
	}
	if key := t.PartitionBy; key != nil {
		cp := *key
		cp.Columns = append([]catalog.PartitionColumn(nil), key.Columns...)
		for i := range cp.Columns {
			again(&cp.Columns[i].Expr, planner.ForPartitionKey, nil)
		}
		t.PartitionBy = &cp
	}
	if err != nil {
		return err
	}
	return c.put(t)
}

func (c *Ctx) renameConstraint(t *catalog.Table, from, to string) error {
	if c.constraintTaken(t, to) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", to, t.Name)
	}
	for _, k := range t.Checks {
		if k.Name == from {
			k.Name = to
			return c.put(t)
		}
	}
	for _, k := range t.ForeignKeys {
		if k.Name == from {
			k.Name = to
			return c.put(t)
		}
	}
	for _, ix := range t.Indexes {
		if ix.Constraint != 0 && ix.Name == from {
			if err := c.claim(t.Schema, to); err != nil {
				return err
			}
			ix.Name = to
			return c.put(t)
		}
	}
	return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for table %q does not exist", from, t.Name)
}

func (c *Ctx) renameRelation(n *ast.RenameStmt, skip func(error) error) error {
	oid := c.find(n.Table)
	if oid == 0 {
		return skip(c.missing(n.Table))
	}
	if err := c.ownOf(oid); err != nil {
		return err
	}
	snap := c.snap()
	if tb := snap.TableOfIndex(oid); tb != nil {
		locked, err := c.lock(tb, lockForChange)
		if err != nil {
			return err
		}
		if err := c.claim(tb.Schema, n.NewName); err != nil {
			return err
		}
		t := clone(locked)
		t.IndexByOID(oid).Name = n.NewName
		return c.put(t)
	}
	if s := snap.Sequence(oid); s != nil {
		if err := c.claim(s.Schema, n.NewName); err != nil {
			return err
		}
		cp := *s
		cp.Name = n.NewName
		if err := c.put(&cp); err != nil {
			return err
		}
		return c.moveDefaults(s, &cp)
	}
	t := snap.Table(oid)
	if t.Virtual != nil {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if !isOfKind(t, n.Kind) {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a %s", t.Name, strings.ToLower(n.Kind.String()))
	}
	t, err := c.lock(t, lockForChange)
	if err != nil {
		return err
	}
	if err := c.claim(t.Schema, n.NewName); err != nil {
		return err
	}
	views, err := c.viewsReading(oid)
	if err != nil {
		return err
	}
	cp := clone(t)
	cp.Name = n.NewName
	if err := c.put(cp); err != nil {
		return err
	}
	for _, v := range views {
		v.renameTable(oid, cp.Schema.Name, cp.Name)
	}
	return c.storeViews(views)
}

// drawnByName is what the defaults that earlier versions stored say to draw from s.
func drawnByName(s *catalog.Sequence) string {
	return "nextval('" + strings.ReplaceAll(qualified(s.Schema, s.Name), "'", "''") + "'"
}

// moveDefaults rewrites the defaults that call a sequence by its old name.
func (c *Ctx) moveDefaults(old, now *catalog.Sequence) error {
	deps, err := c.dependents(target{seq: old})
	if err != nil {
		return err
	}
	for _, d := range deps {
		if d.deflt == 0 {
			continue
		}
		t := clone(d.table)
		col := t.Col(d.deflt)
		col.Default = strings.ReplaceAll(col.Default, drawnByName(old), drawnByName(now))
		if err := c.put(t); err != nil {
			return err
		}
	}
	return nil
}

func (c *Ctx) setSchema(n *ast.AlterSchemaStmt) error {
	to := c.snap().SchemaByName(n.Schema)
	if to == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", n.Schema)
	}
	if n.Table == nil && n.Object != nil {
		switch n.Object.Kind {
		case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
			return c.moveFunction(n.Object, n.Object.Kind, to)
		}
	}
	if n.Table == nil {
		return pgerr.Unsupported("%s … SET SCHEMA is not supported", ast.Tag(n))
	}
	oid := c.find(n.Table)
	if oid == 0 {
		if n.IfExists {
			c.notice(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", n.Table.Name)
			return nil
		}
		return c.missing(n.Table)
	}
	if err := c.ownOf(oid); err != nil {
		return err
	}
	if err := c.mayCreateIn(to, -1); err != nil {
		return err
	}
	if s := c.snap().Sequence(oid); s != nil {
		if s.OwnerTable != 0 {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot move an owned sequence into another schema").
				WithDetail("Sequence %q is linked to table %q.", s.Name, c.snap().Table(s.OwnerTable).Name)
		}
		if err := c.claim(to, s.Name); err != nil {
			return err
		}
		cp := *s
		cp.SchemaOID, cp.Schema = to.OID, to
		if err := c.put(&cp); err != nil {
			return err
		}
		return c.moveDefaults(s, &cp)
	}
	t := c.snap().Table(oid)
	if t == nil || t.Virtual != nil {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a table", n.Table.Name)
	}
	if !isOfKind(t, n.Kind) {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a %s", t.Name, strings.ToLower(n.Kind.String()))
	}
	views, err := c.viewsReading(oid)
	if err != nil {
		return err
	}
	t, err = c.lock(t, lockForChange)
	if err != nil {
		return err
	}
	if t.SchemaOID == to.OID {
		return pgerr.Newf(pgerr.DuplicateTable, "relation %q is already in schema %q", t.Name, to.Name)
	}
	if err := c.claim(to, t.Name); err != nil {
		return err
	}
	for _, ix := range t.Indexes {
		if ix.OID != 0 {
			if err := c.claim(to, ix.Name); err != nil {
				return err
			}
		}
	}
	cp := clone(t)
	cp.SchemaOID, cp.Schema = to.OID, to
	if err := c.put(cp); err != nil {
		return err
	}
	for _, v := range views {
		v.renameTable(oid, to.Name, cp.Name)
	}
	if err := c.storeViews(views); err != nil {
		return err
	}
	for _, s := range c.snap().Sequences() {
		if s.OwnerTable == oid {
			if err := c.claim(to, s.Name); err != nil {
				return err
			}
			old, cps := s, *s
			cps.SchemaOID, cps.Schema = to.OID, to
			if err := c.put(&cps); err != nil {
				return err
			}
			if err := c.moveDefaults(old, &cps); err != nil {
				return err
			}
		}
	}
	return nil
}
