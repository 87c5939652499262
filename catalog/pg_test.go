package catalog

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The system relations have PostgreSQL's names, OIDs, columns and types. (Their
// rows are compared in tests/introspection.)
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
