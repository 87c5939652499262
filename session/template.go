package session

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"rowkey/parser/ast"
	"rowkey/planner/plan"
	"rowkey/types"
)

// Clients of the simple protocol write values into their statements, so that no two
// texts are equal:
//
//	SELECT v, name FROM big WHERE id = 17        SELECT v, name FROM big WHERE id = $1
//	SELECT v, name FROM big WHERE id = 4711  →   with 17, 4711, 42 …
//	SELECT v, name FROM big WHERE id = 42
//
// Where the plan does not depend on the values, since the statement reads one row by
// a whole unique key or inserts the values as they are, the template on the right is
// parsed and planned once. A literal is taken out only where a parameter of its type
// means the same: behind "=", in UPDATE behind the +, - or * of a column, in INSERT as
// an item of VALUES; and not where it is an operand of what follows, since what two
// literals give (5 / 0) is known before any row is read. Anything unusual in a text,
// and any doubt, leaves it to the parser.

// template is a statement with its literals taken out.
type template struct {
	stmts  []*ast.RawStmt // one
	plan   *plan.Plan     // nil: not fit
	epoch  uint64
	ptypes []*types.Type
}

// templates are what a session knows about texts, by the text of the template and
// the kinds of its literals.
type templates struct {
	known map[string]*template
	seen  map[string]struct{} // once: not yet worth planning
	key   []byte              // scratch: the template, 0, the kinds of literals
	lits  []literal
}

// literal is a literal of a text: its characters without quotes, and what they are.
type literal struct {
	text string
	kind literalKind
}

type literalKind byte

const (
	integerLiteral literalKind = 'i' // an int4
	bigintLiteral  literalKind = 'b'
	numericLiteral literalKind = 'n'
	stringLiteral  literalKind = 's' // of unknown type, as a parameter that nothing is said of
)

// given is the type that the parameter in place of a literal is said to have, nil none.
func (k literalKind) given() *types.Type {
	switch k {
	case integerLiteral:
		return types.Int4
	case bigintLiteral:
		return types.Int8
	case numericLiteral:
		return types.Numeric
	}
	return nil
}

const (
	maxTemplates     = 256
	maxTemplateBytes = 1 << 10
	maxTemplateLits  = 64
)

// fromTemplate gives the statement of a text that a template fits, nil if none does.
func (s *Session) fromTemplate(text string) *statement {
	ts := &s.plans.templates
	if len(text) > maxTemplateBytes || !ts.cut(strings.TrimRight(text, "; \n")) {
		return nil
	}
	t := ts.known[string(ts.key)]
	if t == nil {
		if _, ok := ts.seen[string(ts.key)]; !ok {
			if ts.seen == nil || len(ts.seen) >= maxTemplates {
				ts.seen = map[string]struct{}{}
			}
			ts.seen[string(ts.key)] = struct{}{}
			return nil
		}
		t = s.learn(string(ts.key), ts.lits)
	}
	if t.plan == nil && t.epoch == s.epoch() {
		return nil
	}
	if t.plan == nil || t.epoch != s.epoch() || t.plan.CatalogVersion != s.snapshot().Version {
		delete(ts.known, string(ts.key)) // to be learned again
		return nil
	}
	st := &statement{raw: t.stmts[0], text: text, ptypes: t.ptypes, plan: t.plan, epoch: t.epoch}
	st.params = make([]types.Datum, len(ts.lits))
	env := s.execEnv()
	for i, l := range ts.lits {
		d, err := types.Parse(t.ptypes[i], -1, l.text, env)
		if err != nil {
			return nil // the planner has the right words for it
		}
		st.params[i] = d
	}
	return st
}

