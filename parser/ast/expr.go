package ast

// The members of Expr.
//
//	leaves     Const ParamRef ColumnRef SQLValueFunction Default CurrentOf
//	operators  OpExpr OpAnyExpr BoolExpr DistinctExpr LikeExpr BetweenExpr InExpr
//	           NullTest BooleanTest NullIfExpr CollateExpr
//	calls      FuncCall NamedArg CoalesceExpr MinMaxExpr GroupingFunc
//	shapes     TypeCast CaseExpr ArrayExpr RowExpr Indirection SubLink
//	grouping   GroupingSet (only in GROUP BY)
var (
	_ Expr = (*Const)(nil)
	_ Expr = (*ParamRef)(nil)
	_ Expr = (*ColumnRef)(nil)
	_ Expr = (*SQLValueFunction)(nil)
	_ Expr = (*Default)(nil)
	_ Expr = (*CurrentOf)(nil)
	_ Expr = (*OpExpr)(nil)
	_ Expr = (*OpAnyExpr)(nil)
	_ Expr = (*BoolExpr)(nil)
	_ Expr = (*DistinctExpr)(nil)
	_ Expr = (*LikeExpr)(nil)
	_ Expr = (*BetweenExpr)(nil)
	_ Expr = (*InExpr)(nil)
	_ Expr = (*NullTest)(nil)
	_ Expr = (*BooleanTest)(nil)
	_ Expr = (*NullIfExpr)(nil)
	_ Expr = (*CollateExpr)(nil)
	_ Expr = (*FuncCall)(nil)
	_ Expr = (*NamedArg)(nil)
	_ Expr = (*CoalesceExpr)(nil)
	_ Expr = (*MinMaxExpr)(nil)
	_ Expr = (*GroupingFunc)(nil)
	_ Expr = (*TypeCast)(nil)
	_ Expr = (*CaseExpr)(nil)
	_ Expr = (*ArrayExpr)(nil)
	_ Expr = (*RowExpr)(nil)
	_ Expr = (*Indirection)(nil)
	_ Expr = (*SubLink)(nil)
	_ Expr = (*GroupingSet)(nil)
)

// ConstKind is the kind of a literal.
type ConstKind uint8

// Kinds of literals.
const (
	ConstNull   ConstKind = iota
	ConstBool             // TRUE, FALSE: Bool
	ConstInt              // fits 32 bits: Int (and Text)
	ConstFloat            // every other number, as its text: 1.5, 1e3, 3000000000
	ConstString           // the value, escapes done
	ConstBits             // Text is b or x, then the digits
)

// Const is a literal. A minus sign before a number is part of it, as in PostgreSQL.
type Const struct {
	At
	Kind ConstKind
	Bool bool
	Int  int32
	Text string
	As   string // a type that Format writes behind a string: one whose Text is put there after parsing
}

// ParamRef is $n.
type ParamRef struct {
	At
	Number int // from 1
}

// ColumnRef is a possibly qualified column name: a, t.a, s.t.a, *, t.*.
type ColumnRef struct {
	At
	Fields []string
	Star   bool // ends in a star; Fields is then what stands before it
}

// SQLValue names a SQLValueFunction.
type SQLValue uint8

// The functions that are called without parentheses.
const (
	CurrentDate SQLValue = iota
	CurrentTime
	CurrentTimestamp
	LocalTime
	LocalTimestamp
	CurrentRole
	CurrentUser
	User
	SessionUser
	CurrentCatalog
	CurrentSchema
)

// SQLValueFunction is CURRENT_DATE and its like.
type SQLValueFunction struct {
	At
	Func      SQLValue
	Precision int // -1 if not given
}

// Default is DEFAULT as a value in INSERT, UPDATE or MERGE.
type Default struct{ At }

// CurrentOf is WHERE CURRENT OF cursor.
type CurrentOf struct {
	At
	Cursor string
}

// OpExpr is an operator applied to two operands, or, with a nil Left, a prefix operator.
// != arrives as <>.
type OpExpr struct {
	At
	Op          Operator
	Left, Right Expr
}

// OpAnyExpr is left op ANY (array) or left op ALL (array). The pattern
// operators LIKE, ILIKE and their negations arrive as ~~, ~~*, !~~, !~~*.
type OpAnyExpr struct {
	At
	Op    Operator
	All   bool
	Left  Expr
	Array Expr
}

// BoolOp is AND, OR or NOT.
type BoolOp uint8

// Boolean operators.
const (
	And BoolOp = iota
	Or
	Not
)

// BoolExpr is AND or OR over two or more arguments, or NOT over one.
type BoolExpr struct {
	At
	Op   BoolOp
	Args []Expr
}

// DistinctExpr is left IS [NOT] DISTINCT FROM right.
type DistinctExpr struct {
	At
	Not         bool
	Left, Right Expr
}

