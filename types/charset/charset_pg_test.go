package charset

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestCharsets: every byte of every charset stands for what it does in PostgreSQL,
// and what it stands for becomes that byte again.
func TestCharsets(t *testing.T) {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL 15 to compare with")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `CREATE FUNCTION pg_temp.decoded(b bytea, encoding name) RETURNS text LANGUAGE plpgsql AS
		'BEGIN RETURN convert_from(b, encoding); EXCEPTION WHEN OTHERS THEN RETURN NULL; END'`); err != nil {
		t.Fatal(err)
	}
	for _, c := range Charsets {
		rows, err := conn.Query(ctx, `SELECT pg_temp.decoded(set_byte('\x00', 0, i), $1) FROM generate_series(0, 255) i ORDER BY i`, c.name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[*string])
		if err != nil || len(list) != 256 {
			t.Fatal(c.name, len(list), err)
		}
		for b, want := range list {
			got, err := c.Decode(string([]byte{byte(b)}))
			switch {
			case want == nil && err == nil:
				t.Errorf("%s: 0x%02x is %q, and nothing in PostgreSQL", c.name, b, got)
			case want != nil && (err != nil || got != *want):
				t.Errorf("%s: 0x%02x is %q (%v), want %q", c.name, b, got, err, *want)
			case want != nil:
				if back, err := c.Encode(got); err != nil || back != string([]byte{byte(b)}) {
					t.Errorf("%s: %q becomes %x (%v), want %x", c.name, got, back, err, b)
				}
			}
		}
	}
}
