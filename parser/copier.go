package parser

import (
	"rowkey/parser/ast"
)

// copier copies one expression for the grammar. It has two states, operand
// expected and operator expected.
type copier struct {
	*parser
	mode exprMode
	// loose: NOT may stand here as it is – at the start, after AND, OR and NOT.
	// As an operand of a tighter operator it opens a parenthesis, which ends
	// where NOT does: at AND, OR, the end, or a LIKE's ESCAPE.
	loose bool
	// pending has a level for each such parenthesis, and one outside: the ranks
	// of operators whose right operand may still go on, as bits.
	pending []uint16
	low     int   // the loosest rank among all of them
	likes   []int // the levels of LIKEs that may still have ESCAPE
	run     int   // length of a run of prefix operators

	room [4]uint16
}

// step is what comes after an operator.
type step uint8

const (
	stepEnd     step = iota // nothing: the expression has ended before the token
	stepOperand             // a right operand
	stepAgain               // another operator: this one was postfix
)

// copyExpr emits one expression.
func (p *parser) copyExpr(mode exprMode) {
	c := copier{parser: p, mode: mode, loose: mode != modeRestricted, low: rankNone}
	c.pending = c.room[:1]
	for {
		for c.prefix() {
		}
		c.loose, c.run = false, 0
		c.atom()
		next := stepAgain
		for next == stepAgain {
			next = c.operator()
		}
		if next == stepEnd {
			c.closeNot(0)
			return
		}
	}
}

// closeNot closes the parentheses of NOT down to a level.
func (c *copier) closeNot(level int) {
	for ; len(c.pending) > level+1; c.pending = c.pending[:len(c.pending)-1] {
		c.out = append(c.out, ' ', ')')
	}
}

// meet notes the operator at the current token.
func (c *copier) meet(rank int, infix bool) {
	level := len(c.pending) - 1
	p := &c.pending[level]
	*p &= 1<<(rank+1) - 1 // what is tighter is complete
	if rank >= rankIs && rank <= rankPredicate && *p&(1<<rank) != 0 {
		c.fail() // does not associate
	}
	if infix {
		*p |= 1 << rank
		c.low = min(c.low, rank)
	}
	if rank <= rankPredicate {
		for len(c.likes) > 0 && c.likes[len(c.likes)-1] >= level {
			c.likes = c.likes[:len(c.likes)-1]
		}
	}
}

// prefix emits a prefix operator if there is one.
func (c *copier) prefix() bool {
	t := c.tok()
	switch {
	case t.kind == tokOp:
		if t.text == "+" || t.text == "-" {
			c.prefixed(rankSign)
			c.parser.operator(t.text, op{kind: opUnary, pos: t.pos, name: t.text})
			c.i++
			return true
		}
		if nativeOp(t.text) || t.text == "=>" {
			c.fail()
		}
	case t.isWord("not"):
		if c.mode == modeRestricted {
			c.fail()
		}
		if !c.loose {
			c.write("(")
			c.pending = append(c.pending, 0)
		}
		c.prefixed(rankNot)
		c.loose = true
		c.parser.operator("not", op{kind: opNot, pos: t.pos})
		c.i++
		return true
	case t.isWord("operator") && c.isAt(1, "("):
	default:
		return false
	}
	c.prefixed(rankOp)
	n := &ast.OpExpr{At: c.here()}
	c.hole(hole{kind: holePrefix, expr: n})
	n.Op = c.operatorName()
	c.write("|")
	return true
}

func (c *copier) prefixed(rank int) {
	c.loose = false
	c.low = min(c.low, rank)
	if c.run++; c.run > maxDepth || len(c.pending) > maxDepth {
		tooDeep(c.pos())
	}
}

// operator emits what follows an operand.
func (c *copier) operator() step {
	t := c.tok()
	switch t.kind {
	case tokOp:
		if t.text == "=>" {
			return stepEnd
		}
		return c.symbol(infixRank(t))
	case tokPunct:
		if t.text == "::" {
			c.cast()
			return stepAgain
		}
	case tokKeyword:
		if c.mode == modeTarget && t.bare && c.peek(1).endsTarget() && c.low >= rankOf(t) && (t.text != "escape" || len(c.likes) == 0) {
			return stepEnd // a label, though it could be an operator
		}
		return c.word(t)
	}
	return stepEnd
}

