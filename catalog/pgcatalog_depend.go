package catalog

import (
	"slices"

	"rowkey/types"
)

// pg_depend and pg_description: what refers to objects of every class.

// OIDs of the relations that classid columns name.
const (
	typeClass       OID = 1247
	procClass       OID = 1255
	relationClass   OID = 1259
	attrdefClass    OID = 2604
	constraintClass OID = 2606
	languageClass   OID = 2612
	namespaceClass  OID = 2615
	operatorClass   OID = 2617
	ruleClass       OID = 2618
	extensionClass  OID = 3079
	triggerClass    OID = 2620
	collationClass  OID = 3456
	amClass         OID = 2601
	roleClass       OID = 1260
	databaseClass   OID = 1262
)

func dependRows() map[string]rows {
	return map[string]rows{
		"pg_depend":      {"objid refobjid", pgDependRows},
		"pg_description": {"objoid", descriptionRows},
		"pg_init_privs":  {"", initPrivRows},
	}
}

// dependency is a row of pg_depend.
type dependency struct {
	class, obj, sub          OID
	refClass, refObj, refSub OID
	kind                     byte
}

// extensionMembers are the only built-in objects that are not pinned.
var extensionMembers = []dependency{
	{procClass, plpgsqlHandler, 0, extensionClass, plpgsqlExtension, 0, 'e'},
	{procClass, plpgsqlInline, 0, extensionClass, plpgsqlExtension, 0, 'e'},
	{procClass, plpgsqlValidator, 0, extensionClass, plpgsqlExtension, 0, 'e'},
	{languageClass, plpgsqlLanguage, 0, procClass, plpgsqlHandler, 0, 'n'},
	{languageClass, plpgsqlLanguage, 0, procClass, plpgsqlInline, 0, 'n'},
	{languageClass, plpgsqlLanguage, 0, procClass, plpgsqlValidator, 0, 'n'},
	{languageClass, plpgsqlLanguage, 0, extensionClass, plpgsqlExtension, 0, 'e'},
}

// initPrivRows shows the privileges of what there was from the beginning: pg_dump writes
// those that differ.
func initPrivRows(q *query) error {
	first := func(class, oid OID, acl types.Datum) error {
		if acl.IsNull() {
			return nil
		}
		return q.row(vOID(oid), vOID(class), vInt(0), vChar('i'), acl)
	}
	for _, s := range q.snap.Schemas() {
		if acl, _, set := q.snap.SchemaACL(s); s.OID < FirstUserOID {
			if err := first(namespaceClass, s.OID, vACL(acl, set)); err != nil {
				return err
			}
		}
	}
	for _, p := range procs().list {
		if err := first(procClass, p.oid, q.functionACL(p.oid)); err != nil {
			return err
		}
	}
	return q.eachRelation("", "", func(r *relation) error {
		if r.table == nil || r.table.OID >= FirstUserOID {
			return nil
		}
		return first(relationClass, r.table.OID, q.relationACL(r))
	})
}

// keySpaceTables are the relations that schema kv has from the beginning.
var keySpaceTables = []string{"strings", "collections", "hashes", "lists", "sets", "zsets", "keys"}

// rowkeyMembers shows what belongs to the extension rowkey: the schemas kv and rowkey with
// what they hold from the beginning.
func (q *query) rowkeyMembers(emit func(dependency) error) error {
	var schemas []OID
	for _, name := range []string{"kv", "rowkey"} {
		if sc := q.snap.SchemaByName(name); sc != nil {
			schemas = append(schemas, sc.OID)
			if err := emit(dependency{namespaceClass, sc.OID, 0, extensionClass, rowkeyExtension, 0, 'e'}); err != nil {
				return err
			}
		}
	}
	for _, p := range procs().list {
		if sc := p.schema(q.snap); sc != PgCatalogOID && slices.Contains(schemas, sc) {
			if err := emit(dependency{procClass, p.oid, 0, extensionClass, rowkeyExtension, 0, 'e'}); err != nil {
				return err
			}
		}
	}
	for _, t := range q.snap.index().tables {
		if slices.Contains(schemas, t.SchemaOID) && (t.SchemaOID == RowkeyOID || slices.Contains(keySpaceTables, t.Name)) {
			if err := emit(dependency{relationClass, t.OID, 0, extensionClass, rowkeyExtension, 0, 'e'}); err != nil {
				return err
			}
		}
	}
	return nil
}

