package session

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Functions that users made, as statements call them. A call enters the
// session again from within a running statement: what it runs sees the
// statement's snapshot and the transaction's own writes.
//
//	executor ── builtin.Func.Eval ──▶ CallRoutine
//	                                   ├─ sql      statements, the last one's rows are the result   (routine_sql.go)
//	                                   ├─ plpgsql  package plpgsql over an interface given by us    (routine_plpgsql.go)
//	                                   └─ internal a built-in function by another name

// maxRoutineDepth bounds how deep calls may nest (54001).
const maxRoutineDepth = 400

// routineKey identifies a compiled routine: the descriptor, whose pointer
// changes with every change of it, and for polymorphic ones the types.
type routineKey struct {
	f     *catalog.Function
	types string
}

// maxRoutines bounds the compiled routines a session keeps.
const maxRoutines = 256

// CallRoutine runs a function that returns one value (builtin.Routines).
func (h *host) CallRoutine(ctx *builtin.Ctx, call *builtin.RoutineCall, args []types.Datum) (types.Datum, error) {
	s := h.s()
	f := call.Function.(*catalog.Function)
	leave, err := s.enterRoutine(f)
	if err != nil {
		return types.Null, err
	}
	defer leave()
	switch f.Language {
	case "sql":
		return s.callSQL(ctx, f, call, args)
	case "plpgsql":
		return s.callPLpgSQL(ctx, f, call, args)
	case "internal":
		fn, err := internalFunc(f)
		if err != nil {
			return types.Null, err
		}
		return builtin.Call(fn.Bound(call.Args), ctx, args)
	}
	return types.Null, pgerr.Unsupported("functions in language %q are not supported", f.Language)
}

// CallSetRoutine runs a function and gives its rows to emit (builtin.Routines).
func (h *host) CallSetRoutine(ctx *builtin.Ctx, call *builtin.RoutineCall, args []types.Datum, emit func([]types.Datum) error) error {
	s := h.s()
	f := call.Function.(*catalog.Function)
	if !f.SetOf {
		d, err := h.CallRoutine(ctx, call, args)
		if err != nil {
			return err
		}
		if t, ok := d.X.(*types.Tuple); ok && len(call.Out) > 0 {
			return emit(t.Vals)
		}
		return emit([]types.Datum{d})
	}
	leave, err := s.enterRoutine(f)
	if err != nil {
		return err
	}
	defer leave()
	switch f.Language {
	case "sql":
		return s.callSetSQL(ctx, f, call, args, emit)
	case "plpgsql":
		return s.callSetPLpgSQL(ctx, f, call, args, emit)
	}
	return pgerr.Unsupported("set-returning functions in language %q are not supported", f.Language)
}

// enterRoutine counts the depth and applies the function's settings; leave
// takes both back.
func (s *Session) enterRoutine(f *catalog.Function) (leave func(), err error) {
	if s.tx == nil { // a statement is prepared: what could be folded is left for its execution
		return nil, pgerr.Newf(pgerr.InternalError, "function %s is called outside a transaction", f.Name)
	}
	if s.depth >= maxRoutineDepth {
		return nil, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
	}
	s.depth++
	definer := s.definer
	if f.Definer {
		if s.definer = f.Owner; f.Owner == 0 {
			s.definer = catalog.BootstrapRoleOID
		}
	}
	if len(f.Config) == 0 {
		return func() { s.depth--; s.definer = definer }, nil
	}
	before := map[string]string{}
	for _, kv := range f.Config {
		name, value, _ := strings.Cut(kv, "=")
		old, _ := s.set.get(name)
		if err := s.assign(name, value, userSet); err != nil {
			s.depth--
			s.definer = definer
			return nil, err
		}
		before[name] = old
	}
	return func() {
		s.depth--
		s.definer = definer
		for name, old := range before {
			_ = s.assign(name, old, userSet) // it was valid before
		}
	}, nil
}

// internalFunc finds the built-in function that an internal one stands for.
func internalFunc(f *catalog.Function) (*builtin.Func, error) {
	for _, g := range builtin.Funcs(f.Source) {
		if len(g.Args) == len(f.Inputs()) {
			return g, nil
		}
	}
	return nil, pgerr.Newf(pgerr.UndefinedFunction, "there is no built-in function named %q", f.Source)
}

// typesKey distinguishes the calls of a polymorphic function.
func typesKey(f *catalog.Function, call *builtin.RoutineCall) string {
	if !f.Polymorphic && f.Result.OID != types.Record.OID {
		return ""
	}
	var b strings.Builder
	for _, t := range call.Args {
		b.WriteString(types.Format(t, -1))
		b.WriteByte(',')
	}
	if call.Result != nil {
		b.WriteString(types.Format(call.Result, -1))
	}
	for _, o := range call.Out {
		b.WriteByte(';')
		b.WriteString(types.Format(o.Type, o.Typmod))
	}
	return b.String()
}

// compiled gives what make makes of a routine, made once.
func (s *Session) compiled(key routineKey, make_ func() (any, error)) (any, error) {
	if c, ok := s.routines[key]; ok {
		return c, nil
	}
	c, err := make_()
	if err != nil {
		return nil, err
	}
	if s.routines == nil || len(s.routines) >= maxRoutines {
		s.routines = make(map[routineKey]any)
	}
	s.routines[key] = c
	return c, nil
}

