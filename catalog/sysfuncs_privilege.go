package catalog

import (
	"strings"

	"rowkey/builtin"
	"rowkey/pgerr"
	"rowkey/types"
)

// The functions that ask what a role may do: has_…_privilege and pg_has_role.

// rightsOf reads a list of privileges, SELECT, UPDATE WITH GRANT OPTION …, any
// of which will do.
func rightsOf(list string, allow Rights) (rights, options Rights, err error) {
	for _, word := range strings.Split(list, ",") {
		word = strings.Trim(word, " \t\n\r\f\v")
		name, with := word, false
		if i := len(word) - len(" WITH GRANT OPTION"); i > 0 && strings.EqualFold(word[i:], " WITH GRANT OPTION") {
			name, with = word[:i], true
		}
		r := RightNamed(strings.ToLower(name))
		if r&allow == 0 {
			return 0, 0, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", word)
		}
		if with {
			options |= r.Option()
		} else {
			rights |= r
		}
	}
	return rights, options, nil
}

// unrecognizedKind is the error for a letter that acldefault does not know.
func unrecognizedKind(kind byte) error {
	return pgerr.Newf(pgerr.InternalError, "unrecognized objtype abbreviation: %c", kind)
}

// question is what a has_…_privilege function is about: the object, and what a
// role has on it. known is false where there is no such object (any more).
type question func(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (have Rights, known bool, err error)

func privileges() {
	kinds := []struct {
		name  string
		allow Rights
		ask   question
	}{
		{"table", AllRights(ACLRelation), askTable},
		{"any_column", AllRights(ACLColumn), askAnyColumn},
		{"sequence", AllRights(ACLSequence), askSequence},
		{"database", AllRights(ACLDatabase), askDatabase},
		{"function", Execute, askFunction},
		{"language", Usage, askLanguage},
		{"schema", AllRights(ACLSchema), askSchema},
		{"tablespace", Create, askTablespace},
		{"foreign_data_wrapper", Usage, askNone("foreign-data wrapper")},
		{"server", Usage, askNone("server")},
		{"type", Usage, askType},
	}
	for _, k := range kinds {
		base := "has_" + k.name + "_privilege"
		builtin.Define(base+"(text,text) "+base+"(oid,text)", answer(false, k.allow, k.ask))
		builtin.Define(base+"(name,text,text) "+base+"(name,oid,text) "+base+"(oid,text,text) "+base+"(oid,oid,text)", answer(true, k.allow, k.ask))
	}
	builtin.Define("has_parameter_privilege(text,text)", answer(false, AllRights('p'), askParameter))
	builtin.Define("has_parameter_privilege(name,text,text) has_parameter_privilege(oid,text,text)", answer(true, AllRights('p'), askParameter))
	for _, rel := range []string{"text", "oid"} {
		for _, col := range []string{"text", "int2"} {
			builtin.Define("has_column_privilege("+rel+","+col+",text)", columnAnswer(false))
			for _, user := range []string{"name", "oid"} {
				builtin.Define("has_column_privilege("+user+","+rel+","+col+",text)", columnAnswer(true))
			}
		}
	}
	builtin.Define("pg_has_role(name,text) pg_has_role(oid,text)", roleAnswer(false))
	builtin.Define("pg_has_role(name,name,text) pg_has_role(name,oid,text) pg_has_role(oid,name,text) pg_has_role(oid,oid,text)", roleAnswer(true))
	builtin.Define("row_security_active(oid) row_security_active(text)", constant(types.NewBool(false)))
	aclFunctions()
}

// subject gives the role a question is about, and the other arguments.
func subject(ctx *builtin.Ctx, snap *Snapshot, user bool, a []types.Datum) (OID, []types.Datum, error) {
	if !user {
		return asking(ctx), a, nil
	}
	role, err := roleArgument(ctx, snap, a[0], true)
	return role, a[1:], err
}

// answer makes the function of a question.
func answer(user bool, allow Rights, ask question) builtin.Func {
	return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		role, a, err := subject(ctx, snap, user, a)
		if err != nil {
			return types.Null, err
		}
		// what is named must exist before the privileges are looked at
		if _, _, err := ask(ctx, snap, a[0], role, 0); err != nil {
			return types.Null, err
		}
		rights, options, err := rightsOf(a[len(a)-1].S, allow)
		if err != nil {
			return types.Null, err
		}
		have, known, err := ask(ctx, snap, a[0], role, rights|options)
		return nullIf(!known, vBool(have != 0)), err
	})
}

