// Package plan is the physical plan: a read-only tree of operators over bound
// expressions. The planner makes it, the executor runs it, EXPLAIN prints it;
// it can be cached and shared between sessions, since all state of a running
// query lives in the executor.
//
//	SELECT e.name FROM e JOIN d ON e.d_id = d.id WHERE e.age > 25
//
//	Project [Col 0]
//	└─ HashJoin inner  Col 1 = Col 3
//	   ├─ Filter Col 2 > 25
//	   │  └─ Scan e /Table/7/1 [all]
//	   └─ Scan d /Table/8/1 [all]
//
// Every node yields rows of the columns Base.Cols describes; expressions refer
// to the columns of a node's input by position (Col.Idx).
//
// Not here: logical algebra and rules (planner), running (executor).
package plan

import (
	"sync/atomic"

	"rowkey/catalog"
	"rowkey/types"
)

// Column describes an output column of a node.
type Column struct {
	Name   string
	Type   *types.Type
	Typmod int32
	// Collation is the column's, 0 for its type's, types.Indeterminate if several were in conflict.
	Collation types.OID
	// TableOID and Attnum name the table column it is, for RowDescription; 0 if none.
	TableOID types.OID
	Attnum   int16
}

// Base is the part common to all nodes.
type Base struct {
	ID      int // number of the node in its plan, from 0: index of run-time counters
	Cols    []Column
	Rows    float64 // estimated rows
	Width   int     // estimated bytes a row
	Startup float64 // estimated cost to the first row, in PostgreSQL's units
	Total   float64 // estimated cost to the last row
}

// Info gives the common part.
func (b *Base) Info() *Base { return b }

// Node is an operator of the plan.
type Node interface {
	Info() *Base
	Children() []Node
}

// Plan is a whole statement's plan.
type Plan struct {
	Root Node
	// Slots is the number of ExecParam slots, Nodes the number of nodes
	// (including those of subplans and CTEs).
	Slots, Nodes int
	// CTEs are the plans of WITH queries that are computed once, in order; CTEScan
	// refers to them by index. Data-modifying ones run to completion even if not read.
	CTEs []CTE
	// Params are the types of $1 … $n.
	Params []*types.Type
	// Columns are the visible result columns (nil for statements without result);
	// Root may yield more columns behind them (junk).
	Columns []Column
	// RowKeys are the tables whose row keys Root yields behind the visible columns:
	// where a cursor stands (DECLARE CURSOR).
	RowKeys []RowKey
	// Relations is the number of tables, subqueries, joins and functions in FROM
	// anywhere: EXPLAIN qualifies columns where there are several.
	Relations int
	// Opened are the tables and indexes that the nodes read or write: while the plan runs,
	// the session may not change them otherwise.
	Opened []types.OID
	// Tag is the command tag's word: SELECT, INSERT, UPDATE, DELETE, MERGE.
	Tag string
	// Tables are the tables read or written, with the lock each needs: the session
	// takes them before running, and checks that the descriptors are still current.
	Tables []TableUse
	// Access is what must be allowed before it runs, and Functions the functions that
	// not everybody may call; see Authorize.
	Access    []*catalog.Access
	Functions []types.OID
	// Fault is the error of planning that a statement has which can be prepared for all
	// that. It comes first. Refused is the error that running gives, nil for none. Unpopulated is a
	// materialized view without data that the plan reads: that may be explained.
	Fault error
	// Uncalled tells that immutable functions of users stand in it whose values could not
	// be computed in advance: it is to be made anew within a transaction.
	Uncalled    bool
	Refused     error
	Unpopulated *catalog.Table
	authorized  atomic.Uint32 // the last role that may run it
	// CatalogVersion is the version of the catalog it was planned with.
	CatalogVersion uint64
	// Calls tells that functions made by users are called, which may write.
	Calls bool
	// ByRow tells that functions are called whose calls can be told apart, so that the
	// operators pass single rows.
	ByRow bool
	// ReadOnly tells that nothing is written or locked, Locks that rows are locked by FOR
	// UPDATE or its like.
	ReadOnly, Locks bool
	// Rules are the names of the rules that fired, in order.
	Rules []string
	// Algebra is the printed logical plan before and after the rules (EXPLAIN (ALGEBRA)).
	Algebra []string
}

