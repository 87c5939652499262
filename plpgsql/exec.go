package plpgsql

import (
	"fmt"

	"rowkey/pgerr"
	"rowkey/types"
)

// flow is how a statement ended.
type flow uint8

const (
	flowNext flow = iota
	flowExit
	flowContinue
	flowReturn
)

// NewFrame begins a call.
func NewFrame(fn *Function, eng Engine) *Frame {
	fr := &Frame{fn: fn, eng: eng, slots: make([]slot, len(fn.Vars))}
	for i := range fn.Vars {
		fr.clear(i)
	}
	fr.slots[fn.found].val = types.NewBool(false)
	return fr
}

// Call runs a function. Rows of a set-returning one go to emit; the result of
// any other is returned: a row of the output parameters when there are several.
func (fr *Frame) Call(args []types.Datum, emit func([]types.Datum) error) (v Value, err error) {
	fr.emit = emit
	defer func() {
		if err != nil {
			err = fr.inContext(err)
		}
	}()
	fr.phase = "while storing call arguments into local variables"
	for k, i := range fr.fn.Args {
		if k >= len(args) {
			break
		}
		va := fr.fn.Vars[i]
		if va.Record {
			if err := fr.assignRecord(i, Value{args[k], va.Type, -1}); err != nil {
				return Value{}, err
			}
			continue
		}
		fr.slots[i].val = args[k]
	}
	fr.phase = ""
	fl, err := fr.block(fr.fn.Body)
	if err != nil {
		return Value{}, err
	}
	switch fl {
	case flowReturn:
	default:
		if fr.fn.Result != nil && !fr.fn.SetOf && len(fr.fn.Outs) == 0 && fr.fn.Result != types.Void && !fr.fn.Procedure {
			fr.line, fr.what, fr.phase = 0, "", "-"
			return Value{}, pgerr.New(pgerr.FunctionExecutedNoReturnStatement, "control reached end of function without RETURN")
		}
	}
	if fr.fn.SetOf {
		return Value{}, nil
	}
	fr.phase = "while casting return value to function's return type"
	return fr.result()
}

// result makes the value that the function returns.
func (fr *Frame) result() (Value, error) {
	fn := fr.fn
	switch {
	case fn.Result == types.Void && len(fn.Outs) == 0, fn.Result == nil:
		return Value{types.NewString(""), types.Void, -1}, nil
	case len(fn.Outs) == 1 && !fn.Procedure && fn.Fields == nil:
		v := fr.Var(fn.Outs[0])
		d, err := fr.eng.Cast(v, fn.Result, -1)
		return Value{d, fn.Result, -1}, err
	case len(fn.Outs) > 0:
		row, err := fr.outRow()
		if err != nil {
			return Value{}, err
		}
		t := &types.Tuple{Type: fn.Result, Fields: fn.Fields, Vals: row}
		if len(t.Fields) == 0 {
			for _, o := range fn.Outs {
				t.Fields = append(t.Fields, types.Field{Name: fn.Vars[o].Name, Type: fn.Vars[o].Type, Typmod: -1})
			}
		}
		return Value{types.NewAny(t), fn.Result, -1}, nil
	}
	d, err := fr.convertResult(fr.ret)
	return Value{d, fn.Result, -1}, err
}

func (fr *Frame) outRow() ([]types.Datum, error) {
	row := make([]types.Datum, len(fr.fn.Outs))
	for k, o := range fr.fn.Outs {
		row[k] = fr.Var(o).Datum
	}
	return row, nil
}

// convertResult converts a returned value to the result type.
func (fr *Frame) convertResult(v Value) (types.Datum, error) {
	fn := fr.fn
	if !isRow(fn.Result) {
		if v.Type != nil && isRow(v.Type) && !v.Datum.IsNull() && fn.Result.Category != 'S' {
			return types.Null, pgerr.New(pgerr.DatatypeMismatch, "cannot return composite value from function returning scalar")
		}
		return fr.eng.Cast(v, fn.Result, -1)
	}
	if v.Datum.IsNull() {
		return types.Null, nil
	}
	t, ok := v.Datum.X.(*types.Tuple)
	if !ok {
		return types.Null, pgerr.New(pgerr.DatatypeMismatch, "cannot return non-composite value from function returning composite type")
	}
	fields := fn.Fields
	if fields == nil && fn.Result.Under().Kind == types.KindComposite {
		fields = fn.Result.Under().Fields
	}
	if fields == nil {
		return v.Datum, nil
	}
	vals, err := fr.convertRow(t.Fields, t.Vals, fields, "returned record type does not match expected record type")
	if err != nil {
		return types.Null, err
	}
	row := types.NewAny(&types.Tuple{Type: fn.Result.Under(), Fields: fields, Vals: vals})
	if fn.Result.Kind == types.KindDomain {
		return fr.eng.Cast(Value{row, fn.Result.Under(), -1}, fn.Result, -1)
	}
	return row, nil
}

