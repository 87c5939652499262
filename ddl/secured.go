package ddl

import (
	"rowkey/catalog"
	"rowkey/pgerr"
	"rowkey/types"
)

// secured is an object that has an owner and privileges, whatever its kind.
// obj is its descriptor; for built-in objects a *catalog.Grants.
type secured struct {
	oid   catalog.OID
	kind  byte   // of its list, as acldefault has it
	noun  string // as messages about privileges name the kind
	name  string // without schema
	owner catalog.OID
	acl   *catalog.ACL // as it counts
	obj   catalog.Object
	// typ: of a table, its row type is meant.
	typ bool
}

func ownerOID(o catalog.OID) catalog.OID {
	if o == 0 {
		return catalog.BootstrapRoleOID
	}
	return o
}

func (c *Ctx) securedTable(t *catalog.Table) secured {
	acl, _ := c.snap().TableACL(t)
	s := secured{oid: t.OID, kind: catalog.ACLRelation, noun: c.snap().KindOf(t), name: t.Name, owner: ownerOID(t.Owner), acl: acl, obj: t}
	if t.Virtual != nil {
		s.obj = &catalog.Grants{OID: t.OID, Kind: catalog.ACLRelation}
	}
	return s
}

func (c *Ctx) securedSequence(q *catalog.Sequence) secured {
	s := secured{oid: q.OID, kind: catalog.ACLSequence, noun: "sequence", name: q.Name, owner: ownerOID(q.Owner), acl: q.ACL, obj: q}
	if s.acl == nil {
		s.acl = catalog.DefaultFor(s.kind, s.owner)
	}
	return s
}

func (c *Ctx) securedSchema(n *catalog.Schema) secured {
	acl, owner, _ := c.snap().SchemaACL(n)
	s := secured{oid: n.OID, kind: catalog.ACLSchema, noun: "schema", name: n.Name, owner: owner, acl: acl, obj: n}
	if n.OID == catalog.PgCatalogOID || n.OID == catalog.InformationSchemaOID || n.OID == catalog.RowkeyOID {
		s.obj = &catalog.Grants{OID: n.OID, Kind: catalog.ACLSchema}
	}
	return s
}

func (c *Ctx) securedFunction(f *catalog.Function) secured {
	acl, owner, _ := c.snap().FunctionACL(f.OID)
	return secured{oid: f.OID, kind: catalog.ACLFunction, noun: routineNoun(f), name: f.Name, owner: owner, acl: acl, obj: f}
}

func (c *Ctx) securedType(u *catalog.UserType) secured {
	acl, owner, _ := c.snap().TypeACL(u.OID)
	noun := "type"
	if u.Kind == types.KindDomain {
		noun = "domain"
	}
	return secured{oid: u.OID, kind: catalog.ACLType, noun: noun, name: u.Name, owner: owner, acl: acl, obj: u}
}

func (c *Ctx) securedDatabase(d *catalog.Database) secured {
	acl, _ := c.snap().DatabaseACL(d)
	return secured{oid: d.OID, kind: catalog.ACLDatabase, noun: "database", name: c.databaseText(d), owner: ownerOID(d.Owner), acl: acl, obj: d}
}

// secureds gives every object that a user made, and the databases.
func (c *Ctx) secureds() []secured {
	snap := c.snap()
	var out []secured
	for _, d := range snap.Databases() {
		out = append(out, c.securedDatabase(d))
	}
	for _, t := range snap.Tables() {
		if t.Virtual == nil {
			out = append(out, c.securedTable(t))
		}
	}
	for _, q := range snap.Sequences() {
		out = append(out, c.securedSequence(q))
	}
	for _, n := range snap.Schemas() {
		out = append(out, c.securedSchema(n))
	}
	for _, u := range snap.UserTypes() {
		if u.OID >= catalog.FirstUserOID {
			out = append(out, c.securedType(u))
		}
	}
	for _, f := range snap.Functions() {
		out = append(out, c.securedFunction(f))
	}
	for _, g := range snap.AllGrants() {
		noun, name := snap.DescribeGrants(g)
		out = append(out, secured{oid: g.OID, kind: g.Kind, noun: noun, name: name, owner: catalog.BootstrapRoleOID, acl: g.ACL, obj: g})
	}
	return out
}

// what names the kind as descriptions of dependent objects do.
func (o secured) what() string {
	switch o.noun {
	case "domain":
		return "type"
	case "aggregate":
		return "function"
	}
	return o.noun
}

