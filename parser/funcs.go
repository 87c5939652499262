package parser

import (
	"rowkey/parser/ast"
)

// This file takes calls: of functions by name, with all that aggregates and
// window functions add, and of the functions that SQL gives a syntax of their own.

// funcCall emits name(…): the name's first token is at start, its parenthesis at paren.
func (p *parser) funcCall(name []string, start, paren int) {
	f := &ast.FuncCall{At: ast.At(p.toks[start].pos), Name: name}
	c := p.open(hole{kind: holeParts, expr: f})
	p.i = paren
	p.funcArgs(f)
	p.funcTail(f)
	p.close(c)
}

// funcArgs takes (args [ORDER BY …]).
func (p *parser) funcArgs(f *ast.FuncCall) {
	p.expect("(")
	if p.accept(")") {
		return
	}
	if p.accept("*") {
		f.Star = true
		p.expect(")")
		return
	}
	variadicOK := true
	if p.accept("distinct") {
		f.Distinct, variadicOK = true, false
	} else if p.accept("all") {
		variadicOK = false
	}
	for first := true; first || !f.Variadic && p.accept(","); first = false {
		if p.is("variadic") {
			if !variadicOK {
				p.fail()
			}
			p.i++
			f.Variadic = true
		}
		p.funcArg(&f.Args)
	}
	if p.accept("order") {
		p.expect("by")
		p.sortList(&f.OrderBy)
	}
	p.expect(")")
}

// funcArg takes one argument, plain or name => value.
func (p *parser) funcArg(args *[]ast.Expr) {
	if t := p.tok(); t.isTypeFuncName() && (p.isAt(1, "=>") || p.isAt(1, ":=")) {
		n := &ast.NamedArg{At: p.here(), Name: t.text}
		p.i += 2
		*args = append(*args, n)
		p.expr(&n.Arg)
		return
	}
	p.exprItem(args)
}

// funcTail takes WITHIN GROUP, FILTER and OVER.
func (p *parser) funcTail(f *ast.FuncCall) {
	if p.is("within") {
		at := p.pos()
		p.i++
		p.expect("group", "(")
		switch {
		case len(f.OrderBy) > 0:
			raise(at, codeSyntax, "cannot use multiple ORDER BY clauses with WITHIN GROUP")
		case f.Distinct:
			raise(at, codeSyntax, "cannot use DISTINCT with WITHIN GROUP")
		case f.Variadic:
			raise(at, codeSyntax, "cannot use VARIADIC with WITHIN GROUP")
		}
		p.expect("order", "by")
		f.WithinGroup = true
		p.sortList(&f.OrderBy)
		p.expect(")")
	}
	if p.is("filter") {
		p.i++
		p.expect("(", "where")
		p.expr(&f.Filter)
		p.expect(")")
	}
	if p.is("over") {
		if p.isAt(1, "(") {
			p.i++
			f.Over = &ast.WindowDef{At: p.here()}
			p.windowSpec(f.Over)
		} else {
			p.i++
			f.Over = &ast.WindowDef{At: p.here(), Name: p.colID()}
		}
	}
}

// special emits the functions that have a syntax of their own; word is at the
// current token and a parenthesis follows.
func (p *parser) special(word string, at ast.At) {
	h := hole{kind: holeParts}
	var list *[]ast.Expr
	switch word {
	case "coalesce":
		n := &ast.CoalesceExpr{At: at}
		h.expr, list = n, &n.Args
	case "greatest", "least":
		n := &ast.MinMaxExpr{At: at, Least: word == "least"}
		h.expr, list = n, &n.Args
	case "grouping":
		n := &ast.GroupingFunc{At: at}
		h.expr, list = n, &n.Args
	case "nullif":
		n := &ast.NullIfExpr{At: at}
		h.expr = n
		c := p.openCall(h)
		p.expr(&n.Left)
		p.expect(",")
		p.expr(&n.Right)
		p.closeCall(c)
		return
	case "cast":
		n := &ast.TypeCast{At: at}
		h.expr = n
		c := p.openCall(h)
		p.expr(&n.Arg)
		p.expect("as")
		n.Type = p.typeName()
		p.closeCall(c)
		return
	default:
		f := &ast.FuncCall{At: at, SQLSyntax: true}
		h.expr = f
		c := p.openCall(h)
		p.sqlFunc(word, f)
		p.closeCall(c)
		return
	}
	c := p.openCall(h)
	p.exprList(list)
	p.closeCall(c)
}

func (p *parser) openCall(h hole) carrier {
	c := p.open(h)
	p.i++
	p.expect("(")
	return c
}

func (p *parser) closeCall(c carrier) {
	p.expect(")")
	p.close(c)
}

