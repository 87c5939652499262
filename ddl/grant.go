package ddl

import (
	"errors"
	"fmt"
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// GRANT and REVOKE of privileges on objects, and ALTER DEFAULT PRIVILEGES.

// grant is one GRANT or REVOKE with its names looked up.
type grant struct {
	mode     catalog.GrantMode
	grantees []catalog.OID
	rights   catalog.Rights // 0: ALL
	option   bool
	cascade  bool
	columns  []columnGrant
}

// columnGrant is a privilege with a list of columns.
type columnGrant struct {
	rights catalog.Rights // 0: ALL
	names  []string
}

func (g *grant) verb() (granted, code string) {
	if g.mode == catalog.GrantAdd {
		return "were granted", pgerr.PrivilegeNotGranted
	}
	return "could be revoked", pgerr.PrivilegeNotRevoked
}

// grantKinds are the kinds of list that statements on a kind of object change.
var grantKinds = map[ast.ObjectKind]struct {
	kind byte
	word string
}{
	ast.ObjectTable: {catalog.ACLRelation, "relation"}, ast.ObjectSequence: {catalog.ACLSequence, "sequence"}, ast.ObjectDatabase: {catalog.ACLDatabase, "database"},
	ast.ObjectSchema: {catalog.ACLSchema, "schema"}, ast.ObjectFunction: {catalog.ACLFunction, "function"}, ast.ObjectProcedure: {catalog.ACLFunction, "procedure"},
	ast.ObjectRoutine: {catalog.ACLFunction, "routine"}, ast.ObjectType: {catalog.ACLType, "type"}, ast.ObjectDomain: {catalog.ACLType, "domain"},
	ast.ObjectLanguage: {catalog.ACLLanguage, "language"}, ast.ObjectTablespace: {catalog.ACLTablespace, "tablespace"},
	ast.ObjectForeignDataWrapper: {'F', "foreign-data wrapper"}, ast.ObjectForeignServer: {'S', "foreign server"},
	ast.ObjectLargeObject: {'L', "large object"}, ast.ObjectParameter: {'p', "parameter"},
}

// grantOf reads what a statement grants or revokes, and to whom.
func (c *Ctx) grantOf(n *ast.GrantStmt) (*grant, error) {
	g := &grant{option: n.GrantOption, cascade: n.Behavior == ast.DropCascade}
	switch {
	case n.Revoke && n.GrantOption:
		g.mode = catalog.GrantRevokeOption
	case n.Revoke:
		g.mode = catalog.GrantRevoke
	}
	if n.GrantedBy != nil {
		r, err := c.roleOf(n.GrantedBy)
		if err != nil {
			return nil, err
		}
		if r.OID != c.role() {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "grantor must be current user")
		}
	}
	for _, spec := range n.Grantees {
		if spec.Kind == ast.RolePublic {
			if g.mode == catalog.GrantAdd && g.option {
				return nil, pgerr.New(pgerr.InvalidGrantOperation, "grant options can only be granted to roles")
			}
			g.grantees = append(g.grantees, 0)
			continue
		}
		r, err := c.roleOf(spec)
		if err != nil {
			return nil, err
		}
		g.grantees = append(g.grantees, r.OID)
	}
	k := grantKinds[n.Kind]
	allowed := catalog.AllRights(k.kind)
	if n.Kind == ast.ObjectTable && n.Target == ast.GrantObjects {
		allowed |= catalog.AllRights(catalog.ACLSequence)
	}
	for _, p := range n.Privileges {
		var right catalog.Rights
		if p.Name != "" {
			if right = catalog.RightNamed(p.Name); right == 0 {
				return nil, pgerr.Newf(pgerr.SyntaxError, "unrecognized privilege type \"%s\"", p.Name)
			}
		}
		if len(p.Columns) > 0 {
			if n.Kind != ast.ObjectTable || n.Target != ast.GrantObjects {
				return nil, pgerr.New(pgerr.InvalidGrantOperation, "column privileges are only valid for relations")
			}
			if right&^catalog.AllRights(catalog.ACLColumn) != 0 {
				return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for column", rightWord(right))
			}
			g.columns = append(g.columns, columnGrant{right, p.Columns})
			continue
		}
		if right&^allowed != 0 {
			return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for %s", rightWord(right), k.word)
		}
		g.rights |= right
	}
	return g, nil
}