// RowKey tells in which output columns the key of a table's row and the OID of
// the table that holds it are.
type RowKey struct {
	Table       types.OID
	Key, Member int
	Locked      bool // by FOR UPDATE or SHARE
}

// TableUse is a table and what the plan does with it. Mark: rows are looked for by a
// foreign key, and locked. Referred: for nothing else than that they be there.
type TableUse struct {
	Table                 *catalog.Table
	Write, Mark, Referred bool
}

// CTE is a WITH query that is computed once.
type CTE struct {
	Name     string
	Plan     Node
	Modifies bool
}

// Values yields constant rows: VALUES lists, and one row of no columns for a
// query without FROM.
type Values struct {
	Base
	RowsExprs [][]Expr
	// Lit, when not nil, holds the rows as ready values instead (literal-only VALUES,
	// column by column), so that thousands of rows cost no expression trees.
	Lit []*types.Vec
}

// KeySpan is a range of an index, in the index's own order (a descending
// column's Low is its larger value): first Eq, values for a prefix of the key
// columns that must be equal; then a range on the next column. A NULL among
// Eq or in a bound makes the span empty (unless EqNull[i]: IS NULL).
type KeySpan struct {
	Eq              []Expr
	EqNull          []bool // nil, or per Eq: match NULL
	Low             Expr   // bound on key column len(Eq), nil open
	High            Expr
	LowInc, HighInc bool
	// LowMore and HighMore continue a bound on the key columns behind: rows compared
	// as a whole, (a, b) > (1, 2). A NULL among them ends the bound in front of it.
	LowMore, HighMore []Expr
	// NotNull excludes NULLs of key column len(Eq) (implied by Low or High).
	NotNull bool
	// Key, when set, is a row's whole key (AttRowKey): the span is that row.
	Key Expr
	// In, when set, is an array-valued expression for key column len(Eq) instead of
	// Low/High: one equality span for each distinct element, in index order.
	In Expr
}

// LockStrength is the strength of a row lock taken by a scan for a locking
// clause or for a write.
type LockStrength uint8

// The row-lock strengths, in PostgreSQL's order.
const (
	NoLock LockStrength = iota
	LockKeyShare
	LockShare
	LockNoKeyUpdate
	LockUpdate
)

// WaitPolicy says what to do about a lock held by another.
type WaitPolicy uint8

// The wait policies.
const (
	LockWait WaitPolicy = iota
	LockNowait
	LockSkip
)

// Scan reads a table through one of its indexes: key ranges, in key order.
// Cols of the output are the columns Attnums, in order. With a secondary
// index and IndexOnly false, each entry's row is fetched by its primary key.
//
// Two hidden columns can be asked for by negative attnums: AttRowKey is the row's
// primary-index key (bytea), AttTableOID is tableoid.
type Scan struct {
	Base
	Table *catalog.Table
	Alias string
	Index *catalog.Index
	Spans []KeySpan // in index order, not overlapping; nil means the whole index
	// Bitmap, when not nil, names the rows instead: those that any of several indexes
	// leads to, read in the order of their keys. Index is the primary one. Any is the
	// condition that the arms stand for.
	Bitmap    []BitmapArm
	Any       Expr
	Reverse   bool
	IndexOnly bool
	Attnums   []int16
	Filter    Expr // over the output columns, nil if none
	Limit     Expr // hint: no more than this many rows will be asked for (already filtered); nil unknown
	Ordered   bool // consumers rely on key order (else the scan may run in parallel)
	// Unique tells that each span gives at most one row (a point read).
	Unique bool
	// Child tells that the statement names a table that Table inherits from, or is
	// part of, or Table itself with its children.
	Child bool
}

// BitmapArm is what a Scan with a Bitmap reads of one index.
type BitmapArm struct {
	Index *catalog.Index
	Spans []KeySpan
}

// Hidden attnums.
const (
	AttRowKey   int16 = -1
	AttTableOID int16 = -6
)

// VirtualScan computes a pg_catalog or information_schema relation.
type VirtualScan struct {
	Base
	Table   *catalog.Table
	Alias   string
	Attnums []int16
	EqCol   int16 // attnum of the equality hint, 0 none
	EqKey   Expr
	Filter  Expr
}

