// Command bench measures rowkey beside PostgreSQL 15 on this machine, both
// with durable commits, in one run, and prints the ratios: only these mean
// something, since machines differ and are noisy.
//
//	go run ./tests/bench                   everything
//	go run ./tests/bench -only 'select|scan'   the measures with one of these in their names
//	go run ./tests/bench -rows 100000      smaller tables
//
// TPC-B-like transactions and updates of a hot row are run by pgbench where it is installed.
//
// Each measure runs several rounds, the two servers taking turns, and reports
// the medians. Over 1.00 means that rowkey is faster. Beside the ratio stands the
// processor time that an operation took of each server, which says more than the
// clock where the machine has other things to do; -span 300ms -rounds 21 helps there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"

	"rowkey/tests/pgtest"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "rows of the large table")
	only := flag.String("only", "", "measure only what this regular expression finds in its name")
	rounds := flag.Int("rounds", 3, "rounds of each measure")
	span := flag.Duration("span", 2*time.Second, "length of a round of the measures that count operations")
	memory := flag.Bool("memory", false, "rowkey in memory instead of on disk")
	alone := flag.Bool("alone", false, "rowkey only")
	flag.Parse()
	if err := run(*rows, *only, *rounds, *span, *memory, *alone); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rows int, only string, rounds int, span time.Duration, memory, alone bool) error {
	ctx := context.Background()
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	sides, stop, err := pgtest.StartPair(pgtest.PairOptions{Memory: memory, Alone: alone,
		Settings: []string{"shared_buffers=1GB", "max_connections=100", "max_wal_size=4GB"}})
	if err != nil {
		return err
	}
	defer stop()
	b := &bench{rows: rows, span: span}
	var setups []string
	for _, s := range sides {
		start := time.Now()
		if err := b.setup(ctx, s.URL); err != nil {
			return fmt.Errorf("%s: setting up: %w", s.Name, err)
		}
		setups = append(setups, fmt.Sprintf("%s %.1f s", s.Name, time.Since(start).Seconds()))
	}
	fmt.Printf("%d rows; set up: %s\n\n", rows, strings.Join(setups, ", "))
	fmt.Printf("%-44s %14s %14s %8s %22s\n", "measure", "rowkey", "PostgreSQL", "ratio", "processor time")
	low, total, atLeastOne := 0, 0, 0
	for _, m := range b.measures() {
		if !wanted.MatchString(m.name) {
			continue
		}
		results, processor := make([][]float64, len(sides)), make([][]float64, len(sides))
		var failed error
		for round := 0; round < rounds && failed == nil; round++ {
			for i, s := range sides {
				b.operations = 1
				before := pgtest.ProcessorTime(s.PID)
				v, err := m.run(ctx, s.URL)
				if err != nil {
					failed = fmt.Errorf("%s: %w", s.Name, err)
					break
				}
				used := pgtest.ProcessorTime(s.PID) - before
				results[i] = append(results[i], v)
				processor[i] = append(processor[i], used.Seconds()/float64(max(b.operations, 1)))
			}
		}
		if failed != nil {
			fmt.Printf("%-44s failed: %v\n", m.name, failed)
			low++
			total++
			continue
		}
		mine := median(results[0])
		line := fmt.Sprintf("%-44s %14s", m.name, m.format(mine))
		if len(sides) == 2 {
			theirs := median(results[1])
			ratio := mine / theirs
			if m.seconds {
				ratio = theirs / mine
			}
			total++
			if ratio < 0.7 {
				low++
			}
			if ratio >= 1 {
				atLeastOne++
			}
			line += fmt.Sprintf(" %14s %8.2f", m.format(theirs), ratio)
		}
		for i := range sides {
			line += fmt.Sprintf(" %10s", perOperation(median(processor[i])))
		}
		fmt.Println(line)
	}
	if len(sides) == 2 {
		fmt.Printf("\n%d of %d at or above 1.00, %d below 0.70\n", atLeastOne, total, low)
	}
	return nil
}

func perOperation(seconds float64) string {
	if seconds < 0.001 {
		return fmt.Sprintf("%.1f µs", seconds*1e6)
	}
	return fmt.Sprintf("%.1f ms", seconds*1e3)
}

func median(v []float64) float64 {
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	return s[len(s)/2]
}