// pgDependRows shows the dependencies of the objects that users made; built-in
// ones are pinned, which PostgreSQL 15 does not show either.
func pgDependRows(q *query) error {
	emit := func(d dependency) error {
		if o, ok := q.oid("objid"); ok && o != d.obj {
			return nil
		}
		if o, ok := q.oid("refobjid"); ok && o != d.refObj {
			return nil
		}
		return q.row(vOID(d.class), vOID(d.obj), vOID(d.sub), vOID(d.refClass), vOID(d.refObj), vOID(d.refSub), vChar(d.kind))
	}
	for _, d := range extensionMembers {
		if err := emit(d); err != nil {
			return err
		}
	}
	if err := q.rowkeyMembers(emit); err != nil {
		return err
	}
	tables, all := q.dependTables()
	if all {
		tables = q.snap.index().tables
		for _, u := range q.snap.UserTypes() {
			if u.OID < FirstUserOID {
				continue
			}
			for _, d := range typeDependencies(u) {
				if err := emit(d); err != nil {
					return err
				}
			}
		}
		for _, s := range q.snap.Sequences() {
			if s.OwnerTable == 0 {
				for _, d := range sequenceDependencies(s) {
					if err := emit(d); err != nil {
						return err
					}
				}
			}
		}
	}
	for _, t := range tables {
		if t.Virtual != nil {
			continue
		}
		if err := q.tableDependencies(t, emit); err != nil {
			return err
		}
	}
	return nil
}

// dependTables gives the tables whose dependencies can concern the hinted
// object; all is true when only a look at everything tells.
func (q *query) dependTables() (list []*Table, all bool) {
	if q.col == "" {
		return nil, true
	}
	oid := OID(q.key.I)
	x := q.snap.index()
	add := func(t *Table) {
		if t != nil {
			list = append(list, t)
		}
	}
	r := q.snap.relation(oid)
	switch {
	case r != nil && r.seq != nil:
		if r.seq.OwnerTable == 0 {
			return nil, true
		}
		owner := q.snap.Table(r.seq.OwnerTable)
		add(owner)
		for _, t := range append(slices.Clone(x.users[oid]), x.dependents[oid]...) {
			if t != owner {
				add(t)
			}
		}
	case r != nil:
		add(r.table)
		if q.col == "refobjid" {
			for _, t := range q.snap.ReferredBy(r.table.OID) {
				if t != r.table {
					add(t)
				}
			}
			for _, t := range x.dependents[r.table.OID] {
				add(t)
			}
		}
	default:
		if ref, ok := x.constraints[oid]; ok && ref.table != nil {
			add(ref.table)
		} else if ref, ok := x.defaults[oid]; ok {
			add(q.snap.Table(ref.table))
		} else if t := x.rules[oid]; t != nil {
			add(t)
		} else {
			return nil, true
		}
	}
	return list, false
}

func typeDependencies(u *UserType) []dependency {
	out := []dependency{
		{typeClass, u.OID, 0, namespaceClass, u.SchemaOID, 0, 'n'},
		{typeClass, u.ArrayOID, 0, typeClass, u.OID, 0, 'i'},
	}
	if u.BaseOID >= FirstUserOID {
		out = append(out, dependency{typeClass, u.OID, 0, typeClass, u.BaseOID, 0, 'n'})
	}
	for _, c := range u.Checks {
		out = append(out, dependency{constraintClass, c.OID, 0, typeClass, u.OID, 0, 'a'})
	}
	return out
}

func sequenceDependencies(s *Sequence) []dependency {
	out := []dependency{{relationClass, s.OID, 0, namespaceClass, s.SchemaOID, 0, 'n'}}
	if s.OwnerTable != 0 {
		kind := byte('a')
		if s.Internal {
			kind = 'i'
		}
		out = append(out, dependency{relationClass, s.OID, 0, relationClass, s.OwnerTable, OID(s.OwnerAttnum), kind})
	}
	return out
}

