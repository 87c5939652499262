package ddl

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/scram"
	"rowkey/types"
)

// CREATE, ALTER and DROP ROLE, and who is a member of whom.

func denied(format string, args ...any) error {
	return pgerr.Newf(pgerr.InsufficientPrivilege, format, args...)
}

// mayMakeRoles tells whether the current role has CREATEROLE.
func (c *Ctx) mayMakeRoles() bool {
	r := c.snap().Role(c.role())
	return c.superuser() || r != nil && r.CreateRole
}

// roleOptions are the options of CREATE and ALTER ROLE, each given at most once.
type roleOptions map[string]*ast.RoleOption

func readRoleOptions(list []*ast.RoleOption) (roleOptions, error) {
	o := roleOptions{}
	for _, opt := range list {
		if o[opt.Name] != nil {
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(opt.Pos())
		}
		o[opt.Name] = opt
	}
	return o, nil
}

func (o roleOptions) on(name string) bool { return o[name] != nil && o[name].Bool }

// apply sets the attributes that options name.
func (o roleOptions) apply(c *Ctx, r *catalog.Role) error {
	for name, field := range map[string]*bool{"superuser": &r.Super, "inherit": &r.Inherit, "createrole": &r.CreateRole, "createdb": &r.CreateDB,
		"canlogin": &r.Login, "isreplication": &r.Replication, "bypassrls": &r.BypassRLS} {
		if opt := o[name]; opt != nil {
			*field = opt.Bool
		}
	}
	if opt := o["connectionlimit"]; opt != nil {
		n, err := strconv.Atoi(opt.Text)
		if err != nil || n < -1 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %s", opt.Text)
		}
		r.ConnLimit = n
	}
	if opt := o["validUntil"]; opt != nil {
		d, err := types.Parse(types.TimestampTZ, -1, opt.Text, c.Env)
		if err != nil {
			return err
		}
		at := d.I
		r.ValidUntil = &at
	}
	if opt := o["password"]; opt != nil {
		switch {
		case opt.Null:
			r.Password = ""
		case opt.Text == "":
			c.notice(pgerr.SuccessfulCompletion, "empty string is not a valid password, clearing password")
			r.Password = ""
		default:
			verifier, err := scram.Verifier(opt.Text)
			if err != nil {
				return err
			}
			r.Password = verifier
		}
	}
	return nil
}

