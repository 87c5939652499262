package ddl

import (
	"slices"
	"strings"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

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
	case ast.ObjectTable, ast.ObjectView, ast.ObjectMaterializedView, ast.ObjectIndex, ast.ObjectSequence, ast.ObjectForeignTable:
		return c.renameRelation(n, skip)
	case ast.ObjectRole:
		return c.renameRole(n.Object.Name[0], n.NewName)
	case ast.ObjectDatabase:
		return c.renameDatabase(n.Object.Name[0], n.NewName)
	case ast.ObjectSchema:
		name := n.SubName
		if n.Object != nil && len(n.Object.Name) > 0 {
			name = n.Object.Name[0]
		}
		return c.renameSchema(name, n.NewName)
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
		return c.retype(u.OID, u.Schema.Name, u.Name, func(*retyping) error { return c.put(u) })
	}
	if err := c.noSystemObject(n.Object); err != nil {
		return err
	}
	return pgerr.Unsupported("%s … RENAME is not supported", ast.Tag(n))
}

// renameSchema is ALTER SCHEMA … RENAME.
func (c *Ctx) renameSchema(from, to string) error {
	old := c.snap().SchemaByName(from)
	if old == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", from)
	}
	if err := c.ownSchema(old); err != nil {
		return err
	}
	if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.Create) == 0 {
		return catalog.PermissionDenied("database", c.database())
	}
	if c.snap().SchemaByName(to) != nil {
		return pgerr.Newf(pgerr.DuplicateSchema, "schema %q already exists", to)
	}
	now := *old
	now.Name = to
	// What is in the schema carries its name, and is stored again.
	var members []catalog.Object
	var tables []*catalog.Table
	var named []*types.Type
	for _, t := range c.snap().Tables() {
		if t.SchemaOID == old.OID {
			members, tables = append(members, clone(t)), append(tables, t)
			if row := c.snap().Type(t.RowTypeOID); row != nil {
				named = append(named, row)
			}
		}
	}
	for _, u := range c.snap().UserTypes() {
		if u.SchemaOID == old.OID {
			cp := *u
			members, named = append(members, &cp), append(named, c.snap().Type(u.OID))
		}
	}
	retyped := c.renaming(named, func(t *types.Type) (string, string) { return to, t.Name })
	functions := slices.DeleteFunc(c.snap().Functions(), func(f *catalog.Function) bool { return f.SchemaOID != old.OID })
	var called []*callers
	for _, f := range functions {
		w, err := c.callersOf(f, functions)
		if err != nil {
			return err
		}
		cp := *f
		members, called = append(members, &cp), append(called, w)
	}
	var views []*viewText
	for _, v := range c.snap().Tables() {
		if v.View == nil || !slices.ContainsFunc(tables, func(t *catalog.Table) bool { return dependsOn(v, t.OID) }) &&
			!slices.ContainsFunc(functions, func(f *catalog.Function) bool { return dependsOn(v, f.OID) }) {
			continue
		}
		tree, names, _, err := c.readQuery(v.View.Query, v.View.Path)
		if err != nil {
			return err
		}
		views = append(views, &viewText{view: v, tree: tree, names: names})
	}
	if err := c.put(&now); err != nil {
		return err
	}
	for _, o := range members {
		if err := c.put(o); err != nil {
			return err
		}
	}
	for _, s := range c.snap().Sequences() {
		if s.SchemaOID == old.OID {
			cp := *s
			cp.Schema = &now
			if err := c.putRenamed(s, &cp); err != nil {
				return err
			}
		}
	}
	for _, w := range called {
		if err := w.restate(); err != nil {
			return err
		}
	}
	for _, v := range views {
		for _, t := range tables {
			v.renameTable(t.OID, to, t.Name)
		}
		for _, w := range called {
			if err := w.restateView(v); err != nil {
				return err
			}
		}
		retyped.view(v)
	}
	if err := c.storeViews(views); err != nil {
		return err
	}
	return retyped.restate()
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
	eachExpr(t, func(text *string, _ planner.Place, _ *catalog.Column) {
		var e ast.Expr
		if err == nil {
			e, err = parser.ParseExpr(*text)
		}
		if err == nil {
			*text = ast.Format(ast.RenameColumn(e, from, to))
		}
	})
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
	eachExpr(t, func(text *string, place planner.Place, col *catalog.Column) {
		var e ast.Expr
		if err == nil {
			e, err = parser.ParseExpr(*text)
		}
		var x plan.Expr
		if err == nil {
			x, err = c.bind(place, t, e, col)
		}
		if err == nil {
			*text = c.deparse(x, t)
		}
	})
	if err != nil {
		return err
	}
	return c.put(t)
}

