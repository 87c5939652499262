// Package random compares rowkey with PostgreSQL 15, and rowkey's plans with
// each other, on statements that nobody wrote.
//
//	seed ──▶ schema, rows ──▶ PostgreSQL · rowkey · rowkey without indexes
//	     └─▶ statement ─────▶ same rows? same column types? same error?
//	                            │ no
//	                            └─▶ smaller statement, still different ──▶ report
//
// A statement is a tree of pieces (node.go) filled from templates by type
// (templates.go, literals.go): expressions (gen.go), queries (query.go) and
// changes (dml.go). Every query is asked once more with some planner methods
// switched off, and in a database without secondary indexes: all plans must
// agree, which needs no PostgreSQL at all.
//
// What may differ and is not compared: the scale of equal numerics, the last
// digits of floats, the order of equal rows, and which rows a failing
// expression is evaluated for.
package random

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowkey"
)

// Options say how much to compare.
type Options struct {
	Seed     int64
	Schemas  int
	Queries  int    // of each schema
	Changes  int    // of each schema
	Scripts  int    // transactions of several statements, of each schema
	Calls    int    // single calls of functions and operators, of each schema
	Postgres string // URL; empty: rowkey's plans with each other only
	Budget   int    // tries of making a differing statement smaller
	Log      func(format string, args ...any)
	// Verbose reports what is not a difference too.
	Verbose bool
	// Statement, if set, is run on the first seed's tables instead of random ones.
	Statement string
}

// Difference is a statement with two answers.
type Difference struct {
	Class  string
	Where  string // which engines
	Seed   int64
	SQL    string
	Detail string
	Schema []string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s (%s), seed %d\n  %s\n     %s", d.Class, d.Where, d.Seed, d.SQL, d.Detail)
}

// Report is what came of a run.
type Report struct {
	Statements, Errors, Empty, Skipped int
	// Excused are differences that are no mistake, by class (excuse.go).
	Excused     map[string]int
	Differences []Difference
	// SlowQueries took rowkey much longer than PostgreSQL.
	SlowQueries []string
}

// toggles are the methods switched off at random, and other settings that must
// not matter.
var toggles = []string{"work_mem = 64", "max_parallel_workers_per_gather = 0", "enable_hashjoin", "enable_mergejoin", "enable_nestloop", "enable_seqscan", "enable_indexscan",
	"enable_indexonlyscan", "enable_sort", "enable_hashagg", "enable_material", "enable_incremental_sort"}

// Run compares.
func Run(o Options) (*Report, error) {
	rep := &Report{Excused: map[string]int{}}
	for i := range o.Schemas {
		if err := runSchema(o, o.Seed+int64(i), rep); err != nil {
			return rep, fmt.Errorf("seed %d: %w", o.Seed+int64(i), err)
		}
	}
	return rep, nil
}

// runner compares on one schema.
type runner struct {
	o     Options
	rep   *Report
	seed  int64
	g     *gen
	pg    *engine // nil without PostgreSQL
	rk    *engine
	plain *engine // rowkey without secondary indexes
	setup []string
}

func runSchema(o Options, seed int64, rep *Report) error {
	r := &runner{o: o, rep: rep, seed: seed, g: newGen(seed)}
	tables, indexes, rows := r.g.schema()
	r.setup = append(append(append([]string{}, tables...), indexes...), rows...)
	db, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		return err
	}
	defer db.Close()
	bare, err := rowkey.Open(rowkey.Memory)
	if err != nil {
		return err
	}
	defer bare.Close()
	inProcess := func(db *rowkey.DB) func() (*pgconn.PgConn, error) {
		return func() (*pgconn.PgConn, error) {
			c, err := pgx.ConnectConfig(context.Background(), db.PgxConfig())
			if err != nil {
				return nil, err
			}
			return c.PgConn(), nil
		}
	}
	if r.rk, err = newEngine("rowkey", inProcess(db)); err != nil {
		return err
	}
	if r.plain, err = newEngine("rowkey without indexes", inProcess(bare)); err != nil {
		return err
	}
	if o.Postgres != "" {
		drop, err := r.openPostgres()
		if err != nil {
			return err
		}
		defer drop()
	}
	defer func() {
		r.rk.conn.Close(context.Background())
		r.plain.conn.Close(context.Background())
	}()
	for i, s := range r.setup {
		index := i >= len(tables) && i < len(tables)+len(indexes)
		want := r.rk.run(s, mode{})
		if !index {
			if got := r.plain.run(s, mode{}); got.code != want.code {
				return fmt.Errorf("%s: %s: %s", s, got.code, got.msg)
			}
		}
		if r.pg != nil {
			got := want
			want = r.pg.run(s, mode{})
			if class, detail := difference(want, got, false); class != "" {
				r.report(unprovenClass(class), "setup", short(s), detail)
				return nil // another state, in which nothing can be compared
			}
		}
		if want.code != "" && i < len(tables) {
			return nil // a default or check that cannot be computed: there is no such table on either side
		}
		if want.code != "" && !strings.HasPrefix(want.code, "23") && want.code != "44000" && !strings.HasPrefix(want.code, "22") {
			return fmt.Errorf("%s: %s: %s", short(s), want.code, want.msg)
		}
	}
	r.makeViews()
	r.definitions()
	r.each("ANALYZE")
	if o.Statement != "" {
		r.show(o.Statement)
		return nil
	}
	r.loadCalls()
	for i := 0; i < o.Queries || i < o.Changes || i < o.Calls; i++ {
		if i < o.Calls {
			r.query(r.g.call())
		}
		if i < o.Queries {
			r.query(r.g.query())
		}
		if i < o.Changes {
			r.change(r.g.change())
		}
	}
	for range o.Scripts {
		r.script(r.g.script())
	}
	return nil
}

