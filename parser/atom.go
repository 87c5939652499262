package parser

import (
	"strconv"

	"rowkey/parser/ast"
)

// This file takes the operands of expressions (c_expr): literals, columns,
// parentheses, calls and the constructs that begin with a keyword.

// systemFuncs are the names of functions that SQL's own syntax calls. Trees share them.
var systemFuncs = map[string][]string{}

func systemFunc(name string) []string { return systemFuncs[name] }

func init() {
	for _, n := range []string{"timezone", "overlaps", "extract", "overlay", "position", "substring", "btrim", "ltrim",
		"rtrim", "normalize", "is_normalized", "pg_collation_for"} {
		systemFuncs[n] = []string{"pg_catalog", n}
	}
}

// atom emits one operand.
func (p *parser) atom() {
	t := p.tok()
	switch t.kind {
	case tokString, tokInt, tokFloat, tokBits:
		at := p.i
		c := p.literal()
		end := p.i
		p.i = at
		p.leafHole(c)
		p.i = end
		return
	case tokParam:
		p.paramAtom()
		return
	case tokPunct:
		if t.text != "(" {
			p.fail()
		}
		p.paren()
		return
	case tokKeyword:
		if p.keywordAtom(t) {
			return
		}
	case tokIdent:
	default:
		p.fail()
	}
	if p.typedLiteral(t) {
		return
	}
	if !t.isColID() && !t.isTypeFuncName() {
		p.fail()
	}
	if t.kind == tokKeyword && t.class == typeFunc {
		if !p.isAt(1, "(") {
			p.i++
			p.fail()
		}
		p.funcCall([]string{t.text}, p.i, p.i+1)
		return
	}
	p.column()
}

// param takes $n.
func (p *parser) param() *ast.ParamRef {
	t := p.tok()
	n, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil {
		raise(int(t.pos), codeSyntax, "there is no parameter $%s", t.text)
	}
	p.i++
	p.params = max(p.params, int(n))
	return &ast.ParamRef{At: ast.At(t.pos), Number: int(n)}
}

func (p *parser) paramAtom() {
	start := p.i
	e := p.param()
	if p.isOne("[", ".") {
		n := &ast.Indirection{At: e.At, Arg: e}
		c := p.open(hole{kind: holeParts, expr: n})
		p.indirection(&n.Path)
		p.close(c)
		return
	}
	end := p.i
	p.i = start
	p.leafHole(e)
	p.i = end
}

// column emits a column reference or, if a parenthesis follows its name, a call.
func (p *parser) column() {
	t, start := p.tok(), p.i
	n := 1
	for p.peek(n).isWord(".") && p.peek(n+1).isColLabel() {
		n += 2
	}
	if p.isAt(n, "(") {
		if t.kind == tokKeyword && t.class == colName && n == 1 {
			p.i++
			p.fail()
		}
		name := make([]string, 0, (n+1)/2)
		for i := 0; i < n; i += 2 {
			name = append(name, p.toks[start+i].text)
		}
		p.funcCall(name, start, start+n)
		return
	}
	c := &ast.ColumnRef{At: ast.At(t.pos), Fields: make([]string, 0, (n+1)/2)}
	for i := 0; i < n; i += 2 {
		c.Fields = append(c.Fields, p.toks[start+i].text)
	}
	end := start + n
	if p.isAt(n, ".", "*") {
		c.Star = true
		end += 2
	} else if p.isAt(n, "[") {
		p.i = end
		ind := &ast.Indirection{At: c.At, Arg: c}
		f := p.open(hole{kind: holeParts, expr: ind})
		p.indirection(&ind.Path)
		p.close(f)
		return
	} else if p.isAt(n, ".") {
		p.failAt(end + 1)
	}
	p.leafHole(c)
	p.i = end
	if c.Star && p.isOne(".", "[") {
		var path []*ast.Selector
		p.indirection(&path)
		p.badStar()
	}
}

