package parser

import (
	"rowkey/parser/ast"
)

// This file takes FROM: tables, queries, functions and joins. A table that
// stands alone goes to the tree at once; joins are emitted for the grammar to
// nest, every one as LEFT JOIN … ON (n, condition), which leaves no doubt
// where it ends.

// fromList takes item, item, ….
func (p *parser) fromList(list *[]ast.TableExpr) {
	for first := true; first || p.accept(","); first = false {
		*list = append(*list, nil)
		p.fromItem(slot{table: list, index: len(*list) - 1})
	}
}

func (p *parser) setTable(s slot, t ast.TableExpr) {
	if s.one != nil {
		*s.one = t
		return
	}
	(*s.table)[s.index] = t
}

// fromItem takes one item with its joins (table_ref).
func (p *parser) fromItem(s slot) {
	p.enter()
	if p.startsRelation() {
		r := p.relation()
		if p.is("tablesample") {
			p.begin(s)
			p.tableSample(r)
		} else if !p.startsJoin() {
			p.setTable(s, r)
			p.depth--
			return
		} else {
			p.begin(s)
			p.tableHole(holeTable, r)
		}
	} else {
		p.begin(s)
		p.factor()
	}
	for p.join() != nil {
	}
	p.depth--
}

// startsJoin reports whether a join goes on here.
func (p *parser) startsJoin() bool {
	return p.isOne("join", "inner", "left", "right", "full", "cross", "natural")
}

// startsRelation reports whether a table's name is next, not a call.
func (p *parser) startsRelation() bool {
	t := p.tok()
	if t.isWord("only") {
		return true
	}
	if !t.isColID() {
		return false
	}
	n := 1
	for p.peek(n).isWord(".") && p.peek(n+1).isColLabel() {
		n += 2
	}
	return !p.isAt(n, "(") && !p.is("rows", "from")
}

// relation takes a table's name and alias.
func (p *parser) relation() *ast.RangeVar {
	r := p.relationExpr()
	r.Alias = p.alias()
	return r
}

// alias takes [AS] name [(columns)], or nothing.
func (p *parser) alias() *ast.Alias {
	a := &ast.Alias{At: p.here()}
	if p.accept("as") {
		a.At = p.here()
	} else if !p.tok().isColID() {
		return nil
	}
	a.Name = p.colID()
	if p.is("(") {
		a.Columns = p.parenNames()
	}
	return a
}

// factor emits one operand of a join (table_ref without its joins). For a
// join in parentheses without an alias it returns its outermost join.
func (p *parser) factor() *ast.JoinExpr {
	if p.startsRelation() {
		r := p.relation()
		if p.is("tablesample") {
			p.tableSample(r)
		} else {
			p.tableHole(holeTable, r)
		}
		return nil
	}
	if p.is("(") && !p.opensQuery(p.i) {
		return p.parenJoin()
	}
	at := p.here()
	lateral := p.accept("lateral")
	switch {
	case p.is("("):
		if !p.opensQuery(p.i) {
			p.i++
			p.fail()
		}
		r := &ast.RangeSubselect{At: at, Lateral: lateral}
		paren, values := p.pos(), p.opensValues()
		sep, count := p.sep, p.count
		p.write("(")
		p.i++
		p.statementBody(false)
		p.out = append(p.out, ' ', ')')
		p.sep, p.count = sep, count
		p.expect(")")
		if r.Alias = p.alias(); r.Alias == nil {
			what, word := "subquery", "SELECT"
			if values {
				what, word = "VALUES", "VALUES"
			}
			e := newError(paren, codeSyntax, "%s in FROM must have an alias", what)
			e.Hint = "For example, FROM (" + word + " ...) [AS] foo."
			panic(e)
		}
		p.tableHole(holeTable, r)
	case p.is("xmltable") && p.isAt(1, "("):
		p.unsupported(p.pos(), "XMLTABLE")
	case p.tok().kind == tokKeyword && p.tok().class == typeFunc && !p.isAt(1, "(") && sqlValues[p.tok().text] == 0 && !p.is("collation"):
		p.i++
		p.fail()
	default:
		p.tableFunc(&ast.RangeFunction{At: at, Lateral: lateral})
	}
	return nil
}

// opensValues reports whether the parenthesis here encloses nothing but VALUES.
func (p *parser) opensValues() bool {
	i := p.i
	for p.toks[i].isWord("(") {
		if p.toks[i].match < 0 {
			return false
		}
		i++
	}
	if !p.toks[i].isWord("values") {
		return false
	}
	for end := p.toks[i-1].match; i < int(end); i++ {
		if t := &p.toks[i]; t.match > int32(i) {
			i = int(t.match)
		} else if t.isWord("union") || t.isWord("intersect") || t.isWord("except") {
			return false
		}
	}
	return true
}

