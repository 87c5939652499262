package ddl

import (
	"fmt"
	"slices"
	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner"
	"rowkey/types"
)

// CREATE, ALTER and DROP of functions and procedures.

// createFunction is CREATE [OR REPLACE] FUNCTION and PROCEDURE.
func (c *Ctx) createFunction(n *ast.CreateFunctionStmt) error {
	schema, name, err := c.functionSchema(n.Name, n.Pos())
	if err != nil {
		return err
	}
	f := &catalog.Function{SchemaOID: schema.OID, Schema: schema, Name: name, Kind: 'f', Volatile: 'v', Parallel: 'u', Owner: c.role()}
	if n.Procedure {
		f.Kind = 'p'
	}
	if err := c.functionOptions(f, n.Options, true); err != nil {
		return err
	}
	if err := c.mayUseLanguage(f); err != nil {
		return err
	}
	if err := c.functionBody(f, n); err != nil {
		return err
	}
	if err := c.functionParams(f, n); err != nil {
		return err
	}
	if err := c.functionResult(f, n); err != nil {
		return err
	}
	if f.Cost == 0 {
		f.Cost = 100
		if f.Language == "internal" || f.Language == "c" {
			f.Cost = 1
		}
	}
	if f.Rows == 0 && f.SetOf {
		f.Rows = 1000
	}
	if f.Rows != 0 && !f.SetOf {
		return pgerr.New(pgerr.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	}
	return c.storeFunction(f, n.OrReplace)
}

// functionSchema finds where a new function goes.
func (c *Ctx) functionSchema(names []string, pos int) (*catalog.Schema, string, error) {
	if len(names) == 1 {
		s, err := c.creationSchema("", false, -1)
		return s, names[0], err
	}
	s, err := c.creationSchema(names[len(names)-2], false, -1)
	return s, names[len(names)-1], err
}

var volatilities = map[string]byte{"immutable": 'i', "stable": 's', "volatile": 'v'}

// functionOptions reads the clauses of CREATE and ALTER FUNCTION.
func (c *Ctx) functionOptions(f *catalog.Function, options []*ast.FuncOption, create bool) error {
	seen := map[ast.FuncOptionKind]bool{}
	for _, o := range options {
		if seen[o.Kind] && o.Kind != ast.FuncSet {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos())
		}
		seen[o.Kind] = true
		if f.Kind == 'p' {
			switch o.Kind {
			case ast.FuncAs, ast.FuncLanguage, ast.FuncSecurity, ast.FuncSet, ast.FuncTransform:
			default:
				return pgerr.New(pgerr.InvalidFunctionDefinition, "invalid attribute in procedure definition").At(o.Pos())
			}
		}
		switch o.Kind {
		case ast.FuncLanguage:
			f.Language = strings.ToLower(o.Text)
		case ast.FuncAs:
			f.Source = o.Text
		case ast.FuncStrict:
			f.Strict = o.Bool
		case ast.FuncVolatility:
			f.Volatile = volatilities[o.Text]
		case ast.FuncSecurity:
			f.Definer = o.Bool
		case ast.FuncLeakproof:
			f.Leakproof = o.Bool
		case ast.FuncCost, ast.FuncRows:
			var v float64
			if _, err := fmt.Sscan(o.Text, &v); err != nil || v <= 0 {
				word := "COST"
				if o.Kind == ast.FuncRows {
					word = "ROWS"
				}
				return pgerr.Newf(pgerr.InvalidParameterValue, "%s must be positive", word)
			}
			if o.Kind == ast.FuncCost {
				f.Cost = v
			} else {
				f.Rows = v
			}
		case ast.FuncParallel:
			if err := parallelSafety(f, o.Text); err != nil {
				return err
			}
		case ast.FuncSet:
			if err := c.functionSetting(f, o.Set); err != nil {
				return err
			}
		case ast.FuncWindow:
			return pgerr.Unsupported("window functions made by users are not supported")
		case ast.FuncSupport:
			return pgerr.Unsupported("SUPPORT functions are not supported")
		case ast.FuncTransform:
			return pgerr.Unsupported("transforms are not supported")
		}
	}
	return nil
}

