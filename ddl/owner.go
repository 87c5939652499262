package ddl

import (
	"slices"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/types"
)

// ALTER … OWNER TO, REASSIGN OWNED and DROP OWNED.

// changeOwner gives an object to another role, if the current one may.
func (c *Ctx) changeOwner(o secured, role *catalog.Role) error {
	if role.OID == o.owner {
		return nil
	}
	if !c.superuser() {
		if !c.owns(o.owner) {
			return catalog.MustBeOwner(o.noun, o.name)
		}
		if !c.snap().IsMember(c.role(), role.OID) {
			return denied("must be member of role \"%s\"", role.Name)
		}
		switch o.kind {
		case catalog.ACLDatabase:
			if r := c.snap().Role(c.role()); r == nil || !r.CreateDB {
				return denied("permission denied to change owner of database")
			}
		case catalog.ACLSchema:
			if c.snap().DatabaseRights(c.role(), c.snap().Database(), catalog.Create) == 0 {
				return catalog.PermissionDenied("database", c.database())
			}
		default:
			if s := c.snap().Schema(schemaOf(o.obj)); s != nil && c.snap().SchemaRights(role.OID, s, catalog.Create) == 0 {
				return catalog.PermissionDenied("schema", s.Name)
			}
		}
	}
	return c.storeOwner(o, role.OID)
}

func schemaOf(o catalog.Object) catalog.OID {
	switch o := o.(type) {
	case *catalog.Table:
		return o.SchemaOID
	case *catalog.Sequence:
		return o.SchemaOID
	case *catalog.Function:
		return o.SchemaOID
	case *catalog.UserType:
		return o.SchemaOID
	case *catalog.Extension:
		return o.SchemaOID
	}
	return 0
}

// changeRelationOwner is ALTER TABLE, VIEW, SEQUENCE or INDEX … OWNER TO.
func (c *Ctx) changeRelationOwner(oid catalog.OID, to *ast.RoleSpec) error {
	role, err := c.roleOf(to)
	if err != nil {
		return err
	}
	snap := c.snap()
	if t := snap.Table(oid); t != nil {
		return c.changeOwner(c.securedTable(t), role)
	}
	if q := snap.Sequence(oid); q != nil {
		if q.OwnerTable == 0 || role.OID == ownerOID(q.Owner) {
			return c.changeOwner(c.securedSequence(q), role)
		}
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot change owner of sequence \"%s\"", q.Name).
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", q.Name, snap.Table(q.OwnerTable).Name)
	}
	if t := snap.TableOfIndex(oid); t != nil && role.OID != ownerOID(t.Owner) {
		e := pgerr.Newf(pgerr.WrongObjectType, "cannot change owner of index \"%s\"", t.IndexByOID(oid).Name).
			WithHint("Change the ownership of the index's table instead.")
		e.Severity = "WARNING"
		c.Notice(e)
	}
	return nil
}

// alterOwner is ALTER … OWNER TO of what is not a relation.
func (c *Ctx) alterOwner(n *ast.AlterOwnerStmt) error {
	role, err := c.roleOf(n.Owner)
	if err != nil {
		return err
	}
	o := n.Object
	switch o.Kind {
	case ast.ObjectSchema:
		s := c.snap().SchemaByName(o.Name[0])
		if s == nil {
			return pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", o.Name[0])
		}
		return c.changeOwner(c.securedSchema(s), role)
	case ast.ObjectDatabase:
		d, err := c.databaseNamed(o.Name[0])
		if err != nil {
			return err
		}
		return c.changeOwner(c.securedDatabase(d), role)
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine, ast.ObjectAggregate:
		f, missing, err := c.routine(o, o.Kind)
		if err != nil {
			return err
		}
		if f == nil {
			return missing
		}
		return c.changeOwner(c.securedFunction(f), role)
	case ast.ObjectType, ast.ObjectDomain:
		u, rel, err := c.alteredType(o)
		if err != nil {
			return err
		}
		if u != nil {
			return c.changeOwner(c.securedType(u), role)
		}
		return c.changeOwner(c.securedTable(rel), role)
	}
	if err := c.noSystemObject(o); err != nil {
		return err
	}
	return pgerr.Unsupported("%s … OWNER TO is not supported", ast.Tag(n))
}