// shown gives the name as descriptions of dependent objects have it.
func (o secured) shown(c *Ctx) string {
	switch x := o.obj.(type) {
	case *catalog.Table:
		if x.Kind == catalog.KindComposite {
			return types.Format(c.snap().Type(x.RowTypeOID), -1)
		}
		return c.relName(x.OID, x.Schema, x.Name)
	case *catalog.Sequence:
		return c.relName(x.OID, x.Schema, x.Name)
	case *catalog.Function:
		return c.functionText(x)
	case *catalog.UserType:
		return types.Format(c.snap().Type(x.OID), -1)
	}
	return o.name
}

// namesRole tells whether the object's privileges, those of its columns too,
// mention a role other than as its owner.
func (o secured) namesRole(role catalog.OID) bool {
	has := func(acl *catalog.ACL) bool { return role != o.owner && acl.Names(role) }
	if t, ok := o.obj.(*catalog.Table); ok {
		for i := range t.Columns {
			if has(t.Columns[i].ACL) {
				return true
			}
		}
		if has(t.TypeACL) {
			return true
		}
	}
	return has(o.acl)
}

// storeACL makes acl the object's list.
func (c *Ctx) storeACL(o secured, acl *catalog.ACL) error {
	switch x := o.obj.(type) {
	case *catalog.Table:
		t := clone(c.snap().Table(x.OID))
		if o.typ {
			t.TypeACL = acl
		} else {
			t.ACL = acl
		}
		return c.put(t)
	case *catalog.Sequence:
		cp := *c.snap().Sequence(x.OID)
		cp.ACL = acl
		return c.put(&cp)
	case *catalog.Schema:
		cp := *c.snap().Schema(x.OID)
		cp.ACL, cp.Owner = acl, o.owner
		return c.put(&cp)
	case *catalog.Function:
		cp := *c.snap().Function(x.OID)
		cp.ACL = acl
		return c.put(&cp)
	case *catalog.UserType:
		cp := *c.snap().UserType(x.OID)
		cp.ACL = acl
		return c.put(&cp)
	case *catalog.Database:
		cp := *c.snap().DatabaseByOID(x.OID)
		cp.ACL = acl
		return c.put(&cp)
	case *catalog.Grants:
		return c.put(&catalog.Grants{OID: x.OID, Kind: x.Kind, ACL: acl})
	}
	return pgerr.Newf(pgerr.InternalError, "privileges of a %s cannot be stored", o.noun)
}

// storeOwner makes role the object's owner; its privileges go along.
func (c *Ctx) storeOwner(o secured, role catalog.OID) error {
	if o.owner == role {
		return nil
	}
	moved := func(acl *catalog.ACL) *catalog.ACL {
		if acl == nil {
			return nil
		}
		return acl.NewOwner(o.owner, role)
	}
	switch x := o.obj.(type) {
	case *catalog.Table:
		t := clone(c.snap().Table(x.OID))
		t.Owner, t.ACL, t.TypeACL = role, moved(t.ACL), moved(t.TypeACL)
		for i := range t.Columns {
			t.Columns[i].ACL = moved(t.Columns[i].ACL)
		}
		if err := c.put(t); err != nil {
			return err
		}
		for _, q := range c.snap().Sequences() {
			if q.OwnerTable == t.OID {
				if err := c.storeOwner(c.securedSequence(q), role); err != nil {
					return err
				}
			}
		}
		return nil
	case *catalog.Sequence:
		cp := *c.snap().Sequence(x.OID)
		cp.Owner, cp.ACL = role, moved(cp.ACL)
		return c.put(&cp)
	case *catalog.Schema:
		cp := *c.snap().Schema(x.OID)
		if cp.ACL == nil && cp.OID == catalog.PublicOID { // its defaults are its own
			cp.ACL = o.acl
		}
		cp.Owner, cp.ACL = role, moved(cp.ACL)
		return c.put(&cp)
	case *catalog.Function:
		cp := *c.snap().Function(x.OID)
		cp.Owner, cp.ACL = role, moved(cp.ACL)
		return c.put(&cp)
	case *catalog.UserType:
		cp := *c.snap().UserType(x.OID)
		cp.Owner, cp.ACL = role, moved(cp.ACL)
		return c.put(&cp)
	case *catalog.Database:
		cp := *c.snap().DatabaseByOID(x.OID)
		cp.Owner, cp.ACL = role, moved(cp.ACL)
		return c.put(&cp)
	}
	return pgerr.Unsupported("changing the owner of a %s is not supported", o.noun)
}
