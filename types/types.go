// Package types holds SQL's values: the type descriptors with PostgreSQL's
// OIDs, single values (Datum), column vectors (Vec) and batches of them, and
// for every type its text form, binary form, comparison and hash.
//
//	Type    what a value is: OID, name, physical class, category, element type
//	Datum   one value outside a vector (a parameter, a literal, a default)
//	Vec     a column of values of one type with a null mask
//	Batch   columns of equal length with an optional selection
//
// Every SQL type is carried by one of a few physical classes (Phys); operators
// and kernels are written once per class, not once per type:
//
//	Bool      bool
//	Int64     int2 int4 int8 oid xid "char" date time timestamp timestamptz
//	          enums (sort position), regclass and the other reg types, money-free
//	Float64   float4 (value rounded to float32) float8
//	Bytes     text varchar bpchar name unknown bytea uuid (16 bytes) json jsonb
//	          (canonical text as PostgreSQL prints it) bit varbit (see Bits) cstring
//	Decimal   numeric
//	Interval  interval; timetz (Micros = time of day, Days = seconds west of UTC)
//	Any       arrays (*Array), records (*Tuple), ranges (*Range), multiranges (*Multirange)
//
// Within Int64: "char" is 0 … 255, oid and xid are 0 … 2^32-1, xid8 is the
// unsigned 64 bits, tid is block << 16 | offset, dates are days and timestamps
// microseconds since 2000-01-01.
//
// Invariants: the bytes of a value never change once the value exists, so
// strings may be shared freely between batches, rows and messages. A NULL's
// slot in a vector holds the zero value of its class. Comparison is
// PostgreSQL's under the C collation for text.
//
// Not here: functions and operators (package builtin), key encoding
// (kv/keyenc), row encoding (catalog/rowenc).
package types

import "math"

// OID identifies a type, relation, function … as PostgreSQL's oid does.
type OID uint32

// Phys is the physical class that carries a type's values.
type Phys uint8

// The physical classes. PhysNull is the class of a NULL Datum only.
const (
	PhysNull Phys = iota
	PhysBool
	PhysInt64
	PhysFloat64
	PhysBytes
	PhysDecimal
	PhysInterval
	PhysAny
)

// Kind is pg_type.typtype.
type Kind byte

// The kinds of type.
const (
	KindBase       Kind = 'b'
	KindComposite  Kind = 'c'
	KindDomain     Kind = 'd'
	KindEnum       Kind = 'e'
	KindPseudo     Kind = 'p'
	KindRange      Kind = 'r'
	KindMultirange Kind = 'm'
)

// Field is a column of a composite type or record.
type Field struct {
	Name   string
	Type   *Type
	Typmod int32
	// Place is where stored values have the field: how many attributes the row type has
	// had before it, those that are dropped counted.
	Place int
	// Collation is that of a column of ROW(), 0 for its type's, Indeterminate if several were in conflict.
	Collation OID
}

// Indeterminate stands for the collation of a column that has none.
const Indeterminate OID = math.MaxUint32

// EnumLabel is one label of an enum. Sort is its position in the enum's order
// and the value that rows and keys store; labels keep their Sort for life, and
// a label added between two others takes a number between theirs.
type EnumLabel struct {
	OID  OID
	Name string
	Sort int64
	// New: the transaction that looks added the label to the type, and has yet to commit.
	// Rows with it would be damaged by its rollback, so it cannot be used until then.
	New bool `json:"-"`
}

// EnumGap is the distance between the sort positions of labels made one after another.
const EnumGap = 1 << 32

// Type describes a SQL type. Built-in types are the package's variables and
// may be compared by pointer; user-made types (enums, domains, table row
// types) are made by the catalog and must be compared by OID.
type Type struct {
	OID        OID
	Name       string // pg_type.typname
	Schema     string // "" is pg_catalog
	Phys       Phys
	Kind       Kind
	Len        int16 // pg_type.typlen: bytes, -1 varlena, -2 cstring
	ByVal      bool  // pg_type.typbyval
	Align      byte  // pg_type.typalign
	Category   byte  // pg_type.typcategory
	Preferred  bool  // pg_type.typispreferred
	Collate    bool  // has a collation (text and its kin)
	Elem       *Type // element type of an array type
	Array      *Type // the array type over this type
	Fields     []Field
	Labels     []EnumLabel // of an enum, in sort order
	Base       *Type       // of a domain
	BaseMod    int32       // of a domain: the typmod of its base type
	Collation  OID         // of a domain: its collation, 0 for that of its base type
	RelID      OID         // of a table's row type: the table
	Subtype    *Type       // of a range: the type of its bounds
	Multirange *Type       // of a range: the multirange type over it
	Range      *Type       // of a multirange: the type of its ranges
}

