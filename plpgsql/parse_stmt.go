package plpgsql

import (
	"strings"

	"rowkey/parser"
	"rowkey/pgerr"
	"rowkey/types"
)

// statements takes statements up to one of the words, which it leaves.
func (c *compiler) statements(ends ...string) []stmt {
	var out []stmt
	for {
		for _, e := range ends {
			if c.is(e) {
				return out
			}
		}
		if c.tok().Kind == parser.TokenEnd {
			c.syntax()
		}
		if c.accept(";") {
			continue
		}
		out = append(out, c.statement())
	}
}

func (c *compiler) at(what string) at { return at{c.line(), what} }

// statement takes one statement with its semicolon.
func (c *compiler) statement() stmt {
	label := c.label()
	t := c.tok()
	if t.Kind == parser.TokenWord && !t.Quoted {
		switch t.Text {
		case "declare", "begin":
			b := c.block(label)
			c.expect(";")
			return b
		case "loop", "while", "for", "foreach":
			return c.loop(label)
		}
	}
	if label != "" {
		c.syntax()
	}
	if s, ok := c.assignment(); ok {
		return s
	}
	if t.Kind == parser.TokenWord && !t.Quoted {
		switch t.Text {
		case "if":
			return c.ifStmt()
		case "case":
			return c.caseStmt()
		case "exit", "continue":
			return c.exitStmt()
		case "return":
			return c.returnStmt()
		case "raise":
			return c.raiseStmt()
		case "assert":
			return c.assertStmt()
		case "perform":
			return c.performStmt()
		case "execute":
			return c.executeStmt()
		case "get":
			return c.diagnosticsStmt()
		case "open":
			return c.openStmt()
		case "fetch", "move":
			return c.fetchStmt()
		case "close":
			s := &stmtClose{at: c.at("CLOSE")}
			c.i++
			s.v, _ = c.variable()
			c.expect(";")
			return s
		case "null":
			s := &stmtNull{c.at("NULL")}
			c.i++
			c.expect(";")
			return s
		case "commit", "rollback":
			return c.commitStmt()
		case "call", "do":
			what := "CALL"
			if t.Text == "do" {
				what = "DO"
			}
			s := &stmtCall{at: c.at(what)}
			s.query = c.query(";")
			c.expect(";")
			return s
		}
	}
	return c.sqlStmt()
}

