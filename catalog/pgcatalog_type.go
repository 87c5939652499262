package catalog

import (
	"sort"

	"rowkey/types"
)

// pg_type and what belongs to types.

func typeRows() map[string]rows {
	return map[string]rows{
		"pg_type":      {"oid typname typrelid typelem", pgTypeRows},
		"pg_enum":      {"oid enumtypid", enumRows},
		"pg_range":     {"", rangeRows},
		"pg_collation": {"", collationRows},
	}
}

// eachType visits the types the query is about.
func (q *query) eachType(visit func(t *types.Type) error) error {
	s := q.snap
	if oid, ok := q.oid("oid"); ok {
		if t := s.Type(oid); t != nil {
			return visit(t)
		}
		return nil
	}
	if name, ok := q.name("typname"); ok {
		for _, sc := range s.Schemas() {
			if t := s.TypeByName(sc, name); t != nil {
				if err := visit(t); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if oid, ok := q.oid("typrelid"); ok && oid != 0 {
		if t := s.Table(oid); t != nil && t.RowType != nil {
			return visit(t.RowType)
		}
		return nil
	}
	if oid, ok := q.oid("typelem"); ok && oid != 0 {
		if t := s.Type(oid); t != nil {
			if t.Array != nil {
				if err := visit(t.Array); err != nil {
					return err
				}
			}
			for _, v := range types.Builtins() {
				if v.Elem == t && v != t.Array || v.Part() == t {
					if err := visit(v); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	for _, t := range types.Builtins() {
		if err := visit(t); err != nil {
			return err
		}
	}
	var own []*types.Type
	for _, t := range s.typeByOID.all() {
		own = append(own, t)
	}
	sort.Slice(own, func(i, j int) bool { return own[i].OID < own[j].OID })
	for _, t := range own {
		if err := visit(t); err != nil {
			return err
		}
	}
	return nil
}

func pgTypeRows(q *query) error {
	return q.eachType(func(t *types.Type) error {
		f := factOf(t)
		elem, array, base, typmod := OID(0), OID(0), OID(0), int32(-1)
		if t.Elem != nil {
			elem = t.Elem.OID
		}
		if p := t.Part(); p != nil {
			elem = p.OID
		}
		if t.Array != nil {
			array = t.Array.OID
		}
		if t.Kind == types.KindDomain {
			base, typmod = t.Base.OID, t.BaseMod
		}
		owner, notNull, def := BootstrapRoleOID, false, ""
		if u := q.snap.UserType(t.OID); u != nil {
			owner, notNull, def = ownerOr(u.Owner), u.NotNull, namesAsSeen(q.snap, q.path(), u.Default)
		} else if rel := q.snap.Table(t.RelID); rel != nil {
			owner = ownerOr(rel.Owner)
		}
		return q.row(vOID(t.OID), vStr(t.Name), vOID(q.snap.schemaOfType(t)), vOID(owner), vInt(int(t.Len)), vBool(t.ByVal), vChar(byte(t.Kind)),
			vChar(t.Category), vBool(t.Preferred), vBool(true), vChar(t.Delim()), vOID(t.RelID), vOID(f.subscript), vOID(elem), vOID(array),
			vOID(f.input), vOID(f.output), vOID(f.receive), vOID(f.send), vOID(f.modIn), vOID(f.modOut), vOID(f.analyze), vChar(t.Align),
			vChar(f.storage), vBool(notNull), vOID(base), vInt(int(typmod)), vInt(0), vOID(typeCollation(t)), vOpt(def), vOpt(def), q.typeACL(t.OID))
	})
}

// typeACL gives typacl.
func (q *query) typeACL(oid OID) types.Datum {
	if t := q.snap.Type(oid); t != nil && t.IsArray() {
		return types.Null
	}
	acl, _, set := q.snap.TypeACL(oid)
	return vACL(acl, set)
}

func enumRows(q *query) error {
	emit := func(u *UserType) error {
		for _, l := range u.Labels {
			if err := q.row(vOID(l.OID), vOID(u.OID), vFlt(float64(l.Sort)/types.EnumGap), vStr(l.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	if oid, ok := q.oid("enumtypid"); ok {
		if u := q.snap.UserType(oid); u != nil {
			return emit(u)
		}
		return nil
	}
	for _, u := range q.snap.UserTypes() {
		if err := emit(u); err != nil {
			return err
		}
	}
	return nil
}

func rangeRows(q *query) error {
	return q.eachType(func(t *types.Type) error {
		if !t.IsRange() {
			return nil
		}
		procOID := func(name string) OID {
			if list := procs().byName[name]; len(list) == 1 {
				return list[0].oid
			}
			return 0
		}
		opclass, canonical, diff := OID(0), procOID(t.Name+"_canonical"), procOID(t.Name+"_subdiff")
		if k := opclassOf(t.Subtype, ""); k != nil {
			opclass = k.oid
		}
		if u := q.snap.UserType(t.OID); u != nil && u.Range != nil {
			canonical, diff = 0, u.Range.Diff
		}
		return q.row(vOID(t.OID), vOID(t.Subtype.OID), vOID(t.Multirange.OID), vOID(typeCollation(t.Subtype)), vOID(opclass), vOID(canonical), vOID(diff))
	})
}

func collationRows(q *query) error {
	for _, c := range collations {
		if err := q.row(vOID(c.oid), vStr(c.name), vOID(PgCatalogOID), vOID(BootstrapRoleOID), vChar(c.provider), vBool(true), vInt(c.encoding),
			vOpt(c.locale), vOpt(c.locale), vNull(), vNull()); err != nil {
			return err
		}
	}
	return nil
}
