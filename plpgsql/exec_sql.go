package plpgsql

import (
	"cmp"
	"strconv"
	"strings"

	"rowkey/pgerr"
	"rowkey/types"
)

// sql runs a statement, with or without INTO.
func (fr *Frame) sql(s *stmtSQL) error {
	if s.into == nil {
		out, err := fr.eng.Query(fr, s.query, nil)
		if err != nil {
			return err
		}
		if out.Returns {
			e := pgerr.New(pgerr.SyntaxError, "query has no destination for result data")
			if !out.Changes && !out.Utility {
				e.WithHint("If you want to discard the results of a SELECT, use PERFORM instead.")
			}
			return e
		}
		fr.rowCount = out.Rows
		if out.Changes {
			fr.setFound(out.Rows > 0)
		}
		return nil
	}
	return fr.into(s.into, s.strict, func(visit func(*Row) error) (Outcome, error) { return fr.eng.Query(fr, s.query, visit) })
}

// into runs a query for its first row.
func (fr *Frame) into(to *target, strict bool, run func(func(*Row) error) (Outcome, error)) error {
	n := 0
	var first *Row
	out, err := run(func(r *Row) error {
		n++
		if n == 1 {
			first = &Row{Fields: r.Fields, Vals: append([]types.Datum(nil), r.Vals...)}
			return nil
		}
		return ErrStop
	})
	if err != nil {
		return err
	}
	if !out.Returns {
		return pgerr.New(pgerr.SyntaxError, "INTO used with a command that cannot return data")
	}
	if n > 1 && (strict || out.Changes) {
		return pgerr.New(pgerr.TooManyRows, "query returned more than one row").WithHint("Make sure the query returns a single row, or use LIMIT 1.")
	}
	if n == 0 {
		if strict {
			return pgerr.New(pgerr.NoDataFound, "query returned no rows")
		}
		fr.setFound(false)
		fr.rowCount = 0
		return fr.assignTarget(to, nil)
	}
	fr.setFound(true)
	fr.rowCount = 1
	if out.Changes {
		fr.rowCount = out.Rows
	}
	return fr.assignTarget(to, first)
}

// text evaluates the text of an EXECUTE.
func (fr *Frame) text(e *Expr) (string, error) {
	v, err := fr.eng.Value(fr, e)
	if err != nil {
		return "", err
	}
	if v.Datum.IsNull() {
		return "", pgerr.New(pgerr.NullValueNotAllowed, "query string argument of EXECUTE is null")
	}
	return fr.eng.Text(v), nil
}

func (fr *Frame) values(es []*Expr) ([]Value, error) {
	out := make([]Value, len(es))
	for k, e := range es {
		var err error
		if out[k], err = fr.eng.Value(fr, e); err != nil {
			return nil, err
		}
		if out[k].Type == types.Unknown {
			out[k].Type = types.Text
		}
	}
	return out, nil
}

func (fr *Frame) execute(s *stmtExecute) error {
	text, err := fr.text(s.text)
	if err != nil {
		return err
	}
	args, err := fr.values(s.using)
	if err != nil {
		return err
	}
	if s.into == nil {
		out, err := fr.eng.Dynamic(fr, text, args, nil)
		if err != nil {
			return err
		}
		fr.rowCount = out.Rows
		return nil
	}
	found := fr.slots[fr.fn.found].val
	err = fr.into(s.into, s.strict, func(visit func(*Row) error) (Outcome, error) { return fr.eng.Dynamic(fr, text, args, visit) })
	fr.slots[fr.fn.found].val = found // EXECUTE leaves FOUND alone
	return err
}