// assignment takes target := expression, if that is what there is.
func (c *compiler) assignment() (stmt, bool) {
	start := c.i
	line := c.at("assignment")
	k := c.tok().Kind
	if k != parser.TokenWord && k != parser.TokenParam {
		return nil, false
	}
	first := c.tok().Pos
	// Look ahead: a name, its fields and subscripts, then := or =.
	n, depth := 1, 0
	for {
		t := c.peek(n)
		if depth == 0 && (isTok(t, ":=") || isTok(t, "=")) {
			break
		}
		switch {
		case isTok(t, "["):
			depth++
		case isTok(t, "]"):
			depth--
		case depth > 0 && t.Kind != parser.TokenEnd && !isTok(t, ";"):
		case depth == 0 && (isTok(t, ".") || t.Kind == parser.TokenWord && isTok(c.peek(n-1), ".")):
		default:
			return nil, false
		}
		n++
	}
	v, fields := c.variable()
	pathStart := c.tok().Pos
	end := pathStart
	for c.i < start+n {
		end = c.tok().End
		c.i++
	}
	c.i = start + n
	c.i++ // := or =
	va := c.fn.Vars[v]
	if va.Const {
		c.failAt(first, pgerr.ErrorInAssignment, "variable %q is declared CONSTANT", va.Name)
	}
	s := &stmtAssign{at: line, to: place{v: v}}
	s.expr = c.expr(";")
	shownEnd := c.toks[c.i-1].End
	s.expr.Kind = ExprAssign
	s.expr.Shown = c.src[first:shownEnd]
	s.expr.Offset = len([]rune(s.expr.Shown)) - len([]rune(s.expr.Text)) + s.expr.Prefix
	path := ""
	for _, f := range fields {
		path += "." + quoteName(f)
	}
	if pathStart < end {
		path += c.src[pathStart:end]
	}
	switch {
	case path == "":
		if !va.Record {
			s.expr.Target = v
		}
	case va.Record && len(fields) == 1 && pathStart >= end:
		s.to.field = fields[0]
	default:
		if va.Record && va.Type.OID == types.Record.OID {
			c.failAt(first, pgerr.FeatureNotSupported, "assignment to a part of a field of record %q is not supported", va.Name)
		}
		s.expr.Target, s.expr.TargetPath, s.path = v, path, true
	}
	c.expect(";")
	return s, true
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func (c *compiler) ifStmt() stmt {
	s := &stmtIf{at: c.at("IF")}
	c.expect("if")
	for {
		s.conds = append(s.conds, c.expr("then"))
		c.expect("then")
		s.thens = append(s.thens, c.statements("elsif", "elseif", "else", "end"))
		if c.accept("elsif") || c.accept("elseif") {
			continue
		}
		break
	}
	if c.accept("else") {
		s.els = c.statements("end")
	}
	c.expect("end", "if", ";")
	return s
}

func (c *compiler) caseStmt() stmt {
	s := &stmtCase{at: c.at("CASE"), v: -1}
	c.expect("case")
	if !c.is("when") {
		s.arg = c.expr("when")
		s.v = c.addVar(&Var{Name: "__Case__Variable_" + itoa(len(c.fn.Vars)) + "__", Mod: -1})
	}
	for c.accept("when") {
		start, end := c.until("then")
		if s.arg != nil {
			// CASE x WHEN a, b: x IN (a, b), x the hidden variable
			name := c.fn.Vars[s.v].Name
			scope := &Scope{up: c.scope, names: map[string]int{name: s.v}, fn: c.fn}
			text := c.src[start:end]
			e := &Expr{Text: "SELECT \"" + name + "\" IN (" + text + ")", Shown: "\"" + name + "\" IN (" + text + ")", Prefix: 7, Scope: scope, Target: -1}
			c.parseSQL(e, start)
			s.conds = append(s.conds, e)
		} else {
			s.conds = append(s.conds, c.valueExpr(start, end))
		}
		c.expect("then")
		s.thens = append(s.thens, c.statements("when", "else", "end"))
	}
	if c.accept("else") {
		s.has = true
		s.els = c.statements("end")
	}
	c.expect("end", "case", ";")
	return s
}

func (c *compiler) loopBody(label string) []stmt {
	c.expect("loop")
	c.loops = append(c.loops, loopLabel{label, true})
	body := c.statements("end")
	c.loops = c.loops[:len(c.loops)-1]
	c.expect("end", "loop")
	c.endLabel(label)
	c.expect(";")
	return body
}

func (c *compiler) loop(label string) stmt {
	switch {
	case c.is("loop"):
		s := &stmtLoop{at: c.at("LOOP"), label: label}
		s.body = c.loopBody(label)
		return s
	case c.is("while"):
		s := &stmtWhile{at: c.at("WHILE"), label: label}
		c.i++
		s.cond = c.expr("loop")
		s.body = c.loopBody(label)
		return s
	case c.is("foreach"):
		s := &stmtForeach{at: c.at("FOREACH over array"), label: label}
		c.i++
		s.to = c.forTarget()
		if c.accept("slice") {
			s.slice = int(c.tok().Text[0] - '0')
			c.i++
		}
		c.expect("in", "array")
		s.expr = c.expr("loop")
		s.body = c.loopBody(label)
		return s
	}
	return c.forLoop(label)
}

// forTarget takes the variables that a loop assigns to.
func (c *compiler) forTarget() target {
	v, fields := c.variable()
	if len(fields) == 0 && c.fn.Vars[v].Record && !c.is(",") {
		return target{record: v}
	}
	t := target{record: -1, list: []place{c.place(v, fields)}}
	for c.accept(",") {
		v, fields := c.variable()
		t.list = append(t.list, c.place(v, fields))
	}
	return t
}

func (c *compiler) place(v int, fields []string) place {
	if len(fields) > 0 {
		return place{v, fields[0]}
	}
	if c.fn.Vars[v].Const {
		c.fail(pgerr.Newf(pgerr.ErrorInAssignment, "variable %q is declared CONSTANT", c.fn.Vars[v].Name))
	}
	return place{v: v}
}

// forLoop takes FOR: over integers, a query, EXECUTE or a cursor.
func (c *compiler) forLoop(label string) stmt {
	line := c.line()
	c.expect("for")
	// Is there a .. before LOOP? Then it is a loop over integers.
	integers, depth := false, 0
	for n := 0; ; n++ {
		t := c.peek(n)
		if t.Kind == parser.TokenEnd || depth == 0 && (isTok(t, "loop") || isTok(t, ";")) {
			break
		}
		switch {
		case isTok(t, "("):
			depth++
		case isTok(t, ")"):
			depth--
		case isTok(t, ".."):
			integers = true
		}
	}
	if integers {
		name := c.tok()
		s := &stmtFor{at: at{line, "FOR with integer loop variable"}, label: label}
		loopVar := c.word()
		if c.is(",") {
			c.failAt(name.Pos, pgerr.SyntaxError, "integer FOR loop must have only one target variable")
		}
		c.expect("in")
		s.reverse = c.accept("reverse")
		s.lower = c.expr("..")
		c.expect("..")
		s.upper = c.expr("loop", "by")
		if c.accept("by") {
			s.step = c.expr("loop")
		}
		done := c.push(label)
		s.v = c.addVar(&Var{Name: loopVar, Line: line, Type: types.Int4, Mod: -1})
		c.scope.names[loopVar] = s.v
		s.body = c.loopBody(label)
		done()
		return s
	}
	start := c.i
	s := &stmtForQuery{label: label, cursor: -1}
	nameTok := c.tok()
	// The loop variable of a cursor loop need not be declared.
	k := c.i
	for !isTok(&c.toks[k], "in") && c.toks[k].Kind != parser.TokenEnd {
		k++
	}
	if c.toks[k].Kind != parser.TokenEnd && c.toks[k+1].Kind == parser.TokenWord && !isTok(&c.toks[k+1], "execute") {
		if v, used, ok := c.scope.Find([]string{c.toks[k+1].Text}); ok && used == 1 && c.fn.Vars[v].Type == types.RefCursor &&
			(isTok(&c.toks[k+2], "loop") || isTok(&c.toks[k+2], "(")) {
			s.at = at{line, "FOR over cursor"}
			if c.fn.Vars[v].Cursor == nil {
				c.failAt(c.toks[k+1].Pos, pgerr.SyntaxError, "cursor FOR loop must use a bound cursor variable")
			}
			rec := c.word()
			c.i = k + 2
			s.cursor = v
			s.args = c.cursorArgs(v)
			done := c.push(label)
			r := c.addVar(&Var{Name: rec, Line: line, Type: types.Record, Mod: -1, Record: true})
			c.scope.names[rec] = r
			s.to = target{record: r}
			s.body = c.loopBody(label)
			done()
			return s
		}
	}
	c.i = start
	if _, _, ok := c.scope.Find([]string{nameTok.Text}); !ok {
		c.failAt(nameTok.Pos, pgerr.SyntaxError, "loop variable of loop over rows must be a record variable or list of scalar variables")
	}
	s.to = c.forTarget()
	c.expect("in")
	if c.accept("execute") {
		s.at = at{line, "FOR over EXECUTE statement"}
		s.dyn = c.expr("loop", "using")
		s.using = c.using("loop")
	} else {
		s.at = at{line, "FOR over SELECT rows"}
		s.query = c.query("loop")
	}
	s.body = c.loopBody(label)
	return s
}

// using takes USING a, b, … up to one of the words.
func (c *compiler) using(ends ...string) []*Expr {
	if !c.accept("using") {
		return nil
	}
	var out []*Expr
	for {
		out = append(out, c.expr(append(append([]string{}, ends...), ",")...))
		if !c.accept(",") {
			return out
		}
	}
}

// cursorArgs takes the arguments of a bound cursor.
func (c *compiler) cursorArgs(v int) []*Expr {
	names := c.fn.Vars[v].CursorArgs
	if len(names) == 0 {
		if c.is("(") {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "cursor %q has no arguments", c.fn.Vars[v].Name)
		}
		return nil
	}
	if !c.is("(") {
		c.failAt(c.tok().Pos, pgerr.SyntaxError, "cursor %q has arguments", c.fn.Vars[v].Name)
	}
	c.i++
	out := make([]*Expr, len(names))
	for n := 0; ; n++ {
		at := n
		if c.tok().Kind == parser.TokenWord && isTok(c.peek(1), ":=") {
			name := c.tok()
			at = -1
			for i, a := range names {
				if c.fn.Vars[a].Name == name.Text {
					at = i
				}
			}
			if at < 0 {
				c.failAt(name.Pos, pgerr.SyntaxError, "cursor %q has no argument named %q", c.fn.Vars[v].Name, name.Text)
			}
			c.i += 2
		}
		if at >= len(names) {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "too many arguments for cursor %q", c.fn.Vars[v].Name)
		}
		if out[at] != nil {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "value for parameter %q of cursor %q specified more than once", c.fn.Vars[names[at]].Name, c.fn.Vars[v].Name)
		}
		out[at] = c.expr(",", ")")
		if !c.accept(",") {
			break
		}
	}
	for _, e := range out {
		if e == nil {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "not enough arguments for cursor %q", c.fn.Vars[v].Name)
		}
	}
	c.expect(")")
	return out
}

