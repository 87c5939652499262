package parser

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// This file scans the quoted forms: '…', E'…', U&'…', b'…', x'…', "…", U&"…".

// quoted scans from an opening quote to its end. A doubled quote stands for
// one; it returns false if the text ends first.
func (l *lexer) quoted(q byte) (string, bool) {
	i := l.pos + 1
	var b strings.Builder
	for {
		n := strings.IndexByte(l.src[i:], q)
		if n < 0 {
			l.pos = len(l.src)
			return "", false
		}
		end := i + n
		if l.at(end+1) == q {
			b.WriteString(l.src[i : end+1])
			i = end + 2
			continue
		}
		l.pos = end + 1
		if b.Len() == 0 {
			return l.src[i:end], true
		}
		b.WriteString(l.src[i:end])
		return b.String(), true
	}
}

// continues reports whether a literal goes on: white space with a line break
// in it, then another quote. It then moves to that quote.
func (l *lexer) continues() bool {
	src, i, line := l.src, l.pos, false
	for i < len(src) {
		switch c := src[i]; {
		case c == '\n' || c == '\r':
			line = true
			i++
		case charClass[c]&charSpace != 0:
			i++
		case c == '-' && l.at(i+1) == '-':
			for i < len(src) && src[i] != '\n' && src[i] != '\r' {
				i++
			}
		default:
			if c == '\'' && line {
				l.pos = i
				return true
			}
			return false
		}
	}
	return false
}

// str scans a string literal; the position is at its quote, start is the
// token's first byte, escapes says that backslashes have a meaning (E'…').
func (l *lexer) str(start int, escapes bool) bool {
	value := ""
	unicode := l.pos-start == 2
	for first := true; first || l.continues(); first = false {
		var part string
		var ok bool
		if escapes {
			var e *Error
			if part, ok, e = l.escaped(); e != nil {
				l.pos = len(l.src)
				l.toks = append(l.toks, token{kind: tokBad, pos: int32(start), end: int32(len(l.src)), match: -1, err: e})
				return false
			}
		} else {
			part, ok = l.quoted('\'')
		}
		if !ok {
			return l.badNear(start, "unterminated quoted string")
		}
		if first {
			value = part
		} else {
			value += part
		}
	}
	if unicode {
		return l.unicodeEscapes(tokString, start, value)
	}
	l.add(tokString, start, value)
	return true
}

// bits scans b'…' or x'…'.
func (l *lexer) bits(start int, kind byte) bool {
	l.pos++
	value := string(kind)
	for first := true; first || l.continues(); first = false {
		n := strings.IndexByte(l.src[l.pos+1:], '\'') // no doubled quotes here
		if n < 0 {
			l.pos = len(l.src)
			if kind == 'b' {
				return l.badNear(start, "unterminated bit string literal")
			}
			return l.badNear(start, "unterminated hexadecimal string literal")
		}
		value += l.src[l.pos+1 : l.pos+1+n]
		l.pos += n + 2
	}
	l.add(tokBits, start, value)
	return true
}

// quotedIdent scans "…".
func (l *lexer) quotedIdent(start int) bool {
	unicode := l.pos-start == 2
	value, ok := l.quoted('"')
	if !ok {
		return l.badNear(start, "unterminated quoted identifier")
	}
	if value == "" {
		return l.badNear(start, "zero-length delimited identifier")
	}
	if unicode {
		return l.unicodeEscapes(tokIdent, start, value)
	}
	l.add(tokIdent, start, clipName(value))
	return true
}