// functionSetting notes a SET clause: name=value.
func (c *Ctx) functionSetting(f *catalog.Function, s *ast.SetStmt) error {
	name := strings.ToLower(s.Name)
	var kept []string
	for _, k := range f.Config {
		if s.Kind != ast.ResetAll && !strings.HasPrefix(k, name+"=") {
			kept = append(kept, k)
		}
	}
	f.Config = kept
	switch s.Kind {
	case ast.ResetAll, ast.Reset, ast.SetToDefault:
		return nil
	}
	var parts []string
	for _, v := range s.Values {
		t := v.Text
		if name == "search_path" {
			t = ast.QuoteIdent(t)
		}
		parts = append(parts, t)
	}
	value := strings.Join(parts, ", ")
	if s.Kind == ast.SetFromCurrent {
		value, _ = c.Exec().Eval.Session.Setting(name)
	}
	f.Config = append(f.Config, name+"="+value)
	return nil
}

// languages are those functions may be written in.
var languages = map[string]bool{"sql": true, "plpgsql": true, "internal": true}

func (c *Ctx) functionBody(f *catalog.Function, n *ast.CreateFunctionStmt) error {
	given := false
	for _, o := range n.Options {
		given = given || o.Kind == ast.FuncAs
	}
	if f.Language == "" {
		if !n.HasBody {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "no language specified")
		}
		f.Language = "sql"
	}
	if f.Language == "c" {
		return pgerr.Unsupported("functions in language C are not supported")
	}
	if !languages[f.Language] {
		e := pgerr.Newf(pgerr.UndefinedObject, "language %q does not exist", f.Language)
		if strings.HasPrefix(f.Language, "pl") {
			e.WithHint("Use CREATE EXTENSION to load the language into the database.")
		}
		return e
	}
	switch {
	case n.HasBody && f.Language != "sql":
		return pgerr.New(pgerr.InvalidFunctionDefinition, "inline SQL function body only valid for language SQL")
	case n.HasBody && given:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "duplicate function body specified")
	case !n.HasBody && !given:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "no function body specified")
	}
	if !n.HasBody {
		return nil
	}
	f.HasBody = true
	f.Path = c.SearchPath()
	if n.Return != nil {
		f.Return = true
		f.Body = []string{"SELECT " + ast.Format(n.Return.Expr)}
		return nil
	}
	for _, s := range n.Body {
		if r, ok := s.(*ast.ReturnStmt); ok {
			f.Body = append(f.Body, "SELECT "+ast.Format(r.Expr))
			continue
		}
		f.Body = append(f.Body, ast.Format(s))
	}
	return nil
}

func paramMode(m ast.ParamMode) byte {
	switch m {
	case ast.ParamOut:
		return 'o'
	case ast.ParamInOut:
		return 'b'
	case ast.ParamVariadic:
		return 'v'
	case ast.ParamTable:
		return 't'
	}
	return 'i'
}

// parallelSafety is PARALLEL word.
func parallelSafety(f *catalog.Function, word string) error {
	switch strings.ToLower(word) {
	case "safe":
		f.Parallel = 's'
	case "restricted":
		f.Parallel = 'r'
	case "unsafe":
		f.Parallel = 'u'
	default:
		return pgerr.New(pgerr.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
	}
	return nil
}

// routineType finds the type of a parameter or result.
func (c *Ctx) routineType(tn *ast.TypeName) (*types.Type, error) {
	if tn.PctType {
		t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), tn)
		if err == nil {
			c.notice(pgerr.SuccessfulCompletion, "type reference %s%%TYPE converted to %s", strings.Join(tn.Names, "."), types.Display(t))
		}
		return t, err
	}
	t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), tn)
	return t, placeless(err)
}

// unknownParam is routineType's error for a parameter: of types that are not there PostgreSQL gives no quotes.
func unknownParam(tn *ast.TypeName, err error) error {
	if pgerr.Of(err).Code == pgerr.UndefinedObject {
		return pgerr.Newf(pgerr.UndefinedObject, "type %s does not exist", writtenType(tn))
	}
	return err
}

