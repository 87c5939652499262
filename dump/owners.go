package dump

import (
	"slices"
	"strings"
)

// owners gives what was dumped to those it belongs to. What is the first superuser's is
// that of whoever loads the dump.
func (d *dumper) owners() {
	d.print("\n")
	for _, r := range d.query(`SELECT what, rolname FROM (
		SELECT 'SCHEMA ' || quote_ident(nspname) AS what, nspowner AS owner FROM pg_namespace n WHERE ` + own + ` AND nspname !~ '^kv[0-9]*$'
			AND NOT (nspname = 'public' AND nspowner = 'pg_database_owner'::regrole)
		UNION ALL
		SELECT CASE relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' WHEN 'S' THEN 'SEQUENCE ' WHEN 'c' THEN 'TYPE ' ELSE 'TABLE ' END
			|| quote_ident(nspname) || '.' || quote_ident(relname), relowner
			FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'c') AND relpersistence <> 't' AND ` + own + `
			AND nspname !~ '^kv[0-9]*$' AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
				AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND relkind = 'S')
		UNION ALL
		SELECT CASE typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || quote_ident(nspname) || '.' || quote_ident(typname), typowner
			FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE typtype IN ('d', 'e') AND ` + own + `
		UNION ALL
		SELECT CASE prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident(nspname) || '.' || quote_ident(proname)
			|| '(' || pg_get_function_identity_arguments(p.oid) || ')', proowner
			FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid >= 16384 AND prokind IN ('f', 'p') AND ` + unowned + ` AND ` + own + `
		) o JOIN pg_roles ON pg_roles.oid = owner WHERE owner <> 10 ORDER BY 1`) {
		d.printf("ALTER %s OWNER TO %s;\n", r[0], ident(r[1]))
	}
}

// privileges writes GRANT and REVOKE for what differs from the privileges that the
// objects have when they are made, and the privileges that new objects will have.
func (d *dumper) privileges() {
	d.print("\n")
	// Of each object: what, its column, owner, privileges, and those without any GRANT.
	d.grants("", `
		SELECT 'SCHEMA ' || quote_ident(nspname) AS what, '' AS col, nspowner AS owner, nspacl AS acl,
			CASE WHEN nspname = 'public' THEN '{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}'::aclitem[] ELSE acldefault('n', nspowner) END AS base
			FROM pg_namespace n WHERE `+own+` AND nspname !~ '^kv[0-9]*$'
		UNION ALL
		SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || quote_ident(nspname) || '.' || quote_ident(relname), '', relowner, relacl,
			acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)
			FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relpersistence <> 't' AND `+own+` AND nspname !~ '^kv[0-9]*$'
		UNION ALL
		SELECT 'TABLE ' || quote_ident(nspname) || '.' || quote_ident(relname), quote_ident(attname), relowner, attacl, NULL::aclitem[]
			FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
			WHERE attacl IS NOT NULL AND NOT attisdropped AND relpersistence <> 't' AND `+own+` AND nspname !~ '^kv[0-9]*$'
		UNION ALL
		SELECT CASE typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || quote_ident(nspname) || '.' || quote_ident(typname), '', typowner, typacl, acldefault('T', typowner)
			FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace LEFT JOIN pg_class c ON c.oid = typrelid
			WHERE (typtype IN ('d', 'e') OR c.relkind = 'c') AND `+own+`
		UNION ALL
		SELECT CASE prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident(nspname) || '.' || quote_ident(proname)
			|| '(' || pg_get_function_identity_arguments(p.oid) || ')', '', proowner, proacl, acldefault('f', proowner)
			FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid >= 16384 AND prokind IN ('f', 'p') AND `+unowned+` AND `+own)
	for _, r := range d.query(`SELECT a.oid, quote_ident(rolname), COALESCE(quote_ident(nspname), '') FROM pg_default_acl a
		JOIN pg_roles r ON r.oid = defaclrole LEFT JOIN pg_namespace n ON n.oid = defaclnamespace ORDER BY 2, 3, defaclobjtype`) {
		verb := "ALTER DEFAULT PRIVILEGES FOR ROLE " + r[1] + " "
		if r[2] != "" {
			verb += "IN SCHEMA " + r[2] + " "
		}
		d.grants(verb, `SELECT CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END AS what,
			'' AS col, defaclrole AS owner, defaclacl AS acl,
			CASE WHEN defaclnamespace <> 0 THEN NULL::aclitem[] ELSE acldefault(CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END::"char", defaclrole) END AS base
			FROM pg_default_acl WHERE oid = `+r[0])
	}
}

