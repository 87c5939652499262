package catalog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"rowkey/builtin"
	"rowkey/types"
)

// The system relations: pg_catalog and information_schema, computed from the
// Snapshot and from package builtin's tables when they are read.
//
//	facts/relations.txt   names, columns, types and OIDs, as PostgreSQL 15 has them
//	       +
//	systemRows()          for each relation that has rows here: how to compute them
//	       =
//	VirtualTable          registered for every catalog (RegisterVirtual)
//
// A relation of PostgreSQL's that nothing here can populate (pg_policy,
// pg_ts_config …) exists and is empty.
//
// Reading by a hinted column (see VirtualTable.Lookups) touches only the objects
// concerned, so describing one table costs the same however many there are.
// Objects that have no descriptor of their own but an OID in PostgreSQL (column
// defaults, the rules of views) get one made from their owner's; see sysIndex.

//go:embed facts/relations.txt
var relationFacts string

// query is one reading of a system relation.
type query struct {
	snap  *Snapshot
	ctx   *builtin.Ctx // nil in tests
	table *Table       // the relation read
	col   string       // the hinted column, "" for none
	key   types.Datum
	emit  func([]types.Datum) error // takes a copy of what it wants to keep
	buf   []types.Datum
}

// viewDef is pg_get_viewdef of a view.
func (q *query) viewDef(t *Table) string {
	if q.ctx == nil || q.ctx.Session == nil {
		return t.View.Query
	}
	return viewDef(q.snap, searchPath(q.ctx), q.ctx.Env, t, false, 0)
}

// row emits a row. The copy keeps the arguments off the heap: relations of
// many thousand rows cost no allocation a row.
func (q *query) row(vals ...types.Datum) error {
	q.buf = append(q.buf[:0], vals...)
	return q.emit(q.buf)
}

// named emits a row of which most columns are NULL.
func (q *query) named(vals map[string]types.Datum) error {
	row := make([]types.Datum, len(q.table.Columns))
	for i := range row {
		row[i] = vals[q.table.Columns[i].Name]
	}
	return q.emit(row)
}

// oid tells whether the hint asks for rows whose column col is one OID.
func (q *query) oid(col string) (OID, bool) { return OID(q.key.I), col != "" && q.col == col }

// name tells whether the hint asks for rows whose column col is one name.
func (q *query) name(col string) (string, bool) { return q.key.S, col != "" && q.col == col }

// session gives the session that asks, nil if there is none.
func (q *query) session() builtin.Session {
	if q.ctx == nil {
		return nil
	}
	return q.ctx.Session
}

// path gives the search path of the session that asks.
func (q *query) path() []string { return searchPath(q.ctx) }

// database gives the name of the database.
func (q *query) database() string {
	if s := q.session(); s != nil {
		return s.CurrentDatabase()
	}
	return "postgres"
}

// databaseName gives the name of a database.
func (q *query) databaseName(d *Database) string { return q.snap.DatabaseText(d, q.database()) }

// owner gives the name of the role that owns an object.
func (q *query) owner(oid OID) string { return q.roleName(ownerOr(oid)) }

// rows computes the rows of one relation.
type rows struct {
	lookups string // columns by which few rows can be found quickly
	visit   func(q *query) error
}

func init() {
	computed := map[string]rows{}
	for _, m := range []map[string]rows{classRows(), typeRows(), constraintRows(), procRows(), roleRows(), dependRows(),
		viewRows(), statRows(), sessionRows(), inheritRows(), schemaRows(), schemaTableRows(), schemaConstraintRows(), schemaGrantRows()} {
		for name, r := range m {
			if _, twice := computed[name]; twice {
				panic("catalog: relation " + name + " computed twice")
			}
			computed[name] = r
		}
	}
	schemas := map[string]OID{"pg_catalog": PgCatalogOID, "information_schema": InformationSchemaOID}
	var t *Table
	finish := func() {
		if t == nil {
			return
		}
		name := t.Name
		if t.SchemaOID == InformationSchemaOID {
			name = "information_schema." + name
		}
		r, ok := computed[name]
		delete(computed, name)
		t.Virtual = virtual(t, r, ok)
		RegisterVirtual(t)
	}
	for rest := relationFacts; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		c := strings.Split(line, "\t")
		if line[0] != '=' {
			typmod, _ := strconv.Atoi(c[2])
			t.Columns = append(t.Columns, Column{Attnum: int16(len(t.Columns) + 1), Name: c[0], TypeOID: parseOID(c[1]),
				Typmod: int32(typmod), NotNull: c[3] == "t", Collation: parseOID(c[4])})
			continue
		}
		finish()
		t = &Table{OID: parseOID(c[0][1:]), SchemaOID: schemas[c[1]], Name: c[2], Kind: RelKind(c[3][0]), Persistence: Permanent,
			Owner: BootstrapRoleOID, RowTypeOID: parseOID(c[4]), ArrayTypeOID: parseOID(c[5])}
	}
	finish()
	for name := range computed {
		panic("catalog: no relation " + name + " in PostgreSQL's list")
	}
	// pg_statistic's row type is the type of a column of a relation before it.
	for i, v := range virtuals {
		if v.Name == "pg_statistic" {
			copy(virtuals[1:i+1], virtuals[:i])
			virtuals[0] = v
		}
	}
}