func (c *Ctx) functionParams(f *catalog.Function, n *ast.CreateFunctionStmt) error {
	bad := func(format string, args ...any) error {
		return pgerr.Newf(pgerr.InvalidFunctionDefinition, format, args...)
	}
	haveDefault, variadic := false, false
	for _, a := range n.Params {
		p := catalog.Param{Name: a.Name, Mode: paramMode(a.Mode)}
		t, err := c.routineType(a.Type)
		if err != nil {
			return unknownParam(a.Type, err)
		}
		if a.Type.SetOf {
			if n.Procedure {
				return bad("procedures cannot accept set arguments")
			}
			return bad("functions cannot accept set arguments")
		}
		if t.Kind == types.KindPseudo {
			switch {
			case t == types.Trigger, t == types.Void, t == types.Unknown,
				t == types.Record && f.Language == "sql" && p.In(), t == types.CString && f.Language != "internal", t == types.Internal && f.Language != "internal":
				lang := map[string]string{"sql": "SQL", "plpgsql": "PL/pgSQL"}[f.Language]
				if lang == "PL/pgSQL" {
					return bad("PL/pgSQL functions cannot accept type %s", types.Display(t))
				}
				if lang == "SQL" {
					return bad("SQL functions cannot have arguments of type %s", types.Display(t))
				}
			}
		}
		p.TypeOID, p.Type = t.OID, t
		if variadic && p.Mode != 't' && p.Mode != 'o' {
			return bad("VARIADIC parameter must be the last input parameter")
		}
		if p.Mode == 'v' {
			variadic = true
			if !t.IsArray() && t != types.AnyArray && t != types.AnyCompatibleArray && t != types.AnyType {
				return bad("VARIADIC parameter must be an array")
			}
		}
		if p.Name != "" {
			for _, q := range f.Params {
				inOut := q.Mode == 'i' || q.Mode == 'v'
				if q.Name == p.Name && !(inOut && (p.Mode == 'o' || p.Mode == 't')) && !((p.Mode == 'i' || p.Mode == 'v') && (q.Mode == 'o' || q.Mode == 't')) {
					return bad("parameter name %q used more than once", p.Name)
				}
			}
		}
		switch {
		case a.Default != nil && !p.In():
			return bad("only input parameters can have default values")
		case a.Default != nil:
			haveDefault = true
			target := t
			req := planner.ExprRequest{Catalog: c.snap(), SearchPath: c.SearchPath(), Env: c.Env, Place: planner.ForDefault, Expr: a.Default,
				Target: target, TargetMod: -1, Column: p.Name}
			if t.Kind == types.KindPseudo {
				req.Target = nil
			}
			bound, err := planner.BindExpr(req)
			if err != nil {
				if pgerr.CodeOf(err) == pgerr.FeatureNotSupported && strings.HasPrefix(pgerr.Of(err).Message, "cannot use column reference") {
					return pgerr.New(pgerr.InvalidColumnReference, "cannot use table references in parameter default value")
				}
				return err
			}
			p.Default = c.deparse(bound, nil)
		case haveDefault && p.In():
			return bad("input parameters after one with a default value must also have defaults")
		case haveDefault && n.Procedure && p.Mode == 'o':
			return bad("procedure OUT parameters cannot appear after one with a default value")
		}
		f.Params = append(f.Params, p)
	}
	return nil
}

// functionResult settles the result type from RETURNS and the OUT parameters.
func (c *Ctx) functionResult(f *catalog.Function, n *ast.CreateFunctionStmt) error {
	out := f.Outputs()
	var implied *types.Type
	switch {
	case len(out) > 1 || len(out) == 1 && n.Procedure:
		implied = types.Record
	case len(out) == 1:
		implied = out[0].Type
	}
	switch {
	case n.Procedure:
		f.Result = types.Void
		if implied != nil {
			f.Result = implied
		}
	case n.Returns != nil:
		t, err := c.routineType(n.Returns)
		if err != nil {
			return err
		}
		f.Result, f.SetOf = t, n.Returns.SetOf
		if implied != nil && t.OID != implied.OID {
			return pgerr.Newf(pgerr.InvalidFunctionDefinition, "function result type must be %s because of OUT parameters", types.Display(implied))
		}
	case n.ReturnsTable:
		f.Result, f.SetOf = implied, true
	case implied != nil:
		f.Result = implied
	default:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "function result type must be specified")
	}
	f.ResultOID = f.Result.OID
	return c.checkPolymorphic(f)
}

