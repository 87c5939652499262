// Package plpgsql is the language PL/pgSQL: a compiler from a function's text
// to a tree, and an interpreter of such trees. What SQL there is in a function
// (expressions, statements, cursors' queries) is run by the session, through
// the interface Engine.
//
//	source ──parse──▶ Function (blocks, statements, variables)   parse*.go, tree.go
//	                     │ Call
//	                     ▼
//	                  Frame: the variables' values               frame.go
//	                  exec*.go walks the statements
//	                     │ an *Expr: text, the names in sight
//	                     ▼
//	                  Engine: plans it once, runs it
//
// A name in an expression is a variable when the scope of the place knows it
// (Scope.Find); whether it is a column as well is for the planner to see.
//
// Invariants: a Function is read-only once compiled; an Expr has room for what
// the Engine keeps with it, so a Function belongs to one session. Errors get a
// line of context for each function they leave.
//
// Not here: SQL, types' conversions (both are the Engine's), catalogs.
package plpgsql

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Engine runs the SQL of functions: what the session lends the interpreter.
type Engine interface {
	// Value computes an expression. With e.Target it is converted to that variable's type.
	Value(fr *Frame, e *Expr) (Value, error)
	// Query runs a statement; visit, if not nil, gets its rows and may return
	// ErrStop. A nil visit drops them.
	Query(fr *Frame, e *Expr, visit func(*Row) error) (Outcome, error)
	// Dynamic runs a statement whose text was computed.
	Dynamic(fr *Frame, text string, args []Value, visit func(*Row) error) (Outcome, error)
	// Loop runs the query of a loop, e or text, for visit. It is a cursor's: what goes wrong
	// while it runs is not said to be in it.
	Loop(fr *Frame, e *Expr, text string, args []Value, visit func(*Row) error) error
	// Cast converts a value as an assignment does, by way of its text if need be.
	Cast(v Value, t *types.Type, mod int32) (types.Datum, error)
	// Text gives a value's text form.
	Text(v Value) string
	// Savepoint begins a subtransaction, which ends by release or rollback.
	Savepoint() (release, rollback func() error, err error)
	// Commit ends the transaction and begins the next one.
	Commit(rollback, chain bool) error
	// Cancelled gives the error of a statement that was cancelled.
	Cancelled() error
	// Notice sends a notice, with its context.
	Notice(e *pgerr.Error)
	// Context tells what is running: the function, what calls it, and so on, a line each.
	Context() string
	// OpenCursor opens a cursor over e's query, or over text; name "" makes one up.
	OpenCursor(fr *Frame, name string, e *Expr, text string, args []Value, scroll *bool) (string, error)
	// FetchCursor moves a cursor and gives the rows; direction is FETCH's, as text.
	FetchCursor(name, direction string, move bool, visit func(*Row) error) (int64, error)
	CloseCursor(name string) error
	// Setting gives a run-time parameter.
	Setting(name string) string
}

// ErrStop ends a query early.
var ErrStop = pgerr.New(pgerr.InternalError, "no more rows are wanted")

// Value is a value with its type.
type Value struct {
	Datum types.Datum
	Type  *types.Type
	Mod   int32
}

// Row is a row of a query: valid during the visit only.
type Row struct {
	Fields []types.Field
	Vals   []types.Datum
}

// Outcome tells what a statement did.
type Outcome struct {
	Rows int64
	// Returns tells that the statement gives rows.
	Returns bool
	// Changes tells that it inserts, updates, deletes or merges.
	Changes bool
	// Utility tells that it has no plan of its own: SHOW, CREATE TABLE AS …
	Utility bool
}

// Env is what compiling asks of the session.
type Env interface {
	// Type finds a type by its SQL text.
	Type(text string) (*types.Type, int32, error)
	// RowType finds a relation's row type.
	RowType(name string) (*types.Type, error)
	// Parse checks the syntax of a statement.
	Parse(text string) error
}
