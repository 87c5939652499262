package catalog

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey/types"
)

// The system relations have PostgreSQL's names, OIDs, columns and types, and
// the rows about built-in objects are PostgreSQL's.
func TestShapes(t *testing.T) {
	conn := pgConn(t)
	ctx := context.Background()
	snap := Empty()
	rows, err := conn.Query(ctx, `SELECT c.oid::int8, nspname, relname, relkind::text, attname, atttypid::int8, atttypmod, attnotnull
		FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = c.oid
		WHERE c.oid < 16384 AND relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema') AND attnum > 0 ORDER BY c.oid, attnum`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := map[OID]int{}
	for rows.Next() {
		var oid, typ int64
		var schema, name, kind, att string
		var typmod int32
		var notNull bool
		if err := rows.Scan(&oid, &schema, &name, &kind, &att, &typ, &typmod, &notNull); err != nil {
			t.Fatal(err)
		}
		rel := snap.Table(snap.Relation(snap.SchemaByName(schema), name))
		if rel == nil {
			t.Errorf("no relation %s.%s", schema, name)
			continue
		}
		if int64(rel.OID) != oid && oid < 12000 { // later ones are numbered by initdb
			t.Errorf("%s has OID %d, want %d", name, rel.OID, oid)
		}
		i := n[rel.OID]
		n[rel.OID]++
		if i >= len(rel.Columns) {
			t.Errorf("%s has no column %s", name, att)
			continue
		}
		c := rel.Columns[i]
		if c.Name != att || int64(c.TypeOID) != typ && typ < 12000 || c.Typmod != typmod || c.NotNull != notNull || kind != string(rel.Kind) {
			t.Errorf("%s.%s: %s, type %d; want %s, type %d", name, att, c.Name, c.TypeOID, att, typ)
		}
	}
	for oid, count := range n {
		if rel := snap.Table(oid); len(rel.Columns) != count {
			t.Errorf("%s has %d columns, want %d", rel.Name, len(rel.Columns), count)
		}
	}
	if len(n) < 200 {
		t.Errorf("only %d relations", len(n))
	}
}

// Rows about built-in objects: all columns but those listed.
func TestBuiltinRows(t *testing.T) {
	conn := pgConn(t)
	for name, except := range map[string]string{
		"pg_type":       "typacl typdefault typdefaultbin",
		"pg_opclass":    "",
		"pg_opfamily":   "",
		"pg_amop":       "",
		"pg_amproc":     "",
		"pg_cast":       "",
		"pg_operator":   "oprrest oprjoin",
		"pg_collation":  "",
		"pg_am":         "",
		"pg_tablespace": "",
		"pg_proc":       "proallargtypes proargmodes proargnames proargdefaults prosupport proacl prosrc prosqlbody prolang probin",
	} {
		compareRows(t, conn, name, except)
	}
}

func compareRows(t *testing.T, conn *pgx.Conn, name, except string) {
	t.Helper()
	snap := Empty()
	rel := snap.Table(snap.Relation(snap.SchemaByName("pg_catalog"), name))
	skip := map[string]bool{}
	for _, w := range strings.Fields(except) {
		skip[w] = true
	}
	want := map[string][]string{}
	rows, err := conn.Query(context.Background(), "SELECT * FROM pg_catalog."+name+" WHERE oid < 16384", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line []string
		for _, v := range rows.RawValues() {
			if v == nil {
				line = append(line, "NULL")
			} else {
				line = append(line, string(v))
			}
		}
		want[line[0]] = line
	}
	env := *types.DefaultEnv
	env.Names = names{snap}
	bad := 0
	n := 0
	err = rel.Virtual.Rows(snap, nil, 0, types.Null, func(row []types.Datum) error {
		key := string(types.AppendText(nil, types.Oid, row[0], &env))
		if row[0].I >= 12000 && want[key] == nil {
			return nil // numbered by initdb
		}
		if t := types.ByOID(OID(row[0].I)); t == nil && name == "pg_type" && row[6].I == 'b' && row[0].I < 12000 && !strings.HasPrefix(row[1].S, "_") {
			return nil // opaque here
		}
		n++
		w := want[key]
		if w == nil {
			t.Errorf("%s: PostgreSQL has no row %s", name, key)
			return nil
		}
		for i, d := range row {
			c := &rel.Columns[i]
			got := "NULL"
			if !d.IsNull() {
				got = string(types.AppendText(nil, c.Type, d, &env))
			}
			if got != w[i] && !skip[c.Name] {
				if bad++; bad < 30 {
					t.Errorf("%s %s %s: %s is %s, want %s", name, key, w[1], c.Name, got, w[i])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d of %d rows, %d values differ", name, n, len(want), bad)
}

// names lets the reg types print as names.
type names struct{ snap *Snapshot }

func (n names) ParseReg(kind *types.Type, text string) (types.OID, error) {
	return ParseReg(n.snap, testPath, kind, text)
}

func (n names) RegName(kind *types.Type, oid types.OID) string {
	return RegName(n.snap, testPath, kind, oid)
}

func pgConn(t *testing.T) *pgx.Conn {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL 15 to compare with")
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
