package ast

// Overriding is INSERT's OVERRIDING clause.
type Overriding uint8

// OVERRIDING options.
const (
	OverridingDefault Overriding = iota
	OverridingUser
	OverridingSystem
)

// InsertStmt is INSERT. Relation carries the alias, if any.
type InsertStmt struct {
	At
	With       *WithClause
	Relation   *RangeVar
	Columns    []*ColumnTarget // empty: the table's own
	Overriding Overriding
	Source     *SelectStmt // nil: DEFAULT VALUES
	OnConflict *OnConflict
	Returning  []*ResTarget
}

// ColumnTarget is a column, or a part of one, that is assigned to.
type ColumnTarget struct {
	At
	Name string
	Path []*Selector
}

// ConflictAction is what ON CONFLICT does.
type ConflictAction uint8

// ON CONFLICT actions.
const (
	ConflictNothing ConflictAction = iota
	ConflictUpdate
)

// OnConflict is ON CONFLICT [target] DO NOTHING | DO UPDATE SET … [WHERE …].
type OnConflict struct {
	At
	Infer  *Infer // nil if there is no target
	Action ConflictAction
	Set    []*Assignment
	Where  Expr
}

// Infer names the arbiter of an ON CONFLICT: index columns or a constraint.
type Infer struct {
	At
	Elems      []*IndexElem
	Where      Expr
	Constraint string
}

// IndexElem is a column or expression of an index.
type IndexElem struct {
	At
	Name      string // a plain column, or
	Expr      Expr   // an expression
	Collation []string
	OpClass   []string
	Dir       SortDir
	Nulls     NullsOrder
	// OpClassOptions are the parameters of OpClass, which only CREATE INDEX takes.
	OpClassOptions []*Option
}

// Assignment is target = value, or, Multi, (targets) = value, where value is a
// row or a subquery.
type Assignment struct {
	At
	Targets []*ColumnTarget
	Multi   bool
	Value   Expr // may be Default, or a RowExpr holding Defaults
}

// UpdateStmt is UPDATE.
type UpdateStmt struct {
	At
	With      *WithClause
	Relation  *RangeVar
	Set       []*Assignment
	From      []TableExpr
	Where     Expr // may be CurrentOf
	Returning []*ResTarget
}

// DeleteStmt is DELETE.
type DeleteStmt struct {
	At
	With      *WithClause
	Relation  *RangeVar
	Using     []TableExpr
	Where     Expr // may be CurrentOf
	Returning []*ResTarget
}

// MergeStmt is MERGE INTO target USING source ON condition WHEN ….
type MergeStmt struct {
	At
	With     *WithClause
	Relation *RangeVar
	Source   TableExpr
	On       Expr
	Whens    []*MergeWhen
}

// MergeAction is what a MergeWhen does.
type MergeAction uint8

// MERGE actions.
const (
	MergeNothing MergeAction = iota
	MergeUpdate
	MergeDelete
	MergeInsert
)

// MergeWhen is WHEN [NOT] MATCHED [AND condition] THEN action.
type MergeWhen struct {
	At
	Matched    bool
	Cond       Expr
	Action     MergeAction
	Set        []*Assignment   // of an update
	Columns    []*ColumnTarget // of an insert
	Overriding Overriding
	Values     []Expr // of an insert; nil: DEFAULT VALUES
}

func (*InsertStmt) stmtNode() {}
func (*UpdateStmt) stmtNode() {}
func (*DeleteStmt) stmtNode() {}
func (*MergeStmt) stmtNode()  {}

func (s *InsertStmt) walkChildren(f func(Node)) {
	one(f, s.With)
	one(f, s.Relation)
	all(f, s.Columns)
	one(f, s.Source)
	one(f, s.OnConflict)
	all(f, s.Returning)
}
func (c *ColumnTarget) walkChildren(f func(Node)) { all(f, c.Path) }
func (c *OnConflict) walkChildren(f func(Node)) {
	one(f, c.Infer)
	all(f, c.Set)
	opt(f, c.Where)
}
func (i *Infer) walkChildren(f func(Node))      { all(f, i.Elems); opt(f, i.Where) }
func (e *IndexElem) walkChildren(f func(Node))  { opt(f, e.Expr) }
func (a *Assignment) walkChildren(f func(Node)) { all(f, a.Targets); opt(f, a.Value) }
func (s *UpdateStmt) walkChildren(f func(Node)) {
	one(f, s.With)
	one(f, s.Relation)
	all(f, s.Set)
	all(f, s.From)
	opt(f, s.Where)
	all(f, s.Returning)
}
func (s *DeleteStmt) walkChildren(f func(Node)) {
	one(f, s.With)
	one(f, s.Relation)
	all(f, s.Using)
	opt(f, s.Where)
	all(f, s.Returning)
}
func (s *MergeStmt) walkChildren(f func(Node)) {
	one(f, s.With)
	one(f, s.Relation)
	opt(f, s.Source)
	opt(f, s.On)
	all(f, s.Whens)
}
func (w *MergeWhen) walkChildren(f func(Node)) {
	opt(f, w.Cond)
	all(f, w.Set)
	all(f, w.Columns)
	all(f, w.Values)
}
