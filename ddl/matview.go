package ddl

import (
	"fmt"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Materialized views: a view's query and a table's rows in one descriptor.
//
//	CREATE  … AS query          columns and text as a view's, then rows of query
//	REFRESH                     rows of query into a new storage number, indexes filled anew
//	REFRESH … CONCURRENTLY      rows of query into storage of their own; what differs is
//	                            deleted from and inserted into the rows there are
//	WITH NO DATA                an empty storage number, marked: reading is an error
//
// The query of REFRESH runs in the name of the owner, with the search path that it
// was written with.

// createMatView is CREATE MATERIALIZED VIEW. rows is the number of rows stored,
// -1 without data.
func (c *Ctx) createMatView(n *ast.CreateTableAsStmt) (rows int64, err error) {
	info, err := c.checkMatView(n)
	if err != nil {
		return -1, err
	}
	schema, err := c.creationSchema(n.Name.Schema, false, n.Name.Pos())
	if err != nil {
		return -1, err
	}
	if err := c.claim(schema, n.Name.Name); err != nil {
		if n.IfNotExists && pgerr.CodeOf(err) == pgerr.DuplicateTable {
			c.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", n.Name.Name)
			return -1, nil
		}
		return -1, err
	}
	if len(n.Columns) > len(info.Columns) {
		return -1, pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	text, deps, err := c.writeView(n.Query)
	if err != nil {
		return -1, err
	}
	b, err := c.newTable(schema, n.Name.Name, catalog.KindMatView, catalog.Permanent)
	if err != nil {
		return -1, err
	}
	if err := b.columnsOf(info.Columns, n.Columns); err != nil {
		return -1, err
	}
	b.t.Options = setOptions(nil, n.Options, false)
	b.t.View = &catalog.View{Query: text, Path: c.SearchPath(), DependsOn: deps, Unpopulated: n.WithNoData}
	if err := b.finish(); err != nil || n.WithNoData {
		return -1, err
	}
	return c.fill(c.snap().Table(b.t.OID), func(sink func(*types.Batch) error) error {
		_, _, err := c.Query(n.Query, sink)
		return err
	})
}

// checkMatView refuses what a materialized view cannot be, and analyses its query.
func (c *Ctx) checkMatView(n *ast.CreateTableAsStmt) (*planner.Analysis, error) {
	info, err := planner.Analyze(planner.Request{Catalog: c.snap(), Stmt: n.Query, SearchPath: c.SearchPath(), Env: c.Env, CurrentUser: c.User,
		NoParams: len(c.Exec().Params) == 0, Vars: c.Vars})
	if err != nil {
		return nil, err
	}
	refuse := func(msg string) error { return pgerr.New(pgerr.FeatureNotSupported, msg) }
	if n.Query.With != nil {
		for _, cte := range n.Query.With.CTEs {
			if !is[*ast.SelectStmt](cte.Query) {
				return nil, refuse("materialized views must not use data-modifying statements in WITH")
			}
		}
	}
	for _, oid := range info.DependsOn {
		if t := c.snap().Table(oid); t != nil && t.Persistence == catalog.Temporary {
			return nil, refuse("materialized views must not use temporary tables or views")
		}
	}
	if len(info.Params) > 0 {
		return nil, refuse("materialized views may not be defined using bound parameters")
	}
	if n.Persistence == ast.Unlogged {
		return nil, refuse("materialized views cannot be unlogged")
	}
	return info, checkStorageOptions(n.Options)
}

// columnsOf gives the relation the columns of a query, those of names renamed.
func (b *builder) columnsOf(cols []plan.Column, names []string) error {
	for i, col := range cols {
		name := col.Name
		if i < len(names) {
			name = names[i]
		}
		for j := range b.t.Columns {
			if b.t.Columns[j].Name == name {
				return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", name)
			}
		}
		t := col.Type
		if t == types.Unknown {
			t = types.Text
		}
		if t.Kind == types.KindPseudo {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", name, types.Format(t, -1))
		}
		if col.Collation == types.Indeterminate {
			if b.t.Kind == catalog.KindView {
				return builtin.WhichCollation("view column \"" + name + "\"")
			}
			return pgerr.Newf(pgerr.IndeterminateCollation, "no collation was derived for column %q with collatable type %s", name, types.Display(t)).
				WithHint("Use the COLLATE clause to set the collation explicitly.")
		}
		b.t.Columns = append(b.t.Columns, catalog.Column{Attnum: int16(i + 1), Name: name, Type: t, TypeOID: t.OID, Typmod: col.Typmod, Collation: col.Collation})
	}
	return nil
}

// fill stores the rows that a query yields in a table that has none, and counts them.
func (c *Ctx) fill(t *catalog.Table, query func(sink func(*types.Batch) error) error) (int64, error) {
	var attnums []int16
	for i := range t.Columns {
		if !t.Columns[i].Dropped {
			attnums = append(attnums, int16(i+1))
		}
	}
	ins, err := executor.NewInserter(c.Exec(), t, attnums, nil, &plan.RowRules{})
	if err != nil {
		return -1, err
	}
	width := len(attnums)
	err = query(func(batch *types.Batch) error {
		cols := batch.Cols[:width]
		if batch.Sel != nil {
			dense := make([]*types.Vec, width)
			for i, v := range cols {
				dense[i] = types.NewVec(v.Type, len(batch.Sel))
				dense[i].CopyFrom(v, batch.Sel)
			}
			cols = dense
		}
		return ins.Insert(cols, batch.Rows())
	})
	if err != nil {
		return -1, err
	}
	return ins.Finish()
}

// refreshMatView is REFRESH MATERIALIZED VIEW.
func (c *Ctx) refreshMatView(n *ast.RefreshMaterializedViewStmt) error {
	oid := c.find(n.Name)
	if oid == 0 {
		return c.missing(n.Name)
	}
	if err := c.ownOf(oid); err != nil {
		return err
	}
	t := c.snap().Table(oid)
	if t == nil || t.Kind == catalog.KindComposite {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a table or materialized view", n.Name.Name)
	}
	mode := lockForChange
	if n.Concurrently {
		mode = kv.LockTableExclusive
	}
	if t.Virtual == nil {
		var err error
		if t, err = c.lock(t, mode); err != nil {
			return err
		}
	}
	switch {
	case t.Kind != catalog.KindMatView:
		return pgerr.Newf(pgerr.FeatureNotSupported, "\"%s\" is not a materialized view", t.Name)
	case n.Concurrently && !t.Scannable():
		return pgerr.New(pgerr.FeatureNotSupported, "CONCURRENTLY cannot be used when the materialized view is not populated")
	case n.Concurrently && n.WithNoData:
		return pgerr.New(pgerr.SyntaxError, "CONCURRENTLY and WITH NO DATA options cannot be used together")
	}
	if err := c.notInUse(t, "REFRESH MATERIALIZED VIEW"); err != nil {
		return err
	}
	if n.Concurrently {
		return c.refreshBeside(t)
	}
	return c.refreshWhole(t, n.WithNoData)
}

// refreshWhole gives a materialized view a new storage number with the rows that
// its query yields now, if any are wanted.
func (c *Ctx) refreshWhole(t *catalog.Table, noData bool) error {
	storage, err := c.newOID()
	if err != nil {
		return err
	}
	next := clone(t)
	next.Storage, next.View.Unpopulated = uint32(storage), noData
	if err := c.put(next); err != nil {
		return err
	}
	if err := c.dropStorage(t.Storage); err != nil || noData {
		return err
	}
	rows := clone(c.snap().Table(t.OID))
	rows.Indexes = rows.Indexes[:1] // the others are filled from the rows: cheaper, and with PostgreSQL's error for what is not unique
	if _, err := c.fill(rows, c.queryOf(t)); err != nil {
		return err
	}
	now := c.snap().Table(t.OID)
	rules, _, err := planner.TableRules(c.snap(), c.Env, now)
	if err != nil {
		return err
	}
	for _, ix := range now.Indexes[1:] {
		if err := executor.BackfillIndex(c.Exec(), now, ix, &rules); err != nil {
			return err
		}
	}
	return nil
}

// queryOf runs the query of a materialized view.
func (c *Ctx) queryOf(t *catalog.Table) func(sink func(*types.Batch) error) error {
	return func(sink func(*types.Batch) error) error {
		q, err := parser.Parse(t.View.Query)
		if err != nil {
			return err
		}
		_, err = c.QueryFor(t, q[0].Stmt, nil, sink)
		return err
	}
}

// newRows is what the statements of refreshBeside call the rows of the query.
const newRows = "newdata"

// refreshBeside brings the rows of a materialized view, which others read
// meanwhile, to what its query yields now.
func (c *Ctx) refreshBeside(t *catalog.Table) error {
	keys := uniqueColumnsOf(t)
	if len(keys) == 0 {
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot refresh materialized view \"%s\" concurrently", t.Schema.Name+"."+t.Name).
			WithHint("Create a unique index with no WHERE clause on one or more columns of the materialized view.")
	}
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	fresh := clone(t)
	fresh.OID, fresh.Name, fresh.Kind, fresh.View, fresh.Storage, fresh.Stats = oid, newRows, catalog.KindTable, nil, uint32(oid), nil
	fresh.Indexes = []*catalog.Index{{Number: 1, RowID: true, Unique: true}}
	if _, err := c.fill(fresh, c.queryOf(t)); err != nil {
		return err
	}
	if err := c.dropStorage(fresh.Storage); err != nil {
		return err
	}
	if now := c.snap().Table(t.OID); len(uniqueColumnsOf(now)) == 0 { // the query did more than read
		return pgerr.New(pgerr.InternalError, "could not find suitable unique index on materialized view")
	}
	beside := map[string]*catalog.Table{newRows: fresh}
	run := func(sql string, sink func(*types.Batch) error) error {
		q, err := parser.Parse(sql)
		if err != nil {
			return err
		}
		_, err = c.QueryFor(t, q[0].Stmt, beside, sink)
		return err
	}
	mv := quoteIdent(t.Schema.Name) + "." + quoteIdent(t.Name)
	same := "n.* OPERATOR(pg_catalog.*=) mv.*"
	var list []string
	for _, a := range keys {
		k := quoteIdent(t.Col(a).Name)
		same += fmt.Sprintf(" AND n.%s OPERATOR(pg_catalog.=) mv.%s", k, k)
		list = append(list, "n."+k)
	}
	var twice error
	err = run(fmt.Sprintf("SELECT (n.*)::pg_catalog.text FROM newdata n WHERE n.* IS NOT NULL GROUP BY %s, 1 HAVING count(*) > 1 LIMIT 1", strings.Join(list, ", ")),
		func(b *types.Batch) error {
			for i := range b.Rows() {
				twice = pgerr.Newf(pgerr.CardinalityViolation, "new data for materialized view \"%s\" contains duplicate rows without any null columns", t.Name).
					WithDetail("Row: %s", b.Cols[0].Datum(b.Row(i)).S)
			}
			return nil
		})
	if err == nil {
		err = twice
	}
	if err != nil {
		return err
	}
	none := func(*types.Batch) error { return nil }
	if err := run(fmt.Sprintf("DELETE FROM %s mv WHERE NOT EXISTS (SELECT FROM newdata n WHERE %s)", mv, same), none); err != nil {
		return err
	}
	return run(fmt.Sprintf("INSERT INTO %s SELECT n.* FROM newdata n WHERE NOT EXISTS (SELECT FROM %s mv WHERE %s)", mv, mv, same), none)
}

// uniqueColumnsOf are the columns of the unique indexes that tell all rows apart,
// save for NULLs.
func uniqueColumnsOf(t *catalog.Table) (out []int16) {
	seen := map[int16]bool{}
	for _, ix := range t.Indexes {
		plain := ix.OID != 0 && ix.Unique && !ix.Invalid && !ix.Building && ix.Where == ""
		for _, k := range ix.Keys {
			plain = plain && k.Attnum > 0
		}
		if !plain {
			continue
		}
		for _, k := range ix.Keys {
			if !seen[k.Attnum] {
				seen[k.Attnum] = true
				out = append(out, k.Attnum)
			}
		}
	}
	return out
}
