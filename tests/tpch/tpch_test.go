package main

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowkey"
	"rowkey/tests/pgtest"
)

var testScale = flag.Float64("tpch.scale", 0.01, "scale of the tables")

// TestAnswers: the 22 queries have the answers that PostgreSQL 15 gives.
func TestAnswers(t *testing.T) {
	url := os.Getenv(pgtest.EnvURL)
	if url == "" {
		t.Skip(pgtest.EnvURL + " is not set: no PostgreSQL 15 to compare with")
	}
	ctx := context.Background()
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rk, err := pgx.ConnectConfig(ctx, db.PgxConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer rk.Close(ctx)
	admin, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	admin.Exec(ctx, "DROP DATABASE IF EXISTS rowkey_tpch_test WITH (FORCE)")
	if _, err := admin.Exec(ctx, "CREATE DATABASE rowkey_tpch_test"); err != nil {
		t.Fatal(err)
	}
	defer admin.Exec(ctx, "DROP DATABASE rowkey_tpch_test WITH (FORCE)")
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = "rowkey_tpch_test"
	pg, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(ctx)
	for _, c := range []*pgx.Conn{rk, pg} {
		if err := load(ctx, c, *testScale); err != nil {
			t.Fatal(err)
		}
		c.Exec(ctx, "SET statement_timeout = '60s'")
	}
	for i := range queries {
		sql := query(i+1, *testScale)
		want, _, err := ask(ctx, pg, sql)
		if err != nil {
			t.Fatalf("query %d: PostgreSQL: %v", i+1, err)
		}
		got, took, err := ask(ctx, rk, sql)
		if err != nil {
			t.Errorf("query %d: %v", i+1, err)
		} else if d := firstDifference(want, got); d != "" {
			t.Errorf("query %d: %s", i+1, d)
		} else if len(want) == 0 {
			t.Logf("query %d: no rows at this scale", i+1)
		}
		t.Logf("query %d in %v", i+1, took)
	}
}
