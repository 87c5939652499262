package session

import (
	"context"
	"fmt"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/types"
)

// sqlRoutine is a compiled function in language SQL.
type sqlRoutine struct {
	f      *catalog.Function
	args   []*types.Type
	result *types.Type
	fields []types.Field // of a row result
	stmts  []*nested
	// whole tells that the last statement gives whole rows as its one column.
	whole bool
}

// Find makes sqlRoutine the planner.Variables of its statements: parameters by
// name, qualified by the function's name or not.
func (r *sqlRoutine) Find(name []string) (planner.Variable, bool) {
	try := func(at int) (planner.Variable, bool) {
		num := 0
		for i := range r.f.Params {
			p := &r.f.Params[i]
			if !p.In() {
				continue
			}
			num++
			if p.Name != "" && p.Name == name[at] {
				return planner.Variable{Num: num, Type: r.args[num-1], Mod: -1, Used: at + 1}, true
			}
		}
		return planner.Variable{}, false
	}
	if len(name) > 1 && name[0] == r.f.Name {
		if v, ok := try(1); ok {
			return v, true
		}
	}
	v, ok := try(0)
	if ok && len(name) > 1 && v.Type.Under().Kind != types.KindComposite && v.Type.OID != types.Record.OID {
		return v, false
	}
	return v, ok
}

// ColumnsWin implements planner.Variables.
func (r *sqlRoutine) ColumnsWin() bool { return true }

// Row implements planner.Variables.
func (r *sqlRoutine) Row([]string) ([]planner.VariableField, bool) { return nil, false }

// sqlRoutineFor compiles a function for a call.
func (s *Session) sqlRoutineFor(f *catalog.Function, call *builtin.RoutineCall) (*sqlRoutine, error) {
	c, err := s.compiled(routineKey{f, typesKey(f, call)}, func() (any, error) { return s.compileSQL(f, call) })
	if err != nil {
		return nil, err
	}
	return c.(*sqlRoutine), nil
}

func (s *Session) compileSQL(f *catalog.Function, call *builtin.RoutineCall) (*sqlRoutine, error) {
	r := &sqlRoutine{f: f, args: call.Args, result: call.Result}
	switch {
	case len(call.Out) > 0:
		r.fields = call.Out
	case call.Result.Under().Kind == types.KindComposite:
		r.fields = call.Result.Under().Fields
	}
	texts := []string{f.Source}
	if f.HasBody {
		texts = f.Body
	}
	for _, text := range texts {
		list, err := s.parseBody(text)
		if err != nil {
			return nil, (&nested{text: text}).place(err)
		}
		for _, raw := range list {
			q := &nested{raw: raw, text: text}
			if f.HasBody {
				q.path = f.Path
			}
			if t, ok := raw.Stmt.(*ast.TransactionStmt); ok {
				return nil, pgerr.Newf(pgerr.FeatureNotSupported, "%s is not allowed in an SQL function", ast.Tag(t))
			}
			r.stmts = append(r.stmts, q)
		}
	}
	return r, nil
}

func (r *sqlRoutine) void() bool {
	return r.result == types.Void || r.f.Kind == 'p' && len(r.f.Outputs()) == 0
}

// plan plans statement i; the last one's columns become the result's types.
func (r *sqlRoutine) plan(s *Session, i int) error {
	q := r.stmts[i]
	if q.plan != nil && q.version == s.snapshot().Version && q.epoch == s.epoch() {
		return nil
	}
	base := func(req *planner.Request) { req.ParamTypes, req.Vars = r.args, r }
	q.plan = nil
	if err := s.planNested(q, base); err != nil {
		return err
	}
	if i < len(r.stmts)-1 || r.void() {
		return nil
	}
	want, err := r.wanted(q)
	if err != nil {
		return err
	}
	same := true
	for k, t := range want {
		same = same && q.plan.Columns[k].Type == t
	}
	if same {
		return nil
	}
	q.plan = nil
	return s.planNested(q, func(req *planner.Request) {
		base(req)
		req.Results = want
		req.Mismatch = func(i int, have *types.Type) error {
			if r.fields == nil || r.whole {
				return r.mismatch("Actual return type is %s.", types.Format(have, -1))
			}
			return r.mismatch("Final statement returns %s instead of %s at column %d.", types.Format(have, -1), types.Format(want[i], -1), i+1)
		}
	})
}

