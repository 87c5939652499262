package catalog

import (
	"fmt"
	"slices"

	"rowkey/builtin"
	"rowkey/builtin/contrib"
	"rowkey/pgerr"
	"rowkey/types"
)

// Function describes a function or procedure that a user made. What it does
// is text: Source in the function's language, or Body for SQL-standard bodies,
// whose names were resolved when it was made.
type Function struct {
	OID       OID
	SchemaOID OID
	Name      string
	Kind      byte   // pg_proc.prokind: f, p, a, w
	Language  string // sql, plpgsql, internal, c
	Params    []Param
	ResultOID OID
	SetOf     bool    `json:",omitempty"`
	Strict    bool    `json:",omitempty"`
	Leakproof bool    `json:",omitempty"`
	Definer   bool    `json:",omitempty"` // SECURITY DEFINER
	Volatile  byte    // pg_proc.provolatile: i, s, v
	Parallel  byte    // pg_proc.proparallel: s, r, u
	Cost      float64 `json:",omitempty"`
	Rows      float64 `json:",omitempty"`
	Source    string  `json:",omitempty"` // of language c: the symbol
	// Library has the functions of language c, which only extensions make.
	Library   string `json:",omitempty"`
	Extension OID    `json:",omitempty"` // that the function belongs to
	// Body holds an SQL-standard body: its statements' texts, joined as they are printed.
	HasBody   bool       `json:",omitempty"`
	Body      []string   `json:",omitempty"`
	Return    bool       `json:",omitempty"` // the body is RETURN expression
	Path      []string   `json:",omitempty"` // search path that names of the body were resolved with
	Config    []string   `json:",omitempty"` // SET name=value
	DependsOn []OID      `json:",omitempty"`
	Aggregate *Aggregate `json:",omitempty"`
	Owner     OID        `json:",omitempty"`
	ACL       *ACL       `json:",omitempty"`
	Comment   string     `json:",omitempty"`

	Schema *Schema       `json:"-"`
	Func   *builtin.Func `json:"-"` // as calls of it are resolved
	Result *types.Type   `json:"-"`
	// Polymorphic tells that parameters or the result take their types from the call.
	Polymorphic bool `json:"-"`
}

// Param is a parameter of a Function; Mode is as in pg_proc.proargmodes.
type Param struct {
	Name    string `json:",omitempty"`
	Mode    byte   // i, o, b, v, t
	TypeOID OID
	Default string `json:",omitempty"` // SQL expression

	Type *types.Type `json:"-"`
}

// Aggregate is what an aggregate adds to its Function.
type Aggregate struct {
	Transition OID // function
	Final      OID `json:",omitempty"` // function, 0 none
	StateOID   OID // type
	Initial    string
	HasInitial bool
	FinalExtra bool `json:",omitempty"`
	SortOp     string
	// Moving is the aggregate once more, as it is computed over frames whose start moves,
	// with the function that takes rows out again.
	Moving  *Aggregate `json:",omitempty"`
	Inverse OID        `json:",omitempty"`
}

// Calls tells whether the aggregate (nil: none) calls a function.
func (a *Aggregate) Calls(function OID) bool {
	return a != nil && (a.Transition == function || a.Final == function || a.Inverse == function || a.Moving.Calls(function))
}

// In tells whether a parameter is an argument of calls.
func (p *Param) In() bool { return p.Mode == 'i' || p.Mode == 'b' || p.Mode == 'v' }

// Out tells whether a parameter is a column of the result.
func (p *Param) Out() bool { return p.Mode == 'o' || p.Mode == 'b' || p.Mode == 't' }

// Inputs gives the parameters that are arguments of calls. Those of
// procedures count OUT ones, too, since PostgreSQL 14.
func (f *Function) Inputs() []*Param {
	var out []*Param
	for i := range f.Params {
		if p := &f.Params[i]; p.In() {
			out = append(out, p)
		}
	}
	return out
}

// Outputs gives the parameters that make up the result.
func (f *Function) Outputs() []*Param {
	var out []*Param
	for i := range f.Params {
		if p := &f.Params[i]; p.Out() {
			out = append(out, p)
		}
	}
	return out
}

// Function finds a function made by a user, nil if there is none.
func (s *Snapshot) Function(oid OID) *Function { return s.functions.at(oid) }

// Functions gives all functions made by users, by OID.
func (s *Snapshot) Functions() []*Function { return sorted(&s.functions) }