// makeViews makes the views on all engines, or on none: a materialized view is
// filled, and which rows its expressions are evaluated for is a plan's affair.
func (r *runner) makeViews() {
	for _, v := range r.g.makeViews() {
		base := r.base()
		want := base.run(v, mode{})
		made := want.code == ""
		for _, e := range []*engine{r.rk, r.plain} {
			got := want
			if e != base {
				got = e.run(v, mode{})
			}
			class, detail := difference(want, got, false)
			if class != "" {
				class = r.proof(base, e, want, got, mode{}, false, alone).class(class, v, nil)
				r.report(class, "setup, "+e.name, v, detail)
			}
			made = made && got.code == "" && class == ""
		}
		if !made { // an aggregate at a wrong place
			r.g.views, r.g.matviews, r.g.viewBodies = nil, nil, nil
			for _, name := range []string{"v0", "v1"} { // one of the two fails
				r.each("DROP VIEW IF EXISTS " + name)
				r.each("DROP MATERIALIZED VIEW IF EXISTS " + name)
			}
			return
		}
	}
}

// definitionsSQL ask how what was defined is printed again.
var definitionsSQL = []string{
	"SELECT relname, pg_get_viewdef(oid), pg_get_viewdef(oid, true) FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace",
	"SELECT relname, pg_get_indexdef(oid), pg_get_indexdef(oid, 0, true), pg_get_indexdef(oid, 1, false) FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace",
	"SELECT conname, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
	"SELECT adrelid::regclass, adnum, pg_get_expr(adbin, adrelid), pg_get_expr(adbin, adrelid, true) FROM pg_attrdef WHERE adrelid >= 16384",
	"SELECT tgname, pg_get_triggerdef(oid), pg_get_triggerdef(oid, true) FROM pg_trigger WHERE NOT tgisinternal",
}

// definitions compares how what was defined is printed.
func (r *runner) definitions() {
	if r.pg == nil {
		return
	}
	for _, sql := range definitionsSQL {
		r.rep.Statements++
		if class, detail := difference(r.pg.run(sql, mode{}), r.rk.run(sql, mode{}), false); class != "" {
			r.report(unprovenClass(class), "definitions", sql, detail)
		}
	}
}

// show logs what each engine answers to one statement, and rowkey's plan.
func (r *runner) show(sql string) {
	for _, t := range r.g.tables {
		r.o.Log("%s %v", t.name, t.cols)
	}
	for _, e := range []*engine{r.pg, r.rk, r.plain} {
		if e != nil {
			a := e.run(sql, mode{})
			r.o.Log("%s in %v: %v %s %s\n%s", e.name, a.took, a.names, a.code, a.msg, strings.Join(a.lines(), "\n"))
		}
	}
	a := r.rk.run("EXPLAIN (VERBOSE, COSTS off) "+sql, mode{})
	r.o.Log("%s", strings.Join(a.lines(), "\n"))
}

func short(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "…"
	}
	return s
}