// virtual makes the VirtualTable of t, which has no rows unless r is given.
func virtual(t *Table, r rows, ok bool) *VirtualTable {
	if !ok {
		return &VirtualTable{Rows: func(*Snapshot, any, int16, types.Datum, func([]types.Datum) error) error { return nil }}
	}
	v := &VirtualTable{}
	hinted := map[int16]string{}
	for _, name := range strings.Fields(r.lookups) {
		c := t.ColumnByName(name)
		if c == nil {
			panic("catalog: relation " + t.Name + " has no column " + name)
		}
		hinted[c.Attnum] = name
		v.Lookups = append(v.Lookups, c.Attnum)
	}
	v.Rows = func(snap *Snapshot, ctx any, eq int16, key types.Datum, emit func([]types.Datum) error) error {
		q := &query{snap: snap, table: t, key: key, emit: emit}
		q.ctx, _ = ctx.(*builtin.Ctx)
		if eq > 0 {
			if q.col = hinted[eq]; q.col != "" && key.IsNull() {
				return nil
			}
		}
		return r.visit(q)
	}
	return v
}

func parseOID(s string) OID {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		panic("catalog: bad number in facts: " + s)
	}
	return OID(n)
}

// Values of rows, with the shortest names since there are thousands.

func vOID(o OID) types.Datum        { return types.NewInt(int64(o)) }
func vInt(i int) types.Datum        { return types.NewInt(int64(i)) }
func vBool(b bool) types.Datum      { return types.NewBool(b) }
func vStr(s string) types.Datum     { return types.NewString(s) }
func vChar(c byte) types.Datum      { return types.NewInt(int64(c)) }
func vFlt(f float64) types.Datum    { return types.NewFloat(f) }
func vYes(b bool) types.Datum       { return types.NewString(yesNo[b]) }
func vNull() types.Datum            { return types.Null }
func vOpt(s string) types.Datum     { return nullIf(s == "", types.NewString(s)) }
func vTexts(s []string) types.Datum { return stringArray(types.Text, s) }

var yesNo = map[bool]string{true: "YES", false: "NO"}

func nullIf(null bool, d types.Datum) types.Datum {
	if null {
		return types.Null
	}
	return d
}

func vAttnums(nums []int16) types.Datum {
	if len(nums) == 0 {
		return types.Null
	}
	elems := make([]types.Datum, len(nums))
	for i, n := range nums {
		elems[i] = types.NewInt(int64(n))
	}
	return types.NewAny(types.NewArray(types.Int2, elems))
}

func vOIDs(elem *types.Type, oids []OID) types.Datum {
	if len(oids) == 0 {
		return types.Null
	}
	elems := make([]types.Datum, len(oids))
	for i, n := range oids {
		elems[i] = vOID(n)
	}
	return types.NewAny(types.NewArray(elem, elems))
}

// stringArray makes an array of strings, NULL for none.
func stringArray(elem *types.Type, list []string) types.Datum {
	if len(list) == 0 {
		return types.Null
	}
	elems := make([]types.Datum, len(list))
	for i, s := range list {
		elems[i] = types.NewString(s)
	}
	return types.NewAny(types.NewArray(elem, elems))
}

// opaque are types that columns of system relations have but no value here ever
// does: they are known by OID, so that clients are told the right one, and not
// by name, so that nobody makes a column of one.
var opaque = []*types.Type{
	opaqueType(3220, "pg_lsn", 8, 'd', 'U'),
	opaqueType(3361, "pg_ndistinct", -1, 'i', 'Z'),
	opaqueType(3402, "pg_dependencies", -1, 'i', 'Z'),
	opaqueType(5017, "pg_mcv_list", -1, 'i', 'Z'),
}

func opaqueType(oid OID, name string, size int16, align, category byte) *types.Type {
	return &types.Type{OID: oid, Name: name, Phys: types.PhysBytes, Kind: types.KindBase, Len: size, ByVal: size > 0, Align: align, Category: category}
}

// Empty gives a catalog of the built-in objects alone: the schemas
// pg_catalog, information_schema and public, the computed relations, and the
// domains of information_schema.
func Empty() *Snapshot { return emptySnapshot() }

var emptySnapshot = sync.OnceValue(makeEmpty)

func makeEmpty() *Snapshot {
	base := &Snapshot{database: DatabaseOID}
	for _, t := range opaque {
		if types.ByOID(t.OID) == nil {
			base.typeByOID.set(t.OID, t)
		}
	}
	objs := []Object{
		&Schema{OID: PgCatalogOID, Name: "pg_catalog", Owner: BootstrapRoleOID, Comment: "system catalog schema"},
		&Schema{OID: PublicOID, Name: "public", Owner: BootstrapRoleOID, Comment: "standard public schema"},
		&Schema{OID: InformationSchemaOID, Name: "information_schema", Owner: BootstrapRoleOID},
		&Schema{OID: RowkeyOID, Name: "rowkey", Owner: BootstrapRoleOID, Comment: "what rowkey has beyond PostgreSQL"},
	}
	objs = append(objs, builtinRoles()...)
	for _, d := range schemaDomains() {
		objs = append(objs, d)
	}
	s, err := base.With(objs...)
	if err == nil {
		objs = objs[:0]
		for _, t := range virtuals {
			objs = append(objs, t)
		}
		s, err = s.With(objs...)
	}
	if err != nil {
		panic(err) // a bug in the built-in relations
	}
	return s.copy() // folds what was added into the shared base
}
