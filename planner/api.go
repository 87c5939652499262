package planner

// What packages session and ddl ask of the planner besides Plan and BindExpr;
// they are written and call these, with these names and meanings:
//
//	DeparseTableExpr(e plan.Expr, t *catalog.Table) string   SQL text to store, PostgreSQL's deparse style, columns unqualified
//	ColumnsUsed(e plan.Expr) []int16                         attnums, ascending, of an expression over a table
//	IsVolatile(e plan.Expr) bool
//	HasEquality(a, b *types.Type) bool                       an = operator for a foreign key
//	CoerceAssign(e plan.Expr, t *types.Type, mod int32) (plan.Expr, error)
//	BindStandalone(e ast.Expr, t *types.Type, snap, path []string, env) (plan.Expr, error)   EXECUTE arguments, no columns
//	BindConst(e ast.Expr, snap, path []string, env) (types.Datum, error)                     folds to a constant
//	ResolveTable(snap, path []string, rv *ast.RangeVar) (*catalog.Table, error)
//	RowRulesFor(snap, path []string, env, t *catalog.Table) (*plan.RowRules, error)          generated, checks, index expressions
//	AnalyzeView(Request) (*ViewInfo, error)     ViewInfo{Columns []plan.Column; Text string (names resolved); DependsOn []catalog.OID}
//	Explain(p *plan.Plan, o ExplainOptions) ([]string, error)
//
// ExplainOptions: Analyze, Verbose, Costs, KV, Algebra, Timing, Summary, JSON
// bool; PlanningMicros, ExecutionMicros int64; Counters []plan.Counters;
// KeyRanges func(plan.Node) []kv.Range (for KV).
