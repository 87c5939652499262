package session

import (
	"fmt"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/executor"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/planner/plan"
	"rowkey/plpgsql"
	"rowkey/types"
)

// triggerRunner calls triggers' functions for the executor
// (executor.TriggerRunner).
type triggerRunner Session

// firedTrigger is what a session keeps of a trigger between its firings.
type firedTrigger struct {
	t    *catalog.Table
	when plan.Expr
	fn   *plpgsql.Function
	f    *catalog.Function
	// the transition tables, which read what the holders hold
	tables   map[string]*catalog.Table
	old, new *executor.TransitionTable
}

// Row implements executor.TriggerRunner.
func (r *triggerRunner) Row(c *executor.TriggerCall) ([]types.Datum, error) {
	s := (*Session)(r)
	k, err := s.fired(c)
	if err != nil {
		return nil, err
	}
	row := c.New
	if c.Event == catalog.OnDelete {
		row = c.Old
	}
	if k.when != nil {
		ok, err := s.triggerWhen(k, c)
		if err != nil || !ok {
			return row, err
		}
	}
	v, err := s.fire(k, c)
	if err != nil {
		return nil, err
	}
	if c.Trigger.Timing == catalog.TriggerAfter || v.Datum.IsNull() {
		return nil, nil
	}
	got := v.Datum.Tuple()
	if c.Event == catalog.OnDelete {
		return row, nil
	}
	return k.row(got)
}

// row checks that a trigger's result is a row of its table.
func (k *firedTrigger) row(got *types.Tuple) ([]types.Datum, error) {
	want := k.t.RowType.Fields
	bad := pgerr.New(pgerr.DatatypeMismatch, "returned row structure does not match the structure of the triggering table")
	if len(got.Fields) != len(want) {
		return nil, bad.WithDetail("Number of returned columns (%d) does not match expected column count (%d).", len(got.Fields), len(want))
	}
	for i := range want {
		if t := got.Fields[i].Type; t != nil && t.OID != want[i].Type.OID {
			return nil, bad.WithDetail("Returned type %s does not match expected type %s in column %d.", types.Format(t, -1), types.Format(want[i].Type, -1), i+1)
		}
	}
	return got.Vals, nil
}

// Statement implements executor.TriggerRunner.
func (r *triggerRunner) Statement(c *executor.TriggerCall) error {
	s := (*Session)(r)
	k, err := s.fired(c)
	if err != nil {
		return err
	}
	if k.when != nil {
		ok, err := s.triggerWhen(k, c)
		if err != nil || !ok {
			return err
		}
	}
	_, err = s.fire(k, c)
	return err
}

// fired gives what is kept of a trigger, made at its first firing.
func (s *Session) fired(c *executor.TriggerCall) (*firedTrigger, error) {
	snap := s.snapshot()
	f := snap.Function(c.Trigger.Function)
	if f == nil {
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "function %d of trigger %q does not exist", c.Trigger.Function, c.Trigger.Name)
	}
	if k := s.triggers[c.Trigger]; k != nil && k.t == c.Table && k.f == f {
		return k, nil
	}
	k := &firedTrigger{t: c.Table, f: f}
	if c.Trigger.When != "" {
		e, err := s.triggerCondition(c)
		if err != nil {
			return nil, err
		}
		k.when = e
	}
	if f.Language != "plpgsql" {
		return nil, pgerr.Unsupported("trigger functions in language %q are not supported", f.Language)
	}
	sig := s.plSignature(f, &builtin.RoutineCall{Function: f, Result: types.Record})
	sig.IsTrig, sig.Result, sig.Trigger = true, types.Record, c.Table.RowType
	fn, err := plpgsql.Compile(f.Source, sig, plEnv{s})
	if err != nil {
		return nil, within(err, fmt.Sprintf("compilation of PL/pgSQL function %q near line 1", f.Name))
	}
	k.fn = fn
	k.transitionTables(c)
	if s.triggers == nil || len(s.triggers) >= maxRoutines {
		s.triggers = map[*catalog.Trigger]*firedTrigger{}
	}
	s.triggers[c.Trigger] = k
	return k, nil
}

func (s *Session) triggerCondition(c *executor.TriggerCall) (plan.Expr, error) {
	list, err := s.parseBody("SELECT " + c.Trigger.When)
	if err != nil {
		return nil, err
	}
	when := selectedExpr(list[0].Stmt)
	path := append([]string{c.Table.Schema.Name, "public"}, s.searchPath()...)
	return planner.BindTriggerWhen(planner.Request{Catalog: s.snapshot(), SearchPath: path, Env: s.execEnv(), Session: (*host)(s)}, c.Table, when)
}

// triggerWhen computes a trigger's condition.
func (s *Session) triggerWhen(k *firedTrigger, c *executor.TriggerCall) (bool, error) {
	base := planner.TriggerNewBase(k.t)
	row := make([]types.Datum, 2*base)
	i := 0
	for n := range k.t.Columns {
		if k.t.Columns[n].Dropped {
			continue
		}
		if c.Old != nil {
			row[n] = c.Old[i]
		}
		if c.New != nil {
			row[base+n] = c.New[i]
		}
		i++
	}
	s.depth++
	defer func() { s.depth-- }()
	d, err := executor.EvalExpr(s.execCtx(c.Ctx.Context, &statement{}), k.when, row)
	return err == nil && !d.IsNull() && d.Bool(), mapKV(err)
}

