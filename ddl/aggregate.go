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
		Volatile: 'i', Parallel: 'u', Cost: 1, Owner: c.role(), Aggregate: &catalog.Aggregate{}}
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
	case opt["msfunc"] == nil != (opt["mstype"] == nil), opt["msfunc"] == nil != (opt["minvfunc"] == nil):
		return bad("aggregate mstype, msfunc and minvfunc must be specified together")
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
	state, err := c.optionType(opt["stype"])
	if err != nil {
		return err
	}
	if state.Kind == types.KindPseudo && state != types.AnyElement && state != types.AnyArray && state != types.AnyCompatible && state != types.AnyCompatibleArray {
		if state == types.Internal {
			return pgerr.Unsupported("aggregates with a state of type internal are not supported")
		}
		return bad("aggregate transition data type cannot be %s", types.Display(state))
	}
	a := f.Aggregate
	a.StateOID = state.OID
	inputs := []*types.Type{state}
	for _, p := range f.Inputs() {
		inputs = append(inputs, p.Type)
	}
	transition, result, err := c.aggregateFunction(opt["sfunc"], inputs)
	if err != nil {
		return err
	}
	if result.OID != state.OID {
		return pgerr.Newf(pgerr.DatatypeMismatch, "return type of transition function %s is not %s", transition.Name, types.Display(state))
	}
	a.Transition = transition.OID
	f.Result = state
	if o := opt["finalfunc"]; o != nil {
		args := inputs[:1]
		if x := opt["finalfunc_extra"]; x != nil {
			if on, ok := x.AsBool(); ok && on {
				a.FinalExtra, args = true, inputs
			}
		}
		final, result, err := c.aggregateFunction(o, args)
		if err != nil {
			return err
		}
		a.Final, f.Result = final.OID, result
	}
	f.ResultOID = f.Result.OID
	if o := opt["initcond"]; o != nil {
		a.HasInitial, a.Initial = true, o.AsText()
		if state.Kind != types.KindPseudo {
			if _, err := types.Parse(state, -1, a.Initial, c.Env); err != nil {
				return err
			}
		}
	} else if !transition.NotStrict && (len(inputs) < 2 || inputs[1].OID != state.OID && inputs[1].Kind != types.KindPseudo) {
		return bad("must not omit initial value when transition function is strict and transition type is not compatible with input type")
	}
	if o := opt["parallel"]; o != nil {
		switch strings.ToLower(o.AsText()) {
		case "safe":
			f.Parallel = 's'
		case "restricted":
			f.Parallel = 'r'
		case "unsafe":
			f.Parallel = 'u'
		default:
			return pgerr.New(pgerr.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
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
