package parser

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

// Kinds of tokens.
const (
	tokEOF     tokenKind = iota // the end of the statement
	tokIdent                    // a name: quoted, or no keyword
	tokKeyword                  // an unquoted keyword, lower case
	tokString                   // a string literal of any form, its value
	tokBits                     // b or x, then the digits
	tokInt                      // a number that fits 32 bits
	tokFloat                    // any other number, its text
	tokParam                    // $n, the digits
	tokOp                       // an operator; != is <>
	tokPunct                    // ( ) [ ] , ; . : :: := .. and characters that no rule knows
	tokBad                      // a lexical error, raised when the parser reaches it
)

// token is a lexical token.
type token struct {
	kind  tokenKind
	class keywordClass // of a keyword
	bare  bool         // keyword that may be a label without AS
	query uint8        // memo of parser.opensQuery, for "("
	pos   int32        // byte offsets in the source
	end   int32
	// match is the index of a bracket's partner, -1 if it has none.
	match int32
	text  string // the value: folded, unquoted, unescaped
	err   *Error // of tokBad
}

// maxNameBytes is where PostgreSQL cuts identifiers.
const maxNameBytes = 63

const (
	charSpace uint8 = 1 << iota
	charIdentStart
	charIdent
	charDigit
	charOp
)

var charClass = func() (t [256]uint8) {
	for c := range t {
		b := byte(c)
		switch {
		case b == ' ' || b >= '\t' && b <= '\r':
			t[c] |= charSpace
		case b >= '0' && b <= '9':
			t[c] |= charDigit | charIdent
		case b == '_' || b|32 >= 'a' && b|32 <= 'z' || b >= 0x80:
			t[c] |= charIdentStart | charIdent
		case b == '$':
			t[c] |= charIdent
		case strings.IndexByte("+-*/<>=~!@#%^&|`?", b) >= 0:
			t[c] |= charOp
		}
	}
	// Vertical tab is no white space to PostgreSQL 15's scanner.
	t['\v'] = 0
	return t
}()

// lexer turns text into tokens by PostgreSQL's lexical rules, with
// standard_conforming_strings on.
type lexer struct {
	src  string
	pos  int
	toks []token
	open []int32 // indexes of brackets not yet closed
}

// lex scans the whole text. The last token is tokEOF, or tokBad at the first lexical error.
func lex(src string) []token { return lexInto(src, nil) }

// lexInto is lex with room to reuse.
func lexInto(src string, room []token) []token {
	l := lexer{src: src, toks: room[:0]}
	if n := len(src)/4 + 8; cap(room) < n {
		l.toks = make([]token, 0, n)
	}
	for l.next() {
	}
	return l.toks
}

func (l *lexer) at(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

func (l *lexer) add(kind tokenKind, start int, text string) {
	l.toks = append(l.toks, token{kind: kind, pos: int32(start), end: int32(l.pos), match: -1, text: text})
}

func (l *lexer) bad(pos int, code, format string, args ...any) bool {
	l.toks = append(l.toks, token{kind: tokBad, pos: int32(pos), end: int32(len(l.src)), match: -1,
		err: newError(pos, code, format, args...)})
	return false
}

// badNear is an error that quotes the text from start to the scanner's position.
func (l *lexer) badNear(start int, msg string) bool {
	return l.bad(start, codeSyntax, `%s at or near "%s"`, msg, l.src[start:l.pos])
}

// next scans one token; it returns false at the end.
func (l *lexer) next() bool {
	if !l.skipSpace() {
		return false
	}
	src, start := l.src, l.pos
	if start >= len(src) {
		l.add(tokEOF, start, "")
		return false
	}
	c := src[start]
	switch class := charClass[c]; {
	case class&charIdentStart != 0:
		if l.at(start+1) == '\'' {
			switch c | 32 {
			case 'e':
				l.pos++
				return l.str(start, true)
			case 'n': // N'x' is NCHAR 'x'
				l.pos++
				l.toks = append(l.toks, token{kind: tokKeyword, class: colName, pos: int32(start), end: int32(l.pos),
					match: -1, text: "nchar"})
				return true
			case 'b', 'x':
				return l.bits(start, c|32)
			}
		}
		if c|32 == 'u' && l.at(start+1) == '&' {
			switch l.at(start + 2) {
			case '\'':
				l.pos += 2
				return l.str(start, false)
			case '"':
				l.pos += 2
				return l.quotedIdent(start)
			}
		}
		l.word(start)
		return true
	case class&charDigit != 0, c == '.' && charClass[l.at(start+1)]&charDigit != 0:
		return l.number(start)
	case c == '\'':
		return l.str(start, false)
	case c == '"':
		return l.quotedIdent(start)
	case class&charOp != 0:
		l.operator(start)
		return true
	case c == '$':
		return l.dollar(start)
	}
	l.punct(start, c)
	return true
}

// skipSpace skips white space and comments; false on an unterminated comment.
func (l *lexer) skipSpace() bool {
	src, i := l.src, l.pos
	for i < len(src) {
		c := src[i]
		if charClass[c]&charSpace != 0 {
			i++
			continue
		}
		if c == '-' && l.at(i+1) == '-' {
			for i < len(src) && src[i] != '\n' && src[i] != '\r' {
				i++
			}
			continue
		}
		if c == '/' && l.at(i+1) == '*' {
			start, depth := i, 1
			for i += 2; depth > 0; {
				switch {
				case i+1 >= len(src):
					l.pos = len(src)
					return l.badNear(start, "unterminated /* comment")
				case src[i] == '/' && src[i+1] == '*':
					depth++
					i += 2
				case src[i] == '*' && src[i+1] == '/':
					depth--
					i += 2
				default:
					i++
				}
			}
			continue
		}
		break
	}
	l.pos = i
	return true
}

// word scans an unquoted name or keyword.
func (l *lexer) word(start int) {
	i := start + 1
	for i < len(l.src) && charClass[l.src[i]]&charIdent != 0 {
		i++
	}
	l.pos = i
	text := foldCase(l.src[start:i])
	if k, ok := keywords[text]; ok {
		l.toks = append(l.toks, token{kind: tokKeyword, class: k.class, bare: k.bare,
			pos: int32(start), end: int32(i), match: -1, text: text})
		return
	}
	l.add(tokIdent, start, clipName(text))
}

// foldCase lowers A to Z, as PostgreSQL does in UTF-8.
func foldCase(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 32
				}
			}
			return string(b)
		}
	}
	return s
}

