package ast

// SelectStmt is a query: a SELECT, a VALUES list or a set operation. Which of
// the three, in this order: Op is set → Left Op Right; Values is not nil →
// VALUES; else a SELECT. With, OrderBy, Limit, Offset and Locking belong to the
// whole of it. TABLE t arrives as SELECT * FROM t.
type SelectStmt struct {
	At   // of SELECT, VALUES or TABLE; of a set operation's operator
	With *WithClause

	// SELECT
	Distinct      bool
	DistinctOn    []Expr // DISTINCT ON (…): Distinct is set too
	Into          *IntoClause
	Targets       []*ResTarget
	From          []TableExpr // items joined by commas
	Where         Expr
	GroupBy       []Expr // may hold GroupingSet
	GroupDistinct bool   // GROUP BY DISTINCT
	Having        Expr
	Windows       []*WindowDef

	// VALUES
	Values [][]Expr // may hold Default

	// set operation
	Op          SetOp
	All         bool
	Left, Right *SelectStmt

	OrderBy  []*SortBy
	Limit    Expr // nil if not given; LIMIT ALL is a NULL Const
	Offset   Expr
	WithTies bool // FETCH FIRST … WITH TIES
	Locking  []*LockingClause

	Cursor *CursorOptions // of the DECLARE CURSOR whose query it is; nil: of no cursor
}

// SetOp is a set operation.
type SetOp uint8

// Set operations.
const (
	SetNone SetOp = iota
	Union
	Intersect
	Except
)

// ResTarget is an output column (of SELECT or RETURNING): Value [AS Name].
type ResTarget struct {
	At
	Name  string // "" if there is no AS
	Value Expr
}

// IntoClause is the target of SELECT INTO and of CREATE TABLE AS. CREATE TABLE
// AS adds options of its own, which ddl.go holds.
type IntoClause struct {
	At
	Relation    *RangeVar
	Persistence Persistence
}

// Persistence of a relation.
type Persistence uint8

// Persistences.
const (
	Permanent Persistence = iota
	Temporary
	Unlogged
)

// WithClause is WITH [RECURSIVE] ctes.
type WithClause struct {
	At
	Recursive bool
	CTEs      []*CTE
}

// Materialize is a CTE's MATERIALIZED option.
type Materialize uint8

// Materialization options.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// CTE is one common table expression.
type CTE struct {
	At
	Name        string
	Columns     []string
	Materialize Materialize
	Query       Stmt // SelectStmt, InsertStmt, UpdateStmt or DeleteStmt
	Search      *CTESearch
	Cycle       *CTECycle
}

// CTESearch is SEARCH DEPTH|BREADTH FIRST BY columns SET sequence.
type CTESearch struct {
	At
	Breadth  bool
	Columns  []string
	Sequence string
}

// CTECycle is CYCLE columns SET mark [TO value DEFAULT default] USING path.
type CTECycle struct {
	At
	Columns     []string
	Mark        string
	Value       Expr // TRUE if not given
	DefaultMark Expr // FALSE if not given
	Path        string
}

// Alias is [AS] name [(columns)].
type Alias struct {
	At
	Name    string
	Columns []string
}

// RangeVar is a table by name. (Catalog is "" or the database's own name.)
type RangeVar struct {
	At
	Catalog, Schema, Name string
	Only                  bool
	Alias                 *Alias
}

// RangeSubselect is [LATERAL] (query) alias.
type RangeSubselect struct {
	At
	Lateral bool
	Query   *SelectStmt
	Alias   *Alias
}

// RangeFunction is [LATERAL] f(…) [WITH ORDINALITY] alias, or ROWS FROM (f(…), g(…)).
type RangeFunction struct {
	At
	Lateral    bool
	Ordinality bool
	RowsFrom   bool
	Functions  []*RangeFuncItem
	Alias      *Alias
	Columns    []*FuncColumn // AS t(a int, b text), for functions returning record
}

// RangeFuncItem is one function of a RangeFunction.
type RangeFuncItem struct {
	At
	Func    Expr          // FuncCall, or another expression that looks like one
	Columns []*FuncColumn // ROWS FROM (f() AS (a int))
}

// FuncColumn defines a column of a function's result.
type FuncColumn struct {
	At
	Name      string
	Type      *TypeName
	Collation []string
}

// RangeTableSample is relation TABLESAMPLE method (args) [REPEATABLE (seed)].
type RangeTableSample struct {
	At
	Relation   TableExpr
	Method     []string
	Args       []Expr
	Repeatable Expr
}

// JoinKind is the kind of a JoinExpr.
type JoinKind uint8

// Kinds of joins.
const (
	JoinInner JoinKind = iota
	JoinLeft
	JoinFull
	JoinRight
)