// escaped scans a quoted string with backslash escapes, from its quote.
func (l *lexer) escaped() (value string, ok bool, err *Error) {
	src, i := l.src, l.pos+1
	var b strings.Builder
	checkUTF8 := false
	for i < len(src) {
		n := strings.IndexAny(src[i:], `'\`)
		if n < 0 {
			break
		}
		b.WriteString(src[i : i+n])
		i += n
		if src[i] == '\'' {
			if l.at(i+1) == '\'' {
				b.WriteByte('\'')
				i += 2
				continue
			}
			l.pos = i + 1
			s := b.String()
			if checkUTF8 && !utf8.ValidString(s) {
				return "", false, newError(-1, codeBadText, `invalid byte sequence for encoding "UTF8": %s`, firstBadBytes(s))
			}
			return s, true, nil
		}
		if i+1 >= len(src) {
			break
		}
		at := i
		i++
		switch c := src[i]; {
		case c == 'u' || c == 'U':
			digits := 4
			if c == 'U' {
				digits = 8
			}
			r, good := hexRune(src, i+1, digits)
			if !good {
				e := newError(at, codeBadEscape, "invalid Unicode escape")
				e.Hint = `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
				return "", false, e
			}
			i += 1 + digits
			if utf16.IsSurrogate(r) {
				pair, n, ok := rune(0), 0, false
				if r < 0xdc00 { // the first of a pair
					pair, n, ok = surrogateAfter(src, i, r)
				} else {
					n, i = i-at, at
				}
				if !ok {
					return "", false, newError(i, codeSyntax, `invalid Unicode surrogate pair at or near "%s"`, src[i:min(i+n, len(src))])
				}
				r = pair
				i += n
			}
			if r == 0 || r > utf8.MaxRune {
				return "", false, newError(at, codeSyntax, `invalid Unicode escape value at or near "%s"`, src[at:i])
			}
			b.WriteRune(r)
		case c >= '0' && c <= '7':
			v := 0
			for k := 0; k < 3 && i < len(src) && src[i] >= '0' && src[i] <= '7'; k++ {
				v = v*8 + int(src[i]-'0')
				i++
			}
			b.WriteByte(byte(v))
			checkUTF8 = checkUTF8 || byte(v) >= 0x80 || byte(v) == 0
		case c == 'x' && hexDigit(l.at(i+1)) >= 0:
			v := 0
			i++
			for k := 0; k < 2 && i < len(src) && hexDigit(src[i]) >= 0; k++ {
				v = v*16 + hexDigit(src[i])
				i++
			}
			b.WriteByte(byte(v))
			checkUTF8 = checkUTF8 || v >= 0x80 || v == 0
		default:
			if k := strings.IndexByte("bfnrt", c); k >= 0 {
				c = "\b\f\n\r\t"[k]
			}
			b.WriteByte(c)
			i++
		}
		if checkUTF8 && b.String()[b.Len()-1] == 0 {
			return "", false, newError(-1, codeBadText, `invalid byte sequence for encoding "UTF8": 0x00`)
		}
	}
	l.pos = len(src)
	return "", false, nil
}

// firstBadBytes prints the first invalid UTF-8 sequence as PostgreSQL does.
func firstBadBytes(s string) string {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			want := 1
			switch c := s[i]; {
			case c >= 0xf0 && c < 0xf8:
				want = 4
			case c >= 0xe0 && c < 0xf0:
				want = 3
			case c >= 0xc0 && c < 0xe0:
				want = 2
			}
			var b strings.Builder
			for k := i; k < min(len(s), i+want); k++ {
				if k > i {
					b.WriteByte(' ')
				}
				const hex = "0123456789abcdef"
				b.WriteString("0x")
				b.WriteByte(hex[s[k]>>4])
				b.WriteByte(hex[s[k]&15])
			}
			return b.String()
		}
		i += n
	}
	return ""
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|32 >= 'a' && c|32 <= 'f':
		return int(c|32-'a') + 10
	}
	return -1
}

// hexRune reads exactly n hexadecimal digits.
func hexRune(s string, i, n int) (rune, bool) {
	if i+n > len(s) {
		return 0, false
	}
	r := uint32(0)
	for _, c := range []byte(s[i : i+n]) {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | uint32(d)
	}
	if r > utf8.MaxRune {
		return utf8.MaxRune + 1, true
	}
	return rune(r), true
}