func (c *compiler) exitStmt() stmt {
	s := &stmtExit{exit: c.is("exit")}
	word := "EXIT"
	if !s.exit {
		word = "CONTINUE"
	}
	s.at = c.at(word)
	t := c.tok()
	c.i++
	if c.tok().Kind == parser.TokenWord && !c.is("when") {
		pos := c.tok().Pos
		s.label = c.word()
		found, loop := false, false
		for _, l := range c.loops {
			if l.name == s.label {
				found, loop = true, l.loop
			}
		}
		if !found {
			c.failAt(pos, pgerr.SyntaxError, "there is no label %q attached to any block or loop enclosing this statement", s.label)
		}
		if !s.exit && !loop {
			c.failAt(pos, pgerr.SyntaxError, "block label %q cannot be used in CONTINUE", s.label)
		}
	} else {
		in := false
		for _, l := range c.loops {
			in = in || l.loop
		}
		if !in {
			if s.exit {
				c.failAt(t.Pos, pgerr.SyntaxError, "EXIT cannot be used outside a loop, unless it has a label")
			}
			c.failAt(t.Pos, pgerr.SyntaxError, "CONTINUE cannot be used outside a loop")
		}
	}
	if c.accept("when") {
		s.when = c.expr(";")
	}
	c.expect(";")
	return s
}