// JoinExpr is left JOIN right. CROSS JOIN is an inner join without Natural, Using or On.
type JoinExpr struct {
	At
	Kind        JoinKind
	Natural     bool
	Left, Right TableExpr
	Using       []string
	UsingAlias  string // USING (…) AS alias
	On          Expr
	Alias       *Alias // (a JOIN b …) alias
}

// LockStrength is the strength of a LockingClause, weakest first.
type LockStrength uint8

// Row lock strengths.
const (
	ForKeyShare LockStrength = iota
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait is what to do about a row that another holds.
type LockWait uint8

// Waiting policies.
const (
	LockBlock LockWait = iota
	LockSkip
	LockNoWait
)

// LockingClause is FOR UPDATE and its like.
type LockingClause struct {
	At
	Strength  LockStrength
	Relations []*RangeVar // OF …; all if empty
	Wait      LockWait
}

// WindowDef is a window: of a WINDOW clause (Name is set), of OVER (…), or
// OVER name (only Name is set).
type WindowDef struct {
	At
	Name      string
	RefName   string // the window it copies
	Partition []Expr
	OrderBy   []*SortBy
	Frame     *Frame // nil if not given
}

// FrameMode is the unit of a frame.
type FrameMode uint8

// Frame units.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameExclude is a frame's exclusion.
type FrameExclude uint8

// Frame exclusions.
const (
	ExcludeNoOthers FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is a window's frame. Without BETWEEN its end is CURRENT ROW.
type Frame struct {
	At
	Mode       FrameMode
	Between    bool
	Start, End FrameBound
	Exclude    FrameExclude
}

// BoundKind is the kind of a FrameBound.
type BoundKind uint8

// Kinds of frame bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameBound is one end of a frame.
type FrameBound struct {
	Kind   BoundKind
	Offset Expr // of Preceding and Following
}

func (*SelectStmt) stmtNode() {}

func (*RangeVar) tableNode()         {}
func (*RangeSubselect) tableNode()   {}
func (*RangeFunction) tableNode()    {}
func (*RangeTableSample) tableNode() {}
func (*JoinExpr) tableNode()         {}

func (s *SelectStmt) walkChildren(f func(Node)) {
	one(f, s.With)
	one(f, s.Left)
	one(f, s.Right)
	all(f, s.DistinctOn)
	one(f, s.Into)
	all(f, s.Targets)
	all(f, s.From)
	opt(f, s.Where)
	all(f, s.GroupBy)
	opt(f, s.Having)
	all(f, s.Windows)
	for _, row := range s.Values {
		all(f, row)
	}
	all(f, s.OrderBy)
	opt(f, s.Limit)
	opt(f, s.Offset)
	all(f, s.Locking)
}
func (t *ResTarget) walkChildren(f func(Node))  { opt(f, t.Value) }
func (t *IntoClause) walkChildren(f func(Node)) { one(f, t.Relation) }
func (w *WithClause) walkChildren(f func(Node)) { all(f, w.CTEs) }
func (c *CTE) walkChildren(f func(Node)) {
	opt(f, c.Query)
	one(f, c.Search)
	one(f, c.Cycle)
}
func (c *CTECycle) walkChildren(f func(Node)) { opt(f, c.Value); opt(f, c.DefaultMark) }
func (r *RangeVar) walkChildren(f func(Node)) { one(f, r.Alias) }
func (r *RangeSubselect) walkChildren(f func(Node)) {
	one(f, r.Query)
	one(f, r.Alias)
}
func (r *RangeFunction) walkChildren(f func(Node)) {
	all(f, r.Functions)
	one(f, r.Alias)
	all(f, r.Columns)
}
func (r *RangeFuncItem) walkChildren(f func(Node)) { opt(f, r.Func); all(f, r.Columns) }
func (c *FuncColumn) walkChildren(f func(Node))    { one(f, c.Type) }
func (r *RangeTableSample) walkChildren(f func(Node)) {
	opt(f, r.Relation)
	all(f, r.Args)
	opt(f, r.Repeatable)
}
func (j *JoinExpr) walkChildren(f func(Node)) {
	opt(f, j.Left)
	opt(f, j.Right)
	opt(f, j.On)
	one(f, j.Alias)
}
func (l *LockingClause) walkChildren(f func(Node)) { all(f, l.Relations) }
func (w *WindowDef) walkChildren(f func(Node)) {
	all(f, w.Partition)
	all(f, w.OrderBy)
	one(f, w.Frame)
}
func (r *Frame) walkChildren(f func(Node)) { opt(f, r.Start.Offset); opt(f, r.End.Offset) }