// learn parses and plans the template of a key.
func (s *Session) learn(key string, lits []literal) *template {
	ts := &s.plans.templates
	if ts.known == nil || len(ts.known) >= maxTemplates {
		ts.known = map[string]*template{}
	}
	t := &template{epoch: s.epoch()}
	ts.known[key] = t
	text := key[:len(key)-len(lits)-1]
	stmts, err := s.db.stmts.Parse(text)
	if err != nil || len(stmts) != 1 || !isQuery(stmts[0].Stmt) || stmts[0].Params != len(lits) {
		return t
	}
	given := make([]*types.Type, len(lits))
	for i, l := range lits {
		given[i] = l.kind.given()
	}
	st := &statement{raw: stmts[0], text: text, ptypes: given}
	if s.plan(s.snapshot(), st, false) != nil || !fits(st.plan) || len(st.plan.Params) != len(lits) {
		return t
	}
	if slices.ContainsFunc(st.plan.Params, literalMeansMore) {
		return t
	}
	t.stmts, t.plan, t.epoch, t.ptypes = stmts, st.plan, st.epoch, st.plan.Params
	return t
}

// literalMeansMore tells the types whose literals are more than what types.Parse makes of
// their text: domains have checks, and the fields of an interval tell how to read it.
func literalMeansMore(t *types.Type) bool { return t.HoldsDomains() || t == types.Interval }

// fits tells the plans that decide nothing by values: those that read one row by a
// unique key, and do what they do with it, and those that insert rows of VALUES.
func fits(p *plan.Plan) bool {
	n, nodes := p.Root, 1
	_, inserts := n.(*plan.Insert)
	for {
		var input plan.Node
		switch m := n.(type) {
		case *plan.Project:
			input = m.Input
		case *plan.Update:
			input = m.Input
		case *plan.Delete:
			input = m.Input
		case *plan.Insert:
			if m.Conflict != nil {
				return false
			}
			input = m.Input
		case *plan.Values:
			return inserts && nodes == p.Nodes // and nothing in subqueries
		case *plan.Scan:
			return !inserts && nodes == p.Nodes && m.Unique && len(m.Spans) == 1 && m.Spans[0].In == nil
		default:
			return false
		}
		n = input
		nodes++
	}
}

// cut takes the literals out of a text: key becomes the template with the kinds of its
// literals, lits what was taken. It reports whether there are any and nothing unusual.
func (ts *templates) cut(text string) bool {
	c := cutter{text: text, key: ts.key[:0], lits: ts.lits[:0]}
	ok := c.run()
	ts.key, ts.lits = c.key, c.lits
	if !ok || len(ts.lits) == 0 {
		return false
	}
	ts.key = append(ts.key, 0)
	for _, l := range ts.lits {
		ts.key = append(ts.key, byte(l.kind))
	}
	return true
}

// cutter goes through a text once, token by token.
type cutter struct {
	text string
	at   int
	key  []byte
	lits []literal
	last token // the one before at

	update, insert bool
	depth          int  // of parentheses
	values         bool // of an INSERT: VALUES was seen
}

// token is a kind of token, as far as it decides about the next.
type token byte

const (
	otherToken  token = iota // no literal behind it is taken
	wordToken                // a keyword or name
	equalsToken              // = alone
	arithToken               // +, - or * behind a word
	openToken                // (
	commaToken               // ,
	takenToken               // a literal, taken
)

func (c *cutter) run() bool {
	if len(c.text) < 8 {
		return false
	}
	switch c.text[0] | 0x20 {
	case 's', 'd': // SELECT, DELETE
	case 'u':
		c.update = true
	case 'i':
		c.insert = true
	default:
		return false
	}
	for c.at < len(c.text) {
		if !c.next() {
			return false
		}
	}
	return true
}

// next goes over a token or a space; false: the text is left to the parser.
func (c *cutter) next() bool {
	b := c.text[c.at]
	switch {
	case b == ' ' || b == '\n' || b == '\t' || b == '\r':
		c.key = append(c.key, b)
		c.at++
		return true
	case b == '\'':
		return c.string()
	case b >= '0' && b <= '9':
		return c.number(c.at)
	case b == '-' && c.takes() && c.digitAt(c.at+1):
		return c.number(c.at + 1)
	case wordByte(b):
		return c.word()
	case b == '(':
		c.depth++
		return c.single(openToken)
	case b == ')':
		c.depth--
		return c.single(otherToken)
	case b == ',':
		return c.single(commaToken)
	case b == '.':
		return c.last == wordToken && c.single(otherToken)
	case c.last == takenToken:
		return false // an operand
	case b == '=' && !c.operatorAt(c.at-1) && !c.operatorAt(c.at+1):
		return c.single(equalsToken)
	case b == '=' || b == '<' || b == '>':
		return c.single(otherToken)
	case (b == '+' || b == '*' || b == '-') && !c.operatorAt(c.at-1) && !c.operatorAt(c.at+1):
		if c.last == wordToken {
			return c.single(arithToken)
		}
		return b != '-' && c.single(otherToken)
	}
	return false // comments, dollars, quoted names, escapes, semicolons …
}

