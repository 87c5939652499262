package executor

import (
	"context"
	"testing"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/kv"
	"rowkey/kv/memory"
	"rowkey/planner/plan"
	"rowkey/types"
)

// world is a store with tables, for tests with plans made by hand.
type world struct {
	tb     testing.TB
	store  kv.Store
	rowIDs *rowenc.RowIDs
	next   uint32
	work   int
	bind   Binder
	snap   *catalog.Snapshot
	each   func(*Ctx) // changes what a query runs with
}

func newWorld(tb testing.TB) *world {
	return &world{tb: tb, store: memory.New(), rowIDs: rowenc.NewRowIDs(), next: 100}
}

// col is a column of a test table.
type col struct {
	name string
	typ  *types.Type
	not  bool
}

// table makes a table descriptor; pk are attnums of the primary key, none for
// a hidden row id.
func (w *world) table(name string, cols []col, pk ...int16) *catalog.Table {
	w.next++
	t := &catalog.Table{OID: types.OID(20000 + w.next), Name: name, Kind: catalog.KindTable, Storage: w.next}
	for i, c := range cols {
		t.Columns = append(t.Columns, catalog.Column{Attnum: int16(i + 1), Name: c.name, TypeOID: c.typ.OID, Type: c.typ, Typmod: -1, NotNull: c.not})
	}
	ix := &catalog.Index{OID: types.OID(30000 + w.next*10), Number: 1, Name: name + "_pkey"}
	if len(pk) == 0 {
		ix.RowID = true
	} else {
		ix.Primary, ix.Unique = true, true
		for _, a := range pk {
			ix.Keys = append(ix.Keys, catalog.IndexKey{Attnum: a, Type: t.Col(a).Type})
		}
	}
	t.Indexes = []*catalog.Index{ix}
	return t
}

func (w *world) begin(iso kv.Isolation) (*Ctx, kv.Txn) {
	txn, err := w.store.Begin(context.Background(), kv.TxnOptions{Isolation: iso})
	if err != nil {
		w.tb.Fatal(err)
	}
	return &Ctx{Context: context.Background(), Txn: txn, RowIDs: w.rowIDs, Isolation: iso, Workers: w.work, Binder: w.bind, Catalog: w.snap,
		Eval: &builtin.Ctx{Context: context.Background(), Env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}}}, txn
}

func scan(t *catalog.Table, attnums ...int16) *plan.Scan {
	s := &plan.Scan{Table: t, Index: t.Indexes[0], Attnums: attnums}
	for _, a := range attnums {
		switch {
		case a == plan.AttRowKey:
			s.Cols = append(s.Cols, plan.Column{Name: "key", Type: types.Bytea, Typmod: -1})
		default:
			s.Cols = append(s.Cols, plan.Column{Name: t.Col(a).Name, Type: t.Col(a).Type, Typmod: -1})
		}
	}
	return s
}

func c(n plan.Node, i int) *plan.Col {
	return &plan.Col{T: plan.T{Typ: n.Info().Cols[i].Type, Mod: -1}, Idx: i}
}

func konst(t *types.Type, d types.Datum) *plan.Const {
	return &plan.Const{T: plan.T{Typ: t, Mod: -1}, Val: d}
}

func op2(name string, l, r plan.Expr) *plan.Call {
	for _, o := range builtin.Operators(name) {
		if o.Left == l.Type() && o.Right == r.Type() {
			return &plan.Call{T: plan.T{Typ: o.Result, Mod: -1}, Fn: o.Func, Op: o, Args: []plan.Expr{l, r}, Pos: -1}
		}
	}
	panic("no operator " + name + " for " + l.Type().Name + ", " + r.Type().Name)
}

func colsOf(ts ...*types.Type) plan.Base {
	b := plan.Base{}
	for _, t := range ts {
		b.Cols = append(b.Cols, plan.Column{Type: t, Typmod: -1})
	}
	return b
}

func query(root plan.Node) *plan.Plan {
	n := 0
	walkNodes(root, func(n2 plan.Node) { n2.Info().ID = n; n++ })
	return &plan.Plan{Root: root, Columns: root.Info().Cols, Tag: "SELECT", Nodes: n, Slots: 16, ReadOnly: true}
}

// rowsOf runs a plan and gives its rows as text.
func (w *world) rowsOf(p *plan.Plan) [][]types.Datum {
	ctx, txn := w.begin(kv.ReadCommitted)
	defer txn.Rollback()
	if w.each != nil {
		w.each(ctx)
	}
	var out [][]types.Datum
	_, err := Run(ctx, p, func(b *types.Batch) error {
		for i := range b.Rows() {
			r := make([]types.Datum, len(b.Cols))
			for k, c := range b.Cols {
				r[k] = c.Datum(b.Row(i))
			}
			out = append(out, r)
		}
		return nil
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	return out
}

func text(ts []*types.Type, r []types.Datum) string {
	s := ""
	for i, d := range r {
		if i > 0 {
			s += "|"
		}
		if d.IsNull() {
			s += "NULL"
		} else {
			s += types.TextOf(ts[i], d, &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1})
		}
	}
	return s
}

func texts(p *plan.Plan, rows [][]types.Datum) []string {
	ts := make([]*types.Type, len(p.Columns))
	for i, c := range p.Columns {
		ts[i] = c.Type
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = text(ts, r)
	}
	return out
}

// load writes rows with the row codec alone.
func (w *world) load(t *catalog.Table, n int, fill func(cols []*types.Vec, from, n int)) {
	ix, err := rowenc.NewIndex(t, t.Indexes[0])
	if err != nil {
		w.tb.Fatal(err)
	}
	enc := rowenc.NewEncoder(t)
	cols := make([]*types.Vec, len(t.Columns))
	for i := range cols {
		cols[i] = types.NewVec(t.Columns[i].Type, types.BatchSize)
	}
	var vals rowenc.Values
	_, txn := w.begin(kv.ReadCommitted)
	for from := 0; from < n; from += types.BatchSize {
		m := min(types.BatchSize, n-from)
		for _, c := range cols {
			c.HasNulls = false
			c.Resize(m)
		}
		fill(cols, from, m)
		if err := enc.Batch(cols, m, nil, &vals); err != nil {
			w.tb.Fatal(err)
		}
		var key []byte
		for i := range m {
			if t.Indexes[0].RowID {
				key = ix.AppendRowID(key[:0], int64(from+i+1))
			} else {
				keys := make([]*types.Vec, len(ix.Keys))
				for j, a := range ix.Attnums {
					keys[j] = cols[a-1]
				}
				key, _ = ix.AppendKeys(append(key[:0], ix.Prefix...), keys, i)
			}
			if err := txn.PutCovered(key, vals.Row(i)); err != nil {
				w.tb.Fatal(err)
			}
		}
	}
	if err := txn.Commit(context.Background()); err != nil {
		w.tb.Fatal(err)
	}
}
