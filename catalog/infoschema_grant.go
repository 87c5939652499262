package catalog

import "rowkey/types"

// Privileges, as information_schema lists them: those that the current role has
// granted or was granted, by itself or as a member of another.

func schemaGrantRows() map[string]rows {
	return map[string]rows{
		"information_schema.enabled_roles":                     {"", enabledRolesRows},
		"information_schema.applicable_roles":                  {"", applicableRolesRows(false)},
		"information_schema.administrable_role_authorizations": {"", applicableRolesRows(true)},
		"information_schema.table_privileges":                  {"table_name", tablePrivilegesRows(true)},
		"information_schema.role_table_grants":                 {"table_name", tablePrivilegesRows(false)},
		"information_schema.column_privileges":                 {"table_name", columnPrivilegesRows(true)},
		"information_schema.role_column_grants":                {"table_name", columnPrivilegesRows(false)},
		"information_schema.udt_privileges":                    {"", udtPrivilegesRows(true)},
		"information_schema.role_udt_grants":                   {"", udtPrivilegesRows(false)},
		"information_schema.usage_privileges":                  {"", usagePrivilegesRows(true)},
		"information_schema.role_usage_grants":                 {"", usagePrivilegesRows(false)},
		"information_schema.routine_privileges":                {"routine_name", routinePrivilegesRows(true)},
		"information_schema.role_routine_grants":               {"routine_name", routinePrivilegesRows(false)},
	}
}

func enabledRolesRows(q *query) error {
	for _, r := range q.snap.Roles() {
		if q.snap.HasPrivsOf(asking(q.ctx), r.OID) {
			if err := q.row(vStr(q.roleName(r.OID))); err != nil {
				return err
			}
		}
	}
	return nil
}

func applicableRolesRows(admin bool) func(q *query) error {
	return func(q *query) error {
		for _, r := range q.snap.Roles() {
			if !q.snap.HasPrivsOf(asking(q.ctx), r.OID) {
				continue
			}
			for _, m := range r.MemberOf {
				if admin && !m.Admin {
					continue
				}
				if err := q.row(vStr(q.roleName(r.OID)), vStr(q.roleName(m.Role)), vYes(m.Admin)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// eachGrant visits what a list grants of rights, as far as the current role
// has to do with it; what everybody may do only where public says so.
func (q *query) eachGrant(acl *ACL, owner OID, rights Rights, public bool, visit func(grantor, grantee types.Datum, word string, grantable bool) error) error {
	me := asking(q.ctx)
	for _, it := range acl.Items {
		mine := q.snap.HasPrivsOf(me, it.Grantor) || it.Grantee != 0 && q.snap.HasPrivsOf(me, it.Grantee)
		if it.Grantee == 0 && (!public && !mine) || it.Grantee != 0 && !mine {
			continue
		}
		if it.Grantee == 0 && !public {
			continue
		}
		grantee := vStr("PUBLIC")
		if it.Grantee != 0 {
			grantee = vStr(q.roleName(it.Grantee))
		}
		grantor := vStr(q.roleName(it.Grantor))
		var err error
		EachRight(it.Rights&rights, func(r Rights, _ byte, word string) {
			if err == nil {
				own := it.Grantee != 0 && q.snap.HasPrivsOf(it.Grantee, owner)
				err = visit(grantor, grantee, word, own || it.Rights&r.Option() != 0)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func tablePrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		return q.eachTable("", "table_name", func(t *Table) error {
			if t.Kind == KindComposite {
				return nil
			}
			acl, _ := q.snap.TableACL(t)
			return q.eachGrant(acl, ownerOr(t.Owner), AllRights(ACLRelation), public, func(grantor, grantee types.Datum, word string, grantable bool) error {
				row := append(append([]types.Datum{grantor, grantee}, q.in(t.SchemaOID, t.Name)...), vStr(word), vYes(grantable), vYes(word == "SELECT"))
				return q.emit(row)
			})
		})
	}
}

func columnPrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		return q.eachColumn("table_name", func(t *Table, c *Column) error {
			acl, _ := q.snap.TableACL(t)
			if c.ACL != nil {
				acl = acl.Merged(c.ACL)
			}
			return q.eachGrant(acl, ownerOr(t.Owner), AllRights(ACLColumn), public, func(grantor, grantee types.Datum, word string, grantable bool) error {
				return q.emit(append(append([]types.Datum{grantor, grantee}, q.in(t.SchemaOID, t.Name)...), vStr(c.Name), vStr(word), vYes(grantable)))
			})
		})
	}
}

func udtPrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		return q.eachTable("", "", func(t *Table) error {
			if t.RowTypeOID == 0 || t.Virtual != nil {
				return nil
			}
			acl, owner, _ := q.snap.TypeACL(t.RowTypeOID)
			return q.eachGrant(acl, owner, Usage, public, func(grantor, grantee types.Datum, _ string, grantable bool) error {
				return q.emit(append(append([]types.Datum{grantor, grantee}, q.in(t.SchemaOID, t.Name)...), vStr("TYPE USAGE"), vYes(grantable)))
			})
		})
	}
}

func usagePrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		emit := func(acl *ACL, owner OID, schema OID, name, kind string) error {
			return q.eachGrant(acl, owner, Usage, public, func(grantor, grantee types.Datum, word string, grantable bool) error {
				return q.emit(append(append([]types.Datum{grantor, grantee}, q.in(schema, name)...), vStr(kind), vStr(word), vYes(grantable)))
			})
		}
		for _, u := range q.snap.UserTypes() {
			if u.Kind == types.KindDomain {
				acl, owner, _ := q.snap.TypeACL(u.OID)
				if err := emit(acl, owner, u.SchemaOID, u.Name, "DOMAIN"); err != nil {
					return err
				}
			}
		}
		for _, s := range q.snap.Sequences() {
			if err := emit(aclOf(s.ACL, ACLSequence, ownerOr(s.Owner)), ownerOr(s.Owner), s.SchemaOID, s.Name, "SEQUENCE"); err != nil {
				return err
			}
		}
		return nil
	}
}

func routinePrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		return q.eachProc("", "routine_name", func(p *proc) error {
			acl, owner, _ := q.snap.FunctionACL(p.oid)
			return q.eachGrant(acl, owner, Execute, public, func(grantor, grantee types.Datum, word string, grantable bool) error {
				row := append([]types.Datum{grantor, grantee}, q.in(p.schema(q.snap), p.specificName())...)
				return q.emit(append(append(row, q.in(p.schema(q.snap), p.name)...), vStr(word), vYes(grantable)))
			})
		})
	}
}
