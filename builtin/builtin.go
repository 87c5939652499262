// Package builtin is the library of functions, operators, casts and
// aggregates: one table from which the planner resolves calls, the executor
// takes kernels, and the catalog computes pg_proc, pg_operator, pg_cast and
// pg_aggregate. Nothing about a function stands anywhere else.
//
//	Func       a function, aggregate or window function under one name and one
//	           list of argument types
//	Operator   an operator: its name, operand types and the Func that does it
//	Cast       a conversion between two types and where it may be applied
//
// A scalar function always has Eval, which takes single values; the ones that
// matter for speed also have Vec, which takes columns. Both give the same
// answers (a test compares them).
//
// Invariants: the tables are complete once the package is initialised (files
// register in init) plus what package catalog registers in its own init, and
// are never changed afterwards. OIDs are PostgreSQL 15's where it has the
// function.
//
// Reading order: register.go and facts.go (how a function gets into the table),
// kernel.go and block.go (from a Go function to Eval and Vec), call.go (how they
// are run), then any file of functions: arith_int.go and text_basic.go are
// typical, agg.go begins the aggregates, window.go has the window functions.
// Regular expressions are package are, exact float functions package fmath.
//
// Not here: which function a call means (planner), running them over a plan
// (executor).
package builtin

import (
	"context"

	"rowkey/types"
)

// Kind is pg_proc.prokind.
type Kind byte

// The kinds of function.
const (
	Scalar    Kind = 'f'
	Aggregate Kind = 'a'
	Window    Kind = 'w'
)

// Volatility is pg_proc.provolatile.
type Volatility byte

// The volatility classes: Immutable calls with constant arguments are folded
// at plan time; Stable ones give one answer within a statement.
const (
	Immutable Volatility = 'i'
	Stable    Volatility = 's'
	Volatile  Volatility = 'v'
)

// Ctx is what functions may know of their surroundings. One per statement
// execution; not safe for concurrent use unless said.
type Ctx struct {
	context.Context
	Env *types.Env
	// Session answers what only the session knows (user, settings, sequences);
	// nil at plan time, when only immutable functions run.
	Session Session
	// Catalog is the *catalog.Snapshot the statement sees; package catalog
	// registers the functions that need it.
	Catalog any
	// StmtMicros is statement_timestamp(), microseconds since 2000-01-01 UTC.
	StmtMicros int64
}

// Session is what functions ask of the session that runs them.
type Session interface {
	CurrentUser() string
	SessionUser() string
	CurrentDatabase() string
	// SearchPath gives the effective search path; implicit adds pg_catalog and
	// the temporary schema where they are searched implicitly.
	SearchPath(implicit bool) []string
	// Setting gives the value of a run-time parameter.
	Setting(name string) (value string, ok bool)
	// SetSetting is set_config.
	SetSetting(name, value string, local bool) (string, error)
	BackendPID() int32
	// Nextval, Currval, Lastval and Setval are the sequence functions; NextIdentity is
	// Nextval for an identity column, which needs no privilege of the sequence.
	Nextval(seq types.OID) (int64, error)
	NextIdentity(seq types.OID) (int64, error)
	Currval(seq types.OID) (int64, error)
	Lastval() (int64, error)
	Setval(seq types.OID, value int64, isCalled bool) error
	// Notice sends a notice to the client.
	Notice(severity, code, message string)
	// TxnID gives a number for the current transaction.
	TxnID() int64
	// Random gives the session's random number generator's next value in [0, 1);
	// SetSeed seeds it.
	Random() float64
	SetSeed(seed float64)
}

// EvalFunc computes a function for one row. For a Strict function no argument
// is NULL.
type EvalFunc func(ctx *Ctx, args []types.Datum) (types.Datum, error)

// VecFunc computes a function for the rows sel names (all n rows when sel is
// nil): it sets out's values and null mask at those rows. out is Init'ed with
// the result type and Len n. For a Strict function the caller has already
// marked as NULL in out the rows where any argument is NULL; the kernel may
// compute garbage for those but must not fail on them (it checks out.IsNull
// before anything that can fail). Arguments are full vectors; Const[i] tells
// that argument i has the same value in every row (its row 0).
type VecFunc func(ctx *Ctx, args []Arg, out *types.Vec, n int, sel []int32) error

// Arg is one argument of a VecFunc. When Const, the vector has at least one
// row and only row 0 counts.
type Arg struct {
	*types.Vec
	Const bool
}

// SetFunc computes a set-returning function: it calls emit for each row of
// the result: one Datum per output column, or a single one, of the result
// type, when the function has no output columns (a whole row, if that type is
// composite). The row is the caller's for the length of the call only. Strict
// functions are called through CallSet.
type SetFunc func(ctx *Ctx, args []types.Datum, emit func(row []types.Datum) error) error