// String gives the type's name as pg_catalog knows it (int4, _text …);
// Format gives the SQL name.
func (t *Type) String() string {
	if t == nil {
		return "<nil type>"
	}
	return t.Name
}

// IsArray reports whether t is a true array type.
func (t *Type) IsArray() bool { return t.Elem != nil && t.Category == 'A' }

// Delim is what stands between two elements of an array of the type
// (pg_type.typdelim). Only boxes have another than the comma, and their text form
// has nothing that an array would quote.
func (t *Type) Delim() byte {
	if u := t.Under(); u.OID == oidBox || u.Elem != nil && u.Elem.OID == oidBox {
		return ';'
	}
	return ','
}

// Part is the type of the parts of a type of fixed length that can be subscripted
// without being an array (pg_type.typelem); nil for all others.
func (t *Type) Part() *Type {
	switch t {
	case Name:
		return Char
	case Point, Line:
		return Float8
	case Lseg, Box:
		return Point
	}
	return nil
}

// Under gives the base type beneath domains, t itself otherwise.
func (t *Type) Under() *Type {
	for t.Kind == KindDomain && t.Base != nil {
		t = t.Base
	}
	return t
}

// HoldsDomains reports whether a value of t may be, or have inside it, one of a
// domain: reading its text does not make sure that it is a value of t.
func (t *Type) HoldsDomains() bool {
	for t.IsArray() {
		t = t.Elem
	}
	return t.Kind == KindDomain || t.Kind == KindComposite
}

var byOID = map[OID]*Type{}
var byName = map[string]*Type{}

// ByOID finds a built-in type, nil if there is none.
func ByOID(oid OID) *Type { return byOID[oid] }

// ByName finds a built-in type by its pg_catalog name (int4, _int4, text …),
// nil if there is none. SQL spellings (integer) are the parser's business.
func ByName(name string) *Type { return byName[name] }

// Builtins gives all built-in types in OID order.
func Builtins() []*Type { return builtins }

var builtins []*Type

func register(t *Type) *Type {
	byOID[t.OID] = t
	byName[t.Name] = t
	builtins = append(builtins, t)
	return t
}

// base makes and registers a base type and, when arrayOID is not 0, its array type.
func base(oid, arrayOID OID, name string, phys Phys, length int16, byVal bool, align, category byte, opts ...func(*Type)) *Type {
	t := &Type{OID: oid, Name: name, Phys: phys, Kind: KindBase, Len: length, ByVal: byVal, Align: align, Category: category}
	for _, o := range opts {
		o(t)
	}
	register(t)
	if arrayOID != 0 {
		a := byte('i')
		if align == 'd' {
			a = 'd'
		}
		t.Array = register(&Type{OID: arrayOID, Name: "_" + name, Phys: PhysAny, Kind: t.Kind, Len: -1, Align: a, Category: 'A', Elem: t, Collate: t.Collate})
		if name == "record" {
			t.Array.Category = 'P'
		} else {
			t.Array.Kind = KindBase
		}
	}
	return t
}

func preferred(t *Type) { t.Preferred = true }
func collated(t *Type)  { t.Collate = true }
func pseudo(t *Type)    { t.Kind = KindPseudo }

// rangeOver makes and registers a range type and its multirange type.
func rangeOver(sub *Type, oid, arrayOID OID, name string, multiOID, multiArrayOID OID, multi string) *Type {
	t := base(oid, arrayOID, name, PhysAny, -1, false, 'i', 'R')
	t.Kind, t.Subtype = KindRange, sub
	m := base(multiOID, multiArrayOID, multi, PhysAny, -1, false, 'i', 'R')
	m.Kind, m.Range = KindMultirange, t
	t.Multirange = m
	if sub.Align == 'd' {
		for _, x := range []*Type{t, t.Array, m, m.Array} {
			x.Align = 'd'
		}
	}
	return t
}