// single takes a token of one byte into the template.
func (c *cutter) single(as token) bool {
	c.key = append(c.key, c.text[c.at])
	c.at++
	c.last = as
	return true
}

// takes tells whether a literal at this place may be taken.
func (c *cutter) takes() bool {
	switch {
	case len(c.lits) == maxTemplateLits:
		return false
	case c.insert:
		return c.values && c.depth == 1 && (c.last == openToken || c.last == commaToken)
	case c.last == arithToken:
		return c.update
	}
	return c.last == equalsToken
}

// take takes the literal text[from:to], of whose characters raw are the ones between quotes.
func (c *cutter) take(to int, raw string, kind literalKind) {
	c.lits = append(c.lits, literal{raw, kind})
	c.key = strconv.AppendInt(append(c.key, '$'), int64(len(c.lits)), 10)
	c.at, c.last = to, takenToken
}

// string goes over a string in single quotes, which must be one that is taken.
func (c *cutter) string() bool {
	end := c.at + 1
	for end < len(c.text) && c.text[end] != '\'' && c.text[end] != '\\' {
		end++
	}
	if end >= len(c.text) || c.text[end] != '\'' || !c.endsLiteral(end+1) || !c.takes() {
		return false // also for doubled quotes
	}
	c.take(end+1, c.text[c.at+1:end], stringLiteral)
	return true
}

// number goes over a number whose digits begin at from, behind its sign if it has one.
// One that is not taken stays in the template.
func (c *cutter) number(from int) bool {
	end, kind := c.digits(from), integerLiteral
	if v := c.text[from:end]; len(v) > 9 {
		if n, err := strconv.ParseInt(v, 10, 64); err != nil {
			kind = numericLiteral
		} else if n > math.MaxInt32 {
			kind = bigintLiteral
		}
	}
	if end < len(c.text) && c.text[end] == '.' && c.digitAt(end+1) {
		end, kind = c.digits(end+1), numericLiteral
	}
	if c.takes() {
		if !c.endsLiteral(end) {
			return false
		}
		c.take(end, c.text[c.at:end], kind)
		return true
	}
	if c.last == takenToken {
		return false
	}
	c.key = append(c.key, c.text[c.at:end]...)
	c.at, c.last = end, otherToken
	return true
}

// word goes over a keyword or name.
func (c *cutter) word() bool {
	end := c.at + 1
	for end < len(c.text) && (wordByte(c.text[end]) || c.text[end] >= '0' && c.text[end] <= '9') {
		end++
	}
	w := c.text[c.at:end]
	if c.insert && c.depth == 0 {
		switch {
		case !c.values:
			c.values = strings.EqualFold(w, "values")
		case !strings.EqualFold(w, "returning"):
			return false // what is done on a conflict may depend on values
		default:
			c.insert = false // what is returned is read as a SELECT is
		}
	}
	c.key = append(c.key, w...)
	c.at, c.last = end, wordToken
	return true
}

// endsLiteral tells whether a literal that ends before text[i] ends there for sure.
func (c *cutter) endsLiteral(i int) bool {
	if i >= len(c.text) {
		return true
	}
	switch c.text[i] {
	case ' ', ')', ',', '\n', '\t', '\r':
		return true
	}
	return false
}

func (c *cutter) digits(i int) int {
	for c.digitAt(i) {
		i++
	}
	return i
}

func (c *cutter) digitAt(i int) bool { return i < len(c.text) && c.text[i] >= '0' && c.text[i] <= '9' }

func (c *cutter) operatorAt(i int) bool {
	return i >= 0 && i < len(c.text) && strings.IndexByte("+-*/<>=~!@#%^&|`?:", c.text[i]) >= 0
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