// alteredType finds the type whose owner or schema ALTER TYPE or DOMAIN changes: one with a descriptor
// of its own, or a composite type.
func (c *Ctx) alteredType(o *ast.Object) (*catalog.UserType, *catalog.Table, error) {
	names := o.Name
	if o.Type != nil {
		names = o.Type.Names
	}
	t := c.typeNamed(names)
	if t == nil {
		return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", types.QuoteIdent(names[len(names)-1]))
	}
	if t.IsArray() {
		return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "cannot alter array type %s", types.Format(t, -1)).
			WithHint("You can alter type %s, which will alter the array type as well.", types.Format(t.Elem, -1))
	}
	if u := c.snap().UserType(t.OID); u != nil {
		if o.Kind == ast.ObjectDomain && u.Kind != types.KindDomain {
			return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "%s is not a domain", types.Format(t, -1))
		}
		return u, nil, nil
	}
	if rel := c.snap().Table(t.RelID); rel != nil && rel.Virtual == nil {
		if rel.Kind != catalog.KindComposite {
			return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "%s is a table's row type", types.Format(t, -1)).
				WithHint("Use ALTER TABLE instead.")
		}
		return nil, rel, nil
	}
	return nil, nil, catalog.MustBeOwner("type", t.Name)
}

// ownedBy gives the roles that REASSIGN or DROP OWNED names.
func (c *Ctx) ownedBy(specs []*ast.RoleSpec, what string) ([]catalog.OID, error) {
	out, err := c.roleOIDs(specs)
	if err != nil {
		return nil, err
	}
	for _, r := range out {
		if !c.snap().HasPrivsOf(c.role(), r) {
			return nil, denied("permission denied to %s objects", what)
		}
	}
	return out, nil
}

func (c *Ctx) reassignOwned(n *ast.ReassignOwnedStmt) error {
	roles, err := c.ownedBy(n.Roles, "reassign")
	if err != nil {
		return err
	}
	to, err := c.roleOf(n.NewOwner)
	if err != nil {
		return err
	}
	if !c.snap().HasPrivsOf(c.role(), to.OID) {
		return denied("permission denied to reassign objects")
	}
	for _, r := range roles {
		if r < catalog.FirstUserOID {
			return pgerr.Newf(pgerr.DependentObjectsStillExist,
				"cannot reassign ownership of objects owned by role %s because they are required by the database system", c.roles().Name(r))
		}
	}
	for _, o := range c.secureds() {
		if slices.Contains(roles, o.owner) {
			if q, ok := o.obj.(*catalog.Sequence); ok && q.OwnerTable != 0 {
				continue // goes with its table
			}
			if err := c.storeOwner(o, to.OID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Ctx) dropOwned(n *ast.DropOwnedStmt) error {
	roles, err := c.ownedBy(n.Roles, "drop")
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r < catalog.FirstUserOID {
			return pgerr.Newf(pgerr.DependentObjectsStillExist,
				"cannot drop objects owned by role %s because they are required by the database system", c.roles().Name(r))
		}
	}
	var targets []target
	for _, o := range c.secureds() {
		if !slices.Contains(roles, o.owner) {
			continue
		}
		switch x := o.obj.(type) {
		case *catalog.Table:
			t, err := c.lock(x, lockForChange)
			if err != nil {
				return err
			}
			targets = append(targets, target{table: t})
		case *catalog.Sequence:
			if x.OwnerTable == 0 {
				targets = append(targets, target{seq: x})
			}
		case *catalog.Schema:
			targets = append(targets, target{schema: x})
		case *catalog.UserType:
			targets = append(targets, target{typ: x})
		case *catalog.Function:
			targets = append(targets, target{fn: x})
		}
	}
	if len(targets) > 0 {
		if err := c.dropTargets(targets, n.Behavior, ""); err != nil {
			return err
		}
	}
	for _, r := range roles {
		if err := c.revokeAll(r); err != nil {
			return err
		}
	}
	return nil
}

// revokeAll takes a role out of all lists of privileges.
func (c *Ctx) revokeAll(role catalog.OID) error {
	for _, o := range c.secureds() {
		if !o.namesRole(role) {
			continue
		}
		if t, ok := o.obj.(*catalog.Table); ok {
			cp := clone(c.snap().Table(t.OID))
			strip := func(acl *catalog.ACL) *catalog.ACL {
				if acl == nil {
					return nil
				}
				out, _ := acl.Without(role)
				return out
			}
			cp.ACL, cp.TypeACL = strip(cp.ACL), strip(cp.TypeACL)
			for i := range cp.Columns {
				if a := strip(cp.Columns[i].ACL); a != nil && len(a.Items) == 0 {
					cp.Columns[i].ACL = nil
				} else {
					cp.Columns[i].ACL = a
				}
			}
			if err := c.put(cp); err != nil {
				return err
			}
			continue
		}
		acl, _ := o.acl.Without(role)
		if err := c.storeACL(o, acl); err != nil {
			return err
		}
	}
	for _, d := range c.snap().DefaultACLs() {
		acl, changed := d.ACL.Without(role)
		switch {
		case d.Role == role || changed && len(acl.Items) == 0:
			if err := c.dropObject(d); err != nil {
				return err
			}
		case changed:
			cp := *d
			cp.ACL = *acl
			if err := c.put(&cp); err != nil {
				return err
			}
		}
	}
	return nil
}
