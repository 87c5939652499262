package catalog

import "rowkey/types"

// OID identifies every object of the catalog; all kinds share one number space.
// Built-in objects have PostgreSQL's numbers; those of users start at FirstUserOID.
type OID = types.OID

// FirstUserOID is the first OID given to an object that a user makes.
const FirstUserOID OID = 16384

// OIDs of the built-in schemas and the bootstrap role and database, as in PostgreSQL.
const (
	PgCatalogOID         OID = 11
	PublicOID            OID = 2200
	InformationSchemaOID OID = 13207
	// RowkeyOID is the schema of what rowkey has beyond PostgreSQL.
	RowkeyOID        OID = 9900
	BootstrapRoleOID OID = 10
	DatabaseOID      OID = 5 // of the main database
)

// Schema is a namespace.
type Schema struct {
	OID     OID
	Name    string
	Owner   OID    `json:",omitempty"`
	ACL     *ACL   `json:",omitempty"`
	Comment string `json:",omitempty"`
	// KeySpace marks the schema of a key space, whose tables commands write beside
	// SQL (package keyspace): its number plus one; 0 for all others.
	KeySpace int `json:",omitempty"`
}

// RelKind is pg_class.relkind.
type RelKind byte

// The kinds of relation that have a Table descriptor.
const (
	KindTable RelKind = 'r'
	KindView  RelKind = 'v'
	// KindComposite is a composite type made by CREATE TYPE: columns, no rows.
	KindComposite   RelKind = 'c'
	KindPartitioned RelKind = 'p' // a partitioned table: its rows are its partitions'
	KindMatView     RelKind = 'm' // a materialized view: a View whose rows are stored
)

// Persistence is pg_class.relpersistence.
type Persistence byte

// The persistences.
const (
	Permanent Persistence = 'p'
	Temporary Persistence = 't'
	Unlogged  Persistence = 'u'
)

// Table describes a table or a view. Descriptors are read-only once they are
// part of a Snapshot; DDL works on copies (Clone).
type Table struct {
	OID         OID
	SchemaOID   OID
	Name        string
	Kind        RelKind
	Persistence Persistence
	Owner       OID  `json:",omitempty"`
	ACL         *ACL `json:",omitempty"`
	// TypeACL is that of the row type.
	TypeACL *ACL `json:",omitempty"`
	// RowTypeOID is the OID of the table's row type, ArrayTypeOID of its array.
	RowTypeOID   OID `json:",omitempty"`
	ArrayTypeOID OID `json:",omitempty"`
	// Storage is the number under which the rows live in the store (the first
	// part of their keys). A new number empties a table in one step.
	Storage uint32 `json:",omitempty"`
	// Columns are in attnum order, dropped ones included: Columns[i] has attnum i+1.
	Columns []Column
	// Indexes[0] is the primary index, which holds the rows: the primary key's
	// columns, or none (Index.RowID) for the hidden ordered row id.
	Indexes []*Index `json:",omitempty"`
	// LastIndex is the highest number an index of the table has had. Entries of a dropped
	// one are removed only after the commit, so that no other may take its number.
	LastIndex   uint32        `json:",omitempty"`
	Checks      []*Check      `json:",omitempty"`
	ForeignKeys []*ForeignKey `json:",omitempty"`
	Triggers    []*Trigger    `json:",omitempty"` // by name
	ActionsOff  []OID         `json:",omitempty"` // foreign keys to it for which nothing is done when its rows change, as in ForeignKey.ChecksOff
	View        *View         `json:",omitempty"`
	OnCommit    byte          `json:",omitempty"` // temp tables: 'p' preserve, 'd' delete rows, 'D' drop
	Comment     string        `json:",omitempty"`
	Options     []string      `json:",omitempty"` // WITH (…) as given
	// Kept for the catalogs alone: CLUSTER ON and REPLICA IDENTITY (pg_class.relreplident,
	// 0 for the default).
	ClusterOn       OID  `json:",omitempty"`
	ReplicaIdentity byte `json:",omitempty"`
	ReplicaIndex    OID  `json:",omitempty"`
	// Inherits are the parents, in order; of a partition, the table it is part of.
	Inherits []OID `json:",omitempty"`
	// PartitionBy says how a partitioned table divides its rows, Bound which of its
	// parent's rows a partition has.
	PartitionBy *PartitionKey   `json:",omitempty"`
	Bound       *PartitionBound `json:",omitempty"`
	// Detaching marks a partition of which DETACH … CONCURRENTLY has done the first
	// half: who begins to look at the whole from then on does not see it.
	Detaching bool `json:",omitempty"`

	// The rest is computed when the descriptor enters a Snapshot (not stored).
	Schema     *Schema        `json:"-"`
	ReferredBy []*Table       `json:"-"` // tables with a foreign key to this one
	RowType    *types.Type    `json:"-"`
	Virtual    *VirtualTable  `json:"-"` // computed relation of pg_catalog or information_schema
	Stats      *TableStats    `json:"-"` // nil when never analysed
	byName     map[string]int `json:"-"`
}