// The built-in types, with the attributes of PostgreSQL 15's pg_type.
var (
	Bool         = base(16, 1000, "bool", PhysBool, 1, true, 'c', 'B', preferred)
	Bytea        = base(17, 1001, "bytea", PhysBytes, -1, false, 'i', 'U')
	Char         = base(18, 1002, "char", PhysInt64, 1, true, 'c', 'Z')
	Name         = base(19, 1003, "name", PhysBytes, 64, false, 'c', 'S', collated)
	Int8         = base(20, 1016, "int8", PhysInt64, 8, true, 'd', 'N')
	Int2         = base(21, 1005, "int2", PhysInt64, 2, true, 's', 'N')
	Int2Vector   = base(22, 1006, "int2vector", PhysAny, -1, false, 'i', 'A', func(t *Type) { t.Elem = Int2 })
	Int4         = base(23, 1007, "int4", PhysInt64, 4, true, 'i', 'N')
	RegProc      = base(24, 1008, "regproc", PhysInt64, 4, true, 'i', 'N')
	Text         = base(25, 1009, "text", PhysBytes, -1, false, 'i', 'S', preferred, collated)
	Oid          = base(26, 1028, "oid", PhysInt64, 4, true, 'i', 'N', preferred)
	Tid          = base(27, 1010, "tid", PhysInt64, 6, false, 's', 'U')
	Xid          = base(28, 1011, "xid", PhysInt64, 4, true, 'i', 'U')
	Cid          = base(29, 1012, "cid", PhysInt64, 4, true, 'i', 'U')
	OidVector    = base(30, 1013, "oidvector", PhysAny, -1, false, 'i', 'A', func(t *Type) { t.Elem = Oid })
	JSON         = base(114, 199, "json", PhysBytes, -1, false, 'i', 'U')
	PgNodeTree   = base(194, 0, "pg_node_tree", PhysBytes, -1, false, 'i', 'Z', collated)
	Point        = base(600, 1017, "point", PhysBytes, 16, false, 'd', 'G')
	Lseg         = base(601, 1018, "lseg", PhysBytes, 32, false, 'd', 'G')
	Path         = base(602, 1019, "path", PhysBytes, -1, false, 'd', 'G')
	Box          = base(603, 1020, "box", PhysBytes, 32, false, 'd', 'G')
	Polygon      = base(604, 1027, "polygon", PhysBytes, -1, false, 'd', 'G')
	Line         = base(628, 629, "line", PhysBytes, 24, false, 'd', 'G')
	Float4       = base(700, 1021, "float4", PhysFloat64, 4, true, 'i', 'N')
	Float8       = base(701, 1022, "float8", PhysFloat64, 8, true, 'd', 'N', preferred)
	Circle       = base(718, 719, "circle", PhysBytes, 24, false, 'd', 'G')
	Money        = base(790, 791, "money", PhysInt64, 8, true, 'd', 'N')
	Cidr         = base(650, 651, "cidr", PhysBytes, -1, false, 'i', 'I')
	InetType     = base(869, 1041, "inet", PhysBytes, -1, false, 'i', 'I', preferred)
	MacAddr      = base(829, 1040, "macaddr", PhysBytes, 6, false, 'i', 'U')
	MacAddr8     = base(774, 775, "macaddr8", PhysBytes, 8, false, 'i', 'U')
	Unknown      = base(705, 0, "unknown", PhysBytes, -2, false, 'c', 'X', pseudo)
	AclItem      = base(1033, 1034, "aclitem", PhysBytes, 12, false, 'i', 'U')
	BPChar       = base(1042, 1014, "bpchar", PhysBytes, -1, false, 'i', 'S', collated)
	VarChar      = base(1043, 1015, "varchar", PhysBytes, -1, false, 'i', 'S', collated)
	Date         = base(1082, 1182, "date", PhysInt64, 4, true, 'i', 'D')
	Time         = base(1083, 1183, "time", PhysInt64, 8, true, 'd', 'D')
	Timestamp    = base(1114, 1115, "timestamp", PhysInt64, 8, true, 'd', 'D')
	TimestampTZ  = base(1184, 1185, "timestamptz", PhysInt64, 8, true, 'd', 'D', preferred)
	Interval     = base(1186, 1187, "interval", PhysInterval, 16, false, 'd', 'T', preferred)
	TimeTZ       = base(1266, 1270, "timetz", PhysInterval, 12, false, 'd', 'D')
	Bit          = base(1560, 1561, "bit", PhysBytes, -1, false, 'i', 'V')
	VarBit       = base(1562, 1563, "varbit", PhysBytes, -1, false, 'i', 'V', preferred)
	Numeric      = base(1700, 1231, "numeric", PhysDecimal, -1, false, 'i', 'N')
	RefCursor    = base(1790, 2201, "refcursor", PhysBytes, -1, false, 'i', 'U')
	RegProcedure = base(2202, 2207, "regprocedure", PhysInt64, 4, true, 'i', 'N')
	RegOper      = base(2203, 2208, "regoper", PhysInt64, 4, true, 'i', 'N')
	RegOperator  = base(2204, 2209, "regoperator", PhysInt64, 4, true, 'i', 'N')
	RegClass     = base(2205, 2210, "regclass", PhysInt64, 4, true, 'i', 'N')
	RegType      = base(2206, 2211, "regtype", PhysInt64, 4, true, 'i', 'N')
	RegRole      = base(4096, 4097, "regrole", PhysInt64, 4, true, 'i', 'N')
	RegNamespace = base(4089, 4090, "regnamespace", PhysInt64, 4, true, 'i', 'N')
	RegCollation = base(4191, 4192, "regcollation", PhysInt64, 4, true, 'i', 'N')
	UUID         = base(2950, 2951, "uuid", PhysBytes, 16, false, 'c', 'U')
	JSONB        = base(3802, 3807, "jsonb", PhysBytes, -1, false, 'i', 'U')
	JSONPathText = base(4072, 4073, "jsonpath", PhysBytes, -1, false, 'i', 'U')
	Xid8         = base(5069, 271, "xid8", PhysInt64, 8, true, 'd', 'U')

	Int4Range = rangeOver(Int4, 3904, 3905, "int4range", 4451, 6150, "int4multirange")
	NumRange  = rangeOver(Numeric, 3906, 3907, "numrange", 4532, 6151, "nummultirange")
	TsRange   = rangeOver(Timestamp, 3908, 3909, "tsrange", 4533, 6152, "tsmultirange")
	TstzRange = rangeOver(TimestampTZ, 3910, 3911, "tstzrange", 4534, 6153, "tstzmultirange")
	DateRange = rangeOver(Date, 3912, 3913, "daterange", 4535, 6155, "datemultirange")
	Int8Range = rangeOver(Int8, 3926, 3927, "int8range", 4536, 6157, "int8multirange")

	Record                  = base(2249, 2287, "record", PhysAny, -1, false, 'd', 'P', pseudo)
	CString                 = base(2275, 1263, "cstring", PhysBytes, -2, false, 'c', 'P', pseudo)
	AnyType                 = base(2276, 0, "any", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyArray                = base(2277, 0, "anyarray", PhysAny, -1, false, 'd', 'P', pseudo)
	Void                    = base(2278, 0, "void", PhysBytes, 4, true, 'i', 'P', pseudo)
	Trigger                 = base(2279, 0, "trigger", PhysAny, 4, true, 'i', 'P', pseudo)
	_                       = base(269, 0, "table_am_handler", PhysAny, 4, true, 'i', 'P', pseudo)
	_                       = base(325, 0, "index_am_handler", PhysAny, 4, true, 'i', 'P', pseudo)
	_                       = base(2280, 0, "language_handler", PhysAny, 4, true, 'i', 'P', pseudo)
	Internal                = base(2281, 0, "internal", PhysAny, 8, true, 'd', 'P', pseudo)
	AnyElement              = base(2283, 0, "anyelement", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyNonArray             = base(2776, 0, "anynonarray", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyEnum                 = base(3500, 0, "anyenum", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyCompatible           = base(5077, 0, "anycompatible", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyCompatibleArray      = base(5078, 0, "anycompatiblearray", PhysAny, -1, false, 'd', 'P', pseudo)
	AnyCompatibleNonArray   = base(5079, 0, "anycompatiblenonarray", PhysAny, 4, true, 'i', 'P', pseudo)
	AnyRange                = base(3831, 0, "anyrange", PhysAny, -1, false, 'd', 'P', pseudo)
	AnyMultirange           = base(4537, 0, "anymultirange", PhysAny, -1, false, 'd', 'P', pseudo)
	AnyCompatibleRange      = base(5080, 0, "anycompatiblerange", PhysAny, -1, false, 'd', 'P', pseudo)
	AnyCompatibleMultirange = base(4538, 0, "anycompatiblemultirange", PhysAny, -1, false, 'd', 'P', pseudo)
)
