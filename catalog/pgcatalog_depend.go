package catalog

import (
	"slices"
	"strings"

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
	castClass       OID = 2605
	opclassClass    OID = 2616
	opfamilyClass   OID = 2753
	roleClass       OID = 1260
	databaseClass   OID = 1262
	tablespaceClass OID = 1213
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
	{procClass, 13209, 0, procClass, 13208, 0, 'n'}, // functions of information_schema that call each other
	{procClass, 13213, 0, procClass, 13212, 0, 'n'},
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
		if acl, _, set := q.snap.SchemaACL(s); s.OID < FirstUserOID && s.OID != InformationSchemaOID {
			if err := first(namespaceClass, s.OID, vACL(acl, set)); err != nil {
				return err
			}
		}
	}
	for _, p := range procs().list {
		if p.schema(q.snap) == 0 {
			continue
		}
		if err := first(procClass, p.oid, q.functionACL(p.oid)); err != nil {
			return err
		}
	}
	return q.eachRelation("", "", func(r *relation) error {
		if r.table == nil || r.table.OID >= FirstUserOID || r.schema == InformationSchemaOID {
			return nil // information_schema is as PostgreSQL's scripts make it afterwards
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
		if sc := q.snap.SchemaByName(name); sc != nil && (name == "rowkey" || sc.KeySpace != 0) {
			schemas = append(schemas, sc.OID)
			if err := emit(dependency{namespaceClass, sc.OID, 0, extensionClass, rowkeyExtension, 0, 'e'}); err != nil {
				return err
			}
		}
	}
	for _, p := range procs().list {
		if p.schema(q.snap) == InformationSchemaOID {
			if err := emit(dependency{procClass, p.oid, 0, namespaceClass, InformationSchemaOID, 0, 'n'}); err != nil {
				return err
			}
		}
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
	for _, e := range q.snap.Extensions() {
		if err := emit(dependency{extensionClass, e.OID, 0, namespaceClass, e.SchemaOID, 0, 'n'}); err != nil {
			return err
		}
		for _, f := range q.snap.ExtensionMembers(e.OID) {
			if err := emit(dependency{procClass, f.OID, 0, extensionClass, e.OID, 0, 'e'}); err != nil {
				return err
			}
		}
	}
	tables, all := q.dependTables()
	if all {
		tables = q.snap.index().tables
		for _, u := range q.snap.UserTypes() {
			for _, d := range typeDependencies(q.snap, u) {
				if err := emit(d); err != nil {
					return err
				}
			}
		}
		for _, d := range q.functionDependencies() {
			if err := emit(d); err != nil {
				return err
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
			if err := q.systemDependencies(t, emit); err != nil {
				return err
			}
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

// systemDependencies are those of a system relation that is not pinned: the views and
// what information_schema holds.
func (q *query) systemDependencies(t *Table, emit func(dependency) error) error {
	if t.OID < firstUnpinned || t.SchemaOID == RowkeyOID {
		return nil
	}
	out := []dependency{
		{typeClass, t.ArrayTypeOID, 0, typeClass, t.RowTypeOID, 0, 'i'},
		{typeClass, t.RowTypeOID, 0, relationClass, t.OID, 0, 'i'},
	}
	if t.SchemaOID == InformationSchemaOID {
		out = append(out, dependency{relationClass, t.OID, 0, namespaceClass, t.SchemaOID, 0, 'n'})
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.TypeOID >= firstUnpinned {
			out = append(out, dependency{relationClass, t.OID, OID(c.Attnum), typeClass, c.TypeOID, 0, 'n'})
		}
	}
	for _, d := range out {
		if err := emit(d); err != nil {
			return err
		}
	}
	return nil
}

// firstUnpinned is where the numbers begin of objects that initdb's scripts make.
const firstUnpinned OID = 12000

func typeDependencies(snap *Snapshot, u *UserType) []dependency {
	out := []dependency{
		{typeClass, u.OID, 0, namespaceClass, u.SchemaOID, 0, 'n'},
		{typeClass, u.ArrayOID, 0, typeClass, u.OID, 0, 'i'},
	}
	if r := u.Range; r != nil {
		out = append(out, dependency{typeClass, r.MultirangeOID, 0, namespaceClass, u.SchemaOID, 0, 'n'},
			dependency{typeClass, r.MultirangeOID, 0, typeClass, u.OID, 0, 'i'},
			dependency{typeClass, r.MultirangeArrayOID, 0, typeClass, r.MultirangeOID, 0, 'i'})
	}
	if u.BaseOID >= FirstUserOID {
		out = append(out, dependency{typeClass, u.OID, 0, typeClass, u.BaseOID, 0, 'n'})
	}
	out = append(out, snap.calledBy(typeClass, u.OID, u.Default)...)
	for _, c := range u.Checks {
		out = append(out, dependency{constraintClass, c.OID, 0, typeClass, u.OID, 0, 'a'})
		out = append(out, snap.calledBy(constraintClass, c.OID, c.Expr)...)
	}
	return out
}

// calledBy are the dependencies of an object on the users' functions that its expression calls.
func (s *Snapshot) calledBy(class, oid OID, e string) (out []dependency) {
	for _, f := range s.functionsIn(e) {
		out = append(out, dependency{class, oid, 0, procClass, f.OID, 0, 'n'})
	}
	return out
}

// functionDependencies are those of users' functions, and of the constructors of their
// range types, which belong to these.
func (q *query) functionDependencies() (out []dependency) {
	on := func(proc, class, oid OID, kind byte) {
		d := dependency{procClass, proc, 0, class, oid, 0, kind}
		if oid >= FirstUserOID && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, f := range q.snap.Functions() {
		out = append(out, dependency{procClass, f.OID, 0, namespaceClass, f.SchemaOID, 0, 'n'})
		if f.Language == "plpgsql" {
			out = append(out, dependency{procClass, f.OID, 0, languageClass, plpgsqlLanguage, 0, 'n'})
		}
		for _, p := range f.Params {
			on(f.OID, typeClass, p.TypeOID, 'n')
			for _, called := range q.snap.functionsIn(p.Default) {
				on(f.OID, procClass, called.OID, 'n')
			}
		}
		on(f.OID, typeClass, f.ResultOID, 'n')
		for _, d := range f.DependsOn {
			switch {
			case q.snap.Function(d) != nil:
				on(f.OID, procClass, d, 'n')
			case q.snap.relation(d) != nil:
				on(f.OID, relationClass, d, 'n')
			}
		}
	}
	for _, p := range q.snap.constructorProcs("") {
		out = append(out, dependency{procClass, p.oid, 0, namespaceClass, p.in, 0, 'n'})
		on(p.oid, typeClass, p.result, 'i')
		for _, a := range p.args {
			on(p.oid, typeClass, a, 'n')
		}
		on(p.oid, typeClass, p.result, 'n')
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

// mentions tells whether an identifier stands in the text of an expression.
func mentions(text, ident string) bool {
	wordByte := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] == '_' || text[i] == '$' || text[i] >= 0x80 || text[i] >= '0' && text[i] <= '9' ||
			text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z')
	}
	for from := 0; ; {
		i := strings.Index(text[from:], ident)
		if i < 0 {
			return false
		}
		i += from
		if !wordByte(i-1) && !wordByte(i+len(ident)) {
			return true
		}
		from = i + 1
	}
}

// eachMentioned visits the columns of t that stand in a text by name.
func eachMentioned(t *Table, text string, visit func(attnum int16)) {
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && text != "" && mentions(text, types.QuoteIdent(c.Name)) {
			visit(c.Attnum)
		}
	}
}

func (q *query) tableDependencies(t *Table, emit func(dependency) error) error {
	x := q.snap.index()
	var out []dependency
	if t.Kind == KindComposite { // its relation is the type's, not the other way about
		out = append(out, dependency{typeClass, t.RowTypeOID, 0, namespaceClass, t.SchemaOID, 0, 'n'},
			dependency{relationClass, t.OID, 0, typeClass, t.RowTypeOID, 0, 'i'})
	} else {
		out = append(out, dependency{relationClass, t.OID, 0, namespaceClass, t.SchemaOID, 0, 'n'})
		if t.RowTypeOID != 0 {
			out = append(out, dependency{typeClass, t.RowTypeOID, 0, relationClass, t.OID, 0, 'i'})
		}
	}
	if t.RowTypeOID != 0 && t.ArrayTypeOID != 0 {
		out = append(out, dependency{typeClass, t.ArrayTypeOID, 0, typeClass, t.RowTypeOID, 0, 'i'})
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
			out = append(out, q.snap.calledBy(attrdefClass, def, defaultText(c))...)
			kind := byte('a')
			if c.Generated != "" {
				kind = 'i'
				eachMentioned(t, c.Generated, func(n int16) {
					out = append(out, dependency{attrdefClass, def, 0, relationClass, t.OID, OID(n), 'n'})
				})
			}
			out = append(out, dependency{attrdefClass, def, 0, relationClass, t.OID, OID(c.Attnum), kind})
			if c.Generated == "" && c.TypeOID >= FirstUserOID && strings.Contains(c.Default, "::") {
				out = append(out, dependency{attrdefClass, def, 0, typeClass, c.TypeOID, 0, 'n'})
			}
			if seq := x.drawn(c); seq != 0 && c.Identity == NotIdentity {
				out = append(out, dependency{attrdefClass, def, 0, relationClass, seq, 0, 'n'})
			}
		}
	}
	for _, parent := range t.Inherits {
		kind := byte('n')
		if t.Bound != nil {
			kind = 'a'
		}
		out = append(out, dependency{relationClass, t.OID, 0, relationClass, parent, 0, kind})
	}
	if t.PartitionBy != nil {
		for _, c := range t.PartitionBy.Columns {
			for _, n := range append(slices.Clone(c.Uses), c.Attnum) {
				if d := (dependency{relationClass, t.OID, OID(n), relationClass, t.OID, 0, 'i'}); n > 0 && !slices.Contains(out, d) {
					out = append(out, d)
				}
			}
		}
	}
	for _, tr := range t.Triggers {
		if tr.Function >= FirstUserOID {
			out = append(out, dependency{triggerClass, tr.OID, 0, procClass, tr.Function, 0, 'n'})
		}
		out = append(out, dependency{triggerClass, tr.OID, 0, relationClass, t.OID, 0, 'a'})
		out = append(out, q.snap.calledBy(triggerClass, tr.OID, tr.When)...)
		for _, n := range tr.Columns {
			out = append(out, dependency{triggerClass, tr.OID, 0, relationClass, t.OID, OID(n), 'a'})
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
			uses := func(n int16) {
				d := dependency{relationClass, ix.OID, 0, relationClass, t.OID, OID(n), 'a'}
				if !slices.Contains(out, d) {
					out = append(out, d)
				}
			}
			text := ix.Where
			for i := 0; i < len(ix.Keys)+len(ix.Include); i++ {
				if n := indexAttnum(ix, i); n > 0 {
					uses(n)
					found = true
				} else {
					text += " " + ix.Keys[i].Expr
				}
			}
			eachMentioned(t, text, uses)
			out = append(out, q.snap.calledBy(relationClass, ix.OID, text)...)
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
			out = append(out, q.snap.calledBy(constraintClass, oid, r.check.Expr)...)
			for _, n := range r.check.Attnums {
				out = append(out, dependency{constraintClass, oid, 0, relationClass, t.OID, OID(n), 'a'},
					dependency{constraintClass, oid, 0, relationClass, t.OID, OID(n), 'n'})
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
			case q.snap.Table(d) != nil:
				used := false
				eachMentioned(q.snap.Table(d), t.View.Query, func(n int16) {
					used = true
					out = append(out, dependency{ruleClass, rule, 0, relationClass, d, OID(n), 'n'})
				})
				if used {
					continue
				}
			case q.snap.relation(d) != nil:
			case q.snap.Type(d) != nil:
				class = typeClass
			case q.snap.Function(d) != nil:
				class = procClass
			case x.constraints[d].index != nil:
				class = constraintClass
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
		if e := q.snap.Extension(oid); e != nil {
			row(oid, extensionClass, 0, e.Comment)
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
	for _, e := range q.snap.Extensions() {
		row(e.OID, extensionClass, 0, e.Comment)
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