func (c *compiler) returnStmt() stmt {
	line := c.line()
	c.expect("return")
	switch {
	case c.is("next"):
		c.i++
		s := &stmtReturnNext{at: at{line, "RETURN NEXT"}, v: -1}
		if !c.fn.SetOf {
			c.failAt(c.toks[c.i-1].Pos, pgerr.DatatypeMismatch, "cannot use RETURN NEXT in a non-SETOF function")
		}
		if len(c.fn.Outs) > 0 {
			if !c.is(";") {
				c.failAt(c.tok().Pos, pgerr.DatatypeMismatch, "RETURN NEXT cannot have a parameter in function with OUT parameters")
			}
		} else {
			s.expr = c.expr(";")
			s.v = c.loneVariable(s.expr)
		}
		c.expect(";")
		return s
	case c.is("query"):
		c.i++
		s := &stmtReturnQuery{at: at{line, "RETURN QUERY"}}
		if !c.fn.SetOf {
			c.failAt(c.toks[c.i-1].Pos, pgerr.DatatypeMismatch, "cannot use RETURN QUERY in a non-SETOF function")
		}
		if c.accept("execute") {
			s.dyn = c.expr(";", "using")
			s.using = c.using(";")
		} else {
			s.query = c.query(";")
		}
		c.expect(";")
		return s
	}
	s := &stmtReturn{at: at{line, "RETURN"}, v: -1}
	pos := c.tok().Pos
	empty := c.is(";")
	switch {
	case c.fn.SetOf:
		if !empty {
			e := "RETURN cannot have a parameter in function returning set"
			c.failHint(pos, pgerr.DatatypeMismatch, e, "Use RETURN NEXT or RETURN QUERY.")
		}
	case c.fn.Procedure && c.fn.Result == nil, c.fn.Procedure:
		if !empty {
			c.failAt(pos, pgerr.SyntaxError, "RETURN cannot have a parameter in a procedure")
		}
	case c.fn.Result == types.Void:
		if !empty {
			c.failAt(pos, pgerr.DatatypeMismatch, "RETURN cannot have a parameter in function returning void")
		}
	case len(c.fn.Outs) > 0:
		if !empty {
			c.failAt(pos, pgerr.DatatypeMismatch, "RETURN cannot have a parameter in function with OUT parameters")
		}
	default:
		if empty {
			c.failAt(pos, pgerr.SyntaxError, "missing expression at or near \";\"")
		}
		s.expr = c.expr(";")
		s.v = c.loneVariable(s.expr)
	}
	c.expect(";")
	return s
}

