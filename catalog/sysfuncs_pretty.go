package catalog

import "strings"

// prettyExpr leaves out the parentheses of an expression that its operators do
// not need: what the "pretty" forms of pg_get_expr and the like ask for, and so
// psql's \d.
//
//	((salary > (10)::numeric) AND (name <> ''::text))
//	salary > 10::numeric AND name <> ''::text
//
// The text is in the form that expressions are stored in, where every operator
// has parentheses around it; so a pair of them is one node of the tree, and the
// rules are those of PostgreSQL's ruleutils.c (isSimpleNode).
func prettyExpr(expr string) string {
	p := &prettyPrinter{toks: exprTokens(expr)}
	var b strings.Builder
	p.sequence(p.parse(), &b)
	return strings.TrimSpace(b.String())
}

// exprToken is a token with the blanks before it.
type exprToken struct {
	space, text string
}

func (t exprToken) word() string { return strings.ToUpper(t.text) }

func exprTokens(s string) []exprToken {
	isWord := func(c byte) bool {
		return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
	}
	var out []exprToken
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t') {
			i++
		}
		space := s[start:i]
		if i == len(s) {
			break
		}
		start = i
		switch c := s[i]; {
		case c == '\'' || c == '"':
			escape := c == '\'' && start > 0 && s[start-1] == 'E'
			for i++; i < len(s); i++ {
				if escape && s[i] == '\\' {
					i++
				} else if s[i] == c {
					if i+1 < len(s) && s[i+1] == c {
						i++
						continue
					}
					break
				}
			}
			i = min(i+1, len(s))
		case isWord(c):
			for i < len(s) && (isWord(s[i]) || s[i] == '.' && c >= '0' && c <= '9') {
				i++
			}
		case strings.HasPrefix(s[i:], "::"):
			i += 2
		case strings.IndexByte("()[],.;:", c) >= 0:
			i++
		default:
			for i < len(s) && strings.IndexByte("+-*/<>=~!@#%^&|`?", s[i]) >= 0 {
				i++
			}
			if i == start {
				i++
			}
		}
		out = append(out, exprToken{space, s[start:i]})
	}
	return out
}

// exprItem is a token or a parenthesised group.
type exprItem struct {
	exprToken
	group []exprItem // when text is "("
	close exprToken
}

type prettyPrinter struct {
	toks []exprToken
	pos  int
}

func (p *prettyPrinter) parse() []exprItem {
	var items []exprItem
	for p.pos < len(p.toks) {
		t := p.toks[p.pos]
		if t.text == ")" {
			break
		}
		p.pos++
		item := exprItem{exprToken: t}
		if t.text == "(" {
			item.group = p.parse()
			if p.pos < len(p.toks) {
				item.close = p.toks[p.pos]
				p.pos++
			}
		}
		items = append(items, item)
	}
	return items
}

// exprKind is what a sequence of items is.
type exprKind byte

const (
	kindSimple exprKind = iota
	kindOperator
	kindTest // IS NULL, IS DISTINCT FROM …
	kindAnd
	kindOr
	kindNot
	kindAnyAll  // = ANY (…)
	ctxArgument // not a kind but a surrounding: argument, subscript, top
)

var brackets = map[string]int{"[": 1, "]": -1}

func kindOf(items []exprItem) (kind exprKind, op string) {
	depth := 0
	for i, it := range items {
		if depth += brackets[it.text]; depth > 0 {
			continue
		}
		switch w := it.word(); {
		case w == "CASE":
			return kindSimple, ""
		case w == "AND":
			return kindAnd, ""
		case w == "OR":
			return kindOr, ""
		case w == "NOT" && i == 0:
			return kindNot, ""
		case w == "IS":
			kind = kindTest
		case w == "COLLATE" && kind == kindSimple:
			kind = kindOperator // as one that is none of the basic ones
		case (w == "ANY" || w == "ALL") && kind == kindOperator:
			kind = kindAnyAll
		case kind == kindSimple && len(it.text) > 0 && strings.IndexByte("+-*/<>=~!@#%^&|`?", it.text[0]) >= 0:
			kind = kindOperator
			if i > 0 { // a prefix operator is none of the basic ones
				op = it.text
			}
		}
	}
	return kind, op
}

// sequence writes items, of which some may be parenthesised nodes.
func (p *prettyPrinter) sequence(items []exprItem, b *strings.Builder) {
	// Commas and the words of CASE separate whole expressions.
	start := 0
	for i := 0; i <= len(items); i++ {
		if i < len(items) {
			switch items[i].word() {
			case ",", "[", "]", "CASE", "WHEN", "THEN", "ELSE", "END":
			default:
				continue
			}
		}
		p.node(items[start:i], b)
		if i < len(items) {
			b.WriteString(items[i].space + items[i].text)
		}
		start = i + 1
	}
}

// node writes one expression.
func (p *prettyPrinter) node(items []exprItem, b *strings.Builder) {
	kind, op := kindOf(items)
	if len(items) == 1 {
		kind = ctxArgument
	}
	for i, it := range items {
		b.WriteString(it.space)
		if it.text != "(" {
			b.WriteString(it.text)
			continue
		}
		call := false
		if i > 0 {
			switch w := items[i-1].word(); w {
			case "AND", "OR", "NOT", "IS", "FROM", "DISTINCT", "NULL":
			default:
				c := w[len(w)-1]
				call = c == '"' || c == '_' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
			}
		}
		cast := i+1 < len(items) && items[i+1].text == "::"
		if cast && len(it.group) == 1 && it.group[0].text == "(" {
			it = it.group[0] // a cast's own parentheses around those of its operand
		}
		field := i+1 < len(items) && items[i+1].text == "."
		if !call && !field && strips(it.group, kind, op, i == 0, cast) {
			p.sequence(it.group, b)
			continue
		}
		b.WriteByte('(')
		p.sequence(it.group, b)
		b.WriteString(it.close.space + ")")
	}
}

// strips tells whether a node needs no parentheses where it stands.
func strips(group []exprItem, parent exprKind, parentOp string, first, cast bool) bool {
	kind, op := kindOf(group)
	depth := 0
	for _, it := range group {
		if depth += brackets[it.text]; it.text == "," && depth == 0 {
			return false // a row
		}
	}
	switch w := group0(group); {
	case w == "SELECT" || w == "VALUES" || w == "WITH" || w == "":
		return false
	}
	boolean := parent == kindAnd || parent == kindOr || parent == kindNot
	switch {
	case kind == kindSimple:
		return true
	case cast:
		return false
	case parent == ctxArgument:
		return true
	case kind == kindTest:
		return boolean
	case kind == kindOperator && boolean:
		return true
	case kind == kindOperator && parent == kindOperator:
		const low, high = "+-", "*/%"
		if len(op) != 1 || len(parentOp) != 1 {
			return false
		}
		opLow, opHigh := strings.Contains(low, op), strings.Contains(high, op)
		parentLow, parentHigh := strings.Contains(low, parentOp), strings.Contains(high, parentOp)
		switch {
		case !opLow && !opHigh || !parentLow && !parentHigh:
			return false
		case opHigh && parentLow:
			return true
		case opLow && parentHigh:
			return false
		}
		return first // (a - b) - c, not a - (b - c)
	case kind == kindNot || kind == kindAnd:
		return parent == kindAnd || parent == kindOr
	case kind == kindOr:
		return parent == kindOr
	}
	return false
}

func group0(items []exprItem) string {
	if len(items) == 0 {
		return ""
	}
	return items[0].word()
}