func (q *query) tableDependencies(t *Table, emit func(dependency) error) error {
	x := q.snap.index()
	out := []dependency{{relationClass, t.OID, 0, namespaceClass, t.SchemaOID, 0, 'n'}}
	if t.RowTypeOID != 0 {
		out = append(out, dependency{typeClass, t.RowTypeOID, 0, relationClass, t.OID, 0, 'i'})
		if t.ArrayTypeOID != 0 {
			out = append(out, dependency{typeClass, t.ArrayTypeOID, 0, typeClass, t.RowTypeOID, 0, 'i'})
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		if c.TypeOID >= FirstUserOID {
			out = append(out, dependency{relationClass, t.OID, OID(c.Attnum), typeClass, c.TypeOID, 0, 'n'})
		}
		if def, ok := x.defaultOID[columnRef{t.OID, c.Attnum}]; ok {
			out = append(out, dependency{attrdefClass, def, 0, relationClass, t.OID, OID(c.Attnum), 'a'})
			if seq := x.drawn(c); seq != 0 && c.Identity == NotIdentity {
				out = append(out, dependency{attrdefClass, def, 0, relationClass, seq, 0, 'n'})
			}
		}
	}
	for _, s := range x.owned[t.OID] {
		out = append(out, sequenceDependencies(s)...)
	}
	for _, ix := range t.Indexes {
		switch {
		case ix.OID == 0:
		case ix.Constraint != 0:
			out = append(out, dependency{relationClass, ix.OID, 0, constraintClass, ix.Constraint, 0, 'i'})
		default:
			found := false
			for i := 0; i < len(ix.Keys)+len(ix.Include); i++ {
				if n := indexAttnum(ix, i); n > 0 {
					out = append(out, dependency{relationClass, ix.OID, 0, relationClass, t.OID, OID(n), 'a'})
					found = true
				}
			}
			if !found {
				out = append(out, dependency{relationClass, ix.OID, 0, relationClass, t.OID, 0, 'a'})
			}
		}
	}
	eachConstraint(t, func(oid OID, r constraintRef) {
		switch {
		case r.fk != nil:
			for _, n := range r.fk.Columns {
				out = append(out, dependency{constraintClass, oid, 0, relationClass, t.OID, OID(n), 'a'})
			}
			for _, n := range r.fk.RefColumns {
				out = append(out, dependency{constraintClass, oid, 0, relationClass, r.fk.RefTable, OID(n), 'n'})
			}
			if r.fk.RefIndex != 0 {
				out = append(out, dependency{constraintClass, oid, 0, relationClass, r.fk.RefIndex, 0, 'n'})
			}
		case r.check != nil:
			for _, n := range r.check.Attnums {
				out = append(out, dependency{constraintClass, oid, 0, relationClass, t.OID, OID(n), 'a'})
			}
		default:
			for i := 0; i < len(r.index.Keys)+len(r.index.Include); i++ {
				if n := indexAttnum(r.index, i); n > 0 {
					out = append(out, dependency{constraintClass, oid, 0, relationClass, t.OID, OID(n), 'a'})
				}
			}
		}
	})
	if t.View != nil {
		rule := x.ruleOID[t.OID]
		out = append(out, dependency{ruleClass, rule, 0, relationClass, t.OID, 0, 'i'}, dependency{ruleClass, rule, 0, relationClass, t.OID, 0, 'n'})
		for _, d := range t.View.DependsOn {
			class := relationClass
			switch {
			case d < FirstUserOID:
				continue // pinned
			case q.snap.relation(d) != nil:
			case q.snap.Type(d) != nil:
				class = typeClass
			default:
				continue
			}
			out = append(out, dependency{ruleClass, rule, 0, class, d, 0, 'n'})
		}
	}
	for _, d := range out {
		if err := emit(d); err != nil {
			return err
		}
	}
	return nil
}

// descriptionRows shows comments: those given by users, stored with what they
// describe, and those PostgreSQL gives to built-in objects.
func descriptionRows(q *query) error {
	var err error
	row := func(oid, class OID, sub int16, text string) {
		if text == "" || err != nil {
			return
		}
		if o, ok := q.oid("objoid"); ok && o != oid {
			return
		}
		err = q.row(vOID(oid), vOID(class), vInt(int(sub)), vStr(text))
	}
	table := func(t *Table) {
		if t.Kind == KindComposite {
			row(t.RowTypeOID, typeClass, 0, t.Comment)
		} else {
			row(t.OID, relationClass, 0, t.Comment)
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped {
				row(t.OID, relationClass, c.Attnum, c.Comment)
			}
		}
		for _, ix := range t.Indexes {
			row(ix.OID, relationClass, 0, ix.Comment)
		}
		for _, tr := range t.Triggers {
			row(tr.OID, triggerClass, 0, tr.Comment)
		}
		eachConstraint(t, func(oid OID, r constraintRef) {
			row(oid, constraintClass, 0, r.comment())
		})
	}
	builtins := func(oid OID) {
		for class, list := range descriptionTable() {
			if text, ok := list[oid]; ok && q.exists(class, oid) {
				row(oid, class, 0, text)
			}
		}
	}
	if oid, ok := q.oid("objoid"); ok {
		builtins(oid)
		if r := q.snap.relation(oid); r != nil {
			if r.seq != nil {
				row(oid, relationClass, 0, r.seq.Comment)
			} else {
				table(r.table)
			}
		}
		if ref, ok := q.snap.index().constraints[oid]; ok {
			if ref.table != nil {
				table(ref.table)
			} else {
				row(oid, constraintClass, 0, ref.check.Comment)
			}
		}
		if u := q.snap.UserType(oid); u != nil {
			row(oid, typeClass, 0, u.Comment)
		}
		if s := q.snap.Schema(oid); s != nil {
			row(oid, namespaceClass, 0, s.Comment)
		}
		if f := q.snap.Function(oid); f != nil {
			row(oid, procClass, 0, f.Comment)
		}
		if t, _ := q.snap.trigger(oid); t != nil {
			table(t)
		}
		if t := q.snap.CompositeOf(oid); t != nil {
			table(t)
		}
		return err
	}
	for _, t := range q.snap.index().tables {
		table(t)
	}
	for _, s := range q.snap.Sequences() {
		row(s.OID, relationClass, 0, s.Comment)
	}
	for _, u := range q.snap.UserTypes() {
		row(u.OID, typeClass, 0, u.Comment)
		for _, c := range u.Checks {
			row(c.OID, constraintClass, 0, c.Comment)
		}
	}
	for _, s := range q.snap.Schemas() {
		row(s.OID, namespaceClass, 0, s.Comment)
	}
	for _, f := range q.snap.Functions() {
		row(f.OID, procClass, 0, f.Comment)
	}
	for class, list := range descriptionTable() {
		for oid, text := range list {
			if q.exists(class, oid) {
				row(oid, class, 0, text)
			}
		}
	}
	return err
}

func (r constraintRef) comment() string {
	switch {
	case r.check != nil:
		return r.check.Comment
	case r.fk != nil:
		return r.fk.Comment
	case r.index != nil:
		return r.index.ConstraintComment
	}
	return ""
}

// CompositeOf finds the relation of a composite type made by CREATE TYPE, nil if
// that is not what oid is.
func (s *Snapshot) CompositeOf(oid OID) *Table {
	t := s.Type(oid)
	if t == nil || t.Kind != types.KindComposite {
		return nil
	}
	for _, sc := range s.Schemas() {
		if rel := s.Table(s.Relation(sc, t.Name)); rel != nil && rel.RowTypeOID == oid && rel.Kind == KindComposite {
			return rel
		}
	}
	return nil
}

// exists tells whether a built-in object of PostgreSQL's exists here.
func (q *query) exists(class, oid OID) bool {
	switch class {
	case typeClass:
		return types.ByOID(oid) != nil
	case procClass:
		return procs().byOID[oid] != nil
	case operatorClass:
		return operatorExists(oid)
	case namespaceClass:
		return q.snap.Schema(oid) != nil
	case collationClass:
		for _, c := range collations {
			if c.oid == oid {
				return true
			}
		}
	case amClass:
		for _, a := range accessMethods {
			if a.oid == oid {
				return true
			}
		}
	case extensionClass:
		return oid == plpgsqlExtension
	case languageClass:
		for _, l := range languages {
			if l.oid == oid {
				return true
			}
		}
	}
	return false
}
