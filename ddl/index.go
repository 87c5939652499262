package ddl

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// maxIndexKeys is PostgreSQL's INDEX_MAX_KEYS.
const maxIndexKeys = 32

func (c *Ctx) createIndex(n *ast.CreateIndexStmt) error {
	if n.AccessMethod != "" && n.AccessMethod != "btree" {
		switch n.AccessMethod {
		case "hash", "gin", "gist", "spgist", "brin":
			return pgerr.Unsupported("access method %q is not supported", n.AccessMethod).
				WithHint("All indexes are ordered keys; leave USING out or say USING btree.")
		}
		return pgerr.Newf(pgerr.UndefinedObject, "access method %q does not exist", n.AccessMethod)
	}
	if err := checkStorageOptions(n.Options); err != nil {
		return err
	}
	t, err := c.indexed(n)
	if err != nil {
		return err
	}
	beside := n.Concurrently && t.Persistence != catalog.Temporary
	t = clone(t)
	ix := &catalog.Index{Unique: n.Unique, NullsEqual: n.NullsNotDistinct}
	if len(n.Elements) > maxIndexKeys {
		return pgerr.Newf(pgerr.TooManyColumns, "cannot use more than %d columns in an index", maxIndexKeys)
	}
	var names []string
	for _, e := range n.Elements {
		key, name, err := c.indexKey(t, e)
		if err != nil {
			return err
		}
		ix.Keys = append(ix.Keys, key)
		for base, i := name, 1; contains(names, name); i++ {
			name = base + itoa(i)
		}
		names = append(names, name)
	}
	for _, e := range n.Including {
		if e.Name == "" {
			return pgerr.Unsupported("expressions are not supported in included columns").At(e.Pos())
		}
		col := t.ColumnByName(e.Name)
		if col == nil {
			return pgerr.Newf(pgerr.UndefinedColumn, "column %q does not exist", e.Name)
		}
		ix.Include = append(ix.Include, col.Attnum)
		names = append(names, e.Name)
	}
	if n.Where != nil {
		if err = noSystemColumns(n.Where); err != nil {
			return err
		}
		if ix.Where, err = c.exprText(planner.ForIndexPredicate, t, n.Where, nil); err != nil {
			return err
		}
	}
	name := n.Name
	if name == "" {
		name = chooseName(t.Name, strings.Join(names, "_"), "idx", c.relTaken(t.Schema))
	}
	if err := c.claim(t.Schema, name); err != nil {
		if n.IfNotExists && pgerr.CodeOf(err) == pgerr.DuplicateTable {
			c.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", name)
			return nil
		}
		return err
	}
	if t.Kind == catalog.KindPartitioned {
		if n.Concurrently {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot create index on partitioned table %q concurrently", t.Name)
		}
		if err := keyOfPartition(t, ix); err != nil {
			return err
		}
		if n.Table.Only && c.snap().HasChildren(t.OID) {
			ix.Invalid = true
			if err := c.placeIndex(t, ix, name); err != nil {
				return err
			}
			return c.put(t)
		}
		return c.addIndexTo(t, ix, name)
	}
	if beside {
		return c.createBeside(t, ix, name)
	}
	return c.buildIndex(t, ix, name)
}

