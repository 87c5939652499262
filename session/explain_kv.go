package session

import (
	"context"

	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// EXPLAIN (KV) and EXPLAIN (ANALYZE, KV).

// tracedOps bounds the operations of each node that are kept one by one; of the
// others, sums.
const tracedOps = 1000

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
		trace = executor.NewTrace(st.plan, o.Counters, tracedOps)
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
func (s *Session) TraceKeys(show func(plan []string)) {
	s.traced = nil
	if show != nil {
		s.traced = func(st *statement, o planner.ExplainOptions) error {
			lines, err := planner.Explain(st.plan, o)
			if err == nil {
				show(lines)
			}
			return err
		}
	}
}

// runTraced runs a planned statement and tells s.traced of it.
func (s *Session) runTraced(ctx context.Context, st *statement, sink executor.Sink) (executor.Result, error) {
	o := planner.ExplainOptions{Analyze: true, KV: true, Env: s.execEnv()}
	s.showKeys(ctx, st, &o)
	res, err := s.analyzeRun(ctx, st, &o, sink)
	if err == nil {
		err = s.traced(st, o)
	}
	return res, err
}

// Explanation is how a statement was understood and done, stage by stage. Of
// what is no query there is a syntax tree only.
type Explanation struct {
	Syntax   string   // the syntax tree, drawn
	Algebra  string   // relational algebra, as the statement says
	Rules    []string // those that fired, in the order of the list of rules
	Improved string   // the algebra that they made of it
	Plan     []string // the physical plan, as EXPLAIN prints it
	// Operations are what the plan asked of the store, in the order in which the
	// asking began; of a node that asked for much, the first ones. More counts the others.
	Operations []Operation
	More       int64
}

// Operation is one operation on the store that running a plan came down to.
type Operation = planner.Operation

// Explain runs a prepared statement as Run does, and explains it.
func (s *Session) Explain(ctx context.Context, p *Prepared, params []types.Datum, w Writer) (*Explanation, error) {
	x := &Explanation{}
	if p.raw != nil {
		x.Syntax = ast.Tree(p.raw.Stmt)
	}
	defer func(was func(*statement, planner.ExplainOptions) error) { s.traced = was }(s.traced)
	s.traced = func(st *statement, o planner.ExplainOptions) (err error) {
		x.Operations, x.More = planner.Operations(st.plan, o)
		if x.Plan, err = planner.Explain(st.plan, planner.ExplainOptions{Env: o.Env}); err != nil {
			return err
		}
		again, err := s.planTraced(st)
		if err != nil {
			return err
		}
		x.Rules, x.Algebra = again.Rules, again.Algebra[0]
		x.Improved = again.Algebra[len(again.Algebra)-1]
		return nil
	}
	return x, s.Run(ctx, p, params, w)
}

// planTraced plans a statement keeping the algebra.
func (s *Session) planTraced(st *statement) (*plan.Plan, error) {
	r := s.planRequest(s.snapshot(), st)
	r.Trace = true
	return planner.Plan(r)
}
