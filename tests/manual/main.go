// Manual runs the examples of PostgreSQL 15's own manual on PostgreSQL and on
// rowkey and compares everything a client sees, statement by statement.
//
//	name.sgml ── examples of statements                 examples.go
//	    │
//	    ▼  in a database of the page's own              run.go
//	 PostgreSQL, twice ── answers ──┐
//	 rowkey ───────────── answers ──┴─▶ equal, refused (0A000), or different
//
// Rows in which PostgreSQL does not agree with itself, the second time, are not
// compared: they tell of the clock, of OIDs, processes or chance. Nor are plans.
// What neither can parse is no example, but output or a template.
//
// It fails when fewer statements of a chapter are equal than testdata/equal.txt
// says; -rewrite writes that file anew. Both servers are started for it and gone
// when it ends. The manual is not part of this project: it comes from Debian's
// source package postgresql-15, fetched into a cache folder, or from the folder
// that -dir names (PostgreSQL's doc/src/sgml).
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rowkey/tests/pgtest"
)

// scope is the chapters about what a server of SQL offers; the pages of ref/ come to it.
const scope = `query advanced syntax ddl dml queries datatype array rowtypes rangetypes json func typeconv indices mvcc
perform planstats user-manag manage-ag charset maintenance monitoring lobj extend xfunc xaggr xtypes xoper trigger
event-trigger rules plpgsql textsearch`

// needs are the chapters whose tables a chapter goes on with.
var needs = map[string]string{"advanced": "query"}

func main() {
	dir := flag.String("dir", "", "PostgreSQL's doc/src/sgml; empty: fetched with apt-get source")
	list := flag.String("list", "", "write every difference to this file")
	rewrite := flag.Bool("rewrite", false, "write "+figures+" anew")
	flag.Parse()
	pgtest.Log = io.Discard // internal errors show in the answers, too
	if err := run(*dir, *list, *rewrite, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

func run(dir, list string, rewrite bool, pages []string) error {
	if dir == "" {
		var err error
		if dir, err = pgtest.Source("doc/src/sgml"); err != nil {
			return err
		}
	}
	all := len(pages) == 0
	if all {
		pages = strings.Fields(scope)
		refs, err := filepath.Glob(dir + "/ref/*.sgml")
		if err != nil {
			return err
		}
		for _, p := range refs {
			pages = append(pages, "ref/"+strings.TrimSuffix(filepath.Base(p), ".sgml"))
		}
	}
	sides, stop, err := pgtest.StartPair(pgtest.PairOptions{Memory: true, Settings: []string{"fsync=off"}})
	if err != nil {
		return err
	}
	defer stop()
	if len(sides) < 2 {
		return pgtest.ErrNotInstalled
	}
	rk, pg := sides[0].URL, sides[1].URL
	var chapters []*chapter
	for _, page := range pages {
		var before []example
		if n := needs[page]; n != "" {
			if before, err = readExamples(dir, n); err != nil {
				return err
			}
		}
		examples, err := readExamples(dir, page)
		if err != nil {
			return err
		}
		if len(examples) == 0 {
			continue
		}
		name, _, _ := strings.Cut(page, "/") // the pages of ref/ are one chapter
		if len(chapters) == 0 || chapters[len(chapters)-1].name != name {
			chapters = append(chapters, &chapter{name: name})
		}
		if err := chapters[len(chapters)-1].compare(pg, rk, page, before, examples); err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
	}
	if list != "" {
		if err := writeList(list, chapters); err != nil {
			return err
		}
	}
	return report(chapters, all && rewrite)
}
