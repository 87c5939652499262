package parser

import "rowkey/parser/ast"

// parseCreateFunction parses what follows CREATE [OR REPLACE] FUNCTION or
// PROCEDURE.
func (p *parser) parseCreateFunction(at ast.At, orReplace, procedure bool) ast.Stmt {
	s := &ast.CreateFunctionStmt{At: at, OrReplace: orReplace, Procedure: procedure}
	s.Name = p.funcName()
	p.expect("(")
	if !p.accept(")") {
		s.Params = listOf(p, func(p *parser) *ast.FuncParam {
			f := p.funcParam()
			if p.accept("default") || p.accept("=") {
				p.expr(&f.Default)
			}
			return f
		})
		p.expect(")")
	}
	if !procedure && p.is("returns") && !p.isAt(1, "null") {
		p.advance()
		if p.accept("table") {
			s.ReturnsTable = true
			s.Params = append(s.Params, parenListOf(p, func(p *parser) *ast.FuncParam {
				f := &ast.FuncParam{At: p.here(), Mode: ast.ParamTable, Name: p.typeFuncName()}
				f.Type = p.funcType()
				return f
			})...)
			p.checkTableParams(s.Params)
		} else {
			s.Returns = p.funcType()
		}
	}
	for {
		o := p.funcOption(true)
		if o == nil {
			break
		}
		s.Options = append(s.Options, o)
	}
	switch {
	case p.is("return"):
		s.HasBody, s.Return = true, p.parseReturn()
	case p.accept("begin"):
		p.expect("atomic")
		s.HasBody = true
		s.Body = p.routineBody()
	}
	return s
}

// checkTableParams refuses OUT parameters beside RETURNS TABLE.
func (p *parser) checkTableParams(params []*ast.FuncParam) {
	for _, f := range params {
		if f.Mode == ast.ParamOut || f.Mode == ast.ParamInOut {
			raise(-1, codeSyntax, "OUT and INOUT arguments aren't allowed in TABLE functions")
		}
	}
}

func (p *parser) parseReturn() *ast.ReturnStmt {
	s := &ast.ReturnStmt{At: p.here()}
	p.expect("return")
	p.expr(&s.Expr)
	return s
}

// routineBody parses the statements of BEGIN ATOMIC … END, each with its
// semicolon.
func (p *parser) routineBody() []ast.Stmt {
	p.enter()
	defer func() { p.depth-- }()
	body := p.stmtRoom(-1)
	for !p.is("end") {
		switch {
		case p.is("return"):
			body = append(body, p.parseReturn())
		case p.is(";"): // an empty statement
		case p.is("begin"), p.is("end"): // not in a body
			p.fail()
		default:
			p.embedded(&body)
		}
		p.expect(";")
	}
	p.expect("end")
	return body
}

// funcParam parses func_arg: a mode, a name, both in either order, or neither,
// and a type.
func (p *parser) funcParam() *ast.FuncParam {
	f := &ast.FuncParam{At: p.here()}
	f.Mode = p.paramMode()
	if p.tok().isTypeFuncName() && p.startsParamType(1) && !p.is("double", "precision") {
		f.Name = p.typeFuncName()
		if f.Mode == ast.ParamDefault {
			f.Mode = p.paramMode()
		}
	}
	f.Type = p.funcType()
	return f
}

// startsParamType reports whether a type or a mode starts n tokens ahead: then
// the word before it is a parameter's name.
func (p *parser) startsParamType(n int) bool {
	t := p.peek(n)
	switch {
	case t.isTypeFuncName():
		return true
	case t.kind != tokKeyword:
		return false
	}
	return typeKeywords[t.text] || t.text == "setof" || t.text == "in" || t.text == "out" ||
		t.text == "inout" || t.text == "variadic"
}

