package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// spec is one test of PostgreSQL's src/test/isolation, as its README defines the language.
type spec struct {
	setups       []string
	teardown     string
	sessions     []*sessionSpec
	permutations [][]*permStep
}

// sessionSpec is one session: its steps all run on one connection.
type sessionSpec struct {
	name            string
	setup, teardown string
	steps           []*step
}

// step is a named piece of SQL of one session.
type step struct {
	name    string
	sql     string
	session int
}

// permStep is a step within a permutation, with what keeps its end from being told.
type permStep struct {
	step     *step
	blockers []*blocker
}

// blocker is a marker of a permutation's step: (*), (other), or (other notices n).
type blocker struct {
	once    bool
	name    string
	step    *step
	notices int // 0: the step is to end
	target  int // of notices seen, once launched
}

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted
	tokSQL
	tokNumber
	tokMark
)

type token struct {
	kind tokenKind
	text string
	line int
}

// scan splits a specification into tokens.
func scan(text string) ([]token, error) {
	var out []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case c == '"':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(text) || text[i] == '\n' {
					return nil, fmt.Errorf("line %d: unterminated quoted identifier", line)
				}
				if text[i] == '"' {
					if i+1 >= len(text) || text[i+1] != '"' {
						break
					}
					i++
				}
				b.WriteByte(text[i])
			}
			i++
			out = append(out, token{tokQuoted, b.String(), line})
		case c == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("line %d: unterminated SQL block", line)
			}
			const blanks = " \t\r\f" // a line's end stays
			sql := strings.TrimRight(strings.TrimLeft(text[i+1:i+end], blanks), blanks)
			out = append(out, token{tokSQL, sql, line})
			line += strings.Count(text[i:i+end], "\n")
			i += end + 1
		case c >= '0' && c <= '9':
			j := i
			for j < len(text) && text[j] >= '0' && text[j] <= '9' {
				j++
			}
			out = append(out, token{tokNumber, text[i:j], line})
			i = j
		case wordByte(c):
			j := i
			for j < len(text) && (wordByte(text[j]) || text[j] == '$' || text[j] >= '0' && text[j] <= '9') {
				j++
			}
			out = append(out, token{tokWord, text[i:j], line})
			i = j
		case strings.IndexByte(",()*", c) >= 0:
			out = append(out, token{tokMark, text[i : i+1], line})
			i++
		default:
			return nil, fmt.Errorf("line %d: unexpected character %q", line, c)
		}
	}
	return append(out, token{tokEnd, "", line}), nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

var keywords = []string{"notices", "permutation", "session", "setup", "step", "teardown"}

type parser struct {
	toks   []token
	s      *spec
	byName map[string]*step
}

// parseSpec reads a specification.
func parseSpec(text string) (*spec, error) {
	toks, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks, s: &spec{}, byName: map[string]*step{}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	if len(p.s.permutations) == 0 {
		p.s.permutations = allPermutations(p.s)
	}
	return p.s, nil
}

func (p *parser) is(word string) bool {
	return p.toks[0].kind == tokWord && p.toks[0].text == word
}

func (p *parser) take() token {
	t := p.toks[0]
	if t.kind != tokEnd {
		p.toks = p.toks[1:]
	}
	return t
}

func (p *parser) mark(c string) bool {
	if t := p.toks[0]; t.kind == tokMark && t.text == c {
		p.take()
		return true
	}
	return false
}

func (p *parser) expect(kind tokenKind, what string) (string, error) {
	t := p.take()
	if t.kind != kind {
		return "", fmt.Errorf("line %d: %s expected, not %q", t.line, what, t.text)
	}
	return t.text, nil
}

func (p *parser) isName() bool {
	t := p.toks[0]
	return t.kind == tokQuoted || t.kind == tokWord && !slices.Contains(keywords, t.text)
}

func (p *parser) name() (string, error) {
	if !p.isName() {
		return "", fmt.Errorf("line %d: name expected, not %q", p.toks[0].line, p.toks[0].text)
	}
	return p.take().text, nil
}

