// Isolation runs PostgreSQL 15's own isolation tests, src/test/isolation of its
// sources, against a rowkey server and compares the output of every permutation
// with the expected one.
//
//	name.spec ── sessions, steps, permutations            spec.go
//	    │
//	    ▼  for every permutation: setup, steps in order on
//	 runner   their connections, a step that waits for a  run.go
//	    │     lock left waiting, teardown
//	    ▼
//	 output ── like isolationtester's ──┐
//	                                    ├─▶ equal, or the lines that differ
//	 expected/name.out, name_1.out, … ──┘                 compare.go
//
// Not counted are permutations in which the server said of a feature that it has
// it not (SQLSTATE 0A000), and specifications whose setup says so.
//
// The specifications are not part of this project: they come from Debian's source
// package postgresql-15, fetched into a cache folder, or from the folder that -dir or
// ROWKEY_ISOLATION_DIR names. With -url they run against any server: a real
// PostgreSQL 15 shows whether the runner does as isolationtester does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"rowkey/tests/pgtest"
)

func main() {
	dir := flag.String("dir", os.Getenv("ROWKEY_ISOLATION_DIR"), "PostgreSQL's src/test/isolation; empty: fetched with apt-get source")
	url := flag.String("url", "", "run against this server; empty: a rowkey in memory for every specification")
	disk := flag.Bool("disk", false, "rowkey on disk instead of in memory")
	jobs := flag.Int("jobs", 4, "specifications run at once")
	show := flag.Int("show", 1, "permutations that differ shown per specification")
	limit := flag.Duration("limit", 10*time.Second, "time a step may take")
	least := flag.Float64("least", 0, "fail if fewer percent of the permutations are equal")
	flag.Parse()
	if *url != "" {
		*jobs = 1 // one database for all
	}
	h := &harness{dir: *dir, url: *url, disk: *disk, limit: *limit}
	share, err := run(h, *jobs, *show, flag.Args())
	if err == nil && share < *least {
		err = fmt.Errorf("%.1f %% of the permutations are equal, less than %.1f %%", share, *least)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolation:", err)
		os.Exit(1)
	}
}

func run(h *harness, jobs, show int, names []string) (share float64, err error) {
	if h.dir == "" {
		if h.dir, err = pgtest.Source("src/test/isolation"); err != nil {
			return 0, err
		}
	}
	if len(names) == 0 {
		if names, err = h.schedule(); err != nil {
			return 0, err
		}
	}
	outcomes := make([]chan outcome, len(names))
	slots := make(chan struct{}, jobs)
	for i, name := range names {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] <- h.runSpec(name)
		}()
	}
	return report(names, outcomes, show), nil
}

// report prints what came out and gives the percentage of equal permutations.
func report(names []string, outcomes []chan outcome, show int) float64 {
	var equal, counted, refused, whole, used int
	reasons := map[string][]string{}
	for i, ready := range outcomes {
		o := <-ready
		counted += o.counted
		equal += o.equal
		refused += o.refused
		if o.unusable != "" {
			reasons[o.unusable] = append(reasons[o.unusable], names[i])
			fmt.Printf("%-34s not counted: %s\n", names[i], o.unusable)
			continue
		}
		used++
		line := fmt.Sprintf("%-34s %4d of %4d", names[i], o.equal, o.counted)
		if o.refused > 0 {
			line += fmt.Sprintf(", %d not counted: %s", o.refused, o.reason)
		}
		if o.err != nil {
			line += fmt.Sprintf(", failed: %v", o.err)
		}
		fmt.Println(line)
		if o.equal == o.counted {
			whole++
		}
		for k, d := range o.diffs {
			if k == show {
				break
			}
			fmt.Println(indent(d))
		}
	}
	share := 0.0
	if counted > 0 {
		share = 100 * float64(equal) / float64(counted)
	}
	fmt.Printf("\n%d specifications, %d of them wholly as expected; %d of %d permutations (%.1f %%); %d permutations and %d specifications not counted\n",
		used, whole, equal, counted, share, refused, len(names)-used)
	var list []string
	for r, specs := range reasons {
		list = append(list, fmt.Sprintf("  %s: %s", r, strings.Join(specs, " ")))
	}
	sort.Strings(list)
	fmt.Println(strings.Join(list, "\n"))
	return share
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}

