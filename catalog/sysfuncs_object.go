package catalog

import (
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// Comments and names of objects of any class.

// comment finds the description of an object, "" if it has none.
func (s *Snapshot) comment(class, oid OID, sub int16) string {
	switch class {
	case relationClass:
		r := s.relation(oid)
		switch {
		case r == nil:
			return ""
		case r.seq != nil && sub == 0:
			return r.seq.Comment
		case r.ix != nil && sub == 0:
			return r.ix.Comment
		case r.table == nil || r.ix != nil:
			return ""
		case sub == 0:
			return r.table.Comment
		case sub > 0 && int(sub) <= len(r.table.Columns):
			return r.table.Col(sub).Comment
		}
		return ""
	case constraintClass:
		if r, ok := s.index().constraints[oid]; ok {
			return r.comment()
		}
		return ""
	case namespaceClass:
		if sc := s.Schema(oid); sc != nil && sc.Comment != "" {
			return sc.Comment
		}
	case typeClass:
		if u := s.UserType(oid); u != nil {
			return u.Comment
		}
		if t := s.CompositeOf(oid); t != nil {
			return t.Comment
		}
	case procClass:
		if f := s.Function(oid); f != nil {
			return f.Comment
		}
	case triggerClass:
		if _, tr := s.trigger(oid); tr != nil {
			return tr.Comment
		}
	}
	if sub != 0 {
		return ""
	}
	q := &query{snap: s}
	if text := descriptionTable()[class][oid]; text != "" && q.exists(class, oid) {
		return text
	}
	return ""
}

func comments() {
	builtin.Define("obj_description(oid,name)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		class := snap.Relation(snap.Schema(PgCatalogOID), a[1].S)
		return vOpt(snap.comment(class, arg(a[0]), 0)), nil
	}))
	builtin.Define("obj_description(oid)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		for _, class := range []OID{relationClass, typeClass, constraintClass, namespaceClass, procClass, operatorClass, triggerClass} {
			if s := snap.comment(class, arg(a[0]), 0); s != "" {
				return vStr(s), nil
			}
		}
		return types.Null, nil
	}))
	builtin.Define("col_description(oid,int4)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		if a[1].I <= 0 || a[1].I > 1<<15-1 {
			return types.Null, nil
		}
		return vOpt(snap.comment(relationClass, arg(a[0]), int16(a[1].I))), nil
	}))
	builtin.Define("shobj_description(oid,name)", constant(types.Null)) // the database and roles have no comments
}

// identity is what pg_identify_object tells.
type identity struct{ kind, schema, name, identity string }