// LikeKind is the language of a pattern.
type LikeKind uint8

// Pattern languages.
const (
	Like LikeKind = iota
	ILike
	SimilarTo
)

// LikeExpr is left [NOT] LIKE pattern [ESCAPE escape] and its ILIKE and SIMILAR TO forms.
type LikeExpr struct {
	At
	Kind    LikeKind
	Not     bool
	Left    Expr
	Pattern Expr
	Escape  Expr // nil if not given
}

// BetweenExpr is expr [NOT] BETWEEN [SYMMETRIC] low AND high.
type BetweenExpr struct {
	At
	Not       bool
	Symmetric bool
	Expr      Expr
	Low, High Expr
}

// InExpr is left [NOT] IN (list); a subquery is a SubLink instead.
type InExpr struct {
	At
	Not  bool
	Left Expr
	List []Expr
}

// NullTest is arg IS [NOT] NULL.
type NullTest struct {
	At
	Not bool
	Arg Expr
}

// BoolTest is what a BooleanTest asks.
type BoolTest uint8

// Tests of a truth value.
const (
	IsTrue BoolTest = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// BooleanTest is arg IS [NOT] TRUE, FALSE or UNKNOWN.
type BooleanTest struct {
	At
	Test BoolTest
	Arg  Expr
}

// NullIfExpr is NULLIF(left, right).
type NullIfExpr struct {
	At
	Left, Right Expr
}

// CollateExpr is arg COLLATE name.
type CollateExpr struct {
	At
	Arg       Expr
	Collation []string
}

// FuncCall is a call of a function, aggregate or window function by name.
//
// The constructs of SQL that stand for a call arrive as one, named as
// PostgreSQL names it and marked SQLSyntax: AT TIME ZONE (timezone), OVERLAPS,
// EXTRACT, OVERLAY, POSITION, SUBSTRING, TRIM (btrim, ltrim, rtrim),
// NORMALIZE, IS NORMALIZED (is_normalized), COLLATION FOR (pg_collation_for).
type FuncCall struct {
	At
	Name        []string
	Args        []Expr // may hold NamedArg
	Star        bool   // count(*)
	Distinct    bool
	Variadic    bool // the last argument was marked VARIADIC
	OrderBy     []*SortBy
	WithinGroup bool // OrderBy came from WITHIN GROUP
	Filter      Expr
	Over        *WindowDef
	SQLSyntax   bool
}

// NamedArg is name => arg in a call.
type NamedArg struct {
	At
	Name string
	Arg  Expr
}

// CoalesceExpr is COALESCE(args).
type CoalesceExpr struct {
	At
	Args []Expr
}

// MinMaxExpr is GREATEST(args) or LEAST(args).
type MinMaxExpr struct {
	At
	Least bool
	Args  []Expr
}

// GroupingFunc is GROUPING(args).
type GroupingFunc struct {
	At
	Args []Expr
}

// TypeCast is CAST(arg AS type), arg::type or type 'literal'.
type TypeCast struct {
	At
	Arg  Expr
	Type *TypeName
}

// CaseExpr is CASE [arg] WHEN … END.
type CaseExpr struct {
	At
	Arg   Expr // nil for a searched CASE
	Whens []*CaseWhen
	Else  Expr // nil if not given
}

// CaseWhen is one arm of a CaseExpr.
type CaseWhen struct {
	At
	When, Then Expr
}

// ArrayExpr is ARRAY[elems].
type ArrayExpr struct {
	At
	Elems []Expr
}

// RowExpr is ROW(args) or, not Explicit, (a, b, …).
type RowExpr struct {
	At
	Args     []Expr
	Explicit bool
	// Names are the fields', where the row is none that was written: nil for f1, f2, ….
	Names []string
}

// Indirection is a path of fields and subscripts into a value: (x).f, a[1][2:3].
type Indirection struct {
	At
	Arg  Expr
	Path []*Selector
}

// SelectorKind is the kind of a Selector.
type SelectorKind uint8

// Kinds of selectors.
const (
	SelectField SelectorKind = iota // .name
	SelectStar                      // .*
	SelectIndex                     // [lower]
	SelectSlice                     // [lower:upper]
)

// Selector is one step of an Indirection or of an assignment's target.
type Selector struct {
	At
	Kind         SelectorKind
	Field        string
	Lower, Upper Expr // either may be nil in a slice
}

// SubLinkKind says how a subquery is used in an expression.
type SubLinkKind uint8

// Uses of a subquery.
const (
	SubExpr   SubLinkKind = iota // (query)
	SubExists                    // EXISTS (query)
	SubAny                       // test op ANY (query), test IN (query)
	SubAll                       // test op ALL (query)
	SubArray                     // ARRAY(query)
)

// SubLink is a subquery in an expression. test NOT IN (query) arrives as NOT of the IN.
type SubLink struct {
	At
	Kind SubLinkKind
	Test Expr
	// Op is empty for IN; patterns arrive as in OpAnyExpr.
	Op    Operator
	Query *SelectStmt
}

// GroupingSetKind is the kind of a GroupingSet.
type GroupingSetKind uint8

// Kinds of grouping sets.
const (
	GroupEmpty GroupingSetKind = iota // ()
	GroupRollup
	GroupCube
	GroupSets
)

// GroupingSet is an item of GROUP BY that is not a plain expression.
type GroupingSet struct {
	At
	Kind GroupingSetKind
	Sets []Expr
}

func (*Const) exprNode()            {}
func (*ParamRef) exprNode()         {}
func (*ColumnRef) exprNode()        {}
func (*SQLValueFunction) exprNode() {}
func (*Default) exprNode()          {}
func (*CurrentOf) exprNode()        {}
func (*OpExpr) exprNode()           {}
func (*OpAnyExpr) exprNode()        {}
func (*BoolExpr) exprNode()         {}
func (*DistinctExpr) exprNode()     {}
func (*LikeExpr) exprNode()         {}
func (*BetweenExpr) exprNode()      {}
func (*InExpr) exprNode()           {}
func (*NullTest) exprNode()         {}
func (*BooleanTest) exprNode()      {}
func (*NullIfExpr) exprNode()       {}
func (*CollateExpr) exprNode()      {}
func (*FuncCall) exprNode()         {}
func (*NamedArg) exprNode()         {}
func (*CoalesceExpr) exprNode()     {}
func (*MinMaxExpr) exprNode()       {}
func (*GroupingFunc) exprNode()     {}
func (*TypeCast) exprNode()         {}
func (*CaseExpr) exprNode()         {}
func (*ArrayExpr) exprNode()        {}
func (*RowExpr) exprNode()          {}
func (*Indirection) exprNode()      {}
func (*SubLink) exprNode()          {}
func (*GroupingSet) exprNode()      {}

func (e *OpExpr) walkChildren(f func(Node))       { opt(f, e.Left); opt(f, e.Right) }
func (e *OpAnyExpr) walkChildren(f func(Node))    { opt(f, e.Left); opt(f, e.Array) }
func (e *BoolExpr) walkChildren(f func(Node))     { all(f, e.Args) }
func (e *DistinctExpr) walkChildren(f func(Node)) { opt(f, e.Left); opt(f, e.Right) }
func (e *LikeExpr) walkChildren(f func(Node)) {
	opt(f, e.Left)
	opt(f, e.Pattern)
	opt(f, e.Escape)
}
func (e *BetweenExpr) walkChildren(f func(Node)) {
	opt(f, e.Expr)
	opt(f, e.Low)
	opt(f, e.High)
}
func (e *InExpr) walkChildren(f func(Node))      { opt(f, e.Left); all(f, e.List) }
func (e *NullTest) walkChildren(f func(Node))    { opt(f, e.Arg) }
func (e *BooleanTest) walkChildren(f func(Node)) { opt(f, e.Arg) }
func (e *NullIfExpr) walkChildren(f func(Node))  { opt(f, e.Left); opt(f, e.Right) }
func (e *CollateExpr) walkChildren(f func(Node)) { opt(f, e.Arg) }
func (e *FuncCall) walkChildren(f func(Node)) {
	all(f, e.Args)
	all(f, e.OrderBy)
	opt(f, e.Filter)
	one(f, e.Over)
}
func (e *NamedArg) walkChildren(f func(Node))     { opt(f, e.Arg) }
func (e *CoalesceExpr) walkChildren(f func(Node)) { all(f, e.Args) }
func (e *MinMaxExpr) walkChildren(f func(Node))   { all(f, e.Args) }
func (e *GroupingFunc) walkChildren(f func(Node)) { all(f, e.Args) }
func (e *TypeCast) walkChildren(f func(Node))     { opt(f, e.Arg); one(f, e.Type) }
func (e *CaseExpr) walkChildren(f func(Node)) {
	opt(f, e.Arg)
	all(f, e.Whens)
	opt(f, e.Else)
}
func (e *CaseWhen) walkChildren(f func(Node))    { opt(f, e.When); opt(f, e.Then) }
func (e *ArrayExpr) walkChildren(f func(Node))   { all(f, e.Elems) }
func (e *RowExpr) walkChildren(f func(Node))     { all(f, e.Args) }
func (e *Indirection) walkChildren(f func(Node)) { opt(f, e.Arg); all(f, e.Path) }
func (e *Selector) walkChildren(f func(Node))    { opt(f, e.Lower); opt(f, e.Upper) }
func (e *SubLink) walkChildren(f func(Node))     { opt(f, e.Test); one(f, e.Query) }
func (e *GroupingSet) walkChildren(f func(Node)) { all(f, e.Sets) }
