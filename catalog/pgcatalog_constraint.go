package catalog

import (
	"rowkey/builtin"
	"rowkey/types"
)

// pg_constraint, and the operator classes that index constraints rest on.

func constraintRows() map[string]rows {
	return map[string]rows{
		"pg_trigger":    {"oid tgrelid", triggerRows},
		"pg_constraint": {"oid conrelid contypid confrelid conname", pgConstraintRows},
		"pg_opclass":    {"", opclassRows},
		"pg_opfamily":   {"", opfamilyRows},
		"pg_amop":       {"", amopRows},
		"pg_amproc":     {"", amprocRows},
	}
}

func pgConstraintRows(q *query) error {
	x := q.snap.index()
	if oid, ok := q.oid("oid"); ok {
		if ref, ok := x.constraints[oid]; ok {
			return q.row(constraintRow(q.snap, oid, ref)...)
		}
		return nil
	}
	if oid, ok := q.oid("contypid"); ok && oid != 0 {
		if u := q.snap.UserType(oid); u != nil {
			return domainConstraints(q, u)
		}
		return nil
	}
	name, byName := q.name("conname")
	emit := func(t *Table) error {
		var err error
		eachConstraint(t, func(oid OID, ref constraintRef) {
			if byName && ref.name() != name {
				return
			}
			if err == nil {
				err = q.row(constraintRow(q.snap, oid, ref)...)
			}
		})
		return err
	}
	if oid, ok := q.oid("confrelid"); ok && oid != 0 {
		for _, t := range q.snap.ReferredBy(oid) {
			if err := emit(t); err != nil {
				return err
			}
		}
		return nil
	}
	if err := q.eachTable("conrelid", "", emit); err != nil {
		return err
	}
	if oid, ok := q.oid("conrelid"); ok && oid != 0 {
		return nil
	}
	for _, u := range q.snap.UserTypes() {
		if err := domainConstraints(q, u); err != nil {
			return err
		}
	}
	return nil
}

func domainConstraints(q *query, u *UserType) error {
	for _, c := range u.Checks {
		if err := q.row(constraintRow(q.snap, c.OID, constraintRef{domain: u, check: c})...); err != nil {
			return err
		}
	}
	return nil
}

func (r constraintRef) name() string {
	switch {
	case r.index != nil:
		return r.index.Name
	case r.fk != nil:
		return r.fk.Name
	}
	return r.check.Name
}

func (r constraintRef) schema() OID {
	if r.domain != nil {
		return r.domain.SchemaOID
	}
	return r.table.SchemaOID
}

// kind is pg_constraint.contype.
func (r constraintRef) kind() byte {
	switch {
	case r.fk != nil:
		return 'f'
	case r.check != nil:
		return 'c'
	case r.index.Primary:
		return 'p'
	case r.index.Exclusion:
		return 'x'
	}
	return 'u'
}

func constraintRow(snap *Snapshot, oid OID, r constraintRef) []types.Datum {
	var rel, typ, index, refRel OID
	deferrable, deferred, validated, noInherit := false, false, true, true
	update, del, match := byte(' '), byte(' '), byte(' ')
	var key, refKey, setCols []int16
	pf, pp, ff := types.Null, types.Null, types.Null
	bin := types.Null
	parent, local, inherited := OID(0), true, 0
	if r.table != nil {
		rel = r.table.OID
	}
	switch {
	case r.fk != nil:
		f := r.fk
		if parent = f.Parent; parent != 0 {
			local, inherited = false, 1
		}
		noInherit = r.table.Kind != KindPartitioned
		index, refRel, key, refKey, setCols = f.RefIndex, f.RefTable, f.Columns, f.RefColumns, f.SetColumns
		deferrable, deferred, validated = f.Deferrable, f.Deferred, !f.NotValid
		update, del, match = byte(f.OnUpdate), byte(f.OnDelete), 's'
		if f.MatchFull {
			match = 'f'
		}
		pf, pp, ff = foreignKeyOperators(snap, r.table, f)
	case r.check != nil:
		key, validated, noInherit, bin = r.check.Attnums, !r.check.NotValid, r.check.NoInherit, vStr(r.check.Expr)
		local, inherited = !r.check.NotLocal, r.check.InhCount
		if r.domain != nil {
			typ = r.domain.OID
		}
	default:
		index, deferrable, deferred = r.index.OID, r.index.Deferrable, r.index.Deferred
		noInherit = r.table.Kind != KindPartitioned
		if r.index.Parent != 0 {
			if t := snap.TableOfIndex(r.index.Parent); t != nil && t.IndexByOID(r.index.Parent).Constraint != 0 {
				parent, local, inherited = t.IndexByOID(r.index.Parent).Constraint, false, 1
			}
		}
		for _, k := range r.index.Keys {
			key = append(key, k.Attnum)
		}
	}
	return []types.Datum{
		vOID(oid), vStr(r.name()), vOID(r.schema()), vChar(r.kind()), vBool(deferrable), vBool(deferred), vBool(validated), vOID(rel), vOID(typ),
		vOID(index), vOID(parent), vOID(refRel), vChar(update), vChar(del), vChar(match), vBool(local), vInt(inherited), vBool(noInherit),
		vAttnums(key), vAttnums(refKey), pf, pp, ff, vAttnums(setCols), vNull(), bin,
	}
}