// FunctionsNamed gives the functions of a name in a schema.
func (s *Snapshot) FunctionsNamed(schema *Schema, name string) []*Function {
	if schema == nil {
		return nil
	}
	var out []*Function
	for _, oid := range s.funcsByName.at(relName{schema.OID, name}) {
		out = append(out, s.functions.at(oid))
	}
	return out
}

// FunctionLike finds the function of a schema (nil: there is none) that has f's name and types of inputs.
func (s *Snapshot) FunctionLike(schema *Schema, f *Function) *Function {
	sameType := func(p, q *Param) bool { return p.TypeOID == q.TypeOID }
	for _, g := range s.FunctionsNamed(schema, f.Name) {
		if slices.EqualFunc(g.Inputs(), f.Inputs(), sameType) {
			return g
		}
	}
	return nil
}

// FunctionRef names a function made by a user, qualified unless path finds it before any
// other of the same name and parameters.
func (s *Snapshot) FunctionRef(path []string, f *Function) string {
	if f.Schema == nil {
		return types.QuoteIdent(f.Name)
	}
	if !slices.Contains(path, "pg_catalog") {
		path = append([]string{"pg_catalog"}, path...)
	}
	for _, name := range path {
		if name == f.Schema.Name {
			return types.QuoteIdent(f.Name)
		}
		if name == "pg_catalog" && f.shadowed() || s.FunctionLike(s.SchemaByName(name), f) != nil {
			break
		}
	}
	return qualified(f.Schema.Name, f.Name)
}

// shadowed tells whether pg_catalog has a function of the same name and types of inputs, which is
// found first.
func (f *Function) shadowed() bool {
	sameType := func(t *types.Type, p *Param) bool { return t == p.Type }
	return slices.ContainsFunc(builtin.Funcs(f.Name), func(b *builtin.Func) bool {
		return slices.EqualFunc(b.Args, f.Inputs(), sameType)
	})
}

// HasFunctions tells whether users have made any functions.
func (s *Snapshot) HasFunctions() bool { return len(s.functions.base) > 0 || len(s.functions.over) > 0 }

func polymorphic(t *types.Type) bool {
	switch t {
	case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray, types.AnyType,
		types.AnyRange, types.AnyMultirange, types.AnyCompatibleRange, types.AnyCompatibleMultirange:
		return true
	}
	return false
}

func (f *Function) uses(t *types.Type) bool {
	same := func(oid OID) bool { return oid == t.OID || t.Array != nil && oid == t.Array.OID }
	for i := range f.Params {
		if same(f.Params[i].TypeOID) {
			return true
		}
	}
	return same(f.ResultOID)
}

func (s *Snapshot) removeFunction(oid OID) {
	if old := s.functions.at(oid); old != nil {
		key := relName{old.SchemaOID, old.Name}
		s.funcsByName.set(key, removeOID(s.funcsByName.at(key), oid))
		s.functions.delete(oid)
	}
}

func (s *Snapshot) addFunction(o *Function) error {
	f := *o
	f.Schema = s.Schema(f.SchemaOID)
	f.Params = slices.Clone(o.Params)
	for i := range f.Params {
		p := &f.Params[i]
		if p.Type = s.Type(p.TypeOID); p.Type == nil {
			return fmt.Errorf("catalog: parameter %d of function %s is of type %d, which does not exist", i+1, f.Name, p.TypeOID)
		}
	}
	if f.Result = s.Type(f.ResultOID); f.Result == nil {
		return fmt.Errorf("catalog: function %s returns type %d, which does not exist", f.Name, f.ResultOID)
	}
	f.Polymorphic = polymorphic(f.Result)
	for i := range f.Params {
		f.Polymorphic = f.Polymorphic || polymorphic(f.Params[i].Type)
	}
	if err := f.makeFunc(s); err != nil {
		return err
	}
	s.functions.set(f.OID, &f)
	key := relName{f.SchemaOID, f.Name}
	s.funcsByName.set(key, addOID(s.funcsByName.at(key), f.OID))
	return nil
}

