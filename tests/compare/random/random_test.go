package random

import (
	"flag"
	"os"
	"testing"
	"time"
)

var (
	seed    = flag.Int64("random.seed", 1, "first seed")
	schemas = flag.Int("random.schemas", 12, "number of schemas, each with its own seed")
	queries = flag.Int("random.queries", 60, "queries of each schema")
	changes = flag.Int("random.changes", 15, "changing statements of each schema")
	single  = flag.Int("random.calls", 60, "single calls of functions and operators of each schema")
	scripts = flag.Int("random.scripts", 5, "transactions of several statements of each schema")
	verbose = flag.Bool("random.v", false, "report statements that fail everywhere too")
	stmt    = flag.String("random.sql", "", "run this statement on the tables of the first seed and show the answers")
	budget  = flag.Int("random.budget", 250, "tries of making a differing statement smaller")
)

// TestPostgres: the same statements, the same answers as PostgreSQL 15.
func TestPostgres(t *testing.T) {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL 15 to compare with")
	}
	compare(t, Options{Postgres: url, Schemas: *schemas, Queries: *queries, Changes: *changes, Scripts: *scripts, Calls: *single})
}

// TestPlans: every plan of a statement gives the same answer; without PostgreSQL.
func TestPlans(t *testing.T) {
	if os.Getenv("ROWKEY_PG") != "" {
		t.Skip("ROWKEY_PG is set: TestPostgres compares plans too")
	}
	compare(t, Options{Schemas: *schemas, Queries: *queries, Changes: *changes, Scripts: *scripts, Calls: *single})
}

func compare(t *testing.T, o Options) {
	o.Seed, o.Verbose, o.Budget = *seed, *verbose, *budget
	o.Log = t.Logf
	if o.Statement = *stmt; o.Statement != "" {
		o.Schemas = 1
	}
	start := time.Now()
	rep, err := Run(o)
	t.Logf("%d statements in %v: %d failed everywhere, %d queries without rows, %d too slow for a real server; excused: %v",
		rep.Statements, time.Since(start).Round(time.Millisecond), rep.Errors, rep.Empty, rep.Skipped, rep.Excused)
	for _, s := range rep.SlowQueries {
		t.Log("slow:", s)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := len(rep.Differences); n > 0 {
		t.Errorf("%d differences; go test ./tests/compare/random -random.seed N -random.schemas 1 repeats one", n)
	}
}
