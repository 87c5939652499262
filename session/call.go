package session

import (
	"context"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// CALL and DO: code that runs on its own, not within a query.

// boundCall is a CALL whose procedure and arguments are known.
type boundCall struct {
	f    *catalog.Function
	call *builtin.RoutineCall
	args []plan.Expr // of the input parameters
	all  []plan.Expr
	cols []Column // of the output parameters, nil for none
	// params are the types of $1 ….
	params []*types.Type
}

// bindCall finds the procedure that a CALL means.
func (s *Session) bindCall(n *ast.CallStmt, request func(*planner.Request)) (*boundCall, error) {
	r := planner.Request{Catalog: s.snapshot(), SearchPath: s.searchPath(), Env: s.execEnv(), CurrentUser: s.userName(), Role: s.role(), Session: (*host)(s)}
	request(&r)
	c, params, err := planner.BindCall(r, n.Func)
	if err != nil {
		return nil, err
	}
	f := c.Fn.User.(*catalog.Function)
	b := &boundCall{f: f, params: params, all: c.Args, call: &builtin.RoutineCall{Function: f, Result: c.Typ, Out: c.Fn.Out}}
	k := 0
	for i := range f.Params {
		p := &f.Params[i]
		if p.In() {
			b.args = append(b.args, c.Args[k])
			b.call.Args = append(b.call.Args, c.Args[k].Type())
		}
		if p.In() || p.Mode == 'o' {
			k++
		}
	}
	for _, o := range c.Fn.Out {
		b.cols = append(b.cols, Column{Name: o.Name, Type: o.Type, Typmod: -1})
	}
	return b, nil
}

// runCall is CALL.
func (s *Session) runCall(ctx context.Context, st *statement, n *ast.CallStmt, w Writer) error {
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	s.tx.fresh = false
	b, err := s.bindCall(n, func(r *planner.Request) {
		r.ParamTypes, r.NoParams, r.Vars = st.ptypes, st.raw.Params > len(st.params), st.vars
	})
	if err != nil {
		return err
	}
	if s.tx.implicit && s.depth == 0 {
		s.nonAtomic = 1
		defer func() { s.nonAtomic = 0 }()
	}
	row, err := s.call(ctx, b, st.params)
	if err != nil {
		return err
	}
	if b.cols != nil {
		if err := w.Columns(b.cols); err != nil {
			return err
		}
		batch := &types.Batch{N: 1}
		for i, c := range b.cols {
			v := types.NewVec(c.Type, 1)
			v.Append(row[i])
			batch.Cols = append(batch.Cols, v)
		}
		if err := w.Rows(batch, b.cols); err != nil {
			return err
		}
	}
	return w.Complete("CALL")
}

// call evaluates a CALL's arguments, runs the procedure and gives its outputs.
func (s *Session) call(ctx context.Context, b *boundCall, params []types.Datum) ([]types.Datum, error) {
	if s.snapshot().FunctionRights(s.role(), b.f.OID, catalog.Execute) == 0 {
		return nil, catalog.PermissionDenied("procedure", b.f.Name)
	}
	ec := s.execCtx(ctx, &statement{params: params})
	vals := make([]types.Datum, len(b.args))
	for i, a := range b.args {
		var err error
		if vals[i], err = executor.EvalExpr(ec, a, nil); err != nil {
			return nil, err
		}
	}
	s.depth++
	ev := s.execCtx(ctx, &statement{}).Eval
	s.depth--
	out, err := (*host)(s).CallRoutine(ev, b.call, vals)
	if err != nil {
		return nil, err
	}
	row := make([]types.Datum, len(b.cols))
	if t, ok := out.X.(*types.Tuple); ok {
		copy(row, t.Vals)
	}
	return row, nil
}

// runDo is DO.
func (s *Session) runDo(ctx context.Context, st *statement, n *ast.DoStmt, w Writer) error {
	language, body, have := "plpgsql", "", false
	for _, o := range n.Options {
		switch o.Name {
		case "language":
			language = o.AsText()
		case "as":
			body, have = o.AsText(), true
		}
	}
	if !have {
		return pgerr.New(pgerr.SyntaxError, "no inline code specified")
	}
	switch language {
	case "plpgsql":
	case "sql", "internal", "c":
		return pgerr.Newf(pgerr.FeatureNotSupported, "language %q does not support inline code execution", language)
	default:
		return pgerr.Newf(pgerr.UndefinedObject, "language %q does not exist", language)
	}
	if _, err := s.enter(ctx, false); err != nil {
		return err
	}
	if err := s.mayUseLanguage(language); err != nil {
		return err
	}
	s.tx.fresh = false
	if err := s.doPLpgSQL(ctx, body, st.text, s.tx.implicit && s.depth == 0); err != nil {
		return err
	}
	return w.Complete("DO")
}
