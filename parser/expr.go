package parser

import (
	"rowkey/parser/ast"
)

// This file takes expressions and emits their operators; copier.go says which
// comes when, atom.go takes the operands.

// exprMode says where an expression stands.
type exprMode uint8

const (
	modeFull       exprMode = iota // a_expr
	modeRestricted                 // b_expr
	modeTarget                     // a_expr that a label without AS may follow
	modeSubstring                  // a_expr that SIMILAR may follow
)

// exprSlot takes an expression into a gap. A single leaf fills it at once;
// anything else is emitted.
func (p *parser) exprSlot(s slot, mode exprMode) {
	if e := p.leaf(mode == modeRestricted); e != nil {
		p.set(s, e)
		return
	}
	p.begin(s)
	p.enter()
	p.copyExpr(mode)
	p.depth--
}

// leaf takes an expression that is a literal, parameter or column and nothing
// more; else nil, and nothing is taken.
func (p *parser) leaf(restricted bool) ast.Expr {
	t := p.tok()
	switch t.kind {
	case tokString, tokInt, tokFloat, tokBits:
		if p.peek(1).endsExpr(restricted) {
			return p.literal()
		}
	case tokParam:
		if p.peek(1).endsExpr(restricted) {
			return p.param()
		}
	case tokIdent, tokKeyword:
		if !t.isColID() {
			if t.class == reserved && p.peek(1).endsExpr(restricted) {
				switch t.text {
				case "null", "true", "false":
					return p.literal()
				case "default":
					if !restricted {
						p.i++
						return &ast.Default{At: ast.At(t.pos)}
					}
				}
			}
			return nil
		}
		n := 1
		for p.peek(n).isWord(".") && p.peek(n+1).isColLabel() {
			n += 2
		}
		star := p.peek(n).isWord(".") && p.peek(n+1).isWord("*")
		if star {
			n += 2
		}
		if !p.peek(n).endsExpr(restricted) {
			return nil
		}
		c := &ast.ColumnRef{At: ast.At(t.pos), Fields: make([]string, 0, (n+1)/2), Star: star}
		for i := p.i; i < p.i+n; i += 2 {
			if p.toks[i].kind != tokOp {
				c.Fields = append(c.Fields, p.toks[i].text)
			}
		}
		p.i += n
		return c
	}
	return nil
}

// endsExpr reports whether no expression goes on with this token.
func (t *token) endsExpr(restricted bool) bool {
	switch t.kind {
	case tokEOF, tokIdent:
		return true
	case tokPunct:
		switch t.text {
		case ",", ")", "]", ";":
			return true
		}
	case tokKeyword:
		switch t.text {
		case "from", "where", "group", "having", "order", "limit", "offset", "fetch", "for", "union", "intersect",
			"except", "as", "asc", "desc", "nulls", "then", "when", "else", "end", "returning", "window", "on", "using":
			return true
		case "and":
			return restricted
		}
	}
	return false
}

// endsTarget reports whether a target of SELECT or RETURNING may end before this token.
func (t *token) endsTarget() bool {
	switch t.kind {
	case tokEOF:
		return true
	case tokPunct:
		return t.text == "," || t.text == ")" || t.text == ";"
	case tokKeyword:
		switch t.text {
		case "from", "where", "group", "having", "window", "union", "intersect", "except", "order", "limit", "offset",
			"fetch", "for", "into", "on", "returning", "with":
			return true
		}
	}
	return false
}

// nativeOp reports whether an operator is one that both grammars know, at the same level.
func nativeOp(s string) bool {
	switch s {
	case "+", "-", "*", "/", "%", "^", "<", ">", "=", "<=", ">=", "<>":
		return true
	}
	return false
}