func (c *Ctx) createRole(n *ast.CreateRoleStmt) error {
	o, err := readRoleOptions(n.Options)
	if err != nil {
		return err
	}
	r := &catalog.Role{Name: n.Name, Inherit: true, Login: n.Kind == ast.RoleStmtUser, ConnLimit: -1}
	if err := o.apply(c, r); err != nil {
		return err
	}
	switch {
	case r.Super && !c.superuser():
		return denied("must be superuser to create superusers")
	case r.Replication && !c.superuser():
		return denied("must be superuser to create replication users")
	case r.BypassRLS && !c.superuser():
		return denied("must be superuser to create bypassrls users")
	case !c.mayMakeRoles():
		return denied("permission denied to create role")
	}
	if err := c.freeRoleName(n.Name); err != nil {
		return err
	}
	if opt := o["sysid"]; opt != nil {
		c.notice(pgerr.SuccessfulCompletion, "SYSID can no longer be specified")
	}
	if r.OID, err = c.newOID(); err != nil {
		return err
	}
	if err := c.put(r); err != nil {
		return err
	}
	if opt := o["addroleto"]; opt != nil {
		for _, spec := range opt.Roles {
			of, err := c.roleOf(spec)
			if err != nil {
				return err
			}
			if err := c.addMembers(of, []catalog.OID{r.OID}, false, c.role()); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"adminmembers", "rolemembers"} {
		if opt := o[name]; opt != nil {
			members, err := c.roleOIDs(opt.Roles)
			if err != nil {
				return err
			}
			if err := c.addMembers(r, members, name == "adminmembers", c.role()); err != nil {
				return err
			}
		}
	}
	return nil
}

// freeRoleName demands that a new role may have the name.
func (c *Ctx) freeRoleName(name string) error {
	if catalog.ReservedRoleName(name) {
		return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", name).
			WithDetail("Role names starting with \"pg_\" are reserved.")
	}
	if err := c.lockName(0, "role "+name); err != nil {
		return err
	}
	if c.roles().ByName(name) != nil || c.Catalog.Newest().RoleNamed(name) != nil && c.Change.Base().RoleNamed(name) == nil {
		return pgerr.Newf(pgerr.DuplicateObject, "role \"%s\" already exists", name)
	}
	return nil
}

func (c *Ctx) roleOIDs(specs []*ast.RoleSpec) ([]catalog.OID, error) {
	var out []catalog.OID
	for _, spec := range specs {
		r, err := c.roleOf(spec)
		if err != nil {
			return nil, err
		}
		out = append(out, r.OID)
	}
	return out, nil
}

// alterable refuses to change predefined roles.
func alterable(r *catalog.Role) error {
	if catalog.ReservedRoleName(r.Name) {
		return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", r.Name).WithDetail("Cannot alter reserved roles.")
	}
	return nil
}

func (c *Ctx) alterRole(n *ast.AlterRoleStmt) error {
	o, err := readRoleOptions(n.Options)
	if err != nil {
		return err
	}
	old, err := c.roleOf(n.Role)
	if err != nil {
		return err
	}
	if err := alterable(old); err != nil {
		return err
	}
	switch {
	case old.Super || o["superuser"] != nil:
		if !c.superuser() {
			return denied("must be superuser to alter superuser roles or change superuser attribute")
		}
	case old.Replication || o["isreplication"] != nil:
		if !c.superuser() {
			return denied("must be superuser to alter replication roles or change replication attribute")
		}
	case o["bypassrls"] != nil:
		if !c.superuser() {
			return denied("must be superuser to change bypassrls attribute")
		}
	case !c.mayMakeRoles():
		if len(o) != 1 || o["password"] == nil || old.OID != c.role() {
			return denied("permission denied")
		}
	}
	if old.OID == catalog.BootstrapRoleOID && o["superuser"] != nil && !o.on("superuser") {
		return pgerr.Unsupported("the bootstrap role is always a superuser")
	}
	r := *old
	if err := o.apply(c, &r); err != nil {
		return err
	}
	if err := c.put(&r); err != nil {
		return err
	}
	if opt := o["rolemembers"]; opt != nil {
		members, err := c.roleOIDs(opt.Roles)
		if err != nil {
			return err
		}
		if n.Drop {
			return c.dropMembers(&r, members, false)
		}
		return c.addMembers(&r, members, false, c.role())
	}
	return nil
}

// renameRole is ALTER ROLE … RENAME TO.
func (c *Ctx) renameRole(name, to string) error {
	old := c.roles().ByName(name)
	if old == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	switch {
	case old.OID == c.SessionRole || c.SessionRole == 0 && old.OID == catalog.BootstrapRoleOID:
		return pgerr.New(pgerr.FeatureNotSupported, "session user cannot be renamed")
	case old.OID == c.role():
		return pgerr.New(pgerr.FeatureNotSupported, "current user cannot be renamed")
	}
	if catalog.ReservedRoleName(old.Name) {
		return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", old.Name).WithDetail("Role names starting with \"pg_\" are reserved.")
	}
	if err := c.freeRoleName(to); err != nil {
		return err
	}
	if old.Super && !c.superuser() {
		return denied("must be superuser to rename superusers")
	}
	if !c.mayMakeRoles() {
		return denied("permission denied to rename role")
	}
	r := *old
	r.Name = to
	return c.put(&r)
}

