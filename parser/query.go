package parser

import (
	"rowkey/parser/ast"
)

// This file takes queries: WITH, SELECT, VALUES, TABLE and set operations. FROM
// is in from.go, what may follow a query in querytail.go.

// startsQuery reports whether the token at index i begins a query.
func (p *parser) startsQuery(i int) bool {
	t := &p.toks[min(i, len(p.toks)-1)]
	if t.kind != tokKeyword {
		return false
	}
	switch t.text {
	case "select", "with", "table":
		return true
	case "values":
		return true
	}
	return false
}

// Memo values of token.query.
const (
	queryUnknown uint8 = iota
	queryYes
	queryNo
)

// opensQuery reports whether the parenthesis at index i encloses a query:
// (SELECT …), or ((SELECT …) UNION …), but not ((SELECT …) + 1).
func (p *parser) opensQuery(i int) bool {
	// Walk inwards to where it is known, then outwards again: each
	// parenthesis is looked at once, however deep they nest.
	last := i
	for p.toks[last].query == queryUnknown {
		next := &p.toks[last+1]
		switch {
		case p.startsQuery(last+1) && (next.text != "values" || p.toks[last+2].isWord("(")):
			p.toks[last].query = queryYes
		case next.kind == tokPunct && next.text == "(" && next.match >= 0:
			last++
			continue
		default:
			p.toks[last].query = queryNo
		}
		break
	}
	for ; last > i; last-- {
		outer := &p.toks[last-1]
		outer.query = queryNo
		if p.toks[last].query == queryYes {
			switch after := &p.toks[p.toks[last].match+1]; {
			case after.isWord(")"), after.isWord("union"), after.isWord("intersect"), after.isWord("except"),
				after.isWord("order"), after.isWord("limit"), after.isWord("offset"), after.isWord("fetch"), after.isWord("for"):
				outer.query = queryYes
			}
		}
	}
	return p.toks[i].query == queryYes
}

// statementBody emits a query or, if dml, any preparable statement.
func (p *parser) statementBody(dml bool) {
	p.enter()
	rec := &queryRec{firstHole: len(p.holes) + 1, orderSep: "order by"}
	p.recs = append(p.recs, rec)
	if p.is("with") {
		p.with(rec)
	}
	t := p.tok()
	switch {
	case dml && t.isWord("insert"):
		p.insert()
	case dml && t.isWord("update"):
		p.update()
	case dml && t.isWord("delete"):
		p.delete()
	case dml && t.isWord("merge"):
		p.merge()
	default:
		p.queryBody(rec)
	}
	p.depth--
}

// with emits WITH [RECURSIVE] name AS (…), ….
func (p *parser) with(rec *queryRec) {
	if rec.with != nil {
		raise(int(rec.with.At), codeSyntax, "multiple WITH clauses not allowed")
	}
	w := &ast.WithClause{At: p.here()}
	rec.with = w
	p.write("with")
	p.i++
	if p.is("recursive") && p.peek(1).isColID() { // else it is a name
		p.i++
		w.Recursive = true
	}
	for first := true; first || p.accept(","); first = false {
		if !first {
			p.write(",")
		}
		c := &ast.CTE{At: p.here()}
		p.tableHole(holeCTE, c)
		c.Name = p.colID()
		if p.is("(") {
			c.Columns = p.parenNames()
		}
		p.expect("as")
		if p.is("not") {
			p.i++
			p.expect("materialized")
			c.Materialize = ast.MaterializeNever
		} else if p.accept("materialized") {
			c.Materialize = ast.MaterializeAlways
		}
		p.expect("(")
		if p.is("merge") {
			raise(int(c.At), codeUnsupported, "MERGE not supported in WITH query")
		}
		p.write("as (")
		sep, count := p.sep, p.count
		p.statementBody(true)
		p.sep, p.count = sep, count
		p.out = append(p.out, ' ', ')')
		p.expect(")")
		p.searchCycle(c)
		w.CTEs = append(w.CTEs, c)
	}
}

// searchCycle takes a CTE's SEARCH and CYCLE clauses.
func (p *parser) searchCycle(c *ast.CTE) {
	if p.is("search") {
		s := &ast.CTESearch{At: p.here()}
		p.i++
		if p.accept("breadth") {
			s.Breadth = true
		} else {
			p.expect("depth")
		}
		p.expect("first", "by")
		s.Columns = p.nameList()
		p.expect("set")
		s.Sequence = p.colID()
		c.Search = s
	}
	if p.is("cycle") {
		y := &ast.CTECycle{At: p.here()}
		p.i++
		y.Columns = p.nameList()
		p.expect("set")
		y.Mark = p.colID()
		y.Value = &ast.Const{At: ast.Unknown, Kind: ast.ConstBool, Bool: true}
		y.DefaultMark = &ast.Const{At: ast.Unknown, Kind: ast.ConstBool}
		if p.accept("to") {
			y.Value = p.constExpr()
			p.expect("default")
			y.DefaultMark = p.constExpr()
		}
		p.expect("using")
		y.Path = p.colID()
		c.Cycle = y
	}
}