// identify names an object of any class; ok is false when there is none.
func (s *Snapshot) identify(path []string, class, oid OID, sub int16) (id identity, describe string, ok bool) {
	column := ""
	switch class {
	case relationClass:
		r := s.relation(oid)
		if r == nil {
			return id, "", false
		}
		kind := map[byte]string{'r': "table", 'v': "view", 'i': "index", 'S': "sequence"}[r.kind()]
		schema := s.schemaName(r.schema)
		id = identity{kind, schema, types.QuoteIdent(r.name), qualified(schema, r.name)}
		describe = kind + " " + relationRef(s, path, oid)
		if sub != 0 {
			if r.table == nil || r.ix != nil || sub < 0 || int(sub) > len(r.table.Columns) || r.table.Col(sub).Dropped {
				return id, "", false
			}
			column = r.table.Col(sub).Name
			id.kind, id.name = kind+" column", ""
			id.identity += "." + types.QuoteIdent(column)
			describe = "column " + column + " of " + describe
		}
	case typeClass:
		t := s.Type(oid)
		if t == nil {
			return id, "", false
		}
		id = identity{"type", s.schemaName(s.schemaOfType(t)), types.QuoteIdent(t.Name), formatType(s, nil, oid, -1, false)}
		if t.Schema == "" {
			id.identity = formatType(s, []string{"pg_catalog"}, oid, -1, false)
			if id.identity == types.QuoteIdent(t.Name) {
				id.identity = "pg_catalog." + id.identity
			}
		}
		describe = "type " + formatType(s, path, oid, -1, false)
	case namespaceClass:
		sc := s.Schema(oid)
		if sc == nil {
			return id, "", false
		}
		name := types.QuoteIdent(sc.Name)
		id, describe = identity{"schema", "", name, name}, "schema "+sc.Name
	case constraintClass:
		r, found := s.index().constraints[oid]
		if !found {
			return id, "", false
		}
		name := types.QuoteIdent(r.name())
		if r.table != nil {
			id = identity{"table constraint", s.schemaName(r.schema()), "", name + " on " + relationRef(s, nil, r.table.OID)}
			describe = "constraint " + r.name() + " on table " + relationRef(s, path, r.table.OID)
		} else {
			id = identity{"domain constraint", s.schemaName(r.schema()), "", name + " on " + qualified(s.schemaName(r.schema()), r.domain.Name)}
			describe = "constraint " + r.name() + " on type " + formatType(s, path, r.domain.OID, -1, false)
		}
	case attrdefClass:
		ref, found := s.index().defaults[oid]
		if !found {
			return id, "", false
		}
		t := s.Table(ref.table)
		col := types.QuoteIdent(t.Col(ref.attnum).Name)
		id = identity{"default value", "", "", "for " + relationRef(s, nil, t.OID) + "." + col}
		describe = "default value for column " + t.Col(ref.attnum).Name + " of table " + relationRef(s, path, t.OID)
	case ruleClass:
		t := s.index().rules[oid]
		if t == nil {
			return id, "", false
		}
		id = identity{"rule", "", "", "\"_RETURN\" on " + relationRef(s, nil, t.OID)}
		describe = "rule _RETURN on view " + relationRef(s, path, t.OID)
	case procClass:
		p := s.proc(oid)
		if p == nil {
			return id, "", false
		}
		kind := "function"
		if p.kind() == byte(builtin.Aggregate) {
			kind = "aggregate"
		}
		id = identity{kind, s.schemaName(p.schema(s)), "", RegName(s, nil, types.RegProcedure, oid)}
		describe = "function " + RegName(s, path, types.RegProcedure, oid)
	case operatorClass:
		if !operatorExists(oid) {
			return id, "", false
		}
		id = identity{"operator", "pg_catalog", "", RegName(s, nil, types.RegOperator, oid)}
		describe = "operator " + RegName(s, path, types.RegOperator, oid)
	case languageClass:
		for _, l := range languages {
			if l.oid == oid {
				return identity{"language", "", l.name, l.name}, "language " + l.name, true
			}
		}
		return id, "", false
	case collationClass:
		name := collationName(oid)
		if name == "" {
			return id, "", false
		}
		id, describe = identity{"collation", "pg_catalog", types.QuoteIdent(name), qualified("pg_catalog", name)}, "collation "+types.QuoteIdent(name)
	default:
		return id, "", false
	}
	return id, describe, true
}

func objectNames() {
	builtin.Define("pg_describe_object(oid,oid,int4)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		_, text, ok := snap.identify(searchPath(ctx), arg(a[0]), arg(a[1]), int16(a[2].I))
		return nullIf(!ok, vStr(text)), nil
	}))
	fields := []types.Field{{Name: "type", Type: types.Text, Typmod: -1}, {Name: "schema", Type: types.Text, Typmod: -1},
		{Name: "name", Type: types.Text, Typmod: -1}, {Name: "identity", Type: types.Text, Typmod: -1}}
	builtin.Define("pg_identify_object(oid,oid,int4)", withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		id, _, ok := snap.identify(nil, arg(a[0]), arg(a[1]), int16(a[2].I))
		vals := make([]types.Datum, 4)
		if ok {
			vals = []types.Datum{vStr(id.kind), vOpt(id.schema), vOpt(id.name), vStr(id.identity)}
		}
		return types.NewAny(types.NewTuple(fields, vals)), nil
	}))
}

