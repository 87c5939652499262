package catalog

import (
	"testing"

	"rowkey/pgerr"
	"rowkey/types"
)

// sample is a catalog with a schema s, a table public.t with an index, a
// sequence and a domain, and s."T x".
func sample(t testing.TB) *Snapshot {
	t.Helper()
	table := func(oid, schema OID, name string) *Table {
		return &Table{OID: oid, SchemaOID: schema, Name: name, Kind: KindTable, Persistence: Permanent, RowTypeOID: oid + 1, ArrayTypeOID: oid + 2,
			Columns: []Column{
				{Attnum: 1, Name: "a", TypeOID: types.Int4.OID, Typmod: -1, NotNull: true, SeqOID: 20050, Default: "nextval('t_a_seq'::regclass)", Comment: "the key"},
				{Attnum: 2, Name: "b", TypeOID: types.VarChar.OID, Typmod: 14, Default: "'x'::character varying"},
				{Attnum: 3, Name: "gone", TypeOID: types.Text.OID, Typmod: -1, Dropped: true},
				{Attnum: 4, Name: "d", TypeOID: 20060, Typmod: -1},
				{Attnum: 5, Name: "m", TypeOID: 20070, Typmod: -1},
				{Attnum: 6, Name: "l", TypeOID: types.Int4.Array.OID, Typmod: -1},
				{Attnum: 7, Name: "g", TypeOID: types.Int4.OID, Typmod: -1, Generated: "(a + 1)"},
			},
			Indexes: []*Index{
				{OID: oid + 3, Name: name + "_pkey", Number: 1, Primary: true, Unique: true, Constraint: oid + 4, Keys: []IndexKey{{Attnum: 1}}},
				{OID: oid + 5, Name: name + "_b", Number: 2, Keys: []IndexKey{{Expr: "lower((b)::text)", ExprType: types.Text.OID}, {Attnum: 1, Desc: true, NullsFirst: true}},
					Include: []int16{4}, Where: "(a > 0)"},
			},
			Checks:      []*Check{{OID: oid + 6, Name: name + "_a_check", Expr: "(a > 0)", Attnums: []int16{1}}},
			ForeignKeys: []*ForeignKey{{OID: oid + 7, Name: name + "_fk", Columns: []int16{1}, RefTable: 20000, RefColumns: []int16{1}, RefIndex: 20003, OnDelete: FKCascade, OnUpdate: FKNoAction}},
			Comment:     "a table",
		}
	}
	snap, err := Empty().With(
		&Schema{OID: 19999, Name: "s"},
		&UserType{OID: 20060, ArrayOID: 20061, SchemaOID: PublicOID, Name: "posint", Kind: types.KindDomain, BaseOID: types.Int4.OID, BaseMod: -1,
			Checks: []*Check{{OID: 20062, Name: "posint_check", Expr: "(VALUE > 0)"}}},
		&UserType{OID: 20070, ArrayOID: 20071, SchemaOID: PublicOID, Name: "mood", Kind: types.KindEnum,
			Labels: []types.EnumLabel{{OID: 20072, Name: "sad", Sort: 1}, {OID: 20073, Name: "ok", Sort: 2}}},
		&Sequence{OID: 20050, SchemaOID: PublicOID, Name: "t_a_seq", TypeOID: types.Int4.OID, Start: 1, Increment: 1, Min: 1, Max: 1<<31 - 1, Cache: 1, OwnerTable: 20000, OwnerAttnum: 1},
		table(20000, PublicOID, "t"), table(20020, 19999, "T x"),
		&Table{OID: 20080, SchemaOID: PublicOID, Name: "v", Kind: KindView, RowTypeOID: 20081, Columns: []Column{{Attnum: 1, Name: "a", TypeOID: types.Int4.OID, Typmod: -1}},
			View: &View{Query: "SELECT a FROM t", DependsOn: []OID{20000}}},
		&StatsObject{Table: 20000, Stats: &TableStats{Rows: 10, Columns: map[int16]*ColumnStats{
			1: {NDistinct: -1, AvgWidth: 4, Histogram: []types.Datum{types.NewInt(1), types.NewInt(5)}, Correlate: 1},
			2: {NullFrac: 0.5, AvgWidth: 3, NDistinct: 2, MCV: []types.Datum{types.NewString("x")}, MCF: []float64{0.5}}}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// Every relation reads well on a catalog with some of everything in it.
func TestReadAllSample(t *testing.T) { readAll(t, sample(t)) }

var testPath = []string{"pg_catalog", "public"}

// Names of every reg type find what they name, and are given back in the form
// that PostgreSQL prints.
func TestReg(t *testing.T) {
	snap := sample(t)
	for _, c := range []struct {
		kind     *types.Type
		in, want string
	}{
		{types.RegClass, "t", "t"}, {types.RegClass, "public.t", "t"}, {types.RegClass, " PG_CLASS ", "pg_class"},
		{types.RegClass, `s."T x"`, `s."T x"`}, {types.RegClass, "t_pkey", "t_pkey"}, {types.RegClass, "t_a_seq", "t_a_seq"},
		{types.RegClass, "information_schema.tables", "information_schema.tables"},
		{types.RegType, "int", "integer"}, {types.RegType, "timestamp(3) with time zone", "timestamp with time zone"},
		{types.RegType, "varchar(10)[]", "character varying[]"}, {types.RegType, "int[3][]", "integer[]"}, {types.RegType, "char", "character"},
		{types.RegType, `pg_catalog."char"`, `"char"`}, {types.RegType, "_int4", "integer[]"}, {types.RegType, "double precision", "double precision"},
		{types.RegType, "interval year to month", "interval"}, {types.RegType, "dec(1,2)", "numeric"}, {types.RegType, "float(10)", "real"},
		{types.RegType, "mood", "mood"}, {types.RegType, "public.posint[]", "posint[]"}, {types.RegType, `s."T x"`, `s."T x"`}, {types.RegType, "bpchar", "character"},
		{types.RegType, "int array", "integer[]"}, {types.RegType, "pg_class", "pg_class"},
		{types.RegProc, "now", "now"}, {types.RegProc, "pg_catalog.array_in", "array_in"},
		{types.RegProcedure, "abs(integer)", "abs(integer)"}, {types.RegProcedure, "pg_catalog.abs(double precision)", "abs(double precision)"},
		{types.RegOperator, "-(none,int4)", "-(NONE,integer)"}, {types.RegOperator, "pg_catalog.+(int4,int4)", "+(integer,integer)"},
		{types.RegNamespace, "public", "public"}, {types.RegRole, "postgres", "postgres"}, {types.RegCollation, `"C"`, `"C"`}, {types.RegCollation, `default`, `"default"`},
	} {
		oid, err := ParseReg(snap, testPath, c.kind, c.in)
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.in, err)
			continue
		}
		if got := RegName(snap, testPath, c.kind, oid); got != c.want {
			t.Errorf("%s %s: %d is %s, want %s", c.kind, c.in, oid, got, c.want)
		}
	}
	for _, c := range []struct {
		kind     *types.Type
		in, code string
		message  string
	}{
		{types.RegClass, "no_such", "42P01", `relation "no_such" does not exist`},
		{types.RegClass, "x.no_such", "3F000", `schema "x" does not exist`},
		{types.RegClass, `"PG_CLASS"`, "42P01", `relation "PG_CLASS" does not exist`},
		{types.RegClass, "a b", "42602", "invalid name syntax"}, {types.RegClass, "", "42602", "invalid name syntax"},
		{types.RegClass, "a.", "42602", "invalid name syntax"}, {types.RegClass, `"a`, "42602", "invalid name syntax"},
		{types.RegClass, "a.b.c.d", "42601", "improper relation name (too many dotted names): a.b.c.d"},
		{types.RegType, "nosuch", "42704", `type "nosuch" does not exist`}, {types.RegType, "int4 foo", "42601", `syntax error at or near "foo"`},
		{types.RegType, "setof int", "42601", `invalid type name "setof int"`},
		{types.RegProc, "nosuch", "42883", `function "nosuch" does not exist`}, {types.RegProc, "abs", "42725", `more than one function named "abs"`},
		{types.RegProcedure, "abs(text)", "42883", `function "abs(text)" does not exist`}, {types.RegProcedure, "abs", "22P02", "expected a left parenthesis"},
		{types.RegOper, "+", "42725", "more than one operator named +"}, {types.RegOper, "@@@@@", "42883", "operator does not exist: @@@@@"},
		{types.RegOperator, "+(int4)", "42P02", "missing argument"}, {types.RegNamespace, "nosuch", "3F000", `schema "nosuch" does not exist`},
		{types.RegRole, "nosuch", "42704", `role "nosuch" does not exist`},
		{types.RegCollation, "nosuch", "42704", `collation "nosuch" for encoding "UTF8" does not exist`},
	} {
		_, err := ParseReg(snap, testPath, c.kind, c.in)
		if err == nil || pgerr.CodeOf(err) != c.code || pgerr.Of(err).Message != c.message {
			t.Errorf("%s %q: %v, want %s %s", c.kind, c.in, err, c.code, c.message)
		}
	}
}

// Definitions are written as PostgreSQL writes them.
func TestDefinitions(t *testing.T) {
	snap := sample(t)
	tab := snap.Table(20000)
	for _, c := range []struct{ got, want string }{
		{indexDef(snap, testPath, tab, tab.Indexes[0], false), "CREATE UNIQUE INDEX t_pkey ON public.t USING btree (a)"},
		{indexDef(snap, testPath, tab, tab.Indexes[1], false), "CREATE INDEX t_b ON public.t USING btree (lower((b)::text), a DESC) INCLUDE (d) WHERE (a > 0)"},
		{indexDef(snap, testPath, tab, tab.Indexes[1], true), "CREATE INDEX t_b ON t USING btree (lower(b::text), a DESC) INCLUDE (d) WHERE a > 0"},
		{constraintDef(snap, testPath, snap.index().constraints[20004], false), "PRIMARY KEY (a)"},
		{constraintDef(snap, testPath, snap.index().constraints[20006], false), "CHECK ((a > 0))"},
		{constraintDef(snap, testPath, snap.index().constraints[20006], true), "CHECK (a > 0)"},
		{constraintDef(snap, testPath, snap.index().constraints[20027], false), "FOREIGN KEY (a) REFERENCES t(a) ON DELETE CASCADE"},
		{constraintDef(snap, []string{"pg_catalog"}, snap.index().constraints[20027], false), "FOREIGN KEY (a) REFERENCES public.t(a) ON DELETE CASCADE"},
		{namesAsSeen(snap, testPath, "'ok'::mood"), "'ok'::mood"},
		{namesAsSeen(snap, []string{"pg_catalog"}, "('ok'::mood = ANY (ARRAY['::mood'::text]))"), "('ok'::public.mood = ANY (ARRAY['::mood'::text]))"},
		{namesAsSeen(snap, testPath, defaultText(tab.Col(1))), "nextval('t_a_seq'::regclass)"},
		{namesAsSeen(snap, []string{"pg_catalog"}, defaultText(tab.Col(1))), "nextval('public.t_a_seq'::regclass)"},
	} {
		if c.got != c.want {
			t.Errorf("\n got %s\nwant %s", c.got, c.want)
		}
	}
}
