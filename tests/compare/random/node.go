package random

import "strings"

// node is a piece of a statement: text with pieces inside. What a piece stands
// for is known well enough to leave it out or to put a simpler one in its place.
type node struct {
	typ   string // the SQL type of an expression; "query" or "from"; "" of what has no value
	parts []any  // string or *node
	lit   bool   // a literal, which may become a parameter
	opt   bool   // may be left out
	// list is set when parts are members of a list: they may be left out one by
	// one while any is left, and sep stands between.
	list bool
	sep  string
}

func text(s string) *node { return &node{parts: []any{s}} }

func structural(parts ...any) *node { return &node{parts: parts} }

func optional(parts ...any) *node { return &node{parts: parts, opt: true} }

func listOf(sep string, items ...*node) *node {
	n := &node{list: true, sep: sep}
	for _, it := range items {
		n.parts = append(n.parts, it)
	}
	return n
}

// SQL is the text of the piece.
func (n *node) SQL() string {
	var b strings.Builder
	n.write(&b, nil)
	return b.String()
}

// param is a value handed over beside the text.
type param struct {
	typ   string
	value *string
}

// paramSQL is the text with those literals that pick chooses as parameters.
func (n *node) paramSQL(pick func() bool) (string, []param) {
	w := &paramWriter{pick: pick}
	var b strings.Builder
	n.write(&b, w)
	return b.String(), w.params
}

type paramWriter struct {
	pick   func() bool
	params []param
}

func (n *node) write(b *strings.Builder, w *paramWriter) {
	if w != nil && n.lit && w.pick() {
		if w.literal(b, n) {
			return
		}
	}
	for i, p := range n.parts {
		if n.list && i > 0 {
			b.WriteString(n.sep)
		}
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case *node:
			p.write(b, w)
		}
	}
}

// literal writes 'value'::type as $n::type.
func (w *paramWriter) literal(b *strings.Builder, n *node) bool {
	s := n.parts[0].(string)
	i := strings.LastIndex(s, "::")
	if i < 0 || s[0] != '\'' && s[:i] != "NULL" || strings.Contains(s[1:i-1], "'") {
		return false
	}
	p := param{typ: s[i+2:]}
	if s[:i] != "NULL" {
		v := s[1 : i-1]
		p.value = &v
	}
	w.params = append(w.params, p)
	b.WriteString("$" + itoa(len(w.params)) + s[i:])
	return true
}

// descendants appends all pieces below n with the type, nearest first.
func (n *node) descendants(typ string, out []*node) []*node {
	level := []*node{n}
	for len(level) > 0 && len(out) < 12 {
		var next []*node
		for _, l := range level {
			for _, p := range l.parts {
				if c, ok := p.(*node); ok {
					if c.typ == typ {
						out = append(out, c)
					}
					next = append(next, c)
				}
			}
		}
		level = next
	}
	return out
}

// minimise makes the statement smaller in place while same holds of it, with
// at most budget tries.
func minimise(root *node, budget int, same func(sql string) bool) {
	tries := 0
	attempt := func(n *node, parts []any, list bool) bool {
		if tries >= budget {
			return false
		}
		oldParts, oldList, oldLit := n.parts, n.list, n.lit
		before := root.SQL()
		n.parts, n.list = parts, list
		now := root.SQL()
		if len(now) < len(before) {
			tries++
			if same(now) {
				return true
			}
		}
		n.parts, n.list, n.lit = oldParts, oldList, oldLit
		return false
	}
	var visit func(n *node) bool
	visit = func(n *node) bool {
		changed := false
		if n.opt && len(n.parts) > 0 && attempt(n, nil, false) {
			return true
		}
		if n.list {
			for i := 0; i < len(n.parts) && len(n.parts) > 1; i++ {
				rest := append(append([]any{}, n.parts[:i]...), n.parts[i+1:]...)
				if attempt(n, rest, true) {
					changed = true
					i--
				}
			}
		}
		if n.typ != "" && !n.lit {
			for _, d := range n.descendants(n.typ, nil) {
				if attempt(n, []any{d}, false) {
					changed = true
					break
				}
			}
			if n.typ != "query" && n.typ != "from" {
				for _, s := range simplest[n.typ] {
					if attempt(n, []any{s}, false) {
						return true
					}
				}
				if attempt(n, []any{"NULL::" + n.typ}, false) {
					return true
				}
			}
		}
		for _, p := range n.parts {
			if c, ok := p.(*node); ok && visit(c) {
				changed = true
			}
		}
		return changed
	}
	for visit(root) && tries < budget {
	}
}

var simplest = map[string][]string{
	"bool": {"true", "false"}, "int4": {"1"}, "int8": {"1::int8"}, "numeric": {"1.0"}, "text": {"'a'"},
}
