package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// What the current role must be, or must have been granted, before a
// definition statement does anything.

// role gives the role in whose name the statement runs.
func (c *Ctx) role() catalog.OID {
	if c.Role == 0 {
		return catalog.BootstrapRoleOID
	}
	return c.Role
}

func (c *Ctx) superuser() bool { return c.snap().Superuser(c.role()) }

// roles gives the roles as the session names them.
func (c *Ctx) roles() catalog.RoleNames {
	return catalog.RoleNames{Snap: c.snap(), Bootstrap: c.Bootstrap}
}

// roleOf finds the role that a statement names.
func (c *Ctx) roleOf(r *ast.RoleSpec) (*catalog.Role, error) {
	switch r.Kind {
	case ast.RoleCurrentRole, ast.RoleCurrentUser:
		return c.snap().Role(c.role()), nil
	case ast.RoleSessionUser:
		if c.SessionRole == 0 {
			return c.snap().Role(catalog.BootstrapRoleOID), nil
		}
		return c.snap().Role(c.SessionRole), nil
	case ast.RoleNamed:
		if role := c.roles().ByName(r.Name); role != nil {
			return role, nil
		}
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", r.String())
}

func (c *Ctx) owns(owner catalog.OID) bool {
	if owner == 0 {
		owner = catalog.BootstrapRoleOID
	}
	return c.snap().HasPrivsOf(c.role(), owner)
}

// ownTable demands that the table, view or composite type is the current role's.
func (c *Ctx) ownTable(t *catalog.Table) error {
	if c.owns(t.Owner) {
		return nil
	}
	return catalog.MustBeOwner(c.snap().KindOf(t), t.Name)
}

// ownRelation demands ownership of what a column, rule or trigger is part of.
func (c *Ctx) ownRelation(t *catalog.Table) error {
	if c.owns(t.Owner) {
		return nil
	}
	return catalog.MustBeOwner("relation", t.Name)
}

// ownOf demands ownership of the relation with an OID: a table, index or sequence.
func (c *Ctx) ownOf(oid catalog.OID) error {
	snap := c.snap()
	if t := snap.Table(oid); t != nil {
		return c.ownTable(t)
	}
	if s := snap.Sequence(oid); s != nil {
		return c.ownSequence(s)
	}
	if t := snap.TableOfIndex(oid); t != nil && !c.owns(t.Owner) {
		return catalog.MustBeOwner("index", t.IndexByOID(oid).Name)
	}
	return nil
}

func (c *Ctx) ownSequence(s *catalog.Sequence) error {
	if c.owns(s.Owner) {
		return nil
	}
	return catalog.MustBeOwner("sequence", s.Name)
}

func (c *Ctx) ownSchema(s *catalog.Schema) error {
	if c.owns(c.snap().SchemaOwner(s)) {
		return nil
	}
	return catalog.MustBeOwner("schema", s.Name)
}

func (c *Ctx) ownType(u *catalog.UserType) error {
	if c.owns(u.Owner) {
		return nil
	}
	return catalog.MustBeOwner("type", u.Name)
}

// routineNoun is what messages about privileges call a function.
func routineNoun(f *catalog.Function) string {
	switch f.Kind {
	case 'p':
		return "procedure"
	case 'a':
		return "aggregate"
	}
	return "function"
}

func (c *Ctx) ownFunction(f *catalog.Function) error {
	if c.owns(f.Owner) {
		return nil
	}
	return catalog.MustBeOwner(routineNoun(f), f.Name)
}

// ownTarget demands ownership of what DROP names. Who owns a schema may drop
// what is in it.
func (c *Ctx) ownTarget(t target) error {
	if c.superuser() {
		return nil
	}
	inOwn := func(schema catalog.OID) bool {
		s := c.snap().Schema(schema)
		return s != nil && c.owns(c.snap().SchemaOwner(s))
	}
	switch {
	case t.schema != nil:
		return c.ownSchema(t.schema)
	case t.ext != nil:
		return nil // dropExtension has seen to it
	case t.fn != nil:
		if inOwn(t.fn.SchemaOID) {
			return nil
		}
		return c.ownFunction(t.fn)
	case t.typ != nil:
		if inOwn(t.typ.SchemaOID) {
			return nil
		}
		return c.ownType(t.typ)
	case t.seq != nil:
		if inOwn(t.seq.SchemaOID) {
			return nil
		}
		return c.ownSequence(t.seq)
	case t.table != nil && inOwn(t.table.SchemaOID):
		return nil
	case t.table != nil && t.index != nil:
		if !c.owns(t.table.Owner) {
			return catalog.MustBeOwner("index", t.index.Name)
		}
		return nil
	case t.table != nil && t.trigger != nil:
		return c.ownRelation(t.table)
	case t.table != nil:
		return c.ownTable(t.table)
	}
	return nil
}

// mayCreateIn demands CREATE on a schema; a session's own temporary one asks
// for TEMPORARY on the database when it is made.
func (c *Ctx) mayCreateIn(s *catalog.Schema, pos int) error {
	if s == nil || c.superuser() || strings.HasPrefix(s.Name, "pg_temp_") {
		return nil
	}
	if c.snap().SchemaRights(c.role(), s, catalog.Create) == 0 {
		return catalog.PermissionDenied("schema", s.Name).At(pos)
	}
	return nil
}

// mayUseSchema demands USAGE of a schema that is named.
func (c *Ctx) mayUseSchema(name string) error {
	if name == "" || c.superuser() || strings.HasPrefix(name, "pg_temp") {
		return nil
	}
	s := c.snap().SchemaByName(name)
	if s != nil && c.snap().SchemaRights(c.role(), s, catalog.Usage) == 0 {
		return catalog.PermissionDenied("schema", name)
	}
	return nil
}

// mayMakeTemporary demands TEMPORARY on the database.
func (c *Ctx) mayMakeTemporary() error {
	if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.CreateTemp) == 0 {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create temporary tables in database \"%s\"", c.database())
	}
	return nil
}