// columnAnswer makes has_column_privilege.
func columnAnswer(user bool) builtin.Func {
	return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		role, a, err := subject(ctx, snap, user, a)
		if err != nil {
			return types.Null, err
		}
		oid, err := relationArgument(ctx, snap, a[0])
		if err != nil {
			return types.Null, err
		}
		t := snap.Table(oid)
		attnum := int16(0)
		switch {
		case a[1].K != types.PhysBytes:
			attnum = int16(a[1].I)
		case t != nil:
			c := t.ColumnByName(a[1].S)
			if c == nil {
				return types.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, t.Name)
			}
			attnum = c.Attnum
		}
		rights, options, err := rightsOf(a[2].S, AllRights(ACLColumn))
		if err != nil {
			return types.Null, err
		}
		if t == nil || attnum < 1 || int(attnum) > len(t.Columns) || t.Col(attnum).Dropped {
			return types.Null, nil
		}
		want := rights | options
		return vBool(snap.TableRights(role, t, want) != 0 || snap.ColumnRights(role, t, attnum, want) != 0), nil
	})
}

// roleAnswer makes pg_has_role.
func roleAnswer(user bool) builtin.Func {
	return withSnap(func(ctx *builtin.Ctx, snap *Snapshot, a []types.Datum) (types.Datum, error) {
		role, a, err := subject(ctx, snap, user, a)
		if err != nil {
			return types.Null, err
		}
		of, err := roleArgument(ctx, snap, a[0], false)
		if err != nil {
			return types.Null, err
		}
		has := false
		for _, word := range strings.Split(a[1].S, ",") {
			word = strings.TrimSpace(word)
			switch strings.ToUpper(word) {
			case "USAGE":
				has = has || snap.HasPrivsOf(role, of)
			case "MEMBER":
				has = has || snap.IsMember(role, of)
			case "USAGE WITH GRANT OPTION", "USAGE WITH ADMIN OPTION", "MEMBER WITH GRANT OPTION", "MEMBER WITH ADMIN OPTION":
				has = has || snap.IsAdmin(role, of)
			default:
				return types.Null, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", word)
			}
		}
		return vBool(has), nil
	})
}

// roleArgument gives the role named or numbered; public may stand for
// everybody where a privilege is asked about. A number that no role has is nobody's.
func roleArgument(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, public bool) (OID, error) {
	if a.K != types.PhysBytes {
		return arg(a), nil
	}
	if public && a.S == "public" {
		return 0, nil
	}
	if r := roleNames(ctx, snap).ByName(a.S); r != nil {
		return r.OID, nil
	}
	return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", a.S)
}

// relationArgument gives the relation named by text or OID.
func relationArgument(ctx *builtin.Ctx, snap *Snapshot, a types.Datum) (OID, error) {
	if a.K != types.PhysBytes {
		return arg(a), nil
	}
	return parseRegClass(snap, searchPath(ctx), a.S)
}

func askTable(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	oid, err := relationArgument(ctx, snap, a)
	if err != nil {
		return 0, false, err
	}
	if t := snap.Table(oid); t != nil {
		return snap.TableRights(role, t, want), true, nil
	}
	if q := snap.Sequence(oid); q != nil {
		return snap.SequenceRights(role, q, want), true, nil
	}
	if t := snap.TableOfIndex(oid); t != nil {
		return DefaultFor(ACLRelation, ownerOr(t.Owner)).held(snap, role, ownerOr(t.Owner), want), true, nil
	}
	return 0, false, nil
}