// indirection takes .field, .*, [index] and [lower:upper], as many as follow.
func (p *parser) indirection(path *[]*ast.Selector) {
	for {
		s := &ast.Selector{At: p.here()}
		switch {
		case p.accept("."):
			if p.accept("*") {
				s.Kind = ast.SelectStar
			} else {
				s.Field = p.colLabel()
			}
		case p.accept("["):
			s.Kind = ast.SelectIndex
			if !p.is(":") {
				p.expr(&s.Lower)
			}
			if p.accept(":") {
				s.Kind = ast.SelectSlice
				if !p.is("]") {
					p.expr(&s.Upper)
				}
			}
			p.expect("]")
		default:
			for _, s := range (*path)[:max(len(*path)-1, 0)] {
				if s.Kind == ast.SelectStar {
					p.badStar()
				}
			}
			return
		}
		*path = append(*path, s)
	}
}

// badStar refuses a star before the end of a path, at the token after the path.
func (p *parser) badStar() {
	if t := p.tok(); t.kind != tokEOF && t.kind != tokBad {
		raise(p.pos(), codeSyntax, `improper use of "*" at or near "%s"`, p.src[t.pos:t.end])
	}
	raise(p.pos(), codeSyntax, `improper use of "*" at end of input`)
}

// paren emits what is in parentheses: a query, a row or an expression.
func (p *parser) paren() {
	at, match := p.here(), int(p.tok().match)
	if match >= 0 {
		next := &p.toks[match+1]
		if next.isWord("[") || next.isWord(".") {
			p.parenIndirection(at, match)
			return
		}
		if next.isWord("overlaps") {
			p.overlaps(at)
			return
		}
	}
	if p.opensQuery(p.i) {
		n := &ast.SubLink{At: at, Kind: ast.SubExpr}
		c := p.open(hole{kind: holeParts, expr: n})
		p.parenQuery(slot{query: &n.Query})
		p.close(c)
		return
	}
	c := p.open(hole{kind: holeParen})
	p.i++
	mark := len(p.slots)
	p.exprSlot(slot{hole: c.hole}, modeFull)
	if p.is(",") {
		row := &ast.RowExpr{At: at}
		h := &p.holes[c.hole-1]
		row.Args = append(row.Args, h.expr) // nil if it is to come
		if len(p.slots) > mark {
			p.slots[mark] = slot{list: &row.Args}
		}
		h.kind, h.expr = holeParts, row
		p.i++
		p.exprList(&row.Args)
	}
	p.expect(")")
	p.close(c)
}

// parenIndirection emits (x).field, (x)[i] and (query).field.
func (p *parser) parenIndirection(at ast.At, match int) {
	n := &ast.Indirection{At: at}
	c := p.open(hole{kind: holeParts, expr: n})
	if p.opensQuery(p.i) {
		s := &ast.SubLink{At: at, Kind: ast.SubExpr}
		n.Arg = s
		p.parenQuery(slot{query: &s.Query})
	} else {
		p.i++
		p.expr(&n.Arg)
		if p.is(",") { // a row takes no indirection
			var rest []ast.Expr
			p.i++
			p.exprList(&rest)
			p.expect(")")
			p.fail()
		}
		p.expect(")")
	}
	p.indirection(&n.Path)
	p.close(c)
}

// overlaps emits row OVERLAPS row.
func (p *parser) overlaps(at ast.At) {
	f := &ast.FuncCall{Name: systemFunc("overlaps"), SQLSyntax: true}
	c := p.open(hole{kind: holeParts, expr: f})
	explicit := p.accept("row")
	p.rowArgs(&f.Args, explicit)
	f.At = p.here()
	left := len(f.Args)
	p.expect("overlaps")
	second := p.pos()
	p.rowArgs(&f.Args, p.accept("row"))
	if left != 2 {
		raise(int(at), codeSyntax, "wrong number of parameters on left side of OVERLAPS expression")
	}
	if len(f.Args) != 4 {
		raise(second, codeSyntax, "wrong number of parameters on right side of OVERLAPS expression")
	}
	p.close(c)
}

