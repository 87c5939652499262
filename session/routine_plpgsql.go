package session

import (
	"cmp"
	"context"
	"fmt"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/kv"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/plpgsql"
	"rowkey/types"
)

// plEngine runs the SQL of PL/pgSQL functions (plpgsql.Engine). One per call.
type plEngine struct {
	s   *Session
	ctx context.Context
	// ec is kept while the catalog and the settings stay what they are.
	ec    *executor.Ctx
	epoch uint64
	// tables are the transition tables of the trigger that is being run.
	tables map[string]*catalog.Table
}

// plQuery is what the engine keeps with an expression: its plan, and which
// variables the plan's parameters are.
type plQuery struct {
	nested
	refs   []plRef
	types  []*types.Type // of the parameters, when it was planned
	simple plan.Expr     // the one value of a query without tables
	fields []types.Field
	part   *planner.PartAssignment
	params []types.Datum
}

// plRef is a variable, or a field of a record variable.
type plRef struct {
	v     int
	field string
}

// plVars resolves names while an expression is planned (planner.Variables).
type plVars struct {
	fr   *plpgsql.Frame
	e    *plpgsql.Expr
	refs []plRef
	err  error
}

func (p *plVars) num(r plRef) int {
	for i, have := range p.refs {
		if have == r {
			return i + 1
		}
	}
	p.refs = append(p.refs, r)
	return len(p.refs)
}

func (p *plVars) Find(name []string) (planner.Variable, bool) {
	v, used, ok := p.e.Scope.Find(name)
	if !ok {
		return planner.Variable{}, false
	}
	va := p.e.Scope.Var(v)
	if va.Record && len(name) > used {
		val, err := p.fr.Field(v, name[used])
		if err != nil {
			if p.err == nil {
				p.err = err
			}
			return planner.Variable{}, false
		}
		return planner.Variable{Num: p.num(plRef{v, name[used]}), Type: val.Type, Mod: val.Mod, Used: used + 1}, true
	}
	t, mod := p.fr.VarType(v)
	if t == nil || len(name) > used && !va.Record && t.Under().Kind != types.KindComposite {
		return planner.Variable{}, false
	}
	return planner.Variable{Num: p.num(plRef{v: v}), Type: t, Mod: mod, Used: used}, true
}

func (p *plVars) ColumnsWin() bool { return false }

// values are those of the variables met so far.
func (p *plVars) values() ([]types.Datum, error) {
	out := make([]types.Datum, len(p.refs))
	return out, valuesOf(p.fr, p.refs, out)
}

func (p *plVars) Row(name []string) ([]planner.VariableField, bool) {
	v, used, ok := p.e.Scope.Find(name)
	if !ok || used != len(name) || !p.e.Scope.Var(v).Record {
		return nil, false
	}
	fields, err := p.fr.Fields(v)
	if err != nil {
		p.err = err
		return nil, false
	}
	var out []planner.VariableField
	for _, f := range fields {
		out = append(out, planner.VariableField{Name: f.Name,
			Var: planner.Variable{Num: p.num(plRef{v, f.Name}), Type: f.Type, Mod: f.Typmod, Used: used + 1}})
	}
	return out, true
}

func (p *plVars) Param(n int) (planner.Variable, bool) {
	return p.Find([]string{fmt.Sprintf("$%d", n)})
}

