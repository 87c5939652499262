package jsonpath

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"rowkey/pgerr"
)

// token is a token: its kind is a special character or one of those below.
type token struct {
	kind byte
	text string // as written, for errors
	val  string
}

const (
	tEnd      = 0
	tString   = 's'
	tVariable = 'v'
	tInt      = 'i'
	tNumber   = 'n'
	tWord     = 'w' // an identifier or keyword; quoted says it had escapes
	tAnd      = 'A'
	tOr       = 'O'
	tLess     = '<'
	tLessEq   = 'L'
	tEqual    = 'E'
	tNotEqual = 'N'
	tGreater  = '>'
	tGreatEq  = 'G'
	tAnyLevel = 'Y' // **
)

const specials = "?%$.[]{}()|&!=<>@#,*:-+/"

type scanner struct {
	s   string
	pos int
}

func syntaxError(message, at string) error {
	if at == "" {
		return pgerr.Newf(pgerr.SyntaxError, "%s at end of jsonpath input", message)
	}
	return pgerr.Newf(pgerr.SyntaxError, "%s at or near \"%s\" of jsonpath input", message, at)
}

func isOther(c byte) bool {
	return c != '\\' && c != '"' && !isBlank(c) && strings.IndexByte(specials, c) < 0
}

func isBlank(c byte) bool { return strings.IndexByte(" \t\n\r\f", c) >= 0 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) next() (token, error) {
	for {
		for s.pos < len(s.s) && isBlank(s.s[s.pos]) {
			s.pos++
		}
		if !strings.HasPrefix(s.s[s.pos:], "/*") {
			break
		}
		end := strings.Index(s.s[s.pos+2:], "*/")
		if end < 0 {
			return token{}, syntaxError("unexpected end of comment", "")
		}
		s.pos += end + 4
	}
	start := s.pos
	if start >= len(s.s) {
		return token{}, nil
	}
	two := map[string]byte{"&&": tAnd, "||": tOr, "**": tAnyLevel, "<=": tLessEq, "==": tEqual, "<>": tNotEqual, "!=": tNotEqual, ">=": tGreatEq}
	if start+2 <= len(s.s) {
		if k, ok := two[s.s[start:start+2]]; ok {
			s.pos += 2
			return token{k, s.s[start:s.pos], ""}, nil
		}
	}
	c := s.s[start]
	switch {
	case c == '$' && start+1 < len(s.s) && s.s[start+1] == '"':
		s.pos++
		val, err := s.quoted()
		return token{tVariable, s.s[start:s.pos], val}, err
	case c == '$' && start+1 < len(s.s) && isOther(s.s[start+1]):
		s.pos++
		for s.pos < len(s.s) && isOther(s.s[s.pos]) {
			s.pos++
		}
		return token{tVariable, s.s[start:s.pos], s.s[start+1 : s.pos]}, nil
	case isDigit(c), c == '.' && start+1 < len(s.s) && isDigit(s.s[start+1]):
		return s.number()
	case c == '"':
		val, err := s.quoted()
		return token{tString, `"`, val}, err
	case strings.IndexByte(specials, c) >= 0:
		s.pos++
		return token{c, s.s[start:s.pos], ""}, nil
	}
	var b []byte
	for s.pos < len(s.s) {
		c := s.s[s.pos]
		if c == '\\' {
			var err error
			if b, err = s.escape(b); err != nil {
				return token{}, err
			}
			continue
		}
		if !isOther(c) {
			break
		}
		b = append(b, c)
		s.pos++
	}
	return token{tWord, s.s[start:s.pos], string(b)}, nil
}

