package session

import (
	"context"
	"strings"

	"rowkey/ddl"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

func explainOptions(n *ast.ExplainStmt) (planner.ExplainOptions, error) {
	o := planner.ExplainOptions{Costs: true}
	timing, summary, wal := -1, -1, false
	for _, opt := range n.Options {
		on := true
		if opt.Kind != ast.OptionAbsent {
			v, ok := parseBool(opt.Text)
			on = v
			if !ok && !strings.EqualFold(opt.Name, "format") {
				return o, pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", opt.Name)
			}
		}
		b := map[bool]int{true: 1, false: 0}[on]
		switch strings.ToLower(opt.Name) {
		case "analyze":
			o.Analyze = on
		case "verbose":
			o.Verbose = on
		case "costs":
			o.Costs = on
		case "kv":
			o.KV = on
		case "algebra":
			o.Algebra = on
		case "timing":
			timing = b
		case "summary":
			summary = b
		case "wal":
			wal = on
		case "buffers", "settings":
		case "format":
			f, err := formatName(opt)
			if err != nil {
				return o, err
			}
			format, ok := planner.Formats[f]
			if !ok {
				return o, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized value for EXPLAIN option %q: %q", opt.Name, f).At(opt.Pos())
			}
			o.Format = format
		default:
			return o, pgerr.Newf(pgerr.SyntaxError, "unrecognized EXPLAIN option %q", opt.Name).At(opt.Pos())
		}
	}
	o.Timing = o.Analyze && timing != 0
	if timing == 1 && !o.Analyze {
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	if wal && !o.Analyze {
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
	}
	o.Summary = summary == 1 || summary == -1 && o.Analyze
	return o, nil
}

func (s *Session) runExplain(ctx context.Context, st *statement, n *ast.ExplainStmt, w Writer) error {
	opts, err := explainOptions(n)
	if err != nil {
		return err
	}
	inner := st.inner(n.Stmt)
	var made *ast.CreateTableAsStmt
	what := n.Stmt
	if q, ok := what.(*ast.SelectStmt); ok && q.IntoTarget() != nil {
		what = q.TableInto()
	}
	switch q := what.(type) {
	case *ast.ExecuteStmt:
		p, err := s.Statement(q.Name)
		if err != nil {
			return err
		}
		if inner, err = s.bindExecute(ctx, p, q); err != nil {
			return err
		}
	case *ast.DeclareCursorStmt:
		inner.raw.Stmt = q.CursorQuery()
	case *ast.CreateTableAsStmt:
		if q.Execute != nil {
			if st, err = s.tableFromExecute(ctx, st, q); err != nil {
				return err
			}
			q = st.raw.Stmt.(*ast.CreateTableAsStmt)
			inner = st.inner(q)
		}
		inner.raw.Stmt, made = q.Query, q
	case *ast.RefreshMaterializedViewStmt:
		return s.explained(ctx, n, planner.Utility(opts.Format), w)
	}
	if _, ok := inner.raw.Stmt.(*ast.SelectStmt); !ok && !isQuery(inner.raw.Stmt) {
		return pgerr.Unsupported("EXPLAIN of %s is not supported", ast.Tag(inner.raw.Stmt))
	}
	start := nowMicros()
	if err := s.prepareRun(ctx, inner); err != nil {
		return err
	}
	if err := inner.plan.Authorize(s.snapshot(), s.role()); err != nil {
		return err
	}
	if err := inner.plan.Refused; err != nil {
		return err
	}
	opts.PlanningMicros = nowMicros() - start
	if opts.Algebra { // plan once more, keeping the algebra
		if inner.plan, err = s.planTraced(inner); err != nil {
			return err
		}
	}
	s.showKeys(ctx, inner, &opts)
	if opts.Analyze {
		if made != nil {
			err = s.analyzeMaking(ctx, st, made, inner, &opts)
		} else {
			_, err = s.analyzeRun(ctx, inner, &opts, nil)
		}
		if err != nil {
			return err
		}
	}
	if opts.Analyze && opts.Counters == nil { // the relation was there: nothing was done
		return s.explained(ctx, n, nil, w)
	}
	opts.Env = s.execEnv()
	lines, err := planner.Explain(inner.plan, opts)
	if err != nil {
		return err
	}
	return s.explained(ctx, n, lines, w)
}

// analyzeMaking makes the relation of an EXPLAIN ANALYZE CREATE TABLE AS, whose query
// is q.
func (s *Session) analyzeMaking(ctx context.Context, st *statement, n *ast.CreateTableAsStmt, q *statement, opts *planner.ExplainOptions) error {
	if err := s.enterDDL(ctx, ast.Tag(n)); err != nil {
		return err
	}
	s.tempOnCommit = s.tempOnCommit || n.OnCommit == ast.OnCommitDelete || n.OnCommit == ast.OnCommitDrop
	dc := s.ddlCtx(ctx, st)
	query := dc.Query
	dc.Query = func(stmt ast.Stmt, sink func(*types.Batch) error) (*plan.Plan, int64, error) {
		if sink == nil {
			return query(stmt, nil)
		}
		res, err := s.analyzeRun(ctx, q, opts, sink)
		return q.plan, res.Rows, err
	}
	if n.WithNoData {
		opts.Counters = make([]plan.Counters, q.plan.Nodes)
	}
	was := s.snapshot().Version
	if _, err := ddl.Run(dc, n); err != nil {
		return err
	}
	if s.snapshot().Version == was { // it was there
		opts.Counters = nil
	}
	return nil
}

// explained sends the lines of an EXPLAIN.
func (s *Session) explained(ctx context.Context, n *ast.ExplainStmt, lines []string, w Writer) error {
	cols, _ := s.utilityColumns(ctx, n, nil)
	rows := make([][]types.Datum, len(lines))
	for i, l := range lines {
		rows[i] = []types.Datum{types.NewString(l)}
	}
	if err := writeRows(w, cols, rows); err != nil {
		return err
	}
	return w.Complete("EXPLAIN")
}
