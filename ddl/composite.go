package ddl

import (
	"cmp"
	"fmt"
	"slices"

	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// Composite types: CREATE TYPE … AS (…) makes a relation without rows, as
// PostgreSQL does; its row type is the type.

func (c *Ctx) createComposite(n *ast.CreateCompositeTypeStmt) error {
	schema, name, err := c.typeSchema(n.Name, n.Pos())
	if err != nil {
		return err
	}
	if err := c.claim(schema, name); err != nil {
		return err
	}
	if c.snap().TypeByName(schema, name) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "type %q already exists", name)
	}
	b, err := c.newTable(schema, name, catalog.KindComposite, persistenceIn(schema, ast.Permanent))
	if err != nil {
		return err
	}
	for _, d := range n.Columns {
		if err := c.attribute(b.t, d); err != nil {
			return err
		}
	}
	return c.put(b.t)
}

// attribute adds a column to a composite type.
func (c *Ctx) attribute(t *catalog.Table, d *ast.ColumnDef) error {
	for i := range t.Columns {
		if t.Columns[i].Name == d.Name && !t.Columns[i].Dropped {
			return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", d.Name)
		}
	}
	typ, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), d.Type)
	if err != nil {
		return err
	}
	if err := c.mayUseType(typ); err != nil {
		return err
	}
	if typ.Kind == types.KindPseudo {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", d.Name, types.Format(typ, -1))
	}
	if typ.OID == t.RowTypeOID {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "composite type %s cannot be made a member of itself", t.Name)
	}
	col := catalog.Column{Attnum: int16(len(t.Columns) + 1), Name: d.Name, Type: typ, TypeOID: typ.OID, Typmod: mod}
	if d.Collation != nil {
		if err := c.collation(&col, d.Collation); err != nil {
			return err
		}
	}
	t.Columns = append(t.Columns, col)
	return nil
}

// composite finds a composite type by its written name, nil if it is none.
func (c *Ctx) composite(names []string) *catalog.Table {
	t := c.typeNamed(names)
	if t == nil {
		return nil
	}
	if rel := c.snap().Table(t.RelID); rel != nil && rel.Kind == catalog.KindComposite {
		return rel
	}
	return nil
}

// renameComposite is ALTER TYPE … RENAME of a composite type; done false: it is none.
func (c *Ctx) renameComposite(n *ast.RenameStmt) (done bool, err error) {
	names := n.Object.Name
	if n.Object.Type != nil {
		names = n.Object.Type.Names
	}
	t := c.composite(names)
	if t == nil {
		return false, nil
	}
	if err := c.ownTable(t); err != nil {
		return true, err
	}
	if t, err = c.lock(t, lockForChange); err != nil {
		return true, err
	}
	if err := c.claim(t.Schema, n.NewName); err != nil {
		return true, err
	}
	cp := clone(t)
	cp.Name = n.NewName
	return true, c.putRenamedTable(cp, nil)
}

// dropDomainCheck takes a constraint from a domain: what it calls is dropped.
func (c *Ctx) dropDomainCheck(t target) error {
	u := c.snap().UserType(t.typ.OID)
	if u == nil {
		return nil
	}
	cp := *u
	cp.Checks = nil
	for _, k := range u.Checks {
		if k.OID != t.check.OID {
			cp.Checks = append(cp.Checks, k)
		}
	}
	return c.put(&cp)
}

// typeUsed refuses changes of a row type that stored values would have to be rewritten for.
func (c *Ctx) typeUsed(t *catalog.Table) error {
	tb, col := c.storedIn(t.RowTypeOID)
	switch {
	case tb == nil:
		return nil
	case t.Kind == catalog.KindComposite:
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter type %q because column \"%s.%s\" uses it", t.Name, tb.Name, col.Name)
	}
	return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter table %q because column \"%s.%s\" uses its row type", t.Name, tb.Name, col.Name)
}