// privileges defines the has_…_privilege functions. There is one superuser, who
// may do anything; what is left to do is to see that what is asked about exists.
func privileges() {
	kinds := []struct {
		name   string
		allow  string
		exists func(ctx *builtin.Ctx, snap *Snapshot, a types.Datum) (bool, error)
	}{
		{"table", "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER RULE", relationExists},
		{"any_column", "SELECT INSERT UPDATE REFERENCES", relationExists},
		{"sequence", "USAGE SELECT UPDATE", relationExists},
		{"database", "CREATE TEMPORARY TEMP CONNECT", databaseExists},
		{"function", "EXECUTE", regExists(types.RegProcedure, func(snap *Snapshot, oid OID) bool { return snap.proc(oid) != nil })},
		{"language", "USAGE", namedExists("language", func(_ *Snapshot, n string) bool {
			for _, l := range languages {
				if l.name == n {
					return true
				}
			}
			return false
		}, func(_ *Snapshot, oid OID) bool { return oid == internalLanguage || oid == 14 })},
		{"schema", "CREATE USAGE", namedExists("schema", func(s *Snapshot, n string) bool { return s.SchemaByName(n) != nil },
			func(s *Snapshot, oid OID) bool { return s.Schema(oid) != nil })},
		{"tablespace", "CREATE", namedExists("tablespace", func(_ *Snapshot, n string) bool { return n == "pg_default" || n == "pg_global" },
			func(_ *Snapshot, oid OID) bool { return oid == defaultTablespace || oid == 1664 })},
		{"foreign_data_wrapper", "USAGE", namedExists("foreign-data wrapper", func(*Snapshot, string) bool { return false }, func(*Snapshot, OID) bool { return false })},
		{"server", "USAGE", namedExists("server", func(*Snapshot, string) bool { return false }, func(*Snapshot, OID) bool { return false })},
		{"type", "USAGE", regExists(types.RegType, func(s *Snapshot, oid OID) bool { return s.Type(oid) != nil })},
	}
	// check answers for any object: user tells whether the first argument is a role.
	check := func(user bool, allow string, exists func(*builtin.Ctx, *Snapshot, types.Datum) (bool, error)) builtin.Func {
		return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
			if user {
				if err := roleArgument(ctx, a[0]); err != nil {
					return types.Null, err
				}
				a = a[1:]
			}
			ok, err := exists(ctx, snap, a[0])
			if err != nil {
				return types.Null, err
			}
			if err := privilegeWords(a[len(a)-1].S, allow); err != nil {
				return types.Null, err
			}
			return nullIf(!ok, vBool(true)), nil
		})
	}
	for _, k := range kinds {
		base := "has_" + k.name + "_privilege"
		builtin.Define(base+"(text,text) "+base+"(oid,text)", check(false, k.allow, k.exists))
		builtin.Define(base+"(name,text,text) "+base+"(name,oid,text) "+base+"(oid,text,text) "+base+"(oid,oid,text)", check(true, k.allow, k.exists))
	}
	parameter := func(user bool) builtin.Func {
		return check(user, "SET ALTER SYSTEM", func(*builtin.Ctx, *Snapshot, types.Datum) (bool, error) { return true, nil })
	}
	builtin.Define("has_parameter_privilege(text,text)", parameter(false))
	builtin.Define("has_parameter_privilege(name,text,text) has_parameter_privilege(oid,text,text)", parameter(true))
	column := func(user bool) builtin.Func {
		return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
			if user {
				if err := roleArgument(ctx, a[0]); err != nil {
					return types.Null, err
				}
				a = a[1:]
			}
			oid, err := relationArgument(ctx, snap, a[0])
			if err != nil {
				return types.Null, err
			}
			if err := privilegeWords(a[2].S, "SELECT INSERT UPDATE REFERENCES"); err != nil {
				return types.Null, err
			}
			t := snap.Table(oid)
			if t == nil {
				return types.Null, nil
			}
			if a[1].K == types.PhysBytes {
				if t.ColumnByName(a[1].S) == nil {
					return types.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, t.Name)
				}
			} else if n := a[1].I; n < 1 || n > int64(len(t.Columns)) || t.Col(int16(n)).Dropped {
				return types.Null, nil
			}
			return vBool(true), nil
		})
	}
	for _, rel := range []string{"text", "oid"} {
		for _, col := range []string{"text", "int2"} {
			builtin.Define("has_column_privilege("+rel+","+col+",text)", column(false))
			for _, user := range []string{"name", "oid"} {
				builtin.Define("has_column_privilege("+user+","+rel+","+col+",text)", column(true))
			}
		}
	}
	role := func(user bool) builtin.Func {
		return withSnap(func(ctx *builtin.Ctx, _ *Snapshot, a []types.Datum) (types.Datum, error) {
			if user {
				if err := roleArgument(ctx, a[0]); err != nil {
					return types.Null, err
				}
				a = a[1:]
			}
			if err := roleArgument(ctx, a[0]); err != nil {
				return types.Null, err
			}
			return vBool(true), privilegeWords(a[1].S, "USAGE MEMBER")
		})
	}
	builtin.Define("pg_has_role(name,text) pg_has_role(oid,text)", role(false))
	builtin.Define("pg_has_role(name,name,text) pg_has_role(name,oid,text) pg_has_role(oid,name,text) pg_has_role(oid,oid,text)", role(true))
	builtin.Define("row_security_active(oid) row_security_active(text)", constant(types.NewBool(false)))
	builtin.Define("aclexplode(_aclitem)", noRows())
	builtin.Define("acldefault(char,oid)", constant(types.Null))
}