func (s *scanner) number() (token, error) {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.s) && isDigit(s.s[s.pos]) {
			s.pos++
		}
		return s.pos > from
	}
	kind := byte(tInt)
	if s.s[s.pos] == '0' {
		s.pos++
	} else {
		digits()
	}
	if s.pos < len(s.s) && s.s[s.pos] == '.' {
		kind = tNumber
		s.pos++
		digits()
	}
	if s.pos < len(s.s) && s.s[s.pos]|0x20 == 'e' {
		at := s.pos
		s.pos++
		sign := s.pos < len(s.s) && (s.s[s.pos] == '+' || s.s[s.pos] == '-')
		if sign {
			s.pos++
		}
		switch {
		case digits():
			kind = tNumber
		case sign:
			return token{}, syntaxError("invalid numeric literal", s.s[start:s.pos])
		default:
			s.pos = at
		}
	}
	if s.pos < len(s.s) && isOther(s.s[s.pos]) {
		_, n := utf8.DecodeRuneInString(s.s[s.pos:])
		return token{}, syntaxError("trailing junk after numeric literal", s.s[start:s.pos+n])
	}
	return token{kind, s.s[start:s.pos], s.s[start:s.pos]}, nil
}

func (s *scanner) quoted() (string, error) {
	s.pos++
	var b []byte
	for {
		if s.pos >= len(s.s) {
			return "", syntaxError("unexpected end of quoted string", "")
		}
		switch c := s.s[s.pos]; c {
		case '"':
			s.pos++
			return string(b), nil
		case '\\':
			var err error
			if b, err = s.escape(b); err != nil {
				return "", err
			}
		default:
			b = append(b, c)
			s.pos++
		}
	}
}

// escape reads an escape sequence.
func (s *scanner) escape(b []byte) ([]byte, error) {
	start := s.pos
	if s.pos+1 >= len(s.s) {
		s.pos++
		return nil, syntaxError("unexpected end after backslash", `\`)
	}
	c := s.s[s.pos+1]
	switch c {
	case 'b', 'f', 'n', 'r', 't', 'v':
		s.pos += 2
		return append(b, "\b\f\n\r\t\v"[strings.IndexByte("bfnrtv", c)]), nil
	case 'x':
		v, n := hex(s.s[s.pos+2:], 2)
		if n != 2 {
			return nil, syntaxError("invalid hex character sequence", s.s[start:s.pos+2+n])
		}
		s.pos += 4
		return appendRune(b, v)
	case 'u':
		v, err := s.unicode()
		if err != nil {
			return nil, err
		}
		if utf16.IsSurrogate(v) {
			detail := "Unicode low surrogate must follow a high surrogate."
			if v < 0xdc00 && strings.HasPrefix(s.s[s.pos:], `\u`) {
				low, err := s.unicode()
				if err != nil {
					return nil, err
				}
				if r := utf16.DecodeRune(v, low); r != utf8.RuneError {
					return appendRune(b, r)
				}
				if low >= 0xd800 && low < 0xdc00 {
					detail = "Unicode high surrogate must not follow a high surrogate."
				}
			}
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type jsonpath").WithDetail("%s", detail)
		}
		return appendRune(b, v)
	}
	_, n := utf8.DecodeRuneInString(s.s[s.pos+1:])
	b = append(b, s.s[s.pos+1:s.pos+1+n]...)
	s.pos += 1 + n
	return b, nil
}

func appendRune(b []byte, r rune) ([]byte, error) {
	if r == 0 {
		return nil, pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").WithDetail("\\u0000 cannot be converted to text.")
	}
	return utf8.AppendRune(b, r), nil
}

// unicode reads \uXXXX or \u{X…}.
func (s *scanner) unicode() (rune, error) {
	start := s.pos
	s.pos += 2
	if s.pos < len(s.s) && s.s[s.pos] == '{' {
		v, n := hex(s.s[s.pos+1:], 6)
		s.pos += 1 + n
		if n == 0 || s.pos >= len(s.s) || s.s[s.pos] != '}' {
			return 0, syntaxError("invalid unicode sequence", s.s[start:s.pos])
		}
		s.pos++
		return v, nil
	}
	v, n := hex(s.s[s.pos:], 4)
	s.pos += n
	if n != 4 {
		return 0, syntaxError("invalid unicode sequence", s.s[start:s.pos])
	}
	return v, nil
}

func hex(s string, limit int) (v rune, n int) {
	for n < limit && n < len(s) {
		c := s[n]
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return v, n
		}
		v = v<<4 | rune(c)
		n++
	}
	return v, n
}
