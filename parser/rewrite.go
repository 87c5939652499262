package parser

import (
	"strconv"

	"rowkey/parser/ast"
)

// This file is the rewriter's core: what is emitted for the grammar, and the
// side tables that hold the rest until the lift. doc.go shows the carriers.

// rewriter holds the emitted text and its side tables, all in source order.
type rewriter struct {
	out []byte
	// sep is written before the next emitted part: "select 0 ," then ",";
	// "where"; and so on. A clause with nothing to group is never emitted.
	sep   string
	count int // parts emitted in the current carrier

	holes []hole // hole n is holes[n-1]
	slots []slot
	ops   []op
	recs  []*queryRec
	segs  []seg
}

// holeKind says what a number in the emitted text stands for.
type holeKind uint8

const (
	holeLeaf       holeKind = iota // a finished expression
	holeParts                      // (n, e…): an expression whose gaps the parts fill
	holeParen                      // (n, e): the expression e
	holePost                       // (n, e…): a postfix operator; what stands left of it goes to *left
	holeCast                       // x || n: ::type, on the primary
	holeCollate                    // x || n: COLLATE, outside a unary minus
	holePrefix                     // n | x
	holeInfix                      // x | n | y
	holeInfixAny                   // x | n | (post): an operator with ANY or ALL
	holeMark                       // x BETWEEN n AND (post): IN, LIKE ANY
	holeBetween                    // x BETWEEN (n, low) AND high
	holeLike                       // x BETWEEN n AND pattern
	holeEscape                     // pattern BETWEEN n AND escape
	holeIsDistinct                 // x <=> n <=> y
	holeJoin                       // ON (n, condition)
	holeCore                       // SELECT n, …: a statement
	holeSub                        // SELECT n, (query): a query in parentheses
	holeTable                      // the table tn
	holeCTE                        // WITH tn AS (…)
)

// hole is one number of the emitted text.
type hole struct {
	kind  holeKind
	parts int32 // slots of its own
	pos   int32
	expr  ast.Expr
	left  *ast.Expr
	node  any // of statements, tables and joins
}

// slot is a gap in the tree that an emitted part fills. One of its pointers is
// set; items of lists are named by index since lists move as they grow.
type slot struct {
	expr  *ast.Expr
	list  *[]ast.Expr
	table *[]ast.TableExpr
	one   *ast.TableExpr
	query **ast.SelectStmt
	stmt  *ast.Stmt
	index int
	hole  int // of a holeParen, whose expr is the gap
}

// opKind is what an operator emitted as itself makes.
type opKind uint8

const (
	opBinary   opKind = iota
	opPost            // its right operand begins with a holePost
	opUnary           // + and -
	opAnd             //
	opOr              //
	opNot             //
	opAtZone          // emitted as ||
	opDistinct        // the first <=> of x <=> n <=> y
	opDistinctRight
	opSet // UNION, INTERSECT, EXCEPT
)

// op is an operator emitted as itself. The lift meets them in the same order.
type op struct {
	kind opKind
	all  bool // of a set operation
	set  ast.SetOp
	pos  int32
	name string
}

// queryRec is what belongs to a whole query, however its terms are grouped.
type queryRec struct {
	firstHole int // to prove that rewriter and lift agree
	with      *ast.WithClause
	orderBy   []*ast.SortBy
	orderSep  string // the sep of the next part of its ORDER BY
	limit     ast.Expr
	offset    ast.Expr
	hasLimit  bool
	hasOffset bool
	withTies  bool
	locking   []*ast.LockingClause
}

// seg maps an offset of the emitted text to the token it came from.
type seg struct{ out, tok int32 }

func itoa(n int) string { return strconv.Itoa(n) }

// reset forgets a statement.
func (r *rewriter) reset() {
	// The tables' elements point into the tree: drop them, keep the room.
	clear(r.holes)
	clear(r.slots)
	clear(r.recs)
	r.out, r.holes, r.slots, r.ops = r.out[:0], r.holes[:0], r.slots[:0], r.ops[:0]
	r.recs, r.segs, r.sep, r.count = r.recs[:0], r.segs[:0], "", 0
}

// ---- emit -------------------------------------------------------------------

// write emits words for the grammar.
func (p *parser) write(words string) {
	p.out = append(p.out, ' ')
	p.segs = append(p.segs, seg{int32(len(p.out)), int32(p.i)})
	p.out = append(p.out, words...)
}

