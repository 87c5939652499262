package session

import (
	"context"
	"fmt"

	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

func (s *Session) runPrepare(ctx context.Context, st *statement, n *ast.PrepareStmt, w Writer) error {
	if _, err := s.enter(ctx, true); err != nil {
		return err
	}
	p := &Prepared{Name: n.Name, Text: st.text, fromSQL: true, born: nowMicros(),
		raw: &ast.RawStmt{Stmt: n.Stmt, Start: st.raw.Start, Len: st.raw.Len, Params: st.raw.Params}}
	p.given = make([]*types.Type, max(len(n.Types), st.raw.Params))
	for i, tn := range n.Types {
		t, _, err := planner.ResolveTypeName(s.snapshot(), s.searchPath(), tn)
		if err != nil {
			return err
		}
		if t != types.Unknown {
			p.given[i] = t
		}
	}
	if err := s.describe(ctx, p); err != nil {
		return err
	}
	if s.prepared[n.Name] != nil {
		return pgerr.Newf(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", n.Name)
	}
	if !s.tx.implicit && p.plan != nil { // definitions, and the snapshot, are kept as they are from here on
		s.tx.fresh = s.tx.fresh && s.tx.level == kv.ReadCommitted
		if _, err := s.lockTables(ctx, p.plan); err != nil {
			return err
		}
	}
	if err := s.keepPrepared(p); err != nil {
		return err
	}
	return w.Complete("PREPARE")
}

func (s *Session) runExecute(ctx context.Context, st *statement, n *ast.ExecuteStmt, w Writer) error {
	p, err := s.Statement(n.Name)
	if err != nil {
		return err
	}
	inner, err := s.bindExecute(ctx, p, n)
	if err != nil {
		return err
	}
	if inner.raw == nil {
		return w.Complete("EXECUTE")
	}
	if !isQuery(p.raw.Stmt) {
		return s.runUtility(ctx, inner, w)
	}
	if err := s.prepareRun(ctx, inner); err != nil {
		return s.report(err, inner.text) // positions are in its own text
	}
	if !sameColumns(p.Columns, inner.plan.Columns) {
		return planChanged()
	}
	return s.runPlan(ctx, inner, w, true)
}

func (s *Session) bindExecute(ctx context.Context, p *Prepared, n *ast.ExecuteStmt) (*statement, error) {
	if len(n.Args) != len(p.Params) {
		return nil, pgerr.Newf(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", n.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.Params), len(n.Args))
	}
	inner := &statement{raw: p.raw, text: p.Text, ptypes: p.Params, plan: p.plan, epoch: p.epoch}
	if len(n.Args) > 0 {
		if _, err := s.enter(ctx, false); err != nil {
			return nil, err
		}
		for i, a := range n.Args {
			e, err := planner.BindExpr(planner.ExprRequest{Catalog: s.snapshot(), SearchPath: s.searchPath(), Env: s.execEnv(),
				Expr: a, Place: planner.ForExecute, Target: p.Params[i], TargetMod: -1, Column: fmt.Sprintf("$%d", i+1)})
			if err != nil {
				return nil, err
			}
			v, err := executor.EvalExpr(s.execCtx(ctx, inner), e, nil)
			if err != nil {
				return nil, err
			}
			inner.params = append(inner.params, v)
		}
	}
	return inner, nil
}

func (s *Session) deallocate(n *ast.DeallocateStmt, w Writer) error {
	if n.All {
		s.dropAllPrepared()
	} else {
		if _, err := s.Statement(n.Name); err != nil {
			return err
		}
		s.dropPrepared(n.Name)
	}
	return w.Complete(ast.Tag(n))
}