func (c *compiler) failHint(pos int, code, msg, hint string) {
	defer func() {
		if f, ok := recover().(failure); ok {
			e := *pgerr.Of(f.err)
			e.Hint = hint
			panic(failure{&e})
		}
	}()
	c.failAt(pos, code, "%s", msg)
}

// loneVariable tells which variable an expression is, if it is no more than that; else -1.
func (c *compiler) loneVariable(e *Expr) int {
	name := strings.ToLower(strings.TrimSpace(e.Shown))
	if v, used, ok := c.scope.Find([]string{name}); ok && used == 1 {
		return v
	}
	return -1
}

func (c *compiler) raiseStmt() stmt {
	s := &stmtRaise{at: c.at("RAISE"), level: "exception"}
	c.expect("raise")
	if c.accept(";") {
		s.bare = true
		return s
	}
	for _, l := range []string{"exception", "warning", "notice", "info", "log", "debug"} {
		if c.accept(l) {
			s.level = l
			break
		}
	}
	t := c.tok()
	switch {
	case t.Kind == parser.TokenString:
		s.format, s.hasFormat = t.Text, true
		c.i++
		for c.accept(",") {
			s.args = append(s.args, c.expr(",", ";", "using"))
		}
		want := strings.Count(strings.ReplaceAll(s.format, "%%", ""), "%")
		if len(s.args) != want {
			few := "too few parameters specified for RAISE"
			if len(s.args) > want {
				few = "too many parameters specified for RAISE"
			}
			c.fail(pgerr.New(pgerr.SyntaxError, few))
		}
	case c.is("using"), c.is(";"):
	case c.is("sqlstate") && c.peek(1).Kind == parser.TokenString:
		c.i++
		s.code = c.tok().Text
		if !validState(s.code) {
			c.failAt(c.tok().Pos, pgerr.SyntaxError, "invalid SQLSTATE code")
		}
		c.i++
	case t.Kind == parser.TokenWord:
		s.condition = c.word()
		codes := conditionCodes(s.condition)
		if codes == nil {
			c.fail(pgerr.Newf(pgerr.UndefinedObject, "unrecognized exception condition %q", s.condition))
		}
		s.code = codes[0]
	default:
		c.syntax()
	}
	if c.accept("using") {
		for {
			pos := c.tok().Pos
			name := c.word()
			switch name {
			case "errcode", "message", "detail", "hint", "column", "constraint", "datatype", "table", "schema":
			default:
				c.failAt(pos, pgerr.SyntaxError, "unrecognized RAISE statement option")
			}
			if !c.accept(":=") {
				c.expect("=")
			}
			s.options = append(s.options, raiseOption{name, c.expr(",", ";")})
			if !c.accept(",") {
				break
			}
		}
	}
	c.expect(";")
	return s
}

