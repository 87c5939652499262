package executor_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/kv/memory"
	"rowkey/parser"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// benchWorld is a table t (id int4 primary key, a int4, b text, c float8), with
// or without a key and an index.
type benchWorld struct {
	store  kv.Store
	snap   *catalog.Snapshot
	rowIDs *rowenc.RowIDs
	env    *types.Env
	state  *executor.State
}

func newBenchWorld(tb testing.TB, pk, index bool) *benchWorld {
	t := &catalog.Table{OID: 20000, Name: "t", SchemaOID: catalog.PublicOID, Kind: catalog.KindTable, Persistence: catalog.Permanent, Storage: 1}
	for i, c := range []struct {
		name string
		typ  *types.Type
	}{{"id", types.Int4}, {"a", types.Int4}, {"b", types.Text}, {"c", types.Float8}} {
		t.Columns = append(t.Columns, catalog.Column{Attnum: int16(i + 1), Name: c.name, TypeOID: c.typ.OID, Typmod: -1, NotNull: i == 0 && pk})
	}
	if pk {
		t.Indexes = []*catalog.Index{{OID: 20001, Name: "t_pkey", Number: 1, Primary: true, Unique: true, Keys: []catalog.IndexKey{{Attnum: 1}}}}
	} else {
		t.Indexes = []*catalog.Index{{OID: 20001, Name: "t_rowid", Number: 1, RowID: true}}
	}
	if index {
		t.Indexes = append(t.Indexes, &catalog.Index{OID: 20002, Name: "t_a", Number: 2, Keys: []catalog.IndexKey{{Attnum: 2}}})
	}
	snap, err := catalog.Empty().With(t)
	if err != nil {
		tb.Fatal(err)
	}
	return &benchWorld{store: memory.New(), snap: snap, rowIDs: rowenc.NewRowIDs(), env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}, state: &executor.State{}}
}

func (w *benchWorld) plan(tb testing.TB, sql string, params ...*types.Type) *plan.Plan {
	stmts, err := parser.Parse(sql)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := planner.Plan(planner.Request{Catalog: w.snap, Stmt: stmts[0].Stmt, SearchPath: []string{"public"}, Env: w.env, ParamTypes: params})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func (w *benchWorld) ctx(txn kv.Txn) *executor.Ctx {
	return &executor.Ctx{Context: context.Background(), Txn: txn, Catalog: w.snap, RowIDs: w.rowIDs, State: w.state,
		Eval: &builtin.Ctx{Context: context.Background(), Env: w.env, Catalog: w.snap}}
}

func (w *benchWorld) fill(tb testing.TB, n int) {
	txn, err := w.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	t := w.snap.Table(20000)
	in, err := executor.NewInserter(w.ctx(txn), t, []int16{1, 2, 3, 4}, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	cols := []*types.Vec{types.NewVec(types.Int4, 1024), types.NewVec(types.Int4, 1024), types.NewVec(types.Text, 1024), types.NewVec(types.Float8, 1024)}
	for from := 0; from < n; from += types.BatchSize {
		m := min(types.BatchSize, n-from)
		for _, c := range cols {
			c.Resize(m)
		}
		for i := range m {
			cols[0].I[i] = int64(from + i)
			cols[1].I[i] = int64((from + i) * 7 % 1000)
			cols[2].S[i] = "some text here"
			cols[3].F[i] = float64(i)
		}
		if err := in.Insert(cols, m); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := in.Finish(); err != nil {
		tb.Fatal(err)
	}
	if err := txn.Commit(context.Background()); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkCopy(b *testing.B) {
	for _, c := range []struct{ pk, index bool }{{false, false}, {true, false}, {true, true}} {
		b.Run(fmt.Sprintf("pk=%v/index=%v", c.pk, c.index), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				newBenchWorld(b, c.pk, c.index).fill(b, 200_000)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/row")
		})
	}
}

func benchStmt(b *testing.B, w *benchWorld, sql string, params func(i int) []types.Datum, typs ...*types.Type) {
	p := w.plan(b, sql, typs...)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		txn, _ := w.store.Begin(context.Background(), kv.TxnOptions{})
		ctx := w.ctx(txn)
		ctx.Params = params(i)
		if _, err := executor.Run(ctx, p, nil); err != nil {
			b.Fatal(err)
		}
		if err := txn.Commit(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPointSelect(b *testing.B) {
	w := newBenchWorld(b, true, true)
	w.fill(b, 100_000)
	ps := []types.Datum{{}}
	benchStmt(b, w, "select a, b from t where id = $1", func(i int) []types.Datum {
		ps[0] = types.NewInt(int64(i * 7919 % 100_000))
		return ps
	}, types.Int4)
}

func BenchmarkInsertOne(b *testing.B) {
	w := newBenchWorld(b, true, false)
	benchStmt(b, w, "insert into t values ($1, $2, $3, 1.5)", func(i int) []types.Datum {
		return []types.Datum{types.NewInt(int64(i)), types.NewInt(7), types.NewString("row" + strconv.Itoa(i))}
	}, types.Int4, types.Int4, types.Text)
}

func BenchmarkUpdateOne(b *testing.B) {
	w := newBenchWorld(b, true, true)
	w.fill(b, 100_000)
	benchStmt(b, w, "update t set c = c + 1 where id = $1", func(i int) []types.Datum {
		return []types.Datum{types.NewInt(int64(i * 7919 % 100_000))}
	}, types.Int4)
}

func BenchmarkIndexRange(b *testing.B) {
	w := newBenchWorld(b, true, true)
	w.fill(b, 100_000)
	benchStmt(b, w, "select id, a, b from t where a between $1 and $1 + 9", func(i int) []types.Datum {
		return []types.Datum{types.NewInt(int64(i % 900))}
	}, types.Int4)
}
