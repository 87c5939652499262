package parser

import (
	"errors"

	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"rowkey/parser/ast"
)

// This file fills the gaps of the tree from the grammar's tree.
//
// The lift walks that tree in the order of the text. So holes must come as 1,
// 2, 3, …, and operators, gaps and queries in the order in which they were
// emitted. Each is checked: should rewriter and grammar ever disagree, the
// statement is refused, not misread.

var errDisagree = errors.New("parser: rewriter and grammar disagree")

type lifter struct {
	*parser
	hole  int // the last hole met
	slot  int // the next of each table
	op    int
	rec   int
	depth int
	// pending is the left operand of a postfix operator that comes next.
	pending ast.Expr
	chain   *chain
}

// chain is a run of operands and holes joined by |, being lifted.
type chain struct {
	els  []tast.ExprNode
	next int
}

// disagree refuses a statement that the two sides see differently.
func disagree() { raise(-1, codeInternal, "%v", errDisagree) }

// lift groups what was emitted and fills the tree's gaps. For a query or DML
// statement it returns the statement itself.
func (p *parser) lift(preparable bool) ast.Stmt {
	tree, err := group(string(p.out))
	if err != nil {
		p.grammarError(err)
	}
	l := lifter{parser: p}
	var stmt ast.Stmt
	if preparable {
		stmt = l.stmt(tree)
	} else {
		sel, ok := tree.(*tast.SelectStmt)
		if !ok {
			disagree()
		}
		l.fields(sel.Fields.Fields)
	}
	if l.hole != len(p.holes) || l.slot != len(p.slots) || l.op != len(p.ops) || l.rec != len(p.recs) || l.pending != nil {
		disagree()
	}
	return stmt
}

// grammarError maps an error of the grammar to the token that it met.
func (p *parser) grammarError(err error) {
	off := errorOffset(string(p.out), err)
	if off < 0 {
		raise(-1, codeInternal, "parser: %v", err)
	}
	tok := -1
	for _, s := range p.segs {
		if int(s.out) > off {
			break
		}
		tok = int(s.tok)
	}
	if tok < 0 {
		raise(-1, codeInternal, "parser: %v", err)
	}
	p.failAt(tok)
}

// ---- holes --------------------------------------------------------------------

// numberOf is the hole that a node is, or -1.
func numberOf(e tast.ExprNode) int {
	switch x := e.(type) {
	case *number:
		return x.n
	case *tast.PositionExpr: // a lone number in ORDER BY or GROUP BY
		return x.N
	}
	return -1
}

// take consumes hole n, which must be the next.
func (l *lifter) take(n int) *hole {
	if n != l.hole+1 || n > len(l.holes) {
		disagree()
	}
	l.hole = n
	return &l.holes[n-1]
}

// takeOp consumes the next operator, which must be of this kind.
func (l *lifter) takeOp(kind opKind) *op {
	o := l.peekOp()
	if o.kind != kind {
		disagree()
	}
	l.op++
	return o
}

func (l *lifter) peekOp() *op {
	if l.op >= len(l.ops) {
		disagree()
	}
	return &l.ops[l.op]
}

// split takes a carrier apart: (n, part, …), (n), or n.
func split(e tast.ExprNode) (n int, parts []tast.ExprNode) {
	switch x := e.(type) {
	case *tast.RowExpr:
		return numberOf(x.Values[0]), x.Values[1:]
	case *tast.ParenthesesExpr:
		return numberOf(x.Expr), nil
	}
	return numberOf(e), nil
}

// kindOf is the kind of hole that a node is or carries.
func (l *lifter) kindOf(e tast.ExprNode) (holeKind, bool) {
	n, _ := split(e)
	if n < 1 || n > len(l.holes) {
		return 0, false
	}
	return l.holes[n-1].kind, true
}