// block reads an optional keyword with its SQL.
func (p *parser) block(word string) (string, bool, error) {
	if !p.is(word) {
		return "", false, nil
	}
	p.take()
	sql, err := p.expect(tokSQL, "SQL block")
	return sql, true, err
}

func (p *parser) parse() error {
	for {
		sql, ok, err := p.block("setup")
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		p.s.setups = append(p.s.setups, sql)
	}
	var err error
	if p.s.teardown, _, err = p.block("teardown"); err != nil {
		return err
	}
	for p.is("session") {
		if err := p.session(); err != nil {
			return err
		}
	}
	for p.is("permutation") {
		if err := p.permutation(); err != nil {
			return err
		}
	}
	if t := p.toks[0]; t.kind != tokEnd {
		return fmt.Errorf("line %d: unexpected %q", t.line, t.text)
	}
	if len(p.s.sessions) == 0 {
		return fmt.Errorf("no sessions")
	}
	return nil
}

func (p *parser) session() error {
	p.take()
	s := &sessionSpec{}
	var err error
	if s.name, err = p.name(); err != nil {
		return err
	}
	if s.setup, _, err = p.block("setup"); err != nil {
		return err
	}
	for p.is("step") {
		p.take()
		st := &step{session: len(p.s.sessions)}
		if st.name, err = p.name(); err != nil {
			return err
		}
		if st.sql, err = p.expect(tokSQL, "SQL block"); err != nil {
			return err
		}
		if p.byName[st.name] != nil {
			return fmt.Errorf("duplicate step name: %s", st.name)
		}
		p.byName[st.name] = st
		s.steps = append(s.steps, st)
	}
	if s.teardown, _, err = p.block("teardown"); err != nil {
		return err
	}
	p.s.sessions = append(p.s.sessions, s)
	return nil
}

func (p *parser) permutation() error {
	p.take()
	var perm []*permStep
	for p.isName() {
		name, _ := p.name()
		ps := &permStep{step: p.byName[name]}
		if ps.step == nil {
			return fmt.Errorf("undefined step %q specified in permutation", name)
		}
		if p.mark("(") {
			for {
				b := &blocker{}
				if p.mark("*") {
					b.once = true
				} else {
					var err error
					if b.name, err = p.name(); err != nil {
						return err
					}
					if p.is("notices") {
						p.take()
						n, err := p.expect(tokNumber, "number")
						if err != nil {
							return err
						}
						b.notices, _ = strconv.Atoi(n)
					}
				}
				ps.blockers = append(ps.blockers, b)
				if !p.mark(",") {
					break
				}
			}
			if !p.mark(")") {
				return fmt.Errorf("line %d: ) expected", p.toks[0].line)
			}
		}
		perm = append(perm, ps)
	}
	for _, ps := range perm {
		for _, b := range ps.blockers {
			if b.once {
				continue
			}
			if b.step = p.byName[b.name]; b.step == nil || !slices.ContainsFunc(perm, func(o *permStep) bool { return o.step == b.step }) {
				return fmt.Errorf("undefined blocking step %q referenced in permutation step %q", b.name, ps.step.name)
			}
		}
	}
	p.s.permutations = append(p.s.permutations, perm)
	return nil
}

// allPermutations is every interleaving of the sessions' steps, in the order of the original.
func allPermutations(s *spec) [][]*permStep {
	var out [][]*permStep
	at := make([]int, len(s.sessions))
	var so []*permStep
	var next func()
	next = func() {
		done := true
		for i, sess := range s.sessions {
			if at[i] < len(sess.steps) {
				done = false
				so = append(so, &permStep{step: sess.steps[at[i]]})
				at[i]++
				next()
				at[i]--
				so = so[:len(so)-1]
			}
		}
		if done {
			out = append(out, slices.Clone(so))
		}
	}
	next()
	return out
}

// title is the line that begins a permutation in the expected output.
func title(perm []*permStep) string {
	var b strings.Builder
	b.WriteString("starting permutation:")
	for _, p := range perm {
		b.WriteString(" " + p.step.name)
	}
	return b.String()
}