// forQuery is FOR over a query, EXECUTE or a cursor.
func (fr *Frame) forQuery(s *stmtForQuery) (flow, error) {
	fl, found := flowNext, false
	// The body runs while the query does; how it ended is kept for afterwards.
	visit := func(r *Row) error {
		found = true
		if err := fr.assignTarget(&s.to, r); err != nil {
			return err
		}
		f, done, err := fr.iteration(s.body, s.label)
		if err != nil {
			return err
		}
		if done {
			fl = f
			return ErrStop
		}
		return nil
	}
	// A statement's error within the body has its own place; the query's has the loop's.
	line, what := fr.line, fr.what
	var err error
	switch {
	case s.cursor >= 0:
		var name string
		if name, err = fr.openBound(s.cursor, s.args); err != nil {
			return flowNext, err
		}
		for err == nil {
			n := int64(0)
			n, err = fr.eng.FetchCursor(name, "next", false, visit)
			if n == 0 || err != nil {
				break
			}
			if fl != flowNext {
				break
			}
		}
		if err == ErrStop {
			err = nil
		}
		if cerr := fr.eng.CloseCursor(name); err == nil {
			err = cerr
		}
	case s.dyn != nil:
		var text string
		var args []Value
		if text, err = fr.text(s.dyn); err != nil {
			return flowNext, err
		}
		if args, err = fr.values(s.using); err != nil {
			return flowNext, err
		}
		err = fr.eng.Loop(fr, nil, text, args, visit)
	default:
		err = fr.eng.Loop(fr, s.query, "", nil, visit)
	}
	if err != nil {
		return flowNext, err
	}
	fr.line, fr.what = line, what
	if !found {
		if err := fr.assignTarget(&s.to, nil); err != nil {
			return flowNext, err
		}
	}
	fr.setFound(found)
	return fl, nil
}

func (fr *Frame) returnStmt(s *stmtReturn) (flow, error) {
	fr.returned = true
	if s.expr == nil {
		return flowReturn, nil
	}
	if s.v >= 0 {
		fr.ret = fr.Var(s.v)
		return flowReturn, nil
	}
	v, err := fr.eng.Value(fr, s.expr)
	if err != nil {
		return flowNext, err
	}
	fr.ret = v
	return flowReturn, nil
}

func (fr *Frame) returnNext(s *stmtReturnNext) error {
	fn := fr.fn
	if len(fn.Outs) > 0 {
		row, err := fr.outRow()
		if err != nil {
			return err
		}
		return fr.emit(row)
	}
	var v Value
	if s.v >= 0 {
		v = fr.Var(s.v)
		if va := fn.Vars[s.v]; va.Record && va.Type.OID == types.Record.OID && !fr.slots[s.v].set {
			return notAssigned(va)
		}
	} else {
		var err error
		if v, err = fr.eng.Value(fr, s.expr); err != nil {
			return err
		}
	}
	if isRow(fn.Result) {
		t, ok := v.Datum.X.(*types.Tuple)
		fields := fn.Fields
		if fields == nil {
			fields = fn.Result.Under().Fields
		}
		if !ok {
			if v.Datum.IsNull() {
				return fr.emitRow(make([]types.Datum, len(fields)), fields)
			}
			return pgerr.New(pgerr.DatatypeMismatch, "cannot return non-composite value from function returning composite type")
		}
		if fields == nil {
			return fr.emit([]types.Datum{v.Datum})
		}
		vals, err := fr.convertRow(t.Fields, t.Vals, fields, "wrong record type supplied in RETURN NEXT")
		if err != nil {
			return err
		}
		return fr.emitRow(vals, fields)
	}
	d, err := fr.eng.Cast(v, fn.Result, -1)
	if err != nil {
		return err
	}
	return fr.emit([]types.Datum{d})
}

// emitRow gives a row of a row result.
func (fr *Frame) emitRow(vals []types.Datum, fields []types.Field) error {
	if fr.fn.Fields != nil && fr.fn.Result.OID == types.Record.OID {
		return fr.emit(vals)
	}
	return fr.emit([]types.Datum{types.NewAny(&types.Tuple{Type: fr.fn.Result.Under(), Fields: fields, Vals: append([]types.Datum(nil), vals...)})})
}

func (fr *Frame) returnQuery(s *stmtReturnQuery) error {
	fn := fr.fn
	n := int64(0)
	fields := fn.Fields
	if fields == nil && isRow(fn.Result) {
		fields = fn.Result.Under().Fields
	}
	visit := func(r *Row) error {
		n++
		if fields == nil && !isRow(fn.Result) || len(fn.Outs) == 1 && fn.Fields == nil {
			if len(r.Fields) != 1 {
				return pgerr.New(pgerr.DatatypeMismatch, "structure of query does not match function result type").
					WithDetail("Number of returned columns (%d) does not match expected column count (1).", len(r.Fields))
			}
			if h := r.Fields[0].Type; h.OID != fn.Result.OID && h != types.Unknown {
				return pgerr.New(pgerr.DatatypeMismatch, "structure of query does not match function result type").
					WithDetail("Returned type %s does not match expected type %s in column 1.", types.Format(h, -1), types.Format(fn.Result, -1))
			}
			return fr.emit(r.Vals[:1])
		}
		if fields == nil {
			return fr.emit([]types.Datum{types.NewAny(&types.Tuple{Type: types.Record, Fields: r.Fields, Vals: append([]types.Datum(nil), r.Vals...)})})
		}
		vals, err := fr.convertRow(r.Fields, r.Vals, fields, "structure of query does not match function result type")
		if err != nil {
			return err
		}
		return fr.emitRow(vals, fields)
	}
	var err error
	if s.dyn != nil {
		var text string
		var args []Value
		if text, err = fr.text(s.dyn); err != nil {
			return err
		}
		if args, err = fr.values(s.using); err != nil {
			return err
		}
		_, err = fr.eng.Dynamic(fr, text, args, visit)
	} else {
		_, err = fr.eng.Query(fr, s.query, visit)
	}
	if err != nil {
		return err
	}
	fr.rowCount = n
	fr.setFound(n > 0)
	return nil
}