// prepared makes sure that an expression's plan is there and current.
func (g *plEngine) prepared(fr *plpgsql.Frame, e *plpgsql.Expr) (*plQuery, error) {
	q, _ := e.Cache.(*plQuery)
	if q == nil {
		list, err := g.s.parseBody(e.Text)
		if err != nil {
			return nil, wrongIn(e, err)
		}
		if len(list) != 1 {
			return nil, pgerr.New(pgerr.SyntaxError, "query is not a single statement")
		}
		q = &plQuery{nested: nested{raw: list[0], text: e.Text}}
		e.Cache = q
	}
	if !isQuery(q.raw.Stmt) {
		return q, nil
	}
	if q.plan != nil && q.version == g.s.snapshot().Version && q.epoch == g.s.epoch() && g.sameTypes(fr, q) {
		return q, nil
	}
	q.plan = nil
	vars := &plVars{fr: fr, e: e}
	err := g.s.planNested(&q.nested, func(r *planner.Request) {
		r.Vars, r.Relations = vars, g.tables
		if e.Target >= 0 {
			g.assignTo(fr, e, q, vars, r)
		}
	})
	if vars.err != nil && err != nil {
		err = vars.err
	}
	if err != nil {
		return nil, wrongIn(e, err)
	}
	q.refs, q.types = vars.refs, q.types[:0]
	for i := range q.refs {
		q.types = append(q.types, g.refType(fr, q.refs[i]))
	}
	q.fields = nil
	for _, c := range q.plan.Columns {
		q.fields = append(q.fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
	}
	q.simple = simpleExpr(q.plan)
	return q, nil
}

// assignTo asks for a conversion to the variable that the value is for.
func (g *plEngine) assignTo(fr *plpgsql.Frame, e *plpgsql.Expr, q *plQuery, vars *plVars, r *planner.Request) {
	t, mod := fr.VarType(e.Target)
	if e.TargetPath == "" {
		r.Results, r.ResultMods, r.Lenient = []*types.Type{t}, []int32{mod}, true
		return
	}
	if q.part == nil {
		list, err := g.s.parseBody("UPDATE t SET x" + e.TargetPath + " = 1")
		if err != nil {
			return // the compiler has seen the form
		}
		ct := list[0].Stmt.(*ast.UpdateStmt).Set[0].Targets[0]
		q.part = &planner.PartAssignment{Name: e.Scope.Var(e.Target).Name, Path: ct.Path}
	}
	p := *q.part
	p.Type, p.Mod = t, mod
	p.Current = planner.Variable{Num: vars.num(plRef{v: e.Target}), Type: t, Mod: mod}
	r.Part = &p
}

// simpleExpr gives the one expression of a query that reads no tables.
func simpleExpr(p *plan.Plan) plan.Expr {
	if len(p.CTEs) > 0 || p.Slots > 0 || len(p.Columns) != 1 {
		return nil
	}
	switch n := p.Root.(type) {
	case *plan.Values:
		if len(n.RowsExprs) == 1 && len(n.RowsExprs[0]) == 1 {
			return n.RowsExprs[0][0]
		}
	case *plan.Project:
		if v, ok := n.Input.(*plan.Values); ok && len(n.Exprs) == 1 && len(v.RowsExprs) == 1 && len(v.RowsExprs[0]) == 0 {
			return n.Exprs[0]
		}
	}
	return nil
}

func (g *plEngine) refType(fr *plpgsql.Frame, r plRef) *types.Type {
	if r.field != "" {
		v, err := fr.Field(r.v, r.field)
		if err != nil {
			return nil
		}
		return v.Type
	}
	t, _ := fr.VarType(r.v)
	return t
}

// sameTypes tells whether the variables still have the types planned for.
func (g *plEngine) sameTypes(fr *plpgsql.Frame, q *plQuery) bool {
	for i, r := range q.refs {
		t := g.refType(fr, r)
		if t == q.types[i] {
			continue
		}
		if t == nil || q.types[i] == nil || t.OID != q.types[i].OID || t.OID == types.Record.OID {
			return false
		}
	}
	return true
}

// bind gives the parameters' values, in the room that q keeps for them: whoever computes with them
// gives it back (q.params), since the expression may call its function again meanwhile.
func (g *plEngine) bind(fr *plpgsql.Frame, q *plQuery) ([]types.Datum, error) {
	params := q.params
	if q.params = nil; len(params) != len(q.refs) {
		params = make([]types.Datum, len(q.refs))
	}
	return params, valuesOf(fr, q.refs, params)
}

// valuesOf puts the values of variables in out.
func valuesOf(fr *plpgsql.Frame, refs []plRef, out []types.Datum) error {
	for i, r := range refs {
		if r.field == "" {
			out[i] = fr.Var(r.v).Datum
			continue
		}
		v, err := fr.Field(r.v, r.field)
		if err != nil {
			return err
		}
		out[i] = v.Datum
	}
	return nil
}

// execCtx gives the context that expressions are computed in.
func (g *plEngine) execCtx() *executor.Ctx {
	if g.ec == nil || g.ec.Catalog != g.s.snapshot() || g.epoch != g.s.epoch() || g.ec.Txn != g.s.tx.kv {
		g.ec = g.s.execCtx(g.ctx, &statement{})
		g.epoch = g.s.epoch()
	}
	return g.ec
}

// Value implements plpgsql.Engine.
func (g *plEngine) Value(fr *plpgsql.Frame, e *plpgsql.Expr) (plpgsql.Value, error) {
	q, err := g.prepared(fr, e)
	if err != nil {
		return plpgsql.Value{}, err
	}
	if q.plan == nil || q.plan.Columns == nil {
		return plpgsql.Value{}, pgerr.New(pgerr.SyntaxError, "query did not return data")
	}
	params, err := g.bind(fr, q)
	if err != nil {
		return plpgsql.Value{}, err
	}
	if len(q.fields) != 1 {
		return plpgsql.Value{}, pgerr.Newf(pgerr.SyntaxError, "query returned %d columns", len(q.fields))
	}
	f := q.fields[0]
	if q.simple != nil {
		ec := g.execCtx()
		if err := q.plan.Authorize(ec.Catalog, ec.Role); err != nil {
			return plpgsql.Value{}, wrongIn(e, err)
		}
		saved := ec.Params
		ec.Params = params
		d, err := executor.EvalExpr(ec, q.simple, nil)
		ec.Params, q.params = saved, params
		if err != nil {
			if len(q.refs) == 0 { // constants are computed when a query is planned
				return plpgsql.Value{}, wrongIn(e, err)
			}
			return plpgsql.Value{}, mapKV(err)
		}
		return plpgsql.Value{Datum: d, Type: f.Type, Mod: f.Typmod}, nil
	}
	out, n := types.Null, 0
	defer g.s.pushContext(e)()
	_, err = g.s.runNested(g.ctx, &q.nested, params, func(b *types.Batch) error {
		for i := range b.Rows() {
			if n++; n > 1 {
				return plpgsql.ErrStop
			}
			out = b.Cols[0].Datum(b.Row(i))
		}
		return nil
	})
	if n > 1 {
		return plpgsql.Value{}, within(pgerr.New(pgerr.CardinalityViolation, "query returned more than one row"), "query: "+e.Shown)
	}
	if err != nil {
		return plpgsql.Value{}, wrongIn(e, err)
	}
	return plpgsql.Value{Datum: out, Type: f.Type, Mod: f.Typmod}, nil
}

// Query implements plpgsql.Engine.
func (g *plEngine) Query(fr *plpgsql.Frame, e *plpgsql.Expr, visit func(*plpgsql.Row) error) (plpgsql.Outcome, error) {
	return g.query(fr, e, false, visit)
}

// Loop implements plpgsql.Engine.
func (g *plEngine) Loop(fr *plpgsql.Frame, e *plpgsql.Expr, text string, args []plpgsql.Value, visit func(*plpgsql.Row) error) (err error) {
	g.s.unnamed++
	if e != nil {
		_, err = g.query(fr, e, true, visit)
	} else {
		_, err = g.dynamic(fr, text, args, true, visit)
	}
	return err
}

// query runs a statement; loop tells that it is a loop's.
func (g *plEngine) query(fr *plpgsql.Frame, e *plpgsql.Expr, loop bool, visit func(*plpgsql.Row) error) (plpgsql.Outcome, error) {
	if err := g.newStatement(fr); err != nil {
		return plpgsql.Outcome{}, err
	}
	q, err := g.prepared(fr, e)
	if err != nil {
		return plpgsql.Outcome{}, err
	}
	if !isQuery(q.raw.Stmt) {
		defer g.s.pushContext(e)()
		out, err := g.utility(fr, &statement{raw: q.raw, text: q.text}, e, visit)
		if err != nil {
			return out, wrongIn(e, err)
		}
		return out, nil
	}
	params, err := g.bind(fr, q)
	if err != nil {
		return plpgsql.Outcome{}, err
	}
	if !loop {
		defer g.s.pushContext(e)()
	}
	out, err, mine := g.run(fr, &q.nested, q.fields, params, visit)
	if err != nil && !mine && !loop {
		err = wrongIn(e, err)
	}
	return out, err
}

// newStatement lets the statements of code that runs on its own see what has
// been committed meanwhile, as those of a client do.
func (g *plEngine) newStatement(fr *plpgsql.Frame) error {
	if fr.NonAtomic && g.s.depth == 1 && g.s.tx.level == kv.ReadCommitted {
		return g.s.refresh()
	}
	return nil
}

// run runs a planned query. mine false: the error is the query's, not visit's.
func (g *plEngine) run(fr *plpgsql.Frame, q *nested, fields []types.Field, params []types.Datum, visit func(*plpgsql.Row) error) (out plpgsql.Outcome, err error, mine bool) {
	out.Returns = len(fields) > 0
	switch q.raw.Stmt.(type) {
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.MergeStmt:
		out.Changes = true
	}
	row := &plpgsql.Row{Fields: fields, Vals: make([]types.Datum, len(fields))}
	var kept [][]types.Datum
	keep := visit != nil && fr.NonAtomic || visit != nil && out.Changes
	n, stopped := int64(0), false
	var visitErr error
	rows, err := g.s.runNested(g.ctx, q, params, func(b *types.Batch) error {
		for i := range b.Rows() {
			if stopped {
				return nil
			}
			n++
			if visit == nil {
				continue
			}
			at := b.Row(i)
			if keep {
				vals := make([]types.Datum, len(fields))
				for k := range fields {
					vals[k] = b.Cols[k].Datum(at)
				}
				kept = append(kept, vals)
				continue
			}
			for k := range fields {
				row.Vals[k] = b.Cols[k].Datum(at)
			}
			if visitErr = visit(row); visitErr != nil {
				return visitErr
			}
		}
		return nil
	})
	if visitErr == plpgsql.ErrStop {
		return plpgsql.Outcome{Rows: n, Returns: out.Returns, Changes: out.Changes}, nil, true
	}
	if visitErr != nil {
		return out, visitErr, true
	}
	if err != nil {
		return out, err, false
	}
	if !out.Changes { // as a loop's cursor it goes on until its rows have been visited, or a COMMIT
		p := q.plan
		g.s.state.Begin(p)
		defer g.s.state.End(p)
	}
	for _, vals := range kept {
		row.Vals = vals
		if err := visit(row); err == plpgsql.ErrStop {
			break
		} else if err != nil {
			return out, err, true
		}
	}
	out.Rows = rows
	return out, nil, true
}

// utility runs a statement without a plan of its own. e is nil for that of an EXECUTE, else
// the variables may stand in it.
func (g *plEngine) utility(fr *plpgsql.Frame, st *statement, e *plpgsql.Expr, visit func(*plpgsql.Row) error) (plpgsql.Outcome, error) {
	w := &plWriter{visit: visit}
	switch n := st.raw.Stmt.(type) {
	case *ast.TransactionStmt:
		return plpgsql.Outcome{}, pgerr.New(pgerr.FeatureNotSupported, "unsupported transaction command in PL/pgSQL")
	case *ast.CopyStmt:
		if n.Filename == "" && !n.Program {
			return plpgsql.Outcome{}, pgerr.New(pgerr.FeatureNotSupported, "cannot COPY to/from client in PL/pgSQL")
		}
	case *ast.CallStmt:
		if e != nil {
			return plpgsql.Outcome{}, g.callStmt(fr, n, e)
		}
	}
	if q := innerQuery(st.raw.Stmt); q != nil && e != nil {
		if err := g.bindInner(fr, st, q, e); err != nil {
			return plpgsql.Outcome{}, err
		}
	}
	err := g.s.runUtility(g.ctx, st, w)
	if w.err != nil {
		err = w.err
	}
	if err == plpgsql.ErrStop {
		err = nil
	}
	return plpgsql.Outcome{Rows: w.rows, Returns: w.cols != nil, Utility: true}, err
}

// bindInner gives a statement the variables that its query, q, reads, and their values.
func (g *plEngine) bindInner(fr *plpgsql.Frame, st *statement, q ast.Stmt, e *plpgsql.Expr) error {
	vars := &plVars{fr: fr, e: e}
	st.vars = vars
	a, err := planner.Analyze(g.s.planRequest(g.s.snapshot(), st.inner(q)))
	if err != nil {
		return cmp.Or(vars.err, err)
	}
	st.ptypes = a.Params
	st.params, err = vars.values()
	return err
}

// callStmt is CALL: output arguments are variables that get the results.
func (g *plEngine) callStmt(fr *plpgsql.Frame, n *ast.CallStmt, e *plpgsql.Expr) error {
	vars := &plVars{fr: fr, e: e}
	b, err := g.s.bindCall(n, func(r *planner.Request) { r.Vars = vars })
	if err != nil {
		return err
	}
	params, err := vars.values()
	if err != nil {
		return err
	}
	if fr.NonAtomic {
		old := g.s.nonAtomic
		g.s.nonAtomic = g.s.depth + 1
		defer func() { g.s.nonAtomic = old }()
	}
	row, err := g.s.call(g.ctx, b, params)
	if err != nil {
		return err
	}
	k, out := 0, 0
	for i := range b.f.Params {
		p := &b.f.Params[i]
		if p.Out() {
			x := b.all[k]
			for {
				if c, ok := x.(*plan.Call); ok && c.Implicit && len(c.Args) > 0 {
					x = c.Args[0]
				} else if r, ok := x.(*plan.Relabel); ok {
					x = r.Arg
				} else {
					break
				}
			}
			prm, ok := x.(*plan.Param)
			if !ok {
				return pgerr.Newf(pgerr.SyntaxError, "procedure parameter %q is an output parameter but corresponding argument is not writable", p.Name)
			}
			r := vars.refs[prm.Num-1]
			if err := fr.AssignField(r.v, r.field, plpgsql.Value{Datum: row[out], Type: b.cols[out].Type, Mod: -1}); err != nil {
				return err
			}
			out++
		}
		if p.In() || p.Mode == 'o' {
			k++
		}
	}
	return nil
}

// plWriter hands the rows of a utility statement to a visit.
type plWriter struct {
	discard
	visit func(*plpgsql.Row) error
	cols  []Column
	rows  int64
	err   error
}

// Complete reads how many rows CREATE TABLE AS has stored.
func (w *plWriter) Complete(tag string) error {
	_, _ = fmt.Sscanf(tag, "SELECT %d", &w.rows)
	return nil
}

func (w *plWriter) Columns(cols []Column) error {
	w.cols = cols
	return nil
}

func (w *plWriter) Rows(b *types.Batch, cols []Column) error {
	row := &plpgsql.Row{}
	for _, c := range cols {
		row.Fields = append(row.Fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
	}
	for i := range b.Rows() {
		w.rows++
		if w.visit == nil {
			continue
		}
		row.Vals = make([]types.Datum, len(cols))
		for k := range cols {
			row.Vals[k] = b.Cols[k].Datum(b.Row(i))
		}
		if w.err = w.visit(row); w.err != nil {
			return w.err
		}
	}
	return nil
}

// Dynamic implements plpgsql.Engine.
func (g *plEngine) Dynamic(fr *plpgsql.Frame, text string, args []plpgsql.Value, visit func(*plpgsql.Row) error) (plpgsql.Outcome, error) {
	return g.dynamic(fr, text, args, false, visit)
}

// dynamic runs statements by their text; loop tells that they are a loop's.
func (g *plEngine) dynamic(fr *plpgsql.Frame, text string, args []plpgsql.Value, loop bool, visit func(*plpgsql.Row) error) (plpgsql.Outcome, error) {
	if err := g.newStatement(fr); err != nil {
		return plpgsql.Outcome{}, err
	}
	line := textual("SQL statement \"" + text + "\"")
	place := func(q *nested, err error) error {
		if err = q.place(err); pgerr.Of(err).Query == "" {
			return within(err, string(line))
		}
		return err
	}
	list, err := parser.Parse(text)
	if err != nil {
		return plpgsql.Outcome{}, place(&nested{text: text}, err)
	}
	if !loop {
		defer g.s.pushContext(line)()
	}
	var out plpgsql.Outcome
	for _, raw := range list {
		q := &nested{raw: raw, text: text}
		params := make([]types.Datum, len(args))
		ptypes := make([]*types.Type, len(args))
		for i, a := range args {
			params[i], ptypes[i] = a.Datum, a.Type
		}
		if s, ok := raw.Stmt.(*ast.SelectStmt); ok && s.IntoTarget() != nil {
			return out, pgerr.New(pgerr.FeatureNotSupported, "EXECUTE of SELECT ... INTO is not implemented").
				WithHint("You might want to use EXECUTE ... INTO or EXECUTE CREATE TABLE ... AS instead.")
		}
		if _, ok := raw.Stmt.(*ast.TransactionStmt); ok {
			return out, pgerr.New(pgerr.FeatureNotSupported, "EXECUTE of transaction commands is not implemented")
		}
		if !isQuery(raw.Stmt) {
			if out, err = g.utility(fr, &statement{raw: raw, text: text, params: params, ptypes: ptypes}, nil, visit); err != nil {
				return out, place(q, err)
			}
			continue
		}
		if err := g.s.planNested(q, func(r *planner.Request) { r.ParamTypes, r.Relations = ptypes, g.tables }); err != nil {
			return out, place(q, err)
		}
		var fields []types.Field
		for _, c := range q.plan.Columns {
			fields = append(fields, types.Field{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
		}
		var mine bool
		if out, err, mine = g.run(fr, q, fields, params, visit); err != nil {
			if !mine && !loop {
				err = place(q, err)
			}
			return out, err
		}
	}
	return out, nil
}

// castKey identifies a conversion.
type castKey struct {
	from, to *types.Type
	mod      int32
}

// Cast implements plpgsql.Engine.
func (g *plEngine) Cast(v plpgsql.Value, t *types.Type, mod int32) (types.Datum, error) {
	if v.Type == nil {
		v.Type = types.Unknown
	}
	if v.Datum.IsNull() && t.Kind != types.KindDomain {
		return types.Null, nil
	}
	if v.Type == t && (mod < 0 || v.Mod == mod) || v.Type.OID == t.OID && mod < 0 && t.OID != types.Record.OID {
		return v.Datum, nil
	}
	if t.OID == types.Record.OID && v.Type.OID == types.Record.OID {
		return v.Datum, nil
	}
	s := g.s
	key := castKey{v.Type, t, mod}
	x := s.casts[key]
	if x == nil || s.castVersion != s.snapshot().Version {
		var err error
		x, err = planner.ConvertParam(planner.Request{Catalog: s.snapshot(), SearchPath: s.searchPath(), Env: s.execEnv()}, v.Type, t, mod)
		if err != nil {
			return types.Null, placeless(err)
		}
		if len(s.casts) > 512 || s.castVersion != s.snapshot().Version {
			s.casts, s.castVersion = nil, s.snapshot().Version
		}
		if s.casts == nil {
			s.casts = map[castKey]plan.Expr{}
		}
		s.casts[key] = x
	}
	ec := g.execCtx()
	saved := ec.Params
	ec.Params = []types.Datum{v.Datum}
	d, err := executor.EvalExpr(ec, x, nil)
	ec.Params = saved
	return d, mapKV(err)
}

// Text implements plpgsql.Engine.
func (g *plEngine) Text(v plpgsql.Value) string {
	if v.Datum.IsNull() {
		return ""
	}
	t := v.Type
	if t == nil || t == types.Unknown {
		t = types.Text
	}
	return string(types.AppendText(nil, t, v.Datum, g.s.execEnv()))
}

// Savepoint implements plpgsql.Engine.
func (g *plEngine) Savepoint() (release, rollback func() error, err error) {
	s := g.s
	t := s.tx
	t.marks = append(t.marks, s.mark(""))
	i := len(t.marks) - 1
	release = func() error {
		if s.tx != t || i >= len(t.marks) {
			return nil // the transaction was ended within the block
		}
		err := t.kv.Release(t.marks[i].kv)
		t.marks = t.marks[:i]
		return mapKV(err)
	}
	rollback = func() error {
		if s.tx != t || i >= len(t.marks) {
			return nil
		}
		if err := s.rollbackTo(i); err != nil {
			return err
		}
		return release()
	}
	return release, rollback, nil
}

// Commit implements plpgsql.Engine.
func (g *plEngine) Commit(rollback, chain bool) error {
	s := g.s
	if len(s.tx.marks) > 0 {
		what := "commit"
		if rollback {
			what = "roll back"
		}
		return pgerr.Newf(pgerr.InvalidTransactionTermination, "cannot %s while a subtransaction is active", what)
	}
	isolation, readOnly := s.tx.isolation, s.tx.readOnly
	if rollback {
		s.rollback()
	} else if err := s.commit(g.ctx); err != nil {
		return err
	}
	s.state.EndAll() // the loops around have their rows
	if err := s.begin(g.ctx, true, false, nil); err != nil {
		return err
	}
	if chain {
		if s.tx.isolation != isolation {
			if err := s.setIsolation(g.ctx, isolation); err != nil {
				return err
			}
		}
		s.tx.readOnly = readOnly
	}
	s.tx.fresh = false
	_, err := s.catalogNow()
	return err
}

// Cancelled implements plpgsql.Engine.
func (g *plEngine) Cancelled() error {
	if g.ctx.Err() == nil {
		return nil
	}
	return mapKV(context.Cause(g.ctx))
}

// Notice implements plpgsql.Engine.
func (g *plEngine) Notice(e *pgerr.Error) { g.s.noticeErr(e) }

// Context implements plpgsql.Engine.
func (g *plEngine) Context() string { return g.s.contextLines() }

// Setting implements plpgsql.Engine.
func (g *plEngine) Setting(name string) string {
	v, _ := g.s.show(name)
	return v
}

// ---- compiling and calling

// plEnv is what compiling asks of the session (plpgsql.Env).
type plEnv struct{ s *Session }

func (e plEnv) Type(text string) (*types.Type, int32, error) {
	tn, err := parser.ParseTypeName(text)
	if err != nil {
		return nil, -1, (&nested{}).place(err)
	}
	return planner.ResolveTypeName(e.s.snapshot(), e.s.searchPath(), tn)
}

func (e plEnv) RowType(name string) (*types.Type, error) {
	tn, err := parser.ParseTypeName(name)
	if err != nil {
		return nil, (&nested{}).place(err)
	}
	snap := e.s.snapshot()
	var oid catalog.OID
	if n := len(tn.Names); n > 1 {
		oid = snap.Relation(snap.SchemaByName(tn.Names[n-2]), tn.Names[n-1])
	} else {
		oid = snap.Resolve(e.s.searchPath(), tn.Names[0])
	}
	t := snap.Table(oid)
	if t == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", name)
	}
	if t.RowType == nil {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "relation %q does not have a composite type", name)
	}
	return t.RowType, nil
}

func (e plEnv) Parse(text string) error {
	_, err := e.s.parseBody(text)
	return err
}

// plSignature describes a function to the compiler, with the types of a call.
func (s *Session) plSignature(f *catalog.Function, call *builtin.RoutineCall) plpgsql.Signature {
	sig := plpgsql.Signature{Name: s.routineName(f), Function: f.Name, Result: call.Result, SetOf: f.SetOf, Procedure: f.Kind == 'p'}
	in, out := 0, 0
	for i := range f.Params {
		p := &f.Params[i]
		q := plpgsql.Param{Name: p.Name, Type: p.Type, In: p.In(), Out: p.Out()}
		if p.In() {
			if in < len(call.Args) {
				q.Type = call.Args[in]
			}
			in++
		}
		if p.Out() {
			if out < len(call.Out) {
				q.Type = call.Out[out].Type
			} else if len(f.Outputs()) == 1 && call.Result.OID != types.Record.OID {
				q.Type = call.Result
			}
			out++
		}
		sig.Params = append(sig.Params, q)
	}
	if len(call.Out) > 0 {
		sig.Fields = call.Out
	}
	if f.Kind == 'p' && len(f.Outputs()) == 0 {
		sig.Result = types.Void
	}
	if sampleType(f.Result) != f.Result && len(f.Outputs()) == 0 {
		sig.Own = call.Result
	}
	return sig
}

// routineName names a function as messages do: f(integer).
func (s *Session) routineName(f *catalog.Function) string {
	return catalog.RegName(s.snapshot(), s.searchPath(), types.RegProcedure, f.OID)
}

func (s *Session) plFunction(f *catalog.Function, call *builtin.RoutineCall) (*plpgsql.Function, error) {
	c, err := s.compiled(routineKey{f, typesKey(f, call)}, func() (any, error) {
		fn, err := plpgsql.Compile(f.Source, s.plSignature(f, call), plEnv{s})
		if err != nil {
			return nil, within(err, fmt.Sprintf("compilation of PL/pgSQL function %q near line 1", f.Name))
		}
		return fn, nil
	})
	if err != nil {
		return nil, err
	}
	return c.(*plpgsql.Function), nil
}

func (s *Session) callPLpgSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum) (types.Datum, error) {
	if f.Result == types.Trigger {
		return types.Null, within(pgerr.New(pgerr.FeatureNotSupported, "trigger functions can only be called as triggers"),
			fmt.Sprintf("compilation of PL/pgSQL function %q near line 1", f.Name))
	}
	fn, err := s.plFunction(f, call)
	if err != nil {
		return types.Null, err
	}
	fr := plpgsql.NewFrame(fn, &plEngine{s: s, ctx: ctx})
	fr.NonAtomic = f.Kind == 'p' && s.nonAtomic == s.depth && len(f.Config) == 0
	defer s.pushContext(fr)()
	v, err := fr.Call(args, nil)
	return v.Datum, err
}

func (s *Session) callSetPLpgSQL(ctx *builtin.Ctx, f *catalog.Function, call *builtin.RoutineCall, args []types.Datum, emit func([]types.Datum) error) error {
	fn, err := s.plFunction(f, call)
	if err != nil {
		return err
	}
	fr := plpgsql.NewFrame(fn, &plEngine{s: s, ctx: ctx})
	defer s.pushContext(fr)()
	_, err = fr.Call(args, emit)
	return err
}

// doPLpgSQL is DO.
func (s *Session) doPLpgSQL(ctx context.Context, body, text string, nonAtomic bool) error {
	fn, err := plpgsql.Compile(body, plpgsql.Signature{Name: "inline_code_block", Result: types.Void}, plEnv{s})
	if err != nil {
		return transpose(err, body, text, "PL/pgSQL function \"inline_code_block\" near line 1")
	}
	s.depth++
	defer func() { s.depth-- }()
	fr := plpgsql.NewFrame(fn, &plEngine{s: s, ctx: ctx})
	fr.NonAtomic = nonAtomic
	defer s.pushContext(fr)()
	_, err = fr.Call(nil, nil)
	return err
}

// checkPLpgSQL compiles a new function.
func (s *Session) checkPLpgSQL(f *catalog.Function, text string) error {
	call := &builtin.RoutineCall{Function: f, Result: sampleType(f.Result)}
	for _, p := range f.Inputs() {
		call.Args = append(call.Args, sampleType(p.Type))
	}
	for _, o := range f.Func.Out {
		o.Type = sampleType(o.Type)
		call.Out = append(call.Out, o)
	}
	sig := s.plSignature(f, call)
	switch {
	case f.Result == types.Trigger:
		if len(f.Params) > 0 {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "trigger functions cannot have declared arguments").
				WithHint("The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead.")
		}
		sig.IsTrig, sig.Result = true, types.Record
	case f.Result.Kind == types.KindPseudo && !f.Polymorphic && f.Result.OID != types.Record.OID && f.Result != types.Void:
		return pgerr.Newf(pgerr.FeatureNotSupported, "PL/pgSQL functions cannot return type %s", types.Format(f.Result, -1))
	}
	_, err := plpgsql.Compile(f.Source, sig, plEnv{s})
	if err != nil {
		return transpose(err, f.Source, text, fmt.Sprintf("compilation of PL/pgSQL function %q near line 1", f.Name))
	}
	return nil
}

// sampleType stands for a polymorphic type while a function is checked.
func sampleType(t *types.Type) *types.Type {
	switch t {
	case types.AnyElement, types.AnyNonArray, types.AnyCompatible, types.AnyCompatibleNonArray, types.AnyEnum, types.AnyType:
		return types.Int4
	case types.AnyArray, types.AnyCompatibleArray:
		return types.Int4.Array
	case types.AnyRange, types.AnyCompatibleRange:
		return types.Int4Range
	case types.AnyMultirange, types.AnyCompatibleMultirange:
		return types.Int4Range.Multirange
	}
	return t
}