// bareKind is the kind of hole that a node is, unless it has parts.
func (l *lifter) bareKind(e tast.ExprNode) (holeKind, bool) {
	n := numberOf(e)
	if n < 1 || n > len(l.holes) {
		return 0, false
	}
	return l.holes[n-1].kind, true
}

// carried consumes a hole with its parts.
func (l *lifter) carried(e tast.ExprNode) *hole {
	n, parts := split(e)
	h := l.take(n)
	if int(h.parts) != len(parts) || (h.kind == holePost) != (l.pending != nil) {
		disagree()
	}
	if h.kind == holePost {
		*h.left, l.pending = l.pending, nil
	}
	for _, part := range parts {
		l.fill(part)
	}
	return &l.holes[n-1]
}

// fill lifts a part into the next gap.
func (l *lifter) fill(e tast.ExprNode) {
	if l.slot >= len(l.slots) {
		disagree()
	}
	s := l.slots[l.slot]
	l.slot++
	if s.query != nil || s.stmt != nil {
		sub, ok := e.(*tast.SubqueryExpr)
		if !ok {
			disagree()
		}
		stmt := l.stmt(sub.Query)
		if s.stmt != nil {
			*s.stmt = stmt
			return
		}
		if *s.query, ok = stmt.(*ast.SelectStmt); !ok {
			disagree()
		}
		return
	}
	if s.table != nil || s.one != nil {
		disagree()
	}
	outer := l.chain
	l.chain = nil
	l.set(s, l.expr(e))
	l.chain = outer
}

func (l *lifter) enter() {
	if l.depth++; l.depth > 2*maxDepth {
		tooDeep(-1)
	}
}

// ---- expressions ----------------------------------------------------------------

func (l *lifter) expr(e tast.ExprNode) ast.Expr {
	l.enter()
	defer func() { l.depth-- }()
	switch x := e.(type) {
	case *number, *tast.PositionExpr, *tast.RowExpr:
		return l.leafExpr(e)
	case *tast.ParenthesesExpr:
		if numberOf(x.Expr) >= 0 {
			return l.leafExpr(e)
		}
		return l.expr(x.Expr)
	case *tast.BinaryOperationExpr:
		switch x.Op {
		case opcode.LogicAnd, opcode.LogicOr:
			return l.boolean(x)
		case opcode.Or:
			return l.bars(x)
		case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Div, opcode.Mod, opcode.Xor:
			return l.arithmetic(x)
		}
		if isComparison(x.Op) {
			return l.comparison(x)
		}
	case *tast.UnaryOperationExpr:
		if x.Op == opcode.Not {
			o := l.takeOp(opNot)
			return &ast.BoolExpr{At: ast.At(o.pos), Op: ast.Not, Args: []ast.Expr{l.expr(x.V)}}
		}
		o := l.takeOp(opUnary)
		return sign(o, l.expr(x.V))
	case *tast.FuncCallExpr:
		return l.suffixes(x)
	case *tast.BetweenExpr:
		return l.predicate(x)
	}
	disagree()
	return nil
}

// leafExpr lifts a hole that is an expression of its own.
func (l *lifter) leafExpr(e tast.ExprNode) ast.Expr {
	h := l.carried(e)
	switch h.kind {
	case holeLeaf, holeParts, holeParen, holePost:
	case holePrefix:
		// Its operand is the next of the chain, whatever this hole is the end of.
		n := h.expr.(*ast.OpExpr)
		if l.chain == nil {
			disagree()
		}
		n.Right = l.nextOperand()
	default:
		disagree()
	}
	return h.expr
}

// sign applies a unary + or -. A minus sign becomes part of a number.
func sign(o *op, v ast.Expr) ast.Expr {
	if c, ok := v.(*ast.Const); ok && o.name == "-" && (c.Kind == ast.ConstInt || c.Kind == ast.ConstFloat) {
		negate(c, ast.At(o.pos))
		return c
	}
	return &ast.OpExpr{At: ast.At(o.pos), Op: ast.Operator{Name: o.name}, Right: v}
}
