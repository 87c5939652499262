package session

import (
	"context"

	"rowkey/executor"
	"rowkey/kv"
	"rowkey/planner"
	"rowkey/planner/plan"
)

// EXPLAIN (KV) and EXPLAIN (ANALYZE, KV).

// The operations of each node that are shown one by one; of the others, sums.
const (
	traceOpsText = 25
	traceOpsJSON = 1000
)

// showKeys completes the options of EXPLAIN (KV) for a statement.
func (s *Session) showKeys(ctx context.Context, st *statement, o *planner.ExplainOptions) {
	if !o.KV {
		return
	}
	o.Catalog = s.snapshot()
	o.KeyNames = o.Catalog.KeyNamer(s.searchPath())
	o.KeyRanges = func(n plan.Node) []kv.Range { return executor.KeyRanges(s.execCtx(ctx, st), n) }
}

// analyzeRun runs a planned statement, counting what its nodes do and, for KV,
// tracing what they ask of the store.
func (s *Session) analyzeRun(ctx context.Context, st *statement, o *planner.ExplainOptions, sink executor.Sink) (executor.Result, error) {
	o.Counters = make([]plan.Counters, st.plan.Nodes)
	var trace *executor.Trace
	if o.KV {
		limit := traceOpsText
		if o.JSON {
			limit = traceOpsJSON
		}
		trace = executor.NewTrace(st.plan, o.Counters, limit)
		// Functions that reach the store through the session are traced, too.
		defer func(untraced kv.Txn) { s.tx.kv = untraced }(s.tx.kv)
		s.tx.kv = trace.Txn(s.tx.kv)
	}
	ec := s.execCtx(ctx, st)
	ec.Counters = o.Counters
	if trace != nil {
		ec.Trace, ec.Workers = trace, 1
	}
	start := nowMicros()
	res, err := executor.Run(ec, st.plan, sink)
	o.ExecutionMicros = nowMicros() - start
	return res, err
}

// TraceKeys has show told, from now on, the plan of each query that Simple has
// run, with every operation on the store that its nodes asked for, as EXPLAIN
// (ANALYZE, KV) prints it. It is told after the query's rows and before its
// end; nil ends it.
func (s *Session) TraceKeys(show func(plan []string)) { s.showTrace = show }

// runTraced runs a planned statement for TraceKeys.
func (s *Session) runTraced(ctx context.Context, st *statement, sink executor.Sink) (executor.Result, error) {
	o := planner.ExplainOptions{Analyze: true, KV: true, Env: s.execEnv()}
	s.showKeys(ctx, st, &o)
	res, err := s.analyzeRun(ctx, st, &o, sink)
	if err != nil {
		return res, err
	}
	lines, err := planner.Explain(st.plan, o)
	if err == nil {
		s.showTrace(lines)
	}
	return res, err
}