// nested is a query that a routine runs: its text, and the plan once there is one.
type nested struct {
	raw     *ast.RawStmt
	text    string
	plan    *plan.Plan
	version uint64
	epoch   uint64
	path    []string // instead of the session's search path
}

// planNested makes sure q has a plan that is current.
func (s *Session) planNested(q *nested, request func(*planner.Request)) error {
	snap := s.snapshot()
	if q.plan != nil && q.version == snap.Version && q.epoch == s.epoch() {
		return nil
	}
	r := planner.Request{Catalog: snap, Stmt: q.raw.Stmt, SearchPath: q.path, Env: s.execEnv(), CurrentUser: s.userName(), Role: s.role(),
		EstimateRows: s.estimateRows, Settings: s.plannerSettings(), Session: (*host)(s)}
	if r.SearchPath == nil {
		r.SearchPath = s.searchPath()
	}
	request(&r)
	p, err := planner.Plan(r)
	if err != nil {
		return q.place(err)
	}
	q.plan, q.version, q.epoch = p, snap.Version, s.epoch()
	return nil
}

// openNested starts a planned query.
func (s *Session) openNested(ctx context.Context, q *nested, params []types.Datum) (*executor.Execution, error) {
	if !q.plan.ReadOnly {
		if !s.writesTemporary(q.plan) {
			if err := s.writable(q.plan.Tag); err != nil {
				return nil, err
			}
		}
		if err := s.settlePortals(); err != nil {
			return nil, err
		}
		if err := s.lockInner(ctx, q.plan); err != nil {
			return nil, err
		}
	}
	return executor.Open(s.execCtx(ctx, &statement{raw: q.raw, text: q.text, params: params, plan: q.plan}), q.plan)
}

// runNested runs a planned query to its end. The number of rows is the command's.
func (s *Session) runNested(ctx context.Context, q *nested, params []types.Datum, sink func(*types.Batch) error) (int64, error) {
	e, err := s.openNested(ctx, q, params)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	for {
		b, err := e.Next()
		if err != nil {
			return 0, err
		}
		if b == nil {
			return e.Result().Rows, nil
		}
		if sink != nil {
			if err := sink(b); err != nil {
				return 0, err
			}
		}
	}
}

// runUtilityNested runs a statement without a plan inside a routine.
func (s *Session) runUtilityNested(ctx context.Context, st *statement, w Writer) error {
	if what := ownsTransaction(st.raw.Stmt); what != "" {
		if err := s.forbidBlock(what); err != nil {
			return err
		}
		return pgerr.Newf(pgerr.ActiveSQLTransaction, "%s cannot be executed from a function", what)
	}
	return s.runUtility(ctx, st, w)
}

// place makes an error's position one in the query's text, which the client
// has not sent itself.
func (q *nested) place(err error) error {
	var pe *parser.Error
	if errors.As(err, &pe) {
		return inQuery(&pgerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Position: pe.Position}, q.text)
	}
	return inQuery(err, q.text)
}

// inQuery moves an error's position to the text it is in.
func inQuery(err error, text string) error {
	if err == nil {
		return nil
	}
	e := pgerr.Of(mapKV(err))
	if e.Query != "" || e.BytePos == 0 && e.Position == 0 {
		return e
	}
	cp := *e
	if cp.BytePos > 0 && cp.BytePos-1 <= len(text) {
		cp.QueryPosition = utf8.RuneCountInString(text[:cp.BytePos-1]) + 1
	} else {
		cp.QueryPosition = cp.Position
	}
	cp.Query, cp.BytePos, cp.Position = text, 0, 0
	return &cp
}

// parseBody parses the statements of a routine's body.
func (s *Session) parseBody(text string) ([]*ast.RawStmt, error) { return s.db.stmts.Parse(text) }

// checkRoutine looks at a new function's body (ddl.Ctx.CheckRoutine).
func (s *Session) checkRoutine(ctx context.Context, f *catalog.Function, text string) ([]catalog.OID, error) {
	if !s.set.on("check_function_bodies") && !f.HasBody {
		return nil, nil
	}
	s.depth++
	defer func() { s.depth-- }()
	switch f.Language {
	case "sql":
		return s.checkSQL(f, text)
	case "plpgsql":
		return nil, s.checkPLpgSQL(f, text)
	case "internal":
		if _, err := internalFunc(f); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// transpose moves the position of an error in a function's body to the CREATE
// FUNCTION statement that has the body in it, if it can be found there.
func transpose(err error, body, text, contextLine string) error {
	e := pgerr.Of(mapKV(err))
	cp := *e
	if e.Query == body && e.QueryPosition > 0 {
		at := strings.Index(text, body)
		if at >= 0 && strings.LastIndex(text, body) == at {
			cp.Position = utf8.RuneCountInString(text[:at]) + e.QueryPosition
			cp.Query, cp.QueryPosition = "", 0
			return &cp
		}
		return within(&cp, contextLine)
	}
	return within(&cp, contextLine)
}