// Identity is pg_attribute.attidentity.
type Identity byte

// Identity kinds.
const (
	NotIdentity       Identity = 0
	IdentityAlways    Identity = 'a'
	IdentityByDefault Identity = 'd'
)

// Column is a column of a table. Expressions are kept as SQL text with names
// resolved against the table.
type Column struct {
	Attnum    int16
	Name      string
	TypeOID   OID
	Typmod    int32
	NotNull   bool     `json:",omitempty"`
	Default   string   `json:",omitempty"` // SQL expression
	Generated string   `json:",omitempty"` // SQL expression of a stored generated column
	Identity  Identity `json:",omitempty"`
	// SeqOID is the sequence that a serial or identity column owns.
	SeqOID  OID  `json:",omitempty"`
	Dropped bool `json:",omitempty"`
	// Missing is the text form of the value that rows stored before the column
	// was added have; HasMissing false means NULL.
	HasMissing bool   `json:",omitempty"`
	Missing    string `json:",omitempty"`
	Collation  OID    `json:",omitempty"`
	Comment    string `json:",omitempty"`
	// Kept for the catalogs alone, as pg_attribute has them; zero for the defaults.
	StatTarget  *int     `json:",omitempty"`
	Storage     byte     `json:",omitempty"`
	Compression byte     `json:",omitempty"`
	Options     []string `json:",omitempty"`
	// InhCount is the number of parents that have the column, NotLocal tells that
	// the table's own definition does not.
	InhCount int  `json:",omitempty"`
	NotLocal bool `json:",omitempty"`
	ACL      *ACL `json:",omitempty"` // nil: only the table's counts

	Type *types.Type `json:"-"` // resolved from TypeOID in a Snapshot
	// MissingVal is Missing parsed, NULL if none.
	MissingVal types.Datum `json:"-"`
}

// Index describes an index. Number distinguishes the indexes of one table in
// keys; the primary index has 1.
type Index struct {
	OID    OID
	Name   string
	Number uint32
	// RowID marks the primary index of a table without a primary key.
	RowID      bool       `json:",omitempty"`
	Primary    bool       `json:",omitempty"` // is the PRIMARY KEY constraint's
	Unique     bool       `json:",omitempty"`
	NullsEqual bool       `json:",omitempty"` // UNIQUE NULLS NOT DISTINCT
	Constraint OID        `json:",omitempty"` // of the primary key or unique constraint it enforces
	Deferrable bool       `json:",omitempty"`
	ChecksOff  bool       `json:",omitempty"` // as in ForeignKey, where it is deferrable
	Deferred   bool       `json:",omitempty"` // INITIALLY DEFERRED
	Keys       []IndexKey `json:",omitempty"`
	Include    []int16    `json:",omitempty"` // attnums of INCLUDE columns
	Where      string     `json:",omitempty"` // SQL predicate of a partial index
	Building   bool       `json:",omitempty"` // maintained by writers, not yet read
	NotReady   bool       `json:",omitempty"` // beside Building: writers only remove entries
	Comment    string     `json:",omitempty"`
	// ConstraintComment is the comment on the constraint that the index enforces.
	ConstraintComment string `json:",omitempty"`
	// Parent is the index of the partitioned table that this one, of a partition, is part of.
	Parent OID `json:",omitempty"`
	// Invalid marks an index of a partitioned table that some partition lacks.
	Invalid bool `json:",omitempty"`
	// Exclusion marks the index of an exclusion constraint whose operators are all
	// equality: a unique index (Unique is set) under another name.
	Exclusion bool `json:",omitempty"`
}