func (c *Ctx) database() string {
	if c.Exec == nil {
		return ""
	}
	return c.Exec().Eval.Session.CurrentDatabase()
}

// mayUseType demands USAGE of a type.
func (c *Ctx) mayUseType(t *types.Type) error {
	if t == nil || c.superuser() {
		return nil
	}
	if c.snap().TypeRights(c.role(), t.OID, catalog.Usage) == 0 {
		if t.IsArray() {
			t = t.Elem
		}
		return catalog.PermissionDenied("type", types.Format(t, -1))
	}
	return nil
}

// hasTableRight demands a privilege on a whole table.
func (c *Ctx) hasTableRight(t *catalog.Table, right catalog.Rights) error {
	if c.snap().TableRights(c.role(), t, right) == right {
		return nil
	}
	return catalog.PermissionDenied(c.snap().KindOf(t), t.Name)
}

// mayReference demands REFERENCES on a table or on columns of it.
func (c *Ctx) mayReference(t *catalog.Table, attnums []int16) error {
	if c.snap().TableRights(c.role(), t, catalog.References) != 0 {
		return nil
	}
	for _, a := range attnums {
		if c.snap().ColumnRights(c.role(), t, a, catalog.References) == 0 {
			return catalog.PermissionDenied("table", t.Name)
		}
	}
	return nil
}

// mayCall demands EXECUTE on a function.
func (c *Ctx) mayCall(f *catalog.Function) error {
	if c.snap().FunctionRights(c.role(), f.OID, catalog.Execute) != 0 {
		return nil
	}
	return catalog.PermissionDenied(routineNoun(f), f.Name)
}

// newObject gives an object that is being made the privileges that its
// maker's ALTER DEFAULT PRIVILEGES say.
func (c *Ctx) newObject(o catalog.Object) {
	snap := c.snap()
	if len(snap.DefaultACLs()) == 0 {
		return
	}
	switch o := o.(type) {
	case *catalog.Table:
		if snap.Table(o.OID) == nil && o.ACL == nil && o.Kind != catalog.KindComposite {
			o.ACL = c.defaultACL('r', catalog.ACLRelation, o.Owner, o.SchemaOID)
		}
	case *catalog.Sequence:
		if snap.Sequence(o.OID) == nil && o.ACL == nil {
			o.ACL = c.defaultACL('S', catalog.ACLSequence, o.Owner, o.SchemaOID)
		}
	case *catalog.Function:
		if snap.Function(o.OID) == nil && o.ACL == nil {
			o.ACL = c.defaultACL('f', catalog.ACLFunction, o.Owner, o.SchemaOID)
		}
	case *catalog.UserType:
		if snap.UserType(o.OID) == nil && o.ACL == nil {
			o.ACL = c.defaultACL('T', catalog.ACLType, o.Owner, o.SchemaOID)
		}
	case *catalog.Schema:
		if snap.Schema(o.OID) == nil && o.ACL == nil {
			o.ACL = c.defaultACL('n', catalog.ACLSchema, o.Owner, 0)
		}
	}
}

// defaultACL computes the list of a new object, nil for the usual one.
func (c *Ctx) defaultACL(kind, aclKind byte, owner, schema catalog.OID) *catalog.ACL {
	var global, local *catalog.ACL
	for _, d := range c.snap().DefaultACLs() {
		if d.Role != owner || d.Kind != kind {
			continue
		}
		if d.Schema == 0 {
			global = &d.ACL
		} else if d.Schema == schema {
			local = &d.ACL
		}
	}
	if global == nil && local == nil {
		return nil
	}
	usual := catalog.DefaultFor(aclKind, owner)
	out := usual
	if global != nil {
		out = global
	}
	if local != nil {
		out = out.Merged(local)
	}
	if out.Equal(usual) {
		return nil
	}
	return out
}

// mayUseLanguage demands USAGE of a new function's language; those that are not
// trusted are for superusers.
func (c *Ctx) mayUseLanguage(f *catalog.Function) error {
	name := f.Language
	if name == "" {
		name = "sql"
	}
	_, trusted, ok := catalog.Language(name)
	if ok && (!trusted && !c.superuser() || c.snap().LanguageRights(c.role(), name, catalog.Usage) == 0) {
		return catalog.PermissionDenied("language", name)
	}
	if f.Leakproof && !c.superuser() {
		return denied("only superuser can define a leakproof function")
	}
	return nil
}
