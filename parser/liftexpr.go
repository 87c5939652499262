package parser

import (
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"rowkey/parser/ast"
)

// This file lifts runs of operators: a left-deep tree of the grammar is one run.

// spine unrolls a left-deep tree of operators for which in holds, deepest first.
func (l *lifter) spine(x *tast.BinaryOperationExpr, in func(opcode.Op) bool, limit int) (tast.ExprNode, []*tast.BinaryOperationExpr) {
	n := 1
	e := x.L
	for {
		b, ok := e.(*tast.BinaryOperationExpr)
		if !ok || !in(b.Op) {
			break
		}
		n++
		e = b.L
	}
	if n > limit {
		tooDeep(int(l.peekPos()))
	}
	list := make([]*tast.BinaryOperationExpr, n)
	for b := x; ; b = b.L.(*tast.BinaryOperationExpr) {
		n--
		list[n] = b
		if n == 0 {
			return e, list
		}
	}
}

// peekPos is a position near what is lifted next.
func (l *lifter) peekPos() int32 {
	if l.op < len(l.ops) {
		return l.ops[l.op].pos
	}
	return -1
}

const unlimited = 1 << 30

// boolean lifts a run of AND or of OR into one node.
func (l *lifter) boolean(x *tast.BinaryOperationExpr) ast.Expr {
	kind, boolOp := opAnd, ast.And
	if x.Op == opcode.LogicOr {
		kind, boolOp = opOr, ast.Or
	}
	first, rest := l.spine(x, func(o opcode.Op) bool { return o == x.Op }, unlimited)
	left := l.expr(first)
	n, ok := left.(*ast.BoolExpr) // (a AND b) AND c is one node, too
	if !ok || n.Op != boolOp {
		n = &ast.BoolExpr{At: ast.At(l.peekPos()), Op: boolOp, Args: make([]ast.Expr, 1, 1+len(rest))}
		n.Args[0] = left
	}
	for _, b := range rest {
		l.takeOp(kind)
		n.Args = append(n.Args, l.expr(b.R))
	}
	return n
}

func isArithmetic(o opcode.Op) bool {
	switch o {
	case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Div, opcode.Mod, opcode.Xor:
		return true
	}
	return false
}

func isComparison(o opcode.Op) bool {
	switch o {
	case opcode.LT, opcode.GT, opcode.EQ, opcode.LE, opcode.GE, opcode.NE, opcode.NullEQ:
		return true
	}
	return false
}

// nameOf is the operator that the grammar calls o.
func nameOf(o opcode.Op) string {
	switch o {
	case opcode.Plus:
		return "+"
	case opcode.Minus:
		return "-"
	case opcode.Mul:
		return "*"
	case opcode.Div:
		return "/"
	case opcode.Mod:
		return "%"
	case opcode.Xor:
		return "^"
	case opcode.LT:
		return "<"
	case opcode.GT:
		return ">"
	case opcode.EQ:
		return "="
	case opcode.LE:
		return "<="
	case opcode.GE:
		return ">="
	case opcode.NE:
		return "<>"
	}
	return ""
}

// binary lifts the right side of b, whose left is done.
func (l *lifter) binary(left ast.Expr, b *tast.BinaryOperationExpr) ast.Expr {
	o := l.peekOp()
	if o.kind == opPost {
		if o.name != nameOf(b.Op) {
			disagree()
		}
		l.op++
		l.pending = left
		return l.expr(b.R)
	}
	l.takeOp(opBinary)
	if o.name != nameOf(b.Op) {
		disagree()
	}
	return &ast.OpExpr{At: ast.At(o.pos), Op: ast.Operator{Name: o.name}, Left: left, Right: l.expr(b.R)}
}

// arithmetic lifts a run of + - * / % ^.
func (l *lifter) arithmetic(x *tast.BinaryOperationExpr) ast.Expr {
	first, rest := l.spine(x, isArithmetic, maxDepth)
	cur := l.expr(first)
	for _, b := range rest {
		cur = l.binary(cur, b)
	}
	return cur
}

// bars lifts operands joined by |, which carries every operator that has no
// level of its own: a | n | b and the prefix n | b.
func (l *lifter) bars(x *tast.BinaryOperationExpr) ast.Expr {
	first, rest := l.spine(x, func(o opcode.Op) bool { return o == opcode.Or }, 2*maxDepth)
	c := &chain{els: make([]tast.ExprNode, 0, len(rest)+1)}
	c.els = append(c.els, first)
	for _, b := range rest {
		c.els = append(c.els, b.R)
	}
	outer := l.chain
	l.chain = c
	cur := l.nextOperand()
	for c.next < len(c.els) {
		mark := c.els[c.next]
		c.next++
		switch kind, ok := l.bareKind(mark); {
		case ok && kind == holeInfix:
			n := l.take(numberOf(mark)).expr.(*ast.OpExpr)
			n.Left = cur
			n.Right = l.nextOperand()
			cur = n
		case ok && kind == holeInfixAny:
			l.take(numberOf(mark))
			l.pending = cur
			cur = l.nextOperand()
		default:
			disagree()
		}
	}
	l.chain = outer
	return cur
}

// nextOperand lifts the next operand of the chain.
func (l *lifter) nextOperand() ast.Expr {
	c := l.chain
	if c.next >= len(c.els) {
		disagree()
	}
	e := c.els[c.next]
	c.next++
	return l.expr(e)
}

