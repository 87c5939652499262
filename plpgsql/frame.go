package plpgsql

import (
	"rowkey/pgerr"
	"rowkey/types"
)

// Frame is one call of a function: its variables' values and where it is.
type Frame struct {
	fn    *Function
	eng   Engine
	slots []slot
	// Emit takes the rows of a set-returning function.
	emit func([]types.Datum) error
	// Data is the Engine's, for the length of the call.
	Data any

	line     int
	what     string
	phase    string // instead of line and what: "during function entry" …
	ret      Value
	returned bool
	label    string // of an EXIT or CONTINUE under way
	caught   []*pgerr.Error
	rowCount int64
	// Depth tells a code block or CALL that may end transactions.
	NonAtomic bool
	// rethrown tells that the error under way has its context already.
	rethrown bool
}

// slot is a variable's value. Records keep their fields apart.
type slot struct {
	val    types.Datum
	fields []types.Field
	vals   []types.Datum
	set    bool // of a record: it has a structure
	null   bool // of a record: the whole is NULL
	typ    *types.Type
	mod    int32
}

// Fn gives the function that is running.
func (fr *Frame) Fn() *Function { return fr.fn }

// Var reads a scalar variable, or a record as a whole.
func (fr *Frame) Var(i int) Value {
	v, s := fr.fn.Vars[i], &fr.slots[i]
	if !v.Record {
		t := v.Type
		if t == nil {
			t = s.typ
		}
		return Value{s.val, t, v.Mod}
	}
	t := fr.RecordType(i)
	if !s.set || s.null {
		return Value{types.Null, t, -1}
	}
	return Value{types.NewAny(&types.Tuple{Type: t, Fields: s.fields, Vals: append([]types.Datum(nil), s.vals...)}), t, -1}
}

// RecordType gives the type of a record variable as it is now.
func (fr *Frame) RecordType(i int) *types.Type {
	v, s := fr.fn.Vars[i], &fr.slots[i]
	if v.Type.OID != types.Record.OID {
		return v.Type
	}
	if !s.set {
		return types.Record
	}
	if s.typ == nil {
		r := *types.Record
		r.Fields = s.fields
		s.typ = &r
	}
	return s.typ
}

// VarType gives the type of a variable as it is now, for planning.
func (fr *Frame) VarType(i int) (*types.Type, int32) {
	v := fr.fn.Vars[i]
	if v.Record {
		return fr.RecordType(i), -1
	}
	if v.Type == nil {
		return fr.slots[i].typ, fr.slots[i].mod
	}
	return v.Type, v.Mod
}

// Fields gives a record variable's fields; the error is that it has none yet.
func (fr *Frame) Fields(i int) ([]types.Field, error) {
	v, s := fr.fn.Vars[i], &fr.slots[i]
	if !s.set {
		return nil, notAssigned(v)
	}
	return s.fields, nil
}

func notAssigned(v *Var) error {
	return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "record %q is not assigned yet", v.Name).
		WithDetail("The tuple structure of a not-yet-assigned record is indeterminate.")
}

// Field reads a field of a record variable.
func (fr *Frame) Field(i int, name string) (Value, error) {
	k, err := fr.fieldIndex(i, name)
	if err != nil {
		return Value{}, err
	}
	s := &fr.slots[i]
	return Value{s.vals[k], s.fields[k].Type, s.fields[k].Typmod}, nil
}