// Func describes one function.
type Func struct {
	OID        types.OID
	Name       string
	Args       []*types.Type // input argument types (may be polymorphic)
	ArgNames   []string      // names for named notation, if any
	Variadic   *types.Type   // element type when the last of Args is a VARIADIC array
	Defaults   []types.Datum // values of the last len(Defaults) arguments when omitted
	Result     *types.Type
	Out        []types.Field // output columns when there are several (OUT parameters, set-returning)
	Kind       Kind
	SetOf      bool
	NotStrict  bool // called even when an argument is NULL
	Volatility Volatility
	Leakproof  bool
	Writes     bool   // may write to the database: a query that calls it is no mere reading
	Doc        string // one line for the docs and \df+

	Eval EvalFunc
	Vec  VecFunc
	Set  SetFunc
	Agg  *Agg
	Win  *WinFunc

	// Bind, when set, is called once at plan time with the resolved argument
	// types; it may return a Func with kernels special to them (polymorphic
	// functions, format precompilation). nil means: use this Func as it is.
	Bind func(argTypes []*types.Type) *Func
	// Streams tells that Set may give many rows, so that FROM should ask for them
	// as they are needed; an error of emit, which Set passes on, then ends it early.
	Streams bool

	// BindColumns, when set, makes the function for the column definition list
	// that a call of it in FROM must have: json_to_record(…) AS t(a int, b text).
	// The Func it returns has Set, which emits a Datum for each column.
	BindColumns func(columns []types.Field) *Func
	// User is the descriptor (package catalog) of a function that a user made, nil
	// for built-in ones.
	User any
}

// Agg describes how an aggregate accumulates. New gives the state for
// grouped evaluation of one aggregate call; see AggState.
type Agg struct {
	New func(argTypes []*types.Type) AggState
	// OrderedSet aggregates, percentile_cont(0.5) WITHIN GROUP (ORDER BY x), and
	// Hypothetical ones, rank(5) WITHIN GROUP (ORDER BY x), are made by NewOrdered
	// instead. Their arguments are the direct ones followed by the ORDER BY
	// expressions, in one list; the direct ones are taken from a group's first
	// row. They sort for themselves: rows may be fed in any order.
	OrderedSet   bool
	Hypothetical bool
	NewOrdered   func(argTypes []*types.Type, direct int, order []SortOrder) AggState
	// IgnoresOrder tells that ORDER BY in the call cannot change the result.
	IgnoresOrder bool
	// Moving, unless nil, makes what computes the aggregate over frames whose start moves.
	Moving func(argTypes []*types.Type) (*Moving, error)
}

// SortOrder is the direction of one ORDER BY expression.
type SortOrder struct {
	Desc       bool
	NullsFirst bool
}

// AggState holds the accumulators of all groups of one aggregate call, indexed
// by dense group numbers. Its memory is columnar: one slice entry a group.
type AggState interface {
	// Grow makes room for groups 0 … n-1, new ones empty.
	Grow(n int)
	// Add feeds the rows sel names (all n when nil): row i of args goes to group
	// groups[i]; groups nil means all go to group 0. NULL handling is the
	// aggregate's own.
	Add(ctx *Ctx, args []Arg, groups []int32, n int, sel []int32) error
	// Result stores the results of groups from … from+count-1 in out's rows
	// 0 … count-1 (out has Len count).
	Result(ctx *Ctx, from, count int, out *types.Vec) error
	// Merge adds the groups of another state of the same kind: its group i goes
	// into group into[i]. For parallel and spilled aggregation.
	Merge(ctx *Ctx, other AggState, into []int32) error
	// Bytes estimates the memory in use.
	Bytes() int64
}

// Remover is an AggState that can take values out again: an inverse transition.
// With it a frame that moves on costs what enters and what leaves it.
type Remover interface {
	// CanRemove tells whether the values of args can be taken out exactly.
	CanRemove(args []Arg) bool
	// Remove takes the rows sel names (all n when nil), which Add has put in, out of group 0.
	Remove(args []Arg, n int, sel []int32)
}

// WinFunc describes a window function proper (row_number, lag …); aggregates
// over windows use their Agg.
type WinFunc struct {
	// Eval fills out rows for one whole partition.
	Eval func(ctx *Ctx, w WinPartition, args []*types.Vec, out *types.Vec) error
}

// WinPartition shows a window function its partition.
type WinPartition interface {
	// Len is the number of rows in the partition.
	Len() int
	// Peers gives the half-open range of rows that are peers of row i.
	Peers(i int) (from, to int)
	// Frame calls visit with each half-open range of rows in row i's frame, in order.
	Frame(i int, visit func(from, to int) bool)
	// Failures tells why an argument could not be computed for a row, whose value is NULL
	// then: an error of whoever asks for it. Nil if all could.
	Failures() func(arg, i int) error
}

// Operator describes one operator. Left is nil for a prefix operator.
type Operator struct {
	OID         types.OID
	Name        string
	Left, Right *types.Type
	Result      *types.Type
	Func        *Func
	Commutator  string // name of the operator with sides exchanged, "" if none
	Negator     string
	// Compare tells the comparison an operator is in its types' b-tree family:
	// "=", "<", "<=", ">", ">=", "<>" or "" for none. Index ranges, merge and
	// hash joins rest on it.
	Compare string
}

// CastContext says where a cast applies by itself (pg_cast.castcontext).
type CastContext byte

// The contexts of a cast.
const (
	Explicit   CastContext = 'e'
	Assignment CastContext = 'a'
	Implicit   CastContext = 'i'
)

// Cast describes a conversion between two types. Func has one argument, or
// two or three when it also wants the target typmod (int4) and whether the
// cast is explicit (bool); nil Func means that there is no work to do. (A few
// casts that are binary coercible in PostgreSQL have a Func all the same:
// integers are signed and OIDs are not, which is work here.)
// Conversions through text forms (I/O casts) are not in the table; IOCast
// makes them. Length coercion (varchar(n), numeric(p,s) …) is a Cast from a
// type to itself.
type Cast struct {
	From, To *types.Type
	Context  CastContext
	Method   byte // pg_cast.castmethod: f function, b binary coercible, i through text
	Func     *Func
}
