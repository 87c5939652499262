package jsonpath

import (
	"strconv"
	"strings"

	"rowkey/builtin/are"
	"rowkey/pgerr"
	"rowkey/types"
)

const maxDepth = 2000

type parser struct {
	scan  scanner
	tok   token
	depth int
}

// stop ends parsing; Parse recovers it.
type stop struct{ err error }

// Parse reads a path.
func Parse(s string) (p *Path, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(stop)
			if !ok {
				panic(r)
			}
			p, err = nil, e.err
		}
	}()
	ps := &parser{scan: scanner{s: s}}
	ps.advance()
	if ps.tok.kind == tEnd {
		return nil, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "jsonpath", s)
	}
	p = &Path{Lax: true}
	if w := ps.word(); w == "strict" || w == "lax" {
		p.Lax = w == "lax"
		ps.advance()
	}
	p.root, _ = ps.or()
	if ps.tok.kind != tEnd {
		ps.syntax()
	}
	check(p.root, 0, false)
	return p, nil
}

func (p *parser) fail(err error) { panic(stop{err}) }

func (p *parser) syntax() { p.fail(syntaxError("syntax error", p.tok.text)) }

func (p *parser) advance() {
	t, err := p.scan.next()
	if err != nil {
		p.fail(err)
	}
	p.tok = t
}

func (p *parser) expect(kind byte) {
	if p.tok.kind != kind {
		p.syntax()
	}
	p.advance()
}

// word is the keyword that the token is, "" if it is none; null, true and
// false are keywords in lower case only.
func (p *parser) word() string {
	if p.tok.kind != tWord {
		return ""
	}
	w := strings.ToLower(p.tok.val)
	switch w {
	case "null", "true", "false":
		if p.tok.val != w {
			return ""
		}
	}
	return w
}

func (p *parser) expectWord(w string) {
	if p.word() != w {
		p.syntax()
	}
	p.advance()
}

// Each level gives a node and whether it is a predicate.

func (p *parser) or() (*node, bool) {
	if p.depth++; p.depth > maxDepth {
		p.fail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded"))
	}
	defer func() { p.depth-- }()
	l, pred := p.and()
	for p.tok.kind == tOr && pred {
		p.advance()
		r, ok := p.and()
		if !ok {
			p.syntax()
		}
		l = &node{kind: kOr, left: l, right: r}
	}
	return l, pred
}

func (p *parser) and() (*node, bool) {
	l, pred := p.comparison()
	for p.tok.kind == tAnd && pred {
		p.advance()
		r, ok := p.comparison()
		if !ok {
			p.syntax()
		}
		l = &node{kind: kAnd, left: l, right: r}
	}
	return l, pred
}

var comparisons = map[byte]kind{tEqual: kEqual, tNotEqual: kNotEqual, tLess: kLess, tGreater: kGreater, tLessEq: kLessEqual, tGreatEq: kGreaterEqual}

func (p *parser) comparison() (*node, bool) {
	if p.tok.kind == '!' {
		p.advance()
		if p.tok.kind != '(' && p.word() != "exists" {
			p.syntax()
		}
		x, pred := p.primary(true)
		if !pred {
			p.syntax()
		}
		return &node{kind: kNot, left: x}, true
	}
	l, pred := p.sum()
	if pred {
		return l, true
	}
	if k, ok := comparisons[p.tok.kind]; ok {
		p.advance()
		r, pred := p.sum()
		if pred {
			p.syntax()
		}
		return &node{kind: k, left: l, right: r}, true
	}
	switch p.word() {
	case "starts":
		p.advance()
		p.expectWord("with")
		var r *node
		switch p.tok.kind {
		case tString:
			r = &node{kind: kString, str: p.tok.val}
		case tVariable:
			r = &node{kind: kVariable, str: p.tok.val}
		default:
			p.syntax()
		}
		p.advance()
		return &node{kind: kStartsWith, left: l, right: r}, true
	case "like_regex":
		p.advance()
		if p.tok.kind != tString {
			p.syntax()
		}
		n := &node{kind: kLikeRegex, left: l, str: p.tok.val}
		p.advance()
		if p.word() == "flag" {
			p.advance()
			if p.tok.kind != tString {
				p.syntax()
			}
			n.flags = p.tok.val
			p.advance()
		}
		p.regex(n)
		return n, true
	}
	return l, false
}