// convertRow checks that a row has the structure that is wanted, and converts it.
func (fr *Frame) convertRow(have []types.Field, vals []types.Datum, want []types.Field, message string) ([]types.Datum, error) {
	if len(have) != len(want) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, message).
			WithDetail("Number of returned columns (%d) does not match expected column count (%d).", len(have), len(want))
	}
	for k := range want {
		if h := have[k].Type; h != nil && h.OID != want[k].Type.OID && h != types.Unknown {
			return nil, pgerr.New(pgerr.DatatypeMismatch, message).
				WithDetail("Returned type %s does not match expected type %s in column %d.", types.Format(h, -1), types.Format(want[k].Type, -1), k+1)
		}
	}
	return vals, nil
}

// inContext adds the line that says where in the function an error came from.
func (fr *Frame) inContext(err error) error {
	if fr.rethrown {
		fr.rethrown = false
		return err
	}
	e := *pgerr.Of(err)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += fr.Context()
	return &e
}

// Context is the line that tells where in the function the call is.
func (fr *Frame) Context() string {
	name := "PL/pgSQL function " + fr.fn.Name
	switch {
	case fr.phase == "-":
		return name
	case fr.phase != "" && fr.line > 0 && fr.phase == "during statement block local variable initialization":
		return fmt.Sprintf("%s line %d %s", name, fr.line, fr.phase)
	case fr.phase != "":
		return name + " " + fr.phase
	case fr.line == 0:
		return name
	}
	return fmt.Sprintf("%s line %d at %s", name, fr.line, fr.what)
}

// statements runs statements in order. Before each, and where there is none, it looks whether to go on.
func (fr *Frame) statements(list []stmt) (flow, error) {
	if len(list) == 0 {
		return flowNext, fr.eng.Cancelled()
	}
	for _, s := range list {
		fl, err := fr.statement(s)
		if err != nil || fl != flowNext {
			return fl, err
		}
	}
	return flowNext, nil
}

func (fr *Frame) statement(s stmt) (flow, error) {
	line, what := fr.line, fr.what
	fr.line, fr.what = s.where()
	if err := fr.eng.Cancelled(); err != nil {
		return flowNext, err
	}
	fl, err := fr.run(s)
	if err == nil {
		fr.line, fr.what = line, what
	}
	return fl, err
}

func (fr *Frame) run(s stmt) (flow, error) {
	switch s := s.(type) {
	case *Block:
		fl, err := fr.block(s)
		return fl, err
	case *stmtAssign:
		return flowNext, fr.assignment(s)
	case *stmtIf:
		for k, c := range s.conds {
			ok, err := fr.truth(c)
			if err != nil {
				return flowNext, err
			}
			if ok {
				return fr.statements(s.thens[k])
			}
		}
		return fr.statements(s.els)
	case *stmtCase:
		return fr.caseStmt(s)
	case *stmtLoop:
		for {
			if fl, done, err := fr.iteration(s.body, s.label); done {
				return fl, err
			}
		}
	case *stmtWhile:
		for {
			ok, err := fr.truth(s.cond)
			if err != nil || !ok {
				return flowNext, err
			}
			if fl, done, err := fr.iteration(s.body, s.label); done {
				return fl, err
			}
		}
	case *stmtFor:
		return fr.forIntegers(s)
	case *stmtForQuery:
		return fr.forQuery(s)
	case *stmtForeach:
		return fr.foreach(s)
	case *stmtExit:
		if s.when != nil {
			ok, err := fr.truth(s.when)
			if err != nil || !ok {
				return flowNext, err
			}
		}
		fr.label = s.label
		if s.exit {
			return flowExit, nil
		}
		return flowContinue, nil
	case *stmtReturn:
		return fr.returnStmt(s)
	case *stmtReturnNext:
		return flowNext, fr.returnNext(s)
	case *stmtReturnQuery:
		return flowNext, fr.returnQuery(s)
	case *stmtRaise:
		return flowNext, fr.raise(s)
	case *stmtAssert:
		return flowNext, fr.assert(s)
	case *stmtSQL:
		return flowNext, fr.sql(s)
	case *stmtPerform:
		out, err := fr.eng.Query(fr, s.query, nil)
		if err != nil {
			return flowNext, err
		}
		fr.ran(out)
		return flowNext, nil
	case *stmtExecute:
		return flowNext, fr.execute(s)
	case *stmtDiagnostics:
		return flowNext, fr.diagnostics(s)
	case *stmtOpen:
		return flowNext, fr.open(s)
	case *stmtFetch:
		return flowNext, fr.fetch(s)
	case *stmtClose:
		name, err := fr.cursorName(s.v)
		if err != nil {
			return flowNext, err
		}
		return flowNext, fr.eng.CloseCursor(name)
	case *stmtCommit:
		if !fr.NonAtomic {
			return flowNext, pgerr.New(pgerr.InvalidTransactionTermination, "invalid transaction termination")
		}
		return flowNext, fr.eng.Commit(s.rollback, s.chain)
	case *stmtCall:
		_, err := fr.eng.Query(fr, s.query, nil)
		return flowNext, err
	}
	return flowNext, nil
}