func (c *compiler) assertStmt() stmt {
	s := &stmtAssert{at: c.at("ASSERT")}
	c.expect("assert")
	s.cond = c.expr(",", ";")
	if c.accept(",") {
		s.message = c.expr(";")
	}
	c.expect(";")
	return s
}

func (c *compiler) performStmt() stmt {
	s := &stmtPerform{at: c.at("PERFORM")}
	c.expect("perform")
	start, end := c.until(";")
	text := c.src[start:end]
	s.query = &Expr{Text: "SELECT " + text, Shown: "SELECT " + text, Scope: c.scope, Target: -1, Kind: ExprQuery}
	check := *s.query
	check.Prefix = 7
	c.parseSQL(&check, start)
	c.expect(";")
	return s
}

func (c *compiler) executeStmt() stmt {
	s := &stmtExecute{at: c.at("EXECUTE")}
	c.expect("execute")
	s.text = c.expr("into", "using", ";")
	for {
		switch {
		case c.is("into"):
			if s.into != nil {
				c.syntax()
			}
			c.i++
			s.strict = c.accept("strict")
			t := c.forTarget()
			s.into = &t
		case c.is("using"):
			if s.using != nil {
				c.syntax()
			}
			s.using = c.using(";", "into")
		default:
			c.expect(";")
			return s
		}
	}
}

func (c *compiler) diagnosticsStmt() stmt {
	s := &stmtDiagnostics{at: c.at("GET DIAGNOSTICS")}
	c.expect("get")
	if c.accept("stacked") {
		s.stacked = true
		s.what = "GET STACKED DIAGNOSTICS"
	} else {
		c.accept("current")
	}
	c.expect("diagnostics")
	for {
		v, fields := c.variable()
		if !c.accept(":=") {
			c.expect("=")
		}
		pos := c.tok().Pos
		item := c.word()
		switch item {
		case "row_count", "pg_context":
			if s.stacked {
				c.failAt(pos, pgerr.SyntaxError, "diagnostics item %s is not allowed in GET STACKED DIAGNOSTICS", strings.ToUpper(item))
			}
		case "returned_sqlstate", "message_text", "pg_exception_detail", "pg_exception_hint", "pg_exception_context", "column_name", "constraint_name",
			"pg_datatype_name", "table_name", "schema_name":
			if !s.stacked {
				c.failAt(pos, pgerr.SyntaxError, "diagnostics item %s is not allowed in GET CURRENT DIAGNOSTICS", strings.ToUpper(item))
			}
		default:
			c.failAt(pos, pgerr.SyntaxError, "unrecognized GET DIAGNOSTICS item")
		}
		s.items = append(s.items, diagnostic{item, c.place(v, fields)})
		if !c.accept(",") {
			break
		}
	}
	c.expect(";")
	return s
}

func (c *compiler) openStmt() stmt {
	s := &stmtOpen{at: c.at("OPEN")}
	c.expect("open")
	pos := c.tok().Pos
	s.v, _ = c.variable()
	v := c.fn.Vars[s.v]
	if v.Type != types.RefCursor {
		c.failAt(pos, pgerr.DatatypeMismatch, "variable %q must be of type cursor or refcursor", v.Name)
	}
	if v.Cursor != nil {
		s.args = c.cursorArgs(s.v)
		c.expect(";")
		return s
	}
	yes, no := true, false
	switch {
	case c.accept("no", "scroll"):
		s.scroll = &no
	case c.accept("scroll"):
		s.scroll = &yes
	}
	c.expect("for")
	if c.accept("execute") {
		s.dyn = c.expr("using", ";")
		s.using = c.using(";")
	} else {
		s.query = c.query(";")
	}
	c.expect(";")
	return s
}