func (p *parser) regex(n *node) {
	has := func(c string) bool { return strings.Contains(n.flags, c) }
	for _, c := range n.flags {
		if !strings.ContainsRune("ismxq", c) {
			p.fail(pgerr.New(pgerr.SyntaxError, "invalid input syntax for type jsonpath").
				WithDetail("Unrecognized flag character \"%c\" in LIKE_REGEX predicate.", c))
		}
	}
	o := are.Options{IgnoreCase: has("i")}
	if has("q") {
		o.Literal = true
	} else {
		o.Stop, o.Lines = !has("s"), has("m")
		if has("x") {
			p.fail(pgerr.New(pgerr.FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented"))
		}
	}
	re, err := are.Compile(n.str, o)
	if err != nil {
		p.fail(err)
	}
	n.re = re
}

// binary reads operators of one precedence over operands that are no predicates.
func (p *parser) binary(ops map[byte]kind, operand func() (*node, bool)) (*node, bool) {
	l, pred := operand()
	for !pred {
		k, ok := ops[p.tok.kind]
		if !ok {
			break
		}
		p.advance()
		r, pred := operand()
		if pred {
			p.syntax()
		}
		l = &node{kind: k, left: l, right: r}
	}
	return l, pred
}

func (p *parser) sum() (*node, bool) {
	return p.binary(map[byte]kind{'+': kAdd, '-': kSub}, p.product)
}

func (p *parser) product() (*node, bool) {
	return p.binary(map[byte]kind{'*': kMul, '/': kDiv, '%': kMod}, p.unary)
}

func (p *parser) unary() (*node, bool) {
	if p.tok.kind != '+' && p.tok.kind != '-' {
		return p.primary(false)
	}
	minus := p.tok.kind == '-'
	p.advance()
	if p.depth++; p.depth > maxDepth {
		p.fail(pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded"))
	}
	x, pred := p.unary()
	p.depth--
	if pred {
		p.syntax()
	}
	switch {
	case x.kind == kNumber && x.next == nil && minus:
		return &node{kind: kNumber, num: x.num.Neg()}, false
	case x.kind == kNumber && x.next == nil:
		return x, false
	case minus:
		return &node{kind: kMinus, left: x}, false
	}
	return &node{kind: kPlus, left: x}, false
}

// primary reads a path, or something in parentheses. delimited: after !, a
// predicate that nothing may follow.
func (p *parser) primary(delimited bool) (*node, bool) {
	n := &node{}
	word := p.word()
	switch {
	case p.tok.kind == '(':
		p.advance()
		x, pred := p.or()
		p.expect(')')
		if delimited {
			return x, pred
		}
		if pred && p.word() == "is" {
			p.advance()
			p.expectWord("unknown")
			return &node{kind: kIsUnknown, left: x}, true
		}
		if p.accessor() {
			p.chain(x)
			return x, false
		}
		return x, pred
	case word == "exists":
		p.advance()
		p.expect('(')
		x, pred := p.or()
		if pred {
			p.syntax()
		}
		p.expect(')')
		return &node{kind: kExists, left: x}, true
	case p.tok.kind == tString:
		n.kind, n.str = kString, p.tok.val
	case p.tok.kind == tVariable:
		n.kind, n.str = kVariable, p.tok.val
	case p.tok.kind == tInt || p.tok.kind == tNumber:
		d, err := types.ParseDecimal(p.tok.val)
		if err != nil {
			p.fail(err)
		}
		n.kind, n.num = kNumber, d
	case word == "null":
		n.kind = kNull
	case word == "true" || word == "false":
		n.kind, n.yes = kBool, word == "true"
	case p.tok.kind == '$':
		n.kind = kRoot
	case p.tok.kind == '@':
		n.kind = kCurrent
	case word == "last":
		n.kind = kLast
	default:
		p.syntax()
	}
	p.advance()
	p.chain(n)
	return n, false
}

func (p *parser) accessor() bool {
	return p.tok.kind == '.' || p.tok.kind == '[' || p.tok.kind == '?'
}

var methods = map[string]kind{"abs": kAbs, "size": kSize, "type": kType, "floor": kFloor, "double": kDouble, "ceiling": kCeiling,
	"keyvalue": kKeyValue, "datetime": kDatetime}

// chain reads the accessors behind a node.
func (p *parser) chain(n *node) {
	for n.next != nil {
		n = n.next
	}
	for p.accessor() {
		n.next = p.step()
		n = n.next
	}
}

func (p *parser) step() *node {
	open := p.tok.kind
	p.advance()
	switch open {
	case '?':
		p.expect('(')
		x, pred := p.or()
		if !pred {
			p.syntax()
		}
		p.expect(')')
		return &node{kind: kFilter, left: x}
	case '[':
		if p.tok.kind == '*' {
			p.advance()
			p.expect(']')
			return &node{kind: kAnyArray}
		}
		n := &node{kind: kIndex}
		expr := func() *node {
			x, pred := p.sum()
			if pred {
				p.syntax()
			}
			return x
		}
		for {
			s := subscript{from: expr()}
			if p.word() == "to" {
				p.advance()
				s.to = expr()
			}
			n.index = append(n.index, s)
			if p.tok.kind != ',' {
				break
			}
			p.advance()
		}
		p.expect(']')
		return n
	}
	switch p.tok.kind {
	case '*':
		p.advance()
		return &node{kind: kAnyKey}
	case tAnyLevel:
		p.advance()
		n := &node{kind: kAny, last: lastLevel}
		if p.tok.kind == '{' {
			p.advance()
			n.first = p.level()
			n.last = n.first
			if p.word() == "to" {
				p.advance()
				n.last = p.level()
			}
			p.expect('}')
		}
		return n
	case tString:
		n := &node{kind: kKey, str: p.tok.val}
		p.advance()
		return n
	case tWord:
		n := &node{kind: kKey, str: p.tok.val}
		method, ok := methods[p.word()]
		p.advance()
		if p.tok.kind != '(' || !ok {
			return n
		}
		p.advance()
		n = &node{kind: method}
		if method == kDatetime && p.tok.kind == tString {
			n.left = &node{kind: kString, str: p.tok.val}
			p.advance()
		}
		p.expect(')')
		return n
	}
	p.syntax()
	return nil
}

func (p *parser) level() uint32 {
	if p.word() == "last" {
		p.advance()
		return lastLevel
	}
	if p.tok.kind != tInt {
		p.syntax()
	}
	n, err := strconv.ParseInt(p.tok.val, 10, 32)
	if err != nil {
		p.fail(pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type integer", p.tok.val))
	}
	p.advance()
	return uint32(n)
}

// check refuses @ outside of filters and LAST outside of subscripts.
func check(n *node, filters int, subscript bool) {
	for ; n != nil; n = n.next {
		switch n.kind {
		case kCurrent:
			if filters <= 0 {
				panic(stop{pgerr.New(pgerr.SyntaxError, "@ is not allowed in root expressions")})
			}
		case kLast:
			if !subscript {
				panic(stop{pgerr.New(pgerr.SyntaxError, "LAST is allowed only in array subscripts")})
			}
		}
		inner := filters
		if n.kind == kFilter {
			inner++
		}
		if n.left != nil {
			check(n.left, inner, subscript)
		}
		if n.right != nil {
			check(n.right, inner, subscript)
		}
		for _, s := range n.index {
			check(s.from, filters, true)
			if s.to != nil {
				check(s.to, filters, true)
			}
		}
	}
}