func rightWord(r catalog.Rights) (word string) {
	catalog.EachRight(r, func(_ catalog.Rights, _ byte, w string) { word = w })
	return word
}

// grant carries out GRANT and REVOKE on objects.
func (c *Ctx) grant(n *ast.GrantStmt) error {
	objs, err := c.grantObjects(n)
	if err != nil {
		return err
	}
	g, err := c.grantOf(n)
	if err != nil {
		return err
	}
	onlyColumns := len(n.Privileges) > 0 && g.rights == 0
	for _, o := range objs {
		if onlyColumns {
			continue
		}
		if err := c.changeACL(o, g, n.Kind); err != nil {
			return err
		}
	}
	for _, o := range objs {
		for _, cg := range g.columns {
			if err := c.changeColumns(o, g, cg); err != nil {
				return err
			}
		}
	}
	return nil
}

// changeACL grants or revokes on one object.
func (c *Ctx) changeACL(o secured, g *grant, as ast.ObjectKind) error {
	kind := o.kind
	rights, all := g.rights, g.rights == 0
	whole := catalog.AllRights(kind)
	if all {
		rights = whole
	}
	if as == ast.ObjectTable && rights&^whole != 0 {
		if kind == catalog.ACLSequence {
			c.warn(pgerr.InvalidGrantOperation, "sequence \"%s\" only supports USAGE, SELECT, and UPDATE privileges", o.name)
			rights &= whole
		} else {
			return pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for table", rightWord(rights&^whole))
		}
	}
	if rights == 0 {
		return nil
	}
	grantor, options := o.acl.BestGrantor(c.snap(), c.role(), o.owner, rights)
	able := options.Granting() & rights
	if able == 0 && !c.anyRight(o, whole) {
		return catalog.PermissionDenied(o.noun, o.name)
	}
	verb, code := g.verb()
	switch {
	case able == 0:
		c.warn(code, "no privileges %s for \"%s\"", verb, o.name)
	case !all && able != rights:
		c.warn(code, "not all privileges %s for \"%s\"", verb, o.name)
	}
	acl, err := o.acl.Changed(c.snap(), g.mode, g.grantees, able, g.option, grantor, o.owner, g.cascade)
	if err != nil {
		return grantError(err)
	}
	if err := c.storeACL(o, acl); err != nil {
		return err
	}
	// What is revoked from the table is revoked from its columns, too.
	if t, ok := o.obj.(*catalog.Table); ok && !o.typ && g.mode != catalog.GrantAdd {
		return c.revokeFromColumns(t.OID, g, able&catalog.AllRights(catalog.ACLColumn), grantor)
	}
	return nil
}

func grantError(err error) error {
	switch {
	case errors.As(err, &catalog.DependentError{}):
		return pgerr.New(pgerr.DependentObjectsStillExist, err.Error()).WithHint("Use CASCADE to revoke them too.")
	case errors.As(err, &catalog.CircularError{}):
		return pgerr.New(pgerr.InvalidGrantOperation, err.Error())
	}
	return err
}

// anyRight tells whether the current role has anything to do with an object.
func (c *Ctx) anyRight(o secured, whole catalog.Rights) bool {
	if c.superuser() {
		return true
	}
	return o.acl.Held(c.snap(), c.role(), o.owner, whole|whole.Option()) != 0
}

