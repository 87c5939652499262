package executor_test

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/catalog/rowenc"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/kv/memory"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// pair runs statements here and on a real PostgreSQL, on tables of the same
// definition, and compares rows, counts and errors.
type pair struct {
	t        testing.TB
	pg       *pgconn.PgConn
	store    kv.Store
	rowIDs   *rowenc.RowIDs
	snap     *catalog.Snapshot
	workers  int
	settings planner.Settings
	env      *types.Env
	storage  map[catalog.OID]uint32
	number   map[catalog.OID]uint32
}

const pgSchema = "rowkey_executor_test"

func newPair(t testing.TB) *pair {
	url := os.Getenv("ROWKEY_PG")
	if url == "" {
		t.Skip("ROWKEY_PG is not set: no PostgreSQL to compare with")
	}
	ctx := context.Background()
	pg, err := pgconn.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, pg: pg, store: memory.New(), rowIDs: rowenc.NewRowIDs(), snap: catalog.Empty(),
		env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1}, storage: map[catalog.OID]uint32{}, number: map[catalog.OID]uint32{}}
	schema := fmt.Sprintf("%s_%d", pgSchema, os.Getpid())
	p.must("drop schema if exists " + schema + " cascade; create schema " + schema + "; set search_path = " + schema + "; set timezone = 'UTC'; set client_min_messages = error")
	t.Cleanup(func() {
		p.must("drop schema " + schema + " cascade")
		pg.Close(ctx)
	})
	return p
}

func (p *pair) must(sql string) [][]string {
	rows, _, err := p.runPG(sql)
	if err != nil {
		p.t.Fatalf("PostgreSQL: %v\n%s", err, sql)
	}
	return rows
}

func (p *pair) runPG(sql string) (rows [][]string, tag string, err error) {
	res, err := p.pg.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		return nil, "", err
	}
	for _, r := range res {
		if r.Err != nil {
			return nil, "", r.Err
		}
		tag = r.CommandTag.String()
		for _, row := range r.Rows {
			out := make([]string, len(row))
			for i, v := range row {
				out[i] = "NULL"
				if v != nil {
					out[i] = string(v)
				}
			}
			rows = append(rows, out)
		}
	}
	return rows, tag, nil
}

func atoi(s string) (n int64) { fmt.Sscan(s, &n); return }

func ints(s string) (out []int16) {
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '{' || r == '}' }) {
		out = append(out, int16(atoi(f)))
	}
	return
}

