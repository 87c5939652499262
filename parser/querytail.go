package parser

import (
	"rowkey/parser/ast"
)

// This file takes what may follow a query: ORDER BY, LIMIT, OFFSET, FETCH, FOR.

// queryTail takes ORDER BY, LIMIT, OFFSET, FETCH and FOR. What of it needs
// grouping is emitted as items of an ORDER BY.
func (p *parser) queryTail(rec *queryRec) {
	p.sep = rec.orderSep
	if p.is("order") {
		p.i++
		p.expect("by")
		if rec.orderBy != nil {
			raise(p.exprStart(0), codeSyntax, "multiple ORDER BY clauses not allowed")
		}
		p.sortList(&rec.orderBy)
	}
	limits, locks := false, false
	for {
		switch {
		case p.isOne("limit", "offset", "fetch") && !limits:
			limits = true
			p.limits(rec)
			continue
		case p.is("for") && !locks:
			locks = true
			p.locking(rec)
			continue
		}
		break
	}
	rec.orderSep = p.sep
	if rec.withTies {
		if rec.orderBy == nil {
			raise(-1, codeSyntax, "WITH TIES cannot be specified without ORDER BY clause")
		}
		for _, l := range rec.locking {
			if l.Wait == ast.LockSkip {
				raise(-1, codeSyntax, "SKIP LOCKED and WITH TIES options cannot be used together")
			}
		}
	}
}

// limits takes LIMIT or FETCH and OFFSET, in either order.
func (p *parser) limits(rec *queryRec) {
	limit, offset := false, false
	for {
		at := p.pos()
		switch {
		case p.is("offset") && !offset:
			if rec.hasOffset {
				raise(p.exprStart(1), codeSyntax, "multiple OFFSET clauses not allowed")
			}
			offset, rec.hasOffset = true, true
			p.i++
			p.expr(&rec.offset)
			if !p.accept("rows") {
				p.accept("row")
			}
		case p.is("limit") && !limit:
			if rec.hasLimit {
				raise(p.exprStart(1), codeSyntax, "multiple LIMIT clauses not allowed")
			}
			limit, rec.hasLimit = true, true
			p.i++
			if p.is("all") {
				rec.limit = &ast.Const{At: p.here(), Kind: ast.ConstNull}
				p.i++
			} else {
				p.expr(&rec.limit)
			}
			if p.is(",") {
				e := newError(at, codeSyntax, "LIMIT #,# syntax is not supported")
				e.Hint = "Use separate LIMIT and OFFSET clauses."
				panic(e)
			}
		case p.is("fetch") && !limit:
			if rec.hasLimit {
				raise(p.exprStart(1), codeSyntax, "multiple LIMIT clauses not allowed")
			}
			limit, rec.hasLimit = true, true
			p.i++
			p.fetch(rec)
		default:
			return
		}
	}
}

// exprStart is the position of the expression n tokens ahead, within its parentheses.
func (p *parser) exprStart(n int) int {
	i := min(p.i+n, len(p.toks)-1)
	for p.toks[i].isWord("(") && !p.opensQuery(i) {
		i++
	}
	return int(p.toks[i].pos)
}

// fetch takes FIRST [n] ROWS ONLY|WITH TIES.
func (p *parser) fetch(rec *queryRec) {
	if !p.accept("first") {
		p.expect("next")
	}
	switch t := p.tok(); {
	case p.isOne("row", "rows") && !p.isAt(1, "("):
		rec.limit = intNode(1, ast.Unknown)
	case t.isWord("+") || t.isWord("-"):
		rec.limit = p.numericOnly()
	default:
		p.operandSlot(slot{expr: &rec.limit})
	}
	if !p.accept("rows") {
		p.expect("row")
	}
	if p.is("with") {
		p.i++
		p.expect("ties")
		rec.withTies = true
		return
	}
	p.expect("only")
}

// operandSlot takes a single operand (c_expr).
func (p *parser) operandSlot(s slot) {
	if e := p.leaf(false); e != nil {
		p.set(s, e)
		return
	}
	p.begin(s)
	p.atom()
}

// locking takes FOR UPDATE and its like, as many as follow.
func (p *parser) locking(rec *queryRec) {
	if p.is("for", "read") {
		p.i += 2
		p.expect("only")
		return
	}
	for p.is("for") {
		l := &ast.LockingClause{At: p.here()}
		p.i++
		switch {
		case p.accept("update"):
			l.Strength = ast.ForUpdate
		case p.accept("no"):
			p.expect("key", "update")
			l.Strength = ast.ForNoKeyUpdate
		case p.accept("share"):
			l.Strength = ast.ForShare
		default:
			p.expect("key", "share")
			l.Strength = ast.ForKeyShare
		}
		if p.accept("of") {
			for first := true; first || p.accept(","); first = false {
				l.Relations = append(l.Relations, p.qualifiedName())
			}
		}
		if p.accept("nowait") {
			l.Wait = ast.LockNoWait
		} else if p.accept("skip") {
			p.expect("locked")
			l.Wait = ast.LockSkip
		}
		rec.locking = append(rec.locking, l)
	}
}
