package dump

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// object is something that others may need.
type object struct {
	oid   int64
	kind  string // for the order of those that do not need each other
	text  string
	needs []int64
	done  bool
	// refresh gives a materialized view its rows.
	refresh string
}

// definitions writes what rows need, and what needs no rows.
func (d *dumper) definitions() {
	for _, r := range d.query(`SELECT nspname FROM pg_namespace n WHERE nspname <> 'public' AND ` + own + ` ORDER BY 1`) {
		if builtIn(r[0]) {
			d.print(unlessThere("CREATE SCHEMA " + ident(r[0]) + ";\n"))
		} else {
			d.printf("CREATE SCHEMA %s;\n", ident(r[0]))
		}
	}
	for _, r := range d.query(`SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.oid >= 16384 ORDER BY 1`) {
		d.printf("CREATE EXTENSION IF NOT EXISTS %s WITH SCHEMA %s;\n", ident(r[0]), ident(r[1]))
	}
	var all []*object
	all = append(all, d.types()...)
	all = append(all, d.sequences()...)
	all = append(all, d.functions()...)
	all = append(all, d.tables()...)
	all = append(all, d.views()...)
	d.needs(all)
	for _, o := range inOrder(all) {
		d.print("\n" + o.text)
		d.refresh = append(d.refresh, o.refresh)
	}
	// Sequences that columns own, now that the columns are there.
	d.print("\n")
	for _, r := range d.query(`SELECT n.nspname, s.relname, tn.nspname, t.relname, a.attname
		FROM pg_depend dep JOIN pg_class s ON s.oid = dep.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
		JOIN pg_class t ON t.oid = dep.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = dep.refobjsubid
		WHERE dep.classid = 'pg_class'::regclass AND dep.refclassid = 'pg_class'::regclass AND dep.deptype = 'a' AND ` + own + ` ORDER BY 1, 2`) {
		d.printf("ALTER SEQUENCE %s OWNED BY %s.%s;\n", name(r[0], r[1]), name(r[2], r[3]), ident(r[4]))
	}
}

// needs finds out what needs what, as far as the catalog says.
func (d *dumper) needs(all []*object) {
	known := map[int64]*object{}
	for _, o := range all {
		known[o.oid] = o
	}
	add := func(from, to string) {
		o, need := known[number(from)], number(to)
		if o != nil && known[need] != nil && need != o.oid {
			o.needs = append(o.needs, need)
		}
	}
	// An object in terms of those that are dumped: defaults, rules and constraints are their
	// tables', row types and arrays their tables' and elements'.
	const whose = `COALESCE(
		(SELECT adrelid FROM pg_attrdef WHERE %[1]s.%[2]sclassid = 'pg_attrdef'::regclass AND oid = %[1]s.%[2]sobjid),
		(SELECT ev_class FROM pg_rewrite WHERE %[1]s.%[2]sclassid = 'pg_rewrite'::regclass AND oid = %[1]s.%[2]sobjid),
		(SELECT CASE WHEN conrelid <> 0 THEN conrelid ELSE contypid END FROM pg_constraint WHERE %[1]s.%[2]sclassid = 'pg_constraint'::regclass AND oid = %[1]s.%[2]sobjid AND contype = 'c'),
		(SELECT CASE WHEN typrelid <> 0 THEN typrelid WHEN typelem <> 0 AND typlen = -1 THEN typelem ELSE oid END
		   FROM pg_type WHERE %[1]s.%[2]sclassid = 'pg_type'::regclass AND oid = %[1]s.%[2]sobjid),
		%[1]s.%[2]sobjid)`
	for _, r := range d.query(fmt.Sprintf(`SELECT DISTINCT `+whose+`, `+fmt.Sprintf(whose, "dep", "ref")+` FROM pg_depend dep
		WHERE deptype IN ('n', 'a', 'i') AND refobjid >= 16384 AND objid >= 16384`, "dep", "")) {
		// A sequence comes before the column that counts by it, whoever owns it.
		if o := known[number(r[0])]; o != nil && o.kind == kindSequence {
			continue
		}
		add(r[0], r[1])
	}
	for _, r := range d.query(`SELECT inhrelid, inhparent FROM pg_inherits`) {
		add(r[0], r[1])
	}
	for _, r := range d.query(`SELECT a.attrelid, CASE WHEN t.typrelid <> 0 THEN t.typrelid WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE t.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped`) {
		add(r[0], r[1])
	}
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

const (
	kindType     = "1"
	kindSequence = "2"
	kindFunction = "3"
	kindTable    = "4"
	kindView     = "5"
)

// inOrder puts what is needed before what needs it; otherwise kinds stay together, and
// within them the order in which things were made.
func inOrder(all []*object) []*object {
	known := map[int64]*object{}
	for _, o := range all {
		known[o.oid] = o
	}
	slices.SortStableFunc(all, func(a, b *object) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.oid, b.oid)) })
	var out []*object
	var visit func(o *object)
	visit = func(o *object) {
		if o.done {
			return
		}
		o.done = true
		slices.Sort(o.needs)
		for _, n := range o.needs {
			visit(known[n])
		}
		out = append(out, o)
	}
	for _, o := range all {
		visit(o)
	}
	return out
}

