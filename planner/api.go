package planner

import (
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/types"
)

// This file declares what packages session and ddl ask of the planner besides
// Plan. They are written and call, with these names and meanings:
//
//	BindExpr(ExprRequest) (plan.Expr, error)
//	DeparseTableExpr(e plan.Expr, t *catalog.Table) string   SQL text to store, PostgreSQL's deparse style, columns unqualified
//	ColumnsUsed(e plan.Expr) []int16                         attnums, ascending, of an expression over a table
//	IsVolatile(e plan.Expr) bool
//	HasEquality(a, b *types.Type) bool                       an = operator for a foreign key
//	CoerceAssign(e plan.Expr, t *types.Type, mod int32) (plan.Expr, error)
//	BindStandalone(e ast.Expr, t *types.Type, snap, path []string, env) (plan.Expr, error)   EXECUTE arguments, no columns
//	BindConst(e ast.Expr, snap, path []string, env) (types.Datum, error)                     folds to a constant
//	ResolveTable(snap, path []string, rv *ast.RangeVar) (*catalog.Table, error)
//	RowRulesFor(snap, path []string, env, t *catalog.Table) (*plan.RowRules, error)          generated, checks, index expressions
//	AnalyzeView(Request) (*ViewInfo, error)
//	Explain(p *plan.Plan, o ExplainOptions) ([]string, error)
//
// ExplainOptions: Analyze, Verbose, Costs, KV, Algebra, Timing, Summary, JSON
// bool; PlanningMicros, ExecutionMicros int64; Counters []plan.Counters;
// KeyRanges func(plan.Node) []kv.Range (for KV).

// ExprKind says what a definition's expression is for, and so what it may contain.
type ExprKind uint8

// The kinds.
const (
	DefaultExpr    ExprKind = iota // DEFAULT: no columns; coerced to Type by assignment
	CheckExpr                      // CHECK of a table: boolean
	GeneratedExpr                  // GENERATED ALWAYS AS: immutable, no generated columns
	IndexExpr                      // key of an index: immutable
	IndexPredicate                 // WHERE of an index: boolean, immutable
	UsingExpr                      // ALTER COLUMN … TYPE … USING: coerced to Type
	DomainCheck                    // CHECK of a domain: VALUE (a CaseTest of type Type) instead of columns
)

// ExprRequest asks to bind an expression of a definition. Columns are bound to
// Col.Idx = attnum-1.
type ExprRequest struct {
	Catalog     *catalog.Snapshot
	SearchPath  []string
	Env         *types.Env
	CurrentUser string
	Kind        ExprKind
	Table       *catalog.Table // nil for domains
	Expr        ast.Expr
	Type        *types.Type // to coerce to; nil: as it comes
	Typmod      int32
	Column      string // name of the column (or domain), for messages
}

// ViewInfo is what CREATE VIEW stores of its query.
type ViewInfo struct {
	Columns   []ViewColumn
	Text      string // the query with every name resolved (search path no longer matters)
	DependsOn []catalog.OID
}

// ViewColumn is an output column of a view's query.
type ViewColumn struct {
	Name   string
	Type   *types.Type
	Typmod int32
}