// eachExpr visits the stored expressions of a table, a copy, that may name its columns, and
// the column whose value one computes.
func eachExpr(t *catalog.Table, visit func(text *string, place planner.Place, col *catalog.Column)) {
	some := func(text *string, place planner.Place, col *catalog.Column) {
		if *text != "" {
			visit(text, place, col)
		}
	}
	for i := range t.Columns {
		some(&t.Columns[i].Generated, planner.ForGenerated, &t.Columns[i])
	}
	for _, k := range t.Checks {
		some(&k.Expr, planner.ForCheck, nil)
	}
	for _, ix := range t.Indexes {
		some(&ix.Where, planner.ForIndexPredicate, nil)
		for i := range ix.Keys {
			some(&ix.Keys[i].Expr, planner.ForIndexExpr, nil)
		}
	}
	if key := t.PartitionBy; key != nil {
		cp := *key
		cp.Columns = append([]catalog.PartitionColumn(nil), key.Columns...)
		for i := range cp.Columns {
			some(&cp.Columns[i].Expr, planner.ForPartitionKey, nil)
		}
		t.PartitionBy = &cp
	}
}

// renameConstraint renames a constraint of t, a copy; an index that is one is renamed with it.
func (c *Ctx) renameConstraint(t *catalog.Table, from, to string) error {
	name := constraintName(t, from)
	if name == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for table %q does not exist", from, t.Name)
	}
	for _, ix := range t.Indexes {
		if name == &ix.Name {
			if err := c.claim(t.Schema, to); err != nil {
				return err
			}
		}
	}
	if c.constraintTaken(t, to) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for relation %q already exists", to, t.Name)
	}
	*name = to
	return c.put(t)
}

func (c *Ctx) renameRelation(n *ast.RenameStmt, skip func(error) error) error {
	oid := c.find(n.Table)
	if oid == 0 {
		return skip(c.missing(n.Table))
	}
	if err := c.ownOf(oid); err != nil {
		return err
	}
	if n.Kind == ast.ObjectForeignTable {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a foreign table", n.Table.Name)
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
		return c.putRenamed(s, &cp)
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
	return c.putRenamedTable(cp, views)
}

// putRenamedTable stores a table that has another name or is in another schema, and what names it or
// its row type. views are those that read it.
func (c *Ctx) putRenamedTable(t *catalog.Table, views []*viewText) error {
	return c.retype(t.RowTypeOID, t.Schema.Name, t.Name, func(r *retyping) error {
		if err := c.put(t); err != nil {
			return err
		}
		for _, v := range views {
			v.renameTable(t.OID, t.Schema.Name, t.Name)
			r.view(v)
		}
		return c.storeViews(views)
	})
}

// putRenamed stores a sequence under another name or in another schema, and rewrites the
// defaults that call it by its old name.
func (c *Ctx) putRenamed(old, now *catalog.Sequence) error {
	if err := c.put(now); err != nil {
		return err
	}
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

// newHome finds the schema that SET SCHEMA names, where the current role may create. It is looked
// for after what is moved.
func (c *Ctx) newHome(name string) (*catalog.Schema, error) {
	to := c.snap().SchemaByName(name)
	if to == nil {
		return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", name)
	}
	return to, c.mayCreateIn(to, -1)
}

func (c *Ctx) setSchema(n *ast.AlterSchemaStmt) error {
	if n.Table == nil && n.Object != nil {
		switch n.Object.Kind {
		case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
			return c.moveFunction(n.Object, n.Object.Kind, n.Schema)
		case ast.ObjectExtension:
			return c.moveExtension(n.Object.Name[0], n.Schema)
		case ast.ObjectType, ast.ObjectDomain:
			return c.moveType(n.Object, n.Schema)
		}
	}
	if n.Table == nil {
		if err := c.noSystemObject(n.Object); err != nil {
			return err
		}
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
	s := c.snap().Sequence(oid)
	if s != nil && s.OwnerTable != 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot move an owned sequence into another schema").
			WithDetail("Sequence %q is linked to table %q.", s.Name, c.snap().Table(s.OwnerTable).Name)
	}
	to, err := c.newHome(n.Schema)
	if err != nil {
		return err
	}
	if s != nil {
		if err := c.claim(to, s.Name); err != nil {
			return err
		}
		cp := *s
		cp.SchemaOID, cp.Schema = to.OID, to
		return c.putRenamed(s, &cp)
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
	if err := c.putRenamedTable(cp, views); err != nil {
		return err
	}
	for _, s := range c.snap().Sequences() {
		if s.OwnerTable == oid {
			if err := c.claim(to, s.Name); err != nil {
				return err
			}
			cp := *s
			cp.SchemaOID, cp.Schema = to.OID, to
			if err := c.putRenamed(s, &cp); err != nil {
				return err
			}
		}
	}
	return nil
}

// renameDomainConstraint is ALTER DOMAIN … RENAME CONSTRAINT.
func (c *Ctx) renameDomainConstraint(names []string, old, to string) error {
	u, err := c.userType(names, types.KindDomain, "a domain")
	if err != nil {
		return err
	}
	named := func(name string) int {
		return slices.IndexFunc(u.Checks, func(k *catalog.Check) bool { return k.Name == name })
	}
	at := named(old)
	switch {
	case at < 0:
		return pgerr.Newf(pgerr.UndefinedObject, "constraint %q for domain %s does not exist", old, types.Format(u.Type, -1))
	case named(to) >= 0:
		return pgerr.Newf(pgerr.DuplicateObject, "constraint %q for domain %s already exists", to, types.Format(u.Type, -1))
	}
	k := *u.Checks[at]
	k.Name = to
	u.Checks[at] = &k
	return c.put(u)
}
