package parser

import (
	"strconv"

	"rowkey/parser/ast"
)

// ---- lists ----

// listOf parses one, one, …
func listOf[T any](p *parser, one func(*parser) T) []T {
	out := []T{one(p)}
	for p.accept(",") {
		out = append(out, one(p))
	}
	return out
}

// parenListOf parses (one, one, …).
func parenListOf[T any](p *parser, one func(*parser) T) []T {
	p.expect("(")
	out := listOf(p, one)
	p.expect(")")
	return out
}

// optParenNames parses [(a, b)].
func (p *parser) optParenNames() []string {
	if p.is("(") {
		return p.parenNames()
	}
	return nil
}

func (p *parser) anyNameList() [][]string { return listOf(p, (*parser).anyName) }

func (p *parser) qualifiedNameList() []*ast.RangeVar { return listOf(p, (*parser).qualifiedName) }

func (p *parser) relationList() []*ast.RangeVar { return listOf(p, (*parser).relationExpr) }

func (p *parser) typeList() []*ast.TypeName { return listOf(p, (*parser).typeName) }

// funcName parses func_name: a single name may not be one of the words that
// have a call syntax of their own, the first of a dotted one not one that is
// reserved for functions and types.
func (p *parser) funcName() []string {
	if p.isAt(1, ".") {
		name := []string{p.colID()}
		for p.accept(".") {
			name = append(name, p.colLabel())
		}
		return name
	}
	t := p.tok()
	if t.kind == tokKeyword && t.class == colName {
		p.advance() // it could have been the first of a dotted name
		p.fail()
	}
	return []string{p.typeFuncName()}
}

// handlerName parses name [. attr …].
func (p *parser) handlerName() []string { return p.anyName() }

// ---- literals ----

// wordOrString parses NonReservedWord_or_Sconst.
func (p *parser) wordOrString() string {
	if p.tok().kind == tokString {
		return p.stringConst()
	}
	return p.nonReserved()
}

func (t *token) isNumber() bool { return t.kind == tokInt || t.kind == tokFloat }

// word takes the current word, whatever its class.
func (p *parser) word() string {
	text := p.tok().text
	p.advance()
	return text
}

func (t *token) isNonReserved() bool {
	return t.kind == tokIdent || t.kind == tokKeyword && t.class != reserved
}

// isNumericOnly reports whether a number with an optional sign follows.
func (p *parser) isNumericOnly() bool {
	return p.peek(0).isNumber() || (p.is("+") || p.is("-")) && p.peek(1).isNumber()
}

// numberText parses a number with an optional sign into its text, which keeps
// only a minus; leading zeros of an integer go, as in PostgreSQL.
func (p *parser) numberText() string {
	c := p.numericOnly()
	if c.Kind == ast.ConstInt {
		return strconv.Itoa(int(c.Int))
	}
	return c.Text
}

// signedIntText parses an integer with an optional sign into its text.
func (p *parser) signedIntText() string { return strconv.Itoa(p.signedInt()) }

// boolOrString parses opt_boolean_or_string into an option's value.
func (p *parser) boolOrString(o *ast.Option) {
	switch {
	case p.tok().kind == tokString:
		o.Kind, o.Text = ast.OptionString, p.stringConst()
	case p.is("true"), p.is("false"), p.is("on"):
		o.Kind, o.Text = ast.OptionWord, p.word()
	default:
		o.Kind, o.Text = ast.OptionWord, p.nonReserved()
	}
}

// isBoolOrString reports whether opt_boolean_or_string can start here.
func (p *parser) isBoolOrString() bool {
	return p.tok().kind == tokString || p.is("true") || p.is("false") || p.is("on") || p.tok().isNonReserved()
}

// anyOperator parses an operator's name, possibly qualified (any_operator).
func (p *parser) anyOperator() []string {
	var name []string
	for p.tok().isColID() && p.isAt(1, ".") {
		name = append(name, p.colID())
		p.advance()
	}
	if p.tok().kind != tokOp || p.is("=>") {
		if p.tok().isColID() {
			p.advance() // a name here wants a dot behind it
		}
		p.fail()
	}
	return append(name, p.word())
}

// qualAllOp parses an operator, or OPERATOR(schema.op).
func (p *parser) qualAllOp() []string {
	if p.accept("operator") {
		p.expect("(")
		name := p.anyOperator()
		p.expect(")")
		return name
	}
	return p.anyOperator()
}

// ---- expressions that must look like calls ----

// funcExpr takes a function call without an aggregate's or a window's clauses
// (func_expr_windowless), as indexes and partitions do.
func (p *parser) funcExpr(dest *ast.Expr) {
	t := p.tok()
	if t.kind == tokKeyword && !(t.text == "current_schema" && p.isAt(1, "(")) { // which is a function then
		switch t.text {
		case "coalesce", "greatest", "least", "nullif", "cast", "treat", "extract", "normalize", "overlay",
			"position", "substring", "trim", "collation", "xmlconcat", "xmlelement", "xmlexists", "xmlforest",
			"xmlparse", "xmlpi", "xmlroot", "xmlserialize", "current_date", "current_time", "current_timestamp",
			"localtime", "localtimestamp", "current_role", "current_user", "user", "session_user",
			"current_catalog", "current_schema":
			p.begin(slot{expr: dest})
			if p.keywordAtom(t) {
				return
			}
			p.advance()
			p.fail()
		}
	}
	p.funcApplication(dest)
}

// funcApplication takes name(arguments).
func (p *parser) funcApplication(dest *ast.Expr) *ast.FuncCall {
	f := &ast.FuncCall{At: p.here(), Name: p.funcName()}
	p.begin(slot{expr: dest})
	c := p.open(hole{kind: holeParts, expr: f})
	p.funcArgs(f)
	p.close(c)
	return f
}

// embedded takes a statement inside another onto *list, which must have room
// for it: it may not move before its gaps are filled.
func (p *parser) embedded(list *[]ast.Stmt) {
	if len(*list) == cap(*list) {
		raise(p.pos(), codeInternal, "parser: no room for a statement within another")
	}
	*list = append(*list, nil)
	dest := &(*list)[len(*list)-1]
	if p.startsPreparable() {
		p.preparable(dest)
		return
	}
	if *dest = p.parseUtility(); *dest != nil {
		return
	}
	if *dest = p.parseDDL(); *dest == nil {
		p.fail()
	}
}

// stmtRoom makes a list that has room for as many statements as there are
// semicolons from here to the end of a parenthesis or of BEGIN ATOMIC, and one
// more. An END of the latter, unlike that of a CASE, stands behind a semicolon.
func (p *parser) stmtRoom(paren int) []ast.Stmt {
	n, depth := 1, 0
	for i := p.i; i < len(p.toks) && i != paren; i++ {
		switch t := &p.toks[i]; {
		case t.isWord(";"):
			n++
		case i == 0:
		case t.isWord("atomic") && p.toks[i-1].isWord("begin"):
			depth++
		case t.isWord("end") && (p.toks[i-1].isWord(";") || p.toks[i-1].isWord("atomic")):
			if depth--; depth < 0 && paren < 0 {
				return make([]ast.Stmt, 0, n)
			}
		}
	}
	return make([]ast.Stmt, 0, n)
}

// simpleTypeName takes a type without array bounds (SimpleTypename).
func (p *parser) simpleTypeName() *ast.TypeName {
	t := &ast.TypeName{At: p.here()}
	p.simpleType(t, false)
	return t
}