func askAnyColumn(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	have, known, err := askTable(ctx, snap, a, role, want)
	if err != nil || !known || have != 0 {
		return have, known, err
	}
	oid, _ := relationArgument(ctx, snap, a)
	if t := snap.Table(oid); t != nil {
		for i := range t.Columns {
			have |= snap.ColumnRights(role, t, int16(i+1), want)
		}
	}
	return have, true, nil
}

func askSequence(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	oid, err := relationArgument(ctx, snap, a)
	if err != nil {
		return 0, false, err
	}
	q := snap.Sequence(oid)
	if q == nil {
		r := snap.relation(oid)
		if r == nil {
			return 0, false, nil
		}
		return 0, false, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", r.name)
	}
	return snap.SequenceRights(role, q, want), true, nil
}

func askDatabase(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	var d *Database
	if a.K != types.PhysBytes {
		d = snap.DatabaseByOID(arg(a))
	} else if d = namedDatabase(ctx, snap, a.S); d == nil {
		return 0, false, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", a.S)
	}
	if d == nil {
		return 0, false, nil
	}
	return snap.DatabaseRights(role, d, want), true, nil
}

// namedDatabase finds a database by its name, the session's own by the name it was asked
// for by; nil if there is none.
func namedDatabase(ctx *builtin.Ctx, snap *Snapshot, name string) *Database {
	if ctx.Session == nil {
		return snap.Database()
	}
	return snap.DatabaseCalled(name, ctx.Session.CurrentDatabase())
}

func askFunction(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	oid := arg(a)
	if a.K == types.PhysBytes {
		var err error
		if oid, err = ParseReg(snap, searchPath(ctx), types.RegProcedure, a.S); err != nil {
			return 0, false, err
		}
	}
	return snap.FunctionRights(role, oid, want), snap.proc(oid) != nil, nil
}

func askLanguage(_ *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	for _, l := range languages {
		if a.K == types.PhysBytes && l.name == a.S || a.K != types.PhysBytes && l.oid == arg(a) {
			return snap.LanguageRights(role, l.name, want), true, nil
		}
	}
	if a.K == types.PhysBytes {
		return 0, false, pgerr.Newf(pgerr.UndefinedObject, "language \"%s\" does not exist", a.S)
	}
	return 0, false, nil
}

func askSchema(_ *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	n := snap.Schema(arg(a))
	if a.K == types.PhysBytes {
		if n = snap.SchemaByName(a.S); n == nil {
			return 0, false, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", a.S)
		}
	}
	if n == nil {
		return 0, false, nil
	}
	return snap.SchemaRights(role, n, want), true, nil
}

func askTablespace(_ *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	known := arg(a) == defaultTablespace || arg(a) == 1664
	if a.K == types.PhysBytes {
		if known = a.S == "pg_default" || a.S == "pg_global"; !known {
			return 0, false, pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", a.S)
		}
	}
	if snap.Superuser(role) {
		return want, known, nil
	}
	return 0, known, nil
}

func askType(ctx *builtin.Ctx, snap *Snapshot, a types.Datum, role OID, want Rights) (Rights, bool, error) {
	oid := arg(a)
	if a.K == types.PhysBytes {
		var err error
		if oid, err = ParseReg(snap, searchPath(ctx), types.RegType, a.S); err != nil {
			return 0, false, err
		}
	}
	if snap.Type(oid) == nil {
		return 0, false, nil
	}
	return snap.TypeRights(role, oid, want), true, nil
}

func askParameter(_ *builtin.Ctx, snap *Snapshot, _ types.Datum, role OID, want Rights) (Rights, bool, error) {
	if snap.Superuser(role) {
		return want, true, nil
	}
	return 0, true, nil
}

// askNone is about objects there are none of.
func askNone(what string) question {
	return func(_ *builtin.Ctx, _ *Snapshot, a types.Datum, _ OID, _ Rights) (Rights, bool, error) {
		if a.K == types.PhysBytes {
			return 0, false, pgerr.Newf(pgerr.UndefinedObject, "%s \"%s\" does not exist", what, a.S)
		}
		return 0, false, nil
	}
}