func (p *parser) paramMode() ast.ParamMode {
	switch {
	case p.accept("in"):
		if p.accept("out") {
			return ast.ParamInOut
		}
		return ast.ParamIn
	case p.accept("out"):
		return ast.ParamOut
	case p.accept("inout"):
		return ast.ParamInOut
	case p.accept("variadic"):
		return ast.ParamVariadic
	}
	return ast.ParamDefault
}

// funcOption parses one clause of CREATE FUNCTION (create) or ALTER FUNCTION;
// nil if none starts here.
func (p *parser) funcOption(create bool) *ast.FuncOption {
	o := &ast.FuncOption{At: p.here()}
	if create {
		switch {
		case p.accept("as"):
			o.Kind, o.Text = ast.FuncAs, p.stringConst()
			if p.accept(",") {
				o.Text2 = p.stringConst()
			}
			return o
		case p.accept("language"):
			o.Kind, o.Text = ast.FuncLanguage, p.wordOrString()
			return o
		case p.accept("transform"):
			o.Kind = ast.FuncTransform
			for {
				p.expect("for", "type")
				o.Types = append(o.Types, p.typeName())
				if !p.accept(",") {
					return o
				}
			}
		case p.accept("window"):
			o.Kind = ast.FuncWindow
			return o
		}
	}
	switch {
	case p.accept("called"):
		p.expect("on", "null", "input")
		o.Kind = ast.FuncStrict
	case p.accept("returns"):
		p.expect("null", "on", "null", "input")
		o.Kind, o.Bool = ast.FuncStrict, true
	case p.accept("strict"):
		o.Kind, o.Bool = ast.FuncStrict, true
	case p.is("immutable"), p.is("stable"), p.is("volatile"):
		o.Kind, o.Text = ast.FuncVolatility, p.word()
	case p.is("external"), p.is("security"):
		p.accept("external")
		p.expect("security")
		o.Kind = ast.FuncSecurity
		if o.Bool = p.accept("definer"); !o.Bool {
			p.expect("invoker")
		}
	case p.accept("leakproof"):
		o.Kind, o.Bool = ast.FuncLeakproof, true
	case p.acceptNot():
		p.expect("leakproof")
		o.Kind = ast.FuncLeakproof
	case p.accept("cost"):
		o.Kind, o.Text = ast.FuncCost, p.numberText()
	case p.accept("rows"):
		o.Kind, o.Text = ast.FuncRows, p.numberText()
	case p.accept("support"):
		o.Kind, o.Name = ast.FuncSupport, p.anyName()
	case p.is("set"):
		at := p.here()
		p.advance()
		o.Kind, o.Set = ast.FuncSet, p.setRestMore(at)
	case p.is("reset"):
		o.Kind, o.Set = ast.FuncSet, p.parseReset()
	case p.accept("parallel"):
		o.Kind, o.Text = ast.FuncParallel, p.colID()
	default:
		return nil
	}
	return o
}

// functionRef parses a function with or without its argument types.
func (p *parser) functionRef(kind ast.ObjectKind) *ast.Object {
	o := &ast.Object{At: p.here(), Kind: kind}
	first := p.tok()
	switch {
	case first.isColID():
		o.Name = p.anyName()
	default:
		o.Name = []string{p.typeFuncName()}
	}
	if !p.is("(") {
		return o
	}
	if len(o.Name) == 1 && !first.isTypeFuncName() {
		p.fail()
	}
	p.advance()
	o.ParamsGiven = true
	if !p.accept(")") {
		o.Params = listOf(p, (*parser).funcParam)
		p.expect(")")
	}
	return o
}

func (p *parser) functionRefs(kind ast.ObjectKind) []*ast.Object {
	return listOf(p, func(*parser) *ast.Object { return p.functionRef(kind) })
}

// aggregateRef parses an aggregate with its argument types, which are not
// optional.
func (p *parser) aggregateRef() *ast.Object {
	o := &ast.Object{At: p.here(), Kind: ast.ObjectAggregate, Name: p.funcName()}
	p.aggregateParams(o)
	return o
}

