package types

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"rowkey/pgerr"
)

// Reading JSON: one recursive-descent reader serves both types. For json it
// only checks the text; for jsonb it also writes the canonical text, the form
// in which jsonb values are kept:
//
//	{"a": 1, "bb": [1.50, null]}   keys by length, then bytes; the last of
//	                               duplicates stays; numbers as numeric prints them
//
// Errors carry PostgreSQL's detail and context line.

// maxJSONDepth bounds nesting, as the stack depth limit does in PostgreSQL.
const maxJSONDepth = 6000

// maxJSONBytes is the largest canonical text.
const maxJSONBytes = 0x0FFFFFFF

// CanonicalJSONPath reads a value of type jsonpath and gives its canonical
// text. Package jsonpath, which knows the language, puts it here.
var CanonicalJSONPath = func(string) (string, error) {
	return "", pgerr.Unsupported("type jsonpath is not supported")
}

type jsonReader struct {
	s         string
	pos       int // behind the current token
	start     int // of the current token
	tok       byte
	line      int
	lineStart int
	depth     int
	canon     bool
	out       []byte
	str       string // canon: text of the current string token
}

// The tokens, by their first character where they have one.
const (
	tokEnd    = 0
	tokString = '"'
	tokNumber = '0'
	tokTrue   = 't'
	tokFalse  = 'f'
	tokNull   = 'n'
)

// ValidateJSON checks that s is a JSON text.
func ValidateJSON(s string) error {
	r := jsonReader{s: s, line: 1}
	return r.read()
}

// CanonicalJSON gives the canonical text of a JSON text.
func CanonicalJSON(s string) (string, error) {
	r := jsonReader{s: s, line: 1, canon: true, out: make([]byte, 0, len(s)+len(s)/8)}
	if err := r.read(); err != nil {
		return "", err
	}
	return string(r.out), nil
}

func (r *jsonReader) read() error {
	if err := r.next(); err != nil {
		return err
	}
	if err := r.value(); err != nil {
		return err
	}
	if r.tok != tokEnd {
		return r.expected("end of input")
	}
	return nil
}

// fail makes the error for the token that ends at r.pos.
func (r *jsonReader) fail(detail string) error {
	e := pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type json")
	e.Detail = detail
	e.Where = r.where()
	return e
}

// where quotes the input up to the current token, at most 50 bytes of its line.
func (r *jsonReader) where() string {
	from, to := r.lineStart, r.pos
	for to-from >= 50 {
		_, n := utf8.DecodeRuneInString(r.s[from:])
		from += n
	}
	if from-r.lineStart <= 3 {
		from = r.lineStart
	}
	prefix, suffix := "", ""
	if from > r.lineStart {
		prefix = "..."
	}
	if r.tok != tokEnd && to < len(r.s) && r.s[to] != '\n' && r.s[to] != '\r' {
		suffix = "..."
	}
	return fmt.Sprintf("JSON data, line %d: %s%s%s", r.line, prefix, r.s[from:to], suffix)
}

func (r *jsonReader) invalidToken() error {
	r.tok = 1 // no end of input, whatever the token was
	return r.fail("Token \"" + r.s[r.start:r.pos] + "\" is invalid.")
}

func (r *jsonReader) expected(what string) error {
	if r.tok == tokEnd {
		return r.fail("The input string ended unexpectedly.")
	}
	return r.fail("Expected " + what + ", but found \"" + r.s[r.start:r.pos] + "\".")
}

func jsonWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

// next reads one token.
func (r *jsonReader) next() error {
	s, i := r.s, r.pos
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		if s[i] == '\n' {
			r.line++
			r.lineStart = i + 1
		}
		i++
	}
	r.start = i
	if i >= len(s) {
		r.pos, r.tok = i, tokEnd
		return nil
	}
	switch c := s[i]; {
	case c == '"':
		r.tok = tokString
		return r.stringToken()
	case c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':':
		r.tok, r.pos = c, i+1
		return nil
	case c == '-' || c-'0' <= 9:
		r.tok = tokNumber
		return r.numberToken()
	}
	for i < len(s) && jsonWordByte(s[i]) {
		i++
	}
	if i == r.start {
		r.pos = i + 1
		return r.invalidToken()
	}
	r.pos = i
	switch s[r.start:i] {
	case "true":
		r.tok = tokTrue
	case "false":
		r.tok = tokFalse
	case "null":
		r.tok = tokNull
	default:
		return r.invalidToken()
	}
	return nil
}

