package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// Roles, the database and its tablespaces, as the system relations show them.

func roleRows() map[string]rows {
	return map[string]rows{
		"pg_authid":          {"", authidRows},
		"pg_roles":           {"", pgRolesRows},
		"pg_user":            {"", userRows},
		"pg_shadow":          {"", shadowRows},
		"pg_group":           {"", groupRows},
		"pg_database":        {"", databaseRows},
		"pg_tablespace":      {"", tablespaceRows},
		"pg_auth_members":    {"", authMembersRows},
		"pg_default_acl":     {"", defaultACLRows},
		"pg_db_role_setting": {"", roleSettingRows},
	}
}

// asker is what package session's sessions tell of who they are.
type asker interface {
	RoleOID() OID
	SessionRoleOID() OID
	RoleNames() RoleNames
}

// asking gives the current role; who has no session is the bootstrap role.
func asking(ctx *builtin.Ctx) OID {
	if ctx != nil {
		if a, ok := ctx.Session.(asker); ok {
			return a.RoleOID()
		}
	}
	return BootstrapRoleOID
}

// roleNames gives the roles as the session names them.
func roleNames(ctx *builtin.Ctx, snap *Snapshot) RoleNames {
	n := RoleNames{Snap: snap}
	if ctx != nil {
		if a, ok := ctx.Session.(asker); ok {
			n.Bootstrap = a.RoleNames().Bootstrap
		}
	}
	return n
}

// roleName gives the name of a role, "" if there is none.
func (q *query) roleName(oid OID) string { return roleNames(q.ctx, q.snap).Name(oid) }

func validUntil(r *Role) types.Datum {
	if r.ValidUntil == nil {
		return types.Null
	}
	return types.NewInt(*r.ValidUntil)
}

func authidRows(q *query) error {
	for _, r := range q.snap.Roles() {
		if err := q.row(vOID(r.OID), vStr(q.roleName(r.OID)), vBool(r.Super), vBool(r.Inherit), vBool(r.CreateRole), vBool(r.CreateDB), vBool(r.Login),
			vBool(r.Replication), vBool(r.BypassRLS), vInt(r.ConnLimit), vOpt(r.Password), validUntil(r)); err != nil {
			return err
		}
	}
	return nil
}

func pgRolesRows(q *query) error {
	for _, r := range q.snap.Roles() {
		if err := q.row(vStr(q.roleName(r.OID)), vBool(r.Super), vBool(r.Inherit), vBool(r.CreateRole), vBool(r.CreateDB), vBool(r.Login),
			vBool(r.Replication), vInt(r.ConnLimit), vStr("********"), validUntil(r), vBool(r.BypassRLS), vTexts(r.Config), vOID(r.OID)); err != nil {
			return err
		}
	}
	return nil
}

func userRows(q *query) error { return q.users(func(*Role) types.Datum { return vStr("********") }) }
func shadowRows(q *query) error {
	return q.users(func(r *Role) types.Datum { return vOpt(r.Password) })
}

func (q *query) users(password func(*Role) types.Datum) error {
	for _, r := range q.snap.Roles() {
		if !r.Login {
			continue
		}
		if err := q.row(vStr(q.roleName(r.OID)), vOID(r.OID), vBool(r.CreateDB), vBool(r.Super), vBool(r.Replication), vBool(r.BypassRLS),
			password(r), validUntil(r), vTexts(r.Config)); err != nil {
			return err
		}
	}
	return nil
}

func groupRows(q *query) error {
	for _, r := range q.snap.Roles() {
		if r.Login {
			continue
		}
		var members []OID
		for _, m := range q.snap.Roles() {
			for _, of := range m.MemberOf {
				if of.Role == r.OID {
					members = append(members, m.OID)
				}
			}
		}
		list := types.NewAny(types.NewArray(types.Oid, nil))
		if members != nil {
			list = vOIDs(types.Oid, members)
		}
		if err := q.row(vStr(r.Name), vOID(r.OID), list); err != nil {
			return err
		}
	}
	return nil
}

func authMembersRows(q *query) error {
	for _, r := range q.snap.Roles() {
		for _, m := range r.MemberOf {
			if err := q.row(vOID(m.Role), vOID(r.OID), vOID(m.Grantor), vBool(m.Admin)); err != nil {
				return err
			}
		}
	}
	return nil
}

func defaultACLRows(q *query) error {
	for _, d := range q.snap.DefaultACLs() {
		if err := q.row(vOID(d.OID), vOID(d.Role), vOID(d.Schema), vChar(d.Kind), vACL(&d.ACL, true)); err != nil {
			return err
		}
	}
	return nil
}

func roleSettingRows(q *query) error {
	emit := func(db, role OID, config []string) error {
		if len(config) == 0 {
			return nil
		}
		return q.row(vOID(db), vOID(role), vTexts(config))
	}
	databases := q.snap.Databases()
	if err := emit(0, 0, databases[0].AllConfig); err != nil {
		return err
	}
	for _, d := range databases {
		if err := emit(d.OID, 0, d.Config); err != nil {
			return err
		}
	}
	for _, r := range q.snap.Roles() {
		if err := emit(0, r.OID, r.Config); err != nil {
			return err
		}
		for _, d := range databases {
			if err := emit(d.OID, r.OID, d.RoleConfig[r.OID]); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	defaultTablespace OID = 1663
	globalTablespace  OID = 1664
)

func databaseRows(q *query) error {
	for _, d := range q.snap.Databases() {
		acl, set := q.snap.DatabaseACL(d)
		limit := -1
		if d.Limited {
			limit = d.Limit
		}
		err := q.row(vOID(d.OID), vStr(q.databaseName(d)), vOID(ownerOr(d.Owner)), vInt(utf8Encoding), vChar('c'), vBool(d.Template), vBool(!d.Closed), vInt(limit),
			q.frozen(), vInt(1), vOID(defaultTablespace), vStr("C.UTF-8"), vStr("C.UTF-8"), vNull(), vNull(), vACL(acl, set))
		if err != nil {
			return err
		}
	}
	return nil
}

// frozen is the number before which no row needs to know whether a transaction
// committed: that of the transaction which asks, for no row keeps a number.
func (q *query) frozen() types.Datum {
	if s := q.session(); s != nil {
		return types.NewInt(int64(uint32(s.TxnID())))
	}
	return vInt(0)
}

func tablespaceRows(q *query) error {
	for _, t := range tablespaces {
		if err := q.row(vOID(t.oid), vStr(t.name), vOID(BootstrapRoleOID), vNull(), vNull()); err != nil {
			return err
		}
	}
	return nil
}

var tablespaces = []struct {
	oid  OID
	name string
}{{defaultTablespace, "pg_default"}, {1664, "pg_global"}}

// utf8Encoding is PostgreSQL's number of UTF8, the only encoding.
const utf8Encoding = 6