// ddl runs definitions on PostgreSQL and takes the tables over from its catalog.
func (p *pair) ddl(sql string) {
	p.t.Helper()
	p.must(sql)
	var objs []catalog.Object
	for _, r := range p.must(`select c.oid, c.relname from pg_class c where relnamespace = current_schema()::regnamespace and relkind = 'r' order by 1`) {
		t := &catalog.Table{OID: catalog.OID(atoi(r[0])), Name: r[1], SchemaOID: catalog.PublicOID, Kind: catalog.KindTable, Persistence: catalog.Permanent}
		if p.storage[t.OID] == 0 {
			p.storage[t.OID] = uint32(len(p.storage) + 1)
		}
		t.Storage = p.storage[t.OID]
		for _, c := range p.must(fmt.Sprintf(`select attname, atttypid, atttypmod, attnotnull, attgenerated, coalesce(pg_get_expr(adbin, adrelid), ''), attisdropped
			from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = %d and attnum > 0 order by attnum`, t.OID)) {
			col := catalog.Column{Attnum: int16(len(t.Columns) + 1), Name: c[0], TypeOID: catalog.OID(atoi(c[1])), Typmod: int32(atoi(c[2])), NotNull: c[3] == "t", Dropped: c[6] == "t"}
			if c[4] == "s" {
				col.Generated = c[5]
			} else {
				col.Default = c[5]
			}
			t.Columns = append(t.Columns, col)
		}
		t.Indexes = []*catalog.Index{{OID: t.OID + 1_000_000, Name: t.Name + "_rowid", Number: 1, RowID: true}}
		for _, x := range p.must(fmt.Sprintf(`select i.indexrelid, c.relname, indisunique, indisprimary, indkey::text, indoption::text, indnkeyatts, coalesce(pg_get_expr(indpred, indrelid), ''),
			(select string_agg(case when k = 0 then pg_get_indexdef(i.indexrelid, n::int, true) else '' end, chr(1) order by n) from unnest(indkey) with ordinality u(k, n)),
			coalesce(co.oid, 0), coalesce(condeferrable, false), coalesce(condeferred, false), indnullsnotdistinct,
			(select string_agg(atttypid::text, ' ' order by attnum) from pg_attribute where attrelid = i.indexrelid)
			from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_constraint co on conindid = i.indexrelid and contype in ('p','u') where indrelid = %d order by indisprimary desc, 1`, t.OID)) {
			ix := &catalog.Index{OID: catalog.OID(atoi(x[0])), Name: x[1], Unique: x[2] == "t", Primary: x[3] == "t", Where: x[7],
				Constraint: catalog.OID(atoi(x[9])), Deferrable: x[10] == "t", Deferred: x[11] == "t", NullsEqual: x[12] == "t"}
			keys, opts, exprs, typs := ints(x[4]), ints(x[5]), strings.Split(x[8], "\x01"), ints(x[13])
			n := int(atoi(x[6]))
			for j, k := range keys {
				if j >= n {
					ix.Include = append(ix.Include, k)
					continue
				}
				ik := catalog.IndexKey{Attnum: k, Desc: opts[j]&1 != 0, NullsFirst: opts[j]&2 != 0}
				if k == 0 {
					ik.Expr, ik.ExprType = exprs[j], catalog.OID(typs[j])
				}
				ix.Keys = append(ix.Keys, ik)
			}
			if p.number[ix.OID] == 0 {
				p.number[ix.OID] = uint32(len(p.number) + 2)
			}
			ix.Number = p.number[ix.OID]
			if ix.Primary {
				ix.Number = 1
				t.Indexes[0] = ix
			} else {
				t.Indexes = append(t.Indexes, ix)
			}
		}
		for _, k := range p.must(fmt.Sprintf(`select oid, conname, contype, pg_get_expr(conbin, conrelid), conkey::text, confrelid, confkey::text, conindid, confdeltype, confupdtype, confmatchtype, condeferrable, condeferred, coalesce(confdelsetcols::text, '')
			from pg_constraint where conrelid = %d and contype in ('c', 'f') order by conname`, t.OID)) {
			if k[2] == "c" {
				t.Checks = append(t.Checks, &catalog.Check{OID: catalog.OID(atoi(k[0])), Name: k[1], Expr: k[3], Attnums: ints(k[4])})
				continue
			}
			t.ForeignKeys = append(t.ForeignKeys, &catalog.ForeignKey{OID: catalog.OID(atoi(k[0])), Name: k[1], Columns: ints(k[4]), RefTable: catalog.OID(atoi(k[5])), RefColumns: ints(k[6]),
				RefIndex: catalog.OID(atoi(k[7])), OnDelete: catalog.FKAction(k[8][0]), OnUpdate: catalog.FKAction(k[9][0]), MatchFull: k[10] == "f", Deferrable: k[11] == "t", Deferred: k[12] == "t", SetColumns: ints(k[13])})
		}
		objs = append(objs, t)
	}
	snap, err := catalog.Empty().With(objs...)
	if err != nil {
		p.t.Fatal(err)
	}
	p.snap = snap
}

type binder struct{ p *pair }

func (b binder) RowRules(t *catalog.Table) (*plan.RowRules, error) {
	r, _, err := planner.TableRules(b.p.snap, b.p.env, t)
	return &r, err
}

func (b binder) Default(t *catalog.Table, attnum int16) (plan.Expr, error) {
	_, d, err := planner.TableRules(b.p.snap, b.p.env, t)
	if err != nil || d == nil {
		return nil, err
	}
	return d[attnum-1], nil
}