// iteration runs a loop's body once; done tells that the loop is over.
func (fr *Frame) iteration(body []stmt, label string) (fl flow, done bool, err error) {
	fl, err = fr.statements(body)
	if err != nil {
		return fl, true, err
	}
	switch fl {
	case flowReturn:
		return fl, true, nil
	case flowExit:
		if fr.label == "" || fr.label == label {
			fr.label = ""
			return flowNext, true, nil
		}
		return fl, true, nil
	case flowContinue:
		if fr.label == "" || fr.label == label {
			fr.label = ""
			return flowNext, false, nil
		}
		return fl, true, nil
	}
	return flowNext, false, nil
}

// block runs a block: its declarations, its statements, its handlers.
func (fr *Frame) block(b *Block) (fl flow, err error) {
	fr.line, fr.what = b.where()
	for _, i := range b.vars {
		if err := fr.declare(i); err != nil {
			return flowNext, err
		}
	}
	if len(b.handlers) == 0 {
		fl, err = fr.statements(b.body)
	} else {
		fl, err = fr.guarded(b)
	}
	if err != nil {
		return fl, err
	}
	if fl == flowExit && fr.label != "" && fr.label == b.label {
		fr.label = ""
		return flowNext, nil
	}
	return fl, nil
}

// declare gives a variable its initial value.
func (fr *Frame) declare(i int) error {
	v := fr.fn.Vars[i]
	line, what := fr.line, fr.what
	fr.clear(i)
	if v.Default != nil {
		fr.line, fr.phase = v.Line, "during statement block local variable initialization"
		val, err := fr.eng.Value(fr, v.Default)
		if err != nil {
			return err
		}
		if err := fr.assign(i, val); err != nil {
			return err
		}
		fr.phase = ""
	} else if v.Type != nil && v.Type.Kind == types.KindDomain { // NULL may not do
		fr.line, fr.phase = v.Line, "during statement block local variable initialization"
		if _, err := fr.eng.Cast(Value{types.Null, types.Unknown, -1}, v.Type, v.Mod); err != nil {
			return err
		}
		fr.phase = ""
	}
	if v.Cursor != nil {
		fr.slots[i].val = types.NewString(v.Name)
	}
	fr.line, fr.what = line, what
	return nil
}

// guarded runs a block that has handlers as a subtransaction.
func (fr *Frame) guarded(b *Block) (flow, error) {
	release, rollback, err := fr.eng.Savepoint()
	if err != nil {
		return flowNext, err
	}
	fl, err := fr.statements(b.body)
	if err == nil {
		return fl, release()
	}
	e := pgerr.Of(err)
	for _, h := range b.handlers {
		if !matches(h.conditions, e.Code) {
			continue
		}
		seen := pgerr.Of(fr.inContext(e))
		fr.phase = ""
		if err := rollback(); err != nil {
			return flowNext, err
		}
		fr.slots[b.state].val = types.NewString(e.Code)
		fr.slots[b.message].val = types.NewString(e.Message)
		fr.caught = append(fr.caught, seen)
		fl, err := fr.statements(h.body)
		fr.caught = fr.caught[:len(fr.caught)-1]
		return fl, err
	}
	if rerr := rollback(); rerr != nil {
		return flowNext, rerr
	}
	return flowNext, err
}

// truth evaluates a condition; NULL is false.
func (fr *Frame) truth(e *Expr) (bool, error) {
	v, err := fr.eng.Value(fr, e)
	if err != nil || v.Datum.IsNull() {
		return false, err
	}
	if v.Type != types.Bool {
		d, err := fr.eng.Cast(v, types.Bool, -1)
		if err != nil {
			return false, err
		}
		v.Datum = d
	}
	return v.Datum.Bool(), nil
}

func (fr *Frame) integer(e *Expr) (int64, bool, error) {
	v, err := fr.eng.Value(fr, e)
	if err != nil {
		return 0, false, err
	}
	d, err := fr.eng.Cast(v, types.Int4, -1)
	return d.I, d.IsNull(), err
}

func (fr *Frame) assignment(s *stmtAssign) error {
	v, err := fr.eng.Value(fr, s.expr)
	if err != nil {
		return err
	}
	if s.to.field == "" && s.expr.Target == s.to.v && !fr.fn.Vars[s.to.v].Record {
		return fr.assign(s.to.v, v)
	}
	return fr.assignPlace(s.to, v)
}