// ---- cursors

func (fr *Frame) cursorName(v int) (string, error) {
	d := fr.slots[v].val
	if d.IsNull() {
		return "", pgerr.Newf(pgerr.NullValueNotAllowed, "cursor variable %q is null", fr.fn.Vars[v].Name)
	}
	return d.S, nil
}

// openBound opens a bound cursor with its arguments.
func (fr *Frame) openBound(v int, args []*Expr) (string, error) {
	va := fr.fn.Vars[v]
	for k, e := range args {
		val, err := fr.eng.Value(fr, e)
		if err != nil {
			return "", err
		}
		if err := fr.assign(va.CursorArgs[k], val); err != nil {
			return "", err
		}
	}
	name, _ := fr.cursorName(v)
	return fr.eng.OpenCursor(fr, name, va.Cursor, "", nil, va.Scroll)
}

func (fr *Frame) open(s *stmtOpen) error {
	va := fr.fn.Vars[s.v]
	var name string
	var err error
	switch {
	case va.Cursor != nil:
		name, err = fr.openBound(s.v, s.args)
	case s.dyn != nil:
		var text string
		var args []Value
		if text, err = fr.text(s.dyn); err != nil {
			return err
		}
		if args, err = fr.values(s.using); err != nil {
			return err
		}
		name, err = fr.eng.OpenCursor(fr, fr.slots[s.v].val.S, nil, text, args, s.scroll)
	default:
		name, err = fr.eng.OpenCursor(fr, fr.slots[s.v].val.S, s.query, "", nil, s.scroll)
	}
	if err != nil {
		return err
	}
	return fr.store(s.v, types.NewString(name))
}