// rowArgs takes the parenthesised items of a row; an implicit one has at least two.
func (p *parser) rowArgs(list *[]ast.Expr, explicit bool) {
	p.expect("(")
	if explicit && p.accept(")") {
		return
	}
	p.exprItem(list)
	if !explicit {
		if !p.is(",") {
			p.expect(")")
			p.fail()
		}
	}
	for p.accept(",") {
		p.exprItem(list)
	}
	p.expect(")")
}

// typedLiteral emits type 'literal', if that is what stands here.
func (p *parser) typedLiteral(t *token) bool {
	next := p.peek(1)
	if t.kind == tokKeyword && t.class == colName {
		if !typeKeywords[t.text] {
			return false
		}
		switch {
		case next.kind == tokString, next.isWord("("):
		case t.text == "double" && next.isWord("precision"):
		case next.isWord("varying") && (t.text == "bit" || t.text == "char" || t.text == "character" || t.text == "nchar"):
		case t.text == "national" && (next.isWord("character") || next.isWord("char")):
		case (t.text == "time" || t.text == "timestamp") && (next.isWord("with") || next.isWord("without")):
		default:
			return false
		}
	} else {
		if !t.isTypeFuncName() && !t.isColID() {
			return false
		}
		n := 1
		for p.peek(n).isWord(".") && p.peek(n+1).isColLabel() {
			n += 2
		}
		if n == 1 && !t.isTypeFuncName() {
			return false
		}
		if q := p.peek(n); q.kind != tokString &&
			!(q.isWord("(") && q.match >= 0 && p.toks[q.match+1].kind == tokString) {
			return false
		}
	}
	start := p.i
	e := p.typedConst()
	end := p.i
	p.i = start
	p.leafHole(e)
	p.i = end
	return true
}

// typedConst takes type 'literal'.
func (p *parser) typedConst() *ast.TypeCast {
	ty := &ast.TypeName{At: p.here()}
	interval := p.is("interval")
	if p.tok().kind == tokKeyword && p.tok().class == colName && !typeKeywords[p.tok().text] { // a qualified name
		ty.Names = p.attrs([]string{p.colLabel()})
		ty.Mods = p.typeMods()
	} else {
		p.simpleType(ty, true)
	}
	if p.tok().kind != tokString {
		p.fail()
	}
	c := p.literal()
	if interval && ty.Mods == nil {
		p.intervalFields(ty)
	}
	return &ast.TypeCast{At: ty.At, Arg: c, Type: ty}
}