func (fr *Frame) setFound(on bool) { fr.slots[fr.fn.found].val = types.NewBool(on) }

// ran notes what a statement did.
func (fr *Frame) ran(out Outcome) {
	fr.rowCount = out.Rows
	if out.Returns || out.Changes {
		fr.setFound(out.Rows > 0)
	}
}

func (fr *Frame) caseStmt(s *stmtCase) (flow, error) {
	if s.arg != nil {
		v, err := fr.eng.Value(fr, s.arg)
		if err != nil {
			return flowNext, err
		}
		if v.Type == types.Unknown {
			v.Type = types.Text
		}
		fr.slots[s.v] = slot{val: v.Datum, typ: v.Type, mod: -1}
		defer func() { fr.slots[s.v].val = types.Null }()
	}
	for k, c := range s.conds {
		ok, err := fr.truth(c)
		if err != nil {
			return flowNext, err
		}
		if ok {
			return fr.statements(s.thens[k])
		}
	}
	if !s.has {
		return flowNext, pgerr.New(pgerr.CaseNotFound, "case not found").WithHint("CASE statement is missing ELSE part.")
	}
	return fr.statements(s.els)
}

func (fr *Frame) forIntegers(s *stmtFor) (flow, error) {
	lower, null, err := fr.integer(s.lower)
	if err != nil {
		return flowNext, err
	}
	if null {
		return flowNext, pgerr.New(pgerr.NullValueNotAllowed, "lower bound of FOR loop cannot be null")
	}
	upper, null, err := fr.integer(s.upper)
	if err != nil {
		return flowNext, err
	}
	if null {
		return flowNext, pgerr.New(pgerr.NullValueNotAllowed, "upper bound of FOR loop cannot be null")
	}
	step := int64(1)
	if s.step != nil {
		if step, null, err = fr.integer(s.step); err != nil {
			return flowNext, err
		}
		if null {
			return flowNext, pgerr.New(pgerr.NullValueNotAllowed, "BY value of FOR loop cannot be null")
		}
		if step <= 0 {
			return flowNext, pgerr.New(pgerr.InvalidParameterValue, "BY value of FOR loop must be greater than zero")
		}
	}
	found := false
	fl := flowNext
	for i := lower; ; {
		if s.reverse && i < upper || !s.reverse && i > upper {
			break
		}
		found = true
		fr.slots[s.v].val = types.NewInt(i)
		var done bool
		if fl, done, err = fr.iteration(s.body, s.label); done {
			if err != nil {
				return fl, err
			}
			break
		}
		if s.reverse {
			i -= step
		} else {
			i += step
		}
		if i > 1<<31-1 || i < -1<<31 {
			break
		}
	}
	fr.setFound(found)
	return fl, nil
}

func (fr *Frame) foreach(s *stmtForeach) (flow, error) {
	v, err := fr.eng.Value(fr, s.expr)
	if err != nil {
		return flowNext, err
	}
	if v.Datum.IsNull() {
		return flowNext, pgerr.New(pgerr.NullValueNotAllowed, "FOREACH expression must not be null")
	}
	a, ok := v.Datum.X.(*types.Array)
	if !ok {
		return flowNext, pgerr.Newf(pgerr.DatatypeMismatch, "FOREACH expression must yield an array, not type %s", types.Format(v.Type, -1))
	}
	if s.slice > len(a.Dims) {
		return flowNext, pgerr.Newf(pgerr.ArraySubscriptError, "slice dimension (%d) is out of the valid range 0..%d", s.slice, len(a.Dims))
	}
	width := 1
	var dims []types.ArrayDim
	if s.slice > 0 {
		dims = a.Dims[len(a.Dims)-s.slice:]
		for _, d := range dims {
			width *= int(d.Len)
		}
	}
	found := false
	fl := flowNext
	for i := 0; i+width <= len(a.Elems) && width > 0; i += width {
		found = true
		val, t := a.Elems[i], a.Elem
		if s.slice > 0 {
			val = types.NewAny(&types.Array{Elem: a.Elem, Dims: append([]types.ArrayDim(nil), dims...), Elems: a.Elems[i : i+width]})
			t = v.Type.Under()
		}
		row := &Row{Fields: []types.Field{{Name: "x", Type: t, Typmod: -1}}, Vals: []types.Datum{val}}
		if tu, ok := val.X.(*types.Tuple); ok && s.to.record >= 0 {
			row = &Row{Fields: tu.Fields, Vals: tu.Vals}
		}
		if err := fr.assignTarget(&s.to, row); err != nil {
			return flowNext, err
		}
		var done bool
		if fl, done, err = fr.iteration(s.body, s.label); done {
			if err != nil {
				return fl, err
			}
			break
		}
	}
	fr.setFound(found)
	return fl, nil
}