func (fr *Frame) fetch(s *stmtFetch) error {
	name, err := fr.cursorName(s.v)
	if err != nil {
		return err
	}
	direction := s.direction
	if s.count != nil {
		n, null, err := fr.integer(s.count)
		if err != nil {
			return err
		}
		if null {
			return pgerr.New(pgerr.NullValueNotAllowed, "relative or absolute cursor position is null")
		}
		direction += " " + strconv.FormatInt(n, 10)
	}
	if s.move {
		n, err := fr.eng.FetchCursor(name, direction, true, nil)
		if err != nil {
			return err
		}
		fr.rowCount = n
		fr.setFound(n > 0)
		return nil
	}
	var first *Row
	n, err := fr.eng.FetchCursor(name, direction, false, func(r *Row) error {
		if first == nil {
			first = &Row{Fields: r.Fields, Vals: append([]types.Datum(nil), r.Vals...)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fr.rowCount = n
	fr.setFound(n > 0)
	return fr.assignTarget(s.to, first)
}

// ---- RAISE and its kin

func (fr *Frame) raise(s *stmtRaise) error {
	if s.bare {
		if len(fr.caught) == 0 {
			return pgerr.New(pgerr.StackedDiagnosticsWithoutHandler, "RAISE without parameters cannot be used outside an exception handler")
		}
		fr.rethrown = true
		return fr.caught[len(fr.caught)-1]
	}
	e := &pgerr.Error{Code: s.code}
	condition := s.condition
	if s.hasFormat {
		var b strings.Builder
		k := 0
		for i := 0; i < len(s.format); i++ {
			if s.format[i] != '%' {
				b.WriteByte(s.format[i])
				continue
			}
			if i+1 < len(s.format) && s.format[i+1] == '%' {
				b.WriteByte('%')
				i++
				continue
			}
			v, err := fr.eng.Value(fr, s.args[k])
			if err != nil {
				return err
			}
			k++
			if v.Datum.IsNull() {
				b.WriteString("<NULL>")
			} else {
				b.WriteString(fr.eng.Text(v))
			}
		}
		e.Message = b.String()
	}
	for _, o := range s.options {
		v, err := fr.eng.Value(fr, o.expr)
		if err != nil {
			return err
		}
		if v.Datum.IsNull() {
			return pgerr.New(pgerr.NullValueNotAllowed, "RAISE statement option cannot be null")
		}
		text := fr.eng.Text(v)
		twice := func(set bool) error {
			if set {
				return pgerr.Newf(pgerr.SyntaxError, "RAISE option already specified: %s", strings.ToUpper(o.name))
			}
			return nil
		}
		var dup error
		switch o.name {
		case "errcode":
			dup = twice(e.Code != "")
			if validState(text) {
				e.Code = text
			} else if codes := conditionCodes(text); codes != nil {
				e.Code = codes[0]
				condition = text
			} else {
				return pgerr.Newf(pgerr.UndefinedObject, "unrecognized exception condition %q", text)
			}
		case "message":
			dup = twice(e.Message != "")
			e.Message = text
		case "detail":
			dup = twice(e.Detail != "")
			e.Detail = text
		case "hint":
			dup = twice(e.Hint != "")
			e.Hint = text
		case "column":
			e.Column = text
		case "constraint":
			e.Constraint = text
		case "datatype":
			e.DataType = text
		case "table":
			e.Table = text
		case "schema":
			e.Schema = text
		}
		if dup != nil {
			return dup
		}
	}
	if s.level == "exception" {
		if e.Code == "" {
			e.Code = pgerr.RaiseException
		}
		e.Message = cmp.Or(e.Message, condition, e.Code)
		return e
	}
	e.Severity = strings.ToUpper(s.level)
	if e.Code == "" {
		e.Code = pgerr.SuccessfulCompletion
		if s.level == "warning" {
			e.Code = pgerr.Warning
		}
	}
	e.Message = cmp.Or(e.Message, condition, e.Code)
	fr.eng.Notice(e)
	return nil
}

func (fr *Frame) assert(s *stmtAssert) error {
	if fr.eng.Setting("plpgsql.check_asserts") == "off" {
		return nil
	}
	ok, err := fr.truth(s.cond)
	if err != nil || ok {
		return err
	}
	msg := "assertion failed"
	if s.message != nil {
		v, err := fr.eng.Value(fr, s.message)
		if err != nil {
			return err
		}
		if !v.Datum.IsNull() {
			msg = fr.eng.Text(v)
		}
	}
	return pgerr.New(pgerr.AssertFailure, msg)
}

func (fr *Frame) diagnostics(s *stmtDiagnostics) error {
	var e *pgerr.Error
	if s.stacked {
		if len(fr.caught) == 0 {
			return pgerr.New(pgerr.StackedDiagnosticsWithoutHandler, "GET STACKED DIAGNOSTICS cannot be used outside an exception handler")
		}
		e = fr.caught[len(fr.caught)-1]
	}
	for _, it := range s.items {
		var text string
		switch it.item {
		case "row_count":
			if err := fr.assignPlace(it.to, Value{types.NewInt(fr.rowCount), types.Int8, -1}); err != nil {
				return err
			}
			continue
		case "pg_context":
			text = fr.eng.Context()
		case "returned_sqlstate":
			text = e.Code
		case "message_text":
			text = e.Message
		case "pg_exception_detail":
			text = e.Detail
		case "pg_exception_hint":
			text = e.Hint
		case "pg_exception_context":
			text = e.Where + strings.TrimPrefix(fr.eng.Context(), fr.Context()) // and what calls the function
		case "column_name":
			text = e.Column
		case "constraint_name":
			text = e.Constraint
		case "pg_datatype_name":
			text = e.DataType
		case "table_name":
			text = e.Table
		case "schema_name":
			text = e.Schema
		}
		if err := fr.assignPlace(it.to, Value{types.NewString(text), types.Text, -1}); err != nil {
			return err
		}
	}
	return nil
}

// SetTrigger gives a trigger function's TG_ variable its value.
func (fr *Frame) SetTrigger(name string, d types.Datum) {
	if i, ok := fr.fn.trigger[name]; ok {
		fr.slots[i].val = d
	}
}