// alterRoleSet is ALTER ROLE … SET and RESET: settings that sessions begin with.
func (c *Ctx) alterRoleSet(n *ast.AlterRoleSetStmt) error {
	var role *catalog.Role
	if n.Role != nil {
		var err error
		if role, err = c.roleOf(n.Role); err != nil {
			return err
		}
		if err := alterable(role); err != nil {
			return err
		}
		if role.Super && !c.superuser() {
			return denied("must be superuser to alter superusers")
		}
		if !role.Super && !c.mayMakeRoles() && role.OID != c.role() {
			return denied("permission denied")
		}
	} else if !c.superuser() && n.Database == "" {
		return denied("must be superuser to alter settings globally")
	}
	on := c.snap().MainDatabase() // it keeps what is for all databases
	if n.Database != "" {
		var err error
		if on, err = c.databaseNamed(n.Database); err != nil {
			return err
		}
	}
	change := func(config []string) ([]string, error) { return c.changeConfig(config, n.Set) }
	if n.Database == "" && role != nil {
		r := *role
		var err error
		if r.Config, err = change(role.Config); err != nil {
			return err
		}
		return c.put(&r)
	}
	d := *on
	var err error
	switch {
	case role == nil && n.Database == "":
		d.AllConfig, err = change(d.AllConfig)
	case role == nil:
		d.Config, err = change(d.Config)
	default:
		m := map[catalog.OID][]string{}
		for k, v := range d.RoleConfig {
			m[k] = v
		}
		if m[role.OID], err = change(m[role.OID]); len(m[role.OID]) == 0 {
			delete(m, role.OID)
		}
		d.RoleConfig = m
	}
	if err != nil {
		return err
	}
	return c.put(&d)
}

// alterDatabaseSet is ALTER DATABASE … SET and RESET.
func (c *Ctx) alterDatabaseSet(n *ast.AlterDatabaseSetStmt) error {
	found, err := c.databaseNamed(n.Name)
	if err != nil {
		return err
	}
	if err := c.ownDatabase(found, n.Name); err != nil {
		return err
	}
	d := *found
	if d.Config, err = c.changeConfig(d.Config, n.Set); err != nil {
		return err
	}
	return c.put(&d)
}

// changeConfig applies SET or RESET to a list of name=value.
func (c *Ctx) changeConfig(config []string, set *ast.SetStmt) ([]string, error) {
	if set.Kind == ast.ResetAll {
		return nil, nil
	}
	var out []string
	for _, kv := range config {
		if name, _, _ := strings.Cut(kv, "="); !strings.EqualFold(name, set.Name) {
			out = append(out, kv)
		}
	}
	if set.Kind == ast.Reset || set.Kind == ast.SetToDefault {
		return out, nil
	}
	f := &catalog.Function{}
	if err := c.functionSetting(f, set); err != nil {
		return nil, err
	}
	for _, kv := range f.Config {
		name, value, _ := strings.Cut(kv, "=")
		if c.CheckSetting != nil {
			if err := c.CheckSetting(name, value); err != nil {
				return nil, err
			}
		}
	}
	return append(out, f.Config...), nil
}

func (c *Ctx) dropRole(n *ast.DropRoleStmt) error {
	if !c.mayMakeRoles() {
		return denied("permission denied to drop role")
	}
	var drop []*catalog.Role
	for _, spec := range n.Roles {
		if spec.Kind != ast.RoleNamed {
			return pgerr.New(pgerr.InvalidParameterValue, "cannot use special role specifier in DROP ROLE")
		}
		r := c.roles().ByName(spec.Name)
		if r == nil {
			if n.IfExists {
				c.notice(pgerr.SuccessfulCompletion, "role \"%s\" does not exist, skipping", spec.Name)
				continue
			}
			return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", spec.Name)
		}
		switch {
		case r.OID == c.role() || r.OID == c.OuterRole:
			return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
		case r.OID == c.SessionRole:
			return pgerr.New(pgerr.ObjectInUse, "session user cannot be dropped")
		case r.Super && !c.superuser():
			return denied("must be superuser to drop superusers")
		}
		if r.OID < catalog.FirstUserOID {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", c.roles().Name(r.OID))
		}
		drop = append(drop, r)
	}
	for _, r := range drop {
		if detail := c.dependsOnRole(r.OID); len(detail) > 0 {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", r.Name).
				WithDetail("%s", strings.Join(detail, "\n"))
		}
		for _, m := range c.snap().Roles() {
			if kept := slices.DeleteFunc(slices.Clone(m.MemberOf), func(x catalog.Membership) bool { return x.Role == r.OID }); len(kept) < len(m.MemberOf) {
				cp := *m
				cp.MemberOf = kept
				if err := c.put(&cp); err != nil {
					return err
				}
			}
		}
		for _, d := range c.snap().Databases() {
			if len(d.RoleConfig[r.OID]) == 0 {
				continue
			}
			cp := *d
			cp.RoleConfig = map[catalog.OID][]string{}
			for k, v := range d.RoleConfig {
				if k != r.OID {
					cp.RoleConfig[k] = v
				}
			}
			if err := c.put(&cp); err != nil {
				return err
			}
		}
		if err := c.dropObject(r); err != nil {
			return err
		}
	}
	return nil
}