// clipName cuts an identifier to maxNameBytes, at a character's edge.
func clipName(s string) string {
	if len(s) <= maxNameBytes {
		return s
	}
	n := maxNameBytes
	for n > maxNameBytes-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// number scans an integer, decimal or real.
func (l *lexer) number(start int) bool {
	src, i := l.src, start
	digits := func() {
		for i < len(src) && charClass[src[i]]&charDigit != 0 {
			i++
		}
	}
	digits()
	kind := tokInt
	if i < len(src) && src[i] == '.' && l.at(i+1) != '.' { // 1..10 is an integer before ".."
		kind = tokFloat
		i++
		digits()
	}
	if i < len(src) && src[i]|32 == 'e' {
		j := i + 1
		if c := l.at(j); c == '+' || c == '-' {
			j++
			if charClass[l.at(j)]&charDigit == 0 {
				l.pos = j
				return l.badNear(start, "trailing junk after numeric literal")
			}
		}
		if charClass[l.at(j)]&charDigit != 0 {
			kind = tokFloat
			i = j
			digits()
		}
	}
	if i < len(src) && charClass[src[i]]&charIdentStart != 0 {
		l.pos = i
		return l.junk(start, "trailing junk after numeric literal")
	}
	l.pos = i
	text := src[start:i]
	if kind == tokInt && !fitsInt32(text) {
		kind = tokFloat
	}
	l.add(kind, start, text)
	return true
}

// junk refuses a number that runs into a word; the message quotes both.
func (l *lexer) junk(start int, msg string) bool {
	for l.pos < len(l.src) && charClass[l.src[l.pos]]&charIdent != 0 {
		l.pos++
	}
	return l.badNear(start, msg)
}

// fitsInt32 reports whether decimal digits are at most 2147483647.
func fitsInt32(digits string) bool {
	if len(digits) < 10 {
		return true
	}
	digits = strings.TrimLeft(digits, "0")
	return len(digits) < 10 || len(digits) == 10 && digits <= "2147483647"
}

// operator scans the longest operator, minus what PostgreSQL's rules give back.
func (l *lexer) operator(start int) {
	src, i := l.src, start+1
	for i < len(src) && charClass[src[i]]&charOp != 0 {
		if src[i] == '-' && src[i-1] == '-' || src[i] == '*' && src[i-1] == '/' { // a comment starts
			i--
			break
		}
		i++
	}
	// A trailing + or - belongs to the operator only if it holds one of ~!@#%^&|`?
	if i-start > 1 && (src[i-1] == '+' || src[i-1] == '-') && !strings.ContainsAny(src[start:i-1], "~!@#%^&|`?") {
		for i-start > 1 && (src[i-1] == '+' || src[i-1] == '-') {
			i--
		}
	}
	l.pos = i
	text := src[start:i]
	if text == "!=" {
		text = "<>"
	}
	if len(text) > maxNameBytes {
		l.bad(start, codeSyntax, "operator too long")
		l.pos = len(src)
		return
	}
	l.add(tokOp, start, text)
}

// punct scans punctuation; brackets find their partners.
func (l *lexer) punct(start int, c byte) {
	n := 1
	switch next := l.at(start + 1); {
	case c == ':' && (next == ':' || next == '='), c == '.' && next == '.':
		n = 2
	}
	l.pos = start + n
	l.add(tokPunct, start, l.src[start:l.pos])
	here := int32(len(l.toks) - 1)
	switch c {
	case '(', '[':
		l.open = append(l.open, here)
	case ')', ']':
		if k := len(l.open) - 1; k >= 0 {
			partner := l.open[k]
			if (l.src[l.toks[partner].pos] == '(') == (c == ')') {
				l.toks[partner].match, l.toks[here].match = here, partner
				l.open = l.open[:k]
			}
		}
	}
}

// dollar scans a parameter or a dollar-quoted string.
func (l *lexer) dollar(start int) bool {
	src, i := l.src, start+1
	if charClass[l.at(i)]&charDigit != 0 {
		for i < len(src) && charClass[src[i]]&charDigit != 0 {
			i++
		}
		l.pos = i
		if i < len(src) && charClass[src[i]]&charIdentStart != 0 {
			return l.junk(start, "trailing junk after parameter")
		}
		l.add(tokParam, start, src[start+1:i])
		return true
	}
	if i < len(src) && charClass[src[i]]&charIdentStart != 0 {
		for i < len(src) && charClass[src[i]]&charIdent != 0 && src[i] != '$' {
			i++
		}
	}
	if l.at(i) != '$' {
		l.pos = start + 1
		l.add(tokPunct, start, "$")
		return true
	}
	tag, body := src[start:i+1], i+1
	n := strings.Index(src[body:], tag)
	if n < 0 {
		l.pos = len(src)
		return l.badNear(start, "unterminated dollar-quoted string")
	}
	l.pos = body + n + len(tag)
	l.add(tokString, start, src[body:body+n])
	return true
}