func (c *compiler) fetchStmt() stmt {
	s := &stmtFetch{move: c.is("move"), direction: "next"}
	s.at = c.at("FETCH")
	if s.move {
		s.what = "MOVE"
	}
	c.i++
	switch {
	case c.accept("next"), c.accept("prior"), c.accept("first"), c.accept("last"):
		s.direction = c.toks[c.i-1].Text
	case c.accept("absolute"), c.accept("relative"):
		s.direction = c.toks[c.i-1].Text
		s.count = c.expr("from", "in")
	case c.accept("all"):
		s.direction = "forward all"
	case c.accept("forward"), c.accept("backward"):
		s.direction = c.toks[c.i-1].Text
		switch {
		case c.accept("all"):
			s.direction += " all"
		case c.is("from"), c.is("in"):
		default:
			if _, _, ok := c.scope.Find([]string{c.tok().Text}); !ok {
				s.count = c.expr("from", "in")
			}
		}
	}
	if !c.accept("from") {
		c.accept("in")
	}
	s.v, _ = c.variable()
	if !s.move {
		c.expect("into")
		t := c.forTarget()
		s.to = &t
	}
	c.expect(";")
	return s
}

func (c *compiler) commitStmt() stmt {
	s := &stmtCommit{rollback: c.is("rollback")}
	s.at = c.at(strings.ToUpper(c.tok().Text))
	c.i++
	switch {
	case c.accept("and", "no", "chain"):
	case c.accept("and", "chain"):
		s.chain = true
	}
	c.expect(";")
	return s
}

// sqlStmt takes a statement of SQL, its INTO taken out.
func (c *compiler) sqlStmt() stmt {
	s := &stmtSQL{at: c.at("SQL statement")}
	first := c.tok()
	if first.Kind != parser.TokenWord && !isTok(first, "(") {
		c.syntax()
	}
	if first.Text == "import" || first.Text == "create" { // INTO there is another thing
		s.query = c.query(";")
		c.expect(";")
		return s
	}
	start := first.Pos
	var text strings.Builder
	from := start
	depth := 0
	for {
		t := c.tok()
		if t.Kind == parser.TokenEnd || depth == 0 && isTok(t, ";") {
			break
		}
		switch {
		case isTok(t, "("), isTok(t, "["):
			depth++
		case isTok(t, ")"), isTok(t, "]"):
			depth--
		}
		prev := &parser.Token{}
		if c.i > 0 {
			prev = &c.toks[c.i-1]
		}
		if isTok(t, "into") && depth == 0 && !isTok(prev, "insert") && !isTok(prev, "merge") {
			if s.into != nil {
				c.failAt(t.Pos, pgerr.SyntaxError, "INTO specified more than once")
			}
			text.WriteString(c.src[from:t.Pos])
			c.i++
			s.strict = c.accept("strict")
			into := c.intoTarget()
			s.into = &into
			from = c.tok().Pos
			text.WriteString(strings.Repeat(" ", from-t.Pos))
			continue
		}
		c.i++
	}
	end := c.toks[c.i-1].End
	if end < from {
		end = from
	}
	text.WriteString(c.src[from:end])
	s.query = c.queryExpr(strings.TrimRight(text.String(), " \t\n"), start)
	c.expect(";")
	return s
}

// intoTarget takes the variables behind INTO.
func (c *compiler) intoTarget() target {
	t := c.tok()
	if t.Kind != parser.TokenWord && t.Kind != parser.TokenParam {
		c.syntax()
	}
	return c.forTarget()
}
