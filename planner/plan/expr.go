package plan

import (
	"rowkey/builtin"
	"rowkey/types"
)

// Expr is a bound scalar expression: names resolved, types known, every
// implicit conversion explicit. Expressions are read-only.
type Expr interface {
	Type() *types.Type
	Typmod() int32
	exprNode()
}

// T is the type part embedded in every expression.
type T struct {
	Typ *types.Type
	Mod int32 // -1 when there is none
}

// Type implements Expr.
func (t T) Type() *types.Type { return t.Typ }

// Typmod implements Expr.
func (t T) Typmod() int32 { return t.Mod }
func (t T) exprNode()     {}

// Const is a constant.
type Const struct {
	T
	Val types.Datum
}

// Col is column Idx of the operator's input row. For joins the input row is
// the left child's columns followed by the right child's.
type Col struct {
	T
	Idx  int
	Name string // for EXPLAIN: qualified column name
	Pos  int    // byte offset of the reference in the source, for the binder's errors
}

// Param is a parameter of the statement, $Num (from 1).
type Param struct {
	T
	Num int
}

// ExecParam is a value that the running plan itself sets: a column of an outer
// query's current row, or the result of an uncorrelated subquery. Slots are
// numbered over the whole plan.
type ExecParam struct {
	T
	Slot int
	Name string
}

// Call applies a scalar function, operator or cast.
type Call struct {
	T
	Fn   *builtin.Func
	Args []Expr
	Op   *builtin.Operator // when written as an operator
	Cast bool              // when written (or implied) as a cast: print x::type
	// Implicit marks a conversion that the binder added; not printed.
	Implicit bool
	// SQLSyntax marks a construct of the grammar that calls a function: EXTRACT(x FROM y).
	SQLSyntax bool
	// Text is what to print instead, for CURRENT_DATE and its kind.
	Text string
	// Written is what was written of Args, in its order; nil: all of them. The others are
	// defaults.
	Written []WrittenArg
	Pos     int // byte offset in the source, -1 unknown: position of run-time errors that carry one
}

// Unnamed tells whether it is a cast by the text form, or of an array by its elements: no
// function that has a name is called for the whole.
func (c *Call) Unnamed() bool { return c.Cast && c.Fn.OID == 0 }

// WrittenArg is an argument that was written, by name if it has one.
type WrittenArg struct {
	At   int // in Call.Args
	Name string
}

// Relabel gives a value another type of the same representation (binary
// coercible cast).
type Relabel struct {
	T
	Arg      Expr
	Implicit bool
	// Collation is that of COLLATE, which is kept in what will be printed; the type is
	// the argument's.
	Collation string
}

// And is conjunction of two or more.
type And struct {
	T
	Args []Expr
}

// Or is disjunction of two or more.
type Or struct {
	T
	Args []Expr
}

// Not is negation.
type Not struct {
	T
	Arg Expr
}

// IsNull is IS [NOT] NULL of a scalar, or of a row: a record is NULL when
// all fields are, NOT NULL when none is.
type IsNull struct {
	T
	Arg Expr
	Not bool
}

// BoolTestKind is the kind of a BoolTest.
type BoolTestKind uint8