// keywordAtom emits the constructs that begin with a keyword; false if the word is a name here.
func (p *parser) keywordAtom(t *token) bool {
	at, call := ast.At(t.pos), p.isAt(1, "(")
	switch t.text {
	case "null", "true", "false":
		c := p.literal()
		p.i--
		p.leafHole(c)
		p.i++
	case "default":
		p.leafHole(&ast.Default{At: at})
		p.i++
	case "case":
		p.caseExpr(at)
	case "exists":
		if !call {
			return false
		}
		n := &ast.SubLink{At: at, Kind: ast.SubExists}
		c := p.open(hole{kind: holeParts, expr: n})
		p.i++
		p.parenSelect(&n.Query)
		p.close(c)
	case "array":
		if call {
			n := &ast.SubLink{At: at, Kind: ast.SubArray}
			c := p.open(hole{kind: holeParts, expr: n})
			p.i++
			p.parenSelect(&n.Query)
			p.close(c)
			return true
		}
		if !p.isAt(1, "[") {
			p.i++
			p.fail()
		}
		n := &ast.ArrayExpr{At: at}
		c := p.open(hole{kind: holeParts, expr: n})
		p.i++
		p.arrayItems(n)
		p.close(c)
	case "row":
		if !call {
			return false
		}
		if m := p.peek(1).match; m >= 0 && p.toks[m+1].isWord("overlaps") {
			p.overlaps(at)
			return true
		}
		n := &ast.RowExpr{At: at, Explicit: true}
		c := p.open(hole{kind: holeParts, expr: n})
		p.i++
		p.rowArgs(&n.Args, true)
		p.close(c)
	case "coalesce", "greatest", "least", "nullif", "grouping", "cast", "treat", "extract", "normalize", "overlay",
		"position", "substring", "trim":
		if !call {
			if t.text == "cast" {
				p.i++
				p.fail()
			}
			return false
		}
		p.special(t.text, at)
	case "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi", "xmlroot", "xmlserialize":
		if !call {
			return false
		}
		p.unsupported(int(at), "XML")
	case "collation":
		if !p.isAt(1, "for") {
			return false
		}
		f := &ast.FuncCall{At: at, Name: systemFunc("pg_collation_for"), SQLSyntax: true}
		c := p.open(hole{kind: holeParts, expr: f})
		p.i++
		p.expect("for", "(")
		p.exprItem(&f.Args)
		p.expect(")")
		p.close(c)
	default:
		return p.sqlValue(t, call)
	}
	return true
}

// parenSelect takes ( query ), however many parentheses deep.
func (p *parser) parenSelect(dest **ast.SelectStmt) {
	if !p.is("(") {
		p.fail()
	}
	p.parenQuery(slot{query: dest})
}

var sqlValues = map[string]ast.SQLValue{
	"current_date": ast.CurrentDate, "current_time": ast.CurrentTime, "current_timestamp": ast.CurrentTimestamp,
	"localtime": ast.LocalTime, "localtimestamp": ast.LocalTimestamp, "current_role": ast.CurrentRole,
	"current_user": ast.CurrentUser, "user": ast.User, "session_user": ast.SessionUser,
	"current_catalog": ast.CurrentCatalog, "current_schema": ast.CurrentSchema,
}

// sqlValue emits CURRENT_DATE and its like.
func (p *parser) sqlValue(t *token, call bool) bool {
	if t.class != reserved && t.class != typeFunc {
		return false
	}
	f, ok := sqlValues[t.text]
	if !ok || f == ast.CurrentSchema && call {
		return false
	}
	n := &ast.SQLValueFunction{At: ast.At(t.pos), Func: f, Precision: -1}
	p.leafHole(n)
	p.i++
	if call && f >= ast.CurrentTime && f <= ast.LocalTimestamp {
		p.i++
		n.Precision = p.intConst()
		p.expect(")")
	}
	return true
}

func (p *parser) caseExpr(at ast.At) {
	n := &ast.CaseExpr{At: at}
	c := p.open(hole{kind: holeParts, expr: n})
	p.i++
	if !p.is("when") {
		p.expr(&n.Arg)
	}
	for first := true; first || p.is("when"); first = false {
		w := &ast.CaseWhen{At: p.here()}
		p.expect("when")
		p.expr(&w.When)
		p.expect("then")
		p.expr(&w.Then)
		n.Whens = append(n.Whens, w)
	}
	if p.accept("else") {
		p.expr(&n.Else)
	}
	p.expect("end")
	p.close(c)
}

// arrayItems takes [a, b] or [[a], [b]] into n.
func (p *parser) arrayItems(n *ast.ArrayExpr) {
	p.enter()
	p.expect("[")
	switch {
	case p.is("]"):
	case p.is("["):
		for first := true; first || p.accept(","); first = false {
			inner := &ast.ArrayExpr{At: p.here()}
			p.arrayItems(inner)
			n.Elems = append(n.Elems, inner)
		}
	default:
		p.exprList(&n.Elems)
	}
	p.expect("]")
	p.depth--
}
