package are

import (
	"slices"
	"strings"
	"unicode"
)

type parser struct {
	src    []rune
	i      int
	opt    Options
	groups []*node
	count  int
	depth  int
	around int // within look-around: parentheses do not capture
	ext    bool
}

func (p *parser) node(n node) *node {
	n.id = p.count
	p.count++
	return &n
}

func (p *parser) more() bool { return p.i < len(p.src) }

func (p *parser) at(s string) bool {
	for k, r := range []rune(s) {
		if p.i+k >= len(p.src) || p.src[p.i+k] != r {
			return false
		}
	}
	return true
}

func (p *parser) parse() (*node, error) {
	if p.opt.Literal {
		return p.literalString(), nil
	}
	p.ext = p.opt.Extended
	if !p.ext && p.at("***") {
		switch {
		case p.at("***="):
			p.i += 4
			return p.literalString(), nil
		case p.at("***:"):
			p.i += 4
		default:
			return nil, invalid("quantifier operand invalid")
		}
	}
	if !p.ext && p.at("(?") && p.i+2 < len(p.src) && unicode.IsLetter(p.src[p.i+2]) {
		if err := p.embedded(); err != nil {
			return nil, err
		}
		if p.opt.Literal {
			return p.literalString(), nil
		}
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.more() {
		return nil, invalid("parentheses () not balanced")
	}
	return n, nil
}

func (p *parser) embedded() error {
	for p.i += 2; p.more() && unicode.IsLetter(p.src[p.i]); p.i++ {
		switch p.src[p.i] {
		case 'b':
			return invalid("basic regular expressions are not supported")
		case 'c':
			p.opt.IgnoreCase = false
		case 'e':
			p.ext = true
		case 'i':
			p.opt.IgnoreCase = true
		case 'm', 'n':
			p.opt.Stop, p.opt.Lines = true, true
		case 'p':
			p.opt.Stop, p.opt.Lines = true, false
		case 'q':
			p.opt.Literal = true
		case 's':
			p.opt.Stop, p.opt.Lines = false, false
		case 't':
			p.opt.Expanded = false
		case 'w':
			p.opt.Stop, p.opt.Lines = false, true
		case 'x':
			p.opt.Expanded = true
		default:
			return invalid("invalid embedded option")
		}
	}
	if !p.more() || p.src[p.i] != ')' {
		return invalid("invalid embedded option")
	}
	p.i++
	return nil
}

func (p *parser) char(r rune) *node {
	s := &set{ascii: p.opt.ASCII}
	p.add(s, r, r)
	return p.node(node{kind: kSet, set: s})
}

func (p *parser) literalString() *node {
	var list []*node
	for _, r := range p.src[p.i:] {
		list = append(list, p.char(r))
	}
	p.i = len(p.src)
	return p.concat(list)
}

// concat nests nodes to the right.
func (p *parser) concat(list []*node) *node {
	if len(list) == 0 {
		return p.node(node{kind: kEmpty})
	}
	n := list[len(list)-1]
	for _, l := range slices.Backward(list[:len(list)-1]) {
		prefer := l.prefer
		if prefer == noPreference {
			prefer = n.prefer
		}
		n = p.node(node{kind: kConcat, left: l, right: n, prefer: prefer, inner: l.inner || n.inner, refs: l.refs || n.refs})
	}
	return n
}

func (p *parser) skipSpace() {
	for p.more() {
		switch {
		case p.opt.Expanded && unicode.IsSpace(p.src[p.i]):
			p.i++
		case p.opt.Expanded && p.src[p.i] == '#':
			for p.more() && p.src[p.i] != '\n' {
				p.i++
			}
		case !p.ext && p.at("(?#"):
			for p.more() && p.src[p.i] != ')' {
				p.i++
			}
			if p.more() {
				p.i++
			}
		default:
			return
		}
	}
}

func (p *parser) alternatives() (*node, error) {
	if p.depth++; p.depth > 500 {
		return nil, invalid("regular expression is too complex")
	}
	defer func() { p.depth-- }()
	var subs []*node
	for {
		b, err := p.branch()
		if err != nil {
			return nil, err
		}
		subs = append(subs, b)
		if !p.more() || p.src[p.i] != '|' {
			break
		}
		p.i++
	}
	if len(subs) == 1 {
		return subs[0], nil
	}
	n := node{kind: kAlt, subs: subs, prefer: longest}
	for _, s := range subs {
		n.inner, n.refs = n.inner || s.inner, n.refs || s.refs
	}
	return p.node(n), nil
}

func (p *parser) branch() (*node, error) {
	var list []*node
	for {
		p.skipSpace()
		if !p.more() || p.src[p.i] == '|' || p.src[p.i] == ')' && (p.depth > 1 || !p.ext) {
			return p.concat(list), nil
		}
		a, constraint, err := p.atom()
		if err != nil {
			return nil, err
		}
		if a, err = p.quantified(a, constraint); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
}

// quantified reads a quantifier behind an atom, if there is one.
func (p *parser) quantified(a *node, constraint bool) (*node, error) {
	p.skipSpace()
	if !p.more() {
		return a, nil
	}
	lo, hi, exact := 1, 1, false
	switch p.src[p.i] {
	case '*':
		lo, hi = 0, unbounded
		p.i++
	case '+':
		lo, hi = 1, unbounded
		p.i++
	case '?':
		lo, hi = 0, 1
		p.i++
	case '{':
		if !p.ext && (p.i+1 >= len(p.src) || p.src[p.i+1] < '0' || p.src[p.i+1] > '9') {
			return a, nil
		}
		var err error
		if lo, hi, exact, err = p.bounds(); err != nil {
			return nil, err
		}
	default:
		return a, nil
	}
	if constraint {
		return nil, invalid("quantifier operand invalid")
	}
	prefer := longest
	if !p.ext && p.more() && p.src[p.i] == '?' {
		p.i++
		prefer = shortest
	}
	p.skipSpace()
	if p.more() {
		switch c := p.src[p.i]; {
		case c == '*' || c == '+' || c == '?':
			return nil, invalid("quantifier operand invalid")
		case c == '{' && p.i+1 < len(p.src) && p.src[p.i+1] >= '0' && p.src[p.i+1] <= '9':
			return nil, invalid("quantifier operand invalid")
		}
	}
	if exact {
		prefer = a.prefer // a single number has no preference of its own
	}
	if lo == 1 && hi == 1 && a.prefer == prefer {
		return a, nil
	}
	if lo == 1 && hi == 1 {
		return p.node(node{kind: kRepeat, left: a, min: 1, max: 1, prefer: prefer, inner: a.inner, refs: a.refs}), nil
	}
	if lo > 0 && a.inner && !a.refs {
		// Only the last iteration's captures count: x{m,n} is x{m-1,n-1}x, with
		// captures in the second x only.
		rest := unbounded
		if hi != unbounded {
			rest = hi - 1
		}
		before := p.node(node{kind: kRepeat, left: a, min: lo - 1, max: rest, prefer: prefer})
		return p.node(node{kind: kConcat, left: before, right: a, prefer: prefer, inner: true}), nil
	}
	return p.node(node{kind: kRepeat, left: a, min: lo, max: hi, prefer: prefer, inner: a.inner, refs: a.refs}), nil
}

func (p *parser) number() (int, bool) {
	n, ok := 0, false
	for p.more() && p.src[p.i] >= '0' && p.src[p.i] <= '9' {
		n, ok = min(n*10+int(p.src[p.i]-'0'), 1000), true
		p.i++
	}
	return n, ok
}

// bounds reads {m}, {m,} or {m,n}; exact is the first of them.
func (p *parser) bounds() (lo, hi int, exact bool, err error) {
	p.i++
	lo, ok := p.number()
	if !ok || lo > 255 {
		return 0, 0, false, invalid("invalid repetition count(s)")
	}
	hi, exact = lo, true
	if p.more() && p.src[p.i] == ',' {
		p.i++
		exact = false
		if hi, ok = p.number(); !ok {
			hi = unbounded
		}
		if ok && (hi > 255 || hi < lo) {
			return 0, 0, false, invalid("invalid repetition count(s)")
		}
	}
	if !p.more() {
		return 0, 0, false, invalid("braces {} not balanced")
	}
	if p.src[p.i] != '}' {
		return 0, 0, false, invalid("invalid repetition count(s)")
	}
	p.i++
	return lo, hi, exact, nil
}

// atom reads an atom or a constraint.
func (p *parser) atom() (n *node, constraint bool, err error) {
	c := p.src[p.i]
	p.i++
	switch c {
	case '(':
		return p.group()
	case '[':
		if p.at("[:<:]]") || p.at("[:>:]]") {
			k := kWordStart
			if p.src[p.i+2] == '>' {
				k = kWordEnd
			}
			p.i += 6
			return p.node(node{kind: k}), true, nil
		}
		s, err := p.bracket()
		return p.node(node{kind: kSet, set: s}), false, err
	case '.':
		return p.node(node{kind: kSet, set: &set{negate: true, noNewline: p.opt.Stop}}), false, nil
	case '^':
		return p.node(node{kind: kBegin, lines: p.opt.Lines}), true, nil
	case '$':
		return p.node(node{kind: kEnd, lines: p.opt.Lines}), true, nil
	case '*', '+', '?':
		return nil, false, invalid("quantifier operand invalid")
	case '{':
		if p.more() && p.src[p.i] >= '0' && p.src[p.i] <= '9' || p.ext {
			return nil, false, invalid("quantifier operand invalid")
		}
	case ')':
		return nil, false, invalid("parentheses () not balanced")
	case '\\':
		return p.escape()
	}
	return p.char(c), false, nil
}

func (p *parser) group() (n *node, constraint bool, err error) {
	capture := p.around == 0
	var wrap *node
	if !p.ext && p.more() && p.src[p.i] == '?' {
		switch {
		case p.at("?:"):
			p.i += 2
			capture = false
		case p.at("?="), p.at("?!"):
			wrap = p.node(node{kind: kAhead, not: p.src[p.i+1] == '!'})
			p.i += 2
		case p.at("?<="), p.at("?<!"):
			wrap = p.node(node{kind: kBehind, not: p.src[p.i+2] == '!'})
			p.i += 3
		default:
			return nil, false, invalid("quantifier operand invalid")
		}
	}
	number := 0
	if wrap != nil {
		p.around++
	} else if capture {
		number = len(p.groups)
		p.groups = append(p.groups, nil)
	}
	inner, err := p.alternatives()
	if err != nil {
		return nil, false, err
	}
	if !p.more() || p.src[p.i] != ')' {
		return nil, false, invalid("parentheses () not balanced")
	}
	p.i++
	if wrap != nil {
		p.around--
		wrap.left = inner
		return wrap, true, nil
	}
	if !capture {
		return inner, false, nil
	}
	n = p.node(node{kind: kCapture, left: inner, n: number, prefer: inner.prefer, inner: true, refs: inner.refs})
	p.groups[number] = n
	return n, false, nil
}

func (p *parser) classNode(name string, negate bool) *node {
	return p.node(node{kind: kSet, set: &set{classes: []class{{name, negate}}, ascii: p.opt.ASCII}})
}

// escape reads what follows a backslash outside brackets.
func (p *parser) escape() (n *node, constraint bool, err error) {
	if !p.more() {
		return nil, false, invalid("invalid escape \\ sequence")
	}
	c := p.src[p.i]
	if p.ext {
		p.i++
		return p.char(c), false, nil
	}
	switch c {
	case 'd', 'D':
		p.i++
		return p.classNode("digit", c == 'D'), false, nil
	case 's', 'S':
		p.i++
		return p.classNode("space", c == 'S'), false, nil
	case 'w', 'W':
		p.i++
		return p.classNode("word", c == 'W'), false, nil
	case 'A':
		p.i++
		return p.node(node{kind: kBegin}), true, nil
	case 'Z':
		p.i++
		return p.node(node{kind: kEnd}), true, nil
	case 'm', 'M', 'y', 'Y':
		p.i++
		k := map[rune]kind{'m': kWordStart, 'M': kWordEnd, 'y': kWordEdge, 'Y': kNotEdge}[c]
		return p.node(node{kind: k}), true, nil
	}
	if c >= '1' && c <= '9' {
		from := p.i
		ref, _ := p.number()
		// A number of several digits is a back reference if there are that many.
		if p.i-from == 1 || ref < len(p.groups) {
			if p.around > 0 || ref >= len(p.groups) || p.groups[ref] == nil {
				return nil, false, invalid("invalid backreference number")
			}
			return p.node(node{kind: kBackref, n: ref, left: p.loose(p.groups[ref].left), inner: true, refs: true}), false, nil
		}
		p.i = from
	}
	r, err := p.charEscape()
	if err != nil {
		return nil, false, err
	}
	return p.char(r), false, nil
}

// loose copies a group for a back reference to it: without captures, which are
// the group's own, and without constraints, which need not hold where the same
// text is met again.
func (p *parser) loose(n *node) *node {
	if n == nil {
		return nil
	}
	switch n.kind {
	case kSet, kEmpty:
		return n
	case kCapture, kBackref:
		return p.loose(n.left)
	case kConcat, kAlt, kRepeat:
		c := *n
		c.inner, c.refs, c.subs = false, false, nil
		c.left, c.right = p.loose(n.left), p.loose(n.right)
		for _, s := range n.subs {
			c.subs = append(c.subs, p.loose(s))
		}
		return p.node(c)
	}
	return p.node(node{kind: kEmpty})
}

// charEscape reads an escape that stands for a character.
func (p *parser) charEscape() (rune, error) {
	c := p.src[p.i]
	p.i++
	hex := func(most, least int) (rune, error) {
		v, n := rune(0), 0
		for ; n < most && p.more(); n++ {
			d := strings.IndexRune("0123456789abcdef", unicode.ToLower(p.src[p.i]))
			if d < 0 {
				break
			}
			if v = v<<4 | rune(d); v > unicode.MaxRune {
				return 0, invalid("invalid escape \\ sequence")
			}
			p.i++
		}
		if n < least {
			return 0, invalid("invalid escape \\ sequence")
		}
		return v, nil
	}
	switch c {
	case 'a':
		return '\a', nil
	case 'b':
		return '\b', nil
	case 'B':
		return '\\', nil
	case 'c':
		if !p.more() {
			return 0, invalid("invalid escape \\ sequence")
		}
		r := p.src[p.i] & 0x1f
		p.i++
		return r, nil
	case 'e':
		return 0x1b, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'u':
		return hex(4, 4)
	case 'U':
		return hex(8, 8)
	case 'x':
		return hex(255, 1)
	}
	if c >= '0' && c <= '9' {
		v := rune(0)
		p.i--
		for n := 0; n < 3 && p.more() && p.src[p.i] >= '0' && p.src[p.i] <= '7'; n++ {
			v = v<<3 | (p.src[p.i] - '0')
			p.i++
		}
		return v, nil
	}
	if unicode.IsLetter(c) && c < 0x80 {
		return 0, invalid("invalid escape \\ sequence")
	}
	return c, nil
}

var classNames = []string{"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit", "word"}

// bracket reads a bracket expression, behind its [.
func (p *parser) bracket() (*set, error) {
	s := &set{ascii: p.opt.ASCII}
	if p.more() && p.src[p.i] == '^' {
		p.i++
		s.negate, s.noNewline = true, p.opt.Stop
	}
	for first := true; ; first = false {
		if !p.more() {
			return nil, invalid("brackets [] not balanced")
		}
		if p.src[p.i] == ']' && !first {
			p.i++
			return s, nil
		}
		lo, single, err := p.bracketItem(s)
		if err != nil {
			return nil, err
		}
		if !single {
			if p.more() && p.src[p.i] == '-' && p.i+1 < len(p.src) && p.src[p.i+1] != ']' {
				return nil, invalid("invalid character range")
			}
			continue
		}
		hi := lo
		if p.i+1 < len(p.src) && p.src[p.i] == '-' && p.src[p.i+1] != ']' {
			p.i++
			if hi, single, err = p.bracketItem(s); err != nil {
				return nil, err
			}
			if !single || hi < lo {
				return nil, invalid("invalid character range")
			}
		}
		p.add(s, lo, hi)
	}
}

// add adds the characters from lo to hi. Where case does not matter these are, as in PostgreSQL, the
// lower and the upper form of one, and those of all in a range besides what is in it: 'İ' is i too,
// but i is not İ.
func (p *parser) add(s *set, lo, hi rune) {
	cases := func(r rune) (lower, upper rune) {
		if p.opt.ASCII && r > unicode.MaxASCII {
			return r, r
		}
		return unicode.ToLower(r), unicode.ToUpper(r)
	}
	switch {
	case !p.opt.IgnoreCase:
		s.ranges = append(s.ranges, lo, hi)
	case lo == hi:
		l, u := cases(lo)
		if s.ranges = append(s.ranges, l, l); u != l {
			s.ranges = append(s.ranges, u, u)
		}
	default:
		s.ranges = append(s.ranges, lo, hi)
		for _, cased := range unicode.CaseRanges {
			for r := max(lo, rune(cased.Lo)); r <= min(hi, rune(cased.Hi)); r++ {
				l, u := cases(r)
				for _, c := range []rune{l, u} {
					if c < lo || c > hi {
						s.ranges = append(s.ranges, c, c)
					}
				}
			}
		}
	}
}

// bracketItem reads a character (single) or adds a class to s.
func (p *parser) bracketItem(s *set) (r rune, single bool, err error) {
	c := p.src[p.i]
	p.i++
	if c == '[' && p.more() {
		switch kind := p.src[p.i]; kind {
		case ':', '.', '=':
			end := slices.Index(p.src[p.i+1:], kind)
			if end < 0 || p.i+1+end+1 >= len(p.src) || p.src[p.i+1+end+1] != ']' {
				return 0, false, invalid("brackets [] not balanced")
			}
			name := string(p.src[p.i+1 : p.i+1+end])
			p.i += end + 3
			if kind == ':' {
				if !slices.Contains(classNames, name) {
					return 0, false, invalid("invalid character class")
				}
				if p.opt.IgnoreCase && (name == "upper" || name == "lower") {
					name = "alpha"
				}
				s.classes = append(s.classes, class{name, false})
				return 0, false, nil
			}
			if rs := []rune(name); len(rs) == 1 {
				return rs[0], kind == '.', func() error {
					if kind == '=' {
						p.add(s, rs[0], rs[0])
					}
					return nil
				}()
			}
			return 0, false, invalid("invalid collating element")
		}
	}
	if c == '\\' && !p.ext {
		if !p.more() {
			return 0, false, invalid("brackets [] not balanced")
		}
		switch e := p.src[p.i]; e {
		case 'd', 'D', 's', 'S', 'w', 'W':
			p.i++
			name := map[rune]string{'d': "digit", 's': "space", 'w': "word"}[unicode.ToLower(e)]
			s.classes = append(s.classes, class{name, unicode.IsUpper(e)})
			return 0, false, nil
		}
		r, err = p.charEscape()
		return r, true, err
	}
	return c, true, nil
}
