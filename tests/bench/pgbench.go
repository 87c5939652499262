package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The scripts of pgbench: its own transaction, called TPC-B-like, on the tables of setup,
// and the update of one row by all.
const (
	tpcbScript = `\set aid random(1, 100000)
\set tid random(1, 100)
\set bid random(1, 10)
\set delta random(-5000, 5000)
BEGIN;
UPDATE accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM accounts WHERE aid = :aid;
UPDATE tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
`
	hotScript = `UPDATE branches SET bbalance = bbalance + 1 WHERE bid = 1;
`
)

// clients runs a script on n connections of pgbench, with prepared statements, and gives
// transactions a second. It takes a fifth of the processor that pgx takes for them, which
// servers on the same two cores have then. Without pgbench op is run by pgx.
func (b *bench) clients(n int, script string, op func(ctx context.Context, c *pgx.Conn, r *rand.Rand) error) func(context.Context, string) (float64, error) {
	if _, err := exec.LookPath("pgbench"); err != nil {
		return b.rate(n, pgx.QueryExecModeCacheStatement, op)
	}
	return func(ctx context.Context, url string) (float64, error) {
		c := exec.CommandContext(ctx, "pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(n), "-j", "2",
			"-T", strconv.Itoa(max(1, int(b.span.Seconds()))), "-f", "-", url)
		c.Stdin = strings.NewReader(script)
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			return 0, fmt.Errorf("pgbench: %w: %s", err, stderr.String())
		}
		done := pgbenchDone.FindSubmatch(out)
		rate := pgbenchRate.FindSubmatch(out)
		if done == nil || rate == nil {
			return 0, fmt.Errorf("pgbench says\n%s", out)
		}
		b.operations, _ = strconv.ParseInt(string(done[1]), 10, 64)
		return strconv.ParseFloat(string(rate[1]), 64)
	}
}

var (
	pgbenchDone = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	pgbenchRate = regexp.MustCompile(`tps = ([0-9.]+) \(without`)
)