// Filter passes the rows for which Cond is true. Once, which reads none of
// Input's columns, is evaluated before anything is read: if it is not true,
// Input is not run at all. Either may be nil.
type Filter struct {
	Base
	Input Node
	Cond  Expr
	Once  Expr
}

// Project computes expressions over each row.
type Project struct {
	Base
	Input Node
	Exprs []Expr
}

// ProjectSet computes expressions of which some (at top level) are calls of
// set-returning functions: rows are repeated for the longest set, shorter ones
// padded with NULL.
type ProjectSet struct {
	Base
	Input Node
	Exprs []Expr
}

// Limit passes Count rows after Offset. Nil means none. WithTies goes on
// with peers of the last row by the Ties keys (input sorted by them).
type Limit struct {
	Base
	Input         Node
	Count, Offset Expr
	Ties          []SortKey
}

// Sort orders its input. Bound, when not nil, makes it a top-N sort: only the
// first Bound (+ BoundOffset) rows are needed.
type Sort struct {
	Base
	Input              Node
	Keys               []SortKey
	Bound, BoundOffset Expr
	// Presorted is the number of leading keys the input is already sorted by.
	Presorted int
}

// Agg groups its input and computes aggregates. Output columns: the Groups,
// then the Calls. Sets lists grouping sets as indexes into Groups (nil means
// one set of all). Ordered means the input arrives sorted by Groups (no Sets).
type Agg struct {
	Base
	Input     Node
	Groups    []Expr
	Calls     []AggCall
	Sets      [][]int
	Groupings []Grouping // GROUPING() calls: output columns behind the calls
	Ordered   bool
}