// checkPolymorphic demands an argument to learn a polymorphic result from.
func (c *Ctx) checkPolymorphic(f *catalog.Function) error {
	family := func(t *types.Type) int {
		switch t {
		case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyRange, types.AnyMultirange:
			return 1
		case types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray, types.AnyCompatibleRange, types.AnyCompatibleMultirange:
			return 2
		}
		return 0
	}
	results := []*types.Type{f.Result}
	for _, p := range f.Outputs() {
		results = append(results, p.Type)
	}
	for _, r := range results {
		want := family(r)
		found := want == 0
		ranges := r == types.AnyRange || r == types.AnyMultirange || r == types.AnyCompatibleRange || r == types.AnyCompatibleMultirange
		for _, p := range f.Inputs() {
			t := p.Type
			isRange := t == types.AnyRange || t == types.AnyMultirange || t == types.AnyCompatibleRange || t == types.AnyCompatibleMultirange
			found = found || family(t) == want && (isRange || !ranges) // a subtype may have several range types
		}
		if found {
			continue
		}
		list := "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange"
		if want == 2 {
			list = "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"
		}
		switch {
		case ranges && want == 1:
			list = "anyrange or anymultirange"
		case ranges:
			list = "anycompatiblerange or anycompatiblemultirange"
		}
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot determine result data type").
			WithDetail("A result of type %s requires at least one input of type %s.", types.Display(r), list)
	}
	return nil
}

// storeFunction checks the body and puts the function into the catalog.
func (c *Ctx) storeFunction(f *catalog.Function, replace bool) error {
	if err := c.lockName(f.SchemaOID, "function "+f.Name); err != nil {
		return err
	}
	old := c.sameFunction(f)
	if old != nil {
		if !replace {
			return pgerr.Newf(pgerr.DuplicateFunction, "function %q already exists with same argument types", f.Name)
		}
		if err := c.replaceable(old, f); err != nil {
			return err
		}
		if err := c.ownFunction(old); err != nil {
			return err
		}
		f.OID, f.Comment, f.Owner, f.ACL, f.Extension = old.OID, old.Comment, old.Owner, old.ACL, old.Extension
	} else {
		oid, err := c.newOID()
		if err != nil {
			return err
		}
		f.OID = oid
	}
	if c.CheckRoutine != nil {
		// Checked as it will be seen; a body may call its own function.
		if err := c.put(f); err != nil {
			return err
		}
		deps, err := c.CheckRoutine(c.snap().Function(f.OID))
		if err != nil {
			return err
		}
		if len(deps) > 0 {
			cp := *f
			cp.DependsOn = deps
			return c.put(&cp)
		}
		return nil
	}
	return c.put(f)
}

// sameFunction finds the function with the same schema, name and arguments.
func (c *Ctx) sameFunction(f *catalog.Function) *catalog.Function {
	return c.snap().FunctionLike(c.snap().Schema(f.SchemaOID), f)
}

var routineKinds = map[byte]string{'f': "function", 'p': "procedure", 'a': "aggregate function", 'w': "window function"}

// replaceable tells whether CREATE OR REPLACE may make f of old.
func (c *Ctx) replaceable(old, f *catalog.Function) error {
	drop := map[byte]string{'f': "FUNCTION", 'p': "PROCEDURE", 'a': "AGGREGATE", 'w': "FUNCTION"}[old.Kind]
	hint := fmt.Sprintf("Use DROP %s %s first.", drop, c.functionText(old))
	if old.Kind != f.Kind {
		e := pgerr.New(pgerr.WrongObjectType, "cannot change routine kind")
		an := "a"
		if old.Kind == 'a' {
			an = "an"
		}
		return e.WithDetail("%q is %s %s.", old.Name, an, routineKinds[old.Kind])
	}
	if old.ResultOID != f.ResultOID || old.SetOf != f.SetOf {
		if f.Kind == 'p' {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change whether a procedure has output parameters").WithHint("%s", hint)
		}
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").WithHint("%s", hint)
	}
	a, b := old.Outputs(), f.Outputs()
	rows := len(a) == len(b)
	for i := 0; rows && i < len(a); i++ {
		rows = a[i].TypeOID == b[i].TypeOID && a[i].Name == b[i].Name
	}
	if f.Result == types.Record && !rows {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").
			WithDetail("Row type defined by OUT parameters is different.").WithHint("%s", hint)
	}
	was, now := old.Inputs(), f.Inputs()
	defaults := 0
	for i := range was {
		if was[i].Name != "" && was[i].Name != now[i].Name {
			return pgerr.Newf(pgerr.InvalidFunctionDefinition, "cannot change name of input parameter %q", was[i].Name).WithHint("%s", hint)
		}
		if was[i].Default != "" {
			defaults++
		}
		if now[i].Default != "" {
			defaults--
		}
	}
	if defaults > 0 {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot remove parameter defaults from existing function").WithHint("%s", hint)
	}
	return nil
}

