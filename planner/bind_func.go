package planner

import (
	"slices"

	"strings"

	"rowkey/builtin"
	"rowkey/catalog"
	"rowkey/parser/ast"
	"rowkey/pgerr"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Calls: scalar functions, aggregates, window functions, set-returning
// functions. The last three become columns of a rel further down; what the
// expression gets is the column.

// groupingCall is a GROUPING() waiting for the groups to be known.
type groupingCall struct {
	id   colID
	args []plan.Expr
	pos  []int
	// below: it stands in a subquery of the query it belongs to.
	below bool
}

// windowCall is a window function call.
type windowCall struct {
	item aggItem
	win  *windowInfo
}

// windowInfo is a bound window definition.
type windowInfo struct {
	name      string
	partition []plan.Expr
	order     []plan.SortKey
	frame     plan.Frame
	hasFrame  bool
	pos       int
	def       *ast.WindowDef
}

// srfCall is a set-returning call in a select list; level 0 runs first.
type srfCall struct {
	item  projItem
	level int
}

// callByName calls a built-in function the grammar or the binder implies.
func (b *binder) callByName(name string, args []arg, pos int) plan.Expr {
	return b.call(name, name, args, nil, false, pos, nil)
}

func (b *binder) funcCall(e *ast.FuncCall) plan.Expr {
	p := b.p
	name := e.Name[len(e.Name)-1]
	shown := strings.Join(e.Name, ".")
	if len(e.Name) > 1 {
		schema := e.Name[len(e.Name)-2]
		if schema != "pg_catalog" {
			if schema != "pg_temp" && p.snap.SchemaByName(schema) == nil {
				fail(e.Pos(), pgerr.InvalidSchemaName, "schema %q does not exist", schema)
			}
			name = schema + "." + name // a name no built-in has, unless registered so
		}
	}
	fns := p.functions(e.Name)
	agg := slices.ContainsFunc(fns, func(f *builtin.Func) bool { return f.Kind == builtin.Aggregate })
	var frame *aggFrame
	if agg && e.Over == nil {
		frame = &aggFrame{q: b.q}
		if b.q == nil {
			for _, a := range e.Args { // a column among them is what PostgreSQL sees first
				ast.Walk(a, func(n ast.Node) bool {
					if ref, ok := n.(*ast.ColumnRef); ok {
						b.checkNoColumns(ref)
					}
					return true
				})
			}
			fail(e.Pos(), pgerr.GroupingError, "aggregate functions are not allowed in %s", kindInfo[b.kind].name)
		}
		p.aggFrames = append(p.aggFrames, frame)
		defer func() {
			if n := len(p.aggFrames); n > 0 && p.aggFrames[n-1] == frame {
				p.aggFrames = p.aggFrames[:n-1]
			}
		}()
	}
	inner := b
	if agg || e.Over != nil {
		c := *b
		if agg && e.Over == nil {
			c.inAgg = true
		}
		if e.Over != nil {
			c.inWindow = true
		}
		inner = &c
	}
	var args []arg
	var names []string
	for _, a := range e.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			for _, have := range names {
				if have == n.Name {
					fail(n.Pos(), pgerr.SyntaxError, "argument name %q used more than once", n.Name)
				}
			}
			names = append(names, n.Name)
			args = append(args, inner.arg(n.Arg))
			continue
		}
		if len(names) > 0 {
			fail(exprLoc(a), pgerr.SyntaxError, "positional argument cannot follow named argument")
		}
		args = append(args, inner.arg(a))
	}
	if frame != nil && e.WithinGroup {
		frame.direct, frame.directPos = frame.maxDepth, frame.pos
		frame.maxDepth = 0
	}
	return inner.call(name, shown, args, names, e.Variadic, e.Pos(), &callInfo{e: e, frame: frame, outer: b})
}

// callInfo is what a call has beyond its arguments.
type callInfo struct {
	e     *ast.FuncCall
	frame *aggFrame
	outer *binder
}

func (b *binder) call(name, shown string, args []arg, names []string, variadic bool, pos int, info *callInfo) plan.Expr {
	var fns []*builtin.Func
	if info != nil {
		fns = b.p.functions(info.e.Name)
	} else {
		fns = builtin.Funcs(name)
	}
	return b.callOf(fns, name, shown, args, names, variadic, pos, info)
}

