package planner

import (
	"context"
	"strings"
	"testing"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/kv/memory"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// testCatalog is a catalog for tests, made from CREATE statements (the small
// part of them that planning depends on).
type testCatalog struct {
	t    testing.TB
	cat  *catalog.Catalog
	ch   *catalog.Change
	next catalog.OID
	rows map[string]float64
}

func newTestCatalog(t testing.TB, ddl string) *testCatalog {
	t.Helper()
	ctx := context.Background()
	store := memory.New()
	cat, err := catalog.Open(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := &testCatalog{t: t, cat: cat, ch: cat.Change(txn, cat.Latest()), next: catalog.FirstUserOID, rows: map[string]float64{}}
	c.exec(ddl)
	return c
}

func (c *testCatalog) oid() catalog.OID { c.next++; return c.next }

func (c *testCatalog) snap() *catalog.Snapshot { return c.ch.Snapshot() }

func (c *testCatalog) put(o catalog.Object) {
	c.t.Helper()
	if err := c.ch.Put(context.Background(), o, 0); err != nil {
		c.t.Fatal(err)
	}
}

func (c *testCatalog) exec(ddl string) {
	c.t.Helper()
	list, err := parser.Parse(ddl)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, raw := range list {
		switch s := raw.Stmt.(type) {
		case *ast.CreateTableStmt:
			c.table(s)
		case *ast.CreateIndexStmt:
			c.index(s)
		case *ast.CreateViewStmt:
			c.view(s)
		default:
			c.t.Fatalf("test catalog: %T", s)
		}
	}
}

func (c *testCatalog) table(s *ast.CreateTableStmt) {
	c.t.Helper()
	oid := c.oid()
	t := &catalog.Table{OID: oid, SchemaOID: catalog.PublicOID, Name: s.Name.Name, Kind: catalog.KindTable, Persistence: catalog.Permanent,
		RowTypeOID: c.oid(), ArrayTypeOID: c.oid(), Storage: uint32(oid), Owner: catalog.BootstrapRoleOID}
	pk := &catalog.Index{RowID: true, Number: 1}
	t.Indexes = []*catalog.Index{pk}
	unique := func(k *ast.Constraint, cols []string) {
		var keys []catalog.IndexKey
		name := t.Name
		for _, n := range cols {
			col := t.ColumnByName(n)
			keys = append(keys, catalog.IndexKey{Attnum: col.Attnum})
			name += "_" + n
			if k.Kind == ast.ConstraintPrimaryKey {
				col.NotNull = true
			}
		}
		if k.Kind == ast.ConstraintPrimaryKey {
			*pk = catalog.Index{OID: c.oid(), Name: t.Name + "_pkey", Number: 1, Primary: true, Unique: true, Constraint: c.oid(), Keys: keys}
			return
		}
		t.Indexes = append(t.Indexes, &catalog.Index{OID: c.oid(), Name: name + "_key", Number: uint32(len(t.Indexes) + 1), Unique: true, Constraint: c.oid(), Keys: keys})
	}
	type later struct {
		k    *ast.Constraint
		cols []string
	}
	parents := s.Inherits
	if s.PartitionOf != nil {
		parents = append(parents, s.PartitionOf)
	}
	for _, rv := range parents {
		p := c.lookup(rv.Name)
		t.Inherits = append(t.Inherits, p.OID)
		for _, col := range p.Columns {
			col.Attnum, col.InhCount, col.NotLocal = int16(len(t.Columns)+1), 1, true
			t.Columns = append(t.Columns, col)
		}
		if s.Bound != nil {
			t.Bound = c.bound(p, s.Bound)
		}
		for _, ix := range p.Indexes {
			if s.Bound != nil && !ix.RowID {
				cp := *ix
				cp.OID, cp.Name, cp.Parent = c.oid(), t.Name+"_"+ix.Name, ix.OID
				if ix.Primary {
					*pk = cp
				} else {
					t.Indexes = append(t.Indexes, &cp)
				}
			}
		}
	}
	var cons []later
	for _, e := range s.Elements {
		switch e := e.(type) {
		case *ast.ColumnDef:
			ty, mod, err := ResolveTypeName(c.snap(), []string{"public"}, e.Type)
			if err != nil {
				c.t.Fatal(err)
			}
			col := catalog.Column{Attnum: int16(len(t.Columns) + 1), Name: e.Name, TypeOID: ty.OID, Type: ty, Typmod: mod}
			for _, k := range e.Constraints {
				switch k.Kind {
				case ast.ConstraintNotNull:
					col.NotNull = true
				case ast.ConstraintDefault:
					col.Default = ast.Format(k.Expr)
				case ast.ConstraintGenerated:
					col.Generated = ast.Format(k.Expr)
				case ast.ConstraintIdentity:
					col.Identity = catalog.IdentityAlways
					if k.ByDefault {
						col.Identity = catalog.IdentityByDefault
					}
				default:
					cons = append(cons, later{k, []string{e.Name}})
				}
			}
			t.Columns = append(t.Columns, col)
		case *ast.Constraint:
			cons = append(cons, later{e, e.Columns})
		}
	}
	for _, l := range cons {
		switch l.k.Kind {
		case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
			unique(l.k, l.cols)
		case ast.ConstraintCheck:
			t.Checks = append(t.Checks, &catalog.Check{OID: c.oid(), Name: t.Name + "_check", Expr: ast.Format(l.k.Expr)})
		}
	}
	if by := s.PartitionBy; by != nil {
		t.Kind, t.Storage = catalog.KindPartitioned, 0
		t.PartitionBy = &catalog.PartitionKey{Strategy: catalog.PartitionStrategy(by.Strategy[0])}
		for _, e := range by.Elements {
			t.PartitionBy.Columns = append(t.PartitionBy.Columns, catalog.PartitionColumn{Attnum: t.ColumnByName(e.Column).Attnum})
		}
	}
	c.put(t)
}

// bound reads FOR VALUES of plain constants.
func (c *testCatalog) bound(p *catalog.Table, n *ast.PartitionBound) *catalog.PartitionBound {
	vals := func(list []ast.Expr) (out []catalog.BoundValue) {
		for _, e := range list {
			v := catalog.BoundValue{Kind: catalog.BoundAt}
			switch e := e.(type) {
			case *ast.Const:
				v.Text = strings.Trim(ast.Format(e), "'")
				if strings.EqualFold(v.Text, "null") {
					v = catalog.BoundValue{}
				}
			case *ast.ColumnRef:
				v.Kind = catalog.BoundMinValue
				if e.Fields[0] == "maxvalue" {
					v.Kind = catalog.BoundMaxValue
				}
			}
			out = append(out, v)
		}
		return out
	}
	return &catalog.PartitionBound{Strategy: p.PartitionBy.Strategy, Default: n.Default, In: vals(n.In), From: vals(n.From), To: vals(n.To),
		Modulus: n.Modulus, Remainder: n.Remainder}
}

func (c *testCatalog) lookup(name string) *catalog.Table {
	c.t.Helper()
	t := c.snap().Table(c.snap().Resolve([]string{"public"}, name))
	if t == nil {
		c.t.Fatalf("no table %s", name)
	}
	return t
}

func (c *testCatalog) index(s *ast.CreateIndexStmt) {
	c.t.Helper()
	old := c.lookup(s.Table.Name)
	cp := *old
	t := &cp
	ix := &catalog.Index{OID: c.oid(), Name: s.Name, Number: uint32(len(t.Indexes) + 1), Unique: s.Unique}
	for _, e := range s.Elements {
		k := catalog.IndexKey{Desc: e.Dir == ast.SortDesc}
		k.NullsFirst = k.Desc
		if e.Name != "" {
			k.Attnum = t.ColumnByName(e.Name).Attnum
		} else {
			k.Expr = ast.Format(e.Expr)
			x, err := BindExpr(ExprRequest{Catalog: c.snap(), SearchPath: []string{"public"}, Expr: e.Expr, Place: ForIndexExpr, Table: old})
			if err != nil {
				c.t.Fatal(err)
			}
			k.ExprType = x.Type().OID
		}
		ix.Keys = append(ix.Keys, k)
	}
	for _, e := range s.Including {
		ix.Include = append(ix.Include, t.ColumnByName(e.Name).Attnum)
	}
	if s.Where != nil {
		ix.Where = ast.Format(s.Where)
	}
	t.Indexes = append(append([]*catalog.Index(nil), t.Indexes...), ix)
	c.put(t)
}

func (c *testCatalog) view(s *ast.CreateViewStmt) {
	c.t.Helper()
	a, err := Analyze(Request{Catalog: c.snap(), Stmt: s.Query, SearchPath: []string{"public"}})
	if err != nil {
		c.t.Fatal(err)
	}
	t := &catalog.Table{OID: c.oid(), SchemaOID: catalog.PublicOID, Name: s.Name.Name, Kind: catalog.KindView, Persistence: catalog.Permanent,
		RowTypeOID: c.oid(), ArrayTypeOID: c.oid(), Owner: catalog.BootstrapRoleOID, View: &catalog.View{Query: ast.Format(s.Query)}}
	for i, col := range a.Columns {
		name := col.Name
		if i < len(s.Columns) {
			name = s.Columns[i]
		}
		t.Columns = append(t.Columns, catalog.Column{Attnum: int16(i + 1), Name: name, TypeOID: col.Type.OID, Type: col.Type, Typmod: col.Typmod})
	}
	c.put(t)
}

func (c *testCatalog) request(s ast.Stmt) Request {
	return Request{Catalog: c.snap(), Stmt: s, SearchPath: []string{"public"}, Env: &types.Env{TimeZone: types.UTC, ExtraFloatDigit: 1},
		EstimateRows: func(t *catalog.Table) float64 {
			if n, ok := c.rows[t.Name]; ok {
				return n
			}
			return 1000
		}}
}

func (c *testCatalog) plan(sql string) (*plan.Plan, error) {
	list, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	r := c.request(list[0].Stmt)
	r.Trace = true
	return Plan(r)
}

func (c *testCatalog) explain(sql string, o ExplainOptions) string {
	p, err := c.plan(sql)
	if err != nil {
		return describe(err)
	}
	lines, err := Explain(p, o)
	if err != nil {
		return describe(err)
	}
	return strings.Join(lines, "\n")
}

func describe(err error) string {
	e := pgerr.Of(err)
	s := "ERROR " + e.Code + " " + e.Message
	if e.BytePos > 0 {
		s += " @" + itoa(e.BytePos)
	}
	if e.Detail != "" {
		s += "\nDETAIL " + e.Detail
	}
	if e.Hint != "" {
		s += "\nHINT " + e.Hint
	}
	return s
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}