// parenJoin emits ( join ) [alias].
func (p *parser) parenJoin() *ast.JoinExpr {
	p.enter()
	p.write("(")
	p.i++
	j := p.factor()
	for next := p.join(); next != nil; next = p.join() {
		j = next
	}
	if p.is(")") && j == nil {
		p.fail()
	}
	p.out = append(p.out, ' ', ')')
	p.expect(")")
	p.depth--
	if a := p.alias(); a != nil {
		j.Alias = a
		return nil
	}
	return j
}

// tableFunc emits f(…) or ROWS FROM (…), as (SELECT 0, parts) tn.
func (p *parser) tableFunc(r *ast.RangeFunction) {
	sep, count := p.sep, p.count
	p.write("(select 0")
	p.sep = ","
	if p.accept("rows") {
		p.expect("from", "(")
		r.RowsFrom = true
		for first := true; first || p.accept(","); first = false {
			item := &ast.RangeFuncItem{At: p.here()}
			r.Functions = append(r.Functions, item)
			p.funcExpr(&item.Func)
			if p.accept("as") {
				item.Columns = p.funcColumns()
			}
		}
		p.expect(")")
	} else {
		item := &ast.RangeFuncItem{At: p.here()}
		r.Functions = append(r.Functions, item)
		p.funcExpr(&item.Func)
	}
	p.out = append(p.out, ' ', ')')
	p.sep, p.count = sep, count
	if p.is("with") {
		p.i++
		p.expect("ordinality")
		r.Ordinality = true
	}
	p.funcAlias(r)
	p.tableHole(holeTable, r)
}

// funcAlias takes a function's alias, with column names or definitions.
func (p *parser) funcAlias(r *ast.RangeFunction) {
	at := p.here()
	if p.accept("as") {
		if p.is("(") {
			r.Columns = p.funcColumns()
			return
		}
	} else if !p.tok().isColID() {
		return
	}
	r.Alias = &ast.Alias{At: at, Name: p.colID()}
	if !p.is("(") {
		return
	}
	if p.isAt(2, ",") || p.isAt(2, ")") {
		r.Alias.Columns = p.parenNames()
		return
	}
	r.Columns = p.funcColumns()
}

// funcColumns takes (name type [COLLATE c], …).
func (p *parser) funcColumns() []*ast.FuncColumn {
	p.expect("(")
	var list []*ast.FuncColumn
	for first := true; first || p.accept(","); first = false {
		c := &ast.FuncColumn{At: p.here(), Name: p.colID()}
		c.Type = p.typeName()
		if p.accept("collate") {
			c.Collation = p.anyName()
		}
		list = append(list, c)
	}
	p.expect(")")
	return list
}

// tableSample emits relation TABLESAMPLE method (args) [REPEATABLE (seed)].
func (p *parser) tableSample(r *ast.RangeVar) {
	s := &ast.RangeTableSample{At: p.here(), Relation: r}
	sep, count := p.sep, p.count
	p.write("(select 0")
	p.sep = ","
	p.i++
	s.Method = p.attrs([]string{p.sampleMethod()})
	p.expect("(")
	p.exprList(&s.Args)
	p.expect(")")
	if p.accept("repeatable") {
		p.expect("(")
		p.expr(&s.Repeatable)
		p.expect(")")
	}
	p.out = append(p.out, ' ', ')')
	p.sep, p.count = sep, count
	p.tableHole(holeTable, s)
}

// sampleMethod takes the first part of a function's name (func_name).
func (p *parser) sampleMethod() string {
	if t := p.tok(); t.isTypeFuncName() {
		return p.typeFuncName()
	}
	return p.colID()
}

// join emits one JOIN with its right operand and condition; nil if none is next.
func (p *parser) join() *ast.JoinExpr {
	t := p.tok()
	if t.kind != tokKeyword {
		return nil
	}
	j := &ast.JoinExpr{At: p.here()}
	start := p.i
	cross := false
	if p.accept("natural") {
		j.Natural = true
	}
	switch {
	case p.is("cross"):
		if j.Natural {
			p.fail()
		}
		cross = true
		p.i++
	case p.accept("inner"), p.is("join"):
	case p.accept("left"):
		j.Kind = ast.JoinLeft
		p.accept("outer")
	case p.accept("right"):
		j.Kind = ast.JoinRight
		p.accept("outer")
	case p.accept("full"):
		j.Kind = ast.JoinFull
		p.accept("outer")
	default:
		if j.Natural {
			p.fail()
		}
		return nil
	}
	p.expect("join")
	end := p.i
	p.i = start
	p.write("left join")
	p.i = end
	p.enter()
	p.factor()
	if !cross && !j.Natural {
		// The right operand may hold joins of its own: a JOIN b JOIN c ON … ON ….
		for !p.isOne("on", "using") {
			if p.join() == nil {
				p.fail()
			}
		}
	}
	p.depth--
	p.write("on")
	c := p.open(hole{kind: holeJoin, node: j, pos: int32(j.At)})
	switch {
	case cross || j.Natural:
	case p.accept("on"):
		p.expr(&j.On)
	default:
		p.expect("using")
		j.Using = p.parenNames()
		if p.accept("as") {
			j.UsingAlias = p.colID()
		}
	}
	p.close(c)
	return j
}