// dependsOnRole lists, by OID, what a role owns or has privileges for, and counts what
// other databases have of that.
func (c *Ctx) dependsOnRole(role catalog.OID) []string {
	out := c.dependsHere(role, c.secureds())
	for _, d := range c.snap().Databases() {
		if d.OID == c.Catalog.Database() {
			continue
		}
		cat := c.Catalog.In(d.OID)
		there := *c
		there.Catalog, there.Change = cat, cat.Change(c.Txn, cat.Latest())
		own := slices.DeleteFunc(there.secureds(), func(o secured) bool { return o.kind == catalog.ACLDatabase })
		switch n := len(there.dependsHere(role, own)); n {
		case 0:
		case 1:
			out = append(out, "1 object in database "+c.databaseText(d))
		default:
			out = append(out, fmt.Sprintf("%d objects in database %s", n, c.databaseText(d)))
		}
	}
	return out
}

// dependsHere is dependsOnRole in the statement's own database.
func (c *Ctx) dependsHere(role catalog.OID, all []secured) []string {
	type line struct {
		oid  catalog.OID
		text string
	}
	var lines []line
	for _, o := range all {
		what := o.what() + " " + o.shown(c)
		if o.owner == role {
			lines = append(lines, line{o.oid, "owner of " + what})
		}
		if role != o.owner && o.acl.Names(role) {
			lines = append(lines, line{o.oid, "privileges for " + what})
		}
		if t, ok := o.obj.(*catalog.Table); ok && role != o.owner {
			for i := range t.Columns {
				if t.Columns[i].ACL.Names(role) {
					lines = append(lines, line{o.oid, "privileges for column " + t.Columns[i].Name + " of " + what})
				}
			}
		}
	}
	for _, d := range c.snap().DefaultACLs() {
		if d.Role == role {
			lines = append(lines, line{d.OID, "owner of " + c.defaultACLText(d)})
		} else if d.ACL.Names(role) {
			lines = append(lines, line{d.OID, "privileges for " + c.defaultACLText(d)})
		}
	}
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].oid < lines[j].oid })
	var out []string
	for _, l := range lines {
		out = append(out, l.text)
	}
	return out
}

// defaultACLText describes what ALTER DEFAULT PRIVILEGES stored.
func (c *Ctx) defaultACLText(d *catalog.DefaultACL) string {
	s := "default privileges on new " + map[byte]string{'r': "relations", 'S': "sequences", 'f': "functions", 'T': "types", 'n': "schemas"}[d.Kind] +
		" belonging to role " + c.roles().Name(d.Role)
	if d.Schema != 0 {
		if n := c.snap().Schema(d.Schema); n != nil {
			s += " in schema " + n.Name
		}
	}
	return s
}

// ---- members

