package catalog

import (
	"strconv"

	"rowkey/types"
)

// information_schema: the SQL standard's views of the catalog, as PostgreSQL 15
// defines them. This file has what stands by itself; tables and columns are in
// infoschema_table.go, constraints in infoschema_constraint.go, privileges in
// infoschema_grant.go.

func schemaRows() map[string]rows {
	m := map[string]rows{
		"information_schema_catalog_name": {"", func(q *query) error { return q.row(q.cat()) }},
		"schemata":                        {"schema_name", schemataRows},
		"character_sets": {"", func(q *query) error {
			return q.row(vNull(), vNull(), vStr("UTF8"), vStr("UCS"), vStr("UTF8"), q.cat(), vNull(), vNull())
		}},
		"collations": {"", func(q *query) error {
			for _, c := range collations {
				if err := q.row(q.cat(), vStr("pg_catalog"), vStr(c.name), vStr("NO PAD")); err != nil {
					return err
				}
			}
			return nil
		}},
		"collation_character_set_applicability": {"", func(q *query) error {
			for _, c := range collations {
				if err := q.row(q.cat(), vStr("pg_catalog"), vStr(c.name), vNull(), vNull(), vStr("UTF8")); err != nil {
					return err
				}
			}
			return nil
		}},
		"sql_features": {"", factTable(featureFacts, func(c []string) []types.Datum {
			return []types.Datum{vStr(c[0]), vStr(c[1]), vStr(c[2]), vStr(c[3]), vStr(c[4]), vNull(), vStr(c[5])}
		})},
		"sql_sizing": {"", factTable(sizingFacts, func(c []string) []types.Datum {
			return []types.Datum{vIntText(c[0]), vStr(c[1]), vIntText(c[2]), vOpt(c[3])}
		})},
		"sql_implementation_info": {"", factTable(implementationFacts, func(c []string) []types.Datum {
			return []types.Datum{vStr(c[0]), vStr(c[1]), vIntText(c[2]), nullIf(c[3] == `\N`, vStr(c[3])), vOpt(c[4])}
		})},
		"sql_parts": {"", factTable(partFacts, func(c []string) []types.Datum {
			return []types.Datum{vStr(c[0]), vStr(c[1]), vStr(c[2]), vNull(), vStr(c[3])}
		})},
		"sequences":  {"sequence_name", schemaSequenceRows},
		"routines":   {"routine_name", routineRows},
		"parameters": {"", parameterRows},
	}
	out := map[string]rows{}
	for name, r := range m {
		out["information_schema."+name] = r
	}
	return out
}

func factTable(text string, row func(c []string) []types.Datum) func(q *query) error {
	return func(q *query) error {
		return eachFact(text, func(c []string) error { return q.emit(row(c)) })
	}
}

func vIntText(s string) types.Datum {
	n, err := strconv.Atoi(s)
	return nullIf(err != nil, vInt(n))
}

// cat is the catalog_name of everything: the database.
func (q *query) cat() types.Datum { return vStr(q.database()) }

// in gives catalog, schema and name of an object.
func (q *query) in(schema OID, name string) []types.Datum {
	return []types.Datum{q.cat(), vStr(q.snap.schemaName(schema)), vStr(name)}
}

func schemataRows(q *query) error {
	role := asking(q.ctx)
	for _, s := range q.snap.Schemas() {
		if !q.snap.HasPrivsOf(role, q.snap.SchemaOwner(s)) && q.snap.SchemaRights(role, s, Usage|Create) == 0 {
			continue
		}
		owner := q.roleName(q.snap.SchemaOwner(s))
		if err := q.row(q.cat(), vStr(s.Name), vStr(owner), vNull(), vNull(), vNull(), vNull()); err != nil {
			return err
		}
	}
	return nil
}

func vInt64Text(n int64) types.Datum { return vStr(strconv.FormatInt(n, 10)) }

func schemaSequenceRows(q *query) error {
	role := asking(q.ctx)
	return q.eachSequence("", "sequence_name", func(s *Sequence) error {
		if !q.snap.HasPrivsOf(role, ownerOr(s.Owner)) && q.snap.SequenceRights(role, s, AllRights(ACLSequence)) == 0 {
			return nil
		}
		if s.Internal {
			return nil
		}
		t := q.snap.Type(s.TypeOID)
		return q.emit(append(q.in(s.SchemaOID, s.Name), vStr(types.Format(t, -1)), numericPrecision(t, -1), vInt(2), vInt(0),
			vInt64Text(s.Start), vInt64Text(s.Min), vInt64Text(s.Max), vInt64Text(s.Increment), vYes(s.Cycle)))
	})
}

