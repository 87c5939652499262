package builtin

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"rowkey/pgerr"
	"rowkey/types"
)

// Encodings: text is UTF8, and bytes are taken for text of other encodings and
// made from it by convert and its kin. Of one byte a character are all of
// PostgreSQL's here; those of several are not.

// A charset is a set of characters of one byte each.
type charset struct {
	name    string // as PostgreSQL writes it
	aliases string
	table   *charmap.Charmap // nil for an encoding that is no charset
}

// Where PostgreSQL's tables are not those of package charmap: what a byte stands
// for, utf8.RuneError for nothing.
var otherRunes = map[string]map[byte]rune{
	"WIN1255": {0xca: utf8.RuneError},
	"KOI8U":   {0xae: '╝', 0xbe: '╬'},
}

// isControl tells whether a byte is a control character of the second set, which
// the standards of ISO leave as it is.
func (c *charset) isControl(b byte) bool {
	return b >= 0x80 && b < 0xa0 && (strings.HasPrefix(c.name, "LATIN") || strings.HasPrefix(c.name, "ISO"))
}

// runeOf gives the character of a byte; below 0x80 they all have ASCII.
func (c *charset) runeOf(b byte) rune {
	if b < 0x80 {
		return rune(b)
	}
	if r, ok := otherRunes[c.name][b]; ok {
		return r
	}
	if c.isControl(b) {
		return rune(b)
	}
	return c.table.DecodeByte(b)
}

func (c *charset) byteOf(r rune) (byte, bool) {
	if r < 0x80 {
		return byte(r), true
	}
	for b, other := range otherRunes[c.name] {
		if other == r {
			return b, true
		}
	}
	if r < 0x100 && c.isControl(byte(r)) {
		return byte(r), true
	}
	b, ok := c.table.EncodeRune(r)
	return b, ok && c.runeOf(b) == r
}

var charsets = []*charset{
	{"LATIN1", "iso88591", charmap.ISO8859_1},
	{"LATIN2", "iso88592", charmap.ISO8859_2},
	{"LATIN3", "iso88593", charmap.ISO8859_3},
	{"LATIN4", "iso88594", charmap.ISO8859_4},
	{"LATIN5", "iso88599", charmap.ISO8859_9},
	{"LATIN6", "iso885910", charmap.ISO8859_10},
	{"LATIN7", "iso885913", charmap.ISO8859_13},
	{"LATIN8", "iso885914", charmap.ISO8859_14},
	{"LATIN9", "iso885915", charmap.ISO8859_15},
	{"LATIN10", "iso885916", charmap.ISO8859_16},
	{"ISO_8859_5", "", charmap.ISO8859_5},
	{"ISO_8859_6", "", charmap.ISO8859_6},
	{"ISO_8859_7", "", charmap.ISO8859_7},
	{"ISO_8859_8", "", charmap.ISO8859_8},
	{"WIN1250", "windows1250", charmap.Windows1250},
	{"WIN1251", "windows1251 win", charmap.Windows1251},
	{"WIN1252", "windows1252", charmap.Windows1252},
	{"WIN1253", "windows1253", charmap.Windows1253},
	{"WIN1254", "windows1254", charmap.Windows1254},
	{"WIN1255", "windows1255", charmap.Windows1255},
	{"WIN1256", "windows1256", charmap.Windows1256},
	{"WIN1257", "windows1257", charmap.Windows1257},
	{"WIN1258", "windows1258 abc tcvn tcvn5712 vscii", charmap.Windows1258},
	{"WIN866", "windows866 alt", charmap.CodePage866},
	{"WIN874", "windows874", charmap.Windows874},
	{"KOI8R", "koi8", charmap.KOI8R},
	{"KOI8U", "", charmap.KOI8U},
}

// The encodings that are no charset.
var (
	utf8Encoding = &charset{name: "UTF8", aliases: "unicode"}
	asciiAnyByte = &charset{name: "SQL_ASCII"}
)

var encodingsByName = func() map[string]*charset {
	m := map[string]*charset{}
	for _, c := range append(charsets, utf8Encoding, asciiAnyByte) {
		m[plainName(c.name)] = c
		for _, a := range strings.Fields(c.aliases) {
			m[a] = c
		}
	}
	return m
}()

// plainName leaves of a name what tells encodings apart.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

func encodingNamed(name, what string) (*charset, error) {
	if c := encodingsByName[plainName(name)]; c != nil {
		return c, nil
	}
	return nil, errParameter("invalid %sencoding name \"%s\"", what, name)
}

// check tells whether bytes are text of the encoding.
func (c *charset) check(s string) error {
	if c == utf8Encoding {
		return types.ValidateText(s)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": 0x00", c.name)
	}
	return nil
}

// decode gives the UTF8 text that bytes stand for.
func (c *charset) decode(s string) (string, error) {
	if err := c.check(s); err != nil || c.table == nil {
		return s, err
	}
	b := make([]byte, 0, len(s)+len(s)/8)
	for i := 0; i < len(s); i++ {
		r := c.runeOf(s[i])
		if r == utf8.RuneError {
			return "", noEquivalent(s[i:i+1], c, utf8Encoding)
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), nil
}

// encode gives the bytes for a UTF8 text.
func (c *charset) encode(s string) (string, error) {
	if c.table == nil {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i, r := range s {
		v, ok := c.byteOf(r)
		if !ok {
			return "", noEquivalent(s[i:i+utf8.RuneLen(r)], utf8Encoding, c)
		}
		b = append(b, v)
	}
	return string(b), nil
}

func noEquivalent(char string, from, to *charset) error {
	h := make([]string, len(char))
	for i := range h {
		h[i] = "0x" + hex.EncodeToString([]byte{char[i]})
	}
	return pgerr.Newf(pgerr.UntranslatableCharacter,
		"character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", strings.Join(h, " "), from.name, to.name)
}

// direct tells whether PostgreSQL converts between two charsets: only among the
// Cyrillic ones, and between the two of Central Europe.
func direct(from, to *charset) bool {
	for _, family := range []string{" KOI8R WIN1251 WIN866 ISO_8859_5 ", " LATIN2 WIN1250 "} {
		if strings.Contains(family, " "+from.name+" ") && strings.Contains(family, " "+to.name+" ") {
			return true
		}
	}
	return false
}

func convert(s, source, target string) (string, error) {
	from, err := encodingNamed(source, "source ")
	if err != nil {
		return "", err
	}
	to, err := encodingNamed(target, "destination ")
	if err != nil {
		return "", err
	}
	if err := from.check(s); err != nil {
		return "", err
	}
	switch {
	case from == to || to == asciiAnyByte:
		return s, nil
	case from == asciiAnyByte:
		return s, to.check(s)
	case from != utf8Encoding && to != utf8Encoding && !direct(from, to):
		return "", pgerr.Newf(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", from.name, to.name)
	}
	if s, err = from.decode(s); err != nil {
		return "", err
	}
	return to.encode(s)
}

func init() {
	define("convert(bytea,name,name)", f3e(convert))
	define("convert_from(bytea,name)", f2e(func(s, source string) (string, error) { return convert(s, source, "UTF8") }))
	define("convert_to(text,name)", f2e(func(s, target string) (string, error) { return convert(s, "UTF8", target) }))
	define("length(bytea,name)", f2e(func(s, encoding string) (int64, error) {
		c, err := encodingNamed(encoding, "")
		if err != nil {
			return 0, err
		}
		if c == utf8Encoding {
			return int64(utf8.RuneCountInString(s)), c.check(s)
		}
		return int64(len(s)), c.check(s)
	}))
}