// openPostgres makes a database of the seed's own.
func (r *runner) openPostgres() (drop func(), err error) {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, r.o.Postgres)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("rowkey_random_%d", r.seed)
	if _, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err == nil {
		_, err = admin.Exec(ctx, "CREATE DATABASE "+name)
	}
	if err != nil {
		admin.Close(ctx)
		return nil, err
	}
	drop = func() {
		if r.pg != nil {
			r.pg.conn.Close(ctx)
		}
		admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		admin.Close(ctx)
	}
	u, err := url.Parse(r.o.Postgres)
	if err != nil {
		drop()
		return nil, err
	}
	u.Path = "/" + name
	r.pg, err = newEngine("PostgreSQL", func() (*pgconn.PgConn, error) { return pgconn.Connect(ctx, u.String()) })
	if err != nil {
		drop()
		return nil, err
	}
	return drop, nil
}

func (r *runner) each(sql string) {
	for _, e := range []*engine{r.pg, r.rk, r.plain} {
		if e != nil {
			e.run(sql, mode{})
		}
	}
}

func (r *runner) report(class, where, sql, detail string) {
	excused := excuses[class]
	if excused {
		r.rep.Excused[class]++
		if !r.o.Verbose {
			return
		}
	}
	d := Difference{Class: class, Where: where, Seed: r.seed, SQL: sql, Detail: detail, Schema: r.setup}
	if !excused {
		r.rep.Differences = append(r.rep.Differences, d)
	}
	if r.o.Log != nil {
		r.o.Log("%s", d)
	}
}

// query compares a statement that reads, on all engines.
func (r *runner) query(q query) {
	sql := q.SQL()
	var m mode
	if r.g.chance(35) {
		m.extended, m.binary = true, r.g.chance(50)
		if r.g.chance(60) && !strings.Contains(sql, "DISTINCT ON") { // whose lists must be the same
			sql, m.params = q.paramSQL(func() bool { return r.g.chance(50) })
		}
	}
	var off []string
	for _, t := range toggles {
		if r.g.chance(30) {
			off = append(off, t)
		}
	}
	r.rep.Statements++
	got := r.rk.run(sql, m)
	want := got
	if r.pg != nil {
		want = r.pg.run(sql, m)
		if want.code != "" {
			r.rep.Errors++
			if r.o.Verbose && r.o.Log != nil {
				r.o.Log("failed: %s: %s\n  %s", want.code, want.msg, sql)
			}
		}
		if want.code == "" && len(want.rows) == 0 {
			r.rep.Empty++
		}
		if want.code == "57014" {
			r.rep.Skipped++
			return
		}
		for range 3 { // the machine may have had something else to do
			if got.took > 50*timeScale && got.took > 20*want.took {
				if again := r.rk.run(sql, m); again.took < got.took {
					got.took = again.took
				}
			}
		}
		if got.took > 50*timeScale && got.took > 20*want.took {
			r.rep.SlowQueries = append(r.rep.SlowQueries, fmt.Sprintf("%v instead of %v, seed %d: %s", got.took, want.took, r.seed, sql+m.values()))
		}
		if class, detail := difference(want, got, q.ordered()); class != "" {
			if q.single && class == orderOfEvaluation {
				class = "error"
			}
			r.smaller(q, m, class, detail, sql, want, got, r.pg, r.rk, nil, "PostgreSQL and rowkey")
			return
		}
	}
	if other := r.plain.run(sql, m); true {
		if class, detail := difference(want, other, q.ordered()); class != "" {
			r.smaller(q, m, class, detail, sql, want, other, r.base(), r.plain, nil, "rowkey with and without indexes")
			return
		}
	}
	if len(off) > 0 {
		other := r.toggled(off, sql, m)
		if class, detail := difference(want, other, q.ordered()); class != "" {
			r.smaller(q, m, class, detail, sql, want, other, r.base(), r.rk, off, "rowkey with "+strings.Join(off, ", ")+" (off)")
		}
	}
}

// toggled runs a statement with planner methods switched off.
func (r *runner) toggled(off []string, sql string, m mode) result {
	for _, s := range off {
		name, value, set := strings.Cut(s, " = ")
		if !set {
			value = "off"
		}
		r.rk.run("SET "+name+" = "+value, mode{})
	}
	res := r.rk.run(sql, m)
	for _, s := range off {
		name, _, _ := strings.Cut(s, " = ")
		r.rk.run("RESET "+name, mode{})
	}
	return res
}