// aggregateParams parses (*), (types), (ORDER BY types) or (types ORDER BY types).
func (p *parser) aggregateParams(o *ast.Object) {
	p.expect("(")
	o.ParamsGiven, o.DirectParams = true, -1
	if p.accept("*") {
		o.Star = true
		p.expect(")")
		return
	}
	input := func(p *parser) *ast.FuncParam {
		f := p.funcParam()
		if f.Mode == ast.ParamOut || f.Mode == ast.ParamInOut {
			raise(f.Pos(), codeUnsupported, "aggregates cannot have output arguments")
		}
		return f
	}
	if !p.is("order") {
		o.Params = listOf(p, input)
	}
	if p.accept("order") {
		p.expect("by")
		o.DirectParams = len(o.Params)
		o.Params = append(o.Params, listOf(p, input)...)
		p.checkOrderedSet(o)
	}
	p.expect(")")
}

// checkOrderedSet is PostgreSQL's rule for an aggregate with a VARIADIC direct
// argument; the one variadic argument counts once for both lists.
func (p *parser) checkOrderedSet(o *ast.Object) {
	n := o.DirectParams
	if n == 0 || o.Params[n-1].Mode != ast.ParamVariadic {
		return
	}
	ordered := o.Params[n:]
	if len(ordered) != 1 || ordered[0].Mode != ast.ParamVariadic || !sameType(o.Params[n-1].Type, ordered[0].Type) {
		raise(ordered[0].Type.Pos(), codeUnsupported, "an ordered-set aggregate with a VARIADIC direct argument must have one VARIADIC aggregated argument of the same data type")
	}
	o.Params = o.Params[:n]
}

func sameType(a, b *ast.TypeName) bool {
	if len(a.Names) != len(b.Names) || len(a.Bounds) != len(b.Bounds) || a.SetOf != b.SetOf || len(a.Mods) != len(b.Mods) {
		return false
	}
	for i := range a.Names {
		if a.Names[i] != b.Names[i] {
			return false
		}
	}
	return true
}