// indexed finds the table or materialized view that an index is for, and locks it
// against writers.
func (c *Ctx) indexed(n *ast.CreateIndexStmt) (*catalog.Table, error) {
	rv := n.Table
	oid := c.find(rv)
	if oid == 0 {
		return nil, c.missing(rv)
	}
	if err := c.snap().NoTable(oid, rv.Name); err != nil {
		return nil, err
	}
	t := c.snap().Table(oid)
	switch {
	case t == nil || !t.Stored() && t.Kind != catalog.KindPartitioned:
		return nil, pgerr.Newf(pgerr.WrongObjectType, "cannot create index on relation %q", rv.Name).
			WithDetail("This operation is not supported for %s.", c.kindsOf(oid))
	case t.Virtual != nil:
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	if err := c.ownTable(t); err != nil {
		return nil, err
	}
	if err := c.notInUse(t, "CREATE INDEX"); err != nil {
		return nil, err
	}
	if n.Concurrently && t.Persistence != catalog.Temporary && t.Kind != catalog.KindPartitioned {
		return c.lock(t, kv.LockTableShareUpdateExclusive)
	}
	return c.lockToIndex(t, kv.LockTableShare)
}

// lockToIndex locks a table in a mode that several may hold at once, and then its
// definition: the indexes that they make are numbered one after another.
func (c *Ctx) lockToIndex(t *catalog.Table, mode kv.LockMode) (*catalog.Table, error) {
	t, err := c.lock(t, mode)
	if err != nil {
		return nil, err
	}
	if err := c.Change.LockDefinition(c, t, c.LockTimeout); err != nil {
		return nil, executor.StoreError(err)
	}
	return c.lock(t, mode)
}

// buildIndex adds an index to t (a copy), makes it part of the catalog and fills it.
func (c *Ctx) buildIndex(t *catalog.Table, ix *catalog.Index, name string) error {
	if err := c.placeIndex(t, ix, name); err != nil {
		return err
	}
	if err := c.put(t); err != nil {
		return err
	}
	return c.fillIndex(t.OID, ix.OID)
}

// fillIndex enters all rows of a table that is locked against writers.
func (c *Ctx) fillIndex(table, index catalog.OID) error {
	now := c.snap().Table(table)
	rules, _, err := planner.TableRules(c.snap(), c.Env, now)
	if err != nil {
		return err
	}
	if c.Frozen && c.Store.Seq() != c.Txn.Seq() {
		// The index is made of the newest rows. The transaction would find them by it, and
		// others by the table.
		if same, err := executor.SeesNewest(c.Exec(), now); err != nil {
			return err
		} else if !same {
			return pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent update").
				WithDetail("Rows of table %q were changed after the transaction's snapshot was taken; an index would be made of the newest.", now.Name)
		}
	}
	return executor.BackfillIndex(c.Exec(), now, now.IndexByOID(index), &rules)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// indexKey reads one element of CREATE INDEX; name is what it adds to the index's name.
func (c *Ctx) indexKey(t *catalog.Table, e *ast.IndexElem) (key catalog.IndexKey, name string, err error) {
	var derived catalog.OID
	key.Desc = e.Dir == ast.SortDesc
	key.NullsFirst = e.Nulls == ast.NullsFirst || e.Nulls == ast.NullsDefault && key.Desc
	if e.Name != "" {
		col := t.ColumnByName(e.Name)
		if col == nil {
			if isSystemColumn(e.Name) {
				return key, "", errSystemColumn()
			}
			return key, "", pgerr.Newf(pgerr.UndefinedColumn, "column %q does not exist", e.Name)
		}
		key.Attnum, key.Type, name = col.Attnum, col.Type, col.Name
	} else {
		for { // the key's own
			k, ok := e.Expr.(*ast.CollateExpr)
			if !ok {
				break
			}
			cp := *e
			if cp.Expr = k.Arg; len(cp.Collation) == 0 {
				cp.Collation = k.Collation
			}
			e = &cp
		}
		if err := noSystemColumns(e.Expr); err != nil {
			return key, "", err
		}
		var bound plan.Expr
		if bound, err = planner.BindExpr(planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, Place: planner.ForIndexExpr,
			Table: t, Expr: e.Expr, Collation: &derived}); err != nil {
			return key, "", err
		}
		if derived == types.Indeterminate && len(e.Collation) == 0 {
			return key, "", builtin.WhichCollation("index expression")
		}
		key.Expr, key.Type, name = c.deparse(bound, t), bound.Type(), "expr"
		key.ExprType = key.Type.OID
		if derived != catalog.TypeCollation(key.Type) && derived != types.Indeterminate {
			key.Derived = derived
		}
		if n := planner.NameOf(e.Expr); n != "" {
			name = n
		}
	}
	if len(e.Collation) > 0 {
		cc := &ast.CollateClause{At: e.At, Name: e.Collation}
		of := catalog.Column{Type: key.Type}
		if err := c.collation(&of, cc); err != nil {
			return key, "", err
		}
		usual := catalog.TypeCollation(key.Type)
		if key.Attnum > 0 {
			usual = collationOf(t.Col(key.Attnum))
		}
		if of.Collation == 0 {
			of.Collation = catalog.TypeCollation(key.Type)
		}
		if key.Derived != 0 {
			usual = key.Derived
		}
		if of.Collation != usual {
			key.Collation = of.Collation
		}
	}
	if len(e.OpClass) > 0 {
		oc := e.OpClass[len(e.OpClass)-1]
		known := map[string][]*types.Type{
			"int4_ops": {types.Int4}, "int8_ops": {types.Int8}, "int2_ops": {types.Int2}, "text_ops": {types.Text, types.VarChar},
			"varchar_ops": {types.VarChar, types.Text}, "text_pattern_ops": {types.Text, types.VarChar}, "varchar_pattern_ops": {types.VarChar, types.Text},
			"bpchar_ops": {types.BPChar}, "bpchar_pattern_ops": {types.BPChar}, "numeric_ops": {types.Numeric}, "float8_ops": {types.Float8},
			"float4_ops": {types.Float4}, "date_ops": {types.Date}, "timestamp_ops": {types.Timestamp}, "timestamptz_ops": {types.TimestampTZ},
			"uuid_ops": {types.UUID}, "bool_ops": {types.Bool}, "bytea_ops": {types.Bytea}, "name_ops": {types.Name}, "oid_ops": {types.Oid},
			"time_ops": {types.Time}, "timetz_ops": {types.TimeTZ}, "interval_ops": {types.Interval}, "jsonb_ops": {types.JSONB}, "enum_ops": nil, "array_ops": nil,
		}
		accepts, ok := known[oc]
		if !ok {
			return key, "", pgerr.Newf(pgerr.UndefinedObject, "operator class %q does not exist for access method \"btree\"", oc)
		}
		fits := accepts == nil
		for _, a := range accepts {
			fits = fits || a == key.Type.Under()
		}
		if !fits {
			return key, "", pgerr.Newf(pgerr.DatatypeMismatch, "operator class %q does not accept data type %s", oc, types.Display(key.Type))
		}
		if strings.HasSuffix(oc, "_pattern_ops") { // the order of all text here; kept for display
			key.Opclass = oc
		}
	}
	return key, name, indexable(key.Type)
}

func errSystemColumn() error {
	return pgerr.New(pgerr.FeatureNotSupported, "index creation on system columns is not supported")
}

// noSystemColumns refuses expressions over system columns, of which all but tableoid are
// not there to begin with.
func noSystemColumns(e ast.Expr) error {
	var err error
	ast.Walk(e, func(n ast.Node) bool {
		if ref, ok := n.(*ast.ColumnRef); ok && !ref.Star && isSystemColumn(ref.Fields[len(ref.Fields)-1]) {
			err = errSystemColumn()
		}
		return err == nil
	})
	return err
}