// types gives enums, domains and composite types.
func (d *dumper) types() (out []*object) {
	for _, r := range d.query(`SELECT t.oid, n.nspname, t.typname, t.typtype, t.typrelid, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
			COALESCE(t.typdefault, ''), t.typdefault IS NOT NULL,
			(SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
				JOIN pg_type bt ON bt.oid = t.typbasetype WHERE co.oid = t.typcollation AND t.typcollation <> bt.typcollation)
		FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
		WHERE (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c') AND ` + own + ` ORDER BY t.oid`) {
		o := &object{oid: number(r[0]), kind: kindType}
		var b strings.Builder
		switch r[3] {
		case "e":
			fmt.Fprintf(&b, "CREATE TYPE %s AS ENUM (", name(r[1], r[2]))
			for i, l := range d.query(`SELECT enumlabel FROM pg_enum WHERE enumtypid = ` + r[0] + ` ORDER BY enumsortorder`) {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString("\n    " + literal(l[0]))
			}
			b.WriteString("\n);\n")
		case "c":
			o.oid = number(r[4])
			fmt.Fprintf(&b, "CREATE TYPE %s AS (", name(r[1], r[2]))
			for i, a := range d.query(`SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = ` + r[4] +
				` AND attnum > 0 AND NOT attisdropped ORDER BY attnum`) {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString("\n    " + ident(a[0]) + " " + a[1])
			}
			b.WriteString("\n);\n")
		case "d":
			fmt.Fprintf(&b, "CREATE DOMAIN %s AS %s", name(r[1], r[2]), r[5])
			if r[9] != "" {
				b.WriteString(" COLLATE " + r[9])
			}
			if r[8] == "t" {
				b.WriteString(" DEFAULT " + r[7])
			}
			if r[6] == "t" {
				b.WriteString(" NOT NULL")
			}
			for _, c := range d.query(`SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = ` + r[0] + ` ORDER BY conname`) {
				fmt.Fprintf(&b, "\n    CONSTRAINT %s %s", ident(c[0]), c[1])
			}
			b.WriteString(";\n")
		}
		o.text = b.String()
		out = append(out, o)
	}
	return out
}

// sequences gives those that are not of identity columns.
func (d *dumper) sequences() (out []*object) {
	for _, r := range d.query(`SELECT c.oid, n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
		WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ` + own + ` AND NOT EXISTS (SELECT FROM pg_depend
			WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'i') ORDER BY c.oid`) {
		var b strings.Builder
		fmt.Fprintf(&b, "CREATE SEQUENCE %s AS %s\n    START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s", name(r[1], r[2]), r[3], r[4], r[5], r[6], r[7], r[8])
		if r[9] == "t" {
			b.WriteString(" CYCLE")
		}
		b.WriteString(";\n")
		out = append(out, &object{oid: number(r[0]), kind: kindSequence, text: b.String()})
	}
	return out
}

func (d *dumper) functions() (out []*object) {
	for _, r := range d.query(`SELECT p.oid, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND ` + unowned + ` AND ` + own + ` ORDER BY p.oid`) {
		out = append(out, &object{oid: number(r[0]), kind: kindFunction, text: strings.TrimRight(r[1], "\n") + ";\n"})
	}
	return out
}

// tables gives tables with their columns, defaults and CHECK constraints.
func (d *dumper) tables() (out []*object) {
	for _, r := range d.query(`SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
			CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, COALESCE(array_to_string(c.reloptions, ', '), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ` + own + ` ORDER BY c.oid`) {
		out = append(out, &object{oid: number(r[0]), kind: kindTable, text: d.table(r)})
	}
	return out
}