// grantRole is GRANT and REVOKE of roles.
func (c *Ctx) grantRole(n *ast.GrantRoleStmt) error {
	grantor := c.role()
	if n.GrantedBy != nil {
		r, err := c.roleOf(n.GrantedBy)
		if err != nil {
			return err
		}
		grantor = r.OID
	}
	members, err := c.roleOIDs(n.Grantees)
	if err != nil {
		return err
	}
	for _, p := range n.Roles {
		if p.Name == "" || len(p.Columns) > 0 {
			return pgerr.New(pgerr.InvalidGrantOperation, "column names cannot be included in GRANT/REVOKE ROLE")
		}
		r, err := c.roleOf(&ast.RoleSpec{Name: p.Name})
		if err != nil {
			return err
		}
		if n.Revoke {
			err = c.dropMembers(r, members, n.AdminOption)
		} else {
			err = c.addMembers(r, members, n.AdminOption, grantor)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayGrantRole demands the right to say who is a member of a role.
func (c *Ctx) mayGrantRole(r *catalog.Role) error {
	if r.Super {
		if !c.superuser() {
			return denied("must be superuser to alter superusers")
		}
		return nil
	}
	if c.mayMakeRoles() || c.snap().IsAdmin(c.role(), r.OID) {
		return nil
	}
	return denied("must have admin option on role \"%s\"", r.Name)
}

func (c *Ctx) addMembers(r *catalog.Role, members []catalog.OID, admin bool, grantor catalog.OID) error {
	if len(members) == 0 {
		return nil
	}
	if err := c.mayGrantRole(r); err != nil {
		return err
	}
	if r.OID == catalog.RoleDatabaseOwner {
		return pgerr.Newf(pgerr.InvalidParameterValue, "role \"%s\" cannot have explicit members", r.Name)
	}
	if grantor != c.role() && !c.superuser() {
		return denied("must be superuser to set grantor")
	}
	for _, oid := range members {
		m := c.snap().Role(oid)
		if oid == catalog.RoleDatabaseOwner {
			return pgerr.Newf(pgerr.InvalidParameterValue, "role \"%s\" cannot be a member of any role", m.Name)
		}
		if c.snap().IsMemberNoSuper(r.OID, oid) {
			return pgerr.Newf(pgerr.InvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", c.roles().Name(r.OID), c.roles().Name(oid))
		}
		already := false
		for _, x := range m.MemberOf {
			already = already || x.Role == r.OID && (x.Admin || !admin)
		}
		if already {
			c.notice(pgerr.SuccessfulCompletion, "role \"%s\" is already a member of role \"%s\"", c.roles().Name(oid), c.roles().Name(r.OID))
			continue
		}
		cp := *m
		cp.MemberOf = m.WithMembership(catalog.Membership{Role: r.OID, Grantor: grantor, Admin: admin})
		if err := c.put(&cp); err != nil {
			return err
		}
	}
	return nil
}

func (c *Ctx) dropMembers(r *catalog.Role, members []catalog.OID, adminOnly bool) error {
	if len(members) == 0 {
		return nil
	}
	if err := c.mayGrantRole(r); err != nil {
		return err
	}
	for _, oid := range members {
		m := c.snap().Role(oid)
		at := slices.IndexFunc(m.MemberOf, func(x catalog.Membership) bool { return x.Role == r.OID })
		if at < 0 {
			c.warn(pgerr.Warning, "role \"%s\" is not a member of role \"%s\"", c.roles().Name(oid), c.roles().Name(r.OID))
			continue
		}
		cp := *m
		cp.MemberOf = slices.Clone(m.MemberOf)
		if adminOnly {
			cp.MemberOf[at].Admin = false
		} else {
			cp.MemberOf = slices.Delete(cp.MemberOf, at, at+1)
		}
		if err := c.put(&cp); err != nil {
			return err
		}
	}
	return nil
}

func (c *Ctx) warn(code, format string, args ...any) {
	e := pgerr.Newf(code, format, args...)
	e.Severity = "WARNING"
	c.Notice(e)
}

// commentShared is COMMENT ON ROLE and DATABASE.
func (c *Ctx) commentShared(o *ast.Object, text string) (done bool, err error) {
	switch o.Kind {
	case ast.ObjectRole:
		r := c.roles().ByName(o.Name[0])
		if r == nil {
			return true, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", o.Name[0])
		}
		if r.Super && !c.superuser() {
			return true, denied("must be superuser")
		}
		if !c.mayMakeRoles() {
			return true, denied("must have CREATEROLE privilege")
		}
		cp := *r
		cp.Comment = text
		return true, c.put(&cp)
	case ast.ObjectDatabase:
		found := c.findDatabase(o.Name[0])
		if found == nil {
			e := pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", o.Name[0])
			e.Severity = "WARNING"
			c.Notice(e)
			return true, nil
		}
		if err := c.ownDatabase(found, o.Name[0]); err != nil {
			return true, err
		}
		d := *found
		d.Comment = text
		return true, c.put(&d)
	}
	return false, nil
}