// surrogateAfter combines a high surrogate with the escape that follows it in
// an E string. n is the length of what follows: the escape, or one character.
func surrogateAfter(s string, i int, high rune) (r rune, n int, ok bool) {
	digits := 0
	if i+1 < len(s) && s[i] == '\\' {
		switch s[i+1] {
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		}
	}
	if digits == 0 {
		return 0, 1, false
	}
	low, ok := hexRune(s, i+2, digits)
	if !ok {
		return 0, 1, false
	}
	r = utf16.DecodeRune(high, low)
	return r, 2 + digits, r != utf8.RuneError
}

// unicodeEscapes finishes a U& literal: it looks for UESCAPE, then decodes.
func (l *lexer) unicodeEscapes(kind tokenKind, start int, value string) bool {
	esc, save := byte('\\'), l.pos
	if !l.skipSpace() {
		return false
	}
	if i := l.pos; i+7 <= len(l.src) && strings.EqualFold(l.src[i:i+7], "uescape") && charClass[l.at(i+7)]&charIdent == 0 {
		l.pos += 7
		if !l.skipSpace() {
			return false
		}
		at := l.pos
		if l.at(at) != '\'' {
			return l.bad(at, codeSyntax, "UESCAPE must be followed by a simple string literal at or near \"%s\"", l.nearWord(at))
		}
		v, ok := l.quoted('\'')
		if !ok {
			return l.badNear(at, "unterminated quoted string")
		}
		if len(v) != 1 || hexDigit(v[0]) >= 0 || charClass[v[0]]&charSpace != 0 || strings.Contains(`+'"`, v) {
			return l.bad(at, codeSyntax, "invalid Unicode escape character at or near \"%s\"", l.src[at:l.pos])
		}
		esc = v[0]
	} else {
		l.pos = save
	}
	body := start + 3
	fail := func(i int, code, format string, args ...any) bool {
		return l.bad(body+i, code, format, args...)
	}
	var b strings.Builder
	for i := 0; i < len(value); {
		c := value[i]
		if c != esc {
			b.WriteByte(c)
			i++
			continue
		}
		if i+1 < len(value) && value[i+1] == esc {
			b.WriteByte(esc)
			i += 2
			continue
		}
		r, n, ok := unicodeEscape(value, i)
		if !ok {
			l.bad(body+i, codeSyntax, "invalid Unicode escape")
			l.toks[len(l.toks)-1].err.Hint = `Unicode escapes must be \XXXX or \+XXXXXX.`
			return false
		}
		if utf16.IsSurrogate(r) {
			low, m, ok := rune(0), 0, false
			if i+n < len(value) && value[i+n] == esc {
				low, m, ok = unicodeEscape(value, i+n)
			}
			if high := r; !ok || utf16.DecodeRune(high, low) == utf8.RuneError {
				if high < 0xdc00 {
					i += n // noticed only at what follows
				}
				return fail(i, codeSyntax, "invalid Unicode surrogate pair")
			}
			r = utf16.DecodeRune(r, low)
			n += m
		}
		if r == 0 || r > utf8.MaxRune {
			return fail(i, codeSyntax, "invalid Unicode escape value")
		}
		b.WriteRune(r)
		i += n
	}
	text := b.String()
	if kind == tokIdent {
		text = clipName(text)
	}
	l.add(kind, start, text)
	return true
}

// unicodeEscape reads \XXXX or \+XXXXXX.
func unicodeEscape(s string, i int) (r rune, n int, ok bool) {
	if i+1 < len(s) && s[i+1] == '+' {
		r, ok = hexRune(s, i+2, 6)
		return r, 8, ok
	}
	r, ok = hexRune(s, i+1, 4)
	return r, 5, ok
}

// nearWord is the text of the token at i, roughly, for an error.
func (l *lexer) nearWord(i int) string {
	j := i
	for j < len(l.src) && charClass[l.src[j]]&charIdent != 0 {
		j++
	}
	if j == i && j < len(l.src) {
		j++
	}
	return l.src[i:j]
}