// dataType is the data_type of a column, parameter or domain.
func (q *query) dataType(t *types.Type) types.Datum {
	t = t.Under()
	switch {
	case t.Elem != nil && t.Len == -1:
		return vStr("ARRAY")
	case t.Schema == "" || t.Schema == "pg_catalog":
		return vStr(formatType(q.snap, []string{"pg_catalog"}, t.OID, -1, false))
	}
	return vStr("USER-DEFINED")
}

// udt gives catalog, schema and name of the type under domains.
func (q *query) udt(t *types.Type) []types.Datum {
	t = t.Under()
	return q.in(q.snap.schemaOfType(t), t.Name)
}

// trueType gives the type and modifier under a domain.
func trueType(t *types.Type, typmod int32) (*types.Type, int32) {
	for t.Kind == types.KindDomain && t.Base != nil {
		t, typmod = t.Base, t.BaseMod
	}
	return t, typmod
}

// collationOf gives catalog, schema and name of a collation, NULLs for the default.
func (q *query) collationOf(oid OID) []types.Datum {
	if oid == 0 || oid == defaultCollation {
		return nulls(3)
	}
	return []types.Datum{q.cat(), vStr("pg_catalog"), vStr(collationName(oid))}
}

func (p *proc) specificName() string { return p.name + "_" + strconv.Itoa(int(p.oid)) }

func routineRows(q *query) error {
	no, sql := vStr("NO"), vStr("INVOKER")
	role := asking(q.ctx)
	return q.eachProc("", "routine_name", func(p *proc) error {
		if q.snap.FunctionRights(role, p.oid, Execute) == 0 {
			if _, owner, _ := q.snap.FunctionACL(p.oid); !q.snap.HasPrivsOf(role, owner) {
				return nil
			}
		}
		t := q.snap.Type(p.result)
		schema := vStr(q.snap.schemaName(p.schema(q.snap)))
		vals := map[string]types.Datum{
			"specific_catalog": q.cat(), "specific_schema": schema, "specific_name": vStr(p.specificName()),
			"routine_catalog": q.cat(), "routine_schema": schema, "routine_name": vStr(p.name),
			"type_udt_catalog": q.cat(), "dtd_identifier": vStr("0"), "routine_body": vStr("EXTERNAL"), "external_language": vStr("INTERNAL"),
			"routine_definition": vStr(p.name), "parameter_style": vStr("GENERAL"), "sql_data_access": vStr("MODIFIES"), "schema_level_routine": vStr("YES"),
			"max_dynamic_result_sets": vInt(0), "security_type": sql, "as_locator": no, "is_udt_dependent": no,
		}
		if p.kind() == 'f' {
			vals["routine_type"] = vStr("FUNCTION")
			vals["is_null_call"] = vYes(p.isStrict())
		}
		volatility := p.volatility
		if p.fn != nil {
			volatility = byte(p.fn.Volatility)
		}
		vals["is_deterministic"] = vYes(volatility == 'i')
		if t != nil {
			vals["data_type"] = q.dataType(t)
			vals["type_udt_schema"], vals["type_udt_name"] = vStr(q.snap.schemaName(q.snap.schemaOfType(t))), vStr(t.Name)
		}
		return q.named(vals)
	})
}

func parameterRows(q *query) error {
	return q.eachProc("", "", func(p *proc) error {
		emit := func(n int, mode, name string, oid OID) error {
			t := q.snap.Type(oid)
			if t == nil {
				return nil
			}
			u := q.udt(t)
			return q.named(map[string]types.Datum{
				"specific_catalog": q.cat(), "specific_schema": vStr(q.snap.schemaName(p.schema(q.snap))), "specific_name": vStr(p.specificName()),
				"ordinal_position": vInt(n), "parameter_mode": vStr(mode), "is_result": vStr("NO"), "as_locator": vStr("NO"), "parameter_name": vOpt(name),
				"data_type": q.dataType(t), "udt_catalog": u[0], "udt_schema": u[1], "udt_name": u[2], "dtd_identifier": vStr(strconv.Itoa(n)),
			})
		}
		n := 0
		for i, a := range p.args {
			name := ""
			if p.fn != nil && i < len(p.fn.ArgNames) {
				name = p.fn.ArgNames[i]
			}
			n++
			if err := emit(n, "IN", name, a); err != nil {
				return err
			}
		}
		var out []types.Field
		if p.fn != nil {
			out = p.fn.Out
		}
		for _, o := range out {
			n++
			if err := emit(n, "OUT", o.Name, o.Type.OID); err != nil {
				return err
			}
		}
		return nil
	})
}