// symbol emits an infix operator.
func (c *copier) symbol(rank int) step {
	c.meet(rank, false)
	if c.infix(c.mode == modeRestricted) {
		return stepAgain
	}
	c.awaits(rank)
	return stepOperand
}

// awaits notes that the right operand of an operator follows.
func (c *copier) awaits(rank int) {
	c.pending[len(c.pending)-1] |= 1 << rank
	c.low = min(c.low, rank)
}

// word emits an operator that is a word.
func (c *copier) word(t *token) step {
	switch t.text {
	case "operator":
		return c.symbol(rankOp)
	case "is":
		c.meet(rankIs, false)
		if c.isTest(c.mode == modeRestricted) {
			return stepAgain
		}
		c.awaits(rankIs)
		return stepOperand
	}
	if c.mode == modeRestricted {
		return stepEnd
	}
	switch t.text {
	case "and", "or":
		c.closeNot(0)
		c.loose, c.likes = true, c.likes[:0]
		kind := opAnd
		if t.text == "or" {
			kind = opOr
		}
		c.meet(rankOf(t), true)
		c.parser.operator(t.text, op{kind: kind, pos: t.pos})
		c.i++
		return stepOperand
	case "isnull", "notnull":
		c.meet(rankIs, false)
		n := &ast.NullTest{At: ast.At(t.pos), Not: t.text == "notnull"}
		c.postfix("<=>", n, &n.Arg)
		c.i++
		return stepAgain
	case "collate":
		n := &ast.CollateExpr{At: ast.At(t.pos)}
		c.write("||")
		c.hole(hole{kind: holeCollate, expr: n, left: &n.Arg})
		c.i++
		n.Collation = c.anyName()
		return stepAgain
	case "at":
		c.meet(rankZone, true)
		c.parser.operator("||", op{kind: opAtZone, pos: t.pos})
		c.i++
		c.expect("time", "zone")
		return stepOperand
	case "escape":
		if n := len(c.likes); n > 0 {
			c.closeNot(c.likes[n-1])
			c.likes = c.likes[:n-1]
			c.mark(hole{kind: holeEscape, pos: t.pos})
			c.i++
			return stepOperand
		}
	case "not", "in", "between", "like", "ilike", "similar":
		return c.predicate(t)
	}
	return stepEnd
}

// predicate emits [NOT] IN, BETWEEN, LIKE and their kin.
func (c *copier) predicate(t *token) step {
	word, not := t, t.text == "not"
	if not {
		word = c.peek(1)
	}
	switch {
	case word.isWord("in"):
		c.meet(rankPredicate, false)
		c.in(not)
		return stepAgain
	case word.isWord("between"):
		c.meet(rankPredicate, true)
		c.between(not)
		return stepOperand
	case c.mode == modeSubstring && t.isWord("similar") && !c.isAt(1, "to"):
	case word.isWord("like"), word.isWord("ilike"), word.isWord("similar"):
		c.meet(rankPredicate, false)
		if c.like(not) {
			return stepAgain
		}
		c.awaits(rankPredicate)
		c.likes = append(c.likes, len(c.pending)-1)
		return stepOperand
	}
	return stepEnd
}

// Ranks of operators, loosest first. They group nothing, that is the grammar's
// part. They tell which operators do not associate (a < b < c), so that the
// refusal comes where PostgreSQL's does; and whether a word such as BETWEEN is
// a target's label (SELECT a + b between FROM …), which it cannot be while a
// looser operator is open.
const (
	rankOr = iota
	rankAnd
	rankNot
	rankIs
	rankCompare
	rankPredicate
	rankOp
	rankAdd
	rankMul
	rankPower
	rankZone
	rankCollate
	rankSign
	rankNone
)

// rankOf is the rank of a keyword as an operator.
func rankOf(t *token) int {
	switch t.text {
	case "or":
		return rankOr
	case "and":
		return rankAnd
	case "is", "isnull", "notnull":
		return rankIs
	case "not", "in", "between", "like", "ilike", "similar":
		return rankPredicate
	case "operator":
		return rankOp
	case "at":
		return rankZone
	case "collate":
		return rankCollate
	}
	return rankOr // no operator: always a label
}

// infixRank is the rank of an operator token between operands.
func infixRank(t *token) int {
	switch t.text {
	case "<", ">", "=", "<=", ">=", "<>":
		return rankCompare
	case "+", "-":
		return rankAdd
	case "*", "/", "%":
		return rankMul
	case "^":
		return rankPower
	}
	return rankOp
}
