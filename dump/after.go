package dump

import (
	"strings"
)

// after writes what is made once the rows are there.
func (d *dumper) after() {
	d.print("\n")
	const constraint = `SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid), k.contype FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND k.conparentid = 0 AND ` + own
	for _, r := range d.query(constraint + ` AND k.contype IN ('p', 'u', 'x') ORDER BY 1, 2, 3`) {
		if !builtIn(r[0]) {
			d.printf("ALTER TABLE ONLY %s ADD CONSTRAINT %s %s;\n", name(r[0], r[1]), ident(r[2]), r[3])
		}
	}
	for _, r := range d.query(`SELECT pg_get_indexdef(i.indexrelid), n.nspname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relpersistence <> 't' AND (i.indisvalid OR c.relkind = 'p') AND ` + own + ` AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
		AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) ORDER BY n.nspname, ic.relname`) {
		// Of a partitioned table the index is to be that of its partitions, too.
		def := strings.Replace(r[0], " ON ONLY ", " ON ", 1) + ";\n"
		if builtIn(r[1]) {
			def = unlessThere(def)
		}
		d.print(def)
	}
	for _, r := range d.query(constraint + ` AND (k.contype = 'f' OR k.contype = 'c' AND NOT k.convalidated AND k.conislocal) ORDER BY 5, 1, 2, 3`) {
		if !builtIn(r[0]) {
			d.printf("ALTER TABLE %s ADD CONSTRAINT %s %s;\n", name(r[0], r[1]), ident(r[2]), r[3])
		}
	}
	for _, r := range d.query(`SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ` + own + ` ORDER BY n.nspname, c.relname, t.tgname`) {
		d.print(r[0] + ";\n")
	}
}

// comments writes the comments on all that was dumped.
func (d *dumper) comments() {
	d.print("\n")
	for _, q := range []string{
		`SELECT 'SCHEMA ' || quote_ident(n.nspname), x.description FROM pg_description x JOIN pg_namespace n ON n.oid = x.objoid AND x.classoid = 'pg_namespace'::regclass
			WHERE n.nspname NOT IN ('public', 'kv') AND ` + own,
		`SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' WHEN 'S' THEN 'SEQUENCE ' WHEN 'i' THEN 'INDEX ' WHEN 'I' THEN 'INDEX ' WHEN 'c' THEN 'TYPE ' ELSE 'TABLE ' END
			|| quote_ident(n.nspname) || '.' || quote_ident(c.relname), x.description
			FROM pg_description x JOIN pg_class c ON c.oid = x.objoid AND x.classoid = 'pg_class'::regclass AND x.objsubid = 0
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'kv' AND ` + own,
		`SELECT 'COLUMN ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname), x.description
			FROM pg_description x JOIN pg_class c ON c.oid = x.objoid AND x.classoid = 'pg_class'::regclass
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.objsubid
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'kv' AND x.objsubid > 0 AND ` + own,
		`SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || quote_ident(n.nspname) || '.' || quote_ident(t.typname), x.description
			FROM pg_description x JOIN pg_type t ON t.oid = x.objoid AND x.classoid = 'pg_type'::regclass JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ` + own,
		`SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident(n.nspname) || '.' || quote_ident(p.proname)
			|| '(' || pg_get_function_identity_arguments(p.oid) || ')', x.description
			FROM pg_description x JOIN pg_proc p ON p.oid = x.objoid AND x.classoid = 'pg_proc'::regclass JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE p.oid >= 16384 AND ` + own,
		`SELECT 'EXTENSION ' || quote_ident(e.extname), x.description FROM pg_description x JOIN pg_extension e ON e.oid = x.objoid AND x.classoid = 'pg_extension'::regclass
			WHERE e.oid >= 16384 AND x.description <> (SELECT comment FROM pg_available_extensions WHERE name = e.extname)`,
		`SELECT 'CONSTRAINT ' || quote_ident(k.conname) || ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname), x.description
			FROM pg_description x JOIN pg_constraint k ON k.oid = x.objoid AND x.classoid = 'pg_constraint'::regclass
			JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + own,
		`SELECT 'TRIGGER ' || quote_ident(t.tgname) || ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname), x.description
			FROM pg_description x JOIN pg_trigger t ON t.oid = x.objoid AND x.classoid = 'pg_trigger'::regclass
			JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + own,
	} {
		for _, r := range d.query(q + ` ORDER BY 1`) {
			d.printf("COMMENT ON %s IS %s;\n", r[0], literal(r[1]))
		}
	}
}