// storedIn finds a column that stores values of a type or of what is made of it, nil if none
// does: the one that PostgreSQL names, which looks at arrays first, then in order of creation.
func (c *Ctx) storedIn(typ catalog.OID) (in *catalog.Table, col *catalog.Column) {
	if t := c.snap().Type(typ); t == nil {
		return nil, nil
	} else if t.Array != nil {
		if in, col = c.storedIn(t.Array.OID); in != nil {
			return in, col
		}
	}
	type user struct {
		oid, makes catalog.OID
		table      *catalog.Table
		column     *catalog.Column
	}
	var users []user
	for _, u := range c.snap().UserTypes() {
		if u.BaseOID == typ {
			users = append(users, user{oid: u.OID, makes: u.OID})
		}
	}
	for _, tb := range c.snap().Tables() {
		at := slices.IndexFunc(tb.Columns, func(col catalog.Column) bool { return !col.Dropped && col.TypeOID == typ })
		if at >= 0 && tb.Virtual == nil {
			users = append(users, user{tb.OID, tb.RowTypeOID, tb, &tb.Columns[at]})
		}
	}
	slices.SortFunc(users, func(a, b user) int { return cmp.Compare(a.oid, b.oid) })
	for _, u := range users {
		if u.table != nil && (u.table.Kind == catalog.KindTable || u.table.Kind == catalog.KindMatView) {
			return u.table, u.column
		}
		if in, col = c.storedIn(u.makes); in != nil {
			return in, col
		}
	}
	return nil, nil
}

// notInKeys refuses to change the number of a row type's attributes while keys of indexes
// are made of it: the entries that are there would have others.
func (c *Ctx) notInKeys(t *catalog.Table) error {
	for _, tb := range c.snap().Tables() {
		for _, ix := range tb.Indexes {
			for _, k := range ix.Keys {
				if tb.Virtual == nil && c.holds(k.Type, t.RowTypeOID) {
					return pgerr.Unsupported("adding and dropping attributes of %q is not supported while index %q has it in its keys", t.Name, ix.Name).
						WithHint("Drop the index, and create it again afterwards.")
				}
			}
		}
	}
	return nil
}

// holds tells whether values of a type have values of another in them.
func (c *Ctx) holds(t *types.Type, row catalog.OID) bool {
	switch {
	case t == nil:
		return false
	case t.OID == row:
		return true
	case t.IsArray():
		return c.holds(t.Elem, row)
	case t.Kind == types.KindDomain:
		return c.holds(t.Base, row)
	case t.Subtype != nil:
		return c.holds(t.Subtype, row)
	case t.Range != nil:
		return c.holds(t.Range, row)
	}
	for _, f := range t.Fields {
		if c.holds(f.Type, row) {
			return true
		}
	}
	return false
}

// alterComposite is ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
func (c *Ctx) alterComposite(n *ast.AlterTableStmt, oid catalog.OID) error {
	t := c.snap().Table(oid)
	if t == nil || t.Kind != catalog.KindComposite {
		return pgerr.Newf(pgerr.WrongObjectType, "%q is not a composite type", n.Table.Name)
	}
	if err := c.ownTable(t); err != nil {
		return err
	}
	t, err := c.lock(t, lockForChange)
	if err != nil {
		return err
	}
	cp := clone(t)
	for _, cmd := range n.Commands {
		if cmd.Op == ast.ChangeOwner {
			if err := c.changeRelationOwner(oid, cmd.Owner); err != nil {
				return err
			}
			now := c.snap().Table(oid)
			cp.Owner, cp.ACL, cp.TypeACL = now.Owner, now.ACL, now.TypeACL
			continue
		}
		if cmd.Op == ast.AddColumn {
			if cp.ColumnByName(cmd.Column.Name) != nil {
				return pgerr.Newf(pgerr.DuplicateColumn, "column %q of relation %q already exists", cmd.Column.Name, cp.Name)
			}
			was := clone(cp)
			if err := c.notInKeys(cp); err != nil {
				return err
			}
			if err := c.attribute(cp, cmd.Column); err != nil {
				return err
			}
			if err := c.keepsViews(was, cp, nil); err != nil {
				return err
			}
			continue
		}
		col := cp.ColumnByName(cmd.Name)
		if col == nil || col.Dropped {
			if cmd.Op == ast.DropColumn && cmd.IfExists {
				c.notice(pgerr.SuccessfulCompletion, "column %q of relation %q does not exist, skipping", cmd.Name, cp.Name)
				continue
			}
			return pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", cmd.Name, cp.Name)
		}
		at := col.Attnum - 1
		switch cmd.Op {
		case ast.DropColumn:
			if err := c.put(cp); err != nil {
				return err
			}
			if err := c.dropTargets([]target{{table: c.snap().Table(oid), column: col.Attnum}}, cmd.Behavior, "column"); err != nil {
				return err
			}
			cp = clone(c.snap().Table(oid))
		case ast.AlterColumnType:
			if err := c.typeUsed(cp); err != nil {
				return err
			}
			typ, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), cmd.Type)
			if err != nil {
				return err
			}
			was := clone(cp)
			cp.Columns[at].Type, cp.Columns[at].TypeOID, cp.Columns[at].Typmod = typ, typ.OID, mod
			if err := c.keepsViews(was, cp, nil); err != nil {
				return err
			}
		default:
			return pgerr.Unsupported("this form of ALTER TYPE is not supported")
		}
	}
	if err := c.put(cp); err != nil {
		return err
	}
	return c.rebindDomainChecks(cp)
}

