package parser

import "rowkey/parser/ast"

// parseCreateView parses what follows CREATE [OR REPLACE] [TEMP]: VIEW or
// RECURSIVE VIEW.
func (p *parser) parseCreateView(at ast.At, orReplace bool, persistence ast.Persistence) ast.Stmt {
	s := &ast.CreateViewStmt{At: at, OrReplace: orReplace, Persistence: persistence}
	s.Recursive = p.accept("recursive")
	p.expect("view")
	s.Name = p.qualifiedName()
	if s.Recursive {
		s.Columns = p.parenNames()
	} else {
		s.Columns = p.optParenNames()
	}
	if p.acceptWith() {
		s.Options = p.relOptions()
	}
	p.expect("as")
	p.query(&s.Query)
	with := p.here()
	if p.acceptWith() {
		switch {
		case p.accept("local"):
			s.Check = ast.CheckLocal
		default:
			p.accept("cascaded")
			s.Check = ast.CheckCascaded
		}
		p.expect("check", "option")
		if s.Recursive {
			raise(int(with), codeUnsupported, "WITH CHECK OPTION not supported on recursive views")
		}
	}
	return s
}

// parseCreateIndex parses what follows CREATE [UNIQUE] INDEX.
func (p *parser) parseCreateIndex(at ast.At, unique bool) ast.Stmt {
	s := &ast.CreateIndexStmt{At: at, Unique: unique}
	s.Concurrently = p.accept("concurrently")
	if p.acceptIfNotExists() {
		s.IfNotExists = true
		s.Name = p.colID()
	} else if !p.is("on") {
		s.Name = p.colID()
	}
	p.expect("on")
	s.Table = p.relationExpr()
	if p.accept("using") {
		s.AccessMethod = p.colID()
	}
	s.Elements = p.indexElems()
	if p.accept("include") {
		s.Including = p.indexElems()
	}
	s.NullsNotDistinct = p.nullsDistinct()
	if p.acceptWith() {
		s.Options = p.relOptions()
	}
	s.Tablespace = p.optTablespace()
	if p.accept("where") {
		p.expr(&s.Where)
	}
	return s
}

// indexElems parses (element, …).
func (p *parser) indexElems() []*ast.IndexElem {
	return parenListOf(p, (*parser).indexElem)
}

// indexElem parses a column, a function call or an expression in parentheses,
// with its collation, operator class and order.
func (p *parser) indexElem() *ast.IndexElem {
	e := &ast.IndexElem{At: p.here()}
	p.columnOrExpr(&e.Name, &e.Expr)
	if p.accept("collate") {
		e.Collation = p.anyName()
	}
	// NULLS is a name, too, unless FIRST or LAST follows.
	if p.tok().isColID() && !p.isNullsOrder() {
		e.OpClass = p.anyName()
		if p.is("(") {
			e.OpClassOptions = p.relOptions()
		}
	}
	if p.accept("asc") {
		e.Dir = ast.SortAsc
	} else if p.accept("desc") {
		e.Dir = ast.SortDesc
	}
	if p.isNullsOrder() {
		p.advance()
		if p.accept("first") {
			e.Nulls = ast.NullsFirst
		} else {
			p.expect("last")
			e.Nulls = ast.NullsLast
		}
	}
	return e
}

// columnOrExpr parses what is indexed or partitioned by: a column, a function
// call, or any expression in parentheses.
func (p *parser) columnOrExpr(column *string, expr *ast.Expr) {
	switch {
	case p.is("("):
		p.advance()
		p.expr(expr)
		p.expect(")")
	case p.tok().isColID() && !p.isAt(1, "(") && !p.isAt(1, "."):
		*column = p.colID()
	default:
		p.funcExpr(expr)
	}
}

// parseCreateSequence parses what follows CREATE [TEMP] SEQUENCE.
func (p *parser) parseCreateSequence(at ast.At, persistence ast.Persistence) ast.Stmt {
	s := &ast.CreateSequenceStmt{At: at, Persistence: persistence}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.qualifiedName()
	s.Options = p.sequenceOptions()
	return s
}

// fromItems takes the items of a FROM that belongs to no query: joins need one
// to be grouped in.
func (p *parser) fromItems(list *[]ast.TableExpr) {
	carrier := new(*ast.SelectStmt)
	p.begin(slot{query: carrier})
	sep, count := p.sep, p.count
	p.write("(")
	p.recs = append(p.recs, &queryRec{firstHole: len(p.holes) + 1, orderSep: "order by"})
	p.core(hole{kind: holeCore, node: &ast.SelectStmt{At: p.here()}})
	p.sep = "from"
	p.fromList(list)
	p.out = append(p.out, ' ', ')')
	p.sep, p.count = sep, count
}

// parseCreateStatistics parses what follows CREATE STATISTICS.
func (p *parser) parseCreateStatistics(at ast.At) ast.Stmt {
	s := &ast.CreateStatisticsStmt{At: at}
	s.IfNotExists = p.acceptIfNotExists()
	s.Name = p.anyName()
	s.Kinds = p.optParenNames()
	p.expect("on")
	s.Elements = listOf(p, func(p *parser) *ast.IndexElem {
		e := &ast.IndexElem{At: p.here()}
		p.columnOrExpr(&e.Name, &e.Expr)
		return e
	})
	p.expect("from")
	p.fromItems(&s.From)
	return s
}