// callOf binds a call of one of fns.
func (b *binder) callOf(fns []*builtin.Func, name, shown string, args []arg, names []string, variadic bool, pos int, info *callInfo) plan.Expr {
	p := b.p
	input := make([]*types.Type, len(args))
	for i, a := range args {
		input[i] = a.e.Type()
	}
	var e *ast.FuncCall
	if info != nil {
		e = info.e
	}
	lookup := input
	var within []arg // WITHIN GROUP arguments
	if e != nil && e.WithinGroup {
		for _, s := range e.OrderBy {
			a := b.arg(s.Expr)
			within = append(within, a)
			lookup = append(lookup[:len(lookup):len(lookup)], a.e.Type())
		}
	}
	call := e != nil && e == p.called
	c, ambiguous := findFunction(calledAs(fns, call), lookup, names, variadic)
	plain := len(args) == 1 && e != nil && len(names) == 0 && !variadic && !e.Star && !e.WithinGroup && e.Over == nil && !e.Distinct && len(e.OrderBy) == 0 && e.Filter == nil
	if plain && (c == nil || !exactCandidate(c, lookup)) { // a call that looks like a cast: int4('5'), text(x)
		if x := b.castCallByName(e, args[0]); x != nil {
			if call {
				notProcedure(shown, lookup, names, pos)
			}
			return x
		}
	}
	if c == nil {
		if plain && !ambiguous && len(e.Name) == 1 && !call { // a column: name(t) for t.name
			if x := p.fieldNamed(args[0].e, name); x != nil {
				return x
			}
		}
		b.noFunction(name, shown, lookup, names, ambiguous, pos, e)
	}
	switch {
	case call && c.fn.Kind != builtin.Procedure:
		notProcedure(shown, lookup, names, pos)
	case !call && c.fn.Kind == builtin.Procedure:
		bail(pgerr.Newf(pgerr.WrongObjectType, "%s is a procedure", signatureOf(shown, lookup, names)).WithHint("To call a procedure, use CALL.").At(pos))
	}
	if e != nil {
		b.checkCall(c.fn, e, shown, pos)
	}
	if c.fn.Kind == builtin.Aggregate && c.fn.Agg != nil && c.fn.Agg.OrderedSet {
		return b.orderedSet(c, e, shown, args, within, pos, info)
	}
	if e != nil && e.WithinGroup {
		fail(pos, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", shown)
	}
	if variadic && c.fn.Variadic == types.AnyType && len(args) > 0 {
		if last := args[len(args)-1]; !last.e.Type().Under().IsArray() {
			fail(last.pos, pgerr.DatatypeMismatch, "VARIADIC argument must be an array")
		}
	}
	exprs, result := b.callArgs(c, args, pos)
	var fn *builtin.Func
	if variadic && c.fn.Variadic == types.AnyType && c.fn.Kind == builtin.Scalar && !c.fn.SetOf && exprs[len(exprs)-1].Type().Under().IsArray() {
		ts := make([]*types.Type, len(exprs))
		for i, x := range exprs {
			ts[i] = x.Type()
		}
		fn = builtin.Spread(c.fn, ts)
	} else if c.fn.User != nil {
		fn = p.userBound(c.fn, c, args, exprs, result, pos)
	} else {
		fn = p.bound(c.fn, exprs)
		p.calling(c.fn)
	}
	t := plan.T{Typ: result, Mod: -1}
	if result == types.Record && len(fn.Out) > 0 { // a record whose columns are known, wherever it goes
		r := *types.Record
		r.Fields = fn.Out
		t.Typ = &r
	}
	switch {
	case e != nil && e.Over != nil:
		return b.windowCall(fn, e, exprs, t, pos)
	case fn.Kind == builtin.Aggregate:
		return b.aggregate(fn, e, exprs, t, pos, info)
	case fn.SetOf:
		x := &plan.Call{T: t, Fn: fn, Args: exprs, Pos: pos}
		x.Written = c.written(len(args), names)
		set := b.setReturning(x, pos)
		if _, col := set.(*plan.Col); col && fromJSON(fn) {
			return p.checkInside(set, t.Typ)
		}
		return set
	}
	p.calls = p.calls || fn.Writes
	x := &plan.Call{T: t, Fn: fn, Args: exprs, Pos: pos, SQLSyntax: e != nil && e.SQLSyntax}
	x.Written = c.written(len(args), names)
	p.noteCall(x)
	if fn.Name == "pg_collation_for" && !p.printed {
		if args[0].e.Type() == types.Unknown {
			return nullOf(types.Text, -1)
		}
		return p.collationFor(x)
	}
	if fromJSON(fn) {
		return p.derived(p.checkInside(x, t.Typ))
	}
	return p.derived(x)
}

// fromJSON tells whether a function reads the fields of its result from JSON.
func fromJSON(f *builtin.Func) bool {
	switch strings.TrimPrefix(strings.TrimPrefix(f.Name, "jsonb"), "json") {
	case "_populate_record", "_populate_recordset", "_to_record", "_to_recordset":
		return f.OID < catalog.FirstUserOID
	}
	return false
}

func exactCandidate(c *candidate, input []*types.Type) bool {
	for i, t := range input {
		if !sameType(c.args[i], t) {
			return false
		}
	}
	return true
}

// castCallByName reads type(x) as a cast, where PostgreSQL does.
func (b *binder) castCallByName(e *ast.FuncCall, a arg) plan.Expr {
	p := b.p
	name := e.Name[len(e.Name)-1]
	var t *types.Type
	if len(e.Name) == 1 { // functions are not looked for among what is temporary
		t = lookupType(p.snap, slices.DeleteFunc(slices.Clone(p.path), func(s string) bool { return strings.HasPrefix(s, "pg_temp") }), name)
	} else {
		t = p.snap.TypeByName(p.snap.SchemaOnPath(p.path, e.Name[len(e.Name)-2]), name)
	}
	if t == nil || isRowType(t) {
		return nil
	}
	src := a.e.Type()
	if src != types.Unknown {
		k, c := castPath(src, t, builtin.Explicit)
		if k == funcPath && c.Method != 'f' {
			k = relabelPath // for PostgreSQL, which calls nothing there
		}
		if k != relabelPath && k != ioPath || k == ioPath && t.Category == 'S' && isRowType(src) {
			return nil
		}
	}
	return p.coerceTo(a, t, -1, builtin.Explicit, false)
}

// calledAs are functions as who resolves a CALL, or a call that is none, counts their parameters.
func calledAs(fns []*builtin.Func, call bool) []*builtin.Func {
	for i, f := range fns {
		if u, ok := f.User.(*catalog.Function); ok && call != (f.Kind == builtin.Procedure) {
			fns = slices.Clone(fns)
			fns[i] = u.CalledAs(call)
		}
	}
	return fns
}

func notProcedure(shown string, input []*types.Type, names []string, pos int) {
	bail(pgerr.Newf(pgerr.WrongObjectType, "%s is not a procedure", signatureOf(shown, input, names)).WithHint("To call a function, use SELECT.").At(pos))
}

// noFunction is the error for a call that means nothing.
func (b *binder) noFunction(name, shown string, input []*types.Type, names []string, ambiguous bool, pos int, e *ast.FuncCall) {
	sig := signatureOf(shown, input, names)
	if e != nil && e == b.p.called {
		if ambiguous {
			bail(pgerr.Newf(pgerr.AmbiguousFunction, "procedure %s is not unique", sig).
				WithHint("Could not choose a best candidate procedure. You might need to add explicit type casts.").At(pos))
		}
		bail(pgerr.Newf(pgerr.UndefinedFunction, "procedure %s does not exist", sig).
			WithHint("No procedure matches the given name and argument types. You might need to add explicit type casts.").At(pos))
	}
	if ambiguous {
		bail(pgerr.Newf(pgerr.AmbiguousFunction, "function %s is not unique", sig).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.").At(pos))
	}
	if builtin.NotDone(name) {
		bail(pgerr.Unsupported("function %s is not supported", sig).At(pos))
	}
	if e != nil && len(e.OrderBy) > 1 && !e.WithinGroup {
		bail(pgerr.Newf(pgerr.UndefinedFunction, "function %s does not exist", sig).
			WithHint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.").At(pos))
	}
	bail(pgerr.Newf(pgerr.UndefinedFunction, "function %s does not exist", sig).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.").At(pos))
}

// checkCall refuses decorations the function cannot have.
func (b *binder) checkCall(f *builtin.Func, e *ast.FuncCall, shown string, pos int) {
	wrong := func(format string, args ...any) { fail(pos, pgerr.WrongObjectType, format, args...) }
	if f.Kind == builtin.Scalar {
		switch {
		case e.Star:
			wrong("%s(*) specified, but %s is not an aggregate function", shown, shown)
		case e.Distinct:
			wrong("DISTINCT specified, but %s is not an aggregate function", shown)
		case e.WithinGroup:
			wrong("WITHIN GROUP specified, but %s is not an aggregate function", shown)
		case len(e.OrderBy) > 0:
			wrong("ORDER BY specified, but %s is not an aggregate function", shown)
		case e.Filter != nil:
			wrong("FILTER specified, but %s is not an aggregate function", shown)
		case e.Over != nil:
			wrong("OVER specified, but %s is not a window function nor an aggregate function", shown)
		}
	}
	if f.Kind == builtin.Window && e.Over == nil {
		wrong("window function %s requires an OVER clause", shown)
	}
	if f.Kind == builtin.Window && e.WithinGroup {
		wrong("window function %s cannot have WITHIN GROUP", shown)
	}
	if f.Kind == builtin.Aggregate && f.Agg != nil && f.Agg.OrderedSet {
		if !e.WithinGroup {
			wrong("WITHIN GROUP is required for ordered-set aggregate %s", shown)
		}
		if e.Over != nil {
			fail(pos, pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", shown)
		}
		if e.Distinct {
			wrong("cannot use DISTINCT with WITHIN GROUP")
		}
	}
	if f.Kind == builtin.Aggregate && len(e.Args) == 0 && !e.Star && !e.WithinGroup && len(f.Args) == 0 {
		fail(pos, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", shown)
	}
}

// callArgs converts and completes a call's arguments, and gives the result type.
func (b *binder) callArgs(c *candidate, args []arg, pos int) ([]plan.Expr, *types.Type) {
	p := b.p
	f := c.fn
	declared, result := c.args, f.Result
	poly := isPolymorphic(result)
	for _, d := range declared {
		poly = poly || isPolymorphic(d)
	}
	if poly {
		actual := make([]*types.Type, len(args))
		for i, a := range args {
			actual[i] = a.e.Type()
		}
		var err *pgerr.Error
		declared, result, err = polymorphic(actual, c.args, f.Result)
		if err != nil {
			bail(err)
		}
	}
	exprs := make([]plan.Expr, len(args))
	for i, a := range args {
		exprs[i] = p.coerceType(a, declared[i], -1, builtin.Implicit, true)
		if exprs[i].Type() == types.Unknown && declared[i] == types.AnyType {
			if _, ok := exprs[i].(*plan.Param); ok {
				exprs[i] = p.paramAs(exprs[i].(*plan.Param), a.pos, types.Text)
			} else if f.Name != "pg_typeof" {
				exprs[i] = &plan.Relabel{T: plan.T{Typ: types.Text, Mod: -1}, Arg: exprs[i], Implicit: true} // PostgreSQL leaves it unknown, and prints it so
			}
		}
	}
	if c.variadic {
		fixed := len(f.Args) - 1
		var et *types.Type
		if len(declared) > fixed {
			et = declared[fixed]
		} else {
			et = f.Variadic
		}
		if et.Array == nil {
			fail(pos, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(et))
		}
		arr := &plan.ArrayExpr{T: plan.T{Typ: et.Array, Mod: -1}, Elems: exprs[fixed:len(exprs):len(exprs)]}
		exprs = append(exprs[:fixed:fixed], arr)
	}
	if c.order != nil {
		full := make([]plan.Expr, len(f.Args))
		for i, o := range c.order {
			if o >= 0 {
				full[i] = exprs[o]
			} else {
				full[i] = p.defaultArg(f, i)
			}
		}
		exprs = full
	} else {
		for i := len(exprs); i < len(f.Args) && c.defaults > 0; i++ {
			exprs = append(exprs, p.defaultArg(f, i))
		}
	}
	return exprs, result
}

func (p *planner) defaultArg(f *builtin.Func, i int) plan.Expr {
	if u, ok := f.User.(*catalog.Function); ok {
		return p.userDefault(u, i)
	}
	return &plan.Const{T: plan.T{Typ: f.Args[i], Mod: -1}, Val: f.Defaults[i-(len(f.Args)-len(f.Defaults))]}
}

// aggregate makes an aggregate call a column of the level it belongs to.
func (b *binder) aggregate(fn *builtin.Func, e *ast.FuncCall, args []plan.Expr, t plan.T, pos int, info *callInfo) plan.Expr {
	call := plan.AggCall{Fn: fn, Args: args, Typ: t.Typ, Mod: t.Mod}
	if e != nil {
		call.Star = e.Star
		call.Distinct = e.Distinct
		for _, s := range e.OrderBy {
			call.OrderBy = append(call.OrderBy, b.sortKey(s, b.arg(s.Expr)))
		}
		if e.Distinct {
			for i, a := range args {
				at := pos
				if i < len(e.Args) {
					at = exprLoc(e.Args[i])
				}
				if eqOp(a.Type(), at) != nil && compareOp("<", a.Type()) == nil {
					bail(pgerr.Newf(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", typeName(a.Type())).
						WithDetail("Aggregates with DISTINCT must be able to sort their inputs.").At(at))
				}
			}
			for i, k := range call.OrderBy {
				ok := false
				for _, a := range args { // as it was written: it may have been converted for the call
					if !ok && equalExprs(withoutImplicit(a), k.Expr) {
						ok, call.OrderBy[i].Expr = true, a
					}
				}
				if !ok {
					fail(exprLoc(e.OrderBy[i].Expr), pgerr.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
				}
			}
			if len(args) == 0 {
				fail(pos, pgerr.SyntaxError, "DISTINCT is not allowed without arguments")
			}
		}
		keys := call.OrderBy
		call.OrderBy = nil
		for _, k := range keys {
			call.OrderBy = addKey(call.OrderBy, k)
		}
		if e.Filter != nil {
			call.Filter = b.filterCond(e.Filter)
		}
	}
	return b.addAggregate(call, t, pos, info)
}

// withoutImplicit takes the conversions off that the binder has put around an expression.
func withoutImplicit(e plan.Expr) plan.Expr {
	for {
		switch x := e.(type) {
		case *plan.Relabel:
			if x.Implicit {
				e = x.Arg
				continue
			}
		case *plan.Call:
			if x.Cast && x.Implicit {
				e = x.Args[0]
				continue
			}
		}
		return e
	}
}

// filterCond binds FILTER (WHERE …); aggregates of this query are not allowed
// in it, nor in subqueries in it.
func (b *binder) filterCond(e ast.Expr) plan.Expr {
	fb := *b
	fb.kind = inFilter
	clause := b.q.clause
	b.q.clause = inFilter
	x := b.p.coerceBool(fb.arg(e), "FILTER")
	b.q.clause = clause
	return x
}

func (b *binder) addAggregate(call plan.AggCall, t plan.T, pos int, info *callInfo) plan.Expr {
	p := b.p
	owner := b.q
	var frame *aggFrame
	if info != nil && info.frame != nil {
		frame = info.frame
		for i := len(p.aggFrames) - 1; i >= 0; i-- {
			if p.aggFrames[i] == frame {
				p.aggFrames = p.aggFrames[:i]
				break
			}
		}
		if frame.maxDepth > 0 {
			for owner.depth > frame.maxDepth {
				owner = owner.up
			}
		}
		if frame.direct > owner.depth {
			fail(frame.directPos, pgerr.GroupingError, "outer-level aggregate cannot contain a lower-level variable in its direct arguments")
		}
		if frame.aggDepth == owner.depth {
			fail(frame.aggPos, pgerr.GroupingError, "aggregate function calls cannot be nested")
		}
	}
	kind := b.kind
	if info != nil && info.outer != nil {
		kind = info.outer.kind
	}
	b.checkLevel(owner, kind, pos, "aggregate functions")
	p.insideAggregates(owner, pos)
	owner.grouped = true
	for i := range owner.aggs {
		if sameAgg(&owner.aggs[i].call, &call) {
			return p.col(owner.aggs[i].id)
		}
	}
	id := p.newCol(call.Fn.Name, t.Typ, t.Mod)
	p.cols[id].collation = p.columnCollation(&plan.Call{T: t, Fn: call.Fn, Args: append(slices.Clip(call.Direct), call.Args...), Pos: pos})
	for _, k := range call.OrderBy {
		p.oneCollation(k.Expr)
	}
	owner.aggs = append(owner.aggs, aggItem{id, call})
	return p.col(id)
}

// insideAggregates tells the aggregates around of one of owner's, or of a GROUPING.
func (p *planner) insideAggregates(owner *query, pos int) {
	for _, f := range p.aggFrames {
		if owner.depth <= f.q.depth {
			if owner.depth > f.aggDepth {
				f.aggDepth, f.aggPos = owner.depth, pos
			}
			f.maxDepth = max(f.maxDepth, owner.depth)
		}
	}
}

// checkLevel refuses aggregates and GROUPING, called what, where the query they belong to
// can have none.
func (b *binder) checkLevel(owner *query, kind exprKind, pos int, what string) {
	if owner == b.q && !kindInfo[kind].agg {
		fail(pos, pgerr.GroupingError, "%s are not allowed in %s", what, kindInfo[kind].name)
	}
	if owner != b.q && owner.inFrom && owner.clause != inJoinOn && owner.clause != inFromFunction {
		fail(pos, pgerr.GroupingError, "%s are not allowed in FROM clause of their own query level", what)
	}
	if owner != b.q && owner.noAgg() {
		fail(pos, pgerr.GroupingError, "%s are not allowed in %s", what, kindInfo[owner.clause].name)
	}
	for _, it := range owner.items {
		if it.selfRef {
			fail(pos, pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
		}
	}
}

// noAgg tells that the clause of q being bound forbids aggregates.
func (q *query) noAgg() bool { return !kindInfo[q.clause].agg }

func sameAgg(a, b *plan.AggCall) bool {
	if a.Fn.OID != b.Fn.OID || a.Fn.Name != b.Fn.Name || a.Star != b.Star || a.Distinct != b.Distinct || !sameType(a.Typ, b.Typ) ||
		!equalLists(a.Args, b.Args) || !equalLists(a.Direct, b.Direct) || !equalKeys(a.OrderBy, b.OrderBy) {
		return false
	}
	if (a.Filter == nil) != (b.Filter == nil) || a.Filter != nil && !equalExprs(a.Filter, b.Filter) {
		return false
	}
	for _, x := range a.Args {
		if isVolatile(x) {
			return false
		}
	}
	return true
}

func equalKeys(a, b []plan.SortKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Desc != b[i].Desc || a[i].NullsFirst != b[i].NullsFirst || !equalExprs(a[i].Expr, b[i].Expr) {
			return false
		}
	}
	return true
}

// orderedSet makes percentile_cont(…) WITHIN GROUP (ORDER BY …) and kin.
func (b *binder) orderedSet(c *candidate, e *ast.FuncCall, shown string, args, within []arg, pos int, info *callInfo) plan.Expr {
	p := b.p
	if e == nil {
		fail(pos, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", shown)
	}
	all := append(append([]arg(nil), args...), within...)
	if c.fn.Agg.Hypothetical {
		if len(args) != len(within) {
			bail(pgerr.Newf(pgerr.UndefinedFunction, "function %s does not exist", signatureOf(shown, typesOf(all), nil)).
				WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).", shown, len(args), len(within)).At(pos))
		}
		for i := range args {
			t := commonType([]arg{within[i], args[i]}, "WITHIN GROUP")
			all[i].e = p.coerceCommon(args[i], t, "WITHIN GROUP")
			all[len(args)+i].e = p.coerceCommon(within[i], t, "WITHIN GROUP")
		}
	}
	exprs, result := b.callArgs(c, all, pos)
	call := plan.AggCall{Fn: p.bound(c.fn, exprs), Typ: result, Mod: -1, Direct: exprs[:len(args):len(args)], Args: exprs[len(args):]}
	for i, s := range e.OrderBy {
		call.OrderBy = append(call.OrderBy, b.sortKey(s, arg{call.Args[i], within[i].pos}))
	}
	if e.Filter != nil {
		call.Filter = b.filterCond(e.Filter)
	}
	return b.addAggregate(call, plan.T{Typ: result, Mod: -1}, pos, info)
}

func typesOf(args []arg) []*types.Type {
	out := make([]*types.Type, len(args))
	for i, a := range args {
		out[i] = a.e.Type()
	}
	return out
}

// windowCall makes a window function call a column.
func (b *binder) windowCall(fn *builtin.Func, e *ast.FuncCall, args []plan.Expr, t plan.T, pos int) plan.Expr {
	p := b.p
	switch {
	case b.inAgg && b.q != nil:
		fail(pos, pgerr.GroupingError, "aggregate function calls cannot contain window function calls")
	case b.q == nil || !kindInfo[b.kind].window:
		fail(pos, pgerr.WindowingError, "window functions are not allowed in %s", b.kind.place())
	case e.Distinct:
		fail(pos, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case len(e.OrderBy) > 0 && fn.Kind == builtin.Aggregate:
		fail(pos, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case e.Filter != nil && fn.Kind == builtin.Window:
		fail(pos, pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	case fn.SetOf:
		fail(pos, pgerr.InvalidFunctionDefinition, "window functions cannot return sets")
	}
	for _, w := range b.q.windows {
		for _, a := range args {
			if colsOf(a).has(w.item.id) {
				fail(p.lastWindowPos, pgerr.WindowingError, "window function calls cannot be nested")
			}
		}
	}
	call := plan.AggCall{Fn: fn, Args: args, Star: e.Star, Typ: t.Typ, Mod: t.Mod}
	if e.Filter != nil {
		call.Filter = b.filterCond(e.Filter)
	}
	win := b.window(e.Over)
	p.lastWindowPos = pos
	for i := range b.q.windows {
		w := &b.q.windows[i]
		if w.win == win && sameAgg(&w.item.call, &call) {
			return p.col(w.item.id)
		}
	}
	id := p.newCol(fn.Name, t.Typ, t.Mod)
	p.cols[id].collation = p.columnCollation(&plan.Call{T: t, Fn: fn, Args: args, Pos: pos})
	b.q.windows = append(b.q.windows, windowCall{aggItem{id, call}, win})
	return p.col(id)
}

// window finds or binds the window of an OVER clause.
func (b *binder) window(d *ast.WindowDef) *windowInfo {
	if d.Name != "" {
		for _, w := range b.q.windefs {
			if w.name == d.Name {
				return w
			}
		}
		fail(d.Pos(), pgerr.UndefinedObject, "window %q does not exist", d.Name)
	}
	w := b.windowDef(d)
	for _, have := range b.q.windefs {
		if have.name == "" && sameWindow(have, w) {
			return have
		}
	}
	b.q.windefs = append(b.q.windefs, w)
	return w
}

func sameWindow(a, b *windowInfo) bool {
	return equalLists(a.partition, b.partition) && equalKeys(a.order, b.order) && sameFrame(&a.frame, &b.frame)
}

func sameFrame(a, b *plan.Frame) bool {
	return a.Mode == b.Mode && a.Start == b.Start && a.End == b.End && a.Exclude == b.Exclude &&
		equalExprs(a.StartOffset, b.StartOffset) && equalExprs(a.EndOffset, b.EndOffset)
}

// addKey adds a key to sort by, unless it decides nothing after those that there are.
func addKey(keys []plan.SortKey, k plan.SortKey) []plan.SortKey {
	for _, have := range keys {
		if equalExprs(have.Expr, k.Expr) {
			return keys
		}
	}
	return append(keys, k)
}

// windowDef binds a window definition.
func (b *binder) windowDef(d *ast.WindowDef) *windowInfo {
	p := b.p
	w := &windowInfo{name: d.Name, pos: d.Pos(), def: d}
	wb := *b
	if d.RefName != "" {
		var ref *windowInfo
		for _, x := range b.q.windefs {
			if x.name == d.RefName {
				ref = x
			}
		}
		if ref == nil {
			fail(d.Pos(), pgerr.UndefinedObject, "window %q does not exist", d.RefName)
		}
		if len(d.Partition) > 0 {
			fail(d.Pos(), pgerr.WindowingError, "cannot override PARTITION BY clause of window %q", d.RefName)
		}
		if len(ref.order) > 0 && len(d.OrderBy) > 0 {
			fail(d.Pos(), pgerr.WindowingError, "cannot override ORDER BY clause of window %q", d.RefName)
		}
		if ref.hasFrame {
			if d.Name != "" || len(d.OrderBy) > 0 || d.Frame != nil {
				fail(d.Pos(), pgerr.WindowingError, "cannot copy window %q because it has a frame clause", d.RefName)
			}
			bail(pgerr.Newf(pgerr.WindowingError, "cannot copy window %q because it has a frame clause", d.RefName).
				WithHint("Omit the parentheses in this OVER clause.").At(d.Pos()))
		}
		w.partition = ref.partition
		w.order = ref.order
	}
	wb.kind = inWindowOrder
	for _, s := range d.OrderBy {
		k := wb.sortKey(s, wb.arg(s.Expr))
		w.order = addKey(w.order, k)
		p.oneCollation(k.Expr)
	}
	wb.kind = inWindowPartition
	for _, x := range d.Partition {
		a := wb.resolveUnknown(wb.arg(x))
		if !isRowType(a.e.Type()) {
			eqOp(a.e.Type(), a.pos)
		}
		p.oneCollation(a.e)
		if !containsExpr(w.partition, a.e) {
			w.partition = append(w.partition, a.e)
		}
	}
	w.frame = plan.Frame{Mode: plan.FrameRange, Start: plan.UnboundedPreceding, End: plan.CurrentRow}
	if f := d.Frame; f != nil {
		w.hasFrame = true
		w.frame.Mode = [...]plan.FrameMode{plan.FrameRange, plan.FrameRows, plan.FrameGroups}[f.Mode]
		w.frame.Start = plan.FrameBoundKind(f.Start.Kind)
		w.frame.End = plan.CurrentRow
		if f.Between {
			w.frame.End = plan.FrameBoundKind(f.End.Kind)
		}
		w.frame.Exclude = plan.FrameExclude(f.Exclude)
		if f.Mode == ast.FrameGroups && len(w.order) == 0 {
			fail(d.Pos(), pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause")
		}
		wb.kind = map[ast.FrameMode]exprKind{ast.FrameRange: inWindowRange, ast.FrameRows: inWindowRows, ast.FrameGroups: inWindowGroups}[f.Mode]
		offset := func(o ast.Expr, preceding bool) plan.Expr {
			if o == nil {
				return nil
			}
			a := wb.arg(o)
			if f.Mode == ast.FrameRange {
				return wb.rangeOffset(w, a, preceding, d.Pos())
			}
			name := "ROWS"
			if f.Mode == ast.FrameGroups {
				name = "GROUPS"
			}
			x := p.coerceTo(a, types.Int8, -1, builtin.Assignment, true)
			if x == nil {
				fail(a.pos, pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", name, "bigint", typeName(a.e.Type()))
			}
			if !colsOf(x).empty() {
				fail(a.pos, pgerr.InvalidColumnReference, "argument of %s must not contain variables", name)
			}
			return x
		}
		w.frame.StartOffset = offset(f.Start.Offset, f.Start.Kind == ast.Preceding)
		if f.Between {
			w.frame.EndOffset = offset(f.End.Offset, f.End.Kind == ast.Preceding)
		}
	}
	return w
}

// rangeOffset binds RANGE offset PRECEDING: the order key's type decides what
// type the offset has and how it is added.
func (b *binder) rangeOffset(w *windowInfo, a arg, preceding bool, pos int) plan.Expr {
	p := b.p
	if len(w.order) != 1 {
		fail(pos, pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	kt := w.order[0].Expr.Type()
	var ot, rt *types.Type
	switch kt.Under() {
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.Float8:
		ot, rt = kt.Under(), kt.Under()
	case types.Float4:
		ot, rt = types.Float8, types.Float8
	case types.Date:
		ot, rt = types.Interval, types.Timestamp
	case types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ, types.Interval:
		ot, rt = types.Interval, kt.Under()
	default:
		fail(a.pos, pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", typeName(kt))
	}
	if kt.Under() == types.Int4 || kt.Under() == types.Int2 {
		ot, rt = types.Int8, types.Int8
	}
	if a.e.Type() == types.Unknown && ot == types.Int8 {
		a.e = p.coerceType(a, kt.Under(), -1, builtin.Implicit, true)
	}
	x := p.coerceTo(a, ot, -1, builtin.Implicit, true)
	if x == nil {
		bail(pgerr.Newf(pgerr.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", typeName(kt), typeName(a.e.Type())).
			WithHint("Cast the offset value to an appropriate type.").At(a.pos))
	}
	if !colsOf(x).empty() {
		fail(a.pos, pgerr.InvalidColumnReference, "argument of %s must not contain variables", "RANGE")
	}
	key := plan.Expr(&plan.CaseTest{T: plan.T{Typ: kt, Mod: -1}})
	off := plan.Expr(&plan.Col{T: plan.T{Typ: ot, Mod: -1}, Idx: 0})
	if !sameType(kt, rt) {
		key = p.coerceTo(arg{key, -1}, rt, -1, builtin.Implicit, true)
	}
	w.frame.Sub = p.binaryOp("-", arg{key, -1}, arg{off, -1}, pos)
	w.frame.Add = p.binaryOp("+", arg{key, -1}, arg{off, -1}, pos)
	return x
}

// setCount counts the set-returning calls in a query's expressions so far.
func (q *query) setCount() int {
	if q == nil {
		return 0
	}
	return q.sets
}

// noNewSets refuses set-returning calls since the count was n: what stands around them
// computes only some of its parts.
func (q *query) noNewSets(n int, what string) {
	if q != nil && q.sets > n {
		bail(pgerr.Newf(pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", what).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(q.setAt))
	}
}

// setReturning makes a set-returning call a column.
func (b *binder) setReturning(c *plan.Call, pos int) plan.Expr {
	p := b.p
	p.derived(c)
	if b.kind == inFromFunction && b.q != nil && p.fromFunc || b.kind == inCallArgs {
		return c
	}
	switch {
	case b.inAgg:
		bail(pgerr.New(pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(pos))
	case b.inWindow:
		bail(pgerr.New(pgerr.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(pos))
	case b.q == nil || !kindInfo[b.kind].srf:
		fail(pos, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", b.kind.place())
	}
	b.q.sets++
	b.q.setAt = pos
	level := 0
	used := colsOf(c)
	for _, s := range b.q.srfs {
		if used.has(s.item.id) {
			level = max(level, s.level+1)
		}
	}
	for _, s := range b.q.srfs {
		if equalExprs(s.item.expr, c) && !isVolatile(c) {
			return p.col(s.item.id)
		}
	}
	id := p.newCol(c.Fn.Name, c.Typ, c.Mod)
	p.cols[id].collation = p.columnCollation(c)
	b.q.srfs = append(b.q.srfs, srfCall{projItem{id, c}, level})
	return p.col(id)
}

func (b *binder) groupingFunc(e *ast.GroupingFunc) plan.Expr {
	p := b.p
	if b.q == nil {
		fail(e.Pos(), pgerr.GroupingError, "grouping operations are not allowed in %s", kindInfo[b.kind].name)
	}
	if len(e.Args) > 31 {
		fail(e.Pos(), pgerr.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	g := groupingCall{}
	frame := &aggFrame{q: b.q}
	p.aggFrames = append(p.aggFrames, frame)
	for _, a := range e.Args {
		g.args, g.pos = append(g.args, b.expr(a)), append(g.pos, exprLoc(a))
	}
	p.aggFrames = p.aggFrames[:len(p.aggFrames)-1]
	owner := b.q // the query level that the arguments belong to
	for frame.maxDepth > 0 && owner.depth > frame.maxDepth && owner.up != nil {
		owner = owner.up
	}
	if frame.aggDepth == owner.depth {
		fail(frame.aggPos, pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
	g.below = owner != b.q
	b.checkLevel(owner, b.kind, e.Pos(), "grouping operations")
	p.insideAggregates(owner, e.Pos())
	g.id = p.newCol("grouping", types.Int4, -1)
	owner.groupings = append(owner.groupings, g)
	owner.grouped = true
	return p.col(g.id)
}

// resolveUnknown makes an untyped literal text.
func (b *binder) resolveUnknown(a arg) arg {
	if a.e.Type() == types.Unknown {
		a.e = b.p.coerceType(a, types.Text, -1, builtin.Implicit, true)
	}
	return a
}

// sortKey makes an ORDER BY item.
func (b *binder) sortKey(s *ast.SortBy, a arg) plan.SortKey {
	a = b.resolveUnknown(a)
	k := plan.SortKey{Expr: a.e}
	switch s.Dir {
	case ast.SortDesc:
		k.Desc = true
	case ast.SortUsing:
		op := b.p.operator(opName(s.Using, s.Pos()), a.e.Type(), a.e.Type(), s.Pos())
		switch {
		case op.Compare == "<", op.Name == "~<~": // text compares by bytes anyway
		case op.Compare == ">", op.Name == "~>~":
			k.Desc = true
		default:
			bail(pgerr.Newf(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", s.Using.Name).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").At(s.Pos()))
		}
	}
	if s.Dir != ast.SortUsing {
		sortable(a.e.Type(), a.pos)
	}
	switch s.Nulls {
	case ast.NullsDefault:
		k.NullsFirst = k.Desc
	case ast.NullsFirst:
		k.NullsFirst = true
	}
	return k
}