// IndexKey is one key column of an index: a column or an expression.
type IndexKey struct {
	Attnum     int16  `json:",omitempty"` // 0 for an expression
	Expr       string `json:",omitempty"` // SQL expression when Attnum is 0
	ExprType   OID    `json:",omitempty"`
	Desc       bool   `json:",omitempty"`
	NullsFirst bool   `json:",omitempty"`
	Opclass    string `json:",omitempty"`
	Collation  OID    `json:",omitempty"` // given with COLLATE; else the column's
	Derived    OID    `json:",omitempty"` // an expression's own collation, if its type has another

	Type *types.Type `json:"-"` // resolved in a Snapshot
}

// Check is a CHECK constraint.
type Check struct {
	OID       OID
	Name      string
	Expr      string
	NotValid  bool    `json:",omitempty"`
	NoInherit bool    `json:",omitempty"`
	Attnums   []int16 `json:",omitempty"` // columns the expression uses
	Comment   string  `json:",omitempty"`
	InhCount  int     `json:",omitempty"` // parents that have it
	NotLocal  bool    `json:",omitempty"` // comes from parents alone
}

// FKAction is pg_constraint.confupdtype / confdeltype.
type FKAction byte

// The referential actions.
const (
	FKNoAction   FKAction = 'a'
	FKRestrict   FKAction = 'r'
	FKCascade    FKAction = 'c'
	FKSetNull    FKAction = 'n'
	FKSetDefault FKAction = 'd'
)

// ForeignKey is a FOREIGN KEY constraint, kept in the referencing table.
type ForeignKey struct {
	OID        OID
	Name       string
	Columns    []int16 // attnums here
	RefTable   OID
	RefColumns []int16 // attnums there
	RefIndex   OID     // unique index there that the constraint rests on
	OnDelete   FKAction
	OnUpdate   FKAction
	SetColumns []int16 `json:",omitempty"` // ON DELETE SET NULL (columns)
	MatchFull  bool    `json:",omitempty"`
	Deferrable bool    `json:",omitempty"`
	Deferred   bool    `json:",omitempty"`
	NotValid   bool    `json:",omitempty"`
	Comment    string  `json:",omitempty"`
	// Parent is the constraint this one derives from: that of the partitioned table
	// the referencing table is a partition of, or, with Referenced set, the one of the
	// same table whose referenced table is partitioned, with RefTable as a part.
	Parent     OID  `json:",omitempty"`
	Referenced bool `json:",omitempty"`
	// ChecksOff: rows written are not checked, after ALTER TABLE … DISABLE TRIGGER ALL.
	ChecksOff bool `json:",omitempty"`
}

// Trigger calls a function when a table's rows change.
type Trigger struct {
	OID        OID
	Name       string
	Function   OID
	Timing     TriggerTiming
	Events     TriggerEvent
	Row        bool     `json:",omitempty"` // FOR EACH ROW, else STATEMENT
	Columns    []int16  `json:",omitempty"` // UPDATE OF
	When       string   `json:",omitempty"` // SQL condition over old and new
	Args       []string `json:",omitempty"`
	OldTable   string   `json:",omitempty"` // REFERENCING OLD TABLE AS
	NewTable   string   `json:",omitempty"`
	Constraint bool     `json:",omitempty"`
	From       OID      `json:",omitempty"` // constraint triggers: FROM table
	Deferrable bool     `json:",omitempty"`
	Deferred   bool     `json:",omitempty"`
	Enabled    byte     // pg_trigger.tgenabled: O, D, R, A
	Parent     OID      `json:",omitempty"` // the partitioned table's trigger that this one comes from
	Comment    string   `json:",omitempty"`
}

// TriggerTiming says when a trigger fires.
type TriggerTiming byte

// The timings.
const (
	TriggerBefore  TriggerTiming = 'b'
	TriggerAfter   TriggerTiming = 'a'
	TriggerInstead TriggerTiming = 'i'
)

// TriggerEvent is a set of events.
type TriggerEvent byte

// The events, as parser/ast has them.
const (
	OnInsert TriggerEvent = 1 << iota
	OnDelete
	OnUpdate
	OnTruncate
)

// View is what a view, materialized or not, adds to its Table.
type View struct {
	Query       string   // SQL text
	Path        []string `json:",omitempty"` // search path that its names were resolved with
	CheckOption byte     `json:",omitempty"` // 0, 'l' local, 'c' cascaded
	DependsOn   []OID    `json:",omitempty"` // relations, functions and types it reads
	// Unaliased are aliases in Query that nobody wrote: the former names of
	// relations that have others now.
	Unaliased []string `json:",omitempty"`
	// Unpopulated marks a materialized view that WITH NO DATA left without rows.
	Unpopulated bool `json:",omitempty"`
}