// viewsByRows gives the views that may depend on the columns of a relation other than by
// reading it: through values of its row type. Of a composite type that is any view.
func (c *Ctx) viewsByRows(t *catalog.Table) []*catalog.Table {
	var out []*catalog.Table
	for _, v := range c.snap().Tables() {
		if v.View == nil {
			continue
		}
		by := t.Kind == catalog.KindComposite
		for _, d := range v.View.DependsOn {
			f := c.snap().Function(d)
			by = by || d == t.RowTypeOID || d == t.ArrayTypeOID || f != nil && f.ResultOID == t.RowTypeOID
		}
		if by {
			out = append(out, v)
		}
	}
	return out
}

// viewsChanged gives the views that would not give the same columns as before, or none at
// all, if relation was were as next says.
func (c *Ctx) viewsChanged(was, next *catalog.Table) ([]*catalog.Table, error) {
	views := c.viewsByRows(was)
	if len(views) == 0 {
		return nil, nil
	}
	columns := func(of *catalog.Table) (map[catalog.OID]string, error) {
		if err := c.put(of); err != nil {
			return nil, err
		}
		out := map[catalog.OID]string{}
		for _, v := range views {
			if _, _, info, err := c.readQuery(v.View.Query, v.View.Path); err == nil {
				for _, col := range info.Columns {
					out[v.OID] += fmt.Sprintf("%s %d %d,", col.Name, col.Type.OID, col.Typmod)
				}
			}
		}
		return out, nil
	}
	after, err := columns(clone(next))
	if err != nil {
		return nil, err
	}
	before, err := columns(clone(was))
	if err != nil {
		return nil, err
	}
	var out []*catalog.Table
	for _, v := range views {
		if before[v.OID] != after[v.OID] {
			out = append(out, v)
		}
	}
	return out, nil
}

// usersWithout adds the views, the expressions of other relations and the checks of domains
// that need a column through the relation's row type.
func (c *Ctx) usersWithout(t target, add func(target, bool)) error {
	next, name := clone(t.table), t.table.Col(t.column).Name
	next.Columns[t.column-1].Dropped, next.Columns[t.column-1].Name = true, "........dropped........"
	views, err := c.viewsChanged(t.table, next)
	if err != nil {
		return err
	}
	for _, v := range views {
		add(target{table: v}, false)
	}
	var named []target
	c.expressionsWith(func(text string) bool { return mentions(text, name) }, func(x target, _ bool) {
		if x.table == nil && x.check != nil || x.table != nil && x.table.OID != t.table.OID {
			named = append(named, x)
		}
	})
	if len(named) == 0 {
		return nil
	}
	if err := c.put(next); err != nil {
		return err
	}
	for _, x := range named {
		if !c.stillBinds(x) {
			add(x, false)
		}
	}
	return c.put(clone(t.table))
}

