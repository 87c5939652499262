// Regress runs PostgreSQL 15's own regression scripts against a rowkey server
// through psql, and tells for every statement whether its output is what
// PostgreSQL's expected files say.
//
//	script.sql ── psql -a -q ──▶ rowkey      (one server in memory a script)
//	    │             │ output
//	    ▼             ▼
//	 chunks ──▶ got, chunk by chunk ─┐
//	    │                            ├─▶ equal, or a cause
//	    └─────▶ expected, likewise ──┘
//
// A chunk is what psql sends up to the end of a line: usually one statement.
// Since psql -a echoes the script, both outputs can be cut at the echoed lines.
// Differences are grouped by cause (the first line that differs, without names
// and numbers), the most common cause first.
//
// The scripts are not part of this project: they come from Debian's source
// package postgresql-15, fetched into a cache folder, or from the folder
// that -dir or ROWKEY_REGRESS_DIR names (PostgreSQL's src/test/regress).
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"rowkey/tests/pgtest"
)

// scope is the scripts about what rowkey offers.
const scope = `boolean int2 int4 int8 float4 float8 numeric char varchar text strings date time timestamp interval
case select select_distinct select_distinct_on select_having select_implicit join subselect union aggregates
groupingsets window with insert insert_conflict update delete returning create_table create_index create_view
constraints foreign_key sequence identity generated arrays json jsonb enum domain uuid limit copy prepare
portals transactions truncate temp namespace regex inet macaddr macaddr8`

// needs are the scripts whose tables or indexes a script uses, besides test_setup.
var needs = map[string][]string{
	"select":     {"create_index"},
	"join":       {"create_index"},
	"subselect":  {"create_index"},
	"aggregates": {"create_index", "create_aggregate"},
	"limit":      {"create_index"},
	"portals":    {"create_index"},
	"union":      {"create_index"},

	"with": {"create_index"},

	"multirangetypes": {"rangetypes"},

	"geometry": {"point", "lseg", "line", "box", "path", "polygon", "circle"},
}

func main() {
	dir := flag.String("dir", os.Getenv("ROWKEY_REGRESS_DIR"), "PostgreSQL's src/test/regress; empty: fetched with apt-get source")
	jobs := flag.Int("jobs", 2, "scripts run at once")
	show := flag.Int("show", 2, "examples shown per cause")
	causes := flag.Int("causes", 60, "causes shown")
	limit := flag.Duration("limit", 3*time.Minute, "time a script may take before it counts as hung")
	list := flag.String("list", "", "write every difference to this file")
	log := flag.Bool("log", false, "show what the servers log")
	flag.Parse()
	if !*log {
		pgtest.Log = io.Discard // internal errors show in psql's output, too
	}
	if err := run(*dir, *jobs, *show, *causes, *limit, *list, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "regress:", err)
		os.Exit(1)
	}
}

func run(dir string, jobs, show, causes int, limit time.Duration, list string, scripts []string) error {
	if dir == "" {
		var err error
		if dir, err = pgtest.Source("src/test/regress"); err != nil {
			return err
		}
	}
	if len(scripts) == 0 {
		scripts = strings.Fields(scope)
	}
	tmp, err := os.MkdirTemp("", "rowkey-regress")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	bin, err := pgtest.BuildRowkey(tmp)
	if err != nil {
		return err
	}
	start := time.Now()
	results := make([]*result, len(scripts))
	work := make(chan int)
	var wg sync.WaitGroup
	for range jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				results[i] = runScript(bin, dir, scripts[i], limit)
			}
		}()
	}
	for i := range scripts {
		work <- i
	}
	close(work)
	wg.Wait()
	if list != "" {
		if err := writeList(list, results); err != nil {
			return err
		}
	}
	return report(results, show, causes, time.Since(start))
}
