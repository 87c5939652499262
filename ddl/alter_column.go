package ddl

import (
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
	col := t.Col(at)
	if c.valueOfNew(col) != "" || col.Generated != "" || col.Identity != 0 {
		err = c.typeUsed(t)
	} else {
		err = c.notInKeys(t)
	}
	if err != nil {
		return err
	}
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
	if err := c.typeUsed(t); err != nil {
		return err
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
