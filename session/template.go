package session

import (
	"slices"
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
// a whole unique key, the template on the right is parsed and planned once. A literal
// is taken out only behind "=", and only if a parameter means the same: an integer of
// up to nine digits (an int4), or a string (of unknown type, as such a parameter is).
// Anything unusual in a text, and any doubt, leaves it to the parser.

// template is a statement with its literals taken out.
type template struct {
	stmts  []*ast.RawStmt // one
	plan   *plan.Plan     // nil: not fit
	epoch  uint64
	ptypes []*types.Type
}

// templates are what a session knows about texts, by the text of the template.
type templates struct {
	known map[string]*template
	seen  map[string]struct{} // once: not yet worth planning
	key   []byte              // scratch
	lits  []literal
}

type literal struct {
	text   string
	quoted bool
}

const (
	maxTemplates     = 256
	maxTemplateBytes = 1 << 10
	maxTemplateLits  = 9 // one digit
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

// learn parses and plans a template.
func (s *Session) learn(text string, lits []literal) *template {
	ts := &s.plans.templates
	if ts.known == nil || len(ts.known) >= maxTemplates {
		ts.known = map[string]*template{}
	}
	t := &template{epoch: s.epoch()}
	ts.known[text] = t
	stmts, err := s.db.stmts.Parse(text)
	if err != nil || len(stmts) != 1 || !isQuery(stmts[0].Stmt) || stmts[0].Params != len(lits) {
		return t
	}
	given := make([]*types.Type, len(lits))
	for i, l := range lits {
		if !l.quoted {
			given[i] = types.Int4
		}
	}
	st := &statement{raw: stmts[0], text: text, ptypes: given}
	if s.plan(s.snapshot(), st) != nil || !readsOneRow(st.plan) || len(st.plan.Params) != len(lits) {
		return t
	}
	t.stmts, t.plan, t.epoch, t.ptypes = stmts, st.plan, st.epoch, st.plan.Params
	return t
}

// readsOneRow tells the plans of statements on one row by a unique key.
func readsOneRow(p *plan.Plan) bool {
	n := p.Root
	switch m := n.(type) {
	case *plan.Project:
		n = m.Input
	case *plan.Update:
		n = m.Input
	case *plan.Delete:
		n = m.Input
	}
	if m, ok := n.(*plan.Project); ok {
		n = m.Input
	}
	scan, ok := n.(*plan.Scan)
	if !ok || !scan.Unique || len(scan.Spans) != 1 || scan.Spans[0].In != nil || len(p.CTEs) != 0 {
		return false
	}
	return !slices.ContainsFunc(scan.Spans[0].Eq, func(e plan.Expr) bool {
		_, ok := e.(*plan.Subplan) // reads what it reads, by values perhaps
		return ok
	})
}

// cut takes the literals out of a text: key becomes the template, lits what was
// taken. It reports whether there are any and nothing unusual.
func (ts *templates) cut(text string) bool {
	if len(text) < 8 {
		return false
	}
	switch text[0] | 0x20 {
	case 's', 'u', 'd': // SELECT, UPDATE, DELETE
	default:
		return false
	}
	key, lits := ts.key[:0], ts.lits[:0]
	equals := false // the last token is =
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			key = append(key, c)
			i++
		case c == '\'':
			end := i + 1
			for end < len(text) && text[end] != '\'' && text[end] != '\\' {
				end++
			}
			if end >= len(text) || text[end] != '\'' || !endsLiteral(text, end+1) {
				return false // also for doubled quotes
			}
			if !equals || len(lits) == maxTemplateLits {
				return false
			}
			lits = append(lits, literal{text[i+1 : end], true})
			key = append(key, '$', byte('0'+len(lits)))
			equals = false
			i = end + 1
		case c >= '0' && c <= '9':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if equals && end-i <= 9 && endsLiteral(text, end) && len(lits) < maxTemplateLits {
				lits = append(lits, literal{text[i:end], false})
				key = append(key, '$', byte('0'+len(lits)))
			} else {
				key = append(key, text[i:end]...)
			}
			equals = false
			i = end
		case wordByte(c):
			end := i + 1
			for end < len(text) && (wordByte(text[end]) || text[end] >= '0' && text[end] <= '9') {
				end++
			}
			key = append(key, text[i:end]...)
			equals = false
			i = end
		case c == '=':
			key = append(key, c)
			equals = i > 0 && !operatorByte(text[i-1]) && i+1 < len(text) && !operatorByte(text[i+1])
			i++
		case c == '(' || c == ')' || c == ',' || c == '.' || c == '*' || c == '+' || c == '<' || c == '>':
			key = append(key, c)
			equals = false
			i++
		default: // comments, dollars, quoted names, escapes, semicolons …
			return false
		}
	}
	ts.key, ts.lits = key, lits
	return len(lits) > 0
}

// endsLiteral tells whether a literal that ends before text[i] ends there for sure.
func endsLiteral(text string, i int) bool {
	if i >= len(text) {
		return true
	}
	switch text[i] {
	case ' ', ')', ',', '\n', '\t', '\r':
		return true
	}
	return false
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func operatorByte(c byte) bool {
	switch c {
	case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?', ':':
		return true
	}
	return false
}
