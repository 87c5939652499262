// Command tpch loads the TPC-H tables into rowkey and into PostgreSQL 15, asks
// both the 22 queries in one run, compares the answers and prints the times.
//
//	go run ./tests/tpch                  scale 0.1: 600,000 line items
//	go run ./tests/tpch -scale 0.01 -only 13,17
//	go run ./tests/tpch -explain -only 21
//
// The rows come from gen.go, which follows the specification's distributions
// but is no dbgen: results are comparable between the two servers only.
// PostgreSQL is the one of ROWKEY_PG, or one started for the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/tests/pgtest"
)

func main() {
	scale := flag.Float64("scale", 0.1, "scale factor; 1 is six million line items")
	only := flag.String("only", "", "numbers of the queries, with commas; all by default")
	rounds := flag.Int("rounds", 2, "times each query is asked; the fastest counts")
	limit := flag.Duration("limit", time.Minute, "time limit of a query")
	memory := flag.Bool("memory", false, "rowkey in memory instead of on disk")
	explain := flag.Bool("explain", false, "print both plans of each query")
	flag.Parse()
	if err := run(*scale, *only, *rounds, *limit, *memory, *explain); err != nil {
		fmt.Fprintln(os.Stderr, "tpch:", err)
		os.Exit(1)
	}
}

func run(scale float64, only string, rounds int, limit time.Duration, memory, explain bool) error {
	ctx := context.Background()
	sides, stop, err := pgtest.StartPair(pgtest.PairOptions{Memory: memory, UseEnv: true,
		Settings: []string{"shared_buffers=1GB", "max_wal_size=4GB"}})
	if err != nil {
		return err
	}
	defer stop()
	var conns []*pgx.Conn
	for _, side := range sides {
		c, err := pgx.Connect(ctx, side.URL)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		start := time.Now()
		if err := load(ctx, c, scale); err != nil {
			return err
		}
		fmt.Printf("loaded %s in %.1f s\n", side.Name, time.Since(start).Seconds())
		defer c.Exec(ctx, "DROP SCHEMA tpch CASCADE")
		if _, err := c.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", limit.Milliseconds())); err != nil {
			return err
		}
		conns = append(conns, c)
	}
	wanted := map[int]bool{}
	for _, s := range strings.Split(only, ",") {
		if n, err := strconv.Atoi(s); err == nil {
			wanted[n] = true
		}
	}
	fmt.Printf("\nscale %g, best of %d\n\n%-4s %12s %12s %8s  %s\n", scale, rounds, "", "rowkey ms", "postgres ms", "ratio", "answers")
	different := 0
	for i := range queries {
		if len(wanted) > 0 && !wanted[i+1] {
			continue
		}
		sql := query(i+1, scale)
		if explain {
			for _, c := range conns {
				rows, _, err := ask(ctx, c, "EXPLAIN ANALYZE "+sql)
				fmt.Println(strings.Join(rows, "\n"), err)
			}
		}
		var best [2]time.Duration
		var answers [2][]string
		var errs [2]error
		for range rounds {
			for k, c := range conns {
				if errs[k] != nil {
					continue
				}
				rows, took, err := ask(ctx, c, sql)
				answers[k], errs[k] = rows, err
				if best[k] == 0 || took < best[k] {
					best[k] = took
				}
			}
		}
		verdict := "same"
		switch {
		case errs[0] != nil:
			verdict = errs[0].Error()
			different++
		case len(conns) == 1:
			verdict = fmt.Sprintf("%d rows", len(answers[0]))
		case errs[1] != nil:
			verdict = "PostgreSQL: " + errs[1].Error()
		default:
			if d := firstDifference(answers[1], answers[0]); d != "" {
				verdict = d
				different++
			}
		}
		ratio := ""
		if best[1] > 0 {
			ratio = fmt.Sprintf("%.2f", best[0].Seconds()/best[1].Seconds())
		}
		fmt.Printf("Q%-3d %12.1f %12.1f %8s  %s\n", i+1, best[0].Seconds()*1000, best[1].Seconds()*1000, ratio, verdict)
	}
	if different > 0 {
		return fmt.Errorf("%d queries without the right answer", different)
	}
	return nil
}

func query(n int, scale float64) string {
	return strings.ReplaceAll(queries[n-1], "%fraction%", strconv.FormatFloat(0.0001/scale, 'f', -1, 64))
}

// load makes the tables in a schema of their own and fills them.
func load(ctx context.Context, c *pgx.Conn, scale float64) error {
	for _, s := range []string{"DROP SCHEMA IF EXISTS tpch CASCADE", "CREATE SCHEMA tpch", "SET search_path = tpch"} {
		if _, err := c.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	for _, t := range tables {
		if _, err := c.Exec(ctx, "CREATE TABLE "+t.name+" ("+t.columns+")"); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		r, w := io.Pipe()
		go func() { w.CloseWithError(generate(t.name, scale, w)) }()
		if _, err := c.PgConn().CopyFrom(ctx, r, "COPY "+t.name+" FROM STDIN"); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for _, s := range append(append([]string{}, indexes...), "ANALYZE") {
		if _, err := c.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// ask gives the rows of a query as text, and how long it took.
func ask(ctx context.Context, c *pgx.Conn, sql string) ([]string, time.Duration, error) {
	start := time.Now()
	res, err := c.PgConn().Exec(ctx, sql).ReadAll()
	took := time.Since(start)
	if err != nil {
		var pe *pgconn.PgError
		if errors.As(err, &pe) {
			err = fmt.Errorf("%s: %s", pe.Code, pe.Message)
		}
		return nil, took, err
	}
	var out []string
	for _, row := range res[len(res)-1].Rows {
		var f []string
		for _, v := range row {
			f = append(f, string(v))
		}
		out = append(out, strings.Join(f, "|"))
	}
	return out, took, nil
}

// firstDifference compares answers; rows that tie may come in any order.
func firstDifference(want, got []string) string {
	a, b := append([]string{}, want...), append([]string{}, got...)
	sort.Strings(a)
	sort.Strings(b)
	if len(a) != len(b) {
		return fmt.Sprintf("%d rows instead of %d", len(b), len(a))
	}
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("%q instead of %q", b[i], a[i])
		}
	}
	return ""
}