// The boolean tests.
const (
	IsTrue BoolTestKind = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// BoolTest is IS [NOT] TRUE / FALSE / UNKNOWN.
type BoolTest struct {
	T
	Arg  Expr
	Kind BoolTestKind
}

// IsDistinct is L IS [NOT] DISTINCT FROM R; Eq is the equality function.
type IsDistinct struct {
	T
	L, R Expr
	Not  bool
	Eq   *builtin.Operator
}

// Case is CASE. With Arg, it is evaluated once and the conditions refer to it
// by CaseTest.
type Case struct {
	T
	Arg   Expr
	Whens []When
	Else  Expr // nil means NULL
}

// When is one arm of a Case.
type When struct {
	Cond, Result Expr
}

// CaseTest is the value of the enclosing Case's Arg.
type CaseTest struct{ T }

// Coalesce is the first argument that is not NULL.
type Coalesce struct {
	T
	Args []Expr
}

// MinMax is GREATEST or LEAST, by the type's b-tree order.
type MinMax struct {
	T
	Greatest bool
	Args     []Expr
}

// NullIf is NULLIF(L, R).
type NullIf struct {
	T
	L, R Expr // converted to Eq's operand types; the result is L, converted
	Eq   *builtin.Operator
}

// ArrayExpr is ARRAY[…]; Multi when the elements are arrays themselves.
type ArrayExpr struct {
	T
	Elems []Expr
	Multi bool
}

// RowExpr is ROW(…); T is record or a named row type.
type RowExpr struct {
	T
	Fields []types.Field
	Args   []Expr
	// At tells where the Args were written; nil if that is not known.
	At []int
	// Cast: it was written as ROW(…)::type.
	Cast bool
	// Whole: it is a reference, at Pos, to an item of FROM as a row.
	Whole bool
	Pos   int
}

// FieldSelect is (row).field, by position.
type FieldSelect struct {
	T
	Arg  Expr
	Idx  int
	Name string
}

// Subscript is a[i], a[i][j], a[lo:hi] or a jsonb subscript. A nil bound of a
// slice is the array's own.
type Subscript struct {
	T
	Arg   Expr
	Slice bool
	Index []SubscriptIndex
}

// SubscriptIndex is one subscript; Lower only in slices.
type SubscriptIndex struct{ Lower, Upper Expr }

// ScalarArray is L op ANY (R) or L op ALL (R), R an array; IN lists of
// expressions of one type are this over an ArrayExpr.
type ScalarArray struct {
	T
	Op   *builtin.Operator
	L, R Expr
	All  bool
}

// RowCompare compares two rows column by column with <, <=, >, >=; Ops has the
// equality and ordering of each column pair. (= and <> of rows are And / Or.)
type RowCompare struct {
	T
	Kind string // "<", "<=", ">", ">="
	L, R []Expr
	Lt   []*builtin.Operator // per column: the "<" operator
	Eq   []*builtin.Operator
}

// CoerceDomain checks a value against a domain's constraints.
type CoerceDomain struct {
	T
	Arg     Expr
	NotNull bool
	// Checks see the value as CaseTest.
	Checks []NamedExpr
	// Inside, when not empty, are the domains of what the value is made of, elements
	// of arrays and fields of rows, each without Arg: these are checked instead.
	Inside []*CoerceDomain
}

// NamedExpr is an expression with the name of the constraint it enforces.
type NamedExpr struct {
	Name string
	Expr Expr
}

// SubplanKind is what a subquery in an expression yields.
type SubplanKind uint8

// The kinds of Subplan.
const (
	SubScalar SubplanKind = iota // one row, one column: its value; no row: NULL; more: 21000
	SubExists
	SubAny   // Test true for some row
	SubAll   // Test true for all rows
	SubArray // ARRAY(…)
	SubRow   // one row as a record (row comparison, multi-column SET)
)

// Subplan is a subquery used as an expression.
//
// A correlated one reads columns of the outer row through ExecParams: before
// each run the executor evaluates Args over the outer row and stores them in
// the slots Sets. An uncorrelated one (no Sets) runs once at most per
// execution. For SubAny and SubAll, Test compares: it reads the subquery's
// current row through the ExecParams in Out. When HashL is not nil (SubAny
// with equalities only) the executor may build a hash table of the rows once:
// row matches when HashL[i] HashOp[i] column i, with SQL's NULL rules.
type Subplan struct {
	T
	Kind   SubplanKind
	Plan   Node
	Sets   []int
	Args   []Expr
	Out    []int
	Test   Expr
	HashL  []Expr
	HashOp []*builtin.Operator
	Name   string // "SubPlan 1", "InitPlan 2 (returns $0)"
}

// Grouping is GROUPING(…): bit i (from the right, last argument first) is set when the
// argument is not part of the current grouping set. Only inside Agg outputs;
// Args are indexes into Agg.Groups.
type Grouping struct {
	T
	Args []int
}

// SortKey is an ORDER BY item. Comparison is the type's b-tree order unless
// Op (ORDER BY … USING) is set.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// AggCall is one aggregate call of an Agg or Window node.
type AggCall struct {
	Fn     *builtin.Func
	Args   []Expr // arguments; for ordered-set aggregates the aggregated (WITHIN GROUP) ones
	Direct []Expr // direct arguments of ordered-set aggregates
	// DirectIn are the direct arguments in each of the grouping sets, where columns that
	// are not in the set are NULL.
	DirectIn [][]Expr
	Star     bool // count(*)
	Distinct bool
	OrderBy  []SortKey
	Filter   Expr
	Typ      *types.Type
	Mod      int32
}