// operatorName takes an operator, plain or as OPERATOR(schema.op).
func (p *parser) operatorName() ast.Operator {
	if !p.is("operator") {
		t := p.tok()
		if t.kind != tokOp || t.text == "=>" {
			p.fail()
		}
		p.i++
		return ast.Operator{Name: t.text}
	}
	at := p.pos()
	p.i++
	p.expect("(")
	var o ast.Operator
	parts := 0
	for ; p.tok().kind != tokOp; parts++ {
		o.Schema = p.colID()
		p.expect(".")
	}
	if p.is("=>") {
		p.fail()
	}
	o.Name = p.tok().text
	p.i++
	p.expect(")")
	if parts > 1 {
		p.unsupported(at, "an operator name of more than two parts")
	}
	return o
}

// infix emits an infix operator; true if it was one with ANY or ALL, which
// brings its right operand along.
func (p *parser) infix(restricted bool) bool {
	t, first := p.tok(), p.i
	name := p.operatorName()
	sub := !restricted && p.isOne("any", "some", "all")
	if t.kind == tokOp && nativeOp(t.text) {
		kind := opBinary
		if sub {
			kind = opPost
		}
		here := p.i
		p.i = first
		p.operator(t.text, op{kind: kind, pos: t.pos, name: name.Name})
		p.i = here
	} else {
		p.write("|")
		if sub {
			p.hole(hole{kind: holeInfixAny, pos: t.pos})
		} else {
			p.hole(hole{kind: holeInfix, expr: &ast.OpExpr{At: ast.At(t.pos), Op: name}})
		}
		p.write("|")
	}
	if sub {
		p.anyOperand(name, ast.At(t.pos))
	}
	return sub
}

// anyOperand emits ANY (…), SOME (…) or ALL (…) after its operator.
func (p *parser) anyOperand(name ast.Operator, at ast.At) {
	all := p.is("all")
	p.i++
	if !p.is("(") {
		p.fail()
	}
	if p.opensQuery(p.i) {
		n := &ast.SubLink{At: at, Kind: ast.SubAny, Op: name}
		if all {
			n.Kind = ast.SubAll
		}
		c := p.open(hole{kind: holePost, expr: n, left: &n.Test})
		p.parenQuery(slot{query: &n.Query})
		p.close(c)
		return
	}
	n := &ast.OpAnyExpr{At: at, Op: name, All: all}
	c := p.open(hole{kind: holePost, expr: n, left: &n.Left})
	p.expect("(")
	p.expr(&n.Array)
	p.expect(")")
	p.close(c)
}

// parenQuery takes ( query ) as a part.
func (p *parser) parenQuery(s slot) {
	p.expect("(")
	p.querySlot(s, false)
	p.expect(")")
}

// postfix emits a postfix operator without parts of its own.
func (p *parser) postfix(word string, n ast.Expr, left *ast.Expr) {
	p.operator(word, op{kind: opPost, pos: int32(p.pos())})
	p.hole(hole{kind: holePost, expr: n, left: left})
}

// cast emits ::type.
func (p *parser) cast() {
	n := &ast.TypeCast{At: p.here()}
	p.write("||")
	p.hole(hole{kind: holeCast, expr: n, left: &n.Arg})
	p.i++
	n.Type = p.typeName()
}

