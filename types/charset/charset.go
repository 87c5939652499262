// Package charset has the encodings that PostgreSQL knows, as far as they have one byte
// a character: how a client's bytes become text, which is UTF8 here, and text the
// client's bytes. The encodings of several bytes a character, but UTF8, are not here.
package charset

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"rowkey/pgerr"
	"rowkey/types"
)

// A Charset is an encoding of text: a set of characters of one byte each, or one of
// the two that are no such set, UTF8 and ASCII.
type Charset struct {
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
func (c *Charset) isControl(b byte) bool {
	return b >= 0x80 && b < 0xa0 && (strings.HasPrefix(c.name, "LATIN") || strings.HasPrefix(c.name, "ISO"))
}

// runeOf gives the character of a byte; below 0x80 they all have ASCII.
func (c *Charset) runeOf(b byte) rune {
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

func (c *Charset) byteOf(r rune) (byte, bool) {
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

// Charsets are those of one byte a character.
var Charsets = []*Charset{
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

// The encodings that are no set: UTF8, which text is in, and SQL_ASCII, which takes any byte
// above 0x7f as it is.
var (
	UTF8  = &Charset{name: "UTF8", aliases: "unicode"}
	ASCII = &Charset{name: "SQL_ASCII"}
)

// Name is the encoding's name as PostgreSQL writes it.
func (c *Charset) Name() string { return c.name }

// Names are the names of all encodings by PostgreSQL's numbers. Those of several bytes a
// character are no Charset here.
var Names = strings.Fields(`SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL
LATIN1 LATIN2 LATIN3 LATIN4 LATIN5 LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R
WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7 ISO_8859_8 WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U
SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004`)

// aliases of those of several bytes.
var aliases = map[string]string{"mskanji": "SJIS", "shiftjis": "SJIS", "win932": "SJIS", "windows932": "SJIS",
	"win936": "GBK", "windows936": "GBK", "win949": "UHC", "windows949": "UHC", "win950": "BIG5", "windows950": "BIG5"}

// Number is PostgreSQL's number of the encoding of a name or alias, -1 for none.
func Number(name string) int {
	if c := Named(name); c != nil {
		name = c.name
	}
	if full, ok := aliases[plainName(name)]; ok {
		name = full
	}
	return slices.IndexFunc(Names, func(n string) bool { return plainName(n) == plainName(name) })
}

var encodingsByName = func() map[string]*Charset {
	m := map[string]*Charset{}
	for _, c := range append(Charsets, UTF8, ASCII) {
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

// Named gives the encoding of a name or alias, however it is written; nil for none.
func Named(name string) *Charset { return encodingsByName[plainName(name)] }

// Check tells whether bytes are text of the encoding (22021).
func (c *Charset) Check(s string) error {
	if c == UTF8 {
		return types.ValidateText(s)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": 0x00", c.name)
	}
	return nil
}

// Decode gives the UTF8 text that bytes stand for. What stands for nothing is 22P05.
func (c *Charset) Decode(s string) (string, error) {
	if err := c.Check(s); err != nil || c.table == nil || isASCII(s) {
		return s, err
	}
	b := make([]byte, 0, len(s)+len(s)/8)
	for i := 0; i < len(s); i++ {
		r := c.runeOf(s[i])
		if r == utf8.RuneError {
			return "", noEquivalent(s[i:i+1], c, UTF8)
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), nil
}

// Encode gives the bytes for a UTF8 text. A character without a byte is 22P05.
func (c *Charset) Encode(s string) (string, error) {
	if c.table == nil || isASCII(s) {
		return s, nil
	}
	b, err := c.EncodeTail([]byte(s), 0)
	return string(b), err
}

// EncodeTail encodes b from a place on, in place: no character has more bytes than in UTF8.
func (c *Charset) EncodeTail(b []byte, from int) ([]byte, error) {
	if c.table == nil {
		return b, nil
	}
	to := from
	for from < len(b) {
		if b[from] < utf8.RuneSelf {
			b[to] = b[from]
			from, to = from+1, to+1
			continue
		}
		r, n := utf8.DecodeRune(b[from:])
		v, ok := c.byteOf(r)
		if !ok {
			return nil, noEquivalent(string(b[from:from+n]), UTF8, c)
		}
		b[to] = v
		from, to = from+n, to+1
	}
	return b[:to], nil
}

// Shown encodes what has to be said in any case: ? stands for a character without a byte.
func (c *Charset) Shown(s string) string {
	if out, err := c.Encode(s); err == nil {
		return out
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		v, ok := c.byteOf(r)
		if !ok {
			v = '?'
		}
		b = append(b, v)
	}
	return string(b)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func noEquivalent(char string, from, to *Charset) error {
	h := make([]string, len(char))
	for i := range h {
		h[i] = "0x" + hex.EncodeToString([]byte{char[i]})
	}
	return pgerr.Newf(pgerr.UntranslatableCharacter,
		"character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", strings.Join(h, " "), from.name, to.name)
}

// Convertible tells whether PostgreSQL converts between two encodings: from and to UTF8,
// and of the others among the Cyrillic ones and between the two of Central Europe.
func Convertible(from, to *Charset) bool {
	if from.table == nil || to.table == nil {
		return true
	}
	for _, family := range []string{" KOI8R WIN1251 WIN866 ISO_8859_5 ", " LATIN2 WIN1250 "} {
		if strings.Contains(family, " "+from.name+" ") && strings.Contains(family, " "+to.name+" ") {
			return true
		}
	}
	return false
}
