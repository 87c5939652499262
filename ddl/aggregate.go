package ddl

import (
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// createAggregate is CREATE AGGREGATE: a transition function over a state, and
// perhaps a final function.
func (c *Ctx) createAggregate(n *ast.DefineStmt) error {
	bad := func(format string, args ...any) error {
		return pgerr.Newf(pgerr.InvalidFunctionDefinition, format, args...)
	}
	schema, name, err := c.functionSchema(n.Name, n.Pos())
	if err != nil {
		return err
	}
	f := &catalog.Function{SchemaOID: schema.OID, Schema: schema, Name: name, Kind: 'a', Language: "internal", Source: "aggregate_dummy",
		Volatile: 'i', Parallel: 'u', Cost: 1, Owner: c.role()}
	opt := map[string]*ast.Option{}
	for _, o := range n.Options {
		key := strings.TrimSuffix(strings.ToLower(o.Name), "1")
		switch key {
		case "sfunc", "stype", "finalfunc", "initcond", "basetype", "finalfunc_extra", "sspace", "finalfunc_modify", "combinefunc", "parallel", "sortop",
			"msfunc", "minvfunc", "mstype", "msspace", "mfinalfunc", "mfinalfunc_extra", "minitcond", "mfinalfunc_modify", "serialfunc", "deserialfunc", "hypothetical":
			opt[key] = o
		default:
			e := pgerr.Newf(pgerr.SyntaxError, "aggregate attribute %q not recognized", o.Name)
			e.Severity = "WARNING"
			c.Notice(e)
		}
	}
	if n.Args != nil && n.Args.DirectParams >= 0 && !n.OldStyle || opt["hypothetical"] != nil {
		return pgerr.Unsupported("ordered-set aggregates made by users are not supported")
	}
	switch {
	case opt["stype"] == nil:
		return bad("aggregate stype must be specified")
	case opt["sfunc"] == nil:
		return bad("aggregate sfunc must be specified")
	case n.OldStyle && opt["basetype"] == nil:
		return bad("aggregate input type must be specified")
	case !n.OldStyle && opt["basetype"] != nil:
		return bad("basetype is redundant with aggregate input type specification")
	}
	for _, o := range []string{"msfunc", "minvfunc", "mfinalfunc", "msspace", "minitcond"} {
		switch {
		case opt["mstype"] == nil && opt[o] != nil:
			return bad("aggregate %s must not be specified without mstype", o)
		case opt["mstype"] != nil && opt[o] == nil && (o == "msfunc" || o == "minvfunc"):
			return bad("aggregate %s must be specified when mstype is specified", o)
		}
	}
	switch {
	case n.OldStyle:
		if t := opt["basetype"].AsText(); !strings.EqualFold(t, "any") {
			typ, err := c.optionType(opt["basetype"])
			if err != nil {
				return err
			}
			f.Params = []catalog.Param{{Mode: 'i', TypeOID: typ.OID, Type: typ}}
		}
	case n.Args != nil && !n.Args.Star:
		cf := &ast.CreateFunctionStmt{Params: n.Args.Params}
		f.Language = "internal"
		if err := c.functionParams(f, cf); err != nil {
			return err
		}
	}
	var inputs []*types.Type
	for _, p := range f.Inputs() {
		inputs = append(inputs, p.Type)
	}
	if f.Aggregate, f.Result, _, err = c.aggregateParts(opt, "", inputs); err != nil {
		return err
	}
	if opt["mstype"] != nil {
		m, result, mstrict, err := c.aggregateParts(opt, "m", inputs)
		if err != nil {
			return err
		}
		if result.OID != f.Result.OID {
			return bad("moving-aggregate implementation returns type %s, but plain implementation returns type %s", types.Display(result), types.Display(f.Result))
		}
		state := c.snap().Type(m.StateOID)
		inverse, back, err := c.aggregateFunction(opt["minvfunc"], append([]*types.Type{state}, inputs...))
		if err != nil {
			return err
		}
		if back.OID != state.OID {
			return pgerr.Newf(pgerr.DatatypeMismatch, "return type of inverse transition function %s is not %s", inverse.Name, types.Display(state))
		}
		if mstrict == inverse.NotStrict {
			return bad("strictness of aggregate's forward and inverse transition functions must match")
		}
		m.Inverse, f.Aggregate.Moving = inverse.OID, m
	}
	f.ResultOID = f.Result.OID
	if o := opt["parallel"]; o != nil {
		if err := parallelSafety(f, o.AsText()); err != nil {
			return err
		}
	}
	if err := c.checkPolymorphic(f); err != nil {
		return err
	}
	check := c.CheckRoutine
	c.CheckRoutine = nil
	defer func() { c.CheckRoutine = check }()
	return c.storeFunction(f, n.OrReplace)
}

// aggregateParts reads one way of computing an aggregate: the plain one, or with prefix "m"
// that for frames whose start moves. It gives its result and whether its transition function
// is strict, too.
func (c *Ctx) aggregateParts(opt map[string]*ast.Option, prefix string, inputs []*types.Type) (a *catalog.Aggregate, result *types.Type, strict bool, err error) {
	fail := func(err error) (*catalog.Aggregate, *types.Type, bool, error) { return nil, nil, false, err }
	state, err := c.optionType(opt[prefix+"stype"])
	if err != nil {
		return fail(err)
	}
	if state.Kind == types.KindPseudo && state != types.AnyElement && state != types.AnyArray && state != types.AnyCompatible && state != types.AnyCompatibleArray {
		if state == types.Internal {
			return fail(pgerr.Unsupported("aggregates with a state of type internal are not supported"))
		}
		return fail(pgerr.Newf(pgerr.InvalidFunctionDefinition, "aggregate transition data type cannot be %s", types.Display(state)))
	}
	a = &catalog.Aggregate{StateOID: state.OID}
	args := append([]*types.Type{state}, inputs...)
	transition, gives, err := c.aggregateFunction(opt[prefix+"sfunc"], args)
	if err != nil {
		return fail(err)
	}
	if gives.OID != state.OID {
		return fail(pgerr.Newf(pgerr.DatatypeMismatch, "return type of transition function %s is not %s", transition.Name, types.Display(state)))
	}
	a.Transition, result = transition.OID, state
	if o := opt[prefix+"finalfunc"]; o != nil {
		takes := args[:1]
		if x := opt[prefix+"finalfunc_extra"]; x != nil {
			if on, ok := x.AsBool(); ok && on {
				a.FinalExtra, takes = true, args
			}
		}
		final, gives, err := c.aggregateFunction(o, takes)
		if err != nil {
			return fail(err)
		}
		a.Final, result = final.OID, gives
	}
	if o := opt[prefix+"initcond"]; o != nil {
		a.HasInitial, a.Initial = true, o.AsText()
		if state.Kind != types.KindPseudo {
			if _, err := types.Parse(state, -1, a.Initial, c.Env); err != nil {
				return fail(err)
			}
		}
	} else if !transition.NotStrict && (len(inputs) < 1 || inputs[0].OID != state.OID && inputs[0].Kind != types.KindPseudo) {
		return fail(pgerr.New(pgerr.InvalidFunctionDefinition, "must not omit initial value when transition function is strict and transition type is not compatible with input type"))
	}
	return a, result, !transition.NotStrict, nil
}

// optionType reads an option's value as a type.
func (c *Ctx) optionType(o *ast.Option) (*types.Type, error) {
	tn := o.Type
	if tn == nil {
		var err error
		if tn, err = parser.ParseTypeName(o.AsText()); err != nil {
			return nil, err
		}
	}
	t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), tn)
	return t, placeless(err)
}

// aggregateFunction finds a function that an aggregate calls with these types.
func (c *Ctx) aggregateFunction(o *ast.Option, args []*types.Type) (*builtin.Func, *types.Type, error) {
	name := []string{o.AsText()}
	if o.Type != nil {
		name = o.Type.Names
	} else if len(o.Names) > 0 {
		name = o.Names
	}
	f, result := planner.FindRoutine(c.snap(), c.SearchPath(), name, args)
	if f == nil {
		var texts []string
		for _, t := range args {
			texts = append(texts, types.Display(t))
		}
		return nil, nil, pgerr.Newf(pgerr.UndefinedFunction, "function %s(%s) does not exist", strings.Join(name, "."), strings.Join(texts, ", "))
	}
	if f.SetOf {
		return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "function %s returns a set", f.Name)
	}
	if f.OID == 0 {
		return nil, nil, pgerr.Unsupported("function %s cannot be called by an aggregate", f.Name)
	}
	return f, result, nil
}