// transitionTables makes the relations that the function's queries may name.
func (k *firedTrigger) transitionTables(c *executor.TriggerCall) {
	add := func(name string, rows func() *executor.TransitionTable) {
		if name == "" {
			return
		}
		t := &catalog.Table{Name: name, Kind: catalog.KindTable, Schema: c.Table.Schema, SchemaOID: c.Table.SchemaOID}
		for i := range c.Table.Columns {
			if col := c.Table.Columns[i]; !col.Dropped {
				t.Columns = append(t.Columns, catalog.Column{Attnum: int16(len(t.Columns) + 1), Name: col.Name, TypeOID: col.TypeOID, Typmod: col.Typmod, Type: col.Type})
			}
		}
		t.RowType = &types.Type{OID: types.Record.OID, Name: "record", Phys: types.PhysAny, Kind: types.KindPseudo, Len: -1, Align: 'd', Category: 'P', Fields: c.Table.RowType.Fields}
		t.Virtual = &catalog.VirtualTable{Rows: func(_ *catalog.Snapshot, _ any, _ int16, _ types.Datum, emit func([]types.Datum) error) error {
			for _, row := range rows().Rows {
				if err := emit(row); err != nil {
					return err
				}
			}
			return nil
		}}
		if k.tables == nil {
			k.tables = map[string]*catalog.Table{}
		}
		k.tables[name] = t
	}
	add(c.Trigger.OldTable, func() *executor.TransitionTable { return k.old })
	add(c.Trigger.NewTable, func() *executor.TransitionTable { return k.new })
}

var noRows = &executor.TransitionTable{}

// fire calls a trigger's function.
func (s *Session) fire(k *firedTrigger, c *executor.TriggerCall) (plpgsql.Value, error) {
	leave, err := s.enterRoutine(k.f)
	if err != nil {
		return plpgsql.Value{}, err
	}
	defer leave()
	s.firing++
	defer func() { s.firing-- }()
	old, now := k.old, k.new
	k.old, k.new = noRows, noRows
	if c.OldTable != nil {
		k.old = c.OldTable
	}
	if c.NewTable != nil {
		k.new = c.NewTable
	}
	defer func() { k.old, k.new = old, now }()
	fr := plpgsql.NewFrame(k.fn, &plEngine{s: s, ctx: c.Ctx.Context, tables: k.tables})
	fields := k.t.RowType.Fields
	if c.Old != nil {
		fr.SetRecord(k.fn.Old, fields, c.Old)
	}
	if c.New != nil {
		fr.SetRecord(k.fn.New, fields, c.New)
		if c.Trigger.Timing == catalog.TriggerBefore {
			k.clearGenerated(fr)
		}
	}
	s.triggerVars(fr, k, c)
	defer s.pushContext(fr)()
	v, err := fr.Call(nil, nil)
	if err == nil && !v.Datum.IsNull() {
		if _, ok := v.Datum.X.(*types.Tuple); !ok {
			err = pgerr.New(pgerr.DatatypeMismatch, "cannot return non-composite value from function returning composite type")
		}
	}
	if err == nil && !c.Trigger.Row && c.Trigger.Timing == catalog.TriggerBefore && !v.Datum.IsNull() {
		err = pgerr.New(pgerr.TriggerProtocolViolated, "BEFORE STATEMENT trigger cannot return a value")
	}
	return v, err
}

// clearGenerated makes generated columns NULL in NEW: they are computed afterwards.
func (k *firedTrigger) clearGenerated(fr *plpgsql.Frame) {
	for i := range k.t.Columns {
		if c := &k.t.Columns[i]; !c.Dropped && c.Generated != "" {
			// a NULL needs no conversion
			_ = fr.AssignField(k.fn.New, c.Name, plpgsql.Value{Type: c.Type, Mod: c.Typmod})
		}
	}
}

// triggerVars sets the variables that tell a function of its trigger.
func (s *Session) triggerVars(fr *plpgsql.Frame, k *firedTrigger, c *executor.TriggerCall) {
	text := func(name, v string) { fr.SetTrigger(name, types.NewString(v)) }
	text("tg_name", c.Trigger.Name)
	text("tg_when", map[catalog.TriggerTiming]string{catalog.TriggerBefore: "BEFORE", catalog.TriggerAfter: "AFTER", catalog.TriggerInstead: "INSTEAD OF"}[c.Trigger.Timing])
	level := "STATEMENT"
	if c.Trigger.Row {
		level = "ROW"
	}
	text("tg_level", level)
	text("tg_op", map[catalog.TriggerEvent]string{catalog.OnInsert: "INSERT", catalog.OnDelete: "DELETE", catalog.OnUpdate: "UPDATE", catalog.OnTruncate: "TRUNCATE"}[c.Event])
	fr.SetTrigger("tg_relid", types.NewInt(int64(k.t.OID)))
	text("tg_relname", k.t.Name)
	text("tg_table_name", k.t.Name)
	if k.t.Schema != nil {
		text("tg_table_schema", k.t.Schema.Name)
	}
	fr.SetTrigger("tg_nargs", types.NewInt(int64(len(c.Trigger.Args))))
	if n := len(c.Trigger.Args); n > 0 {
		a := &types.Array{Elem: types.Text, Dims: []types.ArrayDim{{Len: int32(n), Lower: 0}}}
		for _, arg := range c.Trigger.Args {
			a.Elems = append(a.Elems, types.NewString(arg))
		}
		fr.SetTrigger("tg_argv", types.NewAny(a))
	}
}

// TriggerDepth is pg_trigger_depth().
func (h *host) TriggerDepth() int { return h.firing }

// selectedExpr gives the expression of SELECT expression.
func selectedExpr(st ast.Stmt) ast.Expr {
	if s, ok := st.(*ast.SelectStmt); ok && len(s.Targets) == 1 {
		return s.Targets[0].Value
	}
	return nil
}