func (c *Ctx) revokeFromColumns(table catalog.OID, g *grant, rights catalog.Rights, grantor catalog.OID) error {
	if rights == 0 {
		return nil
	}
	t := clone(c.snap().Table(table))
	changed := false
	for i := range t.Columns {
		col := &t.Columns[i]
		if col.ACL == nil {
			continue
		}
		acl, err := col.ACL.Changed(c.snap(), g.mode, g.grantees, rights, g.option, grantor, ownerOID(t.Owner), g.cascade)
		if err != nil {
			return grantError(err)
		}
		if col.ACL = acl; len(acl.Items) == 0 {
			col.ACL = nil
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return c.put(t)
}

// changeColumns grants or revokes on columns of a relation.
func (c *Ctx) changeColumns(o secured, g *grant, cg columnGrant) error {
	rel, ok := o.obj.(*catalog.Table)
	if !ok {
		if o.kind == catalog.ACLSequence {
			if cg.rights&^catalog.Select != 0 || cg.rights == 0 {
				c.warn(pgerr.InvalidGrantOperation, "sequence \"%s\" only supports SELECT column privileges", o.name)
			}
		}
		return pgerr.Unsupported("privileges on columns of %s %s are not supported", o.noun, o.name)
	}
	rights, all := cg.rights, cg.rights == 0
	if all {
		rights = catalog.AllRights(catalog.ACLColumn)
	}
	for _, name := range cg.names {
		t := clone(c.snap().Table(rel.OID))
		found := t.ColumnByName(name)
		if found == nil {
			return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name)
		}
		col := &t.Columns[found.Attnum-1]
		acl := col.ACL
		if acl == nil {
			acl = &catalog.ACL{}
		}
		// options on the table let one grant on its columns
		both := acl.Merged(o.acl)
		grantor, options := both.BestGrantor(c.snap(), c.role(), o.owner, rights)
		able := options.Granting() & rights
		if able == 0 && !c.superuser() && both.Held(c.snap(), c.role(), o.owner, rights|rights.Option()) == 0 {
			return denied("permission denied for column \"%s\" of relation \"%s\"", name, t.Name)
		}
		verb, code := g.verb()
		switch {
		case able == 0:
			c.warn(code, "no privileges %s for column \"%s\" of relation \"%s\"", verb, name, t.Name)
		case !all && able != rights:
			c.warn(code, "not all privileges %s for column \"%s\" of relation \"%s\"", verb, name, t.Name)
		}
		next, err := acl.Changed(c.snap(), g.mode, g.grantees, able, g.option, grantor, o.owner, g.cascade)
		if err != nil {
			return grantError(err)
		}
		if col.ACL = next; len(next.Items) == 0 {
			col.ACL = nil
		}
		if err := c.put(t); err != nil {
			return err
		}
	}
	return nil
}

// grantObjects finds the objects that GRANT or REVOKE names.
func (c *Ctx) grantObjects(n *ast.GrantStmt) ([]secured, error) {
	var out []secured
	for _, o := range n.Objects {
		if n.Target == ast.GrantAllInSchema {
			s := c.snap().SchemaByName(o.Name[0])
			if s == nil {
				return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", o.Name[0])
			}
			if err := c.mayUseSchema(s.Name); err != nil {
				return nil, err
			}
			out = append(out, c.allInSchema(s, n.Kind)...)
			continue
		}
		s, err := c.grantObject(n.Kind, o)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *Ctx) allInSchema(s *catalog.Schema, kind ast.ObjectKind) (out []secured) {
	snap := c.snap()
	switch kind {
	case ast.ObjectTable:
		for _, t := range snap.Tables() {
			if t.SchemaOID == s.OID && t.Kind != catalog.KindComposite {
				out = append(out, c.securedTable(t))
			}
		}
	case ast.ObjectSequence:
		for _, q := range snap.Sequences() {
			if q.SchemaOID == s.OID {
				out = append(out, c.securedSequence(q))
			}
		}
	default:
		for _, f := range snap.Functions() {
			if f.SchemaOID == s.OID && (kind == ast.ObjectRoutine || (kind == ast.ObjectProcedure) == (f.Kind == 'p')) {
				out = append(out, c.securedFunction(f))
			}
		}
	}
	return out
}

func (c *Ctx) grantObject(kind ast.ObjectKind, o *ast.Object) (s secured, err error) {
	snap := c.snap()
	switch kind {
	case ast.ObjectTable, ast.ObjectSequence:
		rv := rangeVarOf(o)
		if err := c.mayUseSchema(rv.Schema); err != nil {
			return s, err
		}
		oid := c.find(rv)
		if oid == 0 {
			return s, c.missing(rv)
		}
		if q := snap.Sequence(oid); q != nil {
			return c.securedSequence(q), nil
		}
		t := snap.Table(oid)
		switch {
		case t == nil:
			return s, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an index", rv.Name)
		case t.Kind == catalog.KindComposite:
			return s, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is a composite type", rv.Name)
		case kind == ast.ObjectSequence:
			return s, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", rv.Name)
		}
		return c.securedTable(t), nil
	case ast.ObjectSchema:
		n := snap.SchemaByName(o.Name[0])
		if n == nil {
			return s, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", o.Name[0])
		}
		return c.securedSchema(n), nil
	case ast.ObjectDatabase:
		d, err := c.databaseNamed(o.Name[0])
		if err != nil {
			return s, err
		}
		return c.securedDatabase(d), nil
	case ast.ObjectFunction, ast.ObjectProcedure, ast.ObjectRoutine:
		return c.grantFunction(kind, o)
	case ast.ObjectType, ast.ObjectDomain:
		return c.grantType(kind, o)
	case ast.ObjectLanguage:
		return c.grantLanguage(o.Name[0])
	}
	return s, pgerr.Unsupported("privileges on %ss are not supported", grantKinds[kind].word)
}

func (c *Ctx) grantFunction(kind ast.ObjectKind, o *ast.Object) (s secured, err error) {
	f, missing, err := c.routine(o, kind)
	if f != nil {
		return c.securedFunction(f), nil
	}
	if err == nil {
		return s, missing
	}
	if kind == ast.ObjectFunction && pgerr.CodeOf(err) == pgerr.WrongObjectType { // an aggregate is a function, too
		if f, _, e := c.routine(o, ast.ObjectAggregate); e == nil && f != nil {
			return c.securedFunction(f), nil
		}
	}
	// a built-in one?
	var args []*types.Type
	for _, p := range o.Params {
		t, _, e := planner.ResolveTypeName(c.snap(), c.SearchPath(), p.Type)
		if e != nil {
			return s, placeless(e)
		}
		args = append(args, t)
	}
	for _, g := range planner.LookupFunctions(c.snap(), c.SearchPath(), o.Name) {
		if g.User == nil && (!o.ParamsGiven || sameOIDs(g.Args, args)) {
			acl, owner, _ := c.snap().FunctionACL(g.OID)
			return secured{oid: g.OID, kind: catalog.ACLFunction, noun: "function", name: g.Name, owner: owner, acl: acl,
				obj: &catalog.Grants{OID: g.OID, Kind: catalog.ACLFunction}}, nil
		}
	}
	return s, err
}

func (c *Ctx) grantType(kind ast.ObjectKind, o *ast.Object) (s secured, err error) {
	names := o.Name
	if len(names) == 0 && o.Type != nil {
		names = o.Type.Names
	}
	t := c.typeNamed(names)
	if t == nil {
		return s, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", strings.Join(names, "."))
	}
	if t.IsArray() {
		return s, pgerr.New(pgerr.InvalidGrantOperation, "cannot set privileges of array types").
			WithHint("Set the privileges of the element type instead.")
	}
	if kind == ast.ObjectDomain && t.Kind != types.KindDomain {
		return s, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a domain", t.Name)
	}
	if u := c.snap().UserType(t.OID); u != nil && u.OID >= catalog.FirstUserOID {
		return c.securedType(u), nil
	}
	acl, owner, _ := c.snap().TypeACL(t.OID)
	s = secured{oid: t.OID, kind: catalog.ACLType, noun: "type", name: t.Name, owner: owner, acl: acl, obj: &catalog.Grants{OID: t.OID, Kind: catalog.ACLType}}
	if rel := c.snap().Table(t.RelID); rel != nil && rel.Virtual == nil {
		s.obj, s.typ = rel, true
	}
	return s, nil
}

func (c *Ctx) grantLanguage(name string) (s secured, err error) {
	oid, trusted, ok := catalog.Language(name)
	if !ok {
		return s, pgerr.Newf(pgerr.UndefinedObject, "language \"%s\" does not exist", name)
	}
	if !trusted {
		return s, pgerr.Newf(pgerr.WrongObjectType, "language \"%s\" is not trusted", name).
			WithDetail("GRANT and REVOKE are not allowed on untrusted languages, because only superusers can use untrusted languages.")
	}
	acl, _ := c.snap().LanguageACL(oid)
	return secured{oid: oid, kind: catalog.ACLLanguage, noun: "language", name: name, owner: catalog.BootstrapRoleOID, acl: acl,
		obj: &catalog.Grants{OID: oid, Kind: catalog.ACLLanguage}}, nil
}

// ---- default privileges

// defaultKinds are the letters of pg_default_acl.
var defaultKinds = map[ast.ObjectKind]struct{ kind, acl byte }{
	ast.ObjectTable: {'r', catalog.ACLRelation}, ast.ObjectSequence: {'S', catalog.ACLSequence}, ast.ObjectFunction: {'f', catalog.ACLFunction},
	ast.ObjectType: {'T', catalog.ACLType}, ast.ObjectSchema: {'n', catalog.ACLSchema},
}

func (c *Ctx) alterDefaultPrivileges(n *ast.AlterDefaultPrivilegesStmt) error {
	g, err := c.grantOf(n.Action)
	if err != nil {
		return err
	}
	if n.Action.Kind == ast.ObjectSchema && len(n.Schemas) > 0 {
		return pgerr.New(pgerr.InvalidGrantOperation, "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS")
	}
	roles := []catalog.OID{c.role()}
	if len(n.Roles) > 0 {
		if roles, err = c.roleOIDs(n.Roles); err != nil {
			return err
		}
	}
	for _, role := range roles {
		if !c.snap().IsMember(c.role(), role) {
			return denied("must be member of role \"%s\"", c.roles().Name(role))
		}
		if len(n.Schemas) == 0 {
			if err := c.changeDefaults(role, nil, n.Action.Kind, g); err != nil {
				return err
			}
		}
		for _, name := range n.Schemas {
			s := c.snap().SchemaByName(name)
			if s == nil {
				return pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
			}
			if err := c.changeDefaults(role, s, n.Action.Kind, g); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Ctx) changeDefaults(role catalog.OID, schema *catalog.Schema, of ast.ObjectKind, g *grant) error {
	k := defaultKinds[of]
	usual := &catalog.ACL{}
	d := &catalog.DefaultACL{Role: role, Kind: k.kind}
	if schema == nil {
		usual = catalog.DefaultFor(k.acl, role)
	} else {
		d.Schema = schema.OID
	}
	d.ACL = *usual
	for _, old := range c.snap().DefaultACLs() {
		if old.Role == d.Role && old.Kind == d.Kind && old.Schema == d.Schema {
			cp := *old
			d = &cp
		}
	}
	rights := g.rights
	if rights == 0 {
		rights = catalog.AllRights(k.acl)
	}
	acl, err := d.ACL.Changed(c.snap(), g.mode, g.grantees, rights, g.option, role, role, g.cascade)
	if err != nil {
		return grantError(err)
	}
	if acl.Equal(usual) {
		if d.OID == 0 {
			return nil
		}
		return c.dropObject(d)
	}
	d.ACL = *acl
	if d.OID == 0 {
		if err := c.lockName(0, fmt.Sprintf("default privileges %d %d %c", role, d.Schema, d.Kind)); err != nil {
			return err
		}
		if d.OID, err = c.newOID(); err != nil {
			return err
		}
	}
	return c.put(d)
}