// outside are specifications of things that rowkey does not have and says so with
// another code than 0A000: an unknown type, function or setting.
var outside = map[string]string{
	"predicate-gist":             "geometric types",
	"predicate-gin":              "GIN indexes",
	"predicate-hash":             "hash indexes",
	"reindex-concurrently-toast": "TOAST tables and allow_system_table_mods",
	"stats":                      "the statistics collector's functions",
	"vacuum-no-cleanup-lock":     "vacuum's freezing",
	"freeze-the-dead":            "vacuum's freezing",
	"horizons":                   "vacuum's pruning",
}

// harness knows where specifications and servers come from.
type harness struct {
	dir   string
	url   string
	disk  bool
	limit time.Duration
}

// schedule lists the specifications in PostgreSQL's own order.
func (h *harness) schedule() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(h.dir, "isolation_schedule"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "test:"); ok {
			names = append(names, strings.Fields(rest)...)
		}
	}
	return names, nil
}

// serve starts a rowkey of its own, or gives the server that was named.
func (h *harness) serve() (url string, stop func(), err error) {
	if h.url != "" {
		return h.url, func() {}, nil
	}
	path, remove := "", func() {}
	if h.disk {
		if path, err = os.MkdirTemp("", "rowkey-isolation"); err != nil {
			return "", nil, err
		}
		remove = func() { os.RemoveAll(path) }
	}
	server, err := pgtest.ServeInProcess(path)
	if err != nil {
		remove()
		return "", nil, err
	}
	stop = func() {
		server.Stop()
		remove()
	}
	if url, err = pgtest.MakeDatabase(server.URL, "isolation_regression"); err != nil { // which specifications name
		stop()
		return "", nil, err
	}
	return url, stop, nil
}

// outcome is how a specification did.
type outcome struct {
	counted, equal, refused int
	reason                  string // of a refused permutation
	unusable                string // why the whole specification is not counted
	diffs                   []string
	err                     error
}

// runSpec runs all permutations of one specification. After one that broke off,
// the next gets a new server.
func (h *harness) runSpec(name string) (o outcome) {
	if why := outside[name]; why != "" && h.url == "" {
		o.unusable = "no " + why
		return o
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "specs", name+".spec"))
	if err != nil {
		o.err = err
		return o
	}
	s, err := parseSpec(string(text))
	if err != nil {
		o.err = err
		return o
	}
	expected, err := readExpected(h.dir, name)
	if err != nil {
		o.err = err
		return o
	}
	var r *runner
	var stop func()
	shut := func() {
		if r != nil {
			r.close()
			stop()
			r = nil
		}
	}
	defer shut()
	for i, perm := range s.permutations {
		if r == nil {
			url, end, err := h.serve()
			if err != nil {
				o.err = err
				return o
			}
			stop = end
			if r, err = newRunner(context.Background(), url, s, h.limit); err != nil {
				stop()
				r, o.err = nil, err
				return o
			}
		}
		got, err := r.run(perm)
		refused := r.refused
		if err != nil {
			got += err.Error() + "\n"
			shut()
		}
		equal := expected.matches(i, got)
		if !equal && refused != "" {
			if _, ok := err.(errSetup); ok && o.counted == 0 {
				o.unusable = refused
				return o
			}
			o.refused++
			o.reason = refused
			continue
		}
		o.counted++
		if equal {
			o.equal++
			continue
		}
		o.diffs = append(o.diffs, expected.diff(i, got))
	}
	return o
}
