package types

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"rowkey/pgerr"
)

// Text forms of the string types, bytea, "char", name and uuid.

// NameLen is the number of bytes a name can hold.
const NameLen = 63

// TruncateName cuts an identifier to NameLen bytes without splitting a
// character.
func TruncateName(s string) string {
	if len(s) <= NameLen {
		return s
	}
	n := NameLen
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ValidateText reports as PostgreSQL does a string that is not valid UTF-8 or
// holds a zero byte.
func ValidateText(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if s[i] == 0 || (r == utf8.RuneError && n <= 1) {
			return badUTF8(s[i:])
		}
		i += n
	}
	return nil
}

// badUTF8 reports the bad character at the start of s, with as many bytes as
// its first byte announces.
func badUTF8(s string) error {
	n := 1
	switch c := s[0]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	}
	n = min(n, len(s))
	var b strings.Builder
	for i := 0; i < n; i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "0x%02x", s[i])
	}
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": "+b.String())
}

// CharLen is the number of characters in s (PostgreSQL's length(text)).
func CharLen(s string) int { return utf8.RuneCountInString(s) }

// charPrefix gives the byte length of the first n characters of s, and
// whether s has no more than n.
func charPrefix(s string, n int) (bytes int, all bool) {
	if len(s) <= n {
		return len(s), true
	}
	for i := range s {
		if n == 0 {
			return i, false
		}
		n--
	}
	return len(s), true
}

// TrimBlanks cuts trailing blanks, the part of a bpchar that does not count.
func TrimBlanks(s string) string {
	n := len(s)
	for n > 0 && s[n-1] == ' ' {
		n--
	}
	return s[:n]
}

// parseBytea reads either form of bytea.
func parseBytea(s string) (string, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseByteaHex(s[2:])
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' {
			b = append(b, c)
			continue
		}
		switch {
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(b), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func parseByteaHex(s string) (string, error) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		c := s[i]
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi := hexVal(c)
		if hi > 15 {
			return "", badHex(s[i:])
		}
		if i+1 >= len(s) {
			return "", pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo := hexVal(s[i+1])
		if lo > 15 {
			return "", badHex(s[i+1:])
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	return string(b), nil
}

func badHex(s string) error {
	_, n := utf8.DecodeRuneInString(s)
	return pgerr.Newf(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[:n])
}

func appendBytea(dst []byte, s string, escape bool) []byte {
	if !escape {
		dst = append(dst, '\\', 'x')
		const digits = "0123456789abcdef"
		for i := 0; i < len(s); i++ {
			dst = append(dst, digits[s[i]>>4], digits[s[i]&15])
		}
		return dst
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// parseChar reads "char": one byte, or \ooo for one outside ASCII; the empty
// string is the zero byte.
func parseChar(s string) int64 {
	if s == "" {
		return 0
	}
	if len(s) == 4 && s[0] == '\\' && isOctal(s[1]) && isOctal(s[2]) && isOctal(s[3]) {
		return int64((s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'))
	}
	return int64(s[0])
}

func appendChar(dst []byte, v int64) []byte {
	c := byte(v)
	switch {
	case c == 0:
		return dst
	case c < 0x80:
		return append(dst, c)
	}
	return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

// ParseUUID reads a uuid in any of the forms PostgreSQL accepts: 32 hex
// digits in any case, optionally in braces, optionally with a hyphen after
// any group of four digits. The result is its 16 bytes.
func ParseUUID(s string) (string, error) {
	bad := func() (string, error) { return "", badSyntax("uuid", s) }
	src := s
	if len(src) > 0 && src[0] == '{' {
		if src[len(src)-1] != '}' {
			return bad()
		}
		src = src[1 : len(src)-1]
	}
	var b [16]byte
	for i := range b {
		if len(src) < 2 {
			return bad()
		}
		hi, lo := hexVal(src[0]), hexVal(src[1])
		if hi > 15 || lo > 15 {
			return bad()
		}
		b[i] = hi<<4 | lo
		src = src[2:]
		if i%2 == 1 && i < 15 && len(src) > 0 && src[0] == '-' {
			src = src[1:]
		}
	}
	if src != "" {
		return bad()
	}
	return string(b[:]), nil
}

func appendUUID(dst []byte, s string) []byte {
	if len(s) != 16 { // not a uuid; show what there is rather than fail
		return append(dst, hex.EncodeToString([]byte(s))...)
	}
	const digits = "0123456789abcdef"
	for i := 0; i < 16; i++ {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[s[i]>>4], digits[s[i]&15])
	}
	return dst
}