// sqlFunc takes the arguments of EXTRACT and its like.
func (p *parser) sqlFunc(word string, f *ast.FuncCall) {
	switch word {
	case "extract":
		f.Name = systemFunc("extract")
		t := p.tok()
		field := t.kind == tokIdent || t.kind == tokString
		if t.kind == tokKeyword {
			switch t.text {
			case "year", "month", "day", "hour", "minute", "second":
				field = true
			}
		}
		if !field {
			p.fail()
		}
		f.Args = append(f.Args, &ast.Const{At: p.here(), Kind: ast.ConstString, Text: t.text})
		p.i++
		p.expect("from")
		p.exprItem(&f.Args)
	case "normalize":
		f.Name = systemFunc("normalize")
		p.exprItem(&f.Args)
		if p.accept(",") {
			if !isNormalForm(p.tok()) {
				p.fail()
			}
			f.Args = append(f.Args, &ast.Const{At: p.here(), Kind: ast.ConstString, Text: upper(p.tok().text)})
			p.i++
		}
	case "position":
		f.Name = systemFunc("position")
		f.Args = make([]ast.Expr, 2)
		p.bExpr(&f.Args[1])
		p.expect("in")
		p.bExpr(&f.Args[0])
	case "treat":
		f.SQLSyntax = false
		p.exprItem(&f.Args)
		p.expect("as")
		ty := p.typeName()
		f.Name = []string{"pg_catalog", ty.Names[len(ty.Names)-1]}
	case "overlay":
		f.Name = systemFunc("overlay")
		if p.plainArgs(f, "overlay") || !p.is("placing") {
			return
		}
		p.i++
		p.exprItem(&f.Args)
		p.expect("from")
		p.exprItem(&f.Args)
		if p.accept("for") {
			p.exprItem(&f.Args)
		}
	case "substring":
		f.Name = systemFunc("substring")
		if p.plainArgs(f, "substring") {
			return
		}
		p.substringArgs(f)
	case "trim":
		p.trimArgs(f)
	}
}

// plainArgs takes the arguments of a call with commas, func(a, b), which then
// is an ordinary one; false if it is not one, after its first argument.
func (p *parser) plainArgs(f *ast.FuncCall, name string) bool {
	plain := func() bool {
		f.Name, f.SQLSyntax = []string{name}, false
		return true
	}
	if p.is(")") {
		return plain()
	}
	if t := p.tok(); t.isTypeFuncName() && (p.isAt(1, "=>") || p.isAt(1, ":=")) {
		p.funcArg(&f.Args)
	} else {
		f.Args = append(f.Args, nil)
		p.exprSlot(slot{list: &f.Args}, modeSubstring)
	}
	if _, named := f.Args[0].(*ast.NamedArg); named || p.isOne(",", ")") {
		for p.accept(",") {
			p.funcArg(&f.Args)
		}
		return plain()
	}
	return false
}

// substringArgs takes what follows SUBSTRING(a: FROM b FOR c, in either order, or SIMILAR b ESCAPE c.
func (p *parser) substringArgs(f *ast.FuncCall) {
	switch {
	case p.accept("similar"):
		p.exprItem(&f.Args)
		p.expect("escape")
		p.exprItem(&f.Args)
	case p.accept("from"):
		p.exprItem(&f.Args)
		if p.accept("for") {
			p.exprItem(&f.Args)
		}
	case p.accept("for"):
		f.Args = append(f.Args, nil, nil)
		at := len(f.Args) - 2
		args := f.Args
		// FOR may come first: its value is the third argument. Without FROM,
		// PostgreSQL starts at 1 and casts the length to integer.
		length := new(ast.TypeCast)
		p.exprSlot(slot{expr: &args[at+1]}, modeFull)
		if p.accept("from") {
			p.exprSlot(slot{expr: &args[at]}, modeFull)
			return
		}
		length.At = ast.Unknown
		length.Type = &ast.TypeName{At: ast.Unknown, Names: systemType("int4")}
		// Redirect the gap into the cast.
		if e := args[at+1]; e != nil {
			length.Arg = e
		} else {
			for i := len(p.slots) - 1; i >= 0; i-- {
				if p.slots[i].expr == &args[at+1] {
					p.slots[i].expr = &length.Arg
					break
				}
			}
		}
		args[at], args[at+1] = intNode(1, ast.Unknown), length
	default:
		p.fail()
	}
}

// trimArgs takes [BOTH|LEADING|TRAILING] [chars FROM] text. The text comes first among the arguments.
func (p *parser) trimArgs(f *ast.FuncCall) {
	f.Name = systemFunc("btrim")
	switch {
	case p.accept("both"):
	case p.accept("leading"):
		f.Name = systemFunc("ltrim")
	case p.accept("trailing"):
		f.Name = systemFunc("rtrim")
	}
	if p.accept("from") {
		p.exprList(&f.Args)
		return
	}
	// a FROM b, c is the call (b, c, a); the first argument waits in a box of its own.
	first := new([]ast.Expr)
	p.exprItem(first)
	if p.accept("from") {
		chars := &boxed{list: first}
		p.exprList(&f.Args)
		f.Args = append(f.Args, nil)
		p.unbox(chars, slot{expr: &f.Args[len(f.Args)-1]})
		return
	}
	f.Args = append(f.Args, nil)
	p.unbox(&boxed{list: first}, slot{list: &f.Args, index: 0})
	for p.accept(",") {
		p.exprItem(&f.Args)
	}
}