// constExpr takes a literal, plain or with a type before it (AexprConst).
func (p *parser) constExpr() ast.Expr {
	t := p.tok()
	switch {
	case t.kind == tokString, t.kind == tokInt, t.kind == tokFloat, t.kind == tokBits,
		t.isWord("null"), t.isWord("true"), t.isWord("false"):
		return p.literal()
	}
	return p.typedConst()
}

// setOpAfter reports whether a set operator follows the parenthesis at index i.
func (p *parser) setOpAfter(i int) bool {
	m := p.toks[i].match
	if m < 0 {
		return false
	}
	t := &p.toks[m+1]
	return t.isWord("union") || t.isWord("intersect") || t.isWord("except")
}

// queryBody emits a query after its WITH.
func (p *parser) queryBody(rec *queryRec) {
	if p.is("(") && !p.setOpAfter(p.i) {
		// Parentheses around all of it: what follows them belongs to the same query.
		p.enter()
		p.i++
		if p.is("with") {
			p.with(rec)
		}
		p.queryBody(rec)
		p.expect(")")
		p.depth--
	} else {
		p.queryTerm()
		for p.setOp() {
			p.queryTerm()
		}
	}
	p.queryTail(rec)
}

// setOp emits UNION, INTERSECT or EXCEPT, if one is next.
func (p *parser) setOp() bool {
	t := p.tok()
	o := op{kind: opSet, pos: t.pos}
	switch {
	case t.isWord("union"):
		o.set = ast.Union
	case t.isWord("intersect"):
		o.set = ast.Intersect
	case t.isWord("except"):
		o.set = ast.Except
	default:
		return false
	}
	p.operator(t.text, o)
	p.i++
	if p.is("all") {
		p.write("all")
		p.i++
		p.ops[len(p.ops)-1].all = true
	} else {
		p.accept("distinct")
	}
	return true
}

// queryTerm emits one operand of a set operation, or a query's only part.
func (p *parser) queryTerm() {
	p.sep = ","
	switch {
	case p.is("("):
		p.core(hole{kind: holeSub})
		p.i++
		p.querySlot(slot{query: new(*ast.SelectStmt)}, false)
		p.expect(")")
	case p.is("select"):
		p.selectCore()
	case p.is("values"):
		s := &ast.SelectStmt{At: p.here()}
		p.core(hole{kind: holeCore, node: s})
		p.i++
		p.valuesRows(s)
	case p.is("table"):
		s := &ast.SelectStmt{At: p.here()}
		p.core(hole{kind: holeCore, node: s})
		p.i++
		star := &ast.ColumnRef{At: ast.Unknown, Star: true}
		s.Targets = []*ast.ResTarget{{At: ast.Unknown, Value: star}}
		s.From = []ast.TableExpr{p.relationExpr()}
	default:
		p.fail()
	}
}

// core begins a SELECT of the grammar with the hole that says what it is.
func (p *parser) core(h hole) {
	p.write("select")
	p.hole(h)
	p.sep = ","
}

// valuesRows takes (…), (…), …. A row of plain literals is not emitted.
func (p *parser) valuesRows(s *ast.SelectStmt) {
	var room []ast.Expr // rows are cut from it
	var consts []ast.Const
	width := 0
	for first := true; first || p.accept(","); first = false {
		p.expect("(")
		if cap(room)-len(room) < width || first {
			room = make([]ast.Expr, 0, max(width*64, 8))
		}
		start := len(room)
		var boxed *[]ast.Expr // the row, once it holds something to emit
		for item := true; item || p.accept(","); item = false {
			t := p.tok()
			if boxed != nil {
				p.exprItem(boxed)
				continue
			}
			next := p.peek(1)
			if lit := t.kind >= tokString && t.kind <= tokFloat || t.kind == tokKeyword && t.class == reserved &&
				(t.text == "null" || t.text == "true" || t.text == "false"); lit && next.kind == tokPunct &&
				(next.text == "," || next.text == ")") {
				if len(consts) == cap(consts) {
					consts = make([]ast.Const, 0, min(max(16, 2*cap(consts)), 256))
				}
				consts = append(consts, ast.Const{At: ast.At(t.pos), Text: t.text})
				c := &consts[len(consts)-1]
				setLiteral(c, t)
				p.i++
				room = append(room, c)
				continue
			}
			if e := p.leaf(false); e != nil {
				room = append(room, e)
				continue
			}
			boxed = new([]ast.Expr)
			*boxed = append(*boxed, room[start:]...)
			p.exprItem(boxed)
		}
		p.expect(")")
		row := room[start:len(room):len(room)]
		if boxed != nil {
			row = *boxed
			room = room[:start]
		}
		s.Values = append(s.Values, row)
		width = max(width, len(row))
	}
}