// isTest emits IS …; true if it is postfix, false if a right operand follows.
func (p *parser) isTest(restricted bool) bool {
	at, start := p.here(), p.i
	p.i++
	not := p.accept("not")
	if p.is("distinct") {
		p.i++
		p.expect("from")
		end := p.i
		p.i = start
		p.operator("<=>", op{kind: opDistinct, pos: int32(at)})
		p.hole(hole{kind: holeIsDistinct, expr: &ast.DistinctExpr{At: at, Not: not}})
		p.operator("<=>", op{kind: opDistinctRight, pos: int32(at)})
		p.i = end
		return false
	}
	if p.is("document") {
		p.unsupported(int(at), "IS DOCUMENT")
	}
	if restricted {
		p.fail()
	}
	var n, outer ast.Expr
	var left *ast.Expr
	boolTest := func(test ast.BoolTest) {
		if not {
			test++
		}
		b := &ast.BooleanTest{At: at, Test: test}
		n, left = b, &b.Arg
	}
	end := p.i + 1
	switch t := p.tok(); {
	case t.isWord("null"):
		b := &ast.NullTest{At: at, Not: not}
		n, left = b, &b.Arg
	case t.isWord("true"):
		boolTest(ast.IsTrue)
	case t.isWord("false"):
		boolTest(ast.IsFalse)
	case t.isWord("unknown"):
		boolTest(ast.IsUnknown)
	case t.isWord("normalized"), isNormalForm(t) && p.isAt(1, "normalized"):
		f := &ast.FuncCall{At: at, Name: systemFunc("is_normalized"), Args: make([]ast.Expr, 1, 2), SQLSyntax: true}
		if !t.isWord("normalized") {
			f.Args = append(f.Args, &ast.Const{At: ast.At(t.pos), Kind: ast.ConstString, Text: upper(t.text)})
			end++
		}
		n, left = f, &f.Args[0]
		if not {
			outer = &ast.BoolExpr{At: at, Op: ast.Not, Args: []ast.Expr{f}}
		}
	default:
		p.fail()
	}
	if outer != nil {
		n = outer
	}
	p.i = start
	p.postfix("<=>", n, left)
	p.i = end
	return true
}

func isNormalForm(t *token) bool {
	return t.kind == tokKeyword && (t.text == "nfc" || t.text == "nfd" || t.text == "nfkc" || t.text == "nfkd")
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}

// mark emits the BETWEEN that carries a predicate's operator.
func (p *parser) mark(h hole) {
	p.write("between")
	p.hole(h)
	p.write("and")
}

// in emits [NOT] IN (…).
func (p *parser) in(not bool) {
	at := p.here()
	p.mark(hole{kind: holeMark, pos: int32(at)})
	if not {
		p.i++
	}
	p.i++
	if !p.is("(") {
		p.fail()
	}
	if p.opensQuery(p.i) {
		n := &ast.SubLink{At: at, Kind: ast.SubAny}
		var e ast.Expr = n
		if not {
			e = &ast.BoolExpr{At: at, Op: ast.Not, Args: []ast.Expr{n}}
		}
		c := p.open(hole{kind: holePost, expr: e, left: &n.Test})
		p.parenQuery(slot{query: &n.Query})
		p.close(c)
		return
	}
	n := &ast.InExpr{At: at, Not: not}
	c := p.open(hole{kind: holePost, expr: n, left: &n.Left})
	p.expect("(")
	p.exprList(&n.List)
	p.expect(")")
	p.close(c)
}

// between emits [NOT] BETWEEN low AND; the upper bound is the next operand.
func (p *parser) between(not bool) {
	n := &ast.BetweenExpr{At: p.here(), Not: not}
	p.write("between")
	if not {
		p.i++
	}
	p.i++
	if p.accept("symmetric") {
		n.Symmetric = true
	} else {
		p.accept("asymmetric")
	}
	c := p.open(hole{kind: holeBetween, expr: n, pos: int32(n.At)})
	p.bExpr(&n.Low)
	p.close(c)
	if !p.is("and") {
		p.fail()
	}
	p.write("and")
	p.i++
}

// like emits [NOT] LIKE and its kin; true if it was LIKE ANY (…), which is complete.
func (p *parser) like(not bool) bool {
	at, start := p.here(), p.i
	if not {
		p.i++
	}
	n := &ast.LikeExpr{At: at, Not: not}
	name := "~~"
	switch {
	case p.is("ilike"):
		n.Kind, name = ast.ILike, "~~*"
	case p.is("similar"):
		n.Kind = ast.SimilarTo
		p.i++
		if !p.is("to") {
			p.fail()
		}
	}
	p.i++
	end := p.i
	if n.Kind != ast.SimilarTo && p.isOne("any", "some", "all") {
		if not {
			name = "!" + name
		}
		p.i = start
		p.mark(hole{kind: holeMark, pos: int32(at)})
		p.i = end
		p.anyOperand(ast.Operator{Name: name}, at)
		return true
	}
	p.i = start
	p.mark(hole{kind: holeLike, expr: n, pos: int32(at)})
	p.i = end
	return false
}
