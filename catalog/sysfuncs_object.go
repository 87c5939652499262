package catalog

import (
	"rowkey/builtin"
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
	if e := s.Extension(oid); e != nil && class == extensionClass {
		return e.Comment
	}
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
		for _, class := range []OID{relationClass, typeClass, constraintClass, namespaceClass, procClass, operatorClass, triggerClass, extensionClass} {
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
	builtin.Define("shobj_description(oid,name)", withSnap(func(_ *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		switch a[1].S {
		case "pg_database":
			if d := snap.DatabaseByOID(arg(a[0])); d != nil {
				return vOpt(d.Comment), nil
			}
		case "pg_authid":
			if r := snap.Role(arg(a[0])); r != nil {
				return vOpt(r.Comment), nil
			}
		}
		return types.Null, nil
	}))
}

// relationKinds are pg_class.relkind in words.
var relationKinds = map[byte]string{'r': "table", 'p': "table", 'v': "view", 'm': "materialized view", 'i': "index", 'I': "index",
	'S': "sequence", 'c': "composite type"}

// relationText names a relation with its kind.
func (s *Snapshot) relationText(path []string, oid OID) string {
	kind := "table"
	if r := s.relation(oid); r != nil {
		kind = relationKinds[r.kind()]
	}
	return kind + " " + relationRef(s, path, oid)
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
		kind := relationKinds[r.kind()]
		schema := s.schemaName(r.schema)
		id = identity{kind, schema, types.QuoteIdent(r.name), qualified(schema, r.name)}
		describe = s.relationText(path, oid)
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
			describe = "constraint " + r.name() + " on " + s.relationText(path, r.table.OID)
		} else {
			id = identity{"domain constraint", s.schemaName(r.schema()), "", name + " on " + qualified(s.schemaName(r.schema()), r.domain.Name)}
			describe = "constraint " + r.name()
		}
	case attrdefClass:
		ref, found := s.index().defaults[oid]
		if !found {
			return id, "", false
		}
		t := s.Table(ref.table)
		col := types.QuoteIdent(t.Col(ref.attnum).Name)
		id = identity{"default value", "", "", "for " + relationRef(s, nil, t.OID) + "." + col}
		describe = "default value for column " + t.Col(ref.attnum).Name + " of " + s.relationText(path, t.OID)
	case ruleClass:
		t := s.index().rules[oid]
		if t == nil {
			return id, "", false
		}
		id = identity{"rule", "", "", "\"_RETURN\" on " + relationRef(s, nil, t.OID)}
		describe = "rule _RETURN on " + s.relationText(path, t.OID)
	case triggerClass:
		t, tr := s.trigger(oid)
		if t == nil {
			return id, "", false
		}
		id = identity{"trigger", "", "", types.QuoteIdent(tr.Name) + " on " + relationRef(s, nil, t.OID)}
		describe = "trigger " + tr.Name + " on " + s.relationText(path, t.OID)
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
	case extensionClass:
		for _, e := range s.everyExtension() {
			if e.OID == oid {
				name := types.QuoteIdent(e.Name)
				return identity{"extension", "", name, name}, "extension " + e.Name, true
			}
		}
		return id, "", false
	case collationClass:
		name := collationName(oid)
		if name == "" {
			return id, "", false
		}
		id, describe = identity{"collation", "pg_catalog", types.QuoteIdent(name), qualified("pg_catalog", name)}, "collation "+types.QuoteIdent(name)
	case amClass:
		name := accessMethodName(oid)
		return identity{"access method", "", name, name}, "access method " + name, name != ""
	case tablespaceClass:
		for _, t := range tablespaces {
			if t.oid == oid {
				return identity{"tablespace", "", t.name, t.name}, "tablespace " + t.name, true
			}
		}
		return id, "", false
	case castClass:
		for _, c := range builtin.Casts() {
			if castsByTypes()[[2]OID{c.From.OID, c.To.OID}].oid == oid {
				from, to := formatType(s, path, c.From.OID, -1, false), formatType(s, path, c.To.OID, -1, false)
				return identity{"cast", "", "", "(" + from + " AS " + to + ")"}, "cast from " + from + " to " + to, true
			}
		}
		return id, "", false
	case opclassClass:
		for _, k := range opclasses() {
			if k.oid == oid {
				id, describe = ofMethod("operator class", k.name, k.method)
				return id, describe, true
			}
		}
		return id, "", false
	case opfamilyClass:
		_ = eachFact(opfamilyFacts, func(c []string) error {
			if parseOID(c[0]) == oid && families()[oid] {
				id, describe = ofMethod("operator family", c[2], parseOID(c[1]))
			}
			return nil
		})
		return id, describe, describe != ""
	default:
		return id, "", false
	}
	return id, describe, true
}

// accessMethodName gives the name of an access method, "" if there is none.
func accessMethodName(oid OID) string {
	for _, am := range accessMethods {
		if am.oid == oid {
			return am.name
		}
	}
	return ""
}

// ofMethod names an operator class or family.
func ofMethod(kind, name string, method OID) (id identity, describe string) {
	am := accessMethodName(method)
	return identity{kind, "pg_catalog", types.QuoteIdent(name), qualified("pg_catalog", name) + " USING " + am},
		kind + " " + types.QuoteIdent(name) + " for access method " + am
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
