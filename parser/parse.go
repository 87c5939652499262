package parser

import (
	"strings"
	"sync"
	"unicode/utf8"

	"rowkey/parser/ast"
)

// parsers are reused for their tables' room.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// maxKept bounds the room that a parser keeps for its next text.
const maxKept = 1 << 16

// withParser runs f on a parser over src, which must be valid UTF-8.
func withParser(src string, f func(p *parser)) (err error) {
	if !utf8.ValidString(src) || strings.IndexByte(src, 0) >= 0 {
		bad := firstBadBytes(src)
		if bad == "" {
			bad = "0x00"
		}
		return newError(-1, codeBadText, `invalid byte sequence for encoding "UTF8": %s`, bad)
	}
	p := parsers.Get().(*parser)
	p.src, p.toks = src, lexInto(src, p.toks)
	p.i, p.depth, p.params = 0, 0, 0
	p.reset()
	defer func() {
		err = caught(recover(), src)
		p.src = ""
		clear(p.toks) // they point into the text
		p.reset()
		if cap(p.out) <= maxKept && cap(p.toks) <= maxKept/4 && cap(p.holes) <= maxKept/16 && cap(p.slots) <= maxKept/16 {
			parsers.Put(p)
		}
	}()
	f(p)
	return nil
}

// Parse takes a query string apart into its statements, which may be none. An
// error in any of them refuses the whole string, as in PostgreSQL; it is an *Error.
func Parse(sql string) ([]*ast.RawStmt, error) {
	var list []*ast.RawStmt
	err := withParser(sql, func(p *parser) {
		for {
			for p.accept(";") {
			}
			if p.tok().kind == tokEOF {
				return
			}
			list = append(list, p.rawStmt())
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// rawStmt takes one statement, up to its semicolon.
func (p *parser) rawStmt() *ast.RawStmt {
	p.reset()
	p.params = 0
	start := p.pos()
	stmt := p.statement()
	return &ast.RawStmt{Stmt: stmt, Start: start, Len: p.end() - start, Params: p.params}
}

// end is the offset at which the statement before the current token ends.
func (p *parser) end() int {
	if p.i == 0 {
		return p.pos()
	}
	return int(p.toks[p.i-1].end)
}

// statement takes a statement and fills its gaps.
func (p *parser) statement() ast.Stmt {
	if p.startsPreparable() {
		p.statementBody(true)
		if !p.atEnd() {
			p.fail()
		}
		return p.lift(true)
	}
	p.sep = "select 0 ,"
	stmt := p.parseUtility()
	if stmt == nil {
		stmt = p.parseDDL()
	}
	if stmt == nil || !p.atEnd() {
		p.fail()
	}
	if len(p.out) > 0 {
		p.lift(false)
	}
	return stmt
}

// ParseExpr takes a single expression, such as a stored default or check.
func ParseExpr(text string) (ast.Expr, error) {
	var e ast.Expr
	err := withParser(text, func(p *parser) {
		p.sep = "select 0 ,"
		p.expr(&e)
		p.finish()
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// finish demands the end of the text and fills the gaps.
func (p *parser) finish() {
	if p.tok().kind != tokEOF {
		p.fail()
	}
	if len(p.out) > 0 {
		p.lift(false)
	}
}

// ParseTypeName takes a type as written in SQL, such as regtype's input.
func ParseTypeName(text string) (*ast.TypeName, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Code: codeSyntax, Message: "invalid type name \"" + text + "\"", at: -1}
	}
	var t *ast.TypeName
	err := withParser(text, func(p *parser) {
		t = p.typeName()
		p.finish()
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}