func (r *sqlRoutine) mismatch(format string, args ...any) error {
	return pgerr.Newf(pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", types.Format(r.result, -1)).
		WithDetail(format, args...)
}

// wanted gives the types that the last statement's columns are to have.
func (r *sqlRoutine) wanted(q *nested) ([]*types.Type, error) {
	cols := q.plan.Columns
	if cols == nil {
		return nil, r.mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	r.whole = false
	switch {
	case r.fields == nil && r.result.OID == types.Record.OID:
		if len(cols) == 1 && cols[0].Type.OID == types.Record.OID {
			r.whole = true
		}
		want := make([]*types.Type, len(cols))
		for i, c := range cols {
			want[i] = c.Type
			if c.Type == types.Unknown {
				want[i] = types.Text
			}
		}
		return want, nil
	case r.fields == nil:
		if len(cols) != 1 {
			return nil, r.mismatch("Final statement must return exactly one column.")
		}
		return []*types.Type{r.result}, nil
	case len(cols) == 1 && (cols[0].Type.OID == r.result.OID || cols[0].Type.OID == types.Record.OID && len(r.fields) != 1):
		r.whole = true
		if r.result.OID == types.Record.OID {
			return []*types.Type{cols[0].Type}, nil
		}
		return []*types.Type{r.result}, nil
	case len(cols) > len(r.fields):
		return nil, r.mismatch("Final statement returns too many columns.")
	case len(cols) < len(r.fields):
		return nil, r.mismatch("Final statement returns too few columns.")
	}
	want := make([]*types.Type, len(cols))
	for i := range want {
		want[i] = r.fields[i].Type
	}
	return want, nil
}

// run runs the statements; rows of the last one go to emit, which may end it
// early by returning errEnough.
func (r *sqlRoutine) run(ctx *builtin.Ctx, s *Session, args []types.Datum, emit func(b *types.Batch, cols []plan.Column) error) error {
	for i, q := range r.stmts {
		last := i == len(r.stmts)-1
		what := sqlStatement{r.f.Name, i + 1}
		err := r.runOne(ctx, s, i, what, args, last, emit)
		if err != nil && err != errEnough {
			return within(q.place(err), what.Context())
		}
	}
	return nil
}

var errEnough = fmt.Errorf("session: no more rows are wanted")

func (r *sqlRoutine) runOne(ctx context.Context, s *Session, i int, what sqlStatement, args []types.Datum, last bool, emit func(b *types.Batch, cols []plan.Column) error) error {
	defer s.pushContext(what)()
	q := r.stmts[i]
	if !isQuery(q.raw.Stmt) {
		if last && !r.void() {
			return r.mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
		}
		return s.runUtilityNested(ctx, &statement{raw: q.raw, text: q.text, params: args, ptypes: r.args, vars: r}, Discard)
	}
	if err := r.plan(s, i); err != nil {
		return err
	}
	var sink func(*types.Batch) error
	if last && !r.void() {
		enough := false
		sink = func(b *types.Batch) error {
			if enough {
				return nil // of a statement that writes, all must be done
			}
			err := emit(b, q.plan.Columns)
			if err == errEnough && !q.plan.ReadOnly {
				enough = true
				return nil
			}
			return err
		}
	}
	_, err := s.runNested(ctx, q, args, sink)
	return err
}

// value makes one row of the last statement the function's result.
func (r *sqlRoutine) value(b *types.Batch, i int, cols []plan.Column) types.Datum {
	row := b.Row(i)
	if r.fields == nil && r.result.OID != types.Record.OID || r.whole {
		return b.Cols[0].Datum(row)
	}
	fields := r.fields
	if fields == nil {
		for _, c := range cols {
			fields = append(fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
		}
	}
	t := &types.Tuple{Type: r.result, Fields: fields, Vals: make([]types.Datum, len(cols))}
	for k := range cols {
		t.Vals[k] = b.Cols[k].Datum(row)
	}
	return types.NewAny(t)
}

func (s *Session) callSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum) (types.Datum, error) {
	r, err := s.sqlRoutineFor(f, call)
	if err != nil {
		return types.Null, within(err, fmt.Sprintf("SQL function %q during startup", f.Name))
	}
	out := types.Null
	err = r.run(ctx, s, args, func(b *types.Batch, cols []plan.Column) error {
		if b.Rows() == 0 {
			return nil
		}
		out = r.value(b, 0, cols)
		return errEnough
	})
	return out, err
}

func (s *Session) callSetSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum, emit func([]types.Datum) error) error {
	r, err := s.sqlRoutineFor(f, call)
	if err != nil {
		return within(err, fmt.Sprintf("SQL function %q during startup", f.Name))
	}
	var row []types.Datum
	return r.run(ctx, s, args, func(b *types.Batch, cols []plan.Column) error {
		for i := range b.Rows() {
			if len(call.Out) > 0 && !r.whole {
				row = row[:0]
				for k := range cols {
					row = append(row, b.Cols[k].Datum(b.Row(i)))
				}
				if err := emit(row); err != nil {
					return err
				}
				continue
			}
			d := r.value(b, i, cols)
			if t, ok := d.X.(*types.Tuple); ok && len(call.Out) > 0 {
				if err := emit(t.Vals); err != nil {
					return err
				}
				continue
			}
			if err := emit([]types.Datum{d}); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkSQL looks at a new function's statements: syntax, names, result type.
func (s *Session) checkSQL(f *catalog.Function, text string) ([]catalog.OID, error) {
	line := fmt.Sprintf("SQL function %q", f.Name)
	call := &builtin.RoutineCall{Function: f, Args: f.Func.Args, Result: f.Result, Out: f.Func.Out, SetOf: f.SetOf}
	r, err := s.compileSQL(f, call)
	if err != nil {
		return nil, transpose(err, f.Source, text, line)
	}
	if f.Polymorphic {
		return nil, nil
	}
	var deps []catalog.OID
	if len(r.stmts) == 0 && !r.void() {
		return nil, within(r.mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING."), line)
	}
	for i, q := range r.stmts {
		if !isQuery(q.raw.Stmt) {
			if i == len(r.stmts)-1 && !r.void() {
				return nil, within(r.mismatch("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING."), line)
			}
			continue
		}
		if err := r.plan(s, i); err != nil {
			return nil, transpose(q.place(err), f.Source, text, line)
		}
		if f.HasBody {
			a, err := planner.Analyze(planner.Request{Catalog: s.snapshot(), Stmt: q.raw.Stmt, SearchPath: q.path, Env: s.execEnv(),
				CurrentUser: s.userName(), ParamTypes: r.args, Vars: r})
			if err != nil {
				return nil, err
			}
			for _, d := range a.DependsOn {
				if d >= catalog.FirstUserOID && !strings.Contains(fmt.Sprint(deps), fmt.Sprint(d)) {
					deps = append(deps, d)
				}
			}
		}
	}
	return deps, nil
}

// Param implements planner.Variables: $n is what the planner makes of it.
func (r *sqlRoutine) Param(int) (planner.Variable, bool) { return planner.Variable{}, false }