// hole adds a hole and emits its number.
func (p *parser) hole(h hole) int {
	p.holes = append(p.holes, h)
	p.out = append(p.out, ' ')
	p.segs = append(p.segs, seg{int32(len(p.out)), int32(p.i)})
	p.out = strconv.AppendInt(p.out, int64(len(p.holes)), 10)
	return len(p.holes)
}

// tableHole adds a hole and emits it as a table's name.
func (p *parser) tableHole(kind holeKind, node any) {
	p.holes = append(p.holes, hole{kind: kind, node: node, pos: int32(p.pos())})
	p.write("t")
	p.out = strconv.AppendInt(p.out, int64(len(p.holes)), 10)
}

// leafHole emits a finished expression.
func (p *parser) leafHole(e ast.Expr) { p.hole(hole{kind: holeLeaf, expr: e}) }

// operator emits an operator as itself.
func (p *parser) operator(words string, o op) {
	p.write(words)
	p.ops = append(p.ops, o)
}

// carrier is an open parenthesis whose parts fill the gaps of a hole's node.
type carrier struct {
	hole  int
	sep   string
	count int
}

// open begins a carrier: (n, part, part …).
func (p *parser) open(h hole) carrier {
	p.enter()
	p.write("(")
	c := carrier{sep: p.sep, count: p.count}
	c.hole = p.hole(h)
	p.sep, p.count = ",", 0
	return c
}

// close ends a carrier.
func (p *parser) close(c carrier) {
	p.out = append(p.out, ' ', ')')
	p.holes[c.hole-1].parts = int32(p.count)
	p.sep, p.count = c.sep, c.count
	p.depth--
}

// begin emits the separator before a part that will fill s.
func (p *parser) begin(s slot) {
	p.write(p.sep)
	p.sep = ","
	p.count++
	p.slots = append(p.slots, s)
}

// set fills the gap with a finished expression.
func (p *parser) set(s slot, e ast.Expr) {
	switch {
	case s.expr != nil:
		*s.expr = e
	case s.list != nil:
		(*s.list)[s.index] = e
	case s.hole > 0:
		p.holes[s.hole-1].expr = e
	default:
		raise(e.Pos(), codeInternal, "parser: an expression has no place")
	}
}

// ---- the seam for other statements' descents --------------------------------

// expr takes an expression (a_expr). *dest is set when the whole statement has
// been read, or at once if it is a single leaf: a caller must not look at it.
func (p *parser) expr(dest *ast.Expr) { p.exprSlot(slot{expr: dest}, modeFull) }

// bExpr takes an expression without AND, OR, NOT, IN, LIKE, BETWEEN and IS NULL (b_expr).
func (p *parser) bExpr(dest *ast.Expr) { p.exprSlot(slot{expr: dest}, modeRestricted) }

// exprList takes expr, expr, … onto *dest (expr_list). dest must stay where it is.
func (p *parser) exprList(dest *[]ast.Expr) {
	p.exprItem(dest)
	for p.accept(",") {
		p.exprItem(dest)
	}
}

// exprItem takes one expression onto *dest.
func (p *parser) exprItem(dest *[]ast.Expr) {
	*dest = append(*dest, nil)
	p.exprSlot(slot{list: dest, index: len(*dest) - 1}, modeFull)
}

// query takes a query, in parentheses or not (SelectStmt).
func (p *parser) query(dest **ast.SelectStmt) {
	if !p.startsQuery(p.i) && !p.is("(") {
		p.fail()
	}
	p.querySlot(slot{query: dest}, false)
}

// preparable takes a query, INSERT, UPDATE, DELETE or MERGE (PreparableStmt).
func (p *parser) preparable(dest *ast.Stmt) {
	if !p.startsPreparable() {
		p.fail()
	}
	p.querySlot(slot{stmt: dest}, true)
}

// startsPreparable reports whether a preparable statement begins here.
func (p *parser) startsPreparable() bool {
	return p.startsQuery(p.i) || p.is("(") || p.isOne("insert", "update", "delete", "merge")
}

// querySlot emits a query, or any preparable statement, as a part.
func (p *parser) querySlot(s slot, dml bool) {
	p.begin(s)
	sep, count := p.sep, p.count
	p.write("(")
	p.statementBody(dml)
	p.out = append(p.out, ' ', ')')
	p.sep, p.count = sep, count
}
