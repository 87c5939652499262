package ddl

import (
	"strings"

	"rowkey/catalog"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// builder collects a table while its definition is read: columns first, then
// what refers to them.
type builder struct {
	c      *Ctx
	t      *catalog.Table
	schema *catalog.Schema
	names  []string       // relation names taken by this statement
	later  []func() error // constraints, once all columns are known
	fks    []func() error // foreign keys, once the table stands in the catalog
	// Of a table with parents: what is known of the columns that come from them, and
	// how many there are.
	inherits         map[int16]*inherited
	inheritedColumns int
	own              int // columns of the table's own definition seen
}

func (c *Ctx) createTable(n *ast.CreateTableStmt) error {
	switch {
	case n.Foreign:
		return pgerr.Unsupported("foreign tables are not supported")
	case n.PartitionBy != nil && len(n.Inherits) > 0:
		return pgerr.New(pgerr.InvalidObjectDefinition, "cannot create partitioned table as inheritance child")
	case n.OfType != nil:
		return pgerr.Unsupported("typed tables are not supported")
	case n.Tablespace != "" && n.Tablespace != "pg_default":
		return pgerr.Newf(pgerr.UndefinedObject, "tablespace %q does not exist", n.Tablespace)
	case n.AccessMethod != "" && n.AccessMethod != "heap":
		return pgerr.Newf(pgerr.UndefinedObject, "access method %q does not exist", n.AccessMethod)
	}
	if err := c.checkDatabase(n.Name); err != nil {
		return err
	}
	if n.Persistence == ast.Unlogged && (n.Name.Schema == "pg_temp" || strings.HasPrefix(n.Name.Schema, "pg_temp_")) {
		return pgerr.New(pgerr.InvalidTableDefinition, "only temporary relations may be created in temporary schemas").At(n.Name.Pos())
	}
	temporary := n.Persistence == ast.Temporary
	schema, err := c.creationSchema(n.Name.Schema, temporary, n.Name.Pos())
	if err != nil {
		if pgerr.CodeOf(err) == pgerr.InvalidSchemaName { // which other statements do not place
			err = pgerr.PlaceAt(err, n.Name.Pos())
		}
		return err
	}
	if n.OnCommit != ast.OnCommitNone && !temporary {
		return pgerr.New(pgerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	if err := c.claim(schema, n.Name.Name); err != nil {
		if n.IfNotExists && pgerr.CodeOf(err) == pgerr.DuplicateTable {
			c.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", n.Name.Name)
			return nil
		}
		return err
	}
	kind := catalog.KindTable
	if n.PartitionBy != nil {
		kind = catalog.KindPartitioned
	}
	b, err := c.newTable(schema, n.Name.Name, kind, persistenceIn(schema, n.Persistence))
	if err != nil {
		return err
	}
	b.t.OnCommit = onCommit[n.OnCommit]
	if err := checkStorageOptions(n.Options); err != nil {
		return err
	}
	parents := n.Inherits
	if n.PartitionOf != nil {
		if err := c.checkPartitioned(n.PartitionOf); err != nil {
			return err
		}
		parents = []*ast.RangeVar{n.PartitionOf}
	}
	if err := b.inherit(parents, n.PartitionOf != nil); err != nil {
		return err
	}
	b.t.Options = setOptions(b.t.Options, n.Options, false)
	if err := uniqueColumns(n.Elements); err != nil {
		return err
	}
	for _, e := range n.Elements {
		switch e := e.(type) {
		case *ast.ColumnDef:
			err = b.column(e)
		case *ast.Constraint:
			e2 := e
			b.later = append(b.later, func() error { return b.constraint(e2, 0) })
		case *ast.LikeClause:
			err = b.like(e)
		}
		if err != nil {
			return err
		}
	}
	if err := b.checkDefaults(); err != nil {
		return err
	}
	if n.PartitionOf != nil {
		if err := b.partitionOf(n.Bound); err != nil {
			return err
		}
	}
	if n.PartitionBy != nil {
		if b.t.PartitionBy, err = c.partitionKey(b.t, n.PartitionBy); err != nil {
			return err
		}
	}
	if n.PartitionOf != nil {
		if err := b.inheritIndexes(); err != nil {
			return err
		}
		parent := b.t.Inherits[0]
		b.fks = append(b.fks, func() error { return c.attachForeignKeys(parent, b.t.OID) })
	}
	return b.finish()
}

// uniqueColumns refuses a definition with two columns of one name.
func uniqueColumns(elements []ast.TableElement) error {
	seen := map[string]bool{}
	for _, e := range elements {
		if d, ok := e.(*ast.ColumnDef); ok {
			if seen[d.Name] {
				return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", d.Name)
			}
			seen[d.Name] = true
		}
	}
	return nil
}

// checkPartitioned refuses partitions of what is not partitioned.
func (c *Ctx) checkPartitioned(rv *ast.RangeVar) error {
	oid := c.find(rv)
	if oid == 0 {
		return c.missing(rv)
	}
	if p := c.snap().Table(oid); p != nil && p.Kind != catalog.KindPartitioned {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "%q is not partitioned", p.Name)
	}
	return nil
}

// onCommit are the letters catalog.Table.OnCommit uses.
var onCommit = map[ast.OnCommit]byte{ast.OnCommitDelete: 'd', ast.OnCommitDrop: 'D'}

// persistenceIn is the persistence of a relation made in a schema: pg_temp.t is temporary.
func persistenceIn(schema *catalog.Schema, p ast.Persistence) catalog.Persistence {
	if strings.HasPrefix(schema.Name, "pg_temp_") {
		return catalog.Temporary
	}
	return persistence(p)
}

// storageOptions are PostgreSQL's storage parameters of tables and indexes.
// They say how its files are laid out, and change nothing here.
var storageOptions = map[string]bool{"fillfactor": true, "parallel_workers": true, "user_catalog_table": true, "toast_tuple_target": true,
	"vacuum_truncate": true, "vacuum_index_cleanup": true, "log_autovacuum_min_duration": true, "deduplicate_items": true, "oids": true}

func checkStorageOptions(options []*ast.Option) error {
	for _, o := range options {
		if strings.EqualFold(o.Name, "oids") {
			if o.Kind == ast.OptionAbsent || !strings.EqualFold(o.Text, "false") && !strings.EqualFold(o.Text, "off") && o.Text != "0" {
				return pgerr.New(pgerr.FeatureNotSupported, "tables declared WITH OIDS are not supported")
			}
			continue
		}
		if name := o.Name; !storageOptions[name] && !strings.HasPrefix(name, "autovacuum_") && !strings.HasPrefix(name, "toast.") {
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
	}
	return nil
}

func persistence(p ast.Persistence) catalog.Persistence {
	switch p {
	case ast.Temporary:
		return catalog.Temporary
	case ast.Unlogged:
		return catalog.Unlogged
	}
	return catalog.Permanent
}

// newTable begins a table: its OIDs and a hidden row id for a key.
func (c *Ctx) newTable(schema *catalog.Schema, name string, kind catalog.RelKind, p catalog.Persistence) (*builder, error) {
	var oids [3]catalog.OID
	for i := range oids {
		oid, err := c.newOID()
		if err != nil {
			return nil, err
		}
		oids[i] = oid
	}
	t := &catalog.Table{OID: oids[0], SchemaOID: schema.OID, Name: name, Kind: kind, Persistence: p,
		Owner: c.role(), RowTypeOID: oids[1], ArrayTypeOID: oids[2], Schema: schema}
	if t.Stored() {
		t.Storage = uint32(t.OID)
	}
	if t.Stored() || t.Kind == catalog.KindPartitioned {
		t.Indexes = []*catalog.Index{{Number: 1, RowID: true, Unique: true}}
	}
	return &builder{c: c, t: t, schema: schema, names: []string{name}}, nil
}

// finish makes the table part of the catalog, then what refers to it.
func (b *builder) finish() error {
	// Primary keys before others, as PostgreSQL orders them.
	for _, f := range b.later {
		if err := f(); err != nil {
			return err
		}
	}
	if err := b.c.put(b.t); err != nil {
		return err
	}
	for _, f := range b.fks {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// serials are the pseudo-types that stand for an integer with a sequence.
var serials = map[string]*types.Type{
	"serial": types.Int4, "serial4": types.Int4, "bigserial": types.Int8, "serial8": types.Int8,
	"smallserial": types.Int2, "serial2": types.Int2,
}

// column adds a column.
func (b *builder) column(d *ast.ColumnDef) error {
	c := b.c
	b.own++
	if have := b.t.ColumnByName(d.Name); have != nil && b.inherits[have.Attnum] != nil {
		return b.mergeColumn(d, have, b.own)
	}
	if d.Type == nil {
		return pgerr.Newf(pgerr.UndefinedColumn, "column %q does not exist", d.Name)
	}
	for i := range b.t.Columns {
		if b.t.Columns[i].Name == d.Name && !b.t.Columns[i].Dropped {
			return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", d.Name)
		}
	}
	if err := checkSystemColumn(d.Name); err != nil {
		return err
	}
	if len(b.t.Columns) >= maxColumns {
		return pgerr.Newf(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	col := catalog.Column{Attnum: int16(len(b.t.Columns) + 1), Name: d.Name, Typmod: -1}
	serial := false
	if isSerial(d.Type) {
		col.Type, serial = serials[d.Type.Names[0]], true
	} else {
		t, mod, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), d.Type)
		if err != nil {
			return err
		}
		if err := c.mayUseType(t); err != nil {
			return err
		}
		col.Type, col.Typmod = t, mod
	}
	if col.Type.Kind == types.KindPseudo {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", d.Name, types.Display(col.Type))
	}
	if d.Type != nil && d.Type.SetOf {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "column %q cannot be declared SETOF", d.Name).At(d.Type.Pos())
	}
	if d.Collation != nil {
		if err := c.collation(&col, d.Collation); err != nil {
			return err
		}
	}
	col.TypeOID = col.Type.OID
	b.t.Columns = append(b.t.Columns, col)
	at := col.Attnum
	if serial {
		if err := b.serial(at); err != nil {
			return err
		}
	}
	return b.columnConstraints(at, d)
}

// serial gives a column the sequence that serial stands for.
func (b *builder) serial(at int16) error {
	seq, err := b.ownedSequence(at, nil, false)
	if err != nil {
		return err
	}
	p := b.t.Col(at)
	p.NotNull, p.SeqOID = true, seq.OID
	p.Default = "nextval('" + catalog.StoredReg(types.RegClass, seq.OID) + "'::regclass)"
	return nil
}

// maxColumns is PostgreSQL's MaxHeapAttributeNumber.
const maxColumns = 1600

func checkSystemColumn(name string) error {
	if isSystemColumn(name) {
		return pgerr.Newf(pgerr.DuplicateColumn, "column name %q conflicts with a system column name", name)
	}
	return nil
}

func isSystemColumn(name string) bool {
	switch name {
	case "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax":
		return true
	}
	return false
}

// collation gives a column the collation of a COLLATE clause, 0 for its type's own.
func (c *Ctx) collation(col *catalog.Column, n *ast.CollateClause) error {
	if !col.Type.Collate {
		return pgerr.Newf(pgerr.DatatypeMismatch, "collations are not supported by type %s", types.Display(col.Type)).At(n.Pos())
	}
	oid, ok := catalog.FindCollation(n.Name)
	if !ok {
		return pgerr.Newf(pgerr.UndefinedObject, "collation %q for encoding \"UTF8\" does not exist", strings.Join(n.Name, ".")).At(n.Pos())
	}
	if col.Collation = oid; oid == catalog.TypeCollation(col.Type) {
		col.Collation = 0
	}
	return nil
}

// quoteIdent quotes a name where SQL needs it.
func quoteIdent(s string) string { return ast.QuoteIdent(s) }

// qualified prints schema.name, without the schema where every search finds it.
func qualified(schema *catalog.Schema, name string) string {
	if schema.OID == catalog.PublicOID {
		return quoteIdent(name)
	}
	return quoteIdent(schema.Name) + "." + quoteIdent(name)
}

// ownedSequence makes the sequence of a serial or identity column.
func (b *builder) ownedSequence(attnum int16, opts []*ast.SequenceOption, internal bool) (*catalog.Sequence, error) {
	c := b.c
	col := b.t.Col(attnum)
	name := chooseName(b.t.Name, col.Name, "seq", c.relTaken(b.schema, b.names...))
	schema := b.schema
	var rest []*ast.SequenceOption
	for _, o := range opts {
		if o.Kind == ast.SequenceName {
			name = o.Name[len(o.Name)-1]
			continue
		}
		rest = append(rest, o)
	}
	if err := c.claim(schema, name); err != nil {
		return nil, err
	}
	b.names = append(b.names, name)
	seq, err := c.newSequence(schema, name, col.Type, rest)
	if err != nil {
		return nil, err
	}
	seq.OwnerTable, seq.OwnerAttnum, seq.Internal, seq.Persistence = b.t.OID, attnum, internal, b.t.Persistence
	if err := c.put(seq); err != nil { // defaults that follow may name it
		return nil, err
	}
	return seq, nil
}

// columnConstraints reads what is written behind a column.
func (b *builder) columnConstraints(at int16, d *ast.ColumnDef) error {
	c := b.c
	null, notNull, def, ident, gen := false, false, b.t.Col(at).Default != "", false, false
	serial := def && b.t.Col(at).SeqOID != 0
	for _, k := range d.Constraints {
		col := b.t.Col(at)
		conflict := func(format string, args ...any) error {
			return pgerr.Newf(pgerr.SyntaxError, format, args...).At(k.Pos())
		}
		switch k.Kind {
		case ast.ConstraintNull:
			if notNull || col.NotNull {
				return conflict("conflicting NULL/NOT NULL declarations for column %q of table %q", col.Name, b.t.Name)
			}
			null = true
		case ast.ConstraintNotNull:
			if null {
				return conflict("conflicting NULL/NOT NULL declarations for column %q of table %q", col.Name, b.t.Name)
			}
			notNull, col.NotNull = true, true
		case ast.ConstraintDefault:
			if def && col.SeqOID != 0 { // a serial's own
				return pgerr.Newf(pgerr.SyntaxError, "multiple default values specified for column %q of table %q", col.Name, b.t.Name)
			}
			if def {
				return conflict("multiple default values specified for column %q of table %q", col.Name, b.t.Name)
			}
			def = true
			text, err := c.exprText(planner.ForDefault, b.t, k.Expr, col)
			if err != nil {
				return err
			}
			b.t.Col(at).Default = text
		case ast.ConstraintIdentity:
			if ident {
				return conflict("multiple identity specifications for column %q of table %q", col.Name, b.t.Name)
			}
			ident = true
			if err := b.identity(at, k.ByDefault, k.SequenceOptions); err != nil {
				return err
			}
		case ast.ConstraintGenerated:
			if gen {
				return conflict("multiple generation clauses specified for column %q of table %q", col.Name, b.t.Name)
			}
			gen = true
			col.Generated = pending
			k := k
			b.later = append(b.later, func() error { // it may use columns that follow
				text, err := c.exprText(planner.ForGenerated, b.t, k.Expr, b.t.Col(at))
				b.t.Col(at).Generated = text
				return err
			})
		default:
			k := k
			b.later = append(b.later, func() error { return b.constraint(k, at) })
		}
		both := func(what string) error {
			return conflict("both %s specified for column %q of table %q", what, col.Name, b.t.Name)
		}
		switch {
		case def && ident && serial:
			return placeless(both("default and identity"))
		case def && ident:
			return both("default and identity")
		case def && gen:
			return both("default and generation expression")
		case ident && gen:
			return both("identity and generation expression")
		case ident && null:
			return conflict("conflicting NULL/NOT NULL declarations for column %q of table %q", col.Name, b.t.Name)
		}
	}
	return nil
}

// pending stands for a generation expression that is yet to be read.
const pending = "?"

// identityType refuses types that identity columns cannot have.
func identityType(t *types.Type) error {
	switch t {
	case types.Int2, types.Int4, types.Int8:
		return nil
	}
	return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
}

func (b *builder) identity(at int16, byDefault bool, opts []*ast.SequenceOption) error {
	col := b.t.Col(at)
	if err := identityType(col.Type); err != nil {
		return err
	}
	seq, err := b.ownedSequence(at, opts, true)
	if err != nil {
		return err
	}
	col = b.t.Col(at)
	col.NotNull, col.SeqOID, col.Identity = true, seq.OID, catalog.IdentityAlways
	if byDefault {
		col.Identity = catalog.IdentityByDefault
	}
	return nil
}

// exprText binds an expression of a definition and gives the text to store.
func (c *Ctx) exprText(place planner.Place, t *catalog.Table, e ast.Expr, col *catalog.Column) (string, error) {
	bound, err := c.bind(place, t, e, col)
	if err != nil {
		return "", err
	}
	if place == planner.ForGenerated {
		if err := checkGenerated(t, e, bound); err != nil {
			return "", err
		}
	}
	if k, ok := bound.(*plan.Const); ok && place == planner.ForDefault && k.Val.IsNull() {
		return "", nil // DEFAULT NULL is no default
	}
	return c.deparse(bound, t), nil
}

// deparse prints an expression to be stored. What users made and its constants of type regclass
// and kin name is written by number, which renaming does not change.
func (c *Ctx) deparse(e plan.Expr, t *catalog.Table) string {
	return planner.DeparseTableExpr(e, t, storedNames{c, catalog.StoredPath})
}

// storedNames prints names for stored expressions.
type storedNames struct {
	c    *Ctx
	path []string
}

func (n storedNames) ParseReg(kind *types.Type, text string) (types.OID, error) {
	return catalog.ParseReg(n.c.snap(), n.path, kind, text)
}

func (n storedNames) RegName(kind *types.Type, oid types.OID) string {
	if number := catalog.StoredReg(kind, oid); number != "" {
		return number
	}
	return catalog.RegName(n.c.snap(), n.path, kind, oid)
}

// checkGenerated refuses what a generated column must not be made of.
func checkGenerated(t *catalog.Table, e ast.Expr, bound plan.Expr) error {
	for _, a := range planner.ColumnsUsed(bound) {
		if t.Col(a).Generated == "" {
			continue
		}
		err := pgerr.Newf(pgerr.InvalidObjectDefinition, "cannot use generated column %q in column generation expression", t.Col(a).Name).
			WithDetail("A generated column cannot reference another generated column.")
		ast.Walk(e, func(n ast.Node) bool {
			if ref, ok := n.(*ast.ColumnRef); ok && ref.Fields[len(ref.Fields)-1] == t.Col(a).Name {
				err.At(ref.Pos())
			}
			return true
		})
		return err
	}
	if !planner.IsImmutable(bound) {
		return pgerr.New(pgerr.InvalidObjectDefinition, "generation expression is not immutable")
	}
	return nil
}

// bind binds an expression over a table's columns. col is the column that a
// default or generated expression is for.
func (c *Ctx) bind(place planner.Place, t *catalog.Table, e ast.Expr, col *catalog.Column) (plan.Expr, error) {
	req := planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, Place: place, Table: t, Expr: e}
	if col != nil {
		req.Target, req.TargetMod, req.Column = col.Type, col.Typmod, col.Name
	}
	return planner.BindExpr(req)
}

// like copies columns (and more, if asked) of another table.
func (b *builder) like(n *ast.LikeClause) error {
	c := b.c
	oid := c.find(n.Table)
	if oid == 0 {
		return pgerr.PlaceAt(c.missing(n.Table), n.Table.Pos())
	}
	src := c.snap().Table(oid)
	if src == nil {
		return pgerr.Newf(pgerr.WrongObjectType, "relation %q is invalid in LIKE clause", n.Table.Name).At(n.Table.Pos()).
			WithDetail("This operation is not supported for %s.", c.kindsOf(oid))
	}
	has := func(o ast.LikeOption) bool { return n.Options&o != 0 }
	attmap := map[int16]int16{}
	for i := range src.Columns {
		s := &src.Columns[i]
		if s.Dropped {
			continue
		}
		for j := range b.t.Columns {
			if b.t.Columns[j].Name == s.Name {
				return pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", s.Name).At(n.Pos())
			}
		}
		col := catalog.Column{Attnum: int16(len(b.t.Columns) + 1), Name: s.Name, TypeOID: s.TypeOID, Type: s.Type, Typmod: s.Typmod,
			NotNull: s.NotNull, Collation: s.Collation}
		if has(ast.LikeDefaults) && s.Identity == 0 {
			col.Default = s.Default
		}
		if has(ast.LikeGenerated) {
			col.Generated = s.Generated
		}
		if has(ast.LikeComments) {
			col.Comment = s.Comment
		}
		b.t.Columns = append(b.t.Columns, col)
		attmap[s.Attnum] = col.Attnum
		if has(ast.LikeIdentity) && s.Identity != 0 {
			if err := b.identity(col.Attnum, s.Identity == catalog.IdentityByDefault, nil); err != nil {
				return err
			}
			if from := c.snap().Sequence(s.SeqOID); from != nil {
				q := *c.snap().Sequence(b.t.Col(col.Attnum).SeqOID)
				q.Start, q.Increment, q.Min, q.Max, q.Cache, q.Cycle = from.Start, from.Increment, from.Min, from.Max, from.Cache, from.Cycle
				if err := c.put(&q); err != nil {
					return err
				}
			}
		}
	}
	if has(ast.LikeConstraints) {
		for _, k := range src.Checks {
			k := k
			b.later = append(b.later, func() error {
				oid, err := c.newOID()
				if err != nil {
					return err
				}
				cp := *k
				cp.OID = oid
				cp.Attnums = mapAttnums(k.Attnums, attmap)
				b.t.Checks = append(b.t.Checks, &cp)
				return nil
			})
		}
	}
	if has(ast.LikeIndexes) {
		for _, ix := range src.Indexes {
			if ix.RowID {
				continue
			}
			ix := ix
			b.later = append(b.later, func() error {
				cp := *ix
				cp.Keys = append([]catalog.IndexKey(nil), ix.Keys...)
				label, name2 := "idx", ""
				for i := range cp.Keys {
					if k := &cp.Keys[i]; k.Attnum > 0 {
						if i == 0 {
							name2 = src.Col(k.Attnum).Name
						} else {
							name2 += "_" + src.Col(k.Attnum).Name
						}
						k.Attnum = attmap[k.Attnum]
					}
				}
				for _, a := range ix.Include {
					name2 += "_" + src.Col(a).Name
				}
				cp.Include = mapAttnums(ix.Include, attmap)
				switch {
				case cp.Primary:
					label, name2 = "pkey", ""
				case cp.Constraint != 0:
					label = "key"
				}
				return b.addIndex(&cp, chooseName(b.t.Name, name2, label, c.relTaken(b.schema, b.names...)))
			})
		}
	}
	return nil
}

func mapAttnums(in []int16, m map[int16]int16) []int16 {
	var out []int16
	for _, a := range in {
		out = append(out, m[a])
	}
	return out
}

// addIndex gives an index its OIDs and number and adds it to the table being
// made; a primary key takes the place of the hidden row id.
func (b *builder) addIndex(ix *catalog.Index, name string) error {
	if err := b.c.claim(b.schema, name); err != nil {
		return err
	}
	b.names = append(b.names, name)
	return b.c.placeIndex(b.t, ix, name)
}

// placeIndex gives an index its OIDs and number within t.
func (c *Ctx) placeIndex(t *catalog.Table, ix *catalog.Index, name string) error {
	oid, err := c.newOID()
	if err != nil {
		return err
	}
	ix.OID, ix.Name = oid, name
	if ix.Constraint != 0 || ix.Primary {
		if ix.Constraint, err = c.newOID(); err != nil {
			return err
		}
	}
	if ix.Primary {
		ix.Number, ix.Unique = 1, true
		for _, k := range ix.Keys {
			t.Col(k.Attnum).NotNull = true
		}
		t.Indexes[0] = ix
		return nil
	}
	t.LastIndex = max(t.LastIndex, 1)
	for _, o := range t.Indexes {
		t.LastIndex = max(t.LastIndex, o.Number)
	}
	t.LastIndex++
	ix.Number = t.LastIndex
	t.Indexes = append(t.Indexes, ix)
	return nil
}

// ---- CREATE TABLE AS, SELECT INTO

func (c *Ctx) createTableAs(n *ast.CreateTableAsStmt) (int64, error) {
	if n.Materialized {
		return c.createMatView(n)
	}
	if n.Execute != nil {
		return -1, pgerr.Unsupported("CREATE TABLE AS EXECUTE is not supported yet")
	}
	if err := checkStorageOptions(n.Options); err != nil {
		return -1, err
	}
	if n.OnCommit != ast.OnCommitNone && n.Persistence != ast.Temporary {
		return -1, pgerr.New(pgerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	return c.tableFromQuery(n.Name, n.Persistence, onCommit[n.OnCommit], n.IfNotExists, n.Columns, n.Query, n.WithNoData)
}

func (c *Ctx) tableFromQuery(name *ast.RangeVar, p ast.Persistence, onCommit byte, ifNotExists bool, columns []string, q *ast.SelectStmt, noData bool) (int64, error) {
	schema, err := c.creationSchema(name.Schema, p == ast.Temporary, name.Pos())
	if err != nil {
		return -1, err
	}
	if err := c.claim(schema, name.Name); err != nil {
		if ifNotExists && pgerr.CodeOf(err) == pgerr.DuplicateTable {
			c.notice(pgerr.DuplicateTable, "relation %q already exists, skipping", name.Name)
			return -1, nil
		}
		return -1, err
	}
	pl, _, err := c.Query(q, nil)
	if err != nil {
		return -1, err
	}
	if len(columns) > len(pl.Columns) {
		return -1, pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	b, err := c.newTable(schema, name.Name, catalog.KindTable, persistenceIn(schema, p))
	if err != nil {
		return -1, err
	}
	b.t.OnCommit = onCommit
	if err := b.columnsOf(pl.Columns, columns); err != nil {
		return -1, err
	}
	if err := b.finish(); err != nil {
		return -1, err
	}
	if noData {
		return -1, nil
	}
	return c.fill(c.snap().Table(b.t.OID), func(sink func(*types.Batch) error) error {
		_, _, err := c.Query(q, sink)
		return err
	})
}

// lockForChange is the lock of most ALTER TABLE forms.
const lockForChange = kv.LockTableAccessExclusive