// grant is what one role gave another on one object.
type grant struct {
	grantor, grantee string
	with             bool // WITH GRANT OPTION
	rights           []string
}

// grants writes how to get from the privileges that the objects of a query begin with to
// those they have. verb comes before each statement.
func (d *dumper) grants(verb, objects string) {
	type object struct {
		what, col, owner string
		is, was          []grant
	}
	var all []*object
	byName := map[string]*object{}
	for _, r := range d.query(`SELECT o.what, o.col, pg_get_userbyid(o.owner), x.now, pg_get_userbyid(x.grantor),
			CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END, x.is_grantable, string_agg(x.privilege_type, ',' ORDER BY x.privilege_type)
		FROM (` + objects + `) o LEFT JOIN LATERAL (SELECT true AS now, a.* FROM aclexplode(o.acl) a UNION ALL SELECT false, b.* FROM aclexplode(o.base) b) x ON true
		WHERE o.acl IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 5, 6, 7`) {
		o := byName[r[0]+"\x00"+r[1]]
		if o == nil {
			o = &object{what: r[0], col: r[1], owner: r[2]}
			byName[r[0]+"\x00"+r[1]] = o
			all = append(all, o)
		}
		g := grant{grantor: r[4], grantee: r[5], with: r[6] == "t", rights: strings.Split(r[7], ",")}
		switch r[3] {
		case "t":
			o.is = append(o.is, g)
		case "f":
			o.was = append(o.was, g)
		}
	}
	for _, o := range all {
		target := " ON " + o.what
		of := func(list []grant, grantee string) (out []grant) {
			for _, g := range list {
				if g.grantee == grantee && g.grantor == o.owner {
					out = append(out, g)
				}
			}
			return out
		}
		alike := func(grantee string) bool {
			return slices.EqualFunc(of(o.is, grantee), of(o.was, grantee), func(a, b grant) bool { return a.with == b.with && slices.Equal(a.rights, b.rights) })
		}
		seen := map[string]bool{}
		for _, g := range o.was {
			if !seen[g.grantee] && !alike(g.grantee) {
				d.printf("%sREVOKE ALL%s FROM %s;\n", verb, target, role(g.grantee))
			}
			seen[g.grantee] = true
		}
		// What was granted by others than the owner comes after what lets them.
		may, left := map[string]bool{o.owner: true}, o.is
		for len(left) > 0 {
			var later []grant
			for _, g := range left {
				switch {
				case !may[g.grantor]:
					later = append(later, g)
					continue
				case g.grantor == o.owner && len(of(o.was, g.grantee)) > 0 && alike(g.grantee):
					continue
				}
				may[g.grantee] = may[g.grantee] || g.with
				rights := strings.Join(g.rights, ", ")
				if o.col != "" {
					rights = strings.Join(g.rights, " ("+o.col+"), ") + " (" + o.col + ")"
				}
				text := verb + "GRANT " + rights + target + " TO " + role(g.grantee)
				if g.with {
					text += " WITH GRANT OPTION"
				}
				if g.grantor != o.owner {
					text = "SET SESSION AUTHORIZATION " + ident(g.grantor) + ";\n" + text + ";\nRESET SESSION AUTHORIZATION"
				}
				d.print(text + ";\n")
			}
			if len(later) == len(left) {
				break // granted by roles that may no longer
			}
			left = later
		}
	}
}

// role writes the grantee of a privilege.
func role(name string) string {
	if name == "" {
		return "PUBLIC"
	}
	return ident(name)
}