// Sequence describes a sequence generator; its current value lives under a
// key of its own, outside transactions.
type Sequence struct {
	OID       OID
	SchemaOID OID
	Name      string
	TypeOID   OID
	Start     int64
	Increment int64
	Min       int64
	Max       int64
	Cache     int64
	Cycle     bool `json:",omitempty"`
	// OwnerTable and OwnerAttnum name the column that owns the sequence (OWNED BY).
	OwnerTable  OID         `json:",omitempty"`
	OwnerAttnum int16       `json:",omitempty"`
	Internal    bool        `json:",omitempty"` // of an identity column
	Persistence Persistence `json:",omitempty"`
	Owner       OID         `json:",omitempty"`
	ACL         *ACL        `json:",omitempty"`
	Comment     string      `json:",omitempty"`

	Schema *Schema `json:"-"`
}

// UserType describes a type made by a user: an enum or a domain.
type UserType struct {
	OID       OID
	ArrayOID  OID
	SchemaOID OID
	Name      string
	Kind      types.Kind
	Labels    []types.EnumLabel `json:",omitempty"`
	BaseOID   OID               `json:",omitempty"` // domain
	BaseMod   int32             `json:",omitempty"`
	Collation OID               `json:",omitempty"` // of a domain, if its base type has another
	NotNull   bool              `json:",omitempty"`
	Default   string            `json:",omitempty"`
	Checks    []*Check          `json:",omitempty"`
	Owner     OID               `json:",omitempty"`
	ACL       *ACL              `json:",omitempty"`
	Comment   string            `json:",omitempty"`
	Range     *RangeType        `json:",omitempty"`

	Schema *Schema     `json:"-"`
	Type   *types.Type `json:"-"`
}

// RangeType is what a range type has beside its name. Its subtype is the type's BaseOID.
type RangeType struct {
	// The multirange type over it, in the same schema.
	MultirangeOID, MultirangeArrayOID OID
	Multirange                        string
	Diff                              OID `json:",omitempty"` // the subtype's difference function
	Collation                         OID `json:",omitempty"`
	// Funcs are the numbers of the constructors, in builtin.RangeFuncs' order.
	Funcs [5]OID
	// Constructor is the name of the range's, if the type was renamed since.
	Constructor string `json:",omitempty"`
}

// VirtualTable computes a relation from the catalog itself.
type VirtualTable struct {
	// Rows calls emit for each row, one Datum per column of the table. ctx is
	// the *builtin.Ctx of the statement. When eq names a column by attnum > 0, only
	// rows whose column equals key need be emitted (others may be): a lookup hint.
	Rows func(snap *Snapshot, ctx any, eq int16, key types.Datum, emit func([]types.Datum) error) error
	// Lookups are the attnums for which the eq hint saves work.
	Lookups []int16
}

// TableStats are the statistics of a table (ANALYZE).
type TableStats struct {
	Rows    float64 // estimated number of rows
	Columns map[int16]*ColumnStats
}

// ColumnStats are the statistics of one column, the contents of pg_stats.
type ColumnStats struct {
	NullFrac  float64
	AvgWidth  int32
	NDistinct float64 // as pg_stats.n_distinct: > 0 count, < 0 minus fraction of rows
	MCV       []types.Datum
	MCF       []float64
	Histogram []types.Datum
	Correlate float64
}

// Column lookup.

// ColumnByName finds a live column, nil if there is none.
func (t *Table) ColumnByName(name string) *Column {
	if t.byName != nil {
		if i, ok := t.byName[name]; ok {
			return &t.Columns[i]
		}
		return nil
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Name == name {
			return c
		}
	}
	return nil
}

// Col gives the column of an attnum.
func (t *Table) Col(attnum int16) *Column { return &t.Columns[attnum-1] }

// PrimaryKey gives the primary key's index, nil if the table has none.
func (t *Table) PrimaryKey() *Index {
	if len(t.Indexes) > 0 && t.Indexes[0].Primary {
		return t.Indexes[0]
	}
	return nil
}

// IndexByOID finds an index of the table, nil if there is none.
func (t *Table) IndexByOID(oid OID) *Index {
	for _, ix := range t.Indexes {
		if ix.OID == oid {
			return ix
		}
	}
	return nil
}
