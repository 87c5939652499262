package executor_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// tx runs f in a transaction of its own and commits it.
func (w *benchWorld) tx(t testing.TB, f func(ctx *executor.Ctx) error) error {
	txn, err := w.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	if err := f(w.ctx(txn)); err != nil {
		return err
	}
	return txn.Commit(context.Background())
}

func (w *benchWorld) query(t testing.TB, sql string) string {
	s := &session{t: t.(*testing.T), w: w, iso: kv.ReadCommitted}
	txn, err := w.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	s.txn = txn
	return s.must(sql)
}

// An index filled afterwards answers as one that was there from the start.
func TestBackfillIndex(t *testing.T) {
	w := newBenchWorld(t, true, false)
	w.fill(t, 5000)
	old := w.snap.Table(20000)
	for _, unique := range []bool{false, true} {
		tab := *old
		ix := &catalog.Index{OID: 20010, Name: "t_idx", Number: 5, Unique: unique, Keys: []catalog.IndexKey{{Attnum: 2, Type: types.Int4}}, Include: []int16{3}}
		tab.Indexes = append(append([]*catalog.Index(nil), old.Indexes...), ix)
		err := w.tx(t, func(ctx *executor.Ctx) error { return executor.BackfillIndex(ctx, &tab, ix, nil) })
		if unique {
			e := pgerr.Of(err)
			if e.Code != pgerr.UniqueViolation || e.Message != `could not create unique index "t_idx"` || e.Detail != "Key (a)=(0) is duplicated." || e.Constraint != "t_idx" {
				t.Errorf("%v [%s]", err, e.Detail)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		snap, err := w.snap.With(&tab)
		if err != nil {
			t.Fatal(err)
		}
		w2 := *w
		w2.snap = snap
		for _, k := range []int{0, 7, 999, 1000} {
			sql := fmt.Sprintf("select count(*), sum(id) from t where a = %d", k)
			if a, b := w.query(t, sql), w2.query(t, sql); a != b {
				t.Errorf("a = %d: %s without, %s with the index", k, a, b)
			}
		}
	}
}

func (w *benchWorld) bind(t testing.TB, text string) plan.Expr {
	tab := *w.snap.Table(20000)
	tab.Checks = []*catalog.Check{{Name: "k", Expr: text}}
	rules, _, err := planner.TableRules(w.snap, w.env, &tab)
	if err != nil {
		t.Fatal(err)
	}
	return rules.Checks[0].Expr
}

func TestValidate(t *testing.T) {
	w := newBenchWorld(t, true, false)
	w.fill(t, 3000)
	check := func(want string, f func(ctx *executor.Ctx) error) {
		t.Helper()
		got := ""
		if err := w.tx(t, f); err != nil {
			got = pgerr.Of(err).Code + " " + pgerr.Of(err).Message
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	tab := w.snap.Table(20000)
	check("", func(ctx *executor.Ctx) error { return executor.ValidateCheck(ctx, tab, "k", w.bind(t, "a < 1000")) })
	check(`23514 check constraint "k" of relation "t" is violated by some row`, func(ctx *executor.Ctx) error {
		return executor.ValidateCheck(ctx, tab, "k", w.bind(t, "a < 999"))
	})
	check("", func(ctx *executor.Ctx) error { return executor.ValidateNotNull(ctx, tab, 2) })
	fk := &catalog.ForeignKey{OID: 1, Name: "fk", Columns: []int16{2}, RefTable: tab.OID, RefColumns: []int16{1}, RefIndex: tab.Indexes[0].OID}
	check("", func(ctx *executor.Ctx) error { return executor.ValidateForeignKey(ctx, tab, fk) })
	s := w.session(t, kv.ReadCommitted)
	s.must("update t set a = -5 where id = 77")
	s.must("update t set b = null where id = 5")
	s.commit()
	check(`23503 insert or update on table "t" violates foreign key constraint "fk"`, func(ctx *executor.Ctx) error {
		return executor.ValidateForeignKey(ctx, tab, fk)
	})
	check(`23502 column "b" of relation "t" contains null values`, func(ctx *executor.Ctx) error { return executor.ValidateNotNull(ctx, tab, 3) })
}

// A rewritten table has the new columns and its indexes.
func TestRewriteTable(t *testing.T) {
	w := newBenchWorld(t, true, true)
	w.fill(t, 3000)
	old := w.snap.Table(20000)
	fresh := *old
	fresh.Storage = 77
	fresh.Columns = append([]catalog.Column(nil), old.Columns...)
	fresh.Columns[3].TypeOID = types.Text.OID
	snap, err := w.snap.With(&fresh)
	if err != nil {
		t.Fatal(err)
	}
	p := w.plan(t, "select c::text from t")
	var cast plan.Expr
	if pr, ok := p.Root.(*plan.Project); ok {
		cast = pr.Exprs[0]
	}
	if cast == nil {
		t.Skip("the plan has no projection to take the expression from")
	}
	exprs := make([]plan.Expr, 4)
	exprs[3] = moveCols(cast, 3)
	var n int64
	if err := w.tx(t, func(ctx *executor.Ctx) error {
		n, err = executor.RewriteTable(ctx, old, snap.Table(20000), exprs, nil, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n != 3000 {
		t.Errorf("%d rows", n)
	}
	w.snap = snap
	if got := w.query(t, "select id, c || 'x', b from t where a = 21 order by id limit 1"); got != "3|3x|some text here" {
		t.Error(got)
	}
}

// moveCols makes all columns of an expression column idx.
func moveCols(e plan.Expr, idx int) plan.Expr {
	switch e := e.(type) {
	case *plan.Col:
		c := *e
		c.Idx = idx
		return &c
	case *plan.Call:
		c := *e
		c.Args = []plan.Expr{moveCols(e.Args[0], idx)}
		return &c
	}
	return e
}

// Statistics close to PostgreSQL's own of the same data.
func TestAnalyze(t *testing.T) {
	p := newPair(t)
	p.ddl(`create table s (id int primary key, few int, many int, name text, hole int, u float8)`)
	const data = `insert into s select i, i % 7, i / 4, 'n' || i % 500, case when i % 4 = 0 then null else i % 3 end, (i * 7919 % 10007)::float8 from generate_series(1, 20000) i`
	p.same(data)
	p.must("analyze s")
	txn, _ := p.store.Begin(context.Background(), kv.TxnOptions{})
	defer txn.Rollback()
	var tab *catalog.Table
	for _, c := range p.snap.Tables() {
		if c.Name == "s" {
			tab = c
		}
	}
	st, err := executor.Analyze(p.ctx(txn, nil), tab)
	if err != nil {
		t.Fatal(err)
	}
	if st.Rows != 20000 {
		t.Errorf("%v rows", st.Rows)
	}
	for _, r := range p.must(`select a.attnum, n_distinct, null_frac, avg_width, coalesce(array_length(most_common_vals, 1), 0), coalesce(array_length(histogram_bounds, 1), 0), coalesce(correlation, 0), coalesce(most_common_freqs[1], 0)
		from pg_stats s join pg_attribute a on a.attname = s.attname and attrelid = (schemaname || '.' || tablename)::regclass where tablename = 's' and schemaname = current_schema()`) {
		var attnum int16
		var want [7]float64
		fmt.Sscan(r[0], &attnum)
		for i := range want {
			fmt.Sscan(r[i+1], &want[i])
		}
		c := st.Columns[attnum]
		mcf := 0.0
		if len(c.MCF) > 0 {
			mcf = c.MCF[0]
		}
		got := [7]float64{c.NDistinct, c.NullFrac, float64(c.AvgWidth), float64(len(c.MCV)), float64(len(c.Histogram)), c.Correlate, mcf}
		for i, name := range []string{"n_distinct", "null_frac", "avg_width", "MCVs", "histogram", "correlation", "first MCF"} {
			if d := math.Abs(got[i] - want[i]); d > 0.02*math.Max(1, math.Abs(want[i])) && !(name == "avg_width" && d <= 1) {
				t.Errorf("column %s: %s is %v, PostgreSQL's is %v", tab.Col(attnum).Name, name, got[i], want[i])
			}
		}
	}
}