// parseCreateAggregate parses what follows CREATE [OR REPLACE] AGGREGATE, in
// the current and in the old form, whose list starts with `name =`.
func (p *parser) parseCreateAggregate(at ast.At, orReplace bool) ast.Stmt {
	s := &ast.DefineStmt{At: at, Kind: ast.ObjectAggregate, OrReplace: orReplace, Name: p.funcName()}
	if p.is("(") && p.peek(1).kind == tokIdent && p.isAt(2, "=") {
		s.OldStyle = true
		p.advance()
		for {
			o := &ast.Option{At: p.here()}
			if p.tok().kind != tokIdent {
				p.fail()
			}
			o.Name = p.word()
			p.expect("=")
			p.defArg(o)
			s.Options = append(s.Options, o)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
		return s
	}
	s.Args = &ast.Object{At: p.here(), Kind: ast.ObjectAggregate, Name: s.Name}
	p.aggregateParams(s.Args)
	s.Options = p.definition()
	return s
}

// ---- operators ----

// operatorRef parses an operator with its argument types.
func (p *parser) operatorRef() *ast.Object {
	o := &ast.Object{At: p.here(), Kind: ast.ObjectOperator, Name: p.anyOperator()}
	p.operatorTypes(o)
	return o
}

// operatorTypes parses (left, right), where NONE stands for a missing operand.
func (p *parser) operatorTypes(o *ast.Object) {
	p.expect("(")
	if p.accept("none") {
		p.expect(",")
		o.Right = p.typeName()
		p.expect(")")
		return
	}
	o.Left = p.typeName()
	if closing := p.here(); p.accept(")") {
		raiseHint(closing, codeSyntax, "missing argument", "Use NONE to denote the missing argument of a unary operator.")
	}
	p.expect(",")
	if !p.accept("none") {
		o.Right = p.typeName()
	}
	p.expect(")")
}

// parseCreateOperator parses what follows CREATE OPERATOR.
func (p *parser) parseCreateOperator(at ast.At) ast.Stmt {
	switch p.acceptOpClass() {
	case ast.ObjectOperatorClass:
		p.anyName()
		p.accept("default")
		p.expect("for", "type")
		p.typeName()
		p.expect("using")
		p.colID()
		if p.accept("family") {
			p.anyName()
		}
		p.expect("as")
		p.opClassItems()
		return unsupported(at, "CREATE OPERATOR CLASS")
	case ast.ObjectOperatorFamily:
		p.anyName()
		p.expect("using")
		p.colID()
		return unsupported(at, "CREATE OPERATOR FAMILY")
	}
	s := &ast.DefineStmt{At: at, Kind: ast.ObjectOperator, Name: p.anyOperator()}
	s.Options = p.definition()
	return s
}

// opClassItems parses OPERATOR n op …, FUNCTION n f … and STORAGE type.
func (p *parser) opClassItems() {
	for {
		switch {
		case p.accept("operator"):
			p.intConst()
			p.anyOperator()
			if p.is("(") {
				p.operatorTypes(&ast.Object{})
			}
			if p.accept("for") {
				if !p.accept("search") {
					p.expect("order", "by")
					p.anyName()
				}
			}
			if at := p.here(); p.accept("recheck") {
				raiseHint(at, codeUnsupported, "RECHECK is no longer required", "Update your data type.")
			}
		case p.accept("function"):
			p.intConst()
			if p.accept("(") {
				p.typeList()
				p.expect(")")
			}
			p.functionRef(ast.ObjectFunction)
		default:
			p.expect("storage")
			p.typeName()
		}
		if !p.accept(",") {
			return
		}
	}
}

// ---- triggers and rules ----

func (p *parser) functionOrProcedure() {
	if !p.accept("function") {
		p.expect("procedure")
	}
}

// parseCreateTrigger parses what follows CREATE [OR REPLACE] [CONSTRAINT] TRIGGER.
func (p *parser) parseCreateTrigger(at ast.At, orReplace, constraint bool) ast.Stmt {
	s := &ast.CreateTriggerStmt{At: at, OrReplace: orReplace, Constraint: constraint, Name: p.colID()}
	switch {
	case p.accept("after"):
		s.Timing = ast.TriggerAfter
	case constraint:
		p.fail()
	case p.accept("before"):
		s.Timing = ast.TriggerBefore
	default:
		p.expect("instead", "of")
		s.Timing = ast.TriggerInsteadOf
	}
	p.triggerEvents(s)
	p.expect("on")
	s.Table = p.qualifiedName()
	if constraint {
		p.constraintTrigger(s)
	} else {
		p.triggerTransitions(s)
		if p.accept("for") {
			p.accept("each")
			if s.ForEachRow = p.accept("row"); !s.ForEachRow {
				p.expect("statement")
			}
		}
	}
	if p.accept("when") {
		p.expect("(")
		p.expr(&s.When)
		p.expect(")")
	}
	p.expect("execute")
	p.functionOrProcedure()
	s.Func = p.funcName()
	p.expect("(")
	p.triggerArgs(s)
	p.expect(")")
	if constraint && orReplace {
		raise(-1, codeUnsupported, "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported")
	}
	return s
}

func (p *parser) constraintTrigger(s *ast.CreateTriggerStmt) {
	if p.accept("from") {
		s.ConstraintFrom = p.qualifiedName()
	}
	var c ast.Constraint
	p.constraintAttributes(&c, "TRIGGER", attrDeferrable)
	s.Deferrable, s.InitiallyDeferred = c.Deferrable, c.InitiallyDeferred
	p.expect("for", "each", "row")
	s.ForEachRow = true
}

func (p *parser) triggerEvents(s *ast.CreateTriggerStmt) {
	for {
		var event ast.TriggerEvent
		last := p.i
		switch {
		case p.accept("insert"):
			event = ast.TriggerInsert
		case p.accept("delete"):
			event = ast.TriggerDelete
		case p.accept("truncate"):
			event = ast.TriggerTruncate
		default:
			p.expect("update")
			event = ast.TriggerUpdate
			if p.accept("of") {
				s.Columns = append(s.Columns, p.nameList()...)
			}
			last = p.i // PostgreSQL has looked for OF, or for a comma, by now
		}
		if s.Events&event != 0 {
			t := p.toks[last]
			if t.kind == tokEOF {
				raise(int(t.pos), codeSyntax, "duplicate trigger events specified at end of input")
			}
			raise(int(t.pos), codeSyntax, `duplicate trigger events specified at or near "%s"`, p.src[t.pos:t.end])
		}
		s.Events |= event
		if !p.accept("or") {
			return
		}
	}
}

func (p *parser) triggerTransitions(s *ast.CreateTriggerStmt) {
	if !p.accept("referencing") {
		return
	}
	for {
		t := &ast.TriggerTransition{New: p.accept("new")}
		if !t.New {
			p.expect("old")
		}
		if t.Table = p.accept("table"); !t.Table {
			p.expect("row")
		}
		p.accept("as")
		t.Name = p.colID()
		s.Transitions = append(s.Transitions, t)
		if !p.is("new") && !p.is("old") {
			return
		}
	}
}

// triggerArgs parses literals and words. The grammar's list may begin with a
// comma.
func (p *parser) triggerArgs(s *ast.CreateTriggerStmt) {
	if p.is(")") {
		return
	}
	p.accept(",")
	for {
		t := p.tok()
		if !t.isNumber() && t.kind != tokString && !t.isColLabel() {
			p.fail()
		}
		s.Args = append(s.Args, p.word())
		if !p.accept(",") {
			return
		}
	}
}

// parseCreateRule parses what follows CREATE [OR REPLACE] RULE.
func (p *parser) parseCreateRule(at ast.At, orReplace bool) ast.Stmt {
	s := &ast.CreateRuleStmt{At: at, OrReplace: orReplace, Name: p.colID()}
	p.expect("as", "on")
	if !p.is("select") && !p.is("update") && !p.is("delete") && !p.is("insert") {
		p.fail()
	}
	s.Event = p.word()
	p.expect("to")
	s.Table = p.qualifiedName()
	if p.accept("where") {
		p.expr(&s.Where)
	}
	p.expect("do")
	if p.accept("instead") {
		s.Instead = true
	} else {
		p.accept("also")
	}
	switch {
	case p.accept("nothing"):
	case p.is("(") && p.isRuleActionList():
		s.Actions = p.stmtRoom(int(p.tok().match))
		p.advance()
		for {
			if !p.is(";") && !p.is(")") {
				p.ruleAction(&s.Actions)
			}
			if !p.accept(";") {
				break
			}
		}
		p.expect(")")
	default:
		s.Actions = make([]ast.Stmt, 0, 1)
		p.ruleAction(&s.Actions)
	}
	return s
}

// isRuleActionList reports whether the parenthesis at hand encloses a list of
// actions, rather than the first operand of a query: after it the rule ends.
func (p *parser) isRuleActionList() bool {
	match := int(p.tok().match)
	if match < 0 || match+1 >= len(p.toks) {
		return true
	}
	t := &p.toks[match+1]
	return !(t.isWord("union") || t.isWord("intersect") || t.isWord("except") || t.isWord("order") ||
		t.isWord("limit") || t.isWord("offset") || t.isWord("fetch") || t.isWord("for"))
}

func (p *parser) ruleAction(actions *[]ast.Stmt) {
	if !p.is("notify") && (!p.startsPreparable() || p.is("merge")) {
		p.fail()
	}
	p.embedded(actions)
}