// selectCore emits SELECT … up to WINDOW.
func (p *parser) selectCore() {
	s := &ast.SelectStmt{At: p.here()}
	p.core(hole{kind: holeCore, node: s})
	p.i++
	if p.accept("distinct") {
		s.Distinct = true
		if p.accept("on") {
			p.expect("(")
			p.exprList(&s.DistinctOn)
			p.expect(")")
		}
		if p.tok().endsTarget() && s.DistinctOn == nil {
			p.fail()
		}
	} else {
		p.accept("all")
	}
	if !p.tok().endsTarget() {
		p.targets(&s.Targets)
	}
	if p.is("into") {
		p.into(s)
	}
	from := false
	if p.accept("from") {
		p.sep = "from"
		p.fromList(&s.From)
		from = p.sep == ","
	}
	// The grammar wants a table before WHERE and the rest.
	clause := func(words string) {
		if p.sep = words; !from {
			p.sep = "from t0 " + words
		}
	}
	done := func() { from = from || p.sep == "," }
	if p.accept("where") {
		clause("where")
		p.expr(&s.Where)
		done()
	}
	if p.accept("group") {
		p.expect("by")
		if p.accept("distinct") {
			s.GroupDistinct = true
		} else {
			p.accept("all")
		}
		clause("group by")
		p.groupList(&s.GroupBy)
		done()
	}
	if p.is("having") || p.is("window") {
		clause("having (0 ,")
		if p.accept("having") {
			p.expr(&s.Having)
		}
		if p.accept("window") {
			for first := true; first || p.accept(","); first = false {
				w := &ast.WindowDef{At: p.here(), Name: p.colID()}
				p.expect("as")
				p.windowSpec(w)
				s.Windows = append(s.Windows, w)
			}
		}
		if p.sep == "," {
			p.out = append(p.out, ' ', ')')
		}
	}
}

// targets takes expr [[AS] label], * and so on (target_list).
func (p *parser) targets(list *[]*ast.ResTarget) {
	for first := true; first || p.accept(","); first = false {
		r := &ast.ResTarget{At: p.here()}
		*list = append(*list, r)
		if p.is("*") {
			r.Value = &ast.ColumnRef{At: r.At, Star: true}
			p.i++
			continue
		}
		p.exprSlot(slot{expr: &r.Value}, modeTarget)
		if p.accept("as") {
			r.Name = p.colLabel()
		} else if t := p.tok(); t.kind == tokIdent || t.kind == tokKeyword && t.bare {
			r.Name = t.text
			p.i++
		}
	}
}

// into takes INTO [TEMPORARY|UNLOGGED] [TABLE] name.
func (p *parser) into(s *ast.SelectStmt) {
	s.Into = &ast.IntoClause{At: p.here()}
	p.i++
	// Each of these words is the table's own name, unless a name follows.
	named := func(n int) bool { return p.peek(n).isColID() || p.isAt(n, "table") }
	if p.isOne("local", "global") && (p.isAt(1, "temp") || p.isAt(1, "temporary")) && named(2) {
		p.i++
	}
	if named(1) {
		switch {
		case p.accept("temporary"), p.accept("temp"):
			s.Into.Persistence = ast.Temporary
		case p.accept("unlogged"):
			s.Into.Persistence = ast.Unlogged
		}
	}
	p.accept("table")
	s.Into.Relation = p.qualifiedName()
}

// groupList takes the items of GROUP BY.
func (p *parser) groupList(list *[]ast.Expr) {
	for first := true; first || p.accept(","); first = false {
		g := &ast.GroupingSet{At: p.here()}
		switch {
		case p.accept("(", ")"):
			*list = append(*list, g)
		case p.is("rollup", "("), p.is("cube", "("):
			g.Kind = ast.GroupRollup
			if p.is("cube") {
				g.Kind = ast.GroupCube
			}
			p.i += 2
			*list = append(*list, g)
			p.exprList(&g.Sets)
			p.expect(")")
		case p.is("grouping", "sets"):
			g.Kind = ast.GroupSets
			p.i += 2
			p.expect("(")
			*list = append(*list, g)
			p.enter()
			p.groupList(&g.Sets)
			p.depth--
			p.expect(")")
		default:
			p.exprItem(list)
		}
	}
}
