package catalog

import "rowkey/types"

// Privileges, as information_schema lists them: there is one superuser, who has
// all of them on everything by owning it; anybody may read the system relations
// and use types.

func schemaGrantRows() map[string]rows {
	return map[string]rows{
		"information_schema.enabled_roles": {"", func(q *query) error {
			return q.eachRole(func(_ OID, name string, _ bool) error { return q.row(vStr(name)) })
		}},
		"information_schema.applicable_roles": {"", func(q *query) error {
			for _, m := range []OID{3374, 3375, 3377} {
				if err := q.row(vStr(roleName(3373)), vStr(roleName(m)), vStr("NO")); err != nil {
					return err
				}
			}
			return nil
		}},
		"information_schema.table_privileges":   {"table_name", tablePrivilegesRows(true)},
		"information_schema.role_table_grants":  {"table_name", tablePrivilegesRows(false)},
		"information_schema.column_privileges":  {"table_name", columnPrivilegesRows(true)},
		"information_schema.role_column_grants": {"table_name", columnPrivilegesRows(false)},
		"information_schema.udt_privileges":     {"", udtPrivilegesRows},
		"information_schema.usage_privileges":   {"", usagePrivilegesRows},
	}
}

func tablePrivilegesRows(public bool) func(q *query) error {
	return func(q *query) error {
		return q.eachTable("", "table_name", func(t *Table) error {
			owner := vStr(q.owner(t.Owner))
			for _, p := range []string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"} {
				row := append(append([]types.Datum{owner, owner}, q.in(t.SchemaOID, t.Name)...), vStr(p), vStr("YES"), vYes(p == "SELECT"))
				if err := q.emit(row); err != nil {
					return err
				}
			}
			if public && t.Virtual != nil && t.Name != "pg_authid" && t.Name != "pg_shadow" && t.Name != "pg_statistic" {
				return q.emit(append(append([]types.Datum{owner, vStr("PUBLIC")}, q.in(t.SchemaOID, t.Name)...), vStr("SELECT"), vStr("NO"), vStr("YES")))
			}
			return nil
		})
	}
}

func columnPrivilegesRows(bool) func(q *query) error {
	return func(q *query) error {
		return q.eachColumn("table_name", func(t *Table, c *Column) error {
			owner := vStr(q.owner(t.Owner))
			for _, p := range []string{"INSERT", "SELECT", "UPDATE", "REFERENCES"} {
				if err := q.emit(append(append([]types.Datum{owner, owner}, q.in(t.SchemaOID, t.Name)...), vStr(c.Name), vStr(p), vStr("YES"))); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func udtPrivilegesRows(q *query) error {
	return q.eachTable("", "", func(t *Table) error {
		if t.RowTypeOID == 0 || t.Virtual != nil {
			return nil
		}
		owner := vStr(q.owner(t.Owner))
		for _, g := range []types.Datum{vStr("PUBLIC"), owner} {
			if err := q.emit(append(append([]types.Datum{owner, g}, q.in(t.SchemaOID, t.Name)...), vStr("TYPE USAGE"), vYes(g == owner))); err != nil {
				return err
			}
		}
		return nil
	})
}

func usagePrivilegesRows(q *query) error {
	emit := func(owner OID, schema OID, name, kind string, public bool) error {
		o := vStr(q.owner(owner))
		grantees := []types.Datum{o}
		if public {
			grantees = []types.Datum{vStr("PUBLIC"), o}
		}
		for _, g := range grantees {
			if err := q.emit(append(append([]types.Datum{o, g}, q.in(schema, name)...), vStr(kind), vStr("USAGE"), vYes(g == o))); err != nil {
				return err
			}
		}
		return nil
	}
	for _, u := range q.snap.UserTypes() {
		if u.Kind == types.KindDomain {
			if err := emit(u.Owner, u.SchemaOID, u.Name, "DOMAIN", true); err != nil {
				return err
			}
		}
	}
	for _, s := range q.snap.Sequences() {
		if err := emit(s.Owner, s.SchemaOID, s.Name, "SEQUENCE", false); err != nil {
			return err
		}
	}
	return nil
}
