// Package dump writes a database as plain SQL, which PostgreSQL's psql loads, and so
// does rowkey.
//
//	schemas, types, functions, sequences, tables, views      what.go, in an order in
//	      │                                                  which each finds what it needs
//	rows, as COPY … FROM stdin; where sequences stand        data.go
//	      │
//	keys, unique constraints, indexes, foreign keys,         after.go: made quicker, and in
//	triggers, comments                                       any order, once the rows are there
//
// All is asked of the catalog that PostgreSQL's clients know (pg_catalog and its
// functions that give definitions), in one transaction, so that the dump is of one
// moment, and so that a PostgreSQL server can be dumped, too: a dump that was loaded
// there and dumped again must be the same text.
//
// Every name is written with its schema, but for those of functions of schema public
// in expressions. Owners and privileges come last (owners.go); the roles they name, which
// belong to the server, must be there. Not dumped: roles, statistics.
package dump

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Options choose what to dump.
type Options struct {
	SchemaOnly, DataOnly bool
	// NoOwner leaves everything to who loads the dump, NoPrivileges leaves out GRANT and REVOKE.
	NoOwner, NoPrivileges bool
}

// Dump writes the database that conn is connected to.
func Dump(ctx context.Context, conn *pgx.Conn, w io.Writer, opts Options) (err error) {
	d := &dumper{ctx: ctx, conn: conn.PgConn(), w: bufio.NewWriterSize(w, 1<<16)}
	if err := d.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return err
	}
	defer func() {
		if end := d.exec("ROLLBACK"); err == nil {
			err = end
		}
	}()
	// Everything that gives names gives them with their schema, and values so that they read
	// back as the same.
	for _, s := range []string{"SET search_path = pg_catalog", "SET datestyle = ISO", "SET intervalstyle = postgres", "SET extra_float_digits = 3"} {
		if err := d.exec(s); err != nil {
			return err
		}
	}
	d.print(header)
	if !opts.DataOnly {
		d.definitions()
	}
	if !opts.SchemaOnly {
		d.rows()
		d.positions()
	}
	if !opts.DataOnly {
		d.after()
		d.comments()
		if !opts.NoOwner {
			d.owners()
		}
		if !opts.NoPrivileges {
			d.privileges()
		}
	}
	if !opts.SchemaOnly {
		d.print("\n" + strings.Join(d.refresh, ""))
	}
	if d.err != nil {
		return d.err
	}
	return d.w.Flush()
}

const header = `-- A database as plain SQL.

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET client_min_messages = warning;
SELECT pg_catalog.set_config('search_path', 'public', false);
SELECT pg_catalog.to_regnamespace('kv') IS NULL AS make_kv \gset

`

// dumper is a Dump under way. The first error stays, and ends it.
type dumper struct {
	ctx  context.Context
	conn *pgconn.PgConn
	w    *bufio.Writer
	err  error
	// refresh gives the materialized views their rows, those that others read first.
	refresh []string
}

func (d *dumper) exec(sql string) error {
	_, err := d.conn.Exec(d.ctx, sql).ReadAll()
	return err
}

func (d *dumper) print(s string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(s)
	}
}

func (d *dumper) printf(format string, args ...any) { d.print(fmt.Sprintf(format, args...)) }

// row is a row of a query: values as text, "" for NULL.
type row []string

// query gives the rows of a query.
func (d *dumper) query(sql string) []row {
	if d.err != nil {
		return nil
	}
	results, err := d.conn.Exec(d.ctx, sql).ReadAll()
	if err != nil {
		d.err = fmt.Errorf("asking the catalog: %w (%s)", err, strings.Join(strings.Fields(sql), " "))
		return nil
	}
	var out []row
	for _, r := range results[len(results)-1].Rows {
		vals := make(row, len(r))
		for i, v := range r {
			vals[i] = string(v)
		}
		out = append(out, vals)
	}
	return out
}

// ident quotes a name where it must be.
func ident(s string) string {
	plain := s != "" && !keywords[s]
	for i, c := range []byte(s) {
		plain = plain && (c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9')
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// name is a name with its schema.
func name(schema, object string) string { return ident(schema) + "." + ident(object) }

func literal(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return " E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

// keywords cannot be names of tables or columns unquoted.
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
		boolean both case cast char character check coalesce collate collation column concurrently constraint create cross
		current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default
		deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest
		group grouping having ilike in initially inner inout int integer intersect interval into is isnull join lateral leading
		least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric
		offset on only or order out outer overlaps overlay placing position precision primary real references returning right row
		select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing
		treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
		xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`) {
		m[w] = true
	}
	return m
}()

// own tells the schemas whose objects come with every database.
const own = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'rowkey') AND n.nspname !~ '^pg_(temp|toast_temp)_'`

// unowned are functions that no extension brings along.
const unowned = `NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')`

// builtIn tells a schema that rowkey makes with every database, and lets nobody define
// things in: its definitions are written for others.
func builtIn(schema string) bool { return schema == "kv" || keySpace.MatchString(schema) }

var keySpace = regexp.MustCompile(`^kv[0-9]+$`)

// unlessThere wraps what psql is to run where the key-value model is not built in.
func unlessThere(text string) string { return "\\if :make_kv\n" + text + "\\endif\n" }
