package dump_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// makeRoles makes the roles that testdata/owners.sql speaks of; they belong to no database.
const makeRoles = `CREATE ROLE rk_dump_ann; CREATE ROLE rk_dump_bob; CREATE ROLE "rk dump Eve";`

// # Owners, privileges and default privileges come back as they were, in rowkey and in
// PostgreSQL, whoever granted them; and only what differs from the defaults is written.
func TestOwners(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	ctx := context.Background()
	script, err := os.ReadFile("testdata/owners.sql")
	if err != nil {
		t.Fatal(err)
	}
	source := serve(t)
	load(t, psql, source, makeRoles+string(script))
	first := dumped(t, ctx, source)
	for _, want := range []string{
		"ALTER SCHEMA shop OWNER TO rk_dump_ann;",
		"ALTER TABLE shop.item OWNER TO rk_dump_ann;",
		"ALTER MATERIALIZED VIEW shop.counted OWNER TO rk_dump_ann;",
		"ALTER FUNCTION shop.add(a integer, b integer) OWNER TO rk_dump_ann;",
		"GRANT INSERT, SELECT ON TABLE shop.item TO rk_dump_bob WITH GRANT OPTION;",
		"SET SESSION AUTHORIZATION rk_dump_bob;\nGRANT SELECT ON TABLE shop.item TO \"rk dump Eve\";\nRESET SESSION AUTHORIZATION;",
		"GRANT SELECT (name), UPDATE (name) ON TABLE shop.item TO PUBLIC;",
		"REVOKE ALL ON TYPE shop.mood FROM PUBLIC;",
		"REVOKE ALL ON SCHEMA public FROM PUBLIC;",
		"ALTER DEFAULT PRIVILEGES FOR ROLE rk_dump_ann IN SCHEMA shop GRANT SELECT ON TABLES TO rk_dump_bob;",
		"ALTER DEFAULT PRIVILEGES FOR ROLE rk_dump_ann REVOKE ALL ON FUNCTIONS FROM PUBLIC;",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the dump has no %s", want)
		}
	}
	if strings.Contains(first, "TO postgres") && !strings.Contains(first, "ON TABLE shop.mine TO postgres") || strings.Contains(first, "item_id_seq OWNER") {
		t.Error("the dump says what needs no saying")
	}
	if t.Failed() {
		t.Log(first)
	}
	t.Run("rowkey", func(t *testing.T) {
		again := serve(t)
		load(t, psql, again, makeRoles+first)
		same(t, first, dumped(t, ctx, again))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		const drop = `DROP ROLE IF EXISTS rk_dump_ann, rk_dump_bob, "rk dump Eve";`
		if url := os.Getenv("ROWKEY_PG"); url != "" {
			t.Cleanup(func() { load(t, psql, url, drop) }) // after the database is gone
		}
		pg := emptyDatabase(t, "rowkey_owners_test")
		load(t, psql, pg, drop+makeRoles+first)
		same(t, first, dumped(t, ctx, pg))
	})
}