// foreignKeyOperators gives the equality operators a foreign key compares
// with: of both sides, of the referenced and of the referencing one.
func foreignKeyOperators(snap *Snapshot, t *Table, f *ForeignKey) (pf, pp, ff types.Datum) {
	ref := snap.Table(f.RefTable)
	if ref == nil {
		return types.Null, types.Null, types.Null
	}
	var a, b, c []OID
	for i := range f.Columns {
		here, there := t.Col(f.Columns[i]).Type, ref.Col(f.RefColumns[i]).Type
		a, b, c = append(a, equalOperator(there, here)), append(b, equalOperator(there, there)), append(c, equalOperator(here, here))
	}
	return vOIDs(types.Oid, a), vOIDs(types.Oid, b), vOIDs(types.Oid, c)
}

// equalOperator finds the = of two types' b-tree family.
func equalOperator(l, r *types.Type) OID {
	base := func(t *types.Type) *types.Type {
		if oc := opclassOf(t, ""); oc != nil {
			return types.ByOID(oc.input)
		}
		return t.Under()
	}
	l, r = base(l), base(r)
	for _, op := range builtin.Operators("=") {
		if op.Left == l && op.Right == r {
			return op.OID
		}
	}
	return 0
}

func opclassRows(q *query) error {
	for _, k := range opclasses() {
		if err := q.row(vOID(k.oid), vOID(k.method), vStr(k.name), vOID(PgCatalogOID), vOID(BootstrapRoleOID), vOID(k.family), vOID(k.input),
			vBool(k.isDefault), vOID(k.key)); err != nil {
			return err
		}
	}
	return nil
}

// eachFact visits lines of facts until one fails.
func eachFact(text string, visit func(c []string) error) error {
	var err error
	factLines(text, func(c []string) {
		if err == nil {
			err = visit(c)
		}
	})
	return err
}

func opfamilyRows(q *query) error {
	return eachFact(opfamilyFacts, func(c []string) error {
		if !families()[parseOID(c[0])] {
			return nil
		}
		return q.row(vOID(parseOID(c[0])), vOID(parseOID(c[1])), vStr(c[2]), vOID(PgCatalogOID), vOID(BootstrapRoleOID))
	})
}

func amopRows(q *query) error {
	return eachFact(amopFacts, func(c []string) error {
		if builtin.OperatorByOID(parseOID(c[5])) == nil || !families()[parseOID(c[1])] {
			return nil
		}
		return q.row(vOID(parseOID(c[0])), vOID(parseOID(c[1])), vOID(parseOID(c[2])), vOID(parseOID(c[3])), vInt(int(parseOID(c[4]))), vChar('s'),
			vOID(parseOID(c[5])), vOID(parseOID(c[6])), vOID(0))
	})
}

func amprocRows(q *query) error {
	return eachFact(amprocFacts, func(c []string) error {
		if procs().byOID[parseOID(c[5])] == nil || !families()[parseOID(c[1])] {
			return nil
		}
		return q.row(vOID(parseOID(c[0])), vOID(parseOID(c[1])), vOID(parseOID(c[2])), vOID(parseOID(c[3])), vInt(int(parseOID(c[4]))), vOID(parseOID(c[5])))
	})
}