// jsonNumberEnd gives the end of the number at s[i:] and whether it is well formed.
func jsonNumberEnd(s string, i int) (end int, ok bool) {
	digits := func() bool {
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	ok = true
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if !digits() {
		ok = false
	}
	if i < len(s) && s[i] == '.' {
		i++
		ok = digits() && ok
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		ok = digits() && ok
	}
	for i < len(s) && jsonWordByte(s[i]) {
		i++
		ok = false
	}
	return i, ok
}

func (r *jsonReader) numberToken() error {
	end, ok := jsonNumberEnd(r.s, r.start)
	r.pos = end
	if !ok {
		return r.invalidToken()
	}
	return nil
}

func (r *jsonReader) stringToken() error {
	s, i := r.s, r.start+1
	for i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= 0x20 {
		i++
	}
	if i < len(s) && s[i] == '"' {
		r.str = s[r.start+1 : i]
		r.pos = i + 1
		return nil
	}
	var text []byte
	text, i, detail, zero := unescapeJSON(s, r.start+1, r.canon)
	r.pos = i
	switch {
	case zero:
		r.tok = 1
		e := pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence")
		e.Detail = "\\u0000 cannot be converted to text."
		e.Where = r.where()
		return e
	case detail == jsonUnterminated:
		return r.invalidToken()
	case detail != "":
		r.tok = 1
		return r.fail(detail)
	}
	r.str = string(text)
	return nil
}

const jsonUnterminated = "unterminated"

// unescapeJSON reads the string whose characters begin at s[i:] up to its
// closing quote. With decode it gives the characters meant and checks
// surrogates. end is behind the quote, or where the error shows; detail tells
// what is wrong, zero that it is \u0000.
func unescapeJSON(s string, i int, decode bool) (text []byte, end int, detail string, zero bool) {
	if decode {
		text = make([]byte, 0, 32)
	}
	high := rune(0) // pending high surrogate
	const lowDetail = "Unicode low surrogate must follow a high surrogate."
	charEnd := func(i int) int { // includes a whole character in what is shown
		_, n := utf8.DecodeRuneInString(s[i:])
		return i + n
	}
	for {
		if i >= len(s) {
			return nil, len(s), jsonUnterminated, false
		}
		c := s[i]
		if c == '"' {
			break
		}
		if c < 0x20 {
			return nil, i, fmt.Sprintf("Character with value 0x%02x must be escaped.", c), false
		}
		if c != '\\' {
			if high != 0 {
				return nil, charEnd(i), lowDetail, false
			}
			if decode {
				text = append(text, c)
			}
			i++
			continue
		}
		i++
		if i >= len(s) {
			return nil, i, jsonUnterminated, false
		}
		if s[i] == 'u' {
			var v rune
			for k := 1; k <= 4; k++ {
				if i+k >= len(s) {
					return nil, len(s), jsonUnterminated, false
				}
				h := hexVal(s[i+k])
				if h > 15 {
					return nil, charEnd(i + k), "\"\\u\" must be followed by four hexadecimal digits.", false
				}
				v = v<<4 | rune(h)
			}
			i += 5
			if !decode {
				continue
			}
			switch {
			case v >= 0xd800 && v <= 0xdbff:
				if high != 0 {
					return nil, i, "Unicode high surrogate must not follow a high surrogate.", false
				}
				high = v
				continue
			case v >= 0xdc00 && v <= 0xdfff:
				if high == 0 {
					return nil, i, lowDetail, false
				}
				v = utf16.DecodeRune(high, v)
				high = 0
			case high != 0:
				return nil, i, lowDetail, false
			case v == 0:
				return nil, i, "", true
			}
			text = utf8.AppendRune(text, v)
			continue
		}
		if high != 0 {
			return nil, charEnd(i), lowDetail, false
		}
		at := strings.IndexByte("\"\\/bfnrt", s[i])
		if at < 0 {
			end := charEnd(i)
			return nil, end, "Escape sequence \"\\" + s[i:end] + "\" is invalid.", false
		}
		if decode {
			text = append(text, "\"\\/\b\f\n\r\t"[at])
		}
		i++
	}
	if high != 0 {
		return nil, i + 1, lowDetail, false
	}
	return text, i + 1, "", false
}

// value reads a value, whose first token is current, and the token after it.
func (r *jsonReader) value() error {
	switch r.tok {
	case '{', '[':
		if r.depth++; r.depth > maxJSONDepth {
			return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
				WithHint("JSON may nest %d levels deep.", maxJSONDepth)
		}
		var err error
		if r.tok == '{' {
			err = r.object()
		} else {
			err = r.array()
		}
		r.depth--
		if err != nil {
			return err
		}
	case tokString:
		if r.canon {
			r.out = AppendJSONString(r.out, r.str)
		}
	case tokNumber:
		if r.canon {
			d, err := ParseDecimal(r.s[r.start:r.pos])
			if err != nil {
				return err
			}
			// 1e100000 is short, but its digits are not.
			if r.out = d.Append(r.out); len(r.out) > maxJSONBytes {
				return pgerr.Newf(pgerr.ProgramLimitExceeded, "total size of jsonb elements exceeds the maximum of %d bytes", maxJSONBytes)
			}
		}
	case tokTrue, tokFalse, tokNull:
		if r.canon {
			r.out = append(r.out, r.s[r.start:r.pos]...)
		}
	default:
		return r.expected("JSON value")
	}
	return r.next()
}

func (r *jsonReader) array() error {
	if err := r.next(); err != nil {
		return err
	}
	r.out = append(r.out, '[')
	if r.tok != ']' {
		for {
			if err := r.value(); err != nil {
				return err
			}
			if r.tok != ',' {
				break
			}
			r.out = append(r.out, ", "...)
			if err := r.next(); err != nil {
				return err
			}
		}
	}
	if r.tok != ']' {
		return r.expected("\",\" or \"]\"")
	}
	r.out = append(r.out, ']')
	return nil
}

// jsonPair is a member of an object being read: its key and where its text
// stands in the output.
type jsonPair struct {
	key      string
	from, to int
}

// jsonKeyLess is the order of keys in jsonb.
func jsonKeyLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

func (r *jsonReader) object() error {
	if err := r.next(); err != nil {
		return err
	}
	if r.tok != tokString && r.tok != '}' {
		return r.expected("string or \"}\"")
	}
	base := len(r.out)
	r.out = append(r.out, '{')
	var room [8]jsonPair
	pairs, sorted := room[:0], true
	if r.tok == tokString {
		for {
			if r.tok != tokString {
				return r.expected("string")
			}
			p := jsonPair{key: r.str, from: len(r.out)}
			if r.canon {
				r.out = AppendJSONString(r.out, r.str)
				r.out = append(r.out, ": "...)
			}
			if err := r.next(); err != nil {
				return err
			}
			if r.tok != ':' {
				return r.expected("\":\"")
			}
			if err := r.next(); err != nil {
				return err
			}
			if err := r.value(); err != nil {
				return err
			}
			if r.canon {
				p.to = len(r.out)
				sorted = sorted && (len(pairs) == 0 || jsonKeyLess(pairs[len(pairs)-1].key, p.key))
				pairs = append(pairs, p)
			}
			if r.tok != ',' {
				break
			}
			if r.canon {
				r.out = append(r.out, ", "...)
			}
			if err := r.next(); err != nil {
				return err
			}
		}
	}
	if r.tok != '}' {
		return r.expected("\",\" or \"}\"")
	}
	if !r.canon {
		return nil
	}
	if !sorted {
		r.reorder(base+1, pairs)
	}
	r.out = append(r.out, '}')
	return nil
}

// AppendJSONString writes s as a JSON string, escaping what must be.
func AppendJSONString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// JSONUnquote gives the characters of a JSON string (raw, with its quotes,
// from a valid JSON text). It fails on \u0000 and broken surrogates, which
// type json lets pass.
func JSONUnquote(raw string) (string, error) {
	if len(raw) < 2 {
		return "", badSyntax("json", raw)
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	r := jsonReader{s: raw, line: 1, canon: true}
	if err := r.next(); err != nil {
		return "", err
	}
	if r.tok != tokString {
		return "", errors.New("types: not a JSON string")
	}
	return r.str, nil
}