// smaller makes the statement smaller while two engines differ in the same way, and reports it.
func (r *runner) smaller(q query, m mode, class, detail, sql string, want, got result, a, b *engine, off []string, where string) {
	if a == nil {
		a = r.rk
	}
	proof := r.proof(a, b, want, got, m, q.ordered(), alone)
	proof.off = off
	if c := proof.class(class, sql, q.node); excuses[c] {
		r.report(c, where, sql, detail)
		return
	} else if class == orderOfEvaluation && r.provenParameters(q, m, b, off, want) {
		r.report(foldedParameters, where, sql, detail)
		return
	}
	compare := func(sql string, m mode) (string, string) {
		want := a.run(sql, m)
		if want.code == "57014" {
			return "", ""
		}
		return difference(want, proof.run(b, sql, m), q.ordered())
	}
	// Does the plain text do?
	if m.params == nil || func() bool { c, _ := compare(q.SQL(), mode{}); return c == class }() {
		if m.params != nil || m.extended && func() bool { c, _ := compare(q.SQL(), mode{}); return c == class }() {
			m = mode{}
		}
		minimise(q.node, r.o.Budget, func(s string) bool {
			c, d := compare(s, m)
			if c == class {
				detail = d
			}
			return c == class
		})
		sql = q.SQL()
		small := r.proof(a, b, a.run(sql, m), proof.run(b, sql, m), m, q.ordered(), alone)
		small.off = off
		if c := small.class(class, sql, q.node); excuses[c] {
			r.report(c, where, sql, detail)
			return
		}
	} else {
		sql += m.values()
	}
	if m.extended {
		where += fmt.Sprintf(", extended protocol, binary %v", m.binary)
	}
	r.report(unprovenClass(class), where, sql, detail)
}

// base is the engine whose answers the others are held to.
func (r *runner) base() *engine {
	if r.pg != nil {
		return r.pg
	}
	return r.rk
}

// undo ends what change began.
func (r *runner) undo(engines []*engine) {
	for _, e := range engines {
		e.run("ROLLBACK", mode{})
	}
}

// change compares a statement that writes: its answer and what it leaves.
func (r *runner) change(q query) {
	sql := q.SQL()
	r.rep.Statements++
	engines := []*engine{r.rk, r.plain}
	if r.pg != nil {
		engines = []*engine{r.pg, r.rk, r.plain}
	}
	try := func(e *engine, sql string) []result {
		e.run("BEGIN", mode{})
		out := []result{e.run(sql, mode{})}
		if out[0].code != "" {
			e.run("ROLLBACK", mode{})
			return out
		}
		for _, name := range r.g.states() {
			out = append(out, e.run("SELECT * FROM "+name, mode{}))
		}
		return out
	}
	compare := func(a, b []result) (class, detail string, at int) {
		for i := range min(len(a), len(b)) {
			if class, detail = difference(a[i], b[i], false); class != "" {
				if i > 0 {
					class, detail = "state", r.g.states()[i-1]+" afterwards: "+detail
				}
				return class, detail, i
			}
		}
		return "", "", 0
	}
	first := try(engines[0], sql)
	if first[0].code != "" {
		r.rep.Errors++
		if r.o.Verbose && r.o.Log != nil {
			r.o.Log("failed: %s: %s\n  %s", first[0].code, first[0].msg, sql)
		}
	}
	for _, e := range engines[1:] {
		second := try(e, sql)
		class, detail, at := compare(first, second)
		if class == "" {
			continue
		}
		r.undo(engines)
		kind := class
		if class == "state" {
			kind = "rows"
		}
		proof := r.proof(engines[0], e, first[at], second[at], mode{}, false, alone)
		if c := proof.class(kind, sql, q.node); excuses[c] {
			class = c
		} else {
			minimise(q.node, r.o.Budget, func(s string) bool {
				a, b := try(engines[0], s), try(e, s)
				engines[0].run("ROLLBACK", mode{})
				e.run("ROLLBACK", mode{})
				c, d, _ := compare(a, b)
				if c == class {
					detail = d
				}
				return c == class
			})
			sql = q.SQL()
			a, b := try(engines[0], sql), try(e, sql)
			r.undo(engines)
			_, _, at = compare(a, b)
			class = unprovenClass(class)
			if c := r.proof(engines[0], e, a[at], b[at], mode{}, false, alone).class(kind, sql, q.node); excuses[c] {
				class = c
			}
		}
		r.report(class, engines[0].name+" and "+e.name, sql, detail)
		return
	}
	end := "COMMIT"
	if r.g.chance(30) {
		end = "ROLLBACK"
	}
	r.each(end)
}