func (p *pair) plan(sql string) (*plan.Plan, error) {
	stmts, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	var s ast.Stmt = stmts[0].Stmt
	return planner.Plan(planner.Request{Catalog: p.snap, Stmt: s, SearchPath: []string{"public"}, Env: p.env, CurrentUser: "postgres", Settings: p.settings})
}

func (p *pair) ctx(txn kv.Txn, d *executor.Deferred) *executor.Ctx {
	return &executor.Ctx{Context: context.Background(), Txn: txn, Catalog: p.snap, RowIDs: p.rowIDs, Binder: binder{p}, Deferred: d, Workers: p.workers,
		Eval: &builtin.Ctx{Context: context.Background(), Env: p.env, Catalog: p.snap}}
}

// run runs a statement here, in a transaction of its own.
func (p *pair) run(sql string) (rows [][]string, tag string, err error) {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("%s: %v", sql, r))
		}
	}()
	pl, err := p.plan(sql)
	if err != nil {
		return nil, "", err
	}
	txn, err := p.store.Begin(context.Background(), kv.TxnOptions{})
	if err != nil {
		return nil, "", err
	}
	defer txn.Rollback()
	d := &executor.Deferred{}
	ctx := p.ctx(txn, d)
	if pl.ReadOnly {
		// Operators kept from an earlier execution must give the same again.
		ctx.State = &executor.State{}
		if _, err := executor.Run(ctx, pl, nil); err != nil {
			return nil, "", err
		}
	}
	res, err := executor.Run(ctx, pl, func(b *types.Batch) error {
		for i := range b.Rows() {
			r := make([]string, len(b.Cols))
			for k, c := range b.Cols {
				r[k] = "NULL"
				if v := c.Datum(b.Row(i)); !v.IsNull() {
					r[k] = types.TextOf(pl.Columns[k].Type, v, p.env)
				}
			}
			rows = append(rows, r)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	if err := d.Run(ctx); err != nil {
		return nil, "", err
	}
	if err := txn.Commit(context.Background()); err != nil {
		return nil, "", err
	}
	tag = pl.Tag
	if tag == "INSERT" {
		tag += " 0"
	}
	return rows, fmt.Sprintf("%s %d", tag, res.Rows), nil
}

func lines(rows [][]string, ordered bool) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Join(r, "|")
	}
	if !ordered {
		sort.Strings(out)
	}
	return strings.Join(out, "\n")
}

// same runs a statement on both and compares.
func (p *pair) same(sql string) {
	p.t.Helper()
	prows, ptag, perr := p.runPG(sql)
	rows, tag, err := p.run(sql)
	if perr != nil || err != nil {
		pm, m := "no error", "no error"
		if e, ok := perr.(*pgconn.PgError); ok {
			pm = fmt.Sprintf("%s %s [%s] {%s}", e.Code, e.Message, e.Detail, e.ConstraintName)
		}
		if err != nil {
			e := pgerr.Of(err)
			m = fmt.Sprintf("%s %s [%s] {%s}", e.Code, e.Message, e.Detail, e.Constraint)
		}
		if pm != m {
			p.t.Errorf("%s\nPostgreSQL: %s\nhere:       %s", sql, pm, m)
		}
		return
	}
	ordered := strings.Contains(strings.ToLower(sql), "order by") && !strings.Contains(sql, "--unordered")
	a, b := lines(prows, ordered), lines(rows, ordered)
	if a != b {
		p.t.Errorf("%s\nPostgreSQL:\n%s\nhere:\n%s", sql, cut(a), cut(b))
	}
	if ptag != tag {
		p.t.Errorf("%s\nPostgreSQL: %s, here: %s", sql, ptag, tag)
	}
}

func cut(s string) string {
	if len(s) > 1500 {
		return s[:1500] + " …"
	}
	return s
}

// all runs statements separated by semicolons at line ends.
func (p *pair) all(sqls string) {
	p.t.Helper()
	for _, s := range strings.Split(sqls, ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			p.same(strings.TrimSuffix(s, ";"))
		}
	}
}
