// Package ast holds the typed syntax tree of rowkey's SQL: what the parser
// hands to the planner, before any name or type is resolved.
//
// The shapes follow PostgreSQL's raw parse tree (a query's clauses, operators
// by name, constants as text), so a reader who knows that tree knows this one:
//
//	SELECT a, b + 1 FROM t WHERE id = $1
//
//	SelectStmt
//	├─ Targets  ResTarget ColumnRef[a]
//	│           ResTarget OpExpr + (ColumnRef[b], Const 1)
//	├─ From     RangeVar t
//	└─ Where    OpExpr = (ColumnRef[id], ParamRef 1)
//
// Sums: Stmt is a statement, Expr an expression, TableExpr an item of FROM;
// their members are closed sets, listed beside each interface.
//
// Positions: Pos is the byte offset (from 0) in the text given to the parser
// of the place PostgreSQL reports for that node – an operator expression's is
// its operator, a cast's its "::", a function call's its name. -1 is unknown.
//
// Trees are read-only once parsed: a cached one is shared between sessions.
//
// Not here: names resolved to tables, types, implicit casts (the planner).
package ast

// Node is any part of the tree.
type Node interface {
	// Pos is the byte offset in the source text, or -1.
	Pos() int
}

// At is a source position, embedded in every node.
type At int

// Unknown is the position of a node that stands nowhere in the source.
const Unknown At = -1

// Pos implements Node.
func (a At) Pos() int { return int(a) }

// Stmt is a statement: SelectStmt, InsertStmt, UpdateStmt, DeleteStmt and
// MergeStmt, and the definition and utility statements of ddl.go and utility.go.
type Stmt interface {
	Node
	stmtNode()
}

// Expr is a scalar expression; see expr.go for its members.
type Expr interface {
	Node
	exprNode()
}

// TableExpr is an item of FROM: RangeVar, RangeSubselect, RangeFunction,
// RangeTableSample or JoinExpr.
type TableExpr interface {
	Node
	tableNode()
}

// RawStmt is one statement of a query string, with the text it came from:
// source[Start : Start+Len], without the semicolon.
type RawStmt struct {
	Stmt  Stmt
	Start int // byte offset of the first token
	Len   int // bytes, up to the semicolon or the end
	// Params is the highest parameter number used ($1 is 1), 0 if none.
	Params int
}

// Pos implements Node.
func (s *RawStmt) Pos() int { return s.Start }

// TypeName is a type as written. Types with names of their own in the grammar
// (integer, timestamp with time zone) arrive as pg_catalog.int4 and so on.
type TypeName struct {
	At
	Names []string
	Mods  []Expr // modifiers, numeric(10, 2); an interval's fields as PostgreSQL's bit mask
	// Bounds has one entry for each array dimension; -1 is an empty pair of brackets.
	Bounds  []int
	SetOf   bool
	PctType bool // name%TYPE
}

// Operator names an operator, with its schema if written as OPERATOR(schema.op).
type Operator struct {
	Schema string
	Name   string
}

// SortBy is one item of an ORDER BY.
type SortBy struct {
	At    // of the operator after USING, else unknown
	Expr  Expr
	Dir   SortDir
	Using Operator // for SortUsing
	Nulls NullsOrder
}

// SortDir is the direction of a SortBy.
type SortDir uint8

// Directions of a SortBy.
const (
	SortDefault SortDir = iota
	SortAsc
	SortDesc
	SortUsing
)

// NullsOrder is where NULLs sort.
type NullsOrder uint8

// Orders of NULLs.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// Walk calls visit for n and, where visit returns true, for everything below
// it, parents first. It does not recurse into nil.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	if w, ok := n.(walker); ok {
		w.walkChildren(func(c Node) { Walk(c, visit) })
	}
}

// walker is a node with children; f must not be given a nil (use the helpers below).
type walker interface {
	walkChildren(f func(Node))
}

// one visits a child held by pointer, if it is there.
func one[T any, P interface {
	*T
	Node
}](f func(Node), p P) {
	if p != nil {
		f(p)
	}
}

// opt visits a child held as an interface, if it is there.
func opt[T Node](f func(Node), n T) {
	if any(n) != nil {
		f(n)
	}
}

// all visits the children of a list.
func all[T Node](f func(Node), ns []T) {
	for _, n := range ns {
		if any(n) != nil {
			f(n)
		}
	}
}

func (s *RawStmt) walkChildren(f func(Node))  { opt(f, s.Stmt) }
func (t *TypeName) walkChildren(f func(Node)) { all(f, t.Mods) }
func (s *SortBy) walkChildren(f func(Node))   { opt(f, s.Expr) }