// comparison regroups a run of comparisons and IS, one level in the grammar,
// into PostgreSQL's two: comparisons, which do not associate, and IS below them.
func (l *lifter) comparison(x *tast.BinaryOperationExpr) ast.Expr {
	first, rest := l.spine(x, isComparison, maxDepth)
	cur := l.expr(first)
	i := 0
	run := func(cur ast.Expr) ast.Expr {
		for closed := false; i < len(rest) && rest[i].Op != opcode.NullEQ; i++ {
			o := l.peekOp()
			if closed {
				l.syntaxError(o.pos)
			}
			closed = o.kind != opPost
			cur = l.binary(cur, rest[i])
		}
		return cur
	}
	cur = run(cur)
	for i < len(rest) {
		if l.peekOp().kind == opPost {
			l.op++
			l.pending = cur
			cur = l.expr(rest[i].R)
			i++
			cur = run(cur)
			continue
		}
		l.takeOp(opDistinct)
		h := l.carried(rest[i].R)
		i++
		if h.kind != holeIsDistinct || i >= len(rest) {
			disagree()
		}
		n := h.expr.(*ast.DistinctExpr)
		l.takeOp(opDistinctRight)
		right := l.expr(rest[i].R)
		i++
		n.Left, n.Right = cur, run(right)
		cur = n
		if i < len(rest) { // IS does not associate
			l.syntaxError(l.peekOp().pos)
		}
	}
	return cur
}

// syntaxError refuses the token at a position.
func (l *lifter) syntaxError(pos int32) {
	lo, hi := 0, len(l.toks)-1
	for lo < hi {
		if mid := (lo + hi) / 2; l.toks[mid].pos < pos {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	l.failAt(lo)
}

// suffixes lifts x || n || y …: casts, COLLATE and AT TIME ZONE.
func (l *lifter) suffixes(x *tast.FuncCallExpr) ast.Expr {
	var els []tast.ExprNode
	e := tast.ExprNode(x)
	for {
		f, ok := e.(*tast.FuncCallExpr)
		if !ok {
			break
		}
		if f.FnName.L != tast.Concat || len(f.Args) != 2 {
			disagree()
		}
		els = append(els, f.Args[1])
		e = f.Args[0]
	}
	if len(els) > maxDepth {
		tooDeep(int(l.peekPos()))
	}
	els = append(els, e)
	next := len(els) - 1 // from the end: els is reversed

	// suffix applies the next element if it is a hole of one of these kinds.
	suffix := func(v ast.Expr, collate bool) (ast.Expr, bool) {
		if next < 0 {
			return v, false
		}
		kind, ok := l.bareKind(els[next])
		if !ok || kind != holeCast && (kind != holeCollate || !collate) {
			return v, false
		}
		h := l.take(numberOf(els[next]))
		next--
		*h.left = v
		return h.expr, true
	}
	// Casts bind tighter than a unary minus, COLLATE does not.
	var signed func(e tast.ExprNode) ast.Expr
	signed = func(e tast.ExprNode) ast.Expr {
		if u, ok := e.(*tast.UnaryOperationExpr); ok && u.Op != opcode.Not {
			l.enter()
			o := l.takeOp(opUnary)
			v := sign(o, signed(u.V))
			l.depth--
			return v
		}
		v, ok := l.expr(e), true
		for ok {
			v, ok = suffix(v, false)
		}
		return v
	}
	operand := func() ast.Expr {
		e := els[next]
		next--
		v, ok := signed(e), true
		for ok {
			v, ok = suffix(v, true)
		}
		return v
	}
	cur := operand()
	for next >= 0 {
		o := l.takeOp(opAtZone)
		f := &ast.FuncCall{At: ast.At(o.pos), Name: systemFunc("timezone"), SQLSyntax: true, Args: make([]ast.Expr, 2)}
		f.Args[1] = cur
		f.Args[0] = operand()
		cur = f
	}
	return cur
}

// predicate lifts the BETWEEN that carries BETWEEN, LIKE, IN and their kin.
func (l *lifter) predicate(x *tast.BetweenExpr) ast.Expr {
	left := l.expr(x.Expr)
	kind, ok := l.kindOf(x.Left)
	if !ok || x.Not {
		disagree()
	}
	switch kind {
	case holeBetween:
		n := l.carried(x.Left).expr.(*ast.BetweenExpr)
		l.nonassoc(x.Right)
		n.Expr, n.High = left, l.expr(x.Right)
		return n
	case holeMark:
		l.carried(x.Left)
		l.pending = left
		return l.expr(x.Right)
	case holeLike:
		n := l.carried(x.Left).expr.(*ast.LikeExpr)
		n.Left = left
		pattern := x.Right
		if b, ok := pattern.(*tast.BetweenExpr); ok {
			if k, ok := l.kindOf(b.Left); ok && k == holeEscape {
				n.Pattern = l.expr(b.Expr)
				l.carried(b.Left)
				l.nonassoc(b.Right)
				n.Escape = l.expr(b.Right)
				return n
			}
		}
		l.nonassoc(pattern)
		n.Pattern = l.expr(pattern)
		return n
	case holeEscape:
		l.nonassoc(x)
	}
	disagree()
	return nil
}

// nonassoc refuses a right operand that is itself such a predicate, at its operator.
func (l *lifter) nonassoc(e tast.ExprNode) {
	if b, ok := e.(*tast.BetweenExpr); ok {
		n, _ := split(b.Left)
		if n < 1 || n > len(l.holes) {
			disagree()
		}
		l.syntaxError(l.holes[n-1].pos)
	}
}