// functionText names a function with its argument types, as messages do.
func (c *Ctx) functionText(f *catalog.Function) string {
	var args []string
	for _, p := range f.Inputs() {
		args = append(args, types.Display(p.Type))
	}
	name := quoteIdent(f.Name)
	visible := false
	for _, s := range c.SearchPath() {
		if f.Schema != nil && s == f.Schema.Name {
			visible = true
		}
	}
	if !visible && f.Schema != nil {
		name = quoteIdent(f.Schema.Name) + "." + name
	}
	return name + "(" + strings.Join(args, ",") + ")"
}

// routineWords name a kind of routine in messages.
var routineWords = map[ast.ObjectKind]string{ast.ObjectFunction: "function", ast.ObjectRoutine: "routine", ast.ObjectProcedure: "procedure",
	ast.ObjectAggregate: "aggregate"}

// routine finds the function that an Object names. nil without an error:
// there is none, and missing makes the error that says so.
func (c *Ctx) routine(o *ast.Object, kind ast.ObjectKind) (f *catalog.Function, missing error, err error) {
	word := routineWords[kind]
	shown := strings.Join(o.Name, ".")
	if len(o.Name) > 1 && c.snap().SchemaByName(o.Name[len(o.Name)-2]) == nil && o.Name[len(o.Name)-2] != "pg_temp" {
		e := pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", o.Name[len(o.Name)-2])
		return nil, e, nil
	}
	var args, full []*types.Type
	var texts []string
	for _, p := range o.Params {
		t, _, err := planner.ResolveTypeName(c.snap(), c.SearchPath(), p.Type)
		if err != nil {
			return nil, placeless(err), nil
		}
		full = append(full, t)
		if m := paramMode(p.Mode); m != 'o' && m != 't' {
			args = append(args, t)
			texts = append(texts, types.Display(t))
		}
	}
	var hits []*builtin.Func
	for _, g := range planner.LookupFunctions(c.snap(), c.SearchPath(), o.Name) {
		if o.ParamsGiven {
			if !c.argsAre(g, args) && !(g.Kind == builtin.Procedure && sameOIDs(g.Args, full)) {
				continue
			}
		} else if wrongKind(g, kind) {
			continue
		}
		hits = append(hits, g)
	}
	if len(hits) == 0 && kind == ast.ObjectRoutine {
		word = "function"
	}
	switch {
	case len(hits) == 0 && o.ParamsGiven:
		if kind == ast.ObjectAggregate {
			if o.Star {
				return nil, pgerr.Newf(pgerr.UndefinedFunction, "aggregate %s(*) does not exist", shown), nil
			}
			return nil, pgerr.Newf(pgerr.UndefinedFunction, "aggregate %s(%s) does not exist", shown, strings.Join(texts, ", ")), nil
		}
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "%s %s(%s) does not exist", word, shown, strings.Join(texts, ", ")), nil
	case len(hits) == 0:
		if kind == ast.ObjectAggregate {
			return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not find an aggregate named %q", shown), nil
		}
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not find a %s named %q", word, shown), nil
	case len(hits) > 1 && !o.ParamsGiven:
		return nil, nil, pgerr.Newf(pgerr.AmbiguousFunction, "%s name %q is not unique", word, shown).
			WithHint("Specify the argument list to select the %s unambiguously.", word)
	}
	g := hits[0]
	if g.User == nil {
		return nil, nil, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop function %s(%s) because it is required by the database system", shown, strings.Join(texts, ","))
	}
	f = g.User.(*catalog.Function)
	if wrongKind(g, kind) {
		if kind == ast.ObjectAggregate {
			return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "function %s(%s) is not an aggregate", shown, strings.Join(texts, ", "))
		}
		return nil, nil, pgerr.Newf(pgerr.WrongObjectType, "%s is not a %s", c.functionText(f), word)
	}
	return f, nil, nil
}