// Distinct removes duplicate rows by the columns On (all when nil). Ordered
// means duplicates arrive together (DISTINCT ON needs it).
type Distinct struct {
	Base
	Input   Node
	On      []Expr
	Ordered bool
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameBoundKind is the kind of a frame bound.
type FrameBoundKind uint8

// The frame bounds.
const (
	UnboundedPreceding FrameBoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclude is a frame's EXCLUDE option.
type FrameExclude uint8

// The EXCLUDE options.
const (
	ExcludeNoOthers FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is a window frame. The offsets are constant over the query; for RANGE
// InRange… are PostgreSQL's in_range functions, computed as order key ± offset.
type Frame struct {
	Mode                   FrameMode
	Start, End             FrameBoundKind
	StartOffset, EndOffset Expr
	Exclude                FrameExclude
	// Sub and Add give key - offset and key + offset for RANGE with offsets, nil otherwise.
	Sub, Add Expr // over CaseTest (the key) and Col 0 (the offset)
}

// Window computes window functions over an input sorted by Partition then
// Order. Output: the input's columns, then one per call.
type Window struct {
	Base
	Input     Node
	Partition []Expr
	Order     []SortKey
	Frame     Frame
	Calls     []AggCall // Fn.Kind Window or Aggregate
	// Run, over the output columns, is nil or a condition that stays false in a
	// partition once it is: the rows from there on are not wanted.
	Run Expr
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of join. Semi and anti joins yield the left columns only; AntiNull is
// NOT IN's anti join (a NULL on either side blocks).
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin
	AntiJoin
	AntiNullJoin
)

// HashJoin builds a hash table of the right input and probes it with the
// left. LeftKeys[i] and RightKeys[i] have one type (after conversion), hashed and
// compared as types do. Cond is a further condition over left+right columns.
// Output: left columns then right columns (left only for semi and anti).
type HashJoin struct {
	Base
	Kind                JoinKind
	Left, Right         Node
	LeftKeys, RightKeys []Expr // over the left / the right input's own columns
	Cond                Expr
	NullsEqual          []bool // per key: IS NOT DISTINCT FROM
}

// MergeJoin joins two inputs sorted by the keys.
type MergeJoin struct {
	Base
	Kind                JoinKind
	Left, Right         Node
	LeftKeys, RightKeys []SortKey
	Cond                Expr
}

// NestLoop joins by trying every pair. The right input is re-run for each
// left row when Sets is not empty (LATERAL): the left columns Args go into
// those ExecParam slots first; otherwise it is computed once and kept.
type NestLoop struct {
	Base
	Kind        JoinKind
	Left, Right Node
	Cond        Expr
	Sets        []int
	Args        []Expr
}

// LookupJoin fetches, for each row of Input (the left side), the matching rows
// of a table through an index: Keys (over Input's columns) are values for a prefix of the
// index's key columns. Inner, left, semi and anti joins. Output: Input's columns, then
// the columns Attnums. Cond is over input + fetched columns. It works batch-wise:
// keys of a batch are looked up together. A NULL key matches nothing.
type LookupJoin struct {
	Base
	Kind      JoinKind
	Input     Node
	Table     *catalog.Table
	Alias     string
	Index     *catalog.Index
	IndexOnly bool
	Keys      []Expr
	Attnums   []int16
	Cond      Expr
	Unique    bool // at most one match a row
}

// Append yields the rows of its inputs one after another (UNION ALL, tables
// with children), or, with Keys, by which each is sorted, merged in order.
type Append struct {
	Base
	Inputs []Node
	Keys   []SortKey
	// Alias names the table whose children's rows these are, "" for a UNION.
	Alias string
	// Prune, when not nil, chooses the inputs to read when the plan starts.
	Prune *PruneStep
	// Sides tells that the inputs are the two sides of a SetOp.
	Sides bool
}

// PruneStep says which inputs of an Append can have rows, from values known
// only at execution: column Columns[i] of the partition key stands in relation
// Ops[i] (=, <, <=, >, >=) to Values[i]. Parts[i] is the partition, of
// Table's, that input i belongs to, by its place in bound order.
type PruneStep struct {
	Table   *catalog.Table
	Columns []int
	Ops     []string
	Values  []Expr
	Parts   []int
}

// SetOpKind is INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations that need a table of rows (UNION is Append + Distinct).
const (
	Intersect SetOpKind = iota
	IntersectAll
	Except
	ExceptAll
)

// SetOp computes INTERSECT and EXCEPT, by hashing the right input, or, with
// Sorted instead of the two, over the rows of both one after another, sorted by
// all columns but the last, which tells of each row which side it is from (0, 1).
type SetOp struct {
	Base
	Kind        SetOpKind
	Left, Right Node
	Sorted      Node
}

// CTEScan reads a WITH query that is computed once (Plan.CTEs[Index]).
type CTEScan struct {
	Base
	Index       int
	Name, Alias string
}

// RecursiveUnion computes WITH RECURSIVE: Seed once, then Step until it gives
// no new rows. Step reads the rows of the previous round by WorkScan. Distinct is UNION.
type RecursiveUnion struct {
	Base
	Seed, Step Node
	Distinct   bool
	Work       int // number of the working table
}

// WorkScan reads the working table of a RecursiveUnion.
type WorkScan struct {
	Base
	Work        int
	Name, Alias string
}

// FuncScan computes functions in FROM: their rows side by side (ROWS FROM),
// padded with NULL, then the ordinality column if asked.
type FuncScan struct {
	Base
	Calls      []Expr // *Call of a set-returning function, or any expression (one row)
	Widths     []int  // number of output columns of each
	Ordinality bool
	Alias      string
}

// LockRows locks rows for FOR UPDATE and kin; KeyCols are input columns that
// hold AttRowKey of Tables. Rows that changed since the snapshot are re-read at
// READ COMMITTED, and Steps make the row of Input anew of them.
type LockRows struct {
	Base
	Input  Node
	Tables []LockTable
	Steps  []LockStep
}

// LockTable is one table of LockRows.
type LockTable struct {
	Table    *catalog.Table
	KeyCol   int
	Strength LockStrength
	Wait     WaitPolicy
	// Attnums[i] is the attnum of input column Cols[i], for refreshing a row that changed.
	Attnums []int16
	Cols    []int
	// Tree has the tables whose rows KeyCol names when Table has children; else nil.
	Tree []*catalog.Table
}

// LockStep is what is asked or computed of a row that changed, over the input's columns:
// Cond must be true, or else the columns Null become NULL, or the row is left out if there
// are none; Value is the new value of column Col; Same must be what they were.
type LockStep struct {
	Cond  Expr
	Null  []int
	Value Expr
	Col   int
	Same  []Expr
}

// Insert inserts the rows of Input. Input column i goes to column Attnums[i];
// Defaults fills the other columns (nil Expr: NULL). Row expressions (Checks,
// Generated, Returning, conflict expressions) are over the table's columns in
// attnum order (Col.Idx = attnum-1; dropped ones NULL).
type Insert struct {
	Base
	Table    *catalog.Table
	Alias    string // of the table in the statement
	Input    Node
	Attnums  []int16
	Defaults []ColumnExpr
	Rules    RowRules
	Conflict *OnConflict
	// Returning is over the table's columns (new row), then, of a partitioned table,
	// the tableoid of where the row went; nil none.
	Returning []Expr
	ViewCheck []NamedExpr // WITH CHECK OPTION
}

// ColumnExpr is an expression for a column.
type ColumnExpr struct {
	Attnum int16
	Expr   Expr
}

// RowRules are the expressions that keep a table's rows right: generated
// columns to compute, checks to hold, index expressions and predicates. All over
// the table's columns in attnum order.
type RowRules struct {
	Generated []ColumnExpr
	Checks    []NamedExpr
	// IndexExprs[i][j] is key j of Table.Indexes[i] when it is an expression, else nil;
	// IndexWhere[i] the predicate of a partial index. Nil slices when no index has any.
	IndexExprs [][]Expr
	IndexWhere []Expr
	// PartKeys are the columns of the partition key that are expressions, else nil.
	PartKeys []Expr
}

// OnConflict is INSERT … ON CONFLICT. Expressions are over the existing row's
// columns followed by the row proposed (EXCLUDED), both in attnum order.
type OnConflict struct {
	Indexes   []*catalog.Index // arbiters; nil means any (DO NOTHING)
	DoNothing bool
	Set       []ColumnExpr
	Where     Expr
	// Visible are the conditions of the views named, which the existing row must meet,
	// the innermost view's first.
	Visible []NamedExpr
}

// Update changes rows. Input yields, for each row to change, its key
// (AttRowKey) in column KeyCol, the table's old columns in attnum order from
// OldFrom (all of them), and whatever else Set and Returning need (joined FROM
// tables). Set is over the input columns.
type Update struct {
	Base
	Table   *catalog.Table
	Alias   string // of the table in the statement
	Input   Node
	KeyCol  int
	OldFrom int
	Set     []ColumnExpr
	Rules   RowRules
	// Tree has the tables whose rows the input yields when Table has children; else
	// nil. The old columns are then those that Table has, under its attnums, and
	// expressions over the new row find its tableoid behind Table's columns.
	Tree []*catalog.Table
	// Recheck is the WHERE over input columns, evaluated anew when a row was
	// changed by another transaction since the snapshot (READ COMMITTED).
	Recheck Expr
	// Returning is over the table's new columns in attnum order followed by all input columns.
	Returning []Expr
	ViewCheck []NamedExpr
}

// Delete removes rows; Input as for Update. Returning as for Update (old columns first).
type Delete struct {
	Base
	Table     *catalog.Table
	Alias     string // of the table in the statement
	Input     Node
	KeyCol    int
	OldFrom   int
	Recheck   Expr
	Returning []Expr
	Rules     RowRules         // index expressions of the old row
	Tree      []*catalog.Table // as for Update
}

// Merge is MERGE: Input is the source joined (left or full as needed) with the
// target. The target's key is in KeyCol (NULL when not matched), its old columns from OldFrom.
type Merge struct {
	Base
	Table   *catalog.Table
	Alias   string // of the table in the statement
	Input   Node
	KeyCol  int
	OldFrom int
	// Tree as for Update.
	Tree     []*catalog.Table
	Actions  []MergeAction
	Rules    RowRules
	Defaults []ColumnExpr
	// Recheck is the join condition over input columns, for READ COMMITTED (as in Update).
	Recheck Expr
}

// MergeActionKind is what a MergeAction does.
type MergeActionKind uint8

// The kinds of MergeAction.
const (
	MergeNothing MergeActionKind = iota
	MergeUpdate
	MergeDelete
	MergeInsert
)

// MergeAction is one WHEN clause; expressions are over the input columns.
type MergeAction struct {
	Matched bool
	Cond    Expr
	Kind    MergeActionKind
	Set     []ColumnExpr // update: columns set; insert: columns given
}