// countParams gives fn the parameters that calls give arguments for: CALL does for OUT ones, too.
func (f *Function) countParams(fn *builtin.Func, call bool) {
	fn.Args, fn.ArgNames, fn.Defaults, fn.Variadic = nil, nil, nil, nil
	named := false
	for i := range f.Params {
		p := &f.Params[i]
		if !p.In() && !(call && p.Mode == 'o') {
			continue
		}
		fn.Args = append(fn.Args, p.Type)
		fn.ArgNames = append(fn.ArgNames, p.Name)
		named = named || p.Name != ""
		if p.Default != "" {
			fn.Defaults = append(fn.Defaults, types.Null) // the planner binds the expression
		}
		if p.Mode == 'v' {
			fn.Variadic = p.Type.Elem
			if p.Type == types.AnyArray {
				fn.Variadic = types.AnyElement
			} else if p.Type == types.AnyCompatibleArray {
				fn.Variadic = types.AnyCompatible
			} else if p.Type == types.AnyType {
				fn.Variadic = types.AnyType
			}
		}
	}
	if !named {
		fn.ArgNames = nil
	}
}

// CalledAs describes f to those who resolve a CALL, or any other call: each counts the parameters of
// every routine as of its own kind, and refuses it after that.
func (f *Function) CalledAs(call bool) *builtin.Func {
	if call == (f.Kind == 'p') {
		return f.Func
	}
	fn := *f.Func
	f.countParams(&fn, call)
	return &fn
}

// makeFunc describes f to those who resolve calls.
func (f *Function) makeFunc(s *Snapshot) error {
	fn := &builtin.Func{OID: f.OID, Name: f.Name, Result: f.Result, Kind: builtin.Kind(f.Kind), SetOf: f.SetOf, NotStrict: !f.Strict,
		Volatility: builtin.Volatility(f.Volatile), Leakproof: f.Leakproof, User: f}
	if fn.Kind == 'p' {
		fn.Kind = builtin.Procedure
	}
	f.countParams(fn, f.Kind == 'p')
	if out := f.Outputs(); len(out) > 1 || len(out) == 1 && f.Result == types.Record {
		for _, p := range out {
			fn.Out = append(fn.Out, types.Field{Name: p.Name, Type: p.Type, Typmod: -1})
		}
	}
	inputs := make([]*types.Type, len(fn.Args))
	copy(inputs, fn.Args)
	if f.Aggregate != nil {
		agg, err := f.makeAggregate(s)
		if err != nil {
			return err
		}
		fn.Agg = agg
	}
	*fn = *f.invoke(fn, inputs, f.Result, fn.Out)
	if f.Result == types.Record && f.SetOf && len(fn.Out) == 0 || f.Result == types.Record && len(fn.Out) == 0 {
		base := *fn
		fn.BindColumns = func(columns []types.Field) *builtin.Func {
			return f.invoke(&base, inputs, types.Record, columns)
		}
	}
	f.Func = fn
	return nil
}

// Bound gives the function for a call with these argument and result types,
// which polymorphic functions take from the call.
func (f *Function) Bound(args []*types.Type, result *types.Type, out []types.Field) *builtin.Func {
	return f.invoke(f.Func, args, result, out)
}

// invoke completes a copy of fn that calls f through the session.
func (f *Function) invoke(fn *builtin.Func, args []*types.Type, result *types.Type, out []types.Field) *builtin.Func {
	g := *fn
	if f.Library != "" {
		k, ok := contrib.FindKernel(f.Library, f.Source)
		if !ok { // of another version of this program
			k.Eval = func(*builtin.Ctx, []types.Datum) (types.Datum, error) {
				return types.Null, pgerr.Newf(pgerr.UndefinedFunction, "could not find function \"%s\" in file \"%s\"", f.Source, f.Library)
			}
		}
		g.Out, g.Eval, g.Set = out, k.Eval, k.Set
		return &g
	}
	call := &builtin.RoutineCall{Function: f, Args: args, Result: result, Out: out, SetOf: fn.SetOf}
	g.Out = out
	g.Eval = func(ctx *builtin.Ctx, vals []types.Datum) (types.Datum, error) {
		r, err := routines(ctx, f)
		if err != nil {
			return types.Null, err
		}
		return r.CallRoutine(ctx, call, vals)
	}
	if fn.SetOf || len(out) > 0 {
		g.Set = func(ctx *builtin.Ctx, vals []types.Datum, emit func([]types.Datum) error) error {
			r, err := routines(ctx, f)
			if err != nil {
				return err
			}
			return r.CallSetRoutine(ctx, call, vals, emit)
		}
	}
	return &g
}

func routines(ctx *builtin.Ctx, f *Function) (builtin.Routines, error) {
	if ctx != nil {
		if r, ok := ctx.Session.(builtin.Routines); ok {
			return r, nil
		}
	}
	return nil, fmt.Errorf("function %s cannot be called without a session", f.Name)
}