// writtenType is a type's name as the parser read it, which messages about what is not there say.
func writtenType(t *ast.TypeName) string {
	s := strings.Join(t.Names, ".")
	if len(t.Bounds) > 0 {
		s += "[]"
	}
	return s
}

// argsAre tells whether a function's input arguments have these types.
func (c *Ctx) argsAre(g *builtin.Func, args []*types.Type) bool {
	have := g.Args
	if f, ok := g.User.(*catalog.Function); ok {
		have = nil
		for _, p := range f.Inputs() {
			have = append(have, p.Type)
		}
	}
	return sameOIDs(have, args)
}

func sameOIDs(a, b []*types.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].OID != b[i].OID {
			return false
		}
	}
	return true
}

func wrongKind(g *builtin.Func, kind ast.ObjectKind) bool {
	switch kind {
	case ast.ObjectFunction:
		return g.Kind == builtin.Procedure || g.Kind == builtin.Aggregate
	case ast.ObjectProcedure:
		return g.Kind != builtin.Procedure
	case ast.ObjectAggregate:
		return g.Kind != builtin.Aggregate
	}
	return false
}

// dropFunction finds what DROP FUNCTION, PROCEDURE, ROUTINE or AGGREGATE names.
func (c *Ctx) dropFunction(n *ast.DropStmt, o *ast.Object) (target, bool, error) {
	f, missing, err := c.routine(o, n.Kind)
	switch {
	case err != nil:
		return target{}, false, err
	case f != nil:
		return target{fn: f}, true, nil
	case !n.IfExists:
		return target{}, false, missing
	}
	e := pgerr.Of(missing)
	switch {
	case e.Code == pgerr.UndefinedFunction:
		word := routineWords[n.Kind]
		var args []string
		for _, p := range o.Params {
			if m := paramMode(p.Mode); m != 'o' && m != 't' {
				args = append(args, writtenType(p.Type))
			}
		}
		c.notice(pgerr.SuccessfulCompletion, "%s %s(%s) does not exist, skipping", word, strings.Join(o.Name, "."), strings.Join(args, ","))
	default:
		c.notice(pgerr.SuccessfulCompletion, "%s, skipping", e.Message)
	}
	return target{}, false, nil
}

// ownRoutine finds the function that an Object names, which the current role must own.
func (c *Ctx) ownRoutine(o *ast.Object, kind ast.ObjectKind) (*catalog.Function, error) {
	f, missing, err := c.routine(o, kind)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return nil, missing
	}
	return f, c.ownFunction(f)
}

// alterFunction is ALTER FUNCTION with options.
func (c *Ctx) alterFunction(n *ast.AlterFunctionStmt) error {
	f, err := c.ownRoutine(n.Func, n.Func.Kind)
	if err != nil {
		return err
	}
	cp := *f
	if err := c.functionOptions(&cp, n.Options, false); err != nil {
		return err
	}
	return c.put(&cp)
}

// renameFunction is ALTER FUNCTION … RENAME.
func (c *Ctx) renameFunction(o *ast.Object, kind ast.ObjectKind, to string) error {
	f, err := c.ownRoutine(o, kind)
	if err != nil {
		return err
	}
	cp := *f
	cp.Name = to
	if c.sameFunction(&cp) != nil {
		return c.functionExists(&cp)
	}
	return c.putRenamedFunction(f, &cp, nil)
}

func (c *Ctx) functionExists(f *catalog.Function) error {
	var args []string
	for _, p := range f.Inputs() {
		args = append(args, types.Display(p.Type))
	}
	return pgerr.Newf(pgerr.DuplicateFunction, "function %s(%s) already exists in schema %q", f.Name, strings.Join(args, ", "), c.snap().Schema(f.SchemaOID).Name)
}