// boxed is an argument that was taken before its place was known.
type boxed struct{ list *[]ast.Expr }

// unbox gives a boxed argument its place.
func (p *parser) unbox(b *boxed, s slot) {
	if e := (*b.list)[0]; e != nil {
		p.set(s, e)
		return
	}
	for i := len(p.slots) - 1; i >= 0; i-- {
		if p.slots[i].list == b.list {
			p.slots[i] = s
			return
		}
	}
}

// ---- sorting and windows ------------------------------------------------------

// sortList takes the items of ORDER BY.
func (p *parser) sortList(list *[]*ast.SortBy) {
	for first := true; first || p.accept(","); first = false {
		s := &ast.SortBy{At: ast.Unknown}
		*list = append(*list, s)
		p.expr(&s.Expr)
		if p.is("using") {
			p.i++
			s.At = p.here()
			s.Dir = ast.SortUsing
			s.Using = p.operatorName()
		} else {
			s.Dir = p.sortDir()
		}
		s.Nulls = p.nullsOrder()
	}
}

func (p *parser) sortDir() ast.SortDir {
	switch {
	case p.accept("asc"):
		return ast.SortAsc
	case p.accept("desc"):
		return ast.SortDesc
	}
	return ast.SortDefault
}

func (p *parser) nullsOrder() ast.NullsOrder {
	if !p.isNullsOrder() {
		return ast.NullsDefault
	}
	p.i++
	if p.accept("first") {
		return ast.NullsFirst
	}
	p.expect("last")
	return ast.NullsLast
}

// windowSpec takes ([name] [PARTITION BY …] [ORDER BY …] [frame]).
func (p *parser) windowSpec(w *ast.WindowDef) {
	p.expect("(")
	if t := p.tok(); t.isColID() && !p.isOne("partition", "range", "rows", "groups") {
		w.RefName = p.colID()
	}
	if p.accept("partition") {
		p.expect("by")
		p.exprList(&w.Partition)
	}
	if p.accept("order") {
		p.expect("by")
		p.sortList(&w.OrderBy)
	}
	if p.isOne("range", "rows", "groups") {
		w.Frame = &ast.Frame{At: p.here()}
		p.frame(w.Frame)
	}
	p.expect(")")
}

func (p *parser) frame(f *ast.Frame) {
	switch {
	case p.accept("rows"):
		f.Mode = ast.FrameRows
	case p.accept("groups"):
		f.Mode = ast.FrameGroups
	default:
		p.i++
	}
	start := p.pos()
	if p.accept("between") {
		f.Between = true
		start = p.pos()
		p.frameBound(&f.Start)
		p.expect("and")
		end := p.pos()
		p.frameBound(&f.End)
		p.checkFrame(f, start, end)
	} else {
		p.frameBound(&f.Start)
		f.End.Kind = ast.CurrentRow
		switch f.Start.Kind {
		case ast.UnboundedFollowing:
			raise(start, codeWindowing, "frame start cannot be UNBOUNDED FOLLOWING")
		case ast.Following:
			raise(start, codeWindowing, "frame starting from following row cannot end with current row")
		}
	}
	if p.accept("exclude") {
		switch {
		case p.is("current"):
			p.i++
			p.expect("row")
			f.Exclude = ast.ExcludeCurrentRow
		case p.accept("group"):
			f.Exclude = ast.ExcludeGroup
		case p.accept("ties"):
			f.Exclude = ast.ExcludeTies
		default:
			p.expect("no", "others")
		}
	}
}

// checkFrame refuses the frames that can hold no row, in PostgreSQL's words.
func (p *parser) checkFrame(f *ast.Frame, start, end int) {
	switch {
	case f.Start.Kind == ast.UnboundedFollowing:
		raise(start, codeWindowing, "frame start cannot be UNBOUNDED FOLLOWING")
	case f.End.Kind == ast.UnboundedPreceding:
		raise(end, codeWindowing, "frame end cannot be UNBOUNDED PRECEDING")
	case f.Start.Kind == ast.CurrentRow && f.End.Kind == ast.Preceding:
		raise(end, codeWindowing, "frame starting from current row cannot have preceding rows")
	case f.Start.Kind == ast.Following && (f.End.Kind == ast.Preceding || f.End.Kind == ast.CurrentRow):
		raise(end, codeWindowing, "frame starting from following row cannot have preceding rows")
	}
}

func (p *parser) frameBound(b *ast.FrameBound) {
	switch {
	case p.is("unbounded") && (p.isAt(1, "preceding") || p.isAt(1, "following")):
		b.Kind = ast.UnboundedPreceding
		if p.isAt(1, "following") {
			b.Kind = ast.UnboundedFollowing
		}
		p.i += 2
		return
	case p.accept("current", "row"):
		b.Kind = ast.CurrentRow
		return
	}
	p.expr(&b.Offset)
	if p.accept("preceding") {
		b.Kind = ast.Preceding
		return
	}
	p.expect("following")
	b.Kind = ast.Following
}