// roleArgument sees that a role given by name or OID exists.
func roleArgument(ctx *builtin.Ctx, a types.Datum) error {
	if a.K == types.PhysBytes {
		if a.S == "public" || roleByName(ctx, a.S) != 0 {
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", a.S)
	}
	if a.I == 0 || userName(ctx, arg(a)) != "" {
		return nil
	}
	return pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", a.I)
}

// privilegeWords checks a list of privileges: SELECT, UPDATE WITH GRANT OPTION …
func privilegeWords(list, allow string) error {
	for _, word := range strings.Split(list, ",") {
		word = strings.TrimSpace(word)
		w := strings.ToUpper(word)
		w = strings.TrimSuffix(strings.TrimSuffix(w, " WITH GRANT OPTION"), " WITH ADMIN OPTION")
		if allow == "SET ALTER SYSTEM" && w == "ALTER SYSTEM" {
			continue
		}
		found := false
		for _, a := range strings.Fields(allow) {
			found = found || a == w
		}
		if !found {
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", word)
		}
	}
	return nil
}

// relationArgument gives the relation named by text or OID.
func relationArgument(ctx *builtin.Ctx, snap *Snapshot, a types.Datum) (OID, error) {
	if a.K != types.PhysBytes {
		return arg(a), nil
	}
	return parseRegClass(snap, searchPath(ctx), a.S)
}

func relationExists(ctx *builtin.Ctx, snap *Snapshot, a types.Datum) (bool, error) {
	oid, err := relationArgument(ctx, snap, a)
	return snap.relation(oid) != nil, err
}

func databaseExists(ctx *builtin.Ctx, _ *Snapshot, a types.Datum) (bool, error) {
	if a.K != types.PhysBytes {
		return arg(a) == DatabaseOID, nil
	}
	if ctx.Session != nil && a.S != ctx.Session.CurrentDatabase() {
		return false, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", a.S)
	}
	return true, nil
}

func regExists(kind *types.Type, known func(*Snapshot, OID) bool) func(*builtin.Ctx, *Snapshot, types.Datum) (bool, error) {
	return func(ctx *builtin.Ctx, snap *Snapshot, a types.Datum) (bool, error) {
		if a.K != types.PhysBytes {
			return known(snap, arg(a)), nil
		}
		_, err := ParseReg(snap, searchPath(ctx), kind, a.S)
		return true, err
	}
}

func namedExists(what string, named func(*Snapshot, string) bool, known func(*Snapshot, OID) bool) func(*builtin.Ctx, *Snapshot, types.Datum) (bool, error) {
	return func(_ *builtin.Ctx, snap *Snapshot, a types.Datum) (bool, error) {
		if a.K != types.PhysBytes {
			return known(snap, arg(a)), nil
		}
		if named(snap, a.S) {
			return true, nil
		}
		code := pgerr.UndefinedObject
		if what == "schema" {
			code = pgerr.InvalidSchemaName
		}
		return false, pgerr.Newf(code, "%s \"%s\" does not exist", what, a.S)
	}
}
