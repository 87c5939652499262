package tests

// Modules that only tests and not yet written packages use; kept here so that
// go.mod is stable while the house is being built.
import (
	_ "github.com/cockroachdb/apd/v3"
	_ "github.com/cockroachdb/pebble/v2"
	_ "github.com/google/btree"
	_ "github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/pgproto3"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/peterh/liner"
	_ "github.com/pingcap/tidb/pkg/parser"
	_ "github.com/spf13/cobra"
	_ "golang.org/x/sync/errgroup"
)
