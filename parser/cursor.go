package parser

import (
	"strconv"
	"strings"

	"rowkey/parser/ast"
)

// parser walks the tokens of one query string. Its descent – here, in query.go,
// dml.go, expr.go and, for definitions and utilities, ddl*.go and utility*.go –
// builds the tree of every clause itself. What needs grouping by precedence
// (expressions, joins, queries) it leaves as a gap in the tree and emits; see
// rewrite.go. The gaps are filled when the statement has been read.
//
// The seam for a statement's descent:
//
//	look      is, isAt, tok, peek, pos, atEnd
//	take      accept, expect, advance
//	names     colID, typeFuncName, colLabel, nonReserved, anyName, qualifiedName,
//	          relationExpr, nameList, parenNames
//	literals  stringConst, intConst, signedInt, numericOnly
//	parts     typeName, funcType, expr, bExpr, exprList, query, preparable
//	refuse    fail, failAt; raise for errors that are not about syntax
//
// A failing function does not return: it panics with *Error, which Parse recovers.
type parser struct {
	src    string
	toks   []token
	i      int // the current token
	depth  int // of nesting, against maxDepth
	params int // the highest $n of this statement

	rewriter
}

// maxDepth bounds nesting, of the text and of the tree.
const maxDepth = 5000

// ---- look -----------------------------------------------------------------

// tok is the current token.
func (p *parser) tok() *token { return &p.toks[p.i] }

// peek is the token n places ahead; peek(0) is the current one.
func (p *parser) peek(n int) *token {
	if p.i+n < len(p.toks) {
		return &p.toks[p.i+n]
	}
	return &p.toks[len(p.toks)-1]
}

// pos is the current token's byte offset.
func (p *parser) pos() int { return int(p.toks[p.i].pos) }

// here is the current token's position, for a node.
func (p *parser) here() ast.At { return ast.At(p.toks[p.i].pos) }

// isWord reports whether the token is this keyword, operator or punctuation.
func (t *token) isWord(w string) bool {
	return t.text == w && (t.kind == tokKeyword || t.kind == tokPunct || t.kind == tokOp)
}

// is reports whether the next tokens are these: keywords in lower case,
// operators, punctuation.
func (p *parser) is(words ...string) bool {
	return p.isAt(0, words...)
}

// isAt is is, n places ahead.
func (p *parser) isAt(n int, words ...string) bool {
	for k, w := range words {
		if !p.peek(n + k).isWord(w) {
			return false
		}
	}
	return true
}

// isOne reports whether the current token is one of these words.
func (p *parser) isOne(words ...string) bool {
	t := p.tok()
	for _, w := range words {
		if t.isWord(w) {
			return true
		}
	}
	return false
}

// isWordIdent reports whether the current token is this word, be it a keyword
// or an unquoted name. It serves words that PostgreSQL compares by text.
func (p *parser) isWordIdent(w string) bool {
	t := p.tok()
	return (t.kind == tokIdent || t.kind == tokKeyword) && t.text == w
}

// atEnd reports whether the statement ends here: a semicolon or the end of the text.
func (p *parser) atEnd() bool {
	t := p.tok()
	return t.kind == tokEOF || t.kind == tokPunct && t.text == ";"
}

// ---- take -----------------------------------------------------------------

// advance moves past the current token, but never past the end.
func (p *parser) advance() {
	if p.i < len(p.toks)-1 {
		p.i++
	}
}

// accept moves past these words if they come next.
func (p *parser) accept(words ...string) bool {
	if !p.isAt(0, words...) {
		return false
	}
	p.i += len(words)
	return true
}

// expect moves past these words, or fails at the first that is missing.
func (p *parser) expect(words ...string) {
	for _, w := range words {
		if !p.tok().isWord(w) {
			p.fail()
		}
		p.i++
	}
}

// ---- refuse ---------------------------------------------------------------

// fail refuses the statement at the current token, in PostgreSQL's words.
func (p *parser) fail() { p.failAt(p.i) }

// failAt refuses the statement at the token of this index.
func (p *parser) failAt(i int) {
	t := &p.toks[min(i, len(p.toks)-1)]
	switch t.kind {
	case tokBad:
		panic(t.err)
	case tokEOF:
		raise(int(t.pos), codeSyntax, "syntax error at end of input")
	}
	raise(int(t.pos), codeSyntax, `syntax error at or near "%s"`, p.src[t.pos:t.end])
}

// unsupported refuses a statement that PostgreSQL would take and rowkey does not.
func (p *parser) unsupported(pos int, what string) {
	raise(pos, codeUnsupported, "%s is not supported", what)
}

// enter counts a level of nesting; leave it by `p.depth--`.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		tooDeep(p.pos())
	}
}

func tooDeep(pos int) {
	e := newError(pos, codeTooDeep, "stack depth limit exceeded")
	e.Hint = "The statement nests more than " + strconv.Itoa(maxDepth) + " levels deep."
	panic(e)
}

// ---- names ----------------------------------------------------------------

func (t *token) isColID() bool {
	return t.kind == tokIdent || t.kind == tokKeyword && (t.class == unreserved || t.class == colName)
}

func (t *token) isTypeFuncName() bool {
	return t.kind == tokIdent || t.kind == tokKeyword && (t.class == unreserved || t.class == typeFunc)
}