// stillBinds tells whether the expressions of a part of a table, or a domain's check, can be
// bound as the catalog is now.
func (c *Ctx) stillBinds(x target) bool {
	if x.table == nil {
		return c.bindDomainCheck(x.typ, x.check) == nil
	}
	t := c.snap().Table(x.table.OID)
	binds := func(text string, place planner.Place, col *catalog.Column) bool {
		if text == "" {
			return true
		}
		e, err := parser.ParseExpr(text)
		if err == nil {
			_, err = c.bind(place, t, e, col)
		}
		return err == nil
	}
	switch {
	case x.index != nil:
		for _, k := range x.index.Keys {
			if !binds(k.Expr, planner.ForIndexExpr, nil) {
				return false
			}
		}
		return binds(x.index.Where, planner.ForIndexPredicate, nil)
	case x.check != nil:
		return binds(x.check.Expr, planner.ForCheck, nil)
	case x.deflt > 0:
		return binds(t.Col(x.deflt).Default, planner.ForDefault, t.Col(x.deflt))
	case x.column > 0:
		return binds(t.Col(x.column).Generated, planner.ForGenerated, t.Col(x.column))
	case x.trigger != nil:
		e, err := parser.ParseExpr(x.trigger.When)
		if err == nil {
			_, err = planner.BindTriggerWhen(planner.Request{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env}, t, e)
		}
		return err == nil
	}
	return slices.IndexFunc(t.PartitionBy.Columns, func(k catalog.PartitionColumn) bool { return !binds(k.Expr, planner.ForPartitionKey, nil) }) < 0
}

// keepsViews refuses a change of a relation that views would not survive which see it through
// its row type; those in but are taken care of.
func (c *Ctx) keepsViews(was, next *catalog.Table, but []*viewText) error {
	views, err := c.viewsChanged(was, next)
	if err != nil {
		return err
	}
	for _, v := range views {
		if slices.ContainsFunc(but, func(b *viewText) bool { return b.view.OID == v.OID }) {
			continue
		}
		if was.Kind == catalog.KindComposite {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter type %q because rule _RETURN on %s uses it", was.Name, c.describe(target{table: v}))
		}
		return pgerr.Unsupported("the change is not supported while view %q reads it", v.Name)
	}
	return nil
}

// domainsOver gives the domains over a composite type.
func (c *Ctx) domainsOver(t *catalog.Table) []*catalog.UserType {
	var out []*catalog.UserType
	for _, u := range c.snap().UserTypes() {
		if u.Kind == types.KindDomain && u.Type.Under().OID == t.RowTypeOID {
			out = append(out, u)
		}
	}
	return out
}

// eachAttribute visits the attributes of VALUE, or of parts of it, that a check reads.
func eachAttribute(e ast.Expr, f func(*ast.Selector)) {
	ast.Walk(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Indirection); ok && len(x.Path) > 0 && x.Path[0].Kind == ast.SelectField {
			if ref, ok := x.Arg.(*ast.ColumnRef); ok && len(ref.Fields) == 1 && ref.Fields[0] == "value" {
				f(x.Path[0])
			}
		}
		return true
	})
}

// rebindDomainChecks sees that the checks of domains over a changed composite type still
// can be computed.
func (c *Ctx) rebindDomainChecks(t *catalog.Table) error {
	for _, u := range c.domainsOver(t) {
		for _, k := range u.Checks {
			if err := c.bindDomainCheck(u, k); err != nil {
				return placeless(err)
			}
		}
	}
	return nil
}

func (c *Ctx) bindDomainCheck(u *catalog.UserType, k *catalog.Check) error {
	e, err := parser.ParseExpr(k.Expr)
	if err == nil {
		_, err = planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env,
			Place: planner.ForDomainCheck, Expr: e, ValueType: c.snap().Type(u.BaseOID), ValueMod: u.BaseMod})
	}
	return err
}

// renameAttribute writes an attribute's new name into the checks of domains.
func (c *Ctx) renameAttribute(t *catalog.Table, from, to string) error {
	for _, u := range c.domainsOver(t) {
		cp := *u
		cp.Checks = nil
		for _, k := range u.Checks {
			e, err := parser.ParseExpr(k.Expr)
			if err != nil {
				return err
			}
			eachAttribute(e, func(s *ast.Selector) {
				if s.Field == from {
					s.Field = to
				}
			})
			k := *k
			k.Expr = ast.Format(e)
			cp.Checks = append(cp.Checks, &k)
		}
		if err := c.put(&cp); err != nil {
			return err
		}
	}
	return nil
}
