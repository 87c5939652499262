package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// Roles, the database and its tablespaces.
//
// There is one superuser, number 10: whoever is connected. Besides it stand
// PostgreSQL's predefined roles, which nobody is a member of.

func roleRows() map[string]rows {
	return map[string]rows{
		"pg_authid":     {"", authidRows},
		"pg_roles":      {"", pgRolesRows},
		"pg_user":       {"", userRows},
		"pg_shadow":     {"", shadowRows},
		"pg_group":      {"", groupRows},
		"pg_database":   {"", databaseRows},
		"pg_tablespace": {"", tablespaceRows},
		"pg_auth_members": {"", func(q *query) error {
			for _, m := range []OID{3374, 3375, 3377} { // what pg_monitor is a member of
				if err := q.row(vOID(m), vOID(3373), vOID(BootstrapRoleOID), vBool(false)); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

// userName gives the name of a role as the session sees it.
func userName(ctx *builtin.Ctx, oid OID) string {
	if oid == BootstrapRoleOID || oid == 0 {
		if ctx != nil && ctx.Session != nil {
			return ctx.Session.SessionUser()
		}
	}
	return roleName(ownerOr(oid))
}

// roleByName finds a role by name, 0 if there is none.
func roleByName(ctx *builtin.Ctx, name string) OID {
	for _, r := range roles {
		if userName(ctx, r.oid) == name {
			return r.oid
		}
	}
	return 0
}

func (q *query) eachRole(visit func(oid OID, name string, super bool) error) error {
	for _, r := range roles {
		if err := visit(r.oid, userName(q.ctx, r.oid), r.oid == BootstrapRoleOID); err != nil {
			return err
		}
	}
	return nil
}

func authidRows(q *query) error {
	return q.eachRole(func(oid OID, name string, super bool) error {
		s := vBool(super)
		return q.row(vOID(oid), vStr(name), s, vBool(true), s, s, s, s, s, vInt(-1), vNull(), vNull())
	})
}

func pgRolesRows(q *query) error {
	return q.eachRole(func(oid OID, name string, super bool) error {
		s := vBool(super)
		return q.row(vStr(name), s, vBool(true), s, s, s, s, vInt(-1), vStr("********"), vNull(), s, vNull(), vOID(oid))
	})
}

func userRows(q *query) error {
	t := vBool(true)
	return q.row(vStr(q.owner(BootstrapRoleOID)), vOID(BootstrapRoleOID), t, t, t, t, vStr("********"), vNull(), vNull())
}

func shadowRows(q *query) error {
	t := vBool(true)
	return q.row(vStr(q.owner(BootstrapRoleOID)), vOID(BootstrapRoleOID), t, t, t, t, vNull(), vNull(), vNull())
}

func groupRows(q *query) error {
	return q.eachRole(func(oid OID, name string, super bool) error {
		if super {
			return nil
		}
		var members []OID
		if oid == 3374 || oid == 3375 || oid == 3377 {
			members = []OID{3373}
		}
		list := types.NewAny(types.NewArray(types.Oid, nil))
		if members != nil {
			list = vOIDs(types.Oid, members)
		}
		return q.row(vStr(name), vOID(oid), list)
	})
}

const defaultTablespace OID = 1663

func databaseRows(q *query) error {
	return q.row(vOID(DatabaseOID), vStr(q.database()), vOID(BootstrapRoleOID), vInt(utf8Encoding), vChar('c'), vBool(false), vBool(true), vInt(-1),
		vInt(0), vInt(0), vOID(defaultTablespace), vStr("C"), vStr("C.UTF-8"), vNull(), vNull(), vNull())
}

func tablespaceRows(q *query) error {
	if err := q.row(vOID(defaultTablespace), vStr("pg_default"), vOID(BootstrapRoleOID), vNull(), vNull()); err != nil {
		return err
	}
	return q.row(vOID(1664), vStr("pg_global"), vOID(BootstrapRoleOID), vNull(), vNull())
}

// utf8Encoding is PostgreSQL's number of UTF8, the only encoding.
const utf8Encoding = 6