// moveFunction is ALTER FUNCTION … SET SCHEMA.
func (c *Ctx) moveFunction(o *ast.Object, kind ast.ObjectKind, to string) error {
	f, err := c.ownRoutine(o, kind)
	if err != nil {
		return err
	}
	schema, err := c.newHome(to)
	if err != nil {
		return err
	}
	cp := *f
	cp.SchemaOID = schema.OID
	if f.SchemaOID == schema.OID {
		return nil
	}
	if c.sameFunction(&cp) != nil {
		return c.functionExists(&cp)
	}
	return c.putRenamedFunction(f, &cp, nil)
}

// dependentsOfFunction finds what uses a function: views, triggers, functions, and the expressions
// of tables and domains that call it.
func (c *Ctx) dependentsOfFunction(f *catalog.Function, add func(target, bool)) {
	for _, t := range c.snap().Tables() {
		if t.View != nil && dependsOn(t, f.OID) {
			add(target{table: t}, false)
		}
		for _, tr := range t.Triggers {
			if tr.Function == f.OID && tr.Parent == 0 { // copies go with what they were copied from
				add(target{table: t, trigger: tr}, false)
			}
		}
	}
	c.expressionsWith(func(text string) bool { return c.snap().Calls(text, f) }, add)
	for _, g := range c.snap().Functions() {
		if g.OID == f.OID {
			continue
		}
		uses := g.Aggregate.Calls(f.OID)
		for _, d := range g.DependsOn {
			uses = uses || d == f.OID
		}
		if uses {
			add(target{fn: g}, false)
		}
	}
}

// expressionsWith finds the stored expressions of tables, domains and functions that satisfy with.
func (c *Ctx) expressionsWith(with func(text string) bool, add func(target, bool)) {
	uses := func(text string) bool { return text != "" && with(text) }
	for _, t := range c.snap().Tables() {
		if t.Virtual != nil {
			continue
		}
		for _, tr := range t.Triggers {
			if uses(tr.When) && tr.Parent == 0 {
				add(target{table: t, trigger: tr}, false)
			}
		}
		for i := range t.Columns {
			col := &t.Columns[i]
			if col.Dropped {
				continue
			}
			if uses(col.Default) {
				add(target{table: t, deflt: col.Attnum}, false)
			}
			if uses(col.Generated) {
				add(target{table: t, column: col.Attnum}, false)
			}
		}
		if key := t.PartitionBy; key != nil && slices.ContainsFunc(key.Columns, func(k catalog.PartitionColumn) bool { return uses(k.Expr) }) {
			add(target{table: t}, false)
		}
		for _, k := range t.Checks {
			if uses(k.Expr) {
				add(target{table: t, check: k}, false)
			}
		}
		for _, ix := range t.Indexes {
			hit := uses(ix.Where)
			for _, k := range ix.Keys {
				hit = hit || uses(k.Expr)
			}
			if hit && !ix.RowID {
				add(target{table: t, index: ix}, false)
			}
		}
	}
	for _, f := range c.snap().Functions() {
		if slices.ContainsFunc(f.Params, func(p catalog.Param) bool { return uses(p.Default) }) {
			add(target{fn: f}, false)
		}
	}
	for _, u := range c.snap().UserTypes() {
		if uses(u.Default) {
			add(target{typ: u}, false)
		}
		for _, k := range u.Checks {
			if uses(k.Expr) {
				add(target{typ: u, check: k}, false)
			}
		}
	}
}

// functionsUsing finds the functions that have a type among their parameters
// or results, or that depend on an object otherwise.
func (c *Ctx) functionsUsing(oids []catalog.OID, add func(target, bool)) {
	if !c.snap().HasFunctions() {
		return
	}
	for _, f := range c.snap().Functions() {
		uses := false
		for _, oid := range oids {
			if oid == 0 {
				continue
			}
			uses = uses || f.ResultOID == oid
			for i := range f.Params {
				uses = uses || f.Params[i].TypeOID == oid
			}
			for _, d := range f.DependsOn {
				uses = uses || d == oid
			}
		}
		if uses {
			add(target{fn: f}, false)
		}
	}
}