func (fr *Frame) fieldIndex(i int, name string) (int, error) {
	v, s := fr.fn.Vars[i], &fr.slots[i]
	if !s.set {
		return 0, notAssigned(v)
	}
	for k, f := range s.fields {
		if f.Name == name {
			return k, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedColumn, "record %q has no field %q", v.Name, name)
}

// clear gives a variable its first value: NULL.
func (fr *Frame) clear(i int) {
	v, s := fr.fn.Vars[i], &fr.slots[i]
	*s = slot{}
	if v.Record && v.Type.OID != types.Record.OID {
		s.set, s.null = true, true
		s.fields = v.Type.Under().Fields
		s.vals = make([]types.Datum, len(s.fields))
	}
}

// SetRecord makes a record variable hold a row of these fields.
func (fr *Frame) SetRecord(i int, fields []types.Field, vals []types.Datum) {
	s := &fr.slots[i]
	*s = slot{fields: fields, vals: append([]types.Datum(nil), vals...), set: true}
}

// SetNullRecord makes a record NULL, keeping its structure.
func (fr *Frame) SetNullRecord(i int) { fr.clear(i) }

// store assigns a value, already of the variable's type.
func (fr *Frame) store(i int, d types.Datum) error {
	v := fr.fn.Vars[i]
	if d.IsNull() && v.NotNull {
		return pgerr.Newf(pgerr.NullValueNotAllowed, "null value cannot be assigned to variable %q declared NOT NULL", v.Name)
	}
	fr.slots[i].val = d
	return nil
}

// assign gives a variable a value, converted to its type.
func (fr *Frame) assign(i int, v Value) error {
	va := fr.fn.Vars[i]
	if va.Record {
		return fr.assignRecord(i, v)
	}
	d, err := fr.eng.Cast(v, va.Type, va.Mod)
	if err != nil {
		return err
	}
	return fr.store(i, d)
}

// assignRecord assigns a row value to a record variable.
func (fr *Frame) assignRecord(i int, v Value) error {
	va := fr.fn.Vars[i]
	if v.Datum.IsNull() {
		if va.NotNull {
			return pgerr.Newf(pgerr.NullValueNotAllowed, "null value cannot be assigned to variable %q declared NOT NULL", va.Name)
		}
		if va.Type.OID == types.Record.OID && v.Type != nil && len(v.Type.Under().Fields) > 0 {
			f := v.Type.Under().Fields
			fr.slots[i] = slot{fields: f, vals: make([]types.Datum, len(f)), set: true, null: true}
			return nil
		}
		fr.clear(i)
		return nil
	}
	t, ok := v.Datum.X.(*types.Tuple)
	if !ok {
		if va.Type.OID != types.Record.OID { // by way of text
			d, err := fr.eng.Cast(v, va.Type, va.Mod)
			if err != nil {
				return err
			}
			if t, ok = d.X.(*types.Tuple); ok {
				fr.SetRecord(i, va.Type.Under().Fields, t.Vals)
				return nil
			}
		}
		return pgerr.New(pgerr.DatatypeMismatch, "cannot assign non-composite value to a record variable")
	}
	return fr.assignRow(i, t.Fields, t.Vals)
}

// assignRow assigns columns to a record variable, by position.
func (fr *Frame) assignRow(i int, fields []types.Field, vals []types.Datum) error {
	va := fr.fn.Vars[i]
	if va.Type.OID == types.Record.OID {
		fr.SetRecord(i, append([]types.Field(nil), fields...), vals)
		return nil
	}
	want := va.Type.Under().Fields
	out := make([]types.Datum, len(want))
	for k := range want {
		if k >= len(vals) {
			break
		}
		d, err := fr.eng.Cast(Value{vals[k], fields[k].Type, fields[k].Typmod}, want[k].Type, want[k].Typmod)
		if err != nil {
			return err
		}
		out[k] = d
	}
	if va.Type.Kind == types.KindDomain {
		d, err := fr.eng.Cast(Value{types.NewAny(&types.Tuple{Type: va.Type.Under(), Fields: want, Vals: out}), va.Type.Under(), -1}, va.Type, va.Mod)
		if err != nil {
			return err
		}
		out = d.Tuple().Vals
	}
	fr.SetRecord(i, want, out)
	return nil
}

// assignPlace assigns a value to a variable or a field.
func (fr *Frame) assignPlace(p place, v Value) error {
	if p.field == "" {
		return fr.assign(p.v, v)
	}
	k, err := fr.fieldIndex(p.v, p.field)
	if err != nil {
		return err
	}
	s := &fr.slots[p.v]
	d, err := fr.eng.Cast(v, s.fields[k].Type, s.fields[k].Typmod)
	if err != nil {
		return err
	}
	s.vals[k], s.null = d, false
	return nil
}

// AssignField assigns a value to a variable, or to a field of it.
func (fr *Frame) AssignField(v int, field string, val Value) error {
	return fr.assignPlace(place{v, field}, val)
}

// assignTarget assigns a row, nil for none, to what INTO names.
func (fr *Frame) assignTarget(t *target, row *Row) error {
	if t.record >= 0 {
		if row == nil {
			fr.clear(t.record)
			return nil
		}
		// One column that is itself a row is taken for the row.
		if len(row.Fields) == 1 && isRow(row.Fields[0].Type) && fr.fn.Vars[t.record].Type.OID != types.Record.OID {
			return fr.assignRecord(t.record, Value{row.Vals[0], row.Fields[0].Type, -1})
		}
		return fr.assignRow(t.record, row.Fields, row.Vals)
	}
	for k, p := range t.list {
		v := Value{Type: types.Unknown}
		if row != nil && k < len(row.Fields) {
			v = Value{row.Vals[k], row.Fields[k].Type, row.Fields[k].Typmod}
		}
		if err := fr.assignPlace(p, v); err != nil {
			return err
		}
	}
	return nil
}