func (t *token) isColLabel() bool { return t.kind == tokIdent || t.kind == tokKeyword }

// colID takes a name of a column, table or most other things (ColId).
func (p *parser) colID() string {
	t := p.tok()
	if !t.isColID() {
		p.fail()
	}
	p.i++
	return t.text
}

// typeFuncName takes an unqualified name of a type or function (type_function_name).
func (p *parser) typeFuncName() string {
	t := p.tok()
	if !t.isTypeFuncName() {
		p.fail()
	}
	p.i++
	return t.text
}

// nonReserved takes any word but a reserved one (NonReservedWord).
func (p *parser) nonReserved() string {
	t := p.tok()
	if t.kind != tokIdent && (t.kind != tokKeyword || t.class == reserved) {
		p.fail()
	}
	p.i++
	return t.text
}

// colLabel takes any word at all (ColLabel).
func (p *parser) colLabel() string {
	t := p.tok()
	if !t.isColLabel() {
		p.fail()
	}
	p.i++
	return t.text
}

// anyName takes a possibly qualified name (any_name).
func (p *parser) anyName() []string {
	return p.attrs([]string{p.colID()})
}

// attrs takes the rest of a qualified name: .label .label
func (p *parser) attrs(name []string) []string {
	for p.tok().isWord(".") {
		p.i++
		name = append(name, p.colLabel())
	}
	return name
}

// qualifiedName takes the name of a relation.
func (p *parser) qualifiedName() *ast.RangeVar {
	at := p.here()
	r := &ast.RangeVar{At: at, Name: p.colID()}
	if !p.tok().isWord(".") {
		return r
	}
	p.setRangeName(r, p.attrs([]string{r.Name}))
	return r
}

// setRangeName puts a name of one to three parts into r.
func (p *parser) setRangeName(r *ast.RangeVar, name []string) {
	switch n := len(name); n {
	case 1:
		r.Name = name[0]
	case 2:
		r.Schema, r.Name = name[0], name[1]
	case 3:
		r.Catalog, r.Schema, r.Name = name[0], name[1], name[2]
	default:
		raise(r.Pos(), codeSyntax, "improper qualified name (too many dotted names): %s", strings.Join(name, "."))
	}
}

// relationExpr takes [ONLY] relation [*] (relation_expr).
func (p *parser) relationExpr() *ast.RangeVar {
	if p.accept("only") {
		var r *ast.RangeVar
		if p.accept("(") {
			r = p.qualifiedName()
			p.expect(")")
		} else {
			r = p.qualifiedName()
		}
		r.Only = true
		return r
	}
	r := p.qualifiedName()
	p.accept("*")
	return r
}

// nameList takes name, name, … (name_list).
func (p *parser) nameList() []string {
	return listOf(p, (*parser).colID)
}

// parenNames takes (name, name, …).
func (p *parser) parenNames() []string {
	p.expect("(")
	names := p.nameList()
	p.expect(")")
	return names
}

// ---- literals -------------------------------------------------------------

// stringConst takes a string literal (Sconst).
func (p *parser) stringConst() string {
	t := p.tok()
	if t.kind != tokString {
		p.fail()
	}
	p.i++
	return t.text
}

// intConst takes an unsigned integer that fits 32 bits (Iconst).
func (p *parser) intConst() int {
	t := p.tok()
	if t.kind != tokInt {
		p.fail()
	}
	p.i++
	n, _ := strconv.Atoi(t.text)
	return n
}

// signedInt takes an integer with an optional sign (SignedIconst).
func (p *parser) signedInt() int {
	if p.accept("-") {
		return -p.intConst()
	}
	p.accept("+")
	return p.intConst()
}

// numericOnly takes a number with an optional sign (NumericOnly).
func (p *parser) numericOnly() *ast.Const {
	at := p.here()
	neg := p.accept("-")
	if !neg {
		p.accept("+")
	}
	if k := p.tok().kind; k != tokInt && k != tokFloat {
		p.fail()
	}
	c := p.literal()
	if neg {
		negate(c, at)
	}
	return c
}

// literal takes the literal at the current token, which must be one.
func (p *parser) literal() *ast.Const {
	t := p.tok()
	c := &ast.Const{At: ast.At(t.pos), Text: t.text}
	setLiteral(c, t)
	p.i++
	return c
}

func setLiteral(c *ast.Const, t *token) {
	switch t.kind {
	case tokString:
		c.Kind = ast.ConstString
	case tokInt:
		c.Kind = ast.ConstInt
		n := 0
		for i := 0; i < len(t.text); i++ {
			n = n*10 + int(t.text[i]-'0')
		}
		c.Int = int32(n)
	case tokFloat:
		c.Kind = ast.ConstFloat
	case tokBits:
		c.Kind = ast.ConstBits
	case tokKeyword:
		c.Text = ""
		switch t.text {
		case "true":
			c.Kind, c.Bool = ast.ConstBool, true
		case "false":
			c.Kind = ast.ConstBool
		}
	}
}

// negate makes a minus sign part of a number, as PostgreSQL's doNegate does.
func negate(c *ast.Const, at ast.At) {
	c.At = at
	c.Int = -c.Int
	if strings.HasPrefix(c.Text, "-") {
		c.Text = c.Text[1:]
	} else {
		c.Text = "-" + c.Text
	}
}