func (d *dumper) table(r row) string {
	oid, schema, full := r[0], r[1], name(r[1], r[2])
	var b strings.Builder
	kind := "TABLE"
	if r[4] == "u" {
		kind = "UNLOGGED TABLE"
	}
	fmt.Fprintf(&b, "CREATE %s %s (", kind, full)
	var parents []string
	for _, p := range d.query(`SELECT n.nspname, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE i.inhrelid = ` + oid + ` ORDER BY i.inhseqno`) {
		parents = append(parents, name(p[0], p[1]))
	}
	var parts, later []string
	partition := r[5] == "t"
	for _, a := range d.query(`SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
			COALESCE(pg_get_expr(ad.adbin, ad.adrelid), ''), a.attislocal,
			CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co
				JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
		WHERE a.attrelid = ` + oid + ` AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`) {
		col := ident(a[0]) + " " + a[1]
		if a[7] != "" {
			col += " COLLATE " + a[7]
		}
		inherited := a[6] != "t" && !partition
		if inherited {
			if a[5] != "" && a[4] == "" {
				later = append(later, fmt.Sprintf("ALTER TABLE ONLY %s ALTER COLUMN %s SET DEFAULT %s;\n", full, ident(a[0]), a[5]))
			}
			if a[2] == "t" {
				later = append(later, fmt.Sprintf("ALTER TABLE ONLY %s ALTER COLUMN %s SET NOT NULL;\n", full, ident(a[0])))
			}
			continue
		}
		switch {
		case a[4] == "s":
			col += " GENERATED ALWAYS AS (" + a[5] + ") STORED"
		case a[3] != "" && !partition:
			col += " " + d.identity(oid, a[0], a[3])
		case a[5] != "":
			col += " DEFAULT " + a[5]
		}
		if a[2] == "t" {
			col += " NOT NULL"
		}
		parts = append(parts, col)
	}
	for _, c := range d.query(`SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
		WHERE conrelid = ` + oid + ` AND contype = 'c' AND conislocal ORDER BY conname`) {
		if c[2] == "t" {
			parts = append(parts, "CONSTRAINT "+ident(c[0])+" "+c[1])
		}
	}
	if builtIn(schema) {
		for _, c := range d.query(`SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ` + oid + ` AND contype IN ('p', 'u', 'f') ORDER BY conname`) {
			parts = append(parts, "CONSTRAINT "+ident(c[0])+" "+c[1])
		}
	}
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    " + p)
	}
	if len(parts) > 0 {
		b.WriteByte('\n')
	}
	b.WriteByte(')')
	if len(parents) > 0 && !partition {
		b.WriteString(" INHERITS (" + strings.Join(parents, ", ") + ")")
	}
	if r[6] != "" {
		b.WriteString(" PARTITION BY " + r[6])
	}
	if r[7] != "" {
		b.WriteString(" WITH (" + r[7] + ")")
	}
	b.WriteString(";\n")
	if partition && len(parents) == 1 {
		for _, p := range d.query(`SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = ` + oid) {
			fmt.Fprintf(&b, "ALTER TABLE ONLY %s ATTACH PARTITION %s %s;\n", parents[0], full, p[0])
		}
	}
	text := b.String() + strings.Join(later, "")
	if builtIn(schema) {
		text = unlessThere(text)
	}
	return text
}

// identity is the clause of an identity column.
func (d *dumper) identity(table, column, kind string) string {
	what := "GENERATED ALWAYS AS IDENTITY"
	if kind == "d" {
		what = "GENERATED BY DEFAULT AS IDENTITY"
	}
	for _, r := range d.query(`SELECT n.nspname, c.relname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
		FROM pg_depend dep JOIN pg_class c ON c.oid = dep.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_sequence s ON s.seqrelid = c.oid JOIN pg_attribute a ON a.attrelid = dep.refobjid AND a.attnum = dep.refobjsubid
		WHERE dep.classid = 'pg_class'::regclass AND dep.deptype = 'i' AND dep.refobjid = ` + table + ` AND a.attname = ` + literal(column)) {
		what += fmt.Sprintf(" (SEQUENCE NAME %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s", name(r[0], r[1]), r[2], r[3], r[4], r[5], r[6])
		if r[7] == "t" {
			what += " CYCLE"
		}
		what += ")"
	}
	return what
}

func (d *dumper) views() (out []*object) {
	for _, r := range d.query(`SELECT c.oid, n.nspname, c.relname, pg_get_viewdef(c.oid), COALESCE(array_to_string(c.reloptions, ', '), ''),
			(SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0), c.relkind, c.relispopulated
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND ` + own + ` ORDER BY c.oid`) {
		options := ""
		if r[4] != "" {
			options = " WITH (" + r[4] + ")"
		}
		text := fmt.Sprintf("CREATE VIEW %s (%s)%s AS\n%s\n", name(r[1], r[2]), r[5], options, strings.TrimRight(r[3], "\n"))
		o := &object{oid: number(r[0]), kind: kindView}
		if r[6] == "m" { // its rows come when those it reads are there
			text = fmt.Sprintf("CREATE MATERIALIZED VIEW %s (%s)%s AS\n%s\nWITH NO DATA;\n", name(r[1], r[2]), r[5], options, strings.TrimRight(r[3], ";\n"))
			if r[7] == "t" {
				o.refresh = "REFRESH MATERIALIZED VIEW " + name(r[1], r[2]) + ";\n"
			}
		}
		if builtIn(r[1]) {
			text = unlessThere(text)
		}
		o.text = text
		out = append(out, o)
	}
	return out
}