// makeAggregate describes an aggregate: a transition function over a state.
func (f *Function) makeAggregate(s *Snapshot) (*builtin.Agg, error) {
	make_, err := f.aggregateOf(s, f.Aggregate)
	if err != nil {
		return nil, err
	}
	agg := builtin.NewUserAgg(make_)
	m := f.Aggregate.Moving
	if m == nil {
		return agg, nil
	}
	if make_, err = f.aggregateOf(s, m); err != nil {
		return nil, err
	}
	inverse := s.callable(m.Inverse)
	if inverse == nil {
		return nil, fmt.Errorf("catalog: a function of aggregate %s does not exist", f.Name)
	}
	agg.Moving = func(args []*types.Type) (*builtin.Moving, error) {
		u, err := make_(args)
		if err != nil {
			return nil, err
		}
		st := u.Transition.Result
		return &builtin.Moving{UserAgg: *u, Inverse: bindTo(inverse, append([]*types.Type{st}, args...), st)}, nil
	}
	return agg, nil
}

// aggregateOf gives what binds an aggregate's functions for arguments of some types.
func (f *Function) aggregateOf(s *Snapshot, a *Aggregate) (func(args []*types.Type) (*builtin.UserAgg, error), error) {
	transition, final := s.callable(a.Transition), s.callable(a.Final)
	if transition == nil || a.Final != 0 && final == nil {
		return nil, fmt.Errorf("catalog: a function of aggregate %s does not exist", f.Name)
	}
	state := s.Type(a.StateOID)
	if state == nil {
		return nil, fmt.Errorf("catalog: aggregate %s has a state of type %d, which does not exist", f.Name, a.StateOID)
	}
	var declared []*types.Type
	for _, p := range f.Inputs() {
		declared = append(declared, p.Type)
	}
	return func(args []*types.Type) (*builtin.UserAgg, error) {
		st := settled(state, declared, args)
		u := &builtin.UserAgg{Transition: bindTo(transition, append([]*types.Type{st}, args...), st)}
		if final != nil {
			ts := []*types.Type{st}
			if a.FinalExtra {
				u.Extra = len(args)
				ts = append(ts, args...)
			}
			u.Final = bindTo(final, ts, settled(final.Result, declared, args))
		}
		if a.HasInitial {
			var err error
			if u.Initial, err = types.Parse(st, -1, a.Initial, nil); err != nil {
				return nil, err
			}
		} else {
			u.FirstInput = !transition.NotStrict
		}
		return u, nil
	}, nil
}

// callable finds a function, built in or not, as it is called; nil if there is none.
func (s *Snapshot) callable(oid OID) *builtin.Func {
	if f := s.functions.at(oid); f != nil {
		return f.Func
	}
	if p := procs().byOID[oid]; p != nil {
		return p.fn
	}
	return nil
}

// bindTo gives a function for argument and result types.
func bindTo(fn *builtin.Func, args []*types.Type, result *types.Type) *builtin.Func {
	if f, ok := fn.User.(*Function); ok {
		return f.Bound(args, result, fn.Out)
	}
	return fn.Bound(args)
}

// settled gives a polymorphic type as the arguments make it.
func settled(t *types.Type, declared, args []*types.Type) *types.Type {
	if !polymorphic(t) {
		return t
	}
	for i, d := range declared {
		if i >= len(args) {
			break
		}
		if !polymorphic(d) {
			continue
		}
		if d == t {
			return args[i]
		}
		a, over := args[i].Under(), (*types.Type)(nil)
		switch d {
		case types.AnyArray, types.AnyCompatibleArray:
			a = a.Elem
		case types.AnyRange, types.AnyCompatibleRange:
			over, a = a, a.Subtype
		case types.AnyMultirange, types.AnyCompatibleMultirange:
			if over = a.Range; over != nil {
				a = over.Subtype
			}
		}
		var of *types.Type
		switch t {
		case types.AnyArray, types.AnyCompatibleArray:
			if a != nil {
				of = a.Array
			}
		case types.AnyRange, types.AnyCompatibleRange:
			of = over
		case types.AnyMultirange, types.AnyCompatibleMultirange:
			if over != nil {
				of = over.Multirange
			}
		default:
			of = a
		}
		if of != nil {
			return of
		}
	}
	return t
}
